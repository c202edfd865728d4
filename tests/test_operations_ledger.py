"""The log of releases: what was acknowledged stays, and what was changed afterwards is found."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import pytest
from conftest import ROOT, require
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from wardround.operations.ledger import NOTHING, Anchor, Ledger, Line, LogUnreadable, NotLogged, Overtaken

OURS = os.environ | {"PYTHONPATH": str(ROOT / "helpers")}
WRITER = """
import sys
from wardround.operations.ledger import Ledger
for k in range(int(sys.argv[2])):
    print(Ledger(sys.argv[1]).append(sys.argv[3], "counted", {"k": k, "text": "x" * 200}).number, flush=True)
"""


def written(folder, lines=5):
    log = Ledger(folder / "log.db")
    for k in range(lines):
        log.append("m.vogt", "released", {"version": k})
    return log


def behind(log, *statements):
    """Change the file as its owner could: with the triggers dropped."""
    with closing(sqlite3.connect(log.path)) as file:
        for name in ("no_update", "no_delete", "in_order"):
            file.execute(f"DROP TRIGGER IF EXISTS {name}")
        for statement in statements:
            file.execute(*statement)
        file.commit()


def test_lines_come_back_in_order_and_follow_from_each_other(tmp_path):
    assert Ledger(tmp_path / "none.db").lines() == [] and Ledger(tmp_path / "none.db").verify() is None
    assert not (tmp_path / "none.db").exists(), "reading makes no file"
    log = written(tmp_path)
    lines = log.lines()
    assert [line.told()["version"] for line in lines] == [0, 1, 2, 3, 4]
    assert lines[0].before == NOTHING and [line.before for line in lines[1:]] == [line.hash for line in lines[:-1]]
    assert log.verify() is None and log.verify(log.anchor()) is None and log.anchor() == (5, lines[-1].hash)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE line SET actor = 'x' WHERE number = 2",
        "DELETE FROM line WHERE number = 5",
        "DELETE FROM line",
        "INSERT OR REPLACE INTO line SELECT number, at, 'x', action, detail, before, hash FROM line WHERE number = 2",
        "INSERT INTO line SELECT 9, at, actor, action, detail, before, hash FROM line WHERE number = 2",
    ],
)
def test_the_file_itself_refuses_a_change(tmp_path, statement):
    log = written(tmp_path)
    with closing(sqlite3.connect(log.path)) as file, pytest.raises(sqlite3.IntegrityError, match="a line of the log"):
        file.execute(statement)
    assert len(log.lines()) == 5 and log.verify(log.anchor()) is None


def rows_of(count):
    rows, before = [], NOTHING
    for k in range(1, count + 1):
        row = Line(k, f"2026-03-{k:02}T08:00:00.000Z", "m.vogt", "released", json.dumps({"version": k}), before, "")
        rows.append(row._replace(hash=row.digest()))
        before = rows[-1].hash
    return rows


def chained(rows):
    """The rows numbered and hashed anew from the first: what the owner of the file can do."""
    made, before = [], NOTHING
    for number, row in enumerate(rows, 1):
        row = row._replace(number=number, before=before)
        made.append(row._replace(hash=row.digest()))
        before = made[-1].hash
    return made


@st.composite
def attacked(draw):
    """A log, what was done to it, and the first line that is not what it was."""
    rows = rows_of(draw(st.integers(2, 7)))
    changed = list(rows)
    place = draw(st.integers(0, len(rows) - 1))
    kind = draw(st.sampled_from(["edit", "delete", "insert", "swap", "cut"]))
    if kind == "edit":
        name = draw(st.sampled_from(Line._fields[1:]))
        changed[place] = rows[place]._replace(**{name: draw(st.text("abc0 é{}", max_size=12))})
    elif kind == "delete":
        del changed[place]
    elif kind == "insert":
        changed.insert(place, rows[place]._replace(actor="someone else"))
    elif kind == "swap":
        other = draw(st.integers(0, len(rows) - 1))
        changed[place], changed[other] = rows[other], rows[place]
    else:
        del changed[place:]
    hand = draw(st.sampled_from(["as it is", "numbered", "hashed", "chained"]))
    if hand == "numbered" or kind in ("insert", "swap"):
        changed = [row._replace(number=k) for k, row in enumerate(changed, 1)]
    if hand == "hashed":
        changed = [row._replace(hash=row.digest()) for row in changed]
    if hand == "chained":
        changed = chained(changed)
    assume(changed[: len(rows)] != rows)
    first = next((k for k, pair in enumerate(zip(rows, changed, strict=False), 1) if pair[0] != pair[1]), None)
    return rows, changed, first or len(changed) + 1


def stored(path, rows):
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA synchronous=OFF")
        file.execute("CREATE TABLE line (number INTEGER, at, actor, action, detail, before, hash)")
        file.executemany("INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        file.commit()
    return Ledger(path)


@settings(max_examples=150)
@given(attacked())
def test_any_edit_deletion_insertion_or_swap_is_found_with_the_anchor(tmp_path_factory, attack):
    rows, changed, first = attack
    path = tmp_path_factory.getbasetemp() / "attacked.db"
    anchor = Anchor(len(rows), rows[-1].hash)
    assert stored(path, rows).verify(anchor) is None
    broken = stored(path, changed).verify(anchor)
    assert broken is not None
    if changed != chained(changed):  # the hand that chains anew is found where the anchor is, any other at its place
        assert broken.number <= first + 1


def test_without_an_anchor_a_chain_built_anew_looks_whole(tmp_path):
    log = written(tmp_path)
    anchor, rows = log.anchor(), log.lines()
    other = stored(tmp_path / "other.db", chained([rows[0]._replace(actor="x"), *rows[1:]]))
    assert other.verify() is None and other.verify(anchor).number == 5


def test_an_edit_behind_dropped_triggers_is_told_at_its_line(tmp_path):
    log = written(tmp_path)
    behind(log, ("UPDATE line SET detail = '{\"version\": 7}' WHERE number = 3",))
    assert log.verify() == (3, "line 3 was changed: its hash is of other words")


def test_two_processes_write_one_chain(tmp_path):
    path = tmp_path / "log.db"
    both = [
        subprocess.Popen([sys.executable, "-c", WRITER, path, "30", name], stdout=subprocess.DEVNULL, env=OURS)
        for name in ("one", "two")
    ]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    lines = Ledger(path).lines()
    assert sorted(line.actor for line in lines) == ["one"] * 30 + ["two"] * 30
    assert Ledger(path).verify() is None


def test_a_writer_waits_for_another_and_follows_it(tmp_path):
    log = written(tmp_path)
    other = sqlite3.connect(log.path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    last = log.lines()[-1]
    line = last._replace(number=6, actor="other", before=last.hash)
    other.execute("INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?)", line._replace(hash=line.digest()))
    later = threading.Timer(0.5, other.execute, ["COMMIT"])
    later.start()
    assert log.append("one", "waited").number == 7
    later.join()
    other.close()
    assert log.verify() is None


def test_a_caller_whose_view_is_old_writes_nothing(tmp_path):
    log = written(tmp_path, 2)
    seen = log.anchor()
    log.append("a", "promoted", after=seen)
    with pytest.raises(Overtaken, match="line 3 now and ended at line 2"):
        log.append("b", "promoted", after=seen)
    assert [line.actor for line in log.lines()] == ["m.vogt", "m.vogt", "a"]


@pytest.mark.parametrize("bad", [("", "x", {}), ("x", " ", {}), ("x", "y", {"p": float("nan")})])
def test_a_line_says_who_and_what_in_json(tmp_path, bad):
    with pytest.raises(ValueError):
        Ledger(tmp_path / "log.db").append(*bad)
    assert Ledger(tmp_path / "log.db").lines() == []


def test_a_kill_in_the_middle_loses_no_acknowledged_line(tmp_path):
    path = tmp_path / "log.db"
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, path, "100000", "one"], stdout=subprocess.PIPE, text=True, env=OURS
    )
    for _ in range(12):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read().split()
    acknowledged = int(rest[-1]) if rest else 12
    process.wait()
    log = Ledger(path)
    assert acknowledged <= len(log.lines()) <= acknowledged + 1 and log.verify() is None
    assert log.append("two", "went on").number == len(log.lines())


FULL = """
import sys
from wardround.operations.ledger import Ledger, NotLogged
log = Ledger(sys.argv[1] + "/log.db")
told = 0
try:
    for k in range(2000):
        told = log.append("one", "counted", {"k": k, "text": "x" * 2000}).number
