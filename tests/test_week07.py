"""Week 7's archive, gate, drill and page, and what plausible answers are told."""

from __future__ import annotations

import functools
import hashlib
import json
import runpy
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from wardround.course.asking import put
from wardround.course.given import _names, given
from wardround.course.keys import week_keys
from wardround.course.places import week_folder
from wardround.course.questions import week_questions
from wardround.course.verdicts import expected, judge
from wardround.hospital import open_truth
from wardround.records import read_export

WEEK, KEYS = given(7), week_keys(7)
MADE = KEYS.keys["W07.Q1"].reference.__globals__  # what keys.py defines
DICE = _names(7)["_dice"]


def bank_of(name):
    return runpy.run_path(str(week_folder(7) / name))


@pytest.fixture(scope="module")
def hospital(third_hospitals):
    return read_export(third_hospitals[0])


def verdict_on(id, value, hospital):
    asked, key, folder = week_questions(7)[id], KEYS.keys[id], hospital.path.parent
    known = expected(asked, key, hospital, open_truth(folder), KEYS.digest, folder / "truth" / "answers")
    verdict = judge(asked, key, {"here": put(asked, value, hospital)}, {"here": known})
    assert len(f"{verdict.says} {verdict.so_what}".split()) <= 60
    return verdict


# the archive ----------------------------------------------------------------------------------------------------------
def test_files_are_named_by_their_bytes_and_the_log_is_one_chain(hospital):
    archive = WEEK.archive(hospital)
    assert all(hashlib.sha256(path.read_bytes()).hexdigest() == path.name for path in archive.kept.iterdir())
    before = "0" * 64
    for line in archive.lines:
        assert line["before"] == before
        parts = [line[name] for name in ("number", "at", "actor", "action", "detail", "before")]
        before = line["hash"]
        assert before == hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    named = pd.unique(archive.log[["code", "contract", "snapshot", "lock"]].melt().value.dropna())
    assert len(named) and all((archive.kept / name).is_file() for name in named)


def test_no_training_row_was_unknown_on_its_day(hospital):
    archive = WEEK.archive(hospital)
    released = archive.log[archive.log.action.eq("released") & archive.log.snapshot.notna()]
    for line in released.itertuples():
        rows = pd.read_parquet(archive.kept / line.snapshot)
        assert rows.asked_at.max() + pd.Timedelta(days=149) < line.at and 50 < rows.back.sum() < len(rows)


def test_other_weights_under_a_version_are_not_those_of_the_digest(hospital):
    import mlflow

    archive = WEEK.archive(hospital)
    line = archive.log[archive.log.version.eq(3) & archive.log.action.eq("released")].iloc[0]
    parts = {name: line[name] for name in ("code", "contract", "threshold", "snapshot", "lock", "weights")}
    told = json.dumps(parts | {"version": int(line.version)}, sort_keys=True)
    assert hashlib.sha256(told.encode()).hexdigest() == line.digest
    for office, same in ((archive, True), (_names(7)["_exchanged"](hospital), False)):
        client = mlflow.MlflowClient(office.uri)
        model = mlflow.sklearn.load_model(client.get_model_version("readmission", 3).source.removeprefix("file://"))
        assert (WEEK.weights_digest(model) == line.weights) is same


def test_releases_are_proposed_and_approved_on_weekdays_in_office_hours(hospital):
    log = WEEK.archive(hospital).log
    signed = log[log.action.isin(["proposed", "approved"])]["at"].dt.tz_convert("America/New_York")
    assert len(signed) == 10 and signed.dt.day_of_week.max() < 5 and signed.dt.hour.between(8, 17).all()


def test_the_registry_shows_what_the_story_says(hospital):
    import mlflow

    client = mlflow.MlflowClient(WEEK.archive(hospital).uri)
    assert client.get_model_version_by_alias("readmission", "champion").version == 5
    assert client.get_model_version("readmission", 3).tags == {"threshold": "0.2"}
    assert (
        client.get_model_version("readmission", 2).creation_timestamp
        < client.get_model_version("readmission", 3).creation_timestamp
    )


