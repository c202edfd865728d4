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
from dataclasses import dataclass, field
from pathlib import Path

from wardround.course import landlock
from wardround.course.process import ENTER

SAYS = {
    "L1": "Bubblewrap: submissions have a file system, processes and a network of their own, with limits.",
    "L2": "Landlock: submissions open their own folder alone and no TCP, with limits; UDP works, and they can change "
    "the permissions of this user's files.",
    "L3": "Limits only: marks cannot be forged, but submissions reach this machine's files and network.",
    "L4": "A process of its own only: marks cannot be forged, but submissions reach this machine's files and network.",
}
SHOWN_OF_HOSPITAL = ("export", "warehouse", "hl7v2", "claims", "access", "desk", "cache")
ROOM = 64 * 2**20  # bytes of each folder that a box may write in
MEMORY = 3 * 2**30  # address space of one process: pandas, scikit-learn, DuckDB and MLflow together take less than two
SYSTEM = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/sbin", "/etc/ld.so.cache")
DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
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
        """Limits of the operating system for each process in the box; Windows has none of these, macOS not all."""
        if os.name == "nt":
            return {}
        limits = {"CPU": int(wall) + 1, "FSIZE": ROOM, "NOFILE": 256, "CORE": 0}
        return limits | ({"AS": MEMORY, "NPROC": _running() + PROCESSES} if sys.platform.startswith("linux") else {})


@dataclass(frozen=True)
class Shown:
    """All that a box may read of ours: the course's shelf, and by role hospitals and what was made of them."""

    shelf: Path
    hospitals: Mapping[str, Path]
    given: Mapping[str, Path]
    fresh: Path | None

    def folders(self) -> dict[str, Path]:
        """Real folders by their names in the box."""
        made = {"course": self.shelf} | ({"fresh": self.fresh} if self.fresh else {})
        for role, folder in self.hospitals.items():
            made |= {f"{role}/{part}": folder / part for part in SHOWN_OF_HOSPITAL if (folder / part).is_dir()}
        return made | {f"given/{role}": folder for role, folder in self.given.items()}

    def told(self, where: Callable[[str, Path], str], work: str) -> tuple[dict, dict[str, str]]:
        """The job and the whole environment of a box in which ``where`` says how a folder is called."""
        course = where("course", self.shelf)
        week = next((self.shelf / "curriculum").iterdir()).name
        hospitals = {role: where(role, folder) for role, folder in self.hospitals.items()}
        job = {
            "package": f"{course}/helpers",
            "questions": f"{course}/curriculum/{week}/questions.py",
            "hospitals": hospitals,
            "fonts": f"{course}/matplotlib",
        }
        told = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": work, "TZ": "UTC"}
        told |= {"WARDROUND_WORK": work, "WARDROUND_ROOT": course, "WARDROUND_BOX_HOSPITAL": hospitals["here"]}
        given = [where(f"given/{role}", folder) for role, folder in self.given.items()]
        told["WARDROUND_BOX_GIVEN"] = os.pathsep.join(given)
        return job, told | ({"WARDROUND_BOX_FRESH": where("fresh", self.fresh)} if self.fresh else {})


@dataclass(frozen=True)
class Bench:
    """All that the box of a pipeline may read, and the one folder that it writes and that stays.

    The folder has no limit on its size: only the time that a run may take bounds it.
    """

    shelf: Path
    reads: Mapping[str, Path]
    home: Path
    hospitals: Mapping[str, Path] = field(default_factory=dict)

    def folders(self) -> dict[str, Path]:
        """Real folders by their names in the box."""
        return {"course": self.shelf, **self.reads}

    def told(self, where: Callable[[str, Path], str], work: str) -> tuple[dict, dict[str, str]]:
        """The job and the whole environment of a box in which ``where`` says how a folder is called."""
        job = {name: where(name, folder) for name, folder in {**self.reads, "home": self.home}.items()}
        course = where("course", self.shelf)
        told = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": work, "TZ": "UTC", "LOGNAME": "nobody"}
        told |= {"WARDROUND_WORK": work, "WARDROUND_ROOT": course}
        fonts = {"fonts": f"{course}/matplotlib"}
        return job | fonts | {"package": f"{course}/helpers", "then": "wardround.course.pipeline_child"}, told


