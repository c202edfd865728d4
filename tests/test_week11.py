"""Week 11's banks of columns, notes, requests, drafts and answers, and what plausible answers are told."""

from __future__ import annotations

import json
import re
import runpy
from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from wardround.course.asking import put
from wardround.course.given import _names, given
from wardround.course.keys import week_keys
from wardround.course.memo import keep
from wardround.course.places import week_folder
from wardround.course.questions import week_questions
from wardround.course.verdicts import expected, judge
from wardround.hospital import open_truth
from wardround.operations.privacy import (
    NARROW,
    Crosswalk,
    Guard,
    PrivacyError,
    Request,
    Route,
    redact,
    safe_harbor_table,
)
from wardround.records import read_export
from wardround.records.features import READMISSION

WEEK, KEYS = given(11), week_keys(11)
MADE = KEYS.keys["W11.Q1"].reference.__globals__  # what keys.py defines
ASKED = runpy.run_path(str(week_folder(11) / "asked.py"))


def bank_of(name):
    return runpy.run_path(str(week_folder(11) / name))


def dice(*seed):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def hospital(third_hospitals):
    return read_export(third_hospitals[0])


def verdict_on(id, value, hospital):
    asked, key, folder = week_questions(11)[id], KEYS.keys[id], hospital.path.parent
    known = expected(asked, key, hospital, open_truth(folder), KEYS.digest, folder / "truth" / "answers")
    verdict = judge(asked, key, {"here": put(asked, value, hospital)}, {"here": known})
    assert len(f"{verdict.says} {verdict.so_what}".split()) <= 90
    return verdict


# Q1 -------------------------------------------------------------------------------------------------------------------
def to_leave(table, **other):
    return MADE["to_leave"](table, **other)


def test_the_packages_own_tool_makes_a_table_that_may_leave(hospital):
    def release(table):
        roles = dict.fromkeys(WEEK.FEATURES, "keep")
        roles |= {"age": "age", "back": "keep", "discharged_at": "year", "patient_id": "surrogate", "zip": "zip"}
        frame = safe_harbor_table(table, roles, crosswalk=Crosswalk()).frame
        return frame.rename(columns={"discharged_at": "year", "patient_id": "patient", "zip": "zip3"})

    assert verdict_on("W11.Q1", release, hospital).kind == "right"


@pytest.mark.parametrize("column", sorted(bank_of("columns.py")["BANK"]))
def test_no_added_column_gets_out(hospital, column):
    bank = bank_of("columns.py")
    table, _ = bank["made"](hospital, dice(1))
    source = bank["BANK"][column]
    answer = {
        "table": ASKED["_flat"](to_leave(table, **{column: "x"})),
        **dict.fromkeys(("twice", "some"), ASKED["_flat"](to_leave(table.tail(600)))),
    }
    found = bank["held"](answer, table, {column: source[0]}, WEEK.zip3_people())
    assert found["findings"] == {"added": [column]}


def test_every_hospital_gets_four_additions_and_many_sets_of_them():
    bank = bank_of("columns.py")
    sets = {tuple(sorted(dice(seed).permutation(sorted(bank["BANK"]))[: bank["ADDED"]].tolist())) for seed in range(30)}
    assert len(sets) > 20 and all(len(one) == 4 for one in sets)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda table: to_leave(table, zip3=table.zip), "zip3"),
        (lambda table: to_leave(table, patient=table.patient_id), "code"),
        (lambda table: to_leave(table, patient=[None] * len(table)), "code"),
        (lambda table: to_leave(table, week=table.discharged_at.dt.isocalendar().week.astype(int)), "dates"),
        (lambda table: to_leave(table, attending="A007"), "unknown"),
        (lambda table: to_leave(table, year=table.discharged_at.dt.strftime("%Y-%m")), "dates"),
        (lambda table: to_leave(table, year=2024), "year"),
        (lambda table: to_leave(table, left=table.discharged_at - pd.Timedelta(days=11)), "shifted"),
        (lambda table: to_leave(table).set_index(table.encounter_id), "ids"),
        (lambda table: to_leave(table).assign(**dict.fromkeys(WEEK.FEATURES[1:], 0.0)), "worth"),
    ],
)
def test_other_mistakes_are_found_and_named(hospital, change, told):
    answer = put(week_questions(11)["W11.Q1"], change, hospital)
    assert told in answer["findings"], answer["findings"]


