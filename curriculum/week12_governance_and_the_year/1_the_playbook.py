# %% [markdown]
# # Lesson 1: the playbook
#
# *About 39 minutes (an estimate). Words are in the [glossary](../glossary.md).*
#
# Three systems run at Quillmere, and a surveyor comes in spring. A colleague has changed the letterhead of another house's policy:
# *models are regularly reviewed by appropriate staff, and incidents are escalated without delay.* Fourteen pages, no name, no number. Your name goes under it. **Would you sign it for a year?**
#
# You will be able to
#
# - write a decision that somebody could find to be wrong, and have a machine look;
# - bring an incident's first day into an order, with its clocks (Q1);
# - say which rule touches which feature, and since when (Q2);
# - finish A4, your own playbook, from what you built.
#
# ## Before you go on
#
# *About 6 min · 6 min so far*
#
# Five questions on weeks 6 to 11; then R6: with it right, only run section 3.

# %%
import json
from collections import Counter

import pandas as pd
from wardround import claim, quiz
from wardround.course.authoring.prose import facts as course_facts
from wardround.course.places import week_folder, work
from wardround.course.playbook_facts import gather, said_in
from wardround.evaluation import figure
from wardround.operations.playbook.held import Held
from wardround.operations.playbook.linter import lint
from wardround.operations.playbook.reading import read

pd.set_option("display.max_colwidth", None)

# %%
for n in range(1, 6):
    display(quiz(f"W12.R{n}"))

# %%
quiz("W12.R6")

# %% [markdown]
# ## 1. What is in use
#
# *About 4 min · 10 min so far*
#
# A playbook begins with a list, and the list is read from logs and settings, not typed. Yours comes from your `work` folder; another team's at Quillmere, made up for this lesson, lies beside it.

# %%
own = gather()
theirs = json.loads((week_folder(12) / "quillmere_facts.json").read_text(encoding="utf-8"))


def inventory(gathered):
    asked = ["title", "version", "threshold", "approved_by", "where"]
    rows = {name: {key: one.get(key, "–") for key in asked} for name, one in gathered["systems"].items()}
    return pd.DataFrame(rows).T.rename_axis("system")


claim((len(theirs["systems"]), "version" in theirs["systems"]["early_warning"], "approved_by" in theirs["systems"]["early_warning"]), exactly=(3, False, False))
inventory(theirs)

# %%
inventory(own) if own["systems"] else "Nothing of yours is on this machine yet. Nothing is lost: go on with the other team's."

# %% [markdown]
# The gaps tell most: the early warning has no version, and nobody approved it.
#
# Next, a **tier** for each: *what happens to a patient if it is wrong for a day, and nobody sees it?* A wrong list costs a phone call; a wrong number at the desk moves a nurse, at once. Tiers decide who must approve and how short a clock is. These are our words, not a
# regulator's.
#
# ## 2. A sentence that can be wrong
#
# *About 8 min · 18 min so far*
#
# The same matter twice:

# %%
decided = (week_folder(12) / "quillmere_decisions.toml").read_text(encoding="utf-8")
policy = "Thresholds are regularly reviewed by appropriate clinical staff."
part = decided[decided.index("[threshold]") : decided.index("[monitoring]")]
print(policy, "\n\n" + part)

# %% [markdown]
# The first can never be wrong, and neither can a PDF model card (M33). The second can: by a seat, a day, a number. The linter holds twelve decisions against what was built, the rules, and each other.
#
# How many of the other team's sentences does it contradict? Say a number, then run.

# %%
def contradictions(text, gathered=theirs):
    found = lint(Held(gathered, read(text))).findings
    return pd.DataFrame({"says": [one.says for one in found]}, [one.kind for one in found])


found = contradictions(decided)
claim((len(found), found.index[0]), exactly=(5, "threshold is what runs"))
found.head(1)

# %% [markdown]
# Five. The first: whoever signed believed that 100 of 1,000 is the limit; since November it is 130. Nobody lied: version 2 came with its own threshold, and the document stayed in its drawer.
#
# There are two ways to mend it, and the linter does not choose: **change the sentence, or change the world.** Here version 2 was compared, approved by a second person and released; so the sentence moves.

# %%
mended = decided.replace("care_calls = 0.10", "care_calls = 0.13")
found = contradictions(mended)
claim((len(found), found.index[0]), exactly=(4, "rollback is as measured"))
calls, flown = (theirs["systems"][name] for name in ("care_calls", "early_warning"))
claim((calls["threshold"], calls["drills"][-1]["minutes"], flown["rollback"]["minutes"]), exactly=(0.13, 42.0, 60))
found.iloc[:2]

# %% [markdown]
# The next two are one promise, *back in 30 minutes*: the drill took 42, the flown plan says 60. Promise 90, or drill until it is 30.

# %%
mended = mended.replace("minutes = 30", "minutes = 90")
found = contradictions(mended)
claim(list(found.index), exactly=["clocks keep the law", "retention claims no more"])
list(found.index)

