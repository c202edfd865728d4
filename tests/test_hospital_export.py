"""The export read back from its bytes: legal, self-consistent, and wrong exactly where the ledger says so."""

import gzip
import json
import re
from base64 import b64decode
from collections import Counter, defaultdict
from importlib import import_module
from pathlib import Path

import numpy as np
import orjson
import pandas as pd
import pytest
from wardround.hospital import build, open_truth, simulate
from wardround.hospital import parameters as sheet
from wardround.hospital.block import file_of
from wardround.hospital.chart import write_chart
from wardround.hospital.faults import FAULTS, plan_faults
from wardround.hospital.notes import Notes
from wardround.hospital.patients import Patients, slip, typo
from wardround.hospital.shard import TYPES

SCALE = 0.13  # about 1,170 people: more than the thousand for which every kind of fault is promised


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return build(tmp_path_factory.mktemp("hospital") / "h", seed=77, scale=SCALE)


@pytest.fixture(scope="module")
def lines(folder) -> dict[str, list[bytes]]:
    found = {}
    for name in TYPES:
        path = folder / file_of(name)
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as stream:
            found[name] = stream.read().splitlines()
    return found


@pytest.fixture(scope="module")
def resources(lines) -> dict[str, dict[str, dict]]:
    return {name: {(one := orjson.loads(line))["id"]: one for line in some} for name, some in lines.items()}


@pytest.fixture(scope="module")
def truth(folder):
    return open_truth(folder)


@pytest.fixture(scope="module")
def ledger(truth) -> pd.DataFrame:
    """What the ledger says of the export; the feeds beside it have tests of their own."""
    return truth.ledger[truth.ledger["file"].str.startswith("export/")].reset_index(drop=True)


def at(resource: dict, field: str):
    """Return what stands at a field such as ``name[0].given[1]``; None where nothing does."""
    here = resource
    for part in field.split("."):
        name, *places = re.findall(r"[^\[\]]+", part)
        here = here.get(name) if isinstance(here, dict) else None
        for place in places:
            here = here[int(place)] if isinstance(here, list) and int(place) < len(here) else None
    return here


def as_text(value):
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()


def known(value):
    """A missing text of Parquet is NaN."""
    return value if isinstance(value, str) else None


def entries(ledger, fault):
    return ledger[ledger["fault"] == fault].to_dict("records")


def touched(ledger, *faults) -> set[str]:
    """The ids of what these faults have changed."""
    return set(ledger.loc[ledger["fault"].isin(faults), "resource_id"])


MOVED = ("utc_as_local", "clock_change", "device_clock", "result_before_collection")
FALSE_ENDS = ("overlapping_stay", "discharge_before_admission")


