"""What the learner's commands write: the record under two kernels, memos, kept results, and copies of a week."""

import json
import os
import subprocess
import sys

import nbformat
import numpy as np
import pandas as pd
import pytest
from test_course_learner import make_course
from wardround.course import loading, manifest, memo, predict, progress, questions, quiz, store, workspace


@pytest.fixture
def course(tmp_path, monkeypatch):
    made = make_course(tmp_path, monkeypatch)
    home = made.week
    (home / "1_lesson.ipynb").write_text(notebook("See [words](../glossary.md#grain).", "x = ..."))
    (home / "README.md").write_text(README)
    (home / "takeaway.md").write_text("Back to [the page](README.md).\n")
    (home / "keys.py").write_text("secret = 1\n")
    (home / "facilitator.md").write_text("for the lead\n")
    (made.root / "curriculum" / "glossary.md").write_text("Grain: see [week 1](week01_one/README.md).\n")
    (made.root / "curriculum" / "images").mkdir()
    (made.root / "curriculum" / "images" / "a.png").write_bytes(b"\x89PNG")
    (made.root / "solutions").mkdir()
    (made.root / "solutions" / "why.md").write_text("because\n")
    for folder in ("exercises", "solutions"):
        (made.root / folder).mkdir(exist_ok=True)
        (made.root / folder / "week01_one.ipynb").write_text(notebook("Exercise", "counts = ..."))
    yield made
    questions.week_questions_of.cache_clear()
    quiz.week_quiz.cache_clear()


README = """# Week 1
[lesson](1_lesson.ipynb) · [exercise](../../exercises/week01_one.ipynb) · [glossary](../glossary.md#grain)
![picture](../images/a.png "A picture") · [solution](../../solutions/week01_one.ipynb) · [HL7](https://hl7.org/fhir/)
[top](#week-1) · [gone](../nowhere.md)
[why](../../solutions/why.md) · [key](keys.py)

```
[not a link](../images/a.png)
```
"""


def notebook(*cells, outputs=()):
    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_markdown_cell(cells[0]), *map(nbformat.v4.new_code_cell, cells[1:])]
    for number, cell in enumerate(made.cells):
        cell.id = f"c{number}"
    made.cells[-1].outputs = [nbformat.v4.new_output("stream", text=text) for text in outputs]
    return nbformat.writes(made)


# --- the record


def test_progress_keeps_what_was_done_and_what_was_met(course):
    progress.record("W01.Q1", "not_attempted")
    assert not progress.STORE.path.exists()
    progress.record("W01.Q1", "misconception", "M16")
    progress.record("W01.Q1", "not_yet")
    assert progress.read().misconceptions["M16"].state == "open" and not progress.read().questions["W01.Q1"].done
    progress.record("W01.Q1", "right", ["M15"])
    progress.record("W01.Q1", "fragile", "M16")
    entry, met = progress.read().questions["W01.Q1"], progress.read().misconceptions
    assert entry.done and entry.verdict == "fragile" and entry.checks == 4
    assert met["M15"].state == "resisted" and met["M16"].state == "open" and met["M16"].met == {"W01.Q1": 2}
    progress.record_hint("W01.Q2", 2)
    progress.record_hint("W01.Q2", 1)
    assert progress.hints_taken("W01.Q2") == 2 and progress.hints_taken("W01.Q9") == 0
    assert "\n" in progress.STORE.path.read_text() and json.loads(progress.STORE.path.read_text())["version"] == 1


WRITER = """
import sys
from wardround.course import progress
for n in range(25):
    assert progress.record(f"W01.Q{n}", "misconception", "M16") is None
    assert progress.record(f"W02.Q{n}{sys.argv[1]}", "right") is None
"""


def test_two_kernels_at_once_lose_nothing(course):
    kernels = [subprocess.Popen([sys.executable, "-c", WRITER, str(n)], env=os.environ) for n in (1, 2)]
    assert [kernel.wait() for kernel in kernels] == [0, 0]
    done = progress.read()
    assert sum(done.misconceptions["M16"].met.values()) == 50 and len(done.questions) == 25 + 50
    assert [path.name for path in course.work.rglob("*") if path.is_file()].count("progress.json") == 1
    assert not list(course.work.rglob(".progress.json.????????"))


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[]", b'{"questions": {"W01.Q1": 3}}', b""])
def test_a_corrupt_record_is_set_aside_not_lost(course, capsys, content):
    progress.STORE.path.parent.mkdir(parents=True)
    progress.STORE.path.write_bytes(content)
    progress.record("W01.Q1", "right")
    assert progress.read().questions["W01.Q1"].done
    (aside,) = progress.STORE.path.parent.glob("progress.set-aside-*.json")
    assert aside.read_bytes() == content and aside.name in capsys.readouterr().out


