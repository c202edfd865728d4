# %% [markdown]
# # Lesson 2: seven leaks
#
# *About 50 minutes (an estimate), with the exit check at the end. You have done lesson 1.*
#
# On the same stays the pilot had 0.88 and an honest model 0.70. A *leak* is information about the outcome that will not
# be there when somebody asks. Here seven of them are switched on and off; each gets a size with an interval, and a
# place in one ranking. One is harmless. Then the pilot itself flies, for twelve weeks.
#
# You will be able to
#
# - show noise that scores 0.97, and say which split answers which question (M10; Q5);
# - size a leak, and leave a harmless one alone (M11; Q1);
# - ask of a column when it is written (M12; Q2), and of a change who sees the test (Q4);
# - say what moves to another site, and what does not (M28).

# %%
import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from wardround import claim, given, load, predict, quiz, reveal
from wardround.evaluation import auroc, auroc_difference, auroc_value, bootstrap, figure, intervals, lines, wilson
from wardround.records.cohort import cohort
from wardround.records.features import READMISSION, lace

hospital = load()
stays = cohort(hospital)
stays = stays.assign(back=stays.state.eq("readmitted"), bill=stays.billing_status.eq("adjusted"))
here = stays[stays.site == "quillmere"]

# %% [markdown]
# ## 1. Noise that scores 0.97
#
# *About 9 min · 9 min so far*
#
# The ward table has a row for every eight hours. For each *patient* we throw one coin and write it into all of that
# patient's rows. A forest shall predict it from age, vital signs and results. There is nothing to find. Half of the
# rows, drawn at random, to learn; the other half to test. Two guesses before anything runs:

# %%
display(predict("W04.P1"), predict("W04.P3"))
display(predict("W04.P1", ..., ...), predict("W04.P3", probability=...))

# %%
windows = hospital.warehouse.windows
who = hospital.warehouse.contacts.set_index("contact_id").person_id
ward = windows.assign(person=windows.encounter_id.map(who))
people = pd.Series(ward.person.unique()).sample(1600, random_state=4).to_numpy()
ward = ward[ward.person.isin(people)].reset_index(drop=True)
values = ward[["age", *ward.loc[:, "heart_rate":"diastolic"], *ward.loc[:, "creatinine":"glucose"]]].fillna(-1)


# %%
def forest(learn, ask, label):
    grown = RandomForestClassifier(40, random_state=1).fit(values[learn], label[learn])
    return grown.predict_proba(values[ask])[:, 1]


rng = np.random.default_rng(4)
coin = ward.person.map(pd.Series(rng.random(len(people)) < 0.5, people))
halves = {"by row": pd.Series(rng.random(len(ward)) < 0.5), "by patient": ward.person.isin(people[::2])}
noise = {split: auroc_value(coin[~half], forest(half, ~half, coin)) for split, half in halves.items()}
pd.Series(noise).round(3)

# %% [markdown]
# **Pure noise scores 0.97.** A patient has some 25 rows, and they are alike: the forest knew again whom it had seen.
# Split by patient, the same code gives a coin again. Folds that are dealt by row have the same fault, however many.
#
# ## 2. Seven leaks, on and off
#
# *About 22 min · 31 min so far*
#
# First the honest model of lesson 1. Each leak is scored on the *same* rows with it and without it, so the interval is
# that of the difference.

# %%
claim(noise["by row"], about=0.97, within=0.01)
claim(noise["by patient"], about=0.5, within=0.05)
claim(len(ward) / len(people), about=25, within=1)
CUT = pd.Timestamp("2023-09-04", tz="America/New_York")
train, test = here[here.discharged_at + pd.Timedelta(days=150) <= CUT], here[here.asked_at >= CUT]
x, x_test = READMISSION.compute(train), READMISSION.compute(test)


# %%
def pipeline(strength=0.001):
    return make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(C=strength, max_iter=1000))


def scores(learn, ask):
    return pipeline().fit(learn, train.back).predict_proba(ask)[:, 1]


off, size = scores(x, x_test), {}
claim(auroc_value(test.back, off), about=0.696, within=0.003)
reveal("W04.P1")

# %% [markdown]
# **Leaks 1 and 2: written later.** Final codes are filed after discharge, some of them back-dated from the next stay.
# The appointment is seven to fourteen days away; the bill is closed after weeks.

