"""Forecasts: written once, before; read as people type them; scored as a hand would."""

import json

import numpy as np
import pytest
from wardround.flight import forecast as forecasts
from wardround.flight.forecast import QUESTIONS, Scored, confidence, hit_chances, lock, read_range, recorded
from wardround.flight.number import Number
from wardround.flight.plan import FORECAST_AXES, Forecast, Range, load_plan


def ranges(low=20.0, high=60.0, sure=0.8) -> Forecast:
    return Forecast(**{axis: Range(low=low, high=high, confidence=sure) for axis in FORECAST_AXES})


@pytest.mark.parametrize(
    ("low", "high", "sure", "came", "score", "side"),
    [
        (20, 60, 0.8, 40, 40.0, "within"),
        (20, 60, 0.8, 60, 40.0, "within"),  # an end belongs to the range
        (20, 60, 0.8, 70, 40 + 10 * 10, "above"),  # 2 / 0.2 = 10 for each point missed
        (20, 60, 0.9, 15, 40 + 20 * 5, "below"),  # 2 / 0.1 = 20
        (20, 60, 0.5, 61, 40 + 4 * 1, "above"),
        (5, 5, 0.8, 5, 0.0, "within"),
        (-10, -5, 0.8, 0, 5 + 10 * 5, "above"),
    ],
)
def test_interval_score(low, high, sure, came, score, side):
    one = Scored("benefit", low, high, sure, came)
    assert one.score == pytest.approx(score)
    assert one.side == side and one.hit == (side == "within")


def test_a_wider_range_pays_only_where_the_narrow_one_misses():
    for came, better in ((32, "narrow"), (49, "wide")):
        scores = {"narrow": Scored("harm", 30, 35, 0.8, came).score, "wide": Scored("harm", 30, 50, 0.8, came).score}
        assert min(scores, key=scores.get) == better


def test_chances_of_hits():
    chance = hit_chances([0.8] * 5)
    assert sum(chance) == pytest.approx(1)
    assert chance[5] == pytest.approx(0.8**5)
    assert sum(chance[:3]) == pytest.approx(0.05792)  # 0.2^5 + 5 .8 .2^4 + 10 .8^2 .2^3
    assert hit_chances([0.5, 0.9]) == pytest.approx([0.05, 0.5, 0.45])


def with_hits(hits: int, of: int = 5, sure: float = 0.8) -> list[Scored]:
    return [Scored("benefit", 0, 1, sure, 0.5 if number < hits else 9.0) for number in range(of)]


def test_confidence_is_judged_only_where_the_ranges_can_show_it():
    assert "too narrow" in confidence(with_hits(2)) and "58 of 1,000" in confidence(with_hits(2))
    for hits in (3, 4, 5):
        assert "do not show" in confidence(with_hits(hits))
    assert "too wide" in confidence(with_hits(20, of=20))
    assert "too wide" not in confidence(with_hits(16, of=20))
    assert confidence([]).startswith("No forecast")


def test_only_what_was_measured_is_scored():
    found = {axis: [Number(axis, 30.0, "u", "of", "up", "says")] for axis in FORECAST_AXES}
    found["equity"] = [Number("gap", np.nan, "u", "of", "down", "says")]
    came = forecasts.achieved(found)
    assert set(came) == set(FORECAST_AXES) - {"equity"}
    scores = forecasts.scored(ranges(), came)
    assert [one.axis for one in scores] == [axis for axis in FORECAST_AXES if axis != "equity"]
    assert all(one.hit for one in scores)


# typing -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["20 60", "20-60", " 20 to 60 ", "20 – 60", "20; 60", "20 60 0.8", "20 - 60"])
def test_a_range_as_people_type_it(text):
    assert read_range(text, QUESTIONS["benefit"]) == Range(low=20, high=60, confidence=0.8)


def test_negative_ranges():
    assert read_range("-5 5 0.9", QUESTIONS["benefit"]) == Range(low=-5, high=5, confidence=0.9)
    assert read_range("-5-5", QUESTIONS["benefit"]) == Range(low=-5, high=5, confidence=0.8)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "two numbers"),
        ("20", "two numbers"),
        ("many few", "like 20 60.5"),
        ("1,5 2,5", "with a point"),
        ("60 20", "write 20 60"),
        ("20 60 80", "0.5 to 0.99"),
        ("20 60 1", "0.5 to 0.99"),
        ("20 inf", "two numbers"),
        ("-300 -200", "from 0 to 1000"),
        ("1 2 0.8 4", "two numbers"),
    ],
)
def test_no_range(text, says):
    with pytest.raises(ValueError, match=says):
        read_range(text, QUESTIONS["equity"])


def test_asking_goes_on_until_it_is_a_range():
    typed = iter(["", "60 20", "20 60", "1 2", "3 4 0.9", "5 6", "7 8"])
    said: list[str] = []
    found = forecasts.asked(lambda prompt: next(typed), said.append)
    assert (found.benefit.low, found.burden.confidence, found.resilience.high) == (20, 0.9, 8)
    assert sum(line.startswith("  ") for line in said) == 2  # the empty line, and the range upside down
    assert all(any(QUESTIONS[axis].asks in line for line in said) for axis in FORECAST_AXES)


# recording ----------------------------------------------------------------------------------------------------------


def test_the_first_forecast_counts(tmp_path):
    plan = load_plan("nothing")
    first = lock(tmp_path, plan, 7, ranges())
    again = lock(tmp_path, plan, 7, ranges(0, 1))
    assert again == first == recorded(tmp_path, plan, 7)
    assert first.forecast == ranges() and first.at.endswith("+00:00") and first.digest == plan.digest


def test_a_flight_without_one_stays_without_one(tmp_path):
    plan = load_plan("nothing")
    lock(tmp_path, plan, 7, None)
    assert lock(tmp_path, plan, 7, ranges()).forecast is None


def test_another_plan_or_hospital_has_its_own(tmp_path):
    plan, other = load_plan("nothing"), load_plan("naive")
    lock(tmp_path, plan, 7, ranges())
    assert recorded(tmp_path, plan, 8) is None and recorded(tmp_path, other, 7) is None
    renamed = plan.model_copy(update={"name": "mine", "forecast": ranges(0, 1)})
    assert recorded(tmp_path, renamed, 7).forecast == ranges()  # another name is no second try
    lock(tmp_path, other, 7, ranges(0, 1))
    assert len(json.loads((tmp_path / forecasts.FILE).read_text(encoding="utf-8"))) == 2


def test_a_spoilt_record_is_told(tmp_path):
    (tmp_path / forecasts.FILE).write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="put it aside"):
        recorded(tmp_path, load_plan("nothing"), 7)
