"""Scores of a flight, worked out by hand on a year of three stays and a handful of discharges."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from wardround.flight import fairness, scores
from wardround.flight.card import Card, Drawn
from wardround.flight.plan import Forecast, Range
from wardround.flight.words import AXES, DAYS, SHIFTS, SITES

HAZARD = 0.1
COUNTS = {"present": 0, "alert": 0, "answered": 0, "called": 0}


def card(name: str, **more) -> Card:
    said = dict.fromkeys(("title", "happens", "first_sign", "best_signal", "tempting", "reference_why", "where"), "")
    lists = {"services": ("ward",), "weeks": (1, 2), "seen_by": (), "reference": (), "tempted": (), "bites": "harm"}
    return Card(id=name, **(said | lists | more))


def spell(name: str, begins: float, ends: float, decoy: bool = False, services=("ward",), **more):
    came = {"detected": np.inf, "contained": np.inf, "restored": np.inf} | more
    return SimpleNamespace(cause=name, decoy=decoy, services=services, begins=begins, ends=ends, **came)


def flown(rows: int = 6, homes: int = 4, **parts) -> SimpleNamespace:
    """A flight with two windows for each of three stays on day 0, nothing alerted, four discharges nobody is called."""
    no = np.zeros(rows, dtype=bool)
    windows = {"stay": np.arange(rows) // 2, "window": np.arange(rows) % 2, "day": np.zeros(rows, dtype=int)}
    windows |= {"site": np.zeros(rows, dtype=int), "race": np.zeros(rows, dtype=int), "shift": np.arange(rows) % 2}
    windows["comfort_care"] = no
    truth = {"hazard": np.full(rows, HAZARD), "event_u": np.ones(rows), "needed": no, "dark": no, "guest": no}
    ward = {name: no.copy() for name in ("alert", "delivered", "answered", "damaged", "off", "fallback", "happened")}
    ward |= {"present": ~no, "scored": ~no, "score": np.full(rows, 0.2), "threshold": np.full(rows, 0.1)}
    ward |= {"helped": np.ones(rows), "factor": np.ones(rows)}
    quiet = np.zeros(homes, dtype=bool)
    calls = {name: quiet.copy() for name in ("called", "damaged", "off", "came")} | {"scored": ~quiet}
    calls |= {"p0": np.full(homes, 0.3), "p1": np.full(homes, 0.2), "score": np.full(homes, 0.25)}
    known = {"usual_call": quiet, "y0": quiet, "y1": quiet, "interpreter": quiet}
    shape = (DAYS * SHIFTS, len(SITES))
    shifts = {name: np.zeros(shape, dtype=int) for name in ("alerts", "answered", "beds", "capacity")}
    year = SimpleNamespace(
        windows=windows | parts.pop("windows", {}),
        truth=truth | parts.pop("truth", {}),
        stays={"guest_u": np.zeros(rows)},
        list_truth=known | parts.pop("list_truth", {}),
        discharges=pd.DataFrame({"day": np.arange(homes)}),
    )
    flight = SimpleNamespace(year=year, drawn=(), spells=[], log=[], hours={}, plan=SimpleNamespace(forecast=None))
    flight.ward, flight.list = ward | parts.pop("ward", {}), calls | parts.pop("list", {})
    flight.shifts = shifts | parts.pop("shifts", {})
    vars(flight).update(parts)
    return flight


def value(numbers, name: str) -> float:
    return next(one.value for one in numbers if one.name == name)


# benefit ------------------------------------------------------------------------------------------------------------


def test_expected_deteriorations_averted_by_one_visit():
    """A visit in the first window of one stay takes 0.6 off the hazards of both: (1 - .9 .9) - (1 - .96 .96)."""
    helped = np.array([0.4, 0.4, 1, 1, 1, 1])
    found = scores.benefit(flown(ward={"helped": helped}))
    assert value(found, "ward_averted") == pytest.approx(0.96**2 - 0.9**2)


def test_a_window_that_was_not_lived_counts_as_risk_and_a_stay_that_never_came_does_not():
    present = np.array([1, 0, 1, 1, 0, 0], dtype=bool)  # the first got worse in its first window; the third never came
    helped = np.array([0.4, 1, 1, 1, 0.4, 0.4])
    found = scores.benefit(flown(ward={"helped": helped, "present": present}))
    assert value(found, "ward_averted") == pytest.approx(0.96 * 0.9 - 0.9 * 0.9)
    assert found[0].of == "2 stays"


def test_the_world_moves_the_risk_that_is_averted():
    helped, factor = np.array([0.4, 1, 1, 1, 1, 1]), np.array([2.0, 1, 1, 1, 1, 1])
    found = scores.benefit(flown(ward={"helped": helped, "factor": factor}))
    assert value(found, "ward_averted") == pytest.approx(0.9 * (0.92 - 0.8))


def test_realised_counts_stand_beside_the_expected():
    event_u = np.array([0.05, 1, 1, 0.09, 1, 1])  # two would get worse; the first is helped and does not
    happened = np.array([0, 0, 0, 1, 0, 0], dtype=bool)
    found = scores.benefit(flown(truth={"event_u": event_u}, ward={"happened": happened}))
    assert value(found, "ward_averted_realised") == 1.0


def test_the_list_is_compared_with_usual_cares_calls():
    p0, p1 = np.array([0.5, 0.3, 0.3, 0.3]), np.array([0.3, 0.25, 0.2, 0.3])
    called, usual = np.array([1, 0, 1, 0], dtype=bool), np.array([0, 1, 0, 1], dtype=bool)
    y0, y1 = np.array([1, 1, 0, 0], dtype=bool), np.array([0, 0, 0, 1], dtype=bool)
    came = np.array([0, 1, 0, 0], dtype=bool)
    calls = {"p0": p0, "p1": p1, "called": called, "came": came}
    found = scores.benefit(flown(list=calls, list_truth={"usual_call": usual, "y0": y0, "y1": y1}))
    assert value(found, "list_averted") == pytest.approx(0.2 + 0.1 - 0.05 - 0.0)
    assert value(found, "list_averted_in_all") == pytest.approx(0.3)
    assert value(found, "list_averted_realised") == 2 - 1  # the first (not called) and the last (called) come back


# harm and burden ----------------------------------------------------------------------------------------------------


def test_harm_of_1000():
    needed = np.array([1, 1, 0, 0, 0, 0], dtype=bool)
    answered = np.array([1, 0, 1, 1, 0, 0], dtype=bool)
    off = np.array([0, 1, 0, 0, 1, 0], dtype=bool)
    ward = {"answered": answered, "off": off, "scored": ~off, "damaged": np.array([0, 1, 0, 0, 1, 1], dtype=bool)}
    calls = {"damaged": np.array([1, 0, 0, 0], dtype=bool), "off": np.array([0, 1, 1, 0], dtype=bool)}
    found = scores.harm(flown(truth={"needed": needed}, ward=ward, list=calls))
    assert value(found, "visits_for_nothing") == pytest.approx(2000 / 3)
    assert value(found, "ward_wrong_data") == pytest.approx(250)  # one of four scores; the other two gave none
    assert value(found, "list_wrong_data") == pytest.approx(250)
    assert value(found, "needed_without_score") == pytest.approx(500)
    assert value(found, "list_off") == pytest.approx(500)


def test_who_is_kept_comfortable_misses_no_score():
    off, comfort = np.array([1, 1, 0, 0, 0, 0], dtype=bool), np.array([1, 0, 0, 0, 0, 0], dtype=bool)
    parts = {"truth": {"needed": np.ones(6, dtype=bool)}, "ward": {"off": off, "scored": ~off}}
    found = scores.harm(flown(windows={"comfort_care": comfort}, **parts))
    assert value(found, "needed_without_score") == pytest.approx(200)  # one of five; two of six without the rule


class NewSite(Card):
    def guests(self, drawn, day):
        return ("northgate", 0.5)


def test_a_new_site_in_shadow_is_not_switched_off():
    guest = np.array([0, 0, 1, 1, 0, 0], dtype=bool)
    base = card("new_site")
    new = NewSite(**{name: getattr(base, name) for name in base.__dataclass_fields__})
    off = guest.copy()
    parts = {"truth": {"needed": np.ones(6, dtype=bool), "guest": guest}, "ward": {"off": off, "scored": ~off}}
    with_card = scores.harm(flown(**parts, drawn=(Drawn(new, 0, 50, site=2),)))
    assert value(with_card, "needed_without_score") == 0.0
    assert value(scores.harm(flown(**parts)), "needed_without_score") == pytest.approx(1000 / 3)


def test_burden_counts_staffed_shifts_only():
    shifts = {name: np.zeros((DAYS * SHIFTS, 3), dtype=int) for name in ("alerts", "answered", "beds", "capacity")}
    shifts["beds"][:, 0] = 20
    shifts["capacity"][:, :] = 1  # also where nobody lies
    shifts["alerts"][:273, 0], shifts["answered"][:273, 0] = 2, 1
    shifts["alerts"][-100:, 0], shifts["answered"][-100:, 0] = 1, 1
    found = scores.burden(flown(shifts=shifts))
    assert value(found, "alerts_a_responder") == pytest.approx((2 * 273 + 100) / 1092)
    assert value(found, "shifts_over_capacity") == pytest.approx(250)
    assert value(found, "response_trend") == pytest.approx(50)


# equity -------------------------------------------------------------------------------------------------------------


def groups(caught: int, scale: float = 1.0, **ward) -> SimpleNamespace:
    """1,000 windows: the first 20 needed and all high, the last 20 needed, of a dark group, of which some are high."""
    rows = np.arange(1000)
    needed, dark = (rows < 20) | (rows >= 980), rows >= 980
    score = np.where((rows < 20) | (rows >= 1000 - caught), 0.9, 0.2)
    more = {"score": score * scale, "threshold": np.full(1000, 0.1) * scale} | ward
    return flown(1000, truth={"needed": needed, "dark": dark}, ward=more)


def test_gap_and_the_worst_group(monkeypatch):
    monkeypatch.setattr(fairness, "VOLUME", 0.03)
    found = fairness.equity(groups(10))
    assert value(found, "worst_sensitivity") == pytest.approx(500)
    assert value(found, "gap") == pytest.approx(50)


def test_paging_more_does_not_make_a_plan_fairer(monkeypatch):
    monkeypatch.setattr(fairness, "VOLUME", 0.03)
    low = fairness.equity(groups(10, threshold=np.full(1000, 0.01)))
    assert value(low, "gap") == pytest.approx(50)  # everybody is above this threshold


def test_what_was_off_is_missed_by_the_worst_group_and_leaves_the_gap_alone(monkeypatch):
    monkeypatch.setattr(fairness, "VOLUME", 1.0)
    monkeypatch.setattr(fairness, "FEWEST", 5)
    off = (np.arange(1000) >= 985) | ((np.arange(1000) > 100) & (np.arange(1000) < 600))
    found = fairness.equity(groups(20, scored=~off, off=off))
    assert value(found, "gap") == 0.0
    assert value(found, "worst_sensitivity") == pytest.approx(250)


def test_a_group_threshold_moves_the_group(monkeypatch):
    monkeypatch.setattr(fairness, "VOLUME", 0.04)
    cut = np.where(np.arange(1000) >= 980, 0.01, 0.1)
    assert value(fairness.equity(groups(0, threshold=cut)), "gap") == pytest.approx(0)


def test_weeks_above_the_limit():
    """Twenty windows of each group a week; in weeks 20 to 25 the group's are missed."""
    week = np.repeat(np.arange(52), 40)
    group = np.tile(np.arange(40) < 20, 52)
    flagged = ~(group & (week >= 20) & (week < 26))
    judged = np.ones(week.size, dtype=bool)
    # of thirteen weeks, 4 missed are 31 points and 3 are 23: ends in weeks 23 to 34
    assert fairness.over_limit(flagged, judged, group, week, 0.30) == 12


