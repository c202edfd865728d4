"""What is usual in a hospital: counts, missing values and distributions of the 26 weeks before the year.

A monitor compares with it. It is made of the record alone, once for each year in memory.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from wardround.hospital import parameters as sheet
from wardround.hospital.flown import LOCKOUT

from .card import Columns
from .contracts import LABS, RANGES, VITALS
from .levels import Level
from .words import SHIFTS, SITES

if TYPE_CHECKING:
    from .plan import Plan
    from .year import Year

DAYS_BACK = 182  # 26 weeks
WEEK = 7
SELDOM_MISSING = 0.20  # a column counts as "usually there" below this share
PARTS = 5  # bins of a distribution, equally full in the reference; missing values are one more
FEWEST = 10  # rows of a day below which a site's shares say nothing
BLACK = sheet.RACES.index("black")

WARD_INPUTS = ("age", *VITALS, *LABS, "lactate_drawn")
LIST_INPUTS = (
    *("age", "charlson", "los_days", "stays_before", "emergency_before"),
    *("haemoglobin", "sodium", "albumin", "creatinine", "urea", "leukocytes", "glucose"),
)
LIST_CODES = ("site", "sex", "race", "payer", "group")
WARD_CODES = {"sex_male": (0, 1), "planned": (0, 1), "race": range(-1, len(sheet.RACES))}


class Bins:
    """A reference distribution of one column; :meth:`index` is the population stability index against it."""

    def __init__(self, reference: np.ndarray):
        reference = np.asarray(reference, dtype=float)
        known = reference[~np.isnan(reference)]
        inner = np.quantile(known, np.arange(1, PARTS) / PARTS) if known.size else np.empty(0)
        self.edges = np.unique(inner)
        # a column of a few values (0 and 1, counts) has the quantiles 0 and 0: cut between what there is
        if known.size and self.edges.size and self.edges[0] == known.min():
            self.edges = np.unique(np.nextafter(self.edges, np.inf))
        self.share = self._share(reference)

    def _share(self, values: np.ndarray) -> np.ndarray:
        """Return the share of each bin, the missing values' last; half a row is added to each so that none is 0."""
        place = np.searchsorted(self.edges, values, side="right")
        place[np.isnan(values)] = self.edges.size + 1
        count = np.bincount(place, minlength=self.edges.size + 2) + 0.5
        return count / count.sum()

    def index(self, values: np.ndarray) -> float:
        """Return the population stability index: 0 for the same distribution; what is much depends on the rows."""
        now = self._share(np.array(values, dtype=float))
        return float(((now - self.share) * np.log(now / self.share)).sum())


class Usual:
    """The reference of a year.

    Attributes
    ----------
    rows : array (sites, 7)
        Windows of a day, by site and weekday.
    there : tuple of str
        Columns of the ward that are seldom missing.
    bins : list of dict
        For each site, a reference distribution for each input of the ward.
    discharges : float
        Home discharges of a week that can be called.
    levels : list of dict
        For each site, where each laboratory test of the ward stands.
    list_there, list_bins, list_codes, list_levels
        The same for the list, of the service; known values of each code.
    """

    def __init__(self, year: Year):
        self.windows = windows = _last(year.past.windows)
        self.stays = stays = _last_stays(year.past.stays)
        self.rows = _by_weekday(windows)
        self.sites = np.flatnonzero(self.rows.sum(axis=1) > 0)
        self.there = tuple(name for name in (*VITALS, *LABS) if np.isnan(windows[name]).mean() < SELDOM_MISSING)
        self.bins: list[dict[str, Bins]] = [{} for _ in SITES]
        self.levels: list[dict[str, Level]] = [{} for _ in SITES]
        for site in self.sites.tolist():
            at = windows["site"] == site
            self.bins[site] = {name: Bins(windows[name][at]) for name in WARD_INPUTS}
            self.levels[site] = {name: Level(windows[name][at], windows["stay"][at]) for name in LABS}
        self.discharges = len(stays) / (DAYS_BACK / WEEK)
        inputs = [name for name in LIST_INPUTS if name in stays]
        self.list_there = tuple(n for n in inputs if n in RANGES and stays[n].isna().mean() < SELDOM_MISSING)
        self.list_bins = {name: Bins(stays[name].to_numpy(float)) for name in inputs}
        self.list_levels = {name: Level(stays[name].to_numpy(float)) for name in inputs if name in RANGES}
        self.list_codes = {name: _codes(stays[name]) for name in LIST_CODES if name in stays}
        self._scored: dict[str, tuple[Any, np.ndarray]] = {}

    def scores(self, service: str, model: Any) -> np.ndarray:
        """Return what a model would have said in these weeks; kept for the next flight with the same model."""
        kept = self._scored.get(service)
        if kept is None or kept[0] is not model:
            rows = self.windows if service == "ward" else self.stays
            kept = self._scored[service] = (model, np.asarray(model.risk(rows), dtype=float))
        return kept[1]


