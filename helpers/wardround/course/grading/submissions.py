"""Finding submissions: whose a file is, which week it answers, and which of several counts.

Folders come as learning platforms write them. Nothing is opened as a notebook here and no link is followed: a name and
a week are read from the path and, by a plain search, from the bytes. Every file that could be meant as a submission is
listed, also what cannot be graded, so that nobody is missing from the grades without a word.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from wardround.course.manifest import read_course

NOTEBOOKS = (".ipynb", ".py")
LARGEST = 20 * 1024 * 1024
_PASSED_OVER = {"__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini"}
_LESSON = re.compile(r"^\d_[a-z0-9_]+\.(ipynb|py)$")
_WEEK = re.compile(r"week[ _-]?(\d{1,2})(?!\d)", re.I)
_IDS = re.compile(rb"[\"'\\]W(\d\d)\.[QM]|\bw(\d\d)-q\d")  # check("W01.Q1"), memo("W01.M"), grade_id "w01-q1"
# lastname[_LATE]_12345_67890_week01….ipynb; a further attempt ends in -1, -2 …
_CANVAS = re.compile(r"^(?P<name>[^_]+)_(?:late_)?(?P<id>\d{2,})_\d{2,}_(?P<file>.+)$", re.I)
_ATTEMPT = re.compile(r"-(\d+)$")
# Folder "Name Surname_123_assignsubmission_file_", or the same as the beginning of a file name
_MOODLE = re.compile(r"^(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)_?(?P<file>.*)$", re.I)


@dataclass(frozen=True)
class Learner:
    """Who handed something in: a printable name, the platform's number where it gives one, the name as it stands."""

    name: str
    id: str = ""
    raw: str = ""

    @property
    def key(self) -> str:
        """A name for files: letters, digits and dashes, and eight digits that tell apart what looks alike."""
        plain = re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")[:40] or "learner"
        exact = f"{self.raw or self.name}\0{self.id}".encode("utf-8", "surrogatepass")
        return f"{plain}-{hashlib.sha256(exact).hexdigest()[:8]}"


@dataclass(frozen=True)
class Submission:
    """One file of one learner.

    Attributes
    ----------
    file
        Its path below the folder, in printable characters.
    week
        None where neither name nor content tells.
    problem
        Why it is not run, or an empty text; ``status`` is then the status of its row.
    """

    learner: Learner
    path: Path
    file: str
    week: int | None = None
    digest: str = ""
    attempt: int = 0
    status: str = ""
    problem: str = ""

    @property
    def order(self) -> tuple:
        """By learner, week and file: the order of every table."""
        return (self.learner.name.casefold(), self.learner.id, self.week or 0, self.file)


def find(folder: Path, week: int | None = None, *, leave_out: Path | None = None) -> list[Submission]:
    """List the submissions in a folder of any shape.

    Parameters
    ----------
    folder
        A file for each learner; a folder for each; an export of Canvas or Moodle; nbgrader's ``submitted``.
    week
        The only week that counts; by default each file says its own.
    leave_out
        A folder inside that is not to be read: where the grades are written.

    Raises
    ------
    NotADirectoryError
        There is no such folder.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"There is no folder {folder}; name the one that holds the submissions.")
    top = folder / "submitted" if (folder / "submitted").is_dir() else folder
    kept_out = leave_out.resolve() if leave_out else None
    found = [_described(path, top, week) for path in _files(top, kept_out)]
    owners = {one.learner for one in found if not one.problem}
    found = [one for one in found if not (one.learner in owners and _beside(one))]
    found += _empty_folders(top, kept_out, {one.learner for one in found})
    return sorted(_latest(found), key=lambda one: one.order)


def printable(text: object, limit: int = 300) -> str:
    """Text of a stranger for our files: no control characters, nothing that turns the line around, cut at a limit."""
    whole = str(text).encode("utf-8", "replace").decode("utf-8")
    kept = "".join(c if c.isprintable() else " " for c in re.sub(r"\x1b\[[0-9;?]*[ -/]*[@-~]", "", whole[: 4 * limit]))
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"


def printable_lines(text: str, limit: int) -> str:
    """The same for a text of several lines, which stay lines."""
    cut = text[:limit] + ("\n…" if len(text) > limit else "")
    return "\n".join(printable(line, limit) for line in cut.expandtabs(4).splitlines())


def _files(folder: Path, kept_out: Path | None) -> Iterator[Path]:
    """Files and links below a folder; links are named and not followed."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        path = Path(entry.path)
        if entry.name.startswith(".") or entry.name in _PASSED_OVER:
            continue
        if entry.is_dir(follow_symlinks=False):
            if path.resolve() != kept_out:
                yield from _files(path, kept_out)
        else:
            yield path