# %% [markdown]
# What no linter sees: whether the nurse lead knows that the alarm is hers. **An owner is a person who has said yes.** Ask all of them before the page is printed.
#
# ## 3. Clocks
#
# *About 6 min · 24 min so far*

# %%
found.loc["clocks keep the law", "says"]

# %% [markdown]
# *We notify after the investigation has confirmed it* sounds careful. The clock started before, when anybody of the workforce knew, or with diligence would have [breach-individuals](#Sources); HHS, for 500 people or more, hears with them [breach-hhs](#Sources). Invented days:

# %%
knew = pd.Timestamp("2026-03-03 16:40")  # an analyst sees names in a monitoring export, and writes a ticket
confirmed = pd.Timestamp("2026-04-10 09:00")  # the investigation's report
clocks = {
    "the playbook's own: the privacy officer": pd.Timedelta(hours=4),
    "were it the EU: the authority, where feasible": pd.Timedelta(hours=72),
    "US: the people, and HHS if they are 500 or more": pd.Timedelta(days=60),
}
table = pd.DataFrame({who: {"at the latest": knew + left, "as the report has it": confirmed + left} for who, left in clocks.items()}).T
claim((confirmed - knew).days, exactly=37)
table

# %% [markdown]
# Thirty-seven days were gone when the report came. Sixty is a ceiling: the duty is *without unreasonable delay*. A vendor who finds it has its own clock, which your contract may shorten to days [associate-notice](#Sources); your State may be quicker. In the European Union it is 72 hours
# from becoming aware [gdpr-breach](#Sources).
#
# So the first day has an order. Telling the privacy officer needs no root cause.

# %%
mended = mended.replace('clock_starts = "confirmation"', 'clock_starts = "discovery"')
claim(len(contradictions(mended)), exactly=1)
list(contradictions(mended).index)

# %% [markdown]
# **Now Q1 in the exercise** (8 minutes): twelve steps, two of which nobody should take.
#
# ## 4. Thirty-one questions
#
# *About 4 min · 28 min so far*
#
# US rules ask developers of certified health software for 31 source attributes of a predictive tool; it is a duty to disclose, with no threshold to pass, and a proposal would remove it [source-attributes](#Sources). You may ask them of any vendor, and of yourself. How
# many can the other team fill for its own list, from logs and memos?

# %%
card = pd.DataFrame(theirs["card"]["entries"])
known = card.assign(known=card.text != "").groupby("group", sort=False).known.agg(["sum", "size"])
claim((int(known["sum"].sum()), len(card), int(known.loc["External validation", "sum"])), exactly=(12, 31, 0))


def draw(axes):
    axes.barh(known.index, known["size"], color="none", edgecolor="#555555", hatch="//")
    axes.barh(known.index, known["sum"], color="#1b6ca8")
    axes.invert_yaxis()
    axes.set(xlabel="attributes: filled are known, hatched are not", ylabel="group")


says = "Of the 31 source attributes 12 are known. Nothing is known of external validation, nor of the fairness of the development; the output and the purpose are known best."
figure(draw, says=says, table=known.rename(columns={"sum": "known", "size": "of"}))

# %% [markdown]
# Twelve of 31. The rest names who must be asked:

# %%
Counter(card[card.text == ""].who).most_common(4)

# %% [markdown]
# A gap with a name is work; a full card has been filled, not validated.
#
# ## 5. Which rule touches what
#
# *About 6 min · 34 min so far*

# %%
quiz("W12.R7")  # with it right, this section need only be run

# %%
touches = {
    "source-attributes": "predictive tools that a certified record brings (its maker's duty); for a model of your own a checklist",
    "section-1557": "each tool that supports decisions on care with race, sex, age … as inputs, also without AI; your own duty",
    "cds-device": "ward early warning, triage assistant: are all four met (no image or signal; medical information; for a professional; who can review the basis)?",
    "part-2": "records of a programme that treats substance use, in notes, lists, prompts",
    "agreement-limits": "note summaries by a vendor",
    "state-ai": "a chatbot for patients; letters that nobody has read",
    "breach-presumed": "what went where it may not go: a breach, until a written assessment says otherwise",
    "device-reports": "a death or serious injury to which a device may have contributed: ten work days",
    "documents-six-years": "policies and assessments, not each log",
}
held = course_facts()
rules = pd.DataFrame({name: {"touches": what} | {key: held[name][key] for key in ("as_of", "review_by")} for name, what in touches.items()}).T
rules

# %% [markdown]
# Dated facts of [the course's list](../facts.toml); what they touch is our reading, no legal advice. *Regulation is the lawyers' task* (M32), until you look which line of yours decides. *There is no AI in it*: the duty on discrimination covers flowcharts and scores, and binds whoever uses
# them; its enforcement is unsettled [section-1557](#Sources). *The vendor is compliant*: an agreement makes nothing safe. *The law says*: ask whether it is proposed, passed, or in force. A rule without a date is a rumour.
#
# ### Europe on one page