# legal ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TYPES)
def test_resources_validate_as_r4(lines, name):
    """Up to six thousand of each type, spread over the file, by R4B's models: fhir.resources has no plain R4."""
    model = getattr(import_module(f"fhir.resources.R4B.{name.lower()}"), name)
    for line in lines[name][:: max(1, len(lines[name]) // 6000)]:
        model.model_validate_json(line)


def test_the_validator_would_notice():
    from fhir.resources.R4B.observation import Observation

    with pytest.raises(ValueError):
        Observation.model_validate_json(b'{"resourceType":"Observation","status":"final"}')


def test_everything_is_marked_as_test_data(resources):
    for some in resources.values():
        for resource in some.values():
            (label,) = resource["meta"]["security"]
            assert label["code"] == "HTEST"
            assert label["system"] == "http://terminology.hl7.org/CodeSystem/v3-ActReason"


def test_nothing_looks_like_a_real_person(lines):
    text = b"\n".join(lines["Patient"]).decode()
    assert not re.search(r"\b\d{3}-\d{2}-\d{4}\b", text)
    phones = re.findall(r'"system":"phone","value":"([^"]+)"', text)
    assert phones and all(re.fullmatch(r"\d{3}-555-01\d\d", phone) for phone in phones)


def test_no_snomed_and_no_cpt(lines):
    systems = Counter()
    for name in ("Condition", "Procedure", "Observation", "MedicationRequest", "DiagnosticReport"):
        for line in lines[name][::7]:
            systems.update(re.findall(rb'"system":"([^"]+)"', line))
    assert not [system for system in systems if b"snomed" in system or b"ama-assn" in system]


def test_times_stay_inside_the_data(lines):
    last = pd.Timestamp("2024-12-30T05:00:00Z")
    for name in ("Encounter", "Observation", "MedicationRequest", "Procedure", "DiagnosticReport"):
        text = b"\n".join(lines[name][::5]).decode()
        times = re.findall(r'"(20\d\d-\d\d-\d\dT[^"]+)"', text)
        instants = pd.to_datetime(pd.Series(times), utc=True, format="ISO8601")
        assert instants.min() >= pd.Timestamp("2022-01-03T05:00:00Z") and instants.max() < last, name


def test_offsets_follow_the_clock_on_the_wall(resources):
    """Python's own calendar gives every local time of an encounter the offset that stands there."""
    for encounter in list(resources["Encounter"].values())[::11]:
        moment = pd.Timestamp(encounter["period"]["start"])
        assert moment.tz_convert("America/New_York").utcoffset() == moment.utcoffset()


def test_all_spellings_of_time_occur(resources):
    shapes = Counter()
    for observation in resources["Observation"].values():
        shapes[re.sub(r"\d", "9", observation["effectiveDateTime"])] += 1
    assert set(shapes) == {"9999-99-99T99:99:99-99:99", "9999-99-99T99:99:99Z", "9999-99-99T99:99:99.999-99:99"}


# self-consistent -----------------------------------------------------------------------------------------------------


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("reference"), str):
            yield node["reference"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_references_resolve_except_those_in_the_ledger(resources, ledger):
    planned = {
        row["after"] for fault in ("dangling_reference", "conditional_reference") for row in entries(ledger, fault)
    }
    here = {f"{name}/{key}" for name, some in resources.items() for key in some}
    for some in resources.values():
        for resource in some.values():
            for reference in references(resource):
                assert (reference in here) != (reference in planned), reference


def test_subject_of_a_record_is_the_subject_of_its_encounter(resources, ledger):
    dangling = {row["resource_id"] for row in entries(ledger, "dangling_reference")}
    checked = 0
    for name in ("Observation", "MedicationRequest", "Procedure", "DiagnosticReport", "Condition"):
        for key, resource in resources[name].items():
            if key not in dangling and "encounter" in resource:
                encounter = resources["Encounter"][resource["encounter"]["reference"].split("/")[1]]
                assert encounter["subject"] == resource["subject"]
                checked += 1
    assert checked > 50_000


def test_measurements_lie_inside_their_encounter(resources, ledger):
    elsewhere, ends = touched(ledger, "dangling_reference", *MOVED), touched(ledger, *FALSE_ENDS)
    rows = [
        (one["effectiveDateTime"], one["encounter"]["reference"].split("/")[1])
        for key, one in resources["Observation"].items()
        if key not in elsewhere and one["encounter"]["reference"].split("/")[1] not in ends
    ]
    taken = pd.to_datetime(pd.Series([when for when, _ in rows]), utc=True, format="ISO8601")
    periods = [resources["Encounter"][key]["period"] for _, key in rows]
    start = pd.to_datetime(pd.Series([one["start"] for one in periods]), utc=True, format="ISO8601")
    stop = pd.to_datetime(
        pd.Series([one.get("end", "2100-01-01T00:00:00Z") for one in periods]), utc=True, format="ISO8601"
    )
    dated = pd.Series([len(one.get("end", "")) == 10 for one in periods])
    minute = pd.Timedelta(minutes=1)  # times are rounded to minutes, monitors add milliseconds
    assert (taken >= start - minute).all()
    assert ((taken <= stop + minute) | dated).all()


def test_open_stays_have_no_end(folder, tmp_path):
    cut = build(tmp_path / "h", seed=77, scale=0.1, weeks=30)
    encounters = [orjson.loads(line) for line in (cut / file_of("Encounter")).read_bytes().splitlines()]
    open_ = [one for one in encounters if one["status"] == "in-progress"]
    assert open_
    assert all("end" not in one["period"] for one in open_)
    assert all("dischargeDisposition" not in one.get("hospitalization", {}) for one in open_)
    assert all("end" in one["period"] for one in encounters if one["status"] == "finished")


def test_laboratory_flags_agree_with_their_ranges(resources, ledger):
    unflagged = touched(ledger, "glucose_in_mmol")
    for key, observation in resources["Observation"].items():
        if "referenceRange" not in observation or key in unflagged:
            continue
        (limits,), value = observation["referenceRange"], observation["valueQuantity"]["value"]
        flag = observation["interpretation"][0]["coding"][0]["code"]
        expected = "L" if value < limits["low"]["value"] else "H" if value > limits["high"]["value"] else "N"
        assert flag == expected


def test_reports_hold_the_results_of_one_draw(resources, ledger):
    moved = touched(ledger, *MOVED)
    for report in resources["DiagnosticReport"].values():
        keys = [one["reference"].split("/")[1] for one in report["result"]]
        times = {resources["Observation"][key]["effectiveDateTime"] for key in keys if key not in moved}
        assert times <= {report["effectiveDateTime"]}
        assert len(keys) in (4, 7)


def test_notes_can_be_read_and_name_nobody_but_by_plan(resources, ledger, truth):
    """A note without a planted identifier holds neither name, number nor address of its patient."""
    named = touched(ledger, "note_with_identifier")
    patients = resources["Patient"]
    for key, note in resources["DocumentReference"].items():
        text = note_text(note)
        patient = patients[note["subject"]["reference"].split("/")[1]]
        private = [patient["name"][0]["family"], patient["address"][0]["line"][0], patient["telecom"][0]["value"]]
        if key not in named:
            assert 60 < len(text) < 900 and not [one for one in private if one in text], text
    spans = truth.note_spans
    assert set(spans["note_id"]) == named
    for row in spans.to_dict("records"):
        text = note_text(resources["DocumentReference"][row["note_id"]])
        assert text[row["begin"] : row["end"]] == row["text"]


def note_text(note) -> str:
    return b64decode(note["content"][0]["attachment"]["data"]).decode()


def test_a_first_dose_follows_its_order_and_a_culture_its_suspicion(resources, truth):
    requests = resources["MedicationRequest"]
    for dose in resources["MedicationAdministration"].values():
        request = requests[dose["request"]["reference"].split("/")[1]]
        assert request["authoredOn"] and dose["medicationCodeableConcept"] == request["medicationCodeableConcept"]
        assert pd.Timestamp(dose["effectiveDateTime"]) > pd.Timestamp(request["authoredOn"])
    cultures = [one for one in resources["Observation"].values() if one["code"]["coding"][0]["code"] == "600-7"]
    orders = truth.sepsis["order_at"].dropna().dt.tz_convert("UTC").dt.floor("min")
    drawn = pd.to_datetime([one["effectiveDateTime"] for one in cultures], utc=True, format="ISO8601").floor("min")
    assert len(cultures) > 50 and set(drawn) <= set(orders.dt.round("min")) | set(orders)


def test_interpreter_need_stands_in_communication(resources, truth):
    person = truth.identities.set_index("patient_id")["person_id"]
    need = truth.persons.set_index("person_id")["interpreter"]
    for key, patient in resources["Patient"].items():
        language = patient["communication"][0]["language"]["coding"][0]["code"]
        assert (language != "en") == need[person[key]]


# the ledger ----------------------------------------------------------------------------------------------------------


def test_every_kind_is_planted_at_least_eight_times(ledger, truth):
    assert len(truth.persons) >= 1000
    things = ledger.drop_duplicates(["fault", "resource_id"]).groupby("fault").size()
    assert set(things.index) == set(FAULTS)
    assert things.min() >= sheet.FAULT_FLOOR
    twice = entries(ledger, "repeated_line")
    assert Counter(row["resource_type"] for row in twice)["Patient"] >= 8
    assert Counter(row["resource_type"] for row in twice)["Observation"] >= 8


def test_faults_have_their_rates(ledger, resources):
    count = ledger.drop_duplicates(["fault", "resource_id"]).groupby("fault").size()
    body, culture = {"29463-7", "8302-2"}, "600-7"
    code = lambda one: one["code"]["coding"][0]["code"]  # noqa: E731
    values = [one for one in resources["Observation"].values() if code(one) not in body | {culture}]
    labs = [one for one in values if one["category"][0]["coding"][0]["code"] == "laboratory"]
    name = {f"Organization/{key}": one["name"] for key, one in resources["Organization"].items()}
    eastbank = sum(name[one["performer"][0]["reference"]] == "Eastbank Laboratory" for one in labs)
    local = count["local_code"]
    several = round(0.30 * (len(labs) - local)) + round(0.30 * len(resources["Condition"]))
    assert local == round(0.12 * eastbank) and count["several_codings"] == several
    assert count["preliminary_never_final"] == round(0.012 * len(labs))
    assert count["entered_in_error"] == round(0.005 * (len(values) - count["preliminary_never_final"]))
    withdrawn = [one for one in labs if one["status"] == "entered-in-error"]
    assert count["corrected_result"] == round(0.008 * (len(labs) - count["preliminary_never_final"] - len(withdrawn)))
    holders = sum(len(resources[kind]) for kind in ("Encounter", "MedicationRequest", "Procedure"))
    assert count["conditional_reference"] == round(0.01 * holders)
    creatinine = [one for one in labs if name[one["performer"][0]["reference"]] == "Eastbank Laboratory"]
    creatinine = [one for one in creatinine if one["code"]["text"] == "Creatinine"]
    assert abs(count["analyser_unit"] / len(creatinine) - 0.25) < 0.08  # a quarter of days, not of results


def test_every_entry_says_why_and_where(ledger, lines):
    assert ledger["why"].str.endswith(".").all() and ledger["resource_id"].notna().all()
    assert (ledger["file"] == ledger["resource_type"].map(file_of)).all()


IN_PLACE = [fault for fault in FAULTS if fault != "repeated_line"]


@pytest.mark.parametrize("fault", IN_PLACE)
def test_what_the_ledger_says_stands_in_the_bytes(ledger, resources, fault):
    for row in entries(ledger, fault):
        resource = resources[row["resource_type"]][row["resource_id"]]
        assert as_text(at(resource, row["field"])) == known(row["after"]), row
        assert known(row["before"]) != known(row["after"]), row


def test_before_is_what_would_have_been_right(ledger, resources):
    here = {f"{name}/{key}" for name, some in resources.items() for key in some}
    for fault in ("dangling_reference", "conditional_reference"):
        assert {row["before"] for row in entries(ledger, fault)} <= here
    for fault in ("entered_in_error", "preliminary_never_final"):
        assert {row["before"] for row in entries(ledger, fault)} == {"final"}
    for row in entries(ledger, "date_only_discharge"):
        assert row["before"].startswith(row["after"] + "T")
    for row in entries(ledger, "several_codings"):
        (standard,) = json.loads(row["before"])
        assert standard in json.loads(row["after"]) and "example.org" not in standard["system"]


def test_repeated_lines_are_identical_and_no_others_repeat(ledger, lines):
    for name, some in lines.items():
        counted = Counter(some)
        twice = {orjson.loads(line)["id"] for line, number in counted.items() if number > 1}
        planned = {row["resource_id"] for row in entries(ledger, "repeated_line") if row["resource_type"] == name}
        assert twice == planned
        assert set(counted.values()) <= {1, 2}


def test_ids_are_unique_but_for_repeated_lines(lines):
    for name, some in lines.items():
        assert len({orjson.loads(line)["id"] for line in some}) == len(set(some)), name


def test_duplicates_belong_to_one_person_and_hold_part_of_the_stays(ledger, truth, resources):
    person = truth.identities.set_index("patient_id")["person_id"]
    pairs = {(row["resource_id"], row["related"]) for row in entries(ledger, "duplicate_patient")}
    assert len(pairs) == round(sheet.RATES["duplicate_patient"] * len(truth.persons))
    filed = Counter(one["subject"]["reference"].split("/")[1] for one in resources["Encounter"].values())
    for second, first in pairs:
        assert person[second] == person[first] and second != first
        assert filed[second] > 0 and filed[first] > 0
        numbers = [resources["Patient"][key]["identifier"][0]["value"] for key in (first, second)]
        assert numbers[0] != numbers[1]


def test_before_of_a_duplicate_is_what_the_first_record_says(ledger, resources):
    for row in entries(ledger, "duplicate_patient"):
        assert as_text(at(resources["Patient"][row["related"]], row["field"])) == known(row["before"])


def test_linked_pairs_are_those_of_the_ledger_and_agree(ledger, resources):
    joined = {row["resource_id"]: row for row in entries(ledger, "duplicate_joined")}
    back = {"seealso": "seealso", "replaced-by": "replaces"}
    linked = {key for key, one in resources["Patient"].items() if "link" in one}
    assert linked == set(joined) | {row["related"] for row in joined.values()}
    for second, row in joined.items():
        (link,) = resources["Patient"][row["related"]]["link"]
        assert link == {"other": {"reference": f"Patient/{second}"}, "type": back[row["kind"]]}
        assert resources["Patient"][second]["active"] == (row["kind"] == "seealso")


def test_near_misses_are_two_people_who_look_like_one(ledger, truth, resources):
    person = truth.identities.set_index("patient_id")["person_id"]
    pairs = {(row["resource_id"], row["related"], row["kind"]) for row in entries(ledger, "near_miss")}
    assert {kind for *_, kind in pairs} == {"twins", "father_and_son"}
    for one, other, kind in pairs:
        a, b = resources["Patient"][one], resources["Patient"][other]
        assert person[one] != person[other]
        assert a["name"][0]["family"] == b["name"][0]["family"] and a["address"] == b["address"]
        if kind == "twins":
            assert a["name"][0]["given"][0] != b["name"][0]["given"][0]
        else:
            assert a["name"][0]["given"] == b["name"][0]["given"]
        assert (a["birthDate"] == b["birthDate"]) == (kind == "twins")


def test_local_codes_are_eastbanks_and_stand_without_loinc(ledger, resources, truth):
    local = {row["resource_id"] for row in entries(ledger, "local_code")}
    for key, one in resources["Observation"].items():
        has_loinc = any(coding["system"] == "http://loinc.org" for coding in one["code"]["coding"])
        assert has_loinc == (key not in local)
    site = {f"Organization/{key}": one["name"] for key, one in resources["Organization"].items()}
    assert {site[resources["Observation"][key]["performer"][0]["reference"]] for key in local} == {
        "Eastbank Laboratory"
    }


def test_the_standard_code_is_not_always_first(ledger, resources):
    first = Counter()
    for row in entries(ledger, "several_codings"):
        coding = resources[row["resource_type"]][row["resource_id"]]["code"]["coding"]
        assert len(coding) == 2
        first[row["resource_type"], "example.org" in coding[0]["system"]] += 1
    assert len(first) == 4 and min(first.values()) >= 8


def test_the_other_unit_is_the_same_amount(ledger, resources):
    days = defaultdict(set)
    for row in entries(ledger, "analyser_unit"):
        one, before = resources["Observation"][row["resource_id"]], json.loads(row["before"])
        assert one["valueQuantity"]["value"] == round(before["value"] * 88.4)
        assert "referenceRange" not in one and "interpretation" not in one
        days["changed"].add(one["device"]["display"])
    other = [one for one in resources["Observation"].values() if one.get("valueQuantity", {}).get("code") == "umol/L"]
    assert len(other) == len(entries(ledger, "analyser_unit"))
    assert days["changed"] == {"Eastbank chemistry analyzer B"}


def test_statuses_are_final_but_for_the_ledger(ledger, resources):
    planned = {"entered_in_error": "entered-in-error", "preliminary_never_final": "preliminary"}
    planned |= {"corrected_result": "corrected"}
    expected = {row["resource_id"]: status for fault, status in planned.items() for row in entries(ledger, fault)}
    for key, one in resources["Observation"].items():
        assert one["status"] == expected.get(key, "final")


def test_date_only_discharges_are_inpatients_of_eastbank(ledger, resources):
    planned = {row["resource_id"] for row in entries(ledger, "date_only_discharge")}
    found = {key for key, one in resources["Encounter"].items() if len(one["period"].get("end", "")) == 10}
    assert found == planned
    assert {resources["Encounter"][key]["class"]["code"] for key in planned} == {"IMP"}


@pytest.mark.parametrize("fault", FAULTS)
def test_leaving_one_fault_out_changes_no_other(fault):
    world = simulate(5, scale=0.03)
    chart = write_chart(world)

    def planned(without):
        patients = Patients(world, chart, without)
        plan = plan_faults(world, chart, patients, without)
        found = {
            (name, kind): set(chart.table(kind)["bits"][rows].tolist())
            for kind, some in plan.edits.items()
            if kind != "Patient"
            for name, rows, _ in some
        }
        found |= {("repeated_line", "Patient"): set()}
        for name, rows, _ in plan.edits.get("Patient", []):
            found[name, "Patient"] = set(patients.bits[rows].tolist())
        written = Notes(world, chart, patients, without)
        for name in ("note_with_identifier", "note_denies_code"):
            found[name, ""] = {row[:3] for row in written.entries if row[1] == name}
        found |= {("wrong_merge", ""): set(patients.merged.items())}
        found |= {("duplicate_patient", ""): {(row, *map(str, what)) for row, what in patients.changes.items()}}
        return found | {("duplicate_joined", ""): set(patients.joined.items()), ("near_miss", ""): set(patients.near)}

    everything, rest = planned(frozenset()), planned(frozenset([fault]))
    # who has no second record has none to be joined
    dependent = {fault} | ({"duplicate_joined"} if fault == "duplicate_patient" else set())
    assert any(everything[key] for key in everything if key[0] == fault)
    for key, chosen in everything.items():
        if key[0] in dependent:
            assert not rest.get(key)
        else:
            assert rest[key] == chosen, key


# small pieces --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["Oh", "Lee", "Aaron", "Pettway", "Zúñiga", "Cao"])
def test_a_typo_always_changes_a_name(text):
    for where in np.linspace(0.001, 0.999, 23):
        for how in (0.1, 0.5, 0.9):
            assert typo(text, where, how) != text


@pytest.mark.parametrize("day", ["1950-03-04", "1950-05-05", "1948-02-29", "1960-12-31"])
def test_a_slipped_birth_date_is_another_date(day):
    for where in (0.1, 0.5, 0.7, 0.9):
        assert pd.Timestamp(slip(day, where)) != pd.Timestamp(day)


# truth ---------------------------------------------------------------------------------------------------------------


def test_stays_agree_with_the_encounters(truth, resources, ledger):
    dated = touched(ledger, "date_only_discharge", *FALSE_ENDS)
    stays = truth.stays
    inpatient = {key for key, one in resources["Encounter"].items() if one["class"]["code"] == "IMP"}
    assert inpatient == set(stays["encounter_id"]) | set(stays["earlier_encounter_id"].dropna())
    for row in stays.to_dict("records"):
        encounter = resources["Encounter"][row["encounter_id"]]
        assert encounter["subject"]["reference"] == f"Patient/{row['patient_id']}"
        if not row["in_progress"] and row["encounter_id"] not in dated:
            assert pd.Timestamp(encounter["period"]["end"]).tz_convert("UTC").tz_localize(None) == row["discharged_at"]
        first = resources["Encounter"][known(row["earlier_encounter_id"]) or row["encounter_id"]]
        assert pd.Timestamp(first["period"]["start"]).tz_convert("UTC").tz_localize(None) == row["admitted_at"]


def test_the_outcome_follows_from_the_stays_themselves(truth):
    """Independently of the model: the next stay of the same person within 30 x 24 hours, planned or not."""
    stays = truth.stays.sort_values(["person_id", "admitted_at"]).reset_index(drop=True)
    after = stays.groupby("person_id").shift(-1)
    gap = after["admitted_at"] - stays["discharged_at"]
    near = gap <= pd.Timedelta(days=30)
    index = stays["index"]
    unplanned = near & (after["planned"] == False)  # noqa: E712
    assert (stays.loc[index & unplanned, "next_event"] == "unplanned_here").all()
    assert (
        stays.loc[index & (stays["next_event"] == "unplanned_here"), "person_id"].index.isin(near[near].index)
    ).all()
    assert set(stays.loc[index, "outcome"]) == {"readmitted", "died_first", "neither"}
    readmitted = stays["outcome"] == "readmitted"
    assert (readmitted[index] == stays.loc[index, "next_event"].isin(["unplanned_here", "unplanned_elsewhere"])).all()


def test_persons_and_identities_agree(truth, resources):
    persons, identities = truth.persons, truth.identities
    assert set(identities["patient_id"]) == set(resources["Patient"])
    listed = {key for some in persons["patient_ids"] for key in some}
    assert listed == set(identities["patient_id"]) and persons["person_id"].is_unique
    deceased = {key for key, one in resources["Patient"].items() if "deceasedDateTime" in one}
    recorded = {key for some in persons.loc[persons["death_recorded"], "patient_ids"] for key in some}
    assert deceased == recorded


def test_deaths_in_hospital_are_recorded_and_most_others(truth):
    died = truth.persons[truth.persons["died_at"].notna()]
    inside = died["person_id"].isin(truth.stays.loc[truth.stays["disposition"] == "died", "person_id"])
    assert inside.sum() > 20 and died.loc[inside, "death_recorded"].all()
    outside = died.loc[~inside, "death_recorded"]
    assert abs(outside.mean() - 0.70) < 4 * (0.7 * 0.3 / len(outside)) ** 0.5


def test_truth_names_what_it_holds(truth):
    with pytest.raises(
        AttributeError,
        match="access_reasons, availability, causes, desk",
    ):
        _ = truth.nonsense
    assert {"ledger", "persons", "stays", "identities"} <= set(dir(truth))
