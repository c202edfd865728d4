"""What a CDS client sends along (Patient, Encounter, Observations of FHIR R4) as a :class:`Visit`. It may be hostile.

A prefetch is somebody else's text: of another type, another patient, another unit, another time. What is about another
patient is refused. What cannot be read as one of the desk's vital signs is left out and told in ``notes``, a sentence
each; nothing is guessed. Units that are known are converted (°F, kelvin, kPa, a fraction), others are not used.
Observations that are preliminary, cancelled or entered in error are ignored.

Imports neither a web framework nor the model: a notebook can read a prefetch, too.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from wardround.triage.said import Reading, Visit

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")  # FHIR R4 id
KEYS = ("patient", "encounter", "vitals")
MOST = 500  # entries of a bundle that are looked at; the service asks for 50
LONGEST_NAME = 200
OLDEST = 130  # years
FIRST_HOURS = dt.timedelta(hours=12)  # what the model is about
CLOCKS = dt.timedelta(minutes=1)  # by which two clocks may differ
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
CODES = {
    "8867-4": "heart_rate",
    "9279-1": "respiratory_rate",
    "8310-5": "temperature",
    "59408-5": "saturation",
    "2708-6": "saturation",
    "8480-6": "systolic",
    "8462-4": "diastolic",
}
LABELS = {
    "heart_rate": "Heart rate",
    "respiratory_rate": "Respiratory rate",
    "temperature": "Temperature",
    "saturation": "Oxygen saturation",
    "systolic": "Systolic pressure",
    "diastolic": "Diastolic pressure",
}
_A_MINUTE = {
    **dict.fromkeys(("/min", "1/min", "min-1", "{beats}/min", "{breaths}/min", "beats/min", "breaths/min"), (1.0, 0.0)),
    **dict.fromkeys(("/minute", "beats/minute", "breaths/minute", "bpm"), (1.0, 0.0)),
    **dict.fromkeys(("Hz", "/s", "1/s"), (60.0, 0.0)),
}
_PRESSURE = {"mm[Hg]": (1.0, 0.0), "mmHg": (1.0, 0.0), "kPa": (7.50062, 0.0)}
_WARMTH = {
    **dict.fromkeys(("Cel", "°C", "C", "degC"), (1.0, 0.0)),
    **dict.fromkeys(("[degF]", "°F", "F", "degF"), (5 / 9, -160 / 9)),
    "K": (1.0, -273.15),
}
UNITS: dict[
    str, tuple[str, dict[str, tuple[float, float]]]
] = {  # unit at the desk; others: times so much, plus so much
    "heart_rate": ("/min", _A_MINUTE),
    "respiratory_rate": ("/min", _A_MINUTE),
    "temperature": ("°C", _WARMTH),
    "saturation": ("%", {"%": (1.0, 0.0), "1": (100.0, 0.0)}),
    "systolic": ("mmHg", _PRESSURE),
    "diastolic": ("mmHg", _PRESSURE),
}
READY = ("final", "amended", "corrected")
OVER = ("finished", "cancelled", "entered-in-error")
_WITH_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")


class PrefetchMissing(ValueError):
    """Something that the service needs is not in the prefetch; the message says which key and what belongs there."""


class SomebodyElse(ValueError):
    """The prefetch is about another patient or visit than the context; nothing was computed."""


@dataclass(frozen=True)
class Found:
    """What a prefetch says.

    Attributes
    ----------
    visit
        As the desk would know it, in the desk's units.
    notes
        What was left out or not known, a sentence each; no text of the prefetch stands in them.
    basis
        By vital sign the reference of the observation that was used, where it has an id.
    no_risk
        Why no risk may be given although rules may fire, in a sentence; empty where one may be.
    not_for
        Why the service has nothing to say of this visit at all; empty where it has.
    """

    visit: Visit
    notes: tuple[str, ...] = ()
    basis: Mapping[str, str] = field(default_factory=dict)
    no_risk: str = ""
    not_for: str = ""


class _Measured(NamedTuple):
    name: str
    value: float
    unit: str
    at: dt.datetime | None
    issued: str
    place: int
    reference: str
    about: str  # why it is not exactly this value


def read(prefetch: object, patient_id: str, now: dt.datetime, encounter_id: str | None = None) -> Found:
    """Read the keys ``patient``, ``encounter`` and ``vitals``.

    Parameters
    ----------
    prefetch
        As JSON gives it.
    patient_id, encounter_id
        Of the hook's context.
    now
        UTC.

    Raises
    ------
    PrefetchMissing
        A key is not there, or holds another type of resource.
    SomebodyElse
        A resource is about another patient or visit.
    """
    sent = prefetch if isinstance(prefetch, Mapping) else {}
    patient = _resource(sent, "patient", "Patient")
    if patient.get("id") != patient_id:
        raise SomebodyElse("prefetch.patient is another patient than context.patientId; send the one of the context.")
    encounter = _resource(sent, "encounter", "Encounter")
    key = _encounter_id(encounter, patient_id, encounter_id)
    notes: list[str] = []
    arrived, no_risk = _arrived(encounter, now, notes)
    measured = _measured(_entries(sent, notes), patient_id, key, notes)
    latest = _latest(measured, now, notes)
    inexact = next((one.about for one in latest.values() if one.about), "")
    visit = Visit(
        encounter_id=key,
        patient_id=patient_id,
        name=_name(patient),
        birth_date=_born(patient, now, notes),
        sex=patient["gender"] if patient.get("gender") in ("female", "male", "other", "unknown") else "unknown",
        site="",
        arrived_at=arrived,
        readings={name: Reading(name, one.value, one.unit, one.at) for name, one in latest.items()},
    )
    basis = {name: one.reference for name, one in latest.items() if one.reference}
    return Found(visit, tuple(dict.fromkeys(notes)), basis, no_risk or inexact, _not_for(encounter))


def _resource(sent: Mapping[str, Any], key: str, kind: str) -> Mapping[str, Any]:
    found = sent.get(key)
    if not isinstance(found, Mapping):
        raise PrefetchMissing(f"prefetch.{key} is not there; send the {kind} that discovery asks for.")
    if found.get("resourceType") != kind:
        raise PrefetchMissing(f"prefetch.{key} is no {kind}; send the {kind} that discovery asks for.")
    return found


def _encounter_id(encounter: Mapping[str, Any], patient_id: str, wanted: str | None) -> str:
    key = encounter.get("id")
    if not (isinstance(key, str) and ID.fullmatch(key)):
        raise PrefetchMissing("prefetch.encounter has no id; send the Encounter as it is stored.")
    if wanted is not None and key != wanted:
        raise SomebodyElse("prefetch.encounter is another visit than context.encounterId; send the one of the context.")
    subject = encounter.get("subject")
    if (subject is not None or wanted is None) and not _is_about(subject, "Patient", patient_id):
        raise SomebodyElse("prefetch.encounter does not say that it is about the patient of the context.")
    return key


def _is_about(reference: object, kind: str, key: str) -> bool:
    """Whether a reference names this resource: relative, absolute, or a version of it."""
    text = reference.get("reference") if isinstance(reference, Mapping) else None
    if not isinstance(text, str):
        return False
    text = text.split("/_history/")[0]
    return text == f"{kind}/{key}" or (text.startswith(("http://", "https://")) and text.endswith(f"/{kind}/{key}"))


def _not_for(encounter: Mapping[str, Any]) -> str:
    kind = encounter.get("class")
    if isinstance(kind, Mapping) and isinstance(kind.get("code"), str) and kind["code"] != "EMER":
        return "This is no emergency visit, and the model was made from emergency visits."
    if encounter.get("status") in OVER:
        return "This visit is over or was entered in error."
    return ""


def _arrived(encounter: Mapping[str, Any], now: dt.datetime, notes: list[str]) -> tuple[dt.datetime, str]:
    period = encounter.get("period")
    at = _time(period.get("start")) if isinstance(period, Mapping) else None
    if at is None or at > now + CLOCKS:
        notes.append("The time of arrival is not known; the time of this request stands for it.")
        return now, ""
    if now - at > FIRST_HOURS:
        return at, "This patient arrived more than 12 hours ago, and the model is about the first 12 hours."
    return at, ""


def _born(patient: Mapping[str, Any], now: dt.datetime, notes: list[str]) -> dt.date | None:
    text, born = patient.get("birthDate"), None
    if isinstance(text, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        try:
            born = dt.date.fromisoformat(text)
        except ValueError:
            born = None
    if born is not None and not 0 <= now.year - born.year <= OLDEST:
        born = None
    if born is None or born > now.date():
        notes.append("The birth date is not known.")
        return None
    return born


def _name(patient: Mapping[str, Any]) -> str:
    """The first name that is there, shortened; a stranger's text."""
    names = patient.get("name")
    for one in names if isinstance(names, list) else ():
        if not isinstance(one, Mapping):
            continue
        given = one.get("given") if isinstance(one.get("given"), list) else []
        text = one.get("text") or " ".join(str(part) for part in (*given, one.get("family") or "") if part)
        if isinstance(text, str) and text.strip():
            return text.strip()[:LONGEST_NAME]
    return ""


