"""ADT: who comes, moves, leaves and turns out to be the same person, as registration tells the other systems.

One message opens an encounter of the export and one closes it; a move to the other hospital closes one and opens the
next. What the clerk enters is later than what happened: by minutes, sometimes by hours.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from . import parameters as sheet
from . import staff as places
from .codes import VISIT_REASONS
from .entries import EMER, IMP, OBSENC
from .hl7 import Message, location, person, pid, segment, stamp, visit
from .patients import typo
from .sources import ADT, FACILITY, Source, chosen
from .staff import PER_SITE
from .streams import Purpose

OPEN, MOVE, DETAILS, DOCTOR, CLOSE = range(5)
_CLASS = {EMER: "E", IMP: "I", OBSENC: "O"}
_LEAVES_FOR = {  # HL7 leaves table 0112 to its users; these are the codes of FHIR's discharge-disposition
    **{sheet.HOME: "home", sheet.HOME_HEALTH: "home-health", sheet.SNF: "snf", sheet.HOSPICE: "hosp"},
    **{sheet.AMA: "aadvice", sheet.TRANSFER: "other-hcf", sheet.DIED: "exp"},
}
_COMPLAINT = {
    **{"heart_failure": "Short of breath & swollen legs", "copd": "Short of breath & wheezing"},
    **{"pneumonia": "Cough & fever", "coronary": "Chest pain", "stroke": "Weakness of one side"},
    **{"sepsis": "Fever & confusion", "gut": "Abdominal pain & vomiting", "kidney": "Weakness", "alcohol": "Shaking"},
    **{"diabetes": "Thirst & high blood sugar", "mental": "Change in behavior", "infection": "Fever & pain"},
    **{"rhythm": "Palpitations", "injury": "Fall & pain", "other": "Feeling unwell", "planned": "Planned surgery"},
    **{"chemotherapy": "Chemotherapy"},
}
_REASON = {
    **{
        "R07.9": "Chest pain",
        "R10.9": "Abdominal pain & nausea",
        "M54.50": "Back pain",
        "J06.9": "Cough & sore throat",
    },
    **{
        "S93.401A": "Fall & ankle pain",
        "R51.9": "Headache",
        "S01.01XA": "Cut on the head",
        "N39.0": "Painful urination",
    },
    **{"R42": "Dizziness & nausea", "A08.4": "Vomiting & diarrhea", "R55": "Fainted", "R50.9": "Fever"},
    **{"L03.90": "Red & swollen leg", "N20.0": "Flank pain", "R53.1": "Weakness"},
}
WHY_KEYED_LATE = "The ward was busy; the clerk discharged the patient in the system hours after they had gone."
WHY_MERGE = "The merge was done by hand while the interface was paused, and no A40 was sent: others keep both numbers."


@dataclass
class Stream:
    """Messages of one interface and what is to be said of them in the ledger."""

    messages: list[Message] = field(default_factory=list)
    ledger: list[tuple] = field(default_factory=list)


def adt(source: Source) -> Stream:
    """Return the messages of registration in the last weeks, those of merges among them."""
    made = Stream()
    for plan in _plans(source, made):
        made.messages += plan.messages()
    _merges(source, made)
    return made


def _plans(source: Source, made: Stream) -> list[_Visit]:
    encounters, stays = source.chart.encounters, source.world.stays
    here = np.flatnonzero(encounters["stop"] >= source.begin)
    table = {name: column[here] for name, column in encounters.items()}
    person_, when, part = table["person"], table["when"], table["part"]
    draws = [source.draw(Purpose.REGISTRATION, person_, when, 8 * k + part) for k in range(3)]
    delays = [source.draw(Purpose.MESSAGE, person_, when, 8 * k + part) for k in range(2)]
    moved = (table["stay"] >= 0) & ~np.isnan(stays["moved_at"][table["stay"]])
    closes = ~table["open"] & ~((table["cls"] == IMP) & (table["part"] == 1) & moved)
    late = _keyed_late(source, table, closes)
    table["late"] = late
    late = late & ("discharge_keyed_late" not in source.without)
    table["reason_u"] = source.draw(Purpose.DIAGNOSIS, person_, when)[1]
    minutes = np.where(late, 120 + 360 * delays[1][0], 1 + 39 * delays[1][0])
    keyed = table["stop"] + 60 * np.rint(minutes).astype(np.int64)
    visits = []
    for k, position in enumerate(here.tolist()):
        row = {name: column[k].item() for name, column in table.items()}
        row |= {"position": position, "moved": bool(moved[k]), "closes": bool(closes[k]), "keyed": int(keyed[k])}
        visits.append(_Visit(source, row, [d[:, k] for d in draws], [d[:, k] for d in delays], bool(late[k]), made))
    return visits


def _keyed_late(source: Source, table: dict, closes: np.ndarray) -> np.ndarray:
    """Return which inpatient discharges are keyed hours late; whoever leaves at the very end is keyed in time."""
    allowed = closes & (table["cls"] == IMP) & (table["stop"] + 9 * 3600 < source.end)
    allowed &= source.audible(ADT, table["stop"], table["stop"] + 9 * 3600)
    u = source.draw(Purpose.DISCHARGE_KEYED_LATE, table["person"], table["when"], table["part"])[0]
    late = np.zeros(u.size, dtype=bool)
    late[allowed] = chosen(u[allowed], 0.06)
    return late


class _Visit:
    """One encounter on its way through registration."""

    def __init__(self, source: Source, row: dict, draws: list, delays: list, late: bool, made: Stream):
        self.source, self.row, self.delays, self.late, self.made = source, row, delays, late, made
        (self.move_u, hours_u, self.update_u, after_u), (doctor_u, then_u, other_u, kind_u) = draws[:2]
        self.room_u, self.bed_u, self.where_u, self.how_u = draws[2]
        self.known = source.registered(int(source.place[row["position"]]))
        start, length = row["start"], row["stop"] - row["start"]
        inpatient = row["cls"] == IMP
        self.arrives_by_move = inpatient and row["part"] == 2
        stays_here = inpatient and not row["moved"] and length > 36 * 3600
        self.moves_at = start + int((6 + 24 * hours_u) * 3600) if stays_here and self.move_u < 0.12 else None
        updated = self.update_u < 0.04
        self.updated_at = start + int(min(600 + 14_400 * after_u, 0.8 * length)) if updated else None
        changed = inpatient and length > 86_400 and doctor_u < 0.05
        self.doctor_at = start + int((0.3 + 0.4 * then_u) * length) if changed else None
        first = row["site"] * PER_SITE
        self.earlier_doctor = first + (row["doctor"] - first + 1 + int(38 * other_u)) % places.ATTENDINGS
        self.kind_u = kind_u

    def messages(self) -> list[Message]:
        row, slow = self.row, self.row["cls"] == IMP
        seconds, more, last, _ = self.delays[0].tolist()
        opened = row["start"] + int(20 + (900 if slow else 240) * seconds)
        events = [
            (OPEN, "A02" if self.arrives_by_move else "A04" if row["cls"] == EMER else "A01", row["start"], opened)
        ]
        if self.moves_at is not None:
            events.append((MOVE, "A02", self.moves_at, self.moves_at + int(60 + 1500 * more)))
        if self.updated_at is not None:
            at = max(self.updated_at, opened + 60)
            events.append((DETAILS, "A08", at, at + int(5 + 40 * more)))
        if self.doctor_at is not None:
            events.append((DOCTOR, "A08", self.doctor_at, self.doctor_at + int(5 + 40 * last)))
        if row["closes"]:
            events.append((CLOSE, "A03", row["keyed"], max(row["keyed"], opened) + int(5 + 90 * last)))
        inside = [event for event in events if event[3] < self.source.end and event[2] >= self.source.begin]
        return [self._message(*event) for event in inside]

    def _message(self, step: int, event: str, at: int, sent: int) -> Message:
        row, source = self.row, self.source
        fields = {1: "1", 2: _CLASS[row["cls"]], 3: self._place(at), 4: "C" if row["planned"] else "E"}
        visit_number = source.visit[row["position"]]
        fields |= {7: person(source.staff, self._doctor(at)), 19: visit(visit_number, row["site"])}
        recorded = stamp(at)
        fields[44] = stamp(row["start"])
        died = ""
        if step == MOVE:
            fields[6] = self._place(row["start"])
        elif step == OPEN and row["part"] == 2 and row["cls"] == IMP:
            earlier = source.contacts.first[row["stay"]]
            other = source.chart.encounters
            place, site = int(other["place"][earlier]), int(other["site"][earlier])
            fields |= {5: visit(source.visit[earlier], site), 6: location(place, self._room(0), self._bed(), site)}
        elif step == CLOSE:
            fields |= {36: self._leaves_for(), 45: recorded}
            if row["disposition"] == sheet.DIED and row["cls"] == IMP:
                died = stamp(row["stop"])
        segments = [segment("EVN", {1: event, 2: recorded}), pid(self._person(at), died), segment("PV1", fields)]
        if step != CLOSE:
            segments.append(segment("PV2", {3: f"^{self._reason().replace('&', chr(92) + 'T' + chr(92))}"}))
        about = [("Encounter", source.encounter[row["position"]])]
        key = (row["person"], row["when"], 64 * row["part"] + step)
        message = Message(ADT, event, row["site"], sent, key, segments, about)
        message.reserved = step == CLOSE and row["late"]
        self._note(step, message, recorded)
        return message

    def _note(self, step: int, message: Message, recorded: str) -> None:
        """Say in the ledger what is late, and what looks like a fault and is none."""
        if step == CLOSE and self.late:
            before = stamp(self.row["stop"])
            self.made.ledger.append(
                ("discharge_keyed_late", "A03", message, "PV1-45", before, recorded, WHY_KEYED_LATE)
            )
        elif step in (DETAILS, DOCTOR):
            kind = "updated_details" if step == DETAILS else "updated_attending"
            why = "An update is a new message with a new number: it corrects what was sent before and is no repetition."
            self.made.ledger.append(("feed_near_miss", kind, message, "MSH-9", None, "A08", why))

    def _person(self, at: int) -> dict:
        """Return what registration held then: before an update, one thing was wrong or old."""
        if self.updated_at is None or at >= self.updated_at:
            return self.known
        if self.kind_u < 0.4:
            line = self.known["phone"]
            return self.known | {"phone": f"{line[:-2]}{(int(line[-2:]) + 1 + int(98 * self.where_u)) % 100:02d}"}
        if self.kind_u < 0.7:
            number, street = self.known["line"].split(" ", 1)
            return self.known | {"line": f"{int(number) + 1 + int(30 * self.how_u)} {street}"}
        return self.known | {"given": typo(self.known["given"], self.where_u, self.how_u)}

    def _doctor(self, at: int) -> int:
        return self.earlier_doctor if self.doctor_at is not None and at < self.doctor_at else self.row["doctor"]

    def _room(self, shift: int) -> str:
        return str(1 + (int(24 * self.room_u) + shift) % 24)

    def _bed(self) -> str:
        return "A" if self.bed_u < 0.5 else "B"

    def _place(self, at: int) -> str:
        """Return the location then; before a move within the hospital it was a bed that happened to be free."""
        place, site = self.row["place"], self.row["site"]
        if self.row["cls"] != IMP:
            return location(place, self._room(0), "", site)
        if self.moves_at is not None and at < self.moves_at:
            first, count = (1, 5) if site == sheet.QUILLMERE else (7, 3)
            place = first + (place - first + 1) % count
            return location(place, self._room(7), self._bed(), site)
        return location(place, self._room(0), self._bed(), site)

    def _leaves_for(self) -> str:
        disposition, cls = self.row["disposition"], self.row["cls"]
        if cls == IMP:
            return _LEAVES_FOR[disposition]
        if cls == EMER and (self.row["stay"] >= 0 or disposition == -2):
            return "admitted"
        return _LEAVES_FOR[disposition] if disposition >= 0 else "home"

    def _reason(self) -> str:
        if self.row["group"] >= 0:
            return _COMPLAINT[sheet.GROUPS[self.row["group"]]]
        return _REASON[VISIT_REASONS[int(self.row["reason_u"] * len(VISIT_REASONS))]]


def _merges(source: Source, made: Stream) -> None:
    """Add an A40 for every pair of Patient records that are joined by a link.

    Health information management cleared its list in the last weeks: each pair at a keyed moment of them, after the
    second record was opened.
    """
    patients, encounters = source.patients, source.chart.encounters
    owners = np.array(sorted(patients.joined), dtype=np.int64)
    if not owners.size:
        return
    under = np.isin(source.subject, patients.second[owners])
    opened = np.full(source.world.people["person"].size, source.end)
    np.minimum.at(opened, encounters["row"][under], encounters["start"][under])
    start = np.maximum(opened[owners], source.begin)
    person_ = source.world.people["person"][owners]
    u = source.draw(Purpose.REGISTRATION, person_, 0, 1 << 10)
    moments = (start + (0.05 + 0.9 * u[0]) * (source.end - start)).astype(np.int64) // 60 * 60
    lost = chosen(source.draw(Purpose.MERGE_LOST, person_, 0)[0], 0.10)
    records = {int(bits): place for place, bits in enumerate(patients.bits.tolist())}
    for k, owner in enumerate(owners.tolist()):
        first, second = records[int(patients.first[owner])], records[int(patients.second[owner])]
        known, gone = source.registered(first), source.registered(second)
        site, recorded = known["site"], stamp(int(moments[k]))
        old = f"{gone['number']}^^^{FACILITY[gone['site']]}^MR"
        segments = [segment("EVN", {1: "A40", 2: recorded}), pid(known), segment("MRG", {1: old})]
        about = [("Patient", source.record_ids[second])]
        sent = min(int(moments[k]) + int(2 + 20 * u[1][k]), source.end - 1)
        message = Message(ADT, "A40", site, sent, (int(person_[k]), 0, 1 << 10), segments, about)
        message.reserved = bool(lost[k])
        if lost[k] and "merge_never_processed" not in source.without:
            kind = patients.joined[owner]
            made.ledger.append(("merge_never_processed", kind, message, "message", recorded, None, WHY_MERGE))
            message.event = ""  # it has a number and is never sent
        made.messages.append(message)
