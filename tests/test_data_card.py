"""The data card says what the code does: tables made from it, numbers of the equations, every column, every fault."""

from __future__ import annotations

import ast
import inspect
import re
from functools import cache, reduce
from importlib import import_module
from textwrap import dedent

import card
import numpy as np
import pandas as pd
import pytest
from test_hospital_realism import MISSES
from wardround.hospital import (
    adt,
    build,
    claim_faults,
    desk,
    faults,
    feed_faults,
    feeds,
    open_truth,
    oru,
    simulate,
    snooping,
    stays,
    warehouse,
)
from wardround.hospital import parameters as sheet
from wardround.hospital.causes import CAUSES, VARIABLES
from wardround.hospital.warehouse import LATER
from wardround.records import read_export

TEXT = card.CARD.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return build(tmp_path_factory.mktemp("card") / "tiny", seed=3, scale=0.01)


def tables(text: str, heading: str) -> list[list[str]]:
    """Rows of the tables under a heading, without heads, up to the next heading."""
    part = re.split(r"\n#{2,4} ", text.split(f"\n{heading}\n")[1])[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    heads = {number - 1 for number, line in enumerate(cells) if set("".join(line)) <= set("- ")}
    return [line for number, line in enumerate(cells) if number not in heads and number - 1 not in heads]


def columns(text: str, table: str) -> list[str]:
    return [row[0].strip("`") for row in tables(text, f"### `{table}`")]


# blocks made from the code ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", card.BLOCKS)
def test_what_is_made_from_the_code_is_up_to_date(name):
    assert card.read(TEXT, name) == card.BLOCKS[name](), "run: PYTHONPATH=helpers:tests python tests/card.py"


def test_the_graph_has_every_arrow_and_no_other():
    lines = card.read(TEXT, "graph").splitlines()
    drawn = {tuple(re.split(r" --> | -\. incident \.-> ", line.strip())) for line in lines if "->" in line}
    assert drawn == {(cause, effect) for cause, effect, _ in CAUSES}


def test_every_constant_of_the_parameters_is_in_the_card():
    ours = {name for name in vars(sheet) if name.isupper() and not name.startswith("_")}
    assert ours - card.STRUCTURE == set(card.CONSTANTS)
    assert all(what and source for what, source in card.CONSTANTS.values())
    assert all("assumption" in source or re.search(r"\bB\d\b", source) for _, source in card.CONSTANTS.values())
    assert set(card.RATE_SOURCE) <= set(sheet.RATES)


def test_variables_said_to_be_missing_are_missing_and_act():
    """Whoever makes one a variable of the graph takes it out of this table."""
    listed = tables(TEXT, "### Where graph and equations differ")
    assert [row[0].strip("`") for row in listed] == ["sex", "reached", "comfort"]
    names = {name for name, _, _ in VARIABLES}
    for variable, effect, where in listed:
        name = variable.strip("`")
        assert name not in names and effect
        assert {"sex": "female"}.get(name, name) in source(where.strip("`"))


# in the equations, and missing in the graph of version 2
MISSED = """
age>length_of_stay site>social_risk site>frailty site>race site>prior_stays frailty>diagnosis_group
chronic_conditions>prior_emergency chronic_conditions>code_count diagnosis_group>vital_signs sepsis>vital_signs
sepsis>disposition length_of_stay>sepsis door_acuity>laboratory laboratory>alert
"""


def test_no_arrow_is_missing_that_once_was():
    assert {tuple(arrow.split(">")) for arrow in MISSED.split()} <= {arrow[:2] for arrow in CAUSES}


def test_neither_usual_care_nor_the_graph_asks_for_the_site():
    assert ("site", "care_call") not in {arrow[:2] for arrow in CAUSES}
    assert "site" not in inspect.getsource(stays._call_chance)


# equations --------------------------------------------------------------------------------------------------------

NUMBER = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?|\.\d+)(?![\w.]*\d)")
# whole numbers that count hours, minutes, weeks, or are the shape of a table
UNITS = {0, 1, 2, 3, 4, 7, 24, 30, 32, 52, 60, 100, 481, 998, 999, 1440}
ELSEWHERE = {"measurements._finish_vitals": {25, 220, 55, 250, 150, 10}}  # what devices can show


def equations(text: str) -> dict[str, str]:
    """Function -> everything the card says of it."""
    found: dict[str, str] = {}
    for row in tables(text, "### Equations"):
        assert len(row) == 4 and row[3], row
        name = row[2].strip("`")
        found[name] = found.get(name, "") + " ; " + row[1]
    return found


