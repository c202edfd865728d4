"""Cards of the feed, first half: another unit, another code, nothing, old values, everything twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from wardround.hospital import parameters as sheet

from ..card import Columns, Drawn
from .kinds import LABS, VITALS, Incident, Remembered, here, listed

COUNTED_BY_CODE = ("charlson", "stays_before", "emergency_before")
UMOL = 88.4  # micromol/L of creatinine in 1 mg/dL


@dataclass(frozen=True)
class UnitChange(Incident):
    """Creatinine of one site in micromol/L under its old name."""

    factor: float = UMOL

    def ward_rows(self, rows: Columns, drawn: Drawn, day: int) -> Columns:
        """Multiply creatinine at the site."""
        return rows | {"creatinine": np.where(here(rows, drawn), rows["creatinine"] * self.factor, rows["creatinine"])}

    def list_rows(self, rows: pd.DataFrame, drawn: Drawn, day: int) -> pd.DataFrame:
        """Multiply creatinine of the site's discharges."""
        return rows.assign(creatinine=rows["creatinine"].where(~listed(rows, drawn), rows["creatinine"] * self.factor))


@dataclass(frozen=True)
class CodeChange(Incident):
    """New codes for diagnoses and tests that the mapping does not know."""

    tests: tuple[str, ...] = LABS

    def ward_rows(self, rows: Columns, drawn: Drawn, day: int) -> Columns:
        """Lose the results whose codes the mapping does not know."""
        at = here(rows, drawn)
        lost = {name: np.where(at, np.nan, rows[name]) for name in self.tests}
        if "lactate" in self.tests:
            lost["lactate_drawn"] = np.where(at, 0, rows["lactate_drawn"]).astype(rows["lactate_drawn"].dtype)
        return rows | lost

    def list_rows(self, rows: pd.DataFrame, drawn: Drawn, day: int) -> pd.DataFrame:
        """Put an unknown group in the place of each; what is counted by codes goes: conditions and earlier visits."""
        at = listed(rows, drawn)
        changed = {"group": rows["group"].where(~at, "unknown code")}
        changed |= {name: rows[name].where(~at, 0) for name in COUNTED_BY_CODE}
        changed |= {name: rows[name] & ~at for name in sheet.CONDITIONS}
        return rows.assign(**changed)

    def signals(self, drawn: Drawn, day: int) -> Mapping[tuple[str, str], float]:
        """Count the results that came under a code without a mapping; the rows show only that they are missing."""
        return {("ward", "unknown_codes"): len(self.tests) / len(LABS)}


@dataclass(frozen=True)
class FeedOutage(Incident):
    """No vital signs from one site."""

    def ward_rows(self, rows: Columns, drawn: Drawn, day: int) -> Columns:
        """Take the vital signs away; rows come as before."""
        at = here(rows, drawn)
        gone = {name: np.where(at, np.nan, rows[name]) for name in (*VITALS, "vitals_age_hours")}
        sets = rows["vital_sets"]
        return rows | gone | {"vital_sets": np.where(at, 0, sets).astype(sets.dtype)}


@dataclass(frozen=True)
class StaleCache(Incident):
    """Vital signs and results as they were when a patient was first asked for, for three days at a time."""

    hold: int = 9  # windows of eight hours: a cached answer lives 72 hours, in the place of a few minutes
    memory: Remembered = field(default_factory=Remembered, init=False, compare=False, repr=False)

    def ward_rows(self, rows: Columns, drawn: Drawn, day: int) -> Columns:
        """Hand out kept values; only their age says so."""
        old = self.memory.since_first(rows, (*VITALS, *LABS, "vitals_age_hours"), drawn, day, self.hold)
        at = here(rows, drawn)
        ago = old.pop("windows_ago")
        old["vitals_age_hours"] = old["vitals_age_hours"] + sheet.WINDOW_HOURS * ago
        return rows | {name: np.where(at, column, rows[name]) for name, column in old.items()}


@dataclass(frozen=True)
class DuplicateFeed(Incident):
    """Each row of one site twice."""

    times: int = 2

    def ward_rows(self, rows: Columns, drawn: Drawn, day: int) -> Columns:
        """Count the copies."""
        return rows | {"copies": np.where(here(rows, drawn), rows["copies"] * self.times, rows["copies"])}


