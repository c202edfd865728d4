"""Dates and times as FHIR writes them: with gaps, compared only as far as both are known.

``2024-03`` is a month, not its first day. So ``2024-03 < 2024-03-15`` is neither true nor false (FHIRPath says:
empty), and the lowest and the highest moment it may stand for are asked for by name.
"""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta
from decimal import Decimal

_DATE_TIME = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII
)
_TIME = re.compile(r"(\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?", re.ASCII)


def compare(left: str, right: str) -> int | bool | None:
    """Return -1, 0 or 1; None where the precision does not decide; False where one of the texts is no moment."""
    one, other = _parts(left), _parts(right)
    if one is None or other is None or one[0] != other[0]:
        return False
    (_, first, zone), (_, second, zone_other) = one, other
    shared = min(len(first), len(second))
    if shared > 3 and (zone is None) != (zone_other is None):
        return None  # an hour with a zone and one without cannot be ordered
    for a, b in zip(first[:shared], second[:shared], strict=True):
        if a != b:
            return -1 if a < b else 1
    return 0 if len(first) == len(second) else None


def _parts(text: str) -> tuple[str, tuple[float, ...], str | None] | None:
    """Return (kind, components as far as they go, zone), components in UTC where there is a zone."""
    found = _TIME.fullmatch(text)
    if found:
        return "time", tuple(float(part) for part in found.groups() if part is not None), None
    found = _DATE_TIME.fullmatch(text)
    if not found:
        return None
    *numbers, zone = found.groups()
    parts = tuple(float(part) for part in numbers if part is not None)
    if zone is None or zone == "Z":
        return "date", parts, zone
    try:
        whole = [int(part) for part in parts[:5]]
        moved = datetime(*whole) - timedelta(minutes=_minutes(zone))
    except (ValueError, OverflowError):
        return None
    return "date", (*map(float, moved.timetuple()[: len(whole)]), *parts[5:]), zone


def _minutes(zone: str) -> int:
    minutes = 60 * int(zone[1:3]) + int(zone[4:6])
    return -minutes if zone[0] == "-" else minutes


def boundary(value: object, high: bool, kind: str | None) -> object:
    """Return the lowest or highest value that a number, date or time of its precision may stand for, or None.

    Parameters
    ----------
    value
        A number or text. A number's precision is that of its shortest writing: JSON readers drop closing zeros.
    high
        The highest rather than the lowest.
    kind
        The FHIR type where the path names it; ``dateTime`` makes a bare date a range of instants, over all zones.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        exact = Decimal(repr(value))
        half = Decimal(5).scaleb(min(exact.as_tuple().exponent, 0) - 1)
        return float(exact + half if high else exact - half)
    if not isinstance(value, str):
        return None
    if found := _TIME.fullmatch(value):
        return _clock([part for part in found.groups() if part is not None], high)
    found = _DATE_TIME.fullmatch(value)
    return _date_boundary(found.groups(), high, kind) if found else None


def _date_boundary(groups: tuple[str | None, ...], high: bool, kind: str | None) -> str | None:
    year, month, day, *clock, zone = groups
    month = month or ("12" if high else "01")
    if not 1 <= int(month) <= 12 or int(year) == 0:
        return None
    day = day or (f"{calendar.monthrange(int(year), int(month))[1]:02}" if high else "01")
    date = f"{year}-{month}-{day}"
    if clock[0] is None and kind not in ("dateTime", "instant"):
        return date
    time = _clock([part for part in clock if part is not None], high)
    return f"{date}T{time}{zone or ('-12:00' if high else '+14:00')}"


def _clock(parts: list[str], high: bool) -> str:
    hour, minute, second = [*parts, *(["23", "59", "59"] if high else ["00", "00", "00"])[len(parts) :]]
    whole, _, fraction = second.partition(".")
    return f"{hour}:{minute}:{whole}.{fraction.ljust(3, '9' if high else '0')}"