def source(name: str) -> str:
    module, *path = name.split(".")
    return dedent(inspect.getsource(reduce(getattr, path, import_module(f"wardround.hospital.{module}"))))


@cache
def literals(name: str) -> frozenset[float]:
    found = [node.value for node in ast.walk(ast.parse(source(name))) if isinstance(node, ast.Constant)]
    return frozenset(float(value) for value in found if type(value) in (int, float))


def problems(text: str) -> list[str]:
    found = []
    for name, said in equations(text).items():
        numbers = {float(one) for one in NUMBER.findall(said)}
        module = import_module(f"wardround.hospital.{name.split('.')[0]}")
        known = {float(value) for value in vars(module).values() if type(value) in (int, float)}
        excused = UNITS | ELSEWHERE.get(name, set())
        found += [f"{name}: {one} is not in the code" for one in sorted(numbers - literals(name) - known - UNITS)]
        found += [f"{name}: {one} is not in the card" for one in sorted(literals(name) - numbers - excused)]
    return found


def test_the_numbers_of_the_equations_are_those_of_the_code():
    assert problems(TEXT) == []


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("σ(−2.79 +", "σ(−2.84 +", "stays._risk: 2.84 is not in the code"),
        (" + 0.22 Z + group", " + group", "stays._risk: 0.22 is not in the card"),
        ("127 − 9 Z", "126 − 9 Z", "measurements.ward_vitals: 127.0 is not in the card"),
    ],
)
def test_a_number_that_drifts_is_said(before, after, says):
    assert TEXT.count(before) == 1
    assert says in problems(TEXT.replace(before, after))


# dictionary -------------------------------------------------------------------------------------------------------


def differences(text: str, found: dict[str, list[str]]) -> list[str]:
    """What the card lacks and what it has too much of; ``found``: table -> columns in their order."""
    wrong = []
    for table, names in found.items():
        said = columns(text, table)
        wrong += [f"{table}.{name} is not in the card" for name in names if name not in said]
        wrong += [f"{table}.{name} does not exist" for name in said if name not in names]
        wrong += [f"{table}.{name} stands twice" for name in set(said) if said.count(name) > 1]
    headed = re.findall(r"^### `((?:warehouse|tables|truth)\.\w+)`$", text, re.M)
    wrong += [f"{table} does not exist" for table in headed if table not in found]
    return wrong


@pytest.fixture(scope="module")
def held(tiny):
    hospital = read_export(tiny)
    names = hospital.warehouse.keys()
    found = {f"warehouse.{name}": list(hospital.warehouse[name]) for name in names}
    found |= {f"tables.{name}": list(hospital.tables[name]) for name in hospital.tables}
    return found | {f"truth.{path.stem}": list(pd.read_parquet(path)) for path in (tiny / "truth").glob("*.parquet")}


def test_every_column_is_in_the_dictionary_and_no_other(held):
    assert len(held) == 5 + 8 + 14
    assert differences(TEXT, held) == []


def test_a_column_that_is_missing_or_invented_is_said(held):
    without = re.sub(r"\| `lace` \| points .*\n", "", TEXT)
    assert differences(without, held) == ["truth.stays.lace is not in the card"]
    line = "| `p_worse` |"
    more = TEXT.replace(line, f"| `p_better` | 0 to 1 | none |\n{line}")
    assert differences(more, held) == ["truth.effects.p_better does not exist"]
    assert "truth.gone does not exist" in differences(TEXT + "\n### `truth.gone`\n", held)


@pytest.mark.parametrize("table", ["stays", "windows", "emergency"])
def test_when_a_column_is_known_is_what_the_warehouse_says(table):
    for name, _, meaning, known in tables(TEXT, f"### `warehouse.{table}`"):
        later = LATER.get((table, name.strip("`")))
        assert known == later if later else known.startswith(("asked", "then")), name
        assert meaning, name


def test_every_column_has_a_meaning(held):
    for table in held:
        assert all(row[2] for row in tables(TEXT, f"### `{table}`")), table


# faults, realism, and what the card measures ----------------------------------------------------------------------


