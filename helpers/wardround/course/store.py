"""The learner's own record as readable JSON files, safe under two kernels at once.

Own code: the standard library has no locked, atomic file, and of the lock's packages none offers one. A lock held by
the operating system is let go when its process dies, so no left-over lock has to be guessed stale.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from wardround.course import places

if os.name == "nt":
    import msvcrt
else:
    import fcntl

PATIENCE = 10.0  # seconds to wait for another kernel; a write takes milliseconds
_NO_LOCKS_HERE = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}  # some network drives


class NotSaved(OSError):
    """The learner's record could not be written; the message says where and what helps."""


class Record(BaseModel):
    """A JSON file of the learner's record. Fields of a newer version of the course are kept, not dropped."""

    model_config = ConfigDict(extra="allow")

    version: int = 1


R = TypeVar("R", bound=Record)


class Store(Generic[R]):
    """One file of ``work/.wardround``.

    Parameters
    ----------
    name
        File name without ``.json``.
    model
        What it holds. A file that does not fit is set aside with a sentence; nothing is lost.
    """

    def __init__(self, name: str, model: type[R]) -> None:
        self.name, self.model = name, model

    @property
    def path(self) -> Path:
        """Where the file lies (asked anew each time: ``WARDROUND_WORK`` may move)."""
        return places.state() / f"{self.name}.json"

    def read(self) -> R:
        """Return what is recorded; an empty record when there is none.

        Reads without the lock, since a file is always whole: a folder that may only be read can still be read.
        """
        try:
            return self.model.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return self.model()
        except ValueError:
            with _held(self.path):
                return self._load()

    @contextlib.contextmanager
    def change(self) -> Iterator[R]:
        """Read, let the block change the record, and write it, all under the lock.

        Raises
        ------
        NotSaved
            The folder or file cannot be written, or another kernel held it for ten seconds.
        """
        with _spoken(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        with _held(self.path):
            record = self._load()
            yield record
            write_atomically(self.path, record.model_dump_json(indent=2).encode() + b"\n")

    def _load(self) -> R:
        try:
            return self.model.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return self.model()
        except ValueError:  # pydantic's ValidationError is one
            return self._set_aside()

    def _set_aside(self) -> R:
        aside = self.path.with_name(f"{self.name}.set-aside-{stamp()}-{uuid.uuid4().hex[:4]}.json")
        with _spoken(self.path):
            _replace(self.path, aside)
        print(
            f"{self.path} could not be read as a record of this course; it is kept as {aside.name}, a new one begins."
        )
        return self.model()


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside and rename, so that a reader sees the old file or the new one, never half of one.

    Raises
    ------
    NotSaved
        The place cannot be written.
    """
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    with _spoken(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            beside.write_bytes(content)
            _replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)


def now() -> str:
    """The present as UTC text, to the second."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def stamp() -> str:
    """The present as it may stand in a file name on any system."""
    return dt.datetime.now(dt.UTC).strftime("%Y%m%d-%H%M%S")


@contextlib.contextmanager
def _held(path: Path) -> Iterator[None]:
    with _spoken(path), path.with_name(f".{path.name}.lock").open("a+b") as lock:
        taken = _take(lock.fileno(), path)
        try:
            yield
        finally:
            if taken:
                _let_go(lock.fileno())


def _take(handle: int, path: Path) -> bool:
    """Wait for the lock; False on a drive that has none (the rename still keeps each file whole)."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            _try_lock(handle)
            return True
        except OSError as trouble:
            if trouble.errno in _NO_LOCKS_HERE:
                return False
            if time.monotonic() > until:
                raise NotSaved(
                    f"{path} was held by another kernel for {PATIENCE:.0f} seconds; restart that kernel and try again."
                ) from trouble
        time.sleep(0.02)


def _try_lock(handle: int) -> None:
    if os.name == "nt":
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _let_go(handle: int) -> None:
    if os.name == "nt":
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
    else:
        fcntl.flock(handle, fcntl.LOCK_UN)


def _replace(source: Path, target: Path) -> None:
    """Rename over; Windows refuses for a moment while a virus scanner reads the target."""
    for attempt in range(5):
        try:
            return os.replace(source, target)
        except PermissionError:
            if os.name != "nt" or attempt == 4:
                raise
            time.sleep(0.05)


@contextlib.contextmanager
def _spoken(path: Path) -> Iterator[None]:
    try:
        yield
    except NotSaved:
        raise
    except OSError as trouble:
        raise NotSaved(
            f"{path} could not be written ({trouble.strerror or trouble}); make {path.parent} writable, "
            "or point WARDROUND_WORK at a folder that is."
        ) from trouble
