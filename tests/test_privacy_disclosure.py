"""Uniqueness, k, l and linkage: by hand on tables of a few rows, and against counting one by one."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wardround.operations.privacy import (
    PrivacyError,
    diversity,
    group_sizes,
    ladder,
    link,
    population_uniqueness,
    smallest_class,
    uniqueness,
)

PEOPLE = pd.DataFrame(
    {
        "sex": list("ffmmm"),
        "band": ["60s", "60s", "70s", "70s", "80s"],
        "illness": ["copd", "copd", "copd", "gut", "gut"],
        "who": list("abcde"),
    }
)
KNOWN = ["sex", "band"]


def test_by_hand():
    assert uniqueness(PEOPLE, KNOWN) == (5, 1, 0.2, 1, pytest.approx(3 / 5))
    assert smallest_class(PEOPLE.head(4), KNOWN) == 2
    assert diversity(PEOPLE.head(4), KNOWN, "illness") == 1, "two in a group, and both have the same illness"
    assert diversity(PEOPLE.iloc[2:4], KNOWN, "illness") == 2
    steps = {"both": KNOWN, "sex": ["sex"], "made": lambda frame: frame[["band"]].replace("80s", "70s")}
    assert ladder(PEOPLE, steps)["k"].tolist() == [1, 2, 2]


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["a", "b", None])), min_size=1, max_size=40))
def test_group_sizes_are_those_of_counting(rows):
    frame = pd.DataFrame(rows, columns=["x", "y"])
    counts = Counter(rows)
    assert group_sizes(frame, ["x", "y"]).tolist() == [counts[row] for row in rows]
    found = uniqueness(frame, ["x", "y"])
    assert found.unique == sum(count == 1 for count in counts.values()) and found.k == min(counts.values())
    assert found.mean_risk == pytest.approx(len(counts) / len(rows))


def test_alone_in_the_sample_is_not_alone_outside():
    outside = pd.concat([PEOPLE, PEOPLE.iloc[[4]]])
    assert population_uniqueness(PEOPLE, outside, KNOWN) == (1, 0, 0, 0.0)
    assert population_uniqueness(PEOPLE, PEOPLE, KNOWN) == (1, 1, 0, 1.0)
    assert population_uniqueness(PEOPLE, PEOPLE.head(4), KNOWN).absent == 1


@given(st.integers(0, 2**32 - 1), st.integers(5, 60))
def test_in_a_random_sample_the_population_is_never_more_unique_than_the_sample(seed, size):
    random = np.random.default_rng(seed)
    people = pd.DataFrame({"x": random.integers(0, 20, 200), "y": random.integers(0, 3, 200)})
    sample = people.sample(size, random_state=int(seed % 1000))
    found = population_uniqueness(sample, people, ["x", "y"])
    also = people.loc[sample.index][group_sizes(people, ["x", "y"]).loc[sample.index] == 1]
    assert found.also_unique == len(also) <= found.sample_unique and found.absent == 0


def test_an_attack_names_who_is_alone_in_both_and_can_be_wrong():
    register = pd.DataFrame({"sex": list("mmf"), "band": ["80s", "70s", "60s"], "name": list("ecx")})
    found = link(PEOPLE, register, KNOWN, truth=("who", "name"))
    assert (found.claims, found.correct, found.wrong) == (1, 1, 0)
    neighbour = register.assign(name=list("zcx"))
    assert link(PEOPLE, neighbour, KNOWN, truth=("who", "name")).wrong == 1, "a wrong claim harms somebody, too"
    assert link(PEOPLE, register, KNOWN).correct is None
    twice = pd.concat([register, register])
    assert link(PEOPLE, twice, KNOWN).claims == 0


def test_what_cannot_be_computed_is_said():
    for frame, columns, match in (
        (PEOPLE, [], "at least one"),
        (PEOPLE, "sex", "list"),
        (PEOPLE, ["zip"], "no column 'zip'"),
        (PEOPLE.head(0), KNOWN, "no rows"),
    ):
        with pytest.raises(PrivacyError, match=match):
            uniqueness(frame, columns)
