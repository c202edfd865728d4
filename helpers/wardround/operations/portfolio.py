"""The portfolio: the artefacts of the course as pages made of what the learner wrote and kept, nothing added.

A page is a list of parts, and every part has one source: a field of a memo, a kept result, or what follows from those.
A part whose source is not there is shown as missing, with what would fill it; a portfolio that hides its gaps is not
evidence. A page of a later week, which revises, is there once something of it is. Parts that contradict each other make
it a draft (:mod:`.report_lint`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from .picture import Picture
from .report_assistant_parts import hazard_table
from .report_assistant_parts import part as of_assistant
from .report_cells import Cells, cells, words
from .report_figures import FIGURES, Drawn
from .report_lint import Linted, lint
from .report_pages import ARTEFACTS, PAGES, Page, Part, where
from .report_reading import Found, NotChecked, as_table, numbers, plain
from .report_summary import NOTES, Row, limits, reporting, summary

TITLE = ARTEFACTS["A1"][1]


@dataclass(frozen=True)
class Filled:
    """A part with what was found: ``text``, ``table``, ``drawn``, ``code`` or ``picture``; none where it is missing."""

    part: Part
    text: tuple[str, ...] = ()
    table: Cells | None = None
    drawn: Drawn | None = None
    code: str = ""
    picture: Picture | None = None
    note: str = ""
    origin: str = ""

    @property
    def missing(self) -> bool:
        """Say whether nothing was found."""
        return not (self.text or self.code or self.picture) and self.table is None

    @property
    def of_words(self) -> bool:
        """Say whether it is words alone, which read better as a row than under a heading of their own."""
        return self.table is None and self.picture is None and not self.part.made

    @property
    def alternative(self) -> str:
        """Return what stands for the picture where it cannot be seen: what can be read in it, as far as it says."""
        says = f" It reads: {self.picture.says}" if self.picture and self.picture.says else ""
        return f"Screenshot of the triage assistant in the browser.{says}"


@dataclass(frozen=True)
class Report:
    """A portfolio as it stands: what it shows, what contradicts, what is missing. HTML and PDF are made of it."""

    found: Found
    pages: tuple[tuple[Page, tuple[Filled, ...]], ...]
    linted: Linted
    title: str = field(default=TITLE)

    @property
    def gaps(self) -> list[tuple[Page, Part]]:
        """Parts that nobody has written or kept yet."""
        return [(page, one.part) for page, parts in self.pages for one in parts if one.missing and not one.part.made]

    @property
    def open_on(self) -> list[tuple[str, int, int]]:
        """Artefact, page and how many parts it lacks, in the order of the pages."""
        counts = Counter((page.artefact, page.number) for page, _ in self.gaps)
        return [(artefact, number, count) for (artefact, number), count in counts.items()]

    @property
    def to_run(self) -> list[Filled]:
        """Parts that are missing because something was not run or done at the desk; the note of each says what."""
        return [one for _, parts in self.pages for one in parts if one.missing and one.part.source.startswith("desk:")]

    @property
    def asked(self) -> int:
        """How many parts somebody has to write or keep."""
        return sum(not one.part.made for _, parts in self.pages for one in parts)

    @property
    def final(self) -> bool:
        """Say whether nothing contradicts, nothing is missing and every check was made."""
        return not (self.linted.findings or self.gaps or self.linted.not_made)

    @property
    def state(self) -> str:
        """Return the report's state in one sentence."""
        if self.linted.findings:
            return (
                f"Draft: {_counted(len(self.linted.findings), 'contradiction')} to mend before anybody decides on it."
            )
        if self.gaps:
            return f"Draft: {len(self.gaps)} of {self.asked} parts are missing."
        if self.linted.not_made:
            return f"Draft: {_counted(len(self.linted.not_made), 'check')} could not be made; what each lacks is below."
        return f"Complete: {self.asked} parts are there, and none of {self.linted.made} checks found a contradiction."

    @property
    def not_made(self) -> list[str]:
        """Return each check that could not be made with what it lacks, and where to mend that."""
        return [
            f"{kind}: {why}{f'; mend it in {place}' if (place := where(why)) else ''}."
            for kind, why in self.linted.not_made
        ]

    @cached_property
    def summary(self) -> tuple[Row, ...]:
        """Return the half page for the steering group."""
        return summary(self.found)

    @property
    def titles(self) -> str:
        """Return the titles of its artefacts."""
        more = {page.artefact for page, _ in self.pages} - {"A1"}
        return "; ".join((self.title, *(ARTEFACTS[one][1] for one in sorted(more))))

    @property
    def artefact(self) -> str:
        """Return the artefact that it opens with."""
        return "A1"

    @property
    def about(self) -> str:
        """Return what it was made of, and what its numbers are not."""
        whence = f": {self.origin}" if self.origin else ""
        return (
            f"Made of what was written with `memo` and kept with `keep`, nothing added{whence}. The patients are "
            "simulated: no number here holds for real ones."
        )

    @property
    def origin(self) -> str:
        """Return where most parts are from; a part from elsewhere says so itself."""
        return _commonest([one.origin for _, parts in self.pages for one in parts if one.origin])

    def body(self) -> Iterator[tuple[Page, list[list[Filled]]]]:
        """Give the pages in blocks, without what stands in the appendix: words that follow each other are one block."""
        for page, parts in self.pages:
            blocks: list[list[Filled]] = []
            for one in parts:
                if one.part.appendix:
                    continue
                if blocks and one.of_words and blocks[-1][-1].of_words:
                    blocks[-1].append(one)
                else:
                    blocks.append([one])
            yield page, blocks

    def appendix(self) -> list[Filled]:
        """Return the tables for whoever checks."""
        return [one for _, parts in self.pages for one in parts if one.part.appendix]


