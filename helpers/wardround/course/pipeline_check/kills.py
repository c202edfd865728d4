"""Killed and started again: cut off at moments where something is half done, and looked at each time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from wardround.course.pipeline_check.box import Copy
from wardround.course.pipeline_check.caught import judge_first, judge_releases, judge_weeks
from wardround.course.pipeline_check.flights import ONE, Flown
from wardround.course.pipeline_check.found import Judged
from wardround.course.pipeline_check.honest import judge_lists, judge_live, judge_log, judge_names
from wardround.course.pipeline_check.looks import look

KILLS: tuple[tuple[str, dict[str, Any]], ...] = (  # in the order in which a run meets them
    ("after the second name", {"when": "after", "action": "approved"}),
    ("released, not shown", {"renames": "live.json"}),
    ("before the list's line", {"when": "before", "action": "served"}),
    ("list logged, not out", {"renames": "week-00.csv"}),
    ("in the middle of a week", {"when": "after", "action": "step", "nth": 4}),
    ("release logged", {"when": "after", "action": "released"}),
    ("before the rollback's line", {"when": "before", "action": "rolled back"}),
    ("rollback logged", {"when": "after", "action": "rolled back"}),
)


@dataclass
class Killed:
    """What the cuts came to: by moment, whether it was met."""

    flown: Flown
    met: dict[str, bool] = field(default_factory=dict)


def fly_and_kill(copy: Copy, flown: Flown, kills: Sequence[tuple[str, dict[str, Any]]] = KILLS) -> Killed:
    """Run, cut off, look, start again, for each of the kills; then once to the end."""
    killed, until = Killed(flown), ["--as", ONE, "--until", str(flown.story.weeks - 1)]
    for moment, where in (*kills, ("", None)):
        said = copy.run(until, kill=where)
        if moment:
            killed.met[moment] = bool(said.killed) and not said.ended
        flown.ended.append(said.ended[0] if said.ended else "")
        flown.looks.append(look(copy.home, ONE, flown.looks[-1] if flown.looks else None))
        flown.cpu += said.cpu
    return killed


def judge_killed(judged: Judged, killed: Killed) -> None:
    """It goes on or says why not; no list has changed, no line is lost, nothing is released that two had not signed."""
    flown, own = killed.flown, Judged()
    met = sum(killed.met.values())
    judged.facts.append(f"at {met} of {len(killed.met)} moments, and started again")
    if judge_log(own, flown.looks):
        judge_names(own, flown.looks, flown.story)
        if stopped := next((words for words in flown.ended if words), ""):
            own.mend("", f"Started again it did not go on: {stopped}", "steps/ and what run.py finds at its start")
        elif judge_first(own, flown):
            judge_weeks(own, flown)
            judge_lists(own, flown)
            judge_live(own, flown.looks[-1:])
            judge_releases(own, flown)
    for one in own.findings:
        judged.mend(f"killed: {one.code or 'does not go on'}", f"Cut off and started again: {one.says}", one.mend)
    if not met:
        judged.mend("killed: not met", "None of the moments was met, so nothing is known.", "write through house.write")
