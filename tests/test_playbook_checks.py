"""Each kind of contradiction, by a playbook that has it and no other: found by its own check, and by no other."""

from __future__ import annotations

import json
import shutil

import pytest
from conftest import ROOT
from playbook_samples import DECISIONS, FLIGHT, MEMOS, PLAN, bundle, held, laid_out, release
from wardround.operations.ledger import Ledger
from wardround.operations.playbook import linter
from wardround.operations.playbook.linter import CHECKS, lint

NIGHT_DEPUTY = 'title = "Director of nursing, both sites"\ndeputy = "House supervisor"\n'
FOUR = '["model", "features", "threshold", "contract"]'
LOW = 'tier = "{}"\nversion = "none"\nowner = "nurse_lead"'
ENDPOINT = 'agreement = "BAA-07"\nends = 2027-03-31\n'
BROKEN = [  # kind, what stands in the decisions, what is written instead, words of the sentence
    ("threshold is what runs", "care_calls = 0.13", "care_calls = 0.12", "says 120 of 1,000, and"),
    ("threshold is what runs", "triage = 0.05", "triage = 0.08", "`work/triage/triage.toml` runs with 50 of 1,000"),
    ("threshold is what runs", "early_warning = 0.04\n", "early_warning = 0.03\n", "work/flight/mine-7/plan.toml"),
    (
        "every system is listed",
        '[inventory.systems.triage]\ntier = "high"\nversion = "1"\nowner = "clinical_lead"\n',
        "",
        "[inventory.systems.triage]",
    ),
    ("version is in force", 'version = "2"', 'version = "3"', "version 2 ("),
    ("use is not wider", "The level is hers.", "The assistant assigns the level.", "lets a system decide"),
    ("use is not wider", 'role = "informs"', 'role = "replaces"', "informs a person who decides"),
    ("use is not wider", "youngest = 18", "youngest = 12", "abstains below 18"),
    ("use is not wider", '["people in comfort care", "children"]', '["children"]', "comfort care"),
    ("monitors are built", 'signal = "alerts"', 'signal = "heartbeat"', "promises heartbeat of early_warning"),
    ("monitors agree", "limit = 0.02", "limit = 0.05", "says 0.05 for limit, and `work/pipeline/plan.toml` has 0.02"),
    ("monitors agree", "high = 1.25", "high = 1.5", "says 1.5 for high"),
    ("monitors agree", "limit = 2.1\n", "", "says nothing for limit"),
    ("monitors agree", 'action = "roll back"', 'action = "pause"', "“pause” is done first"),
    ("monitors agree", 'owner = "on_call"\naction', 'owner = "nurse_lead"\naction', "calls “on call”"),
    (
        "monitors are owned",
        '[[monitoring.monitor]]\nsystem = "care_calls"\nsignal = "inputs"\nowner = "model_owner"\naction = "look"\n',
        "",
        'signal = "inputs" and its owner',
    ),
    ("rollback brings all back", FOUR, '["model", "contract"]', "features, th"),
    ("rollback is as flown", 'authority = "model_owner"', 'authority = "on_call"', "lets ml_engineer decide"),
    ("rollback is as flown", "minutes = 90", "minutes = 50", "was flown with 60"),
    ("notices are in time", 'within_hours = 4\nclock', 'within_hours = 48\nclock', "promises 24 (phi_export)"),
    ("notices are in time", 'tell = ["clinical_lead", "nurse_lead"]', 'tell = ["nurse_lead"]', "tells clinical_lead"),
    ("vendor is as flown", "notice_days = 30", "notice_days = 60", "counts on 60 days"),
    ("oversight is logged", '"value_wrong", "other"]', '"value_wrong", "gut_feeling"]', "names gut_feeling"),
    ("oversight is logged", 'logged = ["advised",', 'logged = ["level", "advised",', "lines “level”"),
    ("oversight is logged", '"accepted", "overruled", "switched"]', '"accepted", "switched"]', "leaves out overruled"),
    ("attributes are counted", "known = 12", "known = 31", "says 31 of 31, and the card has 12"),
    ("roles are known", 'told = ["nurse_lead", "privacy_officer"]', 'told = ["legal"]', "names legal"),
    ("short clocks have deputies", NIGHT_DEPUTY, NIGHT_DEPUTY.replace('"House supervisor"', '""'), "has no deputy"),
    ("short clocks have deputies", "House supervisor", "director of nursing,  both sites", "has itself as deputy"),
    ("proposer does not approve", 'approves = ["clinical_lead"]', 'approves = ["model_owner"]', "who also proposes"),
    (
        "proposer does not approve",
        'title = "Associate chief medical officer"',
        'title = "lead of clinical machine learning"',
        "who also proposes",
    ),
    ("proposer does not approve", "Hospitalist of the day", "Lead of clinical machine learning", "whose deputy does"),
    ("clinicians sign", 'sign_off = "clinical_lead"', 'sign_off = "model_owner"', "no clinician holds"),
    ("clinicians sign", '"Associate chief medical officer"', '"Staff engineer"', "no clinician holds"),
    ("clocks keep the law", "individuals_within_days = 45", "individuals_within_days = 90", "60 after discovery"),
    ("clocks keep the law", "hhs_within_days = 45", "hhs_within_days = 61", "HHS, of 500 or more,"),
    ("clocks keep the law", "hhs_within_days = 45", "hhs_within_days = 50", "together with them"),
    ("clocks keep the law", '"discovery"', '"confirmation"', "starts with discovery"),
    ("retention claims no more", 'rule = "our policy"', 'rule = "HIPAA, six years"', "of required documentation"),
    ("retention claims no more", 'years = 6\nrule = "45', 'years = 5\nrule = "45', "asks 6 from its creation"),
    (
        "words claim no more",
        "The six years of the Security Rule are of documentation, not of medical records.",
        "HIPAA requires medical records to be kept for six years.",
        "are of documentation",
    ),
    ("words claim no more", "One route can be tested.", "The vendor is HIPAA compliant.", "makes no product"),
    ("words claim no more", "That is what was measured.", "The model is FDA-cleared.", "no authority has looked"),
    ("words claim no more", "One route can be tested.", "All notes are fully anonymized.", "leaves a risk"),
    ("endpoints are covered", ENDPOINT, "ends = 2027-03-31\n", "under no agreement"),
    ("endpoints are covered", "[phi]\n", "[phi]\nnowhere = true\n", "keep one of the two"),
    ("boundary is the memos", '"notes.example.org/v1/codes"', '"notes.example.org/v2"', "memo W11.M does not name"),
    ("boundary is the memos", '"BAA-07"', '"BAA-08"', "memo W11.M names BAA-07"),
    ("boundary is the memos", "ends = 2027-03-31", "ends = 2027-09-30", "memo W11.M says 2027-03-31"),
    ("boundary is the memos", '["crosswalk", "prompts and answers", ', '["crosswalk", ', "leaves out prompts"),
    ("reviews are in time", "review_by = 2027-05-31", "review_by = 2026-10-01", "a day that is to come"),
    ("reviews are in time", "review_by = 2027-05-31", "review_by = 2028-05-31", "more than a year"),
    ("reviews are in time", "review_by = 2027-02-28", "review_by = 2027-05-01", "BAA-07 ends on 2027-03-31"),
    ("reviews are in time", "review_by = 2027-02-28", "review_by = 2027-03-31\nX", "contract ends on 2027-03-01"),
    ("the end is written", 'trigger = "Two', 'trigger = ""\n# "Two', "has no trigger"),
    ("the end is written", 'owner = "clinical_lead"\nkept', "kept", "has no owner"),
    (
        "the end is written",
        '"Two reviews in a row below 15 returns of 100 called, or no owner for 30 days."',
        '"Performance is no longer good enough."',
        "no figure, date or event",
    ),
    ("the end is written", 'kept = ["the log of', 'kept = ["the notes", "the log of', "keeps “the notes”"),
    ("tiers fit", LOW.format("high"), LOW.format("low"), "alerts somebody"),
]  # fmt: skip


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    return laid_out(tmp_path_factory.mktemp("whole"))


