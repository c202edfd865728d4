# %% [markdown]
# # Lesson 2: where to cut
#
# *About 53 minutes (an estimate), with the exit check at the end. You have done lesson 1.*
#
# **Forty calls a week, both sites together, made Monday to Friday at 09:00 from the discharges since the last list.** That is
# the programme. Some 94 stand on a week's lists, so 43 of 100 can be called (the hospital's habit makes 16 calls). The list
# holds people discharged to nursing homes, too, a fifth of the calls; there the call goes to the nurse on duty. From
# which risk on do we call, and who signs for it?
#
# You will be able to
#
# - say what the corner of a ROC curve decides for you (M04), and what a vendor's default does (M05);
# - turn "worth seven needless calls" into a threshold, and a threshold into such a sentence;
# - read a decision curve, and choose a model by it (M06; Q2);
# - name the price that a capacity implies, and who stops doing what (Q3, Q4, memo).
#
# A guess first:

# %%
import numpy as np
import pandas as pd
from wardround import claim, explore, explorer, given, load, predict, quiz, reveal
from wardround.evaluation import auroc, bootstrap, call_daily, counts, decision_curve, figure, lanes, lines
from wardround.evaluation import net_benefit, price_of_capacity, roc, threshold_from_harms, treat_all, wilson

hospital, week = load(), given(6)
judged, lists = week.judged(hospital), week.lists(hospital)  # known outcome, 1 January to 1 August 2024; the year's lists

# %%
display(predict("W06.P4"))
predict("W06.P4", ..., ...)

# %% [markdown]
# ## 1. The corner
#
# *About 10 min · 10 min so far*
#
# "Cut where the curve comes nearest to the corner": where sensitivity and specificity add up to most.

# %%
curve = roc(judged.back, judged.risk)
corner = curve.threshold[(curve.sensitivity - curve.false_positive_rate).idxmax()]
above = lists[lists.risk >= corner].groupby("week").size()
claim((len(judged), int(judged.back.sum()), round(len(lists) / 52), round(100 * 40 * 52 / len(lists))), exactly=(2865, 308, 94, 43))
claim((round(corner, 3), int((above > 40).sum()), round(above.mean())), exactly=(0.128, 32, 42))
counts(judged.back, judged.risk, corner)


# %%
def weeks(axes):
    axes.bar(above.index + 1, above, color="#56B4E9", edgecolor="black", linewidth=0.4)
    axes.axhline(40, color="black", linestyle="--")
    axes.annotate("forty calls", (53, 40), va="center", annotation_clip=False)
    axes.set(xlabel="week of 2024", ylabel="above the corner", xlim=(0, 53))


figure(weeks, table=above.describe().round(1).to_frame("a week"), size=(8, 3), says="Cut at the corner, between 24 and 60 people a week are to be called; in 32 of 52 weeks that is more than the forty calls there are.")

# %%
claim((int(above.min()), int(above.max())), exactly=(24, 60))
rate = {"both sites": judged.back.mean()} | judged.groupby("site").back.mean().to_dict()
corner_says = pd.DataFrame({"come back, of 100": rate}).mul(100)
corner_says["needless calls for one return found"] = (100 - corner_says.iloc[:, 0]) / corner_says.iloc[:, 0]
claim(corner_says.iloc[:, 1].round(1).tolist(), exactly=[8.3, 13.4, 6.6])
display(reveal("W06.P4"), corner_says.round(1))

# %% [markdown]
# In 32 weeks somebody else does the cutting. And the corner has a price: a point of sensitivity counts as much as one of
# specificity, and those who stay well are 8.3 times as many. So it holds one return found to
# be worth 8.3 needless calls; with Eastbank's patients alone it would be 13.4, with Quillmere's 6.6.
#
# ## 2. Name the price
#
# *About 5 min · 15 min so far*
#
# Say first how many needless calls one return found is worth to you. Seven? Then whoever has a chance of one in eight is worth
# a call: **threshold = 1 / (1 + 7) = 12.5%**. The corner lies at 12.8%, by this formula 6.8 to 1, and its own price is 8.3, or
# 10.8%. Both hold: the model says 13 where 11 come. Three people, one unchanged model:

# %%
of_100 = {}
for needless, who in {19: "a ward that dreads each return", 7: "the programme", 3: "a nurse with no minute"}.items():
    cut = threshold_from_harms(needless=1, missed=needless)
    cells = counts(judged.back, judged.risk, cut)
    called = 100 * (cells.tp + cells.fp) / cells.n
    of_100[who] = needless, 100 * cut, called, 100 * cells.sensitivity.value, 100 * cells.ppv.value
names = ["harm ratio", "threshold, %", "called of 100", "of 100 who come back, called", "come back of 100 called"]
swept = pd.DataFrame(of_100, names).T.round(1)
claim(swept["called of 100"].tolist(), exactly=[84.0, 45.6, 9.5])
own = [1 / corner - 1, 100 * threshold_from_harms(needless=1, missed=8.3), *(100 * judged[["risk", "back"]].mean())]
claim(np.round(own, 1).tolist(), exactly=[6.8, 10.8, 13.3, 10.8])
swept

# %% [markdown]
# 84, 46 or 10 of 100 called: no default can be right for all three (M05).
#
# **Who pays?** Above the cut at 7 to 1: of 1,000 discharged 382 are called and do not come back, twenty minutes each (assumed).
# Below it: 34 who come back. Whoever answers for both is asked, by name. Outcomes are of a hospital that already calls: 31 of 100 above the cut had a call, so the returns seen
# are too few by what those averted. 14 of 1,000 are above the cut, died, and count here as needless.

# %%
stays = week.stays(hospital)
rows = given(4).stays_to_learn(hospital).set_index("encounter_id").loc[stays.encounter_id]
cells = counts(judged.back, judged.risk, 0.125)
above_it = rows.loc[judged.encounter_id[judged.risk >= 0.125]]
here = {"called, come back": cells.tp, "called, do not come back": cells.fp, "below the cut, come back": cells.fn}
here["of those called, die first"] = (above_it.state == "died_first").sum()
of_1000 = (1000 * pd.Series(here) / cells.n).round(1)
claim(of_1000.round().tolist(), exactly=[74, 382, 34, 14])
claim(round(100 * above_it.called.mean()), exactly=31)
claim((round(382 / 7), round(1000 * net_benefit(judged.back, judged.risk, 0.125))), exactly=(55, 19))
of_1000

# %% [markdown]
# ## 3. The decision curve
#
# *About 13 min · 28 min so far*
#
# *Net benefit* puts both sides into one unit [net-benefit](#Sources). At 7 to 1: 74 found, and 382 needless calls are worth
# 382 / 7 = 55 returns; 74 − 55 = 19, as good as finding 19 of 1,000 and troubling nobody. *Nobody* is worth
# 0, and is today's care. The sum assumes that a call is worth the same to everybody found, and that none was already being helped.
# Two guesses, then section 2's three prices:

# %%
display(predict("W06.P5"), predict("W06.P6"))
display(predict("W06.P5", probability=...), predict("W06.P6", probability=...))

# %%
def over_next(cut, *others):
    def gain(y, ours, *others):
        return 1000 * (net_benefit(y, ours, cut) - max(treat_all(y, cut), 0, *(net_benefit(y, one, cut) for one in others)))

    return bootstrap(gain, judged.person_id, judged.back, judged.risk, *others, draws=1000)


# %%
better = {f"{needless} to 1": over_next(threshold_from_harms(needless=1, missed=needless)) for needless in (19, 7, 3)}
parts = {name: [one.value, one.low, one.high] for name, one in better.items()}
better = pd.DataFrame(parts, ["better than all or none, of 1,000", "low", "high"]).T.round()
claim(better.to_numpy().tolist(), exactly=[[3, 1, 6], [19, 8, 30], [-6, -12, 1]])
display(reveal("W06.P5"), better)

# %% [markdown]
# At 19 to 1 the model is worth 3 (1 to 6) of 1,000 more than calling everybody. At 3 to 1 it is not told apart from calling
# nobody, and perhaps worse: −6 (−12 to 1).
#
# A *decision curve* does that for every sensible price. Three models: ours; lesson 1's balanced one; LACE, its points turned
# into risks; beside them calling everybody.

# %%
from sklearn.linear_model import LogisticRegression
from wardround.records.features import lace

