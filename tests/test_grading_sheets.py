"""Sheets for people: memos read and never run, what is alike, conversations, batches for peers, a group's page."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from grading_cases import NASTY, published
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner
from wardround import cli
from wardround.course import notebooks, progress
from wardround.course.grading import alike, classroom, group, memos, viva
from wardround.course.grading.marks import Mark, Row
from wardround.course.keys import week_keys
from wardround.course.questions import week_memos, week_questions

RUN = CliRunner()
WEEKS = sorted({notebooks.week_number(path) for path in notebooks.sources()} - {None})


# Memos ----------------------------------------------------------------------------------------------------------------
def test_a_memo_is_read_from_its_text_and_the_last_one_counts():
    first = 'memo("W01.M", first="old", because="x")'
    last = 'found = 3\nmemo("W01.M", five=["units", {"who": "lab"}, 12], first="units" "!", because=...)\n'
    assert memos.read_memo([first, last, "memo('W02.M', because='other')"], 1) == {
        "five": "units; who: lab; 12",
        "first": "units!",
    }


def test_code_in_a_memo_is_never_run(tmp_path):
    trap = tmp_path / "ran"
    cell = f'memo("W01.M", first=open({str(trap)!r}, "w").write("x"), because=f"{{print(1)}}")'
    read = memos.read_memo([cell], 1)
    assert not trap.exists() and set(read.values()) == {"(made by code; read it in the notebook)"}


@pytest.mark.parametrize(
    "deep", ["(" * 3000, "-" * 7000 + "1", "[" * 90 + "]" * 90, "1" + "+1" * 3000, "\x00", "x." * 3000 + "x"]
)
def test_a_memo_that_is_made_to_break_the_reader_is_no_memo_or_a_short_one(deep):
    read = memos.read_memo([f'memo("W01.M", first={deep})'], 1)
    assert set(read) <= {"first"}


@pytest.mark.parametrize("week", WEEKS)
def test_an_untouched_exercise_holds_no_memo_and_each_week_has_its_rubric(week):
    assert memos.read_memo(published("exercises", week), week) == {}
    made = memos.rubric(week)
    assert len(made.criteria) >= 3 and set(next(iter(week_memos(week).values()))) <= set(made.fields)
    assert made.asked.endswith("in at most 150 words.") and "`" not in made.asked


def test_the_margin_says_what_the_text_alone_gives_reason_for():
    form = memos.rubric(1).fields
    assert len(memos.margin({"first": "1. general worries"}, form)) == 4  # three empty fields and no number
    whole = {name: "12 of 100 results" for name in form}
    assert memos.margin(whole, form) == []
    assert "151 words" in memos.margin({**whole, "because": "word " * (151 - 4 * (len(form) - 1))}, form)[0]


@settings(max_examples=40, deadline=None)
@given(
    st.sets(st.text(st.characters(codec="ascii"), min_size=1, max_size=6), min_size=2, max_size=12), st.integers(0, 99)
)
def test_each_memo_is_read_equally_often_and_nobody_reads_their_own(keys, seed):
    made = memos.batches(sorted(keys), seed)
    assert made == memos.batches(sorted(keys, reverse=True), seed) and set(made) == keys
    each = min(3, len(keys) - 1)
    assert all(reader not in others and len(set(others)) == each for reader, others in made.items())
    assert set(Counter(key for others in made.values() for key in others).values()) == {each}


# Alike ----------------------------------------------------------------------------------------------------------------
MINE = """def patients_with(rows):
    # mine
    made = rows.groupby(["display"])["patient_id"].nunique()
    return made.rename("patients").reset_index()
