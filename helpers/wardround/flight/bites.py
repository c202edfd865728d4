"""Whether an incident bites: what it costs a hospital that does nothing, one that is prepared, and one that overreacts.

An incident that costs nothing teaches that it does not matter, and a response that helps nobody teaches a ritual. So
each card says beforehand on which number it bites and by how much at least, and is flown on the same seeds as a quiet
year. Costs are differences to the same plan's quiet year, positive where the number got worse.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from wardround.hospital import DEFAULT_SEED

from .card import Card, Drawn
from .compare import Difference, paired
from .deck import DECK, alone
from .engine import fly
from .plan import Cause, Plan, Vendor, load_plan
from .result import Flight
from .scores import ordered, scores

BEGINS = 91  # day on which a card begins that is flown by itself
NOTHING_TO_TELL = 100.0  # a share of incidents told in time, where there was no incident
KEPT = 400  # flights whose numbers are kept
PARTS = ("seeds", "nothing", "reference", "over")


@dataclass(frozen=True)
class Bite:
    """Where a card bites, declared before it is measured; costs are means over seeds.

    Attributes
    ----------
    on : str
        Number of ``scores`` on which doing nothing costs, as ``axis.number``; for a decoy, on which chasing it costs.
    nothing : float
        Doing nothing costs at least this; for a decoy, at most this.
    over : float
        What tempts costs at least this more than the reference response.
    over_on, nothing_on : str
        Where these two are felt, if elsewhere.
    over_by : str
        ``tempted``: the card's own temptation after its cause was found; ``pause``: pausing at any alarm.
    """

    on: str
    nothing: float
    over: float
    over_on: str = ""
    nothing_on: str = ""
    over_by: str = "tempted"

    @property
    def axis(self) -> str:
        """Name the axis on which the card bites."""
        return self.on.partition(".")[0]


def _decoy(on: str, over: float) -> Bite:
    """Return the bite of a card that costs nothing where nobody acts: its ward averts as much of what would come."""
    return Bite(on, 4.0, over, nothing_on=SHARE)


WARD, LIST, SHARE = "benefit.ward_averted", "benefit.list_averted_in_all", "benefit.ward_averted_share"
VISITS, WRONG, WITHOUT = "harm.visits_for_nothing", "harm.ward_wrong_data", "harm.needed_without_score"
ALERTS, OVER = "burden.alerts_a_responder", "burden.shifts_over_capacity"
# declared on four hospitals, measured on eighteen others; of five, number or Y came after one or two of these
BITES: dict[str, Bite] = {
    "unit_change": Bite(VISITS, 5.0, 5.0, over_on=WARD),
    "code_change": Bite(LIST, 4.0, 5.0),
    "feed_outage": Bite(WARD, 0.8, 0.1, over_on=ALERTS),
    "stale_cache": Bite(WARD, 0.7, 0.7),
    "duplicate_feed": Bite(ALERTS, 0.05, 2.0, over_on=WARD, over_by="pause"),
    "amended_results": Bite(WRONG, 30.0, 30.0),
    "surge": Bite(OVER, 25.0, 5.0, over_on=WARD),
    "new_site": Bite(WRONG, 50.0, 30.0),
    "new_analyser": _decoy("resilience.false_stop_weeks", 2.0),
    "guideline_change": _decoy(WARD, 1.0),
    "intervention_feedback": _decoy(WARD, 1.0),
    "sensor_bias": Bite("equity.gap", 7.0, 1.0, over_on=WARD),
    "vendor_update": Bite(WARD, 0.4, 2.0),
    "threshold_typo": Bite(ALERTS, 0.08, 0.08),
    "timezone_shift": Bite(WRONG, 8.0, 50.0, over_on=WITHOUT),
    "staff_shortage": Bite(WARD, 1.0, 0.05, over_on=ALERTS),
    "alerts_suppressed": Bite(WARD, 2.5, 2.0),
    "phi_export": Bite("governance.told_in_time", 100.0, 100.0),
    "rumour": _decoy("resilience.false_stop_weeks", 0.5),
}


@dataclass(frozen=True)
class Costs:
    """What a card cost on some seeds, seed by seed; positive is worse.

    Attributes
    ----------
    nothing, reference : tuple of float
        Against the same plan's quiet year.
    over : tuple of float
        Of what tempts, against the reference response in the same year.
    """

    name: str
    seeds: tuple[int, ...]
    nothing: tuple[float, ...]
    reference: tuple[float, ...]
    over: tuple[float, ...]

    @property
    def bite(self) -> Bite:
        """What was declared."""
        return BITES[self.name]

    @property
    def recovered(self) -> float:
        """Share of the cost of doing nothing that the reference response gets back, of the means."""
        lost = float(np.mean(self.nothing))
        return 1 - float(np.mean(self.reference)) / lost if lost else np.nan

    @property
    def half(self) -> Difference:
        """By how much the reference response is cheaper than half of doing nothing."""
        return paired(0.5 * np.array(self.nothing), np.array(self.reference))

    def of(self, what: str) -> Difference:
        """Return mean and interval of ``nothing``, ``reference`` or ``over``."""
        values = np.array(getattr(self, what))
        return paired(values, np.zeros(values.size))

    def faults(self, sure: bool = True, room: float = 1.0) -> list[str]:
        """Return a sentence for each declaration that does not hold.

        ``sure``: intervals must leave 0 out. ``room``: share of what is declared that must be reached, below 1 for a
        single hospital.
        """
        found, bite = [], self.bite
        if DECK[self.name].decoy:
            if (lost := self.of("nothing")).mean > bite.nothing:
                found.append(f"ignored, it costs {lost.mean:.2f} on {bite.nothing_on}, more than {bite.nothing:g}")
        else:
            found += _short("doing nothing", self.of("nothing"), room * bite.nothing, bite.on, sure)
            if self.half.mean < 0 or (sure and not self.half.low >= 0):
                margin = f"margin {self.half.mean:.2f} from {self.half.low:.2f}"
                found.append(f"of the cost on {bite.on} the reference gets back {self.recovered:.0%} ({margin})")
        found += _short("what tempts", self.of("over"), room * bite.over, bite.over_on or bite.on, sure)
        return [f"{self.name}: {one}." for one in found]


def _short(what: str, cost: Difference, least: float, on: str, sure: bool) -> list[str]:
    """Return a sentence where a cost is less than declared, or its interval does not leave 0 out."""
    if cost.mean >= least and (not sure or cost.low > 0):
        return []
    return [f"{what} costs {cost.mean:.2f} on {on} ({cost.low:.2f} to {cost.high:.2f}), declared {least:g}"]


def costs(name: str, seeds: Iterable[int], scale: float = 1.0) -> Costs:
    """Fly a card by itself through each seed's year, beside the quiet year."""
    seeds, bite = tuple(seeds), BITES[name]
    alone_on, over_on = bite.nothing_on or bite.on, bite.over_on or bite.on
    nothing, reference = load_plan("nothing"), open_to(DECK[name], load_plan("reference"))
    chased = load_plan("pause") if bite.over_by == "pause" else tempted(reference, DECK[name])
    rows = []
    for seed in seeds:
        drawn = (alone(name, seed, BEGINS),)
        kept = [cost(alone_on, plan, seed, drawn, scale) for plan in (nothing, reference)]
        worse = [numbers(plan, seed, drawn, scale)[over_on] for plan in (chased, reference)]
        rows.append((*kept, _worse(over_on, *worse)))
    return Costs(name, seeds, *(tuple(column) for column in zip(*rows, strict=True)))


