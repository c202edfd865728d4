"""Splits: nobody on both sides, nothing learnt before it was known, nothing wasted."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wardround.records import RecordsError
from wardround.records.cohort import Definition
from wardround.records.splits import known_at, split_by_patient, split_by_time, violations

START = pd.Timestamp("2022-01-01", tz="UTC")
CUT = START + pd.Timedelta(days=300)


@st.composite
def stays(draw):
    row = st.tuples(st.integers(0, 5), st.integers(0, 600), st.integers(0, 200))
    rows = draw(st.lists(row, min_size=1, max_size=25))
    made = pd.DataFrame(rows, columns=["person_id", "asked", "later"])
    asked = START + pd.to_timedelta(made["asked"], unit="D")
    return made.assign(asked_at=asked, known_at=asked + pd.to_timedelta(made["later"], unit="D"))


@given(stays(), st.sampled_from(["train", "test"]))
def test_by_time_keeps_every_promise_and_wastes_nothing(rows, keep):
    side = split_by_time(rows, CUT, keep=keep)
    assert (rows.known_at[side == "train"] <= CUT).all() and (rows.asked_at[side == "test"] >= CUT).all()
    assert violations(rows, side) == {"both sides": 0, "not known yet": 0}
    teaches, judges = rows.known_at <= CUT, rows.asked_at >= CUT
    first, second = (teaches, judges) if keep == "train" else (judges, teaches)
    assert side[first].eq(keep).all()  # whoever is kept keeps every row
    others = second & ~rows.person_id.isin(rows.person_id[first])
    assert side[others].ne("out").all() and side[~teaches & ~judges].eq("out").all()


@given(stays(), st.floats(0.05, 0.95), st.integers(0, 9))
def test_by_patient_keeps_patients_together(rows, share, seed):
    side = split_by_patient(rows, share, seed)
    assert side.groupby(rows.person_id).nunique().max() == 1
    assert side.equals(split_by_patient(rows, share, seed))
    people = rows.person_id.nunique()
    assert rows.person_id[side == "test"].nunique() == max(1, round(share * people))


def test_the_index_of_the_rows_is_kept_and_may_be_anything():
    rows = pd.DataFrame({"person_id": ["a", "b"], "asked_at": [START, CUT], "known_at": [START, CUT]}, index=[7, 7])
    assert split_by_time(rows, CUT).tolist() == ["train", "test"] and split_by_time(rows, CUT).index.tolist() == [7, 7]


def test_an_outcome_is_known_after_the_run_out_of_claims_if_they_count():
    rows = pd.DataFrame({"discharged_at": [START]})
    assert (known_at(rows) - START)[0] == pd.Timedelta(days=150)
    assert (known_at(rows, Definition(counts_elsewhere=False)) - START)[0] == pd.Timedelta(days=30)


def test_violations_are_counted():
    rows = pd.DataFrame(
        {
            "person_id": ["a", "a", "b", "c"],
            "asked_at": [START, CUT, START, CUT],
            "known_at": [START, CUT, CUT + pd.Timedelta(days=9), CUT],
        }
    )
    found = violations(rows, pd.Series(["train", "test", "train", "test"]))
    assert found == {"both sides": 1, "not known yet": 1}
    assert violations(rows, pd.Series(["out"] * 4)) == {"both sides": 0, "not known yet": 0}


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda rows: split_by_time(rows, "2022-05-01"), "no time zone"),
        (lambda rows: split_by_time(rows, CUT, keep="out"), "kept in 'train' or in 'test'"),
        (lambda rows: split_by_time(rows.assign(person_id=None), CUT), "1 rows have no person_id"),
        (lambda rows: split_by_time(rows.assign(known_at=pd.NaT), CUT), "1 rows have no known_at"),
        (lambda rows: split_by_patient(rows, 1.0), "between 0 and 1"),
    ],
)
def test_what_cannot_be_split_is_refused(call, part):
    rows = pd.DataFrame({"person_id": ["a"], "asked_at": [START], "known_at": [START]})
    with pytest.raises(RecordsError, match=part):
        call(rows)
