"""Net benefit, prices, load and the call list: published figures, dcurves, exact cases, and what is refused."""

from __future__ import annotations

import math

import dcurves
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_data import cancers
from wardround.evaluation import (
    EvaluationError,
    alert_load,
    bootstrap,
    call_daily,
    capacity_threshold,
    decision_curve,
    expected_net_benefit,
    figure,
    interventions_avoided,
    lines,
    net_benefit,
    price_of_capacity,
    price_of_threshold,
    standardised_net_benefit,
    threshold_from_harms,
    treat_all,
)

pytestmark = pytest.mark.filterwarnings("error")

# threshold: treat all, model, family history, interventions avoided per 100, standardised. The people are those of
# dcurves' tutorial; R's own test (tests/testthat/test-dca.R) has the row at 0.25, Python dcurves 1.1.7 the others.
TOLD = {
    0.01: (0.1313131313, 0.1324309764, 0.0307744108, 11.0666666667, 0.9459355459),
    0.05: (0.0947368421, 0.1055438596, 0.0256140351, 20.5333333333, 0.7538847118),
    0.10: (0.0444444444, 0.0874074074, 0.0185185185, 38.6666666667, 0.6243386243),
    0.15: (-0.0117647059, 0.0792156863, 0.0105882353, 51.5555555556, 0.5658263305),
    0.20: (-0.0750000000, 0.0673333333, 0.0016666667, 56.9333333333, 0.4809523810),
    0.25: (-0.1466666667, 0.0640000000, -0.0084444444, 63.2, 0.4571428571),
    0.30: (-0.2285714286, 0.0546666667, -0.02, 66.0888888889, 0.3904761905),
    0.35: (-0.3230769231, 0.0501538462, -0.0333333333, 69.3142857143, 0.3582417582),
}


@pytest.mark.parametrize("threshold", TOLD)
def test_net_benefit_is_that_of_the_tutorial(threshold):
    people = cancers()
    outcome, risk = people.cancer, people.cancerpredmarker
    found = (
        treat_all(outcome, threshold),
        net_benefit(outcome, risk, threshold),
        net_benefit(outcome, people.famhistory, threshold),
        interventions_avoided(outcome, risk, threshold),
        standardised_net_benefit(outcome, risk, threshold),
    )
    assert found == pytest.approx(TOLD[threshold], abs=1e-8)


def test_the_curve_is_that_of_dcurves():
    people = cancers()
    told = dcurves.dca(
        data=people[["cancer", "cancerpredmarker", "famhistory"]],
        outcome="cancer",
        modelnames=["cancerpredmarker", "famhistory"],
        thresholds=np.arange(1, 100) / 100,
    ).pivot(index="threshold", columns="model", values="net_benefit")
    found = decision_curve(people.cancer, people[["cancerpredmarker", "famhistory"]], np.arange(1, 100) / 100)
    assert list(found) == ["cancerpredmarker", "famhistory", "treat all", "treat none"]
    for name, other in (("treat all", "all"), ("treat none", "none"), ("famhistory",) * 2, ("cancerpredmarker",) * 2):
        assert found[name].to_numpy() == pytest.approx(told[other].to_numpy(), abs=1e-9)


def test_at_zero_everybody_is_treated():
    # dcurves puts a tiny number for 0, and says 0.032 of the rule; whoever acts from 0 on acts on all
    people = cancers()
    assert net_benefit(people.cancer, people.famhistory, 0) == treat_all(people.cancer, 0) == pytest.approx(0.14)
    assert net_benefit(people.cancer, people.famhistory, 0, at=0.5) == pytest.approx(0.032)
    assert math.isnan(interventions_avoided(people.cancer, people.famhistory, 0))


def test_a_curve_can_be_drawn_in_one_cell():
    people = cancers()
    curve = decision_curve(people.cancer, {"marker": people.cancerpredmarker})
    made = figure(
        lines(curve, ylabel="net benefit a person", ylim=(-0.05, None)),
        says="Between 5% and 35% the marker beats treating all and treating none.",
    )
    assert "net benefit" not in made.says and made.mime == "image/svg+xml"


# exact cases ---------------------------------------------------------------------------------------------------------


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.floats(0, 0.99))
def test_treating_all_is_the_score_of_one_for_all(outcome, threshold):
    rate = np.mean(outcome)
    exact = rate - (1 - rate) * threshold / (1 - threshold)
    assert treat_all(outcome, threshold) == pytest.approx(exact)
    assert net_benefit(outcome, np.ones(len(outcome)), threshold) == pytest.approx(exact)
    assert net_benefit(outcome, np.zeros(len(outcome)), threshold, at=0.5) == 0
    assert net_benefit(outcome, outcome, threshold, at=0.5) == pytest.approx(rate)


