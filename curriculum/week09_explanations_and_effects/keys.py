"""Week 9: what is right, what is known to be wrong, and what a colleague would say. Never shown before an answer."""

import functools
from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
from wardround.course.compare import Comparison, Labels, Sets
from wardround.course.compare_words import named
from wardround.course.given import given
from wardround.course.keys import key, misconception, outcome


# predictions ----------------------------------------------------------------------------------------------------------
def averted_by_the_push(hospital, truth):
    """Returns fewer, of 1,000, when nobody has been in hospital the year before."""
    push = given(9).pushes(hospital).set_index("feature").loc["stays_before"]
    return float(push.back_before - push.back_after)


def why_they_come_back(hospital, truth, found):
    push = given(9).pushes(hospital).set_index("feature").loc["stays_before"]
    return (
        f"The score falls by {push.score_before - push.score_after:.0f} of 1,000. Usual care, which reads the same column, calls "
        f"{push.calls_before - push.calls_after:.0f} of 1,000 fewer, and that is all that reaches patients."
    )


outcome("W09.P1", averted_by_the_push, remark=why_they_come_back, after="W09.Q3")


def called_less_not_called(hospital, truth):
    home = given(9).calls(hospital).query("home")
    return 1000 * float(home.back[home.called].mean() - home.back[~home.called].mean())


def what_the_call_does(hospital, truth, found):
    return f"By the known risks the same calls keep {given(9).known_effect(hospital):.0f} of 1,000 at home: whoever is called was iller before."


outcome("W09.P2", called_less_not_called, remark=what_the_call_does, after="W09.Q4")


def on_both_lists(hospital, truth):
    """Of forty by estimated benefit, those who are among the forty by risk as well; mean of the weeks."""
    week, shared = given(9), []
    for _, rows in week.lists(hospital).groupby("week"):
        by = [set(rows.nlargest(week.FORTY, name).stay) for name in ("benefit", "risk")]
        shared.append(len(by[0] & by[1]))
    return float(np.mean(shared))


outcome("W09.P3", on_both_lists)


@functools.cache
def ranked(hospital):
    """Mean |SHAP| of each column of Q2's model, largest first."""
    import shap

    made = given(9).suspect(hospital)
    values = shap.TreeExplainer(made.model)(made.rows).values
    return pd.Series(np.abs(values).mean(axis=0), made.rows.columns).sort_values(ascending=False)


def place_of_the_hidden(hospital, truth):
    """The place in the ranking of the hidden leak: of its columns the one that stands highest."""
    order = ranked(hospital).index.tolist()
    return float(min(order.index(name) for name in given(9).leaks_of(hospital)["hidden"]) + 1)


outcome("W09.P4", place_of_the_hidden)


# W09.Q1 ---------------------------------------------------------------------------------------------------------------
CLOSE = 1e-6


def log_odds_of(model, names):
    return lambda table: model.decision_function(pd.DataFrame(table, columns=names))


def probability_of(model, names):
    return lambda table: model.predict_proba(pd.DataFrame(table, columns=names))[:, 1]


def by_coalitions(output, background, row):
    """Exact Shapley values: every coalition takes its columns from the row, the rest from each row of the background."""
    names, filled = list(background), background.to_numpy(float)
    coalitions = [some for size in range(len(names) + 1) for some in combinations(range(len(names)), size)]
    tables = np.tile(filled, (len(coalitions), 1, 1))
    for table, some in zip(tables, coalitions, strict=True):
        table[:, list(some)] = row.to_numpy(float)[0, list(some)]
    said = output(tables.reshape(-1, len(names))).reshape(len(coalitions), -1).mean(axis=1)
    worth = dict(zip(coalitions, said.tolist(), strict=True))
    parts = dict.fromkeys(names, 0.0)
    for some, value in worth.items():
        for one in some:
            without = tuple(other for other in some if other != one)
            share = factorial(len(without)) * factorial(len(names) - len(some)) / factorial(len(names))
            parts[names[one]] += share * (value - worth[without])
    return worth[()], parts


def exact(model, background, row, unit="log-odds"):
    output = (log_odds_of if unit == "log-odds" else probability_of)(model, list(background))
    base, parts = by_coalitions(output, background, row)
    return {"unit": unit, "base": base, "parts": parts}


def in_both_units(hospital, truth):
    """For each model and row the right answer in log-odds and in probability."""
    explain = given(9).explained
    both = {unit: explain(functools.partial(exact, unit=unit), hospital) for unit in given(9).UNITS}
    return {
        name: [{unit: both[unit][name][n] for unit in both} for n in range(len(both["log-odds"][name]))]
        for name in both["log-odds"]
    }


@dataclass(frozen=True)
class Contributions(Comparison):
    """Explanations that are off by more than ``CLOSE`` in base or any part; either unit is right, if it is said."""

    needed: float = 1.0

    def unreadable(self, answer, reference):
        return None if type(answer) is dict and "logistic" in answer else f"{named(answer)} is there"

    def off(self, answer, reference):
        """Model to the largest difference from the exact values, where there is one."""
        found = {}
        for name, rows in reference.items():
            far = [apart(said, right[said["unit"]]) for said, right in zip(answer[name], rows, strict=True)]
            if not max(far) <= CLOSE:
                found[name] = max(far)
        return found

    def distance(self, answer, reference):
        return float(len(self.off(answer, reference)))

    def matches(self, answer, wrong):
        return all(
            said["unit"] == other["unit"] and apart(said, other) <= CLOSE
            for name in wrong
            for said, other in zip(answer[name], wrong[name], strict=True)
        )

    def evidence(self, answer, reference):
        off = self.off(answer, reference)
        return f"Right: {', '.join(name for name in reference if name not in off) or 'none'}; off: {', '.join(off)}."


def apart(said, right):
    return max(
        abs(said["base"] - right["base"]), *(abs(said["parts"][name] - right["parts"][name]) for name in right["parts"])
    )


@functools.cache
def exact_of(hospital):
    return in_both_units(hospital, None)


