"""Do the year's incidents bite? One hospital for every incident; ``make proof`` holds twenty to intervals."""

from __future__ import annotations

import os

import numpy as np
import pytest
from bites import flight, flight_moved
from wardround.flight import bites, words
from wardround.flight.deck import DECK, alone
from wardround.flight.plan import PlanWrong, load_plan, read_plan, written
from wardround.flight.scores import MEASURES

COUNT = int(os.environ.get("WARDROUND_BITE_SEEDS", "1"))
SEEDS = tuple(range(2026301, 2026301 + COUNT))
SURE = COUNT >= 12  # intervals need as many
ROOM = 0.25  # of what is declared, that one hospital must reach


@pytest.mark.slow
def test_every_incident_bites(capsys):
    found = flight.each(flight.flown, SEEDS)
    costs, plans = bites.merged([one for one, _ in found]), [two for _, two in found]
    text, faults = bites.table(costs, SURE)
    with capsys.disabled():
        print(f"\n{len(SEEDS)} hospitals\n{text}\n\n{flight.shown(plans)}")
    if not SURE:
        faults = [one for name in costs for one in costs[name].faults(sure=False, room=ROOM)]
    faults += flight.order_faults(plans, SURE) + flight.exploit_faults(plans, SURE) + flight.quiet_faults(plans)
    assert not faults, "\n".join(faults)
    assert flight.best_of_all(plans) == []


@pytest.mark.slow
@pytest.mark.skipif(not SURE, reason="only in make proof: it flies some thousand years")
def test_plans_keep_their_order_when_what_is_invented_moves_by_half(capsys):
    text, faults = flight_moved.report(SEEDS[:4], SEEDS[:2])
    with capsys.disabled():
        print(f"\n{text}")
    known = [one for one in faults if any(name in one for name in flight_moved.KNOWN)]
    assert not set(faults) - set(known), "\n".join(faults)


def test_every_card_declares_where_it_bites():
    assert set(bites.BITES) == set(DECK)
    for name, bite in bites.BITES.items():
        assert bite.axis == DECK[name].bites and bite.axis in MEASURES, name
        assert bite.over > 0 and bite.nothing > 0, name


def test_thresholds_by_group_that_are_not_disclosed_are_not_flown():
    groups = load_plan("reference_groups")
    hidden = groups.model_copy(update={"ward": groups.ward.model_copy(update={"disclosed": ""})})
    with pytest.raises(PlanWrong, match="disclosed"):
        read_plan(written(hidden))


def test_which_way_is_better_is_known_where_other_processes_flew(monkeypatch):
    monkeypatch.setattr(bites, "_better", {})
    assert bites.better("benefit.ward_averted") == "up" and bites.better("cost.hours") == "down"


# the measure itself can fail ----------------------------------------------------------------------------------------


def made(name: str, nothing, reference, over) -> bites.Costs:
    return bites.Costs(name, tuple(range(len(nothing))), tuple(nothing), tuple(reference), tuple(over))


def test_costs_as_declared_have_no_fault():
    assert made("feed_outage", [2.0, 2.1, 2.2], [0.1, 0.2, 0.1], [0.3, 0.4, 0.35]).faults() == []
    assert made("rumour", [0.0, 0.0, 0.0], [0.0] * 3, [1.7, 1.6, 1.5]).faults() == []


@pytest.mark.parametrize(
    ("name", "nothing", "reference", "over", "said"),
    [
        ("feed_outage", [0.1, 0.11, 0.1], [0.0] * 3, [0.3, 0.4, 0.35], "doing nothing costs 0.10"),
        ("feed_outage", [6.0, -1.0, 1.0], [2.9, -0.6, 0.4], [0.3, 0.4, 0.35], "doing nothing costs 2.00"),
        ("feed_outage", [2.0, 2.1, 2.2], [1.5, 1.4, 1.5], [0.3, 0.4, 0.35], "gets back 30%"),
        ("feed_outage", [2.0, 2.1, 2.2], [0.1, 0.2, 0.1], [0.0, 0.1, 0.0], "what tempts costs 0.03"),
        ("rumour", [9.0, 8.0, 9.0], [0.0] * 3, [1.7, 1.6, 1.5], "ignored, it costs 8.67"),
        ("rumour", [0.0] * 3, [0.0] * 3, [0.0] * 3, "what tempts costs 0.00"),
    ],
)
def test_a_declaration_that_does_not_hold_is_said(name, nothing, reference, over, said):
    faults = made(name, nothing, reference, over).faults()
    assert len(faults) == 1 and said in faults[0] and faults[0].startswith(name)


