"""Where things of the course lie on this machine: the repository, the learner's folder, the hospitals.

Everything in the course asks here, so that one environment variable moves a folder for all:
``WARDROUND_ROOT`` (the repository), ``WARDROUND_WORK`` (the learner's folder), ``WARDROUND_DATA`` (hospitals).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

APPENDIX = "appendix"
ID = re.compile(r"W(0[1-9]|1[0-2])\.(?:[QPRL][1-9]\d?|M|A[1-4])")
_WEEK = re.compile(r"W(\d\d)\.")
_FOLDER = re.compile(r"week(\d\d)(?:_|$)")


def _from_environment(variable: str, default: Path) -> Path:
    given = os.environ.get(variable, "").strip()
    return Path(given).expanduser().resolve() if given else default


def root() -> Path:
    """Return the repository's root: ``WARDROUND_ROOT``, or two folders above the package."""
    return _from_environment("WARDROUND_ROOT", Path(__file__).resolve().parents[3])


def work() -> Path:
    """Return the learner's own folder: ``WARDROUND_WORK``, or ``work/`` in the repository. It may not exist yet."""
    return _from_environment("WARDROUND_WORK", root() / "work")


def state() -> Path:
    """Return the folder of the learner's own record (progress, predictions, quiz): ``work/.wardround``."""
    return work() / ".wardround"


def datasets() -> Path:
    """Return the folder that holds the hospitals: ``WARDROUND_DATA``, or ``datasets/`` in the repository."""
    return _from_environment("WARDROUND_DATA", root() / "datasets")


def week_of(identifier: str) -> int:
    """Return the week an id belongs to: ``week_of("W01.Q1")`` is 1.

    Raises
    ------
    ValueError
        The text does not begin with W, two digits from 01 to 12, and a full stop.
    """
    found = _WEEK.match(identifier) if isinstance(identifier, str) else None
    number = int(found[1]) if found else 0
    if not 1 <= number <= 12:
        raise ValueError(f"{identifier!r} is not an id of this course; ids look like W01.Q1, W06.P2 or W12.M.")
    return number


def week_name(number: int) -> str:
    """Return the folder name of a week under ``curriculum/``, such as ``week01_fhir_data_modeling``.

    Raises
    ------
    FileNotFoundError
        There is no folder ``weekNN_…`` in ``curriculum/``.
    """
    curriculum = root() / "curriculum"
    folders = sorted(curriculum.glob("week[0-9][0-9]_*")) if curriculum.is_dir() else []
    for folder in folders:
        if folder.is_dir() and int(_FOLDER.match(folder.name)[1]) == number:
            return folder.name
    raise FileNotFoundError(
        f"Week {number} has no folder week{number:02d}_… in {curriculum}; ask for a week that is there."
    )


def week_folder(number: int) -> Path:
    """Return ``curriculum/weekNN_slug`` of a week (see :func:`week_name` for what is raised)."""
    return root() / "curriculum" / week_name(number)


def part_folder(part: int | str) -> Path:
    """Return the folder in ``curriculum/`` of a week, or of the appendix.

    Raises
    ------
    FileNotFoundError
        It is not in this copy of the course.
    """
    if part != APPENDIX:
        return week_folder(part)
    folder = root() / "curriculum" / APPENDIX
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no appendix in {folder.parent}; restore it from the repository.")
    return folder


def part_path(part: int | str) -> Path:
    """Return ``work/weekNN``, ``work/appendix`` or ``work/pipeline``, which may not exist yet."""
    return work() / (part if isinstance(part, str) else f"week{part:02d}")
