"""What the assistant says of a visit, and in which order visits stand. Pure: no clock, no file, no model in here.

Two things never wait for each other. Rules look at the values alone and are told at once; the risk is told once the
nurse has given a level, so that it cannot do the nurse's thinking. Missing is never normal: it is told, and beyond what
``[abstain]`` allows there is no risk.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from wardround.triage.said import Advice, Factor, Fired, NoAnswer, Reading, Risk, Visit
from wardround.triage.settings import Rule, Settings

AT_MOST = 3  # factors
WORTH_TELLING = 0.05  # log-odds: a push below this changes a risk by less than a twentieth of itself
ORDER = (
    "Order: first level 1, then who meets a rule and has no level yet; then level 2, a rule, or a high risk that "
    "nobody overruled; then who has no level yet; then levels 3, 4 and 5. Inside each group by time of arrival."
)
# what a reading's unit may be called; another unit is another number, so it is not read as if it were this one
SAME_UNIT = {"mm[Hg]": "mmHg", "Cel": "°C", "C": "°C", "/minute": "/min", "bpm": "/min", "beats/min": "/min"}
SAME_UNIT |= {"breaths/min": "/min", "beats/minute": "/min", "breaths/minute": "/min", "degC": "°C"}


@dataclass(frozen=True)
class Row:
    """A line of the worklist.

    Attributes
    ----------
    advice
        As it may be shown: before a level was given, :func:`before_level` of it.
    level
        The nurse's own, 1 to 5; None before it was given.
    overruled
        Whether the risk that is shown was overruled.
    decision
        ``accepted``, ``overruled``, or "" where nobody decided on what is shown.
    state
        Number of the last line of the log that gave a level or decided; a decision names it.
    """

    visit: Visit
    advice: Advice
    level: int | None = None
    overruled: bool = False
    decision: str = ""
    state: int = 0


@dataclass(frozen=True)
class Known:
    """The factors of a visit, sorted into what can be used and what cannot."""

    values: Mapping[str, float]  # measured, in the unit of the settings; stale and implausible ones too
    ages: Mapping[str, int | None] = field(default_factory=dict)  # minutes; None where no time is needed or known
    missing: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    check: tuple[str, ...] = ()


def judge(visit: Visit, said: Risk | NoAnswer, settings: Settings, now: dt.datetime, *, on: bool = True) -> Advice:
    """Return what the assistant says of a visit, the risk included: :func:`before_level` takes it out again.

    Parameters
    ----------
    said
        The model's answer.
    on
        Whether the assistant is switched on. Rules are in force in either case.
    """
    words = settings.words
    if visit.comfort_care:
        return Advice("silent", words.silent)
    known = look(visit, settings, now)
    told = Advice(
        "risk",
        "",
        rules=fired(known, settings),
        missing=tuple(settings.factors[name].label for name in known.missing),
        stale=tuple(settings.factors[name].label for name in known.stale),
        check=known.check,
    )
    if not on:
        return replace(told, state="off", words=words.off)
    if why := abstains(visit, known, settings, now):
        return replace(told, state="abstains", words=f"{words.abstains} {why}")
    if isinstance(said, Risk) and not (math.isfinite(said.probability) and 0 <= said.probability <= 1):
        said = NoAnswer("The model gave no probability.")
    if isinstance(said, NoAnswer):
        return replace(told, state="no answer", words=f"{said.why} {words.fallback}".strip())
    return replace(told, **_risk(said, settings), factors=_factors(visit, said, known, settings))


def before_level(advice: Advice, settings: Settings) -> Advice:
    """Return the advice as it is shown before the nurse gave a level: no field of it tells of the risk."""
    if advice.state != "risk":
        return advice
    return replace(advice, state="waits", words=settings.words.waits, of_1000=None, high=False, factors=(), model="")


def look(visit: Visit, settings: Settings, now: dt.datetime) -> Known:
    """Sort the factors of a visit into what was measured, what is missing, stale or doubtful."""
    values, ages, missing, stale, doubtful, check = {}, {}, [], [], [], []
    for name, factor in settings.factors.items():
        reading = _reading(visit, name, now)
        if reading is None or reading.value is None or not math.isfinite(reading.value):
            missing.append(name)
            continue
        if name != "age" and SAME_UNIT.get(reading.unit, reading.unit) != factor.unit:
            missing.append(name)
            doubtful.append(name)  # nobody knows what it says, so no risk stands beside it
            check.append(f"{factor.label} {reading.value:g} {reading.unit or 'without a unit'}".strip())
            continue
        values[name] = float(reading.value)
        ages[name] = _minutes(reading.at, now)
        if name != "age" and not _fresh(reading.at, now, settings):
            stale.append(name)
        if not factor.plausible(values[name]):
            doubtful.append(name)
            check.append(f"{factor.label} {factor.written(values[name])} {factor.unit}".strip())
    return Known(values, ages, tuple(missing), tuple(stale), tuple(doubtful), tuple(check))


def fired(known: Known, settings: Settings) -> tuple[Fired, ...]:
    """Return the rules that fired, each with the values it fired on. Stale and doubtful values fire too."""
    return tuple(
        Fired(rule.name, f"{rule.says} ({_because(rule, names, known, settings)})")
        for rule in settings.rule
        if (names := _met(rule, known.values))
    )


def abstains(visit: Visit, known: Known, settings: Settings, now: dt.datetime) -> str:
    """Return why no risk is given, in a sentence; empty where one may be."""
    rule, label = settings.abstain, {name: one.label for name, one in settings.factors.items()}
    age = visit.age(now)
    if age is not None and age < rule.youngest:
        return f"The model was made from people of {rule.youngest} and over."
    if known.doubtful:
        return f"Check {_listed(label[name] for name in known.doubtful)} first."
    lacking = [*known.missing, *known.stale]
    needed = [name for name in rule.needs if name in lacking]
    if not needed and len(lacking) <= rule.at_most_missing:
        return ""
    told = (("Not known", known.missing), ("Measured too long ago", known.stale))
    said = [f"{what}: {_listed(label[name] for name in names)}." for what, names in told if names]
    return " ".join([*said, "Measure and look again."])


def band(row: Row) -> int:
    """Return the group of the worklist, 0 first, that a row stands in; see ``ORDER``."""
    rule, level = bool(row.advice.rules), row.level
    if (rule and level is None) or level == 1:
        return 0
    high = row.advice.high and not row.overruled
    if level == 2 or rule or (high and level is not None):
        return 1
    return 2 if level is None else level


def order(rows: Iterable[Row]) -> list[Row]:
    """Return the rows as they stand on the worklist: the same whatever order they came in."""
    return sorted(
        rows, key=lambda row: (band(row), row.level != 1, row.visit.arrived_at, row.visit.encounter_id)
    )  # level 1 first in its group: nobody else's clock runs as fast


def _reading(visit: Visit, name: str, now: dt.datetime) -> Reading | None:
    if name != "age":
        return visit.readings.get(name)
    age = visit.age(now)
    return None if age is None else Reading("age", age, "years")


def _minutes(at: dt.datetime | None, now: dt.datetime) -> int | None:
    return None if at is None else math.floor((now - at).total_seconds() / 60)


def _fresh(at: dt.datetime | None, now: dt.datetime, settings: Settings) -> bool:
    """A reading without a time, or from the future (a clock is wrong), is not fresh. A minute's difference is none."""
    minutes = _minutes(at, now)
    return minutes is not None and -1 <= minutes <= settings.abstain.stale_after_minutes