def cost(on: str, plan: Plan, seed: int, drawn: Sequence[Drawn], scale: float = 1.0) -> float:
    """Return by how much a plan's number is worse than in its own quiet year."""
    quiet = numbers(plan, seed, (), scale)[on]
    if np.isnan(quiet) and on == "governance.told_in_time":
        quiet = NOTHING_TO_TELL
    return _worse(on, numbers(plan, seed, drawn, scale)[on], quiet)


def open_to(card: Card, plan: Plan) -> Plan:
    """Return a plan that a card can strike: a pinned vendor changes nothing, and no response to it could be seen."""
    return plan.model_copy(update={"vendor": Vendor()}) if card.id == "vendor_update" else plan


def tempted(plan: Plan, card: Card) -> Plan:
    """Return a plan that answers a card with what tempts, and whose gate lets that into force."""
    before = plan.causes.get(card.id)
    kept = before.model_dump() if before else {"name": card.id}
    answer = Cause(**kept | {"then": card.tempted, "notify": (), "within_hours": 0.0, "authority": "ml_engineer"})
    gates = plan.gates.model_copy(update={"subgroup_floor": 0.0, "replay": False})
    return plan.model_copy(update={"name": "tempted", "causes": plan.causes | {card.id: answer}, "gates": gates})


# numbers ------------------------------------------------------------------------------------------------------------

