"""Sentences that calm somebody where nobody has looked. Words, not understanding: made to be silent where it is unsure."""

from __future__ import annotations

import re

_CLAUSES = re.compile(r"[.;:!?\n(),]+|\s[-\u2013\u2014]\s|\b(?:and|but|so|while)\b", re.I)
_NOT = re.compile(r"\b(?:not|never|neither|nor|cannot|no (?:sign|proof|reason to (?:think|believe)))\b|n['\u2019]t\b", re.I)
_OF_MACHINES = re.compile(
    r"\b(?:feed|model|service|network|connection|system|server|assistant|screen|clock|line|data)\b", re.I
)
_OF_PEOPLE = re.compile(r"\b(?:patient|visit|person|he|she|they|vitals?|vital signs)\b", re.I)
# said of a patient these are statements that somebody must have looked for
_ALWAYS = [
    r"\breassur\w+",
    r"\bnothing to worry\b",
    r"\b(?:no|without)(?: \w+)? (?:need|reason|cause) (?:to|for) (?:worry|concern|alarm|act|action|hurry|be concerned)",
    r"\bno (?:immediate |acute |further |urgent )?(?:concerns?|worr(?:y|ies)|alarm|danger|action)\b",
    r"\bno (?:increased|elevated|raised|high|higher|significant|apparent|acute|immediate) risk\b",
    r"\bno (?:risks?|problems?|abnormalit\w+|warnings?|alerts?|red flags?) (?:(?:is|are|was|were|has been|have been) )?(?:found|detected|identified|seen|present)\b",
    r"\bnothing (?:\w+ )?(?:found|detected|abnormal|urgent)\b",
    r"\b(?:can|may|could) (?:safely )?wait\b(?! (?:too|longer than))",
    r"\bsafe(?:ly)? to (?:wait|proceed|continue|leave|discharge)\b",
    r"\b(?:is|looks?|appears?|seems?|remains?|probably|likely|presumably|clinically) (?:\w+ )?(?:stable|fine|ok|okay|well|safe|normal)\b(?! (?:known|above|below|over))",
    r"^\W*(?:stable|all clear|all good|all fine|all ok|everything (?:is )?(?:ok|okay|fine|normal|well))\b",
    r"\bwithin normal\b",
    r"\bpatient (?:is )?(?:stable|fine|ok|okay|well)\b(?! known)",
    r"\b(?:ok|okay|fine) to wait\b",
    r"\bnothing to report\b",
    r"\bunremarkable\b",
    r"^\W*no (?:active |new )?(?:alerts?|alarms?|warnings?)(?: now| today| at this time| at present)?\W*$",
    r"\bnot (?:at risk|in danger|urgent|critical)\b",
    r"\b(?:do not|don['\u2019]t) worry\b|\b(?:keep|stay|remain) calm\b",
    r"\b(?:critical care|deterioration) (?:is )?(?:very |highly )?unlikely\b",
]
_WITHOUT_A_NUMBER = [
    r"^\W*(?:low|normal|fine|ok|okay|safe|green)\W*$",
    r"\b(?:low(?:er)?|minimal|negligible|average|normal|usual) risk\b",
    r"\brisk (?:is |remains )?(?:\w+ )?(?:low|minimal|negligible|normal)\b",
    r"\brisk[: =]+(?:low|normal|0)\b",
]


def calming(text, *, number):
    """Return the clause that calms, or "". A risk in words is no calming where its ``number`` stands beside it."""
    patterns = _ALWAYS if number else [*_ALWAYS, *_WITHOUT_A_NUMBER]
    for clause in filter(None, map(str.strip, _CLAUSES.split(str(text)))):
        for pattern in patterns:
            found = re.search(pattern, clause, re.I)
            if not found or _NOT.search(clause[: found.start()]):
                continue
            if _OF_MACHINES.search(clause[: found.start()]) and not _OF_PEOPLE.search(clause):
                continue
            return clause
    return ""
