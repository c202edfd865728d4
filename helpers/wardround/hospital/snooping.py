"""Looks that have no relation to the patient, and looks that only seem to have none."""

from __future__ import annotations

import numpy as np

from .entries import EMER, IMP
from .keys import STAFF
from .patients import fault_count
from .people import Table
from .sources import DAY_SECONDS, Source
from .staff import ATTENDINGS, PER_SITE
from .streams import Purpose
from .workforce import Workforce, look

SNOOPS = ("same_surname", "same_street", "colleague", "well_known")
EACH = 3  # employees of each kind
WHY = {
    "same_surname": "The employee has the patient's family name and none of the patient's care.",
    "same_street": "The employee lives in the patient's street and has none of the patient's care.",
    "colleague": "The patient works in the employee's own department and is treated elsewhere.",
    "well_known": "The patient is known in town, and the employee works on another ward.",
}
WHY_DECOY = {
    "float": "The nurse was sent to another ward for a shift, as the schedule says.",
    "audit": "A coder reopened an old bill for an audit.",
    "break_glass": "A physician from elsewhere opened the chart in an emergency and said why.",
}
_DECOY_REASON = {
    "float": "float assignment",
    "audit": "bill audit",
    "break_glass": "break-glass: unresponsive, no one else there",
}
_DECOYS = 0.005 / 3  # of rows, each kind


def decoys(source: Source, workforce: Workforce, work: Table) -> tuple[Table, list[tuple]]:
    """Return exceptions with a documented reason, and their near misses for the ledger."""
    table, parts, ledger = source.chart.encounters, [], []
    person, when = (work["key"][:, k] for k in (0, 1))
    for number, kind in enumerate(WHY_DECOY):
        cls = table["cls"][work["encounter"]]
        allowed = {"float": cls == IMP, "audit": work["relation"] == "coding", "break_glass": cls == EMER}[kind]
        u = source.draw(Purpose.SNOOPING, person, when, 100 + 100_000 * number + work["key"][:, 2] % 32_768)
        order = np.argsort(np.where(allowed, u[0], 2.0), kind="stable")
        _, once = np.unique(work["encounter"][order], return_index=True)
        order = order[np.sort(once)]  # one exception a visit
        count = min(int(allowed[order].sum()), fault_count(_DECOYS, work["moment"].size))
        here = np.sort(order[:count])
        encounter, moment = work["encounter"][here], work["moment"][here] + 600
        user = _elsewhere(workforce, table, encounter, kind, u[1][here], moment)
        part = look(encounter, moment, user, kind, "view", 0, source, reason=_DECOY_REASON[kind])
        parts.append(part)
        for key, who in zip(part["key"].tolist(), user.tolist(), strict=True):
            note = ("feed_near_miss", f"access_{kind}", tuple(key), None, kind, workforce.user[who], WHY_DECOY[kind])
            ledger.append(note)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}, ledger


def _elsewhere(workforce: Workforce, table: Table, encounter, kind: str, u: np.ndarray, moment) -> np.ndarray:
    """Return who comes: a nurse of another ward of the site, a coder, or a physician of the medical staff."""
    if kind == "audit":
        first, count = workforce.first["coder"]
        return first + (count * u).astype(np.int64)
    site = table["site"][encounter]
    if kind == "break_glass":
        return site * PER_SITE + (ATTENDINGS * u).astype(np.int64)
    first, count = np.array([1, 7])[site], np.array([5, 3])[site]
    ward = first + (table["place"][encounter] - first + 1 + (u * (count - 1)).astype(np.int64)) % count
    shift = (moment - 7 * 3600) // (8 * 3600) % 3
    return np.array([workforce.nurses[w, s] for w, s in zip(ward.tolist(), shift.tolist(), strict=True)], dtype=int)


