# %% [markdown]
# # Week 9, exercise: explanations and effects
#
# Four questions of about 11 minutes, a memo, a piece of your report, and two stretch questions (+). Write your answer where the `...` stands and run the check below it.
# A wrong answer costs nothing: the check says what happened and where to look. When you are stuck, take the `#` away
# from a `# hint(…)` line and run it; words are in the [glossary](../curriculum/glossary.md).

# %%
import numpy as np
import pandas as pd
import shap
from wardround import check, check_all, given, hint, keep, load, memo, solution
from wardround.evaluation import share_difference

hospital = load()

# %% [markdown]
# ## Q1: contributions that add up
#
# Three small models of readmission: a logistic one, boosted trees on numbers, and boosted trees in which one column holds codes of diagnosis groups. Write a
# function that explains one row against a background of 150 stays: in `"log-odds"` or in `"probability"`, as you like, and you say which.
#
# Two things are judged, on rows that you have not seen, both to a millionth. Base and contributions add up to what the model says in that unit. And each
# contribution is the exact Shapley value against the background that was handed in, all of it.
#
# `shap.KernelExplainer` starts at once, and hands your function bare arrays: make a table of them, with the names of the columns. `shap.Explainer`
# compiles for ten seconds or more at its first call.

# %%
models = given(9).models(hospital)
models["groups"].rows.head(3)

# %%
one = models["trees"]
one.model.decision_function(one.rows[:2]), one.model.predict_proba(one.rows[:2])[:, 1]

# %% nbgrader={"grade": false, "grade_id": "w09-q1", "locked": false, "schema_version": 3, "solution": true}
def explain(model, background, row):
    return ...  # {"unit": "log-odds", "base": …, "parts": {"age": …, …}}

# %% nbgrader={"grade": true, "grade_id": "w09-q1-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W09.Q1", explain)

# %%
# hint("W09.Q1")

# %% [markdown]
# ## Q2: three leaks, one of them hidden
#
# A model of readmission has an AUROC of 0.96. In its table are three columns, or groups of columns, that were written after the stay. `rows` and `back`
# are stays that the model has not learnt from; `newest` holds 250 stays that ended in the last days, as their columns stand now; `papers` says of each column when it is said
# to be known.
#
# Name the columns. Two leaks are loud. One leak's paper is wrong, and so is that of one harmless column. On another hospital there are other leaks.

# %%
made = given(9).suspect(hospital)
values = shap.TreeExplainer(made.model)(made.rows)
assert abs(values.values.sum(axis=1) + values.base_values - made.model.decision_function(made.rows)).max() < 1e-6

# %%
size = pd.DataFrame(abs(values.values), columns=made.rows.columns)
size.mean().nlargest(8).round(3)

# %%
made.papers.tail(14)

# %% nbgrader={"grade": false, "grade_id": "w09-q2", "locked": false, "schema_version": 3, "solution": true}
leaks = ...  # ["…", "…", "…"]

# %% nbgrader={"grade": true, "grade_id": "w09-q2-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W09.Q2", leaks)

# %%
# hint("W09.Q2")

# %% [markdown]
# ## Q3: cause or proxy
#
# A town of its own, with eight features. Which of them are causes of returns has been drawn, so no textbook answers. `what_if` lets the town live again with one
# feature of everybody set to a value: the same people, the same dice. Somebody proposes a value for each feature.
#
# For each say `"cause"` or `"proxy"`, and how many fewer of 1,000 come back in the run that is proposed (below 0: more). The runs answer in a loop of five lines. So
# first, before any run, write down on which features you would have sworn: for the group, and for yourself.

# %%
features = given(9).features(hospital)
features

# %%
town, weights = given(9).town(hospital), given(9).weights(hospital)
shares, log_odds = weights * (town[weights.index] - town[weights.index].mean()), np.log(town.score / (1 - town.score))
assert abs(log_odds.mean() + shares.sum(axis=1) - log_odds).max() < 1e-6
shares.abs().mean().sort_values(ascending=False).round(3)

# %%
sworn = ...  # {"pain": "cause", …} as you would say it today
keep("w09_sworn", sworn)

# %%
first = features.iloc[0]
given(9).what_if(hospital, first.feature, first.proposed)

# %% nbgrader={"grade": false, "grade_id": "w09-q3", "locked": false, "schema_version": 3, "solution": true}
verdicts = ...  # {"pain": ("proxy", 0.0), …}

# %% nbgrader={"grade": true, "grade_id": "w09-q3-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W09.Q3", verdicts)

# %%
# hint("W09.Q3")

