"""Week 4: what is asked, and how. Answers and reasons are in ``keys.py``."""

from wardround.course.given import given
from wardround.course.questions import memo_form, prediction, question

prediction(
    "W04.P1",
    ask=(
        "For each of 1,600 patients a coin is thrown. A forest sees their ward rows, one every eight hours: vital signs, "
        "results, age. It shall say how the coin fell. Half of the rows, drawn at random, are for learning. What is its "
        "AUROC on the other half? Give a range that you are 80% sure of."
    ),
    unit="AUROC",
)

prediction(
    "W04.P2",
    ask=(
        "LACE on our own index stays, both sites, three years: what is its AUROC for an unplanned readmission within thirty "
        "days? Give a range that you are 80% sure of."
    ),
    unit="AUROC",
)

prediction(
    "W04.P3",
    kind="probability",
    ask=("The largest of the seven leaks is a column: take it out, and the leak is gone. How probable is that?"),
)

question(
    "W04.Q1",
    answer="sizes",
    title="Four leaks, sized",
    expects="a function of the harness that returns a DataFrame with leak, gain, low and high, one row a leak",
    kind="function",
    seconds=15,
    ask=lambda sizes, hospital: sizes(given(4).harness(hospital)),
    hints=[
        "For each leak: by how much does it lift the AUROC, and how sure is that? A lift is a difference of two runs, one with "
        "the leak and one without, on the same rows.",
        'Put `harness.run("repeated patients", on=True)` beside the run with `on=False`. Which columns are the same? How '
        "many rows has one patient, and what does `part` say?",
        "Both runs of a leak judge the same rows: join them on `row`. Then every draw of the bootstrap takes patients, and "
        "computes both areas and their difference on the same people. The rows of one patient say nearly the same; counted "
        "as independent, they promise an interval that is far too narrow. And a lift is measured against the *same* "
        "experiment without its leak: three of the four have nothing to do with the readmission model.",
        "For one leak:\n\n"
        "```\n"
        "def lift(outcome, with_leak, without):\n"
        "    return auroc_value(outcome, with_leak) - ...\n"
        "\n"
        "def sizes(harness):\n"
        "    rows = []\n"
        "    for leak in harness.leaks:\n"
        "        on, off = harness.run(leak, on=True), harness.run(leak, on=False)\n"
        "        both = on.merge(off[['row', 'risk']], on='row', suffixes=('', '_off'))\n"
        "        both = both[both.part == 'judged']\n"
        "        gain = bootstrap(lift, both.patient, ...)\n"
        "        rows.append({'leak': leak, 'gain': gain.value, 'low': gain.low, 'high': gain.high})\n"
        "    return pd.DataFrame(rows)\n"
        "```",
    ],
)

question(
    "W04.Q2",
    answer="audit",
    title="Was it there at eight?",
    expects="a dictionary with one of the names in `given(4).CAUSES` for each of the 24 features",
    takes=dict,
    ask=lambda audit, hospital: given(4).audited(audit, hospital),
    hints=[
        "At 08:00 on the day of discharge the model is asked. For each feature: could a person have read this number, as it "
        "stands in the table, on a screen at that minute? If not, why not?",
        "Read what each feature is made of, and when that is written, and leave its name aside. Which of them has a window "
        "that does not end at eight? Which carries a date that is older than its entry?",
        "Go down `given(4).CAUSES` and take the first that fits. Two clocks: when it happened, and when somebody could read "
        "it. A date in the table is neither: late entries are dated back. What is kept as *current* holds the value of the "
        "night of the export. What is made of outcomes knows them. A number says who, and nothing on illness. And some were "
        "there in time and tell what staff thought: they move when habits do.",
        "Write the sure ones first:\n\n"
        "```\n"
        "audit = dict.fromkeys(given(4).features(hospital).feature, 'known')\n"
        "audit |= dict.fromkeys(['…', '…'], 'happens later')\n"
        "audit |= dict.fromkeys(['…'], 'dated back')\n"
        "...\n"
        "```",
    ],
)

question(
    "W04.Q3",
    answer="train",
    title="A model for a hospital never seen",
    expects="a function of the stays that returns a fitted estimator, or a function of stays that returns one risk a row",
    kind="function",
    fresh=True,
    seconds=10,
    ask=lambda train, hospital: given(4).judged(train, hospital),
    hints=[
        "From three years of our stays make something that, at 08:00 on the day of discharge, says the risk of an unplanned "
        "readmission. It is judged on 21,000 stays of a hospital that nobody has seen, against the known risk.",
        "`stays.state.value_counts()` beside `stays.whole`; and the columns of `stays` beside the sources of `READMISSION`. "
        "Which rows can teach what came of them? Which columns exist at eight?",
        "Learn from rows whose follow-up is whole, which is decided by dates alone: whoever keeps the early readmissions of "
        "the last months and drops the rest of those months chooses by outcome. Learn from columns that are there at eight. "
        "Hold the weights back: there are more columns than events can carry. And return risks, not labels: somebody else "
        "decides where to cut.",
        "The frame of it:\n\n"
        "```\n"
        "def train(stays):\n"
        "    known = stays[...]\n"
        "    model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(C=..., max_iter=1000))\n"
        "    model.fit(READMISSION.compute(known), ...)\n"
        "    return lambda rows: model.predict_proba(READMISSION.compute(rows))[:, 1]\n"
        "```",
    ],
)

