"""One hospital of the model as its warehouse and its truth, ready for models."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from wardround.hospital import parameters as sheet
from wardround.hospital import simulate, stays, warehouse

HOME = ("home", "home_health")


def auroc(outcome, score) -> float:
    """Area under the receiver operating characteristic, by ranks."""
    outcome, ranks = np.asarray(outcome, dtype=bool), rankdata(score)
    positive = outcome.sum()
    return float((ranks[outcome].sum() - positive * (positive + 1) / 2) / (positive * (outcome.size - positive)))


def expected_auroc(risk, score) -> float:
    """What the AUROC is on average over outcomes drawn from the known risks: each row counts as both, by its risk."""
    order = np.argsort(score, kind="stable")
    risk, score = np.asarray(risk)[order], np.asarray(score)[order]
    _, group = np.unique(score, return_inverse=True)
    ill, well = np.bincount(group, risk), np.bincount(group, 1 - risk)
    below = np.cumsum(well) - well
    with_itself = (risk * (1 - risk)).sum()  # nobody is compared with themselves
    return float(((ill * (below + 0.5 * well)).sum() - 0.5 * with_itself) / (ill.sum() * well.sum() - with_itself))


def logistic(features, outcome, c: float = 1.0):
    """A logistic regression on standardised features."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=2000)).fit(features, outcome)


def chance(model, features) -> np.ndarray:
    """The predicted probability."""
    return model.predict_proba(features)[:, 1]


class Hospital:
    """A seed's world, at the default size unless told otherwise."""

    def __init__(self, seed: int, *, weeks: int = 156, scale: float = 1.0, incidents=()):
        self.seed = seed
        self.world = simulate(seed, weeks, scale, incidents=incidents)

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        return {name: rows for name, (rows, _) in warehouse.tables(self.world).items()}

    @cached_property
    def index(self) -> pd.DataFrame:
        """Index stays with their outcome by the truth (``back``: unplanned within 30 days, here or elsewhere)."""
        world, rows = self.world, self.tables["stays"]
        truth = {name: column[rows.index] for name, column in world.stays.items()}
        leaves = ~np.isin(truth["disposition"], [sheet.DIED, sheet.HOSPICE, sheet.AMA, sheet.TRANSFER])
        event = truth["next_event"]
        table = rows.assign(
            back=np.isin(event, [stays.BACK_HERE, stays.BACK_ELSEWHERE]),
            back_here=event == stays.BACK_HERE,
            back_planned=event == stays.BACK_PLANNED,
            p0=truth["p0"],
            p1=truth["p1"],
            y0=truth["y0"],
            y1=truth["y1"],
            p_call=truth["p_call"],
            lace=truth["lace"],
            week=truth["discharge"] / 7,
            home=truth["eligible_home"],
            social=truth["social"],
            row=truth["row"],
        )
        return table[leaves & (truth["discharge"] + 30 <= world.end)].reset_index(drop=True)

    def split(self, site: str = "quillmere") -> tuple[pd.DataFrame, pd.DataFrame]:
        """Index stays of Quillmere in years 1 and 2, and of a site in year 3."""
        rows = self.index
        train = rows[rows["site"].eq("quillmere") & (rows["week"] < 104)]
        return train, rows[rows["site"].eq(site) & (rows["week"] >= 104) & (rows["week"] < 156)]


def features(rows: pd.DataFrame) -> pd.DataFrame:
    """The standard feature table, all of it known at 08:00 on the day of discharge."""
    table = {
        "age": rows["age"],
        "female": rows["sex"].eq("female"),
        "planned": rows["planned"],
        "log_los": np.log(rows["los_days"].clip(lower=0.2)),
        "stays_before": rows["stays_before"].clip(upper=6),
        "emergency_before": rows["emergency_before"].clip(upper=6),
        "albumin_missing": rows["albumin"].isna(),
    }
    for name, normal in (("haemoglobin", 13.2), ("sodium", 138.0), ("albumin", 4.0), ("creatinine", 1.0)):
        table[name] = rows[name].fillna(normal)
    table |= {f"payer_{name}": rows["payer"].eq(name) for name in sheet.PAYERS[:3]}
    table |= {name: rows[name] for name in sheet.CONDITIONS}
    table |= {f"group_{name}": rows["group"].eq(name) for name in sheet.GROUPS[:-1]}
    return pd.DataFrame(table).astype(float)


def psi(reference, current, bins: int = 10) -> float:
    """Population stability index over quantile bins of the reference."""
    cuts = np.unique(np.quantile(reference, np.linspace(0, 1, bins + 1)[1:-1]))
    counts = [
        np.bincount(np.searchsorted(cuts, v, side="right"), minlength=cuts.size + 1) for v in (reference, current)
    ]
    a, b = (np.maximum(part / part.sum(), 1e-4) for part in counts)
    return float(((b - a) * np.log(b / a)).sum())
