"""Week 9's towns, leaks, small models and cases, and what plausible answers are told."""

from __future__ import annotations

import runpy

import numpy as np
import pandas as pd
import pytest
from wardround.course import memo
from wardround.course.asking import put
from wardround.course.given import _names, given
from wardround.course.keys import week_keys
from wardround.course.memo import keep
from wardround.course.places import week_folder
from wardround.course.questions import week_questions
from wardround.course.verdicts import expected, judge
from wardround.evaluation import auroc_value, share_difference
from wardround.hospital import open_truth
from wardround.hospital.causes import CAUSES
from wardround.records import read_export

WEEK, KEYS = given(9), week_keys(9)
MADE = KEYS.keys["W09.Q1"].reference.__globals__  # what keys.py defines
DICE = _names(9)["_dice"]


def bank_of(name):
    return runpy.run_path(str(week_folder(9) / name))


@pytest.fixture(scope="module")
def hospital(third_hospitals):
    return read_export(third_hospitals[0])


def verdict_on(id, value, hospital):
    asked, key, folder = week_questions(9)[id], KEYS.keys[id], hospital.path.parent
    known = expected(asked, key, hospital, open_truth(folder), KEYS.digest, folder / "truth" / "answers")
    verdict = judge(asked, key, {"here": put(asked, value, hospital)}, {"here": known})
    assert len(f"{verdict.says} {verdict.so_what}".split()) <= 75
    return verdict


# the reader test ------------------------------------------------------------------------------------------------------
def test_half_of_the_advice_is_wrong_and_half_of_each_has_reasons(hospital):
    shown, known = WEEK.cases(hospital), WEEK.known_cases(hospital)
    assert len(shown) == 8 and not {"p_critical", "needs"} & set(shown)
    wrong = known.needs != known.advised
    assert wrong.sum() == 4 and known.needs.sum() == 4
    assert known.explained[wrong].sum() == known.explained[~wrong].sum() == 2
    assert shown.reasons.ne("").tolist() == known.explained.tolist()
    assert (known.p_critical[known.needs] > 0.06).all() and (known.p_critical[~known.needs] < 0.012).all()


@pytest.mark.parametrize("shape", [dict, pd.Series])
def test_what_a_reader_kept_comes_back_for_week_10_beside_what_was_right(hospital, monkeypatch, shape):
    monkeypatch.setattr(memo, "_hospital", lambda: hospital)
    with pytest.raises(FileNotFoundError, match="w09_before"):
        WEEK.rated(hospital)
    known = WEEK.known_cases(hospital)
    keep("w09_before", shape(dict(zip(known.case, known.needs.tolist(), strict=True))))
    keep("w09_after", shape(dict(zip(known.case, known.advised.tolist(), strict=True))))
    found = WEEK.rated(hospital)
    assert (found.before == found.needs).all() and (found.after == found.advised).all() and len(found) == 8
    keep("w09_after", shape({1: True}))
    with pytest.raises(ValueError, match="lacks a rating"):
        WEEK.rated(hospital)
    monkeypatch.setattr(memo, "_hospital", lambda: None)
    keep("w09_before", shape({1: True}))
    with pytest.raises(ValueError, match="another hospital"):
        WEEK.rated(hospital)


# Q1 -------------------------------------------------------------------------------------------------------------------
def test_the_key_is_kernel_shap_where_all_coalitions_are_tried_and_adds_up(hospital):
    import shap

    for one in WEEK.models(hospital).values():
        row, names = one.rows.iloc[[0]], list(one.rows)
        found = MADE["exact"](one.model, one.background, row)
        output = MADE["log_odds_of"](one.model, names)
        other = shap.KernelExplainer(output, one.background).shap_values(row.to_numpy(), silent=True)[0]
        assert np.allclose(list(found["parts"].values()), other, atol=1e-9)
        assert found["base"] + sum(found["parts"].values()) == pytest.approx(output(row.to_numpy())[0], abs=1e-9)


def test_codes_taken_for_numbers_do_not_add_up_and_nothing_is_raised(hospital):
    import shap

    one = WEEK.models(hospital)["groups"]
    found = shap.TreeExplainer(one.model)(one.rows, check_additivity=True)
    gap = np.abs(found.values.sum(axis=1) + found.base_values - one.model.decision_function(one.rows))
    assert gap.max() > 0.5


def test_probability_is_as_good_a_unit_and_an_invented_one_is_refused(hospital):
    explain = lambda *asked: MADE["exact"](*asked, unit="probability")  # noqa: E731
    assert verdict_on("W09.Q1", explain, hospital).kind == "right"
    odd = lambda *asked: MADE["exact"](*asked) | {"unit": "points"}  # noqa: E731
    assert "points" in verdict_on("W09.Q1", odd, hospital).evidence


def test_the_rows_that_are_judged_are_not_shown(hospital):
    for name, one in WEEK.models(hospital).items():
        judged = _names(9)["_small"](hospital)[name].judged
        assert not hasattr(one, "judged") and len(judged) == 4
        seen = set(map(tuple, pd.concat([one.background, one.rows]).fillna(-1).to_numpy()))
        assert not seen & set(map(tuple, judged.fillna(-1).to_numpy()))


