"""The year: three shifts a day, 364 days, with a plan in force and incidents in the feed.

Own code, because nothing we found flies a monitoring *plan*: packages of this kind simulate a workflow around a fixed
model. Who comes is known beforehand and no plan changes it (:mod:`year`); what a plan changes is who is looked at, and
so who deteriorates, and who is called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wardround.hospital import DEFAULT_SEED
from wardround.hospital import parameters as sheet
from wardround.hospital.response import HELP, HELP_WINDOWS, LOCKOUT, Nurses

from . import arriving, learning, models
from .calls import Calls
from .card import Columns, Drawn, shifted
from .contracts import keep_ward
from .deck import draw
from .gate import Gate, kept_out
from .plan import Plan
from .result import Flight, blank, spells
from .signals import Signals
from .team import Team
from .words import DAYS, SHIFTS, SITES, WEEKS
from .year import Year, frozen

LOOK = 0.25  # hours of a nurse for one answered alert (assumption)
REVIEW = 0.5  # hours for one chart review (assumption)
ROUND = 1 / 15  # hours of a nurse to screen one patient by hand (assumption)
STANDBY = 1.0  # hours a shift and site of a responder who was called in, alerts or none (assumption)
BY_HAND = 0.5  # share of those marked by hand whom a nurse then sees in the same shift (assumption)
NORTHGATE = SITES.index("northgate")
BLACK = sheet.RACES.index("black")


def fly(
    plan: Plan,
    seed: int = DEFAULT_SEED,
    drawn: Sequence[Drawn] | None = None,
    *,
    scale: float = 1.0,
    ceiling: bool = False,
    say: Callable[[int], object] | None = None,
) -> Flight:
    """Fly a plan through the fourth year of a hospital.

    Parameters
    ----------
    plan : Plan
    seed : int
        Of the hospital; the same seed and plan give the same log.
    drawn : sequence of Drawn, optional
        Incidents; by default those that the seed draws from the deck.
    ceiling : bool
        Score by the true risk: what the staff could reach at best. For comparison only.
    say : callable, optional
        Told the week (0 to 51) when it is over.
    """
    year = frozen(seed, scale)
    cards = tuple(draw(seed) if drawn is None else drawn)
    flying = _Flying(plan, year, cards, ceiling)
    for day in range(DAYS):
        flying.day(day)
        if say is not None and day % 7 == 6:
            say(day // 7)
    return flying.ended()


class _Flying:
    """A flight under way."""

    def __init__(self, plan: Plan, year: Year, drawn: tuple[Drawn, ...], ceiling: bool):
        self.plan, self.year, self.drawn = plan, year, drawn
        self.flight = blank(plan, year, drawn)
        # a change that the contract with the vendor keeps out strikes nobody, and nobody finds it
        self.strikes = [one for one in drawn if one.card.id != "vendor_update" or not kept_out(plan.vendor)]
        self.team = Team(plan, self.strikes, self.write, self.learn)
        self.standing = self.team.standing
        self.signals = Signals(year, plan)
        self.nurses = Nurses(sites=len(SITES))
        self.gate = Gate(plan, year)
        stays = year.stays["site"].size
        self.event = np.full(stays, -1)
        self.helped_until = np.zeros(stays, dtype=np.int64)
        self.silent_until = np.zeros(stays, dtype=np.int64)
        self.oracle = models.Oracle(year) if ceiling else None
        self.own = models.ward_model(year)
        self.calls = Calls(plan, year, self.flight.list, ceiling)
        self.released = {"ward": self.own, "list": self.calls.model}
        self.by_vitals = models.vitals_only(year)
        self.arrived: list[Columns] = []  # rows as used, by day
        self.by_hand_hours, self.standby_hours = 0.0, 0.0
        self.in_shadow = plan.gates.shadow_weeks > 0
        self.new_from: int | None = None  # day of the first patient at the new site
        self.new_events = 0
        self.write(0.0, "flight", plan=plan.name, digest=plan.digest, seed=year.seed)

    def write(self, time: float, kind: str, **detail: Any) -> None:
        """Add a line to the log."""
        day, log = int(time), self.flight.log
        log.append({"n": len(log) + 1, "day": day, "hour": round(24 * (time - day), 1), "kind": kind, **detail})

    def _holding(self, day: int) -> list[Drawn]:
        """The cards that have an effect on a day."""
        return [one for one in self.strikes if one.active(day) and self.standing.mended.get(one.card.id, np.inf) > day]

    # a day ----------------------------------------------------------------------------------------------------------

    def day(self, day: int) -> None:
        """Live through one day."""
        self.team.due(float(day))
        seen = {**self.signals.observe(day), **self._told(day - 1)}
        self.flight.days.append(seen)
        self.team.morning(day, seen)
        cards = self._holding(day)
        if day % 7 == 0:
            self.calls.week(day, self._holding(day + 3), self.standing)
        come = [one for one in self.drawn if one.active(day)]  # what mends a feed sends no patient home
        place = arriving.on_the_wards(self.year, day, self.event, come)
        rows = {name: column[place] for name, column in self.year.windows.items()}
        if come:
            rows |= arriving.guest_sites(self.year, day, rows, come)
        decoys = [one for one in cards if one.card.decoy]  # read otherwise, and right
        rows = arriving.fed(self.year, day, place, rows, decoys)
        arrived = arriving.fed(self.year, day, place, rows, [one for one in cards if not one.card.decoy])
        used, blocked = keep_ward(self.plan.contracts, arrived)
        if arrived is not rows:
            self.flight.ward["damaged"][place] = arriving.damaged(rows, used)
        self._shifts(day, place, used, blocked, cards)
        self.arrived.append(used)
        self._tell(day, place, arrived)

    def _shifts(self, day: int, place: np.ndarray, used: Columns, blocked: np.ndarray, cards: list[Drawn]) -> None:
        """Go through the three shifts of a day."""
        factor = arriving.world_factor(self.year, day, place, used, cards)
        self.flight.ward["factor"][place] = factor
        bounds = np.searchsorted(used["shift"], SHIFTS * day + np.arange(SHIFTS + 1))
        scored_at, score = -1, np.empty(0)
        for number in range(SHIFTS):
            self.team.due(day + number / SHIFTS)
            if self.standing.changed != scored_at:
                scored_at, score = self.standing.changed, self._score(day, place, used, blocked, cards)
            part = slice(bounds[number], bounds[number + 1])
            now = {name: used[name][part] for name in ("stay", "window", "site", "race", "copies", "comfort_care")}
            self._shift(day, SHIFTS * day + number, place[part], now, score[part], factor[part], cards)

    # scores ---------------------------------------------------------------------------------------------------------

    def _score(self, day: int, place: np.ndarray, used: Columns, blocked: np.ndarray, cards: list[Drawn]) -> np.ndarray:
        """Return the day's scores by what is in force at each site; NaN where there is none."""
        standing = self.standing
        if self.oracle is not None:
            return self.oracle.risk(place)
        score = shifted("ward", self.own.risk(used), used, day, cards)
        if fallback := standing.sites("fallback"):
            at = np.isin(used["site"], list(fallback))
            score = np.where(at, self.by_vitals.risk(used), score)
            self.flight.ward["fallback"][place] = at
        if abstains := standing.sites("widen_abstention"):
            score = np.where(blocked & np.isin(used["site"], list(abstains)), np.nan, score)
        return score

    def _threshold(self, day: int, race: np.ndarray, cards: list[Drawn]) -> np.ndarray:
        """Return each row's threshold: by the plan, the team, and whatever a release has made of it."""
        ward = self.plan.ward
        cut = np.full(race.size, ward.threshold)
        if ward.policy == "group":
            named = ward.groups.get("black", ward.threshold), ward.groups.get("others", ward.threshold)
            cut = np.where(race == BLACK, *named)
        factor = self.standing.factor["ward"]
        for one in cards:
            if "ward" in one.card.services:
                factor *= one.card.threshold_factor("ward", one, day)
        return cut * factor

    # a shift --------------------------------------------------------------------------------------------------------

    def _shift(self, day, shift, place, now, score, factor, cards) -> None:
        """Alert, let nurses come or not, and see who gets worse."""
        kept, truth, stay = self.flight.ward, self.year.truth, now["stay"]
        present = (self.event[stay] < 0) | (self.event[stay] >= now["window"])
        beds = np.bincount(now["site"][present], minlength=len(SITES))
        cut = self._threshold(day, now["race"], cards)
        cared_for = present & ~now["comfort_care"]  # who is kept comfortable is not called back by a score
        shown = cared_for & ~np.isnan(score) & ~self._hidden(now["site"]) & (not self.standing.off("ward"))
        alert = shown & (score >= cut) & (now["window"] >= self.silent_until[stay])
        capacity = self._capacity(day, shift, beds, cards)
        alert = self._only_best(alert, score, now["site"], capacity)
        self.silent_until[stay[alert]] = now["window"][alert] + LOCKOUT
        arrives = all(one.card.delivered("ward", one, day) for one in cards if "ward" in one.card.services)
        delivered = alert if arrives else np.zeros_like(alert)
        delivered = delivered | self._by_hand(place, now, cared_for)
        visits = np.zeros(stay.size, dtype=np.int64)
        if delivered.any():
            asked = now | {"score": np.nan_to_num(score), "needed": truth["needed"][place]}
            asked |= {"willing_u": truth["willing_u"][place]}
            visits = self._answers(asked, delivered, capacity)
        answered = visits > 0
        kept["copies"][place] = np.maximum(visits, 1)
        self.helped_until[stay[answered]] = now["window"][answered] + HELP_WINDOWS
        helped = np.where(present & (now["window"] < self.helped_until[stay]), HELP, 1.0)
        happens = present & (truth["event_u"][place] < truth["hazard"][place] * factor * helped)
        self.event[stay[happens]] = now["window"][happens]
        if beds[NORTHGATE]:
            self.new_from = day if self.new_from is None else self.new_from
            self.new_events += int((happens & (now["site"] == NORTHGATE)).sum())
        for name, column in (
            *(("present", present), ("scored", shown), ("score", score), ("threshold", cut), ("alert", alert)),
            *(("delivered", delivered), ("answered", answered), ("helped", helped), ("happened", happens)),
        ):
            kept[name][place] = column
        kept["off"][place] = cared_for & ~shown
        for name, values in (("beds", beds), ("capacity", capacity)):
            self.flight.shifts[name][shift] = values
        called = delivered * np.maximum(now["copies"], 1)  # a second copy of an alert rings as the first does
        for name, count in (("alerts", called), ("answered", visits)):
            self.flight.shifts[name][shift] = np.bincount(now["site"], count, minlength=len(SITES))

    def _answers(self, asked: Columns, delivered: np.ndarray, capacity: np.ndarray) -> np.ndarray:
        """Return how many visits each alert brings. One that comes twice may take two of the shift's."""
        order, copies = self.plan.staff.above_capacity, asked["copies"].astype(np.int64)
        if (copies <= 1).all():
            return self.nurses.answers(asked, delivered, capacity, order).astype(np.int64)
        each = np.repeat(np.arange(copies.size), np.maximum(copies, 1))
        came = self.nurses.answers(
            {name: column[each] for name, column in asked.items()}, delivered[each], capacity, order
        )
        return np.bincount(each[came], minlength=copies.size)

    def _hidden(self, site: np.ndarray) -> np.ndarray:
        """Return where no score is shown: at a new site that has not passed the plan's gate."""
        return (site == NORTHGATE) & self.in_shadow

    def _capacity(self, day: int, shift: int, beds: np.ndarray, cards: list[Drawn]) -> np.ndarray:
        """Return how many responses each site can give in a shift."""
        factor = float(np.prod([one.card.capacity_factor(one, day) for one in cards]))
        extra = np.isin(np.arange(len(SITES)), list(self.standing.sites("more_staff"))).astype(int)
        self.standby_hours += STANDBY * int((extra * (beds > 0)).sum())
        return self.nurses.capacity(beds, factor=factor, shift=shift) + extra

    def _only_best(self, alert, score, site, capacity) -> np.ndarray:
        """Keep the highest alerts where the plan alerts no more than can be answered."""
        most = np.full(len(SITES), alert.size)
        if self.plan.ward.policy == "capacity":
            most[:] = self.plan.ward.alerts_a_shift
        for place in self.standing.sites("top_k"):
            most[place] = min(most[place], capacity[place])
        if not alert.any() or (np.bincount(site[alert], minlength=len(SITES)) <= most).all():
            return alert
        kept = np.zeros_like(alert)
        for number, limit in enumerate(most.tolist()):
            mine = np.flatnonzero(alert & (site == number))
            kept[mine[np.argsort(-score[mine], kind="stable")][:limit]] = True
        return kept

    def _by_hand(self, place: np.ndarray, now: Columns, present: np.ndarray) -> np.ndarray:
        """Return whom nurses find by going round with the vital signs alone, where the plan has them do so."""
        sites = self.standing.sites("manual_rounds")
        if not sites:
            return np.zeros(place.size, dtype=bool)
        at = present & np.isin(now["site"], list(sites)) & (now["window"] >= self.silent_until[now["stay"]])
        risk = self.by_vitals.risk({name: column[place] for name, column in self.year.windows.items()})
        found = at & (risk >= self.plan.ward.threshold) & (self.year.truth["willing_u"][place] < BY_HAND)
        self.silent_until[now["stay"][found]] = now["window"][found] + LOCKOUT
        self.by_hand_hours += ROUND * int((present & np.isin(now["site"], list(sites))).sum())
        return found

    # what people see ------------------------------------------------------------------------------------------------

    def _told(self, day: int) -> dict[tuple[str, str], float]:
        """Return the signals of a day that no row shows."""
        if day < 0:
            return {}
        told: dict[tuple[str, str], float] = {}
        for service in ("ward", "list"):
            told |= {(service, "frozen_cases"): 0.0, (service, "release_diff"): 0.0}
        for one in self._holding(day):
            for service in one.card.services:
                if one.card.threshold_factor(service, one, day) != 1.0:
                    told[service, "release_diff"] = 1.0
                told[service, "frozen_cases"] = max(told[service, "frozen_cases"], self._frozen(service, one, day))
            told |= one.card.signals(one, day)
        return told

    def _frozen(self, service: str, one: Drawn, day: int) -> float:
        """Return by how much the score of frozen cases has moved, at most, without any release of ours."""
        if service != "ward":
            return 0.0
        cases = {name: column[:50] for name, column in self.year.past.windows.items()}
        before = models.ward_model(self.year).risk(cases)
        return float(np.abs(shifted("ward", before, cases, day, [one]) - before).max())

    def _tell(self, day: int, place: np.ndarray, arrived: Columns) -> None:
        """Hand the day to whoever computes signals."""
        kept = self.flight.ward
        names = ("present", "score", "alert", "delivered", "answered", "off", "happened")
        self.signals.ward(day, arrived, {name: kept[name][place] for name in names})
        if day % 7 == 6:
            _, at, frame = self.calls.weeks[-1]
            names = ("score", "called", "off", "came")
            self.signals.list(day, frame, {name: self.flight.list[name][at] for name in names})
            self._gate(day)
            self._week(day)

    def _gate(self, day: int) -> None:
        """Show scores at a new site once the plan's gate is met: weeks in shadow, and events seen there."""
        gates = self.plan.gates
        if not self.in_shadow or self.new_from is None:
            return
        weeks = (day + 1 - self.new_from) / 7
        if weeks >= gates.shadow_weeks and self.new_events >= gates.events:
            self.in_shadow = False
            self.write(day + 1.0, "gate", site="northgate", weeks=round(weeks, 1), events=self.new_events)

    def _week(self, day: int) -> None:
        """Write what a week came to."""
        last = slice(int(self.year.begins[day - 6]), int(self.year.begins[day + 1]))
        ward, calls = self.flight.ward, self.flight.list
        at = self.calls.weeks[-1][1]
        counts = {name: int(ward[name][last].sum()) for name in ("present", "scored", "alert", "delivered", "answered")}
        self.write(
            day + 1.0, "week", week=day // 7 + 1, **counts, listed=int(at.size), called=int(calls["called"][at].sum())
        )

    # learning -------------------------------------------------------------------------------------------------------

    def learn(self, service: str, how: str, time: float) -> None:
        """Put another model in force: the released one, or one made of the last thirteen weeks as recorded."""
        now = self.own if service == "ward" else self.calls.model
        if how == "roll_back":
            self._serve(service, learning.rolled_back(self.plan.rollback, self.released[service], now))
            return
        if service == "ward":
            made = learning.of_wards(how, now, self.arrived, self.event)
        else:
            made = learning.of_list(how, now, self.calls.weeks, self.flight.list["came"], int(time))
        if made is None:
            self.write(time, "not_learnt", service=service, why="too few outcomes are known")
            return
        if why := self.gate.refuses(service, made, now):
            self.write(time, "refused", service=service, how=how, why=why)
            return
        self._serve(service, made)
        self.write(time, "release", service=service, how=how)

    def _serve(self, service: str, model: models.Risk) -> None:
        self.standing.changed += 1
        if service == "ward":
            self.own = model
        else:
            self.calls.model = model

    # the end --------------------------------------------------------------------------------------------------------

    def ended(self) -> Flight:
        """Close the books."""
        flight = self.flight
        looks = float((flight.ward["answered"] * flight.ward["copies"]).sum())
        flight.hours = {name: float(hours) for name, hours in self.team.hours.items()}
        flight.hours |= {"visits": LOOK * looks, "rounds_by_hand": self.by_hand_hours}
        flight.hours["more_staff"] = flight.hours.get("more_staff", 0.0) + self.standby_hours
        flight.hours["chart_reviews"] = REVIEW * WEEKS * self.plan.labels.chart_reviews_a_week
        flight.spells = spells(flight.log, self.drawn, self.strikes, self.team)
        return flight
