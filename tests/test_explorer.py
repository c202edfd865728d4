"""The explorer: its numbers are those of the evaluation room, its sliders and its plain twin say the same."""

from __future__ import annotations

import nbformat
import numpy as np
import pytest
from matplotlib.figure import Figure
from wardround import explore, explorer
from wardround.course.authoring import build
from wardround.course.explorer import Scene, Setting
from wardround.course.explorer_views import _week as week_of
from wardround.course.explorer_views import decision_lines, people_of, promised_and_seen
from wardround.evaluation import EvaluationError, auroc_value, counts, decision_curve, net_benefit, treat_all

A_WEEK = 80
STILL = "net benefit of 1,000: "


@pytest.fixture(scope="module")
def patients():
    dice = np.random.default_rng(6)
    risk = dice.beta(1.6, 12, 1500)
    return dice.random(1500) < risk, risk


def scene(patients, **setting):
    seen = float(patients[0].mean())
    return Scene(*patients, A_WEEK, Setting(**{"prevalence": seen} | setting))


def test_without_a_limit_of_calls_the_numbers_are_those_of_the_evaluation_room(patients):
    back, risk = patients
    told = explore(*patients, A_WEEK, threshold=0.15, harm_ratio=9, capacity=A_WEEK).table
    cells = counts(back, risk, 0.15)
    assert told["AUROC"] == pytest.approx(auroc_value(back, risk), abs=0.0005)
    assert told["of 100 who come back, above the threshold"] == pytest.approx(100 * cells.sensitivity.value, abs=0.05)
    assert told["of 100 who do not, below it"] == pytest.approx(100 * cells.specificity.value, abs=0.05)
    assert told["of 100 above it, come back"] == pytest.approx(100 * cells.ppv.value, abs=0.05)
    assert told["a week, called"] == pytest.approx(A_WEEK * (cells.tp + cells.fp) / 1500, abs=0.05)
    for name, worth in {
        "as called": net_benefit(back, risk, 0.1, at=0.15),
        "all above the threshold called": net_benefit(back, risk, 0.1, at=0.15),
        "everybody called": treat_all(back, 0.1),
    }.items():
        assert told[STILL + name] == pytest.approx(1000 * worth, abs=0.05), name


def test_the_drawn_lines_are_the_decision_curve(patients):
    lines = decision_lines(scene(patients))
    wanted = decision_curve(patients[0], {"model": patients[1]}, lines.index)
    assert np.allclose(lines, 1000 * wanted)


def test_another_prevalence_moves_promise_and_price_and_leaves_the_order(patients):
    here, there = (explore(*patients, A_WEEK, prevalence=share).table for share in (None, 0.25))
    same = ["AUROC", "of 100 who come back, above the threshold", "of 100 who do not, below it"]
    assert here[same].equals(there[same])
    assert there["of 1,000, come back"] == 250 and there["observed over expected"] > 1.5
    assert there["of 100 above it, come back"] > here["of 100 above it, come back"] + 10
    assert there[STILL + "everybody called"] > here[STILL + "everybody called"] + 100


def test_another_prevalence_moves_every_group_as_drawing_such_patients_would(patients):
    back, risk = patients
    doubled = np.r_[np.arange(1500), np.flatnonzero(back)]  # everybody who came back twice
    share = back[doubled].mean()
    cut = promised_and_seen(scene(patients, prevalence=share)).observed
    edges = np.quantile(risk, np.linspace(0, 1, 11)[1:-1])
    group = np.searchsorted(edges, risk[doubled])
    assert np.allclose(cut, [back[doubled][group == n].mean() for n in range(10)])


def test_a_capacity_calls_the_highest_and_names_its_price(patients):
    back, risk = patients
    told = explore(*patients, A_WEEK, threshold=0.01, capacity=16).table
    last = np.sort(risk)[::-1][299]  # 16 of 80 is one in five: 300 of 1,500
    assert told["a week, called"] == 16
    assert told["needless calls for one return, by the capacity"] == pytest.approx((1 - last) / last, abs=0.05)
    assert told["a week, called, came back"] == pytest.approx(back[risk >= last].sum() * A_WEEK / 1500, abs=0.05)


