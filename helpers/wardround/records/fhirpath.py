"""FHIRPath as text to FHIRPath as a tree, for the part of the language that SQL on FHIR v2 allows.

Nothing beyond that part is read, although more would be easy: a view that runs here must run in the other engines too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import ViewError

_TOKEN = re.compile(
    r"""
    (?P<skip>\s+|//[^\n]*|/\*.*?\*/)
  | (?P<moment>@T?\d[0-9T:.Z+-]*)
  | (?P<number>\d+(?:\.\d+)?)
  | (?P<text>'(?:[^'\\]|\\.)*')
  | (?P<constant>%(?:[A-Za-z_]\w*|`[^`]+`))
  | (?P<this>\$this\b)
  | (?P<name>[A-Za-z_]\w*|`[^`]+`)
  | (?P<sign><=|>=|!=|[-+*/=<>().,\[\]])
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}
# How tightly each operator binds; those of FHIRPath that are missing here are not in the subset.
_BINDING = {
    **{"or": 1, "and": 2},
    **{"=": 3, "!=": 3, "<": 4, ">": 4, "<=": 4, ">=": 4},
    **{"+": 5, "-": 5, "*": 6, "/": 6},
}
_OUTSIDE = {"xor", "implies", "in", "contains", "is", "as", "div", "mod"}


@dataclass(frozen=True)
class Literal:
    """A value written in the path, or a constant of the view; ``moment`` marks dates and times."""

    value: object
    moment: bool = False


@dataclass(frozen=True)
class Focus:
    """The element a path starts from: ``$this``, or nothing written at all."""


@dataclass(frozen=True)
class RowIndex:
    """``%rowIndex``: the place of the current element in its ``forEach`` or ``repeat``, from 0."""


@dataclass(frozen=True)
class Member:
    """``base.name``."""

    base: Tree
    name: str


@dataclass(frozen=True)
class Item:
    """``base[index]``."""

    base: Tree
    index: Tree


@dataclass(frozen=True)
class Call:
    """``base.name(arguments)``."""

    base: Tree
    name: str
    arguments: tuple[Tree, ...]


@dataclass(frozen=True)
class Binary:
    """``left sign right``."""

    sign: str
    left: Tree
    right: Tree


@dataclass(frozen=True)
class Negative:
    """``-operand``."""

    operand: Tree


Tree = Literal | Focus | RowIndex | Member | Item | Call | Binary | Negative


def parse(path: object, constants: dict[str, Literal], where: str) -> Tree:
    """Return the tree of a path.

    Parameters
    ----------
    path
        The FHIRPath expression, text.
    constants
        The constants of the view by name.
    where
        What the path belongs to, in words, for the error: ``"column 'family'"``.

    Raises
    ------
    ViewError
        The path is not text, is not FHIRPath, uses what the subset leaves out, or names an unknown constant.
    """
    if not isinstance(path, str):
        raise ViewError(f"The path of {where} must be text in FHIRPath; it is {path!r}.")
    try:
        return _Parser(path, constants, where).whole()
    except RecursionError:
        raise ViewError(f"The path of {where} is nested too deeply to be read; split it over nested selects.") from None


class _Parser:
    """A precedence-climbing parser over a list of (kind, text, place)."""

    def __init__(self, path: str, constants: dict[str, Literal], where: str):
        self.path, self.constants, self.where = path, constants, where
        self.tokens = list(self._split())
        self.at = 0

    def _split(self):
        place = 0
        while place < len(self.path):
            found = _TOKEN.match(self.path, place)
            if not found:
                raise self._error(f"{self.path[place]!r} has no meaning", place)
            if found.lastgroup != "skip":
                yield found.lastgroup, found.group(), place
            place = found.end()
        yield "end", "", len(self.path)

    def _error(self, what: str, place: int) -> ViewError:
        return ViewError(f"The path {self.path!r} of {self.where} cannot be read: {what} at character {place + 1}.")

    def _next(self) -> tuple[str, str, int]:
        token = self.tokens[self.at]
        self.at += token[0] != "end"
        return token

    def _take(self, sign: str) -> bool:
        if self.tokens[self.at][:2] == ("sign", sign):
            self.at += 1
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            _, text, place = self.tokens[self.at]
            raise self._error(f"{sign!r} is missing before {text!r}" if text else f"{sign!r} is missing", place)

    def whole(self) -> Tree:
        tree = self._expression(0)
        kind, text, place = self.tokens[self.at]
        if kind != "end":
            outside = text in _OUTSIDE
            what = f"the operator {text!r} is not in SQL on FHIR's part of FHIRPath" if outside else f"{text!r} is left"
            raise self._error(what, place)
        return tree

    def _expression(self, least: int) -> Tree:
        left = self._operand()
        while True:
            kind, sign, _ = self.tokens[self.at]
            binding = _BINDING.get(sign, 0) if kind in ("sign", "name") else 0
            if binding <= least:
                return left
            self.at += 1
            left = Binary(sign, left, self._expression(binding))

    def _operand(self) -> Tree:
        if self._take("-"):
            return Negative(self._operand())
        if self._take("+"):
            return self._operand()
        return self._steps(self._start())

    def _start(self) -> Tree:
        kind, text, place = self._next()
        if kind == "sign" and text == "(":
            tree = self._expression(0)
            self._expect(")")
            return tree
        if kind == "text":
            return Literal(_unescape(text[1:-1]))
        if kind == "number":
            return Literal(float(text) if "." in text else int(text))
        if kind == "moment":
            return Literal(text[1:].removeprefix("T"), moment=True)
        if kind == "constant":
            return self._constant(text[1:].strip("`"), place)
        if kind == "this":
            return Focus()
        if kind == "name":
            if text in ("true", "false"):
                return Literal(text == "true")
            return self._named(Focus(), text)
        raise self._error(f"an expression is missing before {text!r}" if text else "an expression is missing", place)

    def _constant(self, name: str, place: int) -> Tree:
        if name == "rowIndex":
            return RowIndex()
        if name not in self.constants:
            known = ", ".join(sorted(self.constants)) or "none"
            raise self._error(f"the view has no constant {name!r} (it has: {known})", place)
        return self.constants[name]

    def _steps(self, tree: Tree) -> Tree:
        while True:
            if self._take("."):
                kind, text, place = self._next()
                if kind == "this":
                    continue
                if kind != "name":
                    raise self._error("a name is missing after '.'", place)
                tree = self._named(tree, text)
            elif self._take("["):
                tree = Item(tree, self._expression(0))
                self._expect("]")
            else:
                return tree

    def _named(self, base: Tree, text: str) -> Tree:
        name = text.strip("`")
        if not self._take("("):
            return Member(base, name)
        arguments: list[Tree] = []
        while not self._take(")"):
            if arguments:
                self._expect(",")
            arguments.append(self._expression(0))
        return Call(base, name, tuple(arguments))


def _unescape(text: str) -> str:
    """Return the text of a literal without its backslashes."""

    def plain(found: re.Match) -> str:
        code = found.group(1)
        return chr(int(code[1:], 16)) if len(code) == 5 else _ESCAPED.get(code, code)

    return _ESCAPE.sub(plain, text) if "\\" in text else text
