"""Files of HL7 v2 messages: which bytes are a message, and of what is none, why not.

A file may hold messages one after another, framed one by one as on a socket (MLLP), or as a batch. Every line that is
not blank ends up in a message, in the quarantine, or among the lines of a batch's frame, which are counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from .errors import RecordsError
from .hl7v2 import Message
from .reading import Refused

_MARK = b"\xef\xbb\xbf"
_BATCH = (b"FHS", b"BHS", b"BTS", b"FTS")
# A line, a line end, or the bytes that MLLP puts before (0x0B) and after (0x1C) a message. The two are taken for that
# only where they stand as MLLP has them; anywhere else they are text, and a damaged field does not cut its message.
_TOKEN = re.compile(
    rb"(?P<text>(?:[^\r\n\x0b\x1c]+|\x0b(?!(?:\xef\xbb\xbf)?(?:MSH|FHS|BHS))|\x1c(?![\r\n\x0b]|\Z))+)|(?P<end>\r\n?|\n)|(?P<frame>.)",
    re.DOTALL,
)
_HEADER = re.compile(rb"MSH([^\w\s])[^\w\s]{1,5}\1")
_ISO_8859 = re.compile(r"8859/(\d{1,2})", re.ASCII)


class BatchLine(NamedTuple):
    """A line of a batch's frame (FHS, BHS, BTS, FTS), which belongs to no message: where it stood, and as written."""

    number: int
    text: bytes


class Messages(list):
    """The messages of a file or folder; a list, which also says what could not be read.

    Attributes
    ----------
    quarantine : DataFrame
        ``file``, ``line``, ``reason`` of what is no whole message. With the length it adds up to all messages found.
    batch_lines : int
        Lines of a batch's frame (FHS, BHS, BTS, FTS) that were passed over.
    """

    def __init__(self, found: list[Message], refused: list[tuple[str, int, str]], batch_lines: int):
        super().__init__(found)
        self.quarantine = quarantine_frame(refused)
        self.batch_lines = batch_lines

    def __repr__(self) -> str:
        return f"<{len(self):,} messages, {len(self.quarantine):,} quarantined, {self.batch_lines:,} batch lines>"


def messages(path: str | Path) -> Messages:
    """Read the HL7 v2 messages of a file, or of every ``.hl7`` file in a folder and below.

    Parameters
    ----------
    path : path
        A file of messages, each beginning with ``MSH``; bare, framed by MLLP, or in a batch.

    Returns
    -------
    Messages
        A list of :class:`Message`; ``.quarantine`` holds what could not be read.

    Raises
    ------
    RecordsError
        There is no such file or folder.
    """
    path = Path(path)
    if not path.exists():
        raise RecordsError(f"There is no file or folder {path}; give a file of HL7 v2 messages.")
    found, refused, batch_lines = [], [], 0
    for file in find_files(path):
        name = file.relative_to(path).as_posix() if file != path else file.name
        for one in read_file(file, name):
            if type(one) is Message:
                found.append(one)
            elif type(one) is Refused:
                refused.append((name, one.number, one.reason))
            else:
                batch_lines += 1
    return Messages(found, refused, batch_lines)


def find_files(path: Path) -> list[Path]:
    """Return the file itself, or the ``.hl7`` files of a folder and below that are not hidden, by name."""
    if not path.is_dir():
        return [path]
    files = (file for file in path.rglob("*") if file.suffix.lower() == ".hl7" and file.name[0] != ".")
    return sorted((file for file in files if file.is_file()), key=lambda file: file.relative_to(path).as_posix())


def read_file(path: Path, name: str = "") -> Iterator[Message | Refused | BatchLine]:
    """Yield what a file holds, in its order: messages, what is no whole message, and the lines of a batch's frame."""
    try:
        data = path.read_bytes()
    except OSError as error:
        yield Refused(0, f"the file cannot be read: {error.strerror or error}")
        return
    for found in chunks(data):
        yield found.read(name) if type(found) is Chunk else found


