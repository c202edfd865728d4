"""Random numbers that belong to a person, a day, a slot and a purpose, not to the order of the program.

One function serves all: Philox4x32-10 (Salmon, Moraes, Dror and Shaw, *Parallel random numbers: as easy as 1, 2, 3*,
SC 2011). ``counter = (person, when, slot, purpose)``, ``key = seed``. What someone draws never depends on who was
drawn before, so a hospital of a third is the first people of a larger one, any block of people can be made by any
process, and a policy changes only what it touches.

Our own code, because numpy's ``Philox`` hands out a sequence from one counter; we need a million different counters in
one call.
"""

from __future__ import annotations

import hashlib
from enum import IntEnum

import numpy as np
from scipy.special import ndtri

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1, _LOW = 0x9E3779B9, 0xBB67AE85, 0xFFFFFFFF
_CHUNK = 32_768  # counters that stay in the processor's cache; the result does not depend on it
DAY = 10_000  # added to a day or week number, which is negative in the year before the export begins


class Purpose(IntEnum):
    """What a draw is for. Append, never renumber: a number stands for the same draw in every version."""

    PERSON = 1  # home site, joins late?, week of joining, years until leaving
    BODY = 2  # age, sex, race, social risk
    LATENT = 3  # frailty, brittleness, distance to the next hospital, reached by phone
    COVER = 4  # interpreter, Medicare, Medicaid, uninsured
    CONDITION = 5  # slot = condition
    PERSON_LAB = 6  # lasting difference of: haemoglobin, albumin, creatinine, respiratory
    PERSON_VITAL = 7  # lasting difference of: heart rate, systolic pressure
    BODY_SIZE = 9  # height, weight for height; when = day of a stay: weight that day, measured when
    RACE_RECORD = 8  # missing?, discordant?, which instead, how a missing value is written
    WEEK = 10  # when = week: unplanned, planned, emergency visit sent home
    WEEK_TIME = 11  # slot = kind of arrival: day, hour
    TRIAGE = 13  # noise of the assigned level, critical?, when, a nurse overrules?
    COST = 14  # yearly cost
    SUPPORT = 15  # support at home, unmeasured
    OXIMETER = 16  # when = day of the contact: which model of oximeter
    VISIT = 12  # length in the emergency department, observed?, length of observation, acuity
    CASE = 20  # diagnosis group, acuity, length of stay, instability
    COURSE = 21  # kidney, septic from the ward?, from which window, hours in emergency; slot 1: a return
    FATE = 22  # death, hospice, against advice, skilled nursing
    HOME = 23  # home health, another acute hospital, internal transfer, moment of the transfer
    RETURN = 24  # readmission, its day, elsewhere, planned
    AFTER = 25  # planned day, death after discharge, its day, hospice day
    CALL = 26  # usual care calls?, held out?
    SEPSIS_CODE = 27  # a claims coder writes sepsis?
    STAY_LAB = 28  # haemoglobin, sodium, albumin, creatinine
    RECOGNITION = (
        29  # sepsis: clinical label?, false label?, early order?, hours before; slot 1: hours, antibiotic, late
    )
    WINDOW = 30  # slot = window: acuity, respiratory, deterioration, suspicion
    VITAL_SET = 31  # slot = window: measured?, minute, heart rate, respiratory rate
    VITAL_VALUE = 32  # slot = window: temperature, systolic, diastolic, true saturation
    VITAL_SENSOR = 33  # slot = window: sensor noise
    DRAW = 34  # slot = window: drawn?, minute, lactate after suspicion?, delay of the result
    PANEL = 35  # slot = window: metabolic, blood count, liver, troponin
    LAB_VALUE = 36  # slot = window and analyte: noise
    EMERGENCY_LAB = 37  # drawn?, minute, delay
    EVENT_TIME = 38  # slot = window: moment of deterioration within it
    RESPONSE = 39  # slot = window: a nurse answers the alert? Used under a policy only
    DEATH_RECORD = 40  # a death after discharge reaches the record?
    ATTENDING = 41  # attending, ward, second attending; slot 1: emergency physician
    DIAGNOSIS = 42  # which code of the group, reason of a visit, secondary codes
    PROBLEM = 43  # slot = condition: which code, year of onset, listed?, day
    MEDICATION = 44  # slot = item: ordered?, hour
    PROCEDURE = 45  # slot = item: done?, hour
    AFTERWARDS = 46  # what is written later: codes, no-show, billing status
    CULTURE = 47  # delay of the result, growth?, organism
    DOSE = 48  # slot = dose: minute
    NOTE = 49  # which sentences
    NAME = 50  # family, given, middle, has a middle name?
    ADDRESS = 51  # street, number, town, ZIP
    CONTACT = 52  # area code, last two digits, language
    MRN = 53
    RESOURCE_ID = 54
    # feeds beside the export: messages, claims, the desk's log, the access log
    MESSAGE = 60  # seconds until it is sent, minutes until a clerk presses the key
    REGISTRATION = 61  # slot: moves, updates, rooms; when = 0: the day of a merge
    RESULT_MESSAGE = 62  # released early?, when, first value of what is changed later
    CLAIM = 63  # slot = draw: lag, money, replaced or voided, admissions elsewhere
    DESK = 64  # slot = draw: why a nurse overrules, how long it takes
    ACCESS = 65  # slot = draw: users, weeks, who looks
    FIELD_TRUNCATED = 66
    WRONG_ESCAPE = 67
    SENT_TWICE = 68
    MERGE_LOST = 69
    FEED_SILENT = 70  # when = day; slot 0 ADT, 1 ORU
    RESULT_LATE = 71
    RESULT_CORRECTED = 72
    CLAIM_ALONE = 73
    CLAIM_LOST = 74
    NOT_BILLABLE = 75
    DISCHARGE_KEYED_LATE = 76
    DESK_VALUE = 77  # slot 0 wrong, 1 missing
    SNOOPING = 78  # slot: who, what kind, whom, when; decoys
    FINAL_LOST = 79  # only where the export's own plan is not given
    GUEST = 80  # does a stay of the third year come once more in a year that is flown?
    # draws of faults: each its own, so that switching one off changes no other
    DUPLICATE = 100  # person chosen
    DUPLICATE_FILED = 101  # which visits lie under the second record
    DUPLICATE_CHANGE = 102  # what differs, where, joined?, how joined
    NEAR_MISS = 103
    REPEATED_LINE = 104
    LOCAL_CODE = 105
    SEVERAL_CODINGS = 106
    SEVERAL_CODINGS_SHAPE = 107
    CONDITIONAL_REFERENCE = 108
    DANGLING_REFERENCE = 109
    DATE_ONLY = 110
    UNIT_DAY = 111
    ENTERED_IN_ERROR = 112
    PRELIMINARY = 113
    WEIGHT_POUNDS = 114
    GLUCOSE_SI = 115
    FAHRENHEIT = 116
    ARTEFACT = 117
    COPIED_FORWARD = 118
    DEVICE_CLOCK = 119
    LATE_RESULT = 120
    BEFORE_COLLECTION = 121
    CORRECTED = 122
    OVERLAP = 123
    DISCHARGE_FIRST = 124
    DEATH_AS_HOME = 125
    BIRTH_DATE = 126
    WRONG_MERGE = 127
    NOTE_IDENTIFIER = 128
    NOTE_NEGATION = 129


