"""Printed cards for a group: fronts without answers, answers behind, one page for each, nothing from elsewhere."""

from __future__ import annotations

import re
from html import unescape
from itertools import pairwise

import pytest
from wardround.flight.deck import DECK, draw
from wardround.flight.tabletop import PARTS, tabletop
from wardround.flight.words import AXES, ROLES


def told(part: str) -> str:
    """The text of a piece of HTML, in one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", part)).split())


@pytest.mark.parametrize("count", [6, 7, 8])
@pytest.mark.parametrize("seed", [1, 4])
def test_fronts_show_the_first_sign_and_no_answer(seed, count):
    page = tabletop(seed, count)
    front, behind = page.split('<h2 id="answers">')
    front, behind = told(front), told(behind)
    assert page.count('class="sheet card"') == page.count('class="sheet answer"') == count
    for one in draw(seed, count):
        card = one.card
        assert card.first_sign in front
        for answer in ("title", "happens", "best_signal", "tempting", "reference_why"):
            assert getattr(card, answer) not in front
            assert getattr(card, answer) in behind
    for card in DECK.values():
        assert card.id not in front


def test_an_answer_says_on_which_axis_it_is_felt():
    behind = tabletop(2).split('<h2 id="answers">')[1]
    answers = [told(part) for part in behind.split('class="sheet answer"')[1:]]
    for one, answer in zip(draw(2), answers, strict=True):
        assert f"is felt {one.card.bites}: {AXES[one.card.bites]}" in answer


def test_it_takes_between_an_hour_and_an_hour_and_a_half():
    for count in (6, 7, 8):
        minutes = int(re.search(r"(\d+) minutes in all", tabletop(2, count))[1])
        assert 60 <= minutes <= 90


def test_each_role_has_a_part_and_a_question():
    assert tuple(PARTS) == ROLES
    page = told(tabletop(2))
    for name in ROLES:
        assert name.replace("_", " ") in page
        assert PARTS[name][1] in page


def test_the_page_is_one_file_with_one_top_heading_and_print_pages():
    page = tabletop(2)
    assert page == tabletop(2)
    assert page.count("<h1") == 1
    assert not re.search(r"https?://|<script|<link|<img", page)
    assert "@media print" in page
    assert "break-after: page" in page
    levels = [int(level) for level in re.findall(r"<h(\d)", page)]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = re.findall(r'id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'aria-labelledby="([^"]+)"', page)) <= set(ids)
