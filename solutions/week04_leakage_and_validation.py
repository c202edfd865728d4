# %% [markdown]
# # Week 4, exercise: leakage and honest validation
#
# Four questions of about 11 minutes, a memo, and two stretch questions (+). Write your answer where the `...` stands and run the check below it.
# A wrong answer costs nothing: the check says what happened and where to look. When you are stuck, take the `#` away
# from a `# hint(…)` line and run it; words are in the [glossary](../curriculum/glossary.md).

# %%
from wardround import check, check_all, given, hint, keep, load, memo, solution  # first: it switches MLflow's telemetry off

# %%
import mlflow
import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from wardround.evaluation import auroc, auroc_difference, auroc_value, bootstrap
from wardround.records.features import READMISSION, lace

hospital = load()

# %% [markdown]
# ## Q1: four leaks, sized
#
# A harness holds four experiments. Each can be run with its leak and without, and returns a row for each scored row:
# `row`, `patient`, `part` (`learnt` or `judged`), `outcome`, `risk`. Both runs of a leak have the same rows.
#
# How much does each leak add to the AUROC, and how sure is that? Return a DataFrame with `leak`, `gain`, and `low` and
# `high` of a 95% interval, one row a leak. Patients, not rows, are what chance draws.
#
# The first check takes about a quarter of a minute, as it tries the usual mistakes as well; later ones take some five seconds.
# `draws=200` in `bootstrap` is enough.

# %%
given(4).LEAKS

# %%
harness = given(4).harness(hospital)
harness.run("repeated patients", on=True).head(3)

# %%
def sizes(harness):
    ### STARTER return ...
    ### BEGIN SOLUTION
    def lift(outcome, with_leak, without):
        return auroc_value(outcome, with_leak) - auroc_value(outcome, without)

    rows = []
    for leak in harness.leaks:
        on, off = harness.run(leak, on=True), harness.run(leak, on=False)
        both = on.merge(off[["row", "risk"]], on="row", suffixes=("", "_off"))
        both = both[both.part == "judged"]
        gain = bootstrap(lift, both.patient, both.outcome, both.risk, both.risk_off)
        rows.append({"leak": leak, "gain": gain.value, "low": gain.low, "high": gain.high})
    return pd.DataFrame(rows)
    ### END SOLUTION

# %%
check("W04.Q1", sizes)

# %% [markdown] tags=["solution"]
# Each draw takes patients, computes both areas on them, and subtracts: so what the two runs have in common cancels. The tempting
# alternative, `auroc_difference`, differs little for three of the four, where a patient has one or two rows. In `repeated patients`
# some twenty rows belong to one patient and share one outcome, and its interval is nearly always less than half as wide as it should
# be. Two single intervals, subtracted, are wrong the other way: for the imputation they leave open what is settled to the third digit.

# %%
# hint("W04.Q1")

# %% [markdown]
# ## Q2: was it there at eight?
#
# Your team proposes 24 features for a model that is asked at 08:00 on the day of discharge. For each: could somebody have read
# this number at eight? Name one of `given(4).CAUSES`; where two fit, the one that stands first.

# %%
given(4).CAUSES

# %%
with pd.option_context("display.max_colwidth", None):
    display(given(4).features(hospital).style.hide(axis="index").set_properties(**{"text-align": "left"}))

# %%
audit = ...  # {"…": "known", …}: all 24
### BEGIN SOLUTION
by_cause = {
    "happens later": ["days_in_hospital", "left_with", "first_week_visits", "follow_up_kept", "stays_in_table",
                      "weight_loss", "call_made", "haemoglobin_near"],
    "written later": ["sodium_drawn", "culture_growth", "drg", "sepsis_reviewed", "summary_words", "stays_elsewhere",
                      "tumour_stage"],
    "dated back": ["code_count", "present_on_admission", "heart_failure_onset", "downtime_vitals", "late_note"],
    "overwritten": ["payer_on_file", "zip_on_file", "medicines_now", "smoker", "weight_on_file", "has_family_doctor"],
    "uses the outcome": ["ward_rate", "zip_rate", "ten_alike", "pilot_score", "diagnosis_weight", "audit_group"],
    "names the row": ["encounter_number", "record_number", "wristband", "row", "name_code"],
    "our own doing": ["vital_sets", "lactate_ordered", "case_manager", "nurse_worry", "night_orders",
                      "albumin_not_asked", "consultations"],
}
audit = dict.fromkeys(given(4).features(hospital).feature, "known")
audit |= {name: cause for cause, names in by_cause.items() for name in names if name in audit}
### END SOLUTION

