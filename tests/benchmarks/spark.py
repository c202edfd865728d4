"""The local evaluator on one core beside Spark on two, on the same lines: rows a second, and whether the cells agree.

    python tests/benchmarks/spark.py [EXPORT] [--view NAME] [--passes N]

Without an export it takes the default hospital, which must be built. Both read the files of the view's type and end in
an Arrow table. Spark's first pass starts its workers; the later ones are warm. ``last_only`` adds the shuffle by id.
Files that are gzipped are one part each for Spark: one core reads them, however many there are.

Ratios are printed, nothing is asserted about time. Rows that differ are an error.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import pyarrow as pa
import wardround
from wardround.records import compile_view, read_export, view_of
from wardround.records.reading import Resource, read_file
from wardround.records.spark import session, spark_rows
from wardround.records.tables import Columns, no_cycle_search

ROOT = Path(wardround.__file__).parents[2]


class NoDigest:
    def update(self, data: bytes) -> None:
        pass


def local(view: dict, files: list[Path]) -> pa.Table:
    import orjson

    columns = Columns(compile_view(view))
    with no_cycle_search():
        for file in files:
            for found in read_file(file, NoDigest(), lambda at: None):
                if isinstance(found, Resource) and found.kind == view["resource"]:
                    columns.add(orjson.loads(found.line))
    return columns.table()


def cells(table: pa.Table) -> list[tuple]:
    return sorted((tuple(row.values()) for row in table.to_pylist()), key=repr)


def timed(what: str, make, reference: float | None) -> tuple[pa.Table, float]:
    start = time.perf_counter()
    table = make()
    rate = table.num_rows / (time.perf_counter() - start)
    ratio = "" if reference is None else f"  {rate / reference:.2f} of the local evaluator's"
    print(f"{what:32} {table.num_rows:>9,} rows {rate:>9,.0f} rows/s{ratio}", flush=True)
    return table, rate


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export", nargs="?", type=Path, default=ROOT / "datasets" / "quillmere")
    parser.add_argument("--view", default="encounters")
    parser.add_argument("--passes", type=int, default=3)
    asked = parser.parse_args()
    view = view_of(asked.view)
    folder = read_export(asked.export).path
    files = sorted(folder.glob(f"{view['resource']}*.ndjson*"))
    print(f"{asked.view} from {', '.join(file.name for file in files)} in {folder}")
    expected, rate = timed("local, one core", lambda: local(view, files), None)
    _, again = timed("local, again", lambda: local(view, files), None)
    rate = max(rate, again)
    start = time.perf_counter()
    spark = session()
    print(f"Spark's start took {time.perf_counter() - start:.1f} s")
    for number in range(asked.passes):
        what = f"Spark local[2], {'warm' if number else 'first pass'}"
        found, _ = timed(what, lambda: spark_rows(view, files, spark).toArrow(), rate)
    timed("Spark local[2], last_only", lambda: spark_rows(view, files, spark, last_only=True).toArrow(), rate)
    same = cells(found) == cells(expected)
    print("the cells agree" if same else "the cells are DIFFERENT")
    return int(not same)


if __name__ == "__main__":
    sys.exit(main())
