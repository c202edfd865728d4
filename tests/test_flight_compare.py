"""Plans beside others: paired differences by hand, and a few small hospitals flown for real."""

from __future__ import annotations

import json

import numpy as np
import pytest
from wardround.flight import compare as room
from wardround.flight.compare import Comparison, ceiling, compare, paired
from wardround.flight.deck import alone
from wardround.flight.number import Number
from wardround.flight.plan import load_plan
from wardround.flight.scores import benefit

UP = Number("ward_averted", 1.0, "deteriorations", "stays", "up", "what did not happen")
DOWN = Number("visits_for_nothing", 1.0, "visits", "1,000 stays", "down", "visits")


def made(**values: list[tuple[float, float]]) -> Comparison:
    found = {name: tuple({UP.name: a, DOWN.name: b} for a, b in rows) for name, rows in values.items()}
    return Comparison("mine", (1, 2, 3), (("benefit", UP), ("harm", DOWN)), found)


def test_paired_interval_by_hand():
    """Differences 1, 2, 6: mean 3, SD sqrt 7, and t(2) = 4.3027 at 97.5 %."""
    gap = paired(np.array([11.0, 12, 16]), np.array([10.0, 10, 10]))
    assert (gap.mean, gap.pairs, gap.better) == (3.0, 3, 1.0)
    assert gap.high - gap.mean == pytest.approx(4.3027 * np.sqrt(7 / 3), rel=1e-4)
    assert not gap.sure
    assert paired(np.array([11.0, 11, 11.1]), np.full(3, 10.0)).sure


def test_pairs_without_a_number_are_left_out_and_one_pair_has_no_interval():
    gap = paired(np.array([1.0, np.nan, 3.0]), np.array([0.0, 0.0, np.nan]))
    assert (gap.mean, gap.pairs) == (1.0, 1)
    assert np.isnan(gap.low)


def test_better_knows_its_direction_and_a_tie_is_half():
    both = made(mine=[(5, 4), (5, 3), (5, 3)], other=[(4, 5), (5, 5), (6, 3)])
    assert both.difference("ward_averted", "other").better == pytest.approx(0.5)
    assert both.difference("visits_for_nothing", "other").better == pytest.approx(2.5 / 3)
    assert both.difference("visits_for_nothing", "other").mean == pytest.approx((-1 - 2 + 0) / 3)


def test_the_pairs_are_seeds_and_not_sorted_values():
    """Each seed gains 1 while the seeds differ by 100: unpaired nothing is seen, paired everything."""
    both = made(mine=[(101, 0), (1, 0), (201, 0)], other=[(100, 0), (0, 0), (200, 0)])
    gap = both.difference("ward_averted", "other")
    assert (gap.low, gap.high) == (1.0, 1.0)


def test_share_of_the_ceiling():
    both = made(mine=[(30, 0), (10, 0), (5, 0)], ceiling=[(60, 0), (40, 0), (0, 0)])
    assert both.share_of_ceiling("ward_averted") == pytest.approx((50 + 25) / 2)
    assert np.isnan(made(mine=[(1, 1)] * 3).share_of_ceiling("ward_averted"))


def test_lines_and_dict_say_the_same():
    both = made(mine=[(30, np.nan)] * 3, nothing=[(10, np.nan)] * 3)
    text = "\n".join(both.lines)
    assert "20.0 (20.0 to 20.0)*" in text
    told = json.loads(json.dumps(both.to_dict()))
    assert told["numbers"][0]["less"]["nothing"]["mean"] == 20.0
    assert told["numbers"][1]["medians"]["mine"] is None


SHARE = Number("ward_averted_share", 1.0, "deteriorations", "1,000", "up", "a share")
WEEKS_OFF = Number("weeks_off", 1.0, "weeks", "104 weeks", "down", "off")
NEEDED = Number("needed_without_score", 1.0, "windows", "1,000 windows", "down", "without a score")
TREND = Number("response_trend", 1.0, "points", "quarters", "up", "a trend")


def off_for(weeks: float) -> list[str]:
    """Return the lines of two plans, one of which was off for some weeks."""
    rows = {
        "idle": {"ward_averted_share": 20.0, "weeks_off": weeks},
        "busy": {"ward_averted_share": 70.0, "weeks_off": 1},
    }
    same = {"visits_for_nothing": 5.0, "needed_without_score": 5.0, "response_trend": 5.0}
    axes = (("benefit", SHARE), ("harm", DOWN), ("harm", NEEDED), ("burden", TREND), ("resilience", WEEKS_OFF))
    return Comparison("idle", (1, 2), axes, {name: (one | same,) * 2 for name, one in rows.items()}).lines


def test_what_a_plan_that_was_off_does_not_count_is_marked_with_its_price():
    lines = off_for(72.0)
    table = lines[: next(at for at, line in enumerate(lines) if not line)]
    marked = [line for line in table if "5.00°" in line]
    assert len(marked) == 1 and marked[0].startswith("  visits for nothing") and marked[0].count("°") == 1
    price = [line.split()[-2:] for line in table[2:5] if "of 1" in line]
    assert price == [["72.0", "1.00"], ["980", "930"]]
    said = [line for line in table if line.startswith("° ")]
    assert len(said) == 1 and "idle was off for 72.0 of 104 weeks" in said[0] and "980 were not averted" in said[0]


def test_nothing_is_marked_where_nothing_was_off():
    assert "°" not in "".join(off_for(room.MUCH_OFF - 0.1))
    assert "°" in "".join(off_for(room.MUCH_OFF))


def test_no_seed_is_told():
    with pytest.raises(ValueError, match="at least one"):
        compare(load_plan("nothing"), ())


def test_progress_and_the_order_of_seeds(monkeypatch):
    def flown(seed, plans, with_ceiling, cards, scale):
        return {name: {UP.name: 10.0 * seed} for name in plans}, (("benefit", UP),)

    monkeypatch.setattr(room, "_flown", flown)
    told = []
    found = compare(load_plan("nothing"), (3, 1), ("reference",), 1, progress=lambda part, text: told.append(part))
    assert found.column("nothing", "ward_averted").tolist() == [30.0, 10.0]
    assert told == [0.5, 1.0]
    assert list(found.values) == ["nothing", "reference"]


SMALL = 0.15


@pytest.mark.slow
def test_processes_find_what_one_does():
    several, one = (
        compare(load_plan("nothing"), (1, 2), ("reference",), jobs, cards=("threshold_typo",), scale=SMALL)
        for jobs in (2, 1)
    )
    assert several.to_dict() == one.to_dict()
    assert several.median("nothing", "ward_averted") != several.median("reference", "ward_averted")


def test_no_card_touches_the_ceiling_but_patients_who_come_stay():
    quiet = benefit(ceiling(1, (), SMALL))
    for name in ("threshold_typo", "alerts_suppressed", "staff_shortage", "unit_change"):
        assert benefit(ceiling(1, (alone(name, 1),), SMALL)) == quiet, name
    assert benefit(ceiling(1, (alone("surge", 1),), SMALL))[0].of != quiet[0].of
