"""The override audit: is the log whole, what was decided on what was shown, and why was the assistant overruled.

A share of overrides is no share of errors: what the reasons say is read one by one (week 10, question 4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from wardround.operations.ledger import Anchor
from wardround.operations.report_assistant import audit
from wardround.triage.log import Log, LogUnreadable, decisions
from wardround.triage.settings import Settings, SettingsWrong, defaults, read

NEWEST = 100  # decisions that are listed


@dataclass(frozen=True)
class Audited:
    """What an auditor is told.

    Attributes
    ----------
    broken
        Where the chain breaks, in a sentence; empty where it is whole.
    end
        Number and hash of the last line, to be kept elsewhere.
    reasons
        Overruled by reason: words, how often, and how often of those the risk was high.
    newest
        Decisions, newest first.
    """

    lines: int
    broken: str
    end: Anchor | None
    people: int = 0
    accepted: int = 0
    overruled: int = 0
    shown: Mapping[str, int] = field(default_factory=dict)
    reasons: tuple[tuple[str, int, int], ...] = ()
    newest: tuple[dict[str, Any], ...] = ()

    @property
    def decided(self) -> int:
        """How many advices somebody accepted or overruled."""
        return self.accepted + self.overruled

    def to_dict(self) -> dict[str, Any]:
        """Return it for a program."""
        end = self.end._asdict() if self.end else None
        reasons = [{"reason": words, "overruled": count, "at_high_risk": high} for words, count, high in self.reasons]
        return {
            "whole": not self.broken, "broken": self.broken, "lines": self.lines, "anchor": end, "people": self.people,
            "accepted": self.accepted, "overruled": self.overruled, "shown": dict(self.shown), "reasons": reasons,
            "decisions": list(self.newest),
        }  # fmt: skip

    def text(self) -> list[str]:
        """Return it as lines for a terminal."""
        said = [f"The log has {self.lines:,} lines; {self.broken or 'its chain is whole'}."]
        if self.end:
            said.append(f"Keep its end elsewhere, it makes rewriting visible: line {self.end.number}, {self.end.hash}")
        people = "1 person" if self.people == 1 else f"{self.people} people"
        said.append(
            f"Decided: {self.decided:,}, by {people}; {self.accepted:,} accepted, {self.overruled:,} overruled."
        )
        said += [f"  {count:>4}  {words} ({high} at a high risk)" for words, count, high in self.reasons]
        return said


def audited(log: Log, settings: Settings, number: int | None = None, digest: str = "") -> Audited:
    """Look at a log.

    Parameters
    ----------
    number, digest
        An end of the log that was kept elsewhere; the log is held against it.
    """
    path = log.ledger.path
    counted = audit(path)
    if counted is None:
        return Audited(0, "", None)
    anchor = None if number is None else Anchor(number, digest)
    found = log.verify(anchor)
    broken = counted.broken or (found.why if found else "")
    try:
        table = decisions(log)
    except (LogUnreadable, ValueError, KeyError) as trouble:
        table, broken = pd.DataFrame(), broken or str(trouble)
    newest = table.tail(NEWEST).iloc[::-1].astype(object)
    newest = newest.where(newest.notna(), None).to_dict("records")
    reasons = [
        (settings.reason.get(code, code), count, counted.at_high.get(code, 0))
        for code, count in sorted(counted.reasons.items(), key=lambda one: (-one[1], one[0]))
    ]
    for one in newest:
        one["reason_says"] = settings.reason.get(one["reason"], one["reason"]) if one["reason"] else ""
        one["at"] = one["at"].isoformat()
    return Audited(
        counted.lines, broken, counted.end, counted.people, counted.accepted, counted.overruled, dict(counted.shown),
        tuple(reasons), tuple(newest),
    )  # fmt: skip


def audited_folder(folder: Path | str) -> Audited:
    """Look at the log in a learner's folder; broken settings are no reason not to."""
    try:
        settings = read(folder)
    except SettingsWrong:
        settings = defaults()
    return audited(Log(Path(folder) / "state"), settings)
