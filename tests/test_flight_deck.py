"""The deck of the flight simulator: each card changes what it says and nothing else; a seed's draw keeps its rules."""

from __future__ import annotations

import dataclasses
import inspect
import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from wardround.flight import words
from wardround.flight.card import Card, Drawn
from wardround.flight.deck import ALWAYS_ONE, DECK, alone, draw
from wardround.flight.deck.kinds import LABS, NORTHGATE, VITALS
from wardround.hospital import parameters as sheet

ROOT = Path(__file__).parents[1]
IDS = (
    *("unit_change", "code_change", "feed_outage", "stale_cache", "duplicate_feed", "amended_results", "surge"),
    *("new_site", "new_analyser", "guideline_change", "intervention_feedback", "sensor_bias", "vendor_update"),
    *("threshold_typo", "timezone_shift", "staff_shortage", "alerts_suppressed", "phi_export", "rumour"),
)
HOOKS = [name for name, member in vars(Card).items() if inspect.isfunction(member) and not name.startswith("_")]
# which columns of the wards and of the list a card may touch; cards that are not named touch none
WARD = {
    "unit_change": {"creatinine"},
    "code_change": {*LABS, "lactate_drawn"},
    "feed_outage": {*VITALS, "vitals_age_hours", "vital_sets"},
    "stale_cache": {*VITALS, *LABS, "vitals_age_hours"},
    "duplicate_feed": {"copies"},
    "amended_results": {"creatinine", "lactate"},
    "new_site": {"creatinine", "urea", "glucose", "lactate", "lactate_drawn"},
    "new_analyser": {"leukocytes"},
    "sensor_bias": {"saturation"},
    "timezone_shift": {*LABS, "result_lag_hours"},
}
LIST = {
    "unit_change": {"creatinine"},
    "code_change": {"group", "charlson", "stays_before", "emergency_before", *sheet.CONDITIONS},
    "new_analyser": {"haemoglobin", "leukocytes"},
}
# hooks beside the rows that a card overrides
OTHER = {
    "code_change": {"signals"},
    "amended_results": {"signals"},
    "surge": {"guests", "capacity_factor"},
    "new_site": {"guests", "signals"},
    "guideline_change": {"hazard_factor", "signals"},
    "intervention_feedback": {"capacity_factor", "signals"},
    "staff_shortage": {"capacity_factor"},
    "vendor_update": {"score_log_odds"},
    "threshold_typo": {"threshold_factor"},
    "alerts_suppressed": {"delivered", "signals"},
    "phi_export": {"signals"},
    "rumour": {"signals"},
}


def day_of_windows(day: int, seed: int = 1, stays: int = 60) -> dict[str, np.ndarray]:
    """A day of three windows for each stay at three sites, as the engine hands it to a hook."""
    random = np.random.default_rng([seed, day])
    size = 3 * stays
    rows = {
        "site": np.tile(np.arange(stays) % 3, 3),
        "stay": np.tile(np.arange(stays), 3),
        "window": np.repeat(3 * day + np.arange(3), stays),
        "shift": np.repeat(3 * day + np.arange(3), stays),
        "day": np.full(size, day),
        "age": np.tile(40 + np.arange(stays), 3),
        "sex_male": np.tile(np.arange(stays) % 2, 3),
        "race": np.tile(np.arange(stays) % 5, 3),
        "planned": np.zeros(size, dtype=np.int64),
        "heart_rate": random.normal(85, 12, size),
        "respiratory_rate": random.normal(18, 3, size),
        "temperature": random.normal(37, 0.5, size),
        "saturation": np.rint(random.normal(94, 2, size)),
        "systolic": random.normal(125, 15, size),
        "diastolic": random.normal(75, 8, size),
        "vitals_age_hours": random.uniform(0, 9, size),
        "creatinine": random.lognormal(0, 0.4, size),
        "urea": random.lognormal(2.7, 0.4, size),
        "lactate": np.where(random.random(size) < 0.3, random.lognormal(0.2, 0.4, size), np.nan),
        "leukocytes": random.lognormal(2, 0.3, size),
        "glucose": random.lognormal(4.7, 0.2, size),
        "result_lag_hours": random.uniform(0.4, 3, size),
        "vital_sets": random.integers(1, 9, size),
        "culture_ordered": random.random(size) < 0.1,
        "antibiotic_given": random.random(size) < 0.1,
        "comfort_care": np.zeros(size, dtype=bool),
        "copies": np.ones(size, dtype=np.int64),
    }
    rows["lactate_drawn"] = ~np.isnan(rows["lactate"])
    true = random.normal(94, 2, size)
    truth = {"_dark": rows["race"] == 1, "_true_saturation": true, "_hazard": random.random(size) * 0.02}
    return rows | truth | {"_needed": np.zeros(size, dtype=bool), "_older_oximeter": np.ones(size, dtype=bool)}


