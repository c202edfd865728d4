"""The moments of Q3, and the risks of Q5 that are to be written down. In no box: what it made is handed to one."""

from __future__ import annotations

import datetime as dt
import runpy
from pathlib import Path

_WORDS = runpy.run_path(str(Path(__file__).parent / "words.py"))
SIGNS, UNITS = _WORDS["SIGNS"], _WORDS["UNITS"]
BEGIN = dt.datetime(2026, 1, 12, 18, 0, tzinfo=dt.UTC)
RULE = "Systolic pressure 84 mmHg: look at this patient now."
BREATHING = "Respiratory rate 30 /min: look at this patient now."
NAN, TOO_LARGE = float("nan"), 7300.0

# name: minutes since the feed's last word (None: never), seconds that the model needs, what it says, rules, whether it is dead
JUDGED = {
    "all is well": (3, 0.2, "low", [], False),
    "all is well, a high risk": (2, 0.3, "high", [], False),
    "all is well, a rule fired": (4, 0.2, "low", [RULE], False),
    "a model that takes its time": (3, 1.8, "high", [BREATHING], False),
    "a feed that is late": (38, 0.2, "low", [], False),
    "a late feed, a rule fired": (64, 0.2, "low", [RULE], False),
    "a feed that never spoke": (None, 0.2, "low", [BREATHING], False),
    "a dead model": (3, 0.0, "low", [], True),
    "a dead model, a rule fired": (2, 0.0, "high", [RULE], True),
    "a slow model": (4, 9.0, "low", [], False),
    "a model that hangs, a rule fired": (1, 3600.0, "low", [BREATHING], False),
    "a reply that is empty": (3, 0.2, None, [RULE], False),
    "a reply that is no number": (2, 0.2, NAN, [], False),
    "a reply in another unit": (4, 0.2, TOO_LARGE, [RULE], False),
}
TRIED = {
    "try: all is well": (3, 0.2, "low", [RULE], False),
    "try: a feed that is late": (45, 0.2, "low", [RULE], False),
    "try: a slow model": (3, 9.0, "high", [], False),
}


def moments(rows, dice):
    """Return by name what a moment is made of."""
    made = {}
    low, high = (rows.score[rows.score.between(*some)] for some in ((0.006, 0.04), (0.06, 0.4)))
    for name, (minutes, needs, says, rules, dead) in {**JUDGED, **TRIED}.items():
        pool = high if says == "high" else low
        now = BEGIN + dt.timedelta(minutes=int(dice.integers(0, 120)))
        number = round(1000 * float(pool.iloc[int(dice.integers(len(pool)))]))
        last = number + int(dice.integers(4, 15))
        made[name] = {
            "visit": f"v{int(dice.integers(1000, 9999))}",
            "rules": rules,
            "shown": {"of_1000": last, "at": now - dt.timedelta(minutes=int(dice.integers(20, 70)))},
            "last_at": None if minutes is None else now - dt.timedelta(minutes=minutes),
            "now": now,
            "needs": needs,
            "dead": dead,
            "says": number if says in ("low", "high") else says,
        }
    return made


def risks(rows, dice):
    """Return seven risks to be written down: three to try, four to be judged."""
    some = rows[rows.score.between(0.012, 0.4)].sort_values("score")
    places = (dice.permutation(5)[:3].tolist()) + [int(len(some) * share) for share in (0.1, 0.5, 0.9, 0.995)]
    made = []
    for number, place in enumerate(places, 1):
        row = some.iloc[place]
        triaged = BEGIN + dt.timedelta(minutes=int(dice.integers(0, 300)))
        at = triaged + dt.timedelta(minutes=4)
        readings = [
            {"id": f"o-{number}{turn}{int(dice.integers(16**5)):05x}", "name": name, "value": float(row[name]),
             "unit": UNITS[name], "at": at}
            for turn, name in enumerate(SIGNS)
        ]  # fmt: skip
        made.append(
            {
                "patient_id": f"p-{int(dice.integers(16**8)):08x}",
                "encounter_id": f"e-{int(dice.integers(16**8)):08x}",
                "triaged_at": triaged,
                "readings": readings,
                "probability": round(float(row.score), 4),
                "model": f"triage-critical-12h {int(dice.integers(2, 9))}",
                "now": triaged + dt.timedelta(minutes=int(dice.integers(6, 16)), seconds=30),
            }
        )
    return made
