# %% [markdown]
# # Week 7, exercise: training, registry, rollback
#
# Four questions of about 11 minutes, a memo, and two stretch questions (+). Write your answer where the `...` stands and run the check below it.
# A wrong answer costs nothing: the check says what happened and where to look. When you are stuck, take the `#` away
# from a `# hint(…)` line and run it; words are in the [glossary](../curriculum/glossary.md).

# %%
from wardround import check, check_all, given, hint, load, memo, solution  # first: it switches MLflow's telemetry off

# %%
import gzip
import hashlib
import runpy
from pathlib import Path

import mlflow
import pandas as pd
from wardround.evaluation import auroc_value

hospital = load()

# %% [markdown]
# ## Q1: a prediction of six months ago
#
# The readmission model has been in use for a year. Twenty families and wards ask why somebody was, or was not, called. `archive` is what is
# left: MLflow's registry (`archive.uri`), the log of releases, and a folder of kept files, each named by its SHA-256. Results are corrected here far
# more often than in any laboratory, so that twenty decisions show it.
#
# Write a function of one decision that returns what was in force at that minute, and what it said: `version`, `threshold`, `score` (all
# digits), `called`; and `rebuilt`, the score of a model that you train again from what was kept.
#
# The first check takes half a minute or more, as it makes a second hospital's archive; later ones take a few seconds.

# %%
archive = given(7).archive(hospital)
archive.log[["number", "at", "actor", "action", "model", "version", "threshold", "because"]]

# %%
decision = next(archive.decisions.itertuples(index=False))  # as `explain` gets it, one at a time: decision.at, decision.list
archive.decisions

# %%
line = archive.log[archive.log.action == "released"].iloc[0]
print((archive.kept / line.code).read_text())

# %%
mlflow.set_tracking_uri(archive.uri)  # the check does so before each call
mlflow.get_run(mlflow.MlflowClient().get_model_version("readmission", 1).run_id).data.params

# %% nbgrader={"grade": false, "grade_id": "w07-q1", "locked": false, "schema_version": 3, "solution": true}
def explain(decision, archive):
    return ...  # {"version": …, "threshold": …, "score": …, "rebuilt": …, "called": …}

# %% nbgrader={"grade": true, "grade_id": "w07-q1-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W07.Q1", explain)

# %%
# hint("W07.Q1")

# %% [markdown]
# ## Q2: a gate
#
# A colleague's triage model (use case C: critical care within twelve hours, asked at the end of triage) waits for release, with eight other
# candidates. Each is a dictionary, and `files` names its folder: the rows that taught it, the rows that judge it with the risks of the
# candidate and of the model in use, the visits it has learnt from, and its answers to some probes.
#
# Write the house's rules as code: return the names of the rules that a candidate breaks, an empty list to admit it. Three are written
# already. The check brings six more, and on another hospital others wait. `judged.csv` and `probes.csv` were written by the house's own job; if
# the author wrote them, a gate would read a longer claim.

# %%
given(7).RULES

# %%
candidate = given(7).candidates(hospital)[0]
candidate

# %%
for name in ("judged", "learnt", "probes"):
    display(pd.read_csv(Path(candidate["files"]) / f"{name}.csv").head(2))

# %% nbgrader={"grade": false, "grade_id": "w07-q2", "locked": false, "schema_version": 3, "solution": true}
def gate(candidate):
    house, folder = given(7).HOUSE, Path(candidate["files"])
    judged, learnt, probes = (pd.read_csv(folder / f"{name}.csv") for name in ("judged", "learnt", "probes"))
    broken = {
        "packages": candidate["packages"] != house["packages"],
        "features": not set(candidate["features"]) <= set(house["features"]),
        "way back": candidate["returns_to"] not in house["releases"],
    }
    return ...  # the other eight, then: return [rule for rule, is_broken in broken.items() if is_broken]

# %% nbgrader={"grade": true, "grade_id": "w07-q2-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W07.Q2", gate)

