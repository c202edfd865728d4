"""Checks of statuses: withdrawn, never final, never ended."""

from __future__ import annotations

import pandas as pd

from .facts import Facts
from .register import Found, NotJudged, check, rows, say

_FINAL_WITHIN, _STAY_WITHIN = pd.Timedelta(hours=72), pd.Timedelta(days=60)
_OPEN = ("arrived", "triaged", "in-progress", "onleave")


def _with_status(facts: Facts, statuses: tuple[str, ...], among: pd.DataFrame) -> pd.DataFrame:
    return among[among["status"].astype(object).isin(statuses)]


def _told(bad: pd.DataFrame, words: object, of: int, field: str = "status") -> Found:
    return Found(rows(bad, field, words), of)


@check(
    *("entered_in_error", "look", "clinical resources", "Resources withdrawn as entered in error"),
    consequence="It belongs to another patient or another tube; whoever averages it treats a stranger.",
    ask="Are withdrawn results replaced, and does the replacement name what it replaces?",
)
def withdrawn(facts: Facts) -> Found:
    bad = _with_status(facts, ("entered-in-error",), facts.clinical)
    return _told(bad, "entered-in-error: leave it out of every count", len(facts.clinical))


@check(
    *("preliminary_never_final", "look", "results and reports", "Preliminary results that never became final"),
    consequence="Somebody acted on a number that nobody confirmed, or it was confirmed and the message is lost.",
    ask="Are final messages lost on the way? Send the state of these today.",
)
def preliminary(facts: Facts) -> Found:
    among = facts.of("Observation", "DiagnosticReport")
    bad = _with_status(facts, ("preliminary", "registered", "partial"), among)
    if len(bad) and facts.last_instant is not None:
        bad = bad[~(bad["start_low"] > facts.last_instant - _FINAL_WITHIN)]  # the newest may still become final
    return _told(bad, say("{} since {}", bad["status"], bad["start"].fillna("an unknown time")), len(among))


@check(
    *("encounter_never_ends", "look", "encounters", "Encounters in progress for more than 60 days"),
    consequence="The bed looks taken, and the stay has no discharge from which thirty days could be counted.",
    ask="Are these patients still in the house?",
)
def never_ends(facts: Facts) -> Found:
    stays = facts.of("Encounter")
    if facts.last_instant is None:
        raise NotJudged("Too few events have times to say when this export ends: stays that never end were not judged.")
    bad = _with_status(facts, _OPEN, stays)
    bad = bad[bad["start_high"] < facts.last_instant - _STAY_WITHIN]
    return _told(bad, say("{} since {}", bad["status"], bad["start"]), len(stays))


@check(
    *("finished_without_end", "look", "finished encounters", "Finished encounters without an end"),
    consequence="No length of stay and no readmission can be told for these.",
    ask="Which feed knows the discharge of these stays?",
)
def without_end(facts: Facts) -> Found:
    done = _with_status(facts, ("finished",), facts.of("Encounter"))
    return _told(done[done["end"].isna()], "finished, but period.end is missing", len(done), "period.end")


@check(
    *("result_changed", "note", "results and reports", "Results corrected or amended later"),
    consequence="The value in this export is not the one the ward acted on.",
    ask="Can we have the message stream, which holds both values and their times?",
)
def changed(facts: Facts) -> Found:
    among = facts.of("Observation", "DiagnosticReport")
    bad = _with_status(facts, ("corrected", "amended", "appended"), among)
    return _told(bad, say("{}: the first value is not here", bad["status"]), len(among))
