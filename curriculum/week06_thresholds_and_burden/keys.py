"""Week 6: what is right, what is known to be wrong, and what a colleague would say. Never shown before an answer."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit, logit
from wardround.course.compare import Comparison, frames, number, parts
from wardround.course.compare_words import named
from wardround.course.given import given
from wardround.course.keys import key, misconception, outcome
from wardround.evaluation import expected_calibration, expected_ratio, net_benefit, roc, treat_all, wilson
from wardround.records.features import lace


def also(name, *answers, **words):
    """One mistake in several forms, which are told the same."""
    return [misconception(f"{name}_{n}" if n else name, answer=answer, **words) for n, answer in enumerate(answers)]


# the truth, stay by stay ----------------------------------------------------------------------------------------------
def with_risk(rows, truth):
    """Rows with ``usual`` (the known risk as care was) and ``alone`` (without any call)."""
    known = truth.stays.set_index("encounter_id").reindex(rows.encounter_id)
    usual = np.where(known.called, known.p1, known.p0)
    return rows.assign(usual=usual, alone=known.p0.to_numpy())


# W06.P1, P3 to P6; P2 stands with Q3 ---------------------------------------------------------------------------------------------------------
def back_at_a_half(hospital, truth):
    rows = given(6).judged(hospital)
    rows = rows[(rows.site == "quillmere") & rows.balanced.between(0.5, 0.6)]
    states = truth.stays.set_index("encounter_id").outcome.reindex(rows.encounter_id)
    return 100 * float((states == "readmitted").mean())


outcome("W06.P1", back_at_a_half)


def eastbank_holds(hospital, truth):
    rows = given(6).judged(hospital)
    rows = rows[rows.site == "eastbank"]
    states = truth.stays.set_index("encounter_id").outcome.reindex(rows.encounter_id)
    return bool(0.8 <= float((states == "readmitted").sum() / rows.risk.sum()) <= 1.25)


outcome("W06.P3", eastbank_holds)


def weeks_above_the_corner(hospital, truth):
    rows, lists = given(6).judged(hospital), given(6).lists(hospital)
    curve = roc(rows.back, rows.risk)
    corner = curve.threshold[(curve.sensitivity - curve.false_positive_rate).idxmax()]
    above = lists[lists.risk >= corner].groupby("week").size()
    return int((above > given(6).capacity(hospital)).sum())


outcome("W06.P4", weeks_above_the_corner)


def worth_more_than_all(hospital, truth):
    rows = given(6).judged(hospital)
    return bool(net_benefit(rows.back, rows.risk, 0.05) - treat_all(rows.back, 0.05) >= 0.005)


outcome("W06.P5", worth_more_than_all)


def balanced_wins(hospital, truth):
    """Net benefit at 12.5%: the balanced model against LACE, its points turned into risks on the stays learnt."""
    from sklearn.linear_model import LogisticRegression

    stays, rows = given(6).stays(hospital), given(6).judged(hospital)
    points = lace(given(4).stays_to_learn(hospital).set_index("encounter_id")).rename("lace").to_frame()
    learnt = stays[stays.period == "learnt"]
    card = LogisticRegression().fit(points.loc[learnt.encounter_id], learnt.back)
    risk = card.predict_proba(points.loc[rows.encounter_id])[:, 1]
    return bool(net_benefit(rows.back, rows.balanced, 0.125) > net_benefit(rows.back, risk, 0.125))


outcome("W06.P6", balanced_wins)


# W06.Q1 ---------------------------------------------------------------------------------------------------------------
def known_quarters(hospital, truth):
    """The known risks themselves, of both sets of later stays."""
    later = with_risk(given(6).to_repair(hospital)[1], truth)
    return {"here": later.usual.round(6).tolist(), "invented": given(6).invented_risk().round(6).tolist()}


def gap_of(risk, predicted):
    """The mean distance of promised and known risk over ten groups of equal size."""
    table = expected_calibration(risk, predicted)
    return float(np.average((table.risk - table.predicted).abs(), weights=table.n))


def same_order(one, other):
    """Rank correlation; 0 where one of the two is the same for all."""
    one, other = pd.Series(one).rank(), pd.Series(other).rank()
    return float(np.corrcoef(one, other)[0, 1]) if one.nunique() > 1 and other.nunique() > 1 else 0.0


@dataclass(frozen=True)
class Repair(Comparison):
    """Risks of two quarters: the mean, the curve and the order against the known risks; the invented one decides."""

    allowed: float = 1.0
    needed: float = 1.5

    def unreadable(self, answer, reference):
        good = type(answer) is dict and {"here", "invented"} <= set(answer)
        return None if good else f"{named(answer)} is there where risks should be"

    def parts(self, answer, reference):
        mine, known = (np.array(one["invented"]) for one in (answer, reference))
        here, known_here = (np.array(one["here"]) for one in (answer, reference))
        ratio = expected_ratio(known, mine)
        off = abs(math.log(expected_ratio(known_here, here))) if here.sum() else math.inf
        return {
            "order": (1 - same_order(mine, known)) / 0.06,
            "mean": abs(math.log(ratio)) / math.log(1.10) if ratio > 0 else math.inf,
            "curve": gap_of(known, mine) / 0.018,
            "here": off / math.log(1.6),  # some fifty events taught it on a small hospital: chance alone makes 1.3
        }

    def distance(self, answer, reference):
        return max(self.parts(answer, reference).values())

    def matches(self, answer, wrong):
        if self.unreadable(answer, wrong):
            return False
        mine, other = np.array(answer["invented"]), np.array(wrong["invented"])
        return mine.shape == other.shape and float(np.abs(mine - other).mean()) < 0.004

    def evidence(self, answer, reference):
        off, mine, known = self.parts(answer, reference), np.array(answer["invented"]), np.array(reference["invented"])
        told = f"Of 1,000 invented later stays yours promises {1000 * mine.mean():.0f} readmissions; {1000 * known.mean():.0f} come."
        if off["order"] > 1:
            return f"{told} And your risks no longer rank them as the score did: a repair changes numbers, not the order, and returns them in the order of `later`."
        if off["mean"] > 1:
            return told
        if off["curve"] > 1:
            return f"The mean is right. {tenths_of(mine, known)}"
        here, truth = np.array(answer["here"]), np.array(reference["here"])
        return (
            f"Right on the invented quarter. On this hospital's: of 1,000 stays yours promises {1000 * here.mean():.0f}, and "
            f"{1000 * truth.mean():.0f} come. Does it read everything from `rows`?"
        )


def tenths_of(mine, known):
    low, *_, high = expected_calibration(known, mine).itertuples()
    return (
        f"The highest tenth of the invented stays: yours promises {100 * high.predicted:.0f} of 100, {100 * high.risk:.0f} come; "
        f"the lowest: {100 * low.predicted:.1f}, and {100 * low.risk:.1f} come."
    )


def promised(answer, hospital):
    mine, known = np.array(answer["invented"]), given(6).invented_risk().to_numpy()
    return f"Of 1,000 invented later stays yours promises {1000 * mine.mean():.0f} readmissions; {1000 * known.mean():.0f} come."


def at_the_ends(answer, hospital):
    return tenths_of(np.array(answer["invented"]), given(6).invented_risk().to_numpy())


def shift_of(rows):
    """The amount on the log-odds after which the risks of rows add up to their events."""
    return brentq(lambda much: expit(logit(rows.score) + much).sum() - rows.back.sum(), -12, 12)


def shifted_by(choose, sign=1):
    return lambda rows, later: expit(logit(later.score) + sign * shift_of(choose(rows)))


def watched(rows):
    return rows[rows.part == "watched"]


def learnt(rows):
    return rows[rows.part == "learnt"]


def everything(rows):
    return rows


def unrepaired(rows, later):
    return later.score


def scaled(choose):
    return lambda rows, later: (later.score * choose(rows).back.mean() / choose(rows).score.mean()).clip(0, 1)


def subtracted(rows, later):
    return (later.score - watched(rows).score.mean() + watched(rows).back.mean()).clip(0, 1)


def flat(rows, later):
    return np.full(len(later), watched(rows).back.mean())


def zero_or_one(rows, later):
    """The highest share of events as 1, the others as 0: a list, which has lost its risks."""
    return (later.score >= watched(rows).score.quantile(1 - watched(rows).back.mean())).astype(float)


def at_one_half(rows, later):
    return (later.score >= 0.5).astype(float)


def turned(rows, later):
    return 1 - shifted_by(watched)(rows, later)


def platt(rows, later):
    from sklearn.linear_model import LogisticRegression

    rows = watched(rows)
    line = LogisticRegression(C=1e6).fit(logit(rows.score).to_numpy()[:, None], rows.back)
    return line.predict_proba(logit(later.score).to_numpy()[:, None])[:, 1]


def what_it_costs(answer, hospital):
    from wardround.hospital import open_truth

    later = with_risk(given(6).to_repair(hospital)[1], open_truth(hospital.path.parent))
    return (
        f"On {len(later):,} stays of the next quarter your risks add up to {sum(answer['here']):.0f} readmissions; the known risk says "
        f"{later.usual.sum():.0f}, and unrepaired it was {later.score.sum():.0f}. {called_first(answer['here'], later.score)} Nobody was ranked better "
        "for it: balancing bought no discrimination, and sold what a risk is for. A threshold, a price or a word to a family needs the repaired one."
    )


def called_first(repaired, score):
    """Whether the forty highest are the same people after a repair; steps may leave it open who they are."""
    repaired, score = pd.Series(repaired), score.reset_index(drop=True)
    fortieth = repaired.nlargest(40).iloc[-1]
    tied, above = int((repaired == fortieth).sum()), int((repaired > fortieth).sum())
    if above + tied > 40:
        return f"Who the forty highest are it leaves open: {tied} share the risk of the fortieth."
    same = len(set(repaired.nlargest(40).index) & set(score.nlargest(40).index))
    return (
        "The forty highest are the same people." if same == 40 else f"Of the forty highest {same} are the same people."
    )


key(
    "W06.Q1",
    reference=known_quarters,
    same=Repair(),
    right=what_it_costs,
    look_at="`rows.groupby('part')[['score', 'back']].mean()`, and both means by tenths of the score among the watched",
    misconceptions=[
        misconception(
            "unrepaired",
            answer=unrepaired,
            says="These are the scores as the class-balanced model gives them.",
            so_what="They rank well, and that is all an AUROC can see. A nurse who calls from 20% on would call nearly everybody, and a family told "
            "*fifty percent* was told three times too much.",
            look_at="the mean `score` of the watched stays, beside the share that came back",
            teaches="M07",
            evidence=promised,
        ),
        *also(
            "scaled",
            scaled(watched),
            scaled(learnt),
            scaled(everything),
            says="You multiplied all scores by one factor.",
            so_what="A factor can mend the mean. But balancing added to the log-odds: the highest risks are now too low, and the lowest "
            "too high. Whoever is most likely to come back drops below the threshold.",
            look_at="promised and observed by tenths of the score, at both ends",
            teaches="M07",
            evidence=at_the_ends,
        ),
        misconception(
            "subtracted",
            answer=subtracted,
            says="You subtracted one amount from all scores, on the scale of risks.",
            so_what="Many end below zero, and are cut off there: a third of the patients is told that they cannot come back. On the "
            "log-odds the same idea is right.",
            look_at="how many of your risks are exactly 0",
            teaches="M07",
            evidence=at_the_ends,
        ),
        misconception(
            "learnt_from_training",
            answer=shifted_by(learnt),
            says="You repaired with the stays on which the model was trained.",
            so_what="The rate of that year is in your shift, and so is what the model knows by heart. Where patients have changed since, the "
            "repair promises last year's readmissions. A later window exists: use it.",
            look_at="`back.mean()` of the two parts",
            teaches="M10",
            evidence=promised,
        ),
        misconception(
            "all_rows",
            answer=shifted_by(everything),
            says="You repaired with all rows, the learnt ones among them.",
            so_what="The training years outvote the four months that are near to what comes. More rows are no gain if they are of another "
            "time, and of patients whom the model has met.",
            look_at="how many rows each `part` has, and how many of them came back",
            teaches="M10",
            evidence=promised,
        ),
        misconception(
            "flat",
            answer=flat,
            says="You give everybody the same risk, the share that came back.",
            so_what="In the mean it is perfectly calibrated, and nobody can be called first. Calibration without ranking is as little use "
            "as ranking without calibration.",
            look_at="how many different values your risks have",
            teaches="M07",
        ),
        *also(
            "cut",
            at_one_half,
            zero_or_one,
            says="You return 0 and 1, not risks.",
            so_what="A cut belongs to whoever has forty calls, not into the repair. Among hundreds at 1 nobody can be called first.",
            look_at="the values that you return",
            teaches="M05",
            evidence=promised,
            also=lambda answer, hospital: set(answer["invented"]) <= {0.0, 1.0},
        ),
        misconception(
            "wrong_way",
            answer=shifted_by(watched, sign=-1),
            says="Your shift goes the wrong way: risks that were three times too high are higher still.",
            so_what="Every list would be all patients. A mean after the repair, beside the mean before, shows it at once.",
            look_at="the sign of your shift",
            evidence=promised,
        ),
        misconception(
            "turned",
            answer=turned,
            says="Your risks run the wrong way: who had the highest score gets the lowest risk.",
            so_what="It is the column of those who stay well. The nurse would call the healthiest forty, and nothing would raise an error.",
            look_at="which column of `predict_proba` you return",
            evidence=promised,
        ),
    ],
)


# W06.Q2 ---------------------------------------------------------------------------------------------------------------
def by_sorting(hospital, truth):
    """The curves from cumulative sums over the sorted risks: no row is compared with a threshold one by one."""
    tables = []
    for name, rows in given(6).curve_sets(hospital).items():
        order = np.argsort(-rows.risk.to_numpy(), kind="stable")
        risk, event = rows.risk.to_numpy()[order], rows.outcome.to_numpy(bool)[order]
        found, n = np.r_[0, np.cumsum(event)], len(rows)
        for cut in given(6).THRESHOLDS:
            flagged = int(np.searchsorted(-risk, -cut, side="right"))
            per_event = 1 / cut - 1  # needless actions that one event is worth
            model = (found[flagged] - (flagged - found[flagged]) / per_event) / n
            everybody = (found[n] - (n - found[n]) / per_event) / n
            tables.append({"rows": name, "threshold": cut, "model": model, "treat all": everybody, "treat none": 0.0})
    return pd.DataFrame(tables)


def curve(
    outcome,
    risk,
    thresholds,
    *,
    price=lambda t: t / (1 - t),
    flag=lambda risk, t: risk >= t,
    of=lambda flagged, outcome: (len(outcome), len(outcome)),
    everybody=None,
):
    """The right curve, with a part exchanged; ``of`` gives what hits and false alarms are divided by."""
    outcome, rows = np.asarray(outcome, bool), []
    rate = outcome.mean()
    for t in thresholds:
        flagged = np.asarray(flag(risk, t), bool)
        over, under = of(flagged, outcome)
        hits, false = (flagged & outcome).sum(), (flagged & ~outcome).sum()
        model = hits / over - false / under * price(t) if over and under else 0.0
        all_of_them = rate - (1 - rate) * price(t) if everybody is None else everybody(rate, t)
        rows.append({"threshold": t, "model": model, "treat all": all_of_them, "treat none": 0.0})
    return pd.DataFrame(rows)


def curve_with(**changes):
    return lambda outcome, risk, thresholds: curve(outcome, risk, thresholds, **changes)


def of_flagged(flagged, outcome):
    return (flagged.sum(), flagged.sum())


def of_each(flagged, outcome):
    return (outcome.sum(), (~outcome).sum())


def of_events(flagged, outcome):
    return (outcome.sum(), outcome.sum())


def off_how(answer, hospital):
    """What differs, with the learner's own number at one threshold and what it is made of."""
    if not isinstance(answer, pd.DataFrame) or not {"rows", "threshold", "model", "treat all"} <= set(answer):
        return None
    right = by_sorting(hospital, None).set_index(["rows", "threshold"])
    if float(pd.to_numeric(answer.threshold, errors="coerce").max()) > 1:
        return "Your `threshold` is in percent; give it back as you got it, a risk between 0 and 1."
    mine = answer.set_index(["rows", "threshold"])
    if mine.index.has_duplicates or len(mine.index.symmetric_difference(right.index)):
        return None
    mine = mine.reindex(right.index).apply(pd.to_numeric, errors="coerce")
    if mine[["model", "treat all"]].isna().any(axis=None):
        where = mine.index[mine[["model", "treat all"]].isna().any(axis=1)][0]
        return f"NaN on the rows *{where[0]}* at {where[1]:g}. Nothing is unknown there; even where nobody is flagged the list is worth 0."
    for factor, words in ((100, "per 100"), (1000, "per 1,000")):
        if np.allclose(mine["model"], factor * right["model"], rtol=1e-3, atol=1e-6):
            return f"Yours is net benefit {words} people; it is asked per person."
    names = {
        name: np.isclose(mine[name], right[name], rtol=1e-4, atol=1e-7) for name in ("model", "treat all", "treat none")
    }
    if all(np.isclose(mine[name], right[name], atol=0.00051).all() for name in names):
        return "Your figures are right to the first digits, and rounded: leave all digits, and round what you print."
    if np.allclose(mine["model"], -right["model"], atol=1e-6):
        return "Your model's values are right, with the sign turned round: events found count for it, needless actions against."
    for name, fits in names.items():
        if not fits.all():
            others = [f"`{other}`" for other in names if names[other].all()]
            where = right.index[~fits][0]
            told = f"`{name}` differs at {int((~fits).sum())} of {len(fits)} places, first on the rows *{where[0]}* at {where[1]:g}"
            kept = f" Right everywhere: {', '.join(others)}." if others else ""
            return f"{told}, where yours is {mine[name][where]:.4f}.{made_of(name, where, hospital)}{kept}"
    return None


