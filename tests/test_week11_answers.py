"""Answers to week 11 that learners have given, and what each is told."""

from __future__ import annotations

import random
import re
import runpy
import secrets

import numpy as np
import pytest
from wardround.course.asking import put
from wardround.course.given import given
from wardround.course.keys import week_keys
from wardround.course.places import week_folder
from wardround.course.questions import week_questions
from wardround.course.verdicts import expected, judge
from wardround.hospital import open_truth
from wardround.operations.privacy import BROAD, redact
from wardround.records import read_export

WEEK, KEYS = given(11), week_keys(11)
MADE = KEYS.keys["W11.Q1"].reference.__globals__  # what keys.py defines


@pytest.fixture(scope="module")
def hospital(third_hospitals):
    return read_export(third_hospitals[0])


@pytest.fixture(scope="module")
def told(hospital):
    """A function of a question and an answer that returns the verdict."""
    folder, known = hospital.path.parent, {}

    def verdict(id, value):
        asked, key = week_questions(11)[id], KEYS.keys[id]
        if id not in known:
            known[id] = expected(asked, key, hospital, open_truth(folder), KEYS.digest, folder / "truth" / "answers")
        return judge(asked, key, {"here": put(asked, value, hospital)}, {"here": known[id]})

    return verdict


def test_no_misconception_takes_more_than_sixty_words():
    for key in KEYS.keys.values():
        for known in key.misconceptions:
            assert len(f"{known.says} {known.so_what}".split()) <= 60, known.name


# Q1 -------------------------------------------------------------------------------------------------------------------
def numbered(shuffle, order=lambda table: table.patient_id.unique()):
    """A function that gives patients numbers which ``shuffle`` has mixed."""

    def release(table):
        patients = list(order(table))
        numbers = [f"p{number}" for number in range(len(patients))]
        shuffle(numbers)
        return MADE["to_leave"](table, patient=table.patient_id.map(dict(zip(patients, numbers, strict=True))))

    return release


def by_arrival(table):
    return table.sort_values("admitted_at").patient_id.unique()


@pytest.mark.parametrize(
    ("release", "name"),
    [
        (numbered(lambda numbers: random.Random(1).shuffle(numbers)), "seeded"),
        (numbered(lambda numbers: np.random.default_rng(7).shuffle(numbers), by_arrival), "seeded"),
        (numbered(lambda numbers: None), "by_place"),
        (numbered(lambda numbers: None, by_arrival), "by_place"),
    ],
)
def test_codes_that_the_same_table_gets_again_are_not_drawn(told, release, name):
    assert told("W11.Q1", release).misconception == name


@pytest.mark.parametrize("shuffle", [random.shuffle, secrets.SystemRandom().shuffle, np.random.default_rng().shuffle])
def test_numbers_that_are_drawn_anew_may_leave(told, shuffle):
    assert told("W11.Q1", numbered(shuffle)).kind == "right"


def test_rows_shuffled_anew_and_counted_may_leave(told):
    def release(table):
        return MADE["by_place"](table.sample(frac=1))

    assert told("W11.Q1", release).kind == "right"


@pytest.mark.parametrize(
    ("age", "word"),
    [(lambda age: age.where(age < 90), "missing"), (lambda age: age.clip(upper=89), "Nobody is 90")],
)
def test_the_oldest_may_be_shown_as_less_and_the_answer_says_what_is_lost(told, age, word):
    verdict = told("W11.Q1", lambda table: MADE["to_leave"](table, age=age(table.age)))
    assert verdict.kind == "right" and word in verdict.says and len(verdict.says.split()) <= 90
    assert word not in told("W11.Q1", MADE["to_leave"]).says


# Q2 -------------------------------------------------------------------------------------------------------------------
WRITING = runpy.run_path(str(week_folder(11) / "writing.py"))


@pytest.fixture(scope="module")
def hard_notes():
    return [WRITING["_hard"](np.random.default_rng(number), number) for number in range(600)]


def test_a_note_tells_one_age_and_the_record_fits_it(hard_notes):
    old = 0
    for text, record, spans, _ in hard_notes:
        opening = text.split(". ")[0] + text.split(". ")[1]
        ages = [int(text[begin:end]) for begin, end, kind in spans if kind == "age"]
        old += bool(ages)
        ages += [int(age) for age in re.findall(r"(?:^|[Ww]oman, |[Mm]an, )(\d\d)\b", opening)]
        assert len(ages) == 1, text
        assert int(record["birth_date"][:4]) + ages[0] == WRITING["WRITTEN"]
    assert old > 20


def test_names_and_pronouns_are_of_one_sex(hard_notes):
    women, men = set(WRITING["GIVEN"][::2]), set(WRITING["GIVEN"][1::2])
    told = 0
    for text, record, _, _ in hard_notes:
        woman = bool(re.search(r"\bwoman\b", text, re.I))
        assert record["given"] in (women if woman else men), text
        assert not re.search(r"\bHis\b" if woman else r"\bHer\b", text)
        for relative, name in re.findall(r"(daughter-in-law|brother|grandson|stepmother),? ([A-Z]\w+)", text):
            told += 1
            assert name in (women if relative in ("daughter-in-law", "stepmother") else men), text
    assert told > 20


NARROW, MORE, LATE, known = (MADE[name] for name in ("NARROW", "MORE", "LISTED_LATE", "known"))


