"""Patient records: one a person, sometimes two, with the changes that make the second hard to recognise.

Records belong to registration, not to the world: a second record, a twin or a son of the same name changes nobody's
illness.
"""

from __future__ import annotations

import numpy as np

from . import clock, names
from . import parameters as sheet
from .chart import Chart
from .keys import KIND, ids
from .people import Table
from .streams import Purpose, opaque, uniform
from .world import World

WHY_SECOND = {
    "typo_family": "A family name mistyped at a busy desk does not match the old record, so a new one is opened.",
    "typo_given": "A given name mistyped at a busy desk does not match the old record, so a new one is opened.",
    "nickname": "The patient gave the name everyone calls them by, and registration found nobody under it.",
    "family_changed": "The family name changed between two visits, and the old record was not searched by birth date.",
    "birth_date": "Day and month were exchanged, or one digit slipped, in the birth date; the search came back empty.",
    "moved": "The patient had moved; the clerk searched by address and telephone and opened a new record.",
    "middle": "One record has the middle initial and the other has not; the exact-match search failed.",
    "phone": "The telephone number changed between the two registrations.",
}
WHY_JOINED = "Health information management found the pair and linked the two records, as it does with a fifth of them."
WHY_TWIN = "Twins share birth date, family name and address; they are two people, and merging them is a danger."
WHY_SON = "Father and son share a full name and an address; they are two people, and merging them is a danger."
DEATHS_UNHEARD = 0.30  # of deaths after discharge: the payer knows, the hospital does not