def test_every_kind_of_fault_is_there_with_its_reason_and_near_misses_are_marked():
    rows = tables(TEXT, "## 6. Faults")
    assert [(row[0].strip("`"), row[1].strip("`")) for row in rows] == card.kinds_of_faults()
    assert {row[0].strip("`") for row in rows} == {*faults.FAULTS, *feeds.FAULTS, "feed_near_miss"}
    beside = feed_faults.WHY | claim_faults.WHY | desk.WHY
    beside |= {fault: oru.WHY[fault] for fault in ("corrected_result", "preliminary_never_final", "result_late")}
    beside |= {"discharge_keyed_late": adt.WHY_KEYED_LATE, "merge_never_processed": adt.WHY_MERGE}
    for name, place, mark, entries, resources, why in rows:
        fault, place = name.strip("`"), place.strip("`")
        assert (mark == "near miss") == (fault in (*faults.NEAR_MISSES, "feed_near_miss"))
        assert why and why == (faults.WHY if place == "export" else beside).get(fault, why)
        assert int(entries.replace(",", "")) >= int(resources.replace(",", "")) >= sheet.FAULT_FLOOR
        if fault == "snooping":
            assert all(reason in why for reason in snooping.WHY.values())
        if (fault, place) == ("feed_near_miss", "access"):
            assert all(reason in why for reason in snooping.WHY_DECOY.values())


def test_the_ledger_holds_the_kinds_of_the_card_and_no_other(tiny):
    ledger = open_truth(tiny).ledger
    found = set(zip(ledger["fault"], ledger["file"].str.split("/").str[0], strict=True))
    assert found <= set(card.kinds_of_faults())
    assert {place for _, place in found} == set(card.PLACES)


def test_known_misses_are_named():
    shown = {row[0]: row for row in tables(TEXT, "## 4. Realism")}
    for name, (_, why) in MISSES.items():
        assert name in TEXT and shown[name][4:] == ["**known miss**", why]


def test_the_sections_and_the_warning_are_there():
    assert re.findall(r"^## (\d)\.", TEXT, re.M) == list("1234567")
    assert "proves nothing about a real ward" in TEXT
    assert "<!-- made by tests/card.py: sizes -->\n<!--" not in TEXT


def test_what_is_said_of_odd_rows_holds_in_another_hospital():
    """Each would let a careful reader down: whoever mends one in the code takes it out of the card."""
    world = simulate(3, scale=1 / 3)
    done, eastbank = world.stays["discharge"] < world.end, world.stays["site"] == sheet.EASTBANK
    week, prior = world.stays["admit"] / 7, world.stays["stays_before"]
    assert week[eastbank].min() < sheet.EASTBANK_FROM - 40  # a past that is not in the export
    first = eastbank & (week >= sheet.EASTBANK_FROM) & (week < sheet.EASTBANK_FROM + 13)
    later = eastbank & done & (week >= sheet.EASTBANK_FROM + 13)
    assert prior[first].mean() > 0.6 * prior[later].mean()
    rows = warehouse.tables(world)
    (stay, _), (visits, _) = rows["stays"], rows["emergency"]
    assert stay["admitted_at"][stay["site"] == "eastbank"].min() > pd.Timestamp("2023-12-31", tz="UTC")
    alive = stay["disposition"] != "died"
    assert (stay["asked_at"] < stay["discharged_at"])[alive].all()
    assert not (stay["asked_at"] < stay["discharged_at"])[~alive].all()
    so_far = (stay["asked_at"] - stay["admitted_at"]).dt.total_seconds() / 86_400
    assert (stay["los_days"] - so_far).abs().max() < 0.001
    assert stay["code_count"].min() == 1
    seen = stay["discharged_at"] + pd.Timedelta(days=30) <= pd.Timestamp("2022-01-03 05:00", tz="UTC") + pd.Timedelta(
        days=world.end
    )
    assert (stay["died_30d"].isna() == ~seen).all() and not seen.all()
    dead = (world.stays["next_event"] == 4) & (world.stays["next_day"] < 14)
    assert stay["no_show"][dead[stay.index]].all() and dead[stay.index].sum() > 20
    transferred = visits["transferred"]
    sent_on = visits["critical_12h"] & ~visits["admitted"]
    kept = pd.Series(~np.isnan(world.visits["observed_until"]))[visits.index]  # for observation
    assert (transferred == (sent_on & ~kept)).all() and (sent_on & kept).any()
    assert transferred.sum() > 0.15 * visits["critical_12h"].sum()
    heart = world.stays["group"] == sheet.GROUP["heart_failure"]
    assert 0.3 < 1 - world.stays["hf"][heart].mean() < 0.5


