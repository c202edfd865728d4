"""Tables, keys, times, the cache, and finding what belongs to one patient."""

import json
import multiprocessing
import os
from pathlib import Path

import pandas as pd
import pytest
from wardround.records import TABLES, RecordsError, compile_view, frame, read_export, view_of
from wardround.records import store as stores

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"


def write(folder: Path, *resources: dict, name: str = "all.ndjson") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(json.dumps(resource) + "\n" for resource in resources))
    return folder


def observation(key: str, category: str, **more) -> dict:
    coding = [{"system": "urn:local", "code": "K"}, {"system": LOINC, "code": "2823-3"}]
    return {
        **{"resourceType": "Observation", "id": key, "status": "final"},
        "category": [{"coding": [{"code": "other"}]}, {"coding": [{"code": category}]}],
        "code": {"coding": coding, "text": "Potassium"},
        "subject": {"reference": "Patient/a"},
        **more,
    }


def quantity(value, code="mmol/L", system=UCUM) -> dict:
    return {"value": value, "unit": "shown", "system": system, "code": code}


PEOPLE = [
    {
        **{"resourceType": "Patient", "id": "a", "gender": "female", "birthDate": "1970-06"},
        "name": [{"family": "Vale", "given": ["Ada", "M"]}, {"family": "Old"}],
        "identifier": [
            {"system": "urn:other", "value": "no"},
            {"type": {"coding": [{"code": "MR"}]}, "system": "urn:mrn", "value": "77"},
        ],
        "link": [{"other": {"reference": "Patient/b"}, "type": "replaces"}],
        "deceasedDateTime": "2024-03-09",
    },
    {"resourceType": "Patient", "id": "b", "deceasedBoolean": True},
]


def test_times_are_instants_only_where_they_are(tmp_path):
    written = {
        "2024-03-10T01:30:00-05:00": "2024-03-10 06:30:00",
        "2024-07-01T12:00:00-04:00": "2024-07-01 16:00:00",
        "2024-07-01T12:00:00Z": "2024-07-01 12:00:00",
        "2024-07-01T12:00:00.123+00:00": "2024-07-01 12:00:00.123",
        "2024-07-01T12:00:00.123456789Z": "2024-07-01 12:00:00.123456",
        "2024-07-01T12:00-04:00": "2024-07-01 16:00:00",
        **dict.fromkeys(["2024-07-01", "2024-07", "2024", "2024-07-01T12:00:00", "soon", "2024-02-30T01:00:00Z"]),
        "9999-12-31T23:59:59-05:00": None,
    }
    visits = [{"resourceType": "Encounter", "id": str(n), "period": {"start": text}} for n, text in enumerate(written)]
    table = read_export(write(tmp_path, *visits)).tables.encounters
    assert str(table["admitted_at"].dtype) == "datetime64[us, UTC]"
    assert table["admitted_raw"].tolist() == list(written)
    for raw, at, expected in zip(written, table["admitted_at"], written.values(), strict=True):
        assert pd.isna(at) if expected is None else at == pd.Timestamp(expected, tz="UTC"), raw
    # One odd time must not change how its neighbours are read.
    plain = read_export(write(tmp_path / "plain", *visits[:3])).tables.encounters["admitted_at"]
    assert plain.equals(table["admitted_at"].head(3))


def test_patients_in_lay_words(tmp_path):
    table = read_export(write(tmp_path, *PEOPLE)).tables.patients
    first = table.iloc[0]
    assert first[["patient_key", "mrn", "family", "given", "birth_date", "link_other", "link_type"]].tolist() == [
        *["a", "77", "Vale", "Ada M", "1970-06", "b", "replaces"]
    ]
    assert first["deceased_raw"] == "2024-03-09" and pd.isna(first["deceased_at"]) and pd.isna(first["deceased"])
    assert table["deceased"].tolist()[1] is True
    assert table.iloc[1].drop(["patient_key", "deceased"]).isna().all()
    assert str(table["mrn"].dtype) == "str" and str(table["deceased"].dtype) == "boolean"


