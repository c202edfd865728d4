"""Two persons, one release at a time, and a rollback of everything: who may do what, and what is then in force."""

from __future__ import annotations

import re

import mlflow
import pandas as pd
import pytest
import release_cases as cases
from wardround.operations.bundle import differences
from wardround.operations.registry import NotWhole
from wardround.operations.releases import Refused
from wardround.operations.serving import ContractBroken, NothingToServe


def version_of(releases):
    state = releases.state()
    return state.version(state.current) if state.current else None


def test_a_bundle_is_gathered_from_what_the_run_kept(releases):
    one, three = cases.bundle(releases, 1), cases.bundle(releases, 3)
    assert one.features == ("age", "creatinine_mgdl") and re.fullmatch(r"3\.\d+\.\d+", one.python)
    assert cases.bundle(releases, 1).digest == one.digest, "gathered twice, one digest"
    said = differences(one, three)
    assert said[:2] == ["model: version 1 → 3", "features: + creatinine_umol, − creatinine_mgdl"]
    assert any(line.startswith("feature code: features.py") for line in said) and "policy: threshold 0.4 → 0.6" in said


def test_a_release_takes_two_persons_and_moves_the_alias(releases):
    digest = releases.propose(cases.bundle(releases, 2), "Ana  Ruiz", "calibrated")
    with pytest.raises(Refused, match="waits for a second person"):
        releases.promote(digest, "Ben Ode")
    with pytest.raises(Refused, match="another person must approve"):
        releases.approve(digest, "ana ruiz ", "I am sure")
    for nobody in ("", "  ", None):
        with pytest.raises(Refused, match="names nobody"):
            releases.approve(digest, nobody, "looked at subgroups")
    releases.approve(digest, "Ben Ode", "looked at subgroups")
    assert version_of(releases) is None and releases.registry.shown() is None
    line = releases.promote(digest, "Ana Ruiz")
    assert (line.action, line.told()["version"], releases.registry.shown()) == ("released", 2, 2)
    tags = releases.registry.client.get_model_version("readmission", 2).tags
    assert tags == {"bundle": digest, "log": f"{line.number} {line.hash}"}
    assert releases.promote(digest, "Ben Ode") == line, "asked twice, released once"
    with pytest.raises(Refused, match="is the release in force"):
        releases.propose(cases.bundle(releases, 2), "Ana Ruiz", "again")
    with pytest.raises(Refused, match="No bundle ffff"):
        releases.approve("f" * 64, "Ben Ode", "any")
    other = cases.bundle(releases, 2).model_copy(update={"name": "sepsis"})
    with pytest.raises(Refused, match="is of sepsis"):
        releases.propose(other, "Ana Ruiz", "any")


def test_what_was_approved_over_another_release_is_told(releases):
    two, three = cases.approved(releases, 2), cases.approved(releases, 3)
    releases.promote(two, "ana")
    with pytest.raises(Refused, match=r"successor of another release, and version 2 is in force since ana \(released"):
        releases.promote(three, "ben")
    assert version_of(releases) == releases.registry.shown() == 2


def test_a_rollback_returns_the_whole_bundle_and_is_not_undone_without_an_approval(releases):
    one, two, three = cases.released(releases, 1, 2, 3)
    line = releases.roll_back("night", "alerts doubled")
    assert (line.told()["version"], line.told()["instead_of"], releases.registry.shown()) == (2, 3, 2)
    serving = cases.server(releases).refresh()
    assert (serving.bundle.digest, serving.bundle.policy.threshold, serving.why) == (two, 0.5, "")
    with pytest.raises(Refused, match="propose it first"):
        releases.promote(three, "ana")
    releases.roll_back("night", "still", to=one)
    assert version_of(releases) == 1
    with pytest.raises(Refused, match="no earlier release to return to"):
        releases.roll_back("night", "more")
    assert releases.state().releases == [one] and releases.log.verify() is None
    cases.released(releases, 3)
    assert version_of(releases) == 3


def test_a_rollback_past_a_bundle_that_came_back_keeps_what_is_below(releases):
    one, two = cases.released(releases, 1, 2)
    (again,) = cases.released(releases, 1)
    assert again == one and releases.state().releases == [one, two, one]
    releases.roll_back("night", "first try", to=one)
    assert releases.state().releases == [one] and cases.server(releases).refresh().bundle.version == 1


def test_loading_an_old_release_does_not_make_it_another(releases):
    old, _ = cases.released(releases, 1, 2)
    mlflow.set_tracking_uri(cases.address(releases.log.path.parent))
    mlflow.sklearn.load_model("models:/readmission/1")  # writes a note of its own into the registry's copy
    assert releases.roll_back("night", "alerts doubled").told()["digest"] == old


