"""A3 in the portfolio: of the learner's files alone, its gaps and contradictions shown, nobody named, A1 untouched."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import orjson
import pytest
from assistant_samples import (
    ORIGIN,
    add,
    alone,
    change,
    lay_out,
    memos,
    read,
    take_picture,
    whole_assistant,
)
from report_samples import whole_report
from typer.testing import CliRunner
from wardround.cli import app
from wardround.operations import report_pdf
from wardround.operations.ledger import Ledger
from wardround.operations.portfolio import PAGES, Found, render, report
from wardround.operations.report_assistant import MOST_LINES
from wardround.operations.report_assistant_checks import ASSISTANT
from wardround.operations.report_assistant_parts import DECIDE_AI
from wardround.operations.report_lint import CHECKS, OF_A3, lint

ROOT = Path(__file__).resolve().parents[1]
A3 = [page for page in PAGES if page.artefact == "A3"]
HOSTILE = ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><b>', '#panic("x") `y` *z* $\\frac{1}{0}$']


@pytest.fixture
def folder(tmp_path):
    """The assistant's folder of a learner who has done everything."""
    whole_assistant(tmp_path / "triage")
    return tmp_path / "triage"


def whole(folder):
    made = whole_report()
    made.memos.update(memos())
    made.assistant = read(folder)
    return made


def test_who_has_only_a1_sees_what_was_there_before(tmp_path):
    lay_out(tmp_path / "triage")
    Ledger(tmp_path / "triage" / "state" / "log.sqlite").append("Ada", "viewed", {"visit": "e1"})
    alone, started = whole_report(), whole_report()
    started.assistant = read(tmp_path / "triage")
    text = render(report(alone))
    assert text == render(report(started)) and "triage" not in text and "A3" not in text and "<h4" not in text
    assert (
        report(alone).state == f"Complete: 36 parts are there, and none of {len(CHECKS)} checks found a contradiction."
    )
    content = report_pdf._content(report(started), tmp_path)
    assert {one["opens"] for one in content["pages"]} == {None} and content["titles"] == content["title"]


@pytest.mark.parametrize(
    "begin",
    [
        lambda made, folder: made.memos.update({"W10.A3": memos()["W10.A3"]}),
        lambda made, folder: made.memos.update({"W10.M": memos()["W10.M"]}),
        lambda made, folder: add(folder / "card.html.j2", "mine"),
        lambda made, folder: change(folder / "triage.toml", ("threshold = 0.05", "threshold = 0.06")),
        lambda made, folder: (folder / "triage.toml").write_text("threshold"),
        lambda made, folder: take_picture(folder),
        lambda made, folder: Ledger(folder / "state" / "log.sqlite").append("Ada", "accepted", {"state": "risk"}),
    ],
)
def test_anything_of_it_begins_it_and_the_rest_are_gaps(tmp_path, begin):
    made, folder = whole_report(), tmp_path / "triage"
    lay_out(folder)
    begin(made, folder)
    made.assistant = read(folder)
    shown = report(made)
    assert shown.gaps and {page.artefact for page, _ in shown.gaps} == {"A3"} and "Missing" in render(shown)
    assert render(shown).index('id="A1-5"') < render(shown).index("The triage assistant at the desk</h2>")


def test_a_whole_a3_is_complete_and_stands_after_a1(folder):
    made = report(whole(folder))
    asked = 36 + sum(not part.made for page in A3 for part in page.parts)
    checks = len(CHECKS) + len(ASSISTANT)
    assert made.state == f"Complete: {asked} parts are there, and none of {checks} checks found a contradiction."
    text = render(made)
    assert made.final and "<title>Whom to call after discharge; The triage assistant at the desk" in text
    assert "A charge nurse of Westbank" in text and "the feed stops" in text and "17 items specific to AI" in text
    assert "What the assistant adds" in text and "1 of them is not in the shipped card" in text
    assert text.index('id="A3-3"') < text.index('id="appendix"') < text.index("What the assistant adds")