def test_safe_harbor_costs_a1_next_to_nothing_and_leaves_people_alone(hospital):
    answer = put(week_questions(11)["W11.Q1"], to_leave, hospital)
    assert not answer["findings"] and abs(answer["auroc"] - answer["auroc_before"]) < 0.005
    assert 100 < answer["alone"] < 900
    assert "No check can say" in verdict_on("W11.Q1", to_leave, hospital).says


def what_survived(hospital, capsys):
    """The names that section 7 of lesson 1 leaves behind, and what it prints."""
    lesson = next(week_folder(11).glob("1_*.py")).read_text()
    cells = re.split(r"^# %%", lesson[lesson.index("# ## 7. What survived") :], flags=re.M)[1:]
    names = {"hospital": hospital, "pd": pd, "np": np, "claim": lambda value, **told: value}
    for cell in cells:
        if not cell.startswith(" [markdown]"):
            exec(compile(cell, "section 7", "exec"), names)
    return names, capsys.readouterr().out


def test_lesson_1_judges_the_table_that_the_learner_kept_column_by_column(hospital, capsys):
    shipped = READMISSION.table().set_index("name")
    mine = shipped.drop(index=["sodium", "htn", "alcohol"]).reset_index()
    mine.loc[len(mine)] = {"name": "ward_zip", "source": "zip", "unit": "text", "owner": "registration"}
    mine.loc[len(mine)] = {"name": "chart_hash", "source": "mrn", "unit": "text", "owner": "registration"}
    mine.loc[len(mine)] = {"name": "mobility", "source": "adm2", "unit": "points", "owner": "nursing"}
    keep("feature_dictionary", mine)
    names, said = what_survived(hospital, capsys)
    verdicts = names["judged"].set_index("name").verdict
    assert list(verdicts.index) == list(mine["name"]) and "sodium" not in verdicts
    assert verdicts[["age", "ward_zip"]].eq("must be changed").all()
    assert verdicts[["chart_hash", "mobility"]].eq("goes").all(), "also what nobody has explained"
    assert verdicts[["haemoglobin", "hf", "log_los"]].eq("question of actual knowledge").all()
    assert verdicts[["female", "payer_medicare", "albumin_missing"]].eq("stays").all()
    assert said.startswith("Your A1, as kept in week 3: of 46 columns 8 may stay as they are, 2 (age, ward_zip)")
    assert "2 (chart_hash, mobility) must go. 34 are" in said
    assert (
        list(names["columns"]) == [name for name in READMISSION.names if name in verdicts] and not names["as_shipped"]
    )
    assert names["own"] == {"judged, not rebuilt here": ["ward_zip", "chart_hash", "mobility"]}
    assert set(names["rows_alone"]) == {"age, female, year", "age, female, year, haemoglobin"}
    assert 0.55 < names["scores"][0] < 0.8 and abs(names["scores"][0] - names["scores"][1]) < 0.005


def test_lesson_1_says_so_where_nothing_is_kept(hospital, capsys):
    names, said = what_survived(hospital, capsys)
    assert list(names["judged"].name) == READMISSION.names and names["as_shipped"] and not names["own"]
    assert said.startswith("The package's A1, since work/ holds no feature_dictionary of yours: of 46 columns")


def test_a_kept_table_that_is_none_is_refused_with_what_mends_it(hospital, capsys):
    keep("feature_dictionary", {"age": "years"})
    with pytest.raises(PrivacyError, match="keep it again"):
        what_survived(hospital, capsys)


