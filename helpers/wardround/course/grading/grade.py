"""``wardround grade``: a folder of submissions, run one by one in a box, into rows that outlive the run.

Each row is written to a ledger as soon as it is known. A run that was killed goes on with ``--resume`` on the same
hospitals and ends with the same grades. Of a submission nothing is kept but its row.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, Field, ValidationError

from wardround import __version__
from wardround.course import runner
from wardround.course.grading import alike, ground, memos, sandbox
from wardround.course.grading.marks import Row, Standard, row, row_without_a_run, standard
from wardround.course.grading.reading import Unreadable, read_cells
from wardround.course.grading.submissions import Submission, find, printable, printable_lines
from wardround.course.keys import week_keys
from wardround.course.questions import week_questions
from wardround.course.store import now, write_atomically
from wardround.hospital import VERSION

Progress = Callable[[float, str], None]
CELL_SECONDS = 20  # of a processor; by the clock three times as long, for machines that do much else at once


class NotGraded(RuntimeError):
    """The run cannot begin; the message says what to do."""


class Grades(BaseModel):
    """``grades.json``: the rows, and under which conditions they came about."""

    wardround: str
    hospital: str
    python: str
    begun_at: str
    seed: int
    level: str
    box: str
    rows: list[Row] = Field(default_factory=list)

    @property
    def failed(self) -> list[Row]:
        """Rows on which the grader failed."""
        return [one for one in self.rows if one.failed]

    @property
    def incomplete(self) -> list[Row]:
        """Rows that an instructor has to look at: not graded, or not wholly."""
        return [one for one in self.rows if one.status not in ("graded", "set aside")]


def read_grades(path: Path) -> Grades:
    """Read the ``grades.json`` of an earlier run, from its file or its folder.

    Raises
    ------
    NotGraded
        It is not there, or is not one.
    """
    path = path / "grades.json" if path.is_dir() else path
    try:
        return Grades.model_validate_json(path.read_bytes())
    except FileNotFoundError as trouble:
        raise NotGraded(f"There is no {path}; name the folder that an earlier run wrote.") from trouble
    except ValidationError as trouble:
        raise NotGraded(f"{path} is not the grades.json of a run: {trouble.errors()[0]['msg']}.") from trouble


def grade(
    folder: Path,
    out: Path,
    *,
    week: int | None = None,
    jobs: int = 0,
    resume: bool = False,
    trust: bool = False,
    progress: Progress | None = None,
) -> Grades:
    """Grade every submission in a folder; returns the grades and keeps them in ``out/grades.json``.

    Parameters
    ----------
    week
        The only week that counts; by default each file says its own.
    jobs
        Submissions at a time; 0 takes one for each processor.
    resume
        Go on with the run that ``out`` holds: what is unchanged is not run again.
    trust
        Also grade where no box can be made: submissions then reach this machine's files and network.

    Raises
    ------
    NotGraded
        ``out`` holds another run, or ``folder`` holds nothing.
    """
    progress = progress or (lambda done, what: None)
    box = sandbox.best(trust=trust)
    found = [_known_week(one) for one in find(folder, week, leave_out=out)]
    if not found:
        raise NotGraded(f"{folder} holds no submission: no file that ends in .ipynb or .py, and no folder with one.")
    ledger = Ledger.open(out, resume=resume)
    done = ledger.rows()
    waiting = [one for one in found if not one.problem and _same(one) not in done]
    if waiting:
        _run_all(waiting, ledger, box, jobs or os.cpu_count() or 1, out / "private" / "ground", progress)
    rows = [ledger.read(_same(one)) if not one.problem else row_without_a_run(one) for one in found]
    grades = Grades(
        **ledger.head,
        python=sys.version.split()[0],
        level=" and ".join(sorted({one.level for one in rows if one.level})) or box.level,
        box=box.says,
        rows=sorted(rows, key=lambda one: one.order),
    )
    write_atomically(out / "grades.json", orjson.dumps(grades.model_dump(), option=orjson.OPT_INDENT_2) + b"\n")
    return grades


def _known_week(one: Submission) -> Submission:
    """A submission of a week that this copy of the course does not have is not run."""
    if one.problem:
        return one
    try:
        week_questions(one.week)
        return one
    except FileNotFoundError:
        told = f"Week {one.week} has no questions in this copy of the course."
        return replace(one, status="not this exercise", problem=told)


def _same(one: Submission | Row) -> str:
    """What makes two runs of a file the same: its place, its bytes, its week and the week's keys."""
    key = one.key if isinstance(one, Row) else one.learner.key
    return f"{key}\0{one.file}\0{one.digest}\0{one.week}\0{week_keys(one.week).digest}"


