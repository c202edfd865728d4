# %% [markdown]
# # Lesson 2: known when
#
# *About 50 minutes (an estimate), with the exit check at the end. You have done lesson 1.*
#
# Every fact has two times: when it happened, and when somebody here could know it. A feature may use what was *known*
# at the moment of prediction. A label happens later, and is known later still. Most tables show the first time and
# hide the second.
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
# *About 15 min · 15 min so far*
#
# Our model is asked at 08:00 on the day of discharge (`asked_at`), early enough for a call to be planned. On 14 July
# 2022 it is asked about a woman of 96 at Quillmere, with failing kidneys. Five facts of her file, each with both
# times:

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
# Blood is drawn at 07:52. At eight the model answers. At 08:34 the result is there: 3.29 mg/dL, up from 2.7. In a
# table joined by the time *drawn*, the model had 3.29 at eight. Nobody else did. Her diagnoses, true since she came,
# were written when she left (in the exercise, two to nine days after); her return four days later was news to us on 9
# August.
#
# How often does that matter? We **poison the future**: every creatinine issued after its patient's 08:00 is
# multiplied by ten. A right feature does not notice.

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
# Of 1,000 stays 25 move if one joins by the time drawn, 112 if one reads on until discharge, none if by the time
# issued. Of 30,003 diagnoses of their own stay not one was on record at eight (M12).
#
# So every feature gets a paper: definition, unit, source, window, *known when*, what a gap means, who answers for it.
# Two stand above. The poison runs with your tests, every night.
#
# One thing is not known at eight: that she goes home today, and how. We choose stays by their discharge and
# disposition. On the ward the model needs a list of expected discharges, and will also be asked about some who stay,
# are transferred or leave against advice. **Q3 in the exercise.**
#
# ## 2. Four states
#
# *About 10 min · 25 min so far*
#
# The four states of Q2, in lines: what came first, and could it be seen?

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
# **December 2024 has two rates, 48 of 1,000 and 875 of 1,000. Both are wrong, and there is no right one yet.**
# Counted as "neither", the unseen make every latest month a success. Dropped, they take the quiet stays with them and
# leave the events. A rate belongs to stays whose follow-up is whole. How late is late?

# %%
known_after = ((found.known_at - found.discharged_at) / DAY)[found.away.eq(True) & found.whole]
year_old = found.discharged_at[known_after.index] <= data_end(contacts) - 365 * DAY
of_those = known_after[year_old]
claim((len(known_after), round(known_after.median())), exactly=(263, 52))
claim((len(of_those), int((of_those > 150).sum())), exactly=(205, 1))
whole = found[found.whole]
states_of_1000 = (1000 * whole.state.value_counts(normalize=True)).round()
claim(states_of_1000[["readmitted", "died_first"]].tolist(), exactly=[133, 19])
claim((int(whole.state.eq("died_first").sum()), int(whole.event.eq("planned").sum())), exactly=(171, 90))
claim(int(found[found.event.eq("died")].known_from.eq("register").sum()), exactly=58)
known_after.describe()[["count", "50%", "max"]].round(0).to_frame("days until a return elsewhere is known")

# %% [markdown]
# Half of 263 returns elsewhere are known after 52 days or more. Our 120 days for claims are an assumption that this
# list bears out: of 205 after discharges at least a year old, one was paid after more than 150 days.
#
# Who died first stays in the rate's denominator: of 1,000 discharged, 133 came back and 19 died first (of all 194
# such deaths 58 are in the register alone). For a model they are a state of their own, or dying teaches it
# what a good discharge looks like. `neither` includes 90 with a planned stay.
#
# ## 3. Two labels, one illness
#
# *About 11 min · 36 min so far*
#
# In sepsis the answer to infection makes organs fail [sepsis-3](#Sources). Who had it? Reviewers read charts by fixed
# criteria (`sepsis_clinical`), coders write the bill (`sepsis_claims`); neither is known before discharge. The truth only a
# simulated hospital has.

# %%
display(predict("W03.P2"))
predict("W03.P2", ..., ...)

