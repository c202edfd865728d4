"""Every notebook runs, the network closed, without the variables by which libraries notice that they are tested."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from wardround import quiet
from wardround.course import loading, notebooks
from wardround.course.authoring.build import CELL_SECONDS, QUIET_KERNEL, exercise_path

ROOT = Path(__file__).resolve().parents[1]
OFFLINE = ROOT / "tests" / "offline"
TELLTALES = ("CI", "PYTEST_CURRENT_TEST", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL", "BUILD_NUMBER", "TF_BUILD")


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Of a learner's kernel, but without a network; the course's hospitals are there."""
    loading.ensure_hospitals()
    work = {"WARDROUND_WORK": str(tmp_path_factory.mktemp("work"))}
    kept = {name: value for name, value in quiet.environment(os.environ | work).items() if name not in TELLTALES}
    kept.pop("PYTEST_XDIST_WORKER", None)
    return kept | {"PYTHONPATH": str(OFFLINE)}


def nbval(paths, environment, folder):
    # Outside the repository's pytest settings and conftest: only the notebooks count.
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval-lax", f"--nbval-cell-timeout={CELL_SECONDS}", "-q",
         "-p", "no:cacheprovider", "-p", "no:xdist", "-c", os.devnull, f"--rootdir={folder}", *map(str, paths)],
        env=environment, cwd=folder, capture_output=True, text=True)  # fmt: skip


def by_week() -> dict[int | None, list[Path]]:
    """Lessons and solutions; the appendix under None."""
    found: dict[int | None, list[Path]] = {}
    for path in notebooks.sources():
        found.setdefault(notebooks.week_number(path), []).append(path.with_suffix(".ipynb"))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("week", by_week())
def test_lessons_and_solutions_run(week, environment, tmp_path):
    paths = by_week()[week]
    cells = sum(cell.cell_type == "code" for path in paths for cell in notebooks.read(path).cells)
    done = nbval(paths, environment, tmp_path)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert f"{cells} passed" in done.stdout


@pytest.mark.slow
def test_a_notebook_that_reaches_for_the_network_fails(environment, tmp_path):
    reach = "import urllib.request\nurllib.request.urlopen('http://example.org', timeout=3)"
    connect = "import socket\nsocket.socket().connect(('192.0.2.1', 80))"
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in ("1 + 1", reach, connect)])
    nbformat.write(made, tmp_path / "reach.ipynb")
    done = nbval([tmp_path / "reach.ipynb"], environment, tmp_path)
    assert done.returncode == 1 and "2 failed, 1 passed" in done.stdout
    for said in (
        "the network is closed here; example.org was looked up",
        "the network is closed here; 192.0.2.1 was asked for",
    ):
        assert said in done.stdout, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("solution", [path for path in notebooks.sources() if path.parent.name == "solutions"], ids=str)
def test_an_untouched_exercise_runs_and_every_check_says_not_yet(solution, environment, monkeypatch):
    from nbclient import NotebookClient

    exercise = notebooks.read(exercise_path(solution).with_suffix(".ipynb"))
    for name in TELLTALES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    NotebookClient(exercise, timeout=120, kernel_name="python3", extra_arguments=QUIET_KERNEL).execute()
    checks = [cell for cell in exercise.cells if notebooks.checked(cell)]
    assert checks
    for cell in checks:
        (error,) = [output for output in cell.outputs if output.output_type == "error"]
        assert error.ename == "NotYet" and "not attempted" in error.evalue
        assert "there is no answer yet" in str(cell.outputs[0])
