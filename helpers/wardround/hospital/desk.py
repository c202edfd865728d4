"""The triage desk's log of the last half year: what a candidate model suggested, what the nurse assigned, and why not.

The model is a colleague's: a linear score of age and recorded vital signs, fitted by eye (our assumption). It never
sees the truth, and it takes a value as it stands in the log, also where that is wrong.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from . import clock
from .claims import table_bytes
from .people import Table
from .sources import Source, chosen
from .streams import DAY, Purpose, normal
from .triage import DESERVED_CUTS

WEEKS = 26
SIGNS = ("heart_rate", "respiratory_rate", "temperature", "saturation", "systolic")
COLUMNS = (
    *("visit", "arrived_at", "age", *SIGNS, "suggested", "assigned", "overruled", "reason", "comment", "clinician"),
    "seconds",
)
REASONS = ("looks_worse", "looks_better", "value_wrong", "value_missing", "known_patient", "no_bed", "other")
FILE = "desk/override_log.csv"
# points per unit above the usual value; where a value is missing the model takes the usual one
_USUAL = np.array([84.0, 17.5, 36.9, 97.0, 134.0])
_WEIGHT = np.array([0.02, 0.18, 0.37, -0.18, -0.010])
_AGE_WEIGHT, _USUAL_AGE = 0.002, 61
_CUTS = (2.4, 1.0, -0.45, -1.65)  # from the most urgent level down
_COMMENT = {
    "looks_worse": ("gray and sweating", "cannot finish a sentence", "drowsy, slow to answer", "in a lot of pain"),
    "looks_better": ("walking about, on the phone", "comfortable, eating", "anxious, settled after a talk", "well now"),
    "value_wrong": ("that reading is not right", "repeated by hand: different", "typed wrong", "device error"),
    "value_missing": ("no reading at triage", "not measured yet", "device was in use", "taken later"),
    # for known_patient and other: the first two are said of a more urgent level, the last two of a less urgent one
    "known_patient": ("went downhill fast last time", "known, can turn quickly", "usual for them", "comes often"),
    "no_bed": ("no monitored bed free", "hallway full", "waiting room is full", "boarding upstairs"),
    "other": ("to be on the safe side", "protocol", "clinical judgment", "doctor asked"),
}
# what a device or a hand makes of a value: heart rate, respiratory rate, temperature, saturation, pressure
_WRONG = (290, 4, 41.9, 61, 58)
WHY = {
    "desk_value_wrong": "A probe slipped, a cuff did not fit or a digit was typed wrong, and the log kept the reading.",
    "desk_value_missing": "The patient was seen before anybody had taken the value.",
}
FAULTS = tuple(WHY)


def suggested_level(age: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """Return the level, 1 to 5, that the candidate model suggests.

    Parameters
    ----------
    age : array of float, shape (n,)
        Years.
    signs : array of float, shape (n, 5)
        In the order of ``SIGNS``, NaN where not recorded.
    """
    return 1 + (_score(age, signs)[:, None] < np.array(_CUTS)).sum(axis=1)


def _score(age: np.ndarray, signs: np.ndarray) -> np.ndarray:
    known = np.where(np.isnan(signs), _USUAL, signs)
    return (known - _USUAL) @ _WEIGHT + _AGE_WEIGHT * (age - _USUAL_AGE)


def desk_log(source: Source) -> tuple[bytes, pd.DataFrame, list[tuple]]:
    """Return the log's bytes, the truth of it (table ``desk``) and the ledger."""
    rows = _visits(source)
    shown, wrong, missing, ledger = _recorded(source, rows)
    rows["suggested"] = suggested_level(rows["age"], shown)
    overruled = rows["suggested"] != rows["assigned"]
    reason = _reasons(source, rows, wrong, missing)
    clean = suggested_level(rows["age"], rows["signs"])
    truth = pd.DataFrame(
        {
            "encounter_id": rows["encounter"],
            "visit": rows["visit"],
            "acuity": np.round(rows["acuity"], 4),
            **{name: rows[name] for name in ("deserved", "critical", "assigned", "suggested")},
            "suggested_on_true_values": clean,
            "value_wrong": wrong >= 0,
            "value_missing": missing >= 0,
            "overruled": overruled,
            "reason": np.where(overruled, reason, None),
            "why": np.where(overruled, [_WHY_REASON[one] for one in reason], None),
            "model_at_fault": _at_fault(rows, clean, wrong, missing),
        }
    )
    return _bytes(source, rows, shown, reason, overruled), truth, ledger


_WHY_REASON = {
    "looks_worse": "the nurse saw more than the model: true acuity with the nurse's own error",
    "looks_better": "the nurse saw less than the model: true acuity with the nurse's own error",
    "value_wrong": "a value in the log is wrong",
    "value_missing": "a value is missing in the log",
    "known_patient": "somebody who comes often",
    "no_bed": "no bed: says nothing about the patient",
    "other": "no reason that says anything",
}


