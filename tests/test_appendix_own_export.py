"""The appendix on one's own export: on another folder it runs, prints no record, and leaves one private page."""

from __future__ import annotations

import os
import re
import shutil

import pytest
from conftest import ROOT
from wardround.course import notebooks
from wardround.records import read_export

SOURCE = ROOT / "curriculum" / "appendix" / "your_own_export.py"


def run(monkeypatch, export) -> dict:
    """Run the code cells in one namespace, the last expression of each shown as a notebook would."""
    monkeypatch.setenv("WARDROUND_EXPORT", str(export))
    names: dict = {}
    for cell in notebooks.read(SOURCE).cells:
        if cell.cell_type == "code":
            *_, last = cell.source.splitlines()
            exec(cell.source, names)
            if re.match(r"[\w\"f(]", last) and "=" not in last.split("(")[0]:
                print(eval(last, names))
    return names


def test_on_an_own_export_no_record_is_printed_and_the_page_is_private(tmp_path, monkeypatch, capsys):
    shutil.copytree(ROOT / "datasets" / "sample" / "export", tmp_path / "theirs")
    names = run(monkeypatch, tmp_path / "theirs")
    printed = capsys.readouterr().out
    assert names["own"] and "unit_mixup" in printed and "your own export" in printed
    held = read_export(tmp_path / "theirs")
    ids = {one["id"] for kind in ("Patient", "Observation", "Encounter") for one in held.resources(kind)}
    births = {one.get("birthDate") for one in held.resources("Patient")} - {None}
    assert len(ids) > 1_000 and not {word for word in ids | births if word in printed}
    page = tmp_path / "audit.html"
    assert any(word in page.read_text() for word in ids), "the page is where the records are"
    assert os.name == "nt" or page.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ['{"resourceType": "Patient", "id": "a"}\n', '{"resourceType": "Zebra"}\n'])
def test_an_export_with_next_to_nothing_in_it_runs_too(text, tmp_path, monkeypatch):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "x.ndjson").write_text(text)
    assert run(monkeypatch, tmp_path / "theirs")["made"].resources == 1