def test_an_old_release_whose_training_table_is_lost_can_still_be_returned_to(releases):
    cases.released(releases, 1, 2)
    run = releases.registry.client.get_model_version("readmission", 1).run_id
    (releases.log.path.parent / "artifacts" / run / "artifacts" / "snapshot.parquet").unlink()
    releases.roll_back("night", "alerts doubled")
    assert cases.server(releases).refresh().bundle.version == 1


def test_a_served_release_decides_by_its_own_features_contract_and_threshold(releases):
    cases.released(releases, 1, 3)
    server = cases.server(releases)
    rows = cases.raw(50, seed=9)
    new = server.refresh().decide(rows)
    releases.roll_back("night", "alerts doubled")
    old = server.refresh()
    decided = old.decide(rows)
    assert (new["alert"] == (new["score"] >= 0.6)).all() and (decided["alert"] == (decided["score"] >= 0.4)).all()
    assert 0 < new["alert"].sum() < decided["alert"].sum() < 50
    # The third system: yesterday's model on today's features is refused at the door, by the contract it brought back.
    umol = rows.assign(creatinine=rows["creatinine"] * 88.42)
    with pytest.raises(ContractBroken, match=r"creatinine_mgdl: in_range\(0.1, 15.0\) \(50 of 50 rows\)"):
        old.decide(umol)


def test_what_the_door_says_holds_no_value_of_a_patient(releases):
    cases.released(releases, 1)
    serving = cases.server(releases).refresh()
    rows = pd.DataFrame({"age": [4711.5, 50.0], "creatinine": [1.0, 1.0]})
    with pytest.raises(ContractBroken) as told:
        serving.decide(rows)
    assert "age" in str(told.value) and "1 of 2 rows" in str(told.value) and "4711" not in str(told.value)
    assert told.value.__suppress_context__, "a traceback would print Pandera's frame of values"
    with pytest.raises(ContractBroken) as told:
        serving.decide(rows.assign(age=["secret-name", "50"]))
    assert "age: dtype('float64')" in str(told.value) and "secret-name" not in str(told.value)


def test_lines_that_break_the_rules_do_not_count_whoever_wrote_them(releases):
    one = cases.released(releases, 1)[0]
    bad = cases.bundle(releases, 3)
    log = releases.log
    shared = {"model": "readmission", "digest": bad.digest}
    log.append("eve", "proposed", {**shared, "bundle": bad.model_dump(mode="json"), "over": one})
    log.append("Eve", "approved", shared)
    log.append("eve", "released", shared)
    log.append("eve", "rolled back", {"model": "readmission", "digest": "0" * 64})
    log.append("eve", "released", {"model": "readmission", "digest": ["x"]})
    log.append("eve", "proposed", {"model": "readmission", "digest": one, "bundle": bad.model_dump(mode="json")})
    log.append("eve", "released", {"model": "another", "digest": "0" * 64})
    assert [said.split(" (")[0] for said in releases.state().void] == [f"line {k}" for k in (5, 6, 7, 8, 9)]
    serving = cases.server(releases).refresh()
    assert serving.bundle.version == 1 and "line 6 (eve, released) breaks the rules and does not count" in serving.why


def test_an_alias_that_somebody_moved_is_said_and_not_followed(releases):
    cases.released(releases, 1, 2)
    releases.registry.client.set_registered_model_alias("readmission", "champion", 3)
    serving = cases.server(releases).refresh()
    assert serving.bundle.version == 2
    assert serving.why == "Version 2 is served; the alias champion shows version 3, and the log has 2."
    releases.mend()
    assert cases.server(releases).refresh().why == ""


def test_nothing_released_is_nothing_served(releases):
    with pytest.raises(NothingToServe, match="nothing was released yet"):
        cases.server(releases).refresh()


@pytest.mark.parametrize("part", ["feature_code", "snapshot", "lock"])
def test_a_bundle_that_names_another_file_is_not_proposed(releases, part):
    whole = cases.bundle(releases, 2)
    kept = getattr(whole, part)
    with pytest.raises(NotWhole, match=f"the {part.replace('_', ' ')} of version 2 .* is not the one"):
        releases.propose(whole.model_copy(update={part: kept.model_copy(update={"sha256": "0" * 64})}), "ana", "x")
    assert releases.log.lines() == []


def test_a_bundle_whose_parts_do_not_fit_together_is_not_proposed(releases):
    whole = cases.bundle(releases, 2)
    with pytest.raises(NotWhole, match="not those of the model's signature"):
        releases.propose(whole.model_copy(update={"features": ("creatinine_mgdl", "age")}), "ana", "x")
    loose = releases.registry.gather(2, policy={"threshold": 0.5}, contract=cases.contract(3))
    with pytest.raises(NotWhole, match="says nothing of creatinine_mgdl"):
        releases.propose(loose, "ana", "x")
