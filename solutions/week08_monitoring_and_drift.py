# %% [markdown]
# # Week 8, exercise: monitoring, drift, feedback
#
# Four questions of about 11 minutes, a memo, and two stretch questions (+). Write your answer where the `...` stands and run the check below it.
# A wrong answer costs nothing: the check says what happened and where to look. When you are stuck, take the `#` away
# from a `# hint(…)` line and run it; words are in the [glossary](../curriculum/glossary.md).

# %%
import numpy as np
import pandas as pd
from wardround import check, check_all, given, hint, load, memo, solution
from wardround.evaluation import auroc_value, bootstrap

hospital = load()

# %% [markdown]
# ## Q1: a rule that keeps quiet
#
# Each week's discharges of one town, about a hundred, are compared with the year before: forty inputs, each with the number of values, its PSI,
# and a p-value. You get the table of some weeks, and say for each of them whether somebody is called.
#
# Two promises bind you. When nothing has happened, at most 0.25 alarms a quarter, which is one a year. And when one laboratory value is off by 0.6
# standard deviations for everybody, an alarm within four weeks, in 8 of 10 cases. The check draws 200 quiet quarters and 40 with such a
# shift; the upper end of its interval must be at most 0.25, so aim at 0.15. You may practise on twenty and ten others.
#
# Weeks are drawn from one quiet year of one town, in no order: a real year has seasons, and patients who come again, and may ring more.
#
# The first check takes half a minute, as it makes two fourth years; later ones take a few seconds.

# %%
quiet, shifted = given(8).quiet_quarters(hospital), given(8).shifted_quarters(hospital)
quiet[0].head()

# %%
quiet[0].groupby("week").p.min().round(4).tolist()

# %%
def alarms(signals):
    ### STARTER return ...  # one True or False for each week
    ### BEGIN SOLUTION
    low = signals.pivot(index="week", columns="input", values="p") < 0.01
    return (low & low.shift(1, fill_value=False)).any(axis=1)
    ### END SOLUTION

# %%
check("W08.Q1", alarms)

# %% [markdown] tags=["solution"]
# The same input in two weeks running, each at .01: by chance 0.01 x 0.01 for forty inputs and twelve pairs of weeks, about one in twenty quarters. As good:
# one level for all 520 tests of a quarter, `signals.groupby("week").p.min() < 0.05 / 520`. The tempting alternative is a limit with a name, p < .05 or PSI > .2: made
# for one test of thousands of rows, and run here 2,080 times a year on a hundred.

# %%
# hint("W08.Q1")

# %% [markdown]
# ## Q2: six panels, one alarm each
#
# In each of six years an alarm went off. A panel shows the same signals of three towns, July 2024 to December 2025. In most of them usual care decides
# who is called and the model only looks on. What is behind the alarm, and which one signal shows it?
#
# Answer with a dictionary: letter to a pair of a cause and a signal. A cause may come once or not at all. Where nothing is behind it, the signal is
# `"nothing"`. On another hospital there are other panels.

# %%
panels, alarm_of = given(8).panels(hospital), given(8).alarm_of(hospital)
given(8).CAUSES

# %%
given(8).SIGNALS

# %%
for letter, alarm in alarm_of.items():
    print(f"{letter}  {alarm}")

# %%
letter = "A"  # then B, C, D, E, F
given(8).drawn(panels[letter], f"{letter}: {alarm_of[letter]}")

# %%
panels[letter].iloc[::6].round(2)

# %%
diagnosis = ...  # {"A": ("the model has worn out", "score"), …}
### BEGIN SOLUTION
def cause_of(panel):
    before, after = panel.iloc[:18], panel.iloc[-13:]
    moved = lambda name: after[name].mean() / before[name].mean()
    if moved("creatinine_eastbank") > 5:
        return "unit at one site", "creatinine_eastbank"
    if moved("no_sodium") > 3:
        return "code renamed", "no_sodium"
    if moved("flagged") > 1.8:
        return "threshold typo", "flagged"
    if after.haemoglobin.mean() - before.haemoglobin.mean() > 0.2:
        return "new analyser", "haemoglobin"
    if after.known.mean() < 50:
        return "labels not there yet", "known"
    if panel.oe.max() > 1.3 and panel.oe_hold_out.max() > 1.3:
        return "home visits end", "oe_hold_out"
    if (panel.oe_hold_out - panel.oe).iloc[-30:].mean() > 0.08 and panel.oe.iloc[-30:].mean() < 0.9:
        return "the model helps", "oe_hold_out"
    return None

