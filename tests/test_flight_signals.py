"""The signals of a year: each value worked out by hand, on a hospital of a few rows."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from wardround.flight import signals
from wardround.flight.engine import fly
from wardround.flight.levels import Level, furthest
from wardround.flight.plan import load_plan
from wardround.flight.signals import Signals
from wardround.flight.usual import DAYS_BACK, Bins, usual_alerts
from wardround.flight.words import SIGNALS

NORMAL = {
    **{"heart_rate": 80.0, "respiratory_rate": 16.0, "temperature": 37.0, "saturation": 97.0, "systolic": 120.0},
    **{"diastolic": 70.0, "creatinine": 1.0, "urea": 15.0, "lactate": 1.0, "leukocytes": 8.0, "glucose": 100.0},
    **{"vitals_age_hours": 2.0, "result_lag_hours": 1.0, "age": 60.0},
}


def windows(day: int, sites: list[int], **changed) -> dict[str, np.ndarray]:
    """One row a site number, all in the day's first shift, with usual values."""
    n = len(sites)
    rows = {name: np.full(n, value) for name, value in NORMAL.items()}
    rows |= {"site": np.array(sites), "stay": np.arange(n), "window": np.zeros(n, dtype=int)}
    rows |= {"shift": np.full(n, 3 * day), "copies": np.ones(n, dtype=int), "race": np.zeros(n, dtype=int)}
    rows |= {"sex_male": np.ones(n), "planned": np.zeros(n), "lactate_drawn": np.ones(n)}
    rows["comfort_care"] = np.zeros(n, dtype=bool)
    return rows | {name: np.asarray(value) for name, value in changed.items()}


def answer(n: int, **changed) -> dict[str, np.ndarray]:
    off = {name: np.zeros(n, dtype=bool) for name in ("alert", "delivered", "answered", "off", "happened")}
    out = off | {"present": np.ones(n, dtype=bool), "score": np.full(n, 0.1)}
    return out | {name: np.asarray(value) for name, value in changed.items()}


class Hospital(SimpleNamespace):
    """What the signals read of a year."""


class Tenth:
    """A model that says 0.1 of everybody."""

    def risk(self, rows):
        return np.full(len(rows["age"]), 0.1)


def discharges(days) -> pd.DataFrame:
    n = len(days)
    frame = pd.DataFrame({"day": days, "age": 60.0, "charlson": 1.0, "los_days": 4.0, "creatinine": 1.0})
    return frame.assign(site="quillmere", group="gut", stays_before=0, sodium=[140.0] * n)


@pytest.fixture
def make():
    """A hospital with twenty patients a day at Quillmere and ten at Eastbank, and ten discharges a week."""

    def made(threshold: float = 0.05, reviews: int = 0, lag: int = 1, duplicates: str = "each") -> Signals:
        days = [windows(day, [0] * 20 + [1] * 10) for day in range(-DAYS_BACK, 0)]
        past = {name: np.concatenate([rows[name] for rows in days]) for name in days[0]}
        past["stay"] = np.arange(past["stay"].size)
        stays = discharges(np.arange(-DAYS_BACK, 0).repeat(2)[: 26 * 10 * 1 + 104])
        year = Hospital(seed=1, past=SimpleNamespace(windows=past, stays=stays), stays={"site": np.zeros(200)})
        plan = SimpleNamespace(
            ward=SimpleNamespace(threshold=threshold, policy="fixed", groups={}, alerts_a_shift=4),
            list=SimpleNamespace(model="reference", threshold=0.05),
            labels=SimpleNamespace(lag_days=lag, chart_reviews_a_week=reviews),
            contracts=SimpleNamespace(duplicates=duplicates),
        )
        return Signals(year, plan, {"ward": Tenth(), "list": Tenth()})

    return made


def day_of(flown: Signals, rows, **out) -> dict[str, float]:
    """Feed one day and return the ward's signals of the next morning."""
    flown.ward(0, rows, answer(rows["site"].size, **out))
    return {name: value for (service, name), value in flown.observe(1).items() if service == "ward"}


def test_a_usual_day_shows_nothing(make):
    seen = day_of(make(), windows(0, [0] * 20 + [1] * 10))
    assert (seen["rows"], seen["census"], seen["freshness"]) == (1.0, 1.0, 2.0)
    for name in ("duplicates", "value_contract", "missing", "time_order", "unknown_codes", "new_rows_of_a_site"):
        assert seen[name] == 0.0, name


