# %% [markdown]
# # Lesson 1: what "clean" means on a ward
#
# *About 46 minutes (an estimate). You have done week 1. Words are in the [glossary](../glossary.md).*
#
# Week 1 ended with a list of faults. This week asks for a decision: **which of these faults stops the project, and which
# do we live with?** Nobody can mend them all, and a list sorted by count does not answer it. What answers it is a person:
# whose risk changed, which task was not done.
#
# You will be able to
#
# - sort faults by what they break, and find a wrong unit by the values alone (Q1);
# - say what was known at 14:00, from messages and not from the export (Q2);
# - read a missing value as somebody's decision (M13, M14), and say what happens to a model that learnt it.
#
# ## Before you begin
#
# *About 6 min · 6 min so far*
#
# Five questions: two on week 1, three on what you expect of this one. Answer with a letter in place of the dots; every
# option has a reason.

# %%
from wardround import quiz

for n in range(1, 6):
    display(quiz(f"W02.R{n}"))

# %%
quiz("W02.R1", ...)

# %% [markdown]
# Are units and message streams your daily work? Three more. All three right: run section 2 without reading it. (Section 3
# has one item here, R8; read it in any case.)

# %%
for n in range(6, 9):
    display(quiz(f"W02.R{n}"))

# %% [markdown]
# ## 1. Five dimensions, three questions
#
# *About 8 min · 14 min so far*
#
# A review of how researchers judge records found five dimensions: completeness, correctness, concordance, plausibility
# and currency [dq-dimensions](#Sources). On a ward we ask them as three questions. *Conformance*: does it have the agreed
# shape, code and unit? *Completeness*: is what should be there, there, and in time? *Plausibility*: can this be true of
# a living person? (The three are our way to ask; concordance, between sources, is lesson 2.)

# %%
import re
from pathlib import Path

import numpy as np
import pandas as pd
from wardround import claim, load
from wardround.evaluation import figure
from wardround.records import results_as_of

hospital = load()
labs, oru = hospital.tables.labs, hospital.feeds.oru

# %% [markdown]
# One check of each kind, over all laboratory results. Of 1,000 results:

# %%
checks = {
    "conformance: no LOINC code": labs.loinc.isna(),
    "completeness: a number, and no reference range": labs.value.notna() & labs.reference_high.isna(),
    "plausibility: released before it was collected": labs.issued_at < labs.effective_at,
}
of_1000 = pd.Series({name: 1000 * failed.mean() for name, failed in checks.items()}).round(1)
of_1000

# %%
claim(of_1000.iloc[0], about=18, within=1)
claim(of_1000.iloc[2], about=4, within=1)
ranged = labs[checks["completeness: a number, and no reference range"]]
claim(ranged.device.value_counts().to_dict(), exactly={"Eastbank chemistry analyzer B": 1362})
len(labs)

# %% [markdown]
# Some 18 of 1,000 have no LOINC code; 4 of 1,000 are released before they are collected. The second line, all 1,362 of
# it, is one analyzer; section 2 finds it again. The order by count says: the codes first. But who was hurt? A result
# without a code is a lost row, and week 1 found it again. A time that runs backwards teaches a model to know results
# early.
#
# This hospital's [data card](../../datasets/README.md) counts what was planted; nobody hands you one at your own place.

# %%
card = Path("../../datasets/README.md").read_text(encoding="utf-8")
kinds = {"utc_as_local": "times", "analyser_unit": "creatinines", "wrong_merge": "visits"}
planted = {name: re.search(rf"`{kind}` .*? ([\d,]+) \| ([\d,]+) \|", card).groups() for kind, name in kinds.items()}
claim([found[0] for found in planted.values()], exactly=["13,180", "1,362", "33"])
claim(planted["times"][1], exactly="6,590")
pd.DataFrame(planted, index=["places", "resources"]).T

# %% [markdown]
# By count, 13,180 times in the wrong zone come first (two in each of 6,590 results) and 33 visits in another patient's
# record come last. Lesson 2 follows one of the 33. Counts rank work. They do not rank harm.
#
# ## 2. Wrong units, seen without units
#
# *About 12 min · 26 min so far*
#
# Suppose the unit column were gone, as in many extracts. Here are Eastbank's creatinines as bare numbers; the axis is
# logarithmic, so that equal factors are equal distances.

