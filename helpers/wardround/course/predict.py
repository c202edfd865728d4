"""``predict`` before the run, ``reveal`` after it, and how well the two agree over the weeks.

A guess is locked at the first call: what is compared later is what was believed before. It is kept in
``work/.wardround/predictions.json`` together with the outcome it met, so that scoring needs no hospital.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Real
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from wardround.course.box import quiet_in_box
from wardround.course.places import week_of
from wardround.course.render import Block
from wardround.course.store import NotSaved, Record, Store, now

RANGE = 0.8  # what a range is asked to hold: eight times of ten
SURE = 0.9  # a claim stated this firmly, or its opposite, was confident


class Guess(BaseModel):
    """One prediction. All of ``low``, ``high``, ``probability`` are None for an explicit "no guess"."""

    model_config = ConfigDict(extra="allow")

    low: float | None = None
    high: float | None = None
    probability: float | None = None
    predicted_at: str
    after_reveal: bool = False
    outcome: float | bool | None = None
    revealed_at: str | None = None

    @property
    def given(self) -> bool:
        """A guess was made, rather than ``...``."""
        return self.probability is not None or self.low is not None

    @property
    def held(self) -> bool | None:
        """Whether the range holds the outcome, or the claim leant to the right side; None before the reveal."""
        if self.outcome is None or not self.given:
            return None
        if self.probability is not None:
            return self.probability > 0.5 if self.outcome else self.probability < 0.5
        return self.low <= self.outcome <= self.high

    @property
    def counts(self) -> bool:
        """It is scored: a guess, given before its outcome was seen, and since revealed."""
        return self.given and not self.after_reveal and self.outcome is not None


class Predictions(Record):
    """The whole file."""

    predictions: dict[str, Guess] = Field(default_factory=dict)


STORE = Store("predictions", Predictions)


class Forecast(NamedTuple):
    """One scored prediction: what was stated (0.8 for a range) and whether it happened (the range held)."""

    id: str
    stated: float
    happened: bool


class Calibration(NamedTuple):
    """How predictions fared: ranges that held of all ranges, the Brier score of the claims, and each forecast."""

    hits: int
    total: int
    brier: float | None
    forecasts: list[Forecast]


@quiet_in_box
def predict(id: str, low: Any = None, high: Any = None, probability: Any = None) -> Block:
    """Lock a guess before the run: a range that should hold eight times of ten, or a probability.

    ``predict("W01.P1", 400, 900)`` · ``predict("W01.P2", probability=0.7)`` · ``predict("W01.P1")`` asks the question.
    With ``...`` it notes "no guess", and the lesson goes on.
    """
    asked, trouble = _asked(id)
    if asked is None:
        return trouble
    if low is None and high is None and probability is None:
        return Block(f"{id} asks", (("", asked.ask), ("Answer with", _example(asked))), "ask")
    try:
        if any(part is ... for part in (low, high, probability)):
            return _note_no_guess(asked)
        problem = _problem(asked, low, high, probability)
        if problem:
            return Block(f"{id}: nothing is recorded yet", (("", problem), ("For example", _example(asked))), "ask")
        return _lock(asked, _guess(low, high, probability))
    except NotSaved as trouble:
        return Block(f"{id}: the guess could not be kept", (("", str(trouble)),), "ask")


@quiet_in_box
def reveal(id: str) -> Block:
    """Show the outcome beside the guess. Without a guess it asks for one; after ``predict(id, ...)`` it shows it."""
    asked, trouble = _asked(id)
    if asked is None:
        return trouble
    if id not in STORE.read().predictions:
        return Block(
            f"{id}: your guess first",
            (("", asked.ask), ("Answer with", _example(asked)), ("Or pass", f'`predict("{id}", ...)`')),
            "ask",
        )
    from wardround.course.check import remark_on, true_outcome

    outcome = _plain(true_outcome(id))
    remark = remark_on(id, outcome)
    more = [("What it is made of", remark)] if remark else []
    try:
        guess = _note_outcome(id, outcome)
    except NotSaved as trouble:
        guess = STORE.read().predictions[id].model_copy(update={"outcome": outcome})
        more.append(("Not recorded", str(trouble)))
    return _shown(asked, guess).with_lines(*more)


def calibration(ids: Iterable[str] | None = None) -> Calibration:
    """Score revealed predictions; "no guess" and guesses made after the reveal do not count.

    Parameters
    ----------
    ids
        Which predictions; all when None.

    Returns
    -------
    Calibration
        ``hits`` of ``total`` ranges held. ``brier`` is the mean of (stated - happened)^2 over the claims (Brier, Mon
        Weather Rev 1950), None without claims.
    """
    wanted = None if ids is None else set(ids)
    scored = {
        name: guess
        for name, guess in sorted(STORE.read().predictions.items())
        if guess.counts and (wanted is None or name in wanted)
    }
    ranges = [guess.held for guess in scored.values() if guess.probability is None]
    claims = [(guess.probability, bool(guess.outcome)) for guess in scored.values() if guess.probability is not None]
    brier = sum((stated - happened) ** 2 for stated, happened in claims) / len(claims) if claims else None
    forecasts = [
        Forecast(name, RANGE, bool(guess.held))
        if guess.probability is None
        else Forecast(name, guess.probability, bool(guess.outcome))
        for name, guess in scored.items()
    ]
    return Calibration(sum(ranges), len(ranges), brier, forecasts)


def _asked(id: Any) -> tuple[Any, Block | None]:
    """The prediction's declaration, or a block that says why there is none."""
    from wardround.course.questions import predictions

    try:
        known = predictions(week_of(id))
    except (ValueError, FileNotFoundError) as trouble:
        return None, Block("No such prediction", (("", str(trouble)),), "ask")
    if id in known:
        return known[id], None
    there = ", ".join(sorted(known)) or "none"
    return None, Block("No such prediction", (("", f"{id} is not asked in this week; these are: {there}."),), "ask")


