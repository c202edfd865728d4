"""Rules that bind two keys of a plan together: what makes it executable without its author.

They look at the tables as they stand in the file, so that one wrong value hides no other fault; a value of the wrong
kind is left to the table's own check.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .words import ACTIONS, SIGNALS

# The duty binds whoever uses the tool; facts: 45 CFR 92.210 (Section 1557), as read in 2026.
EXPOSURE = (
    "since 1 May 2025, 45 CFR 92.210 asks covered entities for reasonable efforts to identify decision support tools "
    "that use race as an input and to mitigate the risk of discrimination; its enforcement is unsettled"
)


class Fault(NamedTuple):
    """One thing that is wrong: where, and what to write."""

    key: str
    write: str


class Scale(NamedTuple):
    """Which limits a signal can have, in numbers and in words."""

    low: float
    high: float
    low_too: bool
    high_too: bool
    says: str

    def holds(self, limit: float) -> bool:
        """Say whether a limit lies on the scale."""
        above = limit >= self.low if self.low_too else limit > self.low
        below = limit <= self.high if self.high_too else limit < self.high
        return above and below


_SHARE = Scale(0, 1, True, False, "a share from 0 to below 1, like 0.05 for 50 of 1,000")
_LEAST = Scale(0, 1, False, True, "a share above 0 and up to 1, like 0.6; it rings below")
_RINGS = Scale(0, 1, True, False, "0: the signal is 1 when something is wrong, and it rings above the limit")
_TIMES = Scale(0, 20, False, True, "a multiple of the usual, like 1.5, above 0 and up to 20")
_INDEX = Scale(0, 5, True, True, "an index from 0 to 5, like 0.25")
_ERRORS = Scale(0, 50, False, True, "standard errors, like 4, above 0 and up to 50")
_HOURS = Scale(0, 72, False, True, "hours above 0 and up to 72")
_COUNT = Scale(0, 1000, True, True, "a count from 0 to 1000")
SCALES: Mapping[str, Scale] = {
    "heartbeat": _RINGS,
    "rows": _LEAST,
    "freshness": _HOURS,
    "input_drift": _INDEX,
    "score_drift": _INDEX,
    "lab_level": _ERRORS,
    "alerts": _TIMES,
    "census": _TIMES,
    "observed_expected": _TIMES,
    "below_expected": _LEAST,
    "release_diff": _COUNT,
    "new_rows_of_a_site": _COUNT,
    "egress_scan": _COUNT,
    "story": _RINGS,
}


def broken(plan: Mapping[str, Any]) -> list[Fault]:
    """Return the rules that a plan breaks, given its tables (``monitors`` a list, ``causes`` by name)."""
    return [*_groups(_table(plan, "ward")), *_monitors(plan), *_causes(plan), *_rollback(plan)]


def monitor_key(number: int, monitor: Mapping[str, Any]) -> str:
    """Return how a monitor is called in a message: its place in the file, and what it watches."""
    return f"[[monitor]] {number + 1} ({monitor.get('service', '?')} {monitor.get('signal', '?')})"


# the ward -----------------------------------------------------------------------------------------------------------


def _groups(ward: Mapping[str, Any]) -> Iterator[Fault]:
    groups, policy = ward.get("groups") or {}, ward.get("policy", "fixed")
    if groups and policy != "group":
        yield Fault("[ward.groups]", 'it changes nothing with this policy; write policy = "group", or take it out')
    if policy != "group":
        return
    if not groups:
        yield Fault("[ward.groups]", "it is missing; write a threshold for black and for others, or another policy")
    if not ward.get("disclosed"):
        yield Fault(
            "[ward] disclosed", f"thresholds by group must be told ({EXPOSURE}); write the sentence patients read"
        )
    if not ward.get("approved_by"):
        why = f" ({EXPOSURE})" if ward.get("disclosed") else ""  # said once is enough
        yield Fault("[ward] approved_by", f"thresholds by group need a name{why}; write who answers for them")


# monitors -----------------------------------------------------------------------------------------------------------


def _monitors(plan: Mapping[str, Any]) -> Iterator[Fault]:
    seen: dict[tuple[str, str], int] = {}
    for number, monitor in enumerate(_items(plan, "monitors")):
        key, service, name = monitor_key(number, monitor), monitor.get("service"), monitor.get("signal")
        signal = SIGNALS.get(name) if isinstance(name, str) else None
        if signal is None or not isinstance(service, str):
            continue
        if service in ("ward", "list") and service not in signal.services:
            where = " and ".join(signal.services)
            yield Fault(
                f"{key} service", f'{name} exists for {where} only; write "{signal.services[0]}", or take it out'
            )
        elif (service, name) in seen:
            yield Fault(f"{key} signal", f"[[monitor]] {seen[service, name] + 1} watches the same; keep one of them")
        seen.setdefault((service, name), number)
        yield from _limit(key, name, monitor.get("limit"))
        window = monitor.get("window_days", signal.every)
        if isinstance(window, int) and window != signal.every:
            often = "every day" if signal.every == 1 else "on Mondays, of seven days"
            yield Fault(f"{key} window_days", f"{name} is measured {often}; write {signal.every}, or leave it out")
        if name == "group_gap" and not _table(plan, "labels").get("chart_reviews_a_week"):
            write = "group_gap is measured from chart reviews and this plan makes none; write at least 1, better 20"
            yield Fault("[labels] chart_reviews_a_week", write)


def _limit(key: str, name: str, limit: Any) -> Iterator[Fault]:
    if isinstance(limit, bool) or not isinstance(limit, int | float):
        return
    scale = SCALES.get(name, _SHARE)
    if not scale.holds(limit):
        yield Fault(f"{key} limit", f"{limit:g} is not on this signal's scale; write {scale.says}")


# causes, and whoever may decide -------------------------------------------------------------------------------------


def _causes(plan: Mapping[str, Any]) -> Iterator[Fault]:
    causes = plan.get("causes")
    for name, cause in causes.items() if isinstance(causes, Mapping) else ():
        if not isinstance(cause, Mapping):
            continue
        changing = [one for one in _actions(cause, "then") if one != "roll_back" and ACTIONS[one].changes]
        if changing and not cause.get("authority"):
            write = f"{changing[0]} changes what patients get and nobody may decide it; write the role that may"
            yield Fault(f"[[cause]] {name} authority", write)
        if cause.get("notify") and not cause.get("within_hours"):
            yield Fault(f"[[cause]] {name} within_hours", "it names whom to notify and no time; write hours, like 24")
        if "notify" in _actions(cause, "then") and not cause.get("notify"):
            yield Fault(
                f"[[cause]] {name} notify", 'the action notify has nobody to tell; write roles, like ["nurse_lead"]'
            )


def _rollback(plan: Mapping[str, Any]) -> Iterator[Fault]:
    rollback = _table(plan, "rollback")
    parts = [name for name in ("model", "features", "threshold") if rollback.get(name)]
    wanted = next((place for place, then in _lists(plan) if "roll_back" in then), None)
    if wanted and not parts:
        write = f"{wanted} rolls back and no part is named; write true for what the last release puts back, all three"
        yield Fault("[rollback]", write)
    if (wanted or parts) and not rollback.get("authority"):
        yield Fault(
            "[rollback] authority", "a rollback that nobody may decide does not happen; write the role that may"
        )


def _lists(plan: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for number, monitor in enumerate(_items(plan, "monitors")):
        yield monitor_key(number, monitor), _actions(monitor, "then")
    causes = plan.get("causes")
    for name, cause in causes.items() if isinstance(causes, Mapping) else ():
        if isinstance(cause, Mapping):
            yield f"[[cause]] {name}", _actions(cause, "then")
    yield "unknown", _actions(plan, "unknown")


# reading what may be anything ---------------------------------------------------------------------------------------


def _table(plan: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = plan.get(name)
    return found if isinstance(found, Mapping) else {}


def _items(plan: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = plan.get(name)
    return [one if isinstance(one, Mapping) else {} for one in found] if isinstance(found, list | tuple) else []


def _actions(table: Mapping[str, Any], name: str) -> list[str]:
    found = table.get(name)
    return [one for one in found if isinstance(one, str) and one in ACTIONS] if isinstance(found, list | tuple) else []
