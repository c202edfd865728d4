"""``wardround playbook``: what was built and decided, written into ``work/playbook`` as text, page and PDF."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from wardround.course import places
from wardround.course.playbook_facts import gather, said_in, written
from wardround.course.store import write_atomically
from wardround.operations.playbook.held import Held
from wardround.operations.playbook.pages import Playbook, markdown, playbook
from wardround.operations.playbook.reading import FILE, Mistake, Read, read
from wardround.operations.portfolio import render


@dataclass(frozen=True)
class Written:
    """What was written: the folder, where the decisions were laid out just now, the PDF or why there is none."""

    folder: Path
    new: Path | None
    pdf: Path | None
    why: str
    made: Playbook

    def to_dict(self) -> dict[str, Any]:
        """Return it for a program: files, state, contradictions, what is missing, checks that were not made."""
        linted = self.made.linted
        return {
            "folder": str(self.folder),
            "pdf": str(self.pdf) if self.pdf else None,
            "final": self.made.final,
            "state": self.made.state,
            "contradictions": [{"kind": one.kind, "says": one.says} for one in linted.findings],
            "missing": [part.source.removeprefix("decided:") for _, part in self.made.gaps],
            "not_found": self.made.held.facts["not_found"],
            "not_made": [{"kind": kind, "why": why} for kind, why in linted.not_made],
        }

    def text(self) -> str:
        """Return it for a person, contradictions first."""
        lines = [self.made.state, *(f"- {one.says}" for one in self.made.linted.findings)]
        open_in: dict[str, int] = {}
        for page, _ in self.made.gaps:
            name = f"{page.number} {page.title}" if page.number else page.title
            open_in[name] = open_in.get(name, 0) + 1
        lines += [f"- Open: {name} ({count})" for name, count in open_in.items()]
        lines += [f"- Not found: {one}." for one in self.made.held.facts["not_found"]]
        if not self.made.gaps:  # with gaps most checks lack something, and the gaps are the news
            lines += [f"- {one}" for one in self.made.not_made]
        if self.new:
            lines.append(f"Your decisions belong into {self.new}, which was laid out just now.")
        lines.append(
            f"Your playbook is in {self.folder}: playbook.md, playbook.html{', playbook.pdf' if self.pdf else ''}."
        )
        return "\n".join([*lines, *([self.why] if self.why else [])])


def write_playbook(out: Path | None = None) -> Written:
    """Write the playbook into ``work/playbook`` (or ``out``), whose decisions are laid out once, then only read.

    With ``out`` the decisions are those of that folder where it has some, else the learner's own.

    Raises
    ------
    NotSaved
        The folder cannot be written.
    """
    from wardround.operations.report_pdf import NoPdf, pdf

    own = places.work() / "playbook"
    folder = out or own
    decisions = next((one / FILE for one in (folder, own) if (one / FILE).exists()), own / FILE)
    laid_out = None if decisions.exists() else decisions
    if laid_out:
        template = files("wardround.operations.playbook") / "template.toml"
        write_atomically(laid_out, template.read_bytes())
    decided = _read(decisions)
    facts = gather(said=said_in(decided))
    write_atomically(folder / "facts.json", written(facts))
    made = playbook(Held(facts, decided))
    write_atomically(folder / "playbook.md", markdown(made).encode())
    write_atomically(folder / "playbook.html", render(made).encode())
    paper = folder / "playbook.pdf"
    try:
        write_atomically(paper, pdf(made))
    except NoPdf as trouble:
        paper.unlink(missing_ok=True)  # an earlier state on paper would pass for this one
        return Written(folder, laid_out, None, str(trouble), made)
    return Written(folder, laid_out, paper, "", made)


def _read(path: Path) -> Read:
    try:
        return read(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as trouble:
        why = f"it cannot be read ({type(trouble).__name__}); save it as UTF-8 text"
        return Read(mistakes=(Mistake("the whole file", why),))
