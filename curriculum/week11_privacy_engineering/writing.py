"""The notes behind Q2: the hospital's own, of which the truth knows the identifiers, and others that are harder. It is in no box.

Whoever is named in the harder ones is invented: telephone numbers 555-01xx, mail in example.org, record numbers that begin with 999.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from hashlib import md5, sha1, sha256

import pandas as pd

OWN, HARD = 180, 120  # notes of a set of 300, two thirds of each with an identifier in it
WITH = 2 / 3
NAMES_MANY = 3  # words that are no identifiers and are gone: more, and the note has lost its meaning
OPTIONAL = "clinician"  # not on the list; taking it out is a policy, so both are right
AGE = re.compile(r"^(?:Discharge summary\. (?:Man|Woman), )?(9\d|1\d\d)(?=-year-old|\.| yo )")
EPONYM = re.compile(r"Heberden|Dupuytren|Babinski|Murphy|Romberg|Sjögren")
RECORD = ("family", "given", "mrn", "phone", "address", "city", "zip", "birth_date")

FAMILY = [
    "Okafor",
    "Lindqvist",
    "Haverly",
    "Brandvold",
    "Castellane",
    "Dunmore",
    "Eskridge",
    "Fairbanks",
    "Ibarra",
    "Jorgensen",
    "Kowalczyk",
    "Nakagawa",
]
NAMESAKES = ["Graves", "Bell", "Wilson", "Addison"]  # a family name and a finding
KIN = ["Bexley", "Corrigan", "Drummond", "Ferreira", "Holloway", "Ingersoll", "Lockhart", "Mancuso"]
GIVEN = [  # a woman's name and a man's, in turn
    *("Ruth", "Arne", "Dolores", "Felix", "Ingrid", "Jerome", "Leona", "Conrad"),
    *("Miriam", "Nestor", "Odile", "Pavel", "Rosalind", "Stefan", "Tamsin", "Wendell"),
]
WRITTEN = 2024  # the year in which the harder notes were written
STREETS = ("Ledge Rd", "Orchard Ave", "Depot St", "Foundry St", "Bayard Ave", "Canal Rd")
TOWNS = ("Harrow Creek", "Saltmarsh Mills", "Fernhollow", "Pike Landing", "Lower Tarn", "Ashgrove")
FIRMS = ("Tarn Valley Sawmill", "Ledge Creek Quarry", "Pike Paper Mill", "Fernhollow Dairy")
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]

# kind: sentences with {x} for the identifier
SENTENCES = {
    "name": ("{x} slept well.", "Spoke with {x} about the plan."),
    "relative": (
        "The daughter-in-law, {x}, will collect the tablets.",
        "{His} brother {x} called twice.",
        "The grandson, {x}, has the key.",
        "{Her} stepmother {x} was there.",
    ),
    "employer": ("Works at {x} again from Monday.", "Retired from {x}."),
    "town": ("The son lives in {x}.", "Moved here from {x}."),
    "phone": ("Reach the sister on {x}.", "Call back number {x}."),
    "day": ("Sutures out on {x}.", "Seen again on {x}."),
    "ssn": ("Insurance asks for the last four of the Social Security number, {x}.",),
    "age": ("At {x} still walks to church.", "Turns {x} in spring."),
    "device": ("Pacemaker checked, serial {x}.",),
    "mail": ("Results go to {x}.",),
    "mrn": ("Old chart under {x}.",),
    "address": ("Home visit to {x} arranged.",),
}
# a finding, and the words that must be there afterwards
FINDINGS = (
    ("Known Parkinson's disease, levodopa 100 mg three times a day.", ("Parkinson", "100 mg")),
    ("Mild Alzheimer's disease, no driving.", ("Alzheimer",)),
    ("Hodgkin lymphoma in 2011, in remission.", ("Hodgkin", "2011")),
    ("Foley catheter out on day 2, Glasgow Coma Scale 15.", ("Foley", "Glasgow", "15")),
    ("Crohn's disease without a flare.", ("Crohn",)),
    ("Bell's palsy on the left.", ("Bell",)),
    ("Graves' disease, treated in 2019.", ("Graves", "2019")),
    ("Wilson's disease excluded.", ("Wilson",)),
    ("Addison's disease, hydrocortisone 20 mg.", ("Addison", "20 mg")),
    ("Blood pressure 138/82, pulse 72, haemoglobin 9.4.", ("138/82", "9.4")),
    ("Cheyne-Stokes breathing at night.", ("Cheyne",)),
    ("Marches of ten minutes from May on, if the knee allows.", ("Marches", "May")),
    ("Holter for 48 hours without a pause.", ("Holter", "48")),
)
OF_NAMESAKE = {"Bell": 5, "Graves": 6, "Wilson": 7, "Addison": 8}
OPENINGS = (  # with the age, and for notes that tell it elsewhere
    (
        "{age}-year-old {man}, came through the emergency department. {why}.",
        "{Man}, came through the emergency department. {why}.",
    ),
    ("{age} yo {man}. Planned admission: {why}.", "{Man}. Planned admission: {why}."),
    ("Discharge summary. {Man}, {age}. {why}.", "Discharge summary. {Man}. {why}."),
)
REASONS = ("Heart failure", "Pneumonia", "A fall with injury", "Rhythm disorder", "Kidney function out of order")
ENDINGS = (
    "Leaves home. Blood count in one week.",
    "Plan: home with home care. Weigh every morning.",
    "Home. Return at once for fever.",
)


def drawn(hospital, truth, dice):
    """Return two sets of 300 notes, ``practice`` and ``judged``: ``note text record spans keep``."""
    own = _own(hospital, truth, dice, 2 * OWN)
    hard = [_hard(dice, number) for number in range(2 * HARD)]
    rows = [own[:OWN] + hard[:HARD], own[OWN:] + hard[HARD:]]
    sets = {}
    for name, some in zip(("practice", "judged"), rows, strict=True):
        table = pd.DataFrame(some, columns=["text", "record", "spans", "keep"])
        table = table.iloc[dice.permutation(len(table))].reset_index(drop=True)
        table.insert(0, "note", [f"{name[0]}{number:03d}" for number in range(len(table))])
        sets[name] = table if name == "judged" else table.drop(columns="keep")
    return sets


def _own(hospital, truth, dice, count):
    """Discharge notes of the export, with what the truth says was planted, and ages over 89."""
    planted = {}
    for note, begin, end, kind in truth[["note_id", "begin", "end", "kind"]].itertuples(index=False):
        planted.setdefault(note, []).append((int(begin), int(end), str(kind)))
    people = hospital.tables.patients.drop_duplicates("patient_key").set_index("patient_key")
    people = people[list(RECORD)].fillna("").astype("str").to_dict("index")
    found = {True: [], False: []}
    for resource in {one["id"]: one for one in hospital.resources("DocumentReference")}.values():
        text = base64.b64decode(resource["content"][0]["attachment"]["data"]).decode()
        spans = planted.get(resource["id"], []) + [(*old.span(1), "age") for old in [AGE.match(text)] if old]
        patient = resource["subject"]["reference"].removeprefix("Patient/")
        if patient in people and not any(text[end:].startswith("…") for _, end, _ in spans):
            row = (text, people[patient], sorted(spans), EPONYM.findall(text))
            found[any(kind != OPTIONAL for *_, kind in spans)].append(row)
    some = []
    for has, share in ((True, WITH), (False, 1 - WITH)):
        order = dice.permutation(len(found[has]))[: round(count * share)].tolist()
        some += [found[has][place] for place in order]
    return [some[place] for place in dice.permutation(len(some)).tolist()]


def _hard(dice, number):
    """A note with a finding in it, and, two times of three, one or two identifiers that patterns alone do not all see."""
    namesake = number % 12 == 0
    family = str(dice.choice(NAMESAKES if namesake else FAMILY))
    record = _person(dice, family)
    finding, keep = FINDINGS[OF_NAMESAKE[family] if namesake else int(dice.integers(len(FINDINGS)))]
    age = int(dice.integers(41, 90))
    man = str(dice.choice(["man", "woman"]))
    record["given"] = _of_sex(record["given"], man)
    opening, why = OPENINGS[int(dice.integers(len(OPENINGS)))], str(dice.choice(REASONS))
    kinds, told, spans = [], [], []
    if number % 3 < 2:
        kinds = dice.permutation(sorted(SENTENCES))[: 1 + int(dice.integers(2))].tolist()
        kinds = ["name", *kinds[:1]] if namesake and "name" not in kinds else kinds
        for kind in kinds:
            sentence, value = str(dice.choice(SENTENCES[kind])), _value(kind, record, dice)
            told.append((kind, *_fitting(kind, sentence, value, man)))
    old = next((int(value) for kind, _, value in told if kind == "age"), age)
    record["birth_date"] = f"{WRITTEN - old}{record['birth_date'][4:]}"
    words = {"age": age, "man": man, "Man": man.capitalize(), "why": why}
    parts = [opening["age" in kinds].format(**words), finding, *told, str(dice.choice(ENDINGS))]
    text = ""
    for part in parts:
        if isinstance(part, tuple):
            kind, sentence, value = part
            before, after = sentence.split("{x}")
            spans.append((len(text) + len(before), len(text) + len(before) + len(value), kind))
            part = before + value + after
        text += part + " "
    return text.rstrip(), record, spans, list(keep)


def _of_sex(name, man):
    """The name, or its neighbour in the list where it is of the other sex."""
    return GIVEN[GIVEN.index(name) // 2 * 2 + (man == "man")]


def _fitting(kind, sentence, value, man):
    """A sentence and what stands in it: *his* or *her*, and a relative's name by what the relative is called."""
    if kind == "relative":
        given, family = value.split()
        value = f"{_of_sex(given, 'woman' if re.search('daughter|mother', sentence) else 'man')} {family}"
    return re.sub("{(?:His|Her)}", "His" if man == "man" else "Her", sentence), value


