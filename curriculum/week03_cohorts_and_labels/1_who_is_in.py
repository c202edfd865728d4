# %% [markdown]
# # Lesson 1: who is in
#
# *About 47 minutes (an estimate). You have done weeks 1 and 2. Words are in the [glossary](../glossary.md).*
#
# On Friday the board wants one number: the share of our patients who come back within thirty days. It will decide
# which ward gets the nurse who calls people at home, and later what a model learns to predict. Two careful teams get
# the same words, and bring two numbers. Before you choose one: **what exactly will it mean, about whom, known when?**
# Today the first two; lesson 2 has the third.
#
# You will be able to
#
# - say of any readmission rate who is in it, by six questions;
# - make index stays of contacts, with every loss counted (Q1);
# - name a patient about whom two definitions disagree, and what that costs him (Q2, Q5).
#
# ## Before you begin
#
# *About 4 min · 4 min so far*
#
# Five questions on weeks 1 and 2. Know readmission measures? R6 to R8 let you skip section 2.

# %%
from wardround import quiz

for n in range(1, 6):
    display(quiz(f"W03.R{n}"))

# %%
quiz("W03.R1", ...)

# %% [markdown]
# ## 1. One sentence
#
# *About 6 min · 10 min so far*
#
# After week 2 the clerks worked their queue. The warehouse now has a *case list*: one row a contact of a person, with
# stays in other hospitals as far as payers have paid for them. In our model every payer tells us of every unplanned
# return elsewhere, even of the uninsured; the stay to which we transferred somebody is not in it. Your hospital will
# see less: ask whose claims you get.

# %%
import itertools

import pandas as pd
from wardround import claim, given, load, predict, reveal
from wardround.evaluation import figure
from wardround.records.cohort import Definition, definition_table, outcomes

hospital = load()
contacts, deaths = hospital.warehouse.contacts, hospital.warehouse.deaths
data_end, DAY = contacts.known_at.max(), pd.Timedelta(days=1)

# %% [markdown]
# Meet Martín Cabrera: 64, cancer and a chronic lung disease, and simulated like everybody here. His stays:

# %%
cabrera = contacts[contacts.person_id == "person-28da84b481f278"]
beds = cabrera[cabrera.kind == "inpatient"].set_index("contact_id")
for name, instant in {"in": "admitted_at", "out": "discharged_at"}.items():
    beds[name] = beds[instant].dt.tz_convert("America/New_York").dt.strftime("%d %b %Y %H:%M")
beds[["in", "out", "hospital", "planned", "group", "disposition"]].reset_index(drop=True)

# %% [markdown]
# How often was he readmitted within thirty days? Count before you open the fold.
#
# <details><summary>When you have counted</summary>
#
# Three times he came back so soon: in April 2022 for a planned cycle of chemotherapy, in October 2022 through our
# emergency room, in March 2023 in another hospital. One, two or three: you had to choose.
#
# </details>
#
# There is more than one honest answer. Six such choices, two ways each, make 64 definitions. How far apart are the
# lowest and the highest rate?

# %%
display(predict("W03.P1"))
predict("W03.P1", ..., ...)

# %% [markdown]
# ## 2. A definition is a table
#
# *About 3 min · 13 min so far*
#
# An *index stay* starts a watch of 30 days; since payers are late, we give their bills 120 more (an assumption that
# lesson 2 looks at). Ours, as the package prints it:

# %%
pd.set_option("display.max_colwidth", None)
definition_table().set_index("element")[["our choice", "the other choice"]]

# %% [markdown]
# A column *why* is left out here. The table is shaped like the measure that Medicare reports for patients of 65 and
# older: unplanned readmissions for any cause within 30 days, a set of planned ones not counted [cms-hwr](#Sources).
# One open account of that measure has our rules on death, advice, transfers and what follows a planned stay. It also
# leaves out stays for cancer, rehabilitation and mental health [hwr-account](#Sources): we keep those, take all ages,
# and do not adjust for risk. Leaving out hospice and counting hours, not dates, are ours; so are the switches.
#
# **Now Q1 in the exercise**: one label for every stay, by this table. What follows shows one way.
#
# ## 3. And some lines
#
# *About 6 min · 19 min so far*
#
# A move between our sites is two contacts and one stay; it belongs to the hospital that sends home.


