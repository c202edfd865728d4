"""Week 12's banks of incidents, features and playbooks, its floors, and what plausible answers are told."""

from __future__ import annotations

import re
import runpy
import sys
from collections import Counter

import numpy as np
import pytest
from wardround.course import progress
from wardround.course.asking import put
from wardround.course.authoring import prose
from wardround.course.given import _names, given
from wardround.course.keys import week_keys
from wardround.course.places import week_folder
from wardround.course.questions import week_questions
from wardround.course.verdicts import expected, judge
from wardround.flight.plan import PlanWrong, load_plan, read_plan, written
from wardround.flight.words import AXES
from wardround.hospital import open_truth
from wardround.operations.playbook.reading import read as read_playbook
from wardround.records import read_export

WEEK, KEYS = given(12), week_keys(12)
MADE = KEYS.keys["W12.Q1"].reference.__globals__  # what keys.py defines
FLYING = _names(12)["_beside"]("flying.py")


def bank_of(name):
    return runpy.run_path(str(week_folder(12) / name))


def dice(*seed):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def hospital(third_hospitals):
    return read_export(third_hospitals[0])


@pytest.fixture(scope="module", autouse=True)
def public_years():
    """The checks of these tests fly the three public years: nine hidden ones are for ``prove``."""
    names = WEEK.flown.__globals__
    before, names["_seeds"] = names["_seeds"], lambda hospital: WEEK.PUBLIC
    yield
    names["_seeds"] = before


def verdict_on(id, value, hospital):
    asked, key, folder = week_questions(12)[id], KEYS.keys[id], hospital.path.parent
    known = expected(asked, key, hospital, open_truth(folder), f"{KEYS.digest} public", folder / "truth" / "answers")
    verdict = judge(asked, key, {"here": put(asked, value, hospital)}, {"here": known})
    assert len(f"{verdict.says} {verdict.so_what}".split()) <= 90
    return verdict


# Q1 -------------------------------------------------------------------------------------------------------------------
def test_each_incident_has_ten_steps_and_two_that_nobody_should_take():
    bank = bank_of("incidents.py")
    before = {step for pair in bank["BEFORE"] for step in pair}
    for one in bank["BANK"].values():
        assert set(one["steps"]) == before | set(one["never"]) and len(before) == 10 and len(one["never"]) == 2
    names = Counter(bank["drawn"](dice(seed))["name"] for seed in range(60))
    assert set(names) == set(bank["BANK"])


def some_order(before, random):
    """A random order that keeps the pairs."""
    left, order = sorted({step for pair in before for step in pair}), []
    while left:
        free = [step for step in left if not any(then == step and first in left for first, then in before)]
        order.append(free[int(random.integers(len(free)))])
        left.remove(order[-1])
    return order


def test_every_valid_order_is_right_and_each_pair_turned_round_is_not(hospital):
    known = WEEK.incident_key(hospital)
    letters = {step: letter for letter, step in known["keys"].items()}
    seen = set()
    for seed in range(200):
        order = some_order(known["before"], dice(seed))
        seen.add(tuple(order))
        assert verdict_on("W12.Q1", [letters[step] for step in order], hospital).kind == "right"
    assert len(seen) > 150
    order = some_order(known["before"], dice(0))
    for first, then in known["before"]:
        turned = [{first: then, then: first}.get(step, step) for step in order]
        assert verdict_on("W12.Q1", [letters[step] for step in turned], hospital).kind != "right", (first, then)


def test_a_step_left_out_or_named_twice_is_told(hospital):
    known = WEEK.incident_key(hospital)
    letters = {step: letter for letter, step in known["keys"].items()}
    order = [letters[step] for step in some_order(known["before"], dice(1))]
    assert "leaves out 1 step" in verdict_on("W12.Q1", order[:-1], hospital).evidence
    assert verdict_on("W12.Q1", [*order, order[0]], hospital).kind == "unreadable"
    assert verdict_on("W12.Q1", [*order, "Z"], hospital).kind == "unreadable"
    assert verdict_on("W12.Q1", [letter.lower() for letter in order], hospital).kind == "right"


def test_the_solution_of_the_exercise_orders_every_incident_of_the_bank():
    text = (week_folder(12).parents[1] / "solutions" / f"{week_folder(12).name}.py").read_text()
    begins = re.findall(r'"([^"]+)"', text.split("begins = (")[1].split(")  # fmt")[0])
    bank = bank_of("incidents.py")
    for one in bank["BANK"].values():
        places = {
            key: next((n for n, words in enumerate(begins) if what.startswith(words)), None)
            for key, what in one["steps"].items()
        }
        assert {key for key, place in places.items() if place is None} == set(one["never"])
        assert all(places[first] < places[then] for first, then in bank["BEFORE"])