def explained_how(answer, hospital):
    """Which models are right; of one that is not, whether it adds up and how far it is off."""
    off = Contributions().off(answer, exact_of(hospital))
    right = [name for name in answer if name not in off]
    told = f"Right: {', '.join(right) or 'none'}."
    if not off:
        return told
    gaps = sums_miss_by(answer, hospital)
    name = max(off, key=gaps.get)  # the one whose sum is furthest from what its model says
    adds = (
        f"misses the model's output by {small(gaps[name])}" if gaps[name] > CLOSE else "adds up to the model's output"
    )
    return f"{told} For *{name}* base plus sum {adds} in {answer[name][0]['unit']}; a contribution is off by {small(off[name])}."


def sums_miss_by(answer, hospital):
    """Model to the largest distance of base plus sum from what it says, in the unit that is named."""
    return {
        name: max(
            abs(said["base"] + sum(said["parts"].values()) - out[said["unit"]])
            for said, out in zip(answer[name], rows, strict=True)
        )
        for name, rows in given(9).outputs(hospital).items()
    }


def small(number):
    return f"{number:.2g}" if number < 10 else f"{number:.0f}"


def others_exact(of):
    """Do one kind of model in a wrong way, and the others exactly."""

    def explain(model, background, row):
        return of(model, background, row) or exact(model, background, row)

    return explain


def is_linear(model):
    return hasattr(model, "steps")


def has_codes(model):
    return isinstance(getattr(model, "categorical_features", None), list)


def handed(values, base, names, unit="log-odds"):
    return {
        "unit": unit,
        "base": float(np.ravel(base)[0]),
        "parts": dict(zip(names, np.ravel(values).tolist(), strict=True)),
    }


def tree_on_codes(model, background, row):
    import shap

    if has_codes(model):
        found = shap.TreeExplainer(model)(row)
        return handed(found.values, found.base_values, list(row))


def tree_without_background(model, background, row):
    import shap

    if not is_linear(model) and not has_codes(model):
        found = shap.TreeExplainer(model)(row)
        return handed(found.values, found.base_values, list(row))


def tree_with_background(model, background, row):
    import shap

    if not is_linear(model):
        found = shap.TreeExplainer(model, background)(row, check_additivity=False)
        return handed(found.values, found.base_values, list(row))


def linear_sample(model, background, row):
    import shap

    if is_linear(model):
        found = shap.LinearExplainer(model[-1], model[:-1].transform(background))(model[:-1].transform(row))
        return handed(found.values, found.base_values, list(row))


def without_background(model, background, row):
    if is_linear(model):
        return handed(model[-1].coef_[0] * model[:-1].transform(row)[0], model[-1].intercept_, list(row))


def called_probability(model, background, row):
    return exact(model, background, row) | {"unit": "probability"}


def one_by_one(model, background, row):
    found = exact(model, background, row)
    squeezed = {name: 1 / (1 + np.exp(-part)) - 0.5 for name, part in found["parts"].items()}
    return {"unit": "probability", "base": 1 / (1 + np.exp(-found["base"])), "parts": squeezed}


def importance(model, background, row):
    output, parts = log_odds_of(model, list(background)), {}
    said = output(background)
    for name in background:
        parts[name] = float(np.abs(output(background.assign(**{name: np.roll(background[name], 1)})) - said).mean())
    return {"unit": "log-odds", "base": float(said.mean()), "parts": parts}


def one_at_a_time(model, background, row):
    output = log_odds_of(model, list(background))
    base = float(output(background).mean())
    parts = {name: float(output(background.assign(**{name: row[name].iloc[0]})).mean()) - base for name in background}
    return {"unit": "log-odds", "base": base, "parts": parts}


def alike(wrong):
    """Whoever makes the same mistake in one model, and another or none in the rest."""

    @functools.cache
    def run(hospital):
        return given(9).explained(wrong, hospital)

    def also(answer, hospital):
        off = Contributions().off(answer, exact_of(hospital))
        other = run(hospital)
        off_too = Contributions().off(other, exact_of(hospital))
        return any(
            Contributions().matches({name: answer[name]}, {name: other[name]}) for name in off if name in off_too
        )

    return also


def shapley(name, wrong, *, says, so_what, look_at, teaches=None, also=None):
    return misconception(
        name,
        answer=wrong,
        says=says,
        so_what=so_what,
        look_at=look_at,
        teaches=teaches,
        evidence=explained_how,
        also=also or alike(wrong),
    )


ADDS = "`base + sum(parts)` beside `model.decision_function(row)`, for each model (`predict_proba`, where your unit is probability)"
AGAINST = "which rows stand in for the columns that are not known: `background`, all of it"


def codes_alone(answer, hospital):
    """Only the sum of the model with codes misses: somebody took them for numbers, in whatever way."""
    return [name for name, gap in sums_miss_by(answer, hospital).items() if gap > 0.1] == ["groups"]


def adds_or_against(answer, hospital):
    return ADDS if max(sums_miss_by(answer, hospital).values()) > CLOSE else AGAINST


def of_1000(model, background, row):
    found = exact(model, background, row, "probability")
    parts = {name: 1000 * part for name, part in found["parts"].items()}
    return {"unit": "probability", "base": 1000 * found["base"], "parts": parts}


