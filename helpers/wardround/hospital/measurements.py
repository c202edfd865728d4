"""What the ward writes down: when vital signs are taken and blood is drawn, and the values that result.

That something was measured tells as much as its value: both times depend on how ill the patient looks.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from . import parameters as sheet
from .people import Table, has
from .streams import DAY, Purpose, normal, uniform

_INFLAMED = ("copd", "pneumonia", "sepsis", "gut", "infection")
_FEVER = {"pneumonia": 0.55, "infection": 0.55, "sepsis": 0.55, "copd": 0.30, "gut": 0.30}


def _by_group(values: dict[str, float]) -> np.ndarray:
    return np.array([values.get(name, 0.0) for name in sheet.GROUPS])


def _until(stay: Table) -> np.ndarray:
    """Return when measuring ends: at discharge where that is known, which for the dead may be early."""
    return stay.get("discharge", stay["leave"])


def ward_vitals(seed: int, people: Table, stay: Table, windows: Table) -> Table:
    """Return the sets of vital signs taken on the wards, one row a set."""
    owner = windows["stay"]
    person, when, window = stay["person"][owner], stay["day"][owner] + DAY, windows["window"]
    measured_u, minute_u, heart_u, breath_u = uniform(seed, person, when, window, Purpose.VITAL_SET)
    chance = expit(-0.8 + 0.75 * windows["acuity"] + 0.6 * windows["respiratory"])
    starts = stay["admit"][owner] + window * sheet.WINDOW
    room = np.minimum(np.where(window == 0, 1 / 24, sheet.WINDOW), stay["leave"][owner] - starts)
    time = starts + minute_u * room
    taken = ((window == 0) | (measured_u < chance)) & (room > 0) & (time < _until(stay)[owner])
    owner, window, person, when = owner[taken], window[taken], person[taken], when[taken]
    acuity, breath = windows["acuity"][taken], windows["respiratory"][taken]
    temperature_u, systolic_u, true_u, diastolic_u = uniform(seed, person, when, window, Purpose.VITAL_VALUE)
    sensor_u = uniform(seed, person, when, window, Purpose.VITAL_SENSOR)[0]
    row = stay["row"][owner]
    group, onset = stay["group"][owner], stay["onset"][owner]
    fever = np.exp(-window / 9) * _by_group(_FEVER)[group] + 0.55 * ((onset >= 0) & (window >= onset))
    saturation = 96.6 - 1.9 * np.maximum(breath, -0.8) - 0.3 * np.maximum(acuity, 0) + 0.4 * normal(true_u)
    systolic = 127 - 9 * acuity + 11 * people["own_systolic"][row] + 8 * normal(systolic_u)
    values = {
        "heart_rate": 80 + 9 * acuity + 2 * breath + 8 * people["own_heart"][row] + 6 * normal(heart_u[taken]),
        "respiratory_rate": 17 + 1.2 * acuity + 2.0 * breath + 1.7 * normal(breath_u[taken]),
        "temperature": 36.9 + 0.25 * acuity + 0.42 * normal(temperature_u) + fever,
        "systolic": systolic,
        "true_saturation": saturation,
    }
    place = {"row": row, "stay": owner, "visit": np.full(owner.size, -1), "slot": window, "time": time[taken]}
    rows = place | {"person": person, "when": when} | values
    return _finish_vitals(seed, people, rows, diastolic_u, sensor_u)


def emergency_vitals(seed: int, people: Table, visit: Table) -> Table:
    """Return one set of vital signs per emergency visit, driven by the acuity at the door."""
    person, when, slot = visit["person"], visit["day"] + DAY, np.full(visit["person"].size, 999)
    _, minute_u, heart_u, breath_u = uniform(seed, person, when, slot, Purpose.VITAL_SET)
    temperature_u, systolic_u, true_u, diastolic_u = uniform(seed, person, when, slot, Purpose.VITAL_VALUE)
    sensor_u = uniform(seed, person, when, slot, Purpose.VITAL_SENSOR)[0]
    row, acuity = visit["row"], visit["acuity"]
    values = {
        "heart_rate": 84 + 6 * acuity + 8 * people["own_heart"][row] + 6 * normal(heart_u),
        "respiratory_rate": 17.5 + 1.6 * acuity + 1.7 * normal(breath_u),
        "temperature": 36.9 + 0.20 * acuity + 0.42 * normal(temperature_u),
        "systolic": 134 - 6 * acuity + 11 * people["own_systolic"][row] + 8 * normal(systolic_u),
        "true_saturation": 97 - 0.9 * np.maximum(acuity, -0.8) + 0.6 * normal(true_u),
    }
    time = visit["arrive"] + np.minimum(2 + 25 * minute_u, 1440 * (visit["leave"] - visit["arrive"])) / 1440
    place = {"row": row, "stay": np.full(row.size, -1), "visit": np.arange(row.size), "slot": slot, "time": time}
    rows = place | {"person": person, "when": when} | values
    return _finish_vitals(seed, people, rows, diastolic_u, sensor_u)


def _finish_vitals(seed: int, people: Table, rows: Table, diastolic_u: np.ndarray, sensor_u: np.ndarray) -> Table:
    """Add the diastolic pressure and what the oximeter displays, and round as the devices do."""
    true = rows["true_saturation"]
    dark = people["race"][rows["row"]] == sheet.RACES.index("black")  # a crude stand-in for skin tone
    older = uniform(seed, rows["person"], rows["when"], 0, Purpose.OXIMETER)[0] < sheet.OLDER_OXIMETERS
    bias = np.where(older, *sheet.OXIMETER_BIAS) * dark * (1.0 + 0.45 * np.clip(95 - true, 0, 6))
    shown = true + 0.8 * normal(sensor_u) + bias
    rows["diastolic"] = 0.45 * rows["systolic"] + 19 + 5 * normal(diastolic_u)
    for name, low, high in (
        ("heart_rate", 25, 220),
        ("respiratory_rate", 6, 60),
        ("systolic", 55, 250),
        ("diastolic", 30, 150),
    ):
        rows[name] = np.clip(np.rint(rows[name]), low, high).astype(np.int64)
    rows["diastolic"] = np.minimum(rows["diastolic"], rows["systolic"] - 10)
    rows["temperature"] = np.round(rows["temperature"], 1)
    rows["saturation"] = np.clip(np.rint(shown), 60, 100).astype(np.int64)
    rows["true_saturation"] = np.round(true, 2)
    rows["older_oximeter"] = older
    return rows


def ward_labs(seed: int, people: Table, stay: Table, windows: Table) -> Table:
    """Return the laboratory results of the wards, one row a result."""
    owner, window = windows["stay"], windows["window"]
    person, when = stay["person"][owner], stay["day"][owner] + DAY
    drawn_u, minute_u, lactate_u, delay_u = uniform(seed, person, when, window, Purpose.DRAW)
    chance = np.minimum(1, 1.6 * expit(-1.35 + 0.55 * windows["acuity"]))
    # most people have blood taken on the day they come; without it a stay has 1.6 draws instead of the sheet's 2.4
    chance = np.where(window == 0, 0.75 + 0.25 * chance, chance)
    drawn = (window % 3 == 0) & (drawn_u < chance)
    onset = stay["onset"][owner]
    late = (onset >= 0) & (window >= onset) & (window < onset + 4)
    early = (stay["group"][owner] == sheet.GROUP["sepsis"]) & (window < 3)
    suspected = windows["suspicion_u"] < expit(-4.0 + 1.2 * windows["acuity"] + 1.6 * early + 1.2 * late)
    lactate = suspected & (lactate_u < np.where(late, 0.254, 0.72))
    starts = stay["admit"][owner] + window * sheet.WINDOW
    room = np.minimum(np.where(window == 0, 2 / 24, sheet.WINDOW), stay["leave"][owner] - starts)
    panel = uniform(seed, person, when, window, Purpose.PANEL)
    # the liver panel is asked for once a stay, with the first draw: albumin is missing in more than half of stays
    liver_u = uniform(seed, person, when, 998, Purpose.PANEL)[2]
    chest_pain = stay["group"][owner] == sheet.GROUP["coronary"]
    wanted = np.zeros((owner.size, len(sheet.ANALYTES)), dtype=bool)
    wanted[:, _columns(sheet.METABOLIC)] = (drawn & (panel[0] < sheet.PANEL_SHARE["metabolic"]))[:, None]
    wanted[:, _columns(sheet.COUNT)] = (drawn & (panel[1] < sheet.PANEL_SHARE["count"]))[:, None]
    wanted[:, _columns(sheet.LIVER)] = (_first(owner, drawn) & (liver_u < sheet.PANEL_SHARE["liver"]))[:, None]
    wanted[:, sheet.ANALYTE["troponin"]] = drawn & (window == 0) & (chest_pain | (panel[3] < 0.1))
    wanted[:, sheet.ANALYTE["lactate"]] = lactate
    wanted &= ((room > 0) & (starts + minute_u * room < _until(stay)[owner]))[:, None]
    source, analyte = np.nonzero(wanted)
    rows = {
        "row": stay["row"][owner[source]],
        "stay": owner[source],
        "visit": np.full(source.size, -1),
        "person": person[source],
        "when": when[source],
        "slot": window[source],
        "analyte": analyte,
        "time": (starts + minute_u * room)[source],
        "delay": _delay(delay_u)[source],
        "acuity": windows["acuity"][source],
    }
    rows["value"] = _lab_values(seed, people, stay_bases(seed, people, stay), rows, stay)
    return rows


def _columns(names: tuple[str, ...]) -> list[int]:
    return [sheet.ANALYTE[name] for name in names]


def _first(owner: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return which draw is the first of its stay."""
    first = np.zeros(owner.size, dtype=bool)
    where = np.flatnonzero(drawn)
    first[where[np.unique(owner[where], return_index=True)[1]]] = True
    return first