def week_of_discharges(first: int, size: int = 140) -> pd.DataFrame:
    """Discharges of two weeks, with the columns that a card or a model can touch."""
    random = np.random.default_rng(first)
    rows = {
        "site": np.array(["quillmere", "eastbank"], dtype=object)[np.arange(size) % 2],
        "day": first + np.arange(size) * 14 // size,
        "age": random.integers(20, 95, size),
        "group": np.array(sheet.GROUPS, dtype=object)[random.integers(0, 15, size)],
        "charlson": random.integers(1, 6, size),
        "stays_before": random.integers(0, 4, size),
        "emergency_before": random.integers(0, 4, size),
        "creatinine": random.lognormal(0, 0.4, size),
        "haemoglobin": random.normal(12.5, 1.5, size),
        "leukocytes": random.lognormal(2, 0.3, size),
    }
    return pd.DataFrame(rows | {name: random.random(size) < 0.3 for name in sheet.CONDITIONS})


def at(name: str, site: int | None = None, begins: int = 91) -> Drawn:
    """A card on its own, at a site of one's choice."""
    drawn = alone(name, 5, begins)
    return drawn if site is None else dataclasses.replace(drawn, site=site)


def changed(before: dict[str, np.ndarray], after: dict[str, np.ndarray]) -> set[str]:
    """Names of columns that differ; columns that are not numbers do not occur."""
    assert set(after) == set(before)
    return {name for name in before if not np.array_equal(before[name], after[name], equal_nan=True)}


def frames_differ(before: pd.DataFrame, after: pd.DataFrame) -> set[str]:
    assert list(after.columns) == list(before.columns)
    assert after.index.equals(before.index)
    return {name for name in before if not before[name].equals(after[name])}


# the deck -----------------------------------------------------------------------------------------------------------


def test_the_deck_holds_the_nineteen_cards():
    assert tuple(DECK) == IDS
    assert all(DECK[name].id == name for name in DECK)
    assert {name for name in DECK if DECK[name].where == "decoy"} == {name for name in DECK if DECK[name].decoy}


@pytest.mark.parametrize("name", IDS)
def test_a_card_speaks_the_words_of_the_simulator(name):
    card = DECK[name]
    assert card.services
    assert set(card.services) <= set(words.SERVICES)
    assert card.bites in words.AXES
    assert {*card.reference, *card.tempted, *card.mends} <= set(words.ACTIONS)
    assert card.reference
    assert card.tempted
    assert card.mends <= set(card.reference), "the reference response mends what can be mended"
    assert 1 <= card.weeks[0] <= card.weeks[1] <= 40
    assert card.seen_by
    for signal in card.seen_by:
        assert set(words.SIGNALS[signal].services) & set(card.services), signal


@pytest.mark.parametrize("name", IDS)
def test_texts_are_whole_and_say_what_is_invented(name):
    card = DECK[name]
    for part in ("title", "happens", "first_sign", "best_signal", "tempting", "reference_why"):
        text = getattr(card, part)
        assert text == text.strip()
        assert "  " not in text
        assert text[0].isupper()
        assert len(text) < 700
        if part != "title":
            assert text.endswith((".", "?"))
    assert "Assumption: " in card.happens
    assert len({DECK[other].title for other in DECK}) == len(DECK)


def test_a_card_teaches_misconceptions_and_cites_facts_that_exist():
    facts = tomllib.loads((ROOT / "curriculum" / "facts.toml").read_text(encoding="utf-8"))
    for card in DECK.values():
        assert card.teaches
        assert all(re.fullmatch(r"M(0[1-9]|[123]\d|40)", one) for one in card.teaches)
        assert not card.precedent or facts[card.precedent]["certainty"] in ("read", "computed")


