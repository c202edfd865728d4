"""Notes: patterns for identifiers in free text, how many they miss of those known to be there, and what they break.

Own patterns. A library was looked for on 2026-11-29. presidio 2.2 is well kept (at data-privacy-stack/presidio now),
but needs a language model that it downloads when the engine is made (its issue 1447) and a suffix list that it
fetches when a text holds an email address (issue 1205); with them it is 315 MB, and of thirteen identifiers in one
note it found six without the model and twelve with a small one. deduce is kept and made of rules, for Dutch. So
neither is a dependency.

The rules below were written by somebody who knew how the hospital's notes are made, so what they catch there is more
than they would catch in notes of your own: measure on those. ``score_notes`` is how.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import pandas as pd

from .identifiers import SHAPED, PrivacyError, Rule, Span, disjoint, find_shaped, words

_CAP = r"(?!(?:Dr|Mr|Mrs|Ms)\b)[A-ZÀ-Þ][\w'’-]+"
_TITLE = r"(?:Mr|Mrs|Ms|Miss|Mx)\.?"
_KIN = r"(?:wife|husband|daughter|son|mother|father|sister|brother|niece|nephew|partner|friend|neighbou?r|next of kin)"
NARROW: tuple[Rule, ...] = (
    *SHAPED,
    Rule("name", "A", re.compile(rf"\b{_TITLE}\s+{_CAP}(?:\s+{_CAP})?")),
    Rule("clinician", "policy", re.compile(rf"\bDr\.?\s+({_CAP}(?:\s+{_CAP})?)")),
    Rule("relative", "A", re.compile(rf"\b{_KIN},?\s+(?:is\s+|named\s+)?({_CAP}(?:\s+{_CAP})?)")),
)
BROAD: tuple[Rule, ...] = (
    *NARROW,
    Rule("name", "A", re.compile(rf"\b{_CAP}\s+{_CAP}\b")),  # two capitalised words: also "Discharge Summary"
    Rule("name", "A", re.compile(rf"(?<=[a-z,;:] ){_CAP}\b")),  # one in the middle of a sentence: also an eponym
    Rule("name", "A", re.compile(rf"\b{_CAP}['’]s\b")),  # a possessive: also "Murphy's sign"
)
EPONYMS = tuple(
    words(
        "Heberden Dupuytren Babinski Murphy Romberg Sjögren Parkinson Alzheimer Hodgkin Crohn Addison Cushing "
        "Graves Raynaud Foley Glasgow Charcot Guillain Barré Wernicke Korsakoff Kaposi Marfan Paget Behçet "
        "Cheyne Stokes Kussmaul Braden Apgar Doppler Holter Ringer Homans McBurney Barrett Wilson Bell"
    )
)  # some are family names as well: sparing "Wilson" spares Mrs. Wilson


class Redacted(NamedTuple):
    """A text with every span replaced by its kind in brackets, and the spans in the original."""

    text: str
    spans: list[Span]


class NoteScore(NamedTuple):
    """What a filter caught of the identifiers known to be there.

    Attributes
    ----------
    spans, caught, recall
        Planted identifiers, those wholly covered, and their share.
    notes, still_naming, share_still_naming
        Notes with a planted identifier, those of which one is left, and their share.
    by_kind : DataFrame
        ``kind planted caught recall``.
    left : list of (note, span)
        What was missed, to be read.
    extra : dict of str to int
        Spans found where nothing was planted, by kind: an age over 89, or a false redaction.
    eponyms, eponyms_hidden : int
        Occurrences of the given words in the texts, and those a span covers.
    words_lost : float
        Share of all words outside planted spans that were hidden.
    """

    spans: int
    caught: int
    recall: float
    notes: int
    still_naming: int
    share_still_naming: float
    by_kind: pd.DataFrame
    left: list[tuple[str, Span]]
    extra: dict[str, int]
    eponyms: int
    eponyms_hidden: int
    words_lost: float


def find_in_note(
    text: str,
    rules: tuple[Rule, ...] = NARROW,
    *,
    known: Mapping[str, Iterable[str]] | None = None,
    spare: Iterable[str] = (),
) -> list[Span]:
    """Return what looks like an identifier, and what the record knows to be one.

    Parameters
    ----------
    text : str
    rules : tuple of Rule
        ``NARROW``, ``BROAD``, or the learner's own.
    known : mapping of str to iterable of str, optional
        Kind to values of this patient's record: family and given names, telephone, address, record number. It needs no
        pattern, and is blind to a relative whose name the record does not hold.
    spare : iterable of str
        Words that a found name is spared for, such as ``EPONYMS``, with or without a possessive; only for rules of
        names, and never what the record knows.
    """
    spared = {word.casefold() for word in spare}
    found = []
    for span in find_shaped(text, rules):
        parts = {re.sub(r"['’]s$", "", word).casefold() for word in text[span.begin : span.end].split()}
        if span.kind not in ("name", "relative", "clinician") or not parts & spared:
            found.append(span)
    for kind, values in (known or {}).items():
        for value in values:
            if isinstance(value, str) and len(value) > 1:
                pattern = re.compile(rf"(?<!\w){re.escape(value)}(?!\w)", re.I)
                found += [Span(*match.span(), kind) for match in pattern.finditer(text)]
    return disjoint(found)


def redact(
    text: str,
    rules: tuple[Rule, ...] = NARROW,
    *,
    known: Mapping[str, Iterable[str]] | None = None,
    spare: Iterable[str] = (),
) -> Redacted:
    """Return the text with every found span as its kind in brackets: "[phone]". See :func:`find_in_note`."""
    spans = find_in_note(text, rules, known=known, spare=spare)
    return Redacted(cover(text, spans), spans)


def cover(text: str, spans: Iterable[Span]) -> str:
    """Return the text with each span replaced by its kind in brackets."""
    for span in sorted(spans, reverse=True):
        text = f"{text[: span.begin]}[{span.kind}]{text[span.end :]}"
    return text


def score_notes(
    texts: Mapping[str, str],
    planted: Mapping[str, Iterable[tuple[int, int, str]]],
    found: Mapping[str, Iterable[tuple[int, int, str]]],
    eponyms: Iterable[str] = EPONYMS,
) -> NoteScore:
    """Return what was caught, by span and by note, and what was hidden without need.

    Parameters
    ----------
    texts : mapping of str to str
        Every note that was filtered, also those without an identifier: they show what the filter breaks.
    planted, found : mapping of str to spans
        (begin, end, kind) in the original text. A planted span counts as caught where found ones cover every letter and
        digit of it: "Mr. S." for "Mr. Sewell" is a name still there.
    """
    rows, left, extra, kept, lost = [], [], Counter(), 0, 0
    hits, hidden = 0, 0
    word = re.compile("|".join(rf"\b{re.escape(one)}" for one in eponyms) or r"(?!)")
    for note, text in texts.items():
        covered = _mask(text, found.get(note, ()))
        meant = _mask(text, planted.get(note, ()))
        for begin, end, kind in planted.get(note, ()):
            caught = all(covered[i] for i in range(begin, end) if text[i].isalnum())
            rows.append((note, kind, caught))
            if not caught:
                left.append((note, Span(begin, end, kind)))
        extra.update(kind for begin, end, kind in found.get(note, ()) if not any(meant[begin:end]))
        for match in re.finditer(r"\w+", text):
            if not any(meant[match.start() : match.end()]):
                kept += 1
                lost += any(covered[match.start() : match.end()])
        for match in word.finditer(text):
            if not any(meant[match.start() : match.end()]):
                hits += 1
                hidden += any(covered[match.start() : match.end()])
    return _scored(rows, left, dict(extra), hits, hidden, lost / kept if kept else 0.0)


def notes_still_naming(recall: float, spans_a_note: float) -> float:
    """Return the share of notes with at least one identifier left, where each is caught with ``recall`` by itself.

    With 95% and six identifiers a note, 1 - 0.95 ** 6 = 26%: one note of four still names somebody. Real misses come
    together (a name that no rule knows is missed each time it stands there), so count notes and do not rely on this.
    """
    if not 0 <= recall <= 1 or spans_a_note < 0:
        raise PrivacyError("A recall is between 0 and 1, and a note has 0 identifiers or more.")
    return 1 - recall**spans_a_note


def _mask(text: str, spans: Iterable[tuple[int, int, str]]) -> list[bool]:
    mask = [False] * len(text)
    for begin, end, _ in spans:
        mask[begin:end] = [True] * (min(end, len(text)) - begin)
    return mask


def _scored(rows: list, left: list, extra: dict, hits: int, hidden: int, words_lost: float) -> NoteScore:
    table = pd.DataFrame(rows, columns=["note", "kind", "caught"]).astype({"caught": bool})
    by_kind = table.groupby("kind")["caught"].agg(planted="size", caught="sum", recall="mean").reset_index()
    clean = table.groupby("note")["caught"].all()
    recall = float(table["caught"].mean()) if len(table) else float("nan")
    share = float((~clean).mean()) if len(clean) else float("nan")
    counts = (len(table), int(table["caught"].sum()), recall, len(clean), int((~clean).sum()), share)
    return NoteScore(*counts, by_kind, left, extra, hits, hidden, words_lost)
