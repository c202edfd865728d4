"""What a monitor can watch: computed each day from what a person could see, and from nothing else.

Rows count as they arrived, before the plan's contracts. Outcomes lie here until they would be known. Signals whose
noise would drown a day or a week look further back; :data:`LOOKS_BACK` says how far.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from wardround.hospital import parameters as sheet

from .card import Columns
from .contracts import LABS, RANGES, VITALS, broken
from .levels import furthest
from .usual import FEWEST, LIST_INPUTS, WARD_CODES, WARD_INPUTS, WEEK, Bins, usual, usual_alerts
from .words import DAYS, SERVICES, SITES

if TYPE_CHECKING:
    from .plan import Plan
    from .year import Year

NORTHGATE = SITES.index("northgate")
MEASURED = (*VITALS, *LABS)
LOWEST, HIGHEST = (np.array([RANGES[name][side] for name in MEASURED])[:, None] for side in (0, 1))
READ = (
    *WARD_INPUTS,
    *WARD_CODES,
    *("site", "stay", "window", "copies", "vitals_age_hours", "result_lag_hours", "comfort_care"),
)
AHEAD = 3  # windows of eight hours: an alert is in time, a score is right, if deterioration comes within them
HORIZON = {"ward": 1, "list": 30}  # days until an outcome can be known
# days (ward) and weeks (list) that a signal looks at, where a day or a week would be noise (assumptions)
LOOKS_BACK = {
    **{"ward observed_expected": 28, "ward lab_level": 28},
    **{"list observed_expected": 13, "list input_drift": 4, "list lab_level": 4, "group_gap": 26},
}
EVENTS = 10.0  # expected events below which observed over expected says nothing
REVIEWED = 12  # reviewed events of a group below which its sensitivity says nothing
ROWS = 30  # rows below which a distribution says nothing
UNHEARD = {
    ("ward", "amended"): 0.0,
    **{(service, name): 0.0 for service in SERVICES for name in ("egress_scan", "story")},
}  # a card's own ``signals`` replace these


class Signals:
    """The signals of a flight. Feed it the days in order, then ask for a morning.

    Parameters
    ----------
    year : Year
        Only its record of the time before (``past``) and the number of its stays are read.
    plan : Plan
        Threshold, lag of outcomes and chart reviews.
    released : mapping, optional
        The models that the scores of the time before are taken from, by service; by default those of the plan.

    Notes
    -----
    ``rows``, ``freshness``, ``missing``, ``time_order``, ``value_contract``, ``input_drift`` and ``lab_level`` of the
    ward are those of the worst site, since the mean of two sites hides the smaller one; the rest are of the service.
    """

    def __init__(self, year: Year, plan: Plan, released: Mapping[str, Any] | None = None):
        self.usual = usual(year)
        self.plan = plan
        released = released or _released(year, plan)
        ward, listed = (self.usual.scores(service, released[service]) for service in SERVICES)
        self.score_bins = {"ward": Bins(ward), "list": Bins(listed)}
        self.alerts_a_day = max(usual_alerts(plan, self.usual.windows, ward), 1e-9)
        self.calls_a_week = max(float((listed >= plan.list.threshold).sum()) * WEEK / 182, 1e-9)
        self.there = [MEASURED.index(name) for name in self.usual.there]
        self.daily: dict[tuple[str, str], float] = {}
        self.weekly: dict[tuple[str, str], float] = {}
        self.listed: dict[str, float] = {}
        self.week: list[Columns] = []
        self.results: list[Columns] = []  # of the ward's laboratory, day by day
        self.months: list[Columns] = []
        self.expected, self.observed = np.zeros(DAYS + WEEK), np.zeros(DAYS + WEEK)
        self.lists: list[tuple[int, float, float]] = []  # Sunday, expected, observed
        self.reviews = Reviews(plan.labels.chart_reviews_a_week, year.stays["site"].size, year.seed)

    def observe(self, day: int) -> dict[tuple[str, str], float]:
        """Return the signals that are due on a morning: those of the day before, on Mondays those of the week."""
        if not self.daily:
            return {}
        seen = UNHEARD | self.daily
        if day % WEEK == 0:
            self._monday(day)
            seen |= self.weekly
        return seen

    # the ward -------------------------------------------------------------------------------------------------------

    def ward(self, day: int, rows: Columns, out: Columns) -> None:
        """Take in a day of the wards.

        Parameters
        ----------
        day : int
        rows : dict of arrays
            The day's windows as they came out of the feed (``year.WINDOW_COLUMNS``).
        out : dict of arrays
            Of the same rows: ``present score alert delivered answered off happened``.
        """
        if not out["present"].all():
            here = np.flatnonzero(out["present"])
            rows = {name: rows[name][here] for name in READ}
            out = {name: column[here] for name, column in out.items()}
        self.daily = {("ward", name): value for name, value in self._of_rows(day, rows).items()}
        delivered = float((out["alert"] & ~out["delivered"]).any())
        self.daily["ward", "heartbeat"] = delivered
        if not out["off"].any():
            each = rows["copies"] if self.plan.contracts.duplicates == "each" else np.ones(1)
            self.daily["ward", "alerts"] = float((out["alert"] * np.maximum(each, 1)).sum()) / self.alerts_a_day
        self.week.append({name: rows[name] for name in (*WARD_INPUTS, "site")} | out)
        self.results.append({name: rows[name] for name in (*LABS, "site", "stay")})
        self.results = self.results[-LOOKS_BACK["ward lab_level"] :]
        self._outcomes(day, rows, out)

    def _of_rows(self, day: int, rows: Columns) -> dict[str, float]:
        """Return what a day's rows show, with no look at scores."""
        site, copies = rows["site"], rows["copies"]
        beds = np.bincount(site, minlength=len(SITES))
        found: dict[str, float] = {"new_rows_of_a_site": float(beds[NORTHGATE])}
        if not site.size:
            return found | {"rows": 0.0, "census": 0.0}
        known = self.usual.sites
        usual_rows = np.maximum(self.usual.rows[known, day % WEEK], 1.0)
        arrived = np.bincount(site, np.minimum(copies, 1), minlength=len(SITES))
        found["rows"] = float((arrived[known] / usual_rows).min())
        found["census"] = float(beds[known].sum() / usual_rows.sum())
        found["duplicates"] = float(np.mean(copies > 1))
        worst = _Worst(site, beds)
        values = np.stack([rows[name] for name in MEASURED])
        found["value_contract"] = worst.share(((values < LOWEST) | (values > HIGHEST)).any(axis=0))
        found["missing"] = worst.share(np.isnan(values[self.there]).mean(axis=0))
        found["freshness"] = worst.median(rows["vitals_age_hours"])
        lag = rows["result_lag_hours"]
        found["time_order"] = worst.share(lag < 0, ~np.isnan(lag))
        unknown = np.zeros(site.size, dtype=bool)
        for name, codes in WARD_CODES.items():
            unknown |= (rows[name] < codes[0]) | (rows[name] > codes[-1])
        found["unknown_codes"] = float(unknown.mean())
        return found

    def _outcomes(self, day: int, rows: Columns, out: Columns) -> None:
        """Note whom a score spoke of and who deteriorated; read when it would be known."""
        scored = ~np.isnan(out["score"]) & ~out["off"] & ~rows["comfort_care"]
        self.expected[day] = float(out["score"][scored].sum())
        right = self.reviews.note(day, rows, scored, out["alert"], out["happened"])
        self.observed[day] = right

    # the list -------------------------------------------------------------------------------------------------------

    def list(self, day: int, frame: pd.DataFrame, out: Columns) -> None:
        """Take in a week of discharges on its Sunday; ``out``: ``score called off came``, and ``wanted`` if known."""
        found: dict[str, float] = {"rows": len(frame) / max(self.usual.discharges, 1.0)}
        if len(frame):
            found |= self._of_discharges(frame)
        on = ~out["off"]
        if on.all():
            wanted = out.get("wanted", out["score"] >= self.plan.list.threshold)
            found["alerts"] = float(wanted.sum()) / self.calls_a_week
        self.listed = found
        scored = on & ~np.isnan(out["score"])
        inputs = {name: frame[name].to_numpy(float) for name in self.usual.list_bins}
        self.months.append(inputs | {"score": out["score"][scored]})
        self.months = self.months[-LOOKS_BACK["list input_drift"] :]
        self.lists.append((day, float(out["score"][scored].sum()), float(out["came"][scored].sum())))

    def _of_discharges(self, frame: pd.DataFrame) -> dict[str, float]:
        """Return what a week's discharges show, with no look at scores."""
        values = {name: frame[name].to_numpy(float) for name in LIST_INPUTS if name in frame}
        copies = frame["copies"].to_numpy() > 1 if "copies" in frame else frame.index.duplicated()
        bad = np.zeros(len(frame), dtype=bool)
        for outside in broken(values).values():
            bad |= outside
        unknown = np.zeros(len(frame), dtype=bool)
        for name, codes in self.usual.list_codes.items():
            unknown |= [not (code in codes or pd.isna(code)) for code in frame[name].tolist()]
        missing = [np.isnan(values[name]).mean() for name in self.usual.list_there]
        return {
            "duplicates": float(copies.mean()),
            "value_contract": float(bad.mean()),
            "unknown_codes": float(unknown.mean()),
            "missing": float(np.mean(missing)) if missing else 0.0,
        }

    # Mondays --------------------------------------------------------------------------------------------------------

    def _monday(self, day: int) -> None:
        """Work out the weekly signals."""
        found = {("list", name): value for name, value in self.listed.items()}
        if self.week:
            found |= {("ward", name): value for name, value in self._ward_week().items()}
            self.week = []
        if self.months:
            found |= {("list", name): value for name, value in self._list_drift().items()}
        for service, ratio in (("ward", self._ward_ratio(day)), ("list", self._list_ratio(day))):
            if ratio is not None:
                found |= {(service, name): ratio for name in ("observed_expected", "below_expected")}
        gap = self.reviews.gap(day)
        if gap is not None:
            found["ward", "group_gap"] = gap
        self.weekly = found

    def _ward_week(self) -> dict[str, float]:
        rows = {name: np.concatenate([day[name] for day in self.week]) for name in self.week[0]}
        found: dict[str, float] = {}
        drift = [
            bins.index(rows[name][at])
            for site, inputs in enumerate(self.usual.bins)
            if inputs and (at := rows["site"] == site).sum() >= ROWS
            for name, bins in inputs.items()
        ]
        if drift:
            found["input_drift"] = max(drift)
        score = rows["score"][~rows["off"]]
        score = score[~np.isnan(score)]
        if score.size >= ROWS:
            found["score_drift"] = self.score_bins["ward"].index(score)
        alerts = int(rows["alert"].sum())
        if alerts:
            found["unanswered"] = float((rows["alert"] & ~rows["answered"]).sum()) / alerts
        level = self._ward_level()
        return found if level is None else found | {"lab_level": level}

    def _ward_level(self) -> float | None:
        """Return how far the test that moved most, at the site where it did, is from where it stood."""
        rows = {name: np.concatenate([day[name] for day in self.results]) for name in self.results[0]}
        return furthest(
            [
                level.moved(rows[name][at], rows["stay"][at])
                for site, levels in enumerate(self.usual.levels)
                if levels and (at := rows["site"] == site).any()
                for name, level in levels.items()
            ]
        )

    def _list_drift(self) -> dict[str, float]:
        """Compare the last four weeks' discharges, and their scores, with the reference."""
        rows = {name: np.concatenate([week[name] for week in self.months]) for name in self.months[0]}
        found = {}
        score = rows.pop("score")
        if len(next(iter(rows.values()), ())) >= ROWS:
            found["input_drift"] = max(self.usual.list_bins[name].index(column) for name, column in rows.items())
        if score.size >= ROWS:
            found["score_drift"] = self.score_bins["list"].index(score)
        level = furthest([level.moved(rows[name]) for name, level in self.usual.list_levels.items() if name in rows])
        return found if level is None else found | {"lab_level": level}

    def _ward_ratio(self, day: int) -> float | None:
        """Return observed over expected windows that deterioration follows within a day, over four weeks."""
        last = day - self._lag("ward")
        span = slice(max(0, last - LOOKS_BACK["ward observed_expected"]), max(0, last))
        expected = float(self.expected[span].sum())
        return float(self.observed[span].sum()) / expected if expected >= EVENTS else None

    def _list_ratio(self, day: int) -> float | None:
        """Return observed over expected readmissions of the last thirteen weeks whose outcomes are known."""
        lag = self._lag("list")
        known = [week for week in self.lists if week[0] + lag < day][-LOOKS_BACK["list observed_expected"] :]
        expected = sum(week[1] for week in known)
        return sum(week[2] for week in known) / expected if expected >= EVENTS else None

    def _lag(self, service: str) -> int:
        """Return after how many days an outcome counts as known: its horizon, and what the plan waits beyond thirty."""
        return HORIZON[service] + max(0, int(self.plan.labels.lag_days) - HORIZON["list"])


