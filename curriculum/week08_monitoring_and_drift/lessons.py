"""What only the lessons of week 8 call, ``given(8).lessons()``: made from the modules beside this one, in no grading box."""

from __future__ import annotations

import runpy
from pathlib import Path

from wardround.course.given import given

_HERE = Path(__file__).parent
_HOUSES, _PICTURES, _YEAR = (runpy.run_path(str(_HERE / f"{name}.py")) for name in ("houses", "pictures", "year"))

learn = _HOUSES["learn"]
one_page = runpy.run_path(str(_HERE / "one_page.py"))["one_page"]


def four_houses(hospital):
    """Return how four houses answered the same bell (``houses.py``): tables ``calls``, ``log`` and ``seen``. Half a minute."""
    before = given(8).versions(hospital)["quiet"].query(f"week < {_YEAR['LEARNT_UNTIL']}")
    return _HOUSES["flown"](before, given(8).THRESHOLD, _YEAR["OFFSET"])


def drawing(name, numbers):
    """Return ``draw(axes)`` of a figure of the lessons (``pictures.py``), for ``wardround.evaluation.figure``."""
    return _PICTURES[name](numbers)
