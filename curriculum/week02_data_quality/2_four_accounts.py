# %% [markdown]
# # Lesson 2: four accounts of one stay
#
# *About 47 minutes (an estimate), with the exit check at the end. You have done lesson 1.*
#
# The same stay is written down four times: by the desk (ADT messages), by the record system (the FHIR export), by the
# laboratory (ORU messages) and by whoever pays (claims). Each is honest about its own work. None was made for you.
#
# You will be able to
#
# - split an HL7 v2 message by hand, and say which of four discharge times to use (Q5, Q6);
# - say what a payer's data showed on a given day;
# - put record pairs into three bands, and price a false merge (Q3);
# - write a contract at the door, and say what it costs (Q4).

# %%
import pandas as pd
from wardround import claim, given, load, quiz
from wardround.evaluation import figure, lines
from wardround.records import claims_as_of, messages

hospital = load()
adt, oru, claims = hospital.feeds.adt, hospital.feeds.oru, hospital.feeds.claims

# %% [markdown]
# ## 1. A message, by hand
#
# *About 8 min · 8 min so far*
#
# HL7 v2 is older than the web and carries most of what happens at night. An ADT message tells of movements: A01 an
# admission, A03 a discharge, A40 a merge of two identifiers [adt-events](#Sources). Here is one discharge, as text.

# %%
feed = messages(hospital.path.parent / "hl7v2" / "adt.hl7")
visit = "V19ACCA63E6"
discharge = next(m for m in feed if m["PV1-19"] == visit and m["MSH-9.2"] == "A03")
print(str(discharge)[:430])

# %% [markdown]
# Segments are lines, `|` divides fields, `^` divides components, and all are counted from 1. So:

# %%
segments = {line.split("|")[0]: line.split("|") for line in str(discharge).split("\n")}
segments["EVN"][2], segments["PID"][3].split("^")[0], segments["PID"][5].split("^")[:2], segments["PV1"][45]

# %% [markdown]
# That works until somebody types `Fever & pain`: then `&` arrives as `\T\`, and `MSH` counts one field less than all
# others. Two readers who know that, ours and the library `hl7`:

# %%
import hl7

library = hl7.parse(str(discharge).replace("\n", "\r"))
claim(discharge["PV1-45"] == str(library.segment("PV1")[45]), exactly=True)
discharge["PID-5.1"], str(library.segment("PID")[5][0][0])

# %% [markdown]
# ## 2. Four discharge times
#
# *About 9 min · 17 min so far*
#
# The patient of that message is Shanice Yancey, 71, here on 3 October 2024 for a planned operation and home the same day.
# When did she leave?

# %%
stay = hospital.tables.encounters.set_index("encounter_key").loc["e-19acca63e6fed8"]
results, bill = oru[oru.visit == visit], claims[claims.visit == visit].iloc[0]
desk = adt.discharged_at[(adt.visit == visit) & (adt.event == "A03")].iloc[0]
ends = {"record (FHIR period.end)": stay.discharged_at, "desk (ADT A03)": desk}
hours = pd.Series(ends | {"laboratory (last result sent)": results.sent_at.max()}).dt.tz_convert("America/New_York")
hours.dt.strftime("%d %b %H:%M")

# %%
yancey = hospital.tables.patients.set_index("patient_key").loc[stay.patient_key]
draw = given(2).four_accounts(hours, results.drawn_at.min(), yancey.deceased_at, bill.through_date)
says = "One stay has four ends: 15:23 in the record, 15:43 at the desk, 19:21 in the laboratory's feed, a day on the claim; and a potassium after her recorded death."
figure(draw, says=says, table=hours.dt.strftime("%H:%M").to_frame("time"))

# %%
claim(yancey.deceased_raw[:10], exactly="2023-08-30")
claim(desk - stay.discharged_at == pd.Timedelta("20min"), exactly=True)
claim(bool(results.sent_at.max() > stay.discharged_at + pd.Timedelta("3h")), exactly=True)
results.loc[results.name.str.startswith("Potassium"), ["drawn_raw", "reported_raw", "sent_raw", "value", "status"]]

