# %% [markdown]
# # Week 3, exercise: cohorts and labels
#
# Four questions, a memo, and two stretch questions (+). They belong between sections of the two lessons, which later print
# what you find here: each says where. Write your answer where the `...` stands and run the check below it. A wrong answer
# costs nothing: the check says what happened and where to look. When you are stuck, take the `#` away from a `# hint(…)`
# line and run it; words are in the [glossary](../curriculum/glossary.md).

# %%
import numpy as np
import pandas as pd
from wardround import check, check_all, given, hint, keep, load, memo, predict, reveal, solution
from wardround.records.cohort import attrition, definition_table
from wardround.records.features import READMISSION

hospital = load()
contacts, ends = given(3).case_list(hospital), given(3).data_end(hospital)

# %% [markdown]
# ## Before you look
#
# Two teams are asked for the readmission rate of the same hospital. Guess how far apart they can end with a straight face,
# unless you have guessed in lesson 1, section 1. How far it is, is told in lesson 1, section 4.

# %%
predict("W03.P1")

# %%
predict("W03.P1", ..., ...)

# %% [markdown]
# ## Q1: who is in: one label for every stay
#
# *About 11 min. When you have read our definition in lesson 1, section 2, and before the code that follows it there.*
#
# `contacts` is the case list after the work of week 2: one row a contact, whoever it is filed under. Give every stay of
# ours one label. By our definition:
#
# - a stay is an `inpatient` contact at quillmere or eastbank; where it ends with `transfer` and the same person's next such
#   contact begins within 24 hours, both are one stay, which is named by the `contact_id` of its last contact;
# - `in progress` has no discharge yet; `died`, `hospice`, `transfer` and `against_advice` are the dispositions of its last contact;
# - of the rest, `index` if 150 days (30, and 120 for claims) after its discharge lie before `ends`, else `too recent`.
#
# Return a Series of labels with `contact_id` as its index. Seventy-two invented people with rare courses are in the list, and
# your function is tried on a second hospital.

# %%
contacts[contacts.person_id == "invented-050"]

# %%
contacts.groupby(["kind", "hospital"]).disposition.value_counts(dropna=False).unstack(fill_value=0)

# %% nbgrader={"grade": false, "grade_id": "w03-q1", "locked": false, "schema_version": 3, "solution": true}
def who_is_in(contacts, ends):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w03-q1-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W03.Q1", who_is_in)

# %%
# hint("W03.Q1")

# %% [markdown]
# ## Q2: what came first: four states
#
# *About 11 min. After lesson 1, section 3, and before lesson 2, section 2, which counts the states.*
#
# `stays` are the stays that can be counted, whether their follow-up is whole or not. A clock runs from the minute of each
# discharge for 30 x 24 hours. Return one state for each `contact_id`:
#
# - `readmitted`: an unplanned inpatient contact comes first, here or elsewhere;
# - `died_first`: death comes first;
# - `neither`: neither of the two, and the follow-up is whole (150 days before `ends`). A planned stay ends the watch: what
#   comes after it belongs to that stay;
# - `not_observable`: neither of the two, and the follow-up is not whole.
#
# Emergency and observation contacts do not stop the clock. What is seen counts, also where the follow-up is not whole.

# %%
stays, deaths = given(3).stays_to_follow(hospital), given(3).deaths(hospital)
stays.tail(3)

# %%
contacts[contacts.person_id == "invented-003"]

# %% nbgrader={"grade": false, "grade_id": "w03-q2", "locked": false, "schema_version": 3, "solution": true}
def what_came_first(stays, contacts, deaths, ends):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w03-q2-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W03.Q2", what_came_first)

# %%
# hint("W03.Q2")

# %% [markdown]
# ## Q3: known at eight: features that do not see the future
#
# *About 18 min. After lesson 2, section 1.*
#
# A model is asked about each stay of `asked` at its `asked_at`, 08:00 on the day of discharge. `facts` has everything that
# the systems hold about these people, with two clocks: `happened_at` is what a fact is about, `known_at` is when somebody
# could read it. Make three features, with `contact_id`:
#
# - `sodium`: the value of the last `result` of this stay known by `asked_at`; missing if there is none;
# - `emergency_before`: visits known by then that began in the 182 days before `admitted_at`; 0 if there is none;
# - `codes_before`: different codes known by then, of any stay or visit; 0 if there is none.
#
# Your function is called twice: with these facts, and with the same facts and *another future*. Nothing may move. Then
# choose for each feature two entries of its dictionary, from `given(3).KNOWN_WHEN` and `given(3).MISSING_MEANS` (for a
# count: what its 0 means). The check judges your function already while the entries are still `...`.

