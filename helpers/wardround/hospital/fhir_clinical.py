"""Columns to FHIR R4: laboratory results, vital signs, reports, orders and procedures.

Times show where they come from: Quillmere's laboratory writes local times with their offset, Eastbank's laboratory
writes UTC, the monitors of Quillmere's wards add milliseconds. All are legal instants.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import clock, codes
from . import parameters as sheet
from .block import Block, id_columns
from .chart import PANELS
from .codes import LOINC, TERMINOLOGY, UCUM, concept, fixed, term
from .entries import DRUGS, PROCEDURES
from .fhir import META
from .keys import ids
from .staff import LABORATORY

_LABORATORY = fixed([term("observation-category", "laboratory", "Laboratory")])
_VITAL_SIGNS = fixed([term("observation-category", "vital-signs", "Vital Signs")])
_FLAGS = {
    code: fixed([term("v3-ObservationInterpretation", code, display)])
    for code, display in (("L", "Low"), ("N", "Normal"), ("H", "High"))
}
_ANALYSER = fixed({"display": "Eastbank chemistry analyzer A"})
_INPATIENT = fixed([term("medicationrequest-category", "inpatient", "Inpatient")])
_REPORT = fixed([{"coding": [{"system": TERMINOLOGY + "v2-0074", "code": "LAB", "display": "Laboratory"}]}])


def _quantity(value: float, unit: str, code: str | None = None) -> dict:
    return {"value": value, "unit": unit, "system": UCUM, "code": code or unit}


def _times(block: Block, kind: str, column: str) -> list[str]:
    """Return the times of a laboratory table as each laboratory writes them."""
    table = block.tables[kind]
    eastbank = block.tables["Encounter"]["site"][table["encounter"]] == sheet.EASTBANK
    here = clock.local(table[column])
    if eastbank.any():
        for place, text in zip(np.flatnonzero(eastbank).tolist(), clock.utc(table[column][eastbank]), strict=True):
            here[place] = text
    return here


def rounded_values(table: dict[str, np.ndarray]) -> list[float | int]:
    """Return laboratory values as the laboratory reports them: decimals by analyte, whole numbers without a point."""
    decimals = np.array([codes.LAB[name][5] for name in sheet.ANALYTES])[table["analyte"]]
    power = 10.0**decimals
    values = (np.rint(table["value"] * power) / power).tolist()
    return [int(value) if places == 0 else value for value, places in zip(values, decimals.tolist(), strict=True)]


def labs(block: Block) -> Iterator[dict]:
    """Write laboratory Observations."""
    table, staff = block.tables["Lab"], block.staff
    own, subjects, encounters = id_columns(block, "Lab")
    drawn, issued = _times(block, "Lab", "moment"), _times(block, "Lab", "issued")
    known = [codes.LAB[name] for name in sheet.ANALYTES]
    concepts = [concept(LOINC, code, display, name) for code, display, _, _, _, _, _, name in known]
    ranges = [
        fixed([{"low": _quantity(low, unit), "high": _quantity(high, unit)}]) for _, _, unit, low, high, *_ in known
    ]
    laboratories = [fixed([{"reference": f"Organization/{staff.organizations[number]}"}]) for number in LABORATORY]
    site = block.tables["Encounter"]["site"][table["encounter"]].tolist()
    chemistry = len(sheet.METABOLIC)
    rows = zip(table["analyte"].tolist(), rounded_values(table), site, strict=True)
    for place, (analyte, value, at) in enumerate(rows):
        _, _, unit, low, high, *_ = known[analyte]
        resource = {
            "resourceType": "Observation",
            "id": own[place],
            "meta": META,
            "status": "final",
            "category": _LABORATORY,
            "code": concepts[analyte],
            "subject": subjects[place],
            "encounter": encounters[place],
            "effectiveDateTime": drawn[place],
            "issued": issued[place],
            "performer": laboratories[at],
            "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
            "interpretation": _FLAGS["L" if value < low else "H" if value > high else "N"],
            "referenceRange": ranges[analyte],
        }
        if at == sheet.EASTBANK and analyte < chemistry:
            resource["device"] = _ANALYSER
        yield resource


def vitals(block: Block) -> Iterator[dict]:
    """Write vital signs: four Observations of one value and one of both blood pressures per set."""
    table = block.tables["Vital"]
    own, subjects, encounters = id_columns(block, "Vital")
    times = _monitor_times(block)
    concepts, units = _vital_concepts()
    pressure = {name: concept(LOINC, *codes.VITAL[name][:2]) for name in ("systolic", "diastolic")}
    rows = zip(table["vital"].tolist(), table["value"].tolist(), table["diastolic"].tolist(), strict=True)
    for place, (vital, value, diastolic) in enumerate(rows):
        resource = {
            "resourceType": "Observation",
            "id": own[place],
            "meta": META,
            "status": "final",
            "category": _VITAL_SIGNS,
            "code": concepts[vital],
            "subject": subjects[place],
            "encounter": encounters[place],
            "effectiveDateTime": times[place],
        }
        if vital < 4:
            unit, code = units[vital]
            value = value if vital == 2 else int(value)
            resource["valueQuantity"] = {"value": value, "unit": unit, "system": UCUM, "code": code}
        else:
            resource["component"] = [
                {"code": pressure["systolic"], "valueQuantity": _quantity(int(value), "mmHg", "mm[Hg]")},
                {"code": pressure["diastolic"], "valueQuantity": _quantity(diastolic, "mmHg", "mm[Hg]")},
            ]
        yield resource


def _vital_concepts() -> tuple[list[dict], list[tuple[str, str]]]:
    known = [codes.VITAL[name] for name in sheet.VITALS[:4]]
    concepts = [concept(LOINC, code, display) for code, display, _, _ in known]
    parent = {"system": LOINC, "code": codes.SATURATION_PARENT[0], "display": codes.SATURATION_PARENT[1]}
    concepts[3] = concepts[3] | {"coding": [*concepts[3]["coding"], parent]}
    return [*concepts, concept(LOINC, *codes.BLOOD_PRESSURE)], [(unit, code) for _, _, code, unit in known]


def _monitor_times(block: Block) -> list[str]:
    """Return the times of vital signs; the five of a set share one moment, to the millisecond."""
    table = block.tables["Vital"]
    site = block.tables["Encounter"]["site"][table["encounter"]]
    sets = table["bits"].reshape(-1, 5)[:, 0] if table["bits"].size else table["bits"]
    times = clock.local(table["moment"], np.repeat((sets % np.uint64(1000)).astype(np.int64), 5))
    eastbank = site == sheet.EASTBANK
    for place, text in zip(np.flatnonzero(eastbank).tolist(), clock.local(table["moment"][eastbank]), strict=True):
        times[place] = text
    return times


def reports(block: Block) -> Iterator[dict]:
    """Write one DiagnosticReport per metabolic panel and blood count."""
    table, staff = block.tables["DiagnosticReport"], block.staff
    own, subjects, encounters = id_columns(block, "DiagnosticReport")
    drawn, issued = _times(block, "DiagnosticReport", "moment"), _times(block, "DiagnosticReport", "issued")
    results = [{"reference": f"Observation/{name}"} for name in ids("Lab", block.tables["Lab"]["bits"])]
    panels = [concept(LOINC, *codes.PANEL[name]) for name in PANELS]
    site = block.tables["Encounter"]["site"][table["encounter"]].tolist()
    rows = zip(table["panel"].tolist(), table["begin"].tolist(), table["stop"].tolist(), site, strict=True)
    for place, (panel, begin, stop, at) in enumerate(rows):
        resource = {
            "resourceType": "DiagnosticReport",
            "id": own[place],
            "meta": META,
            "status": "final",
            "category": _REPORT,
            "code": panels[panel],
            "subject": subjects[place],
            "encounter": encounters[place],
            "effectiveDateTime": drawn[place],
            "issued": issued[place],
            "performer": [{"reference": f"Organization/{staff.organizations[LABORATORY[at]]}"}],
            "result": results[begin:stop],
        }
        yield resource


def orders(block: Block) -> Iterator[dict]:
    """Write MedicationRequests of inpatient stays."""
    table, staff, encounter = block.tables["MedicationRequest"], block.staff, block.tables["Encounter"]
    own, subjects, encounters = id_columns(block, "MedicationRequest")
    times = clock.local(table["moment"])
    drugs = [(concept(codes.RXNORM, codes.DRUG[name][0], name), [{"text": codes.DRUG[name][1]}]) for name in DRUGS]
    doctor, still_open = (
        encounter["doctor"][table["encounter"]].tolist(),
        encounter["open"][table["encounter"]].tolist(),
    )
    for place, drug in enumerate(table["drug"].tolist()):
        medication, dosage = drugs[drug]
        resource = {
            "resourceType": "MedicationRequest",
            "id": own[place],
            "meta": META,
            "status": "active" if still_open[place] else "completed",
            "intent": "order",
            "category": _INPATIENT,
            "medicationCodeableConcept": medication,
            "subject": subjects[place],
            "encounter": encounters[place],
            "authoredOn": times[place],
            "requester": {"reference": f"Practitioner/{staff.practitioners[doctor[place]]}"},
            "dosageInstruction": dosage,
        }
        yield resource


def procedures(block: Block) -> Iterator[dict]:
    """Write Procedures of inpatient stays."""
    table, staff, encounter = block.tables["Procedure"], block.staff, block.tables["Encounter"]
    own, subjects, encounters = id_columns(block, "Procedure")
    times = clock.local(table["moment"])
    known = [concept(codes.ICD10PCS, *codes.PROCEDURE[name]) for name in PROCEDURES]
    doctor = encounter["doctor"][table["encounter"]].tolist()
    for place, which in enumerate(table["procedure"].tolist()):
        resource = {
            "resourceType": "Procedure",
            "id": own[place],
            "meta": META,
            "status": "completed",
            "code": known[which],
            "subject": subjects[place],
            "encounter": encounters[place],
            "performedDateTime": times[place],
            "performer": [{"actor": {"reference": f"Practitioner/{staff.practitioners[doctor[place]]}"}}],
        }
        yield resource
