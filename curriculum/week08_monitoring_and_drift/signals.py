"""How the signals of a quarter are made: forty inputs, thirteen weeks, against the year before.

Three quarters of a thousand quarters a minute need arrays: a value is exchanged once for its place among the values of
the reference, and all tests are made of places. p is Kolmogorov's limit (``scipy.special.kolmogorov``; SciPy's ``ks_2samp`` takes
another approximation for few values), and ``scipy.stats.chi2_contingency(correction=False)``; ``tests/test_week08.py`` compares them.
"""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import chdtrc, kolmogorov

FEED = runpy.run_path(str(Path(__file__).with_name("year.py")))["FEED"]
WEEKS = 13
BINS = 10
FLOOR = 0.0005  # an empty bin counts as this share, or one empty bin would be an infinite PSI
NUMBERS = (
    *("age", "los_days", "stays_before", "emergency_before", "charlson"),
    *("haemoglobin", "sodium", "albumin", "creatinine", "urea", "leukocytes", "glucose"),
)
RESULTS = NUMBERS[5:]
GROUPS = (
    *("heart_failure", "copd", "pneumonia", "coronary", "stroke", "sepsis", "gut", "kidney"),
    *("infection", "rhythm", "injury", "other", "planned"),
)
CONDITIONS = ("htn", "dm", "cad", "ckd", "af")
PAYERS = ("medicare", "medicaid", "private", "uninsured")


def inputs(stays):
    """The forty inputs of stays, one column each: twelve numbers, then shares: 0 or 1."""
    table = {name: stays[name].astype(float) for name in NUMBERS}
    table |= {f"no {name}": stays[name].isna() for name in ("albumin", "creatinine")}
    table |= {f"group {name}": stays.group.eq(name) for name in GROUPS}
    table |= {f"payer {name}": stays.payer.eq(name) for name in PAYERS}
    table |= {name: stays[name] for name in CONDITIONS}
    table |= {"female": stays.sex.eq("female"), "interpreter": stays.interpreter, "home": stays.home}
    table |= {"eastbank": stays.site.eq("eastbank")}
    return pd.DataFrame(table).astype(float)


