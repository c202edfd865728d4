"""The requests of Q1: what a chart system sends on ``patient-view``, twelve to judge a card and four to try it. In no box."""

from __future__ import annotations

import datetime as dt
import runpy
from pathlib import Path

_WORDS = runpy.run_path(str(Path(__file__).parent / "words.py"))
_BEDSIDE = runpy.run_path(str(Path(__file__).parent / "bedside.py"))
SIGNS, UNITS, NOW = _WORDS["SIGNS"], _WORDS["UNITS"], _BEDSIDE["NOW"]
CODES = {name: code for code, name in _BEDSIDE["LOINC"].items()}
NEAR = (0.045, 0.056)  # of the threshold: rounding decides there, so nobody is asked
GIVEN = ("Ada", "Bela", "Chidi", "Dunja", "Emeka", "Farida", "Goran", "Hanne")
FAMILY = ("Okafor", "Lindqvist", "Marsh", "Petrov", "Quist", "Ramos", "Sato", "Tamm")
LONG = "Anastasia-Wilhelmina-" * 477  # some 10,000 characters
MARKUP = '<img src=x onerror="alert(1)"> [call back](javascript:alert(1))'
TURNED = "\u202enruter \u05d0\u05d1\u05d2"  # right to left from here on, and not ended

# name: which risk, what is done to the request; in the order in which they are judged
JUDGED = {
    "an ordinary patient": ("low", ""),
    "a high risk": ("high", ""),
    "no birth date": ("high", "no birth date"),
    "a name of 10,000 characters": ("high", "long"),
    "markup in the name": ("low", "markup"),
    "a name from right to left": ("high", "turned"),
    "no vital signs": ("low", "no vitals"),
    "old vital signs": ("high", "old"),
    "one vital sign missing": ("low", "one missing"),
    "prefetch without vitals": ("low", "without vitals"),
    "prefetch without patient": ("high", "without patient"),
    "context without its patient": ("low", "no patientId"),
}
TRIED = {
    "try: an ordinary patient": ("low", ""),
    "try: a high risk": ("high", ""),
    "try: no vital signs": ("high", "no vitals"),
    "try: prefetch without vitals": ("low", "without vitals"),
}


def requests(rows, dice):
    """Return by name a request, and last night's chart of the same patient, which says something else."""
    low = rows[(rows.score < NEAR[0]) & (rows.score > 0.006)]
    pools = {"low": low, "high": rows[rows.score.between(NEAR[1], 0.4)]}
    made = {}
    for number, (name, (which, how)) in enumerate({**JUDGED, **TRIED}.items()):
        row = pools[which].iloc[int(dice.integers(len(pools[which])))]
        other = pools["high" if which == "low" else "low"]
        last = other.iloc[int(dice.integers(len(other)))]
        id = f"p-{number + 1:02d}{int(dice.integers(16**6)):06x}"
        request = _request(id, row, dice)
        chart = {"id": id, "prefetch": _prefetch(id, last, dice, request["prefetch"]["patient"])}
        _made_strange(request, how)
        made[name] = {"request": request, "chart": chart}
    return made


def _request(id, row, dice):
    given, family = GIVEN[int(dice.integers(len(GIVEN)))], FAMILY[int(dice.integers(len(FAMILY)))]
    born = dt.date(NOW.year - int(row.age) - 1, 6, 1 + int(dice.integers(28)))  # not yet had this year's birthday
    patient = {
        "resourceType": "Patient",
        "id": id,
        "name": [{"given": [given], "family": family}],
        "birthDate": born.isoformat(),
    }
    return {
        "hook": "patient-view",
        "hookInstance": f"{int(dice.integers(16**8)):08x}-0000-4000-8000-{int(dice.integers(16**12)):012x}",
        "context": {"userId": "Practitioner/n-07", "patientId": id, "encounterId": f"e{id[1:]}"},
        "prefetch": _prefetch(id, row, dice, patient),
    }


def _prefetch(id, row, dice, patient):
    begun = (NOW - dt.timedelta(minutes=25)).isoformat()
    minutes = int(dice.integers(4, 20))
    return {
        "patient": patient,
        "encounter": {"resourceType": "Encounter", "id": f"e{id[1:]}", "status": "arrived", "period": {"start": begun}},
        "vitals": _bundle([_observation(id, name, float(row[name]), minutes) for name in SIGNS]),
    }


def _observation(id, name, value, minutes):
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": CODES[name]}]},
        "subject": {"reference": f"Patient/{id}"},
        "effectiveDateTime": (NOW - dt.timedelta(minutes=minutes)).isoformat(),
        "valueQuantity": {"value": value, "unit": UNITS[name]},
    }


def _bundle(observations):
    entries = [{"resource": one} for one in observations]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


def _made_strange(request, how):
    prefetch, patient = request["prefetch"], request["prefetch"]["patient"]
    if how in ("long", "markup", "turned"):
        patient["name"][0]["family"] = {"long": LONG, "markup": MARKUP, "turned": TURNED}[how]
    elif how == "no birth date":
        del patient["birthDate"]
    elif how == "no vitals":
        prefetch["vitals"] = _bundle([])
    elif how == "old":
        for entry in prefetch["vitals"]["entry"]:
            entry["resource"]["effectiveDateTime"] = (NOW - dt.timedelta(minutes=212)).isoformat()
    elif how == "one missing":
        entries = [entry["resource"] for entry in prefetch["vitals"]["entry"]]
        prefetch["vitals"] = _bundle([one for one in entries if one["code"]["coding"][0]["code"] != CODES["temperature"]])
    elif how.startswith("without"):
        del prefetch[how.removeprefix("without ")]
    elif how == "no patientId":
        del request["context"]["patientId"]
