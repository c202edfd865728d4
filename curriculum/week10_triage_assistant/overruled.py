"""The bank behind Q4: what each reason in a log of overrides really shows. It holds answers and is in no box.

All invented. A line has exactly one of four signs; a reason is made of one sign for the most part. What a reason is called
fits what it shows in two of six at most, and the commonest never shows the model.
"""

from __future__ import annotations

import datetime as dt
import runpy
from pathlib import Path

import pandas as pd

_WORDS = runpy.run_path(str(Path(__file__).parent / "words.py"))
KINDS, CLOSE, SIGNS = _WORDS["KINDS"], _WORDS["CLOSE"], _WORDS["SIGNS"]
BY_NAME = {  # what somebody who only reads the list of reasons would say
    "looks_worse": "model",
    "looks_better": "model",
    "value_wrong": "data",
    "value_missing": "data",
    "known_patient": "judgement",
    "no_bed": "workflow",
}
NUMBERS = (96, 61, 52, 44, 37, 31)  # overruled advices of each reason, the commonest first
ACCEPTED, WITH_A_REASON = 620, 0.22  # some leave a reason when they accept, too
UNKNOWN = ("blood_thinner", "chemotherapy", "transplant", "grey_and_sweating", "chest_pain", "recent_surgery", "fell_yesterday")
USUAL = {"heart_rate": 88, "respiratory_rate": 18, "temperature": 37.0, "saturation": 96, "systolic": 128}
SPREAD = {"heart_rate": 14, "respiratory_rate": 3, "temperature": 0.7, "saturation": 2, "systolic": 18}
BEGIN = dt.datetime(2025, 10, 1, 6, 0, tzinfo=dt.UTC)


def drawn(dice):
    """Return the log, and reason to its kind and how many overruled lines show it."""
    kinds = _kinds(dice)
    rows = []
    for reason, number in zip(kinds, NUMBERS, strict=True):
        rows += [_line("overruled", reason, kind, dice) for kind in _signs(kinds[reason], number, dice)]
    for _ in range(ACCEPTED):
        reason = list(kinds)[int(dice.integers(len(kinds)))] if dice.random() < WITH_A_REASON else ""
        kind = kinds[reason] if reason and dice.random() < 0.6 else KINDS[int(dice.integers(4))]
        rows.append(_line("accepted", reason, kind, dice))
    log = pd.DataFrame(rows).sort_values("advised_at", ignore_index=True)
    log.insert(0, "line", range(1, len(log) + 1))
    known = log[log.decision == "overruled"].groupby("reason").kind.value_counts()
    faults = {reason: [kind, int(known[reason][kind])] for reason, kind in kinds.items()}
    return log.drop(columns="kind"), faults


def _kinds(dice):
    """Reason to kind, the commonest first: all four kinds, few names that fit, the commonest not the model's."""
    while True:
        order = [list(BY_NAME)[place] for place in dice.permutation(len(BY_NAME))]
        given = [KINDS[place] for place in (*dice.permutation(4), *dice.integers(0, 4, 2))]
        kinds = dict(zip(order, given, strict=True))
        fits = sum(BY_NAME[reason] == kind for reason, kind in kinds.items())
        if fits <= 2 and given[0] != "model" and len(set(given)) == 4:
            return kinds


def _signs(kind, number, dice):
    most = round(number * dice.uniform(0.62, 0.76))
    others = [one for one in KINDS if one != kind]
    return [kind] * most + [others[int(dice.integers(3))] for _ in range(number - most)]


def _line(decision, reason, kind, dice):
    sign = SIGNS[int(dice.integers(len(SIGNS)))]
    advised = BEGIN + dt.timedelta(minutes=int(dice.integers(0, 92 * 24 * 60)))
    digits = 1 if sign == "temperature" else 0
    value = round(USUAL[sign] + SPREAD[sign] * float(dice.normal()), digits)
    far = dice.uniform(1.4, 3.0) if kind == "data" else dice.uniform(0, 0.7)
    step = round(float(far) * CLOSE[sign] * (1 if dice.random() < 0.5 else -1), digits)
    if sign == "saturation":
        value = min(value, 100, 100 - step)  # nobody has 102 %
    later = dt.timedelta(minutes=int(dice.integers(4, 90)))
    high = dice.random() < 0.55
    return {
        "decision": decision,
        "reason": reason,
        "of_1000": int(dice.integers(55, 210)) if high else int(dice.integers(6, 45)),
        "level": int(dice.integers(2, 5)),
        "advised_at": advised,
        "physician_at": advised - later / 3 if kind == "workflow" else advised + later,
        "sign": sign,
        "value": value,
        "value_again": round(value + step, digits),
        "names": UNKNOWN[int(dice.integers(len(UNKNOWN)))] if kind == "judgement" else _an_input(sign, dice),
        "critical": bool(dice.random() < (0.09 if high else 0.03)),
        "kind": kind,
    }


def _an_input(sign, dice):
    return "age" if dice.random() < 0.3 else sign
