"""Nurses: how many answers a shift can give, and which alerts get one.

``Nurses(sites).answers(rows, alert, capacity)`` returns which alerts bring a nurse. Nurses are few, and come less often
the more alerts have called for nothing. Every number here is an assumption.
"""

from __future__ import annotations

import numpy as np

from .people import Table
from .streams import Purpose, uniform

HELP = 0.40  # factor on the hazard after a nurse has come
HELP_WINDOWS = 6  # windows of eight hours for which it holds
LOCKOUT = 3  # windows without a second alert for the same stay
BEDS_A_NURSE = 21  # occupied beds per response that a shift can give
WILLING, DOUBT = 0.85, 0.06  # chance of an answer: .85 PPV / (PPV + .06)
TRUST_AT_FIRST, MEMORY = 0.15, 0.012  # PPV of past alerts as nurses feel it, and the weight of one alert
GOLDEN = 0.618034  # its multiples, less their whole parts, lie evenly between 0 and 1
ORDERS = ("highest", "first")


class Nurses:
    """Those who answer alerts, site by site; they remember how often they came for nothing.

    Parameters
    ----------
    sites : int
        How many sites there are; ``site`` of a row counts from 0.

    Attributes
    ----------
    trust : list of float
        By site, the share of past alerts that were needed, as nurses feel it.
    """

    def __init__(self, sites: int = 2):
        self.trust = [TRUST_AT_FIRST] * sites

    @staticmethod
    def capacity(beds: np.ndarray, *, factor: float = 1.0, shift: int = 0) -> np.ndarray:
        """Return how many answers each site can give in a shift.

        Parameters
        ----------
        beds : array of int
            Occupied beds by site.
        factor : float
            Multiplies the staff: below 1 in a shortage. Four tenths of one nurse are one nurse in four of ten shifts.
        shift : int
            Which shift of the year it is; spreads such parts evenly.
        """
        full = np.maximum(1, np.rint(np.asarray(beds) / BEDS_A_NURSE)).astype(np.int64)
        return full if factor == 1.0 else np.floor(full * factor + (GOLDEN * shift) % 1).astype(np.int64)

    def answers(self, rows: Table, alert: np.ndarray, capacity: np.ndarray, order: str = "highest") -> np.ndarray:
        """Return which alerts of one shift bring a nurse, and let trust follow from whether each was needed.

        Parameters
        ----------
        rows : dict of arrays
            One entry a patient on the wards: site, score, willing_u (uniform: who would come), needed (deteriorates
            within 24 hours if nobody comes).
        alert : array of bool
            Which of them raise an alert.
        capacity : array of int
            Answers left, by site; see :meth:`capacity`.
        order : str
            ``highest`` score first, or ``first`` come, that is, in the order of the rows.
        """
        if order not in ORDERS:
            raise ValueError(f"Alerts are answered in the order {' or '.join(ORDERS)}, not {order!r}.")
        answered = np.zeros(alert.size, dtype=bool)
        wanted = np.flatnonzero(alert)
        if order == "highest":
            wanted = wanted[np.argsort(-rows["score"][wanted], kind="stable")]
        left = np.asarray(capacity).tolist()
        columns = (rows[name][wanted].tolist() for name in ("site", "willing_u", "needed"))
        for place, site, u, need in zip(wanted.tolist(), *columns, strict=True):
            trust = self.trust[site]
            self.trust[site] += MEMORY * (need - trust)
            if left[site] > 0 and u < WILLING * trust / (trust + DOUBT):
                left[site] -= 1
                answered[place] = True
        return answered


def willing(seed: int, person: np.ndarray, when: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Return the uniform that decides whether a nurse would come to a window's alert; ``when``: day plus ``DAY``."""
    return uniform(seed, person, when, window, Purpose.RESPONSE)[0]


def needed_within(windows: Table, count: int = LOCKOUT) -> np.ndarray:
    """Return whether a window or one of the next ones of the same stay brings deterioration if nobody comes."""
    happens = windows["event_u"] < windows["hazard"]
    needed = happens.copy()
    for ahead in range(1, count):
        same = windows["stay"][ahead:] == windows["stay"][:-ahead]
        needed[:-ahead] |= happens[ahead:] & same
    return needed
