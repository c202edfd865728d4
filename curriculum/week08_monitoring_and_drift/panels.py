"""The bank behind Q2: panels of the same signals, each with an alarm and one cause. Which cause it is stays out of the box.

A panel is seventy-eight weeks of three towns, July 2024 to December 2025. What happens begins in a week that is drawn, or,
where it is a change of the world, on 30 December 2024.
"""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import ttest_ind
from wardround.evaluation import observed_over_expected

FEED = runpy.run_path(str(Path(__file__).with_name("year.py")))["FEED"]
FIRST, LAST = -26, 51
LOOKS_BACK = 26  # weeks over which O/E is taken
SETTLED_AFTER = 22  # weeks until an outcome is settled
MONDAY = pd.Timestamp("2024-12-30")
ZONE = "America/New_York"
LATE = pd.Timestamp("2026-09-01", tz=ZONE)  # all outcomes are known
THRESHOLD, TYPED = 0.12, 0.02
PANELS = 6
FOLLOW_UP = pd.Timedelta(days=150)
VERSION = {"home visits end": "home visits end", "the model helps": "the model calls"}  # all others: the quiet year
GROUPS = (  # of each group at least one is drawn
    ("the model helps",),
    ("home visits end", "labels not there yet"),
    ("unit at one site", "threshold typo"),
    ("new analyser", "chance"),
)
OTHERS = ("code renamed", "season")
LEVELS = (0.05, 0.1, 1)  # of such a test; of 156 in a year one is below the first (in 9,997 of 10,000 years)
TESTED = ("new analyser", "chance")  # whose alarm is a test of haemoglobin, in the same words


def drawn(worlds, dice):
    """Return ``{letter: (frame, alarm, cause)}``."""
    chosen = [str(dice.choice(group)) for group in GROUPS]
    rest = [cause for cause in (*(one for group in GROUPS for one in group), *OTHERS) if cause not in chosen]
    chosen += [str(cause) for cause in dice.permutation(rest)[: PANELS - len(chosen)]]
    begins = dice.integers(-6, 30, size=PANELS)
    order = [chosen[n] for n in dice.permutation(PANELS)]
    return {
        letter: panel(worlds, cause, int(week)) for letter, cause, week in zip("ABCDEF", order, begins, strict=True)
    }


def panel(worlds, cause, begins):
    """One panel: its frame, its alarm, its cause."""
    rows = worlds[VERSION.get(cause, "quiet")]
    after = rows.week >= begins
    changes = {"score": rows.score, "threshold": pd.Series(THRESHOLD, rows.index)}
    if cause == "unit at one site":
        changes |= {"score": rows.score.where(~after, rows.score_unit)}
        changes |= {"creatinine": rows.creatinine.where(~after, FEED["unit"](rows)["creatinine"])}
    elif cause == "code renamed":
        changes |= {"score": rows.score.where(~after, rows.score_renamed), "sodium": rows.sodium.where(~after)}
    elif cause == "new analyser":
        changes |= {"score": rows.score.where(~after, rows.score_offset)}
        changes |= {"haemoglobin": rows.haemoglobin.where(~after, FEED["offset"](rows)["haemoglobin"])}
    elif cause == "threshold typo":
        changes |= {"threshold": changes["threshold"].where(~after, TYPED)}
    as_of = (MONDAY + pd.Timedelta(weeks=LAST + 1)).tz_localize(ZONE) if cause == "labels not there yet" else LATE
    rows = rows.assign(**changes)
    frame = weekly(rows, as_of)
    if cause in TESTED:
        return frame, _haemoglobin(rows, None if cause == "chance" else begins), cause
    return frame, ALARM[cause](frame, MONDAY + pd.Timedelta(weeks=begins)), cause


def weekly(rows, as_of):
    """The signals of a table of discharges, one row a week, as known on a day."""
    rows = rows.assign(back=(rows.known_at <= as_of).to_numpy(), whole=rows.discharged_at + FOLLOW_UP <= as_of)
    rows = rows.assign(flagged=rows.score >= rows.threshold)
    week, home = rows.groupby("week"), rows[rows.home].groupby("week")
    table = pd.DataFrame({"discharges": week.size().astype(float)})
    table["discharges_year_before"] = table.discharges.reindex(table.index - 52).to_numpy()
    table["score"] = week.score.mean()
    table["flagged"] = 100 * home.flagged.mean()
    for site in ("quillmere", "eastbank"):
        table[f"creatinine_{site}"] = rows[rows.site == site].groupby("week").creatinine.median()
    table["haemoglobin"] = week.haemoglobin.mean()
    table["no_sodium"] = 100 * rows.sodium.isna().groupby(rows.week).mean()
    table["known"] = 100 * week.whole.mean()
    held = rows[rows.held_out & rows.home]
    sums = week[["back", "score"]].sum().rolling(LOOKS_BACK).sum()
    table["oe"] = sums.back / sums.score
    table = table.loc[FIRST:LAST]
    found = [_ratio(held, one) for one in table.index]
    for name, part in (("oe_hold_out", "value"), ("hold_out_low", "low"), ("hold_out_high", "high")):
        table[name] = [getattr(one, part) for one in found]
    table = table.round(3)
    return table.set_axis(MONDAY + pd.to_timedelta(7 * table.index, unit="D")).rename_axis("monday")