def test_the_worst_site_is_told_and_not_the_mean(make):
    creatinine = np.where(np.arange(30) >= 27, 88.4, 1.0)  # three of Eastbank's ten in umol/L: 30 %, 10 % of all
    age = np.where(np.arange(30) >= 20, 9.0, 2.0)
    lag = np.where(np.arange(30) >= 28, -4.0, 1.0)  # two of ten, of which one has no result at all
    lag[20] = np.nan
    temperature = np.where(np.arange(30) < 11, np.nan, 37.0)  # 11 of Quillmere's 20; one of eleven columns
    seen = day_of(
        make(),
        windows(
            0,
            [0] * 20 + [1] * 10,
            creatinine=creatinine,
            vitals_age_hours=age,
            result_lag_hours=lag,
            temperature=temperature,
        ),
    )
    assert seen["value_contract"] == pytest.approx(0.3)
    assert seen["freshness"] == 9.0
    assert seen["time_order"] == pytest.approx(2 / 9)
    assert seen["missing"] == pytest.approx(11 / 20 / 11)


def test_rows_copies_codes_and_a_site_without_a_name(make):
    copies = np.r_[np.full(5, 2), np.ones(15), np.zeros(4), [2], np.ones(5), np.ones(2)].astype(int)
    race = np.r_[np.full(8, 9), np.zeros(24)].astype(int)
    seen = day_of(make(), windows(0, [0] * 20 + [1] * 10 + [2] * 2, copies=copies, race=race))
    assert seen["rows"] == pytest.approx(0.6)  # six of Eastbank's ten came, one of them twice
    assert seen["duplicates"] == pytest.approx(6 / 32)
    assert seen["unknown_codes"] == pytest.approx(8 / 32)
    assert seen["new_rows_of_a_site"] == 2.0


def test_only_who_is_still_there_counts(make):
    present = np.r_[np.ones(20), np.ones(5), np.zeros(5)].astype(bool)
    seen = day_of(make(), windows(0, [0] * 20 + [1] * 10), present=present)
    assert seen["rows"] == pytest.approx(0.5)


def test_alerts_as_a_multiple_and_the_heartbeat(make):
    alert = np.arange(30) < 15
    flown = make()
    assert flown.alerts_a_day == 30.0  # everybody is above the threshold, nobody has a second window
    seen = day_of(flown, windows(0, [0] * 20 + [1] * 10), alert=alert, delivered=alert)
    assert (seen["alerts"], seen["heartbeat"]) == (0.5, 0.0)
    seen = day_of(make(), windows(0, [0] * 20 + [1] * 10), alert=alert)
    assert seen["heartbeat"] == 1.0
    seen = day_of(make(), windows(0, [0] * 20 + [1] * 10), alert=alert, delivered=alert, off=np.arange(30) > 28)
    assert "alerts" not in seen  # a service that is off somewhere has no usual number


@pytest.mark.parametrize(("duplicates", "rung"), [("each", 20.0), ("once", 15.0)])
def test_an_alert_that_comes_twice_rings_twice_unless_the_contract_counts_it_once(make, duplicates, rung):
    alert = np.arange(30) < 15
    copies = np.where(np.arange(30) < 5, 2, 1)
    seen = day_of(make(duplicates=duplicates), windows(0, [0] * 20 + [1] * 10, copies=copies), alert=alert)
    assert seen["alerts"] == pytest.approx(rung / 30)


def test_the_level_of_a_test_counts_each_stay_once_and_by_hand():
    random = np.random.default_rng(1)
    before = np.exp(random.normal(2.0, 0.4, 400))
    level = Level(before)
    assert level.moved(before) == 0.0
    now = np.exp(random.normal(2.1, 0.4, 100))
    error = np.log(before).std() * np.sqrt(1 / 100 + 1 / 400)
    assert level.moved(now) == pytest.approx(abs(np.log(now).mean() - np.log(before).mean()) / error)
    assert level.moved(1.1 * before) == pytest.approx(np.log(1.1) / (np.log(before).std() * np.sqrt(2 / 400)))
    ten_rows_each = level.moved(now.repeat(10), np.arange(100).repeat(10))
    assert ten_rows_each == pytest.approx(level.moved(now)), "a long stay says no more than a short one"
    assert np.isnan(level.moved(now[:29])) and np.isnan(level.moved(np.full(100, np.nan)))
    assert furthest([np.nan, 2.0, 1.0]) == 2.0 and furthest([np.nan]) is None


