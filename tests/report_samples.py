"""A whole report whose parts agree: what a learner might have kept and written after week 6, made up for the tests."""

from __future__ import annotations

import copy
from functools import cache

import numpy as np
import pandas as pd
from wardround.evaluation import calibration_bins, decision_curve, observed_over_expected
from wardround.operations.portfolio import Found
from wardround.records.features import READMISSION

ORIGIN = {
    "checksum": "afc5f8b62e9c0d11",
    "hospital": "quillmere",
    "version": "0.1.0",
    "written_at": "2026-11-24T10:00:00Z",
}
MEMOS = {
    "W03.M": {
        "intended_use": "Ranks who goes home today for a nurse's call within two days; it decides neither who may go "
        "home nor how good a ward is.",
        "for_whom": "Stays of both sites, moves joined, left alive, not to hospice or another hospital.",
        "prediction_time": "08:00 on the day of discharge; nothing issued later is known.",
        "outcome": "First of unplanned stay anywhere, planned stay, death, within 30 x 24 hours.",
        "left_out": "142 against advice; the social worker gets their names.",
        "not_observable": "2,030 stays (183 of 1,000) whose follow-up is not whole; in no rate, shown beside it.",
        "changes_my_mind": "Payers who tell within 60 days.",
        "because": "Another team must be able to count the same stays.",
    },
    "W04.M": {
        "question": "Does it rank and calibrate better than LACE on stays it has never seen?",
        "data_split": "By date; outcomes of training whole before the cut.",
        "baseline": "LACE on the same stays.",
        "leaks_checked": "Every column signed by its owner; scored again as held at 08:00.",
        "measure_and_floor": "Gain in AUROC over LACE; its interval must leave out zero.",
        "external": "Eastbank, promised 13 of 100, got 7: its own test before its first call.",
        "decision": "Four silent weeks, then the CMIO decides.",
        "because": "0.88 on later months proved nothing while late columns were in it.",
    },
    "W06.M": {
        "owner": "Head of discharge nursing, both sites",
        "threshold": "13%",
        "harm_ratio": 7,
        "capacity": 40,
        "who_pays": "Two call nurses, who stop phoning elective patients; people below 13% who come back uncalled.",
        "decision": "Start forty calls a week on 1 February for three months, with a tenth of the list held out at "
        "random.",
        "changes_my_mind": "Fewer than 15 of 100 called come back, or nurses say that calls come too late.",
        "because": "The list finds more at this capacity than LACE, and the nurses agreed to the price.",
    },
}


def whole_report() -> Found:
    """Return a report with every part there and no contradiction; each call makes its own copy."""
    return copy.deepcopy(_whole())


@cache
def _whole() -> Found:
    stays = _stays()
    judged = {"stays": len(stays), "events": int(stays.back.sum())}
    kept = {**_cohort(), **_judged(stays, judged), **_decided(), "subgroups": _groups(stays)}
    memos = {name: {"id": name, "fields": fields, **ORIGIN} for name, fields in MEMOS.items()}
    return Found(memos, {name: (value, dict(ORIGIN)) for name, value in kept.items()})


def _stays() -> pd.DataFrame:
    dice = np.random.default_rng(6)
    risk = dice.beta(1.3, 8.0, 2765)
    site = np.where(dice.random(risk.size) < 0.6, "site: Quillmere", "site: Eastbank")
    age = dice.choice(["age: under 65", "age: 65 to 79", "age: 80 and over"], risk.size, p=[0.45, 0.35, 0.2])
    back = dice.random(risk.size) < risk
    return pd.DataFrame(
        {"risk": risk, "lace": np.clip(risk * 0.6 + 0.05, 0, 1), "site": site, "age": age, "back": back}
    )


def _cohort() -> dict:
    steps = [("contacts", 0, 40018), ("stays", 28297, 11721), ("left alive", 351, 11370), ("whole", 2467, 8903)]
    leaks = [("written later", 0.21, 0.18, 0.24), ("patient on both sides", 0.04, 0.02, 0.06)]
    features = READMISSION.table()
    return {
        "cohort_definition": pd.DataFrame({"element": ["a stay"], "our choice": ["moves joined"]}),
        "cohort_attrition": pd.DataFrame(steps, columns=["step", "left_out", "stays"]),
        "feature_dictionary": features,
        "leaks": pd.DataFrame(leaks, columns=["leak", "gain", "low", "high"]),
    }


def _judged(stays: pd.DataFrame, judged: dict) -> dict:
    ratio = observed_over_expected(stays.back, stays.risk)
    measures = [
        ("O/E", ratio.value, ratio.low, ratio.high),
        ("slope", 0.97, 0.86, 1.08),
        ("intercept", -0.02, -0.13, 0.09),
        ("AUROC", 0.696, 0.668, 0.724),
    ]
    validation = [("AUROC of the model", 0.696, 0.668, 0.724), ("gain over LACE", 0.033, 0.014, 0.053)]
    days = {"first_day": ["2022-01-03", "2023-09-04"], "last_day": ["2023-04-07", "2024-08-01"]}
    parts = {"part": ["train", "judge"], **days, "stays": [3868, len(stays)], "events": [565, judged["events"]]}
    return {
        "calibration": pd.DataFrame(measures, columns=["what", "value", "low", "high"]).assign(**judged),
        "validation": pd.DataFrame(validation, columns=["what", "value", "low", "high"]).assign(**judged),
        "calibration_curve": calibration_bins(stays.back, stays.risk).rename(columns={"n": "stays"}),
        "decision_curve": decision_curve(stays.back, {"model": stays.risk, "LACE": stays.lace}),
        "periods": pd.DataFrame(parts),
    }


def _decided() -> dict:
    reached = 38.5 * 52 * 0.19
    numbers = {"threshold": 0.1318, "calls_a_week": 38.5, "capacity_a_week": 40, "discharges_a_week": 94.0}
    effects = np.array([0.05, 0.1, 0.2])
    avoided = {"effect": effects, "avoided_low": reached * effects * 0.8, "avoided_high": reached * effects * 1.2}
    more = {"weeks": 47, "reached": reached, "ppv": 0.19, "implied_price": 6.6}
    more |= {"ppv_low": 0.167, "ppv_high": 0.216, "worth_as_called": 8.0, "worth_low": -5.4, "worth_high": 21.5}
    return {"call_list": {**numbers, **more}, "avoided": pd.DataFrame(avoided)}


def _groups(stays: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for name, own in [*stays.groupby("site"), *stays.groupby("age")]:
        ratio = observed_over_expected(own.back, own.risk)
        counts = {"stays": len(own), "events": int(own.back.sum()), "observed": own.back.sum()}
        rows.append({"group": name, **counts, "expected": own.risk.sum(), "oe": ratio.value})
        rows[-1] |= {"low": ratio.low, "high": ratio.high}
    return pd.DataFrame(rows)
