"""Made-up stays, lists, wards and districts of week 6: large, with known risks, and with an edge for each plausible mistake.

Nothing here is a hospital's. ``fixtures.py`` hands all of it out; it stands apart to keep both files short.
"""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd


@functools.cache
def invented_quarter():
    """Return ``(rows, later)`` of a made-up hospital, large, whose patients came back more often in the year that taught."""
    dice = np.random.default_rng(6)
    parts = {"learnt": (4000, 0.5), "watched": (6000, 0.0), "later": (4000, 0.0)}
    tables = []
    for part, (many, worse) in parts.items():
        place = dice.normal(-2.1, 1.0, many)
        table = pd.DataFrame(
            {"part": part, "score": _expit(place + _BALANCED), "back": dice.random(many) < _expit(place + worse)}
        )
        tables.append(table)
    table = pd.concat(tables, ignore_index=True)
    table.insert(0, "encounter_id", [f"invented-{n:05d}" for n in range(len(table))])
    rows, later = table[table.part != "later"], table[table.part == "later"]
    return rows, later[["encounter_id", "score"]].reset_index(drop=True)


def invented_risk():
    """Return the known risk of each later stay of :func:`invented_quarter`."""
    score = invented_quarter()[1].score
    return _expit(np.log(score / (1 - score)) - _BALANCED)


_BALANCED = 1.8  # what balancing adds to the log-odds where 213 of 1,000 came back


def _expit(place):
    return 1 / (1 + np.exp(-place))


@functools.cache
def reference_rows():
    """Return 750 rows with the published counts of a public set at 25%: ``outcome`` and ``risk``.

    In dcurves' ``df_binary`` 105 of 750 have the event, 144 lie at or above 25%, 72 of them with it: net benefit 0.064,
    and -0.1467 if all are treated (its own tests, MIT licence). The risks between are ours.
    """
    with_event, without = [72, 33], [72, 573]
    rows = []
    for outcome, (above, below) in ((True, with_event), (False, without)):
        rows += [(outcome, risk) for risk in np.linspace(0.25, 0.9, above)]
        rows += [(outcome, risk) for risk in np.linspace(0.01, 0.2, below)]
    return pd.DataFrame(rows, columns=["outcome", "risk"])


def edge_rows():
    """Return ten rows whose risks lie exactly on thresholds."""
    risk = [0.10, 0.10, 0.10, 0.20, 0.20, 0.25, 0.40, 0.05, 0.05, 0.02]
    return pd.DataFrame({"outcome": [True, False, False, True, False, True, True, False, False, False], "risk": risk})


@functools.cache
def invented_lists():
    """Return 34 weeks of lists of a large made-up hospital, shaped as :func:`lists`; each risk there is the known one."""
    dice, rows = np.random.default_rng(41), []
    for day in range(34 * 7):
        many = dice.poisson(_ON_A_LIST[day % 7]) if day % 7 < 5 else 0
        rows += [(day, risk) for risk in _expit(dice.normal(-2.1, 0.75, many))]
    table = pd.DataFrame(rows, columns=["day", "risk"])
    names = [f"invented-{n:05d}" for n in range(len(table))]
    week, weekday = table.day // 7, table.day % 7
    made = pd.DataFrame({"encounter_id": names, "site": "invented", "day": table.day, "week": week, "weekday": weekday})
    return made.assign(risk=table.risk)


_ON_A_LIST = (41, 12, 12, 14, 15)  # Monday to Friday


def another_future(rows, day, dice):
    """Return the lists with other days after ``day``: half of their rows, risks exchanged, all higher or all lower."""
    later = (rows.day > day).to_numpy()
    risk = rows.risk.to_numpy(copy=True)
    risk[later] = np.minimum(dice.permutation(risk[later]) * dice.choice([0.4, 1.8]), 0.95)
    return rows.assign(risk=risk)[~later | (dice.random(len(rows)) < 0.5)].reset_index(drop=True)


@functools.cache
def invented_change():
    """Return ``(septic, burden)`` of made-up wards: stays on which plausible mistakes part."""
    leads = [(n / 3 + 0.5, None) for n in range(18)] + [(20.0, None)] * 6 + [(12.0, 4.0)] * 10 + [(5.0, 5.0)] * 50
    leads += [(None, None)] * 166
    septic = pd.DataFrame(leads, columns=["now", "proposed"], dtype=float)
    septic.insert(0, "encounter_id", [f"invented-{n:03d}" for n in range(len(septic))])
    return septic, {"now": 9_000, "proposed": 4_200, "days": 730, "stays": 7_000}


# stays, events, mean risk: large and small, near to its promise and far from it, and one on the edge of the small-cell rule
_DISTRICTS = {
    "north": (4000, 500, 0.125),
    "south": (3000, 300, 0.15),
    "coast": (3000, 450, 0.11),
    "plain": (9000, 990, 0.12),
    "hills": (90, 11, 0.13),
    "islands": (300, 10, 0.12),
    "valley": (500, 60, 0.14),
}


@functools.cache
def invented_districts():
    """Return stays of a made-up country, ``district``, ``risk`` and ``back``: a district for each verdict, and its edges."""
    tables = []
    for name, (many, events, mean) in _DISTRICTS.items():
        risk = mean * np.linspace(0.2, 1.8, many)
        tables.append(pd.DataFrame({"district": name, "risk": risk, "back": np.arange(many) < events}))
    return pd.concat(tables, ignore_index=True)


@functools.cache
def rare_rows():
    """Return 6,000 rows, 120 with the event, and a score of four values: ``outcome`` and ``risk``.

    The largest sum of sensitivity and specificity, and the point nearest to the corner of the plot, are two points here.
    """
    levels = [(0.36, 40, 71), (0.15, 26, 147), (0.02, 29, 1450), (0.006, 25, 4212)]  # risk, with the event, without it
    rows = [(True, risk) for risk, many, _ in levels for _ in range(many)]
    rows += [(False, risk) for risk, _, many in levels for _ in range(many)]
    return pd.DataFrame(rows, columns=["outcome", "risk"])
