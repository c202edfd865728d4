"""The cause graph says what the equations do: change a cause and the effect moves, change a proxy and it does not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wardround.hospital import HospitalError, simulate, stays, ward
from wardround.hospital.causes import CAUSES, VARIABLES
from wardround.hospital.simulation import check_parameters

NAMES = {name for name, _, _ in VARIABLES}
PARENTS = {effect: {cause for cause, other, _ in CAUSES if other == effect} for _, effect, _ in CAUSES}


@pytest.fixture(scope="module")
def world():
    return simulate(11, weeks=60, scale=0.2)


def test_the_graph_is_closed_and_has_no_circle():
    assert all({cause, effect} <= NAMES for cause, effect, _ in CAUSES)
    left = {name: set(PARENTS.get(name, ())) for name in NAMES}
    while left:
        free = [name for name, parents in left.items() if not parents & left.keys()]
        assert free, f"a circle among {sorted(left)}"
        for name in free:
            del left[name]


# variable of the graph -> column of a stay, and another value for it
STAY_COLUMNS = {
    "frailty": ("frailty", 1.0),
    "social_risk": ("social", 1.0),
    "brittleness": ("brittleness", 1.0),
    "instability": ("instability", 1.0),
    "admission_acuity": ("acuity", 1.0),
    "diagnosis_group": ("group", None),
    "interpreter": ("interpreter", None),
    "disposition": ("disposition", None),
    "site": ("site", None),
    "prior_stays": ("stays_before", 3),
    "prior_emergency": ("emergency_before", 3),
    "payer": ("payer", None),
    "lace": ("lace", 5),
    "length_of_stay": ("length", 5.0),
    "age": ("age", 10.0),
    "kidney": ("kidney", 1.0),
}
OTHER = {
    "group": lambda v: (v + 1) % 15,
    "interpreter": lambda v: ~v,
    "disposition": lambda v: np.where(v == 0, 4, 0),
    "site": lambda v: 1 - v,
    "payer": lambda v: (v + 1) % 4,
}


@pytest.mark.parametrize("name", STAY_COLUMNS)
def test_readmission_risk_moves_with_its_causes_alone(world, name):
    column, more = STAY_COLUMNS[name]
    before = {key: value[:400] for key, value in world.stays.items()}
    after = before | {column: OTHER[column](before[column]) if more is None else before[column] + more}
    none = np.zeros(400)
    moved = ~np.isclose(stays._risk(before, none), stays._risk(after, none))
    assert moved.mean() > 0.6 if name in PARENTS["readmission"] else not moved.any()


@pytest.mark.parametrize("name", ["prior_stays", "lace", "payer", "prior_emergency", "frailty", "interpreter"])
def test_usual_care_calls_by_recorded_facts_alone(world, name):
    column, more = STAY_COLUMNS[name]
    unplanned = ~world.stays["planned"]
    before = {key: value[unplanned][:400] for key, value in world.stays.items()}
    after = before | {column: OTHER[column](before[column]) if more is None else before[column] + more}
    moved = stays._call_chance(before, 0.0) != stays._call_chance(after, 0.0)
    assert moved.any() == (name in PARENTS["care_call"])


def test_the_ward_hazard_moves_with_kidney_age_and_frailty_and_not_with_payer(world):
    few = {key: value[:300] for key, value in world.stays.items()}
    base = ward.course(11, few)["hazard"]
    for column, more in (("kidney", 1.0), ("age", 10.0), ("frailty", 1.0), ("acuity", 1.0)):
        raised = ward.course(11, few | {column: few[column] + more})["hazard"]
        assert (raised >= base - 1e-12).all() and (raised > base).mean() > 0.9
    assert np.array_equal(ward.course(11, few | {"payer": (few["payer"] + 1) % 4})["hazard"], base)


# parameters ---------------------------------------------------------------------------------------------------------


@given(seed=st.integers(0, 2**64 - 1), weeks=st.integers(8, 208), scale=st.floats(0.001, 100))
def test_every_parameter_in_range_is_taken(seed, weeks, scale):
    check_parameters(seed, weeks, scale)


@settings(max_examples=300)
@given(
    st.one_of(
        st.tuples(
            st.one_of(st.integers(max_value=-1), st.integers(min_value=2**64), st.floats(), st.text()),
            st.just(60),
            st.just(1.0),
        ),
        st.tuples(
            st.just(1),
            st.one_of(st.integers(max_value=7), st.integers(min_value=209), st.floats(), st.none()),
            st.just(1.0),
        ),
        st.tuples(
            st.just(1),
            st.just(60),
            st.one_of(st.floats(max_value=0), st.just(float("nan")), st.just(float("inf")), st.text()),
        ),
    )
)
def test_every_parameter_out_of_range_is_said_in_one_sentence(values):
    with pytest.raises(HospitalError) as told:
        check_parameters(*values)
    assert str(told.value).count("; it is ") == 1 and str(told.value).endswith(".")
