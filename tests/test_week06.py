"""Week 6's objects and checks: periods, lists, made-up sets, and what plausible answers are told."""

from __future__ import annotations

import itertools
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest
from wardround.course.asking import put
from wardround.course.given import given
from wardround.course.keys import week_keys
from wardround.course.memo import WORDS
from wardround.course.places import week_folder
from wardround.course.questions import week_questions
from wardround.course.verdicts import expected, judge
from wardround.evaluation import capacity_threshold, decision_curve, expected_auroc, expected_ratio, net_benefit
from wardround.hospital import open_truth
from wardround.records import read_export

WEEK, KEYS = given(6), week_keys(6)
MADE = KEYS.keys["W06.Q1"].reference.__globals__  # what keys.py defines


@pytest.fixture(scope="module")
def hospital(third_hospitals):
    return read_export(third_hospitals[0])


@pytest.fixture(scope="module")
def stays(hospital):
    return WEEK.stays(hospital)


def verdict_on(id, value, hospital):
    asked, key, folder = week_questions(6)[id], KEYS.keys[id], hospital.path.parent
    known = expected(asked, key, hospital, open_truth(folder), KEYS.digest, folder / "truth" / "answers")
    return judge(asked, key, {"here": put(asked, value, hospital)}, {"here": known})


# the objects ----------------------------------------------------------------------------------------------------------
def test_periods_follow_each_other_and_a_repair_waits_for_its_outcomes(stays):
    assert set(stays.period) == set(WEEK.PERIODS)
    first, last = (stays.groupby("period").asked_at.agg(name) for name in ("min", "max"))
    order = ["watched", "waiting", "next quarter", "after"]
    assert all(last[one] < first[other] for one, other in itertools.pairwise(order))
    assert last["watched"] + WEEK.FOLLOW_UP <= WEEK.REPAIRED + pd.Timedelta(days=1)
    assert stays.whole[stays.period.isin(["learnt", "watched"])].all()


def test_balancing_moves_the_numbers_and_not_the_order(hospital, stays):
    later = MADE["with_risk"](stays[stays.asked_at >= WEEK.CUT], open_truth(hospital.path.parent))
    areas = [expected_auroc(later.usual, later[name]) for name in ("risk", "balanced")]
    assert abs(areas[0] - areas[1]) < 0.01
    ratios = [expected_ratio(later.usual, later[name]) for name in ("risk", "balanced")]
    assert ratios[0] > 0.7 and ratios[1] < 0.4


def test_a_list_is_of_a_working_day_and_holds_who_left_since_the_last(hospital, stays):
    lists = WEEK.lists(hospital)
    assert lists.weekday.max() == 4 and (lists.day % 7 == lists.weekday).all() and lists.week.max() == 51
    left = hospital.warehouse.stays.set_index("encounter_id").discharged_at.reindex(lists.encounter_id)
    nine = pd.Timestamp("2024-01-01 09:00") + pd.to_timedelta(lists.day.to_numpy(), unit="D")
    waited = nine - left.dt.tz_convert(WEEK.ZONE).dt.tz_localize(None).to_numpy()
    assert (waited > pd.Timedelta(0)).all()
    assert (waited <= pd.Timedelta(days=1))[lists.weekday > 0].all() and waited.max() <= pd.Timedelta(days=3)


def test_a_third_of_the_hospital_has_a_third_of_the_calls(hospital):
    assert 12 <= WEEK.capacity(hospital) <= 15


def test_a_pause_after_alerts_only_takes_away(hospital):
    septic, burden = WEEK.septic(hospital), WEEK.burden(hospital)
    assert burden["proposed"] < burden["now"]
    assert not (septic.now.isna() & septic.proposed.notna()).any()
    assert (septic.proposed.fillna(0) <= septic.now.fillna(0)).all()


def test_reference_rows_have_the_published_figures():
    rows = WEEK.reference_rows()
    assert (len(rows), int(rows.outcome.sum())) == (750, 105)
    curve = MADE["curve"](rows.outcome, rows.risk, [0.25]).iloc[0]
    assert abs(curve.model - 0.0640000) < 1e-6 and abs(curve["treat all"] + 0.1466667) < 1e-6


