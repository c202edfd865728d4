"""Notebooks of the course as cells: their sources, their stable ids, and the answer that a solution holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wardround.course import places

BEGIN, END, STARTER = "### BEGIN SOLUTION", "### END SOLUTION", "### STARTER "
CHECKS = re.compile(r"^check\(\s*[\"'](W\d\d\.Q\d+)[\"']", re.M)


def read(path: Path) -> Any:
    """A notebook from a ``.py`` in percent format or a ``.ipynb``, as nbformat's node."""
    import jupytext

    return jupytext.read(path)


def sources(week: int | None = None) -> list[Path]:
    """Every text that a notebook is built from: lessons, the appendix where no week is asked for, solutions."""
    name = f"week{week:02d}_" if week else "week[0-9][0-9]_"
    lessons = sorted((places.root() / "curriculum").glob(f"{name}*/[0-9]_*.py"))
    appendix = [] if week else sorted((places.root() / "curriculum" / "appendix").glob("*.py"))
    return [*lessons, *appendix, *sorted((places.root() / "solutions").glob(f"{name}*.py"))]


def week_number(path: Path) -> int | None:
    """The week that a notebook belongs to; None for one of the appendix."""
    return None if path.parent.name == "appendix" else int(file_id(path)[1:3])


def file_id(path: Path) -> str:
    """Short name of a notebook, from which its cells take their ids: ``w01l2``, ``w01s``, ``w01x``."""
    folder = path.parent.name
    if folder == "appendix":
        return f"a-{path.stem.replace('_', '-')}"
    if folder in ("solutions", "exercises"):
        return f"w{path.name[4:6]}{'s' if folder == 'solutions' else 'x'}"
    return f"w{folder[4:6]}l{path.name[0]}"


def tags(cell: Any) -> list[str]:
    """Tags of a cell."""
    return list(cell.metadata.get("tags", []))


def checked(cell: Any) -> str | None:
    """Id of the question that a cell checks, or None."""
    found = CHECKS.search(cell.source) if cell.cell_type == "code" else None
    return found[1] if found else None


def answers(notebook: Any) -> Iterator[tuple[str, int, int]]:
    """``(question, answer cell, check cell)`` of a solution or exercise, by place."""
    last = None
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and (BEGIN in cell.source or cell.metadata.get("nbgrader", {}).get("solution")):
            last = place
        question = checked(cell)
        if question and last is not None:
            yield question, last, place


def solution_of(question_id: str) -> tuple[str, str]:
    """The code that answers a question, and why it does: the text cells tagged ``solution`` after its check.

    Raises
    ------
    LookupError
        The week's solution does not answer it.
    """
    week = places.week_of(question_id)
    notebook = read(places.root() / "solutions" / f"{places.week_name(week)}.py")
    for question, answer, check in answers(notebook):
        if question == question_id:
            return without_marks(notebook.cells[answer].source), _why(notebook.cells[check + 1 :])
    raise LookupError(f"The solution of week {week} does not answer {question_id}.")


def without_marks(source: str) -> str:
    """The solved code of a cell: its markers and its starters are gone."""
    marks = (BEGIN, END, STARTER.strip())
    return "\n".join(line for line in source.splitlines() if not line.strip().startswith(marks))


def _why(cells: list[Any]) -> str:
    told = []
    for cell in cells:
        if "solution" not in tags(cell):
            break
        told.append(cell.source)
    return "\n\n".join(told)
