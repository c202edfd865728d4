# %% [markdown]
# # Week 10, exercise: the triage assistant
#
# Four questions of about 11 minutes, a memo, your artefact A3, and one stretch question (+). Write your answer where the `...` stands and run the check below it.
# A wrong answer costs nothing: the check says what happened and where to look. When you are stuck, take the `#` away
# from a `# hint(…)` line and run it; words are in the [glossary](../curriculum/glossary.md).

# %%
import datetime as dt

import numpy as np
import pandas as pd
from wardround import check, check_all, given, hint, load, memo, solution

hospital = load()

# %% [markdown]
# ## Q1: a card that meets the twelve invariants
#
# A chart system asks your service on `patient-view`. Write a function that returns the status and the body. `service.read(request)` gives what the model makes of the prefetch, or why there is
# no risk; `service.fetch(patient_id)` does the same for the chart as it was loaded last night. Twelve requests are put to it, most of them strange.
#
# What is asked of you, apart from the invariants of lesson 2:
#
# - prefetch must hold `given(10).NEEDED_PREFETCH`, else 412; a context without its `patientId` is the client's mistake, any status from 400 to 499;
# - every other request has one card: its risk as *N of 1,000*, or, where there is none, a sentence that says so and why;
# - `warning` from `given(10).THRESHOLD` on, else `info`; it shows, it does not page;
# - one suggestion at least (its words are yours), and reasons to overrule, such as `given(10).REASONS`.

# %%
asked, service = given(10).requests(hospital), given(10).service(hospital)
request = asked["try: a high risk"]
request["context"], list(request["prefetch"])

# %%
vars(service.read(request))

# %%
vars(service.read(asked["try: no vital signs"]))

# %% nbgrader={"grade": false, "grade_id": "w10-q1", "locked": false, "schema_version": 3, "solution": true}
def card(request, service):
    return ...  # 200, {"cards": [{…}]}

# %% nbgrader={"grade": true, "grade_id": "w10-q1-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W10.Q1", card)

# %%
# hint("W10.Q1")

# %% [markdown]
# ## Q2: who gets a risk, and whose rule fires
#
# A table of visits, as the desk knows them. For each visit say two things: `says` (`"risk"`, `"abstains"` or `"silent"`), and `rule` (does one of the conditions in `given(10).RULES` hold?).
# The house has decided, and all of it is an assumption of ours but the eight conditions, three-point values of NEWS2 [news2](#Sources) (new confusion, the ninth, is not in our record):
#
# - comfort care: silent, and no rule either;
# - no risk without one of `NEEDS`, with more than `AT_MOST_MISSING` of the six `INPUTS` missing, with values older than `STALE` minutes, or with a value outside `PLAUSIBLE` (somebody checks it first);
# - rules look at the values as they are written, plausible or not, however old, and fire whether there is a risk or not.
#
# `score` may be high or low: a low risk is shown as well. Your function is put to 1,000 visits that you have not seen, here and on another hospital.

# %%
visits = given(10).visits(hospital)
visits.head()

# %%
visits.describe().loc[["count", "min", "max"]].round(1)

# %%
given(10).RULES, given(10).PLAUSIBLE

# %% nbgrader={"grade": false, "grade_id": "w10-q2", "locked": false, "schema_version": 3, "solution": true}
def advise(visits):
    return ...  # a table with visit, says and rule

# %% nbgrader={"grade": true, "grade_id": "w10-q2-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W10.Q2", advise)

# %%
# hint("W10.Q2")

# %% [markdown]
# ## Q3: a late feed, a dead model
#
# What stands on the screen? Your function gets `visit` (with `rules` that have fired, and `shown`, the last risk that stood there), `feed` (with `last_at`, None where it never spoke), `ask`,
# and `now`. `ask(seconds)` asks the model and gives up after so many seconds with `TimeoutError`; a model that is down raises `ConnectionError`. Without seconds it waits for as long as it
# takes. A clock of its own counts: nobody really waits. A reply is `{"of_1000": …}`, and what stands there may be no risk.
#
# Return `state` (`"risk"` or `"no answer"`), `of_1000` (None where there is no risk), `says`, and `rules`. A feed counts as late after `given(10).FEED_LATE` minutes, and nobody waits longer than
# `given(10).WITHIN` seconds, all tries together. Where there is no risk, `says` tells what failed, in your words; a number in it needs its time. Fourteen moments are put to it.

# %%
moments = given(10).moments(hospital)
late = moments["try: a feed that is late"]
vars(late.visit), vars(late.feed), late.now

# %%
late.ask(2.0)

# %% nbgrader={"grade": false, "grade_id": "w10-q3", "locked": false, "schema_version": 3, "solution": true}
def screen(visit, feed, ask, now):
    return ...  # {"state": …, "of_1000": …, "says": …, "rules": …}

