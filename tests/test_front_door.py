"""The front door: start.py on an empty machine, the command, the doctor, and what the README promises."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner
from wardround import cli, doctor, quiet
from wardround.course import notebooks

ROOT = Path(__file__).resolve().parents[1]
RUN = CliRunner()
VERBS = [
    "audit",
    "portfolio",
    "playbook",
    "export-nbgrader",
    "lab",
    "test",
    "doctor",
    "start",
    "reset",
    "status",
    "track",
    "check",
    "build",
    "prove",
    "proof",
    "session",
    "facts",
    "misconceptions",
    "grade",
    "group",
    "gate",
    "fly",
]


@pytest.fixture
def fresh(tmp_path):
    """The files of the repository, as a clone would have them, in an empty folder; and an empty home."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    folder, home = tmp_path / "a folder", tmp_path / "home"
    home.mkdir()
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder, home


@pytest.mark.slow
def test_start_works_in_an_empty_folder_with_an_empty_home(fresh):
    folder, home = fresh
    environment = {**os.environ, "HOME": str(home), "USERPROFILE": str(home), "VIRTUAL_ENV": "/nowhere"}
    environment.pop("WARDROUND_WORK", None)

    def start(*arguments):
        return subprocess.run(
            [sys._base_executable, "start.py", *arguments], cwd=folder, env=environment, capture_output=True, text=True
        )

    first = start("doctor", "--json")
    assert first.returncode == 0, first.stdout + first.stderr
    found = {each["name"]: each for each in json.loads(first.stdout)["findings"]}
    assert found["packages"]["state"] == found["kernel"]["state"] == "OK"
    assert "not built yet" in found["hospital"]["seen"]
    assert str(folder / ".venv") in found["python"]["seen"]

    again = start("status")
    assert again.returncode == 0 and "installing" not in again.stderr
    assert "Week 1, FHIR data modeling: 0 of" in again.stdout
    assert "Week 1 is in" in start("start", "1").stdout
    assert (folder / "work" / "week01" / "week01_fhir_data_modeling.ipynb").exists()

    (folder / ".venv" / "bin" / "python").unlink()
    mended = start("status")
    assert mended.returncode == 0 and "no working Python; it is made anew" in mended.stderr


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_explains_itself_with_an_example(verb):
    shown = RUN.invoke(cli.app, [verb, "--help"], env={"COLUMNS": "100"})
    assert shown.exit_code == 0 and "Example:" in shown.output


def test_the_command_has_no_verb_that_is_not_tested_here():
    assert sorted(command.name or command.callback.__name__ for command in cli.app.registered_commands) == sorted(VERBS)


