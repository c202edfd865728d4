"""One guard for the learner's commands where nobody is there to read: the box that grades, and builds.

In the box (``WARDROUND_BOX=1``) a submission runs without answers, without a learner and without a place to write.
A call such as ``check("W01.Q1", counts)`` left in the notebook must then neither stop the run nor leave a trace.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def boxed() -> bool:
    """Say whether this process is the grading box (``WARDROUND_BOX=1``)."""
    return os.environ.get("WARDROUND_BOX", "").strip() == "1"


def quiet_in_box(command: Callable[P, T]) -> Callable[..., T | None]:
    """Make a learner's command do nothing, whatever it is given, inside the box; outside it is unchanged.

    The variable is read at each call, not at import: the runner sets it for a child that may already have imported us.

    Returns
    -------
    callable
        Takes any arguments in the box (a misspelt call must not raise there either) and returns None.
    """

    @functools.wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T | None:
        return None if boxed() else command(*args, **kwargs)

    return guarded
