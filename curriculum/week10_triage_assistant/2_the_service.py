# %% [markdown]
# # Lesson 2: the service
#
# *About 42 minutes (an estimate), with the exit check at the end. You have done lesson 1.*
#
# The screen is not where nurses live. They live in the chart, so the chart asks for the card, and you answer as a service. **Who asks, with what, and what do they get when the model is dead?** In a
# year somebody will ask what was shown at 19:42, and who overruled it. Answering is part of the product.
#
# You will be able to
#
# - answer a chart by twelve rules, 412 among them (Q1), and verify who calls;
# - give a safe fallback in a stated time (Q3);
# - keep a log whose tampering is found, and read it as data (Q4; M23, M41);
# - write a risk down so that another system cannot misread it (Q5).
#
# ## 1. The chart asks
#
# *About 14 min · 14 min so far*
#
# First, the whole assistant, in a folder that is thrown away: it trains, registers and releases its model as in week 7, which takes half a minute. With R7 right, this section need only be run.

# %%
import copy
import datetime as dt
import json
import sqlite3
import tempfile
import time
import uuid
import warnings
from pathlib import Path

import jwt
import pandas as pd
from wardround import claim, given, load, predict, quiz, reveal
from wardround.evaluation import figure
from wardround.triage.world import World

# %%
warnings.filterwarnings("ignore", message="Using `httpx`")  # of the test client; it works
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI
from fastapi.testclient import TestClient
from wardround.triage import hooks
from wardround.triage.example import example

pd.set_option("display.max_colwidth", None, "display.width", 250)
hospital, now = load(), dt.datetime(2026, 1, 12, 19, 30, tzinfo=dt.UTC)
world = World.opened(Path(tempfile.mkdtemp()), hospital, started=now, wait=120)
service = FastAPI()
service.include_router(hooks.router(world))
chart = TestClient(service, base_url="http://127.0.0.1")  # calls it in this process, over HTTP
quiz("W10.R7")

# %% [markdown]
# A chart that meets a service asks what it does. This is *discovery*:

# %%
offered = chart.get("/cds-services").json()["services"][0]
offered

# %% [markdown]
# `patient-view` fires when somebody opens a record [cds-hooks-spec](#Sources). It **shows, it does not page**: whoever opens nobody's record sees nothing, so a worklist is needed beside it, and a card marked `critical` for each high risk would be a pager
# that nobody agreed to. *Prefetch* is what the chart sends along: the least that is needed, and all that the answer may stand on.

# %%
request = example()
display({key: value if isinstance(value, str) else list(value) for key, value in request.items()})
answer = chart.post("/cds-services/triage-risk", json=request)
card = answer.json()["cards"][0]
short = {name: card[name] for name in ("summary", "indicator", "source", "selectionBehavior")}
short | {"detail": card["detail"].splitlines(), "suggestions": [one["label"] for one in card["suggestions"]], "overrideReasons": [one["display"] for one in card["overrideReasons"]]}

# %% [markdown]
# What a card and a service must be, in twelve sentences of ours; the last column is what a checker found that called this service rightly and wrongly.

# %%
from wardround.triage.conformance import INVARIANTS, service_problems

sent = lambda method, path, body: (lambda found: (found.status_code, found.json()))(chart.request(method, path, json=body))
problems = [one.invariant for one in service_problems(sent)]
assert answer.status_code == 200 and 0 < len(card["summary"]) < 140 and not problems
pd.DataFrame([(one.name, one.says, problems.count(one.number)) for one in INVARIANTS], range(1, 13), ["", "says", "found"])

# %% [markdown]
# The fifth is the one that is broken most kindly. Where something is missing:

# %%
def without(*keys):
    made = copy.deepcopy(request)
    inner = made
    for key in keys[:-1]:
        inner = inner[key]
    del inner[keys[-1]]
    return chart.post("/cds-services/triage-risk", json=made)


