"""What stands on each page, and its HTML. Every text of a patient, a person or a file is escaped by the templates."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from wardround.operations.ledger import Line, LogUnreadable
from wardround.triage import learner_card
from wardround.triage.desk import LABELS, NoSuchVisit
from wardround.triage.door import ROLES, Session
from wardround.triage.judge import Row, band, look
from wardround.triage.log import NotAsSeen
from wardround.triage.said import Visit
from wardround.triage.settings import Settings
from wardround.triage.world import LEVELS, World, mark

TEMPLATES = Path(__file__).parent / "templates"
STYLE = TEMPLATES / "style.css"
LONGEST_NAME = 200  # characters of a patient's name on the page; in the list fewer
BANDS = {
    0: ("Look now", "level 1, or a rule and no level yet"),
    1: ("Soon", "level 2, a rule, or a high risk that nobody overruled"),
    2: ("No level yet", "give your level; the assistant speaks after you"),
    3: ("Level 3", ""),
    4: ("Level 4", ""),
    5: ("Level 5", ""),
}
LEVEL_WORDS = {1: "most urgent", 2: "", 3: "", 4: "", 5: "least urgent"}
SHORT = {
    "waits": "after your level",
    "abstains": "no risk given",
    "no answer": "no answer",
    "silent": "comfort care",
    "off": "switched off",
}
NAV = {
    "clinician": (("/worklist", "Worklist"), ("/history", "History")),
    "auditor": (("/audit", "Audit"), ("/history", "History")),
    "administrator": (("/switch", "Switch"),),
}
KEPT_SIGNS = "\u200c\u200d"  # join and do not join: letters of names in Persian, Urdu, Hindi


@dataclass(frozen=True)
class Vital:
    """A vital sign as it stands on the page; ``flag`` says in words what is wrong with it."""

    name: str
    label: str
    value: str
    unit: str
    at: dt.datetime | None
    minutes: int | None
    flag: str = ""

    @property
    def short(self) -> str:
        """The flag in a word, for the list."""
        words = {"check the value": "check", "check the unit": "check", "not measured": "not taken"}
        return ", ".join(words.get(one, "old") for one in self.flag.split(", ")) if self.flag else ""


@cache
def environment() -> Environment:
    """Return the templates; everything is escaped."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {"clock": clock, "ago": ago, "person": person, "day": day, "instant": instant}
    made.globals |= {"style": f"/style.css?{hashlib.sha256(STYLE.read_bytes()).hexdigest()[:12]}", "roles": ROLES}
    return made


def render(template: str, /, **given: Any) -> str:
    """Return a page."""
    return environment().get_template(f"{template}.html.j2").render(**given)


def frame(session: Session | None, mark: str = "", here: str = "", **more: Any) -> dict[str, Any]:
    """Return what every page has: who is here, where they may go."""
    nav = NAV.get(session.role, ()) if session else ()
    return {"session": session, "csrf": mark, "here": here, "nav": nav, "strip": [], **more}


def strip(world: World, now: dt.datetime) -> list[tuple[str, str, bool]]:
    """Return the state of feed, model, switch and settings: name, sentence, and whether it needs to be seen."""
    feed = world.desk.feed(now)
    told = [("Data", feed.why or f"as of {clock(feed.last_at)} UTC", bool(feed.why))]
    model, why = getattr(world.scorer, "model", ""), getattr(world.scorer, "why", "")
    slow = f"It is made to wait {world.scorer.slow_by:g} s, to practise." if world.scorer.slow_by else ""
    told.append(("Model", " ".join(one for one in (model, why, slow) if one) or "ready", bool(why or slow)))
    told.append(("Assistant", "on" if world.on else "switched off; rules are in force", not world.on))
    if trouble := world.trouble:
        told.append(("Settings", trouble, True))
    return told


