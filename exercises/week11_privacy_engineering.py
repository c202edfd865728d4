# %% [markdown]
# # Week 11, exercise: privacy engineering
#
# Four questions (Q1 about 11 minutes, Q2 and Q3 20 each, Q4 15), a memo, and two stretch questions (+). Write your answer where the `...` stands and run the check below it.
# A wrong answer costs nothing: the check says what happened and where to look. When you are stuck, take the `#` away
# from a `# hint(…)` line and run it; words are in the [glossary](../curriculum/glossary.md).
#
# All people here are invented, and so are their numbers; treat them as if they were not. What is said of law is of the United States, as of November 2026, and no legal
# advice: verify it before you rely on it.

# %%
import hashlib
import re
import secrets

import pandas as pd
from wardround import check, check_all, given, hint, load, memo, predict, reveal, solution
from wardround.operations.privacy import BROAD, NARROW, Rule, find_in_note, readings, redact

hospital = load()

# %% [markdown]
# ## Q1: Safe Harbor, and what survives it
#
# A colleague wants to send A1's table to a benchmark. Write the function that makes the table for the door by the list of lesson 1. It gets the table of this hospital, and that of another one, to
# which colleagues have added other columns.
#
# What must come out: `given(11).FEATURES`, `back`, the `year` of discharge, and `patient`, a code that says whose stays belong together and nothing else, drawn anew for each
# release. `zip3`, `birth_year` and `state` may come too, as far as the list lets them; no other column. All stays stay. Shifted dates are out as well:
# we are not certain that Safe Harbor allows them, and would ask an expert.
#
# How far does A1 fall when it is rebuilt on that? Guess before you run the last cell.

# %%
table = given(11).a1_table(hospital)
table.iloc[:3, :14].T

# %%
given(11).zip3_people()

# %% nbgrader={"grade": false, "grade_id": "w11-q1", "locked": false, "schema_version": 3, "solution": true}
def release(table):
    return ...  # given(11).FEATURES, back, year, patient; and zip3, if you like

# %% nbgrader={"grade": true, "grade_id": "w11-q1-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W11.Q1", release)

# %%
before, after = table.assign(year=table.discharged_at.dt.year), release(table)
pd.DataFrame({name: given(11).rebuild(some) for name, some in (("before", before), ("after", after)) if some is not ...})

# %%
# hint("W11.Q1")

# %% [markdown]
# ## Q2: notes, judged by the note
#
# Write a function that takes identifiers out of a discharge note and leaves the medicine in. It gets the text and the patient's `record`. Identifiers are those of the list of lesson 1, of the patient and of
# relatives, employers and household members. Names of clinicians: take them or leave them, both are right here.
#
# It is judged on other notes of the same kinds: at most one of 100 with an identifier may still name somebody, and at most one of 100 may have lost a finding, a dose, a result, or
# more than three other words. Start from the package's patterns, and see what they leave. A pattern of your own is `Rule("town", "B", re.compile(r"lives in (\w+)"))`: what stands
# in the brackets goes. `redact(text, rules, known={"family": ["Hale"]}).text` takes the words of `known` as well. A guess first:

# %%
display(predict("W11.P3"))
display(predict("W11.P3", ..., ...))

# %%
notes = given(11).notes(hospital)
print(notes.text[3], notes.record[3], notes.spans[3], sep="\n")

# %%
def left(scrub):
    """Identifiers that still stand in the practice notes, with the words before them."""
    return [
        (kind, text[max(0, begin - 30) : end + 12])
        for text, record, spans in zip(notes.text, notes.record, notes.spans, strict=True)
        for begin, end, kind in spans
        if kind != "clinician" and text[begin:end] in scrub(text, record)
    ]


missed = left(lambda text, record: redact(text, NARROW).text)
pd.Series([kind for kind, _ in missed]).value_counts(), missed[:6]

# %%
reveal("W11.P3")

# %%
redact("Known Parkinson's disease. Mr. Parkinson walks from May on.", BROAD).text

# %% nbgrader={"grade": false, "grade_id": "w11-q2", "locked": false, "schema_version": 3, "solution": true}
def scrub(text, record):
    return ...  # a text

# %% nbgrader={"grade": true, "grade_id": "w11-q2-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W11.Q2", scrub)

# %%
# hint("W11.Q2")

# %% [markdown]
# ## Q3: a guard at the door
#
# Thirty requests want to leave the house. Three routes exist, each for one purpose. Write the guard: it gets a payload and the `roster` of the people who are meant, and returns what it decides and what leaves.
# It is judged on thirty requests about other people, and on thirty of another hospital, which has other kinds. Nothing may leak; one harmless request of thirty may be held up.
#
# Telephone numbers end in 555-01xx, record numbers begin with 999, Social Security numbers with 000 or 666, which are never issued: all of it is invented.

