"""The portfolio: the artefacts of the course as pages made of what the learner wrote and kept, nothing added.

A page is a list of parts, and every part has one source: a field of a memo or a kept result. A part whose source is
not there is shown as missing, with what would fill it; a portfolio that hides its gaps is not evidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from .report_reading import Found

ROWS = 40  # of a table on a page; a longer one is cut, and says so


@dataclass(frozen=True)
class Part:
    """One part of a page.

    Attributes
    ----------
    source
        ``W03.M.intended_use`` for a field of a memo, ``kept:NAME`` for something kept.
    asks
        What the part answers, in one phrase.
    """

    heading: str
    source: str
    asks: str


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
    """A part with what was found: ``text`` or ``table``, or neither where it is missing."""

    part: Part
    text: tuple[str, ...] = ()
    table: pd.DataFrame | None = None
    note: str = ""
    origin: str = ""

    @property
    def missing(self) -> bool:
        """Say whether nothing was found."""
        return not self.text and self.table is None


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
            Part("The definition", "kept:cohort_definition", "each choice with its alternative"),
            Part("Attrition", "kept:cohort_attrition", "from contacts to index stays, step by step"),
            Part("Features", "kept:feature_dictionary", "each with unit, source, window and what missing means"),
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
            Part("Baseline", "W04.M.baseline", "what it must beat"),
            Part("Leaks looked for", "W04.M.leaks_checked", "each by which test"),
            Part("Measure and floor", "W04.M.measure_and_floor", "which number decides, and where it fails"),
            Part("Elsewhere", "W04.M.external", "another site, another time"),
            Part("Results so far", "kept:validation", "each with its interval"),
            Part("Leaks, sized", "kept:leaks", "what each was worth"),
            Part("Decision", "W04.M.decision", "what happens now"),
            Part("Why", "W04.M.because", "the reason in the writer's words"),
        ),
    ),
)


def fill(page: Page, found: Found) -> list[Filled]:
    """Return the page's parts with what was found for each."""
    return [_fill(part, found) for part in page.parts]


def render(found: Found, pages: Sequence[Page] = PAGES, *, hospital: str = "") -> str:
    """Return the portfolio as one HTML page that needs no network and prints a page on a sheet.

    Parameters
    ----------
    hospital : str
        A word on which hospital the numbers are from.

    Returns
    -------
    str
        Everything the learner wrote is escaped: text is shown as text.
    """
    environment = Environment(
        loader=PackageLoader("wardround.operations"),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made = [(page, fill(page, found)) for page in pages]
    gaps = [(page, part.part) for page, parts in made for part in parts if part.missing]
    whole = sum(len(page.parts) for page in pages)
    return environment.get_template("portfolio.html.j2").render(pages=made, gaps=gaps, whole=whole, hospital=hospital)


def _fill(part: Part, found: Found) -> Filled:
    if part.source.startswith("kept:"):
        name = part.source.removeprefix("kept:")
        if name not in found.kept:
            return Filled(part, note=f'keep("{name}", …) fills it.')
        value, origin = found.kept[name]
        return _of_kept(part, value, _from(origin))
    memo, name = part.source.rsplit(".", 1)
    written = found.memos.get(memo)
    if written is None or name not in written["fields"]:
        return Filled(part, note=f'memo("{memo}", {name}="…") fills it.')
    return Filled(part, text=_lines(written["fields"][name]), origin=_from(written))


def _of_kept(part: Part, value: Any, origin: str) -> Filled:
    if isinstance(value, pd.Series):
        value = value.to_frame()
    if isinstance(value, pd.DataFrame):
        cut = len(value) - ROWS
        note = f"{cut} more rows are in work/kept." if cut > 0 else ""
        return Filled(part, table=value.head(ROWS), note=note, origin=origin)
    return Filled(part, text=_lines(value), origin=origin)


def _lines(value: Any) -> tuple[str, ...]:
    if isinstance(value, Mapping):
        return tuple(f"{name}: {one}" for name, one in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(str(one) for one in value)
    return tuple(line for line in str(value).splitlines() if line.strip())


def _from(origin: Mapping[str, Any]) -> str:
    day = str(origin.get("written_at", ""))[:10]
    return f"{origin.get('hospital', 'unknown')}, version {origin.get('version', 'unknown')}" + (
        f", {day}" if day else ""
    )
