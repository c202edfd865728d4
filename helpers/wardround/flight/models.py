"""The models that a flight puts in force: what they look at, how they are fitted, and what they say.

All of ours are logistic regressions on standardised columns, a missing value counting as the mean of the training rows.
Own code instead of scikit-learn's: a model scores a few hundred columns a day and may be trained anew during a flight.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Protocol

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from wardround.course import places

from .card import Columns
from .learner_list import own_list
from .year import Year

VITAL_FEATURES = ("heart_rate", "respiratory_rate", "temperature", "saturation", "systolic")
SKEWED = ("creatinine", "urea", "lactate", "leukocytes", "glucose")  # as logarithms
WARD_FEATURES = (*("age", "sex_male"), *VITAL_FEATURES, *SKEWED, "lactate_drawn", "vital_sets")
NUMBERS = ("age", "los_days", "stays_before", "emergency_before", "charlson")
NUMBERS += ("haemoglobin", "sodium", "albumin", "creatinine", "urea", "leukocytes", "glucose")
YES_NO = ("interpreter", "htn", "dm", "cad", "ckd", "af")
CODES = {  # one column for each code; one that is not here counts as none of them
    "sex": ("female",),
    "payer": ("medicare", "medicaid", "uninsured"),
    "group": (
        *("heart_failure", "copd", "pneumonia", "coronary", "stroke", "sepsis", "gut", "kidney", "diabetes"),
        *("alcohol", "mental", "infection", "rhythm", "injury", "other", "planned"),
    ),
}
LIST_FEATURES = (*NUMBERS, *YES_NO, *CODES)
WARD_RIDGE, LIST_RIDGE = 1.0, 100.0  # on standardised weights; 100 is week 4's C = 0.01
FEWEST_EVENTS = 20  # known outcomes of the rarer kind below which nothing is learnt (assumption)
AHEAD = 3  # windows of eight hours in 24


class Risk(Protocol):
    """Something that gives each row a risk from 0 to 1, or NaN where it gives none."""

    name: str
    features: tuple[str, ...]

    def risk(self, rows) -> np.ndarray:
        """Return one number a row: of ``Columns`` for the ward, of a DataFrame for the list."""


@dataclass(frozen=True, eq=False)
class Logistic:
    """A logistic regression.

    Attributes
    ----------
    features : tuple of str
        Columns that it reads.
    matrix : callable
        Makes rows into an array (columns, rows), NaN where a value is missing.
    mean, weight : arrays
        Of each column; ``weight`` per unit.
    level : float
        Log-odds of a row whose columns are all at their means.
    """

    name: str
    features: tuple[str, ...]
    matrix: Callable
    mean: np.ndarray
    weight: np.ndarray
    level: float

    def risk(self, rows) -> np.ndarray:
        """Return each row's risk."""
        apart = self.matrix(rows) - self.mean[:, None]
        apart[np.isnan(apart)] = 0.0
        return expit(self.weight @ apart + self.level)


@dataclass(frozen=True, eq=False)
class Recalibrated:
    """Another model's risk with its level and slope moved; the order of patients stays."""

    name: str
    features: tuple[str, ...]
    of: Risk
    level: float
    slope: float

    def risk(self, rows) -> np.ndarray:
        """Return each row's risk."""
        return expit(self.level + self.slope * _place(self.of.risk(rows)))


class Oracle:
    """The true risk of the ward: what no model can beat. For comparison only.

    It leaves out what cards make of the hazard, and what nurses who come make of it.
    """

    name, features = "oracle", ()

    def __init__(self, year: Year):
        self._risk = true_risk(year)

    def risk(self, place: np.ndarray) -> np.ndarray:
        """Return the chance of deterioration within 24 hours at places of ``year.windows`` if nobody comes."""
        return self._risk[place]


def true_risk(year: Year) -> np.ndarray:
    """Return each window's chance of deterioration in it or the next two of its stay, if nobody comes."""
    stay, calm = year.windows["stay"], 1 - year.truth["hazard"]
    order = np.lexsort((year.windows["window"], stay))
    stay, calm = stay[order], calm[order]
    total = calm.copy()
    for ahead in range(1, AHEAD):
        same = stay[ahead:] == stay[:-ahead]
        total[:-ahead] *= np.where(same, calm[ahead:], 1.0)
    risk = np.empty(order.size)
    risk[order] = 1 - total
    return risk


# what is in force at the beginning ----------------------------------------------------------------------------------


def _once_a_year(make):
    """Keep what is made of a year for as long as the year is in memory."""
    kept: weakref.WeakKeyDictionary[Year, Risk] = weakref.WeakKeyDictionary()

    @wraps(make)
    def made(year: Year) -> Risk:
        if year not in kept:
            kept[year] = make(year)
        return kept[year]

    return made


@_once_a_year
def ward_model(year: Year) -> Logistic:
    """Return the hospital's early warning: fitted on its first three years, without windows under comfort care."""
    rows = _cared_for(year.past.windows)
    return fit_ward(rows, rows["deteriorates_24h"])


@_once_a_year
def vitals_only(year: Year) -> Logistic:
    """Return the fallback: the same on five vital signs alone."""
    rows = _cared_for(year.past.windows)
    return fit_ward(rows, rows["deteriorates_24h"], VITAL_FEATURES, name="vital signs alone")


