"""Makes the assistant's model and releases it as every model is released: registered, proposed, approved, in force.

The first start does this once; later starts find the release and only load it. What teaches lies half a year before the
evening, so that the visits in between can say how good the model is on people it has not seen.
"""

from __future__ import annotations

import json
import os
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import numpy as np
import pandas as pd
import pandera.pandas as pa
from mlflow.models import infer_signature
from sklearn.compose import ColumnTransformer
from sklearn.experimental import enable_iterative_imputer  # noqa: F401  (IterativeImputer is behind it)
from sklearn.impute import IterativeImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import SplineTransformer, StandardScaler

from wardround.evaluation import auroc
from wardround.operations.releases import Releases
from wardround.operations.serving import Server
from wardround.triage.answering import releases
from wardround.triage.desk import evening
from wardround.triage.model import CODE, COLUMNS, MODEL, RELEASED, is_released
from wardround.triage.settings import defaults

if TYPE_CHECKING:
    from wardround.records import Hospital

OUTCOME = "critical_12h"
APART = pd.Timedelta(weeks=26)  # between the last visit that teaches and the evening
BENDS = (0.02, 0.5, 0.98)  # quantiles between which a factor's effect is straight; it goes on straight outside
PROPOSER, APPROVER = "model team of Quillmere", "chief nurse of Quillmere"  # the course plays both
# wider than what a body does: a row outside is not scored, whatever the settings call plausible
RANGES = {
    "age": (0, 120),
    "heart_rate": (0, 350),
    "respiratory_rate": (0, 120),
    "temperature": (20, 46),
    "saturation": (0, 100),
    "systolic": (0, 350),
}
TRUSTED = (  # types in the file that skops does not know; loading makes them, and nothing else
    *("numpy.dtype", "sklearn.impute._iterative._ImputerTriplet", "scipy.interpolate._bsplines.BSpline"),
    *("scipy._lib.array_api_compat.numpy._aliases.asarray", "sklearn.impute._iterative.IterativeImputer"),
)


def released(folder: Path | str, hospital: Hospital) -> Server:
    """Return the server of the release in force, after making and releasing one where this hospital has none yet.

    Parameters
    ----------
    folder
        The assistant's ``state``.
    hospital
        Opened export with a warehouse.
    """
    folder = Path(folder)
    ours = releases(folder)
    if not is_released(folder, hospital.checksum):
        _release(ours, folder, hospital)
    server = Server(ours, folder / "server")
    server.refresh()
    return server


