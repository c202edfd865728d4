"""The deck: nineteen incidents, and which of them a seed's year holds.

Each card is an object of its own class, so that a reader finds what it does, what it is called and what helps in one
place. Magnitudes are fields: ``dataclasses.replace(DECK["surge"], share=0.2)`` is a milder one.
"""

from __future__ import annotations

import numpy as np

from ..card import Drawn
from ..words import DAYS
from . import feed, release, results, world
from .kinds import ALL_SITES, NORTHGATE, Incident

_ORDER = (
    *("unit_change", "code_change", "feed_outage", "stale_cache", "duplicate_feed", "amended_results", "surge"),
    *("new_site", "new_analyser", "guideline_change", "intervention_feedback", "sensor_bias", "vendor_update"),
    *("threshold_typo", "timezone_shift", "staff_shortage", "alerts_suppressed", "phi_export", "rumour"),
)
_CARDS = {one.id: one for one in (*feed.CARDS, *results.CARDS, *world.CARDS, *release.CARDS)}
DECK: dict[str, Incident] = {name: _CARDS[name] for name in _ORDER}
FEWEST, MOST = 6, 8
FIRST_WEEK, LAST_WEEK = 4, 49  # of the year: nothing begins before or after
EARLY = 0.6  # of its part of the year in which a card begins: two never share their first fortnight
ALWAYS_ONE = ("new_analyser", "rumour")  # nothing is wrong with either


def draw(seed: int, count: int = 7) -> tuple[Drawn, ...]:
    """Return the incidents of a seed's year, by the day on which they begin.

    The year is cut into as many parts as there are cards; each card begins in the first part of its own. One of the two
    pure decoys is always among them.

    Parameters
    ----------
    seed : int
        The same seed gives the same year.
    count : int
        6 to 8.
    """
    if not FEWEST <= count <= MOST:
        raise ValueError(f"A year holds {FEWEST} to {MOST} incidents, not {count}; give a count between them.")
    random = np.random.default_rng([seed, 16, count])
    names = list(DECK)
    chosen = [str(random.choice(ALWAYS_ONE))]
    rest = [name for name in names if name not in chosen]
    chosen += [rest[place] for place in random.permutation(len(rest))[: count - 1]]
    part = (LAST_WEEK - FIRST_WEEK) / count
    drawn: list[Drawn] = []
    for number in reversed(range(count)):  # the last parts first: whatever lasts long must begin early
        begins = int(7 * (FIRST_WEEK + part * (number + EARLY * random.random())))
        fits = [name for name in chosen if begins + 7 * DECK[name].weeks[0] <= DAYS]
        name = fits[int(random.integers(len(fits)))] if fits else min(chosen, key=lambda one: (DECK[one].weeks[0], one))
        chosen.remove(name)
        drawn.append(_placed(DECK[name], begins, random))
    return tuple(reversed(drawn))


def alone(name: str, seed: int, begins: int = 91) -> Drawn:
    """Return one card as a seed would place it, at a day of one's choice: for looking at it by itself."""
    return _placed(DECK[name], begins, np.random.default_rng([seed, 17, list(DECK).index(name)]))


def _placed(card: Incident, begins: int, random: np.random.Generator) -> Drawn:
    """Return a card with its site, its length and its dice."""
    site = {"one": int(random.integers(2)), "new": NORTHGATE, "all": ALL_SITES}[card.strikes]
    if card.released:  # Tuesday to Thursday
        begins = begins - begins % 7 + 1 + int(random.integers(3))
    weeks = int(random.integers(card.weeks[0], card.weeks[1] + 1))
    dice = int(random.integers(0, 2**63))
    return Drawn(card, begins, min(begins + 7 * weeks, DAYS), dice, site)
