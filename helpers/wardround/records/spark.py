"""The same ViewDefinition on PySpark: lines in, rows out, no schema guessed from the data.

Each worker compiles the view and runs this package's own evaluator on its share of the lines (``mapInArrow``, which
hands columns over without a copy through pandas). So there is one meaning of a view here and no second one to keep in
step, and an element that a site never sends is an empty cell, not a missing column.

On a cluster every worker needs this package; here :func:`session` shows the workers where it lies.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import subprocess
import sys
import tempfile
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import unquote

import orjson
import pandas as pd
import pyarrow as pa

from . import reading
from .errors import RecordsError
from .flatten import compile_view
from .tables import Columns, no_cycle_search

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_LINES = (".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz")
_SQL = {
    **{pa.large_string(): "string", pa.float64(): "double", pa.int64(): "bigint", pa.bool_(): "boolean"},
    pa.timestamp("us", tz="UTC"): "timestamp",
}
# Of another Spark on this machine, or of an administrator's profile: they would change what is started, and where.
_LEAKS = ("SPARK_HOME", "SPARK_CONF_DIR", "SPARK_LOCAL_DIRS", "HADOOP_CONF_DIR", "PYSPARK_SUBMIT_ARGS", "SPARK_REMOTE")
_QUIET = """\
status = fatal
appender.file.type = Console
appender.file.name = console
appender.file.target = SYSTEM_ERR
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %p %c: %m%n%ex
rootLogger.level = error
rootLogger.appenderRef.file.ref = console
"""
_tallies: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()
_locks: list[IO | None] = []


def session(**settings: str) -> SparkSession:
    """Start Spark on this machine alone, or return the session that runs already.

    It listens on loopback only, fetches no package, shows no page and says nothing; times are UTC. What it spills, its
    warehouse and its log lie in one temporary folder that only you may read and that goes with the process; if that is
    killed, with the next call of this function. ``spark.stop()`` removes what was spilled at once.

    Parameters
    ----------
    **settings
        Spark settings over these, such as ``**{"spark.master": "local[4]"}``; two cores by default.

    Raises
    ------
    RecordsError
        pyspark or Java is missing, or Spark does not start; the message says what to install.
    """
    try:
        from pyspark import SparkConf, SparkContext
        from pyspark.errors import PySparkRuntimeError
        from pyspark.java_gateway import launch_gateway
        from pyspark.sql import SparkSession
    except ImportError:
        raise RecordsError("Spark is not installed; run: pip install 'wardround[spark]'.") from None
    if not _java():
        raise RecordsError(
            "Spark needs Java, which is not on this machine; install a Java 17 runtime "
            "(Debian: apt install openjdk-17-jre-headless, macOS: brew install openjdk@17)."
        )
    chosen = _settings(_scratch()) | settings
    with _environment():
        if SparkContext._gateway is None:
            log = _scratch() / "spark.log"
            try:
                with log.open("wb") as stream:
                    conf = SparkConf(loadDefaults=False).setAll(list(chosen.items()))
                    output = {"stdout": subprocess.DEVNULL, "stderr": stream}
                    SparkContext._ensure_initialized(gateway=launch_gateway(conf, output))
            except PySparkRuntimeError:
                raise RecordsError(
                    f"Spark did not start: {_complaint(log)}. It needs Java 17; `java -version` says which one this is."
                ) from None
        return SparkSession.builder.config(map=chosen).getOrCreate()


def spark_rows(
    view: dict, path: str | Path | Iterable[str | Path], spark: SparkSession, *, last_only: bool = False
) -> DataFrame:
    """Return the rows of a ViewDefinition over an export as a Spark DataFrame.

    Rows, columns and types are those of ``frame(compile_view(view), resources)``: the view's columns by the types it
    declares, beside each ``*_raw`` its UTC instant ``*_at``, and missing where a value does not fit. The order of rows
    is Spark's.

    A resource that stands on several lines gives the rows of **each** of them, as ``compile_view`` does when it is
    given every line. ``hospital.tables`` counts the last line only; ``last_only=True`` gives that, and pays for it:
    whether a line is the last is known when all have been read, so the rows are shuffled by id once. The last line is
    that of the last file by name, as in ``read_export``.

    Lines that cannot be read give no rows and are counted: see :func:`tally`.

    Parameters
    ----------
    view : dict
        A SQL on FHIR v2 ViewDefinition.
    path : path or list of paths
        Folders (searched to the bottom) or files: ``.ndjson`` and ``.jsonl``, plain or ``.gz``. An address such as
        ``s3a://…`` is left to Spark, which reads all that it finds there. Resources of other types are passed over.
        Two differences from ``read_export``: files of a single JSON document are not read, and compression is judged by
        the name (a damaged ``.gz`` stops the job, it is not read up to the damage).
    spark : SparkSession
        A classic session, from :func:`session` or your own. Spark Connect has no accumulators, hence no tally.

    Raises
    ------
    ViewError
        The view is not a ViewDefinition. What its paths meet in the data is found when Spark runs.
    RecordsError
        There is nothing to read.
    """
    from pyspark.sql import functions as F
    from pyspark.sql.window import Window

    schema = Columns(compile_view(view)).schema  # refuses a wrong view here, not on a worker
    counted = spark.sparkContext.accumulator({}, _parameter())
    where = "_metadata.file_path", "_metadata.file_block_start"
    lines = (
        spark.read.options(lineSep="\n", recursiveFileLookup=True)
        .text(_files(path))
        .select(F.col("value").cast("binary"), *(F.col(name) for name in where))
    )
    names = [f"`{field.name}` {_sql(field.type)}" for field in schema]
    hidden = ["_key string", "_file string", "_start bigint", "_place bigint", "_row boolean"] if last_only else []
    rows = lines.mapInArrow(_reader(view, last_only, counted), ", ".join([*names, *hidden]))
    if last_only:
        place = F.struct("_file", "_start", "_place")
        latest = F.max(place).over(Window.partitionBy("_key"))
        rows = rows.withColumn("_last", latest == place).where("_last and _row").select(*schema.names)
    _tallies[rows] = counted
    return rows


def tally(rows: DataFrame) -> pd.DataFrame:
    """Say what the jobs so far have read for the rows of :func:`spark_rows`.

    Returns
    -------
    DataFrame
        By ``file``: ``documents`` of the view's type, ``others`` (of other types), ``unreadable``, and the ``reasons``.
        A part of a file counts once, however often Spark has run it. A job that stops early, as ``show()``, has read
        only some parts. Reasons name no line, because Spark does not number them, and quote none, because a log is read
        by more people than a record.

    Raises
    ------
    RecordsError
        Spark has not read anything yet: it does so when rows are asked for, as by ``count()``.
    """
    if rows not in _tallies:
        raise RecordsError("tally() takes what spark_rows() returned, before any other step.")
    parts = _tallies[rows].value
    if not parts:
        raise RecordsError("Spark has not read anything yet; ask for rows first, as by count().")
    files: dict[str, list] = {}
    folder = os.path.commonpath([os.path.dirname(file) for file, _ in parts])
    for (file, _), (documents, others, reasons) in sorted(parts.items()):
        held = files.setdefault(os.path.relpath(file, folder), [0, 0, Counter()])
        held[0] += documents
        held[1] += others
        held[2].update(reasons)
    told = [
        (file, documents, others, reasons.total(), "; ".join(f"{n} {why}" for why, n in sorted(reasons.items())))
        for file, (documents, others, reasons) in files.items()
    ]
    return pd.DataFrame(told, columns=["file", "documents", "others", "unreadable", "reasons"])


def _reader(view: dict, last: bool, counted) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Return what turns batches of (line, file, start of the part) into batches of rows."""

    def read(batches):
        columns = Columns(compile_view(view))
        empty = tuple([] if name in columns.view.collections else None for name in columns.view.columns)
        seen: dict[tuple, list] = {}
        known: set[str] = set()
        place = 0
        with no_cycle_search():
            for batch in batches:
                hidden: list[tuple] = []
                for line, file, start in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    held = seen.get((file, start))
                    if held is None:
                        held = seen[file, start] = [0, 0, Counter()]
                    for found in _documents(line, columns.view.resource, known, held):
                        rows = columns.view.rows(found)
                        held[0] += 1
                        place += 1
                        if last:  # a later version without rows still replaces an earlier one with some
                            key = found.get("id")
                            key = key if type(key) is str and key else f"\0{start}:{place}:{file}"  # its own
                            hidden += [(key, unquote(file), start, place, bool(rows))] * (len(rows) or 1)
                            rows = rows or [empty]
                        columns.rows += rows
                yield from _batches(columns, hidden if last else None)
        counted.add({(unquote(file), start): tuple(held) for (file, start), held in seen.items()})

    return read


