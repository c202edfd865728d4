"""The desk's evening: the visits that are there now, as the hospital's record and the desk's own log have them.

Four assumptions, all said on the page. The evening is one of the record's, its arrivals moved into the three hours
before the application started, their order kept. It is the last on which something happened that a desk must cope
with: somebody unsteady, a value that nobody took, and one out of its range. A reading is known from the minute it
was taken. Comfort care is known where the last stay ended in hospice, and of one more visit at least, the oldest one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from wardround.triage.said import Reading, Visit

if TYPE_CHECKING:
    from wardround.records import Hospital

SIGNS = {  # name of a vital sign -> LOINC code, unit
    "heart_rate": ("8867-4", "/min"),
    "respiratory_rate": ("9279-1", "/min"),
    "temperature": ("8310-5", "°C"),
    "saturation": ("59408-5", "%"),
    "systolic": ("8480-6", "mmHg"),
    "diastolic": ("8462-4", "mmHg"),
}
LABELS = {
    "heart_rate": "Heart rate",
    "respiratory_rate": "Respiratory rate",
    "temperature": "Temperature",
    "saturation": "Oxygen saturation",
    "systolic": "Systolic pressure",
    "diastolic": "Diastolic pressure",
}
LOG = "desk/override_log.csv"  # beside the export: what the desk wrote down, wrong and missing values too
VISITS = 24
SPAN = dt.timedelta(hours=3)
LISTED = dt.timedelta(hours=6)
TAKEN_AFTER = dt.timedelta(minutes=5)  # after arrival, where the record has no time for a reading


class NoSuchVisit(KeyError):
    """Nobody at this desk has this number; the message says so."""

    def __str__(self) -> str:
        return f"There is no visit {self.args[0]!r} at this desk; choose one from the worklist."


@dataclass(frozen=True)
class Feed:
    """When the desk's data last came in (UTC), and why they are late; ``why`` is empty where they are not held up."""

    last_at: dt.datetime
    why: str = ""


class Desk:
    """The visits of one evening.

    Parameters
    ----------
    hospital
        Opened export with a warehouse.
    started
        When the application started, UTC.

    Attributes
    ----------
    late_by
        How long the feed has been held up: what came later is not known yet. The administrator sets it to practise.
    """

    def __init__(self, hospital: Hospital, started: dt.datetime) -> None:
        table = evening(hospital)
        if table.empty:
            raise ValueError(f"{hospital.path} has no emergency visits in a warehouse; take a hospital that has them.")
        self.started = started
        self.late_by = dt.timedelta(0)
        self.begins: dt.datetime = table["arrived_at"].iloc[0].to_pydatetime()
        self._visits = {one.encounter_id: one for one in _visits(hospital, table, started)}

    def visits(self, now: dt.datetime) -> list[Visit]:
        """Return who is on the list now, by arrival: what the feed has brought, and not older than six hours."""
        until = now - self.late_by
        return [_known(one, until) for one in self._visits.values() if now - LISTED <= one.arrived_at <= until]

    def visit(self, encounter_id: str, now: dt.datetime) -> Visit:
        """Return one visit as it is known now, also one that has left the list.

        Raises
        ------
        NoSuchVisit
            It is not of this desk, or the feed has not brought it yet.
        """
        until = now - self.late_by
        found = self._visits.get(encounter_id)
        if found is None or found.arrived_at > until:
            raise NoSuchVisit(encounter_id)
        return _known(found, until)

    def feed(self, now: dt.datetime) -> Feed:
        """Return when data last came in, and why they are late."""
        if not self.late_by:
            return Feed(now)
        minutes = round(self.late_by.total_seconds() / 60)
        return Feed(now - self.late_by, f"The desk's data are {minutes} minutes old.")


def evening(hospital: Hospital) -> pd.DataFrame:
    """Return the rows of ``warehouse.emergency`` that make the evening, by arrival, with the desk's values."""
    there = hospital.warehouse.keys()
    if "emergency" not in there:
        return pd.DataFrame()
    table = hospital.warehouse.emergency.sort_values(["arrived_at", "encounter_id"], ignore_index=True)
    table = _as_written(table, hospital.path.parent / LOG)
    last = _last_eventful(table)
    return table.iloc[max(last - VISITS, 0) : last].reset_index(drop=True)


