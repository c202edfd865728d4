"""A payer's claims, read line by line: each is a version of a claim, or a reason why it is none."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from .reading import Refused

COLUMNS = (
    *("claim_id", "claim_control", "original_claim_id", "frequency", "member_id", "mrn", "visit", "facility", "payer"),
    *("type", "from_date", "through_date", "admit_type", "discharge_status", "principal_dx", "other_dx", "procedures"),
    *("charge", "allowed", "paid", "received_date", "paid_date", "status"),
)
_DATES = ("from_date", "through_date", "received_date", "paid_date")
_MONEY = ("charge", "allowed", "paid")
ENROLMENT_FILE = "enrolment.csv"
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Layout(NamedTuple):
    """What the lines of a file are: its columns, which of them are days and money, and how to name a line."""

    columns: tuple[str, ...]
    dates: tuple[str, ...]
    money: tuple[str, ...]
    line: str


CLAIMS = Layout(COLUMNS, _DATES, _MONEY, "a claim's")
# who is covered from when to when, and whose death the payer knows; ``to`` is missing while cover lasts
ENROLMENT = Layout(("member_id", "mrn", "from", "to", "death_date"), ("from", "to", "death_date"), (), "a member's")


def find_files(folder: Path) -> list[Path]:
    """Return the ``.csv`` files of a folder of claims that are not hidden, by name; without the members' list."""
    if not folder.is_dir():
        return []
    tables = (one for one in folder.iterdir() if one.suffix.lower() == ".csv" and one.name[0] != "." and one.is_file())
    return sorted(one for one in tables if one.name != ENROLMENT_FILE)


def find_members(folder: Path) -> list[Path]:
    """Return the payers' list of members in a folder of claims, if there is one."""
    path = folder / ENROLMENT_FILE
    return [path] if path.is_file() else []


def read_file(path: Path, layout: Layout = CLAIMS) -> Iterator[tuple | Refused]:
    """Yield every line after the header: a row in the order of the layout's columns, or a Refused.

    The header says where which column stands; columns that are not the layout's are passed over. A line is a row: a
    quotation mark that is never closed costs its own line, not all that follow.
    """
    try:
        lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines()
    except OSError as error:
        yield Refused(0, f"the file cannot be read: {error.strerror or error}")
        return
    header, places = None, []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            fields = _fields(line)
            if header is None:
                header, places = fields, _places(fields, layout)
                continue
            if len(fields) != len(header):
                raise ValueError(f"{len(fields)} fields where the header has {len(header)}")
            yield _row([fields[place] for place in places], layout)
        except ValueError as error:
            yield Refused(number, str(error))
            if header is None or not places:  # without a header no line can be understood
                yield from (Refused(n, f"the file's header is not {layout.line}") for n in _filled(lines, number))
                return


def _filled(lines: list[bytes], after: int) -> list[int]:
    return [number for number, line in enumerate(lines, start=1) if number > after and line.strip()]


def _fields(line: bytes) -> list[str]:
    try:
        return next(csv.reader([line.decode("utf-8")], strict=True))
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 text: byte {error.start + 1} of the line is 0x{line[error.start]:02x}") from None
    except csv.Error as error:
        raise ValueError(f"not CSV: {error}") from None


def _places(header: list[str], layout: Layout) -> list[int]:
    names = [name.strip() for name in header]
    if missing := [name for name in layout.columns if names.count(name) != 1]:
        raise ValueError(f"not {layout.line} header: it does not name {', '.join(missing)} once")
    return [names.index(name) for name in layout.columns]


def _row(fields: list[str], layout: Layout) -> tuple:
    found = dict(zip(layout.columns, (field.strip() or None for field in fields), strict=True))
    key = layout.columns[0]
    if found[key] is None:
        raise ValueError(f"no {key}")
    for name in layout.dates:
        found[name] = _date(name, found[name])
    for name in layout.money:
        found[name] = _money(name, found[name])
    return tuple(found.values())


def _date(name: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        if not _DATE.fullmatch(text):
            raise ValueError
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{name} is not a date as in 2024-03-09") from None


def _money(name: str, text: str | None) -> float | None:
    if text is None:
        return None
    value = float(text) if _NUMBER.fullmatch(text) else math.inf
    if not math.isfinite(value):
        raise ValueError(f"{name} is not a number")
    return value


def table(rows: list[tuple], layout: Layout = CLAIMS) -> pa.Table:
    """Return rows as columns: ids and codes as text, dates as days, money in dollars."""
    names = layout.columns
    kinds = dict.fromkeys(names, pa.large_string())
    kinds |= dict.fromkeys(layout.dates, pa.timestamp("us")) | dict.fromkeys(layout.money, pa.float64())
    columns = zip(*rows, strict=True) if rows else ((),) * len(names)
    return pa.table({name: pa.array(column, kinds[name]) for name, column in zip(names, columns, strict=True)})
