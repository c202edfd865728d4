# %% [markdown]
# # Lesson 2: grain
#
# *About 30 minutes (an estimate), with the exit check at the end. You have done lesson 1.*
#
# A table is a claim: *each row is one of something*. When nobody has said of what, every sum over it is a guess. In this
# lesson you build one table three ways, see what type models let through, and meet three versions of the same standard.
#
# You will be able to
#
# - say the grain of a table in one sentence, and test it in one line (Q4);
# - flatten resources by hand and with a ViewDefinition, and say why the second lasts longer (Q2, Q3);
# - say which of eight faults type models, FHIR's own rules and nobody would stop, and tell R4 from R5 (Q7).

# %%
import pandas as pd

from wardround import claim, given, load, quiz
from wardround.records import compile_view

hospital = load()
page = given(1).laboratory_page(hospital)

# %% [markdown]
# ## 1. By hand
#
# *About 7 min · 7 min so far*
#
# `page` holds 5,000 laboratory results as the resources they are. A library gives them types: `fhir.resources` has a
# class for each kind of resource and refuses what does not fit. We take the models of R4B.

# %%
from fhir.resources.R4B.observation import Observation

result = Observation.model_validate(page[0])
result.code.text, result.valueQuantity.value, result.valueQuantity.unit, result.issued.isoformat()

# %% [markdown]
# Attributes instead of dictionary keys, a `Decimal` instead of a float, a real time instead of text. Now a table, one
# row a result:

# %%
def row_of(one):
    quantity = one["valueQuantity"]
    return {"result_id": one["id"], "test": one["code"]["text"], "value": quantity["value"], "unit": quantity["unit"]}


by_hand = pd.DataFrame(row_of(one) for one in page)
by_hand.head(3)

# %% [markdown]
# It works, and it knows only this hospital. Each field is a line of our own code; a missing `valueQuantity` at the next
# site is a crash in the night. What we want to hand over is not code but a *description* of the table.

# %% [markdown]
# ## 2. What has to happen for one more row?
#
# *About 6 min · 13 min so far*
#
# That question finds the grain of any table. Here is the same page with one innocent change: we want all codes, so we
# take a row for each coding.

# %%
exploded = pd.DataFrame(
    row_of(one) | {"system": coding["system"]}
    for one in page
    for coding in one["code"]["coding"]
)
claim(len(exploded) / len(by_hand), about=1.3, within=0.05)
len(by_hand), len(exploded)

# %% [markdown]
# 5,000 results have become nearly 1.3 times as many rows. Nothing failed, and `exploded.value.mean()` still returns a number. For one
# more row here, a result needs one more *coding*; the table is no longer about results. One line tests that:

# %%
by_hand.result_id.is_unique, exploded.result_id.is_unique

# %% [markdown]
# Does it matter? Results with two codings now weigh double. In a mean that is little; in a count it is everything. Here
# is how many times its true length each patient's list of tests has become.

# %%
patient_of = {one["id"]: one["subject"]["reference"] for one in page}
tests_each = pd.DataFrame({
    name: table.result_id.map(patient_of).value_counts() for name, table in [("by hand", by_hand), ("exploded", exploded)]
})
(tests_each["exploded"] / tests_each["by hand"]).describe().round(2)

# %% [markdown]
# One patient's tests are counted once, another's 1.75 times, and what decides is the computer that filed the result. A
# feature "number of tests in 24 hours" would carry that into your model.
#
# Write the grain into the name: `results`, `codings_of_results`. And test it where the table is made, not where it is
# used.
#
# **Q4 in the exercise is this flaw in a colleague's work** (11 minutes). Do it now or after the lesson.

# %% [markdown]
# ## 3. As a description
#
# *About 6 min · 19 min so far*
#
# SQL on FHIR is a small standard for exactly this: a *ViewDefinition* is JSON that names a resource type and, for each
# column, a path. The one that you completed in Q2 begins like this.

# %%
view = given(1).laboratory_view()
view["select"][0]["column"][:3]

# %%
table = pd.DataFrame(compile_view(view)(page))
same = table.merge(by_hand, on="result_id", suffixes=("", "_by_hand"))
claim(bool((same.value == same.value_by_hand).all()), exactly=True)
len(table), len(same)

# %% [markdown]
# The same 5,000 rows, and no code of ours in between. Two properties make it worth the trouble. A path that finds
# nothing gives an empty cell and not a crash. And a path that finds *two* values where a column has room for one is
# an error: the standard makes you say `first()` or make a row for each
# [view-columns](#Sources), so nobody changes the grain by accident.