points = stays[["encounter_id"]].assign(lace=lace(rows).to_numpy())
learnt = stays.period == "learnt"
card = LogisticRegression().fit(points.loc[learnt, ["lace"]], stays.back[learnt])
on_card = judged[["encounter_id"]].merge(points)[["lace"]]
models = {"ours": judged.risk, "LACE": card.predict_proba(on_card)[:, 1], "balanced": judged.balanced}
worth = 1000 * decision_curve(judged.back, models, np.arange(2, 31) / 100)


# %%
def prices(axes):
    places = {"ours": (10.2, 31), "LACE": (11.6, 5), "balanced": (13.2, -16)}
    places |= {"treat all": (8.6, -19), "treat none": (25, 2)}
    for name, place in places.items():
        (line,) = axes.plot(100 * worth.index, worth[name], marker="")
        axes.annotate(name, place, color=line.get_color())
    axes.set(xlabel="threshold, of 100 (its price: 12.5 is 7 to 1)", ylabel="net benefit of 1,000", ylim=(-20, 60))


says = "From 8 to 16 of 100 our model is worth most, clearly so only near 12; the balanced one, which ranks as well, is below calling nobody from 11 of 100 on, and at 12.5 by 15 of 1,000."
best = worth.idxmax(axis=1)
claim(set(best.loc[0.08:0.161]) == {"ours"} and bool((worth.balanced.loc[0.11:] < 0).all()), exactly=True)
figure(prices, says=says, table=worth.iloc[::2].round(1))

# %%
at = pd.DataFrame({"AUROC": {name: auroc(judged.back, risk).value for name, risk in models.items()}})
at["net benefit of 1,000 at 12.5%"] = [1000 * net_benefit(judged.back, risk, 0.125) for risk in models.values()]
at["called of 100"] = [100 * (risk >= 0.125).mean() for risk in models.values()]
claim(at.AUROC.round(3).tolist(), exactly=[0.667, 0.653, 0.665])
claim([*at.iloc[:, 1].round(1), round(at.iloc[2, 2])], exactly=[19.0, 12.2, -15.1, 96])
display(reveal("W06.P6"), at.round({"AUROC": 3, "net benefit of 1,000 at 12.5%": 1, "called of 100": 0}))

# %% [markdown]
# The balanced model ranks no worse than LACE, and is worth less than calling nobody: −15 (−28 to −1). It calls 96 of 100 (M06).
# Intervals, and the sites:

# %%
def over_nobody(part, risk="risk", cut=0.125):
    return bootstrap(lambda y, p: 1000 * net_benefit(y, p, cut), part.person_id, part.back, part[risk], draws=1000)


three = (0.08, 0.125, 0.16)
sure = {f"ours over the next best, {100 * cut:g}%": over_next(cut, models["LACE"], judged.balanced) for cut in three}
sure |= {"balanced over nobody, 12.5%": over_nobody(judged, "balanced")}
sure |= {f"ours over nobody, {100 * cut:.0f}%": over_nobody(judged, cut=cut) for cut in (0.14, 0.15, 0.18, 0.19)}
sites = {"both sites": judged} | dict(list(judged.groupby("site")))
sure |= {f"ours over nobody, 12.5%, {name}": over_nobody(part) for name, part in sites.items()}
sure = pd.DataFrame({name: [one.value, one.low, one.high] for name, one in sure.items()}, ["of 1,000", "low", "high"]).T.round()
claim(sure.iloc[:4].to_numpy().tolist(), exactly=[[1, -3, 5], [7, 0, 14], [4, -4, 10], [-15, -28, -1]])
claim(sure.iloc[4:8].to_numpy().tolist(), exactly=[[13, 3, 23], [9, -1, 18], [4, -5, 12], [-1, -8, 8]])
claim(sure.iloc[8:].to_numpy().tolist(), exactly=[[19, 8, 30], [-9, -22, 4], [37, 19, 52]])
claim(round(100 * sites["eastbank"].query("risk >= 0.125").back.mean()), exactly=10)
sure

