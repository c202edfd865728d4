# %% [markdown]
# # Week 7, exercise: training, registry, rollback
#
# Four questions of about 11 minutes, a memo, and two stretch questions (+). Write your answer where the `...` stands and run the check below it.
# A wrong answer costs nothing: the check says what happened and where to look. When you are stuck, take the `#` away
# from a `# hint(…)` line and run it; words are in the [glossary](../curriculum/glossary.md).

# %%
from wardround import check, check_all, given, hint, load, memo, solution  # first: it switches MLflow's telemetry off

# %%
import hashlib
import json
import runpy
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd

hospital = load()

# %% [markdown]
# ## Q1: a prediction of six months ago
#
# The readmission model has been in use for a year. Twenty families and wards ask why somebody was, or was not, called. `archive` is what is
# left: MLflow's registry (`archive.uri`), the log of releases, and a folder of kept files, each named by its SHA-256.
#
# Write a function of one decision that returns what was in force at that minute, and what it said: `version`, `threshold`, `score` (all
# digits), `called`; and `rebuilt`, the score of a model that you train again from what was kept.
#
# The first check takes half a minute or more, as it makes a second hospital's archive; later ones take a few seconds.

# %%
archive = given(7).archive(hospital)
archive.log[["number", "at", "actor", "action", "model", "version", "threshold", "because"]]

# %%
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
# ## What to bring to the group
#
# Your memo, and the candidate that your gate let through longest.

# %%
check_all(7)
