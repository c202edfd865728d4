"""What is wrong with a screen of Q3. It knows what is so in each moment, and is in no box."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

_HERE = Path(__file__).parent
_calming = runpy.run_path(str(_HERE / "calming.py"))["calming"]
_CARDS = runpy.run_path(str(_HERE / "cards.py"))
_WORDS = runpy.run_path(str(_HERE / "words.py"))
WITHIN, FEED_LATE = _WORDS["WITHIN"], _WORDS["FEED_LATE"]
WITH_A_TIME = re.compile(r"\d{1,2}:\d\d|\d\s*(?:minutes?|min|hours?|h)\b", re.I)
NAMES = {
    "feed": re.compile(r"feed|data|vital|reading|value|measure\w*|record|updat|monitor|stale|\blate|\bold|message|heard|receiv", re.I),
    "model": re.compile(r"model|assistant|service|server|scor|answer|repl|respon|comput|prediction|estimate|risk|number", re.I),
}


def kind_of(made):
    """What is so in a moment: there is an ``answer``, or the ``feed`` or the ``model`` has failed."""
    last, number = made["last_at"], made["says"]
    if last is None or (made["now"] - last).total_seconds() > 60 * FEED_LATE:
        return "feed"
    in_time = not made["dead"] and made["needs"] <= WITHIN
    return "answer" if in_time and number is not None and 0 <= number <= 1000 else "model"


def problems(said, made):
    """Return ``[kind, sentence]`` for what is wrong on one screen."""
    if said["stopped"]:
        return [["stopped", f"it stopped with {said['stopped']}: the desk sees an error page, and no rule"]]
    found, kind = [], kind_of(made)
    if said["waited"] > WITHIN + 0.05:
        found.append(["waits", f"whoever sits there waits {said['waited']:g} seconds"])
    if lacking := [one for one in made["rules"] if one not in said["rules"]]:
        found.append(["rules", f"the rule that fired is gone: “{lacking[0]}”"])
    if strange := [one for one in said["rules"] if one not in made["rules"]]:
        found.append(["invented rule", f"a rule stands there that did not fire: “{strange[0][:60]}”"])
    return found + (_a_risk(said, made) if kind == "answer" else _none(said, made, kind))


def _a_risk(said, made):
    number, told = said["of_1000"], _numbers(said["says"])
    if said["state"] != "risk" or number is None:
        return [["withheld", "there is a risk, true now, and none is shown"]]
    if not abs(number - made["says"]) <= 0.5 or (told and abs(told[0] - made["says"]) > 1):
        return [["another number", f"{number:g} of 1,000 is not what the model has just said"]]
    clause = _calming(said["says"], number=True)
    return [["calming", f"“{clause[:90]}”"]] if clause else []


def _none(said, made, kind):
    """Where nothing may be shown as a risk."""
    found, number = [], said["of_1000"]
    if said["state"] == "risk" or number is not None:
        found.append(_shown(number, made, kind))
    told = _numbers(said["says"])
    if told and not WITH_A_TIME.search(said["says"]):
        found.append(["last", f"“{said['says'][:70]}” names a number and does not say from when"])
    if clause := _calming(said["says"], number=False):
        found.append(["calming", f"“{clause[:90]}”"])
    if not said["says"].strip():
        found.append(["wordless", "nothing is said: an empty place beside the patient's name"])
    elif not NAMES[kind].search(said["says"]):
        found.append(["nameless", f"“{said['says'][:70]}” does not say what failed"])
    return found


def _shown(number, made, kind):
    """Which number stands there as a risk, though there is none."""
    if number is None:
        return ["state", "the state is risk, and there is none"]
    if number != number or not 0 <= number <= 1000:
        return ["unread", f"{number:g} of 1,000 stands there as a risk"]
    if number == made["shown"]["of_1000"]:
        minutes = (made["now"] - made["shown"]["at"]).total_seconds() // 60
        return ["last", f"{number:g} of 1,000 stands there as a risk; it was said {minutes:.0f} minutes ago"]
    if number == 0:
        return ["zero", "0 of 1,000 stands there as a risk"]
    if number == made["says"]:
        if kind == "feed":
            since = "the feed has never spoken" if made["last_at"] is None else (
                f"the values are {(made['now'] - made['last_at']).total_seconds() // 60:.0f} minutes old"
            )  # fmt: skip
            return ["old feed", f"{number:g} of 1,000 stands there as a risk, and {since}"]
        return ["late", f"{number:g} of 1,000 came {made['needs']:g} seconds after it was asked for"]
    return ["made up", f"{number:g} of 1,000 stands there as a risk; no model has said so"]


def _numbers(text):
    return [float(one.replace(",", "")) for one in _CARDS["NUMBER"].findall(text)]
