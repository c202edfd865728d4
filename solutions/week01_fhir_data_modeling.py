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

# %%
### STARTER counts = {"lines": ..., "resources": ..., "people": ...}
### BEGIN SOLUTION
records = {patient["id"]: patient for patient in patients}
joined = {
    frozenset([patient["id"], link["other"]["reference"].removeprefix("Patient/")])
    for patient in records.values()
    for link in patient.get("link", [])
}
counts = {"lines": len(patients), "resources": len(records), "people": len(records) - len(joined)}
### END SOLUTION

# %%
check("W01.Q1", counts)

# %% [markdown] tags=["solution"]
# A pair of linked records is one `frozenset`, so a link that stands on both records counts once. Subtracting pairs is
# right as long as nobody has three records; with longer chains, join the records into groups first
# (`connected_components` of the library networkx does it, or SciPy's).

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

# %%
### STARTER lab_view = ...
### BEGIN SOLUTION
lab_view = given(1).laboratory_view()
lab_view["select"][0]["column"] += [
    {"name": "loinc", "path": "code.coding.where(system = 'http://loinc.org').code.first()"},
    {"name": "known_at", "path": "issued"},
]
### END SOLUTION

# %%
check("W01.Q2", lab_view)

# %% [markdown] tags=["solution"]
# `where(system = …)` chooses a coding by what it is and not by where it stands; `first()` makes it one value, which is
# what a column without `collection` demands. `issued` is when the laboratory released this version of the result:
# `effectiveDateTime` is when the sample was drawn, and nobody knew the value then.

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

# %%
def without_loinc(tables):
    ### STARTER return ...
    ### BEGIN SOLUTION
    labs = tables.labs
    key = ["local_system", "local_code"]
    words = labs.dropna(subset=["loinc", "local_code"])[[*key, "loinc"]].drop_duplicates()
    lost = labs.loc[labs.loinc.isna(), ["lab_key", *key]]
    return lost.merge(words, on=key, how="left")[["lab_key", "loinc"]]
    ### END SOLUTION

# %%
check("W01.Q3", without_loinc)

# %% [markdown] tags=["solution"]
# The laboratory has translated most of its results itself: those with both codes are the dictionary. `how="left"` keeps
# a result whose code nobody ever translated, with an empty `loinc`, where an inner merge would lose it without a word.
# The tempting dictionary by `local_code` alone makes Eastbank's blood potassium a urine test, because Northgate says `K`
# too; a dictionary by `text` does so with glucose. Some of the lost creatinines are in umol/L, for which LOINC has a
# code of its own: that is a second fault, to be mended where everybody can see it, and not in passing.

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

# %%
def patients_with(rows):
    ### STARTER return ...
    ### BEGIN SOLUTION
    counted = rows.groupby("display").patient_id.nunique()
    return counted.rename("patients").reset_index()
    ### END SOLUTION

# %%
check("W01.Q4", patients_with)

# %% [markdown] tags=["solution"]
# `nunique` says what is counted: different patients. The tempting repair is to keep one code system and go on counting
# rows; then every stay still counts. Whether two records are one person (Q1) is a further step: here a patient is a
# record, and the column's documentation should say so.

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

# %%
def where_requesters_point(requests, practitioners):
    ### STARTER return ...
    ### BEGIN SOLUTION
    known = {"Practitioner/" + practitioner["id"] for practitioner in practitioners}
    points = [request["requester"]["reference"] for request in {r["id"]: r for r in requests}.values()]
    conditional = sum("?" in point for point in points)
    resolves = sum(point in known for point in points)
    return {"resolves": resolves, "dangling": len(points) - resolves - conditional, "conditional": conditional}
    ### END SOLUTION

# %%
check("W01.Q5", where_requesters_point)

# %% [markdown] tags=["solution"]
# Membership in the set of what exists decides, not the look of the reference. In production, fail loudly when the share
# that resolves falls below what it was last week.

# %%
# hint("W01.Q5")

# %% [markdown]
# ## Q6 (+): length of stay when a date has no time
#
# Some inpatient stays end on a bare date. Return for each of them (class IMP, `discharged_raw` of ten characters) its
# `encounter_key` and how long it lasted, in hours: `shortest` and `longest`. Both hospitals keep the time of New York.

# %%
import pandas as pd

# %%
def stay_lengths(tables):
    ### STARTER return ...
    ### BEGIN SOLUTION
    stays = tables.encounters
    stays = stays[(stays.class_code == "IMP") & (stays.discharged_raw.str.len() == 10)]
    day = pd.to_datetime(stays.discharged_raw)
    begins = day.dt.tz_localize("America/New_York")
    ends = (day + pd.Timedelta(days=1)).dt.tz_localize("America/New_York")
    hour = pd.Timedelta(hours=1)
    low, high = ((begins - stays.admitted_at) / hour).clip(lower=0), (ends - stays.admitted_at) / hour
    return pd.DataFrame({"encounter_key": stays.encounter_key, "shortest": low, "longest": high})
    ### END SOLUTION

# %%
check("W01.Q6", stay_lengths)

# %% [markdown] tags=["solution"]
# The day is 23 or 25 hours long when clocks change, which is why both midnights are put on the time line and 24 hours
# are not simply added. `clip` says what cannot be: a stay that ended before it began.

# %%
# hint("W01.Q6")

# %% [markdown]
# ## Q7 (+): R5 shapes in a feed that says R4
#
# A second sender's encounters. Its server was updated last week. Put the ids of those in R5's shape into `r5_ids`.

# %%
encounters = given(1).mixed_encounters(hospital)
encounters[0]

# %%
### STARTER r5_ids = ...
### BEGIN SOLUTION
def is_r5(encounter):
    actors = any("actor" in part for part in encounter.get("participant", []))
    return isinstance(encounter["class"], list) or "actualPeriod" in encounter or actors


r5_ids = {encounter["id"] for encounter in encounters if is_r5(encounter)}
### END SOLUTION

# %%
check("W01.Q7", r5_ids)

# %% [markdown] tags=["solution"]
# Or let a library's models decide: those of `fhir.resources.R4B` refuse exactly these. They are slow beside a look at
# three keys, so use them on samples.

# %%
# hint("W01.Q7")

# %% [markdown]
# ## What to bring to the group
#
# Your memo, and the one check whose answer surprised you.

# %%
check_all(1)
