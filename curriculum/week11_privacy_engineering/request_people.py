"""Whoever is meant in a request of Q3's bank, and what a request is made of. It is in no box.

Everybody in it is invented, and to be seen to be: telephone numbers end in 555-01xx, addresses of mail and web in
example.org, record numbers begin with 999, Social Security numbers with 000 or 666, which are never issued.
"""

from __future__ import annotations

import base64
import hashlib

CODING = ("coding support", "https://notes.example.org/v1/codes")
BENCH = ("benchmark", "https://bench.example.org/v2/rows")
SUPPORT = ("software support", "https://support.example.org/tickets")
FAMILY = ["Okafor", "Lindqvist", "Haverly", "Brandvold", "Castellane", "Dunmore", "Eskridge", "Fairbanks", "Graves", "Bell", "Ibarra", "Jorgensen", "Kowalczyk", "Marchetti", "Nakagawa", "Ostrander", "Pemberton", "Rasmussen", "Sandoval", "Thibault", "Umarov", "Vandermeer", "Whitlock", "Zielinski"]
GIVEN = (
    ["Ruth", "Arne", "Dolores", "Felix", "Ingrid", "Jerome", "Leona", "Miriam", "Nestor", "Odile", "Pavel", "Rosalind", "Stefan", "Tamsin", "Viola", "Wendell"]
)
KIN = ["Bexley", "Corrigan", "Drummond", "Ferreira", "Holloway", "Ingersoll"]  # not on the roster
STREETS = ("Ledge Rd", "Orchard Ave", "Depot St", "Foundry St", "Bayard Ave", "Canal Rd")
DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def person(dice):
    """Somebody invented."""
    number = f"999{dice.integers(0, 10**7):07d}"
    area = (681, 304, 240)[dice.integers(3)]
    year, month, day = 1935 + dice.integers(60), 1 + dice.integers(12), 1 + dice.integers(28)
    return {
        "family": str(dice.choice(FAMILY)),
        "given": str(dice.choice(GIVEN)),
        "mrn": number,
        "phone": f"{area}-555-01{dice.integers(100):02d}",
        "birth": f"{year}-{month:02d}-{day:02d}",
        "street": f"{dice.integers(3, 480)} {dice.choice(STREETS)}",
        "kin": f"{dice.choice(GIVEN)} {dice.choice(KIN)}",
        "day": f"2024-{1 + dice.integers(12):02d}-{1 + dice.integers(28):02d}",
        "ssn": f"{('000', '666')[dice.integers(2)]}-{dice.integers(10, 99)}-{dice.integers(1000, 9999)}",
        "old": int(dice.integers(91, 99)),
        "dose": int(dice.choice([20, 40, 80, 120])),
        "beats": int(dice.integers(62, 98)),
    }


def spelled(digits):
    return " ".join(DIGITS[int(one)] if one.isdigit() else "," for one in digits).replace(" ,", ",")


def wide(digits):
    return "".join(chr(0xFF10 + int(one)) if one.isdigit() else one for one in digits)


def packed(text):
    return base64.b64encode(text.encode()).decode()


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]


def in_words(day):
    return f"{MONTHS[int(day[5:7]) - 1]} {int(day[8:])}"


# what a request is made of --------------------------------------------------------------------------------------------
def coding(note, *, files=None, headers=None, to=CODING, **more):
    fields = {"note": note, "age": 68, "sex": "female", "group": "heart_failure", "codes": ["I50.9", "N18.3"]} | more
    return _request(to, fields, files, headers)


def bench(*, note=None, files=None, headers=None, to=BENCH, **more):
    fields = {"age": 90, "sex": "male", "year": 2024, "stays_before": 2, "risk": 0.18, "back": False} | more
    return _request(to, fields if note is None else fields | {"note": note}, files, headers)


def support(ticket, *, files=None, headers=None):
    return _request(SUPPORT, {"ticket": ticket, "version": "4.2"}, files, headers)


def _request(to, fields, files, headers):
    plain = {"content-type": "application/json"} | (headers or {})
    return {"purpose": to[0], "destination": to[1], "fields": fields, "files": files or {}, "headers": plain}


def course(p, *extra):
    """A note about nobody in particular, with sentences put into its middle."""
    return " ".join(
        ["Came breathless, weighed daily.", *extra, f"Left on furosemide {p['dose']} mg, pulse {p['beats']}."]
    )


def kept(p, *words):
    return ["furosemide", f"{p['dose']} mg", *words]
