"""The workflow that gates a change: parsed, and its run steps executed in clones as the CI service would make them."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv

import pytest
import yaml
from conftest import ROOT
from wardround import cli
from wardround.course import notebooks
from wardround.course.given import given
from wardround.operations.gate import CannotJudge, judge
from wardround.records import read_export

WORKFLOW = ROOT / "etc" / "ci" / "gate.yml"
GATE = """
def gate(candidate):
    reasons = []
    if candidate["auroc_low"] < 0.7:
        reasons.append(f"the interval begins at {candidate['auroc_low']}, under 0.7")
    if not candidate.get("snapshot"):
        reasons.append("no snapshot is named")
    return reasons
"""
GOOD = {"auroc_low": 0.72, "snapshot": "c" * 64}


def read():
    return yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))


def steps():
    return read()["jobs"]["gate"]["steps"]


def test_the_workflow_runs_on_a_pull_request_and_may_only_read():
    made = read()
    # YAML 1.1 reads the key `on` as true; GitHub does not. `pull_request_target` would run it with the owner's rights.
    assert made.get("on", made.get(True)) == "pull_request"
    assert made["permissions"] == {"contents": "read"} and list(made["jobs"]) == ["gate"]
    assert "secrets" not in WORKFLOW.read_text(encoding="utf-8")
    outs = [step["with"] for step in steps() if step.get("uses", "").startswith("actions/checkout")]
    assert [one["path"] for one in outs] == ["change", "course"] and not any(o["persist-credentials"] for o in outs)
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"]) for step in steps() if "uses" in step)
    verbs = {command.name or command.callback.__name__ for command in cli.app.registered_commands} | {"setup"}
    called = [verb for step in steps() for verb in re.findall(r"start\.py (\w+)", step.get("run", ""))]
    assert called == ["setup", "gate"] and set(called) <= verbs


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    """A runner's folder: ``course`` as a clone whose .venv is what a cache brings, and an empty ``change``."""
    home = tmp_path_factory.mktemp("runner")
    course = home / "course"
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", f"file://{ROOT}", str(course)], check=True)
    changed = subprocess.run(
        ["git", "ls-files", "--modified", "--others", "--exclude-standard", "-z", "helpers"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, changed.split("\0")):  # what is not committed yet is tried too
        (course / name).write_bytes((ROOT / name).read_bytes())
    venv.create(course / ".venv", with_pip=False)
    inside = sysconfig.get_path("purelib", vars={"base": str(course / ".venv")})
    packages = [str(course / "helpers"), sysconfig.get_path("purelib")]
    with open(f"{inside}/course.pth", "w", encoding="utf-8") as file:
        file.write("\n".join(packages) + "\n")
    spec = importlib.util.spec_from_file_location("start_of_the_clone", course / "start.py")
    start = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(start)
    start.write_stamp("requirements.lock")
    (home / "change" / "candidates").mkdir(parents=True)
    return home


def executed(home):
    """Run the steps as GitHub does, ``bash -e`` each, and stop at the first that fails."""
    done = None
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("WARDROUND_", "PYTHON"))}
    clean["PATH"] = f"{os.path.dirname(sys.executable)}{os.pathsep}{clean['PATH']}"
    for step in (step for step in steps() if "run" in step):
        folder = home / step["working-directory"]
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=folder, capture_output=True, text=True, env=clean, timeout=120,
        )  # fmt: skip
        if done.returncode:
            break
    return done