# Q2 -------------------------------------------------------------------------------------------------------------------
def test_every_draw_has_two_loud_leaks_a_hidden_one_and_two_wrong_papers():
    bank, kinds = bank_of("leaks.py"), set()
    for seed in range(30):
        drawn = bank["drawn"](DICE(f"leaks {seed}"))
        kinds.add(len(drawn["hidden"]))
        assert len(set(drawn["loud"])) == 2 and len(set(drawn["harmless"])) == 5
        assert drawn["lies"][0] in drawn["loud"] and drawn["lies"][1] in drawn["harmless"]
    assert kinds == {1, 4}


@pytest.mark.parametrize(("rare", "number"), [(True, 0), (False, 0), (False, 1), (False, 2)])
def test_the_ranking_hides_the_hidden_leak_and_newest_does_not(hospital, rare, number):
    bank = bank_of("leaks.py")
    drawn = [one for one in (bank["drawn"](DICE(f"leaks {seed}")) for seed in range(30)) if one["rare"] == rare][number]
    made = bank["suspect"](drawn, hospital.warehouse.stays, DICE(f"columns {number}"))
    leaks = [*drawn["loud"], *drawn["hidden"]]
    assert not made["newest"][leaks].to_numpy().any() and made["newest"][drawn["harmless"]].to_numpy().any()
    parts = bank["parts_of"](made["model"], made["rows"])
    places = parts.abs().mean().rank(ascending=False)[leaks].tolist()
    assert sorted(places[:2]) == [1, 2] and min(places[2:]) >= 5
    together = parts[drawn["hidden"]].sum(axis=1).abs().mean()
    assert rare or together > parts.drop(columns=leaks).abs().mean().max()
    without = auroc_value(made["back"], made["rows"][drawn["hidden"]].sum(axis=1))
    assert without > 0.53  # alone it knows of the future all the same


def test_papers_cover_every_column_and_lie_twice(hospital):
    made, drawn, bank = WEEK.suspect(hospital), WEEK.leaks_of(hospital), bank_of("leaks.py")
    papers = made.papers.set_index("column").known_when
    assert papers.index.tolist() == list(made.rows)
    assert papers[drawn["lies"][0]] == bank["DOOR"] and papers[drawn["lies"][1]] == bank["WRONG_PAPER"]
    assert verdict_on("W09.Q2", ["no such column"], hospital).kind == "unreadable"


def test_one_column_of_four_is_told_that_the_rest_go_on(hospital):
    drawn = WEEK.leaks_of(hospital)
    if len(drawn["hidden"]) == 1:
        assert verdict_on("W09.Q2", drawn["loud"], hospital).misconception == "loud_only"
    else:
        assert "go on telling" in verdict_on("W09.Q2", [*drawn["loud"], drawn["hidden"][0]], hospital).evidence


# Q3 and the pushes ----------------------------------------------------------------------------------------------------
def test_in_every_town_proxies_move_nobody_and_causes_do():
    bank, causes = bank_of("town.py"), set()
    for seed in range(12):
        town = bank["made"](DICE(f"town {seed}"))
        causes.add(sum(role.endswith("cause") for role in town["roles"].values()))
        for feature, proposed in zip(town["features"].feature, town["features"].proposed, strict=True):
            run, role = town["runs"][feature][proposed], town["roles"][feature]
            moved = run["back_before"] - run["back_after"]
            assert (moved == 0) if role.endswith("proxy") else (moved > 10), (seed, feature, role)
            if role == "masked cause":
                assert run["score_after"] > run["score_before"], (seed, feature)
    assert len(causes) >= 3


def test_what_a_learner_gets_of_the_town_does_not_name_the_roles(hospital):
    assert "roles" not in _names(9)["_town"](hospital)
    assert not any({"p0", "p1", "chance", "reachable"} & set(WEEK.calls(hospital, world)) for world in WEEK.WORLDS)
    with pytest.raises(KeyError, match="can be set to"):
        WEEK.what_if(hospital, WEEK.features(hospital).feature[0], 12345)


def test_pushes_agree_with_the_graph_of_causes(hospital):
    """What has an arrow to readmission moves it; what has none moves nothing but who is called."""
    pushes = WEEK.pushes(hospital).set_index("feature")
    moved = pushes.back_after - pushes.back_before
    known = {cause for cause, effect, _ in CAUSES if effect == "readmission"}
    assert {"interpreter", "diagnosis_group", "care_call"} <= known
    assert not {"prior_stays", "prior_emergency", "laboratory", "length_of_stay"} & known
    assert (moved[["interpreter", "group", "called"]] < -5).all()
    assert (moved[["haemoglobin", "sodium", "albumin", "creatinine"]] == 0).all()
    for name in ("stays_before", "emergency_before", "los_days"):
        assert pushes.calls_after[name] < pushes.calls_before[name] and moved[name] > 0
        assert pushes.score_after[name] < pushes.score_before[name]
    assert pushes.score_after["interpreter"] == pushes.score_before["interpreter"]