def _documents(line: bytes, wanted: str, known: set[str], held: list) -> Iterator[dict]:
    """Yield the resources of a type that a line holds; count the others, and what cannot be read.

    A byte order mark never comes here: Spark takes it off.
    """
    try:  # the short way for a plain resource, as in reading
        found = orjson.loads(line)
        kind = found["resourceType"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        kind = None
    if type(kind) is str and kind in known:
        if kind == wanted:
            yield found
        else:
            held[1] += 1
        return
    for one in reading.document(line, 0):
        if isinstance(one, reading.Refused):
            held[2][re.sub(r"\d+", "n", one.reason)] += 1  # a few reasons, however many lines
            continue
        if one.kind != "Bundle":
            known.add(one.kind)
        if one.kind == wanted:
            yield orjson.loads(one.line)
        else:
            held[1] += 1


def _batches(columns: Columns, hidden: list[tuple] | None) -> Iterator[pa.RecordBatch]:
    for made in columns.take():
        arrays, names = list(made.columns), list(made.schema.names)
        if hidden is not None:
            kinds = (pa.string(), pa.string(), pa.int64(), pa.int64(), pa.bool_())
            arrays += [pa.array(column, kind) for column, kind in zip(zip(*hidden, strict=True), kinds, strict=True)]
            names += ["_key", "_file", "_start", "_place", "_row"]
        yield pa.RecordBatch.from_arrays(arrays, names=names)


def _sql(kind: pa.DataType) -> str:
    return f"array<{_sql(kind.value_type)}>" if pa.types.is_list(kind) else _SQL[kind]


def _parameter():
    from pyspark import AccumulatorParam

    class Parts(AccumulatorParam):
        """Counts by part of a file: a part that Spark runs again replaces itself."""

        def zero(self, value: dict) -> dict:
            return {}

        def addInPlace(self, held: dict, more: dict) -> dict:
            held.update(more)
            return held

    return Parts()


def _files(path: str | Path | Iterable[str | Path]) -> list[str]:
    found = []
    for one in [path] if isinstance(path, str | Path) else path:
        if "://" in str(one):
            found.append(str(one))
            continue
        one = Path(one).absolute()
        if not one.exists():
            raise RecordsError(f"There is no file or folder {one}; give the folder of a FHIR R4 export.")
        if (one / "export").is_dir() and (one / "manifest.json").is_file():
            one = one / "export"
        found += [file for file in reading.find_files(one)[0] if file.name.lower().endswith(_LINES)]
    if not found:
        raise RecordsError(f"There is no file named .ndjson or .ndjson.gz in {path}; Spark reads lines.")
    hidden = [file.name for file in found if isinstance(file, Path) and file.name.startswith("_")]
    if hidden:
        raise RecordsError(f"Spark passes over files whose name begins with _, without a word; rename {hidden[0]}.")
    # Spark reads names as patterns
    return [re.sub(r"([\\*?\[\]{}])", r"\\\1", str(one)) if isinstance(one, Path) else one for one in found]


def _settings(folder: Path) -> dict[str, str]:
    options = f"-Dlog4j2.configurationFile=file:{folder / 'log4j2.properties'} -Djava.io.tmpdir={folder}"
    return {
        "spark.master": "local[2]",
        "spark.app.name": "wardround",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraJavaOptions": options,
        "spark.executorEnv.PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        "spark.jars.packages": "",
        "spark.local.dir": str(folder),
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "2000",  # lines may be long: a note holds a whole document
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }


@cache
def _scratch() -> Path:
    """A folder that only this user may read, removed when the process ends; if it is killed, by the next process."""
    _remove_abandoned()
    folder = Path(tempfile.mkdtemp(prefix="wardround-spark-"))
    _locks.append(_locked(folder / "lock"))
    (folder / "log4j2.properties").write_text(_QUIET, encoding="utf-8")
    atexit.register(_clear, folder)
    return folder


def _locked(file: Path) -> IO | None:
    """The open file, if nobody holds it: a lock goes with its process, however that ends."""
    held = file.open("ab")
    try:
        import fcntl

        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):  # on Windows nothing is swept
        held.close()
        return None
    return held


