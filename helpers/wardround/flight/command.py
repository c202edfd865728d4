"""What ``wardround fly`` does: read the plan, ask for the forecast, fly, write it all down."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wardround.course import places
from wardround.hospital import DEFAULT_SEED

from . import forecast as forecasts
from .kept import PAGE, PLAN
from .plan import Plan, load_plan, published
from .plan_doubts import doubts
from .words import ACTIONS, CAUSES, ROLES, SIGNALS, WEEKS

if TYPE_CHECKING:
    from .result import Flight

AGAIN = 20  # flights of a debrief, about
TEMPLATE = Path(__file__).parent / "template.toml"
Say = Callable[[str], object]
Ask = Callable[[str], str]
Progress = Callable[[float, str], None]


@dataclass
class Flown:
    """What a flight left behind.

    Attributes
    ----------
    folder : Path
        ``work/flight/NAME-SEED``.
    seconds : float
        What the year took, the hospital included where it was not in memory.
    scored : tuple of Scored
        The forecast against what came; empty without one.
    files : list of Path
        What was written.
    """

    flight: Flight
    folder: Path
    seconds: float
    recorded: forecasts.Recorded
    scores: Any = None
    scored: tuple[forecasts.Scored, ...] = ()
    files: list[Path] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return it for a program."""
        from .kept import plain

        return {
            "plan": self.flight.plan.name,
            "digest": self.flight.plan.digest,
            "seed": self.flight.seed,
            "seconds": round(self.seconds, 2),
            "scores": plain(self.scores),
            "forecast": self.forecast(),
            "files": [str(path) for path in self.files],
        }

    def lines(self) -> list[str]:
        """Return it as lines to read: the first number of each axis, the forecast, where everything is."""
        from .reading import found_of, line, many

        lines = [f"{self.flight.plan.name} through the year of seed {self.flight.seed}, in {self.seconds:.1f} seconds"]
        held = {one.axis: one for one in self.scored}
        for axis, numbers in self.scores.items():
            if axis == "forecast":
                continue
            one = numbers[0]
            told = f"  {axis:11}{_shown(one.value):>8} {line(one)}"
            if axis in held:
                said = held[axis]
                told += f"; forecast {said.low:g} to {said.high:g}, {'held' if said.hit else f'it came {said.side}'}"
            lines.append(told)
        others = {one.name: one.value for one in self.scores["resilience"]}
        if others["false_stop_weeks"] >= 0.5:
            weeks = _shown(others["false_stop_weeks"])
            lines.append(f"  {'':11}{weeks:>8} weeks in which a service was off without an incident of its own")
        spells = self.flight.spells
        found = sum(not one.decoy for one in spells) - round(others["unseen"])
        lines.append(f"There were {many(spells)}; of the incidents {found_of(found)}.")
        lines += [forecasts.confidence(self.scored), f"All numbers and files are in {self.folder}"]
        pages = [path for path in self.files if path.suffix == ".html"]
        return [*lines, *(f"The debrief: {path}" for path in pages[:1])]

    def forecast(self) -> dict[str, Any]:
        """Return what was forecast, when, and what came of it."""
        given = self.recorded.forecast
        return {
            "recorded": self.recorded.at if given else None,
            "without": None if given else f"flown without a forecast ({self.recorded.at})",
            "ranges": [one.to_dict() for one in self.scored],
            "says": forecasts.confidence(self.scored),
        }


def folder_of(plan: Plan, seed: int) -> Path:
    """Return the folder of a flight."""
    return folder_of_flights() / f"{plan.name}-{seed}"


def folder_of_flights() -> Path:
    """Return the learner's folder of flights, ``work/flight``; it may not exist yet."""
    return places.work() / "flight"


# a new plan ---------------------------------------------------------------------------------------------------------


def new_plan(path: Path) -> Path:
    """Write a plan to begin with, every key explained, and the words it may use.

    Raises
    ------
    FileExistsError
        Something is there already; it is left as it is.
    """
    if path.exists():
        raise FileExistsError(f"{path} is there already and is left as it is; give another name.")
    path.parent.mkdir(parents=True, exist_ok=True)
    name = _slug(path.stem)
    text = TEMPLATE.read_text(encoding="utf-8").replace('name = "my_plan" ', f'name = "{name}" ', 1)
    path.write_text(text + "\n" + "\n".join(f"# {line}".rstrip() for line in vocabulary()) + "\n", encoding="utf-8")
    return path