@dataclass(frozen=True)
class Sandbox:
    """A level of the ladder. ``says`` is one sentence on what it keeps out."""

    level: str
    says: str

    def opened(self, shown: Shown | Bench) -> contextlib.AbstractContextManager[Place]:
        """Open a box for one submission; its writable folder is gone afterwards."""
        return _bubblewrap(shown) if self.level == "L1" else _in_place(shown, closed=self.level == "L2")


def best(*, trust: bool = False) -> Sandbox:
    """Return the best box that works here, tried by running something in it.

    Parameters
    ----------
    trust
        Accept a level that does not protect this machine: for submissions whose authors are trusted.

    Raises
    ------
    NoSandbox
        Only such a level is there and ``trust`` is not given, or this is root without bubblewrap.
    """
    level = next(level for level, works in _LADDER if works())
    if level != "L1" and _is_root():
        raise NoSandbox(
            "Submissions are not run as root without bubblewrap, since limits do not bind root: install it "
            "(`apt install bubblewrap`), or grade as another user."
        )
    if level in ("L3", "L4") and not trust:
        raise NoSandbox(
            "This machine has no box that protects it from what is handed in: install bubblewrap (on Windows, inside "
            "WSL2), use the container, or pass --trust-submissions if you know all authors."
        )
    return Sandbox(level, SAYS[level])


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


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
    try:
        tried = subprocess.run(command, capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
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
def _bubblewrap(shown: Shown | Bench) -> Iterator[Place]:
    binds = {f"/box/{name}": folder for name, folder in shown.folders().items()}
    binds |= {f"/box/{role}/manifest.json": shown.shelf / "manifest.json" for role in shown.hospitals}
    reads = [word for inside, real in binds.items() for word in ("--ro-bind", str(real), inside)]
    if isinstance(shown, Bench):
        reads += ["--bind", str(shown.home), "/box/home"]
    job, told = shown.told(lambda name, real: f"/box/{name}", "/box/work")

    def command(environment: dict[str, str]) -> list[str]:
        python = [sys.executable, "-s", "-P", f"{job['package']}/{ENTER}"]
        return [*_walls(environment), *reads, *_closed(), *python]

    with tempfile.TemporaryDirectory(prefix="wardround-box-") as folder:
        yield Place(command, job, told | {"TMPDIR": "/tmp", "MPLCONFIGDIR": "/box/work/.matplotlib"}, folder)


# Level 2 and below ----------------------------------------------------------------------------------------------------
@contextlib.contextmanager
def _in_place(shown: Shown | Bench, *, closed: bool) -> Iterator[Place]:
    """A box whose folders are where they are: Landlock closes all others, or nothing does."""
    job, told = shown.told(lambda name, real: str(real.resolve()), "")
    with tempfile.TemporaryDirectory(prefix="wardround-box-") as folder:
        work = str(Path(folder).resolve() / "work")
        os.mkdir(work)
        prefixes = dict.fromkeys(os.path.realpath(prefix) for prefix in (sys.base_prefix, sys.prefix))
        reads = [*prefixes, *SYSTEM, *(str(real.resolve()) for real in shown.folders().values())]
        if closed:
            writes = [work, *([str(shown.home.resolve())] if isinstance(shown, Bench) else [])]
            job["walls"] = {"reads": reads, "writes": writes, "devices": DEVICES}
        told |= {"HOME": work, "TMPDIR": work, "WARDROUND_WORK": work, "MPLCONFIGDIR": f"{work}/.matplotlib"}
        python = [sys.executable, "-s", "-P", f"{job['package']}/{ENTER}"]
        yield Place(lambda environment: python, job, told, work)


def _landlock_works() -> bool:
    return landlock.version() >= 1


# best first
_LADDER: tuple[tuple[str, Callable[[], bool]], ...] = (
    ("L1", lambda: _bubblewrap_works()),
    ("L2", lambda: _landlock_works()),
    ("L3", lambda: os.name != "nt"),
    ("L4", lambda: True),
)
