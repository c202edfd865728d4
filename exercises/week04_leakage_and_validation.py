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

# %% nbgrader={"grade": false, "grade_id": "w04-q1", "locked": false, "schema_version": 3, "solution": true}
def sizes(harness):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w04-q1-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W04.Q1", sizes)

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

# %% nbgrader={"grade": false, "grade_id": "w04-q2", "locked": false, "schema_version": 3, "solution": true}
audit = ...  # {"…": "known", …}: all 24

# %% nbgrader={"grade": true, "grade_id": "w04-q2-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W04.Q2", audit)

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

# %% nbgrader={"grade": false, "grade_id": "w04-q3", "locked": false, "schema_version": 3, "solution": true}
def train(stays):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w04-q3-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W04.Q3", train)

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

# %% nbgrader={"grade": false, "grade_id": "w04-q4", "locked": false, "schema_version": 3, "solution": true}
review = ...  # {12: ("written later", "leave it out"), …}

# %% nbgrader={"grade": true, "grade_id": "w04-q4-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W04.Q4", review)

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

# %% nbgrader={"grade": false, "grade_id": "w04-q5", "locked": false, "schema_version": 3, "solution": true}
def split(stays, cut):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w04-q5-check", "locked": true, "points": 0, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W04.Q5", split)

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

# %% nbgrader={"grade": false, "grade_id": "w04-q6", "locked": false, "schema_version": 3, "solution": true}
def more_or_better(bench):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w04-q6-check", "locked": true, "points": 0, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W04.Q6", more_or_better)

# %%
# hint("W04.Q6")

# %% [markdown]
# ## What to bring to the group
#
# Your memo, and the line of the pull request that you found last.

# %%
check_all(4)
