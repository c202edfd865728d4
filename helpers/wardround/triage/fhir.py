"""FHIR R4 in and out: a prefetch becomes a visit (:func:`read`), a risk a RiskAssessment, a log's line an AuditEvent.

Made for R4 and checked in the tests by ``fhir.resources.R4B``, which is the same for these types. Everything carries
the security label HTEST (test health data), as the whole course does; a RiskAssessment also AIAST (asserted by an
artificial intelligence). An AuditEvent is an export: the log and its chain of hashes stay what counts.

Imports neither a web framework nor the model.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from wardround.triage.prefetch import ID, Found, PrefetchMissing, SomebodyElse, read
from wardround.triage.said import Advice, Visit

if TYPE_CHECKING:
    from wardround.operations.ledger import Line

__all__ = ["Found", "PrefetchMissing", "SomebodyElse", "audit_event", "bundle", "outcome", "read", "risk_assessment"]

# as in wardround.hospital.codes, whose import takes seconds
TERMINOLOGY, QUILLMERE_BASE = "http://terminology.hl7.org/CodeSystem/", "http://quillmere.example.org"
HTEST = {"system": TERMINOLOGY + "v3-ActReason", "code": "HTEST", "display": "test health data"}
AIAST = {
    "system": TERMINOLOGY + "v3-ObservationValue",
    "code": "AIAST",
    "display": "Artificial Intelligence asserted",
}
OUTCOME = "Critical care or death within 12 hours of triage"
WITHIN = dt.timedelta(hours=12)
ASSISTANT = "wardround triage, a teaching application"
LIMITS = (
    "Supports the judgment of the person at the desk; does not assign ESI. Made for teaching on synthetic patients."
)
MADE_BY = uuid.UUID("6f1d8f6e-3c0b-5a57-9d2e-5f2a3f0a7c11")  # names of ids are made under this one
DCM = "http://dicom.nema.org/resources/ontology/DCM"
RECORD = {"system": DCM, "code": "110110", "display": "Patient Record"}
APPLICATION = {"system": DCM, "code": "110100", "display": "Application Activity"}
DOES = {  # action of the log -> AuditEvent.action: create, read, update, execute
    **dict.fromkeys(("level", "accepted", "overruled", "feedback"), "C"),
    **{"viewed": "R", "advised": "R", "switched": "U", "hook": "E"},
}
TOLD = (
    *("level", "reason", "state", "of_1000", "high", "rules", "model", "settings"),
    *("outcome", "happened", "card", "instance", "on"),
)
_USER = re.compile(r"(Practitioner|PractitionerRole|Patient|RelatedPerson)/[A-Za-z0-9\-.]{1,64}")


def risk_assessment(visit: Visit, advice: Advice, now: dt.datetime, *, basis: Iterable[str] = ()) -> dict[str, Any]:
    """Return the RiskAssessment of an advice that gives a risk.

    ``probabilityDecimal`` is a percentage: FHIR R4 has it so, at most 100. Of 1,000 patients 37 are 3.7.

    Parameters
    ----------
    basis
        References of the observations that it was made from, where they have ids ("Observation/x").

    Raises
    ------
    ValueError
        The advice gives no risk: there is nothing to assess.
    """
    if advice.state != "risk" or advice.of_1000 is None:
        raise ValueError(f"There is no risk to assess: the assistant's state is “{advice.state}”.")
    made = f"{visit.encounter_id}|{advice.model}|{_instant(now)}|{advice.of_1000}"
    found: dict[str, Any] = {
        "resourceType": "RiskAssessment",
        "id": str(uuid.uuid5(MADE_BY, made)),
        "meta": {"security": [HTEST, AIAST]},
        "status": "final",
        "method": {"text": advice.model},
        "code": {"text": f"Risk: {OUTCOME.lower()}"},
        "subject": {"reference": f"Patient/{visit.patient_id}"},
        "encounter": {"reference": f"Encounter/{visit.encounter_id}"},
        "occurrenceDateTime": _instant(now),
        "performer": {"type": "Device", "display": ASSISTANT},
        "prediction": [_prediction(visit, advice)],
        "note": [{"text": LIMITS}],
    }
    if references := [{"reference": one} for one in basis]:
        found["basis"] = references
    return found


def audit_event(line: Line) -> dict[str, Any]:
    """Return the AuditEvent of one line of the log: who, what, when, on whom; no name, no value, no typed words."""
    told = line.told()
    patient, visit = told.get("patient"), told.get("visit")
    agent: dict[str, Any] = {"who": _who(line.actor), "requestor": True}
    if role := told.get("role"):
        agent["role"] = [{"text": str(role)}]
    return {
        "resourceType": "AuditEvent",
        "id": f"line-{line.number}",
        "meta": {"security": [HTEST]},
        "type": RECORD if patient or visit else APPLICATION,
        "subtype": [{"system": f"{QUILLMERE_BASE}/codes/triage-action", "code": line.action}],
        "action": DOES.get(line.action, "E"),
        "recorded": line.at,
        "outcome": "0",
        "agent": [agent],
        "source": {
            "observer": {"type": "Device", "display": ASSISTANT},
            "type": [{"system": TERMINOLOGY + "security-source-type", "code": "4", "display": "Application Server"}],
        },
        "entity": [*_subjects(patient, visit), _line(line, told)],
    }


def bundle(resources: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return resources as a Bundle, as a search would answer with them."""
    entries = [{"resource": one, "search": {"mode": "match"}} for one in resources]
    found: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": len(entries)}
    return {**found, "entry": entries} if entries else found


