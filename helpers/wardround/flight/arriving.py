"""A day's rows on their way to the early warning: who is on the wards, where, and what the feed makes of their values.

Cards change what is here through their hooks; what follows from a score, and from a nurse, is in :mod:`engine`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from . import models
from .card import Columns, Drawn
from .words import SITES
from .year import Year

SHOWN_TO_HOOKS = ("hazard", "needed", "dark", "older_oximeter", "true_saturation")
NORTHGATE = SITES.index("northgate")


def on_the_wards(year: Year, day: int, event: np.ndarray, cards: Sequence[Drawn]) -> np.ndarray:
    """Return the places of the day's windows whose patients are on a ward this morning.

    Parameters
    ----------
    event : array
        For each stay, the window in which it deteriorated; -1 where it has not.
    """
    here = year.on(day)
    stay, window = year.windows["stay"][here], year.windows["window"][here]
    stays_on = (event[stay] < 0) | (event[stay] >= window)
    shown = ~year.truth["guest"][here]
    u = year.stays["guest_u"][stay]
    for one in cards:
        site, share = one.card.guests(one, day)
        if site:  # the new site and a surge take their guests from opposite ends
            shown |= (u < share) if site == "northgate" else (u > 1 - share)
    return here.start + np.flatnonzero(stays_on & shown)


def guest_sites(year: Year, day: int, rows: Columns, cards: Sequence[Drawn]) -> Columns:
    """Return the sites of a day's rows, those of the new site included."""
    site, u = rows["site"], year.stays["guest_u"][rows["stay"]]
    guest = year.stays["guest"][rows["stay"]]
    for one in cards:
        name, share = one.card.guests(one, day)
        if name == "northgate":
            site = np.where(guest & (u < share), NORTHGATE, site)
    return {"site": site}


def fed(year: Year, day: int, place: np.ndarray, rows: Columns, cards: Sequence[Drawn]) -> Columns:
    """Return a day's rows as they come out of the feed; the same object where no card of the wards is on."""
    feed = [one for one in cards if "ward" in one.card.services]
    if not feed:
        return rows
    arrived = _shown(year, place, rows)
    for one in feed:
        arrived = one.card.ward_rows(arrived, one, day)
    return {name: column for name, column in arrived.items() if not name.startswith("_")}


def damaged(rows: Columns, used: Columns) -> np.ndarray:
    """Return in which rows a value that is used is not the one that was measured."""
    wrong = np.zeros(rows["stay"].size, dtype=bool)
    for name in models.WARD_FEATURES:
        if name in rows and used[name] is not rows[name]:
            wrong |= (used[name] != rows[name]) & ~np.isnan(used[name])
    return wrong


def world_factor(year: Year, day: int, place: np.ndarray, used: Columns, cards: Sequence[Drawn]) -> np.ndarray:
    """Return what the world makes of the day's hazards."""
    factor = np.ones(place.size)
    world = [one for one in cards if "ward" in one.card.services]
    shown = _shown(year, place, used) if world else used
    for one in world:
        factor = factor * one.card.hazard_factor(shown, one, day)
    return factor


def _shown(year: Year, place: np.ndarray, rows: Columns) -> Columns:
    """Return rows with the truth that a card's hooks may read; no model sees it."""
    return rows | {f"_{name}": year.truth[name][place] for name in SHOWN_TO_HOOKS}
