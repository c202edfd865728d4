"""Week 9: what is asked, and how. Answers and reasons are in ``keys.py``."""

from wardround.course.given import given
from wardround.course.questions import memo_form, prediction, question

prediction(
    "W09.P1",
    ask=(
        "Stays in the year before stand at the top of the reasons. In a run of the hospital's own equations they are set to 0 for everybody, with the same people and the "
        "same dice, and the score falls by 15 of 1,000. How many fewer of 1,000 stays are followed by a return? (Below 0: more.) Give a range that "
        "you are 80% sure of."
    ),
    unit="returns fewer, of 1,000 stays",
)

prediction(
    "W09.P2",
    ask=(
        "Care managers call some of those who go home. Take the returns of 1,000 who were called, less those of 1,000 who were not. What is the difference? "
        "(Below 0: those called come back less.) Give a range that you are 80% sure of."
    ),
    unit="returns of 1,000, called less not called",
)

prediction(
    "W09.P3",
    ask=(
        "Each week forty of some 235 patients who go home can be called. One list takes the forty with the highest risk, one the forty with the highest estimated benefit "
        "of a call. How many patients stand on both? Give a range that you are 80% sure of."
    ),
    unit="of 40 patients",
)

prediction(
    "W09.P4",
    ask=(
        "Three leaks are in a table of 54 columns or a few more. Two stand at the first places of the ranking by mean |SHAP|. At which place does the third "
        "stand (of several columns, the one that is highest)? Give a range that you are 80% sure of."
    ),
    unit="place in the ranking, 1 is first",
)

question(
    "W09.Q1",
    answer="explain",
    title="Contributions that add up",
    expects="a function of (model, background, row), a table of one row, that returns a dictionary with unit, base and parts",
    kind="function",
    seconds=8,
    ask=lambda explain, hospital: given(9).explained(explain, hospital),
    hints=[
        "For one row of a model: what does each column add, against the rows of the background? Base and contributions must add up to what the model says, in the unit that "
        "you state, and be the exact Shapley values against all of the background.",
        "Take the model with the codes. What does `TreeExplainer(model)(row)` say, summed up with its base, and what does `model.decision_function(row)` say?",
        "A tree explainer knows trees of numbers, not of categories; and some explainers draw a hundred rows of a background. One that only asks the model "
        "questions is right for each of the three: with six columns there are 64 coalitions, and `KernelExplainer` tries them all. It hands your model "
        "arrays: make a table of them, with the names of the columns. The base is the mean of the output over the background.",
        "The frame of it:\n\n"
        "```\n"
        "def explain(model, background, row):\n"
        "    def output(rows):\n"
        "        return model.decision_function(pd.DataFrame(rows, columns=...))\n"
        "    parts = shap.KernelExplainer(output, background).shap_values(row, silent=True)[0]\n"
        "    return {'unit': 'log-odds', 'base': ..., 'parts': dict(zip(background, parts))}\n"
        "```",
    ],
)

question(
    "W09.Q2",
    answer="leaks",
    title="Three leaks, one of them hidden",
    expects="a list or set of names of columns",
    ask=lambda leaks, hospital: given(9).named(leaks, hospital),
    hints=[
        "Three leaks are in the table; name every column that they are told by. Two of them are loud. Columns that were known at 08:00 stay, whatever they are called.",
        "Which two columns head the ranking, and are they filled in the newest stays? Then: which column has a small mean and a very large value in a few rows? Which columns go "
        "along with each other, and what do they add together?",
        "A mean over all rows hides what happens in one of a hundred, and credit is shared among columns that tell the same story. Look at the largest |SHAP| of each column as well, "
        "and at sums over columns that correlate. A paper says what somebody believed: what is known at 08:00 is there in stays that ended yesterday.",
        "A frame to look with:\n\n"
        "```\n"
        "size = pd.DataFrame(abs(values.values), columns=made.rows.columns)\n"
        "pd.DataFrame({'mean': size.mean(), 'largest': size.max(),\n"
        "              'filled': (made.rows != 0).mean(), 'newest': (made.newest.fillna(0) != 0).mean()})\n"
        "```",
    ],
)