def test_labs_and_vitals(tmp_path):
    pressure = [
        {"code": {"coding": [{"system": LOINC, "code": code}]}, "valueQuantity": quantity(value, "mm[Hg]")}
        for code, value in (("8480-6", 120), ("8462-4", 80))
    ]
    resources = [
        observation("l1", "laboratory", valueQuantity=quantity(4.1)),
        observation("l2", "laboratory", valueString="hemolyzed", encounter={"reference": "Encounter/e"}),
        observation("l3", "laboratory", valueQuantity=quantity("4.1", system="urn:x"), code={"text": "K"}),
        observation("v1", "vital-signs", valueQuantity=quantity(80, "/min")),
        observation("v2", "vital-signs", component=pressure),
        observation("v3", "vital-signs"),
        observation("s1", "survey"),
    ]
    tables = read_export(write(tmp_path, *PEOPLE, *resources)).tables
    labs = tables["labs"].set_index("lab_key")
    assert labs.index.tolist() == ["l1", "l2", "l3"]
    assert labs.loc["l1", ["loinc", "local_code", "value", "unit", "unit_text"]].tolist() == [
        *["2823-3", "K", 4.1, "mmol/L", "shown"]
    ]
    assert labs.loc["l2", "value_text"] == "hemolyzed" and labs.loc["l2", "encounter_key"] == "e"
    assert labs.loc["l3", ["loinc", "value", "unit"]].isna().all()
    assert tables.unfit.to_dict("records") == [{"table": "labs", "column": "value", "n": 1}]
    vitals = tables.vitals[["vital_key", "loinc", "value", "unit"]].astype(object).to_numpy().tolist()
    assert vitals[:3] == [["v1", "2823-3", 80, "/min"], ["v2", "8480-6", 120, "mm[Hg]"], ["v2", "8462-4", 80, "mm[Hg]"]]
    assert vitals[3][:2] == ["v3", "2823-3"] and pd.isna(vitals[3][2])


def test_repeated_resources_are_one_row_and_the_last_counts(tmp_path):
    write(tmp_path, *PEOPLE, PEOPLE[0], name="1.ndjson")
    write(
        tmp_path,
        PEOPLE[0] | {"gender": "male"},
        {"resourceType": "Patient"},
        {"resourceType": "Patient"},
        name="2.ndjson",
    )
    hospital = read_export(tmp_path)
    assert hospital.counts.iloc[0].tolist() == ["Patient", 6, 4, 2]
    assert len(list(hospital.resources("Patient"))) == 6
    table = hospital.tables.patients
    assert len(table) == 4 and table.set_index("patient_key").loc["a", "gender"] == "male"
    assert hospital.find("Patient/a")["gender"] == "male"


def test_finding_one_patient(tmp_path):
    filler = [{"resourceType": "Basic", "id": f"x{n}", "text": {"div": "." * 900}} for n in range(3000)]
    about = [
        observation("o1", "laboratory"),
        observation("o2", "laboratory", subject={"reference": "https://x.example.org/fhir/Patient/a/_history/3"}),
        observation("o3", "laboratory", subject={"reference": "Group/a"}),
        observation("o4", "laboratory", subject={"reference": "Patient/aa"}, note=[{"text": "Patient/a"}]),
        {"resourceType": "Group", "id": "a"},
    ]
    hospital = read_export(write(tmp_path, *PEOPLE, *filler, *about))
    assert len(hospital._store.facts["blocks"]) > 2
    found = [f"{one['resourceType']}/{one['id']}" for one in hospital.everything("Patient/a")]
    assert found == ["Patient/a", "Observation/o1", "Observation/o2"]
    assert [one["id"] for one in hospital.everything("Patient/b")] == ["a", "b"]
    assert hospital.find("Basic/x2999")["id"] == "x2999" and hospital.find("Group/a")["resourceType"] == "Group"
    for wrong in ("Patient/none", "a", 5):
        with pytest.raises(RecordsError):
            hospital.find(wrong)
        with pytest.raises(RecordsError):
            hospital.everything(wrong)