key(
    "W09.Q1",
    reference=in_both_units,
    same=Contributions(),
    evidence=explained_how,
    right=lambda answer, hospital: (
        f"{explained_how(answer, hospital)} All in {answer['logistic'][0]['unit']}, and against the 150 rows that you were handed: with other rows the "
        "same patient gets other reasons, and the same score."
    ),
    look_at=adds_or_against,
    misconceptions=[
        shapley(
            "tree_on_codes",
            others_exact(tree_on_codes),
            also=codes_alone,
            says="TreeExplainer takes the codes of a category for numbers, without a word, and its own check passes.",
            so_what="The sum misses what the model says by two log-odds: somebody reads reasons for a risk that is on no screen. Nothing "
            "but the sum, done by you, shows it.",
            look_at=ADDS,
            teaches="M21",
        ),
        shapley(
            "tree_without_background",
            others_exact(tree_without_background),
            says="TreeExplainer without a background answers against the stays on which the trees grew.",
            so_what="On numbers it adds up and is another question: your background is never looked at. A ward that asks why its patient stands out "
            "is told why he does among everybody.",
            look_at=AGAINST,
            teaches="M21",
        ),
        shapley(
            "tree_with_background",
            others_exact(tree_with_background),
            says="You gave TreeExplainer a background and switched its check off.",
            so_what="It takes a hundred of your rows, and on this kind of trees it does not always add up; the check that was in the way is the one that "
            "would have said so.",
            look_at=ADDS,
            teaches="M21",
        ),
        shapley(
            "linear_sample",
            others_exact(linear_sample),
            says="LinearExplainer draws a hundred of the rows that you give it.",
            so_what="It adds up. Yet two runs with two orders of rows give two sets of reasons, and a second reader cannot repeat yours.",
            look_at=AGAINST,
        ),
        shapley(
            "without_background",
            others_exact(without_background),
            says="You take coefficient times value; the background is missing.",
            so_what="The scaler's own mean is then the background: the stays that the model learnt on, not the 150 handed to you. It adds up, and "
            "answers another question.",
            look_at=AGAINST,
        ),
        shapley(
            "called_probability",
            called_probability,
            says="These are log-odds, and you call them probability.",
            so_what="A contribution of +1.1 becomes 110 more of 100 patients. Whoever reads the screen multiplies a risk by a number that is no factor of it.",
            look_at=ADDS,
        ),
        shapley(
            "of_1000",
            of_1000,
            says="Your shares are of 1,000, and you call them probability, which lies between 0 and 1.",
            so_what="Of 1,000 is the better unit for a nurse. Here two units were offered; a number with another unit's name is read a thousand times too "
            "large.",
            look_at="what `predict_proba` gives for the row, beside your base",
        ),
        shapley(
            "one_by_one",
            one_by_one,
            says="You turned log-odds into probabilities one by one.",
            so_what="What adds up in log-odds does not after a curve: the parts miss the risk on the screen, the most for whoever is far from the mean, at either end.",
            look_at=ADDS,
        ),
        shapley(
            "importance",
            importance,
            says="You give how much a column matters on the whole, and it is the same for every row.",
            so_what="Asked why *this* patient, you answer what the model looks at. A man of forty reads that his age has raised his risk.",
            look_at="your answer for two different rows",
            teaches="M21",
        ),
        shapley(
            "one_at_a_time",
            one_at_a_time,
            says="You change one column at a time and leave the others.",
            so_what="In the logistic model that is enough. Trees let columns act together, and what two of them do together is in none of your parts, or "
            "in both.",
            look_at=ADDS,
        ),
    ],
)


# W09.Q2 ---------------------------------------------------------------------------------------------------------------
def by_the_draw(hospital, truth):
    drawn = given(9).leaks_of(hospital)
    return {"named": [*drawn["loud"], *drawn["hidden"]]}


@dataclass(frozen=True)
class Columns(Comparison):
    """A set of columns: a point for each that is missing or does not belong."""

    needed: float = 1.0

    def unreadable(self, answer, reference):
        if type(answer) is not dict:
            return f"{named(answer)} is there where names of columns should be"
        return answer.get("problem")

    def distance(self, answer, reference):
        return Sets().distance(answer["named"], reference["named"])

    def evidence(self, answer, reference):
        return Sets().evidence(answer["named"], reference["named"])


def named_how(answer, hospital):
    """How many of the three leaks are found, and what is accused wrongly, with its price."""
    drawn, names = given(9).leaks_of(hospital), set(answer["named"])
    found = len(names & set(drawn["loud"])) + (set(drawn["hidden"]) <= names)
    told = f"You name {len(names)} column{'' if len(names) == 1 else 's'}; of the three leaks {found} {'is' if found == 1 else 'are'} among them."
    wrong = [name for name in answer["named"] if name not in [*drawn["loud"], *drawn["hidden"]]]
    some = names & set(drawn["hidden"])
    if wrong:
        told += f" `{wrong[0]}` was known by 08:00: without it the model loses something it may know."
    if some and not set(drawn["hidden"]) <= names:
        told += " One of them is told by several columns, and you have not all of them: those left go on telling it."
    return told


def leak_names(hospital):
    return given(9).leaks_of(hospital)


def top_three(hospital):
    return ranked(hospital).index[:3].tolist()


def loud_only(hospital):
    return leak_names(hospital)["loud"]


def frightening(hospital):
    drawn = leak_names(hospital)
    return [*drawn["loud"], *drawn["hidden"], *drawn["harmless"]]


def by_paper(hospital):
    """Whatever its paper calls late."""
    drawn = leak_names(hospital)
    return [drawn["loud"][1], *drawn["hidden"], drawn["lies"][1]]


def paper_acquits(hospital):
    drawn = leak_names(hospital)
    return [drawn["loud"][1], *drawn["hidden"]]


def paper_accuses(hospital):
    drawn = leak_names(hospital)
    return [*drawn["loud"], *drawn["hidden"], drawn["lies"][1]]


HIDES = "columns that matter much in few rows, and columns that say the same: largest |SHAP| of a row, sums over correlated columns"


def where_leaks_are(answer, hospital):
    """What is still to be looked at: the loud ones, the hidden one, or what is accused wrongly."""
    drawn, names = leak_names(hospital), set(answer["named"])
    if not set(drawn["loud"]) <= names:
        return "the first places of the ranking, and the same columns in `newest`"
    return HIDES if not set(drawn["hidden"]) <= names else "which of your columns are filled in `newest`"


def found_leaks(answer, hospital):
    drawn, order = leak_names(hospital), ranked(hospital).index.tolist()
    places = sorted(order.index(name) + 1 for name in drawn["hidden"])
    kind = "one of a hundred rows has it" if drawn["rare"] else "four columns share one story, and its credit"
    return (
        f"All three. The hidden one stands at place {', '.join(map(str, places))} of {len(order)}: {kind}. The model promises "
        f"{1000 * mean_score(hospital, 'rows'):.0f} of 1,000 in the table and {1000 * mean_score(hospital, 'newest'):.0f} among the newest stays, "
        "where nothing is written yet: so it would have looked on its first morning."
    )


def mean_score(hospital, which):
    made = given(9).suspect(hospital)
    return float(made.model.predict_proba(getattr(made, which))[:, 1].mean())