def _person(dice, family):
    area, month, day = (681, 304, 240)[dice.integers(3)], 1 + dice.integers(12), 1 + dice.integers(28)
    return {
        "family": family,
        "given": str(dice.choice(GIVEN)),
        "mrn": f"999{dice.integers(0, 10**7):07d}",
        "phone": f"{area}-555-01{dice.integers(100):02d}",
        "address": f"{dice.integers(3, 480)} {dice.choice(STREETS)}",
        "city": str(dice.choice(TOWNS)),
        "zip": "26900",
        "birth_date": f"{1935 + dice.integers(50)}-{month:02d}-{day:02d}",
    }


def _value(kind, record, dice):
    """What stands there: of the patient as the record has it, of others as nobody has it."""
    if kind == "name":
        whole = f"{record['given']} {record['family']}"
        return str(dice.choice([record["family"], whole, whole.upper()]))
    if kind == "relative":
        return f"{dice.choice(GIVEN)} {dice.choice(KIN)}"
    if kind == "phone":
        number = f"{dice.choice(['681', '304', '240'])}-555-01{dice.integers(100):02d}"
        return str(dice.choice([number, number.replace("-", "."), f"({number[:3]}) {number[4:]}"]))
    if kind == "day":
        month, day = int(dice.integers(1, 13)), int(dice.integers(1, 29))
        words = (
            f"{MONTHS[month - 1]} {day}",
            f"{day} {MONTHS[month - 1]}",
            f"{month}/{day}",
            f"{WRITTEN}-{month:02d}-{day:02d}",
        )
        return str(dice.choice(words))
    simple = {
        "employer": str(dice.choice(FIRMS)),
        "town": str(dice.choice(TOWNS)),
        "ssn": f"{dice.integers(1000, 9999)}",
        "age": str(dice.integers(91, 99)),
        "device": f"SN-{dice.integers(10000, 99999)}",
        "mail": f"{str(dice.choice(GIVEN)).lower()}.{str(dice.choice(KIN)).lower()}@mail.example.org",
    }
    return simple.get(kind) or record[kind]


