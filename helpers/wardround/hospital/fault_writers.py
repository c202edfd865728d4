"""Faults written into resources: each function changes one and returns (kind, field, before, after).

A resource is a dict that shares parts with others: parts are replaced, never changed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import orjson

from . import clock, codes
from . import parameters as sheet
from .keys import dummy_ids, ids

PRACTITIONER_FIELD = {
    "Encounter": "participant[0].individual.reference",
    "MedicationRequest": "requester.reference",
    "Procedure": "performer[0].actor.reference",
}


def apply(fault: str, resource: dict, kind: str, extra: float, context: dict) -> list[tuple[str, str, object, object]]:
    """Write one fault into a resource; return what the ledger says of it, an entry for each field that changed."""
    changed = _WRITERS[fault](resource, kind, extra, context)
    entries = changed if isinstance(changed, list) else [changed]
    return [entry for entry in entries if entry[2] != entry[3]]


def _local_code(resource, kind, extra, context):
    before = resource["code"]
    _, _, _, _, _, _, code, name = codes.LAB[sheet.ANALYTES[context["analyte"]]]
    coding = [{"system": codes.EASTBANK_BASE + "/codes/lab", "code": code, "display": name}]
    resource["code"] = {"coding": coding, "text": name}
    return "no_loinc", "code.coding", before["coding"], coding


def _several_codings(resource, kind, extra, context):
    before = resource["code"]
    system = codes.SITE_BASE[context["site"]] + ("/codes/lab" if kind == "Lab" else "/codes/diagnosis")
    local = {"system": system, "code": context["local"], "display": before["text"]}
    coding = [local, *before["coding"]] if extra < 0.5 else [*before["coding"], local]
    resource["code"] = before | {"coding": coding}
    return "local_first" if extra < 0.5 else "standard_first", "code.coding", before["coding"], coding


def _conditional_reference(resource, kind, extra, context):
    after = f"Practitioner?identifier={codes.QUILLMERE_BASE}/ids/staff|{context['badge']}"
    if kind == "MedicationRequest":
        holder, resource["requester"] = resource["requester"], {"reference": after}
    elif kind == "Encounter":
        holder = resource["participant"][0]["individual"]
        resource["participant"] = [resource["participant"][0] | {"individual": {"reference": after}}]
    else:
        holder = resource["performer"][0]["actor"]
        resource["performer"] = [{"actor": {"reference": after}}]
    return "practitioner", PRACTITIONER_FIELD[kind], holder["reference"], after


def _dangling_reference(resource, kind, extra, context):
    order = kind == "MedicationRequest"
    name, target, prefix = ("requester", "Practitioner", "Staff") if order else ("encounter", "Encounter", "Encounter")
    before = resource[name]["reference"] if order else f"Encounter/{ids('Encounter', context['encounter'])[0]}"
    after = f"{target}/{dummy_ids(prefix, np.array([context['bits']], dtype=np.uint64))[0]}"
    resource[name] = {"reference": after}
    return name, f"{name}.reference", before, after


def _date_only(resource, kind, extra, context):
    before = resource["period"]["end"]
    resource["period"] = resource["period"] | {"end": before[:10]}
    return "period_end", "period.end", before, before[:10]


def _analyser_unit(resource, kind, extra, context):
    before = resource["valueQuantity"]
    after = {"value": round(before["value"] * 88.4), "unit": "umol/L", "system": codes.UCUM, "code": "umol/L"}
    resource["valueQuantity"], resource["device"] = after, {"display": "Eastbank chemistry analyzer B"}
    resource.pop("referenceRange", None), resource.pop("interpretation", None)
    return "creatinine_umol", "valueQuantity", before, after


def _status(after: str):
    def write(resource, kind, extra, context):
        before, resource["status"] = resource["status"], after
        return kind.lower(), "status", before, after

    return write


# results --------------------------------------------------------------------------------------------------------------


def _corrected(resource, kind, extra, context):
    before, resource["status"] = resource["status"], "corrected"
    return slip_of(extra), "status", before, "corrected"


def slip_of(extra: float) -> str:
    """Return what was wrong with the first version of a corrected result."""
    return ("decimal_slip", "diluted_sample", "other_tube")[int(extra * 3)]


def earlier_value(value: float, decimals: int, extra: float) -> float:
    """Return the first, wrong version of a corrected result; never the value itself."""
    factor = {"decimal_slip": 10.0, "diluted_sample": 0.6, "other_tube": 1.4}[slip_of(extra)]
    first = round(value * factor, decimals)
    return first if first != value else round(value + 10**-decimals, decimals)


def moved(text: str, seconds: float) -> str:
    """Return a time ``seconds`` later in the same spelling: offset, Z and milliseconds stay as they are."""
    later = datetime.fromisoformat(text.replace("Z", "+00:00")) + timedelta(seconds=seconds)
    written = later.isoformat(timespec="milliseconds" if "." in text else "seconds")
    return written.replace("+00:00", "Z") if text.endswith("Z") else written


def _late(resource, kind, extra, context):
    before = resource["issued"]
    resource["issued"] = moved(before, 60 * round(60 * (6.2 + 23 * extra**2)))
    return "issued", "issued", before, resource["issued"]


def _before_collection(resource, kind, extra, context):
    before = resource["effectiveDateTime"]
    gap = context["issued"] - context["moment"] + 60 * round(5 + 85 * extra)
    resource["effectiveDateTime"] = moved(before, gap)
    return "drawn_after_issued", "effectiveDateTime", before, resource["effectiveDateTime"]


def _utc_as_local(resource, kind, extra, context):
    found = []
    for name in ("effectiveDateTime", "issued"):
        before = resource[name]
        offset = datetime.fromisoformat(before).utcoffset().total_seconds()
        resource[name] = moved(before, -offset)
        found.append(("utc_under_local_offset", name, before, resource[name]))
    return found


def _glucose_in_mmol(resource, kind, extra, context):
    before = resource["valueQuantity"]
    after = before | {"value": round(before["value"] / 18.0182, 1)}
    resource["valueQuantity"] = after
    resource.pop("interpretation", None)
    return "mmol_as_mg", "valueQuantity", before, after


def _renamed(resource, kind, extra, context):
    before = resource["code"]
    _, name = sheet.RENAMED[sheet.ANALYTES[context["analyte"]]]
    resource["code"] = before | {"text": name}
    return "name", "code.text", before["text"], name


def _factor_one(resource, kind, extra, context):
    before = resource["valueQuantity"]
    after = before | {"unit": "mEq/L", "code": "meq/L"}
    resource["valueQuantity"] = after
    return "sodium_meq", "valueQuantity", before, after


# the bedside ----------------------------------------------------------------------------------------------------------


def _clock_change(resource, kind, extra, context):
    """In autumn the monitor is an hour ahead of the wall, in spring behind; ``extra`` is the set's moment."""
    starts, offsets = clock.changes()
    place = int(np.searchsorted(starts, extra, side="right")) - 1
    ahead = int(offsets[place - 1] - offsets[place])
    before = resource["effectiveDateTime"]
    resource["effectiveDateTime"] = moved(before, ahead)
    return "autumn" if ahead > 0 else "spring", "effectiveDateTime", before, resource["effectiveDateTime"]


