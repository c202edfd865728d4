"""Week 6: what is asked, and how. Answers and reasons are in ``keys.py``."""

from wardround.course.given import given
from wardround.course.questions import memo_form, prediction, question

prediction(
    "W06.P1",
    ask=(
        'A colleague trained week 4\'s model with `class_weight="balanced"`. On later stays of Quillmere, take those to whom it '
        "gives a risk of 50 to 60 of 100. How many of 100 of them came back? Give a range that you are 80% sure of."
    ),
    unit="of 100 stays",
)

prediction(
    "W06.P2",
    ask=(
        "Forty calls a week. Whoever sees the whole week at once calls its forty highest risks and reaches a certain number of "
        "readmissions. Eight calls each day, the highest of that day's list: of 100 of those readmissions, how many are still reached? "
        "Give a range that you are 80% sure of."
    ),
    unit="of 100 readmissions",
)

prediction(
    "W06.P3",
    kind="probability",
    ask=(
        "At Quillmere the model's risks add up to about what comes. At Eastbank, which it has never seen, readmissions observed over "
        "expected lie between 0.8 and 1.25 as well. How probable is that?"
    ),
)

prediction(
    "W06.P4",
    ask=(
        "Cut week 4's model at the corner of its ROC curve, where sensitivity plus specificity is largest, and call everybody on the "
        "year's lists who lies above. In how many of the 52 weeks of 2024 are more than forty above it? Give a range that you are 80% sure of."
    ),
    unit="of 52 weeks",
)

prediction(
    "W06.P5",
    kind="probability",
    ask=(
        "Somebody holds one return found to be worth nineteen needless calls, so the threshold is 5%. There the model is worth at least "
        "five returns found of 1,000 stays more than calling everybody without a model (needless calls taken off at that price: net benefit). "
        "How probable is that?"
    ),
)

prediction(
    "W06.P6",
    kind="probability",
    ask=(
        "Two models for a threshold of 12.5%: the balanced one, and the card LACE with its points turned into risks. The balanced one has "
        "the higher AUROC. It also has the higher net benefit (returns found, less needless calls at the price of seven). How probable is that?"
    ),
)

question(
    "W06.Q1",
    answer="repaired",
    title="A class-balanced model, repaired",
    expects="a function of (rows, later) that returns one risk between 0 and 1 for each row of `later`, in their order",
    kind="function",
    ask=lambda repaired, hospital: given(6).repaired_with(repaired, hospital),
    hints=[
        "The colleague's scores rank as well as ours and promise three times too much. Turn each `score` of `later` into a risk that "
        "can be taken at its word: of a hundred at 20%, about twenty come back.",
        "Compare `score.mean()` and `back.mean()` in each `part` of `rows`. On which part was the model fitted, and which part is as "
        "near to `later` as you can get? Then divide `watched` into ten groups by score and look at both means.",
        "Balancing adds about the same amount to everybody's *log-odds*, log(p / (1 − p)). So take it away there: find the one shift "
        "after which the risks of the watched stays add up to the events among them, or fit a logistic regression of `back` on the "
        "score's log-odds (Platt), or isotonic regression where events are many. Dividing risks by three is not the same.",
        "Platt's way, in scikit-learn:\n\n"
        "```\n"
        "def repaired(rows, later):\n"
        "    watched = rows[rows.part == ...]\n"
        "    place = lambda score: np.log(score / (1 - score)).to_numpy().reshape(-1, 1)\n"
        "    line = LogisticRegression(C=1e6).fit(place(watched.score), ...)\n"
        "    return line.predict_proba(place(...))[:, 1]\n"
        "```",
    ],
)

