# %% [markdown]
# # Lesson 1: what to watch
#
# *About 43 minutes (an estimate). You have done weeks 1 to 7. Words are in the [glossary](../glossary.md).*
#
# The readmission model says who is called after discharge, in three towns. Monday, 07:40, a mail: *drift, haemoglobin, PSI 0.11,
# p < 1e-9*. **The alarm fires. Retrain, recalibrate, roll back, or leave it alone?** If you stop a sound model, nobody is
# called who needs it. If you shrug too often, nobody looks when the town has changed. This lesson is about what an
# alarm can know.
#
# You will be able to
#
# - compute a PSI and a KS distance by hand, and say of what a p-value is the probability (M25; Q5);
# - say what forty tests a week cost, and keep a promise about false alarms (M24; Q1);
# - put a contract, a chart of one output, and settled outcomes in their places (Q2);
# - show a harm that no test of inputs sees, and a loud alarm for a change that costs little (Q2, Q4).
#
# ## 1. Six years
#
# *About 12 min · 12 min so far*
#
# You see 2024, which was good, and six accounts of 2025. Two guesses come before any table:

# %%
import numpy as np
import pandas as pd
from scipy.stats import ks_2samp
from wardround import claim, given, keep, load, predict, quiz, reveal
from wardround.evaluation import auroc_value, figure

hospital, week = load(), given(8)
lesson = week.lessons()
told = week.versions(hospital)  # takes ten seconds or more the first time
quiet = told["quiet"]
before, year = quiet[quiet.week < 0], quiet[quiet.week >= 0]
claim((len(before), len(year), year.town.nunique()), exactly=(14391, 14743, 3))
{"discharges of 2024": len(before), "of 2025": len(year), "towns": year.town.nunique()}

# %%
display(predict("W08.P1"), predict("W08.P3"))
display(predict("W08.P1", ..., ...), predict("W08.P3", ..., ...))

# %% [markdown]
# For each account we compare inputs and score of 2025 with those of 2024. The *population stability index*, PSI, is 0 where two
# columns are alike; one vendor's manual calls .1 a noticeable shift and more than .25 a major one [psi-bands](#Sources). Beside it stands the p-value of a
# Kolmogorov-Smirnov test. Section 2 opens both. No outcome is shown, as on any Monday.

# %%
NUMBERS = ["age", "los_days", "haemoglobin", "sodium", "albumin", "creatinine", "urea", "leukocytes", "glucose"]
higher = year.assign(haemoglobin=year.haemoglobin + 0.4)
umol = year.creatinine.where(year.site != "eastbank", 88.4 * year.creatinine)
ends = told["home visits end"].query("week >= 0")
calls = told["the model calls"].query("week >= 0")
lived = {
    "a new analyser: haemoglobin 0.4 g/dL higher": (higher, "score_offset"),
    "a service of home visits ends": (ends, "score"),
    "Eastbank sends creatinine in µmol/L": (year.assign(creatinine=umol), "score_unit"),
    "nothing happens": (year, "score"),
    "sodium comes under a code that nobody maps": (year.assign(sodium=np.nan), "score_renamed"),
    "the model says who is called": (calls, "score"),
}


# %%
def psi_of(old, new):
    cuts = np.quantile(old, np.arange(0.1, 1, 0.1))  # tenths of the year before
    share = lambda one: np.bincount(np.searchsorted(cuts, one, side="right"), minlength=10) / len(one)
    a, b = share(old), share(new)
    return ((b - a) * np.log(b / a)).sum()


def compared(rows, score):
    there = [name for name in NUMBERS if rows[name].notna().any()]
    apart = {name: psi_of(before[name].dropna(), rows[name].dropna()) for name in there}
    most = max(apart, key=apart.get)
    p = ks_2samp(before[most].dropna(), rows[most].dropna(), method="asymp").pvalue
    return psi_of(before.score, rows[score]), most, apart[most], p


