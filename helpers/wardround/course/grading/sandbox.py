"""The box round learner code, the best that a machine has.

1. bubblewrap and limits (Linux, WSL2): a file system, process table and network of its own.
2. Landlock and limits (Linux without user namespaces): files and TCP are closed.
3. Limits alone (macOS). 4. A process of its own (Windows).

At the last two levels marks stay honest, since answers are judged in another process, but the machine is open: they are
refused unless the submissions are trusted.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from wardround.course.process import ENTER

SHOWN_OF_HOSPITAL = ("export", "warehouse", "hl7v2", "claims", "access", "desk", "cache")
ROOM = 64 * 2**20  # bytes of each folder that a box may write in
MEMORY = 3 * 2**30  # address space of one process: pandas, scikit-learn, DuckDB and MLflow together take less than two
PROCESSES = 200  # beyond what this user has running: outside a user namespace all are counted


class NoSandbox(RuntimeError):
    """This machine has no box that may be used; the message says what to do."""


@dataclass(frozen=True)
class Place:
    """One box, opened: how a command is started in it, and what the job in it is told."""

    command: Callable[[dict[str, str]], list[str]]
    job: dict
    environment: dict[str, str]
    folder: str

    def limits(self, wall: float) -> dict[str, int]:
        """Limits of the operating system for each process in the box."""
        if os.name == "nt":
            return {}
        # A daemon of the grader's user on the same machine counts against NPROC: the room is beyond what runs now.
        return {
            "CPU": int(wall) + 1,
            "AS": MEMORY,
            "FSIZE": ROOM,
            "NOFILE": 256,
            "CORE": 0,
            "NPROC": _running() + PROCESSES,
        }


@dataclass(frozen=True)
class Sandbox:
    """A level of the ladder. ``says`` is one sentence on what it keeps out."""

    level: str
    says: str

    def opened(
        self, shelf: Path, hospitals: Mapping[str, Path], fresh: Path | None
    ) -> contextlib.AbstractContextManager:
        """Open a box for one submission; its writable folder is gone afterwards."""
        return {"L1": _bubblewrap}[self.level](shelf, hospitals, fresh)


def best(*, trust: bool = False) -> Sandbox:
    """Return the best box that works here, tried by running something in it.

    Parameters
    ----------
    trust
        Accept a level that does not protect this machine: for submissions whose authors are trusted.

    Raises
    ------
    NoSandbox
        Only such a level is there and ``trust`` is not given, or this is root without a box.
    """
    if _bubblewrap_works():
        return Sandbox("L1", "bubblewrap: a file system, process table and network of its own, with limits.")
    raise NoSandbox(
        "This machine has no box for untrusted code: install bubblewrap (`apt install bubblewrap`), "
        "or grade in a container."
    )


def _running() -> int:
    """Tasks of this user now, threads included."""
    mine, total = os.getuid(), 0
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if entry.stat().st_uid == mine:
                total += len(os.listdir(entry / "task"))
    return total


# Level 1 --------------------------------------------------------------------------------------------------------------
def _bubblewrap_works() -> bool:
    if not sys.platform.startswith("linux") or shutil.which("bwrap") is None:
        return False
    command = [*_walls({}), *_closed(), sys.executable, "-I", "-c", "print(1)"]
    tried = subprocess.run(command, capture_output=True, timeout=30, check=False)
    return tried.returncode == 0 and tried.stdout == b"1\n"


def _walls(environment: Mapping[str, str]) -> list[str]:
    """Bubblewrap's flags up to the file system: namespaces, the system's libraries, Python."""
    flags = ["bwrap", "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"]
    flags += ["--cap-drop", "ALL", "--clearenv"]
    for name, value in environment.items():
        flags += ["--setenv", name, value]
    for folder in ("/tmp", "/box/work"):  # before Python's own folders, which may lie in one of them
        flags += ["--size", str(ROOM), "--tmpfs", folder]
    flags += ["--ro-bind", "/usr", "/usr"]
    for name in ("/bin", "/lib", "/lib32", "/lib64", "/sbin"):
        if os.path.islink(name):
            flags += ["--symlink", os.readlink(name), name]
        elif os.path.isdir(name):
            flags += ["--ro-bind", name, name]
    if os.path.exists("/etc/ld.so.cache"):
        flags += ["--ro-bind", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    for prefix in dict.fromkeys((sys.base_prefix, sys.prefix)):
        if not Path(prefix).is_relative_to("/usr"):
            flags += ["--ro-bind", os.path.realpath(prefix), prefix]
    return [*flags, "--proc", "/proc", "--dev", "/dev"]


def _closed() -> list[str]:
    """What is not read-only yet: the root is a file system in memory without a limit, and /dev is a second one."""
    flags = ["--size", str(ROOM // 4), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
    return [*flags, "--chdir", "/box/work", "--remount-ro", "/", "--"]


@contextlib.contextmanager
def _bubblewrap(shelf: Path, hospitals: Mapping[str, Path], fresh: Path | None) -> Iterator[Place]:
    binds = {"/box/course": shelf}
    for role, folder in hospitals.items():
        binds |= {f"/box/{role}/{part}": folder / part for part in SHOWN_OF_HOSPITAL if (folder / part).is_dir()}
        binds[f"/box/{role}/manifest.json"] = shelf / "manifest.json"
    if fresh:
        binds["/box/fresh"] = fresh
    reads = [word for inside, real in binds.items() for word in ("--ro-bind", str(real), inside)]

    def command(environment: dict[str, str]) -> list[str]:
        python = [sys.executable, "-s", "-P", f"/box/course/helpers/{ENTER}"]
        return [*_walls(environment), *reads, *_closed(), *python]

    week = next((shelf / "curriculum").iterdir()).name
    job = {
        "package": "/box/course/helpers",
        "questions": f"/box/course/curriculum/{week}/questions.py",
        "hospitals": {role: f"/box/{role}" for role in hospitals},
    }
    with tempfile.TemporaryDirectory(prefix="wardround-box-") as folder:
        yield Place(
            command, job, _variables("/box/work", "/box/course", "/box/here", "/box/fresh" if fresh else ""), folder
        )


def _variables(work: str, course: str, here: str, fresh: str) -> dict[str, str]:
    """The whole environment in a box: nothing of ours comes along."""
    told = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": work, "TMPDIR": "/tmp", "TZ": "UTC"}
    told |= {"WARDROUND_WORK": work, "WARDROUND_ROOT": course, "WARDROUND_BOX_HOSPITAL": here}
    return told | ({"WARDROUND_BOX_FRESH": fresh} if fresh else {})
