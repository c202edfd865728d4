"""FHIR out: RiskAssessment and AuditEvent that R4B takes and that say the truth; what imports alone."""

import ast
import datetime as dt
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.operationoutcome import OperationOutcome
from fhir.resources.R4B.riskassessment import RiskAssessment
from triage_service import NOW
from wardround.operations.ledger import Ledger
from wardround.triage import fhir
from wardround.triage.example import example
from wardround.triage.fhir import audit_event, read, risk_assessment
from wardround.triage.judge import judge
from wardround.triage.log import Log, shown
from wardround.triage.said import Risk
from wardround.triage.settings import defaults

FOUND = read(example(NOW)["prefetch"], "example-1", NOW, "example-2")
VISIT = FOUND.visit


def _advice(probability=0.037):
    pushes = {"respiratory_rate": 0.8, "systolic": -0.2}
    return judge(VISIT, Risk(probability, pushes, "triage-critical-12h 3", 0.021), defaults(), NOW)


def test_a_risk_assessment_says_how_likely_what_is_within_when_and_from_what():
    made = risk_assessment(VISIT, _advice(), NOW, basis=FOUND.basis.values())
    told = RiskAssessment.model_validate(made)
    (said,) = told.prediction
    assert float(said.probabilityDecimal) == 3.7  # a percentage in R4: 37 of 1,000
    assert said.whenPeriod.start == VISIT.arrived_at
    assert said.whenPeriod.end - said.whenPeriod.start == dt.timedelta(hours=12)
    assert "Critical care" in said.outcome.text and "Respiratory rate 18 /min raises" in said.rationale
    assert told.method.text == "triage-critical-12h 3" and told.status == "final" and told.occurrenceDateTime == NOW
    assert told.subject.reference == "Patient/example-1" and len(told.basis) == 6
    assert {one.code for one in told.meta.security} == {"HTEST", "AIAST"}
    assert "does not assign ESI" in told.note[0].text


def test_a_risk_assessment_keeps_its_id_and_another_risk_has_another():
    made = [risk_assessment(VISIT, _advice(one), NOW)["id"] for one in (0.037, 0.037, 0.2)]
    assert made[0] == made[1] != made[2]


def test_without_a_risk_there_is_nothing_to_assess():
    visit = replace(VISIT, readings={})
    with pytest.raises(ValueError, match="abstains"):
        risk_assessment(visit, judge(visit, Risk(0.02, {}, "m 1"), defaults(), NOW), NOW)


def test_every_action_of_the_log_becomes_an_audit_event(tmp_path):
    log = Log(tmp_path)
    ids = {"visit": "e-1", "patient": "p-1"}
    told = shown(_advice(), defaults())
    log.append("Ada", "viewed", role="clinician", **ids)
    log.append("Ada", "level", level=3, role="clinician", **ids)
    log.append("Ada", "advised", **ids, **told)
    log.append("Ada", "overruled", reason="looks_worse", typed="she is grey", role="clinician", **ids, **told)
    log.append("Ada", "accepted", **ids, **told)
    log.append("Root", "switched", on=False, role="administrator", typed="practice")
    log.append("Practitioner/n-07", "hook", hook="patient-view", card="c-1", suggestion=["s-1"], **ids, **told)
    log.append("cds-client", "feedback", outcome="overridden", card="c-1", **ids)
    lines = log.lines()
    events = [AuditEvent.model_validate(audit_event(one)) for one in lines]
    assert [one.action for one in events] == list("RCRCCUEC")
    assert [one.subtype[0].code for one in events] == [one.action for one in lines]
    for line, event in zip(lines, events, strict=True):
        assert event.recorded == dt.datetime.fromisoformat(line.at) and event.meta.security[0].code == "HTEST"
        details = {one.type: one.valueString for one in event.entity[-1].detail}
        assert details["hash"] == line.hash and "grey" not in json.dumps(audit_event(line))
    assert [one.what.reference for one in events[0].entity[:2]] == ["Patient/p-1", "Encounter/e-1"]
    assert events[0].agent[0].who.display == "Ada" and events[0].agent[0].role[0].text == "clinician"
    assert events[6].agent[0].who.reference == "Practitioner/n-07" and events[5].type.code == "110100"
    assert {one.type: one.valueString for one in events[3].entity[-1].detail}["of_1000"] == "37"
    Bundle.model_validate(fhir.bundle(audit_event(one) for one in lines))
    Bundle.model_validate(fhir.bundle([]))


def test_a_line_of_anything_becomes_an_audit_event(tmp_path):
    """Ids that FHIR would not take are written as identifiers, names of people as what they are."""
    ledger = Ledger(tmp_path / "log.sqlite")
    line = ledger.append(
        "Ada <b> Müller", "hook", {"visit": "a b/c", "patient": "p?1", "rules": ["x", "y"], "on": False}
    )
    told = AuditEvent.model_validate(audit_event(line))
    assert told.entity[0].what.identifier.value == "p?1" and told.agent[0].who.display == "Ada <b> Müller"


def test_an_outcome_is_valid():
    assert OperationOutcome.model_validate(fhir.outcome("required", "Send it.")).issue[0].diagnostics == "Send it."


# alone ----------------------------------------------------------------------------------------------------------------


def test_the_labels_are_the_courses():
    from wardround.hospital import codes

    for name in ("HTEST", "QUILLMERE_BASE", "TERMINOLOGY"):
        assert getattr(fhir, name) == getattr(codes, name)


@pytest.mark.parametrize("name", ["conformance", "example", "prefetch", "fhir", "hook_cards", "tokens"])
def test_it_imports_without_web_framework_model_and_course(name):
    code = f"import sys, wardround.triage.{name}; print(sorted(one for one in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found = set(ast.literal_eval(done.stdout))
    assert not {one for one in found if one.split(".")[0] in ("fastapi", "mlflow", "sklearn", "starlette")}
    assert not {one for one in found if one.startswith(("wardround.course", "wardround.hospital"))}


def test_no_text_of_another_project():
    """The invariants are in our own words: none is a sentence with the standard's key words."""
    text = (Path(fhir.__file__).parent / "conformance.py").read_text(encoding="utf-8")
    assert not any(one in text for one in ("SHALL", "SHOULD", "MUST"))