# Q2 -------------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def judged(hospital):
    return _names(11)["_drawn_notes"](hospital)["judged"]


def test_a_note_as_it_was_names_and_an_empty_one_says_nothing(hospital, judged):
    same = WEEK.by_note(dict(zip(judged.note, judged.text, strict=True)), hospital)
    assert same["naming"] == same["with_identifier"] and same["caught"] == 0 and same["lost"] == 0
    empty = WEEK.by_note(dict.fromkeys(judged.note, ""), hospital)
    assert empty["naming"] == 0 and empty["lost"] == empty["notes"] == 300


def test_planted_spans_covered_and_nothing_else_is_right_with_and_without_clinicians(hospital, judged):
    for skip in ((), ("clinician",)):
        after = {}
        for note, text, spans in judged[["note", "text", "spans"]].itertuples(index=False):
            for begin, end, kind in sorted(spans, reverse=True):
                if kind not in skip:
                    text = f"{text[:begin]}[{kind}]{text[end:]}"
            after[note] = text
        found = WEEK.by_note(after, hospital)
        assert (found["naming"], found["lost"]) == (0, 0), found


def test_every_kind_of_identifier_is_judged_and_notes_for_practice_are_others(hospital, judged):
    kinds = {kind for spans in judged.spans for *_, kind in spans}
    assert kinds >= {
        "name",
        "relative",
        "employer",
        "town",
        "phone",
        "day",
        "ssn",
        "age",
        "device",
        "mail",
        "address",
        "date",
    }
    assert not set(judged.text) & set(WEEK.notes(hospital).text)
    assert "keep" not in WEEK.notes(hospital) and 190 <= sum(map(bool, judged.spans)) <= 215


def test_recall_by_identifier_flatters_and_the_prediction_is_by_note(hospital):
    found = WEEK.on_practice(lambda text, record: redact(text, NARROW).text, hospital)
    assert found["caught"] / found["spans"] > 1 - found["naming"] / found["with_identifier"] + 0.02
    truth = open_truth(hospital.path.parent)
    assert KEYS.outcomes["W11.P3"](hospital, truth) == pytest.approx(100 * found["naming"] / found["with_identifier"])


# Q3 -------------------------------------------------------------------------------------------------------------------
def test_a_guard_by_the_policy_is_right_in_every_draw_and_every_kind_occurs():
    bank, met = bank_of("requests.py"), Counter()
    for seed in range(25):
        drawn = bank["drawn"](dice(seed, 0), dice(seed, 1), dice(seed, 2))
        assert [one["kind"] for one in drawn["shown"]["bank"]] != [one["kind"] for one in drawn["judged"]["bank"]]
        one = drawn["judged"]
        assert Counter(o["action"] for o in one["bank"]) == {"allow": 8, "redact": 8, "block": 14}
        met.update(o["kind"] for o in one["bank"])
        answer = ASKED["guarded"](MADE["stand_in"], [o["payload"] for o in one["bank"]], one["roster"], WEEK.ACTIONS)
        assert bank["by_payload"](answer, one["bank"]) == {"leaks": [], "lost": [], "held": []}
    assert set(met) == {kind for some in bank["BANK"].values() for kind in some}


def package_routes():
    for one in WEEK.ROUTES:
        notes = (one["note"],) if one["note"] else ()
        fields = tuple(name for name in one["fields"] if name not in notes)
        yield Route(one["purpose"], one["destination"], "deidentified", fields, notes, files=bool(notes))


