"""``wardround start pipeline``: the templates, the learner's answers cut from their exercises, a feed to practise on.

Of an answer the cell goes over that defines it, the imports that it needs, and helpers of other cells that it calls. It
is copied, never run here.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from wardround.course import places, progress, workspace
from wardround.course.grading.reading import Unreadable, read_cells
from wardround.course.loading import load
from wardround.course.pipeline_feed import PRACTICE, write_feed

TEMPLATES = Path(__file__).resolve().parents[1] / "operations" / "templates" / "pipeline"
ANSWERS = {"gate": "W07.Q2", "explain": "W07.Q1", "roll_back": "W07.Q3", "alarms": "W08.Q1", "performance": "W08.Q3"}
GIVEN = {"given"}  # stands at the head of answers.py
HEAD = '''\
"""Your graded answers of weeks 7 and 8; above each where it comes from. `wardround start pipeline` made this file."""

from types import SimpleNamespace

import pandas as pd

_HOUSE = {  # what `given` hands to your answers here; the steps fill in what changes
    7: SimpleNamespace(HOUSE={}, RULES={}),
    8: SimpleNamespace(THRESHOLD=0.12, FOLLOW_UP=pd.Timedelta(days=150), AS_OF=None, QUARTER_WEEKS=13, FLOOR=0.0005),
}


def given(week):
    return _HOUSE[week]
'''


class NotCut(ValueError):
    """An answer cannot stand alone; the message says why and where to mend it."""


def start(*, say: Callable[[str], object] = print) -> Path:
    """Lay out ``work/pipeline``, or bring it up to date; what the learner changed is kept (as :func:`workspace.start`).

    Returns
    -------
    Path
        ``work/pipeline``.

    Raises
    ------
    NotSaved
        The folder cannot be written.
    """
    text, troubles = answers()
    files = {path.relative_to(TEMPLATES).as_posix(): path.read_bytes() for path in _templates()}
    folder = workspace.deliver("pipeline", files | {"answers.py": text.encode()}, say=say)
    for trouble in troubles:
        say(trouble)
    if troubles:
        say(f"{len(ANSWERS) - len(troubles)} of {len(ANSWERS)} answers are in place; the others raise what is missing.")
    if not (folder / "feed" / "reference.parquet").exists():
        write_feed(folder / "feed", load(), PRACTICE)
    return folder


def answers() -> tuple[str, list[str]]:
    """Return the text of ``answers.py``, and a sentence for each answer that is not in it."""
    done, parts, troubles, taken = progress.read().questions, [HEAD], [], {}
    for name, question in ANSWERS.items():
        try:
            if question not in done or done[question].verdict != "right":
                stands = "its last check was not right" if question in done else "it has not been checked"
                raise NotCut(f"{stands}; check it in the exercise, then `wardround start pipeline` again")
            path = exercise(places.week_of(question))
            found = cut(read_cells(path), name, taken)
            parts.append(f"\n\n# {question}, from {path.parent.name}/{path.name}\n{found}")
        except (NotCut, Unreadable, OSError) as trouble:
            said = f"{question} ({name}) is not in place: {trouble}"
            troubles.append(said)
            parts.append(f"\n\n# {question}\ndef {name}(*given):\n    raise NotImplementedError({said!r})\n")
    return "".join(parts), troubles


def exercise(week: int) -> Path:
    """Return the learner's copy of a week's exercise.

    Raises
    ------
    NotCut
        There is none.
    """
    path = places.part_path(week) / f"{places.week_name(week)}.ipynb"
    if not path.exists():
        raise NotCut(f"there is no {path.parent.name}/{path.name}; begin with `wardround start {week}`")
    return path


def cut(cells: Sequence[str], name: str, taken: dict[str, str] | None = None) -> str:
    """Return the code of a function of a notebook, with what it needs, to stand alone.

    Parameters
    ----------
    cells
        Sources of the code cells.
    name
        Of the function.
    taken
        Helpers cut before, name to code: two of one name and different code cannot stand in one file. It is added to.

    Raises
    ------
    NotCut
        No cell defines it, or it needs something that only exists in the notebook.
    """
    taken, trees = {} if taken is None else taken, [tree for cell in cells if (tree := _parsed(cell))]
    imports = {bound: node for tree in trees for node in tree.body for bound in _imported(node)}
    helpers = {one: node for tree in trees for node in tree.body for one in _defined(node)}
    if not isinstance(helpers.get(name), ast.FunctionDef):
        raise NotCut(f"no cell of the exercise defines {name}")
    needed, lines, queue = [], [], [name]
    while queue:
        one = queue.pop()
        if one in needed:
            continue
        needed.append(one)
        node = helpers[one]
        for used in sorted(_free(node) - GIVEN - set(dir(builtins))):
            if used in imports:
                lines.append(ast.unparse(_only(imports[used], used)))
            elif used in helpers:
                queue.append(used)
            else:
                raise NotCut(f"{one} uses {used}, which the exercise does not define; define it inside {name}")
    code = {one: _source(helpers[one], cells) for one in reversed(needed)}
    if clash := [one for one, text in code.items() if taken.get(one, text) != text]:
        raise NotCut(f"two answers have a helper {clash[0]} that differs; give one of them another name")
    taken |= code
    return "\n".join([*sorted(set(lines)), "", "", *(f"{text}\n" for text in code.values())])


def _templates() -> Iterator[Path]:
    return (path for path in sorted(TEMPLATES.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)


def _parsed(cell: str) -> ast.Module | None:
    try:
        return ast.parse(cell)
    except (SyntaxError, ValueError):  # a magic, or half a thought: not the answer that was right
        return None


def _imported(node: ast.stmt) -> list[str]:
    if not isinstance(node, (ast.Import, ast.ImportFrom)) or getattr(node, "module", "") == "__future__":
        return []
    return [one.asname or one.name.split(".")[0] for one in node.names]


def _only(node: ast.Import | ast.ImportFrom, name: str) -> ast.stmt:
    """The part of an import that binds a name."""
    names = [one for one in node.names if (one.asname or one.name.split(".")[0]) == name]
    if isinstance(node, ast.Import):
        return ast.Import(names)
    return ast.ImportFrom(node.module, names, node.level)


def _defined(node: ast.stmt) -> list[str]:
    """What a statement defines that can go along: a function, a class, a constant."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, ast.Assign) and _is_constant(node.value):
        return [one.id for one in node.targets if isinstance(one, ast.Name)]
    return []