# Q1 -------------------------------------------------------------------------------------------------------------------
def changed(**parts):
    """The right function, with some parts of its answer changed."""
    right = MADE["explaining"](trained=MADE["again"](lambda archive, line: line.snapshot))
    return lambda decision, archive: (
        (found := right(decision, archive)) | {name: change(found) for name, change in parts.items()}
    )


def test_rebuilt_from_what_is_kept_is_right_to_the_last_bit(hospital):
    verdict = verdict_on("W07.Q1", changed(), hospital)
    assert verdict.kind == "right" and "all of them to the last bit" in verdict.says


@pytest.mark.parametrize(
    "parts, told",
    [
        ({"score": lambda found: 100 * found["score"]}, "between 0 and 1"),
        ({"called": lambda found: found["score"] > found["threshold"] + 0.05}, "at least the threshold"),
        ({"rebuilt": lambda found: found["score"] + 0.01}, "rows, code, strength or seed"),
        ({"version": lambda found: found["version"] + 1}, "before that minute"),
        ({"score": lambda found: 1 - found["score"]}, "look at the row, the code and the model"),
        ({"called": lambda found: not found["called"]}, "the call is off first"),
    ],
)
def test_what_nobody_foresaw_is_told_which_part_is_off_first(hospital, parts, told):
    verdict = verdict_on("W07.Q1", changed(**parts), hospital)
    assert verdict.kind == "not_yet" and told in verdict.evidence


def test_a_call_that_is_copied_from_the_archive_is_seen(hospital):
    copied = lambda decision, archive: changed()(decision, archive) | {"called": bool(decision.called)}  # noqa: E731
    verdict = verdict_on("W07.Q1", copied, hospital)
    assert verdict.misconception == "noted_call" and "4 of 4 times yours followed" in verdict.evidence
    both = lambda decision, archive: MADE["explaining"]()(decision, archive) | {"called": decision.called}  # noqa: E731
    verdict = verdict_on("W07.Q1", both, hospital)
    assert verdict.misconception == "copied" and "followed" in verdict.evidence and "went with it" in verdict.evidence


def test_who_refuses_a_forged_archive_has_noticed(hospital):
    def explain(decision, archive):
        found = changed()(decision, archive)
        assert found["score"] == found["rebuilt"] and found["called"] == decision.called
        return found

    assert verdict_on("W07.Q1", explain, hospital).kind == "right"


def test_a_line_of_the_triage_model_is_called_one(hospital):
    def explain(decision, archive):
        log = archive.log[archive.log.action.isin(MADE["ACTIVE"]) & (archive.log["at"] <= decision.at)]
        return {"version": runpy.run_path(str(archive.kept / log.iloc[-1].code))}

    with pytest.raises(TypeError, match="triage model's, which names no code"):
        WEEK.explained(explain, hospital)
    with pytest.raises(TypeError, match="can only concatenate str"):
        WEEK.explained(lambda decision, archive: "" + 1, hospital)


def test_a_part_that_is_missing_is_named(hospital):
    verdict = verdict_on("W07.Q1", lambda decision, archive: {"version": 1}, hospital)
    assert verdict.kind != "right" and "threshold" in verdict.says + verdict.evidence


# Q2 -------------------------------------------------------------------------------------------------------------------
def test_every_fault_of_the_bank_breaks_its_own_rule_and_no_other(hospital, tmp_path):
    bank = bank_of("candidates.py")
    dice = DICE(f"{hospital.checksum} bank")
    made = bank["_made"](hospital, dice, WEEK.HOUSE)
    for fault in [None, "frightening", *bank["FAULTS"]]:
        home = tmp_path / str(fault)
        home.mkdir()
        candidate = bank["_candidate"](made, "one", fault, dice, WEEK.HOUSE)
        for name, content in candidate["files"].items():
            (home / name).write_bytes(content)
        broken = MADE["gating"]()(candidate["about"] | {"files": str(home)})
        assert broken == ([fault.split(".")[0]] if fault in bank["FAULTS"] else []), fault
    assert {name.split(".")[0] for name in bank["FAULTS"]} == set(WEEK.RULES)