def test_the_right_curve_gives_the_package_s_figures_on_its_own_rows():
    dcurves = pytest.importorskip("dcurves")
    with (files("dcurves") / "data" / "df_binary.csv").open() as table:
        rows = pd.read_csv(table)
    cuts = [0.05, 0.10, 0.15, 0.20, 0.25, 0.30]
    mine = MADE["curve"](rows.cancer.astype(bool), rows.cancerpredmarker, cuts)
    theirs = dcurves.dca(data=rows, outcome="cancer", modelnames=["cancerpredmarker"], thresholds=cuts)
    theirs = theirs.pivot(index="threshold", columns="model", values="net_benefit")
    assert np.allclose(mine["model"], theirs["cancerpredmarker"], atol=1e-6)
    assert np.allclose(mine["treat all"], theirs["all"], atol=1e-6)


def test_the_two_corners_of_the_rare_rows_are_two():
    rows = WEEK.rare_rows()
    sum_, nearest = (
        MADE["slide"](rows.outcome, rows.risk, 7, best=best)["corner"] for best in (_sum, MADE["nearest_corner"])
    )
    assert (sum_, nearest) == (0.15, 0.02)


def _sum(curve):
    return (curve.sensitivity - curve.false_positive_rate).idxmax()


@pytest.mark.parametrize("verdict", list(WEEK.VERDICTS))
def test_the_invented_country_has_a_district_for_each_verdict(verdict):
    table = MADE["ratios"]()(WEEK.invented_districts(), "district")
    assert verdict in set(table.verdict)


# the checks -----------------------------------------------------------------------------------------------------------
def isotonic(rows, later):
    from sklearn.isotonic import IsotonicRegression

    watched = rows[rows.part == "watched"]
    return IsotonicRegression(out_of_bounds="clip").fit(watched.score, watched.back).predict(later.score)


@pytest.mark.parametrize("repair", ["shift", "platt", "isotonic"])
def test_every_honest_repair_is_right(hospital, repair):
    made = {"shift": MADE["shifted_by"](MADE["watched"]), "platt": MADE["platt"], "isotonic": isotonic}[repair]
    assert verdict_on("W06.Q1", made, hospital).kind == "right"


def test_percent_and_sorted_risks_are_told_so(hospital):
    right = MADE["shifted_by"](MADE["watched"])
    percent = verdict_on("W06.Q1", lambda rows, later: 100 * right(rows, later), hospital)
    assert percent.kind == "unreadable" and "percent" in percent.evidence
    ordered = verdict_on("W06.Q1", lambda rows, later: np.sort(right(rows, later)), hospital)
    assert ordered.kind == "not_yet" and "order of `later`" in ordered.evidence


def test_the_library_s_curve_is_right_with_its_index(hospital):
    made = verdict_on("W06.Q2", lambda outcome, risk, cuts: decision_curve(outcome, {"model": risk}, cuts), hospital)
    assert made.kind == "right"


@pytest.mark.parametrize(
    "factor, words", [(100, "per 100 people"), (1000, "per 1,000 people"), (-1, "sign turned round")]
)
def test_another_unit_or_sign_of_net_benefit_is_told_apart(hospital, factor, words):
    def curve(outcome, risk, cuts):
        table = MADE["curve"](outcome, risk, cuts)
        return table.assign(model=factor * table["model"])

    verdict = verdict_on("W06.Q2", curve, hospital)
    assert verdict.kind == "not_yet" and words in verdict.evidence


