# %% [markdown]
# # Week 1, exercise: what is in the file
#
# Four questions (the minutes of each stand in the week's README), a memo, and three stretch questions (+). Write your answer where the `...` stands and run the check below it.
# A wrong answer costs nothing: the check says what happened and where to look. When you are stuck, take the `#` away
# from a `# hint(…)` line and run it; words are in the [glossary](../curriculum/glossary.md).

# %%
from wardround import check, check_all, given, hint, load, memo, predict, reveal, solution

hospital = load()

# %% [markdown]
# ## Before you count
#
# A guess made now is worth more than a look later: week 6 opens with how good your guesses were.
# Replace both `...` by the ends of a range that you would bet on eight times of ten.

# %%
predict("W01.P1")

# %%
predict("W01.P1", ..., ...)

# %% [markdown]
# ## Q1: lines, resources, people
#
# Your director asks how many patients this export holds. Count three times in the file of patients:
#
# - `lines`: how often a Patient was written down;
# - `resources`: how many different Patient records these are;
# - `people`: how many people *the record itself* says they are, by `Patient.link`.
#
# `hospital.resources("Patient")` hands you every line as a dictionary.

# %%
patients = list(hospital.resources("Patient"))
next(patient for patient in patients if "link" in patient)

# %% nbgrader={"grade": false, "grade_id": "w01-q1", "locked": false, "schema_version": 3, "solution": true}
counts = {"lines": ..., "resources": ..., "people": ...}

# %% nbgrader={"grade": true, "grade_id": "w01-q1-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W01.Q1", counts)

# %%
# hint("W01.Q1")

# %%
reveal("W01.P1")

# %% [markdown]
# ## Q2: two columns for a view
#
# A *ViewDefinition* describes a table: a type of resource, and for each column a name and a *path*. A path walks down
# a resource: `code.text` is the field `text` in the field `code`. Two steps more are all you need: `.where(field = 'x')`
# keeps the entries of a list whose field is `x`, and `.first()` takes one of them. Here is a column of the given view.

# %%
view = given(1).laboratory_view()
view["select"][0]["column"][2]

# %% [markdown]
# Two columns are missing, and everything later in this course stands on them:
#
# - `loinc`: the result's LOINC code, empty where it has none;
# - `known_at`: the time from which somebody on the ward could have read the result, as written.
#
# `lab_view` is the whole view with your two columns added. Keep one row a result, every result that the given view
# has. It is tried on this hospital and on one that you have not seen. Here is one result as it stands in the file:

# %%
page = given(1).laboratory_page(hospital)
{part: page[0][part] for part in ["status", "code", "effectiveDateTime", "issued"]}

# %% nbgrader={"grade": false, "grade_id": "w01-q2", "locked": false, "schema_version": 3, "solution": true}
lab_view = ...

# %% nbgrader={"grade": true, "grade_id": "w01-q2-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W01.Q2", lab_view)

# %%
# hint("W01.Q2")

# %% [markdown]
# ## Q3: results without LOINC, and what they are
#
# Some results carry no LOINC code. A query by LOINC will never find them. Write a function of the tables that returns
# them with the code that they should have had: a DataFrame with `lab_key` and `loinc`, one row a result.
#
# A third laboratory, Northgate, sends results into the same table (twelve, invented for this question). Your function
# is called on these tables and on those of another hospital; take everything from `tables`.

# %%
tables = given(1).three_laboratories(hospital)
labs = tables.labs
labs.loc[labs.local_code.notna(), ["local_system", "local_code", "loinc", "text"]].head(12)

# %% nbgrader={"grade": false, "grade_id": "w01-q3", "locked": false, "schema_version": 3, "solution": true}
def without_loinc(tables):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w01-q3-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W01.Q3", without_loinc)

# %%
# hint("W01.Q3")

# %% [markdown]
# ## Q4: find the flaw
#
# A colleague has flattened diagnoses into rows and counted patients. The code runs, the table looks fine, and the head
# of cardiology is about to plan a clinic with it. Guess first how far off it is.

# %%
predict("W01.P2", ..., ...)

# %%
rows = given(1).coding_rows(hospital)
rows.groupby("display").size().rename("patients").reset_index().nlargest(5, "patients")

# %% [markdown]
# Write it right, from the same rows: a DataFrame with `display` and `patients`, the number of different Patient records
# (`patient_id`) that have the diagnosis. All diagnoses, one row for each.

# %% nbgrader={"grade": false, "grade_id": "w01-q4", "locked": false, "schema_version": 3, "solution": true}
def patients_with(rows):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w01-q4-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W01.Q4", patients_with)

# %%
# hint("W01.Q4")

# %%
reveal("W01.P2")

# %% [markdown]
# ## Memo: five things before Monday (15 minutes)
#
# Your director wants an answer: can we start modelling on Monday? At most 150 words. Score it afterwards by the rubric
# in [memo.md](../curriculum/week01_fhir_data_modeling/memo.md), then read the three scored samples there.

# %%
memo("W01.M", five=[..., ..., ..., ..., ...], first=..., changes_my_mind=..., because=...)

# %% [markdown]
# ## Stretch (+)
#
# Never counted. Take what interests you.
#
# ## Q5 (+): references that resolve, dangle, or ask
#
# For the prescriptions of an export: how many of the different MedicationRequests name a requester who is there
# (`resolves`), one who is not (`dangling`), or only a search (`conditional`)? Your function gets two lists of
# resources, every line of them.

# %% nbgrader={"grade": false, "grade_id": "w01-q5", "locked": false, "schema_version": 3, "solution": true}
def where_requesters_point(requests, practitioners):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w01-q5-check", "locked": true, "points": 0, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W01.Q5", where_requesters_point)

# %%
# hint("W01.Q5")

# %% [markdown]
# ## Q6 (+): length of stay when a date has no time
#
# Some inpatient stays end on a bare date. Return for each of them (class IMP, `discharged_raw` of ten characters) its
# `encounter_key` and how long it lasted, in hours: `shortest` and `longest`. Both hospitals keep the time of New York.

# %%
import pandas as pd

# %% nbgrader={"grade": false, "grade_id": "w01-q6", "locked": false, "schema_version": 3, "solution": true}
def stay_lengths(tables):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w01-q6-check", "locked": true, "points": 0, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W01.Q6", stay_lengths)

# %%
# hint("W01.Q6")

# %% [markdown]
# ## Q7 (+): R5 shapes in a feed that says R4
#
# A second sender's encounters. Its server was updated last week. Put the ids of those in R5's shape into `r5_ids`.

# %%
encounters = given(1).mixed_encounters(hospital)
encounters[0]

# %% nbgrader={"grade": false, "grade_id": "w01-q7", "locked": false, "schema_version": 3, "solution": true}
r5_ids = ...

# %% nbgrader={"grade": true, "grade_id": "w01-q7-check", "locked": true, "points": 0, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W01.Q7", r5_ids)

# %%
# hint("W01.Q7")

# %% [markdown]
# ## What to bring to the group
#
# Your memo, and the one check whose answer surprised you.

# %%
check_all(1)
