"""Week 8's year, quarters, panels and situations, and what plausible answers are told."""

from __future__ import annotations

import runpy

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, chi2_contingency, ks_2samp
from wardround.course.asking import put
from wardround.course.given import _names, given
from wardround.course.keys import week_keys
from wardround.course.places import week_folder
from wardround.course.questions import week_questions
from wardround.course.verdicts import expected, judge
from wardround.evaluation import auroc_value, expected_auroc
from wardround.hospital import open_truth
from wardround.records import read_export

WEEK, KEYS = given(8), week_keys(8)
MADE = KEYS.keys["W08.Q1"].reference.__globals__  # what keys.py defines
DICE = _names(8)["_dice"]


def bank_of(name):
    return runpy.run_path(str(week_folder(8) / name))


@pytest.fixture(scope="module")
def hospital(third_hospitals):
    return read_export(third_hospitals[0])


def verdict_on(id, value, hospital):
    asked, key, folder = week_questions(8)[id], KEYS.keys[id], hospital.path.parent
    known = expected(asked, key, hospital, open_truth(folder), KEYS.digest, folder / "truth" / "answers")
    verdict = judge(asked, key, {"here": put(asked, value, hospital)}, {"here": known})
    assert len(f"{verdict.says} {verdict.so_what}".split()) <= 60
    return verdict


# the year -------------------------------------------------------------------------------------------------------------
def test_inputs_are_still_while_outcomes_leave_what_was_promised(hospital):
    rows = WEEK.versions(hospital)["home visits end"]
    before, year = rows[rows.week < 0], rows[rows.week >= 0]
    assert year.back.sum() / year.score.sum() > 1.4
    for name in ("score", "age", "haemoglobin", "los_days"):
        assert MADE["psi_by_hand"](before[name].dropna(), year[name].dropna()) < 0.02, name


def test_a_decoy_moves_its_input_and_no_sorting(hospital):
    rows = WEEK.versions(hospital)["quiet"]
    before, year = rows[rows.week < 0], rows[rows.week >= 0]
    now = bank_of("year.py")["FEED"]["offset"](year)["haemoglobin"].dropna()
    assert MADE["psi_by_hand"](before.haemoglobin.dropna(), now) > 0.08
    assert ks_2samp(before.haemoglobin.dropna(), now).pvalue < 1e-50
    assert abs(auroc_value(year.back, year.score_offset) - auroc_value(year.back, year.score)) < 0.01
    home = year[year.home]
    assert 0.005 < (home.score >= WEEK.THRESHOLD).mean() - (home.score_offset >= WEEK.THRESHOLD).mean() < 0.03


def test_success_looks_like_decay_and_the_known_risk_says_so(hospital):
    year, risk = WEEK.year(hospital), WEEK.known_risk(hospital)
    home = year[year.home & MADE["settled"](year)]
    p0 = risk.p0.reindex(home.stay).to_numpy()
    assert expected_auroc(p0, home.score) - auroc_value(home.back, home.score) > 0.06
    assert p0.sum() / home.score.sum() - home.back.sum() / home.score.sum() > 0.2
    averted = 1 - (risk.p1 / risk.p0).reindex(year.stay[year.called]).mean()
    assert 0.5 < averted < 0.7


def test_tickets_fall_by_chance_on_everybody(hospital):
    year = WEEK.year(hospital)
    assert not (year.called & (year.held_out | ~year.home)).any()
    for _, some in year.groupby("home"):
        assert abs(some.held_out.mean() - 0.10) < 0.02
    ticket, none = year.score[year.held_out & year.home], year.score[~year.held_out & year.home]
    assert ks_2samp(ticket, none).pvalue > 0.001


def test_what_a_payer_has_not_told_is_not_in_the_table(hospital):
    lived = _names(8)["_lived"](hospital)["the model calls"]
    year = WEEK.year(hospital).set_index("stay")
    told = lived[(lived.week >= 0)].set_index("stay").reindex(year.index)
    assert (year.back == (told.known_at <= WEEK.AS_OF)).all()
    late = told.back & ~year.back
    assert late.sum() > 20 and not late[MADE["settled"](year)].any()
    assert not {"p0", "p1", "known_at", "score_unit"} & set(year)


