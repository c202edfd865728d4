"""The model behind the desk: a released model in a process of its own, asked with a deadline.

The page never waits for it longer than ``answer_within_seconds``, waiting for one's turn included. A model that is
dead, too slow or answers nonsense gives :class:`NoAnswer` for everybody asked about, is killed, and starts again by
itself. No score outlives the process that gave it: a number from before is not shown as if it were from now.

This file imports neither MLflow nor scikit-learn; the process that it starts does.
"""

from __future__ import annotations

import atexit
import contextlib
import datetime as dt
import itertools
import json
import math
import os
import queue
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from wardround import quiet
from wardround.triage.judge import SAME_UNIT
from wardround.triage.said import NoAnswer, Risk, Visit

if TYPE_CHECKING:
    from wardround.operations.serving import Server
    from wardround.records import Hospital

MODEL = "triage-critical-12h"
RELEASED = "released.json"  # which hospital the release in force was made from, and how good it is
CODE = Path(__file__).parent / "templates" / "model" / "features.py"
COLUMNS = ("age", "heart_rate", "respiratory_rate", "temperature", "saturation", "systolic")
UNITS = {
    "heart_rate": "/min",
    "respiratory_rate": "/min",
    "temperature": "°C",
    "saturation": "%",
    "systolic": "mmHg",
}
STARTS_WITHIN = 120.0  # seconds; importing and checking take five, on a busy machine ten times that
PAUSES = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)  # seconds before the next start, after so many failures in a row
KEPT = 2000  # answers
NOT_YET = "The model is starting."
BUSY = "The model is busy."
AGAIN = "The model stopped and is starting again."
Answers = dict[str, Risk | NoAnswer]


def released(folder: Path | str, hospital: Hospital) -> Server:
    """Return the server of the release in force; the first call trains, registers and releases (needs MLflow)."""
    from wardround.triage.release import released

    return released(folder, hospital)


def is_released(folder: Path | str, hospital: str) -> bool:
    """Say whether a model made from the hospital of this checksum was released here."""
    return told(folder).get("hospital") == hospital


def told(folder: Path | str) -> dict[str, Any]:
    """Return what was measured at the release: ``hospital digest average measured``; empty before it."""
    try:
        found = json.loads((Path(folder) / RELEASED).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


class _Down(Exception):
    """The process is of no more use; the message is the sentence for the desk."""


class _Late(Exception):
    """Nothing was heard until then."""


class _Child:
    """One process, its two pipes and the threads that keep them from blocking anybody."""

    def __init__(self, command: Sequence[str], errors: Path) -> None:
        errors.parent.mkdir(parents=True, exist_ok=True)
        here = quiet.environment(headless=True) | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
        with errors.open("wb") as file:
            self.process = subprocess.Popen(
                list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file, env=here
            )
        self.quiet_since = time.monotonic()  # of a question asked then, or of the last reply: what came after is late
        self.unanswered = False
        self.replies: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.requests: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        for work, pipe in ((self._read, self.process.stdout), (self._write, self.process.stdin)):
            threading.Thread(target=work, args=(pipe,), daemon=True).start()

    def _read(self, pipe: IO[bytes]) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in pipe:
                self.replies.put(line)
        self.replies.put(None)

    def _write(self, pipe: IO[bytes]) -> None:
        """In a thread of its own: a process that was stopped reads nothing, and a full pipe blocks who writes."""
        with contextlib.suppress(OSError, ValueError):
            while (line := self.requests.get()) is not None:
                pipe.write(line)
                pipe.flush()

    def hear(self, until: float) -> dict[str, Any]:
        """Return the next reply; raise :class:`_Late` where none came, :class:`_Down` where it is none, or the end."""
        try:
            line = self.replies.get(timeout=max(until - time.monotonic(), 0.001))
        except queue.Empty:
            raise _Late from None
        self.quiet_since = time.monotonic()
        if line is None:
            raise _Down("The model stopped.")
        try:
            found = json.loads(line)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise _Down("The model's answer cannot be read.")
        return found

    def ask(self, request: Mapping[str, Any], until: float) -> dict[str, Any]:
        """Return the reply to a question; replies to earlier ones, which nobody waits for any more, are passed over."""
        if not self.unanswered:
            self.quiet_since = time.monotonic()
        self.unanswered = True
        self.requests.put(json.dumps(request).encode() + b"\n")
        while True:
            reply = self.hear(until)
            told = reply.get("number")
            if not (isinstance(told, int) and told < request["number"]):
                self.unanswered = False
                return reply

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def end(self) -> None:
        """Kill it; a stopped process, too."""
        with contextlib.suppress(OSError):
            self.process.kill()
        self.requests.put(None)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=5)


