"""Week 8: what is asked, and how. Answers and reasons are in ``keys.py``."""

from wardround.course.given import given
from wardround.course.questions import memo_form, prediction, question

prediction(
    "W08.P1",
    ask=(
        "Each week forty inputs of the model are tested against the year before, at p < .05 each. Nothing has happened. Of 100 such "
        "weeks, in how many does at least one test raise an alarm? Give a range that you are 80% sure of."
    ),
    unit="of 100 quiet weeks",
)

prediction(
    "W08.P2",
    ask=(
        "The readmission model has an AUROC of 0.69. For a year it says who is called, and a nurse's visit that takes away three fifths of the "
        "risk comes with each call. What is its AUROC on the outcomes on record, among all who go home? Give a range that you are "
        "80% sure of."
    ),
    unit="AUROC, 0.5 to 1",
)

prediction(
    "W08.P3",
    ask=(
        "A service of home visits ends, and within a year readmissions rise from 12 to 19 of 100. The model is as it was. How large is "
        "the PSI of its score, that year against the year before? (You will meet dashboards that call .1 a shift, and .25 a large one.) Give a "
        "range that you are 80% sure of."
    ),
    unit="PSI",
)

question(
    "W08.Q1",
    answer="alarms",
    title="A rule that keeps quiet",
    expects="a function of signals (a table of some weeks) that returns one True or False for each week, in their order",
    kind="function",
    seconds=4,
    ask=lambda alarms, hospital: given(8).watched(alarms, hospital),
    then=lambda answer, hospital: given(8).held_against_the_quarters(answer, hospital),
    hints=[
        "You get thirteen weeks, forty inputs each, and say in which weeks somebody is to be called. At most one false alarm a year, and a "
        "laboratory value that is off by 0.6 standard deviations is seen within four weeks, eight times of ten. The upper end of the interval counts: aim at 0.15.",
        "Count first: in how many weeks of the quiet quarters does your rule alarm? And in a shifted one, what are the smallest p from "
        "week 5 on, and of which input?",
        "A quarter has 13 times 40 tests. At a level a, 520 a false ones are expected in it, whatever the level is called. One road: choose a so "
        "that this is small. Another: chance moves from input to input, and a fault stays where it is, so ask for the same input in two "
        "weeks running; two rare things by chance are very rare.",
        "Two frames; choose one:\n\n"
        "```\n"
        "def alarms(signals):\n"
        "    return signals.groupby('week').p.min() < ... / (13 * 40)\n"
        "\n"
        "def alarms(signals):\n"
        "    low = signals.pivot(index='week', columns='input', values='p') < ...\n"
        "    return (low & low.shift(1, fill_value=False)).any(axis=1)\n"
        "```",
    ],
)

question(
    "W08.Q2",
    answer="diagnosis",
    title="Six panels, one alarm each",
    expects="a dictionary: letter of a panel to a pair of a cause of `given(8).CAUSES` and the signal that shows it",
    takes=dict,
    ask=lambda diagnosis, hospital: given(8).diagnosed(diagnosis, hospital),
    hints=[
        "Six times an alarm went off. For each panel say what is behind it, and by which one signal you know. Causes may come once, or not at all.",
        "In each panel, list first what did *not* move. A rise of calls with still scores, a fall of returns with a still hold-out: what does "
        "each leave open?",
        "Three layers. Inputs: one site or both, a jump that stays or a week that goes back, missing or other. Outputs: do scores and flagged move "
        "together? Outcomes: settled or not, and is the hold-out, which no call touches, where it was? Where nothing shows a cause, the signal is "
        "`nothing`.",
        "Go through: unit, only `creatinine_eastbank` moves far. Code, `no_sodium` near 100. Analyser, `haemoglobin` stays away. Typo, `flagged` "
        "up and `score` still. Labels, `known` falls. Town, `oe` and `oe_hold_out` both up. Calls, `oe` down, hold-out not. Season, as the year before. Chance, "
        "back in the week after.\n\n"
        "```\n"
        "diagnosis = {\n"
        "    'A': ('the model has worn out', 'score'),  # the form; which is right is yours\n"
        "    'B': ('chance', 'nothing'),\n"
        "    ...\n"
        "}\n"
        "```",
    ],
)

question(
    "W08.Q3",
    answer="performance",
    title="How good is it, had nobody been called?",
    expects="a function of the year's discharges that returns a dictionary with n, events, oe, oe_low, oe_high, auroc, auroc_low, auroc_high",
    kind="function",
    seconds=6,
    ask=lambda performance, hospital: given(8).performed(performance, hospital),
    hints=[
        "The model has been calling for a year. How good is it in all who go home, whatever their score, had nobody been called? Give O/E and AUROC, each "
        "with an interval of 95%, and say on how many stays and returns they stand.",
        "Whom could the score have put on the list, and in whom of these has no call changed anything, whatever the score? And whose 150 days are over on "
        "`AS_OF`?",
        "A call changes the outcome that it was made to change, so those who were called, and those whom the model passed over, are no "
        "witnesses. Who goes home with a ticket is one, with a high score or a low one. Outcomes are settled after `FOLLOW_UP`. Patients may "
        "draw several tickets: draw people, not rows, for the interval.",
        "The frame of it:\n\n"
        "```\n"
        "def performance(year):\n"
        "    settled = year.discharged_at + given(8).FOLLOW_UP <= ...\n"
        "    rows = year[year.held_out & ... & settled]\n"
        "    ratio = bootstrap(lambda back, score: back.sum() / score.sum(), rows.patient, rows.back, rows.score)\n"
        "    area = bootstrap(auroc_value, ...)\n"
        "    return {'n': len(rows), 'events': rows.back.sum(), 'oe': ratio.value, 'oe_low': ratio.low, ...}\n"
        "```",
    ],
)

