"""The report on paper: the same parts as the page, set by typst as a tagged PDF that a screen reader can follow."""

from __future__ import annotations

import shutil
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson

from .portfolio import Filled, Report
from .report_pages import ARTEFACTS


class NoPdf(RuntimeError):
    """There is no PDF; the message says why and what helps."""


def pdf(made: Report) -> bytes:
    """Return the report as PDF/UA-1. It says on every page that it is a draft unless it is final.

    What the learner wrote goes to typst as data, never as markup.

    Raises
    ------
    NoPdf
        typst is not installed, or could not set the report.
    """
    try:
        import typst
    except ImportError as trouble:
        raise NoPdf("There is no PDF because typst is not installed; `pip install typst` adds it.") from trouble
    with tempfile.TemporaryDirectory(prefix="wardround-") as name:
        folder = Path(name)
        (folder / "report.json").write_bytes(orjson.dumps(_content(made, folder)))
        template = files("wardround.operations") / "templates" / "report.typ"
        shutil.copyfile(str(template), folder / "report.typ")
        try:
            return typst.compile(
                str(folder / "report.typ"),
                root=str(folder),
                format="pdf",
                ignore_system_fonts=True,
                pdf_standards=["ua-1"],
            )
        except Exception as trouble:  # typst's own error class is not exported by all versions
            told = str(trouble).splitlines()[0] if str(trouble) else type(trouble).__name__
            raise NoPdf(
                f"There is no PDF because typst could not set it ({told}); the HTML page prints as well."
            ) from (trouble)


def _content(made: Report, folder: Path) -> dict[str, Any]:
    seen = [made.artefact]
    pages = [
        {
            "opens": _opens(page.artefact, seen),
            "title": f"{page.number} · {page.title}",
            "blocks": [[_part(one, made.origin, folder) for one in block] for block in blocks],
        }
        for page, blocks in made.body()
    ]
    return {
        "title": made.title,
        "titles": made.titles,
        "eyebrow": ARTEFACTS[made.artefact][0],
        "about": made.about,
        "state": made.state,
        "final": made.final,
        "findings": [one.says for one in made.linted.findings],
        "summary": [[row.label, row.text] for row in made.summary if row.there],
        "open": [row.label for row in made.summary if not row.there],
        "pages": pages,
        "appendix": [_part(one, made.origin, folder) for one in made.appendix()],
        "checks": f"{made.linted.made} checks were made in full, {len(made.linted.not_made)} were not.",
        "not_made": made.not_made,
        "gaps": len(made.gaps),
    }


def _opens(artefact: str, seen: list[str]) -> tuple[str, str] | None:
    """Return mark and title of an artefact before its first page, and note that it was seen."""
    if artefact in seen:
        return None
    seen.append(artefact)
    return ARTEFACTS[artefact]


def _part(one: Filled, usual: str, folder: Path) -> dict[str, Any]:
    picture = None
    if one.drawn:
        picture = f"{one.part.figure}.svg"
        (folder / picture).write_text(one.drawn.svg, encoding="utf-8")
    if one.picture:
        (folder / "screenshot.png").write_bytes(one.picture.content)
    table = one.table and {"columns": one.table.columns, "rows": one.table.rows, "right": one.table.right}
    return {
        "heading": one.part.heading,
        "asks": one.part.asks,
        "missing": one.missing,
        "text": one.text,
        "table": table,
        "figure": picture,
        "says": one.drawn.says if one.drawn else "",
        "screenshot": "screenshot.png" if one.picture else None,
        "alternative": one.alternative,
        "code": one.code,
        "note": one.note,
        "of_words": one.of_words,
        "origin": one.origin if one.origin != usual else "",
    }
