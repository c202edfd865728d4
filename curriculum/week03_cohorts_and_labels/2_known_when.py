# %% [markdown]
# # Lesson 2: known when
#
# *About 45 minutes (an estimate), with the exit check at the end. You have done lesson 1.*
#
# Every fact has two times: when it happened, and when somebody here could know it. A feature may use what was *known* at
# the moment of prediction. A label happens later, and is known later still. Most tables show the first time and hide the
# second.
#
# You will be able to
#
# - write for any column when it happened and when it was known, and prove a feature by poisoning the future (Q3);
# - give each stay one of four states, and say which rates do not exist yet (Q2);
# - choose between two labels of one illness, and say who is in which (Q4);
# - say what an order tells, and what a cost stands for (Q6).

# %%
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from wardround import claim, load, predict, quiz, reveal
from wardround.evaluation import figure, lines
from wardround.records.cohort import data_end, eligible_stays
from wardround.records.features import READMISSION

hospital = load()
stays = hospital.warehouse.stays.set_index("encounter_id")
contacts, deaths, labs = hospital.warehouse.contacts, hospital.warehouse.deaths, hospital.tables.labs
person, DAY, HOME = contacts.set_index("contact_id").person_id, pd.Timedelta(days=1), "America/New_York"

# %% [markdown]
# ## 1. One morning at eight
#
# *About 14 min · 14 min so far*
#
# Our model is asked at 08:00 on the day of discharge (`asked_at`), early enough for a call to be planned. On 14 July 2022
# it is asked about a woman of 96 at Quillmere, with failing kidneys. Five facts of her file, each with both times:

# %%
her = stays.loc["e-78f31dcedbce94"]
claim((her.age, her.sex, her.site, her.group), exactly=(96, "female", "quillmere", "kidney"))
tests = labs[labs.encounter_key.eq(her.name) & labs.text.eq("Creatinine")].sort_values("effective_at")
coded_at = hospital.tables.conditions.set_index("encounter_key").loc[her.name].recorded_at.max()
away = contacts[contacts.person_id.eq(person[her.name]) & contacts.hospital.eq("elsewhere")].iloc[0]
facts = {f"creatinine {test.value}": (test.effective_at, test.issued_at) for test in tests.itertuples()}
facts |= {"went home": (her.discharged_at,) * 2, "diagnoses": (her.admitted_at, coded_at)}
facts["back, elsewhere"] = away.admitted_at, away.known_at

# %%
both = pd.DataFrame(facts, index=["happened", "known"]).T.apply(lambda column: column.dt.tz_convert(HOME))
at_eight = [both.known <= her.asked_at, both.happened <= her.asked_at]
both["at 08:00"] = np.select(at_eight, ["known", "happened, not known"], "still to come")
claim(both["at 08:00"].tolist()[:2], exactly=["known", "happened, not known"])
claim([f"{time:%d %b %H:%M}" for time in both.iloc[1, :2]], exactly=["14 Jul 07:52", "14 Jul 08:34"])
claim([f"{time:%d %b %H:%M}" for time in both.iloc[4, :2]], exactly=["18 Jul 03:08", "09 Aug 01:00"])
both


# %%
def two_times(axes):
    days = both[["happened", "known"]].sub(her.asked_at) / DAY
    for row, (happened, known) in enumerate(days.to_numpy()):
        axes.plot([happened, known], [-row, -row], "-", color="grey", marker="")
        axes.plot(happened, -row, "o", color="black", fillstyle="none")
        axes.plot(known, -row, "x", color="black")
    axes.axvline(0, color="black", linestyle="--", marker="")
    axes.set_xscale("symlog", linthresh=1 / 24)
    axes.set_xticks(list(ticks.values()), list(ticks), rotation=30)
    axes.set_yticks(-np.arange(5), both.index)
    axes.set(xlabel="time around the prediction, not to scale", ylabel="o happened, x known", xlim=(-9, 40))