def test_list_by_interpreter():
    interpreter = np.array([1, 1, 0, 0], dtype=bool)
    came = np.array([1, 0, 1, 1], dtype=bool)
    found = fairness.equity(flown(list={"came": came}, list_truth={"interpreter": interpreter}))
    assert value(found, "list_gap") == pytest.approx(abs(1 / 0.5 - 2 / 0.5))


# resilience ---------------------------------------------------------------------------------------------------------


def year_long(**parts) -> SimpleNamespace:
    """One window a day of the year, one discharge a day."""
    windows = {"stay": np.zeros(DAYS, dtype=int), "day": np.arange(DAYS)}
    return flown(DAYS, DAYS, windows=windows, **parts)


def test_days_of_an_incident_and_who_was_served_in_it():
    fixed = card("unit_change", reference=("fallback",), mends=frozenset({"fix_feed"}), services=("ward", "list"))
    late = card("surge", reference=("log",))
    spells = [
        spell("unit_change", 10, 60, services=("ward", "list"), detected=14.0, contained=15.0, restored=20.0),
        spell("surge", 100, 121),
        spell("rumour", 200, 214, decoy=True),
    ]
    drawn = (Drawn(fixed, 10, 60, site=0), Drawn(late, 100, 121, site=-1), Drawn(card("rumour"), 200, 214))
    found = scores.resilience(year_long(spells=spells, drawn=drawn))
    assert value(found, "days_to_detect") == pytest.approx((4 + 21) / 2)
    assert value(found, "days_to_contain") == pytest.approx(5)
    assert value(found, "days_to_restore") == pytest.approx(10)
    assert value(found, "unseen") == 1
    assert value(found, "silent_patient_weeks") == pytest.approx((4 + 21) / 21)
    assert value(found, "silent_discharges") == 4


