"""How ``wardround check pipeline`` looks: at files it does not trust, from a box that shows nothing of the course."""

from __future__ import annotations

import numpy as np
import orjson
import pandas as pd
import pytest
from conftest import require
from typer.testing import CliRunner
from wardround.cli import app
from wardround.course import pipeline_check
from wardround.course.grading import sandbox
from wardround.course.pipeline_check import NoPipeline, check, honest
from wardround.course.pipeline_check.box import copied
from wardround.course.pipeline_check.flights import Asked, Flown, unlike
from wardround.course.pipeline_check.found import Finding, Judged, Row, of_thousand, weeks_of
from wardround.course.pipeline_check.honest import judge_kept, judge_names
from wardround.course.pipeline_check.looks import Look, Served, Unreadable, look
from wardround.course.pipeline_check.report import Report
from wardround.course.pipeline_feed import CUT_OFF, FAULTS
from wardround.operations.ledger import Ledger

WATCHES = """
import os, socket, sys
from importlib.util import find_spec
from pathlib import Path

def tried(what):
    try:
        return bool(what())
    except (OSError, ImportError):
        return False

seen = {
    "judge": tried(lambda: find_spec("wardround.course.pipeline_check")),
    "feed maker": tried(lambda: find_spec("wardround.course.pipeline_feed")),
    "hospital": tried(lambda: find_spec("wardround.hospital")),
    "outside": tried(lambda: os.listdir(OUTSIDE)),
    "network": tried(lambda: socket.create_connection(("127.0.0.1", 22), 1)),
    "feed written": tried(lambda: Path(sys.argv[2], "x").write_text("x")),
}
Path("state").mkdir()
Path("state", "stays").write_text("here")
sys.exit(", ".join(name for name, found in seen.items() if found) or "nothing")
"""


@pytest.fixture
def folder(tmp_path):
    """A folder that has the parts of a pipeline, and its feed."""
    home = tmp_path / "work" / "pipeline"
    (home / "steps").mkdir(parents=True)
    for name in ("run.py", "plan.toml", "answers.py", "steps/gate.py"):
        (home / name).write_text("")
    (tmp_path / "feed").mkdir()
    return home


def log(home, *lines):
    ledger = Ledger(home / "state" / "log.sqlite")
    for actor, action, detail in lines:
        ledger.append(actor, action, detail)
    return look(home, "k.strand")


# the box --------------------------------------------------------------------------------------------------------------
def test_a_pipeline_sees_its_feed_and_nothing_else_and_what_it_writes_stays(folder, tmp_path):
    require("bwrap")
    (folder / "run.py").write_text(WATCHES.replace("OUTSIDE", repr(str(tmp_path))))
    bench = copied(folder, tmp_path / "bench", tmp_path / "feed", sandbox.best())
    assert bench.run(["--as", "k.strand"]).ended == ("nothing",)
    assert (bench.home / "state" / "stays").read_text() == "here"
    assert not (folder / "state").exists()


