"""Does 20% mean 20%? Calibration from the mean to the curve.

The order is the hierarchy of Van Calster and colleagues (J Clin Epidemiol 2016;74:167; BMC Med 2019;17:230): in the
mean, weak (intercept and slope), moderate (the curve). A number that is undefined is NaN with its reason; a curve
that would have no points is refused.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import norm

from .discrimination import estimates_table
from .scores import brier, scaled_brier
from .uncertainty import Estimate, EvaluationError, checked, wilson

KNOTS = (0.05, 0.35, 0.65, 0.95)
"""Quantiles of the four knots of the curve (Harrell, Regression Modeling Strategies, 2015, section 2.4.6)."""


@dataclass(frozen=True)
class WeakCalibration:
    """The logistic line through outcomes over ``logit(predicted)``.

    Attributes
    ----------
    in_the_large
        The intercept if the slope is held at 1: below 0 the model promises too many events. Perfect is 0.
    slope
        Below 1 the predictions are too extreme (too low where low, too high where high), above 1 too timid.
    intercept
        The one fitted together with the slope. It is *not* calibration in the large: it can be 0 when that is far off.
    """

    in_the_large: Estimate
    slope: Estimate
    intercept: Estimate


def observed_over_expected(outcome, predicted, level: float = 0.95) -> Estimate:
    """Events observed over events predicted (O/E): calibration in the mean. Above 1 the model promises too few.

    Returns
    -------
    Estimate
        The interval is Wilson's for the observed share, over the mean prediction, which is taken as it is. It is a
        little too wide where risks differ much. Undefined if no event is predicted at all.

    Raises
    ------
    EvaluationError
        Columns of unequal length, missing values, an outcome that is not 0/1, predictions outside 0 to 1.
    """
    event, predicted = checked(outcome, predicted)
    expected = float(predicted.mean())
    if not expected:
        return Estimate(nan, nan, nan, level=level, note="no event is predicted")
    seen = wilson(int(event.sum()), event.size, level)
    return Estimate(seen.value / expected, seen.low / expected, seen.high / expected, level=level)


def weak_calibration(outcome, predicted, level: float = 0.95) -> WeakCalibration:
    """Calibration in the large, slope and intercept, by logistic regression with Wald intervals.

    Parameters
    ----------
    predicted
        Risks strictly between 0 and 1.

    Returns
    -------
    WeakCalibration
        All undefined if only one outcome occurs; slope and intercept undefined if all predictions are equal, or if
        they part the outcomes altogether (then the slope has no finite value).

    Raises
    ------
    EvaluationError
        As :func:`observed_over_expected`; and predictions of exactly 0 or 1, whose logit is infinite.

    Notes
    -----
    Cox, Biometrika 1958;45:562; Van Calster et al., BMC Med 2019;17:230; the line by statsmodels. Rows must be
    independent; for several rows a person: ``bootstrap(lambda y, p: weak_calibration(y, p).slope.value, patient, …)``.
    """
    event, predicted = checked(outcome, predicted)
    place = logit(predicted)
    if event.all() or not event.any():
        none = Estimate(nan, nan, nan, level=level, note="only one of the two outcomes occurs")
        return WeakCalibration(none, none, none)
    large = _in_the_large(event, place, level)
    if why := no_slope(event, predicted):
        none = Estimate(nan, nan, nan, level=level, note=why)
        return WeakCalibration(large, none, none)
    intercept, slope = _line(event, place, level)
    return WeakCalibration(large, slope, intercept)


def calibration_bins(outcome, predicted, bins: int = 10, by: str = "size", level: float = 0.95) -> pd.DataFrame:
    """Observed shares by bins of the prediction: the curve with its counts.

    Parameters
    ----------
    by
        ``"size"``: as many rows in each bin as ties allow. ``"width"``: bins of equal width from 0 to 1, of which some
        may hold two patients (empty ones are left out).

    Returns
    -------
    DataFrame
        One row a bin: ``n``, ``events``, mean ``predicted``, ``observed`` share with ``low`` and ``high`` (Wilson).
    """
    event, predicted = checked(outcome, predicted)
    held = pd.DataFrame({"event": event, "predicted": predicted}).groupby(bin_of(predicted, bins, by))
    made = held.agg(n=("event", "size"), events=("event", "sum"), predicted=("predicted", "mean")).reset_index(
        drop=True
    )
    shares = [wilson(int(row.events), int(row.n), level) for row in made.itertuples()]
    return made.assign(
        observed=[one.value for one in shares], low=[one.low for one in shares], high=[one.high for one in shares]
    )


def calibration_error(outcome, predicted, bins: int = 10, by: str = "width") -> float:
    """Expected calibration error (ECE): the mean gap of observed and predicted over bins, weighted by their rows.

    It depends on the bins and is above 0 for a perfect model too: show :func:`calibration_bins` with it. The largest
    gap alone (MCE) is not offered, because it is the gap of the smallest bin.
    """
    table = calibration_bins(outcome, predicted, bins, by)
    return float(np.average((table.observed - table.predicted).abs(), weights=table.n))


def calibration_curve(outcome, predicted, points: int = 100, level: float = 0.95) -> pd.DataFrame:
    """The smooth calibration curve with a pointwise interval.

    Returns
    -------
    DataFrame
        ``points`` rows from the lowest prediction to the highest: ``predicted``, ``observed`` (the share that the
        curve finds there), ``low``, ``high``. The diagonal is perfect.

    Raises
    ------
    EvaluationError
        As :func:`weak_calibration`; and where there is no curve: one outcome only, too few different predictions, or
        outcomes that the predictions part altogether.

    Notes
    -----
    Logistic regression on a restricted cubic spline of ``logit(predicted)`` with four knots (:data:`KNOTS`), by
    statsmodels. The interval is for each point by itself and for independent rows; it says little where few rows are,
    so show where they are.
    """
    import statsmodels.api as sm
    import statsmodels.formula.api as smf

    event, predicted = checked(outcome, predicted)
    place = logit(predicted)
    if event.all() or not event.any():
        raise EvaluationError("Only one of the two outcomes occurs in these rows, so there is no curve to draw.")
    low, *inner, high = np.quantile(place, KNOTS)
    if np.diff([low, *inner, high]).min() <= 1e-9:
        raise EvaluationError(
            f"{np.unique(predicted).size} different predictions lie too close for a curve: use `calibration_bins`."
        )
    if why := no_slope(event, predicted):
        raise EvaluationError(f"There is no curve: {why}.")
    spline = "event ~ cr(place, knots=inner, lower_bound=low, upper_bound=high, constraints='center')"
    rows = pd.DataFrame({"event": event.astype(float), "place": place})
    fitted = smf.glm(spline, rows, family=sm.families.Binomial()).fit()
    grid = np.linspace(predicted.min(), predicted.max(), points)
    found = fitted.get_prediction(pd.DataFrame({"place": logit(grid)})).summary_frame(alpha=1 - level)
    return pd.DataFrame(
        {"predicted": grid, "observed": found["mean"], "low": found["mean_ci_lower"], "high": found["mean_ci_upper"]}
    )


def integrated_calibration_index(outcome, predicted) -> float:
    """Mean distance of predictions and a smooth curve of the outcomes (ICI): 0.02 is two points off on average.

    Above 0 for a perfect model too, the more so the fewer rows. NaN if only one outcome occurs, with fewer than ten
    rows, or where more than half of the rows (not all) have one and the same prediction: use :func:`calibration_bins`.

    Notes
    -----
    Austin and Steyerberg, Stat Med 2019;38:4051, with lowess (statsmodels; two thirds of the rows, no reweighting),
    which makes it ``Eavg`` of R's ``rms::val.prob``. The paper's smoother is local, :func:`calibration_curve` is a
    spline because that has an interval. Where a neighbourhood is one value, statsmodels' lowess returns the outcomes
    themselves instead of their mean, in silence: hence the rule on equal predictions.
    """
    from statsmodels.nonparametric.smoothers_lowess import lowess

    event, predicted = checked(outcome, predicted)
    if event.all() or not event.any() or event.size < 10:
        return nan
    value, held = np.unique(predicted, return_counts=True)
    if value.size == 1:
        return float(abs(value[0] - event.mean()))
    if held.max() > event.size / 2:
        return nan
    smooth = lowess(event.astype(float), predicted, 2 / 3, 0, 0.01 * np.ptp(predicted), return_sorted=False)
    return float(np.abs(predicted - smooth).mean())


def calibration_measures(outcome, predicted, level: float = 0.95) -> pd.DataFrame:
    """Every measure of this room in one table: ``value low high perfect note``, one measure a row.

    ``perfect`` is what a calibrated model has; NaN where that depends on the data. Raises as :func:`weak_calibration`.
    """
    line = weak_calibration(outcome, predicted, level)
    plain = {
        "integrated calibration index": integrated_calibration_index,
        "Brier score": brier,
        "scaled Brier score": scaled_brier,
    }
    found = {
        "observed over expected": observed_over_expected(outcome, predicted, level),
        "calibration in the large": line.in_the_large,
        "calibration slope": line.slope,
        **{name: _bare(measure(outcome, predicted), level) for name, measure in plain.items()},
    }
    table = estimates_table(found)
    table.insert(3, "perfect", [1.0, 0.0, 1.0, nan, nan, nan])
    return table


def logit(predicted: np.ndarray) -> np.ndarray:
    """``log(p / (1 - p))``; refuses 0 and 1."""
    sure = int(((predicted <= 0) | (predicted >= 1)).sum())
    if sure:
        raise EvaluationError(
            f"{sure:,} predictions are exactly 0 or 1, where the logit is infinite: clip them, such as to 0.001 and "
            "0.999, and say so."
        )
    return np.log(predicted) - np.log1p(-predicted)


def bin_of(predicted: np.ndarray, bins: int, by: str) -> np.ndarray:
    """The number of each row's bin, from the lowest; equal predictions share one, and an edge belongs below."""
    if by not in ("size", "width") or bins < 1:
        raise EvaluationError(f"Bins are made by 'size' or 'width', at least one; not {bins} by {by!r}.")
    edges = np.linspace(0, 1, bins + 1)[1:-1]
    cuts = np.unique(np.quantile(predicted, edges)) if by == "size" else edges
    return np.searchsorted(cuts, predicted, side="left")


