"""Stands at the door: a value that cannot be is not used, and the feed's owner hears of it the same morning."""

import json

import numpy as np
import pandas as pd
import pandera.pandas as pa
from wardround.operations.pipeline import NoList

from steps.features import FLAGS, NUMBERS, WORDS, features

WHO = ["stay", "patient", "site", "home", "held_out"]  # without these nobody knows whose the score is


def learnt(reference):
    """Return the contract of a year's stays. Its ranges are wide: they stop another unit, not a very sick patient."""

    def number(name):
        low, high = reference[name].min() / 2, reference[name].max() * 2
        return pa.Column(float, pa.Check.in_range(float(low), float(high)), nullable=True, required=False)

    words = {name: sorted(reference[name].unique().tolist()) for name in WORDS}
    columns = {name: number(name) for name in NUMBERS}
    columns |= {name: pa.Column(str, pa.Check.isin(known), nullable=True, required=False) for name, known in words.items()}
    flag = pa.Column(float, pa.Check.isin([0.0, 1.0]), nullable=True, required=False)
    return pa.DataFrameSchema(columns | {name: flag for name in features(reference) if name not in NUMBERS})


def run(house, week):
    try:
        rows = arrived(house, week)
    except NoList as trouble:
        told = {"layer": "door", "signal": "discharges", "why": str(trouble)}
        house.write("alarm", week=week, action=house.plan["door"]["action"], owner=house.plan["door"]["owner"], **told)
        raise
    live = house.live()
    contract = live["contract"] if live else house.keep(json.dumps(json.loads(learnt(house.reference()).to_json()), sort_keys=True))
    schema = pa.DataFrameSchema.from_json(house.kept(contract).read_text())
    missing(house, week, rows)
    for name in absent(rows):  # the list goes out without it, as it does for a patient who was not tested
        told = {"column": name, "rows": len(rows), "site": "all", "share": 1.0}
        house.write("refused", week=week, why="the column is absent", **told)
        rows[name] = None if name in WORDS else np.nan
    rows[NUMBERS + FLAGS] = rows[NUMBERS + FLAGS].apply(pd.to_numeric, errors="coerce").astype(float)
    try:
        schema.validate(rows, lazy=True)
    except pa.errors.SchemaErrors as found:
        for name, cases in found.failure_cases.dropna(subset=["index"]).groupby("column"):
            refuse(house, week, rows, name, cases["index"].astype(int), "outside what the contract allows")
    return {"list": house.keep(rows.assign(encounter_id=rows.stay).to_parquet(index=False)), "contract": contract}


def absent(rows):
    return [name for name in [*NUMBERS, *FLAGS, *WORDS] if name not in rows]


def refuse(house, week, rows, name, places, why):
    """A refused value counts as missing; it is never converted: nobody here knows what it was meant to be."""
    for site, there in rows.loc[places.unique()].groupby("site"):
        share = round(len(there) / (rows.site == site).sum(), 3)
        house.write("refused", week=week, column=name, rows=len(there), site=site, share=share, why=why)
    rows.loc[places, name] = None if name in WORDS else np.nan


def missing(house, week, rows):
    """A result under a code that nobody maps breaks no range: it is not there, at a site or in the whole feed."""
    usual = house.once("missing", lambda: house.reference().groupby("site")[NUMBERS].agg(lambda one: one.isna().mean()))
    for site, there in rows.groupby("site"):
        for name in [one for one in NUMBERS if one in rows]:
            share, expected = there[name].isna().mean(), usual[name].get(site, 1.0)
            if share > expected + 5 * (max(expected * (1 - expected), 0.01) / len(there)) ** 0.5:
                why = f"{100 * share:.0f} of 100 are missing, where {100 * expected:.0f} are usual"
                told = {"column": name, "rows": int(there[name].isna().sum()), "site": site, "share": round(share, 3)}
                house.write("refused", week=week, why=why, **told)


def arrived(house, week):
    try:
        rows = pd.read_parquet(house.folder(week) / "discharges.parquet").reset_index(drop=True)
    except Exception as trouble:
        raise NoList(f"this week's discharges cannot be read ({type(trouble).__name__})") from trouble
    if lacking := [name for name in WHO if name not in rows]:
        raise NoList(f"the discharges have no {', '.join(lacking)}, so nobody knows whose a score would be")
    if rows.empty or rows["stay"].duplicated().any():
        raise NoList("the discharges are empty, or hold a stay twice")
    return rows
