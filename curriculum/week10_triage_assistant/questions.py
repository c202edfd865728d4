"""Week 10: what is asked, and how. Answers and reasons are in ``keys.py``."""

from wardround.course.given import given
from wardround.course.questions import memo_form, prediction, question

prediction(
    "W10.P1",
    ask=(
        "A card warns from a risk of 50 of 1,000 on. Of 100 visits that have such a card, how many need critical care within 12 hours, or die? "
        "Give a range that you are 80% sure of."
    ),
    unit="of 100 cards that warn",
)

prediction(
    "W10.P2",
    ask=(
        "Of the advices of three months some were overruled, each with a reason. Of 100 that were overruled, how many show a fault of the model? "
        "Give a range that you are 80% sure of."
    ),
    unit="of 100 overruled advices",
)

prediction(
    "W10.P3",
    ask=(
        "At one desk for a region 90 visits arrive an hour, and each has a card; or only those of 50 of 1,000 and more have one. We assume, and nobody has "
        "measured it here, that somebody opens a card with the chance 0.1 + 0.8 × min(1, R / 10) × min(1, 15 / N), if R of 100 cards are right and N come an "
        "hour. Of 100 patients who need critical care, how many more have a card that somebody opens when only the high risks have one? (Below 0: fewer.) "
        "Give a range that you are 80% sure of."
    ),
    unit="of 100 patients who need critical care",
)

question(
    "W10.Q1",
    answer="card",
    title="A card that meets the twelve invariants",
    expects="a function of (request, service) that returns a pair: a status such as 200, and a dictionary with cards",
    kind="function",
    ask=lambda card, hospital: given(10).answered(card, hospital),
    then=lambda answer, hospital: given(10).cards_judged(answer, hospital),
    hints=[
        "A chart system asks on `patient-view` and shows what you return. Twelve requests, most of them strange: each needs the right status, a card that any client can draw, and the number "
        "of *this* request, or the plain sentence that there is none.",
        "Print `len(summary)` for the patient with the long name. Then: what does `service.read(request).of_1000` hold for the request without vital signs, and what does your sentence make of it? "
        "And which key of `prefetch` may be missing altogether?",
        "The client sent what it may share: that, and nothing else, is what the answer stands on. Where something is lacking the status says so (412); a context without its patient is the "
        "client's mistake (400). `patient-view` shows, it does not page. A name is a stranger's text: leave it out, or escape and shorten it.",
        "The frame of it:\n\n"
        "```\n"
        "def card(request, service):\n"
        "    if not request['context'].get('patientId'):\n"
        "        return 400, {}\n"
        "    if any(key not in request['prefetch'] for key in given(10).NEEDED_PREFETCH):\n"
        "        return ..., {}\n"
        "    read = service.read(request)\n"
        "    summary = f'{read.of_1000} of 1,000 …' if read.of_1000 is not None else ...\n"
        "    return 200, {'cards': [{'summary': summary, 'indicator': ..., 'source': {'label': ...},\n"
        "                            'suggestions': [{'label': ...}], 'selectionBehavior': ...,\n"
        "                            'overrideReasons': given(10).REASONS}]}\n"
        "```",
    ],
)

question(
    "W10.Q2",
    answer="advise",
    title="Who gets a risk, and whose rule fires",
    expects="a function of a table of visits that returns a table with a row a visit: says and rule",
    kind="function",
    ask=lambda advise, hospital: given(10).advised(advise, hospital),
    hints=[
        "For each visit two answers that do not wait for each other: `says`, which is `'risk'`, `'abstains'` or `'silent'`, and `rule`, whether one of the eight conditions fires.",
        "Take the visits with a systolic pressure below 60. What does your function say of each, in either column? Then the visits with one vital sign missing: how many of 1,000 have no risk because of it?",
        "Missing is not normal, and one value missing is not everything missing. A saturation of 64 is either a slip or a patient in danger: somebody looks now, in either case, and the risk waits until it "
        "was checked. A rule needs no model. For comfort care the assistant keeps still, rules and all; the vital signs stay on the page.",
        "The frame of it:\n\n"
        "```\n"
        "def advise(visits):\n"
        "    values = visits[list(given(10).SIGNS)]\n"
        "    missing = visits[['age', *given(10).SIGNS]].isna()\n"
        "    odd = pd.DataFrame({name: (values[name] < low) | (values[name] > high)\n"
        "                        for name, (low, high) in given(10).PLAUSIBLE.items()})\n"
        "    abstains = odd.any(axis=1) | (missing.sum(axis=1) > ...) | ...\n"
        "    rule = ...  # from the values as they are written\n"
        "    says = np.select([visits.comfort_care, abstains], ['silent', 'abstains'], 'risk')\n"
        "    return pd.DataFrame({'visit': visits.visit, 'says': says, 'rule': rule & ...})\n"
        "```",
    ],
)

