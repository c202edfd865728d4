"""What a stay of the feed must look like, learnt from the year before, and kept with each release."""

import json

import pandas as pd
import pandera.pandas as pa
from wardround.operations.pipeline import NoList

from steps.features import NUMBERS, WORDS, features

WHO = ["stay", "patient", "site", "home", "held_out"]  # without these nobody knows whose the score is


def learnt(reference):
    """Return the contract as text. Its ranges are wide: they stop another unit, not a very sick patient."""
    columns = {}
    for name in features(reference):
        rule = pa.Check.isin([0.0, 1.0])
        if name in NUMBERS:
            rule = pa.Check.in_range(float(reference[name].min() / 2), float(reference[name].max() * 2))
        columns[name] = pa.Column(float, rule, nullable=True, required=False)
    for name in WORDS:
        known = pa.Check.isin(sorted(reference[name].unique().tolist()))
        columns[name] = pa.Column(str, known, nullable=True, required=False)
    return json.dumps(json.loads(pa.DataFrameSchema(columns).to_json()), sort_keys=True)


def broken_by(rows, contract):
    """Return `column index`: each value that the contract does not allow."""
    try:
        pa.DataFrameSchema.from_json(contract).validate(rows, lazy=True)
    except pa.errors.SchemaErrors as found:
        return found.failure_cases.dropna(subset=["index"]).astype({"index": int})
    return pd.DataFrame({"column": [], "index": []})


def with_their_like(rows, name, index):
    """Return `index`, and where it holds most of a site's values, the others there: they came in the same unit."""
    there, site = rows[name].notna(), rows["site"]
    bad = pd.Series(rows.index.isin(index), rows.index)
    most = site.map(bad.groupby(site).sum() > there.groupby(site).sum() / 2).eq(True)
    return rows.index[bad | (most & there)]


def arrived(path, before):
    """Return the discharges of a week, or say why there can be no list; `before` are the stays of the week before."""
    try:
        rows = pd.read_parquet(path).reset_index(drop=True)
    except Exception as trouble:
        raise NoList(f"this week's discharges cannot be read ({type(trouble).__name__})") from trouble
    if lacking := [name for name in WHO if name not in rows]:
        raise NoList(f"the discharges have no {', '.join(lacking)}, so nobody knows whose a score would be")
    if rows.empty or rows["stay"].duplicated().any():
        raise NoList("the discharges are empty, or hold a stay twice")
    if (again := int(rows["stay"].isin(before).sum())) > len(rows) / 2:
        raise NoList(f"{again} of {len(rows)} discharges are those of the week before: an old file was dropped")
    return rows
