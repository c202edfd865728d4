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

# %%
def explain(decision, archive):
    ### STARTER return ...  # {"version": …, "threshold": …, "score": …, "rebuilt": …, "called": …}
    ### BEGIN SOLUTION
    log = archive.log
    active = (log.model == "readmission") & log.action.isin(["released", "rolled back"])
    line = log[active & (log["at"] <= decision.at)].iloc[-1]
    code = runpy.run_path(str(archive.kept / line.code))
    seen = pd.read_parquet(archive.kept / decision.list)
    table = code["features"](seen[seen.encounter_id == decision.encounter_id])
    score = mlflow.sklearn.load_model(f"models:/readmission/{line.version}").predict_proba(table)[0, 1]
    run = mlflow.get_run(mlflow.MlflowClient().get_model_version("readmission", line.version).run_id)
    strength, seed = float(run.data.params["strength"]), int(run.data.params["seed"])
    snapshot = pd.read_parquet(archive.kept / line.snapshot)
    again = code["fit"](code["features"](snapshot), snapshot.back, strength, seed)
    return {"version": int(line.version), "threshold": line.threshold, "score": score,
            "rebuilt": again.predict_proba(table)[0, 1], "called": bool(score >= line.threshold)}
    ### END SOLUTION

# %%
check("W07.Q1", explain)

# %% [markdown] tags=["solution"]
# One line of the log says what was in force; everything else is named in it. The tempting alternative is
# `models:/readmission@champion`: an alias has no history. The second is today's table: the snapshot and the morning's list are kept
# because results are corrected later. Of what you used, the registry held the weights, the strength and the seed; threshold, feature code,
# training rows and the row that was scored lay elsewhere, and were found because the log names them.

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

# %%
def gate(candidate):
    house, folder = given(7).HOUSE, Path(candidate["files"])
    judged, learnt, probes = (pd.read_csv(folder / f"{name}.csv") for name in ("judged", "learnt", "probes"))
    broken = {
        "packages": candidate["packages"] != house["packages"],
        "features": not set(candidate["features"]) <= set(house["features"]),
        "way back": candidate["returns_to"] not in house["releases"],
    }
    ### STARTER return ...  # the other eight, then: return [rule for rule, is_broken in broken.items() if is_broken]
    ### BEGIN SOLUTION
    snapshot = folder / "snapshot.csv"
    whole = snapshot.exists() and hashlib.sha256(snapshot.read_bytes()).hexdigest() == candidate["snapshot_sha256"]
    def person(name):
        return " ".join(str(name or "").casefold().split())

    seconds = [one for one in candidate["approvals"]
               if person(one["by"]) not in ("", person(candidate["author"])) and one["digest"] == candidate["digest"]]
    gain = auroc_value(judged.critical, judged.risk) - auroc_value(judged.critical, judged.risk_in_use)
    critical = judged[judged.critical]
    found = (critical.risk >= candidate["threshold"]).groupby(critical.group).mean()
    risk = probes.pivot(index="case", columns="asked", values="risk")
    broken |= {
        "snapshot": not whole,
        "approval": not seconds,
        "learnt": judged.patient_id.isin(learnt.patient_id).any(),
        "not worse": not gain >= -0.02,
        "calibrated": not 0.8 <= judged.critical.sum() / judged.risk.sum() <= 1.25,
        "groups": not (len(found) == 2 and found.max() - found.min() <= 0.20),
        "answers": not probes.risk.between(0, 1).all(),
        "alone": not ((risk["alone"] - risk["in company"]).abs() <= 1e-5).all(),
    }
    return [rule for rule, is_broken in broken.items() if is_broken]
    ### END SOLUTION

# %%
check("W07.Q2", gate)

# %% [markdown] tags=["solution"]
# Every rule is asked of the files, none of what the candidate says of itself. The tempting alternative is a test of the tags: hash given,
# approvals more than none, reported AUROC above that in use. All three can be written by the author. The other mistake is to be
# stricter than the house: one candidate with a rough note and a hundredth less keeps every rule. The house judges by the point alone: on some
# 130 events an AUROC difference moves by 0.04 in either direction, so these rules stop gross cases and prove nothing.

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

