"""The ward in windows of eight hours: how a stay goes, and whether the patient deteriorates.

What is measured when, and with which value, is in :mod:`measurements`; nothing measured feeds back into the course.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter
from scipy.special import expit

from . import parameters as sheet
from .streams import DAY, Purpose, normal, uniform

MEMORY, SHOCK = 0.93, 0.26  # of acuity from window to window


def windows_of(length: np.ndarray) -> np.ndarray:
    """Return how many windows a stay of ``length`` days has, at most 90."""
    return np.clip(np.ceil(length * 24 / sheet.WINDOW_HOURS), 1, sheet.MAX_WINDOWS).astype(np.int64)


def course(seed: int, stay: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Follow stays through the ward.

    Parameters
    ----------
    stay : dict of arrays
        One row a stay: person, day, length (days), acuity, frailty, copd, age, chest (COPD or pneumonia), kidney,
        own_respiratory, onset (window of hospital-onset sepsis, -1 for none).

    Returns
    -------
    stays, windows : dict of arrays
        ``event`` (window of deterioration, -1 for none) per stay; and stay (position), window, acuity, respiratory,
        hazard, suspicion_u per window the patient spent on the ward.
    """
    count = windows_of(stay["length"])
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
    hazard = np.minimum(expit(log_odds) + 0.0006, 0.6)
    happens = noise[2] < hazard
    event = np.full(count.size, sheet.MAX_WINDOWS)
    np.minimum.at(event, row[happens], window[happens])
    kept = window <= event[row]  # afterwards the patient has left the ward for intensive care, which is not modelled
    windows = {
        "stay": row,
        "window": window,
        "acuity": acuity,
        "respiratory": respiratory,
        "hazard": hazard,
        "suspicion_u": noise[3],
    }
    return {"event": np.where(event == sheet.MAX_WINDOWS, -1, event)}, {k: v[kept] for k, v in windows.items()}


def _walk(u: np.ndarray, row: np.ndarray, window: np.ndarray, start: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return a first-order autoregression per stay: x_t = m + .93 (x_{t-1} - m) + .26 z, with x_0 = start."""
    wide = np.zeros((start.size, int(window.max(initial=0)) + 1))
    wide[row, window] = SHOCK * normal(u)
    wide[:, 0] = start - mean
    return lfilter([1.0], [1.0, -MEMORY], wide, axis=1)[row, window] + mean[row]
