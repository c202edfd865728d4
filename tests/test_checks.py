"""What a learner meets: every verdict, through ``check`` in a notebook and through the two-process runner."""

from __future__ import annotations

import json

import pandas as pd
import pytest
import wardround
from wardround.course import check as checking
from wardround.course import checkfile, given, loading, plain, progress, runner
from wardround.course.check import NoHospital, NotYet
from wardround.course.keys import week_keys
from wardround.course.plain import Raised, Unreadable
from wardround.course.questions import week_questions
from wardround.course.verdicts import Expected, expected, judge
from wardround.hospital import open_truth
from wardround.records import read_export

PAGE = given.given(1)


@pytest.fixture
def hospital(third_hospitals, tmp_path, monkeypatch):
    """The course's hospitals are two small ones; the first is loaded."""
    data = tmp_path / "datasets"
    data.mkdir()
    for name, folder in zip(("quillmere", "quillmere-second"), third_hospitals, strict=True):
        (data / name).symlink_to(folder)
    monkeypatch.setenv("WARDROUND_DATA", str(data))
    monkeypatch.setattr(checking, "_seconds", [])
    opened = read_export(third_hospitals[0])
    monkeypatch.setattr(loading, "_current", [opened])
    return opened


@pytest.fixture
def shown(monkeypatch):
    """What is displayed above an error."""
    seen: list = []
    monkeypatch.setattr("IPython.display.display", seen.append)
    return seen


def right_counts(hospital):
    patients = {p["id"]: p for p in hospital.resources("Patient")}
    pairs = {frozenset([p["id"], p["link"][0]["other"]["reference"][8:]]) for p in patients.values() if "link" in p}
    lines = sum(1 for _ in hospital.resources("Patient"))
    return {"lines": lines, "resources": len(patients), "people": len(patients) - len(pairs)}


def refused(shown, id, value):
    with pytest.raises(NotYet) as error:
        wardround.check(id, value)
    return str(shown[-1]), error.value


def test_right_says_what_it_means_and_is_recorded(hospital):
    block = wardround.check("W01.Q1", right_counts(hospital))
    assert block.heading == "W01.Q1: right" and block.tone == "right"
    assert progress.read().questions["W01.Q1"].done
    assert progress.read().misconceptions["M16"].last == "resisted"


def test_a_misconception_is_met_with_its_own_message_and_recorded(hospital, shown):
    counts = right_counts(hospital)
    told, error = refused(shown, "W01.Q1", counts | {"people": counts["resources"]})
    assert (
        "You counted a person for each Patient resource, or for each record number." in told and "On the ward" in told
    )
    assert progress.read().misconceptions["M16"].state == "open"
    assert error._render_traceback_() == ["NotYet: W01.Q1, misconception (see above)"]


def test_a_mistake_nobody_foresaw_gets_evidence_of_its_own(hospital, shown):
    counts = right_counts(hospital)
    told, _ = refused(shown, "W01.Q1", counts | {"people": counts["people"] * 2 + 1})
    assert "`lines` and `resources` are right" in told and f"Your {counts['people'] * 2 + 1:,} is too high" in told
    assert f"{counts['people']:,}" not in told.replace(f"{counts['people'] * 2 + 1:,}", "")


@pytest.mark.parametrize("blank", [..., {"lines": ..., "resources": ..., "people": ...}])
def test_nothing_yet_is_no_mistake(hospital, shown, blank):
    told, _ = refused(shown, "W01.Q1", blank)
    assert "there is no answer yet" in told and "W01.Q1" not in progress.read().questions


@pytest.mark.parametrize(
    ("value", "part"),
    [
        (7, "a number is there where a dictionary"),
        ({"lines": 1}, "lacks `resources` and `people`"),
        ({"lines": "1", "resources": 1, "people": 1}, "in the part `lines`, text is there"),
        (None, "it is None"),
        (open, "builtin_function_or_method, which is not plain data"),
    ],
)
def test_what_cannot_be_read_is_told_what_was_expected(hospital, shown, value, part):
    told, _ = refused(shown, "W01.Q1", value)
    assert part in " ".join(told.split()) and "Expected: a dictionary" in " ".join(told.split())


def view(**paths):
    made = PAGE.laboratory_view()
    made["select"][0]["column"] += [{"name": name, "path": path} for name, path in paths.items()]
    return made