# Q2 -------------------------------------------------------------------------------------------------------------------
def test_features_name_rules_of_the_list_in_force_and_every_draw_can_tell_mistakes_apart():
    bank, sets = bank_of("touching.py"), set()
    words = bank_of("words.py")
    for some in bank["BANK"].values():
        for name, (_, rules, also, _) in some.items():
            assert (rules | also) <= set(words["RULES"]) - set(words["NOT_YET"]) and not rules & also, name
    for seed in range(60):
        drawn = bank["drawn"](dice(seed))
        assert len(drawn) == 6 and len({one["group"] for one in drawn.values()}) == 6
        sets.add(tuple(sorted(drawn)))
        assert any(one["vendor"] and one["rules"] & {"security", "s1557", "fda"} for one in drawn.values())
        assert any("fda" not in one["rules"] | one["also"] for one in drawn.values())
        assert any("onc" in one["rules"] for one in drawn.values())
    assert len(sets) > 25


def test_each_rule_stands_on_facts_that_are_read_and_has_no_day_that_they_do_not_have():
    words, known = bank_of("words.py"), prose.facts()
    assert list(words["FACTS"]) == list(words["RULES"])
    for code, rule in words["RULES"].items():
        held = [known[name] for name in words["FACTS"][code]]
        assert held and all(one["certainty"] == "read" and one["as_of"].startswith("2026") for one in held), code
        said = " ".join(one["says"] for one in held)
        assert all(day in said for day in re.findall(r"\d{1,2} [A-Z][a-z]+ 20\d\d", rule)), code
    assert all("From " in words["RULES"][code] or "Proposed" in words["RULES"][code] for code in words["NOT_YET"])


def test_codes_that_may_stand_there_do_no_harm_and_others_do(hospital):
    known = WEEK.features_key(hospital)
    assert verdict_on("W12.Q2", {name: one["rules"] for name, one in known.items()}, hospital).kind == "right"
    both = {name: one["rules"] | one["also"] for name, one in known.items()}
    assert verdict_on("W12.Q2", both, hospital).kind == "right"
    name = next(name for name, one in known.items() if "baa" not in one["rules"])
    wrong = verdict_on("W12.Q2", {**both, name: {*both[name], "baa"}}, hospital)
    assert wrong.misconception == "everything_everywhere"
    assert verdict_on("W12.Q2", {**both, name: {"hipaa"}}, hospital).kind == "unreadable"
    assert verdict_on("W12.Q2", {**both, name: "baa"}, hospital).kind == "unreadable"
    some = {feature: codes for feature, codes in both.items() if feature != name}
    assert name in verdict_on("W12.Q2", some, hospital).evidence


def test_why_is_told_of_each_feature_in_its_own_codes_and_only_once_the_answer_was_right(
    hospital, monkeypatch, tmp_path
):
    bank = bank_of("touching.py")
    features = {name: one for some in bank["BANK"].values() for name, one in some.items()}
    assert list(bank["BECAUSE"]) == list(features)
    for name, (_, rules, also, _) in features.items():
        assert set(re.findall(r"`(\w+)`", bank["BECAUSE"][name])) == rules | also, name
        assert bank["BECAUSE"][name].count(".") == 1 + ("92.210" in bank["BECAUSE"][name]), name
    monkeypatch.setenv("WARDROUND_WORK", str(tmp_path))
    assert "once the check has said right" in WEEK.reasons(hospital)
    progress.record("W12.Q2", "misconception")
    assert isinstance(WEEK.reasons(hospital), str)
    progress.record("W12.Q2", "right")
    assert WEEK.reasons(hospital).because.to_dict() == {
        name: bank["BECAUSE"][name] for name in WEEK.features(hospital).feature
    }
    monkeypatch.setenv("WARDROUND_BOX", "1")
    assert WEEK.reasons(hospital) == ""


# Q3 -------------------------------------------------------------------------------------------------------------------
def test_every_draft_can_be_flown_and_contradicts_its_playbook_as_drawn_and_no_more():
    bank, seen = bank_of("agreeing.py"), Counter()
    for seed in range(60):
        drawn = bank["drawn"](dice(seed))
        found = bank["contradictions"](read_plan(drawn["draft"]), drawn["playbook"])
        assert sorted(found) == drawn["kinds"] and all(len(told) == 1 for told in found.values()), seed
        seen.update(drawn["kinds"])
        book = read_playbook(drawn["playbook"])
        assert not book.mistakes and book.roles
    assert set(seen) == set(bank["KINDS"])


