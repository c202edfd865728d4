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

# %%
def mixed_up(page):
    ### STARTER return ...
    ### BEGIN SOLUTION
    factor = page.loinc.map(given(2).unit_factors().set_index("loinc").factor)
    usual = page.groupby("loinc").value.transform("median")
    here = np.log(page.value / usual).abs()
    there = np.log(page.value / (usual * factor)).abs()
    return set(page.result_id[there < here])
    ### END SOLUTION

# %%
check("W02.Q1", mixed_up)

# %% [markdown] tags=["solution"]
# Each value is held against two usual values, one in each unit, and goes to the nearer. The logarithm makes a tenth and
# ten times equally far. Where the factor is 1 the two distances are the same, so sodium in mEq/L is never flagged. The
# tempting alternative, everything outside the reference range, flags the sick. This works because the factors here are
# larger than what illness does. With urea (factor 0.36) or troponin it would not: there you need the analyzer's name.
# Fixed cuts, such as creatinine above 15 and glucose below 30, are right on this page: no honest value here comes near
# them. Elsewhere dialysis patients and low sugars may, so hold each value against both units, and look at what lies between.

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

# %%
def known_at_two(messages, at):
    ### STARTER return ...
    ### BEGIN SOLUTION
    sent = messages[messages.sent_at <= at].sort_values("sent_at", kind="stable")
    last = sent.drop_duplicates("result_id", keep="last")
    return last.loc[last.status != "W", ["result_id", "value", "status"]]
    ### END SOLUTION

# %%
check("W02.Q2", known_at_two)

# %% [markdown] tags=["solution"]
# The order of the three steps is the answer: sent by then, last of each, not withdrawn. Whoever removes withdrawals
# first brings the wrong patient's value back to the screen. `sent_at` (MSH-7) is when the message left the
# laboratory; `reported_at` is when the result was ready, and the queue between the two can be hours long.
# `results_as_of` of the package does the same. It also counts `D` and `X` as withdrawn; here neither occurs.

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

# %%
def three_bands(pairs, reviewed, per_week):
    ### STARTER return ...
    ### BEGIN SOLUTION
    precision = {w: reviewed.same[reviewed.weight >= w].mean() for w in reviewed.weight.unique()}
    border = min(w for w, share in precision.items() if share >= 0.995)
    sure, decided = pairs.weight >= border, pairs.pair.isin(reviewed.pair)
    parted = pairs.pair.isin(reviewed.pair[~reviewed.same])
    return {"merge": set(pairs.pair[sure & ~parted]), "review": set(pairs.pair[~sure & ~decided].head(per_week))}
    ### END SOLUTION

# %%
check("W02.Q3", three_bands)

# %% [markdown] tags=["solution"]
# Two borders of two kinds: the upper one is a promise on errors, estimated in a sample and applied to all pairs; the
# lower one is a number of hours. The sample is small for its promise: to show that 5 of 1,000 are not exceeded you need
# some 600 reviewed pairs without one error (week 5). The tempting alternative is one border where recall or F1 is best:
# recall does not see a false merge, and F1 counts it like a missed one. A missed one leaves a person with two half charts,
# and can be joined tomorrow. A false one puts a twin's allergies on her sister, and nobody can say afterwards which line
# was whose. That is also why a clerk's decision outranks a weight: the clerk saw the cards.

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

# %%
def contract():
    ### STARTER return ...
    ### BEGIN SOLUTION
    columns = {
        "result_id": pa.Column(str, unique=True),
        "test": pa.Column(str, pa.Check.isin(["2160-0", "2345-7", "2951-2", "2823-3", "718-7", "6690-2"])),
        "value": pa.Column(float, pa.Check.gt(0), nullable=True),
        "status": pa.Column(str, pa.Check.isin(given(2).STATUSES)),
    }
    checks = [
        pa.Check(lambda week: week.released_at >= week.collected_at, name="released after collection"),
        pa.Check(lambda week: week.received_at >= week.released_at, name="received after release"),
        pa.Check(lambda week: ~(week.test.eq("2160-0") & week.value.gt(25)), name="creatinine in mg/dL"),
        pa.Check(lambda week: set(week.site) == {"quillmere", "eastbank"}, name="both sites"),
        pa.Check(lambda week: week.value.isna().mean() < 0.1, name="few values missing"),
    ]
    return pa.DataFrameSchema(columns, checks=checks)
    ### END SOLUTION

# %%
check("W02.Q4", contract)

# %% [markdown] tags=["solution"]
# Four checks of columns, three of rows, two of the week. The last two are what most contracts lack: a silent site and
# values that are gone leave every remaining row in perfect order. The creatinine line is wide on purpose: 25 mg/dL is
# very rare even before dialysis, and far below an ordinary 88 umol/L. Such a patient would stop a week, which is a price.
# A limit at the reference range would stop every week, until somebody switches the contract off.

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

# %%
def impossible(tables):
    ### STARTER return ...
    ### BEGIN SOLUTION
    labs, stays = tables.labs, tables.encounters
    died = labs.patient_key.map(tables.patients.set_index("patient_key").deceased_at)
    found = {
        "result before collection": labs.lab_key[labs.issued_at < labs.effective_at],
        "discharge before admission": stays.encounter_key[stays.discharged_at < stays.admitted_at],
        "sample after death": labs.lab_key[labs.effective_at > died],
    }
    return pd.concat([pd.DataFrame({"kind": kind, "key": keys}) for kind, keys in found.items()])
    ### END SOLUTION

# %%
check("W02.Q5", impossible)

# %% [markdown] tags=["solution"]
# Instants are compared, never text, and what is missing is never an impossibility. A sample drawn before a death and
# released after it is in order; it matters to whoever builds features, as nobody could act on it.

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

# %%
def lacking(record, adt, claims):
    ### STARTER return ...
    ### BEGIN SOLUTION
    ours = record[record["class"].eq("IMP") & record.left.notna() & record.next_visit.isna()]
    today, first = adt.sent.max(), adt.sent.min()
    told = ours.visit.isin(adt.visit[adt.event == "A03"])
    billed = ours.visit.isin(claims_as_of(claims, today).visit)
    young = ours.left > today - pd.Timedelta(days=given(2).RUN_OUT_DAYS)
    desk = np.select([told, ours.left >= today, ours.left <= first], ["there", "not yet", "not covered"], "lost")
    payer = np.select([billed, ours.visit.isin(claims.visit), young], ["there", "withdrawn", "not yet"], "lost")
    return pd.DataFrame({"visit": ours.visit, "adt": desk, "claims": payer})
    ### END SOLUTION

# %%
check("W02.Q6", lacking)

# %% [markdown] tags=["solution"]
# Whether a feed lost something can only be asked of the days of which it should have spoken: the messages reach back
# thirteen weeks, and a claim has 240 days. The two spans do not meet, so no stay can be lost to both today, and nobody can
# reconcile last week. The tempting alternative, one join of three tables in which every gap is a loss, names thousands
# and hides those few who left while the interface stood still. Of the `not yet` some are lost already; today nobody can
# say which. The record is the list here because it knows every visit of an A03. Were it the feed that fails, you would
# begin elsewhere.

# %%
# hint("W02.Q6")

# %% [markdown]
# ## What to bring to the group
#
# Your memo, and the mutant that lived longest.

# %%
check_all(2)
