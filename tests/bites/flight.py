"""The year's plans beside each other: their order, no best of all, and exploits that do not pay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context

import numpy as np
from wardround.flight import bites, compare, engine
from wardround.flight.deck import draw
from wardround.flight.plan import Plan, load_plan, published, read_plan, written
from wardround.flight.plan_rules import SCALES
from wardround.flight.result import Flight
from wardround.flight.words import SIGNALS

CEILING, RANDOM = "ceiling", "random"
ORDER = (CEILING, "reference", "naive", RANDOM)  # of benefit
PATIENTS = ("benefit.ward_averted", "benefit.list_averted_in_all")
HEADLINES = (  # the number of each axis by which plans are told apart
    *("benefit.ward_averted", "harm.visits_for_nothing", "burden.shifts_over_capacity", "equity.worst_sensitivity"),
    *("resilience.silent_patient_weeks", "governance.told_in_time", "cost.hours"),
)


def each(function: Callable, seeds: Sequence[int], jobs: int = 2) -> list:
    """Call a function for each seed; two at a time where there is more than one."""
    if len(seeds) == 1:
        return [function(seeds[0])]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        return list(pool.map(function, seeds))


# exploits -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Exploit:
    """A way to please the scores; ``worse_on``: by how much at least it is worse than the reference plan, on what."""

    plan: Plan
    worse_on: dict[str, float]


def exploits() -> dict[str, Exploit]:
    """Each goes through the plan's reader, as a learner's would."""
    plan = load_plan("reference")
    always = [one.model_copy(update={"limit": _loudest(one.signal)}) for one in plan.monitors]

    def rung(*then: str) -> tuple:
        return tuple(one.model_copy(update={"then": then}) for one in always)

    def helped(action: str) -> dict:  # the reference plan, and one monitor that always rings
        kept = [one for one in plan.monitors if one.signal != "census"]
        ever = next(one for one in always if one.signal == "census").model_copy(update={"then": (action,)})
        return {"monitors": (*kept, ever), "pause": plan.pause.model_copy(update={"weeks": 52.0})}

    first_off = {
        name: one.model_copy(update={"then": ("pause", *one.then), "authority": one.authority or "clinical_lead"})
        for name, one in plan.causes.items()
    }
    silent = {"ward": plan.ward.model_copy(update={"threshold": 0.999}), "list": plan.list.model_copy(update=NO_CALLS)}
    loud = {"ward": plan.ward.model_copy(update={"threshold": 1e-6, "policy": "fixed"})}
    made = {
        "always off": (silent, {"benefit.ward_averted": 20.0, "benefit.list_averted_in_all": 15.0}),
        "always alert": (loud, {"burden.alerts_a_responder": 3.0, "harm.visits_for_nothing": 20.0}),
        "log spam": ({"monitors": rung("log")}, {"resilience.silent_patient_weeks": 500.0, **UNTOLD}),
        "daily pages": ({"monitors": rung("notify")}, {"resilience.silent_patient_weeks": 500.0, **UNTOLD}),
        "daily investigations": ({"monitors": rung("investigate")}, {"cost.hours": 2000.0}),
        "paused in bad weeks": ({"causes": first_off}, {"benefit.ward_averted": 0.5}),
        "more staff for ever": (helped("more_staff"), {"cost.hours": 1000.0}),
        "rounds for ever": (helped("manual_rounds"), {"cost.hours": 2000.0}),
    }
    return {
        name: Exploit(read_plan(written(plan.model_copy(update={"name": name.replace(" ", "_")} | change))), worse)
        for name, (change, worse) in made.items()
    }


NO_CALLS, UNTOLD = {"calls_a_week": 0}, {"governance.told_in_time": 20.0}


def _loudest(signal: str) -> float:
    """Return the limit at which a monitor rings most often, of those that the plan's reader lets pass."""
    if SIGNALS[signal].alarms == "below":
        return 1.0
    scale = SCALES.get(signal)
    return 0.0 if scale is None or scale.low_too else 0.01


# one hospital -------------------------------------------------------------------------------------------------------


def plans_of(seed: int) -> dict[str, dict[str, float]]:
    """Return the numbers of every plan in the year that a seed draws, and of two in a quiet year."""
    found = {name: bites.numbers(load_plan(name), seed) for name in published()}
    found |= {name: bites.numbers(one.plan, seed) for name, one in exploits().items()}
    found[CEILING] = bites.flat(compare.ceiling(seed, draw(seed)))
    found[RANDOM] = bites.flat(_by_dice(seed))
    return found | {f"quiet {name}": bites.numbers(load_plan(name), seed, ()) for name in ("nothing", "reference")}


