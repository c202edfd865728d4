"""Week 3: what is asked, and how. Answers and reasons are in ``keys.py``."""

from wardround.course.given import given
from wardround.course.questions import memo_form, prediction, question

prediction(
    "W03.P1",
    ask=(
        "Six choices with two sides each make 64 definitions of the readmission rate, all on the same case list. How many "
        "times the lowest of the 64 rates is the highest? Give a range that you are 80% sure of."
    ),
    unit="times the lowest rate",
)

question(
    "W03.Q1",
    answer="who_is_in",
    title="Who is in: one label for every stay",
    expects="a function of (contacts, ends) that returns a label for each stay: a Series with contact_id as its index",
    kind="function",
    ask=lambda who_is_in, hospital: who_is_in(given(3).case_list(hospital), given(3).data_end(hospital)),
    hints=[
        "A row of the case list is a contact; you are asked about stays. Which rows are no stay of ours at all, which rows "
        "are together one stay, and why does each of the other stays fall out, or stay in?",
        "Print all contacts of one person who was moved (`disposition == 'transfer'`), in the order of `admitted_at`. When "
        "does the next row begin? Then look for a transfer after which nothing of ours begins for weeks.",
        "The last contact of a chain decides: it has the disposition and the discharge that count. So a contact that goes "
        "on within 24 hours is left out, and its successor stands for both. Follow-up is whole if thirty days and 120 days "
        "for claims, counted from the discharge, lie before `ends`.",
        "In pandas:\n\n"
        "```\n"
        "def who_is_in(contacts, ends):\n"
        "    ours = contacts[(contacts.kind == 'inpatient') & (contacts.hospital != 'elsewhere')]\n"
        "    ours = ours.sort_values(['person_id', 'admitted_at'])\n"
        "    next_at = ours.groupby('person_id').admitted_at.shift(-1)\n"
        "    goes_on = ...\n"
        "    stays = ours[~goes_on].set_index('contact_id')\n"
        "    label = stays.disposition.fillna('in progress')\n"
        "    ...\n"
        "```",
    ],
)

question(
    "W03.Q2",
    answer="what_came_first",
    title="What came first: four states",
    expects="a function that returns one of the four states for each stay: a Series with contact_id as its index",
    kind="function",
    ask=lambda what_came_first, hospital: what_came_first(
        *(given(3).stays_to_follow(hospital), given(3).case_list(hospital)),
        *(given(3).deaths(hospital), given(3).data_end(hospital)),
    ),
    hints=[
        "For each stay a clock runs from the minute of discharge. What stops it first: a stay in a hospital, a death, or "
        "the end of thirty days? And where nothing stopped it, could you have seen it?",
        "Take one stay of each state and print the person's contacts and death in the order of time. Take two more: one with "
        "a planned stay within thirty days, and one that ended in the last five months.",
        "Put everything that can stop the clock into one list of events: who, when, what. Join it to the stays, keep what "
        "falls within thirty days of each discharge, and take the first. A planned stay stops the clock as well; it is no "
        "readmission. Only then ask who had no event, and whether that could be seen.",
        "One list of events, then the first:\n\n"
        "```\n"
        "def what_came_first(stays, contacts, deaths, ends):\n"
        "    beds = contacts[contacts.kind == 'inpatient']\n"
        "    events = pd.concat([\n"
        "        pd.DataFrame({'person_id': beds.person_id, 'at': beds.admitted_at,\n"
        "                      'what': np.where(beds.planned, ..., 'readmitted')}),\n"
        "        pd.DataFrame({'person_id': deaths.person_id, 'at': deaths.died_at, 'what': 'died_first'}),\n"
        "    ])\n"
        "    both = stays.merge(events, on='person_id')\n"
        "    both = both[both['at'].between(both.discharged_at, ...)]\n"
        "    first = both.sort_values('at').drop_duplicates('contact_id')...\n"
        "```",
    ],
)

question(
    "W03.Q3",
    answer="known_at_eight",
    title="Known at eight: features that do not see the future",
    expects='a dictionary with your function as "make", and "known_when" and "missing_means" for each of three features',
    takes=dict,
    ask=lambda answer, hospital: given(3).put_to_the_future(answer, hospital),
    hospitals=("here", "unseen"),
    hints=[
        "At 08:00 on the day of discharge a model is asked about this person. Three numbers are wanted, from nothing that "
        "somebody could not have read on a screen by then.",
        "Print all facts of one person in the order of `known_at`, beside her `asked_at`. Find a sodium that was drawn "
        "before eight and issued after it, and a code of this very stay. When did each become known?",
        "Two clocks: `happened_at` says what a number is about, `known_at` says who could use it. First leave out, person "
        "by person, everything known later than that person's `asked_at`. Only then look at windows: this stay, half a "
        "year before it. An order is not a result. A count of nothing is 0; a value that nobody has is missing.",
        "The first step serves all three:\n\n"
        "```\n"
        "def features_at_eight(asked, facts):\n"
        "    known = facts.merge(asked, on='person_id')\n"
        "    known = known[...]\n"
        "    sodium = known[(known.kind == 'result') & (known.happened_at >= known.admitted_at)]\n"
        "    sodium = sodium.sort_values('known_at').groupby('contact_id').value.last()\n"
        "    visits = ...\n"
        "    codes = known[known.kind == 'code'].groupby('contact_id').name.nunique()\n"
        "    table = pd.DataFrame({'sodium': sodium, ...}, index=asked.contact_id)\n"
        "    return table.fillna({'emergency_before': 0, ...}).reset_index()\n"
        "```",
    ],
)

