"""Week 4: what is right, what is known to be wrong, and what a colleague would say. Never shown before an answer."""

import functools
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from wardround.course.compare import Comparison, labels, number, parts
from wardround.course.compare_words import named
from wardround.course.fresh import fresh_truth
from wardround.course.given import given
from wardround.course.keys import key, misconception, outcome
from wardround.evaluation import (
    auroc,
    auroc_difference,
    auroc_value,
    bootstrap,
    expected_auroc,
    expected_calibration,
    expected_ratio,
)
from wardround.records.cohort import cohort
from wardround.records.features import READMISSION


# W04.P1 ---------------------------------------------------------------------------------------------------------------
def coins_known(hospital, truth):
    """AUROC for a coin thrown once a patient, rows split at random."""
    rows = given(4).coin_rows(hospital)
    return auroc_value(rows.coin, given(4).forest(rows, rows.coin, given(4).halves(rows, hospital)))


def without_the_patients(hospital, truth, found):
    rows = given(4).coin_rows(hospital)
    apart = auroc_value(rows.coin, given(4).forest(rows, rows.coin, given(4).halves(rows, hospital, "patient")))
    return f"Halves drawn by patient instead of by row give {apart:.2f} (other halves than the lesson's): a coin is a coin."


outcome("W04.P1", coins_known, remark=without_the_patients)


# W04.P2 ---------------------------------------------------------------------------------------------------------------
def lace_on_index_stays(hospital, truth):
    """From the truth's own LACE and states."""
    stays = truth.stays[truth.stays["index"] & (truth.stays.outcome != "not_observable")]
    return auroc_value(stays.outcome == "readmitted", stays.lace)


outcome("W04.P2", lace_on_index_stays)


# W04.P3 ---------------------------------------------------------------------------------------------------------------
def a_column_is_the_largest(hospital, truth):
    """Whether a column lifts the AUROC more than selecting before the split, or mixing patients, does."""
    harness = given(4).harness(hospital)
    lifts = {leak: lift_of(judged_pairs(harness, leak)) for leak in harness.leaks}
    return max(lifts, key=lifts.get) == "billing status"


outcome("W04.P3", a_column_is_the_largest)


# W04.Q1 ---------------------------------------------------------------------------------------------------------------
def judged_pairs(harness, leak):
    on, off = harness.run(leak, on=True), harness.run(leak, on=False)
    both = on.merge(off[["row", "risk"]], on="row", suffixes=("", "_off"))
    return both[both.part == "judged"]


def lift_of(both):
    return auroc_value(both.outcome, both.risk) - auroc_value(both.outcome, both.risk_off)


def placements(outcome, score):
    """For each row the share of rows of the other outcome that it stands on the right side of (an equal one: half)."""
    made = np.empty(len(score))
    for mine, other, turn in ((outcome, ~outcome, False), (~outcome, outcome, True)):
        ranked = np.sort(score[other])
        below = np.searchsorted(ranked, score[mine], "left") + np.searchsorted(ranked, score[mine], "right")
        share = below / (2 * ranked.size)
        made[mine] = 1 - share if turn else share
    return made


def by_patients(hospital, truth):
    """Lifts, and intervals that know of patients: sums of placements a patient (Obuchowski, Biometrics 1997;53:567)."""
    rows, harness = [], given(4).harness(hospital)
    for leak in harness.leaks:
        on, off = (harness.run(leak, on=switch).query("part == 'judged'").set_index("row") for switch in (True, False))
        outcome = on.outcome.to_numpy(bool)
        lift = placements(outcome, on.risk.to_numpy()) - placements(outcome, off.risk[on.index].to_numpy())
        gain = lift[outcome].mean()
        weight = (lift - gain) / np.where(outcome, outcome.sum(), (~outcome).sum())
        sums = pd.Series(weight).groupby(on.patient.to_numpy()).sum()
        reach = 1.959964 * math.sqrt(len(sums) / (len(sums) - 1) * float((sums**2).sum()))
        rows.append({"leak": leak, "gain": float(gain), "low": float(gain) - reach, "high": float(gain) + reach})
    return pd.DataFrame(rows)


TOO_WIDE = "Are your two runs compared on the same patients in each draw?"


@dataclass(frozen=True)
class Sizes(Comparison):
    """A table of leaks: gains, widths of intervals and their places, each in tolerances."""

    allowed: float = 1.0
    needed: float = 3.0

    def unreadable(self, answer, reference):
        if not isinstance(answer, pd.DataFrame):
            return f"{named(answer)} is there where a DataFrame should be"
        lacking = [name for name in ("leak", "gain", "low", "high") if name not in answer]
        if lacking:
            return f"the DataFrame lacks {', '.join(f'`{name}`' for name in lacking)}"
        leaks = sorted(answer.leak.astype(str))
        if leaks != sorted(reference.leak):
            return f"`leak` holds {', '.join(leaks)}, where each of the four leaks should stand once"
        numbers = answer[["gain", "low", "high"]].apply(pd.to_numeric, errors="coerce")
        return "a gain or an end of an interval is missing, or is no number" if numbers.isna().any(axis=None) else None

    def distance(self, answer, reference):
        off = self.by_leak(answer, reference)
        return max(self.level(answer, reference), *(max(part.values()) for part in off.values()))

    def by_leak(self, answer, reference):
        """How far the gain, the width and the middle of each leak are off, in tolerances."""
        mine, theirs, found = answer.set_index("leak"), reference.set_index("leak"), {}
        for leak, right in theirs.iterrows():
            width, own = (self.width(row) for row in (right, mine.loc[leak]))
            middle = abs((mine.high[leak] + mine.low[leak] - right.high - right.low) / 2)
            found[leak] = {
                "gain": abs(mine.gain[leak] - right.gain) / max(0.006, 0.05 * width),
                "width": abs(math.log(own / width)) / math.log(1.3),
                "place": middle / (0.006 + 0.2 * width),
            }
        return found

    def level(self, answer, reference):
        """How far all widths together are off, in tolerances: 90% instead of 95% makes each a sixth narrower."""
        mine, theirs = answer.set_index("leak"), reference.set_index("leak")
        wide = [leak for leak, row in theirs.iterrows() if self.width(row) > 0.004]
        factors = [math.log(self.width(mine.loc[leak]) / self.width(theirs.loc[leak])) for leak in wide]
        return abs(float(np.median(factors or [0]))) / 0.12  # the median: one leak alone that is off has its own fault

    def width(self, row):
        return max(row.high - row.low, 0.004)

    def evidence(self, answer, reference):
        mine, theirs, off = answer.set_index("leak"), reference.set_index("leak"), self.by_leak(answer, reference)
        wrong = [leak for leak, part in off.items() if max(part.values()) > self.allowed]
        right = [leak for leak in off if leak not in wrong]
        if self.level(answer, reference) > self.allowed and all(part["gain"] <= self.allowed for part in off.values()):
            if sum(self.width(mine.loc[leak]) < self.width(theirs.loc[leak]) for leak in off) <= 1:
                return f"Your gains are right. Your intervals are too wide. {TOO_WIDE}"
            return (
                "Your gains are right. Your intervals are all too narrow, as if they were for another level than 95%, or "
                "ended at another multiple of the standard error."
            )
        leak = wrong[0]
        row, gain = mine.loc[leak], mine.gain[leak]
        narrow = self.width(row) < self.width(theirs.loc[leak])
        if abs(gain / 100 - theirs.gain[leak]) < 0.006:
            said = "That is in points of a hundred; an AUROC lies between 0 and 1, and its difference too."
        elif off[leak]["gain"] > self.allowed:
            said = "That is not the AUROC with this leak minus the AUROC of the same judged rows without it."
        elif off[leak]["width"] > self.allowed:
            said = f"Your gain is right, and the interval is too {'narrow.' if narrow else f'wide. {TOO_WIDE}'}"
        else:
            said = "Your gain and the width are right, but the interval does not lie around the gain."
        kept = f" Right: {', '.join(right)}." if right else ""
        return f"`{leak}`: you have {gain:.3f} ({row.low:.3f} to {row.high:.3f}). {said}{kept}"


