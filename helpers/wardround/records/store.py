"""Everything readable of an export, kept once in a form that is quick to search: blocks of lines, and an index.

Why: an export of a million resources is parsed in seconds, which is too long for a lesson that asks for one patient.
Blocks of about a megabyte, packed with zstd, are a twentieth of the export's size; one resource costs one block, and a
search through the bytes of all of them costs less than a second per gigabyte.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
import weakref
from array import array
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from . import reading
from .errors import RecordsError

FORMAT = "1"  # of the cache and of how exports are read: whoever changes either counts it up
_BLOCK = 1 << 20
_STALE = 3600  # seconds after which another process's unfinished cache counts as abandoned
Progress = Callable[[float, str], None]


class Store:
    """The readable resources of an export.

    Attributes
    ----------
    folder : Path
        Where it stands; tables and other results of the same content are cached beside it.
    facts : dict
        ``checksum``, ``documents``, ``files`` (number read), ``blocks``.
    quarantine, passed_over : DataFrame
        What could not be read (file, line, reason), and the files that were not tried (file, reason).
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.facts = orjson.loads((folder / "facts.json").read_bytes())
        self.quarantine = pd.read_parquet(folder / "quarantine.parquet")
        self.passed_over = pd.read_parquet(folder / "passed_over.parquet")
        self.index = pq.read_table(folder / "index.parquet")
        self.kinds = self.index["kind"].combine_chunks()
        self.block = self.index["block"].to_numpy()
        self.last = self.index["last"].to_numpy(zero_copy_only=False)
        self._starts = np.searchsorted(self.block, np.arange(len(self.facts["blocks"]) + 1))

    def codes(self, kind: str) -> np.ndarray:
        """Return which documents are of a type, as a mask over the index."""
        names = self.kinds.dictionary.to_pylist()
        if kind not in names:
            return np.zeros(len(self.block), dtype=bool)
        return self.kinds.indices.to_numpy() == names.index(kind)

    def lines(self, wanted: np.ndarray) -> Iterator[bytes]:
        """Yield the lines of the marked documents, in the export's order."""
        with (self.folder / "store.bin").open("rb") as stream:
            for block in np.unique(self.block[wanted]).tolist():
                lines = self._block(stream, block).split(b"\n")
                here = wanted[self._starts[block] : self._starts[block + 1]]
                for place in np.flatnonzero(here).tolist():
                    yield lines[place]

    def naming(self, key: str) -> Iterator[tuple[int, bytes]]:
        """Yield (place in the index, line) of the lines with an id, alone or at the end of an address, in some text."""
        key = key.encode()
        pieces = (b"/" + key + b'"', b"/" + key + b"/", b'"' + key + b'"')
        with (self.folder / "store.bin").open("rb") as stream:
            for block in range(len(self.facts["blocks"])):
                text = self._block(stream, block)
                if key in text:
                    for place, line in enumerate(text.split(b"\n"), start=int(self._starts[block])):
                        if any(piece in line for piece in pieces):
                            yield place, line

    def load(self, name: str) -> pa.Table | None:
        """Return a table kept beside the store, or None if there is none that can be read."""
        path = self.folder / f"{name}.parquet"
        try:
            return pq.read_table(path) if path.exists() else None
        except (OSError, ValueError, pa.ArrowException):
            return None  # damaged: made again

    def save(self, name: str, table: pa.Table) -> None:
        """Keep a table beside the store: written beside its place and renamed, so that nobody reads half of it."""
        beside = self.folder / f".{name}.partial-{os.getpid()}-{os.urandom(4).hex()}"
        try:
            pq.write_table(table, beside, compression="zstd")
            os.replace(beside, self.folder / f"{name}.parquet")
        except OSError:
            beside.unlink(missing_ok=True)  # a read-only or full cache costs time, not the table

    def _block(self, stream, block: int) -> bytes:
        start, packed, size = self.facts["blocks"][block]
        stream.seek(start)
        return _codec().decompress(stream.read(packed), size, asbytes=True)


