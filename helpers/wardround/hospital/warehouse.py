"""The warehouse: stays, ward windows and emergency visits as the hospital's systems recorded them, one row each.

For the weeks that model. A row of ``stays`` is what is known at 08:00 on the day of discharge, then (marked in
:data:`LATER`) what is written afterwards; a row of ``windows`` is what is known one hour after the window begins; a row
of ``emergency`` is what is known at the end of triage. No latent variable is in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from . import clock
from . import parameters as sheet
from .names import zip_code
from .people import Table
from .streams import DAY, Purpose, uniform

if TYPE_CHECKING:
    from .contacts import Contacts
    from .shard import Shard
    from .world import World

KNOWN_AFTER = 1 / 24  # days after a window begins
STAY_RESULTS = ("haemoglobin", "sodium", "albumin", "creatinine", "urea", "leukocytes", "glucose")
WINDOW_RESULTS = ("creatinine", "urea", "lactate", "leukocytes", "glucose")
SITES = np.array(["quillmere", "eastbank"], dtype=object)
# column of a table -> when it is written; what is not here is known at the row's prediction time
LATER = {
    ("stays", "code_count"): "at final coding, and back-dated from the next stay",
    ("stays", "no_show"): "at the follow-up appointment, 7 to 14 days after discharge",
    ("stays", "billing_status"): "when the bill is closed, weeks after discharge",
    ("stays", "cost_year"): "at the end of the calendar year",
    ("stays", "disposition"): "at discharge, hours after the prediction time",
    ("stays", "called"): "within two days after discharge",
    ("stays", "held_out"): "within two days after discharge",
    ("stays", "readmitted_30d"): "30 days after discharge",
    ("stays", "days_to_readmission"): "30 days after discharge",
    ("stays", "died_30d"): "30 days after discharge, from the state's register of deaths",
    ("stays", "deteriorated_at"): "when it happens",
    ("stays", "sepsis_clinical"): "at surveillance review, after discharge",
    ("stays", "sepsis_claims"): "at final coding, after discharge",
    ("stays", "discharged_at"): "at discharge",
    ("windows", "deteriorates_24h"): "24 hours later",
    ("windows", "alert"): "when the score is computed",
    ("windows", "answered"): "when a nurse has come",
    ("emergency", "admitted"): "at the end of the visit",
    ("emergency", "transferred"): "at the end of the visit",
    ("emergency", "critical_12h"): "12 hours later",
    ("emergency", "esi"): "at the end of triage; by the person whose decision is to be supported",
}


def recorded(day: np.ndarray, site: np.ndarray) -> np.ndarray:
    """Return what began when the site's records had begun."""
    return day >= sheet.RECORDS_FROM[site]


def instants(days: np.ndarray) -> pd.Series:
    """Return UTC instants of days since the first Monday; NaN becomes NaT."""
    known = ~np.isnan(days)
    values = np.full(days.size, np.datetime64("NaT"), dtype="datetime64[us]")
    values[known] = clock.instants(clock.seconds(days[known]))
    return pd.Series(values).dt.tz_localize("UTC")


