"""Questions as a learner may see them: id, answer name, how to ask, hints.

A week's ``questions.py`` calls :func:`question`, :func:`prediction` and :func:`memo_form`. Nothing here knows an
answer: this half enters the process that runs learner code, ``keys.py`` never does.
"""

from __future__ import annotations

import functools
import re
import runpy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from wardround.course.places import week_folder

QUESTION_ID = re.compile(r"W(\d\d)\.Q\d+")
PREDICTION_ID = re.compile(r"W(\d\d)\.P\d+")
MEMO_ID = re.compile(r"W(\d\d)\.(?:M|A[1-4])")  # the week's decision, or an artefact's own form


class AuthoringError(ValueError):
    """A question, key or notebook that its author must mend."""


@dataclass(frozen=True)
class Question:
    """What may be shown of a question.

    Attributes
    ----------
    answer
        Name under which the learner's notebook holds the answer.
    kind
        ``value``: the thing itself; ``function``: called on hospitals, also on one never seen;
        ``own``: judged for consistency only.
    expects
        One phrase for the type and shape, used when an answer cannot be read.
    ask
        The only half that touches learner code: ``ask(value, hospital)`` returns plain data.
    takes
        The type that ``ask`` can be put to, where it does not return the value as it is. Anything else is
        ``unreadable``, and ``expects`` says what was wanted: the comparison only knows what ``ask`` makes of it.
    hospitals
        Roles it is asked on: ``here`` and, for functions, ``unseen``.
    fresh
        Whether ``ask`` calls :func:`wardround.course.fresh.fresh_stays`.
    then
        ``then(answer, hospital)``: what is made of that plain data where no learner code is, such as names that would
        have told it the answer.
    seconds
        About how long one check takes on one hospital, where that is more than a moment: it is said while it runs.
    """

    id: str
    answer: str
    kind: Literal["value", "function", "own"]
    title: str
    expects: str
    ask: Callable[[Any, Any], Any]
    hints: tuple[str, ...]
    hospitals: tuple[str, ...]
    stretch: bool = False
    takes: type | None = None
    fresh: bool = False
    seconds: int = 0
    then: Callable[[Any, Any], Any] | None = None


@dataclass(frozen=True)
class Prediction:
    """A number (``range``) or a claim (``probability``) to be guessed before the run."""

    id: str
    kind: Literal["range", "probability"]
    ask: str
    unit: str = ""


@dataclass
class WeekQuestions:
    """Everything that one week asks."""

    questions: dict[str, Question] = field(default_factory=dict)
    predictions: dict[str, Prediction] = field(default_factory=dict)
    memos: dict[str, dict[str, str]] = field(default_factory=dict)


_collecting: list[WeekQuestions] = []


def question(
    id: str,
    *,
    answer: str,
    title: str,
    expects: str,
    hints: list[str],
    kind: Literal["value", "function", "own"] = "value",
    ask: Callable[[Any, Any], Any] | None = None,
    hospitals: tuple[str, ...] | None = None,
    stretch: bool = False,
    takes: type | None = None,
    fresh: bool = False,
    seconds: int = 0,
    then: Callable[[Any, Any], Any] | None = None,
) -> Question:
    """Declare a question. Four hints, each a rung: goal, pointer, concept, partial code."""
    _demand(QUESTION_ID.fullmatch(id), f"{id!r} is not a question id such as 'W01.Q2'")
    _demand(answer.isidentifier(), f"{id}: {answer!r} cannot be the name of an answer")
    _demand(len(hints) == 4, f"{id} has {len(hints)} hints; write four rungs")
    _demand(kind != "function" or ask is not None, f"{id} is a function: say with ask= how it is called")
    made = Question(
        id=id,
        answer=answer,
        kind=kind,
        title=title,
        expects=expects,
        ask=ask or (lambda value, hospital: value),
        hints=tuple(hints),
        hospitals=hospitals or (("here", "unseen") if kind == "function" else ("here",)),
        stretch=stretch,
        takes=takes,
        fresh=fresh,
        seconds=seconds,
        then=then,
    )
    week = _week()
    _demand(id not in week.questions, f"{id} is declared twice")
    _demand(all(q.answer != answer for q in week.questions.values()), f"{id}: the name {answer!r} is taken")
    week.questions[id] = made
    return made


def prediction(id: str, *, ask: str, kind: Literal["range", "probability"] = "range", unit: str = "") -> Prediction:
    """Declare something the learner guesses before running it."""
    _demand(PREDICTION_ID.fullmatch(id), f"{id!r} is not a prediction id such as 'W01.P1'")
    made = Prediction(id=id, kind=kind, ask=ask, unit=unit)
    _week().predictions[id] = made
    return made


def memo_form(id: str, *, fields: dict[str, str]) -> None:
    """Declare the fields of the week's decision memo, each with the question it answers."""
    _demand(MEMO_ID.fullmatch(id), f"{id!r} is not a memo id such as 'W01.M'")
    _week().memos[id] = dict(fields)


@functools.cache
def week_questions_of(week: int) -> WeekQuestions:
    """Load ``curriculum/weekNN_*/questions.py``."""
    return load_questions(week_folder(week) / "questions.py")


def load_questions(path: Path) -> WeekQuestions:
    """Load one ``questions.py`` wherever it lies (the grading box has its own copy)."""
    with collecting() as week:
        runpy.run_path(str(path))
    return week


def week_questions(week: int) -> dict[str, Question]:
    """Questions of a week by id."""
    return week_questions_of(week).questions


def predictions(week: int) -> dict[str, Prediction]:
    """Predictions of a week by id."""
    return week_questions_of(week).predictions


def week_memos(week: int) -> dict[str, dict[str, str]]:
    """Memo forms of a week: id to fields."""
    return week_questions_of(week).memos


@contextmanager
def collecting() -> Iterator[WeekQuestions]:
    """Gather what ``question`` and its siblings declare inside the block."""
    _collecting.append(WeekQuestions())
    try:
        yield _collecting[-1]
    finally:
        _collecting.pop()


def _week() -> WeekQuestions:
    if not _collecting:
        raise AuthoringError("question() stands in a week's questions.py, which the course loads; do not run it alone")
    return _collecting[-1]


def _demand(condition: object, otherwise: str) -> None:
    if not condition:
        raise AuthoringError(otherwise)
