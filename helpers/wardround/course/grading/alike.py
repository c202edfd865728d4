"""Answers whose source is the same, comments and layout aside: information for the instructor, never a verdict.

Colleagues may work in pairs, and the course's own solution is open to every learner. What to make of it is for people
to say who know the group. Nothing is executed: sources are only cut into words.
"""

from __future__ import annotations

import functools
import hashlib
import io
import re
import tokenize
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from wardround.course import places
from wardround.course.grading.reading import read_cells
from wardround.course.questions import week_questions

LONGEST = 100_000  # characters of an answer; a longer one is compared by its bare text
FEWEST = 25  # words of code: below that two people write the same by themselves
KEPT = 2_000  # characters of an answer that a row keeps for a conversation
_LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENCODING, tokenize.ENDMARKER}


@dataclass(frozen=True)
class Alike:
    """Learners whose answer to a question is the same text; ``published`` if it is the course's solution, too."""

    week: int
    question: str
    learners: tuple[str, ...]
    published: bool


def sources(cells: Sequence[str], week: int) -> dict[str, str]:
    """By question, the cells that make its answer: a ``def``, a ``class`` or an assignment of its name."""
    found = {}
    for id, asked in week_questions(week).items():
        name = re.escape(asked.answer)
        binds = re.compile(rf"^(?:(?:async +)?(?:def|class) +{name}\b|{name} *(?::[^=\n]+)?=(?!=))", re.M)
        text = "\n\n".join(cell for cell in cells if binds.search(cell))
        if text:
            found[id] = text
    return found


def digests(answers: Mapping[str, str], week: int) -> dict[str, str]:
    """By question, a digest of an answer's words; untouched ones and very short ones have none."""
    starters = _published(week, "exercises")
    made = {id: digest(text) for id, text in answers.items()}
    return {id: value for id, value in made.items() if value and value != starters.get(id)}


def digest(source: str) -> str:
    """Digest of a source without its comments and layout; empty where it has fewer than 25 words of code."""
    words = _words(source)
    return hashlib.sha256("\0".join(words).encode("utf-8", "replace")).hexdigest()[:16] if len(words) >= FEWEST else ""


def groups(found: Iterable[tuple[str, int, Mapping[str, str]]]) -> list[Alike]:
    """Group ``(learner, week, digests)`` by what is the same in at least two of them, or the same as the solution."""
    same: dict[tuple[int, str, str], list[str]] = {}
    for learner, week, made in found:
        for question, value in made.items():
            same.setdefault((week, question, value), []).append(learner)
    made = []
    for (week, question, value), learners in sorted(same.items()):
        published = _published(week, "solutions").get(question) == value
        if len(learners) > 1 or published:
            made.append(Alike(week, question, tuple(sorted(learners)), published))
    return made


def _words(source: str) -> list[str]:
    if len(source) > LONGEST:
        return source.split()
    try:
        return [
            token.string.strip() or tokenize.tok_name[token.type]
            for token in tokenize.generate_tokens(io.StringIO(source).readline)
            if token.type not in _LAYOUT
        ]
    except (tokenize.TokenError, SyntaxError, ValueError):  # what is no Python is still compared, as bare text
        return source.split()


@functools.cache
def _published(week: int, folder: str) -> dict[str, str]:
    """Digests of the course's own exercise or solution."""
    path = places.root() / folder / f"{places.week_name(week)}.py"
    if not path.exists():
        return {}
    marks = ("### BEGIN SOLUTION", "### END SOLUTION", "### STARTER")
    cells = ["\n".join(r for r in c.splitlines() if not r.strip().startswith(marks)) for c in read_cells(path)]
    return {id: digest(text) for id, text in sources(cells, week).items()}
