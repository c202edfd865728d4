"""Week 10's requests, visits, moments and log, what is accepted besides the solution, and what mistakes are told."""

from __future__ import annotations

import datetime as dt
import html
import runpy
import tomllib

import numpy as np
import pandas as pd
import pytest
from wardround.course.asking import put
from wardround.course.given import _names, given
from wardround.course.keys import week_keys
from wardround.course.places import week_folder
from wardround.course.questions import week_memos, week_questions
from wardround.course.quiz import week_quiz
from wardround.course.verdicts import expected, judge
from wardround.hospital import open_truth
from wardround.records import read_export
from wardround.triage.settings import TEMPLATES

WEEK, KEYS = given(10), week_keys(10)
MADE = KEYS.keys["W10.Q1"].reference.__globals__  # what keys.py defines
DICE = _names(10)["_dice"]


def beside(name):
    return runpy.run_path(str(week_folder(10) / name))


@pytest.fixture(scope="module")
def hospital(third_hospitals):
    return read_export(third_hospitals[0])


def verdict_on(id, value, hospital):
    asked, key, folder = week_questions(10)[id], KEYS.keys[id], hospital.path.parent
    known = expected(asked, key, hospital, open_truth(folder), KEYS.digest, folder / "truth" / "answers")
    verdict = judge(asked, key, {"here": put(asked, value, hospital)}, {"here": known})
    assert len(f"{verdict.says} {verdict.so_what}".split()) <= 90 and len(verdict.evidence.split()) <= 60
    return verdict


def kinds(judged):
    return {name: sorted({kind for kind, _ in one["problems"]}) for name, one in judged.items() if one["problems"]}


# the numbers of the house ---------------------------------------------------------------------------------------------
def test_the_numbers_are_those_of_the_assistants_own_settings():
    shipped = tomllib.loads((TEMPLATES / "triage.toml").read_text(encoding="utf-8"))
    assert (shipped["model"]["threshold"], shipped["model"]["answer_within_seconds"]) == (WEEK.THRESHOLD, WEEK.WITHIN)
    assert shipped["model"]["feed_late_after_minutes"] == WEEK.FEED_LATE
    abstain = shipped["abstain"]
    assert (tuple(abstain["needs"]), abstain["at_most_missing"]) == (WEEK.NEEDS, WEEK.AT_MOST_MISSING)
    assert abstain["stale_after_minutes"] == WEEK.STALE
    ranges = {one["name"]: (one["plausible_low"], one["plausible_high"]) for one in shipped["factor"]}
    assert {name: ranges[name] for name in WEEK.PLAUSIBLE} == WEEK.PLAUSIBLE
    news = [text for rule in shipped["rule"] for text in rule["any"] if "/" not in text]
    assert sorted(news) == sorted(WEEK.RULES)
    assert {one["code"] for one in WEEK.REASONS} <= {one["code"] for one in shipped["reasons"]}


def test_the_score_is_calibrated_on_the_half_that_it_has_not_seen(hospital):
    rows = WEEK.scored(hospital)
    assert 0.7 < rows.critical.sum() / rows.score.sum() < 1.4
    every, high = WEEK.opened(hospital, 0), WEEK.opened(hospital)
    assert every["has"] == 100 and every["cards"] == WEEK.DESK_VISITS and high["right"] > 3 * every["right"]
    assert MADE["reached"](rows, rows.score >= 0.05) == pytest.approx(high["reached"])
    assert high["reached"] > every["reached"]


# Q1 -------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "other",
    [
        {"summary": lambda read, request: MADE["risk_words"](read).replace(" of 1,000", "/1000")},
        {"detail": lambda read, request: "On average 25 of 1,000; low is not none." if read.of_1000 else None},
        {"detail": lambda read, request: f"For {WEEK.escaped(read.name)}."},
        {"summary": lambda read, request: "Too little is known for a risk" if read.why else MADE["risk_words"](read)},
        {"summary": lambda read, request: f"Not assessed: {read.why}" if read.why else MADE["risk_words"](read)},
        {"selectionBehavior": lambda read, request: "any"},
    ],
)  # fmt: skip
def test_other_sound_cards_are_right(hospital, other):
    verdict = verdict_on("W10.Q1", MADE["with_part"](**other), hospital)
    assert verdict.kind == "right", verdict