asked = [("prefetch", "vitals"), ("prefetch", "patient"), ("context", "patientId"), ("hookInstance",)]
says = lambda found: "" if found.status_code == 200 else found.json()["issue"][0]["diagnostics"]
statuses = pd.DataFrame([(".".join(keys), found.status_code, says(found)) for keys in asked
    for found in [without(*keys)]], columns=["missing", "status", "says"])
claim(statuses.status.tolist(), exactly=[412, 412, 400, 400])
statuses

# %% [markdown]
# 412 tells the one who can mend it. *200 and no card* would say: I have looked, and there is nothing. A card from last night's copy would be about another evening. And the way back, *feedback*: what became of the card.

# %%
became = {"card": card["uuid"], "outcomeTimestamp": dt.datetime.now(dt.UTC).isoformat()}
became = [became | {"outcome": "overridden", "overrideReason": {"reason": card["overrideReasons"][0]}},
    became | {"outcome": "ignored"}]
[chart.post("/cds-services/triage-risk/feedback", json={"feedback": [one]}).status_code for one in became]

# %% [markdown]
# The first is in the log now, with the reason's code; *ignored* is no outcome, and a card that was shut unread sends nothing. So the log counts who answered.
#
# **Now Q1 in the exercise** (11 minutes), for requests that you have not seen.
#
# ## 2. Is it the chart?
#
# *About 4 min · 18 min so far*
#
# Whoever can call may learn risks. So the chart signs each call with its private key: who calls (`iss`), for whom (`aud`), until when (`exp`), and a number used once (`jti`) [cds-hooks-spec](#Sources). Its public key stands in your settings.

# %%
key = ec.generate_private_key(ec.SECP384R1())
public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key())) | {"kid": "1"}
known = ", ".join(f'{name} = "{value}"' for name, value in public.items() if isinstance(value, str))
issuer = f'[[service.issuer]]\niss = "https://ehr.example.org"\naudience = "http://127.0.0.1/cds-services/triage-risk"\nkeys = [{{ {known} }}]\n'
with open(world.folder / "triage.toml", "a") as settings:
    settings.write(issuer)


def token(key=key, algorithm="ES384", **other):
    at = int(time.time())
    said = {"iss": "https://ehr.example.org", "aud": "http://127.0.0.1/cds-services/triage-risk", "iat": at,
        "exp": at + 300, "jti": str(uuid.uuid4())}
    return jwt.encode(said | other, key, algorithm=algorithm, headers={"kid": "1"})


call = lambda token: chart.post("/cds-services/triage-risk", json=request,
    headers={"Authorization": f"Bearer {token}"} if token else {})

# %%
once = token()
calls = {"signed": once, "the same again": once, "no token": "", "over an hour ago": token(exp=int(time.time()) - 3600), "for another service": token(aud="https://elsewhere.example.org")}
calls |= {"another key": token(ec.generate_private_key(ec.SECP384R1())), "a shared secret": token("secret-secret-secret-secret-secret", "HS256")}
told = {name: call(one) for name, one in calls.items()}
claim([one.status_code for one in told.values()], exactly=[200, 401, 401, 401, 401, 401, 401])
pd.DataFrame({name: (one.status_code, says(one)) for name, one in told.items()}, ["status", "says"]).T

# %% [markdown]
# The second line matters most: a token that was overheard is worth nothing, because its `jti` was seen. All of this says which *system* calls; which person sits there is the chart's word.
#
# ## 3. Dead, slow, late
#
# *About 6 min · 24 min so far*
#
# Four moments at the desk of 24 visits, each timed from the question to its answer. Two seconds are promised.

# %%
def look(moment):
    begun = time.perf_counter()
    judged = world.judged(world.desk.visits(now), now)
    seconds = time.perf_counter() - begun
    states = [one.state for one in judged.values()]
    words = next((one.words for one in judged.values() if one.state == "no answer"), "")
    return {"moment": moment, "seconds": seconds, "risks": states.count("risk"),
        "no answer": states.count("no answer"), "rules": sum(bool(one.rules) for one in judged.values()),
        "it says": words}