# %% [markdown]
# The desk types twenty minutes after she has gone. The laboratory finished at 10:26, but its messages waited until 19:21. A
# screen that lives on messages was empty when she left: the task that was not done is *look before she goes*.
# Each time answers another question. When is the bed free: the desk. Length of stay: the record. What did we know: the
# time sent. What was paid: the claim.
#
# So far this is life. The cross in the figure is not: **a potassium, thirteen months after her death.** A rule that drops "results after death" would
# now delete a stay that somebody had. Who knows more? The payer has numbers of its own.

# %%
claim(bool(hospital.warehouse.stays.set_index("encounter_id").called["e-19acca63e6fed8"]), exactly=False)
people = hospital.tables.patients[["mrn", "given", "family", "birth_date"]]
members = hospital.feeds.enrolment[["member_id", "mrn", "death_date"]].merge(people, on="mrn")
card, paid_for = members[members.mrn == yancey.mrn].iloc[0], members[members.member_id == bill.member_id].iloc[0]
claim((card.family, paid_for.family), exactly=("Yancey", "Walden"))
pd.DataFrame({"the record's number": card, "the claim's number": paid_for})

# %% [markdown]
# Two member numbers under one record number. The second belongs to Vanessa Walden, born thirteen days after Shanice Yancey, and alive. By the payer's account the operation was hers: a
# **wrong merge** at the desk filed her visits under a dead woman's number, and every message since repeats it. Who pays?
# She does. A list "went home yesterday, alive: call them" passes over her, and *no care call after her operation* is on
# record. In her own record, the operation never was; a risk score reads a stranger's history. No message is malformed, no
# field empty. Two feeds side by side show it.
#
# ## 3. Claims run out
#
# *About 8 min · 25 min so far*
#
# A claim has versions: 1 the original, 7 a replacement, 8 a void [claim-frequency](#Sources). And it is late. Two stays:

# %%
both = claims[claims.visit.isin(["V1000337B43", "V49BA6E6051"])]
claim(claims_as_of(both, "2024-12-31").claim_id.tolist(), exactly=["C00105BEDB1R"])
claim(int(hospital.tables.encounters.encounter_key.str.startswith("e-49ba6e6051").sum()), exactly=1)
both[["claim_id", "frequency", "through_date", "paid_date", "paid", "status"]]

# %% [markdown]
# Denied in January, paid in March: add up the rows and you count one stay twice; a replacement *replaces*. The other was paid
# in May and taken back in June: it is in the record, and for the payer it never was.
# `claims_as_of` gives the net state of a day. Two days, by month of admission:

# %%
days = ("2024-09-30", "2024-12-31")
inpatient = claims[(claims.type == "inpatient") & (claims.from_date >= "2024-01-01")]
seen = {f"as of {day}": claims_as_of(inpatient, day).from_date.dt.month.value_counts() for day in days}
months = pd.DataFrame(seen).loc[1:9].rename_axis("month of 2024")
says = "Seen at the end of September, stays seem to dwindle from July on; three months later the same months are full."
figure(lines(months, ylabel="inpatient claims"), says=says, table=months)

# %%
share = months["as of 2024-09-30"] / months["as of 2024-12-31"]
claim(share[8], about=0.60, within=0.05)
claim(share[9], about=0.08, within=0.04)
share.round(2).to_frame("known at the end of September").T

# %% [markdown]
# Nothing dwindled. At the end of September some 60 of 100 August stays had been paid for, and 8 of 100 September stays. A readmission rate from
# claims "improves" in each of the latest months, on every dashboard, for ever. The mend: say *as of* when, and leave
# out months that have not run out.
#
# Who is missed meanwhile? Lupita Rosales, 65, lay here with an embolism of the lung until 16 August. Her payer, on the same
# two days:

# %%
hers = claims[(claims.member_id == "MD007323804647") & (claims.from_date >= "2024-08-13")].sort_values("from_date")
columns = ["facility", "type", "from_date", "through_date", "principal_dx"]
known = pd.concat({day: claims_as_of(hers, day)[columns] for day in days}, names=["as of"])
ours = hospital.warehouse.stays.set_index("encounter_id").loc["e-91f111f3ad1702"]
claim((known.loc[days[0]].facility.tolist(), ours.called, ours.readmitted_30d), exactly=(["QGH"], False, False))
known

# %% [markdown]
# In September one stay and no return; in December a second: 1 September, another hospital, a faint (R55). Nobody told us,
# and our record still reads *not readmitted*. **No care call to her is on record**, and the list "not called, and came
# back", which tells a team whom to call, passes over her. On 20 September she sat in our emergency department, fifteen
# days out of that hospital; by our record it was five weeks.
#
# ## 4. Same person? Three bands
#
# *About 6 min · 31 min so far*
#
# Trade sources put duplicates at 8 to 12 of 100 records [duplicate-records](#Sources). For each pair of records that could be
# one person we hand you a *match weight*: for what agrees, log2 of how much likelier that is in one person than in two;
# for what differs, the same with a minus sign. Clerks have decided some pairs.

# %%
pairs, reviewed = given(2).record_pairs(hospital), given(2).reviewed_pairs(hospital)
pairs.loc[[0, 100], ["given_a", "given_b", "family_a", "birth_date_a", "birth_date_b", "weight"]]

# %%
different = reviewed[~reviewed.same]
says = "Most reviewed pairs of two different people have high weights, in the middle of those that are one person."
numbers = reviewed.groupby("same").weight.describe()[["count", "min", "50%", "max"]].round(1)
figure(given(2).weights_drawn(reviewed), says=says, table=numbers)

# %%
claim(len(different), about=38, within=8)
pairs[pairs.pair.isin(different.pair)].head(4)[["family_a", "given_a", "given_b", "birth_date_a", "weight"]]

# %% [markdown]
# The weights cannot part them. These are twins, it seems: one birthday, address and telephone, two first names. So there are three bands and not one border. At the top
# a machine merges; in the middle a clerk looks, and the queue is as long as clerks have hours; the rest stays apart.
# What sets the upper border is the price of **one false merge**, and you met her: Vanessa Walden,
# whom nobody calls. A duplicate hides half a history; a false merge shows a wrong one, and nobody searches for
# what seems to be there.
#
# **Q3 in the exercise** asks for the borders.
#
# ## 5. A contract at the door
#
# *About 4 min · 35 min so far*
#
# Faults that come back need a machine. A *contract* says what a week of results must be, and refuses the week
# otherwise. With Pandera:

# %%
import pandera.pandas as pa

weeks = given(2).feed_weeks(hospital)
columns = {"result_id": pa.Column(str), "value": pa.Column(float, nullable=True)}
columns["unit"] = pa.Column(str, pa.Check.isin(["mg/dL", "mmol/L", "g/dL", "10*3/uL"]))
types, names = pa.DataFrameSchema(columns), ["clean 1", "unit changed"]
{name: given(2).verdict(types, weeks[name]) for name in names}

# %% [markdown]
# In the second week Eastbank's creatinine comes in umol/L under the label mg/dL, and types let it in. One line about
# *values*, by site, does not:


# %%
def creatinine_plausible(week):
    return bool(week[week.test == "2160-0"].groupby("site").value.median().between(0.5, 2.5).all())


contract = pa.DataFrameSchema(columns, checks=pa.Check(creatinine_plausible))
verdicts = {name: given(2).verdict(contract, weeks[name]) for name in names}
claim(verdicts["clean 1"] == "passes" and verdicts["unit changed"] != "passes", exactly=True)
verdicts

# %% [markdown]
# A contract is tested like code: clean weeks must pass, and weeks with a planted fault, *mutants*, must be refused. In Q4
# you have four of one and eight of the other. A check that never refused a mutant is a decoration.
#
# ## 6. The slice: with and without
#
# *About 9 min · 44 min so far*
#
# Now fly it. A third-size hospital, twelve weeks, one alert that reads breathing, pulse and creatinine (the score is
# ours). From the first week on, all of Eastbank's creatinine arrives in umol/L. `Guarded` puts the contract's line
# before the score: a batch whose middle creatinine cannot be is left unread.