def test_references_by_kind(tmp_path):
    said = [
        "Patient/b",
        "Patient/x",
        "Patient?identifier=1",
        "urn:uuid:1",
        "http://x.example.org/Patient/a",
        "#c",
        "?",
        5,
    ]
    basics = [{"resourceType": "Basic", "id": str(n), "subject": {"reference": one}} for n, one in enumerate(said)]
    table = read_export(write(tmp_path, PEOPLE[1], *basics, basics[0])).references()
    assert (table["n"] >= 1).all() and table["n"].sum() == len(said)
    assert table.set_index("kind")["n"].to_dict() == {
        **{"resolves": 1, "dangling": 1, "conditional": 2, "urn": 1, "absolute": 1, "contained": 1, "unreadable": 1}
    }
    assert set(table["field"]) == {"subject"} and set(table["resource_type"]) == {"Basic"}


def test_tables_cannot_be_spoilt_by_their_users(tmp_path):
    tables = read_export(write(tmp_path, *PEOPLE)).tables
    mine = tables.patients
    mine["family"] = "gone"
    mine.loc[:, "gender"] = "gone"
    assert tables.patients.loc[0, "family"] == "Vale" and tables["patients"].loc[0, "gender"] == "female"
    assert list(tables) == list(TABLES) == list(tables.keys()) and "labs" in tables and "lab" not in tables
    with pytest.raises(AttributeError, match="no table 'lab'; there are: patients"):
        _ = tables.lab
    with pytest.raises(KeyError, match="no table 'lab'"):
        _ = tables["lab"]


def test_an_export_without_a_kind_gives_an_empty_table(tmp_path):
    tables = read_export(write(tmp_path, PEOPLE[1])).tables
    for name in TABLES[1:]:
        assert len(tables[name]) == 0 and set(compile_view(view_of(name)).columns) <= set(tables[name].columns)


def test_a_view_of_ones_own_as_a_frame():
    columns = [
        {"name": "given", "path": "name.given", "collection": True, "type": "string"},
        {"name": "born_raw", "path": "birthDate", "type": "date"},
        {"name": "n", "path": "name.given.exists()", "type": "boolean"},
        {"name": "births", "path": "multipleBirth.ofType(integer)", "type": "integer"},
    ]
    view = compile_view({"resource": "Patient", "select": [{"column": columns}]})
    table = frame(view, [*PEOPLE, {"resourceType": "Patient", "multipleBirthInteger": 2}])
    assert [list(one) for one in table["given"]] == [["Ada", "M"], [], []]
    assert table["births"].tolist()[2] == 2 and table["births"].dtype == "Int64" and table["n"].tolist()[0] is True
    assert table["born_at"].isna().all()


# the cache ------------------------------------------------------------------------------------------------------------


def entries(cache: Path) -> set[str]:
    return {path.relative_to(cache).as_posix() for path in cache.rglob("*")}


def test_the_cache_goes_by_content(tmp_path, monkeypatch):
    export, cache = write(tmp_path / "x", *PEOPLE), tmp_path / "cache"
    first = read_export(export, cache=cache)
    before = first.tables.patients
    assert any("patients-" in name for name in entries(cache))
    monkeypatch.setattr(stores._Writer, "write", lambda *_: pytest.fail("read again"))
    again = read_export(export, cache=cache)
    monkeypatch.setattr("wardround.records.tables.Columns", lambda *_: pytest.fail("flattened again"))
    assert again.tables.patients.equals(before) and again.checksum == first.checksum
    assert again.tables.patients.dtypes.equals(before.dtypes)
    monkeypatch.undo()
    write(export, PEOPLE[0], PEOPLE[1] | {"gender": "other"})
    changed = read_export(export, cache=cache)
    assert changed.tables.patients.loc[1, "gender"] == "other" and changed.checksum != first.checksum


