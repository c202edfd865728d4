"""Faults of the export: chosen by keyed draws in a first pass, written into resources in a second.

The world knows nothing of them. Each fault draws with its own purpose and is chosen as if all others were on, so
switching one off changes no other. A fault is planted by count, ``max(8, rate x n)``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from . import clock
from . import parameters as sheet
from .bedside import WEIGHT
from .chart import Chart
from .entries import IMP
from .fault_writers import PRACTITIONER_FIELD
from .keys import KIND
from .patients import Patients, fault_count, smallest
from .streams import DAY, Purpose, uniform
from .world import World

WHY = {
    "repeated_line": "A page of the bulk export timed out after it had been written, and was written again.",
    "local_code": "Eastbank's laboratory was mapped to LOINC by hand, and the mapping was never finished.",
    "several_codings": "The interface sends the local code beside the standard one, in the order the source had them.",
    "conditional_reference": "The staff directory came after the charts, so the interface wrote a search, not an id.",
    "dangling_reference": "What the reference points to was cancelled or purged before the export.",
    "date_only_discharge": "Eastbank's old registration screen keeps the day of discharge and not the hour.",
    "analyser_unit": "One of Eastbank's analyzers reports creatinine in umol/L, without a range or a flag.",
    "entered_in_error": "The value came from the wrong patient or tube; it was withdrawn, not deleted.",
    "preliminary_never_final": "The final message was lost on its way to the chart; the preliminary result stands.",
    "corrected_result": "The laboratory found its mistake and sent the result again; the last version stands.",
    "late_result": "The result waited in the analyzer's middleware for hours before it was released.",
    "result_before_collection": "The label was scanned after the tube had been measured: a busy nurse, many tubes.",
    "glucose_in_mmol": "The analyzer's value in mmol/L was passed through under the label mg/dL.",
    "renamed_test": "The laboratory system was upgraded in week 120, and two tests got new names and local codes.",
    "factor_one_unit": "Not a fault: from week 130 sodium is reported in mEq/L, which is the same number as in mmol/L.",
    "utc_as_local": "For four weeks the laboratory's interface sent UTC with the offset of local time behind it.",
    "clock_change": "The ward monitors were set to the new time hours after the clock had changed.",
    "device_clock": "The monitor's own clock is some minutes ahead; nobody sets it.",
    "copied_forward": "The values of the last round were carried over with one key and signed.",
    "device_artefact": "A probe fell off or a lead was loose, and the monitor's number was filed as it was.",
    "fahrenheit_as_celsius": "A thermometer set to Fahrenheit was read into a field that says Celsius.",
    "weight_in_pounds": "The bed scale showed pounds and the screen asked for kilograms.",
    "overlapping_stay": "The patient left and came back; the first stay was closed only when somebody noticed.",
    "discharge_before_admission": "The time of discharge was typed by hand, and nobody compared it with the admission.",
    "death_as_home": "The bed was freed with the usual key, and the disposition that goes with it is 'home'.",
    "impossible_birth_date": "Registration needs a birth date to go on, so somebody typed one.",
    "wrong_merge": "Two people alike on the screen were taken for one; visits of one lie in the other's record.",
    "note_with_identifier": "People write notes for people, and people have names, numbers and addresses.",
    "note_denies_code": "The note was dictated from memory, the code comes from the problem list.",
}

FAULTS = ("duplicate_patient", "duplicate_joined", "near_miss", *WHY)
NEAR_MISSES = ("near_miss", "factor_one_unit")  # what looks like a fault and is none
_REPEATED_KINDS = (
    *("Patient", "Encounter", "Condition", "Lab", "Vital", "MedicationRequest", "Procedure", "DiagnosticReport"),
    *("Body", "MedicationAdministration"),
)
_DANGLING_KINDS = ("Condition", "Lab", "Vital", "MedicationRequest", "Procedure", "DiagnosticReport")


@dataclass
class Plan:
    """Which records carry which fault.

    Attributes
    ----------
    edits : dict
        Kind -> list of (fault, rows, extra): positions in that kind's table, ascending, and one number a position that
        decides the fault's shape.
    """

    edits: dict[str, list[tuple[str, np.ndarray, np.ndarray]]] = field(default_factory=dict)

    def add(self, fault: str, kind: str, rows: np.ndarray, extra: np.ndarray | None = None) -> None:
        """Plan ``fault`` for these rows of a kind."""
        extra = np.zeros(rows.size) if extra is None else extra
        self.edits.setdefault(kind, []).append((fault, rows, extra))

    def of(self, kind: str, begin: int, stop: int) -> dict[int, list[tuple[str, float]]]:
        """Return, for rows ``begin`` to ``stop``, position from ``begin`` -> [(fault, extra)]."""
        found: dict[int, list[tuple[str, float]]] = {}
        for fault, rows, extra in self.edits.get(kind, []):
            piece = slice(*np.searchsorted(rows, (begin, stop)))
            for row, number in zip((rows[piece] - begin).tolist(), extra[piece].tolist(), strict=True):
                found.setdefault(row, []).append((fault, number))
        return found


def plan_faults(world: World, chart: Chart, patients: Patients, without: frozenset[str] = frozenset()) -> Plan:
    """Choose who carries what; ``without`` names faults to leave out."""
    chosen = Plan()
    choose = _Chooser(world, chart, patients, chosen, without)
    labs, conditions, encounters = chart.labs, chart.conditions, chart.encounters
    everywhere = {kind: np.arange(choose.size(kind)) for kind in _REPEATED_KINDS}
    site = encounters["site"][labs["encounter"]]
    local = choose("local_code", Purpose.LOCAL_CODE, {"Lab": np.flatnonzero(site == sheet.EASTBANK)})
    choose(
        *("several_codings", Purpose.SEVERAL_CODINGS),
        {
            "Lab": np.setdiff1d(everywhere["Lab"], local["Lab"], assume_unique=True),
            "Condition": everywhere["Condition"],
        },
        shape=Purpose.SEVERAL_CODINGS_SHAPE,
        separately=True,
    )
    conditional = choose(
        *("conditional_reference", Purpose.CONDITIONAL_REFERENCE), {k: everywhere[k] for k in PRACTITIONER_FIELD}
    )
    dangling = {kind: everywhere[kind] for kind in _DANGLING_KINDS}
    dangling["Condition"] = np.flatnonzero(conditions["encounter"] >= 0)
    dangling["MedicationRequest"] = np.setdiff1d(everywhere["MedicationRequest"], conditional["MedicationRequest"])
    choose("dangling_reference", Purpose.DANGLING_REFERENCE, dangling)
    _plan_encounters(choose, encounters)
    _plan_laboratory(choose, world, chart, site)
    _plan_bedside(choose, chart)
    _plan_registration(choose, patients)
    _repeat(choose, everywhere)
    return chosen


def _plan_encounters(choose: _Chooser, encounters: dict) -> None:
    """Plan ends of stays that are dates, lie before their beginning or reach into the next stay, and a false home."""
    finished = (encounters["cls"] == IMP) & ~encounters["open"]
    dated = np.flatnonzero(finished & (encounters["site"] == sheet.EASTBANK))
    taken = choose("date_only_discharge", Purpose.DATE_ONLY, {"Encounter": dated})["Encounter"]
    row, start, stop = encounters["row"], encounters["start"], encounters["stop"]
    followed = np.zeros(row.size, dtype=bool)
    followed[:-1] = (row[1:] == row[:-1]) & (start[1:] - stop[:-1] < 40 * 86_400) & (start[1:] > stop[:-1] + 7200)
    followed[:-1] &= encounters["when"][1:] != encounters["when"][:-1]
    free = np.setdiff1d(np.flatnonzero(finished & followed), taken)
    overlap = choose("overlapping_stay", Purpose.OVERLAP, {"Encounter": free}, shape=Purpose.OVERLAP)["Encounter"]
    free = np.setdiff1d(np.flatnonzero(finished), np.union1d(taken, overlap))
    free = free[start[free] > 40 * 3600]
    choose(*("discharge_before_admission", Purpose.DISCHARGE_FIRST, {"Encounter": free}), shape=Purpose.DISCHARGE_FIRST)
    died = np.flatnonzero(finished & (encounters["disposition"] == sheet.DIED))
    choose("death_as_home", Purpose.DEATH_AS_HOME, {"Encounter": died})


def _plan_laboratory(choose: _Chooser, world: World, chart: Chart, site: np.ndarray) -> None:
    """Plan what happens to results; no two faults write the same field of one result."""
    labs, everywhere = chart.labs, np.arange(chart.labs["row"].size)
    choose.add("analyser_unit", "Lab", _analyser_rows(world, labs, site))
    named = lambda name: labs["analyte"] == sheet.ANALYTE[name]  # noqa: E731
    week = labs["moment"] / (7 * 86_400)
    # in the weeks of the message stream these three would contradict it: there it has faults of its own
    before = labs["issued"] < chart.end - sheet.HL7_WEEKS * 7 * 86_400 - 2 * 86_400
    choose("glucose_in_mmol", Purpose.GLUCOSE_SI, {"Lab": np.flatnonzero(named("glucose") & before)})
    here = site == sheet.QUILLMERE
    renamed = np.isin(labs["analyte"], [sheet.ANALYTE[name] for name in sheet.RENAMED])
    choose.add("renamed_test", "Lab", np.flatnonzero(here & renamed & (week >= sheet.RENAMED_FROM)))
    choose.add("factor_one_unit", "Lab", np.flatnonzero(here & named("sodium") & (week >= sheet.FACTOR_ONE_FROM)))
    first, last = sheet.UTC_AS_LOCAL
    wrong_zone = np.flatnonzero(here & (week >= first) & (week < last) & (labs["issued"] + 6 * 3600 < chart.end))
    choose.add("utc_as_local", "Lab", wrong_zone)
    preliminary = choose("preliminary_never_final", Purpose.PRELIMINARY, {"Lab": everywhere})["Lab"]
    left = np.setdiff1d(everywhere, preliminary, assume_unique=True)
    vitals = np.arange(chart.vitals["row"].size)
    withdrawn = choose("entered_in_error", Purpose.ENTERED_IN_ERROR, {"Lab": left, "Vital": vitals})["Lab"]
    left = np.setdiff1d(left, withdrawn, assume_unique=True)
    choose("corrected_result", Purpose.CORRECTED, {"Lab": left}, shape=Purpose.CORRECTED)
    left = np.setdiff1d(np.flatnonzero(before), wrong_zone)
    late = choose("late_result", Purpose.LATE_RESULT, {"Lab": left}, shape=Purpose.LATE_RESULT)["Lab"]
    left = np.setdiff1d(left, late, assume_unique=True)
    choose("result_before_collection", Purpose.BEFORE_COLLECTION, {"Lab": left}, shape=Purpose.BEFORE_COLLECTION)


def _plan_bedside(choose: _Chooser, chart: Chart) -> None:
    """Plan what happens to vital signs, by sets of five, and to weights."""
    vitals = chart.vitals
    first = np.arange(0, vitals["row"].size, 5)
    changed = _after_clock_change(chart, vitals["moment"][first], vitals["encounter"][first])
    choose.add("clock_change", "Vital", _sets(first[changed]), np.repeat(vitals["moment"][first[changed]], 5))
    free = first[~changed]
    choose.sets("device_clock", Purpose.DEVICE_CLOCK, free)
    follows = np.zeros(first.size, dtype=bool)
    follows[1:] = vitals["encounter"][first[1:]] == vitals["encounter"][first[:-1]]
    copied = choose.sets("copied_forward", Purpose.COPIED_FORWARD, first[follows])
    untouched = ~np.isin(first, np.union1d(copied, copied - 5))
    alone = np.repeat(untouched, 5)
    heart, temperature, saturation = (np.flatnonzero(alone & (vitals["vital"] == which)) for which in (0, 2, 3))
    choose("fahrenheit_as_celsius", Purpose.FAHRENHEIT, {"Vital": temperature})
    choose("device_artefact", Purpose.ARTEFACT, {"Vital": np.union1d(heart, saturation)})
    weights = np.flatnonzero(chart.bodies["item"] == WEIGHT)
    choose("weight_in_pounds", Purpose.WEIGHT_POUNDS, {"Body": weights})


def _sets(first: np.ndarray) -> np.ndarray:
    """Return the five rows of each set that begins at one of ``first``."""
    return (first[:, None] + np.arange(5)).ravel()


def _after_clock_change(chart: Chart, moment: np.ndarray, encounter: np.ndarray) -> np.ndarray:
    """Return which sets at Quillmere were taken within hours after the clock changed: as many hours as give eight."""
    here = chart.encounters["site"][encounter] == sheet.QUILLMERE
    changes, _ = clock.changes()
    since = moment - changes[np.searchsorted(changes, moment, side="right") - 1]
    for hours in (6, 12, 24):
        found = here & (since < hours * 3600)
        if found.sum() >= 2 * sheet.FAULT_FLOOR:
            break
    return found


def _plan_registration(choose: _Chooser, patients: Patients) -> None:
    """Plan birth dates that cannot be, for people whose record is otherwise left alone."""
    involved = np.union1d(patients.chosen, np.array([row for e in patients.pairs for row in e], dtype=np.int64))
    alone = np.flatnonzero((patients.record == 0) & ~np.isin(patients.row, involved))
    choose("impossible_birth_date", Purpose.BIRTH_DATE, {"Patient": alone}, shape=Purpose.BIRTH_DATE)


class _Chooser:
    def __init__(self, world: World, chart: Chart, patients: Patients, plan: Plan, without: frozenset[str]):
        self.world, self.chart, self.patients, self.plan, self.without = world, chart, patients, plan, without
        self.rate = sheet.RATES

    def keys(self, kind: str, rows: np.ndarray):
        if kind == "Patient":
            person = self.world.people["person"][self.patients.row[rows]]
            return person, 0, KIND["Patient"] + self.patients.record[rows]
        table = self.chart.table(kind)
        return table["person"][rows], table["when"][rows], table["slot"][rows]

    def size(self, kind: str) -> int:
        return self.patients.row.size if kind == "Patient" else self.chart.table(kind)["row"].size

    def draw(self, kind: str, rows: np.ndarray, purpose: Purpose) -> np.ndarray:
        return uniform(self.world.seed, *self.keys(kind, rows), purpose)[0]

    def shape(self, kind: str, rows: np.ndarray, shape: Purpose | None, purpose: Purpose) -> np.ndarray | None:
        """Return the number that decides each fault's shape; of one purpose the second word, as the first chose it."""
        if shape is None:
            return None
        return uniform(self.world.seed, *self.keys(kind, rows), shape)[int(shape == purpose)]

    def add(self, fault: str, kind: str, rows: np.ndarray, extra: np.ndarray | None = None) -> None:
        if fault not in self.without:
            self.plan.add(fault, kind, rows, extra)

    def __call__(
        self, fault: str, purpose: Purpose, candidates: dict, *, shape: Purpose | None = None, separately=False
    ):
        """Choose the records with the smallest draws, over all kinds together or within each."""
        groups = [{kind: rows} for kind, rows in candidates.items()] if separately else [candidates]
        chosen = {}
        for group in groups:
            u = np.concatenate([self.draw(kind, rows, purpose) for kind, rows in group.items()])
            picked = np.zeros(u.size, dtype=bool)
            picked[smallest(u, fault_count(self.rate[fault], u.size))] = True
            for kind, rows in group.items():
                here, picked = picked[: rows.size], picked[rows.size :]
                chosen[kind] = rows[here]
                self.add(fault, kind, chosen[kind], self.shape(kind, chosen[kind], shape, purpose))
        return chosen

    def sets(self, fault: str, purpose: Purpose, first: np.ndarray) -> np.ndarray:
        """Choose sets of vital signs by their first row and plan the fault for all five; return the first rows."""
        u = uniform(self.world.seed, *self.keys("Vital", first), purpose)
        chosen = smallest(u[0], fault_count(self.rate[fault], first.size))
        self.add(fault, "Vital", _sets(first[chosen]), np.repeat(u[1][chosen], 5))
        return first[chosen]