def logistic_line(share: np.ndarray, place: np.ndarray):
    """The logistic regression (statsmodels) of outcomes, or of risks, on ``logit(predicted)``: intercept and slope."""
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    with warnings.catch_warnings():  # the callers have asked `no_slope`; risks that lie on the line are no separation
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        return sm.Logit(share.astype(float), np.column_stack([np.ones_like(place), place])).fit(disp=0)


def shift(share: np.ndarray, place: np.ndarray) -> float:
    """The intercept that a logistic regression with ``place`` as its offset would have; shares not all 0 or all 1.

    Our own, by SciPy's ``brentq``: the predicted events rise with the shift, so the root that makes them as many as
    the observed is bracketed. statsmodels' GLM says "converged" at a wrong one where predictions are very extreme (31
    of 1,211 simulated models with logits up to 30).
    """
    middle, reach = logit(np.array([share.mean()]))[0], np.array([place.max(), place.min()])
    low, high = middle - reach + np.array([-1, 1])
    return float(brentq(lambda move: float(expit(place + move).mean() - share.mean()), low, high, xtol=1e-12))


def _in_the_large(event: np.ndarray, place: np.ndarray, level: float) -> Estimate:
    value = shift(event, place)
    risk = expit(place + value)
    se = 1 / sqrt(float((risk * (1 - risk)).sum()))
    reach = float(norm.ppf(0.5 + level / 2)) * se
    return Estimate(value, value - reach, value + reach, se, level)


def _line(event: np.ndarray, place: np.ndarray, level: float) -> list[Estimate]:
    fitted = logistic_line(event, place)
    reach = norm.ppf(0.5 + level / 2)
    return [
        Estimate(float(value), float(value - reach * se), float(value + reach * se), float(se), level)
        for value, se in zip(fitted.params, fitted.bse, strict=True)
    ]


def no_slope(share: np.ndarray, predicted: np.ndarray) -> str:
    """Why a line through outcomes, or risks, has no finite slope; empty where it has one.

    Albert and Anderson, Biometrika 1984;71:1.
    """
    ill, well = predicted[share > 0], predicted[share < 1]
    if np.ptp(predicted) == 0:
        return "all predictions are equal"
    if well.max() <= ill.min() or ill.max() <= well.min():
        return "the predictions part the outcomes altogether, so the slope has no finite value"
    return ""


def _bare(value: float, level: float) -> Estimate:
    why = "undefined for these rows" if np.isnan(value) else "for an interval use `bootstrap`"
    return Estimate(value, nan, nan, level=level, note=why)
