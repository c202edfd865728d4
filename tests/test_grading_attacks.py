"""Every attack that graders are known to fall to, running, in each box that this machine has.

The rule throughout: a submission may spoil its own answers. It never gets a right one that it did not have, never
learns one, reaches nothing outside, and the next submission is as well off as the first.
"""

# ruff: noqa: F811 (a fixture that is imported is named again where a test asks for it)
from __future__ import annotations

import os
from pathlib import Path

import pytest
from attacked import GOOD, SECRET, box, course, done, here, ran, verdict  # noqa: F401
from conftest import ROOT
from wardround.course import plain, process, runner
from wardround.course.grading import sandbox as boxes
from wardround.course.grading.shelf import shelf


def test_a_good_submission_is_right_in_the_box(ran):
    run = ran(*GOOD)
    assert (run.ended, run.skipped, run.troubles) == ("", (), ())
    assert verdict(run, "W09.Q1") == verdict(run, "W09.Q3") == "right" and here(run, "W09.Q2") > 10


def test_without_a_box_marks_are_honest_all_the_same(course, tmp_path):
    """Levels 3 and 4: the machine is open, forging is not."""
    for name, cells in {"good.py": GOOD, "forged.py": (FORGERIES["3 the exporter"], "after = 41")}.items():
        (tmp_path / name).write_text("\n\n".join(f"# %%\n{cell}" for cell in cells))
    good, forged = (done(course, tmp_path / name, boxes.Sandbox("L3", "")) for name in ("good.py", "forged.py"))
    assert verdict(good, "W09.Q1") == "right" != verdict(forged, "W09.Q1") and not good.ended


# 1-5: forging -------------------------------------------------------------------------------------------------------
FORGED = '{"question": "W09.Q1", "role": "here", "seconds": 0.1, "answer": {"score": 8}, "verdict": "right", "p": 8}'
FORGERIES = {
    "1 the check's cell": """
def check(*a, **k):
    return "right"
import wardround
wardround.check = check
n = 41""",
    "2 the judge": """
import wardround.course.compare as c
n = 41
for name in dir(c):
    thing = getattr(c, name)
    if isinstance(thing, type):
        try:
            thing.distance = lambda *a: 0.0
        except TypeError:
            pass""",
    "3 the exporter": """
import builtins, json, math
from wardround.course import asking, child, plain
n = 41
plain.dump = lambda v: b'{"score": 8, "verdict": "right"}'
asking.put = child.put = lambda *a, **k: b"true"
builtins.isinstance = lambda *a: True
math.isfinite = json.dumps = lambda *a, **k: True""",
    "4 lines of its own": f"""
import os
n = 41
for k in range(3, 64):
    try:
        os.write(k, ({FORGED!r} + chr(10)).encode() * 3)
    except OSError:
        pass""",
    "5 a float that equals all": """
class Yes(float):
    __eq__ = __le__ = __ge__ = __lt__ = __gt__ = lambda *a: True
    __hash__ = None
    __sub__ = __rsub__ = __abs__ = lambda *a: Yes(0)
n = Yes(41)""",
    "5 a table that equals all": """
import pandas as pd
class T(pd.DataFrame):
    equals = __eq__ = lambda *a: True
n = T({"a": [1]})""",
    "5 a dictionary and a text": """
class D(dict):
    __eq__ = lambda *a: True
class S(str):
    pass
n = D(a=S("42"))""",
}


@pytest.mark.parametrize("cell", FORGERIES.values(), ids=FORGERIES)
def test_forgery_gives_no_right_answer(ran, cell):
    run = ran(cell, "after = 41")
    assert verdict(run, "W09.Q1") != "right" and verdict(run, "W09.Q3") != "right"