def test_later_mornings_know_more_and_the_newest_month_least(hospital):
    year = WEEK.year(hospital).set_index("stay").back
    assert WEEK.known_by(hospital, WEEK.AS_OF, "the model calls").equals(year)
    stays = WEEK.versions(hospital)["quiet"].set_index("stay").query("week >= 0")
    early, later = (WEEK.known_by(hospital, WEEK.AS_OF - pd.Timedelta(days=days)) for days in (100, 0))
    assert (later | ~early).all() and (stays.back | ~later).all() and early.sum() < later.sum() < stays.back.sum()
    for known, days in ((early, 100), (later, 0)):
        age = (WEEK.AS_OF - pd.Timedelta(days=days) - stays.discharged_at[stays.back]).dt.days
        share = known[stays.back[stays.back].index].groupby(pd.cut(age, [0, 30, 90, 150, 400])).mean()
        assert share.is_monotonic_increasing and share.iloc[-1] == 1


def test_what_learner_code_gets_holds_no_risk_and_no_cause(hospital):
    names = _names(8)
    for made in (names[name](hospital) for name in ("_year", "_panels", "_quarters", "_unseen", "_situations")):
        text = repr(made)
        assert "p0" not in text and "is_shifted" not in text and "facts" not in text
    assert not any({"p0", "p1", "known_at"} & set(rows) for rows in WEEK.versions(hospital).values())


# Q1 -------------------------------------------------------------------------------------------------------------------
def test_a_weeks_tests_are_those_of_scipy(hospital):
    bank, rows = bank_of("signals.py"), WEEK.versions(hospital)["quiet"]
    before, year = bank["inputs"](rows[rows.week < 0]), bank["inputs"](rows[rows.week >= 0])
    reference, some = bank["Reference"](before), np.arange(90)
    n, _, p = reference.against(reference.placed(year), some)
    found = pd.DataFrame({"n": n, "p": p}, index=reference.names)
    for name in ("age", "stays_before", "haemoglobin", "albumin"):
        one, other = before[name].dropna(), year[name].iloc[some].dropna()
        assert found.n[name] == len(other)
        sizes = len(one) * len(other) / (len(one) + len(other))
        from scipy.special import kolmogorov

        assert found.p[name] == pytest.approx(kolmogorov(np.sqrt(sizes) * ks_2samp(one, other).statistic), abs=1e-9)
    for name in ("female", "eastbank", "group copd"):
        counts = [[one.sum(), len(one) - one.sum()] for one in (before[name], year[name].iloc[some])]
        assert found.p[name] == pytest.approx(chi2_contingency(counts, correction=False).pvalue, rel=1e-6)


def test_both_roads_are_right_and_a_rule_that_is_too_strict_is_blind(hospital):
    shared = lambda signals: signals.groupby("week").p.min() < 0.05 / 520  # noqa: E731

    def same_twice(signals):
        low = signals.pivot(index="week", columns="input", values="p") < 0.01
        return (low & low.shift(1, fill_value=False)).any(axis=1).to_numpy()

    assert verdict_on("W08.Q1", shared, hospital).kind == verdict_on("W08.Q1", same_twice, hospital).kind == "right"
    strict = lambda signals: signals.groupby("week").p.min() < 1e-9  # noqa: E731
    verdict = verdict_on("W08.Q1", strict, hospital)
    assert verdict.kind == "not_yet" and "are asked" in verdict.evidence


def test_a_rule_of_another_length_is_told_so(hospital):
    assert "one True or False" in verdict_on("W08.Q1", lambda signals: [True], hospital).evidence
    by_key = lambda signals: (signals.groupby("week").p.min() < 0.05 / 520).to_dict()  # noqa: E731
    assert "returned a dict" in verdict_on("W08.Q1", by_key, hospital).evidence


@pytest.mark.parametrize("alarms", [0, 1, 5])
def test_a_few_false_alarms_have_the_exact_upper_end_of_poisson(hospital, alarms):
    shifted = _names(8)["_drawn_quarters"](hospital)["is_shifted"]
    quiet = iter(range(len(shifted)))
    weeks = ["0" * 13 if is_shifted or next(quiet) >= alarms else "1" + "0" * 12 for is_shifted in shifted]
    found = _names(8)["held_against_the_quarters"]({"weeks": weeks, "peeked": 0}, hospital)
    assert found["false"] == alarms / WEEK.QUIET
    assert found["high"] == pytest.approx(chi2.isf(0.025, 2 * alarms + 2) / 2 / WEEK.QUIET)


