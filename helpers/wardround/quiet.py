"""Every switch in one place: no telemetry, no news, no thread fights.

Standard library only, since ``start.py`` reads it before any package is installed. What each switch stops was watched
on the versions of the lock; ``tests/test_front_door.py`` holds them to it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

TELEMETRY = {
    "MLFLOW_DISABLE_TELEMETRY": "true",  # on by default: config.mlflow-telemetry.io
    "DO_NOT_TRACK": "true",  # MLflow reads the word: DO_NOT_TRACK=1 does not switch it off
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # 2 processes and 0.6 GB instead of 15 and 2.7 GB
    "MLFLOW_LOGGING_LEVEL": "WARNING",  # else the first run of a new file tells of its tables, with the time of day
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",  # else every file that is fetched draws a bar on stderr
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}
# Small models are ten times slower when several processes ask for every core, and results would depend on the machine.
THREADS = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
KERNEL = {"PYDEVD_DISABLE_FILE_VALIDATION": "1"}  # else every kernel start warns about frozen modules
# Variables of a parent's Python that would make ours look for packages elsewhere.
LEAKS = ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__", "UV_PROJECT_ENVIRONMENT")

LAB_FLAGS = (
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.news_url=",
    "--LabApp.extension_manager=readonly",
    "--ServerApp.ip=localhost",  # whatever the user's own Jupyter configuration says
    "--ServerApp.allow_remote_access=False",
    "--LanguageServerManager.autodetect=False",  # else each start runs npm, where there is one, to look for servers
)


def environment(base: Mapping[str, str] | None = None, *, headless: bool = False) -> dict[str, str]:
    """Return a copy of an environment with every switch set.

    Parameters
    ----------
    base
        The environment to copy; by default this process's.
    headless
        Also tell matplotlib that there is no screen. Not for kernels: theirs is set by ipykernel.

    Returns
    -------
    dict of str to str
        Telemetry is off whatever the copy said, and MLflow writes into the learner's folder, not to a server that the
        copy names. The thread counts and the learner's Jupyter settings are kept where they are given (an empty thread
        count is not: libgomp prints an error).
    """
    quiet = dict(os.environ if base is None else base)
    for name in LEAKS:
        quiet.pop(name, None)
    quiet.update(TELEMETRY)
    quiet.update(tracking(Path(quiet.get("WARDROUND_WORK", "").strip() or _root(quiet) / "work")))
    for name, value in {**THREADS, **KERNEL}.items():
        quiet[name] = quiet.get(name) or value
    if headless:
        quiet["MPLBACKEND"] = "Agg"
    quiet["JUPYTER_CONFIG_PATH"] = _first(ROOT / "etc" / "jupyter", quiet.get("JUPYTER_CONFIG_PATH"))
    # A kernel named python3 of another installation must not be found before this one's.
    quiet["JUPYTER_PATH"] = _first(Path(sys.prefix) / "share" / "jupyter", quiet.get("JUPYTER_PATH"))
    return quiet


def apply() -> None:
    """Set every switch in this process, before the libraries that read them are imported."""
    os.environ.update(environment())
    for name in LEAKS:
        os.environ.pop(name, None)


def tracking(work: Path) -> dict[str, str]:
    """Return the variables with which MLflow keeps runs in ``work/mlflow.db`` and artefacts in ``work/mlruns``.

    The second has an underscore and no public sibling: without it artefacts land in whatever folder is current when an
    experiment is first used. MLflow makes the file, not the folder.
    """
    work = work.expanduser().resolve()
    return {
        "MLFLOW_TRACKING_URI": f"sqlite:///{(work / 'mlflow.db').as_posix()}",
        "_MLFLOW_SERVER_ARTIFACT_ROOT": (work / "mlruns").as_uri(),
    }


def _root(variables: Mapping[str, str]) -> Path:
    return Path(variables.get("WARDROUND_ROOT", "").strip() or ROOT)


def _first(folder: Path, rest: str | None) -> str:
    """A search path that begins with the folder, each entry once."""
    entries = [str(folder), *(rest or "").split(os.pathsep)]
    return os.pathsep.join(dict.fromkeys(entry for entry in entries if entry))
