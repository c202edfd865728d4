"""The learner's side of the runner: cells are executed here, and questions put; it knows no key.

Whatever learner code does in this process, the worst it can reach is a wrong answer: what leaves are lines of JSON that
the other side reads as data.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from wardround.course import loading, plain
from wardround.course.asking import put
from wardround.course.plain import Raised
from wardround.course.questions import Question, load_questions
from wardround.records import read_export

_MAGIC = re.compile(r"^(\s*)([%!].*|[\w.]+\?{1,2}\s*)$", re.M)
WAIT = 3  # seconds by the clock for each second of processor time


class OutOfTime(BaseException):
    """A cell or a question took longer than it may; no ``except Exception`` of a learner's catches it."""


def main(job: dict[str, Any]) -> None:
    """Run the cells, put the questions, write a JSON line for each answer and before each step.

    Parameters
    ----------
    job
        ``cells`` (sources), ``skip`` (steps that ended an earlier run), ``seconds`` a step may take (None: no limit),
        ``questions`` (path), ``hospitals`` (folders by role).
    """
    out = _answers_apart()
    send = _sender(out)
    hospitals = {role: read_export(folder) for role, folder in job["hospitals"].items()}
    loading.use(hospitals["here"])
    asked = load_questions(Path(job["questions"])).questions
    names: dict[str, Any] = {"__name__": "__main__", "display": _shown_nowhere}  # a kernel has it without an import
    skip, seconds = job.get("skip", []), job.get("seconds")
    for number, source in enumerate(job["cells"]):
        if ["cell", number] not in skip:
            send(begin=["cell", number])
            trouble = _execute(source, number, names, seconds)
            if trouble is not None:
                send(cell=number, error=_name(trouble), message=_said(trouble))
    for question in asked.values():
        for role in question.hospitals:
            if ["ask", question.id, role] not in skip:
                send(begin=["ask", question.id, role])
                _ask(send, question, names.get(question.answer, ...), role, hospitals[role], seconds)
    send(end=True, cpu=time.process_time())
    os._exit(0)  # threads that a learner left running are not waited for


def _shown_nowhere(*things: Any, **how: Any) -> None:
    """Stands for IPython's ``display``: nobody looks."""


def _answers_apart() -> int:
    """Keep the pipe for answers under another number; what is printed goes the way of errors."""
    out = os.dup(1)
    os.dup2(2, 1)
    return out


def _sender(out: int) -> Callable[..., None]:
    def send(**message: Any) -> None:
        line = memoryview(orjson.dumps(message) + b"\n")
        while line:
            line = line[os.write(out, line) :]

    return send


def _execute(source: str, number: int, names: dict, seconds: float | None) -> BaseException | None:
    """Run one cell; the next ones run whatever happened here."""
    try:
        with _alarm(seconds):
            exec(_compiled(source, f"<cell {number + 1}>"), names)
    except BaseException as trouble:
        return trouble
    return None


def _compiled(source: str, name: str) -> Any:
    """Code of a cell; lines for the notebook's shell become comments, but only where the cell is no Python as it is."""
    try:
        return compile(source, name, "exec")
    except SyntaxError:
        if source.lstrip().startswith("%%"):  # %%time is code below its first line, %%bash is not
            source = "%" + source.lstrip().removeprefix("%%")
        return compile(_MAGIC.sub(r"\1pass  # \2", source), name, "exec")


def _ask(send: Any, asked: Question, value: Any, role: str, hospital: Any, seconds: float | None) -> None:
    began = time.perf_counter()
    try:
        with _alarm(seconds and seconds + 4 * asked.seconds):
            answer = put(asked, value, hospital, kept=plain.dump)
    except BaseException as trouble:  # also what a learner's own exception does when it is described
        answer = Raised(_name(trouble), _said(trouble))
    if not isinstance(answer, bytes):
        answer = plain.dump(answer)
    passed = time.perf_counter() - began
    send(question=asked.id, role=role, seconds=passed, answer=orjson.Fragment(answer))


@contextlib.contextmanager
def _alarm(seconds: float | None) -> Iterator[None]:
    """Stop what takes more processor time than it may, or three times as long by the clock.

    By the clock alone a submission would fail because others were graded at the same time.
    """
    if not seconds or not hasattr(signal, "setitimer"):  # Windows: the limit of the whole run still holds
        yield
        return

    def ring(number: int, frame: Any) -> None:
        raise OutOfTime(f"it was stopped after {seconds if number == signal.SIGPROF else WAIT * seconds:.0f} seconds")

    clocks = ((signal.SIGPROF, signal.ITIMER_PROF, seconds), (signal.SIGALRM, signal.ITIMER_REAL, WAIT * seconds))
    for number, clock, most in clocks:
        signal.signal(number, ring)
        signal.setitimer(clock, most, 1.0)  # again each second: the first may fall into an `except`
    try:
        yield
    finally:
        for _, clock, _ in clocks:
            signal.setitimer(clock, 0)


def _name(trouble: BaseException) -> str:
    return str(type.__dict__["__name__"].__get__(type(trouble)))[:80]


def _said(trouble: BaseException) -> str:
    try:
        return str(trouble)[:300]
    except BaseException:
        return ""
