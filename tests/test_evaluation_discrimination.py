"""Counts and curves: published tables to their digits, scikit-learn beside them, and where they are undefined."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from reference_data import cancers
from sklearn import metrics
from wardround.evaluation import (
    Counts,
    EvaluationError,
    auroc_value,
    average_precision,
    counts,
    expected_counts,
    precision_recall,
    predictive_values,
    roc,
    threshold_table,
)

pytestmark = pytest.mark.filterwarnings("error")

# Altman and Bland, BMJ 1994;308:1552 (liver scan)
LIVER = Counts(tp=231, fp=32, fn=27, tn=54)
# Scott et al. 2008, the example of R's epiR::epi.tests (2.0.57)
SCOTT = Counts(tp=670, fp=202, fn=74, tn=640)
# Wong et al., JAMA Intern Med 2021;181:1065, from four printed counts: 38,455 stays, 2,552 with sepsis, 6,971 alerted,
# 1,709 of the septic ones not
WONG = Counts(tp=2552 - 1709, fp=6971 - (2552 - 1709), fn=1709, tn=38455 - 6971 - 1709)
# two county emergency departments in 2023, PMID 39545248: 7,183 alerted, 2,253 of them septic; 3,180 of 138,702 others
COUNTY = Counts(tp=2253, fp=7183 - 2253, fn=3180, tn=138702 - 3180)
SHARES = ("sensitivity", "specificity", "ppv", "npv", "alert_rate", "prevalence")


@st.composite
def flagged(draw):
    """Outcomes and scores of small whole numbers, either outcome possibly missing."""
    rows = draw(st.lists(st.tuples(st.booleans(), st.integers(-5, 5)), min_size=1, max_size=40))
    outcome, score = (np.array(column) for column in zip(*rows, strict=True))
    return outcome.astype(int), score.astype(float)


# published tables ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (LIVER, (0.8953488372, 0.6279069767, 0.8783269962, 0.6666666667, 0.7645348837, 0.75)),
        (SCOTT, (0.9005376344, 0.7600950119, 0.7683486239, 0.8963585434, 0.5498108449, 0.4691046658)),
        (WONG, (0.3303291536, 0.8293178843, 0.1209295653, 0.9457184602, 0.1812768171, 0.0663632818)),
        (COUNTY, (0.4146880177, 0.9648990402, 0.3136572463, 0.9770731496, 0.0492374130, 0.0372416630)),
    ],
)
def test_shares_are_those_of_the_published_tables(table, told):
    assert [getattr(table, name).value for name in SHARES] == pytest.approx(told, abs=1e-9)


def test_a_published_sepsis_model_is_rebuilt_from_four_counts():
    assert WONG.cells == (843, 6128, 1709, 29775)
    printed = (WONG.sensitivity, WONG.specificity, WONG.ppv, WONG.npv, WONG.alert_rate, WONG.missed)
    assert [round(one.value, 2) for one in printed] == [0.33, 0.83, 0.12, 0.95, 0.18, 0.67]
    nne, ppv = WONG.nne, WONG.ppv
    assert (nne.value, nne.low, nne.high) == pytest.approx((8.2692763938, 1 / ppv.high, 1 / ppv.low))
    assert COUNTY.nne.value == pytest.approx(3.1881935198)


def test_the_single_number_measures_are_those_of_epir():
    told = {
        LIVER: (0.8284883721, 0.5232558140, 0.8867562380, 0.5340141409, 14.4375),
        SCOTT: (0.8259773014, 0.6606326463, 0.8292079208, 0.6626667752, 28.6861118544),
        WONG: (0.7962033546, 0.1596470379, 0.1770450488, 0.1031511505, 2.3967267629),
    }
    for table, figures in told.items():
        found = (table.accuracy.value, table.youden, table.f1, table.mcc, table.odds_ratio)
        assert found == pytest.approx(figures, abs=1e-9)


def test_likelihood_ratios_have_epirs_intervals():
    for found, told in (
        (SCOTT.lr_positive, (3.75372617907, 3.320688435507, 4.243234648805)),
        (SCOTT.lr_negative, (0.1308551747312, 0.1050643235119, 0.1629770809116)),
        (WONG.lr_positive, (1.93534719352, 1.823075269569, 2.054533250481)),
        (WONG.lr_negative, (0.8074959663516, 0.7854744656533, 0.8301348601215)),
    ):
        assert (found.value, found.low, found.high) == pytest.approx(told, abs=1e-6)
    assert (LIVER.lr_positive.value, LIVER.lr_negative.value) == pytest.approx((2.40625, 1 / 6))


def test_wilsons_interval_is_near_the_exact_one_of_epir():
    told = {  # Clopper and Pearson's, which is the wider
        "sensitivity": (0.8767461767957, 0.9210922995837),
        "specificity": (0.7297764632036, 0.7885803245751),
        "ppv": (0.7388926273798, 0.7959784291654),
        "npv": (0.8716392862901, 0.9177401746631),
    }
    for name, exact in told.items():
        found = getattr(SCOTT, name)
        assert (found.low, found.high) == pytest.approx(exact, abs=2e-3)
        assert found.high - found.low < exact[1] - exact[0]


@pytest.mark.parametrize(
    ("sensitivity", "specificity", "prevalence", "ppv", "npv", "nne"),
    [
        # the liver scan where fewer are ill, by Bayes' formula; NNE is 1 / PPV
        (LIVER.sensitivity.value, LIVER.specificity.value, 0.75, 0.8783269962, 0.6666666667, 1.1385281385),
        (LIVER.sensitivity.value, LIVER.specificity.value, 0.25, 0.4450867052, 0.9473684211, 2.2467532468),
        (LIVER.sensitivity.value, LIVER.specificity.value, 0.05, 0.1124087591, 0.9913043478, 8.8961038961),
        # mammography of Eddy, 1982, as told by Gigerenzer: 1%, 80%, 9.6%
        (0.8, 0.904, 0.01, 0.0776397516, 0.9977702462, 12.88),
        # Wong 2021 carried to wards of other prevalence, and back to its own
        (WONG.sensitivity.value, WONG.specificity.value, 0.01, 0.0191741273, 0.9919094657, 52.1536122984),
        (WONG.sensitivity.value, WONG.specificity.value, 0.02, 0.0379961520, 0.9837876619, 26.3184545719),
        (WONG.sensitivity.value, WONG.specificity.value, 0.05, 0.0924439980, 0.9592328092, 10.8173599361),
        (WONG.sensitivity.value, WONG.specificity.value, WONG.prevalence.value, 0.1209295653, 0.9457184602, 8.26927639),
        (WONG.sensitivity.value, WONG.specificity.value, 0.2, 0.3260714378, 0.8320339794, 3.0668126181),
        # a test right in 95% of the ill and of the well
        (0.95, 0.95, 0.001, 0.0186640471, 0.9999473185, 53.5789473684),
        (0.95, 0.95, 0.01, 0.1610169492, 0.9994686504, 6.2105263158),
        (0.95, 0.95, 0.05, 0.5, 0.9972375691, 2.0),
        (0.95, 0.95, 0.1, 0.6785714286, 0.9941860465, 1.4736842105),
        (0.95, 0.95, 0.5, 0.95, 0.95, 1.0526315789),
    ],
)
def test_predictive_values_travel_with_the_prevalence(sensitivity, specificity, prevalence, ppv, npv, nne):
    found = predictive_values(sensitivity, specificity, prevalence).iloc[0]
    assert tuple(found[["ppv", "npv", "nne"]]) == pytest.approx((ppv, npv, nne), abs=1e-8)


def test_scikit_learns_four_rows():
    # the docstrings of average_precision_score and roc_auc_score
    outcome, score = [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]
    assert average_precision(outcome, score) == pytest.approx(5 / 6)
    assert auroc_value(outcome, score) == 0.75


# other programs and definitions --------------------------------------------------------------------------------------


@given(flagged(), st.integers(-6, 6))
def test_counts_are_scikit_learns(rows, threshold):
    outcome, score = rows
    (tn, fp), (fn, tp) = metrics.confusion_matrix(outcome, score >= threshold, labels=[0, 1])
    assert counts(outcome, score, threshold).cells == (tp, fp, fn, tn)
    row = threshold_table(outcome, score, [threshold]).iloc[0]
    assert tuple(row[["tp", "fp", "fn", "tn"]]) == (tp, fp, fn, tn)


@given(flagged(), st.integers(-6, 6))
def test_the_table_of_thresholds_and_the_counts_say_the_same(rows, threshold):
    one, row = counts(*rows, threshold), threshold_table(*rows, [threshold]).iloc[0]
    for name in ("sensitivity", "specificity", "ppv", "npv", "alert_rate", "nne"):
        assert row[name] == pytest.approx(getattr(one, name).value, nan_ok=True)


@given(flagged(), st.integers(-5, 5))
def test_relabelling_turns_every_measure_into_its_twin(rows, threshold):
    outcome, score = rows
    one, turned = counts(outcome, score, threshold), counts(1 - outcome, -score, -threshold + 0.5)
    assert (one.tp, one.fp, one.fn, one.tn) == (turned.tn, turned.fn, turned.fp, turned.tp)
    for name, twin in (("sensitivity", "specificity"), ("ppv", "npv")):
        a, b = getattr(one, name), getattr(turned, twin)
        assert (a.value, a.low, a.high) == pytest.approx((b.value, b.low, b.high), nan_ok=True)
    assert one.mcc == pytest.approx(turned.mcc, nan_ok=True)


@given(flagged())
def test_a_curve_bends_with_no_monotone_transform(rows):
    outcome, score = rows
    assume(0 < outcome.sum() < outcome.size)
    plain, bent = roc(outcome, score), roc(outcome, np.exp(score))
    assert plain[["false_positive_rate", "sensitivity"]].equals(bent[["false_positive_rate", "sensitivity"]])
    area = np.trapezoid(plain.sensitivity, plain.false_positive_rate)
    assert area == pytest.approx(auroc_value(outcome, score))
    assert average_precision(outcome, score) == pytest.approx(average_precision(outcome, np.exp(score)))


def test_the_precision_curve_is_the_table_of_thresholds():
    people = cancers()
    curve = precision_recall(people.cancer, people.cancerpredmarker)
    table = threshold_table(people.cancer, people.cancerpredmarker).loc[curve.threshold]
    assert curve.ppv.to_numpy() == pytest.approx(table.ppv.to_numpy())
    assert curve.sensitivity.to_numpy() == pytest.approx(table.sensitivity.to_numpy())


def test_a_score_equal_to_the_threshold_is_flagged():
    assert counts([1, 0], [0.3, 0.2], 0.3).flagged == 1 and counts([1, 0], [0.3, 0.2], 0.2).flagged == 2


def test_expected_counts_are_means_over_outcomes():
    rng = np.random.default_rng(1)
    risk = rng.beta(1, 4, 400)
    score = risk + rng.normal(0, 0.1, 400)
    drawn = np.mean([counts(rng.random(400) < risk, score, 0.3).cells for _ in range(2000)], axis=0)
    found = expected_counts(risk, score, 0.3)
    assert found.cells == pytest.approx(drawn, abs=0.6)
    assert math.isnan(found.sensitivity.low) and "no numbers of people" in str(found.sensitivity)


@given(flagged(), st.integers(-6, 6))
def test_where_the_risk_is_certain_expected_counts_are_the_counts(rows, threshold):
    assert expected_counts(*rows, threshold).cells == counts(*rows, threshold).cells


def test_of_a_thousand_patients():
    of = WONG.per(1_000)
    assert [round(cell) for cell in of.cells] == [22, 159, 44, 774] and of.n == pytest.approx(1_000)
    assert of.ppv.value == pytest.approx(WONG.ppv.value) and of.nne.value == pytest.approx(WONG.nne.value)


def test_likelihood_and_evaluation_intervals_hold_the_truth_about_as_often_as_they_say():
    rng, held = np.random.default_rng(2), np.zeros(3)
    for _ in range(1000):
        tp, fp = rng.binomial(60, 0.7), rng.binomial(240, 0.2)
        one = Counts(tp, fp, 60 - tp, 240 - fp)
        held += [
            one.lr_positive.low <= 3.5 <= one.lr_positive.high,
            one.lr_negative.low <= 0.375 <= one.lr_negative.high,
            one.sensitivity.low <= 0.7 <= one.sensitivity.high,
        ]
    assert ((held / 1000 > 0.93) & (held / 1000 < 0.97)).all()


# undefined -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "measure", "why"),
    [
        (Counts(0, 5, 0, 5), "sensitivity", "nobody has the event"),
        (Counts(5, 0, 5, 0), "specificity", "everybody has the event"),
        (Counts(0, 0, 5, 5), "ppv", "nobody is flagged"),
        (Counts(5, 5, 0, 0), "npv", "everybody is flagged"),
        (Counts(0, 0, 0, 0), "prevalence", "nobody is counted"),
        (Counts(0, 0, 5, 5), "nne", "nobody is flagged"),
        (Counts(0, 3, 5, 5), "nne", "nobody who is flagged has the event"),
        (Counts(3, 0, 5, 5), "lr_positive", "no finite value"),
        (Counts(3, 5, 5, 0), "lr_negative", "no finite value"),
        (Counts(0, 3, 0, 5), "lr_positive", "only one of the two outcomes"),
    ],
)
def test_an_undefined_measure_says_why(table, measure, why):
    found = getattr(table, measure)
    assert math.isnan(found.value) and why in str(found)
    assert why in table.table().loc[measure, "note"]


def test_an_empty_cell_leaves_a_ratio_without_interval():
    found = Counts(0, 3, 5, 5).lr_positive
    assert found.value == 0 and math.isnan(found.low) and "a cell is empty" in str(found)
    assert math.isnan(Counts(3, 0, 5, 5).odds_ratio) and math.isnan(Counts(0, 0, 0, 4).f1)
    assert math.isnan(average_precision([0, 0], [1, 2])) and average_precision([1, 1], [1, 2]) == 1
    assert math.isnan(Counts(3, 0, 5, 0).mcc)


def test_one_patient_has_counts():
    one = counts([1], [0.7], 0.5)
    assert one.cells == (1, 0, 0, 0) and one.sensitivity.value == 1 and "everybody has" in str(one.specificity)


def test_what_cannot_be_counted_is_refused():
    for cells in ((-1, 0, 0, 0), (math.nan, 1, 1, 1), (math.inf, 1, 1, 1)):
        with pytest.raises(EvaluationError, match="A count cannot be"):
            Counts(*cells)
    for measure in (counts, threshold_table, average_precision, roc, precision_recall):
        for outcome, score, part in (
            ([0, 1], [1.0, math.nan], "missing"),
            ([0, 1], [1.0], "one length"),
            ([0, 2], [1.0, 2.0], "must be 0 or 1"),
        ):
            with pytest.raises(EvaluationError, match=part):
                measure(outcome, score)
    for curve in (roc, precision_recall):
        for outcome in ([0, 0], [1, 1]):
            with pytest.raises(EvaluationError, match="no curve"):
                curve(outcome, [1, 2])
    for measure in (counts, expected_counts):
        with pytest.raises(EvaluationError, match="threshold is missing"):
            measure([0, 1], [0.1, 0.2], math.nan)
    with pytest.raises(EvaluationError, match="missing"):
        threshold_table([0, 1], [0.1, 0.2], [math.nan])
    with pytest.raises(EvaluationError, match="A sensitivity lies outside"):
        predictive_values(80, 0.9, 0.1)
    with pytest.raises(EvaluationError, match="A prevalence lies outside"):
        predictive_values(0.8, 0.9, [0.1, 2])
    with pytest.raises(EvaluationError, match="Nobody is counted"):
        Counts(0, 0, 0, 0).per(1_000)


def test_light_processes_stay_light():
    told = (
        "import sys, wardround.evaluation; print([m for m in ('sklearn', 'statsmodels', 'patsy') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", told], capture_output=True, text=True).stdout.strip() == "[]"
