# %% [markdown]
# # Week 12, exercise: governance and the year
#
# Four questions (Q1 about 8 minutes, Q2 12, Q3 15, Q4 35), a memo, and a stretch question (+). Write your answer where the `...` stands and run the check below it.
# A wrong answer costs nothing: the check says what happened and where to look. When you are stuck, take the `#` away
# from a `# hint(…)` line and run it; words are in the [glossary](../curriculum/glossary.md).
#
# What is said of law is of the United States unless a line names another place, as of November 2026, and no legal advice: verify it before you rely on it. What a plan does in a year is our simulator's,
# built on assumptions that are listed; no ward has been asked.

# %%
import tomllib

import pandas as pd
from wardround import check, check_all, given, hint, load, memo, predict, reveal, solution

pd.set_option("display.max_colwidth", None)
hospital = load()

# %% [markdown]
# ## Q1: an incident's first day
#
# Read what has happened, then bring the steps into the order in which they are begun. Two of the twelve nobody should take; leave them out. Several orders are right, and all of them are accepted.

# %%
print(given(12).story(hospital))
given(12).incident(hospital).set_index("step")

# %%
first_day = ...  # ["C", "A", …]
### BEGIN SOLUTION
begins = (  # how the steps of the three incidents in the bank begin, in an order that holds for each
    "Stop the export", "Put Eastbank", "Take the drafting", "Keep", "Tell the privacy", "Tell the clinical lead",
    "List", "The privacy officer writes", "Clinicians look", "Physicians hold", "Tell the people", "Tell patients", "Call the patients",
    "Find", "Take the column", "Mend", "Have the vendor go back", "Run", "Replay", "Have the vendor delete", "Write the corrected", "Amend",
)  # fmt: skip
rows = given(12).incident(hospital).itertuples(index=False)
placed = {step: next((n for n, words in enumerate(begins) if what.startswith(words)), None) for step, what in rows}
first_day = sorted((step for step, place in placed.items() if place is not None), key=placed.get)
### END SOLUTION

# %%
check("W12.Q1", first_day)

# %% [markdown] tags=["solution"]
# Stop what does harm, and no more; keep what shows it; tell whoever decides: these three first, in any order. Then whose it is, and why. (The cell above holds how each step of our bank begins, as other hospitals get another incident.) The tempting alternative is
# to begin with what one can mend: an engineer finds the line, takes it out, and has the copies deleted by breakfast. Then nobody can say any more whose data left, and the privacy officer hears of it when her clock has run for a day.

# %%
# hint("W12.Q1")

# %% [markdown]
# ## Q2: six features against the rules
#
# For each feature, name the rules of the list that touch it today, whoever has to do the work. Take the descriptions at their word. Behind each rule stand its entries in [the course's facts](../curriculum/facts.toml),
# with source and day; which rule touches which feature is our reading, and where lawyers would differ, either answer is right.

# %%
print(given(12).AS_OF)
pd.DataFrame({"rule": given(12).RULES, "facts": {code: ", ".join(ids) for code, ids in given(12).FACTS.items()}})

# %%
given(12).features(hospital).set_index("feature")

# %%
touched = ...  # {"coding assistant": {"security", …}, …}
### BEGIN SOLUTION
own, in_cloud = {"security", "fda", "s1557"}, {"security", "baa"}
whole_bank = {
    "ward early warning": own | {"baa", "onc"}, "fall score of the record": own | {"baa", "onc"},
    "readmission list": own - {"fda"}, "triage assistant": own, "delirium list": own,
    "summaries of addiction notes": in_cloud | {"part2"}, "letters of the addiction clinic": in_cloud | {"part2"},
    "sepsis flowchart on paper": {"s1557"}, "kidney formula": {"security", "s1557"},
    "chatbot on results": in_cloud | {"fda", "ab3030"}, "chatbot for visitors in Lisbon": {"art50"},
    "coding assistant": in_cloud, "no-show list": {"security"}, "locked backup": in_cloud, "benchmark table": set(),
}  # fmt: skip
touched = {name: whole_bank[name] for name in given(12).features(hospital).feature}
### END SOLUTION

