"""Small models fitted on a hospital's own stays, and the numbers that a list is made of. Nothing here knows an answer."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

NUMBERS = ["age", "stays_before", "emergency_before", "los_days", "haemoglobin", "albumin"]
WITH_GROUP = ["age", "stays_before", "los_days", "haemoglobin", "group"]
BACKGROUND, ROWS, JUDGED = 150, 12, 4
COUNTED = ["age", "stays_before", "emergency_before", "los_days", "charlson", "lace", "interpreter", "planned"]
CONDITIONS = ["htn", "dm", "hf", "cad", "copd", "ckd", "cancer", "dementia", "alcohol", "smi", "af", "liver", "stroke"]


def models(hospital, dice):
    """Return each model with a background and rows of its own; ``rows`` come from other stays than it learnt on."""
    stays = hospital.warehouse.stays
    stays = stays[stays.readmitted_30d.notna()].sort_values("encounter_id", ignore_index=True)
    back = stays.readmitted_30d.astype(bool).to_numpy()
    numbers = stays[NUMBERS].astype(float)
    codes = stays.group.astype("category").cat.codes.astype(float)
    grouped = stays.assign(group=codes)[WITH_GROUP].astype(float)
    trees = {"max_iter": 60, "max_depth": 4, "random_state": 0}
    made = {
        "logistic": (make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()), numbers),
        "trees": (HistGradientBoostingClassifier(**trees), numbers),
        "groups": (HistGradientBoostingClassifier(**trees, categorical_features=["group"]), grouped),
    }
    order = dice.permutation(len(stays))
    learnt, other = order[: len(order) * 3 // 4], order[len(order) * 3 // 4 :]
    found = {}
    for place, (name, (model, table)) in enumerate(made.items()):
        model.fit(table.iloc[learnt], back[learnt])
        some = table.iloc[other[place * 180 :][: BACKGROUND + ROWS + JUDGED]].reset_index(drop=True)
        found[name] = SimpleNamespace(
            model=model,
            background=some[:BACKGROUND],
            rows=some[BACKGROUND : BACKGROUND + ROWS].reset_index(drop=True),
            judged=some[BACKGROUND + ROWS :].reset_index(drop=True),
        )
    return found


def facts(stays):
    """Return recorded facts of stays as numbers: counts, flags, logarithm of days, one column a group and a payer."""
    table = stays[[*COUNTED, *CONDITIONS]].astype(float)
    table["los_days"] = np.log(table.los_days.clip(lower=0.2))
    table["stays_before"] = table.stays_before.clip(upper=3)
    table["eastbank"] = stays.site.eq("eastbank").astype(float)
    return pd.concat([table, pd.get_dummies(stays[["group", "payer"]], dtype=float)], axis=1)


def weighed(**weights):
    """Return the plain form of model that week 9 uses: scaled, logistic."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=1000, **weights))


def lists(calls):
    """Return the home discharges of 2025 with ``risk`` without a call and ``benefit`` of one, both learnt on 2024.

    A T-learner: one model of those called, one of those not; the benefit is the difference of what they say.
    """
    home = calls[calls.home].reset_index(drop=True)
    table, past = facts(home), home.week < 0
    said = []
    for some in (past & ~home.called, past & home.called):
        model = weighed().fit(table[some], home.back[some])
        said.append(model.predict_proba(table[~past])[:, 1])
    told = home.loc[~past, ["stay", "week", "group", "age", "stays_before", "lace", "listed"]].reset_index(drop=True)
    return told.assign(risk=said[0], benefit=said[0] - said[1])


def contributions(said, names, units):
    """One explanation as plain numbers."""
    if not isinstance(said, dict) or not {"unit", "base", "parts"} <= set(said):
        raise TypeError("explain must return a dictionary with unit, base and parts")
    if said["unit"] not in units:
        raise ValueError(f"the unit is {said['unit']!r}; say one of {', '.join(units)}")
    parts = said["parts"]
    parts = parts.to_dict() if isinstance(parts, pd.Series) else parts
    parts = parts if isinstance(parts, dict) else dict(zip(names, np.ravel(parts), strict=True))
    if lacking := [name for name in names if name not in parts]:
        raise KeyError(f"there is no contribution of {', '.join(lacking)}")
    return {
        "unit": str(said["unit"]),
        "base": float(np.ravel(said["base"])[0]),
        "parts": {name: float(parts[name]) for name in names},
    }
