"""Words for evidence: how a value, a type and a count are said to a person."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from wardround.course.plain import Unreadable

_NAMES = {
    bool: "True or False",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    set: "a set",
    dict: "a dictionary",
    type(None): "None",
    pd.Series: "a Series",
    pd.DataFrame: "a DataFrame",
    pd.Timestamp: "a time",
}
LONGEST = 60


def named(value: Any) -> str:
    """What kind of thing a value is: ``a list``, ``text``."""
    if isinstance(value, Unreadable):
        return f"a {value.type_name}"
    if value is ...:
        return "`...`"
    return _NAMES.get(type(value), f"a {type(value).__name__}")


def shown(value: Any) -> str:
    """A single value as it may stand in a sentence."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "nothing"
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"`{text if len(text) <= LONGEST else text[: LONGEST - 1] + '…'}`".replace("\n", " ")


def counted(n: int, one: str, many: str) -> str:
    """``1 row``, ``1,204 rows``."""
    return f"{n:,} {one if n == 1 else many}"
