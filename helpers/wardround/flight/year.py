"""The frozen year: everybody who comes in year four, with their whole course, computed once for each hospital.

A plan changes who is looked at, and so who gets worse; it never changes who arrives. That is simpler than the truth: in
``simulate(..., policy=...)`` somebody who was kept from getting worse leaves in another way and comes back on another
day, or not at all. Here arrivals, and returns, are those of usual care. On three hospitals, under a simple score, that
moved at most 28 of 17,134 alerts of the year (2 of 1,000), 14 of 2,148 answers and no deterioration. Stays are followed
to their planned end as if nobody got worse; what comes after its event, a flight leaves out. So the dead stay for the
rest of their last day's windows.

*Guests* are the stays of the third year once more, 52 weeks later. They are on the wards only where a card says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from wardround.hospital import parameters as sheet
from wardround.hospital import warehouse
from wardround.hospital.history import History
from wardround.hospital.measurements import ward_labs, ward_vitals
from wardround.hospital.people import Table, joined, make_people
from wardround.hospital.response import needed_within, willing
from wardround.hospital.sepsis import recognition
from wardround.hospital.simulation import check_parameters, panel_size
from wardround.hospital.stays import BACK_ELSEWHERE, BACK_HERE
from wardround.hospital.streams import DAY, Purpose, uniform
from wardround.hospital.ward import course

from .card import Columns
from .words import DAYS, FIRST_WEEK, SHIFTS, WEEKS

FIRST, LAST = 7 * FIRST_WEEK, 7 * (FIRST_WEEK + WEEKS)  # days of the hospital
PAYERS_TELL = 120  # days until claims of returns elsewhere have come, as in week 8
COUNTS = ("site", "stay", "window", "day", "shift", "sex_male", "race", "planned", "vital_sets", "copies")
VALUES = (
    *("age", *sheet.VITALS, "vitals_age_hours"),
    *("creatinine", "urea", "lactate", "leukocytes", "glucose", "result_lag_hours"),
)
FLAGS = ("lactate_drawn", "culture_ordered", "antibiotic_given", "comfort_care")
WINDOW_COLUMNS = (*COUNTS, *VALUES, *FLAGS)
TRUTH_COLUMNS = (*("hazard", "event_u", "needed", "dark", "older_oximeter", "true_saturation", "guest", "willing_u"),)


@dataclass(frozen=True, eq=False, repr=False)
class Past:
    """The first three years as recorded, under usual care; days and shifts count back from the year's first midnight.

    Attributes
    ----------
    windows : dict of arrays
        ``WINDOW_COLUMNS`` and ``deteriorates_24h``, of windows whose outcome was known.
    stays : DataFrame
        Home discharges whose thirty days were over: columns of ``Year.discharges``, ``called``, ``readmitted_30d``
        (to this hospital), ``back`` (to any; missing in the last 120 days before payers tell).
    """

    windows: Columns
    stays: pd.DataFrame


@dataclass(frozen=True, eq=False, repr=False)
class Year:
    """Year four of a hospital.

    Attributes
    ----------
    windows : dict of arrays
        What is known one hour after each ward window begins (``WINDOW_COLUMNS``), sorted by shift, stay, window.
        ``stay`` is the position in ``stays``; ``race`` is -1 where nobody wrote it down; ``result_lag_hours`` passed
        between collection and issue of the newest result; ``copies`` (1) is how often the row arrives.
    begins : array (DAYS + 1)
        Place of each day's first window.
    truth : dict of arrays
        Of the same windows (``TRUTH_COLUMNS``). ``needed``: deteriorates in this window or the next two if nobody
        comes. ``true_saturation`` belongs to the newest vital signs.
    stays : dict of arrays
        site, race, interpreter, dark, comfort, admit_day, leave_day (days of the year), guest, guest_u, windows (in
        the year), person and arrived (day of the hospital), which name the stay in a simulation.
    discharges : DataFrame
        Home discharges of the year as known at 08:00 of their day, with ``day``, in the order of days.
    list_truth : dict of arrays
        Of the same discharges: ``p0 p1 y0 y1 social usual_call held_out interpreter dark``.
    past : Past
    """

    seed: int
    scale: float
    windows: Columns
    begins: np.ndarray
    truth: Columns
    stays: Columns
    discharges: pd.DataFrame
    list_truth: Columns
    past: Past

    def on(self, day: int) -> slice:
        """Return the places of a day's windows."""
        return slice(int(self.begins[day]), int(self.begins[day + 1]))


def frozen(seed: int, scale: float = 1.0) -> Year:
    """Return year four of the hospital of a seed; two seconds the first time, 70 MB. The last twelve are kept."""
    check_parameters(seed, FIRST_WEEK + WEEKS, scale)
    return _made(int(seed), float(scale))  # one key, however it was asked for