question(
    "W10.Q3",
    answer="screen",
    title="A late feed, a dead model",
    expects="a function of (visit, feed, ask, now) that returns a dictionary with state, of_1000, says and rules",
    kind="function",
    ask=lambda screen, hospital: given(10).screened(screen, hospital),
    then=lambda answer, hospital: given(10).screens_judged(answer, hospital),
    hints=[
        "What stands on the screen in fourteen moments: some with a sound feed and a model that answers, the others not. Only a risk that is true *now* is shown as one; whoever waits, waits "
        "two seconds; and what needs no model stays on the screen.",
        "What do you show when the feed's last word is an hour old, and the model answers at once? It has answered about an hour ago. And what can a reply hold that is no number from 0 to 1,000?",
        "No answer is an answer of its own: not 0, not the last one, not *low*. A sentence that calms somebody is a statement about the patient, and nobody has looked. So: what failed, since "
        "when if you know it, and that there is no risk. `ask(2.0)` gives up by itself.",
        "The frame of it:\n\n"
        "```\n"
        "def screen(visit, feed, ask, now):\n"
        "    none = {'state': 'no answer', 'of_1000': None, 'rules': visit.rules}\n"
        "    if feed.last_at is None or now - feed.last_at > pd.Timedelta(minutes=given(10).FEED_LATE):\n"
        "        return none | {'says': ...}\n"
        "    try:\n"
        "        said = ask(given(10).WITHIN)['of_1000']\n"
        "    except (TimeoutError, ConnectionError):\n"
        "        return none | {'says': ...}\n"
        "    if ...:  # what came back is no risk\n"
        "        return none | {'says': ...}\n"
        "    return {'state': 'risk', 'of_1000': said, 'says': ..., 'rules': visit.rules}\n"
        "```",
    ],
)

question(
    "W10.Q4",
    answer="faults",
    title="The log of overruled advice",
    expects="a dictionary: reason to a pair of `'model'`, `'data'`, `'workflow'` or `'judgement'` and the number of overruled advices that show it",
    takes=dict,
    ask=lambda faults, hospital: given(10).found(faults, hospital),
    hints=[
        "For each reason in the log: of what does it mostly tell, and how many of its overruled advices show it? A fault of the model is one kind among four, and the name of a reason is what somebody clicked.",
        "Take the commonest reason, overruled only. In how many lines was the value measured again, and another one? In how many had a physician come before the advice? In how many is `names` something that "
        "the model is never given?",
        "Four signs, one a line: another value when measured again, beyond what `CLOSE` allows, shows the data; a physician before the advice, the workflow; a fact that is none of the model's `INPUTS`, the nurse's judgement; and "
        "where values are confirmed, the advice in time, and the fact is one that the model had, it is the model's. Whether somebody needed critical care later tells none of the four.",
        "The frame of it:\n\n"
        "```\n"
        "log = given(10).overrides(hospital).query('decision == \"overruled\"')\n"
        "other = (log.value_again - log.value).abs() > log.sign.map(given(10).CLOSE)\n"
        "before = log.physician_at < log.advised_at\n"
        "kind = np.select([other, before, ~log.names.isin(...)], ['data', 'workflow', ...], 'model')\n"
        "counts = pd.crosstab(log.reason, kind)\n"
        "faults = {reason: (row.idxmax(), int(row.max())) for reason, row in counts.iterrows()}\n"
        "```",
    ],
)

memo_form(
    "W10.M",
    fields={
        "first": "a hazard: its cause, the harm to a patient, the control that is in place, who watches what, and what risk is left",
        "second": "a second hazard, in the same five words",
        "third": "a third",
        "fourth": "a fourth: what happens when the feed is late or the model does not answer",
        "fifth": "a fifth: what happens when the risk on the screen is wrong",
    },
)

memo_form(
    "W10.A3",
    fields={
        "intended_use": "what it supports, for whom, at which moment, and whose the level is",
        "not_for": "for whom and for what it must not be used",
        "users": "who reads it, and what they must know before",
        "think_aloud": "who sat at the desk (by role), with which task, what they said, and what was changed after it",
        "decide_ai": "one line: what of an early evaluation is here, and what is open",
    },
)

question(
    "W10.Q5",
    answer="assessment",
    title="A RiskAssessment that says the truth",
    expects="a function of (visit, said, now) that returns a RiskAssessment of FHIR R4B as a dictionary",
    kind="function",
    stretch=True,
    ask=lambda assessment, hospital: given(10).assessed(assessment, hospital),
    then=lambda answer, hospital: given(10).assessments_judged(answer, hospital),
    hints=[
        "One score as a resource that another system can keep: of whom, when it was made, from which observations, by which model, how likely, of what, and within which time.",
        "How likely is `probabilityDecimal: 0.034` to a reader who takes the definition at its word? And what does a prediction without a `when` claim?",
        "In R4B a decimal probability is a percentage, 100 at most: 34 of 1,000 is 3.4. A prediction without `when[x]` is one for a whole life, and `whenRange` is a range of ages. `occurrenceDateTime` is when "
        "the assessment was made; the twelve hours begin with triage. `basis` names what the risk was computed from.",
        "The frame of it:\n\n"
        "```\n"
        "def assessment(visit, said, now):\n"
        "    return {\n"
        "        'resourceType': 'RiskAssessment', 'status': 'final',\n"
        "        'subject': {'reference': f'Patient/{visit.patient_id}'}, 'encounter': ...,\n"
        "        'occurrenceDateTime': ..., 'method': {'text': said.model},\n"
        "        'basis': [{'reference': f'Observation/{one.id}'} for one in visit.readings],\n"
        "        'prediction': [{'outcome': {'text': ...}, 'probabilityDecimal': ...,\n"
        "                        'whenPeriod': {'start': ..., 'end': ...}}],\n"
        "    }\n"
        "```",
    ],
)
