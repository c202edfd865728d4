"""What week 6 hands out: week 4's model and a class-balanced one on later stays, call lists, and two rules of week 5's score."""

from __future__ import annotations

import functools
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
from wardround.course.given import apart, given
from wardround.records.features import READMISSION

BESIDE = ("invented.py",)  # goes into the grading box with this file
_INVENTED = runpy.run_path(str(Path(__file__).with_name("invented.py")))
invented_quarter, invented_risk, invented_lists = (
    _INVENTED[f"invented_{name}"] for name in ("quarter", "risk", "lists")
)
invented_change, invented_districts = _INVENTED["invented_change"], _INVENTED["invented_districts"]
another_future = _INVENTED["another_future"]
reference_rows, edge_rows, rare_rows = (_INVENTED[f"{name}_rows"] for name in ("reference", "edge", "rare"))

ZONE = "America/New_York"
CUT = pd.Timestamp("2023-09-04", tz=ZONE)  # week 4: the day on which the model went live
WATCHED_UNTIL = pd.Timestamp("2024-01-01", tz=ZONE)  # four months live; their outcomes are known after 150 days
REPAIRED = pd.Timestamp("2024-06-01", tz=ZONE)  # so this is the first day on which they can be used
NEXT_UNTIL = pd.Timestamp("2024-09-01", tz=ZONE)
FOLLOW_UP = pd.Timedelta(days=150)  # 30 to watch, 120 of run-out
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
QUIET_WEEKS = 8  # lists without calls: for looking, not for deciding
HARM = 7  # needless calls that one readmission found is worth: ours, an assumption, and somebody's to sign
# Share averted of the readmissions among those dialled, no answer included: assumed, until week 9 measures it.
EFFECTS = (0.0, 0.05, 0.10, 0.20)
SMALLEST, MARGIN = 11, 1.25  # events that a ratio takes; O/E from 0.8 to 1.25 is near enough: ours, assumptions

VERDICTS = {
    "too few": "fewer than SMALLEST events: no ratio is shown",
    "holds": "the whole interval lies between 1/MARGIN and MARGIN",
    "promises too many": "not so, and the whole interval lies below 1",
    "promises too few": "not so, and the whole interval lies above 1",
    "cannot tell": "none of these",
}

# No firm source for these two: assumptions. An alert that the pause takes is a repeat on a patient already alerted for.
MINUTES = (1, 5)  # for each alert that is gone: a nurse clicks it away, or looks once more
ACTED_ON = (0.0, 1.0)  # share of the repeats that would be acted on although the first alert was not
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
    return day + pd.to_timedelta(day.dt.day_of_week.map({5: 2, 6: 1}).fillna(0), unit="D")


def judged(hospital):
    """Return the stays of 2024 whose outcome is known (to 1 August): neither model has met them; both sites."""
    rows = _stays(hospital)
    return rows[rows.whole & (rows.asked_at >= WATCHED_UNTIL)].reset_index(drop=True)


def three_repairs(hospital):
    """Return Quillmere's stays of the next quarter whose outcome is known, with a column of risks by each of three repairs."""
    repairs = runpy.run_path(str(Path(__file__).with_name("repairs.py")))
    return repairs["later_with_repairs"](_stays(hospital))


