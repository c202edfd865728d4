# %% [markdown]
# # Week 6, exercise: calibration, thresholds, burden
#
# Four questions of about 11 minutes, a memo, and two stretch questions (+). Write your answer where the `...` stands and run the check below it.
# A wrong answer costs nothing: the check says what happened and where to look. When you are stuck, take the `#` away
# from a `# hint(…)` line and run it; words are in the [glossary](../curriculum/glossary.md).
#
# Two use cases: unplanned readmission within 30 days, asked at 08:00 on the day of discharge (Q1 to Q3), and sepsis on a ward, asked every eight
# hours until the first culture or antibiotic is ordered (Q4).

# %%
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from wardround import check, check_all, given, hint, keep, load, memo, solution
from wardround.evaluation import auroc, bootstrap, calibration_bins, calibration_measures, net_benefit, observed_over_expected
from wardround.evaluation import price_of_capacity, roc, wilson

hospital = load()
stays, judged = given(6).stays(hospital), given(6).judged(hospital)

# %% [markdown]
# `risk` is what week 4's model says; `balanced` is a colleague's, the same with `class_weight="balanced"`. `judged` holds the stays of 2024 whose outcome is
# known: neither model has met them.

# %%
judged.head(3)

# %% [markdown]
# ## Q1: a class-balanced model, repaired
#
# The colleague's model ranks as well as ours, and says 45 of 100 where 15 come back (Quillmere, the stays of `rows`). Write a repair that turns its scores into risks. You get
#
# - `rows`: stays with `part` (`learnt`: they taught the model; `watched`: the first four months live, whose outcomes are known by June 2024),
#   `score` and `back`;
# - `later`: the stays of the next quarter, with `score` alone.
#
# Return one risk for each row of `later`. It is judged against the known risk: in the mean, over tenths, and in its order; here, and on 4,000 later stays of
# an invented hospital, `given(6).invented_quarter()`.

# %%
rows, later = given(6).to_repair(hospital)
rows.groupby("part")[["score", "back"]].agg(["size", "mean"])

# %% nbgrader={"grade": false, "grade_id": "w06-q1", "locked": false, "schema_version": 3, "solution": true}
def repaired(rows, later):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w06-q1-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W06.Q1", repaired)

# %%
# hint("W06.Q1")

# %% [markdown]
# For A1, the readmission report, keep how *our* model is calibrated on the stays of 2024, and which stays those are.

# %%
counted = {"stays": len(judged), "events": int(judged.back.sum())}
area = auroc(judged.back, judged.risk)
measures = calibration_measures(judged.back, judged.risk)[["value", "low", "high"]].dropna()
measures.loc["AUROC"] = [area.value, area.low, area.high]
display(keep("calibration", measures.rename_axis("what").reset_index().assign(**counted)))
display(keep("calibration_curve", calibration_bins(judged.back, judged.risk).rename(columns={"n": "stays"})))
parts = {"train": stays[stays.period == "learnt"], "judge": judged}
days = [(name, str(rows.asked_at.min().date()), str(rows.asked_at.max().date()), len(rows), int(rows.back.sum())) for name, rows in parts.items()]
display(keep("periods", pd.DataFrame(days, columns=["part", "first_day", "last_day", "stays", "events"])))
measures

# %% [markdown]
# And whether it holds at both sites, as lesson 1 asked. (Q5 (+) puts more groups in its place.)

# %%
groups = []
for site, rows in judged.groupby("site"):
    oe, events = observed_over_expected(rows.back, rows.risk), int(rows.back.sum())
    row = {"group": f"site: {site}", "stays": len(rows), "events": events, "observed": events, "expected": rows.risk.sum()}
    groups.append(row | {"oe": oe.value, "low": oe.low, "high": oe.high})
display(keep("subgroups", pd.DataFrame(groups)))
pd.DataFrame(groups).drop(columns="observed").round(2)

# %% [markdown]
# ## Q2: net benefit and the decision curve
#
# For each threshold return one row with `threshold`, `model`, `treat all` and `treat none`: net benefit per person. Who has a risk equal to the
# threshold is acted on. Do not round. Our library's `decision_curve` would do; write it yourself this once. `outcome` is a column of booleans.
#
# The check asks for four sets: our model and the class-balanced one on the stays of 2024, 750 rows with the counts of the set `df_binary`, by which the package dcurves tests itself (at 25%: net benefit 0.064, and −0.1467
# for treating all [dcurves-set](#Sources)), and ten rows on the edge of a threshold.

# %%
given(6).curve_sets(hospital)["on the edge"]

# %% nbgrader={"grade": false, "grade_id": "w06-q2", "locked": false, "schema_version": 3, "solution": true}
def curve(outcome, risk, thresholds):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w06-q2-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W06.Q2", curve)

