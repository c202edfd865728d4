"""Check digits and shapes: what a code can betray about itself without any list of codes."""

from __future__ import annotations

import re

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
_LOINC = re.compile(r"\d{1,7}-\d", re.ASCII)
_LOINC_PART = re.compile(r"L[APLG]\d{1,7}-\d", re.ASCII)
_SNOMED = re.compile(r"[1-9]\d{5,17}", re.ASCII)
_ICD10CM = re.compile(r"[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?", re.ASCII)
# Headings that are often sent as if they were codes. More are found by looking at the export: a heading is the
# beginning of another code in it.
HEADINGS = frozenset({"I50", "A41", "N18.3", "E66.8", "Z91.14", "E11", "E10", "J44", "I21", "N18", "F32", "I48", "E66"})
# The dihedral group D5, as in J. Verhoeff, Error Detecting Decimal Codes (1969).
_TIMES = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_TURN = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip


def luhn(digits: str) -> int:
    """Return the check digit (mod 10) that belongs after some digits, as LOINC uses it."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        total += sum(divmod(2 * int(digit), 10)) if place % 2 == 0 else int(digit)
    return -total % 10


def verhoeff(digits: str) -> bool:
    """Return whether digits end in the check digit that SNOMED CT asks for."""
    state = 0
    for place, digit in enumerate(reversed(digits)):
        state = int(_TIMES[state][int(_TURN[place % 8][int(digit)])])
    return state == 0


def fault(system: str | None, code: str | None) -> str | None:
    """Return what is wrong with a code by its own look, or None."""
    if not code:
        return None
    if system == LOINC and not _LOINC_PART.fullmatch(code):
        if not _LOINC.fullmatch(code):
            return f"{code} has not the form of a LOINC code"
        number, _, digit = code.partition("-")
        if luhn(number) != int(digit):
            return f"{code} fails its check digit: {number} would end in -{luhn(number)}"
    if system == SNOMED:
        if not _SNOMED.fullmatch(code):
            return f"{code} has not the form of a SNOMED CT code"
        if not verhoeff(code):
            return f"{code} fails its check digit"
    if system == ICD10CM and not _ICD10CM.fullmatch(code):
        return f"{code} has not the form of an ICD-10-CM code"
    return None
