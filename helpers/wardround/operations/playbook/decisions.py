"""The twelve decisions of a playbook, as their file holds them: which keys there are, and what each may say.

A key that still holds "" or [] is a decision that nobody has made: it is missing, and shown as that. A key that says
something nobody could act on is a mistake, told as FILE: KEY: what to write. What contradicts what was built is neither
and is for the checks.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, StringConstraints

PARTS = ("model", "features", "threshold", "contract")  # what a release puts into force, and a rollback puts back
LINES = ("level", "advised", "accepted", "overruled", "switched")  # lines of the desk's log that an oversight can read
KINDS = ("required documentation", "medical record", "audit log", "training table", "model")


def _day(value: Any) -> Any:
    """Pydantic would read a number as seconds since 1970."""
    if isinstance(value, bool | int | float):
        raise ValueError("a day")
    return value


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=900)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Number = Annotated[float, Strict()]
Whole = Annotated[int, Strict()]
Flag = Annotated[bool, Strict()]
Day = Annotated[dt.date, BeforeValidator(_day)]

ROLE = 'the name of a role in [roles], such as "model_owner"'
OF_ROLES = 'names of roles in [roles], such as ["clinical_lead", "nurse_lead"]'
A_DAY = "a day such as 2027-03-31, without quotes"
YES_NO = "true or false, without quotes"
WHY = "why, in a sentence or two"


class Table(BaseModel):
    """A table of the file. ``OPTIONAL`` names the keys that may stay blank."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _asks(what: str, optional: bool = False, default: Any = None, **rules: Any) -> Any:
    return Field(default, description=what, json_schema_extra={"optional": optional}, **rules)


class Role(Table):
    """One of ``[roles]``: a seat, not a person. ``also`` is what the pipeline's plan and the year's plan call it."""

    title: Text | None = _asks("the job title in your organisation")
    deputy: Text | None = _asks("the job title of who stands in", optional=True)
    clinical: Flag | None = _asks(f"whether a clinician holds it: {YES_NO}")
    also: tuple[Text, ...] = _asks('other names of it in plan.toml, such as ["model owner"]', optional=True, default=())


class System(Table):
    """A system in the inventory."""

    tier: Literal["high", "medium", "low"] | None = _asks('"high", "medium" or "low"')
    version: Text | None = _asks('the version in force, in quotes, such as "2"; "none" where it has no number')
    owner: Name | None = _asks(ROLE)


class Inventory(Table):
    """Decision 1."""

    systems: dict[Name, System] | None = _asks("a table [inventory.systems.NAME] for each system that is in use")
    because: Text | None = _asks(WHY)


class IntendedUse(Table):
    """Decision 2."""

    care_calls: Text | None = _asks("who uses the list of calls, for which decision")
    triage: Text | None = _asks("who uses the assistant at the desk, at which moment, and whose the level is")
    role: Literal["informs", "augments", "replaces"] | None = _asks('"informs", "augments" or "replaces"')
    youngest: Whole | None = _asks("the age in years below which nobody is scored, such as 18", ge=0, le=120)
    not_scored: tuple[Text, ...] | None = _asks('who may not be scored, such as ["people in comfort care"]')
    because: Text | None = _asks(WHY)


class Approval(Table):
    """Decision 3."""

    proposes: Name | None = _asks(ROLE)
    approves: tuple[Name, ...] | None = _asks(OF_ROLES)
    stops: tuple[Name, ...] | None = _asks(OF_ROLES)
    clinical_sign_off: Name | None = _asks(f"{ROLE}, held by a clinician")
    because: Text | None = _asks(WHY)


class Threshold(Table):
    """Decision 4."""

    values: dict[Name, Annotated[Number, Field(gt=0, lt=1)]] | None = _asks(
        "for each system a probability between 0 and 1, without quotes, such as 0.05 for 50 of 1,000"
    )
    owner: Name | None = _asks(ROLE)
    review_by: Day | None = _asks(A_DAY)
    because: Text | None = _asks(WHY)


class Monitor(Table):
    """One of ``[[monitoring.monitor]]``."""

    system: Name | None = _asks('the system it watches, such as "care_calls"')
    signal: Text | None = _asks("its name in your plan.toml, such as door")
    limit: Number | None = _asks("the limit in your plan.toml, a number without quotes", optional=True)
    low: Number | None = _asks("the lower limit in your plan.toml, a number without quotes", optional=True)
    high: Number | None = _asks("the upper limit in your plan.toml, a number without quotes", optional=True)
    owner: Name | None = _asks(ROLE)
    action: Text | None = _asks("what is done first, in the words of your plan.toml")


class Monitoring(Table):
    """Decision 5."""

    monitor: tuple[Monitor, ...] | None = _asks("a table [[monitoring.monitor]] for each monitor")
    because: Text | None = _asks(WHY)


class Severity(Table):
    """One of ``[[incident.severity]]``."""

    name: Text | None = _asks('what it is called, such as "patients at risk now"')
    means: Text | None = _asks("when it is that one, so that two people on call agree")
    tell: tuple[Name, ...] | None = _asks(OF_ROLES)
    within_hours: Number | None = _asks("hours, without quotes", gt=0, le=2160)


class Breach(Table):
    """``[incident.breach]``: what is done when health information may have left."""

    tell: tuple[Name, ...] | None = _asks(OF_ROLES)
    within_hours: Number | None = _asks("hours from the alarm to the first of these roles", gt=0, le=2160)
    clock_starts: Literal["discovery", "confirmation"] | None = _asks('"discovery" or "confirmation"')
    individuals_within_days: Whole | None = _asks("whole days from then until the people concerned are told", ge=1)
    hhs_within_days: Whole | None = _asks("whole days until HHS is told of 500 people or more", ge=1)


