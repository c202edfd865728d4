"""A flight in a folder: what the team saw and did, what was true, the scores, the plan. Same plan and seed, same bytes.

``log.jsonl`` is the team's. ``outcome.jsonl`` is the truth that nobody had: for each incident, by week and
service, and the hours. Its lines are numbered, and the main scores can be worked out from them alone
(:func:`recomputed`), so that a number can be traced to the lines it came from.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .fairness import flagged_at, row_sites
from .kept import FORECAST, LOG, OUTCOME, PLAN, SCORES, plain, write_json
from .number import mean, per, share
from .scores import unnoticed
from .words import DAYS, SHIFTS, SITES, WEEKS

if TYPE_CHECKING:
    from .result import Flight

TRACED = {  # a number of the scores: whose lines of outcome.jsonl it is made of
    **dict.fromkeys(("ward_averted", "ward_averted_realised", "visits_for_nothing", "ward_wrong_data"), "ward"),
    **dict.fromkeys(("alerts_a_responder", "shifts_over_capacity", "gap", "silent_patient_weeks"), "ward"),
    **dict.fromkeys(("list_averted", "list_wrong_data", "list_off"), "list"),
    **{"days_to_detect": "incident", "hours": "hours"},
}


def record(flight: Flight, folder: Path, text: str, scores: Any = None, forecast: Any = None) -> list[Path]:
    """Write a flight down.

    Parameters
    ----------
    flight : Flight
    folder : Path
        Made if it is not there.
    text : str
        The plan as its author wrote it, comments included.
    scores, forecast : optional
        Written as JSON where they are given.

    Returns
    -------
    list of Path
        What was written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write_lines(folder / LOG, flight.log)
    _write_lines(folder / OUTCOME, outcomes(flight))
    (folder / PLAN).write_text(text, encoding="utf-8")
    files = [folder / name for name in (LOG, OUTCOME, PLAN)]
    for name, value in ((SCORES, scores), (FORECAST, forecast)):
        if value is not None:
            write_json(folder / name, value)
            files.append(folder / name)
    return files


def outcomes(flight: Flight) -> list[dict[str, Any]]:
    """Return what was true of a year, a dict a line, each with its line number ``n``."""
    parts = (*_incidents(flight), *_ward(flight), *_list(flight), *_hours(flight))
    return [{"n": number, **line} for number, line in enumerate(parts, 1)]


def read(path: Path) -> list[dict[str, Any]]:
    """Read a file of lines back."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def recomputed(lines: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Return the numbers of :data:`TRACED` from the lines of ``outcome.jsonl`` alone, by their names in the scores."""
    lines = list(lines)
    ward, listed = ([one for one in lines if one["what"] == what] for what in ("ward", "list"))
    true = [one for one in lines if one["what"] == "incident" and not one["decoy"]]
    caught = [share(_sum(ward, f"found_{group}"), _sum(ward, f"judged_{group}")) for group in ("others", "dark")]
    return {
        "ward_averted": _sum(ward, "averted_expected"),
        "ward_averted_realised": _sum(ward, "would_deteriorate") - _sum(ward, "deteriorated"),
        "list_averted": _sum(listed, "averted_expected"),
        "visits_for_nothing": per(_sum(ward, "visits_for_nothing"), _sum(ward, "stays")),
        "ward_wrong_data": per(_sum(ward, "scored_on_damaged"), _sum(ward, "scored")),
        "list_wrong_data": per(_sum(listed, "scored_on_damaged"), _sum(listed, "scored")),
        "list_off": per(_sum(listed, "off"), _sum(listed, "discharges")),
        "alerts_a_responder": share(_sum(ward, "alerts"), _sum(ward, "capacity")),
        "shifts_over_capacity": per(_sum(ward, "shifts_over_capacity"), _sum(ward, "shifts")),
        "gap": 100 * (caught[0] - caught[1]),
        "silent_patient_weeks": _sum(ward, "unnoticed") / (7 * SHIFTS),
        "days_to_detect": mean(one["days_to_detect"] for one in true),
        "hours": _sum([one for one in lines if one["what"] == "hours"], "hours"),
    }


def came_from(lines: Iterable[Mapping[str, Any]], what: str) -> str:
    """Return which lines of ``outcome.jsonl`` a number came from, as ``lines 8 to 59``."""
    numbers = [one["n"] for one in lines if one["what"] == what]
    if not numbers:
        return "no line"
    return f"line {numbers[0]}" if len(numbers) == 1 else f"lines {numbers[0]} to {numbers[-1]}"


# the parts ----------------------------------------------------------------------------------------------------------


def _incidents(flight: Flight) -> Iterator[dict[str, Any]]:
    for drawn, spell in zip(flight.drawn, flight.spells, strict=True):
        seen = min(spell.detected, spell.ends, DAYS) - spell.begins
        yield {
            "what": "incident",
            "cause": spell.cause,
            "decoy": spell.decoy,
            "services": list(spell.services),
            "site": SITES[drawn.site] if drawn.site >= 0 else "all",
            **{name: _day(getattr(spell, name)) for name in ("begins", "ends", "detected", "contained", "restored")},
            "days_to_detect": round(float(seen), 6),
        }