# Q2 -------------------------------------------------------------------------------------------------------------------
def test_every_draw_has_six_causes_that_are_known_and_helps_among_them():
    bank = bank_of("panels.py")
    assert {*bank["ALARM"], *bank["TESTED"]} == set(MADE["SHOWS"]) == set(WEEK.CAUSES) - {"the model has worn out"}
    assert set(MADE["ASK"]) == set(MADE["SHOWS"]) and set(MADE["COSTS_OF"]) == set(WEEK.CAUSES)


def test_a_panel_shows_its_cause(hospital):
    worlds, bank = _names(8)["_lived"](hospital), bank_of("panels.py")
    last = {cause: bank["panel"](worlds, cause, 4)[0].iloc[-13:].mean() for cause in MADE["SHOWS"]}
    calm = last["chance"]
    assert last["unit at one site"].creatinine_eastbank > 50 > 2 > last["unit at one site"].creatinine_quillmere
    assert last["code renamed"].no_sodium == 100 and last["threshold typo"].flagged > 2 * calm.flagged
    assert last["threshold typo"].score == calm.score
    assert last["new analyser"].haemoglobin - calm.haemoglobin > 0.25 and abs(last["new analyser"].oe - calm.oe) < 0.12
    assert last["home visits end"].oe_hold_out > 1.3 and last["labels not there yet"].known < 20
    assert last["the model helps"].oe < 0.92 < last["the model helps"].hold_out_high
    assert last["the model helps"].oe_hold_out - last["the model helps"].oe > 0.05


def test_chance_and_the_new_analyser_ring_in_the_same_words_with_a_p_that_was_computed(hospital):
    rows, bank = _names(8)["_lived"](hospital)["quiet"], bank_of("panels.py")
    offset, chance = (bank["panel"]({"quiet": rows}, cause, 4)[1] for cause in bank["TESTED"])
    start = "haemoglobin: in one of the towns another mean than in 2024, p < "
    assert chance.startswith(start) and offset.startswith(f"{start}0.05")
    p = bank["_tested"](rows).loc[: bank["LAST"] - 6]  # some weeks after it are to be seen
    level = float(chance.removeprefix(start).split(",")[0])
    monday = f"{bank['MONDAY'] + pd.Timedelta(weeks=int(p.idxmin())):%-d %B %Y}"
    assert p.min() < level and monday in chance


def test_a_panel_is_drawn_with_words(hospital):
    frame = WEEK.panels(hospital)["A"]
    assert "haemoglobin from" in WEEK.drawn(frame, "A").says and len(frame) == 78


def test_one_wrong_panel_is_told_its_cost_and_where_to_look(hospital):
    right = MADE["diagnosing"](lambda cause: cause)(hospital)
    assert verdict_on("W08.Q2", right, hospital).kind == "right"
    letter = next(letter for letter, (cause, _) in right.items() if cause == "the model helps")
    verdict = verdict_on("W08.Q2", right | {letter: ("labels not there yet", "known")}, hospital)
    assert verdict.kind == "not_yet" and "5 of 6" in verdict.evidence and "Ask:" in verdict.evidence
    verdict = verdict_on("W08.Q2", right | {letter: ("the model helps", "score")}, hospital)
    assert "does not show it" in verdict.evidence
    assert "level is off, that is right" in MADE["costs_of"]("the model has worn out", "home visits end")
    assert verdict_on("W08.Q2", right | {letter: ("drift", "score")}, hospital).kind == "unreadable"


# Q3 -------------------------------------------------------------------------------------------------------------------
def test_other_wrong_rows_are_known_by_their_counts(hospital):
    everybody = MADE["judged_on"](lambda year: year.score > -1)
    assert verdict_on("W08.Q3", everybody, hospital).misconception == "all_stays"
    rows = MADE["judged_on"](lambda year: MADE["tickets"](year) & MADE["settled"](year), whose="stay")
    assert verdict_on("W08.Q3", rows, hospital).misconception == "rows_not_people"
    right = verdict_on("W08.Q3", MADE["judged_on"](lambda y: MADE["tickets"](y) & MADE["settled"](y)), hospital)
    assert right.kind == "right" and "looks like decay" in right.says
    assert "lacks" in verdict_on("W08.Q3", lambda year: {"n": 1}, hospital).evidence


