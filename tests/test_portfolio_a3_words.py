"""What A3's checks read in a memo: who decides, how much was shown, which threshold, who thought aloud."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from assistant_samples import alone, whole_assistant
from wardround.operations.report_claims import claims_to_decide, claims_too_much
from wardround.operations.report_lint import lint

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def folder(tmp_path):
    """The assistant's folder of a learner who has done everything."""
    whole_assistant(tmp_path / "triage")
    return tmp_path / "triage"


@pytest.mark.parametrize(
    "text",
    [
        "It supports the nurse's choice and does not assign an ESI level.",
        "The nurse assigns the level; the assistant shows a risk.",
        "Helps the nurse decide the level.",
        "A number for the nurse, who decides the level.",
        "It leaves it to the nurse to set the level.",
        "Supports, does not assign ESI.",
        "The level is set by the nurse before the risk is shown.",
        "The nurse reads it and decides on a level.",
        "It neither assigns nor decides a level, and it does not replace the nurse.",
        "After the nurse has given a level, it shows a risk.",
        "It is never used without a nurse.",
    ],
)
def test_an_intended_use_that_supports_is_no_claim(text):
    assert list(claims_to_decide(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "Assigns a level to every patient.",
        "The assistant decides the level so that the nurse need not.",
        "Supports the nurse and sets the level.",
        "It supports the nurse, and assigns the level.",
        "The level is set by the model.",
        "Levels are assigned automatically.",
        "It triages patients instead of the nurse.",
        "It works without a nurse.",
        "It does not only support: it assigns the level.",
        "It does not just advise but decides the triage level.",
        "The nurse is shown a risk and the assistant chooses the level.",
    ],
)
def test_an_intended_use_that_decides_is_one(text):
    assert list(claims_to_decide(text))


@pytest.mark.parametrize(
    "text",
    [
        "One think-aloud with one nurse: notes towards items 7 and 12; no early clinical evaluation was made.",
        "A DECIDE-AI evaluation would need live patients.",
        "A single think-aloud is no evaluation.",
        "It is not validated and not shown to be safe.",
        "One nurse thought aloud; an evaluation comes before anybody uses it.",
        "This is a rehearsal, not a study.",
        "It must be evaluated with patients first.",
        "Whether it is safe is open.",
        "The evaluation that DECIDE-AI is about has not been made.",
    ],
)
def test_a_modest_line_on_decide_ai_is_none_too_much(text):
    assert list(claims_too_much(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "The assistant meets DECIDE-AI.",
        "DECIDE-AI compliant.",
        "This is an early-stage clinical evaluation.",
        "The think-aloud shows that it is safe.",
        "It was validated with a nurse.",
        "It improves patient outcomes.",
        "We evaluated it with one nurse, following DECIDE-AI.",
    ],
)
def test_a_line_that_makes_an_evaluation_of_a_think_aloud_is(text):
    assert list(claims_too_much(text))


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("threshold: 80 of 1,000", True),
        ("The threshold is 8%.", True),
        ("an 8% threshold, asked for by two nurses", True),
        ("a threshold of 0.08", True),
        ("the threshold went from 50 to 80 of 1,000", True),
        ("a threshold reached within 12 h", True),
        ("the threshold is 1 in 12", True),  # 83 of 1,000, as 1 in 12 rounds
        ("threshold 7.5%", False),
        ("threshold 0.10", False),
        ("the threshold, reviewed after 3 audits", True),
        ("a threshold of 50", False),
        ("the threshold is 80", True),
        ("1 in 20 is the threshold, a threshold of 50 of 1,000", False),
    ],
)
def test_a_threshold_is_read_as_it_is_written(folder, text, right):
    made = alone(folder)
    made.memos["W10.A3"]["fields"]["because"] = text
    assert bool(lint(made).findings) != right


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("My sister, six patients: “why UTC?” Local time was added.", 0),
        ("Who: Maria Lopez. Task: six patients. Changed: the factors now stand last.", 0),
        ("A physiotherapist took six patients; the picture was shortened.", 0),
        ({"who": "a paramedic", "task": "six patients", "said": "too long", "changed": "cut to two factors"}, 0),
        ("A nurse took six patients. Nothing was changed, because she read each factor aloud rightly.", 0),
        ({"who": "", "task": "six patients", "changed": "nothing"}, 2),
    ],
)
def test_who_thought_aloud_may_be_anybody_but_somebody(folder, text, told):
    made = alone(folder)
    made.memos["W10.A3"]["fields"]["think_aloud"] = text
    assert len(lint(made).findings) == told


@pytest.mark.parametrize("points", ["Four", "Six"])
def test_the_weeks_own_scored_memos_pass(folder, points):
    text = (ROOT / "curriculum" / "week10_triage_assistant" / "memo.md").read_text(encoding="utf-8")
    (quoted,) = re.findall(rf"### {points} points\n\n((?:> .*\n)+)", text)
    made = alone(folder)
    made.memos["W10.M"]["fields"] = {"first": quoted.replace("> ", ""), "because": "scored"}
    assert not lint(made).findings
