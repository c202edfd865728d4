"""How rules and monitors are held against what is known of their quarters and years. It reads answers and is in no box."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtri


def against_the_quarters(answer, is_shifted, seen_in):
    """False alarms a quiet quarter with their interval, and shifts seen in the weeks ``seen_in``."""
    shifted = np.array(is_shifted)
    weeks = np.array([[int(one) for one in row] for row in answer["weeks"]])
    false = weeks[~shifted].sum(axis=1)
    spread = 1.96 * false.std(ddof=1) / np.sqrt(len(false))
    exact = chdtri(2 * false.sum() + 2, 0.025) / 2 / len(false)  # Poisson's: a few alarms have no spread to trust
    rate = float(false.mean())
    found = {"false": rate, "low": max(rate - spread, 0.0), "high": float(max(rate + spread, exact))}
    seen = int(weeks[shifted][:, list(seen_in)].any(axis=1).sum())
    return found | {"seen": seen, "peeked": answer["peeked"], "weeks": answer["weeks"]}


def against_the_years(answer, facts, on_time, at_rest):
    """By cause what a monitor did, and after how many weeks: ``fast`` for faults of data and release, ``slow`` for outcomes."""
    told, weeks = [], {"fast": [], "slow": []}
    for alarm, (cause, begins) in zip(answer["alarms"], facts, strict=True):
        if cause in at_rest:
            told.append([cause, "false" if alarm else "calm"])
        elif alarm is None or alarm[0] >= begins + on_time[cause][1]:
            told.append([cause, "missed"])
        elif alarm[0] < begins:
            told.append([cause, "false"])
        else:
            told.append([cause, "seen" if alarm[1] in on_time[cause][0] else "other"])
            weeks["slow" if on_time[cause][1] > 26 else "fast"].append(alarm[0] - begins + 1)
    means = {how: float(np.mean(some)) for how, some in weeks.items() if some}
    return {"told": told, "weeks": means, "alarms": answer["alarms"]}
