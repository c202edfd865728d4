"""Who is flagged and who has the event: the four counts, the shares made of them, and the curves over all thresholds.

Every share is an :class:`~wardround.evaluation.Estimate`: a number with an interval, or undefined with the reason. A
curve that would have no points is refused with an :class:`~wardround.evaluation.EvaluationError`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp, isfinite, log, nan, sqrt

import numpy as np
import pandas as pd
from scipy.stats import norm

from .uncertainty import Estimate, EvaluationError, as_events, columns, wilson

SHARES = ("prevalence", "alert_rate", "sensitivity", "specificity", "ppv", "npv")
_MEASURES = (*SHARES, "nne", "lr_positive", "lr_negative", "accuracy")


@dataclass(frozen=True)
class Counts:
    """The four cells: flagged or not, with the event or without.

    Parameters
    ----------
    tp, fp, fn, tn
        Flagged with and without the event, not flagged with and without. Whole numbers; expected counts
        (:func:`~wardround.evaluation.expected_counts`) may be fractions, and then no share has an interval.
    level
        Of the intervals.

    Raises
    ------
    EvaluationError
        A count is negative or not finite.

    Notes
    -----
    Intervals: Wilson's for shares, so the rows must be independent (one a patient; else
    :func:`~wardround.evaluation.bootstrap`); on the log scale for likelihood ratios, as Simel, Samsa and Matchar,
    J Clin Epidemiol 1991;44:763.

    Examples
    --------
    >>> Counts(tp=231, fp=32, fn=27, tn=54).sensitivity
    0.895 (95% interval 0.852 to 0.927)
    """

    tp: float
    fp: float
    fn: float
    tn: float
    level: float = field(default=0.95, repr=False)

    def __post_init__(self) -> None:
        if wrong := [str(cell) for cell in self.cells if not (isfinite(cell) and cell >= 0)]:
            raise EvaluationError(f"A count cannot be {', '.join(wrong)}: give numbers of people, 0 or more.")

    @property
    def cells(self) -> tuple[float, float, float, float]:
        """``tp, fp, fn, tn``."""
        return self.tp, self.fp, self.fn, self.tn

    @property
    def n(self) -> float:
        """All rows."""
        return sum(self.cells)

    @property
    def events(self) -> float:
        """Rows with the event."""
        return self.tp + self.fn

    @property
    def others(self) -> float:
        """Rows without the event."""
        return self.fp + self.tn

    @property
    def flagged(self) -> float:
        """Rows that are flagged."""
        return self.tp + self.fp

    @property
    def prevalence(self) -> Estimate:
        """Of all rows, the share with the event."""
        return self._share(self.events, self.n, "nobody is counted")

    @property
    def alert_rate(self) -> Estimate:
        """Of all rows, the share flagged."""
        return self._share(self.flagged, self.n, "nobody is counted")

    @property
    def sensitivity(self) -> Estimate:
        """Of the rows with the event, the share flagged."""
        return self._share(self.tp, self.events, "nobody has the event")

    @property
    def missed(self) -> Estimate:
        """Of the rows with the event, the share not flagged."""
        return self._share(self.fn, self.events, "nobody has the event")

    @property
    def specificity(self) -> Estimate:
        """Of the rows without the event, the share not flagged."""
        return self._share(self.tn, self.others, "everybody has the event")

    @property
    def false_positive_rate(self) -> Estimate:
        """Of the rows without the event, the share flagged."""
        return self._share(self.fp, self.others, "everybody has the event")

    @property
    def ppv(self) -> Estimate:
        """Of the rows flagged, the share with the event."""
        return self._share(self.tp, self.flagged, "nobody is flagged")

    @property
    def npv(self) -> Estimate:
        """Of the rows not flagged, the share without the event."""
        return self._share(self.tn, self.fn + self.tn, "everybody is flagged")

    @property
    def accuracy(self) -> Estimate:
        """Of all rows, the share flagged with the event or not flagged without it."""
        return self._share(self.tp + self.tn, self.n, "nobody is counted")

    @property
    def nne(self) -> Estimate:
        """Number needed to evaluate: rows flagged for each one with the event, 1 / PPV."""
        ppv = self.ppv
        if not ppv.value > 0:
            return self._undefined(ppv.note or "nobody who is flagged has the event")
        return Estimate(1 / ppv.value, 1 / ppv.high, 1 / ppv.low, level=self.level, note=ppv.note)

    @property
    def lr_positive(self) -> Estimate:
        """How much oftener those with the event are flagged than those without: what a flag does to the odds."""
        return self._ratio(self.tp, self.fp, "nobody without the event is flagged")

    @property
    def lr_negative(self) -> Estimate:
        """How much oftener those with the event stay unflagged than those without: what silence does to the odds."""
        return self._ratio(self.fn, self.tn, "everybody without the event is flagged")

    @property
    def odds_ratio(self) -> float:
        """Diagnostic odds ratio; NaN where a row or column of the table has no finite one."""
        return _over(self.tp * self.tn, self.fp * self.fn)

    @property
    def youden(self) -> float:
        """Sensitivity + specificity - 1, which no ward pays for: it prices a missed event by the prevalence."""
        return self.sensitivity.value + self.specificity.value - 1

    @property
    def f1(self) -> float:
        """Harmonic mean of sensitivity and PPV; NaN if nobody is flagged and nobody has the event."""
        return _over(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def mcc(self) -> float:
        """Matthews' correlation of flag and event; NaN if either is the same for all."""
        below = self.flagged * self.events * self.others * (self.fn + self.tn)
        return _over(self.tp * self.tn - self.fp * self.fn, sqrt(below))

    def per(self, people: float = 1_000) -> Counts:
        """The same table for so many people: what "of 1,000 patients" means. Fractions, so without intervals."""
        if not self.n:
            raise EvaluationError("Nobody is counted, so there is nothing to say of 1,000 people.")
        return Counts(*(cell * people / self.n for cell in self.cells), level=self.level)

    def table(self) -> pd.DataFrame:
        """All measures, one a row: ``value``, ``low``, ``high`` and the ``note`` that says why one is undefined."""
        return estimates_table({name: getattr(self, name) for name in _MEASURES})

    def _undefined(self, why: str) -> Estimate:
        return Estimate(nan, nan, nan, level=self.level, note=why)

    @property
    def _whole(self) -> bool:
        return all(float(cell).is_integer() for cell in self.cells)

    def _share(self, part: float, whole: float, why: str) -> Estimate:
        if not whole:
            return self._undefined(why)
        if not self._whole:
            return Estimate(part / whole, nan, nan, level=self.level, note="the counts are no numbers of people")
        return wilson(int(part), int(whole), self.level)

    def _ratio(self, ill: float, well: float, why: str) -> Estimate:
        if not self.events or not self.others:
            return self._undefined("only one of the two outcomes occurs")
        if not well:
            return self._undefined(f"{why}, so the ratio has no finite value")
        value = (ill / self.events) / (well / self.others)
        if not self._whole:
            return Estimate(value, nan, nan, level=self.level, note="the counts are no numbers of people")
        if not ill:
            return Estimate(value, nan, nan, level=self.level, note="a cell is empty")
        reach = norm.ppf(0.5 + self.level / 2) * sqrt(1 / ill - 1 / self.events + 1 / well - 1 / self.others)
        return Estimate(value, exp(log(value) - reach), exp(log(value) + reach), level=self.level)


