"""The playbook: facts come from the folder, decisions are the learner's, gaps and contradictions are shown."""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib

import pytest
from looked_at import has_no_barrier
from playbook_samples import DECISIONS, FLIGHT, TODAY, bundle, held, laid_out
from typer.testing import CliRunner
from wardround.cli import app
from wardround.course import places
from wardround.course.authoring import prose
from wardround.course.playbook_facts import LAW, gather
from wardround.operations import report_pdf
from wardround.operations.ledger import Ledger
from wardround.operations.model_card import ATTRIBUTES
from wardround.operations.playbook import checks_rules
from wardround.operations.playbook.decisions import TWELVE
from wardround.operations.playbook.pages import OF_LAW, markdown, playbook
from wardround.operations.playbook.reading import read
from wardround.operations.portfolio import render

RUN = CliRunner()
TEMPLATE = places.root() / "helpers/wardround/operations/playbook/template.toml"
HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "$x$ #panic() *z* [a](javascript:b) `c`"]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    return laid_out(tmp_path_factory.mktemp("whole"))


@pytest.fixture(autouse=True)
def work(shelf, tmp_path, monkeypatch):
    monkeypatch.setenv("WARDROUND_WORK", str(tmp_path / "work"))
    return shutil.copytree(shelf, tmp_path / "work")


def run(work, decisions=None, *options):
    if decisions is not None:
        (work / "playbook").mkdir(exist_ok=True)
        (work / "playbook" / "decisions.toml").write_text(decisions, encoding="utf-8")
    return RUN.invoke(app, ["playbook", *options])


def test_a_whole_playbook_has_no_finding_and_nothing_missing(work):
    done = run(work, DECISIONS, "--json")
    told = json.loads(done.output)
    assert told["contradictions"] == [] and told["missing"] == [] and told["not_made"] == [] and told["not_found"] == []
    assert done.exit_code == 0 and told["final"] and told["state"].startswith("Complete: ")
    assert (work / "playbook" / "playbook.pdf").read_bytes().startswith(b"%PDF")


def test_the_facts_are_what_the_folder_says(work):
    facts = gather(TODAY)
    calls = facts["systems"]["care_calls"]
    assert (calls["version"], calls["threshold"], calls["in_force_as"]) == ("2", 0.13, "rolled back")
    assert (calls["proposed_by"], calls["approved_by"], calls["in_force_by"]) == ("ana", "ben", "cho")
    assert [one["minutes"] for one in calls["drills"]] == [42.0]
    assert [one["signal"] for one in facts["monitors"]] == ["door", "inputs", "outputs", "outcomes", "alerts"]
    drawn = {"endpoints": ["notes.example.org/v1/codes"], "agreements": ["BAA-07"], "days": ["2027-03-31"]}
    assert {key: facts["boundary"][key] for key in drawn} == drawn
    assert facts["systems"]["triage"]["threshold"] == 0.05 and facts["systems"]["triage"]["log"]["switched"] == 2
    assert facts["systems"]["early_warning"]["where"] == "work/flight/mine-7/plan.toml"


def test_a_rollback_without_an_alarm_took_what_its_reason_says(work):
    log = Ledger(work / "pipeline" / "state" / "log.sqlite")
    told = {"model": "readmission", "digest": bundle(1, 0.12).digest, "over": bundle(2, 0.13).digest, "version": 1}
    log.append("cho", "rolled back", {**told, "because": "drill, 25 minutes from the call. all four parts"})
    calls = gather(TODAY)["systems"]["care_calls"]
    assert [(one["minutes"], one["measured"]) for one in calls["drills"]][1:] == [(25.0, "as its reason says")]
    assert calls["version"] == "1"


def test_what_a_run_does_by_itself_measures_nobody_and_a_drill_has_its_own_clock(work):
    log = Ledger(work / "pipeline" / "state" / "log.sqlite")
    told = {"model": "readmission", "digest": bundle(1, 0.12).digest, "over": bundle(2, 0.13).digest, "version": 1}
    for because in ("week 2: all are called", "drill, 25 minutes from the call"):
        log.append("ana", "alarm", {"week": 10, "layer": "outputs", "signal": "calls", "why": "all are called"})
        log.append("ana", "rolled back", {**told, "because": because})
    drills = gather(TODAY)["systems"]["care_calls"]["drills"][1:]
    assert [one["minutes"] for one in drills] == [None, 25.0]