# %%
eastbank = hospital.tables.encounters.merge(labs, on=["encounter_key", "patient_key"])
names = {site["id"]: site["name"] for site in hospital.resources("Organization")}
eastbank = eastbank[eastbank.site.map(names).eq("Eastbank Hospital") & eastbank.value.gt(0)]
creatinine = eastbank[eastbank.text.eq("Creatinine")].value


# %%
def two_heaps(axes):
    axes.hist(np.log10(creatinine), bins=60)
    axes.set(xlabel="creatinine as sent, powers of ten (0 is 1, 2 is 100)", ylabel="results")


heap = creatinine[creatinine > 15]
counts = pd.DataFrame({"results": [len(creatinine) - len(heap), len(heap)]}, index=["15 or less", "more than 15"])
says = "Eastbank's creatinines form two heaps with next to nothing between them, the second some 85 times higher than the first."
figure(two_heaps, says=says, table=counts)

# %%
claim(int(creatinine.between(10, 30).sum()), about=5, within=5)
claim(heap.median() / creatinine[creatinine <= 15].median(), about=85, within=5)

# %% [markdown]
# Two heaps of one shape, and the distance is, within a few percent, the factor between mg/dL and umol/L
# [creatinine-si](#Sources). Bodies leave no gap like that; analyzers do. (At your place dialysis patients may fill part of the
# gap; ours has none.) Now a decoy: in 2024 Quillmere's sodium changes its unit from mmol/L to mEq/L.

# %%
sodium = labs[labs.loinc == "2951-2"].groupby("unit").value.agg(["size", "median"])
claim(float(sodium["median"].max() - sodium["median"].min()), about=0, within=1)
sodium

# %% [markdown]
# The label changed and the numbers did not: for sodium the factor is 1 [milliequivalents](#Sources). An alarm on labels wakes somebody for nothing,
# and stays silent when a value changes under an old label. **Watch the values and the label, each by analyzer.**
#
# One person. On 14 November a patient of Quillmere General has this potassium (3.5 to 5.0 is normal here; one hospital
# calls everything above 6.5 critical [critical-values](#Sources)):

# %%
slipped = oru[oru.result_id == "L99C622FF69/2823-3"]
slipped[["drawn_raw", "sent_raw", "value", "unit", "flag", "status"]]

# %%
potassium = oru[oru.name.str.startswith("Potassium")]
here, adt = slipped.visit.iloc[0], hospital.feeds.adt
claim(int((potassium.visit.eq(here) & (potassium.drawn_at > slipped.drawn_at.iloc[0])).sum()), exactly=0)
claim(adt.discharged_raw[adt.visit.eq(here) & adt.event.eq("A03")].iloc[0][:8], exactly="20241115")
claim(set(potassium.flag[potassium.value == 5.1]), exactly={"H"})
claim((slipped.sent_at.max() - slipped.sent_at.min()).total_seconds() / 60, about=279, within=2)
claim((len(potassium), int((potassium.value > 9).sum())), exactly=(3_566, 7))

# %% [markdown]
# A decimal point is lost. For 279 minutes, from 03:42 on, the record said 40: final, conforming, flagged `H` like a
# 5.1. A laboratory system can hold a 40 as impossible; this one let it through. Any score that reads potassium would
# put this patient, in house until the 15th, at the top, and whoever answered would repeat the sample. The feed shows no
# repeat: somebody disbelieved it, or nobody looked. Seven of some 3,600 potassium messages are like that: found by one
# range per test. We stop those *values*, not the project.
#
# ## 3. What was known at 14:00
#
# *About 8 min · 34 min so far*
#
# An export holds the last version of a result. The message stream, `hospital.feeds.oru`, holds every version. The letters
# that you need: P preliminary, F final, C correction, W posted as wrong, for instance for the wrong patient
# [result-status](#Sources).

# %%
story = oru.sort_values("sent_at", kind="stable").groupby("result_id")
two_values = story.value.nunique() > 1
corrected = two_values & oru.status.eq("C").groupby(oru.result_id).any()
told = {
    "more than one version": story.size() > 1,
    "more than one value": two_values,
    "of these, corrected": corrected,
    "withdrawn": story.status.last() == "W",
}
per_1000 = pd.Series({name: 1000 * found.mean() for name, found in told.items()}).round(1)
per_1000