def leak(name, answer, *, says, so_what, look_at, teaches="M12"):
    return misconception(
        name, answer=answer, says=says, so_what=so_what, look_at=look_at, teaches=teaches, evidence=named_how
    )


key(
    "W09.Q2",
    reference=by_the_draw,
    same=Columns(),
    evidence=named_how,
    right=found_leaks,
    look_at=where_leaks_are,
    misconceptions=[
        leak(
            "top_three",
            top_three,
            says="You take the first three of the ranking.",
            so_what="Two are leaks. The third is what a good model should look at, and the leak that is left promises a bed to patients of whom nobody "
            "can know yet. A mean over rows hides what happens in few.",
            look_at=HIDES,
            teaches="M21",
        ),
        leak(
            "loud_only",
            loud_only,
            says="You stop at the two that shout.",
            so_what="Without them AUROC still looks a little too good, and nobody asks again. On the first morning the third column is empty.",
            look_at=HIDES,
            teaches="M21",
        ),
        leak(
            "frightening",
            frightening,
            says="You accuse every column whose name sounds of afterwards.",
            so_what="How the stay before this one ended was known at the door. A team that deletes by name loses what it may know, and a leak with a quiet name "
            "stays.",
            look_at="`known_when`, and whether `newest` has the column filled",
        ),
        leak(
            "by_paper",
            by_paper,
            says="You believe the papers, all of them.",
            so_what="One says at admission of a column that is empty until weeks later, and one says late of a column that is there at 08:00. The first would go "
            "live, the second would be lost.",
            look_at="the same column in `rows` and in `newest`",
        ),
        leak(
            "paper_acquits",
            paper_acquits,
            says="One of the loudest columns you let go, as its paper says that it was known at admission.",
            so_what="A paper is what somebody believed. In the newest stays the column is empty: what is known at admission is there on the day after.",
            look_at="the two columns at the top of the ranking, in `rows` and in `newest`",
        ),
        leak(
            "paper_accuses",
            paper_accuses,
            says="All three, and one whose paper is wrong the other way.",
            so_what="It is filled in the newest stays as in the old ones. Its paper is to be mended; the column may stay.",
            look_at="which of yours is filled in `newest`",
        ),
    ],
)


# W09.Q3 ---------------------------------------------------------------------------------------------------------------
def by_the_runs(hospital, truth):
    """The word by the town's own arrows, the number by its run."""
    week, roles = given(9), given(9).roles_of(hospital)
    return {
        feature: [week.CAUSE if roles[feature].endswith("cause") else week.PROXY, fewer(hospital, feature)]
        for feature in week.features(hospital).feature
    }


def run_of(hospital, feature):
    proposed = given(9).features(hospital).set_index("feature").proposed[feature]
    return given(9).what_if(hospital, feature, proposed)


def fewer(hospital, feature, what="back"):
    run = run_of(hospital, feature)
    return run[f"{what}_before"] - run[f"{what}_after"]


@dataclass(frozen=True)
class CauseOrProxy(Comparison):
    """A word and a number for each feature: a point for each that is missing or other; numbers to one of 1,000."""

    needed: float = 1.0

    def unreadable(self, answer, reference):
        if type(answer) is not dict:
            return f"{named(answer)} is there where a dictionary should be"
        return answer.get("problem")

    def off(self, answer, reference):
        missing = [(name, "missing") for name in reference if name not in answer]
        words = [(name, "word") for name in reference if name in answer and answer[name][0] != reference[name][0]]
        numbers = [
            (name, "number")
            for name in reference
            if name in answer
            and answer[name][0] == reference[name][0]
            and not abs(answer[name][1] - reference[name][1]) <= 1.0
        ]
        return words + numbers + missing

    def distance(self, answer, reference):
        return float(len(self.off(answer, reference)))

    def matches(self, answer, wrong):
        return not self.off(answer, wrong)

    def evidence(self, answer, reference):
        return f"{len(reference) - len(self.off(answer, reference))} of {len(reference)} features are right."


def pushed_how(answer, hospital):
    """How many are right, and one that is not with what its run shows."""
    right = by_the_runs(hospital, None)
    off = CauseOrProxy().off(answer, right)
    told = f"{len(right) - len(off)} of {len(right)} features are right."
    if not off:
        return told
    feature, what = off[0]
    if what == "missing":
        return f"{told} `{feature}` has no answer yet."
    if what == "word":
        moves = "do not move at all" if abs(right[feature][1]) < 0.05 else "do move"
        return f"{told} `{feature}` is no {answer[feature][0]}: set to what is proposed, returns {moves}, whatever the score does."
    return f"{told} `{feature}` is rightly a {answer[feature][0]}; yours says {answer[feature][1]:+.1f} of 1,000, and the run has another number of *returns* fewer."


def told_by(word_of, number_of):
    """An answer by a rule from feature to word, and one to number."""
    return lambda hospital: {
        feature: (word_of(hospital, feature), number_of(hospital, feature))
        for feature in given(9).features(hospital).feature
    }


def by_role(hospital, feature):
    return by_the_runs(hospital, None)[feature][0]


def shap_of(hospital):
    rows, weights = given(9).town(hospital), given(9).weights(hospital)
    return (weights * (rows[weights.index] - rows[weights.index].mean())).abs().mean().sort_values(ascending=False)


def by_rank(hospital, feature):
    return given(9).CAUSE if feature in shap_of(hospital).index[:4] else given(9).PROXY


def by_correlation(hospital, feature):
    rows = given(9).town(hospital)
    order = rows[shap_of(hospital).index].corrwith(rows.back.astype(float)).abs().sort_values(ascending=False)
    return given(9).CAUSE if feature in order.index[:5] else given(9).PROXY


CLINICAL = ("haemoglobin", "sodium", "albumin", "pain", "medicines", "metres_walked")


def by_sound(hospital, feature):
    return given(9).CAUSE if feature in CLINICAL else given(9).PROXY


def by_score(hospital, feature):
    return given(9).CAUSE if fewer(hospital, feature, "score") > 10 else given(9).PROXY


def moved_score(hospital, feature):
    return fewer(hospital, feature, "score")


def without_the_masked(hospital, feature):
    masked = given(9).roles_of(hospital)[feature] == "masked cause"
    return given(9).PROXY if masked else by_role(hospital, feature)