def test_no_call_prevents_what_came_before_it():
    world = simulate(3, scale=1 / 3)
    stay = world.stays
    early = stay["y0"] & (stay["next_event"] != 0) & (stay["next_day"] < sheet.CALL_DAY)
    early &= np.isin(stay["next_event"], [stays.BACK_HERE, stays.BACK_ELSEWHERE])
    assert early.sum() > 20 and stay["y1"][early].all()
    kept = 1 - (sheet.CALL_DAY / 30) ** (1 / sheet.RETURN_SHAPE)
    assert np.allclose(stay["benefit"], stays._benefit(stay) * kept)


def test_what_is_said_of_encounters_and_feeds_holds_in_a_small_hospital(tiny):
    hospital = read_export(tiny)
    encounters = hospital.tables.encounters.set_index("encounter_key")
    conditions = hospital.tables.conditions
    own = conditions[conditions["category"] == "encounter-diagnosis"]
    ends = own["encounter_key"].map(encounters["discharged_at"])
    status = own["encounter_key"].map(encounters["status"])  # missing where the reference dangles
    open_, closed = status == "in-progress", status == "finished"
    begins = own["encounter_key"].map(encounters["admitted_at"])
    assert open_.any() and (own["recorded_at"] == begins)[open_].all()
    known = open_truth(tiny)
    wrong = ("overlapping_stay", "discharge_before_admission", "date_only_discharge")
    right = closed & ~own["encounter_key"].isin(known.ledger["resource_id"][known.ledger["fault"].isin(wrong)])
    assert right.mean() > 0.7 and (own["recorded_at"] == ends)[right].all()
    race = hospital.tables.patients
    assert race["race_code"][race["race"] == "Other"].isna().all()
    assert not (race["race"] == "American Indian or Alaska Native").any()
    start = pd.Timestamp("2022-01-03 05:00", tz="UTC") + pd.Timedelta(weeks=156 - sheet.HL7_WEEKS)
    issued = hospital.tables.labs.set_index("lab_key")["issued_at"]
    kinds = ("late_result", "result_before_collection", "glucose_in_mmol")
    there = known.ledger[known.ledger["fault"].isin(kinds)]["resource_id"].map(issued)
    assert there.notna().any() and (there.dropna() < start).all()
    transferred = hospital.warehouse["emergency"].query("transferred")["encounter_id"]
    assert set(encounters["disposition"].reindex(transferred).dropna()) == {"other-hcf"}
    claimed = hospital.feeds.claims
    assert set(claimed["discharge_status"][claimed["type"] == "emergency"]) == {"home", "transfer"}


@pytest.fixture(scope="module")
def default(tmp_path_factory):
    return build(tmp_path_factory.mktemp("card") / "default")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sizes", "faults"])
def test_counts_are_those_of_the_default_hospital(default, name):
    made = {"sizes": card.sizes, "faults": card.fault_table}[name](default)
    assert card.read(TEXT, name) == made, "run: PYTHONPATH=helpers:tests python tests/card.py FOLDER"


@pytest.mark.slow
def test_the_realism_table_is_what_the_model_gives():
    assert card.read(TEXT, "realism") == card.realism()


@pytest.mark.slow
def test_shares_in_the_text_are_those_of_the_default_hospital(default):
    said = " ".join(TEXT.split())
    for sentence in shares(default):
        assert sentence in said


