"""Who is counted, and what became of them: one definition of an index stay and of its outcome, with six switches.

The definition is shaped like the hospital-wide readmission measure of the Centers for Medicare & Medicaid Services
(CMS), cut down to what a case list can tell. It stands here once; whoever counts readmissions calls it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from .export import Hospital

OWN = ("quillmere", "eastbank")  # our two sites; whatever else stands in the case list is elsewhere
STATES = ("readmitted", "died_first", "neither", "not_observable")
WATCH = pd.Timedelta(days=30)  # 30 x 24 hours from the minute of discharge, not calendar days
RUN_OUT = pd.Timedelta(days=120)  # until payers have told of stays elsewhere; ours, an assumption
JOIN = pd.Timedelta(hours=24)  # the next contact after a transfer begins by then, or it is no continuation
CONTACTS = ("contact_id", "person_id", "kind", "hospital", "admitted_at", "discharged_at", "disposition", "planned")


@dataclass(frozen=True)
class Definition:
    """The six choices on which two teams with the same words part; the defaults are ours.

    Attributes
    ----------
    joins_transfers : bool
        A chain of transfers between our sites is one stay. Otherwise every contact is a stay of its own, and a move is
        a discharge with an unplanned return in the same minute.
    keeps_against_advice : bool
        Who left against advice is an index stay.
    counts_planned : bool
        A planned return counts as a readmission. Otherwise it ends the watch without one.
    counts_observation : bool
        An observation stay counts like an inpatient stay: it can be an index stay and a readmission.
    counts_elsewhere : bool
        Stays in other hospitals count as outcomes, as far as payers have told; follow-up is whole only after the
        run-out of claims. Otherwise our record alone counts, and thirty days are enough.
    readmission_is_index : bool
        A stay within thirty days of an index stay may be an index stay itself.
    """

    joins_transfers: bool = True
    keeps_against_advice: bool = False
    counts_planned: bool = False
    counts_observation: bool = False
    counts_elsewhere: bool = True
    readmission_is_index: bool = True


OURS = Definition()


def definition_table() -> pd.DataFrame:
    """Return the definition in words: element, our choice, why, the other choice, and the switch between them."""
    rows = [
        (
            "a stay",
            "a chain of inpatient contacts of our two sites, where each next one begins within 24 hours of a transfer",
            "the patient was in hospital without a break; one illness is one stay, and its last hospital sends home",
            "every contact is a stay of its own, as the table of encounters has it",
            "joins_transfers",
        ),
        (
            "who can be counted",
            "left alive, not to hospice, not to another acute hospital",
            "the others cannot come back, are not meant to, or are still in hospital",
            "",
            "",
        ),
        (
            "against advice",
            "left out",
            "the hospital had no chance to prepare the discharge",
            "kept: these patients come back often, and somebody has to care",
            "keeps_against_advice",
        ),
        (
            "observation",
            "observation and emergency visits are neither index stay nor readmission",
            "they are outpatient care, by the rules of payment",
            "observation stays count like stays: the patient lay in a bed",
            "counts_observation",
        ),
        (
            "the outcome",
            "the first of: unplanned stay, planned stay, death, within 30 x 24 hours of discharge",
            "one clock for everybody, and one outcome a stay",
            "",
            "",
        ),
        (
            "a planned return",
            "no readmission, and the watch ends with it",
            "the next cycle of chemotherapy is care as intended; what follows it belongs to that stay",
            "counted: a bed is a bed",
            "counts_planned",
        ),
        (
            "stays elsewhere",
            "count as far as payers have paid for them, so follow-up needs 30 days and 120 more for claims",
            "the patient is as ill in another hospital",
            "our own record alone: known in time, and 30 days are enough",
            "counts_elsewhere",
        ),
        (
            "a readmission",
            "may be an index stay itself",
            "every discharge can go wrong; each is a decision somebody made",
            "starts no new count within 30 days of an index stay",
            "readmission_is_index",
        ),
    ]
    return pd.DataFrame(rows, columns=["element", "our choice", "why", "the other choice", "switch"])


def data_end(contacts: pd.DataFrame) -> pd.Timestamp:
    """Return when the case list was made, which is when its last row was complete (open contacts are known by then)."""
    return contacts["known_at"].max()


def stays(contacts: pd.DataFrame, definition: Definition = OURS) -> pd.DataFrame:
    """Return our own stays, open ones included, in the order of persons and admission.

    Parameters
    ----------
    contacts : DataFrame
        ``hospital.warehouse.contacts`` or rows of it: the columns of ``CONTACTS``, instants with their zone.
    definition : Definition

    Returns
    -------
    DataFrame
        ``contact_id``, ``hospital``, ``discharged_at`` and ``disposition`` of the last contact of each chain,
        ``admitted_at`` and ``planned`` of the first, ``person_id``, ``contacts`` (how many), ``moves_on`` (the patient
        goes on to a next bed of ours: only where transfers are not joined).
    """
    kinds = ["inpatient", "observation"] if definition.counts_observation else ["inpatient"]
    ours = contacts[contacts["kind"].isin(kinds) & contacts["hospital"].isin(OWN)]
    ours = ours.sort_values(["person_id", "admitted_at", "contact_id"], ignore_index=True)
    after = ours.shift(-1)
    gap = after["admitted_at"] - ours["discharged_at"]
    continues = ours["disposition"].eq("transfer") & ours["person_id"].eq(after["person_id"]) & gap.le(JOIN)
    if not definition.joins_transfers:
        return _stay_columns(ours.assign(contacts=1, moves_on=continues))
    chain = (~continues).shift(1, fill_value=True).cumsum()
    first = ours[["admitted_at", "planned"]].groupby(chain).first()
    last = ours[["contact_id", "person_id", "hospital", "discharged_at", "disposition"]].groupby(chain).nth(-1)
    joined = last.set_axis(first.index).join(first).assign(contacts=chain.value_counts(sort=False), moves_on=False)
    return _stay_columns(joined.reset_index(drop=True))


def _stay_columns(rows: pd.DataFrame) -> pd.DataFrame:
    names = ["contact_id", "person_id", "hospital", "admitted_at", "discharged_at", "disposition", "planned"]
    return rows[[*names, "contacts", "moves_on"]]


def _steps(left: pd.DataFrame, ends: pd.Timestamp, definition: Definition) -> list[tuple[str, pd.DataFrame]]:
    """Return which of our stays are left after each step of the definition; the last are the index stays."""
    done = [("stays", left)]

    def keep(step: str, chosen: pd.Series) -> None:
        done.append((step, done[-1][1][chosen]))

    keep("ended before the data end", left["discharged_at"].notna() & left["discharged_at"].le(ends))
    keep("left alive", done[-1][1]["disposition"].ne("died"))
    keep("not to hospice", done[-1][1]["disposition"].ne("hospice"))
    keep("not to another acute hospital", done[-1][1]["disposition"].ne("transfer") | done[-1][1]["moves_on"])
    if not definition.keeps_against_advice:
        keep("not against advice", done[-1][1]["disposition"].ne("against_advice"))
    if not definition.readmission_is_index:
        keep("not within 30 days of an index stay", _starts_count(done[-1][1]))
    keep("follow-up is whole", is_whole(done[-1][1]["discharged_at"], ends, definition))
    return done


def _starts_count(rows: pd.DataFrame) -> pd.Series:
    """Return which stays do not begin within thirty days of the discharge of an earlier stay that starts a count."""
    starts, person, until = [], None, None
    for who, begin, end in zip(rows["person_id"], rows["admitted_at"], rows["discharged_at"], strict=True):
        fresh = who != person or begin > until
        if fresh:
            person, until = who, end + WATCH
        starts.append(fresh)
    return pd.Series(starts, index=rows.index, dtype=bool)


def is_whole(discharged_at: pd.Series, ends: pd.Timestamp, definition: Definition = OURS) -> pd.Series:
    """Return whose follow-up lies inside the data: thirty days, and where stays elsewhere count the run-out too."""
    needed = WATCH + RUN_OUT if definition.counts_elsewhere else WATCH
    return discharged_at + needed <= ends


def eligible_stays(contacts: pd.DataFrame, ends: pd.Timestamp, definition: Definition = OURS) -> pd.DataFrame:
    """Return the stays that would be index stays if their follow-up were whole, with ``whole``."""
    return _eligible(stays(contacts, definition), ends, definition)


def _eligible(made: pd.DataFrame, ends: pd.Timestamp, definition: Definition) -> pd.DataFrame:
    rows = _steps(made, ends, definition)[-2][1].reset_index(drop=True)
    return rows.assign(whole=is_whole(rows["discharged_at"], ends, definition))


def index_stays(contacts: pd.DataFrame, ends: pd.Timestamp, definition: Definition = OURS) -> pd.DataFrame:
    """Return the index stays: those that can be counted and whose follow-up is whole.

    Parameters
    ----------
    contacts : DataFrame
        ``hospital.warehouse.contacts`` or rows of it.
    ends : Timestamp
        When the data end, an instant with its zone; of a whole case list :func:`data_end`.
    definition : Definition

    Returns
    -------
    DataFrame
        As :func:`stays`.
    """
    return _steps(stays(contacts, definition), ends, definition)[-1][1].reset_index(drop=True)


def attrition(contacts: pd.DataFrame, ends: pd.Timestamp, definition: Definition = OURS) -> pd.DataFrame:
    """Return how many stays each step leaves: ``step``, ``left_out``, ``stays``; the first row counts contacts."""
    counts = [("contacts", len(contacts))]
    counts += [(step, len(rows)) for step, rows in _steps(stays(contacts, definition), ends, definition)]
    table = pd.DataFrame(counts, columns=["step", "stays"])
    table.insert(1, "left_out", -table["stays"].diff().fillna(0).astype(int))
    return table


def outcomes(
    contacts: pd.DataFrame, deaths: pd.DataFrame, ends: pd.Timestamp, definition: Definition = OURS
) -> pd.DataFrame:
    """Return what came first within thirty days of every eligible stay.

    Parameters
    ----------
    contacts, deaths : DataFrame
        ``hospital.warehouse.contacts`` and ``hospital.warehouse.deaths``, or rows of them.
    ends : Timestamp
        When the data end.
    definition : Definition

    Returns
    -------
    DataFrame
        ``contact_id person_id whole state day where``. ``state`` is one of ``STATES``: an event that is seen is an
        event; where none is seen and the follow-up is not whole, nobody can say. ``day`` counts days of 24 hours from
        discharge to the event and is missing without one, ``where`` is the hospital of a readmission. A rate is taken
        over rows whose follow-up is ``whole``, or those without an event would be missing from it.
    """
    made = stays(contacts, definition)
    rows = _eligible(made, ends, definition)
    left = rows[["person_id", "discharged_at"]].assign(place=np.arange(len(rows)))
    left["discharged_at"] = left["discharged_at"].dt.as_unit("us")  # an asof join wants one resolution on both sides
    left = left.sort_values("discharged_at", kind="stable")
    beds = _beds(made, contacts, ends, definition)
    came = pd.merge_asof(left, beds, left_on="discharged_at", right_on="back_at", by="person_id", direction="forward")
    died = deaths.loc[deaths["died_at"].le(ends), ["person_id", "died_at"]].drop_duplicates("person_id")
    came = came.merge(died, on="person_id", how="left").sort_values("place")
    watched_until = came["discharged_at"] + WATCH
    back = came["back_at"].le(watched_until)
    dead = came["died_at"].between(came["discharged_at"], watched_until) & ~(back & came["back_at"].le(came["died_at"]))
    counted = back & ~dead & (~came["back_planned"].eq(True) | definition.counts_planned)
    whole = rows["whole"].to_numpy()
    state = np.select([counted, dead, ~whole], ["readmitted", "died_first", "not_observable"], "neither")
    event_at = came["back_at"].where(counted, came["died_at"].where(dead))
    return pd.DataFrame(
        {
            "contact_id": rows["contact_id"],
            "person_id": rows["person_id"],
            "whole": whole,
            "state": state,
            "day": ((event_at - came["discharged_at"]) / pd.Timedelta(days=1)).to_numpy(),
            "where": came["back_where"].where(counted).to_numpy(),
        }
    )


def _beds(made: pd.DataFrame, contacts: pd.DataFrame, ends: pd.Timestamp, definition: Definition) -> pd.DataFrame:
    """Return every stay that can end a watch, in the order of admission."""
    found = [made]
    if definition.counts_elsewhere:
        away = contacts["kind"].eq("inpatient") & ~contacts["hospital"].isin(OWN) & contacts["known_at"].le(ends)
        found.append(contacts[away])
    beds = pd.concat(found, ignore_index=True)[["person_id", "admitted_at", "planned", "hospital"]]
    beds = beds[beds["admitted_at"].le(ends)].sort_values("admitted_at", kind="stable", ignore_index=True)
    beds["admitted_at"] = beds["admitted_at"].dt.as_unit("us")
    return beds.set_axis(["person_id", "back_at", "back_planned", "back_where"], axis=1)


def cohort(hospital: Hospital, definition: Definition = OURS) -> pd.DataFrame:
    """Return the warehouse's rows of the index stays, with ``person_id``, ``state``, ``day`` and ``where``.

    Parameters
    ----------
    hospital : Hospital
        One with a warehouse.
    definition : Definition
        Observation stays have no row in ``warehouse.stays`` and are therefore not among the rows.

    Returns
    -------
    DataFrame
        In the order of ``warehouse.stays``. All follow-up is whole, so no state is ``not_observable``.
    """
    contacts = hospital.warehouse.contacts
    found = outcomes(contacts, hospital.warehouse.deaths, data_end(contacts), definition)
    found = found[found["whole"]].rename(columns={"contact_id": "encounter_id"}).drop(columns="whole")
    return hospital.warehouse.stays.merge(found, on="encounter_id")
