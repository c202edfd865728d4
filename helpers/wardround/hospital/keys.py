"""The key of every record, from which its id and the draws of its faults come.

A record is (person, when, slot): ``when`` is 0 for what belongs to the person and the day of arrival plus 10,000 for
what belongs to a contact; ``slot`` counts within a kind of resource.
"""

from __future__ import annotations

import numpy as np

from .streams import opaque

KIND = {
    name: number << 20
    for number, name in enumerate(
        (
            "Patient",
            "Encounter",
            "Condition",
            "Lab",
            "Vital",
            "MedicationRequest",
            "Procedure",
            "DiagnosticReport",
            "Staff",
            "Body",
            "Culture",
            "MedicationAdministration",
            "DocumentReference",
            "Coverage",
            "ExplanationOfBenefit",
            "AuditEvent",
        )
    )
}
PREFIX = {
    **{"Patient": "p", "Encounter": "e", "Condition": "c", "Lab": "o", "Vital": "o", "MedicationRequest": "m"},
    **{"Procedure": "x", "DiagnosticReport": "d", "Staff": "s", "Body": "o", "Culture": "o"},
    **{"MedicationAdministration": "a", "DocumentReference": "n", "Coverage": "v", "ExplanationOfBenefit": "b"},
    "AuditEvent": "u",
}
STAFF = 4_000_000_000  # "person" numbers of what is no patient: practitioners, places


def with_ids(rows: dict[str, np.ndarray], kind: str, id_key: int) -> dict[str, np.ndarray]:
    """Lift ``slot`` into the kind's own range and add ``bits``, the opaque part of the id (56 bits)."""
    slot = rows["slot"] + KIND[kind]
    return rows | {"slot": slot, "bits": opaque(id_key, rows["person"], rows["when"], slot, bits=56)}


def ids(kind: str, bits: np.ndarray) -> list[str]:
    """Return ids such as ``o-9c41…``; every kind has the same form, whatever is wrong with the record."""
    prefix = PREFIX[kind]
    return [f"{prefix}-{value:014x}" for value in bits.tolist()]


def dummy_ids(kind: str, bits: np.ndarray) -> list[str]:
    """Return ids of the same form that belong to no record, for references into nothing."""
    return ids(kind, np.asarray(bits) ^ np.uint64(0xA5A5A5A5A5A5A5))
