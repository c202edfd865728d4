"""Files to documents: which files of an export are read, and what each line of them holds.

A document is a line of NDJSON that is not blank, a JSON file, or an entry of a bundle. Each becomes a resource or a
reason why not; none is dropped.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import orjson

from . import bundles

_READ = (".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz", ".json", ".json.gz")
_CHUNK = 1 << 18
_BLANK = b" \t\r\n"
_MARK = b"\xef\xbb\xbf"
# Damaged compressed data may go on for a while as wrong text that looks right, until the damage is noticed: so many
# bytes before that are not trusted. A deflate block of JSON is about as long.
_DOUBT = 1 << 16
_TYPE = re.compile(r"[A-Z][A-Za-z]*", re.ASCII)


class Resource(NamedTuple):
    """A resource: its type, its id (None where it has none), its bytes on one line, and where it stood."""

    kind: str
    key: str | None
    line: bytes
    number: int


class Refused(NamedTuple):
    """A document that is no resource: the line it stood on, and the reason in words."""

    number: int
    reason: str


class Damage(NamedTuple):
    """The end of what can be unpacked: the reason, and the last bytes before it if they are not to be trusted."""

    reason: str
    doubtful: bytes


def find_files(path: Path) -> tuple[list[Path], list[tuple[str, str]]]:
    """Return the files to read, in the order of their names, and (name, reason) of the files passed over.

    A single file is read whatever its name. In a folder, names decide; what the lines hold decides the rest.
    """
    if not path.is_dir():
        return [path], []
    files, passed = [], []
    for folder, inner, names in os.walk(path):
        inner.sort()
        for name in names:
            file = Path(folder, name)
            relative = file.relative_to(path).as_posix()
            if name.startswith("."):
                passed.append((relative, "hidden file"))
            elif not name.lower().endswith(_READ):
                passed.append((relative, "not named .ndjson, .jsonl or .json"))
            elif not file.is_file():
                passed.append((relative, "not a regular file"))
            else:
                files.append(file)
    return sorted(files, key=lambda file: file.relative_to(path).as_posix()), sorted(passed)


def read_file(path: Path, digest, moved: Callable[[int], None]) -> Iterator[Resource | Refused]:
    """Yield every document of a file; ``digest`` (of hashlib) is fed the uncompressed bytes, ``moved`` the place in it.

    Compression is judged by the first bytes, not by the name: browsers unpack ``.gz`` files and leave their names.
    Where compressed data are cut off, every whole line before the cut is kept. Where they are wrong, the lines just
    before the place at which that shows are refused too: they may hold values that nobody wrote.
    """
    try:
        with path.open("rb") as stream:
            if path.name.lower().removesuffix(".gz").endswith(".json"):
                yield from _whole(_pieces(stream, digest, moved))
            else:
                yield from _lines(_pieces(stream, digest, moved))
    except OSError as error:
        yield Refused(0, f"the file cannot be read: {error.strerror or error}")


def _pieces(stream, digest, moved: Callable[[int], None]) -> Iterator[bytes | Damage]:
    """Yield the uncompressed bytes of a file in pieces, and a Damage where compressed data are damaged."""
    chunk = stream.read(_CHUNK)
    pieces = _unpacked(stream, chunk) if chunk[:2] == b"\x1f\x8b" else _plain(stream, chunk)
    yield from _unmarked(_counted(pieces, digest, lambda: moved(stream.tell())))


def _counted(pieces: Iterator[bytes | Damage], digest, moved: Callable[[], None]) -> Iterator[bytes | Damage]:
    for piece in pieces:
        if isinstance(piece, bytes):
            digest.update(piece)
            moved()
        yield piece


def _unmarked(pieces: Iterator[bytes | Damage]) -> Iterator[bytes | Damage]:
    """Take the mark that Windows tools write off the start, however small the first pieces are."""
    start = b""
    for piece in pieces:
        if isinstance(piece, bytes) and len(start := start + piece) < len(_MARK):
            continue
        yield start.removeprefix(_MARK)
        if isinstance(piece, Damage):
            yield piece
        break
    else:
        yield start
    yield from pieces


def _plain(stream, chunk: bytes) -> Iterator[bytes]:
    while chunk:
        yield chunk
        chunk = stream.read(_CHUNK)


def _unpacked(stream, chunk: bytes) -> Iterator[bytes | Damage]:
    # Not gzip.GzipFile: where data are damaged, its failing read loses the good bytes before the damage.
    unpack, held = zlib.decompressobj(wbits=31), b""
    while chunk:
        if unpack.eof:  # another member follows, or the zeros that tapes leave
            chunk = chunk.lstrip(b"\0")
            unpack = zlib.decompressobj(wbits=31) if chunk else unpack
        before = unpack.copy()
        try:
            held += unpack.decompress(chunk) if chunk else b""
        except zlib.error as error:
            yield from _damaged(held + _until_damage(before, chunk), str(error).partition(": ")[2])
            return
        yield held[:-_DOUBT]
        held = held[-_DOUBT:]
        chunk = (unpack.unused_data if chunk else b"") or stream.read(_CHUNK)
    yield held
    if not unpack.eof:
        yield Damage("gzip damage: the file ends too early", b"")


def _damaged(held: bytes, error: str) -> Iterator[bytes | Damage]:
    if error.startswith("invalid"):  # the data themselves are wrong
        yield held[:-_DOUBT]
        yield Damage(f"gzip damage: {error}", held[-_DOUBT:])
        return
    yield held
    wrong = error in ("incorrect data check", "incorrect length check")
    yield Damage(f"gzip damage: {error}{'; any line of the file may be wrong' if wrong else ''}", b"")


def _until_damage(unpack, chunk: bytes) -> bytes:
    good = []
    try:
        for place in range(len(chunk)):
            good.append(unpack.decompress(chunk[place : place + 1]))
    except zlib.error:
        pass
    return b"".join(good)


def _lines(pieces: Iterator[bytes | Damage]) -> Iterator[Resource | Refused]:
    rest: list[bytes] = []
    number, damage, known = 0, None, set()
    for piece in pieces:
        if isinstance(piece, Damage):
            damage = piece
            break
        head, *more = piece.split(b"\n")
        rest.append(head)
        for following in more:
            number += 1
            line = b"".join(rest) if len(rest) > 1 else rest[0]
            rest = [following]
            try:  # the short way for a plain resource; document() says the same, more slowly
                found = orjson.loads(line)
                kind, key = found["resourceType"], found["id"]
            except (orjson.JSONDecodeError, KeyError, TypeError):
                kind = None
            if type(kind) is str and kind in known and type(key) is str and key:
                yield Resource(kind, key, line, number)
                continue
            for one in document(line, number):
                if isinstance(one, Resource) and one.kind != "Bundle":
                    known.add(one.kind)
                yield one
    last = b"".join(rest)
    if damage is None or (_is_object(last) and not damage.doubtful):
        number += 1
        yield from document(last, number)
    elif damage.doubtful:
        for line in (last + damage.doubtful).split(b"\n")[:-1]:
            number += 1
            if line.strip(_BLANK):
                yield Refused(number, "too near to gzip damage to be trusted")
    if damage:  # the line that the damage cuts is lost with it; past the last line it is one of its own
        yield Refused(number + 1, damage.reason)


def _whole(pieces: Iterator[bytes | Damage]) -> Iterator[Resource | Refused]:
    """Yield the documents of a .json file: one resource, one bundle, or, misnamed, lines."""
    good, damage = [], None
    for piece in pieces:
        if isinstance(piece, Damage):
            damage = piece
        else:
            good.append(piece)
    text = b"".join(good)
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        if _is_object(text.lstrip(_BLANK).partition(b"\n")[0]):
            yield from _lines(iter([text, *([damage] if damage else [])]))
            return
    yield from document(text, 1)
    if damage:
        yield Refused(1, damage.reason)


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def document(line: bytes, number: int) -> Iterator[Resource | Refused]:
    """Yield what one line (or one JSON file) holds: nothing if blank, a resource, a reason, or a bundle's entries."""
    line = line.strip(_BLANK)
    if not line:
        return
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        yield Refused(number, _why_not_json(line, error))
        return
    yield from resource(found, line, number)


