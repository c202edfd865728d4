"""The desk's log: who looked, which level they gave, what was shown to them, what they decided. It is only added to.

The chain of hashes is ``operations.ledger``'s. Here is what a line may hold: ids, codes and counts, never a patient's
name, birth date or value; that is checked, not hoped for. What somebody typed may hold anything, so it lies in a file
of its own, which can be erased; the line has its id and hash.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from wardround.operations import ledger
from wardround.operations.ledger import NOTHING, Anchor, Broken, Ledger, Line, LogUnreadable, NotLogged, Overtaken
from wardround.triage.said import Advice
from wardround.triage.settings import Settings

Action = Literal["viewed", "level", "advised", "accepted", "overruled", "switched", "feedback", "hook"]
ACTIONS = ("viewed", "level", "advised", "accepted", "overruled", "switched", "feedback", "hook")
DECIDED = ("accepted", "overruled")
STANDING = ("level", *DECIDED)  # lines that overtake a decision; looking at a patient overtakes nobody
# what a line may say, and nothing else: ids, codes, counts
KEYS = frozenset(
    (
        *("visit", "patient", "role", "level", "reason", "words", "words_sha256", "number"),
        *("state", "of_1000", "high", "rules", "factors", "model", "settings"),  # what was shown
        *("on", "what", "amount"),  # the switch, and faults that are practised
        *("hook", "instance", "card", "cards", "outcome", "suggestion", "status", "issuer", "happened"),
    )
)
LONGEST = 120  # characters of one value: an id or a code is short, a sentence about a patient is not
COLUMNS = (
    *("number", "at", "actor", "role", "visit", "decision", "level", "state", "of_1000", "high", "rules"),
    *("model", "settings", "reason", "words"),
)


class NotAsSeen(RuntimeError):
    """What a decision was made on is not as it was: look again. Nothing was written."""


class AdviceChanged(NotAsSeen):
    """The assistant says something else by now."""

    def __init__(self, state: int) -> None:
        super().__init__("The assistant says something else by now. Look again and decide anew.")
        self.state = state


class AlreadyDecided(NotAsSeen):
    """Somebody was faster: the patient has a newer line than the one that this decision was made on."""

    def __init__(self, line: Line | None, state: int) -> None:
        who = f"{line.actor} wrote “{line.action}” at {line.at}" if line else "nothing was decided yet"
        super().__init__(f"The patient is not as you saw: {who} (line {state}). Look again and decide anew.")
        self.line, self.state = line, state


@dataclass(frozen=True)
class Standing:
    """What the log says of a visit: level, decision with what was shown then, and the line a decision names."""

    level: int | None = None
    decision: str = ""
    on: Mapping[str, Any] | None = None
    state: int = 0
    advised: Mapping[str, Any] | None = None


class Log:
    """The log in a folder ``state``.

    Parameters
    ----------
    folder
        Holds ``log.sqlite`` and ``words/``; made with the first line.
    since
        When the evening began: levels and decisions before it are history, and of no visit's standing.
    """

    def __init__(self, folder: Path | str, since: dt.datetime | None = None) -> None:
        self.folder = Path(folder)
        self._since = since or dt.datetime.min.replace(tzinfo=dt.UTC)
        self.ledger = Ledger(self.folder / "log.sqlite")
        self._lock = threading.RLock()
        self._writing = threading.RLock()
        self._lines: list[Line] = []
        self._about: dict[str, list[Line]] = {}
        self._standing: dict[str, Standing] = {}
        self._on: Line | None = None

    def lines(self) -> list[Line]:
        """Return every line, oldest first; only what is new since the last look is read.

        Raises
        ------
        LogUnreadable
            The file is no log, or damaged.
        """
        with self._lock:
            self._catch_up()
            return list(self._lines)

    def about(self, visit: str) -> list[Line]:
        """Return the lines of one visit, oldest first."""
        with self._lock:
            self._catch_up()
            return list(self._about.get(visit, ()))

    def standing(self, visit: str) -> Standing:
        """Return what the log says of a visit."""
        return self.standings([visit])[visit]

    def standings(self, visits: Iterable[str]) -> dict[str, Standing]:
        """Return what the log says of several visits, from one look at it."""
        with self._lock:
            self._catch_up()
            return {visit: self._standing.get(visit, Standing()) for visit in visits}

    def switch(self) -> Line | None:
        """Return the last line that switched the assistant on or off; None where nobody did."""
        with self._lock:
            self._catch_up()
            return self._on

    def append(self, actor: str, action: Action, *, typed: str = "", **detail: Any) -> Line:
        """Add a line; when this returns, it is on the disk.

        Parameters
        ----------
        typed
            Words that a person typed: kept in a file of their own.
        detail
            Some of ``KEYS``: ids, codes, counts.

        Raises
        ------
        ValueError
            An action or a detail that does not belong into this log.
        NotLogged
            It could not be written: do not act on it.
        """
        return self._append(actor, action, typed, detail, None)

    def append_on(self, on: int, actor: str, action: Action, visit: str, /, *, typed: str = "", **detail: Any) -> Line:
        """Add a line that was decided on a patient's state, unless another one came first.

        Raises
        ------
        AlreadyDecided
            The patient's last level or decision is not line ``on``; nothing was written.
        """
        while True:
            with self._turn(), contextlib.suppress(Overtaken):  # of another process's line: look again
                with self._lock:
                    found, after = self.standing(visit).state, self._end()
                    if found != on:
                        raise AlreadyDecided(self._lines[found - 1] if found else None, found)
                return self._append(actor, action, typed, {"visit": visit, **detail}, after)

    def typed(self, line: Line) -> str:
        """Return what somebody typed for a line; empty where nothing was, or it was erased or changed since."""
        told = line.told()
        try:
            text = (self.folder / "words" / f"{uuid.UUID(told['words']).hex}.txt").read_text(encoding="utf-8")
        except (KeyError, ValueError, OSError):
            return ""
        return text if _sha(text) == told.get("words_sha256") else ""

    def anchor(self) -> Anchor:
        """Return where the log ended when it was last read here, to be kept elsewhere."""
        with self._lock:
            self._catch_up()
            return self._end()

    def verify(self, anchor: Anchor | None = None) -> Broken | None:
        """Walk the chain; return the first line that does not follow, or None.

        What this process has read is an anchor too: a log that is cut or rewritten while it runs is found.
        """
        with self._lock:
            seen = self._end() if self._lines else None
        return self.ledger.verify(anchor) or (self.ledger.verify(seen) if seen else None)

    def _end(self) -> Anchor:
        return Anchor(self._lines[-1].number, self._lines[-1].hash) if self._lines else Anchor(0, NOTHING)

    def _catch_up(self) -> None:
        for line in self.ledger.lines(len(self._lines)):
            try:
                self._take(line)
            except (ValueError, AttributeError) as trouble:
                raise LogUnreadable(
                    f"Line {line.number} of {self.ledger.path} is none of this log; bring the file back from the last "
                    "copy whose end is the anchor kept elsewhere."
                ) from trouble

    def _append(self, actor: str, action: str, typed: str, detail: dict[str, Any], after: Anchor | None) -> Line:
        _allowed(action, detail)
        kept: Path | None = None
        if typed.strip():
            kept, told = self._keep(typed)
            detail = {**detail, **told}
        try:
            with self._turn():
                return self.ledger.append(actor, action, detail, after=after)
        except BaseException:
            if kept is not None:
                kept.unlink(missing_ok=True)
            raise

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """One writer at a time in this process: SQLite would let the others sleep longer than they need to."""
        if not self._writing.acquire(timeout=ledger.PATIENCE):
            raise NotLogged(f"{self.ledger.path} is held by another writer; try again.")
        try:
            yield
        finally:
            self._writing.release()

    def _keep(self, typed: str) -> tuple[Path, dict[str, str]]:
        name = uuid.uuid4().hex
        path = self.folder / "words" / f"{name}.txt"
        text = typed.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode("utf-8")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        except OSError as trouble:
            raise NotLogged(f"Your words could not be kept in {path.parent} ({trouble.strerror}).") from trouble
        return path, {"words": name, "words_sha256": _sha(text)}

    def _take(self, line: Line) -> None:
        """Let a line that was read count."""
        told = line.told()
        began = dt.datetime.fromisoformat(line.at) >= self._since
        self._lines.append(line)
        if line.action == "switched" and "on" in told:
            self._on = line
        if not isinstance(visit := told.get("visit"), str):
            return
        self._about.setdefault(visit, []).append(line)
        if not began:
            return
        now = self._standing.get(visit, Standing())
        if line.action == "level":
            now = replace(now, level=told.get("level"), state=line.number)
        elif line.action in DECIDED:
            now = replace(now, decision=line.action, on=told, state=line.number)
        elif line.action == "advised":
            now = replace(now, advised=told)
        self._standing[visit] = now


def shown(advice: Advice, settings: Settings) -> dict[str, Any]:
    """Return what a line says of the advice that a person saw, so that an audit can be redone: no value, no words."""
    return {
        "state": advice.state,
        "of_1000": advice.of_1000,
        "high": advice.high,
        "rules": [one.name for one in advice.rules],
        "factors": [one.name for one in advice.factors],
        "model": advice.model,
        "settings": settings.digest,
    }


def decisions(log: Log) -> pd.DataFrame:
    """Return one row a decision, oldest first, with the level and the advice it was made on (columns: ``COLUMNS``)."""
    rows, level = [], {}
    for line in log.lines():
        told = line.told()
        if line.action == "level":
            level[told.get("visit")] = told.get("level")
        if line.action in DECIDED:
            told = {"level": level.get(told.get("visit")), **told, "decision": line.action, "words": log.typed(line)}
            told |= {"number": line.number, "at": line.at, "actor": line.actor}
            rows.append({name: told.get(name) for name in COLUMNS})
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.assign(at=pd.to_datetime(table["at"], utc=True, format="ISO8601"))


def _allowed(action: str, detail: Mapping[str, Any]) -> None:
    if action not in ACTIONS:
        raise ValueError(f"{action!r} is no action of this log; take one of {', '.join(ACTIONS)}.")
    for name, value in detail.items():
        if name not in KEYS:
            raise ValueError(f"{name!r} does not belong into this log, which holds ids, codes and counts.")
        for one in value if isinstance(value, list | tuple) else [value]:
            short = isinstance(one, str) and len(one) <= LONGEST
            if not (one is None or isinstance(one, bool | int | float) or short):
                raise ValueError(f"{name!r} holds more than an id, a code or a count: leave it out.")


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
