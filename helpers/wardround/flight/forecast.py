"""What its author expects of a year, written before it is flown, and what came of it.

A forecast is a range and a confidence. It is recorded with the plan's digest and the time, once: a flight of the same
plan and hospital is read against what was written before the first one. The interval score pays for narrow ranges and
charges for misses by how far they missed; a lower score is better.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .plan import FORECAST_AXES, Forecast, Plan, Range

if TYPE_CHECKING:
    from .number import Number

FILE = "forecasts.json"
USUAL = 0.8  # confidence of a range where its author gives none
SURPRISE = 0.1  # chance of so few (or so many) hits below which we speak of over- or under-confidence


@dataclass(frozen=True)
class Question:
    """What is asked of an axis.

    Attributes
    ----------
    number : str
        Its name in ``scores``.
    asks : str
        The number, as a noun phrase with its unit.
    least, most : float
        Between these it must lie.
    hint : str
        What to think of before answering.
    """

    number: str
    asks: str
    least: float
    most: float
    hint: str


QUESTIONS: dict[str, Question] = {  # each of the first number of its axis in ``scores``
    "benefit": Question(
        "ward_averted",
        "deteriorations on the wards that do not happen, in the year (expected number)",
        -500,
        1000,
        "Of about 5,200 stays, more where an incident brings patients, 70 of 1,000 would get worse if nobody came; a "
        "visit helps for two days.",
    ),
    "harm": Question(
        "visits_for_nothing",
        "visits for nothing, of 1,000 stays",
        0,
        20000,
        "A nurse came, and the patient would not have got worse within a day.",
    ),
    "burden": Question(
        "alerts_a_responder",
        "alerts for each answer that a shift can give",
        0,
        100,
        "At 1 they are as many as can be answered, if they come evenly; they do not.",
    ),
    "equity": Question(
        "worst_sensitivity",
        "of 1,000 windows before a deterioration, those found in the group that is found less",
        0,
        1000,
        "The groups are patients with dark skin and the others. Counted as if the highest 100 of 1,000 scores were "
        "flagged, whatever your threshold; a window (eight hours of a patient) without a score counts as missed.",
    ),
    "resilience": Question(
        "silent_patient_weeks",
        "patient-weeks in which scores were shown while an incident was on that nobody had noticed",
        0,
        20000,
        "Six to eight incidents come, and about 60 beds are occupied. Which of them does your plan see, how soon?",
    ),
}


@dataclass(frozen=True)
class Recorded:
    """A forecast as it was written down.

    Attributes
    ----------
    forecast : Forecast or None
        None where the year was flown without one; that stays so.
    at : str
        When, in UTC.
    digest, seed : str, int
        Of the plan, and of the hospital.
    """

    forecast: Forecast | None
    at: str
    digest: str
    seed: int


@dataclass(frozen=True)
class Scored:
    """One range against what came."""

    axis: str
    low: float
    high: float
    confidence: float
    achieved: float

    @property
    def hit(self) -> bool:
        """Whether it lies in the range, ends included."""
        return self.low <= self.achieved <= self.high

    @property
    def side(self) -> str:
        """``within``, or on which side of the range what came lies: ``below`` or ``above``."""
        return "within" if self.hit else "below" if self.achieved < self.low else "above"

    @property
    def score(self) -> float:
        """The interval score: the width, and for a miss ``2 / (1 - confidence)`` times its distance."""
        if not math.isfinite(self.achieved):
            return math.inf
        missed = max(self.low - self.achieved, self.achieved - self.high, 0.0)
        return self.high - self.low + 2 / (1 - self.confidence) * missed

    def to_dict(self) -> dict[str, Any]:
        """Return it for a file."""
        return {**asdict(self), "hit": self.hit, "side": self.side, "interval_score": self.score}


# recording ----------------------------------------------------------------------------------------------------------


def recorded(folder: Path, plan: Plan, seed: int) -> Recorded | None:
    """Return what was written before the first flight of this plan in this hospital, or None.

    Raises
    ------
    ValueError
        The file of forecasts cannot be read.
    """
    for entry in _entries(folder / FILE):
        if (entry["digest"], entry["seed"]) == (plan.digest, seed):
            given = entry["forecast"]
            return Recorded(Forecast.model_validate(given) if given else None, entry["at"], plan.digest, seed)
    return None


def lock(folder: Path, plan: Plan, seed: int, forecast: Forecast | None) -> Recorded:
    """Write a forecast down, once: what is there already is returned unchanged."""
    if (found := recorded(folder, plan, seed)) is not None:
        return found
    folder.mkdir(parents=True, exist_ok=True)
    at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    entry = {"plan": plan.name, "digest": plan.digest, "seed": seed, "at": at}
    entry["forecast"] = forecast.model_dump(mode="json") if forecast else None
    path = folder / FILE
    text = json.dumps([*_entries(path), entry], indent=1)
    beside = path.with_suffix(".new")
    beside.write_text(text + "\n", encoding="utf-8")
    beside.replace(path)  # whole or not at all
    return Recorded(forecast, at, plan.digest, seed)


def _entries(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return [{**one, "forecast": one["forecast"], "at": str(one["at"])} for one in found if one["digest"]]
    except (ValueError, TypeError, KeyError) as trouble:
        raise ValueError(f"{path}: it is no list of forecasts ({trouble}); put it aside and fly again.") from None


# asking -------------------------------------------------------------------------------------------------------------


def asked(ask: Callable[[str], str], say: Callable[[str], object]) -> Forecast:
    """Ask for the five ranges until each can be used.

    Parameters
    ----------
    ask : callable
        Shows a prompt and returns what was typed.
    say : callable
        Shows a line.
    """
    say("Before the year: five numbers, each as a range in which you expect it with 80 of 100 confidence.")
    say("Write two numbers, like 20 60, and a third, like 20 60 0.9, where you are surer or less sure.")
    ranges = {}
    for axis in FORECAST_AXES:
        question = QUESTIONS[axis]
        say("")
        say(f"{axis}: {question.asks}. {question.hint}")
        while axis not in ranges:
            try:
                ranges[axis] = read_range(ask(f"{axis}: from, to"), question)
            except ValueError as trouble:
                say(f"  {trouble}")
    return Forecast(**ranges)


def read_range(text: str, question: Question) -> Range:
    """Read a range as it is typed: ``20 60``, ``20-60``, ``20 to 60`` or ``20 60 0.9``.

    Raises
    ------
    ValueError
        It is none; the message says what to write.
    """
    words = text.replace(" to ", " ").replace(";", " ").replace(" - ", " ").replace("–", " ").split()
    if len(words) == 1 and "-" in words[0][1:]:
        at = words[0].index("-", 1)
        words = [words[0][:at], words[0][at + 1 :]]
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        raise ValueError(f"{text.strip()!r} is no range; write two numbers with a point, like 20 60.5.") from None
    if len(numbers) not in (2, 3) or not all(map(math.isfinite, numbers)):
        raise ValueError("Write two numbers, like 20 60, or three, like 20 60 0.9.")
    low, high, confidence = [*numbers, USUAL][:3]
    if low > high:
        raise ValueError(f"The first number is the lower one; write {high:g} {low:g}.")
    if not 0.5 <= confidence <= 0.99:
        raise ValueError(f"A confidence lies from 0.5 to 0.99, not at {confidence:g}; leave it out for 0.8.")
    if low < question.least or high > question.most:
        raise ValueError(f"It can only lie from {question.least:g} to {question.most:g}; write a range in there.")
    return Range(low=low, high=high, confidence=confidence)


HOW = (
    "No forecast is recorded, and nobody is here to ask: this flight counts as flown without one. To give it, write "
    "[forecast] into the plan, like benefit = {low = 20, high = 60}, for benefit, harm, burden, equity and resilience, "
    "before the first flight."
)


# scoring ------------------------------------------------------------------------------------------------------------


def achieved(scores: Mapping[str, Sequence[Number]]) -> dict[str, float]:
    """Return the five numbers that are forecast: the first of each axis, where there was something to measure."""
    first = {axis: scores[axis][0].value for axis in FORECAST_AXES}
    return {axis: value for axis, value in first.items() if math.isfinite(value)}


def scored(forecast: Forecast, achieved: Mapping[str, float]) -> tuple[Scored, ...]:
    """Return each range against what came; axes for which nothing came are left out."""
    given = {axis: getattr(forecast, axis) for axis in FORECAST_AXES if axis in achieved}
    return tuple(Scored(axis, one.low, one.high, one.confidence, float(achieved[axis])) for axis, one in given.items())


def confidence(scores: Sequence[Scored]) -> str:
    """Say in a sentence whether the confidence was right, as far as so many ranges can show it.

    The chance of so few (so many) hits is counted as if the ranges had held with the stated confidences, one apart from
    the other.
    """
    if not scores:
        return "No forecast, so nothing was learnt about how sure you may be."
    hits, expected = sum(one.hit for one in scores), sum(one.confidence for one in scores)
    chance = hit_chances([one.confidence for one in scores])
    few, many = sum(chance[: hits + 1]), sum(chance[hits:])
    said = f"{hits} of {len(scores)} ranges held; {expected:.1f} were to be expected of the stated confidence"
    if few < SURPRISE:
        return f"{said}. So few come by chance in {_often(few)}: the ranges were too narrow (over-confident)."
    if many < SURPRISE:
        return f"{said}. So many come by chance in {_often(many)}: the ranges were too wide (under-confident)."
    return f"{said}. So few ranges do not show whether you are too sure; more flights will."


def hit_chances(confidences: Sequence[float]) -> list[float]:
    """Return the chance of 0, 1, … hits of ranges that hold with these probabilities, one apart from the other."""
    chance = [1.0]
    for p in confidences:
        missed, held = [*(c * (1 - p) for c in chance), 0.0], [0.0, *(c * p for c in chance)]
        chance = [a + b for a, b in zip(missed, held, strict=True)]
    return chance


def _often(chance: float) -> str:
    return f"{1000 * chance:.0f} of 1,000 cases"