# %%
print(given(11).POLICY)
pd.DataFrame(given(11).ROUTES).set_index("purpose").T

# %%
payloads, roster = given(11).payloads(hospital), given(11).roster(hospital)
[(one["id"], one["fields"].get("note", one["fields"]), one["files"]) for one in payloads[:8]]

# %%
given(11).HIDDEN_WAYS, list(readings("Call back six eight one, five five five, zero one six two."))

# %%
def spans_of(text, known):
    """What the package's patterns find, and words of the roster (small letters) where no finding is called so."""
    found = [(span.begin, span.end) for span in find_in_note(text, NARROW)]
    for word in re.finditer(r"\w+", text):
        if word[0].casefold() in known and not re.match(r"['’]s? (?:disease|palsy)", text[word.end() :]):
            found.append(word.span())
    return sorted(set(found))


def cover(text, spans):
    for begin, end in reversed(spans):
        text = text[:begin] + "[identifier]" + text[end:]
    return text

# %% nbgrader={"grade": false, "grade_id": "w11-q3", "locked": false, "schema_version": 3, "solution": true}
def guard(payload, roster):
    return ...  # ("allow", payload), ("redact", {**payload, ...}) or ("block", None)

# %% nbgrader={"grade": true, "grade_id": "w11-q3-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W11.Q3", guard)

# %%
# hint("W11.Q3")

# %% [markdown]
# ## Q4: eight drafts against the chart
#
# What comes back must be read too. A system has drafted eight summaries. Mark `unsupported n` where no line of the chart says what sentence *n* says; `omitted n` where line *n* of the
# chart is on the list of what must be told and no sentence tells it; `injected n` where sentence *n* is there because something in the chart ordered the system to write it.
# What follows from a line by arithmetic, or by the range that is printed beside it, is supported. Some drafts are sound.

# %%
print("MUST BE TOLD", *given(11).MUST_TELL, sep="\n  - ")

# %%
drafts = given(11).drafts(hospital)
for name in ("D1", "D2", "D3", "D4"):
    print(f"{name} {'-' * 60}\n{given(11).shown(drafts[name])}\n")

# %%
for name in ("D5", "D6", "D7", "D8"):
    print(f"{name} {'-' * 60}\n{given(11).shown(drafts[name])}\n")

# %% nbgrader={"grade": false, "grade_id": "w11-q4", "locked": false, "schema_version": 3, "solution": true}
marks = ...  # {"D1": [], "D2": ["unsupported 3"], …}

# %% nbgrader={"grade": true, "grade_id": "w11-q4-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W11.Q4", marks)

# %%
# hint("W11.Q4")

# %% [markdown]
# ## Memo: a data-boundary decision (15 minutes)
#
# Who may send what where. At most 150 words; score it by the rubric in [memo.md](../curriculum/week11_privacy_engineering/memo.md).

# %%
memo("W11.M", purpose=..., outside=..., inside=..., method=..., knowledge=..., decision=..., because=...)

# %% [markdown]
# ## Q5 (+): who looked without a reason
#
# Eight weeks of the access log. A dozen employees have opened charts of people who were none of their patients. Who? Some looks only seem to be without a reason.

# %%
log, lay = given(11).access_log(hospital), given(11).whereabouts(hospital)
log.reason.value_counts(), log.groupby("role").size()

# %% nbgrader={"grade": false, "grade_id": "w11-q5", "locked": false, "schema_version": 3, "solution": true}
lookers = ...  # ["NU…", …]

# %% nbgrader={"grade": true, "grade_id": "w11-q5-check", "locked": true, "points": 0, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W11.Q5", lookers)

# %%
# hint("W11.Q5")

# %% [markdown]
# ## Q6 (+): what the vendor answers
#
# Ten questions that are gates, and ten answers. Which pass? For each that fails, which follow-up would settle it?

# %%
pd.set_option("display.max_colwidth", None)
given(11).vendor(hospital).set_index("answer")

# %%
pd.Series(given(11).follow_ups(hospital), name="what to ask next").to_frame()

# %% nbgrader={"grade": false, "grade_id": "w11-q6", "locked": false, "schema_version": 3, "solution": true}
review = ...  # {"A1": ("fail", "c"), "A2": ("pass", None), …}

# %% nbgrader={"grade": true, "grade_id": "w11-q6-check", "locked": true, "points": 0, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W11.Q6", review)

# %%
# hint("W11.Q6")

# %% [markdown]
# ## What to bring to the group
#
# Your memo, and the identifier that your guard or your scrubber let out first.

# %%
check_all(11)
