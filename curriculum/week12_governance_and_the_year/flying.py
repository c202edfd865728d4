"""Flights for Q4 and Q5, outside of every box: what a year came to is kept by the plan's digest and the seed."""

import functools

import numpy as np
import tomllib
from wardround.flight.deck import draw
from wardround.flight.engine import fly
from wardround.flight.plan import PlanWrong, load_plan, read_plan
from wardround.flight.scores import ordered, scores
from wardround.flight.visible import met, usual_limit

CHANGES = ("retrain", "recalibrate", "roll_back", "raise_threshold", "lower_threshold")
_kept = {}


def year(plan, seed):
    """The numbers of a plan's year by name; NaN stays NaN."""
    where = (plan.digest, int(seed))
    if where not in _kept:
        flight = fly(plan, int(seed), draw(int(seed)))
        _kept[where] = {one.name: float(one.value) for _, one in ordered(scores(flight))}
    return _kept[where]


@functools.cache
def nothing():
    return load_plan("nothing")


def read(text):
    """A plan, or what is wrong with it, a sentence each."""
    try:
        return read_plan(text), []
    except PlanWrong as wrong:
        return None, [f"{one.key}: {one.write}" if one.key else one.write for one in wrong.faults]


def flown(text, seeds, floors, axes, widest, say=None, stop=False):
    """What a plan comes to beside doing nothing: each floor with its median, the forecasts, and what the plan does at alarms.

    With ``stop`` it ends as soon as no further year could change whether a floor holds.
    """
    plan, wrong = read(text)
    if plan is None:
        return {"wrong": wrong, "floors": {}, "missed": [], "forecast": {}, "habits": habits_of(text), "seeds": len(seeds)}
    mine, others = [], []
    for number, seed in enumerate(seeds, 1):
        mine.append(year(plan, seed))
        others.append(year(nothing(), seed))
        if say is not None:
            say(number, len(seeds))
        if stop and settled(floors, mine, others, len(seeds)):
            break
    found = {name: _held(floor, mine, others) for name, floor in floors.items()}
    return {
        "wrong": [],
        "floors": found,
        "missed": [name for name, one in found.items() if not one["holds"]],
        "forecast": forecast(plan, mine, axes, widest),
        "habits": habits(plan),
        "seeds": len(mine),
    }


def settled(floors, mine, others, years):
    """Whether more than half of all the years that could be flown hold each floor, or miss it: no further one changes a median."""
    for floor in floors.values():
        holds = _within(floor, _values(floor, mine, others))
        if max(holds.sum(), (~holds).sum()) <= years / 2:
            return False
    return True


def _within(floor, value):
    return value >= floor[4] if floor[3] == "at least" else value <= floor[4]


def _values(floor, mine, others):
    """Year by year what a floor speaks of; a year that has none, such as a share of nothing, is left out."""
    _, number, kind, *_ = floor
    own = np.array([one[number] for one in mine])
    beside = np.array([one[number] for one in others])
    value = {"own": own, "less": own - beside, "share": own / np.where(beside > 0, beside, np.nan)}[kind]
    return value[~np.isnan(value)]


def _held(floor, mine, others):
    """A floor's median over the years, and whether it holds."""
    value, limit = _values(floor, mine, others), floor[4]
    middle = float(np.median(value)) if value.size else 0.0
    return {"median": middle, "limit": limit, "holds": bool(_within(floor, middle))}


FIRST = {  # what a forecast of an axis speaks of: the axis's first number
    "benefit": "ward_averted",
    "harm": "visits_for_nothing",
    "burden": "alerts_a_responder",
    "equity": "worst_sensitivity",
    "resilience": "silent_patient_weeks",
}


def forecast(plan, mine, axes, widest):
    """Each axis's range beside the median year; ``problem`` where there is none, or one that says nothing."""
    if plan.forecast is None:
        return {"problem": "there is no [forecast]", "hits": 0, "axes": {}}
    told = {}
    for axis in axes:
        said = getattr(plan.forecast, axis)
        came = float(np.nanmedian([one[FIRST[axis]] for one in mine]))
        told[axis] = {"low": said.low, "high": said.high, "came": came, "in": bool(said.low <= came <= said.high)}
    wide = [axis for axis, one in told.items() if one["high"] - one["low"] > widest[axis]]
    problem = f"the range of {wide[0]} is wider than {widest[wide[0]]:,g}: it says too little to be wrong" if wide else ""
    return {"problem": problem, "hits": sum(one["in"] for one in told.values()), "axes": told}


def habits(plan):
    """What the plan does when something rings, and what it is from the start."""
    first = [one.then[0] for one in plan.monitors]
    found = []
    if plan.ward.threshold >= 0.5:
        found.append("never alerts")
    if plan.ward.policy == "fixed" and plan.ward.threshold <= 0.02:
        found.append("always alerts")
    if not first:
        found.append("no monitor")
    for name, words in (("pauses", ("pause",)), ("changes", CHANGES), ("logs", ("log",))):
        if first and sum(one in words for one in first) > len(first) / 2:
            found.append(name)
    return found


def habits_of(text):
    """The same of a text that is no plan, as far as it can be read."""
    try:
        ward = tomllib.loads(text).get("ward", {})
    except tomllib.TOMLDecodeError:
        return []
    if isinstance(ward, dict) and ward.get("policy") == "group" and not (ward.get("disclosed") and ward.get("approved_by")):
        return ["by group, undisclosed"]
    return []


# Q5 -------------------------------------------------------------------------------------------------------------------
@functools.cache
def reviewed_year(text, seed):
    """A flight that is looked back on: readings by morning, lines of the log, and the first signs of each incident."""
    plan = read_plan(text)
    flight = fly(plan, seed, draw(seed))
    readings = [
        (day, f"{service} {signal}", float(value), float(usual_limit(service, signal)))
        for day, told in enumerate(flight.days)
        for (service, signal), value in told.items()
        if not np.isnan(value)
    ]
    kinds = ("alarm", "begins", "holds", "found", "notice", "closed")
    log = [{name: line[name] for name in line if name != "readings"} for line in flight.log if line["kind"] in kinds]
    first = {}
    for one in met(flight):
        seen = [sign for sign in one.signs if sign.day is not None and not sign.before]
        day = min((sign.day for sign in seen), default=None)
        first[one.spell.cause] = [f"{sign.service} {sign.signal}" for sign in seen if sign.day == day]
    numbers = {one.name: float(one.value) for _, one in ordered(scores(flight))}
    _kept[plan.digest, seed] = numbers
    return {"readings": readings, "log": log, "first": first}


def changed_keys(before, after):
    """Which keys of two plans differ, as table.key; a monitor or a cause counts by its name."""
    first, second = (_leaves(one) for one in (before, after))
    return sorted(key for key in {**first, **second} if first.get(key) != second.get(key))


def _leaves(plan):
    found = {}
    tables = plan.model_dump(mode="json", exclude={"name", "forecast"})
    for one in tables.pop("monitors"):
        found |= {f"monitor {one['service']} {one['signal']}.{key}": value for key, value in one.items()}
    for name, one in tables.pop("causes").items():
        found |= {f"cause {name}.{key}": value for key, value in one.items() if key != "name"}
    for table, value in tables.items():
        keys = value if isinstance(value, dict) else {"": value}
        found |= {f"{table}.{key}": one for key, one in keys.items()}
    return found