# %%
columns = ["PSI of the score", "input with the largest PSI", "its PSI", "its p"]
names = pd.Series(list(lived)).sample(frac=1, random_state=5).set_axis(["I", "II", "III", "IV", "V", "VI"])
seen = pd.DataFrame([compared(*lived[name]) for name in names], names.index, columns)
claim(seen.iloc[:, 0].round(3).tolist(), exactly=[0.004, 0.501, 0.005, 0.002, 0.006, 0.002])
claim((round(seen.loc["V", columns[2]], 2), seen.loc["V", columns[3]] < 1e-9), exactly=(0.11, True))  # the mail
seen.style.format({columns[3]: lambda p: f"{p:.1f}" if p > 1e-9 else "< 1e-9"}, precision=3)

# %% [markdown]
# The code above names the six; which of them is line I, and which II to VI, was drawn by lot. (Where sodium has no value left
# it has no PSI, and the line shows the largest of the others.) Write for each line: retrain, recalibrate, roll back, mend the
# feed, or leave. Section 6 has the answer. (A `claim` stops its cell if a figure of our text no longer holds; read past it.)

# %%
mine = ...  # {"I": "leave", "II": "…", "III": "…", "IV": "…", "V": "…", "VI": "…"}
keep("w08_six_years", mine)

# %% [markdown]
# ## Before you go on
#
# *About 3 min · 15 min so far*
#
# R1 to R5 ask about weeks 2 to 7. With R6 right, sections 2 and 3 need only be run; with R7, section 6. (R8 waits in lesson 2.)

# %%
for n in range(1, 6):
    display(quiz(f"W08.R{n}"))

# %%
for n in (6, 7):
    display(quiz(f"W08.R{n}"))

# %% [markdown]
# ## 2. A distance, and a p-value
#
# *About 8 min · 23 min so far*
#
# One town, one quiet week of February: 91 haemoglobins, against 3,841 of 2024. PSI cuts both into the
# same bins, takes the difference of shares times the logarithm of their ratio, and adds up:

# %%
old, new = (rows.haemoglobin[rows.town == 0].dropna() for rows in (before, year[year.week == 5]))
share = lambda one: pd.cut(one, [0, 12, 13, 14, 15, 99], right=False).value_counts(sort=False, normalize=True)
shares = pd.DataFrame({"2024": share(old), "this week": share(new)})
shares["adds"] = (shares["this week"] - shares["2024"]) * np.log(shares["this week"] / shares["2024"])
claim((len(new), len(old), round(shares.adds.sum(), 3)), exactly=(91, 3841, 0.047))
shares.round(3)

# %% [markdown]
# KS takes no bins: order all values, and find the place where the two shares *below* lie furthest apart. Is that far? Throw all values
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
as_far, scipys = (by_chance >= here - 1e-9).mean(), ks_2samp(old, new, method="asymp").pvalue
claim((round(4 * (1 / 91 + 1 / 3841), 3), round(1000 * as_far), round(scipys, 3)), exactly=(0.045, 44, 0.075))
pd.Series({"gap": here, "as far by chance": as_far, "SciPy's p": scipys}).round(3).to_frame("haemoglobin")

# %% [markdown]
# The PSI is 0.047, and about (bins − 1)(1/n₁ + 1/n₂) = 4 × (1/91 + 1/3,841) = 0.045 comes from chance alone: *an index has no limit
# without its n*. Of a thousand shuffles 44 lay as far apart: "p < .05" for a week in which nothing happened. (SciPy says 0.075: its
# formula assumes that no two values are equal; haemoglobins with one decimal often are.) What if haemoglobin really
# shifts? We draw two samples of the same size, one of them shifted, 30 to 200 times:

# %%
values, sd = before.haemoglobin.dropna().to_numpy(), before.haemoglobin.std()


def drawn(n):
    return dice.choice(values, n) + dice.uniform(-0.05, 0.05, n)  # one decimal, spread out again


def share_below(n, shift, times):
    ps = [ks_2samp(drawn(n), drawn(n) + shift, method="asymp").pvalue for _ in range(times)]
    return 100 * np.mean(np.array(ps) < 0.001)


times_of = {95: 200, 300: 200, 1000: 100, 5000: 50, 20000: 30, 50000: 30}
of_100 = pd.DataFrame(index=list(times_of))
for shift in (0.05 * sd, 0.3 * sd):
    of_100[f"{shift:.2f} g/dL"] = [share_below(n, shift, times) for n, times in times_of.items()]


