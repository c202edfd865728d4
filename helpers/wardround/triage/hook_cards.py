"""An advice as a card of CDS Hooks 2.0.1: what a clinician reads in the chart system when a patient is opened.

A card shows, it does not page: the indicator is ``warning`` where a rule fired or the risk reaches the threshold,
``info`` otherwise, never ``critical``. Suggestions change nothing by themselves; the only one with an action offers to
keep the RiskAssessment in the chart. No text of the request stands in a card, so no markup of it can. Needs no web
framework.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterable
from typing import Any

from wardround.triage.conformance import LONGEST_SUMMARY
from wardround.triage.fhir import LIMITS, QUILLMERE_BASE, Found, risk_assessment
from wardround.triage.said import Advice
from wardround.triage.settings import Settings

SOURCE = "wardround triage (teaching)"
REASONS = f"{QUILLMERE_BASE}/codes/override-reason"
NOW = "Look at this patient now"
EARLY = "See this patient early"
AGAIN = "Measure the vital signs again"
RECORD = "Keep this risk in the chart"
SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
MARKS = re.compile(r"([\\`*_{}\[\]#|~])")


def card(advice: Advice, found: Found, settings: Settings, now: dt.datetime, *, logged: bool = True) -> dict[str, Any]:
    """Return the card of an advice.

    Parameters
    ----------
    found
        What the prefetch said, for its notes and the observations used.
    logged
        Whether the view can be logged; a card that was not has no uuid, so that nobody sends feedback on it.
    """
    made: dict[str, Any] = {
        "uuid": str(uuid.uuid4()),
        "summary": summary(advice),
        "detail": detail(advice, found.notes, now, logged=logged),
        "indicator": "warning" if advice.rules or advice.high else "info",
        "source": {"label": SOURCE},
    }
    if offered := _suggestions(advice, found, settings, now):
        made |= {"suggestions": offered, "selectionBehavior": "any"}
        made["overrideReasons"] = [
            {"code": one.code, "system": REASONS, "display": one.display} for one in settings.reasons
        ]
    if not logged:
        for one in (made, *made.get("suggestions", ())):
            one.pop("uuid")
    return made


def summary(advice: Advice) -> str:
    """Return the point in under 140 characters: the rules first, then as many whole sentences as there is room for."""
    words = SENTENCE_END.split(_plain(advice.words))
    if advice.rules:
        count, first = len(advice.rules), _plain(advice.rules[0].says)
        number = [one for one in words if advice.of_1000 is not None and str(advice.of_1000) in one]
        sentences = [f"{count} rules fired. {first}" if count > 1 else first, *number[:1]]
    else:
        sentences = words
    told = _cut(sentences[0])
    for one in sentences[1:]:
        if not one or len(told) + 1 + len(one) > LONGEST_SUMMARY:
            break
        told = f"{told} {one}"
    return told


def detail(advice: Advice, notes: Iterable[str], now: dt.datetime, *, logged: bool = True) -> str:
    """Return everything else, as Markdown."""
    lines = [f"**Rule:** {_marked(one.says)}" for one in advice.rules]
    lines += [f"**Check the value:** {_marked(one)}" for one in advice.check]
    lines.append(_marked(advice.words))
    lines += [_factor(one) for one in advice.factors]
    for what, names in (("Not measured", advice.missing), ("Measured too long ago", advice.stale)):
        if names:
            lines.append(f"{what}: {_marked(', '.join(names))}")
    lines += [_marked(one) for one in notes]
    if not logged:
        lines.append("This view could not be logged; tell the administrator.")
    by = f"{_marked(advice.model)}, at" if advice.model else "At"
    lines.append(f"{by} {now.astimezone(dt.UTC):%H:%M} UTC, from what was sent with the request. {LIMITS}")
    return "\n".join(f"- {one}" for one in lines)


def _factor(one: Any) -> str:
    when = f" ({one.at.astimezone(dt.UTC):%H:%M} UTC, {one.minutes_old} min ago)" if one.at else ""
    return _marked(f"{one.label} {one.value} {one.unit} {one.direction} the risk{when}")


def _suggestions(advice: Advice, found: Found, settings: Settings, now: dt.datetime) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    if advice.rules or advice.high:
        made += [_suggestion(NOW if advice.rules else EARLY, isRecommended=True), _suggestion(AGAIN)]
    if advice.state == "abstains" and not made and (advice.missing or advice.stale or advice.check):
        made.append(_suggestion(AGAIN, isRecommended=True))
    if advice.state == "risk":
        used = dict.fromkeys(key for name, key in found.basis.items() if name in settings.factors)  # two of one reading
        resource = risk_assessment(found.visit, advice, now, basis=used)
        del resource["id"]  # the chart system gives one
        action = {"type": "create", "description": "Keep the RiskAssessment of this advice", "resource": resource}
        made.append(_suggestion(RECORD, actions=[action]))
    return made


def _suggestion(label: str, **more: Any) -> dict[str, Any]:
    return {"label": label, "uuid": str(uuid.uuid4()), **more}


def _plain(text: str) -> str:
    """One line without control characters and without signs that turn the direction of text."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _marked(text: str) -> str:
    """As Markdown that shows just these characters."""
    text = _plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return MARKS.sub(r"\\\1", text)


def _cut(text: str) -> str:
    if len(text) <= LONGEST_SUMMARY:
        return text or "The assistant has nothing to say."
    return text[: LONGEST_SUMMARY - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"
