"""``wardround portfolio``: the learner's memos and kept results, gathered from ``work/`` and written as one page."""

from __future__ import annotations

from pathlib import Path

from wardround.course import places
from wardround.course.memo import read_kept, read_memo
from wardround.course.store import write_atomically
from wardround.operations.portfolio import PAGES, Found, render


def write_portfolio(out: Path | None = None) -> Path:
    """Write ``work/portfolio/portfolio.html`` (or ``out``) and return its path.

    Raises
    ------
    NotSaved
        The folder cannot be written.
    """
    out = out or places.work() / "portfolio" / "portfolio.html"
    write_atomically(out, render(gather()).encode())
    return out


def gather() -> Found:
    """Return the memos and kept results that the portfolio's pages ask for, as far as they are there and readable."""
    sources = [part.source for page in PAGES for part in page.parts]
    memos = {source.rsplit(".", 1)[0] for source in sources if not source.startswith("kept:")}
    kept = {source.removeprefix("kept:") for source in sources if source.startswith("kept:")}
    return Found(
        memos={name: memo for name in sorted(memos) if (memo := _quietly(read_memo, name)) is not None},
        kept={name: value for name in sorted(kept) if (value := _quietly(read_kept, name)) is not None},
    )


def _quietly(read, name: str):
    """Return what is there; a file that is missing or damaged leaves a gap, which the page shows."""
    try:
        return read(name)
    except (OSError, ValueError, KeyError):
        return None