prediction(
    "W03.P2",
    ask=(
        "Of 100 stays in which the patient truly has sepsis, how many carry the sepsis code on the final bill, over all "
        "three years? Give a range that you are 80% sure of."
    ),
    unit="of 100 septic stays",
)

question(
    "W03.Q4",
    answer="two_labels",
    title="Two sepsis labels, quarter by quarter",
    expects="a function of the stays that returns a DataFrame with quarter, clinical, claims and coded, one row a quarter",
    kind="function",
    ask=lambda two_labels, hospital: given(3).with_column(two_labels(given(3).labelled_stays(hospital)), "quarter"),
    hints=[
        "Two systems say who had sepsis: nurses who review charts, and coders who write bills. You want to see, quarter by "
        "quarter, how often each says so, and how often the bill agrees where the reviewers are sure.",
        "Count the stays of the first and of the last quarter. Would a count of septic stays tell you about sepsis, or about "
        "the opening of Eastbank?",
        "Three shares with two denominators. `clinical` and `claims` are of 1,000 stays that ended in the quarter. `coded` is "
        'of 100 stays *with the clinical label*: the words after "of" are the denominator. Turned round (of 100 with the '
        "code) it is another number.",
        "The mean of a True-or-False column is a share:\n\n"
        "```\n"
        "def two_labels(stays):\n"
        "    by_quarter = stays.groupby('quarter')\n"
        "    return pd.DataFrame({\n"
        "        'clinical': 1000 * by_quarter.sepsis_clinical.mean(),\n"
        "        'claims': ...,\n"
        "        'coded': 100 * stays[...].groupby('quarter')...,\n"
        "    }).reset_index()\n"
        "```",
    ],
)

question(
    "W03.Q5",
    answer="guard",
    title="Find the flaw: a guard for cohorts",
    expects="a function of (cohort, contacts, ends) that returns a list of complaints, empty for a sound cohort",
    kind="function",
    stretch=True,
    ask=lambda guard, hospital: given(3).put_to_cohorts(guard, hospital),
    then=lambda answer, hospital: given(3).by_name(answer, hospital),
    hints=[
        "Ten tables come from code that runs without a warning. Three are sound, seven are not. Say what must be true of any "
        "cohort, so that the seven are stopped and the three are not.",
        "For each table print `describe(include='all')`, the counts of `state` and of `disposition`, the last "
        "`discharged_at`, and `contact_id.is_unique`. Hold them side by side.",
        "Some flaws show in a row (a day that cannot be), some in a column (an id that stands twice, a disposition that has "
        "no business here), and some only in what is *not* there: count in `contacts` who should be in, and ask how many are.",
        "The frame of it:\n\n"
        "```\n"
        "def guard(cohort, contacts, ends):\n"
        "    said = []\n"
        "    if not cohort.contact_id.is_unique:\n"
        "        said.append('a stay stands twice')\n"
        "    if cohort.discharged_at.max() > ends - pd.Timedelta(days=150):\n"
        "        said.append(...)\n"
        "    ...\n"
        "    return said\n"
        "```",
    ],
)

question(
    "W03.Q6",
    answer="at_equal_cost",
    title="Cost for need",
    expects="a function of the stays that returns a DataFrame with tenth, black and others, one row a tenth of cost",
    kind="function",
    stretch=True,
    ask=lambda at_equal_cost, hospital: given(3).with_column(at_equal_cost(given(3).costs(hospital)), "tenth"),
    hints=[
        "A programme takes the people who cost most, as if cost were need. Put people of about the same cost side by side: "
        "how ill are those of each group?",
        "Print all rows of a person with several stays: what changes from row to row? Then count the races, the missing ones "
        "too.",
        "One row a person first, or those who come often count often. Then ten parts of equal size by cost, made over "
        "*all* people together; only then split each part by group. Whose race nobody recorded is in neither group.",
        "In pandas:\n\n"
        "```\n"
        "def at_equal_cost(stays):\n"
        "    people = stays.drop_duplicates('person_id')\n"
        "    tenth = pd.qcut(people.cost_year, 10, labels=range(1, 11)).astype(int)\n"
        "    known = people.race.notna()\n"
        "    group = np.where(people.race == 'black', 'black', 'others')\n"
        "    return ...\n"
        "```",
    ],
)

memo_form(
    "W03.M",
    fields={
        "intended_use": "what the number is for, in one sentence: who does what with it, and what it does not decide",
        "for_whom": "the stays that are in: unit, index, sites and dates",
        "prediction_time": "the moment at which it is asked, and what is not known then",
        "outcome": "what counts, within which time, and what ends the watch",
        "left_out": "who is out, why, and who could miss them",
        "not_observable": "whose outcome nobody can know, how many of 1,000, and how they are treated",
        "changes_my_mind": "what you would have to see to define it otherwise",
    },
)
