"""``wardround grade`` round the box: rows, the ledger, pages that teach and give nothing away."""

from __future__ import annotations

import dataclasses
import gc
import json
import os
import signal
import subprocess
import sys
import time
import typing
import weakref
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import require
from grading_cases import MEMO, NASTY, a_class, answered, by_learner, kinds, notebook, published, replaced
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner
from wardround import cli
from wardround.course import notebooks, runner, verdicts
from wardround.course.authoring.prove import SEEDS, proof_hospital
from wardround.course.grading import classroom, grade, ground, marks, pages, run_all, sandbox
from wardround.course.grading.reading import read_cells
from wardround.course.grading.submissions import Learner, Submission
from wardround.course.keys import week_keys
from wardround.course.questions import week_questions
from wardround.course.runner import CellTrouble, Run

RUN = CliRunner()
WEEKS = sorted({notebooks.week_number(path) for path in notebooks.sources()} - {None})


# The whole, through the box -------------------------------------------------------------------------------------------
Q1 = """p = list(hospital.resources("Patient"))
ids = {x["id"] for x in p}
counts = {"lines": len(p), "resources": len(ids), "people": len(ids)}"""
Q4 = """def patients_with(rows):
    return rows.groupby("display").patient_id.count().rename("patients").reset_index()"""


@pytest.mark.slow
def test_a_folder_of_six_from_the_command(tmp_path, monkeypatch, third_hospitals):
    require("bwrap")
    made = SimpleNamespace(here=third_hospitals[1], unseen=third_hospitals[0], fresh=None, seed=7)
    monkeypatch.setattr(ground, "prepare", lambda *where, **how: made)
    solved, blank = published("solutions", 1), published("exercises", 1)
    folder, out = tmp_path / "in", tmp_path / "out"
    notebook(folder / "ada_week01.ipynb", *solved, MEMO)
    notebook(folder / "bo_week01.ipynb", *blank)
    notebook(folder / "cy_week01.ipynb", *replaced(blank, "counts", Q1))
    notebook(folder / "di_week01.ipynb", *replaced(solved, "patients_with", Q4), f"raise ValueError({NASTY!r})")
    notebook(folder / "ed_week01.ipynb", "import os", *solved, "os._exit(3)")
    (folder / "fy_week01.ipynb").write_bytes(b'{"cells": [')
    done = RUN.invoke(cli.app, ["grade", str(folder), "--out", str(out), "--viva", "--peers"])
    assert done.exit_code == 0, done.output
    rows = by_learner(grade.read_grades(out))
    assert (rows["ada"].points, rows["ada"].of, set(kinds(rows["ada"]).values())) == (4, 4, {"right"})
    assert rows["bo"].points == 0 and set(kinds(rows["bo"]).values()) == {"not_attempted"}
    assert kinds(rows["cy"])["Q1"] == "records_are_people" and kinds(rows["di"])["Q4"] == "rows_counted"
    assert rows["di"].points == 3 and rows["di"].troubles[-1].begins.startswith("raise ValueError")
    assert rows["ed"].status == "partly graded" and rows["ed"].points == 4 and rows["ed"].skipped
    assert rows["fy"].status == "unreadable" and rows["fy"].points is None and rows["fy"].why
    assert rows["ada"].level == "L1" and rows["ada"].memo["first"] == "units"
    assert {path.name for path in out.iterdir()} >= {"index.html", "learners", "memos", "viva", "grades.csv"}
    assert "6 submissions: 4 graded" in done.output


def solutions_on():
    """Pairs of hospitals: one for a test run, three that the course's own seeds are not among for the long proof."""
    long = int(os.environ.get("WARDROUND_BITE_SEEDS", "0")) >= 20
    return [(SEEDS[2], SEEDS[3]), (SEEDS[3], SEEDS[4]), (SEEDS[4], SEEDS[2])] if long else [(SEEDS[1], SEEDS[0])]


@pytest.mark.slow
@pytest.mark.parametrize("week", WEEKS)
def test_a_right_solution_has_full_marks_and_an_untouched_exercise_none(week, tmp_path, monkeypatch):
    require("bwrap")
    folder = tmp_path / "in"
    for name, source in (("right", "solutions"), ("blank", "exercises")):
        notebook(folder / f"{name}_week{week:02d}.ipynb", *published(source, week))
    for seed, other in solutions_on():
        made = SimpleNamespace(here=proof_hospital(seed), unseen=proof_hospital(other), fresh=None, seed=seed)
        monkeypatch.setattr(ground, "prepare", lambda *where, made=made, **how: made)
        monkeypatch.setattr(grade, "CELL_SECONDS", 90)  # a machine that does much else at once is no failure
        rows = by_learner(grade.grade(folder, tmp_path / str(seed), jobs=1))
        assert rows["right"].points == rows["right"].of == 4 == len(rows["right"].core), rows["right"]
        assert rows["right"].status == rows["blank"].status == "graded", rows
        assert set(kinds(rows["right"]).values()) == {"right"}
        assert rows["blank"].points == 0 and set(kinds(rows["blank"]).values()) == {"not_attempted"}