moments = [look("all is well")]
world.desk.late_by = dt.timedelta(minutes=45)
moments.append(look("the feed is 45 minutes late"))
world.desk.late_by = dt.timedelta(0)

# %%
world.scorer.slow_by = 30
moments.append(look("the model needs 30 seconds"))
world.scorer.slow_by = 0
ready = world.scorer.start(wait=120)  # it was killed for being slow, and starts again by itself
world.scorer.kill()
moments.append(look("the model was killed"))
desk = pd.DataFrame(moments).set_index("moment")
claim((ready, bool((desk.seconds < 2.5).all()), desk.risks.tolist()[1:]), exactly=(True, True, [0, 0, 0]))
claim((desk.rules.tolist(), int(desk.risks.iloc[0])), exactly=([3, 1, 3, 3], 14))
desk.round({"seconds": 2})


# %%
def timed(axes):
    bars = axes.barh(desk.index[::-1], desk.seconds[::-1], color="#0072B2")
    axes.bar_label(bars, fmt="%.2f", padding=3)
    axes.axvline(2, color="#D55E00", linestyle="--")
    axes.set(xlabel="seconds until the desk has its answer (dashed: promised)", ylabel="moment", xlim=(0, 2.6))


figure(timed, says="Whether the model is well, dead or too slow, the desk has its answer after two seconds at most, give or take a tenth; only a slow model makes it wait.", table=desk.round(2), size=(8, 2.6))

# %% [markdown]
# In none of the three is there a risk: not the last one, not 0, not "low". The sentence is about the *machine*; a calming one would be about a patient at whom nobody has looked. A late feed is the quiet case: the
# model would answer at once, about 45 minutes ago, so it is not asked; and two of three fired rules are gone with visits of which nobody has heard.
#
# Look at the first line, too: 14 of 24 have a risk, where lesson 1 counted 967 of 1,000. Five were measured more than 150 minutes ago, two not yet, two values must be checked, one person is in comfort care. **A record has no clock**: coverage
# counted on it is too good.
#
# **Now Q3 in the exercise** (11 minutes).
#
# ## 4. Written down for others
#
# *About 4 min · 28 min so far*

# %%
from wardround.triage.fhir import audit_event, risk_assessment

while not world.scorer.ready:
    time.sleep(0.1)
judged = world.judged(world.desk.visits(now), now)
visit, advice = next((world.desk.visit(key, now), one) for key, one in judged.items() if one.high)
resource = risk_assessment(visit, advice, now)
claim(round(resource["prediction"][0]["probabilityDecimal"] * 10), exactly=advice.of_1000)
resource["prediction"], advice.of_1000

# %%
from fhir.resources.R4B.riskassessment import RiskAssessment

RiskAssessment.model_validate(resource)
wrong = copy.deepcopy(resource)
wrong["prediction"][0]["probabilityDecimal"] = advice.of_1000 / 1000
RiskAssessment.model_validate(wrong)  # valid, too
wrong["prediction"][0]["probabilityDecimal"], resource["prediction"][0]["probabilityDecimal"]

# %% [markdown]
# Both are valid, and one is wrong by a factor of a hundred: `probabilityDecimal` is a *percentage* [risk-percent](#Sources). A validator knows form, not truth. The rest matters as much: `when` (twelve hours from triage), `method` (which model), `basis` (which
# readings); AI-asserted stands in its security label. Q5 (+) asks for one.
#
# ## 5. A log that can be audited
#
# *About 4 min · 32 min so far*
#
# At the desk, now. The nurse looks, gives a level, sees the advice, overrules.