# %%
def stays_of(contacts, joins_transfers=True, counts_observation=False):
    kinds = ["inpatient", "observation"] if counts_observation else ["inpatient"]
    rows = contacts[contacts.kind.isin(kinds) & contacts.hospital.ne("elsewhere")]
    rows = rows.sort_values(["person_id", "admitted_at"])
    next_bed = rows.groupby("person_id").admitted_at.shift(-1)
    rows["moves_on"] = rows.disposition.eq("transfer") & (next_bed - rows.discharged_at <= DAY)
    if not joins_transfers:
        return rows
    chain = (~rows.moves_on).shift(fill_value=True).cumsum()
    rows[["admitted_at", "planned"]] = rows.groupby(chain)[["admitted_at", "planned"]].transform("first")
    return rows[~rows.moves_on]


# %%
stays, apart = stays_of(contacts), stays_of(contacts, joins_transfers=False)
claim((len(apart), len(stays)), exactly=(11_798, 11_721))
claim((int(apart.moves_on.sum()), apart[apart.moves_on].person_id.nunique()), exactly=(77, 76))
len(contacts), len(apart), len(stays)

# %% [markdown]
# Of 40,018 contacts 11,798 are inpatient contacts of ours, and 11,721 stays: 77 moves, of 76 patients. Then, who can
# come back at all, and for whom can we know it?

# %%
ends = {"died": "died", "hospice": "to hospice", "transfer": "to another acute hospital"}
ends["against_advice"] = "against advice"
reasons = {"still in hospital": stays.discharged_at.isna()}
reasons |= {label: stays.disposition.eq(end) for end, label in ends.items()}
reasons["follow-up not whole"] = stays.discharged_at + 150 * DAY > data_end
left, steps = stays, {"our stays": (0, len(stays))}
for reason, out in reasons.items():
    left, before = left[~out[left.index]], len(left)
    steps[reason] = before - len(left), len(left)
attrition = pd.DataFrame(steps, index=["left out", "left"]).T
claim(attrition["left out"].tolist(), exactly=[0, 66, 285, 149, 146, 142, 2030])
attrition

# %% [markdown]
# 8,903 index stays. The largest loss is no patient's doing: 2,030 stays are too young. Leave them in, and their
# returns are missing from the numerator while they stand in the denominator.
#
# **Now Q2 in the exercise**: what came first. The table is all it needs.
#
# ## 4. The switchboard
#
# *About 15 min · 34 min so far*
#
# Two more pieces: which stays may start a count, if a readmission may not; and what came first: the next event of the
# same person, within thirty days of the discharge.


# %%
def starts_a_count(rows):
    fresh, until = [], {}
    for who, begin, end in zip(rows.person_id, rows.admitted_at, rows.discharged_at, strict=True):
        fresh.append(who not in until or begin > until[who])
        if fresh[-1]:
            until[who] = end + 30 * DAY
    return fresh


def first_event(index, beds, deaths):
    kind = beds.planned.map({True: "planned", False: "unplanned"})
    back = beds[["person_id"]].assign(at=beds.admitted_at, event=kind)
    died = deaths[["person_id"]].assign(at=deaths.died_at, event="died")
    events = pd.concat([back, died]).sort_values("at")
    keys = {"left_on": "discharged_at", "right_on": "at", "by": "person_id", "direction": "forward"}
    return pd.merge_asof(index.sort_values("discharged_at"), events, **keys, tolerance=30 * DAY)


# %% [markdown]
# And the board itself: six switches, ours as defaults. Read it line by line against the table above.


# %%
def readmitted(
    joins_transfers=True, keeps_against_advice=False, counts_planned=False,
    counts_observation=False, counts_elsewhere=True, readmission_is_index=True,
):
    stays = stays_of(contacts, joins_transfers, counts_observation)
    gone = ["died", "hospice"] + ["against_advice"] * (not keeps_against_advice)
    index = stays[~stays.disposition.isin(gone) & (stays.disposition.ne("transfer") | stays.moves_on)]
    index = index if readmission_is_index else index[starts_a_count(index)]
    whole = index.discharged_at + (150 if counts_elsewhere else 30) * DAY <= data_end
    away = contacts[contacts.hospital.eq("elsewhere") & counts_elsewhere]
    found = first_event(index[whole], pd.concat([stays, away]), deaths).set_index("contact_id").event
    return found.eq("unplanned") | found.eq("planned") & counts_planned


