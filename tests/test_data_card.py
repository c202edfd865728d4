"""The data card says what the code does: tables made from it, numbers of the equations, every column, every fault."""

from __future__ import annotations

import ast
import inspect
import re
from functools import cache, reduce
from importlib import import_module
from textwrap import dedent

import card
import pandas as pd
import pytest
from test_hospital_realism import MISSES
from wardround.hospital import build, faults, open_truth, simulate, stays
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


def test_arrows_said_to_be_missing_are_missing():
    """Whoever adds one to the graph takes it out of this table."""
    listed = tables(TEXT, "### Where graph and equations differ")
    assert len(listed) > 10
    names = {name for name, _, _ in VARIABLES}
    for cause, effect, *_ in listed:
        pair = (cause.strip("`"), effect.strip("`"))
        assert set(pair) <= names and pair not in {arrow[:2] for arrow in CAUSES}


def test_usual_care_does_not_ask_for_the_site_whatever_the_graph_says():
    assert ("site", "care_call", "always") in CAUSES
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


@cache
def literals(name: str) -> frozenset[float]:
    module, *path = name.split(".")
    source = dedent(inspect.getsource(reduce(getattr, path, import_module(f"wardround.hospital.{module}"))))
    found = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
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
    assert len(held) == 3 + 8 + 12
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
    rows = {row[0].strip("`"): row for row in tables(TEXT, "## 6. Faults")}
    assert list(rows) == list(faults.FAULTS)
    for fault, (_, mark, entries, resources, why) in rows.items():
        assert (mark == "near miss") == (fault in faults.NEAR_MISSES)
        assert why == faults.WHY.get(fault, why) and why
        assert int(entries.replace(",", "")) >= int(resources.replace(",", "")) >= sheet.FAULT_FLOOR


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
    done = world.stays["discharge"] < world.end
    eastbank = (world.stays["site"] == sheet.EASTBANK) & (world.stays["admit"] < 7 * (sheet.EASTBANK_FROM + 13))
    later = (world.stays["site"] == sheet.QUILLMERE) & (world.stays["admit"] >= 7 * sheet.EASTBANK_FROM)
    prior = world.stays["stays_before"]
    assert prior[eastbank & done].mean() < 0.3 * prior[later & done].mean()
    desk = world.visits
    assert (desk["critical"] & ~desk["admitted"]).sum() > 0.15 * desk["critical"].sum()
    heart = world.stays["group"] == sheet.GROUP["heart_failure"]
    assert 0.3 < 1 - world.stays["hf"][heart].mean() < 0.5


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
    early, alive = rows["asked_at"] > rows["discharged_at"], rows["disposition"].ne("died")
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
    home = desk["critical_12h"] & ~desk["admitted"]
    done = read_export(folder).tables.procedures.merge(truth.stays, left_on="encounter_key", right_on="encounter_id")
    done = done[done["icd10pcs"].eq("5A1945Z")]
    begins = done["admitted_at"].dt.tz_localize("UTC") + pd.to_timedelta(8 * done["deterioration_window"], unit="h")
    a_thousand = lambda share: round(1000 * share.mean())  # noqa: E731
    return [
        f"of 1,000 rows {a_thousand(early)} (of those discharged alive, {a_thousand(early[alive])}) have",
        f"0 in {a_thousand(rows['code_count'].eq(0))} of 1,000 stays",
        f"of 1,000 the Patient records know {a_thousand(known[known['died_30d']]['death_recorded'])}",
        f"{home.sum()} of {desk['critical_12h'].sum()} such visits were sent home",
        f"of {len(done)} ventilations in the default hospital {(done['performed_at'] < begins).sum()} are dated before",
        f"of 1,000 unplanned readmissions {a_thousand(back['next_day'] < 2)} fall in those two days",
        f"{a_thousand(~rows[heart]['hf'])} of 1,000 stays for heart failure",
        f"a stay has {first['eastbank']:.2f} prior stays, at Quillmere {first['quillmere']:.2f}",
        f"over the year {year['eastbank']:.2f} against {year['quillmere']:.2f}",
    ]


def test_the_place_of_the_seed_is_counted_row_by_row():
    others = [{"honest": 0.70, "LACE": 0.66, "free": 1.0}, {"honest": 0.72, "LACE": 0.68, "free": 2.0}]
    said = card.seed_place({"honest": 0.68, "LACE": 0.67, "free": 9.0}, others)
    assert "Of 2 rows with a rule, 1 lie" in said and "| honest | 0.680 | 0.710 | 0.014 | -2.1 |" in said
