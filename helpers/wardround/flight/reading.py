"""What a year says, in words: a sentence on top, and for each axis a short reading in the voice of a fair colleague."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .counterfactual import COUNTS, Scores, Swap, worst
from .number import Number
from .visible import Met
from .words import AXES

if TYPE_CHECKING:
    from .result import Spell

BESIDE = ("nothing", "reference", "ceiling")  # with what a plan is compared, always on the same seed
NAMES = {"nothing": "doing nothing", "reference": "the reference plan", "ceiling": "the ceiling"}
CALLED = {  # names that do not read as words by themselves
    "ward_averted": "deteriorations averted (expected)",
    "list_averted": "readmissions averted beyond usual care (expected)",
    "list_averted_in_all": "readmissions averted in all (expected)",
    "ward_averted_share": "deteriorations averted, as a share",
    "ward_averted_realised": "deteriorations averted (counted)",
    "list_averted_realised": "readmissions averted by the list (counted)",
    "ward_wrong_data": "scores of the ward on wrong data",
    "list_wrong_data": "scores of the list on wrong data",
    "list_off": "discharges while the list was off",
    "needed_without_score": "windows that needed a score and had none",
    "alerts_a_responder": "alerts a responder",
    "gap": "gap in sensitivity between skin tones",
    "worst_sensitivity": "sensitivity in the group that is found less",
    "recorded_gap": "gap by recorded race",
    "list_gap": "gap of the list by need of an interpreter",
    "weeks_above": "weeks with the gap above its limit",
    "silent_patient_weeks": "patient-weeks with an incident that nobody had noticed",
    "unseen": "incidents unseen",
    "hours": "hours of staff",
    "told_in_time": "incidents of which somebody was told in time",
    "false_stop_weeks": "weeks of false stop",
}
LINES = {  # the first number of each axis with its unit and denominator, to stand after its value
    "ward_averted": "deteriorations averted (expected), in {of}",
    "visits_for_nothing": "visits for nothing in {of}",
    "alerts_a_responder": "alerts for each of {of}",
    "worst_sensitivity": "of {of} flagged, in the group where fewest are",
    "silent_patient_weeks": "patient-weeks with an incident that nobody had noticed, over {of}",
    "told_in_time": "of 100 incidents were told to somebody in time (there were {of})",
    "hours": "hours of staff in {of}",
}
COUNTED = {  # unit and denominator of numbers for which "in" is not the word between them
    "ward_averted_share": "{unit} of {of}",
    "list_averted_in_all": "{unit}, by {of}",
    "alerts_a_responder": "{unit} for each of {of}",
    "worst_sensitivity": "of {of}",
    "response_trend": "{unit}, {of}",
    "recorded_gap": "{unit}, over {of}",
    "silent_patient_weeks": "{unit} over {of}",
    **dict.fromkeys(("days_to_detect", "days_to_contain", "days_to_restore"), "{unit}, mean of {of}"),
    **dict.fromkeys(("gap", "list_gap", "overconfidence"), "{unit}, from {of}"),
    **dict.fromkeys(("told_in_time", "decisions_named", "log_complete"), "{unit}, from {of}"),
}
HINTS = {
    "benefit": "Expected events are known here because we made the patients; a ward would have only the counts.",
    "harm": "A visit for nothing is the price of being early; a decision on wrong data is the price of not looking.",
    "burden": "What nurses carry decides whether the next alert is answered.",
    "equity": "Compared at the same number of flags for every plan: whoever pages more would look fairer otherwise. "
    "Patients with dark skin stand for whom an older oximeter misleads.",
    "resilience": "Weeks in which scores looked well and were not are the ones to shorten first.",
    "governance": "A name and a time for each decision are what an auditor, and you in a year, will ask for.",
    "cost": "Hours bought something, or they did not; read them beside the axes above, never against them.",
    "forecast": "Being wrong beforehand is how a year teaches; being unsure in the right measure can be learnt.",
}


@dataclass(frozen=True)
class Reading:
    """An axis with its numbers and its paragraph."""

    axis: str
    title: str
    rows: tuple[tuple[Number, tuple[str, ...], str], ...]
    says: str


def shown(value: float) -> str:
    """Return a number to read; a dash where nothing was measured."""
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2
    if value == round(value):
        digits = 0
    text = f"{value:,.{digits}f}"
    return text.replace("-", "−") if float(text.replace(",", "")) else "0"


def readings(own: Scores, others: Mapping[str, Scores], swaps: Sequence[Swap]) -> list[Reading]:
    """Return the eight axes."""
    return [_reading(axis, own, others, swaps) for axis in AXES]


def _reading(axis: str, own: Scores, others: Mapping[str, Scores], swaps: Sequence[Swap]) -> Reading:
    there = {name: {one.name: one.value for one in found[axis]} for name, found in others.items()}
    rows = tuple(
        (
            one,
            (shown(one.value), *(shown(there[name].get(one.name, math.nan)) for name in BESIDE)),
            against(one, there["reference"].get(one.name, math.nan)),
        )
        for one in own[axis]
    )
    if axis == "forecast":
        return Reading(axis, AXES[axis], rows, f"{_forecast(own)} {HINTS[axis]}")
    first, values = own[axis][0], {name: there[name].get(own[axis][0].name, math.nan) for name in BESIDE}
    said = [_beside(first, values), _where(worst(swaps, axis, own), first), HINTS[axis]]
    return Reading(axis, AXES[axis], rows, " ".join(part for part in said if part))


def against(one: Number, other: float) -> str:
    """Return whether a number is better than another plan's, worse or the same."""
    if not (math.isfinite(one.value) and math.isfinite(other)):
        return ""
    gap = (one.value - other) * (1 if one.better == "up" else -1)
    least = min(COUNTS.get(one.name, math.inf), max(0.02 * abs(other), 1e-9))
    return "same" if abs(gap) < least else "better" if gap > 0 else "worse"


