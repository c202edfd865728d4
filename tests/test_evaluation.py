"""Intervals and expectations: against other programs, against their definitions, and where they are undefined."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import expit, ndtr
from sklearn.metrics import brier_score_loss, roc_auc_score
from wardround.evaluation import (
    Estimate,
    EvaluationError,
    auroc,
    auroc_difference,
    auroc_value,
    bootstrap,
    expected_auroc,
    expected_brier,
    expected_calibration,
    expected_ratio,
    wilson,
)

pytestmark = pytest.mark.filterwarnings("error")


@st.composite
def scored(draw, most=60):
    """Outcomes of both kinds and small whole scores, so that many are equal."""
    rows = draw(st.lists(st.tuples(st.booleans(), st.integers(-9, 9)), min_size=4, max_size=most))
    outcome, score = (np.array(column) for column in zip(*rows, strict=True))
    assume(2 <= outcome.sum() <= outcome.size - 2)
    return outcome.astype(int), score.astype(float)


# the area ------------------------------------------------------------------------------------------------------------


@given(scored())
def test_the_area_is_scikit_learns(rows):
    assert auroc_value(*rows) == pytest.approx(roc_auc_score(*rows))
    assert auroc(*rows).value == pytest.approx(roc_auc_score(*rows))


@given(scored())
def test_only_the_order_of_scores_counts(rows):
    outcome, score = rows
    plain, bent = auroc(outcome, score), auroc(outcome, np.exp(score / 3) - 7)
    assert (plain.value, plain.low, plain.high) == pytest.approx((bent.value, bent.low, bent.high), nan_ok=True)
    assert auroc_value(outcome, -score) == pytest.approx(1 - plain.value)


def by_definition(outcome, *scores):
    """DeLong's areas and covariance, pair by pair as in the paper."""
    ill, well = np.flatnonzero(outcome), np.flatnonzero(1 - outcome)
    kernels = [np.array([[(s[i] > s[j]) + 0.5 * (s[i] == s[j]) for j in well] for i in ill]) for s in scores]
    of_ill, of_well = [k.mean(axis=1) for k in kernels], [k.mean(axis=0) for k in kernels]
    covariance = np.atleast_2d(np.cov(of_ill)) / ill.size + np.atleast_2d(np.cov(of_well)) / well.size
    return np.array([k.mean() for k in kernels]), covariance


@given(scored(), st.integers(0, 99))
def test_delong_by_ranks_is_delong_by_pairs(rows, seed):
    outcome, first = rows
    second = first + np.random.default_rng(seed).integers(-4, 5, first.size)
    areas, covariance = by_definition(outcome, first, second)
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    assume(min(covariance[0, 0], variance) > 1e-9)
    assert auroc(outcome, first).se == pytest.approx(math.sqrt(covariance[0, 0]))
    found = auroc_difference(outcome, first, second)
    assert (found.value, found.se) == pytest.approx((areas[0] - areas[1], math.sqrt(variance)))
    assert found.low < found.value < found.high or abs(found.value) == 1


def test_difference_interval_and_p_are_those_of_proc():
    # R's pROC 1.18.0, tests/testthat/test-roc.test.R: wfns against s100b in 113 patients with subarachnoid haemorrhage
    # (Turck et al. 2010). The patients may not be redistributed, so the interval must give back Z and p.
    low, high = 0.010406176956484478, 0.17421441924947745
    found = Estimate(0.8236788617886179 - 0.731368563685637, low, high, se=(high - low) / 2 / 1.959963984540054)
    assert found.value / found.se == pytest.approx(2.2089835914409046, abs=1e-6)
    assert found.p == pytest.approx(0.027175782229188355, abs=1e-6)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    # an event lifts the score by 1, and the difference of two rows has an SD of 2: the area is Phi(1 / 2)
    rng, held, paired, area = np.random.default_rng(4), 0, 0, ndtr(0.5)
    for _ in range(400):
        outcome = rng.random(300) < 0.2
        trait = rng.normal(size=300) + outcome
        first, second = trait + rng.normal(size=300), trait + rng.normal(size=300)
        found, difference = auroc(outcome, first), auroc_difference(outcome, first, second)
        held += found.low <= area <= found.high
        paired += difference.low <= 0 <= difference.high
    assert 0.92 <= paired / 400 <= 0.98
    assert 0.92 <= held / 400 <= 0.98