def _released(year: Year, plan: Plan) -> dict[str, Any]:
    from . import models

    return {"ward": models.ward_model(year), "list": models.serves_list(plan.list.model, year)}


class Reviews:
    """Chart reviews: a reader finds whether a patient deteriorated, and the record says whether an alert came in time.

    Half of a week's charts are drawn from stays with a known deterioration, half from the rest; the first half gives
    sensitivity by recorded race, the second is what finds nothing and costs the same.
    """

    def __init__(self, a_week: int, stays: int, seed: int):
        self.a_week = a_week
        self.random = np.random.default_rng([seed & 0xFFFFFFFF, 16, 7])
        self.scored_in = np.full((stays, AHEAD), -AHEAD, dtype=np.int64)  # the last windows with a score, with an alert
        self.alert_in = np.full((stays, AHEAD), -AHEAD, dtype=np.int64)
        self.found: list[tuple[int, int, bool]] = []  # day, race, alert in time: of events, not yet drawn
        self.drawn: list[tuple[int, int, bool]] = []
        self.read = 0

    def note(self, day: int, rows: Columns, scored: np.ndarray, alert: np.ndarray, happened: np.ndarray) -> int:
        """Take in a day; return in how many scored windows deterioration was then less than a day ahead."""
        stay, window = rows["stay"], rows["window"]
        self.scored_in[stay[scored], window[scored] % AHEAD] = window[scored]
        self.alert_in[stay[alert], window[alert] % AHEAD] = window[alert]
        right = 0
        for place in np.flatnonzero(happened).tolist():
            who, when = int(stay[place]), int(window[place])
            right += int((self.scored_in[who] > when - AHEAD).sum())
            in_time = bool((self.alert_in[who] > when - AHEAD).any())
            self.found.append((day, int(rows["race"][place]), in_time))
        return right

    def gap(self, day: int) -> float | None:
        """Draw the week's charts; return the others' sensitivity less the worst group's, None with too few read."""
        events, self.found = self.found, []
        self.read += self.a_week
        half = self.a_week - self.a_week // 2
        if events:
            chosen = self.random.permutation(len(events))[:half]
            self.drawn += [events[place] for place in np.sort(chosen).tolist()]
        recent = [one for one in self.drawn if one[0] >= day - WEEK * LOOKS_BACK["group_gap"]]
        race = np.array([one[1] for one in recent], dtype=np.int64)
        caught = np.array([one[2] for one in recent], dtype=bool)
        gaps = [
            float(caught[~mine].mean() - caught[mine].mean())
            for group in range(len(sheet.RACES))
            if (mine := race == group).sum() >= REVIEWED and (~mine).sum() >= REVIEWED
        ]
        return max(gaps) if gaps else None


class _Worst:
    """Shares and medians of the worst site that has enough rows; of all rows where none has."""

    def __init__(self, site: np.ndarray, beds: np.ndarray):
        self.site = site
        self.big = np.flatnonzero(beds >= FEWEST)

    def share(self, values: np.ndarray, of: np.ndarray | None = None) -> float:
        """Return the largest mean of ``values``, of the rows in ``of`` where it is given."""
        weight = None if of is None else of.astype(float)
        hits = np.bincount(self.site, values if of is None else values * weight, minlength=len(SITES))
        rows = np.bincount(self.site, weight, minlength=len(SITES))
        if not self.big.size:
            return float(hits.sum() / max(rows.sum(), 1.0))
        return float((hits[self.big] / np.maximum(rows[self.big], 1.0)).max())

    def median(self, values: np.ndarray) -> float:
        """Return the largest median; a site where nothing is known has none."""
        parts = [values[self.site == place] for place in self.big.tolist()] if self.big.size else [values]
        parts = [np.sort(part[~np.isnan(part)]) for part in parts]
        # as np.median, which takes five times as long on so few
        return max(
            (float(part[(part.size - 1) // 2] + part[part.size // 2]) / 2 for part in parts if part.size), default=0.0
        )