def test_a_mended_plan_is_right_and_one_that_does_more_and_sooner_too(hospital):
    text = MADE["mended"](hospital)
    assert verdict_on("W12.Q3", text, hospital).kind == "right"
    assert verdict_on("W12.Q3", MADE["mended"](hospital, hours=1), hospital).kind == "right"
    more = f'{text}[[monitor]]\nservice = "ward"\nsignal = "story"\nlimit = 0\nowner = "operations"\nthen = ["log"]\n'
    assert verdict_on("W12.Q3", more, hospital).kind == "right"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('authority = "[a-z_]+"\nminutes', 'authority = "vendor_manager"\nminutes', "seat"),
        (r"minutes = \d+", "minutes = 600", "600 minutes"),
        ('signal = "rows"\nlimit = [0-9.]+', 'signal = "rows"\nlimit = 0.2', "0.2"),
        ("acceptance_test = true", "acceptance_test = false", "acceptance_test"),
    ],
)
def test_other_contradictions_are_found_and_told(hospital, old, new, told):
    text, times = re.subn(old, new, MADE["mended"](hospital), count=1)
    verdict = verdict_on("W12.Q3", text, hospital)
    assert times == 1 and verdict.kind == "not_yet" and told in verdict.evidence


def test_what_is_no_plan_is_unreadable_in_the_words_of_the_plans_reader(hospital):
    for id in ("W12.Q3", "W12.Q4"):
        verdict = verdict_on(id, 'name = "x"\n[ward]\nthreshold = 4', hospital)
        assert verdict.kind == "unreadable" and "probability" in verdict.says
        assert verdict_on(id, ["name"], hospital).kind == "unreadable"
        assert verdict_on(id, ..., hospital).kind == "not_attempted"


# Q4 -------------------------------------------------------------------------------------------------------------------
def with_ranges(text, **other):
    ranges = {axis: f"{axis} = {{low = 0, high = 1}}" for axis in WEEK.AXES} | other
    return "\n".join([text, "[forecast]", *ranges.values(), ""])


def test_the_reference_holds_all_floors_in_the_public_years_and_start_misses_most():
    table = WEEK.practise(written(load_plan("reference")), say=None)
    assert len(table) == 10 and table.holds.all()
    said = []
    table = WEEK.practise(with_ranges(WEEK.START), say=said.append)
    assert table.holds[:10].sum() <= 5 and list(table.floor[10:]) == [f"forecast: {axis}" for axis in WEEK.AXES]
    assert said[:3] == ["year 1 of 3 is flown", "year 2 of 3 is flown", "year 3 of 3 is flown"]


def test_flights_are_kept_by_what_the_plan_does_and_by_the_seed(monkeypatch):
    one, seed = load_plan("nothing"), WEEK.PUBLIC[0]
    before = WEEK.year(one, seed)
    monkeypatch.setitem(FLYING["year"].__globals__, "fly", None)
    assert WEEK.year(one.model_copy(update={"name": "another"}), seed) is before
    with pytest.raises(TypeError):
        WEEK.year(load_plan("naive"), seed)


def test_a_forecast_that_is_right_is_told_and_one_that_cannot_fail_is_refused(hospital):
    text = written(load_plan("reference"))
    wide = with_ranges(text, benefit="benefit = {low = 0, high = 500}")
    verdict = verdict_on("W12.Q4", wide, hospital)
    assert verdict.misconception == "no_forecast" and "benefit is wider" in verdict.evidence
    narrow = with_ranges(text, benefit="benefit = {low = 20, high = 70}")
    verdict = verdict_on("W12.Q4", narrow, hospital)
    assert verdict.kind == "right" and "outside: harm" in verdict.says and "benefit," not in verdict.says


def test_groups_are_refused_without_a_sentence_and_a_name_and_flown_with_them(hospital):
    text = MADE["by_group"](hospital)
    with pytest.raises(PlanWrong):
        read_plan(text)
    verdict = verdict_on("W12.Q4", text, hospital)
    assert verdict.misconception == "undisclosed_groups" and "92.210" in verdict.evidence
    told = (
        text.replace('policy = "group"', 'policy = "group"\ndisclosed = "By group."\napproved_by = "clinical_lead"')
        .replace('disclosed = ""\n', "")
        .replace('approved_by = ""\n', "")
    )
    assert verdict_on("W12.Q4", told, hospital).misconception != "undisclosed_groups"


def test_a_median_year_near_a_floor_is_held_or_not_by_the_floor_alone():
    mine, others = [{"a": 3.0}, {"a": 5.0}, {"a": float("nan")}], [{"a": 1.0}, {"a": 1.0}, {"a": 1.0}]
    held = FLYING["_held"]
    assert held(("x", "a", "less", "at least", 3.0, ""), mine, others) == {"median": 3.0, "limit": 3.0, "holds": True}
    assert not held(("x", "a", "own", "at most", 3.9, ""), mine, others)["holds"]
    assert held(("x", "a", "share", "at most", 4.0, ""), mine, others)["median"] == 4.0