def turned(hospital, feature):
    return -fewer(hospital, feature)


def of_one(hospital, feature):
    return fewer(hospital, feature) / 1000


def moved_words(answer, hospital):
    """Every feature moves the score, so every one is a cause; or those that move it by more than ten of 1,000."""
    return {pair[0] for pair in answer.values()} == {given(9).CAUSE} or same_words(by_score)(answer, hospital)


def same_words(rule):
    """Other numbers, the same words as a rule says: the rule is the mistake."""

    def also(answer, hospital):
        right = by_the_runs(hospital, None)
        words = {feature: rule(hospital, feature) for feature in right}
        said = {feature: pair[0] for feature, pair in answer.items()}
        return said == words and said != {feature: pair[0] for feature, pair in right.items()}

    return also


RUNS = "`what_if` for the feature: `back_before` less `back_after`, and beside it the same of the score"


def pushed(name, answer, *, says, so_what, look_at=RUNS, teaches="M21", also=None):
    return misconception(
        name,
        answer=answer,
        says=says,
        so_what=so_what,
        look_at=look_at,
        teaches=teaches,
        evidence=pushed_how,
        also=also,
    )


def the_score_moves(answer, hospital):
    order, roles = shap_of(hospital), given(9).roles_of(hospital)
    first = next(name for name in order.index if roles[name].endswith("proxy"))
    masked = next(name for name, role in roles.items() if role == "masked cause")
    place, care = order.index.tolist().index(first) + 1, run_of(hospital, masked)
    return (
        f"All eight. `{first}` stands at place {place} of the ranking: the score moves by {fewer(hospital, first, 'score'):.0f} of 1,000, no patient does. "
        f"`{masked}` is given to the frailest: with more of it the score *rises* by {care['score_after'] - care['score_before']:.0f}, and "
        f"{fewer(hospital, masked):.0f} of 1,000 fewer come back. Nothing in a ranking tells the two apart."
    )


key(
    "W09.Q3",
    reference=by_the_runs,
    same=CauseOrProxy(),
    evidence=pushed_how,
    right=the_score_moves,
    look_at=RUNS,
    misconceptions=[
        pushed(
            "by_rank",
            told_by(by_rank, fewer),
            also=same_words(by_rank),
            says="You take the four that stand highest in the ranking for causes.",
            so_what="A ranking says what the score is made of. A ward that treats the top of it works for months on a number that stands beside the "
            "illness and not before it.",
        ),
        pushed(
            "by_correlation",
            told_by(by_correlation, fewer),
            also=same_words(by_correlation),
            says="You take for causes what goes along with returns most.",
            so_what="Frail people have much of everything. What goes along with returns is mostly frailty, seen through eight windows, and no window can be "
            "pushed.",
        ),
        pushed(
            "by_sound",
            told_by(by_sound, fewer),
            also=same_words(by_sound),
            says="You take for causes what sounds like medicine.",
            so_what="In this town the seed has drawn the arrows, so that no textbook answers. In yours nobody has drawn them either: a good story is where a "
            "trial begins.",
        ),
        pushed(
            "score_for_outcome",
            told_by(by_score, moved_score),
            also=moved_words,
            says="You read off what the score does.",
            so_what="Set a column to any value and the score follows: that is arithmetic. Whether anybody stays at home is asked of the returns in the same "
            "run.",
        ),
        pushed(
            "numbers_of_the_score",
            told_by(by_role, moved_score),
            says="Your words are right; your numbers are those of the score.",
            so_what="In the budget they become patients kept at home. For a proxy that is a promise of tens of 1,000 that nobody can keep.",
        ),
        pushed(
            "masked",
            told_by(without_the_masked, fewer),
            also=same_words(without_the_masked),
            says="What is done for the frailest you take for a proxy.",
            so_what="Those who get it come back more, so it looks useless or worse. Cut to the least, some hundred of 1,000 more come back: the run says "
            "so, and the ranking says the opposite.",
        ),
        pushed(
            "of_one",
            told_by(by_role, of_one),
            says="Your words are right; your numbers are shares, and of 1,000 was asked.",
            so_what="0.046 reads as nothing on a slide that counts patients. It is 46 of 1,000, the best thing in this town.",
            look_at="the unit that is asked for",
        ),
        pushed(
            "turned",
            told_by(by_role, turned),
            says="Your numbers have the other sign: they count returns more, not fewer.",
            so_what="On a slide a good intervention becomes a harmful one. Write the unit beside it: of 1,000 stays, returns *fewer*.",
        ),
    ],
)


# W09.Q4 ---------------------------------------------------------------------------------------------------------------
OFF = 5.0  # of 1,000, on the mean of five draws, from what the hold-out of the same draws says
WIDE = (0.92, 1.2)  # half widths, as multiples of the hold-out's own: sound roads have .96 to 1.01, 90% has .84


def as_the_hold_out(hospital, truth):
    """Fewer returns of 1,000 by counting listed stays with and without a ticket, in each draw."""
    empty = {"draws": [dict.fromkeys(given(9).PARTS, 0.0)] * (2 * given(9).DRAWS)}
    told = given(9).held_against_the_known(empty, hospital)["draws"]
    for one in told:
        value, spread = one["hold_out"]
        one |= {"fewer": value, "low": value - 1.96 * spread, "high": value + 1.96 * spread}
    return {"draws": told}


def covers(draws):
    return sum(one["low"] <= one["known"] <= one["high"] for one in draws)