question(
    "W04.Q4",
    answer="review",
    title="A pull request that raises the AUROC",
    expects="a dictionary: line number of the diff to a pair (kind, repair), names from `given(4).KINDS` and `given(4).REPAIRS`; "
    "where two kinds fit, either counts",
    takes=dict,
    ask=lambda review, hospital: given(4).reviewed(review, hospital),
    hints=[
        "A colleague changes the training code, and the reported AUROC goes up. Which of the changed lines report more than "
        "the model will do at 08:00? Leave alone what is merely untidy, and what only looks like a leak. Where two kinds fit, "
        "either counts.",
        "Go change by change (each `@@`, each block of `-` and `+`). Ask of every added line: which rows does it see? Which "
        "moment? Does it see the outcome?",
        "Three questions find them all. *When*: is the column written, or does its window end, by `asked_at`? *Who*: can a "
        "patient, or a copy of a row, stand in training and in test? *What has seen the outcome*: whatever is fitted, "
        "chosen, encoded or tuned with outcomes must not have seen those of the test. A mean or a scale has seen none: it "
        "can be fitted on all rows and does next to nothing.",
        "The form of an answer; take the numbers at the left edge:\n\n"
        "```\n"
        "review = {\n"
        "    12: ('written later', 'leave it out'),\n"
        "    ...\n"
        "}\n"
        "```",
    ],
)

question(
    "W04.Q5",
    answer="split",
    title="A splitter",
    expects="a function of (stays, cut) that returns train, test or out for each row: a Series with encounter_id as its index",
    kind="function",
    stretch=True,
    ask=lambda split, hospital: given(4).put_to_split(split, hospital),
    hints=[
        "On the day `cut` a model is trained, and from then on it is used. Which stays can it have learnt from, on which can it "
        "be judged, and whom must you leave out, so that no patient stands on both sides?",
        "Print `stays.asked_at` and `stays.known_at` of one patient around the cut. When was the outcome of her last stay "
        "before the cut known?",
        "Two moments of a row decide: it can teach if its outcome was known by the cut (`known_at`), and it can be judged if it "
        "is asked after it (`asked_at`). Between the two lies a gap of rows that can do neither. Then the patients: whoever "
        "has rows on both sides keeps those of one side. Leave out no one else: each event is dear.",
        "In pandas:\n\n"
        "```\n"
        "def split(stays, cut):\n"
        "    side = pd.Series('out', index=stays.encounter_id)\n"
        "    can_teach = (stays.known_at <= cut).to_numpy()\n"
        "    can_judge = ...\n"
        "    side[can_judge] = 'test'\n"
        "    side[can_teach & ~stays.person_id.isin(stays.person_id[...]).to_numpy()] = 'train'\n"
        "    return side\n"
        "```",
    ],
)

question(
    "W04.Q6",
    answer="more_or_better",
    title="More data, or better features?",
    expects='a function of the bench that returns a dictionary with "more data", "better features" and "next"',
    kind="function",
    stretch=True,
    seconds=4,
    ask=lambda more_or_better, hospital: given(4).compared(more_or_better, hospital),
    hints=[
        "There is money for one of two things: a second half of the patients, or two columns that registration would have "
        "to keep. Which adds more to the AUROC on later stays?",
        "Print `bench.area(0.5)`, `bench.area(1.0)` and `bench.area(1.0, better=True)`, each for the rows learnt and for "
        "later rows. Which of the six numbers will anybody meet after go-live?",
        "A learning curve says what more rows would bring: the step from half of them to all is a generous guess at the next "
        "doubling. Better features are compared with the plain ones at *all* rows, or two things change at once. Both are "
        "steps on later rows: on the rows learnt, fewer rows always look better.",
        "Two differences and a comparison:\n\n"
        "```\n"
        "def more_or_better(bench):\n"
        "    half, all_rows = bench.area(0.5), bench.area(1.0)\n"
        "    better = bench.area(1.0, better=True)\n"
        "    more = all_rows['later'] - ...\n"
        "    gain = better['later'] - ...\n"
        "    return {'more data': more, 'better features': gain, 'next': ...}\n"
        "```",
    ],
)

memo_form(
    "W04.M",
    fields={
        "question": "what the model is to predict, for whom, when, and who acts on it (from your cohort card)",
        "data_split": "which stays teach and which judge, by date and by patient, and how many events each side has",
        "baseline": "what the model has to beat, on the same rows and the same outcome",
        "leaks_checked": "which leaks you looked for, and how each would have shown",
        "measure_and_floor": "the measure, its interval, and the value below which you stop",
        "external": "where else it is tried before anybody relies on it, and what would be different there",
        "decision": "who decides what, by when, and what would make you decide otherwise",
    },
)
