"""Building goes one way, loses nothing, gives nothing away; and what was built is what stands in the repository."""

from __future__ import annotations

from pathlib import Path

import pytest
from wardround.course import notebooks, questions
from wardround.course.authoring import build, lint
from wardround.course.authoring.build import BuildError, exercise_of

ROOT = Path(__file__).resolve().parents[1]
QUESTIONS = """
from wardround.course.questions import question
question("W01.Q1", answer="n", title="a count", expects="a number", hints=["a", "b", "c", "d"])
"""
SOLUTION = """# %% [markdown]
# # Exercise

# %%
import math

# %%
def area(r):
    ### STARTER return ...
    ### BEGIN SOLUTION
    return math.pi * r ** 2
    ### END SOLUTION


### STARTER n = ...
### BEGIN SOLUTION
n = area(2.0) + 40 - 2
### END SOLUTION

# %%
n

# %%
check("W01.Q1", n)

# %% [markdown] tags=["solution"]
# Because a circle is round.

# %%
# hint("W01.Q1")
"""


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of one week with one question, in a folder of its own."""
    week = tmp_path / "course" / "curriculum" / "week01_tiny"
    week.mkdir(parents=True)
    (week / "questions.py").write_text(QUESTIONS)
    (week / "1_lesson.py").write_text("# %% [markdown]\n# # Lesson\n\n# %%\nprint(6 * 7)\n")
    solutions = tmp_path / "course" / "solutions"
    solutions.mkdir()
    (solutions / "week01_tiny.py").write_text(SOLUTION)
    monkeypatch.setenv("WARDROUND_ROOT", str(tmp_path / "course"))
    questions.week_questions_of.cache_clear()
    yield tmp_path / "course"
    questions.week_questions_of.cache_clear()


def rewrite(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.fixture
def built(course, monkeypatch):
    """The tiny course, its exercise built (a solution that needs a hospital is not executed here)."""
    monkeypatch.setattr(build, "executed", lambda path: _unexecuted(path))
    build.build()
    return course


def _unexecuted(path):
    made = build._dressed(notebooks.read(path), path)
    made.metadata["wardround"] = {"source_sha256": build.digest(path)}
    return made


# What is built --------------------------------------------------------------------------------------------------------
def test_blocks_go_and_starters_become_code():
    made = exercise_of(SOLUTION, "x.py")
    assert "    return ...\n" in made and "\nn = ...\n" in made
    assert "math.pi" not in made and "###" not in made


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("### BEGIN SOLUTION\nx = 1\n", "line 1: BEGIN SOLUTION without an END"),
        ("x = 1\n    ### END SOLUTION\n", "line 2: END SOLUTION without a BEGIN"),
        ("### BEGIN SOLUTION\n\n### BEGIN SOLUTION\n", "line 3: BEGIN SOLUTION inside the block of line 1"),
        (
            "### BEGIN SOLUTION\n\n# %%\n### END SOLUTION\n",
            "line 3: the solution block of line 1 does not end in its cell",
        ),
        ("### BEGIN SOLUTON\n", "line 1: unknown marker '### BEGIN SOLUTON'"),
    ],
)
def test_a_wrong_marker_is_named_with_its_line(text, says):
    with pytest.raises(BuildError, match=says):
        exercise_of(text, "x.py")


def test_the_exercise_is_marked_for_run_all_and_for_nbgrader(built):
    for suffix in (".py", ".ipynb"):
        exercise = notebooks.read((built / "exercises" / "week01_tiny").with_suffix(suffix))
        ((question, answer, check),) = notebooks.answers(exercise)
        assert question == "W01.Q1"
        assert exercise.cells[answer].metadata["nbgrader"]["solution"]
        graded = exercise.cells[check].metadata
        assert graded["nbgrader"]["grade_id"] == "w01-q1-check" and graded["tags"] == ["raises-exception"]
        assert "circle" not in "".join(cell.source for cell in exercise.cells)


def test_a_second_build_writes_nothing(built):
    assert build.build() == []


def test_a_changed_question_builds_again(built):
    rewrite(built / "curriculum" / "week01_tiny" / "questions.py", "a count", "another count")
    assert len(lint.compare()) == 2
    assert {path.name for path in build.build()} == {"1_lesson.ipynb", "week01_tiny.ipynb"}


def test_executing_keeps_outputs_and_nothing_of_this_machine(course):
    made = build.executed(course / "curriculum" / "week01_tiny" / "1_lesson.py")
    assert made.cells[1].outputs[0].text == "42\n" and made.cells[1].id == "w01l1-002"
    assert str(course) not in build._text(made) and "execution" not in made.cells[1].metadata


@pytest.mark.parametrize(
    ("cell", "says"),
    [("1 / 0", "ZeroDivisionError"), ("import sys; print('careful', file=sys.stderr)", "wrote to stderr: careful")],
)
def test_a_cell_that_fails_or_complains_stops_the_build(course, cell, says):
    path = course / "curriculum" / "week01_tiny" / "1_lesson.py"
    rewrite(path, "print(6 * 7)", cell)
    with pytest.raises(BuildError, match=says):
        build.executed(path)


def test_the_solution_can_be_shown(course):
    code, why = notebooks.solution_of("W01.Q1")
    assert "n = area(2.0) + 40 - 2" in code and "###" not in code and why == "Because a circle is round."
    with pytest.raises(LookupError):
        notebooks.solution_of("W01.Q2")


# The lints, each seen to catch ----------------------------------------------------------------------------------------
def test_a_sound_course_has_no_problem(built):
    assert lint.every() == []


def test_an_edited_exercise_is_caught(built):
    rewrite(built / "exercises" / "week01_tiny.ipynb", "n = ...", "n = 12345")
    assert "differs from its source" in lint.compare()[0]


def test_lost_metadata_is_caught(built):
    rewrite(built / "exercises" / "week01_tiny.py", ' tags=["raises-exception"]', "")
    assert "other metadata" in lint.compare()[0]


def test_a_changed_source_is_caught(built):
    rewrite(built / "curriculum" / "week01_tiny" / "1_lesson.py", "6 * 7", "6 * 8")
    assert "was not built" in lint.compare()[0] and "differs" in lint.compare()[1]


def test_a_leaked_answer_is_caught(built):
    rewrite(built / "exercises" / "week01_tiny.py", "n = ...", "n = ...  # n = area(2.0) + 40 - 2")
    assert lint.leaks() == ["week01_tiny.py holds a line of the solution: n = area(2.0) + 40 - 2"]


@pytest.mark.parametrize("line", ["%matplotlib inline", "!ls", "math?", "get_ipython().run_line_magic('time', '')"])
def test_a_cell_that_only_jupyter_can_run_is_caught(course, line):
    rewrite(course / "solutions" / "week01_tiny.py", "# %%\nn\n", f"# %%\n{line}\n")
    assert any("magic" in problem for problem in lint.cells())


def test_a_question_without_a_check_is_caught(course):
    rewrite(course / "solutions" / "week01_tiny.py", 'check("W01.Q1", n)', "n")
    assert lint.cells() == ["week01_tiny.py checks W01.Q1 0 times; once is right."]


# The course itself ----------------------------------------------------------------------------------------------------
def test_everything_committed_is_as_a_fresh_build_writes_it():
    assert notebooks.sources(), "the course has no notebook"
    assert lint.every() == []


def test_the_committed_notebooks_hold_nothing_of_the_machine_they_were_built_on():
    for path in [source.with_suffix(".ipynb") for source in notebooks.sources()]:
        text = path.read_text(encoding="utf-8")
        assert str(ROOT) not in text and "site-packages" not in text, path.name
