"""Three questions for a short conversation about a learner's own answers.

A right answer shows that it is right, not who found it. Five minutes over one's own code show the rest, and teach more
than a score. Each question comes with what to listen for; none of them has a mark.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from wardround.course.grading.marks import Mark, Row
from wardround.course.keys import week_keys
from wardround.course.questions import Question, week_questions

ASKED = 3


@dataclass(frozen=True)
class Asked:
    """One question: what it is about, the words, what to listen for, and the learner's own code or sentence."""

    about: str
    ask: str
    listen: str
    shown: str = ""


def conversation(row: Row) -> list[Asked]:
    """Choose three: a mistake they still hold, an answer that is right, their memo; then whatever is left."""
    by_kind = {kinds: [ask(asked, mark, row) for asked, mark in _marks(row, kinds)] for kinds, ask in _KINDS.items()}
    first = [found[0] for kinds, found in by_kind.items() if found and kinds != UNTOUCHED]
    rest = [one for found in by_kind.values() for one in found if one not in first]
    memo = _about_memo(row)
    chosen = [*first[: ASKED - 1], memo, *first[ASKED - 1 :]] if memo else first
    return [*chosen, *rest][:ASKED]


def _marks(row: Row, kinds: tuple[str, ...]) -> list[tuple[Question, Mark]]:
    """Those that count first; of those the longest answer, which has most to tell."""
    questions = week_questions(row.week)
    found = [mark for mark in row.marks if mark.kind in kinds and (kinds == UNTOUCHED or mark.question in row.sources)]
    found.sort(key=lambda mark: (mark.stretch, 0 if kinds == UNTOUCHED else -len(row.sources[mark.question])))
    return [(questions[mark.question], mark) for mark in found]


def _about_mistake(asked: Question, mark: Mark, row: Row) -> Asked:
    told = f"Told on the page: {mark.says} {mark.evidence}".strip()
    return Asked(
        f"{mark.question}, {asked.title}",
        "Walk me through your answer for one patient. At which line does it stop being true, and who on the ward "
        "notices?",
        f"the step that the page names, in their own words, and a person with a task. {told}",
        row.sources[mark.question],
    )


def _about_fragile(asked: Question, mark: Mark, row: Row) -> Asked:
    return Asked(
        f"{mark.question}, {asked.title}",
        "This is right on the first hospital and not on the second. What in it belongs to the first one?",
        f"a name, a number or a code that is written in. {mark.evidence}".strip(),
        row.sources[mark.question],
    )


def _about_right(asked: Question, mark: Mark, row: Row) -> Asked:
    """One of the mistakes that others make here, held against their code: another one for each learner."""
    known = week_keys(row.week).keys[asked.id].misconceptions
    other = known[int(hashlib.sha256(f"{row.key}{asked.id}".encode()).hexdigest(), 16) % len(known)]
    return Asked(
        f"{mark.question}, {asked.title}",
        f"Yours is right. Somebody else was told here: “{other.says}” Which line of yours keeps you from that, and who "
        "would be harmed without it?",
        f"the line, and a person. {other.so_what}",
        row.sources[mark.question],
    )


def _about_nothing(asked: Question, mark: Mark, row: Row) -> Asked:
    return Asked(
        f"{mark.question}, {asked.title}, which has no answer yet",
        f"Let us begin it here. {asked.hints[1]}",
        f"whether the goal is clear: {asked.hints[0]} And what kept them: time, a word, a tool.",
    )


def _about_memo(row: Row) -> Asked | None:
    wanted = ("changes_my_mind", "decision", "first", "because")
    field = next((name for name in wanted if name in row.memo), None)
    if field is None:
        return None
    return Asked(
        "Memo",
        "Your memo says this. Whom would you ask first, what would you have to hear to decide otherwise, and by which "
        "day?",
        "a role, a number with its unit, and a date. A reason that could not fail is no reason.",
        row.memo[field],
    )


UNTOUCHED = ("not_attempted", "unreadable")
_KINDS: dict[tuple[str, ...], Callable[[Question, Mark, Row], Asked]] = {
    ("misconception", "not_yet"): _about_mistake,
    ("fragile",): _about_fragile,
    ("right", "cannot_tell"): _about_right,
    UNTOUCHED: _about_nothing,
}
