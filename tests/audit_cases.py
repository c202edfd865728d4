"""Hand-made exports for the audit: for each check one resource (or a few) that is wrong, and near misses beside it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

LOINC, UCUM, SNOMED = "http://loinc.org", "http://unitsofmeasure.org", "http://snomed.info/sct"
ICD, LOCAL = "http://hl7.org/fhir/sid/icd-10-cm", "urn:local"
START = datetime(2024, 3, 1, 8, 0, tzinfo=UTC)


def at(days: float = 0, hours: float = 0) -> str:
    return (START + timedelta(days=days, hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def patient(key: str = "a", **more) -> dict:
    race = {"url": "text", "valueString": "White"}
    url = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
    base = {"resourceType": "Patient", "id": key, "gender": "female", "birthDate": "1960-05-04"}
    return base | {"name": [{"family": f"Family{key}", "given": [f"Given{key}"]}],
                   "extension": [{"url": url, "extension": [race]}]} | more  # fmt: skip


def named(key: str, family: str, given: str, birth: str, phone: str, **more) -> dict:
    telecom = [{"system": "phone", "value": phone}]
    return patient(key, name=[{"family": family, "given": given.split()}], birthDate=birth, telecom=telecom, **more)


def stay(key: str = "s", begin: str | None = None, end: str | None = None, who: str = "a", **more) -> dict:
    period = {"start": begin or at(), "end": end or at(5)}
    subject = {"reference": f"Patient/{who}"}
    return {"resourceType": "Encounter", "id": key, "status": "finished", "class": {"code": "IMP"},
            "subject": subject, "period": period} | more  # fmt: skip


def concept(code: str, system: str = LOINC, display: str | None = None) -> dict:
    coding = {"system": system, "code": code}
    return {"coding": [coding | ({"display": display} if display else {})]}


VITALS = ("8867-4", "59408-5", "8310-5", "29463-7")


def lab(key: str, value: float = 1.0, code: str | dict = "2160-0", unit: str | None = "mg/dL",
        when: str | None = None, **more) -> dict:  # fmt: skip
    quantity = {"value": value} | ({"unit": unit, "system": UCUM, "code": unit} if unit else {})
    category = "vital-signs" if code in VITALS else "laboratory"
    made = {"resourceType": "Observation", "id": key, "status": "final", "valueQuantity": quantity}
    made |= {"code": code if isinstance(code, dict) else concept(code), "category": [{"coding": [{"code": category}]}]}
    return made | {"subject": {"reference": "Patient/a"}, "effectiveDateTime": when or at()} | more


def labs(n: int, *, code: str = "2160-0", unit: str = "mg/dL", around: float = 1.0, step: float = 0.02, gap: float = 6,
         prefix: str = "n", **more) -> list[dict]:  # fmt: skip
    """Results one after another, scattered evenly around a number."""
    return [lab(f"{prefix}{i}", around * (1 + step * (i % 11 - 5)), code, unit, at(hours=gap * i), **more)
            for i in range(n)]  # fmt: skip


def condition(key: str, code: str, system: str = ICD, **more) -> dict:
    subject = {"reference": "Patient/a"}
    return {"resourceType": "Condition", "id": key, "code": concept(code, system), "subject": subject} | more


def ref(kind: str, key: str) -> dict:
    return {"reference": f"{kind}/{key}"}


def vitals(prefix: str, when: str, pulse: int) -> list[dict]:
    numbers = {"8867-4": pulse, "9279-1": 16, "8310-5": 36.8, "59408-5": 97, "8478-0": 90}
    category = [{"coding": [{"code": "vital-signs"}]}]
    return [lab(f"{prefix}{i}", value, code, "x", when, category=category)
            for i, (code, value) in enumerate(numbers.items())]  # fmt: skip


def pressure(key: str, high: int, low: int) -> dict:
    parts = [{"code": concept(code), "valueQuantity": {"value": value, "unit": "mm[Hg]"}}
             for code, value in (("8480-6", high), ("8462-4", low))]  # fmt: skip
    made = lab(key, code="85354-9", category=[{"coding": [{"code": "vital-signs"}]}], component=parts)
    del made["valueQuantity"]
    return made


def crowd(days: int, silent: tuple[int, ...] = (), each: int = 20) -> list[dict]:
    return [lab(f"{day}-{i}", when=at(day, i / 10), subject=ref("Patient", f"{day}-{i}"))
            for day in range(days) if day not in silent for i in range(each)]  # fmt: skip


def months(thin: int, n: int) -> list[dict]:
    return [lab(f"m{month}-{i}", when=f"2024-{month:02}-{1 + i % 28:02}T{i // 28:02}:00:00Z")
            for month in range(1, 9) for i in range(n if month == thin else 60)]  # fmt: skip


A = patient()
# check -> (resources, ids that must be found, all others must not)
CASES: dict[str, tuple[list[dict], set[str]]] = {
    "no_id": ([A, {"resourceType": "Observation", "status": "final"}, lab("fine")], {""}),
    "line_repeated": ([A, lab("twice"), lab("twice"), lab("once")], {"twice"}),
    "versions_differ": ([A, lab("v", 1.0), lab("v", 2.0), lab("same"), lab("same")], {"v"}),
    "reference_dangles": (
        [A, stay(), lab("wrong", encounter=ref("Encounter", "gone")), lab("near", encounter=ref("Encounter", "s")),
         lab("inside", specimen={"reference": "#x"}, contained=[{"resourceType": "Specimen", "id": "x"}])],
        {"wrong"},
    ),
    "reference_conditional": (
        [A, lab("search", performer=[{"reference": "Practitioner?identifier=urn:x|1"}]),
         lab("near", performer=[ref("Patient", "a")])],
        {"search"},
    ),
    "reference_wrong_type": ([A, stay(), lab("wrong", encounter=ref("Patient", "a")),
                              lab("near", encounter=ref("Encounter", "s"))], {"wrong"}),
    "reference_elsewhere": ([A, lab("urn", encounter={"reference": "urn:uuid:1-2"}),
                             lab("server", encounter={"reference": "https://x.org/fhir?y"}), lab("near")],
                            {"urn"}),
    "no_patient": ([A, lab("wrong", subject={"display": "the lady in bed 4"}), lab("near")], {"wrong"}),
    "code_not_standard": (
        [A, lab("local", code=concept("CREA", LOCAL)), lab("words", code={"text": "Creatinine"}),
         lab("near", code={"coding": [{"system": LOCAL, "code": "CREA"}, {"system": LOINC, "code": "2160-0"}]})],
        {"local", "words"},
    ),
    "code_damaged": (
        [A, lab("loinc", code="3150-6"), lab("near", code="3150-0"), lab("part", code=concept("LP14355-9")),
         condition("snomed", "84114008", SNOMED), condition("near2", "84114007", SNOMED),
         condition("icd", "HEARTFAIL"), condition("near3", "S01.01XA")],
        {"loinc", "snomed", "icd"},
    ),
    "diagnosis_heading": ([A, condition("i50", "I50"), condition("n183", "N18.3"), condition("near", "I50.9"),
                           condition("whole", "I10"), condition("d63", "D63"), condition("d631", "D63.1")],
                          {"i50", "n183", "d63"}),
    "codings_several": (
        [A, lab("two", code={"coding": [{"system": LOCAL, "code": "C"}, {"system": LOINC, "code": "2160-0"}]}),
         lab("near", code={"coding": [{"system": LOINC, "code": "59408-5"}, {"system": LOINC, "code": "2708-6"}]})],
        {"two"},
    ),
    "code_two_names": ([A, *[lab(f"n{i}", code=concept("2160-0", display="Creatinine")) for i in range(3)],
                        lab("odd", code=concept("2160-0", display="Glucose")),
                        lab("near", code=concept("2160-0", display="CREATININE "))], {"odd"}),
    "name_two_codes": ([A, *[lab(f"n{i}", code=concept("CREA", LOCAL, "Creatinine")) for i in range(3)],
                        lab("odd", code=concept("CREA2", LOCAL, "Creatinine")),
                        lab("near", code=concept("2160-0", LOINC, "Creatinine"))], {"odd"}),
    "unit_two": ([A, *labs(30), lab("micro", 88, unit="umol/L"),
                  *labs(12, code="2951-2", unit="mmol/L", around=140, prefix="m"),
                  lab("near", 140, "2951-2", "meq/L")], {"micro"}),
    "unit_two_names": ([A, *labs(12, code="2951-2", unit="mmol/L", around=140), lab("meq", 141, "2951-2", "meq/L"),
                        lab("near", 140, "2951-2", "mmol/L")], {"meq"}),
    "unit_missing": ([A, lab("bare", unit=None), lab("near", unit="1")], {"bare"}),
    "unit_mixup": (
        [A, *labs(40, code="2345-7", around=110, step=0.06), lab("mmol", 6.1, "2345-7"), lab("low", 38, "2345-7"),
         lab("high", 480, "2345-7"), *labs(30, code="8310-5", unit="Cel", around=37, step=0.004, prefix="t"),
         lab("fahrenheit", 98.6, "8310-5", "Cel"), lab("fever", 41.2, "8310-5", "Cel"),
         *[lab(f"person{kg}", kg, "29463-7", "kg", subject=ref("Patient", f"p{kg}")) for kg in (62, 75, 82, 88)],
         lab("kg", 80, "29463-7", "kg"), lab("pounds", 176.4, "29463-7", "kg", at(9)),
         lab("heavy", 178, "29463-7", "kg", subject=ref("Patient", "b")),
         lab("heavier", 181, "29463-7", "kg", at(9), subject=ref("Patient", "b"))],
        {"mmol", "fahrenheit", "pounds"},
    ),
    "value_impossible": ([A, lab("off", 0, "59408-5", "%"), lab("hypoxic", 62, "59408-5", "%"),
                          lab("noise", 300, "8867-4", "/min"), lab("fast", 190, "8867-4", "/min")], {"off", "noise"}),
    "pressure_reversed": ([A, pressure("wrong", 70, 120), pressure("near", 120, 70)], {"wrong"}),
    "vitals_copied": ([A, *vitals("one", at(), 80), *vitals("copy", at(hours=4), 80),
                       *vitals("near", at(hours=8), 81), *vitals("later", at(3), 81)],
                      {f"copy{i}" for i in range(5)}),
    "time_unreadable": ([A, lab("typed", when="yesterday"), lab("near", when="2024-03"),
                         lab("never", when="2024-02-30T01:00:00Z")], {"typed", "never"}),
    "end_before_start": ([A, stay("wrong", at(2), at(1)), stay("near", at(2), "2024-03-03"), stay("fine")], {"wrong"}),
    "issued_before_effective": ([A, lab("wrong", issued=at(hours=-1)), lab("near", issued=at())], {"wrong"}),
    "issued_late": ([A, *[lab(f"n{i}", issued=at(hours=1)) for i in range(9)], lab("late", issued=at(hours=9)),
                     lab("near", issued=at(hours=5))], {"late"}),
    "outside_encounter": ([A, stay(), lab("after", when=at(6), encounter=ref("Encounter", "s")),
                           lab("near", when=at(5, 0.5), encounter=ref("Encounter", "s")),
                           stay("day", at(), "2024-03-06"),
                           lab("same day", when=at(5, 10), encounter=ref("Encounter", "day"))],
                          {"after"}),
    "before_birth": ([patient(birthDate="2024-03-01"), lab("wrong", when="2024-02-27T00:00:00Z"),
                      lab("near", when="2024-03-01T00:10:00Z")], {"wrong"}),
    "after_death": ([patient(deceasedDateTime="2024-03-03T10:00:00Z"), lab("wrong", when="2024-03-04T10:00:00Z"),
                     lab("near", when="2024-03-03T10:30:00Z"), patient("b", deceasedDateTime="2024-03-03"),
                     lab("day", when="2024-03-03T23:00:00Z", subject=ref("Patient", "b"))], {"wrong"}),
    "in_future": ([A, patient("unborn", birthDate="2090-01-01"), *labs(60), lab("wrong", when="2090-01-01T08:00:00Z"),
                   lab("near", when=at(20))], {"wrong", "unborn"}),
    "birth_date_placeholder": ([patient("zero", birthDate="1900-01-01"), patient("near", birthDate="1931-01-01"),
                                patient("old", birthDate="1897-03-04"), lab("x", subject=ref("Patient", "old"))],
                               {"zero", "old"}),
    "date_without_time": ([A, *[stay(f"n{i}") for i in range(5)], stay("day", at(), "2024-03-06"),
                           condition("near", "I10", onsetDateTime="2024-03-01")], {"day"}),
    "offset_mixed": ([A, *labs(30), lab("local", when="2024-03-02T03:00:00-05:00"),
                      lab("near", when="2024-03-02T03:00:00Z")], {"local"}),
    "midnight_heap": ([A, *labs(100, gap=7.3),
                       *[lab(f"zero{i}", when=f"2024-03-{i + 1:02}T00:00:00Z") for i in range(20)],
                       lab("near", when="2024-03-02T00:01:00Z")], {f"zero{i}" for i in range(20)}),
    "entered_in_error": ([A, lab("wrong", status="entered-in-error"), lab("near", status="amended")], {"wrong"}),
    "preliminary_never_final": ([A, *labs(60), lab("wrong", when=at(1), status="preliminary"),
                                 lab("near", when=at(14.5), status="preliminary")], {"wrong"}),
    "encounter_never_ends": (
        [A, *labs(60, gap=48), stay("wrong", at(1), status="in-progress"), stay("near", at(110), status="in-progress")],
        {"wrong"},
    ),
    "finished_without_end": ([A, stay("wrong", period={"start": at()}), stay("near"),
                              stay("open", period={"start": at()}, status="in-progress")], {"wrong"}),
    "result_changed": ([A, lab("wrong", status="corrected"), lab("near")], {"wrong"}),
    "same_result_twice": ([A, lab("first", 1.2), lab("again", 1.2), lab("near", 1.2, when=at(hours=1)),
                           lab("other", 1.2, subject=ref("Patient", "b"))], {"again"}),
    "patient_pairs": (
        [named("typo", "Garrity", "Marta L", "1960-05-04", "1"), named("typ0", "Garrty", "Marta", "1960-05-04", "2",
                                                                        address=[{"postalCode": "9"}]),
         named("twin", "Vale", "Anna", "2001-01-01", "3"), named("twin2", "Vale", "Bella", "2001-01-01", "3"),
         named("father", "Ortiz", "Luis", "1950-02-03", "4", gender="male"),
         named("son", "Ortiz", "Luis", "1981-07-09", "4", gender="male"),
         named("known", "Kay", "Joan", "1940-01-01", "5", link=[{"other": ref("Patient", "known2")}]),
         named("known2", "Kay", "Joan", "1940-01-01", "5"),
         named("born", "Lund", "Erika", "1970-03-04", "6"), named("born2", "Lund", "Erika", "1971-03-04", "6")],
        {"typo", "typ0", "born", "born2"},
    ),
    "patient_linked": ([A, patient("b", link=[{"other": ref("Patient", "a"), "type": "replaces"}]), patient("c")],
                       {"a", "b"}),
    "stays_overlap": ([A, stay("s", at(), at(5)), stay("wrong", at(3), at(7)), stay("near", at(7), at(9)),
                       stay("other", at(3), at(7), "b")], {"wrong"}),
    "patient_field_empty": ([A, patient("b", extension=[]), patient("c", birthDate=None)], {"b", "c"}),
    "code_renamed": (
        [A, *labs(40, gap=24, prefix="old"),
         *[one | {"effectiveDateTime": at(40 + i), "code": concept("CREA_NEW", LOCAL)}
           for i, one in enumerate(labs(40, prefix="new"))],
         *[lab(f"near{i}", 8, "17861-6", when=at(40 + i)) for i in range(40)],
         *[lab(f"all{i}", 140 + i % 5, "2951-2", "mmol/L", at(i)) for i in range(80)]],
        {f"new{i}" for i in range(40)},
    ),
}  # fmt: skip
# checks whose findings are days or lines: the fields that must be found
DAYS: dict[str, tuple[list[dict], set[str]]] = {
    "silent_days": ([A, *crowd(90, silent=(40,))], {"2024-04-10"}),
    "thin_months": ([A, *months(4, 20)], {"2024-04"}),
}
