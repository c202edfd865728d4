"""Memos out of notebooks: read from the text of the ``memo(…)`` call, which is never executed.

A memo is scored by its rubric, by people. What the machine can do is lay out the sheet: the memo, the week's rubric,
and sentences for the margin that come from what this learner's own answers got wrong.
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from wardround.course import places
from wardround.course.grading.submissions import printable
from wardround.course.memo import WORDS
from wardround.course.questions import week_memos
from wardround.course.session import rubric_table

LONGEST = 8_000  # characters of the call: a memo has 150 words, and a short text cannot nest deep
FIELD = 1_500  # characters kept of a field
READERS = 3


def read_memo(cells: Sequence[str], week: int) -> dict[str, str]:
    """Return the fields of a week's memo that hold text, by name; the last call counts, an unwritten field is left out.

    Only literals are read: text, numbers, lists and dictionaries of them. Where code makes a field, that is said in it.
    """
    for id in _weekly(week):
        for cell in reversed(cells):
            call = _call(cell, id)
            if call is not None:
                return {name: text for name, text in _fields(call).items() if text}
    return {}


def _weekly(week: int) -> dict[str, dict[str, str]]:
    """The form of the week's decision; an artefact's own (``W10.A3``) is the portfolio's, and no rubric scores it."""
    return {id: form for id, form in week_memos(week).items() if id.endswith(".M")}


def _call(cell: str, id: str) -> ast.Call | None:
    """The last call ``memo("W01.M", …)`` at the top of a cell."""
    if id not in cell or len(cell) > LONGEST:
        return None
    try:
        tree = ast.parse(cell)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for node in reversed(tree.body):
        call = getattr(node, "value", None)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "memo":
            first = call.args[0] if call.args else None
            named = next((k.value for k in call.keywords if k.arg == "id"), first)
            if isinstance(named, ast.Constant) and named.value == id:
                return call
    return None


def _fields(call: ast.Call) -> dict[str, str]:
    given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg and keyword.arg != "id"}
    if len(call.args) > 1:
        given.setdefault("because", call.args[1])
    return {printable(name, 60): printable(_text(value), FIELD) for name, value in given.items()}


def _text(node: ast.expr) -> str:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return "(made by code; read it in the notebook)"
    return _said(value)


def _said(value: Any) -> str:
    if value is ... or value is None:
        return ""
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_said(part)}" for key, part in value.items() if _said(part))
    if isinstance(value, (list, tuple, set)):
        return "; ".join(filter(None, (_said(part) for part in value)))
    return str(value).strip(" .…\n\t") and str(value).strip()


@dataclass(frozen=True)
class Rubric:
    """What a memo of a week is scored by: what was asked, the fields, the table."""

    asked: str
    fields: dict[str, str]
    table: Markup

    @property
    def criteria(self) -> list[str]:
        """What is scored, by name."""
        return re.findall(r'<th scope="row">(.*?)</th>', self.table)


def rubric(week: int) -> Rubric:
    """Read a week's rubric from its ``memo.md``."""
    page = places.week_folder(week) / "memo.md"
    form = next(iter(_weekly(week).values()), {})
    asked = " ".join(page.read_text(encoding="utf-8").split("\n\n")[1].split()).split(" with `memo(")[0] + "."
    return Rubric(asked, {**form, "because": form.get("because", "why, in a sentence or two")}, rubric_table(page))


def length(memo: dict[str, str]) -> int:
    """Words of a memo."""
    return sum(len(text.split()) for text in memo.values())


def margin(memo: dict[str, str], form: dict[str, str]) -> list[str]:
    """Sentences that the text alone gives reason for."""
    told = [f"`{name}` is empty: {asks}." for name, asks in form.items() if name not in memo]
    if length(memo) > WORDS:
        told.append(f"{length(memo)} words, of at most {WORDS}. What would you leave out for a reader in a corridor?")
    if not any(re.search(r"\d", re.sub(r"^\(?\d[.)]", "", text)) for text in memo.values()):
        told.append("There is no number in it. Which one would your director repeat?")
    return told


def batches(keys: Sequence[str], seed: int) -> dict[str, list[str]]:
    """Whose memos each learner reads: three others (fewer in a small group), each memo equally often, nobody their own.

    ``seed`` decides the order, so that a resumed run hands out the same ones.
    """
    order = sorted(keys)
    random.Random(seed).shuffle(order)
    n = len(order)
    return {
        key: [order[(place + step) % n] for step in range(1, min(READERS, n - 1) + 1)]
        for place, key in enumerate(order)
    }