# %%
def roll_back(drill):
    ### STARTER return ...
    ### BEGIN SOLUTION
    log = drill.log[drill.log.model == "readmission"]
    good = log[log.action.isin(["released", "rolled back"])].iloc[-2]
    drill.serve(version=good.version, code=good.code, contract=good.contract, threshold=good.threshold)
    drill.write("rolled back", good.digest, "t.abara", "since release 5 far more are called; cause unknown")
    ### END SOLUTION

# %%
check("W07.Q3", roll_back)

# %% [markdown] tags=["solution"]
# One call for all four parts, one line. The tempting alternative is the model alone: old weights on new features under a new threshold are a
# third system, and the only sign of it is a strange list of names. Whoever has minutes left
# looks at `drill.replay()`, and rings the ward. The other trap is the release before: number 4 had been withdrawn. An order of the four parts
# with `pause` before and `resume` after is as good, as nobody is scored by a mixture.

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

# %%
review = ...  # {12: "not kept", …}
### BEGIN SOLUTION
known_faults = {
    "data.query": "not kept", "data.latest": "not kept", "training.lock": "not kept", "training.laptop": "not kept",
    "features.two": "not as of then", "features.current": "not as of then", "registry.alias": "no history",
    "registry.stage": "no history", "gate.reported": "claim believed", "gate.tags": "claim believed",
    "release.alone": "one person", "release.before": "one person", "serving.coerce": "silent failure",
    "serving.lastscore": "silent failure", "failure.quiet": "silent failure", "failure.retry": "silent failure",
    "rollback.container": "undone in part", "rollback.alias": "undone in part", "log.table": "can be rewritten",
    "log.wiki": "can be rewritten", "access.example": "seen by too many", "access.trace": "seen by too many",
}
lines = given(7).paragraphs(hospital)
review = {lines[name][0]: kind for name, kind in known_faults.items() if name in lines}
### END SOLUTION

# %%
check("W07.Q4", review)

# %% [markdown] tags=["solution"]
# Every hospital gets another page; this answer covers the bank. Three nights find the faults: a family asks about May (kept? history?), calls triple at
# 07:40 (which parts come back? who may?), the job fails at 05:00 (who is told? what does the screen say?). The tempting finding is what looks
# poor: one SQLite file, a night job, a sheet of paper. Those work. The tempting signature is under sentences with *always*, *latest* and *as usual*.

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

# %%
def search(folder, people):
    ### STARTER return ...
    ### BEGIN SOLUTION
    def text_of(path):
        if path.suffix == ".parquet":
            return pd.read_parquet(path).to_csv().lower()
        content = path.read_bytes()
        return (gzip.decompress(content) if path.suffix == ".gz" else content).decode("latin-1").lower()

    names = [people.given + " " + people.family, people.family + ", " + people.given, people.mrn]
    forms = set(pd.concat(names).str.lower())
    texts = {path.name: text_of(path) for path in folder.iterdir()}
    return [name for name, text in texts.items() if any(form in text for form in forms)]
    ### END SOLUTION

# %%
check("W07.Q5", search)

# %% [markdown] tags=["solution"]
# Packed files are unpacked, letters made small, names looked for in both orders. The tempting alternative is a search of text files
# for family names: it misses the table of worst cases and stops runs that are clean. Better than any search is not to log rows at all.

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

# %%
def as_of(log, asks):
    ### STARTER return ...
    ### BEGIN SOLUTION
    both = asks.merge(log, on="patient")
    seen = both[both.written_at <= both["at"]]
    last = seen.sort_values(["drawn_at", "written_at", "result"]).groupby("ask").last()
    return last.value.where(last["at"] - last.drawn_at <= given(7).OLDEST).reindex(asks["ask"])
    ### END SOLUTION

# %%
check("W07.Q6", as_of)

# %% [markdown] tags=["solution"]
# `written_at` decides what could be read, `drawn_at` what is newest. The tempting alternative is the warehouse's table of final values, joined by
# the time of drawing: it is clean, and nobody saw it.

# %%
# hint("W07.Q6")

# %% [markdown]
# ## What to bring to the group
#
# Your memo, and the candidate that your gate let through longest.

# %%
check_all(7)