def test_a_paired_difference_is_surer_than_two_single_intervals():
    rng = np.random.default_rng(1)
    outcome = rng.random(2000) < 0.15
    trait = rng.normal(size=2000) + outcome
    one, other = trait + 0.3 * rng.normal(size=2000), trait + 0.3 * rng.normal(size=2000)
    apart = math.hypot(auroc(outcome, one).se, auroc(outcome, other).se)
    assert auroc_difference(outcome, one, other).se < apart / 2


@pytest.mark.parametrize(
    ("outcome", "score", "value", "note"),
    [
        ([0, 0, 0], [1, 2, 3], math.nan, "only one of the two outcomes"),
        ([1, 1], [1, 2], math.nan, "only one of the two outcomes"),
        ([0, 0, 1], [1, 2, 3], 1.0, "fewer than two rows"),
        ([0, 0, 1, 1], [5, 5, 5, 5], 0.5, "no width"),
        ([0, 0, 1, 1], [1, 2, 3, 4], 1.0, "no width"),
    ],
)
def test_what_is_undefined_says_so(outcome, score, value, note):
    found = auroc(outcome, score)
    assert found.value == pytest.approx(value, nan_ok=True) and math.isnan(found.low) and note in found.note
    assert note in str(found) and math.isnan(found.p)
    assert math.isnan(auroc_difference(outcome, score, score).low)


