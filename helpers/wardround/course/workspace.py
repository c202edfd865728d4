"""The learner's own folder: ``work/weekNN/`` and ``work/appendix/`` hold copies.

So updating the course never touches what they wrote. A copy is *touched* when the text of its cells differs from what
was put there; running it, which only changes outputs, does not count. What was put there is remembered in
``work/.wardround/workspace.json``.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from wardround.course import misconceptions, places, progress
from wardround.course.copies import digest, shipped
from wardround.course.manifest import Week, read_course
from wardround.course.store import Record, Store, now, stamp, write_atomically
from wardround.course.tracks import Place, in_words, place

Say = Callable[[str], object]
_JUPYTEXT = "# Empty on purpose: notebooks in this folder are yours alone and are never paired with a text file.\n"


class Copied(BaseModel):
    """Digest of a copy as it was put there, and of the newest version offered beside it."""

    model_config = ConfigDict(extra="allow")

    digest: str
    offered: str | None = None


class StartedWeek(BaseModel):
    """When a week, or the appendix, was started, and its copies by name."""

    model_config = ConfigDict(extra="allow")

    started_at: str = Field(default_factory=now)
    last_at: str = ""
    files: dict[str, Copied] = Field(default_factory=dict)


class Workspace(Record):
    """The whole file; weeks by number as text, the appendix by its name."""

    weeks: dict[str, StartedWeek] = Field(default_factory=dict)


STORE = Store("workspace", Workspace)


def start(part: int | str, *, say: Say = print) -> Path:
    """Copy a week's page, lessons and exercise into ``work/weekNN/``, or bring it up to date; so with the appendix.

    A file the learner has not touched is replaced by a newer one. A touched one is kept, and a newer one is put beside
    it as ``NAME.new.ipynb``, once. A file that is gone comes back.

    Parameters
    ----------
    part
        Number of a week, or ``"appendix"``.
    say
        Called with a sentence for each file kept, and for each new one beside it.

    Returns
    -------
    Path
        ``work/weekNN`` or ``work/appendix``.

    Raises
    ------
    FileNotFoundError
        This copy of the course does not have it.
    NotSaved
        The folder cannot be written.
    """
    return deliver(part, shipped(part), say=say)


def deliver(part: int | str, files: dict[str, bytes], *, say: Say = print) -> Path:
    """Put files into the folder of a part, which is returned, by the rules of :func:`start`."""
    folder = places.part_path(part)
    _unpaired()
    with STORE.change() as workspace:
        entry = workspace.weeks.setdefault(str(part), StartedWeek())
        entry.last_at = now()
        for name, content in files.items():
            _deliver(folder, name, content, entry.files, say)
    return folder


def reset(part: int | str, *, say: Say = print) -> Path | None:
    """Put a week, or the appendix, back as the course ships it, after a dated backup in ``work/backups/``.

    Files that the course does not ship stay where they are; memos, predictions and progress are not touched.

    Returns
    -------
    Path or None
        The backup; None when there was nothing to back up.
    """
    files, folder = shipped(part), places.part_path(part)
    backup = None
    if folder.is_dir() and any(folder.iterdir()):
        backup = _free(places.work() / "backups" / f"{folder.name}-{stamp()}")
        shutil.copytree(folder, backup, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    _unpaired()
    with STORE.change() as workspace:
        entry = workspace.weeks.setdefault(str(part), StartedWeek())
        entry.last_at, entry.files = now(), {}
        for name, content in files.items():
            write_atomically(folder / name, content)
            entry.files[name] = Copied(digest=digest(name, content))
    if backup:
        say(f"What was in {folder.name} is kept in work/backups/{backup.name}.")
    return backup


def _deliver(folder: Path, name: str, content: bytes, files: dict[str, Copied], say: Say) -> None:
    """Put one file there, by the rules of :func:`start`."""
    path, new = folder / name, digest(name, content)
    if not path.exists():
        write_atomically(path, content)
        files[name] = Copied(digest=new)
        return
    there, put = digest(name, path.read_bytes()), files.get(name)
    if there == new:
        files[name] = Copied(digest=new)
    elif put is not None and there == put.digest:
        write_atomically(path, content)
        files[name] = Copied(digest=new)
        say(f"{name} was untouched and is now the newer version.")
    elif put is not None and new == put.digest:
        say(f"{name} holds your changes and is kept.")
    else:
        _offer(path, name, content, files.setdefault(name, Copied(digest="")), new, say)


def _offer(path: Path, name: str, content: bytes, put: Copied, new: str, say: Say) -> None:
    """A newer version of a touched file goes beside it, once; an older offer that was worked in stays too."""
    beside = path.with_name(f"{path.stem}.new{path.suffix}")
    if put.offered == new:
        say(f"{name} holds your changes and is kept; the newer version was put beside it before.")
        return
    if beside.exists() and digest(beside.name, beside.read_bytes()) != put.offered:
        beside = _free(path.with_name(f"{path.stem}.new-{stamp()}{path.suffix}"))
    write_atomically(beside, content)
    put.offered = new
    say(f"{name} holds your changes and is kept; the newer version lies beside it as {beside.name}.")


def _unpaired() -> None:
    """Stop the root's pairing at ``work/``, so that no copy grows a text file."""
    path = places.work() / "jupytext.toml"
    if not path.exists():
        write_atomically(path, _JUPYTEXT.encode())


