"""Index stays and outcomes: against the truth of two hospitals, and every switch on a case made by hand."""

from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
from wardround.hospital import open_truth
from wardround.records import cohort as co
from wardround.records import read_export

ENDS = pd.Timestamp("2024-12-30T05:00Z")


def case_list(*rows: tuple) -> pd.DataFrame:
    """Make contacts of one person: kind, hospital, begin and end (day of 2024), disposition, planned."""
    day = pd.Timestamp("2024-01-01T12:00Z")
    names = ["kind", "hospital", "admitted_at", "discharged_at", "disposition", "planned"]
    table = pd.DataFrame([(*row, False)[:6] for row in rows], columns=names)
    for name in ("admitted_at", "discharged_at"):
        table[name] = day + pd.to_timedelta(table[name].astype(float), unit="D")
    table.insert(0, "contact_id", [f"c{n}" for n in range(len(table))])
    table.insert(1, "person_id", "p")
    return table.assign(group="other", known_at=table["discharged_at"].fillna(ENDS))


def deaths(day: float | None = None) -> pd.DataFrame:
    died_at = pd.Timestamp("2024-01-01T12:00Z") + pd.to_timedelta([] if day is None else [day], unit="D")
    return pd.DataFrame({"person_id": pd.Series(["p"] * len(died_at), dtype="str"), "died_at": died_at})


def states(contacts: pd.DataFrame, died: float | None = None, ends: pd.Timestamp = ENDS, **switches) -> dict[str, str]:
    found = co.outcomes(contacts, deaths(died), ends, replace(co.OURS, **switches))
    return dict(zip(found["contact_id"], found["state"], strict=True))


FIRST = ("inpatient", "quillmere", 0, 3, "home")


@pytest.mark.parametrize("which", [0, 1])
def test_against_the_truth_stay_by_stay(third_hospitals, which):
    folder = third_hospitals[which]
    warehouse, truth = read_export(folder).warehouse, open_truth(folder).stays.set_index("encounter_id")
    contacts, ends = warehouse.contacts, co.data_end(warehouse.contacts)
    found = co.outcomes(contacts, warehouse.deaths, ends).set_index("contact_id")
    assert ends == ENDS and set(found.index) == set(truth.index[truth["eligible"]])
    truth = truth.loc[found.index]
    whole = pd.to_datetime(truth["discharged_at"], utc=True) + pd.Timedelta(days=150) <= ends
    assert (found["whole"] == whole).all() and 0 < whole.mean() < 1
    paid = contacts.loc[contacts["hospital"] == "elsewhere", "person_id"]
    unpaid = truth["next_event"].eq("unplanned_elsewhere") & ~found["state"].eq("readmitted")
    assert unpaid[whole].sum() <= 3 and len(paid) > 50
    settled = found["whole"] & ~unpaid
    assert (found["state"] == truth["outcome"])[settled].all()
    seen = ~found["whole"] & found["state"].ne("not_observable")
    assert (found["state"] == truth["outcome"])[seen].all() and seen.any()
    events = found["day"].notna()
    assert np.allclose(found["day"][events], truth["next_day"][events], atol=0.001)
    away = truth.loc[found.index[found["where"] == "elsewhere"], "next_event"]
    assert len(away) > 50 and (away == "unplanned_elsewhere").all()


def test_the_index_stays_are_the_last_row_of_the_attrition(third_hospitals):
    hospital = read_export(third_hospitals[0])
    contacts, ends = hospital.warehouse.contacts, co.data_end(hospital.warehouse.contacts)
    for definition in (co.OURS, co.Definition(False, True, True, True, False, False)):
        index, table = co.index_stays(contacts, ends, definition), co.attrition(contacts, ends, definition)
        assert table["stays"].iloc[-1] == len(index) and table["stays"].is_monotonic_decreasing
        assert (table["stays"] == table["stays"].iloc[0] - table["left_out"].cumsum()).all()
        known = co.outcomes(contacts, hospital.warehouse.deaths, ends, definition)
        assert set(known.loc[known["whole"], "contact_id"]) == set(index["contact_id"])
        assert known["contact_id"].is_unique and set(known["state"]) == set(co.STATES)
        assert not known.loc[known["whole"], "state"].eq("not_observable").any()


def test_every_switch_moves_the_rate(third_hospitals):
    warehouse = read_export(third_hospitals[0]).warehouse
    ends, rates = co.data_end(warehouse.contacts), {}
    for name in [None, *(field.name for field in fields(co.OURS))]:
        definition = replace(co.OURS, **({name: not getattr(co.OURS, name)} if name else {}))
        found = co.outcomes(warehouse.contacts, warehouse.deaths, ends, definition)
        rates[name] = found.loc[found["whole"], "state"].eq("readmitted").mean()
    assert len(set(rates.values())) == 7 and 0.11 < rates[None] < 0.16
    assert rates["counts_elsewhere"] < rates[None] < rates["counts_planned"]
    assert [switch for switch in co.definition_table()["switch"] if switch] and set(
        filter(None, co.definition_table()["switch"])
    ) == {field.name for field in fields(co.OURS)}


