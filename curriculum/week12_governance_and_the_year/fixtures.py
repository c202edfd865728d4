"""What week 12 hands out: an incident, features and rules, a playbook with a plan that contradicts it, years to fly.

Names, for lessons and exercise (``given(12).…``):

Q1  ``incident(hospital)``  the steps by letter; ``story(hospital)``
Q2  ``features(hospital)``  six features; ``RULES`` (code to what it is), ``FACTS`` (code to where that was read), ``AS_OF``;
    ``reasons(hospital)``  why, feature by feature, once the check has said right
Q3  ``playbook(hospital)``, ``draft(hospital)``  two texts
Q4  ``START``  a plan's text; ``practise(text)`` flies it beside doing nothing; ``FLOORS``
Q5  ``REVIEWED``, ``readings(hospital)``, ``log(hospital)``, ``beside(text)``
"""

from __future__ import annotations

import functools
import json
import runpy
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
from wardround.course import progress
from wardround.course.box import boxed
from wardround.course.given import apart, by_hand, secret

_HERE = Path(__file__).parent
BESIDE = ("words.py", "floors.py", "asked.py")  # goes into the grading box with this file; what knows answers or flies does not
_WORDS = runpy.run_path(str(_HERE / "words.py"))
RULES, FACTS, AS_OF, START, REVIEWED = (_WORDS[name] for name in ("RULES", "FACTS", "AS_OF", "START", "REVIEWED"))
_HELD = runpy.run_path(str(_HERE / "floors.py"))
FLOORS, AXES, PUBLIC, WIDEST = (_HELD[name] for name in ("FLOORS", "AXES", "PUBLIC", "WIDEST"))
LOOKED_AT = ("ward_averted", "ward_wrong_data", "silent_patient_weeks")  # what a review's difference speaks of
HIDDEN, GRADED = 9, 20  # years of a check: with the public three they stay in memory; of grading, at most
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
def story(hospital):
    """Return what has happened, as the first who reads it knows it."""
    return _incident(hospital)["story"]


def incident(hospital):
    """Return the steps, in no order: ``step`` (a letter) and ``what``. Two of them nobody should take."""
    return pd.DataFrame(_incident(hospital)["steps"].items(), columns=["step", "what"])


@apart
def _incident(hospital):
    return {name: _drawn_incident(hospital)[name] for name in ("story", "steps")}


@_once
def _drawn_incident(hospital):
    return _beside("incidents.py")["drawn"](_dice(f"{by_hand(hospital)} incident"))


def incident_key(hospital):
    """Return ``keys`` (letter to step), ``before`` (pairs) and ``never``. Not in the box."""
    one = _drawn_incident(hospital)
    return {"keys": one["keys"], "before": _beside("incidents.py")["BEFORE"], "never": one["never"]}


def ordered_steps(first_day, hospital):
    """The learner's letters, in their order; ``problem`` says what cannot be read."""
    return _ASKED["steps"](first_day, list(_incident(hospital)["steps"]))


# Q2 -------------------------------------------------------------------------------------------------------------------
def features(hospital):
    """Return six features: ``feature`` and ``does``. Drawn from a bank; another hospital gets others."""
    return pd.DataFrame(_features(hospital).items(), columns=["feature", "does"])


@apart
def _features(hospital):
    return {name: one["does"] for name, one in _drawn_features(hospital).items()}


@_once
def _drawn_features(hospital):
    return _beside("touching.py")["drawn"](_dice(f"{by_hand(hospital)} features"))


def features_key(hospital):
    """Return of each feature ``rules``, ``also`` (which do no harm), ``vendor``, ``group`` and ``because``. Not in the box."""
    return _drawn_features(hospital)


