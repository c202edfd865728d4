"""What happens to the hospital from one week to another: to its world, or only to what its systems record.

An incident of the world changes risks; an incident of the feed changes rows on their way to whoever reads them, and
nothing else. Every magnitude here is an assumption.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from . import parameters as sheet

Stays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Incident:
    """Something that holds from week ``begins`` to before week ``ends``; override what it changes.

    ``stay`` and ``visits`` are columns of the model, truth included: an incident belongs to the world, not to a policy.
    """

    begins: float = 0.0
    ends: float = field(default=float("inf"))

    def active(self, day: np.ndarray | float) -> np.ndarray:
        """Return where days (since the first Monday) lie within the incident."""
        return (np.asarray(day) >= 7 * self.begins) & (np.asarray(day) < 7 * self.ends)

    def readmission_log_odds(self, stay: Stays) -> np.ndarray | float:
        """World: added to the log-odds of an unplanned readmission, by day of discharge."""
        return 0.0

    def call_log_odds(self, stay: Stays) -> np.ndarray | float:
        """World: added to the log-odds of usual care's call, by day of discharge."""
        return 0.0

    def assigned_urgency(self, visits: Stays) -> np.ndarray | float:
        """World: added to the scale on which the triage desk assigns a level, by day of arrival."""
        return 0.0

    def feed(self, table: str, rows: pd.DataFrame, days: np.ndarray) -> pd.DataFrame:
        """Feed: return the rows of ``stays``, ``windows`` or ``emergency`` as they arrive; ``days`` is their moment."""
        return rows


@dataclass(frozen=True)
class UnmeasuredSupport(Incident):
    """Support at home that nobody records: more calls and fewer readmissions for those who have it.

    Adjustment for recorded facts then misses the effect of a call; only the randomised hold-out finds it.
    """

    strength: float = 0.9  # at .45 adjustment missed the truth by more than its interval in 2 of 5 hospitals only

    def readmission_log_odds(self, stay: Stays) -> np.ndarray:
        """Those with support come back less."""
        return -self.strength * stay["support"]

    def call_log_odds(self, stay: Stays) -> np.ndarray:
        """Those with support are easier to call."""
        return self.strength * stay["support"]


@dataclass(frozen=True)
class HomeVisitsEnd(Incident):
    """A service of home visits ends: people with social risk, discharged home, come back more. No input changes."""

    begins: float = 156.0
    strength: float = 1.2

    def readmission_log_odds(self, stay: Stays) -> np.ndarray:
        """The risk of those whom the visits held at home rises."""
        home = np.isin(stay["disposition"], [sheet.HOME, sheet.HOME_HEALTH])
        return self.strength * (home & (stay["social"] > 0))


@dataclass(frozen=True)
class TriageBias(Incident):
    """The desk takes one group less seriously; ``race`` is an entry of ``parameters.RACES``."""

    race: str = "black"
    shift: float = -0.20

    def assigned_urgency(self, visits: Stays) -> np.ndarray:
        """The group seems less urgent than it is."""
        return self.shift * (visits["race"] == sheet.RACES.index(self.race))


@dataclass(frozen=True)
class AnalyserUnit(Incident):
    """Creatinine of one site arrives in umol/L under its old name for a share of days."""

    begins: float = 156.0
    site: str = "eastbank"
    share: float = 1.0
    factor: float = 88.4

    def feed(self, table: str, rows: pd.DataFrame, days: np.ndarray) -> pd.DataFrame:
        """Multiply the creatinine of the days on which the analyser ran."""
        if "creatinine" not in rows:
            return rows
        runs = np.mod(np.floor(days) * 0.618034, 1.0) < self.share  # spread evenly over the weeks
        hit = self.active(days) & runs & rows["site"].eq(self.site).to_numpy()
        return rows.assign(creatinine=rows["creatinine"].where(~hit, rows["creatinine"] * self.factor))


@dataclass(frozen=True)
class HaemoglobinOffset(Incident):
    """A new analyser reads haemoglobin higher. A decoy: patients are sorted as before; a list gets a little shorter."""

    begins: float = 156.0
    offset: float = 0.8

    def feed(self, table: str, rows: pd.DataFrame, days: np.ndarray) -> pd.DataFrame:
        """Shift haemoglobin where the table has it."""
        if "haemoglobin" not in rows:
            return rows
        shifted = rows["haemoglobin"] + self.offset * self.active(days)
        return rows.assign(haemoglobin=shifted)