few_draws = functools.partial(bootstrap, draws=150)  # enough to know a mistake again


def sized(lift, pairs=judged_pairs):
    """A function of the harness; ``lift`` makes gain, low and high of the joined rows of a leak."""

    def sizes(harness):
        rows = []
        for leak in harness.leaks:
            gain, low, high = lift(pairs(harness, leak))
            rows.append({"leak": leak, "gain": gain, "low": low, "high": high})
        return pd.DataFrame(rows)

    return sizes


def of_estimate(estimate):
    return estimate.value, estimate.low, estimate.high


def by_rows(both):
    return of_estimate(auroc_difference(both.outcome, both.risk, both.risk_off))


def drawn(both):
    lift = lambda y, a, b: auroc_value(y, a) - auroc_value(y, b)
    return of_estimate(few_draws(lift, both.patient, both.outcome, both.risk, both.risk_off))


_areas = {}  # by the risks that they are areas of: several mistakes begin with the same draws


def areas_drawn(both, draws=150):
    """Both areas, each with its own interval of patients."""
    which = draws, *pd.util.hash_pandas_object(both[["risk", "risk_off"]]).agg(["size", "sum"])
    if which not in _areas:
        drawn = functools.partial(bootstrap, auroc_value, both.patient, both.outcome, draws=draws)
        _areas[which] = [drawn(both[name]) for name in ("risk", "risk_off")]
    return _areas[which]


def level(both):
    return of_estimate(areas_drawn(both)[0])


def two_intervals(both):
    """Two single intervals, subtracted end from end."""
    on, off = areas_drawn(both)
    return on.value - off.value, on.low - off.high, on.high - off.low


def two_intervals_by_row(both):
    on, off = (auroc(both.outcome, both[name]) for name in ("risk", "risk_off"))
    return on.value - off.value, on.low - off.high, on.high - off.low


def like_ends(both, draws=150):
    """Low from low, and high from high, of two single intervals."""
    on, off = areas_drawn(both, draws)
    return on.value - off.value, on.low - off.low, on.high - off.high


def like_ends_by_row(both):
    on, off = (auroc(both.outcome, both[name]) for name in ("risk", "risk_off"))
    return on.value - off.value, on.low - off.low, on.high - off.high


def has_like_ends(answer, hospital):
    """Whether intervals are made of like ends: upside down and narrow, or, once put in order, where those would lie."""
    reference, harness = by_patients(hospital, None).set_index("leak"), given(4).harness(hospital)
    mine, width = answer.set_index("leak").loc[reference.index], reference.high - reference.low
    if (abs(mine.gain - reference.gain) > 0.1 * width.clip(lower=0.004)).any():
        return False
    if ((mine.low > mine.high) & (mine.low - mine.high < 0.7 * width)).sum() >= 2:
        return True
    near = (0.1 * width).clip(lower=0.004).to_numpy()[:, None]
    made = [sized(like_ends_by_row)(harness), sized(functools.partial(like_ends, draws=300))(harness)]
    found = [np.sort(one.set_index("leak").loc[reference.index, ["low", "high"]]) for one in made]
    return any((abs(np.sort(mine[["low", "high"]]) - one) <= near).all() for one in found)


def how_like_ends(answer, hospital):
    row = answer.iloc[0]
    return (
        f"`{row.leak}`: your gain of {row.gain:.3f} is right; the ends you give are {row.low:.3f} and {row.high:.3f}."
    )


def two_errors(both):
    """The two standard errors added as if the areas had nothing to do with each other."""
    on, off = areas_drawn(both)
    gain, reach = on.value - off.value, 1.96 * math.hypot(on.se, off.se)
    return gain, gain - reach, gain + reach


def interval_of_the_leak(both):
    """The interval of the area with the leak, moved down by the area without it."""
    on, off = areas_drawn(both)
    return on.value - off.value, on.low - off.value, on.high - off.value


def one_row_each(both):
    """One row a patient: the mean of the risks, and whether there was an event in any row."""
    each = both.groupby("patient").agg({"outcome": "max", "risk": "mean", "risk_off": "mean"})
    return by_rows(each.assign(outcome=each.outcome.astype(bool)))


def turned(both):
    gain, low, high = drawn(both)
    return -gain, -high, -low


def all_rows(harness, leak):
    on, off = harness.run(leak, on=True), harness.run(leak, on=False)
    return on.merge(off[["row", "risk"]], on="row", suffixes=("", "_off"))


def also(name, *answers, **words):
    """One mistake in several forms, which are told the same."""
    return [misconception(f"{name}_{n}" if n else name, answer=answer, **words) for n, answer in enumerate(answers)]


def against_one_base(harness):
    """Every leak against the readmission model without the bill."""
    base = harness.run("billing status", on=False).query("part == 'judged'")
    honest = auroc_value(base.outcome, base.risk)
    rows = []
    for leak in harness.leaks:
        both = judged_pairs(harness, leak)
        area = areas_drawn(both)[0]
        rows.append({"leak": leak, "gain": area.value - honest, "low": area.low - honest, "high": area.high - honest})
    return pd.DataFrame(rows)


key(
    "W04.Q1",
    reference=by_patients,
    same=Sizes(),
    right=(
        "Measured: the two largest leaks are procedures, which no list of forbidden columns finds, and the one that every "
        "textbook opens with does nothing here. Rank leaks by size before you spend a sprint on them."
    ),
    look_at="`harness.run(leak, on=True)` beside `on=False`: `part`, and how often each `patient` stands there",
    misconceptions=[
        misconception(
            "level_not_lift",
            answer=sized(level),
            says="You report the AUROC with the leak, not what the leak adds.",
            so_what="0.97 says nothing until one knows what the same model reaches without. A director who hears the level "
            "fears the wrong leak, and mends a pipeline that was harmless.",
            look_at="the run of the same leak with `on=False`",
            teaches="M11",
        ),
        misconception(
            "against_one_base",
            answer=against_one_base,
            says="You hold every leak against one base, the readmission model.",
            so_what="Three of the four are other experiments: other rows, another outcome. The pilot's noise is worth 0.50 "
            "without its leak, not 0.69: you make the worst leak look half as bad as it is.",
            look_at='`harness.run("selection before the split", on=False)`, and its AUROC',
            teaches="M11",
        ),
        misconception(
            "rows_as_patients",
            answer=sized(by_rows),
            says="Gains are right. In `repeated patients` your interval counts each row as a patient of her own.",
            so_what="Some twenty rows come from one patient, with one outcome. The interval is less than half as wide as chance is: a "
            "second ward would land outside it, and somebody would look for a reason.",
            look_at="how many rows and how many patients that leak has, and what `bootstrap` draws",
            teaches="M09",
        ),
        *also(
            "learnt_rows_too",
            sized(drawn, all_rows),
            sized(by_rows, all_rows),
            says="You scored the rows that the model has learnt together with those that judge it.",
            so_what="On its own rows even noise looks good, with the leak and without, so the difference shrinks. The leak "
            "seems smaller than it is, and the honest model better.",
            look_at="the column `part`",
            teaches="M10",
        ),
        misconception(
            "one_row_a_patient",
            answer=sized(one_row_each),
            says="You made one row of each patient, so you score another question: the stays of one patient have different "
            "outcomes.",
            so_what="The model is asked about each row, and the director hears how well it answers. Averaged, a patient of "
            "twenty rows counts like one of a single row. Keep the rows, and let each draw take patients.",
            look_at="`outcome` of one patient with several rows, and what `bootstrap` draws",
            teaches="M09",
        ),
        *also(
            "ends_subtracted",
            sized(two_intervals),
            sized(two_intervals_by_row),
            says="You subtracted the ends of two intervals from each other.",
            so_what="Both models err on the same patients, and that cancels in a difference. Yours is far too wide: the harmless "
            "leak could be anything, so nobody can say that it is harmless.",
            look_at="`bootstrap` with a statistic that computes the difference itself, in each draw",
            teaches="M11",
        ),
        misconception(
            "like_ends_subtracted",
            answer=sized(like_ends),
            says="You subtracted low from low and high from high of two separate intervals.",
            so_what="That is no interval at any level: its low end can even come out above its high one. How sure a difference is "
            "shows only when both areas are computed on the same patients, subtracted, and that again and again.",
            look_at="`bootstrap` with a statistic that computes the difference itself, in each draw",
            teaches="M11",
            evidence=how_like_ends,
            also=has_like_ends,
        ),
        misconception(
            "errors_added",
            answer=sized(two_errors),
            says="You treated the two areas as if they came from different patients.",
            so_what="They were measured on the same rows and rise and fall together. For the imputation your interval is many "
            "times too wide: the one thing that could be settled stays open.",
            look_at="`bootstrap` with a statistic that computes the difference itself, in each draw",
            teaches="M11",
        ),
        misconception(
            "interval_of_the_level",
            answer=sized(interval_of_the_leak),
            says="Your interval is that of the AUROC with the leak, moved down.",
            so_what="It says how sure the level is. How sure the *lift* is depends on the run without the leak, too, on the "
            "same patients: for the imputation the two differ by next to nothing.",
            look_at="what your statistic computes in each draw",
            teaches="M11",
        ),
        misconception(
            "turned_round",
            answer=sized(turned),
            says="Your lifts have the wrong sign: without minus with.",
            so_what="Read quickly, a leak that improves nothing and one that ruins everything change places.",
            look_at="which of the two runs you subtract",
            teaches="M11",
        ),
    ],
)