def reasons(hospital):
    """Return why each rule touches its feature, in our reading; before Q2 was right, a sentence that says when."""
    if boxed():
        return ""
    asked = progress.read().questions.get("W12.Q2")
    if asked is None or not asked.done:
        return "Why, feature by feature: shown here once the check has said right."
    rows = [(name, ", ".join(sorted(one["rules"])), ", ".join(sorted(one["also"])), one["because"]) for name, one in _drawn_features(hospital).items()]
    return pd.DataFrame(rows, columns=["feature", "rules", "may stand there, too", "because"]).set_index("feature")


def named_rules(touched, hospital):
    """The learner's codes for each feature; ``problem`` says what cannot be read."""
    return _ASKED["rules"](touched, list(_features(hospital)), list(RULES))


# Q3 -------------------------------------------------------------------------------------------------------------------
def playbook(hospital):
    """Return the playbook's decisions on the early warning: the text of a TOML file. Another hospital has another."""
    return _texts(hospital)["playbook"]


def draft(hospital):
    """Return a plan, as text, that can be flown and contradicts the playbook in six places."""
    return _texts(hospital)["draft"]


@apart
def _texts(hospital):
    return {name: _drawn_texts(hospital)[name] for name in ("playbook", "draft")}


@_once
def _drawn_texts(hospital):
    return _beside("agreeing.py")["drawn"](_dice(f"{by_hand(hospital)} playbook"))


def drawn_kinds(hospital):
    """Return the kinds of contradiction in the draft. Not in the box."""
    return list(_drawn_texts(hospital)["kinds"])


def as_text(plan, hospital):
    """The learner's plan as it stands."""
    return _ASKED["text"](plan)


def agreed(answer, hospital):
    """What the plan contradicts; ``wrong`` where it cannot be read."""
    plan, wrong = _beside("flying.py")["read"](answer["plan"])
    found = {} if plan is None else _beside("agreeing.py")["contradictions"](plan, playbook(hospital))
    left = 0 if plan is None else len(plan.monitors) + len(plan.causes)
    return {"wrong": wrong, "found": found, "parts": left}


# Q4 -------------------------------------------------------------------------------------------------------------------
def practise(text, say=print):
    """Fly a plan through three years that anybody may know, beside doing nothing: a row for each floor, and the forecasts.

    The check flies other years. In the grader's box nothing flies, and the table is empty.
    """
    try:
        import wardround.flight  # no box has it
    except ImportError:
        return pd.DataFrame()
    say = say or (lambda words: None)
    found = _beside("flying.py")["flown"](text, PUBLIC, FLOORS, AXES, WIDEST, lambda number, of: say(f"year {number} of {of} is flown"))
    for fault in found["wrong"]:
        say(f"plan: {fault}.")
    rows = [
        (name, FLOORS[name][0], FLOORS[name][5], round(one["median"], 2), f"{FLOORS[name][3]} {one['limit']:g}", one["holds"])
        for name, one in found["floors"].items()
    ]
    told = found["forecast"].get("axes", {})
    for axis, one in told.items():
        rows.append((f"forecast: {axis}", axis, "the range beside the median year", round(one["came"], 2), f"{one['low']:g} to {one['high']:g}", one["in"]))
    if found["forecast"].get("problem"):
        say(f"forecast: {found['forecast']['problem']}.")
    return pd.DataFrame(rows, columns=["floor", "axis", "what", "median", "asked", "holds"])


def year(plan, seed):
    """The numbers of a plan's year by name; kept by what the plan does and the seed. Not in the box."""
    return _beside("flying.py")["year"](plan, seed)


def flown(answer, hospital):
    """Fly a plan through years that nobody has seen, beside doing nothing."""
    return _flown(answer["plan"], _seeds(hospital))


@functools.lru_cache(maxsize=64)
def _flown(text, seeds):
    return json.loads(json.dumps(_beside("flying.py")["flown"](text, seeds, FLOORS, AXES, WIDEST, stop=True)))