def _delay(u: np.ndarray) -> np.ndarray:
    """Return days from draw to result: lognormal, median 55 minutes."""
    return np.clip(np.exp(np.log(55) + 0.45 * normal(u)), 12, 330) / 1440


def stay_bases(seed: int, people: Table, stay: Table) -> dict[str, np.ndarray]:
    """Return haemoglobin, sodium, albumin and creatinine of each stay before the noise of a single draw."""
    noise = normal(uniform(seed, stay["person"], stay["day"] + DAY, 0, Purpose.STAY_LAB))
    row, acuity, frailty = stay["row"], stay["acuity"], stay["frailty"]
    gut, kidney = stay["group"] == sheet.GROUP["gut"], stay["group"] == sheet.GROUP["kidney"]
    own = 0.18 * people["own_creatinine"][row] + 0.55 * stay["ckd"] + 0.25 * kidney
    creatinine = np.where(stay["female"], 0.82, 0.97) * np.exp(own + 0.13 * np.maximum(acuity, -1) + 0.10 * noise[3])
    haemoglobin = 13.2 + 1.1 * ~stay["female"] - 0.15 * frailty - 0.45 * acuity - 0.6 * gut
    return {
        "haemoglobin": haemoglobin + 0.85 * people["own_haemoglobin"][row],
        # of the sheet's 2.6 mmol/L, 2.0 belong to the stay and 1.66 to the single draw
        "sodium": 139 - acuity - 0.9 * stay["hf"] - 0.6 * frailty + 2.0 * noise[1],
        "albumin": 4.0 - 0.06 * frailty - 0.20 * acuity + 0.30 * people["own_albumin"][row],
        "creatinine": creatinine,
    }