# W04.Q2 ---------------------------------------------------------------------------------------------------------------
# causes that a careful reader may give as well as ours
ALSO = {
    **dict.fromkeys(
        ["sodium_drawn", "stays_elsewhere"], "dated back"
    ),  # a filter by their date lets these through, too
    **dict.fromkeys(["culture_growth", "drg", "summary_words", "tumour_stage", "code_count"], "happens later"),
    "days_so_far": "our own doing",  # how long people stay is a habit as well
    "left_with": "written later",  # where to was agreed by eight, at times; the desk enters it when the patient leaves
}
CAUSE = {
    "happens later": "days_in_hospital left_with first_week_visits follow_up_kept stays_in_table weight_loss call_made "
    "haemoglobin_near",
    "written later": "sodium_drawn culture_growth drg sepsis_reviewed summary_words stays_elsewhere tumour_stage",
    "dated back": "code_count present_on_admission heart_failure_onset downtime_vitals late_note",
    "overwritten": "payer_on_file zip_on_file medicines_now smoker weight_on_file has_family_doctor",
    "uses the outcome": "ward_rate zip_rate ten_alike pilot_score diagnosis_weight audit_group",
    "names the row": "encounter_number record_number wristband row name_code",
    "our own doing": "vital_sets lactate_ordered case_manager nurse_worry night_orders albumin_not_asked consultations",
    "known": "age stays_before visits_before days_so_far haemoglobin_issued previous_drg interpreter elective distance "
    "asked_on sodium_issued",
}
CAUSE_OF = {name: cause for cause, names in CAUSE.items() for name in names.split()}


def accepted(feature):
    """The causes that are right for a feature; the first is ours."""
    return [CAUSE_OF[feature], *([ALSO[feature]] if feature in ALSO else [])]


def by_the_bank(hospital, truth):
    return {name: accepted(name) for name in given(4).features(hospital).feature}


@dataclass(frozen=True)
class Audit(Comparison):
    """A cause for each feature; the reference holds all that are right. A known mistake is met in two of three cases."""

    needed: float = 2.0

    def unreadable(self, answer, reference):
        if type(answer) is not dict:
            return f"{named(answer)} is there where a dictionary should be"
        for name, cause in answer.items():
            if cause not in list(given(4).CAUSES):
                return f"`{name}` has {cause!r}; use one of: {', '.join(given(4).CAUSES)}"
        lacking = [name for name in reference if name not in answer]
        return f"{len(lacking)} features have no cause yet, the first is `{lacking[0]}`" if lacking else None

    def wrong(self, answer, reference):
        return [name for name, causes in reference.items() if answer[name] not in causes]

    def distance(self, answer, reference):
        return float(len(self.wrong(answer, reference)))

    def matches(self, answer, wrong):
        agree = [answer.get(name) == cause for name, cause in wrong.items()]
        return sum(agree) >= max(2, (0.9 if len(agree) > 10 else 0.66) * len(agree))

    def complete(self, wrong, reference):
        return {**{name: causes[0] for name, causes in reference.items()}, **wrong}

    def evidence(self, answer, reference):
        wrong = self.wrong(answer, reference)
        cards = CARDS()
        name = wrong[0]
        return (
            f"{len(reference) - len(wrong)} of {len(reference)} are right. One that is not: `{name}`, {cards.what[name]} "
            f"({cards.comes_from[name]}). You say *{answer[name]}*: {given(4).CAUSES[answer[name]]}."
        )


@functools.cache
def CARDS():
    """All cards of the bank by name."""
    return pd.DataFrame(given(4).all_features(), columns=["feature", "what", "comes_from"]).set_index("feature")


def instead(cause, say, only=lambda name: True):
    """The drawn features of a cause, all given another one."""

    def answer(hospital):
        asked = given(4).features(hospital).feature
        return {name: say for name in asked if CAUSE_OF[name] == cause and only(name)}

    return answer


def mine(cause, said):
    """Names, in the learner's own answer, of features of a cause that were called something else."""

    def told(answer, hospital):
        named = [name for name in answer if CAUSE_OF.get(name) == cause and answer[name] in said]
        card = CARDS().loc[named[0]]
        return f"You call {', '.join(f'`{name}`' for name in named)} *{answer[named[0]]}*. `{named[0]}`: {card.comes_from}."

    return told


key(
    "W04.Q2",
    reference=by_the_bank,
    same=Audit(),
    right=(
        "Twenty-four features, each asked the same question: could somebody have read this number at eight? The list of those "
        "that could is the feature dictionary; the list of the others belongs into the validation plan, with its reasons."
    ),
    look_at="the last column of that feature, and `given(4).CAUSES` from the top",
    misconceptions=[
        misconception(
            "all_known",
            answer=lambda hospital: dict.fromkeys(given(4).features(hospital).feature, "known"),
            says="You take everything in the table for known.",
            so_what="The table was made after everything had happened. At eight on the day most of these are empty, so the "
            "model that flies in the notebook stands before a blank screen, and says something all the same.",
            look_at="the column `comes_from`: when is each written?",
            teaches="M12",
        ),
        misconception(
            "by_its_date",
            answer=instead("dated back", "known"),
            says="You trust the date that an entry carries.",
            so_what="Coders and clinicians enter today what was true then, under the date of then. A filter by date lets it in, so "
            "a history that was written because the patient came back predicts that she will.",
            look_at="the day on which each of these is *entered*",
            teaches="M12",
            evidence=mine("dated back", ("known",)),
        ),
        misconception(
            "late_is_late",
            answer=instead("dated back", "written later"),
            says="You see that they come late, and not that they carry an earlier date.",
            so_what="The difference decides the repair. What is merely late is stopped by a filter on its date; what is dated back "
            "walks through that filter, and you would sign that you had checked.",
            look_at="which date a filter would read in these, and the order of `given(4).CAUSES`",
            teaches="M12",
            evidence=mine("dated back", ("written later",)),
        ),
        misconception(
            "current_is_then",
            answer=instead("overwritten", "known"),
            says="You take the newest value for the value of that morning.",
            so_what="A master record forgets. Whoever came back was seen again, and has a newer address, list and payer than who did "
            "not: the value tells how often she was here since.",
            look_at="of which night these values are",
            teaches="M12",
            evidence=mine("overwritten", ("known",)),
        ),
        misconception(
            "rates_are_history",
            answer=instead("uses the outcome", "known"),
            says="You take a rate over the table for a fact from the past.",
            so_what="Each was made with the outcome of the very stay that it describes. In a small ward or ZIP it *is* the "
            "outcome; at eight, for a new patient, that share is not there.",
            look_at="which rows go into each of these numbers, and whether the row itself does",
            teaches="M10",
            evidence=mine("uses the outcome", ("known",)),
        ),
        misconception(
            "happened_is_known",
            answer=instead("written later", "known"),
            says="You call known what had happened by eight.",
            so_what="A fact in a chart that nobody has read, coded or paid for is not on the screen. The patient goes home at "
            "noon; the report that would have kept her comes on Thursday.",
            look_at="when somebody could *read* each of these",
            teaches="M12",
            evidence=mine("written later", ("known",)),
        ),
        misconception(
            "orders_are_findings",
            answer=instead("our own doing", "known"),
            says="You take orders and checks for findings on the patient.",
            so_what="They say that somebody was worried. The model learns the clinicians, agrees with them when it is least needed, "
            "and changes the day a new order set is rolled out, with the patients as they were.",
            look_at="what would change these numbers while every patient stays the same",
            teaches="M13",
            evidence=mine("our own doing", ("known",)),
        ),
    ],
)


