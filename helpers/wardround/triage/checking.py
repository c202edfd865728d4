"""``wardround triage check``: what is wrong with the learner's settings and card, before a patient's page shows it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wardround.triage import learner_card
from wardround.triage.desk import SIGNS
from wardround.triage.judge import before_level, judge
from wardround.triage.learner_card import CardWrong
from wardround.triage.model import told
from wardround.triage.said import Advice, NoAnswer, Reading, Risk, Visit
from wardround.triage.settings import CARD, FILE, Settings, SettingsWrong, defaults, read

NOW = dt.datetime(2026, 1, 15, 20, 0, tzinfo=dt.UTC)
HOSTILE = "<b>Ada</b> {{ 7 * 7 }} \u202e"
WELL = {
    "heart_rate": 82,
    "respiratory_rate": 16,
    "temperature": 36.9,
    "saturation": 97,
    "systolic": 128,
    "diastolic": 76,
}
WILD = {"heart_rate": 20, "respiratory_rate": 4, "temperature": 45.0, "saturation": 55, "systolic": 52}


@dataclass(frozen=True)
class Checked:
    """What was found: ``problems`` are to be mended, ``notes`` are to be read."""

    problems: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is to be mended."""
        return not self.problems

    def text(self) -> list[str]:
        """Return it as lines for a terminal."""
        return [*(f"Mend: {one}" for one in self.problems), *self.notes]


def check(folder: Path | str, *, marks: Callable[[Path, Settings], str] | None = None) -> Checked:
    """Check ``triage.toml`` and ``card.html.j2`` of a folder.

    Parameters
    ----------
    marks
        Says what the threshold marks; by default :func:`marked`, which asks the released model.
    """
    folder = Path(folder)
    problems: list[str] = []
    notes: list[str] = []
    try:
        settings = read(folder)
        notes.append(f"{FILE} can be used: {len(settings.rule)} rules, {len(settings.factor)} factors, "
                     f"a risk is high from {settings.model.threshold * 1000:g} of 1,000 on.")  # fmt: skip
        notes.append((marks or marked)(folder, settings))
    except SettingsWrong as wrong:
        settings = defaults()
        problems.append(str(wrong))
    try:
        lines = len(learner_card.source(folder / CARD).splitlines())
        problems += dict.fromkeys(_card(folder, settings))
        if not any(one.startswith(CARD) for one in problems):
            notes.append(f"{CARD} can be shown: {lines} of {learner_card.MOST_LINES} lines, in every state.")
    except CardWrong as wrong:
        problems.append(str(wrong))
    return Checked(tuple(problems), tuple(notes))


def marked(folder: Path, settings: Settings) -> str:
    """Say what the threshold would have marked among the visits that judged the released model."""
    found = told(folder / "state").get("measured")
    if not found:
        return "What the threshold marks can be said once the assistant was started: `wardround triage`."
    if found["threshold"] != settings.model.threshold:
        from wardround.course import loading
        from wardround.triage.answering import Answering
        from wardround.triage.release import measured, rows

        judged = rows(loading.load())[1]
        found = measured(Answering(folder / "state").pipeline, judged, settings.model.threshold)
    missed = found["critical"] - found["marked_and_critical"]
    return (
        f"Of {found['visits']:,} visits of the last half year it would have marked {found['marked']:,} "
        f"({1000 * found['marked'] / found['visits']:.0f} of 1,000); of the {found['critical']} who needed critical "
        f"care or died within 12 hours it marks {found['marked_and_critical']} and misses {missed}."
    )


def samples(settings: Settings) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a made-up patient in each state, with what a card is given; the name is a stranger's at its worst."""
    pushes = {name: 0.9 - 0.5 * place for place, name in enumerate(settings.factors)}
    risk = Risk(0.42, pushes, "triage-critical-12h 1", 0.024)
    none = NoAnswer("The model did not answer in time.")
    well, wild, bare = _visit(WELL), _visit(WILD), _visit({}, born=None)
    for state, visit, said, more in (
        ("risk", well, risk, {}),
        ("a rule and values to be checked", wild, risk, {}),
        ("nothing known", bare, none, {}),
        ("no answer", well, none, {}),
        ("off", well, none, {"on": False}),
        ("comfort care", _visit(WILD, comfort=True), none, {}),
    ):
        advice = judge(visit, said, settings, NOW, **more)
        yield state, {"advice": advice, "visit": visit, "level": 2, "now": NOW}
        yield f"{state}, before the level", {**_before(advice, settings), "visit": visit, "level": None, "now": NOW}


def _before(advice: Advice, settings: Settings) -> dict[str, Advice]:
    return {"advice": before_level(advice, settings)}


def _card(folder: Path, settings: Settings) -> Iterator[str]:
    text, told = learner_card.source(folder / CARD), set()
    for state, given in samples(settings):
        try:
            made = learner_card.render(text, **given)
        except CardWrong as wrong:
            yield str(wrong)
            continue
        for one in learner_card.left_out(made, given["advice"]):
            mend = _mend(one, given["advice"])
            if mend in told:  # once for each kind, not for each state
                continue
            told.add(mend)
            yield (
                f"{CARD}: it does not show “{one[:80]}” (state: {state}), so the page puts that above your card. "
                f"Write {mend} where it belongs."
            )


def _mend(left_out: str, advice: Advice) -> str:
    if left_out == advice.words:
        return "{{ advice.words }}"
    return "the loop over advice.check" if left_out in advice.check else "the loop over advice.rules"


def _visit(values: dict[str, float], born: dt.date | None = dt.date(1950, 5, 17), comfort: bool = False) -> Visit:
    at = NOW - dt.timedelta(minutes=12)
    readings = {name: Reading(name, float(one), SIGNS[name][1], at) for name, one in values.items()}
    arrived = NOW - dt.timedelta(minutes=20)
    return Visit("e-sample", "p-sample", HOSTILE, born, "female", "quillmere", arrived, readings, comfort)