def test_what_a_run_has_made_is_not_copied_and_no_link_is_followed(folder, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (folder / "steps" / "link.py").symlink_to(tmp_path / "secret")
    for name in ("state", "feed", "steps/__pycache__"):
        (folder / name).mkdir()
        (folder / name / "old").write_text("old")
    bench = copied(folder, tmp_path / "bench", tmp_path / "feed", None)
    made = sorted(path.relative_to(bench.home).as_posix() for path in bench.home.rglob("*") if path.is_file())
    assert made == ["answers.py", "plan.toml", "run.py", "steps/gate.py"]


def test_without_a_pipeline_it_says_how_to_get_one(folder):
    (folder / "plan.toml").unlink()
    with pytest.raises(NoPipeline, match=r"plan\.toml; `wardround start pipeline`"):
        check(folder)


def test_without_a_box_it_is_skipped_with_the_reason(folder, monkeypatch, tmp_path):
    def none(*, trust):
        raise sandbox.NoSandbox("no box here")

    monkeypatch.setattr(pipeline_check.sandbox, "best", none)
    monkeypatch.setenv("WARDROUND_WORK", str(tmp_path / "work"))
    done = CliRunner().invoke(app, ["check", "pipeline"])
    assert (done.exit_code, done.stdout.strip()) == (1, "Not checked: no box here")


def test_a_blank_plan_is_said_before_anything_is_flown(folder, monkeypatch):
    monkeypatch.setattr(pipeline_check.sandbox, "best", lambda *, trust: None)
    report = check(folder)
    assert report.skipped.startswith("plan.toml is blank at door: limit, owner, action") and not report.ok


def test_what_cannot_be_judged_is_one_thing_to_mend_and_no_end_of_the_check(monkeypatch):
    def breaks(*given):
        raise KeyError(77)

    monkeypatch.setattr(pipeline_check, "fly", breaks)
    judged = pipeline_check._one(None, "home visits end", FAULTS, None)
    assert [one.code for one in judged.findings] == ["unreadable"] and "KeyError: 77" in judged.findings[0].says


# looks ----------------------------------------------------------------------------------------------------------------
def test_a_link_in_the_state_is_not_followed(folder, tmp_path):
    (tmp_path / "secret").write_text("{}")
    (folder / "state").mkdir()
    (folder / "state" / "live.json").symlink_to(tmp_path / "secret")
    with pytest.raises(Unreadable, match=r"live\.json, which is no plain file"):
        look(folder, "k.strand")


def test_words_where_a_number_belongs_and_endless_brackets_say_nothing(folder):
    seen = log(folder, *(("k.strand", "alarm", {"week": week, "layer": "door"}) for week in (1, "two", [3], {}, True)))
    assert [told["week"] for told in seen.of("alarm")] == [1, None, None, None, None]
    (folder / "state" / "live.json").write_text("[" * 500_000)
    assert look(folder, "k.strand").live is None


def test_a_list_without_scores_is_counted_and_only_a_wrong_value_excuses_it():
    rows = pd.DataFrame({"stay": ["a", "b", "c"], "score": [0.2, np.nan, np.nan], "called": False, "digest": "d"})
    year = pd.DataFrame({"stay": ["a", "b", "c"], "week": 0})
    for wrong, codes, facts in ((["b", "c"], [], 1), (["b"], ["unscored"], 1), ([], ["unscored"], 0)):
        flown, judged = Flown("a year", CUT_OFF, year, [Look("k.strand", served={0: Served("a", rows)})]), Judged()
        honest._unscored(judged, flown, {0: np.isin(["a", "b", "c"], wrong)})
        assert ([one.code for one in judged.findings], len(judged.facts)) == (codes, facts)


def test_a_log_that_was_cut_or_built_anew_does_not_hold_against_the_look_before(folder):
    before = log(folder, ("k.strand", "step", {"week": 0}), ("k.strand", "refused", {"week": 0}))
    assert not before.broken
    (folder / "state" / "log.sqlite").unlink()
    assert look(folder, "k.strand", before).broken == "there is no log any more"
    log(folder, ("k.strand", "step", {"week": 0}))
    assert "ends at line 1, and had 2" in look(folder, "k.strand", before).broken
    log(folder, ("k.strand", "step", {"week": 1}), ("k.strand", "step", {"week": 2}))
    assert "not the line that the anchor names" in look(folder, "k.strand", before).broken


def test_lines_of_another_name_are_counted_and_a_second_name_must_be_one_that_was_asked(folder):
    released = {"model": "readmission", "digest": "d", "over": None, "version": 1}
    lines = [("t.abara", "proposed", {"digest": "d"}), ("k.strand", "approved", {"digest": "d"})]
    seen = log(folder, *lines, ("k.strand", "released", released), ("pipeline", "step", {"week": 3}))
    judged = Judged()
    judge_names(judged, [seen], CUT_OFF)
    assert [one.code for one in judged.findings] == ["actor", "second name"]
    assert "1 of 2 lines of the log say pipeline" in judged.findings[0].says
    assert "In week 3 a release by t.abara went to the wards with the name of k.strand" in judged.findings[1].says


def test_a_list_is_in_the_log_once_and_stays(folder):
    line = ("k.strand", "served", {"week": 0, "sha256": "a"})
    one, two = log(folder, line), log(folder, line)
    first = Look("k.strand", one.lines, served={0: Served("a", None)})
    for looks, code in (
        ([first], None),
        ([first, Look("k.strand", one.lines, served={0: Served("b", None)})], "list changed"),
        ([first, Look("k.strand", one.lines)], "list changed"),
        ([Look("k.strand", two.lines, served={0: Served("a", None)})], "list changed"),
        ([Look("k.strand", (), served={0: Served("a", None)})], "list before log"),
    ):
        judged = Judged()
        judge_kept(judged, looks)
        assert [found.code for found in judged.findings] == ([code] if code else [])


def test_a_score_may_be_of_the_true_value_or_of_none_and_of_nothing_else():
    stays = ["a", "b", "c", "d", "e"]
    said = {"told": [0.9, 0.9, 0.9, 0.1, 0.1], "true": [0.2, 0.2, 0.2, 0.1, 0.1], "missing": [0.3, 0.3, 0.3, 0.1, 0.1]}
    harmed = np.array([True, True, True, False, False])
    asked = Asked(1, {name: pd.Series(one, index=stays) for name, one in said.items()}, harmed)
    served = pd.DataFrame({"stay": stays, "score": [0.2, 0.3, 0.9, 0.1, 0.4]})
    assert unlike(asked, served) == {"wrong": 1, "of": 3, "other": 1}
    assert unlike(asked, served.assign(score=np.nan)) == {"wrong": 0, "of": 3, "other": 0}


def test_what_a_fault_changes_is_found_from_the_feed_itself(third_hospitals):
    from wardround.course.pipeline_check.flights import year_of
    from wardround.records import read_export

    flown = Flown("a year", FAULTS, year_of(read_export(third_hospitals[0]), FAULTS))
    for week, column in ((10, "creatinine"), (24, "sodium")):
        changed = flown.changed(week)
        assert list(changed.columns[changed.any()]) == [column]
        assert 20 < changed[column].sum() < len(changed)
    assert not flown.changed(20).to_numpy().any()  # a decoy changes no value that counts as wrong


# the report -----------------------------------------------------------------------------------------------------------
def test_what_a_learner_wrote_is_escaped_cut_and_made_printable(tmp_path):
    bad = "<script>\x1b[31m\u202e" + "x" * 5000
    report = Report(weeks=1, rows=[Row("a", "a fault", 3, bad, 4, bad)], findings=[Finding("c", bad, "W07.Q1")])
    assert report.cells[0][-1] == "right"
    text = "\n".join(report.lines)
    assert "\x1b" not in text and "\u202e" not in text and max(map(len, report.lines)) <= 900
    page = report.write(tmp_path / "pipeline.html").read_text()
    assert "<script>" not in page and "&lt;script&gt;" in page
    kept = orjson.loads((tmp_path / "pipeline.json").read_bytes())
    assert (kept["ok"], kept["rows"][0]["after"]) == (False, 1)


def test_two_flights_that_show_the_same_say_it_once():
    report = Report()
    for name, code in (("a", "tickets"), ("b", "tickets"), ("cut off", "killed: tickets"), ("cut off", "killed: log")):
        report.add(name, Judged(findings=[Finding(code, "It happened.", "a step")]))
    assert [one.code for one in report.findings] == ["tickets", "killed: log"]
    assert not report.ok and Report().ok and not Report(skipped="no box").ok


def test_numbers_are_said_as_people_read_them():
    assert of_thousand(159, 282) == "159 of 282 (564 of 1,000)"
    assert [weeks_of(one) for one in ([3], [3, 4, 5], [1, 3, 9, 12])] == [
        "week 3",
        "weeks 3 to 5",
        "weeks 1, 3, 9 and 1 more",
    ]
