"""The ward: early warning, units, sensors, what an answered alert does to the numbers, sepsis and what orders know."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from wardround.hospital import Policy, Settings, simulate, ward
from wardround.hospital import parameters as sheet
from wardround.hospital.warehouse import last_before

from .data import Hospital, auroc, chance, logistic

SIGNS = ("heart_rate", "respiratory_rate", "temperature", "systolic", "saturation")
RESULTS = ("creatinine", "urea", "lactate", "leukocytes", "glucose")
NORMAL = {
    **{"heart_rate": 80, "respiratory_rate": 17, "temperature": 37, "systolic": 127, "saturation": 97},
    **{"creatinine": 1.0, "urea": 15, "lactate": 1.2, "leukocytes": 8, "glucose": 115},
}
SKEWED = ("creatinine", "urea", "lactate", "leukocytes", "glucose")


class Ward:
    """Windows of a hospital as known, a model trained on Quillmere's years 1 and 2, and thresholds by alerted stays."""

    def __init__(self, hospital: Hospital):
        self.hospital = hospital
        rows = hospital.tables["windows"]
        self.windows = {name: column[rows.index] for name, column in hospital.world.windows.items()}
        self.rows = rows.reset_index(drop=True)
        self.stay = self.windows["stay"]
        stays = hospital.world.stays
        self.week = stays["admit"][self.stay] / 7
        self.event = stays["event"][self.stay]
        ahead = self.event - self.windows["window"]
        self.soon = (self.event >= 0) & (ahead >= 0) & (ahead < 3)

    @cached_property
    def model(self):
        old = (self.week < 104) & self.rows["site"].eq("quillmere").to_numpy()
        return logistic(features(self.rows[old]), self.soon[old])

    @cached_property
    def score(self) -> np.ndarray:
        return chance(self.model, features(self.rows))

    def threshold(self, share: float, where: np.ndarray) -> float:
        """The score at which a share of the stays in ``where`` raises at least one alert."""
        highest = _by_stay(self.stay[where], self.score[where])
        return float(np.quantile(highest, 1 - share))

    def alerted(self, threshold: float, where: np.ndarray, score: np.ndarray | None = None) -> float:
        """The share of stays with at least one alert."""
        score = self.score if score is None else score
        return float((_by_stay(self.stay[where], score[where]) >= threshold).mean())


def _by_stay(stay: np.ndarray, score: np.ndarray) -> np.ndarray:
    highest = np.full(stay.max() + 1, -np.inf)
    np.maximum.at(highest, stay, score)
    return highest[highest > -np.inf]


def features(rows):
    """Last known values, skewed ones as logarithms, missing ones as normal; age."""
    table = rows[[*SIGNS, *RESULTS]].fillna(NORMAL)
    for name in SKEWED:
        table[name] = np.log(table[name])
    return table.assign(age=rows["age"], lactate_drawn=rows["lactate_drawn"].astype(float))


def early_warning(hospital: Hospital) -> dict[str, float]:
    """Discrimination, a unit change at Eastbank, an oximeter that reads dark skin too high."""
    ward_ = Ward(hospital)
    late = ward_.week >= 104
    quillmere = ward_.rows["site"].eq("quillmere").to_numpy()
    found = {"ward AUROC": auroc(ward_.soon[late & quillmere], ward_.score[late & quillmere])}
    found |= _unit(ward_, late & ~quillmere, late) | _oximeter(ward_) | _rows_and_patients(ward_)
    found |= _measured_only(ward_, late)
    return found


def _measured_only(ward_: Ward, late) -> dict[str, float]:
    table = ward_.rows[["vital_sets", "window", "vitals_age_hours"]].fillna({"vitals_age_hours": 8})
    table = table.assign(**{name: ward_.rows[name].notna() for name in RESULTS}).astype(float)
    model = logistic(table[~late], ward_.soon[~late])
    return {"which measurements exist, AUROC": auroc(ward_.soon[late], chance(model, table[late]))}


def _unit(ward_: Ward, there: np.ndarray, late: np.ndarray) -> dict[str, float]:
    cut = ward_.threshold(0.13, late)
    day = np.floor(ward_.hospital.world.stays["admit"][ward_.stay] + ward_.windows["window"] / 3)
    hit = there & (np.mod(day * 0.618034, 1.0) < 0.25)
    rows = ward_.rows.assign(creatinine=ward_.rows["creatinine"].where(~hit, ward_.rows["creatinine"] * 88.4))
    changed = chance(ward_.model, features(rows[there]))
    before, score = ward_.alerted(cut, there), ward_.score.copy()
    score[there] = changed
    after = ward_.alerted(cut, there, score)
    return {"unit change: stays alerted before": before, "after": after, "unit change, alerts times": after / before}


