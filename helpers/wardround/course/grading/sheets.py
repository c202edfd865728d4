"""Sheets for people: rubric sheets for memos, anonymous batches for peers, questions for a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wardround.course.grading import classroom, memos, viva
from wardround.course.grading.grade import Grades
from wardround.course.grading.marks import Row
from wardround.course.grading.pages import RAN, write_csv, write_page
from wardround.course.manifest import read_course


def write_memos(grades: Grades, out: Path) -> list[Path]:
    """Write ``memos/weekNN.html``: for each memo the text, the rubric with boxes, and sentences for the margin."""
    written = []
    for week, rows in _by_week(grades):
        asked = memos.rubric(week)
        sheets = [
            {"row": row, "margin": _margin(row, asked), "words": memos.length(row.memo)} for row in rows if row.memo
        ]
        view = {**_head(week), "rubric": asked, "sheets": sheets, "without": [r.learner for r in rows if not r.memo]}
        written.append(write_page(out / "memos" / f"week{week:02d}.html", "memos.html.j2", view))
    return written


def write_peers(grades: Grades, out: Path) -> list[Path]:
    """Write ``peers/weekNN-KEY.html`` for each writer: others' memos without names; who wrote which is in private."""
    written = []
    for week, rows in _by_week(grades):
        writers = {row.key: row for row in rows if row.memo}
        batches = memos.batches(list(writers), grades.seed + week) if len(writers) > 1 else {}
        told: list[list[Any]] = [["reader", "memo", "writer", "file"]]
        for reader, others in batches.items():
            file = f"week{week:02d}-{reader}.html"
            letters = list(zip("ABCDEFGH", others, strict=False))
            texts = [(letter, _nameless(writers[key])) for letter, key in letters]
            view = {**_head(week), "rubric": memos.rubric(week), "texts": texts}
            written.append(write_page(out / "peers" / file, "peers.html.j2", view))
            told += [[writers[reader].learner, letter, writers[key].learner, file] for letter, key in letters]
        if batches:
            written.append(write_csv(out / "private" / f"peers-week{week:02d}.csv", told))
    return written


def write_viva(grades: Grades, out: Path) -> list[Path]:
    """Write ``viva/weekNN.html``: three questions for each learner, from their own answers."""
    written = []
    for week, rows in _by_week(grades):
        view = {**_head(week), "talks": [(row, viva.conversation(row)) for row in rows]}
        written.append(write_page(out / "viva" / f"week{week:02d}.html", "viva.html.j2", view))
    return written


def _by_week(grades: Grades) -> list[tuple[int, list[Row]]]:
    ran = [row for row in grades.rows if row.status in RAN]
    return [(week, [row for row in ran if row.week == week]) for week in sorted({row.week for row in ran})]


def _head(week: int) -> dict[str, Any]:
    return {"week": week, "title": read_course().number(week).title}


def _margin(row: Row, asked: memos.Rubric) -> list[tuple[str, str]]:
    """Sentences to choose from, each with what it rests on: the memo's own text first, then the learner's answers."""
    told = [("memo", sentence) for sentence in memos.margin(row.memo, asked.fields)]
    for mark in row.marks:
        if mark.kind == "misconception":
            short = mark.question.split(".")[1]
            ask = f"In {short} your answer makes a mistake that is called `{mark.misconception}`. {mark.so_what}"
            told.append((short, f"{ask} Does a number or a name in your memo rest on it?"))
            guide = classroom.advice(row.week).get((mark.question, mark.misconception or ""))
            if guide:
                told.append((f"{short}, guide", guide))
    return told


def _nameless(row: Row) -> dict[str, str]:
    """A memo without the writer's name, as far as it stands there in the way the folder writes it."""
    names: Sequence[str] = [part for part in {row.learner, *row.learner.split()} if len(part) > 2]
    made = {}
    for field, text in row.memo.items():
        for name in sorted(names, key=len, reverse=True):
            text = text.replace(name, "[name]")
        made[field] = text
    return made
