"""The simulated on-call team. It does what the plan says, when the plan says it, and nothing else.

An alarm opens a case. ``investigate`` finds the cause if the alarm's signal can show it; then the plan's actions for
that cause are done, one after the other, each holding after its hours. What only contains (a pause, a fallback) ends
when the cause is over or mended and the list is done; where no cause is known, after ``pause.weeks``.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from .card import Drawn
from .plan import Monitor, Plan
from .words import ACTIONS, SERVICES, SIGNALS, SITES

MORNING = 7 / 24  # days after midnight: when alarms are read
QUIET = 7  # days in which a monitor that was answered does not open a second case
HOLDS = ("pause", "fallback", "manual_rounds", "widen_abstention", "top_k", "more_staff", "shadow")  # these end again
CONTAINS = (*HOLDS, "roll_back", "contain_export", "fix_feed", "swap_devices")
TOLD = ("story",)  # each is a new one: a signal that people tell, not a level that stays where it is
FACTORS = {"raise_threshold": 1.5, "lower_threshold": 2 / 3}


@dataclass
class Case:
    """An alarm that is being answered.

    Attributes
    ----------
    cause : Drawn or None
        What was found; None before an investigation, or where it found nothing.
    opened : float
        Days since the year's first midnight.
    todo : list of str
        Actions that have not been begun.
    """

    number: int
    monitor: Monitor
    opened: float
    todo: list[str]
    cause: Drawn | None = None
    looked: bool = False
    holding: set[str] = field(default_factory=set)
    open: bool = True
    busy: bool = False

    @property
    def service(self) -> str:
        """The service whose monitor rang."""
        return self.monitor.service


@dataclass
class Standing:
    """What is in force; the engine reads it before every shift.

    Attributes
    ----------
    held : dict
        Action to the cases that hold it.
    mended : dict
        Card id to the day from which on it has no effect any more.
    factor : dict
        What the team has made of a service's threshold.
    changed : int
        Counts changes; whoever has scored rows compares it.
    """

    held: dict[str, dict[int, Case]] = field(default_factory=lambda: {name: {} for name in HOLDS})
    mended: dict[str, float] = field(default_factory=dict)
    factor: dict[str, float] = field(default_factory=lambda: dict.fromkeys(SERVICES, 1.0))
    changed: int = 0

    def off(self, service: str) -> bool:
        """Return whether a service is switched off."""
        return any(service in services_of(case) for case in self.held["pause"].values())

    def sites(self, action: str) -> set[int]:
        """Return the sites at which an action of the ward holds."""
        found: set[int] = set()
        for case in self.held[action].values():
            found |= sites_of(case)
        return found


def services_of(case: Case) -> tuple[str, ...]:
    """Return the services that a case's actions touch: those of its cause, else the one whose monitor rang."""
    return case.cause.card.services if case.cause else (case.service,)


def sites_of(case: Case) -> set[int]:
    """Return the sites that a case's actions touch: the cause's where it has one, else all."""
    if case.cause is None or case.cause.site < 0:
        return set(range(len(SITES)))
    return {case.cause.site}


