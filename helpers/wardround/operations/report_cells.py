"""A table as it is printed: every cell a text, numbers rounded alike in a column and set right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .report_reading import hidden, numbers

_WORDS = {
    "oe": "O/E",
    "ppv": "share of those called who came back under usual care",
    "ppv_low": "that share, at least",
    "ppv_high": "that share, at most",
    "worth_as_called": "net benefit of the list as called, per 1,000 stays",
    "worth_low": "that net benefit, at least",
    "worth_high": "that net benefit, at most",
    "avoided_low": "avoided, at least",
    "avoided_high": "avoided, at most",
    "effect": "assumed effect",
    "reached": "called who came back, a year",
    "implied_price": "needless calls that one found is worth at the threshold, by the model's promise",
    "weeks": "weeks it was counted over",
}


@dataclass(frozen=True)
class Cells:
    """A table of texts: names of columns, rows, and for each column whether it is set right."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[bool, ...]


def cells(table: pd.DataFrame, most: int) -> tuple[Cells, str]:
    """Return a table as it is printed, thinned evenly to ``most`` rows, and a note where it was."""
    note = ""
    columns = [_column(table.iloc[:, place]) for place in range(table.shape[1])]
    if len(table) > most:
        rows = np.unique(np.linspace(0, len(table) - 1, most).round().astype(int))
        columns = [([shown[row] for row in rows], right) for shown, right in columns]
        note = f"{len(rows)} of {len(table):,} rows, evenly spaced; all are in work/kept."
    made = tuple(zip(*(shown for shown, _ in columns), strict=True))
    return Cells(tuple(words(name) for name in table.columns), made, tuple(right for _, right in columns)), note


def words(name: Any) -> str:
    """Return a name of the code as words."""
    return _WORDS.get(str(name), str(name).replace("_", " "))


def _column(column: pd.Series) -> tuple[list[str], bool]:
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return [_word(value) for value in column], False
    number = numbers(column)
    right = bool((number.notna() | hidden(column)).all()) and bool(number.notna().any())
    if not right:
        return [_word(value) for value in column], False
    digits = _digits(number.dropna())
    return [
        _word(value) if pd.isna(one) else f"{one:,.{digits}f}" for value, one in zip(column, number, strict=True)
    ], True


def _digits(number: pd.Series) -> int:
    for digits in (0, 1, 2):
        if np.allclose(number, number.round(digits), rtol=0, atol=1e-9):
            return digits
    return 3 if number.abs().max() < 10 else 1


def _word(value: Any) -> str:
    if value is None or (np.isscalar(value) and pd.isna(value)):
        return "not known"
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}" if value == value.normalize() else f"{value:%Y-%m-%d %H:%M}"
    return str(value)
