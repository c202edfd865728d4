"""How sure a number is: Wilson for shares, DeLong for areas, and a bootstrap that draws patients.

An interval here is about chance alone: another sample from the same population, with the model held fixed. It
says nothing of a leak, of another hospital or of next year. Where nothing can be computed an :class:`Estimate` holds
NaN and its ``note`` says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isnan, nan, sqrt

import numpy as np
from scipy.stats import norm, rankdata


class EvaluationError(ValueError):
    """Columns that cannot be evaluated: of unequal length, with missing values, or no outcome at all."""


@dataclass(frozen=True)
class Estimate:
    """A number with its interval.

    Attributes
    ----------
    value, low, high
        NaN where they are undefined.
    se
        Standard error, where the method has one.
    level
        Of the interval, such as 0.95.
    note
        Why something is NaN, or how many draws had to be left out; else empty.
    """

    value: float
    low: float
    high: float
    se: float = nan
    level: float = 0.95
    note: str = ""

    @property
    def p(self) -> float:
        """Two-sided p-value for zero; NaN without a standard error, or with one of zero."""
        return float(2 * norm.sf(abs(self.value) / self.se)) if self.se > 0 else nan

    def __str__(self) -> str:
        if isnan(self.value):
            return f"undefined: {self.note}" if self.note else "undefined"
        if isnan(self.low):
            return f"{self.value:.3f}, no interval: {self.note}"
        return f"{self.value:.3f} ({self.level:.0%} interval {self.low:.3f} to {self.high:.3f})"

    __repr__ = __str__


def wilson(events: int, n: int, level: float = 0.95) -> Estimate:
    """A share with Wilson's interval, which stays inside 0 to 1 and has a width even at 0 of n.

    Parameters
    ----------
    events, n
        Whole numbers with ``0 <= events <= n``. Of nobody (``n`` is 0) the share is undefined.

    Raises
    ------
    EvaluationError
        A count is negative, or there are more events than rows.

    Notes
    -----
    Wilson, J Am Stat Assoc 1927;22:209; computed by statsmodels. Rows must be independent: several stays of one person
    are not, and then :func:`bootstrap` is right.
    """
    from statsmodels.stats.proportion import proportion_confint

    if not 0 <= events <= n:
        raise EvaluationError(f"{events} events of {n} rows: the events must lie between 0 and the number of rows.")
    if n == 0:
        return Estimate(nan, nan, nan, level=level, note="nobody is counted")
    low, high = proportion_confint(events, n, alpha=1 - level, method="wilson")
    share = events / n
    return Estimate(share, min(float(low), share), max(float(high), share), level=level)  # at 0 of n, but for rounding


def share_difference(events: int, n: int, other_events: int, other_n: int, level: float = 0.95) -> Estimate:
    """The share ``events / n`` less the share of *other* people, with Newcombe's interval (statsmodels).

    Undefined where either share is of nobody. For the same people judged twice: :func:`paired_difference`.

    Notes
    -----
    Newcombe, Stat Med 1998;17:873, method 10, made of Wilson's two intervals. Raises as :func:`wilson`.
    """
    from statsmodels.stats.proportion import confint_proportions_2indep

    if not (wilson(events, n).note or wilson(other_events, other_n).note):
        low, high = confint_proportions_2indep(
            events, n, other_events, other_n, method="newcomb", compare="diff", alpha=1 - level
        )
        return Estimate(events / n - other_events / other_n, float(low), float(high), level=level)
    return Estimate(nan, nan, nan, level=level, note="one of the two shares is of nobody")


@dataclass(frozen=True)
class Paired:
    """Two yes/no judgements of the same rows.

    Attributes
    ----------
    difference
        The share of the first less that of the second, with Wald's paired interval.
    only_first, only_second
        Rows on which they disagree: all that a paired comparison can use.
    p
        Of McNemar's test, two-sided; NaN if they never disagree.
    """

    difference: Estimate
    only_first: int
    only_second: int
    p: float


def paired_difference(first, second, level: float = 0.95, exact: bool | None = None) -> Paired:
    """Compare two alerts, readers or models on the same rows, such as the sensitivities of two rules: McNemar.

    Parameters
    ----------
    first, second
        0/1 or booleans, one entry a row. For sensitivity give the rows with the event only.
    exact
        The binomial test, or the chi-squared one without correction; by default exact below 25 disagreements.

    Raises
    ------
    EvaluationError
        Columns of unequal length, with missing values, or not 0/1.

    Notes
    -----
    McNemar, Psychometrika 1947;12:153, by statsmodels. The interval is Agresti's (Categorical Data Analysis, 2013,
    section 11.1), in one line of our own, because statsmodels has none for pairs.
    """
    from statsmodels.stats.contingency_tables import mcnemar

    first, second = columns(first, second)
    one, other = as_events(first), as_events(second)
    n, only_first, only_second = one.size, int((one & ~other).sum()), int((other & ~one).sum())
    apart, value = only_first + only_second, (only_first - only_second) / n
    variance = (apart - (only_first - only_second) ** 2 / n) / n**2
    found = _interval(value, variance, level, (-1.0, 1.0))
    if not apart:
        return Paired(found, 0, 0, nan)
    table = [[int((one & other).sum()), only_first], [only_second, int((~one & ~other).sum())]]
    test = mcnemar(table, exact=apart < 25 if exact is None else exact, correction=False)
    return Paired(found, only_first, only_second, float(test.pvalue))


def auroc_value(outcome, score) -> float:
    """The area under the ROC curve without an interval; NaN if only one outcome occurs.

    The chance that a row with the event has a higher score than a row without; an equal score counts one half.
    """
    outcome, score = columns(outcome, score)
    positive = as_events(outcome)
    events, others = int(positive.sum()), int((~positive).sum())
    if not events or not others:
        return nan
    return float((rankdata(score)[positive].sum() - events * (events + 1) / 2) / (events * others))


def auroc(outcome, score, level: float = 0.95) -> Estimate:
    """The area under the ROC curve with DeLong's interval.

    Parameters
    ----------
    outcome
        One entry a row, 0/1 or booleans.
    score
        Any numbers; higher means more likely. Only their order counts.

    Returns
    -------
    Estimate
        Undefined without events, or without rows that have none. No interval with fewer than two of either, with a
        score that is the same for all, or where the two groups do not overlap at all: DeLong's variance is zero there,
        which is no certainty.

    Raises
    ------
    EvaluationError
        Columns of unequal length, missing values, or an outcome that is not 0/1.

    Notes
    -----
    DeLong, DeLong and Clarke-Pearson, Biometrics 1988;44:837, by midranks as Sun and Xu, IEEE Signal Process Lett
    2014;21:1389. Our own code: scikit-learn and statsmodels have no interval for an area, and a package for it alone
    is one more to keep. Rows must be independent; for several rows a person use :func:`bootstrap`.
    """
    found = _areas(outcome, score)
    if found is None:
        return Estimate(nan, nan, nan, level=level, note="only one of the two outcomes occurs")
    areas, covariance = found
    return _interval(float(areas[0]), float(covariance[0, 0]), level, (0.0, 1.0))


def auroc_difference(outcome, first, second, level: float = 0.95) -> Estimate:
    """The area of ``first`` minus that of ``second`` on the same rows, with DeLong's paired interval.

    Two models on one test set err on the same people. The paired interval uses that and is narrower than what the two
    single intervals suggest: that they overlap does not mean that the models may be equal. See :func:`auroc`.
    """
    found = _areas(outcome, first, second)
    if found is None:
        return Estimate(nan, nan, nan, level=level, note="only one of the two outcomes occurs")
    areas, covariance = found
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    return _interval(float(areas[0] - areas[1]), float(variance), level, (-1.0, 1.0))


def _interval(value: float, variance: float, level: float, within: tuple[float, float]) -> Estimate:
    if isnan(variance):
        return Estimate(value, nan, nan, level=level, note="fewer than two rows with, or without, the event")
    if variance < 1e-14:
        return Estimate(value, nan, nan, level=level, note="the method gives no width here, which is not certainty")
    se = sqrt(variance)
    reach = norm.ppf(0.5 + level / 2) * se
    return Estimate(value, max(within[0], value - reach), min(within[1], value + reach), se, level)


def _areas(outcome, *scores) -> tuple[np.ndarray, np.ndarray] | None:
    """The areas of some scores and their covariance matrix; None if only one outcome occurs."""
    outcome, *scores = columns(outcome, *scores)
    positive = as_events(outcome)
    events, others = int(positive.sum()), int((~positive).sum())
    if not events or not others:
        return None
    of_events, of_others = [], []
    for score in scores:
        ranks = rankdata(score)
        # for each row with the event the share of rows without it that it outranks, and the other way round
        of_events.append((ranks[positive] - rankdata(score[positive])) / others)
        of_others.append(1 - (ranks[~positive] - rankdata(score[~positive])) / events)
    areas = np.array([part.mean() for part in of_events])
    if min(events, others) < 2:
        return areas, np.full((len(areas), len(areas)), nan)
    return areas, np.atleast_2d(np.cov(of_events)) / events + np.atleast_2d(np.cov(of_others)) / others


def bootstrap(
    statistic: Callable[..., float], patient, *values, draws: int = 500, seed: int = 0, level: float = 0.95
) -> Estimate:
    """A statistic with an interval from samples of patients, each with all of its rows.

    Parameters
    ----------
    statistic
        Called with the columns ``values``, first as they are and then as drawn; returns a number.
    patient
        Whose each row is. People are drawn with replacement, and whoever is drawn brings every row: the rows of one
        person are alike, so drawing rows promises more certainty than there is.
    values
        Columns of the same length (arrays or Series; they reach ``statistic`` as arrays).

    Returns
    -------
    Estimate
        The percentile interval (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13). Draws in
        which the statistic is undefined are left out; the note says how many, and above a tenth there is no interval.

    Raises
    ------
    EvaluationError
        Columns of unequal length, or nobody in them.

    Examples
    --------
    >>> bootstrap(auroc_value, stays.patient_id, stays.back, stays.risk)  # doctest: +SKIP
    """
    patient, values = np.asarray(patient), [np.asarray(column) for column in values]
    if not patient.size or any(column.shape[:1] != patient.shape for column in values):
        raise EvaluationError("The patients and every column must have the same number of rows, at least one.")
    value = float(statistic(*values))
    rng = np.random.default_rng(seed)
    found = np.array([statistic(*(column[rows] for column in values)) for rows in _drawn(patient, draws, rng)], float)
    lost = int(np.isnan(found).sum())
    note = f"undefined in {lost} of {draws} draws" if lost else ""
    if lost > draws / 10:
        return Estimate(value, nan, nan, level=level, note=note)
    low, high = np.nanquantile(found, [0.5 - level / 2, 0.5 + level / 2])
    return Estimate(value, float(low), float(high), float(np.nanstd(found, ddof=1)), level, note)


def _drawn(patient: np.ndarray, draws: int, rng: np.random.Generator):
    """Yield the rows of as many people as there are, drawn with replacement."""
    _, whose = np.unique(patient, return_inverse=True)
    order = np.argsort(whose, kind="stable")
    count = np.bincount(whose)
    start = np.cumsum(count) - count
    for _ in range(draws):
        people = rng.integers(0, count.size, count.size)
        size = count[people]
        before = np.cumsum(size) - size
        yield order[np.arange(size.sum()) - np.repeat(before - start[people], size)]


def columns(*values) -> list[np.ndarray]:
    """Columns as arrays of floats.

    Raises
    ------
    EvaluationError
        They differ in length, are empty, or hold missing or infinite values.
    """
    made = [np.asarray(column, dtype=float) for column in values]
    if any(column.ndim != 1 or column.shape != made[0].shape for column in made) or not made[0].size:
        shapes = ", ".join(str(column.shape) for column in made)
        raise EvaluationError(f"Columns of one length are needed, with at least one row; these have {shapes}.")
    missing = sum(int((~np.isfinite(column)).sum()) for column in made)
    if missing:
        raise EvaluationError(f"{missing:,} values are missing or infinite; decide what they mean before you evaluate.")
    return made


def as_events(outcome: np.ndarray) -> np.ndarray:
    """An outcome of 0 and 1 as booleans.

    Raises
    ------
    EvaluationError
        It holds anything else.
    """
    if not np.isin(outcome, (0.0, 1.0)).all():
        raise EvaluationError("The outcome must be 0 or 1 in every row; a risk belongs into `expected`.")
    return outcome == 1


def checked(outcome, predicted) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes as booleans and predictions between 0 and 1, or an error that says what is wrong."""
    outcome, predicted = columns(outcome, predicted)
    shares_only("prediction", predicted)
    return as_events(outcome), predicted


def shares_only(name: str, column: np.ndarray) -> None:
    """Refuse a column of which a part lies outside 0 to 1."""
    if ((column < 0) | (column > 1)).any():
        raise EvaluationError(
            f"A {name} lies outside 0 to 1: the lowest is {column.min():g}, the highest {column.max():g}."
        )
