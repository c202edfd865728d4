"""HL7 v2.5.1 as text: messages, segments and times.

Segments end in a carriage return, as the standard says; the last one of a message in carriage return and line feed, as
interface engines write them into files: a line feed parts messages, a carriage return parts segments.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

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
    export it speaks of, each (type, id). ``reserved`` is a message that carries a fault, or would if that were on: no
    other is planted in it. ``event`` is empty for one that is never sent.
    """

    stream: str
    event: str
    site: int
    sent: int
    key: tuple[int, int, int]
    segments: list[str]
    about: list[tuple[str, str]]
    control: str = ""
    reserved: bool = False
    repeated: bool = False


def escaped(text: str) -> str:
    """Return text with the separators of HL7 written as escapes."""
    for mark, code in _ESCAPED:
        if mark in text:
            text = text.replace(mark, code)
    return text


def stamp(moment: int, utc: bool = False) -> str:
    """Return a time as ``20241001140512-0400``; in UTC with ``+0000``."""
    offset = 0 if utc else clock.offset(moment)
    day, second = divmod(moment + clock.FIRST_INSTANT + offset, 86_400)
    minute, second = divmod(second, 60)
    return f"{_day(day)}{minute // 60:02d}{minute % 60:02d}{second:02d}{_ZONES[offset]}"


_ZONES = {0: "+0000", -5 * 3600: "-0500", -4 * 3600: "-0400"}


@lru_cache(maxsize=4096)
def _day(day: int) -> str:
    return str(np.datetime64(day, "D")).replace("-", "")


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
    lines = []
    for message in messages:
        laboratory = message.stream == ORU
        # Eastbank's laboratory counts in UTC, in messages as in the export
        sent = stamp(message.sent, utc=laboratory and message.site == sheet.EASTBANK)
        head = (
            f"MSH|^~\\&|{'LAB' if laboratory else 'REG'}|{FACILITY[message.site]}|HUB|QH|{sent}||"
            f"{_STRUCTURE[message.event]}|{message.control}|T|2.5.1||||||UNICODE UTF-8"
        )
        text = "\r".join([head, *message.segments]) + "\r\n"
        lines += [text, text] if message.repeated else [text]
    return "".join(lines).encode()
