"""What a learner sees first, in a browser: the week's page, then the first lesson, whose first cell runs."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from conftest import require
from wardround import quiet

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


@contextmanager
def running_lab(data, home):
    """JupyterLab as ``wardround lab`` opens it, with ``work`` in the folder ``home``; yields its address."""
    environment = quiet.environment() | {
        "WARDROUND_DATA": str(data),
        "WARDROUND_WORK": str(home / "work"),
        "HOME": str(home),
        "NO_BROWSER": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "wardround.cli", "lab"],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    try:
        line = next(line for line in process.stdout if "http://" in line)
        yield re.search(r"http://\S+", line)[0]
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def blank_page(width=1280, height=900):
    """A page of Debian's Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser.new_page(viewport={"width": width, "height": height})
        browser.close()


@pytest.fixture
def lab(third_hospitals, tmp_path):
    data = tmp_path / "datasets"
    data.mkdir()
    for name, folder in zip(("quillmere", "quillmere-second"), third_hospitals, strict=True):
        (data / name).symlink_to(folder)
    with running_lab(data, tmp_path) as address:
        yield address


@pytest.fixture
def page():
    require("chromium")
    with blank_page() as page:
        yield page


def opened(page, address):
    for _ in range(240):  # the server says its address before it listens; on a loaded machine long before
        try:
            return page.goto(address, timeout=60_000)
        except Exception as trouble:
            if "ERR_CONNECTION_REFUSED" not in str(trouble):
                raise
            time.sleep(0.5)
    raise AssertionError(f"no server listened at {address} within two minutes")


def test_the_week_opens_as_a_page_and_its_first_lesson_runs(lab, page):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    opened(page, lab)
    page.get_by_role("heading", name="Week 1: FHIR data modeling").wait_for(timeout=90_000)
    page.get_by_role("link", name="Lesson 1: one patient's file").click()
    cell = page.locator(".jp-Notebook .jp-CodeCell").first
    cell.wait_for(timeout=60_000)
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)
    cell.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    prompt = cell.locator(".jp-InputPrompt")
    for _ in range(120):
        if re.search(r"\[\d+\]", prompt.inner_text()):
            break
        time.sleep(0.5)
    assert re.search(r"\[1\]", prompt.inner_text()), "the first cell did not finish within a minute"
    assert cell.locator(".jp-OutputArea-output[data-mime-type*='stderr']").count() == 0
    foreign = [url for url in asked if url.startswith("http") and "//localhost" not in url]
    assert foreign == [], "JupyterLab asked another server"


CONTRAST = """block => {
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const light = rgb => rgb.slice(0, 3).map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  let behind = block, paint = [0, 0, 0, 0];
  while (behind && (paint.length === 4 && paint[3] === 0)) {
    paint = parse(getComputedStyle(behind).backgroundColor); behind = behind.parentElement;
  }
  return [...block.querySelectorAll('strong, p, code')].map(part => {
    const pair = [light(parse(getComputedStyle(part).color)), light(paint)].sort((a, b) => b - a);
    return (pair[0] + .05) / (pair[1] + .05);
  });
}"""


def test_a_verdict_is_readable_in_both_themes(lab, page, tmp_path):
    import nbformat

    source = "from wardround import check, load\nload()\ncheck('W01.Q1', 3)"
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    nbformat.write(made, tmp_path / "work" / "try.ipynb")
    opened(page, lab.replace("week01/README.md", "try.ipynb"))
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=90_000)
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Shift+Enter")
    block = page.get_by_role("note").first
    block.wait_for(timeout=90_000)
    assert "W01.Q1: not readable yet" in block.inner_text()
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        page.get_by_text("Settings", exact=True).click()
        page.get_by_text("Theme", exact=True).hover()
        page.get_by_text(theme, exact=True).click()
        page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=theme)
        ratios = block.evaluate(CONTRAST)
        assert len(ratios) > 3 and min(ratios) >= 4.5, (theme, ratios)
