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

# %%
def explain(model, background, row):
    ### STARTER return ...  # {"unit": "log-odds", "base": …, "parts": {"age": …, …}}
    ### BEGIN SOLUTION
    def output(rows):
        return model.decision_function(pd.DataFrame(rows, columns=background.columns))

    parts = shap.KernelExplainer(output, background).shap_values(row, silent=True)[0]
    return {"unit": "log-odds", "base": output(background).mean(), "parts": dict(zip(background, parts, strict=True))}
    ### END SOLUTION

# %%
check("W09.Q1", explain)

# %% [markdown] tags=["solution"]
# With six columns there are 64 coalitions; `KernelExplainer` asks the model about each of them with every row of the background, so it is exact here, for any model. The tempting
# alternative is the fast one, `TreeExplainer`: on the codes it is off by two log-odds and says nothing, on numbers it adds up and answers
# against the stays on which the trees grew. Probability is as good a unit; it is only to be asked for from the start, `predict_proba` in place of
# `decision_function`, and never made out of log-odds one by one.

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

# %%
leaks = ...  # ["…", "…", "…"]
### BEGIN SOLUTION
filled = pd.DataFrame({"then": (made.rows != 0).mean(), "newest": (made.newest.fillna(0) != 0).mean()})
empty = filled[(filled.newest == 0) & (filled.then > 0)].index
late = made.papers.set_index("column").known_when.str.contains("coding|closed|within|end of|counted|next arrival")
loud = size.mean().nlargest(2).index
leaks = sorted({*loud, *(name for name in empty if late[name])})
### END SOLUTION

# %%
check("W09.Q2", leaks)

# %% [markdown] tags=["solution"]
# Each leak falls to another question. The two at the top: are they filled in stays that ended yesterday? The rare one: what is the *largest* |SHAP| of each column, `size.max()`? The one
# that is split: what do columns add that go along with each other? `newest` answers for most of them at once, and a rare column may be empty there by chance, so its
# paper is read as well. The tempting alternative is the head of the ranking. SHAP finds leaks that are loud in the mean, and those only.

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

# %%
verdicts = ...  # {"pain": ("proxy", 0.0), …}
### BEGIN SOLUTION
verdicts = {}
for feature, value in zip(features.feature, features.proposed, strict=True):
    run = given(9).what_if(hospital, feature, value)
    fewer = run["back_before"] - run["back_after"]
    verdicts[feature] = ("cause" if abs(fewer) > 0.05 else "proxy", fewer)
### END SOLUTION

# %%
check("W09.Q3", verdicts)

# %% [markdown] tags=["solution"]
# With the same dice a proxy moves nobody, to the last patient. The tempting alternative is to look at the ranking, the sign or the chart; each fails on a feature that is done for the frailest: it
# goes along with returns, the score rises with it, and it keeps people at home. In life there is no second run of the same people. That is what Q4 is for.

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

# %%
def effect(stays):
    ### STARTER return ...  # {"fewer": …, "low": …, "high": …}
    ### BEGIN SOLUTION
    listed = stays[stays.listed]
    ticket, called = listed[listed.held_out], listed[~listed.held_out]
    found = share_difference(int(ticket.back.sum()), len(ticket), int(called.back.sum()), len(called))
    return {"fewer": 1000 * found.value, "low": 1000 * found.low, "high": 1000 * found.high}
    ### END SOLUTION

# %%
check("W09.Q4", effect)

# %% [markdown] tags=["solution"]
# Listed with a ticket against listed without: the lot is the only thing between them. Who did not answer stays among the called, as nobody knows beforehand who will. The tempting alternative is to adjust for
# what the table holds, by weights or by two models. In the first world that gives the same answer with a narrower interval, and in the second three times the effect, with the
# same confidence. No fact about the patients tells the worlds apart; the lot does, and need not.

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
### BEGIN SOLUTION
revised = [
    "The list calls the forty highest risks of a week, as before: in three other towns forty by estimated benefit averted fewer.",
    "It is assumed that a call takes a like share of each risk, so that the highest risks have the most to gain.",
    "It would be tested by tickets drawn by lot on our own list: listed and called against listed and not called, as offered, for patients like those whom one list alone calls.",
]
### END SOLUTION
keep("w09_revised", revised)

# %% [markdown] tags=["solution"]
# Of forty calls a week 25 go to the same people. By risk alone stand the fifteen with the most stays before; a T-learner sees next to nothing to gain for them (2 of 1,000), and the known
# risks of the simulation say 51 of 1,000, against 28 for the fifteen whom benefit alone calls. The tempting alternative writes "we call whom a call helps most". It is a sentence about an effect,
# and nobody has measured it on this list.

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

# %%
def stories(model, everyone, ward, patients):
    ### STARTER return ...  # a table: the patients in its index, columns everyone and ward
    ### BEGIN SOLUTION
    def first(background):
        far = model[0].transform(patients) - model[0].transform(background).mean(axis=0)
        return pd.DataFrame(far * model[-1].coef_[0], patients.index, patients.columns).abs().idxmax(axis=1)

    return pd.DataFrame({"everyone": first(everyone), "ward": first(ward)})
    ### END SOLUTION

# %%
check("W09.Q5", stories)

# %% [markdown] tags=["solution"]
# The background is the question: *why is his risk not that of everybody* is another question than *why is it not that of his ward*. The tempting alternative leaves it unsaid, and then the
# first reason depends on whoever wrote the code. Score and sum are the same under both.

# %%
# hint("W09.Q5")

# %% [markdown]
# ## Q6 (+): forty calls a week
#
# Each week you get the home discharges of three towns with `risk`, `benefit`, `listed` and some facts. Name at most forty stays. By the known risks your lists must avert at
# least 1.55 times what forty of the care managers' list do.

# %%
lists.head()

# %%
def forty(rows):
    ### STARTER return ...  # stays of that week
    ### BEGIN SOLUTION
    return rows.nlargest(given(9).FORTY, "risk").stay
    ### END SOLUTION

# %%
check("W09.Q6", forty)

# %% [markdown] tags=["solution"]
# The tempting alternative asks the better question, whom does a call help most, of an estimate that cannot answer it yet. A call takes a share of a risk, so the plain list by
# risk is a fair list by benefit, here. That is a fact of this hospital, not of calls.

# %%
# hint("W09.Q6")

# %% [markdown]
# ## What to bring to the group
#
# Your memo, and the feature of Q3 on which you had sworn, and lost.

# %%
check_all(9)
