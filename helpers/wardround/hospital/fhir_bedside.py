"""Columns to FHIR R4: body size, blood cultures, doses of antibiotics, discharge notes."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator

from . import clock, codes
from .bedside import HEIGHT
from .block import Block, id_columns
from .codes import LOINC, TERMINOLOGY, UCUM, concept, fixed, term
from .entries import DRUGS
from .fhir import META
from .keys import ids
from .staff import LABORATORY

_VITAL_SIGNS = fixed([term("observation-category", "vital-signs", "Vital Signs")])
_LABORATORY = fixed([term("observation-category", "laboratory", "Laboratory")])
_NOTE_TYPE = fixed(concept(LOINC, "18842-5", "Discharge summary"))
_CATEGORY_SYSTEM = "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category"
_NOTE = {"system": _CATEGORY_SYSTEM, "code": "clinical-note", "display": "Clinical Note"}
_NOTE_CATEGORY = fixed([{"coding": [_NOTE]}])
_INPATIENT = fixed({"coding": [{"system": TERMINOLOGY + "medication-admin-category", "code": "inpatient"}]})


def bodies(block: Block) -> Iterator[dict]:
    """Write weight and height."""
    table = block.tables["Body"]
    own, subjects, encounters = id_columns(block, "Body")
    times = clock.local(table["moment"])
    kinds = [(concept(LOINC, code, display), unit, ucum) for code, display, unit, ucum in codes.BODY.values()]
    for place, (item, value) in enumerate(zip(table["item"].tolist(), table["value"].tolist(), strict=True)):
        code, unit, ucum = kinds[item]
        yield {
            "resourceType": "Observation",
            "id": own[place],
            "meta": META,
            "status": "final",
            "category": _VITAL_SIGNS,
            "code": code,
            "subject": subjects[place],
            "encounter": encounters[place],
            "effectiveDateTime": times[place],
            "valueQuantity": {
                "value": int(value) if item == HEIGHT else value,
                "unit": unit,
                "system": UCUM,
                "code": ucum,
            },
        }


def cultures(block: Block) -> Iterator[dict]:
    """Write blood cultures: when drawn, when final, what grew."""
    table, staff = block.tables["Culture"], block.staff
    own, subjects, encounters = id_columns(block, "Culture")
    drawn, issued = clock.local(table["moment"]), clock.local(table["issued"])
    site = block.tables["Encounter"]["site"][table["encounter"]].tolist()
    for place, organism in enumerate(table["organism"].tolist()):
        yield {
            "resourceType": "Observation",
            "id": own[place],
            "meta": META,
            "status": "final",
            "category": _LABORATORY,
            "code": concept(LOINC, *codes.CULTURE),
            "subject": subjects[place],
            "encounter": encounters[place],
            "effectiveDateTime": drawn[place],
            "issued": issued[place],
            "performer": [{"reference": f"Organization/{staff.organizations[LABORATORY[site[place]]]}"}],
            "valueCodeableConcept": {"text": codes.GROWTH[organism] if organism >= 0 else "No growth"},
        }


def doses(block: Block) -> Iterator[dict]:
    """Write MedicationAdministrations of antibiotics."""
    table = block.tables["MedicationAdministration"]
    own, subjects, encounters = id_columns(block, "MedicationAdministration")
    times = clock.local(table["moment"])
    requests = ids("MedicationRequest", block.tables["MedicationRequest"]["bits"])
    drugs = [concept(codes.RXNORM, codes.DRUG[name][0], name) for name in DRUGS]
    for place, (drug, order) in enumerate(zip(table["drug"].tolist(), table["order"].tolist(), strict=True)):
        yield {
            "resourceType": "MedicationAdministration",
            "id": own[place],
            "meta": META,
            "status": "completed",
            "category": _INPATIENT,
            "medicationCodeableConcept": drugs[drug],
            "subject": subjects[place],
            "context": encounters[place],
            "effectiveDateTime": times[place],
            "request": {"reference": f"MedicationRequest/{requests[order]}"},
        }


def notes(block: Block) -> Iterator[dict]:
    """Write discharge notes as DocumentReferences with the text inside."""
    table, staff, encounter = block.tables["DocumentReference"], block.staff, block.tables["Encounter"]
    own, subjects, encounters = id_columns(block, "DocumentReference")
    times = clock.local(table["moment"])
    doctor = encounter["doctor"][table["encounter"]].tolist()
    for place, text in enumerate(table["text"].tolist()):
        yield {
            "resourceType": "DocumentReference",
            "id": own[place],
            "meta": META,
            "status": "current",
            "type": _NOTE_TYPE,
            "category": _NOTE_CATEGORY,
            "subject": subjects[place],
            "date": times[place],
            "author": [{"reference": f"Practitioner/{staff.practitioners[doctor[place]]}"}],
            "content": [{"attachment": {"contentType": "text/plain; charset=utf-8", "data": encoded(text)}}],
            "context": {"encounter": [encounters[place]]},
        }


def encoded(text: str) -> str:
    """Return a note's text as FHIR carries it."""
    return b64encode(text.encode()).decode()
