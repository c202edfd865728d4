"""Landlock: a Linux process gives up the file system, TCP and signals for itself and all that it starts.

Own code: three system calls by ctypes; no library of the lock offers them. Numbers and structures are those of
linux/landlock.h. Needs Linux 5.13; TCP is closed from 6.7 on, signals and abstract sockets from 6.12.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import stat
import sys
import time
from collections.abc import Iterable

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same on every architecture
_VERSION, _PATH_BENEATH = 1, 1
_PARENT_DEATH_SIGNAL, _CHILD_SUBREAPER, _NO_NEW_PRIVS = 1, 36, 38
_EXECUTE, _WRITE, _READ, _LIST = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE = 1 << 14


class _Rules(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def version() -> int:
    """Return the version of Landlock's interface here; 0 where there is none."""
    if not sys.platform.startswith("linux"):
        return 0
    return max(0, _library().syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION)))


def enter(reads: Iterable[str], writes: Iterable[str], devices: Iterable[str]) -> None:
    """Close everything but some folders and files, for this process and its children, for ever.

    Raises
    ------
    OSError
        The kernel refused; nothing may run then.
    """
    found = version()
    if not found:
        raise OSError("this kernel has no Landlock")
    files = (1 << (13 + (found >= 2) + (found >= 3))) - 1 | ((1 << 15) if found >= 5 else 0)
    rules = _Rules(files, 0b11 if found >= 4 else 0, 0b11 if found >= 6 else 0)
    size = 8 if found < 4 else 16 if found < 6 else 24
    ruleset = _called(_CREATE, ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint32(0))
    for path in reads:
        _allow(ruleset, path, _EXECUTE | _READ | _LIST, files)
    for path in devices:
        _allow(ruleset, path, _READ | _WRITE, files)
    for path in writes:
        _allow(ruleset, path, files & ~_EXECUTE, files)
    if _library().prctl(_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "PR_SET_NO_NEW_PRIVS was refused")
    _called(_RESTRICT, ruleset, ctypes.c_uint32(0))
    os.close(ruleset)


def followed_by_nobody() -> None:
    """Go on in a child, and when it ends, end all that it left behind.

    The parent stays outside the walls. Orphans below it become its children, and it kills until there are none.
    """
    if _library().prctl(_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "PR_SET_CHILD_SUBREAPER was refused")
    child = os.fork()
    if not child:
        _library().prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        return
    for number in (0, 1, 2):  # the pipes end with the child
        os.close(number)
    _, status = os.waitpid(child, 0)
    while _end_children():
        time.sleep(0.005)
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


def _end_children() -> bool:
    """Kill and collect the children of this process; says whether there were any."""
    with contextlib.suppress(OSError):
        for task in os.listdir("/proc/self/task"):
            with open(f"/proc/self/task/{task}/children") as file:
                for pid in file.read().split():
                    os.kill(int(pid), signal.SIGKILL)
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def _allow(ruleset: int, path: str, rights: int, known: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            rights &= _EXECUTE | _WRITE | _READ | _TRUNCATE
        beneath = _Beneath(rights & known, handle)
        _called(_ADD, ruleset, ctypes.c_int(_PATH_BENEATH), ctypes.byref(beneath), ctypes.c_uint32(0))
    finally:
        os.close(handle)


def _called(number: int, *values: object) -> int:
    found = _library().syscall(number, *values)
    if found < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock's call {number}: {os.strerror(code)}")
    return found


def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
