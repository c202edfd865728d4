"""The frozen year and its models: what is known is what the warehouse has, and a replay is the simulation."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pipeline_cases as cases
import pytest
from scipy.special import expit, logit
from wardround.course import pipeline as course
from wardround.course import places
from wardround.evaluation import auroc, weak_calibration
from wardround.flight import models, year
from wardround.flight.learner_list import NoRelease, own_list
from wardround.flight.words import DAYS, SHIFTS
from wardround.hospital import Policy, Settings, simulate
from wardround.hospital import parameters as sheet
from wardround.hospital.history import History
from wardround.hospital.people import joined, make_people
from wardround.hospital.response import DOUBT, HELP, HELP_WINDOWS, LOCKOUT, TRUST_AT_FIRST, WILLING, Nurses
from wardround.hospital.simulation import panel_size
from wardround.hospital.warehouse import tables

SEED, SCALE, ALERT_FROM, WEEKS = 2026014, 1 / 3, 8.8, 3


@pytest.fixture(scope="module")
def small():
    return year.frozen(SEED, SCALE)


@pytest.fixture(scope="module")
def whole():
    return year.frozen(SEED)


def urgency(rows):
    """Breathing, pulse and oxygen; the age of the vital signs parts equals."""
    heart, breath, oxygen, old = (
        np.asarray(rows[name], dtype=float)
        for name in ("heart_rate", "respiratory_rate", "saturation", "vitals_age_hours")
    )
    return breath / 4 + heart / 15 + (97 - oxygen) / 3 + old / 10_000


class Alerting(Policy):
    def decide(self, feed):
        return Settings(alert=urgency, alert_from=ALERT_FROM)


def keys(person, arrived, window):
    return (person * 20_000 + arrived) * 100 + window


def of_year(of):
    stay = of.windows["stay"]
    return keys(of.stays["person"][stay], of.stays["arrived"][stay], of.windows["window"])


def of_world(world):
    stay = world.windows["stay"]
    return keys(world.stays["person"][stay], world.stays["day"][stay], world.windows["window"])


def replay(of, days):
    """Alerts, answers and events of stays that came in the year: the shortest flight there is."""
    rows, truth, stays = of.windows, of.truth, of.stays["site"].size
    score, mine = urgency(rows), ~truth["guest"] & (of.stays["arrived"][rows["stay"]] >= year.FIRST)
    event, silent, helped = np.full(stays, -1), np.zeros(stays, dtype=int), np.zeros(stays, dtype=int)
    found, nurses = np.zeros((3, score.size), dtype=bool), Nurses()
    bounds = np.searchsorted(rows["shift"], np.arange(SHIFTS * days + 1))
    for begin, end in pairwise(bounds.tolist()):
        at = begin + np.flatnonzero(mine[begin:end])
        stay, window, site = rows["stay"][at], rows["window"][at], rows["site"][at]
        here = (event[stay] < 0) | (event[stay] >= window)
        alert = here & (score[at] >= ALERT_FROM) & (window >= silent[stay])
        asked = {"site": site, "score": score[at], "willing_u": truth["willing_u"][at], "needed": truth["needed"][at]}
        came = nurses.answers(asked, alert, nurses.capacity(np.bincount(site[here], minlength=2)))
        silent[stay[alert]], helped[stay[came]] = window[alert] + LOCKOUT, window[came] + HELP_WINDOWS
        hazard = truth["hazard"][at] * np.where(window < helped[stay], HELP, 1.0)
        worse = here & (truth["event_u"][at] < hazard)
        event[stay[worse]] = window[worse]
        found[:, at] = alert, came, worse
    return found


def test_a_replay_of_the_first_weeks_is_the_simulation_under_the_same_policy(small):
    """Alert by alert, answer by answer, event by event.

    Later a stay that ended in another way can bring another return: see the docstring of ``year`` for how much that is.
    Windows of the dead in their last hours are no part of a world's record, and are left out.
    """
    world = simulate(SEED, 156 + WEEKS + 1, SCALE, Alerting())
    stay, days = world.windows["stay"], 7 * WEEKS
    begins = world.stays["admit"][stay] + world.windows["window"] * sheet.WINDOW
    under = (world.stays["arrive"][stay] >= year.FIRST) & (begins < year.FIRST + days)
    theirs, ours = of_world(world), of_year(small)
    event = world.stays["event"][stay] == world.windows["window"]
    recorded = np.isin(ours, theirs)
    for one, other in zip((world.windows["alert"], world.windows["answered"], event), replay(small, days), strict=True):
        expected = np.sort(theirs[under & one])
        assert expected.size >= 3 and np.array_equal(expected, np.sort(ours[recorded & other]))
    assert (under & world.windows["alert"]).sum() > 100


@pytest.fixture(scope="module")
def usual_care():
    """A world without any policy, its windows as the warehouse has them, and where they stand in the world."""
    world = simulate(SEED, 208, SCALE)
    kept, begins = tables(world)["windows"]
    return world, kept, begins


def test_rows_are_those_of_the_warehouse(small, usual_care):
    world, kept, _ = usual_care
    ours = np.where(small.truth["guest"], -1, of_year(small))
    _, there, here = np.intersect1d(of_world(world)[kept.index], ours, return_indices=True)
    assert there.size > 15_000
    for name in (*year.VALUES, "vital_sets", "window", *year.FLAGS):
        if name != "result_lag_hours":
            one, other = kept[name].to_numpy(float)[there], small.windows[name].astype(float)[here]
            assert np.array_equal(one, other, equal_nan=True), name


def test_the_past_is_all_that_was_recorded_with_a_known_outcome(small, usual_care):
    """Its rows carry no name, so columns are compared by their values."""
    _, kept, begins = usual_care
    rows, old = small.past.windows, kept[begins + 1 <= year.FIRST]
    assert len(old) == rows["stay"].size > 40_000 and rows["shift"].max() < 0
    assert old["deteriorates_24h"].astype(bool).sum() == rows["deteriorates_24h"].sum() > 500
    for name in ("heart_rate", "lactate", "age", "vitals_age_hours"):
        assert np.array_equal(np.sort(old[name].astype(float)), np.sort(rows[name]), equal_nan=True), name


def test_columns_are_whole_sorted_and_cut_by_days(small):
    rows, truth = small.windows, small.truth
    assert set(rows) == set(year.WINDOW_COLUMNS) and set(truth) == set(year.TRUTH_COLUMNS)
    size = rows["stay"].size
    assert all(column.flags["C_CONTIGUOUS"] and column.size == size for column in (rows | truth).values())
    order = np.lexsort((rows["window"], rows["stay"], rows["shift"]))
    assert np.array_equal(order, np.arange(size))
    assert np.array_equal(rows["day"], rows["shift"] // SHIFTS) and rows["shift"].min() >= 0
    for day in (0, 100, DAYS - 1):
        assert np.unique(rows["day"][small.on(day)]).tolist() == [day]
    assert small.begins[0] == 0 and small.begins[-1] == size
    assert (rows["result_lag_hours"][~np.isnan(rows["result_lag_hours"])] > 0).all()
    assert np.array_equal(
        np.isnan(rows["result_lag_hours"]),
        np.isnan(rows["glucose"]) & np.isnan(rows["leukocytes"]) & np.isnan(rows["lactate"]),
    )


def test_courses_are_whole_and_who_was_there_already_is_there(small):
    rows, truth, stay = small.windows, small.truth, small.windows["stay"]
    worse = truth["event_u"] < truth["hazard"]
    first = np.full(small.stays["site"].size, 99)
    np.minimum.at(first, stay[worse], rows["window"][worse])
    assert (rows["window"] > first[stay]).sum() > 100  # windows that usual care never saw
    assert (truth["needed"] & ~worse).sum() > 100 and truth["needed"][worse].all()
    before = (small.stays["admit_day"] < 0) & ~small.stays["guest"]
    assert 5 < before.sum() < 60 and (rows["window"][np.isin(stay, np.flatnonzero(before))] > 0).all()
    beds = np.bincount(rows["day"][~truth["guest"]], minlength=DAYS)
    assert 0.6 < beds[:7].mean() / beds[7:].mean() < 1.5  # the year does not begin with empty wards


def test_what_is_known_tells_nothing_of_when_somebody_left(small):
    """The dead leave early and are not measured any more; a row must not show it before it happens."""
    people = make_people(SEED, 0, panel_size(SCALE))
    history = History(SEED, people, 208)
    history.advance(history.end)
    ended = joined(history.stays)
    early = ended["admit"] + 0.05
    ended["discharge"] = np.where(ended["admit"] >= year.FIRST, early, ended["discharge"])
    columns, truth, _ = year._wards(SEED, people, ended)
    for one, other in ((columns, small.windows), (truth, small.truth)):
        assert all(np.array_equal(one[name], other[name], equal_nan=one[name].dtype.kind == "f") for name in other)


def test_who_had_got_worse_before_the_year_is_not_there(usual_care, monkeypatch):
    """Few are in hospital on one morning, so the year begins on many."""
    stays, gone = usual_care[0].stays, 0
    for first in range(7 * 112, 7 * 156, 7):
        monkeypatch.setattr(year, "FIRST", first)
        there = year._of_year(stays)
        mine = ~there["guest"] & (there["admit"] < first)
        worse = (there["event"] >= 0) & (there["admit"] + there["event"] * sheet.WINDOW < first)
        assert mine.any() and not (mine & worse).any()
        earlier = (stays["event"] >= 0) & (stays["admit"] + stays["event"] * sheet.WINDOW < first)
        gone += int((earlier & (stays["leave"] > first)).sum())
    assert gone > 10


def test_guests_are_the_third_years_stays_a_year_later(small):
    guest, rows = small.truth["guest"], small.windows
    come = small.stays["guest"]
    assert np.array_equal(come[rows["stay"]], guest)
    arrived = small.stays["arrived"][come]
    assert arrived.min() >= year.FIRST - DAYS - 1 and arrived.max() < year.FIRST
    assert 0.8 < guest.mean() / (1 - guest.mean()) < 1.25
    u = small.stays["guest_u"][come]
    assert abs(u.mean() - 0.5) < 0.03 and u.min() >= 0 and u.max() < 1
    known = np.isin(of_year(small)[guest], of_year(small)[~guest])
    assert not known.any()


def test_the_true_saturation_belongs_to_the_shown_one(small):
    rows, truth = small.windows, small.truth
    shown = rows["saturation"] - truth["true_saturation"]
    low = truth["true_saturation"] < 95
    light, dark = shown[~truth["dark"]], shown[truth["dark"] & truth["older_oximeter"] & low]
    assert abs(light.mean()) < 0.1 and light.std() < 1.0 and dark.mean() > 1.0
    assert abs(truth["older_oximeter"].mean() - sheet.OLDER_OXIMETERS) < 0.05


def test_discharges_are_in_order_and_tell_no_outcome(small):
    table, truth, past = small.discharges, small.list_truth, small.past.stays
    assert table["day"].is_monotonic_increasing and table["day"].between(0, DAYS - 1).all()
    assert not {"disposition", "called", "readmitted_30d", "back"} & set(table.columns)
    assert all(column.size == len(table) for column in truth.values())
    assert (truth["p1"] <= truth["p0"] * 1.06).all() and not (truth["usual_call"] & truth["held_out"]).any()
    assert abs(truth["y0"].mean() - truth["p0"].mean()) < 0.03
    assert past["day"].max() < -29 and past.columns[:-3].tolist() == table.columns.tolist()
    late = past["day"] > -140
    assert past.loc[late, "back"].isna().all() and past.loc[past["day"] < -151, "back"].notna().all()
    known = past[past["back"].notna()]
    assert not (known["readmitted_30d"] & ~known["back"].astype(bool)).any() and known["back"].mean() > 0.05


def test_a_year_is_made_once_and_the_same_each_time(small):
    assert year.frozen(SEED, scale=np.float64(SCALE)) is small
    assert year.frozen(SEED) is year.frozen(SEED, 1)
    year._made.cache_clear()
    again = year.frozen(SEED, SCALE)
    assert again is not small
    for name, column in small.windows.items():
        assert np.array_equal(column, again.windows[name], equal_nan=column.dtype.kind == "f"), name
    pd.testing.assert_frame_equal(small.discharges, again.discharges)


# nurses -------------------------------------------------------------------------------------------------------------


def asked(score, willing=0.0, needed=True, site=0):
    size = len(score)
    rows = {"score": np.array(score), "site": np.full(size, site)}
    return rows | {"willing_u": np.full(size, willing), "needed": np.full(size, needed)}, np.ones(size, dtype=bool)


def test_the_highest_or_the_first_are_answered_while_anybody_is_left():
    rows, alert = asked([0.1, 0.3, 0.2])
    assert Nurses().answers(rows, alert, [2, 0]).tolist() == [False, True, True]
    assert Nurses().answers(rows, alert, [2, 0], order="first").tolist() == [True, True, False]
    rows, alert = asked([0.1, 0.3, 0.2], site=1)
    assert not Nurses().answers(rows, alert, [2, 0]).any()
    assert Nurses().answers(rows, alert, [2, 1]).tolist() == [False, True, False]
    with pytest.raises(ValueError, match="highest or first"):
        Nurses().answers(rows, alert, [2, 0], order="loudest")


def test_trust_follows_what_alerts_were_worth_site_by_site():
    nurses = Nurses(3)
    for _ in range(300):
        rows, alert = asked([0.5], needed=False, site=1)
        nurses.answers(rows, alert, [1, 1, 1])
    assert nurses.trust[0] == nurses.trust[2] == TRUST_AT_FIRST and nurses.trust[1] < 0.01
    at_first = WILLING * TRUST_AT_FIRST / (TRUST_AT_FIRST + DOUBT)
    for site, comes in ((0, True), (1, False)):
        rows, alert = asked([0.5], willing=at_first - 0.01, site=site)
        assert nurses.answers(rows, alert, [1, 1, 1]).tolist() == [comes]


def test_capacity_follows_beds_staff_and_who_is_called_in():
    assert Nurses.capacity([63, 5, 0]).tolist() == [3, 1, 1]
    assert Nurses.capacity([126, 63], factor=0.5, shift=0).tolist() == [3, 1]
    one = np.array([Nurses.capacity([21], factor=0.4, shift=shift)[0] for shift in range(1000)])
    assert set(one) == {0, 1} and abs(one.mean() - 0.4) < 0.01


# models -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def watched(whole):
    """Places of windows on the wards if nobody comes, without comfort care."""
    truth, stay = whole.truth, whole.windows["stay"]
    worse = truth["event_u"] < truth["hazard"]
    event = np.full(whole.stays["site"].size, 99)
    np.minimum.at(event, stay[worse], whole.windows["window"][worse])
    here = ~truth["guest"] & (whole.windows["window"] <= event[stay]) & ~whole.windows["comfort_care"]
    return np.flatnonzero(here)


def test_the_true_risk_beats_the_early_warning_beats_vital_signs_alone(whole, watched):
    rows = {name: column[watched] for name, column in whole.windows.items()}
    needed = whole.truth["needed"][watched]
    oracle = models.Oracle(whole).risk(watched)
    ward, vitals = models.ward_model(whole).risk(rows), models.vitals_only(whole).risk(rows)
    areas = [auroc(needed, score).value for score in (oracle, ward, vitals)]
    assert areas[0] > areas[1] + 0.02 and areas[1] > areas[2] + 0.01 and areas[2] > 0.72
    assert areas[0] < 0.92  # the best there is does not know everything
    assert 0.8 < needed.sum() / oracle.sum() < 1.2
    line = weak_calibration(needed, ward)
    assert 0.8 < line.slope.value < 1.25 and 0.75 < needed.sum() / ward.sum() < 1.25


def test_the_list_is_fitted_on_returns_to_any_hospital(whole):
    risk, truth = models.list_model(whole).risk(whole.discharges), whole.list_truth
    came = np.where(truth["usual_call"], truth["y1"], truth["y0"])
    assert auroc(came, risk).value > 0.66 and 0.8 < came.sum() / risk.sum() < 1.2


def test_a_missing_value_counts_as_the_mean(whole):
    model = models.ward_model(whole)
    rows = {name: column[:50].copy() for name, column in whole.windows.items()}
    rows["creatinine"][:] = np.nan
    lost = model.risk(rows)
    rows["creatinine"][:] = np.exp(model.mean[model.features.index("creatinine")])
    assert np.allclose(lost, model.risk(rows)) and np.ptp(lost) > 0 and not np.isnan(lost).any()


def test_newton_finds_what_scikit_learn_finds(small):
    from sklearn.linear_model import LogisticRegression

    rows = models._cared_for(small.past.windows)
    model = models.fit_ward(rows, rows["deteriorates_24h"], models.VITAL_FEATURES)
    table = model.matrix(rows)
    spread = table.std(axis=1)
    other = LogisticRegression(C=1 / models.WARD_RIDGE, tol=1e-8, max_iter=1000)
    other.fit(((table - model.mean[:, None]) / spread[:, None]).T, rows["deteriorates_24h"])
    assert np.allclose(other.coef_[0], model.weight * spread, atol=1e-4)


def test_recalibration_mends_level_and_slope_and_keeps_the_order(small):
    rows = models._cared_for(small.past.windows)
    model = models.ward_model(small)
    wrong = models.Recalibrated("wrong", model.features, model, 1.5, 0.6)
    mended = models.recalibrated(wrong, wrong.risk(rows), rows["deteriorates_24h"])
    risk = mended.risk(rows)
    assert abs(risk.sum() / rows["deteriorates_24h"].sum() - 1) < 0.02
    assert np.allclose(logit(risk), logit(model.risk(rows)), atol=0.15)
    assert np.allclose(wrong.risk(rows), expit(1.5 + 0.6 * logit(model.risk(rows))))


def test_nothing_is_learnt_of_too_few_outcomes(small):
    model, rows = models.ward_model(small), models._cared_for(small.past.windows)
    few = np.zeros(rows["stay"].size, dtype=bool)
    few[: models.FEWEST_EVENTS - 1] = True
    assert models.learnt("ward", "retrain", model, rows, few) is None
    few[models.FEWEST_EVENTS - 1] = True
    retrained = models.learnt("ward", "retrain", model, rows, few)
    assert "retrained" in retrained.name and retrained.risk(rows).mean() == pytest.approx(few.mean(), rel=1e-3)
    stays = small.past.stays
    again = models.learnt("list", "recalibrate", models.list_model(small), stays, stays["readmitted_30d"])
    assert again.risk(stays).sum() == pytest.approx(stays["readmitted_30d"].sum(), rel=0.02)


def test_who_has_released_nothing_is_told_what_to_do(tmp_path):
    with pytest.raises(NoRelease, match=r"holds no release; run your pipeline \(A2\).*model = \"reference\""):
        own_list(tmp_path)


@pytest.mark.slow
def test_the_learners_own_release_scores_and_its_contract_holds(small, third_hospitals, tmp_path_factory):
    from test_pipeline import command
    from wardround.course.pipeline_feed import FIRST, Story, write_feed
    from wardround.records import read_export

    feed = write_feed(
        tmp_path_factory.mktemp("feed"), read_export(third_hospitals[0]), Story(candidates={0: FIRST}, weeks=1)
    )
    cases.exercised()
    home = places.work() / "pipeline"
    (home / "feed").mkdir(parents=True, exist_ok=True)
    (home / "feed" / "reference.parquet").touch()
    cases.filled(course.start(say=lambda text: None))
    code, said = command(home, feed=feed)
    assert code == 0, said
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.is_file()}
    model = models.serves_list("own", small)
    risk, rows = model.risk(small.discharges), small.discharges
    truth = small.list_truth
    assert "version 1" in model.name and auroc(truth["y0"], risk).value > 0.62 and not model.why
    wrong = rows.assign(creatinine=rows["creatinine"] * 88.4)
    assert np.isnan(model.risk(wrong)).all() and "creatinine" in model.why[0]
    assert before == {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.is_file()}
