"""The warehouse's case list: every contact of every person, and every death, after the work of week two.

Clerks have settled who is who, times are mended, and stays in other hospitals are added as soon as a payer has paid for
them. What a *stay* is (a chain of transfers? an observation stay?) is left to whoever counts: a row is a contact.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from . import claims, clock
from . import parameters as sheet
from .entries import EMER, IMP
from .people import Table
from .sources import DAY_SECONDS, Source
from .warehouse import SITES, recorded

KINDS = ("emergency", "inpatient", "observation")  # in the order of ``entries.EMER, IMP, OBSENC``
GOES_ON = "admitted"  # the disposition of an emergency visit that ends on a ward or in observation


def contact_rows(source: Source, bills: Table) -> pd.DataFrame:
    """Return one row a contact, in the order of persons and admission.

    Parameters
    ----------
    bills : table
        What :func:`claims.bills` returns.

    Returns
    -------
    DataFrame
        ``contact_id person_id kind hospital admitted_at discharged_at disposition planned group known_at``. Times are
        UTC instants; a contact that is still open has no end and no disposition.
    """
    made = pd.concat([_own(source), _elsewhere(source, bills)], ignore_index=True)
    made["kind"] = pd.Series(made["kind"], dtype="str")
    return made.sort_values(["person_id", "admitted_at", "contact_id"], ignore_index=True)


def death_rows(source: Source) -> pd.DataFrame:
    """Return ``person_id died_at known_from``: all deaths before the end, from the record or the state's register."""
    rows, dead = source.patients.exported, source.world.people["dead"]
    rows = rows[np.isfinite(dead[rows]) & (dead[rows] < source.world.end)]
    here = np.array([row in source.patients.died for row in rows.tolist()], dtype=bool)
    return pd.DataFrame(
        {
            "person_id": source.patients.person_ids(rows),
            "died_at": _utc(clock.seconds(dead[rows])),
            "known_from": np.where(here, "record", "register"),
        }
    ).sort_values("person_id", ignore_index=True)


def _own(source: Source) -> pd.DataFrame:
    table = source.chart.encounters
    at = np.flatnonzero(recorded(table["start"] / DAY_SECONDS, table["site"]))
    row = {name: column[at] for name, column in table.items()}
    goes_on = (row["cls"] == EMER) & ((row["stay"] >= 0) | (row["disposition"] == -2))
    names = np.array([*sheet.DISPOSITIONS, GOES_ON, None], dtype=object)
    left = np.where(row["disposition"] >= 0, row["disposition"], sheet.HOME)
    left = np.select([row["open"], goes_on], [len(names) - 1, len(names) - 2], left)
    ends = _utc(row["stop"]).mask(row["open"])
    return pd.DataFrame(
        {
            "contact_id": np.array(source.encounter, dtype=object)[at],
            "person_id": source.patients.person_ids(row["row"]),
            "kind": np.array(KINDS, dtype=object)[row["cls"]],
            "hospital": SITES[row["site"]],
            "admitted_at": _utc(row["start"]),
            "discharged_at": ends,
            "disposition": names[left],
            "planned": row["planned"].astype(bool) & (row["cls"] == IMP),
            "group": np.array([*sheet.GROUPS, None], dtype=object)[np.where(row["cls"] == IMP, row["group"], -1)],
            "known_at": ends.fillna(_utc(np.array([source.end]))[0]),
        }
    )


def _elsewhere(source: Source, bills: Table) -> pd.DataFrame:
    """Return the stays that only payers know, as far as they have been paid for."""
    last_day = int(source.end // DAY_SECONDS)
    at = np.flatnonzero((bills["facility"] == claims.ELSEWHERE) & (bills["paid_day"] < last_day))
    row = {name: column[at] for name, column in bills.items()}
    start = source.world.stays["discharge"][row["stay"]] + source.world.stays["next_day"][row["stay"]]
    return pd.DataFrame(
        {
            "contact_id": [f"C{number:010X}" for number in row["number"].tolist()],
            "person_id": source.patients.person_ids(row["row"]),
            "kind": "inpatient",
            "hospital": claims.FACILITIES[claims.ELSEWHERE],
            "admitted_at": _utc(clock.seconds(start)),
            "discharged_at": _utc(clock.seconds(start + row["hours"] / 24)),
            "disposition": np.array(sheet.DISPOSITIONS, dtype=object)[row["disposition"]],
            "planned": False,
            "group": np.array(sheet.GROUPS, dtype=object)[row["group"]],
            "known_at": _utc(row["paid_day"] * DAY_SECONDS),
        }
    )


def _utc(seconds: np.ndarray) -> pd.Series:
    return pd.Series(clock.instants(seconds)).dt.tz_localize("UTC")