def vocabulary() -> Iterator[str]:
    """The words of a plan, as lines: signals, actions, roles, causes."""
    yield "The words of a plan. Signals, for ward and list unless it says which; they ring above their limit:"
    for name, one in SIGNALS.items():
        more = f"; {one.services[0]} only" if len(one.services) == 1 else ""
        more += "; rings below" if one.alarms == "below" else ""
        more += "; on Mondays" if one.every == 7 else ""
        yield f"  {name}: {one.says}{more}"
    yield ""
    yield "Actions, with the hours until they hold; those marked * change something and need an authority:"
    for name, one in ACTIONS.items():
        yield f"  {name}{'*' if one.changes else ''}: {one.says} ({one.hours:g} h)"
    yield ""
    yield f"Roles: {', '.join(ROLES)}"
    yield ""
    yield "Causes that an investigation may find:"
    for name, says in CAUSES.items():
        yield f"  {name}: {says}"


def _shown(value: float) -> str:
    return "-" if value != value else f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.1f}"


def _slug(text: str) -> str:
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in text.lower())
    return kept.strip("_")[:40] or "my_plan"


# a flight -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Prepared:
    """A plan that may be flown: read, its forecast written down."""

    plan: Plan
    text: str
    recorded: forecasts.Recorded


def prepared(path: Path | str, seed: int, say: Say, ask: Ask | None = None) -> Prepared:
    """Read a plan, tell what is allowed and seldom meant, and have its forecast written down before anything is flown.

    Parameters
    ----------
    path : Path or str
        A plan's file, or the name of a published one.
    say : callable
        Shows a line.
    ask : callable, optional
        Shows a prompt and returns what was typed; None where nobody is there.
    """
    plan = load_plan(path)
    for doubt in doubts(plan):
        say(f"Allowed, and better known: {doubt.key}: {doubt.write}.")
    text = published().get(str(path), Path(path)).read_text(encoding="utf-8")
    before = folder_of(plan, seed) / PLAN
    if before.exists() and before.read_text(encoding="utf-8") != text:
        say(f"{before.parent} holds the flight of another plan called {plan.name}; its log and debrief go.")
        say("A review that is there stays. To keep both flights, end this one here and write another name in the plan.")
    return Prepared(plan, text, _forecast(plan, seed, say, ask))


def fly(prepared: Prepared, *, seed: int = DEFAULT_SEED, progress: Progress | None = None) -> Flown:
    """Fly a plan and write what came of it into ``work/flight/NAME-SEED``."""
    plan = prepared.plan.model_copy(update={"forecast": prepared.recorded.forecast})  # the one that counts
    flight, seconds = _year(plan, seed, progress)
    flown = Flown(flight, folder_of(plan, seed), seconds, prepared.recorded)
    _write(flown, prepared.text)
    return flown


def _year(plan: Plan, seed: int, progress: Progress | None) -> tuple[Flight, float]:
    from .engine import fly as fly_year  # numpy, scipy and a hospital: only once a plan holds

    def week(number: int) -> None:
        if progress is not None:
            progress((number + 1) / WEEKS, f"week {number + 1} of {WEEKS}")

    if progress is not None:
        progress(0.0, f"the hospital of seed {seed}")
    begun = time.perf_counter()
    return fly_year(plan, seed, say=week), time.perf_counter() - begun


def _forecast(plan: Plan, seed: int, say: Say, ask: Ask | None) -> forecasts.Recorded:
    """Return the forecast of a flight: the recorded one, else the plan's, else what is typed now; written down once."""
    folder = folder_of_flights()
    found = forecasts.recorded(folder, plan, seed)
    if found is not None:
        if plan.forecast and plan.forecast != found.forecast:
            was = "the forecast" if found.forecast else "that there is no forecast"
            say(f"What counts is {was} recorded at {found.at}, before the first flight of this plan in this hospital.")
        return found
    given = plan.forecast
    if given is None and ask is not None:
        given = forecasts.asked(ask, say)
    if given is None:
        say(forecasts.HOW)
    return forecasts.lock(folder, plan, seed, given)


def replay(path: Path | str, week: int, *, seed: int = DEFAULT_SEED) -> list[str]:
    """Return a week of a year that was flown already, with what the team saw and nothing else.

    Raises
    ------
    LookupError
        This plan was not flown in this hospital: its forecast would come too late.
    """
    from .replay import replay as seen_by_the_team

    plan = load_plan(path)
    if forecasts.recorded(folder_of_flights(), plan, seed) is None:
        raise LookupError(f"{path} as it stands was not flown with seed {seed}; fly it first, then replay a week.")
    flight, _ = _year(plan, seed, None)
    return seen_by_the_team(flight, week).splitlines()


