"""A shard of a hospital: up to 14,000 keys of the panel, simulated, charted and written by one process.

The world is nested in size; faults are not: each shard plants its own, by count. So memory is bounded by a shard, and
any process can write any shard with the same bytes. A hospital of one shard has one file a type.
"""

from __future__ import annotations

import gc
import gzip
import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import orjson
import pandas as pd

from . import fhir, fhir_bedside, fhir_clinical
from . import parameters as sheet
from .block import PLAIN, Block, Sink, blocks, file_of, ledger_entry
from .chart import Chart, write_chart
from .contacts import Contacts
from .faults import plan_faults
from .feeds import write_feeds
from .fhir_bedside import encoded
from .keys import ids
from .notes import Notes
from .patients import Patients
from .simulation import panel_size, simulate
from .staff import Staff
from .truth import write_truth
from .warehouse import write_warehouse

TYPES = (
    *PLAIN,
    *("Condition", "Observation", "MedicationRequest", "Procedure", "DiagnosticReport"),
    *("MedicationAdministration", "DocumentReference", "Coverage", "ExplanationOfBenefit", "AuditEvent"),
)
KEYS_A_SHARD = sheet.KEYS  # a hospital of the default size is one shard
STATIC = ("Organization", "Location", "Practitioner")
_WRITERS = {
    "Encounter": fhir.encounters,
    "Condition": fhir.conditions,
    "Lab": fhir_clinical.labs,
    "Vital": fhir_clinical.vitals,
    "DiagnosticReport": fhir_clinical.reports,
    "MedicationRequest": fhir_clinical.orders,
    "Procedure": fhir_clinical.procedures,
    "Body": fhir_bedside.bodies,
    "Culture": fhir_bedside.cultures,
    "MedicationAdministration": fhir_bedside.doses,
    "DocumentReference": fhir_bedside.notes,
}
_NOTE_TEXT = "content[0].attachment.data"
Progress = Callable[[float, str], None]
Files = dict[str, dict]  # file below the hospital's folder -> type, sha256, bytes, lines, resources


@dataclass(frozen=True)
class Shard:
    """What one process makes: people ``first`` to ``last`` of the panel, as part ``number`` of ``of``."""

    folder: Path
    seed: int
    weeks: int
    scale: float
    number: int
    of: int
    first: int
    last: int
    without: frozenset[str] = frozenset()

    def part(self, name: str) -> str:
        """Return the name of a file of this part: ``Patient.ndjson``, or ``Patient.003.ndjson`` among several."""
        stem, dot, endings = name.partition(".")
        return name if self.of == 1 else f"{stem}.{self.number:03d}{dot}{endings}"

    def save(self, folder: str, name: str, table: pd.DataFrame) -> None:
        """Write a Parquet table: a file, or a folder of parts; a text column is one even where all of it is missing."""
        whole = self.folder / folder / f"{name}.parquet"
        path = whole if self.of == 1 else whole / f"{self.number:03d}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        texts = [
            column
            for column in table.select_dtypes(["object", "str"])
            if not any(isinstance(value, list) for value in table[column])
        ]
        table.astype(dict.fromkeys(texts, "str")).to_parquet(path, index=False)


def shards(folder: Path, seed: int, weeks: int, scale: float, without: frozenset[str] = frozenset()) -> list[Shard]:
    """Cut a hospital's panel into shards."""
    size = panel_size(scale)
    starts = range(0, size, KEYS_A_SHARD)
    return [
        Shard(folder, seed, weeks, scale, number, len(starts), first, min(first + KEYS_A_SHARD, size), without)
        for number, first in enumerate(starts)
    ]


def write_shards(parts: list[Shard], workers: int, progress: Progress) -> Files:
    """Write all parts and return their files; one part is written by many processes, many parts each by one."""
    if len(parts) == 1:
        return write_shard(parts[0], workers, progress)
    files: Files = {}
    if workers == 1:
        written = map(write_shard, parts)
        return _collect(written, files, len(parts), progress)
    with ProcessPoolExecutor(min(workers, len(parts)), mp_context=get_context("spawn"), max_tasks_per_child=4) as pool:
        return _collect(pool.map(write_shard, parts), files, len(parts), progress)


def _collect(written: Iterator[Files], files: Files, count: int, progress: Progress) -> Files:
    progress(0.0, f"writing {count} parts")
    for done, more in enumerate(written, start=1):
        files |= more
        progress(done / count, f"writing {count} parts")
    return files


