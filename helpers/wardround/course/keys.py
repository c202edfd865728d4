"""The half of a question that may not be shown: reference, comparison, misconceptions.

A week's ``keys.py`` calls :func:`key` and :func:`outcome`. The reference comes from the hospital's truth or from an
independent computation, never from the solution cell, so that the two test each other on every seed.
"""

from __future__ import annotations

import functools
import hashlib
import runpy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wardround.course.compare import Comparison
from wardround.course.places import week_folder
from wardround.course.questions import PREDICTION_ID, QUESTION_ID, AuthoringError


@dataclass(frozen=True)
class Misconception:
    """A wrong answer that somebody believes, runnable, with what a good colleague would say.

    Attributes
    ----------
    answer
        For a value question ``answer(hospital)`` returns what the learner would have put in the notebook; for a
        function question it *is* the wrong function. ``ask`` is put to it as to a learner's.
    says, so_what, look_at
        What happened, what it means on the ward, where to look (a cell or section, never the value).
    teaches
        Id of the misconception in the course's list, such as ``M16``.
    evidence
        Optional ``evidence(answer, hospital) -> str`` drawing a number from the learner's own result.
    also
        Optional ``also(answer, hospital) -> bool``: other wrong answers that make the same mistake. Asked only where no
        misconception has exactly this answer.
    """

    name: str
    answer: Callable[..., Any]
    says: str
    so_what: str
    look_at: str
    teaches: str | None = None
    evidence: Callable[[Any, Any], str] | None = None
    also: Callable[[Any, Any], bool] | None = None


@dataclass(frozen=True)
class Key:
    """What judges a question."""

    id: str
    reference: Callable[[Any, Any], Any]
    same: Comparison
    misconceptions: tuple[Misconception, ...]
    evidence: Callable[[Any, Any], str | None] | None = None
    look_at: str | Callable[[Any, Any], str] = ""
    right: str | Callable[[Any, Any], str] = ""


@dataclass(frozen=True)
class Remark:
    """What is said beside an outcome, computed from it; only once the question ``after`` has been answered."""

    says: Callable[[Any, Any, float | bool], str]
    after: str


@dataclass
class WeekKeys:
    """All keys of a week, the outcomes of its predictions, and a digest of where they came from."""

    keys: dict[str, Key] = field(default_factory=dict)
    outcomes: dict[str, Callable[[Any, Any], float | bool]] = field(default_factory=dict)
    remarks: dict[str, Remark] = field(default_factory=dict)
    digest: str = ""


_collecting: list[WeekKeys] = []


def misconception(name: str, *, answer, says: str, so_what: str, look_at: str, teaches=None, evidence=None, also=None):
    """One wrong answer. ``says`` and ``so_what`` together stay within sixty words."""
    words = len(f"{says} {so_what}".split())
    if words > 60:
        raise AuthoringError(f"misconception {name!r} speaks {words} words; keep to sixty")
    return Misconception(name, answer, says, so_what, look_at, teaches, evidence, also)


def key(
    id: str,
    *,
    reference: Callable[[Any, Any], Any],
    same: Comparison,
    misconceptions: list[Misconception],
    right: str | Callable[[Any, Any], str],
    look_at: str | Callable[[Any, Any], str],
    evidence: Callable[[Any, Any], str | None] | None = None,
) -> Key:
    """Declare the key of a question.

    Parameters
    ----------
    reference
        ``reference(hospital, truth)`` returns the right answer as the question's ``ask`` would return it.
    same
        How two answers are compared.
    misconceptions
        At least three.
    right
        What is said after a right answer: what it means, in one or two sentences; or ``right(answer, hospital)`` that
        computes them.
    look_at
        Where a learner without a named misconception should look; or ``look_at(answer, hospital)`` where it depends on
        what is wrong.
    evidence
        Optional ``evidence(answer, hospital)`` for mistakes nobody foresaw; the comparison's own is used otherwise.
    """
    if not QUESTION_ID.fullmatch(id):
        raise AuthoringError(f"{id!r} is not a question id such as 'W01.Q2'")
    if len(misconceptions) < 3:
        raise AuthoringError(f"{id} has {len(misconceptions)} misconceptions; a question ships at least three")
    if len({m.name for m in misconceptions}) < len(misconceptions):
        raise AuthoringError(f"{id} names two misconceptions alike")
    made = Key(id, reference, same, tuple(misconceptions), evidence, look_at, right)
    _week().keys[id] = made
    return made


def outcome(
    id: str,
    compute: Callable[[Any, Any], float | bool],
    *,
    remark: Callable[[Any, Any, float | bool], str] | None = None,
    after: str = "",
) -> None:
    """Declare how the truth of a prediction is computed: ``compute(hospital, truth)``.

    Parameters
    ----------
    remark
        Optional ``remark(hospital, truth, outcome) -> str``: a sentence on what the outcome is made of.
    after
        The question whose answer the remark would give away; it is shown once that is right.
    """
    if not PREDICTION_ID.fullmatch(id):
        raise AuthoringError(f"{id!r} is not a prediction id such as 'W01.P1'")
    week = _week()
    week.outcomes[id] = compute
    if remark is not None:
        week.remarks[id] = Remark(remark, after)


@functools.cache
def week_keys(week: int) -> WeekKeys:
    """Load ``curriculum/weekNN_*/keys.py``."""
    return load_keys(week_folder(week) / "keys.py")


def load_keys(path: Path) -> WeekKeys:
    """Load one ``keys.py``; its digest covers every module of the week, so a changed key forgets cached answers."""
    with collecting() as week:
        runpy.run_path(str(path))
    sources = b"".join(p.read_bytes() for p in sorted(path.parent.glob("*.py")) if not p.name[0].isdigit())
    week.digest = hashlib.sha256(sources).hexdigest()[:16]
    return week


@contextmanager
def collecting() -> Iterator[WeekKeys]:
    """Gather what ``key`` and ``outcome`` declare inside the block."""
    _collecting.append(WeekKeys())
    try:
        yield _collecting[-1]
    finally:
        _collecting.pop()


def _week() -> WeekKeys:
    if not _collecting:
        raise AuthoringError("key() stands in a week's keys.py, which the course loads; do not run it alone")
    return _collecting[-1]