def outcome(code: str, says: str) -> dict[str, Any]:
    """Return an OperationOutcome: why something was refused, in one sentence."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": code, "details": {"text": says}, "diagnostics": says}],
    }


def _prediction(visit: Visit, advice: Advice) -> dict[str, Any]:
    start = visit.arrived_at
    found: dict[str, Any] = {
        "outcome": {"text": OUTCOME},
        "probabilityDecimal": round(advice.of_1000 / 10, 1),
        "qualitativeRisk": {"text": "At or above the threshold" if advice.high else "Below the threshold"},
        "whenPeriod": {"start": _instant(start), "end": _instant(start + WITHIN)},
    }
    said = [f"{one.label} {one.value} {one.unit} {one.direction} the risk" for one in advice.factors]
    return {**found, "rationale": "; ".join(said) + "."} if said else found


def _subjects(patient: object, visit: object) -> list[dict[str, Any]]:
    found = []
    for kind, key, type, role in (
        ("Patient", patient, {"code": "1", "display": "Person"}, {"code": "1", "display": "Patient"}),
        ("Encounter", visit, {"code": "2", "display": "System Object"}, {"code": "4", "display": "Domain Resource"}),
    ):
        if isinstance(key, str) and key:
            found.append(
                {
                    "what": _named(kind, key),
                    "type": {"system": TERMINOLOGY + "audit-entity-type", **type},
                    "role": {"system": TERMINOLOGY + "object-role", **role},
                }
            )
    return found


def _line(line: Line, told: dict[str, Any]) -> dict[str, Any]:
    """The line itself as an entity: its number and hash lead back to the log."""
    details = [{"type": "hash", "valueString": line.hash}, {"type": "number", "valueString": str(line.number)}]
    for name in TOLD:
        value = told.get(name)
        if value is None or value == [] or value == "":
            continue
        text = value if isinstance(value, str) else json.dumps(value)
        details.append({"type": name, "valueString": text})
    return {
        "what": {"display": f"Line {line.number} of the triage log"},
        "type": {"system": TERMINOLOGY + "audit-entity-type", "code": "2", "display": "System Object"},
        "role": {"system": TERMINOLOGY + "object-role", "code": "13", "display": "Security Resource"},
        "detail": details,
    }


def _who(actor: str) -> dict[str, Any]:
    return {"reference": actor} if _USER.fullmatch(actor) else {"display": actor}


def _named(kind: str, key: str) -> dict[str, Any]:
    return {"reference": f"{kind}/{key}"} if ID.fullmatch(key) else {"type": kind, "identifier": {"value": key}}


def _instant(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
