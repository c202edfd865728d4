"""The feeds beside an export: HL7 v2 messages and claims as tables, read when first asked for and kept as Parquet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property, partial
from pathlib import Path

import pandas as pd
import pyarrow as pa

from . import claims, hl7_files, hl7_rows
from .errors import RecordsError
from .reading import Refused
from .store import Progress, Store, content_key
from .tables import no_cycle_search

FORMAT = "2"  # of the feeds' tables: whoever changes what is in them counts it up
FEEDS = ("adt", "oru", "claims", "enrolment")


def read_feeds(path: str | Path, *, progress: Progress | None = None) -> Feeds:
    """Open the feeds in a folder, whether or not there is a FHIR export with them.

    Parameters
    ----------
    path : path
        A folder: ``.hl7`` files anywhere in it, and claims as ``.csv`` in a folder ``claims`` in it, where the payers'
        list of members is called ``enrolment.csv``.
    progress : callable, optional
        Called with the share done (0 to 1) and a word on what is being done.

    Returns
    -------
    Feeds
        As ``hospital.feeds``, but kept in memory only.

    Raises
    ------
    RecordsError
        There is no such folder.
    """
    path = Path(path)
    if not path.is_dir():
        raise RecordsError(
            f"There is no folder {path}; give one that holds .hl7 files, or claims in a folder 'claims'."
        )
    return beside(path, None, progress or (lambda done, what: None))


def beside(path: Path, store: Store | None, progress: Progress) -> Feeds:
    """Return the feeds of an export: of a hospital's, those in ``hl7v2`` and ``claims`` beside it."""
    root = path.parent
    if path.name == "export" and ((root / "hl7v2").is_dir() or (root / "claims").is_dir()):
        return Feeds(root, root / "hl7v2", store, progress)
    return Feeds(path, path, store, progress)


class Feeds:
    """The feeds of a hospital, as attributes and keys: those of ``adt oru claims enrolment`` that it has.

    ``adt`` has one row a message, ``oru`` one row a result (an OBX of a message), ``claims`` one row a version of a
    claim, ``enrolment`` one row a member of a payer, with the span of cover and the death that the payer knows. A
    message sent twice is there twice, and nothing is put in order: rows stand as they were received, by file and line
    (``line`` is where the message begins). ``results_as_of`` and ``claims_as_of`` say what was known when.

    ``*_raw`` is a time as written, ``*_at`` the UTC instant. Many interfaces write times without a zone; they count
    as written in the zone of their message's MSH-7, as HL7 says, and where that has none ``*_at`` is missing.

    ``quarantine`` holds what could not be read (file, line, reason), ``counts`` the messages and claims that could.
    """

    def __init__(self, root: Path, messages: Path, store: Store | None, progress: Progress):
        self._root, self._folder = root, messages
        self._store, self._progress = store, progress

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(error.args[0]) from None

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self:
            raise KeyError(f"There is no feed {name!r}; there are: {', '.join(self) or 'none'}.")
        parts = {"claims": "_claim_parts", "enrolment": "_member_parts"}.get(name, "_message_parts")
        return getattr(self, parts)[name].copy(deep=False)  # copy-on-write: nobody changes another's table

    def __iter__(self) -> Iterator[str]:
        return (name for name in FEEDS if name in self)

    def __len__(self) -> int:
        return sum(name in self for name in FEEDS)

    def __contains__(self, name: object) -> bool:
        if name == "claims":  # asked without reading any message
            return bool(self._claims)
        if name == "enrolment":
            return bool(self._members)
        return name in FEEDS and bool(self._messages) and len(self._message_parts[name]) > 0

    def __dir__(self) -> list[str]:
        return [*FEEDS, "batch_lines", "counts", "keys", "quarantine"]

    def __repr__(self) -> str:
        return f"<feeds {', '.join(self) or 'none'}>"

    def keys(self) -> tuple[str, ...]:
        """Return the names of the feeds that are there."""
        return tuple(self)

    @property
    def quarantine(self) -> pd.DataFrame:
        """What could not be read: ``file``, ``line`` (0 for a file as a whole), ``reason``."""
        parts = [part["quarantine"] for part in (self._message_parts, self._claim_parts, self._member_parts)]
        return pd.concat(parts, ignore_index=True)

    @property
    def counts(self) -> pd.DataFrame:
        """The messages that were read: ``kind`` (as ``ADT^A01``), ``n``, and the ``feed`` they are in, if in any."""
        return self._message_parts["counts"].copy(deep=False)

    @property
    def batch_lines(self) -> int:
        """Lines of a batch's frame (FHS, BHS, BTS, FTS) that were passed over."""
        return int(self._message_parts["batch_lines"]["n"].iloc[0])

    @cached_property
    def _messages(self) -> list[Path]:
        return hl7_files.find_files(self._folder) if self._folder.is_dir() else []

    @cached_property
    def _claims(self) -> list[Path]:
        return claims.find_files(self._root / "claims")

    @cached_property
    def _members(self) -> list[Path]:
        return claims.find_members(self._root / "claims")

    @cached_property
    def _message_parts(self) -> dict[str, pd.DataFrame]:
        names = ("adt", "oru", "quarantine", "counts", "batch_lines")
        return self._kept("messages", names, self._messages, self._read_messages)

    @cached_property
    def _claim_parts(self) -> dict[str, pd.DataFrame]:
        read = partial(self._read_lines, "claims", self._claims, claims.CLAIMS)
        return self._kept("claims", ("claims", "quarantine"), self._claims, read)

    @cached_property
    def _member_parts(self) -> dict[str, pd.DataFrame]:
        read = partial(self._read_lines, "enrolment", self._members, claims.ENROLMENT)
        return self._kept("enrolment", ("enrolment", "quarantine"), self._members, read)

    def _kept(self, group: str, names: tuple, files: list[Path], read: Callable) -> dict[str, pd.DataFrame]:
        """Return the tables of a group of files: from the cache where all are there, else read and kept."""
        store = self._store if files else None
        key = content_key(self._root, files, FORMAT)
        places = {name: f"feeds-{group}-{name}-{key}" for name in names}
        tables = {name: store.load(place) if store else None for name, place in places.items()}
        if any(table is None for table in tables.values()):
            with no_cycle_search():
                tables = read()
            for name, place in places.items() if store else ():
                store.save(place, tables[name])
        return {name: tables[name].to_pandas() for name in names}

    def _read_messages(self) -> dict[str, pa.Table]:
        gathered = hl7_rows.Gathered()
        for file, name in self._walk(self._messages):
            for found in hl7_files.read_file(file, name):
                gathered.add(found, name)
        return gathered.tables()

    def _read_lines(self, feed: str, files: list[Path], layout: claims.Layout) -> dict[str, pa.Table]:
        rows, refused = [], []
        for file, name in self._walk(files):
            for found in claims.read_file(file, layout):
                if isinstance(found, Refused):
                    refused.append((name, found.number, found.reason))
                else:
                    rows.append(found)
        quarantine = pa.Table.from_pandas(hl7_files.quarantine_frame(refused), preserve_index=False)
        return {feed: claims.table(rows, layout), "quarantine": quarantine}

    def _walk(self, files: list[Path]) -> Iterator[tuple[Path, str]]:
        """Yield files with the names they have in the quarantine, and say how far it is."""
        sizes = [file.stat().st_size if file.is_file() else 0 for file in files]
        for place, file in enumerate(files):
            name = file.relative_to(self._root).as_posix()
            self._progress(sum(sizes[:place]) / (sum(sizes) or 1), f"reading {name}")
            yield file, name
        self._progress(1.0, "read")
