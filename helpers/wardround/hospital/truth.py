"""The truth of a hospital as Parquet: for keys and tests; lessons open it only through ``reveal``."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from . import clock, stays
from . import parameters as sheet
from .causes import CAUSES, VARIABLES
from .chart import Chart
from .contacts import Contacts
from .errors import HospitalError
from .faults import LEDGER
from .keys import ids
from .notes import Notes
from .patients import Patients
from .response import HELP
from .warehouse import LATER, instants
from .world import World

if TYPE_CHECKING:
    from .shard import Shard

STATES = ("readmitted", "died_first", "neither", "not_observable")


def write_truth(
    shard: Shard,
    world: World,
    chart: Chart,
    patients: Patients,
    contacts: Contacts,
    notes: Notes,
    ledger: list[tuple],
    beside: dict[str, pd.DataFrame],
) -> None:
    """Write every table of the truth as Parquet; of a hospital of several parts each table is a folder."""
    ledger = [(*entry[:-1], shard.part(entry[-1])) for entry in ledger]
    tables = {
        "persons": _persons(world, patients),
        "stays": _stays(world, chart, patients, contacts),
        "sepsis": _sepsis(world, contacts),
        "effects": _effects(world, contacts),
        "windows": _windows(world, contacts),
        "emergency": _emergency(world, contacts),
        "identities": _identities(patients),
        "note_spans": _note_spans(chart, notes),
        "causes": pd.DataFrame(CAUSES, columns=["cause", "effect", "what"]),
        "variables": pd.DataFrame(VARIABLES, columns=["name", "kind", "meaning"]),
        "availability": pd.DataFrame(
            [(*name, when) for name, when in LATER.items()], columns=["table", "column", "known"]
        ),
        "ledger": pd.DataFrame(sorted(ledger, key=lambda entry: entry[:5]), columns=list(LEDGER)),
    } | beside
    for name, table in tables.items():
        if shard.number == 0 or name not in ("causes", "variables", "availability"):
            shard.save("truth", name, table)


def _persons(world: World, patients: Patients) -> pd.DataFrame:
    rows, people = patients.exported, world.people
    records: dict[int, list[str]] = {}
    for row, name in zip(patients.row.tolist(), patients.patient_ids(), strict=True):
        records.setdefault(row, []).append(name)
    dead = people["dead"][rows]
    known = np.isfinite(dead) & (dead < world.end)
    died = np.full(rows.size, np.datetime64("NaT"), dtype="datetime64[us]")
    died[known] = clock.instants(clock.seconds(dead[known]))
    table = {"person_id": patients.person_ids(rows), "patient_ids": [records[row] for row in rows.tolist()]}
    table |= {
        "home_site": np.array(["quillmere", "eastbank"])[people["site"][rows]],
        "race": np.array(sheet.RACES)[people["race"][rows]],
        "recorded_race": np.array([*sheet.RACES, "missing"])[people["recorded_race"][rows]],
        "payer": np.array(sheet.PAYERS)[people["payer"][rows]],
    }
    table |= {name: people[name][rows] for name in ("female", "interpreter", "reached")}
    for name in ("age", "social", "frailty", "brittleness", "distance", "charlson", "support", "need", "cost"):
        table[name] = np.round(people[name][rows], 4)
    for column, name in enumerate(sheet.CONDITIONS):
        table[name] = people["condition"][rows, column]
    return pd.DataFrame(table | {"died_at": died, "death_recorded": [row in patients.died for row in rows.tolist()]})


def _stays(world: World, chart: Chart, patients: Patients, contacts: Contacts) -> pd.DataFrame:
    """Return one row a stay that begins in the export; after a move its encounter is the last one."""
    encounters, source = chart.encounters, world.stays
    stay = np.flatnonzero(contacts.last >= 0)
    first, last = contacts.first[stay], contacts.last[stay]
    row = {name: column[stay] for name, column in source.items()}
    table = {
        "encounter_id": contacts.stay[stay],
        "earlier_encounter_id": contacts.earlier[stay],
        "emergency_encounter_id": contacts.emergency[stay],
        "person_id": patients.person_ids(row["row"]),
        "patient_id": contacts.stay_patient[stay],
        "site": np.array(["quillmere", "eastbank"])[encounters["site"][last]],
        "home_site": np.array(["quillmere", "eastbank"])[row["site"]],
        "admitted_at": clock.instants(encounters["start"][first]),
        "discharged_at": pd.Series(clock.instants(encounters["stop"][last])).mask(encounters["open"][last]),
        "in_progress": encounters["open"][last],
        "los_days": np.round((encounters["stop"][last] - encounters["start"][first]) / 86_400, 4),
        "group": np.array(sheet.GROUPS)[row["group"]],
        "disposition": np.where(
            encounters["open"][last], None, np.array(sheet.DISPOSITIONS, object)[row["disposition"]]
        ),
        "payer": np.array(sheet.PAYERS)[row["payer"]],
    }
    table |= {name: row[name] for name in ("planned", "interpreter", "septic", "called", "held_out", "y0", "y1")}
    table |= _outcome(world, encounters, first, last, row) | {"lace": row["lace"].astype(np.int64)}
    table |= {"stays_before": row["stays_before"], "emergency_before": row["emergency_before"]}
    table |= {"deterioration_window": row["event"], "onset_window": row["onset"]}
    for name in ("age", "frailty", "acuity", "instability", "p0", "p1", "benefit", "p_call", "p_death"):
        table[name] = np.round(row[name], 5)
    return pd.DataFrame(table | {"p_true": table["p0"]})


def _outcome(world: World, encounters: dict, first: np.ndarray, last: np.ndarray, row: dict) -> dict:
    """Return index, the four-state outcome, its day, and where an unplanned readmission went.

    A stay is an index stay if its person left alive, not against advice, not to hospice and not to another acute
    hospital, and thirty days after it lie inside the data. The clock is exact: 30 x 24 hours from discharge to
    admission. A planned return first means ``neither``.
    """
    kind, day = row["next_event"], row["next_day"]
    here = np.isin(kind, [stays.BACK_HERE, stays.BACK_PLANNED])
    day = np.where(here & ~np.isnan(row["returned_at"]), row["returned_at"] - row["discharge"], day)
    happens = (kind != stays.NOTHING) & (day <= 30)
    seen = row["discharge"] + np.where(happens, day, 30) <= world.end
    back = np.isin(kind, [stays.BACK_HERE, stays.BACK_ELSEWHERE])
    state = np.select(
        [~seen, happens & back, happens & (kind == stays.DIED_OUTSIDE)], ["not_observable", *STATES[:2]], "neither"
    )
    closed = ~encounters["open"][last]
    leaves = ~np.isin(row["disposition"], [sheet.DIED, sheet.HOSPICE, sheet.AMA, sheet.TRANSFER])
    alive = closed & (row["disposition"] != sheet.DIED)
    event = np.array(["none", "unplanned_here", "unplanned_elsewhere", "planned", "died"])[np.where(happens, kind, 0)]
    return {
        "eligible": closed & leaves,
        "index": closed & leaves & (row["discharge"] + 30 <= world.end),
        "outcome": np.where(alive, state, None),
        "next_event": np.where(alive & seen, event, None),
        "next_day": np.where(alive & seen & happens, np.round(day, 4), np.nan),
        "followed": row["followed"] & closed,
    }


def _sepsis(world: World, contacts: Contacts) -> pd.DataFrame:
    """Return truth, recognition and both labels of every stay that begins in the export; times are UTC instants."""
    here = np.flatnonzero(contacts.last >= 0)
    row = {name: column[here] for name, column in world.stays.items()}
    table = {
        "encounter_id": contacts.stay[here],
        "septic": row["septic"],
        "on_admission": row["septic"] & (row["onset"] < 0),
    }
    table |= {name: instants(row[name]) for name in ("onset_at", "criteria_at", "order_at", "antibiotic_at")}
    return pd.DataFrame(table | {name: row[name] for name in ("clinical_label", "claims_label")})


def _effects(world: World, contacts: Contacts) -> pd.DataFrame:
    """Return what a care call and a nurse's response would change, stay by stay.

    ``p0``/``p1`` and ``y0``/``y1``: unplanned readmission within 30 days without and with a call. ``p_worse`` and
    ``p_worse_watched``: deterioration during the stay without any response, and with one that never ends.
    """
    here = np.flatnonzero(contacts.last >= 0)
    row = {name: column[here] for name, column in world.stays.items()}
    table = {"encounter_id": contacts.stay[here]}
    table |= {name: row[name] for name in ("eligible_home", "held_out", "called", "y0", "y1")}
    table |= {name: np.round(row[name], 5) for name in ("p0", "p1", "benefit", "p_call")}
    windows = world.windows
    for name, factor in (("p_worse", 1.0), ("p_worse_watched", HELP)):
        calm = np.bincount(windows["stay"], np.log1p(-windows["hazard"] * factor), world.stays["row"].size)
        table[name] = np.round(-np.expm1(calm), 5)[here]
    return pd.DataFrame(table)


def _windows(world: World, contacts: Contacts) -> pd.DataFrame:
    """Return the latent course of every ward window; ``p_24h`` is the chance to get worse in it or the next two."""
    windows = world.windows
    known = np.flatnonzero(contacts.last[windows["stay"]] >= 0)
    calm = np.log1p(-windows["hazard"])
    ahead = calm.copy()
    for step in (1, 2):
        same = windows["stay"][step:] == windows["stay"][:-step]
        ahead[:-step] += np.where(same, calm[step:], 0.0)
    table = {"encounter_id": contacts.stay[windows["stay"]], "window": windows["window"]}
    table |= {name: np.round(windows[name], 4) for name in ("acuity", "respiratory")}
    table |= {"hazard": np.round(windows["hazard"], 6), "p_24h": np.round(-np.expm1(ahead), 6)}
    return pd.DataFrame(table).iloc[known].reset_index(drop=True)


def _emergency(world: World, contacts: Contacts) -> pd.DataFrame:
    """Return what was true at the door of every emergency visit in the export."""
    visits = world.visits
    here = np.flatnonzero(np.not_equal(contacts.visit, None))
    table = {"encounter_id": contacts.visit[here], "acuity": np.round(visits["acuity"][here], 4)}
    table |= {name: visits[name][here] for name in ("deserved", "assigned", "admitted", "critical")}
    table |= {
        "p_critical": np.round(visits["p_critical"][here], 5),
        "critical_at": instants(visits["critical_at"][here]),
    }
    return pd.DataFrame(table)


def _note_spans(chart: Chart, notes: Notes) -> pd.DataFrame:
    """Return every planted identifier: note, first and last character, kind, text."""
    names = ids("DocumentReference", chart.notes["bits"])
    rows = [(names[place], *rest) for place, *rest in notes.spans]
    return pd.DataFrame(rows, columns=["note_id", "begin", "end", "kind", "text"])


def _identities(patients: Patients) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "patient_id": patients.patient_ids(),
            "person_id": patients.person_ids(patients.row),
            "second_record": patients.record == 1,
            "mrn": patients.number,
        }
    )


class Truth:
    """The truth of a hospital on disk; every Parquet file of ``truth/`` is an attribute, read when first asked for.

    Examples
    --------
    >>> open_truth("datasets/quillmere").ledger.groupby("fault").size()  # doctest: +SKIP
    """

    def __init__(self, folder: Path):
        self.folder = folder

    @cached_property
    def _names(self) -> list[str]:
        return sorted(path.stem for path in self.folder.glob("*.parquet"))

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_") or name not in self._names:
            raise AttributeError(f"The truth holds {', '.join(self._names)}; there is no {name!r}.")
        table = pd.read_parquet(self.folder / f"{name}.parquet")
        setattr(self, name, table)
        return table

    def __dir__(self) -> list[str]:
        return self._names


def open_truth(directory: str | Path) -> Truth:
    """Return the truth of the hospital in ``directory``.

    Raises
    ------
    HospitalError
        There is no truth in it: an export of somebody else, or a hospital built for grading and stripped.
    """
    folder = Path(directory) / "truth"
    if not folder.is_dir():
        raise HospitalError(f"There is no truth in {directory}; build a hospital of our own there to have one.")
    return Truth(folder)