# %%
check("W04.Q2", audit)

# %% [markdown] tags=["solution"]
# Every hospital gets 24 of 56 features; this answer covers all. Two clocks, as in week 3: when it happened, and when somebody could
# read it. Two traps have no clock at all: a value that is kept as *current* is that of the night of the export, and a rate over
# the table holds the outcome of the row that it describes. What staff did (`our own doing`) was there in time. Use
# it knowingly or not at all: it is the clinician whom the model learns.

# %%
# hint("W04.Q2")

# %% [markdown]
# Your audit is part of A1, the readmission report.

# %%
keep("leaks", ... if audit is ... else pd.Series(audit, name="verdict").rename_axis("feature").sort_values().reset_index())

# %% [markdown]
# ## Q3: a model for a hospital never seen
#
# `stays` are the stays of our case list that can be counted, as the warehouse has them: every column, also those written later;
# `state` (week 3), and `whole`: whether the follow-up lies inside the data. Write a function that learns from such a table and returns a
# fitted estimator, or a function of stays that gives one risk a row.
#
# It is judged on 21,651 stays of a hospital that nobody has seen, against the known risk of each (no luck involved):
#
# - expected AUROC at least 0.01 above LACE's;
# - no risk moves when what is written later is scrambled, or when fewer stays are asked about;
# - the sum of the risks is within a quarter of what comes.
#
# It is trained again on a second, smaller hospital. The first check takes a minute or two, longer on a busy machine: it simulates
# those stays, once, and tries the usual mistakes. Later ones take some ten seconds.

# %%
stays = given(4).stays_to_learn(hospital)
pd.crosstab(stays.state, stays.whole)

# %%
def train(stays):
    ### STARTER return ...
    ### BEGIN SOLUTION
    known = stays[stays.whole]
    model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    model.fit(READMISSION.compute(known), known.state == "readmitted")
    return lambda rows: model.predict_proba(READMISSION.compute(rows))[:, 1]
    ### END SOLUTION

# %%
check("W04.Q3", train)

# %% [markdown] tags=["solution"]
# Rows by dates alone (`whole`), columns that are there at eight (`READMISSION`), weights held back (`C=0.01`; by AUROC
# folds choose 0.001, whose risks are too timid: week 6). `died_first` is in with the outcome False, as the question is about readmission; leaving them out
# moves little here (171 of 8,903 stays), but chooses rows by what came later; where more die, death is a competing event and is modelled.
# The tempting alternative is a forest or boosting with its defaults: best in the house on the stays that it
# learnt, and below LACE on strangers. The known risk here is that under care as usual for the sum, and that without a call for the order:
# week 9 takes the two apart.

# %%
# hint("W04.Q3")

# %% [markdown]
# At home there is no known risk. What one can measure: a model of the stays whose outcome was known on 4 September 2023, on later ones.
# One line, and the run is on record in `work/mlflow.db`; another keeps the figure for A1.

