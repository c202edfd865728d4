"""Sentences that calm where nobody has looked, and plain ones that a screen may show (week 10)."""

from __future__ import annotations

import runpy

import pytest
from wardround.course.places import week_folder

CALMING = runpy.run_path(str(week_folder(10) / "calming.py"))["calming"]
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
