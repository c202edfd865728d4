"""Makes a model when somebody asks for a release, and keeps all that is needed to make it again in six months."""

import tempfile
from importlib.metadata import version
from pathlib import Path

import mlflow
import pandas as pd
from mlflow.models import infer_signature
from wardround.operations.pipeline import MODEL

PACKAGES = {name: version(name) for name in ("numpy", "pandas", "scikit-learn", "scipy")}
SEED = 8


def judges(rows):
    """Every fourth patient, by number, never teaches: those judge, the same for every candidate."""
    return rows["patient"] % 4 == 0


def run(house, week):
    asked = house.asked(week)
    if asked is None:
        return {}
    rows = taught_by(house, week, asked["train_on"])
    code = house.told("features", week)["next"]
    names = house.code(code)
    table = names["features"](rows)
    model = names["fit"](table, rows["back"], asked["strength"], SEED)
    kept = {
        "features.py": house.kept(code).read_bytes(),
        "snapshot.parquet": rows.to_parquet(index=False),
        "requirements.lock": "".join(f"{name}=={one}\n" for name, one in PACKAGES.items()).encode(),
    }
    hashes = {name: house.keep(content) for name, content in kept.items()}
    mlflow.set_tracking_uri(house.releases.registry.address)
    if mlflow.get_experiment_by_name(MODEL) is None:
        mlflow.create_experiment(MODEL, artifact_location=(house.state / "registry" / "artifacts").as_uri())
    mlflow.set_experiment(MODEL)
    with mlflow.start_run(run_name=f"week {week}: {asked['name']}") as made:
        mlflow.log_params({"strength": asked["strength"], "seed": SEED})
        with tempfile.TemporaryDirectory() as folder:
            for name, content in kept.items():
                Path(folder, name).write_bytes(content)
            mlflow.log_artifacts(folder)
        about = {"pip_requirements": ["scikit-learn"], "pyfunc_predict_fn": "predict_proba", "skops_trusted_types": ["numpy.dtype"]}
        shape = infer_signature(table.head(), model.predict_proba(table.head()))
        logged = mlflow.sklearn.log_model(model, name="model", signature=shape, **about)
    told = {"candidate": asked["name"], "run": made.info.run_id, "model": logged.model_uri, "rows": len(rows)}
    return told | {"code": code, "snapshot": hashes["snapshot.parquet"], "contract": house.told("validate", week)["contract"]}


def taught_by(house, week, named):
    """The rows that teach, without the patients who judge."""
    path = house.folder(week) / str(named)
    if named != "reference" and not (path.resolve().is_relative_to(house.folder(week).resolve()) and path.is_file()):
        raise ValueError(f"train_on names {named}, and the week's folder has no such file")
    rows = house.reference() if named == "reference" else pd.read_parquet(path)
    rows = rows.dropna(subset=["back"])  # an outcome that is not settled teaches nothing
    return rows[~judges(rows)].reset_index(drop=True).assign(back=lambda table: table["back"].astype(bool))