# %% [markdown]
# **19 is Quillmere's 37 (19 to 52) and Eastbank's −9 (−22 to 4)**: at seven to one Eastbank, unrepaired, may be better off without
# the list. Of 100 called there 10 come back, and the break-even is 12.5.
#
# Over the next best our model gains 1 (−3 to 5) at 8%, 7 (0 to 14) at 12.5%, 4 (−4 to 10) at 16%. From about 15% on
# nothing shows that it is worth more than calling nobody, from 19% on its value is below: that belongs to a
# model's description. **Now Q2 in the exercise** (11 minutes).
#
# ## 4. The price your capacity implies
#
# *About 8 min · 36 min so far*
#
# Perhaps nobody named a price. Then the fortieth person has: by the model's promise, by what came near that risk, or repaired.

# %%
by_calls = {calls: price_of_capacity(lists.risk, 52 * calls) for calls in range(4, 92, 4)}
implied = pd.DataFrame(by_calls, ["threshold", "needless calls for one return found", "calls"]).T
claim([*implied.iloc[:, 1].round(1)[[16, 40, 60]], *implied.threshold.round(3)[[16, 40]]], exactly=[3.9, 6.6, 9.9, 0.204, 0.132])
says = "By the model's promise sixteen calls a week hold one return found to be worth four needless calls, forty between six and seven, sixty ten."
price = implied.iloc[:, [1]].set_axis(["price"], axis=1).rename_axis("calls a week")
figure(lines(price, ylabel="needless calls for one found"), says=says, table=implied.round(2))

# %%
from scipy.special import expit, logit
from wardround.evaluation.calibration import shift

near = judged[judged.risk.between(0.11, 0.155)]
came = {name: wilson(int(part.back.sum()), len(part)) for name, part in [("both sites", near), *near.groupby("site")]}
moved = {name: shift(part.back.to_numpy(), logit(part.risk.to_numpy())) for name, part in sites.items()}
moved = {"one shift": moved["both sites"], "each site shifted": lists.site.map(moved)}
found = {f"came back, {name}": 1 / one.value - 1 for name, one in came.items()}
for name, by in moved.items():
    found[f"repaired, {name}"] = price_of_capacity(expit(logit(lists.risk) + by), 52 * 40).needless
last = came["both sites"]
claim([len(near), *(round(100 * end, 1) for end in (last.value, last.low, last.high))], exactly=[611, 12.1, 9.8, 14.9])
claim([round(one, 1) for one in found.values()], exactly=[7.3, 16.8, 5.2, 8.5, 8.8])
promised = implied.iloc[:, 1][40]
claim((round(10 * (promised + 1)), round(10 * (promised + 1) / 3)), exactly=(76, 25))  # one call in ten averts; 20 min each
pd.Series({"promised": promised} | found).round(1).to_frame("needless calls for one return found")

# %% [markdown]
# **"Your forty calls say that one return found is worth 6.6 needless calls. Agree?"** That is the promise. Of 611 stays promised
# 11 to 15.5 of 100, 12.1 came back (9.8 to 14.9): about 7 needless calls (Quillmere 5, Eastbank 17). Repaired, 8 to 9: sign that
# one. Who says "twenty" asks for more calls; who says "three" wants fewer made.
#
# **Found is not averted.** If a call averts one in ten, one return averted costs 76 calls here (by the promise), 25 hours of a
# nurse. Ask in both forms.
#
# Forty is for a week, and nobody sees Friday on Monday:

# %%
display(predict("W06.P2"))
predict("W06.P2", ..., ...)

# %%
whole_week = call_daily(lists.week * 7, lists.risk, 40, spread=False)  # as if the week were one day
eight = lists.groupby("day").risk.rank(ascending=False, method="first") <= 8
claim((int(whole_week.sum()), int(eight.sum()), round(100 * (lists.weekday == 0).mean())), exactly=(2080, 2052, 44))
nursing = rows.disposition[lists.encounter_id].eq("skilled_nursing").to_numpy()
claim((round(100 * nursing.mean()), round(100 * nursing[whole_week].mean())), exactly=(15, 23))
display(reveal("W06.P2"))
a_day = [lists[called].groupby("weekday").size() / 52 for called in (whole_week, eight)]
claim(round(a_day[0][0]), exactly=17)
pd.DataFrame(a_day, ["week seen whole", "eight a day"]).set_axis(["Mon", "Tue", "Wed", "Thu", "Fri"], axis=1).round(1)

