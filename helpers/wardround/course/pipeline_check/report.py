"""The report of ``wardround check pipeline``: a table, what is to be mended, the same as a page and as plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from wardround.course.grading.pages import write_page
from wardround.course.grading.submissions import printable
from wardround.course.pipeline_check.found import Finding, Judged, Row
from wardround.course.store import write_atomically

HEAD = ("what happened", "week", "caught by", "in week", "after", "done", "verdict")
GOOD = "Nothing to mend: it runs, catches, and rolls back."
LONGEST = 900  # characters of a sentence that holds words of a learner's


@dataclass
class Report:
    """What all flights come to.

    Attributes
    ----------
    skipped
        Why nothing was flown; empty where it was.
    level
        Of the box.
    seconds, processor
        By the clock, and of all processors together, here and in the box (of what was killed nothing is known).
    """

    skipped: str = ""
    level: str = ""
    weeks: int = 0
    seconds: float = 0.0
    processor: float = 0.0
    rows: list[Row] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)

    def add(self, name: str, judged: Judged) -> None:
        """Add a flight; a thing to mend that two flights show is said once."""
        known = {one.code.removeprefix("killed: ") for one in self.findings}
        self.findings += [one for one in judged.findings if one.code.removeprefix("killed: ") not in known]
        self.rows += judged.rows
        self.false += judged.false
        self.without += judged.without
        self.facts += [f"{name}: {fact}" for fact in judged.facts]

    @property
    def ok(self) -> bool:
        """It was flown, and there is nothing to mend."""
        return not self.skipped and not self.findings

    @property
    def summary(self) -> list[str]:
        """What the table does not show, a sentence each."""
        let = [row.fault for row in self.rows if not row.ok]
        told = [f"Not as it should be: {'; '.join(let) or 'nothing'}."]
        told.append(f"False alarms: {len(self.false)}{_listed(self.false)}.")
        told.append(f"Weeks without a list: {'; '.join(self.without) or 'none'}.")
        return [*told, *(f"{fact[0].upper()}{fact[1:]}." for fact in self.facts)]

    @property
    def cells(self) -> list[tuple[str, ...]]:
        """The table, without its head."""
        lines = []
        for row in self.rows:
            caught = row.caught or ("-" if row.ok else "NOBODY")
            when = ["-" if value is None else str(value) for value in (row.week, row.after)]
            told = (row.fault, row.began, caught, *when, row.done, "right" if row.ok else "to mend")
            lines.append(tuple(printable(one, 60) for one in told))
        return lines

    @property
    def lines(self) -> list[str]:
        """The whole as text; what learner code wrote is cut and made printable."""
        if self.skipped:
            return [f"Not checked: {self.skipped}"]
        table = [HEAD, *self.cells]
        widths = [max(len(line[place]) for line in table) for place in range(len(HEAD))]
        told = [f"{self.weeks} weeks of a hospital that you have not seen.", ""]
        told += [
            "  ".join(cell.ljust(wide) for cell, wide in zip(line, widths, strict=True)).rstrip() for line in table
        ]
        told += ["", *self.summary, ""]
        told += [f"To mend, {place}: {one}" for place, one in enumerate(self.findings, 1)] or [GOOD]
        return [printable(one, LONGEST) for one in told]

    def write(self, path: Path) -> Path:
        """Write the whole as one offline page, and as JSON beside it."""
        mend = [printable(one, LONGEST) for one in self.findings]
        summary = [printable(one, LONGEST) for one in self.summary]
        told = {"weeks": self.weeks, "head": HEAD, "cells": self.cells, "summary": summary, "mend": mend, "good": GOOD}
        write_atomically(path.with_suffix(".json"), orjson.dumps(self.to_dict(), option=orjson.OPT_INDENT_2) + b"\n")
        return write_page(path, "pipeline.html.j2", told)

    def to_dict(self) -> dict[str, Any]:
        """The whole as plain data."""
        rows = [{**asdict(row), "after": row.after} for row in self.rows]
        return {**asdict(self), "ok": self.ok, "rows": rows}


def _listed(some: list[str]) -> str:
    more = f"; and {len(some) - 4} more" if len(some) > 4 else ""
    return f" ({'; '.join(some[:4])}{more})" if some else ""
