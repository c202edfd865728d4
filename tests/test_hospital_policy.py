"""Under a policy: the same people fall ill with the same course, and only what the policy touches differs."""

from __future__ import annotations

import numpy as np
import pytest
from wardround.hospital import HospitalError, Policy, Settings, simulate
from wardround.hospital import parameters as sheet
from wardround.hospital.flown import SHIFTS
from wardround.hospital.incidents import AnalyserUnit, HaemoglobinOffset, HomeVisitsEnd, TriageBias, UnmeasuredSupport
from wardround.hospital.response import BEDS_A_NURSE, LOCKOUT

SEED, WEEKS, SCALE, BEGINS = 2026014, 128, 1 / 3, 104
TABLES = ("people", "stays", "visits", "windows", "vitals", "labs")


class Usual(Policy):
    begins = BEGINS


class Alerting(Policy):
    """Pages for fast breathing and a fast heart, and calls whoever came most often."""

    begins = BEGINS

    def __init__(self):
        self.feeds = []

    def decide(self, feed):
        self.feeds.append((feed.week, feed.windows, feed.stays, feed.emergency))
        return Settings(alert=urgency, alert_from=10.0, call=lambda rows: rows["stays_before"], calls_a_week=5)


def urgency(rows):
    return rows["respiratory_rate"].fillna(17) / 4 + rows["heart_rate"].fillna(80) / 15


@pytest.fixture(scope="module")
def history():
    return simulate(SEED, WEEKS, SCALE)


@pytest.fixture(scope="module")
def policy():
    return Alerting()


@pytest.fixture(scope="module")
def flown(policy):
    return simulate(SEED, WEEKS, SCALE, policy)


def keys(world):
    return world.stays["person"] * 100_000 + world.stays["day"]


def same(left, right, tables=TABLES):
    for table in tables:
        for name, column in getattr(left, table).items():
            other = getattr(right, table)[name]
            assert np.array_equal(column, other, equal_nan=column.dtype.kind == "f"), (table, name)


def test_a_policy_that_decides_nothing_is_history(history):
    same(history, simulate(SEED, WEEKS, SCALE, Usual()))


def test_before_the_policy_nothing_differs(history, flown):
    for world in (history, flown):
        assert world.stays["admit"].max() > 7 * BEGINS
    before = [world.stays["arrive"] < 7 * BEGINS for world in (history, flown)]
    for name, column in history.stays.items():
        here, there = column[before[0]], flown.stays[name][before[1]]
        if name != "returned_at":  # an earlier stay's return may lie under the policy
            assert np.array_equal(here, there, equal_nan=here.dtype.kind == "f"), name


def test_shared_stays_have_the_same_illness(history, flown):
    both, here, there = np.intersect1d(keys(history), keys(flown), return_indices=True)
    late = history.stays["admit"][here] >= 7 * BEGINS
    assert late.sum() > 500 and both.size < max(keys(history).size, keys(flown).size)
    for name in (
        "acuity",
        "group",
        "length",
        "leave",
        "kidney",
        "onset",
        "instability",
        "comfort",
        "septic",
        "p0",
        "benefit",
    ):
        assert np.array_equal(history.stays[name][here], flown.stays[name][there], equal_nan=name == "p0") or (
            name in ("p0",) and _nearly(history, flown, here, there)
        ), name


def _nearly(history, flown, here, there):
    """p0 differs only where death or disposition does."""
    differs = ~np.isclose(history.stays["p0"][here], flown.stays["p0"][there], equal_nan=True)
    disposition = history.stays["disposition"][here] != flown.stays["disposition"][there]
    return not (differs & ~disposition).any()


def test_measured_values_do_not_change_where_both_measured(history, flown):
    for table, value in (("vitals", "heart_rate"), ("labs", "value")):
        a, b = getattr(history, table), getattr(flown, table)
        item = [t.get("analyte", np.zeros(t["row"].size, dtype=int)) for t in (a, b)]
        key = [
            ((t["person"] * 20_000 + t["when"]) * 1000 + t["slot"]) * 32 + i for t, i in zip((a, b), item, strict=True)
        ]
        _, here, there = np.intersect1d(*key, return_indices=True)
        assert here.size > 10_000 and np.array_equal(a[value][here], b[value][there])


def test_a_response_only_takes_events_away(history, flown):
    _, here, there = np.intersect1d(keys(history), keys(flown), return_indices=True)
    before, after = history.stays["event"][here], flown.stays["event"][there]
    changed = before != after
    assert changed.sum() > 5
    assert ((after[changed] == -1) | (after[changed] > before[changed])).all() and (before[changed] >= 0).all()
    answered = np.zeros(flown.stays["row"].size, dtype=bool)
    answered[flown.windows["stay"][flown.windows["answered"]]] = True
    assert answered[there][changed].all()


def test_nurses_are_few_and_pages_pause(flown):
    windows, stays = flown.windows, flown.stays
    start = stays["admit"][windows["stay"]] + windows["window"] * sheet.WINDOW
    shift, site = np.floor(SHIFTS * start).astype(int), stays["site"][windows["stay"]]
    assert windows["alert"].sum() > 300 and not (windows["answered"] & ~windows["alert"]).any()
    for place in (0, 1):
        here = site == place
        beds = np.bincount(shift[here] - shift.min())
        came = np.bincount((shift - shift.min())[here & windows["answered"]], minlength=beds.size)
        assert (came <= np.maximum(1, np.round(beds / BEDS_A_NURSE))).all()
    alerted = np.flatnonzero(windows["alert"])
    same_stay = windows["stay"][alerted[1:]] == windows["stay"][alerted[:-1]]
    assert (np.diff(windows["window"][alerted])[same_stay] >= LOCKOUT).all()