def test_fields_of_a_newer_course_survive(course):
    progress.STORE.path.parent.mkdir(parents=True)
    progress.STORE.path.write_text('{"version": 1, "later": {"a": 1}}')
    progress.record("W01.Q1", "right")
    assert json.loads(progress.STORE.path.read_text())["later"] == {"a": 1}


def test_a_folder_that_cannot_be_written_stops_nothing(course):
    course.work.write_text("a file stands where the folder should be")
    assert "WARDROUND_WORK" in progress.record("W01.Q1", "right")
    assert "could not be kept" in str(predict.predict("W01.P1", 1, 2))
    told = str(quiz.quiz("W01.R1", "b"))
    assert "b is right" in told and "Not recorded" in told
    assert "not kept" in str(memo.keep("table", [1]))


def test_a_held_record_is_waited_for_then_said(course, monkeypatch):
    monkeypatch.setattr(store, "PATIENCE", 0.05)
    with progress.STORE.change(), pytest.raises(store.NotSaved, match="another kernel"), progress.STORE.change():
        pass


def test_an_interrupted_write_leaves_the_old_file(course, monkeypatch):
    progress.record("W01.Q1", "right")
    before = progress.STORE.path.read_bytes()

    def torn(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.os, "replace", torn)
    assert "No space left" in progress.record("W01.Q2", "right")
    monkeypatch.undo()
    assert before == (course.work / ".wardround" / "progress.json").read_bytes()
    assert sorted(os.listdir(course.work / ".wardround")) == [".progress.json.lock", "progress.json"]


# --- memo and keep


def test_memo_is_not_written_until_every_field_is(course):
    for fields in ({}, {"owner": ..., "threshold": 3, "because": "x"}, {"owner": " ", "threshold": 3, "because": "x"}):
        assert "not written yet" in str(memo.memo("W01.M", **fields))
    assert "owner: who acts" in str(memo.memo("W01.M", because="x", threshold=3))
    assert "no field ownr" in str(memo.memo("W01.M", because="x", ownr="me"))
    assert "No such memo" in str(memo.memo("W02.M", because="x"))
    assert "No such memo" in str(memo.memo("../W01.M", because="x"))
    assert not course.work.exists() and memo.read_memo("W01.M") is None


def test_memo_carries_its_origin_and_counts_words(course):
    told = str(memo.memo("W01.M", owner="the ward lead", threshold=np.float64(0.2), because="two words"))
    kept = memo.read_memo("W01.M")
    assert kept["fields"] == {"because": "two words", "owner": "the ward lead", "threshold": 0.2}
    assert kept["words"] == 6 and "6 of at most 150" in told and "memo.md" in told
    assert kept["checksum"] == "abc123" * 8 and kept["hospital"] == "quillmere" and kept["version"]
    assert kept["written_at"].endswith("Z")
    assert "50 words too many" in str(memo.memo("W01.M", owner="us", threshold=1, because="word " * 198))


def test_keep_round_trips_frames_and_plain_data(course):
    frame = pd.DataFrame(
        {"who": ["a", None], "at": pd.to_datetime(["2026-01-01", "2026-01-02"], utc=True), "n": [1, 2]}
    )
    memo.keep("cohort", frame)
    back, origin = memo.read_kept("cohort")
    pd.testing.assert_frame_equal(back, frame)
    assert origin["checksum"] == "abc123" * 8 and origin["name"] == "cohort"
    memo.keep("cohort", {"a": {3, 1}, "b": np.array([1.5, np.nan]), "c": pd.Timestamp("2026-01-01")})
    assert memo.read_kept("cohort")[0] == {"a": [1, 3], "b": [1.5, None], "c": "2026-01-01T00:00:00"}
    assert [path.name for path in (course.work / "kept").iterdir()] == ["cohort.json"]
    memo.keep("rates", pd.Series([1.0, 2.0], name="rate"))
    assert list(memo.read_kept("rates")[0]["rate"]) == [1, 2]


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "a\\b", "", ".x", "a.b", "CON", "lpt1", "x" * 65, "1a", "a\n", 7, "C:x"]
)
def test_names_that_could_lead_elsewhere_are_refused(course, name):
    assert "cannot be a name" in str(memo.keep(name, 1))
    assert not course.work.exists()
    with pytest.raises(FileNotFoundError):
        memo.read_kept(str(name))


