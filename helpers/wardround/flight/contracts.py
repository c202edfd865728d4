"""What a plan's contracts do at the door: a value that breaks one is not used, a row that comes twice counts once.

A contract acts on what can be seen in the row itself, every day, without anybody looking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from wardround.hospital import parameters as sheet

from .card import Columns

if TYPE_CHECKING:
    from .plan import Contracts

VITALS = ("heart_rate", "respiratory_rate", "temperature", "saturation", "systolic", "diastolic")
LABS = ("creatinine", "urea", "lactate", "leukocytes", "glucose")
BY_CODE = ("group", "charlson", "stays_before", "emergency_before", *sheet.CONDITIONS)
# what the unit of each column allows (assumption: wide enough for the sickest, too narrow for another unit)
RANGES = {
    "heart_rate": (20.0, 250.0),
    "respiratory_rate": (4.0, 70.0),
    "temperature": (30.0, 43.0),
    "saturation": (50.0, 100.0),
    "systolic": (40.0, 280.0),
    "diastolic": (15.0, 180.0),
    "creatinine": (0.1, 20.0),  # mg/dL; 45 umol/L, a low value, reads as 45
    "urea": (1.0, 250.0),  # mg/dL of nitrogen
    "lactate": (0.1, 25.0),  # mmol/L
    "leukocytes": (0.05, 400.0),  # 10*3/uL
    "glucose": (15.0, 1500.0),  # mg/dL; 5.5 mmol/L reads as 5.5
    "haemoglobin": (2.0, 25.0),  # g/dL
    "sodium": (95.0, 190.0),  # mmol/L
    "albumin": (0.5, 7.0),  # g/dL
}


def broken(rows: Columns) -> dict[str, np.ndarray]:
    """Return which values of which columns lie outside what their unit allows; a missing value breaks nothing."""
    found = {}
    for name, (low, high) in RANGES.items():
        if name in rows:
            values = rows[name]
            found[name] = (values < low) | (values > high)
    return found


def keep_ward(contracts: Contracts, rows: Columns) -> tuple[Columns, np.ndarray]:
    """Return a day's windows as the plan lets them pass, and in which of them a value was blocked."""
    blocked = np.zeros(rows["stay"].size, dtype=bool)
    kept = dict(rows)
    if contracts.value_contract == "block":
        for name, bad in broken(rows).items():
            if bad.any():
                kept[name] = np.where(bad, np.nan, rows[name])
                blocked |= bad
    if contracts.freshness == "block":
        stale = rows["vitals_age_hours"] > contracts.freshness_hours
        blocked |= _without(kept, VITALS, stale)
    if contracts.time_order == "block":
        blocked |= _without(kept, LABS, rows["result_lag_hours"] < 0)
    if contracts.duplicates == "once" and (rows["copies"] > 1).any():
        kept["copies"] = np.ones_like(rows["copies"])
    return kept, blocked


def keep_list(contracts: Contracts, rows: pd.DataFrame) -> pd.DataFrame:
    """Return discharges as the plan lets them pass; where a code is unknown, nothing counted by codes is used."""
    kept = rows
    if contracts.unknown_codes == "block":
        unknown = ~rows["group"].isin(sheet.GROUPS)
        if unknown.any():
            kept = kept.assign(**{name: kept[name].astype(object).where(~unknown, np.nan) for name in BY_CODE})
    if contracts.value_contract == "block":
        for name, bad in broken({name: rows[name].to_numpy(float) for name in RANGES if name in rows}).items():
            if bad.any():
                kept = kept.assign(**{name: np.where(bad, np.nan, kept[name])})
    return kept


def _without(kept: Columns, names: tuple[str, ...], where: np.ndarray) -> np.ndarray:
    if where.any():
        for name in names:
            kept[name] = np.where(where, np.nan, kept[name])
    return where