def _codec() -> pa.Codec:
    return pa.Codec("zstd", 1)


def open_store(path: Path, cache: Path | None, progress: Progress) -> Store:
    """Return the store of an export: the one in the cache if the content is the same, or a new one.

    ``cache`` None, or one that cannot be written, means a private temporary folder that goes with the store: copies of
    patients' records are not left about where nobody asked for them.
    """
    files, passed = reading.find_files(path)
    key = content_key(path, files, FORMAT)
    if cache is not None:
        found = _opened(cache / key)
        if found is not None:
            return found
        try:
            return _write_into(cache, key, path, files, passed, progress)
        except OSError:
            pass  # a read-only or full disk: the temporary folder may still do
    folder = Path(tempfile.mkdtemp(prefix="wardround-"))
    try:
        store = _write_into(folder, key, path, files, passed, progress)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise RecordsError(
                f"Nothing can be written to {folder.parent} ({error.strerror}); make room there."
            ) from None
        raise
    weakref.finalize(store, shutil.rmtree, folder, ignore_errors=True)
    return store


def _opened(folder: Path) -> Store | None:
    """Return the store in a folder, or None if there is none; one that is damaged is removed."""
    if not folder.exists():
        return None
    try:
        return Store(folder)
    except (OSError, ValueError, KeyError, pa.ArrowException):
        shutil.rmtree(folder, ignore_errors=True)
        return None


def content_key(path: Path, files: list[Path], version: str) -> str:
    """Return a key that changes with the content or names of files, and with the version of how they are read."""
    digest = hashlib.sha256(version.encode())
    for file in files:
        name = file.relative_to(path).as_posix() if file != path else ""
        try:
            with file.open("rb") as stream:
                content = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError:
            content = "unreadable"
        digest.update(orjson.dumps([os.fsencode(name).hex(), content]))
    return digest.hexdigest()[:24]


def _write_into(cache: Path, key: str, path: Path, files: list[Path], passed: list, progress: Progress) -> Store:
    """Write a store beside its place and rename it: of two processes that do so at once, the first wins."""
    cache.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(cache)
    beside = cache / f".partial-{os.getpid()}-{os.urandom(4).hex()}"
    beside.mkdir()
    try:
        _Writer(beside, path, progress).write(files, passed)
        try:
            beside.rename(cache / key)
        except OSError:
            if _opened(cache / key) is None:
                raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return Store(cache / key)


def _remove_abandoned(cache: Path) -> None:
    for folder in cache.glob(".partial-*"):
        try:
            if time.time() - folder.stat().st_mtime > _STALE:
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue


