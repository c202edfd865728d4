"""A small registry with three versions of a model, made once and copied for each test.

Versions 1 and 2 read creatinine in mg/dL, version 3 in µmol/L: its feature code, contract and threshold differ too.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pandera.pandas as pa
from conftest import ROOT
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression
from wardround.operations.ledger import Ledger
from wardround.operations.registry import Registry
from wardround.operations.releases import Releases
from wardround.operations.serving import Server

OURS = os.environ | {"PYTHONPATH": f"{ROOT / 'helpers'}{os.pathsep}{ROOT / 'tests'}"}
UNITS = {1: ("creatinine_mgdl", 1.0, 15.0), 2: ("creatinine_mgdl", 1.0, 15.0), 3: ("creatinine_umol", 88.42, 1500.0)}
THRESHOLDS = {1: 0.4, 2: 0.5, 3: 0.6}
CODE = "def features(raw):\n    return raw.assign({name}=raw['creatinine'] * {factor})[['age', '{name}']]\n"
# Where MLflow's tables hold the folder that the store was made in.
PATHS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "storage_location"),
)


def raw(rows=200, seed=1):
    """Rows as a ward sends them: years, mg/dL."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"age": rng.uniform(20, 95, rows), "creatinine": rng.uniform(0.5, 6, rows)})


def contract(version):
    name, _, most = UNITS[version]
    return pa.DataFrameSchema(
        {"age": pa.Column(float, pa.Check.in_range(18, 110)), name: pa.Column(float, pa.Check.in_range(0.1, most))}
    )


def train(folder, version, then=lambda: None):
    """One run with everything a bundle needs, and what happens before it ends."""
    mlflow.set_tracking_uri(address(folder))
    name, factor, _ = UNITS[version]
    before = raw(seed=version)
    table = before.assign(**{name: before["creatinine"] * factor})[["age", name]]
    readmitted = (before["creatinine"] + before["age"] / 30 > 5 + version / 10).astype(int)
    model = LogisticRegression(max_iter=1000).fit(table, readmitted)
    made = folder / f"files{version}"
    made.mkdir(exist_ok=True)
    (made / "features.py").write_text(CODE.format(name=name, factor=factor))
    table.assign(readmitted=readmitted).to_parquet(made / "snapshot.parquet")
    (made / "requirements.lock").write_text("scikit-learn==1.9.1\n")
    with mlflow.start_run(experiment_id="1"):
        mlflow.log_artifacts(str(made))
        mlflow.log_metric("test_auroc", 0.7 + version / 100)
        mlflow.sklearn.log_model(
            model,
            name="model",
            pip_requirements=["scikit-learn"],
            signature=infer_signature(table, model.predict_proba(table)),
            pyfunc_predict_fn="predict_proba",
            registered_model_name="readmission",
        )
        then()


def address(folder):
    return f"sqlite:///{folder / 'mlflow.db'}"


def make_store(folder: Path) -> Path:
    folder.mkdir()
    mlflow.set_tracking_uri(address(folder))
    mlflow.create_experiment("readmission", artifact_location=(folder / "artifacts").as_uri())
    for version in UNITS:
        train(folder, version)
    return folder


def copied(store: Path, to: Path) -> Releases:
    """The store in a folder of its own, which a test may damage."""
    shutil.copytree(store, to)
    with closing(sqlite3.connect(to / "mlflow.db")) as file:
        for table, column in PATHS:
            file.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (str(store), str(to)))
        file.commit()
    return opened(to)


def opened(folder: Path) -> Releases:
    return Releases(Registry("readmission", address(folder)), Ledger(folder / "releases.db"))


def bundle(releases, version):
    policy = {"threshold": THRESHOLDS[version], "calls_a_day": 12}
    return releases.registry.gather(version, policy=policy, contract=contract(version))


def approved(releases, version):
    digest = releases.propose(bundle(releases, version), "ana", "better on the ward")
    releases.approve(digest, "ben", "looked at the subgroups")
    return digest


def released(releases, *versions):
    """Release these versions one after the other; returns their digests."""
    digests = []
    for version in versions:
        digests.append(approved(releases, version))
        releases.promote(digests[-1], "ana")
    return digests


def server(releases):
    return Server(releases, releases.log.path.parent / "server")
