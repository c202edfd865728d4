"""The playbook of a folder that the course's own commands have made: nothing in it is laid out by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pipeline_cases
import pytest
import triage_cases
from conftest import ROOT
from typer.testing import CliRunner
from wardround import memo
from wardround.cli import app
from wardround.course import pipeline, places
from wardround.course.pipeline_feed import FIRST, Candidate, Story, write_feed
from wardround.course.playbook_facts import MEMOS
from wardround.course.questions import week_memos
from wardround.flight.plan import read_plan
from wardround.records import read_export
from wardround.triage import settings

TYPO = Candidate("winter", "the threshold as agreed", threshold=0.012)
SHORT = Story(candidates={0: FIRST, 1: TYPO}, weeks=2)  # the second is released, rings, and the run goes back by itself
SAID = {"outside": "To notes.example.org/v1/codes alone, BAA-07, to 31 March 2027."}


@pytest.fixture(scope="module")
def made(third_hospitals, tmp_path_factory):
    """A work folder by memo, pipeline, assistant and flight, and what ``wardround playbook`` made of it."""
    work = tmp_path_factory.mktemp("made") / "work"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WARDROUND_WORK", str(work))
        for name in MEMOS:
            form = week_memos(int(name[1:3]))[name]
            memo(name, **{field: SAID.get(field, f"Of {field}.") for field in {**form, "because": ""}})
        _pipeline(write_feed(work.parent / "feed", read_export(third_hospitals[0]), SHORT))
        settings.lay_out(work / "triage")
        world = triage_cases.world(work / "triage", triage_cases.visit())
        world.give_level("e-1", 3, "Ada", "clinician", 0, triage_cases.NOW)
        plan = work / "my_plan.toml"
        for asked in (["fly", "--new", str(plan)], ["fly", str(plan), "--no-page", "--seed", "1"]):
            done = CliRunner().invoke(app, asked)
            assert done.exit_code == 0, done.output
        done = CliRunner().invoke(app, ["playbook", "--json"])
    assert done.exit_code == 0, done.output
    return work, json.loads(done.output), json.loads((work / "playbook" / "facts.json").read_bytes())


def _pipeline(feed):
    pipeline_cases.exercised()
    (places.work() / "pipeline" / "feed").mkdir(parents=True)
    (places.work() / "pipeline" / "feed" / "reference.parquet").touch()  # its own feed takes a whole hospital
    home = pipeline_cases.filled(pipeline.start(say=lambda text: None))
    environment = os.environ | {"PYTHONPATH": str(ROOT / "helpers")}
    command = [sys.executable, "run.py", "--as", "n.night", "--feed", str(feed)]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_piece_is_found_where_its_command_has_put_it(made):
    work, told, facts = made
    assert set(facts["systems"]) == {"care_calls", "triage", "early_warning"} and set(facts["memos"]) == set(MEMOS)
    calls, flown = facts["systems"]["care_calls"], facts["systems"]["early_warning"]
    assert (calls["version"], calls["threshold"], calls["in_force_as"]) == ("1", 0.12, "rolled back")
    assert (calls["proposed_by"], calls["approved_by"], calls["in_force_by"]) == (FIRST.by, "r.lindqvist", "n.night")
    plan = read_plan((work / "my_plan.toml").read_text(encoding="utf-8"))
    assert (flown["plan"], flown["threshold"]) == (plan.name, plan.ward.threshold)
    mine = [one["signal"] for one in facts["monitors"] if one["system"] == "early_warning"]
    assert mine == [one.signal for one in plan.monitors if one.service == "ward"]
    assert [one["signal"] for one in facts["monitors"]][:4] == ["door", "inputs", "outputs", "outcomes"]
    assert facts["systems"]["triage"]["log"]["level"] == 1 and facts["boundary"]["agreements"] == ["BAA-07"]
    assert told["contradictions"] == [] and not told["final"]


def test_the_card_says_what_the_release_in_force_came_to_and_not_the_one_that_is_gone(made):
    work, _, facts = made
    evaluated = [one for _, _, one in pipeline_cases.lines(work / "pipeline") if one.get("step") == "evaluate"]
    first, typo = (one["of those on the list"] for one in evaluated)
    assert facts["systems"]["care_calls"]["judged"]["of those on the list"] == first != typo
    (said,) = [one["text"] for one in facts["card"]["entries"] if one["key"] == "test_validity"]
    assert f"quillmere {first['quillmere']:g}" in said


def test_a_run_that_goes_back_by_itself_is_no_drill_and_one_is_asked_for(made):
    _, told, facts = made
    (drill,) = facts["systems"]["care_calls"]["drills"]
    assert drill["minutes"] is None and "by itself" in drill["measured"]
    assert any("a measured rollback" in one for one in told["not_found"])


def test_text_page_and_paper_are_there_and_show_where_each_fact_is_from(made):
    work, _, facts = made
    folder = work / "playbook"
    text, page = ((folder / f"playbook.{kind}").read_text(encoding="utf-8") for kind in ("md", "html"))
    assert (folder / "playbook.pdf").read_bytes().startswith(b"%PDF")
    for shown in (facts["systems"]["care_calls"]["digest"][:12], "work/pipeline/plan.toml", "120 of 1,000", "BAA-07"):
        assert shown in page and shown in text.replace("\\", "")
