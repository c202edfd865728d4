"""Week 2: what is asked, and how. Answers and reasons are in ``keys.py``."""

from wardround.course.given import given
from wardround.course.questions import memo_form, prediction, question

prediction(
    "W02.P1",
    ask=(
        "Take the laboratory results of thirteen weeks whose sample was drawn between six and noon. At 14:00 of that day "
        "the ward looks. For how many of 1,000 does it see another value or status than the last message will say, or "
        "nothing yet? Give a range that you are 80% sure of."
    ),
    unit="of 1,000 results",
)

question(
    "W02.Q1",
    answer="mixed_up",
    title="Unit mix-ups, by the values alone",
    expects="a function of the page that returns a set of result ids",
    kind="function",
    ask=lambda mixed_up, hospital: mixed_up(given(2).results_page(hospital)),
    hints=[
        "Some values are numbers of another unit than that of their neighbours. Which ones? The label beside a value was "
        "copied from a catalogue, so it cannot tell you.",
        "Draw `page.value` for each `loinc` on a logarithmic scale. Where do you see one heap, where two? How far apart "
        "are the two, as a factor?",
        "A wrong unit multiplies by a known factor; a sick body does not jump by that factor. So ask of each value: is "
        "it nearer to the usual value of its test, or to the usual value in the other unit? Distances between factors "
        "are differences of logarithms. Where the factor is 1 there is nothing to mix up.",
        "With the given table of factors:\n\n"
        "```\n"
        "def mixed_up(page):\n"
        "    factor = page.loinc.map(given(2).unit_factors().set_index('loinc').factor)\n"
        "    usual = page.groupby('loinc').value.transform('median')\n"
        "    here = np.log(page.value / usual).abs()\n"
        "    there = ...\n"
        "    return set(page.result_id[there < here])\n"
        "```",
    ],
)

question(
    "W02.Q2",
    answer="known_at_two",
    title="Which result counted at 14:00",
    expects="a function of (messages, at) that returns a DataFrame with result_id, value and status, one row a result",
    kind="function",
    ask=lambda known_at_two, hospital: given(2).known_on_thirty_days(known_at_two, hospital),
    hints=[
        "Somebody looks at a screen at 14:00. Which results stand there, with which value? Nobody can look at a message "
        "that comes at 14:05.",
        "Take a `result_id` with three rows and print `drawn_at`, `reported_at`, `sent_at` and `status` of each. Which "
        "of the times says when the ward could see it?",
        "A message replaces the one before it about the same result. So first leave out what had not been sent; then "
        "take the last one of each result; and only then look at its status: a result whose last message withdraws it "
        "is gone, and its earlier value must not come back.",
        "In pandas:\n\n"
        "```\n"
        "def known_at_two(messages, at):\n"
        "    sent = messages[messages.sent_at <= at].sort_values('sent_at', kind='stable')\n"
        "    last = sent.drop_duplicates('result_id', ...)\n"
        "    return ...\n"
        "```",
    ],
)

prediction(
    "W02.P2",
    ask=(
        "Suppose a machine merged every pair of records with a weight above zero, that is, wherever the agreement speaks "
        "more for one person than against. Of 100 such merges, how many would join two different people? Give a range that "
        "you are 80% sure of."
    ),
    unit="of 100 merges",
)

question(
    "W02.Q3",
    answer="three_bands",
    title="Identity in three bands",
    expects='a function that returns a dictionary with two sets of pairs, "merge" and "review"',
    kind="function",
    ask=lambda three_bands, hospital: given(2).put_to_pairs(three_bands, hospital),
    hints=[
        "Three bands: pairs so sure that a machine may join them, pairs that a person should see, and the rest. The first "
        "border comes from what clerks have decided, the second from how much they can do. And what they have decided "
        "stands, whatever its weight.",
        "Sort `reviewed` by falling weight and print the first ten rows with `same` False. At which weight does the first "
        "pair of two different people stand? Print both records of it from `pairs`.",
        "Precision at a weight: of all reviewed pairs at or above it, the share that is one person. The lowest weight at "
        "which that share is still 0.995 is the border; every weight that occurs in `reviewed` is a candidate. It is found "
        "in the sample and applied to all pairs, save those that clerks have parted; the queue has no pair of `reviewed`.",
        "With one precision for each weight:\n\n"
        "```\n"
        "def three_bands(pairs, reviewed, per_week):\n"
        "    precision = {w: reviewed.same[reviewed.weight >= w].mean() for w in reviewed.weight}\n"
        "    border = min(...)\n"
        "    sure, decided = pairs.weight >= border, pairs.pair.isin(reviewed.pair)\n"
        "    parted = ...\n"
        "    return {'merge': set(pairs.pair[sure & ~parted]), 'review': set(pairs.pair[~sure & ...]...)}\n"
        "```",
    ],
)

