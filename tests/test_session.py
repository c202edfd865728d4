"""The deck of a week: made from its files, offline, readable in order."""

from __future__ import annotations

import re

import pytest
from wardround.course import notebooks, session
from wardround.course.manifest import ManifestError
from wardround.course.quiz import week_quiz

PARTS = ("figure", "vote", "vote", "vote", "demonstration", "also", "questions", "swap", "monday")
WEEKS = sorted({notebooks.week_number(path) for path in notebooks.sources()} - {None})


@pytest.mark.parametrize("week", WEEKS)
def test_the_deck_has_its_parts_and_needs_no_network(week, tmp_path):
    text = session.write_session(week, tmp_path / "deck.html").read_text(encoding="utf-8")
    parts = re.findall(r'<section id="([a-z]+)', text)
    assert sorted(parts) == sorted(["begin", *PARTS, "half", "paper"]) and parts[-2:] == ["half", "paper"]
    assert not re.search(r"(src|href)=\"(?!data:|#)", text) and "<script" not in text
    assert re.search(r'<img [^>]*alt="[^"]{20,}"', text) and text.count("The case for the tempting answer") == 3
    assert text.count("<h1>") == 1 and '<th scope="row">' in text and "@media print" in text
    assert "`" not in text and len(re.findall(r"<small>· \d+ min", text)) == len(PARTS) + 1
    assert re.search(r"<img (?:(?!<img).)*?<details><summary>What it shows", text, re.S)  # the message is in the fold
    assert "<figcaption" not in text and "A guess" not in text
    begin = text.split('<section id="begin"')[1].split("</section>")[0]
    assert "#half" not in begin


@pytest.mark.parametrize("week", WEEKS)
def test_the_deck_and_the_run_sheet_are_one_plan(week):
    from wardround.course.places import week_folder

    sheet = (
        (week_folder(week) / "facilitator.md").read_text(encoding="utf-8").split("## Run sheet")[1].split("\n## ")[0]
    )
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in sheet.splitlines() if row.startswith("|")]
    assert rows[0][:3] == ["60", "90", "part"]
    for column, whole in ((0, 60), (1, 90)):
        spans = [tuple(map(int, row[column].split("-"))) for row in rows[2:] if row[column]]
        ends = [0, *(end for _, end in spans)]
        assert [start for start, _ in spans] == ends[:-1] and ends[-1] == whole
    page = session.session_page(week)
    shown = re.findall(r'<section id="([a-z]+)[^>]*>\s*<h2>[^<]*<small>· ([^<]*)</small>', page, re.S)
    deck = [(part, minutes) for part, minutes in shown if part in PARTS]
    took = [
        (row[2], *(int(eval(f"-({span})")) if (span := row[column]) else 0 for column in (0, 1))) for row in rows[2:]
    ]
    planned = [(part, session._minutes(short, long)) for part, short, long in took if part in PARTS]
    assert deck == planned and ("also", "15 min, only in 90") in deck


def test_a_run_sheet_without_a_part_of_the_deck_is_named(tmp_path):
    guide = tmp_path / "facilitator.md"
    guide.write_text("## Run sheet\n\n| 60 | 90 | part | what |\n|---|---|---|---|\n| 0-5 | 0-5 | figure | it |\n")
    with pytest.raises(ManifestError, match="no row check-in, vote, demonstration"):
        session.run_sheet(guide)


@pytest.mark.parametrize("week", WEEKS)
def test_the_deck_speaks_to_those_who_have_not_done_the_week(week):
    plan = session.read_toml(session.places.week_folder(week) / "session.toml", session.Session)
    page = session.session_page(week)
    for vote in plan.vote:
        assert str(session._inline(vote.plain)) in page
    half = page.split('id="half"')[1].split("</section>")[0]
    assert plan.half.question.split(".")[1] in half and "lines of the last page" in half
    assert "@media (max-width: 40rem)" in page


@pytest.mark.parametrize("week", WEEKS)
def test_the_handout_gives_nothing_away(week):
    page, deck = session.session_page(week, handout=True), session.session_page(week)
    plan = session.read_toml(session.places.week_folder(week) / "session.toml", session.Session)
    assert page.count("<details") == 1  # the figure's own numbers
    assert 'id="half"' not in page and "Right." not in page
    secrets = [plan.paper.answer, session._sample(session.places.week_folder(week) / "memo.md")["why"]]
    secrets += [*(vote.argument for vote in plan.vote), *plan.demonstration.steps]
    for vote in plan.vote:
        secrets += [option.says for option in week_quiz(week)[vote.item].option]
    for secret in map(str, map(session._inline, secrets)):
        assert secret in deck and secret not in page


def test_a_demonstration_without_its_table_is_named(tmp_path):
    from wardround.course.places import week_folder

    with pytest.raises(ManifestError, match="no table with the columns value, shoe_size"):
        session._table(week_folder(1) / "1_one_patients_file.ipynb", ["value", "shoe_size"])


def test_what_a_file_says_cannot_become_markup(monkeypatch):
    item = week_quiz(1)["W01.R2"]
    monkeypatch.setattr(item.option[0], "text", "<script>alert(1)</script>")
    assert "<script" not in session.session_page(1)


def test_a_question_that_is_not_asked_is_named():
    with pytest.raises(ManifestError, match=r"names W01\.Q99"):
        session._asked(1, "W01.Q99")


def test_an_item_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(session, "week_quiz", lambda week: {})
    with pytest.raises(ManifestError, match=r"votes on W01\.R2"):
        session.session_page(1)
