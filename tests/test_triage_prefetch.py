"""FHIR in: what of a hostile prefetch counts as a reading, what is refused, and what is told."""

import copy
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from triage_service import NOW
from wardround.triage.desk import SIGNS
from wardround.triage.example import example
from wardround.triage.fhir import PrefetchMissing, SomebodyElse, read
from wardround.triage.judge import SAME_UNIT, judge
from wardround.triage.prefetch import CODES, UNITS
from wardround.triage.said import Risk
from wardround.triage.settings import defaults

RIGHT = example(NOW)["prefetch"]
LOINC = {name: code for code, name in CODES.items()}


def _read(prefetch, encounter="example-2"):
    return read(prefetch, "example-1", NOW, encounter)


def _changed(name, **values):
    """The right prefetch with one observation changed; ``...`` takes something out."""
    made = copy.deepcopy(RIGHT)
    one = _one(made, name)
    for key, value in values.items():
        one.pop(key) if value is ... else one.update({key: value})
    return made


def _one(prefetch, name):
    codes = {code for code, own in CODES.items() if own == name}
    for entry in prefetch["vitals"]["entry"]:
        if entry["resource"]["code"]["coding"][0]["code"] in codes:
            return entry["resource"]
    raise LookupError(name)


def _quantity(name, value, code, **more):
    return _changed(name, valueQuantity={"value": value, "system": "http://unitsofmeasure.org", "code": code, **more})


# readings -------------------------------------------------------------------------------------------------------------


def test_a_right_prefetch_is_the_visit():
    found = _read(RIGHT)
    values = {name: (one.value, one.unit) for name, one in found.visit.readings.items()}
    assert values["systolic"] == (128, "mmHg") and values["temperature"] == (37.1, "°C") and len(values) == 6
    assert found.visit.birth_date == dt.date(1951, 3, 9) and found.visit.sex == "female"
    assert found.visit.arrived_at == NOW - dt.timedelta(minutes=20)
    assert found.notes == () and found.no_risk == found.not_for == ""
    assert found.basis["systolic"] == "Observation/example-7"


def test_units_and_codes_are_those_of_the_desk():
    """A prefetch and the desk must give the model the same numbers."""
    settings = defaults()
    for name, (code, unit) in SIGNS.items():
        assert CODES[code] == name and UNITS[name][0] == unit
        assert name not in settings.factors or settings.factors[name].unit == unit
    for other, own in SAME_UNIT.items():
        assert any(other in known and unit == own for unit, known in UNITS.values()), other


@pytest.mark.parametrize(
    ("name", "value", "unit", "becomes"),
    [
        ("temperature", 98.6, "[degF]", 37.0),
        ("temperature", 95.0, "[degF]", 35.0),
        ("temperature", 310.15, "K", 37.0),
        ("temperature", 37.1, "Cel", 37.1),
        ("systolic", 12, "kPa", 90.01),
        ("systolic", 84, "mm[Hg]", 84),
        ("saturation", 0.91, "1", 91),
        ("saturation", 91, "%", 91),
        ("heart_rate", 130, "{beats}/min", 130),
        ("respiratory_rate", 0.5, "Hz", 30),
    ],
)
def test_known_units_are_converted(name, value, unit, becomes):
    found = _read(_quantity(name, value, unit))
    assert found.visit.readings[name].value == pytest.approx(becomes, abs=0.005) and found.notes == ()


@pytest.mark.parametrize(
    ("name", "quantity"),
    [
        ("temperature", {"value": 98.6}),
        ("temperature", {"value": 98.6, "unit": ""}),
        ("temperature", {"value": 98.6, "unit": "degrees"}),
        ("temperature", {"value": 98.6, "unit": "°F", "system": "http://unitsofmeasure.org", "code": "Cel"}),
        ("temperature", {"value": 37, "unit": "Cel", "system": "http://unitsofmeasure.org", "code": "mg/dL"}),
        ("temperature", {"value": 37, "unit": ["Cel"], "code": {"Cel": 1}}),
        ("temperature", {"value": 37, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "Cel"}),
        ("systolic", {"value": 128, "unit": "°C"}),
        ("saturation", {"value": 96, "unit": "mmHg"}),
    ],
)
def test_an_unknown_unit_is_no_reading_and_is_told(name, quantity):
    found = _read(_changed(name, valueQuantity=quantity))
    assert name not in found.visit.readings
    assert any("unit" in one for one in found.notes)
    advice = judge(found.visit, Risk(0.02, {}, "m 1"), defaults(), NOW)
    if name == "systolic":  # a risk may be given without one other
        assert advice.state == "abstains" and "ystolic" in advice.words


@pytest.mark.parametrize(("unit", "text"), [("Cel", "degrees"), ("Cel", "°C"), ("[degF]", "F")])
def test_a_units_name_beside_its_code_is_no_other_unit(unit, text):
    assert "temperature" in _read(_quantity("temperature", 99, unit, unit=text)).visit.readings