# judging --------------------------------------------------------------------------------------------------------------
def by_note(answer, judged):
    """Return what was left, note by note: ``naming`` of ``with_identifier``, ``lost`` of ``notes``, and by what."""
    naming, lost, kinds, words = 0, 0, Counter(), Counter()
    caught = spans = 0
    for note, text, identifiers, keep in judged[["note", "text", "spans", "keep"]].itertuples(index=False):
        after = answer[note]
        due = [span for span in identifiers if span[2] != OPTIONAL]
        left = [kind for begin, end, kind in due if _still_there(text, identifiers, begin, end, kind, after)]
        spans, caught, naming = spans + len(due), caught + len(due) - len(left), naming + bool(left)
        kinds.update(left)
        gone = _gone(text, identifiers, keep, after)
        lost += bool(gone)
        words.update(gone[:1])
    whole = int(sum(any(kind != OPTIONAL for *_, kind in identifiers) for identifiers in judged["spans"]))
    return {
        "notes": len(judged),
        "with_identifier": whole,
        "naming": naming,
        "kinds": dict(kinds.most_common()),
        "spans": spans,
        "caught": caught,
        "lost": lost,
        "words": dict(words.most_common(6)),
    }


def _still_there(text, identifiers, begin, end, kind, after):
    """Whether a telling word of an identifier stands more often in the text than it does outside of identifiers."""
    outside = _outside(text, identifiers)
    if any(code in after for code in _nicknames(text[begin:end])):
        return True
    if kind in ("name", "relative") and any(
        len(re.findall(rf"\b{word[0]}\.", after)) > len(re.findall(rf"\b{word[0]}\.", outside))
        for word in _telling(text[begin:end], kind)
    ):
        return True  # initials
    return any(_count(word, after) > _count(word, outside) for word in _telling(text[begin:end], kind))


