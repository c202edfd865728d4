# %% [markdown]
# # Lesson 1: what to watch
#
# *About 46 minutes (an estimate). You have done weeks 1 to 7. Words are in the [glossary](../glossary.md).*
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
told = week.versions(hospital)  # the first time it makes two years: ten seconds or more
quiet = told["quiet"]
before, year = quiet[quiet.week < 0], quiet[quiet.week >= 0]
claim((len(before), len(year), year.town.nunique()), exactly=(14391, 14743, 3))
{"discharges of 2024": len(before), "of 2025": len(year), "towns": year.town.nunique()}

# %%
display(predict("W08.P1"), predict("W08.P3"))
display(predict("W08.P1", ..., ...), predict("W08.P3", ..., ...))

# %% [markdown]
# In each account, the inputs and the score of 2025 were compared with those of 2024 by the *population stability index*, PSI: 0 says alike; a common rule calls .1 a shift and .25 a large one. Beside it the p-value of a
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


# %%
columns = ["PSI of the score", "input with the largest PSI", "its PSI", "its p"]
names = pd.Series(list(lived)).sample(frac=1, random_state=5).set_axis(["I", "II", "III", "IV", "V", "VI"])  # drawn
seen = pd.DataFrame([compared(*lived[name]) for name in names], names.index, columns)
claim(seen.iloc[:, 0].round(3).tolist(), exactly=[0.004, 0.501, 0.005, 0.002, 0.013, 0.002])
seen.style.format({columns[0]: "{:.3f}", columns[2]: "{:.3f}", columns[3]: lambda p: f"{p:.1f}" if p > 1e-9 else "< 1e-9"})

# %% [markdown]
# What the six are stands in the code above; which line is which was drawn. (Where sodium has no value left, it has no index
# either, and its line shows the largest of the others.) Write for each line: retrain, recalibrate, roll back, mend the feed, or leave. Section
# 6 has the answer.

# %%
mine = ...  # {"I": "leave", "II": "…", "III": "…", "IV": "…", "V": "…", "VI": "…"}
keep("w08_six_years", mine)

# %% [markdown]
# ## Before you go on
#
# *About 4 min · 16 min so far*
#
# Five questions on weeks 2 to 7. Then R6 and R7: with R6 right, sections 2 and 3 need only be run; with R7, section 6. (R8 waits in lesson 2.)

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
# *About 9 min · 25 min so far*
#
# One town, one week: 91 haemoglobins of the first week of February, when nothing had happened, against 3,841 of 2024. PSI cuts both into the
# same bins, takes the difference of shares times the logarithm of their ratio, and adds up:

# %%
old, new = (rows.haemoglobin[rows.town == 0].dropna() for rows in (before, year[year.week == 5]))
cut = lambda values: pd.cut(values, [0, 12, 13, 14, 15, np.inf], right=False).value_counts(sort=False, normalize=True)
shares = pd.DataFrame({"2024": cut(old), "this week": cut(new)})
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
claim((round(4 * (1 / 91 + 1 / 3841), 3), round(1000 * (by_chance >= here - 1e-9).mean())), exactly=(0.045, 44))
{"gap": round(here, 3), "as far by chance": (by_chance >= here - 1e-9).mean(), "SciPy's p": round(ks_2samp(old, new, method="asymp").pvalue, 2)}

# %% [markdown]
# The PSI is 0.047, and about (bins − 1)(1/n₁ + 1/n₂) = 4 × (1/91 + 1/3,841) = 0.045 comes from chance alone: *an index has no limit
# without its n*. Of a thousand shuffles 44 lay as far apart: "p < .05" for a week in which nothing happened. (SciPy's formula does
# not know that many values are equal, and is a little more careful.) What if haemoglobin really shifts? Two samples of
# the same size, one of them shifted, drawn 30 to 200 times:

# %%
values, sd = before.haemoglobin.dropna().to_numpy(), before.haemoglobin.std()
def small(n, shift, times):
    draw = lambda: dice.choice(values, n) + dice.uniform(-0.05, 0.05, n)  # its one decimal, spread out again
    return 100 * np.mean([ks_2samp(draw(), draw() + shift, method="asymp").pvalue < 0.001 for _ in range(times)])
