"""Run a pipeline in children that are killed, as a script: python pipeline_kills.py HOME FEED WEEKS LABEL…

Prints JSON. Each child is forked from a parent that has imported everything and opened nothing. An *event* is the
moment before or after a line of the log, a file's renaming, or a model's registration; a label names one: ``after
served line 2``.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path

HOME, FEED, WEEKS, LABELS = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4:]
STATE, BEFORE = HOME / "state", HOME / "state-before"
sys.path.insert(0, str(HOME))

import run  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from wardround.operations.ledger import Ledger  # noqa: E402


def watched(owner, name, label_of, happens):
    """Tell of each call, before and after."""
    really = getattr(owner, name)

    def told(*given, **named):
        label = label_of(*given)
        happens(f"before {label}")
        result = really(*given, **named)
        happens(f"after {label}")
        return result

    setattr(owner, name, told)


def line_of(log, actor, action, detail=None):
    what = detail.get("step", action) if action == "step" else action
    return f"{what} line" if "week" not in (detail or {}) else f"{what} line {detail['week']}"


def child(weeks, kill_at=None):
    """Run weeks in a child; returns its end (0, or minus the signal) and what happened in it."""
    log = HOME / "happened"
    log.write_text("")
    pid = os.fork()
    if pid == 0:

        def happens(label):
            with log.open("a") as file:
                file.write(label + "\n")
            if label == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

        watched(Ledger, "append", line_of, happens)
        watched(
            os,
            "replace",
            lambda source, target: f"file {Path(target).name if len(Path(target).name) < 40 else 'kept'}",
            happens,
        )
        watched(MlflowClient, "create_model_version", lambda *given: "registration", happens)
        sys.argv = ["run.py", "--feed", FEED, "--as", "n.night", "--until", str(weeks)]
        sys.stdout = sys.stderr = (HOME / "said").open("a")
        code = 1
        try:
            code = run.main() or 0
        except SystemExit as end:
            code = 1 if isinstance(end.code, str) else end.code or 0
        finally:
            sys.stdout.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), log.read_text().splitlines()


def looked():
    """The state as plain data: lines, lists without the digest (which a new training changes), what is live."""
    lists = {path.name: path.read_text() for path in sorted((STATE / "served").glob("*.csv"))}
    log = Ledger(STATE / "log.sqlite")
    live = STATE / "live.json"
    return {
        "lines": [[line.actor, line.action, line.told(), line.hash] for line in log.lines()],
        "broken": str(log.verify() or ""),
        "lists": lists,
        "live": json.loads(live.read_text()) if live.exists() else None,
        "left": sorted(path.name for path in STATE.rglob(".*")),
    }


def back(kept):
    shutil.rmtree(STATE, ignore_errors=True)
    if kept.exists():
        shutil.copytree(kept, STATE)


found = {}
for begins, labels in (
    (0, [one for one in LABELS if one.endswith(" from 0")]),
    (2, [one for one in LABELS if not one.endswith(" from 0")]),
):
    if not labels:
        continue
    back(Path("/nowhere"))
    if begins:
        assert child(begins - 1)[0] == 0
        shutil.copytree(STATE, BEFORE)
    whole = child(WEEKS)
    assert whole[0] == 0, whole
    found[f"whole {begins}"] = {"events": whole[1], "end": looked()}
    for label in labels:
        back(BEFORE)
        killed, happened = child(WEEKS, label.removesuffix(" from 0"))
        dead = looked() if (STATE / "log.sqlite").exists() else None
        again, _ = child(WEEKS)
        found[label] = {
            "killed": killed,
            "dead": dead,
            "again": again,
            "end": looked(),
            "said": (HOME / "said").read_text(),
        }
print(json.dumps(found))