except NotLogged as trouble:
    print("NotLogged", trouble)
print(told, len(log.lines()), log.verify())
"""
BY_LIMIT = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
BY_LIMIT += "resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))\n"


def full_disk(folder):
    """A command prefix under which ``folder`` is a memory disk of 200 kB."""
    require("bwrap")
    return ["bwrap", "--bind", "/", "/", "--dev", "/dev", "--size", "204800", "--tmpfs", str(folder)]


@pytest.mark.parametrize("how", ["memory disk", "file limit"])
def test_a_full_disk_refuses_the_line_and_keeps_the_others(tmp_path, how):
    prefix, first = (full_disk(tmp_path), "") if how == "memory disk" else ([], BY_LIMIT)
    command = [*prefix, sys.executable, "-c", first + FULL, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120, env=OURS)
    made = done.stdout.splitlines()
    assert made[0].startswith("NotLogged “counted” by one was not written") and "do not act on it" in made[0]
    told, there, broken = made[1].split(maxsplit=2)
    assert int(told) > 10 and told == there and broken == "None"


def test_damaged_bytes_are_told_and_not_written_over(tmp_path):
    log = written(tmp_path, 60)
    anchor = log.anchor()
    content = bytearray(log.path.read_bytes())
    content[4096 * 2 : 4096 * 2 + 200] = b"\xff" * 200
    log.path.write_bytes(content)
    assert "cannot be read" in log.verify(anchor).why or "not there" in log.verify(anchor).why
    log.path.write_bytes(b"this is no database" * 300)
    assert "cannot be read from line 1 on" in log.verify(anchor).why
    with pytest.raises(LogUnreadable, match="last copy whose end is the anchor"):
        log.lines()
    with pytest.raises(NotLogged, match="was not written"):
        log.append("one", "tried")
    assert log.path.read_bytes().startswith(b"this is no database")
    log.path.write_bytes(b"")
    assert log.verify(anchor).number == 1, "a log that was emptied is found by its anchor"


def test_a_table_of_other_columns_is_told(tmp_path):
    with closing(sqlite3.connect(tmp_path / "log.db")) as file:
        file.execute("CREATE TABLE line (number INTEGER, other)")
        file.execute("INSERT INTO line VALUES (1, x'00')")
        file.commit()
    assert Ledger(tmp_path / "log.db").verify().number == 1
    with pytest.raises(LogUnreadable):
        Ledger(tmp_path / "log.db").lines()
