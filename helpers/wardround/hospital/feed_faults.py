"""What happens to messages between two systems: lost, sent twice, cut, wrongly escaped.

Chosen by count among whole messages, each fault with its own draws and as if all others were on; a message carries one
fault of this file at most.
"""

from __future__ import annotations

import numpy as np

from .fault_writers import as_text
from .hl7 import Message
from .sources import ADT, ORU, Source, chosen
from .streams import Purpose

SILENT = {ADT: "adt_feed_silent", ORU: "oru_feed_silent"}
WHY = {
    "adt_feed_silent": "The ADT interface stood still for two days after a change of certificates; nothing was resent.",
    "oru_feed_silent": "The results interface stood still for three days after an upgrade; its queue was emptied.",
    "field_truncated": "An old interface keeps a fixed length for the field and cuts what is longer.",
    "wrong_escape": "The sender does not escape the separators of HL7 in what people type, or in a unit.",
    "sent_twice": "The acknowledgement came too late, and the sender sent the same message again.",
}
FAULTS = tuple(WHY)
_RATE = {"field_truncated": 0.01, "wrong_escape": 0.007, "sent_twice": 0.006}
_PURPOSE = {
    "field_truncated": Purpose.FIELD_TRUNCATED,
    "wrong_escape": Purpose.WRONG_ESCAPE,
    "sent_twice": Purpose.SENT_TWICE,
}
_POWER, _UNESCAPED_POWER = "10*3/uL", "10^3/uL"


def damage(source: Source, messages: list[Message]) -> tuple[list[Message], list[tuple]]:
    """Return the messages that arrive, with what is wrong with them, and the ledger's notes."""
    ledger: list[tuple] = []
    spans = [source.silent[message.stream] for message in messages]
    silent = np.array([a <= one.sent < b for one, (a, b) in zip(messages, spans, strict=True)], dtype=bool)
    never = np.array([message.event == "" for message in messages], dtype=bool)
    free = ~silent & ~np.array([message.reserved for message in messages], dtype=bool)
    u = {fault: _draw(source, messages, purpose) for fault, purpose in _PURPOSE.items()}
    for fault, rate in _RATE.items():
        possible = free & np.array([_possible(fault, message) for message in messages], dtype=bool)
        here = chosen(u[fault][0], rate, possible)
        free &= ~here
        if fault not in source.without:
            for place in np.flatnonzero(here).tolist():
                what = _APPLY[fault](messages[place], u[fault][1][place])
                ledger.append((fault, what[0], messages[place], *what[1:], WHY[fault]))
    kept = []
    for message, lost, absent in zip(messages, silent, never, strict=True):
        fault = SILENT[message.stream]
        if lost and not absent and fault not in source.without:
            about = [name for _, name in message.about]
            ledger.append((fault, message.event, message, "message", about, None, WHY[fault]))
        elif not absent:
            kept.append(message)
    return kept, ledger


def _draw(source: Source, messages: list[Message], purpose: Purpose) -> np.ndarray:
    if not messages:
        return np.zeros((4, 0))
    return source.draw(purpose, *np.array([message.key for message in messages]).T)


def _possible(fault: str, message: Message) -> bool:
    if fault != "wrong_escape":
        return True
    if message.stream == ORU:
        return any(_POWER in line for line in message.segments)
    return any(line.startswith("PV2") and "\\T\\" in line for line in message.segments)


def _truncated(message: Message, how: float) -> tuple:
    """Cut the address in the middle of its town, so that state and ZIP are gone, or the name in the given name."""
    place = next(k for k, line in enumerate(message.segments) if line.startswith("PID"))
    fields = message.segments[place].split("|")
    number = 11 if how < 0.6 else 5
    before = fields[number]
    parts = before.split("^")
    kept = 2 if number == 11 else 1
    after = "^".join([*parts[:kept], parts[kept][: max(1, len(parts[kept]) // 2)]])
    fields[number] = after
    message.segments[place] = "|".join(fields)
    return "address" if number == 11 else "name", f"PID-{number}", before, after


def _unescaped(message: Message, how: float) -> tuple:
    if message.stream == ORU:
        message.segments = [line.replace(_POWER, _UNESCAPED_POWER) for line in message.segments]
        return "unit", "OBX-6", _POWER, _UNESCAPED_POWER
    place = next(k for k, line in enumerate(message.segments) if line.startswith("PV2"))
    before = message.segments[place].split("|")[3]
    after = before.replace("\\T\\", "&")
    message.segments[place] = message.segments[place].replace(before, after)
    return "ampersand", "PV2-3", before, after


def _twice(message: Message, how: float) -> tuple:
    message.repeated = True
    return "identical_bytes", "MSH-10", "1", "2"


_APPLY = {"field_truncated": _truncated, "wrong_escape": _unescaped, "sent_twice": _twice}


def entries(ledger: list[tuple]) -> list[tuple]:
    """Return notes about messages as entries of the ledger.

    A note is (fault, kind, message, field, before, after, why) and, where it concerns one resource of a message that
    speaks of several, that resource.
    """
    found = []
    for fault, kind, message, field, before, after, why, *resource in ledger:
        resource_type, name = resource[0] if resource else message.about[0]
        file = f"hl7v2/{message.stream}.hl7"
        found.append(
            (fault, kind, resource_type, name, field, as_text(before), as_text(after), message.control, why, file)
        )
    return found
