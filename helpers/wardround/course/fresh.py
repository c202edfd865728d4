"""Fresh stays: some 21,000 of a hospital that nobody has trained on, to judge a model by the known risk.

Two halves, made together by one simulation and kept apart: ``features/`` has the columns of ``warehouse.stays``, what
was written later among them, and is all that learner code gets; ``truth/`` has the risk of each stay. Luck is not
graded: on so many stays, and against risks instead of outcomes, two models of different worth do not change places.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import orjson
import pandas as pd

from wardround.course import places
from wardround.course.box import boxed
from wardround.course.loading import Progress

FRESH_SEED = 2026777
FRESH_SCALE = 2.0  # some 21,500 stays that can be counted
FEATURES, TRUTH = "features/stays.parquet", "truth/stays.parquet"
NOT_COUNTED = ("died", "hospice", "against_advice", "transfer")  # who is no index stay, by `records.cohort`
_PARTS = 8


class NoFreshStays(RuntimeError):
    """The fresh stays, or their truth, are not to be had here."""


def fresh_hospital() -> Path:
    """Return the folder of the fresh stays, built or not: ``WARDROUND_FRESH``, or a folder beside the hospitals."""
    given = os.environ.get("WARDROUND_FRESH", "").strip()
    return Path(given).expanduser().resolve() if given else places.datasets() / "quillmere-fresh"


def ensure_fresh(*, progress: Progress | None = None) -> Path:
    """Simulate the fresh stays where they are missing or older than this version (some ten seconds, once)."""
    folder = fresh_hospital()
    return folder if _is_current(folder) else build_fresh(folder, progress=progress)


def fresh_stays() -> pd.DataFrame:
    """Return the fresh stays as a model may see them: one row a stay that can be counted.

    Columns as in ``warehouse.stays``; ``encounter_id``, ``patient_id`` and ``person_id`` begin with ``F``. In the box
    they are read from the folder ``WARDROUND_BOX_FRESH``, which holds no truth.
    """
    if not boxed():
        return pd.read_parquet(ensure_fresh() / FEATURES)
    folder = os.environ.get("WARDROUND_BOX_FRESH", "").strip()
    if not folder:
        raise NoFreshStays("This box was given no fresh stays; its question must be declared with fresh=True.")
    return pd.read_parquet(Path(folder) / Path(FEATURES).name)


def fresh_truth() -> pd.DataFrame:
    """Return the truth of the fresh stays, row by row: ``encounter_id p_true p_usual lace``.

    ``p_true`` is the risk of an unplanned readmission within thirty days without a care call; ``p_usual`` is the risk
    with usual care as it was, lower for those who were called: what outcomes on record come from.

    Raises
    ------
    NoFreshStays
        In the box.
    """
    if boxed():
        raise NoFreshStays("There is no truth in the box.")
    return pd.read_parquet(ensure_fresh() / TRUTH)


def build_fresh(
    out: Path, *, seed: int = FRESH_SEED, scale: float = FRESH_SCALE, progress: Progress | None = None
) -> Path:
    """Simulate fresh stays into a folder, written beside it and renamed at the end.

    Parameters
    ----------
    out
        What is there is replaced.
    scale
        Of the simulated panel; 1 gives some 10,800 stays.
    """
    from wardround.hospital import VERSION

    features, truth = _simulated(seed, scale, progress or (lambda done, what: None))
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f"{out.name}.partial-", dir=out.parent))
    try:
        for name, table in ((FEATURES, features), (TRUTH, truth)):
            (partial / name).parent.mkdir()
            table.to_parquet(partial / name, index=False)
        manifest = {"version": VERSION, "seed": seed, "scale": scale, "stays": len(features)}
        (partial / "manifest.json").write_bytes(orjson.dumps(manifest))
        shutil.rmtree(out, ignore_errors=True)
        os.replace(partial, out)
    except OSError:
        if not _is_current(out):  # else somebody else was quicker
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return out


def _is_current(folder: Path) -> bool:
    from wardround.hospital import VERSION

    try:
        manifest = orjson.loads((folder / "manifest.json").read_bytes())
        return manifest["version"] == VERSION and (folder / TRUTH).exists() and (folder / FEATURES).exists()
    except (OSError, ValueError, KeyError):
        return False


def _simulated(seed: int, scale: float, progress: Progress) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both halves, made block by block, so that a small machine suffices and progress can be shown."""
    from wardround.hospital import simulate
    from wardround.hospital.simulation import panel_size

    cuts = np.linspace(0, panel_size(scale), _PARTS + 1).astype(int).tolist()
    halves = []
    for part, (first, last) in enumerate(itertools.pairwise(cuts)):
        progress(part / _PARTS, "simulating fresh stays")
        halves.append(_halves(simulate(seed, scale=scale, first=first, last=last), first))
    progress(1.0, "simulating fresh stays")
    features, truth = (pd.concat(tables, ignore_index=True) for tables in zip(*halves, strict=True))
    names = pd.Series([f"F{number:06d}" for number in range(len(features))])
    features.insert(0, "encounter_id", names)
    truth.insert(0, "encounter_id", names)
    return features, truth


def _halves(world, first: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Features and truth of the stays of one block that can be counted."""
    from wardround.hospital import warehouse

    stay, people, end = world.stays, world.people, world.end
    of_wards = {name: column[world.labs["stay"] >= 0] for name, column in world.labs.items()}
    rows = pd.concat(
        [
            warehouse.stay_rows(world.seed, people, stay, of_wards),
            warehouse.written_later(world.seed, people, stay, end),
        ],
        axis=1,
    )
    done = warehouse.recorded(stay["admit"], stay["site"]) & (stay["discharge"] < end)
    place = np.flatnonzero(done & ~rows["disposition"].isin(NOT_COUNTED).to_numpy())
    features = rows.iloc[place].reset_index(drop=True)
    names = pd.Series([f"F{number:06d}" for number in (first + stay["row"][place]).tolist()])
    features.insert(0, "patient_id", names)
    features.insert(1, "person_id", names)
    usual = np.where(stay["called"], stay["p1"], stay["p0"])
    truth = pd.DataFrame({"p_true": stay["p0"], "p_usual": usual, "lace": stay["lace"]})
    return features, truth.iloc[place].reset_index(drop=True)