# %% [markdown]
# Of 100 on the lists 44 stand on Monday's. What beats eight a day, without looking at Friday? **Q3 in the exercise**
# (11 minutes).
#
# ## 5. Who stops doing what
#
# *About 4 min · 40 min so far*
#
# An invented Monday, with sepsis alerts on a ward at 07:00 and, at 09:00, 17 of the week's forty calls. Minutes
# are ours, an assumption.

# %%
steps = [
    ("call nurse", 8.4, 9, "list comes", False),
    ("call nurse", 9, 12.6, "17 calls, 20 min each, on until 14:40", False),
    ("refills", 9, 12.6, "wait until 14:40", True),
    ("ward nurse, days", 7, 7.5, "handover", False), ("ward nurse, days", 7.5, 8.25, "1st, 2nd visit", False),
    ("ward nurse, days", 8.25, 9.75, "late: morning drugs for four", True),
    ("third patient", 7, 7.95, "alert, nobody free", False),
    ("third patient", 7.95, 12.6, "no second alert for 24 hours; seen on the round", False),
    ("provider", 8.25, 9.2, "called to 1 of 2", False), ("provider", 9.2, 10.1, "late: round", True),
]  # fmt: skip
strip = pd.DataFrame(steps, columns=["who", "begins", "ends", "what", "stops"])
says = "At 07:00 three alerts meet a handover and two visits to spare, so one patient waits; at 09:00 seventeen calls take the nurse's day until 14:40. Dashed is what waits."
figure(lanes(strip, xlabel="a Monday; the calls go on beyond the picture"), says=says, table=strip, size=(9.6, 3.4))

# %%
ward = given(5).ward(hospital)
alerts = ward[ward.alert & ~ward.ordered & ~ward.comfort_care & (ward.site == "quillmere")]
alerts = alerts[given(5).sent(alerts)]  # 24 hours without a second one
local = ward["at"][ward.site == "quillmere"].dt.tz_convert("America/New_York").dt.tz_localize(None)
shift = (local - pd.Timedelta(hours=7)).dt.floor("8h")
a_shift = shift[alerts.index].value_counts().reindex(shift.unique(), fill_value=0)
at_once = local[alerts.index].dt.floor("h").value_counts()
claim((round(100 * (a_shift > 2).mean()), int((at_once >= 3).sum()), round(len(a_shift) / 3)), exactly=(38, 71, 1092))
a_shift.value_counts().sort_index().rename("shifts with so many alerts at Quillmere").to_frame().T

# %% [markdown]
# At Quillmere 38 of 100 shifts bring more sepsis alerts than the two visits that can be spared; three in one clock hour
# happened 71 times in 1,092 days. Elsewhere between 49 and 96 of 100 drug alerts were overridden [overrides](#Sources).
# **Who gets it, what do they stop doing, and who waits?** The
# people in that strip draw it before a threshold is signed. Q4 counts it.
#
# ## 6. All of it at once
#
# *About 4 min · 44 min so far*
#
# Four sliders, each behind its number: tab to one, use the arrow keys, or type. `explore` is the same without sliders;
# `print(explore(…))` gives the numbers. Try prevalence 0.07 (Eastbank):
# which of the four views stays where it is? Then capacity 16.

# %%
explorer(judged.back, judged.risk, len(lists) / 52, threshold=0.125, harm_ratio=7, capacity=40)

# %%
elsewhere = explore(judged.back, judged.risk, 94, threshold=0.125, harm_ratio=7, prevalence=0.07, capacity=40)
here = explore(judged.back, judged.risk, 94, threshold=0.125, harm_ratio=7, capacity=40)
moved = pd.DataFrame({"here, 10.8%": here.table, "at 7%": elsewhere.table})
claim(moved.loc["AUROC"].tolist(), exactly=[0.667, 0.667])
moved[moved.nunique(axis=1) > 1].iloc[:12]

# %% [markdown]
# ## 7. The slice: a year, three thresholds
#
# *About 7 min · 51 min so far*
#
# Week 2's plan, with another line each time: the early warning on the wards alerts from a risk of 80, 40 or 20 of 1,000. A
# simulator gives all three the same patients. Nurses are few, and come less readily the more often they came for nothing (assumed).
# Which averts most, and who pays? Guess before you run; it takes up to a minute.

