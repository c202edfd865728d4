"""From a run to a row: verdicts by the one judge of the course, points by ``course.toml``, a status with its reason."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from wardround.course import plain, runner
from wardround.course.grading.submissions import Submission, printable
from wardround.course.keys import week_keys
from wardround.course.manifest import read_course
from wardround.course.questions import Question, week_questions
from wardround.course.verdicts import Expected, expected, judge
from wardround.hospital import open_truth
from wardround.records import read_export

Status = Literal["graded", "partly graded", "unreadable", "not this exercise", "set aside", "not graded"]
LONGEST = 600  # characters of one line of a verdict: evidence may quote what the learner's code returned
TROUBLES = 20
REMEMBERED = 2_000  # marks, about a kilobyte each


class Mark(BaseModel):
    """The verdict on one question, with its points. The distance to the right answer stays inside the grader."""

    question: str
    kind: str
    points: float = 0
    stretch: bool = False
    says: str = ""
    so_what: str = ""
    evidence: str = ""
    look_at: str = ""
    teaches: str | None = None
    misconception: str | None = None


class Trouble(BaseModel):
    """A cell that stopped, in printable characters. ``cell`` counts code cells that hold something, from 0."""

    cell: int
    begins: str = ""
    error: str
    message: str


class Row(BaseModel):
    """One file of one learner: everything that is kept of it.

    Attributes
    ----------
    failed
        The grader itself could not do its work on this one: the run ends with exit code 1.
    digests
        By question, of the source of the answer (:mod:`.alike`); ``sources`` holds its beginning for a conversation.
    """

    model_config = ConfigDict(extra="forbid")

    learner: str
    id: str = ""
    key: str
    file: str
    digest: str = ""
    week: int | None = None
    status: Status
    why: str = ""
    points: float | None = None
    of: float | None = None
    marks: list[Mark] = Field(default_factory=list)
    troubles: list[Trouble] = Field(default_factory=list)
    skipped: list[int] = Field(default_factory=list)
    memo: dict[str, str] = Field(default_factory=dict)
    sources: dict[str, str] = Field(default_factory=dict)
    digests: dict[str, str] = Field(default_factory=dict)
    level: str = ""
    failed: bool = False

    @property
    def core(self) -> list[Mark]:
        """Marks that count."""
        return [mark for mark in self.marks if not mark.stretch]

    @property
    def order(self) -> tuple:
        """As :attr:`Submission.order`."""
        return (self.learner.casefold(), self.id, self.week or 0, self.file)


@dataclass(frozen=True)
class Standard:
    """What a week's answers are held against: its questions, and what is expected on the hospitals of this run.

    ``judged`` keeps marks by question and digest of the answers: most of a class hands in one of a few answers, and a
    verdict depends on nothing else.
    """

    week: int
    questions: Mapping[str, Question]
    known: Mapping[str, Mapping[str, Expected]]
    points: float
    judged: dict[tuple[str, str], Mark] = field(default_factory=dict)

    @property
    def of(self) -> float:
        """The most that can be reached: stretch questions never count."""
        return self.points * sum(not asked.stretch for asked in self.questions.values())


def standard(week: int, hospitals: Mapping[str, Path]) -> Standard:
    """Compute, or read from the hospitals' truth folders, what is expected in a week."""
    keys, questions = week_keys(week), week_questions(week)
    opened = {role: (read_export(folder), open_truth(folder)) for role, folder in hospitals.items()}
    known = {
        id: {
            role: expected(asked, keys.keys[id], *opened[role], keys.digest, hospitals[role] / "truth" / "answers")
            for role in asked.hospitals
        }
        for id, asked in questions.items()
    }
    return Standard(week, questions, known, float(read_course().points.get("question", 1)))


def row_without_a_run(one: Submission) -> Row:
    """The row of a file that was not run, with its reason."""
    return Row(**_who(one), status=one.status, why=one.problem)


def row(one: Submission, run: runner.Run, held: Standard, cells: Sequence[str] = ()) -> Row:
    """Judge every answer and add up the points; ``cells`` let a cell that stopped be named by its first line."""
    marks, failed = [], ""
    for id, asked in held.questions.items():
        try:
            marks.append(_judged_once(asked, run.answers[id], held))
        except Exception as trouble:  # a key that an odd answer breaks is our fault, and must not cost the others
            failed = f"The grader could not judge {id} ({type(trouble).__name__}): please report it."
            marks.append(Mark(question=id, kind="unreadable", stretch=asked.stretch, says=failed))
    why = " ".join(filter(None, (failed, _incomplete(run))))
    return Row(
        **_who(one),
        status="partly graded" if why else "graded",
        why=why,
        points=sum(mark.points for mark in marks),
        of=held.of,
        marks=marks,
        troubles=[_trouble(each, cells) for each in run.troubles[:TROUBLES]],
        skipped=list(run.skipped),
        failed=bool(failed),
    )


def _who(one: Submission) -> dict[str, Any]:
    learner = one.learner
    named = {"learner": learner.name, "id": learner.id, "key": learner.key}
    return {**named, "file": one.file, "digest": one.digest, "week": one.week}


def _judged_once(asked: Question, answers: Mapping[str, Any], held: Standard) -> Mark:
    """The mark of these answers, from an equal one if there was one: judging a table takes half a second."""
    text = b"\0".join(role.encode() + plain.dump(answers[role]) for role in sorted(answers))
    place = (asked.id, hashlib.sha256(text).hexdigest())
    if place not in held.judged:
        if len(held.judged) >= REMEMBERED:
            held.judged.pop(next(iter(held.judged)))
        held.judged[place] = _mark(asked, answers, held)
    return held.judged[place]


def _mark(asked: Question, answers: Mapping[str, Any], held: Standard) -> Mark:
    verdict = judge(asked, _keys(held.week).keys[asked.id], answers, held.known[asked.id])
    said = {name: value for name, value in asdict(verdict).items() if name not in ("question", "distance")}
    for name in ("says", "so_what", "evidence", "look_at"):
        said[name] = printable(said[name], LONGEST)
    # `cannot_tell` equals the right answer on every hospital that was asked: what cannot be told is not held against it
    earned = held.points if verdict.kind in ("right", "cannot_tell") and not asked.stretch else 0
    return Mark(question=asked.id, stretch=asked.stretch, points=earned, **said)


@functools.cache
def _keys(week: int) -> Any:
    return week_keys(week)


def _incomplete(run: runner.Run) -> str:
    told = []
    skipped = [str(cell + 1) for cell in run.skipped]
    if skipped:
        cells = f"cell {skipped[0]}" if len(skipped) == 1 else f"cells {', '.join(skipped)}"
        told.append(f"Left out {cells}, which ended or hung the process; the others were run.")
    if run.ended:
        told.append(f"Not run to its end: {printable(run.ended)}. What had come by then is graded.")
    return " ".join(told)


def _trouble(each: runner.CellTrouble, cells: Sequence[str]) -> Trouble:
    """Learner code can write to the runner, too: a number of a cell that is not there names none."""
    there = 0 <= each.cell < len(cells)
    begins = next((line for line in cells[each.cell].splitlines() if line.strip()), "") if there else ""
    told = {"error": printable(each.error, 80), "message": printable(each.message)}
    return Trouble(cell=each.cell if there else 0, begins=printable(begins.strip(), 60), **told)
