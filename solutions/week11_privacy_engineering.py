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

# %%
def release(table):
    ### STARTER return ...  # given(11).FEATURES, back, year, patient; and zip3, if you like
    ### BEGIN SOLUTION
    out = table[[*given(11).FEATURES, "back"]].copy()
    out["age"] = out.age.clip(upper=90)
    out["year"] = table.discharged_at.dt.year
    drawn = {patient: secrets.token_hex(6) for patient in table.patient_id.unique()}
    out["patient"] = table.patient_id.map(drawn)
    people = given(11).zip3_people().set_index("prefix").people
    prefix = table.zip.str[:3]
    out["zip3"] = prefix.where(prefix.map(people).gt(20_000), "000")
    return out
    ### END SOLUTION

# %%
check("W11.Q1", release)

# %%
before, after = table.assign(year=table.discharged_at.dt.year), release(table)
pd.DataFrame({name: given(11).rebuild(some) for name, some in (("before", before), ("after", after)) if some is not ...})

# %% [markdown] tags=["solution"]
# A1 hardly notices: its columns were never dates or places, and an age of 97 tells it little more than 90. What is gone is around it: no week to monitor by, no thirty days to count, no way back
# to a patient who should be called. The tempting alternative is to drop what one knows to be bad. On this hospital that works; on the other, columns with other names leave with it. And a
# hash, of whatever, is a nickname (M18): a drawn code cannot be turned back, and the table behind it stays inside.

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

# %%
def scrub(text, record):
    ### STARTER return ...  # a text
    ### BEGIN SOLUTION
    name = r"([A-Z][\w'’-]+(?: [A-Z][\w'’-]+)*)"
    own = {
        "relative": rf"(?:-in-law|\bgrand\w+|\bstep\w+),? {name}",
        "next of kin": rf"{name}, next of kin",
        "employer": rf"(?:[Ww]orks at|[Rr]etired from) {name}",
        "town": rf"(?:lives in|[Mm]oved here from) {name}",
        "date": r"\bon (\d\d?/\d\d?)\b",
        "ssn": r"Social Security number, (\d{4})",
        "age": r"\b(?:At|Turns) (9\d|1\d\d)\b",
    }
    rules = (*NARROW, *(Rule(kind, "", re.compile(pattern)) for kind, pattern in own.items()))
    findings = re.findall(r"\b\w+['’]s? (?:disease|palsy|sign)", text)
    for number, finding in enumerate(findings):
        text = text.replace(finding, f"§{number}§")
    known = {kind: [record[kind]] for kind in ("family", "given", "mrn", "phone", "address", "city")}
    text = redact(text, rules, known=known).text
    for number, finding in enumerate(findings):
        text = text.replace(f"§{number}§", finding)
    return text
    ### END SOLUTION

# %%
check("W11.Q2", scrub)

# %% [markdown] tags=["solution"]
# Patterns, the record, and the words around: each road sees what the others do not. Findings are set aside first, so that Mr. Wilson goes and Wilson's disease stays, also where the record knows a Wilson. The tempting
# alternative is to hide whatever looks like a name (`BROAD`): the recall by identifier rises, and some two notes of five lose what they were written for. The shares are
# those of notes in which we planted the identifiers. On yours nobody knows what was missed, until somebody reads a sample.

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

# %%
def guard(payload, roster):
    ### STARTER return ...  # ("allow", payload), ("redact", {**payload, ...}) or ("block", None)
    ### BEGIN SOLUTION
    known = {word.casefold() for words in roster.values() for word in words}
    known |= {hashlib.sha256(number.encode()).hexdigest() for number in roster["mrn"]}
    asked = (payload["purpose"], payload["destination"])
    route = next((one for one in given(11).ROUTES if (one["purpose"], one["destination"]) == asked), None)
    fields = payload["fields"]
    if route is None or set(fields) - set(route["fields"]) or fields.get("age", 0) > 90:
        return "block", None
    around = [*payload["files"], *payload["files"].values(), *payload["headers"].values()]
    around += [str(value) for name, value in fields.items() if name != route["note"]]
    around += [re.sub(r"[^\w]|_", " ", text) for text in around]
    if any(spans_of(read, known) for text in around for _, read in readings(text)):
        return "block", None
    note = fields.get(route["note"], "")
    plain = spans_of(note, known)
    orders = re.compile(r"\b(?:assistant|system|model)\s*:|for the (?:language model|assistant)|instructions above|<!--", re.I)
    for _, read in readings(note):
        if orders.search(read) or len(spans_of(read, known)) > len(plain):
            return "block", None
    if not plain:
        return "allow", payload
    return "redact", {**payload, "fields": {**fields, route["note"]: cover(note, plain)}}
    ### END SOLUTION

# %%
check("W11.Q3", guard)

# %% [markdown] tags=["solution"]
# First the route, then everything around the note, then every way to read the note, and masking last. The tempting alternative is a longer list of patterns. A pattern sees letters; what hides is read by whoever decodes,
# and the names of files, traces and headers are read by nobody who wrote them. The package's own `Guard` keeps this policy, with agreements and a log. In 25 drawings of thirty requests it
# was right in all 750; a cipher, a name in small letters or a digest with a salt passes it as well, and its tests list what does.

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

