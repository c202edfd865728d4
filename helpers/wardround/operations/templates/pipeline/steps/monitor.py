"""Looks at the door, the inputs, the lists and the outcomes, and calls whom your plan names, with what your plan says."""

import numpy as np
import pandas as pd

from steps.signals import of_weeks

QUARTER = 13  # weeks that `alarms` sees, and for which an input that rang is not rung again: somebody is looking
EVERY, EVENTS = 4, 20  # outcomes: every fourth week, once twenty who were not called have come back


def run(house, week):
    said = [*door(house, week), *inputs(house, week), *outputs(house, week), *outcomes(house, week)]
    for layer, signal, why in said:
        plan = house.plan[layer]
        house.write("alarm", week=week, layer=layer, signal=signal, why=why, action=plan["action"], owner=plan["owner"])
    return {"alarms": len(said)}


def door(house, week):
    for one in house.lines("refused"):
        if one["week"] == week and one["share"] >= house.plan["door"]["limit"]:
            yield "door", one["column"], f"{one['rows']} values of {one['site']}: {one['why']}"


def inputs(house, week):
    table = of_weeks(house, range(max(week - QUARTER + 1, 0), week + 1))
    rang = {one["signal"] for one in house.lines("alarm") if one["layer"] == "inputs" and week - QUARTER < one["week"] < week}
    while True:  # your rule says when, not what: the lowest p is named and left out, and the rule is asked again
        table = table[~table["input"].isin(rang)]
        if table.empty or not np.asarray(house.answers.alarms(table.reset_index(drop=True)))[-1]:
            return
        lowest = table[table["week"] == table["week"].max()].sort_values("p").iloc[0]
        rang.add(lowest["input"])
        yield "inputs", lowest["input"], f"p {lowest.p:.2g}, PSI {lowest.psi:.2f} of {lowest.n:.0f} values"


def outputs(house, week):
    """The share on the list, by site: against what this release promised, and after a release against the one before."""
    limit, state = house.plan["outputs"]["limit"], house.standing()
    now, before = house.listed(week), house.listed(week - 1)
    if now.empty:
        return
    released = house.told("deploy", week).get("released")
    if released and (over := state.proposals[released].over):
        usual = house.share_on_list(over, now)
        yield from far(house, now, now["on_list"].groupby(now["site"]).mean(), usual, limit, "than the release before")
    elif len(before) and before["digest"].iloc[0] == now["digest"].iloc[0]:  # two weeks running
        current = state.current
        promised = house.once(f"promised {current}", lambda: house.share_on_list(current, house.reference()))
        weeks = [one["on_list"].groupby(one["site"]).mean() for one in (before, now)]
        both = {signal for _, signal, _ in far(house, before, weeks[0], promised, limit, "")}
        yield from (one for one in far(house, now, weeks[1], promised, limit, "than in the year before") if one[1] in both)


def far(house, rows, shares, usual, limit, than):
    for site, share in shares.items():
        spread = np.sqrt(usual[site] * (1 - usual[site]) / (rows["site"] == site).sum())
        if abs(share - usual[site]) > limit * spread:
            yield "outputs", f"on the list, {site}", f"{100 * share:.0f} of 100 who go home, {100 * usual[site]:.0f} {than}"


def outcomes(house, week):
    rows = house.settled(week) if week % EVERY == 0 else pd.DataFrame()
    if rows.empty or rows[rows["held_out"] & rows["home"]]["back"].sum() < EVENTS:
        return
    house.answers.given(8).AS_OF = rows["discharged_at"].max() + house.answers.given(8).FOLLOW_UP  # all of these are settled
    found, plan = house.answers.performance(rows), house.plan["outcomes"]
    if found["oe_low"] > plan["high"] or found["oe_high"] < plan["low"]:
        yield "outcomes", "returns over promised", "{oe:.2f} ({oe_low:.2f} to {oe_high:.2f}), {events} returns of {n}".format(**found)
