"""Putting a question to an answer: the one place where learner code is called."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

from wardround.course import plain
from wardround.course.compare_words import named
from wardround.course.plain import Raised
from wardround.course.questions import Question


def put(asked: Question, value: Any, hospital: Any, *, kept: Callable[[Any], Any] = plain.through) -> Any:
    """Return what ``ask`` makes of a value on a hospital, as plain data; :class:`Raised` where learner code stopped.

    A value that is still ``...`` is passed on as it is. The runner's child keeps the bytes that leave it instead
    (``kept=plain.dump``).
    """
    if value is ...:
        return ...
    if not (callable(value) if asked.kind == "function" else asked.takes is None or isinstance(value, asked.takes)):
        return plain.WrongKind(named(value))
    try:
        answer = kept(asked.ask(value, hospital))
    except (Exception, SystemExit) as trouble:  # learner code may stop in any way; the check must still explain it
        return Raised(type(trouble).__name__, _first_line(trouble), _line(trouble))
    return finished(asked, answer, lambda: hospital) if kept is plain.through else answer


def finished(asked: Question, answer: Any, hospital: Callable[[], Any]) -> Any:
    """Return what the question makes of an answer's plain data in the end; of another shape it is left as it is.

    The runner calls it on what has left the child, so that nothing that knows the answers stands beside learner code.
    """
    if asked.then is None or type(answer) is not dict:
        return answer
    try:
        return plain.through(asked.then(answer, hospital()))
    except (LookupError, TypeError, ValueError, AttributeError):
        return answer


def _first_line(trouble: BaseException) -> str:
    return (str(trouble).splitlines() or [""])[0][:300]


def _line(trouble: BaseException) -> int | None:
    """The last line of learner code in the traceback: code that no file of a package holds."""
    found = None
    for frame, line in traceback.walk_tb(trouble.__traceback__):
        name = frame.f_code.co_filename
        if "ipykernel" in name or name.startswith("<"):
            found = line
    return found
