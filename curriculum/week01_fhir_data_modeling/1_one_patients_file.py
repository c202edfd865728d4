# %% [markdown]
# # Lesson 1: one patient's file
#
# *About 40 minutes (an estimate). Your first check comes after some 25. You need Python and no FHIR; words are in the
# [glossary](../glossary.md).*
#
# A vendor has switched on a kidney alert in both of your hospitals. The data behind it are "FHIR-compliant": the
# resources have the shape that the models of FHIR R4B allow (`fhir.resources`, no profile). Your director asks whether
# your own modelling can start on Monday.
#
# Before you answer, watch what those well-shaped files did to a ward. Quillmere Health is two hospitals that exist on
# your disk only. The people are simulated; the mistakes are of kinds that real exports contain.
#
# You will be able to
#
# - read a resource: its references, codings, status and times (Q2, Q3);
# - say why lines, records and people are three counts (Q1).
#
# ## Before you begin
#
# *About 4 min · 4 min so far*
#
# Five questions, to show you what you know already. Put a letter behind the id, such as `quiz("W01.R1", "b")`: every
# option has an answer of its own. If you know FHIR, try R6 to R8 as well; with all three right you may skip sections 3
# to 6.

# %%
from wardround import quiz

for n in range(1, 6):
    display(quiz(f"W01.R{n}"))

# %%
quiz("W01.R1", ...)

# %% [markdown]
# ## 1. Four weeks, replayed
#
# *About 10 min · 14 min so far*
#
# The alert is one line: *page the team when a final creatinine is 2.0 or more*. Creatinine is a waste product that
# kidneys clear from the blood [creatinine-waste](#Sources); both laboratories call 0.6 to 1.3 mg/dL normal. The rule is ours, and simple on
# purpose: nothing can hide in it.

# %%
import pandas as pd
from wardround import claim, given, load
from wardround.evaluation import figure, lines

hospital = load()

# %% [markdown]
# `load()` opened an *export*: the files that a record system hands out (`.ndjson`: one resource on each line), and the
# same content as tables. We take every final creatinine of an inpatient stay (class `IMP`) that carries 2160-0, its
# code in *LOINC*, the shared list of laboratory tests. Remember that last condition; section 5 comes back to it.

# %%
labs, encounters = hospital.tables.labs, hospital.tables.encounters
stays = encounters.loc[encounters.class_code == "IMP", ["encounter_key", "site"]]
final = labs[(labs.loinc == "2160-0") & (labs.status == "final")].merge(stays, on="encounter_key")
sites = {site["id"]: site["name"] for site in hospital.resources("Organization")}
creatinine = final.assign(site=final.site.map(sites))

# %% [markdown]
# Now four weeks from Monday, 18 March 2024. A page can only go out once a result is issued, so that is the time that
# we count by.

# %%
monday = pd.Timestamp("2024-03-18", tz="America/New_York")
week = (creatinine.issued_at - monday) // pd.Timedelta(days=7) + 1
replay = creatinine.assign(week=week)[week.between(1, 4)]
pages = replay[replay.value >= 2.0]
weekly = pages.groupby(["week", "site"]).size().unstack()
weekly


# %%
total = pages.site.value_counts()
claim(bool(total["Eastbank Hospital"] > 2 * total["Quillmere General Hospital"]), exactly=True)
says = (
    "Over the four weeks together, Eastbank Hospital is paged more than twice as often as Quillmere General, "
    "which has more patients."
)
figure(lines(weekly, ylabel="pages a week"), says=says, table=weekly)

# %% [markdown]
# Eastbank has the fewer patients and far more pages. Before we blame its kidneys, the same count for each 100 stays
# with a creatinine:

# %%
stays_each = replay.groupby("site").encounter_key.nunique()
paged_stays = pages.groupby("site").encounter_key.nunique()
per_100 = 100 * paged_stays / stays_each
claim(per_100["Eastbank Hospital"], about=55, within=5)
claim(per_100["Quillmere General Hospital"], about=8, within=2)
pd.DataFrame({"stays": stays_each, "paged": paged_stays, "of 100": per_100.round(0)})

# %% [markdown]
# Of 100 such stays at Eastbank 55 set off the alert, at Quillmere General 8. Either Eastbank treats a very
# different illness, or the number 2.0 means something else there. A rate will not tell us which. One patient will.
#
# ## 2. One patient
#
# *About 10 min · 24 min so far*
#
# One of those for whom the team was paged is a man of 83. We open everything the export holds about him.

