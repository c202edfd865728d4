"""What the judge says: a line of the table for each thing that happened, and a sentence for each thing to mend."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Finding:
    """One thing to mend.

    Attributes
    ----------
    code
        A short name, one for each reason.
    says, mend
        What happened in which week to how many, in one sentence; and the question or step that mends it.
    """

    code: str
    says: str
    mend: str

    def __str__(self) -> str:
        return f"{self.says} Mend: {self.mend}."


@dataclass(frozen=True)
class Row:
    """One line of the table: a fault, and what became of it.

    Attributes
    ----------
    caught
        By which layer (``door``, ``inputs``, ``outputs``, ``outcomes``, ``gate``); empty where by none.
    week, after
        When, and how many weeks after it began.
    """

    flight: str
    fault: str
    began: int
    caught: str = ""
    week: int | None = None
    done: str = ""
    ok: bool = True

    @property
    def after(self) -> int | None:
        """Weeks from its beginning until it was caught."""
        return None if self.week is None else self.week - self.began


@dataclass
class Judged:
    """What a flight comes to."""

    rows: list[Row] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    cpu: float = 0.0

    def mend(self, code: str, says: str, mend: str) -> None:
        """Add a thing to mend, once for each code."""
        if all(one.code != code for one in self.findings):
            self.findings.append(Finding(code, says, mend))


def of_thousand(part: float, whole: float) -> str:
    """A share as people read it."""
    return f"{part:,.0f} of {whole:,.0f} ({1000 * part / whole:.0f} of 1,000)" if whole else "none"


def weeks_of(weeks: list[int]) -> str:
    """Weeks in words: ``week 3``, ``weeks 3 to 6``, ``weeks 3, 5, 9 and 2 more``."""
    if len(weeks) == 1:
        return f"week {weeks[0]}"
    if weeks[-1] - weeks[0] == len(weeks) - 1:
        return f"weeks {weeks[0]} to {weeks[-1]}"
    more = f" and {len(weeks) - 3} more" if len(weeks) > 3 else ""
    return f"weeks {', '.join(map(str, weeks[:3]))}{more}"
