"""The table that your `alarms` reads: each week's inputs against those of the year before."""

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency, ks_2samp
from wardround.operations.pipeline import put

from steps.features import NUMBERS, features

FLOOR = 0.0005  # an empty bin counts as this share


def of_weeks(house, weeks):
    """Return `week input n psi p` of these weeks, numbered from 0; a week without a list is left out."""
    weeks = [week for week in weeks if "list" in (house.told("validate", week) or {})]
    tables = [house.once(f"signals {week}", lambda week=week: of_week(house, week)) for week in weeks]
    return pd.concat([table.assign(week=number) for number, table in enumerate(tables)], ignore_index=True)


def of_week(house, week):
    path = house.state / "signals" / f"week-{week:02d}.csv"
    if not path.exists():
        rows, limit = pd.read_parquet(house.kept(house.told("validate", week)["list"])), house.plan["door"]["limit"]
        at_the_door = {one["column"] for one in house.lines("refused") if one["week"] == week and one["share"] >= limit}
        now, before = columns(rows), house.once("columns of the year before", lambda: columns(house.reference()))
        names = [name for name in now if name.removeprefix("no_") not in at_the_door]  # the door has spoken of those
        put(path, pd.DataFrame([signal(name, before[name], now[name]) for name in names]).to_csv(index=False).encode())
    return pd.read_csv(path, float_precision="round_trip")


def columns(rows):
    return features(rows).assign(home=rows["home"], eastbank=rows["site"].eq("eastbank")).astype(float)


def signal(name, before, now):
    before, now = before.dropna().to_numpy(), now.dropna().to_numpy()
    if name in NUMBERS:
        p = ks_2samp(before, now, method="asymp").pvalue if len(now) else np.nan
        cuts = np.unique(np.quantile(before, np.arange(1, 10) / 10))
        counts = [np.bincount(np.searchsorted(cuts, one), minlength=len(cuts) + 1) for one in (before, now)]
    else:
        counts = [np.bincount(one.astype(int), minlength=2) for one in (before, now)]
        p = chi2_contingency(np.array(counts), correction=False).pvalue if np.all(np.sum(counts, axis=0)) else 1.0
    old, new = (np.maximum(one / max(one.sum(), 1), FLOOR) for one in counts)
    return {"input": name, "n": len(now), "psi": ((new - old) * np.log(new / old)).sum(), "p": p}