def _device_clock(resource, kind, extra, context):
    before = resource["effectiveDateTime"]
    resource["effectiveDateTime"] = moved(before, 30 + round(570 * extra))
    return "ahead", "effectiveDateTime", before, resource["effectiveDateTime"]


def _copied_forward(resource, kind, extra, context):
    if "component" in resource:
        before = resource["component"]
        values = (int(context["last"]), int(context["last_diastolic"]))
        after = [
            part | {"valueQuantity": part["valueQuantity"] | {"value": value}}
            for part, value in zip(before, values, strict=True)
        ]
        resource["component"] = after
        return "last_set", "component", before, after
    before = resource["valueQuantity"]
    value = context["last"] if context["vital"] == sheet.VITALS.index("temperature") else int(context["last"])
    resource["valueQuantity"] = before | {"value": value}
    return "last_set", "valueQuantity", before, resource["valueQuantity"]


def _scaled(name: str, change):
    def write(resource, kind, extra, context):
        before = resource["valueQuantity"]
        resource["valueQuantity"] = before | {"value": change(before["value"])}
        return name, "valueQuantity", before, resource["valueQuantity"]

    return write


def _artefact(resource, kind, extra, context):
    before = resource["valueQuantity"]
    probe = context["vital"] == sheet.VITALS.index("saturation")
    resource["valueQuantity"] = before | {"value": 0 if probe else 300}
    return "probe_off" if probe else "loose_lead", "valueQuantity", before, resource["valueQuantity"]


# stays and people -----------------------------------------------------------------------------------------------------


def _end(name: str, moment):
    def write(resource, kind, extra, context):
        before = resource["period"]["end"]
        after = clock.local(np.array([moment(extra, context) // 60 * 60]))[0]
        resource["period"] = resource["period"] | {"end": after}
        return name, "period.end", before, after

    return write


def _death_as_home(resource, kind, extra, context):
    before = resource["hospitalization"]["dischargeDisposition"]
    after = codes.term("discharge-disposition", "home", "Home")
    resource["hospitalization"] = resource["hospitalization"] | {"dischargeDisposition": after}
    return "disposition", "hospitalization.dischargeDisposition", before, after


def _impossible_birth_date(resource, kind, extra, context):
    before = resource["birthDate"]
    after = "1900-01-01" if extra < 0.6 else f"{int(before[:4]) + 100}{before[4:]}"
    resource["birthDate"] = after
    return "default" if extra < 0.6 else "next_century", "birthDate", before, after


_WRITERS = {
    "local_code": _local_code,
    "several_codings": _several_codings,
    "conditional_reference": _conditional_reference,
    "dangling_reference": _dangling_reference,
    "date_only_discharge": _date_only,
    "analyser_unit": _analyser_unit,
    "entered_in_error": _status("entered-in-error"),
    "preliminary_never_final": _status("preliminary"),
    "corrected_result": _corrected,
    "late_result": _late,
    "result_before_collection": _before_collection,
    "utc_as_local": _utc_as_local,
    "glucose_in_mmol": _glucose_in_mmol,
    "renamed_test": _renamed,
    "factor_one_unit": _factor_one,
    "clock_change": _clock_change,
    "device_clock": _device_clock,
    "copied_forward": _copied_forward,
    "fahrenheit_as_celsius": _scaled("fahrenheit", lambda value: round(value * 9 / 5 + 32, 1)),
    "weight_in_pounds": _scaled("pounds", lambda value: round(value * 2.20462, 1)),
    "device_artefact": _artefact,
    "overlapping_stay": _end(
        "into_the_next", lambda extra, context: context["next_start"] + 3600 + int(68_400 * extra)
    ),
    "discharge_before_admission": _end(
        "before_start", lambda extra, context: context["start"] - 3600 - int(104_400 * extra)
    ),
    "death_as_home": _death_as_home,
    "impossible_birth_date": _impossible_birth_date,
}


def as_text(value: object) -> str | None:
    """Return a value as the ledger keeps it: text as it is, nothing as None, everything else as JSON."""
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()
