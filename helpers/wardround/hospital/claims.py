"""Claims over all years: what the payers' file says of the same stays, weeks later and by the day.

One claim an inpatient stay, an emergency visit sent home and an observation stay; what happened in another hospital is
in no other file of ours. A claim has versions: original (1), replacement (7), void (8). What is not paid when the file
is drawn is not in it. Payers' lag, shares and prices are assumptions.
"""

from __future__ import annotations

import csv
import io

import numpy as np

from . import codes
from . import parameters as sheet
from . import stays as lives
from .entries import EMER, ICD, IMP, PROCEDURES
from .people import Table
from .sources import DAY_SECONDS, Source, dates, local_day
from .streams import DAY, Purpose, normal
from .warehouse import bill_adjusted

COLUMNS = (
    *("claim_id", "claim_control", "original_claim_id", "frequency", "member_id", "mrn", "visit", "facility", "payer"),
    *("type", "from_date", "through_date", "admit_type", "discharge_status", "principal_dx", "other_dx", "procedures"),
    *("charge", "allowed", "paid", "received_date", "paid_date", "status"),
)
INPATIENT, EMERGENCY, OBSERVATION = range(3)
TYPES = ("inpatient", "emergency", "observation")
PAYERS = ("medicare", "medicaid", "self_pay", "private")  # in the order of ``parameters.PAYERS``
FACILITIES = ("QGH", "EBH", "elsewhere")
ELSEWHERE = 2
_LETTERS = ("MA", "MD", "SP", "PR")
_ALLOWED = np.array([0.42, 0.33, 0.25, 0.62])  # of the charge
_PRICE = {"coronary": 1.9, "planned": 2.2, "sepsis": 1.4, "stroke": 1.3, "chemotherapy": 1.6, "injury": 1.4}
_PRICES = np.array([_PRICE.get(name, 1.0) for name in sheet.GROUPS])
_SLOT_ELSEWHERE = 8
_BILL = ("number", "received", "paid_day", "again", "again_paid", "replaced", "void", "how", "much")


def bills(source: Source) -> Table:
    """Return one row a bill: what is owed for which encounter, and the draws that decide its versions."""
    parts = [_own_bills(source), _bills_elsewhere(source)]
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    draw = lambda k: source.draw(Purpose.CLAIM, rows["person"], rows["when"], 16 * k + rows["slot"])  # noqa: E731
    rows["days"] = rows["through"] - rows["from"]
    rows |= _money(source, rows, draw(0))
    lag_u, received_u, next_u, next_paid_u = draw(1)
    lag = np.clip(np.rint(np.exp(np.log(35) + 0.55 * normal(lag_u))), 8, 300).astype(np.int64)
    rows["paid_day"] = rows["through"] + lag
    rows["received"] = rows["through"] + 2 + (received_u * 0.6 * (lag - 3)).astype(np.int64)
    rows["again"] = rows["paid_day"] + 5 + (35 * next_u).astype(np.int64)
    rows["again_paid"] = rows["again"] + 7 + (28 * next_paid_u).astype(np.int64)
    void_u, replaced_u, how_u, much_u = draw(2)
    own = rows["facility"] != ELSEWHERE
    inpatient = rows["type"] == INPATIENT
    rows["void"] = own & (void_u < 0.02)
    adjusted = np.where(inpatient & own, rows["adjusted"], replaced_u < 0.065)
    rows["replaced"] = adjusted & ~rows["void"]
    rows["how"], rows["much"] = how_u, much_u
    rows["number"] = source.number("claims", rows["person"], rows["when"], rows["slot"], bits=40)
    return rows


def _own_bills(source: Source) -> Table:
    encounters, world = source.chart.encounters, source.world
    last = np.zeros(encounters["row"].size, dtype=bool)
    last[source.contacts.last[source.contacts.last >= 0]] = True
    inpatient = (encounters["cls"] == IMP) & last
    home = (encounters["cls"] == EMER) & (encounters["stay"] < 0) & (encounters["disposition"] != -2)
    observed = (encounters["cls"] != IMP) & (encounters["cls"] != EMER)
    at = np.flatnonzero((inpatient | home | observed) & ~encounters["open"])
    row = {name: column[at] for name, column in encounters.items()}
    kind = np.select([row["cls"] == IMP, row["cls"] == EMER], [INPATIENT, EMERGENCY], OBSERVATION)
    inside = row["stay"] >= 0
    first = np.where(inside, encounters["start"][source.contacts.first[row["stay"]]], row["start"])
    adjusted = np.zeros(at.size, dtype=bool)
    adjusted[inside] = _adjusted(source)[row["stay"][inside]]
    return {
        **{"encounter": at, "row": row["row"], "person": row["person"], "when": row["when"], "slot": row["part"]},
        **{"type": kind, "facility": row["site"], "from": local_day(first), "through": local_day(row["stop"])},
        **{
            "hours": (row["stop"] - first) / 3600,
            "group": row["group"],
            "planned": row["planned"],
            "stay": row["stay"],
        },
        **{"disposition": np.where(row["disposition"] >= 0, row["disposition"], sheet.HOME), "adjusted": adjusted},
        "payer": world.people["payer"][row["row"]],
    }


