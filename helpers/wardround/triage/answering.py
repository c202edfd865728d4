"""Inside the model's process: the release in force, loaded with every digest compared, and its answers."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import skops.io  # noqa: F401  isort: skip  (before MLflow: it looks through every loaded module for each type it knows)
import mlflow
import pandas as pd
from mlflow import MlflowClient

from wardround.operations.ledger import Ledger
from wardround.operations.registry import Registry
from wardround.operations.releases import Releases
from wardround.operations.serving import ContractBroken, Server
from wardround.triage.model import COLUMNS, MODEL

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

OUTSIDE = "A value is outside of what the model takes."


class Answering:
    """The release in force.

    Parameters
    ----------
    folder
        The assistant's ``state``.

    Raises
    ------
    NothingToServe
        No release is whole.
    """

    def __init__(self, folder: Path | str) -> None:
        self.serving = Server(releases(folder), Path(folder) / "server").refresh()
        self.pipeline = self.serving.model.get_raw_model()
        bundle = self.serving.bundle
        average = (bundle.policy.model_extra or {}).get("average")
        self.about = {"model": f"{bundle.name} {bundle.version}", "average": average, "why": self.serving.why}
        self.answers({"warm": [50, 80, 16, 37, 97, 130], "up": [50, 80, 16, None, 97, 130]})  # the first call is slow

    def answers(self, rows: Mapping[str, Sequence[float | None]]) -> dict[str, Any]:
        """Return ``risk`` and ``pushes`` for each row, or ``no``: a row that breaks the contract stops no other."""
        table = pd.DataFrame.from_dict(dict(rows), orient="index", columns=list(COLUMNS), dtype=float)
        try:
            return self._scored(table)
        except ContractBroken:
            if len(table) == 1:
                return {table.index[0]: {"no": OUTSIDE}}
        found: dict[str, Any] = {}
        for key in table.index:
            found |= self.answers({key: rows[key]})
        return found

    def _scored(self, table: pd.DataFrame) -> dict[str, Any]:
        risk = self.serving.decide(table)["score"]
        pushed = pushes(self.pipeline, self.serving.features(table))
        return {
            key: {"risk": float(risk[key]), "pushes": {name: float(one) for name, one in pushed.loc[key].items()}}
            for key in table.index
        }


def releases(folder: Path | str) -> Releases:
    """Open registry and log of the model's releases in a folder ``state``; the registry is made with the first use."""
    folder = Path(folder)
    path = folder / "registry" / "mlflow.db"
    if not path.exists():  # made beside and renamed: a kill leaves no half-made registry
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name("new.db")
        beside.unlink(missing_ok=True)
        MlflowClient(f"sqlite:///{beside}").search_registered_models()
        os.replace(beside, path)
    address = f"sqlite:///{path}"
    mlflow.set_tracking_uri(address)  # the registry follows it; set apart, it would stay behind for whoever comes next
    return Releases(Registry(MODEL, address), Ledger(folder / "releases.sqlite"))


def pushes(model: Pipeline, table: pd.DataFrame) -> pd.DataFrame:
    """Return each factor's push in log-odds, against the middle patient of those who taught; one row a visit.

    They add up: log-odds of a visit = log-odds of the middle patient + its pushes.
    """
    middle = pd.DataFrame([model["missing"].initial_imputer_.statistics_], columns=list(COLUMNS))
    here = model[:-1].transform(table[list(COLUMNS)]) - model[:-1].transform(middle)
    each = here * model[-1].coef_[0]
    owner = [name.split("__")[0] for name in model["shapes"].get_feature_names_out(list(COLUMNS))]
    return pd.DataFrame(
        {name: each[:, [place for place, own in enumerate(owner) if own == name]].sum(axis=1) for name in COLUMNS},
        index=table.index,
    )
