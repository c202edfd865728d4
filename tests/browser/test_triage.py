"""The assistant in a browser: by keyboard alone, without script, two people at once, every page in every look.

``TRIAGE_PICTURES=FOLDER`` keeps a picture of each page in each look, to be looked at.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import triage_cases as cases
from conftest import require
from test_lab import CHROMIUM, FLAGS
from triage_windows import Windows, hostile
from wardround.operations.picture import read_picture
from wardround.triage import picture, serve
from wardround.triage.model import Scorer

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LOW = {"systolic": 84.0}
LOOKS = {
    "light": ("light", 1280, "screen"),
    "dark": ("dark", 1280, "screen"),
    "narrow": ("light", 390, "screen"),
    "narrow dark": ("dark", 390, "screen"),
    "print": ("light", 800, "print"),
}


class Desk:
    """A running assistant and a browser; ``window`` opens another person's window."""

    def __init__(self, windows, base, browser):
        self.windows, self.world, self.base, self.browser, self.asked = windows, windows.world, base, browser, []

    def blank(self, scheme="light", width=1280, **more):
        context = self.browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900}, **more)
        page = context.new_page()
        page.on("request", lambda request: self.asked.append(request.url))
        page.set_default_timeout(20_000)
        return page

    def window(self, name="Ada", role="clinician", media="screen", **more):
        page = self.blank(**more)
        page.goto(f"{self.base}/?token={self.windows.door.token()}")
        page.wait_for_url("**/role")
        page.get_by_label("Your name or initials").fill(name)
        page.locator(f"#role-{role}").check()
        page.get_by_role("button", name="Go in").click()
        page.emulate_media(media=media)
        return page

    def go(self, page, path):
        return page.goto(self.base + path)


@contextmanager
def desk_of(world):
    from playwright.sync_api import sync_playwright

    windows = Windows(world)
    with serve.running(windows.app, serve.listening(0)) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        desk = Desk(windows, base, browser)
        yield desk
        browser.close()
    foreign = [url for url in desk.asked if not url.startswith((base, "file://"))]
    assert foreign == [], "a page asked another server"


@pytest.fixture
def desk(tmp_path):
    require("chromium")
    with desk_of(cases.world(tmp_path / "triage", cases.visit(), cases.visit("e-low", **LOW), *hostile())) as desk:
        yield desk


