"""Checks of how times are written: dates where others give hours, two habits in one feed, heaps at midnight."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .facts import Facts
from .register import Found, NotJudged, check, rows, say, together

_MOSTLY, _RARE, _ENOUGH = 0.5, 0.2, 20
_HEAP_SHARE, _HEAP_TIMES, _HEAP_LEAST = 0.01, 10, 8
_DAY = r"\d{4}(-\d\d(-\d\d)?)?"


@check(
    *("date_without_time", "look", "times", "Dates where the others give a time"),
    consequence="A length of stay or an order of events hangs on an hour that was not written down.",
    ask="Which screen keeps the day only, and is the hour kept anywhere?",
)
def dates(facts: Facts) -> Found:
    parts, of, bare = [], 0, []
    for name, events, raw in _timed(facts):
        day = raw.str.fullmatch(_DAY)
        share = day.groupby(events["group"], observed=True).transform("mean")
        of += int((share < _MOSTLY).sum())
        bad = events[day & (share < _MOSTLY)]
        parts.append(rows(bad, name, say("{} has no time of day", bad[name])))
        bare += sorted(set(events.loc[share >= _MOSTLY, "group"].astype("str")))
    if not of:
        raise NotJudged("Most times in this export are bare dates: nothing within a day can be judged.")
    more = f"Mostly bare dates, and not judged: {', '.join(dict.fromkeys(bare))}." if bare else ""
    return Found(together(parts), of, more)


def _timed(facts: Facts):
    for name in ("start", "end", "issued"):
        told = facts.standing[name].notna() & facts.standing[f"{name}_low"].notna()
        events = facts.standing.loc[told, ["kind", "key", "group", "site", name]]  # narrow: wide frames are slow to cut
        if len(events):
            yield name, events, events[name]


@check(
    *("offset_mixed", "note", "times", "Times written in another habit than the rest of the same feed"),
    consequence="One interface that sends UTC as if it were local moves every event of a night to another day.",
    ask="Which interface writes these, and is the offset the place's or a default?",
)
def offsets(facts: Facts) -> Found:
    parts, of = [], 0
    for name, events, raw in _timed(facts):
        if name == "end":
            continue
        clock = raw.str.contains("T", regex=False)
        zoned = raw.str[-6:-5].isin(["+", "-"])
        words = np.select([~clock, raw.str.endswith("Z"), zoned], ["", "UTC", "an offset"], "no zone")
        habit = pd.Series(words, index=events.index)
        keys = [events["group"].astype("str"), events["site"].astype(object).fillna("")]
        n, same = (habit.groupby(grouping).transform("size") for grouping in (keys, [*keys, habit]))
        of += int(clock.sum())
        bad = events[clock & (same < _RARE * n) & (n >= _ENOUGH)]
        parts.append(rows(bad, name, say("{} is written with {}", bad[name], habit[bad.index])))
    return Found(together(parts), of)


@check(
    *("midnight_heap", "note", "times with an hour", "Far too many events at midnight sharp"),
    consequence="A day entered without its hour becomes midnight: the event moves by up to a day in every window.",
    ask="Does 00:00:00 mean midnight, or that the hour is unknown?",
)
def midnight(facts: Facts) -> Found:
    parts, of = [], 0
    for name, events, raw in _timed(facts):
        clock = raw.str.contains("T", regex=False)
        of += int(clock.sum())
        zero = raw.str.contains(r"T00:00(?::00(?:\.0+)?)?(?:Z|[+-]\d\d:\d\d)?$")
        whole = raw.str.contains(r"T\d\d:00(?::00(?:\.0+)?)?(?:Z|[+-]\d\d:\d\d)?$")
        groups = pd.DataFrame({"group": events["group"].astype("str"), "clock": clock, "zero": zero, "whole": whole})
        sums = groups.groupby("group").sum()
        others = (sums["whole"] - sums["zero"]) / 23  # other full hours: what midnight would be by rounding alone
        expected = np.maximum(others, sums["clock"] / 1440)
        heap = sums[(sums["zero"] >= _HEAP_LEAST) & (sums["zero"] > _HEAP_SHARE * sums["clock"])
                    & (sums["zero"] > _HEAP_TIMES * expected)].index  # fmt: skip
        bad = events[zero & groups["group"].isin(heap)]
        parts.append(rows(bad, name, say("{} is midnight sharp", bad[name])))
    return Found(together(parts), of)
