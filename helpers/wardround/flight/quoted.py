"""Where a plan says something: line numbers of a TOML file, and the words that stand there.

The standard library reads TOML without positions, so this goes through the lines once and lets the standard library
decide where each statement ends.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]  # ("ward", "threshold"), ("monitor", 2, "limit")
LONGEST = 40  # lines of one statement; what is longer is not a plan's


@dataclass(frozen=True)
class Quote:
    """Words of a plan: ``line`` counts from 1, ``text`` may have several lines, ``exact`` if it is the key itself."""

    line: int
    text: str
    exact: bool = True

    @property
    def lines(self) -> str:
        """Return ``line 12`` or ``lines 12 to 14``."""
        last = self.line + self.text.count("\n")
        return f"line {self.line}" if last == self.line else f"lines {self.line} to {last}"


def quote(text: str, path: Sequence[str | int]) -> Quote | None:
    """Return what a plan says of a key: the key's own statement, else the header of its table, else None.

    Parameters
    ----------
    text : str
        The plan as written.
    path : sequence
        Keys from the outside in; an entry of ``[[monitor]]`` by its place, from 0.
    """
    wanted = tuple(path)
    best: tuple[int, Quote] | None = None
    for place, found in _statements(text):
        if place[: len(wanted)] == wanted:  # the key itself, or the first thing said below it
            return Quote(found.line, found.text, place == wanted or len(wanted) > 1)
        common = len(place)
        if wanted[:common] == place and (best is None or common > best[0]):
            best = common, Quote(found.line, found.text, False)
    return best[1] if best else None


def block(text: str, name: str, place: int) -> Quote | None:
    """Return a whole entry of ``[[name]]``: its header and its keys, without the comments between them."""
    lines = [(found.line, found.text) for path, found in _statements(text) if path[:2] == (name, place)]
    if not lines:
        return None
    return Quote(lines[0][0], "\n".join(words for _, words in lines))


def _statements(text: str) -> Iterator[tuple[Path, Quote]]:
    """Yield each header and each key with its place in the document."""
    lines, table, seen = text.splitlines(), (), {}
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        if not line or line.startswith("#"):
            at += 1
            continue
        if line.startswith("["):
            table = _header(line, seen)
            yield table, Quote(at + 1, line)
            at += 1
            continue
        words, read = _whole(lines, at)
        if read is None:
            at += 1
            continue
        yield table + _keys(read), Quote(at + 1, words)
        at += words.count("\n") + 1


def _header(line: str, seen: dict[Path, int]) -> Path:
    """Return the place that ``[a.b]`` or ``[[a]]`` opens."""
    try:
        read = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return ("?",)
    path = _keys(read)
    if line.startswith("[["):
        seen[path] = seen.get(path, -1) + 1
        return (*path, seen[path])
    if path[:1] in seen:  # [cause.more] belongs to the latest [[cause]]
        return (path[0], seen[path[:1]], *path[1:])
    return path


def _whole(lines: Sequence[str], at: int) -> tuple[str, dict[str, Any] | None]:
    """Return the statement that begins on a line, with the lines it goes on for."""
    for last in range(at, min(at + LONGEST, len(lines))):
        words = "\n".join(lines[at : last + 1])
        try:
            return words.strip(), tomllib.loads(words)
        except tomllib.TOMLDecodeError:
            continue
    return lines[at].strip(), None


def _keys(read: dict[str, Any]) -> Path:
    """Return the keys of a document that says one thing; an inline table is a value, not a place."""
    path: list[str] = []
    while isinstance(read, dict) and len(read) == 1:
        (key, value), *_ = read.items()
        path.append(key)
        read = value[0] if isinstance(value, list) and value == [{}] else value
    return tuple(path)