def counts(outcome, score, threshold: float = 0.5, level: float = 0.95) -> Counts:
    """The four counts when everybody at or above a threshold is flagged.

    Parameters
    ----------
    outcome
        One entry a row, 0/1 or booleans.
    score
        Any numbers, or a rule's 0/1 (then 0.5 is its threshold).
    threshold
        ``score >= threshold`` is flagged: a score that equals the threshold is.

    Raises
    ------
    EvaluationError
        Columns of unequal length, missing values, or an outcome that is not 0/1.

    Examples
    --------
    >>> counts([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], threshold=0.35)
    Counts(tp=2, fp=1, fn=0, tn=1)
    """
    outcome, score = columns(outcome, score)
    return Counts(*(int(cell) for cell in cells(as_events(outcome), score, threshold)), level=level)


def threshold_table(outcome, score, thresholds=None) -> pd.DataFrame:
    """Counts and shares at many thresholds, one a row.

    Parameters
    ----------
    thresholds
        By default every score that occurs.

    Returns
    -------
    DataFrame
        Indexed by ``threshold``: ``tp fp fn tn``, then ``sensitivity specificity ppv npv alert_rate nne`` (NaN where
        undefined). For an interval take :func:`counts` at the threshold you mean.

    Notes
    -----
    Our own, by sorting: scikit-learn's ``confusion_matrix_at_thresholds`` knows the scores' own thresholds only.
    """
    outcome, score = columns(outcome, score)
    event = as_events(outcome)
    cuts = np.unique(score) if thresholds is None else columns(np.atleast_1d(thresholds))[0]
    tp, fp = _at_or_above(score[event], cuts), _at_or_above(score[~event], cuts)
    fn, tn = event.sum() - tp, (~event).sum() - fp
    shares = {
        "sensitivity": _ratio_of(tp, tp + fn),
        "specificity": _ratio_of(tn, fp + tn),
        "ppv": _ratio_of(tp, tp + fp),
        "npv": _ratio_of(tn, fn + tn),
        "alert_rate": (tp + fp) / event.size,
        "nne": _ratio_of(tp + fp, tp),
    }
    return pd.DataFrame({"tp": tp, "fp": fp, "fn": fn, "tn": tn, **shares}, index=pd.Index(cuts, name="threshold"))