@dataclass(frozen=True)
class Effect(Comparison):
    """How far estimates lie from the hold-out in the worse of two worlds, and intervals that miss, or are too narrow or wide."""

    needed: float = 1.2
    allowed: float = 1.0

    def unreadable(self, answer, reference):
        if type(answer) is not dict or "draws" not in answer:
            return f"{named(answer)} is there"
        missing = [one for one in answer["draws"] if one["fewer"] != one["fewer"] or not one["low"] <= one["high"]]
        return "an estimate is missing, or its interval turned around" if missing else None

    def off(self, answer):
        """World to the mean difference from the hold-out."""
        worlds = {}
        for one in answer["draws"]:
            worlds.setdefault(one["world"], []).append(one["fewer"] - one["hold_out"][0])
        return {world: float(np.mean(far)) for world, far in worlds.items()}

    def width(self, answer):
        """Half width over the hold-out's own, at the median."""
        return float(np.median([(one["high"] - one["low"]) / (3.92 * one["hold_out"][1]) for one in answer["draws"]]))

    def distance(self, answer, reference):
        far = max(abs(off) for off in self.off(answer).values()) / OFF
        lost = max(0, covers(reference["draws"]) - 1 - covers(answer["draws"]))
        strange = 0.0 if WIDE[0] <= self.width(answer) <= WIDE[1] else 2.0
        return max(far, 2.0 * lost, strange)

    def matches(self, answer, wrong):
        far = [abs(one["fewer"] - other["fewer"]) for one, other in zip(answer["draws"], wrong["draws"], strict=True)]
        alike = 0.5 < self.width(answer) / self.width(wrong) < 2 if self.width(wrong) else not self.width(answer)
        return max(far) <= 1.0 and alike

    def evidence(self, answer, reference):
        return effect_how(answer, None)


def effect_how(answer, hospital):
    """The mean estimate in both worlds beside the known one, and how often the interval holds it."""
    told = []
    for world in given(9).WORLDS:
        draws = [one for one in answer["draws"] if one["world"] == world]
        told.append(
            f"*{world}*: {np.mean([one['fewer'] for one in draws]):+.0f}, {covers(draws)} of {len(draws)} intervals hold the known effect"
        )
    return f"Of 1,000, fewer, mean of five draws. {'; '.join(told)}.{' '.join(['', *complaints(answer)])}"


def complaints(answer):
    """What is wrong besides the comparison: always the same, off although it covers, too narrow or too wide."""
    told, width = [], Effect().width(answer)
    if len({one["fewer"] for one in answer["draws"]}) == 1:
        return ["Ten tables have the same answer: is it computed from `stays`?"]
    if not WIDE[0] <= width <= WIDE[1]:
        wide = ": are people in it whom no ticket could touch?" if width > WIDE[1] else "."
        told.append(f"They are {width:.2g} times as wide as an honest interval of such a table{wide}")
    far = max(Effect().off(answer).values(), key=abs)
    times = [one["fewer"] / one["hold_out"][0] for one in answer["draws"]]
    if max(times) - min(times) < 0.1 and 1.05 < np.mean(times) < 1.4:
        told.append(f"Each is {np.mean(times):.2f} times what its table says of a call *offered*, answered or not.")
    elif OFF < abs(far) < 5 * OFF:
        told.append(
            f"You are {abs(far):.0f} of 1,000 from what these tables say: are all their stays in it that should be?"
        )
    return told


def what_failed(answer, hospital):
    if not WIDE[0] <= Effect().width(answer) <= WIDE[1]:
        return "how many standard errors a 95% interval has on each side, and what one of these shares has"
    return LOT


def difference(called, other):
    """Fewer returns among the called than among others, of 1,000, with an interval by formula."""
    value, spread = other.mean() - called.mean(), np.sqrt(other.var() / len(other) + called.var() / len(called))
    return {"fewer": 1000 * value, "low": 1000 * (value - 1.96 * spread), "high": 1000 * (value + 1.96 * spread)}


def against(choose, other):
    return lambda stays: difference(stays.back[choose(stays)], stays.back[other(stays)])


def naive(stays):
    return difference(stays.back[stays.called], stays.back[stays.home & ~stays.called])


def weighting(stays):
    home = stays[stays.home]
    table, called, back = given(9).facts(home), home.called.to_numpy(), home.back.to_numpy()
    chance = given(9).weighed().fit(table, called).predict_proba(table)[:, 1]
    weight = (chance / (1 - chance))[~called]
    other = np.average(back[~called], weights=weight)
    spread = back[called].var() / called.sum() + (weight**2 * (back[~called] - other) ** 2).sum() / weight.sum() ** 2
    value, half = 1000 * (other - back[called].mean()), 1960 * np.sqrt(spread)
    return {"fewer": value, "low": value - half, "high": value + half}


def t_learner(stays):
    home = stays[stays.home]
    table, called = given(9).facts(home), home.called.to_numpy()
    said = [
        given(9).weighed().fit(table[some], home.back[some]).predict_proba(table[called])[:, 1]
        for some in (~called, called)
    ]
    value = 1000 * float((said[0] - said[1]).mean())
    half = 1960 * float(np.sqrt(home.back[called].var() / called.sum() * 2))
    return {"fewer": value, "low": value - half, "high": value + half}


def per_hundred(stays):
    found = hold_out(stays)
    return {part: value / 10 for part, value in found.items()}


def turned_around(stays):
    found = hold_out(stays)
    return {"fewer": -found["fewer"], "low": -found["high"], "high": -found["low"]}


def no_interval(stays):
    found = hold_out(stays)
    return dict.fromkeys(found, found["fewer"])


def shares(stays):
    found = hold_out(stays)
    return {part: value / 1000 for part, value in found.items()}


hold_out = against(lambda s: s.listed & ~s.held_out, lambda s: s.listed & s.held_out)
LOT = "what decided who of those on the list was called, and who among the others could have been"


def estimate(name, wrong, *, says, so_what, look_at=LOT, teaches="M21", also=None):
    return misconception(
        name, answer=wrong, says=says, so_what=so_what, look_at=look_at, teaches=teaches, evidence=effect_how, also=also
    )


def adjusted(answer, hospital):
    """Near in the first world, far in the second: whatever adjusts for what is written down."""
    off = Effect().off(answer)
    return abs(off[given(9).WORLDS[0]]) < 25 and off[given(9).WORLDS[1]] > 30


