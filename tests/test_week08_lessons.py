"""What week 8's lessons call beside the questions: the four houses that hear a bell, and the dashboard's page."""

from __future__ import annotations

import runpy

import numpy as np
import pandas as pd
import pytest
from wardround.course.given import given
from wardround.course.places import week_folder
from wardround.records import read_export

HOUSES = runpy.run_path(str(week_folder(8) / "houses.py"))


@pytest.fixture(scope="module")
def stays(third_hospitals):
    rows = given(8).versions(read_export(third_hospitals[0]))["quiet"]
    return rows[rows.home]


def house(answer, stays):
    made = HOUSES["House"](answer, stays[stays.week < -21], given(8).THRESHOLD)
    made.week = 1
    return made


class Feed:
    """What a house asks of the hospital on a Monday."""

    def __init__(self, week, stays):
        self.week, self.stays = week, stays


def monday(made, stays, week, **changes):
    """Let a house score a week of stays, in seven days, and decide on the Monday after."""
    rows = stays[stays.week == week].assign(**changes)
    for some in np.array_split(np.arange(len(rows)), 7):
        made.risk(rows.iloc[some])
    return made.decide(Feed(made.week + HOUSES["FIRST"] + 1, rows.assign(readmitted_30d=rows.back)))


def test_a_bell_needs_the_same_input_twice_and_only_a_pause_goes_silent(stays):
    for answer in ("nothing", "pause"):
        made = house(answer, stays)
        assert monday(made, stays, 1, urea=99.0).call_from == made.line and made.log[-1]["bell"] == ""
        second = monday(made, stays, 2, urea=99.0)
        assert made.log[-1]["bell"] == "urea"
        assert (second.call_from == np.inf) == (answer == "pause") == made.log[-1]["off"]


def test_after_the_review_new_values_are_the_reference(stays):
    made = house("pause", stays)
    for week in range(2 + HOUSES["REVIEW"]):
        last = monday(made, stays, week, urea=99.0)
    assert last.call_from == made.line and "urea" not in made.until
    assert made.usual["urea"].dropna().eq(99.0).all()


def test_only_the_contract_does_without_an_impossible_creatinine(stays):
    some = stays[stays.creatinine.notna()].head(50)
    wrong, gone = some.assign(creatinine=88.4 * some.creatinine.clip(lower=0.5)), some.assign(creatinine=np.nan)
    with_contract, without = house("contract", stays), house("nothing", stays)
    assert np.allclose(with_contract.risk(wrong), with_contract.risk(gone))
    assert np.allclose(with_contract.risk(some), without.risk(some))
    assert not np.allclose(without.risk(wrong), without.risk(gone))


def test_the_page_escapes_what_it_is_given_and_opens_its_tables():
    from wardround.evaluation import figure, lines

    table = pd.DataFrame({"x": [1.0, 2.0]}, ["a", "b"])
    shown = {"<i>": figure(lines(table, ylabel="y", xlabel="x"), says="It rises from one to two.", table=table)}
    page = given(8).lessons().one_page("<b>", pd.DataFrame({"signal": ["<u>"]}), "<s>", shown)
    assert not any(f"<{tag}>" in page for tag in "biu") and "&lt;u&gt;" in page and "<s>" not in page
    assert "<details open>" in page and '<th scope="col">signal' in page and "<html lang=" in page
    assert "<script" not in page and "http" not in page.replace("http://www.w3.org", "")