def by_cut(discharges, day, left):
    """A risk from past weeks as the cut; Friday uses up the week."""
    past = discharges[discharges.week < day // 7]
    cut = capacity_threshold(past.risk, round(0.425 * len(past)))
    today = discharges[discharges.day == day].sort_values("risk", ascending=False)
    today = today if day % 7 == 4 else today[today.risk >= cut]
    return today.encounter_id.head(left).tolist()


def test_a_cut_from_past_weeks_that_friday_fills_is_right(hospital):
    assert verdict_on("W06.Q3", by_cut, hospital).kind == "right"


def test_counting_the_names_to_come_is_peeking(hospital):
    def shares_of_this_week(discharges, day, left):
        week = discharges[discharges.week == day // 7]
        share = (week.day == day).sum() / (week.day >= day).sum()
        return discharges[discharges.day == day].nlargest(round(left * share), "risk").encounter_id.tolist()

    verdict = verdict_on("W06.Q3", shares_of_this_week, hospital)
    assert verdict.misconception == "peeked" and "days to come" in verdict.evidence


def test_eight_a_day_is_told_as_every_day_alike(hospital):
    calls = WEEK.capacity(hospital)

    def eight(discharges, day, left):
        a_day = 8 if discharges.site.iloc[0] == "invented" else round(calls / 5)
        return discharges[discharges.day == day].nlargest(min(a_day, left), "risk").encounter_id.tolist()

    assert verdict_on("W06.Q3", eight, hospital).misconception == "every_day_alike"


def test_lists_to_come_are_others_and_lists_so_far_the_same(hospital):
    asked = []

    def watching(discharges, day, left):
        asked.append((day, discharges))
        return []

    WEEK.programme(watching, hospital)
    twice = [(day, one, other) for (day, one), (again, other) in itertools.pairwise(asked) if day == again]
    assert len(twice) > 40
    for day, one, other in twice[:40]:
        so_far = [table[table.day <= day].reset_index(drop=True) for table in (one, other)]
        pd.testing.assert_frame_equal(*so_far)
        assert len(one[one.day > day]) > len(other[other.day > day])


def test_a_lost_alert_counts_with_its_whole_lead_and_a_later_one_with_the_rest():
    septic, burden = WEEK.invented_change()
    found = MADE["consequences"](septic, burden)
    years = burden["days"] / 365
    lost = sum(n / 3 + 0.5 for n in range(18)) + 6 * 20.0
    assert abs(found["hours"][1] - (lost + 10 * 8.0) / years) < 1e-9
    assert np.allclose([found["points"], found["of the caught"]], [100 * 24 / 250, 100 * 24 / 84])


def test_a_range_that_is_one_number_is_told_kindly(hospital):
    def one_number(septic, burden):
        return MADE["consequences"](septic, burden) | {"hours": 30.0}

    verdict = verdict_on("W06.Q4", one_number, hospital)
    assert verdict.kind == "unreadable" and "two numbers (low, high)" in verdict.evidence


def test_the_corner_s_price_is_others_over_events_and_no_better_cut_exists_at_it():
    rows = WEEK.rare_rows()
    found = MADE["slide"](rows.outcome, rows.risk, 7)
    price = found["price"]
    worth = {at: net_benefit(rows.outcome, rows.risk, 1 / (1 + price), at=at) for at in sorted(rows.risk.unique())}
    assert max(worth, key=worth.get) == found["corner"] and price == 49


def test_each_group_s_row_is_told_when_it_is_missing(hospital):
    def big_ones(stays, by):
        return MADE["ratios"]()(stays[stays[by].isin(stays[by].value_counts().index[:1])], by)

    verdict = verdict_on("W06.Q5", big_ones, hospital)
    assert verdict.kind == "not_yet" and "have no row" in verdict.evidence


def test_a_pause_takes_only_repeats_so_every_stay_it_loses_had_an_alert_earlier(hospital):
    gone, septic = WEEK.no_longer_caught(hospital), WEEK.septic(hospital)
    assert set(gone.encounter_id) == set(septic.encounter_id[septic.now.notna() & septic.proposed.isna()])
    horizon = given(5).HORIZON / pd.Timedelta(hours=1)
    lockout = WEEK.LOCKOUTS["proposed"] / pd.Timedelta(hours=1)
    assert len(gone) and (gone["last"] > horizon).all() and (gone["last"] < gone.now + lockout).all()


def test_if_every_first_alert_was_acted_on_a_pause_costs_no_hours():
    low, high = MADE["consequences"](*WEEK.invented_change())["hours"]
    assert low == 0 < high


def test_the_memo_of_six_points_keeps_within_its_words():
    quoted = (week_folder(6) / "memo.md").read_text().split("### Six points")[1]
    words = [word for line in quoted.splitlines() if line.startswith(">") for word in line[1:].split()]
    assert 100 < len(words) <= WORDS


# what a learner found -------------------------------------------------------------------------------------------------
def test_the_lesson_s_repairs_learn_from_the_watched_and_take_away_what_balancing_added(hospital):
    later = WEEK.three_repairs(hospital)
    assert later.whole.all() and set(later.site) == {"quillmere"}
    for name in ("one shift", "Platt", "isotonic"):
        assert later[name].mean() < 0.6 * later["as it is"].mean()
    alone = MADE["shifted_by"](MADE["watched"])(*WEEK.to_repair(hospital))
    here = dict(zip(WEEK.to_repair(hospital)[1].encounter_id, alone, strict=True))
    assert np.allclose(later["one shift"], later.encounter_id.map(here), atol=1e-6)


def five_steps(rows, later):
    watched = rows[rows.part == "watched"]
    ends = np.quantile(watched.score, [0.2, 0.4, 0.6, 0.8])
    rates = watched.back.groupby(np.digitize(watched.score, ends)).mean()
    return rates.reindex(np.digitize(later.score, ends)).to_numpy()


def test_the_forty_highest_are_the_same_people_only_if_they_are(hospital):
    rows, later = WEEK.to_repair(hospital)
    shifted = MADE["shifted_by"](MADE["watched"])(rows, later)
    assert MADE["called_first"](shifted, later.score) == "The forty highest are the same people."
    assert "leaves open" in MADE["called_first"](five_steps(rows, later), later.score)
    assert MADE["called_first"](1 - later.score, later.score).startswith("Of the forty highest ")


@pytest.mark.parametrize("price", [1 / 7, 1 / 9, 0.3])
def test_one_price_at_all_thresholds_has_a_name(hospital, price):
    verdict = verdict_on("W06.Q2", MADE["curve_with"](price=lambda cut: price), hospital)
    assert verdict.misconception == "one_price"


def test_the_right_curve_is_not_of_one_price(hospital):
    assert not MADE["priced_once"](put(week_questions(6)["W06.Q2"], MADE["curve"], hospital), hospital)


def test_numbers_of_another_hospital_s_calls_are_told_with_this_one_s(hospital):
    def fixed(discharges, day, left):
        today = discharges[discharges.day == day].nlargest(min((17, 6, 5, 6, left)[day % 7], left), "risk")
        return today.encounter_id.tolist()

    verdict = verdict_on("W06.Q3", fixed, hospital)
    assert verdict.kind == "not_yet"
    assert (
        f"On the lists of this hospital the week has {WEEK.capacity(hospital)} calls; yours makes" in verdict.evidence
    )
    assert "a rule by usual lists: about 19." in verdict.evidence and "drawn at random: 13)" in verdict.evidence


def test_calls_left_over_are_laid_to_a_threshold_only_where_they_change_with_the_list(hospital):
    def three_quarters(discharges, day, left):
        many = round(0.75 * (left if discharges.site.iloc[0] != "invented" else (17, 6, 5, 6, 6)[day % 7]))
        return discharges[discharges.day == day].nlargest(min(many, left), "risk").encounter_id.tolist()

    told = {name: verdict_on("W06.Q3", rule, hospital) for name, rule in (("a", three_quarters), ("b", from_a_fifth))}
    assert {one.misconception for one in told.values()} == {"unused"}
    assert "fixed risk" in told["b"].evidence and "fixed risk" not in told["a"].evidence
    assert all("of 40 calls a week unmade" in one.evidence for one in told.values())


def from_a_fifth(discharges, day, left):
    today = discharges[(discharges.day == day) & (discharges.risk >= 0.2)]
    return today.nlargest(left, "risk").encounter_id.tolist()


@pytest.mark.parametrize("changed, part", [({"acted": (1.0, 0.0)}, "hours"), ({"minutes": (5, 1)}, "minutes")])
def test_one_range_the_wrong_way_round_is_told_so(hospital, changed, part):
    verdict = verdict_on("W06.Q4", MADE["with_consequences"](**changed), hospital)
    assert f"Your range of {part} stands the wrong way round" in verdict.evidence