def test_the_packages_own_guard_keeps_the_policy_on_thirty_payloads_in_every_draw():
    bank, met = bank_of("requests.py"), set()
    for seed in range(25):
        one = bank["drawn"](dice(seed, 0), dice(seed, 1), dice(seed, 2))["judged"]
        door, answer = Guard(package_routes(), one["roster"]), {}
        for asked in (o["payload"] for o in one["bank"]):
            request = Request(*(asked[name] for name in ("destination", "purpose", "fields")), user="coder3")
            verdict = door.decide(replace(request, headers=asked["headers"], files=asked["files"]))
            left = {name: dict(getattr(verdict.request, name, {})) for name in ("fields", "files", "headers")}
            answer[asked["id"]] = [verdict.action, json.dumps(left, ensure_ascii=False) if verdict.request else ""]
        assert bank["by_payload"](answer, one["bank"]) == {"leaks": [], "lost": [], "held": []}
        met.update(o["kind"] for o in one["bank"])
    assert met == {kind for some in bank["BANK"].values() for kind in some}


@pytest.mark.parametrize("action", ["allow", "redact", "block"])
def test_whoever_does_the_same_with_everything_is_wrong_in_each_other_kind(action):
    bank = bank_of("requests.py")
    one = bank["drawn"](dice(3, 0), dice(3, 1), dice(3, 2))["judged"]
    answer = {o["payload"]["id"]: [action, "" if action == "block" else json.dumps(o["payload"])] for o in one["bank"]}
    found = bank["by_payload"](answer, one["bank"])
    assert len(found["leaks"]) == (0 if action == "block" else 22) and len(found["held"]) == (
        16 if action == "block" else 0
    )


def test_whoever_is_meant_in_a_bank_is_to_be_seen_to_be_invented(hospital):
    texts = []
    for seed in range(20):
        drawn = bank_of("requests.py")["drawn"](dice(seed, 0), dice(seed, 1), dice(seed, 2))
        texts += [json.dumps(o["payload"]) for part in drawn.values() for o in part["bank"]]
    writing = bank_of("writing.py")
    texts += [writing["_hard"](dice(5, number), number)[0] for number in range(200)]
    whole = " ".join(texts)
    assert all(number[4:10] in ("555-01", "555.01") for number in re.findall(r"\b\d{3}[-.]\d{3}[-.]\d{4}\b", whole))
    assert all(number[:3] in ("000", "666") for number in re.findall(r"\b\d{3}-\d{2}-\d{4}\b", whole))
    assert all(number.startswith("999") for number in re.findall(r"(?<![\da-f])\d{10}(?![\da-f])", whole))
    assert all(host.rstrip(".").endswith("example.org") for host in re.findall(r"(?:@|https?://)([\w.-]+)", whole))


# Q4 -------------------------------------------------------------------------------------------------------------------
def test_sound_drafts_tell_what_must_be_told_and_every_draw_has_every_fault():
    bank, sets = bank_of("charts.py"), set()
    for name, story in bank["STORIES"].items():
        told = {line for _, lines in story.draft for line in lines}
        assert set(story.must) <= told, name
        assert all(line in story.must and line in story.draft[place - 1][1] for line, place, _ in story.short), name
    for seed in range(60):
        made = bank["drawn"](dice(seed))
        marks = Counter(mark.split()[0] for one in made.values() for mark in one["marks"])
        assert marks == {"unsupported": 2, "omitted": 3, "injected": 2}
        assert sum(not one["marks"] for one in made.values()) == 2
        assert sum(bool(one["order"]) for one in made.values()) == 3
        sets.add(json.dumps({name: one["draft"] for name, one in made.items()}))
        for one in made.values():
            for mark in one["marks"]:
                kind, number = mark.split()
                assert number in one["chart" if kind == "omitted" else "draft"]
    assert len(sets) == 60


def test_marks_that_may_stand_there_do_no_harm(hospital):
    known = WEEK.marks_of(hospital)
    assert verdict_on("W11.Q4", {name: one["marks"] for name, one in known.items()}, hospital).kind == "right"
    assert (
        verdict_on("W11.Q4", {name: one["marks"] + one["also"] for name, one in known.items()}, hospital).kind
        == "right"
    )
    assert verdict_on("W11.Q4", {"D1": ["untrue 3"]}, hospital).kind == "unreadable"
    assert verdict_on("W11.Q4", {"D1": ["omitted 99"]}, hospital).kind == "unreadable"
    some = {name: one["marks"] for name, one in known.items() if name != "D8"}
    assert "D8 is not named" in verdict_on("W11.Q4", some, hospital).evidence


