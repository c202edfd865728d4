"""What a year came to: named numbers on eight axes, each with its unit, its denominator and which way is better.

They use the truth that no hospital has: who would have got worse if nobody had come. Nothing is summed over axes, since
a sum would let one group pay for another. What a forecast speaks of is the first number of its axis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np

from .card import Drawn
from .fairness import equity, promised, row_sites
from .number import Number, mean, per, share
from .team import CONTAINS
from .words import ACTIONS, AXES, DAYS, ROLES, SERVICES, SHIFTS, WEEKS

if TYPE_CHECKING:
    from .result import Flight, Spell

WINDOWS_A_WEEK = 7 * SHIFTS
GRACE = 3  # days after an incident's end in which a service may still be off for it (assumption)
QUARTER = WEEKS // 4
FORECAST_AXES = ("benefit", "harm", "burden", "equity", "resilience")


def scores(flight: Flight) -> dict[str, list[Number]]:
    """Return a flight's numbers by axis, in the order of ``words.AXES``."""
    found = {axis: measure(flight) for axis, measure in MEASURES.items()}
    return found | {"forecast": forecast(flight, found)}


# benefit ------------------------------------------------------------------------------------------------------------


def benefit(flight: Flight) -> list[Number]:
    """Return the events that did not happen: expected, from known risks, and realised beside it."""
    ward, truth, stay = flight.ward, flight.year.truth, flight.year.windows["stay"]
    there = np.bincount(stay, ward["present"]) > 0
    hazard = np.minimum(truth["hazard"] * ward["factor"], 1 - 1e-9)
    alone, helped = _comes(stay, hazard), _comes(stay, hazard * ward["helped"])
    would = np.bincount(stay, ward["present"] & (truth["event_u"] < hazard)) > 0
    stays = f"{int(there.sum()):,} stays"
    known, calls = flight.year.list_truth, flight.list
    gain = calls["p0"] - calls["p1"]
    listed = float(gain[calls["called"]].sum() - gain[known["usual_call"]].sum())
    usual = calls.get("came_usual", np.where(known["usual_call"], known["y1"], known["y0"]))
    homes = f"{gain.size:,} discharges home"
    return [
        Number(
            *("ward_averted", float((alone - helped)[there].sum()), "deteriorations", stays, "up"),
            "expected: for each stay, its risk if nobody comes less its risk with the visits it got",
        ),
        Number(
            *("ward_averted_share", per((alone - helped)[there].sum(), alone[there].sum()), "deteriorations"),
            *("1,000 that would come if nobody came", "up", "the same as a share, for years with more patients"),
        ),
        Number(
            *("list_averted", listed, "readmissions", homes, "up"),
            "expected: what the list's calls take from the risk, less what usual care's calls would",
        ),
        Number(
            *("list_averted_in_all", float(gain[calls["called"]].sum()), "readmissions"),
            *(f"{int(calls['called'].sum()):,} calls", "up", "expected: what the list's calls take from the risk"),
        ),
        Number(
            *("ward_averted_realised", float(would.sum() - ward["happened"].sum()), "deteriorations", stays, "up"),
            "counted: those who would have got worse less those who did; luck included",
        ),
        Number(
            *("list_averted_realised", float(usual.sum() - calls["came"].sum()), "readmissions", homes, "up"),
            "counted: returns under usual care less returns with the list; luck included",
        ),
    ]


def _comes(stay: np.ndarray, hazard: np.ndarray) -> np.ndarray:
    """Return each stay's chance of deterioration in any of its windows."""
    return -np.expm1(np.bincount(stay, np.log1p(-hazard)))


# harm and burden ----------------------------------------------------------------------------------------------------


def harm(flight: Flight) -> list[Number]:
    """Return visits for nothing, decisions on wrong data, and who had no score when one was needed."""
    ward, needed, calls = flight.ward, flight.year.truth["needed"], flight.list
    stay, present = flight.year.windows["stay"], ward["present"]
    stays = int((np.bincount(stay, present) > 0).sum())
    idle = (ward["answered"] & ~needed) * ward.get("copies", 1)
    scored, due = ward["scored"] & present, promised(flight) & needed
    return [
        Number(
            *("visits_for_nothing", per(idle.sum(), stays), "visits", "1,000 stays", "down"),
            "a nurse came and the patient would not have got worse within a day",
        ),
        Number(
            *("ward_wrong_data", per((scored & ward["damaged"]).sum(), scored.sum()), "scores", "1,000 scores", "down"),
            "the early warning used a value that an incident had changed",
        ),
        Number(
            *("list_wrong_data", per((calls["scored"] & calls["damaged"]).sum(), calls["scored"].sum())),
            *("scores", "1,000 scores", "down", "the list used a value that an incident had changed"),
        ),
        Number(
            *("needed_without_score", per((due & ward["off"]).sum(), due.sum()), "windows"),
            *("1,000 windows before a deterioration", "down", "without a score; a new site in shadow is left out"),
        ),
        Number(
            *("list_off", per(calls["off"].sum(), calls["off"].size), "discharges", "1,000 discharges home", "down"),
            "the list was switched off on their day",
        ),
    ]