# Q4 -------------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def draws(hospital):
    return MADE["as_the_hold_out"](hospital, None)["draws"]


def test_the_hold_out_is_right_in_both_worlds_and_weights_in_one(hospital, draws):
    told = WEEK.held_against_the_known(WEEK.estimated(MADE["weighting"], hospital), hospital)["draws"]
    for world, near in zip(WEEK.WORLDS, (True, False), strict=True):
        lots = [one["fewer"] - one["known"] for one in draws if one["world"] == world]
        weights = [one["fewer"] - one["known"] for one in told if one["world"] == world]
        assert abs(np.mean(lots)) < 4 * np.std(lots, ddof=1) / np.sqrt(len(lots)) + 3
        assert (np.mean(weights) < 25) if near else (np.mean(weights) > 40)
        assert MADE["covers"]([one for one in draws if one["world"] == world]) >= 3


def test_calls_go_to_the_illest_so_the_naive_sign_is_wrong(hospital):
    found = MADE["naive"](WEEK.calls(hospital))
    assert found["high"] < 0 < WEEK.known_effect(hospital)


def test_tickets_fall_by_chance_and_nobody_with_one_is_called(hospital):
    for world in WEEK.WORLDS:
        stays = WEEK.calls(hospital, world)
        assert not (stays.called & (stays.held_out | ~stays.listed | ~stays.home)).any()
        assert not (stays.reached & ~stays.called).any()
        for some in (stays.listed, ~stays.listed):
            assert abs(stays.held_out[some].mean() - 0.20) < 0.025


def test_a_covariate_adjusted_hold_out_is_right_as_well(hospital):
    def effect(stays):
        listed = stays[stays.listed]
        ticket, called = listed[listed.held_out], listed[~listed.held_out]
        points = [listed.lace.clip(upper=13), ticket.lace.clip(upper=13), called.lace.clip(upper=13)]
        share = points[0].value_counts(normalize=True)
        by = [some.groupby(lace).back.mean() for some, lace in ((ticket, points[1]), (called, points[2]))]
        value = float(((by[0] - by[1]) * share).sum())
        found = share_difference(int(ticket.back.sum()), len(ticket), int(called.back.sum()), len(called))
        return {
            "fewer": 1000 * value,
            "low": 1000 * (value - (found.high - found.low) / 2),
            "high": 1000 * (value + (found.high - found.low) / 2),
        }

    assert verdict_on("W09.Q4", effect, hospital).kind == "right"


def test_an_effect_without_its_parts_is_told_so(hospital):
    assert "fewer" in verdict_on("W09.Q4", lambda stays: {"value": 1}, hospital).evidence


# Q5 and Q6 ------------------------------------------------------------------------------------------------------------
def test_three_of_eight_stories_change_with_the_background(hospital):
    right = MADE["by_enumeration"](hospital, None)
    assert sum(one != other for one, other in right.values()) == 3 and len(right) == 8


def test_knowing_each_benefit_beats_risk_and_risk_the_usual_list(hospital):
    rows, risk = WEEK.lists(hospital), WEEK.known_risk(hospital)
    known = (risk.p0 - risk.p1).reindex(rows.stay).to_numpy()
    rows = rows.assign(known=known)
    of = lambda name: MADE["forty_by"](name)  # noqa: E731
    best, by_risk = (
        sum(rows.known[rows.stay.isin(of(name)(week))].sum() for _, week in rows.groupby("week"))
        for name in ("known", "risk")
    )
    usual = WEEK.averted({"weeks": {}}, hospital)["usual"]
    assert best > 1.2 * by_risk > 1.8 * usual
    assert np.corrcoef(rows.risk, known)[0, 1] > np.corrcoef(rows.benefit, known)[0, 1]


def test_more_than_forty_or_a_stranger_is_refused(hospital):
    assert "calls can be made" in verdict_on("W09.Q6", lambda rows: rows.stay, hospital).evidence
    assert "no stay of that week" in verdict_on("W09.Q6", lambda rows: ["X"], hospital).evidence


def test_the_evidence_of_every_known_mistake_is_short(hospital):
    for id, key in KEYS.keys.items():
        asked = week_questions(9)[id]
        for wrong in key.misconceptions:
            value = wrong.answer if asked.kind == "function" else wrong.answer(hospital)
            verdict = verdict_on(id, value, hospital)
            assert verdict.misconception == wrong.name and len(verdict.evidence.split()) <= 60, (id, wrong.name)


def test_what_is_drawn_with_a_secret_is_made_outside_the_box():
    """In the box nobody knows the secret: whatever is drawn with it there would be something else."""
    names = _names(9)
    for name in ("_cases", "_small", "_suspect", "_town", "_calls", "_trials", "_two_backgrounds"):
        assert names[name].is_apart, name
