"""From answers to a verdict: the half of a check that knows the key and never touches learner code.

:func:`expected` computes what is right, and each known wrong answer, on one hospital, and keeps it beside that
hospital's truth. :func:`judge` holds an answer against it. The notebook, the grader and ``prove`` all call these two.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import orjson

from wardround.course import plain
from wardround.course.asking import finished
from wardround.course.keys import Key, Misconception
from wardround.course.plain import Raised, Unreadable, WrongKind
from wardround.course.questions import Question
from wardround.course.store import write_atomically

Kind = Literal["right", "fragile", "misconception", "not_yet", "not_attempted", "unreadable", "cannot_tell"]


class OpenHospital(Protocol):
    """What judging needs of an opened hospital."""

    checksum: str


@dataclass(frozen=True)
class Expected:
    """The right answer and the known wrong ones on one hospital, all as plain data."""

    hospital: Any
    reference: Any
    wrong: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What is said about an answer. ``distance`` is in the comparison's unit, None where none could be taken."""

    kind: Kind
    question: str
    says: str
    so_what: str = ""
    evidence: str = ""
    look_at: str = ""
    teaches: str | None = None
    misconception: str | None = None
    distance: float | None = None


def expected(
    question: Question, key: Key, hospital: OpenHospital, truth: Any, digest: str, cache: Path | None = None
) -> Expected:
    """Return what is right and what is known to be wrong on a hospital, computed once for a key and a checksum.

    Parameters
    ----------
    digest
        Of the week's keys; a changed key forgets what was kept.
    cache
        Folder for what is kept, such as ``<hospital>/truth/answers``; None keeps nothing.
    """
    name = hashlib.sha256(f"{hospital.checksum} {digest}".encode()).hexdigest()[:16]
    kept = cache / f"{key.id}-{name}.json" if cache else None
    answers = _read(kept) if kept else None
    if answers is None:
        answers = _compute(question, key, hospital, truth)
        if kept:
            _forget_older(kept, key.id)
            _keep(kept, answers)
    return Expected(hospital, answers["reference"], answers["wrong"])


def _compute(question: Question, key: Key, hospital: OpenHospital, truth: Any) -> dict:
    reference = plain.through(key.reference(hospital, truth))
    wrong = {}
    for known in key.misconceptions:
        value = known.answer if question.kind == "function" else known.answer(hospital)
        wrong[known.name] = finished(question, plain.through(question.ask(value, hospital)), lambda: hospital)
    return {"reference": reference, "wrong": wrong}


def _read(path: Path) -> dict | None:
    try:
        stored = orjson.loads(path.read_bytes())
        return {
            "reference": plain.restore(stored["reference"].encode()),
            "wrong": {name: plain.restore(text.encode()) for name, text in stored["wrong"].items()},
        }
    except (OSError, ValueError, KeyError, TypeError):
        return None  # not there, or damaged: it is computed again


def _keep(path: Path, answers: dict) -> None:
    stored = {
        "reference": plain.dump(answers["reference"]).decode(),
        "wrong": {name: plain.dump(value).decode() for name, value in answers["wrong"].items()},
    }
    with contextlib.suppress(OSError):  # a hospital on a read-only disk: the next check computes again
        write_atomically(path, orjson.dumps(stored))


def _forget_older(path: Path, id: str) -> None:
    for old in path.parent.glob(f"{id}-*.json"):
        old.unlink(missing_ok=True)


def judge(question: Question, key: Key, answers: Mapping[str, Any], known: Mapping[str, Expected]) -> Verdict:
    """Hold answers against what is expected.

    Parameters
    ----------
    answers
        By role (``here``, ``unseen``): what ``ask`` returned, as plain data; ``Raised`` where it stopped.
    known
        By role, what is right and wrong on that hospital.
    """
    here = _readable(question, key, answers["here"], known["here"].reference)
    if here is not None:
        return here
    verdict = _on_one(question, key, answers["here"], known["here"])
    if verdict.kind != "right":
        return verdict
    for role in question.hospitals:
        if role != "here" and role in answers:
            elsewhere = _elsewhere(question, key, answers[role], known[role])
            if elsewhere is not None:
                return elsewhere
    return verdict


def is_blank(answer: Any) -> bool:
    """Nothing was written yet: ``...``, or a dictionary that holds nothing else."""
    return answer is ... or (type(answer) is dict and bool(answer) and all(part is ... for part in answer.values()))


def not_attempted(question: Question) -> Verdict:
    """The verdict on nothing."""
    return Verdict("not_attempted", question.id, f"`{question.answer}` is still `...`: there is no answer yet.")