def resource(found: object, line: bytes | None, number: int, where: str = "") -> Iterator[Resource | Refused]:
    """Yield a parsed document as resource, reason or entries; ``line`` is None where it was rewritten."""
    if type(found) is not dict:
        yield Refused(number, f"{where}not a JSON object but {_named(found)}")
        return
    kind = found.get("resourceType")
    if type(kind) is not str or not _TYPE.fullmatch(kind):
        yield Refused(
            number, f"{where}no resourceType" if kind is None else f"{where}resourceType is not a type's name"
        )
        return
    if kind == "Bundle" and type(found.get("entry")) is list and found["entry"]:
        yield from _entries(found, number, where)
        return
    if line is None:
        try:
            line = orjson.dumps(found)
        except TypeError:
            yield Refused(number, f"{where}nested more than 254 levels deep")
            return
    elif b"\n" in line or b"\r" in line:
        line = line.replace(b"\n", b" ").replace(b"\r", b" ")  # JSON has line ends between tokens only
    key = found.get("id")
    yield Resource(kind, key if type(key) is str and key else None, line, number)


def _entries(bundle: dict, number: int, where: str) -> Iterator[Resource | Refused]:
    if where.count("entry") >= 8:
        yield Refused(number, f"{where}bundles within bundles more than 8 deep")
        return
    entries = bundle["entry"]
    bundles.rewrite(entries)
    for place, entry in enumerate(entries, start=1):
        here = f"{where}entry {place}: "
        if type(entry) is not dict or "resource" not in entry:
            yield Refused(number, f"{here}it holds no resource")
        else:
            yield from resource(entry["resource"], None, number, here)


def _why_not_json(line: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as wrong:
        return f"not UTF-8 text: byte {wrong.start + 1} of the line is 0x{line[wrong.start]:02x}"
    if "depth limit" in error.msg:
        return "nested more than 1024 levels deep"
    if line[:1] == b"{" and line[-1:] != b"}":
        return f"not JSON: the line is cut off after {len(line)} bytes"
    return f"not JSON: {error.msg}"


def _named(found: object) -> str:
    return {list: "a list", str: "text", bool: "true or false", type(None): "null"}.get(type(found), "a number")