# %%
who, key = {"by": "nurse Ada", "role": "clinician"}, visit.encounter_id
waits = world.advise(key, now)
world.give_level(key, 2, state=0, now=now, **who)
row = world.row(key, now)
world.seen(row, **who)
world.decide(key, "overruled", state=row.state, now=now, reason="looks_better",
    typed="walks about, talks", **who)
[(line.number, line.action, line.told().get("level"), line.told().get("of_1000"), line.told().get("reason"))
    for line in world.log.about(key)], waits.state

# %% [markdown]
# No name and no value in it: a log is read by many. What was typed lies in a file of its own. Each line holds the hash of the one before, as in week 7: a changed line is found, and a log that was cut, or built
# anew, *looks whole*. So its last hash, the **anchor**, is kept where the log's owner cannot write: in a ticket, with another person. This log, attacked:

# %%
anchor, path = world.log.anchor(), world.folder / "state" / "log.sqlite"
with sqlite3.connect(path) as file:
    try:
        file.execute("UPDATE line SET actor = 'nurse Bo' WHERE number = 1")
    except sqlite3.Error as refused:
        first = str(refused)
    file.execute("DROP TRIGGER no_update")  # whoever owns the file can
    file.execute("UPDATE line SET actor = 'nurse Bo' WHERE number = 1")
display((first, world.log.verify(anchor)))
event = audit_event(world.log.about(key)[-1])
event["action"], event["recorded"], event["entity"][-1]["detail"][:4]

# %% [markdown]
# The same line as an AuditEvent, for whoever collects them; number and hash lead back to the log.
#
# ## 6. The log as data
#
# *About 6 min · 38 min so far*
#
# Quillmere's desk has had a colleague's model for half a year. With R8 right, this section need only be run.

# %%
display(predict("W10.P2"), predict("W10.P2", ..., ...))
# reveal("W10.P2")  # after Q4 take the first # away
quiz("W10.R8")

# %%
log = pd.read_csv(hospital.path.parent / "desk" / "override_log.csv")
log["arrived_at"] = pd.to_datetime(log.arrived_at, utc=True)
visits = hospital.warehouse.emergency[["arrived_at", "age", "critical_12h"]]
log = log.merge(visits[visits.arrived_at >= log.arrived_at.min()], on=["arrived_at", "age"], validate="1:1")
plausible = given(10).PLAUSIBLE
log["odd"] = pd.concat([~log[name].between(*ends) & log[name].notna() for name, ends in plausible.items()],
    axis=1).any(axis=1)
log["gap"] = log[list(plausible)].isna().any(axis=1)
rate = log.groupby("overruled").agg(advices=("visit", "size"),
    critical=("critical_12h", lambda some: 1000 * some.mean()), seconds=("seconds", "median"))
claim((round(1000 * (log.overruled == "yes").mean()), rate.advices.tolist(), rate.critical.round().tolist(),
    rate.seconds.tolist()), exactly=(385, [3509, 2199], [20, 21], [19, 47]))
rate.round().astype(int).rename(columns={"critical": "critical, of 1,000", "seconds": "seconds, median"})

# %% [markdown]
# 385 of 1,000 were overruled. Critical were 21 of 1,000 of these, and 20 of those accepted: **an override rate is no error rate** (M23). (Drug alerts are overridden in 49 to 96 of 100 [overrides](#Sources); usual is not right either.) Accepting takes
# 19 seconds, overruling 47: agreeing is the quicker way out. By reason:

# %%
by = log.assign(reason=log.reason.fillna("(accepted)")).groupby("reason")
table = by.agg(lines=("visit", "size"), odd=("odd", "sum"), gap=("gap", "sum")).sort_values("lines", ascending=False)
claim((int(log.odd.sum()), int((log.odd & (log.reason != "value_wrong")).sum()), int(table.lines["other"]), table.odd[["value_wrong", "(accepted)"]].tolist()), exactly=(114, 27, 1049, [87, 21]))
worst = log[log.odd & (log.overruled == "no")].iloc[0]
draft = f"Draft: {worst.age} years, breathing {worst.respiratory_rate:.0f}/min, pulse {worst.heart_rate:.0f}/min, {worst.temperature:g} °C, saturation {worst.saturation:.0f} %, pressure {worst.systolic:.0f} mmHg. Unremarkable."
display(table.rename(columns={"odd": "a value out of range", "gap": "a value missing"}), draft)

