"""A week of three questions with its answers about it, and a box to attack it from: for the tests of the grader."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from conftest import ROOT, require
from wardround.course import landlock, runner
from wardround.course.given import _names, given
from wardround.course.grading import sandbox as boxes
from wardround.course.grading.shelf import _handed, shelf
from wardround.course.keys import week_keys
from wardround.course.questions import week_questions, week_questions_of
from wardround.course.verdicts import Expected, judge

CACHED = (week_questions_of, week_keys, given, _names, shelf, _handed)  # a test before may have opened the real week 9
SECRET = "quokka-8121"  # stands in everything that no box may show
QUESTIONS = """
from wardround.course.given import given
from wardround.course.questions import question
HINTS = ["a", "b", "c", "d"]
question("W09.Q1", answer="n", title="A number", expects="a whole number", hints=HINTS)
question("W09.Q2", answer="f", title="A function", expects="a function", kind="function", hints=HINTS,
    ask=lambda f, hospital: f(given(9).patients(hospital)))
question("W09.Q3", answer="after", title="Another", expects="a number", hints=HINTS)
"""
FIXTURES = """
from pathlib import Path
from wardround.course.given import apart
BESIDE = ("shown.py",)

def patients(hospital):
    return [p["id"] for p in hospital.resources("Patient")]

@apart
def drawn(hospital):
    import runpy
    return runpy.run_path(str(Path(__file__).with_name("bank.py")))["drawn"]
"""
KEYS = f"""
# {SECRET}
from wardround.course.compare import number
from wardround.course.keys import key, misconception
def wrong(n):
    return [misconception(f"m{{k}}", answer=n(k), says="s", so_what="w", look_at="l") for k in range(3)]
known = dict(same=number(atol=0.1), right="yes", look_at="there")
key("W09.Q1", reference=lambda hospital, truth: 42, misconceptions=wrong(lambda k: lambda h: k), **known)
key("W09.Q2", reference=lambda hospital, truth: 7, misconceptions=wrong(lambda k: lambda rows: k), **known)
key("W09.Q3", reference=lambda hospital, truth: 42, misconceptions=wrong(lambda k: lambda h: k), **known)
"""
GOOD = ("n = 42", "def f(rows):\n    return len(rows)", "after = 42")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A week 9 of three questions, its answers in the files where a week has them, and a hospital with a truth."""
    root = tmp_path_factory.mktemp("course")
    week = root / "curriculum" / "week09_attacked"
    week.mkdir(parents=True)
    texts = {"questions.py": QUESTIONS, "fixtures.py": FIXTURES, "keys.py": KEYS, "shown.py": "x = 1"}
    texts |= {"bank.py": f"drawn = ['one', 'two']  # {SECRET}", "quiz.toml": SECRET, "memo.md": SECRET}
    for name, text in texts.items():
        (week / name).write_text(text)
    (root / "solutions").mkdir()
    (root / "solutions" / "week09_attacked.py").write_text(f"# %%\n# {SECRET}\nn = 42")
    for role in ("here", "unseen"):
        shutil.copytree(ROOT / "datasets" / "sample", root / role, ignore=shutil.ignore_patterns("cache"))
        (root / role / "truth").mkdir()
        (root / role / "truth" / "persons.csv").write_text(SECRET)
        (root / role / "manifest.json").write_text(json.dumps({"seed": SECRET}))
        (root / role / "draws.json").write_text(json.dumps({"secret": SECRET}))
    (root / "other-learner.ipynb").write_text(SECRET)
    for cached in CACHED:
        cached.cache_clear()
    kept = {name: os.environ.get(name) for name in ("WARDROUND_ROOT", "WARDROUND_GRADER")}
    os.environ |= {"WARDROUND_ROOT": str(root), "WARDROUND_GRADER": SECRET}
    yield root
    for name, value in kept.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})
    for cached in CACHED:
        cached.cache_clear()


@pytest.fixture(params=["L1", "L2"])
def box(request):
    """Each box that holds; as root the second is none for use, but its walls can be tried."""
    if request.param == "L1":
        require("bwrap")
        assert boxes._bubblewrap_works(), "bubblewrap is there and does not work"
    elif not landlock.version():
        pytest.skip("this kernel has no Landlock")
    return boxes.Sandbox(request.param, "")


@pytest.fixture
def ran(course, box, tmp_path):
    """Run cells in a box, as the grader does."""

    def run(*cells, cell_seconds=4.0, limit=40.0):
        path = tmp_path / "handed-in.ipynb"
        path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells]}))
        return done(course, path, box, cell_seconds=cell_seconds, limit=limit)

    return run


def done(course, path, box, **how):
    hospitals = {role: course / role for role in ("here", "unseen")}
    return runner.run(path, 9, hospitals, sandbox=box, **how)


def here(run, id="W09.Q1"):
    return run.answers[id]["here"]


def verdict(run, id):
    key = week_keys(9).keys[id]
    known = Expected(None, key.reference(None, None), {wrong.name: -1 for wrong in key.misconceptions})
    return judge(week_questions(9)[id], key, run.answers[id], {"here": known, "unseen": known}).kind