class Scorer:
    """Asks the released model, in time.

    Parameters
    ----------
    folder
        The assistant's ``state``, where a release is in force.
    answer_within_seconds
        When the desk goes on without a risk.
    command
        What to start instead of the released model, for tests.

    Attributes
    ----------
    answer_within
        As ``answer_within_seconds``; may be set at any time.
    slow_by
        Seconds that the model is made to wait, to practise a slow one.
    """

    def __init__(
        self, folder: Path | str, *, answer_within_seconds: float = 2.0, command: Sequence[str] | None = None
    ) -> None:
        self.folder = Path(folder)
        self.answer_within, self.slow_by = answer_within_seconds, 0.0
        self._command = command or [sys.executable, "-m", "wardround.triage.model", str(self.folder)]
        self._turn = threading.Lock()  # one question at a time
        self._change = threading.RLock()  # which process is the current one
        self._child: _Child | None = None
        self._about: dict[str, Any] | None = None  # what the process said when it was ready
        self._starting, self._closed, self._failures, self._not_before = False, False, 0, 0.0
        self._why = NOT_YET
        self._kept: dict[tuple, Risk | NoAnswer] = {}
        self._numbers = itertools.count(1)
        atexit.register(_end, weakref.ref(self))

    def start(self, wait: float = STARTS_WITHIN) -> bool:
        """Start the model and wait until it is ready; return whether it is."""
        self._again()
        until = time.monotonic() + wait
        while not self.ready and time.monotonic() < until:
            time.sleep(0.02)
        return self.ready

    @property
    def ready(self) -> bool:
        """Whether the model can be asked now."""
        with self._change:
            return self._child is not None and self._about is not None and self._child.alive

    @property
    def why(self) -> str:
        """Why it cannot, in a sentence; what the server of releases has to say where it can, or nothing."""
        ready, about = self.ready, self._about
        return str((about or {}).get("why", "")) if ready else self._why

    @property
    def model(self) -> str:
        """Name and version of what is asked; empty while nothing can be."""
        return str((self._about or {}).get("model", ""))

    @property
    def pid(self) -> int | None:
        """Number of the process; None where there is none."""
        with self._change:
            return self._child.process.pid if self._child is not None and self._child.alive else None

    def score(self, visits: Iterable[Visit], now: dt.datetime | None = None) -> Answers:
        """Return an answer for each visit by ``encounter_id``, within ``answer_within`` seconds. It never raises."""
        until = time.monotonic() + self.answer_within
        now = now or dt.datetime.now(dt.UTC)
        asked = {one.encounter_id: row(one, now) for one in visits}
        if not asked:
            return {}
        if not self._turn.acquire(timeout=self.answer_within):
            return _nobody(asked, BUSY)
        try:
            return self._score(asked, until)
        except _Down as trouble:
            self._lose(str(trouble))
            return _nobody(asked, str(trouble))
        finally:
            self._turn.release()

    def kill(self, down_for: float = 0.0) -> None:
        """Kill the model, to practise; it starts again by itself, not before so many seconds."""
        with self._change:
            self._not_before = time.monotonic() + down_for
        self._lose("The model stopped.")

    def close(self) -> None:
        """End the model for good."""
        self._closed = True
        with self._change:
            child, self._child, self._about = self._child, None, None
        if child is not None:
            child.end()

    def _score(self, asked: Mapping[str, tuple], until: float) -> Answers:
        with self._change:
            child, about = self._child, self._about
            if child is None or about is None:
                self._again()
                return _nobody(asked, self._why)
        if not child.alive:
            raise _Down("The model stopped.")
        known = {} if self.slow_by else {key: self._kept.get((key, values)) for key, values in asked.items()}
        wanted = {key: values for key, values in asked.items() if known.get(key) is None}
        answers: Answers = {}
        if wanted:
            number = next(self._numbers)
            request = {"number": number, "wait": self.slow_by, "rows": {key: list(one) for key, one in wanted.items()}}
            try:
                answers = _read(child.ask(request, until), number, wanted, about)
            except _Late:  # a model that is asked too much is left alone, one that keeps still is not
                if time.monotonic() - child.quiet_since >= 0.9 * self.answer_within:
                    raise _Down("The model did not answer in time.") from None
                return _nobody(asked, BUSY)
            with self._change:
                if self._child is child:  # an answer of a process that ended meanwhile is not kept
                    if len(self._kept) > KEPT:
                        self._kept.clear()
                    self._kept |= {(key, wanted[key]): one for key, one in answers.items()}
        return {key: answers.get(key) or known[key] for key in asked}

    def _lose(self, why: str) -> None:
        """End the current process, forget what it said, and start another."""
        with self._change:
            child, self._child, self._about = self._child, None, None
            self._why = AGAIN if child is not None else why
        if child is not None:
            threading.Thread(target=child.end, daemon=True).start()
            self._again()

    def _again(self) -> None:
        with self._change:
            if self._closed or self._starting or self._child is not None:
                return
            self._starting = True
        threading.Thread(target=self._start, daemon=True).start()

    def _start(self) -> None:
        """Start a process and wait until it is ready; after failures in a row with longer and longer pauses."""
        try:
            while not self._closed:
                pause = PAUSES[min(self._failures, len(PAUSES) - 1)]
                until = max(time.monotonic() + pause, self._not_before)
                while not self._closed and (left := max(until, self._not_before) - time.monotonic()) > 0:
                    time.sleep(min(left, 0.05))
                if self._closed or self._try():
                    return
                self._failures += 1
        finally:
            with self._change:
                self._starting = False

    def _try(self) -> bool:
        try:
            child = _Child(self._command, self.folder / "model.err")
        except OSError as trouble:
            self._why = f"The model could not be started ({trouble.strerror})."
            return False
        try:
            about = child.hear(time.monotonic() + STARTS_WITHIN)
            if not about.get("ready"):
                raise _Down(str(about.get("why") or "The model did not start."))
        except (_Down, _Late) as trouble:
            self._why = str(trouble) or "The model did not start in time."
            child.end()
            return False
        with self._change:
            if not self._closed:
                self._child, self._about, self._failures, self._why = child, about, 0, ""
                self._kept.clear()
                return True
        child.end()
        return True