def predictive_values(sensitivity: float, specificity: float, prevalence) -> pd.DataFrame:
    """PPV and NPV of one test where the event is rarer or more frequent (Bayes' theorem).

    Parameters
    ----------
    sensitivity, specificity
        Shares, 0 to 1, taken as the same everywhere: often they are not, because other patients are ill otherwise.
    prevalence
        A share or several.

    Returns
    -------
    DataFrame
        Indexed by ``prevalence``: ``ppv npv nne alert_rate``; NaN where nobody is flagged, or nobody is not.

    Raises
    ------
    EvaluationError
        A share outside 0 to 1.

    Examples
    --------
    >>> predictive_values(0.8, 0.904, [0.01]).ppv.round(3).tolist()
    [0.078]
    """
    share = columns(np.atleast_1d(prevalence))[0]
    for name, value in (("sensitivity", sensitivity), ("specificity", specificity), ("prevalence", share)):
        if not (np.greater_equal(value, 0) & np.less_equal(value, 1)).all():
            raise EvaluationError(f"A {name} lies outside 0 to 1; give shares, such as 0.8 for 80%.")
    tp, fp = share * sensitivity, (1 - share) * (1 - specificity)
    fn, tn = share - tp, (1 - share) - fp
    made = {
        "ppv": _ratio_of(tp, tp + fp),
        "npv": _ratio_of(tn, fn + tn),
        "nne": _ratio_of(tp + fp, tp),
        "alert_rate": tp + fp,
    }
    return pd.DataFrame(made, index=pd.Index(share, name="prevalence"))


def average_precision(outcome, score) -> float:
    """Mean PPV over the events as the threshold falls (scikit-learn); NaN without events.

    Guessing gives the prevalence, not one half. For an interval: ``bootstrap(average_precision, patient, …)``.
    """
    outcome, score = columns(outcome, score)
    if not as_events(outcome).any():
        return nan
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(outcome, score))


def roc(outcome, score) -> pd.DataFrame:
    """The ROC curve (scikit-learn), from nobody flagged to everybody.

    Returns
    -------
    DataFrame
        ``threshold`` (the first is infinite), ``false_positive_rate``, ``sensitivity``; corners only.

    Raises
    ------
    EvaluationError
        Only one of the two outcomes occurs; else see :func:`counts`.
    """
    outcome, score = _both_outcomes(outcome, score)
    from sklearn.metrics import roc_curve

    false, true, cuts = roc_curve(outcome, score)
    return pd.DataFrame({"threshold": cuts, "false_positive_rate": false, "sensitivity": true})


def precision_recall(outcome, score) -> pd.DataFrame:
    """PPV against sensitivity (scikit-learn), from everybody flagged to the highest score.

    Returns
    -------
    DataFrame
        ``threshold``, ``sensitivity``, ``ppv``. The point (0, 1) that scikit-learn adds at the end belongs to no
        threshold and is left out.

    Raises
    ------
    EvaluationError
        Only one of the two outcomes occurs; else see :func:`counts`.
    """
    outcome, score = _both_outcomes(outcome, score)
    from sklearn.metrics import precision_recall_curve

    ppv, sensitivity, cuts = precision_recall_curve(outcome, score)
    return pd.DataFrame({"threshold": cuts, "sensitivity": sensitivity[:-1], "ppv": ppv[:-1]})


def cells(weight: np.ndarray, score: np.ndarray, threshold: float) -> tuple[float, float, float, float]:
    """``tp, fp, fn, tn`` of rows that are events with a weight of 0 to 1 and are flagged at ``score >= threshold``."""
    if np.isnan(threshold):
        raise EvaluationError("The threshold is missing (NaN); give the score from which on you flag.")
    flag = score >= threshold
    ill, flagged = float(weight.sum()), float(flag.sum())
    tp = float(weight[flag].sum())
    fn = ill - tp if ill >= tp else 0.0  # a rounding below zero is no count
    fp = flagged - tp
    return tp, fp, fn, max(weight.size - flagged - fn, 0.0)


def estimates_table(found: dict[str, Estimate]) -> pd.DataFrame:
    """Estimates one below the other: ``value``, ``low``, ``high`` and ``note``."""
    rows = {name: (one.value, one.low, one.high, one.note) for name, one in found.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["value", "low", "high", "note"])


def _both_outcomes(outcome, score) -> list[np.ndarray]:
    outcome, score = columns(outcome, score)
    if as_events(outcome).all() or not outcome.any():
        raise EvaluationError("Only one of the two outcomes occurs in these rows, so there is no curve to draw.")
    return [outcome, score]


def _at_or_above(score: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    return score.size - np.searchsorted(np.sort(score), cuts, side="left")


def _ratio_of(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(np.shape(part), nan), where=np.asarray(whole) > 0)


def _over(part: float, whole: float) -> float:
    return part / whole if whole else nan
