"""Week 11: what is asked, and how. Answers and reasons are in ``keys.py``."""

from wardround.course.given import given
from wardround.course.questions import memo_form, prediction, question

prediction(
    "W11.P1",
    ask=(
        "Names and numbers are gone. Of everybody's last stay four facts are left, which a neighbour knows: sex, age in whole years, the first three digits of the ZIP code "
        "(there are two), and the calendar week of arrival. How many of 1,000 patients stand alone with theirs? Give a range that you are 80% sure of."
    ),
    unit="patients of 1,000, alone",
)

prediction(
    "W11.P2",
    ask=(
        "Now only one patient in ten is in the table, drawn by lot, with sex, age in steps of five years, three digits of the ZIP code and the month of arrival. Of 1,000 who stand alone in "
        "that table, how many stand alone among all patients of the hospital as well? Give a range that you are 80% sure of."
    ),
    unit="of 1,000 alone in the table, alone in the hospital",
)

prediction(
    "W11.P3",
    ask=(
        "The package's patterns for notes (`NARROW`) run over the discharge notes of Q2, those with an identifier in them. Of 100 such notes, how many still hold one afterwards? Give a "
        "range that you are 80% sure of."
    ),
    unit="notes of 100, still naming",
)

prediction(
    "W11.P4",
    ask=(
        "A column holds SHA-256 of record numbers of seven digits. How many seconds does one core of this machine need to hash all ten million of them in plain Python, and so to "
        "turn the column back? Give a range that you are 80% sure of."
    ),
    unit="seconds",
)

question(
    "W11.Q1",
    answer="release",
    title="Safe Harbor, and what survives it",
    expects="a function of A1's table that returns the table for the door",
    kind="function",
    seconds=6,
    ask=lambda release, hospital: given(11).released(release, hospital),
    then=lambda answer, hospital: given(11).held_against_the_list(answer, hospital),
    hints=[
        "Make the table that may leave by Safe Harbor: A1's columns and the outcome, the year, a code for each patient that says who belongs to whom and nothing else. A1 is rebuilt on "
        "it. The same function gets the table of another hospital, to which colleagues have added other columns.",
        "Which columns does your function name: those that go, or those that stay? What happens to a column that nobody told it of? Then: what is the largest `age` that comes out, and "
        "what does the code of a patient follow from?",
        "A list of what goes forgets; a list of what stays cannot. Of dates the year stays, of ages all to 89 and then 90 for '90 or older', of a ZIP code three digits if "
        "a dated table says more than 20,000 people, else 000. A hash, a keyed one too, follows from the number that went in; so does the rank of an id. Draw the code, "
        "anew for each release.",
        "The frame of it:\n\n"
        "```\n"
        "def release(table):\n"
        "    out = table[[*given(11).FEATURES, 'back']].copy()\n"
        "    out['age'] = ...\n"
        "    out['year'] = table.discharged_at.dt.year\n"
        "    drawn = {patient: secrets.token_hex(6) for patient in ...}\n"
        "    out['patient'] = ...\n"
        "    return out\n"
        "```",
    ],
)

question(
    "W11.Q2",
    answer="scrub",
    title="Notes, judged by the note",
    expects="a function of (text, record) that returns the text without identifiers",
    kind="function",
    seconds=5,
    ask=lambda scrub, hospital: given(11).scrubbed(scrub, hospital),
    then=lambda answer, hospital: given(11).by_note(answer, hospital),
    hints=[
        "Take identifiers out of discharge notes, and leave the medicine in. A note with one identifier left still names somebody; a note that has lost *Parkinson's* or a dose is no longer a "
        "note. At most one note of 100 may fail, in each of the two ways.",
        "Which notes still hold something after `redact(text, NARROW)`? Count them by kind. And which words that are no identifiers are gone with `BROAD`?",
        "Three roads, each blind where another sees. Patterns know shapes: dates, numbers, *Ms.* before a name. The record knows this patient's own words, and no relative's. Words around a name tell what it is: "
        "*daughter*, *works at*; and *disease*, *sign* or *palsy* after it say that it is a finding. Ages over 89 and towns are on the list of lesson 1 as well.",
        "The frame of it:\n\n"
        "```\n"
        "own = (*NARROW,\n"
        "       Rule('relative', 'A', re.compile(r'...')),\n"
        "       Rule('employer', 'A', re.compile(r'works at (...)')), ...)\n\n"
        "def scrub(text, record):\n"
        "    known = {kind: [value] for kind, value in record.items()}\n"
        "    return redact(text, own, known=...).text\n"
        "```",
    ],
)