# %%
# hint("W07.Q2")

# %% [markdown]
# ## Q3: a rollback, on the clock
#
# Monday, 18 November 2024, 07:40. Since the last release, five weeks ago, the care-call nurses have far more names than before; their notes lay in
# an inbox that nobody read until today. Nobody knows why, and nobody needs to know yet. You are alone. Bring back what was good last.
#
# The server of this ward holds four parts, and each can be exchanged while it runs. Calls take minutes: `serve` 2, `pause` 1, `resume` 1,
# `replay` 3, `write` 1, `register` 20, `delete` 1, `approval` 180. Fifteen are allowed. Judged is what patients are told afterwards, what they were
# told on the way, and what the log says.

# %%
drill = given(7).drill(hospital)
drill.serving

# %%
help(drill)

# %%
drill.replay().called.value_counts(dropna=False)

# %% nbgrader={"grade": false, "grade_id": "w07-q3", "locked": false, "schema_version": 3, "solution": true}
def roll_back(drill):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w07-q3-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W07.Q3", roll_back)

# %%
# hint("W07.Q3")

# %% [markdown]
# ## Q4: a design on one page
#
# A team shows you how its readmission model will be trained, released and undone. Eleven paragraphs; in six of them something would be missing
# on the day it is needed. Name a line of each, and the kind of fault. Leave the other five alone: old, slow and strict are no faults.
#
# Answer with a dictionary: any line number of the paragraph to one of `given(7).KINDS`.

# %%
print(given(7).design(hospital))

# %%
given(7).KINDS

# %% nbgrader={"grade": false, "grade_id": "w07-q4", "locked": false, "schema_version": 3, "solution": true}
review = ...  # {12: "not kept", …}

# %% nbgrader={"grade": true, "grade_id": "w07-q4-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W07.Q4", review)

# %%
# hint("W07.Q4")

# %% [markdown]
# ## Memo: a change record (15 minutes)
#
# You rolled back on Monday. On Wednesday the cause is found, and the team wants to release again. Write the record of that change. At most 150 words;
# score it by the rubric in [memo.md](../curriculum/week07_training_registry_rollback/memo.md).

# %%
memo("W07.M", change=..., evidence=..., kept=..., way_back=..., approved_by=..., decision=..., watch=..., because=...)

# %% [markdown]
# ## Stretch (+)
#
# Never counted.
#
# ## Q5 (+): patients in a run's artefacts
#
# Everybody who may open the registry's page may read what a run has logged. Write a search that names the files of a folder that hold a patient of
# `people`: a record number, or first and family name together, in either order and any letters.

# %%
folder, people = given(7).artefacts(hospital), given(7).people(hospital)
sorted(path.name for path in folder.iterdir())

# %%
people.head(2)

# %% nbgrader={"grade": false, "grade_id": "w07-q5", "locked": false, "schema_version": 3, "solution": true}
def search(folder, people):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w07-q5-check", "locked": true, "points": 0, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W07.Q5", search)

# %%
# hint("W07.Q5")

# %% [markdown]
# ## Q6 (+): features as of a time
#
# `log` holds every creatinine as it was written, corrections as well. Give each ask the value that a screen could have shown: of the patient's
# results written by then the one *drawn* last, in the value it had by then, at most 14 days old (`given(7).OLDEST`, from drawing to ask). Return a
# Series by `ask`, missing where there is none. Values are as they came, in the units of their site (week 1).

# %%
log, asks = given(7).creatinine(hospital), given(7).asks(hospital)
asks.head(2).merge(log, on="patient").head(4)

# %% nbgrader={"grade": false, "grade_id": "w07-q6", "locked": false, "schema_version": 3, "solution": true}
def as_of(log, asks):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w07-q6-check", "locked": true, "points": 0, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W07.Q6", as_of)

# %%
# hint("W07.Q6")

# %% [markdown]
# ## What to bring to the group
#
# Your memo, and the candidate that your gate let through longest.

# %%
check_all(7)
