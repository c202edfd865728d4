"""What a box may read of the course: a copy of the package without what builds, judges or grades, and one week.

A copy and not a list of binds: what is not on the shelf is in no box at any level, and a test can read all of it.
"""

from __future__ import annotations

import atexit
import compileall
import functools
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from wardround import quiet
from wardround.course import places
from wardround.course.given import given, hand_over
from wardround.records import read_export

# The simulator, and what of the course is for those who make, judge or grade it.
LEFT_OUT = ("hospital", "cli.py", "doctor.py", "mirrors.py", "triage", "flight")
LEFT_OUT += ("course/authoring", "course/grading", "course/templates")
LEFT_OUT += ("course/pipeline.py", "course/pipeline_feed.py", "course/pipeline_check")
SHOWN = ("questions.py", "fixtures.py")


@functools.cache
def shelf(week: int | None) -> Path:
    """Return a folder made for this process: ``helpers/wardround`` and ``curriculum/weekNN_…``, nothing else in it.

    Of the week (None: of no week) it holds ``questions.py``, ``fixtures.py`` and the modules that ``fixtures.py`` names
    in ``BESIDE``.
    """
    folder = Path(tempfile.mkdtemp(prefix="wardround-shelf-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    package = Path(quiet.__file__).resolve().parent
    copy = folder / "helpers" / package.name
    shutil.copytree(package, copy, ignore=functools.partial(_left_out, package))
    compileall.compile_dir(str(copy), quiet=2)  # a box cannot write bytecode, and each submission would compile anew
    if week is not None:
        _copy_week(week, folder)
    _copy_fonts(folder / "matplotlib")
    (folder / "manifest.json").write_text("{}")  # tells a hospital's folder from an export; ours say more
    return folder


def handed(week: int, hospitals: Mapping[str, Path]) -> dict[str, Path]:
    """Return, by role, the folder of what the week makes of a hospital with knowledge of its answers."""
    if not (places.week_folder(week) / "fixtures.py").exists():
        return {}
    return {role: _handed(week, folder) for role, folder in hospitals.items()}


@functools.cache
def _handed(week: int, folder: Path) -> Path:
    return hand_over(week, read_export(folder))


def _left_out(package: Path, folder: str, names: list[str]) -> list[str]:
    here = Path(folder).relative_to(package)
    return [name for name in names if (here / name).as_posix() in LEFT_OUT]


def _copy_fonts(folder: Path) -> None:
    """Matplotlib's list of this machine's fonts: made anew it would cost each submission some seconds."""
    import matplotlib
    from matplotlib import font_manager  # makes the list where there is none

    folder.mkdir()
    for path in Path(matplotlib.get_cachedir()).glob(f"fontlist-v{font_manager.FontManager.__version__}.json"):
        shutil.copy2(path, folder)


def _copy_week(week: int, folder: Path) -> None:
    there = folder / "curriculum" / places.week_name(week)
    there.mkdir(parents=True)
    names = SHOWN
    if (places.week_folder(week) / "fixtures.py").exists():
        names = (*SHOWN, *getattr(given(week), "BESIDE", ()))
    for name in names:
        source = places.week_folder(week) / name
        if source.exists():
            shutil.copy2(source, there / name)
