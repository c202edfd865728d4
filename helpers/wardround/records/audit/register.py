"""What a check is: a name, how serious a finding is, what it does to the ward, and what to ask the sender."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from .facts import Facts

SEVERITIES = ("stops", "look", "note")
ROW = ("resource_type", "resource_id", "field", "detail")


class NotJudged(Exception):
    """A check cannot be judged on this export; its text is the sentence that says why."""


class Found(NamedTuple):
    """What a check found: a row per affected resource, out of how many, and a sentence more where it helps."""

    rows: pd.DataFrame
    of: int
    more: str = ""


@dataclass(frozen=True)
class Check:
    """One check of the audit.

    Attributes
    ----------
    name : str
        As in the column ``check`` of the findings.
    severity : str
        ``stops``: no modelling before it is settled. ``look``: a person decides. ``note``: know it.
    among : str
        What is counted, in the plural: "laboratory results".
    title, consequence, ask : str
        The finding in a few words, what it does on the ward, and what to ask the sender.
    run : callable
        ``run(facts) -> Found``; raises :class:`NotJudged`.
    """

    name: str
    severity: str
    among: str
    title: str
    consequence: str
    ask: str
    run: Callable[[Facts], Found]


CHECKS: dict[str, Check] = {}


def check(name: str, severity: str, among: str, title: str, *, consequence: str, ask: str):
    """Register a function as a check (see :class:`Check`)."""

    def keep(run: Callable[[Facts], Found]) -> Callable[[Facts], Found]:
        CHECKS[name] = Check(name, severity, among, title, consequence, ask, run)
        return run

    return keep


def rows(frame: pd.DataFrame, field: object, detail: object) -> pd.DataFrame:
    """Return findings for the rows of a frame that has ``kind`` and ``key``; the others are texts or columns."""
    if not len(frame):
        return nothing()
    made = pd.DataFrame({"resource_type": frame["kind"], "resource_id": frame["key"]}, index=frame.index)
    return made.assign(field=field, detail=detail)


def say(template: str, *columns: Iterable) -> np.ndarray:
    """Return a sentence per row, filled from columns in order; numbers may be formatted (``{:g}``)."""
    return np.array([template.format(*row) for row in zip(*columns, strict=True)], dtype=object)


def nothing() -> pd.DataFrame:
    """Return no findings."""
    return pd.DataFrame({name: pd.Series([], dtype="str") for name in ROW})


def together(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return several findings as one frame."""
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else nothing()
