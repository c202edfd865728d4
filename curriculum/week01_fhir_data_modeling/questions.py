"""Week 1: what is asked, and how. Answers and reasons are in ``keys.py``."""

import pandas as pd
from wardround.course.given import given
from wardround.course.questions import prediction, question
from wardround.records import compile_view


def rows_of_view(view, hospital):
    """Run a learner's ViewDefinition over one page of laboratory results."""
    if not isinstance(view, dict):
        return view
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
    expects="a ViewDefinition (a dictionary) with the columns result_id, loinc and known_at, one row a result",
    ask=rows_of_view,
    hospitals=("here", "unseen"),
    hints=[
        "One row per result, with the code that the whole world shares, and with the moment from which anybody on the "
        "ward could have read the value.",
        "Print three results of the page whose `code.coding` have different lengths and orders. Then look at the two "
        "times that every result carries.",
        "A list of codings is a set of translations, in no promised order: choose by `system`, never by position. "
        "And a blood sample has a life: it is drawn, measured, and only then issued.",
        "In FHIRPath, `.where(...)` filters a list and `.first()` takes one of it:\n\n"
        "```\n"
        "lab_view['select'][0]['column'] += [\n"
        "    {'name': 'loinc', 'path': \"code.coding.where(system = ...).code.first()\"},\n"
        "    {'name': 'known_at', 'path': ...},\n"
        "]\n"
        "```",
    ],
)