def without(rule, gate=None):
    whole = gate or MADE["gating"]()
    return lambda candidate: [one for one in whole(candidate) if one != rule]


@pytest.mark.parametrize("rule", ["snapshot", "approval", "learnt", "not worse", "answers"])
def test_a_rule_that_is_not_written_is_named_with_its_cost(hospital, rule):
    verdict = verdict_on("W07.Q2", without(rule), hospital)
    assert verdict.kind == "misconception" and f"breaks *{rule}*" in verdict.evidence
    assert MADE["COST"][rule] in verdict.evidence


@pytest.mark.parametrize("rule", ["calibrated", "groups", "alone"])
def test_a_rule_that_no_shown_candidate_may_break_is_asked_all_the_same(hospital, rule):
    verdict = verdict_on("W07.Q2", without(rule), hospital)
    assert verdict.kind == "not_yet" and f"breaks *{rule}*" in verdict.evidence


def test_approvals_by_nobody_and_by_the_author_in_other_letters_are_asked_in_every_hospital(hospital):
    said = {one["name"]: one for one in _names(7)["_at_the_door"](hospital)}
    faults = _names(7)["_drawn"](hospital)[1]
    approvals = {
        fault: said[name]["approvals"] for name, fault in faults.items() if (fault or "").startswith("approval.")
    }
    assert {one["by"] for one in approvals["approval.nobody"]} == {"", "  ", None}
    one, author = approvals["approval.herself"][0]["by"], next(n for n, f in faults.items() if f == "approval.herself")
    assert one != said[author]["author"] and one.strip().lower() == said[author]["author"]
    assert len(said) == 15 and len(WEEK.candidates(hospital)) == 9
    verdict = verdict_on("W07.Q2", MADE["gating"](approval="nameless"), hospital)
    assert verdict.misconception == "nameless" and verdict.evidence.startswith("Treated as they should be: 14 of 15")


def test_a_gate_that_stops_has_judged_nothing(hospital):
    def gate(candidate):
        if candidate["approvals"][0]["by"].lower() == candidate["author"].lower():
            raise ValueError("odd")
        return MADE["gating"]()(candidate)

    assert "judged nothing" in verdict_on("W07.Q2", gate, hospital).evidence


def test_a_stricter_house_is_told_that_the_good_one_keeps_the_rule(hospital):
    strict = lambda candidate: [*MADE["gating"]()(candidate), *(["approval"] if candidate["notes"] else [])]  # noqa: E731
    verdict = verdict_on("W07.Q2", strict, hospital)
    assert verdict.kind == "not_yet" and "and keeps it" in verdict.evidence
    assert verdict_on("W07.Q2", lambda candidate: ["too odd"], hospital).kind == "unreadable"


# Q3 -------------------------------------------------------------------------------------------------------------------
def parts_of(drill):
    line = MADE["good"](drill.log)
    return MADE["pieces"](line), line


def paused_and_one_by_one(drill):
    parts, line = parts_of(drill)
    drill.pause()
    for name, value in parts.items():
        drill.serve(**{name: value})
    drill.resume()
    drill.write("rolled back", line.digest, "me", "calls tripled")


def test_one_part_after_the_other_is_right_while_nothing_is_shown(hospital):
    assert verdict_on("W07.Q3", paused_and_one_by_one, hospital).kind == "right"


