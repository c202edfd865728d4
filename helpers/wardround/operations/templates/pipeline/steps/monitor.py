"""Looks at the door, inputs, lists and outcomes, and calls whom your plan names, with what your plan says."""

import numpy as np
import pandas as pd
from wardround.operations.pipeline import ENDS

from steps.lists import outputs
from steps.signals import of_weeks

QUARTER = 13  # weeks that `alarms` sees, and for which an input that rang is not rung again: somebody is looking
EVERY, EVENTS = 4, 20  # outcomes: every fourth week, once twenty who were not called have come back


def run(house, week):
    rang, broken = 0, []
    for look in (door, inputs, outputs, outcomes):
        try:
            for signal, why in list(look(house, week)):
                house.alarm(week, look.__name__, signal, why)
                rang += 1
        except ENDS:
            raise
        except Exception as trouble:  # one that breaks does not silence the others
            broken.append(f"{look.__name__} broke ({type(trouble).__name__}: {trouble})")
    if broken:
        raise RuntimeError("; ".join(broken))
    return {"alarms": rang}


def door(house, week):
    for one in house.lines("refused"):
        if one["week"] == week and one["share"] >= house.plan["door"]["limit"]:
            yield one["column"], f"{one['rows']} values of {one['site']}: {one['why']}"


def inputs(house, week):
    """Your rule says when, not what: the lowest p is named and left out, and the rule is asked again."""
    table = of_weeks(house, range(max(week - QUARTER + 1, 0), week + 1))
    before = [one for one in house.lines("alarm") if week - QUARTER < one["week"] < week]
    rang = {one["signal"] for one in before if one["layer"] == "inputs"}
    while True:
        table = table[~table["input"].isin(rang)].reset_index(drop=True)
        if table.empty or not np.asarray(house.answers.alarms(table))[-1]:
            return
        lowest = table[table["week"] == table["week"].max()].sort_values("p").iloc[0]
        rang.add(lowest["input"])
        yield lowest["input"], f"p {lowest['p']:.2g}, PSI {lowest['psi']:.2f} of {lowest['n']:.0f} values"


def outcomes(house, week):
    rows = house.settled(week) if week % EVERY == 0 else pd.DataFrame()
    if rows.empty or rows[rows["held_out"] & rows["home"]]["back"].sum() < EVENTS:
        return
    hand = house.answers.given(8)
    hand.AS_OF = rows["discharged_at"].max() + hand.FOLLOW_UP  # all of these are settled
    found, plan = house.answers.performance(rows), house.plan["outcomes"]
    if found["oe_low"] > plan["high"] or found["oe_high"] < plan["low"]:
        told = "{oe:.2f} ({oe_low:.2f} to {oe_high:.2f}), {events} returns of {n}"
        yield "returns over promised", told.format(**found)