ticks = {"6 days before": -6, "1 h before": -1 / 24, "08:00": 0, "1 h": 1 / 24, "8 h": 1 / 3, "4 days": 4}
ticks["26 days"] = 26
says = "At 08:00 her new creatinine has happened and is not known; her return elsewhere is known after 26 days."
figure(two_times, says=says, table=both)

# %% [markdown]
# Blood is drawn at 07:52. At eight the model answers. At 08:34 the result is there: 3.29 mg/dL, up from 2.7. In a table
# joined by the time *drawn*, the model had 3.29 at eight. Nobody else did. Her diagnoses, true since she came, were written
# when she left; her return four days later was news to us on 9 August.
#
# How often does that matter? We **poison the future**: every creatinine issued after its patient's 08:00 is multiplied by
# ten. A right feature does not notice.

# %%
alive = stays[stays.disposition.ne("died")]
results = labs[labs.text.eq("Creatinine") & labs.status.ne("entered-in-error")].sort_values("effective_at")
results = results.join(alive[["asked_at", "discharged_at"]], on="encounter_key", how="inner")
known = results.issued_at <= results.asked_at
poisoned = results.assign(value=results.value.where(known, 10 * results.value))

# %%
def last_creatinine(rows, seen):
    return rows[seen].groupby("encounter_key").value.last()


cuts = {"issued by 08:00": known, "drawn by 08:00": results.effective_at <= results.asked_at}
cuts["issued by discharge"] = results.issued_at <= results.discharged_at
pairs = {name: (last_creatinine(results, seen), last_creatinine(poisoned, seen)) for name, seen in cuts.items()}
moved = pd.Series({name: clean.ne(bad).sum() for name, (clean, bad) in pairs.items()})
of_1000 = (1000 * moved / len(alive)).round(1)
claim(of_1000.tolist(), exactly=[0.0, 24.7, 112.1])
of_1000.to_frame("stays that move, of 1,000")

# %%
diagnoses = hospital.tables.conditions.query("category == 'encounter-diagnosis'")
diagnoses = diagnoses.join(alive.asked_at, on="encounter_key", how="inner")
claim(((diagnoses.recorded_at > diagnoses.asked_at).sum(), len(diagnoses)), exactly=(30_003, 30_003))
pd.set_option("display.max_colwidth", None)
READMISSION.select("creatinine", "stays_before").table().set_index("name").T

# %% [markdown]
# Of 1,000 stays 25 move if one joins by the time drawn, 112 if one reads on until discharge, none if by the time issued.
# And of 30,003 diagnoses of their own stay not one was on record at eight (M12).
#
# So every feature gets a paper: definition, unit, source, window, *known when*, what a gap means, who answers for it. Two
# of the package's 46 stand above. And the poison is a guard: let it run with your tests, every night.
#
# **Q3 in the exercise.**
#
# ## 2. Four states
#
# *About 9 min · 23 min so far*
#
# The outcome of a stay is one of four states. In lines: what came first, and could it be seen?

# %%
index = eligible_stays(contacts, data_end(contacts)).sort_values("discharged_at")
beds = contacts[contacts.kind.eq("inpatient")]
back = beds[["person_id", "known_at"]].assign(at=beds.admitted_at, away=beds.hospital.eq("elsewhere"))
back["event"] = beds.planned.map({True: "planned", False: "unplanned"})
died = deaths[["person_id", "known_from"]].assign(at=deaths.died_at, event="died")
keys = {"left_on": "discharged_at", "right_on": "at", "by": "person_id", "direction": "forward"}
found = pd.merge_asof(index, pd.concat([back, died]).sort_values("at"), **keys, tolerance=30 * DAY)
found["state"] = "neither"
found.loc[~found.whole, "state"] = "not_observable"
found.loc[found.event.eq("unplanned"), "state"] = "readmitted"
found.loc[found.event.eq("died"), "state"] = "died_first"