key(
    "W09.Q4",
    reference=as_the_hold_out,
    same=Effect(),
    evidence=effect_how,
    right=lambda answer, hospital: (
        f"{effect_how(answer, hospital)} Known: {given(9).known_effect(hospital):.0f} and {given(9).known_effect(hospital, given(9).WORLDS[1]):.0f}. The "
        "interval is wide, and as wide in both worlds: drawing lots need not know what nobody wrote down."
    ),
    look_at=what_failed,
    misconceptions=[
        estimate(
            "called_or_not",
            naive,
            also=lambda answer, hospital: near(answer, against(lambda s: s.called, lambda s: ~s.called), hospital),
            says="You compare those who were called with those who were not.",
            so_what="Calls go to the illest, so in the first world calls seem to bring patients back. Worse than no figure: on it the programme would be stopped because "
            "it finds whom it should.",
        ),
        estimate(
            "reached_or_not",
            against(lambda s: s.reached, lambda s: s.called & ~s.reached),
            also=lambda answer, hospital: near(
                answer, against(lambda s: s.reached, lambda s: s.home & ~s.reached), hospital
            ),
            says="You compare those who answered the telephone with those who did not.",
            so_what="Who answers has a telephone, and somebody at home. About half of that difference was there before anybody dialled; all of it is sold as "
            "the effect of a call.",
        ),
        estimate(
            "per_protocol",
            against(lambda s: s.reached, lambda s: s.listed & s.held_out),
            says="You leave out those who did not answer, on one side only.",
            so_what="Among the tickets nobody dialled, so nobody is left out there: you compare the reachable with everybody. What can be decided is whom to call, not who "
            "answers.",
        ),
        estimate(
            "all_tickets",
            against(lambda s: ~s.held_out, lambda s: s.held_out),
            also=lambda answer, hospital: near(
                answer, against(lambda s: s.home & ~s.held_out, lambda s: s.home & s.held_out), hospital
            ),
            says="You count every ticket, also of patients who would never have been called.",
            so_what="Four of five tickets keep nothing from anybody. What you find is the effect of having a programme, spread over the whole house, and a call "
            "seems to do next to nothing.",
        ),
        estimate(
            "tickets_for_all",
            against(lambda s: s.called, lambda s: s.home & s.held_out),
            says="You compare those called with all tickets among those who go home.",
            so_what="The called were on the list, and most with a ticket were not: you compare the illest with everybody. Who among the tickets would have been called?",
        ),
        estimate(
            "weighting",
            weighting,
            also=adjusted,
            says="You adjust for what is written down. In the first world that is right, and its interval is narrower.",
            so_what="In the second, support at home decides who is called and who stays well, and nobody wrote it down: you promise three times what a call does, with a "
            "small interval. No fact about patients tells the worlds apart.",
        ),
        estimate(
            "t_learner",
            t_learner,
            says="You let two models say what each patient would have done without the call.",
            so_what="They know what is in the table, no more. Where who is called depends on something else, each patient's benefit is wrong by it, and the mean is "
            "too.",
        ),
        estimate(
            "shares",
            shares,
            says="Your numbers are shares of one, and of 1,000 was asked.",
            so_what="A board reads 0.03 fewer of 1,000, and closes the programme.",
            look_at="the unit that is asked for",
        ),
        estimate(
            "per_hundred",
            per_hundred,
            says="Your numbers are of 100, and 1,000 were asked.",
            so_what="In the budget the calls do a tenth of what they do. A number without its denominator is read with the reader's.",
            look_at="the unit that is asked for",
        ),
        estimate(
            "turned_around",
            turned_around,
            says="Your sign is turned: you count returns more.",
            so_what="The reader sees calls that do harm, with an interval that excludes help.",
            look_at="which of the two shares is taken from which",
        ),
        estimate(
            "no_interval",
            no_interval,
            says="Your interval has no width.",
            so_what="Of some 1,300 tickets 200 came back: another lot would have given another number. A figure without doubt is believed until the next one "
            "contradicts it.",
            look_at="`share_difference`",
        ),
    ],
)


def near(answer, wrong, hospital):
    """Whether an answer is within one of 1,000 of another wrong one, in every draw."""
    other = given(9).estimated(wrong, hospital)["draws"]
    return all(abs(one["fewer"] - two["fewer"]) <= 1 for one, two in zip(answer["draws"], other, strict=True))


# W09.Q5 ---------------------------------------------------------------------------------------------------------------
def stories_by(first, of_ward=None):
    """First reasons of each patient against both backgrounds, each by a rule (model, background, patients) to a column."""

    def stories(model, everyone, ward, patients):
        found = {"everyone": first(model, everyone, patients), "ward": (of_ward or first)(model, ward, patients)}
        return pd.DataFrame(found, index=patients.index)

    return stories


def log_odds_parts(model, background, patients):
    scaler, weights = model[0], model[-1].coef_[0]
    return pd.DataFrame(
        (scaler.transform(patients) - scaler.transform(background).mean(axis=0)) * weights,
        patients.index,
        patients.columns,
    )


def first_reason(model, background, patients):
    return log_odds_parts(model, background, patients).abs().idxmax(axis=1)


def first_raising(model, background, patients):
    return log_odds_parts(model, background, patients).idxmax(axis=1)


def furthest(model, background, patients):
    return ((patients - background.mean()) / background.std()).abs().idxmax(axis=1)


def heaviest(model, background, patients):
    order = pd.Series(model[-1].coef_[0], patients.columns).abs()
    return pd.Series(order.idxmax(), patients.index)


def unscaled(model, background, patients):
    return ((patients - background.mean()) * model[-1].coef_[0]).abs().idxmax(axis=1)


def by_enumeration(hospital, truth):
    """Exact values against each whole background by what one column does alone, which in a logistic model is all it does."""
    made = given(9).two_backgrounds(hospital)
    output, found = log_odds_of(made.model, list(made.patients)), {}
    for patient, row in made.patients.iterrows():
        pair = []
        for background in (made.everyone, made.ward):
            base = output(background).mean()
            parts = {name: abs(output(background.assign(**{name: row[name]})).mean() - base) for name in background}
            pair.append(max(parts, key=parts.get))
        found[str(patient)] = pair
    return found


def stories_how(answer, hospital):
    right = by_enumeration(hospital, None)
    off = [patient for patient in right if answer.get(patient) != right[patient]]
    told = f"{len(right) - len(off)} of {len(right)} patients are right."
    return f"{told} The first that is not: {off[0]}, where you say {answer.get(off[0])}." if off else told


def two_stories(answer, hospital):
    changed = [patient for patient, (one, other) in answer.items() if one != other]
    return (
        f"All eight. {len(changed)} of them ({', '.join(changed) or 'none'}) have another first reason among the ward's patients than among everybody; score, chart and "
        "patient are the same. What holds under both: the score, that each sum adds up to it, and the difference between two patients in any one column."
    )


