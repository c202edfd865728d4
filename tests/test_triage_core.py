"""What the assistant says and when it keeps still, the order of the list, the log, and two people on one patient."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import random
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import triage_cases as cases
from hypothesis import given
from hypothesis import strategies as st
from triage_cases import NOW, StubScorer, risk, visit, world
from wardround.operations.ledger import NotLogged
from wardround.triage import desk, settings
from wardround.triage.judge import ORDER, Row, band, before_level, judge, look, order
from wardround.triage.log import COLUMNS, AdviceChanged, AlreadyDecided, Log, decisions, shown
from wardround.triage.said import NoAnswer, Reading, Risk
from wardround.triage.world import CannotDecide, World, mark

USUAL = settings.defaults()
NEWS2 = {  # three points for a single item, both ends, and the value beside that scores less
    "respiratory_rate": ((8, 9), (25, 24)),
    "saturation": ((91, 92),),
    "systolic": ((90, 91), (220, 219)),
    "heart_rate": ((40, 41), (131, 130)),
    "temperature": ((35.0, 35.1),),
}
DANGERS = st.sampled_from(
    [(name, value) for name, ends in NEWS2.items() for value, _ in ends]
    + [("saturation", 61), ("saturation", 0), ("systolic", 40), ("heart_rate", 290), ("respiratory_rate", 3)]
)
SAID = st.one_of(
    st.builds(risk, st.floats(0, 1)),
    st.builds(NoAnswer, st.sampled_from(["The model stopped.", "", "The desk's data are late."])),
    st.just(Risk(float("nan"), {}, "m 1")),
)


# what is said ---------------------------------------------------------------------------------------------------------
def test_a_risk_is_told_in_words_and_of_1000_against_the_average():
    advice = judge(visit(), risk(0.06, systolic=0.9, age=-0.2, heart_rate=0.5, saturation=0.3), USUAL, NOW)
    assert (advice.state, advice.of_1000, advice.high, advice.model) == ("risk", 60, True, cases.MODEL)
    assert "60 of 1,000 patients like this one need critical care or die within 12 hours" in advice.words
    assert "Of all who come here: 24 of 1,000." in advice.words
    first = advice.factors[0]
    assert [one.name for one in advice.factors] == ["systolic", "heart_rate", "saturation"], "three, the strongest"
    assert (first.direction, first.value, first.unit, first.minutes_old) == ("raises", "130", "mmHg", 20)
    assert "Of all" not in judge(visit(), Risk(0.06, {}, "m 1"), USUAL, NOW).words, "no average known, none told"


@pytest.mark.parametrize(("probability", "of_1000", "high"), [(0, 1, False), (0.0499, 50, False), (0.05, 50, True)])
def test_the_threshold_is_on_the_probability_and_nobody_is_0_of_1000(probability, of_1000, high):
    advice = judge(visit(), risk(probability), USUAL, NOW)
    assert (advice.of_1000, advice.high) == (of_1000, high)
    assert judge(visit(), risk(1), USUAL, NOW).of_1000 == 999


@pytest.mark.parametrize("name", NEWS2)
def test_each_three_point_value_of_news2_fires_and_its_neighbour_does_not(name):
    for fires, quiet in NEWS2[name]:
        # the neighbour may meet the shock index, which is another rule
        assert _rules(visit(**{name: fires})) - {"shock_index"}, (name, fires)
        assert not _rules(visit(**{name: quiet})) - {"shock_index"}, (name, quiet)


def test_the_shock_index_is_a_quotient_and_no_division_by_nothing():
    assert _rules(visit(heart_rate=120, systolic=120)) == {"shock_index"}
    assert not _rules(visit(heart_rate=119, systolic=120))
    assert {"shock_index", "pressure"} <= _rules(visit(heart_rate=80, systolic=0))


def test_a_value_that_cannot_be_right_fires_its_rule_and_is_to_be_checked_and_gives_no_risk():
    for name, value, text in (
        ("saturation", 68, "Oxygen saturation 68 %"),
        ("systolic", 55, "Systolic pressure 55 mmHg"),
    ):
        advice = judge(visit(**{name: value}), risk(), USUAL, NOW)
        assert advice.state == "abstains" and advice.check == (text,) and advice.of_1000 is None
        assert any("check the value" in one.says and text in one.says for one in advice.rules), name
    high = judge(visit(temperature=44.0), risk(), USUAL, NOW)
    assert (high.rules, high.check, high.state) == ((), ("Temperature 44.0 °C",), "abstains")


@given(DANGERS, SAID, st.booleans(), st.integers(0, 2000), st.sampled_from([None, 5, 17, 60, 101]), st.booleans())
def test_an_instability_rule_shows_in_every_state_but_comfort_care(danger, said, on, measured, age, comfort):
    name, value = danger
    one = visit(measured=measured, age=age, comfort_care=comfort, **{name: value})
    advice = judge(one, said, USUAL, NOW, on=on)
    for told in (advice, before_level(advice, USUAL)):
        if comfort:
            assert (told.state, told.rules, told.of_1000) == ("silent", (), None)
            assert "distress" in told.words
        else:
            assert any(
                name in rule.conditions[0].names for rule in USUAL.rule if rule.name in {r.name for r in told.rules}
            )


@given(st.dictionaries(st.sampled_from(sorted(cases.WELL)), st.none() | st.floats(allow_nan=True)), SAID, st.booleans())
def test_missing_is_told_and_never_stands_for_normal(signs, said, on):
    one = visit(**signs)
    known = look(one, USUAL, NOW)
    lacking = {name for name in USUAL.factors if name not in known.values}
    assert set(known.missing) == lacking
    advice = judge(one, said, USUAL, NOW, on=on)
    assert advice.missing == tuple(USUAL.factors[name].label for name in known.missing)
    if lacking & set(USUAL.abstain.needs) or len(lacking) > USUAL.abstain.at_most_missing:
        assert advice.state != "risk" and advice.of_1000 is None and not advice.factors
    assert not {factor.name for factor in advice.factors} & lacking
    json.dumps(dataclasses.asdict(advice), default=str, allow_nan=False)


def test_one_value_that_is_not_needed_may_be_missing_and_it_is_no_factor():
    advice = judge(visit(temperature=None), risk(0.06, temperature=2.0, systolic=0.5), USUAL, NOW)
    assert (advice.state, advice.missing) == ("risk", ("Temperature",))
    assert [one.name for one in advice.factors] == ["systolic"]
    for signs in ({"systolic": None}, {"temperature": None, "saturation": None}, {"age": None}):
        assert judge(visit(**signs), risk(), USUAL, NOW).state == "abstains", signs


def test_one_old_value_that_is_not_needed_is_told_and_is_no_factor():
    one = visit()
    old = Reading("temperature", 36.9, "°C", NOW - dt.timedelta(minutes=151))
    one = dataclasses.replace(one, readings={**one.readings, "temperature": old})
    advice = judge(one, risk(0.06, temperature=2.0, systolic=0.5), USUAL, NOW)
    assert (advice.state, advice.stale) == ("risk", ("Temperature",))
    assert [factor.name for factor in advice.factors] == ["systolic"]


@pytest.mark.parametrize("measured", [151, None, -30])
def test_old_timeless_and_future_readings_are_stale_and_a_rule_says_how_old(measured):
    advice = judge(visit(measured=measured), risk(), USUAL, NOW)
    assert (
        advice.state == "abstains" and "Systolic pressure" in advice.stale and "Measure and look again" in advice.words
    )
    says = judge(visit(measured=measured, systolic=80), risk(), USUAL, NOW).rules[0].says
    assert {151: "151 minutes ago", None: "no time known", -30: "time in the future"}[measured] in says
    assert judge(visit(measured=150), risk(), USUAL, NOW).state == "risk"


def test_a_value_in_another_unit_is_not_read_as_if_it_were_ours():
    one = visit()
    for unit, usable in (("mm[Hg]", True), ("kPa", False), ("", False)):
        readings = {**one.readings, "systolic": Reading("systolic", 17.3, unit, NOW)}
        advice = judge(dataclasses.replace(one, readings=readings), risk(), USUAL, NOW)
        assert ("Systolic pressure" in advice.missing) is not usable
        assert bool(advice.check) and (advice.state == "abstains")
        assert bool(advice.rules) is usable
    unread = {**one.readings, "saturation": Reading("saturation", 0.61, "1", NOW)}  # none of those that are needed
    advice = judge(dataclasses.replace(one, readings=unread), risk(), USUAL, NOW)
    assert advice.state == "abstains" and "oxygen saturation" in advice.words and "0.61" in advice.check[0]


def test_children_get_no_risk_and_their_rules():
    advice = judge(visit(age=17, systolic=80), risk(), USUAL, NOW)
    assert advice.state == "abstains" and "18 and over" in advice.words and advice.rules
    assert judge(visit(age=18), risk(), USUAL, NOW).state == "risk"


@given(SAID, st.booleans())
def test_without_an_answer_there_is_no_number_and_no_calming_word(said, on):
    advice = judge(visit(), said, USUAL, NOW, on=on)
    if advice.state in ("no answer", "off"):
        assert (advice.of_1000, advice.high, advice.factors, advice.model) == (None, False, (), "")
        assert not any(char.isdigit() for char in advice.words) and "average" not in advice.words
        assert "judge without it" in advice.words
    assert (advice.state == "off") == (not on)


@given(st.floats(0, 1), st.booleans())
def test_before_the_level_no_field_tells_of_the_risk(probability, on):
    """Whatever the risk, the page before the level is the same."""
    shown_now = before_level(judge(visit(systolic=85), risk(probability), USUAL, NOW, on=on), USUAL)
    assert shown_now == before_level(judge(visit(systolic=85), risk(0.5, age=1), USUAL, NOW, on=on), USUAL)
    assert shown_now.state == ("waits" if on else "off") and shown_now.rules


# the order ------------------------------------------------------------------------------------------------------------
LEVELS = st.none() | st.integers(1, 5)
ROWS = st.lists(
    st.builds(
        lambda minutes, level, systolic, p, overruled: (minutes, level, systolic, p, overruled),
        st.integers(0, 3),
        LEVELS,
        st.sampled_from([80, 130]),
        st.sampled_from([0.01, 0.2]),
        st.booleans(),
    ),
    max_size=9,
)


def _row(place, minutes, level, systolic, probability, overruled):
    one = visit(f"e-{place}", minutes_ago=minutes, systolic=systolic)
    advice = judge(one, risk(probability), USUAL, NOW)
    return Row(one, advice if level else before_level(advice, USUAL), level, overruled and level is not None)


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_is_total_and_stable(told, chance):
    rows = [_row(place, *one) for place, one in enumerate(told)]
    mixed = list(rows)
    chance.shuffle(mixed)
    assert order(rows) == order(mixed) == order(order(mixed)), "the same whatever order they came in"
    assert sorted(one.visit.encounter_id for one in order(rows)) == sorted(one.visit.encounter_id for one in rows)
    bands = [band(one) for one in order(rows)]
    assert bands == sorted(bands)


@given(ROWS)
def test_level_1_stands_before_everybody_else_however_long_they_have_waited(told):
    levels = [one.level for one in order(_row(place, *one) for place, one in enumerate(told))]
    assert levels[: levels.count(1)] == [1] * levels.count(1)


@given(ROWS)
def test_before_a_level_the_risk_moves_nobody(told):
    rows = [_row(place, minutes, None, systolic, p, False) for place, (minutes, _, systolic, p, _) in enumerate(told)]
    other = [
        _row(place, minutes, None, systolic, 0.5, False) for place, (minutes, _, systolic, _, _) in enumerate(told)
    ]
    assert [one.visit.encounter_id for one in order(rows)] == [one.visit.encounter_id for one in order(other)]


@pytest.mark.parametrize(
    ("level", "systolic", "probability", "overruled", "expected"),
    [
        (None, 80, 0.01, False, 0),
        (1, 130, 0.01, False, 0),
        (2, 130, 0.01, False, 1),
        (4, 80, 0.01, False, 1),
        (4, 80, 0.01, True, 1),
        (4, 130, 0.20, False, 1),
        (4, 130, 0.20, True, 4),
        (None, 130, 0.20, False, 2),
        (3, 130, 0.01, False, 3),
        (5, 130, 0.01, False, 5),
    ],
)
def test_each_group_of_the_list(level, systolic, probability, overruled, expected):
    assert band(_row(1, 5, level, systolic, probability, overruled)) == expected
    assert "level 1" in ORDER and "arrival" in ORDER


def test_a_risk_that_slipped_through_moves_nobody_without_a_level():
    whole = judge(visit(), risk(0.2), USUAL, NOW)
    assert whole.high and band(Row(visit(), whole)) == 2 and band(Row(visit(), whole, 4)) == 1


# the settings ---------------------------------------------------------------------------------------------------------
WRONG = [
    ("threshold = 0.05", "threshold = 5", "model.threshold", "a probability from"),
    ("threshold = 0.05", "treshold = 0.05", "model.threshold", "missing"),
    ("[model]", "[model]\nmore = 1", "model.more", "unknown"),
    ("systolic <= 90", "systolic =< 90", "rule[3].any", "write one like"),
    ("systolic <= 90", "__import__('os').system('true') <= 90", "rule[3].any", "no condition"),
    ("systolic <= 90", "lactate >= 4", "rule[3].any", "write one of"),
    ("{of_1000} of", "many of", "words.risk", "{of_1000}"),
    ("{of_1000} of", "{of_1000.__class__} {of_1000} of", "words.risk", "no other braces"),
    ("upto = 1000", "upto = 900", "words.band", "1000"),
    ('needs = ["age"', 'needs = ["diastolic"', "", "no [[factor]]"),
    ('code = "looks_better"', 'code = "looks_worse"', "", "stands twice"),
    ("plausible_high = 100", "plausible_high = 60", "factor[5]", "above plausible_low"),
    ("answer_within_seconds = 2.0", "answer_within_seconds = nan", "model.answer_within_seconds", "seconds from"),
    ("[words]", "[words", "", "line"),
]


@pytest.mark.parametrize(("right", "wrong", "key", "says"), WRONG)
def test_a_wrong_setting_is_told_with_file_key_and_what_to_write(tmp_path, right, wrong, key, says):
    path = settings.lay_out(tmp_path) / settings.FILE
    text = path.read_text()
    assert right in text
    path.write_text(text.replace(right, wrong, 1))
    with pytest.raises(settings.SettingsWrong) as told:
        settings.read(tmp_path)
    assert told.value.key == key and says in told.value.write and str(path) in str(told.value)


def test_what_a_learner_wrote_is_not_laid_over(tmp_path):
    (tmp_path / "card.html.j2").write_text("mine")
    settings.lay_out(tmp_path)
    assert (tmp_path / "card.html.j2").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(settings.LEARNERS)
    with pytest.raises(settings.SettingsWrong, match="is not there"):
        settings.read(tmp_path / "elsewhere")


@given(st.text(max_size=30))
def test_no_text_is_a_condition_by_accident(text):
    try:
        found = settings.Condition.parse(text)
    except ValueError:
        return
    assert found.name in settings.KNOWN and found.sign in settings.OPERATORS


def test_settings_are_read_again_and_a_broken_file_keeps_the_last_good_ones(tmp_path):
    here = world(tmp_path)
    path, before = tmp_path / settings.FILE, here.settings
    text = path.read_text()
    path.write_text(text.replace("threshold = 0.05", "threshold = 0.2"))
    assert here.settings.model.threshold == 0.2 and here.settings.digest != before.digest and not here.trouble
    path.write_text(text.replace("threshold = 0.05", "threshold = x"))
    assert here.settings.model.threshold == 0.2 and "last good" in here.trouble
    path.unlink()
    assert here.settings.model.threshold == 0.2 and "is not there" in here.trouble
    path.write_text(text)
    assert here.settings == before and here.trouble == ""


def test_a_broken_file_at_the_start_is_told_and_the_course_s_own_is_in_force(tmp_path):
    settings.lay_out(tmp_path)
    (tmp_path / settings.FILE).write_text("[")
    here = world(tmp_path)
    assert here.settings == USUAL and "the course's own" in here.trouble


# the log, and two people ----------------------------------------------------------------------------------------------
def test_the_path_of_one_patient(tmp_path):
    here = world(tmp_path)
    row = here.row("e-1", NOW)
    assert (row.advice.state, row.state) == ("waits", 0)
    here.seen(row, "ana", "clinician")
    with pytest.raises(CannotDecide, match="own level first"):
        here.decide("e-1", "accepted", "ana", "clinician", 0, NOW)
    here.give_level("e-1", 3, "ana", "clinician", row.state, NOW)
    row = here.row("e-1", NOW)
    assert (row.advice.state, row.advice.of_1000, row.level, band(row)) == ("risk", 60, 3, 1)
    here.seen(row, "ana", "clinician")
    here.seen(row, "ben", "clinician")
    for reason, typed in (("", "x"), ("nonsense", "x"), ("other", "  ")):
        with pytest.raises(CannotDecide):
            here.decide("e-1", "overruled", "ana", "clinician", row.state, NOW, reason=reason, typed=typed)
    here.decide(
        "e-1",
        "overruled",
        "ana",
        "clinician",
        row.state,
        NOW,
        saw=mark(row.advice),
        reason="other",
        typed="Ada is fine",
    )
    row = here.row("e-1", NOW)
    assert (row.decision, row.overruled, band(row)) == ("overruled", True, 3)
    actions = [line.action for line in here.log.lines()]
    assert actions == ["viewed", "level", "viewed", "advised", "viewed", "overruled"], "advised once, it was the same"
    told = decisions(here.log)
    assert list(told.columns) == list(COLUMNS)
    one = told.iloc[0]
    assert (one["decision"], one["level"], one["of_1000"], one["reason"], one["words"]) == (
        *("overruled", 3, 60, "other", "Ada is fine"),
    )
    assert one["settings"] == here.settings.digest and one["model"] == cases.MODEL
    assert here.log.verify() is None


def test_an_overruling_holds_for_what_was_overruled(tmp_path):
    scorer = StubScorer(0.06)
    here = world(tmp_path, scorer=scorer)
    here.give_level("e-1", 4, "ana", "clinician", 0, NOW)
    here.decide("e-1", "overruled", "ana", "clinician", 1, NOW, reason="looks_better")
    assert here.row("e-1", NOW).overruled
    scorer.probability = 0.3
    row = here.row("e-1", NOW)
    assert (row.overruled, row.decision, band(row)) == (False, "", 1), "another risk is not the one that was overruled"


def test_two_people_on_one_patient_and_the_slower_one_is_told(tmp_path):
    here, other = world(tmp_path), World(tmp_path, cases.StubDesk(visit()), StubScorer(), Log(tmp_path / "state"))
    here.give_level("e-1", 3, "ana", "clinician", 0, NOW)
    with pytest.raises(AlreadyDecided, match="ana wrote “level”"):
        other.give_level("e-1", 2, "ben", "clinician", 0, NOW)
    seen = other.row("e-1", NOW)
    other.seen(seen, "ben", "clinician")  # looking overtakes nobody
    here.decide("e-1", "accepted", "ana", "clinician", 1, NOW)
    with pytest.raises(AlreadyDecided, match="ana wrote “accepted”"):
        other.decide("e-1", "overruled", "ben", "clinician", seen.state, NOW, reason="no_bed")
    assert [line.action for line in here.log.lines()].count("overruled") == 0


def test_a_line_of_another_patient_overtakes_nobody(tmp_path, monkeypatch):
    here = world(tmp_path, visit("e-1"), visit("e-2"))
    append, once = here.log.ledger.append, []

    def interrupted(*told, **more):
        if more.get("after") is not None and not once:
            once.append(Log(tmp_path / "state").append("ben", "viewed", visit="e-2"))
        return append(*told, **more)

    monkeypatch.setattr(here.log.ledger, "append", interrupted)
    assert here.give_level("e-1", 3, "ana", "clinician", 0, NOW).number == 2 and once


def test_a_decision_is_on_what_its_reader_saw(tmp_path):
    scorer = StubScorer()
    here = world(tmp_path, scorer=scorer)
    here.give_level("e-1", 3, "ana", "clinician", 0, NOW)
    row = here.row("e-1", NOW)
    scorer.probability = 0.4
    with pytest.raises(AdviceChanged):
        here.decide("e-1", "accepted", "ana", "clinician", row.state, NOW, saw=mark(row.advice))
    scorer.dead = True
    with pytest.raises(CannotDecide, match="says nothing"):
        here.decide("e-1", "accepted", "ana", "clinician", row.state, NOW)


@pytest.mark.parametrize("level", [0, 6, True, None, "3"])
def test_no_other_level_than_1_to_5(tmp_path, level):
    with pytest.raises(CannotDecide):
        world(tmp_path).give_level("e-1", level, "ana", "clinician", 0, NOW)


def test_a_decision_that_cannot_be_logged_is_not_taken(tmp_path, monkeypatch):
    here = world(tmp_path)
    here.give_level("e-1", 3, "ana", "clinician", 0, NOW)
    monkeypatch.setattr("wardround.operations.ledger.PATIENCE", 0.05)
    with closing(sqlite3.connect(here.log.ledger.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(NotLogged):
            here.decide("e-1", "overruled", "ana", "clinician", 1, NOW, reason="other", typed="words")
    assert here.row("e-1", NOW).decision == "" and not list((tmp_path / "state" / "words").iterdir())


def test_one_writer_that_hangs_holds_nobody_for_ever(tmp_path, monkeypatch):
    log = Log(tmp_path)
    monkeypatch.setattr("wardround.operations.ledger.PATIENCE", 0.05)
    with log._turn(), ThreadPoolExecutor() as pool, pytest.raises(NotLogged, match="another writer"):
        pool.submit(log.append, "ana", "viewed", visit="e-1", typed="words").result(timeout=5)
    assert not list((tmp_path / "words").iterdir()) and log.lines() == []
    log.append("ana", "viewed", visit="e-1")


def test_nothing_of_a_patient_is_in_the_log(tmp_path):
    here = world(tmp_path, visit(name="Zebedee Quux", systolic=83, heart_rate=117))
    here.seen(here.row("e-1", NOW), "ana", "clinician")
    here.give_level("e-1", 3, "ana", "clinician", 0, NOW)
    row = here.row("e-1", NOW)
    here.seen(row, "ana", "clinician")
    here.decide("e-1", "overruled", "ana", "clinician", row.state, NOW, reason="other", typed="Zebedee's cuff")
    text = "".join(line.detail for line in here.log.lines())
    assert not any(word in text for word in ("Zebedee", "Quux", "1966", "83 ", "117", "cuff")), text
    for detail in ({"name": "x"}, {"visit": "x" * 121}, {"rules": ["a" * 200]}, {"visit": {"a": 1}}):
        with pytest.raises(ValueError):
            here.log.append("ana", "viewed", **detail)
    with pytest.raises(ValueError):
        here.log.append("ana", "deleted")


def test_typed_words_are_kept_beside_and_a_change_is_seen(tmp_path):
    log = Log(tmp_path)
    line = log.append("ana", "switched", on=False, typed="späte Wartung\r\n\ud800")
    assert log.typed(line) == "späte Wartung\n?"
    next((tmp_path / "words").iterdir()).write_text("other words")
    assert log.typed(line) == ""


def test_a_log_that_was_changed_cut_or_built_anew_while_it_runs_is_found(tmp_path):
    for harm in ("UPDATE line SET actor = 'eve' WHERE number = 2", "DELETE FROM line WHERE number = 3"):
        log = Log(tmp_path / str(len(harm)))
        for number in range(3):
            log.append("ana", "viewed", visit=f"e-{number}")
        log.lines()
        assert log.verify() is None
        with closing(sqlite3.connect(log.ledger.path)) as file:
            file.execute("DROP TRIGGER no_update")
            file.execute("DROP TRIGGER no_delete")
            file.execute(harm)
            file.commit()
        assert log.verify() is not None, harm


def test_a_new_evening_begins_without_yesterday_s_levels_and_keeps_the_history(tmp_path):
    here = world(tmp_path)
    here.give_level("e-1", 3, "ana", "clinician", 0, NOW)
    here.decide("e-1", "accepted", "ana", "clinician", 1, NOW)
    later = Log(tmp_path / "state", since=dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1))
    assert later.standing("e-1").level is None and len(decisions(later)) == 1
    assert Log(tmp_path / "state").standing("e-1").level == 3, "and a restart of the same evening has them"


# the switch and the faults --------------------------------------------------------------------------------------------
def test_the_switch_is_of_everybody_and_survives_a_restart(tmp_path):
    scorer = StubScorer()
    here = world(tmp_path, visit(systolic=80), scorer=scorer)
    here.give_level("e-1", 3, "ana", "clinician", 0, NOW)
    here.switch(False, "root", "administrator", "maintenance")
    asked = len(scorer.asked)
    again = world(tmp_path, visit(systolic=80), scorer=scorer)
    advice = again.advise("e-1", NOW)
    assert not again.on and (advice.state, advice.of_1000) == ("off", None) and advice.rules
    assert len(scorer.asked) == asked, "nobody asks a model that is switched off"
    again.switch(True, "root", "administrator")
    assert here.on and here.advise("e-1", NOW).state == "risk"


def test_comfort_care_is_silent_and_the_model_is_never_asked(tmp_path):
    scorer = StubScorer()
    here = world(tmp_path, visit("e-1", comfort_care=True, systolic=60), visit("e-2"), scorer=scorer)
    rows = {one.visit.encounter_id: one for one in here.worklist(NOW)}
    assert (rows["e-1"].advice.state, rows["e-1"].advice.rules) == ("silent", ())
    assert scorer.asked == ["e-2"]


def test_a_late_feed_gives_no_risk_and_keeps_the_rules(tmp_path):
    here = world(tmp_path, visit(systolic=80))
    here.give_level("e-1", 3, "ana", "clinician", 0, NOW)
    assert here.advise("e-1", NOW).state == "risk"
    line = here.practise("late feed", "root", "administrator", 11)
    advice = here.advise("e-1", NOW)
    assert (advice.state, advice.of_1000, line.told()["what"]) == ("no answer", None, "late feed") and advice.rules
    assert advice.words.startswith("The desk's data are late.")
    here.practise("late feed", "root", "administrator", 10)
    assert here.advise("e-1", NOW).state == "risk", "ten minutes are not late"
    here.practise("dead model", "root", "administrator")
    assert here.advise("e-1", NOW).state == "no answer"


# the desk -------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def hospital(third_hospitals):
    from wardround.records import read_export

    return read_export(third_hospitals[0])


def test_the_evening_has_what_a_desk_must_cope_with(hospital):
    here = desk.Desk(hospital, NOW)
    visits = here.visits(NOW)
    assert len(visits) == desk.VISITS and [v.arrived_at for v in visits] == sorted(v.arrived_at for v in visits)
    assert all(NOW - desk.SPAN <= one.arrived_at <= NOW for one in visits)
    assert any(one.comfort_care for one in visits) and not all(one.comfort_care for one in visits)
    later = NOW + dt.timedelta(hours=1)
    told = [judge(one, risk(), USUAL, later) for one in here.visits(later)]
    assert any(one.check for one in told) and any(one.rules and not one.check for one in told)
    assert any(len(one.missing) == 1 for one in told)
    assert all(reading.at > one.arrived_at for one in here.visits(later) for reading in one.readings.values())


def test_a_reading_is_known_when_it_was_taken_and_a_late_feed_knows_less(hospital):
    here = desk.Desk(hospital, NOW)
    last = here.visits(NOW)[-1]
    assert not last.readings, "ten minutes after arrival"
    assert here.visit(last.encounter_id, NOW + dt.timedelta(minutes=30)).readings
    here.late_by = dt.timedelta(minutes=20)
    assert last.encounter_id not in {one.encounter_id for one in here.visits(NOW)}
    with pytest.raises(desk.NoSuchVisit, match="choose one from the worklist"):
        here.visit(last.encounter_id, NOW)
    assert here.feed(NOW).last_at == NOW - here.late_by and "20 minutes" in here.feed(NOW).why
    here.late_by = dt.timedelta(0)
    night = NOW + dt.timedelta(hours=7)
    assert here.visits(night) == [] and here.visit(last.encounter_id, night).encounter_id == last.encounter_id


def test_the_core_needs_no_web_no_registry_and_no_course():
    code = (
        "import sys, wardround.triage.said, wardround.triage.settings, wardround.triage.judge, wardround.triage.log,"
        "wardround.triage.desk, wardround.triage.model, wardround.triage.world\n"
        "print([name for name in ('fastapi', 'mlflow', 'sklearn', 'wardround.course') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=True)
    assert done.stdout.strip() == "[]"


def test_an_advice_as_the_log_has_it_holds_codes_only():
    told = shown(judge(visit(systolic=80), risk(), USUAL, NOW), USUAL)
    assert told["rules"] == ["pressure", "shock_index"] and told["factors"] == ["systolic", "age"]
    assert set(told) == {"state", "of_1000", "high", "rules", "factors", "model", "settings"}


def _rules(one):
    return {rule.name for rule in judge(one, risk(), USUAL, NOW).rules}


def test_rows_in_any_order_give_one_worklist(tmp_path):
    visits = [visit(f"e-{n}", minutes_ago=random.Random(n).randint(0, 9)) for n in range(8)]
    first = [one.visit.encounter_id for one in world(tmp_path / "a", *visits).worklist(NOW)]
    assert first == [one.visit.encounter_id for one in world(tmp_path / "b", *visits[::-1]).worklist(NOW)]