@_once_a_year
def list_model(year: Year) -> Logistic:
    """Return the reference model of the list: the columns and the ridge of week 4's, fitted on the past."""
    known = year.past.stays[year.past.stays["back"].notna()]
    return fit_list(known, known["back"].astype(bool))


def serves_list(model: str, year: Year) -> Risk:
    """Return the list's model by the word of a plan: ``reference``, or ``own`` for the learner's release."""
    return own_list(places.work()) if model == "own" else list_model(year)


def _cared_for(rows: Mapping[str, np.ndarray]) -> Columns:
    return {name: column[~rows["comfort_care"]] for name, column in rows.items()}


# learning -----------------------------------------------------------------------------------------------------------


def fit_ward(
    columns: Columns, outcome: np.ndarray, features: tuple[str, ...] = WARD_FEATURES, name: str = "early warning"
) -> Logistic:
    """Return a logistic regression of deterioration within 24 hours on windows."""

    def matrix(rows: Columns) -> np.ndarray:
        table = np.empty((len(features), len(rows[features[0]])))
        for place, one in enumerate(features):
            table[place] = np.log(np.maximum(rows[one], 0.01)) if one in SKEWED else rows[one]
        return table

    return _fitted(name, features, matrix, columns, outcome, WARD_RIDGE)


def fit_list(frame: pd.DataFrame, outcome, name: str = "reference list") -> Logistic:
    """Return a logistic regression of readmission on discharges."""
    return _fitted(name, LIST_FEATURES, _list_matrix, frame, outcome, LIST_RIDGE)


def recalibrated(model: Risk, risk: np.ndarray, outcome: np.ndarray) -> Recalibrated:
    """Return a model with level and slope moved so that ``risk``, what it said, agrees with ``outcome``."""
    known = ~np.isnan(risk)
    mean, weight, level = _newton(_place(risk[known])[None, :], np.asarray(outcome)[known].astype(float), 0.0)
    slope = float(weight[0])
    return Recalibrated(f"{model.name}, recalibrated", model.features, model, level - slope * float(mean[0]), slope)


def learnt(service: str, how: str, model: Risk, rows, outcome: np.ndarray) -> Risk | None:
    """Return the model that ``how`` (``recalibrate`` or ``retrain``) makes of rows; None if too few outcomes are known.

    Parameters
    ----------
    service : str
        ``ward`` (``rows`` are Columns) or ``list`` (a DataFrame).
    model : Risk
        In force until now.
    outcome : array of bool
        As it was recorded; whoever was helped and did not get worse is False, as in every record.
    """
    outcome = np.asarray(outcome, dtype=bool)
    if min(outcome.sum(), (~outcome).sum()) < FEWEST_EVENTS:
        return None
    if how == "recalibrate":
        return recalibrated(model, model.risk(rows), outcome)
    if service == "list":
        return fit_list(rows, outcome, "reference list, retrained")
    kept = ~np.asarray(rows["comfort_care"], dtype=bool)
    rows = {name: column[kept] for name, column in rows.items()}
    return fit_ward(rows, outcome[kept], name="early warning, retrained")


def _list_matrix(rows: pd.DataFrame) -> np.ndarray:
    columns = [rows[name].to_numpy(dtype=float, na_value=np.nan) for name in (*NUMBERS, *YES_NO)]
    columns.append(rows["albumin"].isna().to_numpy(dtype=float))
    for name, codes in CODES.items():
        written = rows[name].to_numpy(dtype=object)
        unknown = pd.isna(written)
        columns += [np.where(unknown, np.nan, (written == code).astype(float)) for code in codes]
    return np.stack(columns)


def _fitted(name: str, features, matrix: Callable, rows, outcome, ridge: float) -> Logistic:
    return Logistic(name, features, matrix, *_newton(matrix(rows), np.asarray(outcome, dtype=float), ridge))


def _newton(table: np.ndarray, outcome: np.ndarray, ridge: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the columns' means, weights per unit, and the level at the means, by penalised maximum likelihood.

    ``ridge`` weighs half the sum of squares of the weights per standard deviation; the level is not penalised.
    """
    mean = np.array([column[~np.isnan(column)].mean() if not np.isnan(column).all() else 0.0 for column in table])
    apart = table - mean[:, None]
    apart[np.isnan(apart)] = 0.0
    spread = apart.std(axis=1)
    spread[spread == 0] = 1.0
    design = np.vstack([apart / spread[:, None], np.ones(outcome.size)])
    penalty = np.append(np.full(mean.size, ridge), 0.0)
    weight = np.append(np.zeros(mean.size), logit(np.clip(outcome.mean(), 1e-6, 1 - 1e-6)))
    for _ in range(50):
        said = expit(weight @ design)
        slope = design @ (said - outcome) + penalty * weight
        curve = (design * (said * (1 - said))) @ design.T + np.diag(penalty + 1e-9)
        step = np.linalg.solve(curve, slope)
        weight -= step
        if np.abs(step).max() < 1e-9:
            break
    return mean, weight[:-1] / spread, float(weight[-1])


def _place(risk: np.ndarray) -> np.ndarray:
    return logit(np.clip(risk, 1e-9, 1 - 1e-9))
