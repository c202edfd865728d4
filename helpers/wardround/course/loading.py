"""``load()``: the course's hospital, built on first use, or any FHIR R4 export."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from wardround.course import places
from wardround.course.box import boxed
from wardround.records import Hospital, read_export

Progress = Callable[[float, str], None]
THIRD = 1 / 3
_current: list[Hospital] = []


def load(path: str | Path | None = None) -> Hospital:
    """Open the course's hospital, or the export in a folder.

    Parameters
    ----------
    path
        Folder of any FHIR R4 export. None opens Quillmere Health, which is built first if it is not there
        (about twenty seconds, once).

    Returns
    -------
    wardround.records.Hospital
        Checks run on the one loaded last.

    Raises
    ------
    RecordsError
        There is nothing readable at ``path``.
    """
    if boxed():
        return current() or read_export(os.environ["WARDROUND_BOX_HOSPITAL"])
    with shown_progress() as progress:
        hospital = read_export(path or ensure_hospitals(progress=progress)[0], progress=progress)
    _current[:] = [hospital]
    return hospital


def current() -> Hospital | None:
    """Return the hospital that was loaded last in this process."""
    return _current[0] if _current else None


def use(hospital: Hospital) -> None:
    """Make an opened hospital the one that checks run on."""
    _current[:] = [hospital]


def default_hospital() -> Path:
    """Return the folder of the course's hospital, built or not."""
    return places.datasets() / "quillmere"


def second_hospital() -> Path:
    """Return the folder of the smaller hospital on which functions are tried as well, built or not."""
    return places.datasets() / "quillmere-second"


def ensure_hospitals(*, progress: Progress | None = None) -> tuple[Path, Path]:
    """Build the two hospitals of the course where they are missing or older than this version.

    Returns
    -------
    tuple of Path
        The default hospital, and the smaller second one.
    """
    from wardround.hospital import DEFAULT_SEED, SECOND_SEED, build

    first, second = default_hospital(), second_hospital()
    for folder, seed, scale in ((first, DEFAULT_SEED, 1.0), (second, SECOND_SEED, THIRD)):
        if not _is_current(folder):
            build(folder, seed=seed, scale=scale, progress=progress)
    return first, second


def _is_current(folder: Path) -> bool:
    from wardround.hospital import VERSION

    try:
        return orjson.loads((folder / "manifest.json").read_bytes()).get("version") == VERSION
    except (OSError, ValueError):
        return False


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """A progress bar that appears only when there is something to wait for, and is gone afterwards."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if hasattr(shell, "kernel"):
        yield from _in_notebook()
    else:
        yield from _in_terminal()


def _in_terminal() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:
        task: list = []

        def show(done: float, what: str) -> None:
            task or task.append(bar.add_task(what, total=1.0))
            bar.update(task[0], completed=done, description=what)

        yield show


def _in_notebook() -> Iterator[Progress]:
    # tqdm would do, but writes to stderr, which a notebook paints red, and leaves its last line in the saved output.
    from IPython.display import HTML, clear_output, display

    begun: list = []

    def show(done: float, what: str) -> None:
        line = HTML(f'<label>{what} <progress value="{done:.3f}" max="1"></progress> {done:.0%}</label>')
        if begun:
            begun[0].update(line)
        else:
            begun.append(display(line, display_id=True))

    try:
        yield show
    finally:
        if begun:
            clear_output()
