# %% [markdown]
# # Week 2, exercise: data quality in four feeds
#
# Four questions (the minutes of each stand in the week's README), a memo, and two stretch questions (+). Write your answer where the `...` stands and run the check below it.
# A wrong answer costs nothing: the check says what happened and where to look. When you are stuck, take the `#` away
# from a `# hint(…)` line and run it; words are in the [glossary](../curriculum/glossary.md).

# %%
import numpy as np
import pandas as pd
import pandera.pandas as pa
from wardround import check, check_all, given, hint, load, memo, predict, reveal, solution
from wardround.records import claims_as_of

hospital = load()

# %% [markdown]
# ## Before you look
#
# An export holds the last version of each result. Guess how often that is not what the ward saw.

# %%
predict("W02.P1")

# %%
predict("W02.P1", ..., ...)

# %% [markdown]
# ## Q1: unit mix-ups, by the values alone
#
# Six tests from two sites on one page, without names. `label` is the unit that an interface engine wrote beside each
# value: it copies the laboratory's catalogue and never looks at the analyzer. So some numbers are in another unit than
# their label says. Return the set of their `result_id`.
#
# `given(2).unit_factors()` has for each test a reference range in our unit and the `factor` to the other usual unit.
# People here are sick: a high value is not a wrong unit. Your function is tried on a second hospital, too.

# %%
page = given(2).results_page(hospital)
page.head(3)

# %%
given(2).unit_factors()

# %% nbgrader={"grade": false, "grade_id": "w02-q1", "locked": false, "schema_version": 3, "solution": true}
def mixed_up(page):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w02-q1-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W02.Q1", mixed_up)

# %%
# hint("W02.Q1")

# %% [markdown]
# ## Q2: which result counted at 14:00
#
# A nurse looked at the screen at 14:00. You have the messages of the results around that moment (`feeds.oru`, every
# version of every result, also what came later) and the moment, `at`. Return what stood there: a DataFrame with
# `result_id`, `value` and `status`, one row a result. A result whose last message so far withdraws it (status `W`) does
# not count. Your function is called for thirty afternoons. Lesson 1's `results_as_of` does this; write it once yourself.

# %%
at = given(2).afternoons(hospital)[0]
messages = given(2).messages_around(hospital, at)
messages.loc[messages.result_id == messages.result_id[messages.status == "C"].iloc[0],
             ["result_id", "drawn_at", "reported_at", "sent_at", "value", "status"]]

# %% nbgrader={"grade": false, "grade_id": "w02-q2", "locked": false, "schema_version": 3, "solution": true}
def known_at_two(messages, at):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w02-q2-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W02.Q2", known_at_two)

# %%
# hint("W02.Q2")

# %%
reveal("W02.P1")

# %% [markdown]
# ## Q3: identity in three bands
#
# `pairs` are Patient records that could be one person, with a match weight: the more of name, birth date, sex, address
# and telephone agrees, and the rarer the name, the higher. Twins are in there, and fathers and sons of one name.
# `reviewed` is a sample that clerks have decided (`same`), with insurance cards on the desk: more than half of the pairs
# of weight 10 and above, and 80 of the thousands below. Sort all pairs into bands:
#
# - `merge`: every pair at or above the *border*. The border is the lowest weight in `reviewed` at which at least 995 of
#   1,000 reviewed pairs at or above it are one person;
# - `review`: the next `per_week` pairs by weight, in the order in which `pairs` stand: two clerks do no more in a week.
#
# What clerks have decided stands: no pair with `same` False is merged, and no pair of `reviewed` goes into the queue.
# (Those with `same` True are joined already; whether you name them in `merge` makes no difference.) Return both as sets
# of `pair`. The rest is left apart.

# %%
pairs, reviewed = given(2).record_pairs(hospital), given(2).reviewed_pairs(hospital)
pairs.loc[[0, 200], ["pair", "weight", "given_a", "given_b", "birth_date_a", "birth_date_b"]]

# %%
reviewed.head(3)

# %%
predict("W02.P2", ..., ...)

