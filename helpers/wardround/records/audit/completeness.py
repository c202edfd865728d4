"""Checks of what is not there: silent days, thin months, codes that stop when others start, empty fields."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
from scipy.stats import poisson

from .facts import Facts
from .register import Found, NotJudged, check, rows, say

_GROUPS = ("laboratory", "vital-signs", "Encounter", "DiagnosticReport", "MedicationRequest")
_AROUND, _DAYS, _SILENT = 57, (1, 2, 3), 0.1  # days around, lengths of silence, the share that is silence
_ALL = "all sites"
_CHANCE, _SEEABLE = 1e-7, 17  # silence by chance; patients expected below which not even silence is sure
_A_MONTH, _THIN = 50, 0.5
_EDGE, _CHANGE, _USED = pd.Timedelta(days=28), pd.Timedelta(days=14), 20


def _series(facts: Facts):
    """Yield (group, site in words, events) by site, and over all sites where there are several."""
    wanted = facts.standing["start_low"].notna() & facts.standing["group"].isin(_GROUPS)
    timed = facts.standing.loc[wanted, ["group", "site", "patient", "start", "start_low"]]
    if facts.last_instant is not None:
        timed = timed[timed["start_low"] <= facts.last_instant]
    for group in _GROUPS:
        held = timed[timed["group"] == group]
        sites = held["site"].value_counts()
        for site in sites.index:
            yield group, facts.site_name(site), held[held["site"] == site]
        if len(sites) != 1 and len(held):
            yield group, _ALL if len(sites) else "no site named", held


def _empty(found: list[tuple[str, str, str]]) -> pd.DataFrame:
    held = pd.DataFrame(found, columns=["kind", "field", "detail"], dtype="str")
    kinds = {"laboratory": "Observation", "vital-signs": "Observation"}
    held = held.assign(kind=held["kind"].map(lambda kind: kinds.get(kind, kind)), key="")
    return rows(held, held["field"], held["detail"])


@check(
    *("silent_days", "stops", "days of a feed with enough events", "Days on which a feed is silent"),
    consequence="No result looks like no test: on those days the patients seem well, or not there.",
    ask="Was the interface down, and can these days be sent again?",
)
def silent(facts: Facts) -> Found:
    facts.calendar()
    found, judged, told = [], 0, set()
    for group, site, events in _series(facts):
        day = pd.to_datetime(events["start"].str[:10], errors="coerce")  # as written: a day of the place
        # patients, not events: a patient has ten results at once, so events heap up by chance and patients do not
        days = _counted(day[~pd.DataFrame({"day": day, "who": events["patient"]}).duplicated()], "D")
        usual = days.rolling(_AROUND, center=True, min_periods=_AROUND // 2).median()
        judged += int((usual * max(_DAYS) >= _SEEABLE).sum())
        for when in days.index[_quiet(days, usual)]:
            if site == _ALL and (group, when) in told:
                continue
            told.add((group, when))
            words = f"{group} at {site}: {days[when]:,} patients where {usual[when]:,.0f} are usual"
            found.append((group, f"{when:%Y-%m-%d}", words))
    if not judged:
        raise NotJudged("No feed has enough patients a day for silence to be told from chance: silent days not judged.")
    return Found(_empty(found), judged)


def _quiet(days: pd.Series, usual: pd.Series) -> np.ndarray:
    """Return which days lie in a stretch of one to three that is too empty for chance (Poisson)."""
    quiet = np.zeros(len(days), dtype=bool)
    for length in _DAYS:
        n, expected = days.rolling(length).sum(), usual.rolling(length).sum()
        low = (n <= _SILENT * expected) & (poisson.cdf(n, expected) < _CHANCE)
        for last in np.flatnonzero(low.to_numpy()):
            quiet[last - length + 1 : last + 1] = True
    return quiet & (days <= _SILENT * usual).to_numpy()


def _counted(moments: pd.Series, step: str) -> pd.Series:
    counts = moments.value_counts().sort_index()
    return counts.reindex(pd.date_range(counts.index[0], counts.index[-1], freq=step), fill_value=0)


@check(
    *(
        "thin_months",
        "look",
        "months of a feed with enough events",
        "Months with far fewer events than their neighbours",
    ),
    consequence="A rate computed over these months is too low, and a drift alarm fires for a hole.",
    ask="Was a ward closed, or is a part of the export missing?",
)
def thin(facts: Facts) -> Found:
    facts.calendar()
    found, judged = [], 0
    for group, site, events in _series(facts):
        if site == _ALL:
            continue
        months = _counted(events["start_low"].dt.tz_localize(None).dt.to_period("M").dt.to_timestamp(), "MS")
        inner = months.iloc[1:-1]  # the first and the last month are seldom whole
        around = pd.concat([months.shift(step) for step in (-2, -1, 1, 2)], axis=1).median(axis=1)[inner.index]
        busy = around >= _A_MONTH
        judged += int(busy.sum())
        for month, n in inner[busy & (inner < _THIN * around)].items():
            found.append((group, f"{month:%Y-%m}", f"{group} at {site}: {n:,} where {around[month]:,.0f} are usual"))
    if not judged:
        raise NotJudged(f"No feed has {_A_MONTH} events a month for three months, so thin months were not looked for.")
    return Found(_empty(found), judged)


@check(
    *("code_renamed", "stops", "values", "A code that stops when another one starts"),
    consequence="For every rule on the old code the test is no longer done: the alert goes quiet on that day.",
    ask="Was this code renamed on that day, and which other codes went with it?",
)
def renamed(facts: Facts) -> Found:
    facts.calendar()
    held = facts.measured[facts.measured["effective_at"].notna()]
    if len(held) < 2 * _USED:
        raise NotJudged("Too few values have times to see a code stop and another start.")
    begin, end = held["effective_at"].min(), held["effective_at"].max()
    if facts.last_instant is not None:
        end = min(end, facts.last_instant)
    used = held.groupby("code")["effective_at"].agg(["min", "max", "size"])
    used = used[used["size"] >= _USED]
    stopped, started = used[used["max"] < end - _EDGE], used[used["min"] > begin + _EDGE]
    pairs = {}
    for old, new in product(stopped.index, started.index):
        if old != new and abs(started.loc[new, "min"] - stopped.loc[old, "max"]) <= _CHANGE and _alike(held, old, new):
            pairs[new] = (old, started.loc[new, "min"])
    bad = held[held["code"].isin(pairs)].drop_duplicates("key")
    words = {new: f"{new} starts on {when:%Y-%m-%d}, when {old} stops" for new, (old, when) in pairs.items()}
    more = "; ".join(words.values()) + "." if words else ""
    return Found(rows(bad, "code", bad["code"].map(words)), len(held), more)


def _alike(held: pd.DataFrame, old: str, new: str) -> bool:
    """Return whether two codes have numbers and frequencies alike, as one test under two names has."""
    one, other = held[held["code"] == old], held[held["code"] == new]
    span = [max((part["effective_at"].max() - part["effective_at"].min()).days, 1) for part in (one, other)]
    rate = (len(one) / span[0]) / (len(other) / span[1])
    low, middle, high = np.quantile(one["value"], [0.25, 0.5, 0.75])
    center = other["value"].median()
    near = abs(center - middle) <= max(0.5 * (high - low), 0.02 * abs(middle))
    return 1 / 3 < rate < 3 and near and set(one["label"]) & set(other["label"]) != set()


@check(
    *("patient_field_empty", "note", "patients", "Patients without birth date, gender or race"),
    consequence="Nobody can say whether a model serves a group when the group is not written down.",
    ask="Who asks for these, when, and what is entered when the patient does not answer?",
)
def empty_fields(facts: Facts) -> Found:
    people = facts.people.assign(kind="Patient", key=lambda frame: frame["patient_key"])
    if not len(people):
        raise NotJudged("There is no Patient in this export: nothing about people was judged.")
    fields = {"birth_date": "birthDate", "gender": "gender", "race": "race"}
    absent = {name: people[name].isna() for name in fields}
    race = absent["race"] & people["race_code"].isna()
    absent["race"] = race if not race.all() else ~race  # an export that never gives it is told below, not by person
    any_ = pd.concat(absent, axis=1).any(axis=1)
    bad = people[any_]
    words = pd.Series("", index=bad.index)
    for name, label in fields.items():
        words = words.where(~absent[name][bad.index], words + " " + label)
    more = ", ".join(f"{label} {int(absent[name].sum()):,}" for name, label in fields.items()) + "."
    more += " No patient of this export has a race." if race.all() else ""
    return Found(rows(bad, "Patient", say("without{}", words)), len(people), more)
