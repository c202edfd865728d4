"""``make build``, in one direction: solutions become exercises, lessons and solutions become executed notebooks.

nbgrader's ``generate_assignment`` strips solutions too, but needs a database and knows neither starters nor texts that
explain an answer; nbconvert executes, but keeps times and paths that change with each run.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wardround import quiet
from wardround.course import notebooks, places
from wardround.course.notebooks import BEGIN, END, STARTER
from wardround.course.questions import AuthoringError, week_questions

CELL_SECONDS = 300
WIDGET = "application/vnd.jupyter.widget-view+json"
QUIET_KERNEL = ["--IPKernelApp.log_level=ERROR"]  # else each start warns that loopback is not encrypted
Progress = Callable[[float, str], None]
_MARK = re.compile(r"^\s*###\s*(.*)$")
_METADATA = {"cell_metadata_filter": "tags,nbgrader,-all", "notebook_metadata_filter": "-all"}
_KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


class BuildError(AuthoringError):
    """A source that cannot become a notebook; the message names file and cell or line."""


def build(only: list[str] | None = None, *, progress: Progress | None = None, force: bool = False) -> list[Path]:
    """Build what is out of date.

    Parameters
    ----------
    only
        Weeks such as ``W01``, or ``appendix``; all by default.
    force
        Also what has not changed since it was built.

    Returns
    -------
    list of Path
        The files that were written.

    Raises
    ------
    BuildError
        A marker is unbalanced, a cell failed or wrote to stderr.
    """
    progress = progress or (lambda done, what: None)
    weeks = {None if name == "appendix" else int(name[1:3]) for name in only or ()}
    wanted = [path for path in notebooks.sources() if not weeks or notebooks.week_number(path) in weeks]
    written: list[Path] = []
    for n, path in enumerate(wanted):
        progress(n / len(wanted), f"building {path.name}")
        if path.parent.name == "solutions":
            written += _write_exercise(path)
        if force or not is_current(path):
            written += _write(path.with_suffix(".ipynb"), _text(executed(path)))
    return written


def exercise_of(text: str, name: str) -> str:
    """Source of the exercise: the solution's blocks are gone, its starters are code.

    Raises
    ------
    BuildError
        A marker is unbalanced, nested or unknown.
    """
    kept, opened = [], 0
    for number, line in enumerate(text.splitlines(), 1):
        mark = _MARK.match(line)
        word = mark[1].strip() if mark else ""
        if not mark:
            kept += [] if opened else [line]
        elif line.strip() == BEGIN:
            if opened:
                raise BuildError(
                    f"{name}, line {number}: BEGIN SOLUTION inside the block of line {opened}; end that first."
                )
            opened = number
        elif line.strip() == END:
            if not opened:
                raise BuildError(f"{name}, line {number}: END SOLUTION without a BEGIN SOLUTION before it.")
            opened = 0
        elif word.startswith("STARTER ") and not opened:
            kept.append(line.replace(STARTER, "", 1))
        else:
            raise BuildError(
                f"{name}, line {number}: unknown marker {line.strip()!r}; write BEGIN or END SOLUTION, or STARTER."
            )
        if opened and line.startswith("# %%"):
            raise BuildError(f"{name}, line {number}: the solution block of line {opened} does not end in its cell.")
    if opened:
        raise BuildError(f"{name}, line {opened}: BEGIN SOLUTION without an END SOLUTION after it.")
    return "\n".join(kept) + "\n"


def exercise(path: Path) -> Any:
    """The exercise of a solution as a notebook: explanations removed, cells marked for Run All and for nbgrader."""
    import jupytext

    solved = notebooks.read(path)
    graded = {}
    for question, answer, check in notebooks.answers(solved):
        name = question.replace(".", "-").lower()
        graded[answer] = {"grade": False, "grade_id": name, "locked": False, "schema_version": 3, "solution": True}
        graded[check] = {"grade": True, "grade_id": f"{name}-check", "locked": True, "points": _points(question),
                         "schema_version": 3, "solution": False}  # fmt: skip
    made = jupytext.reads(exercise_of(path.read_text(encoding="utf-8"), path.name), fmt="py:percent")
    if len(made.cells) != len(solved.cells):
        raise BuildError(f"{path.name}: a solution block hides the start of a cell.")
    for place, cell in enumerate(made.cells):
        if place in graded:
            cell.metadata["nbgrader"] = graded[place]
        if notebooks.checked(cell):
            cell.metadata["tags"] = sorted({*notebooks.tags(cell), "raises-exception"})
    made.cells = [cell for cell in made.cells if "solution" not in notebooks.tags(cell)]
    return _dressed(made, exercise_path(path))


def _points(question: str) -> int:
    """Stretch questions are never counted."""
    asked = week_questions(places.week_of(question)).get(question)
    return 0 if asked and asked.stretch else 1


def exercise_path(solution: Path) -> Path:
    """Where a solution's exercise lies."""
    return solution.parent.parent / "exercises" / solution.name