# W04.Q3 ---------------------------------------------------------------------------------------------------------------
MARGIN = 0.01  # above LACE's expected AUROC; an honest logistic regression has 0.02 to 0.03, see the note in tests
TWINS = {"readmitted_30d", "days_to_readmission", "died_30d"}
SAME_DAY = {"disposition", "discharged_at"}


@functools.cache
def fresh():
    return fresh_truth()


def known_risks(hospital, truth):
    """What the fresh stays' truth asks for: LACE's area there, and the risks themselves (packed)."""
    risks = {name: given(4).packed(fresh()[name]) for name in ("p_true", "p_usual")}
    return {"lace": expected_auroc(fresh().p_true, fresh().lace), **risks}


def facts_of(answer):
    """What an answer shows of its model on the fresh stays."""
    risk = given(4).unpacked(answer["risk"])
    return {
        "area": expected_auroc(fresh().p_true, risk),
        "ratio": expected_ratio(fresh().p_usual, risk),
        "top": float(expected_calibration(fresh().p_usual, risk).ratio.iloc[-1]),
        "like LACE": float(np.corrcoef(pd.Series(risk).rank(), fresh().lace.rank())[0, 1]),
        "mean": float(risk.mean()),
    }


def faults(answer):
    """The faults of a model in the order in which one would mend them, each with how bad it is in tolerances."""
    seen, said = facts_of(answer), answer["answers"]
    moved = set(answer["moved"])
    short = (expected_auroc(fresh().p_true, fresh().lace) + MARGIN - seen["area"]) / (MARGIN / 4)
    off = abs(math.log(seen["ratio"])) / math.log(1.25) if seen["ratio"] > 0 else math.inf
    found = {
        "labels": 9.0
        if answer["values"] <= 2 and set(np.unique(np.round(given(4).unpacked(answer["risk"]), 3))) <= {0.0, 1.0}
        else 0.0,
        "the outcome itself": 9.0 if moved & TWINS else 0.0,
        "the same day": 9.0 if moved and moved <= SAME_DAY else 0.0,
        "written later": 9.0 if moved else 0.0,
        "ids": 9.0 if answer["ids"] else 0.0,
        "others asked": 9.0 if answer["alone"] > 1e-4 else 0.0,
        "turned round": 9.0 if seen["area"] < 0.45 else 0.0,
        "one for all": 9.0 if answer["values"] == 1 else 0.0,
        "other outcome": 9.0 if said["shuffled"] < 1e-9 else 0.0,
        "unknown as yes": 9.0 if said["not observable"] > 1.3 else 0.0,
        "unknown as no": 9.0 if said["not observable"] < 0.95 else 0.0,
        "seen events": 9.0 if said["readmitted, not whole"] > 1.3 else 0.0,
        "died as readmitted": 9.0 if said["died first"] > 1.5 else 0.0,
        "LACE again": max(short, 3.0) if short > 0 and seen["like LACE"] > 0.98 else 0.0,
        "place": short if short > 0 and answer["place"] else 0.0,
        "by heart": short if short > 0 and answer["learnt"] - seen["area"] > 0.1 else 0.0,
        "below": max(short, 0.0),
        "promises": 3 * off if off > 1 else 0.0,
    }
    return {name: size for name, size in found.items() if size > 0}


@dataclass(frozen=True)
class Judged(Comparison):
    """A model judged by its faults; known mistakes are met by their first fault."""

    allowed: float = 0.0
    needed: float = 3.0

    def unreadable(self, answer, reference):
        return (
            None if type(answer) is dict and "risk" in answer else f"{named(answer)} is there where a model should be"
        )

    def distance(self, answer, reference):
        return max(faults(answer).values(), default=0.0)

    def matches(self, answer, wrong):
        mine, theirs = (next(iter(faults(one)), None) for one in (answer, wrong))
        return mine is not None and mine == theirs

    def evidence(self, answer, reference):
        seen = facts_of(answer)
        return (
            f"Expected AUROC on 21,651 fresh stays: {seen['area']:.3f}. On the stays that it learnt: {answer['learnt']:.3f}. "
            f"It promises {1000 * seen['mean']:.0f} readmissions of 1,000 stays."
        )


def learnt_how(answer, hospital):
    seen = facts_of(answer)
    if answer["values"] == 1:
        return f"Your model says the same of everybody, {seen['mean']:.3f}: it cannot tell whom to call."
    over = seen["area"] - expected_auroc(fresh().p_true, fresh().lace)
    return (
        f"On the rows that it learnt your model has an AUROC of {answer['learnt']:.3f}, on fresh stays {seen['area']:.3f}: "
        f"{abs(over):.3f} {'above' if over > 0 else 'below'} LACE, where at least {MARGIN:.2f} above is asked."
    )


def moved_how(answer, hospital):
    most = sorted(answer["moved"].items(), key=lambda pair: (pair[0] not in TWINS, -pair[1]))[:4]
    told = ", ".join(f"`{name}` ({share:.0f} of 1,000 risks move)" for name, share in most)
    more = len(answer["moved"]) - len(most)
    return f"Scrambled among the fresh stays one at a time: {told}{f', and {more} more' if more > 0 else ''}."


def promises_how(answer, hospital):
    seen = facts_of(answer)
    times = (
        f"one readmission comes for {1 / seen['ratio']:.1f} that you promise"
        if seen["ratio"] < 1
        else f"{seen['ratio']:.1f} come for each that you promise"
    )
    return f"Your risks promise {1000 * seen['mean']:.0f} readmissions of 1,000 stays: {times}."


def changes_how(what, words):
    def told(answer, hospital):
        return f"{words} {answer['answers'][what]:.2f} times what it is without them."

    return told


