"""What week 6 hands out: week 4's model and a class-balanced one on later stays, call lists, and two rules of week 5's score."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
from wardround.course.given import apart, given
from wardround.records.features import READMISSION

ZONE = "America/New_York"
CUT = pd.Timestamp("2023-09-04", tz=ZONE)  # week 4: the day on which the model went live
WATCHED_UNTIL = pd.Timestamp(
    "2024-01-01", tz=ZONE
)  # the first four months live; their outcomes are known after 150 days
REPAIRED = pd.Timestamp("2024-06-01", tz=ZONE)  # so this is the first day on which they can be used
NEXT_UNTIL = pd.Timestamp("2024-09-01", tz=ZONE)
FOLLOW_UP = pd.Timedelta(days=150)  # 30 to watch, 120 until payers have told
PERIODS = {
    "learnt": "outcome known by 4 September 2023: these stays taught both models",
    "open": "asked about before that day, and their outcome not yet known",
    "watched": "asked about from 4 September to the end of 2023; outcomes known by 1 June 2024",
    "waiting": "asked about while nobody knew the outcomes of the watched yet",
    "next quarter": "June to August 2024, the first in which a repair can be at work",
    "after": "from September 2024",
}

CALLS_A_WEEK = 40  # the whole programme, both sites; a smaller hospital has fewer, see `capacity`
USUAL_CALLS_A_WEEK = 16  # what the hospital's own habit makes of it today
FIRST_LIST = pd.Timestamp("2024-01-01")  # a Monday, the first with both sites
QUIET_WEEKS = 8  # lists were made in these, and nobody called: for looking, not for deciding
HARM = 7  # needless calls that one readmission found is worth: ours, an assumption, and somebody's to sign
EFFECTS = (0.0, 0.05, 0.10, 0.20)  # share of reached readmissions that a call averts: assumed, until week 9 measures it
SMALLEST = 11  # events; a group with fewer gets no ratio: ours, an assumption
MARGIN = 1.25  # O/E from 0.8 to 1.25 is near enough: ours, an assumption

# Minutes that one alert takes, and the share of alerts that is acted on at once; no firm source for either: assumptions.
MINUTES = (5, 20)  # a nurse looks, or a nurse looks and a provider comes as well
ACTED_ON = (0.3, 1.0)
SOON = 6  # hours; who is treated within these of an alert that is gone was recognised anyway
SHIFTS_A_DAY = 3
LOCKOUTS = {"now": pd.Timedelta(0), "proposed": pd.Timedelta(hours=48)}  # the change that Q4 is about


def _once(make):
    """Keep what was made for a hospital, by its checksum: every check asks again."""
    kept = {}

    @functools.wraps(make)
    def made(hospital):
        if hospital.checksum not in kept:
            kept[hospital.checksum] = make(hospital)
        return kept[hospital.checksum].copy()

    return made


# readmission: stays with the risks of two models ---------------------------------------------------------------------
def stays(hospital):
    """Return the stays that can be counted, one row each, in the order in which they were asked about.

    Columns: ``encounter_id``, ``person_id``, ``site``, ``asked_at``; ``risk`` (week 4's model), ``balanced`` (the same
    with ``class_weight="balanced"``); ``period`` (see ``PERIODS``), ``whole`` (the follow-up lies inside the data) and
    ``back`` (readmitted; says nothing where ``whole`` is False); ``listed`` (the day of the 09:00 list on which the
    discharge stands); and groups: ``age_group``, ``sex``, ``race``, ``interpreter``, ``payer``, ``diagnosis``.
    """
    return _stays(hospital).copy()


@apart  # it stands on week 4's objects, which a grading box does not hold; there is no answer in it
def _stays(hospital):
    rows = given(4).stays_to_learn(hospital).sort_values(["asked_at", "encounter_id"], ignore_index=True)
    back, table = rows.state.eq("readmitted"), READMISSION.compute(rows)
    learnt = rows.whole & (rows.discharged_at + FOLLOW_UP <= CUT)
    ages = pd.cut(rows.age, [0, 50, 65, 80, 200], right=False, labels=_AGES).astype(str)
    return pd.DataFrame(
        {
            **{name: rows[name] for name in ("encounter_id", "person_id", "site", "asked_at")},
            "risk": _model(table[learnt], back[learnt]).predict_proba(table)[:, 1],
            "balanced": _model(table[learnt], back[learnt], class_weight="balanced").predict_proba(table)[:, 1],
            "period": _period(rows.asked_at, learnt),
            "whole": rows.whole,
            "back": back,
            "listed": _listed(rows.discharged_at),
            "age_group": ages,
            "sex": rows.sex,
            "race": rows.race.fillna("not recorded"),
            "interpreter": np.where(rows.interpreter, "needed", "not needed"),
            "payer": rows.payer.astype(str),
            "diagnosis": rows.group.astype(str),
        }
    )


_AGES = ["under 50", "50 to 64", "65 to 79", "80 and over"]


def _model(table, back, **weights):
    """Week 4's honest model; with weights, a colleague's."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    steps = SimpleImputer(), StandardScaler(), LogisticRegression(C=0.01, max_iter=1000, **weights)
    return make_pipeline(*steps).fit(table, back)