# %%
late = {"1 codes, back-dated": "code_count", "2a appointment missed": "no_show", "2b bill adjusted": "bill"}
for name, column in late.items():
    on = scores(x.assign(leak=1.0 * train[column]), x_test.assign(leak=1.0 * test[column]))
    size[name] = auroc_difference(test.back, on, off)
claim([round(100 * missed) for missed in test.groupby("back").no_show.mean()], exactly=[23, 64])
size

# %% [markdown]
# Of 100 who came back 64 missed the appointment, of 100 others 23. The split is by time, with a gap, and cures nothing:
# the column is wrong on both sides. Three more causes, which no filter by date finds:
#
# | cause | example | how you find out |
# |---|---|---|
# | dated back | a code, entered Friday, dated Monday | compare time of entry with date |
# | overwritten | the address: a move replaces it | read the row again next month |
# | names the row | the record number | ask what it says of illness |
#
# **Leak 3: orders that know.** Sepsis, nine hours into an emergency stay. The score is to warn before anybody thinks of
# it, and one column is *a blood culture was ordered*.

# %%
septic = hospital.warehouse.stays.set_index("encounter_id").sepsis_clinical
early = windows[(windows.window == 1) & ~windows.planned & (windows.site == "quillmere")]
early = early.assign(septic=early.encounter_id.map(septic)).dropna(subset="septic").astype({"septic": bool})
columns = [*values.columns, "culture_ordered"]
old, new = early[early["at"] < CUT], early[early["at"] >= CUT].reset_index(drop=True)


# %%
def sepsis_risk(columns):
    return pipeline(1).fit(1.0 * old[columns], old.septic).predict_proba(1.0 * new[columns])[:, 1]


risk, risk_without, unasked = sepsis_risk(columns), sepsis_risk([*values.columns]), ~new.culture_ordered
size["3 orders that know"] = auroc_difference(new.septic, risk, risk_without)
found = {"all": auroc(new.septic, risk), "all, without the column": auroc(new.septic, risk_without)}
found["nothing ordered yet"] = auroc(new.septic[unasked], risk[unasked])
found["nothing ordered yet, without"] = auroc(new.septic[unasked], risk_without[unasked])
claim([round(one.value, 2) for one in found.values()], exactly=[0.76, 0.66, 0.6, 0.61])
claim(size["3 orders that know"].value, about=0.092, within=0.002)
found

# %% [markdown]
# The column adds 0.09. Where nothing is ordered yet, the model has 0.60 and one without the column 0.61: the gain is
# among those about whom somebody worried already (M13, M38).
#
# **Leak 4: patients on both sides.** The ward rows again, with a real label: does it get worse in this stay? The test
# rows stay the same. The forest learns from other rows of these patients, or from about as many rows of others. Here one
# patient may have several rows, so we draw patients with replacement, compute both areas on those drawn, subtract, and
# repeat; `auroc_difference` would count each row as a person.

# %%
worse = hospital.warehouse.stays.set_index("encounter_id").deteriorated_at.notna()
label = ward.encounter_id.map(worse).eq(True)
mine, half = halves["by patient"], halves["by row"]
ask = mine & half
on_rows, on_people = forest(mine & ~half, ask, label), forest(~mine & half, ask, label)


def gap(label, one, other):
    return auroc_value(label, one) - auroc_value(label, other)


size["4 patients on both sides"] = bootstrap(gap, ward.person[ask], label[ask], on_rows, on_people, draws=200)
pd.Series({"own rows": auroc_value(label[ask], on_rows), "others' rows": auroc_value(label[ask], on_people)}).round(3)

# %% [markdown]
# **Leak 5: the outcome inside a feature.** ZIP code and attending physician mean nothing here. The feature is
# "readmission rate of this ZIP with this physician", taken over *all* rows:

# %%
both = pd.concat([train, test])
rate = both.back.groupby(both.zip + both.attending).mean()
cell, cell_test = (train.zip + train.attending).map(rate), (test.zip + test.attending).map(rate)
on = scores(x.assign(leak=cell), x_test.assign(leak=cell_test))
claim((len(rate), len(both)), exactly=(2240, 6633))
size["5 outcome inside a feature"] = auroc_difference(test.back, on, off)

# %% [markdown]
# 2,240 cells for 6,633 stays: where a cell holds one stay, its rate *is* the outcome.
#
# **Leak 6: columns chosen on all rows.** A small pilot, 600 stays, and 3,000 columns of noise. The 25 that go best with
# the outcome are kept; looking at all 600 stays, or at the 400 to learn from:

# %%
outcome = train.back.to_numpy()[:600]
noise_columns = np.random.default_rng(4).normal(size=(600, 3000))


def chosen_on(seen):
    """Keep the 25 columns that go best with `outcome` in rows `seen`; learn on 400, judge 200."""
    link = np.abs(noise_columns[seen].T @ (outcome[seen] - outcome[seen].mean()))
    best = noise_columns[:, np.argsort(-link)[:25]]
    return LogisticRegression(max_iter=1000).fit(best[:400], outcome[:400]).predict_proba(best[400:])[:, 1]


on_all, on_400 = chosen_on(slice(0, 600)), chosen_on(slice(0, 400))
size["6 columns chosen on all rows"] = auroc_difference(outcome[400:], on_all, on_400)
{"all 600": auroc(outcome[400:], on_all), "the 400": auroc(outcome[400:], on_400)}

# %% [markdown]
# **Leak 7: means and scales over all rows** (M11). Albumin is missing in more than half of the stays. Then the ranking.

# %%
claim(x.albumin.isna().mean() > 0.5, exactly=True)
gaps = SimpleImputer().fit(pd.concat([x, x_test]))
scale = StandardScaler().fit(gaps.transform(pd.concat([x, x_test])))
fitted = LogisticRegression(C=0.001, max_iter=1000).fit(scale.transform(gaps.transform(x)), train.back)
on = fitted.predict_proba(scale.transform(gaps.transform(x_test)))[:, 1]
size["7 means over all rows"] = auroc_difference(test.back, on, off)


# %%
ranked = dict(sorted(size.items(), key=lambda item: item[1].value))
numbers = pd.DataFrame({name: [one.value, one.low, one.high] for name, one in ranked.items()}).T
numbers = numbers.set_axis(["gain", "low", "high"], axis=1).round(4)
says = "Seven of the eight runs add between 0.09 and 0.38 to an AUROC: choosing columns on all rows most, then patients on both sides; means over all rows add nothing."
figure(intervals(ranked, xlabel="AUROC with the leak minus without it"), says=says, table=numbers)

# %%
three = list(late.values())
with_three = scores(x.join(1.0 * train[three]), x_test.join(1.0 * test[three]))
claim(auroc_value(test.back, with_three), about=0.91, within=0.005)
claim(numbers.gain.iloc[[0, 1, -1]].round(2).tolist(), exactly=[0.0, 0.09, 0.38])
claim(list(ranked)[-2:], exactly=["4 patients on both sides", "6 columns chosen on all rows"])
reveal("W04.P3")

# %% [markdown]
# The two largest are no columns, but how rows are dealt and how columns are chosen. Means over all rows belong in the
# pipeline; with thousands of rows they move the fourth digit. With few rows, or an imputer that sees the outcome,
# measure again. Leaks 1 and 2 lift the honest model to 0.91 on later rows, the pilot's figure. Elsewhere age, sex and
# the codes of the same stay predicted death in hospital at 0.97 [codes-of-the-same-stay](#Sources); a survey found
# leakage in 294 papers [leaks-in-papers](#Sources).
#
# **Now Q1 and Q2 in the exercise** (22 minutes).
#
# ## 3. One patient, one morning
#
# *About 6 min · 37 min so far*
#
# Alice Vandermeer, 73, COPD, five stays in the year before, goes home on Wednesday 20 September 2023. Her row as the
# pilot read it months later, and as the systems hold it at 08:00, when somebody decides whom to call:

# %%
not_yet = given(4).LATE  # the three columns, and what they hold at 08:00
her = test[test.encounter_id == "e-289c54fbd06033"]
rows = pd.concat({"months later": her, "at 08:00": her.assign(**not_yet)}).reset_index(names=["read", "row"])
rows[["read", "age", "group", "stays_before", *not_yet]]

# %%
pilot, model = given(4).pilot(hospital), pipeline().fit(x, train.back)


def honest(rows):
    return model.predict_proba(READMISSION.compute(rows))[:, 1]


hers = {"pilot, months later": pilot(her)[0], "pilot, 08:00": pilot(her.assign(**not_yet))[0], "honest": honest(her)[0]}
weight = pd.Series(model[:-1].transform(READMISSION.compute(her))[0] * model[-1].coef_[0], x.columns)
claim(weight.nlargest(3).index.tolist(), exactly=["stays_before", "emergency_before", "group_copd"])
pd.Series(hers).round(3)

