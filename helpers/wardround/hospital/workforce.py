"""Who may open a chart: nurses by ward and shift, physicians, clerks, coders and others; and what a look is."""

from __future__ import annotations

import numpy as np

from . import names
from . import parameters as sheet
from .keys import STAFF
from .people import Table
from .sources import WARDS, Source
from .staff import LOCATIONS, PER_SITE
from .streams import Purpose

SHIFTS, NURSES = 3, 5  # nurses a ward and shift
SITE = ("Quillmere", "Eastbank")
RELATIONS = ("ward", "attending", "emergency_desk", "registration", "consult", "pharmacy", "laboratory", "coding")
RELATIONS += ("care_call", "float", "audit", "break_glass")
_REASON = {"registration": "registration", "coding": "coding", "care_call": "care management", "consult": "consult"}
CLERKS, CODERS, MANAGERS, PHARMACISTS, TECHNICIANS = 6, 8, 4, 3, 4
EMPLOYED = 12  # people of the workforce who are patients, too
_EMPLOYEES = 900  # "person" numbers of staff begin here after those of ``staff``


def department(place: int) -> str:
    """Return the department that a location stands for."""
    site = LOCATIONS[place][1]
    return f"{SITE[site]} {'Emergency' if WARDS[place] == 'ED' else WARDS[place]}"


class Workforce:
    """The directory as columns, and where each group stands in it.

    Attributes
    ----------
    user, role, department, family, given, line : lists of str
        One entry an account; ``line`` is the private address that human resources hold.
    shift : list of int
        0 from 7, 1 from 15, 2 from 23 o'clock; -1 for who works by day.
    nurses : dict
        (location, shift) -> first position; there are ``NURSES`` of each.
    employees : dict
        Position -> row of the person in ``world.people``.
    """

    def __init__(self, source: Source):
        self.user, self.role, self.department, self.shift = [], [], [], []
        self.nurses, self.first = {}, {}
        staff = source.staff
        for number, badge in enumerate(staff.badges):
            site, place = divmod(number, PER_SITE)
            where = f"{SITE[site]} {'Emergency' if place >= 40 else 'Medical Staff'}"
            self._add(badge, "physician", where)
        for place in range(len(LOCATIONS)):
            for shift in range(SHIFTS):
                self.nurses[place, shift] = len(self.user)
                for _ in range(NURSES):
                    self._add("", "nurse", department(place), shift)
        groups = (("clerk", "Registration", CLERKS), ("pharmacist", "Pharmacy", PHARMACISTS))
        groups += (("technician", "Laboratory", TECHNICIANS),)
        for site in (0, 1):
            for role, where, count in groups:
                self._group((role, site), role, f"{SITE[site]} {where}", count)
        self._group("coder", "coder", "Health Information", CODERS)
        self._group("care manager", "care manager", "Care Management", MANAGERS)
        for k, name in enumerate(self.user):
            self.user[k] = name or f"{self.role[k][:2].upper()}{4000 + 7 * k}"
        self._name(source)

    def _add(self, user: str, role: str, where: str, shift: int = -1) -> None:
        for column, value in ((self.user, user), (self.role, role), (self.department, where), (self.shift, shift)):
            column.append(value)

    def _group(self, key, role: str, where: str, count: int) -> None:
        self.first[key] = len(self.user), count
        for _ in range(count):
            self._add("", role, where)

    def _name(self, source: Source) -> None:
        """Give names and addresses from the same town as the patients; a few employees are patients themselves."""
        number = np.arange(len(self.user))
        family_u, given_u, race_u, line_u = source.draw(Purpose.ACCESS, STAFF + _EMPLOYEES + number, 0, 0)
        street_u = source.draw(Purpose.ACCESS, STAFF + _EMPLOYEES + number, 0, 1)[0]
        shares = np.cumsum(sheet.RACE_SHARE[0])
        self.family, self.given, self.line = [], [], []
        for k in range(number.size):
            race = sheet.RACES[min(int(np.searchsorted(shares, race_u[k])), 4)]
            family, given = names.FAMILY[race].split(), names.GIVEN_FEMALE[race].split()
            self.family.append(family[int(family_u[k] * len(family))])
            self.given.append(given[int(given_u[k] * len(given))])
            self.line.append(f"{3 + int(480 * line_u[k])} {names.STREETS[int(street_u[k] * len(names.STREETS))]}")
        for k, (family, given) in enumerate(source.staff.names):
            self.family[k], self.given[k] = family, given
        self.employees = self._employees(source)

    def _employees(self, source: Source) -> dict[int, int]:
        people, rows = source.world.people, source.patients.exported
        grown = rows[(people["age"][rows] > 24) & (people["age"][rows] < 60)]
        u = source.draw(Purpose.ACCESS, people["person"][grown], 0, 2)[0]
        chosen = grown[np.argsort(u, kind="stable")[:EMPLOYED]]
        nurses = np.array([k for k, role in enumerate(self.role) if role == "nurse"])
        found = {}
        for place, row in zip(nurses[:: max(1, nurses.size // EMPLOYED)].tolist(), chosen.tolist(), strict=False):
            known = source.patients.identity
            for column, name in ((self.family, "family"), (self.given, "given"), (self.line, "line")):
                column[place] = known[name][row]
            found[place] = row
        return found

    def table(self) -> Table:
        """Return the directory as columns: user, family, given, role, department, line."""
        columns = (self.user, self.family, self.given, self.role, self.department, self.line)
        return dict(zip(("user", "family", "given", "role", "department", "line"), columns, strict=True))


def look(encounter, moment, user, relation: str, action: str, slot, source: Source, *, reason: str = "") -> Table:
    """Return looks as columns; ``slot`` tells the looks of one encounter and relation apart."""
    encounter = np.asarray(encounter, dtype=np.int64)
    size, table = encounter.size, source.chart.encounters
    number = RELATIONS.index(relation)
    full = lambda text: np.full(size, text, dtype=object)  # noqa: E731
    return {
        "encounter": encounter,
        "moment": np.asarray(moment).astype(np.int64),
        "user": np.asarray(user, dtype=np.int64),
        "relation": full(relation),
        "action": full(action),
        "reason": full(reason or _REASON.get(relation, "treatment")),
        "patient": np.array(source.patient, dtype=object)[encounter] if size else full(""),
        "key": np.stack(
            [
                table["person"][encounter],
                table["when"][encounter],
                (number * 4 + table["part"][encounter]) * 8192 + np.broadcast_to(slot, size),
            ],
            axis=1,
        ).reshape(size, 3),
    }