def test_the_own_plan_goes_before_a_published_one_that_was_flown_later(work):
    later = work / "flight" / "reference-7" / "plan.toml"
    later.parent.mkdir()
    later.write_text(FLIGHT.replace('name = "mine"', 'name = "reference"'), encoding="utf-8")
    os.utime(later, (2e9, 2e9))
    assert gather(TODAY)["systems"]["early_warning"]["plan"] == "mine"
    later.write_text(FLIGHT.replace('name = "mine"', 'name = "theirs"'), encoding="utf-8")
    os.utime(later, (2e9, 2e9))
    assert gather(TODAY)["systems"]["early_warning"]["plan"] == "theirs"


def test_with_out_the_own_decisions_are_shown_elsewhere_and_none_are_laid_out_there(work, tmp_path):
    run(work, DECISIONS)
    done = run(work, None, "--out", str(tmp_path / "elsewhere"), "--json")
    assert json.loads(done.output)["final"] and (tmp_path / "elsewhere" / "playbook.pdf").exists()
    assert not (tmp_path / "elsewhere" / "decisions.toml").exists()


def test_the_page_reads_in_light_and_dark_wide_and_narrow(work):
    run(work, DECISIONS.replace("minutes = 90", "minutes = 30").replace('trigger = "Two', 'trigger = ""# Two'))
    has_no_barrier(work / "playbook" / "playbook.html")


def test_the_card_has_the_31_in_nine_groups_and_says_who_must_say_the_rest(work):
    card = gather(TODAY, {"developer": "Us.", "no_such": "x"})["card"]
    sizes = [
        sum(one["group"] == group for one in card["entries"]) for group in dict.fromkeys(a.group for a in ATTRIBUTES)
    ]
    assert sizes == [4, 4, 2, 4, 2, 4, 5, 4, 2] and card["of"] == 31
    named = {one["key"]: one for one in card["entries"]}
    assert named["developer"]["source"] == "decisions.toml" and not named["funding"]["text"]
    assert named["intended_use"]["source"] == "memo W03.M, intended_use"
    assert card["known"] == sum(bool(one["text"]) for one in card["entries"]) < 31


