"""A week of a flight in words: what the monitors showed, what the team saw and did. Nothing that it could not know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .words import ACTIONS, WEEKS

if TYPE_CHECKING:
    from .result import Flight

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def week_of(log: Sequence[Mapping[str, Any]], week: int) -> list[str]:
    """Return what the log says of a week, from 1 to 52: its days, then its numbers.

    Raises
    ------
    ValueError
        The year has no such week.
    """
    if not 1 <= week <= WEEKS:
        raise ValueError(f"The year has weeks 1 to {WEEKS}, no week {week}; give one of these.")
    lines = [f"Week {week} of {WEEKS}"]
    lines += [f"  {_line(one)}" for one in log if one["kind"] not in ("week", "flight") and one["day"] // 7 == week - 1]
    lines += [f"  {_numbers(one)}" for one in log if one["kind"] == "week" and one["week"] == week]
    return lines


def monitors_of(flight: Flight, week: int) -> list[str]:
    """Return what each monitor of the plan read on the mornings of a week; ``*`` marks what rang."""
    from .team import rings

    lines = ["  " + f"{'signal':26}{'limit':>9}" + "".join(f"{day:>9}" for day in WEEKDAYS)]
    for monitor in flight.plan.monitors:
        cells = []
        for seen in flight.days[7 * (week - 1) : 7 * week]:
            value = seen.get((monitor.service, monitor.signal))
            shown = "" if value is None or value != value else f"{value:.3g}{'*' if rings(monitor, value) else ' '}"
            cells.append(f"{shown:>9}")
        lines.append(f"  {monitor.service + ' ' + monitor.signal:26}{monitor.limit:>9.3g}" + "".join(cells))
    return lines


def _line(one: Mapping[str, Any]) -> str:
    return f"{WEEKDAYS[one['day'] % 7]} {_clock(one['hour'])}  {''.join(_words(one))}"


def _clock(hour: float) -> str:
    minutes = min(round(60 * hour), 24 * 60 - 1)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _words(one: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line of the log as a sentence; a kind that has none here is shown as it stands."""
    kind, case = one["kind"], f"case {one['case']}" if "case" in one else ""
    if kind == "alarm":
        yield f"alarm: {one['service']} {one['signal']} is {one['value']:g}, its limit {one['limit']:g}; {one['owner']}"
        yield ", who knows of it" if one.get("known") else ""
    elif kind == "begins":
        yield f"{case}: {one['who']} decides to {ACTIONS[one['action']].says}"
    elif kind == "holds":
        yield f"{case}: {one['action']} {'holds' if ACTIONS[one['action']].changes else 'is done'}"
    elif kind == "found":
        yield f"{case}: the cause is {one['cause']}" if one["cause"] != "none found" else f"{case}: no cause was found"
        yield ", which another case answers" if one.get("known") else ""
    elif kind == "notice":
        late = "" if one["hours"] <= one["within"] else ", too late"
        yield f"{case}: {one['role']} is told after {one['hours']:g} hours, of {one['within']:g} allowed{late}"
    elif kind == "closed":
        idle = one.get("cause") in ("none found", "not looked for") and one["why"] == "the cause is over"
        yield f"{case}: closed, {'its list is done' if idle else one['why']}"
    else:
        more = ", ".join(
            f"{key} {value}" for key, value in one.items() if key not in ("n", "day", "hour", "kind", "case")
        )
        yield ": ".join(part for part in (case, kind.replace("_", " "), more) if part)


def _numbers(one: Mapping[str, Any]) -> str:
    return (
        f"In the week: {one['present']:,} patient-windows of eight hours, {one['scored']:,} scored, "
        f"{one['alert']:,} alerts, {one['delivered']:,} reached a nurse, {one['answered']:,} answered; "
        f"{one['called']:,} of {one['listed']:,} discharged at home called."
    )
