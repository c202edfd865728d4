"""The house that the steps of a pipeline work in: its folders, its log, its releases, and who runs it.

The steps themselves are the learner's files (``templates/pipeline``). What must hold whatever a step does stands here:
a file is whole or absent, a list that went out is kept under its hash, and the log decides what is in force.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import runpy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient

from wardround.operations.bundle import Bundle
from wardround.operations.ledger import Ledger, Line, LogUnreadable, NotLogged
from wardround.operations.registry import Registry
from wardround.operations.releases import Releases, State
from wardround.operations.serving import Server

T = TypeVar("T")
MODEL = "readmission"
PARTS = ("version", "code", "contract", "threshold")  # what is served, and goes back together


class Stop(RuntimeError):
    """The run ends here and nothing was served since; the message says why, and how to go on."""


ENDS = (Stop, NotLogged, LogUnreadable)  # nothing can be promised any more, so nothing goes on


class NoList(RuntimeError):
    """The ward gets no list this week; the message says why."""


@dataclass
class House:
    """What every step is handed.

    Parameters
    ----------
    home
        The pipeline's folder; all that running makes lies in ``home / "state"``.
    feed
        Folder with ``reference.parquet`` and ``week-NN/``.
    actor
        Who runs it: the name on every line of the log.
    plan
        ``plan.toml``, read.
    answers
        The learner's module: ``gate explain roll_back alarms performance given``.
    """

    home: Path
    feed: Path
    actor: str
    plan: Mapping[str, Any]
    answers: ModuleType
    say: Callable[[str], object] = print
    _known: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def state(self) -> Path:
        """Folder of all that running makes."""
        return self.home / "state"

    @property
    def log(self) -> Ledger:
        """The one log."""
        return Ledger(self.state / "log.sqlite")

    @cached_property
    def releases(self) -> Releases:
        """Proposals, approvals and releases; MLflow's registry is made with the first use."""
        path = self.state / "registry" / "mlflow.db"
        if not path.exists():  # made beside and renamed: a kill leaves no half-made registry
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name("new.db")
            beside.unlink(missing_ok=True)
            MlflowClient(f"sqlite:///{beside}").search_registered_models()
            os.replace(beside, path)
        mlflow.set_tracking_uri(f"sqlite:///{path}")  # also in a run that begins behind the training
        return Releases(Registry(MODEL, f"sqlite:///{path}"), self.log)

    @cached_property
    def server(self) -> Server:
        """What loads the release in force, with every digest compared."""
        return Server(self.releases, self.state / "server")

    # the log ----------------------------------------------------------------------------------------------------------
    def write(self, action: str, /, **detail: Any) -> Line | None:
        """Add a line by the calling user, unless this very line is there: a step that was cut off is begun again."""
        text = json.loads(json.dumps(detail))
        return None if text in self.lines(action) else self.log.append(self.actor, action, detail)

    def alarm(self, week: int, layer: str, signal: str, why: str) -> None:
        """Write an alarm, with whom the plan calls and what it does first."""
        told = {"week": week, "layer": layer, "signal": signal, "why": why}
        self.write("alarm", **told, action=self.plan[layer]["action"], owner=self.plan[layer]["owner"])

    def story(self) -> list[tuple[Line, dict[str, Any]]]:
        """Return every line of the log with what it says; only what was written since the last look is read."""
        known = self._known.setdefault("story", [])
        known += [(line, line.told()) for line in self.log.lines(len(known))]
        return known

    def lines(self, action: str) -> list[dict[str, Any]]:
        """Return what the lines of an action say, oldest first."""
        return [told for line, told in self.story() if line.action == action]

    def standing(self) -> State:
        """Return what the log says of releases: proposals, what is in force, what was."""
        lines = len(self.story())
        return self.once(f"state at {lines}", self.releases.state)

    def once(self, key: str, make: Callable[[], T]) -> T:
        """Return what ``make`` made the first time in this run."""
        if key not in self._known:
            self._known[key] = make()
        return self._known[key]

    def told(self, step: str, week: int) -> dict[str, Any] | None:
        """Return what a step wrote when it ended in a week; None where it has not."""
        found = [one for one in self.lines("step") if (one["step"], one["week"]) == (step, week)]
        return found[-1] if found else None

    # files ------------------------------------------------------------------------------------------------------------
    def keep(self, content: bytes | str) -> str:
        """Write a file into ``state/kept`` under the SHA-256 of its bytes, which is returned."""
        content = content.encode() if isinstance(content, str) else content
        name = hashlib.sha256(content).hexdigest()
        path = self.state / "kept" / name
        if not path.exists():
            put(path, content)
        return name

    def kept(self, name: str) -> Path:
        """Return where a kept file lies."""
        return self.state / "kept" / name

    def served(self, week: int) -> Path:
        """Return where the list of a week lies, or would."""
        return self.state / "served" / f"week-{week:02d}.csv"

    def code(self, name: str) -> dict[str, Any]:
        """Return the names of kept feature code: ``features`` and ``fit``."""
        return self.once(name, lambda: runpy.run_path(str(self.kept(name))))

    # what is in force -------------------------------------------------------------------------------------------------
    def parts(self, bundle: Bundle) -> dict[str, Any]:
        """Return a bundle as what is served: ``version code contract threshold digest``."""
        contract = self.keep(json.dumps(bundle.contract, sort_keys=True))
        served = (bundle.version, bundle.feature_code.sha256, contract, bundle.policy.threshold)
        return dict(zip(PARTS, served, strict=True)) | {"digest": bundle.digest}

    def live(self) -> dict[str, Any] | None:
        """Return what is served, as ``state/live.json`` says; None before the first release."""
        path = self.state / "live.json"
        return json.loads(path.read_bytes()) if path.exists() else None

    def follow(self) -> None:
        """Let ``live.json`` show the release in force: the log decides, the file follows."""
        state = self.standing()
        wanted = self.parts(state.bundles[state.current]) if state.current else None
        if self.live() != wanted:
            put(self.state / "live.json", (json.dumps(wanted, indent=2) + "\n").encode())

    def hand_out(self, line: Mapping[str, Any]) -> None:
        """Put a list that the log has where the ward finds it.

        Raises
        ------
        Stop
            Another list lies there.
        """
        path, sha = self.served(line["week"]), line["sha256"]
        if not path.exists():
            put(path, self.kept(sha).read_bytes())
        elif hashlib.sha256(path.read_bytes()).hexdigest() != sha:
            raise Stop(
                f"{path} is not the list that went out (its hash is not the log's), so nothing runs; "
                "delete it, and the next run puts the kept one there."
            )

    def settle(self) -> None:
        """Put right what a kill left half done: what is live, the registry's alias, and every list that went out.

        Raises
        ------
        Stop
            The log does not hold, or a list is another than the one that went out.
        """
        if broken := self.log.verify():
            raise Stop(
                f"The log does not hold ({broken.why}), so nothing runs; bring back {self.log.path} from a copy."
            )
        for half in self.state.rglob(".*.[0-9]*"):  # what a kill left of a file; `put` names it so
            half.unlink()
        self.follow()
        self.releases.mend()
        for line in self.lines("served"):
            self.hand_out(line)

    # the feed ---------------------------------------------------------------------------------------------------------
    def weeks(self) -> list[int]:
        """Return the weeks that the feed has."""
        return sorted(int(path.name[5:]) for path in self.feed.glob("week-[0-9][0-9]") if path.is_dir())

    def folder(self, week: int) -> Path:
        """Return the folder of a week in the feed."""
        return self.feed / f"week-{week:02d}"

    def reference(self) -> pd.DataFrame:
        """Return the stays of the year before, with ``back``."""
        return self.once("reference", lambda: pd.read_parquet(self.feed / "reference.parquet")).copy()

    def asked(self, week: int) -> dict[str, Any] | None:
        """Return what somebody asks to be released in a week (``candidate.json``), or None."""
        path = self.folder(week) / "candidate.json"
        return json.loads(path.read_bytes()) if path.exists() else None

    def outcomes(self, week: int) -> pd.DataFrame:
        """Return ``stay back`` of every stay whose outcome was settled by a week."""
        arrived = [
            pd.read_parquet(path) for one in range(week + 1) if (path := self.folder(one) / "outcomes.parquet").exists()
        ]
        return pd.concat(arrived, ignore_index=True).drop_duplicates("stay", keep="last") if arrived else pd.DataFrame()

    # what was said ----------------------------------------------------------------------------------------------------
    def track(self) -> None:
        """Let MLflow write its runs into the pipeline's own store."""
        mlflow.set_tracking_uri(self.releases.registry.address)
        if mlflow.get_experiment_by_name(MODEL) is None:
            mlflow.create_experiment(MODEL, artifact_location=(self.state / "registry" / "artifacts").as_uri())
        mlflow.set_experiment(MODEL)

    def asker(self, model: str, code: str) -> Callable[[pd.DataFrame], np.ndarray]:
        """Return the function from rows to risks, of a model by MLflow's address, on kept feature code."""
        mlflow.set_tracking_uri(self.releases.registry.address)
        loaded, features = mlflow.sklearn.load_model(model), self.code(code)["features"]
        return lambda rows: loaded.predict_proba(features(rows))[:, 1]

    def risk(self, version: int, code: str, rows: pd.DataFrame) -> np.ndarray:
        """Return the risks of rows by a version of the registry on kept feature code."""
        ask = self.once(f"{version} on {code}", lambda: self.asker(f"models:/{MODEL}/{version}", code))
        return ask(rows)

    def share_on_list(self, digest: str, rows: pd.DataFrame) -> pd.Series:
        """Return by site the share of those who go home whom a bundle puts on its list."""
        parts = self.parts(self.standing().bundles[digest])
        rows = rows[rows["home"].astype(bool)]
        on_list = self.risk(parts["version"], parts["code"], rows) >= parts["threshold"]
        return pd.Series(on_list, rows.index).groupby(rows["site"]).mean()

    def lists(self) -> dict[int, dict[str, Any]]:
        """Return the lines of the lists that went out, by week."""
        return {line["week"]: line for line in self.lines("served")}

    def list_of(self, week: int) -> pd.DataFrame:
        """Return the rows of a week as they were scored, with ``score called digest``; empty where no list went out."""
        line = self.lists().get(week)
        if line is None:
            return pd.DataFrame()
        return self.once(f"list {line['sha256']}", lambda: self._list(line)).copy()

    def _list(self, line: Mapping[str, Any]) -> pd.DataFrame:
        said = pd.read_csv(self.kept(line["sha256"]), float_precision="round_trip")
        return pd.read_parquet(self.kept(line["list"])).drop(columns="encounter_id").merge(said, on="stay")

    def listed(self, week: int) -> pd.DataFrame:
        """Return those of a week's list who go home, with ``on_list``: at or above the threshold, ticket or not."""
        rows = self.list_of(week)
        if rows.empty:
            return rows
        threshold = self.standing().bundles[rows["digest"].iloc[0]].policy.threshold
        return rows[rows["home"].astype(bool)].assign(on_list=lambda table: table["score"] >= threshold)

    def settled(self, week: int) -> pd.DataFrame:
        """Return every stay of the last 26 settled weeks, as it was listed, with ``back``."""
        outcomes = self.outcomes(week)
        if outcomes.empty:
            return outcomes
        rows = pd.concat([self.list_of(one) for one in [*self.lists(), -1] if one <= week], ignore_index=True)
        if rows.empty:
            return rows
        rows = rows.merge(outcomes[["stay", "back"]], on="stay")
        return rows[rows["week"] > rows["week"].max() - 26].reset_index(drop=True)

    def last_rows(self) -> pd.DataFrame:
        """Return the rows of the last list."""
        return self.list_of(max(self.lists()))

    def in_force_since(self) -> dict[str, Any]:
        """Return how the release in force came: ``action over week`` (of the run that wrote it)."""
        last = self.standing().last
        weeks = [one["week"] for one in self.lines("step") if one.get("released") == last.told()["digest"]]
        return {"action": last.action, "over": last.told()["over"], "week": weeks[-1] if weeks else -1}

    # for the learner's answers ----------------------------------------------------------------------------------------
    def archive(self) -> Archive:
        """Return the state as week 7's archive, which ``explain`` reads."""
        return Archive(self)


