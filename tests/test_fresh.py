"""Fresh stays: two halves that fit, of which learner code gets one; and where MLflow writes."""

from __future__ import annotations

import os
import subprocess
import sys

import orjson
import pandas as pd
import pytest
from wardround import quiet
from wardround.course import fresh, process, runner
from wardround.course.questions import question
from wardround.evaluation import expected_auroc
from wardround.hospital import VERSION
from wardround.hospital.warehouse import LATER


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A twentieth of the usual number, of another seed."""
    return fresh.build_fresh(tmp_path_factory.mktemp("data") / "quillmere-fresh", seed=11, scale=0.1)


@pytest.fixture
def here(folder, monkeypatch):
    monkeypatch.setenv("WARDROUND_FRESH", str(folder))


def test_features_are_the_warehouses_and_truth_stands_beside_row_by_row(here, third_hospitals):
    stays, truth = fresh.fresh_stays(), fresh.fresh_truth()
    usual = pd.read_parquet(third_hospitals[0] / "warehouse" / "stays.parquet")
    assert set(stays) - set(usual) == {"person_id"} and not set(usual) - set(stays)
    assert {name for table, name in LATER if table == "stays"} <= set(stays)
    assert {name: str(kind) for name, kind in usual.dtypes.items()} == {
        name: str(kind) for name, kind in stays.drop(columns="person_id").dtypes.items()
    }
    assert stays.encounter_id.is_unique and stays.encounter_id.tolist() == truth.encounter_id.tolist()
    assert not stays.disposition.isin(fresh.NOT_COUNTED).any() and truth.notna().all(axis=None)
    assert not set(stays) & (set(truth) - {"encounter_id"})


def test_the_risks_are_those_of_the_rows(here):
    stays, truth = fresh.fresh_stays(), fresh.fresh_truth()
    came = stays.readmitted_30d.fillna(False).astype(bool)
    assert truth.p_true[came].mean() > 1.5 * truth.p_true[~came].mean()
    assert stays.called[truth.p_usual != truth.p_true].all() and (truth.p_usual != truth.p_true).sum() > 50
    assert truth.p_usual.mean() < truth.p_true.mean()
    assert 0.6 < expected_auroc(truth.p_true, truth.lace) < 0.73


def test_blocks_of_people_do_not_meet_and_the_same_seed_gives_the_same_stays(here, tmp_path):
    stays = fresh.fresh_stays()
    assert stays.groupby("person_id").admitted_at.apply(lambda times: times.is_monotonic_increasing).all()
    assert stays.groupby("person_id").zip.nunique().max() == 1
    again = fresh.build_fresh(tmp_path / "again", seed=11, scale=0.1)
    pd.testing.assert_frame_equal(stays, pd.read_parquet(again / fresh.FEATURES))


def test_an_older_version_is_made_again_and_a_current_one_kept(folder, tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(fresh, "build_fresh", lambda out, *, progress=None: made.append(out) or out)
    monkeypatch.setenv("WARDROUND_FRESH", str(folder))
    assert fresh.ensure_fresh() == folder and made == []
    (folder / "manifest.json").write_text((folder / "manifest.json").read_text().replace(f'"{VERSION}"', '"0"'))
    fresh.ensure_fresh()
    assert made == [folder]
    (folder / "manifest.json").write_text((folder / "manifest.json").read_text().replace('"0"', f'"{VERSION}"'))


def test_the_box_has_features_and_no_truth(folder, monkeypatch):
    monkeypatch.setenv("WARDROUND_BOX", "1")
    monkeypatch.setenv("WARDROUND_FRESH", str(folder))
    with pytest.raises(fresh.NoFreshStays, match="no truth"):
        fresh.fresh_truth()
    with pytest.raises(fresh.NoFreshStays, match="fresh=True"):
        fresh.fresh_stays()
    monkeypatch.setenv("WARDROUND_BOX_FRESH", str(folder / "features"))
    assert len(fresh.fresh_stays()) > 500


@pytest.mark.parametrize("needs", [True, False])
def test_the_runner_tells_its_child_of_the_features_alone(folder, needs, tmp_path, monkeypatch):
    from wardround.course.questions import collecting

    with collecting() as week:
        question("W04.Q9", answer="seen", title="", expects="", hints=["", "", "", ""], fresh=needs)
    monkeypatch.setattr(runner, "week_questions", lambda number: week.questions)
    given = []
    monkeypatch.setattr(process.subprocess, "Popen", lambda *a, env, **more: given.append(env) or 1 / 0)
    monkeypatch.setattr(process.places, "week_folder", lambda number: tmp_path)
    (tmp_path / "one.py").write_text("# %%\n1")
    with pytest.raises(ZeroDivisionError):
        runner.run(tmp_path / "one.py", 4, {"here": tmp_path}, fresh=folder)
    assert given[0].get("WARDROUND_BOX_FRESH") == (str(folder / "features") if needs else None)
    assert str(folder / "truth") not in " ".join(given[0].values())


def test_the_child_is_the_same_wardround_and_keeps_its_runs_in_its_own_folder(tmp_path, monkeypatch):
    seen = {}

    def opened(command, *, env, cwd, stdin, **more):
        seen.update(env=env, cwd=cwd, job=orjson.loads(stdin.read()), command=command)
        raise ZeroDivisionError

    monkeypatch.setattr(process.subprocess, "Popen", opened)
    with pytest.raises(ZeroDivisionError), process.beside(1, {"here": tmp_path}, None) as start:
        process.heard(start, {"cells": []}, 1)
    package = os.path.dirname(os.path.dirname(os.path.abspath(quiet.__file__)))
    assert seen["job"]["package"] == package and seen["command"][-1] == f"{package}/{process.ENTER}"
    assert seen["env"]["MLFLOW_TRACKING_URI"] == f"sqlite:///{seen['cwd']}/work/mlflow.db"


def test_mlflow_writes_into_the_learners_folder_whatever_the_environment_said(tmp_path):
    made = quiet.environment(
        {"WARDROUND_WORK": str(tmp_path / "my work"), "MLFLOW_TRACKING_URI": "https://mlflow.example.org"}
    )
    (tmp_path / "my work").mkdir()
    (tmp_path / "elsewhere").mkdir()
    code = (
        "import mlflow\nwith mlflow.start_run(run_name='one'):\n"
        "    mlflow.log_metric('auroc', 0.7); mlflow.log_text('a', 'note.txt')\n"
        "print(mlflow.search_runs()['metrics.auroc'].tolist())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=dict(os.environ) | made,
        cwd=tmp_path / "elsewhere",
        capture_output=True,
        text=True,
    )
    assert "[0.7]" in done.stdout, done.stderr
    assert (tmp_path / "my work" / "mlflow.db").exists() and list((tmp_path / "my work" / "mlruns").rglob("note.txt"))
    assert not list((tmp_path / "elsewhere").iterdir())