# Q5 and Q6 ------------------------------------------------------------------------------------------------------------
def test_nobody_with_a_documented_exception_is_among_those_who_snooped(hospital):
    users = set(MADE["who_snooped"](hospital, open_truth(hospital.path.parent))["users"])
    log = WEEK.access_log(hospital)
    looked = log[log.user.isin(users)]
    assert len(users) == 12 and looked.groupby("user").size().min() >= 5
    lay = WEEK.whereabouts(hospital)
    assert set(lay.department) <= set(log.department)


def test_one_innocent_among_twelve_is_refused_and_a_stranger_cannot_be_read(hospital):
    users = MADE["who_snooped"](hospital, open_truth(hospital.path.parent))["users"]
    other = next(user for user in WEEK.directory(hospital).user if user not in users)
    assert verdict_on("W11.Q5", {*users}, hospital).kind == "right"
    wrong = verdict_on("W11.Q5", [*users, other], hospital)
    assert wrong.kind == "not_yet" and "13" in wrong.evidence
    assert verdict_on("W11.Q5", ["nobody"], hospital).kind == "unreadable"


def test_every_draw_of_answers_has_three_that_pass_and_four_that_answer_something_else():
    bank, sets = bank_of("answers.py"), set()
    for seed in range(60):
        drawn = bank["drawn"](dice(seed))
        right = drawn["right"].values()
        assert Counter(word for word, *_ in right) == {"fail": 7, "pass": 3}
        assert sum(other is True for *_, other in right) == 4
        letters = [fits[0] for word, fits, _ in right if word == "fail"]
        assert len(set(letters)) == 7 and not set(letters) & set(drawn["beside"]) and len(drawn["follow_ups"]) == 10
        sets.add(tuple(drawn["answers"].says))
    assert len(sets) == 60


def test_a_word_without_a_letter_passes_only_where_it_passes(hospital):
    key = WEEK.vendor_key(hospital)["right"]
    words = {name: one[0] for name, one in key.items()}
    verdict = verdict_on("W11.Q6", words, hospital)
    assert verdict.kind == "not_yet" and "10 of 10 words" in verdict.evidence and "3 with" in verdict.evidence


# all ------------------------------------------------------------------------------------------------------------------
def test_the_evidence_of_every_known_mistake_is_short(hospital):
    for id, key in KEYS.keys.items():
        asked = week_questions(11)[id]
        for wrong in key.misconceptions:
            value = wrong.answer if asked.kind == "function" else wrong.answer(hospital)
            verdict = verdict_on(id, value, hospital)
            assert verdict.misconception == wrong.name and len(verdict.evidence.split()) <= 75, (id, wrong.name)


def test_what_is_drawn_with_a_secret_or_knows_answers_is_made_outside_the_box():
    names = _names(11)
    apart = (
        "_a1_table",
        "_practice",
        "_judged_notes",
        "_payloads",
        "_roster",
        "_judged_payloads",
        "_drafts",
        "_vendor",
    )
    assert all(names[name].is_apart for name in apart)
    shown = {"fixtures.py", "questions.py", *WEEK.BESIDE}
    for path in (week_folder(11) / name for name in shown):
        text = path.read_text()
        assert "misconception(" not in text and not re.search(r"\bSTORIES\b|\bGATES\b|\bBANK\b|\bSENTENCES\b", text), (
            path.name
        )


def test_no_figure_of_the_predictions_is_degenerate(hospital):
    truth = open_truth(hospital.path.parent)
    of = {id: compute(hospital, truth) for id, compute in KEYS.outcomes.items()}
    assert 300 < of["W11.P1"] < 1000 and 0 < of["W11.P2"] < 600 and 5 < of["W11.P3"] < 80
    assert 0.5 < of["W11.P4"] < 120