# readings -----------------------------------------------------------------------------------------------------------


def _entries(sent: Mapping[str, Any], notes: list[str]) -> list[Mapping[str, Any]]:
    if "vitals" not in sent:
        raise PrefetchMissing("prefetch.vitals is not there; send the Bundle of Observations that discovery asks for.")
    bundle = sent["vitals"]
    if bundle is None:  # the client looked and found nothing
        return []
    if not isinstance(bundle, Mapping) or bundle.get("resourceType") != "Bundle":
        raise PrefetchMissing("prefetch.vitals is no Bundle; send the Bundle of Observations that discovery asks for.")
    entries, links = bundle.get("entry", []), bundle.get("link", [])
    if not isinstance(entries, list):
        raise PrefetchMissing("prefetch.vitals.entry is no array; send a Bundle as FHIR has it.")
    if len(entries) > MOST:
        raise PrefetchMissing(f"prefetch.vitals has more than {MOST} entries; send the 50 that discovery asks for.")
    if isinstance(links, list) and any(isinstance(one, Mapping) and one.get("relation") == "next" for one in links):
        notes.append("Only a part of the readings was sent; a newer one may be missing.")
    found = [one.get("resource") if isinstance(one, Mapping) else None for one in entries]
    return [one for one in found if isinstance(one, Mapping) and one.get("resourceType") == "Observation"]