def _ratio(rows, week):
    some = rows[rows.week.between(week - LOOKS_BACK + 1, week)]
    return observed_over_expected(some.back, some.score)


def _in_week(moment):
    return f"in the week of {moment:%-d %B %Y}"


def _flagged(frame, begins):
    return f"flagged: above its limit, 45 of 100 who go home, {_in_week(frame.index[frame.flagged > 45][0])}"


def _score(frame, begins):
    """The first week after the change in which the mean of the score lies outside of all weeks before."""
    before, after = frame.score[frame.index < begins], frame.score[begins:]
    beyond = after.index[(after < before.min()) | (after > before.max())]
    where = beyond[0] if len(beyond) else begins
    word = "lower" if frame.score[where] < before.mean() else "higher"
    return f"score: its mean is {word} than in any week before, {_in_week(where)}"


def _ratio_alarm(beyond, word):
    def says(frame, begins):
        where = frame.index[beyond(frame.oe) & (frame.index >= MONDAY)]
        where = where[0] if len(where) else frame.index[-1]
        return f"oe: returns over promised of the last 26 weeks {word}, {frame.oe[where]:.3f} {_in_week(where)}"

    return says


def _tested(rows):
    """The smallest p of t tests on haemoglobin in each town, each week of 2025 against 2024."""
    known = rows[rows.haemoglobin.notna()]
    before = dict(iter(known[known.week < 0].groupby("town").haemoglobin))
    weeks = known[known.week.between(0, LAST)].groupby(["town", "week"]).haemoglobin
    p = {(town, week): ttest_ind(before[town], some, equal_var=False).pvalue for (town, week), some in weeks}
    return pd.Series(p).groupby(level=1).min()


def _haemoglobin(rows, begins):
    """The first week below a level; where nothing happens (``begins`` is None) the one in which chance went furthest."""
    p = _tested(rows)
    where = p[p.index <= LAST - 6].idxmin() if begins is None else p.index[(p.index >= begins) & (p < LEVELS[0])][0]
    moment = MONDAY + pd.Timedelta(weeks=int(where))
    level = next(level for level in LEVELS if p[where] < level)
    return f"haemoglobin: in one of the towns another mean than in 2024, p < {level:g}, {_in_week(moment)}"


def _fewer(frame, begins):
    smooth = frame.discharges.rolling(6).mean().loc["2025-02-03":]
    winter = frame.discharges.loc["2024-12-30":"2025-02-10"].mean()
    return f"discharges: {100 * (1 - smooth.min() / winter):.0f} of 100 fewer than in January, in the six weeks to {smooth.idxmin():%-d %B %Y}"


ALARM = {
    "unit at one site": _score,
    "threshold typo": _flagged,
    "code renamed": lambda frame, begins: f"sodium: the weekly test could not be computed {_in_week(begins)}",
    "season": _fewer,
    "home visits end": _ratio_alarm(lambda oe: oe > 1.15, "above 1.15"),
    "the model helps": _ratio_alarm(lambda oe: oe < 0.90, "below 0.90"),
    "labels not there yet": _ratio_alarm(lambda oe: oe < 0.90, "below 0.90"),
}


def unseen(worlds, dice, causes):
    """Years of single towns, outcomes as they were settled then: the first town to practise on, the others to be judged on."""
    made = {"rehearsal": {}, "frames": [], "facts": []}
    for town in range(3):
        rows = {name: one[one.town == town] for name, one in worlds.items()}
        for cause in causes:
            begins = 0 if town == 0 or cause == "home visits end" else int(dice.integers(-4, 30))
            frame = panel(rows, cause, begins)[0]
            for name in ("known", "oe", "oe_hold_out", "hold_out_low", "hold_out_high"):
                frame[name] = frame[name].shift(SETTLED_AFTER)
            if town == 0:
                made["rehearsal"][cause] = frame
            else:
                made["frames"].append(frame)
                made["facts"].append((cause, begins - FIRST))
    order = dice.permutation(len(made["frames"]))
    return made | {name: [made[name][n] for n in order] for name in ("frames", "facts")}
