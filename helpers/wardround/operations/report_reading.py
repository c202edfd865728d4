"""What a learner has for a report, and how its numbers are read: nothing is guessed, and what is not there says so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite, nan
from typing import Any

import pandas as pd

from .report_assistant import Assistant

_NUMBER = r"(\d[\d,]*(?:\.\d+)?|\.\d+)"
_FIRST = re.compile(_NUMBER + r"\s*(%|percent|per cent)?")
_RATIO = re.compile(rf"(?:\bbetween\s+{_NUMBER}\s+(and)|{_NUMBER}\s*(:|to\b|[-\u2013]))\s*{_NUMBER}", re.I)
_NO_CALLS = re.compile(r"\s*(?:\w+\s+){0,2}?(?:nurses?|people|colleagues|staff|hours?|minutes?|phones?|sites?)\b", re.I)
_UNIT = re.compile(
    r"(?<!for )\b(?:an?|per|each|every)\s+(?:\w+ing\s+)?(day|week|month|shift|hour)\b|/\s*(day|week)\b", re.I
)
_CLOCK = re.compile(r"\b[0-2]\d:[0-5]\d\b")
_TENS = dict(twenty=20, thirty=30, forty=40, fifty=50, sixty=60, seventy=70, eighty=80, ninety=90)
_ONES = dict(
    **dict(two=2, three=3, four=4, five=5, six=6, seven=7, eight=8, nine=9, ten=10, eleven=11, twelve=12, thirteen=13),
    **dict(fourteen=14, fifteen=15, sixteen=16, seventeen=17, eighteen=18, nineteen=19),
)  # not "one", which is mostly no number: "one readmission found is worth seven"
_SPELLED = re.compile(rf"\b(?:({'|'.join(_TENS)})(?:[- ]({'|'.join(_ONES)}))?|({'|'.join(_ONES)}))\b", re.I)
OF_ASSISTANT = ("W10.A3", "W10.M")  # memos of A3, written months after A1 and perhaps about another hospital
_HIDDEN = re.compile(r"\s*(fewer than|less than|under|<|hidden|not shown)", re.I)


class NotChecked(LookupError):
    """A number that a check needs is not there; the message says which, and what would fill it."""


@dataclass
class Found:
    """What the learner has: memos by id (as ``read_memo`` returns them) and kept results by name (value, origin).

    ``assistant`` is the folder of the triage assistant, None where there is none.
    """

    memos: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    kept: Mapping[str, tuple[Any, Mapping[str, Any]]] = field(default_factory=dict)
    assistant: Assistant | None = None

    def origins(self) -> dict[str, Mapping[str, Any]]:
        """Return where each memo and each kept result of A1 is from."""
        own = {name: memo for name, memo in self.memos.items() if name not in OF_ASSISTANT}
        return {**{name: origin for name, (_, origin) in self.kept.items()}, **own}

    @property
    def assistant_begun(self) -> bool:
        """Say whether anything of A3 is there: a memo, or something of the learner's in the assistant's folder."""
        return any(name in self.memos for name in OF_ASSISTANT) or bool(self.assistant and self.assistant.begun)


@dataclass(frozen=True)
class Said:
    """A number as somebody wrote it: it stands for every number from ``low`` to ``high`` that rounds to it."""

    text: str
    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float) -> Said:
        """Return a kept number with what may have been rounded to it."""
        half = 0.5 * 10.0 ** -len(f"{value:.12f}".rstrip("0").partition(".")[2])
        return cls(str(value), value, value - half, value + half)

    def covers(self, number: float) -> bool:
        """Say whether the number rounds to what was written."""
        slack = 1e-9 * max(1.0, abs(number))
        return self.low - slack <= number <= self.high + slack


def as_table(value: Any) -> pd.DataFrame | None:
    """Return a kept result as a table, a named index as its first columns; None if it is none."""
    if isinstance(value, pd.Series):
        value = value.to_frame()
    if isinstance(value, list) and value and all(isinstance(row, Mapping) for row in value):
        value = pd.DataFrame(value)
    if not isinstance(value, pd.DataFrame):
        return None
    named = any(name is not None for name in value.index.names) or not isinstance(value.index, pd.RangeIndex)
    clash = set(value.index.names) & set(value.columns)
    return value.reset_index() if named and not clash else value.reset_index(drop=True)


def table(found: Found, name: str, *columns: str) -> pd.DataFrame:
    """Return a kept table that has these columns.

    Raises
    ------
    NotChecked
        It is not kept, is no table, has no rows, or lacks a column.
    """
    made = as_table(_kept(found, name))
    if made is None or made.empty:
        raise NotChecked(f"`{name}` is no table with rows")
    if lacking := [column for column in columns if column not in made.columns]:
        raise NotChecked(f"`{name}` has no column {', '.join(lacking)}")
    return made


def numbers(column: pd.Series) -> pd.Series:
    """Return a column as numbers; a word, such as "fewer than 11", is NaN."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        made = column.astype(float)
        return made.where(made.abs() < float("inf"))
    text = column.astype(str).str.replace(",", "", regex=False)
    made = pd.to_numeric(text, errors="coerce").astype(float)
    return made.where(made.abs() < float("inf"))