def burden(flight: Flight) -> list[Number]:
    """Return what nurses carry: alerts for each answer they can give, and how often they still come."""
    kept = flight.shifts
    staffed = kept["beds"] > 0
    alerts, capacity = kept["alerts"] * staffed, kept["capacity"] * staffed
    over = (alerts > capacity)[staffed]
    first, last = (slice(None, SHIFTS * 7 * QUARTER), slice(-SHIFTS * 7 * QUARTER, None))
    came = [share(kept["answered"][part].sum(), alerts[part].sum()) for part in (first, last)]
    return [
        Number(
            *("alerts_a_responder", share(alerts.sum(), capacity.sum()), "alerts"),
            *(f"{int(capacity.sum()):,} answers that shifts could give", "down", "delivered alerts for each of them"),
        ),
        Number(
            *("shifts_over_capacity", per(over.sum(), over.size), "shifts", "1,000 shifts", "down"),
            "more alerts than the shift could answer, counted site by site",
        ),
        Number(
            *("response_trend", 100 * (came[1] - came[0]), "points of 100 alerts", "last less first quarter", "up"),
            "change of the share of alerts that brought a nurse",
        ),
    ]


# resilience ---------------------------------------------------------------------------------------------------------


def resilience(flight: Flight) -> list[Number]:
    """Return how long incidents lasted for the patients, and how long a service was off without one."""
    real = [(one, spell) for one, spell in zip(flight.drawn, flight.spells, strict=True) if not spell.decoy]
    many = f"{len(real)} incidents"
    to_contain = [pair for pair in real if set(pair[0].card.reference) & set(CONTAINS)]
    to_restore = [pair for pair in real if pair[0].card.mends]
    unseen = sum(spell.detected >= _over(spell) for _, spell in real)
    bad, listed = (int(unnoticed(flight, service).sum()) for service in SERVICES)
    for_nothing = _changes_for_nothing(flight)
    return [
        Number(
            *("silent_patient_weeks", bad / WINDOWS_A_WEEK, "patient-weeks", many, "down"),
            "scores were shown to nurses during an incident that nobody had noticed; of two incidents, twice",
        ),
        Number(
            *("days_to_detect", mean(_days(spell.detected, spell) for _, spell in real), "days", many, "down"),
            "from its beginning to the alarm that found it; its whole length if none did",
        ),
        Number(
            *("days_to_contain", mean(_days(spell.contained, spell) for _, spell in to_contain), "days"),
            *(
                f"{len(to_contain)} incidents that can be contained",
                "down",
                "from its beginning to a containing action",
            ),
        ),
        Number(
            *("days_to_restore", mean(_days(spell.restored, spell) for _, spell in to_restore), "days"),
            *(f"{len(to_restore)} incidents that can be mended", "down", "from its beginning until it was mended"),
        ),
        Number(*("unseen", float(unseen), "incidents", many, "down", "over before any alarm led to their cause")),
        Number(
            *("silent_discharges", float(listed), "discharges", f"{flight.list['off'].size:,} discharges home", "down"),
            "listed while an incident of the list was on that nobody had noticed",
        ),
        Number(
            *("false_stop_weeks", _false_stop(flight, real), "weeks", f"{len(SERVICES) * WEEKS} weeks of two services"),
            *("down", "a service was off and no incident of its own was on"),
        ),
        Number(
            *("weeks_off", _weeks_off(flight), "weeks", f"{len(SERVICES) * WEEKS} weeks of two services", "down"),
            "a service gave no score, for whatever reason",
        ),
        Number(
            *("changes_for_nothing", float(for_nothing), "actions", "the year", "down"),
            "actions that change something, begun for a decoy or where no cause was found or looked for",
        ),
    ]


