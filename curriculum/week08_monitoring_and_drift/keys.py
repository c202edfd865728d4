"""Week 8: what is right, what is known to be wrong, and what a colleague would say. Never shown before an answer."""

import functools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from wardround.course.compare import Comparison
from wardround.course.compare_words import named
from wardround.course.given import given
from wardround.course.keys import key, misconception, outcome
from wardround.evaluation import (
    auroc,
    auroc_value,
    bootstrap,
    expected_auroc,
    observed_over_expected,
)


# W08.P1 ---------------------------------------------------------------------------------------------------------------
def quiet_weeks_with_an_alarm(hospital, truth):
    """Of 100 quiet weeks those in which at least one of forty tests says p < .05."""
    tables = given(8).quiet_quarters(hospital)
    return 100 * float(np.mean([(table.groupby("week").p.min() < 0.05).mean() for table in tables]))


outcome("W08.P1", quiet_weeks_with_an_alarm)


# W08.P2 ---------------------------------------------------------------------------------------------------------------
def on_record(hospital):
    rows = given(8).year(hospital)
    return rows[rows.home & settled(rows)]


def area_on_record(hospital, truth):
    """AUROC on the outcomes on record of those whom the programme may call."""
    rows = on_record(hospital)
    return auroc_value(rows.back, rows.score)


def against_the_known_risk(hospital, truth, found):
    area, ratio = known_performance(hospital)
    rows = on_record(hospital)
    return (
        f"By the known risk without a call the same stays give {area:.2f}. Returns over promised: {rows.back.sum() / rows.score.sum():.2f} on "
        f"record, {ratio:.2f} by the known risk."
    )


outcome("W08.P2", area_on_record, remark=against_the_known_risk, after="W08.Q3")


# W08.P3 ---------------------------------------------------------------------------------------------------------------
def psi_of_scores(hospital, truth):
    """PSI of the score, 2025 against 2024, in the year in which home visits end."""
    rows = given(8).versions(hospital)["home visits end"]
    return psi_by_hand(rows.score[rows.week < 0], rows.score[rows.week >= 0])


def psi_by_hand(before, now):
    cuts = np.quantile(before, np.arange(0.1, 1, 0.1))
    a, b = (
        np.maximum(np.bincount(np.searchsorted(cuts, x, side="right"), minlength=10) / len(x), 1e-4)
        for x in (before, now)
    )
    return float(((b - a) * np.log(b / a)).sum())


def as_in_a_quiet_year(hospital, truth, found):
    rows = given(8).versions(hospital)["quiet"]
    still = psi_by_hand(rows.score[rows.week < 0], rows.score[rows.week >= 0])
    return f"In the year in which nothing happened it is {still:.3f}, too: the same patients came. On a scale from 0 to 1 a guess of .1 looks near; it is some {0.1 / found:.0f} times as much."


outcome("W08.P3", psi_of_scores, remark=as_in_a_quiet_year)


# W08.Q1 ---------------------------------------------------------------------------------------------------------------
def as_the_house_wants(hospital, truth):
    return {"most": given(8).MOST, "seen": given(8).SEEN, "of": given(8).SHIFTED}


@dataclass(frozen=True)
class Quiet(Comparison):
    """False alarms above what the house can bear, shifts that were not seen, and weeks that looked ahead."""

    needed: float = 1.0

    def unreadable(self, answer, reference):
        return None if type(answer) is dict and "weeks" in answer else f"{named(answer)} is there"

    def distance(self, answer, reference):
        loud = max(0.0, answer["high"] - reference["most"]) / 0.05
        return loud + max(0, reference["seen"] - answer["seen"]) + answer["peeked"]

    def matches(self, answer, wrong):
        return answer["weeks"] == wrong["weeks"]

    def evidence(self, answer, reference):
        return f"It alarms {answer['false']:.2f} times in a quiet quarter, and sees {answer['seen']} of {reference['of']} shifts."


def quiet_how(answer, hospital):
    """Both rates with the limit that is missed."""
    week = given(8)
    told = (
        f"In {week.QUIET} quiet quarters it alarms {answer['false']:.2f} times a quarter ({answer['low']:.2f} to {answer['high']:.2f}; "
        f"{52 * answer['false'] / 13:.1f} a year), and within {week.WITHIN} weeks it sees {answer['seen']} of {week.SHIFTED} shifts."
    )
    if answer["peeked"]:
        return f"{told} With the first seven weeks alone it says other things about them: a rule may not know the weeks to come."
    if answer["high"] > week.MOST:
        told += f" The house bears {week.MOST} a quarter, and the upper end must be at most that: {answer['high']:.3f} is not."
    return told if answer["seen"] >= week.SEEN else f"{told} {week.SEEN} shifts are asked."


def any_below(level):
    return lambda signals: signals.groupby("week").p.min() < level


def any_psi(limit):
    return lambda signals: signals.groupby("week").psi.max() > limit


def never(signals):
    return signals.groupby("week").p.min() < 0


def two_of_anything(signals):
    any_input = any_below(0.05)(signals)
    return any_input & any_input.shift(1, fill_value=False)


def votes(many):
    return lambda signals: (signals.p < 0.05).groupby(signals.week).sum() >= many


def by_the_quarter(signals):
    """The smallest p of the whole quarter decides, and every week is told."""
    bad = (signals.p < 0.05 / len(signals)).any()
    return signals.groupby("week").p.min().lt(2) & bad


PRICE = "how many tests there are in a quarter, and how many of them fall below your level when nothing happens"
RINGS = "which weeks of the quiet quarters ring, and by which input (by `psi`, is it the one with the fewest values?)"