class Patients:
    """All Patient records of a hospital and which of them belong to whom.

    Attributes
    ----------
    row, record, bits : arrays
        One entry a Patient record: its owner's position in ``world.people``, 0 for the first and 1 for the second
        record, and the opaque part of its id.
    changes : dict
        Second record's owner -> list of (kind, field, before, after, column values to overwrite).
    near : list
        (row, kind, field, before, after, other row) of near misses.
    """

    def __init__(self, world: World, chart: Chart, without: frozenset[str] = frozenset()):
        self.world, self.people = world, world.people
        self.exported = np.unique(chart.encounters["row"])
        person = self.people["person"]
        number = lambda record: opaque(chart.id_key, person, 0, KIND["Patient"] + record, bits=56)  # noqa: E731
        self.first, self.second, self.person_bits = number(0), number(1), number(2)
        chosen = self._choose_second(chart.encounters)
        self.chosen = chosen  # whose record is or would be double; faults of others leave them alone
        self.twice = np.array([], dtype=np.int64) if "duplicate_patient" in without else chosen
        self.identity = self._identity(chosen, without)
        self.filed = self._file(chart.encounters)
        self.merged = {} if "wrong_merge" in without else self._merge(chart.encounters)
        self.changes = {int(row): self._change(int(row)) for row in self.twice}
        self.joined = {} if "duplicate_joined" in without else self._join()
        order = np.lexsort(
            (np.r_[np.zeros(self.exported.size), np.ones(self.twice.size)], np.r_[self.exported, self.twice])
        )
        self.row = np.r_[self.exported, self.twice][order]
        self.record = np.r_[np.zeros(self.exported.size, int), np.ones(self.twice.size, int)][order]
        self.bits = np.where(self.record == 0, self.first[self.row], self.second[self.row])
        self.number = _unique_numbers(self.bits)
        self.unheard: list[int] = []  # owners whose death no system of ours knows; filled by the next line
        self.died = self._recorded_death(chart.end, without)

    # second records

    def _choose_second(self, encounters: Table) -> np.ndarray:
        """Return the people with a second record, chosen by count among those with at least two contacts."""
        contacts = np.unique(np.stack([encounters["row"], encounters["when"]]), axis=1)[0]
        row, count = np.unique(contacts, return_counts=True)
        candidates = row[count >= 2]
        wanted = fault_count(sheet.RATES["duplicate_patient"], self.exported.size)
        u = uniform(self.world.seed, self.people["person"][candidates], 0, 0, Purpose.DUPLICATE)[0]
        return np.sort(candidates[smallest(u, wanted)])

    def _file(self, encounters: Table) -> set[tuple[int, int]]:
        """Return the contacts (row, when) under the second record: never the first, always at least one."""
        here = np.isin(encounters["row"], self.twice)
        pairs = np.unique(np.stack([encounters["row"][here], encounters["when"][here]]), axis=1)
        row, when = pairs
        u = uniform(self.world.seed, self.people["person"][row], when, 0, Purpose.DUPLICATE_FILED)[0]
        begins = np.r_[True, row[1:] != row[:-1]] if row.size else np.zeros(0, dtype=bool)
        u = np.where(begins, 2.0, u)
        order = np.lexsort((u, row))
        least = np.zeros(row.size, dtype=bool)
        least[order[begins]] = True  # the smallest of each owner: begins marks the same places after sorting by row
        under = (u < 0.4) | least
        return set(zip(row[under].tolist(), when[under].tolist(), strict=True))

    def subject(self, rows: Table) -> np.ndarray:
        """Return the opaque part of the Patient id under which each record of a table is filed."""
        bits = self.first[rows["row"]].copy()
        for place in np.flatnonzero(np.isin(rows["row"], self.twice)).tolist():
            if (int(rows["row"][place]), int(rows["when"][place])) in self.filed:
                bits[place] = self.second[rows["row"][place]]
        for place in np.flatnonzero(np.isin(rows["row"], [row for row, _ in self.merged])).tolist():
            other = self.merged.get((int(rows["row"][place]), int(rows["when"][place])))
            if other is not None:
                bits[place] = self.first[other]
        return bits

    def _merge(self, encounters: Table) -> dict[tuple[int, int], int]:
        """Return contacts (row, when) that lie in somebody else's record, and whose: never a person's first contact."""
        people = self.people
        alone = np.setdiff1d(self.exported, np.array([*self.chosen, *sum(self.pairs, ())], dtype=np.int64))
        contacts = np.unique(np.stack([encounters["row"], encounters["when"]]), axis=1)
        row, count = np.unique(contacts[0], return_counts=True)
        able = np.intersect1d(alone, row[count >= 2])
        u = uniform(self.world.seed, people["person"][able], 0, 0, Purpose.WRONG_MERGE)
        wanted, taken, found = fault_count(sheet.RATES["wrong_merge"], self.exported.size), set(), {}
        for place in np.argsort(u[0], kind="stable").tolist():
            one = int(able[place])
            other = None if one in taken else self._look_alike(one, alone, taken | {one}, False, allowed=np.bool_(True))
            if other is None:
                continue
            taken |= {one, other}
            later = contacts[1][contacts[0] == one][1:]
            found |= {(one, int(when)): other for when in later[int(u[1][place] * later.size) :]}
            wanted -= 1
            if not wanted:
                break
        return found

    def _change(self, row: int) -> list[tuple[str, str, object, object, dict]]:
        seed, person = self.world.seed, self.people["person"][row]
        kind_u, where_u, how_u, extra_u = uniform(seed, person, 0, 0, Purpose.DUPLICATE_CHANGE)
        known = {name: self.identity[name][row] for name in self.identity}
        kinds = ["typo_family", "typo_given", "nickname", "family_changed", "birth_date", "moved", "middle"]
        kind = kinds[int(np.searchsorted(np.cumsum([0.2, 0.2, 0.1, 0.1, 0.12, 0.15]), kind_u))]
        if kind == "nickname" and known["given"] not in names.NICKNAMES:
            kind = "typo_given"
        if kind == "family_changed" and not self.people["female"][row]:
            kind = "typo_family"
        if kind == "middle" and not known["middle"]:
            kind = "typo_given"
        changes = _changed(kind, known, float(where_u), float(how_u))
        if extra_u < 0.4 and kind != "moved":
            changes += _changed("phone", known, float(extra_u) / 0.4, float(how_u))
        return changes

    def _join(self) -> dict[int, str]:
        """Return which second records are joined to the first, and by which link type."""
        u = uniform(self.world.seed, self.people["person"][self.twice], 0, 1, Purpose.DUPLICATE_CHANGE)
        wanted = fault_count(sheet.RATES["duplicate_joined"], self.twice.size) if self.twice.size else 0
        chosen = smallest(u[0], wanted)
        return {int(self.twice[k]): "seealso" if u[1][k] < 0.5 else "replaced-by" for k in chosen}

    # names, and who looks alike

    def _identity(self, chosen: np.ndarray, without: frozenset[str]) -> Table:
        """Return the columns of ``names.identities`` with the near misses written in; ``chosen`` are left alone."""
        identity = names.identities(self.world.seed, self.people)
        self.near = self._near_misses(identity, chosen)
        self.pairs = {(entry[0], entry[5]) for entry in self.near}
        if "near_miss" in without:
            self.near = []
        self.near_rows = {entry[0] for entry in self.near}
        for row, _, column, _, after, _ in self.near:
            identity[column][row] = after
        return identity

    def _near_misses(self, identity: Table, chosen: np.ndarray) -> list[tuple]:
        people = self.people
        free = np.setdiff1d(self.exported, chosen)
        u = uniform(self.world.seed, people["person"][free], 0, 0, Purpose.NEAR_MISS)
        wanted, taken, found = fault_count(sheet.RATES["near_miss"], self.exported.size), set(), []
        for place in np.argsort(u[0], kind="stable").tolist():
            row, son = int(free[place]), u[1][place] < 0.5 and not people["female"][free[place]]
            if row in taken:
                continue
            same_name = identity["given"][free] == identity["given"][row]  # twins of one name would be one person
            other = self._look_alike(row, free, taken | {row}, bool(son), allowed=~same_name | bool(son))
            if other is None:
                continue
            taken |= {row, other}
            found.append((row, other, "father_and_son" if son else "twins"))
            if len(found) == wanted:
                break
        return [entry for row, other, kind in found for entry in _alike(identity, row, other, kind)]

    def _look_alike(self, row: int, free: np.ndarray, taken: set[int], son: bool, allowed: np.ndarray) -> int | None:
        people = self.people
        same = (people["site"][free] == people["site"][row]) & (people["race"][free] == people["race"][row])
        same &= people["interpreter"][free] == people["interpreter"][row]
        same &= (people["female"][free] == people["female"][row]) & allowed
        gap = people["age"][free] - people["age"][row]
        distance = np.abs(np.abs(gap) - 28) if son else np.abs(gap)
        distance = np.where(same & ~np.isin(free, list(taken)), distance, np.inf)
        best = int(np.argmin(distance))
        return int(free[best]) if distance[best] < (8 if son else 0.5) else None

    # the rest

    def _recorded_death(self, end: int, without: frozenset[str]) -> dict[int, int]:
        """Return the moment of death of everyone whose death reached the record; three in ten deaths outside do not."""
        dead = self.people["dead"]
        rows = self.exported[np.isfinite(dead[self.exported])]
        moment = clock.seconds(dead[rows])
        rows, moment = rows[moment < end], moment[moment < end]
        stays = self.world.stays
        outside = rows[~np.isin(rows, stays["row"][stays["disposition"] == sheet.DIED])]
        u = uniform(self.world.seed, self.people["person"][outside], 0, 0, Purpose.DEATH_RECORD)[0]
        if "death_known_to_claims_only" not in without:
            self.unheard = outside[smallest(u, fault_count(DEATHS_UNHEARD, outside.size))].tolist()
        known = ~np.isin(rows, self.unheard)
        return dict(zip(rows[known].tolist(), moment[known].tolist(), strict=True))

    def person_ids(self, rows: np.ndarray) -> list[str]:
        """Return the true person behind each row, under a name that no record carries."""
        return [f"person-{bits:014x}" for bits in self.person_bits[rows].tolist()]

    def patient_ids(self) -> list[str]:
        """Return the ids of all Patient records, in order."""
        return ids("Patient", self.bits)


