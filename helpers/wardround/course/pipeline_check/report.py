"""The report of ``wardround check pipeline``: a table, what is to be mended, and the same as plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from wardround.course.grading.submissions import printable
from wardround.course.pipeline_check.found import Finding, Judged, Row

HEAD = ("what happened", "week", "caught by", "in week", "after", "done")


@dataclass
class Report:
    """What all flights come to.

    Attributes
    ----------
    skipped
        Why nothing was flown; empty where it was.
    level
        Of the box.
    """

    skipped: str = ""
    level: str = ""
    weeks: int = 0
    seconds: float = 0.0
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
    def lines(self) -> list[str]:
        """The whole as text; what learner code wrote is cut and made printable."""
        if self.skipped:
            return [f"Not checked: {self.skipped}"]
        let = [row.fault for row in self.rows if not row.ok]
        told = [f"{self.weeks} weeks of a hospital that you have not seen.", "", *_table(self.rows), ""]
        told.append(f"Not as it should be: {'; '.join(let) or 'nothing'}.")
        told.append(f"False alarms: {len(self.false)}{_listed(self.false)}.")
        told.append(f"Weeks without a list: {'; '.join(self.without) or 'none'}.")
        told += [f"{fact[0].upper()}{fact[1:]}." for fact in self.facts]
        told.append("")
        told += [f"To mend, {place}: {one}" for place, one in enumerate(self.findings, 1)]
        told += [] if self.findings else ["Nothing to mend: it runs, catches, and rolls back."]
        return [printable(one, 900) for one in told]

    def to_dict(self) -> dict[str, Any]:
        """The whole as plain data."""
        rows = [{**asdict(row), "after": row.after} for row in self.rows]
        return {"ok": self.ok, **asdict(self), "rows": rows}


def _listed(some: list[str]) -> str:
    more = f"; and {len(some) - 4} more" if len(some) > 4 else ""
    return f" ({'; '.join(some[:4])}{more})" if some else ""


def _table(rows: list[Row]) -> list[str]:
    cells = [HEAD]
    for row in rows:
        caught = row.caught or ("-" if row.ok else "NOBODY")
        when = ["-" if value is None else str(value) for value in (row.week, row.after)]
        cells.append((row.fault, str(row.began), caught, *when, row.done[:60]))
    widths = [max(len(line[place]) for line in cells) for place in range(len(HEAD))]
    return ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in cells]
