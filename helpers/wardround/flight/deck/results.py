"""Cards of the feed, second half: results that are corrected, late, from another analyser, or from a biased device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ..card import Columns, Drawn
from .kinds import LABS, Incident, Remembered, here, listed, lot


@dataclass(frozen=True)
class AmendedResults(Incident):
    """First values of some results are too low; the record keeps the corrected ones."""

    share: float = 0.4
    factor: float = 0.5
    tests: tuple[str, ...] = ("creatinine", "lactate")

    def ward_rows(self, rows: Columns, drawn: Drawn, day: int) -> Columns:
        """Show the first value where it was corrected later."""
        first = here(rows, drawn) & (lot(drawn, rows) < self.share)
        return rows | {name: np.where(first, rows[name] * self.factor, rows[name]) for name in self.tests}

    def signals(self, drawn: Drawn, day: int) -> Mapping[tuple[str, str], float]:
        """Say which share was corrected: known from the messages of correction, not from the rows of the day."""
        return {("ward", "amended"): self.share}


@dataclass(frozen=True)
class TimezoneShift(Incident):
    """Collection in one time, issue in another: results seem to come before their blood, and are seen a window late."""

    hours: float = 5.0
    memory: Remembered = field(default_factory=Remembered, init=False, compare=False, repr=False)

    def ward_rows(self, rows: Columns, drawn: Drawn, day: int) -> Columns:
        """Hand out the results of the window before; their lag is too short by the shift."""
        late = self.memory.one_before(rows, LABS, drawn, day)
        at = here(rows, drawn)
        changed = {name: np.where(at, column, rows[name]) for name, column in late.items()}
        changed["result_lag_hours"] = np.where(at, rows["result_lag_hours"] - self.hours, rows["result_lag_hours"])
        return rows | changed


@dataclass(frozen=True)
class NewAnalyser(Incident):
    """A decoy: an analyser that reads higher, by no more than the laboratory has accepted."""

    haemoglobin: float = 0.5  # g/dL; both large for a laboratory, and heard by ``lab_level`` within weeks
    leukocytes: float = 1.10

    def ward_rows(self, rows: Columns, drawn: Drawn, day: int) -> Columns:
        """Shift the count of white cells."""
        more = rows["leukocytes"] * self.leukocytes
        return rows | {"leukocytes": np.where(here(rows, drawn), more, rows["leukocytes"])}

    def list_rows(self, rows: pd.DataFrame, drawn: Drawn, day: int) -> pd.DataFrame:
        """Shift the blood count."""
        at = listed(rows, drawn)
        return rows.assign(
            haemoglobin=rows["haemoglobin"] + self.haemoglobin * at,
            leukocytes=rows["leukocytes"] * np.where(at, self.leukocytes, 1.0),
        )


@dataclass(frozen=True)
class SensorBias(Incident):
    """Oximeters that read too high on dark skin, the more the lower the saturation is."""

    points: float = 3.0  # of saturation, at 95 % and more
    slope: float = 0.45  # grows by this for each point below 95 %, as in ``parameters``: up to six points

    def ward_rows(self, rows: Columns, drawn: Drawn, day: int) -> Columns:
        """Raise the saturation that is displayed; needs the truth columns ``_dark`` and ``_true_saturation``."""
        low = np.clip(95 - np.nan_to_num(rows["_true_saturation"], nan=97.0), 0, 6)
        more = np.rint(self.points * (1 + self.slope * low))
        at = here(rows, drawn) & rows["_dark"].astype(bool)
        return rows | {"saturation": np.where(at, np.minimum(rows["saturation"] + more, 100), rows["saturation"])}


AMENDED_RESULTS = AmendedResults(
    id="amended_results",
    title="The first value was not the last",
    happens=(
        "The laboratory releases creatinine and lactate early and corrects them hours later. Of 1,000 windows 400 are "
        "scored on a first value that is half the final one; the record keeps the final one. Assumption: tests, "
        "share and size, far above what a laboratory would let pass, so that a year can show them."
    ),
    first_sign="The evaluation of last month, made on the record, looks better than what the wards saw.",
    best_signal="The share of results that were changed after they were first used.",
    tempting="Report the better figure. It is in the warehouse, after all.",
    reference_why=(
        "A model is as good as what it knew then. Keep each version of a result with its time, judge the score on "
        "what it saw, correct past figures, and agree with the laboratory what may be released early."
    ),
    where="feed",
    services=("ward",),
    weeks=(10, 16),
    seen_by=("amended", "lab_level", "input_drift", "score_drift", "observed_expected"),
    reference=("fix_feed", "backfill"),
    tempted=("log",),
    mends=frozenset({"fix_feed"}),
    bites="harm",
    teaches=("M12", "M16"),
)
TIMEZONE_SHIFT = TimezoneShift(
    id="timezone_shift",
    title="Results before their blood",
    happens=(
        "After an update an interface writes the time of collection in UTC and the time of the result in local time. "
        "Results seem to be issued before their blood was drawn, and whoever asks for what was known waits until the "
        "collection's time has come: values arrive one window late. Assumption: five hours, every result, both sites."
    ),
    first_sign="Times that cannot be; and results a nurse has read on paper that the score does not know.",
    best_signal="The share of results issued before they were collected: zero, then nearly all.",
    tempting="Delete the bad rows.",
    reference_why=(
        "The values are right and the clocks are not. Times become UTC where the rows come in, a contract checks "
        "their order, and what was scored late is scored again. Deleting the rows would delete the sickest, who have "
        "most blood drawn."
    ),
    where="feed",
    services=("ward",),
    weeks=(8, 14),
    seen_by=("time_order",),
    reference=("fix_feed", "backfill"),
    tempted=("widen_abstention",),
    mends=frozenset({"fix_feed"}),
    bites="harm",
    teaches=("M12",),
)
NEW_ANALYSER = NewAnalyser(
    id="new_analyser",
    title="A new analyser, within its limits",
    happens=(
        "The laboratory changes its blood counters, at both sites. White cells read ten per cent higher, haemoglobin "
        "0.5 g/dL: large shifts, at the edge of what a laboratory would let pass. Here it compared old and new "
        "beforehand, accepted the shifts and told the wards. Assumption: both numbers, and that they were accepted."
    ),
    first_sign="The means of two laboratory tests step up and stay there; a drift alarm with a tiny p value.",
    best_signal=(
        "The mean of each laboratory test over four weeks hears it; the laboratory's own comparison of the two "
        "analysers explains it; the score and the outcomes do not move."
    ),
    tempting="Pause the service, or train anew: the test is significant.",
    reference_why=(
        "With enough rows every difference is significant; the question is how large it is, and for what. It is what "
        "the laboratory had accepted, and patients are ranked as before, so it is written down and the model stays. "
        "Whoever treats at a fixed value of a test must know, and was told by the laboratory."
    ),
    where="decoy",
    services=("ward", "list"),
    weeks=(20, 30),
    seen_by=("lab_level", "input_drift"),
    reference=("log",),
    tempted=("pause", "retrain"),
    bites="resilience",
    decoy=True,
    teaches=("M24", "M25"),
)
SENSOR_BIAS = SensorBias(
    id="sensor_bias",
    title="The oldest oximeters come back",
    happens=(
        "A delivery is short, and the wards take their oldest oximeters out of the store room. On dark skin they read "
        "another three points too high, up to eleven where the true saturation is low: the sickest look well. "
        "Assumption: all numbers, larger than the means that were published so that a year can show them, and that a "
        "race of Black stands for dark skin, which is crude."
    ),
    first_sign="Nothing in any total. Of those who got worse, fewer Black patients had an alert.",
    best_signal=(
        "Sensitivity by group, from charts drawn by chance: here nothing else shows it, and with so few events it may "
        "take months. A hospital has a faster one: oximeter and arterial blood gas of the same minute, by group."
    ),
    tempting="Take race out of the model. It is not in it; the device is.",
    reference_why=(
        "The error is in a device, so the device is replaced. It reads too high, so it is the reassuring reading that "
        "cannot be trusted: until then it is confirmed by a blood gas in whoever looks unwell. The figures of each "
        "group go to whoever answers for the service, with a name under the decision."
    ),
    where="feed",
    services=("ward",),
    weeks=(30, 40),
    seen_by=("group_gap",),
    reference=("widen_abstention", "swap_devices", "backfill"),
    tempted=("retrain",),
    mends=frozenset({"swap_devices"}),
    bites="equity",
    teaches=("M08", "M29", "M36"),
)
CARDS = (AMENDED_RESULTS, TIMEZONE_SHIFT, NEW_ANALYSER, SENSOR_BIAS)
