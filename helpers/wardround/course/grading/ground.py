"""The ground that a class is graded on: hospitals that nobody has seen, made once from a secret number.

Everything that a submission will ask for is made in advance, since a box can keep nothing: tables, feeds, references.
The folder holds the truth; a box is shown parts of it only.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import orjson

from wardround.course.fresh import build_fresh
from wardround.course.given import DRAWS
from wardround.course.loading import ensure_hospitals
from wardround.course.questions import week_questions
from wardround.records import TABLES, read_export

THIRD = 1 / 3
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Ground:
    """Folders with their truth, kept outside every box, and the number that they were made from."""

    here: Path
    unseen: Path
    fresh: Path | None
    seed: int

    @property
    def hospitals(self) -> dict[str, Path]:
        """Folders by role, as the runner takes them."""
        return {"here": self.here, "unseen": self.unseen}


def prepare(folder: Path, *, seed: int | None = None, weeks: Iterable[int], progress: Progress | None = None) -> Ground:
    """Build what the weeks need into a folder, or take what is there.

    Parameters
    ----------
    folder
        Belongs to the grader alone: its permissions are closed to others.
    seed
        0 to 2**64 - 1. None takes that of the folder, or draws 64 secret bits.
    weeks
        Fresh stays are made if a question of one of them asks for them.

    Returns
    -------
    Ground
        The same for the same folder, also after a run that was killed half-way.

    Raises
    ------
    ValueError
        The folder was made from another seed, or by another version of the hospital.
    """
    progress = progress or (lambda done, what: None)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    seed = _kept_seed(folder, seed)
    here, unseen = (_hospital(folder, role, seed, progress) for role in ("here", "unseen"))
    fresh = _fresh(folder, seed, progress) if any(_wants_fresh(week) for week in weeks) else None
    progress(1.0, "the ground is ready")
    return Ground(here, unseen, fresh, seed)


def _kept_seed(folder: Path, seed: int | None) -> int:
    from wardround.hospital import VERSION

    path = folder / "ground.json"
    try:
        kept = orjson.loads(path.read_bytes())
        kept = {"seed": int(kept["seed"]), "version": kept["version"]}
    except (OSError, ValueError, KeyError, TypeError):
        kept = {"seed": secrets.randbits(64) if seed is None else seed, "version": VERSION}
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        beside.write_bytes(orjson.dumps({**kept, "seed": str(kept["seed"])}))
        os.replace(beside, path)
    if kept["version"] != VERSION or seed not in (None, kept["seed"]):
        raise ValueError(f"{folder} was made from another seed or version; give a new folder, or remove this one.")
    return kept["seed"]


def _of(seed: int, what: str) -> int:
    """A seed for one part: who comes to know one part's cannot compute another's."""
    return int.from_bytes(hashlib.sha256(f"{seed} {what}".encode()).digest()[:8])


def _hospital(folder: Path, role: str, seed: int, progress: Progress) -> Path:
    from wardround.hospital import build

    place, ready = folder / role, folder / f"{role}.ready"
    if not ready.exists():
        build(place, seed=_of(seed, role), scale=THIRD, progress=progress, for_grading=True)
        _make_tables(place, progress)
        draws = {"secret": f"{_of(seed, role + ' draws'):x}", "by_hand": _own_checksum(progress)}
        (place / DRAWS).write_bytes(orjson.dumps(draws))
        ready.touch()
    return place


def _make_tables(place: Path, progress: Progress) -> None:
    """Fill the cache of a hospital, and open it to reading: whoever runs in the box may be another user."""
    hospital = read_export(place, progress=progress)
    for name in TABLES:
        hospital.tables[name]
    for name in hospital.feeds:
        hospital.feeds[name]
    hospital.references()


def _own_checksum(progress: Progress) -> str:
    """The checksum of the hospital on which learners worked: answers by hand are about its draws."""
    own = ensure_hospitals(progress=progress)[0]
    return orjson.loads((own / "manifest.json").read_bytes())["checksum"]


def _fresh(folder: Path, seed: int, progress: Progress) -> Path:
    place = folder / "fresh"
    return (
        place if (place / "manifest.json").exists() else build_fresh(place, seed=_of(seed, "fresh"), progress=progress)
    )


def _wants_fresh(week: int) -> bool:
    return any(question.fresh for question in week_questions(week).values())