def test_any_status_of_the_client_refuses_a_context_and_only_412_a_prefetch(hospital):
    def as_422(request, service):
        status, body = MADE["sound"](request, service)
        return (422 if status == 400 else status), body

    def as_400(request, service):
        status, body = MADE["sound"](request, service)
        return (400 if status == 412 else status), body

    assert verdict_on("W10.Q1", as_422, hospital).kind == "right"
    assert "the status is 400" in verdict_on("W10.Q1", as_400, hospital).evidence
    assert set(kinds(WEEK.cards_judged(WEEK.answered(as_400, hospital), hospital))) == {
        "prefetch without vitals",
        "prefetch without patient",
    }


def test_a_card_that_stops_on_one_request_is_told_which(hospital):
    def card(request, service):
        request["prefetch"]["patient"]["birthDate"]
        return MADE["sound"](request, service)

    verdict = verdict_on("W10.Q1", card, hospital)
    assert verdict.kind == "not_yet" and "no birth date" in verdict.evidence and "KeyError" in verdict.evidence
    always = verdict_on("W10.Q1", lambda request, service: service.nothing, hospital)
    assert always.kind == "unreadable" and "AttributeError" in always.says
    assert "pair" in verdict_on("W10.Q1", lambda request, service: {"cards": []}, hospital).evidence


def test_escaping_the_tag_alone_leaves_the_turned_text(hospital):
    detail = MADE["with_part"](detail=lambda read, request: html.escape(read.name[:60]))
    found = kinds(WEEK.cards_judged(WEEK.answered(detail, hospital), hospital))
    assert found["a name from right to left"] == ["turned"]
    assert found["markup in the name"] == ["link"]


def test_the_chart_of_last_night_says_another_number(hospital):
    service = WEEK.service(hospital)
    for one in _names(10)["_requests"](hospital).values():
        request = one["request"]
        if "vitals" in request["prefetch"] and "patientId" in request["context"]:
            read, old = service.read(request), service.fetch(request["context"]["patientId"])
            assert read.of_1000 is None or abs(read.of_1000 - old.of_1000) > 1


# Q2 -------------------------------------------------------------------------------------------------------------------
def test_what_was_planted_is_what_the_key_says(hospital):
    right, planted = MADE["one_by_one"](hospital, None), WEEK.planted(hospital)
    told = {visit: pair for visit, *pair in zip(right["visit"], right["says"], right["rule"], strict=True)}
    wanted = {
        "comfort": ("silent", False),
        "comfort, unstable": ("silent", False),
        "below": ("abstains", True),
        "unstable": ("risk", True),
        "unstable, stale": ("abstains", True),
        "unstable, two missing": ("abstains", True),
        "edge": ("risk", True),
    }
    says_only = dict.fromkeys(("slip", "one needed missing", "two missing", "stale"), "abstains") | {
        "one missing": "risk"
    }
    for visit, kind in planted.items():
        if kind in wanted:
            assert told[visit] == list(wanted[kind]), (visit, kind)
        else:
            assert told[visit][0] == says_only[kind], (visit, kind)
    rest = [told[visit] for visit in told if visit not in planted]
    assert {says for says, _ in rest} == {"risk"}


def test_nobody_is_asked_about_a_value_at_the_edge_of_its_range_or_of_its_age(hospital):
    for table in (WEEK.visits(hospital), WEEK.judged_visits(hospital)):
        assert (table.minutes_old - WEEK.STALE).abs().min() >= 15 and table.age.min() >= 18
        for name, edges in WEEK.PLAUSIBLE.items():
            assert not table[name].isin([edges[0]]).any(), name
    assert not set(WEEK.visits(hospital).columns) & {"says", "rule", "planted"}


