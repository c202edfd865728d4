"""What comes after a flight: the debrief as a page, the after-action review to write, what the simulator gets wrong.

The page is one file that needs no network. Every text of a plan is escaped: it is shown as text, whatever stands in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from wardround.course import places

from . import forecast as forecasts
from .counterfactual import COUNTS, Rerun, Scores, Sentence, Swap
from .kept import LOG, OUTCOME, PAGE
from .number import Number
from .plan import load_plan
from .reading import Reading, against, counted, headline, many, readings, shown, spoken
from .record import TRACED, came_from, outcomes
from .scores import ordered
from .timeline import legend, timeline, when
from .visible import Met, met
from .weeks import week_of
from .words import ACTIONS, DAYS, WEEKS

if TYPE_CHECKING:
    from .result import Flight

HERE = Path(__file__).parent
REVIEW, RUBRIC, FALSE = "after_action.md", "after_action_rubric.md", "simplifications.html"
COLUMNS = {  # numbers of the scores in the table of replaced sections, and what is above their column
    "ward_averted": "deteriorations averted",
    "visits_for_nothing": "visits for nothing, of 1,000 stays",
    "alerts_a_responder": "alerts a responder",
    "worst_sensitivity": "found in the group found less, of 1,000",
    "silent_patient_weeks": "silent patient-weeks",
    "false_stop_weeks": "weeks of false stop",
    "told_in_time": "incidents told to somebody in time, of 100",
    "hours": "hours of staff",
}
HEADS = ("Nothing", "Reference", "Ceiling")  # columns of the scores, in the order of reading.BESIDE
NOT_YET = "This page opens after your first flight, when there is something to hold it against: wardround fly PLAN."


@dataclass(frozen=True)
class Debrief:
    """A flight, looked back on.

    Attributes
    ----------
    others : dict
        Scores of doing nothing, the reference plan and the ceiling in the same year.
    swaps : list of Swap
        The same year with one section replaced by the reference's.
    sentence : Sentence or None
        The words that cost most.
    """

    flight: Flight
    text: str
    own: Scores
    others: Mapping[str, Scores]
    swaps: Sequence[Swap]
    sentence: Sentence | None
    incidents: tuple[Met, ...]
    readings: Sequence[Reading]
    forecasts: Sequence[forecasts.Scored]

    @property
    def headline(self) -> str:
        """Return what happened, in two sentences."""
        return headline(self.own, self.others, self.incidents)

    @property
    def replaced(self) -> list[tuple[str, list[str]]]:
        """Return the table of replaced sections: what each column gained, with its sign."""
        units = {one.name: one for _, one in ordered(self.own)}
        return [(swap.name, [_signed(swap.gain[name], units[name]) for name in COLUMNS]) for swap in self.swaps]

    @property
    def off(self) -> dict[str, np.ndarray]:
        """Return, for each service, the share of each day without a score."""
        return {"early warning": _off(self.flight, "ward"), "list": _off(self.flight, "list")}


def debrief(flight: Flight, text: str, say: Callable[[str], object] | None = None) -> Debrief:
    """Look back on a flight: fly the year again with doing nothing, the reference, the ceiling, and section by section.

    Parameters
    ----------
    flight : Flight
        Its plan's forecast is the one that counts.
    text : str
        The plan as its author wrote it, for the words that are quoted.
    say : callable, optional
        Told what is flown now; it takes about twenty flights.
    """
    again = Rerun(flight, say)
    others = {
        "nothing": again.scored(load_plan("nothing"), "doing nothing"),
        "reference": again.scored(again.reference, "the reference plan"),
        "ceiling": again.ceiling(),
    }
    swaps = again.sections()
    given = flight.plan.forecast
    return Debrief(
        flight,
        text,
        again.own,
        others,
        swaps,
        again.costliest(text, swaps),
        met(flight),
        readings(again.own, others, swaps),
        forecasts.scored(given, forecasts.achieved(again.own)) if given else (),
    )


def write(found: Debrief, folder: Path) -> list[Path]:
    """Write the page, the review to fill in, its rubric and the simplifications into a flight's folder.

    A review that is there already is kept, since somebody may have written in it; that of a changed plan of the same
    name gets the plan's digest in its own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = _review_of(found.flight, folder)
    made = {PAGE: page(found, name), name: review(found), RUBRIC: (HERE / RUBRIC).read_text(encoding="utf-8")}
    made[FALSE] = _false_page()
    for file, text in made.items():
        if file != name or not (folder / file).exists():
            (folder / file).write_text(text, encoding="utf-8", newline="\n")
    return [folder / file for file in made]


