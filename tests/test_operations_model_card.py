"""The model card says what the release holds, and of the rest who must say it."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

import pytest
from test_operations_bundle import made
from wardround.operations.ledger import Line
from wardround.operations.model_card import ATTRIBUTES, model_card

METRICS = {"test_auroc": 0.7312, "test_brier": 0.104, "test_fairness_gap": 0.02, "external_auroc": 0.69, "loss": 1.0}
BAD = "<script>alert(1)</script> | [x](javascript:alert(1)) ![i](http://example.org/i.png) `*_\n## heading"


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.rows, self.cell = Counter(), [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags[tag] += 1
        if tag == "tr":
            self.rows.append([])
        self.cell = [] if tag == "td" else self.cell

    def handle_data(self, data):
        if self.cell is not None:
            self.cell.append(data)

    def handle_endtag(self, tag):
        if tag == "td":
            self.rows[-1].append("".join(self.cell))
            self.cell = None


def said_of(card):
    return {entry.attribute.key: (entry.text, entry.source) for entry in card.entries}


def test_there_are_31_in_the_groups_of_the_rule():
    assert list(Counter(one.group for one in ATTRIBUTES).values()) == [4, 4, 2, 4, 2, 4, 5, 4, 2]
    assert len({one.key for one in ATTRIBUTES}) == len({one.asks for one in ATTRIBUTES}) == 31


def test_a_release_alone_says_three_things_and_names_who_must_say_the_rest():
    card = model_card(made())
    assert len(card.missing) == 28
    assert said_of(card)["nine_variables"] == (
        "age (date of birth (as age)); all 2 inputs: age, creatinine",
        "the release",
    )
    text = card.markdown()
    assert "3 of 31 source attributes are known; 28 are not." in text and "not released" in text
    assert text.count("**not known**: ") == 28 and "**not known**: the clinical owner must say" in text


def test_names_of_inputs_are_read_by_their_words():
    features = ("marital_status", "stage", "language_is_english", "female", "race_black", "last_dosage")
    text = said_of(model_card(made(features=features)))["nine_variables"][0]
    assert text.startswith("language_is_english (language), female (sex), race_black (race); all 6 inputs")


def test_what_was_kept_goes_before_what_was_said_and_that_before_the_run():
    kept = {"test_validity": "AUROC 0.73 (0.70 to 0.76), 1,204 stays"}
    card = model_card(
        made(), run=METRICS, evaluation=kept, said={"test_validity": "good", "value": "risk", "users": "ward nurses"}
    )
    found = said_of(card)
    assert found["test_validity"] == (kept["test_validity"], "kept evaluation")
    assert found["value"] == ("risk", "said by a person") and found["users"][0] == "ward nurses"
    assert found["test_fairness"] == ("fairness_gap 0.02", "the release")
    assert found["external_validity"] == ("auroc 0.69", "the release") and found["external_fairness"] == ("", "")
    assert said_of(model_card(made(), run=METRICS))["test_validity"][0] == "auroc 0.731; brier 0.104"


def test_a_key_that_is_none_of_the_31_is_told():
    with pytest.raises(KeyError, match="intended_user is no source attribute"):
        model_card(made(), said={"intended_user": "nurses"})


def test_what_anybody_wrote_stays_text():
    line = Line(9, "2026-03-01T08:00:00Z", BAD, "released", "{}", "", "")
    card = model_card(made(name=BAD, features=(BAD,)), said={"users": BAD}, released=line)
    page, plain = Page(card.html()), Page(model_card(made(), said={"users": "nurses"}).html())
    assert page.tags == plain.tags
    assert not {"script", "a", "img"} & set(page.tags) and page.tags["h2"] == 9
    (row,) = [row for row in page.rows if row and row[0] == "intended users"]
    assert row == ["intended users", " ".join(BAD.split()), "said by a person"]
    assert len(page.rows) == len(plain.rows) and all(len(row) in (0, 3) for row in page.rows)


def test_the_page_asks_for_nothing_from_elsewhere():
    text = model_card(made()).html()
    assert "http" not in text and 'lang="en"' in text and "<title>Model card, version 2</title>" in text