def _over(spell: Spell) -> float:
    """Return when an incident was over: mended, by itself, or with the year."""
    return min(spell.restored, spell.ends, DAYS)


def _days(moment: float, spell: Spell) -> float:
    return min(moment, spell.ends, DAYS) - spell.begins


def unnoticed(flight: Flight, service: str) -> np.ndarray:
    """Return, by row of a service, during how many incidents that nobody had noticed it was scored.

    What changes no score (an identifier in an export) makes none of them silent.
    """
    ward = service == "ward"
    day = flight.year.windows["day"] if ward else flight.year.discharges["day"].to_numpy()
    shown = flight.ward["scored"] & flight.ward["present"] if ward else flight.list["scored"]
    site = row_sites(flight) if ward else None
    count = np.zeros(day.size, dtype=np.int64)
    for one, spell in zip(flight.drawn, flight.spells, strict=True):
        if spell.decoy or service not in spell.services or one.card.where == "record":
            continue
        here = (day >= spell.begins) & (day < min(spell.detected, _over(spell)))
        count += here & (site == one.site) if ward and one.site >= 0 else here
    return count * shown


def _false_stop(flight: Flight, real: list[tuple[Drawn, Spell]]) -> float:
    """Return the weeks in which a service gave no score although nothing of its own was wrong."""
    fine = {service: np.ones(DAYS, dtype=bool) for service in SERVICES}
    for _, spell in real:
        for service in spell.services:
            fine[service][int(spell.begins) : int(np.ceil(_over(spell))) + GRACE] = False
    return _weeks_off(flight, fine)


def _weeks_off(flight: Flight, counted: dict[str, np.ndarray] | None = None) -> float:
    """Return the weeks, part weeks included, in which a service gave no score; of some days of each, or of all."""
    shown = {"ward": (flight.year.windows["day"], promised(flight), flight.ward["off"])}
    shown["list"] = (
        flight.year.discharges["day"].to_numpy(),
        np.ones(flight.list["off"].size, bool),
        flight.list["off"],
    )
    weeks = 0.0
    for service, (day, there, without) in shown.items():
        rows = np.bincount(day[there], minlength=DAYS)
        share_off = np.bincount(day[there & without], minlength=DAYS) / np.maximum(rows, 1)
        asked = np.ones(DAYS, dtype=bool) if counted is None else counted[service]
        # a list may be empty on a day on which it is off: such a day counts as the days of its week with discharges do
        with_rows = asked & (rows > 0)
        weeks += float(share_off[with_rows].mean() * asked.sum() / 7) if with_rows.any() else 0.0
    return weeks


def _changes_for_nothing(flight: Flight) -> int:
    decoys = {spell.cause for spell in flight.spells if spell.decoy}
    idle = decoys | {"none found", "not looked for"}
    return sum(line["cause"] in idle for line in _changing(flight))


def _changing(flight: Flight) -> list[dict]:
    """Return the log's lines of actions begun that change something."""
    return [line for line in flight.log if line["kind"] == "begins" and ACTIONS[line["action"]].changes]


# governance and cost ------------------------------------------------------------------------------------------------


def governance(flight: Flight) -> list[Number]:
    """Return whether people were told in time, whether decisions have names, and whether the log explains the year."""
    real = [spell.cause for spell in flight.spells if not spell.decoy]
    causes = {line["case"]: line["cause"] for line in flight.log if line["kind"] == "found"}
    notices = [line for line in flight.log if line["kind"] == "notice"]
    told = {causes.get(line["case"]) for line in notices if line["hours"] <= line["within"]}
    decisions = _changing(flight)
    named = sum(line["who"] in ROLES for line in decisions)
    return [
        Number(
            *("told_in_time", 100 * share(sum(cause in told for cause in real), len(real)), "incidents of 100"),
            *(
                f"{len(real)} incidents",
                "up",
                "somebody was told within the plan's own time; never told counts as late",
            ),
        ),
        Number(
            *("decisions_named", 100 * share(named, len(decisions)), "decisions of 100"),
            *(f"{len(decisions)} decisions that change something", "up", "the log says which role decided"),
        ),
        Number(
            *("log_complete", 100 * _complete(flight), "actions of 100", "actions begun", "up"),
            "what was begun also held, or its case was closed first",
        ),
        Number(
            *("weeks_explained", float(_explained(flight)), "weeks", f"{WEEKS} weeks", "up"),
            "from the log alone: the week's counts are right, and each window without a score lies in a stop it names",
        ),
    ]


