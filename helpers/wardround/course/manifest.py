"""``course.toml`` read into checked models: the weeks and what they need, artefacts, tracks, the points."""

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
    needs: list[int] = Field(default_factory=list)  # earlier weeks whose answers or ideas it builds on

    @model_validator(mode="after")
    def _slug_fits(self) -> Week:
        if not self.slug.startswith(f"week{self.number:02d}_"):
            raise ValueError(f"slug {self.slug!r} does not begin with week{self.number:02d}_, the number of its week")
        return self

    @model_validator(mode="after")
    def _needs_what_came(self) -> Week:
        later = [n for n in self.needs if n >= self.number]
        if later:
            raise ValueError(f"week {self.number} needs week {later[0]}, which does not come before it")
        return self


class Artefact(BaseModel):
    """One of the four pieces of work that outlive the course, and the weeks whose answers it is made of."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^A[1-4]$")
    title: str = Field(min_length=1)
    weeks: list[int] = Field(min_length=1)


class Track(BaseModel):
    """The course in so many weeks of the calendar: ``sessions[0]`` holds the course's weeks of the first of them.

    ``left_out`` names weeks that this track does not have; ``why`` says what falls out, and why, to whoever chooses it.
    """

    model_config = ConfigDict(extra="forbid")

    weeks: int = Field(ge=1)
    sessions: list[list[int]] = Field(min_length=1)
    left_out: list[int] = Field(default_factory=list)
    why: str = Field(min_length=1)

    @model_validator(mode="after")
    def _as_long_as_it_says(self) -> Track:
        if len(self.sessions) != self.weeks or not all(self.sessions):
            raise ValueError(
                f"a track of {self.weeks} weeks has {self.weeks} sessions with a week of the course in each"
            )
        order = [week for session in self.sessions for week in session]
        if order != sorted(set(order)):
            raise ValueError(f"the track of {self.weeks} weeks repeats a week or leaves the course's order: {order}")
        return self

    def calendar_week(self, week: int) -> int | None:
        """Return the calendar week, from 1 on, in which a week of the course falls; None where it is left out."""
        return next((place for place, session in enumerate(self.sessions, 1) if week in session), None)


class Course(BaseModel):
    """All of ``course.toml``; tables that this module does not use are kept as they are."""

    model_config = ConfigDict(extra="allow")

    week: list[Week] = Field(min_length=1)
    points: dict[str, Any] = Field(default_factory=dict)
    artefact: list[Artefact] = Field(default_factory=list)
    track: list[Track] = Field(default_factory=list)

    @model_validator(mode="after")
    def _each_once(self) -> Course:
        numbers = [week.number for week in self.week]
        twice = sorted({n for n in numbers if numbers.count(n) > 1})
        if twice:
            raise ValueError(f"week {twice[0]} stands there twice; give each week one [[week]] table")
        return self

    @model_validator(mode="after")
    def _tracks_are_whole(self) -> Course:
        known = {week.number for week in self.week}
        for track in self.track:
            kept, named = {week for session in track.sessions for week in session}, f"the track of {track.weeks} weeks"
            if kept & set(track.left_out) or kept | set(track.left_out) != known:
                raise ValueError(f"{named} does not place each week once: in a session, or in left_out")
            for week in self.week:
                lost = sorted(set(week.needs) - kept)
                if week.number in kept and lost:
                    raise ValueError(f"{named} leaves out week {lost[0]}, which week {week.number} needs")
            for artefact in self.artefact:
                lost = sorted(set(artefact.weeks) - kept)
                if lost:
                    raise ValueError(f"{named} leaves out week {lost[0]}, of which {artefact.id} is made")
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