def _free(path: Path) -> Path:
    tried, number = path, 2
    while tried.exists():
        tried, number = path.with_name(f"{path.stem}-{number}{path.suffix}"), number + 1
    return tried


class WeekStatus(BaseModel):
    """One week: core questions done of all, whether its memo is written, minutes left (an estimate)."""

    week: int
    title: str
    done: int
    questions: int
    memo: bool
    minutes_left: int

    @property
    def per_cent(self) -> int:
        """Core questions done of all, per cent, rounded down so that 100 means all."""
        return 100 * self.done // self.questions if self.questions else 0


class Status(BaseModel):
    """Where the learner stands."""

    weeks: list[WeekStatus]
    mastery: dict[str, str]
    resume: str
    track: Place | None = None

    @property
    def done(self) -> int:
        """Core questions done in all weeks."""
        return sum(week.done for week in self.weeks)

    @property
    def questions(self) -> int:
        """Core questions there are."""
        return sum(week.questions for week in self.weeks)

    @property
    def minutes_left(self) -> int:
        """Minutes left in all weeks that are here, by ``course.toml``."""
        return sum(week.minutes_left for week in self.weeks)

    @property
    def lines(self) -> list[str]:
        """The whole as sentences for a terminal."""
        share = 100 * self.done // self.questions if self.questions else 0
        told = [
            f"{self.done} of {self.questions} questions done ({share}%), about {in_words(self.minutes_left)} left.",
            *([self.track.line] if self.track else []),
            *(_week_line(week) for week in self.weeks),
        ]
        return [*told, *misconceptions.told(self.mastery), self.resume]

    def to_dict(self) -> dict:
        """The whole as plain data."""
        weeks = [{**week.model_dump(), "per_cent": week.per_cent} for week in self.weeks]
        totals = {"done": self.done, "questions": self.questions, "minutes_left": self.minutes_left}
        track = self.track.to_dict() if self.track else None
        return {**totals, "track": track, "weeks": weeks, "mastery": self.mastery, "resume": self.resume}


def status() -> Status:
    """Return progress over the weeks this copy of the course has; stretch questions never count.

    Raises
    ------
    ManifestError
        ``course.toml`` is missing or wrong.
    """
    done = progress.read()
    weeks = [_week_status(week, core, done) for week, core in _core_questions()]
    mastery = {name: entry.state for name, entry in sorted(done.misconceptions.items())}
    stands = place({week.week: week.minutes_left for week in weeks}, current_week())
    return Status(weeks=weeks, mastery=mastery, resume=_resume(done), track=stands)


def current_week() -> int:
    """Return the week to open: the one last started, or the next one there is once its core questions are done."""
    core = {week.number: asked for week, asked in _core_questions()}
    names = {str(number): number for number in core}  # not the appendix
    started = {names[name]: entry.last_at for name, entry in STORE.read().weeks.items() if name in names}
    if not started:
        return min(core, default=1)
    week = max(started, key=lambda number: (started[number], number))
    later = [number for number in sorted(core) if number > week]
    return later[0] if later and not _open(core[week], progress.read()) else week


def _core_questions() -> list[tuple[Week, dict[str, Any]]]:
    """Weeks that have questions here, each with its core questions."""
    from wardround.course.questions import week_questions

    found = []
    for week in sorted(read_course().week, key=lambda entry: entry.number):
        try:
            asked = week_questions(week.number)
        except FileNotFoundError:
            continue  # not in this copy of the course
        found.append((week, {name: question for name, question in asked.items() if not question.stretch}))
    return found


def _open(core: dict[str, Any], done: progress.Progress) -> list[str]:
    return [name for name in core if not (name in done.questions and done.questions[name].done)]


def _week_status(week: Week, core: dict[str, Any], done: progress.Progress) -> WeekStatus:
    left = len(_open(core, done))
    return WeekStatus(
        week=week.number,
        title=week.title,
        done=len(core) - left,
        questions=len(core),
        memo=(places.work() / "memos" / f"W{week.number:02d}.M.json").exists(),
        minutes_left=round(week.minutes * left / len(core)) if core else 0,
    )


def _resume(done: progress.Progress) -> str:
    week = current_week()
    core = {entry.number: asked for entry, asked in _core_questions()}.get(week, {})
    left = _open(core, done)
    if not core:
        return f"Begin with `wardround start {week}`."
    if not left:
        return "Every question that is here is done; `wardround start N` opens any week again."
    begun = str(week) in STORE.read().weeks
    where = f"in work/{places.part_path(week).name}" if begun else f"after `wardround start {week}`"
    return f"Go on with week {week}, {left[0]}, {core[left[0]].title} ({where})."


def _week_line(week: WeekStatus) -> str:
    memo = "memo written" if week.memo else "memo open"
    left = f"about {in_words(week.minutes_left)} left" if week.minutes_left else "done"
    return f"Week {week.week}, {week.title}: {week.done} of {week.questions} ({week.per_cent}%), {memo}, {left}."
