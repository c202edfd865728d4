"""The feed of a pipeline: what is in which week, and what nobody can know yet."""

import json

import pandas as pd
import pytest
from wardround.course.pipeline_feed import FAULTS, INPUTS, WHO, write_feed
from wardround.records import read_export


@pytest.fixture(scope="module")
def feed(tmp_path_factory, third_hospitals):
    return write_feed(tmp_path_factory.mktemp("feed"), read_export(third_hospitals[0]), FAULTS)


def discharges(feed, week):
    return pd.read_parquet(feed / f"week-{week:02d}" / "discharges.parquet")


def test_a_week_has_no_score_and_no_outcome(feed):
    assert list(discharges(feed, 0)) == [*WHO, *INPUTS]
    assert discharges(feed, 51)["week"].eq(51).all()


def test_no_outcome_comes_before_its_150_days(feed):
    reference = pd.read_parquet(feed / "reference.parquet")
    late = reference["discharged_at"] > pd.Timestamp("2024-08-03", tz="UTC")
    assert reference.loc[late, "back"].isna().all()
    assert reference.loc[reference["discharged_at"] < pd.Timestamp("2024-08-01", tz="UTC"), "back"].notna().all()
    when = pd.concat([discharges(feed, week) for week in range(52)]).set_index("stay")["week"]
    for week in (21, 30, 51):
        arrived = pd.read_parquet(feed / f"week-{week:02d}" / "outcomes.parquet")
        weeks = when.reindex(arrived["stay"]).dropna()
        assert len(weeks) and weeks.between(week - 22, week - 21).all()


def test_candidates_learn_from_settled_stays_alone(feed):
    known = pd.concat([pd.read_parquet(feed / f"week-{week:02d}" / "outcomes.parquet") for week in range(32)])
    known = set(known["stay"]) | set(pd.read_parquet(feed / "reference.parquet").dropna(subset=["back"])["stay"])
    home = feed / "week-32"
    asked = json.loads((home / "candidate.json").read_bytes())
    assert set(pd.read_parquet(home / asked["train_on"])["stay"]) == known
    assert sorted(path.parent.name for path in feed.glob("*/candidate.json")) == [
        f"week-{week:02d}" for week in (0, 28, 30, 32, 36)
    ]


def test_faults_are_in_their_weeks_and_nowhere_else(feed):
    east = [discharges(feed, week).query("site == 'eastbank'")["creatinine"].median() for week in range(8, 16)]
    assert [value > 20 for value in east] == [False, False, True, True, True, True, False, False]
    assert [week for week in range(20, 28) if "sodium" not in discharges(feed, week)] == [24]
    blood = pd.concat([discharges(feed, week) for week in range(52)])
    rise = blood.loc[blood.week >= 18, "haemoglobin"].mean() - blood.loc[blood.week < 18, "haemoglobin"].mean()
    assert 0.3 < rise < 0.5