def row(visit: Visit, now: dt.datetime) -> tuple[float | None, ...]:
    """Return what the model is told of a visit: six numbers in ``COLUMNS``, None where nothing usable was measured."""
    values: list[float | None] = [visit.age(now)]
    for name in COLUMNS[1:]:
        reading = visit.readings.get(name)
        known = reading is not None and reading.value is not None and math.isfinite(reading.value)
        known = known and SAME_UNIT.get(reading.unit, reading.unit) == UNITS[name]
        values.append(float(reading.value) if known else None)
    return tuple(values)


def _read(reply: dict[str, Any], number: int, wanted: Mapping[str, tuple], about: dict[str, Any]) -> Answers:
    """The reply as answers; one wrong number in it and none of it is believed."""
    try:
        if reply["number"] != number or set(reply["answers"]) != set(wanted):
            raise ValueError
        return {key: _answer(one, about) for key, one in reply["answers"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as trouble:
        raise _Down("The model's answer cannot be read.") from trouble


def _answer(one: dict[str, Any], about: dict[str, Any]) -> Risk | NoAnswer:
    if "no" in one:
        return NoAnswer(str(one["no"]))
    probability, pushes = float(one["risk"]), {str(name): float(push) for name, push in one["pushes"].items()}
    if not (0 <= probability <= 1 and all(math.isfinite(push) for push in pushes.values())):
        raise ValueError
    average = about.get("average")
    return Risk(probability, pushes, str(about["model"]), float(average) if average is not None else None)


def _nobody(asked: Iterable[str], why: str) -> Answers:
    return dict.fromkeys(asked, NoAnswer(why))


def _end(scorer: weakref.ref[Scorer]) -> None:
    if (found := scorer()) is not None:
        found.close()


def main(folder: str) -> int:
    """Load the release in force and answer questions, a line each, until the pipe closes."""
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what a library prints is no answer
    try:
        from wardround.triage.answering import Answering

        model = Answering(folder)
    except Exception as trouble:
        print(repr(trouble), file=sys.stderr)
        out.write(json.dumps({"ready": False, "why": "The model cannot be loaded."}).encode() + b"\n")
        return 1
    out.write(json.dumps({"ready": True, **model.about}).encode() + b"\n")
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        time.sleep(asked.get("wait", 0))
        reply = {"number": asked["number"], "answers": model.answers(asked["rows"])}
        out.write(json.dumps(reply, allow_nan=False).encode() + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
