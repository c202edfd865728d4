# %% [markdown]
# # Lesson 1: what to watch
#
# *About 45 minutes (an estimate). You have done weeks 1 to 7. Words are in the [glossary](../glossary.md).*
#
# The readmission model says who is called after discharge, in three towns. Monday, 07:40, a mail: *drift, haemoglobin, PSI 0.43,
# p < 1e-9*. **The alarm fires. Retrain, recalibrate, roll back, or leave it alone?** If you stop a sound model, nobody is
# called who needs it. If you shrug once too often, nobody looks when the town has changed. This lesson is about what an
# alarm can know.
#
# You will be able to
#
# - compute a PSI and a KS distance by hand, and say what a p-value is of (M25; Q5);
# - say what forty tests a week cost, and keep a promise about false alarms (M24; Q1);
# - put a contract, a chart of one output, and settled outcomes in their places (Q2);
# - show a change that harms and that no test of inputs sees, and one that screams and harms nobody (Q2, Q4).
#
# ## 1. Six years
#
# *About 9 min · 9 min so far*
#
# First two guesses, before any table:

# %%
import numpy as np
import pandas as pd
import pandera.pandas as pa
from scipy.stats import ks_2samp
from wardround import claim, given, keep, load, predict, quiz, reveal
from wardround.evaluation import auroc_value, figure, lines

display(predict("W08.P1"), predict("W08.P3"))
display(predict("W08.P1", ..., ...), predict("W08.P3", ..., ...))

# %%
hospital, week = load(), given(8)
told = week.versions(hospital)  # the first time it makes two years: ten seconds or more
quiet = told["quiet"]
before, year = quiet[quiet.week < 0], quiet[quiet.week >= 0]
claim((len(before), len(year)), exactly=(14391, 14743))
claim((round(before.groupby("week").size().mean()), year.town.nunique()), exactly=(277, 3))
{"discharges of 2024": len(before), "of 2025": len(year), "towns": year.town.nunique()}

# %% [markdown]
# You see 2024, which was good, and six accounts of 2025. In each, the inputs and the score of 2025 were compared with those of
# 2024 by the *population stability index*, PSI: 0 says alike; a common rule calls .1 a shift and .25 a large one. Beside it the p-value of a
# Kolmogorov-Smirnov test. Both are opened in section 2. No outcome is shown, as on any Monday.

# %%
NUMBERS = ["age", "los_days", "haemoglobin", "sodium", "albumin", "creatinine", "urea", "leukocytes", "glucose"]
umol = year.creatinine.where(year.site != "eastbank", 88.4 * year.creatinine)
ends, calls = (told[name][lambda rows: rows.week >= 0] for name in ("home visits end", "the model calls"))
lived = {
    "a new analyser reads haemoglobin 0.8 g/dL higher": (year.assign(haemoglobin=year.haemoglobin + 0.8), "score_offset"),
    "a service of home visits ends": (ends, "score"),
    "Eastbank sends creatinine in µmol/L": (year.assign(creatinine=umol), "score_unit"),
    "nothing happens": (year, "score"),
    "sodium comes under a code that nobody maps": (year.assign(sodium=np.nan), "score_renamed"),
    "the model says who is called": (calls, "score"),
}


# %%
def psi_of(old, new):
    cuts = np.quantile(old, np.arange(0.1, 1, 0.1))  # tenths of the year before
    a, b = (np.bincount(np.searchsorted(cuts, one, side="right"), minlength=10) / len(one) for one in (old, new))
    return ((b - a) * np.log(b / a)).sum()


def compared(rows, score):
    apart = {name: psi_of(before[name].dropna(), rows[name].dropna()) for name in NUMBERS if rows[name].notna().any()}
    most = max(apart, key=apart.get)
    p = ks_2samp(before[most].dropna(), rows[most].dropna(), method="asymp").pvalue
    return psi_of(before.score, rows[score]), most, apart[most], p


columns = ["PSI of the score", "input with the largest PSI", "its PSI", "its p"]
seen = pd.DataFrame([compared(*one) for one in lived.values()], ["I", "II", "III", "IV", "V", "VI"], columns)
claim(seen.iloc[:, 0].round(3).tolist(), exactly=[0.013, 0.002, 0.501, 0.002, 0.005, 0.004])
seen.style.format({columns[0]: "{:.3f}", columns[2]: "{:.3f}", columns[3]: "{:.1g}"})

# %% [markdown]
# In V the list of inputs was one shorter: sodium has no value left, and an index of nothing is nothing. In which of the six would you get up? Write for each: retrain,
# recalibrate, roll back, mend the feed, or leave. Section 6 tells what they were.

# %%
mine = ...  # {"I": "leave", "II": "…", "III": "…", "IV": "…", "V": "…", "VI": "…"}
keep("w08_six_years", mine)

# %% [markdown]
# ## Before you go on
#
# *About 4 min · 13 min so far*
#
# Five questions on weeks 2 to 7. Then R6 and R7: with R6 right, sections 2 and 3 need only be run; with R7, section 6. (R8 opens lesson 2.)

# %%
for n in range(1, 6):
    display(quiz(f"W08.R{n}"))

# %%
quiz("W08.R1", ...)

# %%
for n in (6, 7):
    display(quiz(f"W08.R{n}"))

# %% [markdown]
# ## 2. A distance, and a p-value
#
# *About 9 min · 22 min so far*
#
# One town, one week: 91 haemoglobins of the first week of February, when nothing had happened, against 3,841 of 2024. PSI cuts both into the
# same bins, takes the difference of shares times the logarithm of their ratio, and adds up:

# %%
old = before.haemoglobin[before.town == 0].dropna()
new = year.haemoglobin[(year.town == 0) & (year.week == 5)].dropna()
bins = [0, 12, 13, 14, 15, np.inf]
shares = pd.DataFrame({name: pd.cut(one, bins, right=False).value_counts(sort=False, normalize=True) for name, one in {"2024": old, "this week": new}.items()})
shares["adds"] = (shares["this week"] - shares["2024"]) * np.log(shares["this week"] / shares["2024"])
claim((len(new), len(old), round(shares.adds.sum(), 3)), exactly=(91, 3841, 0.047))
shares.round(3)

# %% [markdown]
# KS takes no bins: order all values, and look for the place where the two shares *below* lie furthest apart. And is that far? Throw all values
# into one bowl, draw 91, measure again, a thousand times. **The share of draws at least as far apart is the p-value**: how often chance alone does
# this, with so many rows, if nothing has changed.

# %%
def gap(one, other):
    places = np.sort(np.concatenate([one, other]))
    below = [np.searchsorted(np.sort(values), places, side="right") / len(values) for values in (one, other)]
    return abs(below[0] - below[1]).max()


dice, bowl, here = np.random.default_rng(8), np.concatenate([old, new]), gap(old, new)
shuffled = (dice.permutation(bowl) for _ in range(1000))
by_chance = np.array([gap(one[len(new) :], one[: len(new)]) for one in shuffled])
{"gap": round(here, 3), "as far by chance": (by_chance >= here - 1e-9).mean(), "SciPy's p": round(ks_2samp(old, new, method="asymp").pvalue, 2)}
