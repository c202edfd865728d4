"""Checks of units: two under one code, another unit under the same label, none at all."""

from __future__ import annotations

import numpy as np
import pandas as pd

from . import mixups
from .facts import Facts, look_up
from .limits import FACTORS
from .register import Found, NotJudged, check, nothing, rows, say, together

_SAME = 1.35  # medians of two labels within this ratio: a change of name only
_WITHIN_PATIENT = ("29463-7", "3141-9", "8302-2")  # people differ more than the factor, one person does not
_CLOSE, _ADULT, _YEAR = 1.10, pd.Timedelta(days=18 * 365.25), pd.Timedelta(days=400)


def _second_units(facts: Facts) -> pd.DataFrame:
    """Return, for each code and label but the most frequent one, the ratio of medians to that one."""
    held = facts.measured[facts.measured["label"] != ""]
    groups = held.groupby(["code", "label"])["value"].agg(["median", "size"]).reset_index()
    groups = groups.sort_values("size", ascending=False, kind="stable")
    usual = groups.drop_duplicates("code").set_index("code")
    groups["usual"], groups["middle"] = (
        groups["code"].map(usual["label"]),
        groups["code"].map(usual["median"]).astype(float),
    )
    groups = groups[groups["label"] != groups["usual"]]
    ratio = (groups["median"] / groups["middle"].where(groups["middle"] != 0)).abs()
    return groups.assign(ratio=ratio, same=ratio.between(1 / _SAME, _SAME))


def _units(facts: Facts, same: bool) -> Found:
    groups = _second_units(facts)
    groups = groups[groups["same"] == same]
    held = facts.measured.merge(groups[["code", "label", "usual", "ratio"]], on=["code", "label"])
    if not len(held):
        return Found(nothing(), len(facts.measured))
    name = held["text"].fillna(held["code"])
    words = "{}: {:g} {}; most are in {} (medians differ {:.3g} times)"
    detail = say(words, name, held["value"], held["label"], held["usual"], held["ratio"])
    found = rows(held, "value.unit", detail).drop_duplicates("resource_id")
    parts = [f"{g.code}: {g.label} beside {g.usual}, {g.ratio:.3g} times" for g in groups.head(3).itertuples()]
    return Found(found, len(facts.measured), "; ".join(parts) + ".")


@check(
    *("unit_two", "stops", "values", "One code in two units"),
    consequence="A rule that reads the number and not the unit pages the team for a normal creatinine of 88.",
    ask="Which analyzers report in which unit, since when, and can all send one?",
)
def two_units(facts: Facts) -> Found:
    return _units(facts, same=False)


@check(
    *("unit_two_names", "note", "values", "One code under two unit labels, with numbers alike"),
    consequence="None for the patient, if only the name differs; a filter on the label loses a part of the results.",
    ask="Are both labels the same unit?",
)
def two_labels(facts: Facts) -> Found:
    return _units(facts, same=True)


@check(
    *("unit_mixup", "stops", "values", "Values that fit only after a unit conversion"),
    consequence="A glucose of 6 that should read 108 looks like a patient in danger; a weight in pounds more than "
    "doubles a dose.",
    ask="Which device or interface converts, and what changed there? Correct at the source, not in the model.",
)
def mixup(facts: Facts) -> Found:
    parts, judged = [], 0
    for (code, label), held in facts.measured.groupby(["code", "label"], sort=False):
        if len(held) < mixups.ENOUGH:
            continue
        judged += len(held)
        found, words = mixups.suspects(code, held["value"].to_numpy(dtype=float))
        if found.any():
            parts.append(_told(held[found], words[found], label))
    parts.append(_within_patients(facts))
    if not judged:
        raise NotJudged(f"No code has {mixups.ENOUGH} values, so units were not judged by the numbers.")
    found = together(parts).drop_duplicates("resource_id")
    return Found(found, judged, _by_source(facts, found))


def _told(held: pd.DataFrame, words: np.ndarray, label: str) -> pd.DataFrame:
    name = held["text"].fillna(held["code"])
    return rows(held, "value", say("{} {:g} {}: {}", name, held["value"], [label] * len(held), words))


def _by_source(facts: Facts, found: pd.DataFrame) -> str:
    held = facts.measured[facts.measured["key"].isin(found["resource_id"])]
    counts = held["source"].map(facts.site_name).value_counts()
    if not len(counts):
        return ""
    return "By device or sender: " + ", ".join(f"{name} {n:,}" for name, n in counts.head(3).items()) + "."


def _within_patients(facts: Facts) -> pd.DataFrame:
    """Find weights and heights that are a factor away from the same adult's others, and from most people's."""
    held = facts.measured[facts.measured["loinc"].isin(_WITHIN_PATIENT) & facts.measured["effective_at"].notna()]
    held = held[(held["value"] > 0) & held["patient_key"].notna()]
    age = held["effective_at"] - look_up(held["patient_key"], facts.people["born_high"])
    held = held[~(age < _ADULT)].sort_values(["loinc", "patient_key", "effective_at"], kind="stable")
    parts = []
    for code, group in held.groupby("loinc"):
        middle = np.log(group["value"].median())
        for factor in (one for given in FACTORS[code] for one in (given, 1 / given)):
            off = _off_by(group.assign(away=(np.log(group["value"]) - middle).abs()), factor)
            words = f"{max(factor, 1 / factor):.4g} times {'higher' if factor > 1 else 'lower'} than the same person's"
            parts += [_told(one, np.full(len(one), words), label) for label, one in group[off].groupby("label")]
    return together(parts)


def _off_by(group: pd.DataFrame, factor: float) -> pd.Series:
    """Return which values are a factor away from the same person's before or after, and further from most people's."""
    off = pd.Series(False, index=group.index)
    for step in (1, -1):
        other = group.shift(step)
        ratio = group["value"] / other["value"] / factor
        near = (group["effective_at"] - other["effective_at"]).abs() <= _YEAR
        same = (group["patient_key"] == other["patient_key"]) & (group["away"] > other["away"])
        off |= same & near & ratio.between(1 / _CLOSE, _CLOSE)
    return off


@check(
    *("unit_missing", "look", "values", "Numbers without a unit"),
    consequence="Nobody can say whether 88 is a normal creatinine or a failing kidney.",
    ask="Which unit is meant? Send it as a UCUM code.",
)
def missing(facts: Facts) -> Found:
    held = facts.measured[facts.measured["label"] == ""]
    detail = say("{} {:g} has no unit", held["text"].fillna(held["code"]), held["value"])
    return Found(rows(held, "value.unit", detail).drop_duplicates("resource_id"), len(facts.measured))