def test_every_gap_says_what_fills_it(tmp_path, monkeypatch):
    monkeypatch.setenv("WARDROUND_WORK", str(tmp_path))
    lay_out(tmp_path / "triage")
    take_picture(tmp_path / "triage")
    (tmp_path / "triage" / "picture.png").write_bytes(b"none")
    told = CliRunner().invoke(app, ["portfolio"])
    assert told.exit_code == 0 and "- Missing from the exercise of week 10: Intended use, Not for" in told.output
    for words in (
        "Missing at the desk: Card. work/triage/card.html.j2 is still the shipped one",
        "Missing at the desk: Picture. picture.png cannot be shown: it is no PNG; `wardround triage picture` takes",
        "Missing at the desk: The log's chain. There is no log",
        "Missing at the desk: Overruled by reason. Nobody has overruled yet",
    ):
        assert words in told.output
    text = (tmp_path / "portfolio" / "portfolio.html").read_text(encoding="utf-8")
    assert "memo(&#34;W10.M&#34;, …) in the exercise of week 10 fills it." in text
    assert "5 on A3, page 1; 6 on A3, page 2; 2 on A3, page 3" in text


def field(memo, name, text):
    return lambda made, folder: made.memos[memo]["fields"].update({name: text})


def overruled(code):
    return lambda made, folder: Ledger(folder / "state" / "log.sqlite").append("Ada", "overruled", {"reason": code})


def broken_chain(made, folder):
    with sqlite3.connect(folder / "state" / "log.sqlite") as file:
        file.executescript("DROP TRIGGER no_update; UPDATE line SET actor = 'Eve' WHERE number = 4")


def long_card(made, folder):
    (folder / "card.html.j2").write_text("<p></p>\n" * (MOST_LINES + 1), encoding="utf-8")
    take_picture(folder)


def no_wrong_risk(made, folder):
    made.memos["W10.M"]["fields"]["fifth"] = "Cause: too few nurses. Harm: waits too long. Control: none."