def test_what_cannot_be_kept_gets_a_sentence(course):
    assert "not there yet" in str(memo.keep("later", ...))
    assert "function" in str(memo.keep("later", lambda: 1))
    assert "Parquet" in str(memo.keep("later", pd.DataFrame({"mixed": [1, object()]})))
    assert not course.work.exists()


def test_without_a_hospital_it_is_kept_and_said(course):
    loading._current.clear()
    assert "no hospital was open" in str(memo.keep("rate", 0.2))
    assert memo.read_kept("rate")[1]["checksum"] is None


# --- copies of a week


def silent(sentence):
    pass


def test_start_copies_what_a_learner_opens_and_no_more(course):
    folder = workspace.start(1, say=silent)
    there = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert there == ["1_lesson.ipynb", "README.md", "more/a.png", "more/glossary.md", "takeaway.md", "week01_one.ipynb"]
    assert folder == course.work / "week01"
    with pytest.raises(FileNotFoundError, match="Week 3"):
        workspace.start(3)


def test_links_of_copies_lead_somewhere_or_are_words(course):
    folder = workspace.start(1, say=silent)
    page = (folder / "README.md").read_text()
    assert "[exercise](week01_one.ipynb)" in page and "[glossary](more/glossary.md#grain)" in page
    assert '![picture](more/a.png "A picture")' in page and "[HL7](https://hl7.org/fhir/)" in page
    assert "solution (`solutions/week01_one.ipynb` in the repository)" in page and "[top](#week-1)" in page
    assert "gone (`curriculum/nowhere.md` in the repository)" in page
    assert "why (`solutions/why.md` in" in page and "key (`curriculum/week01_one/keys.py` in" in page
    assert "[not a link](../images/a.png)" in page
    lesson = nbformat.read(folder / "1_lesson.ipynb", as_version=4)
    assert lesson.cells[0].source == "See [words](more/glossary.md#grain)."
    assert "](" not in (folder / "more" / "glossary.md").read_text()


def test_running_a_lesson_does_not_touch_it_and_an_update_replaces_it(course):
    folder = workspace.start(1, say=silent)
    (folder / "1_lesson.ipynb").write_text(notebook("See [words](more/glossary.md#grain).", "x = ...", outputs=["ran"]))
    (course.week / "1_lesson.ipynb").write_text(notebook("Newer", "x = ..."))
    said = []
    workspace.start(1, say=said.append)
    assert "Newer" in (folder / "1_lesson.ipynb").read_text() and "newer version" in said[0]


def test_a_learners_changes_are_never_overwritten(course):
    folder, said = workspace.start(1, say=silent), []
    mine = notebook("Exercise", "counts = 12")
    (folder / "week01_one.ipynb").write_text(mine)
    workspace.start(1, say=said.append)
    assert said == ["week01_one.ipynb holds your changes and is kept."]
    for version in ("Second", "Third"):
        (course.root / "exercises" / "week01_one.ipynb").write_text(notebook(version, "counts = ..."))
        workspace.start(1, say=said.append)
        assert version in (folder / "week01_one.new.ipynb").read_text()
    (folder / "week01_one.new.ipynb").write_text(notebook("Third", "counts = 13"))
    workspace.start(1, say=silent)
    (course.root / "exercises" / "week01_one.ipynb").write_text(notebook("Fourth", "counts = ..."))
    workspace.start(1, say=silent)
    assert "counts = 13" in (folder / "week01_one.new.ipynb").read_text()
    assert any("Fourth" in path.read_text() for path in folder.glob("week01_one.new-*.ipynb"))
    assert (folder / "week01_one.ipynb").read_text() == mine


def test_a_file_that_was_there_before_is_kept_and_a_lost_one_comes_back(course):
    folder = course.work / "week01"
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("my own notes")
    workspace.start(1, say=silent)
    assert (folder / "README.md").read_text() == "my own notes" and (folder / "README.new.md").exists()
    (folder / "1_lesson.ipynb").unlink()
    workspace.start(1, say=silent)
    assert (folder / "1_lesson.ipynb").exists()