def tab_to(page, selector, most=80):
    """Press Tab until a place is reached that can be seen to have been reached."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            width = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
            assert width >= 2, f"{selector} shows no focus"
            return
    raise AssertionError(f"{selector} cannot be reached by Tab")


def test_the_whole_path_by_keyboard_from_the_file_that_opens_it(desk, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(serve.webbrowser, "open", lambda address: opened.append(address) or True)
    assert serve.opened(tmp_path / "open.html", f"{desk.base}/?token={desk.windows.door.token()}")
    assert "token" not in opened[0] and (tmp_path / "open.html").stat().st_mode & 0o077 == 0
    page = desk.blank()
    page.goto(opened[0])
    page.wait_for_url("**/role")
    page.wait_for_load_state()
    tab_to(page, "#name")
    page.keyboard.type("Ada")
    tab_to(page, "[name=role]")
    page.keyboard.press("Space")
    assert page.locator("#role-clinician").is_checked()
    tab_to(page, "button.main")
    page.keyboard.press("Enter")
    page.wait_for_url("**/worklist")
    page.wait_for_load_state()
    tab_to(page, ".skip", 1)
    tab_to(page, "a[href='/visit/e-low']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/visit/e-low")
    page.wait_for_load_state()
    assert "patients like this one" not in page.inner_text("main")
    tab_to(page, "[name=level]")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    assert page.locator("#level-2").is_checked()
    tab_to(page, "button.main")
    page.keyboard.press("Enter")
    page.wait_for_url("**/visit/e-low#advice")
    page.wait_for_load_state()
    assert "60 of 1,000 patients like this one" in page.inner_text("#advice")
    tab_to(page, "[name=reason]")
    page.keyboard.press("Space")
    tab_to(page, "#words")
    page.keyboard.type("grey, sweating")
    tab_to(page, "form:has(#words) button")
    page.keyboard.press("Enter")
    page.locator(".decided").wait_for()
    assert "Overruled by Ada" in page.inner_text(".decided") and "grey, sweating" in page.inner_text(".decided")
    tab_to(page, "nav a[href='/role']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/role")
    page.wait_for_load_state()
    tab_to(page, "#role-clinician")
    page.keyboard.press("ArrowDown")
    tab_to(page, "button.main")
    page.keyboard.press("Enter")
    page.wait_for_url("**/audit")
    said = page.inner_text("main")
    assert "1 overruled" in said and "Looks worse than the numbers" in said and "grey, sweating" in said
    assert "Yes." in said and "Lovelace" not in said


def test_it_works_without_script(desk):
    page = desk.window(java_script_enabled=False)
    page.get_by_role("link", name="Look again").click()
    page.locator("a[href='/visit/e-1']").click()
    page.locator("#level-3").check()
    page.get_by_role("button", name="Give this level").click()
    assert "60 of 1,000" in page.inner_text("#advice")
    page.get_by_role("button", name="Accept").click()
    assert "Accepted by Ada" in page.inner_text(".decided")


def test_two_people_on_one_patient(desk):
    ada, bob = desk.window("Ada"), desk.window("Bob")
    desk.go(ada, "/visit/e-1")
    ada.locator("#level-3").check()
    ada.get_by_role("button", name="Give this level").click()
    desk.go(bob, "/visit/e-1")
    ada.get_by_role("button", name="Accept").click()
    ada.locator(".decided").wait_for()
    bob.get_by_label("A value is wrong").check()
    bob.locator("#words").fill("pulse is 110, I counted")
    bob.get_by_role("button", name="Overrule").click()
    alert = bob.get_by_role("alert").inner_text()
    assert "Not saved" in alert and "Ada" in alert
    assert bob.locator("#words").input_value() == "pulse is 110, I counted"
    assert bob.get_by_label("A value is wrong").is_checked()
    bob.get_by_role("button", name="Overrule").click()
    bob.locator(".decided").wait_for()
    assert "Overruled by Bob" in bob.inner_text(".decided") and bob.get_by_role("alert").count() == 0


def test_a_killed_model_is_said_in_time_and_comes_back(tmp_path):
    require("chromium")
    scorer = Scorer(tmp_path, command=cases.child(tmp_path, cases.serving()))
    assert scorer.start(30)
    world = cases.world(tmp_path / "triage", cases.visit("e-low", **LOW), scorer=scorer)
    with desk_of(world) as desk:
        page = desk.window()
        desk.go(page, "/visit/e-low")
        page.locator("#level-3").check()
        page.get_by_role("button", name="Give this level").click()
        assert "250 of 1,000" in page.inner_text("#advice")
        os.kill(scorer.pid, signal.SIGKILL)
        begun = time.monotonic()
        page.reload()
        said, took = page.inner_text("#advice"), time.monotonic() - begun
        assert "judge without it" in said and "RULE" in said.upper() and "250 of 1,000" not in said
        assert took < scorer.answer_within + 20, took  # a busy machine
        for _ in range(60):
            page.reload()
            if "250 of 1,000" in page.inner_text("#advice"):
                break
            time.sleep(0.25)
        assert "250 of 1,000" in page.inner_text("#advice"), "the model did not come back"
        admin = desk.window("Grace", "administrator")
        admin.locator("#fault-slow").check()
        admin.locator("#amount").fill("30")
        admin.get_by_role("button", name="Begin").click()
        begun = time.monotonic()
        page.reload()
        assert "judge without it" in page.inner_text("#advice")
        assert time.monotonic() - begun < scorer.answer_within + 20
    scorer.close()


CONTRAST = """([one, behind]) => {
  const light = text => text.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
    .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const pair = [one, behind].map(s => light(getComputedStyle(document.querySelector(s)).backgroundColor)).sort();
  return (Math.max(...pair) + .05) / (Math.min(...pair) + .05);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_rule_is_seen_without_colour(desk, scheme):
    page = desk.window(scheme=scheme)
    for path, behind in (("/worklist", "table"), ("/visit/e-low", ".card")):
        desk.go(page, path)
        rule = page.locator(".rule").first
        assert "▲" in rule.inner_text() and "RULE" in rule.inner_text().upper()
        assert page.evaluate(CONTRAST, [".rule", behind]) >= 7, "a block in reverse, for who sees no colour"
    page.emulate_media(media="print", color_scheme=scheme)
    style = page.locator(".rule").first.evaluate("one => getComputedStyle(one).borderTopWidth")
    assert style == "3px" and page.locator(".rule").first.is_visible()
    assert not page.locator("form").first.is_visible() and not page.locator("nav").is_visible()


def no_barrier(desk, page, name, look):
    from axe_playwright_python.sync_playwright import Axe

    if folder := os.environ.get("TRIAGE_PICTURES"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}-{look.replace(' ', '-')}.png", full_page=True)
    found = Axe().run(page)
    assert found.violations_count == 0, f"{name}, {look}: {found.generate_report()}"
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"], f"{name}, {look}: {width} wide"
    if LOOKS[look][1] == 390:
        page.set_viewport_size({"width": 320, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, f"{name}, {look}, 320"
        page.set_viewport_size({"width": 390, "height": 900})


@pytest.mark.parametrize("look", list(LOOKS))
def test_no_page_has_a_barrier(desk, look):
    scheme, width, media = LOOKS[look]
    how = {"scheme": scheme, "width": width}
    people = zip("AEG", ("clinician", "auditor", "administrator"), strict=True)
    ada, eve, grace = (desk.window(name, role, media=media, **how) for name, role in people)
    desk.world.scorer.probability = 0.237
    quick = desk.windows.window("Quick")
    for key, level in (("e-1", 3), ("e-low", 1), ("e-long", 2)):
        assert quick.level(key, level).status_code == 303
    assert quick.decide("e-low", "overruled", reason="other", words="W" * 300).status_code == 303
    pages = [(ada, f"/visit/{key}") for key in ("e-1", "e-low", "e-markup", "e-long", "e-right", "e-born", "none")]
    pages += [(ada, path) for path in ("/worklist", "/history", "/about", "/role", "/audit")]
    pages += [(eve, "/audit"), (eve, "/history"), (grace, "/switch")]
    for page, path in pages:
        desk.go(page, path)
        no_barrier(desk, page, path.strip("/").replace("/", "-"), look)
    stranger = desk.blank(**how)
    stranger.emulate_media(media=media)
    desk.go(stranger, "/worklist")
    no_barrier(desk, stranger, "stranger", look)
    if media == "screen":
        refused(desk, ada, look)
    (desk.world.folder / "card.html.j2").write_text("{{ advice.wrods }}")
    (desk.world.folder / "triage.toml").write_text("[model]\nthreshold = 2")
    desk.world.scorer.dead = True
    for path in ("/visit/e-low", "/worklist"):
        desk.go(ada, path)
        no_barrier(desk, ada, f"trouble-{path.split('/')[1]}", look)


def refused(desk, page, look):
    """Forms that were not taken, and what only a click shows."""
    desk.go(page, "/visit/e-1")
    desk.windows.window("Bob").decide("e-1", "accepted")
    page.get_by_label("Known patient").check()
    page.get_by_role("button", name="Overrule").click()
    page.get_by_role("alert").wait_for()
    no_barrier(desk, page, "overtaken", look)
    desk.go(page, "/visit/e-1")
    for one in page.locator("summary").all():
        one.click()
    no_barrier(desk, page, "anew", look)
    desk.go(page, "/role")
    page.get_by_role("button", name="Make an address for a colleague").click()
    no_barrier(desk, page, "colleague", look)


def test_the_picture_is_of_the_chosen_patient_and_no_secret_is_on_a_command_line(tmp_path, monkeypatch):
    require("chromium")
    world = cases.world(tmp_path / "triage", cases.visit(), cases.visit("e-low", **LOW))
    with pytest.raises(picture.NobodyChosen):
        picture.take(world.folder, world=world)
    world.give_level("e-low", 2, "Ada", "clinician", 0, cases.NOW)
    ran, real = [], subprocess.run

    def seen(command, **more):
        made = next((world.folder / "state").glob("picture-*"))
        ran.append((" ".join(command), made.stat().st_mode & 0o077))
        return real(command, **more)

    monkeypatch.setattr(picture.subprocess, "run", seen)
    path, row = picture.take(world.folder, world=world)
    assert row.visit.encounter_id == "e-low" and path == world.folder / "picture.png"
    ((command, others),) = ran
    assert others == 0 and "token" not in command and "http" not in command.replace("--host", "")
    found = read_picture(path)
    assert found.width == 1280 and 500 < found.height < 2000 and "Systolic pressure very low" in found.says
    assert not re.search("Lovelace", found.says) and not list((world.folder / "state").glob("picture-*"))
    assert [line.told()["what"] for line in world.log.lines() if line.action == "viewed"] == ["picture"]