def words(seed: int, person, when, slot, purpose) -> np.ndarray:
    """Return four 32-bit words for each counter.

    Parameters
    ----------
    seed : int
        0 to 2**64 - 1, the Philox key.
    person, when, slot, purpose : array_like of int
        Broadcast against each other; each 0 to 2**32 - 1.

    Returns
    -------
    numpy.ndarray of uint64, shape (4, ...)
        Four words of 32 bits. Known answer: all zero gives 6627e8d5 e169c58d bc57ac4c 9b00dbd8.
    """
    counters = np.broadcast_arrays(*(np.asarray(part, dtype=np.uint64) for part in (person, when, slot, purpose)))
    shape, flat = counters[0].shape, [part.ravel() for part in counters]
    result = np.empty((4, flat[0].size), dtype=np.uint64)
    for start in range(0, flat[0].size, _CHUNK):
        piece = slice(start, start + _CHUNK)
        result[:, piece] = _rounds([part[piece] for part in flat], seed & _LOW, seed >> 32)
    return result.reshape(4, *shape)


def _rounds(counter: list[np.ndarray], key0: int, key1: int) -> list[np.ndarray]:
    low, half = np.uint64(_LOW), np.uint64(32)
    c0, c1, c2, c3 = counter
    for step in range(10):
        p0, p1 = c0 * _M0, c2 * _M1
        k0, k1 = np.uint64((key0 + step * _W0) & _LOW), np.uint64((key1 + step * _W1) & _LOW)
        c0, c1, c2, c3 = (p1 >> half) ^ c1 ^ k0, p1 & low, (p0 >> half) ^ c3 ^ k1, p0 & low
    return [c0, c1, c2, c3]


def uniform(seed: int, person, when, slot, purpose) -> np.ndarray:
    """Return four uniforms in (0, 1) per counter, shape (4, ...); see :func:`words`."""
    return (words(seed, person, when, slot, purpose).astype(np.float64) + 0.5) / 2.0**32


def normal(u: np.ndarray) -> np.ndarray:
    """Return standard normals from uniforms by the inverse distribution function (no rejection)."""
    return ndtri(u)


def derived_key(seed: int, what: str) -> int:
    """Return a 64-bit key for ``what`` that tells nothing about the seed (BLAKE2b is one-way)."""
    digest = hashlib.blake2b(seed.to_bytes(8, "big"), digest_size=8, person=what.encode()[:16]).digest()
    return int.from_bytes(digest, "big")


def opaque(key: int, person, when, slot, bits: int = 48) -> np.ndarray:
    """Return ``bits`` (at most 64) opaque bits per resource, for its id; ``key`` comes from :func:`derived_key`."""
    first, second, _, _ = words(key, person, when, slot, int(Purpose.RESOURCE_ID))
    return ((first << np.uint64(32)) | second) >> np.uint64(64 - bits)
