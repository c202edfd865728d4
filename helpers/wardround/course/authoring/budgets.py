"""How long a lesson takes, by a stated formula, and whether it keeps to its budgets.

Minutes = words / 100 + 1.5 for each code cell + 1 for each quiz item. Ours, an assumption, until learners' minutes have
been measured: a hundred words of new matter a minute, a cell read, run and looked at in ninety seconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from wardround.course import notebooks

CELLS, WORDS, OUTPUT_LINES, SOURCE_LINES, MEDIAN_LINES = (25, 40), (900, 1500), 40, 15, 6
LONGEST_WITHOUT_A_BREAK = 150
APPENDIX_CELLS, APPENDIX_WORDS = (15, 30), (700, 1300)  # 20 to 25 minutes, without a quiz
STATED = re.compile(r"^\*About (\d+) min · (\d+) min so far.*\*$", re.M)
_HEADING = re.compile(r"^(#+) (.*)$", re.M)
_ITEM = re.compile(r"^quiz\(", re.M)
_UNTIMED = ("What you have now", "Sources")


@dataclass
class Section:
    """One ``##`` section: its words, code cells, quiz items, and what it says it takes."""

    title: str
    words: int = 0
    cells: int = 0
    items: int = 0
    stated: tuple[int, int] | None = None
    items_named: list[str] = field(default_factory=list)

    @property
    def minutes(self) -> float:
        """By the formula above."""
        return self.words / 100 + 1.5 * (self.cells - self.items) + self.items


def sections(notebook) -> list[Section]:
    """Sections of a lesson; what stands before the first ``##`` counts with it."""
    found: list[Section] = [Section("")]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            found[-1].cells += 1
            found[-1].items += bool(_ITEM.search(cell.source))
            continue
        for part in re.split(r"^(?=## )", cell.source, flags=re.M):
            heading = re.match(r"## (.*)", part)
            if heading:
                found.append(Section(heading[1].strip()))
            stated = STATED.search(part)
            found[-1].stated = (int(stated[1]), int(stated[2])) if stated else found[-1].stated
            found[-1].words += len(part.split())
    first, second, *rest = found
    second.words, second.cells = second.words + first.words, second.cells + first.cells
    return [second, *rest]


def problems(path: Path) -> list[str]:
    """What a built lesson has too much of, too little of, or says wrongly."""
    notebook, name = notebooks.read(path), path.name
    words = sum(len(cell.source.split()) for cell in notebook.cells if cell.cell_type == "markdown")
    told = []
    kind, *limits = ("a lesson", CELLS, WORDS)
    if path.parent.name == "appendix":
        kind, *limits = ("an appendix", APPENDIX_CELLS, APPENDIX_WORDS)
    for what, n, (low, high) in zip(("cells", "words"), (len(notebook.cells), words), limits, strict=True):
        if not low <= n <= high:
            told.append(f"{name} has {n} {what}; {kind} has {low} to {high}.")
    return told + _code_problems(notebook, name) + _minute_problems(notebook, name) + _stretches(notebook, name)


def _code_problems(notebook, name: str) -> list[str]:
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    lengths = [len([line for line in cell.source.splitlines() if line.strip()]) for cell in code]
    told = [f"{name}, a cell of {n} lines; at most {SOURCE_LINES}." for n in lengths if n > SOURCE_LINES]
    if median(lengths) > MEDIAN_LINES:
        told.append(f"{name}: half of its code cells have more than {MEDIAN_LINES} lines.")
    for cell in code:
        shown = sum(_lines(output) for output in cell.get("outputs", []))
        if shown > OUTPUT_LINES:
            told.append(f"{name}: {cell.source.splitlines()[0]!r} prints {shown} lines; at most {OUTPUT_LINES}.")
    return told


def _lines(output) -> int:
    text = output.get("text") or output.get("data", {}).get("text/plain", "")
    return len(text.splitlines())


def _minute_problems(notebook, name: str) -> list[str]:
    told, so_far = [], 0
    for section in sections(notebook):
        if section.title in _UNTIMED:
            continue
        minutes = max(1, round(section.minutes))
        so_far += minutes
        if section.stated != (minutes, so_far):
            told.append(f"{name}, {section.title!r}: write *About {minutes} min · {so_far} min so far*.")
    return told


def _stretches(notebook, name: str) -> list[str]:
    """Text that goes on for too long without code, table or figure."""
    told, run = [], 0
    for cell in notebook.cells:
        run = run + len(cell.source.split()) if cell.cell_type == "markdown" else 0
        if run > LONGEST_WITHOUT_A_BREAK and "## Sources" not in cell.source and cell is not notebook.cells[0]:
            told.append(f"{name}: {run} words on end before {cell.source[:30]!r} is over; break them up.")
    return told
