"""One week again, with only what the on-call team could see in it: to decide once more, before the truth is told.

No truth, no cause that had not been found by then, nothing of the weeks to come.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from .card import Columns, Drawn
from .contracts import LABS, VITALS
from .weeks import WEEKDAYS, monitors_of, week_of
from .words import SERVICES, SHIFTS, SIGNALS, SITES

if TYPE_CHECKING:
    from .result import Flight

HOOKED = ("hazard", "needed", "dark", "older_oximeter", "true_saturation")  # what a card of the feed may look at


def replay(flight: Flight, week: int) -> str:
    """Return a week as the on-call team saw it.

    Parameters
    ----------
    flight : Flight
    week : int
        1 to 52.

    Raises
    ------
    ValueError
        The year has no such week.
    """
    told = week_of(flight.log, week)
    parts = [
        told,
        ["What the monitors of the plan read (* rang)", *monitors_of(flight, week)],
        ["What nobody was asked to watch, but could have been read", *_unwatched(flight, week)],
        ["Rows as they arrived", *_rows(flight, week)],
        ["Alerts and answers by day", *_alerts(flight, week)],
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _unwatched(flight: Flight, week: int) -> Iterator[str]:
    """Yield the signals of the week that have no monitor in the plan."""
    watched = {(one.service, one.signal) for one in flight.plan.monitors}
    days = flight.days[7 * (week - 1) : 7 * week]
    yield "  " + f"{'signal':30}" + "".join(f"{day:>9}" for day in WEEKDAYS)
    for service in SERVICES:
        for name, signal in SIGNALS.items():
            key = service, name
            if service not in signal.services or key in watched or not any(key in seen for seen in days):
                continue
            cells = [f"{seen[key]:.3g}" if key in seen and np.isfinite(seen[key]) else "" for seen in days]
            yield f"  {service + ' ' + name:30}" + "".join(f"{cell:>9}" for cell in cells)


def _rows(flight: Flight, week: int) -> Iterator[str]:
    """Yield, for each site, how many rows came, how old, what is missing, and the middle of each value."""
    rows = arrived(flight, week)
    for code, site in enumerate(SITES):
        at = rows["site"] == code
        if not at.any():
            continue
        copies = int((rows["copies"][at] > 1).sum())
        yield f"  {site}: {int(at.sum()):,} rows, {copies:,} of them more than once"
        for name in (*VITALS, "vitals_age_hours", *LABS, "result_lag_hours"):
            values = rows[name][at]
            known = values[~np.isnan(values)]
            gone = f"{1000 * (1 - known.size / values.size):.0f} of 1,000 missing"
            spread = np.percentile(known, (10, 50, 90)) if known.size else ()
            middle = (
                "of ten rows one below {:.3g}, half below {:.3g}, one above {:.3g}".format(*spread)
                if known.size
                else ""
            )
            yield f"    {name:18} {gone:22} {middle}"


def _alerts(flight: Flight, week: int) -> Iterator[str]:
    """Yield alerts, answers and beds of each day, by site; and the calls of the week."""
    first = 7 * SHIFTS * (week - 1)
    for code, site in enumerate(SITES):
        part = {name: column[first : first + 7 * SHIFTS, code] for name, column in flight.shifts.items()}
        if not part["beds"].any():
            continue
        for name in ("alerts", "answered"):
            days = part[name].reshape(7, SHIFTS).sum(axis=1)
            yield f"  {site + ' ' + name:30}" + "".join(f"{number:>9}" for number in days.tolist())
        beds = part["beds"].reshape(7, SHIFTS).max(axis=1)
        yield f"  {site + ' beds':30}" + "".join(f"{number:>9}" for number in beds.tolist())


def arrived(flight: Flight, week: int) -> Columns:
    """Return the ward's rows of a week as they came out of the feed.

    They are made again from the year, day by day from where the first incident of the week began: some faults hand out
    what they kept from earlier days.
    """
    last = range(7 * (week - 1), 7 * week)
    cards = [one for one in flight.drawn if "ward" in one.card.services and one.begins <= last[-1]]
    over = {id(one): spell.restored for one, spell in zip(flight.drawn, flight.spells, strict=True)}
    cards = [one for one in cards if min(one.ends, over[id(one)]) > last[0]]
    first = min([last[0], *(int(one.begins) for one in cards)])
    found = []
    for day in range(first, last[-1] + 1):
        rows = _of_day(flight, day, [one for one in cards if one.active(day) and over[id(one)] > day])
        if day in last:
            found.append(rows)
    return {name: np.concatenate([rows[name] for rows in found]) for name in found[0] if not name.startswith("_")}


def _of_day(flight: Flight, day: int, cards: list[Drawn]) -> Columns:
    here = flight.year.on(day)
    place = here.start + np.flatnonzero(flight.ward["present"][here])
    rows = {name: column[place] for name, column in flight.year.windows.items()}
    guest, u = (flight.year.stays[name][rows["stay"]] for name in ("guest", "guest_u"))
    for one in flight.drawn:
        site, share = one.card.guests(one, day) if one.active(day) else ("", 0.0)
        if site == SITES[-1]:  # guests of the new site lie there
            rows["site"] = np.where(guest & (u < share), len(SITES) - 1, rows["site"])
    rows |= {f"_{name}": flight.year.truth[name][place] for name in HOOKED}
    for one in cards:
        rows = one.card.ward_rows(rows, one, day)
    return rows
