"""The portfolio: everything in it comes from the learner, gaps and contradictions are shown, hostile text stays."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from types import SimpleNamespace

import orjson
import pandas as pd
import pytest
from markupsafe import escape
from report_samples import MEMOS, whole_report
from typer.testing import CliRunner
from wardround.cli import app
from wardround.course import memo, places
from wardround.course.memo import keep
from wardround.course.portfolio import gather, write_portfolio
from wardround.operations import report_pdf
from wardround.operations.portfolio import PAGES, Found, Page, Part, fill, render, report
from wardround.operations.report_figures import FIGURES
from wardround.operations.report_summary import TRIPOD_AI, reporting, summary

ROOT = Path(__file__).resolve().parents[1]
ORIGIN = {"hospital": "quillmere", "version": "4", "written_at": "2026-11-24T10:00:00Z", "checksum": "c0ffee"}
TWO = (
    Page("A1", 1, "Cohort card", 3, (Part("Use", "W03.M.use", "for what"), Part("Steps", "kept:steps", "how many"))),
)
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><b>',
    "$\\frac{1}{0}$",
    '#panic("x") `y` *z*',
]


def found(use="Call before the weekend.", steps=None):
    kept = {} if steps is None else {"steps": (steps, ORIGIN)}
    return Found({"W03.M": {"fields": {"use": use}, **ORIGIN}}, kept)


def page(found, pages=PAGES):
    return render(report(found, pages))


def contradicting():
    broken = whole_report()
    broken.kept["call_list"][0]["calls_a_week"] = 55.0
    return broken


def test_a_part_shows_what_was_written_and_where_it_is_from():
    text = page(found(), TWO)
    assert "Call before the weekend." in text and "hospital c0ffee, course version 4" in text


def test_a_part_from_elsewhere_says_so_itself_and_the_others_do_not():
    mixed = whole_report()
    mixed.kept["leaks"][1]["checksum"] = "elsewhere"
    assert page(mixed).count("From hospital") == 1 and "From hospital elsewhere" in page(mixed)


def test_where_many_gaps_are_each_page_has_a_count_and_no_list_of_all():
    made = report(found())
    text = page(found())
    assert len(made.gaps) > 12 and sum(count for _, _, count in made.open_on) == len(made.gaps)
    artefact, number, count = made.open_on[0]
    assert f"Missing: {count} on {artefact}, page {number};" in text
    assert f"({artefact}, page {number})" not in text


def test_a_gap_is_shown_counted_and_says_what_fills_it():
    text = page(found(), TWO)
    assert "1 of 2 parts are there" in text and "Missing: Steps (A1, page 1)." in text
    assert (
        "keep(&#34;steps&#34;, …) in the exercise of week 3 fills it." in text
        and "Draft: 1 of 2 parts are missing." in text
    )
    whole = page(found(steps=pd.DataFrame({"step": ["left alive"], "stays": [11370]})), TWO)
    assert "fills it" not in whole and "11,370" in whole


def test_nothing_at_all_is_a_portfolio_of_gaps():
    text = page(Found())
    parts = sum(not part.made for one in PAGES for part in one.parts if one.artefact == "A1" and not one.revises)
    assert f"Draft: {parts} of {parts} parts are missing." in text and text.count("fills it.") == parts


def test_a_whole_report_is_complete_and_a_contradiction_makes_it_a_draft_with_the_sentence_on_top():
    whole, broken = page(whole_report()), page(contradicting())
    assert "Complete: 36 parts are there" in whole and "contradicts itself" not in whole and "Draft" not in whole
    assert "<title>Draft: " in broken and "Draft: 2 contradictions" in broken
    assert broken.index("makes 55 calls a week, more than the 40") < broken.index("In half a page")


def test_the_summary_says_what_follows_from_the_kept_numbers():
    said = {row.label: row.text for row in summary(whole_report())}
    assert said["Asked of you"] == MEMOS["W06.M"]["decision"]
    assert said["Where we cut"] == (
        "40 calls a week, each day's highest risks. Over the year that is as many as a cut at 13.2% gives: one "
        "readmission found is worth 6.6 needless calls, by the model's promise."
    )
    assert said["What it is worth"] == (
        "The model's list, everybody from 13% on, is worth 44 readmissions found in 1,000 stays, its needless calls "
        "paid for; calling everybody is worth 7; calling nobody is 0. The list as called, each day's highest risks, is "
        "another one: worth 8 of 1,000 at the same price (-5.4 to 21.5), not told apart from calling nobody."
    )
    assert "38.5 calls a week, where 40 can be made, for 94 discharges (41 of 100)" in said["The work"]
    assert said["What a call meets"].startswith(
        "Of 100 calls, 19 (16.7 to 21.6) went to somebody who came back under usual care and 81 to somebody who did not"
    )
    assert "The calls of a year go to 380 people who came back; 15 to 91" in said["What it may avoid"]
    assert "(per 1,000 calls: 8 to 46)" in said["What it may avoid"] and "assumption" in said["What it may avoid"]
    assert not any("Missing" in text for text in said.values())


def test_a_list_without_its_own_worth_or_interval_is_told_by_the_curve_alone():
    bare = whole_report()
    for key in ("ppv_low", "ppv_high", "worth_as_called", "worth_low", "worth_high"):
        del bare.kept["call_list"][0][key]
    said = {row.label: row.text for row in summary(bare)}
    assert "as called" not in said["What it is worth"] and "The model's list" in said["What it is worth"]
    assert said["What a call meets"].startswith("Of 100 calls, 19 went to") and report(bare).final


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [(2.0, 29.1, "above calling nobody"), (-9.0, -1.0, "below calling nobody"), (-5.4, 21.5, "not told apart")],
)
def test_the_worth_of_the_list_as_called_is_told_with_what_its_interval_leaves_out(low, high, told):
    made = whole_report()
    made.kept["call_list"][0].update(worth_as_called=(low + high) / 2, worth_low=low, worth_high=high)
    assert told in {row.label: row.text for row in summary(made)}["What it is worth"]


def test_the_list_as_called_has_its_own_words_on_its_page():
    text = page(whole_report())
    assert "net benefit of the list as called, per 1,000 stays" in text and "The list as called" in text
    assert "called who came back, a year" in text and "no answer included" in text and "implied price" not in text


def test_reporting_lines_say_only_what_was_read_and_which_are_open():
    facts = tomllib.loads((ROOT / "curriculum" / "facts.toml").read_text(encoding="utf-8"))
    table, note = reporting(whole_report())
    assert facts["tripod-ai"]["says"].rstrip(".") in TRIPOD_AI and facts["tripod-ai"]["source"].rstrip(".") in TRIPOD_AI
    assert "were not read" in note and {row[-1] for row in table.rows} == {"filled"}
    assert {row[1] for row in table.rows} <= set(re.findall(r"\d[a-z]?", facts["tripod-lines"]["source"]))
    assert {row[-1] for row in reporting(Found())[0].rows} == {"open"}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_a_learner_or_a_patient_wrote_is_shown_as_text(hostile):
    text = page(found(hostile, pd.DataFrame({hostile: [hostile]})), TWO)
    assert "<script" not in text and "<img" not in text and "<b>" not in text
    assert text.count(hostile) == (0 if "<" in hostile or '"' in hostile else 3)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_words_in_every_part_stay_words_on_the_page_and_on_paper(hostile):
    bad = whole_report()
    for one in bad.memos.values():
        one["fields"] = dict.fromkeys(one["fields"], hostile)
    for name, (value, origin) in bad.kept.items():
        if isinstance(value, pd.DataFrame):
            words = [
                column for column in value.columns if value[column].dtype == "str" or value[column].dtype == object
            ]
            value = value.assign(**dict.fromkeys(words, hostile)).rename(columns={"LACE": hostile})
        bad.kept[name] = (value, {**origin, "checksum": hostile})
    made = report(bad)
    text = render(made)
    assert "<script" not in text and "<img" not in text and "<b>" not in text and made.linted.findings
    assert report_pdf.pdf(made).startswith(b"%PDF")


@pytest.mark.parametrize("value", [None, 3, [], {}, {"a": [1, {"b": None}]}, pd.DataFrame(), pd.Series([1.0, None])])
def test_a_kept_result_of_any_shape_leaves_a_page_and_a_paper(value):
    odd = whole_report()
    odd.kept.update({name: (value, ORIGIN) for name in odd.kept})
    empty = value is None or (not isinstance(value, int) and len(value) == 0)
    assert ("What is kept is" in render(report(odd))) == empty and report_pdf.pdf(report(odd)).startswith(b"%PDF")


def test_a_long_table_is_thinned_and_says_so():
    (_, steps) = fill(TWO[0], found(steps=pd.DataFrame({"n": range(55)})))
    assert len(steps.table.rows) == 40 and steps.table.rows[0] == ("0",) and steps.table.rows[-1] == ("54",)
    assert steps.note == "40 of 55 rows, evenly spaced; all are in work/kept."


def test_lists_become_lines_and_a_mapping_a_table():
    (use, steps) = fill(TWO[0], found(["one", "two"], {"calls_a_week": 38.26, "sepsis": 3}))
    assert use.text == ("one", "two") and steps.table.rows == (("calls a week", "38.3"), ("sepsis", "3"))


def test_numbers_of_a_column_are_rounded_alike_and_set_right():
    table = pd.DataFrame(
        {"group": ["a", "b"], "oe": [0.98, 1.12345], "stays": [1200.0, 30.0], "n": ["12", "fewer than 11"]}
    )
    steps = fill(TWO[0], found(steps=table))[1].table
    assert steps.rows == (("a", "0.980", "1,200", "12"), ("b", "1.123", "30", "fewer than 11"))
    assert steps.right == (False, True, True, True) and steps.columns == ("group", "O/E", "stays", "n")


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_drawn_from_the_kept_table_with_its_sentence_beside_its_numbers(name):
    text = page(whole_report())
    drawn = FIGURES[name](whole_report())
    says = escape(drawn.says)
    assert f'role="img" aria-label="{says}"' in text and f"<figcaption>{says}" in text
    assert len(drawn.table) >= 9 and "<text" not in drawn.svg and "<!--" not in drawn.svg
    assert "#ffffff" not in drawn.on_page() and "currentColor" in drawn.on_page()


def test_no_two_things_on_the_page_have_one_id():
    ids = re.findall(r'\bid="([^"]+)"', page(whole_report()))
    assert len(ids) == len(set(ids)) and all(f"#{one}" for one in ids)
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', page(whole_report())))
    assert used <= set(ids)


def test_the_figures_say_what_the_tables_hold():
    assert 13.0 in FIGURES["decision"](whole_report()).table["threshold, %"].round(6).tolist()
    assert "in 0 the promise lies outside" in FIGURES["calibration"](whole_report()).says
    off = whole_report()
    off.kept["calibration_curve"][0].loc[9, ["low", "high"]] = [0.1, 0.2]
    assert "in 1 the promise lies outside" in FIGURES["calibration"](off).says


def test_a_bin_with_a_handful_of_readmissions_is_merged_so_that_no_share_gives_them_away():
    curve = whole_report().kept["calibration_curve"][0]
    shown = FIGURES["calibration"](whole_report()).table
    assert curve.events.min() < 11 and curve.stays.sum() == shown.stays.sum()
    assert (shown.stays * shown["came back"] / 100).round().min() >= 11
    assert (shown.stays * shown["came back"] / 100).sum() == pytest.approx(curve.events.sum(), abs=1)


def test_the_page_is_readable_without_network_and_by_a_screen_reader():
    text = page(whole_report())
    assert not re.search(r"(src|href)=\"(?!#)", text) and "<script" not in text
    assert text.count("<h1>") == 1 and '<html lang="en">' in text and "<caption" in text and 'scope="col"' in text


def kept_for_real(tmp_path, monkeypatch, sample):
    """Write a report's parts into a work folder by the learner's own commands."""
    hospital = SimpleNamespace(checksum="c0ffee", path=Path("quillmere/export"))
    monkeypatch.setenv("WARDROUND_WORK", str(tmp_path))
    monkeypatch.setattr(memo, "_hospital", lambda: hospital)
    for name, (value, _) in sample.kept.items():
        assert "is kept" in str(keep(name, value))
    for id, one in sample.memos.items():
        memo._keep_memo(id, one["fields"])


def test_the_command_reads_the_learners_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("WARDROUND_WORK", str(tmp_path))
    keep("cohort_attrition", pd.DataFrame({"step": ["contacts"], "left": [39715]}))
    path = memo._memo_path("W03.M")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps({"id": "W03.M", "fields": {"intended_use": "Whom to call."}, **ORIGIN}))
    (places.work() / "memos" / "W04.M.json").write_text("{half")
    (places.work() / "memos" / "W06.M.json").write_text("[1]")
    assert set(gather().memos) == {"W03.M"} and set(gather().kept) == {"cohort_attrition"}
    text = write_portfolio().html.read_text(encoding="utf-8")
    assert "Whom to call." in text and "39,715" in text and str(tmp_path) not in text


def test_the_command_writes_a_final_pdf_of_a_whole_report_and_only_then(tmp_path, monkeypatch):
    kept_for_real(tmp_path, monkeypatch, whole_report())
    folder = tmp_path / "portfolio"
    told = CliRunner().invoke(app, ["portfolio"])
    assert told.exit_code == 0 and "Complete: 36 parts" in told.output
    assert {path.name for path in folder.iterdir()} == {"portfolio.html", "portfolio.pdf"}
    keep("call_list", contradicting().kept["call_list"][0])
    told = CliRunner().invoke(app, ["portfolio"])
    assert told.exit_code == 1 and "makes 55 calls a week" in told.output and "marked as a draft" in told.output
    assert {path.name for path in folder.iterdir()} == {"portfolio.html", "portfolio-draft.pdf"}
    assert "makes 55 calls a week" in (folder / "portfolio.html").read_text(encoding="utf-8")


def test_a_check_that_could_not_be_made_is_named_in_the_terminal_for_a_program_on_the_page_and_on_paper(
    tmp_path, monkeypatch
):
    lacking = whole_report()
    lacking.kept["validation"] = (lacking.kept["validation"][0].drop(columns="stays"), {})
    kept_for_real(tmp_path, monkeypatch, lacking)
    place = "mend it in the exercise of week 4."
    told = CliRunner().invoke(app, ["portfolio"])
    assert told.exit_code == 0 and "- one area: `validation` has no column stays; " + place in told.output
    not_made = orjson.loads(CliRunner().invoke(app, ["portfolio", "--json"]).output)["not_made"]
    assert {"one area", "events are among stays"} == {one["kind"] for one in not_made}
    assert {one["where"] for one in not_made} == {"the exercise of week 4"}
    text = (tmp_path / "portfolio" / "portfolio.html").read_text(encoding="utf-8")
    front = text[: text.index("In half a page")]
    assert "What could not be checked" in front and f"has no column stays; {place}" in front
    assert place in report_pdf._content(report(lacking), tmp_path)["not_made"][0]


def test_gaps_are_named_by_the_exercise_that_fills_them(tmp_path, monkeypatch):
    lacking = whole_report()
    del lacking.kept["leaks"], lacking.kept["periods"], lacking.memos["W06.M"]["fields"]["owner"]
    kept_for_real(tmp_path, monkeypatch, lacking)
    told = CliRunner().invoke(app, ["portfolio"]).output
    assert "- Missing from the exercise of week 4: Leakage audit." in told and "mend it in" not in told
    assert "- Missing from the exercise of week 6: Periods, Owner." in told


def test_gaps_alone_are_a_draft_but_no_failure(tmp_path, monkeypatch):
    monkeypatch.setenv("WARDROUND_WORK", str(tmp_path))
    told = CliRunner().invoke(app, ["portfolio"])
    assert told.exit_code == 0 and "parts are missing" in told.output
    assert (tmp_path / "portfolio" / "portfolio-draft.pdf").read_bytes().startswith(b"%PDF")


def test_the_command_answers_a_program_and_leaves_other_files_alone(tmp_path, monkeypatch):
    kept_for_real(tmp_path / "work", monkeypatch, contradicting())
    other = tmp_path / "mine.pdf"
    other.write_text("not the course's")
    told = CliRunner().invoke(app, ["portfolio", "--json", "--out", str(tmp_path / "mine.html")])
    answer = orjson.loads(told.output)
    kinds = ["calls stay within capacity", "reached follows from calls"]
    assert told.exit_code == 1 and [one["kind"] for one in answer["contradictions"]] == kinds
    assert not answer["final"] and answer["pdf"] == str(tmp_path / "mine-draft.pdf")
    assert other.read_text() == "not the course's"


def test_without_typst_there_is_a_page_and_a_sentence(tmp_path, monkeypatch):
    def gone(made):
        raise report_pdf.NoPdf("There is no PDF because typst is not installed.")

    monkeypatch.setenv("WARDROUND_WORK", str(tmp_path))
    monkeypatch.setattr(report_pdf, "pdf", gone)
    written = write_portfolio()
    assert written.pdf is None and written.html.exists() and "typst is not installed" in written.text()


def test_the_paper_is_told_whether_it_is_a_draft_and_why(tmp_path):
    broken = report_pdf._content(report(contradicting()), tmp_path)
    assert not broken["final"] and "makes 55 calls a week" in broken["findings"][0]
    assert report_pdf._content(report(whole_report()), tmp_path)["final"]


def test_a_revision_is_no_gap_until_it_is_begun_and_a_page_from_then_on():
    made = whole_report()
    assert "Complete: 36 parts" in page(made) and "Revised" not in page(made)
    origin = made.kept["call_list"][1]
    made.kept["w09_revised"] = (["The list calls by <b>risk</b>."], origin)
    begun = page(made)
    assert "2 of 39 parts are missing" in begun and "The list calls by &lt;b&gt;risk" in begun
    whom = pd.DataFrame({"on which list": ["on both lists"], "patients a week": [25.0]})
    made.kept["w09_forty"] = (whom, origin)
    made.memos["W09.M"] = {"fields": {"effect": "One ticket in five, by lot."}, **origin}
    assert "Complete: 39 parts" in page(made) and "patients a week" in page(made)


def test_every_memo_field_that_a_page_asks_for_is_in_the_weeks_form():
    from wardround.course.questions import week_memos

    for one in PAGES:
        for part in one.parts:
            if not part.source.startswith(("kept:", "desk:")) and not part.made:
                form, name = part.source.rsplit(".", 1)
                assert name in ("because", "*") or name in week_memos(one.week)[form], part.source