class Incident(Table):
    """Decision 6."""

    severity: tuple[Severity, ...] | None = _asks("a table [[incident.severity]] for each severity")
    breach: Breach | None = _asks("the table [incident.breach]")
    because: Text | None = _asks(WHY)


class Rollback(Table):
    """Decision 7."""

    authority: Name | None = _asks(ROLE)
    minutes: Whole | None = _asks("whole minutes from the decision until it holds", ge=1, le=10080)
    brings_back: tuple[Literal[PARTS], ...] | None = _asks(f"of these, in quotes: {', '.join(PARTS)}")
    drill_every_weeks: Whole | None = _asks("whole weeks from 1 to 52", ge=1, le=52)
    because: Text | None = _asks(WHY)


class Endpoint(Table):
    """One of ``[[phi.endpoint]]``: a place outside to which something goes."""

    name: Text | None = _asks("its address, such as notes.example.org/v1/codes")
    agreement: Text | None = _asks("the agreement that covers it, such as BAA-07")
    ends: Day | None = _asks(A_DAY)
    fields: tuple[Text, ...] | None = _asks('the fields that go there, such as ["note", "age", "sex"]')
    log_days: Whole | None = _asks("whole days for which prompts and answers stay there; 0 for none", ge=0)


class Phi(Table):
    """Decision 8."""

    endpoint: tuple[Endpoint, ...] | None = _asks(
        "a table [[phi.endpoint]] for each place outside; nowhere = true where there is none"
    )
    nowhere: Flag | None = _asks("true where nothing leaves; then there is no [[phi.endpoint]]", optional=True)
    inside: tuple[Text, ...] | None = _asks('what never leaves, such as ["crosswalk", "prompts", "logs"]')
    owner: Name | None = _asks(ROLE)
    because: Text | None = _asks(WHY)


class Vendor(Table):
    """Decision 9."""

    owner: Name | None = _asks(ROLE)
    pinned: Flag | None = _asks(f"whether the version cannot change without you: {YES_NO}")
    notice_days: Whole | None = _asks("whole days of notice before a change", ge=0, le=365)
    acceptance_test: Flag | None = _asks(f"whether a change must pass your own cases first: {YES_NO}")
    contract_ends: Day | None = _asks(A_DAY)
    review_by: Day | None = _asks(A_DAY)
    exit: Text | None = _asks("what is handed back or destroyed, and how the ward works from the day after")
    because: Text | None = _asks(WHY)


class Oversight(Table):
    """Decision 10."""

    override: Flag | None = _asks(f"whether whoever sits at the desk may overrule: {YES_NO}")
    reasons: tuple[Text, ...] | None = _asks('codes of reasons in triage.toml, such as ["value_wrong"]')
    logged: tuple[Literal[LINES], ...] | None = _asks(f"of these lines of the desk's log: {', '.join(LINES)}")
    switch_off: tuple[Name, ...] | None = _asks(OF_ROLES)
    abstains: Text | None = _asks("when no number is given, and what is shown then")
    manual_procedure: Text | None = _asks("what is done by hand while no number can be trusted, and who begins it")
    review_weeks: Whole | None = _asks("whole weeks between two looks at the override log", ge=1, le=52)
    because: Text | None = _asks(WHY)


class Item(Table):
    """One of ``[[retention.item]]``."""

    what: Text | None = _asks("what is kept")
    kind: Literal[KINDS] | None = _asks(f"one of: {', '.join(KINDS)}")
    years: Number | None = _asks("years, without quotes", ge=0, le=100)
    rule: Text | None = _asks('by which rule, such as "45 CFR 164.316(b)", "state law" or "our policy"')


class Retention(Table):
    """Decision 11."""

    item: tuple[Item, ...] | None = _asks("a table [[retention.item]] for each thing that is kept")
    because: Text | None = _asks(WHY)


class Retirement(Table):
    """Decision 12."""

    trigger: Text | None = _asks("what ends a system: a figure, a date or an event, not a feeling")
    owner: Name | None = _asks(ROLE)
    kept: tuple[Text, ...] | None = _asks("what is kept of it, as [[retention.item]] names it")
    told: tuple[Name, ...] | None = _asks(OF_ROLES)
    because: Text | None = _asks(WHY)


class Attributes(Table):
    """``[source_attributes]``: how many of the 31 are said to be known, and what only a person can say."""

    known: Whole | None = _asks("how many of the 31 are known, a whole number", ge=0, le=31)
    said: dict[Name, Text] = _asks("a sentence for an attribute's key, such as developer", optional=True, default={})


class Decision(Table):
    """One of the twelve: its number, its table in the file, and its title."""

    number: int
    key: str
    title: str
    table: type[Table]


TWELVE = tuple(
    Decision(number=number, key=key, title=title, table=table)
    for number, (key, title, table) in enumerate(
        (
            ("inventory", "What is in use, and how much hangs on it", Inventory),
            ("intended_use", "What it is for, and who may not be scored", IntendedUse),
            ("approval", "Who proposes, approves and may stop", Approval),
            ("threshold", "The threshold, its owner, its review", Threshold),
            ("monitoring", "Who owns which monitor", Monitoring),
            ("incident", "Incidents: who is told, within which clock", Incident),
            ("rollback", "The way back", Rollback),
            ("phi", "Health information: what goes where, until when", Phi),
            ("vendor", "The vendor: pin, notice, test, exit", Vendor),
            ("oversight", "The person at the desk", Oversight),
            ("retention", "What is kept, how long, by which rule", Retention),
            ("retirement", "The end of a system", Retirement),
        ),
        1,
    )
)