def _oximeter(ward_: Ward) -> dict[str, float]:
    """Sensitivity of others minus that of Black patients, with the sensor as it is less with a true one; per event."""
    cut = ward_.threshold(0.13, np.ones(ward_.stay.size, dtype=bool))
    world, rows = ward_.hospital.world, ward_.rows
    vitals = world.vitals
    at = world.stays["admit"][ward_.stay] + ward_.windows["window"] * sheet.WINDOW + 1 / 24
    ours = vitals["stay"] >= 0
    place = last_before(vitals["stay"][ours], vitals["time"][ours], world.stays["admit"], ward_.stay, at)
    error = np.append((vitals["true_saturation"] - vitals["saturation"])[ours], 0.0)[place]
    true = rows.assign(saturation=rows["saturation"] + error)
    black = world.people["race"][world.stays["row"]] == sheet.RACES.index("black")
    gaps = []
    for score in (ward_.score, chance(ward_.model, features(true))):
        alarm = np.zeros(world.stays["row"].size, dtype=bool)
        before = (ward_.event >= 0) & (ward_.windows["window"] <= ward_.event)
        alarm[ward_.stay[before & (score >= cut)]] = True
        struck = np.zeros(alarm.size, dtype=bool)
        struck[ward_.stay[ward_.event >= 0]] = True
        gaps.append(alarm[struck & ~black].mean() - alarm[struck & black].mean())
    return {"oximeter: sensitivity gap": gaps[0], "oximeter: gap, paired with a true sensor": gaps[0] - gaps[1]}


def _rows_and_patients(ward_: Ward) -> dict[str, float]:
    """A forest for "gets worse in this stay", split by row and by patient."""
    people = ward_.hospital.world.stays["row"][ward_.stay]
    rng = np.random.default_rng(ward_.hospital.seed)
    some = np.isin(people, rng.permutation(np.unique(people))[:1600])
    table, outcome, people = features(ward_.rows[some]).to_numpy(), (ward_.event >= 0)[some], people[some]
    by_row = rng.random(outcome.size) < 0.5
    by_person = np.isin(people, rng.permutation(np.unique(people))[::2])
    scores = {}
    for name, half in (("row", by_row), ("patient", by_person)):
        forest = RandomForestClassifier(40, random_state=1, n_jobs=1).fit(table[half], outcome[half])
        scores[name] = auroc(outcome[~half], forest.predict_proba(table[~half])[:, 1])
    return {
        "ward rows, split by row": scores["row"],
        "ward rows, split by patient": scores["patient"],
        "ward rows, gap": scores["row"] - scores["patient"],
    }


# feedback -------------------------------------------------------------------------------------------------------------


def feedback(hospital: Hospital) -> dict[str, float]:
    """What answered alerts do to the observed performance of a model that is as good as it was."""
    ward_ = Ward(hospital)
    late = (ward_.week >= 104) & ward_.rows["site"].eq("quillmere").to_numpy()
    plain = auroc(ward_.soon[late], ward_.score[late])
    found = {}
    treated = _treated(ward_, late, share=0.28, windows=6, factor=0.40)
    found["feedback: AUROC observed under treatment"] = treated["auroc"]
    found["feedback: paired drop"] = plain - treated["auroc"]
    found["feedback: excluding answered stays"] = treated["without"]
    found["feedback: events averted"] = treated["averted"]
    weaker = _treated(ward_, late, share=0.13, windows=3, factor=0.40)
    found["feedback: paired drop at 13% alerted, 24 h"] = plain - weaker["auroc"]
    found["feedback: retrained on treated labels, loss on truth"] = plain - _retrained(ward_, late, treated)
    return found


def _treated(ward_: Ward, where: np.ndarray, *, share: float, windows: int, factor: float) -> dict:
    """Answer nine in ten alerts and see what is then observed; the world's own uniforms decide."""
    cut = ward_.threshold(share, where)
    stay, window = ward_.stay, ward_.windows["window"]
    coin = np.random.default_rng(ward_.hospital.seed).random(stay.size)
    alert = where & (ward_.score >= cut) & (coin < 0.9)
    helped = np.zeros(stay.size, dtype=bool)
    for ahead in range(windows):  # a window is helped if one of those before it in the same stay was answered
        place = np.flatnonzero(alert) + ahead
        place = place[place < stay.size]
        helped[place[stay[place] == stay[place - ahead]]] = True
    return _observed(ward_, where, np.where(helped, factor, 1.0), alert) | {"window": window}


