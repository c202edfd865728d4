"""Answers to week 11 that learners have given, and what each is told."""

from __future__ import annotations

import random
import runpy
import secrets

import numpy as np
import pandas as pd
import pytest
from wardround.course.asking import put
from wardround.course.given import _names, given
from wardround.course.keys import week_keys
from wardround.course.places import week_folder
from wardround.course.questions import week_questions
from wardround.course.verdicts import expected, judge
from wardround.hospital import open_truth
from wardround.records import read_export

WEEK, KEYS = given(11), week_keys(11)
MADE = KEYS.keys["W11.Q1"].reference.__globals__  # what keys.py defines


@pytest.fixture(scope="module")
def hospital(third_hospitals):
    return read_export(third_hospitals[0])


@pytest.fixture(scope="module")
def told(hospital):
    """A function of a question and an answer that returns the verdict."""
    folder, known = hospital.path.parent, {}

    def verdict(id, value):
        asked, key = week_questions(11)[id], KEYS.keys[id]
        if id not in known:
            known[id] = expected(asked, key, hospital, open_truth(folder), KEYS.digest, folder / "truth" / "answers")
        return judge(asked, key, {"here": put(asked, value, hospital)}, {"here": known[id]})

    return verdict


def test_no_misconception_takes_more_than_sixty_words():
    for key in KEYS.keys.values():
        for known in key.misconceptions:
            assert len(f"{known.says} {known.so_what}".split()) <= 60, known.name


# Q1 -------------------------------------------------------------------------------------------------------------------
def numbered(shuffle, order=lambda table: table.patient_id.unique()):
    """A function that gives patients numbers which ``shuffle`` has mixed."""

    def release(table):
        patients = list(order(table))
        numbers = [f"p{number}" for number in range(len(patients))]
        shuffle(numbers)
        return MADE["to_leave"](table, patient=table.patient_id.map(dict(zip(patients, numbers, strict=True))))

    return release


def by_arrival(table):
    return table.sort_values("admitted_at").patient_id.unique()


@pytest.mark.parametrize(
    ("release", "name"),
    [
        (numbered(lambda numbers: random.Random(1).shuffle(numbers)), "seeded"),
        (numbered(lambda numbers: np.random.default_rng(7).shuffle(numbers), by_arrival), "seeded"),
        (numbered(lambda numbers: None), "by_place"),
        (numbered(lambda numbers: None, by_arrival), "by_place"),
    ],
)
def test_codes_that_the_same_table_gets_again_are_not_drawn(told, release, name):
    assert told("W11.Q1", release).misconception == name


@pytest.mark.parametrize("shuffle", [random.shuffle, secrets.SystemRandom().shuffle, np.random.default_rng().shuffle])
def test_numbers_that_are_drawn_anew_may_leave(told, shuffle):
    assert told("W11.Q1", numbered(shuffle)).kind == "right"


def test_rows_shuffled_anew_and_counted_may_leave(told):
    def release(table):
        return MADE["by_place"](table.sample(frac=1))

    assert told("W11.Q1", release).kind == "right"


@pytest.mark.parametrize(
    ("age", "word"),
    [(lambda age: age.where(age < 90), "missing"), (lambda age: age.clip(upper=89), "Nobody is 90")],
)
def test_the_oldest_may_be_shown_as_less_and_the_answer_says_what_is_lost(told, age, word):
    verdict = told("W11.Q1", lambda table: MADE["to_leave"](table, age=age(table.age)))
    assert verdict.kind == "right" and word in verdict.says and len(verdict.says.split()) <= 90
    assert word not in told("W11.Q1", MADE["to_leave"]).says
