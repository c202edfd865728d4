"""``wardround check pipeline`` in the box: runs the learner's ``run.py``, kills it where asked, asks it questions.

What leaves are lines of JSON, which the other side reads as data. Nothing here knows what happens in the year.
"""

from __future__ import annotations

import importlib
import math
import os
import runpy
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd

from wardround.course.child import _answers_apart, _said, _sender
from wardround.operations import ledger


def main(job: dict[str, Any]) -> None:
    """Do what is asked, in this order: ``runs``, ``explain``, ``score``; a JSON line for each.

    Parameters
    ----------
    job
        ``home`` and ``feed`` (folders), ``runs`` (arguments of ``run.py``, after ``--feed``), ``kill`` (where),
        ``explain`` (stays), ``score`` (digest to the Parquet files whose rows its bundle is to score).
    """
    send = _sender(_answers_apart())
    home = Path(job["home"])
    os.chdir(home)
    sys.path.insert(0, str(home))
    if job.get("kill"):
        _killed_at(job["kill"])
    for number, arguments in enumerate(job.get("runs", [])):
        send(begin=["cell", number])
        send(run=number, ended=_ran(home, ["--feed", job["feed"], *arguments]))
    if job.get("explain") or job.get("score"):
        _asked(send, home, job)
    send(end=True, cpu=time.process_time())
    os._exit(0)


def _ran(home: Path, arguments: list[str]) -> str:
    """Run the command; empty where it ended well, else its last words."""
    sys.argv = [str(home / "run.py"), *arguments]
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as ended:
        return "" if ended.code in (None, 0) else str(ended.code)[:600]
    except BaseException as trouble:  # learner code: whatever it raises is told, and the check goes on
        return f"{type(trouble).__name__}: {_said(trouble)}"
    return ""


def _asked(send: Any, home: Path, job: dict[str, Any]) -> None:
    from wardround.operations.pipeline import House
    from wardround.operations.pipeline_desk import explained

    house = House(home, Path(job["feed"]), "check", {}, importlib.import_module("answers"))
    for number, stay in enumerate(job.get("explain", [])):
        send(begin=["cell", 1000 + number])
        try:
            send(explain=stay, found=_plain(explained(house, stay)[1]))
        except Exception as trouble:
            send(explain=stay, trouble=f"{type(trouble).__name__}: {_said(trouble)}")
    for number, (digest, files) in enumerate(job.get("score", [])):
        send(begin=["cell", 2000 + number])
        try:
            parts = house.parts(house.releases.state().bundles[digest])
            for name in files:
                rows = pd.read_parquet(Path(job["asked"]) / name)
                send(score=name, found=[float(one) for one in house.risk(parts["version"], parts["code"], rows)])
        except Exception as trouble:
            send(score=files[0], trouble=f"{type(trouble).__name__}: {_said(trouble)}")


def _plain(found: Any) -> dict[str, float | None]:
    """An explanation's numbers; what is no number is None."""
    told = {}
    for name in ("version", "threshold", "score", "rebuilt", "called"):
        try:
            value = float(found[name])
            told[name] = value if math.isfinite(value) else None
        except Exception:
            told[name] = None
    return told


# a kill ---------------------------------------------------------------------------------------------------------------
def _killed_at(where: dict[str, Any]) -> None:
    """End this process without a word: before or after the ``nth`` line of an action, or before a file is renamed."""
    left = [where.get("nth", 1)]

    def now(fits: bool) -> None:
        left[0] -= fits
        if fits and not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    if "renames" in where:
        sys.addaudithook(lambda event, about: event == "os.rename" and now(Path(about[1]).name == where["renames"]))
        return
    write = ledger.Ledger.append

    def append(self: Any, actor: str, action: str, *more: Any, **named: Any) -> Any:
        fits = action == where.get("action")
        if where["when"] == "before":
            now(fits)
        line = write(self, actor, action, *more, **named)
        if where["when"] == "after":
            now(fits)
        return line

    ledger.Ledger.append = append
