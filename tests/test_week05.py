"""Week 5's objects and checks: the score, the lockout, the edges, and what plausible answers are told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from wardround.course.asking import put
from wardround.course.given import given
from wardround.course.keys import week_keys
from wardround.course.questions import week_questions
from wardround.course.verdicts import expected, judge
from wardround.evaluation import auroc_value, bootstrap
from wardround.hospital import open_truth
from wardround.records import read_export

WEEK, KEYS = given(5), week_keys(5)
MADE = KEYS.keys["W05.Q1"].reference.__globals__  # what keys.py defines
HOUR = pd.Timedelta(hours=1)


@pytest.fixture(scope="module")
def hospital(third_hospitals):
    return read_export(third_hospitals[0])


def verdict_on(id, value, hospital):
    asked, key, folder = week_questions(5)[id], KEYS.keys[id], hospital.path.parent
    known = expected(asked, key, hospital, open_truth(folder), KEYS.digest, folder / "truth" / "answers")
    return judge(asked, key, {"here": put(asked, value, hospital)}, {"here": known})


# the objects ----------------------------------------------------------------------------------------------------------
def test_missing_values_give_no_point():
    nothing = ["temperature", "heart_rate", "systolic", "leukocytes", "lactate"]
    row = pd.DataFrame([{name: np.nan for name in nothing} | {"antibiotic_given": False}])
    assert WEEK.points(row).tolist() == [0]
    hot = row.assign(temperature=38.6, leukocytes=15.0, lactate=2.1, heart_rate=96, systolic=99, antibiotic_given=True)
    assert WEEK.points(hot).tolist() == [9]


def test_brochure_figure_is_that_of_its_own_unit_alone(hospital):
    ward, stays = WEEK.ward(hospital), WEEK.stays(hospital)
    highest = ward.groupby("encounter_id").score.max().reindex(stays.encounter_id)
    assert abs(auroc_value(stays.septic, highest) - WEEK.CLAIM["auroc"]) < 0.03
    rows = ward[~ward.ordered & ~ward.comfort_care].merge(stays[["encounter_id", "septic", "ordered_at"]])
    soon = rows.septic & (rows.ordered_at - rows["at"] <= WEEK.HORIZON)
    assert auroc_value(soon, rows.score) < 0.70


def test_orders_are_those_of_the_truth(hospital):
    stays = WEEK.stays(hospital).dropna(subset="ordered_at").set_index("encounter_id")
    order = open_truth(hospital.path.parent).sepsis.set_index("encounter_id").order_at.reindex(stays.index)
    assert ((stays.ordered_at - order).abs() < 8 * HOUR).all() and (stays.ordered_at == order).mean() > 0.98


def test_ordered_says_the_same_as_the_moment(hospital):
    ward, stays = WEEK.ward(hospital), WEEK.stays(hospital)
    at = ward.encounter_id.map(stays.set_index("encounter_id").ordered_at)
    assert (ward.ordered == (ward["at"] >= at)).all() and ward.ordered.any()


def test_a_lockout_lets_an_alert_out_after_a_day_and_not_before():
    at = pd.to_datetime(["2024-01-01 01:00", "2024-01-01 09:00", "2024-01-02 01:00", "2024-01-02 09:00"], utc=True)
    alerts = pd.DataFrame({"encounter_id": "a", "at": at}, index=[5, 6, 7, 8])
    assert WEEK.sent(alerts).to_dict() == {5: True, 6: False, 7: True, 8: False}
    assert WEEK.sent(alerts, pd.Timedelta(0)).all()
    assert WEEK.sent(alerts.assign(encounter_id=["a", "b", "c", "d"])).all()


def test_a_gap_with_nobody_beside_it_is_unknown():
    assert np.isnan(WEEK.gap(3, 12, 0, 0).value)
    gap = WEEK.gap(56, 70, 48, 80)  # Newcombe 1998, his example (a), method 10
    assert (round(gap.value, 4), round(gap.low, 4), round(gap.high, 4)) == (0.2, 0.0524, 0.3339)


# the checks -----------------------------------------------------------------------------------------------------------
def share_of(flagged, septic, who, of):
    groups = {
        "flagged": flagged,
        "not flagged": ~flagged,
        "septic": septic,
        "not septic": ~septic,
        "all": septic | True,
        "rightly judged": flagged == septic,
    }
    return {"who": who, "of": of, "per 100": float(round(100 * groups[who][groups[of]].mean()))}


def headlines(sell, kill):
    def made(ward, stays):
        flagged = stays.encounter_id.isin(ward.encounter_id[ward.alert])
        return {"sell it": share_of(flagged, stays.septic, *sell), "kill it": share_of(flagged, stays.septic, *kill)}

    return made


@pytest.mark.parametrize("sell", MADE["SELLS"])
@pytest.mark.parametrize("kill", MADE["KILLS"])
def test_every_true_pair_of_headlines_is_right_in_whole_numbers(hospital, sell, kill):
    assert verdict_on("W05.Q1", headlines(sell, kill), hospital).kind == "right"


def test_a_true_figure_in_the_wrong_place_is_told_so(hospital):
    verdict = verdict_on("W05.Q1", headlines(("flagged", "all"), ("flagged", "septic")), hospital)
    assert verdict.kind == "not_yet" and "exchanged" in verdict.evidence
    verdict = verdict_on("W05.Q1", headlines(("septic", "all"), ("septic", "flagged")), hospital)
    assert verdict.kind == "not_yet" and verdict.evidence.count("is true") == 2
    assert "Nobody would buy the score" in verdict.evidence


def test_rounding_is_told_apart_from_a_wrong_formula(hospital):
    right = MADE["carried"]()
    verdict = verdict_on("W05.Q2", lambda claim, places: right(claim, places).round(1), hospital)
    assert verdict.kind == "not_yet" and "rounded" in verdict.evidence
    of_brochure = verdict_on("W05.Q2", lambda claim, places: right(WEEK.CLAIM, places), hospital)
    assert "another claim" in of_brochure.evidence


@pytest.mark.parametrize("limit, compare", [(24, "lt"), (24, "le")])
def test_a_day_exactly_is_in_time(hospital, limit, compare):
    def in_time(ward, stays):
        rows = ward[~ward.ordered & ~ward.comfort_care].merge(stays.loc[stays.septic, ["encounter_id", "ordered_at"]])
        rows["lead"] = (rows.ordered_at - rows["at"]) / HOUR
        n = rows.encounter_id.nunique()
        lead = rows[rows.alert & getattr(rows.lead, compare)(limit)].groupby("encounter_id").lead.max()
        two = 100 * int((lead >= 2).sum()) / n
        return {"septic": n, "in time": 100 * len(lead) / n, "two hours": two, "lead": float(lead.median())}

    verdict = verdict_on("W05.Q3", in_time, hospital)
    assert verdict.kind == ("right" if compare == "le" else "not_yet")
    assert compare == "le" or "twelve invented ones" in verdict.evidence


def test_the_library_s_bootstrap_is_right_and_its_rows_are_not(hospital):
    def with_rows_of(column):
        def by_patient(alerts):
            found = bootstrap(np.mean, alerts[column] if column else np.arange(len(alerts)), alerts.septic)
            return {"share": found.value, "low": found.low, "high": found.high}

        return by_patient

    assert verdict_on("W05.Q6", with_rows_of("person_id"), hospital).kind == "right"
    assert verdict_on("W05.Q6", with_rows_of(None), hospital).misconception == "drawn_rows"
