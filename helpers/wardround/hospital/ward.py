"""The ward in windows of eight hours: how a stay goes, and whether the patient deteriorates.

What is measured when, and with which value, is in :mod:`measurements`; nothing measured feeds back into the course.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter
from scipy.special import expit

from . import parameters as sheet
from .parameters import MAX_WINDOWS
from .streams import DAY, Purpose, normal, uniform

MEMORY, SHOCK = 0.93, 0.26  # of acuity from window to window


def windows_of(stay: dict[str, np.ndarray]) -> np.ndarray:
    """Return how many windows each stay has, from admission until the patient is to leave; at most 90."""
    return np.clip(np.ceil((stay["leave"] - stay["admit"]) / sheet.WINDOW), 1, MAX_WINDOWS).astype(np.int64)


def course(seed: int, stay: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Follow stays through the ward, as they would go if nobody deteriorated; see :func:`first_events`.

    Parameters
    ----------
    stay : dict of arrays
        One row a stay: person, day, admit and leave (days), acuity, frailty, copd, age, chest (COPD or pneumonia),
        kidney, own_respiratory, onset (window of hospital-onset sepsis, -1 for none).

    Returns
    -------
    dict of arrays
        One row a window: stay (position), window, acuity, respiratory, hazard (of deterioration in it, untreated),
        event_u (the uniform that is compared with the hazard), suspicion_u.
    """
    count = windows_of(stay)
    row = np.repeat(np.arange(count.size), count)
    window = np.arange(row.size) - np.repeat(np.cumsum(count) - count, count)
    noise = uniform(seed, stay["person"][row], stay["day"][row] + DAY, window, Purpose.WINDOW)
    acuity = _walk(noise[0], row, window, stay["acuity"], 0.30 * stay["frailty"] - 0.15)
    start = 0.35 * stay["acuity"] + 0.9 * stay["chest"] + 0.7 * stay["own_respiratory"]
    respiratory = _walk(noise[1], row, window, start, 0.25 * stay["frailty"] + 0.35 * stay["copd"] - 0.2)
    since = window - stay["onset"][row]
    acuity = acuity + 0.45 * ((stay["onset"][row] >= 0) & (since >= 0) & (since < 5))
    log_odds = -6.92 + 1.25 * acuity + 1.25 * respiratory
    log_odds += 0.60 * stay["kidney"][row] + 0.012 * (stay["age"][row] - 65)
    return {
        "stay": row,
        "window": window,
        "acuity": acuity,
        "respiratory": respiratory,
        "hazard": np.minimum(expit(log_odds) + 0.0006, 0.6),
        "event_u": noise[2],
        "suspicion_u": noise[3],
    }


def first_events(windows: dict[str, np.ndarray], stays: int, *, factor: float | np.ndarray = 1.0) -> np.ndarray:
    """Return the window in which each of ``stays`` deteriorates, -1 for none.

    ``factor`` multiplies the hazard: a nurse who came lowers it. The same uniform meets every hazard, so a lower one
    can only take events away.
    """
    happens = windows["event_u"] < windows["hazard"] * factor
    event = np.full(stays, MAX_WINDOWS)
    np.minimum.at(event, windows["stay"][happens], windows["window"][happens])
    return np.where(event == MAX_WINDOWS, -1, event)


def until_event(windows: dict[str, np.ndarray], event: np.ndarray) -> dict[str, np.ndarray]:
    """Return the windows up to each stay's event: then the patient leaves for intensive care, which is not modelled."""
    last = np.where(event < 0, MAX_WINDOWS, event)
    kept = windows["window"] <= last[windows["stay"]]
    return {name: column[kept] for name, column in windows.items()}


def _walk(u: np.ndarray, row: np.ndarray, window: np.ndarray, start: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return a first-order autoregression per stay: x_t = m + .93 (x_{t-1} - m) + .26 z, with x_0 = start."""
    wide = np.zeros((start.size, int(window.max(initial=0)) + 1))
    wide[row, window] = SHOCK * normal(u)
    wide[:, 0] = start - mean
    return lfilter([1.0], [1.0, -MEMORY], wide, axis=1)[row, window] + mean[row]
