"""Resources to tables: the shipped ViewDefinitions as pandas frames, each made once per content and kept as Parquet.

What a view cannot say is added here, and no more: beside every ``*_raw`` (a time as it was written) stands ``*_at``,
the same time as a UTC instant.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.resources import files

import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from .flatten import View, compile_view
from .store import FORMAT, Progress, Store

TABLES = ("patients", "encounters", "conditions", "labs", "vitals", "medications", "procedures", "reports")
_CHUNK = 20_000  # rows turned into columns at a time: bounds memory
# An instant has a date, a time and a zone. A bare date is a day somewhere and a time without a zone is a time
# somewhere: to call either an instant would make up to a day's error out of nothing, so their ``*_at`` is empty.
_INSTANT = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$"
_NUMBERS = {"decimal": pa.float64(), "integer": pa.int64(), "positiveInt": pa.int64(), "unsignedInt": pa.int64()}


def view_of(table: str) -> dict:
    """Return the shipped ViewDefinition of a table."""
    return orjson.loads((files(__package__) / "views" / f"{table}.json").read_bytes())


class Tables:
    """The tables of an export, as attributes and keys; each is flattened when first asked for.

    ``patients encounters conditions labs vitals medications procedures reports``: a row per distinct resource of the
    kind, the last line where a resource stands on several; ``vitals`` has a row per *value*, so a blood pressure has
    two. Observations that are neither laboratory results nor vital signs are in no table.

    Text columns hold text as written and are missing where the data have none or something else. ``*_key`` columns are
    ids, made to be joined on. ``*_raw`` is a time as written, ``*_at`` the UTC instant; it is missing for a bare date
    or a time without a zone, which are no instants. ``unfit`` counts the values that did not fit their column.
    """

    def __init__(self, store: Store, progress: Progress):
        self._store, self._progress = store, progress
        self._frames: dict[str, pd.DataFrame] = {}
        self._unfit: dict[str, dict[str, int]] = {}

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(error.args[0]) from None

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in TABLES:
            raise KeyError(f"There is no table {name!r}; there are: {', '.join(TABLES)}.")
        if name not in self._frames:
            self._make(name)
        return self._frames[name].copy(deep=False)  # copy-on-write: nobody changes another's table

    def __iter__(self) -> Iterator[str]:
        return iter(TABLES)

    def __len__(self) -> int:
        return len(TABLES)

    def __contains__(self, name: object) -> bool:
        return name in TABLES

    def __dir__(self) -> list[str]:
        return [*TABLES, "keys", "unfit"]

    def __repr__(self) -> str:
        return f"<tables {', '.join(TABLES)}>"

    def keys(self) -> tuple[str, ...]:
        """Return the names of the tables."""
        return TABLES

    @property
    def unfit(self) -> pd.DataFrame:
        """Values left out because their shape does not fit their column, as text for a number: table, column, n."""
        for name in TABLES:
            self[name]
        rows = [(table, column, n) for table in TABLES for column, n in self._unfit[table].items()]
        return pd.DataFrame(rows, columns=["table", "column", "n"]).astype(
            {"table": "str", "column": "str", "n": "int64"}
        )

    def _make(self, name: str) -> None:
        """Read a table from the cache, or flatten it together with the others of its resource (one parse for all)."""
        kept = self._store.load(self._file(name))
        if kept is not None and b"unfit" in (kept.schema.metadata or {}):
            self._keep(name, kept)
            return
        resource = view_of(name)["resource"]
        names = [other for other in TABLES if view_of(other)["resource"] == resource]
        self._flatten(resource, names)

    @staticmethod
    def _file(name: str) -> str:
        return f"{name}-{hashlib.sha256(FORMAT.encode() + orjson.dumps(view_of(name))).hexdigest()[:16]}"

    def _keep(self, name: str, table: pa.Table) -> None:
        self._unfit[name] = orjson.loads(table.schema.metadata[b"unfit"])
        mapper = {pa.bool_(): pd.BooleanDtype(), pa.int64(): pd.Int64Dtype()}
        self._frames[name] = table.replace_schema_metadata(None).to_pandas(types_mapper=mapper.get)

    def _flatten(self, resource: str, names: list[str]) -> None:
        store = self._store
        wanted = store.codes(resource) & store.last
        parts = [Columns(compile_view(view_of(name))) for name in names]
        total, done = int(wanted.sum()) or 1, 0
        with no_cycle_search():
            for line in store.lines(wanted):
                found = orjson.loads(line)
                for part in parts:
                    part.add(found)
                done += 1
                if done % _CHUNK == 0:
                    self._progress(done / total, f"flattening {resource}")
        self._progress(1.0, f"flattened {resource}")
        for name, part in zip(names, parts, strict=True):
            table = part.table()
            self._store.save(self._file(name), table)
            self._keep(name, table)


class Columns:
    """Rows of a view, gathered as Arrow columns of the types the view declares."""

    def __init__(self, view: View):
        self.view = view
        self.fields = [pa.field(name, self._type(name)) for name in view.columns]
        self.schema = pa.schema([made for field in self.fields for made in self._with_instant(field)])
        self.unfit: dict[str, int] = {}
        self.rows: list[tuple] = []
        self.batches: list[pa.RecordBatch] = []

    def _type(self, name: str) -> pa.DataType:
        kind = self.view.types[name]
        single = pa.bool_() if kind == "boolean" else _NUMBERS.get(kind, pa.large_string())
        return pa.list_(single) if name in self.view.collections else single

    @staticmethod
    def _with_instant(field: pa.Field) -> list[pa.Field]:
        if not field.name.endswith("_raw"):
            return [field]
        return [field, pa.field(field.name.removesuffix("raw") + "at", pa.timestamp("us", tz="UTC"))]

    def add(self, resource: dict) -> None:
        """Add the rows of a resource."""
        self.rows += self.view.rows(resource)
        if len(self.rows) >= _CHUNK:
            self._flush()

    def _flush(self) -> None:
        if not self.rows:
            return
        arrays = []
        for field, column in zip(self.fields, zip(*self.rows, strict=True), strict=True):
            array = self._array(field, column)
            arrays.append(array)
            if field.name.endswith("_raw"):
                arrays.append(instants(array))
        self.batches.append(pa.RecordBatch.from_arrays(arrays, schema=self.schema))
        self.rows = []

    def _array(self, field: pa.Field, column: tuple) -> pa.Array:
        kind = field.type
        if kind == pa.large_string():
            try:  # Arrow refuses all but text here; for numbers it would let true and "1" pass
                array = pa.array(column, kind)
                return pc.if_else(pc.equal(array, ""), None, array)  # FHIR has no empty text: join() of nothing
            except (pa.ArrowInvalid, pa.ArrowTypeError):
                pass
        if pa.types.is_list(kind):
            kept = [[x for x in one if _FITS[kind.value_type](x)] for one in column]
            lost = sum(map(len, column)) - sum(map(len, kept))
        else:
            fits = _FITS[kind]
            kept = [one if one is None or fits(one) else None for one in column]
            lost = kept.count(None) - column.count(None) - (column.count("") if kind == pa.large_string() else 0)
        if lost:
            self.unfit[field.name] = self.unfit.get(field.name, 0) + lost
        return pa.array(kept, kind)

    def take(self) -> list[pa.RecordBatch]:
        """Return the rows gathered so far, and let go of them."""
        self._flush()
        taken, self.batches = self.batches, []
        return taken

    def table(self) -> pa.Table:
        """Return all rows."""
        self._flush()
        return pa.Table.from_batches(self.batches, self.schema).replace_schema_metadata(
            {b"unfit": orjson.dumps(self.unfit)}
        )


_FITS = {
    pa.large_string(): lambda x: type(x) is str and x != "",
    pa.float64(): lambda x: type(x) in (int, float),
    pa.int64(): lambda x: type(x) is int and -(2**63) <= x < 2**63,
    pa.bool_(): lambda x: type(x) is bool,
}


@contextmanager
def no_cycle_search() -> Iterator[None]:
    """Switch Python's search for cycles off: a parsed resource has none, and looking costs a fifth of the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def instants(raw: pa.Array) -> pa.Array:
    """Return times as written as UTC instants (microseconds); missing for what is no instant."""
    kind = pa.timestamp("us", tz="UTC")
    if raw.null_count == len(raw):
        return pa.nulls(len(raw), kind)
    whole = pc.if_else(pc.match_substring_regex(raw, _INSTANT), raw, None)
    try:
        return whole.cast(kind)
    except pa.ArrowInvalid:  # days that do not exist, or fractions below a microsecond
        return pa.array([_instant(one) for one in whole.to_pylist()], kind)


def _instant(text: str | None) -> datetime | None:
    try:
        return None if text is None else datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def frame(view: View, resources: Iterable[dict]) -> pd.DataFrame:
    """Return the rows of a view as a frame with the types it declares, in the same way as the shipped tables."""
    columns = Columns(view)
    with no_cycle_search():
        for resource in resources:
            columns.add(resource)
    mapper = {pa.bool_(): pd.BooleanDtype(), pa.int64(): pd.Int64Dtype()}
    return columns.table().replace_schema_metadata(None).to_pandas(types_mapper=mapper.get)