# %%
claim((of_100.iloc[-1, 0] >= 90, of_100.iloc[0, 1] <= 10, of_100.iloc[2, 1] >= 90), exactly=(True, True, True))
says = "A shift of 0.06 g/dL, less than the last digit of a report, has p below .001 "
says += "in nine samples of ten of 50,000; a shift six times as large has it in at most one of ten of 95."
figure(lesson.drawing("rows_decide", of_100), says=says, table=of_100.rename_axis("rows").round(), size=(7, 3.2))

# %% [markdown]
# **A p-value mixes how far with how many** (M25). On many rows p < .001 says that there are many rows; on a week's 95, silence says
# hardly anything. So first say which shift would matter to a decision, then ask at which n it is seen.
#
# ## 3. Forty tests a week
#
# *About 4 min · 27 min so far*
#
# Forty inputs, one town, each week against 2024; twenty quarters drawn from the weeks of a quiet year:

# %%
quarters = pd.concat(week.quiet_quarters(hospital), keys=range(20), names=["quarter", "row"]).reset_index(0)
rings = quarters.groupby(["quarter", "week"]).p.min() < 0.05
claim((len(rings), round(100 * rings.mean())), exactly=(260, 79))
psi = quarters.groupby("input")[["n", "psi"]].mean().loc[["age", "creatinine", "haemoglobin", "albumin"]]
psi["by chance"] = 9 * (1 / psi.n + 1 / before.loc[before.town == 0, psi.index].count())
psi.round({"n": 0, "psi": 2, "by chance": 2})

# %%
display(reveal("W08.P1"))
one = quarters[quarters.quarter == 1]
low = one[one.p < 0.05]
claim((len(low), low.week.nunique()), exactly=(18, 10))
says = (
    "In a quarter in which nothing happened 18 of 520 tests have p below .05, and 10 of 13 weeks have at "
    "least one."
)
which = low.groupby("week").input.agg(", ".join).to_frame("inputs with p < .05")
figure(lesson.drawing("quarter", one), says=says, table=which, size=(7, 3.2))

# %% [markdown]
# Of 100 quiet weeks 79 ring: 41 a year, in one town. (Independent tests would give 87; inputs hang together, and tests
# of tied values are careful.) At two hours each, our assumption, that is two weeks for nothing. Whoever switches the model off
# for a week after each alarm makes one call where five were due (M24). "The usual limit" of PSI is no way out: a week's PSI
# is .1 and more by chance, larger where bins are nearly empty (albumin).
#
# A rule belongs to all its tests: *how often may it ring for nothing in a quarter, and what must it still see?* **Now Q1**
# (11 minutes).
#
# ## 4. At the door, and on a chart
#
# *About 6 min · 33 min so far*
#
# On 30 June 2025 Eastbank starts sending creatinine in µmol/L, 88.4 times the number. A contract (week 7), and the
# drift test:

# %%
import pandera.pandas as pa

contract = pa.DataFrameSchema({"creatinine": pa.Column(float, pa.Check.in_range(0.1, 20), nullable=True)})
contract.validate(before)  # 14,391 stays, and no word
since = year.assign(creatinine=umol).query("week == 26 and town == 0").sort_values("discharged_at")
try:
    contract.validate(since, lazy=True)
except pa.errors.SchemaErrors as refused:
    rows = since.loc[refused.failure_cases["index"]]
first = since[(since.site == "eastbank") & since.creatinine.notna()].discharged_at.iloc[0]
test = ks_2samp(before.creatinine[before.town == 0].dropna(), since.creatinine.dropna(), method="asymp").pvalue
claim((len(rows), first == rows.discharged_at.min(), test < 1e-9), exactly=(26, True, True))
here = rows.discharged_at.min().tz_convert("America/New_York")
{"first refused": f"{here:%d %B, %H:%M}", "refused in the week": len(rows), "p, a week later": f"{test:.0e}"}

# %% [markdown]
# The contract names column and value at Eastbank's first creatinine, and refuses 26 rows that week. The test says a week later
# that creatinine differs, not why. Without a contract the model scores on. A *control chart* watches an output, here the share of
# those going home who are *flagged*, at 0.12 or more; its limits are 2024's share ± three standard errors, √(p(1 − p)/n):

