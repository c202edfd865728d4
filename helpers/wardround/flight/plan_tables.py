"""The tables of a plan: what each key may hold, and in which words a wrong one is told.

A plan is carried out by a simulated team that asks nobody, so nothing in it may be open to interpretation. Rules that
bind two keys together stand in :mod:`plan_rules`; reading a file, and saying what is wrong with it, in :mod:`plan`.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, StringConstraints, model_validator

from .words import ACTIONS, ROLES, SERVICES, SIGNALS

TIME_TO_TEST = 14  # days of notice below which nobody has tried a vendor's change before it comes (assumption)
GROUPS = ("black", "others")  # whom the oximeter of one card misjudges, and everybody else
FORECAST_AXES = ("benefit", "harm", "burden", "equity", "resilience")

Number = Annotated[float, Strict()]
Whole = Annotated[int, Strict()]
Flag = Annotated[bool, Strict()]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=600)]


def cards() -> tuple[str, ...]:
    """Return the names that a cause may have: the ids of the deck."""
    from .deck import DECK  # numpy and a hospital: only once a plan names a cause

    return tuple(DECK)


def meant(text: str, choices: Iterable[str]) -> str | None:
    """Return which of the choices a misspelt word is closest to, or None."""
    found = difflib.get_close_matches(text.lower(), list(choices), n=1, cutoff=0.6)
    return found[0] if found else None


def told(text: str, what: str, choices: Iterable[str]) -> str:
    """Return the sentence that says that a word is none of the choices, and which to write."""
    known = tuple(choices)
    near = meant(text, known)
    write = f'"{near}"' if near else f"one of {', '.join(known)}"
    return f"{text!r} is no {what}; write {write}"


def _one_of(what: str, choices: Callable[[], Iterable[str]]) -> AfterValidator:
    def check(text: str) -> str:
        if text not in choices():
            raise ValueError(told(text, what, choices()))
        return text

    return AfterValidator(check)


def _choice(*known: str) -> Any:
    return Annotated[str, _one_of("choice here", lambda: known)]


Service = Annotated[str, _one_of("service", lambda: SERVICES)]
Watched = Annotated[str, _one_of("signal", lambda: SIGNALS)]
Do = Annotated[str, _one_of("action", lambda: ACTIONS)]
Role = Annotated[str, _one_of("role", lambda: ROLES)]
MaybeRole = Annotated[str, _one_of("role", lambda: ("", *ROLES))]
CardId = Annotated[str, _one_of("cause (the name of a card)", cards)]
_ROLES = f"one of {', '.join(ROLES)}"
_DO = 'a list of actions like ["investigate"]'
_FLAG = "true or false, in small letters and without quotes"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Ward(_Table):
    """``[ward]``: the early warning, and whom it alerts.

    Attributes
    ----------
    threshold : float
        Risk from which on a row alerts.
    policy : str
        ``fixed``: that threshold for everybody; ``capacity``: at most ``alerts_a_shift`` at a site, highest first;
        ``group``: the thresholds of ``groups``, which is contested and must be disclosed.
    """

    model: _choice("quillmere") = Field("quillmere", description='"quillmere", the hospital\'s model')
    threshold: Number = Field(gt=0, lt=1, description="a probability between 0 and 1, like 0.04 for 40 of 1,000")
    policy: _choice("fixed", "capacity", "group") = Field("fixed", description='"fixed", "capacity" or "group"')
    alerts_a_shift: Whole = Field(4, ge=1, le=60, description="a whole number from 1 to 60")
    groups: dict[_choice(*GROUPS), Annotated[Number, Field(gt=0, lt=1)]] = Field(
        {}, description="a probability between 0 and 1 for each group, black and others"
    )
    disclosed: Text = Field("", description="a sentence in quotes")
    approved_by: MaybeRole = Field("", description=_ROLES)


class List(_Table):
    """``[list]``: the daily list of care calls."""

    model: _choice("reference", "own") = Field("reference", description='"reference" or "own" (your released model)')
    calls_a_week: Whole = Field(
        16, ge=0, le=16, description="a whole number from 0 to 16; the hospital pays for no more than 16"
    )
    threshold: Number = Field(0.0, ge=0, lt=1, description="a probability from 0 to below 1; 0 calls the highest risks")


class Contracts(_Table):
    """``[contracts]``: what is checked at the door, every day, without anybody looking."""

    value_contract: _choice("block", "pass") = Field("pass", description='"block" or "pass"')
    freshness: _choice("block", "pass") = Field("pass", description='"block" or "pass"')
    freshness_hours: Number = Field(36.0, ge=1, le=72, description="hours from 1 to 72")
    time_order: _choice("block", "pass") = Field("pass", description='"block" or "pass"')
    unknown_codes: _choice("block", "pass") = Field("pass", description='"block" or "pass"')
    duplicates: _choice("once", "each") = Field("each", description='"once" or "each"')


class Monitor(_Table):
    """One of ``[[monitor]]``: what is watched, from which limit on it rings, who owns it, what is done."""

    service: Service = Field(description='"ward" or "list"')
    signal: Watched = Field(description="the name of a signal")
    limit: Number = Field(description="a number on the signal's scale")
    owner: Role = Field(description=_ROLES)
    then: tuple[Do, ...] = Field(min_length=1, description=_DO)
    window_days: Whole = Field(0, description="1 for a daily signal, 7 for a weekly one, or leave it out")

    @model_validator(mode="before")
    @classmethod
    def _window(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and "window_days" not in given and given.get("signal") in SIGNALS:
            return {**given, "window_days": SIGNALS[given["signal"]].every}
        return given


class Cause(_Table):
    """One of ``[[cause]]``: what is done once an investigation has found this cause."""

    name: CardId = Field(description="the name of a card")
    then: tuple[Do, ...] = Field(min_length=1, description=_DO)
    notify: tuple[Role, ...] = Field((), description=f"a list of roles, each {_ROLES}")
    within_hours: Number = Field(0.0, ge=0, le=24 * 90, description="hours from 1 to 2160")
    authority: MaybeRole = Field("", description=_ROLES)


class Rollback(_Table):
    """``[rollback]``: which parts the last good release puts back, who may decide it, and how long it takes."""

    model: Flag = Field(False, description=_FLAG)
    features: Flag = Field(False, description=_FLAG)
    threshold: Flag = Field(False, description=_FLAG)
    authority: MaybeRole = Field("", description=_ROLES)
    minutes: Whole = Field(240, ge=1, le=7 * 24 * 60, description="whole minutes from 1 to 10080 (a week)")


class Pause(_Table):
    """``[pause]``: the longest time for which something stays switched off when no cause ends it."""

    weeks: Number = Field(2.0, gt=0, le=52, description="weeks, above 0 and up to 52")


class Gates(_Table):
    """``[gates]``: what must hold before a release, or a new site, is shown to anybody.

    Attributes
    ----------
    subgroup_floor : float
        Sensitivity on past windows, at the threshold, that a release must reach in each recorded group; 0: not asked.
    replay : bool
        Whether a release that ranks the past half year worse than what is in force is refused.
    """

    shadow_weeks: Whole = Field(0, ge=0, le=52, description="whole weeks from 0 to 52")
    events: Whole = Field(0, ge=0, le=500, description="a whole number of events from 0 to 500")
    subgroup_floor: Number = Field(0.0, ge=0, le=1, description="a sensitivity from 0 to 1")
    replay: Flag = Field(False, description=_FLAG)


class Vendor(_Table):
    """``[vendor]``: what the contract with whoever runs the model asks of them.

    A test of one's own cases keeps a change out only where there is time for it: :data:`TIME_TO_TEST` days of notice.
    """

    pinned: Flag = Field(False, description=_FLAG)
    notice_days: Whole = Field(0, ge=0, le=365, description="whole days from 0 to 365")
    acceptance_test: Flag = Field(False, description=_FLAG)


class Labels(_Table):
    """``[labels]``: when an outcome counts as known, and how many charts are read."""

    lag_days: Whole = Field(30, ge=30, le=180, description="whole days from 30 (a readmission needs them) to 180")
    chart_reviews_a_week: Whole = Field(0, ge=0, le=100, description="a whole number from 0 to 100")


class Staff(_Table):
    """``[staff]``: which alerts are answered when there are more than hands."""

    above_capacity: _choice("highest", "first") = Field("first", description='"highest" or "first"')


class Range(_Table):
    """A forecast: with this confidence the year's number will lie from ``low`` to ``high``."""

    low: Number = Field(description="a number, the lower end")
    high: Number = Field(description="a number, the upper end")
    confidence: Number = Field(0.8, ge=0.5, le=0.99, description="a probability from 0.5 to 0.99, usually 0.8")

    @model_validator(mode="after")
    def _rising(self) -> Range:
        if self.low > self.high:
            raise ValueError(f"low, {self.low:g}, lies above high, {self.high:g}; swap them")
        return self