@pytest.mark.slow
def test_each_mistake_that_can_be_written_down_is_named_through_the_notebook(tmp_path, monkeypatch, held):
    """Of the value questions: what the misconception would have put in the notebook stands in it as a literal."""
    require("bwrap")
    folders = {role: known.hospital.path.parent for role, known in held.known["W01.Q2"].items()}
    made = SimpleNamespace(**folders, fresh=None, seed=1)
    monkeypatch.setattr(ground, "prepare", lambda *where, **how: made)
    hospital, wanted = held.known["W01.Q1"]["here"].hospital, {}
    for id, asked in week_questions(1).items():
        for place, known in enumerate(week_keys(1).keys[id].misconceptions if asked.kind == "value" else ()):
            value = known.answer(hospital)
            if id == "W01.Q1":
                value = {**held.known[id]["here"].reference, **value}
            name = tmp_path / "in" / f"who{place}_week01.ipynb"
            cells = read_cells(name) if name.exists() else ["from wardround import check"]
            notebook(name, *cells, f"{asked.answer} = {value!r}")
            wanted.setdefault(f"who{place}", {})[id.split(".")[1]] = known.name
    rows = by_learner(grade.grade(tmp_path / "in", tmp_path / "out"))
    assert len(wanted) >= 7 and {"Q1", "Q2"} <= set(wanted["who0"])
    for learner, named in wanted.items():
        got = kinds(rows[learner])
        assert {question: got[question] for question in named} == named


# Marks ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("id", sorted(week_keys(1).keys))
def test_each_misconception_has_its_own_message_and_no_point(id, held):
    one = Submission(Learner("ana"), Path("x.ipynb"), "x.ipynb", 1)
    says = set()
    for known in week_keys(1).keys[id].misconceptions:
        key = week_keys(1).keys[id]
        here = held.known[id]["here"]
        run = answered(held)
        run.answers[id]["here"] = key.same.complete(here.wrong[known.name], here.reference)
        mark = next(mark for mark in marks.row(one, run, held).marks if mark.question == id)
        assert (mark.kind, mark.misconception, mark.points) == ("misconception", known.name, 0)
        assert mark.says and mark.so_what and mark.look_at
        says.add(mark.says)
    assert len(says) == len(week_keys(1).keys[id].misconceptions)


def test_stretch_never_counts_and_fragile_earns_nothing(held):
    one = Submission(Learner("ana"), Path("x.ipynb"), "x.ipynb", 1)
    row = marks.row(one, answered(held, Q1="right", Q5="right"), held)
    assert (row.points, row.of) == (1, 4) and sum(mark.kind == "right" for mark in row.marks) == 2
    run = answered(held, Q3="right")
    run.answers["W01.Q3"]["unseen"] = run.answers["W01.Q3"]["here"]
    assert kinds(marks.row(one, run, held))["Q3"] == "fragile" and marks.row(one, run, held).points == 0


def test_what_was_skipped_or_cut_is_said_and_the_rest_counts(held):
    one = Submission(Learner("ana"), Path("x.ipynb"), "x.ipynb", 1)
    good = answered(held, Q1="right")
    trouble = CellTrouble(3, "Skipped", "it ended the process")
    row = marks.row(one, Run(good.answers, (trouble,), "it was stopped after 25 seconds", {}, (3,)), held, ["x"] * 9)
    assert row.status == "partly graded" and row.points == 1 and row.skipped == [3]
    assert "cell 4" in row.why and "stopped after 25 seconds" in row.why


def test_a_forged_number_of_a_cell_names_none(held):
    one = Submission(Learner("ana"), Path("x.ipynb"), "x.ipynb", 1)
    forged = tuple(CellTrouble(number, NASTY, NASTY) for number in (-9, 10**18, 0))
    row = marks.row(one, Run(answered(held).answers, forged), held, ["first = 1"])
    assert [trouble.begins for trouble in row.troubles] == ["", "", "first = 1"]
    assert all(trouble.error.isprintable() and trouble.message.isprintable() for trouble in row.troubles)


def test_equal_answers_are_judged_once_and_others_apart(held, monkeypatch):
    held = dataclasses.replace(held, judged={})
    judged, real = [], marks.judge
    monkeypatch.setattr(marks, "judge", lambda asked, *rest: judged.append(asked.id) or real(asked, *rest))
    one = Submission(Learner("ana"), Path("x.ipynb"), "x.ipynb", 1)
    for said in ("right", "right", "active_only", "right"):
        row = marks.row(one, answered(held, Q1=said), held)
        assert kinds(row)["Q1"] == said
    assert judged.count("W01.Q1") == 2 and judged.count("W01.Q2") == 1


