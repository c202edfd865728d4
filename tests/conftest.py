"""What every test may use: hospitals of a third of the size, and how a missing tool is treated."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings
from wardround import quiet

quiet.apply()
settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
settings.load_profile("untimed")

ROOT = Path(__file__).resolve().parents[1]
EXTERNAL = Path(os.environ.get("WARDROUND_EXTERNAL") or ROOT.parent / "shared" / "external")
PRESENT = {
    "java": lambda: shutil.which("java"),
    "chromium": lambda: shutil.which("chromium"),
    "bwrap": lambda: shutil.which("bwrap"),
    "external": EXTERNAL.is_dir,
}


def require(name: str) -> None:
    """Skip with a reason where a tool is missing; fail where ``WARDROUND_REQUIRE`` lists it."""
    if PRESENT[name]():
        return
    reason = f"{name} is not on this machine"
    if name in os.environ.get("WARDROUND_REQUIRE", "").split(","):
        pytest.fail(f"{reason}, and WARDROUND_REQUIRE asks for it")
    pytest.skip(reason)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first, so that no worker is left alone with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def third_hospitals() -> tuple[Path, Path]:
    """Folders of two hospitals, a third of the default size, built once for a machine and a version."""
    from wardround.course.authoring.prove import SEEDS, proof_hospital

    return tuple(proof_hospital(seed) for seed in SEEDS[:2])


@pytest.fixture(autouse=True)
def own_work_folder(tmp_path, monkeypatch) -> None:
    """No test writes into the learner's own folder."""
    for name, value in {"WARDROUND_WORK": str(tmp_path / "work"), **quiet.tracking(tmp_path / "work")}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def held(third_hospitals):
    """What a grader holds answers of week 1 against, on two small hospitals."""
    from wardround.course.grading.marks import standard

    return standard(1, {"here": third_hospitals[0], "unseen": third_hospitals[1]})


@pytest.fixture
def stubbed(monkeypatch, held):
    """A grader without a box and without a child (:func:`grading_cases.stub`)."""
    from grading_cases import stub

    return stub(monkeypatch, held)


@pytest.fixture(scope="session")
def release_store(tmp_path_factory) -> Path:
    """A folder with an MLflow store of three versions (:mod:`release_cases`), not to be changed."""
    from release_cases import make_store

    return make_store(tmp_path_factory.mktemp("registry") / "store")


@pytest.fixture
def releases(release_store, tmp_path):
    """The releases of a store of the test's own, none made yet."""
    from release_cases import copied

    return copied(release_store, tmp_path / "store")
