"""The deck of a week: made from its files, offline, readable in order."""

from __future__ import annotations

import re

import pytest
from wardround.course import notebooks, session
from wardround.course.manifest import ManifestError
from wardround.course.quiz import week_quiz

WEEKS = sorted({notebooks.week_number(path) for path in notebooks.sources()} - {None})


@pytest.mark.parametrize("week", WEEKS)
def test_the_deck_has_its_parts_and_needs_no_network(week, tmp_path):
    text = session.write_session(week, tmp_path / "deck.html").read_text(encoding="utf-8")
    assert re.findall(r'<section id="([a-z]+)', text) == ["begin", "figure", "vote", "vote", "vote", "demonstration",
                                                          "swap", "half"]  # fmt: skip
    assert not re.search(r"(src|href)=\"(?!data:|#)", text) and "<script" not in text
    assert re.search(r'<img [^>]*alt="[^"]{20,}"', text) and text.count("The case for the tempting answer") == 3
    assert text.count("<h1>") == 1 and '<th scope="row">' in text and "@media print" in text


def test_what_a_file_says_cannot_become_markup(monkeypatch):
    item = week_quiz(1)["W01.R2"]
    monkeypatch.setattr(item.option[0], "text", "<script>alert(1)</script>")
    assert "<script" not in session.session_page(1)


def test_an_item_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(session, "week_quiz", lambda week: {})
    with pytest.raises(ManifestError, match=r"votes on W01\.R2"):
        session.session_page(1)