diagnosis = {letter: cause_of(panel) for letter, panel in panels.items()}
for letter in diagnosis:
    quiet = ("season", "discharges_year_before") if alarm_of[letter].startswith("discharges") else ("chance", "nothing")
    diagnosis[letter] = diagnosis[letter] or quiet
### END SOLUTION

# %%
check("W08.Q2", diagnosis)

# %% [markdown] tags=["solution"]
# You looked; these lines do the same for every hospital. The tempting alternative is to start from the alarm. The alarm names a symptom: returns below
# what was promised are a success, a payer who has not told yet, or neither, and only the hold-out and the column `known` tell them apart. None
# of the ten causes is mended by retraining, except one that is in no panel.

# %%
# hint("W08.Q2")

# %% [markdown]
# ## Q3: how good is it, had nobody been called?
#
# Since 30 December 2024 the model says who is called: whoever goes home with a score of 0.12 or more. A nurse's visit comes with each call. One
# discharge in ten draws a ticket, by chance, and gets no call; the review board approved it in writing, for one year. The table was drawn up on 19
# January 2026.
#
# How good is the model in all who go home, whatever their score, had nobody been called? Judge it on one group of stays that tells, each stay counted once.
# Write a function of such a table that returns `n`, `events`, and O/E and AUROC, each with an interval of 95%. It is put to this year and to an invented
# one, in which few patients come again and again.

# %%
year = given(8).year(hospital)
year[["stay", "patient", "town", "discharged_at", "home", "score", "held_out", "called", "back"]].head()

# %%
help(given(8).year)

# %%
year.groupby(["home", "held_out", "called"])[["score", "back"]].agg(["size", "mean"]).round(3)

# %%
def performance(year):
    ### STARTER return ...  # {"n": …, "events": …, "oe": …, "oe_low": …, "oe_high": …, "auroc": …, …}
    ### BEGIN SOLUTION
    settled = year.discharged_at + given(8).FOLLOW_UP <= given(8).AS_OF
    rows = year[year.held_out & year.home & settled]
    ratio = bootstrap(lambda back, score: back.sum() / score.sum(), rows.patient, rows.back, rows.score)
    area = bootstrap(auroc_value, rows.patient, rows.back, rows.score)
    return {"n": len(rows), "events": int(rows.back.sum()),
            "oe": ratio.value, "oe_low": ratio.low, "oe_high": ratio.high,
            "auroc": area.value, "auroc_low": area.low, "auroc_high": area.high}
    ### END SOLUTION

# %%
check("W08.Q3", performance)

# %% [markdown] tags=["solution"]
# Three conditions: a ticket, going home, outcome settled. The tempting alternative is everybody on record: it has twelve times as many stays, a narrow
# interval, and a wrong answer, because the highest scores were helped. Those without a call look innocent and are chosen by the score itself. (Below the line
# nobody is ever called, so a statistician would use them all, with the tickets above the line weighed for those they stand for: sound, and a narrower AUROC.)
# What the hold-out costs is said in the same breath: some of these people came back who would have stayed at home.

# %%
# hint("W08.Q3")

# %% [markdown]
# ## Q4: five situations
#
# The alarm fires. Retrain, recalibrate, roll back, mend the feed, or leave it alone? For each of five situations say what is done first, and who decides
# it. Another hospital gets five others.

# %%
for number, situation in given(8).situations(hospital).items():
    print(f"{number}  {situation}\n")

# %%
given(8).ACTIONS, given(8).OWNERS

# %%
decisions = ...  # {1: ("leave", "model owner"), …}
### BEGIN SOLUTION
known = {
    "Creatinine at": ("mend the feed", "feed owner"), "Sodium is": ("mend the feed", "feed owner"),
    "Counts, scores": ("mend the feed", "feed owner"), "Discharges doubled": ("mend the feed", "feed owner"),
    "Since the interface": ("mend the feed", "feed owner"), "Released at": ("roll back", "on call"),
    "Since this": ("roll back", "on call"), "A vendor's": ("roll back", "on call"), "A release": ("roll back", "on call"),
    "Last night": ("roll back", "on call"), "Home visits": ("recalibrate", "model owner"),
    "After a year": ("recalibrate", "model owner"), "The programme": ("recalibrate", "model owner"),
    "In shadow": ("recalibrate", "model owner"), "A new heart": ("retrain", "model owner"),
    "The payer's": ("retrain", "model owner"), "A cardiac": ("retrain", "model owner"),
    "Diagnoses have": ("retrain", "model owner"), "A new analyser": ("leave", "model owner"),
    "O/E on": ("leave", "model owner"), "O/E of": ("leave", "model owner"), "One of": ("leave", "model owner"),
    "A physician": ("leave", "model owner"), "Discharges are": ("leave", "model owner"),
}
decisions = {number: next(pair for start, pair in known.items() if text.startswith(start))
             for number, text in given(8).situations(hospital).items()}