def _review_of(flight: Flight, folder: Path) -> str:
    """Return the name of a flight's review: another one where a review of another plan is there."""
    there, short = folder / REVIEW, flight.plan.digest[:12]
    if not there.exists() or short in there.read_text(encoding="utf-8", errors="replace"):
        return REVIEW
    return f"after_action-{short}.md"


def page(found: Debrief, review: str = REVIEW) -> str:
    """Return the debrief as one HTML page; ``review`` is the file it links for the review."""
    flight = found.flight
    lines = outcomes(flight)
    return (
        _templates()
        .get_template("debrief.html.j2")
        .render(
            found=found,
            plan=flight.plan,
            seed=flight.seed,
            columns=COLUMNS.values(),
            beside=HEADS,
            pictures=[timeline(found.incidents, found.off, width) for width in (860, 340)],
            legend=legend(),
            many=many([one.spell for one in found.incidents]),
            traced={name: came_from(lines, what) for name, what in TRACED.items()},
            confidence=forecasts.confidence(found.forecasts),
            questions=forecasts.QUESTIONS,
            weeks=[week_of(flight.log, week) for week in range(1, WEEKS + 1)],
            lines=found.text.splitlines(),
            actions=ACTIONS,
            files={"log": LOG, "outcome": OUTCOME, "review": review, "rubric": RUBRIC, "simplifications": FALSE},
            least=COUNTS,
        )
    )


def review(found: Debrief) -> str:
    """Return the after-action review with its facts filled in, to be written."""
    flight = found.flight
    axes = [(axis, spoken(one[0]), one[0].value) for axis, one in found.own.items()]
    return (
        _templates()
        .get_template("after_action.md.j2")
        .render(
            title=flight.plan.name,
            digest=flight.plan.digest[:12],
            seed=flight.seed,
            lines=len(flight.log),
            rubric=RUBRIC,
            numbers=[(f"{axis}: {name}", shown(value)) for axis, name, value in axes if axis != "forecast"],
            forecasts=[_forecast_row(one) for one in found.forecasts],
            timeline=[_stages(one) for one in found.incidents],
            signs=[_first_sign(one) for one in found.incidents if one.first],
            sentence=_cited(found.sentence),
            axes=[(f"{axis}: {name}", shown(value)) for axis, name, value in axes],
        )
    )


# what the simulator gets wrong ------------------------------------------------------------------------------------


def simplifications(work: Path | None = None) -> str:
    """Return the page of what the simulator gets wrong as text; before the first flight, a sentence why not yet.

    Parameters
    ----------
    work : Path, optional
        The learner's folder, by default ``work/`` of this course.
    """
    work = places.work() if work is None else work
    if not any((work / "flight").glob(f"*/{LOG}")):
        return NOT_YET
    return (HERE / "simplifications.md").read_text(encoding="utf-8")


@cache
def false_points() -> tuple[dict[str, str], ...]:
    """Return each simplification: ``title simulator hospital teaches``."""
    text = (HERE / "simplifications.md").read_text(encoding="utf-8")
    points = []
    for part in text.split("\n## ")[1:]:
        title, *rest = part.strip().split("\n")
        said = [line.split(": ", 1)[1] for line in rest if line.strip()]
        points.append(dict(zip(("title", "simulator", "hospital", "teaches"), [title, *said], strict=True)))
    return tuple(points)


def _false_page() -> str:
    return _templates().get_template("simplifications.html.j2").render(points=false_points())


# parts ------------------------------------------------------------------------------------------------------------


@cache
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("wardround.flight"),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "shown": shown,
        "when": when,
        "spoken": spoken,
        "counted": counted,
        "done": done,
        "advised": advised,
    }
    made.globals |= {"against": against}
    return made


def _off(flight: Flight, service: str) -> np.ndarray:
    if service == "list":
        day, there, off = flight.year.discharges["day"].to_numpy(), None, flight.list["off"]
    else:
        day, there, off = flight.year.windows["day"], flight.ward["present"], flight.ward["off"]
    there = np.ones(off.size, dtype=bool) if there is None else there
    rows = np.bincount(day[there], minlength=DAYS)[:DAYS]
    return np.bincount(day[there & off], minlength=DAYS)[:DAYS] / np.maximum(rows, 1)


