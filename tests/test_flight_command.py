"""``wardround fly`` from the outside: forecasts before the year, files after it, no week before its flight."""

import json

import pytest
from typer.testing import CliRunner
from wardround.cli import app
from wardround.course import places
from wardround.flight import command
from wardround.flight import forecast as forecasts
from wardround.flight.plan import FORECAST_AXES, load_plan
from wardround.flight.weeks import monitors_of, week_of
from wardround.flight.words import AXES
from wardround.hospital import DEFAULT_SEED

FORECAST = "[forecast]\n" + "".join(f"{axis} = {{low = 0, high = 5000}}\n" for axis in FORECAST_AXES)


@pytest.fixture
def work():
    """The learner's folder of this test."""
    return places.work()


@pytest.fixture(scope="module")
def flown(tmp_path_factory):
    """A flight of somebody who typed the forecasts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WARDROUND_WORK", str(tmp_path_factory.mktemp("work")))
        return _typed_and_flown()


def _typed_and_flown():
    typed = iter(["10 90", "0 5000", "0 50", "-1 5", "0 1", "0 9000"])  # -1 lies outside of what can be
    plan = command.prepared("restraint", DEFAULT_SEED, lambda line: None, lambda prompt: next(typed))
    weeks = []
    return command.fly(plan, progress=lambda done, what: weeks.append((done, what))), weeks


def test_what_was_typed_is_what_counts(flown):
    flight, _ = flown
    assert flight.recorded.forecast.benefit.low == 10 and flight.recorded.forecast.equity.high == 1
    assert flight.flight.plan.forecast == flight.recorded.forecast
    assert {one.axis for one in flight.scored} == set(FORECAST_AXES)
    held = {one.axis: one.hit for one in flight.scored}
    assert held["burden"] and not held["equity"]
    assert {one.name: one.value for one in flight.scores["forecast"]}["ranges_hit"] == sum(held.values())


def test_a_question_is_of_the_number_that_is_scored(flown):
    flight, _ = flown
    assert {axis: one.number for axis, one in forecasts.QUESTIONS.items()} == {
        axis: flight.scores[axis][0].name for axis in FORECAST_AXES
    }
    for axis, question in forecasts.QUESTIONS.items():
        assert question.least <= flight.scores[axis][0].value <= question.most


def test_fifty_two_weeks_are_told(flown):
    _, weeks = flown
    assert [what for _, what in weeks[1:]] == [f"week {number} of 52" for number in range(1, 53)]
    assert weeks[-1][0] == 1.0


def test_the_files(flown):
    flight, _ = flown
    names = {path.name for path in flight.files}
    assert {"log.jsonl", "outcome.jsonl", "scores.json", "forecast.json", "plan.toml"} <= names
    assert load_plan(flight.folder / "plan.toml").digest == flight.flight.plan.digest
    for path in flight.files:
        text = path.read_text(encoding="utf-8")
        assert "NaN" not in text and "Infinity" not in text, path.name
        if path.suffix == ".jsonl":
            assert all(json.loads(line) for line in text.splitlines())
    told = json.loads((flight.folder / "forecast.json").read_text(encoding="utf-8"))
    assert [one["axis"] for one in told["ranges"]] == list(FORECAST_AXES) and told["recorded"]


def test_the_forecast_is_locked_before_anything_flies(work, monkeypatch, tmp_path):
    path = tmp_path / "mine.toml"
    text = command.TEMPLATE.read_text(encoding="utf-8") + FORECAST
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(command, "_year", lambda *given: pytest.fail("nothing flies yet"))
    plan = command.prepared(path, 3, lambda line: None)
    assert forecasts.recorded(work / "flight", plan.plan, 3).forecast.harm.high == 5000
    said = []
    path.write_text(text.replace("high = 5000", "high = 4000"), encoding="utf-8")
    again = command.prepared(path, 3, said.append)
    assert again.recorded.forecast.harm.high == 5000 and "before the first flight" in said[0]


def test_nobody_to_ask(work):
    said = []
    found = command.prepared("naive", 4, said.append)
    assert found.recorded.forecast is None and said == [forecasts.HOW]
    later = command.prepared("naive", 4, said.append, lambda prompt: pytest.fail("it is too late to ask"))
    assert later.recorded.forecast is None


# a week again -------------------------------------------------------------------------------------------------------


def test_a_week_says_what_the_team_saw_and_no_truth(flown):
    flight, _ = flown
    lines = [line for week in range(1, 53) for line in week_of(flight.flight.log, week)]
    assert sum("In the week" in line for line in lines) == 52
    known = [line for line in flight.flight.log if line["kind"] not in ("week", "flight") and line["day"] < 364]
    assert len(lines) == 2 * 52 + len(known)
    first = min(flight.flight.drawn, key=lambda one: one.begins)
    before = [line for week in range(1, first.begins // 7) for line in week_of(flight.flight.log, week)]
    assert not any(first.card.id in line for line in before)
    assert len(monitors_of(flight.flight, 20)) == 1 + len(flight.flight.plan.monitors)
    with pytest.raises(ValueError, match="weeks 1 to 52"):
        week_of(flight.flight.log, 53)


def test_a_week_that_rang_is_marked(flown):
    flight, _ = flown
    alarm = next(line for line in flight.flight.log if line["kind"] == "alarm")
    week = alarm["day"] // 7 + 1
    mine = [line for line in monitors_of(flight.flight, week) if f"{alarm['service']} {alarm['signal']}" in line]
    assert "*" in mine[0]
    assert any("alarm: " + alarm["service"] in line for line in week_of(flight.flight.log, week))


def test_no_week_before_its_flight(work):
    with pytest.raises(LookupError, match="fly it first"):
        command.replay("restraint", 9, seed=DEFAULT_SEED + 1)


def test_step_stops_where_the_reader_does(flown):
    flight, _ = flown
    said, typed = [], iter(["", "", "q"])
    command.step(flight.flight, say=said.append, ask=lambda prompt: next(typed))
    assert sum("In the week" in line for line in said) == 3 and "weeks 4 to 52" in said[-1]


# the command --------------------------------------------------------------------------------------------------------


def test_the_command_flies_and_gives_json_alone(work):
    found = CliRunner().invoke(app, ["fly", "reference", "--json"])
    assert found.exit_code == 0, found.output
    made = json.loads(found.stdout)
    assert made["plan"] == "reference" and made["seed"] == DEFAULT_SEED and made["forecast"]["recorded"] is None
    assert "without one" in found.stderr
    assert "<html" in (work / "flight" / f"reference-{DEFAULT_SEED}" / "debrief.html").read_text(encoding="utf-8")
    assert str(work / "flight" / f"reference-{DEFAULT_SEED}" / "debrief.html") in made["files"]
    again = CliRunner().invoke(app, ["fly", "reference", "--replay", "2"])
    assert again.exit_code == 0 and again.stdout.startswith("Week 2 of 52")


def test_the_command_without_a_page_tells_the_scores(work):
    found = CliRunner().invoke(app, ["fly", "nothing", "--no-page"])
    assert found.exit_code == 0, found.output
    lines = found.stdout.splitlines()
    assert [line.split()[0] for line in lines[2:9]] == [axis for axis in AXES if axis != "forecast"]
    assert not (work / "flight" / f"nothing-{DEFAULT_SEED}" / "debrief.html").exists()


def test_the_command_compares(work, monkeypatch):
    from wardround.flight import compare

    asked = {}
    whole = compare.compare

    def small(plan, seeds, **more):
        asked.update(plan=plan.name, seeds=list(seeds))
        return whole(plan, list(seeds)[:1], others=("nothing",), jobs=1, **more)

    monkeypatch.setattr(compare, "compare", small)
    found = CliRunner().invoke(app, ["fly", "naive", "--seeds", "20"])
    assert found.exit_code == 0, found.output
    assert asked == {"plan": "naive", "seeds": list(range(1, 21))} and "deteriorations averted" in found.stdout


def test_the_command_writes_a_plan_and_cards(tmp_path):
    made = CliRunner().invoke(app, ["fly", "--new", str(tmp_path / "mine.toml")])
    assert made.exit_code == 0 and load_plan(tmp_path / "mine.toml").name == "mine"
    made = CliRunner().invoke(app, ["fly", "--tabletop", "5", "--out", str(tmp_path / "cards.html")])
    assert made.exit_code == 0 and "<html" in (tmp_path / "cards.html").read_text(encoding="utf-8")


def test_the_command_wants_a_plan():
    found = CliRunner().invoke(app, ["fly"])
    assert found.exit_code == 1 and "wardround fly --new FILE" in str(found.exception)


def test_a_changed_plan_of_the_same_name_is_told_and_leaves_no_debrief_of_the_other(work, tmp_path):
    """A log never lies beside the debrief of another plan; a review that is there stays."""
    path, told = tmp_path / "mine.toml", []
    command.new_plan(path)
    folder = command.folder_of(load_plan(path), DEFAULT_SEED)
    folder.mkdir(parents=True)
    for name, text in (("plan.toml", "another"), ("debrief.html", "digest 000000000000"), ("after_action.md", "mine")):
        (folder / name).write_text(text, encoding="utf-8")
    command.fly(command.prepared(path, DEFAULT_SEED, told.append))
    assert any("holds the flight of another plan called mine" in line for line in told)
    assert not (folder / "debrief.html").exists() and (folder / "after_action.md").read_text(encoding="utf-8") == "mine"