question(
    "W08.Q4",
    answer="decisions",
    title="Five situations",
    expects="a dictionary: number of a situation to a pair of an action of `given(8).ACTIONS` and an owner of `given(8).OWNERS`",
    takes=dict,
    ask=lambda decisions, hospital: given(8).decided(decisions, hospital),
    hints=[
        "Five alarms. For each say what is done first, and who decides it.",
        "For each: what moved, the data, the release, or the outcomes? And what did the other two do? (One of the five is left alone, and that, too, is "
        "somebody's decision.)",
        "Wrong data are mended where they come from. What came with a release goes back with it. If patients are sorted as well as before and the level is "
        "off, in outcomes that are settled and untouched by calls, the risks are moved. New weights are for what sorts worse, with enough such "
        "outcomes to learn from. What harms nobody, is not known yet, or is a success, is left. Backwards one person may go; forwards it takes two.",
        "One from elsewhere: *glucose at one site has a median of 6, it was 110 on Friday; nothing was released*. Data moved, at one site. The release did "
        "not, outcomes are not known: mend the feed. Who can? Whoever answers for that interface.\n\n"
        "```\n"
        "decisions = {\n"
        "    1: ('mend the feed', 'feed owner'),\n"
        "    2: ('...', '...'),\n"
        "    ...\n"
        "}\n"
        "```",
    ],
)

memo_form(
    "W08.M",
    fields={
        "signals": "what is looked at, over which window, and when it is known: data at the door, inputs, scores and calls, outcomes",
        "limits": "the value at which somebody is called, and how many false alarms a year that makes",
        "owners": "who gets which alarm, and who decides",
        "actions": "what is done first for which alarm, and what may be done by one person alone",
        "not_watched": "what the plan does not see, and who would notice instead",
        "hold_out": "whether it goes on, its size, who approved it, what it costs in people, when it is looked at again",
        "decision": "from when on the plan holds, and when it is judged itself",
    },
)

question(
    "W08.Q5",
    answer="psi",
    title="PSI by hand",
    expects="a function of (reference, current), two columns, that returns one number",
    kind="function",
    stretch=True,
    ask=lambda psi, hospital: given(8).psis(psi, hospital),
    hints=[
        "PSI compares two columns by the shares of their values in ten bins, and what is missing in an eleventh. Write it so that it never stops and "
        "never is infinite.",
        "Print the cuts for a column with few different values. How many are there? And where does a column go that has no value left?",
        "The reference makes the bins, as it stays the same each week. Tenths of a column with many zeros fall together: keep each cut once. The missing are a "
        "bin on both sides, and shares are of all rows. A share below `FLOOR` counts as `FLOOR`. The sum runs over (current - reference) times the natural "
        "logarithm of current over reference.",
        "The frame of it:\n\n"
        "```\n"
        "def psi(reference, current):\n"
        "    cuts = np.unique(np.quantile(reference.dropna(), np.arange(1, 10) / 10))\n"
        "    def shares(column):\n"
        "        bins = np.searchsorted(cuts, column.dropna())\n"
        "        counts = np.append(np.bincount(bins, minlength=...), ...)\n"
        "        return np.maximum(counts / len(column), given(8).FLOOR)\n"
        "    before, now = shares(reference), shares(current)\n"
        "    return ...\n"
        "```",
    ],
)

question(
    "W08.Q6",
    answer="watch",
    title="A monitor on weeks it has not seen",
    expects="a function of the signals so far that returns None, or the name of the signal on which it alarms",
    kind="function",
    stretch=True,
    seconds=5,
    ask=lambda watch, hospital: given(8).monitored(watch, hospital),
    then=lambda answer, hospital: given(8).held_against_the_years(answer, hospital),
    hints=[
        "Your monitor gets the signals of one town up to a week, and says nothing, or on which signal it alarms. It lives through twelve years that it has not "
        "seen: some with a fault, some without, some with a new analyser.",
        "In each year of the rehearsal, which signal moves at week 26, and by how much more than in the quiet year?",
        "Limits from the world, not from ten weeks' spread: no median of creatinine is 10 mg/dL, no working code leaves 60 of 100 without a value. What moves no "
        "list and no outcome is no alarm. And one cause is only to be seen in outcomes, when they are settled: a limit on `oe`, which is noisy in one town, and the hold-out far more so.",
        "The frame of it:\n\n"
        "```\n"
        "def watch(so_far):\n"
        "    week = so_far.iloc[-1]\n"
        "    if week.creatinine_eastbank > ...:\n"
        "        return 'creatinine_eastbank'\n"
        "    ...\n"
        "    return 'oe' if week.oe > ... else None\n"
        "```",
    ],
)
