"""Week 12: what is asked, and how. Answers and reasons are in ``keys.py``."""

from wardround.course.given import given
from wardround.course.questions import memo_form, prediction, question

prediction(
    "W12.P1",
    ask=(
        "The reference plan has contracts at the door, monitors that somebody owns and a response for each cause. Over three years, the same for both plans, how many more deteriorations a year does it "
        "avert than doing nothing, in the median year? Give a range that you are 80% sure of."
    ),
    unit="deteriorations a year, more than by doing nothing",
)

prediction(
    "W12.P2",
    ask=(
        "A plan has the reference plan's monitors, and switches the service off at whatever rings. In the median of the three years, of 1,000 windows before a deterioration, how many had no score? Give a "
        "range that you are 80% sure of."
    ),
    unit="of 1,000 windows before a deterioration, without a score",
)

prediction(
    "W12.P3",
    kind="probability",
    ask="A plan has the same monitors, and trains the model anew at whatever rings. In the median of the three years it leaves fewer than half of doing nothing's patient-weeks on a fault that nobody had noticed. How probable is that?",
)

question(
    "W12.Q1",
    answer="first_day",
    title="An incident's first day",
    expects="a list of letters in the order in which the steps are begun, such as `['C', 'A', …]`",
    takes=list,
    ask=lambda first_day, hospital: given(12).ordered_steps(first_day, hospital),
    hints=[
        "Bring the steps of this incident into an order: what is begun first stands first. Two of the twelve nobody should take; leave them out. Several orders are right.",
        "What still goes on while you read? What will be gone by tomorrow? Whose clock has begun with the first person who saw it? And which steps need the list that another one makes?",
        "Three things come before everything else, in any order among themselves: stop what does harm and no more than that; keep what shows it; tell whoever must decide. A clock from discovery began when it was seen, "
        "so nobody waits for a cause. What destroys or writes over comes after what keeps. One tells the people concerned once it is known who they are; mends after the cause; switches on after a test.",
        "The frame of it:\n\n```\nfirst_day = ['?', '?', '?',       # stop, keep, tell\n             '?', '?', '?',       # whose, how bad, told\n             '?', '?', '?', '?']  # cause, mend, test; what destroys, somewhere after keeping\n```",
    ],
)

question(
    "W12.Q2",
    answer="touched",
    title="Six features against the rules",
    expects="a dictionary: feature to a set of codes, such as `{'security', 'baa'}`; `set()` where no rule of the list touches it",
    takes=dict,
    ask=lambda touched, hospital: given(12).named_rules(touched, hospital),
    hints=[
        "For each feature: which rules of the list touch it today, whoever has to do the work? A rule touches by what it says, not by how modern the thing is. What is proposed, or begins later, touches nothing yet.",
        "Ask five things of each. Whose health information does it hold, and who else gets it, readable or not? Who made it, within which record? Whom does it help to decide, about whose treatment? Has it age or sex "
        "as an input? Who reads its words, where?",
        "Security follows the information, the agreement follows whoever holds it for you, even locked. 92.210 binds whoever uses a tool, on paper as well; the 31 attributes bind the maker of a certified record, not your own model. "
        "Whether software is a device is asked only where it is meant for prevention, diagnosis or treatment. Each of these is decided alone: one never settles another.",
        "The frame of it:\n\n```\ntouched = {\n    'coding assistant': {'security', ...},\n    'kidney formula': {...},\n    ...\n}\n```",
    ],
)

question(
    "W12.Q3",
    answer="plan",
    title="A plan that keeps what the playbook promises",
    expects="a text: a plan in TOML, such as the draft with its mended lines",
    takes=str,
    seconds=2,
    ask=lambda plan, hospital: given(12).as_text(plan, hospital),
    then=lambda answer, hospital: given(12).agreed(answer, hospital),
    hints=[
        "The draft can be flown, and six of its lines promise something else than the playbook. Mend the plan, not the playbook: change the text until nothing contradicts.",
        "Hold them side by side, table by table: threshold; each monitor's limit and owner, by what the plan calls that seat (`also`); each cause's roles and hours; the parts, seat and minutes of the way back; the vendor. Is "
        "everything there that the playbook promises?",
        "A plan may do more than the playbook says, and faster, never less or later. Hours in the plan are at most those of the playbook; a notice has at least its seats. A rollback that leaves a part behind serves a "
        "mixture that nobody has tested. Taking a line out contradicts as well: the promise still stands.",
        "The frame of it:\n\n"
        "```\n"
        "plan = given(12).draft(hospital)\n"
        "plan = plan.replace('features = false', 'features = true')\n"
        "plan = plan.replace(..., ...)\n"
        "plan += '''\n"
        "[[monitor]]\n"
        "service = \"ward\"\n"
        "...\n"
        "'''\n"
        "```",
    ],
)