question(
    "W06.Q2",
    answer="curve",
    title="Net benefit and the decision curve",
    expects="a function of (outcome, risk, thresholds) that returns a DataFrame with threshold, model, treat all and treat none, one row a threshold",
    kind="function",
    ask=lambda curve, hospital: given(6).curves_with(curve, hospital),
    hints=[
        "At each threshold: what is acting on the model's list worth, beside acting on everybody and on nobody? Worth is counted in "
        "events found per person, less needless actions at the price that the threshold puts on them.",
        "Whoever acts from 10% on takes nine needless actions for one event found. So one needless action costs one ninth of an event. Which "
        "fraction of the threshold is that?",
        "Net benefit is TP/n − FP/n · t/(1 − t). Both counts are divided by *everybody*, not by the flagged. Acting on all is the "
        "same formula with everybody flagged; acting on none is 0. A risk equal to the threshold is acted on.",
        "In pandas:\n\n"
        "```\n"
        "def curve(outcome, risk, thresholds):\n"
        "    rows = []\n"
        "    for t in thresholds:\n"
        "        flagged, price = risk >= t, ...\n"
        "        model = (flagged & outcome).mean() - (flagged & ~outcome).mean() * price\n"
        "        everybody = outcome.mean() - ...\n"
        "        rows.append({'threshold': t, 'model': model, 'treat all': everybody, 'treat none': 0.0})\n"
        "    return pd.DataFrame(rows)\n"
        "```",
    ],
)

question(
    "W06.Q3",
    answer="todays_calls",
    title="Forty calls a week, without seeing Friday",
    expects="a function of (discharges, day, left) that returns a list of the encounter_ids to call today, `left` of them at most",
    kind="function",
    seconds=3,
    ask=lambda todays_calls, hospital: given(6).programme(todays_calls, hospital),
    hints=[
        "It is nine o'clock, and the nurse wants today's names. Which of the calls that are left this week belong to today's list, and "
        "to whom on it?",
        "Print `discharges.weekday.value_counts().sort_index()`. Which day has three days' discharges on its list? What does a rule of eight a day do "
        "there, and what does one that calls the highest `left`?",
        "You may look at everything up to `day`, and at nothing after it: not the risks of Friday, nor how many will be on its list. But "
        "past weeks tell what usually comes. Give today its share of what is left: today's usual list over the usual lists "
        "of today to Friday. Then the highest risks of today's list. Any rule of that kind will do, also a risk from which on you call, if past "
        "weeks give it and Friday uses up what is left.",
        "In pandas:\n\n"
        "```\n"
        "def todays_calls(discharges, day, left):\n"
        "    past = discharges[discharges.week < day // 7]\n"
        "    like_today = (past.weekday == day % 7).sum()\n"
        "    still_to_come = (past.weekday >= ...).sum()\n"
        "    today = discharges[discharges.day == day]\n"
        "    return today.nlargest(round(left * like_today / ...), 'risk').encounter_id.tolist()\n"
        "```",
    ],
)

question(
    "W06.Q4",
    answer="consequences",
    title='"3% more missed": of what?',
    expects='a function of (septic, burden) that returns a dictionary with "points", "of the caught", "more missed", "soon anyway", and two ranges '
    '(low, high): "hours" and "minutes"',
    kind="function",
    ask=lambda consequences, hospital: given(6).weighed(consequences, hospital),
    hints=[
        "The vendor proposes a lockout of 48 hours: three of ten alerts stay, and *only 3% more missed*. Write down what that is a share of, "
        "what becomes of those patients, and what a shift gains.",
        "Print `septic[septic.now.notna() & septic.proposed.isna()]`. How many are they, of how many septic stays, of how many caught now, of how many "
        "missed now? And how many hours ahead of the order had their alert been?",
        "All septic stays here were recognised in the end, by an order, and a pause takes only repeats. If the first alert was acted on, its repeat "
        "is no loss; if it was passed over, what is lost is the repeat's lead, the hours in `now`. Who still has one in time, and later, loses "
        "the difference. `ACTED_ON` gives the share of it at both ends. On the other side: alerts fewer, a shift, `MINUTES` each.",
        "The frame of it:\n\n"
        "```\n"
        "def consequences(septic, burden):\n"
        "    caught = septic.now.notna()\n"
        "    lost = septic[caught & septic.proposed.isna()]\n"
        "    hours = (septic.now - septic.proposed.fillna(...)).sum() / (burden['days'] / 365)\n"
        "    fewer = (burden['now'] - burden['proposed']) / (burden['days'] * given(6).SHIFTS_A_DAY)\n"
        "    return {\n"
        "        'points': 100 * len(lost) / len(septic),\n"
        "        'of the caught': ..., 'more missed': 100 * len(lost) / (~caught).sum(),\n"
        "        'soon anyway': 100 * (lost.now <= given(6).SOON).mean(),\n"
        "        'hours': tuple(share * hours for share in given(6).ACTED_ON),\n"
        "        'minutes': ...,\n"
        "    }\n"
        "```",
    ],
)

