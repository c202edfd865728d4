"""A whole A4: a learner's folder after twelve weeks and the decisions that fit it, made up for the tests.

The logs are written as the pipeline and the desk write them, with bundles of invented digests: nothing is trained.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

from assistant_samples import MEMOS as OF_A3
from report_samples import MEMOS as OF_A1
from wardround.course.playbook_facts import gather, said_in
from wardround.course.portfolio import SHIPPED
from wardround.operations import ledger
from wardround.operations.bundle import Bundle, Kept, Policy
from wardround.operations.ledger import Ledger
from wardround.operations.playbook.held import Held
from wardround.operations.playbook.reading import read
from wardround.triage.log import Log

TODAY = dt.date(2026, 11, 30)
ORIGIN = {"checksum": "afc5f8b62e9c0d11", "hospital": "quillmere", "version": "0.1.0"}
MEMOS = {name: fields for name, fields in {**OF_A1, **OF_A3}.items()} | {
    "W07.M": {
        "change": "A second version.",
        "way_back": "All four parts, by one person.",
        "decision": "Released by two.",
        "because": "It was compared.",
    },
    "W08.M": {
        "signals": "door, inputs, outputs, outcomes",
        "not_watched": "Small groups.",
        "decision": "Holds from Monday.",
        "because": "Data first.",
    },
    "W11.M": {
        "purpose": "Coding support for our coders: note, age, sex, codes; nothing else.",
        "outside": "To notes.example.org/v1/codes alone, BAA-07, to 31 March 2027; no preview, no training.",
        "inside": "Crosswalk, prompts, answers, the guard's log (privacy, two engineers).",
        "method": "Safe Harbor, drawn codes, ACS 2018-2022.",
        "knowledge": "Asked: the head of registration.",
        "decision": "From Monday; the privacy officer signs; a leak stops it.",
        "because": "A route can be tested.",
    },
}
PLAN = """
[door]
limit = 0.02
owner = "feed owner"
action = "mend the feed"
[inputs]
owner = "model owner"
action = "look"
[outputs]
limit = 4.0
owner = "on call"
action = "roll back"
[outcomes]
low = 0.8
high = 1.25
owner = "model owner"
action = "recalibrate"
"""
FLIGHT = """
name = "mine"
[ward]
model = "quillmere"
threshold = 0.04
[rollback]
model = true
features = true
threshold = true
contract = true
authority = "ml_engineer"
minutes = 60
[vendor]
pinned = true
notice_days = 30
acceptance_test = true
[[monitor]]
service = "ward"
signal = "alerts"
limit = 2.1
owner = "nurse_lead"
then = ["investigate"]
[[cause]]
name = "unit_change"
then = ["fallback", "fix_feed"]
notify = ["clinical_lead", "nurse_lead"]
within_hours = 24
[[cause]]
name = "phi_export"
then = ["contain_export", "notify"]
notify = ["privacy_officer"]
within_hours = 24
"""
DECISIONS = """
[roles.model_owner]
title = "Lead of clinical machine learning"
deputy = "Senior machine-learning engineer"
clinical = false
also = ["model owner", "ml_engineer"]
[roles.feed_owner]
title = "Interface engineer"
deputy = "Second interface engineer"
clinical = false
also = ["feed owner", "data_engineer"]
[roles.on_call]
title = "Operations engineer on call"
deputy = "Operations manager"
clinical = false
also = ["on call", "operations"]
[roles.clinical_lead]
title = "Associate chief medical officer"
deputy = "Hospitalist of the day"
clinical = true
also = ["clinical lead"]
[roles.nurse_lead]
title = "Director of nursing, both sites"
deputy = "House supervisor"
clinical = true
[roles.privacy_officer]
title = "Privacy officer"
deputy = "Compliance counsel"
clinical = false
[roles.vendor_manager]
title = "Director of supply contracts"
clinical = false