def report(found: Found, pages: Sequence[Page] = PAGES) -> Report:
    """Fill the pages and hold their parts against each other."""
    filled = ((page, tuple(fill(page, found))) for page in pages)
    return Report(found, tuple((page, parts) for page, parts in filled if _due(page, parts, found)), lint(found))


def fill(page: Page, found: Found) -> list[Filled]:
    """Return the page's parts with what was found for each."""
    return [_fill(part, found, part.week or page.week) for part in page.parts]


def _due(page: Page, parts: Sequence[Filled], found: Found) -> bool:
    if page.artefact == "A3":
        return found.assistant_begun
    return not page.revises or not all(one.missing for one in parts)


def render(made: Report) -> str:
    """Return the portfolio as one HTML page that needs no network, reads in light and dark, and prints.

    Everything the learner wrote is escaped: text is shown as text.
    """
    environment = Environment(
        loader=PackageLoader("wardround.operations"),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["ticked"] = _ticked
    return environment.get_template("portfolio.html.j2").render(report=made, artefacts=ARTEFACTS)


def _ticked(text: str) -> Markup:
    """Escape a text, and show words between single backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _fill(part: Part, found: Found, week: int) -> Filled:
    if part.source in ("made:card_text", "made:decide_ai") or part.source.startswith("desk:"):
        return _of_assistant(part, found)
    if part.made:
        return _of_made(part, found)
    if part.source.startswith("kept:"):
        name = part.source.removeprefix("kept:")
        if name not in found.kept:
            return Filled(part, note=f'keep("{name}", …) in the exercise of week {week} fills it.')
        value, origin = found.kept[name]
        return _of_kept(part, value, _from(origin), found)
    memo, name = part.source.rsplit(".", 1)
    written = found.memos.get(memo)
    if name == "*" and (table := hazard_table(written or {})):
        return Filled(part, table=table, origin=_from(written or {}))
    if name == "*" or written is None or name not in written["fields"]:
        name = "…" if name == "*" else f'{name}="…"'
        return Filled(part, note=f'memo("{memo}", {name}) in the exercise of week {week} fills it.')
    return Filled(part, text=_lines(written["fields"][name]), origin=_from(written))


def _of_assistant(part: Part, found: Found) -> Filled:
    made = of_assistant(part.source.partition(":")[2], found)
    return Filled(part, made.text, made.table, code=made.code, picture=made.picture, note=made.note)


def _of_made(part: Part, found: Found) -> Filled:
    if part.source == "made:limits":
        return Filled(part, text=tuple(limits(found)))
    table, note = reporting(found)
    return Filled(part, table=table, note=note)


def _of_kept(part: Part, value: Any, origin: str, found: Found) -> Filled:
    table = as_table(value)
    if isinstance(value, Mapping) and value:
        figures = tuple((words(name), _inside(one)) for name, one in value.items())
        return Filled(part, table=Cells(("figure", "value"), figures, (False, True)), origin=origin)
    if table is None:
        text = _lines(value)
        return Filled(part, text=text, note="" if text else "What is kept is empty.", origin=origin)
    if table.empty:
        return Filled(part, note="What is kept is a table without rows.", origin=origin)
    drawn, trouble = _draw(part, found)
    made, note = cells(drawn.table if drawn else _shown(part, table), part.most)
    notes = (trouble, NOTES[part.source](found) if part.source in NOTES else "", note)
    return Filled(part, table=made, drawn=drawn, note=" ".join(filter(None, notes)), origin=origin)


def _shown(part: Part, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table without the observed readmissions of groups where these are its events over again."""
    twice = part.source == "kept:subgroups" and {"events", "observed"} <= set(table.columns)
    if twice and (numbers(table["events"]).fillna(-1) == numbers(table["observed"]).fillna(-1)).all():
        return table.drop(columns="observed")
    return table


def _draw(part: Part, found: Found) -> tuple[Drawn | None, str]:
    """Return the part's figure, or the sentence that says why there is none."""
    if not part.figure:
        return None, ""
    try:
        return FIGURES[part.figure](found), ""
    except NotChecked as why:
        return None, f"No figure: {why}."
    except Exception as trouble:  # a learner's table may hold anything, and the page must be written all the same
        return None, f"No figure: its numbers cannot be drawn ({type(trouble).__name__})."


def _lines(value: Any) -> tuple[str, ...]:
    if isinstance(value, Mapping):
        return tuple(f"{words(name)}: {_inside(one)}" for name, one in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(_inside(one) for one in value)
    return tuple(line for line in ("" if value is None else str(value)).splitlines() if line.strip())


def _inside(value: Any) -> str:
    """Return a value in a line of its own: a long fraction is shortened, everything else is as it was written."""
    return plain(value, 3 if abs(value) < 1 else 1) if isinstance(value, float) else str(value)


def _from(origin: Mapping[str, Any]) -> str:
    mark = str(origin.get("checksum") or "not named")[:9]  # the folder's name says nothing: it is mostly "export"
    return f"hospital {mark}, course version {origin.get('version', 'unknown')}"


def _commonest(words: Sequence[str]) -> str:
    return max(words, key=words.count) if words else ""


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
