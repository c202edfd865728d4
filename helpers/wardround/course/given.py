"""``given(1)``: what a week hands to its lessons, its exercise and its keys (``curriculum/weekNN_*/fixtures.py``).

Some of it can only be made by who knows the answers: a draw of five leaks from a bank of leaks. Its maker is marked
with :func:`apart`; in the grading box it is not made but read, from what was made outside.
"""

from __future__ import annotations

import functools
import hashlib
import os
import pickle
import runpy
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson

from wardround.course.box import boxed
from wardround.course.places import week_folder

GIVEN = "WARDROUND_BOX_GIVEN"  # in a box: folders of what was made outside
DRAWS = "draws.json"  # beside the export of a hospital for grading: what its draws are made from


@functools.cache
def given(week: int) -> SimpleNamespace:
    """Return the public names of a week's ``fixtures.py``.

    Raises
    ------
    FileNotFoundError
        The week is not in this copy of the course, or hands out nothing.
    """
    return SimpleNamespace(**{name: thing for name, thing in _names(week).items() if not name.startswith("_")})


@functools.cache
def _names(week: int) -> dict[str, Any]:
    path = week_folder(week) / "fixtures.py"
    if not path.exists():
        raise FileNotFoundError(f"Week {week} hands out nothing: there is no {path}.")
    return runpy.run_path(str(path))


def apart(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Mark ``make(hospital)`` as one that knows answers: its module is in no box, and there its result is read.

    What was made is kept for the process by the hospital's checksum, as every check asks again.
    """
    made: dict[str, Any] = {}

    @functools.wraps(make)
    def handed(hospital: Any) -> Any:
        if hospital.checksum not in made:
            made[hospital.checksum] = _handed(make.__name__, hospital) if GIVEN in os.environ else make(hospital)
        return made[hospital.checksum]

    handed.is_apart = True
    return handed


def _handed(name: str, hospital: Any) -> Any:
    """Read what was made outside."""
    for folder in os.environ[GIVEN].split(os.pathsep):
        path = Path(folder) / f"{hospital.checksum}-{name}.pickle"
        if path.exists():
            return pickle.loads(path.read_bytes())  # written by us, and what is in the box cannot write it
    raise FileNotFoundError(f"The box was not given {name} of this hospital.")


def hand_over(week: int, hospital: Any) -> Path:
    """Make what a week marks as :func:`apart` of a hospital, for a box to read; kept beside the hospital's export.

    A pickle, since frames come back from it as they were: it goes from us to the box, never the other way.
    """
    makers = {name: thing for name, thing in _names(week).items() if getattr(thing, "is_apart", False)}
    folder = hospital.path.parent / "given" / f"{week_folder(week).name}-{_digest(week)}"
    folder.mkdir(parents=True, exist_ok=True)
    for maker in makers.values():
        path = folder / f"{hospital.checksum}-{maker.__name__}.pickle"
        if not path.exists():
            beside = path.with_name(f".{path.name}.{os.getpid()}")
            beside.write_bytes(pickle.dumps(maker(hospital), protocol=5))
            os.replace(beside, path)
    return folder


def _digest(week: int) -> str:
    sources = (path.read_bytes() for path in sorted(week_folder(week).glob("*.py")) if not path.name[0].isdigit())
    return hashlib.sha256(b"\0".join(sources)).hexdigest()[:12]


def secret(hospital: Any) -> str:
    """Return what is added to the draws of a hospital for grading, so that its checksum does not tell them; else ""."""
    return _draws(hospital).get("secret", "")


def by_hand(hospital: Any) -> str:
    """Return the checksum that material for answers by hand is drawn from.

    A learner reads it and writes names or line numbers down. A hospital for grading hands out that of the hospital on
    which they wrote; every other hospital its own.
    """
    return _draws(hospital).get("by_hand", hospital.checksum)


def _draws(hospital: Any) -> dict[str, str]:
    path = Path(getattr(hospital, "path", ".")).parent / DRAWS
    return {} if boxed() or not path.exists() else orjson.loads(path.read_bytes())