def test_the_level_is_that_of_the_worst_site_over_four_weeks(make):
    flown = make()
    random = np.random.default_rng(2)
    for site, size in ((0, 300), (1, 200)):
        flown.usual.levels[site] = {"leukocytes": Level(np.exp(random.normal(2.0, 0.4, size)))}

    def moved(site: int) -> float:
        rows = {name: np.concatenate([day[name] for day in flown.results]) for name in flown.results[0]}
        at = rows["site"] == site
        return flown.usual.levels[site]["leukocytes"].moved(rows["leukocytes"][at], rows["stay"][at])

    for day in range(35):
        shifted = np.where(np.arange(30) >= 20, 1.4, 1.0) if day < 7 else 1.0  # a week at Eastbank, five weeks ago
        rows = windows(day, [0] * 20 + [1] * 10, leukocytes=shifted * np.exp(random.normal(2.0, 0.4, 30)))
        flown.ward(day, rows | {"stay": rows["stay"] + 30 * (day % 6)}, answer(30))
        if day % 7 == 6:
            flown.observe(day + 1)
        if day == 13:
            assert flown.weekly["ward", "lab_level"] == moved(1) > moved(0), "that week is among the last four"
    assert flown.weekly["ward", "lab_level"] == max(moved(0), moved(1)) < 4, "and no longer"


def test_usual_alerts_are_silent_after_one_and_limited_a_shift():
    rows = windows(0, [0] * 7)
    rows["stay"] = np.array([1, 1, 1, 1, 2, 3, 4])
    rows["window"] = np.array([0, 1, 2, 3, 0, 0, 0])
    rows["shift"] = np.array([0, 1, 2, 3, 0, 0, 0])
    ward = SimpleNamespace(threshold=0.5, policy="fixed", groups={}, alerts_a_shift=2)
    score = np.array([0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.1])
    plan = SimpleNamespace(ward=ward)
    assert usual_alerts(plan, rows, score) * DAYS_BACK == pytest.approx(4)  # stay 1 in windows 0 and 3; stays 2, 3
    ward.policy = "capacity"
    assert usual_alerts(plan, rows, score) * DAYS_BACK == pytest.approx(3)  # three in shift 0, of which two
    ward.policy, ward.groups = "group", {"black": 0.05, "others": 0.95}
    rows["race"] = np.array([0, 0, 0, 0, 0, 0, 1])
    assert usual_alerts(plan, rows, score) * DAYS_BACK == pytest.approx(1)


def test_stability_index_by_hand():
    bins = Bins(np.repeat([1.0, 2.0, 3.0, 4.0, 5.0], 20))
    assert bins.index(np.repeat([1.0, 2.0, 3.0, 4.0, 5.0], 20)) == pytest.approx(0.0)
    now = np.array([20.5, 20.5, 20.5, 20.5, 20.5, 0.5]) / 103
    moved = np.array([100.5, 0.5, 0.5, 0.5, 0.5, 0.5]) / 103
    assert bins.index(np.full(100, 0.5)) == pytest.approx(((moved - now) * np.log(moved / now)).sum())
    gone = np.array([0.5, 0.5, 0.5, 0.5, 0.5, 100.5]) / 103
    assert bins.index(np.full(100, np.nan)) == pytest.approx(((gone - now) * np.log(gone / now)).sum())


def test_bins_of_noughts_and_ones_see_a_share_move():
    bins = Bins(np.r_[np.zeros(90), np.ones(10)])
    assert bins.index(np.r_[np.zeros(90), np.ones(10)]) == pytest.approx(0.0)
    assert bins.index(np.r_[np.zeros(50), np.ones(50)]) > 0.5


def week_of(flown: Signals, first: int, **out) -> None:
    for day in range(first, first + 7):
        flown.ward(day, windows(day, [0] * 20 + [1] * 10), answer(30, **out))


def test_weekly_signals_come_on_mondays(make):
    flown = make()
    alert = np.arange(30) < 4
    week_of(flown, 0, alert=alert, delivered=alert, answered=np.arange(30) < 1)
    flown.list(
        6, discharges([0] * 40), {"score": np.full(40, 0.1), "called": np.zeros(40), "off": np.zeros(40, bool)} | CAME
    )
    assert ("ward", "unanswered") not in flown.observe(6)
    seen = flown.observe(7)
    assert seen["ward", "unanswered"] == pytest.approx(0.75)
    assert seen["ward", "score_drift"] < 0.02  # the half row that each bin is given
    assert seen["list", "rows"] == pytest.approx(40 / (364 / 26))
    assert seen["list", "alerts"] == pytest.approx(40 / (364 / 26))
    assert ("list", "rows") not in flown.observe(8)


CAME = {"came": np.zeros(40, dtype=bool)}


def test_observed_over_expected_of_the_ward(make):
    """Of 30 rows a day with a risk of 0.1, one deteriorates each day; only its own window was scored."""
    flown = make(lag=36)  # six days beyond the thirty: a day's outcomes count as known seven days later
    for day in range(28):
        rows = windows(day, [0] * 20 + [1] * 10)
        rows["stay"] = np.arange(30) + 30 * (day % 6)
        rows["window"] = np.full(30, 10 * day)
        flown.ward(day, rows, answer(30, happened=np.arange(30) == 0))
        if day == 7:
            assert ("ward", "observed_expected") not in flown.observe(7)  # nothing is known within the lag
    # due on day 28 are days 0 to 20: 21 events, 63 expected
    seen = flown.observe(28)
    assert seen["ward", "observed_expected"] == pytest.approx(21 / 63)
    assert seen["ward", "below_expected"] == seen["ward", "observed_expected"]


