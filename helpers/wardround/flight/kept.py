"""Names of the files that a flight leaves, and its values as JSON."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

LOG, OUTCOME, SCORES = "log.jsonl", "outcome.jsonl", "scores.json"
PAGE, PLAN, FORECAST = "debrief.html", "plan.toml", "forecast.json"


def plain(value: Any) -> Any:
    """Return anything of a flight as what JSON can hold: no NaN, no infinity, no array, no object."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {" ".join(key) if isinstance(key, tuple) else str(key): plain(one) for key, one in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def write_json(path: Path, value: Any) -> None:
    """Write a value as JSON to read."""
    path.write_text(json.dumps(plain(value), indent=1) + "\n", encoding="utf-8")