@pytest.mark.parametrize("name", IDS)
def test_a_card_overrides_the_hooks_it_should_and_no_others(name):
    mine = {hook for hook in HOOKS if getattr(type(DECK[name]), hook) is not getattr(Card, hook)}
    expected = (
        OTHER.get(name, set()) | ({"ward_rows"} if name in WARD else set()) | ({"list_rows"} if name in LIST else set())
    )
    assert mine == expected
    assert ("list" in DECK[name].services) == (name in LIST)


# rows ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("site", [-1, 0, 1, 2])
def test_a_day_of_windows_changes_only_where_the_card_says(name, site):
    drawn = at(name, site)
    kept: set[str] = set()
    for day in range(drawn.begins, drawn.begins + 4):
        rows = day_of_windows(day)
        copy = {key: column.copy() for key, column in rows.items()}
        after = DECK[name].ward_rows(rows, drawn, day)
        assert changed(copy, rows) == set(), "never in place"
        kept |= changed(rows, after)
        for key in after:
            assert after[key].dtype == rows[key].dtype or np.issubdtype(rows[key].dtype, np.floating)
            elsewhere = np.zeros(rows["site"].size, dtype=bool)
            if name == "new_site":
                elsewhere = rows["site"] != NORTHGATE
            elif site >= 0:
                elsewhere = rows["site"] != site
            np.testing.assert_array_equal(after[key][elsewhere], rows[key][elsewhere])
    assert kept == WARD.get(name, set())


@pytest.mark.parametrize("name", IDS)
def test_discharges_change_only_where_and_when_the_card_says(name):
    drawn = at(name, 1 if DECK[name].strikes == "one" else None)
    rows = week_of_discharges(drawn.begins - 7)
    copy = rows.copy(deep=True)
    after = DECK[name].list_rows(rows, drawn, drawn.begins - 7)
    assert frames_differ(copy, rows) == set(), "never in place"
    assert frames_differ(rows, after) == LIST.get(name, set())
    outside = rows["day"] < drawn.begins
    if drawn.site >= 0:
        outside |= rows["site"] != words.SITES[drawn.site]
    pd.testing.assert_frame_equal(rows[outside], after[outside], check_dtype=False)


def test_unit_change_is_the_factor_of_the_fact():
    rows, drawn = day_of_windows(91), at("unit_change", 0)
    ratio = DECK["unit_change"].ward_rows(rows, drawn, 91)["creatinine"] / rows["creatinine"]
    np.testing.assert_allclose(ratio[rows["site"] == 0], 88.4)
    listed = week_of_discharges(91)
    ratio = DECK["unit_change"].list_rows(listed, drawn, 91)["creatinine"] / listed["creatinine"]
    np.testing.assert_allclose(ratio[listed["site"] == "quillmere"], 88.4)


def test_code_change_leaves_no_known_code_and_no_condition():
    after = DECK["code_change"].list_rows(week_of_discharges(91), at("code_change"), 91)
    assert not set(after["group"]) & set(sheet.GROUPS)
    assert not after[list(sheet.CONDITIONS)].to_numpy().any()
    assert (after["charlson"] == 0).all()
    rows = DECK["code_change"].ward_rows(day_of_windows(91), at("code_change"), 91)
    assert all(np.isnan(rows[name]).all() for name in LABS)
    assert not rows["lactate_drawn"].any()


def test_an_outage_takes_the_vital_signs_and_leaves_the_rows():
    rows = day_of_windows(91)
    after = DECK["feed_outage"].ward_rows(rows, at("feed_outage", 1), 91)
    there = rows["site"] == 1
    assert all(np.isnan(after[name][there]).all() for name in VITALS)
    assert after["stay"].size == rows["stay"].size


