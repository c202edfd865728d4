"""What the team puts in force: a model made of the last thirteen weeks as recorded, or parts of the last release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from wardround.hospital.response import LOCKOUT

from . import models
from .card import Columns
from .plan import Rollback

DAYS_BACK = 91


def rolled_back(parts: Rollback, before: models.Risk, now: models.Risk) -> models.Risk:
    """Return what serves after a rollback: weights and features go back apart if the plan says so."""
    if parts.model and parts.features:
        return before
    if not (isinstance(before, models.Logistic) and isinstance(now, models.Logistic)):
        return before if parts.model else now
    return replace(before, mean=now.mean) if parts.model else replace(now, mean=before.mean)


def of_wards(how: str, now: models.Risk, days: Sequence[Columns], event: np.ndarray) -> models.Risk | None:
    """Return the ward's model made of the last thirteen weeks; None where too few outcomes are known.

    Parameters
    ----------
    days : sequence of dict of arrays
        Each day's rows as they were used; yesterday's outcomes are not known yet.
    event : array
        Window in which each stay got worse, -1 for none.
    """
    parts = days[-DAYS_BACK:-1]
    if not parts:
        return None
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    ahead = event[rows["stay"]] - rows["window"]
    outcome = (event[rows["stay"]] >= 0) & (ahead >= 0) & (ahead < LOCKOUT)
    return models.learnt("ward", how, now, rows, outcome)


def of_list(how: str, now: models.Risk, weeks: Sequence[tuple], came: np.ndarray, day: int) -> models.Risk | None:
    """Return the list's model made of the last thirteen weeks whose thirty days are over; None where there are none."""
    known = [(frame, at) for frame, at, _ in weeks[-DAYS_BACK // 7 - 4 :] if frame["day"].max() + 30 < day]
    if not known:
        return None
    rows = pd.concat([frame for frame, _ in known])
    return models.learnt("list", how, now, rows, came[np.concatenate([at for _, at in known])])