class Team:
    """Works through alarms and what follows from them.

    Parameters
    ----------
    write : callable
        Adds a line to the log: ``write(time, kind, **detail)``.
    learn : callable
        ``learn(service, how, time)``: put a retrained, recalibrated or the released model in force.
    """

    def __init__(
        self,
        plan: Plan,
        drawn: Sequence[Drawn],
        write: Callable[..., Any],
        learn: Callable[[str, str, float], None],
    ):
        self.plan, self.drawn, self.write, self.learn = plan, drawn, write, learn
        self.standing = Standing()
        self.cases: list[Case] = []
        self.hours: dict[str, float] = {}
        self._queue: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = count()
        self._last: dict[tuple[str, str], float] = {}

    # alarms ---------------------------------------------------------------------------------------------------------

    def morning(self, day: int, seen: Mapping[tuple[str, str], float]) -> None:
        """Read the monitors of the plan and answer those that ring; close what is over."""
        time = day + MORNING
        for case in self.cases:
            if case.open and self._over(case, time):
                self._close(case, time, "the cause is over")
        for monitor in self.plan.monitors:
            value = seen.get((monitor.service, monitor.signal))
            if value is None or not rings(monitor, value):
                continue
            known = self._known(monitor, time)
            line = {"service": monitor.service, "signal": monitor.signal, "value": round(float(value), 4)}
            self.write(time, "alarm", **line, limit=monitor.limit, owner=monitor.owner, known=known)
            if not known:
                self._open(monitor, time)

    def _known(self, monitor: Monitor, time: float) -> bool:
        """Return whether an alarm is already being answered, or was within a week."""
        if time - self._last.get((monitor.service, monitor.signal), -99.0) < QUIET:
            return True
        for case in self.cases:
            same = (case.service, case.monitor.signal) == (monitor.service, monitor.signal)
            shows = case.cause is not None and monitor.signal in case.cause.card.seen_by
            done = not (case.busy or case.todo or case.holding)
            if case.open and (same or shows) and not (done and monitor.signal in TOLD):
                return True
        return False

    def _open(self, monitor: Monitor, time: float) -> None:
        self._last[monitor.service, monitor.signal] = time
        case = Case(len(self.cases) + 1, monitor, time, list(monitor.then))
        self.cases.append(case)
        self._next(case, time)

    # actions --------------------------------------------------------------------------------------------------------

    def due(self, time: float) -> None:
        """Do what has come due by ``time``."""
        while self._queue and self._queue[0][0] <= time:
            when, _, what = heapq.heappop(self._queue)
            what(when)

    def _later(self, time: float, what: Callable[[float], None]) -> None:
        heapq.heappush(self._queue, (time, next(self._order), what))

    def _next(self, case: Case, time: float) -> None:
        """Begin the next action of a case's list."""
        if not case.open or not case.todo:
            return
        name, case.busy = case.todo.pop(0), True
        action = ACTIONS[name]
        hours = self.plan.rollback.minutes / 60 if name == "roll_back" else action.hours
        self.hours[name] = self.hours.get(name, 0.0) + action.staff
        self.write(time, "begins", case=case.number, action=name, cause=cause_of(case), who=self._who(case, name))
        self._later(time + hours / 24, lambda when: self._holds(case, name, when))

    def _who(self, case: Case, name: str) -> str:
        """Return who decides: the rollback's authority, the cause's, else the monitor's owner."""
        if name == "roll_back":
            return self.plan.rollback.authority
        named = self.plan.causes.get(case.cause.card.id) if case.cause else None
        return named.authority if named and ACTIONS[name].changes and named.authority else case.monitor.owner

    def _holds(self, case: Case, name: str, time: float) -> None:
        self.write(time, "holds", case=case.number, action=name, cause=cause_of(case))
        case.busy = False
        self.standing.changed += 1
        if name == "investigate":
            self._found(case, time)
        elif name in HOLDS:
            case.holding.add(name)
            self.standing.held[name][case.number] = case
            if not case.cause:
                self._later(time + 7 * self.plan.pause.weeks, lambda when: self._close(case, when, "time is up"))
        elif name == "resume":
            self._close(case, time, "as the plan says")
        elif name in FACTORS:
            for service in services_of(case):
                self.standing.factor[service] *= FACTORS[name]
        elif name in ("retrain", "recalibrate", "roll_back"):
            self._models(case, name, time)
        self._mend(case, name, time)
        self._next(case, time)

    def _models(self, case: Case, name: str, time: float) -> None:
        parts = self.plan.rollback
        for service in services_of(case):
            if name != "roll_back" or parts.model or parts.features:
                self.learn(service, name, time)
            if name == "roll_back" and parts.threshold:
                self.standing.factor[service] = 1.0

    def _found(self, case: Case, time: float) -> None:
        """End an investigation: its cause, and what the plan says of it."""
        cause = self._cause(case)
        if cause is not None and any(other.open and other.cause is cause for other in self.cases):
            self.write(time, "found", case=case.number, cause=cause.card.id, known=True)
            self._close(case, time, "it is being answered already")
            return
        case.cause, case.looked = cause, True
        self.write(time, "found", case=case.number, cause=cause_of(case), known=False)
        named = self.plan.causes.get(cause.card.id) if cause else None
        case.todo = list(named.then if named else self.plan.unknown) + case.todo
        for role in named.notify if named else ():
            self.write(
                time + 1 / 24,
                "notice",
                case=case.number,
                role=role,
                hours=round(24 * (time - case.opened) + 1, 1),
                within=named.within_hours,
            )

    def _cause(self, case: Case) -> Drawn | None:
        """Return what an investigation finds: of the cards that show in this signal, the one that began first."""
        shows = [
            one
            for one in self.drawn
            if one.active(int(case.opened) - 1)  # the monitors of a morning speak of the day before
            and one.card.id not in self.standing.mended
            and case.service in one.card.services
            and case.monitor.signal in one.card.seen_by
        ]
        open_ = [case.cause for case in self.cases if case.open]
        new = [one for one in shows if not any(one is cause for cause in open_)]
        return min(new or shows, key=lambda one: (one.begins, one.card.id), default=None)

    def _mend(self, case: Case, name: str, time: float) -> None:
        cause = case.cause
        if cause is None or name not in cause.card.mends or cause.card.id in self.standing.mended:
            return
        if name == "roll_back" and not rolled_back(self.plan, cause):
            self.write(time, "not_mended", case=case.number, cause=cause.card.id, why="the part is not in [rollback]")
            return
        self.standing.mended[cause.card.id] = time
        self.write(time, "mended", case=case.number, cause=cause.card.id)

    # ends -----------------------------------------------------------------------------------------------------------

    def _over(self, case: Case, time: float) -> bool:
        """Return whether a case's cause is over or mended, and its list done."""
        if case.busy or case.todo:
            return False
        if case.cause is None:
            return not case.holding
        return case.cause.card.id in self.standing.mended or not case.cause.active(int(time))

    def _close(self, case: Case, time: float, why: str) -> None:
        if not case.open:
            return
        case.open, case.todo = False, []
        for name in case.holding:
            self.standing.held[name].pop(case.number, None)
        self.standing.changed += 1
        self._last[case.service, case.monitor.signal] = time
        self.write(time, "closed", case=case.number, cause=cause_of(case), ended=sorted(case.holding), why=why)
        case.holding = set()


def rings(monitor: Monitor, value: float) -> bool:
    """Return whether a value lies on the wrong side of a monitor's limit."""
    below = SIGNALS[monitor.signal].alarms == "below"
    return value < monitor.limit if below else value > monitor.limit


def rolled_back(plan: Plan, cause: Drawn) -> bool:
    """Return whether the plan's rollback puts back the part that a card has changed."""
    part = "threshold" if cause.card.id == "threshold_typo" else "model"
    return bool(getattr(plan.rollback, part))


def cause_of(case: Case) -> str:
    """Return the id of a case's cause, or what is known of it."""
    return case.cause.card.id if case.cause else ("none found" if case.looked else "not looked for")