@lru_cache(maxsize=12)
def _made(seed: int, scale: float) -> Year:
    people = make_people(seed, 0, panel_size(scale))
    history = History(seed, people, FIRST_WEEK + WEEKS)
    history.advance(history.end)
    ended, windows = joined(history.stays), joined(history.windows)
    columns, truth, stays = _wards(seed, people, ended)
    begins = np.searchsorted(columns["day"], np.arange(DAYS + 1))
    homes, later, list_truth = _homes(seed, people, ended, windows)
    words = homes.select_dtypes("string").columns  # Arrow's strings cost a flight's weekly frames twice the time
    homes = homes.astype(dict.fromkeys(words, object))
    now = homes["day"].to_numpy() >= 0
    known = ~now & later["readmitted_30d"].notna().to_numpy()
    past = pd.concat([homes, later], axis=1)[known].reset_index(drop=True).astype({"readmitted_30d": bool}).copy()
    return Year(
        *(seed, scale, columns, begins, truth, stays),
        homes[now].reset_index(drop=True).copy(),  # a copy lies in few blocks, and a flight takes parts of it each week
        {name: column[now] for name, column in list_truth.items()},
        Past(_past_windows(seed, people, ended, windows), past),
    )


# the wards ----------------------------------------------------------------------------------------------------------


def _wards(seed: int, people: Table, ended: Table) -> tuple[Columns, Columns, Columns]:
    """Return what is known of the year's windows, their truth, and their stays."""
    stay = _of_year(ended)
    windows = course(seed, stay)
    starts = stay["admit"][windows["stay"]] + windows["window"] * sheet.WINDOW
    shift = np.floor(SHIFTS * starts).astype(np.int64) - SHIFTS * stay["midnight"][windows["stay"]]
    vitals, columns = _known(seed, people, stay, windows, shift)
    truth = _truth(seed, people, stay, windows, vitals)
    order = np.lexsort((windows["window"], windows["stay"], shift))
    order = order[(shift[order] >= 0) & (shift[order] < SHIFTS * DAYS)]
    columns, truth = _taken(columns, order), _taken(truth, order)
    return columns, truth, _stays(seed, people, stay, columns["stay"])


def _of_year(ended: Table) -> Table:
    """Return the stays that are on the wards in the year, in order of arrival, and the guests behind them.

    Without the moment of discharge: the dead would stop being measured, and so betray what is to come.
    """
    event_at = np.where(ended["event"] >= 0, ended["admit"] + ended["event"] * sheet.WINDOW, np.inf)
    open_ = (ended["leave"] > FIRST) & (ended["discharge"] > FIRST) & (event_at >= FIRST)
    mine = (ended["admit"] < LAST) & open_
    again = (ended["admit"] >= FIRST - DAYS) & (ended["admit"] < FIRST)
    parts = []
    for which, guest in ((mine, False), (again, True)):
        place = np.flatnonzero(which)
        place = place[np.lexsort((ended["row"][place], ended["day"][place]))]
        part = {name: column[place] for name, column in ended.items() if name != "discharge"}
        midnight = np.full(place.size, FIRST - DAYS * guest)  # the day on which the year begins for them
        parts.append(part | {"guest": np.full(place.size, guest), "midnight": midnight})
    return joined(parts)


def _known(seed: int, people: Table, stay: Table, windows: Table, shift: np.ndarray) -> tuple[Table, Columns]:
    """Return the sets of vital signs, and what is known of each window one hour after it begins."""
    known = stay | recognition(seed, stay)
    vitals, labs = ward_vitals(seed, people, known, windows), ward_labs(seed, people, known, windows)
    table = warehouse.window_columns(people, known, windows, vitals, labs)
    owner, at = windows["stay"], table["at"]
    wanted = np.isin(labs["analyte"], [sheet.ANALYTE[name] for name in warehouse.WINDOW_RESULTS])
    of, delay = labs["stay"][wanted], labs["delay"][wanted]
    newest = warehouse.last_before(of, labs["time"][wanted] + delay, stay["admit"], owner, at)
    columns = {
        "site": stay["site"][owner],
        "stay": owner,
        "window": windows["window"],
        "day": shift // SHIFTS,
        "shift": shift,
        "sex_male": ~stay["female"][owner],
        "race": people["recorded_race"][stay["row"][owner]],
        "copies": np.ones(owner.size),
        "result_lag_hours": np.round(24 * np.append(delay, np.nan)[newest], 2),
    }
    columns = table | columns
    found = {name: np.ascontiguousarray(columns[name], dtype=np.int64) for name in COUNTS}
    found |= {name: np.ascontiguousarray(columns[name], dtype=np.float64) for name in VALUES}
    return vitals, found | {name: np.ascontiguousarray(columns[name], dtype=bool) for name in FLAGS}