def _visits(source: Source) -> Table:
    world = source.world
    visits, people, vitals = world.visits, world.people, world.vitals
    known = np.not_equal(source.contacts.visit, None) & (visits["arrive"] >= max(0, world.end - 7 * WEEKS))
    here = np.flatnonzero(known & (visits["leave"] < world.end))
    at_desk = np.flatnonzero(vitals["visit"] >= 0)
    place = np.full(visits["row"].size, -1)
    place[vitals["visit"][at_desk]] = at_desk
    place = place[here]
    row = {name: visits[name][here] for name in ("row", "person", "site", "arrive", "acuity", "assigned", "deserved")}
    encounters = source.chart.encounters
    desk = np.flatnonzero((encounters["visit"] >= 0) & (encounters["part"] == 0))
    position = np.full(visits["row"].size, -1)
    position[encounters["visit"][desk]] = desk
    position = position[here]
    return row | {
        "critical": visits["critical"][here],
        "often": visits["emergency_before"][here],
        "when": visits["day"][here] + DAY,
        "age": np.floor(people["age"][row["row"]] + visits["day"][here] / 365.25),
        "signs": np.stack([vitals[name][place].astype(float) for name in SIGNS], axis=1),
        "encounter": source.contacts.visit[here],
        "visit": np.array(source.visit, dtype=object)[position],
        "doctor": encounters["doctor"][position],
        "arrived": encounters["start"][position],
    }


def _recorded(source: Source, rows: Table) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[tuple]]:
    """Return the log's copy of the vital signs, which sign is wrong or missing in it (-1 for none), and the ledger."""
    shown = rows["signs"].copy()
    wrong_u = source.draw(Purpose.DESK_VALUE, rows["person"], rows["when"], 0)
    missing_u = source.draw(Purpose.DESK_VALUE, rows["person"], rows["when"], 1)
    # only a wrong value that changes the suggestion is seen at the desk; the others are planted too, and nobody notes
    wrong = chosen(wrong_u[0], 0.02)
    missing = chosen(missing_u[0], 0.03, ~wrong)
    ledger, marks = [], []
    for fault, here, u in (("desk_value_wrong", wrong, wrong_u[1]), ("desk_value_missing", missing, missing_u[1])):
        sign = np.where(here & (fault not in source.without), (u * len(SIGNS)).astype(np.int64), -1)
        marks.append(sign)
        for k in np.flatnonzero(sign >= 0).tolist():
            name, before = SIGNS[sign[k]], rows["signs"][k, sign[k]]
            after = _WRONG[sign[k]] if fault == "desk_value_wrong" else None
            shown[k, sign[k]] = np.nan if after is None else after
            what = ("Encounter", rows["encounter"][k], name, f"{before:g}", None if after is None else f"{after:g}")
            ledger.append((fault, name, *what, rows["visit"][k], WHY[fault], FILE))
    return shown, *marks, ledger


def _reasons(source: Source, rows: Table, wrong: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Return the reason a nurse gives, or would give."""
    impression_u, honest_u, other_u, bed_u = source.draw(Purpose.DESK, rows["person"], rows["when"], 0)
    seen = rows["acuity"] + 0.4 * normal(impression_u)
    looks = 1 + (seen[:, None] < np.array(DESERVED_CUTS)).sum(axis=1)
    up, down = rows["assigned"] < rows["suggested"], rows["assigned"] > rows["suggested"]
    # who moves a patient that looks as the model says does it to be safe or out of habit, and most often says so
    return np.select(
        [
            (wrong >= 0) & (honest_u < 0.95),
            (missing >= 0) & (honest_u < 0.85),
            down & (bed_u < 0.10),
            (rows["often"] >= 3) & (other_u < 0.35),
            up & ((looks < rows["suggested"]) | (honest_u < 0.12)) & (other_u < 0.9),
            down & ((looks > rows["suggested"]) | (honest_u < 0.12)) & (other_u < 0.9),
        ],
        ["value_wrong", "value_missing", "no_bed", "known_patient", "looks_worse", "looks_better"],
        "other",
    ).astype(object)


def _at_fault(rows: Table, clean: np.ndarray, wrong: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Return where the model itself was wrong: right values, the wrong level, and the nurse nearer to what was due."""
    right_values = (wrong < 0) & (missing < 0)
    nearer = np.abs(rows["assigned"] - rows["deserved"]) < np.abs(clean - rows["deserved"])
    return right_values & nearer & (rows["suggested"] != rows["assigned"])


def _bytes(source: Source, rows: Table, shown: np.ndarray, reason: np.ndarray, overruled: np.ndarray) -> bytes:
    slow_u, word_u, _, _ = source.draw(Purpose.DESK, rows["person"], rows["when"], 1)
    seconds = np.rint(np.exp(np.log(np.where(overruled, 48, 19)) + 0.5 * normal(slow_u))).astype(np.int64)
    arrived = clock.local(rows["arrived"])
    lines = []
    for k, visit in enumerate(rows["visit"].tolist()):
        signs = ["" if np.isnan(value) else f"{value:g}" for value in shown[k].tolist()]
        words = _COMMENT[reason[k]]
        down = rows["assigned"][k] > rows["suggested"][k]
        which = 2 * down + int(2 * word_u[k]) if reason[k] in ("known_patient", "other") else int(4 * word_u[k])
        said = [reason[k], words[which]] if overruled[k] else ["", ""]
        levels = [int(rows["suggested"][k]), int(rows["assigned"][k]), "yes" if overruled[k] else "no"]
        clinician = source.staff.badges[int(rows["doctor"][k])]
        lines.append([visit, arrived[k], int(rows["age"][k]), *signs, *levels, *said, clinician, int(seconds[k])])
    order = sorted(range(len(lines)), key=lambda k: (int(rows["arrived"][k]), lines[k][0]))
    return table_bytes(COLUMNS, [lines[k] for k in order])
