"""``claim``: a number that prose repeats, held against the prose each time the notebook is built."""

from __future__ import annotations

from numbers import Real
from typing import Any, TypeVar

T = TypeVar("T")
_UNSET: Any = ...


class ClaimError(AssertionError):
    """The text beside a computed value would no longer be true."""


def claim(value: T, *, about: float = _UNSET, within: float = _UNSET, exactly: Any = _UNSET) -> T:
    """Return ``value`` unchanged if the prose about it holds.

    ``claim(rate, about=0.14, within=0.01)`` for a number; ``claim(rows, exactly=1204)`` for anything that can be equal.
    In the grading box nothing is held and the value is still returned, because a cell may go on with it.

    Raises
    ------
    ClaimError
        The value is further than ``within`` from ``about``, or not ``exactly`` that.
    TypeError
        Neither form is complete, or both are mixed, or a number was expected.
    """
    from wardround.course.box import boxed

    if boxed():
        return value
    if exactly is not _UNSET and about is _UNSET and within is _UNSET:
        _hold_exactly(value, exactly)
    elif about is not _UNSET and within is not _UNSET and exactly is _UNSET:
        _hold_about(value, about, within)
    else:
        raise TypeError("claim() takes about= together with within=, or exactly= alone.")
    return value


def _hold_about(value: Any, about: float, within: float) -> None:
    for name, given in (("the value", value), ("about", about), ("within", within)):
        if not isinstance(given, Real) or isinstance(given, bool):
            raise TypeError(
                f"claim() compares numbers, but {name} is a {type(given).__name__}; take one number out of it."
            )
    if not within >= 0:
        raise TypeError(f"within={within} leaves no room; write a number from 0 up.")
    if not abs(value - about) <= within:  # written so that NaN does not hold
        raise ClaimError(
            f"The prose would lie: the value is {value:.6g}, the text says about {about:g} within {within:g}; "
            "change the text or find out why the value moved."
        )


def _hold_exactly(value: Any, exactly: Any) -> None:
    try:
        same = bool(value == exactly)
    except ValueError as trouble:
        raise TypeError(
            f"claim(exactly=…) compares one thing, not a {type(value).__name__}; take it out first."
        ) from trouble
    if not same:
        raise ClaimError(
            f"The prose would lie: the value is {value!r}, the text says exactly {exactly!r}; "
            "change the text or find out why the value moved."
        )
