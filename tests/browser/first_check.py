"""Take the README's picture: ``PYTHONPATH=helpers:tests python tests/browser/first_check.py``.

It shows a wrong answer at the first check. The script opens the exercise of week 1 in a folder of its own, on the
hospital that is in ``datasets/`` (built if it is not there), and writes ``curriculum/images/first_check.png``. Chromium
is Debian's, as for the tests beside it.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from test_lab import blank_page, opened, running_lab
from wardround.course import loading, places, workspace

PICTURE = places.root() / "curriculum" / "images" / "first_check.png"
NAME = "week01/week01_fhir_data_modeling.ipynb"
ANSWER = """people = {patient["id"] for patient in patients}
counts = {"lines": len(patients), "resources": len(people), "people": len(people)}"""


def prepare(home: Path) -> int:
    """Start week 1 in ``home``, give the wrong answer, and return the place of the cell that checks it."""
    os.environ["WARDROUND_WORK"] = str(home / "work")
    workspace.start(1)
    path = home / "work" / NAME
    exercise = nbformat.read(path, as_version=4)
    sources = [cell.source for cell in exercise.cells]
    answer = next(k for k, source in enumerate(sources) if source.startswith("counts = {"))
    exercise.cells[answer].source = ANSWER
    nbformat.write(exercise, path)
    return sources.index('check("W01.Q1", counts)')


def take(page, address: str, check: int) -> None:
    """Run the exercise as far as its first check, and photograph the answer with what the check says."""
    opened(page, address.replace("week01/README.md", NAME))
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=90_000)
    page.locator(".jp-Notebook .jp-Cell").first.click()
    page.keyboard.press("Escape")
    for _ in range(check + 1):
        page.keyboard.press("Shift+Enter")
    block = page.get_by_role("note").filter(has_text="W01.Q1")
    block.wait_for(timeout=180_000)
    last = page.get_by_text("NotYet: W01.Q1")
    last.wait_for()
    page.locator(".jp-CodeCell").filter(has_text="len(people)}").evaluate("cell => cell.scrollIntoView()")
    page.wait_for_timeout(1000)  # the scroll bar and the file browser come to rest
    box = last.bounding_box()
    size = page.viewport_size
    clip = {"x": 0, "y": 0, "width": size["width"], "height": min(box["y"] + box["height"] + 2, size["height"])}
    page.screenshot(path=PICTURE, clip=clip)


if __name__ == "__main__":
    loading.ensure_hospitals()
    with TemporaryDirectory() as home:
        check = prepare(Path(home))
        with running_lab(places.datasets(), Path(home)) as address, blank_page(1180, 700) as page:
            take(page, address, check)
