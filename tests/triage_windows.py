"""Windows of the assistant, without a browser: clients that came in, with name and role; and strangers."""

from __future__ import annotations

import datetime as dt
import re

import triage_cases as cases
from fastapi.testclient import TestClient
from wardround.triage.app import make_app
from wardround.triage.door import Door

BASE = "http://127.0.0.1:8010"
MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{ 7*7 }}"
HOSTILE = {
    "e-markup": {"name": MARKUP},
    "e-long": {"name": "A" * 10_000},
    "e-right": {"name": "\u202eليلى بنت أحمد\u202e", "saturation": 88.0},
    "e-born": {"age": None, "name": "   "},
    "e-marks": {"name": "Z" + "\u0301" * 400 + "\x00\ud800"},
}


def hostile():
    """Visits of strangers, the worst of them first."""
    return [cases.visit(key, **more) for key, more in HOSTILE.items()]


class Windows:
    """An application over a world, and windows into it; its time is the cases' time unless moved."""

    def __init__(self, world):
        self.world, self.now, self.door = world, cases.NOW, Door()
        self.app = make_app(world, door=self.door, clock=lambda: self.now)

    def client(self, **more):
        return TestClient(self.app, base_url=BASE, follow_redirects=False, **more)

    def window(self, name="Ada", role="clinician"):
        return Window(self, name, role)

    def later(self, **time):
        self.now += dt.timedelta(**time)


class Window:
    """One person's window."""

    def __init__(self, windows, name, role):
        self.client = windows.client()
        assert self.client.get("/", params={"token": windows.door.token()}).status_code == 200
        if role:
            answer = self.post("/role", "/role", name=name, role=role)
            assert answer.status_code == 303, answer.text

    def get(self, path, **query):
        return self.client.get(path, params=query)

    def page(self, path, **query):
        """The text of a page that must be there."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.text

    def fields(self, path, action):
        """The hidden fields of the forms of a page that send to an address."""
        page = self.page(path)
        forms = re.findall(rf'<form method="post" action="{re.escape(action)}">(.*?)</form>', page, re.S)
        assert forms, f"{path} has no form that sends to {action}"
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', forms[-1]))

    def post(self, path, action, **filled):
        """Fill a form of a page and send it; ``None`` leaves a field out."""
        data = {**self.fields(path, action), **filled}
        return self.client.post(action, data={key: value for key, value in data.items() if value is not None})

    def level(self, key, level, **filled):
        return self.post(f"/visit/{key}", f"/visit/{key}/level", level=level, **filled)

    def decide(self, key, decision, **filled):
        return self.post(f"/visit/{key}", f"/visit/{key}/decision", decision=decision, **filled)
