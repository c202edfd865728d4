"""The course folder for nbgrader: whole, without an answer in what learners get, graded where nbgrader is there."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from wardround.course import notebooks, places
from wardround.course.grading.nbgrader import export_nbgrader
from wardround.course.notebooks import BEGIN, END
from wardround.course.questions import week_questions

BLOCK = re.compile(rf"^{BEGIN}\n.*?^{END}\n?", re.M | re.S)
NBGRADER = os.environ.get("WARDROUND_NBGRADER") or shutil.which("nbgrader")
WEEKS = sorted({notebooks.week_number(path) for path in notebooks.sources()} - {None})


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("course")
    assert len(export_nbgrader(out)) == len(WEEKS)
    return out


def source(course: Path, week: int):
    (path,) = (course / "source" / f"week{week:02d}").iterdir()
    return nbformat.read(path, as_version=4)


@pytest.mark.parametrize("week", WEEKS)
def test_each_question_has_its_two_cells_and_its_points(course, week):
    graded = {cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader for cell in source(course, week).cells
              if "nbgrader" in cell.metadata}  # fmt: skip
    asked = week_questions(week)
    names = [id.replace(".", "-").lower() for id in asked]
    assert sorted(graded) == sorted(names + [f"{name}-check" for name in names])
    for name, question in zip(names, asked.values(), strict=True):
        answer, check = graded[name], graded[f"{name}-check"]
        assert (answer.solution, answer.grade, answer.locked) == (True, False, False)
        assert (check.solution, check.grade, check.locked) == (False, True, True)
        assert check.points == (0 if question.stretch else 1) and answer.schema_version == check.schema_version == 3


@pytest.mark.parametrize("week", WEEKS)
def test_without_its_solution_blocks_it_is_the_exercise(course, week):
    released = [BLOCK.sub("", cell.source).rstrip() for cell in source(course, week).cells]
    exercise = nbformat.read(places.root() / "exercises" / f"{places.week_name(week)}.ipynb", as_version=4)
    assert released == [cell.source.rstrip() for cell in exercise.cells]


def test_the_source_holds_the_solution(course):
    text = "\n".join(cell.source for cell in source(course, 1).cells)
    assert text.count(BEGIN) == text.count(END) == len(week_questions(1)) and "frozenset" in text


def test_it_says_what_nbgrader_cannot_do(course):
    told = " ".join((course / "README.md").read_text(encoding="utf-8").split())
    assert "runs with your rights" in told and "wardround grade" in told
    assert "WARDROUND_WORK" in (course / "nbgrader_config.py").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.skipif(
    not NBGRADER, reason="nbgrader is an optional peer: put it on the PATH, or name it in WARDROUND_NBGRADER"
)
def test_nbgrader_itself_grades_it_unchanged(course, tmp_path):
    kernel = tmp_path / "jupyter" / "kernels" / "python3" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    start = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel.write_text(json.dumps({"argv": start, "display_name": "Python 3", "language": "python"}))
    beside = f"{Path(NBGRADER).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"JUPYTER_PATH": str(tmp_path / "jupyter"), "HOME": str(tmp_path), "PATH": beside}

    def nbgrader(*words: str) -> None:
        done = subprocess.run([NBGRADER, *words], cwd=course, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    nbgrader("generate_assignment", "week01")
    (released,) = (course / "release" / "week01").glob("*.ipynb")
    assert BEGIN not in released.read_text() and "frozenset" not in released.read_text()
    for learner, handed_in in (("solved", course / "source" / "week01" / released.name), ("untouched", released)):
        folder = course / "submitted" / learner / "week01"
        folder.mkdir(parents=True)
        shutil.copy(handed_in, folder)
    nbgrader("autograde", "week01")
    nbgrader("export")
    marks = {row["student_id"]: (float(row["score"]), float(row["max_score"]))
             for row in csv.DictReader((course / "grades.csv").open())}  # fmt: skip
    assert marks == {"solved": (4.0, 4.0), "untouched": (0.0, 4.0)}
