"""What the hospital writes down about its world, still as columns: encounters, diagnoses, orders, procedures, results.

Every table has ``row`` (position in ``world.people``), the record's key (``person, when, slot``), ``bits`` (its id) and
``encounter`` (position in ``encounters``, -1 for none); all are sorted by ``row``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import bedside, codes, staff
from . import parameters as sheet
from .clock import seconds
from .entries import EMER, IMP, OBSENC, antibiotics_of_sepsis, conditions, orders, procedures
from .keys import with_ids
from .people import Table, joined
from .streams import DAY, Purpose, derived_key, uniform
from .world import World

PANELS = tuple(codes.PANEL)
_NO_SLOT = -1


@dataclass
class Chart:
    """The tables of one export, each a dict of columns."""

    id_key: int
    end: int  # seconds
    encounters: Table
    conditions: Table
    labs: Table
    vitals: Table
    medications: Table
    procedures: Table
    reports: Table
    bodies: Table
    cultures: Table
    doses: Table
    notes: Table

    def table(self, kind: str) -> Table:
        """Return the table that holds records of ``kind`` (see ``keys.KIND``)."""
        return {
            "Encounter": self.encounters,
            "Condition": self.conditions,
            "Lab": self.labs,
            "Vital": self.vitals,
            "MedicationRequest": self.medications,
            "Procedure": self.procedures,
            "DiagnosticReport": self.reports,
            "Body": self.bodies,
            "Culture": self.cultures,
            "MedicationAdministration": self.doses,
            "DocumentReference": self.notes,
        }[kind]


def write_chart(world: World) -> Chart:
    """Return the chart of a world: everything that begins on or after its first day and before its end."""
    id_key, end = derived_key(world.seed, "resource ids"), int(seconds(world.end))
    encounters = with_ids(_encounters(world, end), "Encounter", id_key)
    find = _Finder(world, encounters)
    labs = _placed(world.labs, find, end, reaches=world.labs["time"] + world.labs["delay"])
    labs["slot"] = labs["slot"] * 32 + labs["analyte"]
    vitals = _placed(world.vitals, find, end, reaches=world.vitals["time"])
    vitals = _split_sets(vitals)
    reports = with_ids(_reports(labs), "DiagnosticReport", id_key)
    suspected = antibiotics_of_sepsis(world, encounters, find)
    medications = _merged(orders(world, encounters), suspected)
    return Chart(
        id_key,
        end,
        encounters,
        with_ids(conditions(world, encounters), "Condition", id_key),
        with_ids(labs, "Lab", id_key),
        with_ids(vitals, "Vital", id_key),
        with_ids(medications, "MedicationRequest", id_key),
        with_ids(procedures(world, encounters), "Procedure", id_key),
        reports,
        with_ids(bedside.body_sizes(world, encounters), "Body", id_key),
        with_ids(bedside.cultures(world, suspected, end), "Culture", id_key),
        with_ids(bedside.doses(world, medications, encounters), "MedicationAdministration", id_key),
        with_ids(bedside.notes(encounters), "DocumentReference", id_key),
    )


def _merged(orders: Table, more: Table) -> Table:
    rows = joined([orders, {name: more[name] for name in orders}])
    order = np.lexsort((rows["slot"], rows["moment"], rows["row"]))
    return {name: column[order] for name, column in rows.items()}


# encounters ---------------------------------------------------------------------------------------------------------


def _encounters(world: World, end: int) -> Table:
    visits, stays = world.visits, world.stays
    site, day = visits["site"], visits["day"]
    observed = ~np.isnan(visits["observed_until"])
    other = 1 - stays["site"]
    moved = ~np.isnan(stays["moved_at"])
    first_end = np.where(moved, stays["moved_at"], stays["discharge"])
    attending_u, ward_u, emergency_u, _ = uniform(world.seed, stays["person"], stays["day"] + DAY, 0, Purpose.ATTENDING)
    desk_u = uniform(world.seed, visits["person"], day + DAY, 1, Purpose.ATTENDING)[2]
    desk = site * staff.PER_SITE + staff.ATTENDINGS + (desk_u * staff.EMERGENCY).astype(np.int64)
    doctor = (attending_u * staff.ATTENDINGS).astype(np.int64)
    second = (emergency_u * staff.ATTENDINGS).astype(np.int64)
    nothing = np.full(visits["row"].size, -1)
    # who needs critical care and finds no bed here goes to another hospital
    left = np.where(visits["critical"] & ~visits["admitted"] & ~observed, sheet.TRANSFER, nothing - observed)
    room = staff.EMERGENCY_ROOM[site]
    parts = [
        _part(visits, 0, EMER, visits["arrive"], visits["leave"], site, room, desk, visits["stay"], left),
        _part(visits, 3, OBSENC, visits["leave"], visits["observed_until"], site, room, desk, nothing, nothing)
        | {"keep": observed},
        _part(
            *(stays, 1, IMP, stays["admit"], first_end, stays["site"]),
            *(staff.ward(stays["site"], stays["group"], ward_u), stays["site"] * staff.PER_SITE + doctor),
            *(np.arange(moved.size), np.where(moved, sheet.TRANSFER, stays["disposition"])),
        ),
        _part(
            *(stays, 2, IMP, stays["moved_at"], stays["discharge"], other),
            *(staff.ward(other, stays["group"], ward_u), other * staff.PER_SITE + second),
            *(np.arange(moved.size), stays["disposition"]),
        )
        | {"keep": moved},
    ]
    for part, visit in ((parts[0], True), (parts[1], True), (parts[2], False), (parts[3], False)):
        part["visit"] = np.arange(part["row"].size) if visit else np.full(part["row"].size, -1)
    rows = _finish_encounters(parts, end)
    inside = rows["stay"] >= 0
    rows["planned"] = inside & stays["planned"][rows["stay"]] & (rows["cls"] == IMP)
    rows["group"] = np.where(inside, stays["group"][rows["stay"]], -1)
    return rows


def _part(source: Table, slot, cls, start, stop, site, place, doctor, stay, disposition) -> Table:
    size = source["row"].size
    return {
        "row": source["row"],
        "person": source["person"],
        "when": source["day"] + DAY,
        "slot": np.full(size, slot),
        "part": np.full(size, slot),
        "cls": np.full(size, cls),
        "start_day": start,
        "stop_day": stop,
        "site": site,
        "place": place,
        "doctor": doctor,
        "stay": stay,
        "disposition": disposition,
        "keep": np.ones(size, dtype=bool),
    }


def _finish_encounters(parts: list[Table], end: int) -> Table:
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    keep = rows["keep"] & (rows["start_day"] >= sheet.RECORDS_FROM[rows["site"]])
    start = seconds(np.where(keep, rows["start_day"], 0))
    keep &= start < end
    # an inpatient stay whose beginning lies before the export has no second encounter in it either
    rows = {name: column[keep] for name, column in rows.items()} | {"start": start[keep]}
    stop = seconds(rows.pop("stop_day"))
    rows["open"] = stop >= end
    rows["stop"] = np.where(rows["open"], end, np.maximum(stop, rows["start"] + 60))
    for name in ("keep", "start_day"):
        del rows[name]
    order = np.lexsort((rows["slot"], rows["start"], rows["row"]))
    return {name: column[order] for name, column in rows.items()}


class _Finder:
    """Finds the encounter of a measurement: by stay (first or, after a transfer, second) or by visit."""

    def __init__(self, world: World, encounters: Table):
        self.world = world
        self.visit = np.full(world.visits["row"].size, -1)
        self.stay = np.full((world.stays["row"].size, 2), -1)
        place = np.arange(encounters["row"].size)
        emergency = encounters["cls"] == EMER
        self.visit[encounters["visit"][emergency]] = place[emergency]
        for column, slot in ((0, 1), (1, 2)):
            here = (encounters["cls"] == IMP) & (encounters["part"] == slot)
            self.stay[encounters["stay"][here], column] = place[here]

    def __call__(self, rows: Table) -> np.ndarray:
        moved = self.world.stays["moved_at"][rows["stay"]]
        second = (rows["stay"] >= 0) & (rows["time"] >= moved)  # a comparison with NaN is false: not moved
        by_stay = self.stay[rows["stay"], second.astype(np.int64)]
        return np.where(rows["stay"] >= 0, by_stay, self.visit[rows["visit"]])


def _placed(rows: Table, find: _Finder, end: int, *, reaches: np.ndarray) -> Table:
    """Return measurements that have an encounter in the export and reached the record before its end."""
    encounter = find(rows)
    keep = (encounter >= 0) & (seconds(reaches) < end)
    placed = {name: column[keep] for name, column in rows.items() if name not in ("stay", "visit", "acuity")}
    return placed | {"encounter": encounter[keep], "moment": seconds(placed["time"]), "issued": seconds(reaches[keep])}


def _split_sets(sets: Table) -> Table:
    """Return five rows a set of vital signs: four single values, and the two blood pressures as one resource."""
    size = sets["row"].size
    which = np.tile(np.arange(5), size)
    repeated = {name: np.repeat(sets[name], 5) for name in ("row", "person", "when", "slot", "encounter", "moment")}
    stacked = np.stack([sets[name].astype(np.float64) for name in (*sheet.VITALS[:4], "systolic")], axis=1)
    diastolic = np.where(which == 4, np.repeat(sets["diastolic"], 5), 0)
    repeated["slot"] = repeated["slot"] * 8 + which
    return repeated | {"vital": which, "value": stacked.ravel(), "diastolic": diastolic}


def _reports(labs: Table) -> Table:
    """Return one report per metabolic panel and blood count, with the range of its results in ``labs``."""
    panel = np.select(
        [labs["analyte"] < len(sheet.METABOLIC), labs["analyte"] < len(sheet.METABOLIC) + len(sheet.COUNT)],
        [0, 1],
        _NO_SLOT,
    )
    draw = labs["slot"] // 32
    panel = np.where(draw == 999, _NO_SLOT, panel)  # single tests of the emergency department are no panel
    same = np.zeros(panel.size, dtype=bool)
    same[1:] = (panel[1:] == panel[:-1]) & (draw[1:] == draw[:-1])
    same[1:] &= (labs["when"][1:] == labs["when"][:-1]) & (labs["row"][1:] == labs["row"][:-1])
    begins = np.flatnonzero(~same)
    stops = np.append(begins[1:], panel.size)
    keep = panel[begins] != _NO_SLOT
    begins, stops = begins[keep], stops[keep]
    report = {name: labs[name][begins] for name in ("row", "person", "when", "encounter", "moment", "issued")}
    return report | {"slot": draw[begins] * 4 + panel[begins], "panel": panel[begins], "begin": begins, "stop": stops}
