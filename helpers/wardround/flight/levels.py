"""Whether a laboratory test reads higher or lower than it used to: the mean of patients' results over some weeks.

What laboratories do with moving averages of patients: one patient's value says nothing about an analyser, the mean of
some hundred does. Each stay counts once, since a patient's results are alike; logarithms, since most tests are skewed.
"""

from __future__ import annotations

import numpy as np

STAYS = 30  # stays with a result below which a mean says nothing


class Level:
    """Where a test stood in the reference; :meth:`moved` says how far it has gone from there.

    Parameters
    ----------
    values : array
        Results; missing ones do not count.
    stay : array, optional
        Whose they are; by default each is a stay of its own.
    """

    def __init__(self, values: np.ndarray, stay: np.ndarray | None = None):
        logs = of_stays(values, stay)
        self.mean = float(logs.mean()) if logs.size else np.nan
        self.variance = float(logs.var()) if logs.size else np.nan
        self.stays = logs.size

    def moved(self, values: np.ndarray, stay: np.ndarray | None = None) -> float:
        """Return the distance of the mean from the reference, in its standard errors; NaN with too few stays."""
        logs = of_stays(values, stay)
        if min(logs.size, self.stays) < STAYS or not self.variance > 0:
            return np.nan
        error = np.sqrt(self.variance * (1 / logs.size + 1 / self.stays))
        return abs(float(logs.mean()) - self.mean) / float(error)


def of_stays(values: np.ndarray, stay: np.ndarray | None = None) -> np.ndarray:
    """Return the mean logarithm of each stay's results, of stays that have one."""
    known = values > 0  # not true of a missing value, and a laboratory reports no zero
    logs = np.log(values[known])
    if stay is None:
        return logs
    count = np.bincount(stay[known])
    total = np.bincount(stay[known], logs)
    return total[count > 0] / count[count > 0]


def furthest(distances: list[float]) -> float | None:
    """Return the largest distance that is known."""
    known = [one for one in distances if not np.isnan(one)]
    return max(known) if known else None