# %%
switches = list(Definition.__dataclass_fields__)
ours = dict(zip(switches, [True, False, False, False, True, True], strict=True))
turned = {"ours": ours} | {name + " turned": ours | {name: not ours[name]} for name in switches}
one = pd.DataFrame({name: readmitted(**board).agg(["size", "sum", "mean"]) for name, board in turned.items()}).T
one["mean"] = (1000 * one["mean"]).round(1)
one.set_axis(["index stays", "readmitted", "of 1,000"], axis=1)

# %% [markdown]
# Ours says 133 of 1,000 (124 to 142; stays of one person hang together). Left apart, a move inside our own house
# becomes a return in the same minute: 4 more. Who left against advice: 1 more, though 23 of those 120 came back.
# Chemotherapy and other planned beds: 10 more. Observation stays: 2 fewer. If a readmission starts no count, frequent
# patients count less: 9 fewer. Without other hospitals' stays 30 vanish on the same stays (the table's 102 also takes
# in four newer months). That is what most models never see: of 81 in one review, 93% ignored readmission elsewhere
# [models-ignore-elsewhere](#Sources). Now all 64, in half a minute.

# %%
claim(one["size"].tolist(), exactly=[8903, 8946, 9023, 8903, 9890, 10_491, 8066])
claim(one["sum"].tolist(), exactly=[1187, 1225, 1210, 1277, 1295, 1073, 1002])
boards = list(itertools.product([True, False], repeat=6))
answers = {board: readmitted(**dict(zip(switches, board, strict=True))) for board in boards}
rates = pd.Series({board: 1000 * answer.mean() for board, answer in answers.items()})
our_board = tuple(ours.values())

# %%
our_answer = answers[our_board]
beyond = (our_answer - our_answer.mean()).groupby(contacts.set_index("contact_id").person_id).sum()  # by people
error = 1000 * (beyond**2).sum() ** 0.5 / len(our_answer)
low_high = [round(rates[our_board] + side * 1.96 * error) for side in (-1, 1)]
claim(low_high, exactly=[124, 142])
low_high


# %%
def sixty_four(axes):
    for name, seen, hatch in (("own record alone", False, "///"), ("other hospitals too", True, "")):
        heap = [rate for board, rate in rates.items() if board[4] == seen]
        axes.hist(heap, bins=range(94, 152, 2), label=name, color="white", edgecolor="black", hatch=hatch)
    axes.axvline(rates[our_board], color="black", linestyle="--", marker="")
    axes.text(rates[our_board] + 0.5, 7.3, f"ours, {rates[our_board]:.0f}")
    axes.set(xlabel="readmitted within 30 days, of 1,000 index stays", ylabel="definitions", ylim=(0, 8.5))
    axes.legend(frameon=False, loc="upper left", ncols=2)


# %%
claim((round(rates.min()), round(rates.max())), exactly=(96, 148))
claim(rates.max() / rates.min(), about=1.55, within=0.01)
span = rates.groupby([board[4] for board in boards]).agg(["size", "min", "max"])
claim(span.round().to_numpy().tolist(), exactly=[[32, 96, 119], [32, 121, 148]])
claim(one["mean"].tolist(), exactly=[133.3, 136.9, 134.1, 143.4, 130.9, 102.3, 124.2])
alone = answers[tuple((ours | {"counts_elsewhere": False}).values())]
claim(round(rates[our_board] - 1000 * alone[our_answer.index].mean()), exactly=30)
joined = rates[[board for board in boards if board[0]]]
claim((len(joined), round(joined.min()), round(joined.max())), exactly=(32, 96, 144))
says = "Sixty-four definitions of one sentence give rates from 96 to 148 of 1,000; ours is 133."
figure(sixty_four, says=says, table=span.set_axis(["own record alone", "other hospitals too"]).round(0))