key(
    "W08.Q1",
    reference=as_the_house_wants,
    same=Quiet(),
    evidence=quiet_how,
    right=lambda answer, hospital: (
        f"{quiet_how(answer, hospital)} Two roads lead here: a level that is shared among all tests of a quarter, or the same input in two weeks "
        "running. Neither says whether a shift matters: that is asked of outcomes."
    ),
    look_at=RINGS,
    misconceptions=[
        misconception(
            "each_at_five",
            answer=any_below(0.05),
            says="You alarm when any of forty tests has p < .05.",
            so_what="Forty tests a week without any drift: two of them fall below .05 by chance. Whoever is on call learns within a month to close the "
            "alarm unread, also the one in which a unit has changed.",
            look_at=PRICE,
            teaches="M24",
            evidence=quiet_how,
        ),
        misconception(
            "each_at_one",
            answer=any_below(0.01),
            says="You alarm when any of forty tests has p < .01.",
            so_what="It looks five times stricter, and a quarter has 520 tests: about five of them fall below by chance. Every third week somebody looks "
            "for a drift that is not there.",
            look_at=PRICE,
            teaches="M24",
            evidence=quiet_how,
        ),
        misconception(
            "one_in_a_thousand",
            answer=any_below(0.001),
            says="You alarm at p < .001, whatever the number of tests.",
            so_what="It sounds like certainty. Among 2,080 tests a year two are expected below it with nothing wrong. It is nearly right here, by luck of forty "
            "inputs; with four hundred it would be as loud as .05.",
            look_at=PRICE,
            teaches="M25",
            evidence=quiet_how,
        ),
        misconception(
            "within_the_week",
            answer=any_below(0.05 / 40),
            says="You share .05 among the forty tests of a week, and forget that there are thirteen weeks.",
            so_what="One week in twenty is wrong, so every second quarter has a false alarm. The correction is right, and the family of tests is too small: "
            "the rule runs every week.",
            look_at=PRICE,
            teaches="M24",
            evidence=quiet_how,
        ),
        misconception(
            "psi_tenth",
            answer=any_psi(0.1),
            says="You alarm at a PSI above .1, a limit made for thousands of rows.",
            so_what="With a hundred discharges a week, ten bins give about .1 without any drift. It alarms every week, so it says nothing in any.",
            look_at="the mean `psi` of `age` in a quiet quarter, beside nine times (1/n of the week + 1/n of the year)",
            teaches="M24",
            evidence=quiet_how,
        ),
        misconception(
            "psi_fifth",
            answer=any_psi(0.2),
            says="You alarm at a PSI above .2.",
            so_what="Twice the level of chance for one input, and forty inputs try. PSI has no p-value: its limit has to grow with what few rows do by "
            "themselves.",
            look_at="the largest `psi` of each quiet week",
            teaches="M24",
            evidence=quiet_how,
        ),
        misconception(
            "never",
            answer=never,
            says="Your rule never alarms.",
            so_what="Not one false alarm, and not one true one. A sodium that is read three too low reaches every list until somebody on the ward "
            "wonders.",
            look_at="`given(8).shifted_quarters(hospital)`: the smallest p from week 5 on",
            teaches="M25",
            evidence=quiet_how,
        ),
        misconception(
            "two_weeks_of_anything",
            answer=two_of_anything,
            says="You wait for two weeks running, of whichever input.",
            so_what="One week in which something is below .05 is the rule, so two running are it as well. Persistence helps when the *same* input "
            "stays away.",
            look_at="which input was below .05 in the first of the two weeks, and which in the second",
            teaches="M24",
            evidence=quiet_how,
        ),
        misconception(
            "votes",
            answer=votes(6),
            says="You count how many inputs are below .05, and alarm at six or more.",
            so_what="One laboratory value that is off for everybody is one vote of forty. The rule is quiet, and it is blind to the very fault that "
            "happens most.",
            look_at="a shifted quarter: how many inputs are below .05 in week 6?",
            teaches="M25",
            evidence=quiet_how,
        ),
        misconception(
            "whole_quarter",
            answer=by_the_quarter,
            says="Your weeks know what the later ones bring.",
            so_what="Looked at in March, the drift of February is plain. In February, whoever had to decide had the weeks until then.",
            look_at="what your rule says of week 3 when it gets the first seven weeks alone",
            evidence=quiet_how,
        ),
    ],
)


# W08.Q2 ---------------------------------------------------------------------------------------------------------------
SHOWS = {
    "unit at one site": ["creatinine_eastbank"],
    "code renamed": ["no_sodium"],
    "new analyser": ["haemoglobin"],
    "season": ["discharges_year_before", "discharges"],
    "home visits end": ["oe_hold_out", "oe"],
    "the model helps": ["oe_hold_out"],
    "labels not there yet": ["known"],
    "threshold typo": ["flagged"],
    "chance": ["nothing"],
}
ALARMED = {name: signals[0] for name, signals in SHOWS.items()}  # the signal on which the alarm went off
ALARMED |= {"unit at one site": "score", "the model helps": "oe", "labels not there yet": "oe", "chance": "haemoglobin"}
ASK = {
    "unit at one site": "the score moved: did everything move that it is made of, at both sites?",
    "code renamed": "a test that cannot be computed lacks values: of which input, and since when?",
    "new analyser": "one input stays away from where it was: do score, flagged or returns follow?",
    "season": "compare with the same weeks of the year before, not with January",
    "home visits end": "more come back, also of those whom no call can have touched: did any input move?",
    "the model helps": "fewer come back than promised: do those without a call by chance come back less as well?",
    "labels not there yet": "how many of the outcomes of the last months are settled?",
    "threshold typo": "far more are flagged: did the scores rise?",
    "chance": "what does the signal do in the weeks after the alarm?",
}
COSTS_OF = {  # what follows from taking a panel for something
    "the model has worn out": "You would retrain for weeks for what is no fault of the weights, and whatever is behind this goes on",
    "chance": "You would close the alarm, and it goes on until somebody on the ward wonders",
    "season": "You would wait for autumn",
    "new analyser": "You would log a device and do nothing, and the harm goes on",
    "home visits end": "You would look for a change in the town, and recalibrate for it",
    "the model helps": "You would report a success that nobody has had",
    "labels not there yet": "You would wait for the payers, and by spring it is still so",
    "unit at one site": "You would call a laboratory that does what it always did",
    "code renamed": "You would look for a mapping that is in order",
    "threshold typo": "You would roll back a release that is as it was meant",
}