def _remove_abandoned() -> None:
    """A killed kernel takes Java with it and leaves what was spilled: patients' data that nobody would find."""
    for lock in Path(tempfile.gettempdir()).glob("wardround-spark-*/lock"):
        try:
            held = _locked(lock)
        except OSError:  # another user's
            continue
        if held is not None:
            shutil.rmtree(lock.parent, ignore_errors=True)
            held.close()


def _clear(folder: Path) -> None:
    from pyspark.sql import SparkSession

    running = SparkSession.getActiveSession()
    if running is not None:
        running.stop()
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _environment() -> Iterator[None]:
    """The variables by which Spark finds Python and its address, while it starts."""
    before = dict(os.environ)
    for name in _LEAKS:
        os.environ.pop(name, None)
    os.environ.update(PYSPARK_PYTHON=sys.executable, PYSPARK_DRIVER_PYTHON=sys.executable, SPARK_LOCAL_IP="127.0.0.1")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _java() -> bool:
    home = os.environ.get("JAVA_HOME")
    return bool(shutil.which("java", path=str(Path(home, "bin")) if home else None))


def _complaint(log: Path) -> str:
    said = [line.strip() for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    named = [line for line in said if re.search(r"\w(Error|Exception)\b", line)]
    return (named or said[-1:] or ["it said nothing"])[0][:300].rstrip(".")
