"""The bank behind Q1: what colleagues have added to A1's table, and how a table that would leave is held against the list.

Another hospital has other additions, with names that tell nothing. Not in the grading box.
"""

from __future__ import annotations

import hashlib
import uuid

import numpy as np
import pandas as pd
from wardround.records.cohort import cohort
from wardround.records.features import READMISSION, ZONE

FEATURES = READMISSION.names
EXPECTED = (*FEATURES, "back", "year", "patient")
OPTIONAL = ("zip3", "birth_year", "state")
ADDED = 4  # columns of the bank
ABROAD = 0.06  # of patients, who live elsewhere: an assumption, so that the table of prefixes matters
PREFIXES = ("063", "790", "890", "369", "772", "204", "036", "692", "821", "205", "969")
LIMIT, POOLED = 20_000, 90
LOST = 0.01  # AUROC that may be lost
SAME = 0.5  # of codes that come out twice


# the bank: name -> (what it is made of, how) --------------------------------------------------------------------------
def _initials(rows):
    return rows.given.str[:1] + rows.family.str[:1] + rows.birth_date.str[5:10].str.replace("-", "")


def _remark(rows):
    words = ("{given}'s sister will collect", "bed near the window", "ask {family} about the key", "usual ward")
    picked = rows.birth_date.str[-1:].map(lambda digit: ord(digit) % len(words))
    return [words[k].format(given=g, family=f) for k, g, f in zip(picked, rows.given, rows.family, strict=True)]


BANK = {
    "case_no": ("initials, with day and month of birth", _initials),
    "chart_ref": ("the last four digits of the record number", lambda rows: rows.mrn.str[-4:]),
    "contact_ref": ("the last four digits of the telephone number", lambda rows: rows.phone.str[-4:]),
    "stay_code": ("the patient's id and a running number", lambda rows: rows.patient_id.str[2:8] + "-" + rows.turn),
    "slot": ("the week of arrival", lambda rows: rows.began.dt.strftime("%G-W%V")),
    "batch": ("days since the first of January 2020", lambda rows: (rows.began - pd.Timestamp("2020-01-01")).dt.days),
    "tour": ("the day of the year on which the stay began", lambda rows: rows.began.dt.day_of_year),
    "block": ("the street", lambda rows: rows.address.str.replace(r"^\d+\s+", "", regex=True)),
    "area": ("the town", lambda rows: rows.city),
    "band": ("the serial number of the wristband", lambda rows: "SN-" + rows.encounter_id.str[2:10]),
    "remark": ("a free text with names in it", _remark),
    "token": ("MD5 of name and birth date", lambda rows: _digest("md5", rows.family + rows.given + rows.birth_date)),
}


def _digest(name, values):
    return [hashlib.new(name, value.encode()).hexdigest() for value in values]


def made(hospital, dice):
    """Return the table as a colleague would send it, and what was added: column to what it is made of."""
    stays = cohort(hospital).sort_values(["asked_at", "encounter_id"], ignore_index=True)
    people = hospital.tables.patients.drop_duplicates("patient_key").set_index("patient_key")
    known = people.reindex(stays.patient_id)[
        ["family", "given", "mrn", "phone", "address", "city", "state", "birth_date"]
    ]
    rows = known.fillna("").astype("str").reset_index(drop=True)
    rows = rows.assign(patient_id=stays.patient_id, encounter_id=stays.encounter_id)
    rows["began"] = stays.admitted_at.dt.tz_convert(ZONE).dt.tz_localize(None)
    rows["turn"] = (stays.groupby("patient_id").cumcount() + 1).astype("str")
    added = sorted(dice.permutation(sorted(BANK))[:ADDED].tolist())
    table = pd.DataFrame(
        {
            **{name: stays[name] for name in ("encounter_id", "patient_id")},
            "record_code": _digest("sha256", rows.mrn),
            "birth_date": rows.birth_date,
            "state": rows.state,
            "zip": _zips(stays, dice),
            **{name: stays[name] for name in ("admitted_at", "discharged_at")},
        }
    )
    for name in added:
        table[name] = BANK[name][1](rows)
    table = pd.concat([table, READMISSION.compute(stays)], axis=1).assign(back=stays.state.eq("readmitted"))
    table = table.iloc[dice.permutation(len(table))].reset_index(drop=True)
    return table, {name: BANK[name][0] for name in added}


def _zips(stays, dice):
    """Five digits for each stay; some patients live elsewhere, under prefixes of which some are told by no table."""
    patients = np.sort(stays.patient_id.unique())
    some = dice.random(len(patients)) < ABROAD
    away = [
        f"{prefix}{number:02d}"
        for prefix, number in zip(
            dice.choice(PREFIXES, len(patients)), dice.integers(1, 99, len(patients)), strict=True
        )
    ]
    moved = pd.Series(away, patients)[some]
    return stays.patient_id.map(moved).fillna(stays.zip).astype("str")


