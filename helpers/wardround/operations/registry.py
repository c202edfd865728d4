"""What MLflow keeps of a model, as a bundle: files gathered with their digests, fetched and compared.

Own code: MLflow finds and copies files; that they are still the ones that were approved is nobody's business there.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandera.pandas as pa
from mlflow import MlflowClient, artifacts
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from sqlalchemy.exc import SQLAlchemyError

from wardround.operations.bundle import PARTS, Bundle, Kept, Policy, digest_of

PLACES = {"feature_code": "features.py", "snapshot": "snapshot.parquet", "lock": "requirements.lock"}


class NotWhole(RuntimeError):
    """What a bundle names is not there or not the same; the message says which part."""


@dataclass(frozen=True)
class Registry:
    """One registered model of an MLflow store.

    Parameters
    ----------
    name
        Of the registered model.
    address
        MLflow's tracking address, ``sqlite:///…``.
    alias
        What people see in the registry's page.
    """

    name: str
    address: str
    alias: str = "champion"

    @property
    def client(self) -> MlflowClient:
        """MLflow's client of this registry."""
        return MlflowClient(self.address, registry_uri=self.address)

    def gather(
        self,
        version: int,
        *,
        policy: Policy | Mapping[str, Any],
        contract: pa.DataFrameSchema,
        places: Mapping[str, str] = PLACES,
    ) -> Bundle:
        """Return the bundle of a registered version, digests taken from what its run kept.

        Parameters
        ----------
        places
            Where among the run's artefacts the feature code, the snapshot and the lock file are.

        Raises
        ------
        NotWhole
            The version, its run or a part is not there, or the run has not finished.
        """
        with self._fetched(version, places) as (found, folder):
            model = Model.load(str(folder / "model"))
            return Bundle(
                name=self.name,
                version=version,
                run_id=found.run_id,
                model=digest_of(folder / "model"),
                features=tuple(model.signature.inputs.input_names()),
                contract=json.loads(contract.to_json()),
                policy=policy if isinstance(policy, Policy) else Policy(**policy),
                python=model.flavors["python_function"]["python_version"],
                **{part: Kept(path=path, sha256=digest_of(folder / part)) for part, path in places.items()},
            )

    def check(self, bundle: Bundle, parts: Sequence[str] = PARTS) -> None:
        """Raise :class:`NotWhole` unless the model and these parts are in the registry, the same, and fit together."""
        with self._fetched(bundle.version, {part: getattr(bundle, part).path for part in parts}) as (_, folder):
            compare(bundle, folder, parts)

    def fetch(self, bundle: Bundle, folder: Path) -> None:
        """Copy what a server needs, the model and the feature code, into a new folder, and check it there.

        Raises
        ------
        NotWhole
            A part is missing or another, or there is no room for it.
        """
        with self._fetched(bundle.version, {"feature_code": bundle.feature_code.path}) as (_, made), _spoken():
            compare(bundle, made, ("feature_code",))
            beside = folder.with_name(f".{folder.name}")
            shutil.rmtree(beside, ignore_errors=True)
            try:
                shutil.copytree(made, beside)
                shutil.rmtree(folder, ignore_errors=True)
                beside.rename(folder)
            finally:
                shutil.rmtree(beside, ignore_errors=True)

    def show(self, version: int, tags: Mapping[str, str]) -> None:
        """Point the alias to a version and tag it.

        Raises
        ------
        NotWhole
            The registry cannot be written.
        """
        with _spoken():
            self.client.set_registered_model_alias(self.name, self.alias, version)
            for name, value in tags.items():
                self.client.set_model_version_tag(self.name, version, name, value)

    def shown(self) -> int | None:
        """Return the version that the alias shows, or None.

        Raises
        ------
        NotWhole
            The registry cannot be read.
        """
        with _spoken():
            return self.client.get_registered_model(self.name).aliases.get(self.alias)

    @contextlib.contextmanager
    def _fetched(self, version: int, places: Mapping[str, str]) -> Iterator[tuple[Any, Path]]:
        """The version's entry, and a folder with its model and these files of its run, each under its part's name."""
        with tempfile.TemporaryDirectory(prefix="wardround-") as made, _spoken():
            folder, client = Path(made), self.client
            found = client.get_model_version(self.name, version)
            run = client.get_run(found.run_id)
            if (run.info.status, found.status) != ("FINISHED", "READY"):
                raise NotWhole(
                    f"version {version} is of a run that never finished ({run.info.status.lower()}); train it again"
                )
            uri = client.get_model_version_download_uri(self.name, version)
            shutil.move(artifacts.download_artifacts(artifact_uri=uri, dst_path=str(folder / "m")), folder / "model")
            for part, path in places.items():
                shutil.move(client.download_artifacts(found.run_id, path, _new(folder / "p")), folder / part)
            yield found, folder


def compare(bundle: Bundle, folder: Path, parts: Sequence[str]) -> None:
    """Raise :class:`NotWhole` unless the files are the bundle's, and features, signature and contract agree."""
    version = f"version {bundle.version} of {bundle.name}"
    for part, told in [("model", bundle.model), *((part, getattr(bundle, part).sha256) for part in parts)]:
        if not (folder / part).exists():
            raise NotWhole(f"the {part.replace('_', ' ')} of {version} is missing")
        if digest_of(folder / part) != told:
            raise NotWhole(f"the {part.replace('_', ' ')} of {version} is not the one that was approved")
    signature = Model.load(str(folder / "model")).signature
    if list(bundle.features) != signature.inputs.input_names():
        raise NotWhole(f"the features of {version} are not those of the model's signature")
    contract = pa.DataFrameSchema.from_json(json.dumps(bundle.contract))
    if left := [name for name in bundle.features if name not in contract.columns]:
        raise NotWhole(f"the contract of {version} says nothing of {', '.join(left)}")


@contextlib.contextmanager
def _spoken() -> Iterator[None]:
    """What a registry, its database or the disk raise, in one sentence."""
    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError, shutil.Error) as trouble:
        said = str(getattr(trouble, "orig", None) or trouble).splitlines()[0]
        raise NotWhole(f"the registry cannot give it: {said}") from trouble


def _new(folder: Path) -> str:
    folder.mkdir(exist_ok=True)
    return str(folder)
