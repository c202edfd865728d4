"""The learner's card, ``card.html.j2``: shown from a sandbox, checked before, and never in the way of a rule.

A card is text of the learner's, so it may be wrong. It cannot reach Python, change what it is given, send anything, let
a patient's text become markup, or break the page around it: then the built-in card is shown, with what is wrong. And a
card that leaves out a rule, or a value to be checked, has it put above it by the page.
"""

from __future__ import annotations

import difflib
import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from wardround.triage.said import Advice, Factor, Fired, Reading, Visit
from wardround.triage.settings import CARD, TEMPLATES

MOST_LINES = 60
LARGEST = 20_000  # bytes of the file
LONGEST = 60_000  # characters of what it shows; a patient's name may be long
MOST_ROUNDS = 200  # of a loop over a range
GIVEN = ("advice", "visit", "level", "now")
HARMLESS = set(
    re.findall(
        r"\w+",
        """a abbr article aside b bdi bdo br caption circle code col colgroup data dd del details dfn div dl dt em
        figcaption figure footer g h2 h3 h4 h5 h6 header hr i ins kbd li line mark meter ol p path progress q rect s
        samp section small span strong sub summary sup svg table tbody td text tfoot th thead time title tr u ul var
        wbr""",
    )
)
FOLDED = ("details", "title", "del")
ALONE = ("br", "col", "hr", "wbr")
NO_ATTRIBUTE = ("style", "hidden", "inert", "href", "xlink:href", "src", "srcset", "autofocus")
FORBIDDEN = {
    nodes.Include: "include", nodes.Import: "import", nodes.FromImport: "from … import", nodes.Extends: "extends",
    nodes.ScopedEvalContextModifier: "autoescape", nodes.EvalContextModifier: "autoescape",
}  # fmt: skip


class CardWrong(ValueError):
    """The card cannot be shown; the message says the line and what to write."""

    def __init__(self, says: str, line: int | None = None) -> None:
        super().__init__(f"{CARD}, line {line}: {says}" if line else f"{CARD}: {says}")
        self.says, self.line = says, line


@dataclass(frozen=True)
class Shown:
    """A card as it stands on the page.

    Attributes
    ----------
    left_out
        What the advice says, must be seen, and the card does not show.
    trouble
        Why the built-in card is shown instead of the learner's; empty where it is the learner's.
    """

    html: Markup
    left_out: tuple[str, ...] = ()
    trouble: str = ""


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, without what lets markup through or fills the memory."""

    intercepted_binops = frozenset(("*", "**"))

    def __init__(self) -> None:
        super().__init__(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        self.globals = {"range": _range}
        for name in ("safe", "pprint", "xmlattr", "urlize"):
            del self.filters[name]

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Multiply numbers only: a text times a million is a full memory."""
        if not all(isinstance(one, int | float) and abs(one) < 1e9 for one in (left, right)) or (
            operator == "**" and abs(right) > 8
        ):
            raise TypeError(f"{operator} is for small numbers here; write another way")
        return super().call_binop(context, operator, left, right)


def show(folder: Path | str, **given: Any) -> Shown:
    """Return the learner's card on an advice, or the built-in one with what is wrong with the learner's.

    Parameters
    ----------
    folder
        Where ``card.html.j2`` lies.
    given
        ``advice visit level now``.
    """
    try:
        made, trouble = render(source(Path(folder) / CARD), **given), ""
    except CardWrong as wrong:
        made, trouble = render(source(TEMPLATES / CARD), **given), str(wrong)
    return Shown(made, left_out(made, given["advice"]), trouble)


def source(path: Path) -> str:
    """Read a card.

    Raises
    ------
    CardWrong
        It is not there, no text, or too long.
    """
    try:
        data = path.read_bytes()
        text = data.decode("utf-8")
    except FileNotFoundError:
        raise CardWrong("it is not there; start the assistant again and the course's own is laid out.") from None
    except OSError as trouble:
        raise CardWrong(f"it cannot be read ({trouble.strerror}); mend that and look again.") from trouble
    except UnicodeDecodeError as trouble:
        line = data[: trouble.start].count(b"\n") + 1
        raise CardWrong("this is no UTF-8 text; save the file as UTF-8.", line) from None
    if len(text.splitlines()) > MOST_LINES or len(data) > LARGEST:
        raise CardWrong(f"it has {len(text.splitlines())} lines and {len(data):,} bytes; keep it to {MOST_LINES} "
                        f"lines and {LARGEST:,} bytes, so that a person reads it in a minute.")  # fmt: skip
    return text


def render(text: str, **given: Any) -> Markup:
    """Return a card's HTML.

    Raises
    ------
    CardWrong
        The text is no card, or fails on this advice.
    """
    template = _allowed(text)
    try:
        made = _joined(template.generate(**given))
    except CardWrong:
        raise
    except Exception as trouble:  # whatever a learner's text may do: TypeError, UndefinedError, SecurityError, …
        frames = [one.lineno for one in traceback.extract_tb(trouble.__traceback__) if one.filename == "<template>"]
        says = f"{_said(str(trouble))} Given are {', '.join(GIVEN)}; the README beside it lists their parts."
        raise CardWrong(says, frames[-1] if frames else None) from trouble
    if wrong := next(problems(made), None):
        tag, says = wrong
        raise CardWrong(says, _line_of(tag, text))
    return Markup(made)