RIGHT = {"loinc": "code.coding.where(system = 'http://loinc.org').code.first()", "known_at": "issued"}


def test_a_view_is_run_here_and_on_a_hospital_never_seen(hospital):
    assert wardround.check("W01.Q2", view(**RIGHT)).tone == "right"


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ([{"name": "loinc"}], "a list is there. Expected: the whole ViewDefinition, a dictionary"),
        ("issued", "text is there. Expected: the whole ViewDefinition"),
        (None, "`append`, `update` and `sort` change a thing where it is and give None back"),
    ],
)
def test_what_is_no_view_is_told_what_the_question_expects(hospital, shown, value, part):
    told, _ = refused(shown, "W01.Q2", value)
    assert part in " ".join(told.split()) and "DataFrame" not in told


def test_a_function_question_takes_a_function(hospital, shown):
    told, _ = refused(shown, "W01.Q4", pd.DataFrame({"display": ["x"]}))
    assert "a DataFrame is there. Expected: a function of the rows" in " ".join(told.split())


def test_a_merge_that_multiplied_rows_is_told_so(hospital):
    asked, key = week_questions(1)["W01.Q3"], week_keys(1).keys["W01.Q3"]
    verdict = judge(asked, key, {"here": Raised("TooLarge", "44 MB")}, {"here": Expected(hospital, None)})
    assert verdict.kind == "unreadable" and "A merge multiplies rows" in verdict.evidence


def loinc_of(tables, on, **changes):
    labs = tables.labs
    words = labs.dropna(subset=["loinc", "local_code"]).drop_duplicates(on)[[*on, "loinc"]]
    lost = labs[labs.loinc.isna()].drop(columns="loinc").merge(words, on=on)
    return lost.assign(**changes)[["lab_key", "loinc"]]


def test_a_code_is_asked_without_its_system(hospital, shown):
    def prefixed(tables):
        rows = loinc_of(tables, ["local_system", "local_code"])
        return rows.assign(loinc="http://loinc.org|" + rows.loinc)

    told, _ = refused(shown, "W01.Q3", prefixed)
    assert "the code alone is asked, without its system" in " ".join(told.split())


def test_a_table_from_outside_is_named_where_it_fails(hospital, shown):
    outside = PAGE.three_laboratories(hospital)
    told, _ = refused(shown, "W01.Q3", lambda tables: loinc_of(outside, ["local_system", "local_code"]))
    assert "such as `labs` where `tables.labs` belongs" in " ".join(told.split())


def test_more_or_less_than_was_asked_is_no_mistake_of_grain(hospital, shown):
    keys = week_keys(1).keys["W01.Q4"].evidence.__globals__
    told, _ = refused(shown, "W01.Q4", lambda rows: rows.groupby("display").patient_id.nunique().rename(
        "patients").nlargest(5).reset_index())  # fmt: skip
    assert "Each of your 5 rows is right. All diagnoses are asked" in " ".join(told.split())
    people = keys["people_by_diagnosis"](hospital).rename("patients").reset_index()
    told, _ = refused(shown, "W01.Q4", lambda rows: people)
    assert "counted people: better than asked" in " ".join(told.split())


def test_evidence_on_grain_is_one_patient(hospital, shown):
    told, _ = refused(shown, "W01.Q4", lambda rows: rows.groupby("display").size().rename("patients").reset_index())
    assert " times under *" in " ".join(told.split())


def test_a_reveal_says_what_the_outcome_is_made_of_once_nothing_is_given_away(hospital):
    wardround.predict("W01.P1", ...)
    counts = right_counts(hospital)
    before = str(wardround.reveal("W01.P1"))
    assert "Finish it, and reveal again" in " ".join(before.split())
    wardround.check("W01.Q1", counts)
    more = counts["people"] - len(open_truth(hospital.path.parent).persons)
    assert f"By the links you counted {more:,} more" in " ".join(str(wardround.reveal("W01.P1")).split())


def test_learner_code_that_stops_is_explained(hospital, shown):
    told, _ = refused(shown, "W01.Q2", view(loinc="code.coding.code.frist()", known_at="issued"))
    assert "stopped with ViewError" in told and "frist" in told


def test_a_column_that_finds_nothing_is_named(hospital, shown):
    told, _ = refused(
        shown, "W01.Q2", view(loinc="code.coding.where(system = 'loinc').code.first()", known_at="issued")
    )
    assert "`loinc` is empty on all 5,000 rows" in " ".join(told.split()) and "`known_at`: right" in told


