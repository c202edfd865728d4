"""How long a year takes: frozen, flown with the reference plan, with a list of one's own, and twenty hospitals.

Run ``python tests/benchmarks/flight.py [SEEDS] [JOBS]`` (20, 2). The peer is the hospital's own simulation of the same
year under a policy that alerts with the same model and calls with the same list: same people, day by day, shift by
shift, with no plan, no monitor and no incident. Processor seconds, since other programs share the machine; the wall's
are beside them. A list of one's own is stood in for by the reference list behind the learner's door (columns of the
pipeline's feed, a row at a time checked by nobody), as a learner's release takes what its author made it take.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from unittest.mock import patch

import numpy as np
from wardround.flight import engine, learner_list, models
from wardround.flight.compare import compare
from wardround.flight.deck import draw
from wardround.flight.plan import load_plan
from wardround.flight.scores import scores
from wardround.flight.words import DAYS, FIRST_WEEK, WEEKS
from wardround.flight.year import _made, frozen
from wardround.hospital import DEFAULT_SEED, Policy, Settings, simulate

TIMES = 5


class Alerting(Policy):
    """Alerts and calls as the plan does whose year is timed."""

    begins = FIRST_WEEK

    def __init__(self, year, plan):
        self.ward, self.list, self.plan = models.ward_model(year), models.list_model(year), plan

    def decide(self, feed) -> Settings:
        return Settings(
            call=self.calls,
            call_from=self.plan.list.threshold,
            calls_a_week=self.plan.list.calls_a_week,
            alert=self.alerts,
            alert_from=self.plan.ward.threshold,
        )

    def alerts(self, rows) -> np.ndarray:
        columns = {name: rows[name].to_numpy(float) for name in models.WARD_FEATURES if name in rows}
        columns["sex_male"] = rows["sex"].eq("male").to_numpy(float) if "sex" in rows else columns["sex_male"]
        return self.ward.risk(columns)

    def calls(self, rows) -> np.ndarray:
        return self.list.risk(rows)


class BehindTheDoor:
    """The reference list, asked as a learner's release is asked."""

    def __init__(self, year):
        self.of, self.why = models.list_model(year), []
        self.name, self.features = "stand-in", self.of.features

    def risk(self, rows) -> np.ndarray:
        return self.of.risk(learner_list._as_fed(rows))


def timed(does: Callable[[], object], times: int = 1) -> tuple[float, float]:
    """Return the least processor time and the least wall time of some calls."""
    spent = []
    for _ in range(times):
        begun, wall = time.process_time(), time.perf_counter()
        does()
        spent.append((time.process_time() - begun, time.perf_counter() - wall))
    return min(one for one, _ in spent), min(one for _, one in spent)


def own(plan, year, drawn) -> None:
    """Fly with a list of one's own."""
    with patch.object(models, "serves_list", lambda model, of: BehindTheDoor(of)):
        engine.fly(plan, year.seed, drawn)


def main(seeds: int, jobs: int) -> None:
    """Print seconds and ratios."""
    plan, seed = load_plan("reference"), DEFAULT_SEED
    rows = {"build a year": timed(lambda: (_made.cache_clear(), frozen(seed)))}
    year, drawn = frozen(seed), draw(seed)
    engine.fly(plan, seed, drawn)  # models and usual values are made once a year
    rows["reference plan, a quiet year"] = timed(lambda: engine.fly(plan, seed, ()), TIMES)
    rows["reference plan, the drawn year"] = timed(lambda: engine.fly(plan, seed, drawn), TIMES)
    rows["the same with one's own list"] = timed(lambda: own(plan, year, drawn), TIMES)
    flight = engine.fly(plan, seed, drawn)
    rows["scores of a flight"] = timed(lambda: scores(flight), TIMES)
    three = timed(lambda: simulate(seed, FIRST_WEEK))
    four = timed(lambda: simulate(seed, FIRST_WEEK + WEEKS, policy=Alerting(year, plan)))
    peer = (four[0] - three[0], four[1] - three[1])
    rows["peer: simulate the year under a policy"] = peer
    print(f"{'':42} {'processor':>10} {'wall':>8} {'of the peer':>12}")
    for name, (spent, wall) in rows.items():
        print(f"{name:42} {spent:10.2f} {wall:8.2f} {spent / peer[0]:12.3f}")
    print(f"{DAYS} days, {year.windows['stay'].size:,} ward windows, {len(year.discharges):,} discharges home")
    begun, before = time.perf_counter(), os.times()
    compare(plan, range(2026301, 2026301 + seeds), jobs=jobs)
    after = os.times()
    used = sum(getattr(after, name) - getattr(before, name) for name in ("user", "system", *CHILDREN))
    wall = time.perf_counter() - begun
    print(f"{seeds} hospitals, 4 flights each, {jobs} processes: {wall:.1f} s, {used:.1f} s of processors")


CHILDREN = ("children_user", "children_system")

if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:]]
    main(*(given + [20, 2][len(given) :]))
