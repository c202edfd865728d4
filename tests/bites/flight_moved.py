"""Do the published plans keep their order when an invented number is half as large again, or half?

Each number of the engine, the team, the nurses and the deck that is an assumption is moved, one at a time. Two plans
count as told apart where one is better on every seed and the interval of 95 % leaves 0 out; they have turned round
where the other is then better in the mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, replace
from itertools import combinations
from multiprocessing import get_context
from unittest.mock import patch

import numpy as np
from wardround.flight import bites, compare, engine, fairness, gate, learning, scores, team, words
from wardround.flight.card import Card, Drawn
from wardround.flight.deck import DECK, alone, draw
from wardround.flight.deck.kinds import Incident
from wardround.flight.plan import load_plan, published
from wardround.hospital import response

from .flight import HEADLINES

FACTORS = (0.5, 1.5)
ENGINE = ("LOOK", "REVIEW", "ROUND", "STANDBY", "BY_HAND", "HELP", "HELP_WINDOWS")
NURSES = ("WILLING", "DOUBT", "TRUST_AT_FIRST", "MEMORY", "BEDS_A_NURSE")
MEASURED = {("unit_change", "factor")}  # a unit is what it is
PARTS = {
    **{f"engine {name}": (engine, name) for name in ENGINE},
    **{f"nurses {name}": (response, name) for name in NURSES},
    "team QUIET": (team, "QUIET"),
    "team MORNING": (team, "MORNING"),
    "learning DAYS_BACK": (learning, "DAYS_BACK"),
    "gate WORSE": (gate, "WORSE"),
    "scores GRACE": (scores, "GRACE"),
}
ACTIONS = {"hours until actions hold": "hours", "hours that actions take": "staff"}
CARDS, VOLUME = "magnitudes of all cards", "fairness VOLUME"
KNOWN = (  # orders that do turn round
    # a threshold and a number of alerts a shift are made for the nurses there are: with twice as many, or half as
    # willing ones, whoever pages more averts more
    *("nurses BEDS_A_NURSE x 0.5: naive is then better", "nurses WILLING x 0.5: naive is then better"),
    # neither looks, and their silence is the same to within one week of two thousand
    "nothing is then better than naive on resilience.silent_patient_weeks",
    # siblings: thresholds by group find the same incidents, in other weeks
    *("reference_groups is then better than reference on", "reference is then better than reference_groups"),
)


def moved(value: float, factor: float) -> float:
    """Return a magnitude moved by half; a multiple above 1 by half of what it adds."""
    if isinstance(value, int):
        return max(1, round(value * factor))
    return 1 + (value - 1) * factor if 1 < value < 2 else value * factor


def magnitudes(card: Card) -> dict[str, float]:
    """Return the invented numbers of a card."""
    own = {one.name for one in fields(card)} - {one.name for one in fields(Incident)}
    return {
        name: getattr(card, name)
        for name in sorted(own)
        if isinstance(getattr(card, name), (int, float)) and (card.id, name) not in MEASURED
    }


def changed(one: Drawn, factor: float, only: str | None = None) -> Drawn:
    """Return a drawn card with its magnitudes moved, or one of them."""
    numbers = {name: moved(value, factor) for name, value in magnitudes(one.card).items() if only in (None, name)}
    return replace(one, card=replace(one.card, **numbers))


@contextmanager
def moving(what: str, factor: float) -> Iterator[None]:
    """Move a parameter of the engine, the team, the nurses or the actions."""
    with ExitStack() as held:
        if what in PARTS:
            module, name = PARTS[what]
            held.enter_context(patch.object(module, name, moved(getattr(module, name), factor)))
        elif what == VOLUME:  # bound when the function was made
            held.enter_context(patch.object(fairness.flagged_at, "__defaults__", (fairness.VOLUME * factor,)))
        elif what in ACTIONS:
            part = ACTIONS[what]
            table = {key: replace(one, **{part: getattr(one, part) * factor}) for key, one in words.ACTIONS.items()}
            held.enter_context(patch.dict(words.ACTIONS, table))
        yield


# the published plans ------------------------------------------------------------------------------------------------


def of_plans(asked: tuple[str, float, tuple[int, ...]]) -> dict[str, dict[str, np.ndarray]]:
    """Return the headlines of the published plans by seed, with one parameter moved."""
    what, factor, seeds = asked
    found: dict[str, dict[str, list[float]]] = {}
    with moving(what, factor):
        for seed in seeds:
            drawn = tuple(changed(one, factor) for one in draw(seed)) if what == CARDS else draw(seed)
            for name in published():
                numbers = bites.flat(engine.fly(load_plan(name), seed, drawn))
                for number in HEADLINES:
                    found.setdefault(name, {}).setdefault(number, []).append(numbers[number])
    return {name: {number: np.array(values) for number, values in one.items()} for name, one in found.items()}


@dataclass(frozen=True)
class Turned:
    """Two plans whose order on a number is another once a parameter has moved."""

    what: str
    factor: float
    number: str
    better: str
    worse: str

    def __str__(self) -> str:
        return f"{self.what} x {self.factor}: {self.worse} is then better than {self.better} on {self.number}"


def turned(what: str, factor: float, base: dict, found: dict) -> tuple[int, list[Turned]]:
    """Return how many pairs the base tells apart, and which of them have turned round."""
    told, found_turned = 0, []
    for number in HEADLINES:
        sign = 1.0 if bites.better(number) == "up" else -1.0
        for pair in combinations(sorted(base), 2):
            gap = sign * (base[pair[0]][number] - base[pair[1]][number])
            if not ((gap > 0).all() or (gap < 0).all()) or not (compare.paired(gap, 0 * gap).sure or gap.std() == 0):
                continue
            told += 1
            ahead, behind = pair if gap.mean() > 0 else pair[::-1]
            if sign * (found[ahead][number] - found[behind][number]).mean() < 0:
                found_turned.append(Turned(what, factor, number, ahead, behind))
    return told, found_turned


def parameters() -> list[tuple[str, float]]:
    """Return everything that is moved under the published plans."""
    return [(what, factor) for what in (*PARTS, *ACTIONS, VOLUME, CARDS) for factor in FACTORS]


# one card at a time -------------------------------------------------------------------------------------------------


def of_card(asked: tuple[str, str, float, tuple[int, ...]]) -> tuple[float, float]:
    """Return what a card costs with one magnitude moved: doing nothing, and the reference response."""
    name, only, factor, seeds = asked
    on = bites.BITES[name].on
    plans = [load_plan("nothing"), load_plan("reference")]
    rows = [
        [bites.cost(on, plan, seed, (changed(alone(name, seed, bites.BEGINS), factor, only),)) for plan in plans]
        for seed in seeds
    ]
    nothing, reference = np.mean(rows, axis=0)
    return float(nothing), float(reference)


def card_parameters() -> list[tuple[str, str, float]]:
    """Return every magnitude of every card that is no decoy."""
    return [
        (card.id, name, factor)
        for card in DECK.values()
        if not card.decoy
        for name in magnitudes(card)
        for factor in FACTORS
    ]


# both ---------------------------------------------------------------------------------------------------------------


def report(seeds: Sequence[int], few: Sequence[int], jobs: int = 2) -> tuple[str, list[str]]:
    """Move everything; return the table and a sentence for each order that turned round."""
    seeds, few = tuple(seeds), tuple(few)
    lines, faults = [f"{'moved':32} {'by':>5}  pairs of plans told apart, and turned round"], []
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        base = of_plans(("nothing moved", 1.0, seeds))
        every = pool.map(of_plans, [(*one, seeds) for one in parameters()])
        for (what, factor), found in zip(parameters(), every, strict=True):
            told, wrong = turned(what, factor, base, found)
            faults += map(str, wrong)
            lines.append(f"{what:32} {factor:5}  {told} {len(wrong)} {'; '.join(map(str, wrong))}".rstrip())
        lines.append(f"\n{'card':20} {'moved':16} {'by':>5} {'nothing':>10} {'reference':>10}")
        cards = card_parameters()
        for (name, only, factor), (nothing, reference) in zip(
            cards, pool.map(of_card, [(*one, few) for one in cards]), strict=True
        ):
            gone = reference == nothing == 0  # two copies by half are one: no incident is left to be met
            worse = reference >= nothing and not gone
            faults += [
                f"{name} {only} x {factor}: the reference costs {reference:.2f}, doing nothing {nothing:.2f}"
            ] * worse
            mark = "  TURNED" if worse else ""
            lines.append(f"{name:20} {only:16} {factor:5} {nothing:10.2f} {reference:10.2f}{mark}")
    return "\n".join(lines), faults
