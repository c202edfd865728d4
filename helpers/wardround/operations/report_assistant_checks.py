"""Checks of A3: do the words, the card, the settings, the picture, the log and the hazards agree with each other?

Each is a function of what was found that yields sentences, one a contradiction: what, where, and how to mend it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .report_assistant import MOST_LINES, Assistant, Audit, threshold
from .report_assistant_parts import hazards, picture_is_of_now
from .report_claims import claims_to_decide, claims_too_much
from .report_reading import Found, NotChecked, Said, plain, written

QUOTED = 90  # characters of a memo that a sentence repeats
_SHARE = (
    r"(?:(?P<one>\d[\d,]*(?:\.\d+)?)\s*(?:of|in|out of|per)\s+(?:every\s+)?(?P<among>\d[\d,]*)"
    r"|(?P<percent>\d+(?:\.\d+)?)\s*(?:%|percent|per cent)|(?P<share>0?\.\d+)|(?P<plain>\d[\d,]*(?:\.\d+)?))"
)
_NO_SHARE = (
    r"(?!\d)(?!\.\d)(?!\s*(?:[-:]|h\b|hours?|min|days?|weeks?|months?|years?|nurses?|people|patients?|lines?|times?))"
)
_AFTER = re.compile(r"\bthreshold\b((?:[^.;\n]|\.(?=\d)){0,60})", re.I)
_EACH = re.compile(_SHARE + _NO_SHARE, re.I)
_AHEAD = re.compile(rf"{_SHARE}[ -](?:\w+\s+)?threshold\b", re.I)
_MEANS = (
    re.compile(  # between the word and a bare number: "threshold is 80" means it, "threshold, reviewed after 3" not
        r"[\s:=(,]*(?:(?:is|was|of|at|to|from|by|now|set|went|raised|lowered|moved|and|then|\d[\d.,]*)[\s:=(,]*)*", re.I
    )
)
_SOMEBODY = re.compile(
    r"\b(?:nurses?|clinicians?|doctors?|physicians?|paramedics?|midwi(?:fe|ves)|consultants?|registrars?|residents?|"
    r"students?|colleagues?|friends?|partner|wife|husband|sister|brother|mother|father|neighbou?r|flatmate|engineers?|"
    r"pharmacists?|\w*therapists?|managers?|porters?|technicians?|dietitians?|medics?|volunteers?|workers?|she|he|her|his|"
    r"assistants? of|receptionists?|analysts?|developers?|teachers?|who: *\w)|"
    r"(?<=[a-z,;(] )[A-Z][a-z]+\b|^[A-Z][a-z]+ [A-Z]|\b[A-Z]\. ?[A-Z]",
)
_CHANGED = re.compile(
    r"\b(?:chang\w+|mov(?:e|ed)|renam\w+|reword\w+|rewr\w+|remov\w+|add(?:ed|s)?|shorten\w*|replac\w+|took out|"
    r"taken out|cut|dropp?ed|split|merged|put|swapp?ed|lower(?:ed)?|rais(?:ed|es)|now)\b",
    re.I,
)
_UNCHANGED = re.compile(
    r"\b(?:nothing|no change|not|none|unchanged|never)\b(?:\W+\w+){0,4}?\W*(?:chang\w+|moved|removed|added|$)|"
    r"\bchang\w+[: ]+(?:nothing|none|no)\b|\bunchanged\b|\bno changes?\b",
    re.I,
)
_WHY = re.compile(r"\b(?:because|since|so that|as (?:she|he|they|it|nobody|nothing))\b", re.I)
_FALLBACK = re.compile(
    r"\bfall(?:s|ing)?[- ]?back|\b(?:feed|model|assistant|service|network|server|answer|reading)s?\b[^.;\n]{0,60}"
    r"\b(?:late|dead|dies?|down|slow|stops?|stopped|fails?|failed|failure|crash\w*|outage|unavailable|silent|stale|old|"
    r"missing|hangs?)\b|\b(?:late|dead|slow|failed|stale|killed|stopped)\s+(?:feed|model|answer|reading)|"
    r"\bno answer\b|\boutage\b|\bdowntime\b",
    re.I,
)
_OF_MODEL = re.compile(  # the patient is not as the risk says: what is left when no value was wrong or missing
    r"\bmodel\b|\brisk\b.*\b(?:too|wrong|fit)|\bscore\b|\btoo (?:high|low)\b|\b(?:over|under)estimat|"
    r"\b(?:looks?|is|seems?) (?:worse|better|sicker)\b",
    re.I,
)
_NOT_OF_MODEL = re.compile(
    r"\b(?:stale|typing|measured|missing|not known|unknown to|does not know|cannot know)\b", re.I
)
_MODEL_WRONG = re.compile(
    r"\b(?:model|risk|score|number|probabilit\w+|prediction|advice|assistant|estimate)s?\b[^.;\n]{0,80}\b(?:wrong\w*|"
    r"too (?:high|low)|err\w*|faults?|mistak\w+|miss(?:es|ed)?|off|false\w*|inaccura\w+|miscalibrat\w+|drift\w*|"
    r"mislead\w*|(?:over|under)(?:estimat|stat|rat)\w+|misjudg\w+|bias\w*)\b|"
    r"\b(?:wrong|false|misleading|miscalibrated|faulty|biased|low|high)\s+(?:risk|score|number|advice|estimate|prediction)|"
    r"\b(?:over|under)estimat\w+",
    re.I,
)


def intended_use_supports(found: Found) -> Iterator[str]:
    """Refuse an intended use that says that the assistant gives the level, or stands in for a person."""
    for clause in claims_to_decide(_words(written(found, "W10.A3", "intended_use"))):
        yield (
            f"The intended use in memo W10.A3 lets the assistant decide (“{_quoted(clause)}”), and what the desk shows "
            "supports a person, who gives the level first and may overrule; write what it supports, and whose the "
            "level is."
        )


def threshold_is_the_one_in_use(found: Found) -> Iterator[str]:
    """Refuse a threshold in a memo that is none of the assistant's; memos that name none are right."""
    named = list(_thresholds(found))
    if not named:
        return
    cut = threshold(_here(found).settings)
    if cut is None:
        raise NotChecked("`work/triage/triage.toml` has no threshold that can be read")
    for memo, field, shares in named:
        if not any(share.covers(cut) for share in shares):
            yield (
                f"The threshold in {field} of memo {memo} reads as {plain(1000 * shares[-1].value, 1)} of 1,000 and "
                f"`work/triage/triage.toml` has {plain(1000 * cut, 1)} of 1,000; write the one in use, or set it there "
                "and take the picture again."
            )


