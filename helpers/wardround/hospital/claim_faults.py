"""Faults of claims, and the payers' list of members, which knows of deaths that the hospital never hears of."""

from __future__ import annotations

import re

import numpy as np

from . import claims
from . import parameters as sheet
from .people import Table
from .sources import DAY_SECONDS, Source, chosen, dates, local_day, visit_number
from .streams import Purpose

ENROLMENT = ("member_id", "mrn", "from", "to", "death_date")
CLAIMS_FILE, ENROLMENT_FILE = "claims/claims.csv", "claims/enrolment.csv"
WHY = {
    "claim_without_encounter": "The bill was written for a visit number that was cancelled, or opened by mistake.",
    "encounter_without_claim": "The bill hung in the scrubber over a missing signature and was never sent.",
    "code_not_billable": "The code's last characters were lost: a category names no billable diagnosis.",
    "death_known_to_claims_only": "The patient died outside the hospital, and nobody told it; the payer heard.",
}
WHY_SAME_DAY = "Admitted and discharged on one day: short, and real."
FAULTS = tuple(WHY)
_CATEGORY = re.compile(r"(I50)\.\d+|(N18\.3)[012]|(A41)\.9")
_CHAIN_DAYS = 45


def write_claims(source: Source) -> tuple[dict[str, bytes], list[tuple], Table, list[dict]]:
    """Return the two files of the payers, the ledger, and the bills and claims behind them."""
    rows = claims.bills(source)
    lost, alone = _lost_and_alone(source, rows)
    found = claims.versions(source, rows)
    ledger = _cut_codes(source, rows, found, ~lost & ~alone & ~rows["replaced"] & ~rows["void"])
    if "encounter_without_claim" not in source.without:
        found, more = _drop(source, rows, found, lost)
        ledger += more
    if "claim_without_encounter" not in source.without:
        ledger += _add(source, rows, found, alone)
    ledger += _same_day(source, rows, found)
    members, more = _enrolment(source)
    found.sort(key=lambda one: (one["paid_day"], one["claim_id"]))
    return {CLAIMS_FILE: claims.written(found), ENROLMENT_FILE: members}, ledger + more, rows, found


def _lost_and_alone(source: Source, rows: Table) -> tuple[np.ndarray, np.ndarray]:
    """Return which bills are never claimed, and which are claimed once more for a visit that never was."""
    last = source.end // DAY_SECONDS
    own = (rows["facility"] != claims.ELSEWHERE) & (rows["paid_day"] < last)
    simple = own & ~rows["replaced"] & ~rows["void"]
    key = rows["person"], rows["when"], rows["slot"]
    alone = chosen(source.draw(Purpose.CLAIM_ALONE, *key)[0], 0.008, simple & (rows["paid_day"] + _CHAIN_DAYS < last))
    lost = chosen(source.draw(Purpose.CLAIM_LOST, *key)[0], 0.015, simple & ~alone)
    return lost, alone


def _entry(fault, kind, source: Source, claim: dict, encounter: int, field, before, after) -> tuple:
    about = ("Encounter", source.encounter[encounter])
    return (fault, kind, *about, field, before, after, claim["claim_id"], WHY[fault], CLAIMS_FILE)


def _drop(source: Source, rows: Table, found: list[dict], lost: np.ndarray) -> tuple[list[dict], list[tuple]]:
    kept, ledger = [], []
    for claim in found:
        if lost[claim["bill"]]:
            encounter = int(rows["encounter"][claim["bill"]])
            what = ("claim", claim["claim_id"], None)
            ledger.append(_entry("encounter_without_claim", claim["type"], source, claim, encounter, *what))
        else:
            kept.append(claim)
    return kept, ledger


def _add(source: Source, rows: Table, found: list[dict], alone: np.ndarray) -> list[tuple]:
    """Append a claim for a visit that the export does not hold, some days after a real one; return the ledger."""
    ledger = []
    u = source.draw(Purpose.CLAIM_ALONE, rows["person"], rows["when"], rows["slot"])[1]
    for claim in [one for one in found if alone[one["bill"]]]:
        bill = claim["bill"]
        shift = 3 + int((_CHAIN_DAYS - 5) * u[bill])
        encounter = int(rows["encounter"][bill])
        days = dates([int(rows["from"][bill]) + shift, int(rows["through"][bill]) + shift])
        name = f"{claim['claim_id']}X"
        invented = claim | {"claim_id": name, "original_claim_id": name, "visit": _invented_visit(source, encounter)}
        invented |= {"from_date": days[0], "through_date": days[1]}
        invented |= {what: claim[what] + shift for what in ("received_day", "paid_day")}
        found.append(invented)
        about = ("Patient", source.patient[encounter], "visit", None, invented["visit"], name)
        fault = "claim_without_encounter"
        ledger.append((fault, claim["type"], *about, WHY[fault], CLAIMS_FILE))
    return ledger


