"""An audit for people: a page for the terminal and one HTML file that needs no network.

Whatever an export says may be hostile: markup is escaped by the template, and control characters, which move a
terminal's cursor or turn text around, are shown instead of sent.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

if TYPE_CHECKING:
    from rich.console import Console

    from .run import Audit

SEVERITY_WORDS = {
    "stops": "Stops: settle this before modelling",
    "look": "Look: a person decides",
    "note": "Note: know it",
}
_EXAMPLES = 12
# control characters, and those that turn the direction of text around
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def printable(text: object) -> str:
    """Return text with control characters written as ``\\x1b``, so that no terminal or browser obeys them."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), str(text))


def html(audit: Audit) -> str:
    """Return the report as one HTML page: offline, printable, readable in order."""
    environment = Environment(
        loader=PackageLoader(__package__, "."), autoescape=True, undefined=StrictUndefined, finalize=_shown
    )
    groups = [(name, words, _sections(audit, name)) for name, words in SEVERITY_WORDS.items()]
    return environment.get_template("report.html.j2").render(
        audit=audit,
        groups=groups,
        clear=audit.summary[audit.summary["n"] == 0].to_dict("records"),
        today=f"{datetime.now(UTC):%Y-%m-%d}",
    )


def keep(audit: Audit, path: Path) -> None:
    """Write the report as a page that only its owner may read: it names records, times and birth dates.

    Raises
    ------
    OSError
        The folder is not there, or nothing can be written to it.
    """
    writable(path)
    beside = path.with_name(f".{path.name}.part")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(html(audit))
    os.replace(beside, path)


def writable(path: Path) -> None:
    """Raise an OSError where a report cannot be written, which is better known before minutes of reading."""
    if path.is_dir():
        raise OSError(f"{path} is a folder; name the file that the report becomes, such as {path / 'report.html'}.")
    if not path.absolute().parent.is_dir():
        raise OSError(f"There is no folder {path.absolute().parent} to write the report to; make it first.")


def _shown(value: object) -> object:
    return printable(value) if type(value) is str else value


def _sections(audit: Audit, severity: str) -> list[dict]:
    """Return the checks of a severity that found something, each with its first findings."""
    here = audit.summary[(audit.summary["severity"] == severity) & (audit.summary["n"] > 0)]
    made = []
    for line in here.to_dict("records"):
        found = audit.findings[audit.findings["check"] == line["check"]]
        made.append({**line, "examples": found.head(_EXAMPLES).to_dict("records")})
    return made


def terminal(audit: Audit, console: Console) -> None:
    """Print the report: what stops, what to look at, what to know, what was not judged."""
    from rich.table import Table
    from rich.text import Text

    console.print(Text(f"Audit of {printable(audit.path)}", style="bold"))
    console.print(Text(f"{audit.documents:,} documents, {audit.resources:,} resources.\n"))
    for severity, words in SEVERITY_WORDS.items():
        sections = _sections(audit, severity)
        if not sections:
            console.print(Text(f"{words}: nothing found.\n", style="bold"))
            continue
        table = Table(title=words, title_justify="left", title_style="bold", expand=True, show_lines=True)
        table.add_column("What")
        table.add_column("How many")
        table.add_column("What it does, and what to ask")
        for one in sections:
            ask = f"{one['consequence']} Ask: {one['ask']}"
            table.add_row(*(Text(printable(text)) for text in (one["title"], one["says"], ask)))
        console.print(table)
    clear = audit.summary[audit.summary["n"] == 0]["title"]
    if len(clear):
        console.print(Text("Looked for and not found: " + "; ".join(clear) + ".\n"))
    console.print(Text("What was not judged", style="bold"))
    for sentence in audit.not_judged:
        console.print(Text(f"- {printable(sentence)}"))
