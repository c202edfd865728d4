"""What payers and the privacy office keep, as FHIR: Coverage, ExplanationOfBenefit (CARIN shape), AuditEvent.

Made from the rows that also fill the claims file and the access log, so that both say the same. An
ExplanationOfBenefit is the last version of a claim; the claims file has all of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from . import clock, codes
from .claims import FACILITIES, members
from .codes import TERMINOLOGY, fixed, term
from .fhir import META
from .keys import ids
from .people import Table
from .sources import Source, dates
from .staff import HOSPITAL

PAYERS = {"medicare": "Medicare", "medicaid": "Medicaid", "self_pay": "Self-pay", "private": "Harrow Mutual"}
_SELF = fixed(term("subscriber-relationship", "self", "Self"))
_INSTITUTIONAL = fixed(term("claim-type", "institutional", "Institutional"))
_PRIOR = fixed(term("ex-relatedclaimrelationship", "prior", "Prior Claim"))
_PRINCIPAL = fixed([term("ex-diagnosistype", "principal", "Principal Diagnosis")])
_TOTALS = {
    name: fixed(term("adjudication", code, display))
    for name, code, display in (
        ("charge", "submitted", "Submitted Amount"),
        ("allowed", "eligible", "Eligible Amount"),
        ("paid", "benefit", "Benefit Amount"),
    )
}
_RECORD_USED = fixed({"system": TERMINOLOGY + "audit-event-type", "code": "rest", "display": "RESTful Operation"})
_PATIENT_ROLE = fixed({"system": TERMINOLOGY + "object-role", "code": "1", "display": "Patient"})
_ACTIONS = {"view": "R", "read": "R", "edit": "U", "update": "U", "create": "C", "print": "R", "export": "R"}


def coverages(source: Source) -> Iterator[dict]:
    """Yield one Coverage per Patient record; two records of one person have the same member number."""
    patients = source.patients
    numbers = members(source, patients.row)
    payers = [list(PAYERS)[payer] for payer in source.world.people["payer"][patients.row].tolist()]
    rows = zip(source.record_ids, patients.record.tolist(), numbers, payers, strict=True)
    for patient, record, member, payer in rows:
        yield {
            "resourceType": "Coverage",
            "id": f"v-{member}-{record + 1}",
            "meta": META,
            "status": "active",
            "subscriberId": member,
            "beneficiary": {"reference": f"Patient/{patient}"},
            "relationship": _SELF,
            "payor": [{"display": PAYERS[payer]}],
        }


def benefits(source: Source, bills: Table, claims: list[dict]) -> Iterator[dict]:
    """Yield one ExplanationOfBenefit per claim, in the state of its last version."""
    last = {claim["original_claim_id"]: claim for claim in claims}
    patient_of = dict(zip(source.visit, source.patient, strict=True))
    first = ids("Patient", source.patients.first[bills["row"]])
    record_of = dict(zip(source.record_ids, source.patients.record.tolist(), strict=True))
    days = {name: dates([claim[name] for claim in last.values()]) for name in ("received_day", "paid_day")}
    organizations = {
        name: {"reference": f"Organization/{source.staff.organizations[place]}"}
        for name, place in zip(FACILITIES, HOSPITAL, strict=False)
    }
    for k, claim in enumerate(last.values()):
        patient = patient_of.get(claim["visit"], first[claim["bill"]])
        payer = {"display": PAYERS[claim["payer"]]}
        resource = {
            "resourceType": "ExplanationOfBenefit",
            "id": f"b-{claim['original_claim_id'].lower()}",
            "meta": META,
            "identifier": [{"system": codes.QUILLMERE_BASE + "/ids/claim", "value": claim["claim_id"]}],
            "status": "cancelled" if claim["frequency"] == "8" else "active",
            "type": _INSTITUTIONAL,
            "use": "claim",
            "patient": {"reference": f"Patient/{patient}"},
            "billablePeriod": {"start": claim["from_date"], "end": claim["through_date"]},
            "created": days["received_day"][k],
            "insurer": payer,
            "provider": organizations.get(claim["facility"], {"display": "Another hospital"}),
            "outcome": "complete",
            "insurance": [
                {
                    "focal": True,
                    "coverage": {"reference": f"Coverage/v-{claim['member_id']}-{record_of.get(patient, 0) + 1}"},
                }
            ],
            "diagnosis": _diagnoses(claim),
            "total": [{"category": _TOTALS[name], "amount": _dollars(claim[name])} for name in _TOTALS],
            "payment": {"date": days["paid_day"][k], "amount": _dollars(claim["paid"])},
        }
        if claim["claim_id"] != claim["original_claim_id"]:
            prior = {"system": codes.QUILLMERE_BASE + "/ids/claim", "value": claim["original_claim_id"]}
            resource["related"] = [{"claim": {"identifier": prior}, "relationship": _PRIOR}]
        yield resource


def _diagnoses(claim: dict) -> list[dict]:
    found = []
    for number, code in enumerate([claim["principal_dx"], *claim["other_dx"]], start=1):
        coding = {"system": codes.ICD10CM, "code": code}
        if code in codes.ICD10:
            coding["display"] = codes.ICD10[code]
        found.append({"sequence": number, "diagnosisCodeableConcept": {"coding": [coding]}})
    found[0]["type"] = _PRINCIPAL
    return found


def _dollars(value: float) -> dict:
    return {"value": round(value, 2), "currency": "USD"}


def audit_events(source: Source, rows: Table) -> Iterator[dict]:
    """Yield one AuditEvent per row of the access log."""
    at = clock.local(rows["moment"])
    names = ("row_id", "user", "role", "department", "patient_id", "action", "reason", "workstation")
    for k, values in enumerate(zip(*(rows[name].tolist() for name in names), strict=True)):
        row, user, role, department, patient, action, reason, station = values
        resource = {
            "resourceType": "AuditEvent",
            "id": row,
            "meta": META,
            "type": _RECORD_USED,
            "action": _ACTIONS.get(action, "R"),
            "recorded": at[k],
            "outcome": "0",
            "agent": [
                {
                    "role": [{"text": role}],
                    "altId": user,
                    "requestor": True,
                    "location": {"display": department},
                    "network": {"address": station, "type": "1"},
                }
            ],
            "source": {"observer": {"display": "Quillmere record system"}},
            "entity": [{"what": {"reference": f"Patient/{patient}"}, "role": _PATIENT_ROLE}],
        }
        if reason:
            resource["purposeOfEvent"] = [{"text": reason}]
        yield resource
