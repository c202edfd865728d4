"""Tables and pages of a grading run: they teach, hold nobody's secret, and escape every string of a stranger."""

from __future__ import annotations

import csv
import itertools
import json
import re

import pytest
from conftest import require
from grading_cases import MEMO, NASTY, a_class, answered, notebook, stub
from wardround.course import runner
from wardround.course.grading import grade, pages, run_all
from wardround.course.runner import CellTrouble, Run


# Tables ---------------------------------------------------------------------------------------------------------------
def table(path):
    return list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))


def test_the_tables_hold_everybody_and_no_zero_for_who_was_not_graded(stubbed, held, tmp_path):
    folder = tmp_path / "in"
    for name in ("lovelaceada_101_51_week01.ipynb", "=cmd()_102_52_week01.ipynb"):
        notebook(folder / name, 'check("W01.Q1", counts)')
    (folder / "bohr_103_53_week01.ipynb").write_text("no notebook")
    stubbed.runs = lambda path: answered(held, Q1="right", Q2="first_coding")
    run_all.grade_and_write(folder, tmp_path / "out")
    canvas = table(tmp_path / "out" / "grades.csv")
    assert canvas[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Week 1: FHIR data modeling"]
    assert canvas[1:] == [
        ["'=cmd()", "102", "", "", "", "1"],
        ["bohr", "103", "", "", "", ""],
        ["lovelaceada", "101", "", "", "", "1"],
    ]
    details = {
        row[0]: dict(zip(table(tmp_path / "out" / "details.csv")[0], row, strict=True))
        for row in table(tmp_path / "out" / "details.csv")
    }
    assert details["lovelaceada"]["W01.Q2"] == "first_coding" and details["lovelaceada"]["points"] == "1"
    assert details["bohr"]["status"] == "unreadable" and details["bohr"]["why"] and details["bohr"]["points"] == ""
    kept = json.loads((tmp_path / "out" / "grades.json").read_text())
    assert kept["level"] == "L1" and kept["seed"] == 2**64 - 1 and len(kept["rows"]) == 3


# Pages ----------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def written(held, tmp_path_factory):
    """A run of everything a stranger can write, and all its pages."""
    place = tmp_path_factory.mktemp("nasty")
    folder = place / "in"
    nasty = NASTY.replace("/", "|")
    cells = [f"counts = 1  # {NASTY}", MEMO.replace("it is live", NASTY.replace("\x1b", ""))]
    notebook(folder / nasty / "week01.ipynb", 'check("W01.Q1", counts)', *cells)
    notebook(folder / "bohr" / f"{nasty}_week01.ipynb", 'check("W01.Q1", counts)', MEMO)
    notebook(folder / "cyrus" / "week01.ipynb", 'check("W01.Q1", counts)', MEMO)
    (folder / "dieter").mkdir()
    (folder / "dieter" / f"{nasty}.docx").write_text("")

    def runs(path):
        run = answered(held, Q1="active_only", Q2="right", Q4="rows_counted", Q5="right")
        run.answers["W01.Q3"] = {role: {NASTY: NASTY} for role in ("here", "unseen")}
        run.answers["W01.Q7"] = {"here": runner.Raised(NASTY, NASTY, 3)}
        return Run(run.answers, (CellTrouble(0, NASTY, NASTY),), NASTY)

    with pytest.MonkeyPatch.context() as patch:
        told = stub(patch, held)
        told.runs = lambda path: answered(held, Q1="right")
        run_all.grade_and_write(folder, place / "out", peers=True, viva=True)
        told.runs = runs
        grades = run_all.grade_and_write(folder, place / "again", peers=True, viva=True, diff=place / "out")
    return grades, place / "again"


def test_no_string_of_a_stranger_is_markup(written):
    _, out = written
    found = sorted(out.rglob("*.html"))
    assert len(found) == 3 + 1 + 1 + 1 + 3
    nasty = 0
    for path in found:
        text = path.read_text()
        assert "<script" not in text and "\x1b" not in text and "49" not in re.sub(r"[0-9a-f]{8}", "", text), path
        nasty += text.count("&lt;script&gt;")
        assert not re.search(r'(src|href)="(?!#|learners/)', text), path
    assert nasty >= 20


def test_a_learners_page_gives_nothing_away(written, held):
    grades, out = written
    for path in (out / "learners").iterdir():
        text = path.read_text()
        assert str(out.parent) not in text and str(grades.seed) not in text and "truth" not in text
        for other in {row.learner for row in grades.rows} - {"bohr"}:
            assert path.name[:4] != "bohr" or other not in text
        people = held.known["W01.Q1"]["here"].reference["people"]
        assert f"{people:,}" not in text and str(people) not in text


def test_a_learners_page_teaches(written):
    _, out = written
    text = next((out / "learners").glob("bohr-*")).read_text()
    for part in ("1 of 4 points", "Begin with Q1", "active_only", "On the ward:", "In your result:", "Where to look:"):
        assert part in text
    assert 'check("W01.Q1", counts)' in text.replace("&#34;", '"')
    assert text.index("Your answers") < text.index("Begin with Q1") < text.index("Question by question")


def test_pages_are_accessible_and_print(written):
    _, out = written
    for path in out.rglob("*.html"):
        text = path.read_text()
        assert '<html lang="en">' in text and text.count("<h1>") == 1 and "<main>" in text and "@media print" in text
        levels = [int(level) for level in re.findall(r"<h(\d)", text)]
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), path
        for made in re.findall(r"<table(?! class=\"rubric)>.*?</table>", text, re.S):
            assert "<caption>" in made and 'scope="col"' in made, path


@pytest.mark.slow
def test_an_accessibility_checker_finds_nothing_and_no_page_is_wider_than_a_telephone(written):
    require("chromium")
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    _, out = written
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for scheme, width in (("light", 380), ("dark", 1200)):
            page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 800})
            for path in sorted(out.rglob("*.html")):
                page.goto(path.as_uri())
                found = [violation["id"] for violation in Axe().run(page).response["violations"]]
                assert not found, (path.name, scheme)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name
        browser.close()


def test_the_class_page_says_what_to_open_the_next_meeting_with(written):
    _, out = written
    text = (out / "index.html").read_text()
    assert "Open the next meeting with this" in text and "<strong>3 of 3</strong>" in text
    assert "one resource is one fact" in text and "Vote, before anybody explains" in text
    assert "What changed" in text and "For you to look at" in text and "no notebook" in text


def test_what_changed_since_an_earlier_run_is_shown(stubbed, held, tmp_path):
    folder = a_class(tmp_path / "in", "a", "b", "gone")
    grade.grade(folder, tmp_path / "first")
    (folder / "gone_week01.ipynb").unlink()
    a_class(folder, "new")
    stubbed.runs = lambda path: answered(held, Q1="right" if path.name[0] == "a" else None)
    grades = grade.grade(folder, tmp_path / "second")
    found = {one.learner: one for one in pages.changes(grade.read_grades(tmp_path / "first"), grades).values()}
    assert set(found) == {"a", "gone", "new"} and (found["a"].before, found["a"].after) == (0, 1)
    assert found["a"].questions == (("W01.Q1", "No answer yet", "Right"),)
    assert found["gone"].note == "not in this run" and found["new"].note == "new in this run"
    with pytest.raises(grade.NotGraded, match="earlier run"):
        grade.read_grades(tmp_path)