def _period(asked, learnt):
    later = [asked < CUT, asked < WATCHED_UNTIL, asked < REPAIRED, asked < NEXT_UNTIL]
    return np.select([learnt, *later], list(PERIODS)[:-1], "after")


def _listed(left):
    """The day of the list: Monday to Friday at 09:00, from the discharges since the last one."""
    local = left.dt.tz_convert(ZONE).dt.tz_localize(None)
    day = local.dt.normalize() + pd.to_timedelta((local.dt.hour >= 9).astype(int), unit="D")
    return day + pd.to_timedelta(day.dt.weekday.map({5: 2, 6: 1}).fillna(0), unit="D")


def judged(hospital):
    """Return the stays of 2024 whose outcome is known (to 1 August): neither model has met them; both sites."""
    rows = _stays(hospital)
    return rows[rows.whole & (rows.asked_at >= WATCHED_UNTIL)].reset_index(drop=True)


# call lists ----------------------------------------------------------------------------------------------------------
def lists(hospital):
    """Return everybody on the lists of 2024: ``encounter_id``, ``site``, ``day``, ``week``, ``weekday``, ``risk``.

    ``day`` 0 is Monday 1 January 2024, ``week`` 0 its week, ``weekday`` 0 a Monday. The list of a Monday holds those who
    left since Friday at 09:00. Nobody is called in the first ``QUIET_WEEKS``.
    """
    rows = _stays(hospital)
    day = (rows.listed - FIRST_LIST).dt.days
    rows = rows.assign(day=day, week=day // 7, weekday=day % 7)
    rows = rows[(rows.day >= 0) & (rows.week < 52)].sort_values(["day", "asked_at"], ignore_index=True)
    return rows[["encounter_id", "site", "day", "week", "weekday", "risk"]]


def capacity(hospital):
    """Return the calls there are in a week: forty for both sites; fewer in a smaller hospital, in proportion."""
    calls = CALLS_A_WEEK * len(_stays(hospital)) / 10_933
    return int(5 * round(calls / 5)) if calls >= 20 else max(1, round(calls))


# the ward score of week 5 --------------------------------------------------------------------------------------------
def septic(hospital):
    """Return the septic stays that were at risk, one row each: ``encounter_id``, ``now``, ``proposed``.

    The two are hours from the first alert in time to the first order, under each rule; missing where none is in time.
    """
    return _rules(hospital)[0].copy()


def burden(hospital):
    """Return what each rule sends: ``{"now": alerts, "proposed": alerts, "days": days, "stays": stays}``."""
    return dict(_rules(hospital)[1])


@apart  # it stands on week 5's objects, which a grading box does not hold; there is no answer in it
def _rules(hospital):
    ward, found = given(5).ward(hospital), given(5).recognised(hospital)
    alerts = ward[ward.alert & ~ward.ordered & ~ward.comfort_care]
    sent = {rule: alerts[given(5).sent(alerts, lockout)] for rule, lockout in LOCKOUTS.items()}
    table = found[["encounter_id"]].assign(
        **{rule: found.encounter_id.map(_leads(rows, found)) for rule, rows in sent.items()}
    )
    days = (ward["at"].max() - ward["at"].min()).days
    return table, {rule: len(rows) for rule, rows in sent.items()} | {
        "days": days,
        "stays": ward.encounter_id.nunique(),
    }


def _leads(alerts, found):
    rows = alerts.merge(found[["encounter_id", "ordered_at"]])
    rows = rows.assign(lead=(rows.ordered_at - rows["at"]) / pd.Timedelta(hours=1))
    return rows[rows.lead <= given(5).HORIZON / pd.Timedelta(hours=1)].groupby("encounter_id").lead.max()
