"""The audit on what people bring: odd files, little in them, data sets whose times were moved; and its own report."""

from __future__ import annotations

import gzip
import json
import os
import random
import re
from pathlib import Path

import pytest
from audit_cases import A, lab, patient
from conftest import EXTERNAL, ROOT
from typer.testing import CliRunner
from wardround import cli
from wardround.records import read_export
from wardround.records.audit import Audit, audit

MIMIC = EXTERNAL / "mimic-iv-fhir-demo"


def written(folder: Path, name: str, resources: list[dict]) -> Path:
    folder.mkdir(exist_ok=True)
    text = "".join(json.dumps(one) + "\n" for one in resources)
    if name.endswith(".json") or name.endswith(".json.gz"):
        text = json.dumps(
            {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in resources]}
        )
    packed = gzip.compress(text.encode()) if name.endswith(".gz") else text.encode()
    (folder / name).write_bytes(packed)
    return folder


def told(made: Audit) -> str:
    return " ".join(made.not_judged)


@pytest.mark.parametrize("name", ["a.ndjson", "a.ndjson.gz", "a.json", "a.json.gz"])
@pytest.mark.parametrize("as_file", [False, True])
def test_a_folder_a_packed_file_and_a_bundle_say_the_same(name, as_file, tmp_path):
    folder = written(tmp_path / "e", name, [A, patient("b", birthDate="1900-01-01")])
    made = audit(read_export(folder / name if as_file else folder))
    assert made.resources == 2 and made.of("birth_date_placeholder")["resource_id"].tolist() == ["b"]


def test_what_is_not_there_is_not_told_as_found_in_order(tmp_path):
    zebra = {"resourceType": "Zebra", "id": "z"}
    made = audit(read_export(written(tmp_path / "e", "x.ndjson", [zebra])))
    assert (made.summary["of"] > 0).all(), "none of none is no good news"
    assert {"line_repeated", "no_id"} <= set(made.summary["check"]) and "unit_two" not in set(made.summary["check"])
    assert "This export has no coded resources; no references;" in told(made)
    assert "Of Zebra (1) only ids, references and codes were judged." in told(made)


def test_files_that_were_passed_over_are_told(tmp_path):
    folder = written(tmp_path / "e", "x.ndjson", [A])
    assert "not opened" not in told(audit(read_export(folder)))
    (folder / "Observation.csv").write_text("a,b\n")
    assert "Files that were not opened: 1 (the first: Observation.csv, not named" in told(audit(read_export(folder)))


def test_a_sample_whose_times_were_moved_for_each_patient_is_not_called_silent(tmp_path):
    """As MIMIC's are: years after 2100, for each patient others."""
    for file in (ROOT / "datasets" / "sample" / "export").iterdir():
        text = file.read_bytes()
        lines = (gzip.decompress(text) if file.suffix == ".gz" else text).decode().splitlines()
        moved = "\n".join(_moved(line) for line in lines)
        (tmp_path / f"Mimic{file.name.removesuffix('.gz')}.gz").write_bytes(gzip.compress(moved.encode()))
    made = audit(read_export(tmp_path))
    plain = audit(read_export(ROOT / "datasets" / "sample"))
    assert "they were moved" in told(made) and "they were moved" not in told(plain)
    for check in ("silent_days", "thin_months", "code_renamed", "in_future"):
        assert check not in set(made.summary["check"])
    within = ["end_before_start", "outside_encounter", "unit_two", "value_impossible", "reference_dangles"]
    same = [one.set_index("check").reindex(within)["n"].tolist() for one in (made.summary, plain.summary)]
    assert same[0] == same[1] and made.resources == plain.resources


def _moved(line: str) -> str:
    held = json.loads(line)
    refers = (held.get("subject") or held.get("patient") or {}).get("reference", "").split("/")[-1]
    by = random.Random(held["id"] if held["resourceType"] == "Patient" else refers).randint(90, 180)
    return re.sub(r'(?<=")(?:19|20)\d\d(?=-\d\d)', lambda year: str(int(year[0]) + by), line)


def test_the_mimic_demo_where_somebody_has_fetched_it():
    if not MIMIC.is_dir():
        pytest.skip(f"no MIMIC-IV demo in {MIMIC}: its licence and its size keep it out of the course")
    made = audit(read_export(MIMIC))
    assert made.resources > 500_000 and "they were moved" in told(made)
    assert not len(made.of("document_unreadable")) and made.summary.set_index("check").loc["code_not_standard", "n"] > 0


def test_the_report_is_its_owners_alone_and_a_wrong_place_is_told_before_reading(tmp_path, monkeypatch, capsys):
    folder = written(tmp_path / "e", "x.ndjson", [A, lab("x")])
    page = tmp_path / "report.html"
    page.write_text("an older report that everybody may read")
    done = CliRunner().invoke(cli.app, ["audit", str(folder), "--out", str(page)])
    assert done.exit_code == 0 and "keep it where the export may lie" in done.output
    assert page.read_text().startswith("<!doctype") and [one.name for one in tmp_path.iterdir() if one.is_file()] == [
        "report.html"
    ]
    assert os.name == "nt" or page.stat().st_mode & 0o077 == 0
    monkeypatch.setattr("wardround.records.read_export", lambda *a, **k: pytest.fail("it was read first"))
    for wrong, says in ((tmp_path / "none" / "r.html", "There is no folder"), (tmp_path, "is a folder")):
        monkeypatch.setattr("sys.argv", ["wardround", "audit", str(folder), "--out", str(wrong)])
        with pytest.raises(SystemExit):
            cli.main()
        said = capsys.readouterr().err
        assert says in said and said.count("\n") == 1


def test_nothing_of_an_export_stays_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    folder = written(tmp_path / "e", "x.ndjson", [A, lab("x")])
    made = read_export(folder)
    (kept,) = (tmp_path / "scratch").iterdir()
    assert os.name == "nt" or kept.stat().st_mode & 0o077 == 0
    audit(made)
    del made
    import gc

    gc.collect()
    assert not list((tmp_path / "scratch").iterdir()) and [path.name for path in folder.iterdir()] == ["x.ndjson"]
