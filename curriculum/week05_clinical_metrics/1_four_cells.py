# %% [markdown]
# # Lesson 1: four cells
#
# *About 42 minutes (an estimate). You have done weeks 1 to 4. Words are in the [glossary](../glossary.md).*
#
# A vendor offers a sepsis score for our wards. It is asked every eight hours, and is to warn a nurse before anybody has
# ordered a blood culture or an antibiotic for suspected sepsis. Its brochure says AUROC 0.83. **Is that good enough for
# our wards?**
#
# Week 4 asked whether a figure is true. This one is: we count it again on our own stays, and it comes out. The question is
# what it is a figure *of*.
#
# You will be able to
#
# - go from four counts to sensitivity, specificity and predictive values and back, of 1,000 patients (M01, M03);
# - write two true headlines from one set of counts (Q1);
# - carry a brochure to another prevalence, and say what does not carry (M02; Q2);
# - rebuild a published table from its counts.
#
# ## Before you begin
#
# *About 6 min · 6 min so far*
#
# Five questions on weeks 2 to 4. Answer as in `quiz("W05.R1", "b")`; every option has a reason. If you compute predictive
# values in your head, answer R6 to R8: all three right, and sections 3 and 4 need only be run.

# %%
from wardround import quiz

for n in range(1, 6):
    display(quiz(f"W05.R{n}"))

# %%
quiz("W05.R1", ...)

# %%
for n in (6, 7, 8):
    display(quiz(f"W05.R{n}"))

# %% [markdown]
# ## 1. The brochure
#
# *About 6 min · 12 min so far*
#
# > **Early sepsis warning.** AUROC 0.83. Finds 88 of 100 septic stays; 66 of 100 other stays are never flagged. Measured
# > in an emergency department in which 20 of 100 patients had sepsis. Points for temperature, pulse, blood pressure,
# > leukocytes, lactate and other signs.
#
# The vendor, the brochure and the score are invented. A stay is *flagged* when it reaches two points at any time. A stay is *septic* here if it had
# sepsis by review of its chart and somebody ordered a culture and an antibiotic for it. Sepsis that nobody ordered for
# counts as not septic, and week 3 has shown what a review misses: keep that in mind when a sentence says "not septic".

# %%
import numpy as np
import pandas as pd
from wardround import claim, given, load, predict, reveal
from wardround.evaluation import auroc, auroc_value, figure, intervals, lines, wilson

hospital = load()
ward, stays = given(5).ward(hospital), given(5).stays(hospital)  # one row a score, one row a stay
stays = stays.assign(highest=stays.encounter_id.map(ward.groupby("encounter_id").score.max()))
stays = stays.assign(flagged=stays.highest >= given(5).THRESHOLD)

# %%
display(predict("W05.P1"))
predict("W05.P1", ..., ...)

# %%
claim((len(stays), int(stays.septic.sum()), given(5).THRESHOLD), exactly=(11_655, 410, 2))
area = auroc(stays.septic, stays.highest)
claim(area.value, about=0.831, within=0.0005)
area

# %% [markdown]
# The figure is right here, too: 0.83, on our own 11,655 stays, of which 410 are septic by this label.
#
# ## 2. Of 1,000 stays
#
# *About 11 min · 23 min so far*
#
# Flagged or not, septic or not: four cells, and all that follows is division. Say it of 1,000 stays, and nobody needs
# a formula.

# %%
cells = pd.crosstab(stays.septic, stays.flagged).reindex(index=[True, False], columns=[True, False])
claim(cells.to_numpy().tolist(), exactly=[[359, 51], [3831, 7414]])
of_1000 = (1000 * cells / len(stays)).round().astype(int)
of_1000