# %%
henry = "Patient/p-2608afe7eeb938"
file = hospital.everything(henry)
pd.Series([resource["resourceType"] for resource in file]).value_counts()

# %% [markdown]
# A *resource* is FHIR's unit of record: one observation, one encounter, one condition. His file is a hundred of them:
# the Patient, and resources that name it by a reference. Here are his four creatinines.

# %%
mine = replay[replay.patient_key == "p-2608afe7eeb938"]
mine[["issued_at", "value", "unit", "device", "reference_high"]]

# %% [markdown]
# The first is 0.82 and pages nobody. The next three read 76, 91 and 74, and each of them pages the team. Nothing
# happened to his kidneys. Something happened to the *unit*: those three came from analyzer B, which reports in umol/L.
# It also sends no reference range. The empty column was the warning, had somebody counted it.
#
# For creatinine, 1 mg/dL is 88.4 umol/L [creatinine-si](#Sources). In one unit, his week looks like this:

# %%
mg_per_dl = mine.value.where(mine.unit == "mg/dL", mine.value / 88.4)
mg_per_dl.round(2).tolist()

# %% [markdown]
# Normal, four times. Now look at one of the three as it stands in the file.

# %%
result = hospital.find("Observation/" + mine.lab_key.iloc[1])
{part: result[part] for part in ["status", "code", "effectiveDateTime", "issued", "valueQuantity"]}

# %% [markdown]
# Each part of it is allowed. The code exists, the unit exists, the number is a number: the models have nothing to say.
# But LOINC 2160-0 is creatinine as a *mass* per volume [loinc-2160-0](#Sources), and umol/L counts *molecules*. The code says one thing and the
# unit another, and a rule that reads `value` alone is wrong by a factor of 88.
#
# How much of Eastbank's excess is this? The same replay with every value in one unit:

# %%
in_mg = replay.value.where(replay.unit == "mg/dL", replay.value / 88.4)
mended = replay[in_mg >= 2.0].groupby("site").encounter_key.nunique()
per_100_mended = 100 * mended / stays_each
claim(per_100_mended["Eastbank Hospital"], about=8, within=2)
pd.DataFrame({"stays": stays_each, "paged": mended, "of 100": per_100_mended.round(0)})

# %% [markdown]
# Some 8 of 100 stays in both hospitals, as far as so few stays can say: Eastbank's excess was a unit. "FHIR-compliant"
# was true, and it did not mean what your director heard.
#
# ## 3. Records are not people
#
# *About 3 min · 27 min so far, then your first check*
#
# The second question your director will ask is how many patients there are. Look at a Patient that carries a link:

# %%
linked = next(patient for patient in hospital.resources("Patient") if "link" in patient)
other = hospital.find(linked["link"][0]["other"]["reference"])
[(p["id"], p["name"][0]["family"], p["birthDate"], p["active"], p["link"][0]["type"]) for p in (linked, other)]

# %% [markdown]
# Two records, two ids, one human being: the registration desk has found out, and written it on both. The *type* says
# how: `replaced-by` and `replaces` when one record was closed for the other, `seealso` when both stay in use
# [patient-link](#Sources).
#
# And a third thing can stand in a file twice: a *line*. Exports get interrupted and resumed, and then the same resource
# is there again.
#
# **Now open the exercise and do Q1** (11 minutes). It asks for a guess first. Come back here afterwards.
#
# ## 4. References
#
# *About 4 min · 31 min so far*
#
# What holds the file together are references such as `Patient/p-2608afe7eeb938`. Here is where they point, over the
# whole export; the counts fold out below the picture.

# %%
references = hospital.references()
arrows = references.groupby(["resource_type", "field"]).n.sum()
says = "Everything points at the Patient, most of it at an Encounter too, and the Patient points at none of them."
figure(given(1).reference_graph(arrows), says=says, table=arrows[arrows > 40_000].to_frame())

# %% [markdown]
# The arrows go one way: an observation knows its patient, a patient does not know her observations. "Everything about
# one person" is therefore a search and never a lookup. And not every arrow arrives:

# %%
kinds = references.groupby("kind").n.sum()
claim(kinds["dangling"], about=1_759, within=200)
kinds

# %% [markdown]
# A *dangling* reference names a resource that is not in the export. A *conditional* one names no id at all: it is a
# question ("the practitioner with this staff number") that a server was meant to answer on loading. FHIR has a place
# for it in transaction bundles only [conditional-references](#Sources); here it slipped into an export, and the models
# let it through. Joined in the ordinary way, both drop rows without a word: about 1,500 observations lose their stay.
#
# ## 5. Codes
#
# *About 4 min · 35 min so far*
#
# Results of one test, as the parts of the hospital write it:


# %%
def codings_of(result):
    return tuple(coding["system"].split("/")[2] + ": " + coding["code"] for coding in result["code"]["coding"])


sodium = [o for o in hospital.resources("Observation") if o["code"].get("text") == "Sodium"]
pd.Series([codings_of(result) for result in sodium]).value_counts()

# %% [markdown]
# `coding` is a list of translations into different *code systems*, and its order promises nothing: LOINC comes first,
# second, or not at all. Whoever takes the first entry gets a mixture; whoever asks for LOINC alone loses the last row
# of this table, and loses it from Eastbank only.
#
# Our replay did so too. It asked for LOINC 2160-0; these are the creatinines that it never saw:

# %%
unseen = labs[(labs.text == "Creatinine") & (labs.status == "final") & labs.loinc.isna()]
unseen = unseen.merge(stays, on="encounter_key").site.map(sites).value_counts()
claim(unseen.index.tolist(), exactly=["Eastbank Hospital"])
unseen

# %% [markdown]
# The conclusion stands, since a unit is a unit; the counts of section 1 were short. You will get such results back in
# Q3.
#
# ## 6. Status, and two times
#
# *About 6 min · 41 min so far*
#
# A resource also says how far it may be trusted, and when it was known.

# %%
labs.status.value_counts()

# %%
minutes = (labs.issued_at - labs.effective_at).dt.total_seconds() / 60
claim(minutes.median(), about=55, within=10)
minutes.quantile([0.05, 0.5, 0.95])

# %% [markdown]
# `entered-in-error` means: the record should never have been written; somebody may have acted on it all the same
# [status-and-issued](#Sources). It
# stays in the file, with its value. And between the moment the blood was drawn (`effective`) and the moment anybody
# could read the number (`issued`) lies about an hour; one time in twenty, nearly two. A model that reads `effective`
# knows the future by that hour. `issued` is the time of *this version*: a corrected result has a later one, and what
# stood there before is not in the export.
#
# What base FHIR has no field for arrives as an *extension*, named by an address. Race, by the US Core profile
# [us-core-race](#Sources):

# %%
extensions = [
    extension for patient in file if patient["resourceType"] == "Patient" for extension in patient["extension"]
]
[extension["url"].rsplit("/", 1)[1] for extension in extensions]

# %% [markdown]
# ## What you have now
#
# - A file can have a perfect shape and be wrong by a factor of 88. Meaning needs a person.
# - Lines, resources and people are three different counts.
# - Choose codings by system, results by status, and times by *when it was known*.
#
# **Now do Q2 in the exercise** (11 minutes): two columns that the rest of the course stands on.
#
# ## Sources
#
# - **creatinine-si**: 1 mg/dL of creatinine is 88.4 umol/L. Computed from its molar mass, 113.12 g/mol: 10 mg/L divided by 113.12 g/mol.
# - **conditional-references**: FHIR allows a reference to be a search in a transaction, and only there. HL7 FHIR, RESTful API, transaction processing rules, read November 2026 in a stored copy.
# - **loinc-2160-0**: LOINC 2160-0 is Creatinine [Mass/volume] in Serum or Plasma. LOINC, as mapped by MIMIC-IV (LOINC 2.71).
# - **creatinine-waste**: Creatinine is a waste product in the blood that the kidneys filter out; laboratories measure it to see how well they do. Glossary of a patients' network, prvh-pcor.org/glossary/creatinine, read November 2026 in a stored copy.
# - **patient-link**: Patient.link: replaced-by, this record must no longer be used but the other one; replaces, this is the active record; seealso, both are in use. HL7 FHIR R4B, code system link-type, hl7.org/fhir/R4b/valueset-link-type.html, read November 2026 in stored copies.
# - **status-and-issued**: An Observation that is entered-in-error should never have existed, though decisions may rest on it; issued is when this version became available. HL7 FHIR R4, definitions as reprinted in public libraries, read November 2026.
# - **us-core-race**: US Core has an extension for race, http://hl7.org/fhir/us/core/StructureDefinition/us-core-race. US Core 7.0.0 to 9.0.0, hl7.org/fhir/us/core/STU7/StructureDefinition-us-core-race.html, read November 2026 in stored copies.