# %% nbgrader={"grade": false, "grade_id": "w02-q3", "locked": false, "schema_version": 3, "solution": true}
def three_bands(pairs, reviewed, per_week):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w02-q3-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W02.Q3", three_bands)

# %%
# hint("W02.Q3")

# %%
reveal("W02.P2")

# %% [markdown]
# ## Q4: a contract that kills eight mutants
#
# `given(2).feed_weeks(hospital)` are twelve weeks of one table: four ordinary ones and eight with one fault each. Write
# a Pandera contract that lets all four pass and stops all eight. It is put to another hospital's weeks, too. Agreed
# with the laboratory: `given(2).STATUSES`, six tests by LOINC, two sites, times in UTC. `received_at` is our own clock.
# Return the schema from the function, and give each `pa.Check` its `name=`: that is what an alarm says at night.

# %%
weeks = given(2).feed_weeks(hospital)
weeks["clean 1"].head(3)

# %%
given(2).MUTANTS

# %%
weeks["clean 1"].groupby("test").value.describe()[["count", "min", "50%", "max"]]

# %% nbgrader={"grade": false, "grade_id": "w02-q4", "locked": false, "schema_version": 3, "solution": true}
def contract():
    return ...

# %% nbgrader={"grade": true, "grade_id": "w02-q4-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W02.Q4", contract)

# %%
# hint("W02.Q4")

# %% [markdown]
# ## Memo: go or no-go (15 minutes)
#
# Your director asks which of these faults stops the project, and which you live with. Follow one fault of each kind to
# one person. At most 150 words; score it by the rubric in [memo.md](../curriculum/week02_data_quality/memo.md).

# %%
memo("W02.M", decision=..., stops=..., live_with=..., guard=..., changes_my_mind=..., because=...)

# %% [markdown]
# ## Stretch (+)
#
# Never counted.
#
# ## Q5 (+): impossible orders of time
#
# List everything that cannot be, as a DataFrame with `kind` and `key` (the result's or the stay's):
# `result before collection`, `discharge before admission`, `sample after death`. Two dozen results of an invented third
# laboratory are among them; some only look impossible.

# %% nbgrader={"grade": false, "grade_id": "w02-q5", "locked": false, "schema_version": 3, "solution": true}
def impossible(tables):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w02-q5-check", "locked": true, "points": 0, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W02.Q5", impossible)

# %%
# hint("W02.Q5")

# %% [markdown]
# ## Q6 (+): discharges that one feed lacks
#
# Three feeds tell of a discharge: the record, the desk (an A03), the payers. Today is the last day on which the desk sent
# a message. For each inpatient stay of the record that is over, say what the other two have: a DataFrame with `visit`,
# `adt` and `claims`, one row a stay. Of the verdicts in a column the first that fits counts:
#
# | | `adt` | `claims` |
# |---|---|---|
# | `there` | an A03 of the visit has come | a claim of the visit stands today |
# | `withdrawn` | | there was one, and its last version is a void |
# | `not yet` | left today | left fewer than `RUN_OUT_DAYS` before today |
# | `not covered` | left on the first day of messages, or before | |
# | `lost` | none of these | none of these |
#
# A move to our other hospital makes two encounters of one stay: its A03 and its claim have the visit number of the last
# (`next_visit` is where it goes on). A bill for a visit that the record does not know is no discharge.

# %%
record, adt, claims = given(2).three_feeds(hospital)
record[record.next_visit.notna()].tail(2)

# %%
older = claims[(claims.frequency == "1") & (claims.through_date < "2024-01-01")]
in_time = (older.paid_date - older.through_date).dt.days < given(2).RUN_OUT_DAYS
told = adt.visit[adt.event == "A03"].isin(record.visit)
pd.Series({"A03 of a visit in the record": told.mean(), "claims paid in time": in_time.mean()}).round(4)

# %% nbgrader={"grade": false, "grade_id": "w02-q6", "locked": false, "schema_version": 3, "solution": true}
def lacking(record, adt, claims):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w02-q6-check", "locked": true, "points": 0, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W02.Q6", lacking)

# %%
# hint("W02.Q6")

# %% [markdown]
# ## What to bring to the group
#
# Your memo, and the mutant that lived longest.

# %%
check_all(2)
