"""What week 10 hands out: requests of a chart system, visits with a score, moments of a failing service, a log of overrides.

Lesson and exercise: ``scored`` (visits with a score and what came of them), ``opened`` (cards that somebody opens),
``requests`` and ``service`` (Q1), ``visits`` (Q2), ``moments`` (Q3), ``overrides`` (Q4), ``risks`` (Q5), and the numbers of
``words.py``: ``RULES PLAUSIBLE NEEDS AT_MOST_MISSING STALE FEED_LATE WITHIN THRESHOLD SIGNS LABELS UNITS INPUTS CLOSE
KINDS SAYS STATES NEEDED_PREFETCH DESK_VISITS LOOKS``, and ``REASONS``, and ``escaped(text)``. ``cards_judged`` says what is wrong with answers of Q1.
"""

from __future__ import annotations

import functools
import runpy
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
from wardround.course.given import apart, by_hand, secret

_HERE = Path(__file__).parent
BESIDE = ("words.py", "bedside.py")  # goes into the grading box with this file; what knows answers does not
_WORDS = runpy.run_path(str(_HERE / "words.py"))
SIGNS, LABELS, UNITS, INPUTS, KINDS = (_WORDS[name] for name in ("SIGNS", "LABELS", "UNITS", "INPUTS", "KINDS"))
THRESHOLD, WITHIN, FEED_LATE, STALE = (_WORDS[name] for name in ("THRESHOLD", "WITHIN", "FEED_LATE", "STALE"))
RULES, PLAUSIBLE, NEEDS, AT_MOST_MISSING = (_WORDS[name] for name in ("RULES", "PLAUSIBLE", "NEEDS", "AT_MOST_MISSING"))
SAYS, STATES, NEEDED_PREFETCH, CLOSE = (_WORDS[name] for name in ("SAYS", "STATES", "NEEDED_PREFETCH", "CLOSE"))
DESK_VISITS, LOOKS = _WORDS["DESK_VISITS"], _WORDS["LOOKS"]
_BEDSIDE = runpy.run_path(str(_HERE / "bedside.py"))
REASONS, escaped = _BEDSIDE["REASONS"], _BEDSIDE["escaped"]


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


def _drawn(hospital, what):
    return _dice(f"{hospital.checksum} {what} {secret(hospital)}")


# the scored visits ----------------------------------------------------------------------------------------------------
def scored(hospital):
    """Return emergency visits with ``score``, the calibrated risk of critical care or death within 12 hours, and ``critical``, what came.

    The later half of the record; the model (logistic, age and five vital signs) has learnt on the earlier half.
    """
    return _scored(hospital).copy()


@apart
def _scored(hospital):
    return _beside("evening.py")["scored"](hospital.warehouse.emergency)[0]


@apart
def _model(hospital):
    return _beside("evening.py")["scored"](hospital.warehouse.emergency)[1]


def opened(hospital, threshold=THRESHOLD):
    """Return what comes of cards from a risk on; 0 gives every visit one. How many are opened is assumed, not measured.

    ``cards`` an hour, ``right`` of 100 cards, ``opens`` (chance that somebody opens one), ``has`` (of 100 patients who need
    critical care, those with a card), ``reached`` (those whose card is opened). 90 visits an hour, and the chance
    ``0.1 + 0.8 * min(1, right / 10) * min(1, 15 / cards)``, are assumptions.
    """
    return _BEDSIDE["opened"](_scored(hospital), threshold, DESK_VISITS, LOOKS)


# Q1 -------------------------------------------------------------------------------------------------------------------
def requests(hospital):
    """Return four requests of a chart system on ``patient-view``, by name, to try a card on. Others are judged."""
    return {name: _BEDSIDE["copied"](one) for name, one in _requests(hospital).items() if name.startswith("try: ")}


@apart
def _requests(hospital):
    return _beside("asked.py")["requests"](_scored(hospital), _drawn(hospital, "requests"))


