# %% [markdown]
# # Week 1, exercise: what is in the file
#
# Two questions, about 25 minutes. Write your answer where the `...` stands and run the check below it.
# A wrong answer costs nothing: the check says what happened and where to look.

# %%
from wardround import check, given, load, predict, reveal

hospital = load()
hospital.counts

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
# The view below turns laboratory results into rows. Two columns are missing, and everything later in this course
# stands on them:
#
# - `loinc`: the result's LOINC code, empty where it has none;
# - `known_at`: the time from which somebody on the ward could have read the result, as written.
#
# Keep one row a result. Your view is tried on this hospital and on one that you have not seen.

# %%
view = given(1).laboratory_view()
[column["name"] for column in view["select"][0]["column"]]

# %% nbgrader={"grade": false, "grade_id": "w01-q2", "locked": false, "schema_version": 3, "solution": true}
lab_view = ...

# %% nbgrader={"grade": true, "grade_id": "w01-q2-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W01.Q2", lab_view)

# %%
# hint("W01.Q2")