def fault_count(rate: float, candidates: int) -> int:
    """Return how many to plant: at least eight, at most all there are."""
    return min(candidates, max(sheet.FAULT_FLOOR, round(rate * candidates)))


def smallest(u: np.ndarray, count: int) -> np.ndarray:
    """Return the positions of the ``count`` smallest draws, ascending by position."""
    if count >= u.size:
        return np.arange(u.size)
    return np.sort(np.argpartition(u, count)[:count])


def _unique_numbers(bits: np.ndarray) -> list[str]:
    """Return a ten-digit record number per record; a number drawn twice moves to the next free one."""
    used: set[int] = set()
    numbers = []
    for value in (bits % np.uint64(9_000_000_000)).tolist():
        while value in used:
            value += 1
        used.add(value)
        numbers.append(f"{1_000_000_000 + value:010d}")
    return numbers


def _changed(kind: str, known: dict, where: float, how: float) -> list[tuple[str, str, object, object, dict]]:
    """Return (kind, field, before, after, columns) for one change of registration data."""
    single = {
        "typo_family": ("family", "name[0].family", lambda text: typo(text, where, how)),
        "typo_given": ("given", "name[0].given[0]", lambda text: typo(text, where, how)),
        "nickname": ("given", "name[0].given[0]", lambda text: names.NICKNAMES[text]),
        "family_changed": ("family", "name[0].family", lambda text: _other_family(text, where)),
        "birth_date": ("birth_date", "birthDate", lambda text: slip(text, where)),
        "middle": ("middle", "name[0].given[1]", lambda text: ""),
        "phone": (
            "phone",
            "telecom[0].value",
            lambda text: _other_line(text, where),
        ),
    }
    if kind == "moved":
        line = f"{int(5 + 470 * where)} {names.STREETS[int(how * len(names.STREETS))]}"
        line = line if line != known["line"] else f"1 {line}"
        moved = (kind, "address[0].line[0]", known["line"], line, {"line": line})
        return [moved, *_changed("phone", known, where, how)]
    column, field, change = single[kind]
    after = change(known[column])
    return [(kind, field, known[column], after or None, {column: after})]


