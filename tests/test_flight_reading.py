"""A year in words: each number with its denominator once, incidents beside decoys, the words that cost most."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from wardround.flight import counterfactual
from wardround.flight.counterfactual import Rerun, Swap
from wardround.flight.number import Number
from wardround.flight.reading import counted, found_of, line, many


def number(name: str, unit: str, of: str) -> Number:
    return Number(name, 242.0, unit, of, "up", "what it is")


@pytest.mark.parametrize(
    ("one", "read"),
    [
        (
            number("worst_sensitivity", "of 1,000 windows", "1,000 windows before a deterioration"),
            "of 1,000 windows before a deterioration flagged, in the group where fewest are",
        ),
        (number("visits_for_nothing", "visits", "1,000 stays"), "visits for nothing in 1,000 stays"),
        (
            number("told_in_time", "incidents of 100", "5 incidents"),
            "of 100 incidents were told to somebody in time (there were 5 incidents)",
        ),
        (number("unseen", "incidents", "5 incidents"), "incidents unseen: of 5 incidents"),
    ],
)
def test_a_value_and_its_line_read_as_one_phrase(one, read):
    assert line(one) == read


def test_no_unit_is_named_twice():
    assert counted(number("worst_sensitivity", "of 1,000 windows", "1,000 windows before a fall")) == (
        "of 1,000 windows before a fall"
    )
    assert counted(number("list_off", "discharges", "1,000 discharges home")) == "of 1,000 discharges home"
    assert counted(number("hours", "hours", "the year")) == "hours in the year"


def test_decoys_are_counted_beside_incidents():
    year = [SimpleNamespace(decoy=decoy) for decoy in (False, True, False, True)]
    assert many(year) == "2 incidents and 2 decoys" and many(year[:1]) == "1 incident"
    assert many(year[:2]) == "1 incident and 1 decoy"
    assert found_of(0).endswith("found none before it was over") and found_of(2).endswith("2 before they were over")


# the words that cost most, over all sections ------------------------------------------------------------------------

GAINS = {"monitors and causes": 9.9, "staff": 2.9, "causes": 2.4, "contracts": 2.2, "ward": -1.5}


def searched(monkeypatch, words: dict[str, dict[str, float]], how: str = "costliest"):
    """Return the sentence found where single words gain so much, and the sections whose words were tried."""
    again, tried = Rerun.__new__(Rerun), []
    again.own = {axis: [] for axis in counterfactual.AXES} | {
        "benefit": [number("ward_averted", "deteriorations", "9")]
    }

    def candidates(section):
        tried.append(section)
        for what in words.get(section, {}):
            yield counterfactual._Words(what, what, (), "theirs")

    known = {what: gain for section in words.values() for what, gain in section.items()}
    monkeypatch.setattr(again, "_candidates", candidates)
    monkeypatch.setattr(again, "swap", lambda what, plan: Swap(what, {}, {"ward_averted": known[what]}))
    swaps = [Swap(name, {}, {"ward_averted": gain}) for name, gain in GAINS.items()]
    return getattr(again, how)("", swaps), tried


def test_single_words_are_compared_over_every_section_that_costs_more(monkeypatch):
    """A large section gains by many words together; one word of a small one gains more than any of them."""
    one, tried = searched(monkeypatch, {"monitors and causes": {"site": 2.4, "feed": 1.0}, "staff": {"above": 2.9}})
    assert (one.section, one.what, one.gain, one.of_section) == ("staff", "above", 2.9, 2.9)
    assert tried == ["monitors and causes", "staff"]  # causes gain less than the word that was found


def test_one_section_can_be_searched_alone(monkeypatch):
    words = {"monitors and causes": {"site": 2.4, "feed": 1.0}, "staff": {"above": 2.9}}
    one, tried = searched(monkeypatch, words, "sentence")
    assert (one.what, one.gain, one.of_section, tried) == ("site", 2.4, 9.9, ["monitors and causes"])


def test_the_words_of_the_first_section_stay_where_they_cost_most(monkeypatch):
    one, tried = searched(monkeypatch, {"monitors and causes": {"site": 5.0}, "staff": {"above": 2.9}})
    assert (one.what, one.of_section, tried) == ("site", 9.9, ["monitors and causes"])


def test_where_no_single_words_gain_the_section_is_named(monkeypatch):
    one, tried = searched(monkeypatch, {})
    assert (one.section, one.gain) == ("monitors and causes", 9.9) and "ward" not in tried
