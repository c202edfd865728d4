"""Whose a file is, which week it answers, which of several counts: in every shape that a platform writes."""

from __future__ import annotations

import os

import pytest
from grading_cases import notebook
from wardround.course.grading.submissions import find, printable

Q1 = 'check("W01.Q1", counts)'


def seen(folder, week=None):
    return [(one.learner.name, one.learner.id, one.week, one.status) for one in find(folder, week)]


SHAPES = {
    "a file each": (
        ["ana.ipynb", "bo week 1.py", "week01_fhir_data_modeling_cy.ipynb"],
        [("ana", ""), ("bo", ""), ("cy", "")],
    ),
    "a folder each": (["ana/week01.ipynb", "bo/deep/er/w.ipynb"], [("ana", ""), ("bo", "")]),
    "a folder for each week": (["week01/ana.ipynb", "week01/bo/x.ipynb"], [("ana", ""), ("bo", "")]),
    "canvas": (
        ["lovelaceada_101_5001_week01_fhir.ipynb", "bohrniels_LATE_102_5002_week01_fhir.ipynb"],
        [("bohrniels", "102"), ("lovelaceada", "101")],
    ),
    "moodle, folders": (
        ["Ada Lovelace_101_assignsubmission_file_/week01.ipynb", "Niels Bohr_102_assignsubmission_file/a.ipynb"],
        [("Ada Lovelace", "101"), ("Niels Bohr", "102")],
    ),
    "moodle, files": (["Ada Lovelace_101_assignsubmission_file_week01.ipynb"], [("Ada Lovelace", "101")]),
    "nbgrader": (["submitted/ana/week01/week01.ipynb", "source/week01/week01.ipynb"], [("ana", "")]),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_folder_names_its_learners(shape, tmp_path):
    files, learners = SHAPES[shape]
    for file in files:
        notebook(tmp_path / file, Q1) if file.endswith("ipynb") else (tmp_path / file).write_text(Q1)
    assert seen(tmp_path) == [(name, id, 1, "") for name, id in learners]


def test_the_week_is_what_the_cells_say_then_the_name_then_what_is_asked_for(tmp_path):
    notebook(tmp_path / "a_week03.ipynb", Q1)
    notebook(tmp_path / "b_week03.ipynb", "x = 1")
    notebook(tmp_path / "c.ipynb", "x = 1")
    notebook(tmp_path / "d_week44.ipynb", 'check("W77.Q1", x)')
    weeks = {name: (week, status) for name, _, week, status in seen(tmp_path)}
    assert weeks["a"] == (1, "") and weeks["b"] == (3, "")
    assert weeks["c"] == (None, "not this exercise") == weeks["d"]
    asked = {name: (week, status) for name, _, week, status in seen(tmp_path, 3)}
    assert asked["a"] == (1, "not this exercise") and asked["b"] == (3, "") == asked["c"]


def test_the_last_attempt_counts_and_the_others_are_named(tmp_path):
    for name in (
        "ada_101_51_week01.ipynb",
        "ada_101_52_week01-2.ipynb",
        "ada_101_53_week01-1.ipynb",
        "ada_101_54_week02.ipynb",
    ):
        notebook(tmp_path / name, Q1 if "week01" in name else 'check("W02.Q1", x)')
    found = {one.file: one for one in find(tmp_path)}
    assert [file for file, one in found.items() if not one.problem] == [
        "ada_101_52_week01-2.ipynb",
        "ada_101_54_week02.ipynb",
    ]
    assert found["ada_101_51_week01.ipynb"].status == "set aside"
    assert "ada_101_52_week01-2.ipynb" in found["ada_101_51_week01.ipynb"].problem


def test_of_a_pair_the_notebook_counts(tmp_path):
    notebook(tmp_path / "ana" / "week01.ipynb", Q1)
    (tmp_path / "ana" / "week01.py").write_text(Q1)
    found = {one.path.suffix: one.status for one in find(tmp_path)}
    assert found == {".ipynb": "", ".py": "set aside"}


def test_lessons_and_notes_beside_an_exercise_are_passed_over_and_alone_they_are_named(tmp_path):
    notebook(tmp_path / "ana" / "week01_fhir.ipynb", Q1)
    notebook(tmp_path / "ana" / "1_one_patients_file.ipynb", 'quiz("W01.R1")')
    (tmp_path / "ana" / "notes.txt").write_text("mine")
    notebook(tmp_path / "bo" / "1_one_patients_file.ipynb", 'quiz("W01.R1")')
    assert [(name, status) for name, _, _, status in seen(tmp_path)] == [("ana", ""), ("bo", "not this exercise")]


def test_whatever_lies_there_gets_a_row_with_a_reason(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.zip").write_bytes(b"PK")
    (tmp_path / "b.docx").write_bytes(b"PK")
    os.mkfifo(tmp_path / "week01_pipe.ipynb")
    (tmp_path / "week01_large.ipynb").touch()
    os.truncate(tmp_path / "week01_large.ipynb", 21 * 2**20)
    (tmp_path / ".DS_Store").touch()
    (tmp_path / "__MACOSX").mkdir()
    found = {one.learner.name: one for one in find(tmp_path)}
    assert sorted(found) == ["a", "b", "empty", "large", "pipe"]
    assert all(one.status == "unreadable" and one.problem for one in found.values())
    assert "Unpack" in found["a"].problem and "no notebook" in found["empty"].problem


def test_links_are_named_and_not_followed(tmp_path):
    secret = notebook(tmp_path / "keys" / "week01.ipynb", Q1)
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "eve_week01.ipynb").symlink_to(secret)
    (folder / "mallory").symlink_to(secret.parent)
    found = find(folder)
    assert [one.status for one in found] == ["unreadable", "unreadable"]
    assert all("link" in one.problem and not one.digest for one in found)


def test_odd_names_stay_apart_and_are_printable(tmp_path):
    for name in ("<b>x\n", "<b>x ", "é", "e\u0301", "up\u2215..", "=cmd()"):
        notebook(tmp_path / name / "week01.ipynb", Q1)
    raw = os.path.join(os.fsencode(tmp_path), b"\xff\xfe")
    os.mkdir(raw)
    with open(os.path.join(raw, b"week01.py"), "w") as file:
        file.write(Q1)
    found = find(tmp_path)
    assert len(found) == 7 == len({one.learner.key for one in found}) and not any(one.problem for one in found)
    for one in found:
        assert one.learner.name.isprintable() and one.file.isprintable() and one.file.encode()
        assert set(one.learner.key) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_the_folder_of_grades_is_not_graded(tmp_path):
    notebook(tmp_path / "ana.ipynb", Q1)
    notebook(tmp_path / "grades" / "x.ipynb", Q1)
    assert len(find(tmp_path)) == 2 and len(find(tmp_path, leave_out=tmp_path / "grades")) == 1


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(NotADirectoryError, match="There is no folder"):
        find(tmp_path / "none")


def test_text_of_a_stranger_becomes_one_printable_line():
    assert printable("a\x1b[31mb\nc\u202ed\x00") == "ab c d "
    assert printable("\ud800x") == "?x" and len(printable("x" * 9999, 50)) == 50
