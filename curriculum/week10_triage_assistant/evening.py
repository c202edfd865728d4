"""The scored visits of a hospital, and visits in which we have planted what a desk meets. It knows what was planted, so it is in no box."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pandas as pd

_WORDS = runpy.run_path(str(Path(__file__).parent / "words.py"))
SIGNS, INPUTS = _WORDS["SIGNS"], _WORDS["INPUTS"]
SHOWN, JUDGED = 600, 1000
# a value with which somebody is in danger, below what the range of its sign calls plausible
BELOW = {"saturation": (45, 68), "systolic": (38, 58), "heart_rate": (18, 28), "temperature": (28.0, 32.5)}
UNSTABLE = {"saturation": (75, 90), "systolic": (65, 89), "heart_rate": (132, 175), "respiratory_rate": (26, 40)}
SLIPS = {"saturation": (930, 998), "temperature": (362, 384)}  # a point forgotten, a digit too many: no rule looks there
EDGE = {"systolic": 90, "saturation": 91, "respiratory_rate": 25, "heart_rate": 131, "temperature": 35.0}
# how many of the judged visits have what; of those shown, in proportion
PLANTED = {
    "comfort": 20,
    "comfort, unstable": 16,
    "below": 18,
    "unstable": 22,
    "unstable, stale": 14,
    "unstable, two missing": 12,
    "slip": 14,
    "one missing": 90,
    "one needed missing": 24,
    "two missing": 16,
    "stale": 30,
    "edge": 15,
}


def scored(emergency):
    """Return the later half of the visits with score and outcome, and the model that the earlier half has taught."""
    from sklearn.linear_model import LogisticRegression

    rows = emergency.sort_values(["arrived_at", "encounter_id"], ignore_index=True)
    rows = rows.dropna(subset=list(INPUTS)).reset_index(drop=True)
    table, half = rows[list(INPUTS)].astype(float), len(rows) // 2
    mean, spread = table[:half].mean(), table[:half].std()
    fitted = LogisticRegression(C=0.5).fit((table[:half] - mean) / spread, rows.critical_12h[:half])
    model = {
        "mean": mean.to_dict(),
        "spread": spread.to_dict(),
        "weight": dict(zip(INPUTS, fitted.coef_[0].tolist(), strict=True)),
        "intercept": float(fitted.intercept_[0]),
    }
    later = rows[half:].reset_index(drop=True)
    told = later[["encounter_id", "age", *SIGNS]].rename(columns={"encounter_id": "visit"})
    told = told.assign(score=says(model, told), critical=later.critical_12h.astype(bool))
    return told, model


def says(model, rows):
    """Return the model's risk of each row, the mean standing in for what is missing."""
    far = sum((rows[name].fillna(model["mean"][name]) - model["mean"][name]) / model["spread"][name] * model["weight"][name]
              for name in INPUTS)  # fmt: skip
    return 1 / (1 + np.exp(-(model["intercept"] + far)))


def evening(rows, model, dice):
    """Return visits to work on, visits to be judged on, and what was planted in the latter."""
    chosen = rows.iloc[dice.permutation(len(rows))[: SHOWN + JUDGED]].reset_index(drop=True)
    parts = {}
    for name, some in (("shown", chosen[:SHOWN]), ("judged", chosen[SHOWN:])):
        parts[name], planted = _planted(some.reset_index(drop=True), model, dice)
    return {**parts, "planted": planted}


def _planted(rows, model, dice):
    table = rows[["age", *SIGNS]].astype(float)
    table.insert(0, "visit", [f"v{number:04d}" for number in range(1, len(rows) + 1)])
    table["minutes_old"] = dice.integers(3, 120, len(rows))
    table["comfort_care"] = False
    order, begins, planted = dice.permutation(len(rows)), 0, {}
    for kind, number in PLANTED.items():
        some = order[begins : begins + max(4, round(number * len(rows) / JUDGED))]
        begins += len(some)
        for turn, place in enumerate(some.tolist()):
            _plant(table, place, kind, turn, dice)
            planted[table.visit[place]] = kind
    table["score"] = says(model, _without_the_odd(table))
    return table, planted


def _plant(table, place, kind, turn, dice):
    if kind.startswith("comfort"):
        table.loc[place, "comfort_care"] = True
    if "unstable" in kind:
        _draw(table, place, UNSTABLE, turn, dice)
    if kind == "below":
        _draw(table, place, BELOW, turn, dice)
    if kind == "slip":
        _draw(table, place, SLIPS, turn, dice)
    if kind == "edge":
        name = list(EDGE)[turn % len(EDGE)]
        table.loc[place, name] = EDGE[name]
    if "stale" in kind:
        table.loc[place, "minutes_old"] = int(dice.integers(170, 700))
    if kind == "one missing":
        table.loc[place, ("heart_rate", "temperature", "saturation")[turn % 3]] = np.nan
    if kind == "one needed missing":
        table.loc[place, ("age", "respiratory_rate", "systolic")[turn % 3]] = np.nan
    if "two missing" in kind:
        there = [name for name in ("heart_rate", "temperature", "saturation") if _calm(name, table.loc[place, name])]
        table.loc[place, there[:2]] = np.nan


def _draw(table, place, ranges, turn, dice):
    name = list(ranges)[turn % len(ranges)]
    low, high = ranges[name]
    value = dice.uniform(low, high) if name == "temperature" and high < 100 else int(dice.integers(low, high + 1))
    table.loc[place, name] = round(float(value), 1)


def _calm(name, value):
    """Whether nothing was planted in a value: what makes somebody unstable stays when others are taken away."""
    low, high = UNSTABLE.get(name, (0, 0))
    return not low <= value <= high


def _without_the_odd(table):
    """What the model sees: a value outside its plausible range counts as missing."""
    seen = table.copy()
    for name, (low, high) in _WORDS["PLAUSIBLE"].items():
        seen[name] = seen[name].where(seen[name].between(low, high))
    return seen