RETRAINED_FOR_THE_LEVEL = "The level is off, that is right: weeks of retraining for what a move of the level mends in an hour, and nobody has asked what ended"
NO_DEVICE = "You would write a new device into the log where there is none, and whoever reads it next believes it"
WRONG_LISTS = ("unit at one site", "code renamed", "threshold typo", "home visits end")


def costs_of(said, cause):
    """What follows from taking a cause for another."""
    if (said, cause) == ("the model has worn out", "home visits end"):
        return RETRAINED_FOR_THE_LEVEL
    return NO_DEVICE if said == "new analyser" and cause not in WRONG_LISTS else COSTS_OF[said]


def by_the_draw(hospital, truth):
    return {letter: [cause, SHOWS[cause]] for letter, cause in given(8).causes_of(hospital).items()}


@dataclass(frozen=True)
class Panels(Comparison):
    """A cause and a signal for each panel: a point for each that is missing or other."""

    needed: float = 1.0

    def unreadable(self, answer, reference):
        if type(answer) is not dict:
            return f"{named(answer)} is there where a dictionary should be"
        return answer.get("problem")

    def off(self, answer, reference):
        missing = [(letter, "missing") for letter in reference if letter not in answer]
        causes = [(one, "cause") for one in reference if one in answer and answer[one][0] != reference[one][0]]
        signals = [
            (one, "signal")
            for one in reference
            if one in answer and answer[one][0] == reference[one][0] and answer[one][1] not in reference[one][1]
        ]
        return causes + signals + missing

    def distance(self, answer, reference):
        return float(len(self.off(answer, reference)))

    def matches(self, answer, wrong):
        by_signal = all(said[1] == ALARMED.get(said[0]) for said in wrong.values())
        causes = {one: said[0] for one, said in answer.items()} == {one: said[0] for one, said in wrong.items()}
        return causes and (answer == wrong or not by_signal)

    def evidence(self, answer, reference):
        return f"{len(reference) - len(self.off(answer, reference))} of {len(reference)} panels are right."


def panels_how(answer, hospital):
    """How many are right, and one panel that is not: what follows from taking it so, and where to look."""
    reference = by_the_draw(hospital, None)
    off = Panels().off(answer, reference)
    right = f"{len(reference) - len(off)} of {len(reference)} panels are right."
    if not off:
        return right
    letter, what = off[0]
    cause = reference[letter][0]
    if what == "missing":
        return f"{right} Go on with {letter}: {ASK[cause]}"
    if what == "signal" and cause == "chance":
        return f"{right} In {letter} the cause is right; where nothing is behind it, the signal is `nothing`."
    if what == "signal":
        return f"{right} In {letter} the cause is right, and `{answer[letter][1]}` does not show it: other causes would look the same there."
    return f"{right} {letter} is not *{answer[letter][0]}*. {costs_of(answer[letter][0], cause)}. Ask: {ASK[cause]}"


def diagnosing(cause_of, signal_of=lambda cause: SHOWS[cause][0]):
    """A diagnosis by a rule from the true cause to the one that is said."""
    return lambda hospital: {
        letter: (cause_of(cause), signal_of(cause)) for letter, cause in given(8).causes_of(hospital).items()
    }


OUTCOMES = ("the model helps", "labels not there yet", "home visits end")


def decay(cause):
    return "the model has worn out" if cause in OUTCOMES else cause


def success(cause):
    return "home visits end" if cause == "the model helps" else cause


def pessimist(cause):
    return {"chance": "unit at one site", "new analyser": "unit at one site", "season": "the model has worn out"}.get(
        cause, cause
    )


def optimist(cause):
    return cause if cause in OUTCOMES else "chance"


key(
    "W08.Q2",
    reference=by_the_draw,
    same=Panels(),
    evidence=panels_how,
    right=(
        "Six alarms, six causes, and the alarm was the smallest part of each. Inputs show what happens to data, the hold-out what happens to "
        "patients, the column *known* what nobody knows yet. Retraining would have been wrong in all six."
    ),
    look_at="one panel: which signals stay where they were? They rule out more causes than the one that moved",
    misconceptions=[
        misconception(
            "worn_out",
            answer=diagnosing(decay),
            says="Wherever returns leave what was promised, you say that the model has worn out.",
            so_what="Retrained on this year, it learns that the patients it helped are safe, or that what nobody knows yet did not happen. The next list leaves "
            "out the very people whom calls kept at home.",
            look_at="`oe_hold_out` with its interval, and `known`, in those panels",
            teaches="M26",
            evidence=panels_how,
        ),
        misconception(
            "help_unseen",
            answer=diagnosing(success),
            says="You take the success of the calls for a change in the town.",
            so_what="Recalibrated to it, the model promises less and fewer are called: the programme is cut because it works.",
            look_at="those who drew a ticket: do they come back less as well?",
            teaches="M26",
            evidence=panels_how,
        ),
        misconception(
            "always_a_fault",
            answer=diagnosing(pessimist),
            says="You find a fault behind every alarm.",
            so_what="Somebody searches a laboratory for a day because a device was renewed, or because forty tests ran. After the fifth search nobody comes.",
            look_at="what follows the alarm: does score, flagged or the hold-out move?",
            teaches="M24",
            evidence=panels_how,
        ),
        misconception(
            "all_chance",
            answer=diagnosing(optimist, lambda cause: SHOWS[cause][0] if cause in OUTCOMES else "nothing"),
            says="You take every alarm on an input for chance.",
            so_what="In Q1's quiet weeks every one was. A creatinine ninety times too high at one site is not, and each list since has been wrong for the patients there.",
            look_at="the weeks after the alarm: chance goes back, a fault stays",
            teaches="M25",
            evidence=panels_how,
        ),
        misconception(
            "alarm_for_cause",
            answer=diagnosing(lambda cause: cause, ALARMED.get),
            says="Your causes are right; as signals you name those on which the alarms went off.",
            so_what="Returns below what was promised look the same when the calls help and when the payers have not told. A plan names the signal that "
            "tells them apart, for somebody who does not know the answer.",
            look_at="for each cause: which signal would look otherwise under the second likely one?",
            teaches="M24",
            evidence=panels_how,
        ),
    ],
)


