"""The main path of A1: who answers weeks 3, 4 and 6 rightly and writes the memos in full has a final report."""

from __future__ import annotations

import pytest
from grading_cases import published
from report_samples import MEMOS
from wardround.course import loading
from wardround.course.memo import memo, read_kept
from wardround.course.portfolio import write_portfolio
from wardround.records import read_export

ASKING = ("check(", "check_all(", "hint(", "solution(", "memo(")


def run(week):
    """Run a week's solution as a learner who answers rightly would, without asking whether it is right."""
    names = {"display": lambda *shown: None}
    for cell in published("solutions", week):
        if not any(line.lstrip("# ").startswith(ASKING) for line in cell.splitlines()):
            exec(compile(cell, f"week {week}", "exec"), names)  # the course's own text


def write_memos():
    made = read_kept("call_list")[0]
    cut = f"{100 * made['threshold']:.1f}%"
    ours = {"threshold": cut, "harm_ratio": round(made["implied_price"], 1), "capacity": made["capacity_a_week"]}
    for id, fields in MEMOS.items():
        assert "is written" in str(memo(id, **{**fields, **(ours if id == "W06.M" else {})}))


@pytest.mark.slow
def test_right_answers_and_full_memos_end_as_final(third_hospitals, monkeypatch):
    hospital = read_export(third_hospitals[0])
    monkeypatch.setattr(loading, "ensure_hospitals", lambda **how: [hospital.path])
    monkeypatch.setattr(loading, "_current", [hospital])
    for week in (3, 4, 6):
        run(week)
    unwritten = write_portfolio().text()
    assert "Draft" in unwritten and "Missing from the exercise of week 6: Threshold, Harm ratio" in unwritten
    write_memos()
    written = write_portfolio()
    assert written.report.final, written.text()
    assert written.text().startswith("Complete: 36 parts are there") and written.pdf.name == "portfolio.pdf"