# %%
from wardround.flight.engine import fly
from wardround.flight.plan import read_plan
from wardround.flight.scores import scores
from wardround.hospital import DEFAULT_SEED

PLAN = """
name = "first"
[ward]
threshold = {}
"""
HIGHEST = """
[staff]
above_capacity = "highest"
"""


# %%
def counted(flight):
    found = {one.name: one.value for axis in scores(flight).values() for one in axis}
    alert, came, needed = flight.ward["alert"], flight.ward["answered"], flight.year.truth["needed"]
    in_time = {"in time": alert & needed, "answered": alert & needed & came, "idle": came & ~needed}
    names = ["ward_averted", "alerts_a_responder", "shifts_over_capacity", "visits_for_nothing"]
    return {name: found[name] for name in names} | {name: int(rows.sum()) for name, rows in in_time.items()}


plans = {f"from {1000 * cut:.0f}": PLAN.format(cut) for cut in (0.08, 0.04, 0.02)}
plans["from 20, highest first"] = plans["from 20"] + HIGHEST
year = pd.DataFrame({name: counted(fly(read_plan(text), DEFAULT_SEED, ())) for name, text in plans.items()}).T
claim(year.iloc[:, [0, 4, 5]].round().to_numpy().tolist(), exactly=[[23, 95, 59], [38, 178, 74], [40, 257, 73], [45, 261, 85]])
claim(year.iloc[1:3, 2:4].round().to_numpy().tolist(), exactly=[[205, 190], [636, 306]])
year.round(1)

# %%
other = pd.DataFrame({name: counted(fly(read_plan(plans[name]), 12, ())) for name in list(plans)[:3]}).T
price = {name: (one.idle.diff() / one.ward_averted.diff()).iloc[1:3] for name, one in {"here": year, "seed 12": other}.items()}
price = pd.DataFrame(price).round()
claim(price.T.to_numpy().tolist(), exactly=[[41, 318], [40, 160]])
price.rename_axis("idle visits for one more averted")

# %% [markdown]
# **From 80 to 40 one more averted costs 41 visits for nothing; from 40 to 20, 318** (in another hospital 40, then 160; in two more the
# second was dearer, too). Alerts within a day of a deterioration go from 178 to 257, and 74, then 73 of them bring a nurse: on
# balance nobody comes to what was added. Nurses pay (306 visits for nothing of 1,000 stays, before 190; 636 of 1,000 shifts ring too often),
# and so do those who wait. One line of `[staff]` mends some: highest first, 45 are averted, not 40.
#
# *Averted* is expected, from risks that only a simulator knows, with nurses assumed. What a call averts no hospital knows without a
# comparison (week 9), so your report shows a range over assumed effects.
#
# ## Exit check
#
# *About 2 min · 53 min so far*

# %%
for n in (9, 10, 11):
    display(quiz(f"W06.R{n}"))

# %% [markdown]
# ## What you have now
#
# - The corner has a price, made by the prevalence, and knows no capacity: above forty in 32 of 52 weeks.
# - A harm ratio is a threshold and a threshold a harm ratio: 7 to 1 is 12.5%. One model calls 84, 46 or 10 of 100.
# - Net benefit sees what AUROC cannot: the balanced model is worth less than calling nobody; and 19 hides Eastbank's −9.
# - Forty calls hold one return found to be worth 6.6 needless ones by the promise, about 7 by what came, 8 to 9 repaired:
#   somebody signs.
# - Whoever gets the alert stops doing something, and a third patient waits.
#
# **Next: Q4 and the memo in the exercise; with them your report (A1) is complete.**
#
# ## Sources
#
# - **net-benefit**: The net benefit of a model at a threshold is its true positives less its false positives, these weighted by the odds of the threshold, divided by the number of patients; a decision curve draws it over thresholds beside treating all and none. Vickers and Elkin, Med Decis Making 2006;26:565, read in part; the formula held against the published figures of the package dcurves 1.1.7 on its own data.
# - **overrides**: In 17 papers on drug alerts between 49 and 96 of 100 were overridden. Van der Sijs et al., J Am Med Inform Assoc 2006;13:138.
