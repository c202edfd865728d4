"""``check``, ``check_all``, ``hint``, ``solution``: what a learner calls beside an answer."""

from __future__ import annotations

import sys
from typing import Any

from wardround.course import loading, plain, progress
from wardround.course.asking import put
from wardround.course.box import quiet_in_box
from wardround.course.fresh import ensure_fresh
from wardround.course.places import week_of
from wardround.course.questions import Question, week_questions
from wardround.course.render import Block
from wardround.course.verdicts import Verdict, expected, is_blank, judge, not_attempted

HEADINGS = {
    "right": "{id}: right",
    "fragile": "{id}: right here, not elsewhere",
    "misconception": "{id}: not yet, and the mistake has a name",
    "not_yet": "{id}: not yet",
    "not_attempted": "{id}: no answer yet",
    "unreadable": "{id}: not readable yet",
    "cannot_tell": "{id}: this hospital cannot tell",
}


class NotYet(Exception):
    """An answer that is not right yet. The explanation stands above it as a block; this is one line for machines."""

    def _render_traceback_(self) -> list[str]:
        return [f"NotYet: {self}"]


class NoHospital(RuntimeError):
    """There is nothing to check on yet."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@quiet_in_box
def check(id: str, value: Any) -> Block:
    """Check an answer and say why, if it is wrong.

    Parameters
    ----------
    id
        Such as ``"W01.Q1"``.
    value
        The answer; ``...`` stands for none yet.

    Returns
    -------
    Block
        What a right answer means.

    Raises
    ------
    NotYet
        For every other verdict, after the explanation was displayed.
    """
    asked = _question(id)
    if isinstance(asked, Block):
        return _refuse(asked, "no such question")
    verdict = verdict_on(asked, value)
    trouble = progress.record(id, verdict.kind, _teaches(asked, verdict))
    block = as_block(verdict, asked)
    block = block.with_lines(("", trouble)) if trouble else block
    return block if verdict.kind == "right" else _refuse(block, f"{id}, {verdict.kind.replace('_', ' ')}")


def verdict_on(asked: Question, value: Any) -> Verdict:
    """Judge a value on the current hospital and, for a function, on the second one."""
    from wardround.course.keys import week_keys

    keys = week_keys(week_of(asked.id))
    if is_blank(value):
        return not_attempted(asked)
    with loading.shown_progress() as shown:
        if asked.fresh:
            ensure_fresh(progress=shown)
        if asked.seconds:
            shown(0.5, f"{asked.id}: this check takes about {asked.seconds} seconds")
        return _judged(asked, value, keys)


def _judged(asked: Question, value: Any, keys: Any) -> Verdict:
    key = keys.keys[asked.id]
    answers, known = {}, {}
    for role in asked.hospitals:
        hospital = current_hospital() if role == "here" else _second()
        answers[role] = put(asked, value, hospital)
        folder = hospital.path.parent
        known[role] = expected(asked, key, hospital, _truth(hospital), keys.digest, folder / "truth" / "answers")
        verdict = judge(asked, key, answers, known)
        if verdict.kind != "right":
            break
    return verdict


@quiet_in_box
def check_all(week: int, answers: dict[str, Any] | None = None) -> Block:
    """Check every question of a week at once; the lines say which are right. Stretch questions are never counted.

    Parameters
    ----------
    answers
        Values by answer name; by default the names of the notebook that calls.
    """
    names = sys._getframe(2).f_globals if answers is None else answers
    told, right = [], []
    for id, asked in week_questions(week).items():
        verdict = verdict_on(asked, names.get(asked.answer, ...))
        progress.record(id, verdict.kind, _teaches(asked, verdict))
        told.append(_in_short(verdict, asked))
        if not asked.stretch:
            right.append(verdict.kind == "right")
    return Block(f"Week {week}: {sum(right)} of {len(right)} right", tuple(told), "right" if all(right) else "note")


def _in_short(verdict: Verdict, asked: Question) -> tuple[str, str]:
    """One line on a verdict; what the heading has said is not said twice."""
    heading = HEADINGS[verdict.kind].format(id=f"{asked.id} (+)" if asked.stretch else asked.id)
    if asked.stretch and verdict.kind == "not_attempted":
        return "", f"{asked.id} (+): not tried."
    silent = verdict.kind in ("right", "not_attempted") or verdict.says == "Not yet."
    return ("", f"{heading}.") if silent else (heading, verdict.says)


@quiet_in_box
def hint(id: str) -> Block:
    """Show the next rung of a question's ladder: its goal, a pointer, the concept, part of the code."""
    asked = _question(id)
    if isinstance(asked, Block):
        return asked
    rung = min(progress.hints_taken(id) + 1, len(asked.hints))
    trouble = progress.record_hint(id, rung)
    shown = [(f"Hint {n}", text) for n, text in enumerate(asked.hints[:rung], 1)]
    if rung == len(asked.hints):
        shown.append(("Next", f'that was the last hint; `solution("{id}")` shows one way to answer'))
    if trouble:
        shown.append(("", trouble))
    return Block(f"{id}: hint {rung} of {len(asked.hints)}", tuple(shown), "note")