@pytest.mark.parametrize(
    "action, digest, why, name",
    [
        ("rolled back", None, "", "not_written"),
        ("restored", None, "too many", "not_written"),
        ("rolled back", "f" * 64, "too many", "no_such_digest"),
        ("rolled back", 4, "too many", "no_such_digest"),
    ],
)
def test_the_line_says_what_who_and_why(hospital, action, digest, why, name):
    def roll_back(drill):
        parts, line = parts_of(drill)
        drill.serve(**parts)
        drill.write(action, digest or line.digest, "me", why)

    verdict = verdict_on("W07.Q3", roll_back, hospital)
    assert verdict.misconception == name


def test_a_line_before_the_release_is_served_is_told(hospital):
    def roll_back(drill):
        parts, line = parts_of(drill)
        drill.write("rolled back", line.digest, "me", "too many")
        drill.serve(**parts)

    assert verdict_on("W07.Q3", roll_back, hospital).misconception == "written_first"


@pytest.mark.parametrize("after", ["resume", "serve the same again"])
def test_a_line_is_not_early_when_nothing_new_is_served_after_it(after, hospital):
    def roll_back(drill):
        parts, line = parts_of(drill)
        if after == "resume":
            drill.pause()
        drill.serve(**parts)
        drill.write("rolled back", line.digest, "me", "too many")
        drill.resume() if after == "resume" else drill.serve(**parts)

    assert verdict_on("W07.Q3", roll_back, hospital).kind == "right"


def test_an_approval_names_no_parts_to_serve(hospital):
    def roll_back(drill):
        approved = drill.log[drill.log.action == "approved"].iloc[-2]
        drill.serve(version=approved.version, code=approved.code)

    verdict = verdict_on("W07.Q3", roll_back, hospital)
    assert "names only a digest" in f"{verdict.says} {verdict.evidence}"


def test_a_pair_of_parts_that_nobody_named_is_counted_in_patients(hospital):
    def roll_back(drill):
        parts, line = parts_of(drill)
        drill.serve(version=parts["version"], contract=parts["contract"])
        drill.write("rolled back", line.digest, "me", "too many")

    verdict = verdict_on("W07.Q3", roll_back, hospital)
    assert verdict.kind == "not_yet" and "patients get another decision" in verdict.evidence
    assert "`version`, `contract`" in verdict.evidence


def test_a_drill_left_paused_is_not_right(hospital):
    def roll_back(drill):
        parts, line = parts_of(drill)
        drill.pause()
        drill.serve(**parts)
        drill.write("rolled back", line.digest, "me", "too many")

    verdict = verdict_on("W07.Q3", roll_back, hospital)
    assert verdict.misconception == "left_paused" and "it was paused, and not resumed" in verdict.evidence


def test_a_line_needs_a_person_and_gets_its_minute_and_its_parts(hospital):
    def signed_by(person):
        def roll_back(drill):
            parts, line = parts_of(drill)
            drill.serve(**parts)
            drill.write("rolled back", line.digest, person, "too many")
            roll_back.log = drill.log

        return roll_back

    for nobody in ("", " ", None):
        verdict = verdict_on("W07.Q3", signed_by(nobody), hospital)
        assert verdict.misconception == "not_written" and "with a name and a reason" in verdict.evidence
    done = signed_by("me")
    done(WEEK.drill(hospital))
    line = done.log.iloc[-1]
    assert (
        line["at"] == pd.Timestamp("2024-11-18 07:43", tz="America/New_York") and done.log["at"].is_monotonic_increasing
    )
    decision = SimpleNamespace(at=pd.Timestamp("2024-11-18 08:00", tz="America/New_York"))
    office = SimpleNamespace(log=done.log)
    found = MADE["in_force"](decision, office)  # Q1's own way finds the rollback, and all that it names
    assert found.number == line.number and MADE["pieces"](found) == MADE["pieces"](MADE["good"](done.log))
    assert found.snapshot == MADE["good"](done.log).snapshot


