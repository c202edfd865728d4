"""What a ward's server loads: the release in force if it is whole, otherwise the last good one, and a sentence why.

Own code: ``models:/name@champion`` loads whatever the alias points to, approved or not, and nothing where the registry
is down. This one asks the log, checks every digest, and keeps its own copies, so that a registry that breaks at night
takes no score away.
"""

from __future__ import annotations

import importlib.util
import json
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa
from mlflow import pyfunc
from pydantic import BaseModel

from wardround.operations.bundle import Bundle
from wardround.operations.ledger import Anchor
from wardround.operations.registry import NotWhole, compare
from wardround.operations.releases import Refused, Releases, State


class NothingToServe(RuntimeError):
    """No release is whole and approved; the message says what is wrong with each. The ward works without a score."""


class ContractBroken(ValueError):
    """Rows at the door do not fit the contract; the message names columns, rules and counts, and no patient's value."""


class Last(BaseModel):
    """What the server remembers over a restart: the bundle it served, and where the log ended then."""

    bundle: Bundle
    number: int
    hash: str


@dataclass(frozen=True)
class Serving:
    """A loaded release.

    Attributes
    ----------
    why
        Empty where this is the release in force and everything agrees; else what does not, in a sentence.
    """

    bundle: Bundle
    model: Any
    features: Callable[[pd.DataFrame], pd.DataFrame]
    contract: pa.DataFrameSchema
    why: str = ""

    def decide(self, raw: pd.DataFrame) -> pd.DataFrame:
        """Return ``score`` (0 to 1) and ``alert`` for each row, through the bundle's own features, contract and policy.

        Raises
        ------
        ContractBroken
            A row does not fit; no row is scored.
        """
        table = self.features(raw)
        if missing := [name for name in self.bundle.features if name not in table]:
            raise ContractBroken(f"The feature code gives no {', '.join(missing)}.")
        table = table[list(self.bundle.features)]
        try:
            table = self.contract.validate(table, lazy=True)
        except pa.errors.SchemaErrors as trouble:
            raise ContractBroken(_said(trouble.failure_cases, len(table))) from None
        score = pd.Series(self.model.predict(table)[:, 1], index=table.index)
        return pd.DataFrame({"score": score, "alert": score >= self.bundle.policy.threshold})


class Server:
    """Keeps one good release loaded.

    Parameters
    ----------
    releases
        Registry and log.
    folder
        The server's own: copies of what it served, and ``served.json``, which also anchors the log.
    """

    def __init__(self, releases: Releases, folder: Path | str) -> None:
        self.releases, self.folder = releases, Path(folder)
        self.now: Serving | None = None

    def refresh(self) -> Serving:
        """Look at the log again and return what is served from now on.

        Raises
        ------
        NothingToServe
            Nothing that was approved and not withdrawn is whole.
        """
        why: list[str] = []
        last = self._last(why)
        state, wanted = self._wanted(last, why)
        for bundle in wanted:
            try:
                loaded = self._loaded(bundle)
                break
            except NotWhole as trouble:
                why.append(f"version {bundle.version} is not served: {trouble}")
        else:
            raise NothingToServe(
                f"{self.releases.name} gives no score: {'; '.join(why) or 'nothing was released yet'}."
            )
        if state is not None:
            why += [*state.void, *self._alias(state)]
            self._remember(Last(bundle=bundle, number=state.anchor.number, hash=state.anchor.hash), why)
        said = f"Version {bundle.version} is served; {'; '.join(why)}." if why else ""
        self.now = Serving(bundle, loaded.model, loaded.features, loaded.contract, said)
        return self.now

    def _wanted(self, last: Last | None, why: list[str]) -> tuple[State | None, list[Bundle]]:
        """Bundles by preference: the release in force, then those before it. A broken log: what was served last."""
        try:
            state = self.releases.state(Anchor(last.number, last.hash) if last else None)
        except Refused as trouble:
            why.append(str(trouble).rstrip("."))
            known = self.now.bundle if self.now else last.bundle if last else None
            return None, [known] if known else []
        return state, [state.bundles[digest] for digest in reversed(state.releases)]

    def _loaded(self, bundle: Bundle) -> Serving:
        if self.now is not None and self.now.bundle.digest == bundle.digest:
            return self.now
        folder = self.folder / bundle.digest
        try:
            compare(bundle, folder, ("feature_code",))
        except NotWhole:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.releases.registry.fetch(bundle, folder)
        return Serving(
            bundle,
            pyfunc.load_model(str(folder / "model")),
            _function(folder / "feature_code"),
            pa.DataFrameSchema.from_json(json.dumps(bundle.contract)),
        )

    def _alias(self, state: State) -> list[str]:
        alias, released = self.releases.registry.alias, state.version(state.current)
        try:
            shown = self.releases.registry.shown()
        except NotWhole as trouble:
            return [str(trouble)]
        return [] if shown == released else [f"the alias {alias} shows version {shown}, and the log has {released}"]

    def _last(self, why: list[str]) -> Last | None:
        path = self.folder / "served.json"
        try:
            return Last.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            why.append(f"{path} cannot be read, so the log was checked without its anchor")
            return None

    def _remember(self, last: Last, why: list[str]) -> None:
        beside = self.folder / f".served.{uuid.uuid4().hex[:8]}"
        try:
            beside.write_text(last.model_dump_json(indent=2) + "\n", encoding="utf-8")
            os.replace(beside, self.folder / "served.json")
        except OSError as trouble:
            why.append(f"what is served could not be noted for a restart ({trouble.strerror})")
        finally:
            beside.unlink(missing_ok=True)


def _function(path: Path) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """The bundle's ``features``: code that two persons approved and whose digest was checked a moment ago."""
    spec = importlib.util.spec_from_loader("features_of_the_bundle", loader=None)
    module = importlib.util.module_from_spec(spec)
    try:
        exec(compile(path.read_bytes(), str(path), "exec"), vars(module))
        return module.features
    except Exception as trouble:
        raise NotWhole(f"its feature code has no function features(raw): {type(trouble).__name__}") from trouble


def _said(cases: pd.DataFrame, rows: int) -> str:
    """The failures as columns, rules and counts: a traceback is read by more people than a chart."""
    counts = cases.groupby(["column", "check"], sort=False, dropna=False).size()
    rules = "; ".join(f"{column}: {check} ({count} of {rows} rows)" for (column, check), count in counts.items())
    return f"The rows do not fit the contract, and none was scored: {rules}."
