# %% [markdown]
# # Week 5, exercise: clinical metrics
#
# Four questions of about 11 minutes, a memo, and two stretch questions (+). Write your answer where the `...` stands and run the check below it.
# A wrong answer costs nothing: the check says what happened and where to look. When you are stuck, take the `#` away
# from a `# hint(…)` line and run it; words are in the [glossary](../curriculum/glossary.md).
#
# The use case: sepsis on a ward, asked every eight hours, until the first culture or antibiotic is ordered for suspected sepsis.

# %%
import numpy as np
import pandas as pd
from wardround import check, check_all, given, hint, load, memo, solution
from wardround.evaluation import wilson

hospital = load()
ward, stays = given(5).ward(hospital), given(5).stays(hospital)

# %% [markdown]
# `ward` has one row a score, every eight hours; an `alert` is a score of two points or more; `ordered` says whether a culture or an antibiotic
# had been ordered by then. `stays` has one row a stay. `septic` means: sepsis by review of the chart, and somebody ordered; sepsis that
# nobody ordered for is not in it. `ordered_at` is the first such order of any stay, septic or not; antibiotics for, say, a pneumonia are none.

# %%
ward.head(3)

# %%
stays.head(3)

# %% [markdown]
# ## Q1: one set of counts, two true headlines
#
# Count as the brochure does: a stay is flagged if it has an alert at any time. From the four cells, flagged or not, septic or not,
# write two figures on *stays*: one that sells the score and one that kills it. Both must be true, and the seller's must be one that a score which
# never speaks does not reach. Whole numbers will do.

# %%
given(5).GROUPS

# %%
def headlines(ward, stays):
    ### STARTER return ...  # {"sell it": {"who": "…", "of": "…", "per 100": …}, "kill it": {…}}
    ### BEGIN SOLUTION
    flagged = stays.encounter_id.isin(ward.encounter_id[ward.alert])
    both = (flagged & stays.septic).sum()
    return {
        "sell it": {"who": "flagged", "of": "septic", "per 100": 100 * both / stays.septic.sum()},
        "kill it": {"who": "not septic", "of": "flagged", "per 100": 100 * (1 - both / flagged.sum())},
    }
    ### END SOLUTION

# %%
check("W05.Q1", headlines)

# %% [markdown] tags=["solution"]
# One numerator, two denominators: of 100 septic stays 88 are flagged, of 100 flagged stays 91 are not septic by this label. The tempting seller is the accuracy, 67
# of 100 stays judged rightly; a score that never speaks has 96. Other pairs are as true: of 100 that are not flagged 99 are not septic, of 100
# that are not septic 34 are flagged.

# %%
# hint("W05.Q1")

# %% [markdown]
# ## Q2: the brochure, carried to our wards
#
# The brochure's `claim` was measured where 20 of 100 have sepsis. Take its sensitivity and specificity as they are, and carry them to other
# places. Return one row a `place`, with
#
# - `flagged`: of 100 stays, those flagged;
# - `ppv`: of 100 flagged stays, those that are septic;
# - `a_week`: flagged stays in a week of this place (`stays` began in `days` days).
#
# Do not round. The check also asks with another claim, and for a place of the vendor's own.

# %%
claim, places = given(5).CLAIM, given(5).places(hospital)
places

# %%
def carried(claim, places):
    ### STARTER return ...
    ### BEGIN SOLUTION
    right = claim["sensitivity"] * places.prevalence
    flagged = right + (1 - claim["specificity"]) * (1 - places.prevalence)
    return pd.DataFrame(
        {
            "place": places.place,
            "flagged": 100 * flagged,
            "ppv": 100 * right / flagged,
            "a_week": flagged * places.stays / (places.days / 7),
        }
    )
    ### END SOLUTION

# %%
check("W05.Q2", carried)

# %% [markdown] tags=["solution"]
# At 20 of 100 the same score has a predictive value of 39, in our emergency admissions of about 10, in planned ones below 1. The share flagged hardly moves: it
# is the others who are flagged. The tempting alternative takes the 39 along.

# %%
# hint("W05.Q2")

# %% [markdown]
# ## Q3: in time, or afterwards?
#
# A patient is at risk until the first culture or antibiotic is ordered for suspected sepsis (`ordered`), and not under comfort care. An alert is in time if it comes while the patient
# is at risk and the order follows within 24 hours: 24 hours exactly are in time, the minute of the order is not. Return
#
# - `septic`: how many septic stays have at least one score while at risk;
# - `in time`: of 100 of those, how many have an alert in time;
# - `two hours`: of 100 of those, how many have one at least two hours before the order;
# - `lead`: the median, over the stays found in time, of the hours from the first such alert to the order.
#
# The check also asks about twelve invented stays, `given(5).invented_stays()`, each on an edge of these rules.

# %%
def in_time(ward, stays):
    ### STARTER return {"septic": ..., "in time": ..., "two hours": ..., "lead": ...}
    ### BEGIN SOLUTION
    septic = stays.loc[stays.septic, ["encounter_id", "ordered_at"]]
    rows = ward[~ward.ordered & ~ward.comfort_care].merge(septic, on="encounter_id")
    rows["lead"] = (rows.ordered_at - rows["at"]) / pd.Timedelta(hours=1)
    n = rows.encounter_id.nunique()
    lead = rows[rows.alert & (rows.lead <= 24)].groupby("encounter_id").lead.max()
    return {
        "septic": n,
        "in time": 100 * len(lead) / n,
        "two hours": 100 * int((lead >= 2).sum()) / n,
        "lead": float(lead.median()),
    }
    ### END SOLUTION

# %%
check("W05.Q3", in_time)