def _ward(flight: Flight) -> Iterator[dict[str, Any]]:
    """Yield a line a week; whole stays count in the week of their last window on the ward."""
    kept, year = flight.ward, flight.year
    here, week, needed = kept["present"], year.windows["day"] // 7, year.truth["needed"]
    flags = ("present", "scored", "off", "fallback", "damaged", "alert", "delivered", "answered")
    counted = {name: kept[name] & here for name in flags}
    counted |= {
        "scored_on_damaged": kept["scored"] & kept["damaged"] & here,
        "delivered_on_damaged": kept["delivered"] & kept["damaged"] & here,
        "needed": needed & here,
        "needed_without_score": needed & kept["off"] & here,
        "deteriorated": kept["happened"],
        **_judged(flight),
    }
    by_week = {name: np.bincount(week[mask], minlength=WEEKS) for name, mask in counted.items()}
    visits = kept.get("copies", 1) * (kept["answered"] & ~needed)
    by_week["visits_for_nothing"] = np.bincount(week, visits, minlength=WEEKS).astype(np.int64)
    by_week["unnoticed"] = np.bincount(week, unnoticed(flight, "ward"), minlength=WEEKS).astype(np.int64)
    by_week |= _shifts(flight.shifts)
    stays = _stays(flight, week)
    for at in range(WEEKS):
        line = {"what": "ward", "week": at + 1}
        line |= {name: int(values[at]) for name, values in (by_week | stays).items() if name != "averted_expected"}
        yield line | {"averted_expected": round(float(stays["averted_expected"][at]), 9)}


def _stays(flight: Flight, week: np.ndarray) -> dict[str, np.ndarray]:
    """Return, by the week in which they end, stays, who would deteriorate, and the risk that visits took away."""
    kept, truth, stay = flight.ward, flight.year.truth, flight.year.windows["stay"]
    hazard = np.minimum(truth["hazard"] * kept["factor"], 1 - 1e-9)
    alone, helped = (-np.expm1(np.bincount(stay, np.log1p(-risk))) for risk in (hazard, hazard * kept["helped"]))
    last = np.zeros(alone.size, dtype=np.int64)
    np.maximum.at(last, stay[kept["present"]], week[kept["present"]])
    there = np.bincount(stay, kept["present"]) > 0
    would = np.bincount(stay, kept["present"] & (truth["event_u"] < hazard)) > 0
    return {
        "stays": np.bincount(last[there], minlength=WEEKS),
        "would_deteriorate": np.bincount(last[would], minlength=WEEKS),
        "averted_expected": np.bincount(last[there], (alone - helped)[there], minlength=WEEKS),
    }


def _shifts(shifts: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    staffed = shifts["beds"] > 0
    alerts, capacity = shifts["alerts"] * staffed, shifts["capacity"] * staffed
    found = {"shifts": staffed, "shifts_over_capacity": alerts > capacity, "alerts": alerts, "capacity": capacity}
    return {name: values.reshape(WEEKS, -1).sum(axis=1) for name, values in found.items()}


def _judged(flight: Flight) -> dict[str, np.ndarray]:
    """Return windows before a deterioration, and those found at the volume of alerts that is the same for all plans."""
    truth = flight.year.truth
    there = flight.ward["present"] & (row_sites(flight) != SITES.index("northgate"))
    flagged, scored = flagged_at(flight, there)
    judged = there & truth["needed"] & scored
    groups = {"dark": truth["dark"], "others": ~truth["dark"]}
    found = {f"judged_{name}": judged & mine for name, mine in groups.items()}
    return found | {f"found_{name}": judged & mine & flagged for name, mine in groups.items()}


def _list(flight: Flight) -> Iterator[dict[str, Any]]:
    kept, week = flight.list, flight.year.discharges["day"].to_numpy() // 7
    usual, called, gain = flight.year.list_truth["usual_call"], kept["called"], kept["p0"] - kept["p1"]
    counted = {name: kept[name] for name in ("scored", "off", "damaged", "called")}
    counted |= {
        "scored_on_damaged": kept["scored"] & kept["damaged"],
        "called_on_damaged": called & kept["damaged"],
        "called_by_usual_care": usual,
        "readmitted": kept["came"],
    }
    by_week = {"discharges": np.bincount(week, minlength=WEEKS)}
    by_week |= {name: np.bincount(week[mask], minlength=WEEKS) for name, mask in counted.items()}
    spared = np.bincount(week, gain * called - gain * usual, minlength=WEEKS)
    for at in range(WEEKS):
        line = {"what": "list", "week": at + 1} | {name: int(values[at]) for name, values in by_week.items()}
        yield line | {"averted_expected": round(float(spared[at]), 9)}


def _hours(flight: Flight) -> Iterator[dict[str, Any]]:
    for name, hours in sorted(flight.hours.items()):
        yield {"what": "hours", "of": name, "hours": round(float(hours), 6)}


def _sum(lines: Iterable[Mapping[str, Any]], name: str) -> float:
    return float(sum(one[name] for one in lines))


def _day(value: float) -> float | None:
    return round(float(value), 6) if np.isfinite(value) else None


def _write_lines(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for line in lines:
            file.write(json.dumps(plain(line)) + "\n")
