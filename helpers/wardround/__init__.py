"""wardround: machine learning for the people who lead clinical AI.

The names a notebook uses stand here; each is imported from ``wardround.course`` when first
asked for, so that ``import wardround`` stays instant and learner code run for grading never
loads what it does not need.
"""

import os
from importlib import import_module

from wardround.quiet import TELEMETRY

os.environ.update(TELEMETRY)  # a notebook opened without ``make lab`` is quiet, too; libraries read this when imported

__version__ = "0.1.0"

_HOMES = {
    "load": "loading",
    "check": "check",
    "check_all": "check",
    "hint": "check",
    "solution": "check",
    "predict": "predict",
    "reveal": "predict",
    "quiz": "quiz",
    "memo": "memo",
    "keep": "memo",
    "claim": "claim",
    "given": "given",
    "explore": "explorer",
    "explorer": "explorer",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module 'wardround' has no attribute {name!r}")
    return getattr(import_module(f"wardround.course.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