def _readable(question: Question, key: Key, answer: Any, reference: Any) -> Verdict | None:
    """A verdict for what cannot be judged at all, or None."""
    if is_blank(answer):
        return not_attempted(question)
    if isinstance(answer, Raised):
        if answer.error == "TooLarge":
            return _too_large(question)
        where = f" on line {answer.line} of its cell" if answer.line else ""
        return Verdict(
            "unreadable",
            question.id,
            f"`{question.answer}` stopped with {answer.error}{where}.",
            evidence=f"Python said: {answer.message}" if answer.message else "",
            look_at=_try_it(question),
        )
    problem = _problem(question, key, answer, reference)
    if problem is None:
        return None
    says = f"This cannot be read as an answer: {problem}. Expected: {question.expects}."
    return Verdict("unreadable", question.id, says)


def _try_it(question: Question) -> str:
    if question.kind == "function":
        return (
            f"Call `{question.answer}` yourself in a cell: where it stops, the last row of the message names "
            "the place; else hold what it returns against the question."
        )
    return f"The message names the part of `{question.answer}` that could not be used."


def _too_large(question: Question) -> Verdict:
    return Verdict(
        "unreadable",
        question.id,
        f"`{question.answer}` gives back far more than an answer can hold.",
        evidence="A merge multiplies rows when its key stands several times on both sides.",
        look_at="Count the rows before and after each merge; `drop_duplicates()` makes a dictionary's entries single.",
    )


_RETURN = "a function that lacks its `return` gives None"
_IN_PLACE = "`append`, `update` and `sort` change a thing where it is and give None back: keep the thing itself"


def _problem(question: Question, key: Key, answer: Any, reference: Any) -> str | None:
    if answer is None:
        return f"it is None ({_RETURN if question.kind == 'function' else _IN_PLACE})"
    if isinstance(answer, WrongKind):
        return f"{answer.found} is there ({_IN_PLACE})" if answer.found == "None" else f"{answer.found} is there"
    if isinstance(answer, Unreadable):
        return f"it is a {answer.type_name}, which is not plain data"
    return key.same.unreadable(answer, reference)


def _on_one(question: Question, key: Key, answer: Any, known: Expected) -> Verdict:
    distance = key.same.distance(answer, known.reference)
    match = next((m for m in key.misconceptions if key.same.matches(answer, known.wrong[m.name])), None)
    if distance <= key.same.allowed:
        if match is not None:
            return _cannot_tell(question, match, distance)
        says = key.right(answer, known.hospital) if callable(key.right) else key.right
        return Verdict("right", question.id, says, distance=distance)
    match = match or next((m for m in key.misconceptions if m.also and m.also(answer, known.hospital)), None)
    if match is not None:
        return _misconception(question, key, match, answer, known, distance)
    evidence = key.evidence(answer, known.hospital) if key.evidence else None
    evidence = evidence or key.same.evidence(answer, known.reference) or ""
    look_at = key.look_at(answer, known.hospital) if callable(key.look_at) else key.look_at
    return Verdict("not_yet", question.id, "Not yet.", evidence=evidence, look_at=look_at, distance=distance)


def _misconception(
    question: Question, key: Key, match: Misconception, answer: Any, known: Expected, distance: float
) -> Verdict:
    told = match.evidence(answer, known.hospital) if match.evidence else key.same.evidence(answer, known.reference)
    return Verdict(
        "misconception",
        question.id,
        match.says,
        match.so_what,
        told or "",
        match.look_at,
        match.teaches,
        match.name,
        distance,
    )


def _cannot_tell(question: Question, match: Misconception, distance: float) -> Verdict:
    return Verdict(
        "cannot_tell",
        question.id,
        "This hospital cannot tell: the right answer and a common mistake give the same result here.",
        evidence=f"The mistake would be: {match.says}",
        look_at="Run the check on the course's own hospital: `hospital = load()`.",
        distance=distance,
    )


def _elsewhere(question: Question, key: Key, answer: Any, known: Expected) -> Verdict | None:
    """A verdict for an answer that is right here and wrong on a hospital it has not seen, or None."""
    says = "Right on this hospital, and wrong on another one."
    if answer is ... or isinstance(answer, Raised):
        problem = "it gave no answer there" if answer is ... else f"it stopped with {answer.error}: {answer.message}"
    else:
        problem = _problem(question, key, answer, known.reference)
    if problem is None:
        verdict = _on_one(question, key, answer, known)
        if verdict.kind in ("right", "cannot_tell"):
            return None
        problem = verdict.evidence
        says = f"{says} {verdict.says}" if verdict.misconception else says
    return Verdict(
        "fragile",
        question.id,
        says,
        "Code that only fits today's data will be wrong the day a second site sends its own.",
        f"On the other hospital: {problem}",
        "Look for a number, a code or an id written into your answer, for a name from outside it (such as `labs` where "
        "`tables.labs` belongs), a case that this hospital does not have, or a margin that was thin here by chance.",
    )
