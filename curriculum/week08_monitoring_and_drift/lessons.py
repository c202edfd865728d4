"""What only the lessons of week 8 call, ``given(8).lessons()``: made from the modules beside this one, in no grading box."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
from wardround.records.features import GROUPS

_HERE = Path(__file__).parent
_PICTURES = runpy.run_path(str(_HERE / "pictures.py"))
_INPUTS = ["age", "los_days", "stays_before", "emergency_before", "charlson", "haemoglobin", "sodium", "albumin"]
_INPUTS += ["creatinine", "urea", "leukocytes", "glucose", "interpreter", "htn", "dm", "cad", "ckd", "af"]
_GROUPS = np.array([*GROUPS, "chemotherapy"], dtype=object)

_PAGE = runpy.run_path(str(_HERE / "one_page.py"))
one_page, line = _PAGE["one_page"], _PAGE["line"]


def learn(rows, back):
    """Learn a model of the form of week 4's from stays and whether they came back; ``predict_proba`` takes stays."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    steps = (FunctionTransformer(_columns), SimpleImputer(), StandardScaler())
    return make_pipeline(*steps, LogisticRegression(C=0.01, max_iter=1000)).fit(rows, back.astype(bool))


def _columns(rows):
    return np.hstack([rows[_INPUTS].to_numpy(float), rows["group"].to_numpy()[:, None] == _GROUPS])


def drawing(name, numbers):
    """Return ``draw(axes)`` of a figure of the lessons (``pictures.py``), for ``wardround.evaluation.figure``."""
    return _PICTURES[name](numbers)
