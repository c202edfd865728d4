"""Week 1: what is asked, and how. Answers and reasons are in ``keys.py``."""

import pandas as pd
from wardround.course.given import given
from wardround.course.questions import memo_form, prediction, question
from wardround.records import compile_view


def rows_of_view(view, hospital):
    """Run a learner's ViewDefinition over one page of laboratory results."""
    return pd.DataFrame(compile_view(view)(given(1).laboratory_page(hospital)))


prediction(
    "W01.P1",
    ask=(
        "`Patient.ndjson` has a little under 10,000 lines. How many different human beings do they describe? "
        "Give a range that you are 80% sure of."
    ),
    unit="people",
)

question(
    "W01.Q1",
    answer="counts",
    title="Lines, resources, people",
    expects='a dictionary with the whole numbers "lines", "resources" and "people"',
    hints=[
        "Three counts of the same file: how often something was written down, how many records there are, and how "
        "many people the record itself says they belong to.",
        "A resource is known by its id. A record that continues another one says so in `Patient.link`: print one "
        "that has a link and follow it.",
        "A link joins two records into one person, and both records stay in the file. So think of records as dots and "
        "of links as lines between them: a person is a group of joined dots, and each line is written down at both ends.",
        "Let each record point to the record that stands for its person:\n\n"
        "```\n"
        "stands_for = {p['id']: p['id'] for p in patients}\n"
        "for p in patients:\n"
        "    for link in p.get('link', []):\n"
        "        other = link['other']['reference'].split('/')[1]\n"
        "        stands_for[max(p['id'], other)] = ...\n"
        "```\n"
        "People are then the different values of `stands_for`.",
    ],
)

question(
    "W01.Q2",
    answer="lab_view",
    title="Two columns for a view",
    expects="the whole ViewDefinition, a dictionary: the given one, with loinc and known_at among its columns",
    takes=dict,
    ask=rows_of_view,
    hospitals=("here", "unseen"),
    hints=[
        "One row per result, with the code that the whole world shares, and with the moment from which anybody on the "
        "ward could have read the value.",
        "Print three results of the page (`given(1).laboratory_page(hospital)`) whose `code.coding` have different "
        "lengths and orders. Then look at the two times that every result carries.",
        "A list of codings is a set of translations, in no promised order: choose by `system`, never by position. "
        "And a blood sample has a life: it is drawn, measured, and only then issued.",
        "In FHIRPath, `.where(...)` filters a list and `.first()` takes one of it:\n\n"
        "```\n"
        "lab_view = given(1).laboratory_view()\n"
        "lab_view['select'][0]['column'] += [\n"
        "    {'name': 'loinc', 'path': \"code.coding.where(system = ...).code.first()\"},\n"
        "    {'name': 'known_at', 'path': ...},\n"
        "]\n"
        "```",
    ],
)

question(
    "W01.Q3",
    answer="without_loinc",
    title="Results without LOINC, and what they are",
    expects="a function of the tables that returns a DataFrame with lab_key and loinc, one row a result",
    kind="function",
    ask=lambda without_loinc, hospital: without_loinc(given(1).three_laboratories(hospital)),
    hints=[
        "Two things are asked: which results a query by LOINC can never find, and which LOINC code each of them should "
        "have had.",
        "Look at `labs` where `loinc` is missing: which columns still say what the result is? Then look at results of "
        "the same laboratory that carry both codes.",
        "Results with both codes are a dictionary from the local code to LOINC, made by the laboratory itself. A local "
        "code has its meaning only within its system, so the dictionary needs two columns as its key: system and code. "
        "And a dictionary has each entry once, or a merge multiplies rows: look at what `K` means at Northgate.",
        "In pandas:\n\n"
        "```\n"
        "def without_loinc(tables):\n"
        "    labs = tables.labs\n"
        "    key = ['local_system', 'local_code']\n"
        "    words = labs.dropna(subset=['loinc', 'local_code'])[[*key, 'loinc']].drop_duplicates()\n"
        "    lost = labs[labs.loinc.isna()][['lab_key', *key]]\n"
        "    return ...\n"
        "```",
    ],
)

prediction(
    "W01.P2",
    ask=(
        "A colleague's table says how many patients have essential hypertension. It was made by exploding codings and "
        "counting rows. How many times too high is its number? Give a range for the factor."
    ),
    unit="times",
)