# %%
month = found.discharged_at.dt.tz_convert(HOME).dt.strftime("%Y-%m").rename("month")
by_month = found.groupby([month, "state"]).size().unstack(fill_value=0)
by_month = by_month[["readmitted", "died_first", "neither", "not_observable"]]
claim(by_month.sum().tolist(), exactly=[1392, 194, 7545, 1802])
claim(1000 * by_month.not_observable.sum() / len(found), about=165, within=0.5)
by_month.tail(6)


# %%
def states(axes):
    floor = 0
    for state, shade in {"readmitted": "black", "died_first": "grey", "neither": "white", "not_observable": "white"}.items():
        hatch = "///" if state == "not_observable" else ""
        axes.bar(late.index, late[state], bottom=floor, color=shade, hatch=hatch, edgecolor="black", label=state)
        floor = floor + late[state]
    axes.set(xlabel="month of discharge, 2024", ylabel="stays", ylim=(0, 600))
    axes.legend(frameon=False, ncols=4, loc="upper center")


late = by_month.loc["2024-01":].rename(index=lambda month: month[5:])
says = "From August 2024 on nearly every stay without an event is not observable: bills from elsewhere are still to come."
figure(states, says=says, table=late)

# %% [markdown]
# Of 1,000 stays that could be counted 165 are not observable. The last column is the month that every dashboard shows
# first. What was its rate?

# %%
december = by_month.loc["2024-12"]
claim(december.tolist(), exactly=[21, 3, 0, 409])
stays_of = {"as if nothing happened": december.sum(), "not observable dropped": december.iloc[:3].sum()}
wrong = december.readmitted / pd.Series(stays_of)
claim((1000 * wrong).round().tolist(), exactly=[48, 875])
(1000 * wrong).round(0).to_frame("readmitted, of 1,000")

# %% [markdown]
# **December 2024 has two rates, 48 of 1,000 and 875 of 1,000. Both are wrong, and there is no right one yet.** Counted as
# "neither", the unseen make every latest month a success. Dropped, they take the quiet stays with them and leave the
# events. A rate belongs to stays whose follow-up is whole. How late is late?

# %%
known_after = ((found.known_at - found.discharged_at) / DAY)[found.away.eq(True) & found.whole]
claim((round(known_after.median()), int((known_after > 150).sum())), exactly=(52, 1))
claim(int(found[found.whole].state.eq("died_first").sum()), exactly=171)
claim(int(found[found.event.eq("died")].known_from.eq("register").sum()), exactly=58)
known_after.describe()[["count", "50%", "max"]].round(0).to_frame("days until a return elsewhere is known")

# %% [markdown]
# Half of the 263 returns elsewhere are known only after 52 days or more, one after more than 150: our 120 days for claims
# are an assumption, and this list bears it out. The third state is easily lost, too. Of 8,903 stays 171 ended in death before any return; of all 194 such deaths
# 58 are in the state's register alone. Booked as "not readmitted", dying teaches a model what a good discharge looks like.
#
# **Q2 in the exercise.**
#
# ## 3. Two labels, one illness
#
# *About 9 min · 32 min so far*
#
# In sepsis an infection makes the body's own organs fail. Who had it? Reviewers read charts by fixed criteria
# (`sepsis_clinical`), coders write the bill (`sepsis_claims`); neither is known before discharge. And a third answer, the
# truth, which only a simulated hospital has. Your guess first.

# %%
display(predict("W03.P2"))
predict("W03.P2", ..., ...)

# %%
left = stays.discharged_at.dt.tz_convert(HOME)
half = (left.dt.year.astype(str) + np.where(left.dt.month <= 6, "a", "b")).rename("half-year of discharge")
labels = stays[["sepsis_clinical", "sepsis_claims"]].set_axis(["by criteria", "by code"], axis=1)
halves, years = (1000 * labels.groupby(by).mean() for by in (half, left.dt.year))
claim(halves.iloc[[0, -1]].round().to_numpy().tolist(), exactly=[[55, 36], [70, 69]])
claim((years.loc[2024] / years.loc[2022]).round(2).tolist(), exactly=[1.14, 1.55])
years.rename_axis("year").round(1)


