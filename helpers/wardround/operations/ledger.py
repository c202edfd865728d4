"""The one append-only log: who did what when, each line holding the hash of the line before it.

Own code: a registry's aliases and tags keep no history and any client may move them, and of the libraries for this
(looked at in November 2026) signledger withdrew its 1.0, whose SQLite log built no chain, and auditchain and nexuscone
are 0.x. SQLite does what is hard: one writer at a time, a line is whole or absent, and survives a kill once committed.

What it cannot do: whoever owns the file can drop the triggers and build the whole chain anew. So the hash of the last
line (:meth:`Ledger.anchor`) is kept where that person cannot write: a mail, a ticket, another machine. And ``actor`` is
a claim; that the person is who they say is the institution's sign-in to prove.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

PATIENCE = 10.0  # seconds to wait for another writer; a line takes milliseconds
DAMAGE = (sqlite3.Error, OSError, TypeError)  # the last: a table of other columns or values
NOTHING = "0" * 64  # what the first line has before it
TABLE = """
CREATE TABLE IF NOT EXISTS line (number INTEGER PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL,
  action TEXT NOT NULL, detail TEXT NOT NULL, before TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
CREATE TRIGGER IF NOT EXISTS no_update BEFORE UPDATE ON line
  BEGIN SELECT RAISE(ABORT, 'a line of the log is never changed'); END;
CREATE TRIGGER IF NOT EXISTS no_delete BEFORE DELETE ON line
  BEGIN SELECT RAISE(ABORT, 'a line of the log is never removed'); END;
CREATE TRIGGER IF NOT EXISTS in_order BEFORE INSERT ON line
  WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM line)
  BEGIN SELECT RAISE(ABORT, 'a line of the log is only ever added at the end'); END;
"""  # the third stops INSERT OR REPLACE, which deletes without asking a DELETE trigger


class LogUnreadable(OSError):
    """The log cannot be read as a log; the message says which file and why."""


class NotLogged(OSError):
    """The line was not written, and no part of it; the message says why."""


class Overtaken(RuntimeError):
    """Another line was written since the caller looked; nothing was written."""


class Anchor(NamedTuple):
    """The log as it stood: how many lines, and the hash of the last. Kept elsewhere, it makes rewriting visible."""

    number: int
    hash: str


class Broken(NamedTuple):
    """The first line that does not follow from the one before it, and why."""

    number: int
    why: str


class Line(NamedTuple):
    """One line of the log; ``detail`` is JSON text, as it was hashed."""

    number: int
    at: str
    actor: str
    action: str
    detail: str
    before: str
    hash: str

    def told(self) -> dict[str, Any]:
        """Return the detail as it was given."""
        return json.loads(self.detail)

    def digest(self) -> str:
        """Return the SHA-256 (64 hexadecimal digits) of everything in the line but its own hash."""
        text = json.dumps(self[:-1], ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


class Ledger:
    """A log in one SQLite file, which is made with its first line.

    Parameters
    ----------
    path
        The file. Several processes of one machine may write to it; a network drive may not (SQLite's locks).
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)

    def append(
        self, actor: str, action: str, detail: Mapping[str, Any] | None = None, *, after: Anchor | None = None
    ) -> Line:
        """Add one line; when this returns, the line is on the disk.

        Parameters
        ----------
        actor, action
            Who, and a verb; neither empty.
        detail
            What else belongs to it, as JSON holds it. Never a name or a finding of a patient: a log is read by many.
        after
            Write only if the log still ends there: what a caller decided from the log still holds.

        Raises
        ------
        ValueError
            No actor or action, or a detail that is no JSON.
        Overtaken
            The log no longer ends at ``after``.
        NotLogged
            The disk is full, the folder read-only, the file damaged or held by another writer for ten seconds.
        """
        if not (actor.strip() and action.strip()):
            raise ValueError("A line of the log needs an actor and an action; give both.")
        text = json.dumps(dict(detail or {}), sort_keys=True, ensure_ascii=True, allow_nan=False)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._open() as file:
                if not file.execute("SELECT 1 FROM sqlite_master WHERE name = 'in_order'").fetchone():
                    file.executescript(TABLE)
                file.execute("BEGIN IMMEDIATE")
                end = _end(file)
                if after is not None and end != after:
                    raise Overtaken(f"{self.path} has line {end.number} now and ended at line {after.number} before.")
                line = Line(end.number + 1, _now(), actor.strip(), action.strip(), text, end.hash, "")
                line = line._replace(hash=line.digest())
                file.execute("INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?)", line)
                file.execute("COMMIT")
                return line
        except (sqlite3.Error, OSError) as trouble:
            raise NotLogged(
                f"“{action}” by {actor} was not written to {self.path} ({trouble}), so do not act on it; "
                "the lines before it are untouched."
            ) from trouble

    def lines(self, after: int = 0) -> list[Line]:
        """Return every line behind number ``after``, oldest first; an empty list where there is no file yet.

        Raises
        ------
        LogUnreadable
            The file is no log, or damaged.
        """
        lines: list[Line] = []
        try:
            lines.extend(self._each(after))
        except DAMAGE as trouble:
            raise LogUnreadable(
                f"{self.path} cannot be read after line {len(lines)} ({trouble}); bring it back from the last copy "
                "whose end is the anchor kept elsewhere."
            ) from trouble
        return lines

    def anchor(self) -> Anchor:
        """Return where the log ends now, to be kept elsewhere."""
        lines = self.lines()
        return Anchor(lines[-1].number, lines[-1].hash) if lines else Anchor(0, NOTHING)

    def verify(self, anchor: Anchor | None = None) -> Broken | None:
        """Walk the chain and return the first line that does not follow, or None where all do.

        Parameters
        ----------
        anchor
            Where the log ended at an earlier time, kept elsewhere. Without it, a log that was cut at the end or built
            anew from the first line looks whole.
        """
        seen, before = 0, NOTHING
        try:
            for line in self._each():
                if line.number != seen + 1:
                    return Broken(seen + 1, f"line {seen + 1} is not there: the next is line {line.number}")
                if line.before != before:
                    return Broken(line.number, f"line {line.number} does not hold the hash of the line before it")
                if line.hash != line.digest():
                    return Broken(line.number, f"line {line.number} was changed: its hash is of other words")
                if anchor and line.number == anchor.number and line.hash != anchor.hash:
                    return Broken(line.number, f"line {line.number} is not the line that the anchor names")
                seen, before = line.number, line.hash
        except DAMAGE as trouble:
            return Broken(seen + 1, f"{self.path.name} cannot be read from line {seen + 1} on: {trouble}")
        if anchor and seen < anchor.number:
            return Broken(seen + 1, f"the log ends at line {seen}, and had {anchor.number} when the anchor was kept")
        return None

    def _each(self, after: int = 0) -> Iterator[Line]:
        if not (self.path.exists() and self.path.stat().st_size):
            return
        with self._open() as file:
            for row in file.execute("SELECT * FROM line WHERE number > ? ORDER BY number", (after,)):
                yield Line(*row)

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection of one's own for each use: nothing is shared over a fork, nothing stays locked."""
        with contextlib.closing(sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)) as file:
            file.execute("PRAGMA synchronous=EXTRA")  # acknowledged means on the disk, even when the power goes
            yield file


def _end(file: sqlite3.Connection) -> Anchor:
    row = file.execute("SELECT number, hash FROM line ORDER BY number DESC LIMIT 1").fetchone()
    return Anchor(*row) if row else Anchor(0, NOTHING)


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
