"""The report's linter: it refuses a report that contradicts itself.

It knows neither the hospital nor the truth: it holds the parts of a report against each other. A check whose numbers
are not there is not passed in silence: it is listed as not made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from .report_assistant_checks import ASSISTANT
from .report_checks import STUDY
from .report_decision_checks import DECISION
from .report_reading import Found, NotChecked

T = TypeVar("T")


def _named(*checks) -> dict:
    return {check.__name__.replace("_", " "): check for check in checks}


CHECKS = _named(*STUDY, *DECISION)
OF_A3 = _named(*ASSISTANT)  # made once anything of A3 is there


@dataclass(frozen=True)
class Finding:
    """A contradiction: ``kind`` is the check's name, ``says`` one sentence."""

    kind: str
    says: str


@dataclass(frozen=True)
class Linted:
    """What the linter found.

    Attributes
    ----------
    findings
        Contradictions, in the order of the checks.
    not_made
        Checks that lacked something to look at: ``(kind, why)``. What they saw in the rest is among the findings.
    made
        How many checks were made in full.
    """

    findings: tuple[Finding, ...]
    not_made: tuple[tuple[str, str], ...]
    made: int


def lint(found: Found) -> Linted:
    """Hold the parts of a report against each other."""
    return made(CHECKS | (OF_A3 if found.assistant_begun else {}), found, "its numbers cannot be read")


def made(checks: Mapping[str, Callable[[T], Iterator[str]]], of: T, unreadable: str) -> Linted:
    """Make checks, each a function that yields sentences; what ends in NotChecked or breaks is listed as not made."""
    findings: list[Finding] = []
    not_made: list[tuple[str, str]] = []
    for kind, check in checks.items():
        try:
            findings.extend(Finding(kind, sentence) for sentence in check(of))  # kept, if it ends in NotChecked
        except NotChecked as why:
            not_made.append((kind, str(why)))
        except Exception as trouble:  # a learner's file may hold anything, and the page must be written all the same
            not_made.append((kind, f"{unreadable} ({type(trouble).__name__})"))
    return Linted(tuple(findings), tuple(not_made), len(checks) - len(not_made))