def test_calls_stay_within_the_week_and_leave_the_hold_out_alone(flown):
    stays = flown.stays
    late = stays["arrive"] >= 7 * BEGINS
    week = (stays["discharge"] // 7).astype(int)
    calls = np.bincount(week[late & stays["called"]])
    assert calls.max() == 5
    assert not (stays["called"] & stays["held_out"]).any() and (late & stays["held_out"]).sum() > 20
    assert not (stays["called"] & ~stays["eligible_home"]).any()


def test_the_feed_holds_the_past_and_no_truth(policy, flown):
    from wardround.hospital.clock import instants

    latent = {
        "frailty",
        "acuity",
        "hazard",
        "p0",
        "p1",
        "septic",
        "social",
        "brittleness",
        "true_saturation",
        "benefit",
    }
    assert len(policy.feeds) == WEEKS - BEGINS
    for week, windows, stays, emergency in policy.feeds:
        begins = instants(np.array([7 * week * 86_400]))[0]
        assert (windows["at"].dt.tz_localize(None) < begins + np.timedelta64(61, "m")).all()
        assert (stays["discharged_at"].dt.tz_localize(None) < begins).all()
        assert (emergency["arrived_at"].dt.tz_localize(None) < begins).all()
        for table in (windows, stays, emergency):
            assert not latent & set(table.columns)
        recent = stays["discharged_at"].dt.tz_localize(None) + np.timedelta64(30, "D") > begins
        assert stays["readmitted_30d"][recent].isna().all()
    assert policy.feeds[-1][1]["alert"].any() and policy.feeds[0][1]["deteriorates_24h"].notna().any()


def test_what_a_policy_scores_is_what_the_warehouse_holds(policy, flown):
    """The rows scored live and the rows kept agree: no training and serving skew in the hospital itself."""
    from wardround.hospital.warehouse import tables

    kept, _ = tables(flown)["windows"]
    _, live, _, _ = policy.feeds[-1]
    columns = ["at", "age", "heart_rate", "respiratory_rate", "saturation", "creatinine", "lactate", "vital_sets"]
    merged = live[columns].merge(kept[columns], how="left", indicator=True)
    assert len(live) > 2_000 and (merged["_merge"] == "both").mean() > 0.995


def test_a_feed_incident_changes_the_feed_and_not_the_world(history):
    seen = []

    class Watching(Usual):
        def decide(self, feed):
            seen.append(feed.windows)
            return Settings()

    world = simulate(SEED, 110, SCALE, Watching(), [AnalyserUnit(begins=106, ends=108)])
    same(simulate(SEED, 110, SCALE), world)
    values = seen[-1]
    high = values["creatinine"] > 30
    assert high.any() and values["site"][high].eq("eastbank").all()
    days = values["at"][high].dt.tz_localize(None)
    assert days.min() >= np.datetime64("2022-01-03") + np.timedelta64(7 * 106, "D")


def test_a_decoy_moves_haemoglobin_in_the_feed_of_stays():
    seen = []

    class Watching(Usual):
        def decide(self, feed):
            seen.append(feed.stays["haemoglobin"].mean())
            return Settings()

    for incidents in ([], [HaemoglobinOffset(begins=90)]):
        simulate(SEED, 106, SCALE, Watching(), incidents)
    assert seen[-1] - seen[1] == pytest.approx(0.8, abs=0.02)


def test_a_world_incident_changes_only_the_risks_it_names(history):
    world = simulate(SEED, WEEKS, SCALE, incidents=[HomeVisitsEnd(begins=100)])
    _, here, there = np.intersect1d(keys(history), keys(world), return_indices=True)
    stays = {name: column[here] for name, column in history.stays.items()}
    changed = ~np.isclose(stays["p0"], world.stays["p0"][there], equal_nan=True)
    meant = stays["eligible_home"] & (stays["social"] > 0) & (stays["discharge"] >= 700)
    assert np.array_equal(changed, meant) and changed.sum() > 100
    assert (world.stays["p0"][there][changed] > stays["p0"][changed]).all()


def test_the_unmeasured_cause_is_off_by_default_and_drives_calls_when_on(history):
    on = simulate(SEED, WEEKS, SCALE, incidents=[UnmeasuredSupport()])
    correlation = []
    for world in (history, on):
        home = world.stays["eligible_home"] & ~world.stays["planned"]
        correlation.append(np.corrcoef(world.stays["support"][home], world.stays["called"][home])[0, 1])
    assert abs(correlation[0]) < 0.05 < 0.15 < correlation[1]


def test_triage_bias_lowers_the_level_of_one_group_only(history):
    biased = simulate(SEED, WEEKS, SCALE, incidents=[TriageBias()])
    black = history.people["race"][history.visits["row"]] == sheet.RACES.index("black")
    later = biased.visits["assigned"] - history.visits["assigned"]
    assert (later[~black] == 0).all() and (later[black] >= 0).all() and later[black].mean() > 0.02
    assert np.array_equal(history.visits["critical"], biased.visits["critical"])


def test_what_a_policy_does_wrong_is_said_in_one_sentence():
    class Short(Usual):
        def decide(self, feed):
            return Settings(alert=lambda rows: [1.0], alert_from=0)

    with pytest.raises(ValueError, match=r"must return one number for each of its \d+ rows; it returned the shape"):
        simulate(SEED, 106, 0.1, Short())
    with pytest.raises(HospitalError, match=r"at a scale of at most 1, not 2"):
        simulate(SEED, 106, 2, Usual())
    with pytest.raises(HospitalError, match=r"must begin in a week from 0 to 79; it begins in 104"):
        simulate(SEED, 80, 0.1, Usual())
