"""A screenshot that says of itself what it shows: words inside the PNG file, which survive copying and unpacking.

A file's time says when it was written here, not of what: after an unpacked archive every picture is new. So whoever
takes a picture writes into it which files it is of (:func:`mark`), and whoever shows it can tell whether they are still
the same (:func:`digest`).
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

SIGNATURE = b"\x89PNG\r\n\x1a\n"
LARGEST = 4_000_000  # bytes: the page holds the picture inside, and a page that is sent around must stay small
WIDEST = 8_000  # pixels of a side; more is no screenshot, and unpacking it may fill the memory
OF, TAKEN, SAYS = "wardround-of", "Creation Time", "Description"  # the last two are PNG's own keywords


class NoPicture(ValueError):
    """The file is no picture that can be shown; the message says why."""


@dataclass(frozen=True)
class Picture:
    """A PNG picture, whole and small enough.

    Attributes
    ----------
    taken
        When, in UTC, as the picture says, or else the time of its file.
    of
        The digest of the files it was taken of, or "" where it does not say.
    says
        What can be read in it, for whoever cannot see it; "" where it does not say.
    """

    content: bytes
    width: int
    height: int
    taken: dt.datetime
    of: str = ""
    says: str = ""

    @property
    def base64(self) -> str:
        """Return it as a page holds it inside."""
        return base64.b64encode(self.content).decode()


def digest(*files: Path) -> str:
    """Return one SHA-256 over the contents of the files, in this order; a missing file counts as empty."""
    each = (hashlib.sha256(file.read_bytes() if file.exists() else b"").hexdigest() for file in files)
    return hashlib.sha256("".join(each).encode()).hexdigest()


def mark(content: bytes, words: Mapping[str, str]) -> bytes:
    """Return the PNG with these words in it (``OF``, ``TAKEN``, ``SAYS``), any language.

    Raises
    ------
    NoPicture
        It is no PNG.
    """
    chunks = [(kind, data) for kind, data in _chunks(content) if not (kind == b"iTXt" and _word(data)[0] in words)]
    texts = [
        (b"iTXt", key.encode("latin-1") + b"\0\0\0\0\0" + text.encode("utf-8", "replace"))
        for key, text in words.items()
    ]
    return SIGNATURE + b"".join(_written(kind, data) for kind, data in (*chunks[:-1], *texts, chunks[-1]))


def read_picture(path: Path) -> Picture:
    """Read a picture.

    Raises
    ------
    NoPicture
        It is no whole PNG, or too large to be shown.
    OSError
        It is not there or cannot be read.
    """
    if (size := path.stat().st_size) > LARGEST:
        raise NoPicture(f"{path.name} has {size:,} bytes, more than the {LARGEST:,} that a page can hold")
    content = path.read_bytes()
    chunks = list(_chunks(content))
    width, height = struct.unpack(">II", chunks[0][1][:8])
    if not (0 < width <= WIDEST and 0 < height <= WIDEST):
        raise NoPicture(f"{path.name} has {width:,} × {height:,} pixels, and a side may have {WIDEST:,}")
    _unpacked(path.name, b"".join(data for kind, data in chunks if kind == b"IDAT"), (width * 8 + 1) * height)
    words = dict(_word(data) for kind, data in chunks if kind == b"iTXt")
    taken = _time(words.get(TAKEN, "")) or dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
    return Picture(content, width, height, taken, words.get(OF, ""), " ".join(words.get(SAYS, "").split()))


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give the parts of a PNG, each checked against its own sum, from its head to its end."""
    place, kinds = len(SIGNATURE), []
    if content[:place] != SIGNATURE:
        raise NoPicture("it is no PNG")
    while place + 12 <= len(content) and (not kinds or kinds[-1] != b"IEND"):
        (length,), kind = struct.unpack(">I", content[place : place + 4]), content[place + 4 : place + 8]
        data, total = content[place + 8 : place + 8 + length], content[place + 8 + length : place + 12 + length]
        head = kind != b"IHDR" or (not kinds and length == 13)
        if not head or len(total) < 4 or zlib.crc32(kind + data) != struct.unpack(">I", total)[0]:
            raise NoPicture("it is damaged or cut off")
        kinds.append(kind)
        place += 12 + length
        yield kind, data
    if not kinds or kinds[0] != b"IHDR" or kinds[-1] != b"IEND" or b"IDAT" not in kinds:
        raise NoPicture("it is damaged or cut off")


def _written(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _word(data: bytes) -> tuple[str, str]:
    """Read a text chunk that is not packed: keyword, two flags, language, translated keyword, text."""
    keyword, _, rest = data.partition(b"\0")
    if rest[:1] != b"\0":
        return keyword.decode("latin-1"), ""
    return keyword.decode("latin-1"), rest[2:].split(b"\0", 2)[-1].decode("utf-8", "replace")


def _unpacked(name: str, packed: bytes, most: int) -> None:
    """Refuse points that cannot be unpacked, or unpack to more than the picture's size allows."""
    unpack, seen = zlib.decompressobj(), 0
    try:
        while (
            packed and not unpack.eof and seen <= most
        ):  # piece by piece: what is packed may be far larger than it says
            seen += len(unpack.decompress(packed, 1_000_000))
            packed = unpack.unconsumed_tail
    except zlib.error as trouble:
        raise NoPicture(f"the points of {name} cannot be unpacked") from trouble
    if not unpack.eof:
        raise NoPicture(f"the points of {name} are not whole")


def _time(text: str) -> dt.datetime | None:
    try:
        made = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return made if made.tzinfo else made.replace(tzinfo=dt.UTC)
