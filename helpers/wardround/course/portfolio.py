"""``wardround portfolio``: the learner's memos and kept results, gathered from ``work/``, as one page and one PDF."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import wardround
from wardround.course import places
from wardround.course.memo import read_kept, read_memo
from wardround.course.store import write_atomically
from wardround.operations.portfolio import PAGES, Found, Report, render, report
from wardround.operations.report_assistant import read_assistant
from wardround.operations.report_pages import where

SHIPPED = Path(wardround.__file__).parent / "triage" / "templates" / "learner"  # files only: that room comes after this


@dataclass(frozen=True)
class Written:
    """What was written: the page, the PDF (None where there is none, ``why`` says it), and the report they show."""

    html: Path
    pdf: Path | None
    why: str
    report: Report

    def to_dict(self) -> dict[str, Any]:
        """Return it for a program: files, state, contradictions, what is missing, checks that were not made."""
        linted = self.report.linted
        return {
            "html": str(self.html),
            "pdf": str(self.pdf) if self.pdf else None,
            "final": self.report.final,
            "state": self.report.state,
            "contradictions": [{"kind": one.kind, "says": one.says} for one in linted.findings],
            "missing": [part.source for _, part in self.report.gaps],
            "not_made": [{"kind": kind, "why": why, "where": where(why)} for kind, why in linted.not_made],
        }

    def text(self) -> str:
        """Return it for a person, contradictions first."""
        lines = [self.report.state, *(f"- {one.says}" for one in self.report.linted.findings)]
        asked = [(part.week or page.week, part) for page, part in self.report.gaps]
        for week in sorted({week for week, part in asked if not part.source.startswith("desk:")}):
            heads = [part.heading for one, part in asked if one == week and not part.source.startswith("desk:")]
            lines.append(f"- Missing from the exercise of week {week}: {', '.join(heads)}.")
        for one in self.report.to_run:
            lines.append(f"- Missing at the desk: {one.part.heading}. {one.note}")
        if not self.report.gaps:  # with gaps most checks lack something, and the gaps are the news
            lines += [f"- {one}" for one in self.report.not_made]
        lines.append(f"Your portfolio is in {self.html}.")
        if self.pdf:
            lines.append(f"On paper: {self.pdf}." if self.report.final else f"On paper, marked as a draft: {self.pdf}.")
        return "\n".join([*lines, *([self.why] if self.why else [])])


def write_portfolio(out: Path | None = None) -> Written:
    """Write ``work/portfolio/portfolio.html`` (or ``out``), and the PDF beside it.

    The PDF of a draft is ``portfolio-draft.pdf``. In ``work/portfolio``, which this command owns, the PDF of an earlier
    state is removed, so that a draft never lies beside a final one that it has overtaken.

    Raises
    ------
    NotSaved
        The folder cannot be written.
    """
    from wardround.operations.report_pdf import NoPdf, pdf

    page = out or places.work() / "portfolio" / "portfolio.html"
    made = report(gather())
    write_atomically(page, render(made).encode())
    final, draft = page.with_name(f"{page.stem}.pdf"), page.with_name(f"{page.stem}-draft.pdf")
    paper, overtaken = (final, draft) if made.final else (draft, final)
    if out is None:
        overtaken.unlink(missing_ok=True)
    try:
        write_atomically(paper, pdf(made))
    except NoPdf as trouble:
        if out is None:
            paper.unlink(missing_ok=True)
        return Written(page, None, str(trouble), made)
    return Written(page, paper, "", made)


def gather() -> Found:
    """Return the memos, kept results and the assistant's folder that the pages ask for, as far as they are readable."""
    sources = [part.source for page in PAGES for part in page.parts if not part.made]
    memos = {source.rsplit(".", 1)[0] for source in sources if not source.startswith(("kept:", "desk:"))}
    kept = {source.removeprefix("kept:") for source in sources if source.startswith("kept:")}
    return Found(
        memos={name: memo for name in sorted(memos) if (memo := _quietly(_memo, name)) is not None},
        kept={name: value for name in sorted(kept) if (value := _quietly(read_kept, name)) is not None},
        assistant=read_assistant(places.work() / "triage", SHIPPED),
    )


def _memo(name: str) -> dict[str, Any] | None:
    """A memo with its fields; a file of another shape counts as damaged."""
    memo = read_memo(name)
    if memo is not None and not isinstance(memo.get("fields"), dict):
        raise ValueError(f"{name} has no fields")
    return memo


def _quietly(read, name: str):
    """Return what is there; a file that is missing or damaged leaves a gap, which the page shows."""
    try:
        return read(name)
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None
