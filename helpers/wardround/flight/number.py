"""A number with its name, unit, denominator and which way is better; shares that have nothing to divide by are NaN."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Number:
    """One number of a score.

    Attributes
    ----------
    name : str
    value : float
        NaN where there was nothing to measure.
    unit, of : str
        What is counted, and out of what.
    better : str
        ``up`` or ``down``.
    says : str
        What it is, in a sentence.
    """

    name: str
    value: float
    unit: str
    of: str
    better: str
    says: str


def share(part: float, whole: float) -> float:
    """Return ``part / whole``; NaN of nothing."""
    return float(part) / float(whole) if whole else np.nan


def per(part: float, whole: float) -> float:
    """Return how many of 1,000."""
    return 1000 * share(part, whole)


def mean(values: Iterable[float]) -> float:
    """Return the mean; NaN of nothing."""
    known = list(values)
    return float(np.mean(known)) if known else np.nan
