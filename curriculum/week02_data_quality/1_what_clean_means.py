# %% [markdown]
# # Lesson 1: what "clean" means on a ward
#
# *About 40 minutes (an estimate). You have done week 1. Words are in the [glossary](../glossary.md).*
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
# *About 4 min · 4 min so far*
#
# Five questions: two on week 1, three on what you expect of this one. Answer as in `quiz("W02.R1", "b")`; every option has
# a reason. R6 to R8 let you skip sections 2 and 3.

# %%
from wardround import quiz

for n in range(1, 6):
    display(quiz(f"W02.R{n}"))

# %%
quiz("W02.R1", ...)

# %% [markdown]
# ## 1. Five dimensions, three questions
#
# *About 6 min · 10 min so far*
#
# A review of how researchers judge records found five dimensions: completeness, correctness, concordance, plausibility
# and currency [dq-dimensions](#Sources). On a ward we ask them as three questions. *Conformance*: does it have the agreed
# shape, code and unit? *Completeness*: is what should be there, there, and in time? *Plausibility*: can this be true of
# a living person? (The three are our way to ask; concordance, between sources, is lesson 2.)

# %%
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
len(labs)

# %% [markdown]
# Some 18 of 1,000 have no LOINC code, and 4 of 1,000 are released before they exist. The order by count says: the codes
# first. But who was hurt? A result without a code is a lost row, and week 1 found it again. A time that runs backwards
# teaches a model to know results early. So counts rank work. They do not rank harm.
#
# ## 2. Wrong units, seen without units
#
# *About 11 min · 21 min so far*
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
# [creatinine-si](#Sources). Bodies leave no gap like that; analyzers do. Now a decoy: in 2024 Quillmere's sodium changes its unit from mmol/L to mEq/L.

# %%
sodium = labs[labs.loinc == "2951-2"].groupby("unit").value.agg(["size", "median"])
claim(float(sodium["median"].max() - sodium["median"].min()), about=0, within=1)
sodium

# %% [markdown]
# The label changed and the numbers did not: for sodium the factor is 1. An alarm on labels wakes somebody for nothing,
# and stays silent when a value changes under an old label. **Watch the values and the label, each by analyzer.**
#
# One person. On 14 December a patient of Quillmere has this potassium (3.5 to 5.0 is normal here; one hospital calls
# everything above 6.5 critical [critical-values](#Sources)):

# %%
slipped = oru[oru.result_id == "L34E8393F6C/2823-3"]
slipped[["drawn_raw", "sent_raw", "value", "unit", "flag", "status"]]

# %%
minutes = (slipped.sent_at.max() - slipped.sent_at.min()).total_seconds() / 60
claim(minutes, about=229, within=2)
potassium = oru[oru.name.str.startswith("Potassium")]
claim(len(potassium), about=3_600, within=100)
claim(int((potassium.value > 9).sum()), exactly=7)

# %% [markdown]
# A decimal point is lost. For 229 minutes the record said 42, flagged `H`, final, conforming. Any score that reads
# potassium put this patient at the top, and whoever answered went to draw blood again while another patient waited. Seven of
# some 3,600 potassium messages are like that: rare, found by one range per test, worth a person's time each. We stop those
# *values*, not the project.
#
# ## 3. What was known at 14:00
#
# *About 8 min · 29 min so far*
#
# An export holds the last version of a result. The message stream, `hospital.feeds.oru`, holds every version. The letters
# that you need: P preliminary, F final, C correction, W posted as wrong, for instance for the wrong patient
# [result-status](#Sources).

# %%
story = oru.sort_values("sent_at", kind="stable").groupby("result_id")
told = {
    "more than one version": story.size() > 1,
    "more than one value": story.value.nunique() > 1,
    "withdrawn": story.status.last() == "W",
}
per_1000 = pd.Series({name: 1000 * found.mean() for name, found in told.items()}).round(1)
per_1000

# %%
claim(per_1000["more than one value"], about=43, within=3)
claim(per_1000["withdrawn"], about=5.5, within=1)

# %% [markdown]
# Of 1,000 results, some 43 said one number first and another later; 5 or 6 were taken back. On 5 October one patient has
# this creatinine (0.6 to 1.3 is normal here), and we look at three moments:

# %%
one = oru[oru.result_id == "L0E0743E216/2160-0"]
looks = ["2024-10-05T09:30-04:00", "2024-10-05T14:00-04:00", "2024-10-05T20:00-04:00"]
seen = {at[11:16]: results_as_of(one, at)[["value", "status", "withdrawn"]] for at in looks}
pd.concat(seen, names=["at", "row"]).droplevel("row")

# %% [markdown]
# At 09:30 nothing; at 14:00 a creatinine of 1.79, final; at 20:00 it was never the patient's. And the export?

# %%
visits = {stay["id"]: stay["identifier"][0]["value"] for stay in hospital.resources("Encounter")}
same_stay = labs[labs.encounter_key.map(visits).eq(one.visit.iloc[0]) & labs.text.eq("Creatinine")]
same_stay[["effective_raw", "issued_raw", "value", "status"]].sort_values("effective_raw").head(4)

# %% [markdown]
# `entered-in-error`. Drop it, as you would for counting, and your training data say that at 14:00 nothing was new. But
# for ten hours the ward saw kidneys on the mend, from 2.16 to 1.79, and whoever planned the next sample or dose
# planned it on a recovery that was none. For a cohort, take the last version. For a prediction at 14:00, replay 14:00.
#
# **Now Q1 and Q2 in the exercise** (22 minutes), or after section 4.
#
# ## 4. Missing is information
#
# *About 11 min · 40 min so far*
#
# You may think that a missing test is a normal one (M14). Lactate rises when tissue lacks oxygen; normal is up to 2.0
# mmol/L here, and it is drawn when somebody is worried. The stays of Quillmere come from the `warehouse`, one row a stay;
# we look at the first 24 hours.

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
def auroc(rows):
    return roc_auc_score(died[~before], model.predict_proba(rows[~before])[:, 1])


result = {
    "as ordered": auroc(orders),
    "lactate for everybody": auroc(orders.assign(Lactate=1.0)),
    "both for everybody": auroc(orders.assign(Lactate=1.0, Culture=1.0)),
    "both flags removed": auroc(orders.assign(Lactate=0.0, Culture=0.0)),
}
claim(int(died[~before].sum()), exactly=86)
claim(result["as ordered"], about=0.68, within=0.015)
claim(result["both for everybody"], about=0.55, within=0.015)
pd.Series(result).round(2)

# %% [markdown]
# AUROC is the chance that of two stays the one that ends in death gets the higher score; 0.5 is a coin (week 5). Orders
# and the clock give about 0.68, from 86 deaths, so do not trust the second digit. They learnt the *clinicians* (M13).
# Then a new admission bundle draws both tests for everybody: no patient changed, and 0.55 is left, the clock. For this model
# an order that everybody gets is an order that nobody gets.
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
