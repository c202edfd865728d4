"""A release bundle: everything that must go back together when a release is undone, with one digest over it.

Own code, because a registry's version is a model alone: yesterday's model on today's features, contract and threshold
is a third system that nobody has judged. Pydantic reads and writes it; MLflow keeps the files; this names and compares.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, field_validator

Sha = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
LEFT_BEHIND = {"__pycache__", "registered_model_meta"}
PARTS = ("feature_code", "snapshot", "lock")  # files of the run, beside the model


class BundleUnreadable(ValueError):
    """A file is no release bundle, or not the one it says; the message says which and why."""


class Kept(BaseModel):
    """A file among the artefacts of the run: where, and the SHA-256 of its bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(min_length=1)
    sha256: Sha

    @field_validator("path")
    @classmethod
    def _inside(cls, path: str) -> str:
        if "\\" in path or path.startswith("/") or ".." in path.split("/"):
            raise ValueError("a path inside the run's artefacts, with forward slashes")
        return path


class Policy(BaseModel):
    """What turns a score into an alert; further rules (who is called, how many a day) are kept as they are given."""

    model_config = ConfigDict(frozen=True, extra="allow")

    threshold: float = Field(ge=0, le=1)


class Bundle(BaseModel):
    """One release: what is served, and what is needed to explain it later.

    Attributes
    ----------
    name, version, run_id
        The registered model, its version in MLflow, and the run that made it.
    model
        :func:`digest_of` the model's folder.
    features
        Names of the columns, in the order of the model's signature.
    feature_code
        A Python file with ``features(raw)`` that returns those columns.
    snapshot
        The training table, kept. It holds patients' data: only an explanation needs it, a server never copies it.
    lock
        The lock file of the environment.
    contract
        A Pandera schema of the features as data (``schema.to_json()``, parsed).
    policy
        The threshold, and the rules beside it.
    python
        Version of Python at training, ``3.11.7``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    version: int = Field(ge=1)
    run_id: str = Field(min_length=1)
    model: Sha
    features: tuple[str, ...] = Field(min_length=1)
    feature_code: Kept
    snapshot: Kept
    lock: Kept
    contract: dict[str, JsonValue]
    policy: Policy
    python: str = Field(min_length=1)

    @property
    def digest(self) -> str:
        """SHA-256 of all of it: 64 hexadecimal digits, the same whatever the order of keys was."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def write(self, path: Path | str) -> None:
        """Write it as JSON with its digest, beside and renamed: a reader sees a whole file or none."""
        path = Path(path)
        beside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
        try:
            beside.write_text(json.dumps({"digest": self.digest, **self.model_dump(mode="json")}, indent=2) + "\n")
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)

    @classmethod
    def read(cls, path: Path | str) -> Bundle:
        """Return the bundle of a file that :meth:`write` wrote.

        Raises
        ------
        BundleUnreadable
            It is not there, no bundle, or changed since it was written.
        """
        try:
            found = json.loads(Path(path).read_bytes())
            told = found.pop("digest")
            bundle = cls.model_validate(found)
        except (OSError, ValueError, KeyError, AttributeError, TypeError) as trouble:
            raise BundleUnreadable(
                f"{path} is no release bundle ({_first(trouble)}); write it with Bundle.write."
            ) from trouble
        if told != bundle.digest:
            raise BundleUnreadable(
                f"{path} was changed after it was written: it says {str(told)[:12]} and holds {bundle.digest[:12]}; "
                "take it again from the log of releases."
            )
        return bundle


def digest_of(path: Path | str) -> str:
    """Return the SHA-256 of a file's bytes; of a folder, that of the names and hashes of all files in it.

    What loading leaves behind in a folder does not count: Python's byte code, and the note with name and version that
    MLflow writes into the registry's own copy when somebody loads ``models:/name/version``.
    """
    path = Path(path)
    if path.is_dir():
        files = sorted(one for one in path.rglob("*") if one.is_file() and not LEFT_BEHIND & set(one.parts))
        text = "".join(f"{one.relative_to(path).as_posix()}\0{digest_of(one)}\n" for one in files)
        return hashlib.sha256(text.encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def differences(before: Bundle, after: Bundle) -> list[str]:
    """Return in words what differs between two bundles, one sentence a part; an empty list where nothing does."""
    said: list[str] = []
    if before.name != after.name:
        said.append(f"name: {before.name} → {after.name}")
    if before.version != after.version:
        said.append(f"model: version {before.version} → {after.version}")
    elif before.model != after.model:
        said.append(f"model: version {after.version} has other files ({_short(before.model)} → {_short(after.model)})")
    elif before.run_id != after.run_id:
        said.append(f"run: {before.run_id} → {after.run_id}")
    said += _features(before.features, after.features)
    for part in PARTS:
        old, new = getattr(before, part), getattr(after, part)
        if old != new:
            where = new.path if old.path == new.path else f"{old.path} → {new.path}"
            said.append(f"{part.replace('_', ' ')}: {where} ({_short(old.sha256)} → {_short(new.sha256)})")
    said += _mappings("contract", _flat(before.contract), _flat(after.contract))
    said += _mappings("policy", before.policy.model_dump(mode="json"), after.policy.model_dump(mode="json"))
    if before.python != after.python:
        said.append(f"python: {before.python} → {after.python}")
    return said


def _features(old: tuple[str, ...], new: tuple[str, ...]) -> list[str]:
    if old == new:
        return []
    changed = [f"+ {name}" for name in new if name not in old] + [f"− {name}" for name in old if name not in new]
    return [f"features: {', '.join(changed) or 'the same in another order'}"]


def _flat(contract: dict[str, Any]) -> dict[str, Any]:
    """The contract with a line for each column: ``column creatinine``."""
    columns = contract.get("columns")
    named = {f"column {name}": rule for name, rule in columns.items()} if isinstance(columns, dict) else {}
    return {name: rule for name, rule in contract.items() if not (name == "columns" and named)} | named


def _mappings(what: str, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    nothing = object()
    said = []
    for name in dict.fromkeys([*old, *new]):
        one, other = old.get(name, nothing), new.get(name, nothing)
        if one is nothing:
            said.append(f"{what}: {name} is new, {_json(other)}")
        elif other is nothing:
            said.append(f"{what}: {name} is gone, was {_json(one)}")
        elif _json(one) != _json(other):
            said.append(f"{what}: {name} {_json(one)} → {_json(other)}")
    return said


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _short(sha: str) -> str:
    return sha[:12]


def _first(trouble: Exception) -> str:
    """The first thing wrong, without the values: a bundle's file may be anything."""
    errors = getattr(trouble, "errors", None)
    if callable(errors):
        first = errors(include_input=False, include_url=False)[0]
        return f"{'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}"
    if isinstance(trouble, KeyError):
        return f"it has no {trouble}"
    return str(trouble).splitlines()[0]