def test_of_a_forged_line_nothing_but_a_known_answer_counts():
    lines = [
        FORGED.encode(),
        b'{"question": "W09.Q7", "role": "here", "answer": 42}',
        b'{"question": ["W09.Q1"], "role": {}, "answer": 42}',
        b'{"cell": 1e99, "error": [], "message": 3}',
        b'{"question": "W09.Q1", "role": "truth", "answer": 42}',
        b'{"question": "W09.Q3", "role": "here", "answer": {"$": "frame", "rows": 99999999999, "columns": {}}}',
        b'{"question": "W09.Q3", "role": "here", "answer": {"$": "raised", "v": [[], {}, 3]}}',
        b'{"question": "W09.Q3", "role": "here", "answer": {"$": "int", "v": "1' + b"0" * 9999 + b'"}}',
        b'{"question": "W09.Q3", "role": "here", "answer": ' + b"[" * 900 + b"]" * 900 + b"}",
        b"[]",
        b'"cell"',
        b"\xff\xfe",
    ]
    answers = {"W09.Q1": {"here": None}, "W09.Q3": {"here": None}}
    asked = {id: type("Q", (), {"hospitals": ("here",)}) for id in answers}
    run = runner._collected([process.Heard(lines, None, "", "")], asked, {})
    assert run.answers["W09.Q1"] == {"here": {"score": 8}} and run.troubles == () and list(run.answers) == list(answers)
    assert type(run.answers["W09.Q3"]["here"]) in (plain.Raised, list)


# 6: reading ----------------------------------------------------------------------------------------------------------
SEARCH = """
import os, stat
word, found, named = bytes(BACKWARDS)[::-1], [], []
def look(path):
    try:
        if not path.startswith("/proc") and not stat.S_ISREG(os.stat(path).st_mode):
            return
        with open(path, "rb") as file:
            if word in file.read(1 << 20):
                found.append(path)
    except OSError:
        pass
def known(folder):  # the system, and libraries: nothing of the course
    return folder in ("/usr", "/sys", "/proc") or "site-packages" in folder or "/lib/python3" in folder
for top in TOPS:
    for folder, folders, files in os.walk(top):
        folders[:] = [name for name in folders if not known(os.path.join(folder, name))]
        for name in files:
            look(os.path.join(folder, name))
            if name in ("keys.py", "quiz.toml", "memo.md", "bank.py", "persons.csv", "draws.json", "ground.json"):
                named.append(os.path.join(folder, name))
try:
    pids = [name for name in os.listdir("/proc") if name.isdigit()]
except OSError:
    pids = []
for pid in [*pids, "self", "1", PARENT]:
    for name in ("environ", "cmdline"):
        look(f"/proc/{pid}/{name}")
told = [name for name, value in os.environ.items() if word.decode() in value]
n = {"found": found, "named": named, "environment": told}
"""


def test_a_search_of_everything_finds_no_answer(ran, box, course):
    tops = ("/",) if box.level == "L1" else (str(course), "/etc", "/home", "/root", "/tmp", "/work", "/var")
    searched = SEARCH.replace("BACKWARDS", repr(list(SECRET.encode()[::-1]))).replace("TOPS", repr(tops))
    run = ran(searched.replace("PARENT", repr(str(os.getpid()))), cell_seconds=30)
    assert not run.troubles and not run.ended
    names = [path for path in here(run)["named"] if not path.endswith("/wardround/course/keys.py")]  # no key in that
    assert here(run)["found"] == [] and here(run)["environment"] == [] and names == []


def test_known_places_are_closed(ran, course):
    places = [course / "here/truth/persons.csv", course / "curriculum/week09_attacked/keys.py", "/etc/passwd"]
    places += [
        course / "here/manifest.json",
        course / "other-learner.ipynb",
        f"/proc/{os.getpid()}/environ",
    ]
    places += [ROOT / "solutions", ROOT / "helpers/wardround/hospital/parameters.py", ROOT / "curriculum"]
    cell = """
import os
n = []
for path in PLACES:
    try:
        n.append([path, os.listdir(path) if os.path.isdir(path) else open(path).read(99)])
    except OSError:
        pass"""
    run = ran(cell.replace("PLACES", repr([str(place) for place in places])))
    assert here(run) == [] and not run.troubles


def test_the_shelf_holds_the_week_and_no_answer(course):
    files = {path.relative_to(shelf(9)).as_posix() for path in shelf(9).rglob("*") if path.suffix != ".pyc"}
    week = {Path(name).name for name in files if name.startswith("curriculum/week09_attacked/")}
    assert week == {"questions.py", "fixtures.py", "shown.py"}
    assert not [name for name in files if "/hospital" in name or "authoring" in name or "grading" in name]
    assert not [path for path in shelf(9).rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]