# %%
class Guarded(given(2).Alert):
    def score(self, rows):
        middle = rows.creatinine.groupby(rows.site).transform("median")
        return super().score(rows.assign(creatinine=rows.creatinine.mask(middle > 2.5)))


# %%
from wardround.hospital import simulate
from wardround.hospital.incidents import AnalyserUnit

plans = {"no alert": given(2).Nobody, "good feed": given(2).Alert, "fault, no contract": given(2).Alert, "fault, contract": Guarded}
faults = {name: [AnalyserUnit(begins=140)] if "fault" in name else [] for name in plans}
flights = {name: simulate(2026012, 152, 1 / 3, plan(), faults[name]) for name, plan in plans.items()}

# %%
flown = pd.DataFrame({name: given(2).eastbank(world) for name, world in flights.items()}).T
flown["averted"] = flown.deteriorated["no alert"] - flown.deteriorated
for name, alerts, within in (("good feed", 58, 10), ("fault, no contract", 676, 40), ("fault, contract", 53, 10)):
    claim(flown.alerts[name], about=alerts, within=within)
claim(flown.averted[["fault, no contract", "fault, contract"]].tolist(), exactly=[3, 3])
flown

# %% [markdown]
# Without the contract Eastbank's alerts go from 58 to 676 in twelve weeks, and nurses run 134 times instead of 36. With
# it, 53: close to the good feed, and not the same, since alerts that needed the creatinine are gone. That is its price.
#
# And the events averted: 3 of 10 with the contract, and 3 of 10 *without*. Would you have guessed? Look at who they are.


# %%
sick = {name: given(2).unwell(world) for name, world in flights.items()}
flood, guarded = sick["fault, no contract"], sick["fault, contract"]
claim((len(flood - guarded), len(guarded - flood)), exactly=(2, 2))
lost = next(who for who in flood - guarded if who not in sick["good feed"])
pd.concat({name: given(2).one_stay(flights[name], *lost) for name in flights if "fault" in name})

# %% [markdown]
# Equal totals, other people. The flood sends a nurse to nearly everybody now and then, and two whom no score had found were
# helped by luck. This patient's alert rang in all flights. With the contract a nurse came and nothing happened; in the
# flood nobody came, and the patient deteriorated within eight hours. **Seven and seven is not "no harm": it is a lottery
# in place of a plan.** Two of 10 is also far too few to compare plans by; and in this model a visit costs the visitor
# nothing else, which no ward would sign. The hundred extra visits are the sure finding. We chose this patient because the
# flights differ there, and this hospital as the first of two that we tried: an illustration, not evidence.
#
# ## Exit check
#
# *About 3 min · 47 min so far*

# %%
quiz("W02.R9")

# %%
quiz("W02.R10")

# %%
quiz("W02.R11")

# %% [markdown]
# ## What you have now
#
# - Four feeds, four honest times: choose by the question, and write down which.
# - A fault that no field shows, two sources side by side do.
# - Claims are known late. Say as of when.
# - A false merge costs a person; a duplicate costs a history. Borders follow from that.
# - A contract is worth the mutants it refuses, and it has a price.
#
# **Next: Q3, Q4 and the memo in the exercise.** New words are in the [glossary](../glossary.md).
#
# ## Sources
#
# - **adt-events**: In HL7 v2 an ADT message with event A01 tells of an admission, A03 of a discharge, A40 of two patient identifiers merged into one. HL7 v2+ demonstration site, chapter 3, event A40, and public interface guides for A01 and A03, read November 2026.
# - **claim-frequency**: The frequency code of a claim says which version it is: 1 the original, 7 a replacement, 8 a void. ResDAC's claim frequency table and a NUBC bill type excerpt, read November 2026.
# - **duplicate-records**: Trade sources put duplicate patient records at 8 to 12% of one index, and at 20% across several sites. AHIMA journal 2019 and reports it cites, read 2026; trade sources, not audited.