# %%
check("W12.Q2", touched)

# %%
given(12).reasons(hospital)  # why, once the check has said right

# %% [markdown] tags=["solution"]
# Five questions, asked of each: whose information, who holds it, who made it, whom it helps to decide, which inputs. (The cell above holds our whole bank.) The tempting alternative is to ask one question, whether it is AI. Then the flowchart on paper
# goes free, though 92.210 asks about its age, and the coding assistant is sent to the FDA, which has nothing to say of bills. And what is proposed is prepared for, not obeyed.

# %%
# hint("W12.Q2")

# %% [markdown]
# ## Q3: a plan that keeps what the playbook promises
#
# The playbook says who owns what, at which limit, within which hours. The draft of a plan can be flown; six of its lines promise something else. Mend the plan until nothing contradicts. It may do more than the playbook
# says, and sooner; the playbook stays as it is.

# %%
print(given(12).playbook(hospital))

# %%
print(given(12).draft(hospital))

# %%
plan = ...  # a text: given(12).draft(hospital).replace("…", "…")
### BEGIN SOLUTION
said = tomllib.loads(given(12).playbook(hospital))
seats = {seat: one["also"][0] for seat, one in said["roles"].items()}
old = tomllib.loads(given(12).draft(hospital))
way, vendor = said["rollback"], said["vendor"]
plan = f"""name = "mended"
[ward]
threshold = {said["threshold"]["values"]["early_warning"]}
policy = "capacity"
alerts_a_shift = 2
[rollback]
model = true
features = true
threshold = true
authority = "{seats[way["authority"]]}"
minutes = {way["minutes"]}
[vendor]
pinned = true
acceptance_test = true
notice_days = {vendor["notice_days"]}
"""
for one in said["monitoring"]["monitor"]:
    plan += f'[[monitor]]\nservice = "ward"\nsignal = "{one["signal"]}"\nlimit = {one["limit"]}\n'
    plan += f'owner = "{seats[one["owner"]]}"\nthen = ["investigate"]\n'
clocks = {cause: one for one in said["incident"]["severity"] for cause in one["means"].split(", ")}
clocks["phi_export"] = said["incident"]["breach"]
for one in old["cause"]:
    clock = clocks[one["name"]]
    told = [seats[seat] for seat in clock["tell"]]
    plan += f'[[cause]]\nname = "{one["name"]}"\nthen = {one["then"]}\nnotify = {told}\n'
    plan += f'within_hours = {clock["within_hours"]}\nauthority = "{one["authority"]}"\n'
### END SOLUTION

# %%
check("W12.Q3", plan)

# %% [markdown] tags=["solution"]
# By hand six replacements do it; the cell above writes the plan out of the playbook, so that it holds for any. The tempting alternative is to believe that a plan which can be flown is in order: the reader of plans knows what can be carried out, and nothing of what was promised.
# The other one is to take out what contradicts. A promise that nobody keeps is not gone with the line. The command `wardround playbook` holds your own playbook against your own plan in the same way.

# %%
# hint("W12.Q3")

# %% [markdown]
# ## Q4: forecast, and fly
#
# Write the plan that you would sign for a year, and before it is flown a range for each of five axes. Start from `START`, a plan as many a project ships it, or from your own `plan.toml` of weeks 6 and 8, pasted as text. The words that a plan may use stand, each explained, in the
# file that `wardround fly --new my_plan.toml` writes.
#
# The check flies it through nine years that nobody has seen, each beside doing nothing on the same patients and incidents. It must hold ten floors at once, each in the median of these years: there is no sum, and no axis pays for another. Some floors are the plan's own number, some its difference from doing
# nothing, some its share of it; the table says which. Grading takes twenty other years. Both end as soon as no further year could change whether a floor holds: after five of nine at the earliest, eleven of twenty. Luck has a part, and we measured it: of 32 hospitals, drawn nine at a
# time, the reference plan held all floors in 100 of 100 draws, one with half of its signals in 98, one with too few in 2 or 3, and doing nothing in none; with twenty years hardly any plan owes its verdict to luck.
# The forecasts must be there and must be able to fail; whether they came true is told, and costs nothing. First three guesses:

# %%
for id in ("W12.P1", "W12.P2", "W12.P3"):
    display(predict(id))

# %%
display(predict("W12.P1", ..., ...))
display(predict("W12.P2", ..., ...))
display(predict("W12.P3", ...))

# %%
given(12).practise(given(12).START)

# %% [markdown]
# A `[forecast]` names five ranges: `benefit` (deteriorations averted), `harm` (visits for nothing of 1,000 stays), `burden` (alerts for each that a shift can answer), `equity` (of 1,000 windows before a deterioration in the worst-served group, those found) and `resilience`
# (patient-weeks on a fault that nobody had noticed).

# %%
my_plan = ...  # a text, between three quotes
### BEGIN SOLUTION
watched = {
    "heartbeat": (0, "operations"), "rows": (0.4, "data_engineer"), "freshness": (18.0, "data_engineer"), "duplicates": (0.01, "data_engineer"),
    "time_order": (0.01, "data_engineer"), "value_contract": (0.01, "data_engineer"), "missing": (0.25, "data_engineer"),
    "unknown_codes": (0.01, "data_engineer"), "amended": (0.01, "data_engineer"), "input_drift": (0.5, "ml_engineer"),
    "score_drift": (0.1, "ml_engineer"), "alerts": (2.0, "nurse_lead"), "unanswered": (0.65, "nurse_lead"), "census": (1.4, "operations"),
    "observed_expected": (1.2, "ml_engineer"), "below_expected": (0.45, "ml_engineer"), "group_gap": (0.2, "clinical_lead"),
    "frozen_cases": (0.001, "vendor_manager"), "release_diff": (0, "ml_engineer"), "new_rows_of_a_site": (0, "operations"),
    "egress_scan": (0, "privacy_officer"), "story": (0, "clinical_lead"),
}  # fmt: skip
answers = {
    "unit_change": "fallback fix_feed backfill replay", "code_change": "fallback fix_feed backfill replay",
    "feed_outage": "manual_rounds fix_feed backfill replay", "stale_cache": "manual_rounds fix_feed backfill replay",
    "duplicate_feed": "fix_feed backfill", "amended_results": "fix_feed backfill", "timezone_shift": "fix_feed backfill",
    "surge": "top_k more_staff log", "staff_shortage": "top_k more_staff log", "new_site": "shadow fallback fix_feed replay",
    "sensor_bias": "widen_abstention swap_devices backfill", "vendor_update": "roll_back replay", "threshold_typo": "roll_back replay",
    "alerts_suppressed": "manual_rounds fix_feed replay", "phi_export": "contain_export keep_evidence notify",
    "new_analyser": "log", "guideline_change": "ask_clinicians log", "intervention_feedback": "ask_clinicians log", "rumour": "case_review log",
}  # fmt: skip
my_plan = """name = "signed"
unknown = ["log"]
[ward]
threshold = 0.04
policy = "capacity"
alerts_a_shift = 2
[list]
calls_a_week = 16
threshold = 0.14
[contracts]
value_contract = "block"
freshness = "block"
time_order = "block"
unknown_codes = "block"
duplicates = "once"
[rollback]
model = true
features = true
threshold = true
authority = "ml_engineer"
minutes = 60
[pause]
weeks = 1
[gates]
shadow_weeks = 4
events = 8
replay = true
[vendor]
pinned = true
notice_days = 30
acceptance_test = true
[labels]
chart_reviews_a_week = 20
[staff]
above_capacity = "highest"
[forecast]
benefit = {low = 30, high = 60, confidence = 0.8}
harm = {low = 120, high = 230, confidence = 0.8}
burden = {low = 0.4, high = 1.0, confidence = 0.8}
equity = {low = 250, high = 450, confidence = 0.8}
resilience = {low = 0, high = 400, confidence = 0.8}
"""
for signal, (limit, owner) in watched.items():
    my_plan += f'[[monitor]]\nservice = "ward"\nsignal = "{signal}"\nlimit = {limit}\nowner = "{owner}"\nthen = ["investigate"]\n'