def test_what_is_nearly_right_or_sound_otherwise_is_told_so(hospital):
    year, tickets, settled = WEEK.year(hospital), MADE["tickets"], MADE["settled"]
    missed = (tickets(year) & settled(year) & (year.score >= WEEK.THRESHOLD)).sum()
    rows = MADE["judged_on"](lambda y: tickets(y) & settled(y))
    assert f"{missed} of these" in verdict_on("W08.Q3", rows, hospital).says
    by_week = MADE["judged_on"](lambda y: tickets(y) & settled(y, WEEK.FOLLOW_UP - pd.Timedelta(days=2)))
    assert "Nearly: " in verdict_on("W08.Q3", by_week, hospital).evidence

    def weighed(year):
        rows, whole = MADE["untouched"](year), year[year.home & settled(year)]
        above = rows.score >= WEEK.THRESHOLD
        weight = np.where(above, (whole.score >= WEEK.THRESHOLD).sum() / above.sum(), 1)
        oe, area = np.average(rows.back, weights=weight) / np.average(rows.score, weights=weight), 0.667
        bounds = {f"{part}_{end}": 0.5 for part in ("oe", "auroc") for end in ("low", "high")}
        return {"n": len(rows), "events": rows.back.sum(), "oe": oe, "auroc": area} | bounds

    assert "that is sound" in verdict_on("W08.Q3", weighed, hospital).evidence


# Q4 -------------------------------------------------------------------------------------------------------------------
def test_every_situation_has_an_action_owners_and_four_costs():
    bank = bank_of("situations.py")
    assert len(bank["SITUATIONS"]) >= 20 and set(bank["ACTION_OF"]) == set(bank["SITUATIONS"])
    assert set(bank["ACTIONS"]) == set(WEEK.ACTIONS)
    for name, (text, owners, costs) in bank["SITUATIONS"].items():
        assert set(costs) == set(WEEK.ACTIONS) - {bank["ACTION_OF"][name]}, name
        assert owners and set(owners) <= set(WEEK.OWNERS) and len(text.split()) < 60, name
    for seed in range(30):
        names = bank["drawn"](DICE(f"situations {seed}"))
        actions = [bank["ACTION_OF"][name] for name in names]
        assert len(set(names)) == 5 and actions.count("leave") == 1 and len(set(actions)) >= 4


def test_each_wrong_pick_is_told_its_consequence(hospital):
    right = MADE["deciding"](lambda action: action)(hospital)
    known = WEEK.decisions_of(hospital)
    for number, (action, owners, costs) in known.items():
        for other, cost in costs.items():
            verdict = verdict_on("W08.Q4", right | {number: (other, owners[0])}, hospital)
            assert verdict.kind != "right" and cost in verdict.evidence, (number, action, other)
    assert verdict_on("W08.Q4", right, hospital).kind == "right"
    assert verdict_on("W08.Q4", {1: "leave"}, hospital).kind == "unreadable"


# Q5 and Q6 ------------------------------------------------------------------------------------------------------------
def test_psi_is_near_what_chance_makes_of_it(hospital):
    verdict = verdict_on("W08.Q5", MADE["psi_as"], hospital)
    assert verdict.kind == "right" and "is to be expected" in verdict.says


def test_a_monitor_that_names_another_signal_is_not_right(hospital):
    verdict = verdict_on("W08.Q6", lambda so_far: "score" if MADE["inputs_only"](so_far) else None, hospital)
    assert verdict.kind == "not_yet" and "by another signal" in verdict.evidence


def test_faults_of_data_and_of_the_town_are_told_apart_by_their_times(hospital):
    both = lambda so_far: MADE["inputs_only"](so_far) or ("oe" if so_far.oe.iloc[-1] > 1.35 else None)  # noqa: E731
    verdict = verdict_on("W08.Q6", both, hospital)
    assert verdict.kind == "right" and "months of blindness" in verdict.says
    by_tickets = lambda so_far: "oe_hold_out" if so_far.oe_hold_out.iloc[-1] > 1.1 else None  # noqa: E731
    assert "In one town" in verdict_on("W08.Q6", by_tickets, hospital).evidence


def test_the_evidence_of_every_known_mistake_is_short(hospital):
    for id, key in KEYS.keys.items():
        asked = week_questions(8)[id]
        for wrong in key.misconceptions:
            value = wrong.answer if asked.kind == "function" else wrong.answer(hospital)
            verdict = verdict_on(id, value, hospital)
            assert verdict.misconception == wrong.name and len(verdict.evidence.split()) <= 60, (id, wrong.name)
