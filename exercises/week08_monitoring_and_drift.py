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

# %% nbgrader={"grade": false, "grade_id": "w08-q1", "locked": false, "schema_version": 3, "solution": true}
def alarms(signals):
    return ...  # one True or False for each week

# %% nbgrader={"grade": true, "grade_id": "w08-q1-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W08.Q1", alarms)

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

# %% nbgrader={"grade": false, "grade_id": "w08-q2", "locked": false, "schema_version": 3, "solution": true}
diagnosis = ...  # {"A": ("the model has worn out", "score"), …}

# %% nbgrader={"grade": true, "grade_id": "w08-q2-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W08.Q2", diagnosis)

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

# %% nbgrader={"grade": false, "grade_id": "w08-q3", "locked": false, "schema_version": 3, "solution": true}
def performance(year):
    return ...  # {"n": …, "events": …, "oe": …, "oe_low": …, "oe_high": …, "auroc": …, …}

# %% nbgrader={"grade": true, "grade_id": "w08-q3-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W08.Q3", performance)

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

# %% nbgrader={"grade": false, "grade_id": "w08-q4", "locked": false, "schema_version": 3, "solution": true}
decisions = ...  # {1: ("leave", "model owner"), …}

# %% nbgrader={"grade": true, "grade_id": "w08-q4-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W08.Q4", decisions)

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

# %% nbgrader={"grade": false, "grade_id": "w08-q5", "locked": false, "schema_version": 3, "solution": true}
def psi(reference, current):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w08-q5-check", "locked": true, "points": 0, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W08.Q5", psi)

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

# %% nbgrader={"grade": false, "grade_id": "w08-q6", "locked": false, "schema_version": 3, "solution": true}
def watch(so_far):
    return ...  # None, or the name of a signal

# %% nbgrader={"grade": true, "grade_id": "w08-q6-check", "locked": true, "points": 0, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W08.Q6", watch)

# %%
# hint("W08.Q6")

# %% [markdown]
# ## What to bring to the group
#
# Your memo, and the alarm of which you were surest and wrong.

# %%
check_all(8)
