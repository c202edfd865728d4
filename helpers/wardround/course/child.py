"""The learner's side of the runner, started as ``python -m wardround.course.child`` with a job on standard input."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import orjson

from wardround.course import loading, plain
from wardround.course.asking import put
from wardround.course.questions import load_questions
from wardround.records import read_export


def main() -> None:
    """Run the cells, put the questions, write one JSON line for each answer."""
    job = orjson.loads(sys.stdin.buffer.read())
    hospitals = {role: read_export(folder) for role, folder in job["hospitals"].items()}
    loading.use(hospitals["here"])
    names: dict[str, Any] = {"__name__": "__main__"}
    with Path(job["answers"]).open("ab", buffering=0) as out:
        for number, source in _cells(Path(job["notebook"])):
            trouble = _execute(source, number, names)
            if trouble is not None:
                _send(out, cell=number, error=type(trouble).__name__, message=str(trouble)[:300])
        for asked in load_questions(Path(job["questions"])).questions.values():
            value = names.get(asked.answer, ...)
            for role in asked.hospitals:
                began = time.perf_counter()
                answer = put(asked, value, hospitals[role])
                seconds = time.perf_counter() - began
                _send(out, question=asked.id, role=role, seconds=seconds, answer=orjson.Fragment(plain.dump(answer)))


def _cells(path: Path):
    import jupytext

    notebook = jupytext.read(path)
    yield from ((n, cell.source) for n, cell in enumerate(notebook.cells) if cell.cell_type == "code")


def _execute(source: str, number: int, names: dict) -> BaseException | None:
    """Run one cell; the next ones run whatever happened here."""
    try:
        exec(compile(source, f"<cell {number}>", "exec"), names)
    except (Exception, SystemExit, KeyboardInterrupt) as trouble:
        return trouble
    return None


def _send(out: Any, **message: Any) -> None:
    out.write(orjson.dumps(message) + b"\n")


if __name__ == "__main__":
    main()