@pytest.mark.parametrize(
    ("outcome", "score", "part"),
    [
        ([0, 1], [1.0, math.nan], "1 values are missing"),
        ([0, 1], [1.0], "one length"),
        ([], [], "at least one row"),
        ([0, 2], [1.0, 2.0], "must be 0 or 1"),
        ([0.2, 0.8], [1.0, 2.0], "must be 0 or 1"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(outcome, score, part):
    for measure in (auroc, auroc_value):
        with pytest.raises(EvaluationError, match=part):
            measure(outcome, score)


# shares --------------------------------------------------------------------------------------------------------------


def test_wilson_is_the_formula_of_the_paper():
    n, p, z = 40, 3 / 40, 1.959963984540054
    middle, reach = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    found = wilson(3, 40)
    assert (found.low, found.high) == pytest.approx(
        ((middle - reach) / (1 + z * z / n), (middle + reach) / (1 + z * z / n))
    )


@given(st.integers(0, 50), st.integers(1, 50))
def test_wilson_stays_inside_and_has_a_width(events, n):
    assume(events <= n)
    found = wilson(events, n)
    assert 0 <= found.low <= found.value <= found.high <= 1 and found.high - found.low > 0


def test_nobody_has_no_share():
    assert "nobody" in str(wilson(0, 0))
    for events, n in ((3, 2), (-1, 4)):
        with pytest.raises(EvaluationError, match="between 0 and"):
            wilson(events, n)


# the bootstrap -------------------------------------------------------------------------------------------------------


def test_a_drawn_patient_brings_every_row():
    patient = np.array(["a", "b", "a", "c", "c", "c"])
    seen = []
    bootstrap(lambda rows: seen.append(sorted(rows.tolist())) or 0.0, patient, np.arange(6), draws=50)
    whole = {"a": [0, 2], "b": [1], "c": [3, 4, 5]}
    for rows in seen[1:]:
        people = [name for name, own in whole.items() for _ in range(rows.count(own[0]))]
        assert len(people) == 3 and rows == sorted(row for name in people for row in whole[name])


def test_repeated_rows_of_a_patient_promise_no_certainty():
    rng = np.random.default_rng(2)
    once = rng.normal(size=100)
    ten_times, patient = np.repeat(once, 10), np.repeat(np.arange(100), 10)
    right, wrong = (bootstrap(np.mean, who, ten_times).se for who in (patient, np.arange(1000)))
    assert right == pytest.approx(once.std() / 10, rel=0.15) and right > 2.5 * wrong


def test_the_bootstrap_agrees_with_delong_where_each_has_one_row():
    rng = np.random.default_rng(3)
    outcome = (rng.random(800) < 0.2).astype(int)
    score = rng.normal(size=800) + outcome
    drawn = bootstrap(auroc_value, np.arange(800), outcome, score)
    assert drawn.se == pytest.approx(auroc(outcome, score).se, rel=0.15)
    assert str(drawn) == str(bootstrap(auroc_value, np.arange(800), outcome, score))


def test_undefined_draws_are_counted():
    patient, outcome = np.arange(60), np.array([1, 1, 1] + 57 * [0])
    found = bootstrap(auroc_value, patient, outcome, np.arange(60))
    assert "undefined in" in found.note and not math.isnan(found.low)
    rare = bootstrap(auroc_value, patient, np.array([1] + 59 * [0]), np.arange(60))
    assert math.isnan(rare.low) and "undefined in" in str(rare)
    with pytest.raises(EvaluationError, match="number of rows"):
        bootstrap(np.mean, patient, np.arange(3))


# expectations --------------------------------------------------------------------------------------------------------


@given(scored())
def test_where_the_risk_is_certain_the_expectation_is_the_area(rows):
    outcome, score = rows
    assert expected_auroc(outcome, score) == pytest.approx(roc_auc_score(outcome, score))
    certain = expit(score / 4)
    assert expected_brier(outcome, certain) == pytest.approx(brier_score_loss(outcome, certain))


@settings(max_examples=30)
@given(st.lists(st.floats(0.01, 0.99), min_size=3, max_size=9), st.integers(0, 999))
def test_the_expected_area_is_that_of_all_pairs(risk, seed):
    score = np.random.default_rng(seed).integers(0, 4, len(risk))
    pairs = [(i, j) for i in range(len(risk)) for j in range(len(risk)) if i != j]
    weight = [risk[i] * (1 - risk[j]) for i, j in pairs]
    wins = [(score[i] > score[j]) + 0.5 * (score[i] == score[j]) for i, j in pairs]
    assert expected_auroc(risk, score) == pytest.approx(np.average(wins, weights=weight))


def test_expectations_are_means_over_draws():
    rng = np.random.default_rng(5)
    risk = expit(rng.normal(-2, 1, 600))
    predicted = expit(np.log(risk / (1 - risk)) * 0.8 + rng.normal(0, 0.7, 600))
    draws = rng.random((2000, 600)) < risk
    areas = [auroc_value(outcome, predicted) for outcome in draws]
    assert expected_auroc(risk, predicted) == pytest.approx(np.mean(areas), abs=4 * np.std(areas) / 2000**0.5 + 0.001)
    briers = ((draws - predicted) ** 2).mean(axis=1)
    assert expected_brier(risk, predicted) == pytest.approx(briers.mean(), abs=4 * briers.std() / 2000**0.5)
    ratios = draws.sum(axis=1) / predicted.sum()
    assert expected_ratio(risk, predicted) == pytest.approx(ratios.mean(), abs=4 * ratios.std() / 2000**0.5)


def test_nobody_beats_the_known_risk():
    rng = np.random.default_rng(6)
    risk = rng.beta(1, 6, 3000)
    other = np.clip(risk + rng.normal(0, 0.05, 3000), 0, 1)
    assert expected_auroc(risk, risk) > expected_auroc(risk, other)
    assert expected_brier(risk, risk) == pytest.approx((risk * (1 - risk)).mean()) and expected_brier(
        risk, other
    ) > expected_brier(risk, risk)


def test_calibration_by_bins_keeps_everybody_and_finds_what_is_wrong():
    rng = np.random.default_rng(7)
    risk = rng.beta(2, 8, 5000)
    table = expected_calibration(risk, risk / 2)
    assert len(table) == 10 and table.n.sum() == 5000 and table.ratio.to_numpy() == pytest.approx(np.full(10, 2.0))
    assert table.predicted.is_monotonic_increasing
    assert expected_calibration(risk, np.full(5000, 0.2))[["n", "risk"]].to_numpy().tolist() == [[5000, risk.mean()]]
    assert math.isnan(expected_calibration(risk, np.zeros(5000)).ratio[0])


def test_expectations_say_where_they_are_undefined():
    assert math.isnan(expected_auroc([0.3], [1])) and math.isnan(expected_auroc([1, 1, 1], [1, 2, 3]))
    assert expected_auroc([0.1, 0.5, 0.9], [2, 2, 2]) == pytest.approx(0.5)
    assert math.isnan(expected_ratio([0.1, 0.2], [0, 0]))
    for measure in (expected_auroc, expected_brier, expected_ratio, expected_calibration):
        with pytest.raises(EvaluationError, match="A risk lies outside"):
            measure([0.1, 1.2], [0.1, 0.2])
        with pytest.raises(EvaluationError, match="missing"):
            measure([0.1, math.nan], [0.1, 0.2])
    with pytest.raises(EvaluationError, match="A prediction lies outside"):
        expected_brier([0.1, 0.2], [3, 4])
