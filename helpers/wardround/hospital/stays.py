"""A stay from its diagnosis to what follows it: length, disposition, the care call, the thirty days after."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import expit

from . import parameters as sheet
from .clock import summer_shift
from .incidents import Incident
from .people import Table, has
from .streams import DAY, Purpose, normal, uniform

NOTHING, BACK_HERE, BACK_ELSEWHERE, BACK_PLANNED, DIED_OUTSIDE = range(5)


def gather(people: Table, row: np.ndarray, day: np.ndarray) -> Table:
    """Return one row a stay with what its owner brings along; frailty and age are those of the day."""
    years = day / 364
    stay = {name: people[name][row] for name in ("person", "site", "social", "brittleness", "distance", "reached")}
    stay |= {
        name: people[name][row] for name in ("interpreter", "payer", "charlson", "female", "own_respiratory", "support")
    }
    stay |= {name: has(people, name)[row] for name in sheet.CONDITIONS}
    return stay | {
        "row": row,
        "day": day,
        "frailty": people["frailty"][row] + 0.05 * years,
        "age": people["age"][row] + day / 365.25,
    }


def case(seed: int, stay: Table) -> Table:
    """Add diagnosis group, acuity and length (days), the kidney term and the onset of sepsis on the ward."""
    draw = _draws(seed, stay)
    group_u, acuity_u, length_u, unstable_u = draw(Purpose.CASE)
    kidney_u, septic_u, onset_u, emergency_u = draw(Purpose.COURSE)
    group = _group(stay, group_u)
    acuity = 0.38 * stay["frailty"] + sheet.GROUP_ACUITY[group] + 0.90 * normal(acuity_u)
    log_length = 1.12 + sheet.GROUP_LOS[group] + 0.26 * acuity + 0.06 * stay["frailty"]
    log_length += -0.20 * stay["site"] + 0.10 * (stay["age"] > 80) + 0.72 * normal(length_u)
    length = np.clip(np.exp(log_length), 0.3, 60)
    windows = np.ceil(length * 24 / sheet.WINDOW_HOURS)
    late_sepsis = (septic_u < 0.011) & (length > 2) & (windows > 3)
    stay = stay | {"acuity": acuity, "group": group}
    hospice_u = draw(Purpose.FATE)[1]
    return stay | {
        "septic": (group == sheet.GROUP["sepsis"]) | late_sepsis,
        "comfort": hospice_u < _hospice_chance(stay, (group == sheet.GROUP["sepsis"]) | late_sepsis),
        "length": length,
        "instability": normal(unstable_u),
        "kidney": normal(kidney_u),
        "onset": np.where(late_sepsis, np.floor(3 + onset_u * (windows - 3)), -1).astype(np.int64),
        "emergency_hours": np.clip(np.exp(np.log(5) + 0.4 * normal(emergency_u)), 1, 16),
        "chest": np.isin(group, [sheet.GROUP["copd"], sheet.GROUP["pneumonia"]]).astype(float),
    }


def _hospice_chance(stay: Table, septic: np.ndarray) -> np.ndarray:
    log_odds = -5.2 + 0.45 * stay["frailty"] + 0.03 * (stay["age"] - 65) + 1.1 * stay["cancer"]
    return expit(log_odds + 0.5 * septic + 0.3 * stay["acuity"])


def _draws(seed: int, stay: Table):
    return lambda purpose: uniform(seed, stay["person"], stay["day"] + DAY, 0, purpose)


def _group(stay: Table, u: np.ndarray) -> np.ndarray:
    weight = np.repeat(sheet.GROUP_WEIGHT[:, None], u.size, axis=1)
    for name, (least, pull, condition) in sheet.GROUP_PULL.items():
        weight[sheet.GROUP[name]] *= least + pull * stay[condition]
    weight[sheet.GROUP["sepsis"]] *= np.exp(0.30 * stay["frailty"])
    unplanned = (u > (np.cumsum(weight, axis=0) / weight.sum(axis=0))[:-1]).sum(axis=0)
    chemotherapy = (stay["cancer"] > 0) & (u < 0.5)
    planned = np.where(chemotherapy, sheet.GROUP["chemotherapy"], sheet.GROUP["planned"])
    return np.where(stay["planned"], planned, unplanned)


def follow(seed: int, stay: Table) -> Table:
    """Draw death and disposition of stays whose ward course is known (``event``: window of deterioration, or -1)."""
    draw = _draws(seed, stay)
    death_u, _, ama_u, snf_u = draw(Purpose.FATE)
    health_u, other_u, move_u, when_u = draw(Purpose.HOME)
    group, age, frailty, acuity = stay["group"], stay["age"] - 65, stay["frailty"], stay["acuity"]
    worse = stay["event"] >= 0
    died = expit(-5.17 + 0.60 * acuity + 0.030 * age + 2.3 * stay["septic"] + 0.5 * stay["cancer"] + 2.2 * worse)
    against = 0.012 * np.exp(0.5 * stay["social"] + 0.9 * stay["alcohol"]) * (stay["age"] < 75)
    relative = np.log(stay["length"] / 3)
    nursing = -2.62 + 0.55 * frailty + 0.045 * age + 0.30 * acuity + 0.35 * relative
    nursing += 0.6 * (group == sheet.GROUP["stroke"]) + 0.3 * (group == sheet.GROUP["injury"])
    health = expit(-1.75 + 0.30 * frailty + 0.02 * age + 0.25 * relative)
    disposition = np.select(
        [
            death_u < died,
            stay["comfort"],
            ama_u < against,
            snf_u < expit(nursing),
            health_u < health,
            other_u < 0.02,
        ],
        [sheet.DIED, sheet.HOSPICE, sheet.AMA, sheet.SNF, sheet.HOME_HEALTH, sheet.TRANSFER],
        sheet.HOME,
    )
    moved = (move_u < 0.015) & (stay["admit"] >= 7 * sheet.EASTBANK_FROM) & (stay["length"] > 1)
    stay |= {"p_death": died, "disposition": disposition}
    stay["discharge"] = _discharge(stay)
    moment = stay["admit"] + (0.2 + 0.5 * when_u) * (stay["discharge"] - stay["admit"])
    return stay | {"moved_at": np.where(moved, moment, np.nan)}


def leaving(stay: Table) -> np.ndarray:
    """Return when the living leave: between 9 a.m. and 7 p.m. by the wall clock of the day on which the stay ends."""
    end = stay["admit"] + stay["length"]
    day = np.floor(end)
    daytime = day + (9 + 10 * (end - day)) / 24 - summer_shift(day)
    return np.maximum(daytime, stay["admit"] + 0.3)


def _discharge(stay: Table) -> np.ndarray:
    """Return the moment of discharge; the dead go at any hour, not before what they died of."""
    end = stay["admit"] + stay["length"]
    struck = np.where(stay["event"] >= 0, stay["admit"] + (stay["event"] + 0.5) * sheet.WINDOW, end)
    return np.where(stay["disposition"] == sheet.DIED, np.maximum(end, struck), stay["leave"])


def lace(stay: Table) -> np.ndarray:
    """Return the LACE index (van Walraven et al., CMAJ 2010;182:551) from recorded facts."""
    days = np.floor(stay["discharge"]) - np.floor(stay["admit"])
    points = np.select([days < 1, days < 2, days < 3, days < 4, days < 7, days < 14], [0, 1, 2, 3, 4, 5], 7)
    charlson = np.where(stay["charlson"] >= 4, 5, stay["charlson"])
    return points + 3 * ~stay["planned"] + charlson + np.minimum(stay["emergency_before"], 4)


def usual_call(seed: int, stay: Table, incidents: Sequence[Incident] = ()) -> Table:
    """Add who is eligible for a call, usual care's chance of one, who is held out by chance, and who is called."""
    call_u, hold_u, _, _ = _draws(seed, stay)(Purpose.CALL)
    disposition = stay["disposition"]
    home = np.isin(disposition, [sheet.HOME, sheet.HOME_HEALTH])
    stay = stay | {"lace": lace(stay), "eligible_home": home}
    held = home & (stay["discharge"] >= 7 * sheet.HOLD_OUT_FROM) & (hold_u < sheet.HOLD_OUT_SHARE)
    propensity = np.where(home, _call_chance(stay, _shift("call_log_odds", stay, incidents)), 0.0)
    called = (call_u < propensity) & ~held
    return stay | {"p_call": propensity, "held_out": held, "called": called}


