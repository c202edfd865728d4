"""How long a year takes: frozen, flown with the reference plan, with a list of one's own, and twenty hospitals.

Run ``python tests/benchmarks/flight.py [SEEDS] [JOBS]`` (20, 2). The peer is the hospital's own simulation of the same
year under a policy that alerts with the same model and calls with the same list: same people, day by day, shift by
shift, with no plan, no monitor and no incident. Processor seconds, since other programs share the machine; the wall's
are beside them. A list of one's own is stood in for by the reference list behind the learner's door (columns of the
pipeline's feed, a row at a time checked by nobody), as a learner's release takes what its author made it take.

``python tests/benchmarks/flight.py own`` times a release in its stead: the pipeline of week 7's and 8's solutions is
run for one week in a folder of its own, and the year is flown with ``model = "own"``, its contract and feature code
included.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
from wardround import quiet
from wardround.course import places
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


def released(work: Path) -> None:
    """Release a list in a learner's folder as somebody does who answered as the solutions do; about a minute."""
    os.environ |= {"WARDROUND_WORK": str(work), **quiet.tracking(work)}
    sys.path.insert(0, str(Path(__file__).parents[1]))
    import pipeline_cases as cases
    from wardround.course import pipeline as course
    from wardround.course.authoring.prove import SEEDS, proof_hospital
    from wardround.course.pipeline_feed import FIRST, Story, write_feed
    from wardround.records import read_export

    hospital = read_export(proof_hospital(SEEDS[0]))
    feed = write_feed(work / "feed", hospital, Story(candidates={0: FIRST}, weeks=1))
    cases.exercised()
    (work / "pipeline" / "feed").mkdir(parents=True)
    (work / "pipeline" / "feed" / "reference.parquet").touch()
    home = cases.filled(course.start(say=lambda text: None))
    subprocess.run([sys.executable, "run.py", "--feed", str(feed)], cwd=home, check=True, stdout=subprocess.DEVNULL)


def main_own(times: int = 3) -> None:
    """Print the seconds of a year with the learner's own release, each time, and their median."""
    with TemporaryDirectory() as folder:
        released(Path(folder) / "work")
        plan, seed = load_plan("reference"), DEFAULT_SEED
        plan = plan.model_copy(update={"list": plan.list.model_copy(update={"model": "own"})})
        engine.fly(load_plan("reference"), seed, ())  # the year, models and usual values are made once
        first, second = (timed(lambda: learner_list.own_list(places.work())) for _ in range(2))
        once = "once in a process: MLflow and what it imports"
        print(f"own list, opened: {first[0]:.2f} s ({once}), then {second[0]:.2f} s")
        for name, drawn in (("a quiet year", ()), ("the drawn year", draw(seed))):
            spent = [timed(lambda drawn=drawn: engine.fly(plan, seed, drawn)) for _ in range(times)]
            cpu, wall = (float(np.median(column)) for column in zip(*spent, strict=True))
            each = ", ".join(f"{one:.2f}/{other:.2f}" for one, other in spent)
            print(f"own list, {name}: processor {cpu:.2f} s, wall {wall:.2f} s (median; each: {each})")
    print(f"load of the machine: {', '.join(f'{one:.1f}' for one in os.getloadavg())} on {os.cpu_count()} cores")


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
    if sys.argv[1:] == ["own"]:
        sys.exit(main_own())
    given = [int(one) for one in sys.argv[1:]]
    main(*(given + [20, 2][len(given) :]))
