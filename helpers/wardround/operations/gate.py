"""Run a gate that somebody wrote on the candidates of a change, and say what it said: what CI calls.

Own code: it only reads files and calls one function; a test runner would need each gate to be written as tests.
A gate that fails, or judges nothing, admits nothing.
"""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable, Sequence, Set
from pathlib import Path
from typing import Any, NamedTuple


class CannotJudge(ValueError):
    """The gate or a candidate cannot be read; the message says which and how to mend it."""


class Judged(NamedTuple):
    """A candidate and the gate's reasons against it; none admits it."""

    name: str
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        """One line for each reason, none of which a CI service can take for a command of its own (``::…``)."""
        said = [f"refused: {' '.join(one.split())}" for one in self.reasons] or ["admitted"]
        return "\n".join(f"candidate {self.name}: {one}" for one in said)


def judge(gate: Path, candidates: Path) -> list[Judged]:
    """Run ``gate(candidate)`` of a file on each candidate.

    Parameters
    ----------
    gate
        A Python file with a function ``gate``: given a candidate (a dictionary), it returns its reasons against it, a
        list of rules or sentences; an empty list admits.
    candidates
        A JSON file, or a folder of them. Where one names a folder in ``files``, that is seen from the JSON file, so a
        change brings both; the gate gets the whole path.

    Raises
    ------
    CannotJudge
        No such function, no candidate, or a candidate that is no JSON object.
    """
    function = _function(gate)
    files = sorted(candidates.glob("*.json")) if candidates.is_dir() else [candidates]
    if not files:
        raise CannotJudge(f"{candidates} holds no candidate (*.json), so nothing was judged; add one to the change.")
    return [Judged(file.stem, _reasons(function, _candidate(file))) for file in files]


def _function(path: Path) -> Callable[[dict[str, Any]], Any]:
    if not path.is_file():
        raise CannotJudge(f"There is no gate at {path}; write one with a function gate(candidate).")
    try:
        found = runpy.run_path(str(path)).get("gate")
    except (Exception, SystemExit) as trouble:
        told = f"{type(trouble).__name__}: {trouble}"
        raise CannotJudge(f"{path} cannot be run ({told}); run it once by hand.") from trouble
    if not callable(found):
        raise CannotJudge(f"{path} has no function gate(candidate); name it so.")
    return found


def _candidate(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError) as trouble:
        raise CannotJudge(f"{path} is no JSON ({trouble}); write it anew.") from trouble
    if not isinstance(found, dict):
        raise CannotJudge(f"{path} is no JSON object; a candidate is one, with a name for each thing it says.")
    if isinstance(found.get("files"), str):
        found["files"] = str(path.parent.resolve() / found["files"])
    return found


def _reasons(gate: Callable[[dict[str, Any]], Any], candidate: dict[str, Any]) -> tuple[str, ...]:
    try:
        said = gate(candidate)
    except (Exception, SystemExit) as trouble:  # a gate that breaks on a candidate has not admitted it
        return (f"the gate failed on it with {type(trouble).__name__}: {trouble}",)
    if isinstance(said, str):
        return (said,) if said.strip() else ()
    if isinstance(said, (Sequence, Set)) and all(isinstance(one, str) for one in said):
        return tuple(sorted(said) if isinstance(said, Set) else said)
    return (f"the gate returned {type(said).__name__}, and must return a list of sentences, empty to admit",)
