"""The feature dictionary: what it makes, what it refuses, and LACE against the truth."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from wardround.hospital import open_truth
from wardround.records import RecordsError, read_export
from wardround.records import features as fe
from wardround.records.features import NEVER, READMISSION, Feature, FeatureDictionary


@pytest.fixture(scope="module")
def stays(third_hospitals) -> pd.DataFrame:
    return read_export(third_hospitals[0]).warehouse.stays


@pytest.fixture(scope="module")
def truth(third_hospitals):
    return open_truth(third_hospitals[0])


def test_the_readmission_dictionary_is_whole(stays, truth):
    assert len(READMISSION) == 46 and READMISSION.check(stays, truth.availability).empty
    table = READMISSION.table()
    assert table["name"].tolist() == READMISSION.names and (table != "").all(axis=None)
    made = READMISSION.compute(stays.iloc[::3])
    assert made.columns.tolist() == READMISSION.names and made.index.equals(stays.index[::3])
    assert (made.dtypes == "float64").all() and not {"interpreter", "race", "zip", "attending"} & set(made)
    assert made["stays_before"].max() == 6 and made["albumin_missing"].eq(made["albumin"].isna()).all()
    assert np.allclose(np.exp(made["log_los"]), stays["los_days"].iloc[::3].clip(lower=0.2))
    with_gaps = set(made.columns[made.isna().any()])
    assert with_gaps == set(fe.RESULTS)


def test_groups_and_payers_are_the_warehouse_s_but_one(stays):
    assert set(stays["group"]) - set(fe.GROUPS) == {"chemotherapy"} and set(fe.GROUPS) < set(stays["group"])
    assert set(stays["payer"]) - set(fe.PAYERS) == {"private"}


def test_what_is_written_later_moves_nothing(stays, truth):
    later = truth.availability.query("table == 'stays'")["column"]
    assert "disposition" in set(later)
    poisoned = stays.assign(**{name: stays[name].sample(frac=1, random_state=1).to_numpy() for name in later})
    pd.testing.assert_frame_equal(READMISSION.compute(stays), READMISSION.compute(poisoned))
    assert not poisoned["billing_status"].equals(stays["billing_status"])


def entry(name: str = "bill", source: str = "billing_status", **more) -> Feature:
    made = Feature(
        name, "what", "0 or 1", (source,), "ever", "later", NEVER, "billing", lambda rows: rows[source].eq(1)
    )
    return replace(made, **more)


@pytest.mark.parametrize(
    ("feature", "words"),
    [
        (entry(), "billing_status is written when the bill is closed, weeks after discharge"),
        (entry(owner=""), "owner is empty"),
        (entry(source="shoe_size"), "the rows have no shoe_size"),
        (entry(source="albumin", make=lambda rows: rows["albumin"]), "said to be never missing"),
        (entry(source="age", make=lambda rows: rows["zip"]), "it cannot be made: KeyError"),
        (entry(source="age", make=lambda rows: rows["age"] * 0), "it has one value in all rows"),
    ],
)
def test_check_names_what_is_wrong(stays, truth, feature, words):
    found = FeatureDictionary(READMISSION["age"], feature).check(stays, truth.availability)
    assert set(found["feature"]) == {"bill"} and found["problem"].str.contains(words).any()


def test_dictionaries_are_selected_and_extended(stays):
    few = READMISSION.select("stays_before", "age")
    assert few.names == ["stays_before", "age"] and len(few.plus(entry())) == 3
    assert few.check(stays, {"age": "never"})["problem"].tolist() == ["age is written never"]
    hidden = FeatureDictionary(entry(source="age", make=lambda rows: rows["zip"]))
    with pytest.raises(KeyError):  # a feature sees the sources it names, and nothing else
        hidden.compute(stays)
    with pytest.raises(RecordsError, match="twice"):
        few.plus(READMISSION["age"])
    with pytest.raises(RecordsError, match="no feature 'ages'"):
        few.select("ages")
    with pytest.raises(RecordsError, match=r"age is made of age, which the rows do not have"):
        few.compute(stays.drop(columns="age"))


def test_lace_is_the_truth_s_but_for_the_hour_in_which_clocks_differ(stays, truth, monkeypatch):
    known = stays.merge(truth.stays[["encounter_id", "lace"]], on="encounter_id")
    differs = known[fe.lace(known) != known["lace"]]
    local = differs["admitted_at"].dt.tz_convert(fe.ZONE)
    assert 0 < len(differs) < 0.04 * len(known) and (local.dt.hour * 60 + local.dt.minute <= 60).all()
    monkeypatch.setattr(fe, "ZONE", "Etc/GMT+5")  # the model counts days in standard time all year
    assert (fe.lace(known) != known["lace"]).sum() <= 2


def test_lace_by_hand():
    at = pd.Timestamp("2024-03-01T23:30-05:00")
    rows = pd.DataFrame({"days": [0, 1, 3, 4, 6, 7, 13, 14, 40]}).assign(
        admitted_at=at, planned=False, charlson=0, emergency_before=0
    )
    rows["asked_at"] = pd.Timestamp("2024-03-01T08:00-05:00") + pd.to_timedelta(rows["days"], unit="D")
    assert (fe.lace(rows) - 3).tolist() == [0, 1, 3, 4, 4, 5, 5, 7, 7]
    rest = rows.iloc[[0] * 4].assign(planned=[True] * 4, charlson=[3, 4, 9, 0], emergency_before=[0, 0, 4, 8])
    assert fe.lace(rest).tolist() == [3, 5, 9, 4] and np.issubdtype(fe.lace(rest).dtype, np.integer)
