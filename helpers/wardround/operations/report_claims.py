"""Who is said to do what in a sentence of a memo: whether a tool is claimed to decide, or a test to have shown much.

Words, not understanding: a clause is a claim where its verb, its object and its doer are found in it and nothing
negates them. It is made to be silent where it is unsure, because a wrong contradiction would keep a good memo a draft.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_CLAUSES = re.compile(
    r"[.;:!?\n()]+|,\s*|\s[-\u2013\u2014]+\s|\b(?:and|but|so that|while|whereas|because|rather|yet)\b", re.I
)
_SENTENCES = re.compile(r"(?<=[.!?;])\s+|\n+")
_NOT = re.compile(
    r"\b(?:not|no|never|neither|nor|none|nobody|nothing|cannot|without|forbidden|instead of)\b|n['\u2019]t\b", re.I
)
_UNSURE = re.compile(
    r"\b(?:would|could|should|might|may|needs?|lacks?|missing|before|until|if|whether|future|later|next|plan(?:ned)?|"
    r"open|must|first|still|remains?|comes?|towards?|step|aims?|far from|less than)\b",
    re.I,
)
_PERSON = (
    r"nurses?|clinicians?|doctors?|physicians?|people|persons?|staff|humans?|team|consultants?|registrars?|colleagues?|"
    r"who|he|she|they|we|i|them|her|him|us|desk"
)
_TOOL = r"it|assistant|model|tool|system|app|application|software|score|algorithm|card|screen|program|ai|number|risk"
_DOER = re.compile(rf"\b(?:(?P<person>{_PERSON})|(?P<tool>{_TOOL}))\b", re.I)
_VERB = r"(?:assign|decid|determin|set|choos|pick|allocat|giv|mak|fix)(?:e|es|s|ed|ing|ting)?"
_LEVEL = (
    r"(?:triage |ESI |acuity )?"
    r"(?:levels?|ESI|acuity|urgency|triage categor(?:y|ies)|priorit(?:y|ies)|triage decisions?)"
)
_DOES = re.compile(rf"\b(?P<verb>{_VERB})\b(?=(?:\W+\w+){{0,4}}?\W+{_LEVEL}\b)", re.I)
_DONE = re.compile(
    rf"\b{_LEVEL}\b(?:\W+\w+){{0,4}}?\W+(?:assigned|decided|determined|set|chosen|given)\s+(?:automatically|"
    rf"by (?:the |an? |this |our )?(?:{_TOOL})\b)",
    re.I,
)
_INSTEAD = re.compile(
    r"\b(?:instead of|in place of|replac\w+|without|takes? over from)\s+(?:the |an? |any |our )?(?:triage )?"
    r"(?:nurses?|clinicians?|doctors?|physicians?|humans?|person|people|staff)\b",
    re.I,
)
_NOT_BEFORE = re.compile(r"\b(?:not|never|neither|nor|cannot)\b|n['\u2019]t\b", re.I)
_ALONE = re.compile(
    r"^\W*(?:[a-z]+ly )?[a-z]+s\b(?<!\bis)", re.I
)  # "Supports …", "Also decides …": its doer was named before
_MUCH = re.compile(
    r"\b(?:meets?|met|satisf\w+|compl(?:y|ies|iant|iance)|conform\w*|fulfil\w*|follows?|according to|in line with|"
    r"passe[sd])\b(?=.{0,30}DECIDE)|"
    r"DECIDE-?\s?AI[- ](?:compliant|conform\w*|certified|approved|evaluated|study\b|trial\b)|"
    r"\b(?:is|was|are|were|been|counts as|amounts to|constitutes|as)\s+(?:an?|the|our|its|this)?\s*(?:[\w-]+\s+){0,3}"
    r"(?:evaluation|validation|clinical (?:study|trial))\b|"
    r"\b(?:evaluation|study|trial|think-?aloud|test|results?)\s+(?:shows?|showed|proves?|proved|found|demonstrat\w+|"
    r"confirm\w+|establish\w+)\b|"
    r"\b(?:evaluated|validated|proven|demonstrated|clinically tested)\b|"
    r"\b(?:is|was|are|works?|proved|proves)\s+(?:\w+\s+)?(?:safe|safely|effective|usable|accurate|reliable|ready)\b|"
    r"\bimproves?\s+(?:\w+\s+){0,3}(?:outcomes?|safety|care|decisions?)\b",
    re.I,
)


def claims_to_decide(text: str) -> Iterator[str]:
    """Give each clause that says of the tool, not of a person, that it gives the level, or stands in for a person."""
    for sentence in _SENTENCES.split(text):
        doer = "tool"  # an intended use is about the tool until it names somebody else
        for clause in filter(None, map(str.strip, _CLAUSES.split(sentence))):
            doer, verb = _clause_doer(clause, doer), _DOES.search(clause)
            done, instead = _DONE.search(clause), _INSTEAD.search(clause)
            if instead and not _NOT_BEFORE.search(clause[: instead.start()]):
                yield clause
            elif _NOT.search(clause):
                continue
            elif done or (verb and _nearest(clause[: verb.start()], doer) == "tool"):
                yield clause


def claims_too_much(text: str) -> Iterator[str]:
    """Give each clause that says of a trial at the desk what only an evaluation with patients could."""
    for sentence in _SENTENCES.split(text):
        for clause in filter(None, map(str.strip, re.split(r"[;:!?\n]+|,\s*|\b(?:but|and|so)\b", sentence))):
            if _MUCH.search(clause) and not _NOT.search(clause) and not _UNSURE.search(clause):
                yield clause.rstrip(".")


def _clause_doer(clause: str, before: str) -> str:
    """Return whom a clause is about: the first that it names, or the one before where it begins with its verb."""
    found = _DOER.search(clause)
    alone = _ALONE.search(clause) and not _DOER.match(clause)
    return before if alone or found is None else str(found.lastgroup)


def _nearest(before_verb: str, doer: str) -> str:
    """Return the last doer that is named before the verb: in "helps the nurse decide" it is the nurse."""
    named = list(_DOER.finditer(before_verb))
    return str(named[-1].lastgroup) if named else doer
