"""``wardround group``: what a study group holds, from progress files that its members chose to hand in.

A lead needs to know what to open the meeting with, not who stumbled. So a file holds verdicts and misconceptions only,
it leaves the learner's machine by their own hand, and the page shows counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wardround.course import places, progress
from wardround.course.grading import classroom
from wardround.course.grading.marks import Mark
from wardround.course.grading.pages import write_page
from wardround.course.grading.submissions import LARGEST, printable
from wardround.course.questions import week_questions
from wardround.course.store import write_atomically
from wardround.course.verdicts import Kind


class Told(BaseModel):
    """One question in a handed-in file: the last verdict, and the misconceptions met on the way."""

    model_config = ConfigDict(extra="forbid")

    verdict: Kind
    right_once: bool = False
    met: list[str] = Field(default_factory=list, max_length=50)


class Handed(BaseModel):
    """A progress file that was written to be handed in: no name, no time, no code."""

    model_config = ConfigDict(extra="forbid")

    wardround_progress: Literal[1] = 1
    questions: dict[str, Told] = Field(default_factory=dict)


class NoGroup(LookupError):
    """There is nothing to show; the message says what is missing."""


def export_progress(out: Path) -> Path:
    """Write one's own progress to hand in: verdicts and misconceptions, nothing else."""
    kept = progress.read().questions
    told = {
        id: Told(verdict=one.verdict, right_once=one.done, met=one.met)
        for id, one in sorted(kept.items())
        if one.checks and places.ID.fullmatch(id)
    }
    write_atomically(out, Handed(questions=told).model_dump_json(indent=2).encode() + b"\n")
    return out


def write_group(folder: Path, out: Path) -> Path:
    """Write the page of a group from the ``*.json`` files in a folder.

    Raises
    ------
    NoGroup
        No file in the folder is one that ``wardround status --export`` wrote.
    """
    files, refused = read_group(folder)
    if not files:
        why = f" ({refused[0][0]}: {refused[0][1]})" if refused else ""
        raise NoGroup(f"{folder} holds no file that `wardround status --export FILE` wrote{why}.")
    write_page(out, "group.html.j2", {"people": len(files), "refused": refused, "views": _views(files)})
    return out


def read_group(folder: Path) -> tuple[list[Handed], list[tuple[str, str]]]:
    """Read what was handed in; a file that is none of ours is named with the reason, and the rest still counts."""
    files, refused = [], []
    for path in sorted(folder.glob("*.json")):
        try:
            if path.is_symlink() or path.stat().st_size > LARGEST:
                raise ValueError("a link, or too large")
            files.append(Handed.model_validate_json(path.read_bytes()))
        except ValidationError as trouble:
            refused.append((printable(path.name, 80), printable(trouble.errors()[0]["msg"], 120)))
        except (OSError, ValueError) as trouble:
            refused.append((printable(path.name, 80), printable(trouble, 120)))
    return files, refused


def _views(files: list[Handed]) -> list[classroom.WeekView]:
    views = []
    for week in range(1, 13):
        try:
            asked = week_questions(week)
        except FileNotFoundError:
            continue  # not in this copy of the course
        if any(id in one.questions for one in files for id in asked):
            views.append(classroom.look(week, [_marks(one, asked) for one in files]))
    return views


def _marks(one: Handed, asked: Mapping) -> list[Mark]:
    """A person's marks: right once counts as right; a mistake is one that was met and not put right."""
    made = []
    for id, question in asked.items():
        told = one.questions.get(id, Told(verdict="not_attempted"))
        kind = "right" if told.right_once else told.verdict
        met = [name for name in told.met if name in classroom.thoughts(int(id[1:3]))]
        teaches = met[-1] if kind == "misconception" and met else None
        made.append(Mark(question=id, kind=kind, stretch=question.stretch, teaches=teaches))
    return made
