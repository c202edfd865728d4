"""The child process of the runner, from outside: how it is started, what is heard of it, when it is ended.

Nothing that it does can hold this side up: both pipes are drained by threads, what is kept of them is bounded, and a
process that makes no progress is killed with everything it started.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson

from wardround import quiet
from wardround.course import places, plain

ENTER = "wardround/course/enter.py"
ANSWERS = plain.LIMIT  # bytes of all lines of one run
OUTPUT = 64 * 1024
Start = Callable[[dict, IO[bytes]], subprocess.Popen]


@dataclass(frozen=True)
class Heard:
    """What one run of the child told: its lines, the step it was in, how it ended, what was printed."""

    lines: list[bytes]
    step: list | None
    ended: str
    output: str
    cpu: float = 0.0

    @property
    def finished(self) -> bool:
        """It came to its end by itself and said so."""
        return not self.ended


@contextlib.contextmanager
def beside(week: int, hospitals: Mapping[str, Path], fresh: Path | None) -> Iterator[Start]:
    """A child without a box, for our own notebooks: the machine's files are its own, answers still come as lines."""
    package = Path(quiet.__file__).resolve().parents[1]  # the same wardround as ours
    with tempfile.TemporaryDirectory(prefix="wardround-run-") as scratch:
        work = Path(scratch) / "work"
        work.mkdir()  # MLflow makes its file there, but no folder
        told = {"WARDROUND_BOX_HOSPITAL": str(hospitals["here"]), "WARDROUND_WORK": str(work)}
        told |= {"WARDROUND_BOX_FRESH": str(fresh)} if fresh else {}
        environment = quiet.environment({**os.environ, **told, **_boxed_variables()}, headless=True)
        job = {
            "package": str(package),
            "questions": str(places.week_folder(week) / "questions.py"),
            "hospitals": {role: str(folder) for role, folder in hospitals.items()},
        }

        def start(more: dict, standard_input: IO[bytes]) -> subprocess.Popen:
            _write_job(standard_input, job | more)
            command = [sys.executable, "-s", "-P", str(package / ENTER)]
            return _opened(command, standard_input, environment, scratch)

        yield start


@contextlib.contextmanager
def boxed(sandbox: Any, week: int, hospitals: Mapping[str, Path], fresh: Path | None, limit: float) -> Iterator[Start]:
    """A child in a box: it sees the week's questions, the hospitals' shown parts, and nothing else of the course."""
    from wardround.course.grading.sandbox import Shown
    from wardround.course.grading.shelf import handed, shelf

    with opened(sandbox, Shown(shelf(week), hospitals, handed(week, hospitals), fresh), limit) as start:
        yield start


@contextlib.contextmanager
def opened(sandbox: Any, shown: Any, limit: float) -> Iterator[Start]:
    """A child in a box that sees what is shown (``sandbox.Shown``, or ``sandbox.Bench`` for a pipeline)."""
    with sandbox.opened(shown) as place:
        environment = quiet.environment(place.environment | _boxed_variables(), headless=True)
        environment = {name: value for name, value in environment.items() if not name.startswith("JUPYTER")}
        job = place.job | {"limits": place.limits(limit)}

        def start(more: dict, standard_input: IO[bytes]) -> subprocess.Popen:
            _write_job(standard_input, job | more)
            return _opened(place.command(environment), standard_input, environment, place.folder)

        yield start


def _boxed_variables() -> dict[str, str]:
    return {"WARDROUND_BOX": "1", "PYTHONHASHSEED": "0"}


def _write_job(file: IO[bytes], job: dict) -> None:
    file.write(orjson.dumps(job))
    file.seek(0)


def _opened(command: list[str], standard_input: IO[bytes], environment: dict, folder: str) -> subprocess.Popen:
    return subprocess.Popen(
        command,
        stdin=standard_input,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=environment,
        start_new_session=True,  # so that a learner's own children end with it
    )


