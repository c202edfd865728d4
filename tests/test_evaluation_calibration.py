"""Calibration: against R's rms and other programs, under distortions whose answer is known, and where undefined."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_data import birth_weights, cancers, on_the_logit_scale
from scipy.special import expit
from sklearn.metrics import brier_score_loss, d2_brier_score
from wardround.evaluation import (
    EvaluationError,
    auroc_value,
    bootstrap,
    brier,
    brier_parts,
    calibration_bins,
    calibration_curve,
    calibration_error,
    calibration_measures,
    expected_weak_calibration,
    integrated_calibration_index,
    observed_over_expected,
    scaled_brier,
    spiegelhalter,
    weak_calibration,
)

pytestmark = pytest.mark.filterwarnings("error")

# Low birth weight, n = 189 with 59 events: the fitted model, then stretched and shifted on the logit scale. Figures of
# R 4.2.2 (glm; rms 6.5.0 val.prob for Brier, Spiegelhalter's z and Eavg), ECE also of netcal 1.4.0.
STRETCHED = {
    (1, 0): {
        "ratio": 1.0,
        "large": 0.0,
        "intercept": 0.0,
        "slope": 1.0,
        "brier": 0.17943472556,
        "scaled": 0.164330139280,
        "z": 0.084874539764,
        "p": 0.932361133059,
        "width": 0.039500670145,
        "size": 0.076714726823,
        "index": 0.010733635496,
    },
    (2, 0): {
        "ratio": 1.31468865770,
        "large": 0.616961352255,
        "intercept": 0.0,
        "slope": 0.5,
        "brier": 0.1944043754,
        "scaled": 0.0946129473722,
        "z": 6.05061104533,
        "p": 1.44297e-9,
        "width": 0.127132259932,
        "size": 0.109905615301,
        "index": 0.10740257258,
    },
    (0.5, 0): {
        "ratio": 0.802750370959,
        "large": -0.357724007985,
        "intercept": 0.0,
        "slope": 2.0,
        "brier": 0.19036544011,
        "scaled": 0.113423222143,
        "z": -3.25734451970,
        "p": 0.00112459848292,
        "width": 0.0984856774151,
        "size": 0.105591407393,
        "index": 0.095187877595,
    },
    (1, 0.7): {
        "ratio": 0.698774285484,
        "large": -0.7,
        "intercept": -0.7,
        "slope": 1.0,
        "brier": 0.19830551939,
        "scaled": 0.0764443992019,
        "z": -0.321170202357,
        "p": 0.748080811996,
        "width": 0.134569096296,
        "size": 0.140435433746,
        "index": 0.13218119164,
    },
}


@pytest.mark.parametrize("bent", STRETCHED)
def test_a_stretched_model_is_measured_as_in_r(bent):
    outcome, risk = birth_weights()
    predicted, told = on_the_logit_scale(risk, *bent), STRETCHED[bent]
    line, test = weak_calibration(outcome, predicted), spiegelhalter(outcome, predicted)
    found = {
        "ratio": observed_over_expected(outcome, predicted).value,
        "large": line.in_the_large.value,
        "intercept": line.intercept.value,
        "slope": line.slope.value,
        "brier": brier(outcome, predicted),
        "scaled": scaled_brier(outcome, predicted),
        "z": test.z,
        "p": test.p,
        "width": calibration_error(outcome, predicted, 10, "width"),
        "size": calibration_error(outcome, predicted, 10, "size"),
        "index": integrated_calibration_index(outcome, predicted),
    }
    assert found == pytest.approx(told, abs=1e-6)
    assert auroc_value(outcome, predicted) == pytest.approx(0.7460886571)


def test_cancers_have_the_brier_score_of_the_tutorial():
    people = cancers()
    assert brier(people.cancer, people.cancerpredmarker) == pytest.approx(0.08492909779701738, abs=1e-9)
    assert auroc_value(people.cancer, people.cancerpredmarker) == pytest.approx(0.8606275378368402, abs=1e-9)


def test_rain_forecasts_are_parted_as_in_the_book():
    # Wilks, Statistical Methods in the Atmospheric Sciences: forecasts of rain 12 to 24 hours ahead
    forecast = [0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    observed = [0.006, 0.019, 0.059, 0.15, 0.277, 0.377, 0.511, 0.587, 0.723, 0.779, 0.934, 0.933]
    weight = [0.4112, 0.0671, 0.1833, 0.0986, 0.0616, 0.0366, 0.0303, 0.0275, 0.0245, 0.022, 0.017, 0.0203]
    told = (0.1615034, 0.0008276164, 0.06278662818844, 0.13542005178844, 0.07346104, 0.457532034364)
    assert brier_parts(forecast, observed, weight).tolist() == pytest.approx(told, abs=1e-9)
    # the help page of R's verification misprints two weights; they then sum to 1.4032
    misprinted = [*weight[:8], 0.245, 0.022, 0.017, 0.203]
    with pytest.raises(EvaluationError, match=r"sum to 1\.4032"):
        brier_parts(forecast, observed, misprinted)
    with pytest.raises(EvaluationError, match="A weight lies outside"):
        brier_parts([0.1, 0.2], [0.1, 0.2], [1.1, -0.1])
    assert math.isnan(brier_parts([0.1], [0.0], [1.0])["skill"])


# other programs and definitions --------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10)), min_size=1, max_size=50))
def test_brier_scores_and_their_parts_agree_with_scikit_learn(rows):
    outcome, tenths = (np.array(column) for column in zip(*rows, strict=True))
    predicted = tenths / 10
    assert brier(outcome, predicted) == pytest.approx(brier_score_loss(outcome, predicted, labels=[False, True]))
    value, count = np.unique(predicted, return_counts=True)
    share = np.array([outcome[predicted == one].mean() for one in value])
    parts = brier_parts(value, share, count / count.sum())
    assert parts["brier"] == pytest.approx(brier(outcome, predicted))
    if 0 < outcome.mean() < 1:
        assert scaled_brier(outcome, predicted) == pytest.approx(d2_brier_score(outcome, predicted))
        assert scaled_brier(outcome, predicted) == pytest.approx(parts["skill"])


def test_the_line_is_scikit_learns():
    from sklearn.linear_model import LogisticRegression

    people = cancers()
    predicted = on_the_logit_scale(people.cancerpredmarker.to_numpy(), 0.6, -0.4)
    place = np.log(predicted / (1 - predicted))[:, None]
    model = LogisticRegression(C=np.inf, tol=1e-10).fit(place, people.cancer)
    line = weak_calibration(people.cancer, predicted)
    assert (line.slope.value, line.intercept.value) == pytest.approx((model.coef_[0, 0], model.intercept_[0]), rel=1e-4)


def test_calibration_in_the_large_is_statsmodels_intercept():
    import statsmodels.api as sm

    people = cancers()
    for times, plus in ((1, 0), (2.5, 0.3), (0.4, -1)):
        predicted = on_the_logit_scale(people.cancerpredmarker.to_numpy(), times, plus)
        offset = np.log(predicted / (1 - predicted))
        told = sm.GLM(people.cancer, np.ones((750, 1)), family=sm.families.Binomial(), offset=offset).fit()
        found = weak_calibration(people.cancer, predicted).in_the_large
        low, high = told.conf_int().iloc[0]
        assert (found.value, found.se, found.low, found.high) == pytest.approx(
            (told.params.iloc[0], told.bse.iloc[0], low, high), abs=1e-6
        )


@given(st.integers(0, 999), st.sampled_from([0.05, 1, 5, 15]), st.sampled_from([-20, 0, 8]))
def test_calibration_in_the_large_makes_the_sum_right_however_extreme_the_model(seed, times, plus):
    rng = np.random.default_rng(seed)
    place = rng.normal(rng.uniform(-5, 5), 1, 40)
    outcome = np.append(rng.random(38) < expit(place[:38]), [True, False])
    predicted = expit(np.clip(times * place + plus, -30, 30))
    shift = weak_calibration(outcome, predicted).in_the_large.value
    assert on_the_logit_scale(predicted, 1, shift).mean() == pytest.approx(outcome.mean(), abs=1e-7)


@given(st.floats(0.3, 3), st.floats(-2, 2))
def test_a_stretch_and_a_shift_are_read_off(times, plus):
    rng = np.random.default_rng(1)
    risk = expit(rng.normal(-1, 1, 400))
    found = expected_weak_calibration(risk, on_the_logit_scale(risk, times, plus))
    assert (found["slope"], found["intercept"]) == pytest.approx((1 / times, -plus / times), abs=1e-5)
    if times == 1:
        assert found["in_the_large"] == pytest.approx(-plus, abs=1e-5)


def test_the_expected_line_is_near_the_mean_over_outcomes():
    rng = np.random.default_rng(2)
    risk = expit(rng.normal(-1, 1, 2000))
    predicted = on_the_logit_scale(risk, 1.4, 0.3)
    lines = [weak_calibration(rng.random(2000) < risk, predicted) for _ in range(100)]
    found = expected_weak_calibration(risk, predicted)
    for name in ("in_the_large", "slope", "intercept"):
        assert found[name] == pytest.approx(np.mean([getattr(one, name).value for one in lines]), abs=0.02)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    rng, held = np.random.default_rng(3), np.zeros(4)
    for _ in range(250):
        risk = expit(rng.normal(-1, 1, 600))
        outcome, predicted = rng.random(600) < risk, on_the_logit_scale(risk, 1.25, 0.5)
        line, ratio = weak_calibration(outcome, predicted), observed_over_expected(outcome, risk)
        truth = (line.slope, 0.8), (line.intercept, -0.4), (ratio, 1.0)
        held[:3] += [one.low <= value <= one.high for one, value in truth]
        shifted = weak_calibration(outcome, on_the_logit_scale(risk, 1, 0.5)).in_the_large
        held[3] += shifted.low <= -0.5 <= shifted.high
    assert ((held / 250 > 0.92) & (held / 250 < 0.985)).all()


def test_the_curve_finds_the_risk_and_its_band_holds_it():
    rng, inside = np.random.default_rng(4), []
    for _ in range(60):
        risk = expit(rng.normal(-1, 1, 1500))
        # a distortion that is a parabola on the logit scale, which a line cannot follow and the spline nearly can
        place = np.log(risk / (1 - risk))
        predicted = expit(place + 0.15 * place**2)
        keep = place > -2
        curve = calibration_curve(rng.random(keep.sum()) < risk[keep], predicted[keep], points=21)
        true = np.interp(curve.predicted, *np.sort([predicted[keep], risk[keep]], axis=1))
        inside.append(((curve.low <= true) & (true <= curve.high)).to_numpy()[1:-4])
    assert 0.88 <= np.mean(inside) <= 0.99
    assert (curve.low <= curve.observed).all() and (curve.observed <= curve.high).all()
    assert curve.predicted.iloc[[0, -1]].tolist() == pytest.approx([predicted[keep].min(), predicted[keep].max()])


def test_the_curve_is_a_restricted_cubic_spline_as_harrell_writes_it():
    import statsmodels.api as sm

    people = cancers()
    place = np.log(people.cancerpredmarker / (1 - people.cancerpredmarker)).to_numpy()
    *inner, before, last = np.quantile(place, [0.05, 0.35, 0.65, 0.95])

    def cube(x):
        return np.maximum(x, 0) ** 3

    def basis(x):
        bends = [
            cube(x - knot)
            - cube(x - before) * (last - knot) / (last - before)
            + cube(x - last) * (before - knot) / (last - before)
            for knot in inner
        ]
        return np.column_stack([np.ones_like(x), x, *bends])

    fitted = sm.GLM(people.cancer.to_numpy(), basis(place), family=sm.families.Binomial()).fit()
    curve = calibration_curve(people.cancer, people.cancerpredmarker, points=9)
    own = fitted.predict(basis(np.log(curve.predicted / (1 - curve.predicted)).to_numpy()))
    assert curve.observed.to_numpy() == pytest.approx(own, abs=1e-7)


@pytest.mark.parametrize("by", ["size", "width"])
def test_bins_keep_everybody(by):
    people = cancers()
    table = calibration_bins(people.cancer, people.cancerpredmarker, 10, by)
    assert (table.n.sum(), table.events.sum()) == (750, 105) and table.predicted.is_monotonic_increasing
    assert (table.low <= table.observed).all() and (table.observed <= table.high).all()
    assert table.observed.to_numpy() == pytest.approx((table.events / table.n).to_numpy())


def test_a_monotone_transform_leaves_the_order_and_breaks_the_calibration():
    people = cancers()
    bent = people.cancerpredmarker**0.5
    assert auroc_value(people.cancer, bent) == auroc_value(people.cancer, people.cancerpredmarker)
    assert weak_calibration(people.cancer, bent).in_the_large.high < -0.5


def test_patients_with_several_rows_widen_the_slope():
    people = cancers()
    who = np.repeat(np.arange(750), 4)
    rows = people.loc[who]
    promised = weak_calibration(rows.cancer, rows.cancerpredmarker).slope.se

    def slope(outcome, predicted):
        return weak_calibration(outcome, predicted).slope.value

    found = bootstrap(slope, who, rows.cancer, rows.cancerpredmarker, draws=60)
    assert found.se > 1.5 * promised


def test_the_table_holds_every_measure():
    people = cancers()
    table = calibration_measures(people.cancer, people.cancerpredmarker)
    assert table.loc["calibration slope", ["value", "perfect"]].tolist() == pytest.approx([1, 1], abs=1e-6)
    assert table.loc["Brier score", "value"] == pytest.approx(0.084929, abs=1e-6)
    assert "bootstrap" in table.loc["scaled Brier score", "note"]


# undefined -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", [[0, 0, 0, 0], [1, 1, 1, 1]])
def test_one_outcome_only(outcome):
    predicted = [0.1, 0.2, 0.3, 0.4]
    line = weak_calibration(outcome, predicted)
    for one in (line.in_the_large, line.slope, line.intercept):
        assert math.isnan(one.value) and "only one of the two outcomes" in str(one)
    assert math.isnan(scaled_brier(outcome, predicted)) and math.isnan(integrated_calibration_index(outcome, predicted))
    assert not math.isnan(observed_over_expected(outcome, predicted).high)
    assert "undefined for these rows" in calibration_measures(outcome, predicted).loc["scaled Brier score", "note"]
    with pytest.raises(EvaluationError, match="Only one"):
        calibration_curve(outcome, predicted)


def test_predictions_that_are_all_equal():
    line = weak_calibration([0, 1, 0, 0], [0.25] * 4)
    assert line.in_the_large.value == pytest.approx(0, abs=1e-9) and "all predictions are equal" in str(line.slope)
    assert integrated_calibration_index([0, 1] * 10, [0.3] * 20) == pytest.approx(0.2)
    assert math.isnan(expected_weak_calibration([0.1, 0.3], [0.2, 0.2])["slope"])
    assert math.isnan(expected_weak_calibration([0.0, 0.0], [0.2, 0.3])["in_the_large"])
    with pytest.raises(EvaluationError, match="1 different predictions"):
        calibration_curve([0, 1, 0, 0], [0.25] * 4)


def test_predictions_that_part_the_outcomes():
    for outcome in ([0, 0, 1, 1], [1, 1, 0, 0]):
        line = weak_calibration(outcome, [0.1, 0.2, 0.3, 0.4])
        assert math.isnan(line.slope.value) and "no finite value" in str(line.intercept)
        assert not math.isnan(line.in_the_large.value)
        with pytest.raises(EvaluationError, match="There is no curve"):
            calibration_curve(outcome, [0.1, 0.2, 0.3, 0.4])
    assert math.isnan(expected_weak_calibration([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4])["slope"])


def test_one_patient_and_no_predicted_event():
    one = observed_over_expected([1], [0.4])
    assert one.value == 2.5 and one.low < 1
    assert "no event is predicted" in str(observed_over_expected([0, 1], [0, 0]))
    assert "only one" in str(weak_calibration([1], [0.4]).slope) and len(calibration_bins([1], [0.4])) == 1
    assert math.isnan(spiegelhalter([1, 0], [1.0, 0.5]).z)


def test_a_smooth_index_says_nothing_where_most_predictions_are_one():
    rng = np.random.default_rng(5)
    predicted = np.where(np.arange(300) < 160, 0.2, rng.uniform(0.05, 0.6, 300))
    outcome = rng.random(300) < predicted
    assert math.isnan(integrated_calibration_index(outcome, predicted))
    assert integrated_calibration_index(outcome[40:], predicted[40:]) < 0.1
    assert math.isnan(integrated_calibration_index([0, 1, 0], [0.1, 0.2, 0.3]))


@pytest.mark.parametrize(
    "measure",
    [
        weak_calibration,
        calibration_curve,
        calibration_bins,
        calibration_error,
        calibration_measures,
        observed_over_expected,
        integrated_calibration_index,
        brier,
        scaled_brier,
        spiegelhalter,
    ],
)
def test_what_cannot_be_judged_is_refused(measure):
    for outcome, predicted, part in (
        ([0, 1], [0.1, 1.2], "A prediction lies outside"),
        ([0, 1], [-0.1, 0.2], "A prediction lies outside"),
        ([0, 1], [0.1, math.nan], "missing"),
        ([0, 1], [0.1], "one length"),
        ([0, 3], [0.1, 0.2], "must be 0 or 1"),
        ([], [], "at least one row"),
    ):
        with pytest.raises(EvaluationError, match=part):
            measure(outcome, predicted)


def test_certainty_has_no_logit():
    for measure in (weak_calibration, calibration_curve, calibration_measures):
        with pytest.raises(EvaluationError, match="2 predictions are exactly 0 or 1"):
            measure([0, 1, 0], [0.0, 1.0, 0.5])
    with pytest.raises(EvaluationError, match="'size' or 'width'"):
        calibration_bins([0, 1], [0.1, 0.2], by="depth")
