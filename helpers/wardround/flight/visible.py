"""What was visible when: for each incident, on which morning a signal could first have been read, and who looked.

Told after the fact. Looks at every signal that exists, also those the plan did not watch, against the limit that a
quiet year seldom crosses: the reference plan's, which quiet years gave, else that of ``words.SIGNALS``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from .card import Drawn
from .plan import load_plan
from .words import ACTIONS, DAYS, SIGNALS

if TYPE_CHECKING:
    from .result import Flight, Spell

AFTER = 14  # days after an incident in which a signal that looks back may still show it
BEFORE = 28  # days before it in which a signal that is over its limit already says nothing about it


@dataclass(frozen=True)
class Sign:
    """A signal in which an incident can be seen.

    Attributes
    ----------
    day : int or None
        The first morning on which it was on the wrong side of its usual limit; None if it never was.
    value, usual : float
        What it read then, and that limit.
    limit : float or None
        The plan's own limit; None if the plan did not watch it.
    rang : int or None
        The first morning on which the plan's monitor rang.
    before : bool
        It was over its usual limit in the four weeks before, too: a reading that proves little.
    """

    service: str
    signal: str
    day: int | None
    value: float
    usual: float
    limit: float | None
    rang: int | None
    before: bool

    @property
    def says(self) -> str:
        """Return what is measured."""
        return SIGNALS[self.signal].says


@dataclass(frozen=True)
class Answer:
    """An alarm that rang for an incident and was answered by something else than a search for its cause."""

    time: float
    service: str
    signal: str
    did: tuple[str, ...]


@dataclass(frozen=True)
class Met:
    """How an incident was met; days of the year, None where it never came to that.

    Attributes
    ----------
    alarm : float or None
        That whose case found the cause.
    answers : tuple of Answer
        Alarms of signals that show it, answered without a look for the cause. No score counts them: whoever does not
        know the cause mends nothing. On a decoy such an answer may be all that is right.
    """

    drawn: Drawn
    spell: Spell
    signs: tuple[Sign, ...]
    alarm: float | None
    found: float | None
    contained: float | None
    restored: float | None
    did: tuple[str, ...]
    answers: tuple[Answer, ...] = ()

    @property
    def heard(self) -> float | None:
        """Return when an alarm for it was first answered, whether or not its cause was looked for."""
        times = [one.time for one in self.answers]
        return min([*times, *([self.alarm] if self.alarm is not None else [])], default=None)

    @property
    def visible(self) -> int | None:
        """Return the first morning on which anybody could have seen it; at the latest that of the alarm for it."""
        days = [one.day for one in self.signs if one.day is not None and not one.before]
        return min([*days, *([int(self.heard)] if self.heard is not None else [])], default=None)

    @property
    def first(self) -> Sign | None:
        """Return the sign that came first."""
        there = [one for one in self.signs if one.day is not None and not one.before]
        return min(there, key=lambda one: (one.day, one.limit is None, one.signal), default=None)

    @property
    def best(self) -> tuple[Sign, ...]:
        """Return the best signal that could be trusted this year, for each service; empty where there was none."""
        return best(self.signs)

    @property
    def over(self) -> float:
        """Return the day on which it was over: mended, or by itself, or with the year."""
        return min(self.spell.ends, DAYS, np.inf if self.restored is None else self.restored)

    @property
    def late(self) -> float | None:
        """Return the days between the first sign and the alarm; None where one of them is missing."""
        return None if self.visible is None or self.alarm is None else max(0.0, self.alarm - self.visible)


def met(flight: Flight) -> tuple[Met, ...]:
    """Return how each incident of a flight was met, in the order in which they began."""
    pairs = zip(flight.drawn, flight.spells, strict=True)
    found = [_met(flight, one, spell) for one, spell in pairs]
    return tuple(sorted(found, key=lambda one: (one.spell.begins, one.spell.cause)))


def _met(flight: Flight, drawn: Drawn, spell: Spell) -> Met:
    cases = {line["case"] for line in flight.log if line["kind"] == "found" and line["cause"] == spell.cause}
    found = [
        time(line)
        for line in flight.log
        if line["kind"] == "found" and line["cause"] == spell.cause and spell.begins <= time(line)
    ]
    did = [line["action"] for line in flight.log if line["kind"] == "holds" and line["case"] in cases]
    finite = (value if np.isfinite(value) else None for value in (spell.detected, spell.contained, spell.restored))
    alarm, contained, restored = finite
    signs = signs_of(flight, drawn)
    seen = tuple(dict.fromkeys(name for name in did if name in ACTIONS))
    answers = _answers(flight, drawn, spell, signs)
    return Met(drawn, spell, signs, alarm, min(found, default=None), contained, restored, seen, answers)


def _answers(flight: Flight, drawn: Drawn, spell: Spell, signs: tuple[Sign, ...]) -> tuple[Answer, ...]:
    """Return the alarms for an incident that were answered without a search; restless signals ring for anything."""
    shows = {(one.service, one.signal) for one in signs if not one.before}
    begun = {line["case"] for line in flight.log if line["kind"] == "begins" and line["action"] == "investigate"}
    opened = [line for line in flight.log if line["kind"] == "alarm" and not line["known"]]
    found = []
    for case, line in enumerate(opened, 1):  # each alarm that nobody is answering yet opens the next case
        mine = (line["service"], line["signal"]) in shows and drawn.active(line["day"] - 1)
        if not mine or case in begun or time(line) > spell.restored:
            continue
        did = [one["action"] for one in flight.log if one["kind"] == "holds" and one["case"] == case]
        if did:
            found.append(Answer(time(line), line["service"], line["signal"], tuple(dict.fromkeys(did))))
    return tuple(found)


def signs_of(flight: Flight, drawn: Drawn) -> tuple[Sign, ...]:
    """Return what each signal that can show an incident said in a flight, the card's best signal first."""
    return tuple(_sign(flight, drawn, service, signal) for service, signal in _shown(drawn))