[inventory]
because = "A wrong alert moves a nurse at once; a wrong list costs a phone call."
[inventory.systems.care_calls]
tier = "medium"
version = "2"
owner = "model_owner"
[inventory.systems.triage]
tier = "high"
version = "1"
owner = "clinical_lead"
[inventory.systems.early_warning]
tier = "high"
version = "none"
owner = "nurse_lead"

[intended_use]
care_calls = "Call nurses use the list to choose whom to phone within two days of going home."
triage = "After the triage nurse has given her own level, it shows her the risk. The level is hers."
role = "informs"
youngest = 18
not_scored = ["people in comfort care", "children"]
because = "That is what was measured."

[approval]
proposes = "model_owner"
approves = ["clinical_lead"]
stops = ["nurse_lead", "on_call"]
clinical_sign_off = "clinical_lead"
because = "Who built it does not see what it costs a ward."

[threshold]
owner = "clinical_lead"
review_by = 2027-05-31
because = "Forty calls a week are what two nurses can make."
[threshold.values]
care_calls = 0.13
triage = 0.05
early_warning = 0.04

[monitoring]
because = "Each has somebody who has promised it."
[[monitoring.monitor]]
system = "care_calls"
signal = "door"
limit = 0.02
owner = "feed_owner"
action = "mend the feed"
[[monitoring.monitor]]
system = "care_calls"
signal = "inputs"
owner = "model_owner"
action = "look"
[[monitoring.monitor]]
system = "care_calls"
signal = "outputs"
limit = 4
owner = "on_call"
action = "roll back"
[[monitoring.monitor]]
system = "care_calls"
signal = "outcomes"
low = 0.8
high = 1.25
owner = "model_owner"
action = "recalibrate"
[[monitoring.monitor]]
system = "early_warning"
signal = "alerts"
limit = 2.1
owner = "nurse_lead"
action = "investigate"

[incident]
because = "Two people on call would sort a case alike."
[[incident.severity]]
name = "patients at risk now"
means = "somebody may have been treated on a wrong number"
tell = ["clinical_lead", "nurse_lead"]
within_hours = 1
[[incident.severity]]
name = "service degraded"
means = "no number is shown, the ward works by hand"
tell = ["nurse_lead", "on_call"]
within_hours = 12
[incident.breach]
tell = ["privacy_officer"]
within_hours = 4
clock_starts = "discovery"
individuals_within_days = 45
hhs_within_days = 45

[rollback]
authority = "model_owner"
minutes = 90
brings_back = ["model", "features", "threshold", "contract"]
drill_every_weeks = 13
because = "A part of a release was never judged alone."

[phi]
inside = ["crosswalk", "prompts and answers", "the guard's log"]
owner = "privacy_officer"
because = "One route can be tested."
[[phi.endpoint]]
name = "notes.example.org/v1/codes"
agreement = "BAA-07"
ends = 2027-03-31
fields = ["note", "age", "sex", "codes"]
log_days = 0

[vendor]
owner = "vendor_manager"
pinned = true
notice_days = 30
acceptance_test = true
contract_ends = 2027-06-30
review_by = 2027-02-28
exit = "Frozen cases and exports are handed back, copies destroyed in writing; vital signs alone from that day."
because = "A change that nobody announced is an incident."

[oversight]
override = true
reasons = ["looks_worse", "value_wrong", "other"]
logged = ["advised", "accepted", "overruled", "switched"]
switch_off = ["nurse_lead"]
abstains = "With two values missing, or older than 150 minutes, no number is shown, and the card says so."
manual_procedure = "The charge nurse calls rounds by hand every two hours, from the first banner on."
review_weeks = 4
because = "Overruling is the cheapest test of a model."

[retention]
because = "The six years of the Security Rule are of documentation, not of medical records."
[[retention.item]]
what = "this playbook and its earlier versions"
kind = "required documentation"
years = 6
rule = "45 CFR 164.316(b)"
[[retention.item]]
what = "the log of releases and alarms"
kind = "audit log"
years = 6
rule = "our policy"
[[retention.item]]
what = "the training tables of releases"
kind = "training table"
years = 3
rule = "our policy"

