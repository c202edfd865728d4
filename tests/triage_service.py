"""An assistant without a hospital and without a model, for tests of the service: the real world, settings and log."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient
from wardround.triage import settings as files
from wardround.triage.desk import Feed, NoSuchVisit
from wardround.triage.example import example
from wardround.triage.hooks import router
from wardround.triage.log import Log
from wardround.triage.said import NoAnswer, Risk
from wardround.triage.world import World

NOW = dt.datetime(2026, 11, 29, 18, 0, tzinfo=dt.UTC)
MODEL = "triage-critical-12h 3"
SERVICE = "/cds-services/triage-risk"
FEEDBACK = f"{SERVICE}/feedback"


class Now:
    """Stands for an assistant where only its clock is needed: ``Assistant.request(Now())``."""

    now = NOW


class Desk:
    """A desk with the visits that a test puts there."""

    def __init__(self):
        self.late_by, self.there = dt.timedelta(0), {}

    def visits(self, now):
        return list(self.there.values())

    def visit(self, key, now):
        if key not in self.there:
            raise NoSuchVisit(key)
        return self.there[key]

    def feed(self, now):
        return Feed(now)


class Scorer:
    """Says the same risk of everybody, and keeps what it was asked."""

    def __init__(self, probability=0.02):
        self.probability, self.asked, self.answer_within, self.slow_by, self.why = probability, [], 2.0, 0.0, ""

    def score(self, visits, now=None):
        self.asked += visits
        if self.why:
            return {one.encounter_id: NoAnswer(self.why) for one in visits}
        pushes = {"respiratory_rate": 0.8, "age": 0.4, "systolic": -0.2}
        return {one.encounter_id: Risk(self.probability, pushes, MODEL, 0.021) for one in visits}


class Assistant:
    """A world and a client of its service."""

    def __init__(self, folder: Path, now=NOW, address="127.0.0.1"):
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(files.TEMPLATES / files.FILE, folder / files.FILE)
        self.folder, self.now = folder, now
        self.desk, self.scorer = Desk(), Scorer()
        self.world = World(folder, self.desk, self.scorer, Log(folder / "state"))
        self.app = FastAPI()
        self.app.include_router(router(self.world, clock=lambda: self.now))
        self.client = TestClient(self.app, client=(address, 50_000), base_url="http://127.0.0.1:8010")

    def call(self, method, path, body):
        answer = self.client.request(method, path, json=body) if method == "POST" else self.client.get(path)
        return answer.status_code, answer.json()

    def request(self, **vitals):
        """A right request; vital signs by LOINC code or name of the desk replace those of the example, None removes."""
        made = example(self.now)
        codes = {"heart_rate": "8867-4", "systolic": "8480-6", "saturation": "59408-5", "temperature": "8310-5"}
        for name, value in vitals.items():
            entries = made["prefetch"]["vitals"]["entry"]
            for entry in list(entries):
                if entry["resource"]["code"]["coding"][0]["code"] == codes[name]:
                    if value is None:
                        entries.remove(entry)
                    else:
                        entry["resource"]["valueQuantity"]["value"] = value
        return made

    def view(self, request=None):
        status, body = self.call("POST", "/cds-services/triage-risk", request or self.request())
        return body["cards"][0] if status == 200 and body["cards"] else (status, body)

    def lines(self, action):
        return [line for line in self.world.log.lines() if line.action == action]

    def set(self, text, origins="[]"):
        """Add to the settings' file."""
        path = self.folder / files.FILE
        before = path.read_text(encoding="utf-8")
        assert "origins = []" in before
        path.write_text(before.replace("origins = []", f"origins = {origins}", 1) + text, encoding="utf-8")
