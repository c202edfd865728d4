"""Lints of what is written: facts and their citations, headings, links, figures' alternative text."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from wardround.course import notebooks, places
from wardround.course.manifest import ManifestError

CITED = re.compile(r"\[([a-z0-9-]+)\]\(#Sources\)")
LISTED = re.compile(r"^- \*\*([a-z0-9-]+)\*\*: (.*)$", re.M)
LINK = re.compile(r"(?<!!)\[([^\[\]]+)\]\(([^)\s]+)\)")
# A sentence that names a paper or a law. With a figure in it, it needs a citation.
OUTSIDE = re.compile(
    r"\bet al\b|\bdoi\b|PMID|\b(?:JAMA|BMJ|NEJM|Lancet|Nature|Science|CFR|HIPAA|GDPR|Act)\b"
    r"|\b(?:published|trial|meta-analysis|the study|studies|guideline)"
)
FIGURE = re.compile(r"\d")
CERTAINTIES = {"read", "computed", "assumption", "uncertain"}
_FIELDS = {"says", "source", "as_of", "review_by", "certainty"}
_DAY = re.compile(r"20\d\d-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?")  # a month, or a day
_MEANT = re.compile(r"\b[Ff]acts? ((?:`[a-z0-9-]+`(?:,? and |, )?)+)")  # as comments of code name them
_FENCE = re.compile(r"^```.*?^```[ \t]*$", re.S | re.M)


def facts() -> dict[str, dict[str, Any]]:
    """Entries of ``curriculum/facts.toml`` by id.

    Raises
    ------
    ManifestError
        An entry lacks a field, has an unknown certainty, or says nothing of where and when it was read.
    """
    path = places.root() / "curriculum" / "facts.toml"
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    for name, entry in found.items():
        if set(entry) != _FIELDS or entry["certainty"] not in CERTAINTIES:
            raise ManifestError(f"{path.name}, {name}: an entry has {', '.join(sorted(_FIELDS))}, and nothing else.")
        if not (str(entry["says"]).strip() and str(entry["source"]).strip()):
            raise ManifestError(f"{path.name}, {name}: it says nothing, or not where it was read; write both.")
        if not (_DAY.fullmatch(entry["as_of"]) and _DAY.fullmatch(entry["review_by"])):
            raise ManifestError(f"{path.name}, {name}: as_of and review_by are months or days, such as 2026-11.")
        if entry["review_by"] <= entry["as_of"]:
            raise ManifestError(f"{path.name}, {name}: it is to be read again before it was read; mend review_by.")
    return found


def uses() -> dict[str, list[str]]:
    """Where each fact is used, and each name that is used as one: name to files.

    A page cites it as ``[name](#Sources)``; code of the course holds its name as a string of its own, or calls it a
    fact in a comment, with its name in backticks.
    """
    known, found = facts(), defaultdict(set)
    for path, text in pages().items():
        for name in CITED.findall(_FENCE.sub("", text)):
            found[name].add(_within(path))
    for path in _code():
        text = path.read_text(encoding="utf-8")
        for name in _strings(text) & set(known) | set(_meant(text)):
            found[name].add(_within(path))
    return {name: sorted(where) for name, where in sorted(found.items())}


def _code() -> list[Path]:
    folders = (places.root() / "helpers" / "wardround", places.root() / "curriculum")
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def _strings(text: str) -> set[str]:
    nodes = ast.walk(ast.parse(text))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _meant(text: str) -> list[str]:
    return [name for group in _MEANT.findall(text) for name in re.findall(r"`([a-z0-9-]+)`", group)]


def _within(path: Path) -> str:
    return path.relative_to(places.root()).as_posix()


def stale(date: str) -> list[str]:
    """Ids of facts whose ``review_by`` is before a date such as ``2027-01``."""
    return sorted(name for name, entry in facts().items() if entry["review_by"] < date)


def pages() -> dict[Path, str]:
    """Every text of the course: Markdown pages, and the Markdown cells of lessons and solutions."""
    found = {}
    for path in notebooks.sources():
        cells = (cell.source for cell in notebooks.read(path).cells if cell.cell_type == "markdown")
        found[path] = "\n\n".join(cells)
    for path in sorted((places.root() / "curriculum").glob("**/*.md")):
        found[path] = path.read_text(encoding="utf-8")
    return found


def problems() -> list[str]:
    """All lints of this module over the whole course."""
    known = facts()
    told = []
    for path, text in pages().items():
        bare = _FENCE.sub("", text)
        told += [
            f"{path.name}: {problem}" for problem in [*citations(bare, known), *headings(bare), *links(path, bare)]
        ]
    return told


def citations(text: str, known: dict[str, dict[str, Any]]) -> list[str]:
    """Citations without an entry, uncertain ones, sources that say something else, figures of papers without one."""
    body, _, sources = text.partition("## Sources")
    cited, told = set(CITED.findall(body)), []
    for name in sorted(cited):
        if name not in known:
            told.append(f"cites {name!r}, which facts.toml does not have.")
        elif known[name]["certainty"] == "uncertain":
            told.append(f"states {name!r} as a fact, which facts.toml calls uncertain.")
    listed = dict(LISTED.findall(sources))
    for name in sorted(cited & set(known)):
        wanted = f"{known[name]['says']} {known[name]['source']}"
        if listed.get(name, "").strip() != wanted:
            told.append(f"its Sources should hold: - **{name}**: {wanted}")
    told += [f"lists the source {name!r} and does not cite it." for name in sorted(set(listed) - cited)]
    for sentence in re.split(r"(?<=[.!?])\s+|\n\s*\n|\n[-|]", body.replace("et al.", "et al")):
        if OUTSIDE.search(sentence) and FIGURE.search(CITED.sub("", sentence)) and not CITED.search(sentence):
            told.append(
                f"gives a figure about a paper or a law without a citation: {' '.join(sentence.split())[:90]!r}"
            )
    return told


def headings(text: str) -> list[str]:
    """Not exactly one top heading, or a level that is skipped."""
    levels = [len(mark) for mark in re.findall(r"^(#{1,6}) \S", text, re.M)]
    told = [] if levels.count(1) == 1 else [f"has {levels.count(1)} top headings; one is right."]
    if levels and levels[0] != 1:
        told.append("does not begin with its top heading.")
    told += [f"jumps from heading level {a} to {b}." for a, b in pairwise(levels) if b > a + 1]
    return told


def links(path: Path, text: str) -> list[str]:
    """Links to a file or a heading that is not there, and links whose words say nothing."""
    told = []
    for words, target in LINK.findall(text):
        if words.strip().lower() in ("here", "link", "this", "click here"):
            told.append(f"a link says only {words!r}; say where it leads.")
        if re.match(r"[a-z]+:", target):
            continue
        address, _, anchor = target.partition("#")
        file = (path.parent / unquote(address)).resolve() if address else path
        if not file.exists():
            told.append(f"links to {target}, which is not there.")
        elif anchor and anchor not in _anchors(file, text if file == path else None):
            told.append(f"links to {target}, and there is no such heading.")
    return told


def _anchors(file: Path, text: str | None) -> set[str]:
    text = text if text is not None else file.read_text(encoding="utf-8")
    return {unquote(title.strip()).replace(" ", "-") for title in re.findall(r"^#+ (.*)$", text, re.M)}


def figures(built: Any, name: str) -> list[str]:
    """Images in a built notebook without alternative text: matplotlib's own output has none."""
    told = []
    for place, cell in enumerate(built.cells, 1):
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if any(kind.startswith("image/") for kind in data):
                told.append(f"{name}, cell {place}: a bare image; draw it with `figure(…, says=…)`.")
            for tag in re.findall(r"<img\b[^>]*>", str(data.get("text/html", ""))):
                if not re.search(r'\balt="[^"]{20,}"', tag):
                    told.append(f"{name}, cell {place}: an image without a sentence as its alternative text.")
            if "application/vnd.jupyter.widget-view+json" in data and "plain-twin" not in notebooks.tags(cell):
                told.append(f"{name}, cell {place}: a widget; tag the cell plain-twin when its twin follows.")
    return told
