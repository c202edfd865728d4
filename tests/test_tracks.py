"""Tracks of 8, 10 and 12 weeks: what ``course.toml`` says of them holds, and the learner is told where they are."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner
from wardround import cli
from wardround.course import manifest, places, progress, questions, tracks, workspace
from wardround.course.playbook_facts import MEMOS
from wardround.operations.portfolio import PAGES

ROOT = Path(__file__).resolve().parents[1]
RUN = CliRunner()
COURSE = manifest.read_course(ROOT / "course.toml")
BY_LENGTH = {track.weeks: track for track in COURSE.track}


@pytest.fixture
def learner(tmp_path, monkeypatch):
    """The course as it is, and a folder of a learner who has done nothing."""
    monkeypatch.setenv("WARDROUND_WORK", str(tmp_path / "work"))
    monkeypatch.delenv("WARDROUND_BOX", raising=False)
    return tmp_path / "work"


def core(week):
    return [name for name, asked in questions.week_questions(week).items() if not asked.stretch]


def finish(*weeks):
    for week in weeks:
        workspace.STORE.path.parent.mkdir(parents=True, exist_ok=True)
        with workspace.STORE.change() as record:
            record.weeks[str(week)] = workspace.StartedWeek(last_at=f"2026-01-{week:02d}")
        for name in core(week):
            progress.record(name, "right")


def test_there_are_three_tracks_and_they_double_late():
    assert sorted(BY_LENGTH) == [8, 10, 12]
    for track in COURSE.track:
        doubled = [place for place, session in enumerate(track.sessions) if len(session) > 1]
        assert not doubled or (min(doubled) >= 4 and max(map(len, track.sessions)) == 2)
        assert doubled == [] or track.weeks < 12


@pytest.mark.parametrize("length", [8, 10, 12])
def test_a_track_keeps_every_week_there_is_in_order_with_what_it_needs(length):
    track = BY_LENGTH[length]
    order = [week for session in track.sessions for week in session]
    assert order == sorted(week.number for week in COURSE.week) == list(range(1, 13))
    assert all((places.week_folder(week) / "questions.py").is_file() for week in order)
    for week in COURSE.week:
        assert all(track.calendar_week(need) <= track.calendar_week(week.number) for need in week.needs)
        assert week.number == 1 or week.needs, f"week {week.number} stands on nothing before it"
    minutes = sum(COURSE.number(week).minutes for week in order)
    assert minutes == sum(week.minutes for week in COURSE.week), "a shorter track is the same work"


def test_artefacts_name_the_weeks_that_their_code_reads():
    made_of = {artefact.id: set(artefact.weeks) for artefact in COURSE.artefact}
    assert sorted(made_of) == ["A1", "A2", "A3", "A4"]
    read = {part.week or page.week for page in PAGES for part in page.parts}
    assert read <= made_of["A1"] | made_of["A3"]
    assert {int(memo[1:3]) for memo in MEMOS} <= made_of["A4"]
    needs = {week.number: set(week.needs) for week in COURSE.week}
    assert {int(memo[1:3]) for memo in MEMOS} <= needs[12]


@pytest.mark.parametrize("length", [8, 10, 12])
def test_every_artefact_becomes_whole_in_some_calendar_week(length):
    track = BY_LENGTH[length]
    whole = [name for number in range(1, length + 1) for name in tracks.completes(COURSE, track, number)]
    assert sorted(whole) == ["A1", "A2", "A3", "A4"] and whole[0] == "A2" and whole[-1] == "A4"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("[9, 10], [11, 12]]\nleft_out = []", "[9, 10], [11]]\nleft_out = []", "does not place each week once"),
        (
            "[9, 10], [11, 12]]\nleft_out = []",
            "[9, 10], [12]]\nleft_out = [11]",
            "leaves out week 11, which week 12 needs",
        ),
        ("[5, 6], [7, 8], [9, 10]", "[6, 5], [7, 8], [9, 10]", "leaves the course's order"),
        ("[5, 6], [7, 8], [9, 10]", "[5, 6, 7, 8], [9, 10]", "a track of 8 weeks has 8 sessions"),
        ("[9, 10], [11, 12]]\nleft_out = []", "[9, 10], [11]]\nleft_out = [12]", "week 12, of which A4 is made"),
        ("needs = [1]\n", "needs = [3]\n", "needs week 3, which does not come before it"),
    ],
)
def test_a_track_that_does_not_hold_together_is_refused(tmp_path, before, after, told):
    text = (ROOT / "course.toml").read_text()
    assert text.count(before) == 1
    (tmp_path / "course.toml").write_text(text.replace(before, after))
    with pytest.raises(manifest.ManifestError, match=told):
        manifest.read_course(tmp_path / "course.toml")


def test_the_usual_track_has_twelve_weeks(learner):
    stands = workspace.status().track
    assert (stands.weeks, stands.calendar_week, stands.here, stands.then) == (12, 1, [1], [2])
    assert stands.minutes_left == COURSE.number(1).minutes and not tracks.STORE.path.exists()


def test_a_chosen_track_is_kept_and_status_follows_it(learner):
    said = RUN.invoke(cli.app, ["track", "8"])
    assert said.exit_code == 0 and "Calendar week 5: weeks 5 and 6 of the course, about 5 h 20 min." in said.output
    assert "Nothing of the core is left out" in said.output and "nothing here is a deadline" in said.output
    finish(1, 2, 3, 4)
    stands = workspace.status().track
    assert (stands.weeks, stands.calendar_week, stands.here, stands.then) == (8, 5, [5, 6], [7, 8])
    assert stands.minutes_left == 320 and stands.minutes_before == 0
    finish(5)
    shown = RUN.invoke(cli.app, ["status"]).output
    assert (
        "Your track has 8 weeks, and you are in calendar week 5: weeks 5 and 6 of the course, about 2 h 40 min left."
        in shown
    )
    RUN.invoke(cli.app, ["track", "10"])
    assert workspace.status().track.calendar_week == 6, "the same work in another track"
    assert json.loads(RUN.invoke(cli.app, ["status", "--json"]).output)["track"]["weeks"] == 10


def test_what_was_jumped_over_waits_without_reproach(learner):
    tracks.choose(8)
    finish(1, 2, 5, 6)
    stands = workspace.status().track
    assert stands.calendar_week == 6 and stands.minutes_before == 320
    assert "About 5 h 20 min of earlier weeks are open; they wait for you. Next comes weeks 9 and 10" in stands.line
    assert "A2 becomes whole in it." in stands.line


def test_the_end_of_a_track_is_said(learner):
    finish(*range(1, 13))
    assert workspace.status().track.line == "Your track of 12 weeks is done, every core question of it."


def test_all_tracks_are_told_with_their_minutes_and_a_wrong_one_with_the_right_ones(learner):
    said = RUN.invoke(cli.app, ["track"]).output
    assert "12 weeks, yours: about 2 h 40 min in each week." in said
    assert "about 5 h 20 min in the 2 that hold two (7 and 8, 11 and 12)" in said and "wardround track 8" in said
    refused = RUN.invoke(cli.app, ["track", "9"])
    assert isinstance(refused.exception, LookupError) and "choose 8 or 10 or 12" in str(refused.exception)
    assert not tracks.STORE.path.exists()


def test_a_record_of_a_track_that_is_gone_falls_back(learner):
    tracks.choose(8)
    tracks.STORE.path.write_text('{"weeks": 6}')
    assert tracks.chosen().weeks == 12


def test_the_readme_tells_of_the_lengths_that_there_are():
    held = tomllib.loads((ROOT / "course.toml").read_text())["track"]
    assert [one["weeks"] for one in held] == [12, 10, 8]
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert "`python start.py track 8`" in text and "`python start.py track 10`" in text