def test_the_cohort_is_the_warehouse_rows_of_the_index_stays(third_hospitals):
    hospital = read_export(third_hospitals[0])
    made = co.cohort(hospital)
    index = co.index_stays(hospital.warehouse.contacts, co.data_end(hospital.warehouse.contacts))
    assert set(made["encounter_id"]) == set(index["contact_id"]) and made["encounter_id"].is_unique
    assert set(hospital.warehouse.stays.columns) < set(made.columns) and set(made["state"]) == set(co.STATES[:3])


def test_a_chain_of_transfers_is_one_stay_of_its_last_hospital():
    moved = case_list(
        ("inpatient", "quillmere", 0, 3, "transfer", True), ("inpatient", "eastbank", 3, 5, "home"), FIRST_BACK
    )
    chain = co.stays(moved).iloc[0]
    assert (chain["contact_id"], chain["hospital"], chain["contacts"]) == ("c1", "eastbank", 2)
    assert chain["admitted_at"] == moved["admitted_at"][0] and chain["planned"]
    assert states(moved)["c1"] == "readmitted" and "c0" not in states(moved)
    assert states(moved, joins_transfers=False)["c0"] == "readmitted"
    left = case_list(("inpatient", "quillmere", 0, 3, "transfer"), ("inpatient", "eastbank", 4.5, 6, "home"))
    assert list(states(left)) == ["c1"] and list(states(left, joins_transfers=False)) == ["c1"]


FIRST_BACK = ("inpatient", "quillmere", 20, 22, "home")


def test_thirty_days_are_thirty_times_twenty_four_hours():
    on_time = case_list(FIRST, ("inpatient", "quillmere", 33, 34, "home"))
    late = case_list(FIRST, ("inpatient", "quillmere", 33.001, 34, "home"))
    assert states(on_time)["c0"] == "readmitted" and states(late)["c0"] == "neither"
    assert co.outcomes(on_time, deaths(), ENDS)["day"][0] == 30


def test_what_comes_first_counts():
    planned = case_list(
        FIRST, ("inpatient", "quillmere", 8, 9, "home", True), ("inpatient", "quillmere", 12, 13, "home")
    )
    assert states(planned)["c0"] == "neither" and states(planned, counts_planned=True)["c0"] == "readmitted"
    assert states(planned)["c1"] == "readmitted"
    assert (
        states(case_list(FIRST), died=20)["c0"] == "died_first" and states(case_list(FIRST), died=40)["c0"] == "neither"
    )
    assert co.outcomes(planned, deaths(), ENDS)["where"].isna().tolist() == [True, False, True]
    billed = case_list(FIRST, ("inpatient", "elsewhere", 8, 9, "home"))  # a claim dated after the death
    assert states(billed, died=5)["c0"] == "died_first"
    back = case_list(FIRST, ("inpatient", "quillmere", 8, 9, "died"))
    assert states(back, died=9) == {"c0": "readmitted"}
    assert states(case_list(FIRST, ("inpatient", "quillmere", 8, 9, "home", True)), died=20)["c0"] == "neither"


def test_who_is_no_index_stay():
    for gone in ("died", "hospice", "transfer"):
        assert states(case_list(("inpatient", "quillmere", 0, 3, gone))) == {}
    angry = case_list(("inpatient", "quillmere", 0, 3, "against_advice"))
    assert states(angry) == {} and states(angry, keeps_against_advice=True) == {"c0": "neither"}
    assert states(case_list(("inpatient", "quillmere", 0, None, None))) == {}
    assert states(case_list(("inpatient", "elsewhere", 0, 3, "home"))) == {}


def test_observation_and_emergency():
    for kind, counted in (("observation", "readmitted"), ("emergency", "neither")):
        visit = case_list(FIRST, (kind, "quillmere", 8, 9, "home"))
        assert states(visit) == {"c0": "neither"}
        assert states(visit, counts_observation=True)["c0"] == counted


def test_stays_elsewhere_and_their_run_out():
    away = case_list(FIRST, ("inpatient", "elsewhere", 8, 9, "home"))
    assert co.outcomes(away, deaths(), ENDS)["where"][0] == "elsewhere"
    assert states(away, counts_elsewhere=False) == {"c0": "neither"}
    soon = away["discharged_at"][0] + pd.Timedelta(days=100)
    alone = case_list(FIRST)
    assert states(alone, ends=soon) == {"c0": "not_observable"}
    assert states(alone, ends=soon, counts_elsewhere=False) == {"c0": "neither"}
    assert states(away, ends=soon) == {"c0": "readmitted"} and not co.outcomes(away, deaths(), soon)["whole"].any()
    planned = case_list(FIRST, ("inpatient", "quillmere", 8, 9, "home", True))
    assert states(planned, ends=soon)["c0"] == "not_observable"
    unpaid = away.assign(known_at=[away["known_at"][0], soon + pd.Timedelta(days=1)])
    assert states(unpaid, ends=soon) == {"c0": "not_observable"}


def test_a_readmission_starts_no_new_count_where_the_switch_says_so():
    often = case_list(FIRST, ("inpatient", "quillmere", 20, 22, "home"), ("inpatient", "quillmere", 40, 41, "home"))
    assert states(often) == {"c0": "readmitted", "c1": "readmitted", "c2": "neither"}
    assert states(often, readmission_is_index=False) == {"c0": "readmitted", "c2": "neither"}