def test_advice_by_the_assistants_own_judge_is_right(hospital):
    """The question and the application do not disagree: each visit is put to ``wardround.triage.judge``."""
    from wardround.triage.judge import judge as judged
    from wardround.triage.said import Reading, Risk, Visit
    from wardround.triage.settings import read

    shipped, now = read(TEMPLATES), dt.datetime(2026, 1, 12, 19, 30, tzinfo=dt.UTC)
    news = [rule for rule in shipped.rule if rule.name != "shock_index"]
    shipped = shipped.model_copy(update={"rule": tuple(news)})

    def advise(visits):
        told = []
        for line in visits.to_dict("records"):
            at = now - dt.timedelta(minutes=line["minutes_old"])
            units = {name: shipped.factors[name].unit for name in WEEK.SIGNS}
            readings = {
                name: Reading(name, line[name], units[name], at) for name in WEEK.SIGNS if not pd.isna(line[name])
            }
            born = None if pd.isna(line["age"]) else dt.date(now.year - int(line["age"]), 1, 1)
            visit = Visit("e", "p", "", born, "", "", now, readings, comfort_care=line["comfort_care"])
            advice = judged(visit, Risk(line["score"], {}, "m 1"), shipped, now)
            told.append({"visit": line["visit"], "says": advice.state, "rule": bool(advice.rules)})
        return pd.DataFrame(told)

    assert verdict_on("W10.Q2", advise, hospital).kind == "right"


def test_a_table_in_another_order_or_with_the_visits_in_its_index_is_read(hospital):
    right = MADE["spoilt"](lambda found, visits, abstains: {})
    assert verdict_on("W10.Q2", lambda visits: right(visits).sample(frac=1, random_state=1), hospital).kind == "right"
    assert verdict_on("W10.Q2", lambda visits: right(visits).set_index("visit"), hospital).kind == "right"
    assert (
        "no column rule" in verdict_on("W10.Q2", lambda visits: right(visits).drop(columns="rule"), hospital).evidence
    )
    odd = verdict_on("W10.Q2", lambda visits: right(visits).assign(says="show"), hospital)
    assert "'show'" in odd.evidence


def test_a_learners_own_range_is_told_by_the_dangerous_value(hospital):
    def advise(visits):
        kept = visits.assign(
            systolic=visits.systolic.where(visits.systolic > 50),
            saturation=visits.saturation.where(visits.saturation > 60),
        )
        told = MADE["spoilt"](lambda found, visits, abstains: {})(visits)
        return told.assign(rule=MADE["fires"](kept) & ~visits.comfort_care)

    verdict = verdict_on("W10.Q2", advise, hospital)
    assert verdict.kind in ("not_yet", "misconception") and "fires nothing" in verdict.evidence


# Q3 -------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "says",
    [
        "Feed or model late: no risk",
        "No data or no answer; last shown 34 of 1,000 at 18:02, not of now",
        "The assistant has no current readings and gives no risk. The level is yours.",
    ],
)
def test_other_plain_fallbacks_are_right_and_the_last_risk_may_be_named_with_its_time(hospital, says):
    verdict = verdict_on("W10.Q3", MADE["habit"](says=says), hospital)
    assert verdict.kind == "right", verdict


@pytest.mark.parametrize(
    ("says", "kind"),
    [
        ("No answer of the model, no data. Low risk.", "calming"),
        ("No answer, no data: 34 of 1,000", "last"),
        ("No answer, no data. Last risk: 34 of 1,000", "last"),
        ("", "nameless"),
        ("Please hold the line", "nameless"),
    ],
)
def test_what_a_fallback_may_not_say(hospital, says, kind):
    judged = WEEK.screens_judged(WEEK.screened(MADE["habit"](says=says or " "), hospital), hospital)
    wanted = "wordless" if not says else kind
    assert any(wanted in found for found in kinds(judged).values())


