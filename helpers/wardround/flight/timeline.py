"""The year as a picture: a bar for each incident, its parts told apart by pattern, never by colour alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from .visible import Met
from .weeks import WEEKDAYS
from .words import DAYS

BAR, ROW, TOP = 13, 37, 20
PATTERNS = {
    "unseen": "hidden: no signal was over its usual limit",
    "open": "to be seen, no alarm for it was answered",
    "known": "alarm answered, not contained (a decoy needs no containing)",
    "held": "contained, not over",
}


@dataclass(frozen=True)
class Part:
    """A stretch of an incident: its state and its days."""

    state: str
    begins: float
    ends: float


def when(day: float | None, hour: bool = False) -> str:
    """Return a day of the year in words; a dash for None."""
    if day is None or not np.isfinite(day):
        return "–"
    number = int(day)
    if number >= DAYS:
        return "the year's end"
    clock = f" {int(24 * (day - number) + 0.01):02d}:00" if hour and day > number else ""
    return f"week {number // 7 + 1}, {WEEKDAYS[number % 7]}{clock}"


def parts(one: Met) -> list[Part]:
    """Return an incident's stretches: hidden, to be seen, known, contained."""
    begins, over = float(one.spell.begins), float(one.over)
    alarm = min(over, np.inf if one.heard is None else one.heard)
    seen = min(alarm, np.inf if one.visible is None else one.visible, over)
    held = min(over, max(alarm, np.inf if one.contained is None else one.contained))
    edges = [begins, max(begins, seen), alarm, held, over]
    spans = zip(PATTERNS, edges, edges[1:], strict=False)
    return [Part(state, first, last) for state, first, last in spans if last > first]


def timeline(incidents: Sequence[Met], off: dict[str, np.ndarray], width: int) -> Markup:
    """Return the year as SVG.

    Parameters
    ----------
    incidents : sequence of Met
    off : dict of arrays
        For each service, the share of each of the 364 days without a score.
    width : int
        Of the picture, in its own units: letters keep their size on a narrow page.
    """
    height = TOP + ROW * (len(incidents) + len(off)) + 6
    scale = (width - 2) / DAYS
    rows = [_incident(one, TOP + ROW * at, scale, width) for at, one in enumerate(incidents)]
    rows += [_off(name, days, TOP + ROW * (len(incidents) + at), scale) for at, (name, days) in enumerate(off.items())]
    return Markup(
        '<svg class="timeline w{w}" viewBox="0 0 {w} {h}" role="img" aria-labelledby="tl{w} td{w}">'
        '<title id="tl{w}">The year, day by day</title><desc id="td{w}">{says}</desc>{patterns}{weeks}{rows}</svg>'
    ).format(
        w=width,
        h=height,
        says=described(incidents, off),
        patterns=_patterns(width),
        weeks=_weeks(scale, height),
        rows=Markup("").join(rows),
    )


def described(incidents: Sequence[Met], off: dict[str, np.ndarray]) -> str:
    """Return the picture in sentences, for whoever does not see it."""
    said = []
    for one in incidents:
        title = one.drawn.card.title
        seen = f"could be seen from {when(one.visible)}" if one.visible is not None else "showed in no signal"
        alarm = f"an alarm led to it in {when(one.alarm)}" if one.alarm is not None else "no alarm led to it"
        if one.alarm is None and one.heard is not None:
            alarm = f"an alarm was answered in {when(one.heard)}, without a look for the cause"
        what = "decoy" if one.spell.decoy else "incident"
        said.append(f"{title} ({what}): from {when(one.spell.begins)} to {when(one.over)}; {seen}; {alarm}.")
    said += [f"The {name} was off on {int((days > 0.5).sum())} of {DAYS} days." for name, days in off.items()]
    return " ".join(said)


def legend() -> list[tuple[Markup, str]]:
    """Return a swatch and its meaning for each pattern."""
    swatch = '<svg width="34" height="14" viewBox="0 0 34 14" aria-hidden="true">{}{}</svg>'
    return [
        (Markup(swatch).format(_patterns(f"l{state}"), _bar(state, 1, 1, 32, 12, f"l{state}")), says)
        for state, says in PATTERNS.items()
    ]


def _incident(one: Met, y: float, scale: float, width: int) -> Markup:
    begins = 1 + scale * one.spell.begins
    decoy = " (decoy)" if one.spell.decoy else ""
    long = 6.6 * len(one.drawn.card.title + decoy)
    x, anchor = (begins, "start") if begins + long < width else (width - 1, "end")
    drawn = [
        _bar(part.state, 1 + scale * part.begins, y + 15, scale * (part.ends - part.begins), BAR, width)
        for part in parts(one)
    ]
    marks = [
        Markup('<path d="M{x:.1f} {y:.1f}v21" class="mark"/>').format(x=1 + scale * day, y=y + 11)
        for day in (one.heard,)
        if day is not None
    ]
    text = Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}{}</text>')
    label = text.format(x, y + 11, anchor, one.drawn.card.title, decoy)
    return Markup("").join([label, *drawn, *marks])


def _off(name: str, days: np.ndarray, y: float, scale: float) -> Markup:
    """Draw the days on which a service gave no score."""
    none = days > 0.5
    edges = np.flatnonzero(np.diff(np.concatenate([[0], none.astype(int), [0]])))
    stops = [
        Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{}" class="ink"/>').format(
            1 + scale * first, y + 15, max(1.5, scale * (last - first)), BAR
        )
        for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    ]
    says = f"{name}: off on {int(none.sum())} days" if none.any() else f"{name}: never off"
    text = Markup('<text x="1" y="{:.1f}">{}</text>').format(y + 11, says)
    line = Markup('<path d="M1 {y}H{x:.1f}" class="thin"/>').format(y=y + 15 + BAR, x=1 + scale * DAYS)
    return Markup("").join([text, line, *stops])


def _bar(state: str, x: float, y: float, width: float, height: float, of: object) -> Markup:
    fill = {"unseen": "none", "open": f"url(#hatch{of})", "known": "currentColor", "held": f"url(#dots{of})"}[state]
    dashed = Markup(' stroke-dasharray="4 3"') if state == "unseen" else Markup("")
    return Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{}" fill="{}" class="edge"{}/>').format(
        x, y, max(1.5, width), height, fill, dashed
    )


def _patterns(of: object) -> Markup:
    parts = (
        '<defs><pattern id="hatch{of}" width="6" height="6" patternUnits="userSpaceOnUse" ',
        'patternTransform="rotate(45)"><path d="M0 0V6" class="hatch"/></pattern>',
        '<pattern id="dots{of}" width="5" height="5" patternUnits="userSpaceOnUse">',
        '<circle cx="1.5" cy="1.5" r="1" class="ink"/></pattern></defs>',
    )
    return Markup("".join(parts)).format(of=of)


def _weeks(scale: float, height: int) -> Markup:
    marks = []
    for week in (1, 13, 26, 39, 52):
        x = 1 + scale * 7 * (week - 1)
        anchor = "end" if week == 52 else "start"
        marks.append(
            Markup(
                '<path d="M{x:.1f} 14V{h}" class="grid"/><text x="{x:.1f}" y="10" text-anchor="{a}">{w}</text>'
            ).format(x=x, h=height, a=anchor, w=f"week {week}" if week == 1 else week)
        )
    return Markup("").join(marks)