def _truth(seed: int, people: Table, stay: Table, windows: Table, vitals: Table) -> Columns:
    owner = windows["stay"]
    at = stay["admit"][owner] + windows["window"] * sheet.WINDOW + warehouse.KNOWN_AFTER
    newest = warehouse.last_before(vitals["stay"], vitals["time"], stay["admit"], owner, at)
    older_u = uniform(seed, stay["person"], stay["day"] + DAY, 0, Purpose.OXIMETER)[0]
    truth = {
        "hazard": windows["hazard"],
        "event_u": windows["event_u"],
        "needed": needed_within(windows),
        "dark": _dark(people, stay)[owner],
        "older_oximeter": (older_u < sheet.OLDER_OXIMETERS)[owner],
        "true_saturation": np.append(vitals["true_saturation"], np.nan)[newest],
        "guest": stay["guest"][owner],
        "willing_u": willing(seed, stay["person"][owner], stay["day"][owner] + DAY, windows["window"]),
    }
    return {name: truth[name] for name in TRUTH_COLUMNS}


def _stays(seed: int, people: Table, stay: Table, shown: np.ndarray) -> Columns:
    u = uniform(seed, stay["person"], stay["day"] + DAY, 0, Purpose.GUEST)[0]
    return {
        "site": stay["site"],
        "race": people["recorded_race"][stay["row"]],
        "interpreter": stay["interpreter"],
        "dark": _dark(people, stay),
        "comfort": stay["comfort"],
        "admit_day": np.floor(stay["admit"]).astype(np.int64) - stay["midnight"],
        "leave_day": np.floor(stay["leave"]).astype(np.int64) - stay["midnight"],
        "guest": stay["guest"],
        "guest_u": u,
        "windows": np.bincount(shown, minlength=stay["row"].size),
        "person": stay["person"],
        "arrived": stay["day"],
    }


def _dark(people: Table, stay: Table) -> np.ndarray:
    """Return whose skin an oximeter misreads; true race stands for skin tone, crudely (as in ``measurements``)."""
    return people["race"][stay["row"]] == sheet.RACES.index("black")


# the past, and the list ---------------------------------------------------------------------------------------------


def _past_windows(seed: int, people: Table, ended: Table, windows: Table) -> Columns:
    """Return the windows before the year as they were recorded, with the outcome where it was known by then."""
    started = ended["admit"] < FIRST
    stay, part = _cut(ended, windows, started & warehouse.recorded(ended["admit"], ended["site"]))
    starts = stay["admit"][part["stay"]] + part["window"] * sheet.WINDOW
    shift = np.floor(SHIFTS * starts).astype(np.int64) - SHIFTS * FIRST
    _, columns = _known(seed, people, stay, part, shift)
    ahead = stay["event"][part["stay"]] - part["window"]
    columns["deteriorates_24h"] = (stay["event"][part["stay"]] >= 0) & (ahead < 3)
    order = np.lexsort((part["window"], part["stay"], shift))
    return _taken(columns, order[starts[order] + 1 <= FIRST])


def _homes(seed: int, people: Table, ended: Table, windows: Table) -> tuple[pd.DataFrame, pd.DataFrame, Columns]:
    """Return home discharges of all four years by day: as known at 08:00, what is written later, and the truth."""
    which = ended["eligible_home"] & warehouse.recorded(ended["admit"], ended["site"]) & (ended["discharge"] < LAST)
    stay, part = _cut(ended, windows, which)
    stay |= recognition(seed, stay)
    labs = ward_labs(seed, people, stay, part)
    rows = warehouse.stay_rows(seed, people, stay, labs).drop(columns="disposition")
    rows["day"] = np.floor(stay["discharge"]).astype(np.int64) - FIRST
    later = warehouse.written_later(seed, people, stay, FIRST)[["called", "readmitted_30d"]]
    back = pd.array(np.isin(stay["next_event"], [BACK_HERE, BACK_ELSEWHERE]), dtype="boolean")  # first, within 30 days
    back[stay["discharge"] + 30 + PAYERS_TELL > FIRST] = pd.NA
    later["back"] = back
    truth = {name: stay[name] for name in ("p0", "p1", "y0", "y1", "social")}
    truth |= {"usual_call": stay["called"], "held_out": stay["held_out"], "interpreter": stay["interpreter"]}
    return rows, later, truth | {"dark": _dark(people, stay)}


def _cut(ended: Table, windows: Table, which: np.ndarray) -> tuple[Table, Table]:
    """Return some stays in the order of their discharge, and their windows in order."""
    place = np.flatnonzero(which)
    place = place[np.argsort(ended["discharge"][place], kind="stable")]
    new = np.full(which.size, -1)
    new[place] = np.arange(place.size)
    here = np.flatnonzero(which[windows["stay"]])
    here = here[np.lexsort((windows["window"][here], new[windows["stay"][here]]))]
    part = _taken(windows, here)
    return _taken(ended, place), part | {"stay": new[part["stay"]]}


def _taken(table: Table, place: np.ndarray) -> Table:
    return {name: column[place] for name, column in table.items()}