# %% [markdown]
# On the fourth day she was back. The appointment was missed after that, the four codes were filed after she had gone,
# and they are what the pilot saw when it said 0.50. On the morning it says 0.001. An honest model says 0.23. An
# average stay has 0.14; what lifts hers to 0.23 is almost all earlier stays, emergency visits and lungs.
#
# All test stays, with the columns as they stand at 08:00, or with means filled in for what is not there:

# %%
claim([round(score, 2) for score in hers.values()], exactly=[0.5, 0.0, 0.23])
claim(round(off.mean(), 2), exactly=0.14)
claim(weight.nlargest(3).sum() / weight.sum(), about=0.95, within=0.1)
claim(her.day.iloc[0], about=3.7, within=0.05)
at_eight, filled = test.assign(**not_yet), test.assign(**test[list(not_yet)].mean())
live = {"pilot, months later": pilot(test), "pilot, 08:00": pilot(at_eight), "pilot, means": pilot(filled)}
areas = {name: auroc(test.back, risk) for name, risk in (live | {"LACE": lace(test), "honest": off}).items()}
claim([round(one.value, 2) for one in areas.values()], exactly=[0.88, 0.58, 0.59, 0.66, 0.7])
pd.Series(areas)

# %% [markdown]
# 0.88 becomes 0.58: below the card on the wall, and below what boosting reached without these columns in lesson 1,
# 0.63. A model that may lean on leaks learns less of the rest.
#
# ## 4. The slice: twelve weeks
#
# *About 8 min · 45 min so far*
#
# On paper, each model gets the threshold from which on it calls 16 a week. Then both fly from 4 September on, over the same
# people, and are asked at 08:00.

# %%
home = test[test.disposition.isin(["home", "home_health"])]
calls = int(16 * (home.asked_at.max() - CUT) / pd.Timedelta(weeks=1))
limit = {score: np.sort(score(home))[-calls] for score in (pilot, honest)}
paper = [(len(called), int(called.sum())) for called in (home.back[score(home) >= limit[score]] for score in limit)]
claim(([back for _, back in paper], int(home.back.sum())), exactly=([244, 162], 291))
pd.DataFrame(paper, ["pilot", "honest"], ["calls", "of these came back"])

# %%
from wardround.hospital import DEFAULT_SEED, Policy, Settings, simulate


class Calls(Policy):
    begins = 87  # the week of 4 September 2023

    def __init__(self, score, limit):
        self.settings = Settings(call=score, call_from=limit, calls_a_week=16, hold_out=False)

    def decide(self, feed):
        return self.settings


# %%
plans = {"honest": Calls(honest, limit[honest])}
plans["pilot"] = Calls(lambda rows: pilot(rows.assign(**not_yet)), limit[pilot])
flights = {name: simulate(DEFAULT_SEED, 99, policy=plan) for name, plan in plans.items()}
flown = {name: given(4).went_home(world, 87, 12) for name, world in flights.items()}
weekly = pd.DataFrame({name: gone.groupby("week").called.sum() for name, gone in flown.items()})
says = "The honest model uses nearly all of its sixteen calls from the second week on; the pilot calls nobody in the first week and three people in twelve."
figure(lines(weekly, ylabel="calls a week", xlabel="week of the flight"), says=says, table=weekly)

# %%
chosen, silent = (gone[gone.called] for gone in flown.values())
claim((len(silent), int(silent.would.sum()), int(weekly.pilot[1])), exactly=(3, 0, 0))
claim((len(chosen), int(chosen.would.sum()), int(chosen.averted.sum())), exactly=(187, 41, 8))
day = (her.discharged_at.iloc[0] - pd.Timestamp("2022-01-03 05:00", tz="UTC")) / pd.Timedelta(days=1)
claim((len(flown["honest"]), chosen[abs(chosen.day - day) < 0.0005].averted.tolist()), exactly=(948, [True]))
counts = [[len(one), one.would.sum(), one.averted.sum()] for one in (chosen, silent)]
pd.DataFrame(counts, list(flown), ["calls", "would have come back", "of these averted"])