def best(signs: tuple[Sign, ...]) -> tuple[Sign, ...]:
    """Return the first signal that crossed its usual limit and had not done so before, in each service that has it."""
    trusted = [one for one in signs if one.day is not None and not one.before]
    order = list(dict.fromkeys(one.signal for one in signs))
    name = min((one.signal for one in trusted), key=order.index, default=None)
    return tuple(one for one in trusted if one.signal == name)


def _shown(drawn: Drawn) -> list[tuple[str, str]]:
    """Return the signals that can show an incident, with their services."""
    card = drawn.card
    return [(of, name) for of in card.services for name in card.seen_by if of in SIGNALS[name].services]


def _sign(flight: Flight, drawn: Drawn, service: str, signal: str) -> Sign:
    key = service, signal
    usual = usual_limit(*key)
    first, last = int(drawn.begins) + 1, min(DAYS, int(drawn.ends) + 1 + AFTER)  # a morning speaks of the day before
    over = [day for day in range(first, last) if wrong(signal, flight.days[day].get(key), usual)]
    # Mondays are few: four of them are enough to know whether a signal is restless
    before = any(wrong(signal, flight.days[day].get(key), usual) for day in range(max(0, first - BEFORE), first))
    own = [one.limit for one in flight.plan.monitors if (one.service, one.signal) == key]
    rang = [
        line["day"]
        for line in flight.log
        if line["kind"] == "alarm" and (line["service"], line["signal"]) == key and first <= line["day"] < last
    ]
    day = over[0] if over else None
    value = flight.days[day][key] if day is not None else np.nan
    return Sign(service, signal, day, float(value), usual, own[0] if own else None, min(rang, default=None), before)


@cache
def usual_limit(service: str, signal: str) -> float:
    """Return the limit that a signal seldom crosses in a quiet year."""
    for one in load_plan("reference").monitors:
        if (one.service, one.signal) == (service, signal):
            return one.limit
    return SIGNALS[signal].usual


def wrong(signal: str, value: float | None, limit: float) -> bool:
    """Return whether a reading lies on the wrong side of a limit; a missing one does not."""
    if value is None or np.isnan(value):
        return False
    return value < limit if SIGNALS[signal].alarms == "below" else value > limit


def time(line: dict) -> float:
    """Return when a line of the log was written, in days since the year's first midnight."""
    return line["day"] + line["hour"] / 24