def rows(hospital: Hospital) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the visits that teach the model, and those after them, before the evening, that judge it."""
    table = hospital.warehouse.emergency
    begins = evening(hospital)["arrived_at"].min()
    before = table[table["arrived_at"] < begins]
    late = before["arrived_at"] >= begins - APART
    return before[~late].reset_index(drop=True), before[late].reset_index(drop=True)


def made(table: pd.DataFrame) -> Pipeline:
    """Fit the model: missing values from the rest, each factor bent once at its middle, logistic regression.

    Its probabilities are those of maximum likelihood on the outcome's own share: nothing is reweighted.
    """
    known = table[list(COLUMNS)].astype(float)
    bends = {name: np.unique(np.quantile(known[name], BENDS))[:, None] for name in COLUMNS}
    shapes = [
        (name, SplineTransformer(degree=1, knots=bends[name], extrapolation="linear", include_bias=False), [place])
        for place, name in enumerate(COLUMNS)
    ]
    model = Pipeline(
        [
            ("missing", IterativeImputer(initial_strategy="median", random_state=0)),
            ("shapes", ColumnTransformer(shapes)),
            ("scale", StandardScaler()),
            ("risk", LogisticRegression(C=10, max_iter=5000)),
        ]
    )
    return model.fit(known, table[OUTCOME].astype(int))


def measured(model: Pipeline, table: pd.DataFrame, threshold: float) -> dict[str, Any]:
    """Return how good the model is on visits it has not seen: AUROC, calibration, and what a threshold marks."""
    score = model.predict_proba(table[list(COLUMNS)].astype(float))[:, 1]
    happened = table[OUTCOME].to_numpy(dtype=bool)
    odds = np.log(score / (1 - score))[:, None]
    line = LogisticRegression(C=np.inf, max_iter=1000).fit(odds, happened)
    marked, area = score >= threshold, auroc(happened, score)
    return {
        "visits": len(table),
        "critical": int(happened.sum()),
        "expected": round(float(score.sum()), 1),
        "auroc": [round(float(one), 4) for one in (area.value, area.low, area.high)],
        "calibration_slope": round(float(line.coef_[0, 0]), 3),
        "threshold": threshold,
        "marked": int(marked.sum()),
        "marked_and_critical": int((marked & happened).sum()),
        "net_benefit_per_1000": round(1000 * _net_benefit(marked, happened, threshold), 2),
        "net_benefit_of_marking_all_per_1000": round(1000 * _net_benefit(marked | True, happened, threshold), 2),
    }


def _net_benefit(marked: np.ndarray, happened: np.ndarray, threshold: float) -> float:
    right, wrong = (marked & happened).mean(), (marked & ~happened).mean()
    return float(right - wrong * threshold / (1 - threshold))


def contract() -> pa.DataFrameSchema:
    """Return what a row must be to be scored: an age, and vital signs inside what a body does or missing."""
    return pa.DataFrameSchema(
        {
            name: pa.Column(float, pa.Check.in_range(float(low), float(high)), nullable=name != "age")
            for name, (low, high) in RANGES.items()
        }
    )


def _release(ours: Releases, folder: Path, hospital: Hospital) -> None:
    taught, judged = rows(hospital)
    threshold = defaults().model.threshold
    model = made(taught)
    found = measured(model, judged, threshold)
    number = _registered(ours, folder, model, taught, found)
    policy = {"threshold": threshold, "average": float(taught[OUTCOME].mean()), "hospital": hospital.checksum}
    bundle = ours.registry.gather(number, policy=policy, contract=contract())
    seen = f"AUROC {found['auroc'][0]:.2f} on {found['visits']} later visits; {found['expected']} expected, "
    digest = ours.propose(bundle, PROPOSER, f"{seen}{found['critical']} came")
    ours.approve(digest, APPROVER, "looked at the later visits and at what the threshold marks")
    ours.promote(digest, PROPOSER)
    told = {"hospital": hospital.checksum, "digest": digest, "average": policy["average"], "measured": found}
    beside = folder / f".{RELEASED}"
    beside.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    os.replace(beside, folder / RELEASED)


def _registered(ours: Releases, folder: Path, model: Pipeline, taught: pd.DataFrame, found: dict[str, Any]) -> int:
    """Keep the model and all that explains it in a run; return the version it was registered as."""
    client = ours.registry.client
    experiment = client.get_experiment_by_name(MODEL)
    place = (folder / "registry" / "artifacts").resolve().as_uri()
    number = experiment.experiment_id if experiment else client.create_experiment(MODEL, artifact_location=place)
    packages = {name: version(name) for name in ("numpy", "pandas", "scikit-learn", "scipy")}
    table = taught[list(COLUMNS)].astype(float)
    with mlflow.start_run(experiment_id=number) as run, tempfile.TemporaryDirectory(prefix="wardround-") as made_in:
        kept = Path(made_in)
        (kept / "features.py").write_bytes(CODE.read_bytes())
        (kept / "requirements.lock").write_text("".join(f"{name}=={one}\n" for name, one in packages.items()))
        taught[[*COLUMNS, "encounter_id", OUTCOME]].to_parquet(kept / "snapshot.parquet", index=False)
        mlflow.log_artifacts(made_in)
        mlflow.log_dict(found, "measured.json")
        logged = mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(table.head(), model.predict_proba(table.head())),
            pip_requirements=["scikit-learn"],
            pyfunc_predict_fn="predict_proba",
            skops_trusted_types=list(TRUSTED),
        )
    if not client.search_registered_models(f"name = '{MODEL}'"):
        client.create_registered_model(MODEL)
    return int(client.create_model_version(MODEL, logged.model_uri, run.info.run_id).version)
