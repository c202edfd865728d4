"""What the parts of the assistant hand each other: a visit as the desk knows it, and what the assistant says of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

State = Literal["risk", "waits", "abstains", "no answer", "silent", "off"]


@dataclass(frozen=True)
class Reading:
    """A measured value: what, how much, in which unit, and when (UTC); ``value`` is None where nothing was measured."""

    name: str
    value: float | None
    unit: str
    at: dt.datetime | None = None


@dataclass(frozen=True)
class Visit:
    """A visit at the emergency desk as known now. Names and every other text are a stranger's: escape them."""

    encounter_id: str
    patient_id: str
    name: str
    birth_date: dt.date | None
    sex: str
    site: str
    arrived_at: dt.datetime
    readings: Mapping[str, Reading] = field(default_factory=dict)
    comfort_care: bool = False
    interpreter: bool = False
    emergency_before: int = 0

    def age(self, now: dt.datetime) -> int | None:
        """Return the age in completed years, or None without a birth date."""
        if self.birth_date is None:
            return None
        born, today = self.birth_date, now.date()
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


@dataclass(frozen=True)
class Risk:
    """What the model said: a calibrated probability, and each factor's push in log-odds against the reference."""

    probability: float
    pushes: Mapping[str, float]
    model: str  # name and version, "triage-critical-12h 3"
    average: float | None = None  # share of all visits the model was made from: what the risk is compared with


@dataclass(frozen=True)
class NoAnswer:
    """No risk, and the reason in a sentence for the person at the desk."""

    why: str


@dataclass(frozen=True)
class Factor:
    """One of at most three factors: direction in words, the value as written, its unit, when and how old."""

    name: str
    label: str
    direction: Literal["raises", "lowers"]
    value: str
    unit: str
    at: dt.datetime | None
    minutes_old: int | None


@dataclass(frozen=True)
class Fired:
    """A rule that fired, with the sentence that the desk reads."""

    name: str
    says: str


@dataclass(frozen=True)
class Advice:
    """What the assistant says of one visit.

    Attributes
    ----------
    state
        ``risk``; ``waits`` (there may be a risk, shown once the nurse gave a level: until then it is in no field);
        ``abstains`` (outside what the model was made for, or too much is missing or stale); ``no
        answer`` (feed or model failed); ``silent`` (comfort care); ``off`` (switched off).
    words
        The risk in words, or the plain sentence why there is none.
    of_1000
        Of 1,000 patients like this one; None where there is no risk.
    high
        Whether the risk reaches the threshold.
    rules
        Rules that fired. They do not need the model: shown in every state but ``silent``.
    missing, stale
        Labels of the factors that were not measured, and of those measured too long ago.
    check
        Values outside what is plausible, as written ("Oxygen saturation 61 %"): danger until shown otherwise.
    """

    state: State
    words: str
    of_1000: int | None = None
    high: bool = False
    factors: tuple[Factor, ...] = ()
    rules: tuple[Fired, ...] = ()
    missing: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    model: str = ""
    check: tuple[str, ...] = ()
