"""Columns to FHIR R4, shaped like US Core: organizations, people, encounters and diagnoses."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import clock, codes, names
from . import parameters as sheet
from .block import Block, Sink, id_columns
from .codes import TERMINOLOGY, fixed, term
from .entries import EMER, ICD, IMP
from .keys import ids
from .patients import WHY_JOINED, WHY_SECOND, WHY_SON, WHY_TWIN, Patients
from .staff import HOSPITAL, LOCATIONS, ORGANIZATIONS, Staff

META = fixed({"security": [codes.HTEST]})
_US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"
_OMB = "urn:oid:2.16.840.1.113883.6.238"
_RACE = {
    "white": ("2106-3", "White"),
    "black": ("2054-5", "Black or African American"),
    "asian": ("2028-9", "Asian"),
}
_CLASS = (("EMER", "emergency"), ("IMP", "inpatient encounter"), ("OBSENC", "observation encounter"))
_TYPE = ("Emergency department visit", "Inpatient stay", "Observation stay")
_DISPOSITION = {
    sheet.HOME: term("discharge-disposition", "home", "Home"),
    sheet.HOME_HEALTH: {
        "coding": [
            {"system": TERMINOLOGY + "discharge-disposition", "code": "home", "display": "Home"},
            {
                "system": codes.QUILLMERE_BASE + "/codes/disposition",
                "code": "home-health",
                "display": "Home health care",
            },
        ],
        "text": "Home with home health care",
    },
    sheet.SNF: term("discharge-disposition", "snf", "Skilled nursing facility"),
    sheet.HOSPICE: term("discharge-disposition", "hosp", "Hospice"),
    sheet.AMA: term("discharge-disposition", "aadvice", "Left against advice"),
    sheet.TRANSFER: term("discharge-disposition", "other-hcf", "Other healthcare facility"),
    sheet.DIED: term("discharge-disposition", "exp", "Expired"),
}
_FROM_EMERGENCY = fixed(term("admit-source", "emd", "From accident/emergency department"))
_FROM_DOCTOR = fixed(term("admit-source", "mp", "Medical Practitioner/physician referral"))
_FROM_HOSPITAL = fixed(term("admit-source", "hosp-trans", "Transferred from other hospital"))
_EMERGENCY = fixed(term("v3-ActPriority", "EM", "emergency"))
_ELECTIVE = fixed(term("v3-ActPriority", "EL", "elective"))
_ATTENDING = fixed([term("v3-ParticipationType", "ATND", "attender")])
_ADMITTING = fixed(term("diagnosis-role", "AD", "Admission diagnosis"))
_DISCHARGE = fixed(term("diagnosis-role", "DD", "Discharge diagnosis"))
_COMPLAINT = {
    **{"heart_failure": "Shortness of breath", "copd": "Shortness of breath", "pneumonia": "Cough and fever"},
    **{
        "coronary": "Chest pain",
        "stroke": "Weakness of one side",
        "sepsis": "Fever",
        "gut": "Abdominal pain",
    },
    **{"kidney": "Weakness", "diabetes": "High blood sugar", "alcohol": "Shaking", "mental": "Change in behavior"},
    **{"infection": "Fever", "rhythm": "Palpitations", "injury": "Fall", "other": "Feeling unwell"},
}


def static_resources(staff: Staff) -> dict[str, list[dict]]:
    """Return the resources that do not depend on any patient: Organization, Location, Practitioner."""
    reference = [f"Organization/{name}" for name in staff.organizations]
    organizations = []
    for name, own, (title, parent, kind) in zip(staff.organizations, range(9), ORGANIZATIONS, strict=False):
        resource = {"resourceType": "Organization", "id": name, "meta": META, "active": True, "name": title}
        display = "Healthcare Provider" if kind == "prov" else "Hospital Department"
        resource["type"] = [term("organization-type", kind, display)]
        resource["telecom"] = [{"system": "phone", "value": f"304-555-01{90 + own}", "use": "work"}]
        if parent is not None:
            resource["partOf"] = {"reference": reference[parent]}
        organizations.append(resource)
    locations = [
        {
            "resourceType": "Location",
            "id": name,
            "meta": META,
            "status": "active",
            "name": title,
            "mode": "instance",
            "type": [term("v3-RoleCode", kind, "Emergency room" if kind == "ER" else "Hospital unit")],
            "managingOrganization": {"reference": reference[HOSPITAL[site]]},
        }
        for name, (title, site, kind) in zip(staff.locations, LOCATIONS, strict=True)
    ]
    practitioners = [
        {
            "resourceType": "Practitioner",
            "id": name,
            "meta": META,
            "identifier": [{"system": codes.QUILLMERE_BASE + "/ids/staff", "value": badge}],
            "active": True,
            "name": [{"use": "official", "family": family, "given": [given], "prefix": ["Dr."]}],
        }
        for name, badge, (family, given) in zip(staff.practitioners, staff.badges, staff.names, strict=True)
    ]
    return {"Organization": organizations, "Location": locations, "Practitioner": practitioners}


# people -------------------------------------------------------------------------------------------------------------


def describe_patient(registry: Patients, staff: Staff, place: int) -> dict:
    """Return what the line of one Patient record needs, including what its record adds to the ledger."""
    row, record = int(registry.row[place]), int(registry.record[place])
    people = registry.people
    known = {name: column[row] for name, column in registry.identity.items()}
    other = None
    if row in registry.changes:
        other = ids("Patient", (registry.second if record == 0 else registry.first)[[row]])[0]
    changes = registry.changes.get(row, []) if record else []
    for *_, columns in changes:
        known |= columns
    near = [entry for entry in registry.near if entry[0] == row] if not record and row in registry.near_rows else []
    return known | {
        "id": ids("Patient", registry.bits[[place]])[0],
        "number": registry.number[place],
        "second": bool(record),
        "other": other,
        "link": registry.joined.get(row),
        "changes": [entry[:4] for entry in changes],
        "near": [(e[1], e[2], e[3], e[4], ids("Patient", registry.first[[e[5]]])[0]) for e in near],
        "site": int(people["site"][row]),
        "female": bool(people["female"][row]),
        "race": int(people["recorded_race"][row]),
        "race_written": float(people["race_written"][row]),
        "died": registry.died.get(row),
        "managed_by": staff.organizations[HOSPITAL[int(people["site"][row])]],
    }


def patients(block: Block, sink: Sink) -> Iterator[dict]:
    """Write the Patient records of a block, and their pairs and look-alikes into the ledger."""
    for person in block.patients:
        resource = _patient(person)
        for kind, field, before, after in person["changes"]:
            what = ("duplicate_patient", kind, field, before, after, "Patient", person["id"])
            sink.note(*what, why=WHY_SECOND[kind], related=person["other"])
        if person["link"] and person["second"]:
            link = resource["link"][0]["type"]
            what = ("duplicate_joined", person["link"], "link[0].type", None, link, "Patient", person["id"])
            sink.note(*what, why=WHY_JOINED, related=person["other"])
        for kind, column, before, after, other in person["near"]:
            why = WHY_TWIN if kind == "twins" else WHY_SON
            what = ("near_miss", kind, _FIELD[column], before or None, after or None, "Patient", person["id"])
            sink.note(*what, why=why, related=other)
        yield resource


_FIELD = {
    **{
        "family": "name[0].family",
        "given": "name[0].given[0]",
        "middle": "name[0].given[1]",
        "birth_date": "birthDate",
    },
    **{"line": "address[0].line[0]", "city": "address[0].city", "state": "address[0].state"},
    **{"zip": "address[0].postalCode", "phone": "telecom[0].value"},
}


def _patient(person: dict) -> dict:
    language = person["language"]
    resource = {
        "resourceType": "Patient",
        "id": person["id"],
        "meta": META,
        "extension": _extensions(person),
        "identifier": [
            {
                "use": "usual",
                "type": {
                    "coding": [{"system": TERMINOLOGY + "v2-0203", "code": "MR", "display": "Medical record number"}]
                },
                "system": codes.SITE_BASE[person["site"]] + "/ids/mrn",
                "value": person["number"],
            }
        ],
        "active": not (person["second"] and person["link"] == "replaced-by"),
        "name": [
            {
                "use": "official",
                "family": person["family"],
                "given": [name for name in (person["given"], person["middle"]) if name],
            }
        ],
        "telecom": [{"system": "phone", "value": person["phone"], "use": "home"}],
        "gender": "female" if person["female"] else "male",
        "birthDate": person["birth_date"],
    }
    if person["died"] is not None:
        resource["deceasedDateTime"] = clock.local(np.array([person["died"]]))[0]
    resource["address"] = [
        {
            "use": "home",
            "line": [person["line"]],
            "city": person["city"],
            "state": person["state"],
            "postalCode": person["zip"],
            "country": "US",
        }
    ]
    text = names.LANGUAGE_NAMES[language]
    spoken = {"coding": [{"system": "urn:ietf:bcp:47", "code": language, "display": text}], "text": text}
    resource["communication"] = [{"language": spoken, "preferred": True}]
    resource["managingOrganization"] = {"reference": f"Organization/{person['managed_by']}"}
    if person["link"]:
        kind = person["link"] if person["second"] or person["link"] == "seealso" else "replaces"
        resource["link"] = [{"other": {"reference": f"Patient/{person['other']}"}, "type": kind}]
    return resource


def _extensions(person: dict) -> list[dict]:
    """Return race, ethnicity and birth sex as US Core extensions; a missing race is absent or written as unknown."""
    sex = {"url": _US_CORE + "us-core-birthsex", "valueCode": "F" if person["female"] else "M"}
    if person["race"] < 0:
        if person["race_written"] < 0.5:
            return [sex]
        unknown = {"system": TERMINOLOGY + "v3-NullFlavor", "code": "UNK", "display": "unknown"}
        return [_category("race", unknown, "Unknown"), sex]
    name = sheet.RACES[person["race"]]
    hispanic = name == "hispanic"
    written = "Hispanic" if hispanic and person["race_written"] < 0.4 else "Other" if name == "other" else None
    if written:  # a word and no category
        race = {"url": _US_CORE + "us-core-race", "extension": [{"url": "text", "valueString": written}]}
    else:
        code, display = _RACE["white" if hispanic else name]
        race = _category("race", {"system": _OMB, "code": code, "display": display}, display)
    code, display = ("2135-2", "Hispanic or Latino") if hispanic else ("2186-5", "Not Hispanic or Latino")
    return [race, _category("ethnicity", {"system": _OMB, "code": code, "display": display}, display), sex]


def _category(name: str, coding: dict, text: str) -> dict:
    parts = [{"url": "ombCategory", "valueCoding": coding}, {"url": "text", "valueString": text}]
    return {"url": f"{_US_CORE}us-core-{name}", "extension": parts}


# encounters and diagnoses -------------------------------------------------------------------------------------------


def encounters(block: Block) -> Iterator[dict]:
    """Write the encounters of a block, each with its diagnoses."""
    table, staff = block.tables["Encounter"], block.staff
    own, subjects, _ = id_columns(block, "Encounter")
    start, stop = clock.local(table["start"]), clock.local(table["stop"])
    diagnoses = _diagnoses(block)
    columns = ("cls", "part", "site", "place", "doctor", "disposition", "planned", "group", "open")
    for place, values in enumerate(zip(*(table[name].tolist() for name in columns), strict=True)):
        cls, part, site, ward, doctor, disposition, planned, group, still_open = values
        code, display = _CLASS[cls]
        resource = {
            "resourceType": "Encounter",
            "id": own[place],
            "meta": META,
            "identifier": [{"system": codes.SITE_BASE[site] + "/ids/visit", "value": f"V{own[place][2:12].upper()}"}],
            "status": "in-progress" if still_open else "finished",
            "class": {"system": TERMINOLOGY + "v3-ActCode", "code": code, "display": display},
            "type": [{"text": _TYPE[cls]}],
            "priority": _ELECTIVE if planned else _EMERGENCY,
            "subject": subjects[place],
            "participant": [
                {"type": _ATTENDING, "individual": {"reference": f"Practitioner/{staff.practitioners[doctor]}"}}
            ],
            "period": {"start": start[place]} if still_open else {"start": start[place], "end": stop[place]},
        }
        found = diagnoses.get(place, [])
        reason = found[0][2] if cls != IMP and found else _COMPLAINT.get(sheet.GROUPS[group], "Planned admission")
        resource["reasonCode"] = [{"text": reason}]
        if found:
            resource["diagnosis"] = [
                {
                    "condition": {"reference": f"Condition/{name}"},
                    "use": _ADMITTING if still_open else _DISCHARGE,
                    "rank": rank,
                }
                for rank, (_, name, _) in enumerate(found, start=1)
            ]
        hospitalization = _hospitalization(cls, part, planned, group, disposition, still_open)
        if hospitalization:
            resource["hospitalization"] = hospitalization
        resource["location"] = [{"location": {"reference": f"Location/{staff.locations[ward]}"}}]
        resource["serviceProvider"] = {"reference": f"Organization/{staff.organizations[HOSPITAL[site]]}"}
        yield resource


def _hospitalization(cls: int, part: int, planned: bool, group: int, disposition: int, still_open: bool) -> dict:
    result = {}
    if cls == IMP:
        result["admitSource"] = _FROM_HOSPITAL if part == 2 else _FROM_DOCTOR if planned else _FROM_EMERGENCY
    sent_home = group < 0 and disposition != -2  # -2 goes on to an observation stay
    if not still_open and (cls != EMER or sent_home):
        result["dischargeDisposition"] = _DISPOSITION[disposition if disposition >= 0 else sheet.HOME]
    return result


def _diagnoses(block: Block) -> dict[int, list[tuple[int, str, str]]]:
    """Return encounter -> diagnoses by rank: (rank, id, display)."""
    table = block.tables["Condition"]
    found: dict[int, list] = {}
    own = ids("Condition", table["bits"])
    for name, encounter, rank, code in zip(
        own, table["encounter"].tolist(), table["rank"].tolist(), table["code"].tolist(), strict=True
    ):
        if encounter >= 0:
            found.setdefault(encounter, []).append((rank, name, codes.ICD10[ICD[code]]))
    return {encounter: sorted(entries) for encounter, entries in found.items()}


_ACTIVE = fixed(term("condition-clinical", "active", "Active"))
_CONFIRMED = fixed(term("condition-ver-status", "confirmed", "Confirmed"))
_PROBLEM_LIST = fixed([term("condition-category", "problem-list-item", "Problem List Item")])
_VISIT_DIAGNOSIS = fixed([term("condition-category", "encounter-diagnosis", "Encounter Diagnosis")])


def conditions(block: Block) -> Iterator[dict]:
    """Write problem lists and the diagnoses of encounters."""
    table = block.tables["Condition"]
    own, subjects, encounters = id_columns(block, "Condition")
    concepts = [codes.concept(codes.ICD10CM, code, display) for code, display in codes.ICD10.items()]
    recorded = clock.local(table["recorded"])
    onset = table["onset_years"].tolist()
    for place, (code, years) in enumerate(zip(table["code"].tolist(), onset, strict=True)):
        resource = {
            "resourceType": "Condition",
            "id": own[place],
            "meta": META,
            "clinicalStatus": _ACTIVE,
            "verificationStatus": _CONFIRMED,
            "category": _PROBLEM_LIST if years >= 0 else _VISIT_DIAGNOSIS,
            "code": concepts[code],
            "subject": subjects[place],
        }
        if encounters[place] is not None:
            resource["encounter"] = encounters[place]
        if years >= 0:
            resource["onsetDateTime"] = str(int(recorded[place][:4]) - years)
        resource["recordedDate"] = recorded[place]
        yield resource