def executed(path: Path) -> Any:
    """A lesson or solution as a notebook with its outputs.

    Raises
    ------
    BuildError
        A cell failed, or wrote to stderr.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    notebook = _dressed(notebooks.read(path), path)
    with _quiet_kernel():
        resources = {"metadata": {"path": str(path.parent)}}
        client = NotebookClient(
            notebook, timeout=CELL_SECONDS, kernel_name="python3", resources=resources, extra_arguments=QUIET_KERNEL
        )
        try:
            client.execute()
        except CellExecutionError as trouble:
            raise BuildError(f"{path.name}: a cell failed: {trouble.ename}: {trouble.evalue}\n{trouble}") from None
    for place, cell in enumerate(notebook.cells):
        _clean(cell, f"{path.name}, cell {place + 1}")
    notebook.metadata.pop("widgets", None)
    notebook.metadata["wardround"] = {"source_sha256": digest(path)}
    notebook.metadata["language_info"] = dict(_KERNEL["language_info"])
    return notebook


def digest(path: Path) -> str:
    """Of everything that a notebook's outputs depend on, but for the package: its text, its week, the hospital."""
    from wardround.hospital import VERSION

    week = notebooks.week_number(path)
    folder = places.week_folder(week) if week else None
    beside = [file for file in sorted(folder.glob("*.py")) if not file.name[0].isdigit()] if folder else []
    if folder and path.name[0].isdigit():
        beside += sorted(folder.glob("quiz.toml"))  # lessons print its items
    held = hashlib.sha256(f"{VERSION}\n".encode())
    for file in (path, *beside):
        held.update(file.name.encode() + b"\0" + file.read_bytes())
    return held.hexdigest()


def is_current(path: Path) -> bool:
    """Whether the notebook beside a source was built from it as it is now."""
    built = path.with_suffix(".ipynb")
    if not built.exists():
        return False
    import orjson

    metadata = orjson.loads(built.read_bytes()).get("metadata", {})
    return metadata.get("wardround", {}).get("source_sha256") == digest(path)


def _dressed(notebook: Any, path: Path) -> Any:
    """Metadata and ids that are the same on every machine."""
    notebook.metadata = type(notebook.metadata)(_KERNEL)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for place, cell in enumerate(notebook.cells):
        cell["id"] = f"{notebooks.file_id(path)}-{place + 1:03d}"
    return notebook


def _clean(cell: Any, where: str) -> None:
    cell.metadata.pop("execution", None)
    for output in cell.get("outputs", []):
        if output.output_type == "stream" and output.name == "stderr" and "stderr-expected" not in notebooks.tags(cell):
            raise BuildError(f"{where} wrote to stderr: {output.text.strip()[:300]}")
        output.get("data", {}).pop(WIDGET, None)  # nothing runs behind a built page: its still figure stands there


def _write_exercise(solution: Path) -> list[Path]:
    import jupytext

    notebook, target = exercise(solution), exercise_path(solution)
    text = _text(notebook)
    notebook.metadata["jupytext"] = dict(_METADATA)
    return _write(target, jupytext.writes(notebook, fmt="py:percent")) + _write(target.with_suffix(".ipynb"), text)


def _text(notebook: Any) -> str:
    import nbformat

    return nbformat.writes(notebook, indent=1) + "\n"


def _write(path: Path, text: str) -> list[Path]:
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return []
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return [path]


@contextmanager
def _quiet_kernel() -> Iterator[None]:
    """Kernels started inside inherit every switch, and write what learners write into a folder that goes."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="wardround-build-") as scratch:
        os.environ.update(quiet.environment(os.environ | {"WARDROUND_WORK": scratch}))
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