def _analyser_rows(world: World, labs: dict, site: np.ndarray) -> np.ndarray:
    """Return Eastbank's creatinine results of a quarter of days; more days if that gives fewer than eight."""
    rows = np.flatnonzero((site == sheet.EASTBANK) & (labs["analyte"] == sheet.ANALYTE["creatinine"]))
    days = np.arange(world.weeks * 7)
    u = uniform(world.seed, 0, days + DAY, 0, Purpose.UNIT_DAY)[0]
    day = np.minimum(labs["moment"][rows] // 86_400, days[-1])
    limit = sheet.RATES["analyser_unit_days"]
    if rows.size and (u[day] < limit).sum() < sheet.FAULT_FLOOR:
        limit = np.sort(u[day])[min(sheet.FAULT_FLOOR, rows.size) - 1] + 1e-12
    return rows[u[day] < limit]


def _repeat(choose: _Chooser, everywhere: dict[str, np.ndarray]) -> None:
    """Plan lines that stand twice, by type, with at least eight Patient and eight laboratory Observation lines."""
    # first records only: whether people have second ones is another fault's business
    everywhere = everywhere | {"Patient": np.flatnonzero(choose.patients.record == 0)}
    for kind in _REPEATED_KINDS:
        rows = everywhere[kind]
        count = round(sheet.RATES["repeated_line"] * rows.size)
        count = min(rows.size, max(sheet.FAULT_FLOOR, count)) if kind in ("Patient", "Lab") else count
        choose.add("repeated_line", kind, rows[smallest(choose.draw(kind, rows, Purpose.REPEATED_LINE), count)])


LEDGER = ("fault", "kind", "resource_type", "resource_id", "field", "before", "after", "related", "why", "file")