class Reference:
    """What later stays are compared with: the inputs of the year before."""

    def __init__(self, table):
        self.names, self.n = list(table), len(table)
        self.numbers = [name for name in table if name in NUMBERS]
        self.shares = [name for name in table if name not in NUMBERS]
        self._sorted = {name: np.sort(table[name].dropna().to_numpy()) for name in self.numbers}
        cuts = np.linspace(0, 1, BINS + 1)[1:-1]
        self._cuts = {name: np.unique(np.quantile(values, cuts)) for name, values in self._sorted.items()}
        self._bins = np.stack([self._counted(name, values) / len(values) for name, values in self._sorted.items()])
        self._share = table[self.shares].mean().to_numpy()
        self._sizes = np.array([len(values) for values in self._sorted.values()])

    def _counted(self, name, values):
        places = np.searchsorted(self._cuts[name], values[~np.isnan(values)], side="right")
        return np.bincount(places, minlength=BINS)

    def placed(self, table):
        """Each number's places in the reference (share below, share at or below) and its bin; shares as they are."""
        low, high, bins = [], [], []
        for name in self.numbers:
            values, known = table[name].to_numpy(), self._sorted[name]
            gone = np.isnan(values)
            for places, side in ((low, "left"), (high, "right")):
                places.append(np.where(gone, np.nan, np.searchsorted(known, values, side=side) / len(known)))
            bins.append(np.where(gone, -1, np.searchsorted(self._cuts[name], values, side="right")))
        return {
            "low": np.stack(low, 1),
            "high": np.stack(high, 1),
            "bin": np.stack(bins, 1),
            "share": table[self.shares].to_numpy(),
        }

    def against(self, placed, rows):
        """``n``, ``psi`` and ``p`` of each input, of some rows against the reference."""
        low, high = np.sort(placed["low"][rows], axis=0), np.sort(placed["high"][rows], axis=0)
        n = (~np.isnan(high)).sum(axis=0)
        step = np.arange(1, len(rows) + 1)[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            apart = np.maximum(
                np.nanmax(step / n - high, axis=0, initial=0), np.nanmax(low - (step - 1) / n, axis=0, initial=0)
            )
            p = kolmogorov(np.sqrt(n * self._sizes / (n + self._sizes)) * apart)
            bins = placed["bin"][rows]
            counts = np.stack([np.bincount(one[one >= 0], minlength=BINS) for one in bins.T])
            psi = _psi(self._bins, counts / np.maximum(n, 1)[:, None]).sum(axis=1)
        many, share = len(rows), placed["share"][rows].mean(axis=0)
        both = (share * many + self._share * self.n) / (many + self.n)
        spread = np.where((both > 0) & (both < 1), both * (1 - both), 1) * (1 / many + 1 / self.n)
        p_share = chdtrc(1, (share - self._share) ** 2 / spread)
        psi_share = _psi(self._share, share) + _psi(1 - self._share, 1 - share)
        size = np.concatenate([n, np.full(len(self.shares), many)])
        return size, np.concatenate([psi, psi_share]), np.concatenate([p, p_share])


def _psi(before, now):
    before, now = np.maximum(before, FLOOR), np.maximum(now, FLOOR)
    return (now - before) * np.log(now / before)


def quarter(reference, placed, weeks):
    """The signals of a quarter: ``week input n psi p``; ``weeks`` are rows of ``placed``, week by week."""
    tables = []
    for number, rows in enumerate(weeks):
        n, psi, p = reference.against(placed, rows)
        tables.append(pd.DataFrame({"week": number, "input": reference.names, "n": n, "psi": psi, "p": p}))
    return pd.concat(tables, ignore_index=True)


class Quarters:
    """Quarters drawn from the discharges of one town's quiet year: each week has as many as one of its weeks had, drawn by chance.

    Parameters
    ----------
    rows : DataFrame
        The year before (``week`` below 0) and the quiet year.
    """

    def __init__(self, rows, dice, shift, begins):
        rows = rows[rows.town == 0]
        before, year = rows[rows.week < 0], rows[rows.week >= 0].reset_index(drop=True)
        self.reference, self.table = Reference(inputs(before)), inputs(year)
        self.placed, self.spread = self.reference.placed(self.table), inputs(before)[list(RESULTS)].std()
        self.sizes, self.dice, self.shift, self.begins = year.groupby("week").size().to_numpy(), dice, shift, begins

    def one(self, shifted=False):
        """Return one quarter; ``shifted``: a laboratory value, drawn, is off from week ``begins`` on."""
        start = self.dice.integers(len(self.sizes) - WEEKS + 1)
        sizes = self.sizes[start : start + WEEKS]
        drawn = self.dice.permutation(len(self.table))[: sizes.sum()]
        placed = {name: values[drawn] for name, values in self.placed.items()}
        if shifted:
            name, sign = self.dice.choice(RESULTS), self.dice.choice([-1, 1])
            table = self.table.iloc[drawn].reset_index(drop=True)
            late = table.index >= sizes[: self.begins].sum()
            table[name] += late * sign * self.shift * self.spread[name]
            placed = self.reference.placed(table)
        return quarter(self.reference, placed, np.split(np.arange(len(drawn)), np.cumsum(sizes)[:-1]))


def pairs(rows, dice, still):
    """Pairs of a column of 2024 and of 2025, and pairs of one and the same year."""
    before, year = rows[rows.week < 0], rows[rows.week >= 0]
    week = year[year.week == 8]
    made = {
        "age, one week": (before.age.astype(float), week.age.astype(float)),
        "stays before": (before.stays_before.astype(float), year.stays_before.astype(float)),
        "albumin, half of it lost": (before.albumin, year.albumin.where(dice.random(len(year)) < 0.5)),
        "creatinine, a unit": (before.creatinine, FEED["unit"](year)["creatinine"]),
        "sodium, none left": (before.sodium, year.sodium.where(year.sodium < 0)),
        "haemoglobin, +0.4": (before.haemoglobin, FEED["offset"](year)["haemoglobin"]),
    }
    known = before.haemoglobin.dropna().to_numpy()
    for number in range(still):
        drawn = dice.permutation(known)
        made[f"still {number}"] = (pd.Series(drawn[100:5100]), pd.Series(drawn[:100]))
    return made