# %%
asked, facts = given(3).asked_stays(hospital), given(3).facts(hospital)
one = facts.merge(asked.iloc[[3]])
one.loc[(one.known_at - one.asked_at).abs() < pd.Timedelta("9D"), ["kind", "name", "value", "happened_at", "known_at", "asked_at"]]

# %%
given(3).KNOWN_WHEN, given(3).MISSING_MEANS

# %%
def features_at_eight(asked, facts):
    return ...

# %% nbgrader={"grade": false, "grade_id": "w03-q3", "locked": false, "schema_version": 3, "solution": true}
known_at_eight = {
    "make": features_at_eight,
    "known_when": {"sodium": ..., "emergency_before": ..., "codes_before": ...},
    "missing_means": {"sodium": ..., "emergency_before": ..., "codes_before": ...},
}

# %% nbgrader={"grade": true, "grade_id": "w03-q3-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W03.Q3", known_at_eight)

# %%
# hint("W03.Q3")

# %% [markdown]
# ## Q4: two sepsis labels, quarter by quarter
#
# *About 11 min. After lesson 2, section 3, or in the meeting.*
#
# Every stay has two labels. `sepsis_clinical` is what nurses found who reviewed the chart by criteria; `sepsis_claims` is what
# coders wrote on the bill. Return one row a `quarter`, with
#
# - `clinical` and `claims`: of 1,000 stays that ended in the quarter, those with the label;
# - `coded`: of 100 stays with the clinical label, those that also have the claims label.

# %%
labelled = given(3).labelled_stays(hospital)
labelled.head(3)

# %%
predict("W03.P2", ..., ...)

# %% nbgrader={"grade": false, "grade_id": "w03-q4", "locked": false, "schema_version": 3, "solution": true}
def two_labels(stays):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w03-q4-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W03.Q4", two_labels)

# %%
# hint("W03.Q4")

# %%
reveal("W03.P2")

# %% [markdown]
# ## Memo: the cohort card
#
# *About 20 min.*
#
# Page 1 of your readmission prototype: what the number means, about whom, known when. Begin with the sentence of its intended
# use. At most 150 words; score it by the rubric in [memo.md](../curriculum/week03_cohorts_and_labels/memo.md). Three tables
# belong on the page and are kept for it: the definition, who is left after each of its steps (without the invented people),
# and the dictionary of the model's features.

# %%
display(keep("cohort_definition", definition_table()))
display(keep("cohort_attrition", attrition(hospital.warehouse.contacts, ends)))
display(keep("feature_dictionary", READMISSION.table()))

# %%
memo("W03.M", intended_use=..., for_whom=..., prediction_time=..., outcome=..., left_out=..., not_observable=..., changes_my_mind=..., because=...)

# %% [markdown]
# ## Stretch (+)
#
# Never counted.
#
# ## Q5 (+): find the flaw: a guard for cohorts
#
# Ten tables of index stays come from code that runs without a warning. Three are sound, seven are not, and nobody tells you
# which. Write a guard: it gets a table, the case list and the end of data it was made from, and returns a list of complaints, empty for a
# sound table. It is put to the ten tables of another hospital, too.

# %%
tables = given(3).cohorts(hospital)
pd.DataFrame({name: rows.state.value_counts() for name, (rows, _, _) in tables.items()}).T

# %% nbgrader={"grade": false, "grade_id": "w03-q5", "locked": false, "schema_version": 3, "solution": true}
def guard(cohort, contacts, ends):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w03-q5-check", "locked": true, "points": 0, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W03.Q5", guard)

# %%
# hint("W03.Q5")

# %% [markdown]
# ## Q6 (+): cost for need
#
# A programme takes those who cost most. `costs` has one row a stay; race (as recorded, missing for some), yearly cost and the number of
# chronic conditions belong to the person. Cut all people into ten equal parts by cost, 1 the cheapest. Return for each `tenth` the
# mean number of conditions of `black` people and of `others` whose race is known.

# %%
costs = given(3).costs(hospital)
costs.head(3)

# %% nbgrader={"grade": false, "grade_id": "w03-q6", "locked": false, "schema_version": 3, "solution": true}
def at_equal_cost(stays):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w03-q6-check", "locked": true, "points": 0, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W03.Q6", at_equal_cost)

# %%
# hint("W03.Q6")

# %% [markdown]
# ## What to bring to the group
#
# Your cohort card. Exchange it with a neighbour, who marks one word that two teams could read in two ways.

# %%
check_all(3)