# %% [markdown]
# **Week 1: no call.** On paper the pilot found 244 of 291. In twelve weeks it calls three people, none of whom would
# have come back. No error, no alarm: a quiet screen. The honest model calls 187 of 948 who go home; 41 of them would
# have come back, and 8 did not because of the call, Alice Vandermeer among them. That is 8 of 1,000 who go home, and
# rests on how well we assumed calls to work. The tempting repair is a lower threshold, until the pilot calls 16 a week
# again. Then it calls by a score of 0.58. For twelve weeks that may even look as good: eight events rank no scores; 377
# do.
#
# ## 5. Splits, and another site
#
# *About 4 min · 49 min so far*
#
# The honest model again, with its rows dealt in five ways:

# %%
some_rows = pd.Series(np.random.default_rng(4).random(len(stays)) < 0.7, stays.index)
some_people = stays.person_id.isin(pd.Series(stays.person_id.unique()).sample(frac=0.7, random_state=4))
splits = {"site: Eastbank": (stays.site == "quillmere", stays.site == "eastbank")}
learnt, later = stays.index.isin(train.index), stays.index.isin(test.index)
splits["time, and no patient twice"] = (learnt & ~stays.person_id.isin(test.person_id), later)
splits["time: the next months"] = (learnt, later)
splits |= {"patients: new people": (some_people, ~some_people), "rows: at random": (some_rows, ~some_rows)}
areas = {}
for name, (learn, ask) in splits.items():
    fitted = pipeline().fit(READMISSION.compute(stays[learn]), stays.back[learn])
    risk = fitted.predict_proba(READMISSION.compute(stays[ask]))[:, 1]
    areas[name] = auroc(stays.back[ask], risk)
claim(round(test.person_id.isin(train.person_id).mean(), 2), exactly=0.49)
says = "For stays, five ways to split give areas between 0.65 and 0.71 with overlapping intervals; the lowest and least certain is the other site."
figure(intervals(areas, xlabel="AUROC (0.5 is a coin)"), says=says, table=pd.Series(areas).to_frame("AUROC"))

# %%
there = stays[stays.site == "eastbank"]
seen, promised = wilson(int(there.back.sum()), len(there)), honest(there).mean()
claim((round(100 * promised), round(100 * seen.value)), exactly=(13, 7))
claim(seen.high / promised < 0.75, exactly=True)
pd.Series({"promised of 100": 100 * promised, "came of 100": 100 * seen.value, "O/E": seen.value / promised}).round(2)

# %% [markdown]
# Each split asks another question: the same people again, new people, the next months, another place. For *stays* the
# answers hardly differ. Of 100 test stays 49 belong to people whom the model has met, and leaving those people out of
# the training changes nothing; for ward rows the gap was 0.3. So ask how alike two rows of one person are, and split by
# what will be new.
#
# At Eastbank the order roughly holds, and the promise does not: 13 of 100 are promised back, 7 come. "Validated
# elsewhere" (M28): what was validated, ranks or risks? Weeks 5 and 6 go on from there.
#
# ## Exit check
#
# *About 2 min · 51 min so far*

# %%
for n in (9, 10, 11):
    display(quiz(f"W04.R{n}"))

# %% [markdown]
# ## What you have now
#
# - Noise scores 0.97 where rows of one patient stand on both sides.
# - A leak has a size; rank by it. Means over all rows: nothing here. Columns written later: all of the pilot's 0.91.
# - A later test set does not find a column that is wrong in every year. Its owner does.
# - A leaking model fails without a sound: no calls, or calls by less than the card on the wall knows.
# - Rows, patients, time, site: four questions. Here ranks travelled further than risks.
#
# Which of your doubts of lesson 1 had a size? These leaks are as strong as we planted them; in your data, measure
# again.
#
# **Next: Q4 and the memo in the exercise.** New words are in the [glossary](../glossary.md).
#
# ## Sources
#
# - **codes-of-the-same-stay**: In 180,640 patients of MIMIC-IV models that saw nothing but age, sex and the diagnosis codes of the same stay predicted death in hospital with AUROCs of 0.97 to 0.98; among the weightiest codes were brain death and cardiac arrest. Ramadan et al., preprint 2025, doi 10.1101/2025.08.09.25333360, abstract, read November 2026 in a stored copy.
# - **leaks-in-papers**: A survey of reviews found leakage in 17 fields, in 294 papers, and sorts it into eight types. Kapoor and Narayanan, Patterns, 4 August 2023, doi 10.1016/j.patter.2023.100804.
