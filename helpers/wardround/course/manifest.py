"""``course.toml`` read into checked models: the weeks, their minutes and parts, the points."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from wardround.course import places

M = TypeVar("M", bound=BaseModel)


class ManifestError(ValueError):
    """A TOML file of the course does not say what it should; the message lists each place."""


class Week(BaseModel):
    """One week as ``course.toml`` announces it; ``minutes`` are the core, an estimate."""

    model_config = ConfigDict(extra="allow")

    number: int = Field(ge=1, le=12)
    slug: str = Field(pattern=r"^week\d\d_[a-z0-9_]+$")
    title: str = Field(min_length=1)
    minutes: int = Field(gt=0)
    part: int = Field(ge=1, le=3)

    @model_validator(mode="after")
    def _slug_fits(self) -> Week:
        if not self.slug.startswith(f"week{self.number:02d}_"):
            raise ValueError(f"slug {self.slug!r} does not begin with week{self.number:02d}_, the number of its week")
        return self


class Course(BaseModel):
    """All of ``course.toml``; tables that this module does not use are kept as they are."""

    model_config = ConfigDict(extra="allow")

    week: list[Week] = Field(min_length=1)
    points: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _each_once(self) -> Course:
        numbers = [week.number for week in self.week]
        twice = sorted({n for n in numbers if numbers.count(n) > 1})
        if twice:
            raise ValueError(f"week {twice[0]} stands there twice; give each week one [[week]] table")
        return self

    def number(self, week: int) -> Week:
        """Return one week.

        Raises
        ------
        LookupError
            There is no such week.
        """
        for entry in self.week:
            if entry.number == week:
                return entry
        known = sorted(entry.number for entry in self.week)
        raise LookupError(f"There is no week {week} in course.toml; it has weeks {known[0]} to {known[-1]}.")


def read_course(path: Path | None = None) -> Course:
    """Read the manifest.

    Raises
    ------
    ManifestError
        The file is missing, is not TOML, or a value is not what it should be.
    """
    return read_toml(path or places.root() / "course.toml", Course)


def read_toml(path: Path, model: type[M]) -> M:
    """Read a TOML file into a model, or say in plain words what is wrong with it.

    Raises
    ------
    ManifestError
        One sentence per problem, each with the file and the place in it.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as trouble:
        raise ManifestError(f"{path} is missing; restore it from the repository.") from trouble
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as trouble:
        raise ManifestError(f"{path} is not TOML: {trouble}.") from trouble
    try:
        return model.model_validate(content)
    except ValidationError as trouble:
        raise ManifestError("\n".join(_sentence(path, error, content) for error in trouble.errors())) from None


def _sentence(path: Path, error: Any, content: dict) -> str:
    """``quiz.toml, item 2 (W01.R2), option 1, text: …`` counting from one, as people do."""
    words: list[str] = []
    here: Any = content
    for step in error["loc"]:
        here = _inside(here, step)
        if isinstance(step, int) and words:
            name = here.get("id") or here.get("slug") if isinstance(here, dict) else None
            words[-1] += f" {step + 1}" + (f" ({name})" if name else "")
        else:
            words.append(str(step))
    told = error["msg"].removeprefix("Value error, ")
    return f"{', '.join([path.name, *words])}: {told}."


def _inside(here: Any, step: Any) -> Any:
    try:
        return here[step]
    except (LookupError, TypeError):
        return None
