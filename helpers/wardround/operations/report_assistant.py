"""What a learner has of the triage assistant: card, settings, picture and log, read as files from one folder.

The assistant itself is not asked, so that its portfolio can be written, and checked, where it cannot run.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .ledger import DAMAGE, Anchor, Ledger, Line, LogUnreadable
from .picture import OF, SAYS, TAKEN, NoPicture, Picture, digest, mark, read_picture

DECIDED = ("accepted", "overruled")
CARD, SETTINGS, PICTURE, LOG = "card.html.j2", "triage.toml", "picture.png", "state/log.sqlite"
MOST_LINES = 60  # of the card: weeks.md's "one partial", which a person reads through in a minute
LARGEST = 200_000  # bytes of a card or of settings that are still read


@dataclass(frozen=True)
class Audit:
    """The log, counted: no patient, no name, no value.

    Attributes
    ----------
    broken
        The sentence where the chain breaks, or "".
    shown
        Advices by state; that the assistant waits for a person's level is no advice.
    reasons, at_high
        Overruled by reason code: all, and those whose risk reached the threshold.
    settings
        With how many different settings the decided advices were made.
    """

    lines: int = 0
    broken: str = ""
    first: str = ""
    last: str = ""
    end: Anchor | None = None
    people: int = 0
    shown: Mapping[str, int] = field(default_factory=dict)
    accepted: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    at_high: Mapping[str, int] = field(default_factory=dict)
    settings: int = 0

    @property
    def overruled(self) -> int:
        """How many advices were overruled, for whichever reason."""
        return sum(self.reasons.values())

    @property
    def decided(self) -> int:
        """How many advices somebody accepted or overruled."""
        return self.accepted + self.overruled


@dataclass(frozen=True)
class Assistant:
    """The assistant's folder as it was found.

    Attributes
    ----------
    card, settings
        The learner's, or None where the file is not there or cannot be read; ``shipped_…`` as it was laid out.
    settings_text
        The settings as they were written.
    of
        The digest of card and settings now: a picture of them carries the same.
    troubles
        File: the sentence why it is there and cannot be shown.
    """

    card: str | None = None
    shipped_card: str | None = None
    settings: Mapping[str, Any] | None = None
    shipped_settings: Mapping[str, Any] | None = None
    picture: Picture | None = None
    of: str = ""
    picture_older: bool = False
    audit: Audit | None = None
    troubles: Mapping[str, str] = field(default_factory=dict)

    @property
    def own_card(self) -> bool:
        """Say whether the card is another than the shipped one; spaces at the ends of lines do not count."""
        return self.card is not None and _bare(self.card) != _bare(self.shipped_card or "")

    @property
    def begun(self) -> bool:
        """Say whether anything here is the learner's: files that the first start laid out are not."""
        decided = self.audit is not None and self.audit.decided > 0
        changed = self.settings is not None and self.settings != self.shipped_settings
        return bool(self.own_card or changed or self.picture or decided or self.troubles)

    def reason(self, code: str) -> str:
        """Return a reason as the screen shows it; its code where the settings do not know it."""
        return reasons(self.settings).get(code, code)


def read_assistant(folder: Path, shipped: Path) -> Assistant | None:
    """Read the folder of the learner's assistant, against the folder it was laid out from; None where it is not there.

    What cannot be read is told in ``troubles``: nothing here raises on a learner's file.
    """
    if not folder.is_dir():
        return None
    troubles: dict[str, str] = {}
    card, text = (_text(folder / name, troubles) for name in (CARD, SETTINGS))
    picture = _picture(folder / PICTURE, troubles)
    files = [folder / CARD, folder / SETTINGS]
    return Assistant(
        card,
        _text(shipped / CARD, {}),
        _settings(text, troubles),
        _settings(_text(shipped / SETTINGS, {}), {}),
        picture,
        digest(*files),
        picture is not None and any(_newer(file, folder / PICTURE) for file in files),
        audit(folder / LOG),
        troubles,
    )


def keep_picture(folder: Path, content: bytes, says: str, taken: dt.datetime) -> Path:
    """Write a screenshot as ``picture.png`` with what it is of, so that a portfolio knows whether it still holds.

    Parameters
    ----------
    content
        The PNG, taken with the card and settings that lie in the folder.
    says
        What can be read in it: it stands for the picture where nobody can see it.
    taken
        When, in UTC.

    Raises
    ------
    NoPicture
        The content is no PNG.
    """
    words = {OF: digest(folder / CARD, folder / SETTINGS), TAKEN: taken.isoformat(), SAYS: says}
    path = folder / PICTURE
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(mark(content, words))
    return unfinished.replace(path)