def somebody_thought_aloud(found: Found) -> Iterator[str]:
    """Refuse a think-aloud with nobody in it, or after which nothing was changed and nobody says why."""
    text = _words(written(found, "W10.A3", "think_aloud"))
    if not _SOMEBODY.search(text):
        yield (
            "The think-aloud in memo W10.A3 names nobody; write who sat at the desk, by role, such as “a charge nurse "
            "of Westbank”."
        )
    unchanged = _UNCHANGED.search(text)
    if (unchanged and not _WHY.search(text)) or not (unchanged or _CHANGED.search(text)):
        yield (
            "The think-aloud in memo W10.A3 says of nothing that it was changed; write what you changed after it, or "
            "why nothing had to be."
        )


def card_is_short(found: Found) -> Iterator[str]:
    """Refuse a card of more lines than one person reads through."""
    card = _here(found).card
    if card is None:
        raise NotChecked("`work/triage/card.html.j2` is not there or cannot be read")
    if (lines := len(card.strip().splitlines())) > MOST_LINES:
        yield (
            f"The card has {lines} lines, and `work/triage/card.html.j2` may have {MOST_LINES}; leave out what the "
            "nurse does not decide by."
        )


def picture_shows_the_card(found: Found) -> Iterator[str]:
    """Refuse a picture of an earlier card or earlier settings."""
    here = _here(found)
    if here.picture is None:
        raise NotChecked("`work/triage/picture.png` is not there or cannot be shown")
    if not picture_is_of_now(here):
        yield (
            "The picture shows an earlier card or earlier settings than those in `work/triage`; take it again with "
            "`wardround triage picture`."
        )


def log_is_whole(found: Found) -> Iterator[str]:
    """Refuse a log whose chain is broken."""
    log = _log(found)
    if log.broken:
        yield (
            f"The log's chain is broken: {log.broken}; do not use what was counted of it, move "
            "`work/triage/state/log.sqlite` aside as evidence, and decide again: the next start begins a new one."
        )