UNIT_CHANGE = UnitChange(
    id="unit_change",
    title="A unit changes at one site",
    happens=(
        "One laboratory's new analyser reports creatinine in micromol/L under the old test code. On the ward's screen "
        "the unit stands beside the value; the model reads the number alone, 88.4 times what it was trained on, and "
        "for it every patient of that site has failing kidneys. "
        "Assumption: that it comes overnight, for all results of one site, and stays until somebody mends it."
    ),
    first_sign="The median creatinine of one site is many times that of the other; that site alerts far more.",
    best_signal="A contract that knows which values a unit allows, counted for each site, on the first morning.",
    tempting="Raise the threshold until the alerts are as many as before, or train anew on the new values.",
    reference_why=(
        "A score of vital signs alone serves the site within the hour. The feed is mended where the rows come in, the "
        "wrong rows are scored again, and fifty frozen cases are replayed before the model returns. A raised "
        "threshold would hide the other site's patients; a model trained on the wrong unit is wrong on the day the "
        "unit is mended."
    ),
    where="feed",
    services=("ward", "list"),
    weeks=(16, 24),
    seen_by=("value_contract", "lab_level", "input_drift", "score_drift", "alerts", "unanswered", "below_expected"),
    reference=("fallback", "fix_feed", "backfill", "replay"),
    tempted=("raise_threshold", "retrain"),
    mends=frozenset({"fix_feed"}),
    bites="harm",
    teaches=("M15", "M27"),
    strikes="one",
)
CODE_CHANGE = CodeChange(
    id="code_change",
    title="The codes change",
    happens=(
        "A new terminology release gives diagnoses, kinds of visit and laboratory tests new codes. The mapping does "
        "not know them: each diagnosis falls out of its group, no chronic condition and no earlier visit is found, "
        "and the model gets none of the wards' results, which nurses read as ever. Assumption: all codes on one day, "
        "at both sites."
    ),
    first_sign="The share of some diagnosis groups is zero from one day to the next; no patient changed overnight.",
    best_signal="The share of codes that the mapping does not know; the share of missing values a day later.",
    tempting="Train anew on the new normal, in which nobody has heart failure.",
    reference_why=(
        "The patients are the same, so the model is right and its input is not. Map the new codes to the old ones, "
        "compare weeks that were coded both ways, score again. Recalibrate only if the outcomes then say so."
    ),
    where="feed",
    services=("ward", "list"),
    weeks=(12, 20),
    seen_by=("unknown_codes", "missing", "input_drift", "score_drift"),
    reference=("fallback", "fix_feed", "backfill", "replay"),
    tempted=("retrain",),
    mends=frozenset({"fix_feed"}),
    bites="benefit",
    teaches=("M17", "M24"),
    precedent="sepsis-two-trends",
)
FEED_OUTAGE = FeedOutage(
    id="feed_outage",
    title="The vital signs of one site fall silent",
    happens=(
        "After work on the network the gateway of one site passes on no vital signs. The rows still come; their vital "
        "signs are empty, and the model fills in the average. Assumption: all vital signs of one site, and that it "
        "lasts for weeks where nobody watches."
    ),
    first_sign="One site alerts less than usual. It looks like a quiet week.",
    best_signal=(
        "The share of values that are missing where they are usually there, by site; the number of rows is normal."
    ),
    tempting="Score on: the model copes with missing values, and missing means that nothing was wrong.",
    reference_why=(
        "An average is the vital sign of a patient who is well. Say that the score is down, let nurses screen by hand "
        "while it is, mend the gateway, score again. The score of vital signs alone is no way out here: they are what "
        "is missing."
    ),
    where="feed",
    services=("ward",),
    weeks=(4, 8),
    seen_by=("missing", "input_drift", "score_drift", "unanswered", "observed_expected"),
    reference=("manual_rounds", "fix_feed", "backfill", "replay"),
    tempted=("lower_threshold",),
    mends=frozenset({"fix_feed"}),
    bites="benefit",
    teaches=("M14", "M25"),
    strikes="one",
)
STALE_CACHE = StaleCache(
    id="stale_cache",
    title="The cache forgets to forget",
    happens=(
        "A store in front of the record keeps each patient's vital signs and results for 72 hours in the place of "
        "five minutes. Every row comes, every value is plausible, and it is up to three days old. Assumption: 72 "
        "hours, both sites."
    ),
    first_sign="Nothing on a dashboard of volumes. A nurse says that the score did not move while the patient did.",
    best_signal="The age of the newest vital signs: its median rises from some ten hours to more than thirty.",
    tempting="Nothing: the dashboard is green.",
    reference_why=(
        "An early warning that speaks of two days ago is none. A freshness contract refuses old values at the door, "
        "nurses screen by hand until the store is mended, and frozen cases are replayed."
    ),
    where="feed",
    services=("ward",),
    weeks=(10, 16),
    seen_by=("freshness", "input_drift", "missing", "observed_expected"),
    reference=("manual_rounds", "fix_feed", "backfill", "replay"),
    tempted=("log",),
    mends=frozenset({"fix_feed"}),
    bites="benefit",
    teaches=("M25", "M12"),
)
DUPLICATE_FEED = DuplicateFeed(
    id="duplicate_feed",
    title="Everything twice",
    happens=(
        "After a failover two interfaces send the same rows of one site. One patient alerts twice, and a nurse looks "
        "twice before she knows that it is one. Assumption: every row of one site, twice."
    ),
    first_sign="The counts of one site double overnight, and so do its alerts.",
    best_signal="The share of rows that arrived more than once.",
    tempting="Celebrate: more alerts, more events caught, higher sensitivity.",
    reference_why=(
        "A key that says which message it is lets the second copy count for nothing. Then the interface is mended and "
        "past figures, which counted patients twice, are corrected."
    ),
    where="feed",
    services=("ward",),
    weeks=(8, 14),
    seen_by=("duplicates", "alerts", "unanswered"),
    reference=("fix_feed", "backfill"),
    tempted=("log",),
    mends=frozenset({"fix_feed"}),
    bites="burden",
    teaches=("M16",),
    strikes="one",
)
CARDS = (UNIT_CHANGE, CODE_CHANGE, FEED_OUTAGE, STALE_CACHE, DUPLICATE_FEED)