@pytest.fixture(autouse=True)
def work(shelf, tmp_path, monkeypatch):
    monkeypatch.setenv("WARDROUND_WORK", str(tmp_path / "work"))
    return shutil.copytree(shelf, tmp_path / "work")


def only(kind, decisions, words, monkeypatch, exactly=1):
    """The check finds it, in one sentence that says what to write; and without that check nobody would."""
    linted = lint(held(decisions))
    assert [one.kind for one in linted.findings] == [kind] * exactly, [one.says for one in linted.findings]
    says = linted.findings[0].says
    assert words in says and says.endswith(".") and ("; " in says or ": " in says)
    assert "decisions.toml" in says or "work/" in says
    monkeypatch.setattr(linter, "CHECKS", {name: check for name, check in CHECKS.items() if name != kind})
    assert lint(held(decisions)).findings == ()


def test_the_whole_playbook_passes_every_check():
    linted = lint(held())
    assert linted.findings == () and linted.not_made == () and linted.made == len(CHECKS) >= 12


@pytest.mark.parametrize(("kind", "was", "now", "words"), BROKEN, ids=[f"{one[0]}: {one[3]}" for one in BROKEN])
def test_a_broken_playbook_is_refused_by_its_own_check(kind, was, now, words, monkeypatch):
    assert was in DECISIONS
    text = DECISIONS.replace(was, now.removesuffix("\nX"), 1)
    if now.endswith("X"):
        text = text.replace("contract_ends = 2027-06-30", "contract_ends = 2027-03-01")
    only(kind, text, words, monkeypatch)


