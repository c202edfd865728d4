"""Attacks on the machine that grades: what is handed in as a file, and what is done from within the box."""

# ruff: noqa: F811 (a fixture that is imported is named again where a test asks for it)
from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from attacked import GOOD, SECRET, box, course, done, here, ran, verdict  # noqa: F401
from conftest import require
from wardround.course import landlock, process
from wardround.course.grading import sandbox as boxes
from wardround.course.grading.reading import Unreadable, read_cells

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


def test_a_fork_bomb_is_bounded(ran):
    if boxes._is_root():
        pytest.skip("limits on processes do not bind root: the next test is another user for it")
    run = ran("import os\nwhile True:\n    os.fork()", "n = after = 42", cell_seconds=1.0, limit=15)
    assert run.answers


def test_the_number_of_processes_is_bounded_in_the_box():
    """Of a user who is not root; as root we become nobody, with the system's Python, which nobody can read."""
    require("bwrap")
    python = "/usr/bin/python3" if boxes._is_root() else sys.executable
    if not os.path.exists(python):
        pytest.skip("this machine has no system Python")
    program = """
import os, resource, time
resource.setrlimit(resource.RLIMIT_NPROC, (60, 60))
made = 0
try:
    for made in range(300):
        if os.fork() == 0:
            time.sleep(5)
            os._exit(0)
except BlockingIOError:
    pass
print(made)"""
    walls = _without_python(boxes._walls({})) if boxes._is_root() else boxes._walls({})
    other = {"user": 65534, "group": 65534, "extra_groups": []} if boxes._is_root() else {}
    command = [*walls, *boxes._closed(), python, "-I", "-c", program]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, **other)
    assert 0 < int(told.stdout) <= 60


def _without_python(walls):
    """Flags without the binds of our own Python, which another user may not reach."""
    kept = list(walls)
    for prefix in {sys.prefix, sys.base_prefix}:
        if prefix in kept:
            place = len(kept) - 1 - kept[::-1].index(prefix)  # --ro-bind, the real place, the place in the box
            del kept[place - 2 : place + 1]
    return kept


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
