"""Stands at the door: a value that cannot be is not used, and the feed's owner hears of it the same morning."""

import numpy as np
import pandas as pd
from wardround.operations.pipeline import NoList

from steps.contract import arrived, broken_by, learnt, with_their_like
from steps.features import FLAGS, NUMBERS, WORDS


def run(house, week):
    last = house.told("validate", week - 1) or {}
    before = pd.read_parquet(house.kept(last["list"]))["stay"] if "list" in last else []
    try:
        rows = arrived(house.folder(week) / "discharges.parquet", before)
    except NoList as trouble:
        house.alarm(week, "door", "discharges", str(trouble))
        raise
    live = house.live()
    contract = live["contract"] if live else house.keep(learnt(house.reference()))
    missing(house, week, rows)
    for name in [one for one in [*NUMBERS, *FLAGS, *WORDS] if one not in rows]:
        refused(house, week, name, "all", len(rows), 1.0, "the column is absent")
        rows[name] = nothing(name)  # the list goes out without it, as it does for a patient who was not tested
    rows[NUMBERS + FLAGS] = rows[NUMBERS + FLAGS].apply(pd.to_numeric, errors="coerce").astype(float)
    for name, cases in broken_by(rows, house.kept(contract).read_text()).groupby("column"):
        index = with_their_like(rows, name, cases["index"])
        for site, there in rows.loc[index].groupby("site"):
            share = len(there) / (rows["site"] == site).sum()
            refused(house, week, name, site, len(there), share, "outside what the contract allows")
        rows.loc[index, name] = nothing(name)  # never converted: nobody here knows what it was meant to be
    return {"list": house.keep(rows.assign(encounter_id=rows["stay"]).to_parquet(index=False)), "contract": contract}


def nothing(name):
    return None if name in WORDS else np.nan


def refused(house, week, column, site, rows, share, why):
    house.write("refused", week=week, column=column, site=site, rows=rows, share=round(float(share), 3), why=why)


def missing(house, week, rows):
    """A result under a code that nobody maps breaks no range, nor does a site that sent nothing: it is not there."""
    year = house.reference()
    for site, expected in (year.groupby("site").size() / year["week"].nunique()).items():
        if (here := int((rows["site"] == site).sum())) < expected / 2:
            refused(house, week, "discharges", site, here, 1.0, f"{here} have come, where {expected:.0f} are usual")
    usual = house.once("missing", lambda: house.reference().groupby("site")[NUMBERS].agg(lambda one: one.isna().mean()))
    for site, there in rows.groupby("site"):
        for name in [one for one in NUMBERS if one in rows]:
            share, expected = there[name].isna().mean(), usual[name].get(site, 1.0)
            if share > expected + 5 * (max(expected * (1 - expected), 0.01) / len(there)) ** 0.5:
                why = f"{100 * share:.0f} of 100 are missing, where {100 * expected:.0f} are usual"
                refused(house, week, name, site, int(there[name].isna().sum()), share, why)
