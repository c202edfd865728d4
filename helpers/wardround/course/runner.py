"""The two-process runner: learner code runs over there, and only plain data comes back.

The child process executes a notebook's code cells, takes each answer from the names they leave, and puts the week's
questions to it. It never sees a key, and what it sends is read as JSON. ``prove`` and the grader run notebooks this
way; a learner's own notebook does both halves in one kernel.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from wardround import quiet
from wardround.course import places, plain
from wardround.course.fresh import ensure_fresh
from wardround.course.plain import Raised
from wardround.course.questions import week_questions

WALL_SECONDS = 300.0


@dataclass(frozen=True)
class CellTrouble:
    """A code cell that stopped; the cells after it ran all the same."""

    cell: int
    error: str
    message: str


@dataclass(frozen=True)
class Run:
    """What came back: ``answers[question][role]``, the cells that stopped, and the end if it was not a good one."""

    answers: dict[str, dict[str, Any]]
    troubles: tuple[CellTrouble, ...] = ()
    ended: str = ""
    seconds: dict[str, float] = field(default_factory=dict)


def run(
    notebook: Path,
    week: int,
    hospitals: Mapping[str, Path],
    *,
    fresh: Path | None = None,
    limit: float = WALL_SECONDS,
) -> Run:
    """Run a notebook in a process of its own and put the week's questions to it.

    Parameters
    ----------
    notebook
        A ``.py`` in percent format or a ``.ipynb``.
    hospitals
        Folders by role; ``load()`` opens ``here``.
    fresh
        Folder of fresh stays; the course's own by default. The child is told of its ``features/`` alone, and only if a
        question of the week needs them.
    limit
        Seconds of wall time for everything.

    Returns
    -------
    Run
        Has an answer for every question and role; ``Raised`` where the process ended before it came.
    """
    with tempfile.TemporaryDirectory(prefix="wardround-run-") as scratch:
        lines = Path(scratch) / "answers.jsonl"
        job = {
            "notebook": str(notebook),
            "questions": str(places.week_folder(week) / "questions.py"),
            "hospitals": {role: str(folder) for role, folder in hospitals.items()},
            "answers": str(lines),
        }
        given = {"WARDROUND_BOX_HOSPITAL": str(hospitals["here"])}
        if any(asked.fresh for asked in week_questions(week).values()):
            given["WARDROUND_BOX_FRESH"] = str((fresh or ensure_fresh()) / "features")
        ended = _child(job, Path(scratch), given, limit)
        return _collected(lines, week, ended)


def _child(job: dict, scratch: Path, given: dict[str, str], limit: float) -> str:
    """Run the child to its end or to the limit; returns what went wrong, or an empty text."""
    work = scratch / "work"
    work.mkdir()  # MLflow makes its file there, but no folder
    boxed = {"WARDROUND_BOX": "1", "WARDROUND_WORK": str(work), "PYTHONHASHSEED": "0"}
    environment = quiet.environment(os.environ | boxed | given, headless=True)
    environment["PYTHONPATH"] = str(Path(quiet.__file__).resolve().parents[1])  # the same wardround as ours
    process = subprocess.Popen(
        [sys.executable, "-m", "wardround.course.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=(scratch / "stderr").open("wb"),
        cwd=scratch,
        env=environment,
        start_new_session=True,  # so that a learner's own children end with it
    )
    try:
        process.communicate(orjson.dumps(job), timeout=limit)
    except subprocess.TimeoutExpired:
        _end(process)
        return f"it was stopped after {limit:.0f} seconds"
    if process.returncode == 0:
        return ""
    said = (scratch / "stderr").read_text(errors="replace").strip().splitlines()
    return f"its process ended with code {process.returncode}" + (f" ({said[-1][:200]})" if said else "")


def _end(process: subprocess.Popen) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (AttributeError, ProcessLookupError):  # Windows has no process groups
        process.kill()
    process.wait()


def _collected(path: Path, week: int, ended: str) -> Run:
    """Read the child's lines; a cut or foreign line is passed over, its answer counts as missing."""
    answers: dict[str, dict[str, Any]] = {
        id: {role: Raised("NoAnswer", ended or "nothing came back") for role in asked.hospitals}
        for id, asked in week_questions(week).items()
    }
    troubles, seconds = [], {}
    for line in _lines(path):
        try:
            message = orjson.loads(line)
            if "cell" in message:
                troubles.append(CellTrouble(message["cell"], message["error"], message["message"]))
            elif message["question"] in answers and message["role"] in answers[message["question"]]:
                answers[message["question"]][message["role"]] = plain.restore(orjson.dumps(message["answer"]))
                seconds[message["question"]] = seconds.get(message["question"], 0.0) + message["seconds"]
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return Run(answers, tuple(troubles), ended, seconds)


def _lines(path: Path):
    if not path.exists():
        return
    with path.open("rb") as file:
        while line := file.readline(plain.LIMIT + 4096):
            yield line
