# %% [markdown]
# # Week 5, exercise: clinical metrics
#
# Four questions of about 11 minutes, a memo, and two stretch questions (+). Write your answer where the `...` stands and run the check below it.
# A wrong answer costs nothing: the check says what happened and where to look. When you are stuck, take the `#` away
# from a `# hint(…)` line and run it; words are in the [glossary](../curriculum/glossary.md).
#
# The use case: sepsis on a ward, asked every eight hours, until the first culture or antibiotic is ordered for suspected sepsis.

# %%
import numpy as np
import pandas as pd
from wardround import check, check_all, given, hint, load, memo, solution
from wardround.evaluation import wilson

hospital = load()
ward, stays = given(5).ward(hospital), given(5).stays(hospital)

# %% [markdown]
# `ward` has one row a score, every eight hours; an `alert` is a score of two points or more; `ordered` says whether a culture or an antibiotic
# had been ordered by then. `stays` has one row a stay. `septic` means: sepsis by review of the chart, and somebody ordered; sepsis that
# nobody ordered for is not in it. `ordered_at` is the first such order of any stay, septic or not; antibiotics for, say, a pneumonia are none.

# %%
ward.head(3)

# %%
stays.head(3)

# %% [markdown]
# ## Q1: one set of counts, two true headlines
#
# Count as the brochure does: a stay is flagged if it has an alert at any time. From the four cells, flagged or not, septic or not,
# write two figures on *stays*: one that sells the score and one that kills it. Both must be true, and the seller's must be one that a score which
# never speaks does not reach. Whole numbers will do.

# %%
given(5).GROUPS

# %% nbgrader={"grade": false, "grade_id": "w05-q1", "locked": false, "schema_version": 3, "solution": true}
def headlines(ward, stays):
    return ...  # {"sell it": {"who": "…", "of": "…", "per 100": …}, "kill it": {…}}

# %% nbgrader={"grade": true, "grade_id": "w05-q1-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W05.Q1", headlines)

# %%
# hint("W05.Q1")

# %% [markdown]
# ## Q2: the brochure, carried to our wards
#
# The brochure's `claim` was measured where 20 of 100 have sepsis. Take its sensitivity and specificity as they are, and carry them to other
# places. Return one row a `place`, with
#
# - `flagged`: of 100 stays, those flagged;
# - `ppv`: of 100 flagged stays, those that are septic;
# - `a_week`: flagged stays in a week of this place (`stays` began in `days` days).
#
# Do not round. The check also asks with another claim, and for a place of the vendor's own.

# %%
claim, places = given(5).CLAIM, given(5).places(hospital)
places

# %% nbgrader={"grade": false, "grade_id": "w05-q2", "locked": false, "schema_version": 3, "solution": true}
def carried(claim, places):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w05-q2-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W05.Q2", carried)

# %%
# hint("W05.Q2")

# %% [markdown]
# ## Q3: in time, or afterwards?
#
# A patient is at risk until the first culture or antibiotic is ordered for suspected sepsis (`ordered`), and not under comfort care. An alert is in time if it comes while the patient
# is at risk and the order follows within 24 hours: 24 hours exactly are in time, the minute of the order is not. Return
#
# - `septic`: how many septic stays have at least one score while at risk;
# - `in time`: of 100 of those, how many have an alert in time;
# - `two hours`: of 100 of those, how many have one at least two hours before the order;
# - `lead`: the median, over the stays found in time, of the hours from the first such alert to the order.
#
# The check also asks about twelve invented stays, `given(5).invented_stays()`, each on an edge of these rules.

# %% nbgrader={"grade": false, "grade_id": "w05-q3", "locked": false, "schema_version": 3, "solution": true}
def in_time(ward, stays):
    return {"septic": ..., "in time": ..., "two hours": ..., "lead": ...}

# %% nbgrader={"grade": true, "grade_id": "w05-q3-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W05.Q3", in_time)

# %%
# hint("W05.Q3")

# %% [markdown]
# ## Q4: whom does it miss?
#
# `septic` has the septic stays that were at risk; `found` says whether the score found them in time. For each group of a column `by`, return one row with `group`, `septic` (how many), `sensitivity`,
# `low` and `high` (shares between 0 and 1, by `wilson`), and `verdict`. A group with fewer than `SMALLEST` septic stays keeps its row, without a rate.
# Otherwise compare it with everybody else by `given(5).gap(found, of, found_else, of_else)`, found here minus found elsewhere; `MARGIN` is a gap of
# 10 points, 0.10. The check goes through six columns, and through the districts of an invented country.

# %%
given(5).VERDICTS

# %%
septic = given(5).recognised(hospital)
septic.race.value_counts()

# %% nbgrader={"grade": false, "grade_id": "w05-q4", "locked": false, "schema_version": 3, "solution": true}
def by_group(septic, by):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w05-q4-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W05.Q4", by_group)

# %%
# hint("W05.Q4")

# %% [markdown]
# ## Memo: to the chief medical information officer (15 minutes)
#
# The vendor's contract lies on her desk. Is 0.83 good enough for our wards? At most 150 words; score it by the rubric in
# [memo.md](../curriculum/week05_clinical_metrics/memo.md).

# %%
memo("W05.M", headline=..., at_our_prevalence=..., in_time=..., burden=..., who_is_missed=..., decision=..., changes_my_mind=..., because=...)

# %% [markdown]
# ## Stretch (+)
#
# Never counted.
#
# ## Q5 (+): rates that survive an empty cell
#
# From four counts return `sensitivity`, `specificity`, `ppv`, `npv` and `nne` (how many are evaluated for each septic stay found). What cannot be counted is
# `np.nan`. It is asked of wards without sepsis, without alerts, and without anybody.

# %%
given(5).cases(hospital)

# %% nbgrader={"grade": false, "grade_id": "w05-q5", "locked": false, "schema_version": 3, "solution": true}
def rates(tp, fp, fn, tn):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w05-q5-check", "locked": true, "points": 0, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W05.Q5", rates)

# %%
# hint("W05.Q5")

# %% [markdown]
# ## Q6 (+): a bootstrap that draws patients
#
# What share of all alerts belongs to septic stays? Return it with a 95% interval (`low`, `high`, between 0 and 1) from at least 1,000 samples of patients. `bootstrap` of our
# library would do; write it yourself this once.

# %%
alerts = given(5).alerts(hospital)
alerts.head(3)

# %% nbgrader={"grade": false, "grade_id": "w05-q6", "locked": false, "schema_version": 3, "solution": true}
def by_patient(alerts):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w05-q6-check", "locked": true, "points": 0, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W05.Q6", by_patient)

# %%
# hint("W05.Q6")

# %% [markdown]
# ## What to bring to the group
#
# Your two headlines, and the group of Q4 that you would ask the vendor about first.

# %%
check_all(5)