# %%
estimate = given(4).on_later_stays(train, hospital)
if estimate is not ...:
    with mlflow.start_run(run_name="W04.Q3"):
        mlflow.log_metrics({"auroc": estimate.value, "low": estimate.low, "high": estimate.high})
    later, found = given(4).later_stays(hospital), {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    counted = {"stays": len(later), "events": int((later.state == "readmitted").sum())}
    display(keep("validation", pd.DataFrame([{"what": "AUROC, stays after 4 September 2023", **found, **counted}])))
estimate

# %% [markdown]
# ## Q4: a pull request that raises the AUROC
#
# A colleague writes: *nine small improvements, the AUROC goes up, tests are green*. The code runs. Which changes leak: through which does the
# outcome of a row that judges, or a moment after 08:00, get into the model or decide who is scored? Five do. Leave the others alone:
# what only looks like a leak, and what is merely untidy (you sized that in Q1).
#
# Answer with a dictionary: a line number of the change (any of its `+` or `-` lines) to a pair of `given(4).KINDS` and `given(4).REPAIRS`.
# Where two kinds fit, either counts.

# %%
print(given(4).pull_request(hospital))

# %%
given(4).KINDS

# %%
given(4).REPAIRS

# %%
review = ...  # {12: ("written later", "leave it out"), …}
### BEGIN SOLUTION
known_leaks = {
    "rows.clear": ("rows chosen by outcome", "choose rows by what is known at eight"),
    "history.all": ("open window", "end the window at eight"),
    "history.first": ("open window", "end the window at eight"),
    "admin.codes": ("written later", "leave it out"),
    "admin.bill": ("written later", "leave it out"),
    "admin.missed": ("written later", "leave it out"),
    "labs.worst": ("open window", "end the window at eight"),
    "labs.next": ("open window", "end the window at eight"),
    "place.rate": ("outcome in a feature", "training rows only, and never the row itself"),
    "split.known": ("not known yet", "split by date and patient"),
    "split.person": ("patient on both sides", "split by date and patient"),
    "split.copies": ("copies on both sides", "training rows only"),
    "select.teams": ("chosen on the test", "training rows only"),
    "select.groups": ("outcome in a feature", "training rows only, and never the row itself"),
    "fit.all": ("judged on its own rows", "training rows only"),
    "fit.strength": ("chosen on the test", "training rows only"),
}
lines = given(4).changes(hospital)
review = {lines[name][0]: pair for name, pair in known_leaks.items() if name in lines}
### END SOLUTION

# %%
check("W04.Q4", review)

# %% [markdown] tags=["solution"]
# Every hospital gets another pull request; this answer covers the bank. Three questions find them all. *When*: is it written, or does its
# window end, by `asked_at`? `transform("count")` over a patient's stays counts those to come; `cumcount` does not. *Who*: can a patient, or a copy of a row, stand
# on both sides? *What has seen the outcome*: a rate, a choice of columns, a strength, made before the split or with the test rows. The
# tempting finding is the scale or mean of all rows. It has seen no outcome. The tempting repair is a rate made on training rows alone:
# each of them still finds its own outcome in it. The figure no longer lies, and the model is worse.

# %%
# hint("W04.Q4")

# %% [markdown]
# ## Memo: a validation plan (15 minutes)
#
# The steering group wants 0.91 confirmed before Monday. Write down how it will be tested instead. At most 150 words; score it by the rubric in
# [memo.md](../curriculum/week04_leakage_and_validation/memo.md).

# %%
memo("W04.M", question=..., data_split=..., baseline=..., leaks_checked=..., measure_and_floor=..., external=..., decision=..., because=...)

# %% [markdown]
# ## Stretch (+)
#
# Never counted.
#
# ## Q5 (+): a splitter
#
# Return `train`, `test` or `out` for each stay, as on the day `cut`: what teaches was known by then (`known_at`), what judges is asked about
# from then on (`asked_at`), nobody stands on both sides, and nothing else is left out.

# %%
given(4).stays_to_split(hospital).head(3)

# %%
def split(stays, cut):
    ### STARTER return ...
    ### BEGIN SOLUTION
    judge = stays.asked_at >= cut
    teach = (stays.known_at <= cut) & ~stays.person_id.isin(stays.person_id[judge])
    return pd.Series(np.select([judge, teach], ["test", "train"], "out"), index=stays.encounter_id)
    ### END SOLUTION

# %%
check("W04.Q5", split)

# %% [markdown] tags=["solution"]
# Each choice has its price. Kept where they judge, training loses those who return, and its risks come out lower. Kept where they
# teach, the test has newcomers alone and less than half of its events (208 of 453). Both serve ranks; for calibration, or for the
# model of that day, split by time alone. The gap of 150 days is the price of outcomes that take their time, and the model will have
# the same gap on the day it goes live.

# %%
# hint("W04.Q5")

# %% [markdown]
# ## Q6 (+): more data, or better features?
#
# There is money for one: the records of as many patients again, or two columns, earlier stays and emergency visits, that registration
# would have to keep. `bench.area(share, better=False)` trains on a share of the patients and gives the AUROC on the rows `learnt` and on `later` ones. The step from half of
# the patients to all (the mean of eight draws, as halves differ) stands for the next doubling. Return what each would bring, and which is `next`.

# %%
bench = given(4).bench(hospital)
bench.area(1.0)

# %%
def more_or_better(bench):
    ### STARTER return ...
    ### BEGIN SOLUTION
    half, all_rows, better = bench.area(0.5), bench.area(1.0), bench.area(1.0, better=True)
    more, gain = all_rows["later"] - half["later"], better["later"] - all_rows["later"]
    return {"more data": more, "better features": gain, "next": "more data" if more > gain else "better features"}
    ### END SOLUTION

# %%
check("W04.Q6", more_or_better)

# %% [markdown] tags=["solution"]
# One change at a time, on rows that nobody has learnt. On the rows learnt, more data looks harmful: there is less to learn by heart.

# %%
# hint("W04.Q6")

# %% [markdown]
# ## What to bring to the group
#
# Your memo, and the line of the pull request that you found last.

# %%
check_all(4)
