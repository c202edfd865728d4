"""What may never be true of the notebooks: pairs that differ, answers that leak, cells that only Jupyter can run."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from wardround.course import notebooks
from wardround.course.authoring.build import exercise, exercise_path, is_current
from wardround.course.notebooks import BEGIN, END, STARTER
from wardround.course.questions import week_questions

MAGIC = re.compile(r"^\s*[%!]|^\s*\?|\?\s*$|get_ipython\(", re.M)
SIGNIFICANT = 15


def compare() -> list[str]:
    """Notebooks that are not what a fresh build would write. Outputs are compared by nbval, where cells are marked."""
    problems = []
    for path in notebooks.sources():
        built = path.with_suffix(".ipynb")
        if not is_current(path):
            problems.append(f"{built.name} was not built from {path.name} as it is now; run make build.")
        if built.exists():
            problems += _unlike(notebooks.read(path), notebooks.read(built), built, notebooks.file_id(path))
        if path.parent.name == "solutions":
            problems += _exercise_problems(path)
    return problems


def _exercise_problems(solution: Path) -> list[str]:
    fresh, problems = exercise(solution), []
    for built in (exercise_path(solution), exercise_path(solution).with_suffix(".ipynb")):
        if not built.exists():
            problems.append(f"{built.name} is missing; run make build.")
        else:
            ids = notebooks.file_id(built) if built.suffix == ".ipynb" else None
            problems += _unlike(fresh, notebooks.read(built), built, ids)
    return problems


def _unlike(source, built, path: Path, ids: str | None) -> list[str]:
    if len(source.cells) != len(built.cells):
        return [f"{path.name} has {len(built.cells)} cells, its source {len(source.cells)}; run make build."]
    problems = []
    for place, (a, b) in enumerate(zip(source.cells, built.cells, strict=True), 1):
        if (a.cell_type, a.source) != (b.cell_type, b.source):
            problems.append(f"{path.name}, cell {place}, differs from its source; run make build.")
        if _kept(a) != _kept(b):
            problems.append(f"{path.name}, cell {place}, has other metadata than its source; run make build.")
        if ids and b.get("id") != f"{ids}-{place:03d}":
            problems.append(f"{path.name}, cell {place}, has the id {b.get('id')!r}; run make build.")
    return problems


def _kept(cell) -> dict:
    return {name: cell.metadata[name] for name in ("tags", "nbgrader") if name in cell.metadata}


def leaks() -> list[str]:
    """Lines of a solution that stand anywhere in its exercise, outputs and metadata included."""
    problems = []
    for path in notebooks.sources():
        if path.parent.name != "solutions":
            continue
        secret = solution_lines(path.read_text(encoding="utf-8"))
        for built in (exercise_path(path), exercise_path(path).with_suffix(".ipynb")):
            text = built.read_text(encoding="utf-8").replace('\\"', '"') if built.exists() else ""
            flat = re.sub(r"\s+", "", text)
            problems += [f"{built.name} holds a line of the solution: {line}" for line in secret if _flat(line) in flat]
    return problems


def solution_lines(text: str) -> list[str]:
    """Lines between the markers with enough in them to be an answer; imports and given code aside."""
    inside, secret, given = False, [], set()
    for line in text.splitlines():
        stripped = line.strip()
        if stripped in (BEGIN, END):
            inside = stripped == BEGIN
        elif inside and not stripped.startswith(("import ", "from ", "#")) and len(_flat(line)) >= SIGNIFICANT:
            secret.append(stripped)
        elif not inside:
            given.add(_flat(line.replace(STARTER, "")))
    return [line for line in secret if not any(_flat(line) in known for known in given)]


def _flat(line: str) -> str:
    return re.sub(r"\s+", "", line)


def cells() -> list[str]:
    """Magics and shell lines; questions that no solution checks, or checks twice; answers without metadata."""
    problems = []
    for path in notebooks.sources():
        notebook = notebooks.read(path)
        for place, cell in enumerate(notebook.cells, 1):
            if cell.cell_type == "code" and MAGIC.search(cell.source):
                problems.append(f"{path.name}, cell {place}, holds a magic or a shell line; write it in Python.")
        if path.parent.name == "solutions":
            problems += _question_problems(path, notebook)
    return problems


def _question_problems(path: Path, notebook) -> list[str]:
    asked = set(week_questions(int(path.name[4:6])))
    times = Counter(question for question, _, _ in notebooks.answers(notebook))
    problems = [f"{path.name} checks {id} {times[id]} times; once is right." for id in sorted(asked) if times[id] != 1]
    problems += [f"{path.name} checks {id}, which its week does not ask." for id in sorted(set(times) - asked)]
    marked = [cell.metadata.get("nbgrader", {}) for cell in exercise(path).cells]
    graded = {entry["grade_id"] for entry in marked if entry.get("grade")}
    lost = [id for id in times if f"{id.replace('.', '-').lower()}-check" not in graded]
    return problems + [f"{path.name}: the check of {id} lost its nbgrader metadata." for id in lost]


def every() -> list[str]:
    """All lints together."""
    return [*compare(), *leaks(), *cells()]