@pytest.mark.parametrize("value", ["98", True, None, [98], {"value": 98}, 1e400, 10**400, -(10**9)])
def test_what_is_no_number_is_no_reading(value):
    found = _read(_quantity("heart_rate", value, "/min"))
    assert "heart_rate" not in found.visit.readings and any("without a number" in one for one in found.notes)


@pytest.mark.parametrize("status", ["preliminary", "entered-in-error", "cancelled", "registered", "unknown", None, 7])
def test_what_is_not_final_is_ignored(status):
    found = _read(_changed("saturation", status=status))
    assert "saturation" not in found.visit.readings and any("not final" in one for one in found.notes)


@pytest.mark.parametrize("status", ["final", "amended", "corrected"])
def test_what_is_final_counts(status):
    assert "saturation" in _read(_changed("saturation", status=status)).visit.readings


def test_a_newer_reading_counts_and_one_in_error_does_not_hide_the_one_before():
    made = copy.deepcopy(RIGHT)
    for value, minutes, status in ((88, 1, "final"), (60, 0, "entered-in-error"), (99, 30, "final")):
        one = copy.deepcopy(_one(RIGHT, "saturation"))
        at = (NOW - dt.timedelta(minutes=minutes)).isoformat()
        one |= {"effectiveDateTime": at, "status": status, "id": f"new-{value}"}
        one["valueQuantity"]["value"] = value
        made["vitals"]["entry"].insert(0, {"resource": one})
    found = _read(made)
    assert found.visit.readings["saturation"].value == 88 and found.basis["saturation"] == "Observation/new-88"


def test_a_reading_from_the_future_does_not_hide_the_one_before():
    made = copy.deepcopy(RIGHT)
    one = copy.deepcopy(_one(RIGHT, "saturation"))
    one["effectiveDateTime"] = (NOW + dt.timedelta(hours=1)).isoformat()
    one["valueQuantity"]["value"] = 70
    made["vitals"]["entry"].append({"resource": one})
    assert _read(made).visit.readings["saturation"].value == 96


@pytest.mark.parametrize("text", ["2026-11-29", "yesterday", "2026-11-29T18:00:00", 7, None, "2026-13-01T00:00:00Z"])
def test_without_a_time_and_zone_a_reading_is_not_fresh(text):
    reading = _read(_changed("systolic", effectiveDateTime=text)).visit.readings["systolic"]
    assert reading.at is None and reading.value == 128  # its rule fires; no risk rests on it
    advice = judge(_read(_changed("systolic", effectiveDateTime=text)).visit, Risk(0.02, {}, "m 1"), defaults(), NOW)
    assert advice.state == "abstains" and advice.stale == ("Systolic pressure",)


def test_two_values_of_one_minute_are_told():
    made = copy.deepcopy(RIGHT)
    one = copy.deepcopy(_one(RIGHT, "systolic"))
    one["valueQuantity"]["value"], one["issued"] = 90, "2026-11-29T17:59:00Z"
    made["vitals"]["entry"].insert(0, {"resource": one})
    found = _read(made)
    assert found.visit.readings["systolic"].value == 90 and any("same time" in one for one in found.notes)


def test_a_panel_of_blood_pressure_is_two_readings():
    made = copy.deepcopy(RIGHT)
    high, low = _one(made, "systolic"), _one(made, "diastolic")
    parts = [{"code": one["code"], "valueQuantity": one["valueQuantity"]} for one in (high, low)]
    panel = {**high, "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]}, "component": parts}
    del panel["valueQuantity"]
    kept = [one for one in made["vitals"]["entry"] if one["resource"] not in (high, low)]
    made["vitals"]["entry"] = [*kept, {"resource": panel}]
    readings = _read(made).visit.readings
    assert (readings["systolic"].value, readings["diastolic"].value) == (128, 74)


def test_a_limit_is_no_value_for_a_risk_and_fires_its_rule():
    found = _read(_quantity("saturation", 70, "%", comparator="<"))
    assert "limit" in found.no_risk and found.visit.readings["saturation"].value == 70


@pytest.mark.parametrize(
    "code",
    [{"coding": [{"system": "http://snomed.info/sct", "code": "8867-4"}]}, {"text": "Heart rate"}, {}, None, "8867-4"],
)
def test_a_code_that_is_not_loincs_names_no_vital_sign(code):
    made = _changed("heart_rate", code=code)
    assert "heart_rate" not in _read(made).visit.readings


def test_a_code_for_two_things_names_none():
    two = [{"system": "http://loinc.org", "code": LOINC[name]} for name in ("systolic", "diastolic")]
    assert "systolic" not in _read(_changed("systolic", code={"coding": two})).visit.readings


def test_null_says_that_the_client_looked_and_found_nothing():
    for vitals in (None, {"resourceType": "Bundle", "type": "searchset"}):
        assert _read({**RIGHT, "vitals": vitals}).visit.readings == {}


def test_a_page_of_a_bundle_is_told():
    made = copy.deepcopy(RIGHT)
    made["vitals"]["link"] = [{"relation": "next", "url": "https://ehr.example.org/next"}]
    assert any("part of the readings" in one for one in _read(made).notes)


# of whom, and when ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("patient", {"id": "example-9"}),
        ("patient", {"id": None}),
        ("encounter", {"id": "example-8"}),
        ("encounter", {"subject": {"reference": "Patient/example-9"}}),
        ("encounter", {"subject": {"reference": "urn:uuid:0d5d4d6e-8d6f-4a4e-9d69-1f1f0e7f0d00"}}),
        ("encounter", {"subject": {"reference": "Patient/xexample-1"}}),
        ("encounter", {"subject": {"display": "example-1"}}),
        ("vitals", {"reference": "Patient/example-9"}),
        ("vitals", {"reference": "Group/example-1"}),
        ("vitals", {"reference": "https://ehr.example.org/fhir/Patient/example-9"}),
    ],
)
def test_somebody_elses_data_are_refused(key, change):
    made = copy.deepcopy(RIGHT)
    if key == "vitals":
        _one(made, "saturation")["subject"] = change
    else:
        made[key].update(change)
    with pytest.raises(SomebodyElse, match=r"\w\.$"):
        _read(made)


