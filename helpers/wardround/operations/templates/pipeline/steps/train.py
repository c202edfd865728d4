"""Makes a model when somebody asks for a release, and keeps all that is needed to make it again in six months."""

import tempfile
from importlib.metadata import version
from pathlib import Path

import mlflow
import pandas as pd
from mlflow.models import infer_signature

PACKAGES = {name: version(name) for name in ("numpy", "pandas", "scikit-learn", "scipy")}
SEED = 8
SAVED = {"pip_requirements": ["scikit-learn"], "pyfunc_predict_fn": "predict_proba"}
SAVED |= {"skops_trusted_types": ["numpy.dtype"]}


def judges(rows):
    """Every fourth patient, by number, never teaches: those judge, the same for every candidate."""
    return rows["patient"] % 4 == 0


def run(house, week):
    asked = house.asked(week)
    if asked is None:
        return {}
    rows, code = taught_by(house, week, asked["train_on"]), house.told("features", week)["next"]
    table = house.code(code)["features"](rows)
    model = house.code(code)["fit"](table, rows["back"], asked["strength"], SEED)
    kept = {"features.py": house.kept(code).read_bytes(), "snapshot.parquet": rows.to_parquet(index=False)}
    kept["requirements.lock"] = "".join(f"{name}=={one}\n" for name, one in PACKAGES.items()).encode()
    house.track()
    with mlflow.start_run(run_name=f"week {week}: {asked['name']}") as made, tempfile.TemporaryDirectory() as folder:
        mlflow.log_params({"strength": asked["strength"], "seed": SEED})
        for name, content in kept.items():
            house.keep(content)
            Path(folder, name).write_bytes(content)
        mlflow.log_artifacts(folder)
        shape = infer_signature(table.head(), model.predict_proba(table.head()))
        logged = mlflow.sklearn.log_model(model, name="model", signature=shape, **SAVED)
    told = {"candidate": asked["name"], "run": made.info.run_id, "model": logged.model_uri, "code": code}
    contract = house.told("validate", week)["contract"]
    return told | {"snapshot": house.keep(kept["snapshot.parquet"]), "contract": contract, "rows": len(rows)}


def taught_by(house, week, named):
    """The rows that teach: with a settled outcome, and without the patients who judge."""
    path = house.folder(week) / str(named)
    if named != "reference" and not (path.resolve().is_relative_to(house.folder(week).resolve()) and path.is_file()):
        raise ValueError(f"train_on names {named}, and the week's folder has no such file")
    rows = house.reference() if named == "reference" else pd.read_parquet(path)
    rows = rows[~judges(rows)].dropna(subset=["back"]).reset_index(drop=True)
    return rows.assign(back=rows["back"].astype(bool))
