"""HL7 v2.5.1 as text: messages, segments and times.

Segments end in a carriage return, as the standard says; the last one of a message in carriage return and line feed, as
interface engines write them into files: a line feed parts messages, a carriage return parts segments.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from . import clock
from . import parameters as sheet
from .sources import FACILITY, ORU, WARDS, Source
from .staff import Staff

_STRUCTURE = {
    **{"A01": "ADT^A01^ADT_A01", "A02": "ADT^A02^ADT_A02", "A03": "ADT^A03^ADT_A03", "A04": "ADT^A04^ADT_A01"},
    **{"A08": "ADT^A08^ADT_A01", "A40": "ADT^A40^ADT_A39", "R01": "ORU^R01^ORU_R01"},
}
_ESCAPED = (("\\", "\\E\\"), ("|", "\\F\\"), ("^", "\\S\\"), ("&", "\\T\\"), ("~", "\\R\\"))


@dataclass(slots=True)
class Message:
    """A message on its way, without its header, which is written when it is known when it leaves.

    ``key`` is (person, when, slot), from which its control id and its faults come; ``about`` are the resources of the
    export it speaks of, each (type, id).
    """

    stream: str
    event: str
    site: int
    sent: int
    key: tuple[int, int, int]
    segments: list[str]
    about: list[tuple[str, str]]
    control: str = ""
    repeated: bool = False


def escaped(text: str) -> str:
    """Return text with the separators of HL7 written as escapes."""
    for mark, code in _ESCAPED:
        if mark in text:
            text = text.replace(mark, code)
    return text


def stamps(moments: Iterable[int], utc: bool = False) -> list[str]:
    """Return times as ``20241001140512-0400``; in UTC with ``+0000``."""
    moments = np.fromiter(moments, dtype=np.int64)
    if utc:
        return [_packed(text[:-1]) + "+0000" for text in clock.utc(moments)]
    return [_packed(text[:-6]) + text[-6:].replace(":", "") for text in clock.local(moments)]


def _packed(text: str) -> str:
    return text.replace("-", "").replace("T", "").replace(":", "")


def segment(name: str, fields: dict[int, str]) -> str:
    """Return a segment from the fields that are sent, by number."""
    parts = [""] * (max(fields) + 1)
    parts[0] = name
    for number, text in fields.items():
        parts[number] = text
    return "|".join(parts).rstrip("|")


def pid(known: dict, died_at: str = "") -> str:
    """Return who the message is about, as registration knows them."""
    name = "^".join([escaped(str(known[part])) for part in ("family", "given", "middle")])
    address = f"{escaped(known['line'])}^^{escaped(known['city'])}^{known['state']}^{known['zip']}^USA^H"
    fields = {
        1: "1",
        3: f"{known['number']}^^^{FACILITY[known['site']]}^MR",
        5: f"{name}^^^^L",
        7: known["birth_date"].replace("-", ""),
        8: "F" if known["female"] else "M",
        11: address,
        13: f"{known['phone']}^PRN^PH",
    }
    if died_at:
        fields |= {29: died_at, 30: "Y"}
    return segment("PID", fields)


def person(staff: Staff, doctor: int) -> str:
    """Return a practitioner as HL7 names one: badge, family and given name."""
    family, given = staff.names[doctor]
    return f"{staff.badges[doctor]}^{family}^{given}^^^Dr"


def location(place: int, room: str, bed: str, site: int) -> str:
    """Return where a patient lies: ward, room, bed, facility."""
    return f"{WARDS[place]}^{room}^{bed}^{FACILITY[site]}"


def visit(number: str, site: int) -> str:
    """Return a visit number with who gave it."""
    return f"{number}^^^{FACILITY[site]}^VN"


def finish(source: Source, messages: list[Message]) -> list[Message]:
    """Give every message its control id and its place in the order of sending."""
    if not messages:
        return messages
    keys = np.array([message.key for message in messages])
    for message, bits in zip(messages, source.number("messages", *keys.T, bits=56).tolist(), strict=True):
        message.control = f"{'A' if message.stream != ORU else 'R'}{bits:014X}"
    return sorted(messages, key=lambda message: (message.sent, message.key))


def written(messages: list[Message]) -> bytes:
    """Return the bytes of a stream."""
    here = stamps(message.sent for message in messages)
    there = stamps((message.sent for message in messages), utc=True)
    lines = []
    for message, local, universal in zip(messages, here, there, strict=True):
        laboratory = message.stream == ORU
        # Eastbank's laboratory counts in UTC, in messages as in the export
        sent = universal if laboratory and message.site == sheet.EASTBANK else local
        head = (
            f"MSH|^~\\&|{'LAB' if laboratory else 'REG'}|{FACILITY[message.site]}|HUB|QH|{sent}||"
            f"{_STRUCTURE[message.event]}|{message.control}|T|2.5.1||||||UNICODE UTF-8"
        )
        text = "\r".join([head, *message.segments]) + "\r\n"
        lines += [text, text] if message.repeated else [text]
    return "".join(lines).encode()
