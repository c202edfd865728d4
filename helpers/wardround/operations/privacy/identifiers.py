"""The eighteen identifiers of Safe Harbor, patterns for those that have a shape, and the question no program answers.

45 CFR 164.514(b)(2), read as of 2026-11-23. A pattern finds what has a shape (a telephone number, a date); a name has
none, and neither has "the only dentist of Harrow Creek". So patterns help, and nothing here proves a text clean.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

AS_OF = "2026-11-23"
words = str.split  # of lists that are longer than a line
CITED = "45 CFR 164.514(b)(2)(i)"


class PrivacyError(ValueError):
    """A step towards the door was refused; the message says why and what would mend it."""


class Identifier(NamedTuple):
    """One of the eighteen: its letter in the rule, its name, and what of it may stay."""

    letter: str
    name: str
    rule: str


GOES = "goes"
EIGHTEEN = (
    Identifier("A", "names", "go, also those of relatives, employers and household members"),
    Identifier(
        "B", "geography smaller than a State", "goes, but for a ZIP3 whose prefix holds more than 20,000 people"
    ),
    Identifier(
        "C", "date elements but the year", "go; ages over 89, and any date element that shows one, are pooled as 90"
    ),
    Identifier("D", "telephone numbers", GOES),
    Identifier("E", "fax numbers", GOES),
    Identifier("F", "email addresses", GOES),
    Identifier("G", "Social Security numbers", "go; the last four digits too"),
    Identifier("H", "medical record numbers", "go; a hash of one is derived from it and goes too"),
    Identifier("I", "health-plan beneficiary numbers", GOES),
    Identifier("J", "account numbers", GOES),
    Identifier("K", "certificate or licence numbers", GOES),
    Identifier("L", "vehicle identifiers, serials, plates", GOES),
    Identifier("M", "device identifiers and serials", GOES),
    Identifier("N", "URLs", GOES),
    Identifier("O", "IP addresses", GOES),
    Identifier("P", "biometric identifiers", GOES),
    Identifier("Q", "full-face photographs and comparable images", GOES),
    Identifier("R", "any other unique number, characteristic or code", "goes, but for a random code of 164.514(c)"),
)
LETTERS = tuple(one.letter for one in EIGHTEEN)

ACTUAL_KNOWLEDGE = (  # the rule says 'no actual knowledge'; these questions are ours
    "Do you know of a person in the data whom a reader would recognise by what is left: a rare illness, an occupation, "
    "an event that was in the newspaper?",
    "Does the receiver hold, or can the receiver get, another table that would match these rows to people?",
    "Does somebody at the receiver know patients of this hospital, so that a row is enough?",
    "Is there a group so small that to say 'one of them' names somebody?",
    "Do you know of a free text, an image or a file name in the data that nobody has read?",
)


class Attestation(NamedTuple):
    """A person's word that they know of no way back to a person; not the program's."""

    by: str
    answers: tuple[tuple[str, bool], ...]


def attest(answers: Mapping[str, bool], by: str) -> Attestation:
    """Return the word of a person that nobody knows how the rest could identify somebody.

    Parameters
    ----------
    answers : mapping of str to bool
        Every question of ``ACTUAL_KNOWLEDGE``, with False for "no, I know of none".
    by : str
        Who answers; a person.

    Raises
    ------
    PrivacyError
        A question is left open or answered with True, or nobody answers.
    """
    if not by.strip():
        raise PrivacyError("Nobody answers the questions of actual knowledge; give the name of the person who does.")
    open_ones = [question for question in ACTUAL_KNOWLEDGE if not isinstance(answers.get(question), bool)]
    if open_ones:
        raise PrivacyError(f"Answer True or False to {len(open_ones)} more; the first is: {open_ones[0]}")
    known = [question for question in ACTUAL_KNOWLEDGE if answers[question]]
    if known:
        raise PrivacyError(
            f"With this known, removing the eighteen may not be Safe Harbor: {known[0]} Take out what makes the way "
            "back, or ask for an expert determination."
        )
    return Attestation(by.strip(), tuple((question, False) for question in ACTUAL_KNOWLEDGE))


# patterns -----------------------------------------------------------------------------------------------------------


class Rule(NamedTuple):
    """A pattern for one kind of identifier: its kind, its letter among the eighteen, and what it looks like."""

    kind: str
    letter: str
    pattern: re.Pattern


class Span(NamedTuple):
    """A stretch of a text, in characters, and what kind of identifier it holds."""

    begin: int
    end: int
    kind: str


_MONTH = r"(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.?"
_WAY = r"(?:St|Street|Ave|Avenue|Rd|Road|Ln|Lane|Ct|Court|Dr|Drive|Way|Blvd|Pl|Place|Sq|Terrace|Highway|Hwy)"
_NUMBERED = r"\s*(?:no\.?|number|nr\.?|id|#)?\s*[:#]?\s*(?=[\w-]*\d)[A-Za-z0-9][\w-]{4,}"


def _rule(kind: str, letter: str, pattern: str, flags: int = 0) -> Rule:
    return Rule(kind, letter, re.compile(pattern, flags))


SHAPED = (
    _rule("email", "F", r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    _rule("url", "N", r"\b(?:https?|ftp|file)://[^\s<>\"']+|\bwww\.[^\s<>\"']+", re.I),
    _rule("ip", "O", r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])"),
    _rule("ssn", "G", r"(?<!\d)\d{3}[-. ]\d{2}[-. ]\d{4}(?!\d)"),
    _rule("phone", "D", r"(?<!\d)(?:\+?1[-. ]?)?(?:\(\d{3}\)\s?|\d{3}[-. ])\d{3}[-. ]\d{4}(?!\d)"),
    _rule("date", "C", r"(?<![\d-])(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:T[\d:.+Z-]+)?(?!\d)"),
    _rule("date", "C", r"(?<![\d/.])(?:0?[1-9]|[12]\d|3[01])[/.](?:0?[1-9]|[12]\d|3[01])[/.](?:19|20)?\d\d(?![\d/])"),
    _rule("date", "C", rf"\b{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s+(?:19|20)\d\d)?"),
    _rule("date", "C", rf"\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}(?![a-z])(?:,?\s+(?:19|20)\d\d)?"),
    _rule("mrn", "H", r"(?<![\w.])\d{7,12}(?![\w]|\.\d)"),
    _rule("address", "B", rf"\b\d{{1,5}}\s+(?:[A-Z][\w'’.-]*\s+){{1,3}}{_WAY}\b\.?"),
    _rule("zip", "B", r"\b[A-Z]{2}\s+\d{5}(?:-\d{4})?\b"),
    _rule("age", "C", r"\b(?:9\d|1[0-2]\d)(?=[- ]?(?:years?[- ]old|yo\b|y/o|years of age))"),
    _rule("age", "C", r"\b(?:[Ww]om[ae]n|[Mm][ae]n|[Ff]emale|[Mm]ale|aged?),? (9\d|1[0-2]\d)\b"),
    _rule("account", "J", r"\b(?:account|acct)" + _NUMBERED, re.I),
    _rule("member", "I", r"\b(?:member|policy|beneficiary|subscriber)" + _NUMBERED, re.I),
    _rule("licence", "K", r"\b(?:licen[cs]e|certificate|DEA|NPI)" + _NUMBERED, re.I),
    _rule("vehicle", "L", r"\b(?:plate|VIN|vehicle)" + _NUMBERED, re.I),
    _rule("device", "M", r"\b(?:serial|device|UDI|lot)" + _NUMBERED, re.I),
)
LETTER_OF = {rule.kind: rule.letter for rule in SHAPED} | {
    **{"name": "A", "relative": "A", "clinician": "policy", "known": "R"},
}


def find_shaped(text: str, rules: tuple[Rule, ...] = SHAPED) -> list[Span]:
    """Return what looks like an identifier in ``text``: disjoint spans in their order, joined where some overlap.

    Of a pattern with a group the group is the identifier, and the rest what must stand around it.
    """
    return disjoint(
        Span(*match.span(1 if rule.pattern.groups else 0), rule.kind)
        for rule in rules
        for match in rule.pattern.finditer(text)
    )


def disjoint(spans: Iterable[Span]) -> list[Span]:
    """Return spans in their order, joined where they overlap; a joined span has the kind of its longest part."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda one: (one.begin, -one.end)):
        if joined and span.begin < joined[-1].end:
            last = joined.pop()
            longer = max(last, span, key=lambda one: one.end - one.begin)
            joined.append(Span(last.begin, max(last.end, span.end), longer.kind))
        else:
            joined.append(span)
    return joined
