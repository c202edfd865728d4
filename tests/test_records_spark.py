"""Spark gives what the local evaluator gives, cell by cell; it says what it could not read, and stays on loopback."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from conftest import EXTERNAL, require
from wardround.hospital import build
from wardround.records import TABLES, RecordsError, ViewError, compile_view, read_export, view_of
from wardround.records import spark as sparks
from wardround.records.spark import session, spark_rows, tally
from wardround.records.tables import Columns

HELPERS = Path(__file__).resolve().parents[1] / "helpers"
TINY = "65536"  # bytes: lines lie across the parts of a file
VIEW = {
    "resource": "Observation",
    "select": [
        {
            "column": [
                {"name": "id", "path": "id", "type": "id"},
                {"name": "n", "path": "value.ofType(integer)", "type": "integer"},
                {"name": "x", "path": "value.ofType(Quantity).value", "type": "decimal"},
                {"name": "sure", "path": "value.ofType(boolean)", "type": "boolean"},
                {"name": "issued_raw", "path": "issued", "type": "instant"},
                {"name": "notes", "path": "note.text", "type": "string", "collection": True},
            ]
        }
    ],
    "where": [{"path": "status = 'final'"}],
}


def observation(key: str | None, status: str = "final", **more) -> dict:
    return {"resourceType": "Observation", **({"id": key} if key else {}), "status": status, **more}


def write(path: Path, *lines: dict | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = b"\n".join(line if type(line) is bytes else json.dumps(line).encode() for line in lines)
    path.write_bytes(gzip.compress(whole) if path.suffix == ".gz" else whole)
    return path


def typed(table: pa.Table) -> tuple[dict, list]:
    """Types by column, and rows in an order that does not depend on who made them."""
    kinds = {field.name: str(field.type).replace("large_", "").replace("element", "item") for field in table.schema}
    return kinds, sorted((tuple(row.values()) for row in table.to_pylist()), key=repr)


def local(view: dict, resources) -> pa.Table:
    columns = Columns(compile_view(view))
    for resource in resources:
        columns.add(resource)
    return columns.table()


@pytest.fixture(scope="module")
def spark():
    require("java")
    running = session()
    yield running
    running.stop()


@pytest.fixture
def small_parts(spark):
    spark.conf.set("spark.sql.files.maxPartitionBytes", TINY)
    yield
    spark.conf.unset("spark.sql.files.maxPartitionBytes")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small") / "hospital"
    build(folder, seed=20, scale=0.02)
    return read_export(folder)


@pytest.fixture(scope="module", params=["quillmere", "synthea"])
def export(request):
    if request.param == "quillmere":
        return request.getfixturevalue("small")
    require("external")
    return read_export(EXTERNAL / "synthea-bulk-10")


# The same rows ----------------------------------------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.parametrize("name", TABLES)
def test_rows_are_the_local_evaluators_cell_by_cell(name, export, spark):
    view = view_of(name)
    found = spark_rows(view, export.path, spark)
    documents = list(export.resources(view["resource"]))
    kinds, rows = typed(found.toArrow())
    assert (kinds, rows) == typed(local(view, documents))
    # And as compile_view says them, before anything is typed; FHIR has no empty text.
    plain = [tuple(None if cell == "" else cell for cell in row.values()) for row in compile_view(view)(documents)]
    columns = compile_view(view).columns
    assert sorted(plain, key=repr) == typed(found.select(*columns).toArrow())[1]
    read = tally(found)
    assert read["documents"].sum() == len(documents)
    assert read[["documents", "others"]].sum().sum() == export.counts["documents"].sum()
    assert read["unreadable"].sum() == len(export.quarantine)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["patients", "labs", "vitals"])
def test_the_last_line_counts_as_in_the_tables(name, small, spark, small_parts):
    assert small.counts.set_index("resource_type").loc[view_of(name)["resource"], "repeated"] > 0
    found = spark_rows(view_of(name), small.path, spark, last_only=True)
    kinds, rows = typed(found.toArrow())
    expected = typed(pa.Table.from_pandas(small.tables[name], preserve_index=False))
    assert (list(kinds), rows) == (list(expected[0]), expected[1])


def test_a_later_version_replaces_an_earlier_one_even_without_rows(tmp_path, spark):
    first = [observation("changed", valueInteger=1), observation("struck"), observation("kept"), observation(None)]
    write(tmp_path / "x.1.ndjson", *first, observation(None), b'{"id": "kept"')
    write(tmp_path / "x.2.ndjson", observation("struck", "entered-in-error"), observation("changed", valueInteger=2))
    every = spark_rows(VIEW, [tmp_path], spark).toArrow().to_pylist()
    assert sorted((row["id"] or "", row["n"] or 0) for row in every) == [
        *[("", 0), ("", 0), ("changed", 1), ("changed", 2), ("kept", 0), ("struck", 0)]
    ]
    last = spark_rows(VIEW, [tmp_path], spark, last_only=True)
    assert sorted((row["id"] or "", row["n"] or 0) for row in last.toArrow().to_pylist()) == [
        *[("", 0), ("", 0), ("changed", 2), ("kept", 0)]
    ]
    assert last.columns == ["id", "n", "x", "sure", "issued_raw", "issued_at", "notes"]
    read = tally(last)[["file", "documents", "unreadable"]]
    assert read.to_numpy().tolist() == [["x.1.ndjson", 5, 1], ["x.2.ndjson", 2, 0]]


def test_types_are_the_views_whatever_the_data_hold(tmp_path, spark):
    lines = [
        observation("a", valueInteger=3, issued="2024-03-10T01:30:00-05:00", note=[{"text": "x"}, {"text": "y"}]),
        observation("b", valueInteger="3", issued="2024-03-10"),
        observation("c", valueQuantity={"value": 4}, issued=""),
        observation("d", valueBoolean=False),
    ]
    found = spark_rows(VIEW, write(tmp_path / "x.ndjson", *lines), spark)
    types = dict(found.dtypes)
    assert types == {
        **{"id": "string", "n": "bigint", "x": "double", "sure": "boolean"},
        **{"issued_raw": "string", "issued_at": "timestamp", "notes": "array<string>"},
    }
    assert typed(found.toArrow()) == typed(local(VIEW, lines))
    rows = {row["id"]: row for row in found.toArrow().to_pylist()}
    assert rows["a"]["issued_at"].isoformat() == "2024-03-10T06:30:00+00:00" and rows["a"]["notes"] == ["x", "y"]
    assert rows["b"]["n"] is None and rows["b"]["issued_at"] is None and rows["b"]["notes"] == []
    assert type(rows["c"]["x"]) is float and rows["c"]["issued_raw"] is None and rows["d"]["sure"] is False


# What cannot be read ----------------------------------------------------------------------------------------------
BAD = [
    b"\xef\xbb\xbf" + json.dumps(observation("marked")).encode(),
    b'{"resourceType": "Observation", "id": "cut", "sta',
    b"[1, 2]",
    b"",
    b'{"id": "nobody"}\r',
    b'{"resourceType": "Observation", "id": "\xff"}',
    json.dumps(observation("windows")).encode() + b"\r",
    json.dumps({"resourceType": "Bundle", "entry": [{"resource": observation("inside")}, {}]}).encode(),
    json.dumps({"resourceType": "Patient", "id": "p"}).encode(),
    json.dumps({"resourceType": "Patient", "id": "q"}).encode(),
    json.dumps(observation("end")).encode(),
]


@pytest.mark.parametrize("name", ["x.ndjson", "x.ndjson.gz", "x.000.jsonl"])
def test_lines_that_cannot_be_read_are_counted_as_read_export_counts_them(name, tmp_path, spark):
    export = read_export(write(tmp_path / "in" / name, *BAD).parent)
    found = spark_rows(VIEW, tmp_path / "in", spark)
    with pytest.raises(RecordsError, match="not read anything yet"):
        tally(found)
    for _ in range(2):  # a second job does not count twice
        assert sorted(row["id"] for row in found.collect()) == ["end", "inside", "marked", "windows"]
    (read,) = tally(found).to_dict("records")
    assert (read["file"], read["documents"], read["others"]) == (name, 4, 2)
    assert read["unreadable"] == len(export.quarantine) == 5
    assert "1 not a JSON object but a list" in read["reasons"] and "1 no resourceType" in read["reasons"]
    assert "nobody" not in read["reasons"] and "cut off after n bytes" in read["reasons"]
    with pytest.raises(RecordsError, match="before any other step"):
        tally(found.limit(1))


def test_names_are_names_and_what_is_not_lines_is_left(tmp_path, spark):
    write(tmp_path / "in" / "a [1]{b}*.ndjson", observation("a"))
    write(tmp_path / "in" / "deep er" / "y%20.NDJSON", observation("b"))
    write(tmp_path / "in" / "whole.json", observation("c"))
    write(tmp_path / "in" / ".hidden.ndjson", observation("d"))
    found = spark_rows(VIEW, tmp_path / "in", spark)
    assert sorted(row["id"] for row in found.collect()) == ["a", "b"]
    assert tally(found)["file"].tolist() == ["a [1]{b}*.ndjson", "deep er/y%20.NDJSON"]
    write(tmp_path / "in" / "_log.ndjson", observation("e"))
    with pytest.raises(RecordsError, match=r"rename _log\.ndjson"):
        spark_rows(VIEW, tmp_path / "in", spark)


def test_nothing_to_read_and_a_wrong_view_are_said_at_once(tmp_path, spark):
    with pytest.raises(RecordsError, match="no file or folder"):
        spark_rows(VIEW, tmp_path / "none", spark)
    with pytest.raises(RecordsError, match=r"no file named \.ndjson"):
        spark_rows(VIEW, write(tmp_path / "x.json", observation("a")).parent, spark)
    with pytest.raises(ViewError, match="which resource"):
        spark_rows({"select": []}, tmp_path, spark)


# What is missing --------------------------------------------------------------------------------------------------
def test_without_java_one_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RecordsError, match="install a Java 17 runtime"):
        session()
    monkeypatch.undo()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(RecordsError, match="install a Java 17 runtime"):
        session()


def test_without_pyspark_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(RecordsError, match=r"pip install 'wardround\[spark\]'"):
        session()


def run(code: str, folder: Path, **environment: str) -> subprocess.CompletedProcess:
    (folder / "tmp").mkdir()
    (folder / "here").mkdir()
    given = os.environ | {"PYTHONPATH": str(HELPERS), "TMPDIR": str(folder / "tmp")} | environment
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder / "here", env=given, capture_output=True, text=True, timeout=300
    )


def test_a_java_that_does_not_do_is_quoted(tmp_path):
    require("java")
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho 'UnsupportedClassVersionError: class file version 61.0.' >&2\nexit 1\n")
    java.chmod(0o755)
    code = "from wardround.records.spark import session\nsession()"
    done = run(code, tmp_path, PATH=f"{tmp_path}:{os.environ['PATH']}", JAVA_HOME="")
    assert done.returncode and done.stderr.strip().splitlines()[-1] == (
        "wardround.records.errors.RecordsError: Spark did not start: UnsupportedClassVersionError: class file version "
        "61.0. It needs Java 17; `java -version` says which one this is."
    )


LISTENING = """
import os, pathlib, sys
from wardround.records.spark import session, spark_rows, _scratch
from pyspark import SparkContext
found = spark_rows({"resource": "Patient", "select": [{"column": [{"name": "id", "path": "id"}]}]}, sys.argv[1:] or
                   os.environ["DATA"], session())
