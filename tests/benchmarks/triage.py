"""The assistant under load: users at the desk against a real server with the real model, on this machine.

Run ``python tests/benchmarks/triage.py [USERS] [SECONDS] [PAUSE]`` (50, 60, 2). Each user comes in by a one-time
address and goes on until the time is up: the worklist, a patient, a level where none was given, a decision every
second time, and, one time in five, the service; between two requests a pause of PAUSE seconds in the mean
(exponential). A decision that somebody else overtook (409) is an answer, not an error. Scores are timed apart, with
nothing kept from before. Server and users share the machine's processors. Times are of a whole answer, in milliseconds;
the processor's own share is printed too, since another program's load is in the times.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from urllib.parse import urlencode

import numpy as np

HOST = "127.0.0.1"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
RIGHT = {200, 303, 409}


def serve(users: int) -> None:
    """Serve the assistant until a line comes in; say the port and a token for each user, and what scores cost."""
    import datetime as dt

    from wardround import quiet

    quiet.apply()
    from wardround.triage import serve as server
    from wardround.triage.app import make_app
    from wardround.triage.door import Door
    from wardround.triage.world import World

    world, door = World.opened(wait=120), Door()
    try:
        now = dt.datetime.now(dt.UTC)
        visits, took = world.desk.visits(now), {"one": [], "all": []}
        for _ in range(50):
            for name, asked in (("one", visits[-1:]), ("all", visits)):
                world.scorer._kept.clear()
                begun = time.perf_counter()
                world.scorer.score(asked, now)
                took[name].append(1000 * (time.perf_counter() - begun))
        inside, why = watched(world), Counter()
        real = world.scorer.score

        def score(asked, now=None):
            answers = real(asked, now)
            why.update(one.why for one in answers.values() if hasattr(one, "why"))
            return answers

        world.scorer.score = score
        spent = time.process_time()
        with server.running(make_app(world, door=door), server.listening(0)) as base:
            port = int(base.rsplit(":", 1)[1])
            said = {"port": port, "tokens": [door.token() for _ in range(users)], "score": took, "visits": len(visits)}
            print(json.dumps(said), flush=True)
            sys.stdin.readline()
        spent = time.process_time() - spent
        end = {
            "processor": spent,
            "lines": len(world.log.lines()),
            "broken": world.log.verify(),
            "inside": inside,
            "no answer": why,
        }
        print(json.dumps(end), flush=True)
    finally:
        world.close()


def watched(world) -> dict[str, list[float]]:
    """Let the world keep how long its parts take, in milliseconds."""
    kept: dict[str, list[float]] = defaultdict(list)

    def timed(name, does):
        def called(*given, **more):
            begun = time.perf_counter()
            try:
                return does(*given, **more)
            finally:
                kept[name].append(1000 * (time.perf_counter() - begun))

        return called

    world.scorer.score = timed("ask the model", world.scorer.score)
    world.log.ledger.append = timed("write a line", world.log.ledger.append)
    world.log.ledger.lines = timed("read new lines", world.log.ledger.lines)
    world.worklist = timed("the worklist", world.worklist)
    return kept


class User:
    """One person at the desk."""

    def __init__(self, number: int, port: int, token: str, pause: float) -> None:
        self.dice, self.pause, self.name = random.Random(number), pause, f"user {number}"
        self.link = http.client.HTTPConnection(HOST, port, timeout=30)
        self.port, self.cookie = port, ""
        self.took: dict[str, list[float]] = defaultdict(list)
        self.wrong: Counter[str] = Counter()
        self.ask("enter", "GET", f"/?{urlencode({'token': token})}")
        page = self.ask("enter", "GET", "/role")
        self.send("enter", "/role", page, name=self.name, role="clinician")

    def ask(self, kind: str, method: str, path: str, body: str | None = None, headers: dict | None = None) -> str:
        """Send a request and keep how long its answer took."""
        begun = time.perf_counter()
        try:
            self.link.request(method, path, body, {**(headers or {}), "Cookie": self.cookie})
            answer = self.link.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as trouble:
            self.wrong[f"{kind}: {type(trouble).__name__}"] += 1
            self.link.close()
            return ""
        self.took[kind].append(1000 * (time.perf_counter() - begun))
        if cookie := answer.headers.get("set-cookie"):
            self.cookie = cookie.split(";")[0]
        if answer.status not in RIGHT:
            self.wrong[f"{kind}: {answer.status}"] += 1
        if answer.status == 409:
            self.took["overtaken"].append(self.took[kind][-1])
        return text

    def send(self, kind: str, path: str, page: str, **filled: str) -> None:
        """Fill a form of a page and send it."""
        hidden = dict(re.findall(r'<input type="hidden" name="(csrf|state|saw)" value="([^"]*)">', page))
        self.ask(kind, "POST", path, urlencode({**hidden, **filled}), FORM)

    def work(self, until: float) -> None:
        """Go on until the time is up; nobody begins at the same moment as all others."""
        self.rest()
        while time.monotonic() < until:
            keys = re.findall(r'href="/visit/([^"]+)"', self.ask("worklist", "GET", "/worklist"))
            self.rest()
            if not keys:
                continue
            key = self.dice.choice(keys)
            page = self.ask("patient", "GET", f"/visit/{key}")
            self.rest()
            if "Give this level" in page:
                self.send("level", f"/visit/{key}/level", page, level=str(self.dice.randint(1, 5)))
                page = self.ask("patient", "GET", f"/visit/{key}")
                self.rest()
            if "/decision" in page and self.dice.random() < 0.5:
                self.send("decision", f"/visit/{key}/decision", page, decision="overruled", reason="known_patient")
            if self.dice.random() < 0.2:
                from wardround.triage.example import example

                asked = json.dumps(example())
                self.ask("service", "POST", "/cds-services/triage-risk", asked, {"Content-Type": "application/json"})
            self.rest()

    def rest(self) -> None:
        """Read and think."""
        time.sleep(self.dice.expovariate(1 / self.pause) if self.pause else 0)


def measured(values: list[float]) -> str:
    """Return count, median, 95th percentile and the longest."""
    half, most = np.percentile(values, [50, 95])
    return f"{len(values):>6} times, median {half:>6.1f}, 95th percentile {most:>6.1f}, longest {max(values):>7.1f}"


def main(users: int = 50, seconds: float = 60, pause: float = 2) -> None:
    """Load the assistant and print what it took."""
    with tempfile.TemporaryDirectory() as work:
        command = [sys.executable, __file__, "--serve", str(users)]
        environment = os.environ | {"WARDROUND_WORK": os.environ.get("TRIAGE_WORK", work), "OMP_NUM_THREADS": "1"}
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment) as process:
            said = json.loads(next(line for line in process.stdout if line.startswith("{")))
            made = [User(one, said["port"], token, pause) for one, token in enumerate(said["tokens"])]
            until = time.monotonic() + seconds
            threads = [threading.Thread(target=one.work, args=(until,)) for one in made]
            for one in threads:
                one.start()
            for one in threads:
                one.join()
            process.stdin.write("\n")
            process.stdin.flush()
            end = json.loads(process.stdout.readline())
    print(f"{users} users, {seconds:g} s, pause {pause:g} s in the mean, {os.cpu_count()} processors")
    print(f"{'score, 1 visit':<16}{measured(said['score']['one'])}")
    print(f"{'score, ' + str(said['visits']) + ' visits':<16}{measured(said['score']['all'])}")
    kinds = sorted({kind for one in made for kind in one.took} - {"enter"})
    for kind in kinds:
        print(f"{kind:<16}{measured([value for one in made for value in one.took[kind]])}")
    requests = sum(len(values) for one in made for kind, values in one.took.items() if kind != "overtaken")
    print(f"the server's processor time: {1000 * end['processor'] / requests:.1f} ms a request")
    print("inside:")
    for kind, values in end["inside"].items():
        print(f"{kind:<16}{measured(values)}")
    print(f"no answer of the model: {end['no answer'] or 'none'}")
    wrong = sum((one.wrong for one in made), Counter())
    print(f"{requests:,} requests, {sum(wrong.values())} errors {dict(wrong) if wrong else ''}")
    print(
        f"the log: {end['lines']:,} lines, {'broken: ' + str(end['broken']) if end['broken'] else 'its chain is whole'}"
    )


if __name__ == "__main__":
    if "--serve" in sys.argv:
        serve(int(sys.argv[2]))
    else:
        main(*(kind(text) for kind, text in zip((int, float, float), sys.argv[1:], strict=False)))
