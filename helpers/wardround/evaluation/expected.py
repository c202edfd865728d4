"""Judging a model against the known risk instead of one draw of outcomes: what it would score on average.

In a synthetic hospital the true risk of each row (``p_true``) is known. Observed outcomes are one throw of those dice;
two models a hair apart are often ranked by the throw. The measures here are expectations over all throws, so that luck
is not graded. In a real hospital nobody has them.
"""

from __future__ import annotations

from math import nan

import numpy as np
import pandas as pd

from .calibration import bin_of, logistic_line, logit, no_slope, shift
from .discrimination import Counts, cells
from .uncertainty import columns, shares_only
from .utility import odds


def expected_auroc(risk, score) -> float:
    """The area under the ROC curve that a score has on average over outcomes drawn from the known risks.

    Each row is an event with weight ``risk`` and a non-event with weight ``1 - risk``; every pair of two rows counts
    with the product of their weights, and nobody is paired with themselves.

    Parameters
    ----------
    risk
        True risks, 0 to 1.
    score
        Any numbers; only their order counts, an equal score counts one half.

    Returns
    -------
    float
        NaN where no pair of an event and a non-event can occur: a single row, or risks that are all 0 or all 1. A
        score that is the same for all gives one half. (The expectation of numerator over that of the denominator:
        exact in the limit, and within 0.001 of the mean over draws from a few hundred rows on.)

    Raises
    ------
    EvaluationError
        Columns of unequal length, missing values, or risks outside 0 to 1.
    """
    risk, score = _checked(risk, score)
    _, group = np.unique(score, return_inverse=True)
    ill, well = np.bincount(group, risk), np.bincount(group, 1 - risk)
    below = np.cumsum(well) - well
    with_itself = float((risk * (1 - risk)).sum())
    pairs = float(ill.sum() * well.sum()) - with_itself
    if pairs <= 1e-12 * risk.size:
        return nan
    return float(((ill * (below + 0.5 * well)).sum() - 0.5 * with_itself) / pairs)


def expected_brier(risk, predicted) -> float:
    """The Brier score that predictions have on average: ``(predicted - risk)**2`` and the noise that nobody can remove.

    ``expected_brier(risk, risk)`` is that noise, ``risk * (1 - risk)``, the best that any model can reach.
    """
    risk, predicted = _checked(risk, predicted, also_second=True)
    return float(((predicted - risk) ** 2 + risk * (1 - risk)).mean())


def expected_ratio(risk, predicted) -> float:
    """Observed over expected (O/E): the events that will come on average over those that were predicted.

    Above 1 the model promises too few events. NaN if it predicts none at all.
    """
    risk, predicted = _checked(risk, predicted, also_second=True)
    return float(risk.sum() / predicted.sum()) if predicted.sum() > 0 else nan


def expected_calibration(risk, predicted, bins: int = 10) -> pd.DataFrame:
    """Calibration by bins of equal size, from the lowest predictions to the highest.

    Returns
    -------
    DataFrame
        One row a bin: ``n``, mean ``predicted``, mean true ``risk``, and ``ratio``, the second over the first (NaN
        where nothing is predicted). Equal predictions stay in one bin, so a model of few values has fewer bins, and
        one that says the same of everybody has one.
    """
    risk, predicted = _checked(risk, predicted, also_second=True)
    rows = pd.DataFrame({"predicted": predicted, "risk": risk})
    table = rows.groupby(bin_of(predicted, bins, "size")).agg(["size", "mean"])
    made = pd.DataFrame(
        {"n": table["predicted", "size"], "predicted": table["predicted", "mean"], "risk": table["risk", "mean"]}
    ).reset_index(drop=True)
    return made.assign(ratio=made["risk"] / made["predicted"].where(made["predicted"] > 0))


def expected_counts(risk, score, threshold: float) -> Counts:
    """The four counts on average over outcomes drawn from the known risks, if ``score >= threshold`` is flagged.

    Fractions of people, so their shares have no interval.
    """
    risk, score = _checked(risk, score)
    return Counts(*cells(risk, score, threshold))


def expected_net_benefit(risk, score, threshold: float, at: float | None = None) -> float:
    """The net benefit on average over outcomes: see :func:`~wardround.evaluation.net_benefit`."""
    price, found = odds(threshold), expected_counts(risk, score, threshold if at is None else at)
    return (found.tp - found.fp * price) / found.n


def expected_weak_calibration(risk, predicted) -> dict[str, float]:
    """Calibration in the large, slope and intercept against the known risk: the line through risks, not outcomes.

    Returns
    -------
    dict
        ``in_the_large slope intercept``, as in :class:`~wardround.evaluation.WeakCalibration`; NaN where the risks are
        all 0 or all 1, and slope and intercept NaN where all predictions are equal or part certain outcomes altogether.

    Raises
    ------
    EvaluationError
        Predictions of exactly 0 or 1, and as :func:`expected_auroc`.
    """
    risk, predicted = _checked(risk, predicted, also_second=True)
    place, found = logit(predicted), {"in_the_large": nan, "slope": nan, "intercept": nan}
    if 0 < risk.mean() < 1:
        found["in_the_large"] = shift(risk, place)
        if not no_slope(risk, predicted):
            found["intercept"], found["slope"] = map(float, logistic_line(risk, place).params)
    return found


def _checked(risk, other, *, also_second: bool = False) -> list[np.ndarray]:
    risk, other = columns(risk, other)
    shares_only("risk", risk)
    if also_second:
        shares_only("prediction", other)
    return [risk, other]
