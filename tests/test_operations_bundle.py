"""A release bundle has one digest over all its parts, and two of them say in words what differs."""

from __future__ import annotations

import json

import pandera.pandas as pa
import pytest
from pydantic import ValidationError
from wardround.operations.bundle import Bundle, BundleUnreadable, Kept, Policy, differences, digest_of

SCHEMA = pa.DataFrameSchema({"age": pa.Column(float, pa.Check.in_range(0, 120)), "creatinine": pa.Column(float)})


def made(**changed):
    fields = {
        "name": "readmission",
        "version": 2,
        "run_id": "r2",
        "model": "a" * 64,
        "features": ("age", "creatinine"),
        "feature_code": Kept(path="features.py", sha256="b" * 64),
        "snapshot": Kept(path="snapshot.parquet", sha256="c" * 64),
        "lock": Kept(path="requirements.lock", sha256="d" * 64),
        "contract": json.loads(SCHEMA.to_json()),
        "policy": Policy(threshold=0.2, calls_a_day=12),
        "python": "3.11.7",
    }
    return Bundle(**(fields | changed))


CHANGES = {
    "name": ("sepsis", "name: readmission → sepsis"),
    "version": (3, "model: version 2 → 3"),
    "run_id": ("r9", "run: r2 → r9"),
    "model": ("e" * 64, "model: version 2 has other files (aaaaaaaaaaaa → eeeeeeeeeeee)"),
    "features": (("age", "creatinine_umol"), "features: + creatinine_umol, − creatinine"),
    "feature_code": (Kept(path="f", sha256="b" * 64), "feature code: features.py → f (bbbbbbbbbbbb → bbbbbbbbbbbb)"),
    "snapshot": (Kept(path="s", sha256="c" * 64), "snapshot: snapshot.parquet → s (cccccccccccc → cccccccccccc)"),
    "lock": (Kept(path="requirements.lock", sha256="e" * 64), "lock: requirements.lock (dddddddddddd → eeeeeeeeeeee)"),
    "contract": ({"columns": {}}, None),
    "policy": (Policy(threshold=0.3, calls_a_day=12), "policy: threshold 0.2 → 0.3"),
    "python": ("3.12.1", "python: 3.11.7 → 3.12.1"),
}  # fmt: skip


OUTSIDE = [{"lock": {"path": path, "sha256": "d" * 64}} for path in ("../x", "a/../../x", "/etc/x", "a\\x")]


def test_every_field_is_tried():
    assert set(CHANGES) == set(Bundle.model_fields)


@pytest.mark.parametrize("field", CHANGES)
def test_every_part_is_in_the_digest_and_in_the_words(field):
    value, said = CHANGES[field]
    other = made(**{field: value})
    assert other.digest != made().digest
    assert differences(made(), other) == [said] if said else differences(made(), other)


def test_equal_bundles_have_one_digest_and_nothing_to_say():
    again = made(contract=dict(reversed(made().contract.items())), policy=Policy(calls_a_day=12, threshold=0.20))
    assert again.digest == made().digest and differences(made(), again) == []


def test_words_on_the_contract_and_the_policy_name_the_rule():
    wider = SCHEMA.update_column("age", checks=[pa.Check.in_range(0, 130)]).remove_columns(["creatinine"])
    said = differences(made(), made(contract=json.loads(wider.to_json()), policy=Policy(threshold=0.2, pager="ward")))
    assert len(said) == 4
    assert said[0].startswith("contract: column age") and "130" in said[0]
    assert said[1].startswith("contract: column creatinine is gone")
    assert said[2:] == ["policy: calls_a_day is gone, was 12", 'policy: pager is new, "ward"']
    assert differences(made(), made(features=("creatinine", "age"))) == ["features: the same in another order"]


def test_a_file_comes_back_as_it_was_and_the_contract_is_a_schema_again(tmp_path):
    made().write(tmp_path / "bundle.json")
    back = Bundle.read(tmp_path / "bundle.json")
    assert back == made() and back.digest == made().digest
    assert pa.DataFrameSchema.from_json(json.dumps(back.contract)).to_json() == SCHEMA.to_json()
    assert [one.name for one in tmp_path.iterdir()] == ["bundle.json"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("0.2", "0.3"), "was changed after it was written"),
        (lambda text: text[: len(text) // 2], "is no release bundle"),
        (lambda text: "[]", "is no release bundle"),
        (lambda text: text.replace('"digest"', '"other"'), "it has no 'digest'"),
        (lambda text: text.replace('"threshold"', '"limit"'), "policy.threshold: Field required"),
    ],
)
def test_a_file_that_is_not_whole_says_so(tmp_path, change, said):
    path = tmp_path / "bundle.json"
    made().write(path)
    path.write_text(change(path.read_text()))
    with pytest.raises(BundleUnreadable, match=said):
        Bundle.read(path)


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(BundleUnreadable, match="No such file"):
        Bundle.read(tmp_path / "none.json")


WRONG = [{"model": "abc"}, {"policy": {"threshold": 20}}, {"features": ()}, {"note": "x"}, *OUTSIDE]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_bundle_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValidationError):
        made(**wrong)


def test_the_digest_of_a_folder_knows_names_and_bytes(tmp_path):
    for name in ("one", "two", "three"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "sub" / "a.txt").write_text("same")
    assert digest_of(tmp_path / "one") == digest_of(tmp_path / "two")
    (tmp_path / "two" / "sub" / "a.txt").rename(tmp_path / "two" / "sub" / "b.txt")
    (tmp_path / "three" / "sub" / "a.txt").write_text("Same")
    assert len({digest_of(tmp_path / name) for name in ("one", "two", "three")}) == 3
    (tmp_path / "one" / "__pycache__").mkdir()
    before = digest_of(tmp_path / "one")
    (tmp_path / "one" / "__pycache__" / "x.pyc").write_text("made by running it")
    assert digest_of(tmp_path / "one") == before
