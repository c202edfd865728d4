"""``wardround check pipeline``: the reference passes, and each broken pipeline is refused for its own reason."""

from __future__ import annotations

import shutil

import pipeline_cases as cases
import pytest
from broken_pipelines import BEFORE_THE_LOG, BROKEN, LONG, apply, story
from conftest import require
from wardround.course import pipeline as course
from wardround.course.grading import sandbox
from wardround.course.pipeline_check import judge
from wardround.course.pipeline_check.box import copied
from wardround.course.pipeline_check.flights import ONE, OTHER, Flown, fly, year_of
from wardround.course.pipeline_check.found import Judged
from wardround.course.pipeline_check.kills import KILLS, fly_and_kill, judge_killed
from wardround.course.pipeline_feed import (
    ABSENT,
    ALONE,
    CUT_OFF,
    DECOY,
    FIRST,
    GOOD,
    TYPO,
    UNIT,
    WORSE,
    Story,
    write_feed,
)
from wardround.records import read_export

SHORT = Story(
    faults={"unit": UNIT(range(2, 3)), "absent": ABSENT(range(3, 4)), "decoy": DECOY(range(4, 8))},
    candidates={0: FIRST, 1: WORSE, 3: ALONE, 4: GOOD, 6: TYPO},
    weeks=8,
)


@pytest.fixture(scope="module")
def hospital(third_hospitals):
    return read_export(third_hospitals[0])


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """``work/pipeline`` of somebody with all answers right; its own feed is left out."""
    require("bwrap")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WARDROUND_WORK", str(tmp_path_factory.mktemp("learner") / "work"))
        cases.exercised()
        feed = course.places.work() / "pipeline" / "feed"
        feed.mkdir(parents=True)
        (feed / "reference.parquet").touch()
        return cases.filled(course.start(say=lambda text: None))


@pytest.fixture
def pipeline(reference, tmp_path):
    return shutil.copytree(reference, tmp_path / "pipeline")


def bench(pipeline, hospital, told, folder):
    return copied(pipeline, folder / "bench", write_feed(folder / "feed", hospital, told), sandbox.best())


def flown(pipeline, hospital, told, runs, folder):
    return judge(fly(bench(pipeline, hospital, told, folder), "a year", told, year_of(hospital, told), runs))


def test_the_reference_passes_a_short_year_of_faults(pipeline, hospital, tmp_path):
    judged = flown(pipeline, hospital, SHORT, ((ONE, 3), (OTHER, 7)), tmp_path)
    assert not judged.findings
    assert not judged.without and not judged.false
    assert {row.fault: row.caught for row in judged.rows} == {
        UNIT(range(1)).says: "door",
        ABSENT(range(1)).says: "door",
        DECOY(range(1)).says: "inputs",
        "a model that sorts by chance": "gate",
        "approved by its author alone": "gate",
        "a good candidate, two names": "gate",
        "a threshold of 0.012 instead of 0.12": "outputs",
    }
    assert "3 of 3 stays explained" in judged.facts[0]
    assert "the bundle in force before it, all four parts" in judged.facts[1]


@pytest.mark.slow
def test_the_reference_goes_on_wherever_it_is_cut_off(pipeline, hospital, tmp_path):
    year = Flown("cut off", CUT_OFF, year_of(hospital, CUT_OFF))
    killed, judged = fly_and_kill(bench(pipeline, hospital, CUT_OFF, tmp_path), year), Judged()
    judge_killed(judged, killed)
    assert not judged.findings
    assert all(killed.met.values())


@pytest.mark.parametrize("name", [pytest.param(one, marks=pytest.mark.slow) if one in LONG else one for one in BROKEN])
def test_a_broken_pipeline_is_refused_for_its_own_reason(name, pipeline, hospital, tmp_path):
    broken = BROKEN[name]
    apply(pipeline, broken.changes)
    judged = flown(pipeline, hospital, broken.story, broken.runs, tmp_path)
    assert judged.findings
    assert judged.findings[0].code == broken.code
    assert broken.says in judged.findings[0].says
    assert {one.code for one in judged.findings} <= {broken.code, f"{broken.code} unheard", *broken.also}
    assert all(len(str(one).split()) <= 90 for one in judged.findings)


def test_a_list_that_is_out_before_the_log_has_it_is_seen_by_a_kill(pipeline, hospital, tmp_path):
    apply(pipeline, BEFORE_THE_LOG)
    told = story(1)
    kills = [one for one in KILLS if one[0] == "before the list's line"]
    killed = fly_and_kill(bench(pipeline, hospital, told, tmp_path), Flown("cut", told, year_of(hospital, told)), kills)
    judged = Judged()
    judge_killed(judged, killed)
    assert [one.code for one in judged.findings] == ["killed: list before log"]