def _measured(
    observations: list[Mapping[str, Any]], patient_id: str, encounter_id: str, notes: list[str]
) -> list[_Measured]:
    found: list[_Measured] = []
    for place, one in enumerate(observations):
        subject = one.get("subject")
        if subject is not None and not _is_about(subject, "Patient", patient_id):
            raise SomebodyElse("prefetch.vitals has an Observation of another patient; nothing was computed.")
        named = [name for name in (_sign(part) for part in (one, *_parts(one))) if name]
        if not named:
            continue
        what = LABELS[named[0]]
        if subject is None:
            notes.append(f"{what}: a reading does not say whose it is and was not used.")
        elif one.get("status") not in READY:
            notes.append(f"{what}: a reading that is not final was not used.")
        elif one.get("encounter") is not None and not _is_about(one["encounter"], "Encounter", encounter_id):
            notes.append(f"{what}: a reading of another visit was not used.")
        else:
            found += [value for part in (one, *_parts(one)) if (value := _value(part, one, place, notes))]
    return found


def _parts(observation: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    parts = observation.get("component")
    return [one for one in parts[:20] if isinstance(one, Mapping)] if isinstance(parts, list) else []


def _sign(part: Mapping[str, Any]) -> str:
    """Which vital sign a code names; empty where it names none, or two."""
    code = part.get("code")
    codings = code.get("coding") if isinstance(code, Mapping) else None
    names = {
        CODES[one["code"]]
        for one in (codings if isinstance(codings, list) else ())
        if isinstance(one, Mapping) and one.get("system") == LOINC and _in(one.get("code"), CODES)
    }
    return names.pop() if len(names) == 1 else ""


def _value(part: Mapping[str, Any], whole: Mapping[str, Any], place: int, notes: list[str]) -> _Measured | None:
    name, quantity = _sign(part), part.get("valueQuantity")
    if not name or part.get("dataAbsentReason") is not None or quantity is None:
        return None
    number = quantity.get("value") if isinstance(quantity, Mapping) else None
    if isinstance(number, bool) or not isinstance(number, int | float) or not _finite(number):
        notes.append(f"{LABELS[name]}: a reading without a number was not used.")
        return None
    how = _conversion(name, quantity)
    if how is None:
        notes.append(f"{LABELS[name]}: a reading in a unit that is not known here was not used.")
        return None
    about = f"{LABELS[name]} is given as a limit, not as a value." if quantity.get("comparator") is not None else ""
    issued = whole.get("issued") if isinstance(whole.get("issued"), str) else ""
    key = whole.get("id")
    reference = f"Observation/{key}" if isinstance(key, str) and ID.fullmatch(key) else ""
    value = round(float(number) * how[0] + how[1], 2)
    return _Measured(name, value, UNITS[name][0], _taken(whole), issued, place, reference, about)


def _conversion(name: str, quantity: Mapping[str, Any]) -> tuple[float, float] | None:
    """How a quantity becomes the desk's unit; None where its unit is not known, or said in two ways that differ."""
    code, unit, system = (quantity.get(key) for key in ("code", "unit", "system"))
    known = UNITS[name][1]
    said = [one for one in (code if system in (UCUM, None) else None, unit) if one is not None]
    hows = [known.get(one) if isinstance(one, str) else None for one in said]
    if code is not None and system == UCUM and hows and hows[0] is not None and not _in(unit, known):
        other = {one for _, units in UNITS.values() for one in units}
        return None if _in(unit, other) else hows[0]  # "degrees" beside Cel is a name; "°F" beside Cel is another unit
    return hows[0] if hows and None not in hows and len(set(hows)) == 1 else None


def _latest(measured: list[_Measured], now: dt.datetime, notes: list[str]) -> dict[str, _Measured]:
    """The newest reading of each sign; one without a time, or from the future, only where there is no other."""

    def rank(one: _Measured) -> tuple:
        usable = one.at is not None and one.at <= now + CLOCKS
        return usable, one.at.timestamp() if one.at else 0.0, one.issued, one.place

    found: dict[str, _Measured] = {}
    for one in sorted(measured, key=rank):
        before = found.get(one.name)
        if before is not None and before.at == one.at and before.value != one.value:
            notes.append(f"{LABELS[one.name]}: two values have the same time; the one that was issued later counts.")
        found[one.name] = one
    return found


def _taken(observation: Mapping[str, Any]) -> dt.datetime | None:
    period = observation.get("effectivePeriod")
    ended = (period.get("end") or period.get("start")) if isinstance(period, Mapping) else None
    for one in (observation.get("effectiveDateTime"), observation.get("effectiveInstant"), ended):
        if (at := _time(one)) is not None:
            return at
    return None


def _time(text: object) -> dt.datetime | None:
    """A time with its zone, as UTC; a date alone is no time."""
    if not (isinstance(text, str) and len(text) <= 40 and _WITH_TIME.fullmatch(text)):
        return None
    try:
        return dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def _finite(number: float) -> bool:
    try:
        return math.isfinite(float(number)) and abs(float(number)) < 1e6
    except OverflowError:
        return False


def _in(one: object, known: Any) -> bool:
    return isinstance(one, str) and one in known