"""


def of(*cells):
    return alike.digests(alike.sources(cells, 1), 1)


def test_comments_and_layout_do_not_hide_the_same_text():
    other = (
        MINE.replace("# mine", "# somebody else's").replace('(["display"])', '([ "display" ])').replace("    ", "  ")
    )
    assert of(MINE) == of(other) != {}
    (found,) = alike.groups([("ana", 1, of(MINE)), ("bo", 1, of(other)), ("cy", 1, of(MINE.replace("made", "found")))])
    assert (found.question, found.learners, found.published) == ("W01.Q4", ("ana", "bo"), False)


def test_an_untouched_answer_and_a_short_one_are_not_alike(monkeypatch):
    assert of(*published("exercises", 1)) == {}
    monkeypatch.setattr(alike, "FEWEST", 1)  # also a long starter would not count
    monkeypatch.setattr(alike, "_published", alike._published.__wrapped__)
    assert of(*published("exercises", 1)) == {}
    monkeypatch.undo()
    assert of("r5_ids = [1, 2]") == {} and of("counts == 3") == {}


def test_the_courses_own_solution_is_recognised_in_one_notebook():
    found = alike.groups([("ana", 1, of(*published("solutions", 1)))])
    assert {one.question for one in found} >= {"W01.Q1", "W01.Q3"} and all(one.published for one in found)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_has_a_digest(text):
    assert isinstance(alike.digest(f"counts = {text}" * 9), str)


# Conversations --------------------------------------------------------------------------------------------------------
def a_row(sources=(), memo=None, **kinds):
    made = []
    for id, asked in week_questions(1).items():
        kind = kinds.get(id[4:], "not_attempted")
        name = kind if kind in {m.name for m in week_keys(1).keys[id].misconceptions} else None
        verdict = "misconception" if name else kind
        made.append(Mark(question=id, kind=verdict, misconception=name, stretch=asked.stretch, says="Said."))
    code = {mark.question: "x = 1" for mark in made if mark.kind != "not_attempted"}
    return Row(learner="ana", key="k", file="f", week=1, status="graded", marks=made, sources=code, memo=memo or {})


def test_three_questions_come_from_the_learners_own_answers():
    talk = viva.conversation(a_row(Q1="records_are_people", Q2="right", Q3="right", memo={"first": "units"}))
    assert [one.about.split(",")[0] for one in talk] == ["W01.Q1", "W01.Q2", "Memo"]
    assert talk[0].shown == "x = 1" and talk[2].shown == "units" and all(one.listen for one in talk)
    told = {known.says for known in week_keys(1).keys["W01.Q2"].misconceptions}
    assert any(says in talk[1].ask for says in told)


def test_who_has_all_right_or_nothing_has_three_questions_as_well():
    for row in (a_row(**{f"Q{n}": "right" for n in range(1, 8)}), a_row(), a_row(Q3="fragile", Q4="unreadable")):
        talk = viva.conversation(row)
        assert len(talk) == 3 == len({one.ask for one in talk})


# The group ------------------------------------------------------------------------------------------------------------
def test_what_is_handed_in_holds_no_name_and_no_time(tmp_path):
    progress.record("W01.Q1", "misconception", "M16")
    progress.record("W01.Q2", "right")
    done = RUN.invoke(cli.app, ["status", "--export", str(tmp_path / "mine.json")])
    assert done.exit_code == 0 and "hand it in if you want" in done.output
    held = json.loads((tmp_path / "mine.json").read_text())
    assert held == {
        "wardround_progress": 1,
        "questions": {
            "W01.Q1": {"verdict": "misconception", "right_once": False, "met": ["M16"]},
            "W01.Q2": {"verdict": "right", "right_once": True, "met": []},
        },
    }


def hand_in(folder: Path, name: str, **verdicts):
    folder.mkdir(exist_ok=True)
    told = {f"W01.{id}": {"verdict": verdict, "met": met} for id, (verdict, met) in verdicts.items()}
    (folder / f"{name}.json").write_text(json.dumps({"wardround_progress": 1, "questions": told}))


def test_the_group_is_counts_without_names(tmp_path):
    folder = tmp_path / "in"
    hand_in(folder, "secret-ana", Q1=("misconception", ["M16"]))
    hand_in(folder, "secret-bo", Q1=("misconception", ["M16"]), Q2=("right", []))
    hand_in(folder, "secret-cy", Q1=("right", ["M16"]))
    done = RUN.invoke(cli.app, ["group", str(folder), "--out", str(tmp_path / "g.html")])
    text = (tmp_path / "g.html").read_text()
    assert done.exit_code == 0 and "3 progress files" in text and "secret" not in text
    assert "<strong>2 of 3</strong>" in text and "one resource is one fact" in text and "Vote" in text


def test_a_file_that_is_none_of_ours_is_named_and_escaped(tmp_path):
    hand_in(tmp_path, "a", Q1=("right", []))
    for name, content in (
        ("b", "{"),
        ("c", '{"questions": {"x": {"verdict": "<script>"}}}'),
        (f"d{NASTY.replace('/', '')}", "[]"),
    ):
        (tmp_path / f"{name}.json").write_text(content)
    files, refused = group.read_group(tmp_path)
    assert len(files) == 1 and len(refused) == 3
    group.write_group(tmp_path, tmp_path / "g.html")
    assert "<script" not in (tmp_path / "g.html").read_text()


def test_ids_of_a_file_are_only_looked_up(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"questions": {NASTY: {"verdict": "right", "met": [NASTY] * 9}}}))
    text = group.write_group(tmp_path, tmp_path / "g.html").read_text()
    assert "script&gt;" not in text and "None of the files" in text


def test_an_empty_group_is_said(tmp_path):
    with pytest.raises(group.NoGroup, match="status --export"):
        group.write_group(tmp_path, tmp_path / "g.html")


@pytest.mark.parametrize("week", WEEKS)
def test_the_words_of_the_class_page_are_found_in_each_weeks_files(week):
    names = {(id, known.name) for id, key in week_keys(week).keys.items() for known in key.misconceptions}
    assert len(classroom.advice(week)) >= 3 and set(classroom.advice(week)) <= names
    taught = {known.teaches for key in week_keys(week).keys.values() for known in key.misconceptions} - {None}
    assert len(taught & set(classroom.thoughts(week))) >= min(3, len(taught))
