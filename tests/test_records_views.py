"""ViewDefinitions: the official suite, our own cases beside it, and short ways that must agree with the long ones."""

import json
import os
from pathlib import Path

import pytest
import wardround
from hypothesis import given, settings
from hypothesis import strategies as st
from wardround.records import TABLES, ViewError, compile_view, view_of
from wardround.records.fhirpath import parse
from wardround.records.singles import first, one

ROOT = Path(wardround.__file__).parents[2]
OWN = Path(__file__).parent / "viewdefinitions"
# What the official suite asks and we do not do: (file, title). A name that starts to pass must leave the list.
GAPS: set[tuple[str, str]] = set()
SHAREABLE = 123


def official() -> list[Path]:
    folder = Path(os.environ.get("WARDROUND_EXTERNAL", ROOT.parent / "shared" / "external")) / "sql-on-fhir-v2-tests"
    return sorted(folder.glob("*.json"))


def cases(files: list[Path]) -> list:
    found = []
    for path in files:
        suite = json.loads(path.read_text())
        found += [
            pytest.param(path.name, suite["resources"], test, id=f"{path.stem}: {test['title']}")
            for test in suite["tests"]
        ]
    return found


def same_rows(found: list[dict], expected: list[dict]) -> bool:
    """Compare as bags: the order of rows is not part of the specification; true is not 1."""

    def bag(rows):
        return sorted(json.dumps(row, sort_keys=True) for row in rows)

    return bag(found) == bag(expected)


def passes(resources: list[dict], test: dict) -> bool:
    try:
        view = compile_view(test["view"])
        rows = view(resources)
    except ViewError:
        return bool(test.get("expectError"))
    columns = test.get("expectColumns")
    return not test.get("expectError") and same_rows(rows, test["expect"]) and columns in (None, list(view.columns))


@pytest.mark.parametrize(("file", "resources", "test"), cases(official()))
def test_official_suite(file, resources, test):
    assert passes(resources, test) != ((file, test["title"]) in GAPS)


def test_official_suite_is_whole():
    found = official()
    if not found:
        if "external" in os.environ.get("WARDROUND_REQUIRE", ""):
            pytest.fail(
                "The official suite is required and absent; set WARDROUND_EXTERNAL to the folder that holds it."
            )
        pytest.skip("the official SQL on FHIR suite is not on this machine (WARDROUND_EXTERNAL)")
    tests = [(path.name, test) for path in found for test in json.loads(path.read_text())["tests"]]
    shareable = {(file, test["title"]) for file, test in tests if "shareable" in test.get("tags", [])}
    assert len(tests) == 134 and len(shareable) == SHAREABLE
    assert len(shareable - GAPS) >= 122
    assert {(file, test["title"]) for file, test in tests} >= GAPS


@pytest.mark.parametrize(("file", "resources", "test"), cases(sorted(OWN.glob("*.json"))))
def test_own_cases(file, resources, test):
    if test.get("expectError"):
        with pytest.raises(ViewError) as caught:
            compile_view(test["view"])(resources)
        assert str(caught.value).strip().count("\n") == 0 and len(str(caught.value)) < 12_000
    else:
        assert json.dumps(compile_view(test["view"])(resources)) == json.dumps(test["expect"])  # true is not 1


def test_errors_say_where():
    view = {"resource": "Patient", "select": [{"column": [{"name": "born", "path": "birthDate.where("}]}]}
    with pytest.raises(ViewError, match=r"'birthDate.where\('.*column 'born'.*character 17"):
        compile_view(view)
    view["select"][0]["column"][0]["path"] = "name.family"
    with pytest.raises(ViewError, match=r"'born' finds 2 values.*Patient/p7"):
        compile_view(view)([{"resourceType": "Patient", "id": "p7", "name": [{"family": "a"}, {"family": "b"}]}])


def test_rows_as_tuples_are_the_rows():
    view = compile_view(view_of("patients"))
    people = [{"resourceType": "Patient", "id": name, "gender": "female"} for name in "abc"] + [
        {"resourceType": "Group"}
    ]
    assert [dict(zip(view.columns, row, strict=True)) for row in view.tuples(people)] == view(people)
    assert len(view(people)) == 3


# any shape of data ----------------------------------------------------------------------------------------------------

_NAMES = ["code", "coding", "system", "text", "reference", "subject", "value", "valueQuantity", "component", "id"]
_TEXTS = ["http://loinc.org", "a", "", "Patient/p", "Group/g", "2024-01", "2024-01-01T10:00:00Z"]
_LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.floats(-2, 2), st.sampled_from(_TEXTS))
_SHAPES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(_NAMES), inner, max_size=4), st.none()
    ),
    max_leaves=25,
)
_PATHS = [
    "id.first()",
    "code.text.first()",
    "code.coding.code.first()",
    "code.coding.where(system = 'http://loinc.org').code.first()",
    "code.coding.where(system != 'http://loinc.org').code.text.first()",
    "subject.getReferenceKey(Patient).first()",
    "subject.getReferenceKey().first()",
    "value.ofType(Quantity).code.first()",
    "value.ofType(Quantity).where(system = 'a').code.first()",
    "component.code.where(text = 'a').coding.system.first()",
]


@settings(max_examples=400, deadline=None)
@given(data=st.dictionaries(st.sampled_from(_NAMES), _SHAPES, max_size=6))
def test_short_ways_say_what_the_long_way_says(data):
    for path in _PATHS:
        tree = parse(path, {}, "a test")
        assert repr(one(tree, "Observation", "It")(data, 0)) == repr(first(tree, "Observation")(data, 0)), path


@settings(max_examples=200, deadline=None)
@given(data=st.dictionaries(st.sampled_from([*_NAMES, "name", "category", "period", "location"]), _SHAPES, max_size=8))
def test_shipped_views_take_any_shape(data):
    for table in TABLES:
        view = compile_view(view_of(table))
        resource = data | {"resourceType": view.resource}
        for place in ({}, {"category": [{"coding": [{"code": "laboratory"}, {"code": "vital-signs"}]}]}):
            rows = view([resource | place])
            assert all(set(row) == set(view.columns) for row in rows)
            assert view.resource == "Observation" or len(rows) == 1


def test_deep_data_do_not_exhaust_the_stack():
    item = {"linkId": "end"}
    for _ in range(5000):
        item = {"linkId": "x", "item": [item]}
    select = [{"repeat": ["item"], "column": [{"name": "n", "path": "linkId"}]}]
    rows = compile_view({"resource": "QuestionnaireResponse", "select": select})(
        [{"resourceType": "QuestionnaireResponse", "item": [item]}]
    )
    assert len(rows) == 5001 and rows[-1] == {"n": "end"}


def test_one_view_serves_threads():
    from concurrent.futures import ThreadPoolExecutor

    view = compile_view(
        {
            "resource": "Patient",
            "select": [
                {"forEach": "name", "column": [{"name": "n", "path": "%rowIndex"}, {"name": "f", "path": "family"}]}
            ],
        }
    )
    people = [{"resourceType": "Patient", "name": [{"family": i} for i in range(k)]} for k in range(20)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: view(people), range(20)))
    assert all(rows == found[0] for rows in found) and all(row["n"] == row["f"] for row in found[0])
