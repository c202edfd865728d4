"""What the pipeline's command does beside its steps: one run at a time, the plan, an approval, an explanation."""

from __future__ import annotations

import contextlib
import json
import os
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from wardround.operations.pipeline import House, Stop
from wardround.operations.releases import Refused

ACTIONS = ("mend the feed", "look", "leave", "roll back", "recalibrate", "retrain", "pause")
OWNERS = ("on call", "model owner", "feed owner", "clinical lead")
NUMBERS = {"door": ("limit",), "inputs": (), "outputs": ("limit",), "outcomes": ("low", "high")}


@contextlib.contextmanager
def locked(state: Path) -> Iterator[None]:
    """Let one process run at a time; a lock whose process is gone is taken over, and that is said.

    Raises
    ------
    Stop
        Another run is at work.
    """
    path, ours, us = state / "running", _lock_of(os.getpid()), os.getpid()
    state.mkdir(parents=True, exist_ok=True)
    beside = state / f".running.{us}"
    try:
        while True:
            beside.write_text(ours)
            try:
                os.link(beside, path)  # whole or not there, and never over another's
                break
            except FileExistsError:
                found = path.read_text()
                pid = int(found.split()[0]) if found.split() else 0
                # our own number is a dead run's: in a box processes are numbered from 2 again
                if pid != us and psutil.pid_exists(pid) and _lock_of(pid) == found:
                    raise Stop(f"Another run is at work here (process {pid}); wait for it, or end it first.") from None
                print(f"The last run (process {pid}) was cut off; this one goes on where the log ends.")
                path.unlink(missing_ok=True)
            finally:
                beside.unlink(missing_ok=True)
        yield
    finally:
        with contextlib.suppress(OSError):
            if path.read_text() == ours:
                path.unlink()


def _lock_of(pid: int) -> str:
    """A process by number and start: numbers come again."""
    with contextlib.suppress(psutil.Error):
        return f"{pid} {psutil.Process(pid).create_time():.2f}\n"
    return f"{pid} gone\n"


def plan_of(path: Path) -> dict[str, dict[str, Any]]:
    """Return the monitoring plan.

    Raises
    ------
    Stop
        It is blank in places, or says what nobody can follow; the message names the first.
    """
    try:
        plan = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as trouble:
        raise Stop(f"{path} cannot be read ({trouble}); every value stands in quotes or is a number.") from trouble
    for layer, numbers in NUMBERS.items():
        found = plan.get(layer, {})
        if blank := [name for name in (*numbers, "owner", "action") if found.get(name, "") == ""]:
            raise Stop(
                f"{path.name} is blank at {layer}: {', '.join(blank)}. Fill it from your monitoring plan (W08.M): "
                "nothing is served by a model that nobody has promised to watch."
            )
        for name in numbers:
            if isinstance(found[name], bool) or not isinstance(found[name], (int, float)) or found[name] <= 0:
                raise Stop(
                    f"{path.name}, {layer}: {name} is {found[name]!r}, and must be a number above 0, without quotes."
                )
        for name, known in (("owner", OWNERS), ("action", ACTIONS)):
            if found[name] not in known:
                raise Stop(f"{path.name}, {layer}: {name} is {found[name]!r}; take one of: {', '.join(known)}.")
    return plan


def approve(house: House, digest: str | None, because: str) -> None:
    """Write the calling user's approval of a bundle that waits.

    Raises
    ------
    Stop
        No such bundle waits, there is no reason, or it is the author's own.
    """
    state = house.standing()
    waiting = [
        one for one, found in state.proposals.items() if found.approved_by is None and found.over == state.current
    ]
    named = [one for one in waiting if digest and one.startswith(digest)]
    if len(named) != 1 or not because.strip():
        names = ", ".join(one[:12] for one in waiting) or "nothing"
        raise Stop(
            f"Name one bundle that waits ({names}) and say why: python run.py approve DIGEST --as NAME --because WORDS"
        )
    try:
        house.releases.approve(named[0], house.actor, because)
    except Refused as trouble:
        raise Stop(str(trouble)) from trouble
    house.say(f"Approved by {house.actor}. The next week's run asks the gate once more, and releases it.")