### END SOLUTION

# %%
check("W08.Q4", decisions)

# %% [markdown] tags=["solution"]
# Every hospital gets another five; this answer covers the bank. Three questions in their order: is the data what it was? was there a release? what do settled
# outcomes say that no call has touched? The tempting alternative is to retrain: it feels like doing something, and it is right in one situation of five, where
# patients are sorted worse and there are enough outcomes to learn from.

# %%
# hint("W08.Q4")

# %% [markdown]
# ## Memo: a monitoring plan (15 minutes)
#
# The model calls in three towns. Write the plan by which it is watched next year, for somebody who was not there. At most 150 words; score it by the
# rubric in [memo.md](../curriculum/week08_monitoring_and_drift/memo.md).

# %%
memo("W08.M", signals=..., limits=..., owners=..., actions=..., not_watched=..., hold_out=..., decision=..., because=...)

# %% [markdown]
# ## Stretch (+)
#
# Never counted.
#
# ## Q5 (+): PSI by hand
#
# Bins by tenths of the reference, each cut once (one at the minimum is a cut as well), a value on a cut in the bin below it: `searchsorted(…, side="left")`;
# what is missing is a bin of its own; shares are of all rows, and one
# below `given(8).FLOOR` counts as `FLOOR`. The check also puts forty pairs to your function in which nothing happened.

# %%
pairs = given(8).pairs(hospital)
{name: (len(before), len(now), int(now.isna().sum())) for name, (before, now) in list(pairs.items())[:7]}

# %%
def psi(reference, current):
    ### STARTER return ...
    ### BEGIN SOLUTION
    cuts = np.unique(np.quantile(reference.dropna(), np.arange(1, 10) / 10))

    def shares(column):
        bins = np.searchsorted(cuts, column.dropna())
        counts = np.append(np.bincount(bins, minlength=len(cuts) + 1), column.isna().sum())
        return np.maximum(counts / len(column), given(8).FLOOR)

    before, now = shares(reference), shares(current)
    return float(((now - before) * np.log(now / before)).sum())
    ### END SOLUTION

# %%
check("W08.Q5", psi)

# %% [markdown] tags=["solution"]
# The tempting alternative drops what is missing, as every plot does, and then a code that was renamed has no PSI at all. The trap is the limit: a hundred rows and
# ten bins make about .09 out of nothing.

# %%
# hint("W08.Q5")

# %% [markdown]
# ## Q6 (+): a monitor on weeks it has not seen
#
# Write `watch(so_far)`: it gets the signals of one town up to a week, as in Q2, and returns `None`, or the name of the signal on which you alarm. `oe` comes
# 22 weeks late, as in life. In these years the model only looks on, so none of its calls has touched `oe`. Once it calls, the end of visits that reads 1.69
# here reads 1.27, and only the hold-out of all towns can tell. One town's hold-out has some 20 returns in half a year, too few to rely on.
#
# It lives through twelve years: a unit, a renamed code, a typo (three weeks are allowed), home visits that end (45), a new analyser and
# quiet years (nobody is to be called). Practise on the first town.

# %%
rehearsal = given(8).rehearsal(hospital)
rehearsal["unit at one site"].iloc[22:30].round(2)

# %%
given(8).ON_TIME

# %%
def watch(so_far):
    ### STARTER return ...  # None, or the name of a signal
    ### BEGIN SOLUTION
    week = so_far.iloc[-1]
    if week.creatinine_eastbank > 10:
        return "creatinine_eastbank"
    if week.no_sodium > 60:
        return "no_sodium"
    if week.flagged > 75:
        return "flagged"
    return "oe" if week.oe > 1.35 else None
    ### END SOLUTION

# %%
check("W08.Q6", watch)

# %% [markdown] tags=["solution"]
# Four limits, none of them a p-value: the first three from what can be, the last from what a town can bear. The tempting alternative takes three standard deviations of
# everything, and calls for the new analyser first of all.

# %%
# hint("W08.Q6")

# %% [markdown]
# ## What to bring to the group
#
# Your memo, and the alarm of which you were surest and wrong.

# %%
check_all(8)
