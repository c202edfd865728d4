"""The whole model: :func:`simulate` returns what happened, and what was measured, as columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import parameters as sheet
from .errors import HospitalError
from .history import History
from .measurements import emergency_labs, emergency_vitals, ward_labs, ward_vitals
from .people import Table, make_people


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


def simulate(seed: int, weeks: int = 156, scale: float = 1.0, *, first: int = 0, last: int | None = None) -> World:
    """Simulate people ``first`` to ``last`` of the panel (all ``14,000 x scale`` unless told otherwise).

    Parameters
    ----------
    seed : int
        0 to 2**64 - 1.
    weeks : int
        8 to 208, after a year of burn-in.
    scale : float
        1 is a panel of 14,000 keys, about 8,950 people with a contact.

    Raises
    ------
    HospitalError
        A parameter is out of range.
    """
    check_parameters(seed, weeks, scale)
    last = panel_size(scale) if last is None else last
    people = make_people(seed, first, last)
    history = History(seed, people, weeks)
    history.advance(history.end)
    visits, stays, windows = (_join(part) for part in (history.visits, history.stays, history.windows))
    for origin, admit in history.returned:
        stays["returned_at"][origin] = admit
    visits, stays, windows = _in_order(visits, stays, windows)
    people["dead"] = history.dead
    vitals = _join([ward_vitals(seed, people, stays, windows), emergency_vitals(seed, people, visits)])
    labs = _join([ward_labs(seed, people, stays, windows), emergency_labs(seed, people, visits)])
    return World(seed, weeks, people, stays, visits, windows, _by_time(vitals), _by_time(labs))


def panel_size(scale: float) -> int:
    """Return how many keys the panel has."""
    return max(1, round(sheet.KEYS * scale))


def check_parameters(seed: int, weeks: int, scale: float) -> None:
    """Raise HospitalError for a parameter out of range."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**64:
        raise HospitalError(f"The seed must be a whole number from 0 to 2**64 - 1; it is {seed!r}.")
    if isinstance(weeks, bool) or not isinstance(weeks, (int, np.integer)) or not 8 <= weeks <= sheet.HORIZON:
        raise HospitalError(f"The number of weeks must be a whole number from 8 to {sheet.HORIZON}; it is {weeks!r}.")
    if isinstance(scale, bool) or not isinstance(scale, (int, float)) or not 0 < scale <= 20:
        raise HospitalError(f"The scale must be a number above 0 and at most 20; it is {scale!r}.")


def _join(parts: list[Table]) -> Table:
    names = parts[0].keys() if parts else ()
    return {name: np.concatenate([part[name] for part in parts]) for name in names}


def _in_order(visits: Table, stays: Table, windows: Table) -> tuple[Table, Table, Table]:
    """Sort stays by person and admission and let visits and windows point to the new places."""
    order = np.lexsort((stays["admit"], stays["row"]))
    place = np.empty(order.size, dtype=np.int64)
    place[order] = np.arange(order.size)
    stays = {name: column[order] for name, column in stays.items()}
    visits["stay"] = np.where(visits["stay"] >= 0, place[visits["stay"]], -1)
    windows["stay"] = place[windows["stay"]]
    by_visit = np.lexsort((visits["arrive"], visits["row"]))
    by_window = np.lexsort((windows["window"], windows["stay"]))
    return (
        {name: column[by_visit] for name, column in visits.items()},
        stays,
        {name: column[by_window] for name, column in windows.items()},
    )


def _by_time(rows: Table) -> Table:
    order = np.lexsort((rows["slot"], rows["time"], rows["row"]))
    return {name: column[order] for name, column in rows.items()}
