"""Years under a policy: day by day, shift by shift, because people share nurses.

The steps of a person are those of :mod:`history`. What a policy adds: an alert may bring a nurse, who lowers the hazard
for 48 hours and changes no measured value; and it may choose who is called. Who answers is in :mod:`response`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from . import parameters as sheet
from . import sepsis, stays, warehouse
from .history import History
from .measurements import ward_labs, ward_vitals
from .people import Table, joined
from .policy import Feed, Policy, Settings
from .response import HELP, HELP_WINDOWS, LOCKOUT, Nurses, needed_within, willing
from .streams import DAY
from .ward import course, until_event
from .world import assemble

SHIFTS = 3
FEED_WEEKS = 13  # how far a policy looks back


class Flown:
    """A history that goes on under a policy from week ``policy.begins``."""

    def __init__(self, history: History, policy: Policy):
        self.history, self.policy = history, policy
        self.seed, self.people, self.incidents = history.seed, history.people, history.incidents
        room = 2 * history.due["row"].size + 1000
        self.event = np.full(room, -1)
        self.leaves_on = np.full(room, np.iinfo(np.int64).max)
        self.helped_until = np.zeros(room, dtype=np.int64)
        self.silent_until = np.zeros(room, dtype=np.int64)
        self.open: list[_Batch] = []
        self.begun = 0
        self.today: dict[int, list[tuple[Table, np.ndarray]]] = {}  # shift -> windows that begin in it: table, places
        self.nurses = Nurses()
        self.calls_left = 0

    def run(self) -> None:
        """Take everyone to the end of the last week; stays that have begun by then go on to their own end."""
        first, last = 7 * self.policy.begins, int(self.history.end)
        self.history.advance(first)
        day, settings = first, Settings()
        while day < last or self.open:
            if day % 7 == 0 and day < last:
                settings = self.policy.decide(Feed(self, day // 7))
                self.calls_left = settings.calls_a_week
            self._arrivals(min(day + 1, last))
            self._score(day, settings)
            for shift in range(SHIFTS * day, SHIFTS * (day + 1)):
                self._shift(shift, settings)
            self._discharges(day, settings)
            self._arrivals(min(day + 1, last))  # whoever left today may come to the emergency desk tonight
            day += 1

    # arrivals -------------------------------------------------------------------------------------------------------

    def _arrivals(self, until: float) -> None:
        while (begun := self.history.begin(until)) is not None:
            for stay in begun:
                self._admit(stay)

    def _admit(self, stay: Table) -> None:
        windows = course(self.seed, stay)
        size = stay["row"].size
        number = self.begun + np.arange(size)
        self.begun += size
        self.leaves_on[number] = np.floor(stay["leave"]).astype(np.int64)
        of = windows["stay"]
        blank = np.zeros(of.size, dtype=bool)
        starts = stay["admit"][of] + windows["window"] * sheet.WINDOW
        windows |= {
            "number": number[of],
            "person": stay["person"][of],
            "when": stay["day"][of] + DAY,
            "site": stay["site"][of],
            "shift": np.floor(SHIFTS * starts).astype(np.int64),
            "needed": needed_within(windows),
            "score": np.full(of.size, -np.inf),
            "alert": blank,
            "answered": blank.copy(),
        }
        self.open.append(_Batch(stay | {"number": number}, windows))

    # alerts ---------------------------------------------------------------------------------------------------------

    def _score(self, day: int, settings: Settings) -> None:
        """Score the windows that begin today, with the week's function and the feed as it arrives."""
        self.today, found = {}, []
        for batch in self.open:
            shift = batch.windows["shift"]
            here = np.flatnonzero((shift >= SHIFTS * day) & (shift < SHIFTS * (day + 1)))
            if here.size:
                found.append((batch, here))
        if settings.alert is not None and found:
            scores = _scores(settings.alert, self._feed_windows(found), "alert")
            ends = np.cumsum([here.size for _, here in found])[:-1]
            for (batch, here), part in zip(found, np.split(scores, ends), strict=True):
                batch.windows["score"][here] = part
        for batch, here in found:
            shift = batch.windows["shift"][here]
            for number in np.unique(shift).tolist():
                self.today.setdefault(number, []).append((batch.windows, here[shift == number]))

    def _feed_windows(self, found: list[tuple[_Batch, np.ndarray]]) -> pd.DataFrame:
        """Return windows (places in batches) as known one hour after each begins, incidents of the feed included."""
        parts = []
        for batch, here in found:
            if batch.recorded is None:
                batch.recorded = self._measured(batch.stay, batch.windows)
            parts.append({name: column[here] for name, column in batch.recorded.items()})
        columns = joined(parts)
        return self._feed("windows", warehouse.window_frame(columns), columns["at"] - warehouse.KNOWN_AFTER)

    def _measured(self, stay: Table, windows: Table) -> Table:
        known = stay | sepsis.recognition(self.seed, stay)
        vitals = ward_vitals(self.seed, self.people, known, windows)
        labs = ward_labs(self.seed, self.people, known, windows)
        return warehouse.window_columns(self.people, known, windows, vitals, labs)

    def _feed(self, table: str, rows: pd.DataFrame, days: np.ndarray) -> pd.DataFrame:
        for incident in self.incidents:
            rows = incident.feed(table, rows, days)
        return rows

    def _shift(self, shift: int, settings: Settings) -> None:
        """Raise alerts, send nurses, and let happen what happens, for the windows that begin in a shift."""
        parts = self.today.pop(shift, [])
        if not parts:
            return
        names = ("number", "window", "hazard", "event_u", "score", "site", "person", "when", "needed")
        now = {name: np.concatenate([windows[name][here] for windows, here in parts]) for name in names}
        on_ward = (self.event[now["number"]] < 0) | (self.event[now["number"]] >= now["window"])
        alert = on_ward & (now["score"] >= settings.alert_from) & (now["window"] >= self.silent_until[now["number"]])
        answered = np.zeros(alert.size, dtype=bool)
        if alert.any():
            answered = self._answers(now, alert, on_ward)
        factor = np.where(now["window"] < self.helped_until[now["number"]], HELP, 1.0)
        happens = on_ward & (now["event_u"] < now["hazard"] * factor)
        self.event[now["number"][happens]] = now["window"][happens]
        at = 0
        for windows, here in parts:
            windows["alert"][here] = alert[at : at + here.size]
            windows["answered"][here] = answered[at : at + here.size]
            at += here.size

    def _answers(self, now: Table, alert: np.ndarray, on_ward: np.ndarray) -> np.ndarray:
        """Return which alerts bring a nurse, and remember for how long each is silent and each answer helps."""
        now = now | {"willing_u": np.ones(alert.size)}
        key = (now[name][alert] for name in ("person", "when", "window"))
        now["willing_u"][alert] = willing(self.seed, *key)
        beds = np.bincount(now["site"][on_ward], minlength=len(self.nurses.trust))
        answered = self.nurses.answers(now, alert, self.nurses.capacity(beds))
        self.silent_until[now["number"][alert]] = now["window"][alert] + LOCKOUT
        self.helped_until[now["number"][answered]] = now["window"][answered] + HELP_WINDOWS
        return answered

    # discharges -----------------------------------------------------------------------------------------------------

    def _discharges(self, day: int, settings: Settings) -> None:
        """End the stays whose last day this is; decide who of those going home is called."""
        gone = [batch.take(self.leaves_on[batch.stay["number"]] == day) for batch in self.open]
        gone = [part for part in gone if part is not None]
        self.open = [batch for batch in self.open if batch.stay["row"].size]
        if not gone:
            return
        offsets = np.cumsum([0, *(part.stay["row"].size for part in gone)])[:-1]
        stay = joined([part.stay for part in gone])
        windows = joined(
            [part.windows | {"stay": part.windows["stay"] + more} for part, more in zip(gone, offsets, strict=True)]
        )
        stay = stays.follow(self.seed, stay | {"event": self.event[stay["number"]]})
        stay = stays.usual_call(self.seed, stay, self.incidents)
        if settings.call is not None:
            stay["called"] = self._calls(stay, windows, settings)
        self.history.finish(stay, until_event(windows, stay["event"]))

    def _calls(self, stay: Table, windows: Table, settings: Settings) -> np.ndarray:
        """Return who is called: the highest scores of the day, while the week has calls left."""
        called = np.zeros(stay["row"].size, dtype=bool)
        free = stay["eligible_home"] & ~(stay["held_out"] & settings.hold_out)
        wanted = np.flatnonzero(free)
        if not wanted.size or not self.calls_left:
            return called
        labs = ward_labs(self.seed, self.people, stay, windows)
        rows = warehouse.stay_rows(self.seed, self.people, stay, labs)
        rows = self._feed("stays", rows, stay["discharge"]).iloc[wanted].reset_index(drop=True)
        score = _scores(settings.call, rows, "call")
        best = np.argsort(-score, kind="stable")
        best = best[score[best] >= settings.call_from][: self.calls_left]
        called[wanted[best]] = True
        self.calls_left -= best.size
        return called

    # the feed -------------------------------------------------------------------------------------------------------

    def recorded(self, week: int) -> dict[str, pd.DataFrame]:
        """Return the tables of the warehouse as they stand when ``week`` begins, incidents of the feed included.

        They go back ``FEED_WEEKS``; older records are what a policy was made from.
        """
        world = assemble(self.history, week, since=7.0 * (week - FEED_WEEKS))
        frames = {name: self._feed(name, rows, days) for name, (rows, days) in warehouse.tables(world).items()}
        frames["windows"] = pd.concat([frames["windows"], *self._still_open(7.0 * week)])
        return {name: frame.reset_index(drop=True) for name, frame in frames.items()}

    def _still_open(self, end: float) -> list[pd.DataFrame]:
        """Return the windows of stays that have not ended, as recorded before day ``end``."""
        found, outcomes = [], []
        for batch in self.open:
            event = self.event[batch.windows["number"]]
            on_ward = (event < 0) | (batch.windows["window"] <= event)
            here = np.flatnonzero((batch.windows["shift"] < SHIFTS * end) & on_ward)
            known = batch.stay | {"event": self.event[batch.stay["number"]]}
            found.append((batch, here))
            outcomes.append(warehouse.window_outcome(known, batch.windows, end).iloc[here])
        if not found:
            return []
        return [pd.concat([self._feed_windows(found), pd.concat(outcomes, ignore_index=True)], axis=1)]