def shares(folder) -> list[str]:
    """Sentences of the card whose numbers are measured on the default hospital."""
    truth, rows, desk = open_truth(folder), card.warehouse(folder, "stays"), card.warehouse(folder, "emergency")
    hospital = read_export(folder)
    early, alive = rows["asked_at"] > rows["discharged_at"], rows["disposition"].ne("died")
    hour = rows["discharged_at"].dt.tz_convert("America/New_York").dt.hour
    odd = alive & ~hour.between(9, 18)
    on_the_minute = rows["discharged_at"].dt.tz_convert("America/New_York").dt.strftime("%H:%M").eq("19:00")
    hours = (rows["discharged_at"] - rows["admitted_at"]).dt.total_seconds() / 3600
    assert hours[alive].min() > 7.1 and (on_the_minute | (hours < 7.3))[odd].all()
    heart = rows["group"].eq("heart_failure")
    known = rows.merge(truth.stays[["encounter_id", "person_id"]]).merge(truth.persons[["person_id", "death_recorded"]])
    week = (rows["discharged_at"].dt.tz_localize(None) - pd.Timestamp("2022-01-03 05:00")).dt.days / 7
    prior = {}
    for until in (sheet.EASTBANK_FROM + 13, 156):
        here = rows[(week >= sheet.EASTBANK_FROM) & (week < until)]
        prior[until] = here.groupby("site")["stays_before"].mean().round(2).to_dict()
    first, year = prior.values()
    back = truth.stays[truth.stays["next_event"].isin(["unplanned_here", "unplanned_elsewhere"])]
    back = back[back["encounter_id"].isin(rows["encounter_id"])]
    gone = desk["encounter_id"][desk["transferred"]]
    done = hospital.tables.procedures.merge(truth.stays, left_on="encounter_key", right_on="encounter_id")
    done = done[done["icd10pcs"].eq("5A1945Z")]
    begins = done["admitted_at"].dt.tz_localize("UTC") + pd.to_timedelta(8 * done["deterioration_window"], unit="h")
    assert (done["performed_at"] >= begins).all()
    done = done.merge(rows[["encounter_id", "deteriorated_at"]])
    claimed = hospital.feeds.claims
    visit = "V" + rows["encounter_id"].str[2:12].str.upper()
    again, void = (visit.isin(claimed["visit"][claimed["frequency"] == number]) for number in ("7", "8"))
    bill = rows["billing_status"][visit.isin(claimed["visit"]) & ~void]
    after = rows["encounter_id"].map(truth.stays.set_index("encounter_id")["next_event"])
    elsewhere = again[bill.index][(bill == "adjusted") & (after[bill.index] == "unplanned_elsewhere")]
    planned = again[bill.index][(bill == "final") & (after[bill.index] == "planned")]
    claimed = claimed[claimed["type"] == "emergency"]
    sent_on = claimed["discharge_status"] == "transfer"
    looks = truth.access_reasons
    a_thousand = lambda share: round(1000 * share.mean())  # noqa: E731
    return [
        f"of 1,000 rows {a_thousand(early)} have an `asked_at` *after* `discharged_at`, all of them people who died",
        f"(of those discharged alive, {early[alive].sum() or 'none'})",
        f"of 1,000 rows {a_thousand(rows['los_days'].eq(0))} were admitted after 08:00 on the day they left",
        f"outside 9 to 19 o'clock: {odd.sum()} of {alive.sum():,}, in the minute of 19:00 or",
        f"Of {len(elsewhere)} adjusted bills before a readmission elsewhere {elsewhere.sum()} were replaced, "
        f"of {len(planned)} final bills before a planned return {planned.sum()}.",
        f"back-dated ones included; at least {rows['code_count'].min()} |",
        f"of 1,000 the Patient records know {a_thousand(known[known['died_30d'].fillna(False)]['death_recorded'])}",
        f"{len(gone)} of {desk['critical_12h'].sum()} such visits were `transferred`",
        f"{(desk['critical_12h'] & ~desk['admitted'] & ~desk['transferred']).sum()} were kept for observation",
        f"of {len(done)} ventilations of the warehouse's stays "
        f"{(done['performed_at'] < done['deteriorated_at']).sum()} are dated before `deteriorated_at`",
        f"of 1,000 unplanned readmissions {a_thousand(back['next_day'] < sheet.CALL_DAY)} come before",
        f"{a_thousand(~rows[heart]['hf'])} of 1,000 stays for heart failure",
        f"a stay has {first['eastbank']:.2f} prior stays, at Quillmere {first['quillmere']:.2f}",
        f"over the year {year['eastbank']:.2f} against {year['quillmere']:.2f}",
        f"is `transfer` in {sent_on.sum()} of {len(claimed):,} versions of emergency claims, and `home` in the others",
        f"{len(looks):,} looks in eight weeks of three years, {looks['snooping'].sum()} of them by twelve employees",
    ]


def test_the_place_of_the_seed_is_counted_row_by_row():
    others = [{"honest": 0.70, "LACE": 0.66, "free": 1.0}, {"honest": 0.72, "LACE": 0.68, "free": 2.0}]
    said = card.seed_place({"honest": 0.68, "LACE": 0.67, "free": 9.0}, others)
    assert "Of 2 rows with a rule, 1 lie" in said and "| honest | 0.680 | 0.710 | 0.014 | -2.1 |" in said
