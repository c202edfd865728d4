"""HL7 v2 messages to the rows of two feeds: ``adt``, one a message, and ``oru``, one a result (an OBX).

Text is missing where a message sends nothing, or sends ``""`` (remove what you have). Of a repeated field the first
repetition is taken; for the person's number the first of type MR, where there is one.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from .hl7_files import BatchLine, quarantine_frame
from .hl7v2 import Message, Segment
from .reading import Refused
from .tables import instants

ADT = (
    *("message_id", "event", "sent_raw", "event_raw", "facility", "mrn", "mrn_authority", "prior_mrn", "family"),
    *("given", "birth_date", "sex", "zip", "phone", "visit", "patient_class", "location", "attending", "admitted_raw"),
    *("discharged_raw", "disposition", "file", "line"),
)
ORU = (
    *("message_id", "sent_raw", "facility", "mrn", "visit", "order_id", "panel", "drawn_raw", "reported_raw", "code"),
    *("code_system", "name", "value", "value_raw", "unit", "reference_range", "flag", "status", "observed_raw"),
    *("result_id", "file", "line"),
)
_WITHOUT_ROWS = {
    "ADT": "an ADT message without a PID segment: cut off, or about nobody",
    "ORU": "an ORU message without an OBX segment: cut off, or without a result",
}
_TYPES = {"value": pa.float64(), "line": pa.int64()}  # all others are text
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)\s*", re.ASCII)
# HL7 leaves out the marks that ISO 8601 has, and allows a time to stop early: 202401031405-0500.
_MINUTE = r"^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)([+-]\d\d)(\d\d)$"
_SECOND = r"^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d(?:\.\d+)?)([+-]\d\d)(\d\d)$"
_ZONE = re.compile(r"[+-]\d{4}$", re.ASCII)


class Gathered:
    """What the messages of some files come to: the rows of two feeds, counts, and what could not be read."""

    def __init__(self):
        self.feeds = {"ADT": Rows(ADT, adt_rows), "ORU": Rows(ORU, oru_rows)}
        self.counts: Counter[tuple[str, str | None]] = Counter()
        self.refused: list[tuple[str, int, str]] = []
        self.batch_lines = 0

    def add(self, found: Message | Refused | BatchLine, file: str) -> None:
        """Add one thing that a file holds."""
        if isinstance(found, Message):
            self._add_message(found, file)
        elif isinstance(found, Refused):
            self.refused.append((file, found.number, found.reason))
        else:
            self.batch_lines += 1

    def _add_message(self, message: Message, file: str) -> None:
        kind = message["MSH-9.1"]
        feed = self.feeds.get(kind)
        if feed is not None and not feed.add(message):
            self.refused.append((file, message.line, _WITHOUT_ROWS[kind]))
        else:
            self.counts[f"{kind}^{_event(message)}", kind.lower() if feed is not None else None] += 1

    def tables(self) -> dict[str, pa.Table]:
        """Return all as tables: ``adt``, ``oru``, ``counts``, ``quarantine``, ``batch_lines``."""
        counted = sorted(self.counts.items(), key=lambda one: one[0][0])
        counts = {
            "kind": pa.array([kind for (kind, _), _ in counted], pa.large_string()),
            "n": pa.array([n for _, n in counted], pa.int64()),
            "feed": pa.array([feed for (_, feed), _ in counted], pa.large_string()),
        }
        return {
            "adt": self.feeds["ADT"].table(),
            "oru": self.feeds["ORU"].table(),
            "counts": pa.table(counts),
            "quarantine": pa.Table.from_pandas(quarantine_frame(self.refused), preserve_index=False),
            "batch_lines": pa.table({"n": [self.batch_lines]}),
        }


class Rows:
    """The rows of a feed, gathered as columns.

    A row comes with its message's zone, which is the one that MSH-7 is written with. HL7 makes that the default of all
    times in the message. Where there is none, a time without a zone is a time somewhere: its ``*_at`` is missing.
    """

    def __init__(self, columns: tuple[str, ...], read: Callable[[Message], Iterator[tuple]]):
        self.columns, self.read = columns, read
        self.rows: list[tuple] = []
        self.zones: list[str] = []

    def add(self, message: Message) -> bool:
        """Add the rows of a message; say whether it had any."""
        rows = list(self.read(message))
        self.rows += rows
        self.zones += [_zone(message)] * len(rows)
        return bool(rows)

    def table(self) -> pa.Table:
        """Return all rows; beside each ``*_raw`` that is a time stands ``*_at``, the UTC instant."""
        found = {}
        zones = pa.array(self.zones, pa.large_string())
        values = zip(*self.rows, strict=True) if self.rows else ((),) * len(self.columns)
        for name, column in zip(self.columns, values, strict=True):
            if name in _TYPES:
                found[name] = pa.array(column, _TYPES[name])
                continue
            found[name] = pa.array([None if one in ("", '""') else one for one in column], pa.large_string())
            if name.endswith("_raw") and name != "value_raw":
                found[name.removesuffix("raw") + "at"] = hl7_instants(found[name], zones)
        return pa.table(found)


def hl7_instants(raw: pa.Array, zones: pa.Array) -> pa.Array:
    """Return times as HL7 writes them (``20240103140500-0500``) as UTC instants; missing for what is no instant.

    Parameters
    ----------
    raw, zones : array of text
        The times, and for each the zone that holds where the time names none (``-0500``; empty for none).
    """
    own = pc.match_substring_regex(raw, _ZONE.pattern)
    nothing = pa.scalar("", pa.large_string())
    whole = pc.binary_join_element_wise(raw, pc.if_else(own, nothing, zones), nothing)
    whole = pc.if_else(pc.match_substring_regex(whole, f"{_MINUTE}|{_SECOND}"), whole, None)
    whole = pc.replace_substring_regex(whole, _SECOND, r"\1-\2-\3T\4:\5:\6\7:\8")
    return instants(pc.replace_substring_regex(whole, _MINUTE, r"\1-\2-\3T\4:\5\6:\7"))


def _zone(message: Message) -> str:
    found = _ZONE.search(message["MSH-7"])
    return found[0] if found else ""


def _event(message: Message) -> str:
    return message["MSH-9.2"] or message["EVN-1"]


def adt_rows(message: Message) -> Iterator[tuple]:
    """Yield the row of an ADT message, in the order of ``ADT``; none where the message names no person."""
    head, event, person, visit = map(message.segment, ("MSH", "EVN", "PID", "PV1"))
    if not person.fields[1:]:
        return
    number, authority = _number(person, 3)
    yield (
        *(head.field(10), _event(message), head.field(7), event.field(2), head.field(4)),
        *(number, authority, _number(message.segment("MRG"), 1)[0]),
        *(person.field(5), person.field(5, 2), person.field(7), person.field(8), person.field(11, 5)),
        *(person.field(13) or person.field(13, 12), visit.field(19), visit.field(2), visit.raw(3), visit.field(7)),
        *(visit.field(44), visit.field(45), visit.field(36), message.file, message.line),
    )


def oru_rows(message: Message) -> Iterator[tuple]:
    """Yield the rows of an ORU message, in the order of ``ORU``: each OBX with the order and the person above it."""
    head = message.segment("MSH")
    sent, place = (head.field(10), head.field(7), head.field(4)), (message.file, message.line)
    nobody = Segment("PID", message.separators)
    person, visit, order = nobody, nobody, nobody
    about: tuple[str, ...] | None = None  # the same for all results of an order
    for segment in message.all_segments:
        match segment.name:
            case "PID":  # another person: what was said of the one before does not hold
                person, visit, order, about = segment, nobody, nobody, None
            case "PV1":
                visit, about = segment, None
            case "OBR":
                order, about = segment, None
            case "OBX":
                about = about or (_number(person, 3)[0], visit.field(19), *map(order.field, (3, 4, 7, 22)))
                yield (*sent, *about, *_result(segment, order=about[2], drawn=about[4]), *place)


def _result(result: Segment, order: str, drawn: str) -> tuple:
    code = result.field(3)
    return (
        *(code, result.field(3, 3), result.field(3, 2), _value(result), result.raw(5), result.field(6)),
        *(result.field(7), result.field(8), result.field(11), result.field(14) or drawn),
        f"{order}/{code}" if order and code else "",
    )


def _number(segment: Segment, n: int) -> tuple[str, str]:
    """Return a person's number and who gave it: of the repetition of type MR, else of the first."""
    repetitions = segment.parts(n)
    chosen = next((one for one in repetitions if len(one) > 4 and one[4][0] == "MR"), repetitions[0])
    return chosen[0][0], chosen[3][0] if len(chosen) > 3 else ""


def _value(result: Segment) -> float | None:
    """Return OBX-5 as a number where it is one, by its type (OBX-2) as well as its looks: a code or a date is none."""
    kind, text = result.raw(2), result.raw(5)
    if kind == "SN":  # structured: comparator, number, separator, number; <^5 is no number
        text = re.sub(r"^=?\^", "", text).rstrip("^")
    elif kind not in ("NM", "ST", ""):
        return None
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None