def test_what_is_made_with_answers_is_handed_into_the_box(ran):
    run = ran("from wardround import given, load\nn = given(9).drawn(load())")
    assert here(run) == ["one", "two"]


# 7-11: breaking ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("cell", ["while True: pass", "import time\ntime.sleep(60)"])
def test_a_cell_without_an_end_costs_itself_alone(ran, cell):
    run = ran("n = 42", cell, "after = 42", cell_seconds=1.0)
    assert run.troubles[0].error == "OutOfTime" and verdict(run, "W09.Q1") == verdict(run, "W09.Q3") == "right"


STUBBORN = {
    "7 swallows the alarm": "def turn():\n    try:\n        [None for k in iter(int, 1)]\n"
    "    except BaseException: turn()\nturn()",
    "7 takes the alarm away": "import signal, time\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\ntime.sleep(60)",
    "9 _exit": "import os\nos._exit(0)",
    "9 abort": "import os\nos.abort()",
    "9 segmentation fault": "import ctypes\nctypes.string_at(0)",
    "15 kills itself": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
}


@pytest.mark.parametrize("cell", STUBBORN.values(), ids=STUBBORN)
def test_a_cell_that_takes_the_process_along_is_skipped(ran, cell):
    run = ran("n = 42", cell, "after = 42", cell_seconds=2.0)
    assert (
        run.ended == "" and run.troubles[0].cell == 1 and (run.skipped == (1,) or run.troubles[0].error == "OutOfTime")
    )
    assert verdict(run, "W09.Q1") == verdict(run, "W09.Q3") == "right"


def test_a_process_is_run_again_twice_and_no_more(ran):
    run = ran("n = 42", *["import os\nos._exit(1)"] * 4, "after = 42")
    assert "code 1" in run.ended and len(run.skipped) == 3 and here(run).error == "NoAnswer"


def test_an_answer_that_takes_the_process_along_costs_itself_alone(ran):
    run = ran("n = 42", "import os\ndef f(rows):\n    os._exit(3)", "after = 42")
    assert "code 3" in here(run, "W09.Q2").message and verdict(run, "W09.Q3") == "right"


def test_an_exit_is_an_error_as_any_other(ran):
    run = ran("n = 42", "import sys\nsys.exit(0)", "raise KeyboardInterrupt", "after = 42")
    assert [trouble.error for trouble in run.troubles] == ["SystemExit", "KeyboardInterrupt"] and not run.skipped
    assert verdict(run, "W09.Q3") == "right"


def test_memory_has_a_limit(ran):
    run = ran("n = 42", "hold = bytearray(16 * 2**30)", "after = 42")
    assert run.troubles[0].error == "MemoryError" and verdict(run, "W09.Q3") == "right"


def test_a_submission_may_delete_all_it_sees(ran, course):
    before = sorted(path for path in course.rglob("*"))
    cells = [
        "import shutil, os\nfrom wardround import load\nh = load()",
        "for top in (os.getcwd(), str(h.path.parent), '/box', os.environ['WARDROUND_ROOT']):\n"
        "    shutil.rmtree(top, ignore_errors=True)",
        "n = 42\nafter = 42",
    ]
    run = ran(*cells)
    assert verdict(run, "W09.Q1") == "right" and sorted(course.rglob("*")) == before


def test_cells_that_are_renamed_wrong_or_twice(ran):
    run = ran("m = 42", "def broken(:", "%matplotlib inline\n!ls\nafter = 41", "after = 42", "%%bash\nrm -rf /")
    assert verdict(run, "W09.Q1") == "not_attempted" and verdict(run, "W09.Q3") == "right"
    assert run.troubles[0].error == "SyntaxError"


def test_an_error_that_cannot_be_described_is_an_error(ran):
    cell = "class E(Exception):\n    def __str__(self):\n        raise SystemExit\nraise E"
    run = ran("n = 42", cell, "def f(rows):\n    raise E", "after = 42")
    assert run.troubles[0].error == "E" and here(run, "W09.Q2").error and verdict(run, "W09.Q3") == "right"
