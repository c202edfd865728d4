"""A hospital's years as columns, assembled from its history: what happened, and what was measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .history import History
from .measurements import emergency_labs, emergency_vitals, ward_labs, ward_vitals
from .people import Table, joined
from .sepsis import recognition
from .triage import triage


@dataclass
class World:
    """A hospital's years as columns; nothing in it has been written down yet.

    Attributes
    ----------
    people, stays, visits, windows, vitals, labs : dict of arrays
        One row a person of the panel, an inpatient stay, an emergency visit, an eight-hour window of a stay, a set of
        vital signs, a laboratory result. Times in days since the first Monday (see ``clock``). ``row`` points into
        ``people``, ``stay`` into ``stays`` and ``visit`` into ``visits`` (-1 for none).
    """

    seed: int
    weeks: int
    people: Table
    stays: Table
    visits: Table
    windows: Table
    vitals: Table
    labs: Table

    @property
    def end(self) -> float:
        """The day after which nothing is known."""
        return self.weeks * 7.0


def assemble(history: History, weeks: int, *, since: float = -np.inf) -> World:
    """Return the world of a history's ended stays and visits; ``since`` (a day) leaves out what ended before."""
    seed, people = history.seed, history.people | {"dead": history.dead}
    visits, stays, windows = joined(history.visits), joined(history.stays), joined(history.windows)
    for origin, admit in history.returned:
        stays["returned_at"][origin] = admit
    if since > -np.inf:
        visits, stays, windows = _since(since, visits, stays, windows)
    visits, stays, windows = _in_order(visits, stays, windows)
    stays |= recognition(seed, stays)
    visits |= triage(seed, people, visits, history.incidents)
    vitals = joined([ward_vitals(seed, people, stays, windows), emergency_vitals(seed, people, visits)])
    labs = joined([ward_labs(seed, people, stays, windows), emergency_labs(seed, people, visits)])
    return World(seed, weeks, people, stays, visits, windows, _by_time(vitals), _by_time(labs))


def _since(day: float, visits: Table, stays: Table, windows: Table) -> tuple[Table, Table, Table]:
    late = stays["discharge"] >= day
    place = np.cumsum(late) - 1
    here = late[windows["stay"]]
    kept = {name: column[here] for name, column in windows.items()}
    return (
        {name: column[visits["leave"] >= day] for name, column in visits.items()},
        {name: column[late] for name, column in stays.items()},
        kept | {"stay": place[kept["stay"]]},
    )


def _in_order(visits: Table, stays: Table, windows: Table) -> tuple[Table, Table, Table]:
    """Sort stays by person and admission, and let visits and windows point to the new places."""
    order = np.lexsort((stays["admit"], stays["row"]))
    place = np.empty(order.size, dtype=np.int64)
    place[order] = np.arange(order.size)
    stays = {name: column[order] for name, column in stays.items()}
    windows["stay"] = place[windows["stay"]]
    visits["stay"] = _stay_of(visits, stays)
    by_visit = np.lexsort((visits["arrive"], visits["row"]))
    by_window = np.lexsort((windows["window"], windows["stay"]))
    return (
        {name: column[by_visit] for name, column in visits.items()},
        stays,
        {name: column[by_window] for name, column in windows.items()},
    )


def _stay_of(visits: Table, stays: Table) -> np.ndarray:
    """Return the stay that a visit led to, found by person and day: one contact begins a day. -1 for none."""
    of_visit = visits["row"] * 100_000 + visits["day"]
    of_stay = stays["row"] * 100_000 + stays["day"]
    if not of_stay.size:
        return np.full(of_visit.size, -1)
    place = np.minimum(np.searchsorted(of_stay, of_visit), of_stay.size - 1)
    return np.where(visits["admitted"] & (of_stay[place] == of_visit), place, -1)


def _by_time(rows: Table) -> Table:
    order = np.lexsort((rows["slot"], rows["time"], rows["row"]))
    return {name: column[order] for name, column in rows.items()}