def _lab_values(seed: int, people: Table, base: dict[str, np.ndarray], rows: Table, stay: Table) -> np.ndarray:
    """Return the result of each row in conventional units, unrounded."""
    of, acuity, analyte = rows["stay"], rows["acuity"], rows["analyte"]
    noise = normal(uniform(seed, rows["person"], rows["when"], rows["slot"] * 32 + analyte, Purpose.LAB_VALUE)[0])
    drift = np.exp(0.14 * (acuity - stay["acuity"][of]) + 0.26 * stay["kidney"][of])
    # urea and haematocrit follow creatinine and haemoglobin of the same draw, so they need those noises, too
    same = {
        name: normal(
            uniform(seed, rows["person"], rows["when"], rows["slot"] * 32 + sheet.ANALYTE[name], Purpose.LAB_VALUE)[0]
        )
        for name in ("creatinine", "haemoglobin")
    }
    inflamed = np.isin(stay["group"][of], [sheet.GROUP[name] for name in _INFLAMED])
    coronary = stay["group"][of] == sheet.GROUP["coronary"]
    creatinine = base["creatinine"][of] * drift * np.exp(0.05 * same["creatinine"])
    haemoglobin = base["haemoglobin"][of] + 0.25 * same["haemoglobin"]
    values = {
        "creatinine": creatinine,
        "urea": 15 * creatinine**0.8 * np.exp(0.30 * noise),
        "sodium": base["sodium"][of] + 1.66 * noise,
        "glucose": np.exp(4.75 + 0.32 * stay["dm"][of] + 0.08 * acuity + 0.18 * noise),
        "haemoglobin": haemoglobin,
        "haematocrit": 3.0 * haemoglobin + 0.6 * noise,
        "leukocytes": np.exp(2.05 + 0.18 * acuity + 0.14 * inflamed + 0.25 * noise),
        "albumin": base["albumin"][of] + 0.2 * noise,
        "lactate": np.exp(0.10 + 0.36 * acuity + 0.22 * noise),
        "troponin": np.exp(-4.6 + 3.0 * coronary + 0.3 * acuity + 0.7 * noise),
    }
    for name, (mean, sd, loading) in sheet.PLAIN_ANALYTES.items():
        values[name] = mean + sd * (loading * acuity + noise)
    return _choose(values, analyte)


