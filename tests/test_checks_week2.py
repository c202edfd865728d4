"""Week 2's checks: what a learner with a plausible answer is told, on hospitals of a third of the size."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest
from wardround.course.asking import put
from wardround.course.given import given
from wardround.course.keys import week_keys
from wardround.course.plain import WrongKind
from wardround.course.questions import week_questions
from wardround.course.verdicts import expected, judge
from wardround.hospital import open_truth
from wardround.records import read_export, results_as_of

WEEK = given(2)
KEYS = week_keys(2)
MADE = KEYS.keys["W02.Q1"].reference.__globals__  # what keys.py defines


@pytest.fixture(scope="module")
def hospitals(third_hospitals):
    return [read_export(folder) for folder in third_hospitals]


@pytest.fixture(scope="module", params=[0, 1])
def hospital(request, hospitals):
    return hospitals[request.param]


def verdict_on(id, value, hospital):
    asked, key, folder = week_questions(2)[id], KEYS.keys[id], hospital.path.parent
    known = expected(asked, key, hospital, open_truth(folder), KEYS.digest, folder / "truth" / "answers")
    return judge(asked, key, {"here": put(asked, value, hospital)}, {"here": known})


# Q1 -------------------------------------------------------------------------------------------------------------------
def test_fixed_cuts_find_the_units_here(hospital):
    def cuts(page):
        return set(
            page.result_id[page.loinc.eq("2160-0") & (page.value > 15) | page.loinc.eq("2345-7") & (page.value < 30)]
        )

    verdict = verdict_on("W02.Q1", cuts, hospital)
    assert verdict.kind == "right" and "elsewhere dialysis does" in verdict.says
    page = WEEK.results_page(hospital)
    honest = page[~page.result_id.isin(cuts(page))].groupby("loinc").value
    assert honest.max()["2160-0"] < 8 and honest.min()["2345-7"] > 45  # none comes near


def test_what_is_said_of_three_deviations_is_so(hospital):
    page = WEEK.results_page(hospital)
    wrong = MADE["in_the_ledger"](hospital, open_truth(hospital.path.parent))
    bad, creatinine = page.result_id.isin(wrong), page.loinc.eq("2160-0")
    flagged = page.result_id.isin(MADE["three_deviations"](page))
    assert flagged[bad & ~creatinine].all()
    assert 0.25 < 1 - flagged[bad & creatinine].mean() < 0.35
    assert 20 < (flagged & ~bad & page.loinc.eq("2345-7") & (page.value > 140)).sum() < 40
    alone = page[page.site == "eastbank"]
    there = alone[alone.result_id.isin(wrong) & alone.loinc.eq("2160-0")].result_id
    assert 0.88 < 1 - there.isin(MADE["three_deviations"](alone)).mean() < 0.97


def test_week_2_has_one_normal_creatinine():
    assert WEEK.unit_factors().set_index("loinc").loc["2160-0", ["low", "high"]].tolist() == [0.6, 1.3]


# Q2 -------------------------------------------------------------------------------------------------------------------
def test_the_package_may_answer_what_was_known_and_only_one_status_withdraws(hospital):
    def packaged(messages, at):
        known = results_as_of(messages, at)
        return known.loc[~known.withdrawn, ["result_id", "value", "status"]]

    assert verdict_on("W02.Q2", packaged, hospital).kind == "right"
    assert set(hospital.feeds.oru.status) & {"W", "D", "X"} == {"W"}


# Q3 -------------------------------------------------------------------------------------------------------------------
def banded(border, *, parted=False, joined=True, decided=False):
    """A function with a border of its own and its own way with what clerks have decided."""

    def three_bands(pairs, reviewed, per_week):
        here = border(reviewed) if callable(border) else border
        sure = pairs.weight >= here
        if not parted:
            sure &= ~pairs.pair.isin(reviewed.pair[~reviewed.same])
        if not joined:
            sure &= ~pairs.pair.isin(reviewed.pair)
        rest = (pairs.weight < here) & (decided | ~pairs.pair.isin(reviewed.pair))
        return {"merge": set(pairs.pair[sure]), "review": list(pairs.pair[rest].head(per_week))}

    return three_bands


def test_the_reviewed_sample_reaches_every_weight(hospital):
    pairs, reviewed = WEEK.record_pairs(hospital), WEEK.reviewed_pairs(hospital)
    low = reviewed.weight < WEEK.LIKELY
    assert low.sum() == 80 and not reviewed.same[low].any() and len(reviewed) <= 600
    assert pairs.weight.min() == reviewed.weight.min()
    assert 0.5 < (~low).sum() / (pairs.weight >= WEEK.LIKELY).sum() < 0.61
    assert MADE["of_all_reviewed"](reviewed) < MADE["right_border"](reviewed)


@pytest.mark.parametrize("joined", [True, False])
def test_what_clerks_have_joined_may_be_named_or_not(hospital, joined):
    verdict = verdict_on("W02.Q3", banded(MADE["right_border"], joined=joined), hospital)
    reviewed = WEEK.reviewed_pairs(hospital)
    above = reviewed.same[reviewed.weight >= MADE["right_border"](reviewed)]
    false, n = int((~above).sum()), len(above)
    most = 1000 * binomtest(false, n).proportion_ci(method="exact").high
    assert verdict.kind == "right" and f"in {n:,} fits a true rate of {most:.0f} in 1,000" in verdict.says
    assert most > 20  # the promise is 5


def test_what_clerks_have_decided_stands(hospital):
    right, parted = MADE["right_border"], WEEK.reviewed_pairs(hospital)
    undone = verdict_on("W02.Q3", banded(right, decided=True), hospital)
    assert undone.misconception == "decisions_ignored" and "decided already, such as" in undone.evidence
    if (~parted.same[parted.weight >= right(parted)]).any():
        undone = verdict_on("W02.Q3", banded(right, parted=True), hospital)
        assert undone.misconception == "decisions_ignored" and "that clerks have parted" in undone.evidence


def test_one_decided_pair_in_the_queue_is_enough(hospital):
    def three_bands(pairs, reviewed, per_week):
        made = banded(MADE["right_border"])(pairs, reviewed, per_week)
        below = reviewed.pair[reviewed.weight < MADE["right_border"](reviewed)]
        return made | {"review": [below.iloc[0], *made["review"][:-1]]}

    assert verdict_on("W02.Q3", three_bands, hospital).misconception == "decisions_ignored"


@pytest.mark.parametrize("ways", [{}, {"joined": False}, {"parted": True, "decided": True}])
def test_each_wrong_border_has_its_name_whatever_was_made_of_the_decisions(hospital, ways):
    for border, name in (
        (MADE["of_all_reviewed"], "wrong_denominator"),
        (MADE["recall_kept"], "best_f1"),
        (20, "border_too_low"),
        (30, "border_too_low"),
        (33.8, "border_too_low"),
    ):
        verdict = verdict_on("W02.Q3", banded(border, **ways), hospital)
        assert verdict.misconception == name, (border, verdict)
        assert "two people" in verdict.evidence


def test_a_border_written_down_is_wrong_elsewhere(hospitals):
    for here, elsewhere in (hospitals, hospitals[::-1]):
        border = MADE["right_border"](WEEK.reviewed_pairs(here))
        assert verdict_on("W02.Q3", banded(border), here).kind == "right"
        assert verdict_on("W02.Q3", banded(border), elsewhere).kind != "right"


def test_a_border_too_high_is_told_what_it_leaves_apart(hospital):
    verdict = verdict_on("W02.Q3", banded(41), hospital)
    assert verdict.kind == "not_yet" and "You leave apart" in verdict.evidence


def test_merging_above_zero_is_told_of_the_low_weights(hospital):
    told = verdict_on("W02.Q3", lambda *given: MADE["at_zero"](*given) | {"review": set()}, hospital)
    pairs = WEEK.record_pairs(hospital)
    assert told.misconception == "at_zero"
    low = int(((pairs.weight > 0) & (pairs.weight < 10)).sum())
    assert f"Below 10 you merge {low:,} more" in told.evidence


def test_a_queue_without_end_is_one_at_any_length(hospital):
    def longer(pairs, reviewed, per_week):
        return banded(MADE["right_border"])(pairs, reviewed, 2 * per_week)

    assert verdict_on("W02.Q3", longer, hospital).misconception == "no_end"


def test_600_pairs_without_an_error_show_5_of_1000():
    assert 0.995**600 < 0.05 < 0.995**590


# Q4 -------------------------------------------------------------------------------------------------------------------
def contract_with(check):
    import pandera.pandas as pa

    return MADE["made"](more=[pa.Check(check)])


@pytest.mark.parametrize(
    "check",
    [
        lambda week: week.value > 0,
        lambda week: week.value.between(-1, 1e6),
        lambda week: week.value.notna(),
        lambda week: (week.value > 0).all(),
    ],
)
def test_a_check_that_fires_for_a_missing_value_is_told_so(hospital, check):
    verdict = verdict_on("W02.Q4", contract_with(check), hospital)
    assert verdict.misconception == "missing_compared" and "week.value.isna() |" in verdict.says
    assert "which has no `name=`" in verdict.evidence and "<lambda>" not in verdict.evidence


def test_a_part_of_a_contract_that_fires_for_a_missing_value_is_told_so(hospital):
    import pandera.pandas as pa

    def half():
        return pa.DataFrameSchema({"result_id": pa.Column(str)}, checks=pa.Check(lambda w: w.value < 1e6, name="wide"))

    verdict = verdict_on("W02.Q4", half, hospital)
    assert verdict.misconception == "missing_compared" and "the table fails wide" in verdict.evidence


def test_values_that_ordinary_weeks_contain_are_named_so(hospital):
    verdict = verdict_on("W02.Q4", contract_with(lambda week: week.value.isna() | week.value.between(0, 200)), hospital)
    assert verdict.misconception == "reference_ranges" and "values that ordinary weeks contain" in verdict.says


def test_one_ordinary_week_refused_for_its_values_is_enough(hospital):
    import pandera.pandas as pa

    weeks = WEEK.feed_weeks(hospital)
    top = max(weeks[f"clean {n}"].value.max() for n in range(1, 5))

    def half():
        return pa.DataFrameSchema(checks=pa.Check(lambda week: week.value.isna() | (week.value < top), name="below"))

    verdict = verdict_on("W02.Q4", half, hospital)
    assert verdict.misconception == "reference_ranges" and "stops 1 of 4 ordinary weeks" in verdict.evidence


def test_a_schema_where_its_function_belongs(hospital):
    asked = week_questions(2)["W02.Q4"]
    schema = MADE["made"]()()
    assert put(asked, schema, hospital) == WrongKind("the schema itself")
    verdict = verdict_on("W02.Q4", schema, hospital)
    assert verdict.kind == "unreadable" and "the schema itself is there. Expected: a function" in verdict.says