def test_nobody_really_waits_and_the_clock_counts_every_try(hospital):
    began = dt.datetime.now()
    told = WEEK.screened(MADE["habit"](patience=None), hospital)
    assert (dt.datetime.now() - began).total_seconds() < 2
    assert told["a slow model"]["waited"] == 9 and told["a model that hangs, a rule fired"]["waited"] == 90
    tried = WEEK.screened(MADE["habit"](tries=3), hospital)
    assert tried["a slow model"]["waited"] == 6 and tried["all is well"]["waited"] < 1


def test_a_risk_that_is_true_now_may_not_be_withheld(hospital):
    def screen(visit, feed, ask, now):
        return {"state": "no answer", "of_1000": None, "says": "The feed and the model failed", "rules": visit.rules}

    verdict = verdict_on("W10.Q3", screen, hospital)
    assert verdict.kind == "not_yet" and "true now" in verdict.evidence


# Q4 -------------------------------------------------------------------------------------------------------------------
def test_in_every_draw_each_reason_has_one_sign_that_most_lines_show_and_few_names_fit():
    bank, commonest = beside("overruled.py"), set()
    for seed in range(25):
        log, faults = bank["drawn"](DICE(f"overrides {seed}"))
        over = log[log.decision == "overruled"]
        signs = pd.Series([MADE["sign_of"](line) for line in over.itertuples()], over.index)
        table = pd.crosstab(over.reason, signs)
        for reason, (kind, number) in faults.items():
            assert table.loc[reason, kind] == number > 1.5 * table.loc[reason].drop(kind).max(), (seed, reason)
        assert {kind for kind, _ in faults.values()} == set(WEEK.KINDS)
        assert sum(bank["BY_NAME"][reason] == kind for reason, (kind, _) in faults.items()) <= 2
        commonest.add(faults[over.reason.value_counts().index[0]][0])
    assert commonest == {"data", "workflow", "judgement"}


def test_a_line_does_not_tell_its_sign_and_no_number_is_missing(hospital):
    log = WEEK.overrides(hospital)
    assert "kind" not in log and log.notna().all().all() and (log.reason[log.decision == "overruled"] != "").all()
    far = (log.value_again - log.value).abs() / log.sign.map(WEEK.CLOSE)
    assert not far.between(0.95, 1.05).any() and (log.physician_at != log.advised_at).all()
    assert 0 < (log.reason[log.decision == "accepted"] != "").mean() < 0.5


def test_counts_of_one_reason_off_by_one_and_a_missing_reason_are_told(hospital):
    right = {reason: tuple(pair) for reason, pair in WEEK.faults_of(hospital).items()}
    first = next(iter(right))
    off = right | {first: (right[first][0], right[first][1] + 1)}
    assert f"`{first}` is rightly put down" in verdict_on("W10.Q4", off, hospital).evidence
    assert "no answer yet" in verdict_on("W10.Q4", {first: right[first]}, hospital).evidence
    assert verdict_on("W10.Q4", {first: ("nurse", 3)}, hospital).kind == "unreadable"
    assert "0.66 for its number" in verdict_on("W10.Q4", {first: ("data", 0.66)}, hospital).says


def test_of_the_names_alone_or_the_rate_nothing_follows(hospital):
    assert verdict_on("W10.Q4", MADE["by_name"](hospital), hospital).misconception in ("by_name", "every_override")
    counts = {reason: ("model", 1) for reason in WEEK.faults_of(hospital)}
    assert verdict_on("W10.Q4", counts, hospital).misconception == "every_override"


# mistakes that no list holds are not taken for those that one does ---------------------------------------------------
def test_a_card_that_never_warns_is_not_taken_for_last_nights_chart(hospital):
    verdict = verdict_on("W10.Q1", MADE["with_part"](indicator=lambda read, request: "info"), hospital)
    assert verdict.misconception == "never_warns"
    bold = MADE["with_part"](detail=lambda read, request: "<b>Supports your level</b>")
    assert verdict_on("W10.Q1", bold, hospital).kind == "right"