_MADE: dict[int, tuple[weakref.ref, Usual]] = {}


def usual(year: Year) -> Usual:
    """Return a year's reference, made once as long as the year is in memory."""
    kept = _MADE.get(id(year))
    if kept is None or kept[0]() is not year:
        for key in [key for key, (of, _) in _MADE.items() if of() is None]:
            del _MADE[key]
        kept = _MADE[id(year)] = (weakref.ref(year), Usual(year))
    return kept[1]


def usual_alerts(plan: Plan, windows: Columns, score: np.ndarray) -> float:
    """Return the alerts of a usual day under a plan's threshold, its limit a shift and the silence after one."""
    ward = plan.ward
    cut = np.full(score.size, ward.threshold)
    if ward.policy == "group":
        named = ward.groups.get("black", ward.threshold), ward.groups.get("others", ward.threshold)
        cut = np.where(windows["race"] == BLACK, *named)
    over = np.flatnonzero(score >= cut)
    over = over[np.lexsort((windows["window"][over], windows["stay"][over]))]
    kept, last, silent = [], None, 0
    for place, stay, window in zip(
        over.tolist(), windows["stay"][over].tolist(), windows["window"][over].tolist(), strict=True
    ):
        if stay == last and window < silent:
            continue
        last, silent = stay, window + LOCKOUT
        kept.append(place)
    total = len(kept)
    if ward.policy == "capacity":
        shift = windows["shift"][kept] - windows["shift"].min()
        total = int(np.minimum(np.bincount(len(SITES) * shift + windows["site"][kept]), ward.alerts_a_shift).sum())
    return total / DAYS_BACK


def _last(windows: Columns) -> Columns:
    """Return the windows of the last 26 weeks."""
    first = int(windows["shift"].max()) // SHIFTS + 1 - DAYS_BACK
    at = windows["shift"] >= SHIFTS * first
    return {name: column[at] for name, column in windows.items()}


def _last_stays(stays: pd.DataFrame) -> pd.DataFrame:
    """Return the stays of the last 26 weeks, as the list would have had them."""
    day = stays["day"].to_numpy()
    return stays[day > day.max() - DAYS_BACK]


def _by_weekday(windows: Columns) -> np.ndarray:
    """Return the median number of rows of a day, by site and weekday (0: Monday)."""
    day = windows["shift"] // SHIFTS
    first = int(day.min())
    count = np.bincount((day - first) * len(SITES) + windows["site"], minlength=DAYS_BACK * len(SITES))
    count = count.reshape(-1, len(SITES))
    weekday = (first + np.arange(count.shape[0])) % WEEK
    return np.array([[np.median(count[weekday == d, site]) for d in range(WEEK)] for site in range(len(SITES))])


def _codes(column: pd.Series) -> frozenset:
    return frozenset(column.dropna().unique())
