"""Reading an export: every document becomes a resource or a reason, whatever the bytes are."""

import gzip
import json
import os
import random
import zlib
from pathlib import Path

import pytest
import wardround
from hypothesis import example, given, settings
from hypothesis import strategies as st
from wardround.records import RecordsError, read_export

ROOT = Path(wardround.__file__).parents[2]


def external(name: str) -> Path:
    folder = Path(os.environ.get("WARDROUND_EXTERNAL", ROOT.parent / "shared" / "external")) / name
    if not folder.is_dir():
        if "external" in os.environ.get("WARDROUND_REQUIRE", ""):
            pytest.fail(f"{name} is required and absent; set WARDROUND_EXTERNAL to the folder that holds it.")
        pytest.skip(f"{name} is not on this machine (WARDROUND_EXTERNAL)")
    return folder


def patient(key: str, **more) -> bytes:
    return json.dumps({"resourceType": "Patient", "id": key, **more}).encode()


def total(hospital) -> int:
    assert (hospital.counts["documents"] == hospital.counts["resources"] + hospital.counts["repeated"]).all()
    assert hospital.documents == hospital.counts["documents"].sum() + len(hospital.quarantine)
    return hospital.documents


def reasons(hospital) -> list[tuple[str, int, str]]:
    return list(hospital.quarantine.itertuples(index=False, name=None))


def test_every_shape_of_export(tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "Patient.000.ndjson").write_bytes(patient("a") + b"\r\n\r\n" + patient("b") + b"\n")
    (tmp_path / "deep" / "people.NDJSON").write_bytes(b"\xef\xbb\xbf" + patient("c"))
    (tmp_path / "deep" / "er" / "Patient_2.ndjson.gz").write_bytes(
        gzip.compress(patient("d") + b"\n") + gzip.compress(patient("e")) + b"\0" * 600
    )
    (tmp_path / "unpacked.ndjson.gz").write_bytes(patient("f"))  # unpacked by a browser that kept the name
    (tmp_path / "one.json").write_text(json.dumps({"resourceType": "Basic", "id": "g"}, indent=2).replace("\n", "\r\n"))
    (tmp_path / "lines.json").write_bytes(patient("h") + b"\n" + patient("i"))
    (tmp_path / "unknown.jsonl").write_text('{"resourceType": "Zebra", "id": "z", "stripes": [1]}')
    (tmp_path / "empty.ndjson").write_bytes(b"")
    (tmp_path / "log.ndjson").write_text('{"exportId": "1"}\n')
    (tmp_path / ".hidden.ndjson").write_bytes(patient("no"))
    (tmp_path / "README.md").write_text("no")
    hospital = read_export(tmp_path)
    assert total(hospital) == 10 + 1
    assert sorted(one["id"] for one in hospital.resources("Patient")) == list("abcdefhi")
    assert hospital.find("Basic/g") == {"resourceType": "Basic", "id": "g"}
    assert hospital.find("Zebra/z")["stripes"] == [1]
    assert reasons(hospital) == [("log.ndjson", 1, "no resourceType")]
    assert set(hospital.passed_over["file"]) == {".hidden.ndjson", "README.md"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"resourceType": "Patient", "id": "x", "na', "cut off after 42 bytes"),
        (patient("x").replace(b'"x"', b'"\xe9"'), "not UTF-8 text: byte"),
        (patient("\u00e9x").decode().encode("utf-16"), "not UTF-8 text"),
        (b'["Patient"]', "not a JSON object but a list"),
        (b"7", "not a JSON object but a number"),
        (b"null", "not a JSON object but null"),
        (b'{"id": "x"}', "no resourceType"),
        (b'{"resourceType": 5}', "resourceType is not"),
        (b'{"resourceType": "Pat ient"}', "resourceType is not"),
        (b'{"resourceType": "Patient", "x": ' + b"[" * 2000 + b"]" * 2000 + b"}", "1024 levels"),
        (b'{"resourceType": "Patient", "x": NaN}', "not JSON"),
        (b'{"resourceType": "Patient", "x": 1e999}', "not JSON: number is infinity"),
        (b'{"resourceType": "Patient", "x": "\\ud800"}', "not JSON"),
        (b"\0\0\0", "not JSON"),
    ],
)
def test_a_line_that_cannot_be_read_is_quarantined(tmp_path, line, reason):
    (tmp_path / "x.ndjson").write_bytes(patient("a") + b"\n" + line + b"\n" + patient("b") + b"\n")
    hospital = read_export(tmp_path)
    (file, number, why), *more = reasons(hospital)
    assert (file, number) == ("x.ndjson", 2) and reason in why
    assert total(hospital) == 3 + len(more)  # UTF-16 has line ends of its own
    assert [one["id"] for one in hospital.resources("Patient")] == ["a", "b"]


