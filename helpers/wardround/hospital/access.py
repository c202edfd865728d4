"""The access log of eight sampled weeks: who opened whose chart, when, and with what relation to the patient.

Every row of work has a relation: the ward and shift, the attending, the emergency desk, coding, and so on. A dozen
employees look without one. Beside them stand exceptions that only look alike: float nurses, audits, broken glass.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from . import clock
from .claims import table_bytes
from .entries import EMER, IMP
from .people import Table
from .snooping import decoys, snoopers
from .sources import DAY_SECONDS, WARDS, Source
from .staff import ATTENDINGS, PER_SITE
from .streams import Purpose
from .workforce import NURSES, SHIFTS, Workforce, look

WEEKS = 8
COLUMNS = ("row_id", "at", "user", "role", "department", "patient_id", "action", "reason", "workstation")
DIRECTORY = ("user", "family", "given", "role", "department", "line")
FILE, DIRECTORY_FILE = "access/access_log.csv", "access/directory.csv"
_SHIFT = 8 * 3600
_MORNING = 7 * 3600


def access_rows(source: Source) -> tuple[Table, list[tuple]]:
    """Return the access log as columns, ordered by time, and its ledger.

    Returns
    -------
    dict of arrays
        ``row_id``, ``moment`` (seconds of the model), ``user``, ``role``, ``department``, ``patient_id``, ``action``,
        ``reason``, ``workstation``, and the truth ``relation`` (of ``workforce.RELATIONS`` or ``snooping.SNOOPS``).
    """
    workforce = Workforce(source)
    weeks = sampled_weeks(source)
    parts = [part(source, workforce) for part in (_wards, _physicians, _emergency, _laboratory, _coders, _calls)]
    work = _joined([one for some in parts for one in some])
    work = _inside(source, work, weeks)
    extra, ledger = decoys(source, workforce, work)
    wrong, more = snoopers(source, workforce, work, weeks)
    rows = _joined([work, extra, *([] if "snooping" in source.without else [wrong])])
    rows = _inside(source, rows, weeks)
    return _finish(source, workforce, rows, ledger + ([] if "snooping" in source.without else more))


def sampled_weeks(source: Source) -> np.ndarray:
    """Return the eight weeks of which the log is kept."""
    weeks = np.arange(source.world.weeks)
    u = source.draw(Purpose.ACCESS, 0, weeks, 3)[0]
    return np.sort(np.argsort(u, kind="stable")[:WEEKS])


def _inside(source: Source, rows: Table, weeks: np.ndarray) -> Table:
    keep = np.isin(rows["moment"] // (7 * DAY_SECONDS), weeks) & (rows["moment"] < source.end)
    return {name: column[keep] for name, column in rows.items()}


def _joined(parts: list[Table]) -> Table:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _spans(table: Table, here: np.ndarray, step: int, offset: int) -> tuple[np.ndarray, ...]:
    """Return, for encounters, every shift (or day) that they touch: encounter, number since midnight, begin, end."""
    shift = (clock.summer_shift(table["start"][here] / DAY_SECONDS) * DAY_SECONDS).astype(np.int64)
    start, stop = table["start"][here] + shift - offset, table["stop"][here] + shift - offset
    first, last = start // step, np.maximum(stop - 1, start) // step
    count = last - first + 1
    owner = np.repeat(np.arange(here.size), count)
    number = first[owner] + np.arange(owner.size) - np.repeat(np.cumsum(count) - count, count)
    begin = np.maximum(number * step, start[owner]) + offset - shift[owner]
    end = np.minimum((number + 1) * step, stop[owner]) + offset - shift[owner]
    return here[owner], number, begin, end


def _draw(source: Source, encounter: np.ndarray, slot) -> np.ndarray:
    table = source.chart.encounters
    slot = 16 + 4 * np.asarray(slot) + table["part"][encounter]
    return source.draw(Purpose.ACCESS, table["person"][encounter], table["when"][encounter], slot)


def _wards(source: Source, workforce: Workforce) -> list[Table]:
    """Return what the nurses of a ward open in each shift: the chart, and most often a record of vital signs."""
    table = source.chart.encounters
    encounter, number, begin, end = _spans(table, np.flatnonzero(table["cls"] != EMER), _SHIFT, _MORNING)
    u = _draw(source, encounter, 1000 + number % 1024)
    first = np.array([[workforce.nurses[place, shift] for shift in range(SHIFTS)] for place in range(len(WARDS))])
    user = first[table["place"][encounter], number % SHIFTS] + (u[0] * NURSES).astype(np.int64)
    moment = begin + u[1] * (end - begin)
    again = u[2] < 0.5
    later = begin + u[3] * (end - begin)
    slot = number % 1024
    return [
        look(encounter, moment, user, "ward", "view", slot, source),
        look(encounter[again], later[again], user[again], "ward", "update", 1024 + slot[again], source),
    ]


def _physicians(source: Source, workforce: Workforce) -> list[Table]:
    """Return the daily round of the attending, some orders, consults, and the pharmacist who checks them."""
    table = source.chart.encounters
    encounter, number, begin, end = _spans(table, np.flatnonzero(table["cls"] == IMP), DAY_SECONDS, 0)
    u = _draw(source, encounter, 3000 + number % 1024)
    moment, doctor, slot = begin + (end - begin) * (0.3 + 0.35 * u[0]), table["doctor"][encounter], number % 1024
    site, asked = table["site"][encounter], (u[2] < 0.05)
    other = site * PER_SITE + (doctor - site * PER_SITE + 1 + (38 * u[3]).astype(np.int64)) % ATTENDINGS
    pharmacy = np.array([workforce.first["pharmacist", s][0] for s in (0, 1)])[site] + (3 * u[3]).astype(np.int64)
    ordered, checked = u[1] < 0.4, u[1] < 0.5
    return [
        look(encounter, moment, doctor, "attending", "view", slot, source),
        look(
            encounter[ordered],
            moment[ordered] + 240,
            doctor[ordered],
            "attending",
            "update",
            1024 + slot[ordered],
            source,
        ),
        look(encounter[asked], moment[asked] + 5400, other[asked], "consult", "view", slot[asked], source),
        look(encounter[checked], moment[checked] + 2700, pharmacy[checked], "pharmacy", "view", slot[checked], source),
    ]


def _emergency(source: Source, workforce: Workforce) -> list[Table]:
    """Return what the emergency department opens: the clerk, the nurse of the shift at triage and later, the doctor."""
    table = source.chart.encounters
    here = np.flatnonzero(table["cls"] == EMER)
    length = table["stop"][here] - table["start"][here]
    u, more = _draw(source, here, 1), _draw(source, here, 2)
    site, start = table["site"][here], table["start"][here]
    clerk = np.array([workforce.first["clerk", s][0] for s in (0, 1)])[site] + (6 * u[0]).astype(np.int64)
    shift = (clock.summer_shift(start / DAY_SECONDS) * DAY_SECONDS).astype(np.int64)
    first = np.array([[workforce.nurses[place, s] for s in range(SHIFTS)] for place in range(len(WARDS))])
    nurse = lambda at: first[table["place"][here], ((at + shift - _MORNING) // _SHIFT) % SHIFTS]  # noqa: E731
    triage = (start + np.minimum(120 + 900 * u[1], 0.3 * length)).astype(np.int64)
    seen = (start + (0.3 + 0.5 * u[2]) * length).astype(np.int64)
    who = (NURSES * more[0]).astype(np.int64)
    return [
        look(here, start + 30, clerk, "registration", "update", 0, source),
        look(here, triage, nurse(triage) + who, "emergency_desk", "update", 1, source),
        look(here, seen, nurse(seen) + who, "emergency_desk", "view", 2, source),
        look(here, seen + 300, table["doctor"][here], "emergency_desk", "view", 3, source),
    ]


def _laboratory(source: Source, workforce: Workforce) -> list[Table]:
    """Return the technician who releases each draw's results."""
    labs, table = source.chart.labs, source.chart.encounters
    begins = np.r_[True, (labs["moment"][1:] != labs["moment"][:-1]) | (labs["row"][1:] != labs["row"][:-1])]
    begins = np.flatnonzero(begins[: labs["row"].size])
    encounter, issued = labs["encounter"][begins], labs["issued"][begins]
    slot = (labs["moment"][begins] // 60) % 8192
    u = _draw(source, encounter, 20_000 + slot)[0]
    user = np.array([workforce.first["technician", s][0] for s in (0, 1)])[table["site"][encounter]]
    return [look(encounter, issued, user + (4 * u).astype(np.int64), "laboratory", "update", slot, source)]


def _coders(source: Source, workforce: Workforce) -> list[Table]:
    """Return the coder of each closed encounter, some days after it."""
    table = source.chart.encounters
    here = np.flatnonzero(~table["open"])
    u = _draw(source, here, 3)
    day = table["stop"][here] // DAY_SECONDS + 2 + (5 * u[0]).astype(np.int64)
    first, count = workforce.first["coder"]
    moment = day * DAY_SECONDS + (8 + 8 * u[1]) * 3600
    return [look(here, moment, first + (count * u[2]).astype(np.int64), "coding", "view", 0, source)]


def _calls(source: Source, workforce: Workforce) -> list[Table]:
    """Return the care manager who calls after discharge."""
    stays = source.world.stays
    called = np.flatnonzero(stays["called"] & (source.contacts.last >= 0))
    here = source.contacts.last[called]
    here = here[~source.chart.encounters["open"][here]]
    u = _draw(source, here, 4)
    moment = (source.chart.encounters["stop"][here] // DAY_SECONDS + 1) * DAY_SECONDS + (9 + 7 * u[0]) * 3600
    first, count = workforce.first["care manager"]
    return [look(here, moment, first + (count * u[1]).astype(np.int64), "care_call", "view", 0, source)]


def _finish(source: Source, workforce: Workforce, rows: Table, ledger: list[tuple]) -> tuple[Table, list[tuple]]:
    """Order rows by time and give them their ids and what the directory knows of their users."""
    order = np.lexsort((*rows["key"].T, rows["moment"]))
    rows = {name: column[order] for name, column in rows.items()}
    numbers = source.number("access", *rows["key"].T) if order.size else np.zeros(0, dtype=np.uint64)
    of_key = {tuple(key): f"A{bits:012X}" for key, bits in zip(rows["key"].tolist(), numbers.tolist(), strict=True)}
    user = rows["user"].tolist()
    station = source.draw(Purpose.ACCESS, *rows["key"].T[:2], 5)[0] if order.size else np.zeros(0)
    table = {
        "row_id": np.array(list(of_key.values()), dtype=object),
        "moment": rows["moment"],
        **{name: np.array(getattr(workforce, name), dtype=object)[user] for name in ("user", "role", "department")},
        "patient_id": rows["patient"],
        **{name: rows[name] for name in ("action", "reason", "relation")},
    }
    table["workstation"] = np.array(
        [f"{_short(where)}-{1 + int(9 * u)}" for where, u in zip(table["department"], station, strict=True)],
        dtype=object,
    )
    entries = [
        (fault, kind, "AuditEvent", of_key[key], "relation", before, after, related, why, FILE)
        for fault, kind, key, before, after, related, why in ledger
        if key in of_key
    ]
    return table, entries


@lru_cache(maxsize=64)
def _short(department: str) -> str:
    return "".join(word if any(c.isdigit() for c in word) else word[:2].upper() for word in department.split())


def written(source: Source, rows: Table) -> dict[str, bytes]:
    """Return the bytes of the log and of the directory beside it."""
    at = clock.local(rows["moment"])
    columns = [rows["row_id"].tolist(), at, *(rows[name].tolist() for name in COLUMNS[2:])]
    directory = Workforce(source).table()
    return {
        FILE: table_bytes(COLUMNS, zip(*columns, strict=True)),
        DIRECTORY_FILE: table_bytes(DIRECTORY, zip(*(directory[name] for name in DIRECTORY), strict=True)),
    }
