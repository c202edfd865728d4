"""A right ``patient-view`` request, for checks of a service and for lessons; the person in it is made up."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

_VITALS = (
    *(("8867-4", 88, "/min"), ("9279-1", 18, "/min"), ("8310-5", 37.1, "Cel"), ("59408-5", 96, "%")),
    *(("8480-6", 128, "mm[Hg]"), ("8462-4", 74, "mm[Hg]")),
)


def example(now: dt.datetime | None = None) -> dict[str, Any]:
    """Return a right ``patient-view`` request with the prefetch keys ``patient``, ``encounter`` and ``vitals``."""
    now = now or dt.datetime.now(dt.UTC)
    taken, arrived = ((now - dt.timedelta(minutes=ago)).isoformat(timespec="seconds") for ago in (5, 20))
    emergency = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "EMER"}
    patient, encounter = {"reference": "Patient/example-1"}, {"reference": "Encounter/example-2"}
    vitals = [
        {
            "resourceType": "Observation",
            "id": f"example-{number}",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "subject": patient,
            "encounter": encounter,
            "effectiveDateTime": taken,
            "valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": unit, "unit": unit},
        }
        for number, (code, value, unit) in enumerate(_VITALS, start=3)
    ]
    return {
        "hook": "patient-view",
        "hookInstance": str(uuid.uuid4()),
        "context": {"userId": "Practitioner/example-0", "patientId": "example-1", "encounterId": "example-2"},
        "prefetch": {
            "patient": {"resourceType": "Patient", "id": "example-1", "birthDate": "1951-03-09", "gender": "female"},
            "encounter": {
                "resourceType": "Encounter",
                "id": "example-2",
                "status": "arrived",
                "class": emergency,
                "subject": patient,
                "period": {"start": arrived},
            },
            "vitals": {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in vitals]},
        },
    }