@given(st.floats(0.01, 0.99), st.integers(0, 99))
def test_the_known_risk_is_never_beaten_on_average(threshold, seed):
    rng = np.random.default_rng(seed)
    risk = rng.beta(1, 3, 100)
    other = np.clip(risk + rng.normal(0, 0.2, 100), 0, 1)
    assert expected_net_benefit(risk, risk, threshold) >= expected_net_benefit(risk, other, threshold) - 1e-12
    assert expected_net_benefit(risk, risk, threshold) >= -1e-12


def test_the_expectation_is_the_mean_over_outcomes():
    rng = np.random.default_rng(1)
    risk = rng.beta(1, 4, 500)
    drawn = [net_benefit(rng.random(500) < risk, risk, 0.25) for _ in range(2000)]
    assert expected_net_benefit(risk, risk, 0.25) == pytest.approx(np.mean(drawn), abs=4 * np.std(drawn) / 2000**0.5)


def test_a_bootstrap_of_net_benefit_holds_the_truth():
    rng, held = np.random.default_rng(2), 0
    for seed in range(60):
        risk = rng.beta(1, 4, 300)
        outcome = rng.random(300) < risk
        found = bootstrap(lambda y, p: net_benefit(y, p, 0.2), np.arange(300), outcome, risk, draws=200, seed=seed)
        held += found.low <= 0.0819 <= found.high  # E[risk; risk >= 0.2] - E[1 - risk; risk >= 0.2] / 4, Beta(1, 4)
    assert held >= 52


def test_harms_prices_and_thresholds_are_one_scale():
    assert threshold_from_harms(needless=1, missed=7) == 0.125
    price = price_of_threshold(0.125)
    assert (price.needless, price.actions) == (7, 8)
    assert price_of_threshold(0) == (0, math.inf, math.inf) and price_of_threshold(1).needless == 0
    assert threshold_from_harms(0, 1) == 0


def test_a_capacity_implies_a_price():
    risk = [0.5, 0.1, 0.25, 0.2, 0.25]
    assert price_of_capacity(risk, 4) == (0.2, 4, 5)
    assert capacity_threshold(risk, 2) == capacity_threshold(risk, 3) == 0.25
    assert capacity_threshold(risk, 99) == 0.1 and capacity_threshold(risk, 0) == math.inf
    assert all(math.isnan(number) for number in price_of_capacity(risk, 0))


def test_the_load_of_alerts_on_a_shift():
    load = alert_load(alerts=36, staff_hours=2 * 12, minutes_each=10)
    assert load == (1.5, 15, 0.25)


# the call list -------------------------------------------------------------------------------------------------------


@st.composite
def discharges(draw):
    rows = draw(st.lists(st.tuples(st.integers(0, 27), st.integers(0, 9)), min_size=1, max_size=120))
    day, score = (np.array(column) for column in zip(*rows, strict=True))
    return day, score / 10


POLICIES = st.tuples(st.integers(0, 12), st.sampled_from([-np.inf, 0.3, 0.8]), st.booleans())


@given(discharges(), POLICIES, st.integers(0, 27))
def test_nobody_sees_friday(rows, policy, last):
    (day, score), (a_week, call_from, spread) = rows, policy
    called = call_daily(day, score, a_week, call_from=call_from, spread=spread)
    past = day <= last
    if past.any():
        alone = call_daily(day[past], score[past], a_week, call_from=call_from, spread=spread)
        assert (alone == called[past]).all()