def groups(rows: Iterable[Row], settings: Settings, now: dt.datetime) -> list[dict[str, Any]]:
    """Return the worklist's groups with their rows, in order."""
    made = []
    for number, members in groupby(rows, key=band):
        lines = [
            {
                "row": row,
                "visit": row.visit,
                "age": row.visit.age(now),
                "minutes": minutes(row.visit.arrived_at, now),
                "vitals": vitals(row.visit, settings, now, listed=True),
                "short": SHORT.get(row.advice.state, ""),
            }
            for row in members
        ]
        title, says = BANDS[number]
        made.append({"title": title, "says": says, "lines": lines})
    return made


def vitals(visit: Visit, settings: Settings, now: dt.datetime, *, listed: bool = False) -> list[Vital]:
    """Return the vital signs of a visit, those that nobody took included; ``listed`` leaves out what has no factor."""
    known = look(visit, settings, now)
    made = []
    for name in LABELS:
        factor, reading = settings.factors.get(name), visit.readings.get(name)
        if factor is None and listed:
            continue
        label, unit = (factor.label, factor.unit) if factor else (LABELS[name], reading.unit if reading else "")
        if reading is None or reading.value is None or not math.isfinite(reading.value):
            made.append(Vital(name, label, "", unit, None, None, "not measured"))
            continue
        text = factor.written(reading.value) if factor else f"{reading.value:.0f}"
        flags = ["check the value"] if name in known.doubtful else []
        if factor and name in known.missing:  # measured in another unit
            text, unit, flags = f"{reading.value:g}", reading.unit or "without a unit", ["check the unit"]
        if name in known.stale:
            flags.append("measured too long ago" if reading.at else "no time known")
        old = None if reading.at is None else minutes(reading.at, now)
        made.append(Vital(name, label, text, unit, reading.at, old, ", ".join(flags)))
    return made


def patient(world: World, row: Row, now: dt.datetime, **typed: Any) -> dict[str, Any]:
    """Return what stands on the page of one patient.

    Parameters
    ----------
    typed
        What somebody typed and could not send: ``level reason words``, kept in the forms; ``alert`` says why.
    """
    settings, visit, advice = world.settings, row.visit, row.advice
    lines = world.log.about(visit.encounter_id)
    decided = next((line for line in reversed(lines) if line.action == row.decision), None) if row.decision else None
    leveled = next((line for line in reversed(lines) if line.action == "level"), None)
    return {
        "row": row,
        "visit": visit,
        "advice": advice,
        "age": visit.age(now),
        "minutes": minutes(visit.arrived_at, now),
        "vitals": vitals(visit, settings, now),
        "card": learner_card.show(world.folder, advice=advice, visit=visit, level=row.level, now=now),
        "saw": mark(advice),
        "levels": [(one, LEVEL_WORDS[one]) for one in LEVELS],
        "reasons": settings.reasons,
        "can_decide": row.level is not None and (advice.state == "risk" or bool(advice.rules)),
        "decided": decided,
        "decided_words": world.log.typed(decided) if decided else "",
        "leveled": leveled,
        "history": [(line, says(line, settings)) for line in reversed(lines) if line.action != "viewed"],
        "looks": len([line for line in lines if line.action == "viewed"]),
        "threshold": max(1, round(settings.model.threshold * 1000)),
        "alert": "",
        "typed": {"level": None, "reason": "", "words": "", **typed.pop("typed", {})},
        **typed,
    }


def says(line: Line, settings: Settings) -> str:
    """Return a line of the log as a sentence without its actor: "gave level 3"."""
    told = line.told()
    if line.action == "viewed":
        return "looked at the worklist" if told.get("what") == "worklist" else "looked at the patient"
    if line.action == "level":
        return f"gave level {told.get('level')}"
    if line.action == "advised":
        return f"was shown: {_advised(told)}"
    if line.action in ("accepted", "overruled"):
        code = str(told.get("reason", ""))
        why = f", because: {settings.reason.get(code, code)}" if line.action == "overruled" else ""
        return f"{line.action} ({_advised(told)}){why}"
    if line.action == "switched":
        return _switched(told)
    if line.action == "hook":
        return f"asked through the service: {told.get('cards', 0)} card"
    return f"sent feedback on a card: {told.get('outcome', 'unknown')}"