class Forecast(_Table):
    """``[forecast]``: what its author expects of the year, written before it is flown."""

    benefit: Range = Field(description="a range like {low = 20, high = 60, confidence = 0.8}")
    harm: Range = Field(description="a range like {low = 20, high = 60, confidence = 0.8}")
    burden: Range = Field(description="a range like {low = 20, high = 60, confidence = 0.8}")
    equity: Range = Field(description="a range like {low = 20, high = 60, confidence = 0.8}")
    resilience: Range = Field(description="a range like {low = 20, high = 60, confidence = 0.8}")


class Plan(_Table):
    """All of a plan. In its file ``monitors`` are tables ``[[monitor]]`` and ``causes`` tables ``[[cause]]``."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")] = Field(
        description="small letters, digits, - and _, at most 40; the flight's folder is called so"
    )
    unknown: tuple[Do, ...] = Field(("log",), min_length=1, description=_DO)
    ward: Ward = Field(description="the table [ward]")
    list: List = Field(List(), description="the table [list]")
    contracts: Contracts = Field(Contracts(), description="the table [contracts]")
    monitors: tuple[Monitor, ...] = Field((), description="tables [[monitor]]")
    causes: dict[str, Cause] = Field({}, description="tables [[cause]]")
    rollback: Rollback = Field(Rollback(), description="the table [rollback]")
    pause: Pause = Field(Pause(), description="the table [pause]")
    gates: Gates = Field(Gates(), description="the table [gates]")
    vendor: Vendor = Field(Vendor(), description="the table [vendor]")
    labels: Labels = Field(Labels(), description="the table [labels]")
    staff: Staff = Field(Staff(), description="the table [staff]")
    forecast: Forecast | None = Field(None, description="the table [forecast]")

    @model_validator(mode="after")
    def _together(self) -> Plan:
        from .plan_rules import broken  # it needs the words above

        if found := broken(self.model_dump()):
            raise ValueError("; ".join(f"{one.key}: {one.write}" for one in found))
        return self

    @property
    def digest(self) -> str:
        """SHA-256 of what the team would do. Name and forecast are no part of it: they change nothing."""
        done = self.model_dump(mode="json", exclude={"name", "forecast"})
        return hashlib.sha256(json.dumps(done, sort_keys=True).encode()).hexdigest()

    def lists(self) -> dict[str, tuple[str, ...]]:
        """Return every list of actions in the plan, by the name of its place."""
        found = {f"[[monitor]] {one.service} {one.signal}": one.then for one in self.monitors}
        found |= {f"[[cause]] {name}": one.then for name, one in self.causes.items()}
        return found | {"unknown": self.unknown}
