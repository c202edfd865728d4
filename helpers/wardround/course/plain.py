"""Answers as plain data: what leaves the learner's process, and nothing else.

Only exact built-in, NumPy and pandas types are taken. A subclass of ``float`` whose ``__eq__`` always says yes
becomes ``unreadable``. JSON and not pickle: reading a pickle runs its author's code.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pandas as pd

LIMIT = 32 * 1024 * 1024
MARK = "$"


@dataclass(frozen=True)
class Unreadable:
    """Stands for a value that is not plain data."""

    type_name: str


@dataclass(frozen=True)
class WrongKind:
    """Stands for a value that a question cannot be put to; ``found`` names it, such as ``a list``."""

    found: str


@dataclass(frozen=True)
class Raised:
    """Stands for learner code that stopped with an error."""

    error: str
    message: str
    line: int | None = None


class TooLarge(ValueError):
    """An answer of more than 32 MB."""


def dump(value: Any) -> bytes:
    """Plain JSON bytes of an answer.

    Raises
    ------
    TooLarge
        If it would exceed 32 MB.
    """
    text = orjson.dumps(_plain(value))
    if len(text) > LIMIT:
        raise TooLarge(f"the answer takes {len(text) / 2**20:.0f} MB; an answer may take 32 MB")
    return text


def restore(text: bytes) -> Any:
    """Python and pandas objects from what :func:`dump` wrote."""
    return _revive(orjson.loads(text))


def through(value: Any) -> Any:
    """The value as scoring sees it: the notebook and the grader take the same road."""
    return restore(dump(value))


def _plain(value: Any) -> Any:
    kind = type(value)
    if value is None or kind in (bool, str):
        return value
    if value is ...:
        return {MARK: "ellipsis"}
    if value is pd.NA or value is pd.NaT:
        return {MARK: "nan"}
    if kind is int:
        return value if abs(value) < 2**53 else {MARK: "int", "v": str(value)}
    if kind is float:
        return value if math.isfinite(value) else {MARK: "nan"} if math.isnan(value) else {MARK: "inf", "v": value > 0}
    if isinstance(value, np.generic) and kind.__module__ == "numpy":
        return _plain_numpy(value)
    if kind in (pd.Timestamp, dt.datetime):
        return {MARK: "time", "v": pd.Timestamp(value).isoformat()}
    if kind is dt.date:
        return {MARK: "date", "v": value.isoformat()}
    if kind in (pd.Timedelta, dt.timedelta):
        return {MARK: "duration", "v": pd.Timedelta(value).total_seconds()}
    if kind in (Unreadable, WrongKind, Raised):
        return {MARK: kind.__name__.lower(), "v": [*vars(value).values()]}
    return _plain_container(value, kind)


def _plain_numpy(value: np.generic) -> Any:
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return _plain(pd.Timestamp(value) if isinstance(value, np.datetime64) else pd.Timedelta(value))
    return _plain(value.item())


def _plain_container(value: Any, kind: type) -> Any:
    if kind in (list, tuple):
        return [_plain(item) for item in value]
    if kind in (set, frozenset):
        return {MARK: "set", "v": sorted((_plain(item) for item in value), key=repr)}
    if kind is dict:
        if all(type(k) is str and not k.startswith(MARK) for k in value):
            return {k: _plain(v) for k, v in value.items()}
        return {MARK: "dict", "v": [[_plain(k), _plain(v)] for k, v in value.items()]}
    if kind is np.ndarray:
        return [_plain(item) for item in value.tolist()] if value.dtype.kind != "M" else _column(pd.Series(value))
    if kind is pd.Series:
        return {MARK: "series", "index": _column(value.index.to_series()), "v": _column(value)}
    if kind is pd.DataFrame:
        columns = {str(name): _column(value.iloc[:, i]) for i, name in enumerate(value.columns)}
        return {MARK: "frame", "rows": len(value), "columns": columns}
    if isinstance(value, pd.Index):
        return _column(value.to_series())["v"]
    return {MARK: "unreadable", "v": [f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")]}


def _column(series: pd.Series) -> dict:
    """A column as JSON: times as microseconds since 1970 in UTC, missing as null."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(series.cat.categories.dtype)
    if pd.api.types.is_datetime64_any_dtype(series):
        zone = "utc" if getattr(series.dtype, "tz", None) is not None else "naive"
        stamps = series.dt.tz_convert("UTC").dt.tz_localize(None) if zone == "utc" else series
        micros = stamps.to_numpy().astype("datetime64[us]").astype("int64").tolist()
        return {"k": zone, "v": [None if gone else m for m, gone in zip(micros, series.isna(), strict=True)]}
    if pd.api.types.is_numeric_dtype(series) or pd.api.types.is_bool_dtype(series):
        values = series.astype(object).where(series.notna(), None).tolist()
        return {"k": "number", "v": [_plain(v) for v in values]}
    return {"k": "text", "v": [None if _missing(v) else _plain(v) for v in series.tolist()]}


def _missing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (type(value) is float and math.isnan(value))


def _revive(value: Any) -> Any:
    if type(value) is list:
        return [_revive(item) for item in value]
    if type(value) is not dict:
        return value
    if MARK not in value:
        return {k: _revive(v) for k, v in value.items()}
    return _MAKERS[value[MARK]](value)


def _revive_column(column: dict) -> pd.Series:
    if column["k"] in ("utc", "naive"):
        stamps = pd.to_datetime(pd.array(column["v"], dtype="Int64"), unit="us", utc=column["k"] == "utc")
        return pd.Series(stamps)
    return pd.Series([_revive(v) for v in column["v"]], dtype=None if column["v"] else object)


def _revive_series(value: dict) -> pd.Series:
    series = _revive_column(value["v"])
    series.index = pd.Index(_revive_column(value["index"]))
    return series


_MAKERS = {
    "ellipsis": lambda v: ...,
    "nan": lambda v: math.nan,
    "inf": lambda v: math.inf if v["v"] else -math.inf,
    "int": lambda v: int(v["v"]),
    "time": lambda v: pd.Timestamp(v["v"]),
    "date": lambda v: dt.date.fromisoformat(v["v"]),
    "duration": lambda v: pd.Timedelta(seconds=v["v"]),
    "set": lambda v: {_hashable(_revive(item)) for item in v["v"]},
    "dict": lambda v: {_hashable(_revive(k)): _revive(item) for k, item in v["v"]},
    "series": _revive_series,
    "frame": lambda v: pd.DataFrame({k: _revive_column(c) for k, c in v["columns"].items()}, index=range(v["rows"])),
    "unreadable": lambda v: Unreadable(*v["v"]),
    "wrongkind": lambda v: WrongKind(*v["v"]),
    "raised": lambda v: Raised(*v["v"]),
}


def _hashable(value: Any) -> Any:
    return tuple(value) if type(value) is list else value
