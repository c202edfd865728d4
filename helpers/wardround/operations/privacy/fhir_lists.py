"""What of a FHIR R4 resource may leave, as lists: types, elements, code systems with their codes, closed value sets.

Short on purpose: what is missing here does not leave, and to add a line is somebody's decision.
"""

from __future__ import annotations

import re

from .identifiers import words

KEPT_TYPES = frozenset(
    words(
        "Patient Encounter Condition Observation Procedure MedicationRequest MedicationAdministration "
        "DiagnosticReport ExplanationOfBenefit"
    )
)
# where FHIR hides the eighteen: path, letter, why; what the lesson shows, and what `report` counts under
HIDING_PLACES = (
    ("*.text.div", "A-R", "the narrative repeats name, birth date, address in HTML"),
    ("Reference.display", "A", "a reference to a patient or doctor carries the name beside the id"),
    ("Reference.identifier", "H", "a logical reference is the record number itself"),
    ("Patient.contact", "A D", "relatives and employers are in the rule's first line"),
    ("Attachment.data", "A-R", "a note in base64; a search for names in the file finds nothing"),
    ("Attachment.title, .url", "A N", "file names such as smith_john_ct.pdf; an address with the record number"),
    ("meta.lastUpdated", "C", "a date of the person's care to the millisecond"),
    ("meta.source", "N", "a URL, often with the sending site and a message number"),
    ("*.id", "H R", "ids made from the record number, the visit or the member number"),
    ("*.contained", "A-R", "whole resources inside: a RelatedPerson, a Practitioner"),
    ("*.extension", "A-R", "birth place, mother's maiden name, geolocation of the address"),
    ("CodeableConcept.text, Coding.display", "A-R", "typed by a person; a local code may be a record number"),
    ("*.note, *.comment", "A-R", "free text"),
    ("Patient.birthDate, .deceasedDateTime", "C", "the year stays, unless it shows an age over 89"),
    ("Patient.address", "B", "State and a ZIP3 that a dated table allows stay"),
    ("Device.udiCarrier, .serialNumber", "M", "the type does not leave"),
    ("Coverage.subscriberId", "I", "the type does not leave"),
)
DROPPED = {
    **{"text": "A-R", "contact": "A D", "photo": "Q", "name": "A", "telecom": "D", "identifier": "H", "display": "A"},
    **{"contained": "A-R", "note": "A-R", "meta": "C", "extension": "A-R", "modifierExtension": "A-R", "link": "H"},
    **{"attachment": "A-R", "comment": "A-R", "description": "A-R"},
}
VALUES = {  # closed sets of R4 codes; a name in their place is not among them
    "status": "registered preliminary final amended corrected cancelled entered-in-error unknown planned arrived "
    "triaged in-progress onleave finished active on-hold completed stopped draft preparation not-done partial appended",
    "intent": "proposal plan order original-order reflex-order filler-order instance-order option",
    "gender": "male female other unknown",
    "use": "claim preauthorization predetermination",
    "outcome": "queued complete error partial",
    "comparator": "< <= >= >",
    "currency": "USD",
}
CLOSED = {key: frozenset(values.split()) for key, values in VALUES.items()}
SYSTEMS = {  # public code systems, and the shape of their codes
    "http://loinc.org": r"\d{1,6}-\d",
    "http://hl7.org/fhir/sid/icd-10-cm": r"[A-TV-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?",
    "http://www.cms.gov/Medicare/Coding/ICD10": r"[0-9A-HJ-NP-Z]{7}",
    "http://www.nlm.nih.gov/research/umls/rxnorm": r"\d{1,7}",
    "http://unitsofmeasure.org": r"mmol/L|[mgnpu]{1,2}g?/d?m?L|10\*[369]/u?L|%|/min|Cel|mm\[Hg\]|kg|g|cm|"
    r"meq/L|u?mol/L|U/L|\{score\}|a|h|d|mL/min/\{1\.73_m2\}",
    "urn:oid:2.16.840.1.113883.6.238": r"\d{4}-\d",
    "urn:ietf:bcp:47": r"en|el|es|pl|fr|ht|zh|hmn|ru|ar|ko|vi|am|de|it|pt|ja|hi|tl",
}
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
SYSTEMS |= {  # HL7's own, code by code: a shape of letters would let a name pass
    TERMINOLOGY + name: "|".join(codes.split())
    for name, codes in {
        "condition-clinical": "active recurrence relapse inactive remission resolved",
        "condition-ver-status": "unconfirmed provisional differential confirmed refuted entered-in-error",
        "condition-category": "problem-list-item encounter-diagnosis",
        "v2-0074": "LAB RAD PAT CH HM MB",
        "observation-category": "laboratory vital-signs social-history imaging survey exam procedure",
        "v3-ObservationInterpretation": "N H L HH LL A AA",
        "v3-ActCode": "EMER IMP OBSENC AMB ACUTE NONAC PRENC SS VR HH",
        "v3-ActPriority": "EM EL UR R",
        "v3-ParticipationType": "ATND ADM CON DIS REF PPRF",
        "diagnosis-role": "AD DD CC CM billing",
        "discharge-disposition": "home alt-home other-hcf hosp long aadvice exp psy rehab snf oth",
        "admit-source": "hosp-trans emd outp born gp mp nursing psych rehab other",
        "medication-admin-category": "inpatient outpatient community",
        "medicationrequest-category": "inpatient outpatient community discharge",
        "claim-type": "institutional professional oral pharmacy vision",
        "ex-diagnosistype": "admitting clinical differential discharge laboratory nursing prenatal principal",
        "adjudication": "submitted copay eligible deductible unallocdeduct eligpercent tax benefit",
        "v3-NullFlavor": "UNK ASKU NI",
    }.items()
}
_US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
RACE = frozenset(_US_CORE + name for name in ("race", "ethnicity"))
SEX = _US_CORE + "birthsex"
DATE = re.compile(r"((?:19|20)\d\d)(?:-\d\d(?:-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?)?)?")
DATED = re.compile(r"(?:date|Date|DateTime|Period|start|end|issued|recorded|created|authoredOn|Instant)$")
AGE_CODES = frozenset({"30525-0", "21612-7", "29553-5"})  # LOINC: age, reported, calculated
NUMBERS = frozenset({"value", "low", "high", "rank", "sequence", "amount", "valueInteger", "repeat", "factor"})
FLAGS = frozenset({"active", "deceasedBoolean", "focal", "preferred", "valueBoolean", "multipleBirthBoolean"})
ELEMENTS = frozenset(
    words(
        "class type category code severity clinicalStatus verificationStatus subject patient encounter period "
        "participant individual diagnosis condition use hospitalization admitSource dischargeDisposition "
        "priority serviceProvider location reasonCode bodySite valueQuantity valueCodeableConcept "
        "interpretation referenceRange low high result medicationCodeableConcept dosage dose context request "
        "insurance coverage diagnosisCodeableConcept total amount payment billablePeriod provider "
        "managingOrganization communication language coding partOf basedOn component performedPeriod "
        "effectivePeriod onsetPeriod maritalStatus specimen performer author recorder requester asserter "
        "dataAbsentReason"
    )
)
REFERRED = KEPT_TYPES | {"Practitioner", "Organization", "Location", "Coverage"}  # as codes; they stay inside
TEST_DATA = {"system": TERMINOLOGY + "v3-ActReason", "code": "HTEST"}