question(
    "W12.Q4",
    answer="my_plan",
    title="Forecast, and fly",
    expects="a text: a plan in TOML with a table `[forecast]`",
    takes=str,
    seconds=90,
    ask=lambda my_plan, hospital: given(12).as_text(my_plan, hospital),
    then=lambda answer, hospital: given(12).flown(answer, hospital),
    hints=[
        "Write a plan for the year, with a range for each axis, and fly it through years that you have not seen. Beside doing nothing it must hold ten floors at once, each as the median year. `practise` flies "
        "three years that anybody may know.",
        "Which floors does `START` miss? What happens in it when something rings, and who has found a cause by then? What stops a wrong value at the door? How many alerts can a shift answer?",
        "Four kinds of sentences make a plan. Contracts stop what is wrong before it is scored. Monitors ring, and begin with `investigate`. A `[[cause]]` for each card says what is done once it is found, whom to tell and "
        "who may. The way back is whole. And nothing changes where nothing was found. A forecast is of your plan's own year: see what `practise` prints in the column `median`, and leave room for years that differ.",
        "The frame of it, each list in one line:\n\n"
        "```\n"
        "monitor = [\n"
        "  {service = \"ward\", signal = \"rows\", limit = 0.4, owner = \"data_engineer\", then = [\"investigate\"]},\n"
        "  ...\n"
        "]\n"
        "cause = [\n"
        "  {name = \"unit_change\", then = [\"fallback\", \"fix_feed\"], notify = [\"clinical_lead\"],\n"
        "   within_hours = 24, authority = \"data_engineer\"},\n"
        "  ...\n"
        "]\n"
        "[forecast]\n"
        "benefit = {low = ..., high = ..., confidence = 0.8}\n"
        "```",
    ],
)

memo_form(
    "W12.M",
    fields={
        "first_week": "what is found in the first week: the inventory, by whom, and which system is looked at first",
        "thirty": "what holds after thirty days, with its gate: what must be true, who says so, what happens if it is not",
        "sixty": "what holds after sixty days, with its gate",
        "ninety": "what holds after ninety days, with its gate, and what is switched on or given up then",
        "not_now": "what is left out on purpose, and which risk stays",
        "decision": "what begins on Monday, who owns it, what stops it",
    },
)

question(
    "W12.Q5",
    answer="review",
    title="After the year: a review that the log bears out",
    expects="a dictionary with `signal`, `words`, `changed`, `difference` (a number for each of three names) and `because`",
    stretch=True,
    takes=dict,
    seconds=20,
    ask=lambda review, hospital: given(12).review_parts(review, hospital),
    then=lambda answer, hospital: given(12).held_against_the_log(answer, hospital),
    hints=[
        "The plan `REVIEWED` has been flown. In its first incident creatinine came in another unit, and that went on for months. Write the review: where it could first be read, which words of the plan have let it go on, "
        "one change, and what that changes in the same year.",
        "Which signal in `readings` crossed its usual limit first after the incident began? What does the plan do when that one rings? And what is in the same year with that one line changed?",
        "A review names words and not people: whoever was on call did what the plan says. One change, since with five nobody knows which has helped. The same year before and after: two years differ by more than two plans do, so the "
        "difference is taken on one seed.",
        "The frame of it:\n\n"
        "```\n"
        "changed = given(12).REVIEWED.replace(words, ..., 1)\n"
        "given(12).beside(changed)\n"
        "review = {\n"
        "    'signal': 'ward ...',\n"
        "    'words': '...',      # as they stand in the plan\n"
        "    'changed': changed,  # the whole text\n"
        "    'difference': {'ward_averted': ..., 'ward_wrong_data': ..., 'silent_patient_weeks': ...},\n"
        "    'because': '...',\n"
        "}\n"
        "```",
    ],
)
