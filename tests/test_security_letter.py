"""The security letter: what it says of ports, of the network and of files, and that what it names exists."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from wardround import quiet
from wardround.course.lab import _command, chosen_port
from wardround.triage.serve import listening

ROOT = Path(__file__).resolve().parents[1]
LETTER = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
LOOPBACK = {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
# modules that can connect or listen, and who may use them: the doctor asks the index, the rest stays on loopback
REACHING = re.compile(
    r"^\s*(?:import|from) (socket|http\.client|urllib\.request|requests|httpx|aiohttp|ftplib|smtplib)\b", re.M
)
MAY = {"doctor.py", "egress_proxy.py", "lab.py", "serve.py"}


def listens(process: psutil.Process) -> set[tuple[str, int]]:
    """Addresses on which a process and its children listen."""
    found = set()
    for one in (process, *process.children(recursive=True)):
        found |= {(at.laddr.ip, at.laddr.port) for at in one.net_connections("tcp") if at.status == psutil.CONN_LISTEN}
    return found


@pytest.mark.slow
def test_jupyterlab_stays_on_loopback_whatever_the_users_configuration_says(tmp_path):
    (tmp_path / ".jupyter").mkdir()
    (tmp_path / ".jupyter" / "jupyter_server_config.py").write_text(
        "c.ServerApp.ip = '0.0.0.0'\nc.ServerApp.allow_remote_access = True\n"
    )
    (tmp_path / "work").mkdir()
    home = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "WARDROUND_WORK": str(tmp_path / "work")}
    environment = quiet.environment(os.environ | home) | {"JUPYTER_TOKEN": "t"}
    port = chosen_port({})
    server = subprocess.Popen(_command(port, "/lab", True), env=environment, cwd=tmp_path, stderr=subprocess.DEVNULL)
    try:
        found: set[tuple[str, int]] = set()
        for _ in range(600):
            found = listens(psutil.Process(server.pid))
            if found or server.poll() is not None:
                break
            time.sleep(0.2)
        assert found and {ip for ip, _ in found} <= LOOPBACK, found
        time.sleep(3)  # extensions are loaded by now
        assert not (tmp_path / ".npm").exists(), "it looked for language servers"
    finally:
        server.terminate()
        server.wait(timeout=60)


@pytest.mark.slow
def test_a_kernel_listens_on_loopback():
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3", env=quiet.environment())
    try:
        found = listens(psutil.Process(manager.provisioner.pid))
        assert len(found) >= 5 and {ip for ip, _ in found} <= LOOPBACK, found
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_the_assistant_listens_on_loopback():
    with listening() as here:
        assert here.getsockname()[0] in LOOPBACK


def test_nothing_else_of_the_package_reaches_for_a_socket():
    named = {
        path.name for path in (ROOT / "helpers").rglob("*.py") if REACHING.search(path.read_text(encoding="utf-8"))
    }
    assert named == MAY
    assert not [path for path in (ROOT / "helpers").rglob("*.py") if "0.0.0.0" in path.read_text(encoding="utf-8")]


def test_every_package_is_installed_by_its_hash_and_uv_is_the_exception():
    start = (ROOT / "start.py").read_text(encoding="utf-8")
    assert start.count("--require-hashes") == 1 and 'UV = "uv>=0.9,<1"' in start and "`>=0.9,<1`" in LETTER
    entries = re.split(r"\n(?=[a-z0-9])", (ROOT / "requirements.lock").read_text(encoding="utf-8").strip())
    packages = [entry for entry in entries if re.match(r"[a-z0-9][^\n]*==", entry)]
    assert 150 < len(packages) < 250 and all("--hash=sha256:" in entry for entry in packages)


def test_every_resource_of_the_sample_carries_the_label():
    lines = [
        line for file in (ROOT / "datasets" / "sample" / "export").iterdir() for line in file.read_text().splitlines()
    ]
    assert len(lines) > 1_000 and all('"HTEST"' in line for line in lines)


def test_what_the_letter_names_exists_and_the_readme_leads_to_it():
    for name in re.findall(r"`((?:tests|helpers|etc|datasets|curriculum)/[\w/.-]+?)`", LETTER):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"`([A-Z]+_[A-Z_]+)`", LETTER):
        assert any(name in path.read_text(encoding="utf-8") for path in (ROOT / "helpers").rglob("*.py")), name
    assert "](SECURITY.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(LETTER.split()) < 1_000, "one page is what somebody reads"


def test_temporary_folders_have_the_name_that_the_letter_gives():
    made = re.compile(r"(?:mkdtemp|TemporaryDirectory)\(([^)]*)\)")
    for path in (ROOT / "helpers").rglob("*.py"):
        for arguments in made.findall(path.read_text(encoding="utf-8")):
            ours = 'prefix="wardround-' in arguments or "dir=" in arguments or "templates" in path.parts
            assert ours, f"{path.name}: {arguments}"