def test_every_command_that_the_readme_names_exists():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`wardround (\w+)", text)) | set(re.findall(r"start\.py (\w+)", text))
    made = set(re.findall(r"\bmake (\w+)", text)) & {"lab", "test", "proof", "build", "lock", "doctor"}
    groups = {group.name for group in cli.app.registered_groups}
    assert groups == {"hospital", "records", "triage"}
    assert named <= set(VERBS) | groups and {"lab", "test"} <= made
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.M)[1].split()
    assert made <= set(targets)


def test_the_pictures_and_files_that_the_readme_names_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (ROOT / target).exists(), target
        assert not target.endswith(".png") or (ROOT / target).stat().st_size < 200_000, target


def test_the_appendix_is_reached_by_name_and_nothing_else_is_a_week():
    done = RUN.invoke(cli.app, ["start", "appendix"])
    assert done.exit_code == 0 and done.output.startswith("The appendix is in ")
    copies = Path(os.environ["WARDROUND_WORK"]) / "appendix"
    shipped = {path.name for path in (ROOT / "curriculum" / "appendix").glob("*.ipynb")}
    assert shipped and {path.name for path in copies.glob("*.ipynb")} == shipped
    assert "start appendix" in RUN.invoke(cli.app, ["start", "--help"], env={"COLUMNS": "100"}).output
    for wrong in ("annex", "13", "0", "W01"):
        refused = RUN.invoke(cli.app, ["start", wrong], env={"COLUMNS": "200"})
        assert refused.exit_code == 2 and "neither the number of a week" in refused.output


def test_ci_calls_the_readmes_test_command():
    text = (ROOT / ".ci" / "run").read_text()
    assert text.rstrip().endswith("make test") and os.access(ROOT / ".ci" / "run", os.X_OK)


def test_a_readers_mistake_is_one_sentence_and_no_traceback():
    done = subprocess.run(
        [sys.executable, "-m", "wardround.cli", "records", "tables", "/no/such"], capture_output=True, text=True
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "There is no file or folder" in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_tables_of_any_export_from_the_command(tmp_path):
    (tmp_path / "Patient.ndjson").write_text('{"resourceType": "Patient", "id": "a"}\nnot json\n')
    out = tmp_path / "out"
    done = RUN.invoke(cli.app, ["records", "tables", str(tmp_path), "--out", str(out), "--json"])
    found = json.loads(done.output)
    assert found["tables"]["patients"] == 1 and found["quarantine"][0]["line"] == 2
    assert (out / "patients.parquet").exists()


def test_a_view_from_the_command(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "Patient.ndjson").write_text('{"resourceType": "Patient", "id": "a", "gender": "female"}\n')
    view = {"resource": "Patient", "select": [{"column": [{"name": "g", "path": "gender"}]}]}
    (tmp_path / "v.json").write_text(json.dumps(view))
    done = RUN.invoke(cli.app, ["records", "view", str(tmp_path / "v.json"), str(tmp_path / "in")])
    assert json.loads(done.output) == {"g": "female"}


def test_a_hospital_of_the_seed_scale_and_weeks_asked_for(tmp_path):
    asked = ["--seed", "7", "--scale", "0.006", "--weeks", "9", "--out", str(tmp_path / "h")]
    done = RUN.invoke(cli.app, ["hospital", "build", *asked])
    made = json.loads((tmp_path / "h" / "manifest.json").read_text())
    assert done.exit_code == 0 and (made["seed"], made["scale"], made["weeks"]) == (7, 0.006, 9)


def test_telemetry_is_off_whatever_the_environment_said():
    made = quiet.environment({"MLFLOW_DISABLE_TELEMETRY": "false", "OMP_NUM_THREADS": "", "VIRTUAL_ENV": "/x"})
    assert made["MLFLOW_DISABLE_TELEMETRY"] == "true" and made["OMP_NUM_THREADS"] == "1" and "VIRTUAL_ENV" not in made
    assert quiet.environment({"OMP_NUM_THREADS": "3"})["OMP_NUM_THREADS"] == "3"


def test_mlflow_agrees_that_telemetry_is_off():
    code = "from mlflow.telemetry.utils import is_telemetry_disabled as off; print(off())"
    kept = {name: value for name, value in quiet.environment().items() if name not in ("CI", "PYTEST_CURRENT_TEST")}
    done = subprocess.run([sys.executable, "-c", code], env=kept, capture_output=True, text=True)
    assert done.stdout.strip() == "True", done.stderr


def test_a_notebook_opened_in_another_editor_sends_nothing():
    code = "import wardround, mlflow; from mlflow.telemetry.client import get_telemetry_client as c; print(c())"
    said = {*quiet.TELEMETRY, "CI", "PYTEST_CURRENT_TEST", "PYTEST_VERSION"}
    loud = {name: value for name, value in os.environ.items() if name not in said}
    done = subprocess.run([sys.executable, "-c", code], env=loud, capture_output=True, text=True)
    assert done.stdout.strip() == "None", done.stderr


@pytest.mark.parametrize("path", notebooks.sources(), ids=lambda path: path.stem)
def test_a_notebook_imports_the_course_before_mlflow(path):
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if re.match(r"(import|from) ", line)]
    names = [line.split()[1].split(".")[0] for line in lines]
    assert "mlflow" not in names or names.index("wardround") < names.index("mlflow")


# The doctor -----------------------------------------------------------------------------------------------------------
def test_a_check_that_breaks_is_a_finding_and_no_traceback(monkeypatch):
    def broken():
        raise RuntimeError("out of order")

    monkeypatch.setattr(doctor, "CHECKS", (broken,))
    (found,) = doctor.examine()
    assert found.state == "FAIL" and "out of order" in f"{found.seen} {found.mend}"


def test_a_package_that_is_not_as_locked_is_named(tmp_path):
    (tmp_path / "x.lock").write_text("pandas==0.1\nno-such-package==1.0\n")
    troubles = " ".join(doctor.package_troubles(tmp_path / "x.lock"))
    assert "pandas" in troubles and "0.1" in troubles and "no-such-package" in troubles


def test_a_changed_hospital_is_a_failure_with_its_mend(third_hospitals, tmp_path, monkeypatch):
    copy = tmp_path / "datasets" / "quillmere"
    shutil.copytree(third_hospitals[0], copy, ignore=shutil.ignore_patterns("cache"))
    monkeypatch.setenv("WARDROUND_DATA", str(copy.parent))
    assert doctor.hospital_data().state == "OK"
    with (copy / "export" / "Patient.ndjson").open("ab") as file:
        file.write(b"{}\n")
    found = doctor.hospital_data()
    assert found.state == "FAIL" and "Patient.ndjson" in found.seen and found.mend


def test_a_certificate_file_that_is_not_there_is_a_failure(monkeypatch, tmp_path):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    assert doctor.certificate().state == "FAIL" and "none.pem" in doctor.certificate().seen


def test_a_folder_that_cannot_be_written_is_a_failure(monkeypatch, tmp_path):
    (tmp_path / "work").write_text("a file where the folder should be")
    monkeypatch.setenv("WARDROUND_WORK", str(tmp_path / "work"))
    assert doctor.write_access().state == "FAIL" and doctor.write_access().mend


# The port -------------------------------------------------------------------------------------------------------------
def test_the_port_is_as_asked_or_free():
    import socket

    from wardround.course.lab import chosen_port

    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        taken = str(door.getsockname()[1])
        with pytest.raises(OSError, match="is taken"):
            chosen_port({"PORT": taken})
    assert chosen_port({"PORT": taken}) == int(taken) and chosen_port({}) >= 8888
    with pytest.raises(ValueError, match="not a port number"):
        chosen_port({"PORT": "eight"})