# %%
reveal("W03.P1")

# %% [markdown]
# **Same hospital, same case list, same thirty days: 96 or 148 of 1,000.** One switch of the six, moves left apart, is
# a habit of tables rather than a position; without it the 32 others still run from 96 to 144. Other sides have a
# defender: a measure of health plans counts observation stays [pcr](#Sources). Whose beds you see parts them into two
# heaps that do not overlap: the highest without other hospitals is 119, the lowest with them 121.
#
# Does it matter outside? In one study 14.9% of 2,586 US hospitals would change sides if observation stays counted; in
# another, of three illnesses, fewer than 4% of the best would lose their place [observation-counted](#Sources).
#
# ## 5. Same words, other people
#
# *About 6 min · 40 min so far*
#
# Two of the 64. Team A reads our own record alone and counts planned returns, too; team B is our table.

# %%
team_a = readmitted(counts_elsewhere=False, counts_planned=True)
both = pd.DataFrame({"team A": team_a, "team B": answers[our_board]}).dropna().astype(bool)
claim(both.value_counts()[[(True, True), (True, False), (False, True)]].tolist(), exactly=[924, 90, 263])
pd.crosstab(both["team A"], both["team B"])

# %% [markdown]
# On the stays that both count they agree on 924 readmissions and differ on 353. Here is what that is, in one life:

# %%
words = both.replace({True: "readmitted", False: "no"}).reindex(beds.index).fillna("no index stay")
book = beds.join(words).reset_index(drop=True)
book = book[["in", "out", "hospital", "planned", "group", "team A", "team B"]]
gaps = (beds.admitted_at - beds.discharged_at.shift()) / DAY
claim(gaps[gaps <= 30].round(1).tolist(), exactly=[9.7, 22.5, 0.7])
book

# %%
says = "Team A counts planned chemotherapy as his readmission and misses the pneumonia that was back after 16 hours."
came_back, known = beds.admitted_at["C8F9C9B6251"], beds.known_at["C8F9C9B6251"]
died = deaths.set_index("person_id").died_at["person-28da84b481f278"].tz_convert("America/New_York")
his = hospital.warehouse.stays.set_index("encounter_id").reindex(beds.index)
claim((int(his.age.min()), his.cancer.iloc[0] and his.copd.iloc[0]), exactly=(64, True))
claim(came_back - beds.discharged_at["e-a91ddbdee3a1bc"], exactly=pd.Timedelta("15h50min"))
claim((str(died.date()), str(known.date())), exactly=("2023-05-19", "2023-05-23"))
his_stays = given(3).one_life(beds, "e-a91ddbdee3a1bc", "C8F9C9B6251")
figure(his_stays, says=says, table=book, size=(7.0, 4.2))

# %% [markdown]
# By team A's book somebody reviews the discharge after which his chemotherapy went as planned, and nobody the one
# after which pneumonia had him in a hospital bed again within 16 hours. He died at Quillmere on 19 May 2023. The
# other hospital's stay was paid, and so known to us, on 23 May.
#
# ## 6. When it breaks: chosen afterwards
#
# *About 6 min · 46 min so far*
#
# Did Quillmere General do better in 2024? January to July against the same months of 2023, by all 64:

# %%
ended = contacts.set_index("contact_id").discharged_at.dt.tz_convert("America/New_York")
here = contacts.set_index("contact_id").hospital.eq("quillmere") & (ended.dt.month <= 7)


def change(answer):
    by_year = 1000 * answer[here[answer.index]].groupby(ended.dt.year).mean()
    return by_year[2024] - by_year[2023]


changes = pd.Series({board: change(answer) for board, answer in answers.items()}).sort_values()


# %%
def better_or_worse(axes):
    shades = ["black" if value < 0 else "lightgrey" for value in changes]
    axes.bar(range(64), changes, color=shades, edgecolor="black")
    axes.axhline(0, color="black", marker="", linestyle="-")
    axes.text(2, 2, "fewer came back: 35 definitions")
    axes.text(61, -3.5, "more came back: 29", ha="right")
    axes.set(xlabel="64 definitions, sorted", ylabel="change, of 1,000 stays", xticks=[])


