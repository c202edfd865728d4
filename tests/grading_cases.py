"""What the tests of grading share: notebooks as learners hand them in, and runs that need no child process."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

from wardround.course import places, runner
from wardround.course.grading import grade, ground, sandbox
from wardround.course.grading.reading import read_cells
from wardround.course.keys import week_keys
from wardround.course.questions import week_questions
from wardround.course.runner import Run

MEMO = 'memo("W01.M", five=["units: 76 of 138"], first="units", changes_my_mind="a quiet week", because="it is live")'
NASTY = "<script>alert('x')</script>\x1b[31m{{ 7*7 }}"
BOX = SimpleNamespace(level="L1", says="A stub.")


def notebook(path: Path, *cells: str) -> Path:
    """Write a notebook of these code cells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
    path.write_text(json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def published(folder: str, week: int) -> list[str]:
    """Code cells of the course's own solution or exercise."""
    return read_cells(places.root() / folder / f"{places.week_name(week)}.py")


def replaced(cells: list[str], name: str, source: str) -> list[str]:
    """The same cells with another answer."""
    found = [place for place, cell in enumerate(cells) if f"\n{name} = " in f"\n{cell}" or f"def {name}(" in cell]
    assert found, name
    return [source if place == found[0] else cell for place, cell in enumerate(cells)]


def answered(held, **how) -> Run:
    """A run as it comes back: ``Q1="right"`` or the name of a misconception; what is not named is untouched."""
    answers = {}
    for id, asked in week_questions(held.week).items():
        known, said = held.known[id], how.get(id.split(".")[1])
        same = week_keys(held.week).keys[id].same
        answers[id] = {role: _answer(known[role], same, said) for role in asked.hospitals}
    return Run(answers)


def _answer(known, same, said):
    if said is None:
        return ...
    return known.reference if said == "right" else same.complete(known.wrong[said], known.reference)


def stub(patch, held):
    """Patch a grader to have no box and no child: ``runs(path)`` returns what a submission answered."""
    folders = {role: known.hospital.path.parent for role, known in held.known["W01.Q2"].items()}
    made = SimpleNamespace(**folders, fresh=None, seed=7)
    told = SimpleNamespace(runs=lambda path: answered(held), asked=[])

    def run(path, week, hospitals, **how):
        read_cells(path)
        told.asked.append(path.name)
        return told.runs(path)

    patch.setattr(sandbox, "best", lambda **how: BOX)
    patch.setattr(ground, "prepare", lambda *where, **how: made)
    patch.setattr(runner, "run", run)
    patch.setattr(grade, "_standards", lambda weeks, *rest: {1: held})
    patch.setattr(grade.secrets, "randbits", lambda bits: 2**bits - 1)
    patch.setattr(grade, "now", lambda: "2026-01-01T00:00:00Z")
    return told


def by_learner(grades):
    return {row.learner: row for row in grades.rows}


def kinds(row):
    return {mark.question.split(".")[1]: mark.misconception or mark.kind for mark in row.marks}


def a_class(folder, *names):
    for name in names:
        notebook(folder / f"{name}_week01.ipynb", 'check("W01.Q1", counts)')
    return folder