def test_equal_risks_do_not_break_the_capacity():
    back, risk = np.tile([True, False], 50), np.r_[np.full(90, 0.2), np.full(10, 0.4)]
    assert explore(back, risk, 100, threshold=0.1, capacity=50).table["a week, called"] == 10
    assert explore(back, risk, 100, threshold=0.1, capacity=5).table["a week, called"] == 0


@pytest.mark.parametrize("capacity", [0, 7, 40, 100])
def test_the_people_drawn_add_up_to_the_week_and_to_its_calls(patients, capacity):
    made = scene(patients, capacity=capacity)
    people = people_of(made)
    done = made.cells(made.cut)
    assert sum(people.values()) == A_WEEK and min(people.values()) >= 0
    called = people["called, came back"] + people["called, did not"]
    assert abs(called - A_WEEK * (done.found + done.needless)) < 2 and called <= capacity


def test_the_people_who_came_back_are_the_filled_ones(patients):
    made, axes = scene(patients, capacity=20), Figure().add_subplot()
    week_of(axes, made)
    names = [name for name, count in people_of(made).items() if count]
    filled = [bool((marks.get_facecolor()[0, :3] < 1).any()) for marks in axes.collections]
    assert filled == [name.endswith("came back") for name in names] and any(filled)


def test_the_sliders_show_what_the_plain_twin_prints(patients):
    held = explorer(*patients, A_WEEK, threshold=0.1)
    asked = {"threshold": 0.2, "harm_ratio": 4.0, "prevalence": 0.2, "capacity": 12}
    for name, value in asked.items():
        held.sliders[name].value = value
    twin = explore(*patients, A_WEEK, **asked)
    assert held.shown.table.equals(twin.table) and held.shown.says == twin.says
    assert twin.says in held._page.value and twin.figure.image == held.shown.figure.image


def test_moving_any_slider_moves_the_message_or_the_numbers(patients):
    start = {"threshold": 0.1, "harm_ratio": 9, "prevalence": 0.12, "capacity": 20}
    before = explore(*patients, A_WEEK, **start).table
    for name, value in {"threshold": 0.3, "harm_ratio": 3, "prevalence": 0.2, "capacity": 10}.items():
        assert not explore(*patients, A_WEEK, **start | {name: value}).table.equals(before), name


def test_the_message_is_the_alternative_text_and_the_numbers_are_text(patients):
    told = explore(*patients, A_WEEK, capacity=10)
    assert 'alt="Called from a risk of 10% on: 10 of 80 who go home' in told._repr_html_()
    assert "no call is left" in told.says
    for name in told.table.index:
        assert name in repr(told) and name in told._repr_html_()


def test_a_built_page_keeps_the_still_figure_and_no_slider_without_a_kernel(patients):
    bundle = explorer(*patients, A_WEEK)._repr_mimebundle_()
    assert build.WIDGET in bundle and "<img" in bundle["text/html"]
    output = nbformat.v4.new_output("display_data", data=bundle)
    cell = nbformat.v4.new_code_cell("x", outputs=[output])
    build._clean(cell, "here")
    assert set(cell.outputs[0]["data"]) == {"text/html", "text/plain"}


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"threshold": 0}, "threshold=0"),
        ({"threshold": 12}, "threshold=12"),
        ({"harm_ratio": 0}, "harm_ratio=0"),
        ({"prevalence": 1}, "prevalence=1"),
        ({"capacity": -1}, "capacity=-1"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(patients, setting, says):
    with pytest.raises(EvaluationError, match=says):
        explore(*patients, A_WEEK, **setting)


def test_one_outcome_only_is_refused():
    with pytest.raises(EvaluationError, match="same outcome"):
        explore([0, 0], [0.1, 0.2], 10)
