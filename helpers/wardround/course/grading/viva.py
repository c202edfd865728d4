"""Three questions for a short conversation about a learner's own answers.

A right answer shows that it is right, not who found it. Five minutes over one's own code show the rest, and teach more
than a score. Each question comes with what to listen for; none of them has a mark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from wardround.course.grading.marks import Mark, Row
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
    """Choose three: about a mistake they still hold, an answer that is right, their memo; then whatever is left."""
    questions = week_questions(row.week)
    made: list[Asked] = []
    left = [_about_memo(row)]
    for kinds, ask in _KINDS:
        marks = [mark for mark in row.marks if mark.kind in kinds and mark.question in row.sources]
        marks.sort(key=lambda mark: (mark.stretch, -len(row.sources[mark.question])))  # the longest has most to tell
        asked = [ask(questions[mark.question], mark, row) for mark in marks]
        made += asked[:1]
        left += asked[1:]
    return list(_filled(made, [one for one in left if one is not None]))[:ASKED]


def _filled(first: list[Asked], rest: list[Asked]) -> Iterator[Asked]:
    memo = [one for one in rest if one.about == "Memo"]
    yield from first[: ASKED - len(memo)]
    yield from memo
    yield from first[ASKED - len(memo) :]
    yield from (one for one in rest if one.about != "Memo")
    yield Asked(
        "The week",
        "Which of the week's questions did you leave for last, and what made you leave it?",
        "an honest reason, and what would help: time, a word that was never explained, a tool.",
    )


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
    return Asked(
        f"{mark.question}, {asked.title}",
        "This is right on hospitals you have never seen. Choose one line: what goes wrong, and for whom, if it is left "
        "out? And what could the next site send that breaks it all the same?",
        f"a consequence and not a description of the syntax. What a right answer means here: {mark.says}",
        row.sources[mark.question],
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


_KINDS: tuple[tuple[tuple[str, ...], Callable[[Question, Mark, Row], Asked]], ...] = (
    (("misconception", "not_yet"), _about_mistake),
    (("fragile",), _about_fragile),
    (("right", "cannot_tell"), _about_right),
)