# W08.Q3 ---------------------------------------------------------------------------------------------------------------
def settled(rows, after=None):
    return rows.discharged_at + (after or given(8).FOLLOW_UP) <= given(8).AS_OF


def ratio_of(back, score):
    return back.sum() / score.sum()


def judged_on(choose, *, whose="patient", bounds=None):
    """Performance on chosen rows, as a function of the year; ``bounds`` makes the intervals otherwise."""

    def performance(year):
        rows = year[choose(year)]
        made = {"n": len(rows), "events": int(rows.back.sum())}
        for name, statistic in (("oe", ratio_of), ("auroc", auroc_value)):
            found = (
                bounds(name, rows) if bounds else bootstrap(statistic, rows[whose], rows.back, rows.score, draws=400)
            )
            made |= {
                name: float(statistic(rows.back, rows.score)),
                f"{name}_low": found.low,
                f"{name}_high": found.high,
            }
        return made

    return performance


def by_counting_people(hospital, truth):
    """The tickets among those going home, settled; patients drawn with numpy alone, and the area by pairs of stays."""
    found = {}
    for name, rows in {"here": given(8).year(hospital), "invented": given(8).invented_year(given(8).AS_OF)}.items():
        rows = rows[rows.held_out & rows.home & settled(rows)]
        back, score, person = rows.back.to_numpy(), rows.score.to_numpy(), rows.patient.to_numpy()
        places = [np.flatnonzero(person == one) for one in np.unique(person)]
        dice, drawn = np.random.default_rng(8), []
        for _ in range(600):
            some = np.concatenate([places[n] for n in dice.integers(len(places), size=len(places))])
            drawn.append((back[some].sum() / score[some].sum(), pairs_won(back[some], score[some])))
        (oe_low, area_low), (oe_high, area_high) = np.nanquantile(np.array(drawn), [0.025, 0.975], axis=0)
        found[name] = {
            **{"n": float(len(rows)), "events": float(back.sum()), "oe": back.sum() / score.sum()},
            **{"oe_low": oe_low, "oe_high": oe_high, "auroc": pairs_won(back, score)},
            **{"auroc_low": area_low, "auroc_high": area_high},
        }
    return {name: {part: float(value) for part, value in one.items()} for name, one in found.items()}


def pairs_won(back, score):
    """Of all pairs of a stay that came back and one that did not, the share in which the first has the higher score."""
    less = score[back][:, None] - score[~back][None, :]
    return float(((less > 0) + 0.5 * (less == 0)).mean()) if less.size else np.nan


@dataclass(frozen=True)
class Performance(Comparison):
    """Eight numbers for each of two years; counts exactly, values to 0.002, bounds to a third of the interval's half."""

    needed: float = 2.0

    def unreadable(self, answer, reference):
        if type(answer) is not dict or "here" not in answer:
            return f"{named(answer)} is there where a dictionary should be"
        for name, one in answer.items():
            for part, value in one.items():
                if value != value:
                    where = {"here": "your year", "invented": "the invented year"}[name]
                    return (
                        f"`{part}` is not a number on {where}, perhaps because no return is left among your rows there"
                    )
        return None

    def off(self, answer, reference):
        found = []
        for name in reference:
            mine, right = answer[name], reference[name]
            found += [(name, part) for part in ("n", "events") if mine[part] != right[part]]
            for part in ("oe", "auroc"):
                half = (right[f"{part}_high"] - right[f"{part}_low"]) / 2
                found += [(name, part)] if abs(mine[part] - right[part]) > 0.002 else []
                found += [
                    (name, f"{part}_{end}")
                    for end in ("low", "high")
                    if abs(mine[f"{part}_{end}"] - right[f"{part}_{end}"]) > half / 3
                ]
        return found

    def distance(self, answer, reference):
        return float(len(self.off(answer, reference)))

    def matches(self, answer, wrong):
        return not self.off(answer, wrong)

    def evidence(self, answer, reference):
        return f"{len(self.off(answer, reference))} of 16 numbers are off."


def performed_how(answer, hospital):
    """Whom the learner judges, then what is off."""
    year = given(8).year(hospital)
    right, mine = by_counting_people(hospital, None), answer["here"]
    off = Performance().off(answer, right)
    told = (
        f"You judge {mine['n']:,.0f} stays of {len(year):,}, {mine['events']:.0f} with a return: O/E {mine['oe']:.2f} ({mine['oe_low']:.2f} to "
        f"{mine['oe_high']:.2f}), AUROC {mine['auroc']:.2f}."
    )
    if any(part in ("n", "events") for _, part in off):
        return f"{told} {other_stays(mine, right['here'], untouched(year))}"
    names = ", ".join(dict.fromkeys(f"`{part}`" for _, part in off))
    parts = {part for _, part in off}
    ask = " O/E is returns over the sum of scores." if "oe" in parts else ""
    ask = ask if parts & {"oe", "auroc"} else " Is it 95%, and are people drawn?"
    return f"{told} Stays and returns are right; {names} {'is' if len(off) == 1 else 'are'} not, {'on the invented year' if all(name == 'invented' for name, _ in off) else 'on your year'}.{ask}"


def other_stays(mine, right, untouched):
    """What is said of counts that are not those of the reference: nearly right, weighed, or other stays."""
    more, returns = mine["n"] - right["n"], mine["events"] - right["events"]
    if 0 < more < 0.03 * right["n"] and 0 <= returns <= more:
        return f"Nearly: {more:.0f} stays too many. Whose 150 days were not over on 19 January? A week or a day is too coarse: compare moments."
    if (mine["n"], mine["events"]) == (len(untouched), untouched.back.sum()):
        return (
            "If you weigh tickets above the line for those they stand for, that is sound, and narrower. Asked is one group, each stay once, as that "
            "needs no assumption about where the line was."
        )
    return f"These are not the stays that can tell: {'there are too many' if more > 0 else 'some are missing, or wrong ones are among them'}."


def untouched(year):
    """Settled stays of those who go home without a call: tickets, and everybody below the line."""
    return year[year.home & ~year.called & settled(year)]


