"""A plan beside others on the same seeds: medians, and paired differences with their intervals.

Two years of different hospitals differ by far more than two plans do; on the same seed they meet the same patients, so
the difference is taken seed by seed. Nothing is summed over axes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import t

from .number import Number
from .plan import Gates, Plan, load_plan
from .words import AXES, SERVICES, WEEKS

if TYPE_CHECKING:
    from .card import Drawn
    from .result import Flight

NAME = 55  # letters for a number's name
CEILING = "ceiling"
WORLD = ("world", "site", "decoy")  # what happens to patients; everything else leaves the ceiling alone
REACHED = (  # numbers that mean something for the ceiling; it has no data to be wrong and nobody on call
    *(
        "ward_averted",
        "ward_averted_share",
        "list_averted",
        "list_averted_in_all",
        "ward_averted_realised",
        "list_averted_realised",
    ),
    *("visits_for_nothing", "needed_without_score", "list_off"),
    *("alerts_a_responder", "shifts_over_capacity", "response_trend"),
    *("worst_sensitivity", "gap", "recorded_gap", "weeks_above"),
)
LEVEL = 0.95
MUCH_OFF = 5.0  # weeks of 104 of two services from which on a plan's low counts are marked (assumption)
MARK = "°"
OF_WEEKS = len(SERVICES) * WEEKS
SHARE = "ward_averted_share"
OFF = ("needed_without_score", "list_off")  # what they count is that a service was off
Values = dict[str, float]


@dataclass(frozen=True)
class Difference:
    """A plan's number less another's, seed by seed.

    Attributes
    ----------
    mean, low, high : float
        Mean of the paired differences with its interval of 95 % (Student's t); NaN below two pairs.
    better : float
        Share of the seeds on which the plan was better; a tie counts half.
    pairs : int
        Seeds on which both have the number.
    """

    mean: float
    low: float
    high: float
    better: float
    pairs: int

    @property
    def sure(self) -> bool:
        """Return whether the interval leaves 0 out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Comparison:
    """What several plans came to on the same seeds.

    Attributes
    ----------
    plan : str
        Name of the one that is compared; the first of ``values``.
    numbers : list of (axis, Number)
        Name, unit and meaning of each number; their own values are those of the first seed.
    values : dict
        For each plan, the numbers of each seed in the order of ``seeds``.
    """

    plan: str
    seeds: tuple[int, ...]
    numbers: tuple[tuple[str, Number], ...]
    values: dict[str, tuple[Values, ...]]

    def column(self, plan: str, number: str) -> np.ndarray:
        """Return a plan's number by seed."""
        return np.array([found[number] for found in self.values[plan]])

    def median(self, plan: str, number: str) -> float:
        """Return the median over the seeds that have the number."""
        known = self.column(plan, number)
        known = known[~np.isnan(known)]
        return float(np.median(known)) if known.size else np.nan

    def difference(self, number: str, other: str, plan: str | None = None) -> Difference:
        """Return the plan's number less another plan's."""
        better = next(one.better for _, one in self.numbers if one.name == number)
        return paired(self.column(plan or self.plan, number), self.column(other, number), better)

    def share_of_ceiling(self, number: str, plan: str | None = None) -> float:
        """Return the median share of the ceiling's number in 100; NaN where the ceiling was not flown or has none."""
        if CEILING not in self.values:
            return np.nan
        best, mine = self.column(CEILING, number), self.column(plan or self.plan, number)
        known = best > 0
        return float(np.median(100 * mine[known] / best[known])) if known.any() else np.nan

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for a program."""
        return {
            "plan": self.plan,
            "seeds": list(self.seeds),
            "numbers": [
                {
                    **{"axis": axis, "name": one.name, "unit": one.unit, "better": one.better, "says": one.says},
                    "medians": {name: _plain(self.median(name, one.name)) for name in self.values},
                    "share_of_ceiling": _plain(self.share_of_ceiling(one.name)) if axis == "benefit" else None,
                    "less": {name: _told(self.difference(one.name, name)) for name in self._others()},
                    "values": {name: [_plain(v) for v in self.column(name, one.name)] for name in self.values},
                }
                for axis, one in self.numbers
            ],
        }

    @property
    def lines(self) -> list[str]:
        """The comparison to read: medians, then differences with their intervals."""
        names = list(self.values)
        beside = [name for name in self._others() if name != CEILING]
        found = [f"{len(self.seeds)} hospitals, the same for every plan: medians"]
        found += self._table(names, 13, self._marked, self._beside_counts(names))
        found += self._bought()
        if beside:
            found += [
                "",
                f"{self.plan} less the other, hospital by hospital: mean and interval of 95 % (* leaves 0 out)",
                "Where nothing differs, one row in twenty has a star by chance; few hospitals make wide intervals.",
            ]
            found += self._table(beside, 30, lambda axis, one, name: _spanned(self.difference(one.name, name)))
        best = self.share_of_ceiling(self.numbers[0][1].name)
        if not np.isnan(best):
            found += ["", f"{self.numbers[0][1].name} is {best:.0f} of 100 that the ceiling reaches (median)"]
        return found

    def _off(self) -> list[str]:
        """Return the plans that were off for long: who is off alerts nobody, and helps nobody."""
        if not {"weeks_off", SHARE} <= {one.name for _, one in self.numbers}:
            return []
        return [name for name in self.values if self.median(name, "weeks_off") >= MUCH_OFF]

    def _not_averted(self, name: str) -> float:
        return 1000 - self.median(name, SHARE)

    def _beside_counts(self, names: Sequence[str]) -> list[str]:
        """Return the rows that belong beside every low count of a plan that was off; none where no plan was."""
        if not self._off():
            return []
        rows = {
            f"weeks off, of {OF_WEEKS} of two services": lambda name: self.median(name, "weeks_off"),
            "deteriorations not averted, of 1,000": self._not_averted,
        }
        return [
            f"what the counts marked {MARK} were bought with",
            *(f"  {says:{NAME}}" + "".join(f"{_shown(of(name)):>13}" for name in names) for says, of in rows.items()),
        ]

    def _marked(self, axis: str, one: Number, name: str) -> str:
        """Return a median; with a mark where it is low because there was nothing to be harmed by."""
        low = axis in ("harm", "burden") or one.name.startswith("silent")
        mark = MARK if low and one.better == "down" and one.name not in OFF and name in self._off() else ""
        return _shown(self.median(name, one.name)) + mark

    def _bought(self) -> list[str]:
        """Return a sentence for each plan whose low counts were bought by being off."""
        return [
            f"{MARK} {name} was off for {_shown(self.median(name, 'weeks_off'))} of {OF_WEEKS} weeks of two services. "
            "What is off harms nobody by an alert and averts nothing: of 1,000 deteriorations "
            f"{_shown(self._not_averted(name))} were not averted."
            for name in self._off()
        ]

    def _table(
        self, names: Sequence[str], width: int, cell: Callable[[str, Number, str], str], first: Sequence[str] = ()
    ) -> list[str]:
        """Return a row for each number, axis by axis; ``first`` stands right under the names."""
        from .reading import spoken

        found = [f"{'':{NAME + 2}}" + "".join(f"{name[: width - 1]:>{width}}" for name in names), *first]
        for axis in AXES:
            mine = [one for place, one in self.numbers if place == axis]
            found.append(f"{axis}: {AXES[axis]}")
            found += [
                f"  {spoken(one):{NAME}}"
                + "".join(f"{cell(axis, one, name):>{width}}" for name in names)
                + f"  {one.unit}"
                for one in mine
            ]
        return found

    def _others(self) -> list[str]:
        return [name for name in self.values if name != self.plan]


def compare(
    plan: Plan,
    seeds: Sequence[int],
    others: Sequence[str] = ("nothing", "reference", CEILING),
    jobs: int = 2,
    *,
    cards: Sequence[str] | None = None,
    scale: float = 1.0,
    progress: Callable[[float, str], object] | None = None,
) -> Comparison:
    """Fly a plan and others through the same hospitals.

    Parameters
    ----------
    plan : Plan
    seeds : sequence of int
    others : sequence of str
        Published plans; ``ceiling`` is the true risk in place of a score (:func:`ceiling`).
    jobs : int
        Processes; 1 stays in this one.
    cards : sequence of str, optional
        Exactly these incidents instead of those that each seed draws; ``()`` for a quiet year.
    progress : callable, optional
        Told the share that is done (0 to 1), and of what.
    """
    seeds = tuple(seeds)
    if not seeds:
        raise ValueError("No seed to fly: give at least one, better twenty.")
    plans = {plan.name: plan} | {name: load_plan(name) for name in others if name not in (CEILING, plan.name)}
    asked = (plans, CEILING in others, None if cards is None else tuple(cards), scale)
    found: dict[int, tuple[dict[str, Values], tuple[tuple[str, Number], ...]]] = {}
    for seed, result in _each(seeds, asked, jobs):
        found[seed] = result
        if progress is not None:
            progress(len(found) / len(seeds), f"{len(found)} of {len(seeds)} hospitals")
    names = [*plans, *([CEILING] if CEILING in others else [])]
    values = {name: tuple(found[seed][0][name] for seed in seeds) for name in names}
    return Comparison(plan.name, seeds, found[seeds[0]][1], values)


def ceiling(seed: int, drawn: Sequence[Drawn], scale: float = 1.0) -> Flight:
    """Fly the ceiling: the true risk decides whom to look at and call, and no incident touches it.

    Whatever happens to the patients themselves stays, so it meets the same people as the plan beside it: staffing and
    threshold are the reference plan's, a new site is served from its first day.
    """
    from .engine import fly

    plan = load_plan("reference").model_copy(update={"monitors": (), "gates": Gates()})
    world = tuple(one for one in drawn if one.card.where in WORLD)
    return fly(plan, seed, world, scale=scale, ceiling=True)


def paired(mine: np.ndarray, others: np.ndarray, better: str = "up") -> Difference:
    """Return the mean of paired differences with Student's interval; pairs with a NaN are left out."""
    gap = np.asarray(mine, dtype=float) - np.asarray(others, dtype=float)
    gap = gap[~np.isnan(gap)]
    if gap.size < 2:
        return Difference(float(gap[0]) if gap.size else np.nan, np.nan, np.nan, np.nan, gap.size)
    reach = float(t.ppf(0.5 + LEVEL / 2, gap.size - 1) * gap.std(ddof=1) / np.sqrt(gap.size))
    won = gap > 0 if better == "up" else gap < 0
    middle = float(gap.mean())
    return Difference(middle, middle - reach, middle + reach, float(np.mean(won + 0.5 * (gap == 0))), gap.size)


def _each(seeds: tuple[int, ...], asked: tuple, jobs: int) -> Iterator[tuple[int, tuple]]:
    """Yield each seed with its values, in the order in which they are done."""
    if jobs <= 1 or len(seeds) == 1:
        for seed in seeds:
            yield seed, _flown(seed, *asked)
        return
    with ProcessPoolExecutor(min(jobs, len(seeds)), mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(_flown, seed, *asked): seed for seed in seeds}
        for done in as_completed(waiting):
            yield waiting[done], done.result()


def _flown(seed: int, plans: dict[str, Plan], with_ceiling: bool, cards: tuple[str, ...] | None, scale: float):
    """Fly every plan through one seed's year; return the values by plan, and what each number is."""
    from .deck import alone, draw
    from .engine import fly
    from .scores import ordered, scores

    drawn = draw(seed) if cards is None else tuple(alone(name, seed) for name in cards)
    values: dict[str, Values] = {}
    numbers: tuple[tuple[str, Number], ...] = ()
    for name, plan in plans.items():
        found = tuple(ordered(scores(fly(plan, seed, drawn, scale=scale))))
        numbers = numbers or found
        values[name] = {one.name: one.value for _, one in found}
    if with_ceiling:
        best = ordered(scores(ceiling(seed, drawn, scale)))
        values[CEILING] = {one.name: one.value if one.name in REACHED else np.nan for _, one in best}
    return values, numbers


def _spanned(gap: Difference) -> str:
    if gap.pairs < 2:
        return "–"
    return f"{_shown(gap.mean)} ({_shown(gap.low)} to {_shown(gap.high)}){'*' if gap.sure else ' '}"


def _told(gap: Difference) -> dict[str, float | int | None]:
    return {name: _plain(getattr(gap, name)) for name in ("mean", "low", "high", "better", "pairs")}


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _shown(value: float) -> str:
    if np.isnan(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
