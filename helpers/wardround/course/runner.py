"""The two-process runner: learner code runs over there, and only plain data comes back.

The child process executes a notebook's code cells, takes each answer from the names they leave, and puts the week's
questions to it. It never sees a key, and what it sends is read as JSON. ``prove`` and the grader run notebooks this
way, the grader with a box round the child; a learner's own notebook does both halves in one kernel.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from wardround.course import plain, process
from wardround.course.asking import finished
from wardround.course.fresh import ensure_fresh
from wardround.course.grading.reading import read_cells
from wardround.course.plain import Raised
from wardround.course.questions import Question, week_questions
from wardround.records import read_export

WALL_SECONDS = 300.0
CELL_SECONDS = 10.0
WAIT = 3  # seconds by the clock for each second of processor time, as in the child
RERUNS = 2


@dataclass(frozen=True)
class CellTrouble:
    """A code cell that stopped; the cells after it ran all the same. ``cell`` counts code cells from 0."""

    cell: int
    error: str
    message: str


@dataclass(frozen=True)
class Run:
    """What came back: ``answers[question][role]``, the cells that stopped, and the end if it was not a good one.

    ``skipped`` are cells that ended or held up the whole process, and were left out when it was run again; ``output``
    is what was printed, 64 KB of it at most; ``cpu`` are the processor seconds that the last attempt tells of itself.
    """

    answers: dict[str, dict[str, Any]]
    troubles: tuple[CellTrouble, ...] = ()
    ended: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    skipped: tuple[int, ...] = ()
    output: str = ""
    cpu: float = 0.0


def run(
    notebook: Path,
    week: int,
    hospitals: Mapping[str, Path],
    *,
    fresh: Path | None = None,
    limit: float = WALL_SECONDS,
    sandbox: Any = None,
    cell_seconds: float = CELL_SECONDS,
) -> Run:
    """Run a notebook in a process of its own and put the week's questions to it.

    Parameters
    ----------
    notebook
        A ``.py`` in percent format or a ``.ipynb``. It is read as text, and nothing of it runs in this process.
    hospitals
        Folders by role; ``load()`` opens ``here``.
    fresh
        Folder of fresh stays; the course's own by default. The child is told of its ``features/`` alone, and only if a
        question of the week needs them.
    limit
        Seconds of wall time for everything; in a box, for each attempt.
    sandbox
        A box round the child (:mod:`wardround.course.grading.sandbox`). In it a cell that ends or holds up the process
        is skipped and everything run again, at most twice.
    cell_seconds
        Processor time that a cell may take in a box, and a third of its time by the clock; a question may take as long,
        and four times what it declares.

    Returns
    -------
    Run
        Has an answer for every question and role; ``Raised`` where the process ended before it came.

    Raises
    ------
    grading.reading.Unreadable
        The notebook cannot be read.
    """
    asked = week_questions(week)
    job: dict[str, Any] = {"cells": read_cells(notebook), "skip": []}
    needs = (fresh or ensure_fresh()) / "features" if any(q.fresh for q in asked.values()) else None
    if sandbox is None:
        with process.beside(week, hospitals, needs) as start:
            return _finished(_collected([process.heard(start, job, limit)], asked, {}), asked, hospitals)
    job["seconds"] = cell_seconds
    patience = 5 + WAIT * (cell_seconds + 4 * max((q.seconds for q in asked.values()), default=0))
    attempts: list[process.Heard] = []
    with process.boxed(sandbox, week, hospitals, needs, limit) as start:
        while len(attempts) <= RERUNS:
            attempts.append(process.heard(start, job, limit, patience))
            if attempts[-1].finished or attempts[-1].step is None or attempts[-1].step in job["skip"]:
                break
            job["skip"] = [*job["skip"], attempts[-1].step]
    return _finished(_collected(attempts, asked, _blamed(attempts)), asked, hospitals)


def _finished(run: Run, asked: Mapping[str, Question], hospitals: Mapping[str, Path]) -> Run:
    """The answers of a run with their questions' last word, which is not spoken beside learner code."""
    for id, question in asked.items():
        for role, answer in run.answers[id].items():
            if question.then is not None:
                run.answers[id][role] = finished(question, answer, functools.partial(_opened, hospitals[role]))
    return run


_opened = functools.lru_cache(maxsize=2)(read_export)


def _blamed(attempts: list[process.Heard]) -> dict[tuple, str]:
    """What each attempt but a good one broke off in, and how."""
    return {tuple(one.step): one.ended for one in attempts if one.step is not None and not one.finished}


def _collected(attempts: list[process.Heard], asked: Mapping[str, Question], blamed: Mapping[tuple, str]) -> Run:
    """Read the child's lines; a cut or foreign line is passed over, its answer counts as missing."""
    ended = attempts[-1].ended
    answers: dict[str, dict[str, Any]] = {
        id: {
            role: Raised("NoAnswer", blamed.get(("ask", id, role)) or ended or "nothing came back")
            for role in one.hospitals
        }
        for id, one in asked.items()
    }
    troubles: dict[int, CellTrouble] = {}
    seconds: dict[str, float] = {}
    for line in attempts[-1].lines:
        try:
            _read(orjson.loads(line), answers, troubles, seconds)
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, MemoryError):
            continue  # learner code can write here, too
    cells = sorted(step[1] for step in blamed if step[0] == "cell")
    for number in cells:
        troubles[number] = CellTrouble(number, "Skipped", blamed["cell", number])
    known = tuple(troubles[number] for number in sorted(troubles))
    return Run(answers, known, ended, seconds, tuple(cells), attempts[-1].output, attempts[-1].cpu)


def _read(message: Any, answers: dict, troubles: dict[int, CellTrouble], seconds: dict[str, float]) -> None:
    """Take one line as data: an answer under a known name, or the trouble of a cell; nothing else in it counts."""
    if "cell" in message:
        number, error, said = message["cell"], message["error"], message["message"]
        if type(number) is int and type(error) is str and type(said) is str and len(troubles) < 1000:
            troubles[number] = CellTrouble(number, error[:80], said[:300])
    elif message["question"] in answers and message["role"] in answers[message["question"]]:
        id, role = message["question"], message["role"]
        answers[id][role] = plain.restore(orjson.dumps(message["answer"]))
        if type(message.get("seconds")) is float:
            seconds[id] = seconds.get(id, 0.0) + message["seconds"]