def test_gzip_damage_keeps_the_lines_before_it(tmp_path):
    noise = random.Random(7)
    lines = [patient(f"p{i}", text=noise.randbytes(90).hex()) for i in range(5000)]
    whole = gzip.compress(b"\n".join(lines), mtime=0)
    half = len(whole) // 2
    good = zlib.decompressobj(wbits=31).decompress(whole[:half]).count(b"\n")
    for name, damaged, least, trusted in (
        ("cut", whole[:half], good, True),
        ("tail", whole + b"rubbish", 5000, True),
        ("check", whole[:-8] + bytes(4) + whole[-4:], 5000, True),
        ("middle", whole[:half] + b"\xff" * 200 + whole[half + 200 :], good - 800, False),
    ):
        (tmp_path / f"{name}.ndjson.gz").write_bytes(damaged)
        hospital = read_export(tmp_path / f"{name}.ndjson.gz")
        found = [json.dumps(one).encode() for one in hospital.resources("Patient")]
        assert found == lines[: len(found)] and least <= len(found), name
        assert total(hospital) == len(found) + len(hospital.quarantine)
        *near, (_, last, why) = reasons(hospital)
        assert "gzip damage: " in why
        if not trusted:  # wrong data may break off at once, or unpack to nonsense up to the check at the end
            assert near or "may be wrong" in why
            continue
        assert ("may be wrong" in why) == (name == "check") and not near
        assert last == len(found) + 1
        assert len(found) == least


def test_damage_does_not_invent_resources(tmp_path):
    """Wrong compressed data unpack to text that looks right for a while: it must not become a patient."""
    noise = random.Random(8)
    lines = [patient(f"p{i}", text=noise.randbytes(60).hex()) for i in range(3000)]
    whole = gzip.compress(b"\n".join(lines), mtime=0)
    for trial in range(40):
        place = noise.randrange(200, len(whole) - 400)
        damaged = whole[:place] + noise.randbytes(noise.choice([1, 8, 200])) + whole[place + 200 :]
        path = tmp_path / f"{trial}.ndjson.gz"
        path.write_bytes(damaged)
        try:
            hospital = read_export(path)
        except RecordsError:
            continue  # nothing before the damage
        found = [json.dumps(one).encode() for one in hospital.resources("Patient")]
        if found != lines[: len(found)]:
            assert any("may be wrong" in why for _, _, why in reasons(hospital)), trial


def test_bundles_are_opened_and_their_addresses_rewritten(tmp_path):
    entries = [
        {"fullUrl": "urn:uuid:1-2", "resource": {"resourceType": "Patient", "id": "p"}},
        {
            "fullUrl": "urn:uuid:3-4",
            "resource": {"resourceType": "Encounter", "subject": {"reference": "urn:uuid:1-2"}},
        },
        {
            "fullUrl": "http://x.example.org/fhir/Observation/o",
            "resource": {
                "resourceType": "Observation",
                "id": "o",
                "encounter": {"reference": "urn:uuid:3-4"},
                "hasMember": [{"reference": "urn:uuid:nowhere"}, {"reference": "#c"}],
                "performer": [{"reference": "Practitioner?identifier=x|1"}],
            },
        },
        {"request": {"method": "DELETE", "url": "Patient/x"}},
        "no entry",
        {
            "resource": {
                "resourceType": "Bundle",
                "type": "searchset",
                "entry": [{"resource": {"resourceType": "Group"}}],
            }
        },
        {"resource": {"resourceType": "Bundle", "id": "empty", "type": "searchset", "entry": []}},
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    (tmp_path / "b.json").write_text(json.dumps(bundle, indent=1))
    (tmp_path / "b.ndjson").write_text(json.dumps(bundle | {"entry": entries[:2], "type": "batch"}) + "\n")
    hospital = read_export(tmp_path)
    assert total(hospital) == 7 + 2
    assert reasons(hospital) == [("b.json", 1, f"entry {n}: it holds no resource") for n in (4, 5)]
    assert hospital.find("Encounter/3-4")["subject"] == {"reference": "Patient/p"}
    assert hospital.find("Observation/o")["encounter"] == {"reference": "Encounter/3-4"}
    assert hospital.counts.set_index("resource_type")["repeated"].to_dict() == {
        **{"Bundle": 0, "Group": 0, "Observation": 0},
        **{"Patient": 1, "Encounter": 1},
    }
    kinds = hospital.references().set_index(["field", "kind"])["n"].to_dict()
    assert kinds == {
        **{("subject", "resolves"): 1, ("encounter", "resolves"): 1, ("hasMember", "urn"): 1},
        **{("hasMember", "contained"): 1, ("performer", "conditional"): 1},
    }


def test_a_bundle_nested_too_deeply_to_be_rewritten_loses_only_that_entry(tmp_path):
    deep = json.loads("[" * 400 + "]" * 400)
    entries = [{"resource": {"resourceType": "Patient", "id": "a", "x": deep}}, {"resource": json.loads(patient("b"))}]
    (tmp_path / "b.json").write_text(json.dumps({"resourceType": "Bundle", "entry": entries}))
    hospital = read_export(tmp_path)
    assert total(hospital) == 2 and "254 levels" in reasons(hospital)[0][2]


@settings(max_examples=150, deadline=None)
@example(data=b"\xef\xbb\xbf", packed=True)
@example(data=b"\xef\xbb\xbf" + patient("a"), packed=True)
@given(
    data=st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.sampled_from([patient("a"), patient("b"), b'{"resourceType":"X"}', b"{}", b"[]", b"\r", b" \t", b"NaN"]),
        ),
        max_size=8,
    ).map(b"\n".join),
    packed=st.booleans(),
)
def test_documents_are_resources_and_quarantined_whatever_the_bytes(tmp_path_factory, data, packed):
    folder = tmp_path_factory.mktemp("bytes")
    lines = [line for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip(b" \t\r")]
    (folder / "good.ndjson").write_bytes(patient("good"))
    (folder / "x.ndjson").write_bytes(gzip.compress(data) if packed else data)
    hospital = read_export(folder)
    if not packed and data[:2] == b"\x1f\x8b":  # taken for gzip, and said to be damaged
        assert len(hospital.quarantine) >= 1 and total(hospital) >= 2
        return
    assert total(hospital) == len(lines) + 1
    assert len(list(hospital.resources("Patient"))) == sum(line in (patient("a"), patient("b")) for line in lines) + 1


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 400), byte=st.integers(0, 255), cut=st.booleans())
def test_no_damage_to_a_gzip_file_crashes_or_invents(tmp_path_factory, place, byte, cut):
    folder = tmp_path_factory.mktemp("gz")
    lines = [patient(f"p{i}", code=i * 7919) for i in range(60)]
    whole = bytearray(gzip.compress(b"\n".join(lines)))
    place %= len(whole)
    damaged = bytes(whole[:place] if cut else whole[:place] + bytes([byte]) + whole[place + 1 :])
    (folder / "good.ndjson").write_bytes(patient("good"))
    (folder / "x.ndjson.gz").write_bytes(damaged)
    hospital = read_export(folder)
    found = int(hospital.counts["documents"].sum()) - 1  # damage may turn a type into another one before it is noticed
    assert total(hospital) == found + 1 + len(hospital.quarantine)
    assert found <= 60 and (found == 60 or len(hospital.quarantine) or not damaged)


