"""Comparing tables key by key, so that the evidence can say in which column, how often, and at which id first.

pandas' own ``assert_frame_equal`` stops at the first difference, minds row order and knows no key; ``datacompy`` does
the joining but brings Spark's and Polars' interfaces with it. What a learner needs is three sentences, made here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from wardround.course.compare_words import counted, named, shown
from wardround.course.plain import Unreadable


@dataclass(frozen=True)
class Frames:
    """Tables with one row per key; the distance is the number of keys whose rows differ."""

    on: tuple[str, ...]
    rtol: float
    needed: float = 8.0
    allowed: float = 0.0

    def unreadable(self, answer: Any, reference: pd.DataFrame) -> str | None:
        if not isinstance(answer, pd.DataFrame):
            rows = type(answer) is list and answer and type(answer[0]) is dict
            hint = "; `pd.DataFrame(rows)` makes one of your list of rows" if rows else ""
            return f"{named(answer)} is there where a table (DataFrame) should be{hint}"
        lacking = [name for name in reference.columns if name not in answer.columns]
        if lacking:
            has = ", ".join(f"`{name}`" for name in answer.columns[:8]) or "no column"
            return f"the table lacks the column {', '.join(f'`{name}`' for name in lacking)}; it has {has}"
        for name in reference.columns:
            odd = next((value for value in answer[name].tolist() if isinstance(value, Unreadable)), None)
            if odd is not None:
                return f"the column `{name}` holds a {odd.type_name}, which is not plain data; make it text or a number"
        return None if len(answer) else "the table has no rows"

    def distance(self, answer: pd.DataFrame, reference: pd.DataFrame) -> float:
        answer, reference = self._keyed(answer), self._keyed(reference)
        lone = len(answer.index.symmetric_difference(reference.index).unique())
        mine, theirs = self._paired(answer, reference)
        differ = np.zeros(len(mine), dtype=bool)
        for name in self._values(reference):
            differ |= ~_equal(mine[name], theirs[name], self.rtol)
        again = self._again(answer, reference)
        return float(lone + len(mine.index[differ].union(again).unique()))

    def evidence(self, answer: pd.DataFrame, reference: pd.DataFrame) -> str:
        answer, reference = self._keyed(answer), self._keyed(reference)
        repeated = answer.index[answer.index.duplicated()].unique()
        if len(repeated) and not reference.index.has_duplicates:
            times = int((answer.index == repeated[0]).sum())
            return (
                f"{counted(len(repeated), 'key stands', 'keys stand')} on more than one row, first "
                f"{shown(repeated[0])}, {times} times: this table has one row for each {' and '.join(self.on)}."
            )
        told = self._rows(answer, reference)
        mine, theirs = self._paired(answer, reference)
        right = []
        for name in self._values(reference):
            differ = ~_equal(mine[name], theirs[name], self.rtol)
            if differ.any():
                told.append(_column_evidence(name, mine[name], theirs[name], differ))
            else:
                right.append(f"`{name}`")
        if right and told:
            told.append(f"{', '.join(right)}: right wherever the rows are.")
        return " ".join(told)

    def complete(self, wrong: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
        lacking = [name for name in reference.columns if name not in wrong.columns]
        return wrong.merge(reference[[*self.on, *lacking]], on=list(self.on), how="left") if lacking else wrong

    def _keyed(self, frame: pd.DataFrame) -> pd.DataFrame:
        keys = [frame[name] if _is_time(frame[name]) else frame[name].astype(object) for name in self.on]
        return frame.set_index(keys[0] if len(keys) == 1 else pd.MultiIndex.from_arrays(keys, names=self.on))

    def _values(self, reference: pd.DataFrame) -> list[str]:
        return [name for name in reference.columns if name not in self.on]

    def _again(self, answer: pd.DataFrame, reference: pd.DataFrame) -> pd.Index:
        """Keys that stand a different number of times on the two sides."""
        times = pd.DataFrame({"a": answer.index.value_counts(), "b": reference.index.value_counts()}).dropna()
        return times.index[times["a"] != times["b"]]

    def _paired(self, answer: pd.DataFrame, reference: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Rows of the keys that stand equally often on both sides, aligned."""
        shared = answer.index.intersection(reference.index).difference(self._again(answer, reference))
        return tuple(
            _settled(side.loc[side.index.isin(shared), self._values(reference)]) for side in (answer, reference)
        )

    def _rows(self, answer: pd.DataFrame, reference: pd.DataFrame) -> list[str]:
        extra = answer.index.difference(reference.index)
        lacking = reference.index.difference(answer.index)
        told = []
        if len(extra):
            told.append(f"{counted(len(extra), 'row does', 'rows do')} not belong, first {shown(extra[0])}.")
        if len(lacking):
            lost = counted(len(lacking), "row is", "rows are")
            told.append(f"{lost} missing of {len(reference):,}, {shown(lacking[0])} among them.")
        return told