def trained(
    keep=lambda s: s[s.whole],
    back=lambda s: s.state.eq("readmitted"),
    table=READMISSION.compute,
    strength=0.01,
    **weights,
):
    """A training function: an honest one, with a part exchanged."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def train(stays):
        rows = keep(stays)
        model = make_pipeline(
            SimpleImputer(), StandardScaler(), LogisticRegression(C=strength, max_iter=1000, **weights)
        ).fit(table(rows), back(rows))
        return lambda asked: model.predict_proba(table(asked))[:, 1]

    return train


def every_number(rows):
    """All columns that are numbers."""
    kept = rows.drop(columns=["state", "whole"], errors="ignore")
    return kept.select_dtypes(["number", "bool"]).astype(float)


def with_late(*columns):
    return lambda rows: READMISSION.compute(rows).assign(
        **{name: pd.factorize(rows[name], sort=True)[0] for name in columns}
    )


def with_flags(rows):
    bill, missed = rows.billing_status.eq("adjusted"), rows.no_show
    return READMISSION.compute(rows).assign(codes=rows.code_count, missed=1.0 * missed, bill=1.0 * bill)


def with_place(rows):
    homes = {name: 1.0 * rows.disposition.eq(name) for name in ("home", "home_health", "skilled_nursing")}
    return READMISSION.compute(rows).assign(**homes)


def with_number(rows):
    return READMISSION.compute(rows).assign(number=rows.patient_id.str[-4:].map(lambda digits: int(digits, 36)))


def lace_only(rows):
    from wardround.records.features import lace

    return pd.DataFrame({"lace": lace(rows)})


def zero_or_one(stays):
    model = trained()(stays)
    return lambda rows: (model(rows) > 0.2).astype(float)


def scaled_anew(stays):
    """Scales each batch of stays by its own mean and deviation."""
    from sklearn.linear_model import LogisticRegression

    def table(rows):
        made = READMISSION.compute(rows)
        return ((made - made.mean()) / made.std()).fillna(0.0)

    rows = stays[stays.whole]
    model = LogisticRegression(C=0.01, max_iter=1000).fit(table(rows), rows.state.eq("readmitted"))
    return lambda asked: model.predict_proba(table(asked))[:, 1]


def other_column(stays):
    model = trained()(stays)
    return lambda rows: 1 - model(rows)


def place_rates(stays):
    rows = stays[stays.whole]
    rate = rows.state.eq("readmitted").groupby(rows.zip + rows.attending).mean()
    mean = rows.state.eq("readmitted").mean()

    def table(asked):
        return READMISSION.compute(asked).assign(rate=(asked.zip + asked.attending).map(rate).fillna(mean))

    return trained(table=table)(stays)


def deep_trees(stays):
    from sklearn.ensemble import HistGradientBoostingClassifier

    rows = stays[stays.whole]
    model = HistGradientBoostingClassifier(random_state=0).fit(READMISSION.compute(rows), rows.state.eq("readmitted"))
    return lambda asked: model.predict_proba(READMISSION.compute(asked))[:, 1]


key(
    "W04.Q3",
    reference=known_risks,
    same=Judged(),
    right=(
        "Above LACE on 21,651 stays of a hospital that nobody has seen, unmoved when what is written later is scrambled, and "
        "the risks add up to about what comes. About 0.70 is what can honestly be had here. It is yours: week 7 asks for it."
    ),
    look_at="the two AUROCs in your answer, side by side; and how far the weights are held back (`C`), or how deep the trees may grow",
    evidence=learnt_how,
    misconceptions=[
        misconception(
            "labels_not_risks",
            answer=zero_or_one,
            says="Your model returns 0 or 1, not a risk.",
            so_what="The cut belongs to whoever has forty calls a week, not to the training code. Among the thousands at 1 nobody "
            "can be called first, and the cut that you chose cannot be moved.",
            look_at="`predict` and `predict_proba` of your estimator",
            teaches="M05",
        ),
        misconception(
            "outcome_among_features",
            answer=trained(table=every_number),
            says="The outcome itself, in the warehouse's own words, is among your features.",
            so_what="At eight these columns are empty: they are filled thirty days later. The model waits for "
            "an answer that comes a month after the nurse has called, or has not.",
            look_at="the columns of `stays` whose names speak of readmission or death",
            teaches="M12",
            evidence=moved_how,
        ),
        misconception(
            "same_day",
            answer=trained(table=with_place),
            says="Your model uses what is written when the patient leaves, hours after it is asked.",
            so_what="At eight nobody has gone anywhere: the plan may say home, and in the afternoon it becomes a nursing home. On "
            "Monday the field is empty when the score is due.",
            look_at="when the columns in the list above are written; what was planned is another column",
            teaches="M12",
            evidence=moved_how,
        ),
        misconception(
            "written_later",
            answer=trained(table=with_flags),
            says="Your model uses columns that are written after the patient has left.",
            so_what="They are filled in the days and weeks after, some of them because she came back. In the notebook they are "
            "there for every stay; at eight on Monday they are empty, and the nurse calls the wrong sixteen.",
            look_at="the sources of `READMISSION`, and the columns named above",
            teaches="M12",
            evidence=moved_how,
        ),
        misconception(
            "ids_learnt",
            answer=trained(table=with_number),
            says="Your risks change when only the ids are dealt out anew.",
            so_what="A record number says when somebody first came, or nothing. In a new hospital the same digits belong to "
            "other people, and a newcomer inherits the risk of a stranger.",
            look_at="which of your columns are made of `encounter_id`, `patient_id` or `person_id`",
            teaches="M10",
            evidence=lambda answer, hospital: (
                f"Of 1,000 fresh stays {answer['ids']:.0f} get another risk when only the ids are exchanged."
            ),
        ),
        misconception(
            "batch_scaled",
            answer=scaled_anew,
            says="The same stay gets another risk when the model is asked about fewer stays.",
            so_what="Something is fitted anew on whoever is asked about: a mean, a scale, a rank. At eight there may be one patient, "
            "who is then exactly average.",
            look_at="what your function computes over all rows that it is given; it belongs into the pipeline, fitted once",
            evidence=lambda answer, hospital: (
                f"Asked about 200 stays alone, one of them gets a risk that differs by {answer['alone']:.2f}."
            ),
        ),
        misconception(
            "turned_round",
            answer=other_column,
            says="Your numbers run the wrong way: those with the highest come back least.",
            so_what="It looks like a broken model and is a sound one, read from the wrong column. Live, the nurse would call the "
            "sixteen healthiest of the week, and nothing would raise an error.",
            look_at="`classes_` of your estimator, and which column of `predict_proba` you return",
            evidence=learnt_how,
        ),
        misconception(
            "own_record_only",
            answer=trained(keep=lambda s: s[s.readmitted_30d.notna()], back=lambda s: s.readmitted_30d.astype(bool)),
            says="Your model does not learn from `state`: exchanged among the rows, it changes nothing.",
            so_what="Our own record misses every readmission to another hospital, about a fifth. The patients are as ill there, and "
            "your model tells the nurse that they were well.",
            look_at="what you give to `fit` as the outcome",
            evidence=promises_how,
        ),
        misconception(
            "unknown_as_yes",
            answer=trained(keep=lambda s: s, back=lambda s: s.state.ne("neither")),
            says="Whatever is not `neither` is a readmission to you, those not observable among them.",
            so_what="Of the last five months hardly anything is known yet, and all of it became a readmission. The model learns "
            "what year it is, and every patient looks doomed.",
            look_at="`stays.state.value_counts()` where `whole` is False",
            teaches="M14",
            evidence=changes_how(
                "not observable", "With 300 stays that nobody can know among 1,500, your mean risk is"
            ),
        ),
        misconception(
            "unknown_as_no",
            answer=trained(keep=lambda s: s),
            says="Stays whose outcome nobody can know yet have taught your model as if nobody had come back.",
            so_what="Not observable is not the same as well. The newest months teach that all is fine; the risks are too low for "
            "everybody, and the more so the shorter the data.",
            look_at="`whole`, and which rows reach `fit`",
            teaches="M14",
            evidence=changes_how(
                "not observable", "With 300 stays that nobody can know among 1,500, your mean risk is"
            ),
        ),
        misconception(
            "events_of_the_unfinished",
            answer=trained(keep=lambda s: s[s.state.ne("not_observable")]),
            says="You dropped those not observable, and kept the readmissions of the same months.",
            so_what="Of unfinished follow-up only events are seen. Kept without their neighbours they make the last months look as if "
            "everybody came back: chosen by outcome, the risks are too high.",
            look_at="`stays[~stays.whole].state.value_counts()` after your filter",
            teaches="M14",
            evidence=changes_how(
                "readmitted, not whole",
                "With 300 readmissions from unfinished months among 1,500 stays, your mean risk is",
            ),
        ),
        misconception(
            "died_as_readmitted",
            answer=trained(back=lambda s: s.state.ne("neither")),
            says="Whoever died first counts as readmitted in your training.",
            so_what="Readmission or death is an outcome too, that of LACE's authors. Here a nurse is to prevent readmissions; her "
            "sixteen calls go to the dying, who need somebody else.",
            look_at="which values of `state` become True",
            evidence=changes_how("died first", "With a sixth of the others marked as died first, your mean risk is"),
        ),
        misconception(
            "lace_again",
            answer=trained(table=lace_only),
            says="Your model orders patients exactly as LACE does.",
            so_what="A fitted LACE has LACE's AUROC: fitting changes the risks, not who stands before whom. It needs no server and "
            "no nurse retrained, and it is on the wall already.",
            look_at="which columns reach `fit`; `READMISSION` has 46",
            evidence=learnt_how,
        ),
        misconception(
            "place_learnt",
            answer=place_rates,
            says="Your risks hang on ZIP code or physician, and that costs you what the other features bring.",
            so_what="Two thousand cells for some thousand stays: where a cell holds one stay its rate is the outcome, on the rows that it "
            "was made of. A stranger in that cell inherits what became of one patient.",
            look_at="which of your columns are made of `zip` or `attending`, and of whose outcomes",
            teaches="M10",
            evidence=lambda answer, hospital: (
                f"Of 1,000 fresh stays {answer['place']:.0f} get another risk when only ZIP and physician are exchanged. "
                + learnt_how(answer, hospital)
            ),
        ),
        misconception(
            "by_heart",
            answer=deep_trees,
            says="Your model knows the stays that it has learnt by heart, and little of others.",
            so_what="It has room for every patient and too few events to fill it. In your notebook it is the best model in the "
            "house; on strangers a card with four numbers does better, or nearly.",
            look_at="section 5 of lesson 1; then hold it back: fewer leaves, fewer columns, a smaller `C`",
            evidence=learnt_how,
        ),
        misconception(
            "promises_too_much",
            answer=trained(class_weight="balanced"),
            says="Your risks do not add up: what they promise is far from what comes.",
            so_what="The order is fine, the numbers are not: weights that balance the classes, for one, make half of all patients "
            "high risks. Whoever plans nurses by the sum plans for a hospital that does not exist.",
            look_at="the mean of your risks beside the share of `readmitted` in the rows that you learn from",
            teaches="M07",
            evidence=promises_how,
        ),
    ],
)


# W04.Q4 ---------------------------------------------------------------------------------------------------------------
LATE = ["leave it out"]
WINDOW = ["end the window at eight", "leave it out"]
INSIDE = ["training rows only"]
RATE = ["training rows only, and never the row itself", "leave it out"]
SPLIT = ["split by date and patient"]
# change of the bank -> kinds that are right, repairs that are right; the first of each is ours
LEAKING = {
    "rows.clear": (["rows chosen by outcome", "open window"], ["choose rows by what is known at eight", *WINDOW[:1]]),
    "history.all": (["open window"], WINDOW),
    "history.first": (["open window", "outcome in a feature"], WINDOW),
    "admin.codes": (["written later"], LATE),
    "admin.bill": (["written later"], LATE),
    "admin.missed": (["written later"], LATE),
    "labs.worst": (["open window", "written later"], WINDOW),
    "labs.next": (["open window", "written later"], WINDOW),
    "place.rate": (["outcome in a feature"], RATE),
    "split.known": (["not known yet"], SPLIT),
    "split.person": (["patient on both sides"], SPLIT),
    "split.copies": (["copies on both sides", "patient on both sides", "not known yet"], [*INSIDE, *SPLIT]),
    "select.teams": (["chosen on the test"], [*INSIDE, "leave it out"]),
    "select.groups": (["outcome in a feature"], RATE),
    # fitted on all rows: open outcomes teach as well, and patients of the test
    "fit.all": (["judged on its own rows", "not known yet", "patient on both sides"], [*INSIDE, *SPLIT]),
    "fit.strength": (["chosen on the test"], INSIDE),
}
IN_ORDER = {
    "dates.longer": "it waits longer for outcomes, which costs rows and leaks nothing",
    "rows.adults": "age is known at eight, and decides alike for those who came back and those who did not",
    "rows.told": "it decides by the date of discharge alone",
    "history.past": "`cumcount` numbers a patient's rows in the order of time: it counts earlier ones only",
    "history.gap": "`shift(1)` takes the row before, and that discharge lies before this admission",
    "admin.weekday": "the day is that on which the question is asked",
    "admin.interpreter": "registration asks at admission; a better AUROC is not always a leak",
    "admin.charlson": "it is made of the problem list at admission",
    "labs.last": "`ffill` takes an earlier result, which is on the screen at eight",
    "labs.low": "the result was issued before eight",
    "place.region": "an address is known, and no outcome goes into it",
    "split.names": "it does what it did before, under other names",
    "model.indicator": "whether a result is there is known at eight, and it is fitted with the training rows",
    "model.best": "the choice stands inside the pipeline, so it sees training rows alone",
    "scale.all": "means and scales of all rows have seen no outcome: untidy, and you know its size from Q1",
    "scale.mean": "a mean of all rows has seen no outcome: untidy, and you know its size from Q1",
    "scale.median": "a median of all rows has seen no outcome: untidy, and you know its size from Q1",
    "select.constant": "it looks at features alone, and drops what says the same of everybody",
    "fit.folds": "the folds lie within the training rows, and keep patients together",
    "fit.balance": "the copies are made after the split, of training rows alone; it bends the risks, which week 6 mends",
    "judge.round": "it rounds a number",
    "judge.events": "it prints a number",
}
COLUMNS = ("history", "admin", "labs", "place")


def leaks_of(hospital):
    return [name for name in given(4).changes(hospital) if name in LEAKING]


def by_the_banks_kinds(hospital, truth):
    """Of each change that leaks the right kinds and repairs."""
    return {name: [list(part) for part in LEAKING[name]] for name in leaks_of(hospital)}


@dataclass(frozen=True)
class Review(Comparison):
    """Findings by change: one point off for a missed leak, a false alarm, a wrong kind, a wrong repair."""

    needed: float = 1.0

    def unreadable(self, answer, reference):
        if type(answer) is not dict or "found" not in answer:
            return f"{named(answer)} is there, not a dictionary"
        return answer.get("problem")

    def points(self, answer, reference):
        found = answer["found"]
        hit = [name for name in found if name in reference]
        return {
            "missed": [name for name in reference if name not in found],
            "false": [name for name in found if name not in reference],
            "kind": [name for name in hit if found[name][0] not in reference[name][0]],
            "repair": [name for name in hit if found[name][1] not in reference[name][1]],
            "elsewhere": answer["elsewhere"],
        }

    def distance(self, answer, reference):
        return float(sum(map(len, self.points(answer, reference).values())))

    def matches(self, answer, wrong):
        """The same changes are named; and where the mistake is one repair for all, it is the same one."""
        if set(answer["found"]) != set(wrong["found"]) or answer["elsewhere"]:
            return False
        repairs = {pair[1] for pair in wrong["found"].values()}
        given_ones = [pair[1] for pair in answer["found"].values()]
        return (
            len(repairs) != 1
            or len(given_ones) < 2
            or sum(one in repairs for one in given_ones) >= 0.75 * len(given_ones)
        )

    def evidence(self, answer, reference):
        off = self.points(answer, reference)
        return f"You found {len(reference) - len(off['missed'])} of {len(reference)} leaks."


PLACE = {"rows": "stays_of", "split": "split", "select": "report", "fit": "report"}


BUT = {
    "leave it out": "what would the code do without them?",
    "end the window at eight": "which window ends too late there?",
    "training rows only": "on training rows the same would stand, as early as on all others.",
    "training rows only, and never the row itself": "no value of a row is made of its own outcome there.",
    "split by date and patient": "behind a better split the same would happen.",
    "choose rows by what is known at eight": "they do not decide who is in.",
}

OWN_ROW = (
    "a training row still finds its own outcome in the rate, and a later row does not: the model leans on it in vain."
)


def lines_of(name, hospital):
    numbers = given(4).changes(hospital)[name]
    return f"line {numbers[0]}" if len(numbers) == 1 else f"lines {numbers[0]} to {numbers[-1]}"


def review_how(answer, hospital):
    """What the learner's findings show: one that is in order, of another kind, or not repaired; else where to go on."""
    reference = by_the_banks_kinds(hospital, None)
    off = Review().points(answer, reference)
    told = [f"You found {len(reference) - len(off['missed'])} of {len(reference)} leaks."]
    if off["false"]:
        name = off["false"][0]
        told.append(f"No leak is your finding on {lines_of(name, hospital)}: {IN_ORDER[name]}.")
    elif off["elsewhere"]:
        told.append(
            f"Line {off['elsewhere'][0]} belongs to no change of the code; take a line that begins with + or −."
        )
    elif off["kind"]:
        name, kind = off["kind"][0], answer["found"][off["kind"][0]][0]
        told.append(
            f"On {lines_of(name, hospital)} something leaks, but not as *{kind}*: that is {given(4).KINDS[kind]}."
        )
        if not off["missed"]:
            told.append("The lines are right; read the kinds again for this one.")
    elif off["repair"]:
        name, repair = off["repair"][0], answer["found"][off["repair"][0]][1]
        but = OWN_ROW if LEAKING[name][1] is RATE and repair in INSIDE else BUT[repair]
        told.append(f"On {lines_of(name, hospital)} the kind is right, and *{repair}* does not mend it: {but}")
    elif off["missed"]:
        slot = off["missed"][0].split(".")[0]
        told.append(f"What you name is right, kind and repair. Go on in `{PLACE.get(slot, 'features')}`.")
    return " ".join(told)