# %%
# hint("W06.Q2")

# %%
drawn = curve(judged.back, judged.risk, np.arange(1, 41) / 100)
keep("decision_curve", ... if drawn is ... else drawn.set_index("threshold"))

# %% [markdown]
# ## Q3: forty calls a week, without seeing Friday
#
# Two nurses have forty calls a week, both sites together, Monday to Friday at 09:00, from the discharges since the last list. `discharges` holds everybody on the lists of 2024:
# `day` 0 is Monday 1 January, `weekday` 0 a Monday. In the first eight weeks nobody was called; look at them as you like.
#
# Write a rule that is asked every morning: `day` is today, `left` the calls that the week still has. Return the ids to call: on today's list, `left` of them at most. The table
# holds the whole year, as an extract does; what lies after `day` nobody knows at nine o'clock, and the check hands you other lists there to see. It counts the
# calls, and the readmissions that would come among those called: here by the known risk, and in half a year of an invented hospital.

# %%
discharges = given(6).lists(hospital)
discharges.groupby("weekday").risk.agg(["size", "mean"]).assign(a_week=lambda days: days["size"] / 52)

# %% nbgrader={"grade": false, "grade_id": "w06-q3", "locked": false, "schema_version": 3, "solution": true}
def todays_calls(discharges, day, left):
    return ...  # a list of encounter_ids

# %% nbgrader={"grade": true, "grade_id": "w06-q3-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W06.Q3", todays_calls)

# %%
# hint("W06.Q3")

# %% [markdown]
# What do forty calls say one readmission *found* is worth? `price_of_capacity` reads it off the last of the year's 40 x 52 highest risks: a cut that is known at New Year, and by the model's promise.
# Your rule calls some below it and passes over some above, so its list is weighed as it was called, per 1,000 stays. Of those called, count the stays whose outcome is known: they came back under
# usual care, in which some had a call already.

# %%
price = price_of_capacity(discharges.risk, 52 * given(6).capacity(hospital))
made = given(6).programme(todays_calls, hospital)
price

# %%
if made is not ...:
    seen = judged[judged.encounter_id.isin(made["here"]["called"])]
    ppv, calls = wilson(int(seen.back.sum()), len(seen)), made["here"]["calls"]
    week = {"calls_a_week": calls, "capacity_a_week": made["here"]["capacity"], "discharges_a_week": len(discharges) / 52, "weeks": 44}
    yields = {"reached": 52 * calls * ppv.value, "ppv": ppv.value, "ppv_low": ppv.low, "ppv_high": ppv.high, "implied_price": price.needless}
    asked = judged[judged.encounter_id.isin(discharges.encounter_id[discharges.week >= given(6).QUIET_WEEKS])]
    worth = lambda back, called: 1000 * net_benefit(back, called, price.threshold, at=0.5)  # `called` is no risk, but yes or no
    as_called = bootstrap(worth, asked.person_id, asked.back, asked.encounter_id.isin(made["here"]["called"]))
    worths = {"worth_as_called": as_called.value, "worth_low": as_called.low, "worth_high": as_called.high}
    display(keep("call_list", {"threshold": price.threshold, **week, **yields, **worths}))
    effect = np.array(given(6).EFFECTS)
    avoided = {"effect": effect, "avoided_low": 52 * calls * ppv.low * effect, "avoided_high": 52 * calls * ppv.high * effect}
    display(keep("avoided", pd.DataFrame(avoided)), pd.DataFrame(avoided).round(2))

# %% [markdown]
# ## Q4: "3% more missed": of what?
#
# The ward score of week 5 alerts at two points, without a pause. The vendor proposes a lockout of 48 hours: fewer alerts, and "only 3% more missed". `septic` has one row for each septic stay that was
# at risk: the hours from its first alert in time (at most 24 hours ahead) to the first order under each rule, `now` and `proposed`; missing where no alert is in time. `burden` has the alerts of each
# rule, and the `days`. *Caught* is a stay with an alert in time. Return
#
# - `points`: points of sensitivity lost; `of the caught`: of 100 stays caught now, those no longer caught; `more missed`: the same stays, per 100 missed now;
# - `soon anyway`: of 100 no longer caught, those with the order within `SOON` hours of the alert that is gone;
# - `hours`: hours of delay a year (365 days), for those no longer caught and those found later. A pause takes only repeats, so this is a range over `ACTED_ON`: the share of repeats that would be
#   acted on although the first alert was not;
# - `minutes`: minutes that a shift of all wards together is spared; a range over `MINUTES` for each alert that is gone.
#
# No firm source gives the two ranges: they are assumptions. The check also asks about invented wards, `given(6).invented_change()`.