@pytest.mark.parametrize("text", ["https://ehr.example.org/fhir/Patient/example-1", "Patient/example-1/_history/3"])
def test_the_same_patient_may_be_named_in_three_ways(text):
    made = copy.deepcopy(RIGHT)
    _one(made, "saturation")["subject"] = {"reference": text}
    assert "saturation" in _read(made).visit.readings


def test_without_a_subject_or_of_another_visit_a_reading_is_not_used():
    assert "saturation" not in _read(_changed("saturation", subject=...)).visit.readings
    other = _changed("saturation", encounter={"reference": "Encounter/last-year"})
    assert any("another visit" in one for one in _read(other).notes)
    assert "saturation" not in _read(other).visit.readings


@pytest.mark.parametrize("key", ["patient", "encounter", "vitals"])
@pytest.mark.parametrize("value", [..., [], "Patient/1", 7, {}, {"resourceType": "OperationOutcome"}])
def test_what_is_not_there_or_of_another_type_is_missing(key, value):
    made = {name: one for name, one in RIGHT.items() if name != key}
    if value is not ...:
        made[key] = value
    with pytest.raises(PrefetchMissing, match=rf"prefetch\.{key} .*\.$"):
        _read(made)


def test_more_than_was_asked_for_is_not_looked_through():
    made = copy.deepcopy(RIGHT)
    made["vitals"]["entry"] *= 100
    with pytest.raises(PrefetchMissing, match="more than 500"):
        _read(made)


@pytest.mark.parametrize(
    "text", [None, "1951", "1951-03", "2027-01-01", "1801-01-01", "1951-02-30", 19510309, ["1951"]]
)
def test_what_is_no_birth_date_is_none(text):
    made = copy.deepcopy(RIGHT)
    made["patient"]["birthDate"] = text
    found = _read(made)
    assert found.visit.birth_date is None and "The birth date is not known." in found.notes


def test_who_came_long_ago_gets_rules_and_no_risk():
    made = copy.deepcopy(RIGHT)
    made["encounter"]["period"]["start"] = (NOW - dt.timedelta(hours=13)).isoformat()
    assert "12 hours" in _read(made).no_risk


def test_a_name_is_a_strangers_text_and_not_long():
    made = copy.deepcopy(RIGHT)
    made["patient"]["name"] = [7, {"given": "Ada"}, {"given": ["<b>Ada</b>", 7], "family": "x" * 10_000}]
    assert _read(made).visit.name.startswith("<b>Ada</b> 7 xxx") and len(_read(made).visit.name) == 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


@given(st.data())
def test_anything_anywhere_is_a_visit_or_a_sentence(data):
    """Not a single other exception, whatever stands at one place of the prefetch."""
    made = copy.deepcopy(RIGHT)
    inner, place = made, None
    while isinstance(inner, dict | list) and inner and (place is None or data.draw(st.booleans())):
        holder = inner
        place = data.draw(st.sampled_from(list(holder) if isinstance(holder, dict) else list(range(len(holder)))))
        inner = holder[place]
    holder[place] = data.draw(JSON)
    try:
        found = _read(made)
    except (PrefetchMissing, SomebodyElse) as why:
        assert str(why).endswith(".")
    else:
        assert found.visit.patient_id == "example-1" and all(one.endswith(".") for one in found.notes)
        assert all(one.unit == UNITS[one.name][0] for one in found.visit.readings.values())