def stay_rows(seed: int, people: Table, stay: Table, labs: Table) -> pd.DataFrame:
    """Return one row a stay as known at 08:00 on the day of discharge, and ``disposition``.

    ``stay`` has at least what :func:`stays.follow` returns; ``labs`` are the results of these stays.
    """
    row = stay["row"]
    asked_at = np.floor(stay["discharge"]) + 8 / 24 - clock.summer_shift(stay["discharge"])
    known = last_known(labs, STAY_RESULTS, stay["admit"], np.arange(row.size), asked_at)
    attending_u = uniform(seed, stay["person"], stay["day"] + DAY, 0, Purpose.ATTENDING)[0]
    zip_u = uniform(seed, stay["person"], 0, 0, Purpose.ADDRESS)[3]
    home = people["site"][row]
    table = {
        "site": SITES[stay["site"]],
        "admitted_at": instants(stay["admit"]),
        "asked_at": instants(np.maximum(asked_at, stay["admit"])),
        "discharged_at": instants(stay["discharge"]),
        "age": np.floor(stay["age"]).astype(np.int64),
        "sex": np.where(stay["female"], "female", "male").astype(object),
        "race": np.array([*sheet.RACES, None], dtype=object)[people["recorded_race"][row]],
        "interpreter": stay["interpreter"],
        "payer": np.array(sheet.PAYERS, dtype=object)[stay["payer"]],
        "zip": [zip_code(site, u) for site, u in zip(home, zip_u, strict=True)],
        "attending": [f"A{site}{int(u * 40):02d}" for site, u in zip(stay["site"], attending_u, strict=True)],
        "planned": stay["planned"],
        "group": np.array(sheet.GROUPS, dtype=object)[stay["group"]],
        "los_days": np.round(np.maximum(asked_at - stay["admit"], 0), 3),  # so far
        "stays_before": stay["stays_before"],
        "emergency_before": stay["emergency_before"],
        "charlson": stay["charlson"].astype(np.int64),
    }
    table |= {name: stay[name].astype(bool) for name in sheet.CONDITIONS}
    table |= {name: known[name] for name in STAY_RESULTS}
    return pd.DataFrame(table | {"disposition": np.array(sheet.DISPOSITIONS, dtype=object)[stay["disposition"]]})


def written_later(seed: int, people: Table, stay: Table, end: float) -> pd.DataFrame:
    """Return what is written about a stay after discharge: the outcome as far as it is seen, and what betrays it."""
    codes_u, show_u, bill_u, _ = uniform(seed, stay["person"], stay["day"] + DAY, 0, Purpose.AFTERWARDS)
    day = np.where(np.isnan(stay["returned_at"]), stay["next_day"], stay["returned_at"] - stay["discharge"])
    here = (stay["next_event"] == 1) & (day <= 30)
    came = np.isin(stay["next_event"], [1, 2]) & (day <= 30)
    # what betrays the outcome is planted with the strengths of the parameter sheet (4.2, bite tests L1, L2, L2b)
    codes = 1 + _poisson(codes_u, 1.1 + 0.25 * stay["charlson"] + 2.1 * here)
    shows = np.select([came & (day < 14), came], [0.78, 0.45], 0.21)
    seen = stay["discharge"] + 30 <= end
    died = (stay["next_event"] == 4) & (day <= 30)
    shows = np.where(died & (day < 14), 1.0, shows)  # the dead miss their appointments
    dead = pd.array(died, dtype="boolean")
    dead[~seen] = pd.NA
    billed = np.where(bill_adjusted(bill_u, came), "adjusted", "final").astype(object)
    missing = pd.array(np.where(seen, here, False), dtype="boolean")
    missing[~seen] = pd.NA
    return pd.DataFrame(
        {
            "called": stay["called"],
            "held_out": stay["held_out"],
            "code_count": codes,
            "no_show": show_u < shows,
            "billing_status": billed,
            "cost_year": np.round(people["cost"][stay["row"]], 2),
            "sepsis_clinical": stay["clinical_label"],
            "sepsis_claims": stay["claims_label"],
            "deteriorated_at": instants(event_time(seed, stay)),
            "readmitted_30d": missing,
            "days_to_readmission": np.where(seen & here, np.round(day, 3), np.nan),
            "died_30d": dead,
        }
    )


def bill_adjusted(u: np.ndarray, came: np.ndarray) -> np.ndarray:
    """Return which bills are adjusted: far more of those whose patients came back within thirty days."""
    return u < np.where(came, 0.55, 0.045)


