"""Measures of a model beside the libraries that one would call else, on the same rows: milliseconds on one core.

    python tests/benchmarks/evaluation.py [ROWS]

* counts, area, average precision, Brier: scikit-learn;
* decision curve: dcurves' ``dca``, two models at 50 thresholds;
* slope and intercept: statsmodels' ``Logit``; smooth curve: statsmodels' formula with the same spline, without a band;
* bootstrap of the area over patients: scikit-learn's ``roc_auc_score`` on rows drawn with pandas, patient by patient.

Rounds of the two alternate and the best of each counts; ratios are printed, nothing is asserted about time. Before the
clock starts the two must say the same number.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import dcurves
import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy.special import expit
from sklearn import metrics
from wardround.evaluation import (
    auroc_value,
    average_precision,
    bootstrap,
    brier,
    calibration_curve,
    counts,
    decision_curve,
    weak_calibration,
)

ROUNDS, DRAWS = 5, 40
THRESHOLDS = np.arange(1, 51) / 100
KNOTS = (0.05, 0.35, 0.65, 0.95)


def patients(rows: int) -> pd.DataFrame:
    """Rows of half as many patients, an event in about one of six, and two risks that err."""
    rng = np.random.default_rng(1)
    place = rng.normal(-2, 1.2, rows)
    first, second = (expit(place + rng.normal(0, width, rows)) for width in (0.5, 1.0))
    outcome = (rng.random(rows) < expit(place)).astype(int)
    return pd.DataFrame(
        {"patient": rng.integers(0, rows // 2, rows), "outcome": outcome, "first": first, "second": second}
    )


def spline(table: pd.DataFrame) -> float:
    """The same curve by statsmodels' formula, fitted values only."""
    rows = table.assign(place=np.log(table["first"] / (1 - table["first"])))
    low, *inner, high = np.quantile(rows.place, KNOTS)
    formula = "outcome ~ cr(place, knots=inner, lower_bound=low, upper_bound=high, constraints='center')"
    assert inner and low < high  # the formula finds them by name
    fitted = smf.glm(formula, rows, family=sm.families.Binomial()).fit()
    lowest = rows.loc[[rows["first"].idxmin()]]
    return float(fitted.predict(lowest).iloc[0])


def drawn_by_hand(table: pd.DataFrame) -> float:
    """The median of areas over samples of patients, as it is often written."""
    rng, groups = np.random.default_rng(0), dict(tuple(table.groupby("patient")))
    names, areas = list(groups), []
    for _ in range(DRAWS):
        rows = pd.concat([groups[names[i]] for i in rng.integers(0, len(names), len(names))])
        areas.append(metrics.roc_auc_score(rows.outcome, rows["first"]))
    return float(np.median(areas))


def ways(table: pd.DataFrame) -> dict[str, tuple[str, Callable[[], float], Callable[[], float], float]]:
    """Name to the peer, ours, theirs, and how far apart the two numbers may be."""
    y, p = table.outcome, table["first"]
    place = sm.add_constant(np.log(p / (1 - p)))
    models = table[["outcome", "first", "second"]]

    def theirs_dca() -> float:
        found = dcurves.dca(
            data=models, outcome="outcome", modelnames=["first", "second"], thresholds=THRESHOLDS.tolist()
        )
        return float(found.net_benefit[found.model == "first"].iloc[9])

    def ours_dca() -> float:
        return float(decision_curve(y, models[["first", "second"]], THRESHOLDS)["first"].iloc[9])

    return {
        "counts": (
            "scikit-learn",
            lambda: counts(y, p, 0.2).tp,
            lambda: float(metrics.confusion_matrix(y, p >= 0.2)[1, 1]),
            0,
        ),
        "area": ("scikit-learn", lambda: auroc_value(y, p), lambda: metrics.roc_auc_score(y, p), 1e-9),
        "average precision": (
            "scikit-learn",
            lambda: average_precision(y, p),
            lambda: metrics.average_precision_score(y, p),
            1e-9,
        ),
        "Brier score": ("scikit-learn", lambda: brier(y, p), lambda: metrics.brier_score_loss(y, p), 1e-9),
        "decision curve": ("dcurves", ours_dca, theirs_dca, 1e-9),
        "slope": (
            "statsmodels",
            lambda: weak_calibration(y, p).slope.value,
            lambda: float(sm.Logit(y, place).fit(disp=0).params.iloc[1]),
            1e-5,
        ),
        "smooth curve": (
            "statsmodels",
            lambda: float(calibration_curve(y, p).observed.iloc[0]),
            lambda: spline(table),
            1e-6,
        ),
        "bootstrap": (
            "by hand",
            lambda: bootstrap(auroc_value, table.patient, y, p, draws=DRAWS).value,
            lambda: drawn_by_hand(table),
            0.01,
        ),
    }


def seconds(call: Callable[[], float]) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def main(rows: int) -> None:
    table = patients(rows)
    print(f"{rows:,} rows of {table.patient.nunique():,} patients, {table.outcome.sum():,} events")
    for name, (peer, ours, theirs, within) in ways(table).items():
        apart = abs(ours() - theirs())
        if apart > within:
            raise SystemExit(f"{name}: ours and {peer} are {apart:g} apart, and may be {within:g}")
        rounds = 2 if name == "bootstrap" else ROUNDS
        mine, other = (
            min(times) for times in zip(*[(seconds(ours), seconds(theirs)) for _ in range(rounds)], strict=True)
        )
        print(f"{name:18} {1000 * mine:9.2f} ms  {peer:12} {1000 * other:9.2f} ms  {other / mine:7.1f} times as fast")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 12_000)