def _seeds(hospital):
    """The years of a check: nine from the hospital's checksum; for grading twenty, which its secret number hides."""
    hidden = secret(hospital)
    dice = _dice(f"{hospital.checksum} years {hidden}")
    return tuple(int(seed) for seed in dice.integers(10_000, 10_000_000, GRADED if hidden else HIDDEN))


# Q5 -------------------------------------------------------------------------------------------------------------------
REVIEW_SEED = PUBLIC[0]
INCIDENT = "unit_change"  # the incident of that year which the review is about


def readings(hospital):
    """Return what could be read each morning of the reviewed year: ``day``, ``signal``, ``value``, ``usual`` (its limit)."""
    return pd.DataFrame(_reviewed(hospital)["readings"], columns=["day", "signal", "value", "usual"])


def log(hospital):
    """Return the reviewed year's log: alarms, what was begun, found and told."""
    return pd.DataFrame(_reviewed(hospital)["log"])


@apart
def _reviewed(hospital):
    year = _beside("flying.py")["reviewed_year"](REVIEWED, REVIEW_SEED)
    return {name: year[name] for name in ("readings", "log")}


def beside(text):
    """Fly a plan through the reviewed year, and return its numbers beside those of ``REVIEWED``; empty in a box."""
    try:
        import wardround.flight  # no box has it
    except ImportError:
        return pd.DataFrame()
    year, read_plan = (_beside("flying.py")[name] for name in ("year", "read_plan"))
    columns = {name: year(read_plan(plan), REVIEW_SEED) for name, plan in (("reviewed", REVIEWED), ("changed", text))}
    frame = pd.DataFrame(columns).loc[list(LOOKED_AT)]
    return frame.assign(difference=frame["changed"] - frame["reviewed"]).round(2)


def review_parts(review, hospital):
    """The learner's review as plain data."""
    return _ASKED["reviewed"](review, LOOKED_AT)


def held_against_the_log(answer, hospital):
    """What of a review the year does not bear out: part to sentence."""
    if answer["problem"]:
        return answer
    flying = _beside("flying.py")
    plan, wrong = flying["read"](answer["changed"])
    old, _ = flying["read"](REVIEWED)
    found = {}
    first = flying["reviewed_year"](REVIEWED, REVIEW_SEED)["first"][INCIDENT]
    if " ".join(answer["signal"].split()) not in first:
        found["signal"] = f"{answer['signal']!r} is not where {INCIDENT} could first be read"
    if not _stands(answer["words"]):
        found["words"] = "the words do not stand in the plan that was flown"
    if plan is None:
        return {"problem": "", "findings": {**found, "changed": wrong[0]}, "keys": []}
    keys = flying["changed_keys"](old, plan)
    if len(keys) != 1:
        found["changed"] = "the plan is the same" if not keys else f"{len(keys)} keys differ: {', '.join(keys[:3])}"
    mine, theirs = (flying["year"](one, REVIEW_SEED) for one in (plan, old))
    right = {name: mine[name] - theirs[name] for name in LOOKED_AT}
    off = [name for name, gap in right.items() if abs(answer["difference"][name] - gap) > max(0.05 * abs(gap), 0.06)]
    if off:
        found["difference"] = f"{off[0]} of the two flights differs by another number"
    if keys and not off and right["silent_patient_weeks"] > -100:
        found["worth"] = "the change takes next to nothing from the weeks that nobody had noticed"
    said = [key for key in keys if _stands(answer["words"]) and _of(answer["words"], key)]
    if len(keys) == 1 and "words" not in found and not said:
        found["words"] = f"the words are not those of {keys[0]}, which was changed"
    same = {name: answer["difference"][name] == mine[name] for name in LOOKED_AT}
    return {"problem": "", "findings": found, "keys": keys, "absolute": all(same.values())}


def _stands(words):
    return bool(words.strip()) and words.strip() in REVIEWED


def _of(words, key):
    """Whether words name the key that was changed."""
    return key.rpartition(".")[2] in words