# %%
def attempt(path):
    columns = [{"name": "code", "path": path, "type": "string"}]
    try:
        rows = compile_view({"resource": "Observation", "select": [{"column": columns}]})(page)
    except ValueError as refused:
        return str(refused)
    return f"{sum(row['code'] is not None for row in rows):,} of {len(rows):,} rows have a code"


attempt("code.coding.code"), attempt("code.coding.first().code"), attempt("code.nothing")

# %% [markdown]
# The first is refused, the second picks whichever comes first, the third is empty. Empty is easy to count. The second
# is the dangerous one: it looks finished.

# %% [markdown]
# ## 4. Valid, and wrong
#
# *About 5 min · 24 min so far*
#
# "It validates" is where many projects stop looking. Against *what*? The models of `fhir.resources` check that a field
# exists and holds the right type. We plant eight faults in good resources, one at a time, and show them each.

# %%
faults = given(1).planted_faults(hospital)
verdicts = pd.Series({name: given(1).types_accept(resource) for name, resource in faults.items()})
claim(int(verdicts.sum()), exactly=8)
verdicts.map({True: "accepted", False: "refused"})

# %% [markdown]
# All eight pass. By the specification, the last five must not: base FHIR says which codes a status and a gender may
# have, that a number is no text, what `encounter` points at, and that a period begins before it ends
# [r4-rules](#Sources). HL7's own validator knows these rules; we have not run it here. The first three break none of
# them: no rule of base FHIR forbids furlongs, looks for the patient, or knows what year it is.
#
# So ask which validator "passes" means, and against which profile. None can know that a man of 83 does not change from
# 0.82 to 76 overnight.

# %% [markdown]
# And the shapes themselves move. Three versions of one resource, as you will meet them:

# %%
pd.DataFrame(
    {
        "R4 (4.0.1)": ["one coding", "period", "participant.individual", "hospitalization"],
        "R4B (4.3.0)": ["one coding", "period", "participant.individual", "hospitalization"],
        "R5 (5.0.0)": ["a list of concepts", "actualPeriod", "participant.actor", "admission"],
    },
    index=["class", "when it happened", "who took part", "admission details"],
)

# %% [markdown]
# R4B changed a few modules of R4 and leaves the rest as it was [r4b-scope](#Sources), Encounter among it. R5 changed
# nearly every field of Encounter that a cohort needs [encounter-versions](#Sources). R5 is published and R6 is still in ballot, while the current US Core stands on R4
# [fhir-current](#Sources). A sender that updates its server changes your table, and nobody asks you.

# %% [markdown]
# ## 5. The lead's lens
#
# *About 1 min · 25 min so far*
#
# Before your next meeting with a vendor, choose one question and ask it of your own team first: *what is one row of the
# table that the model was trained on?* A good answer is one sentence without "and". Two more, with good and evasive
# answers, are in the [take-away](takeaway.md).

# %% [markdown]
# ## Exit check
#
# *About 3 min · 28 min so far*
#
# Put a letter behind the id, such as `quiz("W01.R9", "b")`.

# %%
quiz("W01.R9")

# %%
quiz("W01.R10")

# %%
quiz("W01.R11")

# %% [markdown]
# ## What you have now
#
# - Ask of every table: what has to happen for one more row? Test it in one line where the table is made.
# - A ViewDefinition is a table's description, and travels; code for one site stays there.
# - "It validates" means *against something*. Unit, meaning, time and person are yours in any case.
#
# **Next: Q3, Q4 and the memo in the exercise.** New words are in the [glossary](../glossary.md).
#
# ## Sources
#
# - **r4-rules**: FHIR names the codes that Observation.status and Patient.gender may have and the types that Observation.encounter may refer to; a decimal is a number in JSON; a Period whose start lies after its end breaks the invariant per-1. HL7's definition of Period and page on JSON, and the metadata of fhir.resources 8.3.0 for R4B, read November 2026.
# - **r4b-scope**: R4B changed a few modules of R4; outside these there is no functional difference between the two. HL7 FHIR R4B, About the R4B version, hl7.org/fhir/R4B/r4b-explanation.html, read November 2026.
# - **encounter-versions**: From R4B to R5, Encounter.class becomes a list, period becomes actualPeriod, participant.individual becomes participant.actor and hospitalization becomes admission. Computed from the models of fhir.resources 8.3.0, which has R4B and R5 and no R4.
# - **fhir-current**: FHIR R5 (5.0.0) is published and R6 is in ballot; US Core 9.0.0 builds on R4. HL7 version list and IG registry, read August 2026.
# - **view-columns**: A column of a ViewDefinition that is not marked as a collection has one value: an implementation shall report an error if its path produces several. forEach makes a row for each element. SQL on FHIR, model of ViewDefinition, input/fsh/models.fsh in FHIR/sql-on-fhir-v2, read November 2026.
