"""Room to grow: a hospital of several parts, each with its own faults, the same bytes from any number of processes."""

from __future__ import annotations

import gzip

import numpy as np
import orjson
import pandas as pd
import pytest
from wardround.hospital import build, open_truth, shard, verify
from wardround.hospital.faults import FAULTS
from wardround.hospital.simulation import panel_size
from wardround.records import read_export

SEED, SCALE = 21, 0.06


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shard, "KEYS_A_SHARD", 300)
        return build(tmp_path_factory.mktemp("scale") / "parts", seed=SEED, scale=SCALE)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return build(tmp_path_factory.mktemp("scale") / "whole", seed=SEED, scale=SCALE)


def manifest(folder):
    return orjson.loads((folder / "manifest.json").read_bytes())


def test_any_number_of_processes_writes_the_same(parts, tmp_path, monkeypatch):
    monkeypatch.setattr(shard, "KEYS_A_SHARD", 300)
    assert manifest(build(tmp_path / "two", seed=SEED, scale=SCALE, workers=2)) == manifest(parts)


def test_parts_are_files_of_their_own_and_all_are_verified(parts):
    names = sorted(path.name for path in (parts / "export").glob("Patient*"))
    assert names == ["Patient.000.ndjson", "Patient.001.ndjson", "Patient.002.ndjson"]
    assert panel_size(SCALE) == 840 and verify(parts) == []
    (parts / "export" / "Patient.001.ndjson").touch()
    with (parts / "export" / "Procedure.002.ndjson.gz").open("ab") as stream:
        stream.write(gzip.compress(b"{}\n"))
    (problem,) = verify(parts)
    assert problem.startswith("export/Procedure.002.ndjson.gz has been changed: ")
    lines = gzip.decompress((parts / "export" / "Procedure.002.ndjson.gz").read_bytes())
    (parts / "export" / "Procedure.002.ndjson.gz").write_bytes(gzip.compress(lines[:-3], 1, mtime=0))
    assert verify(parts) == []


def test_the_people_are_the_same_and_only_faults_are_chosen_anew(parts, whole):
    one, other = open_truth(parts), open_truth(whole)
    assert set(one.persons["person_id"]) == set(other.persons["person_id"])
    columns = ["person_id", "admitted_at", "group", "p0", "septic", "lace"]
    left, right = (truth.stays[columns].sort_values(columns[:2]).reset_index(drop=True) for truth in (one, other))
    pd.testing.assert_frame_equal(left, right)
    assert len(one.ledger) > len(other.ledger)  # at least eight of each kind in each part
    files = set(one.ledger["file"])
    assert "export/Encounter.002.ndjson" in files and "export/Encounter.ndjson" not in files


def test_a_hospital_of_parts_reads_like_one(parts, whole):
    several, one = read_export(parts), read_export(whole)
    assert len(several.quarantine) == 0
    assert len(several.tables.encounters) == len(one.tables.encounters)
    assert len(several.warehouse.stays) == len(one.warehouse.stays)
    assert several.checksum == manifest(parts)["checksum"]


# the warehouse ------------------------------------------------------------------------------------------------------


def test_the_warehouse_knows_the_export_and_no_truth(whole):
    hospital, truth = read_export(whole), open_truth(whole)
    warehouse = hospital.warehouse
    assert warehouse.keys() == ["contacts", "deaths", "emergency", "stays", "windows"]
    encounters = set(hospital.tables.encounters["encounter_key"])
    latent = {"frailty", "acuity", "hazard", "p0", "p1", "p_true", "septic", "social", "brittleness", "benefit"}
    for name in ("emergency", "stays", "windows"):
        table = warehouse[name]
        assert set(table["encounter_id"]) <= encounters and not latent & set(table.columns), name
    stays = warehouse.stays.merge(truth.stays, on="encounter_id", suffixes=("", "_true"))
    assert len(stays) == len(warehouse.stays)
    assert (stays["patient_id"] == stays["patient_id_true"]).all()
    seen = stays[stays["index"] & stays["readmitted_30d"].notna()]
    assert (seen["readmitted_30d"].astype(bool) == seen["next_event"].eq("unplanned_here")).all()


def test_a_row_holds_nothing_that_came_after_its_moment(whole):
    """The last creatinine known at 08:00 on the day of discharge, found again in the export by its time of issue."""
    hospital, ledger = read_export(whole), open_truth(whole).ledger
    wrong = ledger["fault"].isin(
        ("analyser_unit", "local_code", "utc_as_local", "late_result", "result_before_collection", "dangling_reference")
    )
    changed = set(ledger.loc[wrong, "resource_id"])
    labs = hospital.tables.labs
    labs = labs[labs["loinc"].eq("2160-0") | labs["lab_key"].isin(changed)]
    touched = set(labs.loc[labs["lab_key"].isin(changed), "encounter_key"])
    stays = hospital.warehouse.stays[["encounter_id", "asked_at", "creatinine"]].dropna()
    joined = labs.merge(stays[~stays["encounter_id"].isin(touched)], left_on="encounter_key", right_on="encounter_id")
    known = joined[joined["issued_at"] <= joined["asked_at"]].sort_values("issued_at")
    last = known.groupby("encounter_id").last()
    assert len(last) > 50 and np.isclose(last["value"], last["creatinine"], atol=0.006).mean() > 0.98


def test_what_is_written_later_is_listed(whole):
    truth, warehouse = open_truth(whole), read_export(whole).warehouse
    listed = truth.availability.groupby("table")["column"].agg(set)
    for name, columns in listed.items():
        assert columns <= set(warehouse[name].columns), name
    assert {"readmitted_30d", "billing_status", "no_show", "code_count"} <= listed["stays"]


def test_a_missing_table_is_said_in_one_sentence(whole, tmp_path):
    with pytest.raises(
        AttributeError,
        match="There is no table 'labs' in the warehouse; it holds contacts, deaths, emergency, stays, windows",
    ):
        _ = read_export(whole).warehouse.labs
    (tmp_path / "p.ndjson").write_bytes(b'{"resourceType":"Patient","id":"a"}')
    with pytest.raises(AttributeError, match="there is none in"):
        _ = read_export(tmp_path).warehouse.stays


# many hospitals -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_fifty_seeds_without_a_crash_and_every_fault_in_each(tmp_path):
    """Small hospitals hold every kind; where there is little to choose from, as many as there are."""
    for seed in range(50):
        folder = build(tmp_path / "h", seed=seed, scale=0.015)
        assert verify(folder) == []
        planted = set(open_truth(folder).ledger["fault"])
        assert len(planted) >= len(FAULTS) - 4, sorted(set(FAULTS) - planted)