# %%
septic, burden = given(6).septic(hospital), given(6).burden(hospital)
septic.notna().sum(), burden

# %% nbgrader={"grade": false, "grade_id": "w06-q4", "locked": false, "schema_version": 3, "solution": true}
def consequences(septic, burden):
    return {"points": ..., "of the caught": ..., "more missed": ..., "soon anyway": ..., "hours": ..., "minutes": ...}

# %% nbgrader={"grade": true, "grade_id": "w06-q4-check", "locked": true, "points": 1, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W06.Q4", consequences)

# %%
# hint("W06.Q4")

# %% [markdown]
# Was nobody alerted for these stays? `last` is the hours from the last alert that the proposed rule still sends to the order.

# %%
gone = given(6).no_longer_caught(hospital)
print(f"{gone['last'].notna().sum()} of {len(gone)} no longer caught had an alert earlier")
gone[["now", "last"]].sort_values("last").round(1)

# %% [markdown]
# ## Memo: the threshold, and who pays (15 minutes)
#
# The steering group wants a number by Friday. Write it down with its owner, its price and its capacity: the last page of A1. At most 150 words; score it by the
# rubric in [memo.md](../curriculum/week06_thresholds_and_burden/memo.md).

# %%
memo("W06.M", owner=..., threshold=..., harm_ratio=..., capacity=..., who_pays=..., decision=..., changes_my_mind=..., because=...)

# %% [markdown]
# With this memo A1 is complete. In a terminal, `wardround portfolio` builds the report from what you have kept and written, and refuses it where two parts contradict
# each other.

# %% [markdown]
# ## Stretch (+)
#
# Never counted.
#
# ## Q5 (+): observed over expected, by group
#
# For each group of a column `by` return one row with `group`, `stays`, `events`, `expected` (readmissions that the model promised these stays), `oe`, `low`, `high` and `verdict`. A group with
# fewer than `SMALLEST` events keeps its row, with `stays`, `expected` and its verdict alone. Intervals by `observed_over_expected`. The check goes through seven columns, and through the districts of an invented country.

# %%
given(6).VERDICTS

# %% nbgrader={"grade": false, "grade_id": "w06-q5", "locked": false, "schema_version": 3, "solution": true}
def by_group(stays, by):
    return ...

# %% nbgrader={"grade": true, "grade_id": "w06-q5-check", "locked": true, "points": 0, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W06.Q5", by_group)

# %%
# hint("W06.Q5")

# %% [markdown]
# For A1, in place of the two sites: groups with fewer than eleven events are shown as *fewer than 11*.

# %%
tables = {by: by_group(judged, by) for by in ("site", "age_group", "sex", "race", "interpreter")}
if all(isinstance(table, pd.DataFrame) for table in tables.values()):
    groups = pd.concat([table.assign(group=f"{by.replace('_', ' ')}: " + table.group) for by, table in tables.items()])
    few = groups.verdict.eq("too few")
    groups["events"] = groups.events.map("{:.0f}".format).mask(few, "fewer than 11")
    display(keep("subgroups", groups.assign(observed=groups.events).drop(columns="verdict").reset_index(drop=True)))

# %% [markdown]
# ## Q6 (+): the slide that picks the ROC corner
#
# A slide says "optimal threshold", and means the risk at which sensitivity plus specificity is largest. In the room sits somebody to whom one readmission found is worth `needless` needless calls.
# Return
#
# - `corner`: that risk (`roc` gives the curve; a risk equal to a threshold is acted on);
# - `price`: how many needless calls one readmission found is worth to whoever adds sensitivity and specificity;
# - `cut`: the risk from which on the person in the room would act;
# - `lost`: net benefit per 1,000 people, at the price of the person in the room, that the slide's list loses against hers.
#
# It is asked at 2, 4, 7 and 15 needless calls, on our stays and for a rarer event.

# %% nbgrader={"grade": false, "grade_id": "w06-q6", "locked": false, "schema_version": 3, "solution": true}
def slide(outcome, risk, needless):
    return {"corner": ..., "price": ..., "cut": ..., "lost": ...}

# %% nbgrader={"grade": true, "grade_id": "w06-q6-check", "locked": true, "points": 0, "schema_version": 3, "solution": false} tags=["raises-exception"]
check("W06.Q6", slide)

# %%
# hint("W06.Q6")

# %% [markdown]
# ## What to bring to the group
#
# Your price (needless calls for one readmission found), and the person whom you would ask to sign it.

# %% [markdown]
# ## Sources
#
# - **dcurves-set**: On the set df_binary of the package dcurves (750 people, 105 events) the net benefit at 25% is 0.064 for its model and -0.1467 for treating all. Computed with dcurves 1.1.7 on its own data.

# %%
check_all(6)
