"""Notes: recall against the identifiers that the hospital planted, what is missed, and what is hidden without need."""

from __future__ import annotations

import base64
from collections import defaultdict
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wardround.operations.privacy import (
    BROAD,
    EPONYMS,
    NARROW,
    PrivacyError,
    Span,
    find_in_note,
    notes_still_naming,
    redact,
    score_notes,
)
from wardround.operations.privacy.identifiers import disjoint
from wardround.records import read_export


@pytest.fixture(scope="module")
def ward(third_hospitals):
    """Every note of a hospital, its planted spans, and what the record knows of its patient."""
    hospital = read_export(third_hospitals[0])
    patients = hospital.tables.patients.set_index("patient_key")
    texts, known = {}, {}
    for note in hospital.resources("DocumentReference"):
        texts[note["id"]] = base64.b64decode(note["content"][0]["attachment"]["data"]).decode()
        row = patients.loc[note["subject"]["reference"].split("/")[1]]
        known[note["id"]] = {"name": [row.family], "phone": [row.phone], "mrn": [row.mrn], "address": [row.address]}
    planted = defaultdict(list)
    truth = pd.read_parquet(third_hospitals[0] / "truth" / "note_spans.parquet")
    for note, begin, end, kind, text in truth[["note_id", "begin", "end", "kind", "text"]].itertuples(index=False):
        assert texts[note][begin:end] == text
        planted[note].append((begin, end, kind))
    return texts, planted, known


def scored(ward, rules, spare=(), with_known=False):
    texts, planted, known = ward
    found = {
        note: find_in_note(text, rules, spare=spare, known=known[note] if with_known else None)
        for note, text in texts.items()
    }
    return score_notes(texts, planted, found)


def test_the_narrow_rules_miss_relatives_and_break_no_finding(ward):
    score = scored(ward, NARROW)
    recall = score.by_kind.set_index("kind").recall
    assert score.spans > 1_000 and 0.90 < score.recall < 0.97
    assert (recall.drop("relative") > 0.99).all() and 0.3 < recall["relative"] < 0.7
    assert score.still_naming == len({note for note, _ in score.left}) > 0
    assert score.share_still_naming > 1 - score.recall, "a note has more than one place to fail"
    assert score.eponyms > 1_000 and score.eponyms_hidden == 0
    assert set(score.extra) == {"age"}, "found where nothing was planted: ages over 89, which are identifiers"


def test_the_broad_rules_catch_them_and_hide_findings(ward):
    broad, spared = scored(ward, BROAD), scored(ward, BROAD, EPONYMS)
    assert broad.recall == spared.recall == 1.0, "on notes whose sentences the rules' author knew"
    assert broad.eponyms_hidden / broad.eponyms > 0.5 and spared.eponyms_hidden == 0
    assert broad.words_lost > 3 * spared.words_lost > 0
    hidden = find_in_note("Exacerbation of COPD, no change.", BROAD, spare=EPONYMS)
    assert [span.kind for span in hidden] == ["name"], "an illness in capitals is lost as well"


def test_what_the_record_knows_is_found_without_a_pattern(ward):
    texts, planted, known = ward
    bare = {note: find_in_note(text, (), known=known[note]) for note, text in texts.items()}
    recall = score_notes(texts, planted, bare).by_kind.set_index("kind").recall
    assert recall["phone"] > 0.95 and recall["address"] > 0.9 and recall["clinician"] < 0.05
    assert recall["relative"] == 0, "the family name is covered and the given name is not: still a name"


SENTENCES = (  # not among the hospital's; the name and number are put in
    ("Text {name}'s son if the line is busy.", "name"),
    ("pt {lower} seen on rounds, doing well.", "name"),
    ("Her twin, a nurse at the mill, {name} by name, was here.", "name"),
    ("Call three zero four, five five five, {spelled}.", "phone"),
    ("Pager {bare} is the daughter's.", "phone"),
    ("Next seen the day after Epiphany.", "date"),
)


def test_sentences_that_the_rules_were_not_written_for_lower_the_recall():
    words = {"name": "Quackenbush", "lower": "quackenbush", "spelled": "oh one four three", "bare": "304/5550143"}
    texts, planted = {}, {}
    for number, (sentence, kind) in enumerate(SENTENCES):
        slot = next((name for name in words if f"{{{name}}}" in sentence), None)
        text = sentence.format(**words)
        begin, held = (
            (text.index(words[slot]), words[slot]) if slot else (text.index("the day"), "the day after Epiphany")
        )
        texts[f"n{number}"], planted[f"n{number}"] = text, [(begin, begin + len(held), kind)]
    found = {note: find_in_note(text, BROAD, spare=EPONYMS) for note, text in texts.items()}
    score = score_notes(texts, planted, found)
    assert score.spans == len(SENTENCES) and score.recall <= 0.5 and score.caught >= 1


def test_half_a_name_is_a_name_still_there():
    text = "Mr. Ray Sewell, with Ms. Oh."
    planted = {"a": [(4, 14, "name"), (21, 27, "name")]}
    assert score_notes({"a": text}, planted, {"a": [(8, 14, "name"), (21, 27, "name")]}).caught == 1
    whole = score_notes({"a": text}, planted, {"a": [(0, 14, "name"), (21, 27, "name")]})
    assert (whole.recall, whole.still_naming, whole.extra) == (1.0, 0, {})


def test_ninety_five_percent_leaves_one_note_of_four():
    assert notes_still_naming(0.95, 6) == pytest.approx(0.265, abs=0.001)
    assert notes_still_naming(1, 9) == 0 and notes_still_naming(0.9, 0) == 0
    with pytest.raises(PrivacyError):
        notes_still_naming(95, 6)


def test_redaction_says_what_stood_there():
    text = "Ms. Sewell, 94-year-old, 304-555-0143; Dr. Vogt; Murphy's sign negative."
    assert redact(text).text == "[name], [age]-year-old, [phone]; Dr. [clinician]; Murphy's sign negative."
    assert "sewell" not in redact("talked with sewell", (), known={"name": ["Sewell"]}).text
    assert redact("Mrs. Wilson left.", spare=EPONYMS).text == "Mrs. Wilson left.", "the price of sparing a word"


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9), st.sampled_from("ab")), max_size=8))
def test_joined_spans_cover_the_same_letters_and_no_other(drawn):
    spans = [Span(begin, begin + size, kind) for begin, size, kind in drawn]
    joined = disjoint(spans)
    assert {i for s in spans for i in range(s.begin, s.end)} == {i for s in joined for i in range(s.begin, s.end)}
    assert all(left.end <= right.begin for left, right in pairwise(joined))


@given(
    st.sampled_from(["304-555-0143", "(304) 555-0143", "6053419774", "1932-09-17", "9/17/1932", "a.b@c.example"]),
    st.text("abc ,.;:!?\n", max_size=30),
    st.text("abc ,.;:!?\n", max_size=30),
)
def test_an_identifier_with_a_shape_never_survives_between_words(planted, before, after):
    assert planted not in redact(f"{before} {planted} {after}").text