def test_a_changed_view_is_flattened_again(tmp_path, monkeypatch):
    from wardround.records import tables as module

    export, cache = write(tmp_path / "x", *PEOPLE), tmp_path / "cache"
    assert "extra" not in read_export(export, cache=cache).tables.patients
    view = view_of("patients")
    view["select"][0]["column"].append({"name": "extra", "path": "'x'", "type": "string"})
    monkeypatch.setattr(module, "view_of", lambda name: view if name == "patients" else view_of(name))
    assert read_export(export, cache=cache).tables.patients["extra"].tolist() == ["x", "x"]


def test_a_damaged_cache_is_made_again(tmp_path):
    export, cache = write(tmp_path / "x", *PEOPLE), tmp_path / "cache"
    expected = read_export(export, cache=cache).tables.patients
    for damaged in ("patients-*.parquet", "index.parquet", "facts.json"):
        (path,) = cache.glob(f"*/{damaged}")
        path.write_bytes(path.read_bytes()[:-20])
        assert read_export(export, cache=cache).tables.patients.equals(expected), damaged


def test_a_cache_that_cannot_be_written_does_not_matter(tmp_path):
    export = write(tmp_path / "x", *PEOPLE)
    (tmp_path / "file").write_text("in the way")
    assert len(read_export(export, cache=tmp_path / "file").tables.patients) == 2


def test_no_copy_is_left_where_nobody_asked_for_one(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    export = write(tmp_path / "x", *PEOPLE)
    hospital = read_export(export)
    assert len(hospital.tables.patients) == 2
    (folder,) = (tmp_path / "tmp").iterdir()
    assert os.name == "nt" or folder.stat().st_mode & 0o077 == 0
    del hospital
    assert not list((tmp_path / "tmp").iterdir()) and entries(export) == {"all.ndjson"}


def test_a_hospital_on_disk_keeps_its_cache_beside_its_export(tmp_path):
    write(tmp_path / "h" / "export", *PEOPLE)
    (tmp_path / "h" / "manifest.json").write_text("{}")
    for path in (tmp_path / "h", tmp_path / "h" / "export"):
        hospital = read_export(path)
        assert hospital.path == tmp_path / "h" / "export" and hospital.documents == 2
    assert len(list((tmp_path / "h" / "cache").iterdir())) == 1


def test_the_checksum_is_of_the_content_not_of_its_packing(tmp_path):
    import gzip

    plain = write(tmp_path / "plain", *PEOPLE)
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed" / "all.ndjson.gz").write_bytes(gzip.compress((plain / "all.ndjson").read_bytes()))
    assert read_export(plain).checksum == read_export(tmp_path / "packed").checksum


def _open(export: str, cache: str, gate) -> int:
    gate.wait(30)
    return len(read_export(export, cache=cache).tables.patients)


def test_two_processes_at_once(tmp_path):
    people = [PEOPLE[1] | {"id": f"p{n}"} for n in range(3000)]
    export, cache = write(tmp_path / "x", *people), tmp_path / "cache"
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, context.Pool(3) as pool:
        gate = manager.Barrier(3)
        jobs = [pool.apply_async(_open, (str(export), str(cache), gate)) for _ in range(3)]
        assert [job.get(60) for job in jobs] == [3000] * 3
    assert len(list(cache.iterdir())) == 1 and not [name for name in entries(cache) if "partial" in name]


def test_progress_never_goes_back_over_one(tmp_path):
    seen = []
    for number in range(3):
        write(tmp_path, *PEOPLE, name=f"{number}.ndjson")
    hospital = read_export(tmp_path, progress=lambda done, what: seen.append((done, what)))
    assert seen[-1] == (1.0, "read") and [done for done, _ in seen] == sorted(done for done, _ in seen)
    seen.clear()
    _ = hospital.tables.patients
    assert seen[-1] == (1.0, "flattened Patient") and all(0 <= done <= 1 for done, _ in seen)