CONTRADICTIONS = {
    "a level is assigned": (field("W10.A3", "intended_use", "It assigns the ESI level."), "“It assigns the ESI level”"),
    "another threshold": (field("W10.A3", "users", "Nurses, with a threshold of 50 of 1,000."), "reads as 50 of 1,000"),
    "another threshold in %": (
        field("W10.M", "fifth", "A wrong risk at a 5% threshold."),
        "has 80 of 1,000",
    ),
    "nobody thought aloud": (field("W10.A3", "think_aloud", "Six patients; the factors were moved."), "names nobody"),
    "no change": (field("W10.A3", "think_aloud", "A nurse took six patients and liked it."), "of nothing that it was"),
    "nothing changed": (
        field("W10.A3", "think_aloud", "A nurse took six; nothing was changed."),
        "of nothing that it was",
    ),
    "a long card": (long_card, "The card has 61 lines"),
    "an old picture": (
        lambda made, folder: change(folder / "triage.toml", ("threshold = 0.08", "threshold = 0.09")),
        "an earlier card or earlier settings",
    ),
    "a broken chain": (broken_chain, "chain is broken: line 4 was changed"),
    "no fallback": (field("W10.M", "fourth", "Cause: crowding. Harm: waiting."), "no hazard for a late feed"),
    "a fault that is no hazard": (no_wrong_risk, "“Looks worse than the numbers” 1 of 6 decisions"),
    "too much of a think-aloud": (
        field("W10.A3", "decide_ai", "Evaluated according to DECIDE-AI."),
        "“Evaluated according to DECIDE-AI”",
    ),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_contradiction_is_refused_in_one_sentence_and_makes_it_a_draft(folder, name):
    spoil, words = CONTRADICTIONS[name]
    made = alone(folder)
    assert not lint(made).findings
    spoil(made, folder)
    made.assistant = read(folder)
    findings = lint(made).findings
    assert len(findings) == 1 and re.search(words, findings[0].says) and findings[0].kind in OF_A3
    assert findings[0].says.endswith(".") and report(made).state.startswith("Draft: 1 contradiction")


def test_each_check_of_a3_has_a_contradiction_here(folder):
    met = set()
    for spoil, _ in CONTRADICTIONS.values():
        copy = folder.parent / f"copy{len(list(folder.parent.iterdir()))}"
        whole_assistant(copy)
        made = alone(copy)
        spoil(made, copy)
        made.assistant = read(copy)
        met |= {one.kind for one in lint(made).findings}
    assert met == set(OF_A3)


def test_a_check_that_lacks_something_is_named_and_not_passed(folder):
    made = alone(folder)
    (folder / "picture.png").unlink()
    (folder / "state" / "log.sqlite").unlink()
    del made.memos["W10.M"]
    made.assistant = read(folder)
    lacking = dict(lint(made).not_made)
    assert set(lacking) & set(OF_A3) == {
        "picture shows the card",
        "log is whole",
        "hazards have the fallback",
        "faults of the model are hazards",
    }
    assert lacking["hazards have the fallback"] == "memo W10.M has no hazard"


def test_reasons_that_the_model_cannot_know_are_no_fault_of_it(folder):
    made = alone(folder)
    no_wrong_risk(made, folder)
    for code in ("value_wrong", "value_missing", "no_bed", "other", "unknown_to_the_model"):
        overruled(code)(made, folder)
    made.assistant = read(folder)
    assert "Looks worse" in lint(made).findings[0].says and "model”" not in lint(made).findings[0].says


def test_the_audit_counts_the_log_and_names_nobody(folder):
    secret = {"state": "risk", "reason": "known_patient", "name": "Hanna Ode", "high": True, "visit": "visit-77"}
    Ledger(folder / "state" / "log.sqlite").append("Nurse Abebe", "overruled", secret)
    Ledger(folder / "state" / "log.sqlite").append("Nurse Abebe", "advised", {"state": "waits"})
    text = render(report(alone(folder)))
    for hidden in ("Hanna", "Abebe", "visit-77", "aunt"):
        assert hidden not in text
    rows = dict(re.findall(r"<tr><td[^>]*>([^<]*)</td><td[^>]*>(\d+)</td>", text))
    assert rows["advices shown"] == "8" and rows["of these: risk"] == "7" and rows["of these: abstains"] == "1"
    assert rows["decisions"] == "7" and rows["overruled"] == "4" and rows["people who decided"] == "3"
    assert rows["different settings in force at these decisions"] == "2"
    for reason, times, high in (("known_patient", 3, 3), ("looks_worse", 1, 0)):
        assert re.search(rf"{reason}</td><td[^>]*>{times}</td><td[^>]*>{high}</td><td[^>]*>7</td>", text)


def test_a_log_that_is_no_log_leaves_a_page_that_says_so(folder):
    (folder / "state" / "log.sqlite").write_bytes(b"no log" * 100)
    made = alone(folder)
    assert "log is whole" in {one.kind for one in lint(made).findings} and "Broken: " not in render(report(made))
    broken_chain_is_shown = whole_report()
    whole_assistant(folder.parent / "again")
    broken_chain(None, folder.parent / "again")
    broken_chain_is_shown.assistant = read(folder.parent / "again")
    assert "Broken: line 4 was changed" in render(report(broken_chain_is_shown))


def test_the_settings_show_threshold_rules_and_what_was_changed(folder):
    change(folder / "triage.toml", ('name = "cold"', 'name = "chilled"'))
    text = render(report(alone(folder)))
    row = r"<tr><td[^>]*>{}</td><td[^>]*>{}</td><td[^>]*>{}</td></tr>"
    for cells in (
        ("threshold", "80 of 1,000", "50 of 1,000"),
        ("rule: pulse", "heart_rate &lt;= 40 or heart_rate &gt;= 131", "the same"),
        ("rule: oxygen", "saturation &lt;= 92", "saturation &lt;= 91"),
        ("rule: chilled", "temperature &lt;= 35.0 → Temperature [^<]*", "not there"),
        ("rule: cold", "taken out", "temperature [^<]*"),
        ("abstain: stale after minutes", "60", "150"),
    ):
        assert re.search(row.format(*cells), text), cells
    assert "5 of these lines were changed" in text and "answer within" not in text


def test_settings_that_cannot_be_read_are_told_with_their_line(folder):
    (folder / "triage.toml").write_text("[model\nthreshold = 1", encoding="utf-8")
    made = alone(folder)
    made.memos["W10.A3"]["fields"]["because"] = "threshold of 80 of 1,000"
    text = render(report(made))
    assert "triage.toml is no TOML (" in text and "line 1" in text
    assert "threshold is the one in use" in dict(lint(made).not_made)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_words_stay_words_on_the_page_and_on_paper(folder, hostile):
    made = alone(folder)
    for memo in ("W10.A3", "W10.M"):
        fields = made.memos[memo]["fields"]
        made.memos[memo]["fields"] = {**dict.fromkeys(fields, hostile), hostile: {hostile: [hostile]}}
    (folder / "card.html.j2").write_text(hostile * 3, encoding="utf-8")
    said = hostile.replace("\\", "\\\\").replace('"', '\\"')
    change(folder / "triage.toml", ("Breathing very slow", f"{said} very slow"), ("Looks worse than", f"{said} than"))
    take_picture(folder, says=hostile)
    overruled(hostile)(made, folder)
    made.assistant = read(folder)
    text = render(report(made))
    assert made.assistant.settings and "<script" not in text and "<img src=x" not in text and "<b>" not in text
    assert text.count("<img ") == 1 and report_pdf.pdf(report(made)).startswith(b"%PDF")


@pytest.mark.parametrize(
    "value",
    ["late feed", ["late feed", "model wrong"], {"cause": "late feed"}, [{"hazard": "late", "harm": "x"}], 3, []],
)
def test_a_hazard_log_of_any_shape_is_a_table_or_a_gap(folder, value):
    made = alone(folder)
    made.memos["W10.M"]["fields"] = {"first": value, "because": "so"}
    hazards = [one for _, parts in report(made).pages for one in parts if one.part.heading == "Hazards"]
    assert hazards[0].missing == (value == []) and "W10.M" in (hazards[0].note or "W10.M")
    assert render(report(made)) and report_pdf.pdf(report(made)).startswith(b"%PDF")


def test_headings_do_not_skip_ids_are_single_and_links_lead_somewhere(folder):
    text = render(report(alone(folder)))
    assert "<h2>The triage assistant at the desk</h2>" in text and "<h3>1 · What it is for" in text
    levels = [int(one) for one in re.findall(r"<h(\d)[ >]", text)]
    assert levels.count(1) == 1 and all(after - before <= 1 for before, after in pairwise(levels))
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids)) and set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)