months = ended[answers[our_board].index]
counted = months[here[months.index]].dt.year.value_counts()
claim(1000 * (0.13 * 0.87 * (1 / counted[2023] + 1 / counted[2024])) ** 0.5, about=11, within=0.5)
claim(((changes < 0).sum(), (changes > 0).sum()), exactly=(35, 29))
claim((round(changes.min()), round(changes.max())), exactly=(-17, 14))
says = "By 35 of 64 definitions fewer came back in 2024 than in 2023, by 29 more: from 17 fewer to 14 more of 1,000."
shown = changes.describe()[["min", "50%", "max"]].round(0).to_frame("change, of 1,000 stays")
figure(better_or_worse, says=says, table=shown)

# %% [markdown]
# Thirty-five say better, 29 say worse. (None of it is evidence: the standard error of such a change is at least about
# 11 of 1,000.) Whoever may choose the definition after the result may have either. The mend costs nothing: write the
# table first, print it beside the number, and show who was left out.


# %%
def waterfall(axes):
    steps = attrition.iloc[::-1]
    axes.barh(steps.index, steps["left"], color="lightgrey", edgecolor="black")
    for place, (lost, stay) in enumerate(steps.to_numpy()):
        axes.text(stay + 80, place, f"{stay:,} (minus {lost:,})", va="center")
    axes.set(xlabel="stays left", ylabel="after leaving out", xlim=(0, 16_000))


claim(int(attrition["left out"].iloc[:-1].sum()), exactly=788)
package = outcomes(contacts, deaths, data_end).set_index("contact_id").query("whole").state.eq("readmitted")
claim(bool((package.reindex(answers[our_board].index) == answers[our_board]).all()), exactly=True)
says = "Of 11,721 stays 8,903 can be counted: young follow-up takes 2,030, all other reasons together 788."
figure(waterfall, says=says, table=attrition)

# %% [markdown]
# From week 4 on the package does this, in `records.cohort`; on every stay it agrees with your lines.
#
# ## 7. The lead's lens
#
# *About 1 min · 47 min so far*
#
# Ask of the next rate that you are shown: who was left out, and how many? Good and evasive answers are in the
# [take-away](takeaway.md). Then one paragraph for your own place: which of the six choices has nobody made yet?
#
# ## What you have now
#
# - A rate is a definition and a count. Sixty-four of them span 96 to 148 of 1,000.
# - Two teams differ about people, and a total hides it. Name one.
# - Every exclusion has a count; the largest is time.
# - Choose before you look.
#
# **Next: lesson 2.** If Q1 or Q2 is still open, do it first.
#
# ## Sources
#
# - **cms-hwr**: CMS's hospital-wide readmission measure counts unplanned readmissions for any cause within 30 days of discharge; a specified set of readmissions is planned and does not count. CMS reports it for Medicare patients of 65 and older. Partnership for Quality Measurement, measure 3656 (HWR), description, read November 2026 in a stored copy.
# - **hwr-account**: By one open account, CMS's hospital-wide measure takes stays that ended alive and not against medical advice, gives a chain of transfers to its last stay, leaves out stays mainly for cancer, rehabilitation or mental health, and counts no unplanned return that follows a planned one. The Tuva Project, documentation on hospital readmissions, second hand, read November 2026 in a stored copy.
# - **models-ignore-elsewhere**: Of 81 readmission models in a review, 93% ignored readmission elsewhere and 33% did not state eligibility. Liu et al., BMJ Open 2021.
# - **pcr**: Plan All-Cause Readmissions, a measure of health plans, takes unplanned acute readmissions within 30 days of an acute hospitalization, inpatient and observation stays on both sides. National Committee for Quality Assurance, page of the measure, read November 2026 in a stored copy.
# - **observation-counted**: Of 2,586 US hospitals in 2017, 14.9% would switch between high and low performers on 30-day readmission if observation stays were fully counted; for heart attack, heart failure and pneumonia in 2011 and 2012, fewer than 4% of top performers would lose that place. Sabbatini et al., Med Care 2023, no. 11, 779-786, and an earlier study, PMC5850934; abstracts, read November 2026.