def _as_written(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The vital signs as the desk's log has them: the minute and the age name a visit there."""
    table = table.assign(in_log=False)
    if not path.is_file():
        return table
    log = pd.read_csv(path)
    signs = [name for name in SIGNS if name in log]
    log = log.assign(arrived_at=pd.to_datetime(log["arrived_at"], utc=True))[["arrived_at", "age", *signs]]
    log = log.drop_duplicates(["arrived_at", "age"], keep=False)
    found = table[["arrived_at", "age"]].merge(log, on=["arrived_at", "age"], how="left", indicator=True)
    here = (found["_merge"] == "both").to_numpy() & ~table.duplicated(["arrived_at", "age"], keep=False).to_numpy()
    written = {name: table[name].astype(float).where(~here, found[name].to_numpy(float)) for name in signs}
    return table.assign(**written, in_log=here)


def _last_eventful(table: pd.DataFrame) -> int:
    """Return where the last evening ends on which all three things happened; the end of the record where none was."""
    signs = table[list(SIGNS)].to_numpy(float)
    pulse, breath, warm, oxygen, pressure, _ = signs.T
    wrong = (oxygen < 70) | (pressure < 60) | (pulse > 220) | (breath < 6) | (warm > 41.5)
    unsteady = ~wrong & ((pressure <= 90) | (breath >= 25) | (pulse >= 131))
    unknown = np.isnan(signs).any(axis=1)
    size = len(table)
    if size <= VISITS:
        return size
    happened = np.column_stack([wrong, unsteady, unknown])
    counted = np.cumsum(np.vstack([np.zeros(3, dtype=int), happened]), axis=0)
    ends = np.flatnonzero((counted[VISITS:] > counted[:-VISITS]).all(axis=1)) + VISITS
    return int(ends[-1]) if ends.size else size


def _visits(hospital: Hospital, table: pd.DataFrame, started: dt.datetime) -> Iterable[Visit]:
    people = _people(hospital, table["patient_id"])
    arrived = _moved(table["arrived_at"], started)
    later = _taken_after(hospital, table)
    comfort = _comfort(hospital, table)
    for place, row in enumerate(table.itertuples()):
        at = arrived[place]
        readings = {
            name: Reading(name, float(value), unit, at + later.get((row.encounter_id, name), TAKEN_AFTER))
            for name, (_, unit) in SIGNS.items()
            if not np.isnan(value := getattr(row, name))
        }
        person = people.get(row.patient_id, {})
        yield Visit(
            encounter_id=row.encounter_id,
            patient_id=row.patient_id,
            name=person.get("name", ""),
            birth_date=person.get("birth_date"),
            sex=str(row.sex),
            site=str(row.site),
            arrived_at=at,
            readings=readings,
            comfort_care=bool(comfort[place]),
            interpreter=bool(row.interpreter),
            emergency_before=int(row.emergency_before),
        )


def _moved(arrived: pd.Series, started: dt.datetime) -> list[dt.datetime]:
    """Arrivals squeezed into the three hours before the start: the first at its beginning, the last ten minutes ago."""
    since = (arrived - arrived.iloc[0]).dt.total_seconds().to_numpy()
    share = since / since[-1] if since[-1] > 0 else since
    room = SPAN - dt.timedelta(minutes=10)
    return [started - SPAN + room * float(one) for one in share]


def _people(hospital: Hospital, wanted: pd.Series) -> dict[str, dict]:
    table = hospital.tables.patients
    table = table[table["patient_key"].isin(set(wanted))]
    return {
        row.patient_key: {
            "name": " ".join(str(one) for one in (row.given, row.family) if isinstance(one, str) and one.strip()),
            "birth_date": _date(row.birth_date),
        }
        for row in table.itertuples()
    }


def _date(text: object) -> dt.date | None:
    """A whole date; a year alone is no birth date."""
    try:
        return dt.date.fromisoformat(str(text))
    except ValueError:
        return None


def _taken_after(hospital: Hospital, table: pd.DataFrame) -> dict[tuple[str, str], dt.timedelta]:
    """How long after arrival each reading was taken, as the chart says."""
    names = {code: name for name, (code, _) in SIGNS.items()}
    vitals = hospital.tables.vitals
    vitals = vitals[vitals["encounter_key"].isin(set(table["encounter_id"])) & vitals["loinc"].isin(names)]
    vitals = vitals.merge(table[["encounter_id", "arrived_at"]], left_on="encounter_key", right_on="encounter_id")
    after = (vitals["effective_at"] - vitals["arrived_at"]).dt.total_seconds()
    return {
        (key, names[code]): dt.timedelta(seconds=float(seconds))
        for key, code, seconds in zip(vitals["encounter_key"], vitals["loinc"], after, strict=True)
        if 0 <= seconds < 3600
    }


def _comfort(hospital: Hospital, table: pd.DataFrame) -> np.ndarray:
    """Whose last stay before ended in hospice, and the oldest one in any case."""
    known = np.arange(len(table)) == table["age"].to_numpy().argmax()
    there = hospital.warehouse.keys()
    if "stays" not in there:
        return known
    stays = hospital.warehouse.stays
    stays = stays[stays["patient_id"].isin(set(table["patient_id"]))]
    for place, row in enumerate(table.itertuples()):
        before = stays[(stays["patient_id"] == row.patient_id) & (stays["discharged_at"] <= row.arrived_at)]
        known[place] |= bool(len(before)) and before.sort_values("discharged_at")["disposition"].iloc[-1] == "hospice"
    return known


def _known(visit: Visit, until: dt.datetime) -> Visit:
    """The visit with the readings that had been taken by then."""
    readings = {name: one for name, one in visit.readings.items() if one.at is None or one.at <= until}
    return visit if len(readings) == len(visit.readings) else replace(visit, readings=readings)
