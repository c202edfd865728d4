"""The feeds beside the export: messages, claims, the triage desk's log and the access log, written in one pass.

They tell of the same world as the FHIR export, each as its own system saw it. Their faults are planted by count, chosen
as if all others were on, and taken out by name through ``without``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from . import access, adt, case_list, claim_faults, desk, feed_faults, fhir_business, hl7, oru
from .chart import Chart
from .contacts import Contacts
from .patients import Patients
from .snooping import SNOOPS
from .sources import ADT, ORU, Source
from .staff import Staff
from .world import World

FOLDERS = ("hl7v2", "claims", "desk", "access")
FAULTS = (
    *("discharge_keyed_late", "merge_never_processed", "result_late", "corrected_result"),
    *feed_faults.FAULTS,
    *claim_faults.FAULTS,
    *desk.FAULTS,
    "snooping",
)
_NEVER_ARRIVED = ("merge_never_processed", "adt_feed_silent", "oru_feed_silent")


@dataclass
class Written:
    """What was written: entries of the ledger, tables of the truth, the manifest's entries of the files.

    ``resources`` say in FHIR what the claims file and the access log say; they belong into the export. ``cases`` is the
    warehouse's case list, which needs the bills.
    """

    ledger: list[tuple]
    tables: dict[str, pd.DataFrame]
    files: dict[str, dict]
    resources: dict[str, Iterator[dict]]
    cases: dict[str, pd.DataFrame]


def write_feeds(
    folder: Path,
    world: World,
    chart: Chart,
    patients: Patients,
    contacts: Contacts,
    staff: Staff,
    without: frozenset[str] = frozenset(),
    lab_faults: Mapping[str, np.ndarray] | None = None,
    part: Callable[[str], str] = str,
) -> Written:
    """Write all feeds of a hospital into ``folder``.

    Parameters
    ----------
    folder : path
        The hospital's folder; ``hl7v2``, ``claims``, ``desk`` and ``access`` are made in it.
    without : frozenset of str
        Faults to leave out, of ``FAULTS`` and of the export's.
    lab_faults : mapping, optional
        Fault of the export -> positions in ``chart.labs`` that carry it, as chosen with every fault on:
        ``local_code``, ``analyser_unit``, ``entered_in_error``, ``preliminary_never_final``, ``corrected_result``. What
        the export shows of these results the messages say, too; corrections are chosen here where none are given.

    part : callable
        Turns a file's name into that of this part of the hospital.

    Returns
    -------
    Written
    """
    source = Source(world, chart, patients, contacts, staff, lab_faults or {}, without)
    files, ledger = _messages(source)
    made, more, bills, claims = claim_faults.write_claims(source)
    files, ledger = files | made, ledger + more
    log, truth, more = desk.desk_log(source)
    files, ledger = files | {desk.FILE: log}, ledger + more
    rows, more = access.access_rows(source)
    files, ledger = files | access.written(source, rows), ledger + more
    reasons = pd.DataFrame({name: rows[name] for name in ("row_id", "user", "patient_id", "relation")})
    reasons["snooping"] = reasons["relation"].isin(SNOOPS)
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    files = {part(name): content for name, content in files.items()}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    resources = {
        "Coverage": fhir_business.coverages(source),
        "ExplanationOfBenefit": fhir_business.benefits(source, bills, claims),
        "AuditEvent": fhir_business.audit_events(source, rows),
    }
    listed = {name: _listed(content) for name, content in files.items()}
    cases = {"contacts": case_list.contact_rows(source, bills), "deaths": case_list.death_rows(source)}
    return Written(ledger, {"desk": truth, "access_reasons": reasons}, listed, resources, cases)


def _messages(source: Source) -> tuple[dict[str, bytes], list[tuple]]:
    streams = [adt.adt(source), oru.oru(source)]
    notes = [note for stream in streams for note in stream.ledger]
    messages = [message for stream in streams for message in stream.messages]
    arrived, more = feed_faults.damage(source, hl7.finish(source, messages))
    here = {id(message) for message in arrived}
    notes = [note for note in notes if note[0] in _NEVER_ARRIVED or id(note[2]) in here]
    files = {f"hl7v2/{name}.hl7": hl7.written([one for one in arrived if one.stream == name]) for name in (ADT, ORU)}
    return files, feed_faults.entries(notes + more)


def _listed(content: bytes) -> dict:
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "lines": content.count(b"\n")}