class Archive:
    """The pipeline's state in the form of week 7's archive: ``uri log lines kept decisions``.

    ``log`` has a row for each line on a release, its parts beside it; ``decisions`` a row for each stay on a list.
    """

    def __init__(self, house: House) -> None:
        state = house.standing()
        self.uri, self.kept = house.releases.registry.address, house.state / "kept"
        self.lines = [{**line._asdict(), "detail": told} for line, told in house.story()]
        rows = []
        for line in self.lines:
            bundle = state.bundles.get(line["detail"].get("digest"))
            if bundle and line["action"] in ("proposed", "approved", "released", "rolled back"):
                parts = house.parts(bundle) | {"snapshot": bundle.snapshot.sha256, "lock": bundle.lock.sha256}
                told = {name: line[name] for name in ("number", "actor", "action")}
                rows.append({"at": _moment(line["at"]), "model": MODEL, **told, **parts, **_because(line)})
        self.log = pd.DataFrame(rows)
        self._house = house

    @cached_property
    def decisions(self) -> pd.DataFrame:
        """One row a stay on a list: ``decision at encounter_id list shown called score``."""
        tables = []
        for line in self.lines:
            if line["action"] == "served":
                week = line["detail"]["week"]
                table = pd.read_csv(self._house.served(week), float_precision="round_trip")
                table = table.rename(columns={"stay": "encounter_id"}).assign(at=_moment(line["at"]))
                table["list"] = line["detail"]["list"]
                tables.append(table.assign(shown=(100 * table.score).round().map("{:.0f}%".format)))
        table = pd.concat(tables, ignore_index=True)
        return table.assign(decision=[f"d{number}" for number in range(len(table))])


def put(path: Path, content: bytes) -> None:
    """Write a file beside, onto the disk, and rename it: a reader, and a power cut, see all of it or nothing.

    Raises
    ------
    Stop
        It cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as trouble:
        raise Stop(f"{path} could not be written ({trouble.strerror}); make room for it, and run again.") from trouble


def _moment(text: str) -> dt.datetime:
    return pd.Timestamp(text)


def _because(line: Mapping[str, Any]) -> dict[str, str]:
    return {"because": line["detail"].get("because", "")}