sizes = {95: 200, 300: 200, 1000: 100, 5000: 50, 20000: 30, 50000: 30}
of_100 = pd.DataFrame({f"{part * sd:.2f} g/dL": [small(n, part * sd, times) for n, times in sizes.items()] for part in (0.05, 0.3)}, list(sizes))


# %%
def rows_decide(axes):
    for (name, one), style, place in zip(of_100.items(), ("o-", "^--"), ((12000, 30), (640, 55)), strict=True):
        axes.annotate(name, place, color=axes.plot(one, style)[0].get_color())
    axes.set(xscale="log", xlabel="rows in each sample", ylabel="of 100, p < .001", ylim=(-4, 108), xticks=list(sizes), xticklabels=[f"{n:,}" for n in sizes])


claim((of_100.iloc[-1, 0] >= 90, of_100.iloc[0, 1] <= 10, of_100.iloc[2, 1] >= 90), exactly=(True, True, True))
figure(rows_decide, says="A shift of 0.06 g/dL, less than the last digit of a report, has p below .001 in nine samples of ten of 50,000; a shift six times as large has it in at most one of ten samples of 95.", table=of_100.rename_axis("rows").round(), size=(7, 3.2))

# %% [markdown]
# **A p-value mixes how far with how many** (M25). On many rows p < .001 says that there are many rows; on a week's 95, silence says
# hardly anything. So first say which shift would matter to a decision, then ask at which n it is seen.
#
# ## 3. Forty tests a week
#
# *About 4 min · 29 min so far*
#
# Forty inputs, one town, each week against 2024; twenty quarters in which nothing happened:

# %%
quarters = pd.concat(week.quiet_quarters(hospital), keys=range(20), names=["quarter", "row"])
rings = quarters.p.lt(0.05).groupby([quarters.index.get_level_values("quarter"), quarters.week]).any()
by_input = quarters.groupby("input")[["n", "psi"]].mean().loc[["age", "creatinine", "haemoglobin", "albumin"]]
by_input["9 (1/n + 1/n of 2024)"] = 9 * (1 / by_input.n + [1 / before.loc[before.town == 0, name].count() for name in by_input.index])
claim((len(rings), round(100 * rings.mean())), exactly=(260, 79))
by_input.round({"n": 0, "psi": 2, "9 (1/n + 1/n of 2024)": 2})

# %%
display(reveal("W08.P1"))
one = quarters.loc[1]
low = one.p < 0.05


def quarter(axes):
    axes.plot(one.week[~low] + 1, one.p[~low], "o", color="#0072B2", linestyle="", markersize=3)
    axes.plot(one.week[low] + 1, one.p[low], "^", color="#D55E00", linestyle="", markersize=6)
    axes.axhline(0.05, color="#5F5F5F", linestyle=":", linewidth=1, marker="")
    axes.set(xlabel="week of a quarter in which nothing happened", ylabel="p of each of forty inputs", yscale="log", xticks=range(1, 14))


claim((int(low.sum()), int(low.groupby(one.week).any().sum())), exactly=(18, 10))
says = "In a quarter in which nothing happened 18 of 520 tests have p below .05, and 10 of 13 weeks have at least one."
figure(quarter, says=says, table=one[low].groupby("week").input.agg(", ".join).to_frame("inputs with p < .05"), size=(7, 3.2))

# %% [markdown]
# Of 100 quiet weeks 79 ring: 41 a year, in one town. At two hours each (our assumption) that is two weeks of work, to find
# nothing; by March nobody opens the mail. Whoever switches off for a week at each alarm drops four calls of five (M24). PSI
# with "the usual limit" is no way out: a week's PSI of ten bins is .1 and more by chance.
#
# A rule belongs to all its tests: *how often may it ring for nothing in a quarter, and what must it still see?* **Now Q1 in the
# exercise** (11 minutes).
#
# ## 4. At the door, and on a chart
#
# *About 7 min · 36 min so far*
#
# On Monday, 30 June 2025, Eastbank's laboratory begins to send creatinine in µmol/L, 88.4 times the number. A contract (week 7), and the
# drift test when the week is over:

# %%
import pandera.pandas as pa

contract = pa.DataFrameSchema({"creatinine": pa.Column(float, pa.Check.in_range(0.1, 15), nullable=True)})
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
# The contract names column and value at Eastbank's first creatinine; 26 rows are refused that week. The test says a week later that creatinine differs,
# not why. Without a contract the model scores on. What does that look like on a *control chart*? An output, the share of those going home who are flagged;
# the limits are 2024's share, give or take three standard errors, √(p(1 − p)/n):