# judging --------------------------------------------------------------------------------------------------------------
def held(answer, table, added, people):
    """Return ``findings`` (code to what is told), ``auroc`` and ``auroc_before``; a table without findings may leave."""
    out = answer["table"]
    asked = _rebuilder()
    findings = _columns(out, table, added) | _values(out, people, table) | _codes(answer, table)
    before = asked(table.assign(year=_year(table)), FEATURES)
    after = None
    if not {"lacking", "rows", "year"} & set(findings) and "year" not in findings.get("dates", ()):
        after = _worth(asked, out)
        if not after >= before["auroc"] - LOST:
            findings["worth"] = f"{after:.3f}"
    worth = {"auroc": after, "auroc_before": before["auroc"]}
    return {"findings": findings, **worth, "alone": _alone(out), "oldest": _oldest(out)}


def _oldest(out):
    """How the pooled ages are shown: ``pooled`` as the list has it; ``missing``, or ``below`` as a younger age, tell less."""
    age = pd.to_numeric(out["age"], errors="coerce") if "age" in out else pd.Series(dtype=float)
    if age.eq(POOLED).any():
        return "pooled"
    return "missing" if age.isna().any() else "below"


def _worth(asked, out):
    """The AUROC of A1 on the table; 0 where it cannot be learnt on what has become of its columns."""
    try:
        return asked(out, FEATURES)["auroc"]
    except (TypeError, ValueError):
        return 0.0


def _rebuilder():
    from wardround.course.given import given

    return lambda table, features: given(11).rebuild(table)


def _year(table):
    return table.discharged_at.dt.tz_convert(ZONE).dt.year


def _years_of(year, table):
    """Whether these are the years of discharge, or of admission, on the wall or in UTC."""
    said = np.sort(year.to_numpy(float))
    moments = [table[name] for name in ("discharged_at", "admitted_at")]
    ways = [some for moment in moments for some in (moment, moment.dt.tz_convert(ZONE))]
    return any(np.array_equal(said, np.sort(way.dt.year.to_numpy(float))) for way in ways)


def _columns(out, table, added):
    """Columns that are lacking, and those that nobody has allowed: by what they are."""
    findings = {}
    if lacking := [name for name in EXPECTED if name not in out]:
        findings["lacking"] = lacking
    if "lacking" not in findings and len(out) != len(table):
        findings["rows"] = len(table) - len(out)
    unknown = [name for name in out if name not in EXPECTED + OPTIONAL]
    known = {name: set(table[name].astype("str")) for name in ("encounter_id", "patient_id", "record_code")}
    known["moments"] = {*table["admitted_at"].astype("str"), *table["discharged_at"].astype("str")}
    for name in unknown:
        findings.setdefault(_what(name, out[name], added, known), []).append(name)
    return findings


def _what(name, column, added, known):
    values = set(column.dropna().astype("str"))
    if values & known["record_code"] or name == "record_code":
        return "hashed"
    if values & (known["patient_id"] | known["encounter_id"]):
        return "ids"
    if name in added:
        return "added"
    if name in ("birth_date", "admitted_at", "discharged_at") or _looks_like_dates(column):
        moved = len(values & known["moments"]) < 0.3 * len(values)
        return "shifted" if _to_the_minute(column) and moved else "dates"
    return "zip" if name == "zip" else "unknown"


def _to_the_minute(column):
    """Whether there are moments and not days: then those that were are known from those that were moved."""
    text = column.dropna().astype("str")
    return bool(text.str.contains(r"\d\d:\d\d").mean() > 0.5) and not text.str.contains("00:00:00").mean() > 0.5


def _looks_like_dates(column):
    if pd.api.types.is_numeric_dtype(column):
        return str(column.name).lower() in ("month", "week", "day", "weekday", "quarter", "dayofyear", "date", "season")
    return bool(column.dropna().astype("str").str.contains(r"(?:19|20)\d\d-\w?\d").mean() > 0.5)


def _values(out, people, table):
    """Ages, birth years and prefixes that the list does not let pass."""
    findings = {}
    age = pd.to_numeric(out["age"], errors="coerce") if "age" in out else pd.Series(dtype=float)
    if old := int((age > POOLED).sum()):
        findings["age"] = old
    year = pd.to_numeric(out["year"], errors="coerce") if "year" in out else pd.Series(dtype=float)
    if len(year) == len(table) and not _years_of(year, table):
        findings |= {"dates": ["year"]} if _looks_like_dates(out["year"]) else {"year": True}
    if "birth_year" in out and len(year):
        born = pd.to_numeric(out["birth_year"], errors="coerce")
        if shown := int((year - born > POOLED).sum()):
            findings["birth_year"] = shown
    if "zip3" in out:
        allowed = set(people.prefix[people.people > LIMIT]) | {"000"}
        prefix = out["zip3"].dropna().astype("str")
        wrong = prefix[~prefix.isin(allowed)]
        if len(wrong):
            findings["zip3"] = {"rows": len(wrong), "prefixes": sorted(wrong.unique())[:12]}
    return findings


