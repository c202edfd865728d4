"""What every feed needs to know of the record: which encounter, which visit number, which Patient record, when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from . import clock
from . import parameters as sheet
from .chart import Chart
from .codes import ICD10
from .contacts import Contacts
from .entries import ICD
from .keys import ids
from .patients import Patients, fault_count, smallest
from .staff import Staff
from .streams import DAY, Purpose, derived_key, opaque, uniform
from .world import World

FACILITY = ("QGH", "EBH")
WARDS = ("ED", "4N", "4S", "5N", "5S", "6N", "ED", "2W", "2E", "3")  # in the order of ``staff.LOCATIONS``
ADT, ORU = "adt", "oru"
SILENT_DAYS = {ADT: 2, ORU: 3}
DAY_SECONDS = 86_400
DISPLAY = tuple(ICD10[code] for code in ICD)


@dataclass
class Source:
    """A world, its chart and its registers, with the ids that feeds share with the export.

    Attributes
    ----------
    lab_faults : mapping
        Fault of the export -> positions in ``chart.labs``: a message must not contradict what the export shows.
    encounter, visit, patient, mrn : list of str, by position in ``chart.encounters``
        Ids and numbers of the export.
    place : array of int
        Position of the Patient record under which each encounter is filed.
    """

    world: World
    chart: Chart
    patients: Patients
    contacts: Contacts
    staff: Staff
    lab_faults: Mapping[str, np.ndarray] = field(default_factory=dict)
    without: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        encounters, patients = self.chart.encounters, self.patients
        self.seed, self.end = self.world.seed, self.chart.end
        self.begin = max(0, self.end - sheet.HL7_WEEKS * 7 * DAY_SECONDS)
        self.encounter = ids("Encounter", encounters["bits"])
        self.visit = [visit_number(name) for name in self.encounter]
        self.subject = patients.subject(encounters)
        order = np.argsort(patients.bits, kind="stable")
        self.place = order[np.searchsorted(patients.bits[order], self.subject)]
        self.record_ids = patients.patient_ids()
        self.patient = [self.record_ids[place] for place in self.place.tolist()]
        self.mrn = [patients.number[place] for place in self.place.tolist()]
        self.silent = {ADT: self._silence(ADT, encounters["start"]), ORU: self._silence(ORU, self.chart.labs["issued"])}

    def draw(self, purpose: Purpose, person, when, slot=0) -> np.ndarray:
        """Return four uniforms per key."""
        return uniform(self.seed, person, when, slot, purpose)

    def number(self, what: str, person, when, slot, bits: int = 48) -> np.ndarray:
        """Return opaque numbers that do not tell how many there are, so that a lost record leaves no gap."""
        return opaque(derived_key(self.seed, what), person, when, slot, bits=bits)

    def _silence(self, stream: str, moments: np.ndarray) -> tuple[int, int]:
        """Return when a feed stands still: from the first drawn midnight after which it would have had much to say.

        Known before anything else is chosen, so that no other fault is planted where nothing arrives.
        """
        first, last = self.begin // DAY_SECONDS + 5, self.end // DAY_SECONDS - 9
        days = np.arange(first, max(last, first + 1))
        u = self.draw(Purpose.FEED_SILENT, 0, days + DAY, 0 if stream == ADT else 1)[0]
        start = days[np.argsort(u, kind="stable")] * DAY_SECONDS
        length = SILENT_DAYS[stream] * DAY_SECONDS
        ordered = np.sort(moments)
        lost = np.searchsorted(ordered, start + length) - np.searchsorted(ordered, start)
        enough = min(int(lost.max()), 12 if stream == ADT else 120)  # encounters; results, ten to a message
        begin = int(start[int(np.argmax(lost >= enough))])
        return begin, begin + length

    def audible(self, stream: str, begin: np.ndarray, stop: np.ndarray | None = None) -> np.ndarray:
        """Return which moments (or spans) lie outside the silence of a feed, with an hour to spare."""
        quiet, loud = self.silent[stream]
        stop = begin if stop is None else stop
        return (stop + 3600 < quiet) | (begin - 3600 > loud)

    def registered(self, place: int) -> dict[str, object]:
        """Return how registration knows a Patient record: names, birth date, address, telephone, sex, site, number."""
        row, second = int(self.patients.row[place]), bool(self.patients.record[place])
        known = {name: column[row] for name, column in self.patients.identity.items()}
        for *_, columns in self.patients.changes.get(row, []) if second else []:
            known |= columns
        people = self.world.people
        return known | {
            "female": bool(people["female"][row]),
            "site": int(people["site"][row]),
            "number": self.patients.number[place],
        }


def visit_number(encounter_id: str) -> str:
    """Return the visit number that the export writes into ``Encounter.identifier``."""
    return f"V{encounter_id[2:12].upper()}"


def chosen(u: np.ndarray, rate: float, allowed: np.ndarray | None = None) -> np.ndarray:
    """Return which rows carry a fault: by count of all rows, the smallest draws among those allowed to."""
    places = np.arange(u.size) if allowed is None else np.flatnonzero(allowed)
    marked = np.zeros(u.size, dtype=bool)
    marked[places[smallest(u[places], min(places.size, fault_count(rate, u.size)))]] = True
    return marked


def local_day(moments: np.ndarray) -> np.ndarray:
    """Return the calendar day, by the clock on the wall, of seconds of the model."""
    days = np.asarray(moments) / DAY_SECONDS
    return np.floor(days + clock.summer_shift(days) + 1e-9).astype(np.int64)


def dates(days: np.ndarray) -> list[str]:
    """Return whole days as ``2024-03-09``."""
    return np.datetime_as_string(clock.date(np.asarray(days, dtype=np.int64))).tolist()