class Chunk:
    """The lines that belong together: a message, or lines that stand in none."""

    def __init__(self, number: int, framed: bool):
        self.number, self.framed = number, framed
        self.lines: list[bytes] = []
        self.last = number
        self.why_not = ""

    def add(self, number: int, line: bytes) -> None:
        """Add a line, and the blank ones before it, so that lines can be counted."""
        self.lines += [b""] * (number - self.last - 1) + [line]
        self.last = number

    def read(self, file: str) -> Message | Refused:
        """Return the message, or the reason why it is none."""
        if not self.lines[0].startswith(b"MSH"):
            return Refused(self.number, f"{len(self.lines)} lines that follow no MSH: the message's start is missing")
        if self.why_not or self.framed:
            return Refused(self.number, self.why_not or "cut off: its MLLP frame (0x0B to 0x1C) is not closed")
        raw = b"\r".join(self.lines)
        try:
            encoding = _encoding(self.lines[0])
            return Message(raw.decode(encoding), file=file, line=self.number, encoding=encoding)
        except UnicodeDecodeError as error:
            number = self.number + raw.count(b"\r", 0, error.start)
            return Refused(self.number, f"line {number} is not {error.encoding} text: byte 0x{raw[error.start]:02x}")
        except RecordsError as error:
            why = str(error).rstrip(".")
            return Refused(self.number, why[0].lower() + why[1:])


def chunks(data: bytes) -> Iterator[Chunk | BatchLine]:
    """Yield the messages of a file as lines; every line that is not blank is in one of them, or is a BatchLine.

    A header in the middle of a line (``...^GlucosMSH|^~\\&|``) begins a message too: the one before it was cut off,
    line end and all, and would otherwise swallow the next.
    """
    number, framed, chunk = 1, False, None
    for token in _TOKEN.finditer(data):
        text = token[0]
        if token.lastgroup == "end":
            number += 1
        elif token.lastgroup == "frame":  # either byte ends what came before
            if chunk:
                chunk.framed = chunk.framed and text == b"\x0b"  # still open: no 0x1C came
                yield chunk
            chunk, framed = None, text == b"\x0b"
        elif text.strip():
            for line in _at_headers(text.removeprefix(_MARK), chunk.lines[0] if chunk else b""):
                if line.startswith((b"MSH", *_BATCH)) and chunk:
                    if chunk.last == number:
                        chunk.why_not = f"cut off: the next message begins in the middle of its line {number}"
                    yield chunk
                    chunk = None
                if line.startswith(_BATCH):
                    yield BatchLine(number, line)
                else:
                    chunk = chunk or Chunk(number, framed)
                    chunk.add(number, line)
                framed = False
    if chunk:
        yield chunk


def _at_headers(line: bytes, header: bytes) -> Iterator[bytes]:
    """Yield a line in pieces, each but the first beginning with a header as this one (or any, if this is none)."""
    if line.find(b"MSH", 1) < 0:
        yield line
        return
    own = _HEADER.match(line) or _HEADER.match(header)
    again = re.compile(re.escape(own[0])) if own else _HEADER
    starts = [0, *(found.start() for found in again.finditer(line, 1))]
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        yield line[start:end]


def _encoding(header: bytes) -> str:
    """Return the encoding that MSH-18 names; UTF-8 unless it is one of ISO 8859."""
    fields = header.split(header[3:4] or b"|")
    found = _ISO_8859.match(fields[17].decode("ascii", "replace")) if len(fields) > 17 else None
    return f"iso8859-{found[1]}" if found and 1 <= int(found[1]) <= 16 and found[1] != "12" else "utf-8"


def quarantine_frame(refused: list[tuple[str, int, str]]) -> pd.DataFrame:
    """Return what could not be read as a frame: ``file``, ``line`` (0 for a file as a whole), ``reason``."""
    frame = pd.DataFrame(refused, columns=["file", "line", "reason"])
    return frame.astype({"file": "str", "line": "int64", "reason": "str"})
