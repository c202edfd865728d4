"""Sepsis: when it begins, who notices, what is ordered, and two labels that drift apart.

The label time is when the clinical criteria are met. Orders come before it where somebody suspects: a model that sees
them has learnt the clinician. Shares are chosen after Rhee et al., JAMA 2017;318:1241; hours are assumptions.
"""

from __future__ import annotations

import numpy as np

from . import parameters as sheet
from .people import Table
from .streams import DAY, Purpose, normal, uniform

LABEL_SENSITIVITY, LABEL_FALSE = 0.70, 0.019  # of the clinical label, every year
CODE_SENSITIVITY, CODE_FALSE = 0.47, 0.012  # of the claims label in the first week
CODE_GROWTH, CAMPAIGN = 1.103, 1.20
EARLY_ORDERS, LATE_ORDERS = 0.70, 0.50  # of septic stays; of those without an early order


def recognition(seed: int, stay: Table) -> Table:
    """Return onset, label time, order, antibiotic (days since the first Monday, NaN for never) and both labels.

    Returns
    -------
    dict of arrays
        onset_at, criteria_at, order_at (culture and first antibiotic), antibiotic_at (given), clinical_label,
        claims_label; one row a stay.
    """
    septic, admit = stay["septic"], stay["admit"]
    draw = lambda slot: uniform(seed, stay["person"], stay["day"] + DAY, slot, Purpose.RECOGNITION)  # noqa: E731
    label_u, false_u, order_u, lead_u = draw(0)
    hours_u, antibiotic_u, late_u, late_hours_u = draw(1)
    onset = admit + np.where(stay["onset"] >= 0, (stay["onset"] + hours_u) * sheet.WINDOW, 0.0)
    criteria = onset + (3 + 5 * hours_u) / 24
    suspected = np.clip(0.05 + 0.05 * stay["acuity"], 0.01, 0.30)
    early = order_u < np.where(septic, EARLY_ORDERS, suspected)
    before = np.where(septic, criteria - (1 + 2 * lead_u) / 24, admit + (1 + 20 * lead_u**2) / 24)
    late = septic & ~early & (late_u < LATE_ORDERS)
    order = np.select([early, late], [before, criteria + (2 + 10 * late_hours_u) / 24], np.nan)
    order = _within(stay, order)
    given = order + np.exp(np.log(2.5) + 0.6 * normal(antibiotic_u)) / 24
    return {
        "onset_at": np.where(septic, onset, np.nan),
        "criteria_at": np.where(septic, criteria, np.nan),
        "order_at": order,
        "antibiotic_at": _within(stay, given),
        "clinical_label": np.where(septic, label_u < LABEL_SENSITIVITY, false_u < LABEL_FALSE),
        "claims_label": claims_label(seed, stay),
    }


def _within(stay: Table, moment: np.ndarray) -> np.ndarray:
    return np.where(moment < stay.get("discharge", stay["leave"]), moment, np.nan)


def claims_label(seed: int, stay: Table) -> np.ndarray:
    """Return which stays a coder calls sepsis: more of them every year, whatever happens on the wards.

    The share grows by 10.3% a year (Rhee et al. 2017) and by a fifth from the week of a documentation campaign.
    """
    week = stay["admit"] / 7
    growth = CODE_GROWTH ** (week / 52) * np.where(week >= sheet.CAMPAIGN_FROM, CAMPAIGN, 1.0)
    u = uniform(seed, stay["person"], stay["day"] + DAY, 0, Purpose.SEPSIS_CODE)[0]
    return u < np.where(stay["septic"], CODE_SENSITIVITY, CODE_FALSE) * growth