def made_of(name, where, hospital):
    rows = given(6).curve_sets(hospital)[where[0]]
    event = rows.outcome.to_numpy(bool)
    if name == "treat none":
        return " Nobody is treated: nothing is found, and nothing is done in vain."
    flagged = (rows.risk >= where[1]).to_numpy() if name == "model" else np.ones(len(rows), bool)
    return (
        f" There {int(flagged.sum()):,} of {len(rows):,} are acted on, {int((flagged & event).sum()):,} with the event, and one needless action "
        f"costs 1/{1 / where[1] - 1:.3g} of an event."
    )


def priced_once(answer, hospital):
    """Whether the model's values hold one price at all thresholds, whichever it is."""
    if not isinstance(answer, pd.DataFrame) or not {"rows", "threshold", "model"} <= set(answer):
        return False
    rows, prices = given(6).curve_sets(hospital)["ours"], []
    mine = answer[answer.rows == "ours"].set_index("threshold")["model"]
    for cut in mine.index.intersection(given(6).THRESHOLDS):
        flagged = rows.risk >= cut
        in_vain = (flagged & ~rows.outcome).mean()
        prices += [((flagged & rows.outcome).mean() - float(mine[cut])) / in_vain] if in_vain else []
    return len(prices) > 2 and min(prices) > 0 and np.allclose(prices, prices[0], rtol=1e-6)