def findings(chosen, *, repair=None, extra=()):
    """A review of the chosen changes, with right kinds, and right repairs unless one is given."""

    def answer(hospital):
        lines = given(4).changes(hospital)
        made = {
            lines[name][0]: (LEAKING[name][0][0], repair or LEAKING[name][1][0])
            for name in leaks_of(hospital)
            if chosen(name)
        }
        return made | {lines[name][0]: ("chosen on the test", "training rows only") for name in lines if name in extra}

    return answer


def slot_of(name):
    return name.split(".")[0]


UNTIDY = ("scale.all", "scale.mean", "scale.median")

key(
    "W04.Q4",
    reference=by_the_banks_kinds,
    same=Review(),
    right=(
        "Every leak named, with its kind and what mends it, and nobody is sent to tidy what does no harm. Not each of them lifts the "
        "figure today: some leak a little now, and much on the day the data change."
    ),
    look_at="`given(4).KINDS`, and each block of + and −: when is it written, who stands on both sides, what has seen the outcome?",
    evidence=review_how,
    misconceptions=[
        misconception(
            "approved",
            answer=findings(lambda name: False),
            says="You approve the pull request.",
            so_what="The figure on the slide goes up, the model goes live, and on Monday it knows less than LACE. The diff was "
            "the last moment at which one line could have been asked about.",
            look_at="the first added line in `features`: when is that known?",
            teaches="M12",
        ),
        misconception(
            "untidy_only",
            answer=findings(lambda name: False, extra=UNTIDY),
            says="You stop at the one line that does no harm: a mean, median or scale of all rows.",
            so_what="It has seen no outcome, and you measured in Q1 what it is worth. Meanwhile the leaks that are worth something go "
            "through, and the colleague has learnt that reviews are about style.",
            look_at="everything else that was changed",
            teaches="M11",
            evidence=review_how,
        ),
        misconception(
            "untidy_too",
            answer=findings(lambda name: True, extra=UNTIDY),
            says="You found every leak, and one that is none: a mean, median or scale of all rows.",
            so_what="By all means move it into the pipeline. But call it a leak, and the steering group will hear of six leaks, ask "
            "for the size of each, and find that one is worth nothing.",
            look_at="`mean imputation` in your answer to Q1",
            teaches="M11",
            evidence=review_how,
        ),
        misconception(
            "columns_only",
            answer=findings(lambda name: slot_of(name) in COLUMNS),
            says="You found every column that leaks, and none of the steps that do.",
            so_what="A list of forbidden columns is what most teams check. Who is in, who stands on which side, and what was chosen with "
            "the test in view carries no column's name, and is worth as much.",
            look_at="`stays_of`, `split` and `report`",
            teaches="M10",
            evidence=review_how,
        ),
        misconception(
            "steps_only",
            answer=findings(lambda name: slot_of(name) not in COLUMNS),
            says="You found every step that leaks, and no column.",
            so_what="Rows and folds are in order now, and a column still knows who came back. No split takes it out: it is filled "
            "alike on both sides.",
            look_at="each added line in `features`: when is it written, and which stays does it look at?",
            teaches="M12",
            evidence=review_how,
        ),
        misconception(
            "a_split_cures_all",
            answer=findings(lambda name: True, repair="split by date and patient"),
            says="You would mend everything with a better split.",
            so_what="A column that is written later is written later in the test months as well: it leaks on both sides of every "
            "cut. The honest split certifies it, and 0.88 stands on the slide a year longer.",
            look_at="what is still known too early when the split is perfect",
            teaches="M28",
            evidence=review_how,
        ),
        misconception(
            "everything_out",
            answer=findings(lambda name: True, repair="leave it out"),
            says="You would leave out whatever leaks.",
            so_what="A step cannot be left out: rows must be chosen, sides drawn, weights fitted. Ask where it belongs instead: before "
            "eight, within the training rows, by date.",
            look_at="for each finding: what would the code do without that line?",
            teaches="M10",
            evidence=review_how,
        ),
        misconception(
            "everything_flagged",
            answer=lambda hospital: {
                numbers[0]: tuple(
                    part[0] for part in LEAKING.get(name, (["chosen on the test"], ["training rows only"]))
                )
                for name, numbers in given(4).changes(hospital).items()
            },
            says="You flag every change there is.",
            so_what="A reviewer who stops everything is passed by. Four of these changes are in order, and one of the people "
            "who wrote them will not ask you next time.",
            look_at="for each line: which moment, whose rows, which outcome? Where you find none, let it pass",
            teaches="M11",
            evidence=review_how,
        ),
    ],
)