# %% nbgrader={"grade": true, "grade_id": "w10-q3-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W10.Q3", screen)

# %%
# hint("W10.Q3")

# %% [markdown]
# ## Q4: the log of overruled advice
#
# Three months at one desk, all invented; on another hospital another log. Nurses overruled some of the advice and clicked a reason. Of what does each reason tell? Each line shows one of four things:
#
# - `"data"`: measured again within a quarter of an hour, with nothing done in between, the value was another one, by more than `given(10).CLOSE` (an assumption: what two sound measurements may differ by);
# - `"workflow"`: a physician had come before the advice did;
# - `"judgement"`: the nurse names a fact that the model is never given (`given(10).INPUTS` are what it is given);
# - `"model"`: none of these. The value held, the advice was in time, and it stood on the very fact that the nurse names against it.
#
# For each reason give what most of its *overruled* lines show, and how many of them do.

# %%
log = given(10).overrides(hospital)
log.head()

# %%
log.groupby(["decision", "reason"]).size().unstack(0)

# %% nbgrader={"grade": false, "grade_id": "w10-q4", "locked": false, "schema_version": 3, "solution": true}
faults = ...  # {"no_bed": ("workflow", 12), …}

# %% nbgrader={"grade": true, "grade_id": "w10-q4-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W10.Q4", faults)

# %%
# hint("W10.Q4")

# %% [markdown]
# ## Memo: a hazard log (15 minutes)
#
# Five hazards of the assistant at your desk, each with its cause, the harm, the control that is in place, who watches, and what is left. At most 150 words in all; score it by the rubric in
# [memo.md](../curriculum/week10_triage_assistant/memo.md).

# %%
memo("W10.M", first=..., second=..., third=..., fourth=..., fifth=..., because=...)

# %% [markdown]
# ## A3: your assistant (25 minutes)
#
# 1. Start it in a terminal: `python start.py triage`. It runs until Ctrl+C; the other commands need a second terminal.
# 2. Go in as clinician and give a level. As administrator kill the model, then let the feed be late, and look again as clinician.
# 3. Change its card (`work/triage/card.html.j2`, 60 lines at most) and its settings (`triage.toml`) until you would put it before a nurse; `python start.py triage check` says what is wrong in them.
# 4. Sit somebody down at it, best of all a clinician, with a task: *take these six patients in the order that you think right, and say aloud what you think*. Do not explain. Write down what they say, and change one thing.
# 5. Take the picture: `python start.py triage picture`. The log of their decisions is your override audit: `python start.py triage audit`, or the page of the auditor.
#
# The words of A3, at most 150; `python start.py portfolio` lays everything out and holds it against settings and log.

# %%
memo("W10.A3", intended_use=..., not_for=..., users=..., think_aloud=..., decide_ai=..., because=...)

# %% [markdown]
# ## Stretch (+)
#
# Never counted.
#
# ## Q5 (+): a RiskAssessment that says the truth
#
# Another system wants to keep the risk. Write it down as a RiskAssessment of FHIR R4B: of which patient and encounter, when it was made (`now`), from which observations, by which model, and a prediction of
# critical care or death within twelve hours of triage (`visit.triaged_at`). R4B's definition says that a decimal probability is a percentage, at most 100 [risk-percent](#Sources).
# What is valid is soon reached; what a stranger would read out of it is judged as well.

# %%
example = given(10).risks(hospital)[0]
vars(example.said), example.visit.triaged_at, example.visit.readings[0]

# %% nbgrader={"grade": false, "grade_id": "w10-q5", "locked": false, "schema_version": 3, "solution": true}
def assessment(visit, said, now):
    return ...  # {"resourceType": "RiskAssessment", …}

# %% nbgrader={"grade": true, "grade_id": "w10-q5-check", "locked": true, "points": 0, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W10.Q5", assessment)

# %%
# hint("W10.Q5")

# %% [markdown]
# ## What to bring to the group
#
# One sentence that somebody said at your desk, word for word, and what you changed after it.

# %% [markdown]
# ## Sources
#
# - **news2**: In NEWS2 three points each stand for a breathing rate of 8 or less or 25 or more, a saturation of 91% or less (scale 1), a systolic pressure of 90 or less or 220 or more, a pulse of 40 or less or 131 or more, 35.0 °C or less, new confusion or lost alertness; three points in one item ask for an urgent response. Royal College of Physicians, NEWS2, read.
# - **risk-percent**: In R4 RiskAssessment.prediction.probabilityDecimal is a percentage, 100 at most. HL7 FHIR R4, definition of RiskAssessment, read November 2026 in stored copies.

# %%
check_all(10)
