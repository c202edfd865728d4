"""The committed sample: the bytes that the code writes today, small, plain, without truth, and read like any export."""

from __future__ import annotations

import json
import re
from pathlib import Path

import card
import orjson
import pytest
import sample
from typer.testing import CliRunner
from wardround import cli
from wardround.hospital import build, open_truth, verify
from wardround.records import read_export

RUN = CliRunner()


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    return build(tmp_path_factory.mktemp("sample") / "whole", **sample.PARAMETERS)


def committed() -> list[Path]:
    """Every file of the sample but what reading it has left there."""
    files = [path for path in sample.FOLDER.rglob("*") if path.is_file()]
    return [path for path in files if path.relative_to(sample.FOLDER).parts[0] != "cache"]


def test_the_sample_is_what_the_code_writes(whole, tmp_path):
    sample.write(tmp_path / "sample", whole)
    again = (tmp_path / "sample" / "manifest.json").read_bytes()
    assert (sample.FOLDER / "manifest.json").read_bytes() == again, "run: python tests/sample.py"
    assert verify(sample.FOLDER) == verify(tmp_path / "sample") == []


def test_the_sample_is_small_and_plain_and_holds_no_truth(whole):
    manifest = orjson.loads((sample.FOLDER / "manifest.json").read_bytes())
    names = {path.relative_to(sample.FOLDER).as_posix() for path in committed()}
    assert names == {*manifest["files"], "manifest.json"}
    assert {name.rpartition(".")[2] for name in names} == {"ndjson", "hl7", "csv", "json"}
    assert sum(path.stat().st_size for path in committed()) < sample.LIMIT
    assert len(open_truth(whole).persons) == sample.PEOPLE


def test_the_sample_opens_and_nothing_in_it_is_refused(tmp_path):
    hospital = read_export(sample.FOLDER, cache=tmp_path)
    assert len(hospital.quarantine) == len(hospital.feeds.quarantine) == 0
    manifest = orjson.loads((sample.FOLDER / "manifest.json").read_bytes())
    counted = hospital.counts.set_index("resource_type")
    assert counted["resources"].to_dict() == {name: each["resources"] for name, each in manifest["counts"].items()}
    assert hospital.checksum == manifest["checksum"]
    assert all(len(hospital.tables[name]) for name in hospital.tables)
    assert set(hospital.feeds) == {"adt", "oru", "claims", "enrolment"}
    assert all(len(hospital.feeds[name]) for name in hospital.feeds)


def test_the_commands_read_the_sample(tmp_path):
    copy = tmp_path / "export"
    copy.symlink_to(sample.FOLDER / "export")
    tables = RUN.invoke(cli.app, ["records", "tables", str(copy), "--json"])
    assert json.loads(tables.output)["tables"]["patients"] == 48
    found = RUN.invoke(cli.app, ["audit", str(copy), "--json"])
    assert found.exit_code == 0 and json.loads(found.output)


def test_the_card_says_what_the_sample_is(whole):
    text = card.CARD.read_text(encoding="utf-8")
    said = re.search(r"### The sample\n(.*?)\n#", text, re.S)[1]
    counts, truth = orjson.loads((whole / "manifest.json").read_bytes())["counts"], open_truth(whole)
    size = sum(path.stat().st_size for path in committed())
    lines, resources = (sum(each[key] for each in counts.values()) for key in ("lines", "resources"))
    ledger = truth.ledger
    found = set(zip(ledger["fault"], ledger["file"].str.split("/").str[0], strict=True))
    kinds = card.kinds_of_faults()
    missing = {fault for fault, place in kinds if (fault, place) not in found}
    named = set(re.findall(r"`(\w+)`", said.split("kinds of faults are missing:")[1]))
    assert named == missing
    second = ledger.loc[ledger["fault"] == "duplicate_patient", "resource_id"].nunique()
    for figure in (
        f"{len(missing)} of {len(kinds)} kinds",
        f"{second} of {counts['Patient']['resources']} Patient records",
        f"Forty people with {len(truth.stays)} stays",
        f"{resources:,} resources on {lines:,} lines",
        f"{size / 1e6:.1f} MB",
        f"seed {sample.PARAMETERS['seed']}, scale {sample.PARAMETERS['scale']}, {sample.PARAMETERS['weeks']} weeks",
    ):
        assert figure in " ".join(said.split()), figure