def story(name, answer, *, says, so_what, look_at):
    return misconception(
        name, answer=answer, says=says, so_what=so_what, look_at=look_at, teaches="M21", evidence=stories_how
    )


MEAN = "`weight * (value - mean of the background)`, in log-odds, by the largest size"

key(
    "W09.Q5",
    reference=by_enumeration,
    same=Labels(1.0),
    evidence=stories_how,
    right=two_stories,
    look_at=MEAN,
    misconceptions=[
        story(
            "one_background",
            stories_by(
                first_reason, lambda model, ward, patients: first_reason(model, given_everyone(model), patients)
            ),
            says="Both columns are told against everybody.",
            so_what="A ward of heart failure asks why this one among its own. It is told of low albumin and earlier stays, as most of that ward have.",
            look_at="what you subtract in the second column",
        ),
        story(
            "furthest",
            stories_by(furthest),
            says="You name the value that is furthest from the mean.",
            so_what="Strange is not the same as weighty: the model may hardly look at it. The reader treats an oddity.",
            look_at=MEAN,
        ),
        story(
            "heaviest",
            stories_by(heaviest),
            says="You name the column with the largest weight, for every patient.",
            so_what="It says what the model looks at, not what is unlike others in this patient. Each of them gets the same reason, and nobody reads it "
            "twice.",
            look_at="your answer for two different patients",
        ),
        story(
            "unscaled",
            stories_by(unscaled),
            says="Coefficients of scaled columns are multiplied with unscaled values.",
            so_what="Age in years beats everything, as years are many. The first reason is a matter of units.",
            look_at="`model[0]`: what does it do to a value before the coefficient sees it?",
        ),
        story(
            "raising_only",
            stories_by(first_raising),
            says="You look for the largest reason that *raises* the risk.",
            so_what="For a patient at low risk the story is then about what hardly matters, while what keeps the risk low is not said.",
            look_at="the sign of the largest contribution of a patient at low risk",
        ),
    ],
)


def given_everyone(model):
    """The rows on which the model's scaler learnt, by their mean alone: enough for a logistic model."""
    scaler = model[0]
    return pd.DataFrame([scaler.mean_], columns=scaler.feature_names_in_)


# W09.Q6 ---------------------------------------------------------------------------------------------------------------
def as_usual_care(hospital, truth):
    empty = {"weeks": {}}
    return {"usual": given(9).averted(empty, hospital)["usual"], "times": given(9).TIMES}


@dataclass(frozen=True)
class Averted(Comparison):
    """Returns averted in a year, in tenths of the care managers' own list, below what is asked."""

    needed: float = 0.2

    def unreadable(self, answer, reference):
        return None if type(answer) is dict and "averted" in answer else f"{named(answer)} is there"

    def distance(self, answer, reference):
        return max(0.0, 10 * (reference["times"] - answer["averted"] / reference["usual"]))

    def matches(self, answer, wrong):
        return answer["weeks"] == wrong["weeks"]

    def evidence(self, answer, reference):
        return f"Your lists avert {answer['averted']:.0f} returns a year; forty of the care managers' list {reference['usual']:.0f}."


def averted_how(answer, hospital):
    return Averted().evidence(answer, {"usual": answer["usual"]})


def nobody_knows(answer, hospital):
    risk, rows = given(9).known_risk(hospital), given(9).lists(hospital)
    benefit = (risk.p0 - risk.p1).reindex(rows.stay).to_numpy()
    best = (
        rows.assign(known=benefit).groupby("week").known.apply(lambda some: some.nlargest(given(9).FORTY).sum()).sum()
    )
    by = {name: np.corrcoef(rows[name], benefit)[0, 1] for name in ("risk", "benefit")}
    return (
        f"{averted_how(answer, hospital)} Whoever knew each patient's benefit would avert {best:.0f}. Correlation with it: {by['risk']:.2f} for the risk, "
        f"{by['benefit']:.2f} for the estimated benefit. In our equations a call takes a share of the risk, so risk is a good guess, and two models subtracted are a noisy one."
    )


def forty_by(name, largest=True):
    return lambda rows: (rows.nlargest if largest else rows.nsmallest)(given(9).FORTY, name).stay.tolist()


def listed_first(rows):
    return rows.sort_values("listed", ascending=False, kind="stable").stay.tolist()[: given(9).FORTY]


def first_come(rows):
    return rows.stay.tolist()[: given(9).FORTY]


def lists_of(
    name, answer, *, says, so_what, look_at="returns averted by your list, and by forty of the listed", teaches="M21"
):
    return misconception(
        name, answer=answer, says=says, so_what=so_what, look_at=look_at, teaches=teaches, evidence=averted_how
    )


key(
    "W09.Q6",
    reference=as_usual_care,
    same=Averted(),
    evidence=averted_how,
    right=nobody_knows,
    look_at="which column goes along with the benefit of a call: its own estimate, or the risk of which a call takes a share? And whom does your list never look at?",
    misconceptions=[
        lists_of(
            "by_estimated_benefit",
            forty_by("benefit"),
            says="You call by estimated benefit. It is the right question, and the estimate is noisy.",
            so_what="Two models, each a little wrong, are subtracted, and what is left is mostly their errors. Here the plain list by risk keeps more "
            "people at home.",
        ),
        lists_of(
            "as_usual",
            listed_first,
            says="You call whom the care managers listed, in the order of discharge.",
            so_what="Their list is made of points and prior stays. It does better than a lot, and worse than a model that has seen returns.",
        ),
        lists_of(
            "by_points",
            forty_by("lace"),
            says="You call by LACE.",
            so_what="A length of stay and a Charlson index go along with illness, and with cancer and dementia, where a call does least in our equations.",
        ),
        lists_of(
            "first_come",
            first_come,
            says="You call the first forty of the week.",
            so_what="By Tuesday evening there are no calls left, and whoever goes home on Friday has no chance.",
        ),
        lists_of(
            "oldest",
            forty_by("age"),
            says="You call the oldest.",
            so_what="Age is the best story and a weak reason: many of the old go home to help, and many of the readmitted are fifty.",
        ),
    ],
)
