"""What a group holds: misconceptions counted by people, and how to open the next meeting with the commonest.

Made from the marks of a run, or from progress files that learners chose to hand in; the words come from the week's own
files (take-away page, facilitator's guide, quiz).
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from wardround.course import places
from wardround.course.grading.marks import Mark
from wardround.course.manifest import read_course, read_toml
from wardround.course.questions import Question, week_questions
from wardround.course.quiz import Item, week_quiz
from wardround.course.session import Session

# What a verdict is called on every page, in the order of the tables.
LABELS = {
    "right": "Right",
    "fragile": "Right here, not elsewhere",
    "misconception": "A mistake that has a name",
    "not_yet": "Not yet",
    "unreadable": "Not readable yet",
    "not_attempted": "No answer yet",
}


@dataclass(frozen=True)
class Thought:
    """A misconception of the course in the words of a week: what one used to think, what one checks now."""

    id: str
    used_to: str
    now: str


@dataclass(frozen=True)
class Held:
    """A misconception that some of a group hold: how many, of how many who answered the question."""

    question: Question
    people: int
    of: int
    name: str | None
    thought: Thought | None
    says: str = ""
    so_what: str = ""
    advice: str = ""
    who: tuple[str, ...] = ()


@dataclass(frozen=True)
class Opening:
    """How to begin the next meeting: the commonest mistake, a claim that tempts to it, and what the claim is about."""

    held: Held
    item: Item | None = None
    plain: str = ""


@dataclass(frozen=True)
class WeekView:
    """One week of a group. ``counts`` has a row for each question: how many people got which verdict."""

    week: int
    title: str
    people: int
    counts: tuple[tuple[Question, dict[str, int]], ...]
    held: tuple[Held, ...]
    opening: Opening | None


def look(week: int, everybody: Sequence[Sequence[Mark]], names: Sequence[str] = ()) -> WeekView:
    """Count the marks of a week; ``everybody`` holds those of each person, ``names`` who they are, if that is shown."""
    questions = week_questions(week)
    counts = []
    for id, asked in questions.items():
        kinds = Counter(_kind(mark.kind) for marks in everybody for mark in marks if mark.question == id)
        counts.append((asked, {kind: kinds.get(kind, 0) for kind in LABELS}))
    held = _held(week, everybody, names or [""] * len(everybody))
    title = read_course().number(week).title
    return WeekView(week, title, len(everybody), tuple(counts), held, _opening(week, held))


def _kind(kind: str) -> str:
    return "right" if kind == "cannot_tell" else kind  # it equals the right answer and has its points


def _held(week: int, everybody: Sequence[Sequence[Mark]], names: Sequence[str]) -> tuple[Held, ...]:
    """Named mistakes by the number of people, the questions that count before the others."""
    questions = week_questions(week)
    marks = [(mark, name) for of_one, name in zip(everybody, names, strict=True) for mark in of_one]
    answered = Counter(mark.question for mark, _ in marks if mark.kind != "not_attempted")
    found: dict[tuple, list[tuple[Mark, str]]] = {}
    for mark, name in marks:
        if mark.kind == "misconception" and mark.question in questions:
            found.setdefault((mark.question, mark.misconception, mark.teaches), []).append((mark, name))
    made = [
        Held(
            questions[id],
            len(of_it),
            answered[id],
            name,
            thoughts(week).get(teaches),
            of_it[0][0].says,
            of_it[0][0].so_what,
            advice(week).get((id, name), ""),
            tuple(sorted(who for _, who in of_it if who)),
        )
        for (id, name, teaches), of_it in found.items()
    ]
    return tuple(sorted(made, key=lambda one: (one.question.stretch, -one.people, one.question.id, one.name or "")))


def _opening(week: int, held: Sequence[Held]) -> Opening | None:
    """The first of the week's claims, then of its quiz, that the commonest mistake would answer wrongly."""
    if not held:
        return None
    first, items = held[0], week_quiz(week)
    votes = read_toml(places.week_folder(week) / "session.toml", Session).vote
    plain = {vote.item: vote.plain for vote in votes}
    for id in dict.fromkeys([*plain, *items]):
        if first.thought and any(option.teaches == first.thought.id for option in items[id].option):
            return Opening(first, items[id], plain.get(id, ""))
    return Opening(first)


@functools.cache
def thoughts(week: int) -> dict[str, Thought]:
    """The rows of "I used to think, now I check" in a week's take-away page, by misconception."""
    text = (places.week_folder(week) / "takeaway.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (M\d\d) \| (.+?) \| (.+?) \|$", text, re.M)
    return {id: Thought(id, used_to, now) for id, used_to, now in rows}


@functools.cache
def advice(week: int) -> dict[tuple[str, str], str]:
    """What the facilitator's guide says about mistakes: by question and the mistake's name."""
    text = (places.week_folder(week) / "facilitator.md").read_text(encoding="utf-8")
    section = text.split("## Where people go wrong")[1].split("\n## ")[0]
    found = {}
    for entry in re.split(r"^- ", section, flags=re.M)[1:]:
        made = re.match(r"\*\*M\d\d\*\* `(\w+)` \((Q\d+)[^)]*\): (.*)", " ".join(entry.split()))
        if made:
            found[f"W{week:02d}.{made[2]}", made[1]] = made[3]
    return found