def test_an_incident_of_another_site_leaves_this_one_alone():
    spells, drawn = [spell("unit_change", 10, 60)], (Drawn(card("unit_change"), 10, 60, site=1),)
    assert value(scores.resilience(year_long(spells=spells, drawn=drawn)), "silent_patient_weeks") == 0


def test_weeks_of_false_stop_are_weeks_not_entries():
    off = (np.arange(DAYS) >= 50) & (np.arange(DAYS) < 78)
    assert value(scores.resilience(year_long(ward={"off": off})), "false_stop_weeks") == pytest.approx(4)
    spells = [spell("unit_change", 50, 60, restored=57.0)]  # with three days of grace, 18 of 28 days have no reason
    found = scores.resilience(year_long(ward={"off": off}, spells=spells, drawn=(Drawn(card("unit_change"), 50, 60),)))
    assert value(found, "false_stop_weeks") == pytest.approx(18 / 7)
    assert value(found, "weeks_off") == pytest.approx(4)  # whatever the reason


def test_changes_for_nothing():
    log = [
        {"kind": "begins", "action": name, "cause": cause, "case": 1, "day": 1, "who": "nurse_lead"}
        for name, cause in (
            *(("pause", "rumour"), ("retrain", "none found"), ("log", "rumour")),
            *(("pause", "not looked for"), ("fix_feed", "unit_change"), ("investigate", "not looked for")),
        )
    ]
    spells = [spell("rumour", 0, 14, decoy=True), spell("unit_change", 0, 9)]
    drawn = (Drawn(card("rumour"), 0, 14), Drawn(card("unit_change"), 0, 9))
    assert value(scores.resilience(flown(log=log, spells=spells, drawn=drawn)), "changes_for_nothing") == 3