assert found.repartition(2).count() == 2
assert oct(_scratch().stat().st_mode)[-3:] == "700"
java = SparkContext._gateway.proc.pid
seen = set()
mine = {os.readlink(f"/proc/{java}/fd/{fd}") for fd in os.listdir(f"/proc/{java}/fd") if
        os.path.islink(f"/proc/{java}/fd/{fd}")}
for kind in ("tcp", "tcp6", "udp", "udp6"):
    for line in pathlib.Path(f"/proc/net/{kind}").read_text().splitlines()[1:]:
        words = line.split()
        if f"socket:[{words[9]}]" in mine:
            seen.add(words[1].split(":")[0])
            seen.add(words[2].split(":")[0]) if words[3] == "01" else None
v4 = "0100007F"
loopback = {v4, "00000000000000000000000001000000", "0000000000000000FFFF0000" + v4}
assert seen, "no socket was seen"
print(sorted(seen - loopback))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads /proc")
def test_spark_listens_on_loopback_only_says_nothing_and_leaves_nothing(tmp_path):
    require("java")
    data = write(tmp_path / "x.ndjson", *({"resourceType": "Patient", "id": key} for key in "ab"))
    done = run(LISTENING, tmp_path, DATA=str(data))
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", ""), done.stderr[-2000:]
    assert list((tmp_path / "here").iterdir()) == []
    assert [left.name for left in (tmp_path / "tmp").iterdir()] == []


@pytest.mark.skipif(os.name == "nt", reason="no locks that go with their process")
def test_what_a_killed_process_left_goes_and_what_runs_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(sparks.tempfile, "gettempdir", lambda: str(tmp_path))
    for name in ("killed", "running"):
        write(tmp_path / f"wardround-spark-{name}" / "blockmgr-1" / "rows", b"Ada")
    holding = sparks._locked(tmp_path / "wardround-spark-running" / "lock")
    sparks._locked(tmp_path / "wardround-spark-killed" / "lock").close()
    sparks._remove_abandoned()
    assert [left.name for left in tmp_path.iterdir()] == ["wardround-spark-running"]
    holding.close()


def test_the_learners_variables_are_left_alone(spark, monkeypatch):
    monkeypatch.setenv("SPARK_HOME", "/elsewhere")
    before = dict(os.environ)
    assert session() is spark or session().sparkContext is spark.sparkContext
    assert dict(os.environ) == before
    assert sparks._settings(Path("x"))["spark.ui.enabled"] == "false"