def test_abstaining_where_it_is_close_is_not_taken_for_abstaining_on_a_gap(hospital):
    close = MADE["spoilt"](lambda found, visits, abstains: {"abstains": abstains | visits.score.between(0.04, 0.06)})
    verdict = verdict_on("W10.Q2", close, hospital)
    assert verdict.kind == "not_yet" and "all six values there" in verdict.evidence


def test_a_feed_that_never_spoke_is_not_taken_for_a_model_that_does_not_answer(hospital):
    def screen(visit, feed, ask, now):
        now - feed.last_at
        return MADE["calm_and_plain"](visit, feed, ask, now)

    verdict = verdict_on("W10.Q3", screen, hospital)
    assert verdict.kind == "not_yet" and "a feed that never spoke" in verdict.evidence
    assert "feed.last_at" in verdict.look_at


# Q5 -------------------------------------------------------------------------------------------------------------------
def test_preliminary_and_an_own_text_of_the_outcome_are_right(hospital):
    made = MADE["without"](
        status=lambda *asked: "preliminary",
        outcome=lambda *asked: {"coding": [{"code": "x", "display": "critical care"}]},
    )
    assert verdict_on("W10.Q5", made, hospital).kind == "right"


def test_what_r4b_does_not_accept_is_told_with_its_place(hospital):
    made = MADE["without"](basis=lambda *asked: {"reference": "Observation/1"})
    verdict = verdict_on("W10.Q5", made, hospital)
    assert verdict.kind == "not_yet" and "`basis" in verdict.evidence
    other = MADE["without"](subject=lambda *asked: {"reference": "Patient/somebody"})
    assert "Patient/somebody" in verdict_on("W10.Q5", other, hospital).evidence


def test_the_types_of_r4b_accept_every_known_mistake(hospital):
    """Which is what the question is about; ``no_number`` and the others are wrong by what they say."""
    for wrong in KEYS.keys["W10.Q5"].misconceptions:
        judged = WEEK.assessments_judged(WEEK.assessed(wrong.answer, hospital), hospital)
        assert judged["problems"] and "invalid" not in str(judged["problems"]), wrong.name


# all ------------------------------------------------------------------------------------------------------------------
def test_the_evidence_of_every_known_mistake_is_its_own_and_short(hospital):
    for id, key in KEYS.keys.items():
        asked = week_questions(10)[id]
        for wrong in key.misconceptions:
            value = wrong.answer if asked.kind == "function" else wrong.answer(hospital)
            verdict = verdict_on(id, value, hospital)
            assert verdict.misconception == wrong.name and verdict.evidence, (id, wrong.name)


def test_what_knows_the_record_is_made_outside_the_box():
    names = _names(10)
    for name in ("_scored", "_model", "_requests", "_visits", "_moments", "_overrides", "_risks"):
        assert names[name].is_apart, name


def test_nothing_that_is_handed_over_tells_an_answer(hospital):
    names = _names(10)
    assert set(names["_visits"](hospital)) == {"shown", "judged"}
    assert not any("kind" in one or "problems" in one for one in names["_moments"](hospital).values())
    assert isinstance(names["_overrides"](hospital), pd.DataFrame)


def test_both_memos_are_declared_and_the_weeks_own_comes_first():
    assert list(week_memos(10)) == ["W10.M", "W10.A3"] and len(week_memos(10)["W10.M"]) == 5


def test_the_right_option_is_seldom_the_longest_and_options_are_even():
    longest = 0
    for item in week_quiz(10).values():
        lengths = [len(option.text) for option in item.option]
        right = next(len(option.text) for option in item.option if option.right)
        assert max(lengths) <= 1.3 * min(lengths), item.id
        longest += right == max(lengths)
    assert longest <= len(week_quiz(10)) / 2


def test_three_misconceptions_of_the_list_live_here():
    taught = {wrong.teaches for key in KEYS.keys.values() for wrong in key.misconceptions}
    assert {"M23", "M34", "M41"} <= taught
    assert np.all([len(key.misconceptions) >= 3 for key in KEYS.keys.values()])
