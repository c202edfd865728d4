"""What the learner has done, in one readable file that never leaves the machine: ``work/.wardround/progress.json``.

``record`` is called after each check, quiz answer and hint. Mastery is kept per misconception: where it was met, where
a right answer later resisted it, and which came last.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from wardround.course.store import NotSaved, Record, Store, now

Teaches = str | Iterable[str] | None


class QuestionRecord(BaseModel):
    """One question: the last verdict, how often it was checked, when it was first right, hints taken."""

    model_config = ConfigDict(extra="allow")

    verdict: str = "not_attempted"
    checks: int = 0
    first_right_at: str | None = None
    last_at: str | None = None
    hints: int = 0
    met: list[str] = Field(default_factory=list)

    @property
    def done(self) -> bool:
        """Right once; a later slip does not undo it."""
        return self.first_right_at is not None


class MisconceptionRecord(BaseModel):
    """One misconception: how often it was met and where, where it was resisted, and which came last."""

    model_config = ConfigDict(extra="allow")

    met: dict[str, int] = Field(default_factory=dict)
    resisted: list[str] = Field(default_factory=list)
    last: Literal["met", "resisted"] = "resisted"

    @property
    def state(self) -> str:
        """``open`` (met last), ``put right`` (met, then resisted) or ``resisted`` (never met)."""
        return "open" if self.last == "met" else "put right" if self.met else "resisted"


class Progress(Record):
    """The whole file."""

    questions: dict[str, QuestionRecord] = Field(default_factory=dict)
    misconceptions: dict[str, MisconceptionRecord] = Field(default_factory=dict)


STORE = Store("progress", Progress)


def read() -> Progress:
    """Return the record; empty when nothing is recorded yet."""
    return STORE.read()


def record(question_id: str, verdict: str, teaches: Teaches = None) -> str | None:
    """Note one verdict. ``not_attempted`` leaves no trace.

    Parameters
    ----------
    question_id
        Such as ``W01.Q1``.
    verdict
        As in ``design.md``: ``right``, ``misconception``, …
    teaches
        Misconception ids. With ``right``: those the answer resists (those met in this question are always counted);
        with any other verdict: those it fell for.

    Returns
    -------
    str or None
        A sentence when the note could not be written; progress never stops a lesson.
    """
    if verdict == "not_attempted":
        return None
    try:
        with STORE.change() as progress:
            entry = progress.questions.setdefault(question_id, QuestionRecord())
            entry.verdict, entry.last_at, entry.checks = verdict, now(), entry.checks + 1
            if verdict == "right":
                entry.first_right_at = entry.first_right_at or entry.last_at
                _resist(progress, question_id, {*_ids(teaches), *entry.met})
            else:
                entry.met = sorted({*entry.met, *_ids(teaches)})
                _meet(progress, question_id, _ids(teaches))
    except NotSaved as trouble:
        return f"Not recorded: {trouble}"
    return None


def record_item(item_id: str, *, right: bool, teaches: Teaches) -> None:
    """Note a quiz answer against the misconceptions it shows; raises NotSaved when it cannot be written."""
    with STORE.change() as progress:
        (_resist if right else _meet)(progress, item_id, set(_ids(teaches)))


def hints_taken(question_id: str) -> int:
    """How many rungs of the hint ladder were climbed so far."""
    entry = read().questions.get(question_id)
    return entry.hints if entry else 0


def record_hint(question_id: str, rung: int) -> str | None:
    """Note the highest rung taken (1 is the first); returns a sentence when it could not be written."""
    try:
        with STORE.change() as progress:
            entry = progress.questions.setdefault(question_id, QuestionRecord())
            entry.hints = max(entry.hints, rung)
    except NotSaved as trouble:
        return f"Not recorded: {trouble}"
    return None


def _ids(teaches: Teaches) -> list[str]:
    if teaches is None:
        return []
    return [teaches] if isinstance(teaches, str) else [name for name in teaches if name]


def _meet(progress: Progress, place: str, names: Iterable[str]) -> None:
    for name in names:
        entry = progress.misconceptions.setdefault(name, MisconceptionRecord())
        entry.met[place] = entry.met.get(place, 0) + 1
        entry.last = "met"


def _resist(progress: Progress, place: str, names: Iterable[str]) -> None:
    for name in sorted(names):
        entry = progress.misconceptions.setdefault(name, MisconceptionRecord())
        entry.resisted = sorted({*entry.resisted, place})
        entry.last = "resisted"
