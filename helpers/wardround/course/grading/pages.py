"""What a run writes: a page for each learner, one for the class, and the tables.

A page for a learner holds verdicts, what they mean on the ward, evidence from the learner's own result and where to
look. It holds no right answer, no path, no seed, and nothing of anybody else. Every string of a stranger is escaped.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from wardround.course.grading import alike, classroom, memos
from wardround.course.grading.classroom import LABELS
from wardround.course.grading.grade import Grades
from wardround.course.grading.marks import Mark, Row
from wardround.course.manifest import read_course
from wardround.course.questions import week_questions
from wardround.course.store import write_atomically

CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
RAN = ("graded", "partly graded")
# Which open question to mend first: what is nearest to right, and what costs the least to put right.
FIRST = ("misconception", "fragile", "not_yet", "unreadable", "not_attempted")


@dataclass(frozen=True)
class Change:
    """One learner's week in two runs: points, and the questions whose verdict is another one now."""

    learner: str
    week: int | None
    before: float | None
    after: float | None
    questions: tuple[tuple[str, str, str], ...]
    note: str = ""


def write_pages(grades: Grades, out: Path, *, earlier: Grades | None = None) -> list[Path]:
    """Write ``index.html``, ``learners/*.html``, ``grades.csv`` (for Canvas) and ``details.csv``; return their paths.

    Parameters
    ----------
    earlier
        Another run of the same learners: what changed is shown on both kinds of pages.
    """
    changed = changes(earlier, grades) if earlier else {}
    written = [
        write_page(
            out / "learners" / page_name(row), "learner.html.j2", learner_view(row, changed.get((row.key, row.week)))
        )
        for row in grades.rows
        if row.status in RAN
    ]
    page = write_page(out / "index.html", "class.html.j2", class_view(grades, changed if earlier else None))
    return [
        page,
        *written,
        write_csv(out / "grades.csv", canvas_rows(grades.rows)),
        write_csv(out / "details.csv", detail_rows(grades.rows)),
    ]


def page_name(row: Row) -> str:
    """Name of a learner's page for one week."""
    return f"{row.key}-week{row.week:02d}.html"


def learner_view(row: Row, change: Change | None = None) -> dict[str, Any]:
    """What a learner's page shows."""
    questions = week_questions(row.week)
    shown = [(questions[mark.question], mark) for mark in row.marks]
    open_core = [
        (asked, mark) for asked, mark in shown if not mark.stretch and mark.kind not in ("right", "cannot_tell")
    ]
    form = memos.rubric(row.week)
    return {
        "row": row,
        "title": read_course().number(row.week).title,
        "core": [pair for pair in shown if not pair[1].stretch],
        "stretch": [pair for pair in shown if pair[1].stretch and pair[1].kind != "not_attempted"],
        "untouched": [pair for pair in shown if pair[1].stretch and pair[1].kind == "not_attempted"],
        "first": min(open_core, key=lambda pair: FIRST.index(pair[1].kind), default=None),
        "thoughts": classroom.thoughts(row.week),
        "memo": {"words": memos.length(row.memo), "empty": [name for name in form.fields if name not in row.memo]},
        "change": change,
    }


def class_view(grades: Grades, changed: dict | None = None) -> dict[str, Any]:
    """What the page of the class shows."""
    ran = [row for row in grades.rows if row.status in RAN]
    weeks = sorted({row.week for row in ran})
    return {
        "grades": grades,
        "ran": ran,
        "look_at": [row for row in grades.rows if row.status not in ("graded", "set aside")],
        "aside": [row for row in grades.rows if row.status == "set aside"],
        "views": [_week_view(week, [row for row in ran if row.week == week]) for week in weeks],
        "alike": alike.groups((row.learner, row.week, row.digests) for row in ran),
        "page_name": page_name,
        "changed": None if changed is None else list(changed.values()),
    }


def _week_view(week: int, rows: Sequence[Row]) -> classroom.WeekView:
    return classroom.look(week, [row.marks for row in rows], [row.learner for row in rows])