def _adjusted(source: Source) -> np.ndarray:
    """Return which stays' bills are adjusted, as the warehouse's ``billing_status`` says."""
    stay = source.world.stays
    u = source.draw(Purpose.AFTERWARDS, stay["person"], stay["day"] + DAY)[2]
    day = np.where(np.isnan(stay["returned_at"]), stay["next_day"], stay["returned_at"] - stay["discharge"])
    return bill_adjusted(u, np.isin(stay["next_event"], [lives.BACK_HERE, lives.BACK_ELSEWHERE]) & (day <= 30))


def _bills_elsewhere(source: Source) -> Table:
    """Return the unplanned stays in other hospitals: known to payers alone, under no number of ours."""
    stay, known = source.world.stays, source.contacts.last >= 0
    at = np.flatnonzero(known & (stay["next_event"] == lives.BACK_ELSEWHERE) & (stay["next_day"] <= 30))
    start = stay["discharge"][at] + stay["next_day"][at]
    person, when = stay["person"][at], stay["day"][at] + DAY
    length_u, fate_u, _, _ = source.draw(Purpose.CLAIM, person, when, 16 * 7 + _SLOT_ELSEWHERE)
    length = np.clip(np.exp(1.1 + 0.7 * normal(length_u)), 0.4, 40)
    row, size, seconds = stay["row"][at], at.size, DAY_SECONDS
    stop = np.minimum(start + length, _next_contact(source, row, start))  # nobody lies in two hospitals at once
    keep = (start < source.world.end) & (stop < source.world.people["dead"][row])
    rows = {
        **{"encounter": np.full(size, -1), "row": row, "person": person, "when": when},
        **{"slot": np.full(size, _SLOT_ELSEWHERE), "type": np.full(size, INPATIENT), "facility": np.full(size, 2)},
        **{"from": local_day(start * seconds), "through": local_day(stop * seconds), "hours": 24 * (stop - start)},
        **{"group": stay["group"][at], "planned": np.zeros(size, dtype=bool), "stay": at},
        "disposition": np.where(fate_u < 0.7, sheet.HOME, np.where(fate_u < 0.85, sheet.HOME_HEALTH, sheet.SNF)),
        **{"adjusted": np.zeros(size, dtype=bool), "payer": stay["payer"][at]},
    }
    return {name: column[keep] for name, column in rows.items()}


def _next_contact(source: Source, row: np.ndarray, moment: np.ndarray) -> np.ndarray:
    """Return when each person next comes to us after a moment (days); infinite for never."""
    encounters, span = source.chart.encounters, 10_000.0
    axis = encounters["row"] * span + encounters["start"] / DAY_SECONDS
    place = np.searchsorted(axis, row * span + moment)
    owner, start = np.append(encounters["row"], -1)[place], np.append(encounters["start"], 0)[place]
    return np.where(owner == row, start / DAY_SECONDS, np.inf)


def _money(source: Source, rows: Table, u: np.ndarray) -> Table:
    price = np.where(rows["group"] >= 0, _PRICES[rows["group"]], 1.0)
    noise = normal(u[0])
    days = np.maximum(rows["hours"] / 24, 0.3)
    charge = np.select(
        [rows["type"] == INPATIENT, rows["type"] == EMERGENCY],
        [3900 * price * (1.5 + days) ** 0.9 * np.exp(0.25 * noise), np.exp(7.2 + 0.5 * noise)],
        5200 * days**0.4 * np.exp(0.3 * noise),
    )
    allowed = charge * _ALLOWED[rows["payer"]] * np.exp(0.05 * normal(u[1]))
    share = np.where(rows["payer"] == PAYERS.index("self_pay"), 0.1 + 0.5 * u[2], 0.8 + 0.19 * u[2])
    return {"charge": np.round(charge, 2), "allowed": np.round(allowed, 2), "paid": np.round(allowed * share, 2)}


def members(source: Source, rows: np.ndarray) -> list[str]:
    """Return the member number of people with their payers: the same for all their records, and nobody's MRN."""
    people = source.world.people
    numbers = source.number("members", people["person"][rows], people["payer"][rows], 0, bits=40)
    letters = [_LETTERS[payer] for payer in people["payer"][rows].tolist()]
    return [f"{letter}{number:012d}" for letter, number in zip(letters, numbers.tolist(), strict=True)]


def codes_of(source: Source) -> tuple[dict[int, list[str]], dict[int, list[str]]]:
    """Return encounter -> ICD-10-CM codes by rank, and encounter -> ICD-10-PCS codes in their order."""
    table, found = source.chart.conditions, {}
    rows = zip(table["encounter"].tolist(), table["rank"].tolist(), table["code"].tolist(), strict=True)
    for encounter, _, code in sorted(row for row in rows if row[0] >= 0):
        found.setdefault(encounter, []).append(ICD[code])
    done: dict[int, list[str]] = {}
    table, known = source.chart.procedures, [codes.PROCEDURE[name][0] for name in PROCEDURES]
    for encounter, which in zip(table["encounter"].tolist(), table["procedure"].tolist(), strict=True):
        done.setdefault(encounter, []).append(known[which])
    return found, done