def _settled(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows by key, those of a repeated key in one fixed order."""
    if frame.index.has_duplicates:
        frame = frame.iloc[np.argsort(pd.util.hash_pandas_object(frame.astype(str), index=False).to_numpy())]
    return frame.sort_index(kind="stable")


def _column_evidence(name: str, mine: pd.Series, theirs: pd.Series, differ: np.ndarray) -> str:
    first = int(np.argmax(differ))
    where = shown(mine.index[first])
    if mine.isna().all():
        return f"`{name}` is empty on all {len(mine):,} rows: nothing was found where it looked."
    told = f"`{name}` differs on {counted(int(differ.sum()), 'row', 'rows')} of {len(mine):,}, first {where}, "
    told += "where yours is empty." if pd.isna(mine.iloc[first]) else f"where yours says {shown(mine.iloc[first])}."
    told += _sides(mine, theirs, differ)
    if _is_time(theirs) and not _is_time(mine) and mine.notna().any():
        told += " The column holds text, not instants."
    return told


def _sides(mine: pd.Series, theirs: pd.Series, differ: np.ndarray) -> str:
    """For numbers, which way they are off: it tells a wrong rule from a slip."""
    if _is_text(mine) or _is_text(theirs) or _is_time(mine) or _is_time(theirs):
        return ""
    a, b = (pd.to_numeric(side, errors="coerce").to_numpy(float)[differ] for side in (mine, theirs))
    high, low = int((a > b).sum()), int((a < b).sum())
    if high and low:
        return f" Yours is too high on {high:,} and too low on {low:,}."
    return f" Yours is too {'high' if high else 'low'} on every one of them." if high or low else ""


def _equal(mine: pd.Series, theirs: pd.Series, rtol: float) -> np.ndarray:
    """Row by row; missing equals missing, instants by instant, numbers within ``rtol``."""
    both_missing = mine.isna().to_numpy() & theirs.isna().to_numpy()
    if _is_time(theirs):
        return both_missing | (_micros(mine) == _micros(theirs)) if _is_time(mine) else both_missing
    numbers = pd.to_numeric(theirs, errors="coerce") if not _is_text(theirs) else None
    if numbers is not None and not _is_text(mine):
        a, b = pd.to_numeric(mine, errors="coerce").to_numpy(float), numbers.to_numpy(float)
        return both_missing | np.isclose(a, b, rtol=rtol, atol=0)
    present = mine.notna().to_numpy() & theirs.notna().to_numpy()
    alike = [x == y and type(x) is type(y) for x, y in zip(mine.tolist(), theirs.tolist(), strict=True)]
    return both_missing | (present & np.array(alike, dtype=bool))


def _is_time(series: pd.Series) -> bool:
    return pd.api.types.is_datetime64_any_dtype(series)


def _is_text(series: pd.Series) -> bool:
    kinds = {type(value) for value in series.dropna().tolist()}
    return bool(kinds - {int, float, bool})


def _micros(series: pd.Series) -> np.ndarray:
    """Microseconds since 1970 in UTC; a time without a zone is never the same as one with."""
    if getattr(series.dtype, "tz", None) is None:
        return series.to_numpy().astype("datetime64[us]").astype("int64") + 0.5
    return series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[us]").astype("int64")