# governance, cost, forecast -----------------------------------------------------------------------------------------


def line(kind: str, day: int, **more) -> dict:
    return {"kind": kind, "day": day, "hour": 0.0, **more}


def test_governance_from_the_log():
    log = [
        line("begins", 1, case=1, action="fallback", cause="unit_change", who="data_engineer"),
        line("found", 1, case=1, cause="unit_change"),
        line("notice", 1, case=1, role="nurse_lead", hours=30, within=24),
        line("notice", 1, case=1, role="clinical_lead", hours=13, within=24),
        line("holds", 1, case=1, action="fallback"),
        line("begins", 2, case=2, action="retrain", cause="none found", who=""),
        line("found", 3, case=3, cause="surge"),
        line("notice", 3, case=3, role="nurse_lead", hours=50, within=24),
        line("week", 364, week=52, **COUNTS),
    ]
    spells = [spell("unit_change", 0, 9), spell("surge", 0, 9), spell("rumour", 0, 9, decoy=True)]
    found = scores.governance(flown(log=log, spells=spells))
    assert value(found, "told_in_time") == pytest.approx(50)
    assert value(found, "decisions_named") == pytest.approx(50)
    assert value(found, "log_complete") == pytest.approx(50)


def test_the_log_alone_explains_the_year():
    weeks = [line("week", 7 * n + 7, week=n + 1, **(COUNTS | {"present": 7})) for n in range(52)]
    weeks[3]["alert"] = 1  # nobody alerted
    off = (np.arange(DAYS) >= 70) & (np.arange(DAYS) < 80)
    assert value(scores.governance(year_long(log=weeks)), "weeks_explained") == 51
    assert value(scores.governance(year_long(log=weeks, ward={"off": off})), "weeks_explained") == 49
    told = [*weeks, line("holds", 70, case=1, action="pause"), line("closed", 80, case=1)]
    assert value(scores.governance(year_long(log=told, ward={"off": off})), "weeks_explained") == 51


def test_cost_is_hours():
    hours = {"visits": 10.0, "chart_reviews": 5.0, "rounds_by_hand": 2.0, "retrain": 40.0, "investigate": 6.0}
    found = scores.cost(flown(hours=hours, log=[line("release", 3, service="ward", how="retrain")]))
    assert [one.value for one in found] == [63.0, 46.0, 10.0, 2.0, 5.0, 1.0]


def test_forecast_against_what_came():
    wide, wrong = Range(low=-1e6, high=1e6, confidence=0.8), Range(low=1e5, high=1e6, confidence=0.8)
    said = Forecast(benefit=wide, harm=wide, burden=wide, equity=wrong, resilience=wrong)
    flight = flown(plan=SimpleNamespace(forecast=said), shifts={"capacity": np.ones((1092, 3), int)})
    flight.shifts["beds"][:, 0] = 20
    found = scores.scores(flight)
    assert value(found["forecast"], "ranges_hit") == 3
    assert value(found["forecast"], "overconfidence") == pytest.approx(20)
    assert list(found) == list(AXES)


def test_without_a_forecast_there_is_none_and_every_number_says_what_it_is():
    found = scores.scores(flown())
    assert np.isnan(value(found["forecast"], "ranges_hit"))
    for axis, number in scores.ordered(found):
        assert number.unit and number.of and number.says, (axis, number.name)
        assert number.better in ("up", "down")
    names = [number.name for _, number in scores.ordered(found)]
    assert len(names) == len(set(names))