@quiet_in_box
def solution(id: str, *, anyway: bool = False) -> Block:
    """Show one way to answer and why: after a right answer, after the last hint, or ``anyway``."""
    from wardround.course.notebooks import solution_of

    asked = _question(id)
    if isinstance(asked, Block):
        return asked
    entry = progress.read().questions.get(id)
    done = entry is not None and entry.done
    left = len(asked.hints) - progress.hints_taken(id)
    if not (done or anyway or left <= 0):
        said = (
            f"{left} {'hint is' if left == 1 else 'hints are'} left, and they teach more than reading the answer does"
        )
        how = f'`hint("{id}")` for the next, or `solution("{id}", anyway=True)`'
        return Block(f"{id}: hints first", (("", f"{said}."), ("Write", how)), "ask")
    code, why = solution_of(id)
    return Block(f"{id}: one way to answer", (("", f"```\n{code}\n```"), ("Why", why)), "note")


def current_hospital() -> Any:
    """Return the hospital that was loaded last.

    Raises
    ------
    NoHospital
        ``load()`` has not been called in this notebook.
    """
    hospital = loading.current()
    if hospital is None:
        raise NoHospital("No hospital is loaded in this notebook; run `hospital = load()` first, then this cell again.")
    return hospital


def true_outcome(id: str) -> float | bool:
    """Return what a prediction was about, computed on the current hospital."""
    from wardround.course.keys import week_keys

    hospital = current_hospital()
    return plain.through(week_keys(week_of(id)).outcomes[id](hospital, _truth(hospital)))


def remark_on(id: str, outcome: float | bool) -> str:
    """Return what the keys say beside the outcome of a prediction; nothing where they say nothing."""
    from wardround.course.keys import week_keys

    remark = week_keys(week_of(id)).remarks.get(id)
    if remark is None:
        return ""
    entry = progress.read().questions.get(remark.after)
    if remark.after and not (entry and entry.done):
        return (
            f"Your answer to {remark.after} will differ from this. Finish it, and reveal again: the rest is told then."
        )
    hospital = current_hospital()
    return remark.says(hospital, _truth(hospital), outcome)


def as_block(verdict: Verdict, asked: Question) -> Block:
    """Lay a verdict out: what happened, what it means, what your own answer shows, where to look."""
    if verdict.kind == "right":
        more = f'`solution("{asked.id}")` shows another way and why it works'
        return Block(HEADINGS["right"].format(id=asked.id), (("", verdict.says), ("More", more)), "right")
    lines = [
        ("", verdict.says if verdict.says != "Not yet." else ""),
        ("On the ward", verdict.so_what),
        ("In your answer", verdict.evidence),
        ("Look at", verdict.look_at),
        ("Stuck", f'`hint("{asked.id}")`'),
    ]
    return Block(HEADINGS[verdict.kind].format(id=asked.id), tuple(line for line in lines if line[1]), "wrong")


def _refuse(block: Block, line: str) -> Block:
    from IPython.display import display

    display(block)
    raise NotYet(f"{line} (see above)")


def _question(id: str) -> Question | Block:
    try:
        known = week_questions(week_of(id))
    except (ValueError, FileNotFoundError) as trouble:
        return Block("No such question", (("", str(trouble)),), "ask")
    if id in known:
        return known[id]
    return Block("No such question", (("", f"{id} is not asked in its week, which has {', '.join(known)}."),), "ask")


def _teaches(asked: Question, verdict: Verdict) -> list[str] | str | None:
    """What a right answer resists: every misconception that the question is able to show."""
    if verdict.kind != "right":
        return verdict.teaches
    from wardround.course.keys import week_keys

    key = week_keys(week_of(asked.id)).keys[asked.id]
    return sorted({m.teaches for m in key.misconceptions if m.teaches})


def _truth(hospital: Any) -> Any:
    from wardround.hospital import HospitalError, open_truth

    try:
        return open_truth(hospital.path.parent)
    except HospitalError as trouble:
        raise NoHospital(
            f"Nobody knows the truth behind {hospital.path}, so checks cannot run on it; "
            "load the course's own hospital with `hospital = load()` and run this cell again."
        ) from trouble


_seconds: list[Any] = []


def _second() -> Any:
    """The smaller hospital that no learner has seen, opened once a process."""
    if not _seconds:
        from wardround.records import read_export

        with loading.shown_progress() as shown:
            _seconds.append(read_export(loading.ensure_hospitals(progress=shown)[1], progress=shown))
    return _seconds[0]
