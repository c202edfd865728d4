"""HL7 v2 messages, split by hand: the text between separators that each message names itself.

Why not a library: on 142 public messages ``hl7`` 0.4.5 builds its tree at 200 messages a second; this file builds the
same tree at 2,000, and takes the eight values that a table asks for from 16,700 (``tests/benchmarks/hl7v2.py``, one
busy core). ``hl7`` also leaves it to its caller to find the messages of a file and to say which are damaged, and takes
out the escapes that it does not know. The tests compare the two, field by field.

    >>> for message in messages("adt.hl7"):
    ...     message["MSH-9.2"], message["PID-3.1"], message["PID-5.1"]
    >>> [(obx.field(3), obx.field(5)) for obx in message.segments("OBX")]

A message is lines, called segments, of a three-letter name and fields. ``PID-3`` may be sent several times over
(*repetitions*), each of them with *components*, each of these with *subcomponents*. All are counted from 1.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import NamedTuple

from .errors import RecordsError

_NAME = re.compile(r"[A-Z][A-Z0-9]{2}", re.ASCII)
_ADDRESS = re.compile(r"([A-Z][A-Z0-9]{2})-(\d+)(?:\.(\d+))?(?:\.(\d+))?", re.ASCII)
# What HL7 writes between two escape characters. Those that stand for text are replaced; highlighting (H, N), layout
# (.br), other character sets (C, M) and local ones (Z) are left as written, but they are known, so that the F of
# \.br\F\.br\ is a letter and not a separator.
_ESCAPES = r"[FSTREPHN]|X(?:[0-9A-Fa-f]{2})+|[CM][0-9A-Fa-f]+|Z[^\r\n%s]*|\.[a-z]{2}[+-]?\d*"


class Separators(NamedTuple):
    """The characters that divide a message, as its MSH-1 and MSH-2 name them; empty where it names none."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = ""


class Segment:
    """A line of a message.

    Attributes
    ----------
    name : str
        ``PID``, ``OBX``...
    fields : list of str
        The fields as sent: ``fields[3]`` is field 3, ``fields[0]`` the name.
    """

    __slots__ = ("_encoding", "_separators", "fields", "name")

    def __init__(self, line: str, separators: Separators, encoding: str = "utf-8"):
        self._separators, self._encoding = separators, encoding
        self.fields = line.split(separators.field)
        self.name = self.fields[0]
        if self.name == "MSH":  # MSH-1 is the separator itself, so that what follows it is already MSH-2
            self.fields.insert(1, separators.field)

    def __repr__(self) -> str:
        return f"<segment {self.name}, {len(self.fields) - 1} fields>"

    def raw(self, n: int) -> str:
        """Return field ``n`` as it was sent, escapes and separators included; empty where it was not sent."""
        return self.fields[n] if 0 < n < len(self.fields) else ""

    def field(self, n: int, component: int = 1, repetition: int = 1, subcomponent: int = 1) -> str:
        """Return the text at a place of field ``n``, its escapes undone; empty where nothing was sent.

        HL7 knows no difference between empty and absent. ``""``, two quotation marks, is something else: it tells the
        receiver to remove what it has, and is returned as it is.

        Raises
        ------
        RecordsError
            A number is below 1.
        """
        if min(n, component, repetition, subcomponent) < 1:
            raise RecordsError("Fields, components, repetitions and subcomponents of HL7 are counted from 1.")
        text, marks = self.raw(n), self._separators
        if not text:
            return ""
        if self.name == "MSH" and n < 3:
            return text if component == repetition == subcomponent == 1 else ""
        text = _part(text, marks.repetition, repetition)
        text = _part(text, marks.component, component)
        return unescape(_part(text, marks.subcomponent, subcomponent), marks, self._encoding)

    def parts(self, n: int) -> list[list[list[str]]]:
        """Return all of field ``n``: a list of repetitions, of components, of subcomponents, their escapes undone."""
        text, marks = self.raw(n), self._separators
        if (self.name == "MSH" and n < 3) or text.isalnum():
            return [[[text]]]
        tree = [
            [_split(component, marks.subcomponent) for component in _split(repetition, marks.component)]
            for repetition in _split(text, marks.repetition)
        ]
        if marks.escape not in text:
            return tree
        return [[[unescape(one, marks, self._encoding) for one in part] for part in parts] for parts in tree]


