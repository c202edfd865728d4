"""What people enter into the chart: diagnoses, orders and procedures, as columns."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from . import codes
from . import parameters as sheet
from .clock import seconds
from .people import Table
from .streams import DAY, Purpose, uniform
from .world import World

EMER, IMP, OBSENC = range(3)
SOON, NEVER_GIVEN = -1, -2  # instead of the moment of a first dose: some hours after the order; not at all
ICD = tuple(codes.ICD10)
_ICD = {code: number for number, code in enumerate(ICD)}
DRUGS = tuple(codes.DRUG)
_DRUG = {name: number for number, name in enumerate(DRUGS)}
PROCEDURES = tuple(codes.PROCEDURE)

# diagnoses ----------------------------------------------------------------------------------------------------------


def _listing(parts: list[Table]) -> Table:
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((rows["slot"], rows["when"], rows["row"]))
    return {name: column[order] for name, column in rows.items()}


def _codes_of(
    lists: dict[str, tuple[str, ...]], names: tuple[str, ...], which: np.ndarray, u: np.ndarray
) -> np.ndarray:
    width = max(len(group) for group in lists.values())
    table = np.array([[_ICD[c] for c in (lists[n] * width)[:width]] if n in lists else [0] * width for n in names])
    length = np.array([len(lists.get(n, ("",))) for n in names])
    return table[which, np.minimum((u * length[which]).astype(np.int64), length[which] - 1)]


def conditions(world: World, encounters: Table) -> Table:
    return _listing(
        [_problems(world, encounters), *_stay_diagnoses(world, encounters), _visit_reasons(world, encounters)]
    )


def _problems(world: World, encounters: Table) -> Table:
    """Return the problem list: chronic conditions, entered at the first contact, with a year of onset for display."""
    people = world.people
    seen, first = np.unique(encounters["row"], return_index=True)
    who, which = np.nonzero(people["condition"][seen])
    row, encounter = seen[who], first[who]
    code_u, onset_u, listed_u, _ = uniform(world.seed, people["person"][row], 0, which, Purpose.PROBLEM)
    code = _codes_of(codes.PROBLEM, sheet.CONDITIONS, which, code_u)
    wrong_sex = np.isin(code, [_ICD["C61"], _ICD["C50.919"]])
    code = np.where(wrong_sex, np.where(people["female"][row], _ICD["C50.919"], _ICD["C61"]), code)
    listed = listed_u < 0.85
    years = np.floor(1 + onset_u * np.minimum(15, people["age"][row] - 17)).astype(np.int64)
    problem = {
        "row": row,
        "person": people["person"][row],
        "when": np.zeros(row.size, dtype=np.int64),
        "slot": which,
        "encounter": np.full(row.size, -1),
        "code": code,
        "rank": np.zeros(row.size, dtype=np.int64),
        "recorded": encounters["start"][encounter],
        "onset_years": years,
        "record_when": encounters["when"][encounter],
    }
    return {name: column[listed] for name, column in problem.items()}


def _diagnosis(encounters: Table, which: np.ndarray, code: np.ndarray, slot, rank) -> Table:
    size = which.size
    return {
        "row": encounters["row"][which],
        "person": encounters["person"][which],
        "when": encounters["when"][which],
        "slot": np.broadcast_to(slot, size) + 32 * encounters["part"][which],
        "encounter": which,
        "code": code,
        "rank": np.broadcast_to(rank, size),
        # coded when the encounter is over; while it lasts the admitting diagnosis stands
        "recorded": np.where(encounters["open"][which], encounters["start"][which], encounters["stop"][which]),
        "onset_years": np.full(size, -1),
        "record_when": encounters["when"][which],
    }


def _stay_diagnoses(world: World, encounters: Table) -> list[Table]:
    stays = world.stays
    inpatient = np.flatnonzero(encounters["cls"] == IMP)
    stay = encounters["stay"][inpatient]
    person, when = encounters["person"][inpatient], encounters["when"][inpatient]
    main_u, _, extra_u, failure_u = uniform(world.seed, person, when, 0, Purpose.DIAGNOSIS)
    septic = stays["claims_label"][stay]
    main = _codes_of(codes.PRINCIPAL, sheet.GROUPS, stays["group"][stay], main_u)
    sepsis_first = septic & (stays["group"][stay] == sheet.GROUP["sepsis"])
    first = np.where(sepsis_first, _ICD["A41.9"], main)
    parts = [_diagnosis(encounters, inpatient, first, 0, 1)]
    parts.append(_diagnosis(encounters, inpatient[sepsis_first], main[sepsis_first], 1, 2))
    extra = {
        "A41.9": septic & ~sepsis_first,
        "R65.20": septic & (failure_u < 0.5),
        "J96.01": (stays["event"][stay] >= 0) & (failure_u < 0.4),
        "Z51.5": (stays["disposition"][stay] == sheet.HOSPICE) & (extra_u < 0.8),
        "E87.6": extra_u > 0.95,
    }
    for slot, (code, where) in enumerate(extra.items(), start=2):
        parts.append(_diagnosis(encounters, inpatient[where], np.full(where.sum(), _ICD[code]), slot, slot + 1))
    condition = np.stack([stays[name][stay] for name in sheet.CONDITIONS], axis=1) > 0
    chronic_u = uniform(
        world.seed, person[:, None], when[:, None], 1 + np.arange(condition.shape[1]), Purpose.DIAGNOSIS
    )[1]
    where, which = np.nonzero(condition & (chronic_u < 0.75))
    u = uniform(world.seed, person[where], 0, which, Purpose.PROBLEM)[0]
    code = _codes_of(codes.PROBLEM, sheet.CONDITIONS, which, u)
    keep = ~np.isin(code, [_ICD["C61"], _ICD["C50.919"]]) & (code != first[where])
    return [*parts, _diagnosis(encounters, inpatient[where[keep]], code[keep], 8 + which[keep], 8 + which[keep])]


def _visit_reasons(world: World, encounters: Table) -> Table:
    """Return the diagnosis of emergency visits that end at home or in observation."""
    home = np.flatnonzero((encounters["cls"] != IMP) & (encounters["stay"] < 0))
    u = uniform(world.seed, encounters["person"][home], encounters["when"][home], 0, Purpose.DIAGNOSIS)[1]
    reasons = np.array([_ICD[code] for code in codes.VISIT_REASONS])
    return _diagnosis(encounters, home, reasons[(u * reasons.size).astype(np.int64)], 0, 1)


# orders and procedures ------------------------------------------------------------------------------------------------


def _items(world: World, encounters: Table, wanted: np.ndarray, chance, purpose: Purpose) -> tuple[Table, np.ndarray]:
    """Return rows for the marked (encounter, item) pairs that a keyed draw confirms, and their item numbers."""
    where, item = np.nonzero(wanted)
    person, when = encounters["person"][where], encounters["when"][where]
    done_u, hour_u, _, _ = uniform(world.seed, person, when, 64 * encounters["part"][where] + item, purpose)
    length = encounters["stop"][where] - encounters["start"][where]
    moment = (
        encounters["start"][where] + (np.minimum(0.6 * length, 600 + 72_000 * hour_u**2) // 60).astype(np.int64) * 60
    )
    keep = done_u < np.broadcast_to(chance, wanted.shape)[where, item]
    where, item = where[keep], item[keep]
    rows = {
        "row": encounters["row"][where],
        "person": person[keep],
        "when": when[keep],
        "slot": 64 * encounters["part"][where] + item,
        "encounter": where,
        "moment": moment[keep],
    }
    order = np.lexsort((rows["slot"], rows["moment"], rows["row"]))
    return {name: column[order] for name, column in rows.items()}, item[order]


def _first_part(encounters: Table) -> np.ndarray:
    return (encounters["cls"] == IMP) & (encounters["part"] == 1)


def orders(world: World, encounters: Table) -> Table:
    inpatient, stays = np.flatnonzero(_first_part(encounters)), world.stays
    stay = encounters["stay"][inpatient]
    chance = np.zeros((encounters["row"].size, len(DRUGS)))
    for condition, drugs in codes.HOME_DRUGS.items():
        for drug in drugs:
            column = chance[inpatient, _DRUG[drug]]
            chance[inpatient, _DRUG[drug]] = np.maximum(column, 0.70 * stays[condition][stay])
    ordered = ~np.isnan(stays["order_at"][stay])  # their first antibiotic is that of the suspicion of sepsis
    for group, drugs in codes.WARD_DRUGS.items():
        here = inpatient[stays["group"][stay] == sheet.GROUP[group]]
        late = inpatient[(stays["group"][stay] == sheet.GROUP[group]) & ~ordered]
        for drug in drugs:
            whom = late if drug in codes.ANTIBIOTICS else here
            chance[whom, _DRUG[drug]] = codes.WARD_SHARES.get((group, drug), codes.WARD_SHARE)
    for drug in codes.EVERYONE_DRUGS:
        chance[inpatient, _DRUG[drug]] = np.maximum(chance[inpatient, _DRUG[drug]], 0.55)
    rows, drug = _items(world, encounters, chance > 0, chance, Purpose.MEDICATION)
    return rows | {"drug": drug, "given": np.full(drug.size, SOON)}


def antibiotics_of_sepsis(world: World, encounters: Table, find) -> Table:
    """Return the antibiotic that follows a suspicion of sepsis, ordered at the moment of the order; see ``sepsis``."""
    stays = world.stays
    stay = np.flatnonzero(~np.isnan(stays["order_at"]))
    time = stays["order_at"][stay]
    encounter = find({"stay": stay, "time": time, "visit": np.full(stay.size, -1)})
    keep = encounter >= 0
    stay, encounter = stay[keep], encounter[keep]
    given = stays["antibiotic_at"][stay]
    return {
        "row": stays["row"][stay],
        "person": stays["person"][stay],
        "when": stays["day"][stay] + DAY,
        "slot": np.full(stay.size, 1000),
        "encounter": encounter,
        "moment": seconds(time[keep]),
        "drug": np.full(stay.size, _DRUG["ceftriaxone"]),
        "given": np.where(np.isnan(given), NEVER_GIVEN, seconds(np.nan_to_num(given))),
        "stay": stay,
    }


def procedures(world: World, encounters: Table) -> Table:
    inpatient, stays = np.flatnonzero(_first_part(encounters)), world.stays
    stay = encounters["stay"][inpatient]
    group = stays["group"][stay]
    main_u = uniform(world.seed, encounters["person"][inpatient], encounters["when"][inpatient], 0, Purpose.DIAGNOSIS)[
        0
    ]
    main = np.array(ICD, dtype=object)[_codes_of(codes.PRINCIPAL, sheet.GROUPS, group, main_u)]
    chances = {
        "transfusion": 0.35 * (group == sheet.GROUP["gut"]) * expit(stays["acuity"][stay]),
        "dialysis": 0.5 * (main == "N17.9") * expit(stays["acuity"][stay] - 1),
        "catheter": 0.7 * (group == sheet.GROUP["coronary"]),
        "knee": 0.97 * (main == "M17.11"),
        "gallbladder": 0.95 * (main == "K80.20"),
        "endoscopy": 0.7 * (main == "K92.2"),
        "ventilation": 0.3 * (stays["event"][stay] >= 0),
        "detoxification": 0.6 * (group == sheet.GROUP["alcohol"]),
    }
    chance = np.zeros((encounters["row"].size, len(PROCEDURES)))
    for column, name in enumerate(PROCEDURES):
        chance[inpatient, column] = chances[name]
    rows, item = _items(world, encounters, chance > 0, chance, Purpose.PROCEDURE)
    rows |= {"procedure": item}
    worse = item == PROCEDURES.index("ventilation")
    stay = encounters["stay"][rows["encounter"]]
    struck = encounters["start"][rows["encounter"]] + (stays["event"][stay] * sheet.WINDOW * 86_400).astype(np.int64)
    stop = encounters["stop"][rows["encounter"]]
    rows["moment"] = np.where(worse, np.minimum(struck + 4 * 3600, stop - 60), rows["moment"])
    order = np.lexsort((rows["slot"], rows["moment"], rows["row"]))
    return {name: column[order] for name, column in rows.items()}