def heard(start: Start, job: dict, limit: float, patience: float | None = None) -> Heard:
    """Start the child, listen to its end, and end it where it passes a limit.

    Parameters
    ----------
    limit
        Seconds for everything.
    patience
        Seconds without a step forward; None waits to the limit.
    """
    with tempfile.TemporaryFile() as standard_input:
        process = start(job, standard_input)
    answers, output = _Answers(process.stdout), _Output(process.stderr)
    began = time.monotonic()
    ended = ""
    try:
        while process.poll() is None and not ended:
            now = time.monotonic()
            if now - began > limit:
                ended = f"it was stopped after {limit:.0f} seconds"
            elif patience is not None and answers.step and now - answers.moved > patience:
                ended = f"it was stopped after {patience:.0f} seconds without a step forward"
            elif answers.too_many:
                ended = f"it sent more than {ANSWERS // 2**20} MB of answers"
            elif not answers.wait(0.05):
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.05)  # its pipe is closed, it is not done
    finally:
        _end(process)
    answers.finish()
    output.finish()
    text = bytes(output.kept).decode(errors="replace")
    if not ended and answers.too_many:
        ended = f"it sent more than {ANSWERS // 2**20} MB of answers"
    if not ended and not answers.ended:
        said = text.strip().splitlines()
        ended = f"its process ended with code {process.returncode}" + (f" ({said[-1][:200]})" if said else "")
    return Heard(answers.lines, answers.step, ended, text, answers.cpu)


def _end(process: subprocess.Popen) -> None:
    """Kill what is left of the group; a process that has ended may have left others behind."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (AttributeError, ProcessLookupError, PermissionError):  # Windows has no process groups
        with contextlib.suppress(OSError):
            process.kill()
    process.wait()


class _Pipe:
    """A pipe drained by a thread."""

    def __init__(self, stream: IO[bytes]):
        self._stream = stream
        self._thread = threading.Thread(target=self._drain, daemon=True)
        self._thread.start()

    def _drain(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while block := os.read(self._stream.fileno(), 1 << 16):
                self._take(block)

    def wait(self, seconds: float) -> bool:
        """Wait for some time or the pipe's end; says whether more may come."""
        self._thread.join(seconds)
        return self._thread.is_alive()

    def finish(self) -> None:
        """Wait a moment for what is still in the pipe; a process that got away may hold it open for ever."""
        self._thread.join(2.0)
        if not self._thread.is_alive():
            self._stream.close()


class _Answers(_Pipe):
    """Lines of JSON, the last step that was begun, and when."""

    def __init__(self, stream: IO[bytes]):
        self.lines: list[bytes] = []
        self.step: list | None = None
        self.moved = time.monotonic()
        self.ended = self.too_many = False
        self.cpu = 0.0
        self._rest, self._bytes = bytearray(), 0
        super().__init__(stream)

    def _take(self, block: bytes) -> None:
        self._bytes += len(block)
        self.too_many = self.too_many or self._bytes > ANSWERS
        if self.too_many:
            return
        *ends, rest = block.split(b"\n")
        for end in ends:
            self._line(bytes(self._rest) + end)
            self._rest = bytearray()
        self._rest += rest

    def _line(self, line: bytes) -> None:
        if not line.startswith((b'{"begin"', b'{"end"')):
            self.lines.append(line)
            return
        with contextlib.suppress(ValueError, TypeError, LookupError):
            message = orjson.loads(line)
            self.ended = self.ended or message.get("end") is True
            self.cpu = message["cpu"] if type(message.get("cpu")) is float else self.cpu
            if (step := _step(message.get("begin"))) is not None:
                self.step, self.moved = step, time.monotonic()


def _step(said: Any) -> list | None:
    """A step as the child names it: ``["cell", 3]`` or ``["ask", "W01.Q1", "here"]``; learner code may write others."""
    if type(said) is not list or not said:
        return None
    kinds = {"cell": (str, int), "ask": (str, str, str)}.get(said[0] if type(said[0]) is str else "")
    return said if kinds and tuple(map(type, said)) == kinds else None


class _Output(_Pipe):
    """What was printed, the first 64 KB of it."""

    def __init__(self, stream: IO[bytes]):
        self.kept = bytearray()
        super().__init__(stream)

    def _take(self, block: bytes) -> None:
        self.kept += block[: OUTPUT - len(self.kept)]