class Dice:
    """A model that knows nothing: scores drawn anew for each row."""

    name, features = "dice", ()

    def __init__(self, seed: int):
        self.random = np.random.default_rng(seed)

    def risk(self, rows) -> np.ndarray:
        return self.random.random(len(rows["age"])) ** 12  # as seldom above the threshold as a real score


def _by_dice(seed: int) -> Flight:
    flying = engine._Flying(load_plan("nothing"), engine.frozen(seed), draw(seed), False)
    flying.own, flying.calls.model = Dice(seed), Dice(seed + 1)
    for day in range(engine.DAYS):
        flying.day(day)
    return flying.ended()


# what must hold -----------------------------------------------------------------------------------------------------


def gaps(found: Sequence[dict], number: str, plan: str, other: str) -> compare.Difference:
    """Return by how much a plan is better than another, seed by seed."""
    values = [np.array([one[name][number] for one in found]) for name in (plan, other)]
    return compare.paired(*values) if bites.better(number) == "up" else compare.paired(*values[::-1])


def order_faults(found: Sequence[dict], sure: bool) -> list[str]:
    """Return a sentence for each two plans whose benefit is not in the declared order, service by service."""
    faults = []
    for number in PATIENTS:
        for better, worse in pairwise(ORDER):
            gap = gaps(found, number, better, worse)
            if gap.mean <= 0 or (sure and not gap.low > 0):
                faults.append(f"{number}: {better} less {worse} is {gap.mean:.2f} ({gap.low:.2f} to {gap.high:.2f}).")
    return faults


def best_of_all(found: Sequence[dict]) -> list[str]:
    """Return the published plans that no other beats on any axis."""
    names = list(published())
    means = {(name, one): np.nanmean([seed[name][one] for seed in found]) for name in names for one in HEADLINES}

    def beaten(name: str) -> bool:
        return any(
            (means[other, one] > means[name, one]) == (bites.better(one) == "up")
            and means[other, one] != means[name, one]
            for other in names
            for one in HEADLINES
        )

    return [name for name in names if not beaten(name)]


def exploit_faults(found: Sequence[dict], sure: bool) -> list[str]:
    """Return a sentence for each exploit that is not as much worse than the reference plan as declared."""
    faults = []
    for name, exploit in exploits().items():
        for number, least in exploit.worse_on.items():
            gap = gaps(found, number, "reference", name)
            if gap.mean < least or (sure and not gap.low > 0):
                faults.append(f"{name}: worse by {gap.mean:.2f} ({gap.low:.2f} to {gap.high:.2f}) on {number}.")
    return faults


def quiet_faults(found: Sequence[dict]) -> list[str]:
    """Return a sentence for each thing a quiet year costs the reference plan, compared with nobody looking."""
    faults = []
    for number in ("resilience.false_stop_weeks", "resilience.changes_for_nothing", "harm.needed_without_score"):
        worst = max(one["quiet reference"][number] for one in found)
        if worst > 0:
            faults.append(f"a quiet year: {number} of the reference plan is {worst:.2f} on a seed.")
    for number in PATIENTS:
        lost = -gaps(found, number, "quiet reference", "quiet nothing").mean
        if lost > 0.3:
            faults.append(f"a quiet year: the reference plan loses {lost:.2f} on {number} against nobody looking.")
    return faults


def shown(found: Sequence[dict], names: Sequence[str] | None = None) -> str:
    """Return the table of plans: means on the headline of each axis."""
    names = names or list(found[0])
    lines = [f"{'':26}" + "".join(f"{one.partition('.')[0]:>12}" for one in HEADLINES)]
    lines.append(f"{'':26}" + "".join(f"{one.partition('.')[2][:11]:>12}" for one in HEADLINES))
    for name in names:
        values = (np.nanmean([one[name][number] for one in found]) for number in HEADLINES)
        lines.append(f"{name:26}" + "".join(f"{value:12.1f}" for value in values))
    return "\n".join(lines)


def flown(seed: int) -> tuple[dict, dict]:
    """Return both measures of one hospital, so that its year is built once."""
    return bites.of_hospital(seed), plans_of(seed)
