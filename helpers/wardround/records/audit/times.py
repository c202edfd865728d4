"""Checks of times: an order that cannot be, moments outside a life or a stay, dates where times belong."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .facts import Facts, look_up
from .register import Found, NotJudged, check, rows, say, together

_SLACK = pd.Timedelta(hours=1)  # clocks of devices and desks differ by minutes; more is a finding
_LATE, _LATE_TIMES = pd.Timedelta(hours=6), 4
_FIELDS = {
    "Encounter": "period.start",
    "MedicationRequest": "authoredOn",
    "Condition": "onset",
    "Procedure": "performed",
    "Immunization": "occurrence",
    "Observation": "effective",
    "DiagnosticReport": "effective",
}
_DURING = ("Observation", "Procedure", "MedicationAdministration", "DiagnosticReport")
_OLDEST = pd.Timedelta(days=116 * 365.25)


def _field(frame: pd.DataFrame) -> pd.Series:
    return frame["kind"].astype("str").map(_FIELDS).fillna("date")


def _found(bad: pd.DataFrame, field: object, detail: object, of: int, more: str = "") -> Found:
    return Found(rows(bad, field, detail), of, more)


@check(
    *("time_unreadable", "look", "times", "Times that are no times"),
    consequence="The event falls out of every window, and nobody sees that it did.",
    ask="Which screen lets people type times freely?",
)
def unreadable(facts: Facts) -> Found:
    parts, of = [], 0
    for name in ("start", "end", "issued", "recorded"):
        raw = facts.events[name]
        of += int(raw.notna().sum())
        bad = facts.events[raw.notna() & facts.events[f"{name}_low"].isna()]
        parts.append(rows(bad, name, say("{} is no date or time", bad[name])))
    return Found(together(parts), of)


@check(
    *("end_before_start", "look", "periods", "Periods that end before they begin"),
    consequence="A length of stay below zero pulls averages down and makes a readmission out of nothing.",
    ask="Which of the two is wrong, and is the other right?",
)
def backwards(facts: Facts) -> Found:
    held = facts.standing[facts.standing["start_low"].notna() & facts.standing["end_low"].notna()]
    bad = held[held["end_high"] < held["start_low"]]
    return _found(bad, "period.end", say("{} is before the start, {}", bad["end"], bad["start"]), len(held))


@check(
    *("issued_before_effective", "look", "results with both times", "Results issued before the sample was taken"),
    consequence="An as-of table built on the time of issue knows the result before there was a sample.",
    ask="Which clock is wrong, the one at the bedside or the one in the laboratory?",
)
def too_early(facts: Facts) -> Found:
    told = facts.standing["issued_low"].notna() & facts.standing["start_low"].notna()
    held = facts.standing.loc[told, ["kind", "key", "start", "issued", "start_low", "issued_high"]]
    if not len(held):
        raise NotJudged("No resource has both a clinical time and `issued`: whether results came early was not judged.")
    bad = held[held["issued_high"] < held["start_low"]]
    return _found(bad, "issued", say("{} is before {}", bad["issued"], bad["start"]), len(held))


@check(
    *("issued_late", "note", "laboratory results with both times", "Laboratory results that came late"),
    consequence="At the hour of prediction the result was not there, though the table shows it.",
    ask="Is `issued` the first release, or the last change?",
)
def late(facts: Facts) -> Found:
    held = facts.standing[(facts.standing["group"] == "laboratory") & facts.standing["issued_low"].notna()]
    held = held[held["start_low"].notna() & (held["start_low"] == held["start_high"])]
    if not len(held):
        raise NotJudged(
            "No laboratory result has both the time of the sample and `issued`, so lateness was not judged; "
            "when anything was known cannot be told from this export."
        )
    lag = held["issued_low"] - held["start_low"]
    usual = lag.groupby(held["name"].fillna("")).transform("median")
    bad = held[(lag > _LATE) & (lag > _LATE_TIMES * usual)]
    return _found(bad, "issued", say("issued {:.1f} hours after the sample", _hours(lag[bad.index])), len(held))


@check(
    *(
        "outside_encounter",
        "look",
        "results and procedures with an encounter",
        "Events outside the encounter they name",
    ),
    consequence="Counted into the wrong stay, a result tells the model something from before or after it.",
    ask="Is the encounter wrong or the time? Look for one interface that sends UTC as local time.",
)
def outside(facts: Facts) -> Found:
    told = facts.standing["kind"].isin(_DURING) & facts.standing["start_low"].notna()
    held = facts.standing.loc[told, ["kind", "key", "encounter", "site", "start", "start_low", "start_high"]]
    stays = facts.encounters
    held = held[held["encounter"].isin(stays.index)]
    if not len(held):
        raise NotJudged("No result or procedure names an encounter of this export: times within stays were not judged.")
    begin = look_up(held["encounter"], stays["start_low"]) - _SLACK
    stop = look_up(held["encounter"], stays["end_high"]) + _SLACK
    early, after = held["start_high"] < begin, held["start_low"] > stop
    bad = held[early | after]
    edge = np.where(early[bad.index], "before its encounter begins", "after its encounter ends")
    wide = pd.concat([begin - held["start_high"], held["start_low"] - stop], axis=1).max(axis=1)[bad.index] + _SLACK
    detail = say("{} is {:.1f} hours {} ({})", bad["start"], _hours(wide), edge, bad["encounter"])
    return _found(bad, _field(bad), detail, len(held), _shifted(facts, wide, bad))


def _shifted(facts: Facts, wide: pd.Series, bad: pd.DataFrame) -> str:
    if not len(bad):
        return ""
    sites = bad["site"].map(facts.site_name).value_counts()
    return (
        f"Most at {sites.index[0]} ({sites.iloc[0]:,}); the median is {wide.median().total_seconds() / 3600:.1f} hours."
    )


def _hours(span: pd.Series) -> pd.Series:
    return span.dt.total_seconds() / 3600


def _with_person(facts: Facts, edge: str) -> pd.DataFrame:
    told = facts.standing["patient"].notna() & facts.standing["start_low"].notna()
    held = facts.standing.loc[told, ["kind", "key", "patient", "start", "start_low", "start_high"]]
    return held.assign(edge=look_up(held["patient"], facts.people[edge])).dropna(subset=["edge"])


@check(
    *("before_birth", "look", "events of patients with a birth date", "Events before the patient's birth"),
    consequence="The age is negative or absurd, and the wrong dose or the wrong risk follows from it.",
    ask="Is the birth date wrong, or are these another person's?",
)
def before_birth(facts: Facts) -> Found:
    held = _with_person(facts, "born_low")
    bad = held[(held["start_high"] < held["edge"]) & (held["kind"] != "Condition")]
    born = look_up(bad["patient"], facts.people["birth_date"])
    return _found(bad, _field(bad), say("{} is before the birth on {}", bad["start"], born), len(held))


@check(
    *("after_death", "look", "events of patients who died", "Events after the patient's death"),
    consequence="A potassium after her death is another patient's potassium: somebody living lacks it.",
    ask="Is the death wrong, late, or entered for another person?",
)
def after_death(facts: Facts) -> Found:
    held = _with_person(facts, "died_high")
    if not len(held):
        raise NotJudged("No patient has a time of death, so events after death were not looked for.")
    held = held[~held["kind"].isin(["DocumentReference", "Condition"])]
    bad = held[held["start_low"] > held["edge"] + _SLACK]
    died = look_up(bad["patient"], facts.people["deceased_raw"])
    return _found(bad, _field(bad), say("{} is after the death at {}", bad["start"], died), len(held))


@check(
    *("in_future", "look", "events with a time", "Events after the end of the export, or births still to come"),
    consequence="A year typed wrong puts an event where no follow-up can reach it.",
    ask="When was the export made, and which of these are plans?",
)
def in_future(facts: Facts) -> Found:
    facts.calendar()
    last = facts.last_instant
    if last is None:
        raise NotJudged("Too few events have times to say when this export ends: times in its future were not judged.")
    held = facts.standing.loc[facts.standing["start_low"].notna(), ["kind", "key", "start", "start_low"]]
    bad = held[held["start_low"] > last]
    unborn = facts.people[facts.people["born_low"] > last].assign(
        kind="Patient", key=lambda frame: frame["patient_key"]
    )
    said = f" is after the last moment of this export ({last:%Y-%m-%d %H:%M} UTC)"
    parts = [rows(bad, _field(bad), say("{}" + said, bad["start"]))]
    parts.append(rows(unborn, "birthDate", say("{}" + said, unborn["birth_date"])))
    return Found(together(parts), len(held) + len(facts.people))


@check(
    *("birth_date_placeholder", "look", "patients with a birth date", "Birth dates that stand for 'unknown'"),
    consequence="The patient counts as 120 years old; an age limit or an age score decides wrongly.",
    ask="Which date does registration enter when none is known? Send none.",
)
def placeholder(facts: Facts) -> Found:
    held = facts.people[facts.people["birth_date"].notna()].assign(
        kind="Patient", key=lambda frame: frame["patient_key"]
    )
    first = facts.standing.groupby("patient", observed=True)["start_low"].min()
    age = look_up(held["patient_key"], first) - held["born_high"]
    usual = held["birth_date"].str.fullmatch(r"(1900|1901|1800|1753|0001)(-01-01)?").fillna(False)
    bad = held[usual.astype(bool) | (age > _OLDEST)]
    return _found(bad, "birthDate", say("{} is no likely birth date", bad["birth_date"]), len(held))