# %%
def chart(site):
    rows = quiet[quiet.home & (quiet.town == 0) & quiet.site.isin(site)]
    score = rows.score.where(rows.week < 26, rows.score_unit)
    usual = (rows.score[rows.week < 0] >= week.THRESHOLD).mean()
    weekly = (score >= week.THRESHOLD)[rows.week >= 0].groupby(rows.week).agg(["mean", "size"])
    error = 3 * np.sqrt(usual * (1 - usual) / weekly["size"])
    return 100 * pd.DataFrame({"flagged": weekly["mean"], "low": (usual - error).clip(0), "high": usual + error})


charts = {"both sites": chart(["quillmere", "eastbank"]), "Eastbank alone": chart(["eastbank"])}
out = {name: one.index[(one.flagged < one.low) | (one.flagged > one.high)] for name, one in charts.items()}
share = {name: one.flagged.groupby(one.index >= 26).mean().round(1).tolist() for name, one in charts.items()}
claim([out[name].min() for name in charts] + [len(out[name]) for name in charts], exactly=[26, 26, 7, 19])
claim([round(one) for name in charts for one in share[name]], exactly=[36, 22, 30, 3])
pd.DataFrame(share, ["weeks 0 to 25", "weeks 26 to 51"]).T


# %%
def control(panels):
    for axes, (name, one) in zip(panels, charts.items(), strict=True):
        axes.fill_between(one.index, one.low, one.high, color="#E4E4E4")
        axes.plot(one.flagged, "o-", color="#0072B2", markersize=3, linewidth=1)
        axes.plot(one.flagged[out[name]], "^", color="#D55E00", linestyle="", markersize=6)
        axes.axvline(25.5, color="#5F5F5F", linestyle=":", linewidth=1, marker="")
        axes.set(title=name, xlabel="week of 2025", ylabel="flagged, of 100 going home", ylim=(0, 62))


says = "At Eastbank alone the flagged share falls from 30 of 100 to 3 and lies below its limit in 19 of 26 weeks; with both sites together in 7."
figure(control, says=says, table=pd.concat(charts, axis=1).round(0), size=(7.6, 3.2), grid=(1, 2))

# %% [markdown]
# Here creatinine's unit *lowers* the scores. Eastbank's list gets shorter, and nobody complains about a short list: those who are not on
# it do not know it. A chart for each site rings in the first week and in most weeks after; both sites together dilute the fault, and most
# weeks look fine. In the 26 weeks before, neither rang.
#
# A contract has gaps. It passes what is possible and wrong: haemoglobin higher by 0.8. And a missing value breaks no
# range; somebody must write down how many may be missing.
#
# ## 5. Outcomes come late
#
# *About 4 min · 40 min so far*
#
# Inputs are known at once, outputs at eight. An outcome takes thirty days, and a return to another hospital is known when its payer tells. The quiet year,
# returns over promised (O/E), as it stood on three mornings, and as it was in the end:

# %%
promised = year.set_index("stay")
month = promised.discharged_at.dt.tz_convert("America/New_York").dt.strftime("%Y-%m")
mornings = {}
for day in ("2025-07-01", "2025-10-01", "2026-01-01"):
    moment = pd.Timestamp(day, tz="America/New_York")
    there = (promised.discharged_at < moment) & (month >= "2025")
    known = week.known_by(hospital, moment).reindex(promised.index)
    mornings[f"on {moment:%-d %b}"] = known[there].groupby(month[there]).sum() / promised.score[there].groupby(month[there]).sum()
mornings["in the end"] = promised.back.groupby(month).sum() / promised.score.groupby(month).sum()
late = pd.DataFrame(mornings).loc["2025-01":"2025-12"]
late.tail(6).round(2)


# %%
def bends(axes):
    for (name, one), style in zip(late.items(), ("o--", "s--", "^--", "D-"), strict=True):
        one = one.dropna()
        axes.plot(range(1, len(one) + 1), one, style, markersize=4, color="#5F5F5F" if name == "in the end" else None)
        axes.annotate(name, (len(one), one.iloc[-1]), (6, -3), textcoords="offset points")
    axes.set(xlabel="month of discharge, 2025", ylabel="returns over promised", ylim=(0, 1.4), xlim=(0.5, 14), xticks=range(1, 13))