def _observed(ward_: Ward, where, factor, alert) -> dict:
    world = ward_.hospital.world
    full = {name: ward_.windows[name] for name in ("stay", "window", "hazard", "event_u")}
    event = ward.first_events(full, world.stays["row"].size, factor=factor)
    ahead = event[ward_.stay] - ward_.windows["window"]
    soon = (event[ward_.stay] >= 0) & (ahead >= 0) & (ahead < 3)
    there = where & ((event[ward_.stay] < 0) | (ahead >= 0))
    answered = np.zeros(world.stays["row"].size, dtype=bool)
    answered[ward_.stay[alert]] = True
    left = there & ~answered[ward_.stay]
    inside = np.unique(ward_.stay[where])
    return {
        "auroc": auroc(soon[there], ward_.score[there]),
        "without": auroc(soon[left], ward_.score[left]),
        "averted": float((world.stays["event"][inside] >= 0).sum() - (event[inside] >= 0).sum()),
        "soon": soon,
        "there": there,
    }


def _retrained(ward_: Ward, where: np.ndarray, treated: dict) -> float:
    """AUROC on untreated truth of a model retrained on the treated year."""
    half = where & (ward_.week % 2 < 1)
    model = logistic(features(ward_.rows[half & treated["there"]]), treated["soon"][half & treated["there"]])
    other = where & ~half
    return auroc(ward_.soon[other], chance(model, features(ward_.rows[other])))


def fatigue(hospital: Hospital) -> dict[str, float]:
    """Events averted in year 3 if 10, 30 or 70% of stays would alert and nurses are few, by the flown model itself."""
    ward_ = Ward(hospital)
    late = ward_.week >= 104
    untreated = _events(hospital.world)
    averted = {}
    for share in (0.10, 0.30, 0.70):
        cut = ward_.threshold(share, late)

        class Alerting(Policy):
            begins = 104

            def decide(self, feed, cut=cut):
                return Settings(alert=lambda rows: chance(ward_.model, features(rows)), alert_from=cut)

        world = simulate(hospital.seed, 156, 1.0, Alerting())
        averted[share] = untreated - _events(world)
    return {
        **{f"fatigue: averted with {share:.0%} of stays alerted": float(n) for share, n in averted.items()},
        "fatigue: 30% minus 70%": float(averted[0.30] - averted[0.70]),
    }


def _events(world) -> int:
    return int(((world.stays["event"] >= 0) & (world.stays["admit"] >= 7 * 104)).sum())


# sepsis ---------------------------------------------------------------------------------------------------------------


def sepsis(hospital: Hospital) -> dict[str, float]:
    """A model that sees orders, and the same on stays without one; two labels over three years."""
    ward_ = Ward(hospital)
    stays = hospital.world.stays
    here = (ward_.windows["window"] == 1) & ~stays["planned"][ward_.stay]
    table = features(ward_.rows[here]).assign(order=ward_.rows["culture_ordered"][here].astype(float))
    septic = stays["septic"][ward_.stay[here]]
    old = ward_.week[here] < 104
    seen = chance(logistic(table[old], septic[old]), table[~old])
    before = ~ward_.rows["culture_ordered"][here].to_numpy(bool)[~old]
    with_order = auroc(septic[~old], seen)
    without = auroc(septic[~old][before], seen[before])
    found = {"sepsis, orders seen": with_order, "before any order": without, "sepsis, drop": with_order - without}
    inside = (stays["admit"] >= 0) & (stays["discharge"] < hospital.world.end)
    year = (stays["admit"] // 364).astype(int)
    rate = {
        (name, y): stays[name][inside & (year == y)].mean()
        for name in ("clinical_label", "claims_label")
        for y in (0, 2)
    }
    growth = [np.log(rate[name, 2] / rate[name, 0]) for name in ("claims_label", "clinical_label")]
    found |= {f"{name}, year {y + 1}": value for (name, y), value in rate.items()}
    found["sepsis labels, difference of log ratios"] = growth[0] - growth[1]
    clinical = inside & stays["clinical_label"]
    found["clinical positives with the code"] = stays["claims_label"][clinical].mean()
    return found