def roll_back(house: House, bring_back: Callable[[House, str], str], because: str) -> None:
    """Return to the release before, at the calling user's word; one person may.

    Raises
    ------
    Stop
        There is no reason, no earlier release, or ``bring_back`` does not bring back all of one.
    """
    if not because.strip():
        raise Stop("Say why: python run.py rollback --as NAME --because WORDS")
    if len(house.standing().releases) < 2:
        raise Stop("There is no earlier release to return to. To have no list, do not run it; the ward works without.")
    try:
        digest = bring_back(house, because)
    except Exception as trouble:
        raise Stop(f"Nothing was rolled back: {type(trouble).__name__}: {trouble}") from trouble
    house.say(f"Rolled back by {house.actor} to {digest[:12]}, all four parts; the next list comes from it.")


def explain(house: House, stay: str | None) -> None:
    """Say what was in force when a stay was listed and what it said: the learner's ``explain`` against the list."""
    decision, found = explained(house, stay)
    same = abs(found["score"] - decision.score) < 1e-7 and abs(found["rebuilt"] - decision.score) < 1e-7
    called = "called" if decision.called else "not called"
    if found["called"] and not decision.called:
        called += " (on the list, and drew a ticket or does not go home)"
    house.say(f"{stay}, listed {decision.at:%Y-%m-%d %H:%M} UTC: {100 * decision.score:.1f}%, {called}")
    house.say(f"  in force       version {found['version']}, threshold {found['threshold']}")
    for what, score in (
        ("as listed", decision.score),
        ("explained", found["score"]),
        ("trained again", found["rebuilt"]),
    ):
        house.say(f"  {what:14s} {score:.10f}")
    house.say(
        "All three agree." if same else "They do NOT agree: this function does not explain what was said (W07.Q1)."
    )


def explained(house: House, stay: str | None) -> tuple[Any, dict[str, Any]]:
    """Return the line of a stay on its list and what the learner's ``explain`` says of it.

    Raises
    ------
    Stop
        It was on no list.
    """
    import mlflow

    archive = house.archive()
    rows = archive.decisions[archive.decisions["encounter_id"] == stay] if house.lists() else []
    if not len(rows):
        raise Stop(f"{f'{stay} is on no list' if stay else 'Name a stay'}; take one from a file of state/served.")
    mlflow.set_tracking_uri(archive.uri)
    decision = next(rows.itertuples(index=False))
    return decision, house.answers.explain(decision, archive)


def read_out(house: House) -> None:
    """Say every line of the log, without the parts of a bundle."""
    for line, told in house.story():
        shown = json.dumps({name: value for name, value in told.items() if name != "bundle"}, ensure_ascii=False)
        house.say(f"{line.number:4d}  {line.at}  {line.actor}  {line.action}  {shown}")


def told_of(house: House, week: int) -> str:
    """Return what a week came to, in a line and one more for each thing that somebody must know."""

    def of(action: str) -> list[dict[str, Any]]:
        return [one for one in house.lines(action) if one.get("week") == week]

    steps = {one["step"]: one for one in of("step")}
    said = []
    for one in of("served"):
        blank = f", {one['unscored']} WITHOUT A SCORE" if one["unscored"] else ""
        scored = one["rows"] - one["unscored"]
        said.append(f"{scored} stays scored{blank}, {one['called']} to call. {one['said']}".rstrip())
    said = said or [f"NO LIST: {one['why']}; the ward works without one" for one in of("no list")]
    said += [f"released {one['released'][:12]}" for one in steps.values() if one.get("released")]
    for one in of("not released"):
        said.append(f"not released: {one['candidate']} ({'; '.join(one['rules'])})")
        if one["rules"] == ["approval"] and (digest := steps.get("register", {}).get("digest")):
            said.append(f"it waits: python run.py approve {digest[:12]} --as ANOTHER.NAME --because WORDS")
    for one in of("alarm"):
        said.append(f"ALARM {one['layer']}, {one['signal']}: {one['why']} → {one['owner']}: {one['action']}")
    for name, one in steps.items():
        if one["ended"] == "stopped" and name not in ("validate", "deploy"):
            said.append(f"step {name} stopped: {one['why']}")
    back = steps.get("rollback", {})
    if back.get("to"):
        said.append(f"rolled back to {back['to'][:12]}, all four parts")
    elif back.get("ended") == "ok" and back.get("why"):
        said.append(f"nothing was rolled back: {back['why']}")
    return f"week {week:2d}  " + "\n         ".join(said)
