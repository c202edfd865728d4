"""What the tests of grading share: notebooks as learners hand them in, and runs that need no child process."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

from wardround.course import places
from wardround.course.grading.reading import read_cells
from wardround.course.keys import week_keys
from wardround.course.questions import week_questions
from wardround.course.runner import Run

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
