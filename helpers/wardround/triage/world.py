"""Everything the pages and the service stand on: the desk, the model, the settings as they are now, and the log.

What is not in the log did not happen: levels, decisions and the switch are read from it, so that a restart, a second
window and an audit see the same. A decision names the state of the patient that it was made on and what was shown.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from wardround.operations.ledger import Line
from wardround.triage import settings as files
from wardround.triage.desk import SPAN, Desk, Feed
from wardround.triage.judge import Row, before_level, judge, order
from wardround.triage.log import DECIDED, AdviceChanged, Log, Standing, shown
from wardround.triage.model import Answers, Scorer, is_released, released, told
from wardround.triage.said import Advice, NoAnswer, Visit
from wardround.triage.settings import Settings, SettingsWrong

if TYPE_CHECKING:
    from wardround.records import Hospital

LEVELS = (1, 2, 3, 4, 5)
EVENING = "evening.txt"  # in ``state``: when it began, for a start after a crash
SAME_ADVICE = ("state", "of_1000", "rules", "model")  # a decision holds as long as these are what was shown
Fault = Literal["late feed", "dead model", "slow model", "none"]
SILENT = NoAnswer("")  # nobody asks the model about a patient in comfort care, or while it is switched off


class ADesk(Protocol):
    """What the world needs of a desk."""

    late_by: dt.timedelta

    def visits(self, now: dt.datetime) -> list[Visit]: ...
    def visit(self, encounter_id: str, now: dt.datetime) -> Visit: ...
    def feed(self, now: dt.datetime) -> Feed: ...


class AScorer(Protocol):
    """What the world needs of a model."""

    answer_within: float
    slow_by: float

    def score(self, visits: Iterable[Visit], now: dt.datetime | None = None) -> Answers: ...
    def kill(self, down_for: float = 0.0) -> None: ...
    def close(self) -> None: ...


class CannotDecide(ValueError):
    """What was asked for is no decision: no level yet, an unknown reason, nothing to decide on. Nothing was written."""


class World:
    """The assistant, without pages.

    Parameters
    ----------
    folder
        The learner's ``work/triage``: ``triage.toml``, ``card.html.j2`` and ``state/``.
    desk, scorer, log
        Made by :meth:`opened`.
    """

    def __init__(self, folder: Path | str, desk: ADesk, scorer: AScorer, log: Log) -> None:
        self.folder = Path(folder)
        self.desk, self.scorer, self.log = desk, scorer, log
        self._lock = threading.Lock()
        self._settings: Settings | None = None
        self._seen: tuple[int, int] | None = None
        self._trouble = ""

    @classmethod
    def opened(
        cls,
        folder: Path | str | None = None,
        hospital: Hospital | None = None,
        *,
        started: dt.datetime | None = None,
        fresh: bool = False,
        wait: float = 0.0,
    ) -> World:
        """Lay out the folder, release the model where it is not released yet, and start it.

        Parameters
        ----------
        folder
            By default ``work/triage``.
        hospital
            By default the course's.
        started, fresh
            When the evening began. By default it goes on where it was broken off less than three hours ago; ``fresh``
            begins a new one. Who had a level or a decision in an earlier one has none in a new one.
        wait
            Seconds to wait for the model; the pages work without, and say that it is starting.
        """
        from wardround.course import loading, places

        folder = files.lay_out(folder or places.work() / "triage")
        hospital = hospital or loading.load()
        state = folder / "state"
        started = _begun(state / EVENING, started, fresh)
        desk = Desk(hospital, started)
        if not is_released(state, hospital.checksum):
            released(state, hospital)
        scorer = Scorer(state)
        world = cls(folder, desk, scorer, Log(state, started))
        scorer.answer_within = world.settings.model.answer_within_seconds
        scorer.start(wait)
        return world

    @property
    def settings(self) -> Settings:
        """The settings as the file has them now; the last good ones where it is broken (see :attr:`trouble`)."""
        path = self.folder / files.FILE
        with self._lock:
            try:
                found = path.stat()
                seen = (found.st_mtime_ns, found.st_size)
            except OSError:
                seen = None
            if self._settings is None or seen != self._seen or seen is None:
                self._seen = seen
                try:
                    self._settings, self._trouble = files.read(self.folder), ""
                except SettingsWrong as trouble:
                    kept = "the last good settings are in force" if self._settings else "the course's own are in force"
                    self._settings = self._settings or files.defaults()
                    self._trouble = f"{trouble} Until then {kept}."
            return self._settings

    @property
    def trouble(self) -> str:
        """What is wrong with the settings' file, in a sentence; empty where nothing is."""
        _ = self.settings
        return self._trouble

    @property
    def on(self) -> bool:
        """Whether the assistant is switched on; it is until an administrator switches it off."""
        line = self.log.switch()
        return True if line is None else bool(line.told()["on"])

    @property
    def measured(self) -> dict[str, Any]:
        """How good the released model was on later visits, as measured when it was released."""
        return told(self.folder / "state").get("measured", {})

    def judged(self, visits: Iterable[Visit], now: dt.datetime) -> dict[str, Advice]:
        """Return the whole advice, the risk included, on any visits: one question to the model for all of them."""
        visits, settings, on = list(visits), self.settings, self.on
        said = self._said([one for one in visits if on and not one.comfort_care], settings, now)
        return {
            one.encounter_id: judge(one, said.get(one.encounter_id, SILENT), settings, now, on=on) for one in visits
        }

    def advise(self, visit_id: str, now: dt.datetime) -> Advice:
        """Return what may be shown of a visit now: the risk only after the nurse gave a level."""
        return self.row(visit_id, now).advice

    def row(self, visit_id: str, now: dt.datetime) -> Row:
        """Return one visit as a line of the worklist.

        Raises
        ------
        NoSuchVisit
            It is not of this desk.
        """
        visit = self.desk.visit(visit_id, now)
        advice = self.judged([visit], now)[visit_id]
        return _row(visit, advice, self.log.standing(visit_id), self.settings)

    def worklist(self, now: dt.datetime) -> list[Row]:
        """Return everybody who is there now, in order."""
        visits = self.desk.visits(now)
        advice = self.judged(visits, now)
        standing, settings = self.log.standings(advice), self.settings
        return order(_row(one, advice[one.encounter_id], standing[one.encounter_id], settings) for one in visits)

    def seen(self, row: Row, by: str, role: str) -> None:
        """Log that somebody looked at a patient, and what of the assistant was shown where that is new.

        Raises
        ------
        NotLogged
            The log cannot be written. The page may still be shown; say on it that looking was not logged.
        """
        key = row.visit.encounter_id
        self.log.append(by, "viewed", visit=key, patient=row.visit.patient_id, role=role)
        now = shown(row.advice, self.settings)
        if row.level is not None and self.log.standing(key).advised != {"visit": key, **now}:
            self.log.append(by, "advised", visit=key, **now)

    def give_level(self, visit_id: str, level: int, by: str, role: str, state: int, now: dt.datetime) -> Line:
        """Log the nurse's own level.

        Raises
        ------
        CannotDecide
            It is none of 1 to 5.
        NotAsSeen
            Somebody was faster.
        NotLogged
            It could not be written and does not count.
        """
        if level not in LEVELS or isinstance(level, bool):
            raise CannotDecide("A level is a number from 1 to 5; choose one.")
        visit = self.desk.visit(visit_id, now)
        return self.log.append_on(state, by, "level", visit_id, level=int(level), role=role, patient=visit.patient_id)

    def decide(
        self,
        visit_id: str,
        decision: Literal["accepted", "overruled"],
        by: str,
        role: str,
        state: int,
        now: dt.datetime,
        *,
        saw: str | None = None,
        reason: str = "",
        typed: str = "",
    ) -> Line:
        """Log that somebody accepted or overruled what was shown.

        Parameters
        ----------
        state
            ``Row.state`` of the page on which it was decided.
        saw
            :func:`mark` of the advice on that page.
        reason
            Code of an override reason; ``other`` needs words.

        Raises
        ------
        CannotDecide
            No level yet, nothing to decide on, or an override without its reason.
        NotAsSeen
            Somebody was faster, or the advice has changed.
        NotLogged
            It could not be written and does not count.
        """
        row = self.row(visit_id, now)
        if decision not in DECIDED:
            raise CannotDecide("Accept or overrule; nothing else can be decided here.")
        if row.state == state:  # else it is overtaken, whatever else is wrong with it
            self._decidable(row, decision, reason, typed)
            if saw is not None and saw != mark(row.advice):
                raise AdviceChanged(row.state)
        detail = {"role": role, "patient": row.visit.patient_id, "level": row.level, **shown(row.advice, self.settings)}
        if decision == "overruled":
            detail["reason"] = reason
        return self.log.append_on(state, by, decision, visit_id, typed=typed, **detail)

    def switch(self, on: bool, by: str, role: str, typed: str = "") -> Line:
        """Switch the assistant on or off for everybody; the line of the log that says so is returned."""
        return self.log.append(by, "switched", typed=typed, on=bool(on), role=role)

    def practise(self, fault: Fault, by: str, role: str, amount: float = 0.0) -> Line:
        """Let the feed be late (minutes), the model be dead or slow (seconds); ``none`` ends lateness and slowness.

        It is logged first: a fault that nobody can find in the log is not made.
        """
        line = self.log.append(by, "switched", what=fault, amount=round(float(amount), 2), role=role)
        if fault in ("late feed", "none"):
            self.desk.late_by = dt.timedelta(minutes=amount if fault == "late feed" else 0)
        if fault in ("slow model", "none"):
            self.scorer.slow_by = amount if fault == "slow model" else 0.0
        if fault == "dead model":
            self.scorer.kill(amount)
        return line

    def close(self) -> None:
        """End the model's process."""
        self.scorer.close()

    def _said(self, visits: list[Visit], settings: Settings, now: dt.datetime) -> Answers:
        """The model's answers; nobody asks it while the feed is late: it would be about an earlier patient."""
        feed, limit = self.desk.feed(now), settings.model.feed_late_after_minutes
        minutes = (now - feed.last_at).total_seconds() / 60
        if minutes > limit:
            why = feed.why or f"The desk's data are {round(minutes)} minutes old."
            return {one.encounter_id: NoAnswer(why) for one in visits}
        self.scorer.answer_within = settings.model.answer_within_seconds
        return self.scorer.score(visits, now)

    def _decidable(self, row: Row, decision: str, reason: str, typed: str) -> None:
        if row.level is None:
            raise CannotDecide("Give your own level first; then accept or overrule.")
        if row.advice.state != "risk" and not row.advice.rules:
            raise CannotDecide("The assistant says nothing that could be accepted or overruled.")
        if decision == "overruled" and reason not in self.settings.reason:
            raise CannotDecide(f"Choose why you overrule: {', '.join(self.settings.reason.values())}.")
        if decision == "overruled" and reason == "other" and not typed.strip():
            raise CannotDecide("“Other” says nothing by itself; write a few words.")