def test_the_decisions_are_laid_out_once_and_the_facts_each_time(work):
    first = run(work)
    path = work / "playbook" / "decisions.toml"
    assert first.exit_code == 0 and "laid out just now" in first.output
    path.write_text(path.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    (work / "playbook" / "facts.json").write_text("typed by hand")
    second = run(work)
    assert "laid out just now" not in second.output and path.read_text(encoding="utf-8").endswith("# mine\n")
    assert json.loads((work / "playbook" / "facts.json").read_bytes())["systems"]["care_calls"]["version"] == "2"


def test_the_template_asks_for_all_twelve_and_says_nothing_itself(work):
    asked = tomllib.loads(TEMPLATE.read_text(encoding="utf-8"))
    decided = read(TEMPLATE.read_text(encoding="utf-8"))
    assert [one.key for one in TWELVE] == [name for name in asked if name not in ("roles", "source_attributes")]
    assert decided.mistakes == () and all(decided.open_in(one.key) for one in TWELVE)
    assert all(f"{one.key}.because" in decided.open for one in TWELVE)
    told = json.loads(run(work, None, "--json").output)
    assert told["contradictions"] == [] and not told["final"] and len(told["missing"]) > 80


def test_every_key_of_a_decision_that_is_blanked_is_shown_as_missing():
    made = playbook(held(DECISIONS.replace('authority = "model_owner"', 'authority = ""')))
    assert [part.source for _, part in made.gaps] == ["decided:rollback.authority"] and not made.final
    assert "**Authority**: *missing*" in markdown(made) and "Missing</strong>: the name of a role" in render(made)


@pytest.mark.parametrize(
    ("was", "now", "key", "write"),
    [
        ("minutes = 90", 'minutes = "soon"', "rollback.minutes", "whole minutes"),
        ("review_by = 2027-05-31", "review_by = 2027", "threshold.review_by", "a day such as 2027-03-31"),
        ('tier = "medium"', 'tier = "average"', "inventory.systems.care_calls.tier", '"high", "medium" or "low"'),
        ("limit = 0.02", 'limit = "2%"', "monitoring.monitor[1].limit", "a number without quotes"),
        ("care_calls = 0.13", "care_calls = 13", "threshold.values.care_calls", "a probability between 0 and 1"),
        ('deputy = "House supervisor"', "deputy = 3", "roles.nurse_lead.deputy", "the job title"),
        ("[vendor]", "[vendor]\npined = true", "vendor.pined", "there is no such key"),
        ("[retention]", "[retentoin]", "retentoin", "there is no such table"),
        ("[phi]", "[phi", "the whole file", "it is no TOML"),
    ],
)
def test_what_cannot_be_read_is_told_with_file_key_and_what_to_write(work, was, now, key, write):
    assert was in DECISIONS
    done = run(work, DECISIONS.replace(was, now, 1), "--json")
    says = [one["says"] for one in json.loads(done.output)["contradictions"] if one["kind"] == "cannot be read"]
    assert done.exit_code == 1 and any(one.startswith(f"decisions.toml: {key}: ") and write in one for one in says), (
        says
    )


def test_an_empty_folder_gives_a_playbook_of_gaps(work, monkeypatch, tmp_path):
    monkeypatch.setenv("WARDROUND_WORK", str(tmp_path / "empty"))
    done = run(tmp_path / "empty", None)
    assert done.exit_code == 0 and "begin it with `wardround start pipeline`" in done.output
    assert (tmp_path / "empty" / "playbook" / "playbook.pdf").exists()


@pytest.mark.parametrize("damage", ["log", "plan", "triage", "flight", "memo"])
def test_a_damaged_file_of_the_folder_is_a_gap_and_no_crash(work, damage):
    path = {
        "log": work / "pipeline/state/log.sqlite",
        "plan": work / "pipeline/plan.toml",
        "triage": work / "triage/triage.toml",
        "flight": work / "flight/mine-7/plan.toml",
        "memo": work / "memos/W11.M.json",
    }[damage]
    path.write_bytes(b"\xff\x00 [not")
    done = run(work, DECISIONS, "--json")
    assert done.exit_code in (0, 1) and json.loads(done.output)["final"] is False


def test_what_was_written_stays_text_in_page_paper_and_markdown(work):
    text = DECISIONS
    for place, hostile in enumerate(HOSTILE):
        was = ('because = "Each has', 'because = "Two people', 'because = "A part')[place]
        text = text.replace(was, f"because = '''{hostile}''' # \"", 1)
    made = playbook(held(text))
    page = render(made)
    assert "<script" not in page and "<img" not in page and "&lt;script&gt;" in page
    assert not re.search(r"(?<!\\)<(?:script|img)", markdown(made)) and r"\<script\>" in markdown(made)
    assert report_pdf.pdf(made).startswith(b"%PDF")


def test_page_and_markdown_show_facts_rules_and_decisions(work):
    made = playbook(held())
    page, text = render(made), markdown(made)
    for shown in (
        "Lead of clinical machine learning",
        "work/pipeline/plan.toml",
        "45 CFR 164.404",
        "not known: the developer",
        "a rule fires for nothing",
        "All four parts, by one person.",
        "Small groups.",
        "Two call nurses, who stop phoning",
        "Coding support for our coders",
        "Clinical machine learning, Quillmere",
    ):
        assert shown in page and shown in text.replace("\\", "")
    assert page.count("<h1") == 1 and re.findall(r"<h2[^>]*>(\d+) · ", page) == [str(n) for n in range(14)]
    assert "http://" not in page and "https://" not in page


def test_its_rooms_import_no_later_room():
    root = places.root() / "helpers" / "wardround"
    for path in (*(root / "operations" / "playbook").glob("*.py"), *(root / "course").glob("playbook*.py")):
        assert not re.search(r"(?:from|import) wardround\.(?:flight|triage|cli)", path.read_text(encoding="utf-8"))
        if path.parent.name == "playbook":
            assert "wardround.course" not in re.sub(r'""".*?"""', "", path.read_text(encoding="utf-8"), flags=re.S)


def test_the_law_is_in_the_facts_with_its_day_and_none_of_it_is_uncertain():
    known = prose.facts()
    assert set(LAW) <= set(known) and all(known[name]["certainty"] == "read" for name in LAW)
    assert {name for names in OF_LAW.values() for name in names} <= set(LAW)
    assert f"at most {checks_rules.OUTER_DAYS} calendar days after discovery" in known["breach-individuals"]["says"]
    assert "together with the individuals" in known["breach-hhs"]["says"]
    assert checks_rules.DOCUMENT_YEARS == 6 and "kept for six years" in known["documents-six-years"]["says"]
    assert "31 source attributes" in known["source-attributes"]["says"]
