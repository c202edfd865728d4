"""The learner's track: the course's weeks laid over 8, 10 or 12 weeks of the calendar, as ``course.toml`` has them.

The choice is kept in ``work/.wardround/track.json``. The calendar week is the one their work is in, never a date:
who falls behind is told where to go on, not how late it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from wardround.course.manifest import Course, Track, read_course
from wardround.course.store import Record, Store

USUAL = 12


class Chosen(Record):
    """The whole file: the length of the track, in weeks of the calendar."""

    weeks: int = USUAL


STORE = Store("track", Chosen)


@dataclass(frozen=True)
class Place:
    """Where a learner stands in a track: minutes are the core still open, an estimate.

    Attributes
    ----------
    weeks, calendar_week
        Length of the track, and the week of it that the learner is in.
    here, then
        Weeks of the course in this calendar week, and in the next one that has something open.
    minutes_left, minutes_before
        Open in this calendar week, and in those before it.
    completes
        Artefacts whose last piece belongs to this calendar week.
    """

    weeks: int
    calendar_week: int
    here: list[int]
    then: list[int]
    minutes_left: int
    minutes_before: int
    completes: list[str]

    @property
    def line(self) -> str:
        """The whole as one line for a terminal."""
        told = (
            f"Your track has {self.weeks} weeks, and you are in calendar week {self.calendar_week}: {_weeks(self.here)}"
        )
        told += f", about {in_words(self.minutes_left)} left." if self.minutes_left else ", which is done."
        if self.completes and self.minutes_left:
            told += (
                f" {' and '.join(self.completes)} {'becomes' if len(self.completes) == 1 else 'become'} whole in it."
            )
        if self.minutes_before:
            told += f" About {in_words(self.minutes_before)} of earlier weeks are open; they wait for you."
        if self.then:
            told += f" Next comes {_weeks(self.then)}."
        return told if self.minutes_left or self.minutes_before or self.then else self._done

    @property
    def _done(self) -> str:
        return f"Your track of {self.weeks} weeks is done, every core question of it."

    def to_dict(self) -> dict[str, Any]:
        """The whole as plain data."""
        return asdict(self)


def tracks(course: Course | None = None) -> list[Track]:
    """Return the tracks of the course; one with a week for each week where ``course.toml`` has none."""
    course = course or read_course()
    weeks = [[number] for number in sorted(week.number for week in course.week)]
    usual = Track(weeks=len(weeks), sessions=weeks, why="Nothing is left out.")
    return course.track or [usual]


def chosen(course: Course | None = None) -> Track:
    """Return the learner's track: 12 weeks where nothing was chosen, the longest where the chosen one is gone."""
    there = tracks(course)
    wanted = STORE.read().weeks
    return next((track for track in there if track.weeks == wanted), max(there, key=lambda track: track.weeks))


def choose(weeks: int) -> Track:
    """Keep a track as the learner's own; what is done counts in every track.

    Raises
    ------
    LookupError
        The course has no track of so many weeks.
    NotSaved
        The choice could not be written.
    """
    there = {track.weeks: track for track in tracks()}
    if weeks not in there:
        known = " or ".join(map(str, sorted(there)))
        raise LookupError(
            f"There is no track of {weeks} weeks; choose {known}, such as `wardround track {max(there)}`."
        )
    with STORE.change() as record:
        record.weeks = weeks
    return there[weeks]


def place(left: Mapping[int, int], current: int) -> Place | None:
    """Say where the learner stands.

    Parameters
    ----------
    left
        Minutes open in each week of the course that is here.
    current
        The week of the course to open (see :func:`wardround.course.workspace.current_week`).

    Returns
    -------
    Place or None
        None where the track does not hold the current week.
    """
    course = read_course()
    track = chosen(course)
    now = track.calendar_week(current)
    if now is None:
        return None
    open_in = [sum(left.get(week, 0) for week in session) for session in track.sessions]
    later = (session for session, minutes in zip(track.sessions[now:], open_in[now:], strict=True) if minutes)
    return Place(
        weeks=track.weeks,
        calendar_week=now,
        here=track.sessions[now - 1],
        then=next(later, []),
        minutes_left=open_in[now - 1],
        minutes_before=sum(open_in[: now - 1]),
        completes=completes(course, track, now),
    )


def completes(course: Course, track: Track, calendar_week: int) -> list[str]:
    """Artefacts whose last piece belongs to a calendar week of a track."""
    session = track.sessions[calendar_week - 1]
    return [artefact.id for artefact in course.artefact if max(artefact.weeks) in session]


def calendar(track: Track) -> list[str]:
    """A track as lines: its calendar weeks with the course's weeks, minutes and artefacts, and what falls out."""
    course = read_course()
    lines = [f"Your track has {track.weeks} weeks."]
    for number, session in enumerate(track.sessions, 1):
        whole = completes(course, track, number)
        ends = f"; {' and '.join(whole)} whole" if whole else ""
        lines.append(f"Calendar week {number}: {_weeks(session)}, about {in_words(_minutes(course, session))}{ends}.")
    return [
        *lines,
        " ".join(track.why.split()),
        "Your pace is yours: nothing here is a deadline, and what you did counts.",
    ]


def overview() -> list[str]:
    """Every track in a sentence or two, the learner's own marked, and how to choose."""
    course = read_course()
    own, there = chosen(course).weeks, sorted(tracks(course), key=lambda track: -track.weeks)
    lines = []
    for track in there:
        minutes = [_minutes(course, session) for session in track.sessions]
        doubled = [_numbers(session) for session in track.sessions if len(session) > 1]
        span = f"about {in_words(min(minutes))} in each week"
        if doubled:
            span += f", about {in_words(max(minutes))} in the {len(doubled)} that hold two ({', '.join(doubled)})"
        mark = ", yours" if track.weeks == own else ""
        lines.append(f"{track.weeks} weeks{mark}: {span}. {' '.join(track.why.split())}")
    return [
        *lines,
        f"Choose with `wardround track {there[-1].weeks}`, and change it when you like: what you did counts in each.",
    ]


def in_words(minutes: int) -> str:
    """Minutes as people say them: ``2 h 40 min``."""
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest:02d} min" if hours else f"{rest} min"


def _minutes(course: Course, session: list[int]) -> int:
    return sum(course.number(week).minutes for week in session)


def _weeks(session: list[int]) -> str:
    return f"{'week' if len(session) == 1 else 'weeks'} {_numbers(session)} of the course"


def _numbers(session: list[int]) -> str:
    return " and ".join(map(str, session))
