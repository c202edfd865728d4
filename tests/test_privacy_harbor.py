"""Safe Harbor for tables and FHIR resources: what was planted does not survive, and what is claimed is all there is."""

from __future__ import annotations

import base64
import copy
import datetime as dt
import json
import stat
from collections import Counter
from itertools import islice

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from wardround.operations.privacy import (
    ACS_2022,
    ACTUAL_KNOWLEDGE,
    DIRECT,
    EIGHTEEN,
    HIDING_PLACES,
    OCR_2000,
    QUOTED,
    VERDICTS,
    Agreement,
    Crosswalk,
    PrivacyError,
    Zip3Table,
    attest,
    find_shaped,
    judge_columns,
    judged_in_words,
    kept_by_list,
    limited_data_set,
    safe_harbor_export,
    safe_harbor_resource,
    safe_harbor_table,
)

PLANTED = {
    "name": "Zebulon Quackenbush",
    "phone": "304-555-0143",
    "email": "z.quackenbush@mail.example",
    "ssn": "123-45-6789",
    "mrn": "6053419774",
    "address": "402 Walnut St",
    "date": "1932-09-17",
    "url": "https://portal.example/p/6053419774",
    "ip": "10.20.30.40",
    "in base64": base64.b64encode(b"Zebulon Quackenbush").decode(),
}
SAMPLE = ROOT / "datasets" / "sample" / "export"


def sample_resources():
    """Up to forty resources a type of the sample, parsed."""
    found = []
    for file in sorted(SAMPLE.iterdir()):
        with file.open() as lines:
            found += [json.loads(line) for line in islice(lines, 40)]
    return found


RESOURCES = sample_resources()
BY_TYPE = {kind: [r for r in RESOURCES if r["resourceType"] == kind] for kind in {r["resourceType"] for r in RESOURCES}}


# the rule -----------------------------------------------------------------------------------------------------------


def test_there_are_eighteen_and_a_limited_data_set_drops_sixteen():
    assert [one.letter for one in EIGHTEEN] == list("ABCDEFGHIJKLMNOPQR")
    assert len(DIRECT) == 16 and {"C", "R"}.isdisjoint(letter for letter, _ in DIRECT)


def test_actual_knowledge_is_asked_and_not_assumed():
    no = dict.fromkeys(ACTUAL_KNOWLEDGE, False)
    assert attest(no, "M. Vogt").by == "M. Vogt"
    with pytest.raises(PrivacyError, match="1 more"):
        attest({question: False for question in ACTUAL_KNOWLEDGE[1:]}, "M. Vogt")
    with pytest.raises(PrivacyError, match="may not be Safe Harbor"):
        attest(no | {ACTUAL_KNOWLEDGE[1]: True}, "M. Vogt")
    with pytest.raises(PrivacyError, match="Nobody"):
        attest(no, " ")
    made = safe_harbor_table(pd.DataFrame({"x": [1]}), {"x": "keep"})
    with pytest.raises(PrivacyError, match="half of Safe Harbor"):
        made.released(None)
    assert len(made.released(attest(no, "M. Vogt"))) == 1


@pytest.mark.parametrize("kind", ["phone", "email", "ssn", "mrn", "address", "date", "url", "ip"])
def test_shapes_are_found_in_a_sentence_and_clinical_numbers_are_not(kind):
    assert kind in {span.kind for span in find_shaped(f"It says {PLANTED[kind]} here.")}
    plain = (
        "BP 112/63, sodium 137.8 mmol/L, 81-year-old, day 3 of 7, 1,000 mL, dose 2.5 mg at 08:00, ratio 1:64, T4 12."
    )
    assert find_shaped(plain) == []


# ZIP codes ----------------------------------------------------------------------------------------------------------


def test_a_prefix_is_kept_only_where_the_table_has_it_well_above_the_limit():
    table = Zip3Table({"100": 21_001, "101": 21_000, "102": 20_000, "036": 5}, "a census", "2020")
    assert [table.keep(code) for code in ("10001", "10101", "10201", "03601", "55555")] == ["100", *["000"] * 4]
    assert table.keep("10001-1234") == "100" and table.keep(None) == "000" and table.keep("1000") == "000"
    for wrong in (10001, "1000١", "ABCDE", "", "10001 Elm St"):
        assert table.keep(wrong) == "000"
    with pytest.raises(PrivacyError, match="vintage"):
        Zip3Table({}, "a census", "")
    with pytest.raises(PrivacyError, match="leading zeros"):
        Zip3Table({"36": 1}, "a census", "2020")