def typo(text: str, where: float, how: float) -> str:
    """Return ``text`` with two letters exchanged, one left out or one doubled; never the same text."""
    place = 1 + int(where * (len(text) - 2)) if len(text) > 2 else 0
    before, letter, rest = text[:place], text[place], text[place + 1 :]
    if how < 0.4 and rest and rest[0] != letter:
        return before + rest[0] + letter + rest[1:]
    return before + rest if how < 0.7 and len(text) > 3 else before + letter + letter + rest


def slip(day: str, where: float) -> str:
    """Return a birth date with day and month exchanged where that is a date, else with another year."""
    year, month, number = day.split("-")
    if int(number) <= 12 and number != month and where < 0.6:
        return f"{year}-{number}-{month}"
    shifted = int(year) + (1 if where < 0.8 else -10)
    number = "28" if (month, number) == ("02", "29") else number
    return f"{shifted}-{month}-{number}"


def _other_line(phone: str, where: float) -> str:
    return f"{phone[:-2]}{(int(phone[-2:]) + 1 + int(98 * where)) % 100:02d}"


def _other_family(text: str, where: float) -> str:
    pool = next(pool.split() for pool in names.FAMILY.values() if text in pool.split())
    return pool[(pool.index(text) + 1 + int(where * (len(pool) - 1))) % len(pool)]


def _alike(identity: Table, row: int, other: int, kind: str) -> list[tuple]:
    """Return what must be written into ``row`` so that it looks like ``other``."""
    columns = ["family", "line", "city", "state", "zip", "phone"]
    columns += ["birth_date"] if kind == "twins" else ["given", "middle"]
    pairs = [(column, identity[column][row], identity[column][other]) for column in columns]
    return [(row, kind, column, before, after, other) for column, before, after in pairs if before != after]