@functools.cache
def known_performance(hospital):
    """AUROC and O/E of the score by the known risk without a call, in those who may be called."""
    year, risk = given(8).year(hospital), given(8).known_risk(hospital)
    home = year[year.home]
    risk = risk.p0.reindex(home.stay).to_numpy()
    return expected_auroc(risk, home.score), float(risk.sum() / home.score.sum())


def success_and_decay(answer, hospital):
    area, ratio = known_performance(hospital)
    rows, mine = on_record(hospital), answer["here"]
    missed = (rows.score[rows.held_out] >= given(8).THRESHOLD).sum()
    inside = mine["oe_low"] <= ratio <= mine["oe_high"] and mine["auroc_low"] <= area <= mine["auroc_high"]
    return (
        f"Hold-out: O/E {mine['oe']:.2f} ({mine['oe_low']:.2f} to {mine['oe_high']:.2f}), AUROC {mine['auroc']:.2f}. Known risk of all who may be "
        f"called: {ratio:.2f} and {area:.2f}, {'inside' if inside else 'not both inside'} your intervals. On record: {rows.back.sum() / rows.score.sum():.2f} and "
        f"{auroc_value(rows.back, rows.score):.2f}: help that looks like decay. Its price: {missed} of these {mine['n']:.0f} stays would have had a call."
    )


def rows_apart(name, rows):
    return observed_over_expected(rows.back, rows.score) if name == "oe" else auroc(rows.back, rows.score)


def counts_like(*choices):
    """Other choices of rows that make the same mistake: known by their counts."""

    def also(answer, hospital):
        year = given(8).year(hospital)
        return any(
            (answer["here"]["n"], answer["here"]["events"]) == (rows.shape[0], rows.back.sum())
            for rows in (year[choose(year)] for choose in choices)
        )

    return also


def tickets(year):
    return year.held_out & year.home


WHO = "who goes home, whatever the score; in whom of these no call changed anything, by lot; and whose 150 days are over on `AS_OF`"

key(
    "W08.Q3",
    reference=by_counting_people,
    same=Performance(),
    evidence=performed_how,
    right=success_and_decay,
    look_at=WHO,
    misconceptions=[
        misconception(
            "all_stays",
            answer=judged_on(settled),
            also=counts_like(lambda year: year.score > -1),
            says="You judge the model on everybody, and take what is on record for what would have been.",
            so_what="Those with the highest risk were called, visited, and stayed at home. The better the programme works, the worse its model looks, and "
            "somebody will retrain it on the patients it helped.",
            look_at=WHO,
            teaches="M26",
            evidence=performed_how,
        ),
        misconception(
            "all_who_may_be_called",
            answer=judged_on(lambda year: year.home & settled(year)),
            also=counts_like(lambda year: year.home),
            says="You judge the model on all who go home, called or not.",
            so_what="They are the right patients under the wrong condition: a third of them had a visit. What you measure is model and programme "
            "together, and the two pull in opposite directions.",
            look_at=WHO,
            teaches="M26",
            evidence=performed_how,
        ),
        misconception(
            "not_called",
            answer=judged_on(lambda year: year.stay.isin(untouched(year).stay)),
            also=counts_like(
                lambda year: ~year.called & settled(year),
                lambda year: year.home & ~year.called,
                lambda year: ~year.called,
            ),
            says="You judge the model on those who got no call.",
            so_what="The model itself chose them: their scores are low, all alike. An AUROC among them says how it sorts those about whom nobody worries, and the high "
            "scores, for which it is used, are hardly there.",
            look_at="the highest `score` among those without a call and without a ticket",
            teaches="M26",
            evidence=performed_how,
        ),
        misconception(
            "called",
            answer=judged_on(lambda year: year.called & settled(year)),
            also=counts_like(lambda year: year.called),
            says="You judge the model on those who were called.",
            so_what="Each of them had the visit that was meant to prove the score wrong. A low O/E here is the programme's success, and says nothing of the "
            "model.",
            look_at=WHO,
            teaches="M26",
            evidence=performed_how,
        ),
        misconception(
            "never_callable",
            answer=judged_on(lambda year: year.held_out & settled(year)),
            also=counts_like(lambda year: year.held_out),
            says="You count every ticket, also those of patients who could never have been called.",
            so_what="Who goes to a nursing home draws a ticket as well, and no score could put them on the list. They are other patients, iller ones, and "
            "their outcomes stand in for those whom the programme is about.",
            look_at="`home` among the tickets",
            teaches="M26",
            evidence=performed_how,
        ),
        misconception(
            "above_the_line",
            answer=judged_on(lambda year: tickets(year) & settled(year) & (year.score >= given(8).THRESHOLD)),
            also=counts_like(lambda year: tickets(year) & (year.score >= given(8).THRESHOLD)),
            says="You judge only tickets at or above the line.",
            so_what="They are untouched, and the score has chosen them: among high scores alone, all alike, AUROC falls for any model, and somebody retrains a good "
            "one. Take every ticket of those who go home.",
            look_at="the lowest and highest `score` that you judge, beside those of all who go home",
            teaches="M26",
            evidence=performed_how,
        ),
        misconception(
            "not_known_yet",
            answer=judged_on(tickets),
            says="You count the discharges of the last months, whose returns are not all known.",
            so_what="A payer tells of a stay elsewhere up to 120 days later. Until then the patient counts as well, so the model seems to promise too many, "
            "every month anew.",
            look_at="`AS_OF`, `FOLLOW_UP`, and the last `discharged_at` that you count",
            teaches="M26",
            evidence=performed_how,
        ),
        misconception(
            "known_early",
            answer=judged_on(lambda year: tickets(year) & (year.back | settled(year))),
            says="You take a return as soon as it is told, and no return only after 150 days.",
            so_what="The newest months then hold only those who came back. The model seems to promise a third too little, and somebody raises every risk.",
            look_at="of the stays after 22 August that you count, how many have no return?",
            teaches="M26",
            evidence=performed_how,
        ),
        misconception(
            "claims_alone",
            answer=judged_on(lambda year: tickets(year) & settled(year, pd.Timedelta(days=120))),
            says="You wait 120 days from discharge.",
            so_what="A return on day 28 may be told 120 days after *that*. In the youngest month some who came back still count as well.",
            look_at="`FOLLOW_UP`, and the two things that it is made of",
            teaches="M26",
            evidence=performed_how,
        ),
        misconception(
            "thirty_days",
            answer=judged_on(lambda year: tickets(year) & settled(year, pd.Timedelta(days=30))),
            says="You wait thirty days, and not for the claims.",
            so_what="One return in five happens in another hospital, and is heard of when the payer tells. After thirty days you know of those who came back to "
            "you.",
            look_at="`FOLLOW_UP`, and the two things that it is made of",
            teaches="M26",
            evidence=performed_how,
        ),
        misconception(
            "rows_not_people",
            answer=judged_on(lambda year: tickets(year) & settled(year), bounds=rows_apart),
            also=lambda answer, hospital: not Performance().off(answer, judged_twice(hospital)),
            says="Your intervals take stays for people.",
            so_what="On your year it hardly matters: few draw two tickets. On the invented one a patient has many, alike in outcome, and your interval promises "
            "half the doubt there is. Then a chance difference gets a meeting.",
            look_at="how many patients stand behind the tickets of the invented year; `bootstrap` draws people",
            teaches="M37",
            evidence=performed_how,
        ),
    ],
)