def test_on_paper_it_opens_with_its_own_title_and_holds_card_and_picture(folder, tmp_path):
    content = report_pdf._content(report(alone(folder)), tmp_path)
    opens = [one["opens"] for one in content["pages"]]
    assert [one[1] for one in opens if one] == ["The triage assistant at the desk"] and opens[:5] == [None] * 5
    parts = [part for page in content["pages"] for block in page["blocks"] for part in block] + content["appendix"]
    assert (tmp_path / "screenshot.png").read_bytes() == (folder / "picture.png").read_bytes()
    assert sum(part["screenshot"] is not None for part in parts) == 1
    assert any("What the assistant adds" in part["code"] for part in parts)
    assert report_pdf.pdf(report(alone(folder))).startswith(b"%PDF")


def test_the_line_on_decide_ai_says_what_the_fact_says_and_shows_what_is_open(folder):
    facts = tomllib.loads((ROOT / "curriculum" / "facts.toml").read_text(encoding="utf-8"))
    for words in (
        "17 items specific to AI (28 subitems) and ten generic ones",
        "reporting the early-stage live clinical",
    ):
        assert words in facts["decide-ai"]["says"] and words in DECIDE_AI
    assert "BMJ 2022;377:e070904" in facts["decide-ai"]["source"] and "BMJ 2022;377:e070904" in DECIDE_AI
    (lines,) = [one for _, parts in report(alone(folder)).pages for one in parts if one.part.source == "made:decide_ai"]
    items = set(re.findall(r"\b\d+[a-z]?\b", facts["decide-ai-lines"]["source"].split(", read")[0]))
    assert {row[1] for row in lines.table.rows} <= items and {row[-1] for row in lines.table.rows} == {"words here"}
    bare = Found(memos={"W10.M": {"fields": {"because": "x"}, **ORIGIN}})
    (lines,) = [one for _, parts in report(bare).pages for one in parts if one.part.source == "made:decide_ai"]
    assert {row[-1] for row in lines.table.rows} == {"open"}


def test_its_memos_are_of_another_time_than_those_of_a1(folder):
    made = whole(folder)
    for memo in ("W10.A3", "W10.M"):
        made.memos[memo].update(checksum="another", version="9")
    assert not lint(made).findings


def test_the_command_reads_the_folder_and_ends_with_one_on_a_contradiction(folder, monkeypatch):
    work = folder.parent
    monkeypatch.setenv("WARDROUND_WORK", str(work))
    for id, memo in memos().items():
        (work / "memos").mkdir(exist_ok=True)
        (work / "memos" / f"{id}.json").write_bytes(orjson.dumps({"id": id, **memo}))
    told = CliRunner().invoke(app, ["portfolio", "--json"])
    answer = orjson.loads(told.output)
    assert told.exit_code == 0 and not [one for one in answer["missing"] if "W10" in one or "desk" in one]
    broken_chain(None, folder)
    told = CliRunner().invoke(app, ["portfolio"])
    assert told.exit_code == 1 and "The log's chain is broken: line 4 was changed" in told.output


def test_the_portfolio_is_written_without_the_assistant():
    asked = "import sys, wardround.course.portfolio as p; p.gather(); print([m for m in sys.modules if 'triage' in m])"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert "wardround.triage" not in told.stdout