# %% [markdown] tags=["solution"]
# Three cuts: rows at risk, septic stays that were ever at risk, alerts within 24 hours. The tempting alternative counts alerts at any time, and finds
# 88 of 100: 31 before the order, 34 on their own signs but after it, 23 only by the point that the antibiotic itself gives. Another keeps every alert before the order: that hardly moves the share, and two leads of
# days make the score look like foresight.

# %%
# hint("W05.Q3")

# %% [markdown]
# ## Q4: whom does it miss?
#
# `septic` has the septic stays that were at risk; `found` says whether the score found them in time. For each group of a column `by`, return one row with `group`, `septic` (how many), `sensitivity`,
# `low` and `high` (shares between 0 and 1, by `wilson`), and `verdict`. A group with fewer than `SMALLEST` septic stays keeps its row, without a rate.
# Otherwise compare it with everybody else by `given(5).gap(found, of, found_else, of_else)`, found here minus found elsewhere; `MARGIN` is a gap of
# 10 points, 0.10. The check goes through six columns, and through the districts of an invented country.

# %%
given(5).VERDICTS

# %%
septic = given(5).recognised(hospital)
septic.race.value_counts()

# %%
def by_group(septic, by):
    ### STARTER return ...
    ### BEGIN SOLUTION
    rows = []
    for group, mine in septic.groupby(by):
        if len(mine) < given(5).SMALLEST:
            rows.append({"group": group, "septic": len(mine), "verdict": "too few"})
            continue
        others = septic[septic[by] != group]
        share = wilson(int(mine.found.sum()), len(mine))
        gap = given(5).gap(mine.found.sum(), len(mine), others.found.sum(), len(others))
        verdict = "worse" if gap.high < 0 else "no worse" if gap.low > -given(5).MARGIN else "cannot tell"
        row = {"group": group, "septic": len(mine), "sensitivity": share.value, "low": share.low, "high": share.high}
        rows.append(row | {"verdict": verdict})
    return pd.DataFrame(rows).reindex(columns=["group", "septic", "sensitivity", "low", "high", "verdict"])
    ### END SOLUTION

# %%
check("W05.Q4", by_group)

# %% [markdown] tags=["solution"]
# No gap here is significant, and the tempting table says *no worse* on every line. Of those whose race nobody recorded the score found 18 of 100, and the interval of their gap
# runs from −24 to +2 points: nothing is shown, and nothing ruled out. The one group that is called *no worse* on eleven stays, five of them found, is there by the rule and not by much: a
# rule needs its margin written down before anybody has seen the table. Outside the house the small cells of such a table follow rules of their own (week 11).

# %%
# hint("W05.Q4")

# %% [markdown]
# ## Memo: to the chief medical information officer (15 minutes)
#
# The vendor's contract lies on her desk. Is 0.83 good enough for our wards? At most 150 words; score it by the rubric in
# [memo.md](../curriculum/week05_clinical_metrics/memo.md).

# %%
memo("W05.M", headline=..., at_our_prevalence=..., in_time=..., burden=..., who_is_missed=..., decision=..., changes_my_mind=..., because=...)

# %% [markdown]
# ## Stretch (+)
#
# Never counted.
#
# ## Q5 (+): rates that survive an empty cell
#
# From four counts return `sensitivity`, `specificity`, `ppv`, `npv` and `nne` (how many are evaluated for each septic stay found). What cannot be counted is
# `np.nan`. It is asked of wards without sepsis, without alerts, and without anybody.

# %%
given(5).cases(hospital)

# %%
def rates(tp, fp, fn, tn):
    ### STARTER return ...
    ### BEGIN SOLUTION
    def share(part, whole):
        return part / whole if whole else np.nan

    return {
        "sensitivity": share(tp, tp + fn),
        "specificity": share(tn, tn + fp),
        "ppv": share(tp, tp + fp),
        "npv": share(tn, tn + fn),
        "nne": share(tp + fp, tp),
    }
    ### END SOLUTION

# %%
check("W05.Q5", rates)

# %% [markdown] tags=["solution"]
# A share of nobody is unknown. The tempting alternatives are 0, which libraries write with a warning, and 1. Zero over somebody stays zero: seven
# flags, all wrong, is a predictive value of 0.

# %%
# hint("W05.Q5")

# %% [markdown]
# ## Q6 (+): a bootstrap that draws patients
#
# What share of all alerts belongs to septic stays? Return it with a 95% interval (`low`, `high`, between 0 and 1) from at least 1,000 samples of patients. `bootstrap` of our
# library would do; write it yourself this once.

# %%
alerts = given(5).alerts(hospital)
alerts.head(3)

# %%
def by_patient(alerts):
    ### STARTER return ...
    ### BEGIN SOLUTION
    each = alerts.groupby("person_id").septic.agg(["sum", "size"]).to_numpy()
    dice = np.random.default_rng(0)
    samples = [each[dice.integers(0, len(each), len(each))].sum(axis=0) for _ in range(2000)]
    low, high = np.quantile([septic / all_of_them for septic, all_of_them in samples], [0.025, 0.975])
    return {"share": float(alerts.septic.mean()), "low": float(low), "high": float(high)}
    ### END SOLUTION

# %%
check("W05.Q6", by_patient)

# %% [markdown] tags=["solution"]
# Two sums a person, and a draw is an addition. The tempting alternative draws people and keeps their rows with `isin`: who was drawn twice then stands there once, and the interval
# is a quarter too narrow.

# %%
# hint("W05.Q6")

# %% [markdown]
# ## What to bring to the group
#
# Your two headlines, and the group of Q4 that you would ask the vendor about first.

# %%
check_all(5)
