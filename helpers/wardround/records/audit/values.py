"""Checks of single values: outside the limits of the possible, pressures the wrong way round, sets copied forward."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .facts import Facts
from .limits import DIASTOLIC, LIMITS, SYSTOLIC
from .register import Found, NotJudged, check, rows, say

_COPY_WITHIN, _COPY_LEAST = pd.Timedelta(hours=24), 5


@check(
    *("value_impossible", "look", "values with a known limit", "Values that no living person has"),
    consequence="An artefact of a device or a wrong unit moves an early-warning score and pages a nurse, or hides one.",
    ask="Are values of the monitors confirmed by a person, and which device sent these?",
)
def impossible(facts: Facts) -> Found:
    measured = facts.measured[facts.measured["loinc"].isin(LIMITS)]
    if not len(measured):
        raise NotJudged("No value has a code whose limits are known here, so impossible values were not looked for.")
    unknown = (np.nan, np.nan)
    what = measured.groupby(["loinc", "label"], sort=False).ngroup().to_numpy()
    first = measured[["loinc", "label"]].drop_duplicates().itertuples(index=False)
    ends = np.array([LIMITS[loinc].by_unit.get(label, unknown) for loinc, label in first], dtype=float)
    low, high = ends[what].T
    outside = (measured["value"].to_numpy() < low) | (measured["value"].to_numpy() > high)
    bad = measured[outside]
    names = bad["loinc"].map({code: limit.name for code, limit in LIMITS.items()})
    detail = say("{} {:g} {} (possible: {:g} to {:g})", names, bad["value"], bad["label"], low[outside], high[outside])
    found = rows(bad, "value", detail).drop_duplicates(["resource_id", "detail"])
    return Found(found, int((~np.isnan(low)).sum()))


@check(
    *("pressure_reversed", "look", "pressures", "Diastolic pressure at or above systolic"),
    consequence="The mean pressure is wrong, and with it every score that uses it.",
    ask="Are the two numbers swapped at the source?",
)
def reversed_pressure(facts: Facts) -> Found:
    held = facts.measured[facts.measured["loinc"].isin([SYSTOLIC, DIASTOLIC]) & facts.measured["key"].notna()]
    both = held.drop_duplicates(["key", "loinc"]).pivot(index="key", columns="loinc", values="value")
    both = both.reindex(columns=[SYSTOLIC, DIASTOLIC]).dropna()
    if not len(both):
        raise NotJudged("No Observation holds both blood pressures, so swapped pressures were not looked for.")
    bad = both[both[DIASTOLIC] >= both[SYSTOLIC]].reset_index().assign(kind="Observation")
    detail = say("{:g} over {:g}", bad[SYSTOLIC], bad[DIASTOLIC])
    return Found(rows(bad, "component", detail), len(both))


@check(
    *("vitals_copied", "look", "sets of vital signs", "Sets of vital signs equal to the set before, number for number"),
    consequence="A copied set looks like a stable patient whom nobody has measured.",
    ask="Does the flowsheet offer to copy the last values forward?",
)
def copied(facts: Facts) -> Found:
    vitals = facts.measured[(facts.measured["group"] == "vital-signs") & facts.measured["effective_at"].notna()]
    vitals = vitals.drop_duplicates(["patient_key", "effective_at", "code"])
    number = vitals["code"].astype("category").cat.codes.to_numpy()
    part = pd.util.hash_array(number.astype("int64")) ^ pd.util.hash_array(vitals["value"].to_numpy(dtype=float))
    part = pd.util.hash_array(part)  # so that swapped values do not cancel
    sets = vitals.assign(part=part).groupby(["patient_key", "effective_at"], sort=True)["part"].agg(["sum", "size"])
    sets = sets.reset_index()
    if not (sets["size"] >= _COPY_LEAST).any():
        raise NotJudged(
            f"No moment has {_COPY_LEAST} vital signs of one patient, so sets copied forward were not looked for."
        )
    before = sets.shift()
    same = (
        (sets["size"] >= _COPY_LEAST)
        & (sets["patient_key"] == before["patient_key"])
        & (sets["sum"] == before["sum"])
        & (sets["size"] == before["size"])
        & (sets["effective_at"] - before["effective_at"] <= _COPY_WITHIN)
    )
    chosen = pd.MultiIndex.from_frame(sets.loc[same, ["patient_key", "effective_at"]])
    bad = vitals[pd.MultiIndex.from_frame(vitals[["patient_key", "effective_at"]]).isin(chosen)]
    bad = bad.drop_duplicates("key")
    words = f"one of {_COPY_LEAST} or more values equal to those of the set before"
    more = f"{int(same.sum()):,} sets of {int((sets['size'] >= _COPY_LEAST).sum()):,}." if len(bad) else ""
    return Found(rows(bad, "value", words), len(vitals.drop_duplicates("key")), more)
