"""Turns stays into the columns of the model. This very file is kept under its hash with each release that used it."""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

NUMBERS = ["age", "los_days", "stays_before", "emergency_before", "charlson"]
NUMBERS += ["haemoglobin", "sodium", "albumin", "creatinine", "urea", "leukocytes", "glucose"]
FLAGS = ["interpreter", "htn", "dm", "cad", "ckd", "af"]
WORDS = ["sex", "payer", "group"]
PAYERS = ["medicare", "medicaid", "uninsured"]
GROUPS = ["heart_failure", "copd", "pneumonia", "coronary", "stroke", "sepsis", "gut", "kidney", "diabetes", "alcohol"]
GROUPS += ["mental", "infection", "rhythm", "injury", "other", "planned"]


def features(rows):
    """One row a stay; a missing value stays missing, and the model fills it with the median it learnt."""
    table = {name: rows[name] for name in NUMBERS + FLAGS}
    table |= {"female": rows["sex"].eq("female"), "no_albumin": rows["albumin"].isna()}
    table |= {f"payer_{name}": rows["payer"].eq(name) for name in PAYERS}
    table |= {f"group_{name}": rows["group"].eq(name) for name in GROUPS}
    return pd.DataFrame(table).astype(float)


def fit(table, back, strength, seed):
    """A logistic regression; the same rows, strength and seed give the same weights to the last bit."""
    model = LogisticRegression(C=strength, max_iter=1000, random_state=seed)
    return make_pipeline(SimpleImputer(), StandardScaler(), model).fit(table, np.asarray(back, bool))


def run(house, week):
    ours, live = house.keep(Path(__file__).read_bytes()), house.live()
    used = live["code"] if live else ours  # a change of this file waits for the next release, with everything else
    rows = pd.read_parquet(house.kept(house.told("validate", week)["list"]))
    table = house.code(used)["features"](rows)
    return {"code": used, "next": ours, "columns": len(table.columns), "rows": len(table)}