def known(rows: pd.DataFrame, name: str, *columns: str) -> list[pd.Series]:
    """Return columns of the table ``name`` as numbers, none missing: a comparison with nothing passes everything.

    Raises
    ------
    NotChecked
        A cell holds no number.
    """
    made = [numbers(rows[column]) for column in columns]
    for column, one in zip(columns, made, strict=True):
        if one.isna().any():
            raise NotChecked(f"{column} of `{name}` is not a number in every row")
    return made


def hidden(column: pd.Series) -> pd.Series:
    """Say for each cell whether it is hidden as a small one: a word in place of a number, or nothing."""
    return numbers(column).isna() & (column.isna() | column.astype(str).str.match(_HIDDEN))


def number(found: Found, name: str, key: str) -> float:
    """Return one number of a kept mapping.

    Raises
    ------
    NotChecked
        It is not kept, or holds no such number.
    """
    value = _kept(found, name)
    if isinstance(value, pd.Series):
        value = value.to_dict()
    if not isinstance(value, Mapping) or key not in value:
        raise NotChecked(f"`{name}` has no {key}")
    try:
        one = float(value[key])
    except (TypeError, ValueError):
        one = nan
    if not isfinite(one):
        raise NotChecked(f"{key} in `{name}` is no number")
    return one


def has(found: Found, name: str, key: str) -> bool:
    """Say whether a kept mapping has an entry, be it a number or not."""
    value = found.kept.get(name, (None,))[0]
    return isinstance(value, (Mapping, pd.Series)) and key in value


def written(found: Found, memo: str, name: str) -> Any:
    """Return a memo's field as it was written.

    Raises
    ------
    NotChecked
        The memo or the field is not written.
    """
    fields = found.memos.get(memo, {}).get("fields", {})
    if name not in fields:
        raise NotChecked(f"{name} of memo {memo} is not written")
    return fields[name]


def said(value: Any) -> Said | None:
    """Return the first number of what was written, in digits or in words, a percentage as a share; None without one.

    A time of day is no number here, and "one" is none either.
    """
    match = _FIRST.search(_digits(value))
    return _said(value, match) if match else None


def said_calls(value: Any) -> tuple[Said, str] | None:
    """Return how many calls somebody wrote, and in which time: the first number that counts no nurses and no minutes.

    The time is that which stands before the next number, or "week" where none does.
    """
    text = _digits(value)
    found = list(_FIRST.finditer(text))
    ends = [*(one.start() for one in found[1:]), len(text)]
    tails = [text[one.end() : end] for one, end in zip(found, ends, strict=True)]
    calls = [place for place, tail in enumerate(tails) if not _NO_CALLS.match(tail)]
    if not found:
        return None
    place = calls[0] if calls else 0
    unit = _UNIT.search(tails[place].replace("daily", "a day"))
    return _said(value, found[place]), (unit[1] or unit[2]).lower() if unit else "week"


