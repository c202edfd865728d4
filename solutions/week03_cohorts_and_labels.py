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

# %%
def who_is_in(contacts, ends):
    ### STARTER return ...
    ### BEGIN SOLUTION
    ours = contacts[(contacts.kind == "inpatient") & (contacts.hospital != "elsewhere")]
    ours = ours.sort_values(["person_id", "admitted_at"])
    next_at = ours.groupby("person_id").admitted_at.shift(-1)
    goes_on = (ours.disposition == "transfer") & (next_at - ours.discharged_at <= pd.Timedelta("24h"))
    stays = ours[~goes_on].set_index("contact_id")
    label = stays.disposition.fillna("in progress")
    out = label.isin(["in progress", "died", "hospice", "transfer", "against_advice"])
    whole = stays.discharged_at + pd.Timedelta(days=150) <= ends
    return label.where(out, np.where(whole, "index", "too recent"))
    ### END SOLUTION

# %%
check("W03.Q1", who_is_in)

# %% [markdown] tags=["solution"]
# The chain costs two lines: a contact that goes on is left out, and its successor stands for both. The rest is one
# column that says why. The tempting alternative is a filter a line, each of which throws rows away: the set at the end is the
# same, and nobody can say afterwards how many stays each line cost. `value_counts()` of this answer is the attrition.

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

# %%
def what_came_first(stays, contacts, deaths, ends):
    ### STARTER return ...
    ### BEGIN SOLUTION
    beds = contacts[contacts.kind == "inpatient"]
    what = np.where(beds.planned, "planned", "readmitted")
    events = pd.concat(
        [
            pd.DataFrame({"person_id": beds.person_id, "at": beds.admitted_at, "what": what}),
            pd.DataFrame({"person_id": deaths.person_id, "at": deaths.died_at, "what": "died_first"}),
        ]
    )
    both = stays.merge(events, on="person_id")
    both = both[both["at"].between(both.discharged_at, both.discharged_at + pd.Timedelta(days=30))]
    first = both.sort_values("at").drop_duplicates("contact_id").set_index("contact_id").what
    left_at = stays.set_index("contact_id").discharged_at
    first = first.reindex(left_at.index)
    whole = left_at + pd.Timedelta(days=150) <= ends
    return first.where(first.isin(["readmitted", "died_first"]), np.where(whole, "neither", "not_observable"))
    ### END SOLUTION

# %%
check("W03.Q2", what_came_first)

# %% [markdown] tags=["solution"]
# One list of everything that can stop the clock, and then the first of it: the order of events is in the data, not in a
# chain of `if`s. The tempting alternative asks for readmissions and fills the rest with False. It makes the dead well and the
# future known. Note the last line: who has no event gets a state only from whether it could have been seen.

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
    ### STARTER return ...
    ### BEGIN SOLUTION
    known = facts.merge(asked, on="person_id")
    known = known[known.known_at <= known.asked_at]
    here = known[(known.kind == "result") & (known.happened_at >= known.admitted_at)].sort_values("known_at")
    before = known.admitted_at - known.happened_at
    visits = known[(known.kind == "visit") & before.between(pd.Timedelta(0), pd.Timedelta(days=182))]
    table = pd.DataFrame(
        {
            "sodium": here.groupby("contact_id").value.last(),
            "emergency_before": visits.groupby("contact_id").size(),
            "codes_before": known[known.kind == "code"].groupby("contact_id").name.nunique(),
        },
        index=asked.contact_id,
    )
    return table.fillna({"emergency_before": 0, "codes_before": 0}).reset_index()
    ### END SOLUTION

# %%
known_at_eight = {
    "make": features_at_eight,
    ### STARTER "known_when": {"sodium": ..., "emergency_before": ..., "codes_before": ...},
    ### STARTER "missing_means": {"sodium": ..., "emergency_before": ..., "codes_before": ...},
    ### BEGIN SOLUTION
    "known_when": {
        "sodium": "when the result is issued",
        "emergency_before": "when the visit ends",
        "codes_before": "when coding is finished",
    },
    "missing_means": {
        "sodium": "nobody had an answer by then: not measured, or not yet issued",
        "emergency_before": "none at our sites; elsewhere is not seen",
        "codes_before": "none coded by then, which is not the same as healthy",
    },
    ### END SOLUTION
}

# %%
check("W03.Q3", known_at_eight)

# %% [markdown] tags=["solution"]
# One line makes it safe: `known_at <= asked_at`, person by person, before anything else. `happened_at` then says which stay and
# which half year. The tempting alternative filters each feature on its own, and one of them by the wrong clock. The test with another
# future finds it without reading your code, and works for a colleague's code as well.

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

# %%
def two_labels(stays):
    ### STARTER return ...
    ### BEGIN SOLUTION
    by_quarter = stays.groupby("quarter")
    return pd.DataFrame(
        {
            "clinical": 1000 * by_quarter.sepsis_clinical.mean(),
            "claims": 1000 * by_quarter.sepsis_claims.mean(),
            "coded": 100 * stays[stays.sepsis_clinical].groupby("quarter").sepsis_claims.mean(),
        }
    ).reset_index()
    ### END SOLUTION

# %%
check("W03.Q4", two_labels)

# %% [markdown] tags=["solution"]
# Three means, two denominators. The tempting alternative for `coded` is the share of stays on which both labels agree: it
# is above nine in ten in every quarter, because most stays have no sepsis by anybody's label.

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

# %%
def guard(cohort, contacts, ends):
    ### STARTER return ...
    ### BEGIN SOLUTION
    said = []
    if not cohort.contact_id.is_unique:
        said.append("a stay stands twice")
    if cohort.disposition.isin(["died", "hospice", "transfer", "against_advice"]).any():
        said.append("somebody is in who cannot be counted")
    if cohort.discharged_at.max() + pd.Timedelta(days=150) > ends:
        said.append("somebody's follow-up is not whole")
    if not cohort.day.dropna().between(0, 30).all():
        said.append("an event lies outside thirty days")
    ours = contacts[(contacts.kind == "inpatient") & (contacts.hospital != "elsewhere")]
    counted = ours[ours.disposition.isin(["home", "home_health", "skilled_nursing"])]
    whole = counted.discharged_at + pd.Timedelta(days=150) <= ends
    if len(cohort) < 0.99 * whole.sum():
        said.append("somebody is missing")
    return said
    ### END SOLUTION

# %%
check("W03.Q5", guard)

# %% [markdown] tags=["solution"]
# Four checks look at what is there. The fifth counts who should be, by a second road from the case list: that is the only way to
# see people who are gone. A range for the rate looks like a guard and lets most of the seven pass.

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

# %%
def at_equal_cost(stays):
    ### STARTER return ...
    ### BEGIN SOLUTION
    people = stays.drop_duplicates("person_id")
    tenth = pd.qcut(people.cost_year, 10, labels=range(1, 11)).astype(int)
    group = np.where(people.race == "black", "black", "others")
    known = people.assign(tenth=tenth, group=group)[people.race.notna()]
    return known.groupby(["tenth", "group"]).conditions.mean().unstack().reset_index()
    ### END SOLUTION

# %%
check("W03.Q6", at_equal_cost)

# %% [markdown] tags=["solution"]
# People first, tenths over everybody, groups last. The tempting alternative is a model of cost with good calibration: it would pass
# every test on cost, and rank the same people too low.

# %%
# hint("W03.Q6")

# %% [markdown]
# ## What to bring to the group
#
# Your cohort card. Exchange it with a neighbour, who marks one word that two teams could read in two ways.

# %%
check_all(3)