question(
    "W11.Q3",
    answer="guard",
    title="A guard at the door",
    expects="a function of (payload, roster) that returns a pair: `'allow'`, `'redact'` or `'block'`, and the payload that leaves (None where it is blocked)",
    kind="function",
    ask=lambda guard, hospital: given(11).guarded(guard, hospital),
    then=lambda answer, hospital: given(11).by_payload(answer, hospital),
    hints=[
        "Thirty requests want to leave. Each is allowed as it is, allowed with what stands in plain sight masked, or blocked, by the policy above. What counts is what leaves: no identifier, "
        "in whatever dress, and no harmless request held up.",
        "Which payloads does a search for telephone and record numbers pass? Write each of their texts out as a reader of the other side could: decoded, digits for words, spaces taken out.",
        "Normalise first, then search: a guard needs every way to *read* a text, not more patterns. Found in plain sight of the note: mask it. Found only after reading it another way, or anywhere else (file name, trace, "
        "header, another field): somebody hid it, or nobody looked; block. The roster knows names without *Ms.*, and hashes of its numbers can be made.",
        "The frame of it:\n\n"
        "```\n"
        "def guard(payload, roster):\n"
        "    if route(payload) is None or set(payload['fields']) - allowed:\n"
        "        return 'block', None\n"
        "    outside = [...]  # file names, file texts, headers, fields other than the note\n"
        "    if any(names_somebody(read) for text in outside for read in readings(text)):\n"
        "        return 'block', None\n"
        "    ...\n"
        "```",
    ],
)

question(
    "W11.Q4",
    answer="marks",
    title="Eight drafts against the chart",
    expects="a dictionary: draft to a list of marks such as `'unsupported 3'`, `'omitted 5'`, `'injected 2'`; an empty list where it is sound",
    takes=dict,
    ask=lambda marks, hospital: given(11).marked(marks, hospital),
    hints=[
        "A system has drafted eight summaries. Read each against its chart. Which sentences does no line support, which lines that must be told are not told, and which sentences are there because "
        "somebody wrote to the system?",
        "For each sentence of a draft: which line says it, with the same number, side, word of denial and time? For each line on the list of what must be told: which sentence tells it? And who is "
        "spoken to in each line of the chart?",
        "A sentence may sound likely and stand nowhere: *no known allergies* needs a line that says so. A line of the chart is a source for what it reports, not for what it *orders* the reader to "
        "write; whatever was written by such an order is injected, though a line 'supports' it. An order that the draft did not follow is no fault of the draft.",
        "The frame of it, with sentence numbers, and for `omitted` the line of the chart:\n\n"
        "```\n"
        "marks = {\n"
        "    'D1': ['unsupported 2'],\n"
        "    'D2': [],\n"
        "    'D3': ['omitted 6', ...],\n"
        "    ...\n"
        "}\n"
        "```",
    ],
)

memo_form(
    "W11.M",
    fields={
        "purpose": "what the data are used for, by whom, and which fields that needs: a list, no 'chart'",
        "outside": "which class of data may go to which endpoint, under which agreement, until when",
        "inside": "what never leaves, prompts and logs, crosswalk and embeddings among it, and who may read it there",
        "method": "how identifiers are removed: method, census vintage, codes, notes, with what was measured by the note",
        "knowledge": "who was asked whether the rest could identify somebody, what they know, and what was taken out for it",
        "decision": "what leaves from Monday, who signs, what stops it, and when it is looked at again",
    },
)

question(
    "W11.Q5",
    answer="lookers",
    title="Who looked without a reason",
    expects="a list or set of users",
    stretch=True,
    ask=lambda lookers, hospital: given(11).named_users(lookers, hospital),
    hints=[
        "Eight weeks of the access log are kept. A dozen employees opened charts of people who were none of their patients. Name them, and nobody else: float nurses, auditors and broken glass look alike.",
        "For each look: did that patient, at that time, lie in the department of whoever looked (`whereabouts`)? Count the looks without such a stay by `reason`. Which reasons say "
        "themselves why?",
        "The reason *treatment* is chosen from a menu; what supports it is a stay, in that place at that time, give or take a shift. Pharmacy, laboratory and physicians serve the whole house; a clerk treats nobody. A "
        "single look without a stay may be a fault of the record; the same user again and again needs asking. Name and street say why somebody looked, not whether.",
        "The frame of it:\n\n"
        "```\n"
        "looks = log[log.reason == 'treatment']\n"
        "both = looks.merge(lay, on='patient_id', suffixes=('', '_lay'))\n"
        "there = both[(both['at'] >= both.began - shift) & ~(both['at'] > both.ended + shift) & ...]\n"
        "without = looks[~looks.row_id.isin(there.row_id)]\n"
        "without.user.value_counts()\n"
        "```",
    ],
)

question(
    "W11.Q6",
    answer="review",
    title="What the vendor answers",
    expects="a dictionary: answer to a pair of `'pass'` or `'fail'` and the letter of the follow-up (None where it passes)",
    stretch=True,
    takes=dict,
    ask=lambda review, hospital: given(11).reviewed(review, hospital),
    hints=[
        "Ten answers of a vendor to questions that are gates: fail one, and nothing is signed. Which answers do what the question asks, and which question comes next for each that does not?",
        "For each answer: what could be held against the vendor in a year, word for word? And which clause was asked for, and which one was answered?",
        "A certificate, an adjective and a figure from elsewhere answer no question. Agreement, retention, training, region and human review are five separate clauses; one says nothing of "
        "another. A ceiling in the law (60 days) is no promise. The next question asks for the line, the store, the number or the date that is lacking.",
        "The frame of it:\n\n```\nreview = {\n    'A1': ('fail', 'c'),\n    'A2': ('pass', None),\n    ...\n}\n```",
    ],
)
