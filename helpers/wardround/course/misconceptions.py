"""The misconceptions of the course in the words of a meeting: ``curriculum/misconceptions.toml``, read and told."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from wardround.course import places
from wardround.course.manifest import ManifestError


class Named(BaseModel):
    """A misconception as somebody says it in a meeting, and the week that it is at home in."""

    model_config = ConfigDict(extra="forbid")

    says: str = Field(min_length=1)
    week: int = Field(ge=1, le=12)


def misconceptions(path: Path | None = None) -> dict[str, Named]:
    """Read ``curriculum/misconceptions.toml``: id to what is said.

    Raises
    ------
    ManifestError
        The file is not a table of misconceptions.
    """
    path = path or places.root() / "curriculum" / "misconceptions.toml"
    try:
        return TypeAdapter(dict[str, Named]).validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as trouble:
        raise ManifestError(f"{path.name} is no table of misconceptions; mend it: {trouble}") from None


def told(mastery: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines for a learner: what is open and what was put right in its words, what never caught them by id."""
    try:
        says = misconceptions()
    except ManifestError:  # a copy without the list still has a status, with bare ids
        says = {}
    for state, begins in (("open", "Caught you last time"), ("put right", "Caught you once, and no longer")):
        ids = [id for id, found in mastery.items() if found == state]
        if ids:
            yield f"{begins}: " + "; ".join(f"“{says[id].says}” ({id})" if id in says else id for id in ids) + "."
    never = [id for id, found in mastery.items() if found == "resisted"]
    if never:
        yield f"Tried on you and never caught: {', '.join(never)}."