def judged_twice(hospital):
    """Rows drawn instead of people."""
    return given(8).performed(judged_on(lambda year: tickets(year) & settled(year), whose="stay"), hospital)


# W08.Q4 ---------------------------------------------------------------------------------------------------------------
def by_the_bank(hospital, truth):
    return {str(number): [action, owners] for number, (action, owners, _) in given(8).decisions_of(hospital).items()}


@dataclass(frozen=True)
class Decided(Panels):
    """An action and an owner for each situation: a point for each that is missing or other."""

    def matches(self, answer, wrong):
        return {one: said[0] for one, said in answer.items()} == {one: said[0] for one, said in wrong.items()} and (
            len({said[0] for said in wrong.values()}) < 4 or answer == wrong
        )

    def evidence(self, answer, reference):
        return f"{len(reference) - len(self.off(answer, reference))} of {len(reference)} are right."


OWNS = {
    "retrain": "new weights are a new system, and bind the whole house",
    "recalibrate": "other risks are something new, and need the owner and a second name",
    "roll back": "backwards one may go alone, and it cannot wait for a meeting",
    "mend the feed": "who runs the interface can mend it, and nobody else",
    "leave": "that nothing is done is signed by whoever answers for what the alarm is about, the model or the work of the wards",
}


def decided_how(answer, hospital):
    """How many are right, and one that is not, with what it costs."""
    known = given(8).decisions_of(hospital)
    off = Decided().off(answer, by_the_bank(hospital, None))
    told = f"{5 - len(off)} of 5 are right."
    if not off:
        return told
    number, what = off[0]
    action, _, costs = known[int(number)]
    if what == "missing":
        return f"{told} Situation {number} has no answer yet."
    if what == "signal":
        return f"{told} In {number} the action is right. {answer[number][1].capitalize()} does not decide it: {OWNS[action]}."
    return f"{told} {number}, *{answer[number][0]}*: {costs[answer[number][0]]}"


def deciding(action_of, owner_of=None):
    """Decisions by a rule from the right action to the one that is taken; the owner is a right one where there is one."""
    return lambda hospital: {
        number: (action_of(action), owner_of(action) if owner_of else owners[0])
        for number, (action, owners, _) in given(8).decisions_of(hospital).items()
    }


def pausing(action):
    return "roll back" if action != "leave" else "leave"


def freshness(action):
    return "retrain" if action in ("recalibrate", "leave", "retrain") else action


key(
    "W08.Q4",
    reference=by_the_bank,
    same=Decided(),
    evidence=decided_how,
    right=(
        "Five mornings, one bell. First the feed, then the release, then outcomes; and the owner is part of the answer, because at three in the "
        "morning one person alone may do only two of the five: go back, or nothing."
    ),
    look_at="what moved (data, release, outcomes), and what did not",
    misconceptions=[
        misconception(
            "retrain_all",
            answer=deciding(lambda action: "retrain"),
            says="You retrain, whatever the alarm.",
            so_what="A unit, a typo, a missing payer and a success are learnt as if they were patients. Each time it takes weeks, needs a release, and hides the "
            "fault instead of finding it.",
            look_at="the situations in which no weight is wrong",
            teaches="M24",
            evidence=decided_how,
        ),
        misconception(
            "fresh_is_safe",
            answer=deciding(freshness),
            says="You mend and roll back where it is plain, and retrain wherever outcomes are in question.",
            so_what="Recent rows are treated, incomplete or too few. In our hospital that costs little when calls do little and much when they do much; "
            "either way the risk of a release is paid for nothing.",
            look_at="AUROC of the hold-out before and after, in each of them",
            teaches="M27",
            evidence=decided_how,
        ),
        misconception(
            "back_at_any_alarm",
            answer=deciding(pausing),
            says="You roll back at every alarm that you cannot explain away.",
            so_what="The old release reads the same feed and knows the same town. You lose what the new one mended, and the fault stays, now without an alarm.",
            look_at="in which of them was there a release?",
            teaches="M24",
            evidence=decided_how,
        ),
        misconception(
            "leave_all",
            answer=deciding(lambda action: "leave"),
            says="You leave everything as it is.",
            so_what="One of the five may be left, and you have it. The other four go on each morning, on other people.",
            look_at="in which of them would somebody be harmed tomorrow?",
            teaches="M25",
            evidence=decided_how,
        ),
        misconception(
            "recalibrate_all",
            answer=deciding(lambda action: "recalibrate"),
            says="You recalibrate, whatever the alarm.",
            so_what="It makes the means fit again, which was the alarm. A wrong unit, a wrong limit and a success stay beneath it, and nothing shows them any "
            "more.",
            look_at="in which of them is the order of patients right and the level wrong?",
            teaches="M26",
            evidence=decided_how,
        ),
        misconception(
            "one_owner",
            answer=deciding(
                lambda action: action,
                lambda action: "clinical lead" if action in ("roll back", "mend the feed") else "feed owner",
            ),
            says="Your actions are right, and nobody you name can take them.",
            so_what="A rollback that waits for the clinical lead is served all night. A plan in which the wrong person is asked is a plan in which nothing happens.",
            look_at="`given(8).OWNERS`",
            teaches="M24",
            evidence=decided_how,
        ),
    ],
)