class _Batch:
    """Stays that began on the same day and are still open, with all windows they may have."""

    def __init__(self, stay: Table, windows: Table):
        self.stay, self.windows = stay, windows
        self.recorded: Table | None = None

    def take(self, which: np.ndarray) -> _Batch | None:
        """Take stays out of the batch; None if none of them is meant."""
        if not which.any():
            return None
        here = which[self.windows["stay"]]
        new = np.cumsum(which) - 1
        old = np.cumsum(~which) - 1
        taken = _Batch(
            {name: column[which] for name, column in self.stay.items()},
            {name: column[here] for name, column in self.windows.items()},
        )
        taken.windows["stay"] = new[taken.windows["stay"]]
        self.stay = {name: column[~which] for name, column in self.stay.items()}
        self.windows = {name: column[~here] for name, column in self.windows.items()}
        self.windows["stay"] = old[self.windows["stay"]]
        if self.recorded is not None:
            self.recorded = {name: column[~here] for name, column in self.recorded.items()}
        return taken


def _scores(function, rows: pd.DataFrame, what: str) -> np.ndarray:
    """Return a policy's scores; one that is missing counts as the lowest."""
    score = np.asarray(function(rows), dtype=float)
    if score.shape != (len(rows),):
        raise ValueError(
            f"The policy's {what} function must return one number for each of its {len(rows)} rows; "
            f"it returned the shape {score.shape}."
        )
    return np.where(np.isnan(score), -np.inf, score)