@given(st.text(max_size=12))
def test_a_table_without_prefixes_denies_everything(code):
    assert Zip3Table({}, "a census", "2020").keep(code) == "000"


def test_the_two_lists_disagree_as_the_facts_say():
    assert len(OCR_2000) == 17 and len(ACS_2022) == 15
    assert set(OCR_2000) - set(ACS_2022) == {"063", "790", "830", "831", "890"}
    assert set(ACS_2022) - set(OCR_2000) == {"204", "369", "772"}
    judged = QUOTED.judged([*OCR_2000, "369", "576"]).set_index("prefix")
    assert set(judged.index[judged.kept]) == {"063", "790", "830", "831", "890"}
    assert "margin" in judged.loc["576", "why"] and "denied" in judged.loc["036", "why"]
    # the wrong way round: a list of the restricted keeps what it forgot
    assert (
        kept_by_list(pd.Series(["36901", "00000"]), OCR_2000).tolist() == ["369", "000"]
        and QUOTED.keep("36901") == "000"
    )


def test_a_table_is_read_from_five_digit_populations(tmp_path):
    file = tmp_path / "zcta.csv"
    file.write_text("zip,population\n3601,15000\n03602,9000\n10001,500\n")
    table = Zip3Table.read(file, "ACS 5-year", "2019-2023")
    assert table.people == {"036": 24_000, "100": 500} and table.keep("03699") == "036"


# tables -------------------------------------------------------------------------------------------------------------

STAYS = pd.DataFrame(
    {
        "patient_id": ["p-1", "p-1", "p-2", "p-3", "p-4"],
        "mrn": ["6053419774", "6053419774", "5711585428", "4711585428", "3711585428"],
        "age": [88, 91, 89, 45, 90],
        "born": ["1934-02-03", "1934-02-03", "1935-03-01", "1980-01-01", "1935-06-01"],
        "admitted": pd.to_datetime(["2022-05-01", "2025-04-01", "2024-06-01", "2025-01-05", "2025-09-09"], utc=True),
        "zip": ["06301", "06301", "26934", "21365", "03601"],
        "state": ["WV", "WV", "MD", "Quillmere County", "WV"],
        "sodium": [137.8, 131.0, np.nan, 140.2, 138.0],
        "note": ["Ms. Sewell"] * 5,
        "readmitted": [False, True, False, False, True],
    }
)
ROLES = {
    **{"patient_id": "surrogate", "age": "age", "born": "birth", "admitted": "year", "zip": "zip", "state": "state"},
    **{"sodium": "keep", "note": "text", "readmitted": "keep"},
}


def harboured(**changes):
    return safe_harbor_table(STAYS, ROLES | changes, crosswalk=Crosswalk())


def test_each_role_does_what_it_says():
    frame, report = harboured()
    assert "mrn" not in frame and "note" not in frame, "no role, and free text, do not leave"
    by_sodium = frame.set_index(frame.sodium.fillna(0))
    assert by_sodium.loc[140.2, ["age", "born", "admitted"]].tolist() == [45, 1980, 2025]
    assert sorted(frame.zip) == ["000", "000", "000", "063", "063"] and frame.state.notna().sum() == 4
    assert set(report.column) == set(STAYS.columns)
    assert report.set_index("column").loc["mrn", ["role", "left"]].tolist() == ["none", False]


def test_over_eighty_nine_is_pooled_and_what_still_tells_the_age_goes():
    frame = harboured()[0].set_index("sodium")
    assert frame.age.max() == 90
    assert pd.isna(frame.loc[137.8, "age"]), "88 in 2022 beside '90 or older' in 2025 would say 91"
    assert frame.loc[[137.8, 131.0, 138.0], "born"].isna().all(), "a birth year that shows an age over 89"
    eighty_nine = frame[frame.index.isna()].iloc[0]
    assert eighty_nine.age == 89 and pd.isna(eighty_nine.born), "born 1935, read in 2025"
    assert safe_harbor_table(pd.DataFrame({"age": [89.9, 90.0, 104]}), {"age": "age"})[0].age.max() == 90