def test_nothing_readable_is_one_sentence(tmp_path):
    with pytest.raises(RecordsError, match="There is no file or folder"):
        read_export(tmp_path / "nowhere")
    with pytest.raises(RecordsError, match="there is no file named"):
        read_export(tmp_path)
    (tmp_path / "a.ndjson").write_bytes(b"\n \n")
    with pytest.raises(RecordsError, match="every file is empty"):
        read_export(tmp_path)
    (tmp_path / "a.ndjson").write_bytes(b"{}\n[]")
    with pytest.raises(RecordsError, match=r"none of 2 documents could be read .*a\.ndjson line 1, no resourceType"):
        read_export(tmp_path)


def test_a_file_that_may_not_be_opened_is_quarantined(tmp_path, monkeypatch):
    for name in "ab":
        (tmp_path / f"{name}.ndjson").write_bytes(patient(name))
    whole = Path.open

    def refuse(self, *args, **more):
        if self.name == "b.ndjson":
            raise PermissionError(13, "Permission denied")
        return whole(self, *args, **more)

    monkeypatch.setattr(Path, "open", refuse)
    assert reasons(read_export(tmp_path)) == [("b.ndjson", 0, "the file cannot be read: Permission denied")]


def test_a_single_file_under_any_name(tmp_path):
    (tmp_path / "what").write_bytes(gzip.compress(patient("a") + b"\n" + patient("b")))
    hospital = read_export(tmp_path / "what")
    assert [one["id"] for one in hospital.resources("Patient")] == ["a", "b"]


def test_names_that_are_no_text(tmp_path):
    try:
        (tmp_path / os.fsdecode(b"\xff.ndjson")).write_bytes(patient("a") + b"\n{}")
    except OSError:
        pytest.skip("this file system takes no such name")
    assert reasons(read_export(tmp_path)) == [("\\xff.ndjson", 2, "no resourceType")]


@pytest.mark.parametrize(
    ("name", "documents", "quarantined"), [("synthea-bulk-10", 7164, 4), ("us-core-examples", 236, 0)]
)
def test_foreign_exports_lose_nothing(name, documents, quarantined):
    folder = external(name)
    hospital = read_export(folder)
    assert total(hospital) == documents and len(hospital.quarantine) == quarantined
    by_hand = 0
    for path in folder.rglob("*"):
        if path.suffix == ".ndjson":
            by_hand += sum(1 for line in path.read_bytes().splitlines() if line.strip())
        elif path.suffix == ".json":
            found = json.loads(path.read_bytes())
            by_hand += len(found["entry"]) if found["resourceType"] == "Bundle" else 1
    assert by_hand == documents
    frames = {table: hospital.tables[table] for table in hospital.tables}
    ids = {one["id"] for one in hospital.resources("Patient")}
    assert set(frames["patients"]["patient_key"]) == ids and len(frames["patients"]) == len(ids)
    assert frames["encounters"]["patient_key"].isin(ids).all() and len(frames["encounters"]) > 0
    assert len(hospital.tables.unfit) == 0