def audit(path: Path) -> Audit | None:
    """Count the log; None where there is none. A broken chain is told, and what can be read is counted all the same."""
    if not path.exists():
        return None
    log = Ledger(path)
    broken = log.verify()
    try:
        lines = log.lines()
    except LogUnreadable:
        lines = list(_readable(log))
    told = [(line.action, _detail(line)) for line in lines]
    overruled = [detail for action, detail in told if action == "overruled"]
    return Audit(
        len(lines),
        broken.why if broken else "",
        lines[0].at if lines else "",
        lines[-1].at if lines else "",
        Anchor(lines[-1].number, lines[-1].hash) if lines else None,
        len({line.actor for line in lines if line.action in DECIDED}),
        Counter(_said(detail, "state") for action, detail in told if action == "advised" and _advises(detail)),
        sum(action == "accepted" for action, _ in told),
        Counter(_said(detail, "reason") for detail in overruled),
        Counter(_said(detail, "reason") for detail in overruled if detail.get("high") is True),
        len({_said(detail, "settings") for action, detail in told if action in DECIDED}),
    )


def reasons(settings: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the reasons for overruling that the settings offer: code to words."""
    offered = (settings or {}).get("reasons", {})
    if isinstance(offered, Mapping):
        return {str(code): _display(one) for code, one in offered.items()}
    return {str(one.get("code")): _display(one) for one in _tables(offered)}


def rules(settings: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """Return the rules of the settings."""
    return _tables((settings or {}).get("rule", []))


def threshold(settings: Mapping[str, Any] | None) -> float | None:
    """Return the threshold as a probability, or None where the settings have none."""
    model = (settings or {}).get("model", {})
    value = model.get("threshold") if isinstance(model, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        return None
    return value / 1000 if value >= 1 else float(value)


def flat(settings: Mapping[str, Any] | None, before: str = "") -> dict[str, str]:
    """Return every setting by its full name, a named table (``rule.fever``) by its name, not by its place."""
    made: dict[str, str] = {}
    for key, value in (settings or {}).items():
        name = f"{before}{key}"
        if isinstance(value, Mapping):
            made |= flat(value, f"{name}.")
        elif tables := _tables(value):
            for place, one in enumerate(tables, 1):
                own = one.get("name") or one.get("code") or one.get("upto") or place
                made |= flat({k: v for k, v in one.items() if k != "name"}, f"{name}.{own}.")
        else:
            made[name] = shown(value)
    return made


def shown(value: Any) -> str:
    """Return a setting as it is printed."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "; ".join(map(shown, value)) if isinstance(value, list) else str(value)


def _tables(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, Sequence) else []


def _display(one: Any) -> str:
    return str(one.get("display") or one.get("says") or one.get("code")) if isinstance(one, Mapping) else str(one)


def _text(path: Path, troubles: dict[str, str]) -> str | None:
    try:
        if path.stat().st_size > LARGEST:
            troubles[path.name] = f"{path.name} is larger than {LARGEST:,} bytes and is not shown"
            return None
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as trouble:
        troubles[path.name] = f"{path.name} cannot be read ({type(trouble).__name__})"
        return None


def _settings(text: str | None, troubles: dict[str, str]) -> Mapping[str, Any] | None:
    if text is None:
        return None
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as trouble:
        troubles[SETTINGS] = f"{SETTINGS} is no TOML ({str(trouble) or type(trouble).__name__})"
        return None


def _picture(path: Path, troubles: dict[str, str]) -> Picture | None:
    try:
        return read_picture(path)
    except FileNotFoundError:
        return None
    except (NoPicture, OSError) as trouble:
        troubles[PICTURE] = f"{PICTURE} cannot be shown: {trouble}"
        return None


def _newer(file: Path, than: Path) -> bool:
    return file.exists() and file.stat().st_mtime > than.stat().st_mtime


def _readable(log: Ledger) -> Iterator[Line]:
    """Give the lines before the damage."""
    try:
        yield from log._each()
    except DAMAGE:
        return


def _detail(line: Line) -> Mapping[str, Any]:
    try:
        told = line.told()
    except ValueError:
        return {}
    return told if isinstance(told, Mapping) else {}


def _advises(detail: Mapping[str, Any]) -> bool:
    return detail.get("state") != "waits"


def _said(detail: Mapping[str, Any], key: str) -> str:
    return str(detail.get(key) or "not said")


def _bare(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]
