"""How an answer is compared with the right one: distances, and evidence drawn from the learner's own answer.

A distance of at most :attr:`Comparison.allowed` is the same answer. For numbers it is counted in tolerances, for
labels, sets and tables in cases that differ. Evidence never prints the expected value: it names what the answer holds,
where it first differs, and which parts of it are already right.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from wardround.course.compare_frames import Frames
from wardround.course.compare_words import counted, named, shown


class Comparison:
    """Compares two answers of plain data. Subclasses say what "unreadable", "distance" and "evidence" mean for a type.

    Attributes
    ----------
    allowed
        The largest distance at which two answers are the same.
    needed
        The distance that a wrong answer must keep from the right one, so that chance cannot join them.
    """

    allowed: float = 0.0
    needed: float = 8.0

    def unreadable(self, answer: Any, reference: Any) -> str | None:
        """One phrase on a wrong type or shape, or None."""
        raise NotImplementedError

    def distance(self, answer: Any, reference: Any) -> float:
        """How far apart two readable answers are."""
        raise NotImplementedError

    def evidence(self, answer: Any, reference: Any) -> str | None:
        """What the answer itself shows of its mistake, in one or two sentences."""
        raise NotImplementedError

    def same(self, answer: Any, reference: Any) -> bool:
        """Whether two readable answers are the same answer."""
        return self.distance(answer, reference) <= self.allowed

    def matches(self, answer: Any, wrong: Any) -> bool:
        """Whether an answer is this known wrong one; ``wrong`` may hold only the parts that it gets wrong."""
        return self.unreadable(answer, wrong) is None and self.same(answer, wrong)

    def complete(self, wrong: Any, reference: Any) -> Any:
        """A known wrong answer made whole, its silent parts taken from the right one."""
        return wrong


@dataclass(frozen=True)
class Number(Comparison):
    """One number within ``max(atol, rtol * |reference|)``."""

    rtol: float
    atol: float
    needed: float = 3.0
    allowed: float = 1.0

    def unreadable(self, answer: Any, reference: Any) -> str | None:
        if type(answer) in (int, float):
            return None
        if isinstance(answer, (list, set, dict, pd.Series, pd.DataFrame)):
            return (
                f"{named(answer)} with {counted(len(answer), 'entry', 'entries')} is there where one number should be"
            )
        return f"{named(answer)} is there where one number should be"

    def distance(self, answer: float, reference: float) -> float:
        if math.isnan(answer) or math.isnan(reference):
            return 0.0 if math.isnan(answer) and math.isnan(reference) else math.inf
        tolerance = max(self.atol, self.rtol * abs(reference))
        return 0.0 if answer == reference else abs(answer - reference) / tolerance if tolerance else math.inf

    def evidence(self, answer: float, reference: float) -> str:
        if math.isnan(answer):
            return "Your number is NaN: something was divided by zero, or a missing value went in."
        return f"Your {shown(answer)} is {_how_far(answer, reference)}."


def _how_far(answer: float, reference: float) -> str:
    """Direction and rough size, in words that do not give the number away."""
    side = "high" if answer > reference else "low"
    if not reference or answer * reference <= 0:
        return f"too {side}"
    ratio = max(answer / reference, reference / answer)
    for limit, words in ((1.02, "by a hair"), (1.15, "by a little"), (1.6, "by a good part")):
        if ratio <= limit:
            return f"too {side}, {words}"
    return f"too {side}, by {'half again or more' if ratio < 2 else 'a factor of two or more'}"


@dataclass(frozen=True)
class Parts(Comparison):
    """A dictionary with given keys, each compared in its own way. It is as far off as its worst part."""

    each: Mapping[str, Comparison]
    allowed: float = 1.0

    @property
    def needed(self) -> float:
        return min(part.needed for part in self.each.values())

    def unreadable(self, answer: Any, reference: Any) -> str | None:
        if type(answer) is not dict:
            return f"{named(answer)} is there where a dictionary with {_listed(self.each)} should be"
        wanted = [name for name in self.each if name in reference]
        lacking = [name for name in wanted if name not in answer]
        if lacking:
            return f"the dictionary lacks {_listed(lacking)}"
        for name in wanted:
            if answer[name] is ...:
                return f"the part `{name}` is still `...`"
            problem = self.each[name].unreadable(answer[name], reference[name])
            if problem:
                return f"in the part `{name}`, {problem}"
        return None

    def distance(self, answer: dict, reference: dict) -> float:
        return max(self._of(name, answer, reference) for name in self.each if name in reference)

    def evidence(self, answer: dict, reference: dict) -> str:
        right = [name for name in self.each if self._of(name, answer, reference) <= self.allowed]
        told = [
            f"`{name}`: {self.each[name].evidence(answer[name], reference[name])}"
            for name in self.each
            if name not in right
        ]
        kept = f"{_listed(right)} {'is' if len(right) == 1 else 'are'} right." if right else ""
        return " ".join([kept, *told]).strip()

    def matches(self, answer: dict, wrong: dict) -> bool:
        """Part by part: a part may know a wrong answer by less than all of it."""
        judged = [name for name in self.each if name in wrong]
        if type(answer) is not dict or not all(name in answer for name in judged):
            return False
        return all(self.each[name].matches(answer[name], wrong[name]) for name in judged)

    def complete(self, wrong: dict, reference: dict) -> dict:
        judged = [name for name in self.each if name in wrong]
        whole = {name: self.each[name].complete(wrong[name], reference[name]) for name in judged}
        return {**reference, **wrong, **whole}

    def _of(self, name: str, answer: dict, reference: dict) -> float:
        part = self.each[name]
        far = part.distance(answer[name], reference[name])
        return far if part.allowed else far * math.inf if far else 0.0


@dataclass(frozen=True)
class Labels(Comparison):
    """A label for each id: a dictionary, or a Series with the ids as its index."""

    needed: float = 8.0

    def unreadable(self, answer: Any, reference: Any) -> str | None:
        if not isinstance(answer, (dict, pd.Series)):
            return f"{named(answer)} is there where a label for each id should be (a dictionary or a Series)"
        return None if len(answer) else "it is empty"

    def distance(self, answer: Any, reference: Any) -> float:
        return float(len(self._differing(answer, reference)))

    def evidence(self, answer: Any, reference: Any) -> str:
        mine, differing = _labels(answer), self._differing(answer, reference)
        own = [key for key in differing if key in mine]
        missing = len(differing) - len(own)
        told = [f"{counted(len(differing), 'label differs', 'labels differ')} of {len(_labels(reference)):,}."]
        if own:
            told.append(f"The first: {shown(own[0])}, where yours says {shown(mine[own[0]])}.")
        if missing:
            told.append(f"{counted(missing, 'id has', 'ids have')} no label.")
        return " ".join(told)

    def _differing(self, answer: Any, reference: Any) -> list:
        mine, theirs = _labels(answer), _labels(reference)
        return [k for k in {**theirs, **mine} if k not in mine or k not in theirs or mine[k] != theirs[k]]


def _labels(value: Any) -> dict:
    # lists first: a Series of text hands out its values one by one ten times more slowly
    pairs = zip(value.index.tolist(), value.tolist(), strict=True) if isinstance(value, pd.Series) else value.items()
    return {k: None if type(v) is float and math.isnan(v) else v for k, v in pairs}


@dataclass(frozen=True)
class Sets(Comparison):
    """A set of ids, given as a set, list or Series; an id that stands twice counts as a difference."""

    needed: float = 8.0

    def unreadable(self, answer: Any, reference: Any) -> str | None:
        if not isinstance(answer, (set, list, pd.Series)):
            return f"{named(answer)} is there where a set of ids should be"
        return None

    def distance(self, answer: Any, reference: Any) -> float:
        mine, theirs = Counter(_items(answer)), Counter(_items(reference))
        return float(((mine - theirs) + (theirs - mine)).total())

    def evidence(self, answer: Any, reference: Any) -> str:
        mine, theirs = Counter(_items(answer)), Counter(set(_items(reference)))
        twice = [item for item, times in mine.items() if times > 1]
        extra = [item for item in mine if item not in theirs]
        lacking = sum(item not in mine for item in theirs)
        told = [f"Yours holds {counted(len(mine), 'id', 'ids')}."]
        if twice:
            told.append(f"{counted(len(twice), 'stands', 'stand')} more than once, first {shown(twice[0])}.")
        if extra:
            told.append(f"{counted(len(extra), 'does', 'do')} not belong, first {shown(extra[0])}.")
        if lacking:
            told.append(f"{counted(lacking, 'is', 'are')} missing.")
        return " ".join(told)


def _items(value: Any) -> list:
    return list(value.tolist() if isinstance(value, pd.Series) else value)


@dataclass(frozen=True)
class Order(Comparison):
    """A sequence of given steps; the reference is the pairs ``[first, then]`` that any valid order keeps."""

    steps: tuple[str, ...]
    needed: float = 1.0

    def unreadable(self, answer: Any, reference: Any) -> str | None:
        if type(answer) is not list:
            return f"{named(answer)} is there where a list of steps in their order should be"
        unknown = [step for step in answer if step not in self.steps]
        return f"{shown(unknown[0])} is not one of the steps {_listed(self.steps)}" if unknown else None

    def distance(self, answer: list, reference: list) -> float:
        times = Counter(answer)
        return float(sum(abs(times[step] - 1) for step in self.steps) + len(self._broken(answer, reference)))

    def matches(self, answer: Any, wrong: Any) -> bool:
        return answer == wrong

    def evidence(self, answer: list, reference: list) -> str:
        lacking = [step for step in self.steps if step not in answer]
        if lacking:
            return f"Your order leaves out {_listed(lacking)}."
        twice = [step for step, times in Counter(answer).items() if times > 1]
        if twice:
            return f"{shown(twice[0])} stands there more than once."
        broken = self._broken(answer, reference)
        early = broken[0][1]
        return f"Your {shown(early)} comes too early: something that must be done first comes after it."

    def _broken(self, answer: list, reference: list) -> list:
        place = {step: i for i, step in enumerate(answer)}
        return [(a, b) for a, b in reference if a in place and b in place and place[a] > place[b]]


def _listed(names: Iterable[str]) -> str:
    ticked = [f"`{name}`" for name in names]
    return ticked[0] if len(ticked) == 1 else f"{', '.join(ticked[:-1])} and {ticked[-1]}"


def number(*, rtol: float = 0.0, atol: float = 0.0, at_least: float = 3.0) -> Comparison:
    """One number. For a count write ``atol=0.5``: then only the count itself is right."""
    if not (rtol or atol):
        raise ValueError("number() needs a tolerance: rtol for a share of the value, atol for its own unit.")
    return Number(rtol, atol, at_least)


def parts(each: Mapping[str, Comparison]) -> Comparison:
    """A dictionary of parts, each with its own comparison."""
    return Parts(dict(each))


def labels(*, at_least: float = 8.0) -> Comparison:
    """A label per id; the distance is the number of ids that differ."""
    return Labels(at_least)


def sets(*, at_least: float = 8.0) -> Comparison:
    """A set of ids; the distance is the number of ids on one side only."""
    return Sets(at_least)


def order(*steps: str) -> Comparison:
    """An order of these steps; every order that keeps the reference's pairs is right."""
    return Order(steps)


def frames(*, on: str | list[str], rtol: float = 1e-6, at_least: float = 8.0) -> Comparison:
    """A table with one row per key; row order and extra columns are ignored, the distance is in keys that differ."""
    return _Frames((on,) if isinstance(on, str) else tuple(on), rtol, at_least)


class _Frames(Frames, Comparison):
    """The table comparison, which fills a file of its own."""