def _invented_visit(source: Source, encounter: int) -> str:
    """Return the number of a visit that the export does not hold, of the same form as all others."""
    return visit_number(f"e-{int(source.chart.encounters['bits'][encounter]) ^ 0xA5A5A5A5A5A5A5:014x}")


def _cut_codes(source: Source, rows: Table, found: list[dict], simple: np.ndarray) -> list[tuple]:
    """Cut a code down to its category in a few claims; return the ledger."""
    ledger = []
    own = rows["encounter"] >= 0
    open_to = np.array([bool(simple[c["bill"]] and own[c["bill"]] and _cut_where(c)) for c in found], dtype=bool)
    key = [np.array([int(rows[name][c["bill"]]) for c in found], dtype=np.int64) for name in ("person", "when", "slot")]
    cut = chosen(source.draw(Purpose.NOT_BILLABLE, *key)[0], 0.005, open_to)
    if "code_not_billable" in source.without:
        return ledger
    for place in np.flatnonzero(cut).tolist():
        claim = found[place]
        field, number = _cut_where(claim)
        before = claim[field] if field == "principal_dx" else claim[field][number]
        match = _CATEGORY.fullmatch(before)
        after = next(group for group in match.groups() if group)
        if field == "principal_dx":
            claim[field] = after
        else:
            claim[field] = [after if k == number else code for k, code in enumerate(claim[field])]
        encounter = int(rows["encounter"][claim["bill"]])
        ledger.append(_entry("code_not_billable", after, source, claim, encounter, field, before, after))
    return ledger


def _cut_where(claim: dict) -> tuple[str, int] | None:
    if _CATEGORY.fullmatch(claim["principal_dx"]):
        return "principal_dx", 0
    places = [k for k, code in enumerate(claim["other_dx"]) if _CATEGORY.fullmatch(code)]
    return ("other_dx", places[0]) if places else None


def _same_day(source: Source, rows: Table, found: list[dict]) -> list[tuple]:
    """Return the inpatient stays of no night as near misses: each is a claim of one day that is right."""
    ledger = []
    for claim in found:
        short = claim["type"] == "inpatient" and claim["from_date"] == claim["through_date"]
        encounter = int(rows["encounter"][claim["bill"]])
        if short and claim["frequency"] == "1" and encounter >= 0 and claim["visit"] == source.visit[encounter]:
            what = ("Encounter", source.encounter[encounter], "through_date", None, claim["through_date"])
            near = ("feed_near_miss", "same_day_stay", *what, claim["claim_id"], WHY_SAME_DAY, CLAIMS_FILE)
            ledger.append(near)
    return ledger


def _enrolment(source: Source) -> tuple[bytes, list[tuple]]:
    """Return the members with the span of their cover and their deaths, and the deaths that stand here alone."""
    patients, people = source.patients, source.world.people
    rows = patients.exported
    names = claims.members(source, rows)
    first = np.full(people["person"].size, source.end)
    np.minimum.at(first, source.chart.encounters["row"], source.chart.encounters["start"])
    u = source.draw(Purpose.CLAIM, people["person"][rows], 0, 16 * 9)[0]
    begins = dates(local_day(first[rows]) - 30 - (700 * u).astype(np.int64))
    dead = people["dead"][rows]
    gone = np.isfinite(dead) & (dead * DAY_SECONDS < source.end)
    died = dates(local_day(np.where(gone, dead, 0) * DAY_SECONDS))
    records = {int(row): place for place, row in enumerate(patients.row.tolist()) if patients.record[place] == 0}
    lines, ledger = [], []
    unheard = set(patients.unheard)
    for k, row in enumerate(rows.tolist()):
        place, day = records[row], died[k] if gone[k] else ""
        lines.append([names[k], patients.number[place], begins[k], day, day])
        if row in unheard:
            what = ("Patient", source.record_ids[place], "deceasedDateTime", day, None, names[k])
            fault = "death_known_to_claims_only"
            ledger.append((fault, sheet.PAYERS[people["payer"][row]], *what, WHY[fault], ENROLMENT_FILE))
    return claims.table_bytes(ENROLMENT, sorted(lines)), ledger