def test_a_stale_cache_hands_out_values_for_three_days_and_their_age_says_so():
    card, drawn = DECK["stale_cache"], at("stale_cache")
    days = {day: day_of_windows(day) for day in range(91, 96)}
    after = {day: card.ward_rows(rows, drawn, day) for day, rows in days.items()}

    def one(rows, name):
        return rows[name][rows["stay"] == 7]

    first, second = one(days[91], "heart_rate")[0], one(days[94], "heart_rate")[0]
    for day in (91, 92, 93):
        np.testing.assert_array_equal(one(after[day], "heart_rate"), [first] * 3)
    np.testing.assert_array_equal(one(after[94], "heart_rate"), [second] * 3)
    age = np.concatenate([one(after[day], "vitals_age_hours") for day in (91, 92, 93)])
    np.testing.assert_allclose(age, one(days[91], "vitals_age_hours")[0] + 8 * np.arange(9))
    # the same day again, another plan on the same days, and the year flown once more all give the same
    np.testing.assert_array_equal(card.ward_rows(days[95], drawn, 95)["systolic"], after[95]["systolic"])
    for day, rows in days.items():
        np.testing.assert_array_equal(card.ward_rows(rows, drawn, day)["systolic"], after[day]["systolic"])


def test_a_time_shift_hands_out_the_results_of_the_window_before():
    card, drawn = DECK["timezone_shift"], at("timezone_shift")
    first, second = day_of_windows(91), day_of_windows(92)
    a, b = card.ward_rows(first, drawn, 91), card.ward_rows(second, drawn, 92)
    mine = first["stay"] == 3
    assert np.isnan(a["urea"][mine][0])
    np.testing.assert_array_equal(a["urea"][mine][1:], first["urea"][mine][:2])
    np.testing.assert_array_equal(b["urea"][mine], [first["urea"][mine][2], *second["urea"][mine][:2]])
    np.testing.assert_array_equal(card.ward_rows(second, drawn, 92)["urea"], b["urea"])  # the same day twice
    assert (a["result_lag_hours"] < 0).all()


def test_sensor_bias_raises_only_dark_skin_and_most_where_saturation_is_low():
    rows = day_of_windows(91)
    after = DECK["sensor_bias"].ward_rows(rows, at("sensor_bias"), 91)
    more = after["saturation"] - rows["saturation"]
    assert (more[~rows["_dark"]] == 0).all()
    assert (after["saturation"] <= 100).all()
    low, high = rows["_dark"] & (rows["_true_saturation"] < 92), rows["_dark"] & (rows["_true_saturation"] > 95)
    assert more[low].mean() > more[high].mean() > 0


def test_amended_results_hit_the_share_they_say_and_the_same_rows_each_time():
    rows, drawn = day_of_windows(91, stays=3000), at("amended_results")
    card = DECK["amended_results"]
    hit = card.ward_rows(rows, drawn, 91)["creatinine"] != rows["creatinine"]
    assert abs(hit.mean() - card.share) < 0.02
    other = (
        card.ward_rows(rows, dataclasses.replace(drawn, dice=drawn.dice + 1), 91)["creatinine"] != rows["creatinine"]
    )
    assert (hit != other).any()
    # the signal that messages of correction give agrees with the rows
    assert card.signals(drawn, 91) == {("ward", "amended"): card.share}


def test_northgate_breaks_the_value_contract_and_the_old_sites_do_not():
    from wardround.flight.contracts import broken

    rows = day_of_windows(91)
    after = DECK["new_site"].ward_rows(rows, at("new_site"), 91)
    there = rows["site"] == NORTHGATE
    bad = np.any(list(broken(after).values()), axis=0)
    assert bad[there].mean() > 0.9
    np.testing.assert_array_equal(bad[~there], np.any(list(broken(rows).values()), axis=0)[~there])


# hooks that are not rows --------------------------------------------------------------------------------------------


def test_hooks_beside_the_rows_say_their_size():
    rows, day = day_of_windows(91), 91
    assert DECK["surge"].guests(at("surge"), day)[1] == DECK["surge"].share
    beds = 1 + DECK["surge"].share
    spare = DECK["surge"].capacity_factor(at("surge"), day) * beds
    assert spare == pytest.approx(DECK["surge"].spare), "as many nurses as before"
    assert DECK["new_site"].guests(at("new_site"), day)[0] == "northgate"
    assert at("new_site").site == NORTHGATE
    assert DECK["staff_shortage"].capacity_factor(at("staff_shortage"), day) < 1
    assert DECK["intervention_feedback"].capacity_factor(at("intervention_feedback"), day) > 1
    assert DECK["threshold_typo"].threshold_factor("ward", at("threshold_typo"), day) == 0.1
    assert DECK["threshold_typo"].threshold_factor("list", at("threshold_typo"), day) == 1.0
    assert not DECK["alerts_suppressed"].delivered("ward", at("alerts_suppressed"), day)
    assert DECK["alerts_suppressed"].delivered("list", at("alerts_suppressed"), day)
    factor = DECK["guideline_change"].hazard_factor(rows, at("guideline_change"), day)
    cared = rows["culture_ordered"] | rows["antibiotic_given"] | rows["lactate_drawn"]
    assert (factor[cared] == DECK["guideline_change"].factor).all()
    assert (factor[~cared] == 1).all()


