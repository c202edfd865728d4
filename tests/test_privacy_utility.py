"""What de-identification costs: the readmission model before and after, and the label that dates alone could make."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from wardround.operations.privacy import Crosswalk, ladder, safe_harbor_table
from wardround.records import read_export
from wardround.records.features import READMISSION
from wardround.records.splits import split_by_patient


@pytest.fixture(scope="module")
def stays(third_hospitals):
    rows = read_export(third_hospitals[0]).warehouse.stays
    return rows[rows.readmitted_30d.notna() & rows.disposition.ne("died")].reset_index(drop=True)


def auroc(features, label, test):
    model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(max_iter=2_000))
    model.fit(features[~test], label[~test])
    return roc_auc_score(label[test], model.predict_proba(features[test])[:, 1])


def test_features_and_label_made_inside_lose_next_to_nothing(stays):
    table = READMISSION.compute(stays)
    roles = dict.fromkeys(table.columns, "keep") | {"age": "age", "row": "keep", "label": "keep"}
    inside = table.assign(row=np.arange(len(stays)), label=stays.readmitted_30d.astype(int))
    left = safe_harbor_table(inside, roles)[0].set_index("row").sort_index()
    test = split_by_patient(stays.rename(columns={"patient_id": "person_id"}), seed=1).eq("test").to_numpy()
    before = auroc(table, inside.label.to_numpy(), test)
    after = auroc(left[list(table.columns)].astype(float), left.label.to_numpy(), test)
    print(f"AUROC of {test.sum()} stays: {before:.4f} before, {after:.4f} after Safe Harbor")
    assert before > 0.6 and abs(before - after) < 0.01
    assert left.age.max() == 90 < table.age.max()


def test_a_label_that_needs_days_cannot_be_made_from_years(stays):
    """The stays alone, de-identified first: thirty days are not to be had from two years."""
    raw = stays[["patient_id", "admitted_at", "discharged_at", "readmitted_30d"]]
    roles = {"patient_id": "surrogate", "admitted_at": "year", "discharged_at": "year", "readmitted_30d": "keep"}
    left = safe_harbor_table(raw, roles, crosswalk=Crosswalk())[0]
    again = left.groupby("patient_id").admitted_at.transform("size").gt(1)  # what years leave: seen more than once
    right = np.mean(again == left.readmitted_30d.astype(bool))
    nobody = 1 - left.readmitted_30d.mean()
    print(f"guessed label right in {right:.3f} of stays; 'nobody' is right in {nobody:.3f}")
    assert right < nobody and left.admitted_at.max() < 2_100


def test_people_are_alone_by_dates_and_not_by_bands(stays):
    first = stays.drop_duplicates("patient_id")
    steps = {
        "dates": ["admitted_at", "age", "sex", "zip"],
        "year": lambda rows: rows.assign(year=rows.admitted_at.dt.year)[["year", "age", "sex"]],
        "bands": lambda rows: rows.assign(band=rows.age // 20)[["band", "sex"]],
    }
    found = ladder(first, steps)
    print(found.to_string())
    assert found.share.iloc[0] > 0.99 and found.share.is_monotonic_decreasing and found.share.iloc[-1] < 0.01