# %%
europe = [
    ("2 Aug 2026", "EU AI Act, Article 50: people are told they talk to a machine", "in force"),
    ("5 Feb 2026", "UK GDPR: changed rules on automated decisions", "in force"),
    ("2 Dec 2027", "EU AI Act, high-risk of Annex III", "to come"),
    ("2 Aug 2028", "EU AI Act, high-risk products, medical devices among them", "to come"),
    ("–", "changes of the GDPR, of 72 to 96 hours among them", "proposed, no law"),
    ("–", "MHRA's AI Airlock (UK)", "a sandbox, no route to market"),
]
pd.DataFrame(europe, columns=["day", "what", "as read in November 2026"]).set_index("day")

# %% [markdown]
# The dates moved in July 2026 [ai-act-dates](#Sources): pages from spring are stale; the British lines are [uk-ai](#Sources). Whether your tool is *high-risk* is a question to counsel.
#
# **Five questions** of each feature, and each rule answers to its own: whose health information? who holds it, readable or not? who made it? what does it help to decide? with which inputs?
#
# **Now Q2** (12 minutes): six features.
#
# ## 6. Kept, and ended
#
# *About 5 min · 39 min so far*

# %%
contradictions(mended).loc["retention claims no more", "says"]

# %% [markdown]
# To keep logs as long may be wise; then write *our policy*.

# %%
log = 'kind = "audit log"\nyears = 6\nrule = "{}"'
mended = mended.replace(log.format("45 CFR 164.316(b)"), log.format("our policy"))
claim(len(contradictions(mended)), exactly=0)
print(mended[mended.index("[retirement]") : mended.index("[source_attributes]")])

# %% [markdown]
# No contradiction left is not the same as right. The page that policies lack: **what would end this?** A number, an owner, and who is told.
#
# Yours, if you have begun:

# %%
path = work() / "playbook" / "decisions.toml"
if path.exists():
    mine = path.read_text(encoding="utf-8")
    print(f"{len(read(mine).open)} places are still open")
    display(contradictions(mine, gather(said=said_in(read(mine)))))
else:
    print("Begin A4 with `python start.py playbook`; it lays out the twelve decisions.")

# %% [markdown]
# ## What you have now
#
# - An inventory that was read, not typed; its gaps are the news.
# - Five sentences were contradicted, and mended.
# - A clock that starts with discovery: 37 days were gone with the report.
# - Twelve of 31 attributes, and whom to ask for the others.
# - Rules with dates; a proposal is none.
#
# **Next: [lesson 2](2_the_year.ipynb)**, where the sentences are flown.
#
# ## Sources
#
# - **ai-act-dates**: Regulation (EU) 2026/1744, in force since 27 July 2026, moved the AI Act's duties for high-risk systems to 2 December 2027 (Annex III) and 2 August 2028 (products, medical devices among them); Article 50, telling people that they talk to a machine, applies since 2 August 2026. OJ L 2026/1744, as reported by trackers and references of August to October 2026, read in stored copies.
# - **associate-notice**: A business associate tells the covered entity of a breach without unreasonable delay, at most 60 days after discovery; contracts shorten that to days. 45 CFR 164.410, as explained by a compliance firm, read November 2026 in a stored copy.
# - **breach-hhs**: HHS is told of a breach of 500 or more people together with the individuals, of a smaller one within 60 days after the end of the calendar year in which it was discovered; stricter or shorter state law still applies. 45 CFR 164.408, as explained by a security firm's guide to incident response of 2026, read November 2026 in a stored copy.
# - **breach-individuals**: After a breach of unsecured health information the individuals are told without unreasonable delay, at most 60 calendar days after discovery; it is discovered on the day on which it is known, or with reasonable diligence would have been known, to any member of the workforce or agent. 45 CFR 164.404, as explained by a security firm's guide to incident response of 2026, read November 2026 in a stored copy.
# - **gdpr-breach**: GDPR, Article 33: the controller tells the authority of a breach without undue delay and, where feasible, within 72 hours of becoming aware, unless a risk to people is unlikely; 96 hours are proposed, and not law. Text of the article, and a law firm on the proposal of November 2025, read November 2026 in stored copies.
# - **section-1557**: Since 1 May 2025, 45 CFR 92.210 asks providers and plans with federal funds for reasonable efforts to identify patient care decision support tools with race, color, national origin, sex, age or disability as inputs, also without AI, and to mitigate the risk of discrimination; nothing that was read rescinds it, its enforcement is unsettled. 89 FR 37522 and the civil rights office's letter of January 2025, as reported by law firms and others to June 2026, read in stored copies.
# - **source-attributes**: For predictive decision support, developers of certified health IT must supply 31 source attributes; it is a duty to disclose, without a threshold of performance. A proposal of 29 December 2025 (HTI-5) would remove it; no final rule had been found by mid-2026. 45 CFR 170.315(b)(11), final rule 89 FR 1192, attributes as implemented in OpenEMR; HTI-5, 90 FR 60970; read in stored copies.
# - **uk-ai**: The MHRA's AI Airlock is a sandbox and no route to market; the UK GDPR's rules on automated decisions were changed by the Data (Use and Access) Act 2025, from 5 February 2026. MHRA's blogs of 2025 and 2026, and a guide of April 2026, read in stored copies.