def _choose(values: dict[str, np.ndarray], analyte: np.ndarray) -> np.ndarray:
    chosen = np.zeros(analyte.size)
    for name, column in values.items():
        here = analyte == sheet.ANALYTE[name]
        chosen[here] = column[here]
    return np.maximum(chosen, 0.003)


def emergency_labs(seed: int, people: Table, visit: Table) -> Table:
    """Return four results for about a third of emergency visits; the sicker and the admitted more often."""
    person, when = visit["person"], visit["day"] + DAY
    drawn_u, minute_u, delay_u, _ = uniform(seed, person, when, 0, Purpose.EMERGENCY_LAB)
    drawn = np.flatnonzero(drawn_u < expit(-0.75 + 0.5 * visit["acuity"]))
    analyte = np.tile(_columns(sheet.EMERGENCY_ANALYTES), drawn.size)
    source = np.repeat(drawn, len(sheet.EMERGENCY_ANALYTES))
    time = visit["arrive"] + np.minimum((10 + 50 * minute_u) / 1440, 0.9 * (visit["leave"] - visit["arrive"]))
    row, acuity = visit["row"][source], visit["acuity"][source]
    slot = np.full(source.size, 999)
    noise = normal(uniform(seed, person[source], when[source], slot * 32 + analyte, Purpose.LAB_VALUE)[0])
    female, frailty = people["female"][row], people["frailty"][row]
    own = 0.18 * people["own_creatinine"][row] + 0.55 * has(people, "ckd")[row]
    values = {
        "sodium": 139 - 0.8 * acuity - 0.9 * has(people, "hf")[row] - 0.6 * frailty + 2.6 * noise,
        "creatinine": np.where(female, 0.82, 0.97) * np.exp(own + 0.10 * np.maximum(acuity, -1) + 0.15 * noise),
        "haemoglobin": 13.4
        + 1.1 * ~female
        - 0.15 * frailty
        - 0.3 * acuity
        + 0.85 * people["own_haemoglobin"][row]
        + 0.5 * noise,
        "leukocytes": np.exp(2.05 + 0.15 * acuity + 0.27 * noise),
    }
    return {
        "row": row,
        "stay": np.full(source.size, -1),
        "visit": source,
        "person": person[source],
        "when": when[source],
        "slot": slot,
        "analyte": analyte,
        "time": time[source],
        "delay": _delay(delay_u)[source],
        "acuity": acuity,
        "value": _choose(values, analyte),
    }