# %%
moved = (story.value.last() / story.value.first() - 1).abs()[two_values & ~corrected]
claim(moved.median(), about=0.05, within=0.01)
claim(per_1000["more than one value"] - per_1000["of these, corrected"], about=35, within=1)
claim(per_1000["of these, corrected"], about=8, within=0.5)
claim(per_1000["withdrawn"], about=5.5, within=1)

# %% [markdown]
# Of 1,000 results, some 43 said one number first and another later: 35 a preliminary one that moved by a few per cent, 8
# were corrected. And 5 or 6 were taken back. On 5 October one patient has this creatinine (0.6 to 1.3 is normal here), and
# we look at three moments:

# %%
one = oru[oru.result_id == "L0E0743E216/2160-0"]
looks = ["2024-10-05T09:30-04:00", "2024-10-05T14:00-04:00", "2024-10-05T20:00-04:00"]
seen = {at[11:16]: results_as_of(one, at)[["value", "status", "withdrawn"]] for at in looks}
pd.concat(seen, names=["at", "row"]).droplevel("row")

# %% [markdown]
# At 09:30 nothing; at 14:00 a creatinine of 1.79, final; at 20:00 the laboratory had taken it back. And the export?

# %%
tube = oru[oru.order_id == one.order_id.iloc[0]].groupby("result_id").status.last()
claim(tube.value_counts().to_dict(), exactly={"F": 6, "W": 1})
visits = {stay["id"]: stay["identifier"][0]["value"] for stay in hospital.resources("Encounter")}
same_stay = labs[labs.encounter_key.map(visits).eq(one.visit.iloc[0]) & labs.text.eq("Creatinine")]
same_stay[["effective_raw", "issued_raw", "value", "status"]].sort_values("effective_raw").head(4)

# %% [markdown]
# `entered-in-error`. Drop it, as for counting, and your training data say that at 14:00 nothing was new. But
# for ten hours the ward saw kidneys on the mend, from 2.16 to 1.79, and whoever planned the next sample or dose planned
# it on a number that did not stand. (Ask about the six others of that tube: not taken back, and if the tube was
# another patient's they should have been.) For a cohort, take the last version. For a prediction at 14:00, replay
# 14:00.
#
# **Now Q1 and Q2** (22 minutes), or after section 4.
#
# ## 4. Missing is information
#
# *About 12 min · 46 min so far*
#
# You may think a missing test is a normal one (M14). Lactate rises when tissue lacks oxygen
# [lactate](#Sources) (normal here: up to
# 2.0 mmol/L), and it is drawn when somebody is worried. From the `warehouse`, the first 24 hours of Quillmere's stays:

# %%
stays = hospital.warehouse.stays[lambda table: table.site == "quillmere"].set_index("encounter_id")
early = labs.assign(test=labs.text.str.split(",").str[0]).join(stays.admitted_at, on="encounter_key", how="inner")
early = early[early.effective_at - early.admitted_at < pd.Timedelta("24h")].sort_values("effective_at")
lactate = early[early.test == "Lactate"].groupby("encounter_key").value.first().reindex(stays.index)

# %%
level = pd.Series(np.where(lactate > 2.0, "drawn, high", "drawn, normal"), stays.index)
drawn = level.where(lactate.notna(), "not drawn")
died = stays.disposition.eq("died")
table = died.groupby(drawn).agg(stays="size", died="sum")
table["died of 1,000"] = (1000 * table.died / table.stays).round(0)
table

# %%
claim(table["died of 1,000"]["drawn, normal"], about=48, within=4)
claim(table["died of 1,000"]["not drawn"], about=20, within=2)
claim(1000 * lactate.notna().mean(), about=82, within=5)

# %% [markdown]
# Of 1,000 stays without a lactate, 20 die; of 1,000 with a *normal* one, 48 (28 of 586 stays: not many, and still more
# than twice). Filling the gap with "normal" puts well patients among the worried-about. Dropping rows with gaps keeps 82
# of 1,000 stays, the sickest. Both change what the model is about, without a word.
#
# So let the gap speak: a model that reads *no value at all*, only which of two tests were ordered, and whether
# the first sample was drawn at night. Elsewhere, in
# 669,452 patients, the mere order was associated with survival for 233 of 272 tests [orders-tell](#Sources).