question(
    "W02.Q4",
    answer="contract",
    title="A contract that kills eight mutants",
    expects="a function without arguments that returns a pandera.pandas.DataFrameSchema",
    kind="function",
    ask=lambda contract, hospital: given(2).put_to_weeks(contract, hospital),
    hints=[
        "Say of a week of results what must be true of it. Four ordinary weeks must pass, and each of eight broken ones "
        "must be stopped. Your team is woken by every alarm, so it must be worth waking for.",
        "Print `weeks['clean 1'].describe(include='all')` and then the same of a mutant that lives. What differs: a "
        "value, two columns of one row, or the week as a whole?",
        "There are three places for a check. A column: types, allowed values, uniqueness. A row: two of its columns "
        "compared. The week: shares, and which sites are there. What is missing cannot be seen in any row. And a range "
        "belongs to a test: no single range suits creatinine and glucose.",
        "The frame of it:\n\n"
        "```\n"
        "def contract():\n"
        "    columns = {\n"
        "        'result_id': pa.Column(str, unique=True),\n"
        "        'value': pa.Column(float, nullable=True),\n"
        "        'status': pa.Column(str, pa.Check.isin(given(2).STATUSES)),\n"
        "        ...\n"
        "    }\n"
        "    checks = [\n"
        "        pa.Check(lambda week: week.released_at >= week.collected_at, name='released after collection'),\n"
        "        pa.Check(lambda week: week.value.isna().mean() < 0.1, name='few values missing'),\n"
        "        ...\n"
        "    ]\n"
        "    return pa.DataFrameSchema(columns, checks=checks)\n"
        "```",
    ],
)

question(
    "W02.Q5",
    answer="impossible",
    title="Impossible orders of time",
    expects="a function of the tables that returns a DataFrame with kind and key, one row for each impossibility",
    kind="function",
    stretch=True,
    ask=lambda impossible, hospital: impossible(given(2).tables_of_times(hospital)),
    hints=[
        "Three things cannot be: a result released before its sample was taken, a discharge before the admission, a "
        "sample taken from somebody who is dead. List every case, and nothing that can be.",
        "Which columns end in `_raw` and which in `_at`? Look at a discharge that is a bare date in both.",
        "Order belongs to instants. Text puts 01:20 before 01:50 also on the night on which the hour from one to two "
        "comes twice. A comparison with a missing instant is not an impossibility: nothing is known. And a result may well "
        "be *released* after a death.",
        "One table for each kind, then together:\n\n"
        "```\n"
        "def impossible(tables):\n"
        "    labs, stays = tables.labs, tables.encounters\n"
        "    died = labs.patient_key.map(tables.patients.set_index('patient_key').deceased_at)\n"
        "    found = {\n"
        "        'result before collection': labs.lab_key[labs.issued_at < labs.effective_at],\n"
        "        ...\n"
        "    }\n"
        "    return pd.concat([pd.DataFrame({'kind': kind, 'key': keys}) for kind, keys in found.items()])\n"
        "```",
    ],
)

question(
    "W02.Q6",
    answer="lacking",
    title="Discharges that one feed lacks",
    expects="a function of (record, adt, claims) that returns a DataFrame with visit, adt and claims, one row a stay",
    kind="function",
    stretch=True,
    ask=lambda lacking, hospital: lacking(*given(2).three_feeds(hospital)),
    hints=[
        "People have gone home. Of which of them do the desk's messages say nothing, though they should? Of which has "
        "the payer not been told, though there was time enough? A feed that was not there yet, or is not done yet, has "
        "lost nobody.",
        "Take a stay whose visit has no A03 and look at its `left` beside `adt.sent.min()`. Take one without a claim "
        "and count the days from `left` to today. Then take a row of `record` with a `next_visit` and look for both of "
        "its visit numbers in `adt` and `claims`. What does each feed hold?",
        "First the list: inpatient, gone, and the last part of a stay that was moved. Then one question for each feed: "
        "is this visit number in it? `claims_as_of` leaves out what was taken back. Only where the answer is no does the "
        "day of leaving decide. Ask with `isin`, which keeps one row a stay; a join repeats a stay for every message.",
        "With the verdicts in their order:\n\n"
        "```\n"
        "def lacking(record, adt, claims):\n"
        "    ours = record[record['class'].eq('IMP') & ...]\n"
        "    today, first = adt.sent.max(), adt.sent.min()\n"
        "    told = ours.visit.isin(adt.visit[adt.event == 'A03'])\n"
        "    billed = ours.visit.isin(claims_as_of(claims, today).visit)\n"
        "    desk = np.select([told, ours.left >= today, ...], ['there', 'not yet', 'not covered'], 'lost')\n"
        "    ...\n"
        "    return pd.DataFrame({'visit': ours.visit, 'adt': desk, 'claims': ...})\n"
        "```",
    ],
)

memo_form(
    "W02.M",
    fields={
        "decision": "go, go with conditions, or no-go",
        "stops": "the fault that stops the project, and one person whose risk it changes or whose task stays undone",
        "live_with": "the fault you live with, and the same for it",
        "guard": "the check that runs from Monday, and who is woken",
        "changes_my_mind": "what you would have to see to decide otherwise",
    },
)