def test_the_vendor_s_update_changes_ranks_and_has_no_hole():
    card, rows = DECK["vendor_update"], day_of_windows(91)
    rows["respiratory_rate"][0] = np.nan
    moved = card.score_log_odds("ward", rows, at("vendor_update"), 91)
    assert np.isfinite(moved).all()
    older = rows | {"age": rows["age"] + 10}
    assert (card.score_log_odds("ward", older, at("vendor_update"), 91) > moved + 0.1).all(), "age weighs more"
    faster = rows | {"respiratory_rate": rows["respiratory_rate"] + 5}
    less = card.score_log_odds("ward", faster, at("vendor_update"), 91) < moved - 0.1
    assert less[1:].all(), "fast breathing weighs less"
    assert card.score_log_odds("list", rows, at("vendor_update"), 91) == 0.0


def test_signals_of_a_card_are_words_and_show_it():
    for name, card in DECK.items():
        for (service, signal), value in card.signals(at(name), 91).items():
            assert service in card.services
            assert service in words.SIGNALS[signal].services
            assert signal in card.seen_by
            assert value > 0


@pytest.mark.parametrize("name", ["guideline_change", "intervention_feedback"])
def test_talk_of_decay_comes_once_and_late(name):
    drawn = at(name)
    told = [day for day in range(drawn.begins, drawn.ends) if DECK[name].signals(drawn, day)]
    assert told == [drawn.begins + DECK[name].report]


def test_the_rumour_is_told_twice_and_dies():
    card, drawn = DECK["rumour"], at("rumour")
    told = [day for day in range(drawn.begins, drawn.ends) if card.signals(drawn, day)]
    assert told == [drawn.begins, drawn.begins + 7]


# draws --------------------------------------------------------------------------------------------------------------

SEEDS = range(200)


@pytest.mark.parametrize("count", [6, 7, 8])
def test_a_draw_keeps_its_rules(count):
    seen: set[str] = set()
    for seed in SEEDS:
        drawn = draw(seed, count)
        names = [one.card.id for one in drawn]
        seen |= set(names)
        assert len(names) == len(set(names)) == count
        assert set(names) & set(ALWAYS_ONE), "a decoy"
        assert [one.begins for one in drawn] == sorted(one.begins for one in drawn)
        assert all(21 <= one.begins < one.ends <= words.DAYS for one in drawn)
        gaps = np.diff([one.begins for one in drawn])
        assert (gaps >= 14).all(), "no two share their first fortnight"
        assert drawn[0].begins < 84
        assert drawn[-1].begins > 250, "spread over the year"
        for one in drawn:
            assert one.card is DECK[one.card.id]
            assert one.ends - one.begins >= min(7 * one.card.weeks[0], words.DAYS - one.begins)
            assert one.ends - one.begins <= 7 * one.card.weeks[1]
            assert (one.begins % 7 in (1, 2, 3)) or not one.card.released
            assert one.site in {"one": (0, 1), "all": (-1,), "new": (NORTHGATE,)}[one.card.strikes]
    assert seen == set(DECK), "each card comes up"


def test_a_long_card_is_seldom_cut_short():
    whole = [one.ends - one.begins >= 7 * one.card.weeks[0] for seed in SEEDS for one in draw(seed)]
    assert np.mean(whole) > 0.97


def test_a_draw_is_the_seed_s_and_nobody_else_s():
    assert draw(5) == draw(5)
    assert draw(5) != draw(6)
    assert draw(5, 7) != draw(5, 8)
    sites = {one.site for seed in SEEDS for one in draw(seed) if one.card.strikes == "one"}
    assert sites == {0, 1}


@pytest.mark.parametrize("count", [0, 5, 9])
def test_a_draw_of_another_size_is_refused(count):
    with pytest.raises(ValueError, match="6 to 8"):
        draw(1, count)