def service(hospital):
    """Return what a card may call: ``read(request)``, ``fetch(patient_id)`` and ``now``.

    ``read`` gives what the service makes of the prefetch: ``of_1000`` (None where there is no risk), ``why`` (then, in words),
    ``age`` (None without a birth date), ``name`` (as it was sent), and ``factors``, all that pushes the risk, each with
    value, unit and minutes. ``fetch`` gives the same of the chart as it was loaded last night.
    """
    return _BEDSIDE["service"](_model(hospital), _requests(hospital))


def answered(card, hospital):
    """Put a function to the twelve requests: status and body of each, as plain data; an error is a 500, as in a service."""
    found, troubles = {}, []
    for name, request in _requests(hospital).items():
        if name.startswith("try: "):
            continue
        try:
            said = card(_BEDSIDE["copied"](request), service(hospital))
        except Exception as trouble:
            troubles.append(trouble)
            found[name] = {"status": 500, "body": {}, "stopped": _BEDSIDE["told"](trouble)}
            continue
        if said is ...:
            return ...
        if not isinstance(said, tuple | list) or len(said) != 2 or not isinstance(said[1], dict):
            raise TypeError("card must return a pair of a status and a dictionary, such as 200, {'cards': […]}")
        found[name] = {"status": int(said[0]), "body": said[1], "stopped": ""}
    if len(troubles) == len(found):
        raise troubles[0]
    return found


def cards_judged(answer, hospital):
    """By request: ``status``, ``summary`` of the first card, and ``problems``, pairs of a kind and a sentence. Not in the grading box."""
    problems, told = _beside("cards.py")["problems"], {}
    for name, said in answer.items():
        request = _requests(hospital)[name]["request"]
        known = service(hospital).read(request).of_1000 if "vitals" in request["prefetch"] else None
        wrong = [["stopped", f"your function stopped with {said['stopped']}"]] if said["stopped"] else problems(name, said["status"], said["body"], known)
        told[name] = {"status": said["status"], "summary": _BEDSIDE["summary"](said["body"]), "problems": wrong}
    return told


# Q2 -------------------------------------------------------------------------------------------------------------------
def visits(hospital):
    """Return 600 visits as the desk knows them: ``visit age``, five vital signs, ``minutes_old``, ``comfort_care``, ``score``.

    ``score`` is what the model says with the average standing in for what is missing. Some values are missing, stale, slips or alarming: planted by us.
    """
    return _visits(hospital)["shown"].copy()


@apart
def _visits(hospital):
    made = _drawn_visits(hospital)
    return {name: made[name] for name in ("shown", "judged")}


@_once
def _drawn_visits(hospital):
    return _beside("evening.py")["evening"](_scored(hospital), _model(hospital), _drawn(hospital, "visits"))


def planted(hospital):
    """Return by judged visit what was planted in it. Not in the grading box."""
    return _drawn_visits(hospital)["planted"]


def judged_visits(hospital):
    """Return the visits that :func:`advised` asks about. For keys."""
    return _visits(hospital)["judged"].copy()


def advised(advise, hospital):
    """Put a function to 1,000 other visits: ``says`` and ``rule`` of each."""
    table = _visits(hospital)["judged"].copy()
    said = advise(table)
    return said if said is ... else _BEDSIDE["row_by_row"](said, table.visit.tolist(), SAYS)


# Q3 -------------------------------------------------------------------------------------------------------------------
def moments(hospital):
    """Return three moments to try a screen on, by name: each ``visit feed ask now``, the four arguments of ``screen``."""
    return {name: _BEDSIDE["moment"](one)[0] for name, one in _moments(hospital).items() if name.startswith("try: ")}


@apart
def _moments(hospital):
    return _beside("moments.py")["moments"](_scored(hospital), _drawn(hospital, "moments"))