def where_it_pays(answer, hospital):
    ours = answer[answer.rows == "ours"].sort_values("threshold")
    best = ours[(ours["model"] > ours["treat all"]) & (ours["model"] > 0)].threshold
    if best.empty:
        return (
            "On the stays of 2024 our model is nowhere worth more than calling everybody or nobody: a curve may say so."
        )
    told = f"On the stays of 2024 our model beats calling everybody and nobody from {100 * best.min():g}% to {100 * best.max():g}%, at the thresholds asked. "
    told += "The class-balanced one ranks the same people, and "
    balanced = answer[(answer.rows == "class-balanced") & (answer.threshold == 0.20)]["model"].iloc[0]
    return f"{told}at 20% is worth {1000 * balanced:+.0f} events per 1,000 people: the AUROC saw no difference."


key(
    "W06.Q2",
    reference=by_sorting,
    same=frames(on=["rows", "threshold"], rtol=1e-4, at_least=2.0),
    right=where_it_pays,
    look_at="the place that is named, by hand: how many are acted on, how many of them have the event, what a needless action costs; and what you do to "
    "the figures after that",
    evidence=off_how,
    misconceptions=[
        misconception(
            "no_price",
            answer=curve_with(price=lambda t: 1.0),
            says="A needless action costs as much as a missed event at every threshold.",
            so_what="Then one needless phone call weighs as much as one readmission, and nearly every list looks harmful. The threshold "
            "says what the ward thinks: at 10%, nine calls for one.",
            look_at="what happens to your curve when only the price changes",
            teaches="M05",
            evidence=off_how,
        ),
        misconception(
            "one_price",
            answer=curve_with(price=lambda t: 1 / 7),
            says="A needless action costs the same at every threshold in yours.",
            so_what="The threshold is the price: who calls from 5% on takes nineteen needless calls for one found, from 25% on three. A curve at one price "
            "answers one person, and everybody else reads it as theirs.",
            look_at="your price at 5% and at 25%",
            teaches="M05",
            evidence=off_how,
            also=priced_once,
        ),
        misconception(
            "odds_turned",
            answer=curve_with(price=lambda t: (1 - t) / t),
            says="Your odds stand upside down: at 10% a needless action costs nine events.",
            so_what="Low thresholds are chosen by people to whom a needless call costs little. Yours punishes them most, and would talk a ward out of "
            "every cheap intervention.",
            look_at="the price at 2% and at 40%",
            teaches="M05",
            evidence=off_how,
        ),
        misconception(
            "threshold_for_odds",
            answer=curve_with(price=lambda t: t),
            says="You took the threshold itself for the price; it is its odds.",
            so_what="At 10% one event is worth nine needless calls, not ten: ten people are called, one of them is the event. At 40% the "
            "slip is large, and a harmful list looks useful.",
            look_at="of ten people at exactly 10%, how many are called in vain?",
            evidence=off_how,
        ),
        misconception(
            "of_the_flagged",
            answer=curve_with(of=of_flagged),
            says="You divided by those who are flagged, not by everybody.",
            so_what="Then the shorter list always looks better: three people of whom two come back beat a list that finds eighty. Wards have "
            "populations, not lists.",
            look_at="what stands below the line when the threshold rises",
            teaches="M02",
            evidence=off_how,
        ),
        misconception(
            "sensitivity_and_specificity",
            answer=curve_with(of=of_each),
            says="You weighed sensitivity against one minus specificity.",
            so_what="That forgets how many of each there are. With one readmission in nine stays, one point of specificity is eight times as many "
            "phone calls as a point of sensitivity is patients.",
            look_at="what your two shares are shares of",
            teaches="M04",
            evidence=off_how,
        ),
        misconception(
            "per_event",
            answer=curve_with(of=of_events),
            says="You divided by the events: that is the standardised net benefit.",
            so_what="It is of use, and it is another figure: 1 is perfect. Beside `treat all` per person the two cannot stand in one "
            "picture.",
            look_at="`treat all` of yours, and what it is divided by",
            evidence=off_how,
        ),
        misconception(
            "above_only",
            answer=curve_with(flag=lambda risk, t: risk > t),
            says="You act above the threshold only; a risk equal to it is acted on, too.",
            so_what="With a score in whole points, or risks rounded on a screen, that is a whole group of patients.",
            look_at="the rows *on the edge*",
            evidence=off_how,
        ),
        misconception(
            "cut_at_a_half",
            answer=curve_with(flag=lambda risk, t: risk >= 0.5),
            says="Your list does not change with the threshold: it is cut at one half throughout.",
            so_what="`predict` does that. At one half hardly anybody is on our list, and the curve is that of calling nobody.",
            look_at="how many are flagged at 5% and at 40%",
            teaches="M05",
            evidence=off_how,
        ),
        misconception(
            "all_for_free",
            answer=curve_with(everybody=lambda rate, t: rate),
            says="Treating everybody costs nothing in yours.",
            so_what="It finds every event, and it calls everybody else in vain. Without that price no model can beat it, and none was ever "
            "needed.",
            look_at="`treat all` at two thresholds",
            teaches="M05",
            evidence=off_how,
        ),
        misconception(
            "all_as_zero",
            answer=curve_with(everybody=lambda rate, t: 0.0),
            says="Treating everybody is worth nothing in yours; that is treating nobody.",
            so_what="At low thresholds calling all is hard to beat. A model that is only compared with doing nothing looks useful where "
            "a phone list without any model does better.",
            look_at="`treat all` at 2%",
            teaches="M05",
            evidence=off_how,
        ),
    ],
)


# W06.Q3 ---------------------------------------------------------------------------------------------------------------
def reached_of(called, hospital, truth):
    """Readmissions that would come, without a call, among those who were called: the sum of their known risks."""
    if called and called[0].startswith("invented"):
        return float(given(6).invented_lists().set_index("encounter_id").risk[called].sum())
    return float(truth.stays.set_index("encounter_id").p0[called].sum())


def todays_list(discharges, day):
    return discharges[discharges.day == day].sort_values("risk", ascending=False)