def _row(visit: Visit, advice: Advice, standing: Standing, settings: Settings) -> Row:
    decision = standing.decision if _holds(standing, advice, settings) else ""
    told = advice if standing.level is not None else before_level(advice, settings)
    return Row(visit, told, standing.level, decision == "overruled", decision, standing.state)


def mark(advice: Advice) -> str:
    """Return a short mark of what is shown: a page carries it, so that a decision is on what its reader saw."""
    names = [advice.state, advice.of_1000, advice.high, [one.name for one in advice.rules], advice.model]
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()[:16]


def _begun(path: Path, started: dt.datetime | None, fresh: bool) -> dt.datetime:
    """When the evening began: as told, as kept, or now."""
    now = dt.datetime.now(dt.UTC)
    if started is None and not fresh:
        with contextlib.suppress(OSError, ValueError, TypeError):
            kept = dt.datetime.fromisoformat(path.read_text(encoding="utf-8").strip())
            started = kept if dt.timedelta(0) <= now - kept < SPAN else None
    started = started or now
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(started.isoformat() + "\n", encoding="utf-8")
    return started


def _holds(standing: Standing, advice: Advice, settings: Settings) -> bool:
    """Whether the last decision was on what the assistant says now."""
    if standing.on is None:
        return False
    now = shown(advice, settings)
    return all(standing.on.get(name) == now[name] for name in SAME_ADVICE)
