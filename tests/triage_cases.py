"""A desk, a model and a world without a hospital: seconds become milliseconds, and every fault can be had at will."""

from __future__ import annotations

import datetime as dt
import sys
import textwrap
from pathlib import Path

from wardround.triage import settings
from wardround.triage.desk import SIGNS, Feed, NoSuchVisit
from wardround.triage.log import Log
from wardround.triage.said import NoAnswer, Reading, Risk, Visit
from wardround.triage.world import World

NOW = dt.datetime(2026, 3, 1, 20, 0, tzinfo=dt.UTC)
WELL = {
    "heart_rate": 80.0,
    "respiratory_rate": 16.0,
    "temperature": 36.9,
    "saturation": 97.0,
    "systolic": 130.0,
    "diastolic": 80.0,
}
MODEL = "triage-critical-12h 1"


def visit(key="e-1", *, minutes_ago=30, measured=20, age=60, name="Ada Lovelace", **signs):
    """A visit; ``heart_rate=None`` was not measured, ``measured=None`` has no times."""
    at = None if measured is None else NOW - dt.timedelta(minutes=measured)
    readings = {
        one: Reading(one, value, SIGNS[one][1], at)
        for one, value in (WELL | {k: v for k, v in signs.items() if k in WELL}).items()
        if value is not None
    }
    rest = {k: v for k, v in signs.items() if k not in WELL}
    born = None if age is None else dt.date(NOW.year - age, 1, 1)
    arrived = NOW - dt.timedelta(minutes=minutes_ago)
    return Visit(key, f"p-{key}", name, born, "female", "quillmere", arrived, readings, **rest)


def risk(probability=0.06, **pushes):
    return Risk(probability, pushes or {"systolic": 0.8, "age": -0.4}, MODEL, 0.024)


class StubDesk:
    """The desk of some visits."""

    def __init__(self, *visits):
        self.all = {one.encounter_id: one for one in visits}
        self.late_by = dt.timedelta(0)

    def visits(self, now):
        return list(self.all.values())

    def visit(self, encounter_id, now):
        if encounter_id not in self.all:
            raise NoSuchVisit(encounter_id)
        return self.all[encounter_id]

    def feed(self, now):
        return Feed(now - self.late_by, "The desk's data are late." if self.late_by else "")


class StubScorer:
    """Answers at once; ``dead`` gives no answer. ``asked`` keeps who was asked about."""

    def __init__(self, probability=0.06):
        self.probability, self.dead, self.asked = probability, False, []
        self.answer_within, self.slow_by = 2.0, 0.0

    def score(self, visits, now=None):
        keys = [one.encounter_id for one in visits]
        self.asked += keys
        return {key: NoAnswer("The model stopped.") if self.dead else risk(self.probability) for key in keys}

    def kill(self, down_for=0.0):
        self.dead = True

    def close(self):
        self.dead = True


def world(folder, *visits, scorer=None):
    """A world in a folder, its settings laid out."""
    folder = Path(folder)
    settings.lay_out(folder)
    return World(folder, StubDesk(*(visits or [visit()])), scorer or StubScorer(), Log(folder / "state"))


def child(folder, body):
    """A command that speaks the model's lines; ``body`` gives ``answers(asked)`` or does something worse."""
    path = Path(folder) / "child.py"
    lines = """
        import json, os, sys, time
        def say(thing):
            print(json.dumps(thing), flush=True)
        def right(asked):
            one = {"risk": 0.25, "pushes": {"age": 0.5}}
            return {"number": asked["number"], "answers": {key: one for key in asked["rows"]}}
        """
    Path(path).write_text(textwrap.dedent(lines) + textwrap.dedent(body))
    return [sys.executable, "-S", str(path)]


SERVES = """
say({"ready": True, "model": "stub 1", "average": 0.02, "pid": os.getpid()})
for line in sys.stdin:
    asked = json.loads(line)
    time.sleep(asked["wait"])
    say(REPLY)
"""


def serving(reply="right(asked)"):
    """The body of a child that replies with an expression."""
    return SERVES.replace("REPLY", reply)