def snoopers(source: Source, workforce: Workforce, work: Table, weeks: np.ndarray) -> tuple[Table, list[tuple]]:
    """Return the looks of a dozen employees who have no part in the care of those they look up, and the ledger."""
    related = set(zip(work["user"].tolist(), work["patient"].tolist(), strict=True))
    related |= {(workforce.department[user], patient) for user, patient in related}
    candidates = [k for k, role in enumerate(workforce.role) if role in ("nurse", "clerk")]
    u = source.draw(Purpose.SNOOPING, STAFF + np.array(candidates), 0, 0)[0]
    queue = [candidates[k] for k in np.argsort(u, kind="stable").tolist()]
    targets = _Targets(source, workforce, work)
    rows, ledger, taken = [], [], set()
    for kind in SNOOPS:
        found = 0
        for user in queue:
            if found == EACH or user in taken:
                continue
            where = workforce.department[user]
            seen = [one for one in targets.of(kind, user) if not {(user, one), (where, one)} & related]
            if not seen:
                continue
            found += 1
            taken.add(user)
            rows += _looks(source, workforce, user, kind, seen[:2], weeks)
    for row in rows:
        note = ("snooping", row["relation"], tuple(row["key"]), None, row["relation"], workforce.user[row["user"]])
        ledger.append((*note, WHY[row["relation"]]))
    return _columns(rows), ledger


class _Targets:
    """Whom an employee might be curious about."""

    def __init__(self, source: Source, workforce: Workforce, work: Table):
        self.source, self.workforce = source, workforce
        patients = source.patients
        rows = patients.exported
        self.records = {int(row): source.record_ids[k] for k, row in list(enumerate(patients.row.tolist()))[::-1]}
        self.rows = rows.tolist()
        u = source.draw(Purpose.SNOOPING, source.world.people["person"][rows], 0, 1)[0]
        self.order = [self.rows[k] for k in np.argsort(u, kind="stable").tolist()]
        self.known = patients.identity
        table = source.chart.encounters
        inside = work["encounter"][work["relation"] == "ward"]
        person = table["person"][inside]
        # who is known in town: of those in hospital in these weeks, one
        v = source.draw(Purpose.SNOOPING, person, 0, 2)[0]
        self.famous = source.patient[int(inside[int(np.argmin(v))])] if inside.size else None

    def of(self, kind: str, user: int) -> list[str]:
        force = self.workforce
        if kind == "well_known":
            return [self.famous] if self.famous else []
        if kind == "colleague":
            where = force.department[user]
            here = [row for k, row in force.employees.items() if force.department[k] == where and k != user]
            return [self.records[row] for row in here]
        if kind == "same_surname":
            here = (row for row in self.order if self.known["family"][row] == force.family[user])
        else:
            number, street = force.line[user].split(" ", 1)
            here = (row for row in self.order if _near(self.known["line"][row], int(number), street))
        own = force.employees.get(user)
        return [self.records[row] for _, row in zip(range(8), here, strict=False) if row != own]


def _near(line: str, number: int, street: str) -> bool:
    other, where = line.split(" ", 1)
    return where == street and abs(int(other) - number) <= 40


def _looks(
    source: Source, workforce: Workforce, user: int, kind: str, seen: list[str], weeks: np.ndarray
) -> list[dict]:
    """Return five to ten looks of one employee within their own hours of the sampled weeks."""
    u = source.draw(Purpose.SNOOPING, STAFF + user, 0, 10 + np.arange(11))
    count = 5 + int(6 * u[0][10])
    rows = []
    for k in range(count):
        day = int(weeks[int(u[0][k] * weeks.size)]) * 7 + int(7 * u[1][k])
        hour = {0: 7, 1: 15, 2: 23, -1: 8}[workforce.shift[user]] + 8 * u[2][k]
        moment = int(day * DAY_SECONDS + hour * 3600)
        within = moment // (7 * DAY_SECONDS) in weeks and moment < source.end
        action = "print" if u[3][k] < 0.1 else "view"
        row = {"encounter": 0, "moment": moment if within else moment - DAY_SECONDS, "user": user, "relation": kind}
        rows.append(row | {"action": action, "reason": "treatment", "patient": seen[k % len(seen)]})
        rows[-1]["key"] = [STAFF + user, 0, k]
    return rows


def _columns(rows: list[dict]) -> Table:
    names = ("encounter", "moment", "user", "relation", "action", "reason", "patient")
    kinds = dict.fromkeys(names[:3], np.int64)
    table = {name: np.array([row[name] for row in rows], dtype=kinds.get(name, object)) for name in names}
    return table | {"key": np.array([row["key"] for row in rows], dtype=np.int64).reshape(len(rows), 3)}