def _is_constant(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError):
        return isinstance(value, ast.Lambda)
    return value is not None and not (isinstance(value, ast.Constant) and value.value is ...)


def _free(node: ast.stmt) -> set[str]:
    """Names that a definition reads and does not bind anywhere inside itself."""
    names = [one for one in ast.walk(node) if isinstance(one, ast.Name)]
    bound = {one.id for one in names if not isinstance(one.ctx, ast.Load)}
    bound |= {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}
    bound |= {one.name for one in ast.walk(node) if isinstance(one, (ast.FunctionDef, ast.ClassDef))}
    bound |= {one.name for one in ast.walk(node) if isinstance(one, ast.ExceptHandler) and one.name}
    bound |= {name for one in ast.walk(node) for name in _imported(one)}
    return {one.id for one in names if isinstance(one.ctx, ast.Load)} - bound


def _source(node: ast.stmt, cells: Sequence[str]) -> str:
    """The text of a definition as it was written, comments and all; the last cell that has it."""
    for cell in reversed(cells):
        for found in getattr(_parsed(cell), "body", []):
            if ast.dump(found) == ast.dump(node):
                lines = cell.splitlines()
                first = min([found.lineno, *(one.lineno for one in getattr(found, "decorator_list", []))])
                return "\n".join(lines[first - 1 : found.end_lineno])
    raise AssertionError("a definition came from no cell")
