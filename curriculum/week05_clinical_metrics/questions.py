"""Week 5: what is asked, and how. Answers and reasons are in ``keys.py``."""

from wardround.course.given import given
from wardround.course.questions import memo_form, prediction, question

prediction(
    "W05.P1",
    ask=(
        "The vendor's score has an AUROC of 0.83. A stay is flagged when it reaches two points at any time; it then flags 88 of "
        "100 septic stays. On our wards: of 100 flagged stays, how many are septic? Give a range that you are 80% sure of."
    ),
    unit="of 100 flagged stays",
)

prediction(
    "W05.P2",
    ask=(
        "Of 100 septic stays that have a score before anybody orders, how many does the score flag in the 24 hours before the first culture or antibiotic is ordered, "
        "and not only afterwards? Give a range that you are 80% sure of."
    ),
    unit="of 100 septic stays",
)

prediction(
    "W05.P3",
    kind="probability",
    ask=(
        "Take each score by itself, leave out what was computed after the first order, and ask whether an order for sepsis "
        "follows within 24 hours. The AUROC is still at least 0.75. How probable is that?"
    ),
)

question(
    "W05.Q1",
    answer="headlines",
    title="One set of counts, two true headlines",
    expects='a function of (ward, stays) that returns a dictionary with "sell it" and "kill it", each a dictionary with "who", '
    '"of" (two names from `given(5).GROUPS`) and "per 100"',
    kind="function",
    ask=lambda headlines, hospital: headlines(given(5).ward(hospital), given(5).stays(hospital)),
    hints=[
        "Count stays in four cells: flagged or not, septic or not. From the same four counts write the figure that sells "
        "the score and the figure that kills it. Both must be true.",
        "`ward` has one row a score, `stays` one row a stay. How many rows of `ward` has one stay? What makes a stay a "
        "flagged one? Print `stays.septic.sum()` beside it.",
        "A headline has two groups, and which of them stands below the line decides what it says. Of the *septic*, how many "
        "were flagged? Of the *flagged*, how many were septic? The numerator is the same in both. A figure "
        "that a score which never speaks would reach too, or better, sells nothing: most stays are not septic.",
        "The frame of it:\n\n"
        "```\n"
        "def headlines(ward, stays):\n"
        "    flagged = stays.encounter_id.isin(ward.encounter_id[ward.alert])\n"
        "    both = (flagged & stays.septic).sum()\n"
        "    return {\n"
        "        'sell it': {'who': 'flagged', 'of': 'septic', 'per 100': 100 * both / ...},\n"
        "        'kill it': {'who': ..., 'of': ..., 'per 100': ...},\n"
        "    }\n"
        "```",
    ],
)

question(
    "W05.Q2",
    answer="carried",
    title="The brochure, carried to our wards",
    expects="a function of (claim, places) that returns a DataFrame with place, flagged, ppv and a_week, one row a place",
    kind="function",
    ask=lambda carried, hospital: given(5).carried_with(carried, hospital),
    hints=[
        "The brochure's sensitivity and specificity come from a place where 20 of 100 have sepsis. If both held here, how "
        "many of 100 stays would be flagged in each of our places, and how many of 100 flagged stays would be septic?",
        "Take 1,000 stays of one place. How many are septic, by `prevalence`? How many of those are flagged? And of the "
        "others? `claim` has no predictive value in it. Why?",
        "Sensitivity is a share of the septic, specificity a share of the others; neither knows how many there are of each. "
        "The predictive value is a share of the flagged, who come from both groups: "
        "sens·p of the septic, (1 − spec)·(1 − p) of the others. For a week, take the place's own stays and its own days: one of "
        "the sites is not as old as the other in these data.",
        "In pandas:\n\n"
        "```\n"
        "def carried(claim, places):\n"
        "    right = claim['sensitivity'] * places.prevalence\n"
        "    wrong = (1 - claim['specificity']) * ...\n"
        "    flagged = right + wrong\n"
        "    return pd.DataFrame({\n"
        "        'place': places.place,\n"
        "        'flagged': 100 * flagged,\n"
        "        'ppv': 100 * ...,\n"
        "        'a_week': flagged * places.stays / ...,\n"
        "    })\n"
        "```",
    ],
)

question(
    "W05.Q3",
    answer="in_time",
    title="In time, or afterwards?",
    expects='a function of (ward, stays) that returns a dictionary with "septic", "in time", "two hours" and "lead"',
    kind="function",
    ask=lambda in_time, hospital: given(5).timed_with(in_time, hospital),
    hints=[
        "An alert helps if it comes before somebody has already thought of sepsis. Of the septic stays, which had an alert "
        "while they were at risk, and how long before the first order?",
        "Take one septic stay that is flagged, and print its rows of `ward` with `at`, `score`, `ordered`, and its "
        "`ordered_at`. When did the score reach two points: before the order, or because of it?",
        "Three cuts, in this order. Rows: keep those at risk (`~ordered & ~comfort_care`). Denominator: septic stays that have "
        "such a row at all; who was treated before the first score cannot be found by it. Alerts: those whose order comes at "
        "most 24 hours later; an alert on Monday did not find Friday's sepsis. The lead of a stay is that of its *earliest* alert that is left, the figure the median of those.",
        "The frame of it:\n\n"
        "```\n"
        "def in_time(ward, stays):\n"
        "    septic = stays.loc[stays.septic, ['encounter_id', 'ordered_at']]\n"
        "    rows = ward[~ward.ordered & ...].merge(septic, on='encounter_id')\n"
        "    rows['lead'] = (rows.ordered_at - rows['at']) / pd.Timedelta(hours=1)\n"
        "    n = rows.encounter_id.nunique()\n"
        "    lead = rows[rows.alert & ...].groupby('encounter_id').lead.max()\n"
        "    return {'septic': n, 'in time': 100 * len(lead) / n, 'two hours': ..., 'lead': lead.median()}\n"
        "```",
    ],
)

