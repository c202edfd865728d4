"""``wardround triage`` from the command to the page: the address that works once, check, audit, the port."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from contextlib import contextmanager

import pytest
import triage_cases as cases
from typer.testing import CliRunner
from wardround import quiet
from wardround.cli import app
from wardround.triage import serve, settings
from wardround.triage.log import Log


def run(*arguments):
    return CliRunner().invoke(app, ["triage", *arguments])


def test_check_ends_with_1_where_something_is_to_be_mended(tmp_path):
    folder = settings.lay_out(tmp_path / "work" / "triage")
    fine = run("check")
    assert fine.exit_code == 0 and "card.html.j2 can be shown" in fine.output and "once the assistant" in fine.output
    (folder / "card.html.j2").write_text("\n{{ advice.words | shout }}", encoding="utf-8")
    wrong = run("check")
    assert wrong.exit_code == 1 and "card.html.j2, line 2: No filter named 'shout'" in wrong.output


def test_audit_ends_with_1_where_the_chain_breaks(tmp_path):
    folder = tmp_path / "work" / "triage"
    assert "0 lines" in run("audit").output
    world = cases.world(folder, cases.visit())
    world.give_level("e-1", 3, "Ada", "clinician", 0, cases.NOW)
    state = world.row("e-1", cases.NOW).state
    world.decide("e-1", "overruled", "Ada", "clinician", state, cases.NOW, reason="other", typed="grey")
    told = json.loads(run("audit", "--json").output)
    assert (told["whole"], told["overruled"], told["people"]) == (True, 1, 1) and told["anchor"]["number"] == 2
    assert told["decisions"][0]["words"] == "grey" and "Other" in run("audit").output
    (folder / "state" / "log.sqlite").write_bytes(b"no log")
    broken = run("audit")
    assert broken.exit_code == 1 and "cannot be read" in broken.output


def test_the_audit_reads_the_log_whatever_the_settings_say(tmp_path):
    folder = tmp_path / "work" / "triage"
    folder.mkdir(parents=True)
    (folder / "triage.toml").write_text("no toml")
    Log(folder / "state").append("Ada", "viewed", visit="e-1")
    assert run("audit").exit_code == 0


def test_a_port_that_is_taken_is_told_and_the_next_free_one_is_found():
    with serve.listening(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"Port {port} is taken.*--port {port + 1}"):
            serve.listening(port)
        assert taken.getsockname()[0] == "127.0.0.1", "nobody else reaches it"
    with serve.listening() as one, serve.listening() as other:
        assert one.getsockname()[1] != other.getsockname()[1]


@contextmanager
def started(data, work):
    """``wardround triage`` as a person starts it; yields its process and the address that it printed."""
    environment = quiet.environment() | {"WARDROUND_DATA": str(data), "WARDROUND_WORK": str(work), "NO_BROWSER": "1"}
    command = [sys.executable, "-m", "wardround.cli", "triage"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True)
    try:
        line = next((line for line in process.stdout if "http://" in line), "")
        assert line, "it ended without an address"
        yield process, re.search(r"http://\S+", line)[0]
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.slow
def test_from_the_command_to_a_decision_on_the_real_model(third_hospitals, tmp_path):
    data, work = tmp_path / "datasets", tmp_path / "work"
    data.mkdir()
    for name, folder in zip(("quillmere", "quillmere-second"), third_hospitals, strict=True):
        (data / name).symlink_to(folder)
    with started(data, work) as (process, address):
        base, jar = address.split("/?")[0], urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        window = urllib.request.build_opener(jar)

        def ask(path, **filled):
            body = urllib.parse.urlencode(filled).encode() if filled else None
            return window.open(f"{base}{path}", body, timeout=30).read().decode()

        for _ in range(240):  # the pages work while the model starts, and say so
            if not json.loads(ask("/health"))["parts"]["model"]["attention"]:
                break
            time.sleep(0.5)
        window.open(address, timeout=30)
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(address, timeout=30)
        mark = re.search(r'name="csrf" value="(\w+)"', ask("/role"))[1]
        page = ask("/role", csrf=mark, name="Ada", role="clinician")
        keys = re.findall(r'href="/visit/([^"]+)"', page)
        assert len(keys) == 24 and "24 patients" in page
        risk = ""
        for key in keys:
            state = re.search(r'name="state" value="(\d+)"', ask(f"/visit/{key}"))[1]
            page = ask(f"/visit/{key}/level", csrf=mark, state=state, level="3")
            if risk := re.search(r"<strong>\d+</strong> of 1,000", page):
                break
        assert risk, "the model gives nobody a risk"
        hidden = dict(re.findall(r'name="(state|saw)" value="(\w+)"', page))
        assert "Accepted" in ask(f"/visit/{key}/decision", csrf=mark, decision="accepted", **hidden)
        assert json.loads(ask("/cds-services"))["services"]
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(30) == 0, "Ctrl+C ends it"
        left = subprocess.run(["pgrep", "-g", str(process.pid)], capture_output=True, text=True).stdout
        assert left == "", "the model's process is left behind"
    told = {line.action for line in Log(work / "triage" / "state").lines()}
    assert told == {"viewed", "level", "advised", "accepted"}
    files = [path for path in work.rglob("*") if path.is_file()]
    secret = address.split("token=")[1].encode()
    assert not [path for path in files if secret in path.read_bytes()], "the token is written down"