def test_surrogates_are_random_and_the_crosswalk_leads_back(tmp_path):
    walk = Crosswalk()
    frame, _ = safe_harbor_table(STAYS, ROLES, crosswalk=walk)
    other, _ = safe_harbor_table(STAYS, ROLES, crosswalk=Crosswalk())
    assert frame.patient_id.nunique() == 4 and set(frame.patient_id).isdisjoint(other.patient_id)
    walk.save(tmp_path / "walk.json")
    assert stat.S_IMODE((tmp_path / "walk.json").stat().st_mode) == 0o600
    again = Crosswalk.read(tmp_path / "walk.json")
    assert {again.original(token) for token in frame.patient_id} == {"p-1", "p-2", "p-3", "p-4"}
    assert again.surrogate("patient_id", "p-1") == walk.surrogate("patient_id", "p-1") and len(again) == 4
    with pytest.raises(PrivacyError, match="no code"):
        again.original("p0")


@pytest.mark.parametrize(
    ("roles", "match"),
    [
        ({"admitted": "keep"}, "holds dates"),
        ({"note": "keep", "mrn": "keep"}, "looks like a"),
        ({"age": "keep"}, "over 89"),
        ({"sodium": "hide"}, "no role"),
        ({"weight": "keep"}, "no column"),
    ],
)
def test_a_role_that_lets_an_identifier_pass_is_refused(roles, match):
    with pytest.raises(PrivacyError, match=match):
        harboured(**roles)


def test_record_numbers_kept_as_numbers_are_refused():
    with pytest.raises(PrivacyError, match="seven digits"):
        safe_harbor_table(pd.DataFrame({"x": [6053419774, 1]}), {"x": "keep"})
    with pytest.raises(PrivacyError, match="crosswalk"):
        safe_harbor_table(STAYS, {"patient_id": "surrogate"})


@given(
    st.sampled_from(sorted(PLANTED)), st.sampled_from(["drop", "text", "surrogate", "year", "birth", "zip", "state"])
)
def test_no_planted_identifier_survives_a_role(kind, role):
    frame = pd.DataFrame({"x": [PLANTED[kind], "fine"], "y": [1, 2]})
    left, _ = safe_harbor_table(frame, {"x": role, "y": "keep"}, crosswalk=Crosswalk(), as_of=2026)
    assert PLANTED[kind] not in left.to_csv() and set(left.y) == {1, 2}


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(80, 99), st.integers(2018, 2025)), min_size=1, max_size=12))
def test_no_exact_age_over_eighty_nine_can_be_computed(rows):
    """Of one person no row has an age below 90 while another row is pooled, nor a birth year that shows it."""
    frame = pd.DataFrame(rows, columns=["person", "age", "year"])
    frame["born"] = (frame.year - frame.age).groupby(frame.person).transform("first").astype(str) + "-07-01"
    roles = {"person": "surrogate", "age": "age", "year": "year", "born": "birth"}
    left, _ = safe_harbor_table(frame, roles, crosswalk=Crosswalk())
    for _, own in left.groupby("person"):
        if own.age.eq(90).any():
            assert own.age.dropna().eq(90).all() and own.born.isna().all()
    assert ((left.year.max() - left.born.dropna()) <= 89).all()


# FHIR ---------------------------------------------------------------------------------------------------------------