def _signed(gain: float, number: Number) -> str:
    """Return by how much a number became better or worse, in words a screen reader says."""
    if not np.isfinite(gain):
        return "–"
    if abs(gain) < 0.05 * COUNTS.get(number.name, 1.0):
        return "same"
    return f"{shown(abs(gain))} {'better' if gain > 0 else 'worse'}"


def _stages(one: Met) -> list[str]:
    title = one.drawn.card.title + (" (decoy)" if one.spell.decoy else "")
    stages = (one.spell.begins, one.visible, one.heard, one.found, one.contained, one.over)
    return [title, *(when(day) for day in stages)]


def _first_sign(one: Met) -> str:
    sign = one.first
    watched = f"your limit {shown(sign.limit)}" if sign.limit is not None else "your plan did not watch it"
    return (
        f"{one.drawn.card.title}: {when(sign.day)}, {sign.service} `{sign.signal}` at {shown(sign.value)} "
        f"(usual limit {shown(sign.usual)}; {watched})"
    )


def done(one: Met) -> str:
    """Return what was done about an incident, in a sentence or two."""
    if one.did:
        return _listed(one.did)
    if not one.answers:
        return "No case of yours found this cause."
    first, more = one.answers[0], len(one.answers) - 1
    again = f" {more} later alarm{'s' if more > 1 else ''} for it {'were' if more > 1 else 'was'}, too." if more else ""
    did = {name for answer in one.answers for name in answer.did}
    mending = sorted(did & one.drawn.card.mends)
    if one.spell.decoy and not any(ACTIONS[name].changes for name in did):
        judged = " You looked for no cause, and here none needed mending: this restraint was right."
    elif one.spell.decoy:
        judged = " Nobody looked for the cause: none needed mending, and something was changed."
    elif mending:
        judged = f" Nobody had looked for the cause, so {mending[0]} mended nothing."
    else:
        judged = " Nobody looked for the cause, so nothing was mended."
    rang = f"Your {first.service} alarm {first.signal} of {when(first.time, True)} was answered: "
    return f"{rang}{_listed(first.did, lower=True)}{again}{judged}"


def _listed(actions: Sequence[str], lower: bool = False) -> str:
    says = "; ".join(ACTIONS[name].says for name in actions)
    return f"{says[:1].lower() if lower else says[:1].upper()}{says[1:]}."


def advised(one: Met) -> str:
    """Return the signal to watch for an incident like this one, or why none is recommended."""
    if one.best:
        names = " and ".join(f"{sign.service} {sign.signal}" for sign in one.best)
        first = min(sign.day for sign in one.best)
        return f"This year: {names}, on the wrong side of the usual limit from {when(first)} and not before it."
    restless = " and ".join(f"{sign.service} {sign.signal}" for sign in one.signs if sign.before)
    if not restless:
        return "This year no signal crossed its usual limit, so none is recommended."
    many = "were" if " and " in restless else "was"
    others = ", and what else shows it never crossed its own" if any(not sign.before for sign in one.signs) else ""
    return (
        f"This year none is recommended: {restless} {many} over the usual limit in the four weeks before, too{others}."
    )


def _forecast_row(one: forecasts.Scored) -> list[str]:
    held = "held" if one.hit else f"missed: it came {one.side}"
    return [one.axis, f"{shown(one.low)} to {shown(one.high)}", shown(one.confidence), shown(one.achieved), held]


def _cited(one: Sentence | None) -> str:
    """Return the words that cost most for the review; their fence is longer than any in them."""
    if one is None:
        return "No section of the reference plan in place of yours would have made this year better by much."
    fence = "~" * 12
    words: Any = one.quote.text if one.quote else "(nothing is said of it)"
    where = f"Your plan, {one.quote.lines}" if one.quote else "Missing from your plan"
    said = f"{where}: {one.what}. Replaced by the reference's words: {spoken(one.number)} better by {shown(one.gain)}."
    instead = f"\n\nThe reference says:\n\n{fence}toml\n{one.instead}\n{fence}" if one.instead else ""
    return f"{said}\n\n{fence}toml\n{words}\n{fence}{instead}"
