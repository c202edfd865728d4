# %% [markdown]
# # Week 12, exercise: governance and the year
#
# Four questions (Q1 about 8 minutes, Q2 12, Q3 15, Q4 35), a memo, and a stretch question (+). Write your answer where the `...` stands and run the check below it.
# A wrong answer costs nothing: the check says what happened and where to look. When you are stuck, take the `#` away
# from a `# hint(…)` line and run it; words are in the [glossary](../curriculum/glossary.md).
#
# What is said of law is of the United States unless a line names another place, as of November 2026, and no legal advice: verify it before you rely on it. What a plan does in a year is our simulator's,
# built on assumptions that are listed; no ward has been asked.

# %%
import tomllib

import pandas as pd
from wardround import check, check_all, given, hint, load, memo, predict, reveal, solution

pd.set_option("display.max_colwidth", None)
hospital = load()

# %% [markdown]
# ## Q1: an incident's first day
#
# Read what has happened, then bring the steps into the order in which they are begun. Two of the twelve nobody should take; leave them out. Several orders are right, and all of them are accepted.

# %%
print(given(12).story(hospital))
given(12).incident(hospital).set_index("step")

# %% nbgrader={"grade": false, "grade_id": "w12-q1", "locked": false, "schema_version": 3, "solution": true}
first_day = ...  # ["C", "A", …]

# %% nbgrader={"grade": true, "grade_id": "w12-q1-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W12.Q1", first_day)

# %%
# hint("W12.Q1")

# %% [markdown]
# ## Q2: six features against the rules
#
# For each feature, name the rules of the list that touch it today, whoever has to do the work. Take the descriptions at their word. Behind each rule stand its entries in [the course's facts](../curriculum/facts.toml),
# with source and day; which rule touches which feature is our reading, and where lawyers would differ, either answer is right.

# %%
print(given(12).AS_OF)
pd.DataFrame({"rule": given(12).RULES, "facts": {code: ", ".join(ids) for code, ids in given(12).FACTS.items()}})

# %%
given(12).features(hospital).set_index("feature")

# %% nbgrader={"grade": false, "grade_id": "w12-q2", "locked": false, "schema_version": 3, "solution": true}
touched = ...  # {"coding assistant": {"security", …}, …}

# %% nbgrader={"grade": true, "grade_id": "w12-q2-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W12.Q2", touched)

# %%
given(12).reasons(hospital)  # why, once the check has said right

# %%
# hint("W12.Q2")

# %% [markdown]
# ## Q3: a plan that keeps what the playbook promises
#
# The playbook says who owns what, at which limit, within which hours. The draft of a plan can be flown; six of its lines promise something else. Mend the plan until nothing contradicts. It may do more than the playbook
# says, and sooner; the playbook stays as it is.

# %%
print(given(12).playbook(hospital))

# %%
print(given(12).draft(hospital))

# %% nbgrader={"grade": false, "grade_id": "w12-q3", "locked": false, "schema_version": 3, "solution": true}
plan = ...  # a text: given(12).draft(hospital).replace("…", "…")

# %% nbgrader={"grade": true, "grade_id": "w12-q3-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W12.Q3", plan)

# %%
# hint("W12.Q3")

# %% [markdown]
# ## Q4: forecast, and fly
#
# Write the plan that you would sign for a year, and before it is flown a range for each of five axes. Start from `START`, a plan as many a project ships it, or from your own `plan.toml` of weeks 6 and 8, pasted as text. The words that a plan may use stand, each explained, in the
# file that `wardround fly --new my_plan.toml` writes.
#
# The check flies it through nine years that nobody has seen, each beside doing nothing on the same patients and incidents. It must hold ten floors at once, each in the median of these years: there is no sum, and no axis pays for another. Some floors are the plan's own number, some its difference from doing
# nothing, some its share of it; the table says which. Grading takes twenty other years. Both end as soon as no further year could change whether a floor holds: after five of nine at the earliest, eleven of twenty. Luck has a part, and we measured it: of 32 hospitals, drawn nine at a
# time, the reference plan held all floors in 100 of 100 draws, one with half of its signals in 98, one with too few in 2 or 3, and doing nothing in none; with twenty years hardly any plan owes its verdict to luck.
# The forecasts must be there and must be able to fail; whether they came true is told, and costs nothing. First three guesses:

# %%
for id in ("W12.P1", "W12.P2", "W12.P3"):
    display(predict(id))

# %%
display(predict("W12.P1", ..., ...))
display(predict("W12.P2", ..., ...))
display(predict("W12.P3", ...))

# %%
given(12).practise(given(12).START)

# %% [markdown]
# A `[forecast]` names five ranges: `benefit` (deteriorations averted), `harm` (visits for nothing of 1,000 stays), `burden` (alerts for each that a shift can answer), `equity` (of 1,000 windows before a deterioration in the worst-served group, those found) and `resilience`
# (patient-weeks on a fault that nobody had noticed).

# %% nbgrader={"grade": false, "grade_id": "w12-q4", "locked": false, "schema_version": 3, "solution": true}
my_plan = ...  # a text, between three quotes

# %%
given(12).practise(my_plan) if my_plan is not ... else None

# %% nbgrader={"grade": true, "grade_id": "w12-q4-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W12.Q4", my_plan)

# %%
for id in ("W12.P1", "W12.P2", "W12.P3"):
    display(reveal(id))

# %%
# hint("W12.Q4")

# %% [markdown]
# ## Memo: the first ninety days (15 minutes)
#
# At your place, with gates. At most 150 words; score it by the rubric in [memo.md](../curriculum/week12_governance_and_the_year/memo.md).

# %%
memo("W12.M", first_week=..., thirty=..., sixty=..., ninety=..., not_now=..., decision=..., because=...)

# %% [markdown]
# ## Q5 (+): a review that the log bears out
#
# A plan has been flown, and you write the after-action review of its first incident, the change of a unit on day 37. `signal`: in which reading it could first be seen on the wards (service and signal, as in the table). `words`: the words of the plan that have let it go on. `changed`: the plan's
# text with one key changed. `difference`: what the same year has more (or less) of, changed less before: write the numbers down as `beside(changed)` prints them, since in the grader's box nothing flies.

# %%
print(given(12).REVIEWED)

# %%
readings, log = given(12).readings(hospital), given(12).log(hospital)
over = readings[readings.day.between(30, 60) & (readings.value > readings.usual)]
over.groupby("signal").day.agg(["min", "count"]), log.head(8)

# %%
given(12).beside(given(12).REVIEWED)

# %% nbgrader={"grade": false, "grade_id": "w12-q5", "locked": false, "schema_version": 3, "solution": true}
review = ...  # {"signal": "ward …", "words": "…", "changed": …, "difference": {…}, "because": "…"}

# %% nbgrader={"grade": true, "grade_id": "w12-q5-check", "locked": true, "points": 0, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W12.Q5", review)

# %%
# hint("W12.Q5")

# %% [markdown]
# ## What to bring to the group
#
# Your memo, the axis on which your forecast was most wrong, and the one sentence of your plan that cost the most.

# %%
check_all(12)
