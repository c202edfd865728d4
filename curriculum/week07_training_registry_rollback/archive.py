"""The archive behind week 7: a registry of a year, the log of its releases, what was kept, and what was served.

All of it is made: models are fitted, the registry is MLflow's own, every file lies under the SHA-256 of its bytes. What
was served is noted as it is made, from the models in memory: that half never leaves this module for learner code.
"""

import hashlib
import io
import json
import runpy
import sqlite3
import tempfile
from importlib.metadata import version as installed
from pathlib import Path

import numpy as np
import pandas as pd
from wardround.records.cohort import cohort
from wardround.records.splits import known_at

ZONE, MODEL = "America/New_York", "readmission"
# columns of a morning's list that the code of some release reads
SEEN = (
    *("encounter_id", "site", "asked_at", "age", "sex", "planned", "los_days", "stays_before", "emergency_before"),
    *("haemoglobin", "sodium", "creatinine", "urea", "hf", "copd", "ckd", "cancer", "dm", "alcohol"),
)
CORRECTED = ["creatinine", "haemoglobin", "sodium"]
CODE = '''\
"""Readmission, feature code {name}: a morning's list to the columns of the model, and how a model is fitted."""

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

COLUMNS = ["age", "female", "planned", "los", "stays_before", "emergency_before", "haemoglobin", "sodium", "creatinine",
           "urea", "hf", "copd", "ckd", "cancer", "dm", "alcohol"]


def features(rows):
    """One row a patient; creatinine in {unit}, los in {los_unit}."""
    table = rows.assign(female=rows["sex"].eq("female"), los={los}, creatinine={creatinine})
    return table[COLUMNS].astype(float)


def fit(table, back, strength, seed):
    """Four fifths of the rows teach, drawn by the seed; the others were for early looks."""
    learnt = np.random.default_rng(seed).random(len(table)) < 0.8
    model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(C=strength, max_iter=1000))
    return model.fit(table[learnt], back[learnt])
'''
DAYS = {"los": 'rows["los_days"].clip(upper=30)', "los_unit": "days"}
LOG_DAYS = {"los": 'np.log(rows["los_days"].clip(lower=0.2))', "los_unit": "log days"}
MG, UMOL = (
    {"creatinine": 'rows["creatinine"]', "unit": "mg/dL"},
    {"creatinine": '88.4 * rows["creatinine"]', "unit": "umol/L"},
)
CODES = {"2023.2": DAYS | MG, "2024.1": LOG_DAYS | MG, "2024.2": LOG_DAYS | UMOL}
RANGES = {"2023.2": {"los": (0, 31), "creatinine": (0.1, 20)}, "2024.1": {"los": (-2, 6), "creatinine": (0.1, 20)}}
RANGES["2024.2"] = {"los": (-2, 6), "creatinine": (10, 1800)}
# version: day it was trained and registered, feature code, strength, seed
VERSIONS = {
    1: ("2023-12-18", "2023.2", 0.01, 11),
    2: ("2024-01-29", "2023.2", 1.0, 12),
    3: ("2024-03-11", "2024.1", 0.01, 13),
    4: ("2024-08-26", "2024.1", 0.03, 14),
    5: ("2024-09-30", "2024.2", 0.03, 15),
}
PEOPLE = {"data scientist": "m.okafor", "physician": "r.lindqvist", "on call": "t.abara", "manager": "s.nakamura"}
# name: moment on the wall clock, action, version, threshold, why; a name twice is the same bundle again
EVENTS = (
    ("A", "2024-01-08 13:00", "released", 1, 0.15, "first release"),
    ("B", "2024-05-06 06:40", "released", 3, 0.13, "trained on five months more, length of stay on a log scale"),
    ("C", "2024-07-15 18:10", "released", 3, 0.20, "wards ask for fewer calls in summer"),
    ("D", "2024-09-09 07:15", "released", 4, 0.02, "retrained on the year"),
    ("C", "2024-09-12 09:30", "rolled back", 3, 0.20, "almost everybody is called since Monday"),
    ("E", "2024-10-14 10:00", "released", 5, 0.12, "SI units, retrained"),
)
# of a release: proposed on the Thursday before, approved on the Friday, in office hours
AT_THE_DESK = {
    "A": ("2024-01-04 14:30", "2024-01-05 11:10"),
    "B": ("2024-05-02 16:10", "2024-05-03 14:25"),
    "C": ("2024-07-11 13:15", "2024-07-12 10:05"),
    "D": ("2024-09-05 10:45", "2024-09-06 15:40"),
    "E": ("2024-10-10 11:30", "2024-10-11 09:50"),
}
# mornings from, to (exclusive), and how many decisions are asked about
MORNINGS = (
    ("2024-04-01", "2024-05-05", 4),  # version 2 and 3 are registered, 1 is in force
    ("2024-05-06", "2024-05-31", 3),
    ("2024-07-15", "2024-07-16", 2),  # the morning of a day on whose evening a threshold changed
    ("2024-07-20", "2024-08-31", 2),
    ("2024-09-06", "2024-09-09", 2),  # proposed, and not yet released
    ("2024-09-10", "2024-09-12", 2),
    ("2024-09-13", "2024-10-10", 4),  # rolled back
    ("2024-10-15", "2024-11-20", 1),
)


