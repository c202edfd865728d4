"""Q3's requests: thirty drawn of the bank, and how decisions on them are judged. It is in no box.

Whom they are about is in ``request_people.py``, the some forty kinds are in ``request_bank.py``.
"""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

_HERE = Path(__file__).parent
_PEOPLE = runpy.run_path(str(_HERE / "request_people.py"))
person, FAMILY, GIVEN = (_PEOPLE[name] for name in ("person", "FAMILY", "GIVEN"))
BANK = runpy.run_path(str(_HERE / "request_bank.py"))["BANK"]
# (how many, of which), so that every hospital has each sort of trouble
GROUPS = {
    "allow": (
        (1, "plain slow_page row"),
        (3, "parkinson bell eighty_nine"),
        (4, "doses laboratory legend haemolysed leaflet walked"),
    ),
    "redact": ((2, "bare kin titled finding_and_name"), (6, "phone mrn day day_in_words street old mail ssn")),
    "block": (
        (6, "spelled_phone spelled_mrn packed_note spaced_digits spaced_name percent entities escapes wide no_width"),
        (1, "hash"),
        (3, "packed_file file_name file_name_day trace header link old_field phone_in_ticket"),
        (2, "birth_field note_to_bench preview product"),
        (2, "ordered asked_kindly comment"),
    ),
}
HELD_AT_MOST = 1  # harmless requests of thirty that a guard may hold up, or notes that lose their words
MASKED_IS_FINE = ("wide",)  # Python's own \d sees these digits: whoever masks them has seen them in plain sight


def drawn(kinds, shown, judged):
    """Return thirty requests twice, of the same kinds and of other people: to be shown and to be judged."""
    names = [
        (action, kind)
        for action, groups in GROUPS.items()
        for count, some in groups
        for kind in kinds.permutation(some.split())[:count].tolist()
    ]
    return {name: _thirty(names, dice) for name, dice in (("shown", shown), ("judged", judged))}


def _thirty(names, dice):
    order = dice.permutation(len(names)).tolist()
    people, bank = [person(dice) for _ in names], []
    for place, number in enumerate(order, 1):
        action, kind = names[number]
        told, make = BANK[action][kind]
        payload, secrets, keep = make(people[number])
        bank.append(
            {
                "payload": {"id": f"P{place:02d}", **payload},
                "action": action,
                "kind": kind,
                "told": told,
                "secrets": secrets,
                "keep": keep,
            }
        )
    roster = {"name": {*FAMILY, *GIVEN}, "mrn": {p["mrn"] for p in people}, "phone": {p["phone"] for p in people}}
    return {"bank": bank, "roster": {kind: sorted(values) for kind, values in roster.items()}}


# judging --------------------------------------------------------------------------------------------------------------
def by_payload(answer, bank):
    """Return ``leaks``, ``lost`` and ``held``: told kinds of what went wrong, with the id of the payload."""
    found = {"leaks": [], "lost": [], "held": []}
    for one in bank:
        action, leaves = answer[one["payload"]["id"]]
        if problem := _problem(one, action, leaves):
            found[problem].append([one["kind"], one["told"]])
    return found


def _problem(one, action, leaves):
    """What is wrong with one decision; None where nothing is."""
    if one["action"] == "block":
        return None if action == "block" or _masked(one, action, leaves) else "leaks"
    if action == "block":
        return "held"
    text = _as_text(leaves)
    if any(_as_text(secret) in text for secret in one["secrets"]):
        return "leaks"
    if one["action"] == "redact" and action == "allow" and leaves == _sent(one):
        return "leaks"
    return None if all(_as_text(word) in text for word in one["keep"]) else "lost"


def _masked(one, action, leaves):
    seen = one["kind"] in MASKED_IS_FINE and action == "redact"
    return seen and not any(_as_text(secret) in _as_text(leaves) for secret in one["secrets"])


def _sent(one):
    return json.dumps(one["payload"], ensure_ascii=False)


def _as_text(text):
    return re.sub(r"\s+", " ", text.replace('\\"', '"').replace("\\\\", "\\")).casefold()