class _Writer:
    """Reads files once, and writes blocks, index, quarantine and facts."""

    def __init__(self, folder: Path, path: Path, progress: Progress):
        self.folder, self.path, self.progress = folder, path, progress
        self.kinds, self.keys, self.names = array("i"), [], {}
        self.block_of, self.file_of, self.number = array("i"), array("i"), array("q")
        self.lines: list[bytes] = []
        self.size = 0
        self.blocks: list[tuple[int, int, int]] = []
        self.refused: list[tuple[str, int, str]] = []
        self.batches: list[pa.Table] = []

    def write(self, files: list[Path], passed: list[tuple[str, str]]) -> None:
        """Read the files and write the store; nothing readable at all is a RecordsError."""
        sizes = [file.stat().st_size if file.is_file() else 0 for file in files]
        total, done, hashes = sum(sizes) or 1, 0, []
        with (self.folder / "store.bin").open("wb") as self.stream:
            for place, (file, size) in enumerate(zip(files, sizes, strict=True)):
                what, before = f"reading {_printable(file.name)}", done
                moved = partial(self._moved, what, before, total)
                hashes.append(self._read(place, file, moved))
                done += size
            self._flush_block()
        self._finish(passed, len(files), hashlib.sha256("".join(sorted(hashes)).encode()).hexdigest())
        self.progress(1.0, "read")

    def _moved(self, what: str, before: int, total: int, at: int) -> None:
        self.progress(min(1.0, (before + at) / total), what)

    def _read(self, place: int, file: Path, moved: Callable[[int], None]) -> str:
        name = file.relative_to(self.path).as_posix() if file != self.path else file.name
        digest, names = hashlib.sha256(), self.names
        for found in reading.read_file(file, digest, moved):
            if type(found) is reading.Refused:
                self.refused.append((_printable(name), found.number, found.reason))
                continue
            kind, key, line, number = found
            self.kinds.append(names.setdefault(kind, len(names)))
            self.keys.append(key)
            self.block_of.append(len(self.blocks))
            self.file_of.append(place)
            self.number.append(number)
            self.lines.append(line)
            self.size += len(line) + 1
            if self.size >= _BLOCK:
                self._flush_block()
        return digest.hexdigest()

    def _flush_block(self) -> None:
        if not self.lines:
            return
        text = b"\n".join(self.lines)
        packed = _codec().compress(text, asbytes=True)
        self.blocks.append((self.stream.tell(), len(packed), len(text)))
        self.stream.write(packed)
        self.lines, self.size = [], 0
        if len(self.keys) >= 1 << 16:
            self._flush_index()

    def _flush_index(self) -> None:
        columns = {
            "kind": pa.array(np.array(self.kinds, dtype=np.int32)),
            "key": pa.array(self.keys, pa.large_string()),
            "block": pa.array(np.array(self.block_of, dtype=np.int32)),
            "file": pa.array(np.array(self.file_of, dtype=np.int32)),
            "line": pa.array(np.array(self.number, dtype=np.int64)),
        }
        self.batches.append(pa.table(columns))
        self.kinds, self.keys = array("i"), []
        self.block_of, self.file_of, self.number = array("i"), array("i"), array("q")

    def _finish(self, passed: list[tuple[str, str]], files: int, checksum: str) -> None:
        self._flush_index()
        table = pa.concat_tables(self.batches).combine_chunks()
        if not table.num_rows:
            raise _nothing(self.path, self.refused, files)
        codes = table["kind"].combine_chunks()
        kinds = pa.DictionaryArray.from_arrays(codes, pa.array(list(self.names)))
        identity = pd.DataFrame({"kind": codes.to_numpy(), "key": table["key"].to_pandas()})
        last = ~identity.duplicated(keep="last").to_numpy() | identity["key"].isna().to_numpy()
        table = table.set_column(0, "kind", kinds).append_column("last", pa.array(last))
        pq.write_table(table, self.folder / "index.parquet", compression="zstd")
        quarantine = pd.DataFrame(self.refused, columns=["file", "line", "reason"])
        quarantine.astype({"file": "str", "line": "int64", "reason": "str"}).to_parquet(
            self.folder / "quarantine.parquet"
        )
        over = pd.DataFrame([(_printable(name), why) for name, why in passed], columns=["file", "reason"])
        over.astype("str").to_parquet(self.folder / "passed_over.parquet")
        facts = {
            "checksum": checksum,
            "documents": table.num_rows + len(self.refused),
            "files": files,
            "blocks": self.blocks,
        }
        (self.folder / "facts.json").write_bytes(orjson.dumps(facts))


def _printable(name: str) -> str:
    """Return a file's name without the bytes that are no text: a name may hold anything on some systems."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _nothing(path: Path, refused: list[tuple[str, int, str]], files: int) -> RecordsError:
    if not files:
        why = "there is no file named .ndjson, .ndjson.gz or .json in it"
    elif not refused:
        why = "every file is empty"
    else:
        name, line, reason = refused[0]
        why = f"none of {len(refused)} documents could be read (the first: {name} line {line}, {reason})"
    return RecordsError(f"No FHIR resource is found in {path}: {why}; give the folder of a FHIR R4 export.")