def after(seed: int, stay: Table, incidents: Sequence[Incident] = ()) -> Table:
    """Add both potential outcomes and which event comes first in the thirty days after discharge, given ``called``."""
    draw = _draws(seed, stay)
    back_u, day_u, elsewhere_u, planned_u = draw(Purpose.RETURN)
    followed = ~np.isin(stay["disposition"], [sheet.DIED, sheet.HOSPICE, sheet.TRANSFER])
    p0, share = _risk(stay, _shift("readmission_log_odds", stay, incidents)), _benefit(stay)
    day = 30 * day_u**sheet.RETURN_SHAPE
    # the call comes a day after discharge and cannot prevent what happened before it
    bar = np.where(day > sheet.CALL_DAY, p0 * (1 - share), p0)
    benefit = share * (1 - (sheet.CALL_DAY / 30) ** (1 / sheet.RETURN_SHAPE))
    p1 = p0 * (1 - benefit)
    returns = followed & (back_u < np.where(stay["called"], bar, p0))
    elsewhere = elsewhere_u < 0.22 * (0.45 + 1.1 * stay["distance"])
    stay = stay | {
        "followed": followed,
        "p0": np.where(followed, p0, np.nan),
        "p1": np.where(followed, p1, np.nan),
        "benefit": benefit,
        "y0": followed & (back_u < p0),
        "y1": followed & (back_u < bar),
    }
    return stay | _first_event(stay, draw(Purpose.AFTER), returns, day, elsewhere, planned_u)


