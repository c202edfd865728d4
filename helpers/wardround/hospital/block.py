"""A block of people on its way into the export: their rows, rebased, and a sink that takes resources.

A block holds everything that is needed to write its lines, so that any process can do it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import orjson
from orjson import Fragment

from . import codes, fault_writers, faults
from . import parameters as sheet
from .chart import Chart
from .faults import Plan
from .keys import ids
from .patients import Patients
from .people import Table
from .staff import Staff
from .world import World

PEOPLE = 250  # panel rows a block; the bytes do not depend on it
PLAIN = ("Patient", "Encounter", "Organization", "Location", "Practitioner")
TYPES = {  # resource type -> kinds of record that are written as it
    **{
        "Patient": ("Patient",),
        "Encounter": ("Encounter",),
        "Condition": ("Condition",),
        "Observation": ("Lab", "Vital", "Body", "Culture"),
    },
    **{name: (name,) for name in ("MedicationRequest", "Procedure", "DiagnosticReport")},
    **{name: (name,) for name in ("MedicationAdministration", "DocumentReference")},
}
KINDS = tuple(kind for kinds in TYPES.values() for kind in kinds if kind != "Patient")


def file_of(resource_type: str) -> str:
    """Return where resources of a type lie, below the hospital's folder."""
    return f"export/{resource_type}.ndjson" + ("" if resource_type in PLAIN else ".gz")


@dataclass
class Block:
    """Rows of one range of people.

    ``tables[kind]`` has the columns of ``chart``; encounters and diagnoses also ``subject``, the opaque part of the id
    of the Patient record under which they are filed. What belongs to an encounter shares that encounter's subject.
    """

    tables: dict[str, Table]
    patients: list[dict]
    staff: Staff
    edits: dict[str, dict[int, list[tuple[str, float]]]]

    def rows(self, kind: str) -> np.ndarray:
        """Return the owner of each record of a kind, as a position among the people."""
        return np.arange(len(self.patients)) if kind == "Patient" else self.tables[kind]["row"]


def blocks(world: World, chart: Chart, patients: Patients, plan: Plan, staff: Staff, describe) -> list[Block]:
    """Cut the chart into blocks of people; ``describe(place)`` returns what a Patient record's line needs."""
    subjects = {kind: patients.subject(chart.table(kind)) for kind in ("Encounter", "Condition")}
    made = []
    for begin in range(0, world.people["person"].size, PEOPLE):
        cut = {kind: np.searchsorted(chart.table(kind)["row"], (begin, begin + PEOPLE)) for kind in KINDS}
        tables = {}
        for kind, (first, last) in cut.items():
            table = {name: column[first:last] for name, column in chart.table(kind).items()}
            if kind in subjects:
                table["subject"] = subjects[kind][first:last]
            if "encounter" in table:
                table["encounter"] = np.where(table["encounter"] >= 0, table["encounter"] - cut["Encounter"][0], -1)
            if "order" in table:
                table["order"] = table["order"] - cut["MedicationRequest"][0]
            tables[kind] = table
        for name in ("begin", "stop"):
            tables["DiagnosticReport"][name] = tables["DiagnosticReport"][name] - cut["Lab"][0]
        first, last = np.searchsorted(patients.row, (begin, begin + PEOPLE))
        edits = {kind: plan.of(kind, *cut[kind]) for kind in KINDS} | {"Patient": plan.of("Patient", first, last)}
        made.append(Block(tables, [describe(place) for place in range(first, last)], staff, edits))
    return made