def _said(value: Any, match: re.Match) -> Said:
    digits = match[1].replace(",", "")
    scale = 0.01 if match[2] else 1.0
    half = 0.5 * 10.0 ** -len(digits.partition(".")[2])
    one = min(float(digits), 1e300)
    return Said(str(value), one * scale, (one - half) * scale, (one + half) * scale)


def _digits(value: Any) -> str:
    """What was written with numbers in digits, without times of day."""

    def number(match: re.Match) -> str:
        tens, ones, alone = (word and word.lower() for word in match.groups())
        return str(_ONES[alone] if alone else _TENS[tens] + (_ONES[ones] if ones else 0))

    return _SPELLED.sub(number, _CLOCK.sub(" ", str(value)))


def said_ratios(value: Any) -> tuple[Said, ...]:
    """Return what a written ratio may mean: 7 as it is, "6 to 8" as a range, "7:1" and "1:7" both ways round.

    "between 6 and 8" and "6-8" are ranges, too.
    """
    match = _RATIO.search(re.sub(r"\b(to|:) one\b", r"\1 1", _digits(value), flags=re.I))
    if not match:
        one = said(value)
        return (one,) if one else ()
    first, second = sorted((said(match[1] or match[3]), said(match[5])), key=lambda one: one.value)
    if match[4] != ":" and 1 not in (first.value, second.value):  # "6 to 8" is a range, "7 to 1" a ratio
        return (Said(f"{plain(first.value)} to {plain(second.value)}", first.value, first.low, second.high),)
    pairs = ((first, second), (second, first))
    return tuple(Said(str(value), a.value / b.value, a.low / b.value, a.high / b.value) for a, b in pairs if b.value)


def large_groups(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the groups of ``subgroups`` whose counts are shown, and which therefore owe every other number."""
    small = [hidden(rows[column]) & rows[column].notna() for column in ("stays", "events") if column in rows]
    return rows[~pd.concat(small, axis=1).any(axis=1)] if small else rows


def judged(found: Found) -> tuple[int, int]:
    """Return the stays and events that the model was judged on, as ``calibration`` has them.

    Raises
    ------
    NotChecked
        ``calibration`` does not say.
    """
    rows = table(found, "calibration", "stays", "events")
    stays, events = numbers(rows["stays"]), numbers(rows["events"])
    if not (stays.gt(0) & events.notna()).any():
        raise NotChecked("`calibration` gives no stays and events")
    row = stays.where(events.notna()).idxmax()
    return int(stays[row]), int(events[row])


def measure(found: Found, name: str, *words: str) -> pd.Series:
    """Return the first row of a table of measures whose ``what`` holds one of these words, its numbers as floats.

    Raises
    ------
    NotChecked
        There is no such row.
    """
    rows = table(found, name, "what", "value", "low", "high")
    what = rows["what"].astype(str).str.lower()
    for word in words:
        hit = rows[what.str.contains(word.lower(), regex=False)]
        if len(hit):
            one = hit.iloc[0].copy()
            one[["value", "low", "high"]] = numbers(one[["value", "low", "high"]])
            return one
    raise NotChecked(f"`{name}` has no row for {words[0]}")


def _kept(found: Found, name: str) -> Any:
    if name not in found.kept:
        raise NotChecked(f"`{name}` is not kept")
    return found.kept[name][0]


def each_table(found: Found, names: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Give the tables that are there with their columns, one after the other, then say which are not.

    Raises
    ------
    NotChecked
        After the last one, if any is missing: what was found in the others stands.
    """
    lacking = []
    for name, columns in names.items():
        try:
            yield name, table(found, name, *columns)
        except NotChecked as why:
            lacking.append(str(why))
    if lacking:
        raise NotChecked("; ".join(lacking))


def if_number(found: Found, name: str, key: str) -> float | None:
    """Return one number of a kept mapping, or None."""
    try:
        return number(found, name, key)
    except NotChecked:
        return None


def whole(value: float) -> str:
    """Return a count as it is printed."""
    return "no number" if pd.isna(value) else f"{value:,.0f}"


def plain(value: float, digits: int = 3) -> str:
    """Return a number as it is printed, without zeros at its end."""
    shown = "no number" if pd.isna(value) else f"{value:,.{digits}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown
