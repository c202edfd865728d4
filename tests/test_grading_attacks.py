"""Every attack that graders are known to fall to, running, in each box that this machine has.

The rule throughout: a submission may spoil its own answers. It never gets a right one that it did not have, never
learns one, reaches nothing outside, and the next submission is as well off as the first.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT, require
from wardround.course import landlock, plain, process, runner
from wardround.course.given import given
from wardround.course.grading import sandbox as boxes
from wardround.course.grading.reading import Unreadable, read_cells
from wardround.course.grading.shelf import shelf
from wardround.course.keys import week_keys
from wardround.course.questions import week_questions, week_questions_of
from wardround.course.verdicts import Expected, judge

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
    for cached in (week_questions_of, week_keys, given, shelf):
        cached.cache_clear()
    kept = {name: os.environ.get(name) for name in ("WARDROUND_ROOT", "WARDROUND_GRADER")}
    os.environ |= {"WARDROUND_ROOT": str(root), "WARDROUND_GRADER": SECRET}
    yield root
    for name, value in kept.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})
    for cached in (week_questions_of, week_keys, given, shelf):
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


def test_a_good_submission_is_right_in_the_box(ran):
    run = ran(*GOOD)
    assert (run.ended, run.skipped, run.troubles) == ("", (), ())
    assert verdict(run, "W09.Q1") == verdict(run, "W09.Q3") == "right" and here(run, "W09.Q2") > 10


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
        Path.home(),
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
    run = ran("n = 42", cell, "after = 42", cell_seconds=1.0)
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


# 12: reading ---------------------------------------------------------------------------------------------------------
BROKEN = {
    "no JSON": b'{"cells": [',
    "deep": b"[" * 200_000 + b"]" * 200_000,
    "deep cells": b'{"cells": [{"cell_type": "code", "source": ' + b"[" * 50_000,
    "empty": b"  ",
    "a list": b"[1, 2]",
    "no cells": b'{"cells": {"cell_type": "code"}}',
    "no UTF-8": b'{"cells": [{"cell_type": "code", "source": "\xff\xfe"}]}',
    "zeros": b"\0" * 1000,
    "too large": b"[" + b" " * (21 * 2**20) + b"]",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_what_is_no_notebook_is_said_to_be_none(tmp_path, content):
    path = tmp_path / "a b\n;$(id) ü.ipynb"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=r"^It is .*\.$"):
        read_cells(path)


def test_links_folders_and_pipes_are_not_read(tmp_path):
    (tmp_path / "secret.py").write_text("n = 1")
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "secret.py")
    (tmp_path / "folder.ipynb").mkdir()
    os.mkfifo(tmp_path / "pipe.ipynb")
    for name in ("link", "folder", "pipe", "missing"):
        with pytest.raises(Unreadable):
            read_cells(tmp_path / f"{name}.ipynb")


def test_cells_of_every_kind_of_file(tmp_path):
    script = "# ---\n# jupyter:\n# ---\n\n# %% [markdown]\n# text\n\n# %% tags=['x']\na = 1\n\n# %%\n# %%\nb = 2\n"
    odd = {"cells": [{"cell_type": "code", "source": ["a = 1\n", 3, "b"]}, 7, {"cell_type": "markdown", "source": "x"}]}
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": "a = 1"}]}]}
    exported = "#!/usr/bin/env python\n# In[1]:\n\n\na = 1\n\n\n# In[ ]:\n\nb = 2\n"
    for name, text, cells in (
        ("percent.py", script, ["a = 1", "b = 2"]),
        ("plain.py", "a = 1\nb = 2", ["a = 1\nb = 2"]),
        ("exported.py", exported, ["#!/usr/bin/env python", "a = 1", "b = 2"]),
        ("odd.ipynb", json.dumps(odd), ["a = 1\nb"]),
        ("old.ipynb", "\ufeff" + json.dumps(old), ["a = 1"]),
    ):
        (tmp_path / name).write_text(text)
        assert [cell.strip() for cell in read_cells(tmp_path / name)] == cells, name


def test_answers_count_by_name_whatever_became_of_the_cells(ran, course, tmp_path, box):
    """20: ids, tags and nbgrader's metadata stripped; 11: cells moved and doubled."""
    moved = ran(GOOD[2], GOOD[1], "n = 1", GOOD[0], GOOD[0])
    assert verdict(moved, "W09.Q1") == verdict(moved, "W09.Q3") == "right"


# 13-19: the machine --------------------------------------------------------------------------------------------------
def test_output_is_cut_and_harmless(ran):
    run = ran("import sys\nfor k in range(50):\n    print('<script>\\x1b[2J' + 'x' * 2**20)", "n = after = 42")
    assert len(run.output) <= process.OUTPUT and run.output.startswith("<script>\x1b[2J")  # pages escape it
    assert verdict(run, "W09.Q1") == "right" and not run.ended


def test_what_a_submission_starts_ends_with_it(ran, box, tmp_path):
    mark = f"left-over-{os.getpid()}-{time.monotonic_ns()}"
    cell = f"""
import os, subprocess, sys, threading
program = "import time; time.sleep(120)"
subprocess.Popen([sys.executable, "-c", program, {mark!r}], stdout=subprocess.DEVNULL)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", program, {mark!r}])
    os._exit(0)
threading.Thread(target=lambda: [None for k in iter(int, 1)]).start()
"""
    run = ran(cell, "n = after = 42")
    assert verdict(run, "W09.Q1") == "right" and not run.troubles
    assert _alive(mark) == []


def _alive(mark):
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in entry.read_bytes():
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found


def test_a_fork_bomb_is_bounded(ran, box):
    if boxes._is_root():
        pytest.skip("limits on processes do not bind root; the run's end by time does")
    run = ran("import os\nwhile True:\n    os.fork()", "n = after = 42", cell_seconds=1.0, limit=15)
    assert run.answers


def test_nobody_outside_can_be_killed(ran):
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        pids = f"({bystander.pid}, os.getppid(), {os.getpid()})"
        cell = f"import os\nfor pid in {pids}:\n    try:\n        os.kill(pid, 9)\n    except OSError:\n        pass"
        run = ran("n = 42", cell, "after = 42")
        assert bystander.poll() is None and verdict(run, "W09.Q1") == "right"
    finally:
        bystander.kill()
        bystander.wait()


def test_nobody_outside_can_be_signalled(ran, box):
    """Where Landlock alone stands between a test and this machine's processes, the signal is 0, which does nothing."""
    if box.level == "L1":
        assert verdict(ran("n = 42", "import os\nos.kill(-1, 9)\nos.kill(1, 9)", "after = 42"), "W09.Q1") == "right"
        return
    if landlock.version() < 6:
        pytest.skip("signals are closed from version 6 of Landlock on")
    outside = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    cell = """
import os
n = []
for pid in PIDS:
    try:
        os.kill(pid, 0)
        n.append(pid)
    except OSError:
        pass"""
    run = ran(cell.replace("PIDS", repr(outside)))
    assert not run.troubles and here(run) == []


def test_there_is_no_network(ran, box):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as quiet_one:
        quiet_one.bind(f"\0wardround-{os.getpid()}")
        quiet_one.listen()
        cell = f"""
import socket
n = []
def tried(name, family, kind, address):
    try:
        with socket.socket(family, kind) as one:
            one.settimeout(2)
            one.connect(address) if kind != socket.SOCK_DGRAM else one.sendto(b"x", address)
        n.append(name)
    except OSError:
        pass
tried("tcp", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", {server.getsockname()[1]}))
tried("abstract", socket.AF_UNIX, socket.SOCK_STREAM, "\\0wardround-{os.getpid()}")
tried("udp", socket.AF_INET, socket.SOCK_DGRAM, ("192.0.2.1", 53))
try:
    socket.getaddrinfo("example.org", 80)
    n.append("dns")
except OSError:
    pass"""
        open_here = {"udp"} if box.level == "L2" else set()
        open_here |= {"abstract"} if box.level == "L2" and landlock.version() < 6 else set()
        run = ran(cell)
    assert not run.troubles and set(here(run)) <= open_here


def test_writing_is_bounded_and_ends_with_the_box(ran, box):
    cell = """
import errno, os
n = {}
def fill(folder, most=300):
    written = 0
    for k in range(most // 50):
        try:
            with open(os.path.join(folder, f"big{k}"), "wb") as file:
                for _ in range(50):
                    written += file.write(bytes(2**20))
        except OSError:
            break
    return written >> 20
for folder in ("/", "/dev", "/box", "/box/course", "/usr", "/etc", "/proc", os.path.expanduser("~/..")):
    n[folder] = fill(folder)
n["shm"] = fill("/dev/shm")
try:
    with open("one", "wb") as file:
        file.truncate(4 * 2**30)
except OSError as trouble:
    n["4 GB"] = trouble.errno"""
    run = ran(cell, cell_seconds=20)
    written = here(run)
    assert not run.troubles and written.pop("4 GB") == 27  # EFBIG
    assert written.pop("shm") <= 16 and set(written.values()) == {0}


def test_a_full_box_is_full(ran, box):
    if box.level == "L2":
        pytest.skip("Landlock bounds no folder: only each file, and the run by its time")
    cell = """
n, k = 0, 0
try:
    for k in range(20):
        with open(f"/tmp/{k}", "wb") as file:
            for _ in range(50):
                n += file.write(bytes(2**20))
except OSError:
    pass
n >>= 20"""
    assert here(ran(cell, cell_seconds=20)) <= 64


def test_a_million_empty_files_end_with_the_run(ran):
    run = ran("k = 0\nwhile True:\n    open(str(k), 'w').close()\n    k += 1", "n = after = 42", cell_seconds=2.0)
    assert verdict(run, "W09.Q1") == "right"


def test_rubbish_on_every_descriptor_spoils_nothing_but_the_run(ran):
    cell = (
        "import os\nfor k in range(1, 64):\n    try:\n        os.write(k, b'{{\\xff[' * 9000)\n    except OSError: pass"
    )
    run = ran("n = 42", cell, "after = 42")
    assert verdict(run, "W09.Q1") == "right" or here(run).error == "NoAnswer"
    flood = "import os\nfor k in range(3, 12):\n    try:\n        for _ in range(700): os.write(k, b'x' * 2**16)\n"
    run = ran(flood + "    except OSError: pass", "n = 42")
    assert "32 MB" in run.troubles[0].message and run.skipped == (0,) and verdict(run, "W09.Q1") == "right"


def test_strange_values_come_as_they_are(ran):
    table = "import pandas as pd\nafter = pd.DataFrame({'a': range(1_000_000), 'b': 'text' * 9})"
    run = ran("n = [float('nan'), float('inf'), 10**400, '\\ud800']", table)
    assert here(run).error and here(run, "W09.Q3").error == "TooLarge"
    deep = ran("n = []\nfor k in range(100_000):\n    n = [n]", "after = 42")
    assert here(deep).error == "RecursionError" and verdict(deep, "W09.Q3") == "right"


def test_the_hospital_cannot_be_altered(ran, course):
    cell = """
import os
from wardround import load
top, n = load().path.parent, 0
for folder, _, files in os.walk(top):
    for name in files:
        for way in (lambda p: open(p, "r+b").close(), os.remove, lambda p: os.rename(p, p + "x")):
            try:
                way(os.path.join(folder, name))
                n += 1
            except OSError:
                pass"""
    run = ran(cell)
    assert not run.troubles and here(run) == 0


def test_what_is_right_on_one_hospital_only_is_not_right(ran):
    run = ran("n = 42", "def f(rows):\n    return 7 if len(rows) == 1 else 8")
    assert verdict(run, "W09.Q2") != "right"


def test_the_next_submission_is_as_well_off_as_the_first(ran):
    first = ran(*GOOD)
    ran("import os, shutil\nshutil.rmtree('.', ignore_errors=True)\nopen('n.py', 'w').write('n = 1')\nos._exit(1)")
    assert ran(*GOOD).answers == first.answers


# 22, 23: refusing ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("level", "root", "trust", "refused"), [
    ("L1", True, False, ""), ("L2", False, False, ""), ("L3", False, True, ""), ("L4", False, True, ""),
    ("L2", True, False, "as root"), ("L3", True, True, "as root"), ("L3", False, False, "trust-submissions"),
    ("L4", False, False, "trust-submissions"),
])  # fmt: skip
def test_a_machine_without_a_box_is_refused(monkeypatch, level, root, trust, refused):
    ladder = tuple((name, lambda name=name: name >= level) for name, _ in boxes._LADDER)
    monkeypatch.setattr(boxes, "_LADDER", ladder)
    monkeypatch.setattr(boxes, "_is_root", lambda: root)
    if refused:
        with pytest.raises(boxes.NoSandbox, match=refused):
            boxes.best(trust=trust)
    else:
        assert boxes.best(trust=trust).level == level and len(boxes.best(trust=trust).says) > 20


def test_a_bubblewrap_that_may_not_is_no_box(monkeypatch, tmp_path):
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'setting up uid map: Permission denied' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert not boxes._bubblewrap_works()
