"""One friendly block: how every command of the learner answers, in a notebook and for a screen reader.

The HTML takes its colours from JupyterLab's own variables or from the text around it, so that it reads in the light
and in the dark theme, and each fallback still reads where no theme is loaded (an exported page). Nothing is said by
colour alone: the heading carries the message, the edge only repeats it.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Literal

WIDTH = 88
Tone = Literal["note", "right", "wrong", "ask"]

_EDGE = {
    "note": "solid var(--jp-border-color2, currentColor)",
    "right": "solid var(--jp-success-color1, currentColor)",
    "wrong": "dashed var(--jp-warn-color1, currentColor)",
    "ask": "dotted var(--jp-info-color1, currentColor)",
}
_BOX = "padding:0.5em 0.9em;margin:0.4em 0;max-width:46em;background:transparent;color:inherit;border-left:4px "
_PRE = (
    "margin:0.3em 0;padding:0.4em 0.6em;overflow-x:auto;white-space:pre;background:transparent;color:inherit;"
    "border:1px solid var(--jp-border-color2, currentColor)"
)
_CODE = "background:transparent;color:inherit"
_FENCE = re.compile(r"^```[^\n]*\n(.*?)^```[ \t]*$", re.S | re.M)
_TICKS = re.compile(r"`([^`\n]+)`")
_LISTED = re.compile(r"(?:[-*]|\d+[.)])\s")


@dataclass(frozen=True, repr=False)
class Block:
    """A heading and labelled lines.

    Attributes
    ----------
    heading
        The message itself; it must say without colour whether all is well.
    lines
        ``(label, text)`` pairs; an empty label makes a plain paragraph. A text may hold several paragraphs, code
        between fences of three backticks (or indented by four blanks), and words of code between single backticks.
    tone
        ``note``, ``right``, ``wrong`` or ``ask``: the look of the edge.
    """

    heading: str
    lines: tuple[tuple[str, str], ...] = ()
    tone: Tone = "note"

    def __post_init__(self) -> None:
        object.__setattr__(self, "lines", tuple((str(label), str(text)) for label, text in self.lines))

    def __str__(self) -> str:
        return "\n".join([*_wrapped(self.heading, ""), *(row for line in self.lines for row in _text_rows(*line))])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        body = "".join(_html_line(label, text) for label, text in self.lines)
        heading = f'<p style="margin:0.1em 0"><strong>{_inline(self.heading)}</strong></p>'
        return f'<div role="note" style="{_BOX}{_EDGE[self.tone]}">{heading}{body}</div>'

    def with_lines(self, *more: tuple[str, str]) -> Block:
        """The same block with further lines below."""
        return Block(self.heading, (*self.lines, *more), self.tone)


def _pieces(text: str) -> Iterable[tuple[bool, str]]:
    """Split a text into ``(is_code, piece)``: fenced code, indented code, paragraphs and list rows."""
    text = inspect.cleandoc(text)
    end = 0
    for fence in _FENCE.finditer(text):
        yield from _paragraphs(text[end : fence.start()])
        yield True, textwrap.dedent(fence[1]).rstrip("\n")
        end = fence.end()
    yield from _paragraphs(text[end:])


def _paragraphs(text: str) -> Iterable[tuple[bool, str]]:
    code: list[str] = []
    for paragraph in re.split(r"\n[ \t]*\n", text.strip("\n")):
        rows = paragraph.splitlines()
        if rows and all(row.startswith("    ") for row in rows):
            code.append(textwrap.dedent(paragraph))
            continue
        if code:
            yield True, "\n\n".join(code)
            code = []
        yield from ((False, piece) for piece in _joined(rows))
    if code:
        yield True, "\n\n".join(code)


def _joined(rows: list[str]) -> list[str]:
    """Rows of one paragraph as one line, but each list item as a line of its own."""
    pieces: list[str] = []
    for row in rows:
        if not pieces or _LISTED.match(row.strip()):
            pieces.append(row.strip())
        else:
            pieces[-1] += " " + row.strip()
    return [piece for piece in pieces if piece]


def _html_line(label: str, text: str) -> str:
    lead = f"<strong>{_inline(label)}:</strong> " if label else ""
    made = []
    for is_code, piece in _pieces(text):
        if is_code:
            made.append(f'<pre style="{_PRE}"><code style="{_CODE}">{escape(piece)}</code></pre>')
        else:
            made.append(f'<p style="margin:0.3em 0">{lead}{_inline(piece)}</p>')
            lead = ""
    if lead:  # nothing but code, or nothing: the label still needs its place
        made.insert(0, f'<p style="margin:0.3em 0">{lead.rstrip()}</p>')
    return "".join(made)


def _inline(text: str) -> str:
    return _TICKS.sub(rf'<code style="{_CODE}">\1</code>', escape(text))


def _text_rows(label: str, text: str) -> Iterable[str]:
    lead = f"{label}: " if label else ""
    for is_code, piece in _pieces(text):
        if is_code:
            if lead:
                yield f"  {lead.rstrip()}"
            yield from (f"      {row}".rstrip() for row in piece.splitlines())
        else:
            yield from _wrapped(f"{lead}{piece}", "  ")
        lead = ""
    if lead:
        yield f"  {lead.rstrip()}"


def _wrapped(text: str, indent: str) -> list[str]:
    hanging = indent + "  " if indent else ""
    return textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False
    ) or [indent.rstrip()]