def overtaken(why: NotAsSeen, settings: Settings) -> str:
    """Return why a decision was not saved, when somebody was faster or the advice has changed."""
    line = getattr(why, "line", None)
    if line is None:
        return f"Not saved. {why}"
    who = f"{line.actor} {says(line, settings)} at {clock(line.at)}"
    return f"Not saved: {who}. Look again and decide anew; what you typed is kept."


def named(world: World, lines: Iterable[Line], now: dt.datetime) -> Mapping[str, str]:
    """Return the names of the patients in these lines who are of this desk's evening, by visit."""
    names: dict[str, str] = {}
    for line in lines:
        key = line.told().get("visit")
        if isinstance(key, str) and key not in names:
            try:
                names[key] = world.desk.visit(key, now).name
            except NoSuchVisit:
                continue
    return names


def broken(world: World) -> str:
    """Return where the chain of the log breaks, in a sentence; empty where it is whole."""
    try:
        found = world.log.verify()
        world.log.lines()
    except LogUnreadable as trouble:
        return str(trouble)
    return f"The chain breaks at line {found.number}: {found.why}." if found else ""


def minutes(at: dt.datetime, now: dt.datetime) -> int:
    """Return whole minutes since then."""
    return math.floor((now - at).total_seconds() / 60)


def clock(at: dt.datetime | str | None) -> str:
    """Return hours and minutes, UTC."""
    at = instant(at)
    return "" if at is None else f"{at.astimezone(dt.UTC):%H:%M}"


def day(at: dt.datetime | str | None) -> str:
    """Return day, hours and minutes, UTC."""
    at = instant(at)
    return "" if at is None else f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M}"


def instant(at: dt.datetime | str | None) -> dt.datetime | None:
    """Return a time of the log or the desk as a time; None where it is none."""
    if isinstance(at, dt.datetime) or at is None:
        return at
    try:
        return dt.datetime.fromisoformat(at)
    except ValueError:
        return None


def ago(number: int | None) -> str:
    """Return minutes as a person says them."""
    if number is None:
        return "time unknown"
    if number < 0:
        return "in the future"
    return f"{number} min" if number < 120 else f"{number // 60} h {number % 60} min"


def person(name: str, longest: int = LONGEST_NAME) -> str:
    """Return a patient's name on one line, not too long; signs that turn the direction of text are taken out."""
    plain = "".join(sign if sign.isprintable() or sign in KEPT_SIGNS else " " for sign in name)
    plain = _calmed(" ".join(plain.split()))
    if not plain:
        return "No name"
    return plain if len(plain) <= longest else f"{plain[: longest - 1].rstrip()}…"


def _calmed(text: str) -> str:
    """At most three marks on a letter: more are drawn over the lines around."""
    kept, marks = [], 0
    for sign in text:
        marks = marks + 1 if unicodedata.combining(sign) else 0
        if marks <= 3:
            kept.append(sign)
    return "".join(kept)


def _advised(told: Mapping[str, Any]) -> str:
    rules = told.get("rules") or ()
    parts = [f"rule {', '.join(map(str, rules))}"] if rules else []
    if told.get("of_1000") is not None:
        parts.append(f"{told['of_1000']} of 1,000{', high' if told.get('high') else ''}")
    else:
        parts.append(str(told.get("state", "nothing")))
    return "; ".join(parts)


def _switched(told: Mapping[str, Any]) -> str:
    if "on" in told:
        return "switched the assistant on" if told["on"] else "switched the assistant off"
    if told.get("what") == "none":
        return "ended the practised faults"
    unit = "minutes" if told.get("what") == "late feed" else "seconds"
    return f"practises a fault: {told.get('what')}, {told.get('amount', 0):g} {unit}"