def test_a_key_that_breaks_costs_one_question_and_is_the_graders_failure(held, monkeypatch):
    real = marks.judge

    def broken(asked, *rest):
        if asked.id == "W01.Q2":
            raise ZeroDivisionError
        return real(asked, *rest)

    monkeypatch.setattr(marks, "judge", broken)
    held = dataclasses.replace(held, judged={})
    row = marks.row(Submission(Learner("a"), Path("x"), "x", 1), answered(held, Q1="right", Q2="right"), held)
    assert row.failed and row.points == 1 and row.status == "partly graded" and "W01.Q2" in row.why


def test_every_verdict_has_a_label_and_a_place_in_the_order():
    known = set(typing.get_args(verdicts.Kind)) - {"cannot_tell"}
    assert set(classroom.LABELS) == known and set(pages.FIRST) == known - {"right"}


# The run --------------------------------------------------------------------------------------------------------------
def test_a_run_that_was_killed_goes_on_and_ends_the_same(stubbed, held, tmp_path):
    folder = a_class(tmp_path / "in", *"abcdefgh")
    stubbed.runs = lambda path: answered(held, Q1="right" if path.name[0] in "aceg" else "active_only")
    whole = run_all.grade_and_write(folder, tmp_path / "whole", jobs=1)

    class Killed(BaseException):
        pass

    def until_fourth(path, real=stubbed.runs):
        if path.name[0] == "d":
            raise Killed
        return real(path)

    real, stubbed.runs = stubbed.runs, until_fourth
    with pytest.raises(Killed):
        run_all.grade_and_write(folder, tmp_path / "cut", jobs=1)
    ledger = tmp_path / "cut" / "private" / "ledger.jsonl"
    with ledger.open("ab") as file:
        file.write(ledger.read_bytes().splitlines()[1][:100])  # the power went while a line was written
    stubbed.runs, stubbed.asked[:] = real, []
    resumed = run_all.grade_and_write(folder, tmp_path / "cut", jobs=3, resume=True)
    assert grade.grade(folder, tmp_path / "cut", resume=True) == resumed  # nothing cut is left in the ledger
    assert resumed == whole and sorted(stubbed.asked) == [f"{name}_week01.ipynb" for name in "defgh"]
    files = {path.relative_to(tmp_path / "whole") for path in (tmp_path / "whole").rglob("*.*")}
    for file in files - {Path("private/ledger.jsonl")}:
        assert (tmp_path / "whole" / file).read_bytes() == (tmp_path / "cut" / file).read_bytes(), file


SLOW = """
import sys, time
from types import SimpleNamespace
from pathlib import Path
from wardround.course import runner
from wardround.course.grading import grade, ground, sandbox
from wardround.course.questions import week_questions
sandbox.best = lambda **how: SimpleNamespace(level="L1", says="A stub.")
ground.prepare = lambda *where, **how: SimpleNamespace(here=None, unseen=None, fresh=None, seed=1)
grade._standards = lambda *rest: {1: SimpleNamespace(week=1, of=4.0, points=1.0, known={}, questions={})}
def run(path, *rest, **how):
    time.sleep(0.2)
    return runner.Run({})
runner.run = run
grade.grade(Path(sys.argv[1]), Path(sys.argv[2]), jobs=2, resume=len(sys.argv) > 3)
print("whole")
"""


def test_a_run_that_is_really_killed_loses_nothing_that_was_written(tmp_path):
    folder, out = a_class(tmp_path / "in", *(f"n{number:02d}" for number in range(12))), tmp_path / "out"
    command = [sys.executable, "-c", SLOW, str(folder), str(out)]
    ledger = out / "private" / "ledger.jsonl"
    own = {**os.environ, "PYTHONPATH": str(Path(runner.__file__).parents[2])}
    process = subprocess.Popen(command, env=own)
    while process.poll() is None and (not ledger.exists() or ledger.read_bytes().count(b"\n") < 5):
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL and not (out / "grades.json").exists()
    before = ledger.read_bytes()[: ledger.read_bytes().rindex(b"\n") + 1]
    done = subprocess.run([*command, "--resume"], capture_output=True, text=True, env=own)
    assert done.stdout.strip() == "whole", done.stderr
    assert ledger.read_bytes().startswith(before) and ledger.read_bytes().count(b"\n") == 13
    assert len({row.file for row in grade.read_grades(out).rows}) == 12