@given(discharges(), POLICIES)
def test_the_week_is_never_overdrawn_and_the_highest_go_first(rows, policy):
    (day, score), (a_week, call_from, spread) = rows, policy
    called = call_daily(day, score, a_week, call_from=call_from, spread=spread, days=(0, 1, 2, 3, 4))
    table = pd.DataFrame({"day": day, "score": score, "called": called})
    assert table.groupby(table.day // 7).called.sum().max() <= a_week
    assert (table.score[called] >= call_from).all() and (table.day[called] % 7 < 5).all()
    for _, today in table.groupby("day"):
        if today.called.any() and not today.called.all():
            assert today.score[today.called].min() >= today.score[~today.called].max()


def test_calls_are_spread_or_a_monday_uses_the_week():
    day = np.repeat(np.arange(7), 10)
    score = np.tile(np.linspace(0.1, 1, 10), 7)
    assert np.bincount(day[call_daily(day, score, 16)]).tolist() == [3, 3, 2, 2, 2, 2, 2]
    assert np.bincount(day[call_daily(day, score, 16, spread=False)], minlength=7).tolist() == [10, 6, 0, 0, 0, 0, 0]
    assert score[:10][call_daily(day, score, 16)[:10]] == pytest.approx([0.8, 0.9, 1.0])
    assert call_daily([0, 0, 0], [0.5, 0.5, 0.5], 2, spread=False).tolist() == [True, True, False]
    workdays = call_daily(day, score, 16, days=(0, 1, 2, 3, 4))
    assert np.bincount(day[workdays], minlength=7).tolist() == [4, 3, 3, 3, 3, 0, 0]
    # what a quiet Monday leaves is there on Tuesday; a new week begins with all
    assert np.bincount(
        call_daily([1, 1, 1, 1, 7, 7], [0.9] * 6, 6, days=(0, 1)) * np.array([1, 1, 1, 1, 2, 2])
    ).tolist() == [0, 4, 2]


def test_a_threshold_of_a_past_period_keeps_calls_for_those_who_need_them():
    rng = np.random.default_rng(3)
    day, risk = rng.integers(0, 700, 8000), rng.beta(1, 6, 8000)
    before = day < 350
    cut = capacity_threshold(risk[before], 50 * 16)
    now, today = risk[~before], day[~before]
    wise, eager = call_daily(today, now, 16, call_from=cut, spread=False), call_daily(today, now, 16, spread=False)
    assert now[wise].mean() > 1.3 * now[eager].mean() and wise.sum() > 0.8 * eager.sum()


# refused -------------------------------------------------------------------------------------------------------------


def test_a_threshold_must_be_a_risk():
    for threshold in (-0.1, 1, 1.2, math.nan):
        for measure in (net_benefit, standardised_net_benefit, interventions_avoided, expected_net_benefit):
            with pytest.raises(EvaluationError, match="from 0 to below 1"):
                measure([0, 1], [0.1, 0.2], threshold)
        with pytest.raises(EvaluationError, match="from 0 to below 1"):
            treat_all([0, 1], threshold)
    for threshold in (-0.1, 1.2, math.nan):
        with pytest.raises(EvaluationError, match="is no risk"):
            price_of_threshold(threshold)
    with pytest.raises(EvaluationError, match="below 1"):
        decision_curve([0, 1], {"a": [0.1, 0.2]}, [0.5, 1])


def test_what_cannot_be_valued_is_refused():
    for measure in (lambda y, p: net_benefit(y, p, 0.1), lambda y, p: decision_curve(y, {"a": p})):
        for outcome, score, part in (
            ([0, 1], [0.1, math.nan], "missing"),
            ([0, 1], [0.1], "one length"),
            ([0, 2], [0.1, 0.2], "must be 0 or 1"),
        ):
            with pytest.raises(EvaluationError, match=part):
                measure(outcome, score)
    with pytest.raises(EvaluationError, match="outside 0 to 1"):
        decision_curve([0, 1], {"points": [3, 7]})
    with pytest.raises(EvaluationError, match="a line that every decision curve has"):
        decision_curve([0, 1], {"treat all": [0.1, 0.2]})
    for harms in ((0, 0), (-1, 2), (1, math.inf), (math.nan, 1)):
        with pytest.raises(EvaluationError, match="give no threshold"):
            threshold_from_harms(*harms)
    for load in ((-1, 1, 1), (1, 0, 1), (1, 1, math.nan)):
        with pytest.raises(EvaluationError, match="to make a load"):
            alert_load(*load)
    for arguments in (([0.5], [1.0], 3), ([0], [1.0], -1)):
        with pytest.raises(EvaluationError, match="Days must be whole"):
            call_daily(*arguments)
    with pytest.raises(EvaluationError, match="weekdays 0 to 6"):
        call_daily([0], [1.0], 3, days=(7,))


def test_where_nobody_or_everybody_has_the_event():
    assert math.isnan(standardised_net_benefit([0, 0], [0.1, 0.2], 0.1))
    assert net_benefit([0, 0], [0.1, 0.2], 0.1) == pytest.approx(-1 / 9)
    assert net_benefit([1], [0.4], 0.1) == 1 == standardised_net_benefit([1], [0.4], 0.1)
