"""Who is served worst: sensitivity by group at the same number of alerts, and the list by need of an interpreter.

A plan that pages more finds more of everybody, and one that is off finds nobody, so groups are compared at one volume
of alerts for all plans and on windows that had a score; what was off counts in the number beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wardround.hospital import parameters as sheet

from .number import Number, per, share
from .words import SITES, WEEKS

if TYPE_CHECKING:
    from .result import Flight

VOLUME = 0.10  # of windows with a score that are flagged, the same for every plan (assumption)
LIMIT = 0.30  # gap declared beforehand for every plan: the older oximeters of a quiet year seldom make one (measured)
WEEKS_BACK = 13  # of a gap that is followed over the year: fewer events are noise
FEWEST = 20  # windows before a deterioration below which a group has no sensitivity
NORTHGATE = SITES.index("northgate")


def row_sites(flight: Flight) -> np.ndarray:
    """Return each window's site in this flight; guests of the new site lie there while its card lasts."""
    windows, truth, stays = flight.year.windows, flight.year.truth, flight.year.stays
    site = windows["site"]
    for one in flight.drawn:
        name, part = one.card.guests(one, one.begins)
        if name == SITES[NORTHGATE]:
            while_on = (windows["day"] >= one.begins) & (windows["day"] < one.ends)
            mine = truth["guest"] & (stays["guest_u"][windows["stay"]] < part)
            site = np.where(mine & while_on, NORTHGATE, site)
    return site


def promised(flight: Flight) -> np.ndarray:
    """Return the windows that were promised a score: not at a new site, nor of those who are kept comfortable."""
    return flight.ward["present"] & (row_sites(flight) != NORTHGATE) & ~flight.year.windows["comfort_care"]


def equity(flight: Flight) -> list[Number]:
    """Return the gap between groups, what the worst one gets, and how long the gap was above its limit."""
    truth, windows = flight.year.truth, flight.year.windows
    there = promised(flight)
    flagged, scored = flagged_at(flight, there)
    needed, dark = there & truth["needed"], truth["dark"]
    judged = needed & scored
    gap = _gap(flagged, judged, dark)
    worst = min(_caught(flagged, needed & group) for group in (dark, ~dark))
    weeks = over_limit(flagged, judged, dark, windows["day"] // 7)
    calls, interpreter = flight.list, flight.year.list_truth["interpreter"]
    ratios = [_ratio(calls, group) for group in (interpreter, ~interpreter)]
    count = f"{int((judged & dark).sum())} and {int((judged & ~dark).sum())} windows before a deterioration"
    volume = f"at {1000 * VOLUME:.0f} flagged of 1,000"
    return [
        Number(
            *("worst_sensitivity", per(worst, 1), "of 1,000 windows", "1,000 windows before a deterioration", "up"),
            f"found in the group that is found less, {volume}; a window without a score counts as missed",
        ),
        Number(
            *("gap", 100 * gap, "points of 100", count, "down"),
            f"sensitivity of the others less that of patients with dark skin, {volume}",
        ),
        Number(
            *("recorded_gap", 100 * _recorded(flagged, judged, windows["race"]), "points of 100", "recorded races"),
            *("down", "the same by recorded race, which is what a monitor sees: the others less the worst group"),
        ),
        Number(
            *("weeks_above", float(weeks), "weeks", f"{WEEKS - WEEKS_BACK + 1} weeks", "down"),
            f"the gap of the last {WEEKS_BACK} weeks was above {100 * LIMIT:.0f} points",
        ),
        Number(
            *("list_gap", abs(ratios[0] - ratios[1]), "observed over expected", f"{int(interpreter.sum())} discharges"),
            *("down", f"distance of those who need an interpreter ({ratios[0]:.2f}) and the others ({ratios[1]:.2f})"),
        ),
    ]


def flagged_at(flight: Flight, there: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which windows lie highest above their threshold, as many of 1,000 for every plan, and which had a score.

    The score is divided by the threshold that held for the row, so thresholds by group or site keep what they do.
    """
    ward = flight.ward
    scored = there & ward["scored"] & ~np.isnan(ward["score"])
    flagged = np.zeros(scored.size, dtype=bool)
    if not scored.any():
        return flagged, scored
    place = np.flatnonzero(scored)
    margin = ward["score"][place] / ward["threshold"][place]
    best = place[np.argsort(-margin, kind="stable")[: round(VOLUME * place.size)]]
    flagged[best] = True
    return flagged, scored


def over_limit(
    flagged: np.ndarray, judged: np.ndarray, group: np.ndarray, week: np.ndarray, limit: float = LIMIT
) -> int:
    """Count the weeks at whose end the gap of the weeks before was above a limit."""
    counts = {}
    for name, mine in (("group", group), ("others", ~group)):
        need = np.bincount(week[judged & mine], minlength=WEEKS)
        found = np.bincount(week[judged & mine & flagged], minlength=WEEKS)
        back = np.ones(WEEKS_BACK)
        counts[name] = np.convolve(need, back, "valid"), np.convolve(found, back, "valid")
    enough = (counts["group"][0] >= FEWEST) & (counts["others"][0] >= FEWEST)
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = counts["others"][1] / counts["others"][0] - counts["group"][1] / counts["group"][0]
    return int((enough & (gap > limit)).sum())


def _caught(flagged: np.ndarray, need: np.ndarray) -> float:
    return share((flagged & need).sum(), need.sum())


def _gap(flagged: np.ndarray, judged: np.ndarray, group: np.ndarray) -> float:
    """Return the others' sensitivity less a group's; NaN where one of them has too few."""
    if (judged & group).sum() < FEWEST or (judged & ~group).sum() < FEWEST:
        return np.nan
    return _caught(flagged, judged & ~group) - _caught(flagged, judged & group)


def _recorded(flagged: np.ndarray, judged: np.ndarray, race: np.ndarray) -> float:
    gaps = [_gap(flagged, judged, race == code) for code in range(len(sheet.RACES))]
    known = [gap for gap in gaps if not np.isnan(gap)]
    return max(known) if known else np.nan


def _ratio(calls: dict[str, np.ndarray], group: np.ndarray) -> float:
    mine = group & calls["scored"] & ~np.isnan(calls["score"])
    return share(calls["came"][mine].sum(), calls["score"][mine].sum())