def _complete(flight: Flight) -> float:
    held = {(line["case"], line["action"]) for line in flight.log if line["kind"] == "holds"}
    closed = {line["case"] for line in flight.log if line["kind"] == "closed"}
    begun = [line for line in flight.log if line["kind"] == "begins"]
    last = max((line["day"] for line in flight.log), default=0)
    open_at_end = [ACTIONS[line["action"]].hours / 24 + line["day"] + 1 >= last for line in begun]
    fine = [
        (line["case"], line["action"]) in held or line["case"] in closed or pending
        for line, pending in zip(begun, open_at_end, strict=True)
    ]
    return share(sum(fine), len(fine))


def _explained(flight: Flight) -> int:
    """Count the weeks whose line in the log agrees with what happened, and whose gaps the log names."""
    week = flight.year.windows["day"] // 7
    counts = {name: np.bincount(week, flight.ward[name], minlength=WEEKS) for name in ("present", "alert", "answered")}
    called = np.bincount(flight.year.discharges["day"].to_numpy() // 7, flight.list["called"], minlength=WEEKS)
    unexplained = promised(flight) & flight.ward["off"] & ~_stopped(flight)[flight.year.windows["day"]]
    gaps = np.bincount(week, unexplained, minlength=WEEKS)
    lines = {line["week"] - 1: line for line in flight.log if line["kind"] == "week"}
    return sum(
        week in lines
        and all(lines[week][name] == total[week] for name, total in (counts | {"called": called}).items())
        and gaps[week] == 0
        for week in range(WEEKS)
    )


def _stopped(flight: Flight) -> np.ndarray:
    """Return the days on which, by the log, something held that takes scores away."""
    days = np.zeros(DAYS + 1, dtype=bool)
    for line in flight.log:
        if line["kind"] == "holds" and line["action"] in ("pause", "widen_abstention"):
            ends = [other for other in flight.log if other["kind"] == "closed" and other["case"] == line["case"]]
            days[line["day"] : (ends[0]["day"] if ends else DAYS) + 1] = True
    return days


def cost(flight: Flight) -> list[Number]:
    """Return the hours of staff, and how often a model was made anew."""
    hours = flight.hours
    visits, reviews = hours.get("visits", 0.0), hours.get("chart_reviews", 0.0)
    rounds = hours.get("rounds_by_hand", 0.0)
    total = sum(hours.values())
    made = sum(line["kind"] == "release" for line in flight.log)
    return [
        Number("hours", total, "hours", "the year", "down", "all hours of staff that the plan took"),
        Number("hours_incidents", total - visits - reviews - rounds, "hours", "the year", "down", "of those on call"),
        Number("hours_visits", visits, "hours", "the year", "down", "of nurses at the bedside after an alert"),
        Number("hours_rounds", rounds, "hours", "the year", "down", "of nurses who screened by hand"),
        Number("hours_reviews", reviews, "hours", "the year", "down", "of chart reviewers"),
        Number("releases", float(made), "releases", "the year", "down", "models retrained or recalibrated"),
    ]


MEASURES: dict[str, Callable[[Flight], list[Number]]] = {
    "benefit": benefit,
    "harm": harm,
    "burden": burden,
    "equity": equity,
    "resilience": resilience,
    "governance": governance,
    "cost": cost,
}


# forecast -----------------------------------------------------------------------------------------------------------


def forecast(flight: Flight, found: dict[str, list[Number]]) -> list[Number]:
    """Return how the plan's forecasts did; NaN where it made none."""
    said = flight.plan.forecast
    ranges = [(getattr(said, axis), found[axis][0].value) for axis in FORECAST_AXES] if said is not None else []
    hits = [one.low <= came <= one.high for one, came in ranges]
    sure = mean(one.confidence for one, _ in ranges)
    return [
        Number(
            *("ranges_hit", float(sum(hits)) if ranges else np.nan, "ranges", f"{len(FORECAST_AXES)} forecasts", "up"),
            f"the first number of {', '.join(FORECAST_AXES)} lay in its range",
        ),
        Number(
            *("overconfidence", 100 * (sure - mean(hits)), "points of 100", f"{len(FORECAST_AXES)} forecasts", "down"),
            "mean confidence less the share that came true; below 0 the ranges were wider than needed",
        ),
    ]


def ordered(found: dict[str, list[Number]]) -> Iterable[tuple[str, Number]]:
    """Yield each number with its axis, in the order of ``words.AXES``."""
    return ((axis, number) for axis in AXES for number in found[axis])