def screened(screen, hospital):
    """Put a function to fourteen moments: what stands on the screen, and how long somebody waited, by the moment's own clock."""
    found, troubles = {}, []
    for name, one in _moments(hospital).items():
        if name.startswith("try: "):
            continue
        moment, clock = _BEDSIDE["moment"](one)
        try:
            said = screen(moment.visit, moment.feed, moment.ask, moment.now)
        except Exception as trouble:
            troubles.append(trouble)
            found[name] = _BEDSIDE["NOTHING"] | {"stopped": _BEDSIDE["told"](trouble), "waited": clock.waited}
            continue
        if said is ...:
            return ...
        found[name] = _BEDSIDE["on_screen"](said, STATES) | {"stopped": "", "waited": clock.waited}
    if len(troubles) == len(found):
        raise troubles[0]
    return found


def screens_judged(answer, hospital):
    """By moment what stands there, and ``problems``, pairs of a kind and a sentence. Not in the grading box."""
    problems, known = _beside("screens.py")["problems"], _moments(hospital)
    return {name: said | {"problems": problems(said, known[name])} for name, said in answer.items()}


# Q4 -------------------------------------------------------------------------------------------------------------------
def overrides(hospital):
    """Return three months of decisions on advice, one a line, all invented.

    ``decision`` (accepted or overruled), ``reason`` (clicked when overruling), ``of_1000`` (what the card said), ``level`` (the
    nurse's), ``advised_at``, ``physician_at`` (when one first came), ``sign`` with ``value`` (what the advice stood on) and
    ``value_again`` (measured again within a quarter of an hour), ``names`` (the fact that the nurse wrote down), and
    ``critical`` (critical care within 12 hours).
    """
    return _overrides(hospital).copy()


@apart
def _overrides(hospital):
    return _drawn_overrides(hospital)[0]


@_once
def _drawn_overrides(hospital):
    return _beside("overruled.py")["drawn"](_dice(f"{by_hand(hospital)} overrides"))


def faults_of(hospital):
    """Return reason to what it shows and how many lines show it. Not in the grading box."""
    return _drawn_overrides(hospital)[1]


def found(faults, hospital):
    """The learner's kind and number for each reason; ``problem`` says what cannot be read."""
    told = {}
    for reason in sorted(set(_overrides(hospital).reason) - {""}):
        said = faults.get(reason, ...)
        if said is ...:
            continue
        if not isinstance(said, tuple | list) or len(said) != 2:
            return {"problem": f"{reason} has {said!r}; a pair of a word and a number is asked"}
        if said[1] is ... or isinstance(said[1], str) or said[1] != int(said[1]):
            return {"problem": f"{reason} has {said[1]!r} for its number; a count of lines is asked"}
        if said[0] not in KINDS:
            return {"problem": f"{reason} is said to show {said[0]!r}; take one of {', '.join(KINDS)}"}
        told[reason] = [str(said[0]), int(said[1])]
    return told or {"problem": "no reason of the log is named"}


# Q5 -------------------------------------------------------------------------------------------------------------------
def risks(hospital):
    """Return three risks to write down, each ``visit said now``, the three arguments of ``assessment``.

    ``visit`` has ``patient_id encounter_id triaged_at`` and ``readings`` (each ``id name value unit at``); ``said`` has
    ``probability`` and ``model``.
    """
    return [_BEDSIDE["risk"](one) for one in _risks(hospital)[:3]]


@apart
def _risks(hospital):
    return _beside("moments.py")["risks"](_scored(hospital), _drawn(hospital, "risks"))


def assessed(assessment, hospital):
    """Put a function to four risks that it has not seen: each resource as plain data."""
    found = []
    for one in _risks(hospital)[3:]:
        given_ = _BEDSIDE["risk"](one)
        said = assessment(given_.visit, given_.said, given_.now)
        if said is ...:
            return ...
        if not isinstance(said, dict):
            raise TypeError("assessment must return a dictionary, a RiskAssessment as JSON")
        found.append(said)
    return {"resources": found}


def assessments_judged(answer, hospital):
    """What is wrong with each resource: pairs of a kind and a sentence. Not in the grading box."""
    problems = _beside("assessed.py")["problems"]
    pairs = zip(answer["resources"], _risks(hospital)[3:], strict=True)
    return {"resources": answer["resources"], "problems": [problems(said, one) for said, one in pairs]}