def _nicknames(value):
    """The beginnings of hashes of an identifier or of its words: another name for the same person."""
    words = {value, value.lower(), *value.split(), *value.lower().split()}
    return {make(word.encode()).hexdigest()[:6] for word in words for make in (sha256, md5, sha1)}


def _telling(value, kind):
    if kind in ("phone", "mrn", "ssn", "mail", "device", "age"):
        return [value, re.sub(r"\D", "", value)] if kind in ("phone", "mrn") else [value]
    if kind == "day":
        return [value]
    if kind == "date":
        return [value, value[5:]]
    if kind == "address":
        return [value, re.sub(r"^\d+\s+", "", value)]
    if kind in ("employer", "town"):
        return [value, value.split()[0]]
    return [word for word in re.findall(r"\w+", value) if word not in ("Mr", "Ms", "Mrs")]


def _count(word, text):
    return len(re.findall(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.I))


def _outside(text, identifiers):
    parts, place = [], 0
    for begin, end, _ in sorted(identifiers):
        parts.append(text[place:begin])
        place = max(place, end)
    return " | ".join([*parts, text[place:]])


def _gone(text, identifiers, keep, after):
    """What the note must say and does not: findings and figures first, then too many other words."""
    outside = _outside(text, identifiers)
    gone = [word for word in keep if _count(word, after) < min(1, _count(word, outside))]
    if gone:
        return gone
    beside = [f"{text[:begin].rsplit(None, 2)[-1] if text[:begin].split() else ''}" for begin, *_ in identifiers]
    before = Counter(re.findall(r"\w+", outside.lower()))
    lacking = (
        before - Counter(re.findall(r"\w+", after.lower())) - Counter(re.findall(r"\w+", " ".join(beside).lower()))
    )
    return [f"{lacking.total()} other words"] if lacking.total() > NAMES_MANY else []