question(
    "W05.Q4",
    answer="by_group",
    title="Whom does it miss?",
    expects="a function of (septic, by) that returns a DataFrame with group, septic, sensitivity, low, high and verdict, one row a group",
    kind="function",
    ask=lambda by_group, hospital: given(5).grouped(by_group, hospital),
    hints=[
        "For each group of septic stays: how many of 100 were found in time, how sure is that, and may you say that the score "
        "serves this group no worse than everybody else?",
        "Print `septic.race.value_counts()`. Which groups are so small that one more patient moves the rate by five points? "
        "And what does an interval of the gap from −15 to +10 points rule out?",
        "Keep every group in the table, also the small and also those whose group nobody recorded; a group that is left out "
        "has no problem that anybody can see. *No significant difference* says that zero lies in the interval. That is so "
        "whenever the interval is wide. To say *no worse* you need the opposite: an interval that leaves out every gap you "
        "would have to answer for. Where neither holds, the honest word is *cannot tell*.",
        "The frame of it:\n\n"
        "```\n"
        "def by_group(septic, by):\n"
        "    rows = []\n"
        "    for group, mine in septic.groupby(by):\n"
        "        others = septic[septic[by] != group]\n"
        "        share = wilson(int(mine.found.sum()), len(mine))\n"
        "        gap = given(5).gap(mine.found.sum(), len(mine), ...)\n"
        "        if len(mine) < given(5).SMALLEST:\n"
        "            rows.append({'group': group, 'septic': len(mine), 'verdict': 'too few'})\n"
        "            continue\n"
        "        verdict = 'worse' if gap.high < 0 else 'no worse' if ... else 'cannot tell'\n"
        "        rows.append({'group': group, 'septic': len(mine), 'sensitivity': share.value, ...})\n"
        "    return pd.DataFrame(rows)\n"
        "```",
    ],
)

question(
    "W05.Q5",
    answer="rates",
    title="Rates that survive an empty cell",
    expects="a function of four counts (tp, fp, fn, tn) that returns a dictionary with sensitivity, specificity, ppv, npv and nne",
    kind="function",
    stretch=True,
    ask=lambda rates, hospital: given(5).rated(rates, hospital),
    hints=[
        "A ward had a quiet month: nobody septic, or nobody flagged. What does your report say then, and what will a "
        "reader take it for?",
        "Call your function with (0, 0, 3, 97) and with (0, 12, 0, 88). Which of the five figures are a share of nobody?",
        "A share of nobody is not 0 and not 1: it is unknown, and NaN says so and survives an average with `nanmean`. But a "
        "share that *can* be counted and is zero must stay zero: twelve flagged, nobody septic among them, is a PPV of 0. "
        "The number to evaluate for each septic stay found has septic stays found below the line.",
        "One helper does it:\n\n"
        "```\n"
        "def rates(tp, fp, fn, tn):\n"
        "    def share(part, whole):\n"
        "        return part / whole if whole else ...\n"
        "    return {'sensitivity': share(tp, tp + fn), ..., 'nne': share(tp + fp, tp)}\n"
        "```",
    ],
)

question(
    "W05.Q6",
    answer="by_patient",
    title="A bootstrap that draws patients",
    expects='a function of alerts that returns a dictionary with "share", "low" and "high"',
    kind="function",
    stretch=True,
    seconds=2,
    ask=lambda by_patient, hospital: by_patient(given(5).alerts(hospital)),
    hints=[
        "Of all alerts, at any time, what share belongs to septic stays, and between which values would that lie on other "
        "patients of the same kind?",
        "How many alerts has the patient with the most? If she had been admitted elsewhere, how many rows would be gone?",
        "Draw people, with replacement, as many as there are. Who is drawn twice brings every alert twice; who is not drawn "
        "brings none. So a drawn sample does not have as many rows as the table. It is quick if you count first: alerts "
        "and septic alerts of each person; then a draw is two sums.",
        "The frame of it:\n\n"
        "```\n"
        "def by_patient(alerts):\n"
        "    each = alerts.groupby('person_id').septic.agg(['sum', 'size']).to_numpy()\n"
        "    dice, shares = np.random.default_rng(0), []\n"
        "    for _ in range(2000):\n"
        "        drawn = each[dice.integers(0, len(each), ...)]\n"
        "        shares.append(drawn[:, 0].sum() / ...)\n"
        "    low, high = np.quantile(shares, [0.025, 0.975])\n"
        "    return {'share': ..., 'low': low, 'high': high}\n"
        "```",
    ],
)

memo_form(
    "W05.M",
    fields={
        "headline": "the one figure that you would put first, with its unit, its denominator and its interval",
        "at_our_prevalence": "what the brochure's figures become here: of 100 flagged stays, and for whom",
        "in_time": "how often, and how long, before anybody had ordered",
        "burden": "what a ward receives in a day or a week, and under which rule",
        "who_is_missed": "which groups you can speak of, and which not yet",
        "decision": "what is done with the score, by whom and until when",
        "changes_my_mind": "what you would have to see to decide otherwise",
    },
)