@pytest.mark.parametrize(
    ("gate", "candidates", "code", "said"),
    [
        (GATE, {"one": GOOD, "two": GOOD}, 0, "candidate one: admitted\ncandidate two: admitted\n"),
        (GATE, {"one": GOOD, "two": {"auroc_low": 0.6}}, 1, "candidate two: refused: no snapshot is named\n"),
        (GATE, {}, 1, "holds no candidate"),
        ("x = 1", {"one": GOOD}, 1, "has no function gate(candidate)"),
        ("def gate(c):\n    import sys; sys.exit(0)", {"one": GOOD}, 1, "failed on it with SystemExit: 0"),
    ],
)
def test_its_steps_admit_and_refuse(runner, gate, candidates, code, said):
    change = runner / "change"
    for old in (change / "candidates").iterdir():
        old.unlink()
    (change / "gate.py").write_text(gate)
    for name, candidate in candidates.items():
        (change / "candidates" / f"{name}.json").write_text(json.dumps(candidate))
    done = executed(runner)
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return 'too few'", ("too few",)),
        ("return ''", ()),
        ("return ()", ()),
        ("return {'two', 'one'}", ("one", "two")),
        ("return None", ("the gate returned NoneType, and must return a list of sentences, empty to admit",)),
        ("return True", ("the gate returned bool, and must return a list of sentences, empty to admit",)),
        ("return c['none']", ("the gate failed on it with KeyError: 'none'",)),
    ],
)
def test_what_a_gate_returns_is_taken_at_its_word_or_refuses(tmp_path, body, said):
    (tmp_path / "gate.py").write_text(f"def gate(c):\n    {body}\n")
    (tmp_path / "one.json").write_text("{}")
    assert [one.reasons for one in judge(tmp_path / "gate.py", tmp_path / "one.json")] == [said]


def test_what_cannot_be_judged_says_so(tmp_path):
    (tmp_path / "gate.py").write_text("def gate(c):\n    return []\n")
    with pytest.raises(CannotJudge, match="There is no gate at"):
        judge(tmp_path / "none.py", tmp_path)
    for content, said in (("{", "is no JSON"), ("[]", "is no JSON object")):
        (tmp_path / "one.json").write_text(content)
        with pytest.raises(CannotJudge, match=said):
            judge(tmp_path / "gate.py", tmp_path / "one.json")
    (tmp_path / "gate.py").write_text("raise SystemExit(0)")
    with pytest.raises(CannotJudge, match="SystemExit: 0"):
        judge(tmp_path / "gate.py", tmp_path / "one.json")


def test_a_reason_is_one_line_and_no_command_to_the_ci_service(tmp_path):
    (tmp_path / "gate.py").write_text("def gate(c):\n    return [c['note']]\n")
    (tmp_path / "::stop-commands::x.json").write_text(json.dumps({"note": "bad\n::add-mask::a"}))
    (judged,) = judge(tmp_path / "gate.py", tmp_path)
    assert str(judged) == "candidate ::stop-commands::x: refused: bad ::add-mask::a"


def test_a_candidate_s_folder_is_seen_from_its_file(tmp_path, monkeypatch):
    body = "from pathlib import Path\n\ndef gate(c):\n    return [Path(c['files'], 'a').read_text()]\n"
    (tmp_path / "gate.py").write_text(body)
    change, elsewhere = tmp_path / "candidates", tmp_path / "elsewhere"
    (change / "one").mkdir(parents=True)
    elsewhere.mkdir()
    (change / "one" / "a").write_text("read")
    (change / "one.json").write_text(json.dumps({"files": "one"}))
    monkeypatch.chdir(elsewhere)
    assert [one.reasons for one in judge(tmp_path / "gate.py", change)] == [("read",)]
    (change / "one.json").write_text(json.dumps({"files": str(change / "one")}))
    assert [one.reasons for one in judge(tmp_path / "gate.py", change)] == [("read",)]


def test_the_gate_of_week_7_judges_its_candidates_as_ci_does(runner, third_hospitals):
    week = given(7)
    cells = notebooks.read(ROOT / "solutions" / "week07_training_registry_rollback.py").cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    imports = [one for one in code if one.startswith(("from wardround import", "import gzip"))]
    written = "\n".join(imports).replace("hospital = load()", "")
    written += "\n\n" + next(one for one in code if one.startswith("def gate("))
    change = runner / "change"
    shutil.rmtree(change)
    (change / "candidates").mkdir(parents=True)
    (change / "gate.py").write_text(written)
    waiting = week.candidates(read_export(third_hospitals[0]))
    for one in waiting:
        shutil.copytree(one["files"], change / "candidates" / one["name"])
        about = json.dumps(one | {"files": one["name"]})
        (change / "candidates" / f"{one['name']}.json").write_text(about)
    done = executed(runner)
    said = done.stdout.splitlines()
    assert done.returncode == 1 and len(said) == len(waiting) == 9, done.stdout + done.stderr
    assert sum(line.endswith(": admitted") for line in said) == 2
    refused = [line.split(": refused: ")[1] for line in said if not line.endswith(": admitted")]
    assert len(refused) == len(set(refused)) == 7 and set(refused) <= set(week.RULES)