def _codes(answer, table):
    """What a patient's code tells: an id, a hash of one, a rank, a place in the table, or the same thing at each release."""
    out = answer["table"]
    if "patient" not in out or out["patient"].isna().any() or len(out) != len(table):
        return {"code": "gaps"} if "patient" in out and out["patient"].isna().any() else {}
    codes = _as_text(out["patient"])
    if not np.array_equal(
        np.sort(codes.value_counts().to_numpy()), np.sort(table.patient_id.value_counts().to_numpy())
    ):
        return {"code": "groups"}
    known = {name: table[name].astype("str").unique() for name in ("patient_id", "encounter_id", "record_code")}
    if set(codes) & set(known["record_code"]):
        return {"code": "record_code"}
    if any(set(codes) & set(values) for values in known.values()):
        return {"code": "ids"}
    if _hashed(codes, known):
        return {"code": "hash"}
    pairs = _aligned(out, table)
    if pairs is None:
        return {}
    if _ranked(pairs, pairs["patient_id"]):
        return {"code": "rank"}
    if _drawn_again(pairs, answer["some"], table):
        return {"code": "same"}
    if not _drawn_again(pairs, answer["twice"], table):
        return {}
    first = table.reset_index().groupby("patient_id")[["index", "admitted_at"]].min().rank()
    places = (pairs["patient_id"].map(first[name]) for name in first)
    return {"code": "place" if any(_ranked(pairs, place) for place in places) else "seed"}


def _as_text(codes):
    return codes.map(lambda code: f"{code:.0f}" if isinstance(code, float) else str(code))


def _hashed(codes, known):
    """Whether codes are (the beginning of) an unkeyed hash of an id, or of a hash of one."""
    shown = {code.lower().split("-")[-1][:8] for code in codes} | {code.lower()[:8] for code in codes}
    some = [value for values in known.values() for value in values[:200]]
    some += [value.removeprefix("p-") for value in known["patient_id"][:200]]
    hashes = (
        hashlib.md5,
        hashlib.sha1,
        hashlib.sha224,
        hashlib.sha256,
        hashlib.sha384,
        hashlib.sha512,
        hashlib.blake2b,
        hashlib.blake2s,
        hashlib.sha3_256,
    )
    spaces = (uuid.NAMESPACE_DNS, uuid.NAMESPACE_URL, uuid.NAMESPACE_OID, uuid.NAMESPACE_X500)
    found = sum(make(value.encode()).hexdigest()[:8] in shown for make in hashes for value in some)
    found += sum(str(uuid.uuid5(space, value))[:8] in shown for space in spaces for value in some)
    return found >= 20


def _aligned(out, table):
    """Patient id and code of rows that their features tell apart; None where features were changed too much."""
    names = [name for name in FEATURES if name in out and name != "age"]
    left = table[["patient_id", *names]].round(6)
    right = out[names].astype(float).round(6).assign(patient=_as_text(out["patient"]))
    left, right = (some.drop_duplicates(names, keep=False) for some in (left, right))
    both = left.merge(right, on=names)
    return both[["patient_id", "patient"]] if len(both) > 100 else None


def _ranked(pairs, order):
    """Whether the order of the codes is that of the ids, or of something else that the house knows."""
    numbers = pd.to_numeric(pairs["patient"].astype("str").str.extract(r"(\d+)$", expand=False), errors="coerce")
    if numbers.isna().any():
        return False
    return abs(numbers.rank().corr(order.rank())) > 0.98


def _drawn_again(pairs, other, table):
    """Whether another release gives most patients the code that they have in this one."""
    second = _aligned(other, table) if "patient" in other else None
    return second is not None and _same(pairs, second) > SAME


def _same(pairs, second):
    first, then = (
        some.drop_duplicates("patient_id").set_index("patient_id")["patient"].astype("str") for some in (pairs, second)
    )
    both = first.index.intersection(then.index)
    return float((first[both] == then[both]).mean()) if len(both) else 0.0


def _alone(out):
    """Of 1,000 rows those that stand alone with age, sex, year, payer and what is on the problem list."""
    names = [name for name in FEATURES if name.startswith(("payer_", "group_")) or name in ("age", "female")]
    names = [name for name in [*names, "year"] if name in out]
    if not names or not len(out):
        return None
    return round(1000 * float(out.groupby(names, dropna=False)[names[0]].transform("size").eq(1).mean()))
