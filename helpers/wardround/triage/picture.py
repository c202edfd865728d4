"""``wardround triage picture``: the page of one patient as a picture, for the portfolio.

The page is written as a file into a folder that only its owner can read, and Chromium opens that file: there is no
server to come into, so no token or cookie stands on a command line, which everybody on the machine can see.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from wardround.operations.report_assistant import keep_picture
from wardround.triage import pages
from wardround.triage.desk import NoSuchVisit
from wardround.triage.judge import Row
from wardround.triage.learner_card import seen_text
from wardround.triage.log import STANDING
from wardround.triage.world import EVENING, World

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
ON_MAC = ("Google Chrome", "Chromium", "Microsoft Edge")
WIDTH, HEIGHT = 1280, 3000  # what is empty below the page is cut off
SECONDS = 60


class NoBrowser(OSError):
    """No Chromium was found or it took no picture; the message says what to do instead."""


class NobodyChosen(ValueError):
    """There is no patient to take a picture of."""


def take(folder: Path | str, visit: str = "", *, world: World | None = None) -> tuple[Path, Row]:
    """Take the picture; return where it is, and what it shows.

    Parameters
    ----------
    folder
        The learner's ``work/triage``.
    visit
        Number of the visit; by default the last one that somebody gave a level or decided on.

    Raises
    ------
    NoBrowser, NobodyChosen, NoSuchVisit
        The message says what to do.
    """
    folder, browser = Path(folder), found()
    if world is not None:
        return _taken(world, visit, browser)
    world = World.opened(folder, started=_evening(folder), wait=SECONDS)
    try:
        return _taken(world, visit, browser)
    finally:
        world.close()


def found() -> str:
    """Return the command of a Chromium.

    Raises
    ------
    NoBrowser
        None is installed.
    """
    names = [*BROWSERS, *(f"/Applications/{one}.app/Contents/MacOS/{one}" for one in ON_MAC)]
    for name in names:
        if path := shutil.which(name):
            return path
    raise NoBrowser("No Chromium is on this machine (Debian: apt install chromium); or take the picture yourself in "
                    "your browser and save it as picture.png in work/triage.")  # fmt: skip


def _evening(folder: Path) -> dt.datetime:
    """When the evening that is being worked on began, so that a picture late in it does not begin another."""
    try:
        return dt.datetime.fromisoformat((folder / "state" / EVENING).read_text(encoding="utf-8").strip())
    except (OSError, ValueError):
        raise NobodyChosen("The assistant was not started yet: run `wardround triage`, choose a patient, give your "
                           "level; then take the picture.") from None  # fmt: skip


def _taken(world: World, visit: str, browser: str) -> tuple[Path, Row]:
    now = dt.datetime.now(dt.UTC)
    row = world.row(visit or _last(world, now), now)
    world.log.append("picture", "viewed", visit=row.visit.encounter_id, patient=row.visit.patient_id, what="picture")
    given = pages.patient(world, row, now)
    page = pages.render("visit", **{**pages.frame(None), "now": now, "unlogged": "", **given})
    content = _cut(_shot(page, world.folder / "state", browser))
    says = f"The page of one patient. {seen_text(given['card'].html)}"
    return keep_picture(world.folder, content, says, now), row


def _last(world: World, now: dt.datetime) -> str:
    for line in reversed(world.log.lines()):
        key = line.told().get("visit")
        if line.action in STANDING and isinstance(key, str) and world.log.standing(key).state:
            try:
                return world.desk.visit(key, now).encounter_id
            except NoSuchVisit:
                continue
    raise NobodyChosen("Nobody was given a level this evening: choose a patient and give your level; then take the "
                       "picture, or name a visit with --visit.")  # fmt: skip


def _shot(page: str, state: Path, browser: str) -> bytes:
    """Let Chromium draw a page that lies in a folder of its own, and return the PNG."""
    with tempfile.TemporaryDirectory(dir=state, prefix="picture-", ignore_cleanup_errors=True) as made:  # mode 0700
        here = Path(made)
        style = pages.environment().globals["style"]
        (here / "style.css").write_bytes(pages.STYLE.read_bytes())
        (here / "page.html").write_text(page.replace(f'"{style}"', '"style.css"'), encoding="utf-8", errors="replace")
        out = here / "page.png"
        command = [
            *(browser, "--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-sync"),
            *("--disable-background-networking", "--disable-component-update", "--force-color-profile=srgb"),
            *("--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={here / 'profile'}"),
            *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
            *(f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={out}", (here / "page.html").as_uri()),
        ]
        try:
            ended = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
            return out.read_bytes()
        except subprocess.TimeoutExpired:
            raise NoBrowser(f"{browser} took no picture within {SECONDS} seconds; try again.") from None
        except OSError:
            told = ended.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
            raise NoBrowser(f"{browser} took no picture ({told[0][:200]}); take it yourself in your browser and save "
                            "it as picture.png in work/triage.") from None  # fmt: skip


def _cut(content: bytes) -> bytes:
    """Cut off what is empty below the page: rows like the last one, but for a margin."""
    from matplotlib import image

    points = image.imread(io.BytesIO(content), format="png")
    differs = np.flatnonzero((points != points[-1:]).any(axis=(1, 2)))
    end = min(int(differs[-1]) + 24, len(points)) if differs.size else len(points)
    out = io.BytesIO()
    image.imsave(out, points[:end], format="png")
    return out.getvalue()
