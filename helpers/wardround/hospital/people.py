"""The panel: who lives around the two hospitals, with what latent risk and which chronic conditions."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from . import parameters as sheet
from .streams import Purpose, normal, uniform

Table = dict[str, np.ndarray]


def joined(parts: list[Table]) -> Table:
    """Return tables of the same columns as one."""
    names = parts[0].keys() if parts else ()
    return {name: np.concatenate([part[name] for part in parts]) for name in names}


def make_people(seed: int, first: int, last: int) -> Table:
    """Return the people ``first`` to ``last`` (exclusive) of the panel as columns of one row a person.

    Ages are in years on the first day of the export; ``joins`` and ``leaves`` in weeks. ``condition`` has shape
    (people, 13) in the order of ``parameters.CONDITIONS``.
    """
    person = np.arange(first, last)
    draw = lambda purpose, slot=0: uniform(seed, person, 0, slot, purpose)  # noqa: E731
    site_u, late_u, join_u, leave_u = draw(Purpose.PERSON)
    age_u, sex_u, race_u, social_u = draw(Purpose.BODY)
    frailty_u, brittle_u, distance_u, reach_u = draw(Purpose.LATENT)
    site = (site_u < 0.40).astype(np.int64)
    age = np.interp(age_u, *sheet.AGE_POINTS)
    race = (race_u[:, None] > np.cumsum(sheet.RACE_SHARE[site], axis=1)[:, :-1]).sum(axis=1)
    social = 0.9 * normal(social_u) + sheet.SOCIAL_BY_RACE[race] - 0.35 * site
    frailty = 0.50 * (age - 62) / 18 + 0.85 * normal(frailty_u) + 0.15 * social - 0.20 * site
    joins = np.where(late_u < 0.24, np.floor(-52 + join_u * 260), -sheet.BURN_IN)
    people = {
        "person": person,
        "site": site,
        "age": age,
        "female": sex_u < 0.50 + 0.06 * (age > 75),
        "race": race,
        "social": social,
        "frailty": frailty,
        "brittleness": normal(brittle_u),
        "distance": distance_u,
        "reached": reach_u < expit(2 - 0.5 * social),
        "joins": joins,
        "leaves": joins - np.log(leave_u) / 0.045 * 52,
    }
    people |= _cover(people, draw(Purpose.COVER)) | _lasting(draw)
    people |= _recorded_race(people, draw(Purpose.RACE_RECORD))
    people["condition"] = _conditions(seed, people)
    people["charlson"] = people["condition"] @ sheet.CONDITION["charlson"]
    people["support"] = normal(draw(Purpose.SUPPORT)[0])  # at home; it does something only where an incident says so
    people |= _size(people, draw(Purpose.BODY_SIZE))
    people |= _cost(people, draw(Purpose.COST)[0])
    return people


def _size(people: Table, draws: np.ndarray) -> Table:
    """Return height (cm) and usual weight (kg); nothing in the model depends on them."""
    height = np.where(people["female"], 162 + 7 * normal(draws[0]), 176 + 7.5 * normal(draws[0]))
    index = np.exp(np.log(27.5) + 0.21 * normal(draws[1]) - 0.02 * people["frailty"])
    return {"height": np.rint(height), "weight": np.clip(index * (height / 100) ** 2, 35, 220)}


def _cost(people: Table, u: np.ndarray) -> Table:
    """Return need, and the yearly cost in US dollars that stands for it: lower where access is worse."""
    need = people["charlson"] + 1.1 * np.maximum(people["frailty"], -1) + 1
    access = np.where(people["race"] == sheet.RACES.index("black"), sheet.ACCESS, 1.0)
    return {"need": need, "cost": access * np.exp(7.3 + 0.42 * need + 0.55 * normal(u))}


def has(people: Table, name: str) -> np.ndarray:
    """Return who has the chronic condition ``name``, as 0 or 1."""
    return people["condition"][:, sheet.CONDITIONS.index(name)].astype(float)


def _cover(people: Table, draws: np.ndarray) -> Table:
    interpreter_u, medicare_u, medicaid_u, uninsured_u = draws
    social, frailty = people["social"], people["frailty"]
    payer = np.select(
        [
            (people["age"] >= 65) | (medicare_u < expit(-4 + 0.8 * frailty)),
            medicaid_u < expit(-1 + 1.1 * social),
            uninsured_u < expit(-1.7 + 0.8 * social),
        ],
        [0, 1, 2],
        3,
    )
    return {"interpreter": interpreter_u < sheet.INTERPRETER_BY_RACE[people["race"]], "payer": payer}


def _lasting(draw) -> Table:
    """Return what stays with a person from one measurement to the next, in standard normals."""
    lab, vital = normal(draw(Purpose.PERSON_LAB)), draw(Purpose.PERSON_VITAL)
    names = ("own_haemoglobin", "own_albumin", "own_creatinine", "own_respiratory")
    return dict(zip(names, lab, strict=True)) | {
        "own_heart": normal(vital[0]),
        "own_systolic": normal(vital[1]),
    }


def _recorded_race(people: Table, draws: np.ndarray) -> Table:
    """Return the race as registration wrote it: -1 where missing, sometimes another than the true one."""
    missing_u, discordant_u, other_u, how_u = draws
    share = sheet.RACE_SHARE[people["site"]]
    other = (other_u[:, None] > np.cumsum(share, axis=1)[:, :-1]).sum(axis=1)
    other = np.where(other == people["race"], (people["race"] + 1) % len(sheet.RACES), other)
    recorded = np.where(discordant_u < sheet.RACE_DISCORDANT, other, people["race"])
    missing = missing_u < sheet.RACE_MISSING[people["site"]]
    return {"recorded_race": np.where(missing, -1, recorded), "race_written": how_u}


def _conditions(seed: int, people: Table) -> np.ndarray:
    slots = np.arange(len(sheet.CONDITIONS))
    u = uniform(seed, people["person"][:, None], 0, slots[None, :], Purpose.CONDITION)[0]
    coefficient = sheet.CONDITION
    log_odds = (
        logit(coefficient["base"])
        + coefficient["age"] * ((people["age"] - 60) / 15)[:, None]
        + coefficient["frailty"] * people["frailty"][:, None]
        + coefficient["social"] * people["social"][:, None]
    )
    return u < expit(log_odds)