_kept: dict[tuple, dict[str, float]] = {}
_better: dict[str, str] = {}


def numbers(
    plan: Plan, seed: int, drawn: Sequence[Drawn] | None = None, scale: float = 1.0, ceiling: bool = False
) -> dict[str, float]:
    """Return the numbers of a flight as ``{"axis.number": value}``; the last flights are kept."""
    key = (plan.digest, seed, scale, ceiling, None if drawn is None else tuple(map(repr, drawn)))
    if key not in _kept:
        while len(_kept) >= KEPT:
            del _kept[next(iter(_kept))]
        _kept[key] = flat(fly(plan, seed, drawn, scale=scale, ceiling=ceiling))
    return _kept[key]


def flat(flight: Flight) -> dict[str, float]:
    """Return a flight's numbers as ``{"axis.number": value}``."""
    found = {}
    for axis, one in ordered(scores(flight)):
        found[f"{axis}.{one.name}"] = float(one.value)
        _better[f"{axis}.{one.name}"] = one.better
    return found


def better(on: str) -> str:
    """Return which way a number is better, ``up`` or ``down``; it is the flights that say so."""
    if not _better:  # other processes flew, and their numbers came back without it
        flat(fly(load_plan("nothing"), DEFAULT_SEED, (), scale=0.1))
    return _better[on]


def _worse(on: str, value: float, than: float) -> float:
    return than - value if better(on) == "up" else value - than


# many hospitals -----------------------------------------------------------------------------------------------------


def of_hospital(seed: int, names: Sequence[str] = tuple(BITES)) -> dict[str, Costs]:
    """Return what each card costs one hospital."""
    return {name: costs(name, (seed,)) for name in names}


def merged(found: Sequence[dict[str, Costs]]) -> dict[str, Costs]:
    """Return the costs of several hospitals together."""
    return {
        name: Costs(name, *(sum((getattr(one[name], part) for one in found), ()) for part in PARTS))
        for name in found[0]
    }


def table(found: dict[str, Costs], sure: bool = True) -> tuple[str, list[str]]:
    """Return the table of bites to print, and a sentence for each declaration that does not hold."""
    lines = [f"{'':22} {'bites on':32} {'at least':>8} {'nothing':>22} {'back':>5}  {'over-reaction on':28}"]
    lines[0] += f" {'at least':>8} {'found':>22}"
    faults: list[str] = []
    for name, one in found.items():
        bite, mine = one.bite, one.faults(sure)
        faults += mine
        back = "     " if DECK[name].decoy else f"{100 * one.recovered:5.0f}"
        least = f"<{bite.nothing:g}" if DECK[name].decoy else f"{bite.nothing:g}"
        lines.append(
            f"{name:22} {bite.nothing_on or bite.on:32} {least:>8} {_spanned(one.of('nothing'))} {back}  "
            f"{bite.over_on or bite.on:28} {bite.over:8g} {_spanned(one.of('over'))}  {'FAILS' if mine else 'holds'}"
        )
    return "\n".join(lines), faults


def _spanned(cost: Difference) -> str:
    if np.isnan(cost.low):
        return f"{cost.mean:22.2f}"
    return f"{cost.mean:8.2f} ({cost.low:.1f} to {cost.high:.1f})".rjust(22)
