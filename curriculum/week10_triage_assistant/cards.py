"""What is wrong with an answer of Q1: the twelve invariants by ``wardround.triage.conformance``, and what a card may say. In no box."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

_calming = runpy.run_path(str(Path(__file__).parent / "calming.py"))["calming"]
NUMBER = re.compile(r"(?<![\d.,])(\d[\d,]*(?:\.\d+)?)\s*(?:of|in|out of|per|/)\s*(?:every\s+)?1[,. \u00a0]?000\b", re.I)
PERCENT = re.compile(r"(?<![\d.,])(\d+(?:\.\d+)?)\s*(?:%|per ?cent)\s*(?:risk|of patients|chance|probab)", re.I)
TAG = re.compile(r"<\s*/?\s*(?:img|script|svg|iframe|a)\b", re.I)  # a `<b>` is the learner's own; the requests hold `<img`
LINK = re.compile(r"(?<!\\)\]\s*\(\s*javascript", re.I)
TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
SAID = re.compile(
    r"missing|without|lack\w*|not (?:known|measured|given|sent|available|recorded|enough|possible|computed)|unknown|unavailable|"
    r"no (?:risk|vital|birth|reading|measure|age|data|score|estimate|number|answer)|cannot|can.t|could not|older|\bold\b|stale|minutes|"
    r"hours?|abstain\w*|incomplete|insufficient|out of date|expired|needed|needs?\b|required|measure",
    re.I,
)
HIGH = 50  # of 1,000


def problems(name, status, body, of_1000):
    """Return ``[kind, sentence]`` for what is wrong with the answer to one request; ``of_1000`` is its risk, or None."""
    if name.startswith("prefetch without"):
        return _refused(name, status, body, range(412, 413), "412")
    if name.startswith("context without"):
        return _refused(name, status, body, range(400, 500), "4xx")
    if status != 200:
        return [["status", f"the status is {status}, where the prefetch has all that was asked for"]]
    cards = body.get("cards")
    found = [[f"invariant {one.invariant}", f"{one.where}: {one.says.rstrip('.')}"] for one in _conformance(body)]
    if isinstance(cards, list) and not cards:
        found.append(["no card", "nothing is shown: an empty list of cards"])
    for card in cards if isinstance(cards, list) else []:
        if isinstance(card, dict):
            found += _said(card, of_1000) + _drawn(card, of_1000)
    return [list(pair) for pair in dict.fromkeys(map(tuple, found))]


def _conformance(body):
    from wardround.triage.conformance import card_problems  # no module of a box may know it

    return card_problems(body)


def _refused(name, status, body, wanted, kind):
    if status not in wanted:
        cards = body.get("cards")
        if not isinstance(cards, list) or not cards:
            return [[kind, f"the status is {status}, and no card comes"]]
        text = (_texts(cards[0]) or [""])[0] if isinstance(cards[0], dict) else ""
        told = "number" if NUMBER.search(text) else "card"
        return [[f"{kind}, a {told}", f"the status is {status}, with a card: “{text[:70]}”"]]
    return [[f"{kind}, a card", f"the status is {status}, and a card comes with it"]] if body.get("cards") else []


def _texts(card):
    """What a client draws: summary, detail, labels."""
    offered = card.get("suggestions") if isinstance(card.get("suggestions"), list) else []
    labels = [one.get("label") for one in offered if isinstance(one, dict)]
    return [str(one) for one in (card.get("summary"), card.get("detail"), *labels) if one]


def _said(card, of_1000):
    text = "\n".join(_texts(card))
    numbers = [float(one.replace(",", "")) for one in NUMBER.findall(text)]
    found = []
    if of_1000 is None and (numbers or PERCENT.search(text)):
        found.append(["invented", f"“{_first(NUMBER, text) or _first(PERCENT, text)}”, where nothing can be computed"])
    elif of_1000 is not None and not numbers:
        found.append(["no number", "the card names no number of 1,000"])
    elif of_1000 is not None and abs(numbers[0] - of_1000) > 1:  # a later one may be the average, or the threshold
        found.append(["another number", f"“{numbers[0]:g} of 1,000” is not what this request's values give"])
    if of_1000 is None and not SAID.search(text):
        found.append(["silent", f"“{text[:70]}” does not say that there is no risk, nor why"])
    if clause := _calming(text, number=of_1000 is not None):
        found.append(["calming", f"“{clause[:90]}”"])
    if empty := re.search(r"\b(?:None|nan|NaT|null)\b", text):
        found.append(["none", f"“{empty[0]}” stands in the card's text"])
    if TAG.search(text):
        found.append(["markup", f"a tag out of the request stands in the card as a tag: “{_from(TAG, text)}”"])
    if LINK.search(text):
        found.append(["link", "a link out of the request stands in the card as a link"])
    if TURNS.search(text):
        found.append(["turned", "a sign that turns the direction of text went through: what follows reads backwards"])
    return found


def _drawn(card, of_1000):
    found = []
    if card.get("indicator") == "critical":
        found.append(["pages", "the indicator is critical, which interrupts whoever has the record open"])
    elif of_1000 is not None and card.get("indicator") in ("info", "warning"):
        wanted = "warning" if of_1000 >= HIGH else "info"
        if card["indicator"] != wanted:
            where = "at or above" if wanted == "warning" else "below"
            found.append(["indicator", f"the indicator is {card['indicator']} for a risk {where} the threshold"])
    if not card.get("suggestions"):
        found.append(["no suggestion", "the card suggests nothing that somebody could take or leave"])
    if not card.get("overrideReasons"):
        found.append(["no reasons", "there is no reason for which somebody could overrule"])
    return found


def _first(pattern, text):
    found = pattern.search(text)
    return found[0] if found else ""


def _from(pattern, text):
    return text[pattern.search(text).start() :][:24]