def test_a_rollback_faster_than_its_drill_is_refused(work, monkeypatch):
    flown = work / "flight" / "mine-7" / "plan.toml"
    flown.write_text(FLIGHT.replace("minutes = 60", "minutes = 20"), encoding="utf-8")
    text = DECISIONS.replace("minutes = 90", "minutes = 30")
    only("rollback is as measured", text, "took 42 (since its alarm)", monkeypatch)


def test_a_part_that_the_flown_plan_leaves_behind_is_refused(work, monkeypatch):
    flown = work / "flight" / "mine-7" / "plan.toml"
    flown.write_text(FLIGHT.replace("contract = true", "contract = false"), encoding="utf-8")
    only("rollback is as flown", DECISIONS, "leaves it behind", monkeypatch)


@pytest.mark.parametrize("name", ["pinned", "acceptance_test"])
def test_a_vendor_who_promised_less_is_refused(work, name, monkeypatch):
    flown = work / "flight" / "mine-7" / "plan.toml"
    flown.write_text(FLIGHT.replace(f"{name} = true", f"{name} = false"), encoding="utf-8")
    only("vendor is as flown", DECISIONS, f"`vendor.{name}` is true", monkeypatch)


def test_an_approval_by_the_proposer_in_the_log_is_refused(work, monkeypatch):
    log = Ledger(work / "pipeline" / "state" / "log.sqlite")
    release(log, bundle(4, 0.13), bundle(2, 0.13).digest, by="ana", approved_by="Ana ")
    only("proposer does not approve", DECISIONS, "break the rule of two persons", monkeypatch)


def test_an_agreement_that_has_ended_is_refused(work, monkeypatch):
    memo = {name: text.replace("31 March 2027", "31 March 2026") for name, text in MEMOS["W11.M"].items()}
    (work / "memos" / "W11.M.json").write_text(json.dumps({"id": "W11.M", "fields": memo}), encoding="utf-8")
    text = DECISIONS.replace("ends = 2027-03-31", "ends = 2026-03-31").replace("review_by = 2027-02-28\n", "")
    only("endpoints are covered", text, "ended on 2026-03-31", monkeypatch)


def test_a_switch_that_nobody_has_tried_is_refused():
    made = held()
    made.facts["systems"]["triage"]["switched"].clear()
    linted = lint(made)
    assert [one.kind for one in linted.findings] == ["oversight is logged"] and "nobody ever has" in linted.findings[
        0
    ].says


def test_a_breach_of_which_nobody_for_privacy_learns_is_refused(monkeypatch):
    text = DECISIONS.replace(
        '[incident.breach]\ntell = ["privacy_officer"]', '[incident.breach]\ntell = ["nurse_lead"]'
    )
    text = text.replace('tell = ["nurse_lead", "on_call"]', 'tell = ["nurse_lead", "on_call", "privacy_officer"]')
    only("clocks keep the law", text, "answers for privacy", monkeypatch)


