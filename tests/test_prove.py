"""``wardround prove`` on the whole course, and that it notices what it is for."""

from __future__ import annotations

import dataclasses
import json

import pytest
from wardround.course.authoring import prove as proving
from wardround.course.keys import week_keys
from wardround.course.questions import week_questions
from wardround.course.verdicts import Expected, judge


@pytest.mark.slow
@pytest.mark.parametrize("week", proving.weeks())
def test_every_question_is_proven_on_two_hospitals(week):
    report = proving.prove([f"W{week:02d}"], hospitals=2)
    assert report.ok, report.render()
    assert {line.question for line in report.lines} == set(week_questions(week))
    assert len({line.hospital for line in report.lines}) == 2
    assert json.loads(json.dumps(report.to_dict()))["ok"]


def test_every_week_that_is_here_is_proven():
    assert proving.weeks()[:4] == [1, 2, 3, 4]
    assert proving.weeks(["W02", "W03.Q1"]) == [2, 3]


def line(**changes):
    made = proving.Line("W01.Q1", 1, "solution", "right", 0.0, None)
    return dataclasses.replace(made, **changes)


def test_a_report_of_nothing_proves_nothing():
    assert not proving.Report(()).ok
    assert proving.Report((line(),)).ok and not proving.Report((line(), line(problem="wrong"))).ok
    assert "FAIL W01.Q1 solution, hospital 1: wrong" in proving.Report((line(problem="wrong"),)).render()


RIGHT = {"lines": 100, "resources": 90, "people": 80}


def lines_for(wrong):
    asked, key = week_questions(1)["W01.Q1"], week_keys(1).keys["W01.Q1"]
    known = Expected(
        None, RIGHT, {m.name: wrong.get(m.name, {"people": 10 + n}) for n, m in enumerate(key.misconceptions)}
    )
    return asked, key, known, {made.case: made for made in proving._misconceptions(asked, key, 1, {"here": known})}


def test_a_misconception_that_another_message_answers_fails():
    *_, lines = lines_for({"active_only": {"people": 10}})
    assert "answered as records_are_people" in lines["active_only"].problem
    assert lines["records_are_people"].problem == ""


def test_a_misconception_too_near_the_truth_fails():
    *_, lines = lines_for({"active_only": {"people": 81}})
    assert "only 2.0 from the right answer; 3 are needed" in lines["active_only"].problem


def test_a_misconception_that_is_right_fails():
    asked, key, known, lines = lines_for({"active_only": {"people": 80}})
    assert "cannot_tell" in lines["active_only"].problem
    assert judge(asked, key, {"here": RIGHT}, {"here": known}).kind == "cannot_tell"


def test_a_solution_that_is_wrong_or_barely_right_fails():
    asked, key, known, _ = lines_for({})
    for people, part in ((85, "the solution is not_yet"), (80.4, "less than half a tolerance")):
        made = proving._solution(asked, key, 1, {"here": RIGHT | {"people": people}}, {"here": known})
        assert part in made.problem