# %%
left = stays.discharged_at.dt.tz_convert(HOME)
half = (left.dt.year.astype(str) + np.where(left.dt.month <= 6, "a", "b")).rename("half-year of discharge")
labels = stays[["sepsis_clinical", "sepsis_claims"]].set_axis(["by criteria", "by code"], axis=1)
one_house = labels[stays.site.eq("quillmere")]
halves = 1000 * one_house.groupby(half).mean()
claim(halves.iloc[[0, -1]].round().to_numpy().tolist(), exactly=[[55, 36], [77, 81]])
years = one_house.groupby(left.dt.year.rename("year")).agg(["sum", "size"]).swaplevel(axis=1)
of_1000 = 1000 * years["sum"] / years["size"]
of_1000.round(1)

# %%
rise = of_1000.loc[2024] / of_1000.loc[2022]
log_error = (1 / years["sum"] - 1 / years["size"]).loc[[2022, 2024]].sum() ** 0.5
ends = {"rise": 0, "from": -1.96, "to": 1.96}
two_years = pd.DataFrame({name: rise * np.exp(z * log_error) for name, z in ends.items()}).assign(yearly=rise**0.5)
claim((100 * (two_years - 1)).round().to_numpy().tolist(), exactly=[[19, -2, 44, 9], [72, 39, 112, 31]])
(100 * (two_years - 1)).round().rename_axis("Quillmere General, 2022 to 2024, %")


# %%
def two_labels(axes):
    for name, below in (("by criteria", 8), ("by code", -14)):
        axes.plot(halves.index, halves[name])
        axes.annotate(name, (0, halves[name].iloc[0]), (4, below), textcoords="offset points")
    axes.set(xlabel=halves.index.name, ylabel="of 1,000 stays", ylim=(0, 90))


says = "At Quillmere General sepsis by code rises from 36 to 81 of 1,000 stays in three years, by criteria from 55 to 77."
figure(two_labels, says=says, table=halves.round(1))

# %% [markdown]
# At Quillmere General, the same house in all years, sepsis by code rises by 72% (39 to 112) in two years, by criteria
# by 19% (-2 to 44): 31% and 9% a year. In US hospitals, 2009 to 2014, it was 10.3% a year by claims and 0.6%, not
# significant, by criteria [sepsis-two-trends](#Sources): theirs were a rule run over the record, ours are people. In
# our model coding grows by design, and with a campaign in July 2023 (assumptions): what moved was mostly the paper
# (M17).
#
# In the end the lines meet. All is well? The last quarter of both sites, stay by stay:

# %%
last = labels[left >= pd.Timestamp("2024-10-01", tz=HOME)]
claim((len(last), *last.sum(), last.all(axis=1).sum()), exactly=(1359, 95, 95, 49))
pd.crosstab(last["by criteria"], last["by code"])

# %%
reveal("W03.P2")

# %% [markdown]
# Ninety-five by criteria, ninety-five by code, and only 49 of them are the same stays. Of the truly septic the code
# misses a good third, as you see. A model trained on a label finds the patients of that label; and a hospital that
# codes better seems to fall ill. Choose by use: whom to treat tonight is not whom to bill. **Q4 in the exercise.**
#
# ## 4. An order is data
#
# *About 6 min · 42 min so far*
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
claim(orders[~nine.culture_ordered].nunique().tolist(), exactly=[2, 1, 1])
scores.round(2)

# %%
def orders_minus_signs(rows):
    draws = np.random.default_rng(3).choice(nine.index[rows], (200, rows.sum()))
    return [np.subtract(*score(draw)[::-1]) for draw in draws]


ranges = {name: np.percentile(orders_minus_signs(rows), [2.5, 97.5]).round(2) for name, rows in groups.items()}
claim(np.abs(np.subtract(list(ranges.values()), [[0.02, 0.09], [-0.13, -0.03]])).max(), about=0, within=0.011)
pd.DataFrame(ranges, index=["from", "to"]).T

# %% [markdown]
# Three orders beat five vital signs, 0.73 to 0.68 (AUROC; 0.5 is a coin). On those nobody has cultured the orders
# have 0.53, the vital signs 0.61: here two of the three facts are the same for everybody and only lactate is left, so
# the orders must be near a coin. That is the point: what they knew was the suspicion. Orders minus vital signs, stays
# drawn again 200 times: above 0 for everybody (first row) and below it where no culture was ordered (second row), in
# 95 of 100 draws.
#
# A model in wide use "may be cribbing doctors' suspicions", its critics wrote [cribbing](#Sources).
#
# ## 5. Cost is not need
#
# *About 6 min · 48 min so far*
#
# A programme takes the tenth with the highest yearly cost, as if cost were need (M31). One row a person; all are
# ranked, and split by recorded race afterwards:

