"""What is written beside vital signs and results: body size, blood cultures, doses of antibiotics, discharge notes.

Columns, as everywhere; their resources are written in :mod:`fhir_bedside`.
"""

from __future__ import annotations

import numpy as np

from . import codes
from .entries import DRUGS, IMP, NEVER_GIVEN
from .people import Table
from .streams import Purpose, normal, uniform
from .world import World

WEIGHT, HEIGHT = 0, 1
_GIVEN_EVERY = {"ceftriaxone": 24, "azithromycin": 24, "vancomycin": 12}  # hours
MOST_DOSES = 4


def body_sizes(world: World, encounters: Table) -> Table:
    """Return weight and height as taken on admission, in kg and cm, of every inpatient stay."""
    here = np.flatnonzero((encounters["cls"] == IMP) & (encounters["part"] == 1))
    row, when = encounters["row"][here], encounters["when"][here]
    today_u, minute_u, _, _ = uniform(world.seed, encounters["person"][here], when, 0, Purpose.BODY_SIZE)
    length = encounters["stop"][here] - encounters["start"][here]
    moment = (
        encounters["start"][here] + (np.minimum(0.5 * length, 1800 + 14_400 * minute_u) // 60).astype(np.int64) * 60
    )
    weight = np.round(world.people["weight"][row] * (1 + 0.02 * normal(today_u)), 1)
    rows = {name: np.repeat(encounters[name][here], 2) for name in ("row", "person", "when")}
    return rows | {
        "slot": np.tile([WEIGHT, HEIGHT], here.size),
        "encounter": np.repeat(here, 2),
        "moment": np.repeat(moment, 2),
        "item": np.tile([WEIGHT, HEIGHT], here.size),
        "value": np.stack([weight, world.people["height"][row]], axis=1).ravel(),
    }


def cultures(world: World, orders: Table, end: int) -> Table:
    """Return blood cultures, drawn when sepsis was suspected, whose final result came before the end of the export.

    ``orders`` are the antibiotics ordered at the same moments.
    """
    delay_u, growth_u, organism_u, _ = uniform(world.seed, orders["person"], orders["when"], 0, Purpose.CULTURE)
    issued = orders["moment"] + ((2 + 3 * delay_u) * 1440).astype(np.int64) * 60
    septic = world.stays["septic"][orders["stay"]]
    grows = growth_u < np.where(septic, 0.35, 0.05)
    organism = np.where(grows, (organism_u * len(codes.GROWTH)).astype(np.int64), -1)
    keep = issued < end
    names = ("row", "person", "when", "encounter", "moment")
    rows = {name: orders[name][keep] for name in names}
    return rows | {
        "slot": np.zeros(int(keep.sum()), dtype=np.int64),
        "issued": issued[keep],
        "organism": organism[keep],
    }


def doses(world: World, orders: Table, encounters: Table) -> Table:
    """Return the doses of antibiotics that were given: the first one, and more at their interval until discharge."""
    interval = np.array([_GIVEN_EVERY.get(name, 0) for name in DRUGS])[orders["drug"]]
    here = np.flatnonzero(interval)
    number = np.tile(np.arange(MOST_DOSES), here.size)
    source = np.repeat(here, MOST_DOSES)
    slot = orders["slot"][source] * 8 + number
    minute_u = uniform(world.seed, orders["person"][source], orders["when"][source], slot, Purpose.DOSE)[0]
    first = np.where(orders["given"][source] >= 0, orders["given"][source], orders["moment"][source] + 1800 + 5400)
    late = ((minute_u - 0.5) * 60).astype(np.int64) * 60 * (number > 0)
    moment = first + number * interval[source] * 3600 + late
    keep = (moment < encounters["stop"][orders["encounter"][source]] - 600) & (orders["given"][source] != NEVER_GIVEN)
    rows = {name: orders[name][source][keep] for name in ("row", "person", "when", "encounter", "drug")}
    rows |= {"slot": slot[keep], "moment": moment[keep], "order": source[keep]}
    order = np.lexsort((rows["slot"], rows["moment"], rows["row"]))
    return {name: column[order] for name, column in rows.items()}


def notes(encounters: Table) -> Table:
    """Return one discharge note per finished inpatient encounter, at the moment of discharge."""
    here = np.flatnonzero((encounters["cls"] == IMP) & ~encounters["open"])
    rows = {name: encounters[name][here] for name in ("row", "person", "when")}
    return rows | {"slot": encounters["part"][here], "encounter": here, "moment": encounters["stop"][here]}