@pytest.mark.parametrize("nowhere", ["nowhere = true", "nothing drawn"])
def test_a_boundary_that_only_one_side_draws_is_refused(work, nowhere, monkeypatch):
    if nowhere == "nothing drawn":
        memo = {**MEMOS["W11.M"], "outside": "Nothing.", "decision": "Nothing leaves."}
        (work / "memos" / "W11.M.json").write_text(json.dumps({"id": "W11.M", "fields": memo}), encoding="utf-8")
        return only("boundary is the memos", DECISIONS, "(it has no address)", monkeypatch)
    begin, end = DECISIONS.index("[[phi.endpoint]]"), DECISIONS.index("[vendor]")
    text = (DECISIONS[:begin] + DECISIONS[end:]).replace("[phi]", "[phi]\nnowhere = true")
    only("boundary is the memos", text, "memo W11.M sends to notes.example.org", monkeypatch)


def test_every_check_has_a_broken_playbook_here():
    alone = {"rollback is as measured"}
    assert {one[0] for one in BROKEN} | alone == set(CHECKS)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("The six years of the", "HIPAA asks for no six years of medical records. The six years of the"),
        ("One route can be tested.", "No vendor is HIPAA certified, and nothing here is anonymous."),
        ("One route can be tested.", "Staff may report anonymously, or by an anonymous letter."),
        ('also = ["clinical lead"]', 'also = ["clinical lead", "physician on call"]'),
        ('title = "Privacy officer"', 'title = "Officer for data protection"'),
        ("individuals_within_days = 45", "individuals_within_days = 60"),
        ('version = "2"', 'version = "DIGEST"'),
        ('version = "2"', 'version = "Version 2"'),
        ("minutes = 90", "minutes = 60"),
        ('owner = "feed_owner"\naction = "mend the feed"', 'owner = "feed_owner"\naction = "Mend  the feed"'),
        ('"notes.example.org/v1/codes"', '"https://Notes.example.org/v1/codes/"'),
        ('trigger = "Two', 'trigger = "When the vendor ends its service, or two'),
    ],
)
def test_a_sound_way_of_saying_it_is_not_refused(was, now):
    assert was in DECISIONS
    text = DECISIONS.replace(was, now.replace("DIGEST", bundle(2, 0.13).digest[:12]), 1)
    assert lint(held(text)).findings == ()


def test_a_check_that_lacks_something_is_not_made_and_says_what(work):
    (work / "pipeline" / "plan.toml").write_text(PLAN.replace('action = "look"', 'action = ""'), encoding="utf-8")
    (work / "flight" / "mine-7" / "plan.toml").unlink()
    not_made = dict(lint(held()).not_made)
    assert "facts.json has nothing of early_warning" in not_made["rollback is as flown"]
    assert set(not_made) >= {"vendor is as flown", "notices are in time", "threshold is what runs"}


def test_a_plan_that_holds_something_odd_is_no_crash_and_no_pass(work):
    flown = work / "flight" / "mine-7" / "plan.toml"
    flown.write_text(FLIGHT.replace("minutes = 60", 'minutes = "soon"'), encoding="utf-8")
    linted = lint(held())
    assert ("rollback is as flown", "what was built cannot be read (TypeError)") in linted.not_made
    assert linted.made == len(CHECKS) - 1


def test_the_best_memo_of_week_11_draws_the_boundary_that_the_sample_keeps(work):
    page = (ROOT / "curriculum/week11_privacy_engineering/memo.md").read_text(encoding="utf-8")
    best = " ".join(
        page.partition("### Six points")[2].partition("\n\n")[2].partition("\n\n")[0].replace(">", "").split()
    )
    memo = {
        "outside": best,
        "purpose": "",
        "decision": "",
        "inside": "Inside: crosswalk, prompts, answers, guard's log",
    }
    (work / "memos" / "W11.M.json").write_text(json.dumps({"id": "W11.M", "fields": memo}), encoding="utf-8")
    assert held().facts["boundary"]["days"] == ["2027-03-31"] and lint(held()).findings == ()