def _beside(one: Number, values: Mapping[str, float]) -> str:
    if not math.isfinite(one.value):
        return f"There was nothing to measure of {spoken(one)}."
    beside = ", ".join(f"{NAMES[name]} {shown(values[name])}" for name in BESIDE if math.isfinite(values[name]))
    return f"{spoken(one)[:1].upper()}{spoken(one)[1:]}: {shown(one.value)} {counted(one)}; beside it {beside}."


def _where(found: tuple[str, Number, float] | None, one: Number) -> str:
    if found is None:
        return "No single section of the reference plan would have made this number better by much: keep yours."
    section, _, gain = found
    return (
        f"The reference's section {section} in place of yours would have made it better by {shown(gain)}: "
        "that is where a next version of the plan gains most here."
    )


def _forecast(own: Scores) -> str:
    hit, over = own["forecast"]
    if not math.isfinite(hit.value):
        return "No forecast was recorded, so this year could not surprise you. Write one before the next flight."
    size = shown(abs(over.value))
    leaning = (
        f"you were surer than right, by {size} points of 100"
        if over.value > 0
        else f"your ranges were wider than needed, by {size} points of 100"
    )
    return f"{shown(hit.value)} of 5 ranges held; {leaning}. Five ranges say little about how sure you may be."


def spoken(one: Number) -> str:
    """Return a number's name as words."""
    return CALLED.get(one.name, one.name.replace("_", " "))


def counted(one: Number) -> str:
    """Return a number's unit and denominator as one phrase that names neither twice."""
    if one.name in COUNTED:
        return COUNTED[one.name].format(unit=one.unit, of=one.of)
    return f"of {one.of}" if one.unit in one.of.split() else f"{one.unit} in {one.of}"


def line(one: Number) -> str:
    """Return what stands after a number's value so that both read as one phrase."""
    return LINES[one.name].format(of=one.of) if one.name in LINES else f"{spoken(one)}: {counted(one)}"


def many(incidents: Sequence[Spell]) -> str:
    """Return how many incidents and decoys a year had; to be told only after its flight."""
    decoys = sum(one.decoy for one in incidents)
    said = _plural(len(incidents) - decoys, "incident")
    return f"{said} and {_plural(decoys, 'decoy')}" if decoys else said


def found_of(found: int) -> str:
    """Return how many incidents the monitors found while they lasted."""
    return f"your monitors found {found or 'none'} before {'it was' if found < 2 else 'they were'} over"


def _plural(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def headline(own: Scores, others: Mapping[str, Scores], incidents: Sequence[Met]) -> str:
    """Return what happened, in two sentences."""
    first = own["benefit"][0]
    nothing, reference, ceiling = (others[name]["benefit"][0].value for name in BESIDE)
    real = [one for one in incidents if not one.spell.decoy]
    found = sum(one.alarm is not None and one.alarm < one.over for one in real)
    idle = next(one.value for one in own["resilience"] if one.name == "changes_for_nothing")
    stop = next(one.value for one in own["resilience"] if one.name == "false_stop_weeks")
    told = f"There were {many([one.spell for one in incidents])}; of the incidents {found_of(found)}"
    more = sum(one.heard is not None and one.heard < one.over and not one.alarm for one in real)
    told += f"; {more} more {'was' if more == 1 else 'were'} answered without a look for the cause" if more else ""
    rest = f"; the team changed something {shown(idle)} times for nothing" if idle else "; nothing was changed in vain"
    off = f", and a service was off for {shown(stop)} weeks without need" if stop >= 0.5 else ""
    return (
        f"Your early warning averted {shown(first.value)} expected deteriorations; the plan nothing (the reference's "
        f"threshold and staff, and nobody looks) averts {shown(nothing)}, the reference plan {shown(reference)}, a "
        f"score that knew every risk {shown(ceiling)}. {told}{rest}{off}."
    )