def test_right_here_and_wrong_elsewhere_is_fragile(hospital, shown, monkeypatch):
    answers = {
        "here": plain.through(week_questions(1)["W01.Q2"].ask(view(**RIGHT), hospital)),
        "unseen": plain.through(week_questions(1)["W01.Q2"].ask(view(loinc="status", known_at="issued"), hospital)),
    }
    verdict = judge_page(hospital, answers)
    assert verdict.kind == "fragile" and "`loinc` differs" in verdict.evidence
    answers["unseen"] = Raised("KeyError", "'EB-1'")
    assert "stopped with KeyError" in judge_page(hospital, answers).evidence


def judge_page(hospital, answers):
    asked, key = week_questions(1)["W01.Q2"], week_keys(1).keys["W01.Q2"]
    known = expected(asked, key, hospital, open_truth(hospital.path.parent), "x")
    return judge(asked, key, answers, {"here": known, "unseen": known})


def test_where_mistake_and_answer_agree_the_check_says_that_it_cannot_tell(hospital):
    asked, key = week_questions(1)["W01.Q1"], week_keys(1).keys["W01.Q1"]
    counts = {"lines": 5, "resources": 5, "people": 5}
    known = Expected(hospital, counts, {m.name: {"people": 9} for m in key.misconceptions} | {"active_only": counts})
    verdict = judge(asked, key, {"here": counts}, {"here": known})
    assert verdict.kind == "cannot_tell" and "active: false" in verdict.evidence


def test_a_class_that_says_yes_to_everything_is_no_answer(hospital, shown):
    class Yes(float):
        def __eq__(self, other):
            return True

        __hash__ = float.__hash__

    assert isinstance(plain.through(Yes(1)), Unreadable)
    told, _ = refused(shown, "W01.Q1", {"lines": Yes(1), "resources": 1, "people": 1})
    assert "not readable yet" in told


def test_answers_are_kept_and_forgotten_with_the_key(hospital, tmp_path):
    asked, key = week_questions(1)["W01.Q1"], week_keys(1).keys["W01.Q1"]
    truth = open_truth(hospital.path.parent)
    first = expected(asked, key, hospital, truth, "one", tmp_path)
    (kept,) = tmp_path.glob("W01.Q1-*.json")
    assert (
        expected(asked, key, hospital, None, "one", tmp_path).reference == first.reference
    )  # truth is not asked again
    kept.write_text("{")
    assert expected(asked, key, hospital, truth, "one", tmp_path).wrong == first.wrong
    expected(asked, key, hospital, truth, "two", tmp_path)
    assert len(list(tmp_path.glob("W01.Q1-*.json"))) == 1 and not kept.exists()


def test_without_a_hospital_the_error_says_what_to_do(monkeypatch):
    monkeypatch.setattr(loading, "_current", [])
    with pytest.raises(NoHospital, match=r"hospital = load\(\)"):
        wardround.check("W01.Q1", {"lines": 1})


def test_an_export_without_truth_cannot_be_checked(tmp_path, monkeypatch):
    (tmp_path / "Patient.ndjson").write_text(json.dumps({"resourceType": "Patient", "id": "a"}))
    monkeypatch.setattr(loading, "_current", [read_export(tmp_path)])
    with pytest.raises(NoHospital, match="Nobody knows the truth"):
        wardround.check("W01.Q1", {"lines": 1, "resources": 1, "people": 1})


@pytest.mark.parametrize("id", ["W01.Q9", "Q1", "W33.Q1", 7])
def test_an_unknown_question_is_told_what_there_is(hospital, shown, id):
    told, _ = refused(shown, id, 1)
    assert "No such question" in told


def test_hints_climb_and_end_at_the_solution(hospital):
    headings = [wardround.hint("W01.Q1").heading for _ in range(5)]
    assert (
        headings == ["W01.Q1: hint 1 of 4", "W01.Q1: hint 2 of 4", "W01.Q1: hint 3 of 4"] + ["W01.Q1: hint 4 of 4"] * 2
    )
    assert 'solution("W01.Q1")' in str(wardround.hint("W01.Q1"))


def test_the_solution_waits_for_the_hints_or_a_right_answer(hospital):
    assert "4 hints are left" in str(wardround.solution("W01.Q1"))
    assert "frozenset" in str(wardround.solution("W01.Q1", anyway=True))
    wardround.check("W01.Q1", right_counts(hospital))
    assert "records = {" in str(wardround.solution("W01.Q1"))


