"""Values that are in another unit than their neighbours, found by the numbers alone.

No unit string is read. For values of one code the densest half gives a robust centre and spread; a value is suspect if
it stands far from that centre, and a known conversion puts it back among the others. A change of name only (mEq/L for
mmol/L) has the factor 1, moves nothing, and is never suspect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .limits import A1C, FACTORS, FAHRENHEIT, GENERIC

ENOUGH = 20  # values of one code before centre and spread mean something
_FAR, _NEAR = 5.0, 2.5  # spreads from the centre: surely not of this distribution, surely of it
_SEVERAL = 5  # values that a factor we only guess must explain
_NORMAL_HALF = 0.67449  # half of a normal distribution lies within so many standard deviations
_MAD = 1.4826


class Conversion(NamedTuple):
    """A conversion to undo: its name in words, and the function from the suspect number to the usual one."""

    name: str
    undo: Callable[[np.ndarray], np.ndarray]


class Centre(NamedTuple):
    """Where most values of a code lie, on the scale on which they are compared."""

    middle: float
    spread: float
    scale: Callable[[np.ndarray], np.ndarray]

    def distance(self, values: np.ndarray) -> np.ndarray:
        """Return how many spreads values lie from the middle."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.abs(self.scale(values) - self.middle) / self.spread


def conversions(code: str) -> tuple[list[Conversion], bool]:
    """Return the conversions to try for a code, and whether they are known for it (or guessed)."""
    if code in FAHRENHEIT:
        return [
            Conversion("°F sent as °C", lambda x: (x - 32) / 1.8),
            Conversion("°C sent as °F", lambda x: x * 1.8 + 32),
        ], True
    if code in A1C:
        return [Conversion("mmol/mol sent as %", lambda x: x / 10.929 + 2.15)], True
    factors = FACTORS.get(code, GENERIC)
    return [one for factor in factors for one in _both_ways(factor)], code in FACTORS


def _both_ways(factor: float) -> list[Conversion]:
    text = f"{factor:.4g}"
    return [
        Conversion(f"{text} times too high", lambda x: x / factor),
        Conversion(f"{text} times too low", lambda x: x * factor),
    ]


def centre(code: str, values: np.ndarray) -> Centre:
    """Return the centre of values by their densest half, then by those near it: half may be wrong and it holds."""
    linear = code in FAHRENHEIT or code in A1C
    scale = (lambda x: np.asarray(x, dtype=float)) if linear else np.log
    with np.errstate(divide="ignore", invalid="ignore"):
        held = np.sort(scale(values[values > 0]))
    if not len(held):
        return Centre(0.0, np.inf, scale)
    floor, half = (0.2 if linear else 0.03), len(held) // 2
    place = int(np.argmin(held[half:] - held[: len(held) - half]))
    middle = float(np.median(held[place : place + half + 1]))
    spread = max(floor, (held[place + half] - held[place]) / (2 * _NORMAL_HALF))
    near = held[np.abs(held - middle) < 3.5 * spread]
    middle = float(np.median(near))
    return Centre(middle, max(floor, _MAD * float(np.median(np.abs(near - middle)))), scale)


def suspects(code: str, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which values look converted, and the name of the conversion beside each (empty where none).

    A factor that is known for the code may explain a single value. One that is guessed must explain several, with an
    empty valley between them and the rest.
    """
    words = np.full(len(values), "", dtype=object)
    if len(values) < ENOUGH:
        return words != "", words
    main = centre(code, values)
    tried, known = conversions(code)
    away = main.distance(values)
    far = (away >= _FAR) & (values > 0)
    best = np.full(len(values), _NEAR)
    for one in tried:
        undone = main.distance(one.undo(values))
        here = far & (undone <= best)
        if here.any() and (known or (here.sum() >= _SEVERAL and _valley(main, values, here))):
            words[here], best[here] = one.name, undone[here]
    return words != "", words


def _valley(main: Centre, values: np.ndarray, here: np.ndarray) -> bool:
    """Return whether few values lie half way between the centre and the suspects."""
    places = main.scale(np.where(values > 0, values, np.nan)) - main.middle
    gap = np.median(places[here])
    between = np.abs(places - gap / 2) < abs(gap) / 6
    return between.sum() <= 0.1 * here.sum()