def _described(path: Path, top: Path, week: int | None) -> Submission:
    inside = path.relative_to(top)
    learner, name = _whose(inside)
    attempt = _ATTEMPT.search(Path(name).stem)
    made = Submission(learner, path, printable(inside.as_posix()), attempt=int(attempt[1]) if attempt else 0)
    try:
        found = path.lstat()
    except OSError as trouble:
        return replace(made, status="unreadable", problem=f"The file cannot be read: {trouble.strerror}.")
    if not stat.S_ISREG(found.st_mode):
        kind = "a link; links are not followed" if stat.S_ISLNK(found.st_mode) else "no ordinary file"
        return replace(made, status="unreadable", problem=f"This is {kind}. Ask for the notebook itself.")
    if path.suffix.lower() not in NOTEBOOKS:
        told = "This is no notebook (.ipynb or .py)." + (" Unpack it and grade again." if _packed(path) else "")
        return replace(made, status="unreadable", problem=told, week=week)
    if found.st_size > LARGEST:
        told = (
            f"The file has {found.st_size / 2**20:.0f} MB; a notebook may have 20. Clear its outputs, hand it in again."
        )
        return replace(made, status="unreadable", problem=told, week=week or _named(inside))
    try:
        content = path.read_bytes()
    except OSError as trouble:
        return replace(made, status="unreadable", problem=f"The file cannot be read: {trouble.strerror}.")
    return _placed(replace(made, digest=hashlib.sha256(content).hexdigest()), content, inside, week)


def _placed(made: Submission, content: bytes, inside: Path, week: int | None) -> Submission:
    """Give it its week: by its content, then by its name; ``week`` is what the instructor asked for."""
    says = _by_content(content) or _named(inside)
    if _LESSON.match(made.path.name):
        return replace(
            made, week=says, status="not this exercise", problem="This is a lesson; no answer is graded in it."
        )
    if week is not None and says not in (None, week):
        return replace(
            made, week=says, status="not this exercise", problem=f"This answers week {says}, not week {week}."
        )
    if week is None and says is None:
        told = "Neither its name nor its cells name a week of the course. If it is one, grade it with --week."
        return replace(made, status="not this exercise", problem=told)
    return replace(made, week=week or says)


def _by_content(content: bytes) -> int | None:
    named = Counter(int(a or b) for a, b in _IDS.findall(content))
    weeks = [(count, -number) for number, count in named.items() if 1 <= number <= 12]
    return -max(weeks)[1] if weeks else None


def _named(inside: Path) -> int | None:
    """The week in a path, read from the file outwards."""
    for part in reversed(inside.parts):
        found = _WEEK.search(part)
        if found and 1 <= int(found[1]) <= 12:
            return int(found[1])
    return None


def _whose(inside: Path) -> tuple[Learner, str]:
    """The learner that a path names, and the file's name without the platform's part."""
    while len(inside.parts) > 1 and _WEEK.match(inside.parts[0]):  # a folder for each week holds those of the learners
        inside = Path(*inside.parts[1:])
    first, last = inside.parts[0], inside.parts[-1]
    moodle = _MOODLE.match(first)
    if moodle:
        return _learner(moodle["name"], moodle["id"]), (moodle["file"] if len(inside.parts) == 1 else last) or last
    if len(inside.parts) > 1:
        return _learner(first), last
    canvas = _CANVAS.match(last)
    if canvas:
        return _learner(canvas["name"], canvas["id"]), canvas["file"]
    stem = re.sub(_week_names(), "", Path(last).stem, flags=re.I).strip(" _-")
    return _learner(stem or Path(last).stem), last


@functools.cache
def _week_names() -> str:
    """A pattern for what names a week in a file's name: the course's own names of exercises, or ``week 1``."""
    return "|".join([*(week.slug for week in read_course().week), _WEEK.pattern])


def _learner(name: str, id: str = "") -> Learner:
    return Learner(printable(name.strip(), 80).strip() or "without a name", id, name)


def _packed(path: Path) -> bool:
    return path.suffix.lower() in (".zip", ".gz", ".tar", ".7z", ".rar")


def _beside(one: Submission) -> bool:
    """A lesson, a picture or a note that lies beside a learner's notebook; an archive or a link is still named."""
    if _LESSON.match(one.path.name):
        return True
    return one.problem.startswith("This is no notebook") and not _packed(one.path)


def _empty_folders(top: Path, kept_out: Path | None, there: set[Learner]) -> Iterator[Submission]:
    for entry in sorted(os.scandir(top), key=lambda entry: entry.name):
        passed = entry.name.startswith(".") or entry.name in _PASSED_OVER or _WEEK.match(entry.name)
        if passed or not entry.is_dir(follow_symlinks=False) or Path(entry.path).resolve() == kept_out:
            continue
        learner, _ = _whose(Path(entry.name) / "nothing")
        if learner not in there:
            told = "The folder holds no notebook."
            yield Submission(learner, Path(entry.path), printable(entry.name) + "/", status="unreadable", problem=told)


def _latest(found: list[Submission]) -> Iterator[Submission]:
    """Of several files of one learner for one week the last attempt counts; the others are named as set aside."""
    groups: dict[tuple, list[Submission]] = {}
    for one in found:
        groups.setdefault((one.learner, one.week, bool(one.problem)), []).append(one)
    for (_, _, refused), group in groups.items():
        if refused:
            yield from group
            continue
        chosen = max(group, key=lambda one: (one.attempt, one.path.suffix == ".ipynb", -len(one.file), one.file))
        for one in group:
            told = f"Another file of the same learner and week was graded: {chosen.file}."
            yield one if one is chosen else replace(one, status="set aside", problem=told)