claim([round(late[name].dropna().iloc[-1], 2) for name in late], exactly=[0.47, 0.53, 0.51, 1.11])
claim((late["on 1 Jan"].iloc[-3:].max() < 0.8, late["in the end"].iloc[[5, 8]].round(2).tolist()), exactly=(True, [1.12, 1.07]))
says = "Whenever one looks, the last month stands at half of what was promised, where 1.1 comes in the end, and the months before it stand too low as well."
figure(bends, says=says, table=late.round(2), size=(7, 3.2))

# %% [markdown]
# **The last weeks always look good.** Each morning the newest month stands at 0.5, and comes out at 1.1. On 1 January three months in a row
# lie below 0.8: whoever charts that writes a success story, or an alarm. Neither has happened. So beside an outcome stands how much of it is settled,
# here 150 days after discharge (30 to watch, 120 for the payers). That is the price: true, and five months old.
#
# ## 6. The table that teaches
#
# *About 6 min · 46 min so far*
#
# Now the six years get their names, and what came of them when all outcomes were in:

# %%
came = [(1000 * rows.back.mean(), rows.back.sum() / rows[score].sum(), f"{auroc_value(rows.back, rows[score]):.3f}") for rows, score in names.map(lived)]
came = pd.DataFrame(came, seen.index, ["back of 1,000", "O/E", "AUROC"]).assign(year=names)
came.loc["I", "AUROC"] = "lesson 2"
table = came.join(seen.iloc[:, [0, 2]].set_axis(["PSI score", "largest PSI of an input"], axis=1)).iloc[:, [3, 4, 5, 0, 1, 2]]
table = table.sort_values("largest PSI of an input", ascending=False, kind="stable")
table.style.format({"back of 1,000": "{:.0f}", "O/E": "{:.2f}"}, precision=3)


# %%
def loud(panels):
    names = [f"{name}: {title}" for name, title in table.year[::-1].items()]
    bars = panels[0].barh(names, table["largest PSI of an input"][::-1], color="#0072B2")
    panels[0].bar_label(bars, fmt="%.3f", padding=3)
    panels[0].set(xlabel="largest PSI of an input", ylabel="year", xlim=(0, 0.85))
    panels[1].plot(table["O/E"][::-1], names, "D", color="#D55E00", linestyle="")
    panels[1].axvline(1, color="#5F5F5F", linestyle=":", linewidth=1, marker="")
    panels[1].set(xlabel="returns over promised", ylabel="the same years", xlim=(0.6, 1.9), yticks=[], ylim=panels[0].get_ylim())


display(reveal("W08.P3"))
claim(came["O/E"].round(2).tolist(), exactly=[0.81, 1.45, 1.01, 1.69, 1.06, 1.0])
claim(came.AUROC.loc[["V", "VI"]].tolist(), exactly=["0.679", "0.679"])
claim(came["back of 1,000"].loc[["VI", "IV"]].round().tolist(), exactly=[116, 194])
claim(seen.loc["IV"].equals(seen.loc["VI"]), exactly=True)
says = "The new analyser moves an input by a PSI of 0.43 and returns stay near what was promised; when home visits end no input moves, and returns are 1.69 times what was promised."
figure(loud, says=says, table=table.round(3), size=(9, 3), grid=(1, 2))

# %% [markdown]
# Compare with what you wrote. **V is loud and harmless**: patients are sorted as before (0.679), O/E 1.06. **IV and VI are the same line, to the
# last digit**: the same patients came with the same scores. In VI nothing happened; in IV 194 of 1,000 returned instead of 116. No PSI, no KS, no p tells them apart, at
# any limit. II rings and harms, and a contract had it at the first row. In I fewer came back than promised: decay, or success? Lesson 2.
#
# *A drift test sees change, not harm. Only outcomes see harm, and they come months later.* (In our IV later inputs are left as they were;
# in a real town more returns would in time show as earlier stays, a little.)

# %%
layers = {"contract at the door": ("at the row", "unit, range, missing", "what is possible and wrong"),
          "inputs against last year": ("after a week", "that something changed", "whether it matters"),
          "outputs: scores, lists, by site": ("next morning", "a list gone short or long", "whether it is right"),
          "outcomes, settled": ("after five months", "harm", "its cause; what calls prevent (lesson 2)")}
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