# %% [markdown]
# ## Q4: the effect of a call, as offered
#
# In three towns care managers write a list each day of whom to call. Then tickets are opened: for one discharge in five, by lot, nobody is called. Of those called, 85 of 100
# answer. How many fewer of 1,000 come back when a patient *on the list* is offered a call?
#
# Your function gets such a table and returns `fewer`, `low` and `high`, of 1,000. It is put to ten tables of two worlds, five each, and is not told which. In one of
# them support at home decides who is called and who stays well, and nobody has written it down.

# %%
stays = given(9).calls(hospital)
help(given(9).calls)

# %%
stays.groupby(["home", "listed", "held_out", "called", "reached"]).back.agg(["size", "mean"]).round(3)

# %% nbgrader={"grade": false, "grade_id": "w09-q4", "locked": false, "schema_version": 3, "solution": true}
def effect(stays):
    return ...  # {"fewer": …, "low": …, "high": …}

# %% nbgrader={"grade": true, "grade_id": "w09-q4-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W09.Q4", effect)

# %%
# hint("W09.Q4")

# %% [markdown]
# ## Memo: what an explanation may claim (15 minutes)
#
# The wards ask for reasons beside the readmission score. Write down what may stand there. At most 150 words; score it by the rubric in
# [memo.md](../curriculum/week09_explanations_and_effects/memo.md).

# %%
memo("W09.M", sentence=..., claims=..., never=..., checked=..., effect=..., decision=..., because=...)

# %% [markdown]
# ## A1, revisited (15 minutes): the same forty calls
#
# Your report of week 6 calls by risk. Two lists of forty for the same weeks of 2025, in three other towns: by risk without a call, and by the estimated benefit of one, which a T-learner has
# learnt on the calls of 2024. How far do they agree, and whom does one call that the other leaves out?

# %%
lists = given(9).lists(hospital)
forty_by = {by: lists.sort_values(by, ascending=False).groupby("week").head(given(9).FORTY).stay for by in ("risk", "benefit")}
by_risk, by_benefit = (lists.stay.isin(stays) for stays in forty_by.values())
groups = {"on both lists": by_risk & by_benefit, "by risk only": by_risk & ~by_benefit, "by benefit only": by_benefit & ~by_risk}

# %%
whom = pd.DataFrame({"on which list": list(groups)})
whom["patients a week"] = [round(rows.sum() / lists.week.nunique(), 1) for rows in groups.values()]
means = pd.DataFrame([lists.loc[rows, ["age", "stays_before", "risk", "benefit"]].mean() for rows in groups.values()])
whom = whom.join(means.assign(risk=1000 * means.risk, benefit=1000 * means.benefit).round({"age": 0, "stays_before": 1, "risk": 0, "benefit": 0}))
display(keep("w09_forty", whom.rename(columns={"stays_before": "stays in the year before", "risk": "risk, of 1,000", "benefit": "estimated benefit, of 1,000"})))
whom

# %% [markdown]
# Now revise the report in three sentences: by what does the list call from Monday, what of that is assumed, and what would test it? They become its page 6, with this table and the field
# `effect` of your memo: `python start.py portfolio`.

# %%
revised = ...  # ["The list calls by …", "It is assumed that …", "It would be tested by …"]
keep("w09_revised", revised)

# %% [markdown]
# ## Stretch (+)
#
# Never counted.
#
# ## Q5 (+): two backgrounds, two stories
#
# Eight patients of the ward for heart failure and COPD, and one logistic model of scaled columns. For each patient give the first reason, the contribution in log-odds that is largest in size, against
# everybody and against the ward's patients.

# %%
made_two = given(9).two_backgrounds(hospital)
made_two.everyone.mean().round(2), made_two.ward.mean().round(2)

# %% nbgrader={"grade": false, "grade_id": "w09-q5", "locked": false, "schema_version": 3, "solution": true}
def stories(model, everyone, ward, patients):
    return ...  # a table: the patients in its index, columns everyone and ward

# %% nbgrader={"grade": true, "grade_id": "w09-q5-check", "locked": true, "points": 0, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W09.Q5", stories)

# %%
# hint("W09.Q5")

# %% [markdown]
# ## Q6 (+): forty calls a week
#
# Each week you get the home discharges of three towns with `risk`, `benefit`, `listed` and some facts. Name at most forty stays. By the known risks your lists must avert at
# least 1.55 times what forty of the care managers' list do.

# %%
lists.head()

# %% nbgrader={"grade": false, "grade_id": "w09-q6", "locked": false, "schema_version": 3, "solution": true}
def forty(rows):
    return ...  # stays of that week

# %% nbgrader={"grade": true, "grade_id": "w09-q6-check", "locked": true, "points": 0, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W09.Q6", forty)

# %%
# hint("W09.Q6")

# %% [markdown]
# ## What to bring to the group
#
# Your memo, and the feature of Q3 on which you had sworn, and lost.

# %%
check_all(9)
