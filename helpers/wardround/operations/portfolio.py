"""The portfolio: the artefacts of the course as pages made of what the learner wrote and kept, nothing added.

A page is a list of parts, and every part has one source: a field of a memo, a kept result, or what follows from those.
A part whose source is not there is shown as missing, with what would fill it; a portfolio that hides its gaps is not
evidence. Parts that contradict each other make it a draft (:mod:`.report_lint`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from .report_cells import Cells, cells, words
from .report_figures import FIGURES, Drawn
from .report_lint import Linted, lint
from .report_reading import Found, NotChecked, as_table, plain
from .report_summary import Row, limits, reporting, summary

TITLE = "Whom to call after discharge"
ROWS = 40  # of a table on a page; a longer one is thinned, and says so


@dataclass(frozen=True)
class Part:
    """One part of a page.

    Attributes
    ----------
    source
        ``W03.M.intended_use`` for a field of a memo, ``kept:NAME`` for something kept, ``made:NAME`` for what follows
        from the rest.
    asks
        What the part answers, in one phrase.
    figure
        The name of its drawing in ``FIGURES``.
    most
        Rows of its table on the page.
    appendix
        Whether it stands at the end, for whoever checks.
    """

    heading: str
    source: str
    asks: str
    figure: str = ""
    most: int = ROWS
    appendix: bool = False

    @property
    def made(self) -> bool:
        """Say whether it follows from the other parts, so that nobody has to write or keep it."""
        return self.source.startswith("made:")


@dataclass(frozen=True)
class Page:
    """One page of an artefact: where it belongs, what it must say."""

    artefact: str
    number: int
    title: str
    week: int
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Filled:
    """A part with what was found: ``text``, ``table`` or ``drawn``, or none of them where it is missing."""

    part: Part
    text: tuple[str, ...] = ()
    table: Cells | None = None
    drawn: Drawn | None = None
    note: str = ""
    origin: str = ""

    @property
    def missing(self) -> bool:
        """Say whether nothing was found."""
        return not self.text and self.table is None

    @property
    def of_words(self) -> bool:
        """Say whether it is words alone, which read better as a row than under a heading of their own."""
        return self.table is None and not self.part.made


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
            return f"Draft: {_counted(len(self.linted.not_made), 'check')} could not be made."
        return f"Complete: {self.asked} parts are there, and none of {self.linted.made} checks found a contradiction."

    @cached_property
    def summary(self) -> tuple[Row, ...]:
        """Return the half page for the steering group."""
        return summary(self.found)

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


PAGES = (
    Page(
        "A1",
        1,
        "Cohort card",
        3,
        (
            Part(
                "Intended use", "W03.M.intended_use", "who uses the number for which decision, and what it is not for"
            ),
            Part("For whom", "W03.M.for_whom", "whose stays it is about"),
            Part("Prediction time", "W03.M.prediction_time", "the moment at which everything must be known"),
            Part("Outcome", "W03.M.outcome", "what counts as a readmission, in which time, seen where"),
            Part("Left out", "W03.M.left_out", "who is not in it, and who decided so"),
            Part(
                "Not observable",
                "W03.M.not_observable",
                "whose outcome nobody can know yet, and what is done with them",
            ),
            Part("The definition", "kept:cohort_definition", "each choice with its alternative", appendix=True),
            Part("Attrition", "kept:cohort_attrition", "from contacts to index stays, step by step"),
            Part(
                "Features",
                "kept:feature_dictionary",
                "each with unit, source, window and what missing means",
                most=400,
                appendix=True,
            ),
            Part(
                "What would change this", "W03.M.changes_my_mind", "what would have to be seen to define it otherwise"
            ),
            Part("Why", "W03.M.because", "the reason in the writer's words"),
        ),
    ),
    Page(
        "A1",
        2,
        "Validation plan",
        4,
        (
            Part("Question", "W04.M.question", "what the validation must be able to say no to"),
            Part("Split", "W04.M.data_split", "what the model may see, and what it is judged on"),
            Part("Periods", "kept:periods", "which days taught and which judged, with stays and events of each"),
            Part("Baseline", "W04.M.baseline", "what it must beat"),
            Part("Leaks looked for", "W04.M.leaks_checked", "each by which test"),
            Part("Measure and floor", "W04.M.measure_and_floor", "which number decides, and where it fails"),
            Part("Elsewhere", "W04.M.external", "another site, another time"),
            Part("Results so far", "kept:validation", "each with its interval"),
            Part(
                "Leakage audit",
                "kept:leaks",
                "each column that was asked about: known in time, or why it may not be used",
            ),
            Part("Decision", "W04.M.decision", "what happens now"),
            Part("Why", "W04.M.because", "the reason in the writer's words"),
        ),
    ),
    Page(
        "A1",
        3,
        "Calibration and decision curve",
        6,
        (
            Part("Does 20% mean 20%?", "kept:calibration", "each measure with its interval and what it is made of"),
            Part(
                "Calibration plot",
                "kept:calibration_curve",
                "of 100 stays in each group: promised, and came back with its interval; groups with fewer than 11 "
                "readmissions are merged with the next",
                figure="calibration",
                most=10,
            ),
            Part(
                "Decision curve",
                "kept:decision_curve",
                "net benefit, per 1,000 stays: readmissions found, less needless calls at the price that the threshold "
                "puts on them; the chosen threshold is among the rows",
                figure="decision",
            ),
        ),
    ),
    Page(
        "A1",
        4,
        "The threshold, and who pays for it",
        6,
        (
            Part("Threshold", "W06.M.threshold", "the risk from which on a year has as many people as calls"),
            Part("Harm ratio", "W06.M.harm_ratio", "needless calls that one readmission found is worth"),
            Part("Capacity", "W06.M.capacity", "calls a week that can be made"),
            Part("Owner", "W06.M.owner", "who answers for the threshold"),
            Part("Who pays", "W06.M.who_pays", "who bears what the cut costs, on each side of it"),
            Part("The list as called", "kept:call_list", "calls, capacity, whom they go to, and the cut of a year"),
            Part(
                "Readmissions avoided, a year",
                "kept:avoided",
                "for each assumed effect, the share averted among those dialled, no answer included: a range",
            ),
            Part("Decision", "W06.M.decision", "what happens now"),
            Part("What would change this", "W06.M.changes_my_mind", "what would have to be seen to cut elsewhere"),
            Part("Why", "W06.M.because", "the reason in the writer's words"),
        ),
    ),
    Page(
        "A1",
        5,
        "For whom it holds, and its limits",
        6,
        (
            Part("Groups", "kept:subgroups", "observed over expected readmissions, with its interval"),
            Part("Limits", "made:limits", "what these numbers cannot say"),
            Part("Reporting lines", "made:reporting", "lines of the TRIPOD checklist and where this report fills them"),
        ),
    ),
)


def report(found: Found, pages: Sequence[Page] = PAGES) -> Report:
    """Fill the pages and hold their parts against each other."""
    filled = tuple((page, tuple(fill(page, found))) for page in pages)
    return Report(found, filled, lint(found))


def fill(page: Page, found: Found) -> list[Filled]:
    """Return the page's parts with what was found for each."""
    return [_fill(part, found) for part in page.parts]


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
    return environment.get_template("portfolio.html.j2").render(report=made)