# %%
marks = ...  # {"D1": [], "D2": ["unsupported 3"], …}
### BEGIN SOLUTION
no_line_says = (
    "120 mg a day", "eight kilograms", "three weeks", "right hip", "known allergies", "stop smoking", "no growth", "left lower lobe",
    "home was arranged", "first stay", "in two days", "8.9%", "had fever at home", "had had fever", "42 units", "added to aspirin", "right arm",
    "thickened", "to normal", "cyst that must", "for good", "showed Helicobacter", "less alcohol", "once a day", "Klebsiella",
    "came with a pressure sore", "His son", "Apixaban was begun.", "45%", "Metoprolol 50",
)  # fmt: skip
ordered = ("Cardivue", "possible again from Monday", "Lakeview", "discussed with the family", "Duravia")
must_say = {
    "Allergy: pen": "penicillin", "Potassium 3.3": "family doctor", "Second fall": "fell again", "Apixaban stopped": "day 10",
    "Scan: nodule": "nodule", "Sputum": "culture", "Does not want": "intubated", "Appointment": "lung clinic", "Swab of day 5": "MRSA",
    "Podiatry": "Podiatry", "Recording": "recording", "Must not drive": "drive", "Ibuprofen": "Ibuprofen", "Lisinopril": "one week",
    "Naproxen": "Naproxen", "Endoscopy": "Helicobacter", "Reaction": "Vancomycin", "Pressure sore": "pressure sore", "TSH": "TSH",
    "Apixaban discussed": "Apixaban",
}  # fmt: skip
marks = {}
for name, one in drafts.items():
    told = " ".join(one["draft"].values()).casefold()
    found = [f"unsupported {n}" for n, sentence in one["draft"].items() if any(words in sentence for words in no_line_says)]
    found += [f"injected {n}" for n, sentence in one["draft"].items() if any(words in sentence for words in ordered)]
    for number, line in one["chart"].items():
        words = next((words for start, words in must_say.items() if line.startswith(start)), "")
        found += [f"omitted {number}"] * (words.casefold() not in told)
    marks[name] = found
### END SOLUTION

# %%
check("W11.Q4", marks)

# %% [markdown] tags=["solution"]
# By hand: for each sentence its line, for each line that must be told its sentence, and for each line to whom it speaks. (The cell above holds what we read in every chart of the bank, as
# other hospitals get other drafts.) The tempting alternative is to read the draft and ask whether it sounds right. It always does. An order that the draft did not follow is no fault, and one that it followed is injected,
# although a line "supports" it: the mend is to keep such lines from the system, not to check harder.

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

# %%
lookers = ...  # ["NU…", …]
### BEGIN SOLUTION
shift, looks = pd.Timedelta("12h"), log[log.reason == "treatment"]
both = looks.merge(lay, on="patient_id", suffixes=("", "_lay"))
near = (both["at"] >= both.began - shift) & ~(both["at"] > both.ended + shift)
serves = (both.department == both.department_lay) | ~both.department.isin(lay.department)
there = both[near & serves & (both.role != "clerk")]
wards = looks.role.isin(["nurse", "clerk"])
without = looks[wards & ~looks.row_id.isin(there.row_id)].user.value_counts()
lookers = sorted(without[without >= 4].index)
### END SOLUTION

# %%
check("W11.Q5", lookers)

# %% [markdown] tags=["solution"]
# A stay in that place at that time supports the word *treatment*; nothing else in the log does. Names and streets come last: they say why. The tempting alternative begins with them, and makes suspects of neighbours.
# A look or two without a stay may be a fault of the record, which week 2 has shown; the same user again and again is a reason to ask.

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

# %%
review = ...  # {"A1": ("fail", "c"), "A2": ("pass", None), …}
### BEGIN SOLUTION
settles = {
    "We sign an agreement": "Which endpoints", "You hold the key": "Will you sign", "With zero retention": "Which clause",
    "Never for foundation": "Where do we permit", "Data are never kept": "How many days", "None of it is used": "Training aside",
    "They are about to": "Will you write", "The product is FDA": "Cleared as", "It reaches": "Will you run", "You always have": "Can we stay",
    "Within 60 days": "Within how many", "Everybody with": "Who can read", "Record numbers": "Which of the two", "On a cloud": "Which regions",
    "Only partners": "Which ones", "Logs can be": "Can we export",
}  # fmt: skip
letters = given(11).follow_ups(hospital)
review = {}
for answer, _, says in given(11).vendor(hospital).itertuples(index=False):
    start = next((start for start in settles if says.startswith(start)), None)
    fits = [letter for letter, text in letters.items() if start and text.startswith(settles[start])]
    review[answer] = ("fail", fits[0]) if fits else ("pass", None)
### END SOLUTION

# %%
check("W11.Q6", review)

# %% [markdown] tags=["solution"]
# An answer passes if, in a year, somebody could be shown to have broken it. Certificates, figures from elsewhere and another clause are answers to other questions. The tempting alternative is to reward what sounds confident:
# "not done" passes where it was asked what is there, and "within 60 days, which is what the law requires" fails where hours were asked.

# %%
# hint("W11.Q6")

# %% [markdown]
# ## What to bring to the group
#
# Your memo, and the identifier that your guard or your scrubber let out first.

# %%
check_all(11)
