"""Checks of people and stays: one person under two records, one result under two ids, stays that overlap."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations

import numpy as np
import pandas as pd

from .facts import Facts
from .likeness import differences
from .register import Found, NotJudged, check, rows, say

_BLOCK = 60  # more records than this under one date of birth and name are a placeholder, not people
_INPATIENT = ("IMP", "ACUTE", "NONAC")
_TOGETHER = pd.Timedelta(hours=1)


@check(
    *("same_result_twice", "look", "values", "The same result under two ids"),
    consequence="Two equal results look like a confirmed one, and a count of tests is too high.",
    ask="Does the result reach the chart by two interfaces?",
)
def same_result(facts: Facts) -> Found:
    held = facts.measured[facts.measured["effective_at"].notna() & facts.measured["key"].notna()]
    what = ["patient_key", "code", "effective_at", "value", "label"]
    several = held[held.duplicated(what, keep=False) & held["patient_key"].notna()]
    distinct = several.groupby(what, sort=False)["key"].transform("nunique")
    several = several[distinct > 1]
    first = several.groupby(what, sort=False)["key"].transform("first")
    bad = several[several["key"] != first].drop_duplicates("key")
    name = bad["text"].fillna(bad["code"])
    detail = say("{} {:g}: as in {}", name, bad["value"], first[bad.index])
    return Found(rows(bad, "value", detail), len(held))


@check(
    *("patient_pairs", "look", "patients", "Patient records that may be one person"),
    consequence="Half of the history is in the other record: an allergy, a stay, a readmission is not seen.",
    ask="Who decides on merges, and which of these pairs are known? Never merge on this list alone.",
)
def pairs(facts: Facts) -> Found:
    people = facts.people
    found = defaultdict(list)
    for one, other, words in candidates(people):
        if (min(one, other), max(one, other)) not in facts.links:
            found[one].append(f"{other} ({words})")
            found[other].append(f"{one} ({words})")
    held = pd.DataFrame({"kind": "Patient", "key": list(found)}, dtype="str")
    detail = np.array(["like " + ", ".join(others) for others in found.values()], dtype=object)
    n = sum(map(len, found.values())) // 2
    more = f"{n:,} pairs without a link, all of them candidates." if n else ""
    return Found(rows(held, "name", detail), len(people), more)


def candidates(people: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Return pairs of records that may be one person: (key, key, what differs), each pair once.

    Records are compared that share the birth date, or surname, given name and a telephone number or address.
    """
    wanted = ["family", "given", "birth_date", "gender", "phone", "address", "zip"]
    records = {key: dict(zip(wanted, row, strict=True)) for key, *row in people[wanted].itertuples(name=None)}
    blocks = defaultdict(list)
    for key, one in records.items():
        one |= {
            name: None if not isinstance(value, str) else " ".join(value.split()).casefold()
            for name, value in one.items()
        }
        if one["birth_date"]:
            blocks["born", one["birth_date"], (one["family"] or "")[:1]].append(key)
            if one["given"]:
                blocks["given", one["birth_date"], one["given"].split()[0]].append(key)
        if one["family"] and one["given"]:
            for name in ("phone", "address"):
                if one[name]:
                    blocks[name, one[name], one["family"], one["given"].split()[0]].append(key)
    seen: dict[tuple[str, str], str | None] = {}
    for keys in blocks.values():
        if len(keys) <= _BLOCK:
            for pair in combinations(sorted(keys), 2):
                if pair not in seen:
                    seen[pair] = differences(records[pair[0]], records[pair[1]])
    return [(*pair, words) for pair, words in seen.items() if words]


@check(
    *("patient_linked", "note", "patients", "Patient records joined by a link"),
    consequence="Counting records counts these people twice.",
    ask="Which record stands, and are results of the other moved to it?",
)
def linked(facts: Facts) -> Found:
    joined = sorted({key for pair in facts.links for key in pair if key in facts.people.index})
    held = pd.DataFrame({"kind": "Patient", "key": joined}, dtype="str")
    return Found(rows(held, "link", "joined with another record"), len(facts.people))


@check(
    *("stays_overlap", "look", "inpatient stays", "Inpatient stays of one patient that overlap"),
    consequence="One patient in two beds: one of the stays is another person's, or a transfer without an end.",
    ask="Which stay is wrong, or is it a transfer that was never closed?",
)
def overlap(facts: Facts) -> Found:
    stays = facts.encounters
    stays = stays[stays["class_code"].isin(_INPATIENT) & stays["patient"].notna() & stays["start_low"].notna()]
    stays = stays[~stays["status"].astype(object).isin(["entered-in-error", "cancelled", "planned"])]
    stays = stays[(stays["end_low"] >= stays["start_low"])].sort_values(["patient", "start_low"], kind="stable")
    if not len(stays):
        raise NotJudged("No inpatient stay has a beginning and an end, so overlapping stays were not looked for.")
    longest = stays.groupby("patient", sort=False, observed=True)["end_low"].cummax().shift()
    same = stays["patient"] == stays["patient"].shift()
    over = same & (stays["start_high"] + _TOGETHER < longest)
    bad = stays[over].reset_index(drop=True)
    detail = say("{} is before the end of the patient's earlier stay", bad["start"])
    return Found(rows(bad, "period.start", detail), len(stays))