class Ledger:
    """A file of JSON lines: first the head, then a row a line, each complete or not there."""

    def __init__(self, path: Path, head: dict[str, Any]) -> None:
        self.path, self.head = path, head
        self._places: dict[str, int] = {}

    @classmethod
    def open(cls, out: Path, *, resume: bool) -> Ledger:
        """Begin a ledger, or take up the one that is there.

        Raises
        ------
        NotGraded
            There is one and ``resume`` was not said; or it belongs to another version.
        """
        path = out / "private" / "ledger.jsonl"
        if not path.exists():
            head = {"wardround": __version__, "hospital": VERSION, "begun_at": now(), "seed": secrets.randbits(64)}
            write_atomically(path, orjson.dumps(head) + b"\n")
            return cls(path, head)
        if not resume:
            raise NotGraded(f"{out} holds a run already: add --resume to go on with it, or name another --out.")
        with path.open("rb") as file:
            try:
                head = orjson.loads(file.readline())
            except ValueError as trouble:
                raise NotGraded(f"{path} is damaged; grade again into another --out.") from trouble
        if (head["wardround"], head["hospital"]) != (__version__, VERSION):
            raise NotGraded(f"The run in {out} was begun by another version of the course; name another --out.")
        return cls(path, head)

    def rows(self) -> set[str]:
        """What is done. A last line that was cut is taken off, and rows on which the grader failed are done again."""
        whole = 0
        with self.path.open("rb") as file:
            for line in iter(file.readline, b""):
                if not line.endswith(b"\n"):
                    break
                if whole:
                    self._remember(Row.model_validate_json(line), whole)
                whole = file.tell()
        with self.path.open("r+b") as file:
            file.truncate(whole)
        return set(self._places)

    def add(self, made: Row) -> None:
        """Write a row, so that it is there even if the next moment is the last."""
        with self.path.open("ab") as file:
            place = file.seek(0, os.SEEK_END)
            file.write(orjson.dumps(made.model_dump()) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._remember(made, place, retry=False)

    def read(self, same: str) -> Row:
        """A row again, from its place in the file."""
        with self.path.open("rb") as file:
            file.seek(self._places[same])
            return Row.model_validate_json(file.readline())

    def _remember(self, made: Row, place: int, *, retry: bool = True) -> None:
        if made.failed and retry:
            self._places.pop(_same(made), None)
        else:
            self._places[_same(made)] = place


@dataclass(frozen=True)
class _Ran:
    """What a submission leaves: a run and what its text says, or why there is none."""

    run: runner.Run | None
    cells: Sequence[str]
    memo: dict[str, str]
    sources: dict[str, str]
    digests: dict[str, str]
    problem: str = ""
    ours: bool = False


def _run_all(
    waiting: Sequence[Submission], ledger: Ledger, box: Any, jobs: int, place: Path, progress: Progress
) -> None:
    """Run what is waiting, a few at a time, and judge each here as it comes back."""
    weeks = sorted({one.week for one in waiting})
    seed = ledger.head["seed"]
    made = ground.prepare(place, seed=seed, weeks=weeks, progress=_first_part(progress, 0.0))
    hospitals = {"here": made.here, "unseen": made.unseen}
    with _fresh_of(made.fresh):
        held = _standards(weeks, hospitals, _first_part(progress, 0.1))
        for count, (one, ran) in enumerate(_in_turn(waiting, jobs, hospitals, made.fresh, box), start=1):
            ledger.add(_judged(one, ran, held, box.level))
            progress(0.2 + 0.8 * count / len(waiting), f"{count} of {len(waiting)} submissions")


def _first_part(progress: Progress, begun: float) -> Progress:
    """A tenth of the whole, which never goes back however many bars stand one after the other in it."""
    furthest = [begun]

    def show(done: float, what: str) -> None:
        furthest[0] = max(furthest[0], begun + 0.1 * done)
        progress(furthest[0], what)

    return show


def _standards(weeks: Sequence[int], hospitals: Mapping[str, Path], progress: Progress) -> dict[int, Standard]:
    held = {}
    for place, week in enumerate(weeks):
        progress(place / len(weeks), f"working out what is right in week {week}")
        held[week] = standard(week, hospitals)
    return held


@contextmanager
def _fresh_of(folder: Path | None) -> Iterator[None]:
    """Keys judge models on this run's fresh stays, not on the course's."""
    before = os.environ.get("WARDROUND_FRESH")
    if folder is not None:
        os.environ["WARDROUND_FRESH"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop("WARDROUND_FRESH", None)
        else:
            os.environ["WARDROUND_FRESH"] = before


def _in_turn(
    waiting: Sequence[Submission], jobs: int, hospitals: Mapping[str, Path], fresh: Path | None, box: Any
) -> Iterator[tuple[Submission, _Ran]]:
    """Yield each as it ends; never more under way, or waiting to be judged, than ``jobs``."""
    with ThreadPoolExecutor(jobs) as pool:
        ahead = iter(waiting)
        under_way: dict[Future, Submission] = {}
        while True:
            while len(under_way) < jobs and (one := next(ahead, None)) is not None:
                under_way[pool.submit(_one, one, hospitals, fresh, box)] = one
            if not under_way:
                return
            ended, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in ended:
                yield under_way.pop(future), future.result()


def _one(one: Submission, hospitals: Mapping[str, Path], fresh: Path | None, box: Any) -> _Ran:
    try:
        cells = read_cells(one.path)
        answers = alike.sources(cells, one.week)
        text = {
            "cells": cells,
            "memo": memos.read_memo(cells, one.week),
            "sources": {id: printable_lines(text, alike.KEPT) for id, text in answers.items()},
            "digests": alike.digests(answers, one.week),
        }
    except Unreadable as trouble:
        return _Ran(None, (), {}, {}, {}, printable(trouble))
    try:
        run = runner.run(one.path, one.week, hospitals, fresh=fresh, sandbox=box, cell_seconds=CELL_SECONDS)
    except Exception as trouble:  # the box, the disk or we ourselves: not the learner's fault, and the run goes on
        told = f"The grader failed here ({type(trouble).__name__}: {printable(trouble, 200)}); --resume tries again."
        return _Ran(None, **text, problem=told, ours=True)
    return _Ran(run, **text)


def _judged(one: Submission, ran: _Ran, held: Mapping[int, Standard], level: str) -> Row:
    kept = {"memo": ran.memo, "sources": ran.sources, "digests": ran.digests, "level": level}
    if ran.run is None:
        status = "not graded" if ran.ours else "unreadable"
        made = row_without_a_run(replace(one, status=status, problem=ran.problem))
        return made.model_copy(update={**kept, "failed": ran.ours})
    return row(one, ran.run, held[one.week], ran.cells).model_copy(update=kept)
