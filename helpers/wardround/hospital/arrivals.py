"""Who comes to the hospital in which week: unplanned, planned, or to the emergency department and home again."""

from __future__ import annotations

import numpy as np

from . import parameters as sheet
from .clock import summer_shift
from .people import Table, has
from .streams import DAY, Purpose, uniform

UNPLANNED, PLANNED, SENT_HOME = range(3)


def weekly_rates(people: Table) -> np.ndarray:
    """Return arrivals a week at average season, shape (3, people): unplanned, planned, sent home."""
    frailty, social, brittle = people["frailty"], people["social"], people["brittleness"]
    conditions = people["condition"].sum(axis=1)
    unplanned = -5.31 + 0.80 * frailty + 0.50 * brittle + 0.12 * social + 0.10 * conditions
    planned = -6.62 + 0.125 * conditions + 0.15 * frailty + 0.45 * people["site"] + 0.3 * has(people, "cancer")
    home = -4.46 + 0.45 * social + 0.30 * frailty + 0.25 * brittle
    home += 0.7 * has(people, "alcohol") + 0.5 * has(people, "smi")
    return np.exp(np.stack([unplanned, planned, home]))


def candidates(seed: int, people: Table, weeks: int) -> Table:
    """Return every arrival that would happen if nobody were already in hospital, by person and time.

    Returns
    -------
    dict of arrays
        ``row`` (position in ``people``), ``time`` (days), ``kind``; sorted by row and time.
    """
    week = np.arange(-sheet.BURN_IN, weeks)
    season = np.cos(2 * np.pi * (week - 3) / 52)
    older = 0.05 * week / 52  # frailty rises with the years
    scale = np.stack([np.exp(0.80 * older) * (1 + 0.12 * season), np.exp(0.15 * older), np.exp(0.30 * older)])
    scale[2] *= 1 + 0.06 * season
    rate = weekly_rates(people)[:, :, None] * scale[:, None, :]
    draws = uniform(seed, people["person"][:, None], (week + DAY)[None, :], 0, Purpose.WEEK)[:3]
    begins = np.maximum(
        people["joins"], np.where(people["site"] == sheet.EASTBANK, sheet.EASTBANK_FROM - sheet.BURN_IN, -sheet.BURN_IN)
    )
    here = (week >= begins[:, None]) & (week < people["leaves"][:, None])
    kind, row, column = np.nonzero((draws < -np.expm1(-rate)) & here)
    time = _moment(seed, people["person"][row], week[column], kind)
    order = np.lexsort((time, row))
    return {"row": row[order], "time": time[order], "kind": kind[order]}


def _moment(seed: int, person: np.ndarray, week: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Return the moment of arrival in days: planned on a weekday morning, the rest by the hour of the day."""
    day_u, hour_u, _, _ = uniform(seed, person, week + DAY, kind, Purpose.WEEK_TIME)
    day = np.where(kind == PLANNED, np.floor(5 * day_u), np.floor(7 * day_u)) + 7 * week
    hour = np.where(kind == PLANNED, 6 + 4 * hour_u, emergency_hour(hour_u))
    return day + hour / 24 - summer_shift(day)


def emergency_hour(u: np.ndarray) -> np.ndarray:
    """Return the hour of the day of an arrival; density 1 + .55 cos(2 pi (h - 17) / 24), lowest at 5 a.m."""
    hours = np.linspace(0, 24, 481)
    share = hours / 24 + 0.55 / (2 * np.pi) * (np.sin(2 * np.pi * (hours - 17) / 24) + np.sin(2 * np.pi * 17 / 24))
    return np.interp(u, share, hours)