def made(hospital, dice, opened):
    """Return the files of an archive by their paths, what was served (one row a decision), and :attr:`_Office.turned`.

    ``opened`` has the names of ``opened.py``, which reads what is made here.
    """
    with tempfile.TemporaryDirectory(prefix="wardround-archive-") as folder:
        office = _Office(Path(folder), hospital, dice, opened)
        served = office.served()
        office.write_log()
        office.write_registry()
        return _packed(Path(folder), opened), served, office.turned


class _Office:
    """Everything of a year in one folder: ``kept/``, ``mlflow.db``, ``artifacts/``, ``releases.jsonl``.

    ``turned`` is the share of the year's stays that come out the other way by today's model on today's results
    (``both``), on what the screens showed (``model``), and by the model of then on today's results (``results``).
    """

    def __init__(self, folder, hospital, dice, opened):
        self.folder, self.dice, self.opened = folder, dice, opened
        (folder / "kept").mkdir()
        counted = cohort(hospital)
        outcome = counted[["encounter_id"]].assign(known_at=known_at(counted), back=counted.state.eq("readmitted"))
        stays = hospital.warehouse.stays.merge(outcome, on="encounter_id", how="left")  # not everybody has one yet
        self.stays = stays.sort_values(["asked_at", "encounter_id"], ignore_index=True)
        self.seen = as_seen(self.stays, dice)
        self.lock = self.keep("".join(f"{n}=={installed(n)}\n" for n in ("numpy", "pandas", "scikit-learn", "scipy")))
        self.code = {n: self.keep(CODE.format(name=n, **parts)) for n, parts in CODES.items()}
        self.contract = {name: self.keep(contract(ranges)) for name, ranges in RANGES.items()}
        self.run = {name: runpy.run_path(str(folder / "kept" / sha)) for name, sha in self.code.items()}
        self.snapshot, self.model, self.weights = {}, {}, {}
        for version, (day, code, strength, seed) in VERSIONS.items():
            known = self.stays.known_at < at(day)
            rows = self.seen[known].assign(back=self.stays.back[known].astype(bool)).reset_index(drop=True)
            self.snapshot[version] = self.keep(as_parquet(rows))
            self.model[version] = self.run[code]["fit"](self.run[code]["features"](rows), rows.back, strength, seed)
            self.weights[version] = opened["weights_digest"](self.model[version])

    def keep(self, content):
        """Write a file under the SHA-256 of its bytes, which is returned."""
        content = content.encode() if isinstance(content, str) else content
        name = hashlib.sha256(content).hexdigest()
        (self.folder / "kept" / name).write_bytes(content)
        return name

    def bundle(self, version, threshold):
        """Everything that must go back together, with one digest over it."""
        code = VERSIONS[version][1]
        parts = {"version": version, "code": self.code[code], "contract": self.contract[code], "threshold": threshold}
        parts |= {"snapshot": self.snapshot[version], "lock": self.lock, "weights": self.weights[version]}
        return parts | {"digest": hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()}

    def in_force(self, moment):
        """The version and threshold of a moment."""
        return [event for event in EVENTS if at(event[1]) <= moment][-1][3:5]

    def scores(self, version, rows):
        return self.model[version].predict_proba(self.run[VERSIONS[version][1]]["features"](rows))[:, 1]

    def served(self):
        """What was said of some patients on their morning; writes the lists of those mornings and ``decisions.csv``."""
        day, told = self.stays.asked_at.dt.tz_convert(ZONE).dt.normalize(), []
        turned = self.asked_again()
        between = self.stays.asked_at.between(at(EVENTS[0][1]), at(EVENTS[-1][1])).to_numpy()
        self.turned = turned[between].mean().to_dict()  # of all stays before today's release
        asked_again = turned["both"].to_numpy()
        # who asks later is mostly somebody whose answer would be another today
        for first, last, many in MORNINGS:
            rows = np.flatnonzero(((day >= at(first)) & (day < at(last))).to_numpy())
            order = self.dice.permutation(rows)
            told += [*order[asked_again[order]], *order[~asked_again[order]]][:many]
        found = []
        for row in sorted(int(one) for one in told):
            morning = np.flatnonzero((day == day[row]).to_numpy())
            sheet = self.keep(as_parquet(self.seen.iloc[morning].reset_index(drop=True)))
            version, threshold = self.in_force(self.stays.asked_at[row])
            score = float(self.scores(version, self.seen.iloc[[row]])[0])
            found.append(
                {"at": self.stays.asked_at[row], "encounter_id": self.stays.encounter_id[row], "list": sheet}
                | {"shown": f"{100 * score:.0f}%", "called": score >= threshold}
                | {"version": version, "threshold": threshold, "score": score}
            )
        found = pd.DataFrame(found)
        found.insert(0, "decision", [f"d{number:02d}" for number in range(1, len(found) + 1)])
        found.drop(columns=["version", "threshold", "score"]).to_csv(self.folder / "decisions.csv", index=False)
        return found

    def asked_again(self):
        """Whether a patient's call comes out the other way: by today's model, on today's results, by both."""
        version, threshold = EVENTS[-1][3:5]
        moments = self.stays.asked_at.clip(lower=at(EVENTS[0][1]))
        forces = pd.DataFrame([self.in_force(moment) for moment in moments], columns=["version", "threshold"])

        def then(rows):
            scores = pd.DataFrame({one: self.scores(one, rows) for one in VERSIONS}).to_numpy()
            return (scores[np.arange(len(forces)), forces.version - 1] >= forces.threshold).to_numpy()

        served = then(self.seen)
        now = {"both": self.scores(version, self.stays) >= threshold, "results": then(self.stays)}
        now["model"] = self.scores(version, self.seen) >= threshold
        return pd.DataFrame(now).ne(served, axis=0)

    def write_log(self):
        """The log of releases, each line with the hash of the line before it; the triage model's lines are in it too."""
        said = [(day + " 16:00", "data scientist", "registered", {"version": v}) for v, (day, *_) in VERSIONS.items()]
        for name, moment, action, version, threshold, why in EVENTS:
            bundle = self.bundle(version, threshold)
            told = bundle | {"because": why}
            if action == "released":
                proposed, approved = AT_THE_DESK[name]
                said.append((proposed, "data scientist", "proposed", told))
                said.append((approved, "physician", "approved", {"digest": bundle["digest"]}))
            said.append((moment, "on call" if action == "rolled back" else "manager", action, told))
        for moment, version in (("2024-02-20 11:00", 1), ("2024-06-18 12:00", 3), ("2024-09-27 11:00", 4)):
            said.append((moment, "manager", "released", {"model": "triage", "version": version, "threshold": 0.3}))
        lines = [
            {"number": number, "at": at(moment).tz_convert("UTC").isoformat(), "actor": PEOPLE[who], "action": action}
            | {"detail": {"model": MODEL} | detail}
            for number, (moment, who, action, detail) in enumerate(sorted(said, key=lambda one: at(one[0])), 1)
        ]
        lines = self.opened["chained"](lines)
        (self.folder / "releases.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    def write_registry(self):
        """MLflow's own: a run and a version for each model, an alias on today's, a tag that is overwritten as they do."""
        import mlflow
        from mlflow.models import infer_signature

        uri, last = f"sqlite:///{self.folder / 'mlflow.db'}", {event[3]: event[4] for event in EVENTS}
        client = mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
        client.create_registered_model(MODEL, description="Unplanned readmission within thirty days, asked at 08:00.")
        experiment = client.create_experiment(MODEL, artifact_location=(self.folder / "artifacts").as_uri())
        for version, (_, code, strength, seed) in VERSIONS.items():
            run = client.create_run(experiment, run_name=f"train-{version}").info
            for name, value in {"strength": strength, "seed": seed}.items():
                client.log_param(run.run_id, name, value)
            for name, value in {"code": self.code[code], "snapshot": self.snapshot[version], "lock": self.lock}.items():
                client.set_tag(run.run_id, name, value)
            table = self.run[code]["features"](self.seen.head(5))
            signature = infer_signature(table, self.model[version].predict_proba(table))
            with tempfile.TemporaryDirectory() as place:
                mlflow.sklearn.save_model(
                    self.model[version],
                    f"{place}/model",
                    signature=signature,
                    pip_requirements=(self.folder / "kept" / self.lock).read_text().split(),
                    skops_trusted_types=["numpy.dtype"],
                    pyfunc_predict_fn="predict_proba",
                )
                client.log_artifacts(run.run_id, f"{place}/model", "model")
            client.set_terminated(run.run_id)
            client.create_model_version(MODEL, f"{run.artifact_uri}/model", run.run_id)
            if version in last:
                client.set_model_version_tag(MODEL, version, "threshold", last[version])
        client.set_registered_model_alias(MODEL, "champion", 5)


def as_seen(stays, dice):
    """What the screens showed at eight: of the laboratory's results one in eight was corrected later."""
    seen = stays[list(SEEN)].copy()
    for name, factor in zip(CORRECTED, (0.55, 1.25, 0.95), strict=True):
        wrong = dice.random(len(seen)) < 0.12
        seen.loc[wrong, name] = (seen.loc[wrong, name] * factor).round(1 if name != "creatinine" else 2)
    return seen


def contract(ranges):
    """A Pandera schema of the features as data."""
    import pandera.pandas as pa

    usual = {"age": (0, 120), "stays_before": (0, 60), "emergency_before": (0, 120), "haemoglobin": (2, 25)}
    usual |= {"sodium": (90, 190), "urea": (1, 400)}
    columns = {n: pa.Column(float, pa.Check.in_range(*ends), nullable=True) for n, ends in (usual | ranges).items()}
    return pa.DataFrameSchema(columns).to_json()


def at(moment):
    """An instant from a time on the wall clock."""
    return pd.Timestamp(moment).tz_localize(ZONE)


def as_parquet(rows):
    file = io.BytesIO()
    rows.to_parquet(file, index=False)
    return file.getvalue()


def _packed(folder, opened):
    """The files by path; the registry's absolute paths become a placeholder, its clock that of the story."""
    with sqlite3.connect(folder / "mlflow.db") as file:
        for version, (day, *_) in VERSIONS.items():
            then = int(at(f"{day} 16:00").timestamp() * 1000)
            file.execute(
                "UPDATE model_versions SET creation_time=?, last_updated_time=? WHERE version=?", (then, then, version)
            )
            file.execute(
                "UPDATE runs SET start_time=?, end_time=? WHERE run_uuid=(SELECT run_id FROM model_versions WHERE version=?)",
                (then - 60_000, then, version),
            )
        file.execute("UPDATE registered_models SET creation_time=?", (int(at("2023-12-18 16:00").timestamp() * 1000),))
        opened["moved"](file, str(folder), opened["PLACEHOLDER"])
    with sqlite3.connect(folder / "mlflow.db", isolation_level=None) as file:
        file.execute("VACUUM")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