question(
    "W09.Q3",
    answer="verdicts",
    title="Cause or proxy",
    expects="a dictionary: feature to a pair of `'cause'` or `'proxy'` and the number of returns fewer, of 1,000, in the run that is proposed",
    takes=dict,
    ask=lambda verdicts, hospital: given(9).judged(verdicts, hospital),
    hints=[
        "Eight features of a town whose arrows the seed has drawn. For each say whether it is a cause of returns or a proxy, and how many fewer of 1,000 come back when it is set to the "
        "value that somebody proposes.",
        "Run `what_if` for the feature on top of the ranking. What do the two numbers of the score do, and what do the two of the returns?",
        "The score is made of the features, so it always moves. A patient moves where there is an arrow. Something that is done for the frailest goes along with returns and "
        "prevents them. So no ranking, no sign and no correlation answers; the run does: `back_before` less `back_after`.",
        "The frame of it:\n\n"
        "```\n"
        "verdicts = {}\n"
        "for feature, value in zip(features.feature, features.proposed):\n"
        "    run = given(9).what_if(hospital, feature, value)\n"
        "    fewer = ...\n"
        "    verdicts[feature] = ('cause' if ... else 'proxy', fewer)\n"
        "```",
    ],
)

question(
    "W09.Q4",
    answer="effect",
    title="The effect of a call, as offered",
    expects="a function of stays that returns a dictionary with fewer, low, high: returns fewer of 1,000, and its 95% interval",
    kind="function",
    seconds=20,
    ask=lambda effect, hospital: given(9).estimated(effect, hospital),
    then=lambda answer, hospital: given(9).held_against_the_known(answer, hospital),
    hints=[
        "A call is offered to somebody on the care managers' list. How many fewer of 1,000 such patients come back? Your function gets a table and is not told in which of two worlds; "
        "in one of them, something that nobody wrote down decides who is called.",
        "Who was on the list and not called, and what decided it? And who was called and did not answer: can you know beforehand who that will be?",
        "The list was written before the tickets were opened, and a ticket is drawn by lot. So listed patients with a ticket and listed patients without are alike in everything, written down or not. "
        "Whoever was called counts as called, answered or not: that is what can be decided.",
        "The frame of it:\n\n"
        "```\n"
        "def effect(stays):\n"
        "    listed = stays[stays.listed]\n"
        "    ticket, called = listed[...], listed[...]\n"
        "    found = share_difference(int(ticket.back.sum()), len(ticket), ..., ...)\n"
        "    return {'fewer': 1000 * found.value, 'low': ..., 'high': ...}\n"
        "```",
    ],
)

memo_form(
    "W09.M",
    fields={
        "sentence": "what stands on the screen beside a risk, word for word, with its unit and whom the patient is compared with",
        "claims": "what the explanation may be taken to say, and what it may be used for",
        "never": "what it must not be taken to say, and how the screen keeps people from it",
        "checked": "who checks that it adds up, for which models, how often, and what happens when it does not",
        "effect": "how the effect of acting on it would be learnt: who is drawn by lot, how many, for how long, approved by whom",
        "decision": "whether explanations are shown from Monday, to whom, and what is judged after three months",
    },
)

question(
    "W09.Q5",
    answer="stories",
    title="Two backgrounds, two stories",
    expects="a function of (model, everyone, ward, patients) that returns for each patient a pair of first reasons",
    kind="function",
    stretch=True,
    ask=lambda stories, hospital: given(9).told_twice(stories, hospital),
    hints=[
        "Eight patients of one ward, one logistic model of scaled columns. Which column is the first reason, the largest contribution in size, against everybody, and which against the ward's "
        "patients?",
        "What is the mean of `stays_before` among everybody, and on the ward? And how far is a patient from either?",
        "In a logistic model the contribution of a column is its weight times the distance from the background's mean, in log-odds. The weights belong to scaled columns, so scale the patients and "
        "the mean alike. Largest in size: a reason may lower the risk.",
        "The frame of it:\n\n"
        "```\n"
        "def stories(model, everyone, ward, patients):\n"
        "    def first(background):\n"
        "        far = model[0].transform(patients) - model[0].transform(background)...\n"
        "        parts = pd.DataFrame(far * ..., patients.index, patients.columns)\n"
        "        return parts.abs().idxmax(axis=1)\n"
        "    return pd.DataFrame({'everyone': first(everyone), 'ward': first(ward)})\n"
        "```",
    ],
)

question(
    "W09.Q6",
    answer="forty",
    title="Forty calls a week",
    expects="a function of a week's home discharges that returns at most forty of their stays",
    kind="function",
    stretch=True,
    ask=lambda forty, hospital: given(9).listed_weekly(forty, hospital),
    then=lambda answer, hospital: given(9).averted(answer, hospital) if "weeks" in answer else answer,
    hints=[
        "Forty calls can be made a week. Name whom; over 52 weeks your lists must avert at least 1.55 times as many returns as forty of the care managers' own list.",
        "Sort the table by `risk`, and by `benefit`. How many stand on both lists, and which of the others would you rather call?",
        "A call takes away a share of somebody's risk, so where there is no risk there is nothing to take. The estimated benefit is the difference of two models, and has the errors of both.",
        "The frame of it:\n\n```\ndef forty(rows):\n    return rows.nlargest(40, '...').stay\n```",
    ],
)