def test_all_checks_of_a_week_at_once(hospital):
    block = wardround.check_all(1, {"counts": right_counts(hospital)})
    asked = week_questions(1)
    stretch = [id for id, one in asked.items() if one.stretch]
    assert stretch and block.heading == f"Week 1: 1 of {len(asked) - len(stretch)} right"
    lines = [text for _, text in block.lines]
    assert lines[:2] == ["W01.Q1: right.", "W01.Q2: no answer yet."] and f"{stretch[0]} (+): not tried." in lines
    assert "there is no answer yet" not in str(block)


def test_a_verdict_in_short_says_nothing_twice(hospital):
    wrong = right_counts(hospital) | {"people": 7}
    lines = wardround.check_all(1, {"counts": wrong}).lines
    assert lines[0] == ("", "W01.Q1: not yet.")


def test_in_the_box_checks_are_silent(hospital, monkeypatch):
    monkeypatch.setenv("WARDROUND_BOX", "1")
    assert wardround.check("W01.Q1", 3) is None and wardround.hint() is None and wardround.check_all(1) is None


# The two-process runner -----------------------------------------------------------------------------------------------
def submission(tmp_path, *cells):
    path = tmp_path / "submission.py"
    path.write_text("\n\n".join(f"# %%\n{cell}" for cell in cells))
    return path


def ran(tmp_path, folders, *cells, limit=60.0):
    roles = dict(zip(("here", "unseen"), folders, strict=True))
    return runner.run(submission(tmp_path, *cells), 1, roles, limit=limit)


def test_answers_come_back_from_the_other_process(tmp_path, third_hospitals):
    done = ran(
        tmp_path,
        third_hospitals,
        "from wardround import load, given, check\nhospital = load()",
        "counts = {'lines': 1, 'resources': len(list(hospital.resources('Patient'))), 'people': 1}",
        "check('W01.Q1', counts)",
        "lab_view = given(1).laboratory_view()",
    )
    assert done.answers["W01.Q1"]["here"]["resources"] > 3000 and not done.troubles and not done.ended
    assert isinstance(done.answers["W01.Q2"]["unseen"], pd.DataFrame)


def test_a_cell_that_stops_does_not_stop_the_rest(tmp_path, third_hospitals):
    done = ran(tmp_path, third_hospitals, "1 / 0", "import sys; sys.exit(3)", "counts = {'lines': 1}")
    assert [trouble.error for trouble in done.troubles] == ["ZeroDivisionError", "SystemExit"]
    assert done.answers["W01.Q1"]["here"] == {"lines": 1}


def test_a_process_that_dies_or_hangs_gives_answers_all_the_same(tmp_path, third_hospitals):
    died = ran(tmp_path, third_hospitals, "import os; os._exit(9)")
    assert "code 9" in died.ended and died.answers["W01.Q1"]["here"].error == "NoAnswer"
    hung = ran(tmp_path, third_hospitals, "while True: pass", limit=8)
    assert "stopped after 8 seconds" in hung.ended and hung.answers["W01.Q2"]["unseen"].error == "NoAnswer"


def test_keys_and_truth_never_enter_the_learners_process(tmp_path, third_hospitals):
    named = "any(part in name for part in ('course.keys', 'verdicts', 'wardround.hospital'))"
    spy = f"import sys\ncounts = {{'seen': [name for name in sys.modules if {named}]}}"
    assert ran(tmp_path, third_hospitals, spy).answers["W01.Q1"]["here"] == {"seen": []}


def test_an_answer_that_is_too_large_is_said_to_be(tmp_path, third_hospitals):
    done = ran(tmp_path, third_hospitals, "counts = 'x' * 40_000_000")
    assert done.answers["W01.Q1"]["here"].error == "TooLarge"


def test_a_whole_exercise_is_checked_from_the_command(hospital, tmp_path):
    path = submission(tmp_path, "counts = {'lines': 1, 'resources': 2, 'people': 3}", "1 / 0")
    found = checkfile.check_week(1, notebook=path)
    assert not found.ok and "Cell 2 stopped: ZeroDivisionError" in found.lines[0]
    assert found.lines[-1] == f"0 of {len(week_questions(1))} right."
    assert found.to_dict()["verdicts"][0]["kind"] == "not_yet"