def _shift(what: str, stay: Table, incidents: Sequence[Incident]) -> np.ndarray:
    """Return what the incidents of a stay's day of discharge add to a log-odds."""
    total = np.zeros(stay["row"].size)
    for incident in incidents:
        total += np.where(incident.active(stay["discharge"]), getattr(incident, what)(stay), 0.0)
    return total


def _call_chance(stay: Table, shift: np.ndarray) -> np.ndarray:
    """Return usual care's chance of a call, from recorded facts only (so that adjustment can succeed)."""
    log_odds = -1.60 + 0.26 * (stay["lace"] - 8) + 0.5 * (stay["hf"] + stay["copd"]) + shift
    log_odds += 0.7 * (stay["payer"] == 1) + 0.55 * np.minimum(stay["stays_before"], 3)
    return np.where(stay["planned"], 0.03, np.clip(expit(log_odds), 0.05, 0.92))


def _risk(stay: Table, shift: np.ndarray) -> np.ndarray:
    """Return p0, the risk of an unplanned readmission within 30 days without a call."""
    mixed = 0.68 * stay["frailty"] + 0.46 * stay["social"] + 0.42 * stay["brittleness"]
    mixed += 0.22 * stay["acuity"] + sheet.GROUP_RETURN[stay["group"]]
    log_odds = -2.79 + sheet.RETURN_SLOPE[stay["site"]] * mixed + 0.30 * stay["instability"] + shift
    log_odds += 0.75 * stay["interpreter"] + 0.55 * (stay["disposition"] == sheet.AMA)
    return expit(log_odds + 0.12 * (stay["disposition"] == sheet.SNF) - 0.10 * stay["site"])


def _benefit(stay: Table) -> np.ndarray:
    """Return the share of a person's risk that a call removes; 0 for those whom nobody reaches by phone."""
    chest_or_heart = np.isin(stay["group"], [sheet.GROUP["heart_failure"], sheet.GROUP["copd"]])
    effect = 0.20 + 0.20 * (stay["social"] > 0.6) + 0.16 * chest_or_heart + 0.10 * stay["interpreter"]
    effect += -0.30 * stay["dementia"] - 0.22 * stay["cancer"] - 0.10 * (stay["frailty"] > 1.6)
    return stay["reached"] * np.clip(effect, -0.05, 0.60)


def _first_event(stay: Table, draws, returns, day_back, elsewhere, planned_u) -> Table:
    """Return which of readmission, planned return and death comes first, and its day after discharge."""
    planned_day_u, death_u, death_day_u, hospice_u = draws
    never = np.inf
    chance = np.where(stay["group"] == sheet.GROUP["chemotherapy"], 0.38, 0.009)
    planned_day = np.where(stay["followed"] & (planned_u < chance), 7 + 22 * planned_day_u, never)
    death = expit(-4.75 + 0.75 * stay["frailty"] + 0.3 * stay["acuity"] + 1.2 * stay["cancer"])
    death_day = np.where(stay["followed"] & (death_u < death), 30 * death_day_u**0.8, never)
    death_day = np.where(stay["disposition"] == sheet.HOSPICE, 4 + 20 * hospice_u, death_day)
    days = np.stack([np.full(death_day.size, 30.0), np.where(returns, day_back, never), planned_day, death_day])
    first = np.argmin(days, axis=0)
    event = np.array([NOTHING, BACK_HERE, BACK_PLANNED, DIED_OUTSIDE])[first]
    event = np.where((event == BACK_HERE) & elsewhere, BACK_ELSEWHERE, event)
    return {"next_event": event, "next_day": np.where(event == NOTHING, np.nan, days.min(axis=0))}
