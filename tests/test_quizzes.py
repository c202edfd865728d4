"""A quiz is not answered by its form: the right option is seldom the longest or shortest, or in one place."""

from __future__ import annotations

from collections import Counter

import pytest
from wardround.course.authoring.prove import weeks
from wardround.course.quiz import week_quiz


def lengths(item):
    """Length of the right option, and of each."""
    return next(len(option.text) for option in item.option if option.right), [len(o.text) for o in item.option]


@pytest.mark.parametrize("week", weeks())
def test_the_right_option_is_the_longest_in_at_most_half_and_the_shortest_in_at_most_half(week):
    items = week_quiz(week)
    longest = [id for id, item in items.items() if lengths(item)[0] == max(lengths(item)[1])]
    shortest = [id for id, item in items.items() if lengths(item)[0] == min(lengths(item)[1])]
    assert len(longest) <= len(items) / 2, f"whoever takes the longest option is right in {longest}"
    assert len(shortest) <= len(items) / 2, f"whoever takes the shortest option is right in {shortest}"


def test_no_place_is_right_in_more_than_half_of_all_items():
    places = Counter(
        [option.right for option in item.option].index(True) for week in weeks() for item in week_quiz(week).values()
    )
    assert sum(places.values()) > 100 and max(places.values()) <= sum(places.values()) / 2, places