def changes(earlier: Grades, later: Grades) -> dict[tuple[str, int | None], Change]:
    """By learner and week, what is different in the later run; who is in one run alone is named as well."""
    before = {(row.key, row.week): row for row in earlier.rows if row.status in RAN}
    after = {(row.key, row.week): row for row in later.rows if row.status in RAN}
    found = {}
    for key in sorted({*before, *after}, key=lambda key: (after.get(key) or before[key]).order):
        old, new = before.get(key), after.get(key)
        if old is None or new is None:
            known, note = new or old, "new in this run" if old is None else "not in this run"
            found[key] = Change(known.learner, key[1], old and old.points, new and new.points, (), note)
            continue
        was = {mark.question: _named(mark) for mark in old.marks}
        moved = tuple(
            (m.question, was.get(m.question, ""), _named(m)) for m in new.marks if was.get(m.question) != _named(m)
        )
        if moved:
            found[key] = Change(new.learner, key[1], old.points, new.points, moved)
    return found


def _named(mark: Mark) -> str:
    kind = "right" if mark.kind == "cannot_tell" else mark.kind
    return f"{LABELS[kind]} ({mark.misconception})" if mark.misconception else LABELS[kind]


# Tables ---------------------------------------------------------------------------------------------------------------
def canvas_rows(rows: Sequence[Row]) -> Iterable[list[Any]]:
    """Canvas's five columns and a score for each week; a learner without a grade has an empty one, never a zero."""
    weeks = sorted({row.week for row in rows if row.status in RAN})
    titles = [f"Week {week}: {read_course().number(week).title}" for week in weeks]
    yield [*CANVAS, *titles]
    learners: dict[tuple[str, str, str], dict[int | None, Row]] = {}
    for row in rows:
        mine = learners.setdefault((row.learner, row.id, row.key), {})
        if row.status in RAN:
            mine[row.week] = row
    for (name, id, _), mine in learners.items():
        yield [name, id, "", "", "", *(_score(mine[week].points) if week in mine else "" for week in weeks)]


def detail_rows(rows: Sequence[Row]) -> Iterable[list[Any]]:
    """A row for each file, with its status and reason, and a verdict for each question."""
    questions = sorted({mark.question for row in rows for mark in row.marks}, key=lambda id: (id[:3], int(id[5:])))
    yield ["learner", "id", "week", "status", "why", "points", "of", *questions, "memo_words", "file"]
    for row in rows:
        verdicts = {mark.question: mark.misconception or mark.kind for mark in row.marks}
        words = memos.length(row.memo) if row.status in RAN else ""
        points = ["" if each is None else _score(each) for each in (row.points, row.of)]
        told = [row.learner, row.id, row.week or "", row.status, row.why, *points]
        yield [*told, *(verdicts.get(id, "") for id in questions), words, row.file]


def _score(points: float) -> int | float:
    return int(points) if float(points).is_integer() else points


def write_csv(path: Path, rows: Iterable[list[Any]]) -> Path:
    """Write a table that a spreadsheet opens without running anything in it."""
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\r\n")
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    write_atomically(path, held.getvalue().encode("utf-8-sig"))  # with its mark, or Excel reads ä as Ã¤
    return path


def _safe(cell: Any) -> Any:
    """A text that a spreadsheet would take for a formula is led by an apostrophe."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


# Pages ----------------------------------------------------------------------------------------------------------------
def environment() -> Environment:
    """Jinja with escaping on, and the few words that every page of grading uses."""
    pages = Environment(
        loader=PackageLoader("wardround.course"),
        autoescape=select_autoescape(["html", "j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= {"inline": _inline, "score": _score, "short": lambda id: id.split(".")[1]}
    pages.globals |= {"labels": LABELS, "label": lambda mark: LABELS[_kind(mark)], "kind": _kind, "plural": _plural}
    return pages


def write_page(path: Path, template: str, view: dict[str, Any]) -> Path:
    """Fill a template and write the page."""
    write_atomically(path, environment().get_template(template).render(view).encode("utf-8", "replace"))
    return path


def _kind(mark: Mark) -> str:
    return "right" if mark.kind == "cannot_tell" else mark.kind


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _inline(text: object) -> Markup:
    """Words between backticks as code, all else escaped."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))
