"""An export, opened: what it holds, what could not be read, its resources and its tables."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from . import feeds, references
from .errors import RecordsError
from .functions import reference_parts
from .store import Progress, Store, open_store
from .tables import Tables, no_cycle_search
from .warehouse import Warehouse


def read_export(path: str | Path, *, cache: str | Path | None = None, progress: Progress | None = None) -> Hospital:
    """Open a FHIR R4 export of any shape.

    Parameters
    ----------
    path : path
        A folder (searched to the bottom) or a file: NDJSON plain or gzipped under any name, JSON files of one resource,
        bundles. The folder of a hospital (with ``export`` and ``manifest.json`` in it) stands for its ``export``.
    cache : path, optional
        A folder for what is worth keeping: the resources in a form that is quick to search, and the tables, both by
        content. By default the ``cache`` folder of a hospital; for any other export a temporary folder that goes when
        the hospital does, so that no copy of patients' records is left where nobody asked for one.
    progress : callable, optional
        Called with the share done (0 to 1) and a word on what is being done.

    Returns
    -------
    Hospital

    Raises
    ------
    RecordsError
        There is nothing at ``path``, or nothing readable in it. Single documents that cannot be read are in
        ``quarantine`` instead.
    """
    path = Path(path)
    if not path.exists():
        raise RecordsError(f"There is no file or folder {path}; give the folder of a FHIR R4 export.")
    if (path / "export").is_dir() and (path / "manifest.json").is_file():
        path = path / "export"
    if cache is None and path.name == "export" and (path.parent / "manifest.json").is_file():
        cache = path.parent / "cache"
    progress = progress or (lambda done, what: None)
    return Hospital(path, open_store(path, Path(cache) if cache is not None else None, progress), progress)


class Hospital:
    """An opened export. Made by :func:`read_export`.

    Attributes
    ----------
    path : Path
        What was read.
    tables : Tables
        ``patients encounters conditions labs vitals medications procedures reports``, as attributes and keys.
    warehouse : Warehouse
        ``stays windows emergency`` of a hospital of ours; without tables for any other export.
    feeds : Feeds
        ``adt oru claims``, those that are there: streams of HL7 v2 messages and claims beside the export.
    """

    def __init__(self, path: Path, store: Store, progress: Progress):
        self.path, self._store = path, store
        self.tables = Tables(store, progress)
        self.warehouse = Warehouse(path.parent / "warehouse")
        self.feeds = feeds.beside(path, store, progress)

    def __repr__(self) -> str:
        counts = self.counts
        return (
            f"<hospital {self.path}: {self.documents:,} documents, {counts['resources'].sum():,} resources "
            f"of {len(counts)} types, {len(self.quarantine):,} quarantined>"
        )

    @property
    def checksum(self) -> str:
        """SHA-256 over the sorted SHA-256 sums of the files' uncompressed bytes; a hospital's manifest has the same."""
        return self._store.facts["checksum"]

    @property
    def documents(self) -> int:
        """Lines, JSON files and bundle entries found: those in ``counts`` and those in ``quarantine`` together."""
        return self._store.facts["documents"]

    @property
    def counts(self) -> pd.DataFrame:
        """By ``resource_type``: ``documents`` read, distinct ``resources``, and ``repeated`` (the difference).

        Two documents of the same type and id are one resource; the last one counts. One without an id is its own.
        """
        kinds = self._store.kinds
        names = np.array(kinds.dictionary.to_pylist(), dtype=object)
        codes = kinds.indices.to_numpy()
        documents = np.bincount(codes, minlength=len(names))
        resources = np.bincount(codes[self._store.last], minlength=len(names))
        order = np.argsort(names)
        return pd.DataFrame(
            {
                "resource_type": pd.array(names[order], dtype="str"),
                "documents": documents[order],
                "resources": resources[order],
                "repeated": (documents - resources)[order],
            }
        )

    @property
    def quarantine(self) -> pd.DataFrame:
        """What could not be read: ``file``, ``line`` (0 for a file as a whole), ``reason``."""
        return self._store.quarantine.copy(deep=False)

    @property
    def passed_over(self) -> pd.DataFrame:
        """Files in the folder that were not tried: ``file``, ``reason``."""
        return self._store.passed_over.copy(deep=False)

    def resources(self, resource_type: str) -> Iterator[dict]:
        """Yield every document of a type, repeated ones included, in the order of the export."""
        return map(orjson.loads, self._store.lines(self._store.codes(resource_type)))

    def find(self, reference: str) -> dict:
        """Return the resource that a reference (``Patient/a``) names; the last one where it stands several times."""
        parts = reference_parts(reference) if isinstance(reference, str) else None
        if parts is None:
            raise RecordsError(f"{reference!r} is not a reference; write the type and the id, as in 'Patient/a'.")
        kind, key = parts
        same = pc.equal(self._store.index["key"], key).to_numpy()
        wanted = np.nan_to_num(same.astype(float)).astype(bool) & self._store.codes(kind) & self._store.last
        for line in self._store.lines(wanted):
            return orjson.loads(line)
        raise RecordsError(f"There is no {kind} with the id {key!r} in {self.path}.")

    def everything(self, reference: str) -> list[dict]:
        """Return the resources that are, or refer to, what a reference names (``Patient/a``), in the export's order.

        The whole export is searched, so links from any field are found. Where a resource stands several times, the last
        one counts.
        """
        parts = reference_parts(reference) if isinstance(reference, str) else None
        if parts is None:
            raise RecordsError(f"{reference!r} is not a reference; write the type and the id, as in 'Patient/a'.")
        found = []
        for place, line in self._store.naming(parts[1]):  # bytes first: parsing a million resources costs seconds
            if not self._store.last[place]:
                continue
            resource = orjson.loads(line)
            if (resource["resourceType"], resource.get("id")) == parts or any(
                type(one) is str and one[:1] != "#" and reference_parts(one) == parts
                for _, one in references.references(resource)
            ):
                found.append(resource)
        if not found:
            raise RecordsError(f"Nothing in {self.path} is or refers to {'/'.join(parts)}; look in tables.patients.")
        return found

    def references(self) -> pd.DataFrame:
        """Count the references of distinct resources by ``resource_type``, ``field`` and ``kind``: ``n``.

        The kinds are ``resolves``, ``dangling``, ``conditional``, ``urn``, ``absolute``, ``contained``, ``unreadable``.
        It walks through every resource once, which takes seconds for a hospital of a million, and keeps the answer.
        """
        return self._references.copy(deep=False)

    @cached_property
    def _references(self) -> pd.DataFrame:
        kept = self._store.load("references")
        if kept is None:
            kept = self._count_references()
            self._store.save("references", kept)
        return kept.to_pandas()

    def _count_references(self) -> pa.Table:
        keys, kinds = self._store.index["key"].to_pylist(), self._store.kinds.to_pylist()
        known = set(zip(kinds, keys, strict=True))
        with no_cycle_search():
            resources = map(orjson.loads, self._store.lines(self._store.last))
            counted = references.count(resources, lambda kind, key: (kind, key) in known)
        rows = sorted((*what, n) for what, n in counted.items())
        names = ("resource_type", "field", "kind", "n")
        types = (pa.large_string(), pa.large_string(), pa.large_string(), pa.int64())
        columns = zip(*rows, strict=True) if rows else ((),) * len(names)
        return pa.table([pa.array(list(c), t) for c, t in zip(columns, types, strict=True)], names=list(names))