def _poisson(u: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return Poisson counts by the inverse distribution function."""
    count, term = np.zeros(u.size, dtype=np.int64), np.exp(-mean)
    total = term.copy()
    for k in range(1, 40):
        more = u > total
        if not more.any():
            break
        count[more] = k
        term = term * mean / k
        total = total + term
    return count


def event_time(seed: int, stay: Table) -> np.ndarray:
    """Return when each stay deteriorated (days), NaN for never: after the score of its window, before the next one."""
    window = np.maximum(stay["event"], 0)
    u = uniform(seed, stay["person"], stay["day"] + DAY, window, Purpose.EVENT_TIME)[0]
    moment = stay["admit"] + window * sheet.WINDOW + KNOWN_AFTER + u * (sheet.WINDOW - KNOWN_AFTER)
    return np.where(stay["event"] >= 0, moment, np.nan)


def last_known(labs: Table, names: tuple[str, ...], admit: np.ndarray, owner: np.ndarray, at: np.ndarray) -> Table:
    """Return, per (stay ``owner``, moment ``at``), the last value of each analyte that had been issued by then."""
    found = {}
    for name in names:
        here = labs["analyte"] == sheet.ANALYTE[name]
        issued = labs["time"][here] + labs["delay"][here]
        place = last_before(labs["stay"][here], issued, admit, owner, at)
        decimals = 2 if name in ("creatinine", "albumin", "lactate") else 1
        values = np.append(np.round(labs["value"][here], decimals), np.nan)
        found[name] = values[place]
    return found


def last_before(of: np.ndarray, moment: np.ndarray, admit: np.ndarray, owner: np.ndarray, at: np.ndarray):
    """Return places in the unsorted rows ``of``/``moment``; -1 (the last place of the appended NaN) for none."""
    span = 200.0  # days; longer than any stay, so that stays do not overlap on one axis
    axis = of * span + np.clip(moment - admit[of], 0, span / 2)
    order = np.argsort(axis, kind="stable")
    place = np.searchsorted(axis[order], owner * span + np.clip(at - admit[owner], 0, span / 2), side="right") - 1
    found = np.where(place >= 0, order[np.maximum(place, 0)], -1) if order.size else np.full(owner.size, -1)
    right = (found >= 0) & (of[found] == owner) if order.size else np.zeros(owner.size, dtype=bool)
    return np.where(right, found, -1)


def window_columns(people: Table, stay: Table, windows: Table, vitals: Table, labs: Table) -> Table:
    """Return the columns of :func:`window_frame`, one entry a window, as known one hour after it begins.

    ``stay`` needs what :func:`sepsis.recognition` returns; ``vitals`` and ``labs`` are those of the same stays.
    """
    owner, window = windows["stay"], windows["window"]
    at = stay["admit"][owner] + window * sheet.WINDOW + KNOWN_AFTER
    ward = vitals["stay"] >= 0
    vitals = {name: column[ward] for name, column in vitals.items()}
    labs = _of_wards(labs)
    place = last_before(vitals["stay"], vitals["time"], stay["admit"], owner, at)
    table = {
        "site": SITES[stay["site"][owner]],
        "at": at,
        "window": window,
        "age": np.floor(stay["age"][owner]).astype(np.int64),
        "sex": np.where(stay["female"][owner], "female", "male").astype(object),
        "race": np.array([*sheet.RACES, None], dtype=object)[people["recorded_race"][stay["row"][owner]]],
        "planned": stay["planned"][owner],
    }
    for name in sheet.VITALS:
        table[name] = np.append(vitals[name].astype(float), np.nan)[place]
    taken = np.append(vitals["time"], np.nan)[place]
    table["vitals_age_hours"] = np.round((at - taken) * 24, 2)
    table |= last_known(labs, WINDOW_RESULTS, stay["admit"], owner, at)
    comfort_at = np.where(stay["comfort"], stay["admit"] + 0.5 * (stay["leave"] - stay["admit"]), np.inf)
    table |= {
        "vital_sets": _count_before(vitals["stay"], vitals["time"], stay["admit"], owner, at),
        "lactate_drawn": ~np.isnan(table["lactate"]),
        "culture_ordered": stay["order_at"][owner] <= at,
        "antibiotic_given": stay["antibiotic_at"][owner] <= at,
        "comfort_care": comfort_at[owner] <= at,
    }
    return table


def window_frame(columns: Table) -> pd.DataFrame:
    """Return ward windows as the warehouse has them."""
    return pd.DataFrame(columns | {"at": instants(columns["at"])})


def _count_before(of, moment, admit, owner, at) -> np.ndarray:
    """Return how many rows of the same stay lie at or before each moment."""
    span = 200.0
    axis = np.sort(of * span + np.clip(moment - admit[of], 0, span / 2))
    upto = np.searchsorted(axis, owner * span + np.clip(at - admit[owner], 0, span / 2), side="right")
    return upto - np.searchsorted(axis, owner * span, side="left")


def window_outcome(stay: Table, windows: Table, end: float) -> pd.DataFrame:
    """Return what becomes known of a window: deterioration within 24 hours (three windows), alert, answer."""
    event = stay["event"][windows["stay"]]
    ahead = event - windows["window"]
    outcome = pd.array((event >= 0) & (ahead < 3), dtype="boolean")
    at = stay["admit"][windows["stay"]] + windows["window"] * sheet.WINDOW
    outcome[at + 1 > end] = pd.NA
    return pd.DataFrame({"deteriorates_24h": outcome, "alert": windows["alert"], "answered": windows["answered"]})


def emergency_rows(people: Table, visits: Table, vitals: Table) -> pd.DataFrame:
    """Return one row an emergency visit as known at the end of triage, then what becomes known later."""
    row = visits["row"]
    desk = vitals["visit"] >= 0
    place = np.full(row.size, -1)
    place[vitals["visit"][desk]] = np.arange(int(desk.sum()))
    table = {
        "site": SITES[visits["site"]],
        "arrived_at": instants(visits["arrive"]),
        "age": np.floor(people["age"][row] + visits["day"] / 365.25).astype(np.int64),
        "sex": np.where(people["female"][row], "female", "male").astype(object),
        "race": np.array([*sheet.RACES, None], dtype=object)[people["recorded_race"][row]],
        "interpreter": people["interpreter"][row],
        "emergency_before": visits["emergency_before"],
    }
    for name in sheet.VITALS:
        table[name] = vitals[name][desk].astype(float)[place]
    return pd.DataFrame(
        table
        | {
            "esi": visits["assigned"],
            "admitted": visits["admitted"],
            "transferred": visits["critical"] & ~visits["admitted"] & np.isnan(visits["observed_until"]),
            "critical_12h": visits["critical"],
        }
    )


def tables(world: World) -> dict[str, tuple[pd.DataFrame, np.ndarray]]:
    """Return the three tables of a world before its end, each with the moments (days) to which its rows belong.

    Rows keep the order of ``world.stays``, ``world.windows`` and ``world.visits``, without those outside the record:
    stays still open, whatever began before its first day.
    """
    seed, people, stay, windows, visits, end = (
        *(world.seed, world.people, world.stays, world.windows, world.visits, world.end),
    )
    done = recorded(stay["admit"], stay["site"]) & (stay["discharge"] < end)
    # a stay's own results: positions in ``labs`` are positions among all stays, so rows are made for all and then cut
    rows = pd.concat(
        [stay_rows(seed, people, stay, _of_wards(world.labs)), written_later(seed, people, stay, end)], axis=1
    )
    starts = stay["admit"][windows["stay"]] + windows["window"] * sheet.WINDOW
    begun = recorded(stay["admit"], stay["site"])[windows["stay"]] & (starts + KNOWN_AFTER < end)
    ward = pd.concat(
        [
            window_frame(window_columns(people, stay, windows, world.vitals, world.labs)),
            window_outcome(stay, windows, end),
        ],
        axis=1,
    )
    came = recorded(visits["arrive"], visits["site"]) & (visits["leave"] < end)
    desk = emergency_rows(people, visits, world.vitals)
    return {
        "stays": (rows[done], stay["discharge"][done]),
        "windows": (ward[begun], starts[begun]),
        "emergency": (desk[came], visits["arrive"][came]),
    }


def write_warehouse(shard: Shard, world: World, contacts: Contacts) -> None:
    """Write the three tables as Parquet, with the ids of the export: ``encounter_id`` and ``patient_id`` first."""
    for name, (rows, _) in tables(world).items():
        place = world.windows["stay"][rows.index] if name == "windows" else rows.index.to_numpy()
        visits = name == "emergency"
        encounter = (contacts.visit if visits else contacts.stay)[place]
        rows.insert(0, "encounter_id", encounter)
        rows.insert(1, "patient_id", (contacts.visit_patient if visits else contacts.stay_patient)[place])
        shard.save("warehouse", name, rows)


def _of_wards(labs: Table) -> Table:
    ward = labs["stay"] >= 0
    return {name: column[ward] for name, column in labs.items()}