question(
    "W01.Q4",
    answer="patients_with",
    title="Find the flaw: a diagnosis is not a patient",
    expects="a function of the rows that returns a DataFrame with display and patients, one row a diagnosis, all of them",
    kind="function",
    ask=lambda patients_with, hospital: patients_with(given(1).coding_rows(hospital)),
    hints=[
        "The table should say for each diagnosis how many different Patient records have it. Ask of every row: what would have "
        "to happen for there to be one more of you?",
        "Take one patient with hypertension and print all her rows. Why are there so many?",
        "Two things multiply rows here. A condition has a row for each of its codings, and a patient has a condition for "
        "each stay in which it was coded. Dropping one of the two still counts the other.",
        "Count different patients within each diagnosis, and give the column its name:\n\n"
        "```\n"
        "def patients_with(rows):\n"
        "    counted = rows.groupby('display')...\n"
        "    return counted.rename('patients').reset_index()\n"
        "```",
    ],
)

question(
    "W01.Q5",
    answer="where_requesters_point",
    title="References that resolve, dangle, or ask",
    expects='a function that returns a dictionary with the whole numbers "resolves", "dangling" and "conditional"',
    kind="function",
    stretch=True,
    ask=lambda where, hospital: where(
        list(hospital.resources("MedicationRequest")), list(hospital.resources("Practitioner"))
    ),
    hints=[
        "For each prescription: can the person who ordered it be found in this export, and if not, why not?",
        "Print the different beginnings of `requester.reference`: the part before the first `/` or `?`.",
        "A reference resolves only if what it names is there; that it has the right form is not enough. One with a `?` "
        "is a search that nobody has run. And a prescription that stands on two lines is one prescription.",
        "Make the set of practitioners that exist, and sort each distinct request into one of three:\n\n"
        "```\n"
        "def where_requesters_point(requests, practitioners):\n"
        "    known = {'Practitioner/' + p['id'] for p in practitioners}\n"
        "    requests = {r['id']: r for r in requests}.values()\n"
        "    points = [r['requester']['reference'] for r in requests]\n"
        "    return {'conditional': sum('?' in point for point in points), ...}\n"
        "```",
    ],
)

question(
    "W01.Q6",
    answer="stay_lengths",
    title="Length of stay when a date has no time",
    expects="a function of the tables that returns a DataFrame with encounter_key, shortest and longest, in hours",
    kind="function",
    stretch=True,
    ask=lambda stay_lengths, hospital: stay_lengths(hospital.tables),
    hints=[
        "Somebody left on a day; nobody wrote when. Say honestly how long the stay lasted: at least so many hours, at "
        "most so many.",
        "Look at `discharged_raw` of these stays, and at the offset in `admitted_raw`: in which place's day was she "
        "discharged?",
        "A date is an interval of 24 hours (23 or 25 on two days a year), from one local midnight to the next. A stay "
        "cannot end before it began, so its shortest length is never below zero.",
        "`pandas` can put a local midnight on the time line:\n\n"
        "```\n"
        "day = pd.to_datetime(rows.discharged_raw)\n"
        "begins = day.dt.tz_localize('America/New_York')\n"
        "ends = (day + pd.Timedelta(days=1)).dt.tz_localize('America/New_York')\n"
        "shortest = ((begins - rows.admitted_at) / pd.Timedelta(hours=1)).clip(lower=0)\n"
        "```",
    ],
)

question(
    "W01.Q7",
    answer="r5_ids",
    title="R5 shapes in a feed that says R4",
    expects="a set of ids of encounters",
    stretch=True,
    hints=[
        "The sender updated its server and told nobody. Which of these encounters are in R5's shape?",
        "Compare the keys of all encounters: which keys, and which types of value, are rare?",
        "In R5, `class` is a list of concepts, `period` is called `actualPeriod`, and a participant has an `actor` where "
        "R4 has an `individual`. A missing period and a `classHistory` are good R4.",
        "Test each encounter for all three:\n\n"
        "```\n"
        "def is_r5(encounter):\n"
        "    actors = any('actor' in part for part in encounter.get('participant', []))\n"
        "    return isinstance(encounter['class'], list) or ... or actors\n"
        "```",
    ],
)

memo_form(
    "W01.M",
    fields={
        "five": "five things that must be settled before Monday, each with the person you would ask",
        "first": "the one of them that you would stop the project for",
        "changes_my_mind": "what you would have to see to start anyway",
    },
)