def _problem(asked: Any, low: Any, high: Any, probability: Any) -> str | None:
    """One kind sentence on what a guess lacks, or None."""
    if asked.kind == "probability":
        if probability is None or low is not None or high is not None:
            return "This is a claim that is true or false: say how probable you hold it with `probability=`."
        if not _is_number(probability) or not 0 <= probability <= 1:
            return f"A probability is a number from 0 to 1; {_named(probability)} is not."
        return None
    if probability is not None:
        return "This asks for a number: give a low and a high end instead of a probability."
    if low is None or high is None:
        return "A range has two ends: give a low one and a high one."
    for end in (low, high):
        if not _is_number(end):
            return f"Both ends are numbers; {_named(end)} is not."
    if low > high:
        return f"The low end, {low:g}, lies above the high end, {high:g}; swap them if that is what you mean."
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _named(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"a {type(value).__name__}"


def _guess(low: Any, high: Any, probability: Any) -> Guess:
    parts = {"low": low, "high": high, "probability": probability}
    return Guess(**{k: None if v is None else float(v) for k, v in parts.items()}, predicted_at=now())


def _note_no_guess(asked: Any) -> Block:
    with STORE.change() as kept:
        before = kept.predictions.setdefault(asked.id, Guess(predicted_at=now()))
    if before.given:
        return _recorded(asked, before, f"{asked.id}: your guess stays")
    return Block(f"{asked.id}: no guess", (("", "Noted; the lesson goes on. A guess, even a wide one, teaches more."),))


def _lock(asked: Any, guess: Guess) -> Block:
    with STORE.change() as kept:
        before = kept.predictions.get(asked.id)
        if before is None or not before.given:
            if before is not None and before.revealed_at:
                guess = guess.model_copy(
                    update={"after_reveal": True, "outcome": before.outcome, "revealed_at": before.revealed_at}
                )
            kept.predictions[asked.id] = guess
            before = None
    if before is None:
        block = _recorded(asked, guess, f"{asked.id}: locked")
        late = "You had already seen the outcome, so this one is kept but never scored."
        return block.with_lines(("", late)) if guess.after_reveal else block
    if (before.low, before.high, before.probability) == (guess.low, guess.high, guess.probability):
        return _recorded(asked, before, f"{asked.id}: locked")
    block = _recorded(asked, before, f"{asked.id} was locked before: the first guess stays")
    return block.with_lines(
        ("", f"{_said(guess, asked.unit)} is not recorded; a first guess is what we can learn from.")
    )


def _recorded(asked: Any, guess: Guess, heading: str) -> Block:
    then = "Now run the cell that tells." if guess.outcome is None else f'The outcome is known: `reveal("{asked.id}")`.'
    return Block(heading, (("Recorded", f"{_said(guess, asked.unit)}."), ("", then)))


def _note_outcome(id: str, outcome: float | bool) -> Guess:
    """Keep the first outcome met: on another hospital a second look must not change the score."""
    with STORE.change() as kept:
        guess = kept.predictions[id]
        if guess.revealed_at is None:
            guess.outcome, guess.revealed_at = outcome, now()
    return guess.model_copy(update={"outcome": outcome})


def _shown(asked: Any, guess: Guess) -> Block:
    told = _outcome_said(guess.outcome, asked.unit)
    if not guess.given:
        return Block(f"{asked.id}: no guess", (("Outcome", f"{told}."),))
    lines = [("Outcome", f"{told}."), ("Your guess", f"{_said(guess, asked.unit)}.")]
    if guess.probability is not None:
        heading, tone, remark = _claim_verdict(guess)
    else:
        heading, tone, remark = _range_verdict(guess)
    if guess.after_reveal:
        remark = "It was given after the reveal, so it is not scored."
    return Block(f"{asked.id}: {heading}", (*lines, ("", remark)), tone)


def _range_verdict(guess: Guess) -> tuple[str, str, str]:
    if guess.held:
        return "your range held", "right", "Eight ranges of ten should hold; if all of yours do, they may be too wide."
    gap = max(guess.low - guess.outcome, guess.outcome - guess.high)
    times_off = 0 < 3 * guess.outcome < guess.low or guess.outcome > 3 * guess.high > 0  # a share of .002 for .1 to .4
    if gap > guess.high - guess.low or times_off:
        return (
            "well outside your range, and worth a minute",
            "note",
            "You were sure, and surprises of that kind are the ones remembered. Which assumption did it break?",
        )
    return "just outside your range", "note", "Two ranges of ten should miss. What would have made this one wider?"


def _claim_verdict(guess: Guess) -> tuple[str, str, str]:
    if guess.probability == 0.5:
        return "you left it open", "note", "Fifty-fifty is honest when nothing is known. What do you know now?"
    if guess.held:
        return "you leant the right way", "right", "The nearer to certain, the more it counts; week 6 scores them all."
    if guess.probability >= SURE or guess.probability <= 1 - SURE:
        return (
            "a surprise, and worth a minute",
            "note",
            "You were sure, and surprises of that kind are the ones remembered. Which assumption did it break?",
        )
    return "it went the other way", "note", "What would have told you beforehand?"


def _example(asked: Any) -> str:
    return f'`predict("{asked.id}", {"probability=0.7" if asked.kind == "probability" else "low, high"})`'


def _said(guess: Guess, unit: str) -> str:
    if not guess.given:
        return "no guess"
    if guess.probability is not None:
        return f"probability {guess.probability:g}"
    return f"{_number(guess.low)} to {_with_unit(guess.high, unit)}"


def _outcome_said(outcome: float | bool, unit: str) -> str:
    if isinstance(outcome, bool):
        return "it is true" if outcome else "it is not true"
    return _with_unit(outcome, unit)


def _with_unit(value: float, unit: str) -> str:
    return f"{_number(value)}{'' if not unit or unit.startswith('%') else ' '}{unit}"


def _number(value: float) -> str:
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _plain(outcome: Any) -> float | bool:
    """A bool or float, also from NumPy; week files may return either."""
    value = outcome.item() if hasattr(outcome, "item") else outcome
    return value if isinstance(value, bool) else float(value)
