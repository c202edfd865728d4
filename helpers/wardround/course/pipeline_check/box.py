"""A learner's pipeline on a bench of its own: copied without its state, run in the box, looked at from outside."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from wardround.course.grading.sandbox import Bench, Sandbox
from wardround.course.grading.shelf import shelf
from wardround.course.process import heard, opened

NOT_COPIED = ("state", "feed", "__pycache__")
NEEDED = ("run.py", "plan.toml", "answers.py", "steps")
MOST_COPIED = 20 * 2**20  # bytes: what a learner writes is a hundredth of it
SECONDS = 600.0  # for one run of a year, on a machine that does much else


class NoPipeline(FileNotFoundError):
    """There is nothing to check; the message says what to do."""


@dataclass(frozen=True)
class Said:
    """What one process in the box came to.

    Attributes
    ----------
    ended
        By run, its last words; empty where it ended well.
    killed
        The process was cut off, by us or by a limit: why.
    """

    ended: tuple[str, ...] = ()
    killed: str = ""
    explained: Mapping[str, dict] = field(default_factory=dict)
    scored: Mapping[str, list[float]] = field(default_factory=dict)
    cpu: float = 0.0


@dataclass(frozen=True)
class Copy:
    """One copy of the pipeline and the feed that it flies on."""

    home: Path
    feed: Path
    asked: Path
    sandbox: Sandbox

    def run(self, *runs: Sequence[str], **more: Any) -> Said:
        """Start a process in the box: ``runs`` of ``run.py``, then what ``more`` asks (see ``pipeline_child``)."""
        self.asked.mkdir(exist_ok=True)
        bench = Bench(shelf(None), {"feed": self.feed, "asked": self.asked}, self.home)
        with opened(self.sandbox, bench, SECONDS) as start:
            told = heard(start, {"runs": [list(one) for one in runs], **more}, SECONDS)
        lines = [one for one in map(_read, told.lines) if one]
        return Said(
            tuple(str(one["ended"])[:600] for one in lines if "run" in one and "ended" in one),
            told.ended,
            {str(one["explain"]): one for one in lines if "explain" in one},
            {str(one["score"]): _numbers(one.get("found")) for one in lines if "score" in one},
            told.cpu,
        )


def copied(pipeline: Path, to: Path, feed: Path, sandbox: Sandbox) -> Copy:
    """Copy what the learner wrote, and nothing that a run of theirs has made.

    Raises
    ------
    NoPipeline
        It is not there, or not whole.
    """
    if lacking := [name for name in NEEDED if not (pipeline / name).exists()]:
        raise NoPipeline(f"{pipeline} has no {', '.join(lacking)}; `wardround start pipeline` lays it out.")
    files = [path for path in pipeline.rglob("*") if _is_theirs(pipeline, path)]
    if sum(path.stat().st_size for path in files) > MOST_COPIED:
        raise NoPipeline(f"{pipeline} holds more than 20 MB beside state/ and feed/; move what is no code elsewhere.")
    for path in files:
        target = to / "home" / path.relative_to(pipeline)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return Copy(to / "home", feed, to / "asked", sandbox)


def _is_theirs(pipeline: Path, path: Path) -> bool:
    first, parts = path.relative_to(pipeline).parts[0], path.relative_to(pipeline).parts
    return path.is_file() and not path.is_symlink() and first not in NOT_COPIED and "__pycache__" not in parts


def _read(line: bytes) -> dict | None:
    try:
        told = orjson.loads(line)
    except ValueError:
        return None
    return told if type(told) is dict else None


def _numbers(found: Any) -> list[float]:
    if type(found) is not list:
        return []
    return [float(one) if type(one) in (int, float) else float("nan") for one in found]
