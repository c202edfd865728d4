"""Quillmere Health: a synthetic hospital whose truth is known.

A causal model (people, arrivals, stays, ward, emergency desk) lives through three years, or a fourth under a policy; a
chart writes them down; faults are planted with a ledger of every one; the result is a FHIR R4 export and a warehouse
beside their truth. Imports nothing of the other rooms.
"""

from .disk import DEFAULT_SEED, SECOND_SEED, VERSION, build, verify
from .errors import HospitalError
from .incidents import Incident
from .policy import Feed, Policy, Settings
from .simulation import simulate
from .truth import Truth, open_truth
from .world import World

__all__ = [
    "DEFAULT_SEED",
    "SECOND_SEED",
    "VERSION",
    "Feed",
    "HospitalError",
    "Incident",
    "Policy",
    "Settings",
    "Truth",
    "World",
    "build",
    "open_truth",
    "simulate",
    "verify",
]
