"""The portfolio: everything in it comes from the learner, gaps are shown, and hostile text stays text."""

from __future__ import annotations

import re

import orjson
import pandas as pd
import pytest
from wardround.course import memo, places
from wardround.course.memo import keep
from wardround.course.portfolio import gather, write_portfolio
from wardround.operations.portfolio import PAGES, Found, Page, Part, fill, render

ORIGIN = {"hospital": "quillmere", "version": "4", "written_at": "2026-11-24T10:00:00Z", "checksum": "c"}
TWO = (
    Page("A1", 1, "Cohort card", 3, (Part("Use", "W03.M.use", "for what"), Part("Steps", "kept:steps", "how many"))),
)


def found(use="Call before the weekend.", steps=None):
    kept = {} if steps is None else {"steps": (steps, ORIGIN)}
    return Found({"W03.M": {"fields": {"use": use}, **ORIGIN}}, kept)


def test_a_part_shows_what_was_written_and_where_it_is_from():
    text = render(found(), TWO)
    assert "Call before the weekend." in text and "quillmere, version 4, 2026-11-24" in text


def test_a_gap_is_shown_counted_and_says_what_fills_it():
    text = render(found(), TWO)
    assert "1 of 2 parts are there" in text and "Missing: Steps (A1, page 1)." in text
    assert "keep(&#34;steps&#34;, …) fills it." in text and text.count('class="missing"') == 1
    whole = render(found(steps=pd.DataFrame({"step": ["left alive"], "stays": [11370]})), TWO)
    assert "2 of 2 parts are there" in whole and "Missing" not in whole and "11370" in whole


def test_nothing_at_all_is_a_portfolio_of_gaps():
    text = render(Found())
    parts = sum(len(page.parts) for page in PAGES)
    assert f"0 of {parts} parts are there" in text and text.count("<strong>Missing</strong>") == parts


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><b>'])
def test_what_a_learner_or_a_patient_wrote_is_shown_as_text(hostile):
    table = pd.DataFrame({hostile: [hostile]})
    text = render(found(hostile, table), TWO)
    assert hostile not in text and "<script" not in text and "<img" not in text


def test_a_long_table_is_cut_and_says_so():
    (_, steps) = fill(TWO[0], found(steps=pd.DataFrame({"n": range(55)})))
    assert len(steps.table) == 40 and steps.note == "15 more rows are in work/kept."


def test_lists_and_dictionaries_become_lines():
    (use, steps) = fill(TWO[0], found(["one", "two"], {"sepsis": 3}))
    assert use.text == ("one", "two") and steps.text == ("sepsis: 3",)


def test_the_page_is_readable_without_network_and_by_a_screen_reader():
    text = render(found(steps=pd.DataFrame({"n": [1]})), TWO)
    assert not re.search(r"(src|href)=\"(?!#)", text)
    assert text.count("<h1>") == 1 and '<html lang="en">' in text and "<caption" in text and 'scope="col"' in text


def test_the_command_reads_the_learners_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("WARDROUND_WORK", str(tmp_path))
    keep("cohort_attrition", pd.DataFrame({"step": ["contacts"], "left": [39715]}))
    path = memo._memo_path("W03.M")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps({"id": "W03.M", "fields": {"intended_use": "Whom to call."}, **ORIGIN}))
    (places.work() / "memos" / "W04.M.json").write_text("{half")
    assert set(gather().memos) == {"W03.M"} and set(gather().kept) == {"cohort_attrition"}
    text = write_portfolio().read_text(encoding="utf-8")
    assert "Whom to call." in text and "39715" in text and str(tmp_path) not in text


def test_every_memo_field_that_a_page_asks_for_is_in_the_weeks_form():
    from wardround.course.questions import week_memos

    for page in PAGES:
        for part in page.parts:
            if not part.source.startswith("kept:"):
                form, name = part.source.rsplit(".", 1)
                assert name == "because" or name in week_memos(page.week)[form], part.source