# %%
chronic = ["htn", "dm", "hf", "cad", "copd", "ckd", "cancer", "dementia", "alcohol", "smi", "af", "liver", "stroke"]
people = stays.assign(person=person, conditions=stays[chronic].sum(axis=1)).sort_values("discharged_at")
people = people.drop_duplicates("person", keep="last")
tenth = pd.qcut(people.cost_year, 10, labels=range(1, 11)).rename("tenth by cost")
two = people[people.race.isin(["black", "white"])]
ill = two.groupby([tenth, "race"], observed=True).conditions.mean().unstack()
claim((len(people), int((ill.black > ill.white).sum())), exactly=(5829, 10))
ill.T.round(1)

# %% [markdown]
# At equal cost Black patients have more chronic conditions, in each of the ten tenths. (Recorded race is wrong for
# some.)

# %%
def black_of_1000(people):
    dear, sick = people.nlargest(len(people) // 10, "cost_year"), people[people.charlson >= 4]
    groups = {"all": people, "the dearest tenth": dear, "four Charlson points or more": sick}
    return pd.Series({name: 1000 * group.race.dropna().eq("black").mean() for name, group in groups.items()})


# %%
shares = black_of_1000(people)
places = people.nlargest(len(people) // 10, "cost_year").race.count()
draws = [black_of_1000(people.sample(frac=1, replace=True, random_state=n)) for n in range(400)]
short = [places * (draw.iloc[2] - draw.iloc[1]) / 1000 for draw in [shares, *draws]]
claim((*shares.round(), places, round(short[0])), exactly=(247, 202, 238, 531, 19))
claim(np.abs(np.percentile(short, [2.5, 97.5]) - [4, 33]).max(), about=0, within=1.5)
cost = two.groupby("race").cost_year.mean()
claim((round(8442 / 7540, 2), round(1.90 / 1.20, 2), bool(cost.black < cost.white)), exactly=(1.12, 1.58, True))
shares.round().to_frame("Black, of 1,000")

# %% [markdown]
# Of 1,000 people with a recorded race 247 are Black, of those with four Charlson points or more, a measure of
# illness, 238, of those whom cost would choose 202: some twenty places of 531 (4 to 33, people drawn again 400
# times). Among the patients from whom a real programme chose, Black patients cost 12% more and had 58% more active
# illnesses ($8,442 and $7,540; 1.90 and 1.20) [cost-for-need](#Sources): cost rose far less than illness. In ours
# they even cost less, since access is lowered by design. (+) **Q6.**
#
# ## 6. The lead's lens
#
# *About 1 min · 49 min so far*
#
# Three questions to your team, of any model: which column is known last; who is in the label and not in its rival;
# whose decision does the strongest feature record? Then write the card, **memo W03.M**.
#
# ## Exit check
#
# *About 3 min · 52 min so far*

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
# **Next: Q4 and the cohort card in the exercise.** New words are in the [glossary](../glossary.md).
#
# ## Sources
#
# - **sepsis-two-trends**: In 409 US hospitals from 2009 to 2014 the incidence of sepsis rose by 0.6% a year by clinical indicators in the record (not significant) and by 10.3% a year by claims. Rhee et al., JAMA 2017;318:1241, PMC5710396.
# - **cribbing**: A sepsis model in wide use "may be cribbing doctors' suspicions"; on data from before treatments or tests alone it was no better than a coin toss. Kamran et al., NEJM AI 2024;1(3), abstract and the university's news.
# - **cost-for-need**: Where a programme took cost as the label for need, the 6,079 Black patients from whom it chose cost $8,442 a year and had 1.90 active illnesses, the 43,539 White $7,540 and 1.20. Obermeyer et al., Science 2019;366:447, table 1.
# - **sepsis-3**: Sepsis is defined as life-threatening organ dysfunction caused by a dysregulated host response to infection. Singer et al., JAMA 2016 (Sepsis-3), abstract, read November 2026 in a stored copy.