# %%
def thousand(axes):
    marks = {"septic, flagged": "o", "missed": "x", "flagged, not septic": "^", "neither": "."}
    ends = np.cumsum([0, *of_1000.to_numpy()[[0, 0, 1, 1], [0, 1, 0, 1]]])
    for (name, mark), begin, end in zip(marks.items(), ends, ends[1:], strict=False):
        place = np.arange(begin, end)
        axes.scatter(place // 20, place % 20, s=26, marker=mark, label=f"{end - begin} {name}")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=4, frameon=False, handletextpad=0)
    axes.axis("off")


says = "Of 1,000 stays 35 are septic; the score flags 31 of them and misses 4, and it flags 329 others."
figure(thousand, says=says, table=of_1000, size=(8, 3.6))

# %%
claim(of_1000.to_numpy().ravel().tolist(), exactly=[31, 4, 329, 636])
(found, missed), (for_nothing, left_alone) = cells.to_numpy().tolist()
rates = {
    "of septic stays, flagged": wilson(found, found + missed),
    "of other stays, not flagged": wilson(left_alone, for_nothing + left_alone),
    "of flagged stays, septic": wilson(found, found + for_nothing),
    "of stays not flagged, not septic": wilson(left_alone, missed + left_alone),
}
shares = {name: (one.value, one.low, one.high) for name, one in rates.items()}
numbers = 100 * pd.DataFrame(shares, ["of 100", "low", "high"]).T
numbers.round(1)

# %%
claim(numbers["of 100"].round(1).tolist(), exactly=[87.6, 65.9, 8.6, 99.3])
claim((found + for_nothing) / found, about=11.7, within=0.05)
reveal("W05.P1")

# %% [markdown]
# Sensitivity, specificity, positive and negative predictive value: the names of these rows, in this order. Each has a
# denominator of its own. The first row makes a headline:
#
# > **Sell it.** Of 100 septic stays, 88 are flagged.
#
# Another row kills it, as truly; you write that one in Q1. Both are made of the same 359 stays:

# %%
for whom, whole in {"septic": found + missed, "flagged": found + for_nothing}.items():
    print(f"{found} of {whole:,} {whom} stays are flagged and septic: {100 * found / whole:.1f} of 100")

# %%
reviewed = stays[["encounter_id"]].merge(hospital.warehouse.stays[["encounter_id", "sepsis_clinical"]])
only_reviewed = reviewed.sepsis_clinical & ~stays.septic
claim((int(only_reviewed.sum()), int((only_reviewed & stays.flagged).sum())), exactly=(304, 121))
claim(100 * reviewed.sepsis_clinical[stays.flagged].mean(), about=11.5, within=0.05)

# %% [markdown]
# Another 304 stays had sepsis by review, and nobody ordered; 121 of them are flagged. By review alone 11.5 of 100
# flagged are septic and 89 are not: a headline also has a label. There are twelve flagged *stays*
# for each septic one; how many alerts that is, lesson 2 counts. Whoever says a rate without its *of whom* has not said it yet.
#
# ## 3. Three figures that sound alike
#
# *About 4 min · 27 min so far*
#
# 0.83 is not "83% right" (M01). It is about pairs: of 100 pairs of a septic stay and another, the septic one is higher
# in 78 and equal in 11, and a tie counts half. No ward meets pairs. What about the share of right decisions?

# %%
of_pairs = stays.highest[stays.septic].to_numpy()[:, None] - stays.highest[~stays.septic].to_numpy()
claim([round(100 * share.mean()) for share in (of_pairs > 0, of_pairs == 0)], exactly=[78, 11])
right = {"the score": (stays.flagged == stays.septic).mean(), "never alert": (~stays.septic).mean()}
claim([round(100 * share, 1) for share in right.values()], exactly=[66.7, 96.5])
pd.Series(right).mul(100).round(1).rename("right of 100")

# %% [markdown]
# A score that never speaks wins by 30 (M03): where 35 of 1,000 are septic, silence is right for 965. And one AUROC
# holds every threshold at once:

# %%
by_limit = {}
for limit in range(1, 8):
    on = stays.highest >= limit
    by_limit[limit] = 100 * stays.septic[on].mean(), 100 * on[stays.septic].mean(), 100 * on.mean()
names = ["septic of 100 flagged", "flagged of 100 septic", "flagged of 100"]
by_limit = pd.DataFrame(by_limit, names).T.rename_axis("points from which a stay is flagged")
claim(by_limit.loc[[2, 4]].round().to_numpy().tolist(), exactly=[[9, 88, 36], [15, 39, 9]])
says = "At one AUROC, 0.83, a threshold of two points flags 88 of 100 septic stays; one of four flags 39, and then 15 of 100 flagged are septic."
figure(lines(by_limit[names[:2]], ylabel="of 100"), says=says, table=by_limit.round(1))

# %% [markdown]
# Where to cut is week 6. Here the vendor's two points stand.
#
# ## 4. The predictive value travels
#
# *About 8 min · 35 min so far*
#
# The brochure's 88 and 66 are shares *within* the septic and *within* the others. How many there are of each, the
# brochure's department decides: 200 of 1,000. Here it is 35.


# %%
def of_a_thousand(septic, sensitivity=0.88, specificity=0.66):
    right, wrong = sensitivity * septic, (1 - specificity) * (1000 - septic)
    flagged = right + wrong
    return {"septic": septic, "flagged": flagged, "rightly": right, "of 100 flagged": 100 * right / flagged}


there = {"the brochure's department": 200, "our emergency stays": 42.3, "all our stays": 35.2, "our planned stays": 3.3}
carried = pd.DataFrame({place: of_a_thousand(septic) for place, septic in there.items()}).T.round(1)
claim(carried["of 100 flagged"].tolist(), exactly=[39.3, 10.3, 8.6, 0.8])
carried

# %% [markdown]
# The same score, not one point changed: 39 of 100 flagged are septic there, 9 here, and among our planned admissions it
# would be fewer than one, if 88 and 66 held. A predictive value belongs to a score *and a place* (M02). With rounder figures: a sensitivity of 0.8 and
# a specificity of 0.9 give 67 of 100 where 200 of 1,000 are septic, and 14 where 20 are.

# %%
claim([round(of_a_thousand(septic, 0.8, 0.9)["of 100 flagged"]) for septic in (200, 20)], exactly=[67, 14])
range_of = np.r_[1:10, 10:301:5]
curve = pd.Series({septic: of_a_thousand(septic)["of 100 flagged"] for septic in range_of})
by_place = stays.groupby("admission").agg(septic=("septic", "mean"), flagged=("flagged", "mean"))
by_place["of 100 flagged"] = 100 * stays[stays.flagged].groupby("admission").septic.mean()
measured = by_place.assign(septic=1000 * by_place.septic, flagged=100 * by_place.flagged).round(1)


def travels(axes):
    axes.plot(curve.index, curve, "-")
    axes.plot([*measured.septic, 200], [*measured["of 100 flagged"], curve[200]], "o")
    for place in measured.itertuples():
        label = f"our {place.Index} stays, measured"
        axes.annotate(label, (place.septic, place[3]), (12, -4), textcoords="offset points")
    axes.annotate("the brochure's department", (100, curve[200] + 3))
    axes.set(xlabel="septic of 1,000", ylabel="septic of 100 flagged", ylim=(0, None))


# %%
says = "With one sensitivity and one specificity, septic of 100 flagged fall from 39 where 200 of 1,000 are septic to below one where 3 are."
figure(travels, says=says, table=measured)

# %%
sensitivity = stays[stays.septic].groupby("admission").flagged.agg(["sum", "size"])
specificity = 1 - stays[~stays.septic].groupby("admission").flagged.mean()
claim(sensitivity.to_numpy().tolist(), exactly=[[356, 403], [3, 7]])
claim((100 * specificity).round().tolist(), exactly=[60, 90])
others = ward.merge(stays[~stays.septic][["encounter_id", "admission"]]).groupby("admission")
claim((100 * others.alert.mean()).round().tolist(), exactly=[20, 5])
claim((others.size() / others.encounter_id.nunique()).round(1).tolist(), exactly=[13.4, 6.8])
dot = wilson(*stays[stays.flagged & (stays.admission == "planned")].septic.agg(["sum", "size"]).tolist())
claim([round(100 * one, 1) for one in (dot.value, dot.low, dot.high)], exactly=[1.5, 0.5, 4.2])
claim(measured["of 100 flagged"].tolist(), exactly=[8.9, 1.5])
sensitivity.set_axis(["flagged", "of septic"], axis=1).assign(specificity=(100 * specificity).round(1))

# %% [markdown]
# Carrying is a first guess, and the dots lie off the line: sensitivity and specificity travel too. Of 100 planned stays
# not septic 90 are left alone, of emergency stays 60: 20 of 100 of their scores reach two points, against 5, and
# they have 13.4 scores each, against 6.8. The planned dot is 3 of 204: 1.5 of 100, or 0.5 to 4.2. Of 7 septic planned
# stays 3 were flagged: a count, and no rate, as lesson 2 says.
#
# ## 5. A published table, rebuilt
#
# *About 7 min · 42 min so far*
#
# In 2021 a hospital published its check of the sepsis model that it used in 2018 and 2019: of 38,455 stays 2,552 septic; AUROC 0.63; alerts in 18%
# of stays, and two thirds of the septic missed [wong-2021](#Sources). Four counts give the table back
# [wong-table](#Sources). Write down the four cells before you run the second:

# %%
theirs = given(5).PUBLISHED
theirs

# %%
tp = theirs["septic"] - theirs["septic_without_alert"]
fp = theirs["alerted"] - tp
tn = theirs["stays"] - theirs["septic"] - fp
claim((tp, fp, theirs["septic_without_alert"], tn), exactly=(843, 6128, 1709, 29_775))
rebuilt = {"sensitivity": tp / theirs["septic"], "specificity": tn / (tn + fp), "PPV": tp / (tp + fp)}
rebuilt |= {"alerted": theirs["alerted"] / theirs["stays"], "evaluated for each septic one": (tp + fp) / tp}
pd.Series(rebuilt).round(3)

# %%
claim([round(100 * share) for share in rebuilt.values()][:4], exactly=[33, 83, 12, 18])
ppv = {"two county departments": wilson(2253, 7183), "Michigan": wilson(tp, tp + fp)}
ppv["here"] = rates["of flagged stays, septic"]
prevalence = [(2253 + 3180) / 145_885, theirs["septic"] / theirs["stays"], stays.septic.mean()]
table = pd.DataFrame({"septic of 100 flagged": [100 * one.value for one in ppv.values()]}, list(ppv))
table = table.assign(**{"septic of 1,000": [1000 * share for share in prevalence]}).round(1)
claim(table["septic of 100 flagged"].tolist(), exactly=[31.4, 12.1, 8.6])
claim(table["septic of 1,000"].round().tolist(), exactly=[37, 66, 35])
table

# %%
says = "Of 100 flagged stays 9 are septic here, 12 in Michigan and 31 in two county emergency departments: true figures that do not rank scores."
figure(intervals(ppv, xlabel="share of flagged that is septic"), says=says, table=table, size=(7, 2.4))

# %% [markdown]
# *Two county departments* is the same vendor's model elsewhere [two-county-eds](#Sources). 31 of 100
# flagged are septic, at little more than half of Michigan's prevalence. A better score? Another definition of sepsis, another
# kind of patient. In the very same paper, of the very same encounters, stands a predictive value of 7.6. How can both be
# true? That is lesson 2.

# %% [markdown]
# ## What you have now
#
# - Four counts. Every rate is a division of two of their sums; say *of whom*, of 1,000.
# - Two true headlines from the same 359 stays; which group stands below the line decides what they say.
# - AUROC is about pairs, accuracy rewards silence, and one AUROC holds every threshold.
# - A predictive value belongs to a score and a place; the other two travel less, but they travel.
#
# **Now Q1 and Q2 in the exercise** (22 minutes), or after lesson 2.
#
# ## Sources
#
# - **wong-2021**: In 38,455 hospitalisations at Michigan Medicine, 2018 to 2019, sepsis occurred in 2,552 (7%). The Epic Sepsis Model had an AUROC of 0.63 (0.62 to 0.64) per hospitalisation; at 6 points or more it alerted in 18% of stays and missed 67% of the sepsis. Wong et al., JAMA Intern Med 2021;181:1065, PMC8218233, abstract, read November 2026 in a stored copy.
# - **wong-table**: 38,455 stays, 2,552 septic, 6,971 alerted and 1,709 septic without an alert give a sensitivity of 0.330, a specificity of 0.829, a positive predictive value of 0.121 and an alert rate of 0.181, which round to the 67% missed and 18% alerted of Wong et al. Computed, and held against epi.tests of the R package epiR 2.0.57. The last two counts were not read in the paper itself; they give its rounded figures.
# - **two-county-eds**: In 145,885 encounters of two county emergency departments in 2023 the Epic Sepsis Predictive Model alerted in 7,183, of which 2,253 had sepsis, and not in 138,702, of which 3,180 had sepsis. Within a 6-hour time window for sepsis its sensitivity was 14.7%, its specificity 95.3%, its positive predictive value 7.6% and its negative one 97.7%; the median lead time was 0 minutes. PMID 39545248, Oxford University Press for AMIA, 2024, abstract, read November 2026 in a stored copy.
