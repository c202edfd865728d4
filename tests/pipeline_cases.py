"""A learner's work folder with the reference answers, and the pipeline laid out in it."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
from wardround.course import notebooks, places, progress
from wardround.course import pipeline as course
from wardround.operations.ledger import Ledger

FILLED = ["0.05", '"feed owner"', '"mend the feed"', '"model owner"', '"look"', "3", '"on call"', '"roll back"']
FILLED += ["0.8", "1.25", '"model owner"', '"recalibrate"']


def exercised(**changed: str) -> None:
    """Write the exercises of weeks 7 and 8 as somebody has them who answered as the solution does, each check right.

    ``changed``: by a function's name another text for its cell; ``None`` as text leaves its question unchecked.
    """
    for week in (7, 8):
        name = places.week_name(week)
        notebook = notebooks.read(places.root() / "solutions" / f"{name}.py")
        cells = [notebooks.without_marks(one.source) for one in notebook.cells if one.cell_type == "code"]
        for one, text in changed.items():
            cells = [text if text is not None and f"def {one}(" in cell else cell for cell in cells]
        path = places.part_path(week) / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(orjson.dumps({"cells": [{"cell_type": "code", "source": one} for one in cells]}))
    for one, question in course.ANSWERS.items():
        if changed.get(one, "") is not None:
            progress.record(question, "right")


def filled(folder: Path) -> Path:
    """Fill the plan as the memo with six points has it; the folder is returned."""
    values, path = iter(FILLED), folder / "plan.toml"
    lines = [
        re.sub(r'= ""', lambda _: f"= {next(values)}", one) if one[:1] != "#" else one
        for one in path.read_text().splitlines()
    ]
    path.write_text("\n".join(lines) + "\n")
    return folder


def lines(home: Path) -> list[tuple[str, str, dict]]:
    """Actor, action and detail of every line of a pipeline's log."""
    return [(line.actor, line.action, line.told()) for line in Ledger(home / "state" / "log.sqlite").lines()]


def live(home: Path) -> dict:
    """What is served."""
    return orjson.loads((home / "state" / "live.json").read_bytes())
