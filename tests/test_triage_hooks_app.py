"""The service in the application: behind the guard, beside the pages, without a session."""

import copy
import datetime as dt
import gzip
import json
import uuid

import pytest
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient
from fhir.resources.R4B.bundle import Bundle
from triage_service import NOW, Assistant
from wardround.records import read_export
from wardround.triage import hooks
from wardround.triage.app import make_app
from wardround.triage.conformance import card_problems, service_problems
from wardround.triage.desk import evening
from wardround.triage.door import Door, Session
from wardround.triage.fhir import read
from wardround.triage.model import row
from wardround.triage.said import Risk
from wardround.triage.world import World


@pytest.fixture
def assistant(tmp_path):
    return Assistant(tmp_path / "triage")


def test_in_the_application_it_needs_no_session_and_meets_all_twelve(assistant):
    """Behind the door's guard, beside the pages; an auditor reads there what the service logged."""
    door = Door()
    app = make_app(assistant.world, door=door, clock=lambda: NOW)
    assistant.client = TestClient(app, client=("127.0.0.1", 50_000), base_url="http://127.0.0.1:8010")
    assert service_problems(assistant.call, assistant.request(saturation=84)) == []
    card = assistant.view()
    assert assistant.client.get("/fhir/AuditEvent").status_code == 403
    assistant.client.cookies.set(door.cookie, _auditor(door))
    found = Bundle.model_validate(assistant.client.get("/fhir/AuditEvent").json())
    newest = max(found.entry, key=lambda one: int(one.resource.id.removeprefix("line-"))).resource
    assert {one.type: one.valueString for one in newest.entity[-1].detail}["card"] == card["uuid"]


def _auditor(door):
    response = Response()
    door.sign(response, Session("s", "Ada", "auditor"))
    return response.headers["set-cookie"].split(";")[0].split("=", 1)[1]


# with the hospital's own record and the released model ----------------------------------------------------------------


@pytest.fixture(scope="module")
def hospital(third_hospitals):
    return read_export(third_hospitals[0])


@pytest.fixture(scope="module")
def charts(hospital):
    """Prefetches of the evening's visits as the record holds them, twenty minutes after arrival."""
    table = evening(hospital)
    visits, people = set(table["encounter_id"]), set(table["patient_id"])
    about = {key: [] for key in visits}
    for one in _lines(hospital.path / "Observation.ndjson.gz"):
        key = one.get("encounter", {}).get("reference", "").removeprefix("Encounter/")
        if key in visits and "vital-signs" in json.dumps(one.get("category")):
            about[key].append(one)
    patient = {one["id"]: one for one in _lines(hospital.path / "Patient.ndjson") if one["id"] in people}
    made = {}
    for one in _lines(hospital.path / "Encounter.ndjson"):
        if (key := one["id"]) in visits:
            now = dt.datetime.fromisoformat(one["period"]["start"]) + dt.timedelta(minutes=20)
            known = [each for each in about[key] if dt.datetime.fromisoformat(each["effectiveDateTime"]) <= now]
            bundle = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": each} for each in known]}
            encounter = {**one, "status": "in-progress"}  # as it was then
            whom = patient[one["subject"]["reference"].removeprefix("Patient/")]
            made[key] = (now, {"patient": whom, "encounter": encounter, "vitals": bundle})
    return made


def _lines(path):
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        yield from map(json.loads, file)


def test_the_records_own_resources_are_read_as_the_desk_has_them(hospital, charts):
    """Two ways from one record: the warehouse's table, and FHIR as a chart system would send it."""
    table = hospital.warehouse.emergency.set_index("encounter_id")
    same = 0
    for key, (now, sent) in charts.items():
        found = read(sent, sent["patient"]["id"], now.astimezone(dt.UTC), key)
        assert found.no_risk == found.not_for == ""
        for name, reading in found.visit.readings.items():
            assert reading.value == pytest.approx(table.loc[key, name], abs=0.05), (key, name)
            same += 1
    assert len(charts) == 24 and same > 100


@pytest.mark.slow
def test_the_released_model_says_the_same_at_both_doors(hospital, charts, tmp_path):
    """The desk's visit and the same one sent by a chart system: the same values, the same risk."""
    started = dt.datetime.now(dt.UTC)
    world = World.opened(tmp_path / "triage", hospital, started=started, wait=120)
    try:
        visits = {one.encounter_id: one for one in world.desk.visits(started)}
        asked = {}
        for key, (now, sent) in charts.items():
            sent = _moved(sent, started - now)
            found = read(sent, sent["patient"]["id"], started, key).visit
            if key in visits and row(found, started) == row(visits[key], started) and None not in row(found, started):
                asked[key] = sent
        assert len(asked) > 5
        here = world.scorer.score([visits[key] for key in asked], started)
        for key, sent in asked.items():
            assert isinstance(here[key], Risk)
            assert _answered(world, key, started, sent)["of_1000"] is None, "before the nurse's own level"
            world.give_level(key, 3, "Ada", "clinician", 0, started)
            told = _answered(world, key, started, sent)
            if told["state"] == "risk":  # else comfort care, or a value must be checked first
                assert told["of_1000"] == min(max(round(here[key].probability * 1000), 1), 999)
                assert told["model"] == here[key].model
        assert [line.told()["state"] for line in world.log.lines() if line.action == "hook"].count("risk") > 5
    finally:
        world.close()


def _moved(sent, by):
    """The same chart as of today."""
    sent = copy.deepcopy(sent)
    for one in [sent["encounter"]["period"], *(each["resource"] for each in sent["vitals"]["entry"])]:
        for name in {"start", "end", "effectiveDateTime"} & set(one):
            one[name] = (dt.datetime.fromisoformat(one[name]) + by).isoformat()
    return sent


def _answered(world, key, now, sent):
    """What the log says of the card that a chart system was given at that time."""
    app = FastAPI()
    app.include_router(hooks.router(world, clock=lambda: now))
    context = {"userId": "Practitioner/n-07", "patientId": sent["patient"]["id"], "encounterId": key}
    request = {"hook": "patient-view", "hookInstance": str(uuid.uuid4()), "context": context, "prefetch": sent}
    answer = TestClient(app, client=("127.0.0.1", 50_000)).post("/cds-services/triage-risk", json=request)
    assert answer.status_code == 200 and card_problems(answer.json()) == []
    return world.log.lines()[-1].told()
