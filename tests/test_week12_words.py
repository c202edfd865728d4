"""Week 12's take-away, deck and guide say no figure that a claim of its lessons does not hold."""

from __future__ import annotations

import ast
import re
from itertools import chain

import pytest
from wardround.course.places import week_folder

FOLDER = week_folder(12)
NUMBER = re.compile(r"(?<![\w.])[−-]?\d+(?:,\d{3})*(?:\.\d+)?(?![\w.]*\d)")
BASES = {"1,000", "100", "95", "6,400"}  # "of 1,000", "95% confidence"; stays, rounded in words


def literals(node):
    """Numbers within a literal; those in its texts, too."""
    if isinstance(node, dict):
        return chain(*(literals(one) for one in node.values()))
    if isinstance(node, list | tuple):
        return chain(*(literals(one) for one in node))
    if isinstance(node, str):
        return (number(one) for one in NUMBER.findall(node))
    return iter([float(node)] if isinstance(node, int | float) and not isinstance(node, bool) else [])


def number(text):
    return float(text.replace(",", "").replace("−", "-"))


def claimed():
    """All numbers that claims of the two lessons hold."""
    found = set()
    for path in sorted(FOLDER.glob("[12]_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = {one.targets[0].id: one.value for one in ast.walk(tree) if _names_a_value(one)}
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "claim":
                held = next(one.value for one in call.keywords if one.arg == "exactly")
                found |= set(literals(ast.literal_eval(named.get(getattr(held, "id", ""), held))))
    return found


def _names_a_value(node):
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)


def not_claimed(text, held):
    """Numbers of a text that no claim rounds to."""
    for shown in NUMBER.findall(text):
        digits = len(shown.partition(".")[2])
        if shown not in BASES and not any(abs(one - number(shown)) <= 0.501 * 10.0**-digits for one in held):
            yield shown


PLACES = {
    "takeaway.md": ("## The tables of the week", "## Three questions to ask a vendor"),
    "session.toml": ("[demonstration]\n", "[also]"),
}


@pytest.mark.parametrize("name", PLACES)
def test_each_figure_is_held_by_a_claim(name):
    first, last = PLACES[name]
    text = (FOLDER / name).read_text(encoding="utf-8").split(first)[1].split(last)[0]
    text = re.sub(r"^after = \d+$", "", text, flags=re.M)
    assert list(not_claimed(text, claimed())) == [] and len(NUMBER.findall(text)) > 3


def test_the_guides_decimals_are_held_by_a_claim():
    text = (FOLDER / "facilitator.md").read_text(encoding="utf-8").split("## Discussion questions")[1]
    shown = re.findall(r"\b\d+\.\d\b", text)
    assert len(shown) > 1 and list(not_claimed(" ".join(shown), claimed())) == []


def test_a_figure_that_no_claim_holds_is_found():
    assert list(not_claimed("| 38.9 | 4,465 | −1.4 | 0 |", {38.93, 4464.8, -1.4, 0.0})) == []
    assert list(not_claimed("gains 1.7 of 10.6, 1,905 hours", {1.6, 10.6, 1905.2})) == ["1.7"]
