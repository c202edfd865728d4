"""Sentences that calm where nobody has looked, plain ones that a screen may show, and cards of any shape (week 10)."""

from __future__ import annotations

import runpy

import pytest
from hypothesis import given as drawn_from
from hypothesis import settings
from hypothesis import strategies as st
from wardround.course.places import week_folder

CALMING = runpy.run_path(str(week_folder(10) / "calming.py"))["calming"]
PROBLEMS = runpy.run_path(str(week_folder(10) / "cards.py"))["problems"]
CALMS = [
    "No increased risk detected",
    "The assistant is busy; the patient can wait",
    "Low risk",
    "Risk: low",
    "Patient appears stable.",
    "No cause for concern at the moment",
    "Nothing abnormal",
    "Vital signs within normal limits",
    "All clear",
    "no risk found",
    "Patient stable.",
    "The model is down. Patient OK to wait",
    "No alerts at this time",
    "Vital signs unremarkable",
]
PLAIN = [
    "No risk is given: the model does not answer. Judge without it.",
    "No risk can be given, this does not mean that the patient is stable",
    "A missing score does not mean low risk",
    "The feed is fine, the model does not answer",
    "No risk score present",
    "The network is down. The patient may wait too long: look yourself",
    "The assistant has no answer; the level is yours",
    "No risk",
    "Do not take this for a low risk",
    "Unlike the rule, the risk needs a model",
    "The model is down. The patient may be unstable",
    "No alert can be raised while the feed is late",
]


@pytest.mark.parametrize("text", CALMS)
def test_a_sentence_that_calms_is_caught(text):
    assert CALMING(text, number=False)


@pytest.mark.parametrize("text", PLAIN)
def test_a_plain_sentence_is_no_calming(text):
    assert CALMING(text, number=False) == ""


def test_a_risk_in_words_is_no_calming_beside_its_number():
    assert CALMING("Low risk: 8 of 1,000", number=True) == "" and CALMING("Low risk", number=False)
    assert CALMING("8 of 1,000; can wait", number=True)


NAMES = st.sampled_from(["summary", "detail", "indicator", "source", "suggestions", "label", "uuid", "overrideReasons"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=10,
)


@settings(max_examples=120, deadline=None)
@drawn_from(
    st.dictionaries(st.just("cards") | st.text(max_size=4), JSON | st.lists(JSON, max_size=3), max_size=2),
    st.booleans(),
)
def test_whatever_the_body_it_is_judged(body, refused):
    name = "prefetch without vitals" if refused else "an ordinary patient"
    problems = PROBLEMS(name, 200, body, 31)
    assert problems and all(len(pair) == 2 for pair in problems)