for name, actions in answers.items():
    who = "privacy_officer" if name == "phi_export" else "clinical_lead"
    my_plan += f'[[cause]]\nname = "{name}"\nthen = {actions.split()}\nnotify = ["{who}", "nurse_lead"]\nwithin_hours = 24\n'
    my_plan += f'authority = "{who}"\n'
### END SOLUTION

# %%
given(12).practise(my_plan) if my_plan is not ... else None

# %%
check("W12.Q4", my_plan)

# %%
for id in ("W12.P1", "W12.P2", "W12.P3"):
    display(reveal(id))

# %% [markdown] tags=["solution"]
# Look first, act on what was found, change nothing where nothing was found; and contracts at the door, where a wrong unit is a wrong unit before it is drift. The tempting alternative is a brave answer to every alarm. Off, nobody is harmed by the model, and nobody is seen;
# trained anew, the model learns the fault. Each of them is best on some axis, which is why there is no sum. Twenty years, with intervals, are flown by `wardround fly my_plan.toml --seeds 20`.

# %%
# hint("W12.Q4")

# %% [markdown]
# ## Memo: the first ninety days (15 minutes)
#
# At your place, with gates. At most 150 words; score it by the rubric in [memo.md](../curriculum/week12_governance_and_the_year/memo.md).

# %%
memo("W12.M", first_week=..., thirty=..., sixty=..., ninety=..., not_now=..., decision=..., because=...)

# %% [markdown]
# ## Q5 (+): a review that the log bears out
#
# A plan has been flown, and you write the after-action review of its first incident, the change of a unit on day 37. `signal`: in which reading it could first be seen on the wards (service and signal, as in the table). `words`: the words of the plan that have let it go on. `changed`: the plan's
# text with one key changed. `difference`: what the same year has more (or less) of, changed less before: write the numbers down as `beside(changed)` prints them, since in the grader's box nothing flies.

# %%
print(given(12).REVIEWED)

# %%
readings, log = given(12).readings(hospital), given(12).log(hospital)
over = readings[readings.day.between(30, 60) & (readings.value > readings.usual)]
over.groupby("signal").day.agg(["min", "count"]), log.head(8)

# %%
given(12).beside(given(12).REVIEWED)

# %%
review = ...  # {"signal": "ward …", "words": "…", "changed": …, "difference": {…}, "because": "…"}
### BEGIN SOLUTION
words = 'then = ["log"]'
changed = given(12).REVIEWED.replace(words, 'then = ["investigate"]', 1)  # the first one: of value_contract
review = {
    "signal": "ward value_contract",
    "words": words,
    "changed": changed,
    "difference": {"ward_averted": 0.26, "ward_wrong_data": -11.53, "silent_patient_weeks": -289.9},  # as beside(changed) printed them
    "because": "The monitor rang on the first morning, and the plan's answer was a line in a log that nobody had to read.",
}
### END SOLUTION

# %%
check("W12.Q5", review)

# %% [markdown] tags=["solution"]
# One line, one year, one difference, and no name of a person. The tempting alternative is to mend everything that hindsight shows, and to compare with last year: then nobody knows which line has helped, or whether any has. Why it was not seen belongs in the review as much as what was done.

# %%
# hint("W12.Q5")

# %% [markdown]
# ## What to bring to the group
#
# Your memo, the axis on which your forecast was most wrong, and the one sentence of your plan that cost the most.

# %%
check_all(12)