def places(value, path=()):
    """Yield the path of every text in a JSON value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from places(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from places(inner, (*path, number))
    elif isinstance(value, str):
        yield path


def put(resource, path, value):
    changed = copy.deepcopy(resource)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return changed


NEW_ELEMENTS = ("text", "contact", "photo", "note", "comment", "contained", "extension", "meta", "value", "unknown")


@st.composite
def planted_resources(draw):
    """A real resource with an identifier in place of one of its texts, or as an element of its own."""
    resource = draw(st.sampled_from(BY_TYPE[draw(st.sampled_from(sorted(BY_TYPE)))]))
    what = draw(st.sampled_from([text for kind, text in PLANTED.items() if kind != "date"]))
    if draw(st.booleans()):
        path = draw(st.sampled_from([path for path in places(resource) if path != ("resourceType",)]))
        return put(resource, path, what), what
    name = draw(st.sampled_from(NEW_ELEMENTS))
    shape = draw(st.sampled_from([what, [{"div": f"<div>{what}</div>"}], {"lastUpdated": what, "display": what}]))
    return resource | {name: shape}, what


@given(planted_resources())
def test_no_planted_identifier_survives_in_a_resource(planted):
    resource, what = planted
    before = copy.deepcopy(resource)
    left = safe_harbor_resource(resource, Crosswalk(), as_of=2026)
    assert what not in json.dumps(left, ensure_ascii=False) and resource == before


@given(st.sampled_from([r for r in RESOURCES if r["resourceType"] != "Practitioner"]))
def test_no_date_but_its_year_no_id_and_no_name_of_the_sample_survives(resource):
    left = json.dumps(safe_harbor_resource(resource, Crosswalk(), as_of=2026))
    assert not [span for span in find_shaped(left) if span.kind in ("date", "phone", "mrn", "address", "email")]
    assert resource["id"] not in left


def test_the_places_where_fhir_hides_them():
    patient = copy.deepcopy(BY_TYPE["Patient"][0])
    secret = "Quackenbush"
    patient |= {
        "text": {"status": "generated", "div": f"<div>{secret}</div>"},
        "contact": [{"name": {"family": secret}}],
        "photo": [{"title": f"{secret}.jpg", "data": base64.b64encode(secret.encode()).decode()}],
        "meta": {"lastUpdated": "2025-02-03T04:05:06Z", "source": f"https://{secret}.example"},
        "managingOrganization": {"reference": "Organization/1", "display": secret},
        "generalPractitioner": [{"identifier": {"value": secret}}],
        "contained": [{"resourceType": "RelatedPerson", "name": [{"family": secret}]}],
        "maritalStatus": {
            "text": secret,
            "coding": [{"system": "http://x.example", "code": secret, "display": secret}],
        },
        "id": f"{secret}-1",
    }
    report = Counter()
    left = safe_harbor_resource(patient, Crosswalk(), as_of=2026, report=report)
    assert secret not in json.dumps(left) and "2025" not in json.dumps(left)
    assert {"Patient.text", "Patient.contact", "Patient.photo", "Patient.meta", "Patient.contained"} <= {
        path for path, _ in report
    }
    assert secret not in str(report) and len(HIDING_PLACES) >= 15
    assert report["Patient.contact", "A D"] == report["Patient.photo", "Q"] == 1, "counted under their letters"
    unknown = {"resourceType": "Encounter", "favourite": {"value": 5, "gender": "male"}, "status": "finished"}
    assert safe_harbor_resource(unknown, Crosswalk()) == {"resourceType": "Encounter", "status": "finished"}


def test_ages_over_eighty_nine_in_fhir():
    patient = {"resourceType": "Patient", "id": "1", "birthDate": "1936-01-01"}
    assert "birthDate" not in safe_harbor_resource(patient, Crosswalk(), as_of=2026)
    assert safe_harbor_resource(patient, Crosswalk(), as_of=2025)["birthDate"] == "1936"
    illness = {"resourceType": "Condition", "onsetDateTime": "1931-05-01", "recordedDate": "2024-05-01"}
    assert safe_harbor_resource(illness, Crosswalk(), as_of=2026) == {
        "resourceType": "Condition",
        "recordedDate": "2024",
    }
    since = pd.DataFrame({"since": ["1931-05-01", "2001-01-01"], "seen": ["2024-01-02", "2024-02-02"]})
    left = safe_harbor_table(since, {"since": "year", "seen": "year"})[0]
    assert left.since.dropna().tolist() == [2001] and left.seen.tolist() == [2024, 2024]
    age = {
        "resourceType": "Observation",
        "code": {"coding": [{"system": "http://loinc.org", "code": "30525-0"}]},
        "valueQuantity": {"value": 97, "system": "http://unitsofmeasure.org", "code": "a"},
    }
    assert safe_harbor_resource(age, Crosswalk())["valueQuantity"]["value"] == 90


def test_references_still_lead_to_their_resources_and_types_that_name_people_stay_inside():
    walk = Crosswalk()
    left, report = safe_harbor_export(RESOURCES, walk, as_of=2026)
    kinds = {resource["resourceType"] for resource in left}
    assert kinds.isdisjoint({"Practitioner", "DocumentReference", "Coverage", "AuditEvent"}) and "Patient" in kinds
    encounter = BY_TYPE["Encounter"][0]
    own = next(r for r in left if r["id"] == walk.surrogate("Encounter", encounter["id"]))
    kind, patient = encounter["subject"]["reference"].split("/")
    assert own["subject"]["reference"] == f"Patient/{walk.surrogate(kind, patient)}"
    assert own["meta"]["security"][0]["code"] == "HTEST", "what was invented stays marked"
    assert report["DocumentReference", "A-R"] == len(BY_TYPE["DocumentReference"])


def test_what_is_useful_stays():
    labs = [r for r in BY_TYPE["Observation"] if "valueQuantity" in r]
    left, _ = safe_harbor_export(labs, Crosswalk(), as_of=2026)
    assert len(left) == len(labs) > 20
    for before, after in zip(labs, left, strict=True):
        assert after["valueQuantity"]["value"] == before["valueQuantity"]["value"]
        assert after["effectiveDateTime"] == before["effectiveDateTime"][:4]


@given(
    st.sampled_from(RESOURCES), st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists, max_leaves=4)
)
def test_a_broken_resource_is_no_accident(resource, odd):
    for name in list(resource)[1:]:
        safe_harbor_resource(resource | {name: odd}, Crosswalk(), as_of=2026)


# a limited data set -------------------------------------------------------------------------------------------------

DUA = Agreement(
    "University", "dua", ("research",), ("limited",), ("university",), (), dt.date(2026, 1, 1), dt.date(2026, 12, 31)
)
LIMITED = {"age": "age", "admitted": "date", "zip": "zip", "state": "state", "mrn": "direct", "sodium": "keep"}


def test_a_limited_data_set_keeps_dates_and_places_and_needs_its_agreement():
    today = dt.date(2026, 11, 29)
    left = limited_data_set(STAYS, LIMITED, DUA, today)
    assert list(left.columns) == ["age", "admitted", "zip", "state", "sodium"] and left.age.max() == 91
    for agreement, when in ((None, today), (DUA, dt.date(2027, 1, 1))):
        with pytest.raises(PrivacyError, match="agreement"):
            limited_data_set(STAYS, LIMITED, agreement, when)
    with pytest.raises(PrivacyError, match=r"seven digits|looks like"):
        limited_data_set(STAYS, LIMITED | {"mrn": "keep"}, DUA, today)


# the papers of a table ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "source", "unit", "owner", "verdict"),
    [
        ("given", "given", "", "", "goes"),
        ("kin", "contact", "text", "registration", "goes"),
        ("town", "city", "", "registration", "goes"),
        ("code", "mrn", "text", "registration", "goes"),
        ("remark", "notes", "free text", "care team", "goes"),
        ("score", "", "points", "nursing", "goes"),
        ("familyName", "sex", "0 or 1", "registration", "goes"),
        ("ageYears", "age", "years", "registration", "must be changed"),
        ("birth_year", "birth_date", "year", "registration", "must be changed"),
        ("weekday", "admitted_at", "0 to 6", "bed management", "must be changed"),
        ("prefix", "zip", "", "registration", "must be changed"),
        ("person", "patient_id", "", "", "must be changed"),
        ("days", "los_days", "days", "bed management", "question of actual knowledge"),
        ("troponin", "troponin", "ng/L", "laboratory", "question of actual knowledge"),
        ("hiv", "hiv", "0 or 1", "care team", "question of actual knowledge"),
        ("female", "sex", "0 or 1", "registration", "stays"),
        ("albumin_missing", "albumin", "0 or 1", "laboratory", "stays"),
        ("stays_before", "stays_before", "stays", "bed management", "stays"),
    ],
)
def test_a_column_is_judged_by_its_papers(name, source, unit, owner, verdict):
    row = pd.DataFrame([{"name": name, "source": source, "unit": unit, "owner": owner}])
    judged = judge_columns(row)
    assert judged.verdict.tolist() == [verdict] and verdict in VERDICTS and judged.because[0]
    assert f"of 1 columns {int(verdict == 'stays')}" in judged_in_words(judged, "this table")


def test_papers_without_names_are_refused_and_names_alone_are_enough():
    for papers in (pd.DataFrame({"column": ["age"]}), pd.DataFrame({"name": []}), {"name": ["age"]}):
        with pytest.raises(PrivacyError, match="one row a feature"):
            judge_columns(papers)
    assert judge_columns(pd.DataFrame({"name": ["age", None]})).verdict.tolist() == ["must be changed", "goes"]