# %% [markdown]
# *Other* is the commonest, 1,049 of 2,199, with words such as *protocol*: half of the overrides say nothing of a patient. *Value wrong* can be believed, as each of its 87 lines can be held against the value. But 114 values lay outside their range:
# 27 went through without that reason, 21 by plain acceptance. Here all were slips; a saturation of 61 need not be one.
#
# Remember it when a tool **only drafts text** (M41). Below the table, one of the 21 as such a tool might put it, fluently. Count first how many drafts were signed as they came, *among those that were wrong*.
#
# **Now Q4 in the exercise** (11 minutes): for each reason, what it shows, and the count that shows it.
#
# ## 7. A switch
#
# *About 2 min · 40 min so far*
#
# One person, at any hour, without a release:

# %%
world.switch(False, "administrator Cy", "administrator", "two wrong cards in a row")
after = world.judged(world.desk.visits(now), now)
states = pd.Series([one.state for one in after.values()]).value_counts().to_dict()
off = states, sum(bool(one.rules) for one in after.values())
world.close()
off

# %% [markdown]
# Off is off for everybody, in the log with who and why, and the rules stay. Then the harder half: who may switch it on, and having looked at what? That belongs in your hazard log, the memo. Developers of certified health IT owe their users 31 attributes of the predictive tools
# that they supply [source-attributes](#Sources); ask for them, and for its override log.
#
# ## Exit check
#
# *About 2 min · 42 min so far*

# %%
for n in (9, 10, 11):
    display(quiz(f"W10.R{n}"))

# %% [markdown]
# ## What you have now
#
# - A chart asks, with what it sends; 412 where that is not enough; a token for each call, good once.
# - Dead, slow or late: no risk, the rules, a sentence about the machine, in the promised time.
# - Coverage at the running desk is not coverage on the record: 14 of 24.
# - A share where a percentage belongs is valid, and wrong by a factor of a hundred.
# - No name and no value in the log; its chain as in week 7, its anchor with another person.
# - An override rate is no error rate; half of the reasons said nothing; 27 of 114 values out of range passed.
#
# Invented: hospital, desk and log. Shown is how it can be built and tried, not that it helps patients. **Next: A3 and the memo in the exercise.**
#
# ## Sources
#
# - **cds-hooks-spec**: In CDS Hooks a client calls a service when a user does something, such as opening a record (patient-view); the service answers with cards: summary below 140 characters, indicator info, warning or critical, a source, where there are suggestions a selectionBehavior; 412 says that needed data cannot be had; feedback tells of a card accepted or overridden; the client signs a token (iss, aud, exp, jti). CDS Hooks specification, stored copies of 1.1 and later drafts; 2.0.1 is the published version, 3.0.0 in ballot since January 2026.
# - **risk-percent**: In R4 RiskAssessment.prediction.probabilityDecimal is a percentage, 100 at most. HL7 FHIR R4, definition of RiskAssessment, read November 2026 in stored copies.
# - **overrides**: In 17 papers on drug alerts between 49 and 96 of 100 were overridden. Van der Sijs et al., J Am Med Inform Assoc 2006;13:138.
# - **source-attributes**: For predictive decision support, developers of certified health IT must supply 31 source attributes; it is a duty to disclose, without a threshold of performance. A proposal of 29 December 2025 (HTI-5) would remove it; no final rule had been found by mid-2026. 45 CFR 170.315(b)(11), final rule 89 FR 1192, attributes as implemented in OpenEMR; HTI-5, 90 FR 60970; read in stored copies.