# W08.Q5 ---------------------------------------------------------------------------------------------------------------
def psi_as(
    before,
    now,
    *,
    cuts_of=None,
    missing=True,
    floor=True,
    log=np.log,
    terms=lambda b, n, log: (n - b) * log(n / b),
    shares=True,
):
    """PSI, each part of which may be made otherwise."""
    known = before.dropna().to_numpy()
    cuts = cuts_of(before, now) if cuts_of else np.unique(np.quantile(known, np.arange(1, 10) / 10))
    counts = []
    for column in (before, now):
        values = column.dropna().to_numpy()
        count = np.bincount(np.searchsorted(cuts, values), minlength=len(cuts) + 1).astype(float)
        count = np.append(count, column.isna().sum()) if missing else count
        counts.append(count / max(count.sum(), 1) if shares else count)
    b, n = counts
    if floor:
        b, n = np.maximum(b, given(8).FLOOR), np.maximum(n, given(8).FLOOR)
    else:
        both = (b > 0) & (n > 0)
        b, n = b[both], n[both]
    return float(terms(b, n, log).sum())


def by_intervals(hospital, truth):
    """The same by pandas' own intervals, counted by name."""
    found = {}
    for name, (before, now) in given(8).pairs(hospital).items():
        cuts = sorted({float(before.quantile(tenth / 10)) for tenth in range(1, 10)})
        shares = []
        for column in (before, now):
            bins = pd.cut(column, [-np.inf, *cuts, np.inf])
            counts = [*bins.value_counts(sort=False).tolist(), int(column.isna().sum())]
            shares.append([max(count / len(column), given(8).FLOOR) for count in counts])
        found[name] = float(sum((n - b) * np.log(n / b) for b, n in zip(*shares, strict=True)))
    return found


@dataclass(frozen=True)
class ByName(Comparison):
    """A number for each name, to one part in a thousand."""

    needed: float = 1.0

    def unreadable(self, answer, reference):
        return None if type(answer) is dict else f"{named(answer)} is there"

    def off(self, answer, reference):
        return [
            name for name in reference if not abs(answer[name] - reference[name]) <= 1e-3 * abs(reference[name]) + 1e-9
        ]

    def distance(self, answer, reference):
        return float(len(self.off(answer, reference)))

    def matches(self, answer, wrong):
        same = [
            name
            for name in wrong
            if answer[name] == wrong[name] or abs(answer[name] - wrong[name]) <= 1e-3 * abs(wrong[name]) + 1e-9
        ]
        return len(same) == len(wrong)

    def evidence(self, answer, reference):
        off = self.off(answer, reference)
        return (
            f"{len(off)} of {len(reference)} pairs are off, the first: *{off[0]}*, where yours is {answer[off[0]]:.4g}."
        )


def psi_off(answer, hospital):
    right = by_intervals(hospital, None)
    off = ByName().off(answer, right)
    good = [name for name in right if name not in off and not name.startswith("still")]
    return f"{ByName().evidence(answer, right)}{' Right: ' + '; '.join(good) + '.' if good else ''}" if off else ""


def without_drift(answer, hospital):
    still = [value for name, value in answer.items() if name.startswith("still")]
    return (
        f"All right. The trap: {len(still)} pairs came from one and the same year, 100 rows against 5,000, and their PSI is {np.mean(still):.3f} on average, "
        f"above .1 in {sum(value > 0.1 for value in still)} of them. Without any drift about 9 (1/100 + 1/5,000) = .092 is to be expected: a limit has to know n."
    )


key(
    "W08.Q5",
    reference=by_intervals,
    same=ByName(),
    evidence=psi_off,
    right=without_drift,
    look_at="the shares of both columns, bin by bin, for the pair that is named",
    misconceptions=[
        misconception(
            "bins_from_both",
            answer=functools.partial(
                psi_as,
                cuts_of=lambda before, now: np.unique(np.nanquantile(pd.concat([before, now]), np.arange(1, 10) / 10)),
            ),
            says="Your bins are made of both columns.",
            so_what="Next week they lie elsewhere, and this week's PSI cannot be compared with it. What has moved far draws the bins along and looks nearer.",
            look_at="which of the two columns stays the same from week to week",
            teaches="M24",
            evidence=psi_off,
        ),
        misconception(
            "equal_width",
            answer=functools.partial(
                psi_as, cuts_of=lambda before, now: np.linspace(before.min(), before.max(), 11)[1:-1]
            ),
            says="Your bins are of equal width.",
            so_what="One creatinine of 12 stretches them, nine of ten patients share a bin, and a shift within it cannot be seen.",
            look_at="how many rows of the reference lie in each bin",
            teaches="M25",
            evidence=psi_off,
        ),
        misconception(
            "missing_dropped",
            answer=functools.partial(psi_as, missing=False),
            says="You drop what is missing.",
            so_what="A code is renamed, no sodium arrives any more, and the PSI of what is left is that of nothing. That a value is absent is the shift.",
            look_at="the pair of which nothing is left",
            teaches="M14",
            evidence=psi_off,
        ),
        misconception(
            "empty_dropped",
            answer=functools.partial(psi_as, floor=False),
            says="You leave out bins that are empty on one side.",
            so_what="An empty bin is the strongest sign there is, and it counts as none. All values in another unit, and the PSI falls.",
            look_at="the pair with a unit",
            teaches="M25",
            evidence=psi_off,
        ),
        misconception(
            "one_direction",
            answer=functools.partial(psi_as, terms=lambda b, n, log: n * log(n / b)),
            says="You add the current share times the logarithm: that is the divergence in one direction.",
            so_what="It is about half as large, and whoever holds it against limits made for PSI never hears an alarm.",
            look_at="the formula: the *difference* of shares, times the logarithm of their ratio",
            evidence=psi_off,
        ),
        misconception(
            "base_ten",
            answer=functools.partial(psi_as, log=np.log10),
            says="Your logarithm is to the base of ten.",
            so_what="Everything is 2.3 times too small against every limit that has ever been written down.",
            look_at="`np.log` and `np.log10`",
            evidence=psi_off,
        ),
    ],
)


