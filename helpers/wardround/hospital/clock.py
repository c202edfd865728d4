"""Time in the hospital: days since the first Monday inside the model, local times with their offset in the record.

The model counts days of 24 hours from midnight, US Eastern *standard* time. Only when a time is written does the clock
on the wall matter: the offset is -05:00 in winter and -04:00 in summer.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime, timedelta
from functools import cache

import numpy as np

from .parameters import FIRST_DAY, ZONE

STANDARD = -5 * 3600  # seconds east of Greenwich
FIRST_INSTANT = int(FIRST_DAY.astype("datetime64[s]").astype(np.int64)) - STANDARD  # seconds since 1970, UTC
_SPAN = range(-400, 2200)  # days for which summer time is tabulated


@cache
def _summer_table() -> np.ndarray:
    first = datetime.fromisoformat(f"{FIRST_DAY}T12:00:00").replace(tzinfo=ZONE)
    return np.array([bool((first + timedelta(days=day)).dst()) for day in _SPAN])


@cache
def changes() -> tuple[np.ndarray, np.ndarray]:
    """Return the instants (seconds of the model) at which the offset changes, and the offset that follows each."""
    summer = _summer_table()
    days = np.flatnonzero(np.diff(summer.astype(int))) + 1
    # the clock goes forward at 2:00 standard time and back at 1:00 standard time (2:00 summer time)
    seconds = [(_SPAN[day] * 86_400) + (7_200 if summer[day] else 3_600) for day in days]
    offsets = [STANDARD + 3_600 * bool(summer[day]) for day in days]
    return np.array([-(10**12), *seconds]), np.array([STANDARD + 3_600 * bool(summer[0]), *offsets])


def summer_shift(days: np.ndarray) -> np.ndarray:
    """Return, in days, how far the wall clock is ahead of standard time on each day (0 or 1/24)."""
    index = np.clip(np.floor(days).astype(np.int64) - _SPAN.start, 0, len(_SPAN) - 1)
    return _summer_table()[index] / 24


@cache
def _change_lists() -> tuple[list[int], list[int]]:
    return tuple(column.tolist() for column in changes())


def offset(moment: int) -> int:
    """Return how many seconds the clock on the wall is east of Greenwich at a moment of the model."""
    starts, offsets = _change_lists()
    return offsets[bisect_right(starts, moment) - 1]


def seconds(days: np.ndarray) -> np.ndarray:
    """Return whole minutes of the model, in seconds, from days."""
    return np.rint(np.asarray(days) * 1440).astype(np.int64) * 60


def local(moments: np.ndarray, milliseconds: np.ndarray | None = None) -> list[str]:
    """Return local times with their offset, such as ``2022-07-04T14:05:00-04:00``.

    Parameters
    ----------
    moments : array of int
        Seconds of the model.
    milliseconds : array of int, optional
        Written after the seconds, as monitors do that count more finely than their users.
    """
    moments = np.asarray(moments)
    fine = moments * 1000 + (0 if milliseconds is None else milliseconds)
    runs, place = _runs(fine)
    moments, fine = moments[runs], fine[runs]
    starts, offsets = changes()
    offset = offsets[np.searchsorted(starts, moments, side="right") - 1]
    unit = "datetime64[s]" if milliseconds is None else "datetime64[ms]"
    wall = (fine + (FIRST_INSTANT + offset) * 1000).astype("datetime64[ms]").astype(unit)
    tail = {STANDARD: "-05:00", STANDARD + 3_600: "-04:00"}
    text = [a + tail[b] for a, b in zip(np.datetime_as_string(wall).tolist(), offset.tolist(), strict=True)]
    return [text[k] for k in place]


def utc(moments: np.ndarray) -> list[str]:
    """Return the same instants as ``2022-07-04T18:05:00Z``."""
    moments = np.asarray(moments)
    runs, place = _runs(moments)
    text = np.datetime_as_string((moments[runs] + FIRST_INSTANT).astype("datetime64[s]")).tolist()
    return [f"{text[k]}Z" for k in place]


def _runs(values: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """Return which values differ from the one before, and for each value the number of its run.

    A blood draw has ten results of one moment: writing each moment once halves the time.
    """
    starts = np.ones(values.size, dtype=bool)
    starts[1:] = values[1:] != values[:-1]
    return starts, (np.cumsum(starts) - 1).tolist()


def instants(moments: np.ndarray) -> np.ndarray:
    """Return ``datetime64[us]`` in UTC, for Parquet files of the truth."""
    return (np.asarray(moments) + FIRST_INSTANT).astype("datetime64[s]").astype("datetime64[us]")


def date(days: np.ndarray) -> np.ndarray:
    """Return the calendar date of whole days of the model."""
    return FIRST_DAY + np.asarray(days).astype("timedelta64[D]")
