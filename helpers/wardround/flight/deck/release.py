"""Cards of releases and of what leaves the platform: a vendor, a typing error, an upgrade, a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..card import Columns, Drawn
from .kinds import Incident


@dataclass(frozen=True)
class VendorUpdate(Incident):
    """The model behind the interface is another one; a plan whose contract pins the version never sees it."""

    step: float = 0.7
    age: float = 0.04  # log-odds for each year above 65
    breathing: float = -0.20  # log-odds for each breath above 18

    def score_log_odds(self, service: str, rows: Columns | pd.DataFrame, drawn: Drawn, day: int) -> np.ndarray | float:
        """Move the score: all upwards, the old more, those who breathe fast less."""
        if service != "ward":
            return 0.0
        breaths = np.nan_to_num(np.asarray(rows["respiratory_rate"], dtype=float) - 18.0)
        return self.step + self.age * (np.asarray(rows["age"], dtype=float) - 65.0) + self.breathing * breaths


@dataclass(frozen=True)
class ThresholdTypo(Incident):
    """A tenth of the threshold."""

    factor: float = 0.1

    def threshold_factor(self, service: str, drawn: Drawn, day: int) -> float:
        """Move the decimal point of the wards' threshold."""
        return self.factor if service == "ward" else 1.0


@dataclass(frozen=True)
class AlertsSuppressed(Incident):
    """Scores are computed and nobody gets one."""

    def delivered(self, service: str, drawn: Drawn, day: int) -> bool:
        """Stop the wards' alerts."""
        return service != "ward"

    def signals(self, drawn: Drawn, day: int) -> Mapping[tuple[str, str], float]:
        """Let the test alert fail that is sent end to end."""
        return {("ward", "heartbeat"): 1.0}


@dataclass(frozen=True)
class PhiExport(Incident):
    """Identifiers in a file that leaves the platform."""

    identifiers: float = 1200.0

    def signals(self, drawn: Drawn, day: int) -> Mapping[tuple[str, str], float]:
        """Let a scan of outgoing files find them."""
        return {("ward", "egress_scan"): self.identifiers}


VENDOR_UPDATE = VendorUpdate(
    id="vendor_update",
    title="The vendor improves the model overnight",
    happens=(
        "Whoever runs the model puts another version in its place and says nothing. Scores rise by 0.7 in log-odds, "
        "which doubles the odds; age weighs more and fast breathing less. Assumption: the sizes."
    ),
    first_sign="The score steps up on a date on which no input changed.",
    best_signal="Fifty frozen cases, scored again each day: they must score as before.",
    tempting="Set the threshold so that alerts are as many as before.",
    reference_why=(
        "As many alerts are not the same alerts. Put the last version back, replay the frozen cases, and hold the "
        "vendor to a pinned version, notice and an acceptance test; then accept the new one, or do not."
    ),
    where="output",
    services=("ward",),
    weeks=(12, 20),
    seen_by=("frozen_cases", "score_drift", "alerts", "unanswered", "below_expected"),
    reference=("roll_back", "replay"),
    tempted=("raise_threshold",),
    mends=frozenset({"roll_back"}),
    bites="benefit",
    teaches=("M05", "M30"),
    released=True,
)
THRESHOLD_TYPO = ThresholdTypo(
    id="threshold_typo",
    title="A decimal point",
    happens=(
        "A release writes a tenth of the threshold: 0.04 becomes 0.004. The model is the same. Assumption: the slip, "
        "and that nobody reads the record of the release."
    ),
    first_sign="The number of alerts jumps on the day of a release.",
    best_signal="The difference between what is in force and the record of the release.",
    tempting="Look for drift in the inputs, for weeks.",
    reference_why=(
        "Ask first what was changed last. The difference to the release record shows it within a day; the whole last "
        "release comes back: model, features, threshold and contract. Trust that nurses lost in these days comes back "
        "more slowly."
    ),
    where="release",
    services=("ward",),
    weeks=(8, 14),
    seen_by=("release_diff", "alerts", "unanswered"),
    reference=("roll_back", "replay"),
    tempted=("investigate", "retrain"),
    mends=frozenset({"roll_back"}),
    bites="burden",
    teaches=("M30", "M40"),
    precedent="alarms-slow",
    released=True,
)
ALERTS_SUPPRESSED = AlertsSuppressed(
    id="alerts_suppressed",
    title="A quiet week",
    happens=(
        "An upgrade of the record switches a message type off. Scores are computed and stored, and no alert reaches "
        "anyone. Assumption: all alerts of the wards, until somebody notices."
    ),
    first_sign="Nothing: the dashboard of scores is green, and the wards are quiet.",
    best_signal="A test alert that is sent from end to end each morning and must arrive.",
    tempting="Enjoy the quiet week.",
    reference_why=(
        "No alarm is no proof. A heartbeat from end to end finds it on the first morning; nurses screen by hand while "
        "the interface is mended, and frozen cases prove that alerts arrive again."
    ),
    where="output",
    services=("ward",),
    weeks=(4, 8),
    seen_by=("heartbeat", "unanswered", "observed_expected"),
    reference=("manual_rounds", "fix_feed", "replay"),
    tempted=("log",),
    mends=frozenset({"fix_feed"}),
    bites="benefit",
    teaches=("M25",),
    released=True,
)
PHI_EXPORT = PhiExport(
    id="phi_export",
    title="A column too many",
    happens=(
        "A monitoring file that goes to a dashboard outside the platform holds a column of record numbers: 1,200 of "
        "them. No patient's care changes. Assumption: the number, and who receives the file."
    ),
    first_sign="A column in a file that nobody asked for.",
    best_signal="A scan of files that leave the platform.",
    tempting="Delete the column and say nothing; or switch monitoring off.",
    reference_why=(
        "Stop the export and keep what is there as evidence. Tell the privacy officer at once, whose clock has begun "
        "and who decides what else must be done. Then send only what the dashboard needs, and go on monitoring."
    ),
    where="record",
    services=("ward",),
    weeks=(10, 20),
    seen_by=("egress_scan",),
    reference=("contain_export", "keep_evidence", "notify"),
    tempted=("log",),
    mends=frozenset({"contain_export"}),
    bites="governance",
    teaches=("M19",),
    released=True,
)
CARDS = (VENDOR_UPDATE, THRESHOLD_TYPO, ALERTS_SUPPRESSED, PHI_EXPORT)