def step(flight: Flight, *, say: Say, ask: Ask) -> None:
    """Go through a year week by week, as the team saw it; an empty line goes on, q ends."""
    from .weeks import week_of

    for week in range(1, WEEKS + 1):
        for line in week_of(flight.log, week):
            say(line)
        if week < WEEKS and ask("Enter goes on, q ends").strip().lower().startswith("q"):
            say(f"The weeks {week + 1} to {WEEKS} were not shown; the year is in its files.")
            return


def compared(path: Path | str, count: int, progress: Progress | None = None) -> Any:
    """Fly a plan, doing nothing, the reference and the ceiling through ``count`` other hospitals, paired."""
    from .compare import compare

    return compare(load_plan(path), seeds=range(1, count + 1), progress=progress)


# what is left of it -------------------------------------------------------------------------------------------------


def _write(flown: Flown, text: str) -> None:
    """Score a flight and write it down: the plan as it was flown, log, outcome, scores, forecast."""
    from .record import record
    from .scores import scores

    flown.scores = scores(flown.flight)
    if flown.recorded.forecast is not None:
        flown.scored = forecasts.scored(flown.recorded.forecast, forecasts.achieved(flown.scores))
    flown.files = record(flown.flight, flown.folder, text, flown.scores, flown.forecast())
    old = flown.folder / PAGE
    if old.exists() and flown.flight.plan.digest[:12] not in old.read_text(encoding="utf-8"):
        old.unlink()  # the debrief of another plan of this name: it would stand beside a log that is not its own


def look_back(flown: Flown, text: str, progress: Progress | None = None) -> None:
    """Write the debrief beside a flight; it flies the year about twenty times more, with parts of other plans."""
    from .debrief import debrief, write

    names: list[str] = []

    def told(name: str) -> None:
        names.append(name)
        if progress is not None:
            progress(min(len(names) / AGAIN, 0.99), f"debrief: {name}")

    flown.files += write(debrief(flown.flight, text, told), flown.folder)


# the command --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """What was asked of the command: at most one of ``new``, ``tabletop``, ``replay``, ``seeds``; else a flight."""

    plan: str = ""
    seed: int | None = None
    step: bool = False
    new: Path | None = None
    seeds: int | None = None
    replay: int | None = None
    tabletop: int | None = None
    out: Path = Path("tabletop.html")
    page: bool = True


def run(
    wanted: Wanted,
    *,
    say: Say,
    ask: Ask | None,
    progress: Callable[[], AbstractContextManager[Progress]],
    give: Callable[[object], object] | None = None,
) -> None:
    """Do what was asked.

    Parameters
    ----------
    progress : callable
        Opens a progress bar.
    give : callable, optional
        Takes the result for a program, in place of the lines for people.
    """
    if wanted.new is not None:
        say(f"A plan to begin with is in {new_plan(wanted.new)}; read it, change it, then: wardround fly {wanted.new}")
        return
    if wanted.tabletop is not None:
        from .tabletop import tabletop

        wanted.out.write_text(tabletop(wanted.tabletop), encoding="utf-8")
        say(f"The cards are in {wanted.out}, to print; the answers are at its end.")
        return
    if not wanted.plan:
        known = ", ".join(published())
        raise ValueError(f"Which plan? Give a file (wardround fly --new FILE writes one) or one of {known}.")
    seed = DEFAULT_SEED if wanted.seed is None else wanted.seed
    if wanted.replay is not None:
        found = replay(wanted.plan, wanted.replay, seed=seed)
        give(found) if give else say("\n".join(found))
        return
    if wanted.seeds is not None:
        with progress() as bar:
            made = compared(wanted.plan, wanted.seeds, progress=bar)
        give(made.to_dict()) if give else say("\n".join(made.lines))
        return
    _flight(wanted, seed, say, ask, progress, give)


def _flight(wanted: Wanted, seed: int, say: Say, ask: Ask | None, progress, give) -> None:
    """Read, forecast, fly, look back, tell."""
    plan = prepared(wanted.plan, seed, say, ask)
    with progress() as bar:
        flown = fly(plan, seed=seed, progress=bar)
    if wanted.step:
        step(flown.flight, say=say, ask=ask or (lambda prompt: ""))
    if wanted.page:
        with progress() as bar:
            look_back(flown, plan.text, bar)
    if give:
        give(flown.to_dict())
        return
    for line in flown.lines():
        say(line)
