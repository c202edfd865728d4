"""Q5's patients, chosen so that some stories change and some do not; so it is in no box."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

NUMBERS = ["age", "stays_before", "emergency_before", "los_days", "haemoglobin", "albumin"]
WARD = ("heart_failure", "copd")
PATIENTS, CHANGED = 8, 3


def made(hospital, dice):
    """Return a logistic model, everybody and the ward as backgrounds, and eight patients of the ward."""
    stays = hospital.warehouse.stays
    stays = stays[stays.readmitted_30d.notna()].sort_values("encounter_id", ignore_index=True)
    table = stays[NUMBERS].astype(float).dropna()
    stays = stays.loc[table.index]
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(table, stays.readmitted_30d.astype(bool))
    ward = table[stays.group.isin(WARD)]
    shuffled = ward.iloc[dice.permutation(len(ward))]
    weights = model[-1].coef_[0] / model[0].scale_
    first = [np.abs((shuffled - rows.mean()) * weights).idxmax(axis=1) for rows in (table, ward)]
    changes = first[0] != first[1]
    some = [*shuffled.index[changes][:CHANGED], *shuffled.index[~changes][: PATIENTS - CHANGED]]
    patients = table.loc[dice.permutation(some)].reset_index(drop=True)
    patients.index = pd.Index([f"P{number}" for number in range(1, len(patients) + 1)], name="patient")
    return SimpleNamespace(model=model, everyone=table.copy(), ward=ward.copy(), patients=patients)