# W04.Q5 ---------------------------------------------------------------------------------------------------------------
COUNTS = ("both sides", "not known yet", "asked before the cut", "left out")


@dataclass(frozen=True)
class Split(Comparison):
    """Violations counted; a known mistake is met by which of them occur."""

    needed: float = 8.0

    def unreadable(self, answer, reference):
        return (
            None
            if type(answer) is dict and "counts" in answer
            else f"{named(answer)} is there where a Series should be"
        )

    def distance(self, answer, reference):
        empty = sum(1000 for side in ("train", "test") if not answer["rows"][side])
        return float(sum(answer["counts"].values()) + empty)

    def matches(self, answer, wrong):
        mine, theirs = ({name for name in COUNTS if one["counts"][name]} for one in (answer, wrong))
        both_only = [one["of both"] == one["counts"]["left out"] for one in (answer, wrong)]
        filled = [[one["rows"][side] > 0 for side in ("train", "test")] for one in (answer, wrong)]
        return mine == theirs and both_only[0] == both_only[1] and filled[0] == filled[1]

    def evidence(self, answer, reference):
        said = {
            "both sides": "patients have rows in train and in test",
            "not known yet": "training rows have an outcome that was not known on the day of the cut",
            "asked before the cut": "test rows were asked about before the cut",
            "left out": "rows are out although they could be on a side, and nothing forbids it",
        }
        told = [f"{answer['counts'][name]:,} {said[name]}" for name in COUNTS if answer["counts"][name]]
        return f"You have {answer['rows']['train']:,} rows in train, {answer['rows']['test']:,} in test. {'; '.join(told)}."