[retirement]
trigger = "Two reviews in a row below 15 returns of 100 called, or no owner for 30 days."
owner = "clinical_lead"
kept = ["the log of releases and alarms", "this playbook and its earlier versions"]
told = ["nurse_lead", "privacy_officer"]
because = "A model without an owner is not watched."

[source_attributes]
known = 12
[source_attributes.said]
developer = "Clinical machine learning, Quillmere; extension 4711."
"""


def laid_out(work: Path) -> Path:
    """Write a learner's folder, so that everything that a playbook asks about is there."""
    for name, fields in MEMOS.items():
        _put(work / "memos" / f"{name}.json", json.dumps({"id": name, "fields": fields, "words": 9, **ORIGIN}))
    _put(work / "pipeline" / "plan.toml", PLAN)
    _put(work / "flight" / "mine-7" / "plan.toml", FLIGHT)
    _put(work / "triage" / "triage.toml", (SHIPPED / "triage.toml").read_text(encoding="utf-8"))
    _pipeline_log(work / "pipeline" / "state" / "log.sqlite")
    _desk_log(work / "triage" / "state" / "log.sqlite")
    return work


def held(decisions: str = DECISIONS, **facts: Any) -> Held:
    """Return the folder's facts beside decisions; ``facts`` takes the place of some."""
    decided = read(decisions)
    return Held(gather(TODAY, said_in(decided)) | facts, decided)


def bundle(version: int, threshold: float, name: str = "readmission") -> Bundle:
    """Return a release that nobody has trained."""
    file = Kept(path="features.py", sha256=f"{version}" * 64)
    parts = {"feature_code": file, "snapshot": file, "lock": file, "contract": {"columns": ["age"]}}
    said = {"policy": Policy(threshold=threshold), "python": "3.11.7", "features": ("age", "los_days")}
    return Bundle(name=name, version=version, run_id=f"run{version}", model=f"{version}" * 64, **parts, **said)


def release(log: Ledger, one: Bundle, over: str | None, *, by: str = "ana", approved_by: str = "ben") -> None:
    """Write the three lines of a release."""
    told = {"model": one.name, "digest": one.digest}
    log.append(by, "proposed", {**told, "bundle": one.model_dump(mode="json"), "over": over, "because": "compared"})
    log.append(approved_by, "approved", {**told, "because": "compared"})
    log.append(by, "released", {**told, "version": one.version, "over": over})


def _pipeline_log(path: Path) -> None:
    """Version 1, 2, 3; the third is rolled back 42 minutes after its alarm."""
    path.parent.mkdir(parents=True, exist_ok=True)
    log, first, second, third = Ledger(path), bundle(1, 0.12), bundle(2, 0.13), bundle(3, 0.2)
    with _at("2026-11-02T09:00:00Z"):
        log.append(
            "ana",
            "step",
            {"step": "evaluate", "judged": 900, "returned": 130, "of those on the list": {"Quillmere": 0.7}},
        )
        release(log, first, None)
        release(log, second, first.digest)
        release(log, third, second.digest)
        log.append("ana", "alarm", {"week": 9, "layer": "outputs", "signal": "calls", "why": "all are called"})
    with _at("2026-11-02T09:42:00Z"):
        told = {"model": "readmission", "digest": second.digest, "over": third.digest, "because": "all are called"}
        log.append("cho", "rolled back", {**told, "version": 2, "instead_of": 3})


def _desk_log(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    log = Log(path.parent)
    release(Ledger(path.with_name("releases.sqlite")), bundle(1, 0.05, "triage-critical-12h"), None)
    log.append("nurse", "advised", visit="V1", state="shown", of_1000=61, high=True)
    log.append("nurse", "accepted", visit="V1")
    log.append("nurse", "overruled", visit="V2", reason="value_wrong", high=True)
    log.append("admin", "switched", on=False)
    log.append("admin", "switched", on=True)


def _at(moment: str):
    """Let the log's clock stand at a moment."""
    return patch.object(ledger, "_now", lambda: moment)


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