# %%
def chart(site):
    rows = quiet[quiet.home & (quiet.town == 0) & quiet.site.isin(site)]
    score = rows.score.where(rows.week < 26, rows.score_unit)
    usual = (rows.score[rows.week < 0] >= week.THRESHOLD).mean()
    weekly = (score >= week.THRESHOLD)[rows.week >= 0].groupby(rows.week).agg(["mean", "size"])
    error = 3 * np.sqrt(usual * (1 - usual) / weekly["size"])
    return 100 * pd.DataFrame({"flagged": weekly["mean"], "low": (usual - error).clip(0), "high": usual + error})


charts = {"both sites": chart(["quillmere", "eastbank"]), "Eastbank alone": chart(["eastbank"])}
out, share = {}, {}
for name, one in charts.items():
    out[name] = one.index[(one.flagged < one.low) | (one.flagged > one.high)]
    share[name] = one.flagged.groupby(one.index >= 26).mean().round(1).tolist()
claim([out[name].min() for name in charts] + [len(out[name]) for name in charts], exactly=[26, 26, 7, 19])
claim([round(one) for name in charts for one in share[name]], exactly=[36, 22, 30, 3])
pd.DataFrame(share, ["weeks 0 to 25", "weeks 26 to 51"]).T


# %%
says = "At Eastbank alone the flagged share falls from 30 of 100 to 3 "
says += "and lies below its limit in 19 of 26 weeks; with both sites together in 7."
table = pd.concat(charts, axis=1).round(0)
figure(lesson.drawing("control", charts), says=says, table=table, size=(7.6, 3.2), grid=(1, 2))

# %% [markdown]
# Here the unit *lowers* scores, as creatinine's weight happens to be just below zero (our guess: urea carries the risk).
# Just above zero, the same fault fills the list (lesson 2): the direction is luck. Nobody complains about a short
# list: who is missing does not know it. A chart for each site rings at once and in most weeks; both
# sites together dilute the fault.
#
# A contract passes what is possible, such as a haemoglobin higher by 0.4. A missing value breaks no
# range: write down how many may be missing.
#
# ## 5. Outcomes come late
#
# *About 4 min · 37 min so far*
#
# Inputs are known at once, outputs at 08:00. An outcome takes thirty days, and a return to another hospital is known when its
# payer tells. The quiet year, returns over promised (O/E), as it stood on three mornings, and as it was in the end:

# %%
promised = year.set_index("stay")
month = promised.discharged_at.dt.tz_convert("America/New_York").dt.strftime("%Y-%m")
mornings = {}
for day in ("2025-07-01", "2025-10-01", "2026-01-01"):
    moment = pd.Timestamp(day, tz="America/New_York")
    there = (promised.discharged_at < moment) & (month >= "2025")
    known = week.known_by(hospital, moment).reindex(promised.index)[there]
    mornings[f"on {moment:%-d %b}"] = known.groupby(month).sum() / promised.score[there].groupby(month).sum()
mornings["in the end"] = promised.back.groupby(month).sum() / promised.score.groupby(month).sum()
late = pd.DataFrame(mornings).loc["2025-01":"2025-12"]
late.tail(6).round(2)


# %%
claim([round(one.dropna().iloc[-1], 2) for _, one in late.items()], exactly=[0.47, 0.53, 0.51, 1.11])
claim((late["on 1 Jan"].iloc[-3:].max() < 0.8, late["in the end"].iloc[[5, 8]].round(2).tolist()),
    exactly=(True, [1.12, 1.07]))
says = "Whenever one looks, the last month stands at half of what was promised, where 1.1 comes in the end, "
says += "and the months before it stand too low as well."
figure(lesson.drawing("bends", late), says=says, table=late.round(2), size=(7, 3.2))

# %% [markdown]
# **The last weeks always look good.** Each morning the newest month stands at 0.5, and comes out at 1.1. On 1 January three months in a row
# lie below 0.8. Whoever charts that reports a success, or an alarm; neither has happened. So a chart of outcomes says how many are settled:
# here, 150 days after discharge (30 to watch, 120 for the payers). The price of a true figure is that it is five months old.
#
# ## 6. The table that teaches
#
# *About 6 min · 43 min so far*
#
# Now the six years get their names, the share of those going home who are on the list (the flagged), and what came of them when all outcomes were in:

# %%
came = {}
for line, (rows, score) in names.map(lived).items():
    listed = 100 * (rows[score][rows.home] >= week.THRESHOLD).mean()
    area = f"{auroc_value(rows.back, rows[score]):.3f}"
    came[line] = listed, 1000 * rows.back.mean(), rows.back.sum() / rows[score].sum(), area
came = pd.DataFrame(came, ["listed of 100", "back of 1,000", "O/E", "AUROC"]).T.infer_objects()
claim(came["O/E"].round(2).tolist(), exactly=[0.81, 1.45, 1.01, 1.69, 1.03, 1.0])
claim(came.iloc[3:, :2].round().to_numpy().tolist(), exactly=[[35, 194], [33, 116], [35, 116]])
claim((seen.loc["IV"].equals(seen.loc["VI"]), *came.AUROC[4:]), exactly=(True, "0.679", "0.679"))
came.loc["I", "AUROC"] = "lesson 2"
psi = seen.iloc[:, [0, 2]].set_axis(["PSI score", "largest PSI of an input"], axis=1)
table = names.to_frame("year").join(psi).join(came)
table = table.sort_values("largest PSI of an input", ascending=False, kind="stable")
table.style.format({"listed of 100": "{:.0f}", "back of 1,000": "{:.0f}", "O/E": "{:.2f}"}, precision=3)

# %%
display(reveal("W08.P3"))
lost = calls[calls.called & (calls.score_offset < week.THRESHOLD)].join(week.known_risk(hospital), on="stay")
claim((len(lost), round((lost.p0 - lost.p1).sum())), exactly=(182, 14))
says = "The new analyser moves an input by a PSI of 0.11, and returns stay near what was promised; "
says += "when home visits end no input moves, and returns are 1.69 times what was promised."
figure(lesson.drawing("loud", table), says=says, table=table.round(3), size=(9, 3), grid=(1, 2))

# %% [markdown]
# Compare with what you wrote. **V rings, and costs little**: order as before (0.679), O/E 1.03. The list loses 2 of its
# 35 of 100, just above the threshold: while the model calls, 182 calls and some 14 returns a year in three towns. Write it down; move the
# level if outcomes ask for it. **IV and VI are the same line, to the last digit**: the same patients, the same scores. In VI
# nothing happened; in IV 194 of 1,000 returned instead of 116. No PSI, KS or p tells them apart. II
# harms; a contract had it at the first row. In I fewer came back than promised: decay, or success? Lesson 2.
#
# *A drift test sees change, not harm. Only outcomes see harm, months later.* (A real town would show IV in time, a
# little: each return is one more earlier stay. We left that out.)

# %%
layers = {"contract at the door": ("at each row", "unit, range, missing", "what is possible and wrong")}
layers["inputs against last year"] = ("after a week", "that something changed", "whether it matters")
layers["outputs: scores, lists, by site"] = ("next morning", "a list gone short or long", "whether it is right")
layers["outcomes, settled"] = ("after five months", "harm", "its cause; what calls prevent (lesson 2)")
pd.DataFrame(layers, ["known", "sees", "does not see"]).T

# %% [markdown]
# ## What you have now
#
# - Four layers: door, inputs, outputs, outcomes. None stands in for another.
# - An index has no limit without its n, and a p-value mixes how far with how many.
# - Forty tests at .05 ring in four quiet weeks of five. Promise false alarms for a quarter, and a shift that is seen.
# - The last weeks always look good: act on settled outcomes.
# - No alarm does not mean fine (M25); an alarm does not mean retrain, or stop (M24).
#
# **Now lesson 2**, and Q1 if you have not done it; Q5 (+) goes on with PSI where it is awkward.
#
# ## Sources
#
# - **psi-bands**: A cloud vendor's manual reads a PSI below 0.1 as no significant change, 0.1 to 0.25 as a noticeable one, above 0.25 as a major one. Alibaba Cloud, Platform for AI, "Population stability index (PSI)", as updated on 6 March 2026, excerpt of a stored copy read.