# %%
def two_labels(axes):
    for name, below in (("by criteria", 8), ("by code", -14)):
        axes.plot(halves.index, halves[name])
        axes.annotate(name, (0, halves[name].iloc[0]), (4, below), textcoords="offset points")
    axes.set(xlabel=halves.index.name, ylabel="of 1,000 stays", ylim=(0, 80))


says = "From early 2022 to late 2024 sepsis by code rises from 36 to 69 of 1,000 stays, by criteria from 55 to 70."
figure(two_labels, says=says, table=halves.round(1))

# %% [markdown]
# From 2022 to 2024 sepsis by code rises by 55%, by criteria by 14%. In US hospitals it was 10.3% a year by claims
# and 0.6% by criteria [sepsis-two-trends](#Sources). In our model coding grows by design, and with a campaign in
# July 2023 (assumptions): what moved was mostly the paper (M17).
#
# In the end the lines meet. All is well? The last quarter, stay by stay:

# %%
last = labels[left >= pd.Timestamp("2024-10-01", tz=HOME)]
claim((len(last), *last.sum(), last.all(axis=1).sum()), exactly=(1359, 95, 95, 49))
pd.crosstab(last["by criteria"], last["by code"])

# %%
reveal("W03.P2")

# %% [markdown]
# Ninety-five by criteria, ninety-five by code, and only 49 of them are the same stays. Of the truly septic the code
# misses a good third, as you see. A model trained on a label finds the patients of that label; and a hospital that codes
# better seems to fall ill. Choose by use: whom to treat tonight is not whom to bill. **Q4 in the exercise.**
#
# ## 4. An order is data
#
# *About 6 min · 38 min so far*
#
# "Known at the time" is necessary and not enough. Nine hours after an emergency admission we predict `sepsis_clinical`
# twice: from five vital signs, and from three facts without any value: lactate measured, culture ordered, antibiotic
# given (M13). Both learn on stays before 2024.

# %%
nine = hospital.warehouse.windows.query("window == 1 and not planned")
nine = nine.join(stays.sepsis_clinical, on="encounter_id", how="inner")
vital = nine[["heart_rate", "respiratory_rate", "temperature", "saturation", "systolic"]]
orders = nine[["lactate_drawn", "culture_ordered", "antibiotic_given"]].astype(float)
in_2024 = nine["at"] >= pd.Timestamp("2024-01-01", tz="UTC")
groups = {"everybody, 2024": in_2024, "no culture so far": in_2024 & ~nine.culture_ordered}

# %%
def risk(table):
    model = LogisticRegression(max_iter=2000).fit(table[~in_2024], nine.sepsis_clinical[~in_2024])
    return model.predict_proba(table)[:, 1]


def score(rows):
    return [roc_auc_score(nine.sepsis_clinical[rows], risks[name][rows]) for name in risks]


risks = {"five vital signs": risk(vital.fillna(vital.median())), "three orders": risk(orders)}
risks = pd.DataFrame(risks, index=nine.index)
scores = pd.DataFrame({name: score(rows) for name, rows in groups.items()}, index=risks.columns)
claim(np.abs(scores.to_numpy() - [[0.676, 0.605], [0.726, 0.527]]).max(), about=0, within=0.01)
scores.round(2)

# %%
def orders_minus_signs(rows):
    draws = np.random.default_rng(3).choice(nine.index[rows], (200, rows.sum()))
    return [np.subtract(*score(draw)[::-1]) for draw in draws]


ranges = {name: np.percentile(orders_minus_signs(rows), [2.5, 97.5]).round(2) for name, rows in groups.items()}
claim(np.abs(np.subtract(list(ranges.values()), [[0.02, 0.09], [-0.13, -0.03]])).max(), about=0, within=0.011)
pd.DataFrame(ranges, index=["from", "to"]).T