question(
    "W06.Q5",
    answer="by_group",
    title="Observed over expected, by group",
    expects="a function of (stays, by) that returns a DataFrame with group, stays, events, expected, oe, low, high and verdict, one row a group",
    kind="function",
    stretch=True,
    ask=lambda by_group, hospital: given(6).grouped(by_group, hospital),
    hints=[
        "For each group: how many readmissions did the model promise, how many came, how sure is their ratio, and what may you say of the group?",
        "The sum of `risk` over a group's stays is what was promised to that group. Is it the share of the group times the sum of all?",
        "Over expected means: of the same stays. A ratio below 1 is too many promised. An interval that holds 1 shows nothing by itself: "
        "only one that lies inside the margins says that the promise holds, and only one that leaves out 1 says that it does not. Keep "
        "small groups and those not recorded, without a ratio where events are few.",
        "The frame of it:\n\n"
        "```\n"
        "def by_group(stays, by):\n"
        "    rows = []\n"
        "    for group, mine in stays.groupby(by):\n"
        "        row = {'group': group, 'stays': len(mine), 'expected': mine.risk.sum()}\n"
        "        if mine.back.sum() < given(6).SMALLEST:\n"
        "            rows.append(row | {'verdict': 'too few'})\n"
        "            continue\n"
        "        oe = observed_over_expected(mine.back, mine.risk)\n"
        "        inside = oe.low >= 1 / given(6).MARGIN and ...\n"
        "        verdict = 'holds' if inside else 'promises too many' if ... else ...\n"
        "        rows.append(row | {'events': mine.back.sum(), 'oe': oe.value, 'low': oe.low, 'high': oe.high, 'verdict': verdict})\n"
        "    return pd.DataFrame(rows).reindex(columns=[...])\n"
        "```",
    ],
)

question(
    "W06.Q6",
    answer="slide",
    title="The slide that picks the ROC corner",
    expects='a function of (outcome, risk, needless) that returns a dictionary with "corner", "price", "cut" and "lost"',
    kind="function",
    stretch=True,
    ask=lambda slide, hospital: given(6).slid(slide, hospital),
    hints=[
        "A slide says *optimal threshold*. Optimal at whose price? Find the corner, the price it takes, the cut that the price of the people in the room "
        "asks for, and what the slide costs them.",
        "At the corner sensitivity plus specificity is largest. What is one more event found worth in that sum, and what one needless action? "
        "How many of each are there?",
        "One event is 1/events of sensitivity, one needless action 1/others of specificity. So the corner holds one event to be worth others/events needless "
        "actions, whatever anybody in the room thinks. Who holds it to be worth `needless` cuts at 1/(1 + needless), and measures both lists at that price.",
        "The frame of it:\n\n"
        "```\n"
        "def slide(outcome, risk, needless):\n"
        "    curve = roc(outcome, risk)\n"
        "    corner = curve.threshold[(curve.sensitivity - curve.false_positive_rate).idxmax()]\n"
        "    cut = ...\n"
        "    lost = net_benefit(outcome, risk, cut) - net_benefit(outcome, risk, cut, at=corner)\n"
        "    return {'corner': corner, 'price': (~outcome).sum() / ..., 'cut': cut, 'lost': 1000 * lost}\n"
        "```",
    ],
)

memo_form(
    "W06.M",
    fields={
        "owner": "one person by name of the role: who may move the threshold, and answers for it",
        "threshold": "the risk from which on somebody is called, such as 0.13, on which stays, and whether of repaired risks",
        "harm_ratio": "how many needless calls one readmission found is worth to you, and who was asked",
        "capacity": "calls a week, by whom, and how many of 100 discharges that is",
        "who_pays": "who pays for each side: those called in vain, those missed, and whoever stops doing something",
        "decision": "what you ask for, beginning with 'Approve': what is done from when to when, where, and where not",
        "changes_my_mind": "the figure at which you would move the threshold or stop",
    },
)
