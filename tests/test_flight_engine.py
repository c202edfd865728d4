"""The year's engine and its on-call team: they do what the plan says, and only what is on the ward can happen."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from wardround.flight.card import Drawn
from wardround.flight.contracts import keep_list
from wardround.flight.deck import DECK
from wardround.flight.engine import _Flying, fly
from wardround.flight.models import list_model
from wardround.flight.plan import load_plan, read_plan, written
from wardround.flight.words import ACTIONS, DAYS, SHIFTS
from wardround.flight.year import frozen
from wardround.hospital.response import HELP, LOCKOUT

SEED, SCALE = 11, 1 / 3


@pytest.fixture(scope="module")
def reference():
    return load_plan("reference")


@pytest.fixture(scope="module")
def nothing():
    return load_plan("nothing")


def changed(plan, **tables):
    """A plan with some of its tables replaced, read as a file would be."""
    return plan.model_copy(update={name: table for name, table in tables.items()})


def one(name: str, begins: int = 60, ends: int = 130, site: int = 0) -> Drawn:
    return Drawn(DECK[name], begins, ends, 12345, site)


def flown(plan, *drawn, seed=SEED, **more):
    return fly(plan, seed, drawn, scale=SCALE, **more)


def lines(flight, kind):
    return [line for line in flight.log if line["kind"] == kind]


def test_the_same_seed_and_plan_give_the_same_log(reference):
    first, second = (fly(reference, SEED, scale=SCALE) for _ in range(2))
    assert json.dumps(first.log) == json.dumps(second.log)
    for name, column in first.ward.items():
        np.testing.assert_array_equal(column, second.ward[name])


def test_a_plan_read_back_from_its_own_text_flies_the_same(reference):
    again = read_plan(written(reference))
    assert json.dumps(fly(reference, SEED, scale=SCALE).log) == json.dumps(fly(again, SEED, scale=SCALE).log)


def test_nobody_is_helped_where_nothing_is_answered_and_the_events_are_those_of_usual_care(nothing):
    silent = changed(nothing, ward=nothing.ward.model_copy(update={"threshold": 0.999999}))
    flight, year = flown(silent), frozen(SEED, SCALE)
    assert not flight.ward["alert"].any() and (flight.ward["helped"] == 1).all()
    guests = year.truth["guest"]
    first = {}
    for stay, window in zip(
        year.windows["stay"][~guests & (year.truth["event_u"] < year.truth["hazard"])],
        year.windows["window"][~guests & (year.truth["event_u"] < year.truth["hazard"])],
        strict=True,
    ):
        first[int(stay)] = min(int(window), first.get(int(stay), 999))
    happened = flight.ward["happened"]
    assert {
        int(s): int(w) for s, w in zip(year.windows["stay"][happened], year.windows["window"][happened], strict=True)
    } == first


def test_nobody_has_a_score_an_alert_or_a_second_event_after_the_first(reference):
    flight, year = fly(reference, SEED, scale=SCALE), frozen(SEED, SCALE)
    event = np.full(year.stays["site"].size, 999)
    at = flight.ward["happened"]
    assert np.unique(year.windows["stay"][at]).size == at.sum()
    event[year.windows["stay"][at]] = year.windows["window"][at]
    after = year.windows["window"] > event[year.windows["stay"]]
    assert after.any()
    for name in ("present", "scored", "alert", "answered", "happened"):
        assert not (flight.ward[name] & after).any(), name


def test_an_answer_lowers_the_hazard_for_two_days_and_silences_alerts_for_one(reference):
    flight, year = flown(reference), frozen(SEED, SCALE)
    stay, window = year.windows["stay"], year.windows["window"]
    place = int(np.flatnonzero(flight.ward["answered"])[0])
    mine = (stay == stay[place]) & flight.ward["present"]
    since = window - window[place]
    assert (flight.ward["helped"][mine & (since >= 0) & (since < 6)] == HELP).all()
    assert not flight.ward["alert"][mine & (since > 0) & (since < LOCKOUT)].any()
    assert (flight.ward["helped"][~flight.ward["present"]] == 1).all()


def test_no_more_are_answered_than_a_shift_has_hands(nothing):
    flight = flown(nothing, one("surge", 60, 130, -1))
    shifts = flight.shifts
    assert shifts["answered"].sum() > 0
    assert (shifts["answered"] <= shifts["capacity"]).all()


def test_without_monitors_nobody_does_anything(nothing):
    flight = fly(nothing, SEED, scale=SCALE)
    assert {line["kind"] for line in flight.log} <= {"flight", "week", "gate"}
    assert all(np.isinf(spell.detected) for spell in flight.spells)


def test_the_team_takes_the_steps_of_the_plan_in_order_and_the_hours_they_take(reference):
    flight = flown(reference, one("unit_change"))
    found = next(line for line in lines(flight, "found") if line["cause"] == "unit_change")
    steps = [line for line in lines(flight, "holds") if line["case"] == found["case"]]
    assert [line["action"] for line in steps] == ["investigate", *reference.causes["unit_change"].then]
    hours = [24 * line["day"] + line["hour"] for line in steps]
    assert np.diff(hours) == pytest.approx([ACTIONS[line["action"]].hours for line in steps[1:]], abs=0.11)
    alarm = next(line for line in lines(flight, "alarm") if line["day"] >= 60 and line["signal"] == "value_contract")
    assert alarm["day"] == 61 and alarm["hour"] == 7.0  # the morning after the first day
    notices = lines(flight, "notice")
    assert [line["role"] for line in notices] == list(reference.causes["unit_change"].notify)
    assert all(line["hours"] <= line["within"] for line in notices)
    spell = flight.spells[0]
    assert 60 < spell.detected < spell.contained < spell.restored < 66


def test_a_fallback_ends_when_its_cause_is_mended(reference):
    flight, year = flown(reference, one("unit_change")), frozen(SEED, SCALE)
    on = flight.ward["fallback"]
    days = np.unique(year.windows["day"][on])
    assert days.size and days.min() >= 61 and days.max() <= 66
    assert set(year.windows["site"][on]) == {0}  # where the unit changed, and nowhere else


def test_a_feed_card_damages_only_its_own_days_and_site_and_no_truth(nothing):
    year = frozen(SEED, SCALE)
    before = {name: column.copy() for name, column in {**year.windows, **year.truth}.items()}
    flight = flown(nothing, one("unit_change", 60, 130))
    damaged = flight.ward["damaged"]
    assert damaged.any()
    assert set(year.windows["site"][damaged]) == {0}
    assert year.windows["day"][damaged].min() >= 60 and year.windows["day"][damaged].max() < 130
    for name, column in {**year.windows, **year.truth}.items():
        np.testing.assert_array_equal(column, before[name])


def test_a_rollback_that_leaves_the_threshold_out_does_not_mend_a_typing_error(reference):
    typed = one("threshold_typo", 60, 200, -1)
    whole = flown(reference, typed)
    parts = changed(reference, rollback=reference.rollback.model_copy(update={"threshold": False}))
    half = flown(parts, typed)
    assert whole.spells[0].restored < 63
    assert np.isinf(half.spells[0].restored)
    assert any(line["kind"] == "not_mended" for line in half.log)


def test_a_rollback_takes_the_minutes_of_the_plan(reference):
    slow = changed(reference, rollback=reference.rollback.model_copy(update={"minutes": 7200}))
    typed = one("threshold_typo", 60, 200, -1)
    gap = flown(slow, typed).spells[0].restored - flown(reference, typed).spells[0].restored
    assert gap == pytest.approx((7200 - reference.rollback.minutes) / 1440, abs=0.01)


def test_a_pinned_vendor_changes_no_score(reference):
    update = one("vendor_update", 60, 200, -1)
    loose = changed(
        reference, vendor=reference.vendor.model_copy(update={"pinned": False, "notice_days": 0}), monitors=()
    )
    pinned = changed(reference, monitors=())
    quiet = flown(pinned)
    np.testing.assert_array_equal(flown(pinned, update).ward["score"], quiet.ward["score"])
    assert (flown(loose, update).ward["alert"].sum()) != quiet.ward["alert"].sum()


def test_a_pause_without_a_cause_ends_after_its_weeks():
    plan = load_plan("pause")
    flight, year = flown(plan), frozen(SEED, SCALE)
    paused = [line for line in lines(flight, "holds") if line["action"] == "pause"]
    ended = [line for line in lines(flight, "closed") if "pause" in line["ended"]]
    assert paused and ended
    off = flight.ward["off"] & flight.ward["present"]
    case = paused[0]["case"]
    closed = next(line for line in ended if line["case"] == case)
    lasted = closed["day"] - paused[0]["day"]
    assert lasted == pytest.approx(7 * plan.pause.weeks, abs=1)
    assert off.any() and not flight.ward["scored"][off].any()
    assert year.windows["day"][off].min() >= min(line["day"] for line in paused)


def test_an_alarm_of_a_decoy_changes_nothing_under_the_reference(reference):
    quiet, rumour = flown(reference), flown(reference, one("rumour", 60, 70, -1))
    np.testing.assert_array_equal(quiet.ward["alert"], rumour.ward["alert"])
    assert any(line["kind"] == "found" and line["cause"] == "rumour" for line in rumour.log)
    assert sum(rumour.hours.values()) > sum(quiet.hours.values())


def test_a_new_site_stays_in_the_shadow_until_the_gate_is_met(reference):
    site = one("new_site", 40, DAYS, 2)
    shown = changed(reference, gates=reference.gates.model_copy(update={"shadow_weeks": 0}), monitors=(), causes={})
    kept = changed(reference, monitors=(), causes={})
    assert flown(shown, site).shifts["alerts"][:, 2].sum() > 0
    gated = flown(kept, site)
    gate = lines(gated, "gate")
    first = SHIFTS * gate[0]["day"] if gate else SHIFTS * DAYS
    assert gated.shifts["beds"][:first, 2].sum() > 0
    assert gated.shifts["alerts"][:first, 2].sum() == 0


def test_suppressed_alerts_reach_nobody_and_ring_the_heartbeat(nothing, reference):
    flight, year = flown(nothing, one("alerts_suppressed", 60, 80, -1)), frozen(SEED, SCALE)
    there = (year.windows["day"] >= 60) & (year.windows["day"] < 80)
    assert flight.ward["alert"][there].any() and not flight.ward["answered"][there].any()
    rung = lines(flown(reference, one("alerts_suppressed", 60, 80, -1)), "alarm")
    assert next(line["day"] for line in rung if line["signal"] == "heartbeat") == 61


def test_calls_are_no_more_than_the_plan_pays_for_and_never_go_to_the_held_out(nothing):
    few = changed(nothing, list=nothing.list.model_copy(update={"calls_a_week": 5}))
    flight, year = flown(few), frozen(SEED, SCALE)
    week = year.discharges["day"].to_numpy() // 7
    assert np.bincount(week[flight.list["called"]]).max() == 5
    assert not (flight.list["called"] & year.list_truth["held_out"]).any()


def test_the_ceiling_averts_more_than_the_reference(reference):
    def averted(flight):
        return float((flight.list["p0"] - flight.list["p1"])[flight.list["called"]].sum())

    best = fly(reference, SEED, (), ceiling=True)
    assert averted(best) > 1.2 * averted(fly(reference, SEED, ()))


def rings_and_retrains(plan, **gates):
    """The plan with one monitor left, answered by training anew; its gates as given, no contract at the door."""
    monitors = tuple(
        monitor.model_copy(update={"then": ("retrain",)})
        for monitor in plan.monitors
        if (monitor.service, monitor.signal) == ("ward", "value_contract")
    )
    open_ = plan.contracts.model_copy(update={"value_contract": "pass"})
    return changed(plan, monitors=monitors, contracts=open_, gates=plan.gates.model_copy(update=gates))


def test_a_gate_refuses_what_was_trained_on_a_broken_feed_and_an_open_one_lets_it_in(reference):
    broken = one("unit_change", 100, 360)
    open_ = fly(rings_and_retrains(reference, replay=False, subgroup_floor=0.0), SEED, [broken])
    shut = fly(rings_and_retrains(reference, replay=True, subgroup_floor=0.0), SEED, [broken])
    assert lines(open_, "release")[0]["how"] == "retrain" and not lines(open_, "refused")
    assert "AUROC" in lines(shut, "refused")[0]["why"]
    assert len(lines(shut, "release")) < len(lines(open_, "release"))


def test_a_floor_refuses_a_release_that_misses_a_group(reference):
    floor = fly(rings_and_retrains(reference, replay=False, subgroup_floor=0.9), SEED, [one("unit_change", 100, 360)])
    assert any(line["kind"] == "refused" and "the floor 0.9" in line["why"] for line in floor.log)


def test_a_test_of_ones_own_keeps_a_vendors_change_out_where_there_is_time_for_it(reference):
    quiet = changed(reference, monitors=())
    update = one("vendor_update", 60, 200, -1)

    def scored(**vendor):
        return flown(changed(quiet, vendor=reference.vendor.model_copy(update=vendor)), update).ward["score"]

    without = flown(quiet).ward["score"]
    late = scored(pinned=False, acceptance_test=True, notice_days=7)
    np.testing.assert_array_equal(scored(pinned=False, acceptance_test=True, notice_days=14), without)
    assert not np.array_equal(late, without, equal_nan=True)


def test_a_rollback_of_the_model_alone_leaves_the_new_features_under_it(reference):
    whole = reference.rollback
    parts = {
        "all": whole,
        "model": whole.model_copy(update={"features": False}),
        "features": whole.model_copy(update={"model": False}),
    }
    served = {}
    for name, rollback in parts.items():
        flying = _Flying(changed(reference, rollback=rollback), frozen(SEED, SCALE), (), False)
        released = flying.own
        flying.own = dataclasses.replace(released, mean=released.mean + 1, weight=released.weight * 2)
        flying.learn("ward", "roll_back", 10.0)
        served[name] = flying.own
    np.testing.assert_array_equal(served["all"].mean, released.mean)
    np.testing.assert_array_equal(served["model"].mean, released.mean + 1)
    np.testing.assert_array_equal(served["model"].weight, released.weight)
    np.testing.assert_array_equal(served["features"].weight, released.weight * 2)


def test_where_a_code_is_unknown_nothing_counted_by_codes_is_used(nothing):
    changed_code = DECK["code_change"]
    frame = frozen(SEED, SCALE).discharges.head(50)
    arrived = changed_code.list_rows(frame, Drawn(changed_code, 0, 364, 5, -1), 3)
    closed = nothing.contracts.model_copy(update={"unknown_codes": "block"})
    passed, blocked = keep_list(nothing.contracts, arrived), keep_list(closed, arrived)
    hit = (arrived["group"] == "unknown code").to_numpy()
    assert hit.any() and (passed.loc[hit, "charlson"] == 0).all()
    assert blocked.loc[hit, ["group", "charlson", "stays_before", "htn"]].isna().all().all()
    model = list_model(frozen(SEED, SCALE))
    true, low, kept = (model.risk(rows)[hit].mean() for rows in (frame, passed, blocked))
    assert abs(kept - true) < abs(low - true)


def test_a_decoy_changes_values_and_damages_none(nothing):
    flight = fly(nothing, SEED, [one("new_analyser", 60, 200, -1)], scale=SCALE)
    quiet = flown(nothing)
    assert not np.array_equal(flight.ward["score"], quiet.ward["score"], equal_nan=True)
    assert not flight.ward["damaged"].any() and not flight.list["damaged"].any()


def test_a_vendors_change_that_is_kept_out_is_nobodys_incident(reference):
    flight = flown(reference, one("vendor_update", 60, 200, -1))
    assert not [line for line in flight.log if line.get("cause") == "vendor_update"]
    spell = flight.spells[0]
    assert spell.detected == spell.contained == spell.restored == spell.begins


def test_a_part_of_one_nurse_is_one_nurse_in_some_shifts(nothing):
    flight = flown(nothing, one("staff_shortage", 60, 200, -1))
    here = slice(SHIFTS * 60, SHIFTS * 200)
    quiet = flown(nothing).shifts["capacity"][here, 1].mean()
    assert flight.shifts["capacity"][here, 1].mean() == pytest.approx(quiet * DECK["staff_shortage"].factor, rel=0.03)
    assert (flight.shifts["capacity"][here, 1] == 0).any()


def test_a_second_story_is_looked_into_while_the_first_ones_cause_goes_on(reference):
    feedback, rumour = one("intervention_feedback", 60, 200, -1), one("rumour", 150, 164, -1)
    flight = flown(reference, feedback, rumour)
    assert {line["cause"] for line in lines(flight, "found")} >= {"intervention_feedback", "rumour"}
    assert np.isfinite(flight.spells[1].detected)