def test_only_what_is_new_or_changed_is_run_again(stubbed, tmp_path):
    folder = a_class(tmp_path / "in", "a", "b")
    grade.grade(folder, tmp_path / "out")
    a_class(folder, "late")
    notebook(folder / "b_week01.ipynb", 'check("W01.Q1", counts)', "counts = 1")
    stubbed.asked.clear()
    assert len(grade.grade(folder, tmp_path / "out", resume=True).rows) == 3
    assert sorted(stubbed.asked) == ["b_week01.ipynb", "late_week01.ipynb"]


def test_another_run_is_not_overwritten_nor_mixed(stubbed, tmp_path):
    folder, out = a_class(tmp_path / "in", "a"), tmp_path / "out"
    grade.grade(folder, out)
    with pytest.raises(grade.NotGraded, match="--resume"):
        grade.grade(folder, out)
    ledger = out / "private" / "ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes().replace(b'"hospital":"', b'"hospital":"9'))
    with pytest.raises(grade.NotGraded, match="another version"):
        grade.grade(folder, out, resume=True)


def test_an_empty_folder_is_said(stubbed, tmp_path):
    (tmp_path / "in").mkdir()
    with pytest.raises(grade.NotGraded, match="holds no submission"):
        grade.grade(tmp_path / "in", tmp_path / "out")


def test_five_hundred_are_run_once_each_and_none_is_kept(stubbed, held, tmp_path):
    folder = a_class(tmp_path / "in", *(f"n{number:03d}" for number in range(500)))
    alive: list[weakref.ref] = []
    most = [0]

    def heavy(path):
        made = answered(held, Q1="right")
        alive.append(weakref.ref(made))
        most[0] = max(most[0], sum(one() is not None for one in alive[-40:]))
        return made

    stubbed.runs = heavy
    grades = grade.grade(folder, tmp_path / "out", jobs=4)
    gc.collect()
    assert len(grades.rows) == 500 == len(stubbed.asked) and all(row.points == 1 for row in grades.rows)
    assert most[0] <= 10 and not any(one() for one in alive)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["cells", "source", "cell_type", "metadata"]) | st.text(max_size=5), inner, max_size=4
        )
    ),
    max_leaves=12,
)
CALLS = [
    "memo(",
    '"W01.M"',
    "because=",
    "...",
    "(" * 300,
    "-" * 500,
    "\x00",
    "[",
    "counts = ",
    "def patients_with(",
    "\n",
]
CODE = st.lists(st.sampled_from(CALLS) | st.text(max_size=8), max_size=12).map("".join)
FILES = (
    st.binary(max_size=200)
    | JSON.map(lambda value: json.dumps(value).encode())
    | CODE.map(
        lambda source: json.dumps({"cells": [{"cell_type": "code", "source": source}]}).encode("utf-8", "replace")
    )
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(FILES, min_size=1, max_size=12))
def test_whatever_the_bytes_every_file_gets_a_row_and_the_run_goes_on(stubbed, tmp_path, files):
    place = tmp_path / str(len(list(tmp_path.iterdir())))
    (place / "in").mkdir(parents=True)
    for number, content in enumerate(files):
        (place / "in" / f"n{number}_week01.{('ipynb', 'py')[number % 2]}").write_bytes(content)
    grades = run_all.grade_and_write(place / "in", place / "out", peers=True, viva=True)
    assert len(grades.rows) == len(files) and not grades.failed
    assert {row.status for row in grades.rows} <= {"graded", "unreadable", "not this exercise"}


def test_exit_codes(stubbed, held, tmp_path):
    folder = a_class(tmp_path / "in", "a", "b")
    (folder / "c_week01.ipynb").write_text("no notebook")

    def code(out, *more):
        return RUN.invoke(cli.app, ["grade", str(folder), "--out", str(tmp_path / out), *more]).exit_code

    assert code("kind") == 0 and code("strict", "--strict") == 1

    def broken(path):
        raise OSError("no space")

    stubbed.runs = broken
    assert code("failed") == 1
    rows = by_learner(grade.read_grades(tmp_path / "failed"))
    assert rows["a"].status == "not graded" and rows["a"].points is None and "--resume" in rows["a"].why
    stubbed.runs = lambda path: answered(held)
    assert code("failed", "--resume") == 0 and by_learner(grade.read_grades(tmp_path / "failed"))["a"].points == 0


def test_no_box_is_one_sentence(monkeypatch, tmp_path):
    def none(**how):
        raise sandbox.NoSandbox("This machine has no box.")

    monkeypatch.setattr(sandbox, "best", none)
    a_class(tmp_path / "in", "a")
    done = RUN.invoke(cli.app, ["grade", str(tmp_path / "in"), "--out", str(tmp_path / "out")])
    assert done.exit_code == 1 and isinstance(done.exception, sandbox.NoSandbox) and not (tmp_path / "out").exists()