def left_out(made: str, advice: Advice) -> tuple[str, ...]:
    """Return rules, values to be checked and the words of the advice that the card does not show."""
    seen = seen_text(made)
    must = [*(one.says for one in advice.rules), *advice.check, advice.words]
    return tuple(one for one in must if _plain(one) not in seen)


def problems(made: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the HTML of a card as (tag, sentence): it must be whole, and may only show."""
    parser = _Tags()
    parser.feed(made)
    parser.close()
    yield from parser.found
    for tag in parser.open:
        yield tag, f"<{tag}> is not closed; write </{tag}> where it ends."


class _Tags(HTMLParser):
    """Follows tags: which are open, which do not belong."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in HARMLESS:
            self.found.append((tag, f"<{tag}> does not belong into a card, which only shows; take it out."))
        for name, _ in attrs:
            if name.startswith("on") or name in NO_ATTRIBUTE:
                self.found.append((tag, f"{name} of <{tag}> does not belong into a card; take it out. Looks are in the "
                                        "page's own style: class names are in the README."))  # fmt: skip
        if tag not in ALONE:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in ALONE and self.open and "svg" in self.open:
            self.open.pop()  # only inside of a picture does a browser take <x/> as closed

    def handle_endtag(self, tag: str) -> None:
        if tag in ALONE:
            return
        if not self.open or self.open[-1] != tag:
            inside = f"<{self.open[-1]}> is still open there" if self.open else f"no <{tag}> is open there"
            self.found.append((tag, f"</{tag}> closes nothing: {inside}; write the tags in pairs."))
        else:
            self.open.pop()

    def handle_comment(self, data: str) -> None:
        self.found.append(("!--", "an HTML comment does not belong into a card; write {# … #}."))

    def handle_decl(self, decl: str) -> None:
        self.found.append(("!", "a declaration does not belong into a card; take it out."))

    def unknown_decl(self, data: str) -> None:
        self.handle_decl(data)

    def handle_pi(self, data: str) -> None:
        self.handle_decl(data)


@lru_cache(maxsize=8)
def _allowed(text: str) -> Template:
    """Return the template where the text is one that uses nothing it must not; says the line otherwise."""
    try:
        tree = SANDBOX.parse(text)
        template = SANDBOX.from_string(text)
    except TemplateSyntaxError as trouble:
        says = str(trouble.message).rstrip(".")
        if "No filter named 'safe'" in says:
            says = "`safe` would let a patient's text become markup; take it out"
        raise CardWrong(f"{says}.", trouble.lineno) from None
    except (RecursionError, MemoryError, SyntaxError, ValueError) as trouble:
        raise CardWrong(
            f"this cannot be read as a template ({type(trouble).__name__}); write it more simply."
        ) from None
    for kind, name in FORBIDDEN.items():
        for node in tree.find_all(kind):
            raise CardWrong(f"`{name}` does not belong into a card; take it out.", node.lineno)
    return template


def _joined(parts: Iterator[str]) -> str:
    size, kept = 0, []
    for part in parts:
        size += len(part)
        if size > LONGEST:
            raise CardWrong(f"it shows more than {LONGEST:,} characters; show less.")
        kept.append(part)
    return "".join(kept)


def _range(*numbers: int) -> range:
    made = range(*numbers)
    if len(made) > MOST_ROUNDS:
        raise ValueError(f"range has more than {MOST_ROUNDS} steps; take fewer")
    return made


def _said(text: str) -> str:
    """The trouble without our modules' names, and the name that was perhaps meant."""
    text = re.sub(r"\bwardround\.triage\.\w+\.", "", text)[:200].rstrip(".")
    wrong = re.search(r"'(\w+)'(?: is undefined)?$", text)
    known = [one.name for kind in (Advice, Visit, Factor, Fired, Reading) for one in fields(kind)]
    meant = difflib.get_close_matches(wrong[1], [*known, *GIVEN], 1) if wrong else []
    return f"{text}{f'; perhaps {meant[0]!r} is meant' if meant else ''}."


def _line_of(tag: str, text: str) -> int | None:
    """The last line of the template on which a tag is written; None where it came from elsewhere."""
    lines = [number for number, line in enumerate(text.splitlines(), 1) if re.search(rf"</?{re.escape(tag)}\b", line)]
    return lines[-1] if lines else None


class _Words(HTMLParser):
    """Collects what is seen at once: a rule inside of a closed ``details`` is not."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.inside = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside += tag in FOLDED

    def handle_endtag(self, tag: str) -> None:
        self.inside -= tag in FOLDED

    def handle_data(self, data: str) -> None:
        if not self.inside:
            self.parts.append(data)


def seen_text(made: str) -> str:
    """Return the text of a card that is seen at once, on one line."""
    words = _Words()
    words.feed(made)
    words.close()
    return _plain("".join(words.parts))


def _plain(text: str) -> str:
    return " ".join(text.split())


SANDBOX = _Sandbox()