def with_rules(*rules):
    return lambda text, record: redact(text, (*NARROW, *rules), known=known(record)).text


@pytest.mark.parametrize("kinds", [(), ("relative",), ("relative", "employer")])
def test_patterns_and_the_record_are_named(told, kinds):
    assert (
        told("W11.Q2", with_rules(*(rule for rule in MORE if rule.kind in kinds))).misconception
        == "patterns_and_record"
    )


def without_capitals(text, record):
    return re.sub(r"\b[A-ZÀ-Þ][\w'’-]*", "[gone]", redact(text, NARROW).text)


def test_notes_without_capitals_are_told_so_and_not_what_still_names_somebody(told):
    for scrub in (without_capitals, lambda text, record: redact(text, BROAD, known=known(record)).text):
        assert told("W11.Q2", scrub).misconception == "capitals"
    verdict = told("W11.Q2", lambda text, record: "")
    assert verdict.misconception == "nothing_said"


def test_where_more_is_spoilt_than_named_it_points_at_the_findings(told):
    spoilt = told("W11.Q2", lambda text, record: re.sub(r"\b[a-z]{5,}", "", redact(text, NARROW).text))
    assert spoilt.kind == "not_yet" and "which rule takes them" in spoilt.look_at
    named = told("W11.Q2", lambda text, record: redact(text, (*NARROW, *MORE, *LATE)).text)
    assert named.kind == "not_yet" and "what is left" in named.look_at


# Q3 -------------------------------------------------------------------------------------------------------------------
def test_a_guard_by_route_and_pattern_is_named_also_with_a_roster(told):
    def guard(payload, roster):
        action, leaves = MADE["routes_and_patterns"](payload, roster)
        note = leaves["fields"].get("note") if leaves else None
        if note is None:
            return action, leaves
        masked = MADE["cover_spans"](note, MADE["spotted"](note, {name.casefold() for name in roster["name"]}))
        return ("redact" if masked != payload["fields"]["note"] else action), MADE["with_note"](leaves, "note", masked)

    assert told("W11.Q3", guard).misconception == "routes_and_patterns"
    assert told("W11.Q3", lambda payload, roster: ("allow", payload)).misconception == "allow_all"


# Q4 -------------------------------------------------------------------------------------------------------------------
def marks(hospital, change, *, optional):
    """What ``change`` makes of each draft, with the marks that may stand there as well if they are about omissions."""
    bank = WEEK.marks_of(hospital)
    beside = {name: [mark for mark in one["also"] if mark.startswith("omitted")] for name, one in bank.items()}
    assert any(beside.values()), "this hospital's drafts have no optional mark"
    return {name: [*change(one), *(beside[name] if optional else ())] for name, one in bank.items()}


def as_unsupported(one):
    return [mark.replace("injected", "unsupported") for mark in one["marks"]]


def order_blamed(one):
    followed = any(mark.startswith("injected") for mark in one["marks"])
    return one["marks"] if followed or not one["order"] else [*one["marks"], f"omitted {one['order']}"]


def needless(one):
    return [*one["marks"], *(f"omitted {line}" for line in one["other"])]


@pytest.mark.parametrize("optional", [False, True])
@pytest.mark.parametrize(
    ("change", "name"),
    [
        (as_unsupported, "only_unsupported"),
        (order_blamed, "order_left_out"),
        (needless, "tell_all"),
        (lambda one: [mark for mark in one["marks"] if "injected" not in mark], "supported_by_its_order"),
        (lambda one: [mark for mark in one["marks"] if "omitted" not in mark], "what_stands_there"),
    ],
)
def test_marks_that_may_stand_there_do_not_hide_a_mistake(told, hospital, change, name, optional):
    assert told("W11.Q4", marks(hospital, change, optional=optional)).misconception == name


def test_one_of_two_orders_called_unsupported_is_named_so(told, hospital):
    bank, turned = WEEK.marks_of(hospital), []

    def change(one):
        if turned or not any("injected" in mark for mark in one["marks"]):
            return one["marks"]
        turned.append(one)
        return as_unsupported(one)

    answer = {name: change(one) for name, one in bank.items()}
    assert turned and told("W11.Q4", answer).misconception == "only_unsupported"


# Q5 and Q6 ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("most", [8, 12, 30])
def test_those_who_serve_the_whole_house_are_named_so(told, hospital, most):
    log, lay = WEEK.access_log(hospital), WEEK.whereabouts(hospital)
    looks = log[log.reason == "treatment"]
    both = looks.merge(lay, on=["patient_id", "department"])
    there = both[(both["at"] >= both["began"]) & ~(both["at"] > both["ended"])]
    without = looks.user[~looks.row_id.isin(there.row_id)].value_counts()
    assert told("W11.Q5", without.index[:most].tolist()).misconception == "whole_house"


def test_words_without_letters_are_told_what_form_is_asked(told, hospital):
    names = list(WEEK.vendor(hospital).answer)
    verdict = told("W11.Q6", dict.fromkeys(names, "pass"))
    assert (
        verdict.misconception == "all_pass"
        and verdict.says.startswith("You let")
        and "('fail', 'c')" in verdict.evidence
    )
    assert "('fail', 'c')" not in told("W11.Q6", dict.fromkeys(names, ("fail", "a"))).evidence
