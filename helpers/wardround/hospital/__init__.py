"""Quillmere Health: a synthetic hospital whose truth is known.

A causal model (people, arrivals, stays, ward) lives through three years; a chart writes them down; faults are planted
with a ledger of every one; the result is a FHIR R4 export beside its truth. Imports nothing of the other rooms.
"""

from .disk import DEFAULT_SEED, SECOND_SEED, VERSION, build, verify
from .errors import HospitalError
from .truth import Truth, open_truth
from .world import World, simulate

__all__ = [
    "DEFAULT_SEED",
    "SECOND_SEED",
    "VERSION",
    "HospitalError",
    "Truth",
    "World",
    "build",
    "open_truth",
    "simulate",
    "verify",
]