# %% [markdown]
# Three orders beat five vital signs, 0.73 to 0.68 (AUROC; 0.5 is a coin). Then the same models on patients for whom nobody
# has ordered a culture, the only ones about whom an alert is news: the orders 0.53, hardly more than a coin, the vital signs 0.6.
# The stays drawn again 200 times, the difference stays above 0 in the first column and below it in the second.
#
# The model of orders had learnt that a doctor was worried, and told it to the doctor. Of one in wide use it was said that
# it "may be cribbing doctors' suspicions" [cribbing](#Sources).
#
# ## 5. Cost is not need
#
# *About 4 min · 42 min so far*
#
# One more label that stands for another. A programme takes the tenth with the highest yearly cost, as if cost were need
# (M31). One row a person, of those whose race is recorded:

# %%
chronic = ["htn", "dm", "hf", "cad", "copd", "ckd", "cancer", "dementia", "alcohol", "smi", "af", "liver", "stroke"]
people = stays.assign(person=person, conditions=stays[chronic].sum(axis=1)).sort_values("discharged_at")
people = people.drop_duplicates("person", keep="last").dropna(subset="race")
two = people[people.race.isin(["black", "white"])]
tenth = pd.qcut(two.cost_year, 10, labels=range(1, 11)).rename("tenth by cost")
ill = two.groupby([tenth, "race"], observed=True).conditions.mean().unstack()
ill.T.round(1)

# %%
dear, sick = people.nlargest(len(people) // 10, "cost_year"), people[people.charlson >= 4]
claim((int((ill.black > ill.white).sum()), len(dear), len(sick)), exactly=(10, 527, 560))
shares = {"all": people, "the dearest tenth": dear, "four Charlson points or more": sick}
black = pd.Series({name: 1000 * group.race.eq("black").mean() for name, group in shares.items()}).round()
claim(black.tolist(), exactly=[247, 203, 238])
black.to_frame("Black, of 1,000")

# %% [markdown]
# At equal cost Black patients have more chronic conditions, in each of the ten tenths. They are 247 of 1,000 people, 238
# of 1,000 with four Charlson points or more, a measure of illness, and 203 of 1,000 whom cost would choose. Some
# twenty places of 527, each a person's. In a real programme White and Black patients cost $7,540 and $8,442 a year,
# and had 1.20 and 1.90 active illnesses [cost-for-need](#Sources). Here lower access lowers cost by design, and recorded
# race is wrong for some. (+) **Q6.**
#
# ## 6. The lead's lens
#
# *About 1 min · 43 min so far*
#
# Three questions to your team, of any model: which column is known last; who is in the label and not in its rival; whose
# decision does the strongest feature record? Then write the card, **memo W03.M**.
#
# ## Exit check
#
# *About 3 min · 46 min so far*

# %%
quiz("W03.R9")

# %%
quiz("W03.R10")

# %%
quiz("W03.R11")

# %% [markdown]
# ## What you have now
#
# - Two times for every fact; features by the second. Poison proves it.
# - Four states. A month that has not run out has no rate.
# - Equal totals of two labels are not the same people.
# - An order is somebody's suspicion, a cost is somebody's access.
#
# **Next: Q2 to Q4 and the cohort card in the exercise.** New words are in the [glossary](../glossary.md).
#
# ## Sources
#
# - **sepsis-two-trends**: In US hospitals the incidence of sepsis rose by 0.6% a year by clinical criteria (not significant) and by 10.3% a year by claims. Rhee et al., JAMA 2017;318:1241.
# - **cribbing**: A sepsis model in wide use "may be cribbing doctors' suspicions"; on data from before treatments or tests alone it was no better than a coin toss. Kamran et al., NEJM AI 2024;1(3), abstract and the university's news.
# - **cost-for-need**: Where cost was the label for need, 43,539 White and 6,079 Black patients cost $7,540 and $8,442 a year and had 1.20 and 1.90 active illnesses. Obermeyer et al., Science 2019;366:447, table 1.
