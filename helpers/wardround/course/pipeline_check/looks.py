"""What a pipeline left behind, read without believing it: the log's chain, the lists as files, what is shown as live.

Learner code wrote all of it. So only plain files are opened, no model is loaded, the log is read from a copy, and what
was seen at one look is held against the next.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from wardround.operations.bundle import Bundle
from wardround.operations.ledger import Anchor, Ledger, Line
from wardround.operations.pipeline import MODEL, PARTS
from wardround.operations.releases import State, replayed

LARGEST = 64 * 2**20  # bytes of a file that is read
COLUMNS = ("stay", "score", "called", "digest")


class Unreadable(ValueError):
    """What lies in ``state`` is not what a pipeline leaves; the message says what and where."""


@dataclass(frozen=True)
class Served:
    """One list as it lies there: its hash, and its rows, or what is wrong with them."""

    sha256: str
    rows: pd.DataFrame | None
    trouble: str = ""


@dataclass(frozen=True)
class Look:
    """The state after a run.

    Attributes
    ----------
    broken
        The first line of the log that does not hold, as a sentence; empty where all do.
    served
        The lists, by week.
    live
        ``live.json``; None where there is none.
    """

    actor: str
    lines: tuple[Line, ...] = ()
    broken: str = ""
    served: dict[int, Served] = field(default_factory=dict)
    live: dict[str, Any] | None = None

    @property
    def anchor(self) -> Anchor | None:
        """Where the log ended, to hold the next look against."""
        return Anchor(self.lines[-1].number, self.lines[-1].hash) if self.lines else None

    @cached_property
    def told(self) -> list[tuple[Line, dict[str, Any]]]:
        """Each line with what it says; a detail that is no dictionary says nothing, and a week is a number or None."""
        return [(line, _detail(line)) for line in self.lines]

    def of(self, action: str) -> list[dict[str, Any]]:
        """What the lines of an action say."""
        return [told for line, told in self.told if line.action == action]

    @cached_property
    def state(self) -> State:
        """What the log says of the releases, by the rules that hold for whoever wrote it."""
        return replayed(self.lines, MODEL)

    @cached_property
    def weeks(self) -> dict[int, int]:
        """By number of a line, the week in which it was written: its own, or that of the next line that has one."""
        week, found = -1, {}
        for line, told in reversed(self.told):
            week = told["week"] if type(told.get("week")) is int and line.action != "proposed" else week
            found[line.number] = week
        return found

    def in_force(self, week: int) -> Bundle | None:
        """The bundle in force, by the log, when the list of a week went out; None where none was or no list did."""
        ends = [line.number for line, told in self.told if line.action == "served" and told.get("week") == week]
        state = replayed(self.lines[: ends[0] - 1], MODEL) if ends else None
        return state.bundles[state.current] if state and state.current else None


def look(home: Path, actor: str, before: Look | None = None) -> Look:
    """Read the state of a pipeline.

    Parameters
    ----------
    actor
        On whose behalf the run was that ended now.
    before
        The look before, whose end of the log this one must still hold.

    Raises
    ------
    Unreadable
        There is something else than plain files.
    """
    state = home / "state"
    odd = [path for path in state.rglob("*") if path.is_symlink() or not (path.is_file() or path.is_dir())]
    if state.is_symlink() or odd:
        raise Unreadable(
            f"state/ holds {(odd or [state])[0].name}, which is no plain file; a pipeline writes files only."
        )
    lines, broken = _log(state / "log.sqlite", before.anchor if before else None)
    served = {}
    for path in sorted((state / "served").glob("*.csv")):
        if found := re.fullmatch(r"week-(\d\d)\.csv", path.name):
            served[int(found[1])] = _list(path)
    return Look(actor, lines, broken, served, _live(state / "live.json"))


def parts(bundle: Bundle) -> dict[str, Any]:
    """What ``live.json`` must show of a bundle, computed here."""
    contract = hashlib.sha256(json.dumps(bundle.contract, sort_keys=True).encode()).hexdigest()
    shown = (bundle.version, bundle.feature_code.sha256, contract, bundle.policy.threshold)
    return dict(zip(PARTS, shown, strict=True)) | {"digest": bundle.digest}


def _log(path: Path, anchor: Anchor | None) -> tuple[tuple[Line, ...], str]:
    if not path.exists():
        return (), "there is no log any more" if anchor else ""
    with tempfile.TemporaryDirectory(prefix="wardround-log-") as folder:
        for one in path.parent.glob("log.sqlite*"):  # after a kill, its journal too
            if one.stat().st_size > LARGEST:
                return (), f"{one.name} is larger than 64 MB"
            shutil.copyfile(one, Path(folder) / one.name)
        log = Ledger(Path(folder) / path.name)
        found = log.verify(anchor)
        try:
            return tuple(log.lines()), found.why if found else ""
        except OSError as trouble:
            return (), str(trouble)


def _list(path: Path) -> Served:
    if path.stat().st_size > LARGEST:
        return Served("", None, "it is larger than 64 MB")
    content = path.read_bytes()
    sha = hashlib.sha256(content).hexdigest()
    try:
        rows = pd.read_csv(io.BytesIO(content), dtype={"stay": str})
    except ValueError as trouble:
        return Served(sha, None, f"it is no table ({str(trouble)[:100]})")
    if lacking := [name for name in COLUMNS if name not in rows]:
        return Served(sha, None, f"it has no {', '.join(lacking)}")
    score, called = pd.to_numeric(rows["score"], errors="coerce"), rows["called"].astype(str).str.lower().eq("true")
    return Served(sha, rows[list(COLUMNS)].assign(score=score, called=called))


def _live(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_bytes()) if path.stat().st_size < 2**20 else None
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _detail(line: Line) -> dict[str, Any]:
    try:
        told = line.told()
    except (ValueError, RecursionError):
        return {}
    told = told if isinstance(told, dict) else {}
    return told if type(told.get("week", 0)) is int else {**told, "week": None}
