"""The registry's page as a person sees it: the released version, its alias and what ties it to the log.

``REGISTRY_PICTURE=FILE`` keeps a picture of the page, to be looked at.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest
import release_cases as cases
from conftest import require
from test_lab import blank_page, opened
from wardround import quiet

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@contextmanager
def running_page(folder):
    """MLflow's own page over a store, on a free port of this machine; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "ui", "--workers", "1", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--backend-store-uri", cases.address(folder)],
        env=quiet.environment(headless=True),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_the_page_of_a_model_shows_the_released_version_and_its_bundle(releases):
    require("chromium")
    cases.released(releases, 1, 2, 3)
    releases.roll_back("night", "alerts doubled")
    digest = releases.state().current
    asked = []
    with running_page(releases.log.path.parent) as address, blank_page(1280, 800) as page:
        page.on("request", lambda request: asked.append(request.url))
        opened(page, f"{address}/#/models/readmission")
        row = page.get_by_role("row").filter(has_text="Version 2")
        row.wait_for(timeout=60_000)
        assert "champion" in row.inner_text() and digest in row.inner_text()
        assert page.get_by_role("row").filter(has_text=re.compile(r"Version \d")).count() == 3
        assert page.get_by_role("row").filter(has_text="champion").count() == 1, "one version carries the alias"
        if picture := os.environ.get("REGISTRY_PICTURE"):
            page.screenshot(path=picture)
        opened(page, f"{address}/#/models/readmission/versions/2")
        page.get_by_text(digest[:8]).first.wait_for(timeout=60_000)
        assert page.get_by_text("champion").count() == 1
        if picture:
            page.screenshot(path=picture.replace(".png", "_version.png"))
    foreign = [url for url in asked if url.startswith("http") and not url.startswith(address)]
    assert foreign == [], "MLflow's page asked another server"
