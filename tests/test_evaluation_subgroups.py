"""Groups, pairs and sample sizes: published tables, small cells hidden and said so, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_data import cancers
from wardround.evaluation import (
    Counts,
    EvaluationError,
    auroc,
    by_group,
    counts,
    counts_by_group,
    development_size,
    gaps,
    observed_over_expected,
    paired_difference,
    share_difference,
    wilson,
)

pytestmark = pytest.mark.filterwarnings("error")

# ProPublica's notebook on COMPAS, all 7,214 rows, "high" is Medium or High
COMPAS = {
    "African-American": Counts(tp=1369, fp=805, fn=532, tn=990),
    "Caucasian": Counts(tp=505, fp=349, fn=461, tn=1139),
}


# published tables ----------------------------------------------------------------------------------------------------


def test_group_rates_are_those_that_propublica_prints():
    names = ("false_positive_rate", "missed", "ppv", "npv", "alert_rate", "prevalence")
    found = {group: [getattr(one, name).value for name in names] for group, one in COMPAS.items()}
    assert found["African-American"] == pytest.approx(
        [0.4484679666, 0.2798527091, 0.6297148114, 0.6504599212, 0.5882034632, 0.5143398268]
    )
    assert found["Caucasian"] == pytest.approx(
        [0.2345430108, 0.4772256729, 0.5913348946, 0.711875, 0.3480032600, 0.3936430318]
    )
    assert [round(100 * rates[0], 2) for rates in found.values()] == [44.85, 23.45]


def test_gaps_are_those_of_fairlearn():
    found = gaps(COMPAS)
    told = {
        "sensitivity": 0.19737296377737334,
        "false_positive_rate": 0.21392495582112797,
        "equalised_odds": 0.21392495582112797,
        "ppv": 0.6297148114075437 - 0.5913348946135831,
        "alert_rate": 0.2402002032197631,
        "alert_rate_ratio": 0.5916375569916079,
    }
    assert found.to_dict() == pytest.approx(told)


def test_mcnemar_is_that_of_agresti():
    # Categorical Data Analysis: 1,600 voters asked twice whether they approve of the prime minister
    first = np.repeat([1, 1, 0, 0], [794, 150, 86, 570])
    second = np.repeat([1, 0, 1, 0], [794, 150, 86, 570])
    found = paired_difference(first, second, exact=False)
    assert (first.mean(), second.mean()) == (0.59, 0.55) and (found.only_first, found.only_second) == (150, 86)
    assert found.p == pytest.approx(3.099293441e-05, abs=1e-12)  # chi-squared 17.3559; R's mcnemar.test
    assert paired_difference(first, second, exact=True).p == pytest.approx(3.7159361396e-05, abs=1e-12)
    assert (found.difference.value, found.difference.low, found.difference.high) == pytest.approx(
        (0.04, 0.0213, 0.0587), abs=1e-4
    )


@pytest.mark.parametrize(
    ("r2", "parameters", "prevalence", "told"),
    [
        # R's pmsampsize, tests/testthat/test_bin.R; the first row is the Chagas example of Riley et al. 2019
        (0.288, 24, 0.174, (662, 115.188, 4.8, 623, 662, 221)),
        (0.55, 24, 0.174, (532, 92.568, 3.86, 255, 532, 221)),
        (0.288, 36, 0.174, (992, 172.608, 4.79, 934, 992, 221)),
        (0.288, 24, 0.25, (623, 155.75, 6.49, 623, 590, 289)),
    ],
)
def test_sample_sizes_are_those_of_pmsampsize(r2, parameters, prevalence, told):
    assert development_size(r2, parameters, prevalence) == pytest.approx(told)


def test_a_sample_size_needs_possible_numbers():
    for r2 in (0, 0.61, 0.9, math.nan):
        with pytest.raises(EvaluationError, match=r"below 0\.603"):
            development_size(r2, 24, 0.174)
    for arguments in ((0.2, 0, 0.2), (0.2, 5, 0), (0.2, 5, 1), (0.2, 5, 0.2, 1)):
        with pytest.raises(EvaluationError, match="at least one parameter"):
            development_size(*arguments)


# two shares ----------------------------------------------------------------------------------------------------------


def test_newcombes_interval_is_made_of_wilsons():
    # Newcombe, Stat Med 1998;17:873, method 10: 56 of 70 and 48 of 80, which the paper gives as 0.0524 to 0.3339
    found = share_difference(56, 70, 48, 80)
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)
    one, other = wilson(56, 70), wilson(48, 80)
    assert found.low == pytest.approx(0.2 - math.hypot(0.8 - one.low, other.high - 0.6))


def test_intervals_of_differences_hold_the_truth_about_as_often_as_they_say():
    rng, apart, paired = np.random.default_rng(1), 0, 0
    for _ in range(600):
        found = share_difference(rng.binomial(80, 0.7), 80, rng.binomial(60, 0.5), 60)
        apart += found.low <= 0.2 <= found.high
        ease = rng.random(200)
        pair = paired_difference(ease < 0.7, ease + rng.normal(0, 0.2, 200) < 0.7)
        # the second of the two has the share P(U + 0.2 Z < 0.7), by integration 0.6942
        paired += pair.difference.low <= 0.7 - 0.6942 <= pair.difference.high
    assert 0.92 <= apart / 600 <= 0.98 and 0.92 <= paired / 600 <= 0.98


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_a_pair_turned_round_is_the_same_comparison(rows):
    first, second = (np.array(column) for column in zip(*rows, strict=True))
    one, turned = paired_difference(first, second), paired_difference(second, first)
    assert one.difference.value == pytest.approx(-turned.difference.value) and one.difference.value == pytest.approx(
        first.mean() - second.mean()
    )
    assert (one.only_first, one.only_second) == (turned.only_second, turned.only_first)
    assert one.p == pytest.approx(turned.p, nan_ok=True)


def test_two_that_never_disagree_cannot_be_told_apart():
    found = paired_difference([1, 0, 1], [1, 0, 1])
    assert math.isnan(found.p) and found.difference.value == 0 and "not certainty" in str(found.difference)
    assert "of nobody" in str(share_difference(0, 0, 3, 9))
    with pytest.raises(EvaluationError, match="must be 0 or 1"):
        paired_difference([0.2, 1], [0, 1])
    with pytest.raises(EvaluationError, match="between 0 and"):
        share_difference(4, 3, 1, 9)


# the table -----------------------------------------------------------------------------------------------------------


def grouped(sizes):
    """Rows of groups of given sizes and events, with a score that errs."""
    rng = np.random.default_rng(2)
    outcome = np.concatenate([np.arange(n) < events for n, events in sizes.values()])
    group = np.repeat(list(sizes), [n for n, _ in sizes.values()])
    return outcome.astype(int), np.clip(0.2 + 0.2 * outcome + rng.normal(0, 0.15, outcome.size), 0.01, 0.99), group


def test_each_row_is_the_measure_of_its_group():
    people = cancers()
    table = by_group(
        people.cancer,
        people.cancerpredmarker,
        people.famhistory.rename("family"),
        threshold=0.2,
        measures=("auroc", "observed_over_expected", "sensitivity", "ppv"),
    )
    assert list(table.index) == ["0", "1"] and table.index.name == "family" and (table.note == "").all()
    assert (table.n.sum(), table.events.sum()) == (750, 105)
    for name, rows in people.groupby("famhistory"):
        cell = counts(rows.cancer, rows.cancerpredmarker, 0.2)
        for measure, told in (
            ("auroc", auroc(rows.cancer, rows.cancerpredmarker)),
            ("observed_over_expected", observed_over_expected(rows.cancer, rows.cancerpredmarker)),
            ("sensitivity", cell.sensitivity),
            ("ppv", cell.ppv),
        ):
            shown = table.loc[str(name), [measure, f"{measure}_low", f"{measure}_high"]].tolist()
            assert shown == pytest.approx([told.value, told.low, told.high])


def test_small_cells_are_hidden_and_said_so():
    sizes = {"few": (9, 4), "few events": (200, 9), "few others": (30, 25), "enough": (200, 10)}
    table = by_group(*grouped(sizes), threshold=0.3, measures=("auroc", "sensitivity"))
    assert table.note.to_dict() == {
        "enough": "",
        "few": "hidden: fewer than 10 people",
        "few events": "hidden: fewer than 10 events",
        "few others": "hidden: fewer than 10 people without the event",
    }
    assert table.n.isna().to_dict() == {"enough": False, "few": True, "few events": False, "few others": False}
    hidden = table.drop(index="enough")
    assert hidden.drop(columns=["n", "note"]).isna().all(axis=None)
    assert table.loc["enough"].notna().all()
    assert by_group(*grouped(sizes), smallest=4).loc["few", "events"] == 4


def test_a_share_of_a_handful_is_hidden_alone():
    outcome, _, group = grouped({"ward": (200, 40)})
    score = np.where(np.arange(200) < 5, 0.9, 0.1)
    row = by_group(outcome, score, group, 0.5, ("ppv", "npv", "sensitivity")).loc["ward"]
    assert math.isnan(row.ppv) and row.note == "ppv hidden: of fewer than 10 people"
    assert row.npv == pytest.approx(160 / 195) and row.sensitivity == pytest.approx(5 / 40)


def test_what_is_undefined_in_a_group_says_why():
    outcome, _, group = grouped({"ward": (100, 40)})
    row = by_group(outcome, np.full(100, 0.5), group, 0.4, ("auroc", "npv"), smallest=0).loc["ward"]
    assert (
        row.auroc == 0.5 and "auroc: the method gives no width" in row.note and "npv: everybody is flagged" in row.note
    )


def test_nobody_is_dropped_for_a_missing_label():
    outcome, score, group = grouped({"z": (60, 20), "a": (60, 20), "": (60, 20)})
    for missing in (None, np.nan, pd.NA):
        labels = pd.Series(group, dtype=object).where(group != "", missing)
        table = by_group(outcome, score, labels)
        assert list(table.index) == ["a", "z", "not recorded"] and table.n.sum() == 180
        assert sum(one.n for one in counts_by_group(outcome, score, labels, 0.3).values()) == 180


def test_gaps_of_groups_without_events_are_undefined():
    found = gaps({"a": Counts(0, 2, 0, 8), "b": Counts(3, 2, 1, 4)})
    assert math.isnan(found.sensitivity) and math.isnan(found.equalised_odds) and found.alert_rate == pytest.approx(0.3)
    assert math.isnan(gaps({"a": Counts(0, 0, 1, 8), "b": Counts(0, 0, 1, 4)}).alert_rate_ratio)
    with pytest.raises(EvaluationError, match="two groups"):
        gaps({"a": Counts(1, 1, 1, 1)})


def test_what_cannot_be_grouped_is_refused():
    outcome, score, group = grouped({"a": (60, 20)})
    for arguments, part in (
        ((outcome, score, group[:-1]), "59 group labels for 60 rows"),
        ((outcome, score, group, None, ("ppv",)), "'ppv' needs a threshold"),
        ((outcome, score, group, 0.2, ("kappa",)), "'kappa' is no measure"),
        ((outcome * 2, score, group), "must be 0 or 1"),
        ((outcome, score * np.nan, group), "missing"),
        ((outcome, score * 9, group, 0.2, ("observed_over_expected",)), "outside 0 to 1"),
    ):
        with pytest.raises(EvaluationError, match=part):
            by_group(*arguments)
