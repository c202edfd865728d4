"""An invented year for Q3, in which a few patients come back again and again: rows are not people there."""

from __future__ import annotations

import numpy as np
import pandas as pd

PATIENTS, STAYS = 36, 150  # stays of each (say, for dialysis), of which one in ten draws a ticket


def invented_year(as_of):
    """Return discharges with the columns that a judgement of the model needs, as known on ``as_of``."""
    dice = np.random.default_rng(20261)
    person = np.repeat(np.arange(PATIENTS), STAYS)
    n = len(person)
    leans = dice.normal(0, 2.2, PATIENTS)[person]  # what is the same at each of a patient's stays
    score = 1 / (1 + np.exp(-(-2.0 + 0.15 * leans + dice.normal(0, 0.5, n))))
    risk = 1 / (1 + np.exp(-(-2.3 + leans)))
    left = as_of - pd.Timedelta(days=386) + pd.to_timedelta(dice.uniform(0, 364, n), unit="D")
    home, ticket = dice.random(n) < 0.8, dice.random(n) < 0.1
    called = home & ~ticket & (score >= 0.12)
    back = dice.random(n) < risk * np.where(called, 0.45, 1.0)
    told = left + pd.to_timedelta(
        30 * dice.random(n) ** 1.4 + np.where(dice.random(n) < 0.22, dice.uniform(10, 120, n), 0), unit="D"
    )
    rows = pd.DataFrame(
        {
            "stay": [f"V{number:05d}" for number in range(n)],
            "patient": person,
            "site": np.where(dice.random(n) < 0.6, "quillmere", "eastbank"),
            "week": ((left - left.min()).days // 7).astype(int),
            "discharged_at": left,
            "home": home,
            "score": score.round(4),
            "held_out": ticket,
            "called": called,
            "back": back & (told <= as_of),
        }
    )
    return rows.sort_values("discharged_at", ignore_index=True)
