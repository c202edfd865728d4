"""Comparisons: what is the same, how far apart, and what the evidence says without giving the answer away."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wardround.course import plain
from wardround.course.compare import frames, labels, number, order, parts, sets

COUNT = number(atol=0.5)
TABLE = frames(on="id")


def table(**columns):
    return pd.DataFrame({"id": ["a", "b", "c"], **columns})


def test_a_number_within_its_tolerance_is_the_same():
    assert COUNT.same(10, 10) and not COUNT.same(11, 10)
    assert number(rtol=0.01).same(101, 100) and not number(rtol=0.01).same(102, 100)
    assert COUNT.distance(12, 10) == 4


def test_nan_is_only_nan():
    assert COUNT.same(math.nan, math.nan) and not COUNT.same(math.nan, 1.0) and not COUNT.same(1.0, math.nan)
    assert "NaN" in COUNT.evidence(math.nan, 1.0)


def test_a_number_needs_a_tolerance():
    with pytest.raises(ValueError, match="tolerance"):
        number()


@given(st.floats(1, 1e6), st.floats(1, 1e6))
def test_evidence_on_a_number_never_holds_the_right_one(answer, right):
    comparison = number(rtol=0.001)
    if not comparison.same(answer, right):
        told = comparison.evidence(answer, right)
        assert ("high" in told) == (answer > right)
        assert f"{right:,.0f}" not in told or f"{right:,.0f}" in f"{answer:,.4g} {answer:,.0f}"


@pytest.mark.parametrize("answer", ["10", [10], None, True, pd.Series([10])])
def test_what_is_no_number_is_named(answer):
    assert "one number should be" in COUNT.unreadable(answer, 10)


def test_parts_say_which_are_right():
    both = parts({"lines": COUNT, "people": COUNT})
    right = {"lines": 10, "people": 7}
    assert both.same({"lines": 10, "people": 7, "more": 1}, right)
    told = both.evidence({"lines": 10, "people": 9}, right)
    assert told.startswith("`lines` is right.") and "Your 9 is too high" in told and "7" not in told
    assert both.unreadable({"lines": 10}, right) == "the dictionary lacks `people`"
    assert "still `...`" in both.unreadable({"lines": 10, "people": ...}, right)
    assert both.distance({"lines": 10, "people": 9}, right) == 4


def test_a_wrong_part_matches_whatever_the_other_parts_are():
    both = parts({"lines": COUNT, "people": COUNT})
    assert both.matches({"lines": 99, "people": 9}, {"people": 9})
    assert not both.matches({"lines": 99, "people": 8}, {"people": 9})
    assert both.complete({"people": 9}, {"lines": 10, "people": 7}) == {"lines": 10, "people": 9}


def test_tables_ignore_row_order_extra_columns_and_count_keys_that_differ():
    right = table(x=[1.0, 2.0, None])
    assert TABLE.same(table(x=[1.0, 2.0, None], y=[0, 0, 0]).iloc[::-1], right)
    assert TABLE.distance(table(x=[1.0, 3.0, 4.0]), right) == 2
    assert TABLE.same(table(x=[1.0 + 1e-9, 2.0, None]), right)


def test_a_table_says_column_count_and_first_id():
    told = TABLE.evidence(table(x=["u", "v", "w"], y=[1, 2, 3]), table(x=["u", "q", "r"], y=[1, 2, 3]))
    assert "`x` differs on 2 rows of 3, first `b`, where yours says `v`" in told
    assert "`y`: right wherever the rows are" in told and "q" not in told


def test_rows_too_many_and_too_few():
    answer = pd.DataFrame({"id": ["a", "z"], "x": [1, 2]})
    assert TABLE.distance(answer, table(x=[1, 2, 3])) == 3
    told = TABLE.evidence(answer, table(x=[1, 2, 3]))
    assert "1 row does not belong, first `z`" in told and "2 rows are missing of 3, `b` among them" in told


def test_a_repeated_key_is_named():
    answer = pd.concat([table(x=[1, 2, 3]), table(x=[1, 2, 3]).head(2)])
    assert TABLE.distance(answer, table(x=[1, 2, 3])) == 2
    told = TABLE.evidence(answer, table(x=[1, 2, 3]))
    assert "2 keys stand on more than one row, first `a`, 2 times" in told
    assert TABLE.matches(answer.sample(frac=1, random_state=1), answer)


def test_an_empty_column_is_said_to_be_empty():
    assert "`x` is empty on all 3 rows" in TABLE.evidence(table(x=[None] * 3), table(x=["a", "b", "c"]))


def test_times_are_compared_as_instants():
    utc = pd.to_datetime(["2024-01-01T12:00:00Z"] * 3)
    boston = utc.tz_convert("America/New_York")
    assert TABLE.same(table(x=boston), table(x=utc))
    assert not TABLE.same(table(x=utc.tz_localize(None)), table(x=utc))
    assert "not instants" in TABLE.evidence(table(x=["2024-01-01T12:00:00Z"] * 3), table(x=utc))


@pytest.mark.parametrize("answer", [{"id": 1}, [{"id": 1}], 3, pd.DataFrame({"id": [1]})])
def test_what_is_no_table_of_this_shape_is_named(answer):
    assert TABLE.unreadable(answer, table(x=[1, 2, 3]))


def test_a_list_of_rows_is_told_how_to_become_a_table():
    assert "pd.DataFrame(rows)" in TABLE.unreadable([{"id": "a", "x": 1}], table(x=[1, 2, 3]))


def test_two_keys():
    both = frames(on=["id", "x"])
    assert both.same(table(x=[1, 2, 3], y=[4, 5, 6]).iloc[[2, 0, 1]], table(x=[1, 2, 3], y=[4, 5, 6]))
    assert both.distance(table(x=[1, 2, 9], y=[4, 5, 6]), table(x=[1, 2, 3], y=[4, 5, 6])) == 2


def test_sets_name_an_id_of_the_answer_and_only_count_the_missing():
    assert sets().same(["a", "b"], {"b", "a"}) and sets().distance(["a", "a"], {"a"}) == 1
    told = sets().evidence({"a", "z"}, {"a", "b", "c"})
    assert "1 does not belong, first `z`" in told and "2 are missing" in told and "`b`" not in told


def test_labels_count_ids():
    right = {"a": "x", "b": "y", "c": None}
    assert labels().same(pd.Series({"a": "x", "b": "y", "c": None}), right)
    assert labels().distance({"a": "x", "b": "z"}, right) == 2
    assert "first: `b`, where yours says `z`" in labels().evidence({"a": "x", "b": "z"}, right)


def test_every_valid_order_is_right():
    steps = order("stop", "tell", "mend")
    before = [["stop", "mend"], ["tell", "mend"]]
    assert steps.same(["stop", "tell", "mend"], before) and steps.same(["tell", "stop", "mend"], before)
    assert steps.distance(["mend", "stop", "tell"], before) == 2
    assert "`mend` comes too early" in steps.evidence(["mend", "stop", "tell"], before)
    assert "leaves out `tell`" in steps.evidence(["stop", "mend"], before)


def test_a_part_says_itself_whether_it_is_a_known_mistake():
    both = parts({"steps": order("stop", "tell", "mend"), "n": number(atol=0.5)})
    wrong = {"steps": ["mend", "stop", "tell"]}
    assert both.matches({"steps": ["mend", "stop", "tell"], "n": 3}, wrong)
    assert not both.matches({"steps": ["stop", "tell", "mend"], "n": 3}, wrong)
    assert not both.matches({"n": 3}, wrong)
    right = {"steps": [["stop", "mend"]], "n": 3}
    assert both.complete({"n": 4, "said": "more"}, right) == right | {"n": 4, "said": "more"}


def test_numbers_in_a_column_say_which_way_they_are_off():
    right = table(x=[1.0, 2.0, 3.0])
    assert "where yours says 9. Yours is too high on every one of them" in TABLE.evidence(
        table(x=[9.0, 2.0, 3.0]), right
    )
    assert "too high on 1 and too low on 1" in TABLE.evidence(table(x=[9.0, 0.5, 3.0]), right)


def test_a_column_that_is_no_plain_data_is_named_not_a_crash():
    right = pd.DataFrame({"quarter": ["2022Q1", "2022Q2"], "n": [1, 2]})
    answer = plain.through(right.assign(quarter=pd.PeriodIndex(right["quarter"], freq="Q")))
    told = frames(on="quarter").unreadable(answer, right)
    assert "`quarter` holds a pandas.Period" in told
    values = plain.through(right.assign(n=pd.interval_range(0, 2)))
    assert "`n` holds a pandas.Interval" in frames(on="quarter").unreadable(values, right)
