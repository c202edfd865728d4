"""A whole A3: what a learner might have written and done at the desk in week 10, made up for the tests."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import struct
import zlib
from pathlib import Path

from wardround.course.portfolio import SHIPPED
from wardround.operations import picture
from wardround.operations.report_assistant import Assistant, keep_picture, read_assistant
from wardround.operations.report_reading import Found
from wardround.triage.log import Log

ORIGIN = {"checksum": "afc5f8b62e9c0d11", "hospital": "quillmere", "version": "0.1.0"}
MEMOS = {
    "W10.A3": {
        "intended_use": "After the triage nurse has given her own level, it shows the risk of critical care or death "
        "within 12 hours, of 1,000 patients like this one. It supports her and does not assign an ESI level.",
        "not_for": "Children, people in comfort care, and anybody whose vital signs are older than 30 minutes.",
        "users": "Triage nurses of both sites, after a quarter of an hour with a colleague who knows it.",
        "think_aloud": "A charge nurse of Westbank, asked to take six patients: “what does raises mean here?” The "
        "factors were moved under the risk, and “raises the risk” was written out.",
        "decide_ai": "One nurse, six simulated patients: notes on items 2, 7 and 12. No early clinical evaluation was "
        "made; participants, outcomes and safety are open.",
        "because": "A nurse who has decided reads a number better than one who waits for it.",
    },
    "W10.M": {
        "first": "Cause: a level is given after the number was seen. Harm: it follows the number. Control: her level "
        "first. Watches: charge nurse. Left: talk beside the screen.",
        "second": "Cause: a pulse is typed with a digit too many. Harm: a rule fires for nothing. Control: “check the "
        "value”. Watches: the nurse. Left: plausible slips.",
        "third": "Cause: comfort care is not known here. Harm: the patient is hurried. Control: asked at the desk. "
        "Watches: physician. Left: who cannot be asked.",
        "fourth": "Cause: the feed stops. Harm: an old reading passes for a new one. Control: no risk after ten "
        "minutes, rules stay. Watches: administrator. Left: old readings under a rule.",
        "fifth": "Cause: the risk is too low for somebody who is sick. Harm: waits too long. Control: rules fire "
        "without it. Watches: monthly audit. Left: sick with normal signs.",
        "because": "The first and the fourth came up at the desk; the others are from the log.",
    },
}
CARD = "<p>What the assistant adds</p>\n"  # the learner's own line
CHANGES = (
    ("threshold = 0.05", "threshold = 0.08"),
    ("stale_after_minutes = 150 ", "stale_after_minutes = 60 "),
    ('any = ["saturation <= 91"]', 'any = ["saturation <= 92"]'),
)


def png(width: int = 60, height: int = 40, grey: int = 230) -> bytes:
    """Return a grey picture."""
    points = zlib.compress((b"\0" + bytes([grey]) * width) * height)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", points), (b"IEND", b""))
    return picture.SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def lay_out(folder: Path) -> None:
    """Lay the assistant's files out as its first start does, nothing of them the learner's."""
    shutil.copytree(SHIPPED, folder)


def change(file: Path, *pairs: tuple[str, str]) -> None:
    """Change words of a file that must be there."""
    text = file.read_text(encoding="utf-8")
    for before, after in pairs:
        assert before in text, before
        text = text.replace(before, after)
    file.write_text(text, encoding="utf-8")


def add(file: Path, text: str) -> None:
    """Add text at the end of a file that must be there."""
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


def take_picture(folder: Path, says: str = "180 of 1,000 patients like this one") -> None:
    """Write a picture of the card and settings as they are now."""
    keep_picture(folder, png(), says, dt.datetime(2026, 11, 24, 10, tzinfo=dt.UTC))


def write_log(folder: Path) -> Log:
    """Write what two people did at the desk: eight advices, six decisions, three of them overruled."""
    log = Log(folder / "state")
    for number in range(8):
        visit = f"e{number}"
        log.append("Ada", "viewed", visit=visit, role="clinician")
        log.append("Ada", "level", visit=visit, level=3)
        shown = {"state": "abstains" if number == 7 else "risk", "of_1000": 90, "high": number > 3, "settings": "s1"}
        log.append("Ada", "advised", visit=visit, **shown)
        if number < 3:
            log.append("Ada", "accepted", visit=visit, **shown)
        elif number < 6:
            reason = "looks_worse" if number == 3 else "known_patient"
            log.append("Ben", "overruled", visit=visit, **shown, reason=reason, typed="Hanna Ode is my aunt")
    return log


def whole_assistant(folder: Path) -> None:
    """Make the folder of a learner who has done everything."""
    lay_out(folder)
    add(folder / "card.html.j2", CARD)
    change(folder / "triage.toml", *CHANGES)
    take_picture(folder)
    write_log(folder)


def read(folder: Path) -> Assistant | None:
    """Read the folder as the command does."""
    return read_assistant(folder, SHIPPED)


def memos() -> dict:
    """Return the two memos as they are kept."""
    return {id: {"fields": dict(fields), **ORIGIN} for id, fields in MEMOS.items()}


def make_older(file: Path, seconds: int) -> None:
    """Let a file be that much older than it is."""
    then = file.stat().st_mtime - seconds
    os.utime(file, (then, then))


def alone(folder: Path) -> Found:
    """Return A3 without A1, whose figures take a second a page."""
    return Found(memos(), {}, read(folder))
