"""The learner's own model of the list: the release in force of their pipeline (A2), every digest compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from wardround import quiet

WEEK = 7


class NoRelease(RuntimeError):
    """The plan wants the learner's own list and there is none; the message says why, and how to go on."""


class OwnList:
    """What the learner released.

    Its contract stays in force: rows that do not fit it get no score, and the ward no list that day.

    Attributes
    ----------
    why : list of str
        What the contract said, each time it let no row through.
    """

    def __init__(self, serving):
        self.serving, self.why = serving, []
        self.features = tuple(serving.bundle.features)
        self.name = f"your list, version {serving.bundle.version}"

    def risk(self, rows: pd.DataFrame) -> np.ndarray:
        """Return each discharge's risk; NaN for all of them where the release's contract does not let them through."""
        from wardround.operations.serving import ContractBroken

        try:
            return self.serving.decide(_as_fed(rows))["score"].to_numpy(dtype=float)
        except ContractBroken as trouble:
            self.why.append(str(trouble))
            return np.full(len(rows), np.nan)


def own_list(work: Path | str) -> OwnList:
    """Return the release in force of the pipeline in a learner's folder.

    Raises
    ------
    NoRelease
        There is no pipeline, or nothing of it can be served.
    """
    state = Path(work) / "pipeline" / "state"
    log, registry = state / "log.sqlite", state / "registry" / "mlflow.db"
    if not (log.exists() and registry.exists()):
        raise NoRelease(
            f"The plan wants your own list, and {state} holds no release; run your pipeline (A2) until one is "
            'in force, or write model = "reference" under [list].'
        )
    quiet.apply()  # MLflow asks nobody outside; before it is imported
    from wardround.operations.ledger import Ledger
    from wardround.operations.pipeline import MODEL
    from wardround.operations.registry import Registry
    from wardround.operations.releases import Releases
    from wardround.operations.serving import NothingToServe, Server

    releases = Releases(Registry(MODEL, f"sqlite:///{registry}"), Ledger(log))
    try:  # our own copies: the pipeline's folder is only read
        return OwnList(Server(releases, Path(work) / ".wardround" / "flight" / "server").refresh())
    except NothingToServe as trouble:
        raise NoRelease(
            f'{str(trouble).rstrip(".")}; release one in your pipeline, or write model = "reference" under [list].'
        ) from None


def _as_fed(rows: pd.DataFrame) -> pd.DataFrame:
    """Return discharges with the columns of the pipeline's feed."""
    number = np.arange(len(rows)) if rows.index.has_duplicates else rows.index.to_numpy()
    names = [f"stay-{one}" for one in number.tolist()]
    return rows.assign(
        stay=names, patient=names, town="", home=True, held_out=False, week=rows["day"].to_numpy() // WEEK
    )