@dataclass
class Sink:
    """Takes resources, plants what is planned for them, and keeps their lines and the ledger."""

    block: Block
    lines: dict[str, list[bytes]] = field(default_factory=dict)
    again: dict[str, list[int]] = field(default_factory=dict)
    ledger: list[tuple] = field(default_factory=list)

    def take(self, kind: str, resources: Iterable[dict]) -> None:
        """Write the resources of a kind, one per row of its table and in the same order."""
        planned, lines, again = self.block.edits[kind], [], []
        dumps, option = orjson.dumps, orjson.OPT_APPEND_NEWLINE
        for place, resource in enumerate(resources):
            if place in planned and self._plant(kind, place, resource, planned[place]):
                again.append(place)
            lines.append(dumps(resource, option=option))
        self.lines[kind], self.again[kind] = lines, again

    def chunks(self) -> tuple[dict[str, tuple[bytes, int]], dict[str, list[bytes]]]:
        """Return bytes and number of lines by type, and the lines that stand again; person by person in each."""
        whole, again = {}, {}
        for name, kinds in TYPES.items():
            rows = [self.block.rows(kind) for kind in kinds]
            lines = [line for kind in kinds for line in self.lines[kind]]
            twice = [
                (row[k], self.lines[kind][k]) for kind, row in zip(kinds, rows, strict=True) for k in self.again[kind]
            ]
            if len(kinds) > 1:  # so that the bytes do not depend on where blocks end
                order = np.argsort(np.concatenate(rows), kind="stable").tolist()
                lines = [lines[k] for k in order]
            whole[name] = (b"".join(lines), len(lines))
            again[name] = [line for _, line in sorted(twice, key=lambda pair: pair[0])]
        return whole, again

    def _plant(self, kind: str, place: int, resource: dict, planned: list) -> bool:
        twice, resource_type = False, resource["resourceType"]
        for fault, extra in planned:
            if fault == "repeated_line":
                twice, changes = True, [("identical_bytes", "", "1", "2")]
            else:
                changes = fault_writers.apply(fault, resource, kind, extra, self._context(kind, place))
            for what in changes:
                self.note(fault, *what, resource_type, resource["id"], why=faults.WHY[fault])
        return twice

    def note(self, fault, kind, name, before, after, resource_type, resource_id, *, why, related=None) -> None:
        """Add one entry to the ledger."""
        self.ledger.append(
            ledger_entry(fault, kind, resource_type, resource_id, name, before, after, why=why, related=related)
        )

    def _context(self, kind: str, place: int) -> dict:
        """Return what a fault may need to know of a row beyond its resource."""
        if kind == "Patient":
            return {}
        table, encounters = self.block.tables[kind], self.block.tables["Encounter"]
        at = place if kind == "Encounter" else int(table["encounter"][place])
        context = {"bits": int(table["bits"][place]), "site": int(encounters["site"][at]) if at >= 0 else 0}
        context["badge"] = self.block.staff.badges[int(encounters["doctor"][at])]
        context["encounter"] = encounters["bits"][[at]]
        if kind == "Lab":
            context |= {name: int(table[name][place]) for name in ("analyte", "moment", "issued")}
            context["local"] = local_test_code(context["analyte"], context["site"], context["moment"])
        elif kind == "Condition":
            context["local"] = f"D{1200 + 7 * int(table['code'][place])}"
        elif kind == "Vital":
            context |= {"vital": int(table["vital"][place])}
            context |= {"last": float(table["value"][place - 5]), "last_diastolic": int(table["diastolic"][place - 5])}
        elif kind == "Encounter":
            following = min(place + 1, encounters["start"].size - 1)
            context |= {"start": int(encounters["start"][place]), "next_start": int(encounters["start"][following])}
        return context


def ledger_entry(fault, kind, resource_type, resource_id, name, before, after, *, why=None, related=None) -> tuple:
    """Return one entry of the ledger; see ``faults.LEDGER``."""
    what = (fault_writers.as_text(before), fault_writers.as_text(after))
    return (
        fault,
        kind,
        resource_type,
        resource_id,
        name,
        *what,
        related,
        why or faults.WHY[fault],
        file_of(resource_type),
    )


def local_test_code(analyte: int, site: int, moment: int) -> str:
    """Return a laboratory's own code of a test; Quillmere renamed two."""
    name = sheet.ANALYTES[analyte]
    if site == sheet.QUILLMERE and name in sheet.RENAMED and moment >= sheet.RENAMED_FROM * 7 * 86_400:
        return sheet.RENAMED[name][0]
    return codes.LAB[name][6]


def id_columns(block: Block, kind: str) -> tuple[list[str], list[Fragment], list[Fragment | None]]:
    """Return ids, subject references and encounter references of a table's rows.

    Records of one encounter share one reference, written once: that is a third of the export's bytes.
    """
    table, encounters = block.tables[kind], block.tables["Encounter"]
    own = ids(kind, table["bits"])
    if "subject" in table:
        subjects = [Fragment(f'{{"reference":"Patient/{name}"}}') for name in ids("Patient", table["subject"])]
    if kind == "Encounter":
        return own, subjects, []
    place = table["encounter"].tolist()
    if "subject" not in table:
        subjects = [Fragment(f'{{"reference":"Patient/{name}"}}') for name in ids("Patient", encounters["subject"])]
        subjects = [subjects[k] for k in place]
    references = [Fragment(f'{{"reference":"Encounter/{name}"}}') for name in ids("Encounter", encounters["bits"])]
    return own, subjects, [references[k] if k >= 0 else None for k in place]