def test_grading_stops_only_where_no_further_year_could_change_a_floor():
    floors = {
        "own": ("x", "a", "own", "at least", 0.0, ""),
        "share": ("x", "b", "share", "at most", 0.5, ""),
    }
    random, flown = dice(3), []
    for _ in range(300):
        mine = [{"a": random.normal(1.0), "b": random.choice([0.2, 0.8, np.nan], p=[0.7, 0.2, 0.1])} for _ in range(20)]
        others = [{"a": 0.0, "b": float(random.random() < 0.9)} for _ in range(20)]
        ended = next((n for n in range(1, 21) if FLYING["settled"](floors, mine[:n], others[:n], 20)), 20)
        for floor in floors.values():
            early, whole = (FLYING["_held"](floor, mine[:n], others[:n])["holds"] for n in (ended, 20))
            assert early == whole
        flown.append(ended)
    assert min(flown) >= 11 and 20 in flown and np.median(flown) < 20 and len(set(flown)) > 5


def test_each_floor_has_its_axis_and_a_place_in_the_plan_to_look_at(hospital):
    assert {floor[0] for floor in WEEK.FLOORS.values()} <= set(AXES) and set(MADE["LOOK"]) == set(WEEK.FLOORS)
    blind = written(load_plan("reference").model_copy(update={"causes": {}}))
    verdict = verdict_on("W12.Q4", with_ranges(blind), hospital)
    assert verdict.kind == "not_yet" and verdict.look_at == MADE["LOOK"]["benefit"]
    for told in (
        "benefit (benefit): -",
        "(at least 1)",
        "wrong data (harm): 0.",
        "missed as well: notices (governance).",
    ):
        assert told in verdict.evidence


def test_in_a_box_nothing_flies_and_the_exercise_goes_on(monkeypatch):
    monkeypatch.setitem(sys.modules, "wardround.flight", None)
    assert WEEK.practise(WEEK.START).empty and WEEK.beside(WEEK.REVIEWED).empty


# Q5 -------------------------------------------------------------------------------------------------------------------
def test_a_review_of_another_line_that_helps_is_right_and_numbers_of_another_year_are_not(hospital):
    text = WEEK.REVIEWED
    at = text.index('signal = "alerts"')
    changed = text[:at] + text[at:].replace(MADE["WORDS"], 'then = ["investigate"]', 1)
    sound = MADE["reviewed_with"](changed=changed, signal="ward alerts")(hospital)
    assert verdict_on("W12.Q5", sound, hospital).kind == "right"
    sound["difference"]["silent_patient_weeks"] *= 1.2
    assert verdict_on("W12.Q5", sound, hospital).misconception == "not_paired"
    assert verdict_on("W12.Q5", {**sound, "difference": {"gap": 1}}, hospital).kind == "unreadable"
    assert verdict_on("W12.Q5", {"signal": "ward alerts"}, hospital).kind == "unreadable"


# all ------------------------------------------------------------------------------------------------------------------
def test_every_known_mistake_is_named_and_its_evidence_is_short(hospital):
    for id, key in KEYS.keys.items():
        for wrong in key.misconceptions:
            verdict = verdict_on(id, wrong.answer(hospital), hospital)
            assert verdict.misconception == wrong.name, (id, wrong.name, verdict)
            assert 3 <= len(verdict.evidence.split()) <= 75, (id, wrong.name)


def test_what_is_drawn_or_flown_is_made_outside_the_box():
    names = _names(12)
    assert all(names[name].is_apart for name in ("_incident", "_features", "_texts", "_reviewed"))
    for path in (week_folder(12) / name for name in ("fixtures.py", "questions.py", *WEEK.BESIDE)):
        text = path.read_text()
        assert "misconception(" not in text and "BANK" not in text, path.name
        assert not re.search(r"^(?:from|import) wardround\.(?:flight|hospital|triage)", text, re.M), path.name


def test_grading_flies_other_years_than_a_check_and_more_of_them(hospital, monkeypatch):
    seeds = runpy.run_path(str(week_folder(12) / "fixtures.py"))["_seeds"]
    mine = seeds(hospital)
    monkeypatch.setitem(seeds.__globals__, "secret", lambda hospital: "s")
    assert len(mine) == 9 and len(seeds(hospital)) == 20 and not set(mine) & set(seeds(hospital))
    assert not set(mine) & set(WEEK.PUBLIC)


def test_the_predictions_come_out_as_the_lesson_says(hospital):
    truth = open_truth(hospital.path.parent)
    of = {id: compute(hospital, truth) for id, compute in KEYS.outcomes.items()}
    assert 2 < of["W12.P1"] < 20 and 300 < of["W12.P2"] < 900 and of["W12.P3"] in (True, False)
