"""One number for the error of risks: the Brier score, its scale, its parts, and Spiegelhalter's test of it."""

from __future__ import annotations

from math import nan, sqrt
from typing import NamedTuple

import pandas as pd
from scipy.stats import norm

from .uncertainty import EvaluationError, checked, columns, shares_only


class ZTest(NamedTuple):
    """A test statistic with its two-sided p-value."""

    z: float
    p: float


def brier(outcome, predicted) -> float:
    """Mean squared gap of prediction and outcome (scikit-learn). 0 is perfect; what is poor depends on the rate."""
    event, predicted = checked(outcome, predicted)
    from sklearn.metrics import brier_score_loss

    return float(brier_score_loss(event, predicted, labels=[False, True]))


def scaled_brier(outcome, predicted) -> float:
    """The share of the Brier score of "everybody has the average risk" that the model removes; below 0 it adds.

    NaN if only one outcome occurs.
    """
    event, predicted = checked(outcome, predicted)
    noise = float(event.mean() * (1 - event.mean()))
    return 1 - brier(event, predicted) / noise if noise else nan


def spiegelhalter(outcome, predicted) -> ZTest:
    """Spiegelhalter's test that outcomes are draws from the predictions; z below 0: less error than promised.

    It misses a shift where risks lie round one half, so show calibration in the large beside it. NaN if every
    prediction is 0, one half or 1, where the test can see nothing.

    Notes
    -----
    Spiegelhalter, Stat Med 1986;5:421. Our own three lines: no kept library has it.
    """
    event, predicted = checked(outcome, predicted)
    weight = 1 - 2 * predicted
    variance = float((weight**2 * predicted * (1 - predicted)).sum())
    if variance <= 0:
        return ZTest(nan, nan)
    z = float(((event - predicted) * weight).sum() / sqrt(variance))
    return ZTest(z, float(2 * norm.sf(abs(z))))


def brier_parts(forecast, observed, weight) -> pd.Series:
    """Murphy's parts of the Brier score, for forecasts of a few values: reliability - resolution + uncertainty.

    Parameters
    ----------
    forecast, observed, weight
        For each value that is forecast: the value, the share of events when it was, and how often it was, as shares
        that sum to 1.

    Returns
    -------
    Series
        ``rate reliability resolution uncertainty brier skill``; ``skill`` is NaN if the rate is 0 or 1.

    Raises
    ------
    EvaluationError
        Weights that are negative or do not sum to 1, or shares outside 0 to 1.

    Notes
    -----
    Murphy, J Appl Meteorol 1973;12:595. Our own: the formula of the paper, which scikit-learn does not have.
    """
    forecast, observed, weight = columns(forecast, observed, weight)
    for name, column in (("forecast", forecast), ("observed share", observed), ("weight", weight)):
        shares_only(name, column)
    if abs(weight.sum() - 1) > 1e-6:
        raise EvaluationError(f"The weights sum to {weight.sum():.4f}; as shares of all forecasts they must sum to 1.")
    rate = float(weight @ observed)
    reliability, resolution = float(weight @ (forecast - observed) ** 2), float(weight @ (observed - rate) ** 2)
    noise = rate * (1 - rate)
    return pd.Series(
        {
            "rate": rate,
            "reliability": reliability,
            "resolution": resolution,
            "uncertainty": noise,
            "brier": reliability - resolution + noise,
            "skill": (resolution - reliability) / noise if noise > 0 else nan,
        }
    )
