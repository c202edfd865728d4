"""The emergency desk: the level that is assigned, the level that was deserved, and who needed critical care.

Cuts are chosen so that shares and mistriage are those of 21 emergency departments (Sax et al., JAMA Netw Open
2023;6(3):e233404); the scale itself is an assumption.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import expit

from .incidents import Incident
from .people import Table
from .streams import DAY, Purpose, normal, uniform

ASSIGNED_CUTS = (2.94, 1.04, -0.95, -2.67)  # from the most urgent level down
DESERVED_CUTS = (3.01, 1.34, -0.40, -1.86)
DESK_NOISE = 0.56
CRITICAL_WITHIN = 12  # hours after triage


def triage(seed: int, people: Table, visits: Table, incidents: Sequence[Incident] = ()) -> Table:
    """Return ``assigned`` and ``deserved`` (levels 1 to 5), ``p_critical``, ``critical`` and ``critical_at`` (days).

    ``visits`` needs person, row, day, arrive and acuity (at the door).
    """
    desk_u, critical_u, when_u, _ = uniform(seed, visits["person"], visits["day"] + DAY, 0, Purpose.TRIAGE)
    acuity = visits["acuity"]
    seen = acuity + DESK_NOISE * normal(desk_u)
    known = visits | {"race": people["race"][visits["row"]]}
    for incident in incidents:
        seen = seen + np.where(incident.active(visits["arrive"]), incident.assigned_urgency(known), 0.0)
    chance = expit(-4.84 + 1.61 * acuity)
    critical = critical_u < chance
    moment = visits["arrive"] + CRITICAL_WITHIN * when_u / 24
    return {
        "assigned": _level(seen, ASSIGNED_CUTS),
        "deserved": _level(acuity, DESERVED_CUTS),
        "p_critical": chance,
        "critical": critical,
        "critical_at": np.where(critical, moment, np.nan),
    }


def _level(urgency: np.ndarray, cuts: tuple[float, ...]) -> np.ndarray:
    return 1 + (urgency[:, None] < np.array(cuts)).sum(axis=1)