def no_violation(hospital, truth):
    return {"counts": dict.fromkeys(COUNTS, 0), "of both": 0, "rows": {"train": 1, "test": 1, "out": 1}}


def sides(stays, train, test):
    made = np.select([np.asarray(test), np.asarray(train)], ["test", "train"], "out")
    return pd.Series(made, stays.encounter_id)


def dealt_by_row(stays, cut):
    test = np.random.default_rng(0).random(len(stays)) < 0.3
    return sides(stays, ~test, test)


def dealt_by_patient(stays, cut):
    names = stays.person_id.unique()
    test = stays.person_id.isin(np.random.default_rng(0).permutation(names)[: len(names) // 3])
    return sides(stays, ~test, test)


def by_asking(stays, cut):
    return sides(stays, stays.asked_at < cut, stays.asked_at >= cut)


def by_clock_only(stays, cut):
    return sides(stays, stays.known_at <= cut, stays.asked_at >= cut)


def apart_but_early(stays, cut):
    test = stays.asked_at >= cut
    return sides(stays, ~test & ~stays.person_id.isin(stays.person_id[test]), test)


def both_thrown_out(stays, cut):
    train, test = stays.known_at <= cut, stays.asked_at >= cut
    shared = stays.person_id.isin(set(stays.person_id[train]) & set(stays.person_id[test]))
    return sides(stays, train & ~shared, test & ~shared)


def test_waits(stays, cut):
    """Judges only stays that are asked about after the last training outcome of a later day; a gap on the wrong side."""
    train, test = stays.known_at <= cut, stays.asked_at >= cut + pd.Timedelta(days=150)
    return sides(stays, train & ~stays.person_id.isin(stays.person_id[test]), test)


key(
    "W04.Q5",
    reference=no_violation,
    same=Split(),
    right=(
        "Nobody stands on both sides, nothing was learnt before it was known, and no event is wasted. `records.splits` of the "
        "package does this from week 5 on."
    ),
    look_at="rows of one patient around the cut: `asked_at`, `known_at`, and the side that you give them",
    misconceptions=[
        misconception(
            "dealt_by_row",
            answer=dealt_by_row,
            says="Neither patients nor dates are kept apart: a row falls on either side as it comes.",
            so_what="Patients stand on both sides, and next year's stays teach about this year's. What you measure is how well the model "
            "knows people that it has met, in a year that it has seen.",
            look_at="the second argument of your function",
            teaches="M10",
        ),
        misconception(
            "dealt_by_patient",
            answer=dealt_by_patient,
            says="Patients are apart, and dates are not: rows teach that were not known by the cut, rows judge that came before it.",
            so_what="Part of the training lies after the day on which the model is trained. A change of codes or of wards in between "
            "is on both sides, and stays invisible until the model is live.",
            look_at="the second argument of your function",
            teaches="M10",
        ),
        misconception(
            "by_asking",
            answer=by_asking,
            says="You cut by date alone, and let rows teach that were not known by then.",
            so_what="A stay of last week teaches, though nobody knows yet what comes of it; and who was here before the cut and "
            "after it stands on both sides.",
            look_at="`known_at` of your last training rows, and patients with several stays",
            teaches="M10",
        ),
        misconception(
            "by_clock_only",
            answer=by_clock_only,
            says="The dates are right, and patients stand on both sides.",
            so_what="Those with many stays are the readmitted: the model has met just the people on whom it is judged, and who comes "
            "for the first time is judged too kindly.",
            look_at="`person_id` in train and in test",
            teaches="M10",
        ),
        misconception(
            "apart_but_early",
            answer=apart_but_early,
            says="Patients are apart, and outcomes teach that were not known by the cut.",
            so_what="On the day of the cut the last five months were still open. You train on what only the future told you, and live "
            "the model will have five months less.",
            look_at="`known_at` of your last training rows",
            teaches="M12",
        ),
        misconception(
            "both_thrown_out",
            answer=both_thrown_out,
            says="Whoever has stays on both sides is thrown out of both.",
            so_what="It is enough to keep them on one. These are the people who come back: without them train and test are "
            "healthier than the hospital, and the model is judged on those who need it least.",
            look_at="how many events each side has lost",
            teaches="M10",
        ),
    ],
)


# W04.Q6 ---------------------------------------------------------------------------------------------------------------
def on_later_rows(hospital, truth):
    bench = given(4).bench(hospital)
    (half, all_rows), better = (
        (bench.area(share)["later"] for share in (0.5, 1.0)),
        bench.area(1.0, better=True)["later"],
    )
    return steps(all_rows - half, better - all_rows)


def steps(more, better, word=None):
    chosen = word or ("more data" if more > better else "better features")
    return {"more data": more, "better features": better, "next": {"next": chosen}}


def stepping(more, better):
    """A function of the bench from two functions of its areas."""

    def more_or_better(bench):
        made = steps(more(bench), better(bench))
        return made | {"next": made["next"]["next"]}

    return more_or_better


def area(share, better=False, part="later"):
    return lambda bench: bench.area(share, better)[part]


def minus(one, other):
    return lambda bench: one(bench) - other(bench)


def which_is_next(answer, hospital):
    """Where the word does not follow from the learner's own numbers; else the comparison's own evidence."""
    word, larger = answer["next"].get("next"), max(("more data", "better features"), key=answer.get)
    if word not in ("more data", "better features"):
        return f'`next` says "{word}"; it is one of "more data" and "better features".'
    if word != larger:
        return f"By your own numbers `{larger}` brings more, and `next` says the other."
    return None


MORE, BETTER = minus(area(1.0), area(0.5)), minus(area(1.0, True), area(1.0))


key(
    "W04.Q6",
    reference=on_later_rows,
    same=parts({"more data": number(atol=0.0006), "better features": number(atol=0.0006), "next": labels(at_least=1)}),
    evidence=which_is_next,
    right=(
        "Two columns against a doubling of the patients, both on later stays. A learning curve that is nearly flat says that more of the "
        "same will not help; which columns would is a question for the people who know the patients."
    ),
    look_at="which of the numbers of `bench.area` somebody meets after go-live, and what changes between the two that you subtract",
    misconceptions=[
        misconception(
            "on_rows_learnt",
            answer=stepping(
                minus(area(1.0, part="learnt"), area(0.5, part="learnt")),
                minus(area(1.0, True, "learnt"), area(1.0, part="learnt")),
            ),
            says="You compare AUROCs on the rows that were learnt.",
            so_what="There fewer rows look better, since they are learnt more easily by heart. By that measure the best hospital is one "
            "with a single patient.",
            look_at='`"later"` of `bench.area`',
            teaches="M10",
        ),
        misconception(
            "two_things_at_once",
            answer=stepping(MORE, minus(area(1.0, True), area(0.5))),
            says="For the better features you changed two things: columns and patients.",
            so_what="The step holds the new columns *and* the doubling, so the columns take credit for both. One change at a time, or "
            "nobody knows what was paid for.",
            look_at="the two areas that you subtract: what differs between them?",
            teaches="M11",
        ),
        misconception(
            "gap_as_gain",
            answer=stepping(lambda bench: bench.area(1.0)["learnt"] - bench.area(1.0)["later"], BETTER),
            says="You take the gap between rows learnt and later rows for what more data would bring.",
            so_what="More rows close the gap from both ends: the AUROC on the rows learnt falls while the other rises. Part of it no "
            "data closes. Whoever promises the whole gap will ask for money twice.",
            look_at="how both of its ends move from half of the patients to all",
            teaches="M09",
        ),
        misconception(
            "levels_not_steps",
            answer=stepping(area(1.0), area(1.0, True)),
            says="You give the AUROC with more data and with better features, not what each adds.",
            so_what="Both levels are about 0.7 and say nothing about what the money buys. What is bought is the step from what you have "
            "today.",
            look_at="what you subtract from each of the two",
            teaches="M11",
        ),
    ],
)
