"""The report, the dashboard and the pipeline's check in a browser (:mod:`looked_at`)."""

from __future__ import annotations

import pandas as pd
import pytest
from assistant_samples import change, memos, read, whole_assistant
from looked_at import has_no_barrier
from report_samples import whole_report
from wardround.course.given import given
from wardround.course.pipeline_check.found import Finding, Row
from wardround.course.pipeline_check.report import Report
from wardround.evaluation import figure, lines
from wardround.operations.portfolio import render, report

pytestmark = pytest.mark.browser


def broken():
    made = whole_report()
    made.kept["call_list"][0]["calls_a_week"] = 55.0
    del made.kept["periods"]
    return made


def test_the_report_has_no_barrier_fits_a_telephone_and_needs_no_network(tmp_path):
    pages = {"whole": whole_report(), "draft": broken()}
    for name, sample in pages.items():
        (tmp_path / f"{name}.html").write_text(render(report(sample)), encoding="utf-8")
    has_no_barrier(*(tmp_path / f"{name}.html" for name in pages))


def test_a3_after_a1_whole_and_with_gaps(tmp_path):
    whole_assistant(tmp_path / "triage")
    made, begun = whole_report(), whole_report()
    made.memos.update(memos())
    made.assistant = read(tmp_path / "triage")
    (tmp_path / "triage" / "picture.png").unlink()
    change(tmp_path / "triage" / "triage.toml", ("threshold = 0.08", "threshold = 0.09"))
    begun.assistant = read(tmp_path / "triage")
    begun.memos["W10.A3"] = {"fields": {"intended_use": "It assigns the level."}}
    pages = {"a3": made, "begun": begun}
    for name, sample in pages.items():
        (tmp_path / f"{name}.html").write_text(render(report(sample)), encoding="utf-8")
    has_no_barrier(*(tmp_path / f"{name}.html" for name in pages))


def test_the_dashboard_of_week_8(tmp_path):
    table = pd.DataFrame({"share": [0.1, 0.2]}, ["a", "b"])
    drawn = figure(lines(table, ylabel="share", xlabel="month"), says="The share on it rises by half.", table=table)
    shown = {"List": drawn}
    board = pd.DataFrame({"signal": ["list, Eastbank"], "owner": ["on call"], "first action": ["roll back"]})
    (tmp_path / "page.html").write_text(given(8).lessons().one_page("Week 45", board, "Nothing rang.", shown))
    has_no_barrier(tmp_path / "page.html")


def test_the_page_of_check_pipeline(tmp_path):
    says = "In week 28 a model whose outcomes had been shuffled went to the wards, and nobody saw it."
    rows = [Row("a year", "a model that sorts by chance", 28, "gate", 28, "not released"), Row("a year", "x" * 60, 3)]
    made = Report(weeks=52, rows=rows, findings=[Finding("worse released", says, "`gate` (W07.Q2)")])
    has_no_barrier(made.write(tmp_path / "pipeline.html"))