def by_past_cut(discharges, day, left):
    """Call from the risk above which past weeks, from this weekday to Friday, had as many as are left; Friday calls the rest."""
    past = discharges[discharges.week < day // 7]
    rest = np.sort(past.risk[past.weekday >= day % 7])[::-1]
    most = min(left * past.week.nunique(), len(rest))
    today = todays_list(discharges, day)
    chosen = today if day % 7 == 4 else today[today.risk >= rest[most - 1]] if most else today[:0]
    return chosen.encounter_id.head(left).tolist()


def by_cut(hospital, truth):
    """What a cut from past weeks reaches, and what each id is worth: the risks by which an answer is weighed."""
    done = given(6).programme(by_past_cut, hospital)
    risk = truth.stays.set_index("encounter_id").p0.reindex(given(6).lists(hospital).encounter_id)
    worth = {"here": risk.round(6).to_dict(), "invented": {}}
    for name, one in done.items():
        one["reached"] = reached_of(one["called"], hospital, truth)
        one["worth"] = worth[name]
    return done


@dataclass(frozen=True)
class Programme(Comparison):
    """A year of calls: who was named, whether the rule kept its limits, and the readmissions among those called."""

    allowed: float = 1.0
    needed: float = 1.25

    def unreadable(self, answer, reference):
        good = type(answer) is dict and {"here", "invented"} <= set(answer)
        return None if good else f"{named(answer)} is there where lists of calls should be"

    def parts(self, answer, reference):
        broken = {name: sum(answer[where][name] for where in ("here", "invented")) for name in ("over", "strangers")}
        short = {where: 1 - self.reached(answer, reference, where) / reference[where]["reached"] for where in reference}
        return {
            "over": 9.0 * (broken["over"] > 0),
            "strangers": 9.0 * (broken["strangers"] > 0),
            "peeked": 9.0 * (answer["here"]["peeked"] > 0),
            "invented": short["invented"] / 0.03,
            "here": short["here"] / 0.15,  # some lists of a small hospital hold three names: chance weighs there
        }

    def reached(self, answer, reference, where):
        called = answer[where]["called"]
        worth = reference[where]["worth"] or dict(given(6).invented_lists().set_index("encounter_id").risk)
        return sum(worth[name] for name in called)

    def distance(self, answer, reference):
        return max(0.0, *self.parts(answer, reference).values())

    def matches(self, answer, wrong):
        if self.unreadable(answer, wrong):
            return False
        if any((answer["here"][name] > 0) != (wrong["here"][name] > 0) for name in ("over", "strangers", "peeked")):
            return False
        mine, other = (set(one["invented"]["called"]) for one in (answer, wrong))
        return len(mine & other) >= 0.97 * len(mine | other)

    def evidence(self, answer, reference):
        return year_in_words(answer, None)


def year_in_words(answer, hospital):
    """What the rule did, in the learner's own figures: limits first, then calls, days and what they reach."""
    here, invented = answer["here"], answer["invented"]
    for where, one in (("on this hospital's lists", here), ("on the invented lists", invented)):
        if one["strangers"]:
            return f"You named {one['strangers']:,} who are not on the list of that day, {where}."
        if one["over"]:
            return f"On {one['over']} days you named more than were left, {where}; the last of them were not called."
    if here["peeked"]:
        return f"With other lists on the days to come you decide otherwise on {here['peeked']} of {here['asked_twice']} days."
    if here["calls"] < 0.95 * here["capacity"] and invented["calls"] >= 0.95 * invented["capacity"]:
        return f"On this hospital's lists you make {here['calls']:.1f} of {here['capacity']} calls a week: does your rule read `left`?"
    told = calls_in_words("the invented lists", invented, given(6).invented_lists())
    if hospital is not None:
        told = f"{calls_in_words('the lists of this hospital', here, given(6).lists(hospital))}. {told}"
    risk = given(6).invented_lists().set_index("encounter_id").risk[invented["called"]]
    by_lists, drawn = yardsticks()
    return (
        f"{told}; of 100 calls there {100 * risk.mean() if len(risk) else 0:.1f} go to somebody who comes back (a rule by usual lists: about "
        f"{by_lists:.1f}; drawn at random: {drawn:.0f})."
    )


def calls_in_words(where, done, lists):
    """How many calls a rule makes of those there are, and on which days."""
    return f"On {where} the week has {done['capacity']} calls; yours makes {done['calls']:.1f}, {by_day(done, lists)}"


def by_day(done, lists):
    weeks = lists.week.max() + 1 - given(6).QUIET_WEEKS
    days = lists.set_index("encounter_id").weekday[done["called"]].value_counts().reindex(range(5), fill_value=0)
    return f"Monday to Friday {', '.join(f'{many:.0f}' for many in days / weeks)}"


def yardsticks():
    """Of 100 calls on the invented lists, how many find somebody: each weekday's usual share of forty, and drawn at random."""
    rows, quiet = given(6).invented_lists(), given(6).QUIET_WEEKS
    usual = rows[rows.week < quiet].weekday.value_counts(normalize=True)
    asked = rows[rows.week >= quiet]
    place = asked.groupby("day").risk.rank(ascending=False, method="first")
    by_lists = asked[place <= (given(6).CALLS_A_WEEK * asked.weekday.map(usual)).round()]
    return 100 * by_lists.risk.mean(), 100 * asked.risk.mean()


def left_over(answer, hospital):
    """How many calls are not made; and whether they change with the list, as they do from a fixed risk on."""
    done, lists = answer["invented"], given(6).invented_lists()
    told = f"On the invented lists you leave {done['capacity'] - done['calls']:.0f} of {done['capacity']} calls a week unmade"
    weeks = range(given(6).QUIET_WEEKS, lists.week.max() + 1)
    a_week = lists.set_index("encounter_id").week[done["called"]].value_counts().reindex(weeks, fill_value=0)
    if a_week.max() > a_week.min() + 4:
        return f"{told}; you make {a_week.min()} to {a_week.max()}, as happens with a fixed risk to call from."
    return f"{told}; you make, {by_day(done, lists)}."


def of_best(answer, hospital):
    """The right answer's own figures, beside a week seen to its end."""
    done = answer["here"]
    rows = given(6).lists(hospital)
    rows = rows[rows.week >= given(6).QUIET_WEEKS]
    seen = rows.sort_values("risk", ascending=False).groupby("week").head(done["capacity"])
    mine = rows.set_index("encounter_id").risk[done["called"]]
    share = len(mine) / len(rows)
    return (
        f"{done['calls']:.1f} calls a week of {done['capacity']}, {100 * share:.0f} of 100 on the lists. By the model's own risks you call "
        f"{100 * mine.sum() / seen.risk.sum():.0f} of 100 who come back and whom a list made on Friday, knowing the week, would call. Seeing Friday is worth that little; "
        "what a capacity is worth is the next question."
    )


def even_split(discharges, day, left):
    return todays_list(discharges, day).encounter_id.head(-(-left // (5 - day % 7))).tolist()


def highest_left(discharges, day, left):
    return todays_list(discharges, day).encounter_id.head(left).tolist()


def first_come(discharges, day, left):
    return discharges[discharges.day == day].encounter_id.head(left).tolist()


def week_seen(discharges, day, left):
    """The highest of the whole week; how many there are is learnt from Monday's `left`."""
    week = discharges[discharges.week == day // 7].sort_values("risk", ascending=False)
    calls = left if day % 7 == 0 else week_seen.calls
    week_seen.calls = calls
    chosen = week.head(calls)
    return chosen.encounter_id[chosen.day == day].head(left).tolist()


def year_seen(discharges, day, left):
    """A cut from all lists of the table, those to come among them."""
    cut = discharges.risk.quantile(1 - 0.425)
    today = todays_list(discharges, day)
    return today.encounter_id[today.risk >= cut].head(left).tolist()


def from_risk(cut):
    def made(discharges, day, left):
        today = todays_list(discharges, day)
        return today.encounter_id[today.risk >= cut].head(left).tolist()

    return made


def all_above(discharges, day, left):
    today = todays_list(discharges, day)
    return today.encounter_id[today.risk >= 0.13].tolist()


def everybody(discharges, day, left):
    return todays_list(discharges, day).encounter_id.tolist()


def lowest_first(discharges, day, left):
    past = discharges[discharges.week < day // 7]
    share = (past.weekday == day % 7).sum() / max(1, (past.weekday >= day % 7).sum())
    return todays_list(discharges, day).encounter_id.tail(round(left * share)).tolist()


def earlier_days_too(discharges, day, left):
    """The highest of the week so far, also of lists of earlier days."""
    week = discharges[(discharges.week == day // 7) & (discharges.day <= day)].sort_values("risk", ascending=False)
    return week.encounter_id.head(-(-left // (5 - day % 7))).tolist()


def eight_of_forty(hospital, truth):
    """Of what the week's forty highest reach, the share that eight a day, each day's highest, reach; by the known risk."""
    rows = given(6).lists(hospital)
    rows = rows.assign(worth=truth.stays.set_index("encounter_id").p0.reindex(rows.encounter_id).to_numpy())
    rows, calls = rows.sort_values("risk", ascending=False), given(6).capacity(hospital)
    week = rows.groupby("week").head(calls)
    daily = rows.groupby("day").head(max(1, round(calls / 5)))
    return 100 * float(daily.worth.sum() / week.worth.sum())


outcome("W06.P2", eight_of_forty)


key(
    "W06.Q3",
    reference=by_cut,
    same=Programme(),
    right=of_best,
    look_at="calls by weekday, beside the names on each weekday's list; then how many calls a week are left over",
    evidence=year_in_words,
    misconceptions=[
        *also(
            "peeked",
            week_seen,
            year_seen,
            says="Your rule reads lists that do not exist yet at nine o'clock.",
            so_what="In the notebook the whole year lies on the table, and the simulation looks better than the nurse will ever do. On "
            "Monday nobody knows Friday's risks, nor how long its list is.",
            look_at="every row of `discharges` that you use, and its `day`",
            teaches="M12",
            evidence=year_in_words,
            also=lambda answer, hospital: answer["here"]["peeked"] > 0,
        ),
        misconception(
            "every_day_alike",
            answer=even_split,
            says="Every day gets the same part, and Monday's list is three times as long as the others.",
            so_what="It holds everybody who left since Friday morning. High risks from the weekend are passed over, while on Wednesday the "
            "phone goes to the middle of a short list.",
            look_at="`discharges.weekday.value_counts()`",
            evidence=year_in_words,
        ),
        misconception(
            "highest_left",
            answer=highest_left,
            says="You call as many as are left, from Monday's list on.",
            so_what="Monday's list is long enough for the whole week's calls: the nurse has gone through it on the first day, down to people who hardly "
            "need her, and who leaves from Tuesday on gets nobody.",
            look_at="your calls on Wednesdays",
            evidence=year_in_words,
        ),
        misconception(
            "first_come",
            answer=first_come,
            says="You call whoever stands first on the list, not whoever has the highest risk.",
            so_what="That is a programme without a model: of a hundred calls as many are in vain as if they were drawn.",
            look_at="how you sort today's list",
            teaches="M06",
            evidence=year_in_words,
        ),
        misconception(
            "lowest_first",
            answer=lowest_first,
            says="You call the lowest risks of the day.",
            so_what="Ascending is the default of most sorts. The nurse reaches the healthiest, the capacity is used to the last call, and no report on "
            "calls made would show it.",
            look_at="the risks of those you call, beside the others'",
            evidence=year_in_words,
        ),
        *also(
            "over_capacity",
            all_above,
            everybody,
            says="Your rule names more people than there are calls left.",
            so_what="A threshold knows no capacity. On the day it overflows somebody else chooses, unseen: whoever stands "
            "at the end of the list, or the nurse's lunch.",
            look_at="what happens on a Monday with fifty names",
            teaches="M04",
            evidence=year_in_words,
            also=lambda answer, hospital: answer["here"]["over"] + answer["invented"]["over"] > 0,
        ),
        misconception(
            "not_on_the_list",
            answer=earlier_days_too,
            says="You name people from the lists of other days.",
            so_what="The programme promises a call on the first working day after discharge. Who was passed over on Monday and is called on Thursday "
            "may be back by then; and some would be called twice.",
            look_at="the `day` of everybody you return",
            evidence=year_in_words,
            also=lambda answer, hospital: answer["here"]["strangers"] > 0,
        ),
        *also(
            "unused",
            from_risk(0.20),
            from_risk(0.50),
            from_risk(0.30),
            says="Many of the week's calls are not made.",
            so_what="A rule that leaves calls over says: a nurse's afternoon is worth more than the next names on "
            "the list. Perhaps; but then say so, and do not ask for forty calls.",
            look_at="your calls a week, beside the forty that there are",
            teaches="M05",
            evidence=left_over,
            also=lambda answer, hospital: answer["invented"]["calls"] < 0.95 * answer["invented"]["capacity"],
        ),
    ],
)


# W06.Q4 ---------------------------------------------------------------------------------------------------------------
def stay_by_stay(hospital, truth):
    """Both sides of the change, summed over plain rows, with the moments of orders from the truth."""
    found = {}
    for name, (septic, burden) in given(6).changes(hospital).items():
        rows = [
            tuple(None if pd.isna(value) else float(value) for value in row)
            for row in zip(septic.now, septic.proposed, strict=True)
        ]
        caught = [row for row in rows if row[0] is not None]
        lost = [now for now, then in caught if then is None]
        hours = sum(now - (then or 0.0) for now, then in caught)
        years, shifts = burden["days"] / 365, burden["days"] * given(6).SHIFTS_A_DAY
        spared = burden["now"] - burden["proposed"]
        found |= {
            f"points{name}": 100 * len(lost) / len(rows),
            f"of the caught{name}": 100 * len(lost) / len(caught),
            f"more missed{name}": 100 * len(lost) / (len(rows) - len(caught)),
            f"soon anyway{name}": 100 * sum(now <= given(6).SOON for now in lost) / len(lost) if lost else math.nan,
            f"hours low{name}": given(6).ACTED_ON[0] * hours / years,
            f"hours high{name}": given(6).ACTED_ON[1] * hours / years,
            f"minutes low{name}": given(6).MINUTES[0] * spared / shifts,
            f"minutes high{name}": given(6).MINUTES[1] * spared / shifts,
        }
    return found


def consequences(
    septic,
    burden,
    *,
    shares=lambda lost, caught, all_of_them: (lost / all_of_them, lost / caught, lost / (all_of_them - caught)),
    delay=lambda now, proposed: (now - proposed.fillna(0)).sum(),
    among=lambda septic: septic[septic.now.notna() & septic.proposed.isna()],
    spared=lambda burden: burden["now"] - burden["proposed"],
    shifts=lambda burden: burden["days"] * 3,
    years=lambda burden: burden["days"] / 365,
    acted=(0.0, 1.0),
    minutes=(1, 5),
    soon=lambda lead: (lead <= 6).mean(),
):
    """The right answer, with a part exchanged."""
    caught, lost = septic.now.notna(), septic.now.notna() & septic.proposed.isna()
    points, of_caught, more = shares(lost.sum(), caught.sum(), len(septic))
    hours = delay(septic.now, septic.proposed) / years(burden)
    a_shift = spared(burden) / shifts(burden)
    return {
        "points": 100 * points,
        "of the caught": 100 * of_caught,
        "more missed": 100 * more,
        "soon anyway": 100 * soon(among(septic).now),
        "hours": (acted[0] * hours, acted[1] * hours),
        "minutes": (minutes[0] * a_shift, minutes[1] * a_shift),
    }


def with_consequences(**changes):
    return lambda septic, burden: consequences(septic, burden, **changes)


SIDES = {
    "points": "points of sensitivity: of 100 septic stays at risk",
    "of the caught": "of 100 that the rule of now catches",
    "more missed": "of 100 that the rule of now misses",
    "soon anyway": "of 100 no longer caught, those treated within six hours of the alert that is gone",
    "hours low": "hours of delay a year, if no repeat is acted on whose first alert was not",
    "hours high": "hours of delay a year, if every such repeat is acted on",
    "minutes low": "minutes that a shift is spared, one an alert",
    "minutes high": "minutes that a shift is spared, five an alert",
}


def wrong_parts(answer, hospital):
    """Names that are off, on this hospital and on the invented wards."""
    right = stay_by_stay(hospital, None)
    return [name for name in right if not _near(answer.get(name), right[name])]


def _near(mine, right):
    if type(mine) not in (int, float):
        return False
    return (math.isnan(mine) and math.isnan(right)) or math.isclose(mine, right, rel_tol=5e-3, abs_tol=1e-6)


def wrong_way_round(bare, answer, name):
    """Whether a range is given with its high end first."""
    part, _, end = bare.partition(" ")
    if end not in ("low", "high") or part not in ("hours", "minutes"):
        return False
    low, high = (answer.get(name.replace(f" {end}", f" {one}", 1)) for one in ("low", "high"))
    return all(type(one) in (int, float) for one in (low, high)) and low > high


def sides_in_words(answer, hospital):
    """The first figure that is off, what it should be of, and how many there are."""
    if type(answer) is not dict:
        return None
    off, right = wrong_parts(answer, hospital), stay_by_stay(hospital, None)
    if not off:
        return None
    name = off[0]
    bare, where = name.removesuffix(INVENTED), " on the invented wards" if name.endswith(INVENTED) else ""
    mine = answer[name]
    kept = [other for other in SIDES if other in right and other not in off]
    right_ones = f" Right here: {', '.join(f'`{other}`' for other in kept)}." if kept and len(kept) < 8 else ""
    if wrong_way_round(bare, answer, name):
        return f"Your range of {bare.split()[0]} stands the wrong way round: the low end comes first.{right_ones}"
    if type(mine) in (int, float) and not math.isnan(right[name]) and right[name]:
        if _near(100 * mine, right[name]):
            return f"`{bare}` is a share between 0 and 1 in yours; it is asked of 100.{right_ones}"
        if _near(-mine, right[name]):
            return (
                f"`{bare}` has the wrong sign: what is lost and what is spared are both written above zero.{right_ones}"
            )
        if _near(round(right[name]), mine) or _near(round(right[name], 1), mine):
            return f"`{bare}` is rounded: leave all digits, and round what you print.{right_ones}"
    septic, burden = given(6).changes(hospital)[INVENTED if where else ""]
    caught, lost = septic.now.notna(), septic.now.notna() & septic.proposed.isna()
    counts = {
        "points": f"{lost.sum()} no longer caught, {len(septic)} septic stays at risk",
        "of the caught": f"{lost.sum()} no longer caught, {caught.sum()} caught now",
        "more missed": f"{lost.sum()} no longer caught, {(~caught).sum()} missed now",
        "soon anyway": f"{lost.sum()} no longer caught; those of them with `now` of six or less are asked",
    }
    told = counts.get(bare)
    if told is None and bare.startswith("hours"):
        later = int((septic.proposed < septic.now).sum())
        told = f"{burden['days']} days; {lost.sum()} lose all their lead, {later} more are found later than now"
    told = told or f"{burden['now'] - burden['proposed']:,} alerts fewer in {burden['days']} days of three shifts"
    said = (
        "NaN"
        if type(mine) is float and math.isnan(mine)
        else f"{mine:.4g}"
        if type(mine) in (int, float)
        else "no number"
    )
    return f"`{bare}` ({SIDES[bare]}) is {said} in yours{where}. There: {told}.{right_ones}"


INVENTED = ", invented"


def both_sides(answer, hospital):
    a_year = given(6).SHIFTS_A_DAY * 365 / 60  # hours a year for a minute a shift
    gone = given(6).no_longer_caught(hospital)
    return (
        f"*3% more missed* is {answer['points']:.1f} points, {answer['of the caught']:.0f} of 100 caught, {answer['more missed']:.0f} of 100 missed: the same "
        f"patients. {gone['last'].notna().sum()} of these {len(gone)} had an alert earlier, and lost its repeat. A year costs {answer['hours low']:.0f} to "
        f"{answer['hours high']:.0f} hours of delay and spares {a_year * answer['minutes low']:,.0f} to {a_year * answer['minutes high']:,.0f} hours of work. "
        "Who weighs that? Write the name down."
    )


key(
    "W06.Q4",
    reference=stay_by_stay,
    same=parts(
        {f"{name}{where}": number(rtol=5e-3, atol=1e-6, at_least=1.5) for where in ("", INVENTED) for name in SIDES}
    ),
    right=both_sides,
    look_at="the part that is named: for a share, who stands above the line and who below it; for hours and minutes, whose are added up, and over how long",
    evidence=sides_in_words,
    misconceptions=[
        misconception(
            "points_for_share",
            answer=with_consequences(shares=lambda lost, caught, n: (lost / caught, lost / n, lost / (n - caught))),
            says="You exchanged points of sensitivity and the share of those caught.",
            so_what="Points have all septic stays below the line; the share has those the rule finds today. The seller quotes the smaller, the "
            "mortality meeting meets the larger.",
            look_at="the two denominators",
            teaches="M02",
            evidence=sides_in_words,
        ),
        misconception(
            "one_denominator",
            answer=with_consequences(shares=lambda lost, caught, n: (lost / n, lost / n, lost / n)),
            says="All three of your shares are of all septic stays.",
            so_what="The same patients, three questions: what the rule loses, what of its use is lost, and how many more families hear that the only alert "
            "came a day and a half before. Each has its own denominator.",
            look_at="what each of the three is a share of",
            teaches="M02",
            evidence=sides_in_words,
        ),
        misconception(
            "lost_as_nothing",
            answer=with_consequences(delay=lambda now, proposed: (now - proposed).sum()),
            says="Your hours leave out the patients who have no alert in time any more.",
            so_what="Their `proposed` is missing, and pandas skips it, as if they lost nothing even where the first alert was passed over. At that end of the "
            "range they lose the whole of `now`.",
            look_at="`septic[septic.proposed.isna() & septic.now.notna()]`",
            teaches="M14",
            evidence=sides_in_words,
        ),
        misconception(
            "only_the_lost",
            answer=with_consequences(delay=lambda now, proposed: now[proposed.isna()].sum()),
            says="Your hours leave out the patients who are still found, and later.",
            so_what="A later first alert is a delay, too, though no count of missed cases shows it. A rule could halve everybody's lead and "
            "lose no sensitivity at all.",
            look_at="stays with both values, and their difference",
            teaches="M37",
            evidence=sides_in_words,
        ),
        misconception(
            "soon_of_all_caught",
            answer=with_consequences(among=lambda septic: septic[septic.now.notna()]),
            says="Your *soon anyway* is of all stays caught now, not of those no longer caught.",
            so_what="Most alerts in time come shortly before the order, and stay. The comfort that patients were treated soon anyway was "
            "counted on people whom the pause hardly touches.",
            look_at="`now` of those no longer caught, and of the others",
            teaches="M38",
            evidence=sides_in_words,
        ),
        *also(
            "all_minutes",
            with_consequences(spared=lambda burden: burden["proposed"]),
            with_consequences(spared=lambda burden: burden["now"]),
            says="Your minutes are those of one rule; asked is what the change spares.",
            so_what="A ward decides on a difference. The alerts that stay are answered as before.",
            look_at="what a shift gets now, and then",
            evidence=sides_in_words,
        ),
        misconception(
            "minutes_a_day",
            answer=with_consequences(shifts=lambda burden: burden["days"]),
            says="Your minutes are a day's, not a shift's.",
            so_what="A day has three shifts here. Nobody works a day; the nurse who is told *an hour* plans with it, and gets a third of it.",
            look_at="`SHIFTS_A_DAY`",
            evidence=sides_in_words,
        ),
        misconception(
            "hours_in_all",
            answer=with_consequences(years=lambda burden: 1),
            says="Your hours are those of all the data, not of a year.",
            so_what="Some three years lie in them. Beside minutes a shift the reader takes them for a year's, and the change looks three times as harmful.",
            look_at="`burden['days']`",
            evidence=sides_in_words,
        ),
        misconception(
            "no_range",
            answer=with_consequences(acted=(1.0, 1.0), minutes=(1, 1)),
            says="Your ranges have no width: both ends are the same.",
            so_what="Nobody knows what share of repeats is acted on, or how long one takes. A single figure hides that the sides of the balance may change "
            "places within what we do not know.",
            look_at="`ACTED_ON` and `MINUTES`",
            evidence=sides_in_words,
        ),
        misconception(
            "turned_round",
            answer=with_consequences(acted=(1.0, 0.0), minutes=(5, 1)),
            says="Your ranges run from the high end to the low.",
            so_what="The low end of harm beside the low end of relief is one reading, the reverse another; whoever builds a table from yours pairs the wrong "
            "ones.",
            look_at="the order inside your two ranges",
            evidence=sides_in_words,
        ),
    ],
)


# W06.Q5 ---------------------------------------------------------------------------------------------------------------
Z = 1.959963984540054


def tables_of(hospital):
    rows = given(6).judged(hospital)
    return {by: (rows, by) for by in given(6).GROUPED_BY} | {"district": (given(6).invented_districts(), "district")}


def by_sums(hospital, truth):
    """The table from sums alone, the interval from Wilson's formula written out."""
    found = []
    for by, (rows, column) in tables_of(hospital).items():
        for group in sorted(rows[column].unique()):
            mine = rows[rows[column] == group]
            found.append(
                {"by": by, "group": group} | one_group(len(mine), int(mine.back.sum()), float(mine.risk.sum()))
            )
    return pd.DataFrame(found)


def one_group(n, events, expected):
    row = {"stays": n, "events": math.nan, "expected": expected, "oe": math.nan, "low": math.nan, "high": math.nan}
    if events < given(6).SMALLEST:
        return row | {"verdict": "too few"}
    share = events / n
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    reach = Z / (1 + Z**2 / n) * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    low, high = ((middle + sign * reach) * n / expected for sign in (-1, 1))
    return row | {"events": events, "oe": events / expected, "low": low, "high": high, "verdict": judged_as(low, high)}


def judged_as(low, high):
    if low >= 1 / given(6).MARGIN and high <= given(6).MARGIN:
        return "holds"
    return "promises too many" if high < 1 else "promises too few" if low > 1 else "cannot tell"


def ratios(
    *,
    expected=lambda mine, everybody: mine.risk.sum(),
    turn=False,
    verdict=judged_as,
    small=lambda mine: mine.back.sum() < 11,
    start=lambda stays, by: stays,
    shown_small=True,
):
    """A function of (stays, by): a right one, with a part exchanged."""

    def by_group(stays, by):
        stays, rows = start(stays, by), []
        for group, mine in stays.groupby(by):
            due = float(expected(mine, stays))
            row = {"group": group, "stays": len(mine), "expected": due}
            if small(mine):
                rows += [row | {"verdict": "too few"}] if shown_small else []
                continue
            seen = wilson(int(mine.back.sum()), len(mine))
            mean = due / len(mine)
            value, low, high = (one / mean for one in (seen.value, seen.low, seen.high))
            if turn:
                value, low, high = 1 / value, 1 / high, 1 / low
            said = {
                "events": int(mine.back.sum()),
                "oe": value,
                "low": low,
                "high": high,
                "verdict": verdict(low, high),
            }
            rows.append(row | said)
        names = ["group", "stays", "events", "expected", "oe", "low", "high", "verdict"]
        return pd.DataFrame(rows).reindex(columns=names)

    return by_group


def holds_unless_shown(low, high):
    return "promises too many" if high < 1 else "promises too few" if low > 1 else "holds"


def sides_exchanged(low, high):
    other = {"promises too many": "promises too few", "promises too few": "promises too many"}
    return other.get(judged_as(low, high), judged_as(low, high))


def one_before_margin(low, high):
    """Whatever leaves out 1 is called wrong, however near."""
    said = holds_unless_shown(low, high)
    return said if said != "holds" else judged_as(low, high)


def recorded_only(stays, by):
    return stays[stays[by] != "not recorded"]


def groups_in_words(answer, hospital):
    """The first group that is off, with the learner's own figures."""
    if not isinstance(answer, pd.DataFrame) or not {"by", "group"} <= set(answer):
        return None
    right = by_sums(hospital, None).set_index(["by", "group"])
    mine = answer.set_index(["by", "group"])
    if mine.index.has_duplicates:
        return None
    lacking = right.index.difference(mine.index)
    if len(lacking):
        return f"{len(lacking)} groups have no row, first *{lacking[0][1]}* by `{lacking[0][0]}`: everybody belongs to one."
    mine = mine.reindex(right.index)
    for place, row in right.iterrows():
        own = mine.loc[place]
        where = f"*{place[1]}* by `{place[0]}`"
        if own.verdict not in given(6).VERDICTS:
            return f"{where} has the verdict {own.verdict!r}; the five are in `given(6).VERDICTS`."
        if row.verdict == "too few" and own.verdict != "too few":
            return f"{where} has fewer than {given(6).SMALLEST} events among {row.stays:,} stays, and gets a ratio in yours."
        if row.verdict != "too few" and own.verdict == "too few":
            return f"{where} has {row.events:.0f} events, enough for a ratio; the rule counts events, not stays."
        for name in ("stays", "expected", "events", "oe", "low", "high"):
            if pd.isna(row[name]) and not pd.isna(own[name]):
                return f"{where} has fewer than {given(6).SMALLEST} events; `{name}` stays empty there."
            if not pd.isna(row[name]) and not math.isclose(float(own[name]), float(row[name]), rel_tol=2e-3):
                if math.isclose(float(own[name]), float(row[name]), abs_tol=0.051, rel_tol=0.001) and own[
                    name
                ] == round(own[name], 2):
                    return f"`{name}` of {where} is rounded: leave all digits, and round what you print."
                told = f"`{name}` of {where} is {float(own[name]):.4g} in yours: {row.stays:,} stays"
                if not pd.isna(row.events):
                    told += f", {row.events:.0f} came back, their risks add up to {row.expected:.1f}"
                return f"{told}."
        if own.verdict != row.verdict:
            return f"{where}: O/E {own.oe:.2f} ({own.low:.2f} to {own.high:.2f}), and yours says *{own.verdict}*."
    return None


def whom_it_serves(answer, hospital):
    mine = answer[(answer.by != "district") & (answer.verdict == "promises too many")].sort_values("oe")
    open_ = int(((answer.by != "district") & (answer.verdict == "cannot tell")).sum())
    told = f"Of {int((answer.by != 'district').sum())} groups {open_} cannot be judged yet"
    if mine.empty:
        return f"{told}. None is clearly promised too many; that is no all-clear."
    worst = mine.iloc[0]
    return (
        f"{told}. Farthest off: *{worst.group}*, O/E {worst.oe:.2f} ({worst.low:.2f} to {worst.high:.2f}). One threshold means another price for them. A repair on "
        "their own outcomes mends the promise; it does not say why they differ."
    )


key(
    "W06.Q5",
    reference=by_sums,
    same=frames(on=["by", "group"], rtol=2e-3, at_least=1.0),
    right=whom_it_serves,
    look_at="one group by hand: its events, the sum of its risks, and the ends of `observed_over_expected`",
    evidence=groups_in_words,
    misconceptions=[
        misconception(
            "share_of_the_whole",
            answer=ratios(expected=lambda mine, everybody: len(mine) * everybody.risk.mean()),
            says="You expect of each group the average of everybody.",
            so_what="Then every older group looks as if the model promised it too little. Expected is what the model said of these "
            "patients: the sum of their own risks.",
            look_at="the sum of `risk` in one group",
            teaches="M08",
            evidence=groups_in_words,
        ),
        misconception(
            "rate_of_the_whole",
            answer=ratios(expected=lambda mine, everybody: len(mine) * everybody.back.mean()),
            says="You compare each group with the rate of everybody; the model is not in it.",
            so_what="That shows who comes back more often, which is illness and circumstance. Whether the model is right about them is "
            "another question.",
            look_at="where `risk` enters your `expected`",
            teaches="M08",
            evidence=groups_in_words,
        ),
        misconception(
            "turned",
            answer=ratios(turn=True),
            says="Your ratio stands upside down: expected over observed.",
            so_what="Above 1 then means too many promised. In a table that says O/E, Eastbank becomes the site whose patients the model neglects.",
            look_at="what stands above the line",
            evidence=groups_in_words,
        ),
        misconception(
            "sides_exchanged",
            answer=ratios(verdict=sides_exchanged),
            says="You exchanged too many and too few.",
            so_what="Below 1 fewer came than were promised. Who reads the words and not the numbers would raise the risks of those who are promised too much.",
            look_at="a group with O/E of 0.6, and what its patients were told",
            evidence=groups_in_words,
        ),
        misconception(
            "holds_unless_shown",
            answer=ratios(verdict=holds_unless_shown),
            says="You write *holds* wherever the interval contains 1.",
            so_what="A small group's interval always does. The less is known of a group, the surer your table says that all is well.",
            look_at="the widest interval that you call `holds`",
            teaches="M36",
            evidence=groups_in_words,
        ),
        misconception(
            "one_before_margin",
            answer=ratios(verdict=one_before_margin),
            says="You call a promise wrong as soon as its interval leaves out 1.",
            so_what="With nine thousand stays a ratio of 0.92 does that, and nobody's care changes by it. Whether it matters is what the margin was "
            "written down for.",
            look_at="the district *plain*",
            evidence=groups_in_words,
        ),
        misconception(
            "small_by_stays",
            answer=ratios(small=lambda mine: len(mine) < 11),
            says="You judged smallness by stays; the rule asks for events.",
            so_what="Three hundred stays with ten events give a ratio that two patients more would move by a fifth.",
            look_at="the district *islands*",
            teaches="M36",
            evidence=groups_in_words,
        ),
        misconception(
            "small_left_out",
            answer=ratios(shown_small=False),
            says="Small groups have no row in yours.",
            so_what="A group that is not in the table has no problem that anybody can see, and nobody counts how many they are.",
            look_at="how many stays your rows add up to",
            teaches="M29",
            evidence=groups_in_words,
        ),
        misconception(
            "unrecorded_left_out",
            answer=ratios(start=recorded_only),
            says="You left out those whose group nobody recorded.",
            so_what="Who is asked and who is not is no accident. They are called by the same threshold as everybody else.",
            look_at="`judged.race.value_counts()`",
            teaches="M29",
            evidence=groups_in_words,
        ),
    ],
)


# W06.Q6 ---------------------------------------------------------------------------------------------------------------
def by_walking(hospital, truth):
    """Corner, price, cut and loss from the sorted rows, one by one."""
    found = []
    for name, rows in given(6).corner_sets(hospital).items():
        pairs = sorted(zip(rows.risk.tolist(), rows.outcome.tolist(), strict=True), reverse=True)
        events = sum(event for _, event in pairs)
        others, best, corner, hits, false = len(pairs) - events, -1.0, math.inf, 0, 0
        counts = []  # at the end of each group of equal risks: risk, hits, false alarms
        for number_of, (risk, event) in enumerate(pairs):
            hits, false = hits + event, false + (not event)
            if number_of + 1 == len(pairs) or pairs[number_of + 1][0] < risk:
                counts.append((risk, hits, false))
                if hits / events - false / others > best + 1e-12:
                    best, corner = hits / events - false / others, risk
        for needless in given(6).PRICES:
            cut = 1 / (1 + needless)
            worth = {}
            for limit in (cut, corner):
                above = [one for one in counts if one[0] >= limit]
                _, found_there, in_vain = above[-1] if above else (None, 0, 0)
                worth[limit] = (found_there - in_vain / needless) / len(pairs)
            lost = 1000 * (worth[cut] - worth[corner])
            row = {"rows": name, "needless": needless, "corner": corner, "price": others / events, "cut": cut}
            found.append(row | {"lost": lost})
    return pd.DataFrame(found)


def slide(
    outcome,
    risk,
    needless,
    *,
    best=lambda curve: (curve.sensitivity - curve.false_positive_rate).idxmax(),
    price=lambda outcome, corner: (~outcome).sum() / outcome.sum(),
    cut=lambda needless: 1 / (1 + needless),
    lost=lambda outcome, risk, cut, corner: (
        net_benefit(outcome, risk, cut) - net_benefit(outcome, risk, cut, at=corner)
    ),
):
    """The right answer, with a part exchanged."""
    curve = roc(outcome, risk)
    corner = float(curve.threshold[best(curve)])
    at = cut(needless)
    return {
        "corner": corner,
        "price": float(price(outcome, corner)),
        "cut": at,
        "lost": 1000 * float(lost(outcome, risk, at, corner)),
    }


def slide_with(**changes):
    return lambda outcome, risk, needless: slide(outcome, risk, needless, **changes)


def nearest_corner(curve):
    return (curve.false_positive_rate**2 + (1 - curve.sensitivity) ** 2).idxmin()


def own_price_each(outcome, risk, cut, corner):
    return net_benefit(outcome, risk, cut) - net_benefit(outcome, risk, corner)


def slide_in_words(answer, hospital):
    """Which figure is off, at which price, and on which rows."""
    if not isinstance(answer, pd.DataFrame) or not {"rows", "needless", "corner", "price", "cut", "lost"} <= set(
        answer
    ):
        return None
    right, mine = by_walking(hospital, None), answer.reset_index(drop=True)
    events = {name: (int(rows.outcome.sum()), len(rows)) for name, rows in given(6).corner_sets(hospital).items()}
    for name in ("corner", "price", "cut", "lost"):
        values = pd.to_numeric(mine[name], errors="coerce")
        off = ~np.isclose(values, right[name], rtol=2e-3, atol=1e-6)
        if off.any():
            row, value = right[off].iloc[0], values[off].iloc[0]
            kept = [
                other
                for other in ("corner", "price", "cut", "lost")
                if np.allclose(pd.to_numeric(mine[other], errors="coerce"), right[other], rtol=2e-3, atol=1e-6)
            ]
            told = f"`{name}` is {value:.4g} in yours, on the rows *{row['rows']}* ({events[row['rows']][0]:,} events of {events[row['rows']][1]:,}) at {row.needless} needless."
            if name == "lost" and np.allclose(values * 1000, right.lost, rtol=2e-3, atol=1e-6):
                told = "`lost` is per person in yours; it is asked per 1,000 people."
            elif name == "lost" and np.allclose(-values, right.lost, rtol=2e-3, atol=1e-6):
                told = "`lost` has the wrong sign: above zero where the slide costs something."
            return f"{told} Right: {', '.join(f'`{other}`' for other in kept)}." if kept else told
    return None


def at_seven(lost):
    if lost < 0:
        return f"At seven it even gains {-lost:.1f} readmissions of 1,000 stays, by luck."
    return f"To whoever says seven it costs {lost:.1f} readmissions of 1,000 stays."


def what_the_slide_costs(answer, hospital):
    ours, rare = (answer[answer.rows == name].set_index("needless") for name in ("ours", "rare"))
    return (
        f"Our corner takes {ours.price.iloc[0]:.1f} needless calls for one readmission found. {at_seven(ours.lost[7])} "
        f"To whoever says two, the slide's costs {ours.lost[2]:.0f}. For the rarer event the same corner takes {rare.price.iloc[0]:.0f} to 1. A corner is a price that nobody named."
    )


key(
    "W06.Q6",
    reference=by_walking,
    same=frames(on=["rows", "needless"], rtol=2e-3, at_least=1.0),
    right=what_the_slide_costs,
    look_at="the four figures at one price, each by hand: two counts below the corner's sum, one fraction, and two net benefits at one price",
    evidence=slide_in_words,
    misconceptions=[
        misconception(
            "price_from_the_corner_s_risk",
            answer=slide_with(price=lambda outcome, corner: (1 - corner) / corner),
            says="You read the price off the corner's risk, as if somebody had chosen it.",
            so_what="The corner was chosen by adding two shares, and in that sum others/events needless actions weigh as much as one event. Only for "
            "calibrated risks do the two prices come near each other.",
            look_at="what one event and one needless action are worth in sensitivity plus specificity",
            teaches="M04",
            evidence=slide_in_words,
        ),
        misconception(
            "corner_at_one_to_one",
            answer=slide_with(price=lambda outcome, corner: 1.0),
            says="You take the corner to weigh one event like one needless action.",
            so_what="It weighs *shares* alike, and there are many more others than events. So it accepts eight needless calls for one readmission here, "
            "and fifty for a rarer event.",
            look_at="how many needless actions make one point of specificity",
            teaches="M04",
            evidence=slide_in_words,
        ),
        misconception(
            "one_in_needless",
            answer=slide_with(cut=lambda needless: 1 / needless),
            says="Your cut is one in the needless; it is one in all.",
            so_what="Seven needless calls and the one that finds: eight calls, a risk of 1/8. At two needless your cut says 50%, where a third is meant.",
            look_at="of eight people called at the margin, how many are called in vain",
            evidence=slide_in_words,
        ),
        misconception(
            "prices_mixed",
            answer=slide_with(lost=own_price_each),
            says="You value the two lists at two prices.",
            so_what="The slide's list at the slide's price is worth whatever the slide says. The people in the room pay theirs: measure both lists "
            "at that.",
            look_at="the price in both of your net benefits",
            teaches="M05",
            evidence=slide_in_words,
        ),
        misconception(
            "nearest_to_the_corner",
            answer=slide_with(best=nearest_corner),
            says="You took the point nearest to the upper left corner of the plot.",
            so_what="Nearest in centimetres is another rule than the largest sum, and its price is harder still to say. The slide means the sum.",
            look_at="sensitivity plus specificity at both points",
            teaches="M04",
            evidence=slide_in_words,
        ),
        misconception(
            "cut_is_the_corner",
            answer=slide_with(cut=lambda needless: 0.5),
            says="Your cut is one half, whatever the price.",
            so_what="That says one needless call is as bad as one readmission. Nobody in the room said so.",
            look_at="your cut at 2 and at 15 needless",
            teaches="M05",
            evidence=slide_in_words,
        ),
    ],
)
