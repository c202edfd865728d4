"""What a year came to: columns that a flight fills in, its log, and how each incident was met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .card import Columns, Drawn
from .plan import Plan
from .team import CONTAINS, Team
from .words import DAYS, SHIFTS, SITES
from .year import Year


@dataclass
class Spell:
    """One incident of the year, as the plan met it. Days since the first midnight; infinite where it never came."""

    cause: str
    decoy: bool
    services: tuple[str, ...]
    begins: float
    ends: float
    detected: float = np.inf
    contained: float = np.inf
    restored: float = np.inf


@dataclass
class Flight:
    """What a year came to.

    Attributes
    ----------
    log : list of dict
        What the team saw and did, in order: ``n day hour kind`` and what belongs to the kind.
    ward : dict of arrays
        One entry a row of ``year.windows``: ``present scored score threshold alert delivered answered helped`` (factor
        on the hazard) ``factor`` (of the world on the hazard) ``damaged off fallback happened copies`` (visits that
        an answered alert took; 1 elsewhere).
    list : dict of arrays
        One entry a discharge: ``scored score called damaged off p0 p1 came``.
    shifts : dict of arrays
        Shape (1092, sites): ``alerts capacity answered beds``.
    hours : dict
        Hours of staff, by kind.
    """

    plan: Plan
    seed: int
    drawn: tuple[Drawn, ...]
    year: Year
    log: list[dict[str, Any]] = field(default_factory=list)
    ward: Columns = field(default_factory=dict)
    shifts: Columns = field(default_factory=dict)
    days: list[dict[tuple[str, str], float]] = field(default_factory=list)
    hours: dict[str, float] = field(default_factory=dict)
    spells: list[Spell] = field(default_factory=list)
    list: Columns = field(default_factory=dict)  # last: it hides the builtin from what stands below it


def blank(plan: Plan, year: Year, drawn: tuple[Drawn, ...]) -> Flight:
    """Return a flight that has not begun."""
    flight = Flight(plan, year.seed, drawn, year)
    rows, calls = year.windows["stay"].size, len(year.discharges)
    no = {name: np.zeros(rows, dtype=bool) for name in ("present", "scored", "alert", "delivered", "answered")}
    no |= {name: np.zeros(rows, dtype=bool) for name in ("damaged", "off", "fallback", "happened")}
    no |= {"score": np.full(rows, np.nan), "threshold": np.full(rows, np.nan)}
    flight.ward = no | {"helped": np.ones(rows), "factor": np.ones(rows), "copies": np.ones(rows, np.int64)}
    flight.list = {name: np.zeros(calls, dtype=bool) for name in ("scored", "called", "damaged", "off", "came")}
    flight.list |= {"score": np.full(calls, np.nan)}
    flight.list |= {name: year.list_truth[name].copy() for name in ("p0", "p1")}
    shape = (DAYS * SHIFTS, len(SITES))
    flight.shifts = {name: np.zeros(shape, dtype=np.int64) for name in ("alerts", "answered", "beds", "capacity")}
    return flight


def spells(log: Sequence[dict[str, Any]], drawn: Sequence[Drawn], strikes: Sequence[Drawn], team: Team) -> list[Spell]:
    """Return how each incident of a year was met, by the log; what struck nobody was met when it began."""
    return [_spell(log, one, team) if one in strikes else _kept_out(one) for one in drawn]


def _spell(log: Sequence[dict[str, Any]], one: Drawn, team: Team) -> Spell:
    spell = Spell(one.card.id, one.card.decoy, one.card.services, one.begins, one.ends)
    for case in team.cases:
        if case.cause is one:
            spell.detected = min(spell.detected, case.opened)
            contained = [line for line in log if line["kind"] == "holds" and line["case"] == case.number]
            contained = [line for line in contained if line["action"] in CONTAINS]
            if contained:
                spell.contained = min(spell.contained, contained[0]["day"] + contained[0]["hour"] / 24)
    spell.restored = team.standing.mended.get(one.card.id, np.inf)
    return spell


def _kept_out(one: Drawn) -> Spell:
    at_once = float(one.begins)
    return Spell(one.card.id, one.card.decoy, one.card.services, one.begins, one.ends, at_once, at_once, at_once)
