"""Do the planted lessons bite? Five hospitals held to the rules for each seed; ``make proof`` holds twenty to all."""

from __future__ import annotations

import os

import pytest
from bites.table import RULES, Rule, measure, table

SEEDS = range(2026301, 2026301 + int(os.environ.get("WARDROUND_BITE_SEEDS", "5")))
LONG = len(SEEDS) >= 12  # rules on a mean, and the flights, need as many


@pytest.mark.slow
def test_every_lesson_bites(capsys):
    found = [measure(seed, flights=LONG and k < 12) for k, seed in enumerate(SEEDS)]
    if LONG:
        text, broken = table(found)
    else:
        text, broken = table(found, means=False)
    with capsys.disabled():
        print(f"\n{len(found)} hospitals\n{text}")
    assert not broken, "\n".join(broken)


def test_a_rule_that_does_not_hold_is_said():
    text, broken = table([{"honest": 0.70, "LACE": 0.66}, {"honest": 0.80, "LACE": 0.66}])
    assert "FAILS" in text and broken == ["honest: [0.8] lie outside (0.65, 0.75) on a seed."]


def test_every_rule_can_fail():
    for name, rule in RULES.items():
        assert rule != Rule(), name
        far = 1e6 if rule.each[1] < 1e6 or rule.mean[1] < 1e6 else -1e6
        assert table([{name: far}])[1], name