# call lists ----------------------------------------------------------------------------------------------------------
def lists(hospital):
    """Return everybody on the lists of 2024: ``encounter_id``, ``site``, ``day``, ``week``, ``weekday``, ``risk``.

    ``day`` 0 is Monday 1 January 2024, ``week`` 0 its week, ``weekday`` 0 a Monday. The list of a Monday holds those who
    left since Friday at 09:00. Nobody is called in the first ``QUIET_WEEKS``.
    """
    rows = _stays(hospital)
    day = (rows.listed - FIRST_LIST).dt.days
    rows = rows.assign(day=day, week=day // 7, weekday=day % 7)
    rows = rows[rows.week.between(0, 51)].sort_values(["day", "asked_at"], ignore_index=True)
    return rows[["encounter_id", "site", "day", "week", "weekday", "risk"]]


def capacity(hospital):
    """Return the calls there are in a week: forty for both sites; fewer in a smaller hospital, in proportion."""
    calls = CALLS_A_WEEK * len(_stays(hospital)) / 10_933
    return int(5 * round(calls / 5)) if calls >= 20 else max(1, round(calls))


# the ward score of week 5 --------------------------------------------------------------------------------------------
def septic(hospital):
    """Return the septic stays that were at risk, one row each: ``encounter_id``, ``now``, ``proposed``.

    The two are hours from the first alert in time (at most 24 before the order) to the first order; missing where none is.
    """
    return _rules(hospital)[0].drop(columns="last")


def no_longer_caught(hospital):
    """Return the septic stays caught now and not by the proposed rule: ``encounter_id``, ``now``, ``last``.

    ``last`` is hours from the last alert that the proposed rule sends to the first order; missing where it sends none.
    """
    rows = _rules(hospital)[0]
    return rows[rows.now.notna() & rows.proposed.isna()].drop(columns="proposed").reset_index(drop=True)


def burden(hospital):
    """Return what each rule sends: ``{"now": alerts, "proposed": alerts, "days": days, "stays": stays}``."""
    return dict(_rules(hospital)[1])


@apart  # it stands on week 5's objects, which a grading box does not hold; there is no answer in it
def _rules(hospital):
    ward, found = given(5).ward(hospital), given(5).recognised(hospital)
    alerts = ward[ward.alert & ~ward.ordered & ~ward.comfort_care]
    sent = {rule: alerts[given(5).sent(alerts, lockout)] for rule, lockout in LOCKOUTS.items()}
    leads = {rule: _leads(rows, found) for rule, rows in sent.items()}
    in_time = given(5).HORIZON / pd.Timedelta(hours=1)
    columns = {rule: lead[lead <= in_time].groupby(level=0).max() for rule, lead in leads.items()}
    columns["last"] = leads["proposed"].groupby(level=0).min()
    table = found[["encounter_id"]].assign(**{name: found.encounter_id.map(one) for name, one in columns.items()})
    watched = {"days": (ward["at"].max() - ward["at"].min()).days, "stays": ward.encounter_id.nunique()}
    return table, {rule: len(rows) for rule, rows in sent.items()} | watched


def _leads(alerts, found):
    """Hours from each alert to the first order of its stay, by stay."""
    rows = alerts.merge(found[["encounter_id", "ordered_at"]]).set_index("encounter_id")
    return (rows.ordered_at - rows["at"]) / pd.Timedelta(hours=1)


# how answers are put -------------------------------------------------------------------------------------------------
def to_repair(hospital):
    """Return ``(rows, later)`` of Quillmere: stays learnt and stays watched, and the next quarter, which has no outcomes.

    ``rows``: ``encounter_id``, ``part`` (``learnt`` or ``watched``), ``score`` (the class-balanced model's), ``back``.
    ``later``: ``encounter_id``, ``score``.
    """
    stays = _stays(hospital)
    stays = stays[stays.site == "quillmere"].rename(columns={"period": "part", "balanced": "score"})
    rows = stays.loc[stays.part.isin(["learnt", "watched"]), ["encounter_id", "part", "score", "back"]]
    later = stays.loc[stays.part == "next quarter", ["encounter_id", "score"]]
    return rows.reset_index(drop=True), later.reset_index(drop=True)


def repaired_with(repaired, hospital):
    """Put a repair to a hospital's next quarter and to an invented one; one risk for each later stay, in their order."""
    found = {}
    for name, (rows, later) in {"here": to_repair(hospital), "invented": invented_quarter()}.items():
        risks = repaired(rows.copy(), later.copy())
        if risks is ...:
            return ...
        found[name] = _one_each(risks, later).round(6).tolist()
    return found


def _one_each(risks, later):
    """The learner's risks as an array in the order of ``later``; an error that says what it lacks."""
    if isinstance(risks, pd.DataFrame) or risks is None or callable(risks):
        raise TypeError(f"repaired returned a {type(risks).__name__}; it must return one risk for each row of `later`")
    found = np.asarray(risks, float)
    if found.shape != (len(later),):
        raise ValueError(f"for {len(later):,} later stays it gave shape {found.shape}; one risk a stay is asked")
    if np.isnan(found).any():
        raise ValueError(f"{int(np.isnan(found).sum()):,} of {len(later):,} risks are missing; every stay needs one")
    if found.min() < 0 or found.max() > 1:
        hint = ", and these look like percent" if 1 < found.max() <= 100 and found.min() >= 0 else ""
        raise ValueError(f"risks run from {found.min():.3g} to {found.max():.3g}; they must lie between 0 and 1{hint}")
    return found


THRESHOLDS = (0.02, 0.05, 0.08, 0.10, 0.125, 0.15, 0.20, 0.25, 0.30, 0.40)


def curve_sets(hospital):
    """Return the sets that a curve is asked for, by name: ``outcome`` and ``risk`` of each row."""
    rows = judged(hospital)
    ours, balanced = (pd.DataFrame({"outcome": rows.back, "risk": rows[name]}) for name in ("risk", "balanced"))
    return {"ours": ours, "class-balanced": balanced, "public": reference_rows(), "on the edge": edge_rows()}


def curves_with(curve, hospital):
    """Put a function to each of :func:`curve_sets`; one table, with ``rows`` naming the set."""
    tables = {}
    for name, rows in curve_sets(hospital).items():
        found = curve(rows.outcome.copy(), rows.risk.copy(), THRESHOLDS)
        if isinstance(found, pd.DataFrame) and "threshold" not in found and found.index.name == "threshold":
            found = found.reset_index()
        if isinstance(found, pd.DataFrame) and "threshold" in found:
            found = found.assign(threshold=pd.to_numeric(found.threshold).round(6))
        tables[name] = found
    return _stacked(tables, "rows")


def _stacked(tables, name):
    """One table of several, with the name of each; anything that is no table comes back as it is."""
    odd = next((table for table in tables.values() if not isinstance(table, pd.DataFrame)), None)
    if odd is not None or any(table is None for table in tables.values()):
        return odd
    return pd.concat([table.assign(**{name: key}) for key, table in tables.items()], ignore_index=True)


def programme(todays_calls, hospital):
    """Put a rule to the lists of a hospital and to :func:`invented_lists`, one day after the other.

    Returns
    -------
    dict
        ``here`` and ``invented``, each with ``called`` (ids, as far as the week's calls went), ``over`` (days on which
        more were named than calls were left), ``strangers`` (named, and not on the list of the day), ``calls`` (a week,
        mean), ``capacity``; and ``peeked``: days on which the days to come made a difference, of ``asked_twice``.
    """
    found = {}
    asked = (("here", lists(hospital), capacity(hospital)), ("invented", invented_lists(), CALLS_A_WEEK))
    for name, rows, calls in asked:
        found[name] = _year_of(todays_calls, rows, calls, twice=name == "here")
        if found[name] is ...:
            return ...
    return found


def _year_of(todays_calls, rows, calls, *, twice):
    """What a rule did from ``QUIET_WEEKS`` on.

    In every fourth week each day is asked twice: the second time with other lists on the days to come (half of the rows
    are gone, the risks of the others exchanged, and all higher or all lower). A rule that does not read them decides the same.
    """
    dice, done = np.random.default_rng(40), {"called": [], "over": 0, "strangers": 0, "peeked": 0, "asked_twice": 0}
    left, week = calls, None
    for day in np.unique(rows.day[rows.week >= QUIET_WEEKS]).tolist():
        if day // 7 != week:
            week, left = day // 7, calls
        named = _named(todays_calls(rows.copy(), day, left))
        if named is ...:
            return ...
        if twice and week % 4 == 0:
            done["asked_twice"] += 1
            done["peeked"] += set(_named(todays_calls(another_future(rows, day, dice), day, left))) != set(named)
        today = set(rows.encounter_id[rows.day == day])
        mine = [name for name in dict.fromkeys(named) if name in today]
        done["strangers"] += len(set(named) - today)
        done["over"] += len(mine) > left
        done["called"] += mine[:left]
        left -= len(mine[:left])
    return done | {"calls": len(done["called"]) / (rows.week.max() + 1 - QUIET_WEEKS), "capacity": calls}


def _named(answer):
    """The ids that a rule gave, as a list; an error that says what it gave instead."""
    if answer is ...:
        return ...
    if isinstance(answer, pd.DataFrame):
        raise TypeError("todays_calls returned a DataFrame; it must return ids, such as its column `encounter_id`")
    if answer is None or isinstance(answer, (str, int, float)):
        raise TypeError(f"todays_calls returned {answer!r:.40}; it must return a list of ids")
    found = list(answer)
    if any(not isinstance(one, str) for one in found):
        raise TypeError(f"todays_calls returned a list that begins {found[0]!r:.40}; ids of the day's list are asked")
    return found


def changes(hospital):
    """Return ``(septic, burden)`` of a hospital and of the invented wards, by what is added to the names of their figures."""
    made, alerts = invented_change()
    return {"": (septic(hospital), burden(hospital)), ", invented": (made.copy(), dict(alerts))}


def weighed(consequences, hospital):
    """Put a function to both; its ranges become ``hours low``, ``hours high`` and so on."""
    found = {}
    for name, (rows, alerts) in changes(hospital).items():
        answer = consequences(rows, alerts)
        if answer is ... or type(answer) is not dict:
            return answer
        if all(part is ... for part in answer.values()):
            return ...
        found |= {f"{key}{name}": value for key, value in _flat(answer).items()}
    return found


def _flat(answer):
    flat = {}
    for name, value in answer.items():
        if name not in ("hours", "minutes"):
            flat[name] = value
            continue
        if not isinstance(value, (tuple, list)) or len(value) != 2:
            raise TypeError(f"{name!r} is a range: two numbers (low, high), not {value!r:.40}")
        flat |= {f"{name} low": value[0], f"{name} high": value[1]}
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in flat.items()}


GROUPED_BY = ("site", "race", "age_group", "sex", "interpreter", "payer", "diagnosis")
PRICES = (2, 4, 7, 15)  # needless calls that one readmission found may be worth to somebody


def grouped(by_group, hospital):
    """Put a function to the stays of 2024, by each way to group them, and to an invented country."""
    tables = {by: by_group(judged(hospital), by) for by in GROUPED_BY}
    return _stacked(tables | {"district": by_group(invented_districts().copy(), "district")}, "by")


def slid(slide, hospital):
    """Put a function to the stays of 2024 and to a rarer event, at each of ``PRICES``; one row for each."""
    rows = []
    for name, stays in corner_sets(hospital).items():
        for needless in PRICES:
            found = slide(stays.outcome.copy(), stays.risk.copy(), needless)
            if type(found) is not dict:
                return found
            if all(part is ... for part in found.values()):
                return ...
            rows.append({"rows": name, "needless": needless} | found)
    return pd.DataFrame(rows)


def corner_sets(hospital):
    """Return our model on the stays of 2024, and a made-up score of four values for an event of 20 in 1,000."""
    rows = judged(hospital)
    return {"ours": pd.DataFrame({"outcome": rows.back, "risk": rows.risk}), "rare": rare_rows().copy()}
