"""The list of misconceptions, and that the keys of the weeks expose each of M01 to M30."""

from __future__ import annotations

import dataclasses
import json

import pytest
from typer.testing import CliRunner
from wardround import cli
from wardround.course import misconceptions as listed
from wardround.course import places
from wardround.course.authoring import exposed as exposing
from wardround.course.authoring.prove import weeks
from wardround.course.keys import WeekKeys, week_keys
from wardround.course.manifest import ManifestError
from wardround.course.questions import week_questions
from wardround.course.quiz import week_quiz
from wardround.flight.deck import DECK

THIRTY = [f"M{number:02d}" for number in range(1, 31)]
FOUND = exposing.exposed()
BY_ID = {row.id: row for row in FOUND.rows}


@pytest.mark.parametrize("id", THIRTY)
def test_each_of_the_thirty_is_refused_by_name_in_some_question(id):
    refused = BY_ID[id].refused
    assert refused, f"{id}, {BY_ID[id].says!r}, is behind no wrong answer of any key"
    for question, names in refused.items():
        carried = {
            wrong.name: wrong.teaches for wrong in week_keys(places.week_of(question)).keys[question].misconceptions
        }
        assert question in week_questions(places.week_of(question)) and all(carried[name] == id for name in names)


def test_every_week_exposes_two_or_more():
    for week in weeks():
        asked = [row.id for row in FOUND.rows if any(places.week_of(question) == week for question in row.refused)]
        assert len(asked) >= 2, f"week {week} refuses only {asked}"


def test_the_list_is_numbered_without_a_gap_and_says_each_thing_once():
    known = listed.misconceptions()
    assert list(known) == [f"M{number:02d}" for number in range(1, len(known) + 1)] and len(known) >= 30
    assert len({named.says for named in known.values()}) == len(known)


def test_quizzes_and_the_year_teach_what_the_list_has():
    known = set(listed.misconceptions())
    options = {
        option.teaches
        for week in weeks()
        for item in week_quiz(week).values()
        for option in item.option
        if option.teaches
    }
    cards = {name for card in DECK.values() for name in card.teaches}
    assert options and cards and options | cards <= known


def test_a_key_that_teaches_what_the_list_lacks_is_named(monkeypatch):
    key = next(iter(week_keys(1).keys.values()))
    wrong = dataclasses.replace(key.misconceptions[0], teaches="M99")
    odd = WeekKeys(keys={key.id: dataclasses.replace(key, misconceptions=(wrong,))})
    monkeypatch.setattr(exposing, "week_keys", lambda week: odd)
    with pytest.raises(ManifestError, match=rf"W01\.Q1, {wrong.name} teaches M99"):
        exposing.exposed()


@pytest.mark.parametrize(
    "text", ["[M01", "[M01]\nsays = 'so'\n", "[M01]\nsays = ''\nweek = 1\n", "[M01]\nsays='a'\nweek=13\n"]
)
def test_a_list_that_is_none_is_refused(tmp_path, text):
    (tmp_path / "misconceptions.toml").write_text(text)
    with pytest.raises(ManifestError, match=r"misconceptions\.toml"):
        listed.misconceptions(tmp_path / "misconceptions.toml")


def test_the_table_is_printed_from_the_keys():
    shown = CliRunner().invoke(cli.app, ["misconceptions"])
    assert shown.exit_code == 0 and len(shown.output.splitlines()) == len(FOUND.rows) + 1
    line = next(line for line in shown.output.splitlines() if line.startswith("M22"))
    assert "An explanation lets clinicians catch a bad model" in line and line.endswith("W10.Q4")
    held = json.loads(CliRunner().invoke(cli.app, ["misconceptions", "--json"]).output)["misconceptions"]
    assert next(row for row in held if row["id"] == "M20")["refused"] == {"W11.Q1": ["made_up"]}


def test_a_learner_reads_what_caught_them_in_words():
    lines = list(listed.told({"M04": "open", "M05": "put right", "M14": "resisted", "M99": "open"}))
    assert lines == [
        "Caught you last time: “Take the ROC corner” (M04); M99.",
        "Caught you once, and no longer: “The vendor's threshold is clinical truth” (M05).",
        "Tried on you and never caught: M14.",
    ]
    assert not list(listed.told({}))