def test_hospitals_are_put_together_in_order():
    one, two = (made("surge", [value], [value / 4], [1.0]) for value in (4.0, 8.0))
    both = bites.merged([{"surge": one}, {"surge": two}])["surge"]
    assert both.nothing == (4.0, 8.0) and both.recovered == pytest.approx(0.75)
    assert both.half.mean == pytest.approx(1.5)


def plan_numbers(**better) -> dict[str, float]:
    values = dict.fromkeys((*flight.HEADLINES, *flight.PATIENTS), 10.0)
    return values | better


def test_plans_out_of_order_and_a_plan_that_is_best_everywhere_are_said(monkeypatch):
    up = {"benefit.ward_averted", "benefit.list_averted_in_all", "equity.worst_sensitivity", "governance.told_in_time"}
    monkeypatch.setattr(bites, "better", lambda number: "up" if number in up else "down")
    flat = {name: plan_numbers() for name in (*flight.ORDER, "nothing", "pause", "restraint", "reference_groups")}
    assert len(flight.order_faults([flat], sure=False)) == 2 * (len(flight.ORDER) - 1)
    ranked = {name: dict.fromkeys(flight.PATIENTS, 40.0 - k) for k, name in enumerate(flight.ORDER)}
    assert flight.order_faults([flat | ranked], sure=False) == []
    assert set(flight.best_of_all([flat])) == set(flight.published())  # nobody beats anybody
    ahead = {name: 12.0 if name in up else 8.0 for name in flight.HEADLINES}
    assert flight.best_of_all([flat | {"pause": ahead}]) == ["pause"]


def test_what_is_moved_is_moved_and_comes_back():
    before = {name: one.hours for name, one in words.ACTIONS.items()}
    with flight_moved.moving("hours until actions hold", 0.5):
        assert words.ACTIONS["fix_feed"].hours == before["fix_feed"] / 2
    assert {name: one.hours for name, one in words.ACTIONS.items()} == before
    for what, (module, name) in flight_moved.PARTS.items():
        kept = getattr(module, name)
        with flight_moved.moving(what, 1.5):
            assert getattr(module, name) > kept, what
        assert getattr(module, name) == kept


def test_each_magnitude_of_a_card_moves_and_nothing_else():
    one = alone("surge", 1)
    less = flight_moved.changed(one, 0.5, "share")
    assert less.card.share == one.card.share / 2 and less.card.spare == one.card.spare
    assert (less.begins, less.ends, less.dice, less.site) == (one.begins, one.ends, one.dice, one.site)
    assert flight_moved.moved(1.1, 0.5) == pytest.approx(1.05) and flight_moved.moved(9, 0.5) in (4, 5)


def test_two_plans_that_change_places_are_said(monkeypatch):
    low, high = (dict.fromkeys(flight.HEADLINES, np.array(values)) for values in ([1.0, 2.0], [3.0, 4.0]))
    monkeypatch.setattr(bites, "better", lambda number: "up")
    told, none = flight_moved.turned("x", 0.5, {"a": low, "b": high}, {"a": low, "b": high})
    assert told == len(flight.HEADLINES) and none == []
    _, all_turned = flight_moved.turned("x", 0.5, {"a": low, "b": high}, {"a": high, "b": low})
    assert len(all_turned) == told and "a is then better than b" in str(all_turned[0])


def test_a_model_of_dice_scores_by_nothing():
    rows = {"age": np.arange(5000.0)}
    risk = flight.Dice(1).risk(rows)
    assert abs(np.corrcoef(risk, rows["age"])[0, 1]) < 0.05 and risk.min() >= 0 and risk.max() <= 1
