"""``given(1)``: what a week hands to its lessons, its exercise and its keys (``curriculum/weekNN_*/fixtures.py``)."""

from __future__ import annotations

import functools
import runpy
from types import SimpleNamespace

from wardround.course.places import week_folder


@functools.cache
def given(week: int) -> SimpleNamespace:
    """Return the public names of a week's ``fixtures.py``.

    Raises
    ------
    FileNotFoundError
        The week is not in this copy of the course, or hands out nothing.
    """
    path = week_folder(week) / "fixtures.py"
    if not path.exists():
        raise FileNotFoundError(f"Week {week} hands out nothing: there is no {path}.")
    names = runpy.run_path(str(path))
    return SimpleNamespace(**{name: thing for name, thing in names.items() if not name.startswith("_")})
