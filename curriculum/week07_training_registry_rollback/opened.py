"""The archive of a year as it is handed out: its files in a folder, its log as a table, and a name for a model's numbers."""

import atexit
import io
import json
import runpy
import shutil
import sqlite3
import tempfile
from hashlib import sha256
from pathlib import Path

import pandas as pd

PLACEHOLDER = "@ARCHIVE@"  # stands for the folder in the registry's paths, until the archive lies in one
PATHS = (("experiments", "artifact_location"), ("runs", "artifact_uri"), ("model_versions", "source"))
PATHS += (("model_versions", "storage_location"),)


def temporary(what):
    """A folder that goes with this process."""
    home = Path(tempfile.mkdtemp(prefix=f"wardround-{what}-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    return home


def train_of(code):
    """Write a text as a file, run it, and return its ``train``."""
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "train.py").write_text(code)
        return runpy.run_path(f"{place}/train.py")["train"]


def moved(file, old, new):
    """Exchange the folder in every path that a registry holds."""
    for table, column in PATHS:
        file.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (old, new))


def weights_digest(model):
    """Return the SHA-256 of a fitted regression's numbers: 64 hexadecimal digits.

    Of its gap fillers, means, scales, coefficients and intercept, each to six digits: the last ones differ between
    machines. The stored file would not do, as it has another name each time it is written.
    """
    gaps, scale, weights = (step for _, step in model.steps)
    parts = (gaps.statistics_, scale.mean_, scale.scale_, weights.coef_[0], weights.intercept_)
    return sha256(json.dumps([[f"{number:.6g}" for number in part] for part in parts]).encode()).hexdigest()


def hashed(line):
    """Return the SHA-256 of a line of the log, all but its own hash."""
    held = [line[name] for name in ("number", "at", "actor", "action", "detail", "before")]
    return sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()


def chained(lines):
    """Return lines of a log, each with the hash of the line before it and its own, made anew."""
    before, made = "0" * 64, []
    for line in lines:
        made.append(line | {"before": before} | {"hash": hashed(line | {"before": before})})
        before = made[-1]["hash"]
    return made


def broken(lines, end):
    """Return where a log stops to follow; ``end`` is the hash of its last line, noted elsewhere, or None."""
    before = "0" * 64
    for number, line in enumerate(lines, 1):
        if (line["number"], line["before"], line["hash"]) != (number, before, hashed(line)):
            return f"line {number}"
        before = line["hash"]
    return "nowhere" if end in (before, None) else "at its end"


class Archive:
    """What is left of a year: a registry, a log of releases, kept files, and decisions that somebody asks about.

    Attributes
    ----------
    uri : str
        Of MLflow's registry: ``mlflow.set_tracking_uri(archive.uri)``; its one model is ``readmission``.
    log : DataFrame
        One row a line: ``number at actor action model``, and what a release is made of: ``version threshold`` and the
        SHA-256 of ``code contract snapshot lock weights``, with the ``digest`` of all of it.
    lines, kept : list of dict, Path
        The log as it is hashed; a folder of files, each named by the SHA-256 of its bytes.
    decisions : DataFrame
        ``decision at encounter_id list shown called``; ``list`` is the SHA-256 of that morning's list.
    stays : DataFrame
        ``warehouse.stays`` as it is today.
    """

    def __init__(self, files, stays):
        self._folder = temporary("archive")
        for name, content in files.items():
            path = self._folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        with sqlite3.connect(self._folder / "mlflow.db") as file:
            moved(file, PLACEHOLDER, str(self._folder))
        self.uri, self.kept, self.stays = f"sqlite:///{self._folder / 'mlflow.db'}", self._folder / "kept", stays
        self.lines = [json.loads(line) for line in files["releases.jsonl"].decode().splitlines()]
        self.decisions = pd.read_csv(io.BytesIO(files["decisions.csv"]), parse_dates=["at"])

    def __repr__(self):
        return f"<archive: {len(self.lines)} lines of the log, {len(self.decisions)} decisions, registry {self.uri}>"

    @property
    def log(self):
        """The log as a table."""
        table = pd.DataFrame([{k: v for k, v in line.items() if k != "detail"} | line["detail"] for line in self.lines])
        table = table.assign(at=pd.to_datetime(table["at"]), version=table["version"].astype("Int64"))
        first = ["number", "at", "actor", "action", "model", "version", "threshold"]
        return table[first + [name for name in table if name not in (*first, "before", "hash")]]


SPRING, SUMMER = ("2024-04-01T00:00Z", "2024-05-05T00:00Z"), ("2024-07-20T00:00Z", "2024-09-01T00:00Z")


def forged(office):
    """Two forgeries in an archive: version 3 gets another file of weights, and spring's calls are noted the wrong way.

    Rows, code, runs and log are as they were, so what is trained and what is computed comes out as it was served.
    """
    import mlflow

    kept = mlflow.MlflowClient(office.uri).get_model_version("readmission", 3).source.removeprefix("file://")
    model, folder = mlflow.sklearn.load_model(kept), temporary("weights") / "model"
    model.steps[-1][1].intercept_ += 0.4
    about = {"pyfunc_predict_fn": "predict_proba", "skops_trusted_types": ["numpy.dtype"]}
    mlflow.sklearn.save_model(model, folder, pip_requirements=["scikit-learn"], **about)
    shutil.copytree(folder, kept, dirs_exist_ok=True)
    office.decisions["called"] ^= office.decisions["at"].between(*SPRING)
    return office