# %%
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

orders = pd.DataFrame(index=stays.index)
for test in ["Lactate", "Culture"]:
    orders[test] = 1.0 * stays.index.isin(early.encounter_key[early.test.str.contains(test)])
first = early.groupby("encounter_key").effective_at.first().dt.tz_convert("America/New_York").dt.hour
orders["Night"] = 1.0 * (first.reindex(stays.index) < 6)
before = stays.admitted_at < pd.Timestamp("2024-01-01", tz="UTC")
model = LogisticRegression().fit(orders[before], died[before])


# %%
late = died[~before].to_numpy()
drawn_again = np.random.default_rng(2).integers(0, len(late), (300, len(late)))


def auroc(rows):
    risk = model.predict_proba(rows[~before])[:, 1]
    low, high = np.quantile([roc_auc_score(late[i], risk[i]) for i in drawn_again], [0.025, 0.975])
    return roc_auc_score(late, risk), low, high


# %%
result = {
    "as ordered": auroc(orders),
    "lactate for everybody": auroc(orders.assign(Lactate=1.0)),
    "both for everybody": auroc(orders.assign(Lactate=1.0, Culture=1.0)),
    "both for nobody": auroc(orders.assign(Lactate=0.0, Culture=0.0)),
}
claim(int(late.sum()), exactly=86)
claim(bool(np.allclose(result["as ordered"], (0.68, 0.62, 0.73), atol=0.012)), exactly=True)
claim(bool(np.allclose(result["both for everybody"], (0.55, 0.50, 0.60), atol=0.012)), exactly=True)
pd.DataFrame(result, index=["AUROC", "95% from", "to"]).T.round(2)

# %% [markdown]
# AUROC is the chance that of two stays the one that ends in death gets the higher score; 0.5 is a coin (week 5). Orders
# and the clock give about 0.68, and from 86 deaths that may be 0.62 or 0.73. They learnt the *clinicians* (M13). Then a new
# admission bundle draws both tests for everybody: no patient changed, and 0.55 is left, hardly more than a coin. For this
# model an order that everybody gets is an order that nobody gets.
#
# Who is harmed? The next patient about whom a nurse worries. Before the bundle the order raised the score; after it she looks like
# everybody else. So use order flags if you must, name their owner, and put "ordering policy" among the things that stop
# the model. That the policy changes nothing else is our assumption; wards react.
#
# ## What you have now
#
# - Counts rank work; a followed person ranks harm.
# - Values show a wrong unit where labels do not; a factor of 1 is no fault.
# - "What is true" and "what was known" are two tables. The export holds the first only.
# - A gap is somebody's decision. Model it knowingly, or it models you.
#
# ## Sources
#
# - **dq-dimensions**: A review of data quality assessment for the reuse of electronic health records found five dimensions: completeness, correctness, concordance, plausibility and currency. Weiskopf and Weng, J Am Med Inform Assoc 2013;20:144, abstract, read November 2026.
# - **creatinine-si**: 1 mg/dL of creatinine is 88.4 umol/L. Computed from its molar mass, 113.12 g/mol: 10 mg/L divided by 113.12 g/mol.
# - **critical-values**: One hospital's critical values for potassium are below 2.5 and above 6.5 mmol/L; every laboratory has its own. One hospital's list of critical values, read 2026; its name was not kept.
# - **result-status**: HL7 v2 table 0085 names the status of a result: P preliminary, F final, C a correction that replaces a final result, W post original as wrong (for instance for the wrong patient), D deletes the record, X cannot be obtained. HL7 table 0085 as published with FHIR R4, read November 2026.
# - **orders-tell**: In 669,452 patients the mere order of a laboratory test was associated with survival for three years for 233 of 272 tests; its timing predicted better than its value for 118 of 174. Agniel, Kohane and Weber, BMJ 2018;361:k1479.
# - **lactate**: Lactate rises where tissue lacks oxygen, and otherwise too. J Extra Corpor Technol 2017;49:7, abstract, read.
# - **milliequivalents**: 1 mmol of sodium is 1 mEq, 1 mmol of calcium 2 mEq. From the ions' charges.