def test_reset_restores_with_a_backup(course):
    assert workspace.reset(1, say=silent) is None
    folder = course.work / "week01"
    (folder / "week01_one.ipynb").write_text("mine")
    (folder / "own.py").write_text("mine too")
    first, second = workspace.reset(1, say=silent), workspace.reset(1, say=silent)
    assert (first / "week01_one.ipynb").read_text() == "mine" and first != second
    assert "counts = ..." in (folder / "week01_one.ipynb").read_text() and (folder / "own.py").exists()


def test_copies_are_never_paired(course):
    from jupytext.config import find_jupytext_configuration_file, load_jupytext_configuration_file

    (course.root / "jupytext.toml").write_text('formats = "ipynb,py:percent"\n')
    folder = workspace.start(1, say=silent)
    found = find_jupytext_configuration_file(str(folder))
    assert os.path.samefile(found, course.work / "jupytext.toml")
    lesson = str(folder / "1_lesson.ipynb")
    assert not load_jupytext_configuration_file(found).default_formats(lesson)
    paired = load_jupytext_configuration_file(str(course.root / "jupytext.toml"))
    assert paired.default_formats(str(course.root / "a.ipynb"))


def test_the_appendix_is_copied_kept_and_reset_like_a_week(course):
    with pytest.raises(FileNotFoundError, match="no appendix"):
        workspace.start("appendix", say=silent)
    (course.root / "curriculum" / "appendix").mkdir()
    (course.root / "curriculum" / "appendix" / "more_machines.ipynb").write_text(
        notebook("See [words](../glossary.md#grain).", "x = ...")
    )
    folder = workspace.start("appendix", say=silent)
    there = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert folder == course.work / "appendix" and there == ["more/glossary.md", "more_machines.ipynb"]
    assert "(more/glossary.md#grain)" in nbformat.read(folder / "more_machines.ipynb", as_version=4).cells[0].source
    (folder / "more_machines.ipynb").write_text(notebook("Mine", "x = 12"))
    said = []
    workspace.start("appendix", say=said.append)
    assert said == ["more_machines.ipynb holds your changes and is kept."]
    backup = workspace.reset("appendix", say=silent)
    assert "Mine" in (backup / "more_machines.ipynb").read_text() and backup.name.startswith("appendix-")
    assert "Mine" not in (folder / "more_machines.ipynb").read_text()


# --- where the learner stands


def test_status_counts_core_questions_and_says_where_to_go_on(course):
    status = workspace.status()
    assert (status.done, status.questions, status.minutes_left) == (0, 3, 260)
    assert "wardround start 1" in status.resume and workspace.current_week() == 1
    workspace.start(1, say=silent)
    progress.record("W01.Q1", "misconception", "M16")
    progress.record("W01.Q1", "right")
    progress.record("W01.Q5", "right")
    status = workspace.status()
    assert (status.done, status.minutes_left, status.weeks[0].per_cent) == (1, 180, 50)
    assert status.mastery == {"M16": "put right"} and "W01.Q2, Find the grain (in work/week01)" in status.resume
    assert "1 of 3 questions done (33%), about 3 h 00 min left." in status.lines[0]
    assert json.loads(json.dumps(status.to_dict()))["weeks"][0]["minutes_left"] == 80
    progress.record("W01.Q2", "right")
    assert workspace.current_week() == 2 and "wardround start 2" in workspace.status().resume
    progress.record("W02.Q1", "right")
    assert "is done" in workspace.status().resume and workspace.status().minutes_left == 0


def test_current_week_is_the_one_last_opened(course, monkeypatch):
    times = iter(["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"])
    monkeypatch.setattr(workspace, "now", lambda: next(times))
    monkeypatch.setattr(workspace.StartedWeek.model_fields["started_at"], "default_factory", lambda: "2026")
    for week, current in ((1, 1), (2, 2), (1, 1)):
        workspace.start(week, say=silent)
        assert workspace.current_week() == current


def test_the_appendix_is_no_week_to_go_on_with(course):
    (course.root / "curriculum" / "appendix").mkdir()
    workspace.start(1, say=silent)
    workspace.start("appendix", say=silent)
    assert workspace.current_week() == 1 and "in work/week01" in workspace.status().resume


def test_status_without_a_manifest_says_so(course):
    (course.root / "course.toml").unlink()
    with pytest.raises(manifest.ManifestError, match="restore it"):
        workspace.status()