def test_an_outcome_counts_for_each_window_of_the_day_before_it(make):
    flown = make(lag=1)
    for day, window in ((0, 4), (1, 5), (2, 6)):
        rows = windows(day, [0] * 20 + [1] * 10, comfort_care=np.arange(30) == 29)  # of whom no score is shown
        rows["window"] = np.full(30, window)
        flown.ward(day, rows, answer(30, happened=(np.arange(30) == 0) & (day == 2)))
    assert flown.observed[:3].tolist() == [0, 0, 3]
    assert flown.expected[:3].tolist() == pytest.approx([2.9, 2.9, 2.9])


def test_observed_over_expected_of_the_list_waits_for_thirty_days(make):
    flown = make(lag=1)
    week_of(flown, 0)
    for week in range(8):
        came = np.arange(60) < 9  # nine of sixty come back; six were expected
        out = {"score": np.full(60, 0.1), "called": np.zeros(60), "off": np.zeros(60, bool), "came": came}
        flown.list(7 * week + 6, discharges([7 * week] * 60), out)
    assert ("list", "observed_expected") not in flown.observe(42)  # one week is known: six are expected, too few
    assert flown.observe(49)["list", "observed_expected"] == pytest.approx(1.5)


def test_gap_of_the_worst_group_from_reviews(make, monkeypatch):
    monkeypatch.setattr(signals, "REVIEWED", 2)
    flown = make(reviews=20)
    rows = windows(0, [0] * 20 + [1] * 10, race=np.r_[np.ones(4), np.zeros(26)].astype(int))
    happened = np.isin(np.arange(30), [0, 1, 2, 3, 10, 11, 12, 13])
    alert = np.isin(np.arange(30), [0, 10, 11, 12])  # one of four in time, three of four of the others
    flown.ward(0, rows, answer(30, happened=happened, alert=alert))
    assert flown.observe(7)["ward", "group_gap"] == pytest.approx(0.5)


def test_no_reviews_no_gap(make, monkeypatch):
    monkeypatch.setattr(signals, "REVIEWED", 2)
    flown = make(reviews=0)
    race = np.repeat([0, 1], 15)
    flown.ward(0, windows(0, [0] * 30, race=race), answer(30, happened=np.ones(30, bool), alert=race == 0))
    assert ("ward", "group_gap") not in flown.observe(7)


def test_an_alert_more_than_a_day_before_is_not_in_time(make):
    flown = make(reviews=20)
    for day, window in ((0, 4), (1, 7)):
        rows = windows(day, [0] * 30, window=np.full(30, window))
        flown.ward(day, rows, answer(30, alert=np.full(30, day == 0), happened=np.full(30, day == 1)))
    assert not any(in_time for _, _, in_time in flown.reviews.found)


def test_list_codes_units_and_doubles(make):
    flown = make()
    frame = discharges([0] * 40)
    frame.loc[:9, "group"] = "unmapped"
    frame.loc[:3, "creatinine"] = 88.4
    frame.loc[:7, "sodium"] = np.nan
    out = {"score": np.full(40, 0.1), "called": np.zeros(40), "off": np.zeros(40, bool)} | CAME
    flown.ward(6, windows(6, [0] * 30), answer(30))
    flown.list(6, frame.assign(copies=np.where(np.arange(40) < 2, 2, 1)), out)
    seen = flown.observe(7)
    assert seen["list", "unknown_codes"] == 0.25
    assert seen["list", "value_contract"] == 0.1
    assert seen["list", "missing"] == pytest.approx(8 / 80)
    assert seen["list", "duplicates"] == 0.05


def test_a_quiet_year_crosses_a_usual_limit_less_than_once_a_quarter():
    days = fly(load_plan("reference"), 1, ()).days
    crossed = {}
    for key in {key for day in days for key in day}:
        limit, below = SIGNALS[key[1]].usual, SIGNALS[key[1]].alarms == "below"
        values = [day[key] for day in days if key in day]
        over = [value < limit if below else value > limit for value in values]
        crossed[key] = sum(now and not before for before, now in zip([False, *over], over, strict=False))
    assert {key: times for key, times in crossed.items() if times >= 4} == {}
    every = {(service, name) for name, signal in SIGNALS.items() for service in signal.services}
    told = {("ward", "heartbeat")}
    assert every - set(crossed) - told == NOT_OF_THE_LIST


NOT_OF_THE_LIST = {("list", "group_gap"), ("list", "new_rows_of_a_site")}  # no card strikes them there