def _met(rule: Rule, values: Mapping[str, float]) -> list[str]:
    """Names of the values on which a rule fires."""
    return list(dict.fromkeys(name for one in rule.conditions if one.holds(values) for name in one.names))


def _because(rule: Rule, names: list[str], known: Known, settings: Settings) -> str:
    said = []
    for name in names:
        factor = settings.factors[name]
        text = f"{factor.label} {factor.written(known.values[name])} {factor.unit}".strip()
        if name in known.stale:
            age = known.ages[name]
            text += ", no time known" if age is None else f", {age} minutes ago" if age >= 0 else ", time in the future"
        said.append(text + (", check the value" if name in known.doubtful else ""))
    return "; ".join(said)


def _risk(said: Risk, settings: Settings) -> dict[str, object]:
    """The risk in words. Of 1,000, nobody is 0 and nobody is 1,000: the model does not know that much."""
    of_1000 = min(max(round(said.probability * 1000), 1), 999)
    words = settings.words
    text = f"{words.called(of_1000)}. {words.risk.replace('{of_1000}', str(of_1000))}"
    if said.average is not None:
        text += " " + words.compared.replace("{average}", str(round(said.average * 1000)))
    high = said.probability >= settings.model.threshold
    return {"words": text, "of_1000": of_1000, "high": high, "model": said.model}


def _factors(visit: Visit, said: Risk, known: Known, settings: Settings) -> tuple[Factor, ...]:
    """The strongest pushes, at most three. What is missing or stale pushes nothing that could be shown."""
    usable = [
        (name, push)
        for name, push in said.pushes.items()
        if name in known.values and name not in known.stale and math.isfinite(push) and abs(push) >= WORTH_TELLING
    ]
    told = []
    for name, push in sorted(usable, key=lambda one: (-abs(one[1]), one[0]))[:AT_MOST]:
        factor = settings.factors[name]
        at = visit.readings[name].at if name in visit.readings else None
        direction = "raises" if push > 0 else "lowers"
        value, age = factor.written(known.values[name]), None if name == "age" else known.ages[name]
        told.append(Factor(name, factor.label, direction, value, factor.unit, at, age))
    return tuple(told)


def _listed(names: Iterable[str]) -> str:
    *most, last = [name[:1].lower() + name[1:] for name in names]
    return f"{', '.join(most)} and {last}" if most else last