class Message:
    """A message.

    Parameters
    ----------
    text : str
        The message from ``MSH`` on, its segments ended by ``\\r``, ``\\n`` or ``\\r\\n``.
    file, line
        Where it stood, for whoever has to look for it.
    encoding
        Of the bytes it was sent in: what ``\\Xdd..\\`` stands for depends on it.

    Raises
    ------
    RecordsError
        It is cut off, or a line of it is no segment.
    """

    def __init__(self, text: str, *, file: str = "", line: int = 1, encoding: str = "utf-8"):
        self.file, self.line, self.encoding = file, line, encoding
        lines = text.replace("\r\n", "\r").replace("\n", "\r").split("\r")
        self.separators = _separators(lines[0])
        self._lines = [one for one in lines if one]
        for number, one in enumerate(lines, start=line):
            if one and (not _NAME.match(one) or one[3:4] not in ("", self.separators.field)):
                raise RecordsError(f"Line {number} is no segment: it does not begin with a segment's name.")
        if not self["MSH-9"]:
            raise RecordsError("The message is cut off or damaged: its header names no type (MSH-9).")
        if len(self._lines) < 2:
            raise RecordsError("The message is cut off: nothing follows its header.")

    def __str__(self) -> str:
        return "\n".join(self._lines)

    def __repr__(self) -> str:
        return f"<message {self['MSH-9.1']}^{self['MSH-9.2']} {self['MSH-10']}, {len(self._lines)} segments>"

    def __getitem__(self, address: str) -> str:
        """Return the text at an address: ``PID-5`` or ``PID-5.2`` or ``PID-5.1.3``, where a number left out is 1.

        It is looked for in the first segment of the name and the first repetition of the field; for others use
        ``segments`` and ``field``. Empty where nothing was sent.
        """
        found = _ADDRESS.fullmatch(address) if isinstance(address, str) else None
        if found is None:
            raise RecordsError(f"{address!r} is no address in a message; write it as in 'PID-5.2'.")
        name, *numbers = found.groups("1")
        n, component, subcomponent = map(int, numbers)
        return self.field(name, n, component, subcomponent=subcomponent)

    @cached_property
    def all_segments(self) -> list[Segment]:
        """The segments in the order sent."""
        return [Segment(line, self.separators, self.encoding) for line in self._lines]

    def segments(self, name: str) -> list[Segment]:
        """Return the segments of a name, in the order sent."""
        return [segment for segment in self.all_segments if segment.name == name]

    def segment(self, name: str) -> Segment:
        """Return the first segment of a name; an empty one where there is none."""
        for line in self._lines:
            if line[:3] == name:  # only this line is split
                return Segment(line, self.separators, self.encoding)
        return Segment(name, self.separators, self.encoding)

    def field(self, name: str, n: int, component: int = 1, repetition: int = 1, subcomponent: int = 1) -> str:
        """Return the text at a place of the first segment of a name: :meth:`Segment.field`."""
        return self.segment(name).field(n, component, repetition, subcomponent)


def _separators(header: str) -> Separators:
    """Return the separators that a header names: the character after MSH, and those up to the next such character."""
    if not header.startswith("MSH"):
        raise RecordsError("A message begins with MSH, and this one does not.")
    field = header[3:4]
    marks, ended, _ = header[4:].partition(field or "|")
    if not ended:
        raise RecordsError("The message is cut off: its header ends before its separators (MSH-1 and MSH-2) do.")
    every = field + marks  # a sender may leave out the last ones; then nothing is divided by them
    if len(set(every)) < len(every) or not 2 <= len(every) <= 6 or any(one.isalnum() or one <= " " for one in every):
        raise RecordsError(
            "The message's header does not name its separators (MSH-1 and MSH-2): they are as in |^~\\&."
        )
    return Separators(*every, *[""] * (6 - len(every)))


def _split(text: str, mark: str) -> list[str]:
    return text.split(mark) if mark else [text]


def _part(text: str, mark: str, place: int) -> str:
    if not mark or mark not in text:
        return text if place == 1 else ""
    parts = text.split(mark)
    return parts[place - 1] if place <= len(parts) else ""


@lru_cache(maxsize=64)
def _escapes(escape: str) -> re.Pattern:
    mark = re.escape(escape)
    return re.compile(f"{mark}({_ESCAPES % mark}){mark}", re.ASCII)


def unescape(text: str, separators: Separators = Separators(), encoding: str = "utf-8") -> str:  # noqa: B008
    """Return text with the escapes that stand for characters undone; all others are left as written.

    ``\\F\\ \\S\\ \\R\\ \\E\\ \\T\\ \\P\\`` stand for the message's own separators, ``\\Xdd..\\`` for bytes.
    """
    mark = separators.escape
    if not mark or mark not in text:
        return text
    meant = dict(zip("FSRETP", separators, strict=True))

    def undone(found: re.Match) -> str:
        what = found[1]
        if what[0] != "X":
            return meant.get(what) or found[0]
        try:
            return bytes.fromhex(what[1:]).decode(encoding)
        except UnicodeDecodeError:
            return found[0]

    return _escapes(mark).sub(undone, text)


def escape(text: str, separators: Separators = Separators(), encoding: str = "utf-8") -> str:  # noqa: B008
    """Return text as it is sent in a message: separators and control characters escaped."""
    names = {mark: name for mark, name in zip(separators, "FSRETP", strict=True) if mark}
    mark = separators.escape
    return "".join(
        f"{mark}{names[one]}{mark}"
        if one in names
        else f"{mark}X{one.encode(encoding).hex().upper()}{mark}"
        if one < " "
        else one
        for one in text
    )