def write_shard(shard: Shard, workers: int = 1, progress: Progress = lambda done, what: None) -> Files:
    """Write one part: export, warehouse and truth."""
    progress(0.0, "living through the years")
    world = simulate(shard.seed, shard.weeks, shard.scale, first=shard.first, last=shard.last)
    chart = write_chart(world)
    patients = Patients(world, chart, shard.without)
    written = Notes(world, chart, patients, shard.without)
    chart.notes["text"] = np.array(written.texts, dtype=object)
    plan = plan_faults(world, chart, patients, shard.without)
    staff = Staff(chart.id_key)
    jobs = blocks(world, chart, patients, plan, staff, lambda place: fhir.describe_patient(patients, staff, place))
    progress(0.2, "writing charts")
    files, ledger = _Files(shard), [*_note_entries(chart, written), *_merge_entries(chart, patients)]
    if shard.number == 0:
        for name, resources in fhir.static_resources(staff).items():
            files.add(name, [orjson.dumps(resource, option=orjson.OPT_APPEND_NEWLINE) for resource in resources])
    again: dict[str, list[bytes]] = {}
    for done, (lines, twice, entries) in enumerate(_rendered(jobs, workers), start=1):
        for name, chunk in lines.items():
            files.add_bytes(name, *chunk)
        for name, more in twice.items():
            again.setdefault(name, []).extend(more)
        ledger += entries
        progress(0.2 + 0.7 * done / len(jobs), "writing charts")
    for name, lines in again.items():
        files.add(name, lines, repeated=True)
    progress(0.9, "writing messages and claims")
    contacts = Contacts(world, chart, patients)
    # what the export would show with every fault on: messages are chosen around it, whatever is left out
    whole = plan_faults(world, chart, patients) if shard.without else plan
    shown = {fault: rows for fault, rows, _ in whole.edits.get("Lab", [])}
    beside = write_feeds(shard.folder, world, chart, patients, contacts, staff, shard.without, shown, shard.part)
    for name, resources in beside.resources.items():
        files.add(name, [orjson.dumps(resource, option=orjson.OPT_APPEND_NEWLINE) for resource in resources])
    progress(0.95, "writing down the truth")
    write_warehouse(shard, world, contacts)
    for name, rows in beside.cases.items():
        shard.save("warehouse", name, rows)
    write_truth(shard, world, chart, patients, contacts, written, ledger + beside.ledger, beside.tables)
    progress(1.0, "done")
    return files.close() | beside.files


def _note_entries(chart: Chart, written: Notes) -> list[tuple]:
    """Return what the ledger says of notes: with and without what does not belong there."""
    names = ids("DocumentReference", chart.notes["bits"])
    return [
        ledger_entry(fault, kind, "DocumentReference", names[place], _NOTE_TEXT, *map(encoded, (before, after)))
        for place, fault, kind, before, after in written.entries
    ]


def _merge_entries(chart: Chart, patients: Patients) -> list[tuple]:
    """Return the encounters that lie in somebody else's record."""
    encounters = chart.encounters
    names, people = ids("Encounter", encounters["bits"]), ids("Patient", patients.first)
    found = []
    for place, key in enumerate(zip(encounters["row"].tolist(), encounters["when"].tolist(), strict=True)):
        other = patients.merged.get(key)
        if other is not None:
            own, there = f"Patient/{people[key[0]]}", f"Patient/{people[other]}"
            found.append(
                ledger_entry("wrong_merge", "filed", "Encounter", names[place], "subject.reference", own, there)
            )
    return found


def render(block: Block) -> tuple[dict[str, tuple[bytes, int]], dict[str, list[bytes]], list[tuple]]:
    """Return a block's bytes and number of lines by type, its lines to be written again, and its ledger."""
    sink = Sink(block)
    collecting = gc.isenabled()
    gc.disable()  # a hundred thousand short-lived dicts without cycles: looking for cycles costs a fifth of the time
    try:
        sink.take("Patient", fhir.patients(block, sink))
        for kind, write in _WRITERS.items():
            sink.take(kind, write(block))
    finally:
        if collecting:
            gc.enable()
    return *sink.chunks(), sink.ledger


def _rendered(jobs: list[Block], workers: int) -> Iterator:
    if workers == 1:
        yield from map(render, jobs)
        return
    with ProcessPoolExecutor(min(workers, len(jobs)), mp_context=get_context("spawn")) as pool:
        yield from pool.map(render, jobs)


class _Files:
    """The export's files, written and hashed as they grow; hashes are of the uncompressed bytes."""

    def __init__(self, shard: Shard):
        self.shard, self.open, self.raw = shard, {}, []
        kinds = [name for name in TYPES if shard.number == 0 or name not in STATIC]
        for name in kinds:
            path = shard.folder / shard.part(file_of(name))
            path.parent.mkdir(parents=True, exist_ok=True)
            raw = path.open("wb")
            plain = path.suffix != ".gz"
            writer = raw if plain else gzip.GzipFile("", "wb", compresslevel=1, fileobj=raw, mtime=0)
            self.raw.append(raw)
            self.open[name] = [writer, hashlib.sha256(), 0, 0, 0]

    def add_bytes(self, name: str, chunk: bytes, lines: int, repeated: bool = False) -> None:
        """Append ``lines`` lines of type ``name``."""
        entry = self.open[name]
        entry[0].write(chunk)
        entry[1].update(chunk)
        entry[2] += len(chunk)
        entry[3] += lines
        entry[4] += 0 if repeated else lines

    def add(self, name: str, lines: list[bytes], repeated: bool = False) -> None:
        """Append single lines."""
        self.add_bytes(name, b"".join(lines), len(lines), repeated)

    def close(self) -> Files:
        """Close all files and return what they hold: type, hash, bytes, lines and distinct resources of each."""
        for entry in self.open.values():
            entry[0].close()
        for raw in self.raw:
            raw.close()
        names = ("type", "sha256", "bytes", "lines", "resources")
        return {
            self.shard.part(file_of(name)): dict(zip(names, (name, entry[1].hexdigest(), *entry[2:]), strict=True))
            for name, entry in self.open.items()
        }