# W08.Q6 ---------------------------------------------------------------------------------------------------------------
def on_time(hospital, truth):
    return {"most": given(8).MOST_FALSE}


@dataclass(frozen=True)
class Monitored(Comparison):
    """Years in which the monitor did not do what it should; some false alarms are forgiven."""

    needed: float = 1.0

    def unreadable(self, answer, reference):
        return None if type(answer) is dict and "told" in answer else f"{named(answer)} is there"

    def counts(self, answer):
        return {
            what: sum(one[1] == what for one in answer["told"]) for what in ("seen", "missed", "other", "false", "calm")
        }

    def distance(self, answer, reference):
        found = self.counts(answer)
        return float(found["missed"] + found["other"] + max(0, found["false"] - reference["most"]))

    def matches(self, answer, wrong):
        return answer["alarms"] == wrong["alarms"]

    def evidence(self, answer, reference):
        found = self.counts(answer)
        return f"Of {len(answer['told'])} years: {found['seen']} faults named in time, {found['missed']} not, {found['other']} by another signal, {found['false']} false alarms, {found['calm']} left calm."


def monitored_how(answer, hospital):
    told = Monitored().evidence(answer, None)
    first = next((cause for cause, what in answer["told"] if what in ("missed", "other")), None)
    false = next((cause for cause, what in answer["told"] if what == "false"), None)
    if any(alarm and alarm[1] == "oe_hold_out" for alarm in answer["alarms"]) and (first or false):
        told += " In one town some 200 tickets of half a year bring 20 returns: chance alone moves `oe_hold_out` by half; `oe` has ten times as many."
    if first:
        instead = next(
            (
                alarm[1]
                for alarm, one in zip(answer["alarms"], answer["told"], strict=True)
                if tuple(one) == (first, "other")
            ),
            None,
        )
        return f"{told} One that it does not name in time: *{first}*{f', where it rang for `{instead}`' if instead else ''}."
    return f"{told} One false alarm is forgiven; the first was in a year of *{false}*." if false else told


def moved(so_far, *names, by):
    """The first of some signals whose mean of two weeks is further from its first ten weeks than ``by`` of their spread."""
    for name in names:
        start, now = so_far[name].iloc[:10], so_far[name].iloc[-2:].mean()
        if abs(now - start.mean()) > by * start.std():
            return name
    return None


INPUT_SIGNALS = (
    "creatinine_eastbank",
    "creatinine_quillmere",
    "haemoglobin",
    "no_sodium",
    "score",
    "flagged",
    "discharges",
)


def three_spreads(so_far):
    return moved(so_far, *INPUT_SIGNALS, by=3)


def silent(so_far):
    return None


def outcomes_only(so_far):
    return "oe" if so_far.oe.iloc[-1] > 1.3 else None


def inputs_only(so_far):
    row = so_far.iloc[-1]
    if row.creatinine_eastbank > 3 or row.creatinine_quillmere > 3:
        return "creatinine_eastbank" if row.creatinine_eastbank > 3 else "creatinine_quillmere"
    if row.no_sodium > 60:
        return "no_sodium"
    return "flagged" if row.flagged > 75 else None


def haemoglobin_too(so_far):
    if so_far.haemoglobin.iloc[-2:].mean() > so_far.haemoglobin.iloc[:10].mean() + 0.2:
        return "haemoglobin"
    return inputs_only(so_far) or outcomes_only(so_far)


key(
    "W08.Q6",
    reference=on_time,
    same=Monitored(),
    evidence=monitored_how,
    right=lambda answer, hospital: (
        f"{monitored_how(answer, hospital)} Faults of data and release: {answer['weeks']['fast']:.0f} weeks from the fault to the alarm; the one that only outcomes "
        f"show: {answer['weeks']['slow']:.0f} weeks. {answer['weeks']['slow'] / 4.35:.0f} months of blindness are part of this monitor of outcomes: write them into the plan."
    ),
    look_at="`given(8).ON_TIME`, and `given(8).rehearsal(hospital)` from week 26 on",
    misconceptions=[
        misconception(
            "three_spreads",
            answer=three_spreads,
            says="You alarm when any signal leaves three of its own standard deviations.",
            so_what="Ten weeks know little of their spread, and with seven signals something always leaves it. A season and a new device get the same bell as a unit.",
            look_at="the quiet year of the rehearsal",
            teaches="M24",
            evidence=monitored_how,
        ),
        misconception(
            "silent",
            answer=silent,
            says="Your monitor never speaks.",
            so_what="It keeps its restraint on the decoy, and on everything else.",
            look_at="any year of the rehearsal with a fault",
            teaches="M25",
            evidence=monitored_how,
        ),
        misconception(
            "outcomes_only",
            answer=outcomes_only,
            says="You watch outcomes only.",
            so_what="They are what matters, and they come five months late. Until then a wrong unit ranks patients every morning.",
            look_at="the weeks between the unit and your alarm",
            teaches="M25",
            evidence=monitored_how,
        ),
        misconception(
            "inputs_only",
            answer=inputs_only,
            says="You watch inputs and calls only.",
            so_what="When a service outside ends, no input moves. Two thirds more patients come back, and the dashboard is green.",
            look_at="`oe` in the year in which home visits end",
            teaches="M25",
            evidence=monitored_how,
        ),
        misconception(
            "haemoglobin_too",
            answer=haemoglobin_too,
            says="You alarm when haemoglobin is higher, too.",
            so_what="The new analyser takes two of 100 off the list and changes no order. Somebody is woken for what can wait until Monday, and next time for nothing.",
            look_at="`score`, `flagged` and `oe` in the year of the new analyser",
            teaches="M24",
            evidence=monitored_how,
        ),
    ],
)
