"""The whole model: :func:`simulate` returns what happened, and what was measured, as columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from . import parameters as sheet
from .errors import HospitalError
from .flown import Flown
from .history import History
from .incidents import Incident
from .people import make_people
from .policy import Policy
from .world import World, assemble

LARGEST = 200  # scale: 2.8 million keys, 1.8 million people with a contact


def simulate(
    seed: int,
    weeks: int = 156,
    scale: float = 1.0,
    policy: Policy | None = None,
    incidents: Sequence[Incident] = (),
    *,
    first: int = 0,
    last: int | None = None,
) -> World:
    """Simulate people ``first`` to ``last`` of the panel (all ``14,000 x scale`` unless told otherwise).

    Parameters
    ----------
    seed : int
        0 to 2**64 - 1. Two policies on one seed meet the same people with the same underlying course.
    weeks : int
        8 to 208, after a year of burn-in.
    scale : float
        1 is a panel of 14,000 keys, about 8,950 people with a contact; at most 1 under a policy, because its people
        share staff and are simulated together.
    policy : Policy, optional
        Decides from week ``policy.begins`` on; None leaves everything to usual care.
    incidents : sequence of Incident
        What happens to the world, or to the feed that a policy sees.

    Raises
    ------
    HospitalError
        A parameter is out of range.
    """
    check_parameters(seed, weeks, scale)
    incidents = tuple(incidents)
    last = panel_size(scale) if last is None else last
    people = make_people(seed, first, last)
    history = History(seed, people, weeks, incidents)
    if policy is None:
        history.advance(history.end)
        return assemble(history, weeks)
    if scale > 1 or (first, last) != (0, panel_size(scale)):
        raise HospitalError(
            f"Under a policy all people are simulated together, at a scale of at most 1, not {scale!r}."
        )
    if not 0 <= policy.begins < weeks:
        raise HospitalError(f"The policy must begin in a week from 0 to {weeks - 1}; it begins in {policy.begins!r}.")
    flown = Flown(history, policy)
    flown.run()
    return assemble(history, weeks)


def panel_size(scale: float) -> int:
    """Return how many keys the panel has."""
    return max(1, round(sheet.KEYS * scale))


def check_parameters(seed: int, weeks: int, scale: float) -> None:
    """Raise HospitalError for a parameter out of range."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**64:
        raise HospitalError(f"The seed must be a whole number from 0 to 2**64 - 1; it is {seed!r}.")
    if isinstance(weeks, bool) or not isinstance(weeks, (int, np.integer)) or not 8 <= weeks <= sheet.HORIZON:
        raise HospitalError(f"The number of weeks must be a whole number from 8 to {sheet.HORIZON}; it is {weeks!r}.")
    if isinstance(scale, bool) or not isinstance(scale, (int, float)) or not 0 < scale <= LARGEST:
        raise HospitalError(f"The scale must be a number above 0 and at most {LARGEST}; it is {scale!r}.")