def hazards_have_the_fallback(found: Found) -> Iterator[str]:
    """Refuse a hazard log in which nobody has asked what happens when the feed or the model does not answer."""
    if not _FALLBACK.search(_hazard_words(found)):
        yield (
            "The hazard log in memo W10.M has no hazard for a late feed or a model that does not answer; add it, with "
            "the fallback that the desk shows and who watches it."
        )


def faults_of_the_model_are_hazards(found: Found) -> Iterator[str]:
    """Refuse a hazard log without a wrong risk where the desk was overruled because the risk was wrong."""
    here, log = _here(found), _log(found)
    of_model = {code: times for code, times in log.reasons.items() if _shows_the_model(code, here.reason(code))}
    if of_model and not _MODEL_WRONG.search(_hazard_words(found)):
        told = ", ".join(f"“{here.reason(code)}” {times} of {log.decided}" for code, times in of_model.items())
        yield (
            f"The log has {_quoted(told)} decisions, which may be the model's fault, and the hazard log in memo W10.M "
            "has no hazard of a wrong risk; add it, with what it does to a patient and who watches it."
        )


def decide_ai_line_is_modest(found: Found) -> Iterator[str]:
    """Refuse a line on DECIDE-AI that makes an evaluation of a think-aloud."""
    for clause in claims_too_much(_words(written(found, "W10.A3", "decide_ai"))):
        yield (
            f"The DECIDE-AI line in memo W10.A3 says “{_quoted(clause)}”, and a think-aloud at a desk of simulated "
            "patients is no evaluation with patients; write what was done, with how many people, and what is open."
        )


def _thresholds(found: Found) -> Iterator[tuple[str, str, list[Said]]]:
    """Give each field of the two memos that names a threshold, with every number that it may mean."""
    for memo in ("W10.A3", "W10.M"):
        for field, value in found.memos.get(memo, {}).get("fields", {}).items():
            text = _words(value)
            shares = [_share(match) for match in _AHEAD.finditer(text)]
            for after in _AFTER.finditer(text):
                each = list(_EACH.finditer(after[1]))
                shares += [_share(one) for one in each if not one["plain"] or _MEANS.fullmatch(after[1][: one.start()])]
            if shares:
                yield memo, field, shares


def _share(match: re.Match) -> Said:
    """Read a share as it was written: 8%, 0.08, 80 of 1,000, 1 in 12; a number alone is of 1,000, as on the card."""
    kinds = {"one": 1 / max(_number(match["among"] or "1"), 1.0), "percent": 0.01, "share": 1.0, "plain": 0.001}
    kind = next(kind for kind in kinds if match[kind])
    value, half = _number(match[kind]), 0.5 * 10.0 ** -len(match[kind].partition(".")[2])
    return Said(match[0], value * kinds[kind], (value - half) * kinds[kind], (value + half) * kinds[kind])


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def _shows_the_model(code: str, display: str) -> bool:
    """Say whether a reason says that the model was wrong; that it cannot know something is no fault of it."""
    text = f"{code.replace('_', ' ').replace('-', ' ')} {display}"
    return bool(_OF_MODEL.search(text)) and not _NOT_OF_MODEL.search(text)


def _hazard_words(found: Found) -> str:
    there = hazards(found.memos.get("W10.M"))
    if not there:
        raise NotChecked("memo W10.M has no hazard")
    return "\n".join(f"{name.replace('_', ' ')}: {_words(value)}" for name, value in there)


def _here(found: Found) -> Assistant:
    if found.assistant is None:
        raise NotChecked("there is no folder `work/triage`; `wardround triage` lays it out")
    return found.assistant


def _log(found: Found) -> Audit:
    log = _here(found).audit
    if log is None:
        raise NotChecked("there is no log `work/triage/state/log.sqlite`")
    return log


def _words(value: Any) -> str:
    """Return what a memo's field holds as one text."""
    if isinstance(value, Mapping):
        return "\n".join(f"{name}: {_words(one)}" for name, one in value.items())
    return "\n".join(map(_words, value)) if isinstance(value, list | tuple) else str(value)


def _quoted(text: str) -> str:
    text = " ".join(text.replace("`", "'").split())
    return text if len(text) <= QUOTED else f"{text[:QUOTED].rstrip()} …"


ASSISTANT = (
    intended_use_supports,
    threshold_is_the_one_in_use,
    somebody_thought_aloud,
    card_is_short,
    picture_shows_the_card,
    log_is_whole,
    hazards_have_the_fallback,
    faults_of_the_model_are_hazards,
    decide_ai_line_is_modest,
)