def test_what_the_server_does_not_have_is_said_in_a_sentence(hospital):
    for parts, told in (
        ({"version": 9}, "no version 9"),
        ({"version": "3"}, "a text; give the number"),
        ({"code": "latest"}, "nothing is kept"),
        ({"model": 3}, "no part"),
    ):
        with pytest.raises((LookupError, TypeError), match=told):
            WEEK.drill(hospital).serve(**parts)


# Q4 -------------------------------------------------------------------------------------------------------------------
def test_every_paragraph_is_a_fault_with_a_reason_or_in_order_with_one():
    bank = bank_of("design_page.py")
    assert set(MADE["FAULT_OF"]) == bank["FAULTS"] == set(MADE["WHY"])
    assert (
        set(MADE["IN_ORDER"]) | bank["FAULTS"] == set(bank["PARAGRAPHS"]) and not set(MADE["IN_ORDER"]) & bank["FAULTS"]
    )
    assert {kind for kinds in MADE["FAULT_OF"].values() for kind in kinds} == set(WEEK.KINDS) == set(MADE["COSTS"])
    for seed in range(20):
        names = bank["drawn"](DICE(f"page {seed}"))
        assert sum(name in bank["FAULTS"] for name in names) == bank["FAULTY"] and len(names) == len(bank["SLOTS"])


def test_a_finding_on_what_is_in_order_is_answered_with_its_reason(hospital):
    right = MADE["pointing"](lambda name: True)(hospital)
    calm = next(name for name in WEEK.paragraphs(hospital) if name in MADE["IN_ORDER"])
    verdict = verdict_on("W07.Q4", right | {WEEK.paragraphs(hospital)[calm][0]: "no history"}, hospital)
    assert verdict.kind == "not_yet" and MADE["IN_ORDER"][calm] in verdict.evidence
    one = next(iter(right))
    other = "undone in part" if right[one] != "undone in part" else "claim believed"
    told = verdict_on("W07.Q4", right | {one: other}, hospital).evidence
    assert told.startswith("You found all 6 places, 5 with their kind.") and "a fault, but not" in told
    left = {line: kind for line, kind in right.items() if line != one}
    assert "Go on at" in verdict_on("W07.Q4", left, hospital).evidence
    assert verdict_on("W07.Q4", right, hospital).kind == "right"
    assert verdict_on("W07.Q4", {one: "bad"}, hospital).kind == "unreadable"


# Q5 and Q6 ------------------------------------------------------------------------------------------------------------
def test_a_search_that_names_every_file_is_not_right(hospital):
    everything = lambda folder, people: [path.name for path in Path(folder).iterdir()]  # noqa: E731
    assert "nobody is in it" in verdict_on("W07.Q5", everything, hospital).evidence
    paths = lambda folder, people: {Path(folder) / name for name in MADE["searching"]()(folder, people)}  # noqa: E731
    assert verdict_on("W07.Q5", paths, hospital).kind == "right"


@pytest.mark.parametrize(
    "change, told",
    [
        (lambda value: value * 88.4, "in no row of this patient"),
        (lambda value: value.where(value > 1), "You have none"),
    ],
)
def test_a_value_as_of_a_time_that_is_off_is_told_why(hospital, change, told):
    as_of = lambda log, asks: change(MADE["pulling"]()(log, asks))  # noqa: E731
    verdict = verdict_on("W07.Q6", as_of, hospital)
    assert verdict.kind == "not_yet" and told in verdict.evidence


def test_the_evidence_of_every_known_mistake_is_short(hospital):
    for id, key in KEYS.keys.items():
        asked = week_questions(7)[id]
        for wrong in key.misconceptions:
            value = wrong.answer if asked.kind == "function" else wrong.answer(hospital)
            verdict = verdict_on(id, functools.partial(value) if callable(value) else value, hospital)
            assert verdict.misconception == wrong.name and len(verdict.evidence.split()) <= 60, (id, wrong.name)
