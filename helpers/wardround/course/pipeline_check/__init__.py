"""``wardround check pipeline``: the learner's pipeline flown over years with faults, judged by what it left behind.

The pipeline runs in the grading box, on copies, over feeds of a hospital that the learner has not seen. What it says of
itself counts only where nothing else can be looked at: that somebody was called is a line of its log.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from wardround.course import loading, places
from wardround.course.grading import sandbox
from wardround.course.pipeline_check import caught, honest
from wardround.course.pipeline_check.box import NEEDED, Copy, NoPipeline, copied
from wardround.course.pipeline_check.flights import ONE, OTHER, Flown, Runs, fly, year_of
from wardround.course.pipeline_check.found import Finding, Judged
from wardround.course.pipeline_check.kills import fly_and_kill, judge_killed
from wardround.course.pipeline_check.looks import Unreadable
from wardround.course.pipeline_check.report import Report
from wardround.course.pipeline_feed import CUT_OFF, FAULTS, HOME_VISITS_END, THE_MODEL_CALLS, Story, write_feed
from wardround.operations.pipeline import Stop
from wardround.operations.pipeline_desk import plan_of
from wardround.records import read_export

FLIGHTS: dict[str, tuple[Story, Runs]] = {
    "year of faults": (FAULTS, ((ONE, 20), (OTHER, 33), (ONE, 51))),
    "home visits end": (HOME_VISITS_END, ((ONE, 43),)),
    "the model helps": (THE_MODEL_CALLS, ((OTHER, 51),)),
}
KILLED = "cut off"
AT_A_TIME = 2
STATE = "what your steps write into state/"
Progress = Callable[[float, str], None]


def check(pipeline: Path | None = None, *, trust: bool = False, progress: Progress | None = None) -> Report:
    """Fly a pipeline and judge it.

    Parameters
    ----------
    pipeline
        By default ``work/pipeline``.
    trust
        Run it also where no box protects this machine from it.

    Returns
    -------
    Report
        ``skipped`` says why where this machine has no box, or the plan is blank.

    Raises
    ------
    NoPipeline
        There is none, or it is not whole.
    """
    pipeline, progress = pipeline or places.work() / "pipeline", progress or (lambda done, what: None)
    if lacking := [name for name in NEEDED if not (pipeline / name).exists()]:
        raise NoPipeline(f"{pipeline} has no {', '.join(lacking)}; `wardround start pipeline` lays it out.")
    try:
        box = sandbox.best(trust=trust)
    except sandbox.NoSandbox as trouble:
        return Report(skipped=str(trouble))
    try:
        plan_of(pipeline / "plan.toml")  # read, not run: blank, every flight would end at its first word
    except Stop as trouble:
        return Report(skipped=str(trouble))
    began, spent = time.monotonic(), _processor()
    progress(0.0, "making years with faults")
    hospital = read_export(loading.ensure_hospitals(progress=progress)[1])
    stories = {name: story for name, (story, _) in FLIGHTS.items()} | {KILLED: CUT_OFF}
    with tempfile.TemporaryDirectory(prefix="wardround-pipeline-") as folder:
        benches = {}
        for name, story in stories.items():
            feed = write_feed(Path(folder) / name / "feed", hospital, story)
            benches[name] = copied(pipeline, Path(folder) / name, feed, box)
        ended = _all(benches, stories, hospital, progress)
    report = Report(level=box.level, weeks=sum(story.weeks for story in stories.values()))
    for name in stories:
        report.add(name, ended[name])
    report.seconds, report.processor = time.monotonic() - began, _processor() - spent
    report.processor += sum(one.cpu for one in ended.values())
    return report


def check_and_write(*, trust: bool = False, progress: Progress | None = None) -> tuple[Report, Path | None]:
    """Check ``work/pipeline``, and write the report as a page and as JSON beside the other artefacts.

    Returns
    -------
    tuple
        The report, and the page (None where nothing was flown).
    """
    report = check(trust=trust, progress=progress)
    if report.skipped:
        return report, None
    place = places.work() / "portfolio" / "pipeline.html"
    place.parent.mkdir(parents=True, exist_ok=True)
    return report, report.write(place)


def _all(benches: dict[str, Copy], stories: dict[str, Story], hospital: Any, progress: Progress) -> dict[str, Judged]:
    """Fly all, two at a time; the bar counts the lists that lie there."""
    ended: dict[str, Judged] = {}
    weeks = sum(story.weeks for story in stories.values())
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        rows = {name: year_of(hospital, story) for name, story in stories.items()}
        order = [KILLED, *FLIGHTS]  # the one that starts most processes first
        flying: dict[Future, str] = {pool.submit(_one, benches[n], n, stories[n], rows[n]): n for n in order}
        while flying:
            done, _ = wait(flying, timeout=1.0, return_when=FIRST_COMPLETED)
            for one in done:
                ended[flying.pop(one)] = one.result()
            lists = sum(len(list((one.home / "state" / "served").glob("*.csv"))) for one in benches.values())
            progress(min(lists / weeks, 0.99), f"{lists} of {weeks} weeks flown")
    return ended


def _processor() -> float:
    """Seconds of a processor that this process has taken; the box tells its own."""
    return sum(os.times()[:2])


def _one(bench: Copy, name: str, story: Story, rows: Any) -> Judged:
    try:
        if name == KILLED:
            killed = fly_and_kill(bench, Flown(name, story, rows))
            judged = Judged(cpu=killed.flown.cpu)
            judge_killed(judged, killed)
            return judged
        return judge(fly(bench, name, story, rows, FLIGHTS[name][1]))
    except Unreadable as trouble:
        return Judged(findings=[Finding("unreadable", str(trouble), STATE)])
    except Exception as trouble:  # learner code wrote what is judged: whatever it is, the other flights are told of
        words = f"The flight “{name}” could not be judged ({type(trouble).__name__}: {str(trouble)[:200]})."
        return Judged(findings=[Finding("unreadable", words, STATE)])


def judge(flown: Flown) -> Judged:
    """Say what a flight comes to; where the log does not hold, or no list went out, nothing else is judged by it."""
    judged = Judged(cpu=flown.cpu)
    if not honest.judge_log(judged, flown.looks) or not caught.judge_first(judged, flown):
        return judged
    caught.judge_weeks(judged, flown)
    if (words := next((one for one in flown.ended if one), "")) and not judged.findings:
        judged.mend("stopped", f"run.py ended with: {words}", "what the sentence names")
    honest.judge_names(judged, flown.looks, flown.story)
    honest.judge_lists(judged, flown)
    honest.judge_live(judged, flown.looks)
    honest.judge_explained(judged, flown)
    caught.judge_feed(judged, flown)
    caught.judge_releases(judged, flown)
    caught.judge_quiet(judged, flown)
    caught.judge_outcomes(judged, flown)
    return judged