def _ticked(text: str) -> Markup:
    """Escape a text, and show words between single backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _fill(part: Part, found: Found) -> Filled:
    if part.made:
        return _of_made(part, found)
    if part.source.startswith("kept:"):
        name = part.source.removeprefix("kept:")
        if name not in found.kept:
            return Filled(part, note=f'keep("{name}", …) fills it.')
        value, origin = found.kept[name]
        return _of_kept(part, value, _from(origin), found)
    memo, name = part.source.rsplit(".", 1)
    written = found.memos.get(memo)
    if written is None or name not in written["fields"]:
        return Filled(part, note=f'memo("{memo}", {name}="…") fills it.')
    return Filled(part, text=_lines(written["fields"][name]), origin=_from(written))


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
    made, note = cells(drawn.table if drawn else table, part.most)
    return Filled(part, table=made, drawn=drawn, note=f"{trouble} {note}".strip(), origin=origin)


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
    return plain(value, 3 if abs(value) < 10 else 1) if isinstance(value, float) else str(value)


def _from(origin: Mapping[str, Any]) -> str:
    mark = str(origin.get("checksum") or "not named")[:9]  # the folder's name says nothing: it is mostly "export"
    return f"hospital {mark}, course version {origin.get('version', 'unknown')}"


def _commonest(words: Sequence[str]) -> str:
    return max(words, key=words.count) if words else ""


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
