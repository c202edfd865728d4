"""Faults of the first week: chosen by keyed draws in a first pass, written into resources in a second.

The world knows nothing of them. Each fault draws with its own purpose and is chosen as if all others were on, so
switching one off changes no other. A fault is planted by count, ``max(8, rate x n)``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import orjson

from . import codes
from . import parameters as sheet
from .chart import Chart
from .entries import IMP
from .keys import KIND, dummy_ids
from .patients import Patients, fault_count, smallest
from .streams import DAY, Purpose, uniform
from .world import World

WHY = {
    "repeated_line": "A page of the bulk export timed out after it had been written, and was written again.",
    "local_code": "Eastbank's laboratory was mapped to LOINC by hand, and the mapping was never finished.",
    "several_codings": "The interface sends the local code beside the standard one, in the order the source had them.",
    "conditional_reference": "The staff directory came after the charts, so the interface wrote a search, not an id.",
    "dangling_reference": "What the reference points to was cancelled or purged before the export.",
    "date_only_discharge": "Eastbank's old registration screen keeps the day of discharge and not the hour.",
    "analyser_unit": "One of Eastbank's analyzers reports creatinine in umol/L, without a range or a flag.",
    "entered_in_error": "The value came from the wrong patient or tube; it was withdrawn, not deleted.",
    "preliminary_never_final": "The final message was lost on its way to the chart; the preliminary result stands.",
}
FAULTS = ("duplicate_patient", "duplicate_joined", "near_miss", *WHY)
_REPEATED_KINDS = (
    "Patient",
    "Encounter",
    "Condition",
    "Lab",
    "Vital",
    "MedicationRequest",
    "Procedure",
    "DiagnosticReport",
)
_PRACTITIONER_FIELD = {
    "Encounter": "participant[0].individual.reference",
    "MedicationRequest": "requester.reference",
    "Procedure": "performer[0].actor.reference",
}
_DANGLING_KINDS = ("Condition", "Lab", "Vital", "MedicationRequest", "Procedure", "DiagnosticReport")


@dataclass
class Plan:
    """Which records carry which fault.

    Attributes
    ----------
    edits : dict
        Kind -> list of (fault, rows, extra): positions in that kind's table, ascending, and one number a position that
        decides the fault's shape.
    """

    edits: dict[str, list[tuple[str, np.ndarray, np.ndarray]]] = field(default_factory=dict)

    def add(self, fault: str, kind: str, rows: np.ndarray, extra: np.ndarray | None = None) -> None:
        """Plan ``fault`` for these rows of a kind."""
        extra = np.zeros(rows.size) if extra is None else extra
        self.edits.setdefault(kind, []).append((fault, rows, extra))

    def of(self, kind: str, begin: int, stop: int) -> dict[int, list[tuple[str, float]]]:
        """Return, for rows ``begin`` to ``stop``, position from ``begin`` -> [(fault, extra)]."""
        found: dict[int, list[tuple[str, float]]] = {}
        for fault, rows, extra in self.edits.get(kind, []):
            piece = slice(*np.searchsorted(rows, (begin, stop)))
            for row, number in zip((rows[piece] - begin).tolist(), extra[piece].tolist(), strict=True):
                found.setdefault(row, []).append((fault, number))
        return found


def plan_faults(world: World, chart: Chart, patients: Patients, without: frozenset[str] = frozenset()) -> Plan:
    """Choose who carries what; ``without`` names faults to leave out."""
    chosen = Plan()
    choose = _Chooser(world, chart, patients, chosen, without)
    labs, vitals, conditions, encounters = chart.labs, chart.vitals, chart.conditions, chart.encounters
    everywhere = {kind: np.arange(choose.size(kind)) for kind in _REPEATED_KINDS}
    site = encounters["site"][labs["encounter"]]
    local = choose("local_code", Purpose.LOCAL_CODE, {"Lab": np.flatnonzero(site == sheet.EASTBANK)})
    choose(
        *("several_codings", Purpose.SEVERAL_CODINGS),
        {
            "Lab": np.setdiff1d(everywhere["Lab"], local["Lab"], assume_unique=True),
            "Condition": everywhere["Condition"],
        },
        shape=Purpose.SEVERAL_CODINGS_SHAPE,
        separately=True,
    )
    conditional = choose(
        *("conditional_reference", Purpose.CONDITIONAL_REFERENCE), {k: everywhere[k] for k in _PRACTITIONER_FIELD}
    )
    dangling = {kind: everywhere[kind] for kind in _DANGLING_KINDS}
    dangling["Condition"] = np.flatnonzero(conditions["encounter"] >= 0)
    dangling["MedicationRequest"] = np.setdiff1d(everywhere["MedicationRequest"], conditional["MedicationRequest"])
    choose("dangling_reference", Purpose.DANGLING_REFERENCE, dangling)
    dated = (encounters["site"] == sheet.EASTBANK) & (encounters["cls"] == IMP) & ~encounters["open"]
    choose("date_only_discharge", Purpose.DATE_ONLY, {"Encounter": np.flatnonzero(dated)})
    choose.add("analyser_unit", "Lab", _analyser_rows(world, labs, site))
    preliminary = choose("preliminary_never_final", Purpose.PRELIMINARY, {"Lab": everywhere["Lab"]})
    left = np.setdiff1d(everywhere["Lab"], preliminary["Lab"], assume_unique=True)
    choose("entered_in_error", Purpose.ENTERED_IN_ERROR, {"Lab": left, "Vital": np.arange(vitals["row"].size)})
    _repeat(choose, everywhere)
    return chosen


class _Chooser:
    def __init__(self, world: World, chart: Chart, patients: Patients, plan: Plan, without: frozenset[str]):
        self.world, self.chart, self.patients, self.plan, self.without = world, chart, patients, plan, without
        self.rate = sheet.RATES

    def keys(self, kind: str, rows: np.ndarray):
        if kind == "Patient":
            person = self.world.people["person"][self.patients.row[rows]]
            return person, 0, KIND["Patient"] + self.patients.record[rows]
        table = self.chart.table(kind)
        return table["person"][rows], table["when"][rows], table["slot"][rows]

    def size(self, kind: str) -> int:
        return self.patients.row.size if kind == "Patient" else self.chart.table(kind)["row"].size

    def draw(self, kind: str, rows: np.ndarray, purpose: Purpose) -> np.ndarray:
        return uniform(self.world.seed, *self.keys(kind, rows), purpose)[0]

    def add(self, fault: str, kind: str, rows: np.ndarray, extra: np.ndarray | None = None) -> None:
        if fault not in self.without:
            self.plan.add(fault, kind, rows, extra)

    def __call__(
        self, fault: str, purpose: Purpose, candidates: dict, *, shape: Purpose | None = None, separately=False
    ):
        """Choose the records with the smallest draws, over all kinds together or within each."""
        groups = [{kind: rows} for kind, rows in candidates.items()] if separately else [candidates]
        chosen = {}
        for group in groups:
            u = np.concatenate([self.draw(kind, rows, purpose) for kind, rows in group.items()])
            picked = np.zeros(u.size, dtype=bool)
            picked[smallest(u, fault_count(self.rate[fault], u.size))] = True
            for kind, rows in group.items():
                here, picked = picked[: rows.size], picked[rows.size :]
                chosen[kind] = rows[here]
                self.add(fault, kind, chosen[kind], self.draw(kind, chosen[kind], shape) if shape else None)
        return chosen


def _analyser_rows(world: World, labs: dict, site: np.ndarray) -> np.ndarray:
    """Return Eastbank's creatinine results of a quarter of days; more days if that gives fewer than eight."""
    rows = np.flatnonzero((site == sheet.EASTBANK) & (labs["analyte"] == sheet.ANALYTE["creatinine"]))
    days = np.arange(world.weeks * 7)
    u = uniform(world.seed, 0, days + DAY, 0, Purpose.UNIT_DAY)[0]
    day = np.minimum(labs["moment"][rows] // 86_400, days[-1])
    limit = sheet.RATES["analyser_unit_days"]
    if rows.size and (u[day] < limit).sum() < sheet.FAULT_FLOOR:
        limit = np.sort(u[day])[min(sheet.FAULT_FLOOR, rows.size) - 1] + 1e-12
    return rows[u[day] < limit]


def _repeat(choose: _Chooser, everywhere: dict[str, np.ndarray]) -> None:
    """Plan lines that stand twice, by type, with at least eight Patient and eight laboratory Observation lines."""
    # first records only: whether people have second ones is another fault's business
    everywhere = everywhere | {"Patient": np.flatnonzero(choose.patients.record == 0)}
    for kind in _REPEATED_KINDS:
        rows = everywhere[kind]
        count = round(sheet.RATES["repeated_line"] * rows.size)
        count = min(rows.size, max(sheet.FAULT_FLOOR, count)) if kind in ("Patient", "Lab") else count
        choose.add("repeated_line", kind, rows[smallest(choose.draw(kind, rows, Purpose.REPEATED_LINE), count)])


# the second pass: each function changes a resource and returns (kind, field, before, after) --------------------------


def apply(fault: str, resource: dict, kind: str, extra: float, context: dict) -> tuple[str, str, object, object]:
    """Write one fault into a resource (a dict that shares parts with others: parts are replaced, never changed)."""
    return _WRITERS[fault](resource, kind, extra, context)


def _local_code(resource, kind, extra, context):
    before = resource["code"]
    _, _, _, _, _, _, code, name = codes.LAB[sheet.ANALYTES[context["analyte"]]]
    coding = [{"system": codes.EASTBANK_BASE + "/codes/lab", "code": code, "display": name}]
    resource["code"] = {"coding": coding, "text": name}
    return "no_loinc", "code.coding", before["coding"], coding


def _several_codings(resource, kind, extra, context):
    before = resource["code"]
    system = codes.SITE_BASE[context["site"]] + ("/codes/lab" if kind == "Lab" else "/codes/diagnosis")
    local = {"system": system, "code": context["local"], "display": before["text"]}
    coding = [local, *before["coding"]] if extra < 0.5 else [*before["coding"], local]
    resource["code"] = before | {"coding": coding}
    return "local_first" if extra < 0.5 else "standard_first", "code.coding", before["coding"], coding


def _conditional_reference(resource, kind, extra, context):
    after = f"Practitioner?identifier={codes.QUILLMERE_BASE}/ids/staff|{context['badge']}"
    if kind == "MedicationRequest":
        holder, resource["requester"] = resource["requester"], {"reference": after}
    elif kind == "Encounter":
        holder = resource["participant"][0]["individual"]
        resource["participant"] = [resource["participant"][0] | {"individual": {"reference": after}}]
    else:
        holder = resource["performer"][0]["actor"]
        resource["performer"] = [{"actor": {"reference": after}}]
    return "practitioner", _PRACTITIONER_FIELD[kind], holder["reference"], after


def _dangling_reference(resource, kind, extra, context):
    order = kind == "MedicationRequest"
    name, target, prefix = ("requester", "Practitioner", "Staff") if order else ("encounter", "Encounter", "Encounter")
    before = resource[name]["reference"] if order else context["encounter"]
    after = f"{target}/{dummy_ids(prefix, np.array([context['bits']], dtype=np.uint64))[0]}"
    resource[name] = {"reference": after}
    return name, f"{name}.reference", before, after


def _date_only(resource, kind, extra, context):
    before = resource["period"]["end"]
    resource["period"] = resource["period"] | {"end": before[:10]}
    return "period_end", "period.end", before, before[:10]


def _analyser_unit(resource, kind, extra, context):
    before = resource["valueQuantity"]
    after = {"value": round(before["value"] * 88.4), "unit": "umol/L", "system": codes.UCUM, "code": "umol/L"}
    resource["valueQuantity"], resource["device"] = after, {"display": "Eastbank chemistry analyzer B"}
    resource.pop("referenceRange", None), resource.pop("interpretation", None)
    return "creatinine_umol", "valueQuantity", before, after


def _status(after: str):
    def write(resource, kind, extra, context):
        before, resource["status"] = resource["status"], after
        return kind.lower(), "status", before, after

    return write


_WRITERS = {
    "local_code": _local_code,
    "several_codings": _several_codings,
    "conditional_reference": _conditional_reference,
    "dangling_reference": _dangling_reference,
    "date_only_discharge": _date_only,
    "analyser_unit": _analyser_unit,
    "entered_in_error": _status("entered-in-error"),
    "preliminary_never_final": _status("preliminary"),
}


def as_text(value: object) -> str | None:
    """Return a value as the ledger keeps it: text as it is, nothing as None, everything else as JSON."""
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()


LEDGER = ("fault", "kind", "resource_type", "resource_id", "field", "before", "after", "related", "why", "file")