def versions(source: Source, rows: Table) -> list[dict]:
    """Return every version of every claim that was paid before the file was drawn, in the order of payment."""
    diagnoses, procedures = codes_of(source)
    names = members(source, rows["row"])
    first = source.contacts.first
    last_day = int(source.end // DAY_SECONDS)
    made: list[dict] = []
    columns = {name: column.tolist() for name, column in rows.items()}
    text = {name: dates(rows[name]) for name in ("from", "through")}
    for k, encounter in enumerate(columns["encounter"]):
        elsewhere = encounter < 0
        coded = diagnoses.get(encounter) or _codes_elsewhere(columns["group"][k])
        done = procedures.get(encounter, [])
        if not elsewhere and columns["stay"][k] >= 0 and first[columns["stay"][k]] != encounter:
            done = [*procedures.get(int(first[columns["stay"][k]]), []), *done]
        claim = {
            **{"member_id": names[k], "mrn": "" if elsewhere else source.mrn[encounter]},
            **{"visit": "" if elsewhere else source.visit[encounter], "facility": FACILITIES[columns["facility"][k]]},
            **{"payer": PAYERS[columns["payer"][k]], "type": TYPES[columns["type"][k]]},
            **{"from_date": text["from"][k], "through_date": text["through"][k]},
            "admit_type": "elective" if columns["planned"][k] else "emergency",
            "discharge_status": sheet.DISPOSITIONS[columns["disposition"][k]],
            **{"principal_dx": coded[0], "other_dx": coded[1:], "procedures": done, "bill": k},
            **{name: columns[name][k] for name in ("charge", "allowed", "paid")},
        }
        made += _chain(claim, {name: columns[name][k] for name in _BILL}, last_day)
    made.sort(key=lambda one: (one["paid_day"], one["claim_id"]))
    return made


def _codes_elsewhere(group: int) -> list[str]:
    """Return the codes of another hospital: what a group's patients come back with, as far as its principal goes."""
    return list(codes.PRINCIPAL[sheet.GROUPS[group]][:1])


def _chain(final: dict, bill: dict, last_day: int) -> list[dict]:
    """Return the versions of one claim that were paid before ``last_day``."""
    name = f"C{bill['number']:010X}"
    original = final | {"claim_id": name, "original_claim_id": name, "frequency": "1", "status": "paid"}
    original |= {"received_day": bill["received"], "paid_day": bill["paid_day"]}
    again = {"received_day": bill["again"], "paid_day": bill["again_paid"], "original_claim_id": name}
    chain = [original]
    if bill["replaced"]:
        _spoil(original, bill)
        chain.append(final | again | {"claim_id": f"{name}R", "frequency": "7", "status": "paid"})
    elif bill["void"]:
        negative = {what: -final[what] for what in ("charge", "allowed", "paid")}
        chain.append(final | again | negative | {"claim_id": f"{name}V", "frequency": "8", "status": "void"})
        if bill["how"] < 0.5:  # billed again as a claim of its own, as after a mistaken member
            new = {"claim_id": f"{name}B", "original_claim_id": f"{name}B", "frequency": "1", "status": "paid"}
            days = {
                "received_day": bill["again_paid"] + 3,
                "paid_day": bill["again_paid"] + 3 + int(30 * bill["much"]) + 5,
            }
            chain.append(final | new | days)
    return [one for one in chain if one["paid_day"] < last_day]


def _spoil(original: dict, bill: dict) -> None:
    """Make the original what was replaced: denied, without its last code, or of another charge."""
    if bill["how"] < 0.4:
        original |= {"status": "denied", "paid": 0.0, "allowed": 0.0}
    elif bill["how"] < 0.75 and original["other_dx"]:
        original["other_dx"] = original["other_dx"][:-1]
    else:
        factor = 0.6 + 0.7 * bill["much"]
        for what in ("charge", "allowed", "paid"):
            original[what] = round(original[what] * factor, 2)


def written(claims: list[dict]) -> bytes:
    """Return the bytes of ``claims.csv``."""
    received = dates([one["received_day"] for one in claims])
    paid = dates([one["paid_day"] for one in claims])
    return table_bytes(COLUMNS, (_line(*one) for one in zip(claims, received, paid, strict=True)))


def _line(claim: dict, received: str, paid: str) -> list[str]:
    claim = claim | {"received_date": received, "paid_date": paid, "claim_control": _control(claim)}
    claim |= {name: " ".join(claim[name]) for name in ("other_dx", "procedures")}
    claim |= {name: f"{claim[name]:.2f}" for name in ("charge", "allowed", "paid")}
    return [claim[name] for name in COLUMNS]


def _control(claim: dict) -> str:
    """Return the payer's own number: another for every version."""
    return f"{claim['member_id'][:2]}{int(claim['claim_id'][1:11], 16) % 10**9:09d}{claim['claim_id'][11:] or 'A'}"


def table_bytes(columns: tuple[str, ...], rows) -> bytes:
    """Return a table as CSV with a header and line feeds."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return stream.getvalue().encode()
