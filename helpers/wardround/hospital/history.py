"""Years of contacts, each person's in their own order: who is free to come, who comes back, who dies.

People do not meet in history without a policy, so all of them take their next contact at once; rounds, not weeks.
Under a policy they share nurses, and :mod:`flown` takes them through the same steps shift by shift.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from . import parameters as sheet
from . import stays
from .arrivals import PLANNED, SENT_HOME, UNPLANNED, candidates
from .clock import summer_shift
from .incidents import Incident
from .people import Table
from .streams import DAY, Purpose, normal, uniform
from .ward import course, first_events, until_event

GAP = 1 / 24  # days between leaving and the next arrival, at least
_REMEMBERED = 8  # last discharges and emergency visits kept per person, for prior use
_WINDOW = ("stay", "window", "acuity", "respiratory", "hazard", "event_u", "suspicion_u", "alert", "answered")
OBSERVED_SHARE = 0.07  # of emergency visits that are not admitted


class History:
    """People on their way through the years; :meth:`advance` takes them to a given day.

    Attributes
    ----------
    visits, stays, windows : list of dict of arrays
        One entry a round. ``windows["stay"]`` counts stays in the order in which they ended; a visit that leads to a
        stay (``admitted``) has its person and day.
    """

    def __init__(self, seed: int, people: Table, weeks: int, incidents: Sequence[Incident] = ()):
        self.seed, self.people, self.end, self.incidents = seed, people, weeks * 7.0, tuple(incidents)
        count = people["person"].size
        self.due = candidates(seed, people, weeks)
        self.next = np.searchsorted(self.due["row"], np.arange(count))
        self.last = np.searchsorted(self.due["row"], np.arange(count), side="right")
        self.free = np.full(count, -np.inf)  # from when they may come again; infinite during a stay under a policy
        self.day = np.full(count, -(10**6))  # day of the last arrival: one contact begins a day
        self.quiet = np.full(count, -np.inf)  # until when a readmission is the only way back
        self.dead = np.full(count, np.inf)
        self.back = np.full(count, np.inf)  # a readmission that is due
        self.back_planned = np.zeros(count, dtype=bool)
        self.back_from = np.full(count, -1)  # the stay it follows
        self.discharges = np.full((count, _REMEMBERED), -np.inf)
        self.emergencies = np.full((count, _REMEMBERED), -np.inf)
        self.visits, self.stays, self.windows, self.total = [], [], [], 0
        self.returned: list[tuple[np.ndarray, np.ndarray]] = []

    def advance(self, until: float) -> None:
        """Take everyone through all contacts that begin before day ``until``, each to its end."""
        while (begun := self.begin(until)) is not None:
            for stay in begun:
                windows = course(self.seed, stay)
                event = first_events(windows, stay["row"].size)
                stay = stays.usual_call(self.seed, stays.follow(self.seed, stay | {"event": event}), self.incidents)
                self.finish(stay, until_event(windows, event))

    def begin(self, until: float) -> list[Table] | None:
        """Begin everyone's next contact before day ``until``: return the stays begun, or None if nobody comes."""
        due = np.full(self.next.size, np.inf)
        open_ = self.next < self.last
        due[open_] = self.due["time"][self.next[open_]]
        time = np.minimum(due, self.back)
        # who is in a stay under a policy waits: whether the next contact falls into it is not known yet
        row = np.flatnonzero((time < until) & (time < self.dead) & (self.free < np.inf))
        if not row.size:
            return None
        time, is_back = time[row], self.back[row] <= due[row]
        kind = np.where(self.back_planned[row], PLANNED, UNPLANNED)
        kind[~is_back] = self.due["kind"][self.next[row[~is_back]]]
        self.next[row[~is_back]] += 1
        self.back[row[is_back]] = np.inf
        busy = (time < self.free[row] + GAP) | (np.floor(time) <= self.day[row])
        quiet = (kind != SENT_HOME) & (time < self.quiet[row])
        keep = is_back | ~(busy | quiet)
        row, time, kind, is_back = row[keep], time[keep], kind[keep], is_back[keep]
        home = kind == SENT_HOME
        if home.any():
            self._visit_home(row[home], time[home])
        if home.all():
            return []
        return [self._begin_stay(row[~home], time[~home], kind[~home] == PLANNED, is_back[~home])]

    def _visit_home(self, row: np.ndarray, arrive: np.ndarray) -> None:
        day = np.floor(arrive).astype(np.int64)
        length_u, observed_u, hours_u, acuity_u = self._draw(row, day, Purpose.VISIT)
        leave = arrive + np.clip(np.exp(np.log(3) + 0.5 * normal(length_u)), 0.5, 16) / 24
        observed = observed_u < OBSERVED_SHARE
        until = np.where(observed, leave + (10 + 34 * hours_u) / 24, np.nan)
        self._add_visit(row, day, arrive, leave, observed_until=until, acuity=-0.35 + 0.86 * normal(acuity_u))
        self.free[row] = np.where(observed, until, leave)

    def _begin_stay(self, row: np.ndarray, time: np.ndarray, planned: np.ndarray, is_back: np.ndarray) -> Table:
        arrive, admit, day = self._arrival(row, time, planned, is_back)
        stay = stays.gather(self.people, row, day) | {"planned": planned, "admit": admit}
        stay = stays.case(self.seed, stay)
        if not is_back.all():  # a new arrival first waits in the emergency department, a return is due at admission
            wait = np.where(planned | is_back, 0.0, stay["emergency_hours"] / 24)
            stay["admit"] = admit + wait
        stay["leave"] = stays.leaving(stay)
        stay["emergency_before"] = (self.emergencies[row] > (arrive - 182)[:, None]).sum(axis=1)
        stay["stays_before"] = (self.discharges[row] > (arrive - 365)[:, None]).sum(axis=1)
        stay |= {"arrive": arrive, "returned_at": np.full(row.size, np.nan)}
        self.returned.append((self.back_from[row][is_back], stay["admit"][is_back]))
        emergency = ~planned
        if emergency.any():
            acuity_u = self._draw(row[emergency], day[emergency], Purpose.VISIT)[3]
            # 2.7 standardises admission acuity; mean and SD are those of unplanned stays in this model
            standard = (stay["acuity"][emergency] - 0.36) / 1.04
            self._add_visit(
                row[emergency],
                day[emergency],
                arrive[emergency],
                stay["admit"][emergency],
                admitted=True,
                acuity=0.62 + 0.55 * standard + 0.75 * normal(acuity_u),
            )
        self.free[row], self.day[row] = np.inf, day
        return stay

    def _arrival(self, row, time, planned, is_back):
        """Return arrival, first moment of admission and day.

        Nobody returns before they are free, nor on the day they left: that is one stay, and the care call of that day
        has not been decided yet.
        """
        hours = uniform(self.seed, self.people["person"][row], np.floor(time).astype(np.int64) + DAY, 1, Purpose.COURSE)
        wait = np.where(planned | ~is_back, 0.0, (2 + 6 * hours[3]) / 24)
        morning = np.floor(time) + (7 + 3 * hours[2]) / 24 - summer_shift(time)
        admit = np.where(planned & is_back, morning, time)
        free = np.where(is_back, self.free[row], -np.inf)
        arrive = np.maximum(admit - wait, free + GAP)
        next_day = np.maximum(self.day[row], np.floor(np.where(is_back, free, -1e9))) + 1 + 7.5 / 24
        arrive = np.where(np.floor(arrive) < np.floor(next_day), np.maximum(next_day, arrive), arrive)
        return arrive, np.maximum(admit, arrive + wait), np.floor(arrive).astype(np.int64)

    def finish(self, stay: Table, windows: Table) -> None:
        """End stays whose calls are decided: what follows them, and what they mean for their owners' next weeks."""
        stay = stays.after(self.seed, stay, self.incidents)
        row = stay["row"]
        self.free[row] = stay["discharge"]
        self.quiet[row] = stay["discharge"] + 30
        self.discharges[row] = np.concatenate([stay["discharge"][:, None], self.discharges[row][:, :-1]], axis=1)
        died = stay["disposition"] == sheet.DIED
        dies_later = stay["next_event"] == stays.DIED_OUTSIDE
        self.dead[row] = np.select(
            [died, dies_later], [stay["discharge"], stay["discharge"] + stay["next_day"]], self.dead[row]
        )
        here = np.isin(stay["next_event"], [stays.BACK_HERE, stays.BACK_PLANNED]) & ~died
        planned = stay["next_event"] == stays.BACK_PLANNED
        back = stay["discharge"] + stay["next_day"]
        back -= np.where(planned, np.maximum(np.floor(back) % 7 - 4, 0), 0)  # on a weekday: the Friday before
        self.back[row] = np.where(here, back, np.inf)
        self.back_planned[row] = planned
        self.back_from[row] = self.total + np.arange(row.size)
        self.stays.append({name: column for name, column in stay.items() if name != "number"})
        starts = stay["admit"][windows["stay"]] + windows["window"] * sheet.WINDOW
        here = starts < stay["discharge"][windows["stay"]]  # the dead have no more windows
        kept = {name: windows[name][here] for name in _WINDOW if name in windows}
        blank = np.zeros(kept["stay"].size, dtype=bool)  # without a policy nobody is alerted
        self.windows.append({"alert": blank, "answered": blank, **kept, "stay": kept["stay"] + self.total})
        self.total += row.size

    def _add_visit(self, row, day, arrive, leave, *, acuity, admitted=False, observed_until=None) -> None:
        self.visits.append(
            {
                "row": row,
                "person": self.people["person"][row],
                "site": self.people["site"][row],
                "day": day,
                "arrive": arrive,
                "leave": leave,
                "observed_until": np.full(row.size, np.nan) if observed_until is None else observed_until,
                "admitted": np.full(row.size, admitted),
                "acuity": acuity,
                "emergency_before": (self.emergencies[row] > (arrive - 182)[:, None]).sum(axis=1),
            }
        )
        self.day[row] = day
        self.emergencies[row] = np.concatenate([arrive[:, None], self.emergencies[row][:, :-1]], axis=1)

    def _draw(self, row: np.ndarray, day: np.ndarray, purpose: Purpose) -> np.ndarray:
        return uniform(self.seed, self.people["person"][row], day + DAY, 0, purpose)
