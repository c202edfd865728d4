"""Week 10: what is right, what is known to be wrong, and what a colleague would say. Never shown before an answer."""

import datetime as dt
import functools
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from wardround.course.compare import Comparison
from wardround.course.compare_words import named
from wardround.course.given import given
from wardround.course.keys import key, misconception, outcome

WEEK = given(10)


# predictions ----------------------------------------------------------------------------------------------------------
def right_cards(hospital, truth):
    """Of 100 cards from the threshold on, those whose patient needed critical care."""
    rows = WEEK.scored(hospital)
    return 100 * float(rows.critical[rows.score >= WEEK.THRESHOLD].mean())


def of_all_visits(hospital, truth, found):
    rows = WEEK.scored(hospital)
    high = rows.score >= WEEK.THRESHOLD
    return (
        f"Of 1,000 visits {1000 * high.mean():.0f} have such a card and {1000 * rows.critical.mean():.0f} need critical care; "
        f"{1000 * (high & rows.critical).mean():.0f} are both."
    )


outcome("W10.P1", right_cards, remark=of_all_visits)


def faults_of_the_model(hospital, truth):
    """Of 100 overruled advices, those whose line shows the model: values confirmed, in time, on a fact that it had."""
    log = overruled(hospital)
    return 100 * float(np.mean([sign_of(line) == "model" for line in log.itertuples()]))


def overrules(hospital, truth, found):
    log = WEEK.overrides(hospital)
    return f"Overruled were {100 * (log.decision == 'overruled').mean():.0f} of 100 advices: that is not how often the model was wrong."


outcome("W10.P2", faults_of_the_model, remark=overrules, after="W10.Q4")


def more_by_the_threshold(hospital, truth):
    """Of 100 who need critical care, those more whose card is opened when only the high risks have one. By counting."""
    rows = WEEK.scored(hospital)
    return reached(rows, rows.score >= WEEK.THRESHOLD) - reached(rows, rows.score >= 0)


def reached(rows, has_card):
    cards = WEEK.DESK_VISITS * has_card.sum() / len(rows)
    right = 100 * rows.critical[has_card].sum() / has_card.sum()
    chance = 0.1 + 0.8 * min(1, right / 10) * min(1, WEEK.LOOKS / cards)
    return 100 * chance * float((has_card & rows.critical).sum() / rows.critical.sum())


def both_desks(hospital, truth, found):
    every, high = WEEK.opened(hospital, 0), WEEK.opened(hospital)
    return (
        f"By the assumption: with {every['cards']:.0f} cards an hour, {every['right']:.1f} of 100 right, somebody opens {100 * every['opens']:.0f} of 100; "
        f"with {high['cards']:.0f}, {high['right']:.1f} right, {100 * high['opens']:.0f}. So {every['reached']:.0f} of 100 who need critical care are reached with a card for everybody, "
        f"and {high['reached']:.0f} with one for {high['has']:.0f} of them."
    )


outcome("W10.P3", more_by_the_threshold, remark=both_desks)


# what Q1, Q3 and Q5 share ---------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Judged(Comparison):
    """Cases with problems: a point for each case that has one. Two answers are the same mistake by the kinds in each case."""

    needed: float = 1.0

    def unreadable(self, answer, reference):
        cases = cases_of(answer)
        return None if cases is not None else f"{named(answer)} is there"

    def distance(self, answer, reference):
        return float(sum(bool(problems) for problems in cases_of(answer).values()))

    def matches(self, answer, wrong):
        return kinds_by_case(answer) == kinds_by_case(wrong) and bool(kinds_of(answer))

    def evidence(self, answer, reference):
        return first_problems(answer)


def cases_of(answer):
    """Case to its problems, whatever the question."""
    if type(answer) is not dict:
        return None
    if "resources" in answer:
        return dict(enumerate(answer["problems"], 1)) if "problems" in answer else None
    return {name: one["problems"] for name, one in answer.items()} if answer and all(
        type(one) is dict and "problems" in one for one in answer.values()
    ) else None  # fmt: skip


def kinds_by_case(answer):
    return {name: sorted({kind for kind, _ in problems}) for name, problems in cases_of(answer).items() if problems}


def kinds_of(answer):
    return {kind for problems in cases_of(answer).values() for kind, _ in problems}


def first_problems(answer, first=()):
    """How many cases are right, and an example of what is wrong: of ``first`` kinds, if there is one, else of three kinds."""
    cases = cases_of(answer)
    told = [f"{sum(not problems for problems in cases.values())} of {len(cases)} are right."]
    examples = {}
    for name, problems in cases.items():
        for kind, says in problems:
            examples.setdefault(kind, f"*{name}*: {says}.")
    some = [examples[kind] for kind in first if kind in examples][:1] or list(examples.values())[:3]
    return " ".join([*told, *some])


def same_kinds(kinds):
    """Another answer that has the first of these problems, and none of other kinds: the same mistake, on other cases perhaps."""
    return lambda answer, hospital: kinds[0] in kinds_of(answer) and kinds_of(answer) <= set(kinds)


def never(answer, hospital):
    return False


def by_case(name, answer, kinds, *, says, so_what, look_at, teaches=None, also=None):
    return misconception(
        name,
        answer=answer,
        says=says,
        so_what=so_what,
        look_at=look_at,
        teaches=teaches,
        evidence=lambda said, hospital: first_problems(said, kinds),
        also=also or same_kinds(kinds),
    )


# W10.Q1 ---------------------------------------------------------------------------------------------------------------
def sound(request, service, **other):
    """A card without a stranger's words, of the prefetch alone; ``other`` replaces parts of it by ``part(read, request)``."""
    if "patientId" not in request["context"]:
        return 400, {"cards": []}
    if set(WEEK.NEEDED_PREFETCH) - set(request["prefetch"]):
        return 412, {"cards": []}
    return 200, {"cards": [drawn(request, service.read(request), **other)]}


def drawn(request, read, **other):
    made = {
        "summary": risk_words(read),
        "detail": "Supports your own level, assigns none. " + "; ".join(read.factors[:3]),
        "indicator": "warning" if read.of_1000 is not None and read.of_1000 >= 1000 * WEEK.THRESHOLD else "info",
        "source": {"label": "Triage assistant of Quillmere Health"},
        "suggestions": [{"label": "Measure the vital signs again in 15 minutes", "uuid": "6f1f2d2e-0000-4000-8000-000000000001"}],
        "selectionBehavior": "at-most-one",
        "overrideReasons": WEEK.REASONS,
    }
    made |= {name: part(read, request) for name, part in other.items()}
    return {name: part for name, part in made.items() if part is not None}


def risk_words(read):
    if read.of_1000 is None:
        return f"No risk is given: {read.why}"
    return f"{read.of_1000} of 1,000 patients like this one need critical care or die within 12 hours"


def with_part(**other):
    return lambda request, service: sound(request, service, **other)


def whole_story(read, request):
    return risk_words(read) if read.of_1000 is None else f"{risk_words(read)}: {'; '.join(read.factors)}"


def called_high(read, request):
    return "high" if (read.of_1000 or 0) >= 50 else "low"


def empty_two_hundred(request, service):
    status, body = sound(request, service)
    return (200, {"cards": []}) if status == 412 else (status, body)


def no_vitals_no_matter(request, service):
    if "patientId" not in request["context"]:
        return 400, {}
    return 200, {"cards": [drawn(request, service.read(request))]}


def never_refuses(request, service):
    try:
        status, body = sound(request, service)
    except KeyError:
        return 200, {"cards": []}
    return (200, {"cards": []}) if status != 200 else (status, body)


def from_the_chart(request, service):
    if "patientId" not in request["context"]:
        return 400, {}
    if set(WEEK.NEEDED_PREFETCH) - set(request["prefetch"]):
        return 412, {}
    return 200, {"cards": [drawn(request, service.fetch(request["context"]["patientId"]))]}


def fetches_what_lacks(request, service):
    status, body = sound(request, service)
    if status != 412:
        return status, body
    return 200, {"cards": [drawn(request, service.fetch(request["context"]["patientId"]))]}


def with_the_name(read, request):
    return f"{read.name}: {risk_words(read)}"


def name_cut(read, request):
    return f"{risk_words(read)} ({read.name[:20]})"


def name_in_detail(read, request):
    return f"**{read.name}**, {read.age or 'age not known'}. {'; '.join(read.factors[:3])}"


def calms(read, request):
    return risk_words(read) if read.of_1000 is not None else f"No increased risk detected ({read.why})"


def zero_card(read, request):
    return f"{read.of_1000 or 0} of 1,000 patients like this one need critical care or die within 12 hours"


def as_it_comes(read, request):
    return f"{read.of_1000} of 1,000 patients like this one need critical care or die within 12 hours"


def in_percent(read, request):
    return risk_words(read) if read.of_1000 is None else f"Risk of critical care within 12 hours: {read.of_1000 / 10:.1f}%"


def only_the_high(request, service):
    status, body = sound(request, service)
    low = status == 200 and (service.read(request).of_1000 or 0) < 1000 * WEEK.THRESHOLD
    return (200, {"cards": []}) if low else (status, body)


CLIENT = "what the client sent, and what it did not: `request['prefetch']` and `request['context']` of each request"
TEXT = "`len(summary)` and every sign of it, for the request with the longest and the strangest name"
NONE = "`service.read(request).of_1000` and `.why` for the request without vital signs"


def where_in_a_card(answer, hospital):
    kinds = kinds_of(answer)
    if any(kind.startswith(("4", "status")) for kind in kinds):
        return CLIENT
    if kinds & {"invented", "calming", "silent", "none"}:
        return NONE
    if kinds & {"markup", "link", "turned", "invariant 7"}:
        return TEXT
    return "the frame of a card in lesson 2, part by part, beside yours"


key(
    "W10.Q1",
    reference=lambda hospital, truth: WEEK.cards_judged(WEEK.answered(sound, hospital), hospital),
    same=Judged(),
    evidence=lambda answer, hospital: first_problems(answer),
    right=lambda answer, hospital: (
        f"All {len(answer)}, by the twelve invariants and by what a card may say. Yours reads “{answer['a high risk']['summary'][:110]}”. `patient-view` shows: "
        "nobody's pager rings for it, and of a chart that nobody opens nothing is shown: so a worklist stands beside it."
    ),
    look_at=where_in_a_card,
    misconceptions=[
        by_case(
            "whole_story",
            with_part(summary=whole_story),
            ["invariant 7"],
            says="Your summary holds everything that pushes the risk.",
            so_what="A client may cut it at 140 signs, or refuse the card. What is cut is the end, so the nurse reads half of a reason; factors belong in the detail, three of them.",
            look_at=TEXT,
        ),
        by_case(
            "called_high",
            with_part(indicator=called_high),
            ["invariant 8"],
            says="Your indicator says how high the risk is.",
            so_what="It is one of three words that say how much a card interrupts: `info`, `warning`, `critical`. A client that knows no `high` draws no card at all.",
            look_at="the invariant on the indicator, in lesson 2",
        ),
        by_case(
            "no_selection",
            with_part(selectionBehavior=lambda read, request: None),
            ["invariant 10"],
            says="Your card suggests something and does not say how many suggestions may be taken.",
            so_what="One client shows buttons, another boxes, a third refuses the card. It works in your browser, and on the ward that bought another system nothing appears.",
            look_at="the invariant on suggestions, in lesson 2",
        ),
        by_case(
            "pages",
            with_part(indicator=lambda read, request: "critical"),
            ["pages"],
            says="You mark a risk as critical.",
            so_what="A critical card interrupts. Of 100 patients at high risk nine in ten turn out not to need critical care, so after a week the red card is what everybody clicks away first; `patient-view` shows, it does not page.",
            look_at="`given(10).THRESHOLD`, and which of the three indicators interrupts",
            teaches="M34",
        ),
        by_case(
            "never_warns",
            with_part(indicator=lambda read, request: "info"),
            ["indicator"],
            says="Your indicator does not tell a high risk from another.",
            so_what="A client sorts and colours by this word alone. What stands in the summary is read by whoever has opened the card, and the indicator is why somebody opens it.",
            look_at="`given(10).THRESHOLD`, and the indicator of your card for a risk on either side",
        ),
        by_case(
            "empty_two_hundred",
            empty_two_hundred,
            ["412"],
            says="Where prefetch is lacking you answer 200 with no card.",
            so_what="No card reads as *nothing to say about this patient*. The client never learns that it must send more (412), and the list stays empty for as long as nobody wonders.",
            look_at=CLIENT,
            teaches="M14",
        ),
        by_case(
            "no_vitals_no_matter",
            no_vitals_no_matter,
            ["412, a card"],
            says="A card comes although the client left out what you need.",
            so_what="*No risk* then reads like a finding about the patient, and it is one about the request. 412 says so to the client, which is the only one who can mend it.",
            look_at=CLIENT,
        ),
        by_case(
            "never_refuses",
            never_refuses,
            ["4xx", "412"],
            says="Whatever comes, you answer 200.",
            so_what="A context without its patient is a mistake of the client, and a missing prefetch one that it can mend. Both look to it like a patient about whom there is nothing to say.",
            look_at=CLIENT,
        ),
        by_case(
            "from_the_chart",
            from_the_chart,
            ["another number", "indicator", "invented", "no number"],
            says="You compute from the chart as it was loaded last night, not from what the client sent.",
            so_what="The number on the card is another evening's. The nurse sees this evening's pressure beside it, and one of the two is about somebody who no longer is as he was.",
            look_at="`service.read` and `service.fetch`, side by side, for one request",
            teaches="M25",
        ),
        by_case(
            "fetches_what_lacks",
            fetches_what_lacks,
            ["412, a number"],
            says="What prefetch lacks you take from last night's chart.",
            so_what="It looks helpful. The card then says nothing of an age of twenty hours, and the client believes that it has sent enough.",
            look_at="how old the values of `service.fetch` are, and who is told",
            teaches="M25",
        ),
        by_case(
            "markup_through",
            with_part(detail=name_in_detail),
            ["markup", "link", "turned"],
            says="The patient's name goes into your card as it came.",
            so_what="A name is a stranger's text. Here it holds an image that runs a script in the nurse's session, and a sign after which all text reads backwards, numbers too.",
            look_at=TEXT,
        ),
        by_case(
            "with_the_name",
            with_part(summary=with_the_name),
            ["invariant 7", "markup", "link", "turned"],
            says="Your summary begins with the patient's name, as it came.",
            so_what="One name here has 10,000 signs, one holds a script, one turns the text around. The chart already says whose it is.",
            look_at=TEXT,
        ),
        by_case(
            "name_cut",
            with_part(summary=name_cut),
            ["markup"],
            says="You shorten the name, and leave its signs as they are.",
            so_what="Twenty signs are enough to open a tag, or to turn all that follows from right to left: `000,1 fo 43`.",
            look_at=TEXT,
            also=never,
        ),
        by_case(
            "calm_card",
            with_part(summary=calms),
            ["calming"],
            says="Where there is no risk to give, your card calms.",
            so_what="Nobody has measured this patient, and the screen says that nothing was found. It is only text, somebody will say; it is the text on which he waits another hour.",
            look_at=NONE,
            teaches="M41",
        ),
        by_case(
            "zero_card",
            with_part(summary=zero_card),
            ["invented"],
            says="Without a risk your card says 0 of 1,000.",
            so_what="Zero is the lowest risk that anybody can have. The patient about whom least is known goes to the end of the line.",
            look_at=NONE,
            teaches="M14",
        ),
        by_case(
            "as_it_comes",
            with_part(summary=as_it_comes),
            ["none", "silent"],
            says="Without a risk your card says *None of 1,000*.",
            so_what="A nurse reads: none of a thousand such patients needs critical care. It is the most reassuring sentence in the house, and a programming language has written it.",
            look_at=NONE,
        ),
        by_case(
            "in_percent",
            with_part(summary=in_percent),
            ["no number"],
            says="Your card gives a percentage, and of 1,000 was asked.",
            so_what="3.4% of whom? *34 of 1,000 patients like this one* says it; where the screen and the telephone use two forms, a risk is read ten times too small.",
            look_at="the words in which a risk is given, in lesson 1",
        ),
        by_case(
            "only_the_high",
            only_the_high,
            ["no card"],
            says="You show a card only from the threshold on.",
            so_what="Then no card has three meanings: low, not known, not working. A nurse who sees nothing has to guess which, and guesses the first.",
            look_at="your answers to the ordinary patient and to the one without vital signs, side by side",
            teaches="M14",
        ),
    ],
)


# W10.Q2 ---------------------------------------------------------------------------------------------------------------
def one_by_one(hospital, truth):
    """Visit by visit, by the words of the question: comfort care, then what is lacking, odd or old; rules by parsing each."""
    table = WEEK.judged_visits(hospital)
    told = [said_of(line) for line in table.to_dict("records")]
    return {"visit": table.visit.tolist(), "says": [says for says, _ in told], "rule": [rule for _, rule in told]}


def said_of(line):
    if line["comfort_care"]:
        return "silent", False
    rule = any(holds(text, line) for text in WEEK.RULES)
    there = {name: line[name] for name in WEEK.INPUTS if not math.isnan(line[name])}
    odd = [name for name, (low, high) in WEEK.PLAUSIBLE.items() if name in there and not low <= there[name] <= high]
    lacking = len(WEEK.INPUTS) - len(there)
    needed = any(name not in there for name in WEEK.NEEDS)
    abstains = odd or needed or lacking > WEEK.AT_MOST_MISSING or line["minutes_old"] > WEEK.STALE
    return "abstains" if abstains else "risk", rule


def holds(text, line):
    name, sign, limit = text.split()
    value = line[name]
    return not math.isnan(value) and (value <= float(limit) if sign == "<=" else value >= float(limit))


@dataclass(frozen=True)
class RowByRow(Comparison):
    """Visits at which ``says`` or ``rule`` differs."""

    needed: float = 8.0

    def unreadable(self, answer, reference):
        return None if type(answer) is dict and {"says", "rule"} <= set(answer) else f"{named(answer)} is there"

    def off(self, answer, reference):
        pairs = zip(answer["says"], answer["rule"], reference["says"], reference["rule"], strict=True)
        return [place for place, (says, rule, other, fired) in enumerate(pairs) if says != other or rule != fired]

    def distance(self, answer, reference):
        return float(len(self.off(answer, reference)))

    def matches(self, answer, wrong):
        return not self.off(answer, wrong)

    def evidence(self, answer, reference):
        return f"{len(self.off(answer, reference))} visits differ."


@functools.cache
def right_of(hospital):
    return one_by_one(hospital, None)


def coverage(answer):
    number = {word: 1000 * answer["says"].count(word) // len(answer["says"]) for word in WEEK.SAYS}
    return f"Of 1,000 visits yours gives {number['risk']} a risk, abstains from {number['abstains']} and is silent on {number['silent']}; a rule fires in {sum(answer['rule'])}."


def advised_how(answer, hospital):
    """The coverage, how many rows differ in which column, and one visit as it stands in the table."""
    right = right_of(hospital)
    table = WEEK.judged_visits(hospital)
    says = [place for place in range(len(table)) if answer["says"][place] != right["says"][place]]
    rule = [place for place in range(len(table)) if answer["rule"][place] != right["rule"][place]]
    told = f"{coverage(answer)} `says` is other than it should be for {len(says)}, `rule` for {len(rule)}."
    hidden = [place for place in rule if right["rule"][place]]
    for places, words in ((hidden, "fires nothing"), (rule, "fires"), (says, "")):
        if places:
            line = table.iloc[places[0]]
            does = words or f"says {answer['says'][places[0]]!r}"
            return f"{told} First, {line.visit}: {on_the_line(line)}; yours {does}."
    return told


def on_the_line(line):
    """What is remarkable about a visit: comfort care, age of its values, what is missing, and values a rule looks at."""
    told = ["comfort care"] if line.comfort_care else []
    told += [f"values {line.minutes_old:.0f} minutes old"] if line.minutes_old > WEEK.STALE else []
    lacking = [WEEK.LABELS[name] for name in WEEK.INPUTS if pd.isna(line[name])]
    told += [f"no {' and no '.join(lacking)}"] if lacking else []
    for name in WEEK.SIGNS:
        low, high = WEEK.PLAUSIBLE[name]
        if not pd.isna(line[name]) and (any(holds(text, line) for text in WEEK.RULES if text.startswith(name)) or not low <= line[name] <= high):
            told.append(f"{WEEK.LABELS[name]} {line[name]:g} {WEEK.UNITS[name]}")
    return ", ".join(told) or "all six values there, fresh and plausible"


def columns_of(visits):
    """What an honest colleague would compute, as columns to be spoilt one at a time."""
    values = visits[list(WEEK.SIGNS)]
    odd = pd.DataFrame({name: (values[name] < low) | (values[name] > high) for name, (low, high) in WEEK.PLAUSIBLE.items()})
    missing = visits[list(WEEK.INPUTS)].isna()
    return {
        "odd": odd.any(axis=1),
        "lacking": (missing.sum(axis=1) > WEEK.AT_MOST_MISSING) | missing[list(WEEK.NEEDS)].any(axis=1),
        "stale": visits.minutes_old > WEEK.STALE,
        "comfort": visits.comfort_care,
        "rule": fires(visits),
        "any": missing.any(axis=1),
        "is_odd": odd,
    }


def fires(visits):
    return pd.Series([any(holds(text, line) for text in WEEK.RULES) for line in visits.to_dict("records")], visits.index)


def advice(visits, abstains, comfort, rule):
    says = np.where(comfort, "silent", np.where(abstains, "abstains", "risk"))
    return pd.DataFrame({"visit": visits.visit, "says": says, "rule": rule})


def spoilt(change):
    """The honest columns with one thing done wrong: ``change(columns, visits)`` gives abstains, comfort and rule."""

    def advise(visits):
        found = columns_of(visits)
        abstains = found["odd"] | found["lacking"] | found["stale"]
        made = {"abstains": abstains, "comfort": found["comfort"], "rule": found["rule"] & ~found["comfort"]}
        return advice(visits, **(made | change(found, visits, abstains)))

    return advise


def missing_is_normal(found, visits, abstains):
    return {"abstains": found["odd"] | found["stale"]}


def slips_are_dropped(found, visits, abstains):
    """Values outside their range are thrown away before anybody looks at them."""
    kept = visits.copy()
    kept[list(WEEK.SIGNS)] = kept[list(WEEK.SIGNS)].where(~found["is_odd"])
    return {"rule": fires(kept) & ~found["comfort"]}


def slips_are_missing(found, visits, abstains):
    """A value outside its range counts as one that is missing, and one may be missing."""
    kept = visits.copy()
    kept[list(WEEK.SIGNS)] = kept[list(WEEK.SIGNS)].where(~found["is_odd"])
    other = columns_of(kept)
    return {"abstains": other["lacking"] | found["stale"], "rule": fires(kept) & ~found["comfort"]}


def slip_gets_risk(found, visits, abstains):
    return {"abstains": found["lacking"] | found["stale"]}


def row(name, change, *, says, so_what, look_at, teaches=None, also=None):
    return misconception(
        name, answer=spoilt(change), says=says, so_what=so_what, look_at=look_at, teaches=teaches, evidence=advised_how, also=also
    )


def whoever(wrong, *, all_of=None):
    """Whether each row that is off is off in the one way that ``wrong(mine, right, line)`` knows; ``all_of``: and no row like it is right.

    ``mine`` and ``right`` are pairs of says and rule.
    """

    def also(answer, hospital):
        right, lines = right_of(hospital), WEEK.judged_visits(hospital).to_dict("records")
        pairs = list(zip(answer["says"], answer["rule"], strict=True)), list(zip(right["says"], right["rule"], strict=True))
        off = set(RowByRow().off(answer, right))
        known = all(wrong(pairs[0][place], pairs[1][place], lines[place]) for place in off)
        whole = all_of is None or all(place in off for place, pair in enumerate(pairs[1]) if all_of(pair, lines[place]))
        return len(off) >= 8 and known and whole

    return also


def rule_is_lost(mine, right, line):
    return mine[0] == right[0] == "abstains" and right[1] and not mine[1]


def abstains_for_a_gap(mine, right, line):
    return mine[1] == right[1] and (mine[0], right[0]) == ("abstains", "risk") and any(math.isnan(line[name]) for name in WEEK.INPUTS)


def silent_on_the_low(mine, right, line):
    return mine[1] == right[1] and (mine[0], right[0]) == ("silent", "risk") and line["score"] < 2 * WEEK.THRESHOLD


RULE = "the visits with a rule and no risk: what does your `rule` hold, and from which values was it computed?"


def where_in_advice(answer, hospital):
    right = right_of(hospital)
    if any(fired and not mine for mine, fired in zip(answer["rule"], right["rule"], strict=True)):
        return RULE
    if any(word == "silent" and mine != "silent" for mine, word in zip(answer["says"], right["says"], strict=True)):
        return "the visits of comfort care, in either column"
    if answer["says"].count("silent") > right["says"].count("silent"):
        return "the visits on which you are silent: which of them are comfort care?"
    return "the four reasons to abstain, one after another: which visits does each take, and which should it?"


def both_columns(answer, hospital):
    right = right_of(hospital)
    hidden = sum(fired and word == "abstains" for word, fired in zip(right["says"], right["rule"], strict=True))
    return (
        f"{coverage(answer)} In {hidden} visits the assistant has no risk and a rule fires all the same: those are the ones for whom "
        "*no risk* must never look like *no danger*. (How often values are missing here was planted by us.)"
    )


key(
    "W10.Q2",
    reference=one_by_one,
    same=RowByRow(),
    evidence=advised_how,
    right=both_columns,
    look_at=where_in_advice,
    misconceptions=[
        row(
            "rule_hidden",
            lambda found, visits, abstains: {"rule": found["rule"] & ~found["comfort"] & ~abstains},
            also=whoever(rule_is_lost, all_of=lambda right, line: right == ("abstains", True)),
            says="Where the assistant abstains, your rule keeps still too.",
            so_what="The model lacks something, so the nurse is not told of a pressure of 64. A rule needs no model; it is for the very hours in which the model has nothing to say.",
            look_at=RULE,
        ),
        row(
            "missing_is_normal",
            missing_is_normal,
            says="Where a value is missing, the average stands in, and the risk is shown as if it had been measured.",
            so_what="Nobody has counted this patient's breathing, and the screen gives a number of 1,000 to a patient who is average in all that nobody looked at.",
            look_at="the visits without a respiratory rate: what do you say of them?",
            teaches="M14",
        ),
        row(
            "any_missing",
            lambda found, visits, abstains: {"abstains": abstains | found["any"]},
            also=whoever(abstains_for_a_gap),
            says="You abstain as soon as anything is missing.",
            so_what="Careful, and the assistant falls silent on every tenth patient who lacks no more than a temperature. What keeps still too often is not asked again.",
            look_at="`AT_MOST_MISSING`, and your coverage of 1,000",
        ),
        row(
            "low_is_silent",
            lambda found, visits, abstains: {"comfort": found["comfort"] | (~abstains & (visits.score < WEEK.THRESHOLD))},
            also=whoever(silent_on_the_low),
            says="You are silent where the risk is low.",
            so_what="Then silence has three meanings: low, comfort care, not working. A nurse who sees nothing guesses the first; and a low risk that stands there can at least be contradicted.",
            look_at="how many of 1,000 visits you are silent on, and on which",
            teaches="M14",
        ),
        row(
            "old_values_no_rule",
            lambda found, visits, abstains: {"rule": found["rule"] & ~found["comfort"] & ~found["stale"]},
            also=whoever(lambda mine, right, line: rule_is_lost(mine, right, line) and line["minutes_old"] > WEEK.STALE),
            says="On old values your rules keep still.",
            so_what="Four hours ago the pressure was 80, and nobody has measured since. That is no reason to wait: it is two reasons to go and look.",
            look_at="`rule` of the visits whose values are old",
            teaches="M25",
        ),
        row(
            "comfort_gets_risk",
            lambda found, visits, abstains: {"comfort": found["comfort"] & False, "rule": found["rule"]},
            says="Comfort care gets a risk, and rules, like everybody.",
            so_what="A patient who has decided against critical care is called a patient who needs it. Somebody runs, and the person who sits with the family has to explain.",
            look_at="the visits of comfort care, in either column",
        ),
        row(
            "comfort_gets_rule",
            lambda found, visits, abstains: {"rule": found["rule"]},
            says="For comfort care the risk is silent, and rules fire.",
            so_what="Elsewhere that may be right; here it was decided that the assistant keeps still, whole. A low pressure is expected there, and an alarm calls for what nobody wants.",
            look_at="`rule` of the visits of comfort care",
        ),
        row(
            "danger_is_a_slip",
            slips_are_dropped,
            says="What lies outside its range you throw away before the rules look.",
            so_what="A saturation of 58 becomes a gap, and no rule fires. Some of those are slips. The others may be dying, and they are the ones whom your filter was sure about.",
            look_at="the visits with a saturation or a pressure below its range",
        ),
        row(
            "slips_are_missing",
            slips_are_missing,
            says="A value outside its range counts as missing for you; one may be missing, so the risk is shown.",
            so_what="A pressure of 44 leaves no rule and a risk made of the other values. Two sound ideas, one after the other, and the sickest patient of the evening looks average.",
            look_at="what is left of a visit whose pressure is 44, after each of your steps",
            teaches="M14",
        ),
        row(
            "slip_gets_risk",
            slip_gets_risk,
            says="A value outside its range does not keep you from giving a risk.",
            so_what="A saturation of 964 or of 52 is to be looked at before anybody computes with it; a number beside it says that somebody has.",
            look_at="`PLAUSIBLE`, and `says` of the visits outside it",
        ),
        row(
            "stale_is_fine",
            lambda found, visits, abstains: {"abstains": found["odd"] | found["lacking"]},
            says="You give a risk from values of any age.",
            so_what="It is the risk of the patient of four hours ago. He stands in the line with a fresh number, and whoever reads it does not measure.",
            look_at="`minutes_old` of the visits to which you give a risk",
            teaches="M25",
        ),
    ],
)


# W10.Q3 ---------------------------------------------------------------------------------------------------------------
def calm_and_plain(visit, feed, ask, now, **done):
    """A screen that is sound; ``done`` changes one habit of it."""
    patience = done.get("patience", WEEK.WITHIN)
    none = {"state": "no answer", "of_1000": None, "rules": [] if done.get("hides") else visit.rules}
    none |= done.get("instead", lambda visit: {})(visit)
    late = feed.last_at is None or (now - feed.last_at) > dt.timedelta(minutes=WEEK.FEED_LATE)
    if late and not done.get("trusts_feed"):
        heard = "never" if feed.last_at is None else f"last at {feed.last_at:%H:%M}"
        return none | {"says": done.get("says") or f"No risk is given: the feed is late, heard {heard}. Judge without it."}
    said, tries = None, done.get("tries", 1)
    for _ in range(tries):
        try:
            said = ask(patience)["of_1000"]
            break
        except (TimeoutError, ConnectionError):
            continue
    whole = said is not None and not math.isnan(said) and 0 <= said <= 1000
    if done.get("believes") and said is not None:
        whole = True
    if not whole:
        return none | {"says": done.get("says") or "No risk is given: the model does not answer. Judge without it."}
    return {"state": "risk", "of_1000": said, "says": "of 1,000 patients like this one", "rules": visit.rules}


def habit(**done):
    return lambda visit, feed, ask, now: calm_and_plain(visit, feed, ask, now, **done)


def last_shown(visit):
    return {"state": "risk", "of_1000": visit.shown["of_1000"]}


def zero_shown(visit):
    return {"state": "risk", "of_1000": 0}


def lets_it_fall(visit, feed, ask, now):
    """No ``try``: whatever goes wrong goes up."""
    late = feed.last_at is None or (now - feed.last_at) > dt.timedelta(minutes=WEEK.FEED_LATE)
    none = {"state": "no answer", "of_1000": None, "rules": visit.rules}
    if late:
        return none | {"says": "No risk is given: the feed is late."}
    said = ask(WEEK.WITHIN)["of_1000"]
    if said is None or not 0 <= said <= 1000:
        return none | {"says": "No risk is given: the model's answer cannot be read."}
    return {"state": "risk", "of_1000": said, "says": "", "rules": visit.rules}


def where_on_screen(answer, hospital):
    kinds = kinds_of(answer)
    if kinds & {"waits", "late"}:
        return "the seconds that `ask` is given, and how often it is asked"
    if "stopped" in kinds:
        return "what each argument may hold: `feed.last_at` may be None, `ask` may raise, a reply may be no number"
    if "rules" in kinds:
        return "`rules` in what you return where there is no risk"
    return "what each of your branches returns where there is no risk: state, number, sentence, rules"


def sentences(answer, hospital):
    told = [one["says"] for name, one in answer.items() if "late feed" in name or name.removeprefix("a ") == "dead model"]
    told = [f"“{says[:80]}”" for says in told]
    longest = max(one["waited"] for one in answer.values())
    return (
        f"All {len(answer)}. Nobody waits longer than {longest:g} seconds, every rule stands there, and where there is no risk the screen says so: {'; '.join(told)}. Who "
        "watches how often it says that is for your hazard log."
    )


key(
    "W10.Q3",
    reference=lambda hospital, truth: WEEK.screens_judged(WEEK.screened(calm_and_plain, hospital), hospital),
    same=Judged(),
    evidence=lambda answer, hospital: first_problems(answer),
    right=sentences,
    look_at=where_on_screen,
    misconceptions=[
        by_case(
            "last_score",
            habit(instead=last_shown, says="34 of 1,000"),
            ["last", "state"],
            also=lambda answer, hospital: "last" in kinds_of(answer) and kinds_of(answer) <= {"last", "state", "nameless", "wordless"},
            says="Where there is no answer your screen keeps the last risk, as if it were of now.",
            so_what="It is the most natural thing to cache. The patient has changed, the number has not, and nothing on the screen says which of the two the nurse looks at.",
            look_at="`visit.shown['at']`, beside `now`",
            teaches="M25",
        ),
        by_case(
            "zero",
            habit(instead=zero_shown, says="Low risk"),
            ["zero"],
            also=lambda answer, hospital: "zero" in kinds_of(answer) and kinds_of(answer) <= {"zero", "calming", "nameless", "wordless"},
            says="No answer becomes 0 of 1,000.",
            so_what="While the model is down, everybody is well. The line is ordered by it, and whoever came in those minutes stands at its end.",
            look_at="the number that you return where there is none",
            teaches="M14",
        ),
        by_case(
            "calming",
            habit(says="The assistant is briefly unavailable. No increased risk was detected; the patient can wait."),
            ["calming"],
            also=lambda answer, hospital: "calming" in kinds_of(answer) and kinds_of(answer) <= {"calming", "nameless"},
            says="Your screen calms where nobody has looked.",
            so_what="The state is right, the rules are there, it is only text. And the text is what is read: a statement about a patient, made by a server that could not be reached.",
            look_at="each sentence that you show without a risk: is it about the machine, or about the patient?",
            teaches="M41",
        ),
        by_case(
            "waits",
            habit(patience=None),
            ["waits", "late"],
            also=lambda answer, hospital: bool(kinds_of(answer) & {"waits"}) and kinds_of(answer) <= {"waits", "late", "stopped"},
            says="You ask the model and wait for as long as it takes.",
            so_what="At the desk a circle turns, and behind it stands the rule that needed no model. Nobody knows whether to wait, so somebody waits.",
            look_at="the seconds that `ask` is given",
        ),
        by_case(
            "three_tries",
            habit(tries=3),
            ["waits"],
            says="You try again, three times, each within two seconds.",
            so_what="A sound habit for a batch at night. At a desk two seconds have become six, with a patient standing there, and a hanging model is asked three times as often.",
            look_at="what all tries may take together",
        ),
        by_case(
            "hides_rules",
            habit(hides=True),
            ["rules"],
            says="With the risk your rules disappear.",
            so_what="A pressure of 84 needs no model to be seen, and the desk loses it in the same minute in which it loses the model. A fallback that takes more away than failed is none.",
            look_at="`rules` in what you return where there is no risk",
        ),
        by_case(
            "old_feed",
            habit(trusts_feed=True),
            ["old feed"],
            says="You only look whether the model answers.",
            so_what="It answers at once, about the values of an hour ago. Everything is green: this is the failure that no heartbeat of the model shows.",
            look_at="`feed.last_at`, beside `now`",
            teaches="M25",
        ),
        by_case(
            "believes_anything",
            habit(believes=True),
            ["unread"],
            also=lambda answer, hospital: "unread" in kinds_of(answer) and kinds_of(answer) <= {"unread", "stopped"},
            says="Whatever comes back stands on the screen.",
            so_what="`nan`, or 7300 of 1,000 after somebody has changed a unit. People do not read past such a number; they stop believing the next one.",
            look_at="what a reply may hold that is no number from 0 to 1,000",
        ),
        by_case(
            "lets_it_fall",
            lets_it_fall,
            ["stopped"],
            also=lambda answer, hospital: kinds_of(answer) == {"stopped"} and bool(answer["a dead model"]["problems"]),
            says="When the model does not answer, your function stops, and the page with it.",
            so_what="The nurse sees an error in place of the patient, and with the number everything goes that was known without it, the rule first.",
            look_at="what `ask` may raise: `TimeoutError`, `ConnectionError`",
        ),
    ],
)


# W10.Q4 ---------------------------------------------------------------------------------------------------------------
def overruled(hospital):
    log = WEEK.overrides(hospital)
    return log[log.decision == "overruled"]


def sign_of(line):
    """What one line shows, by its own facts."""
    if abs(line.value_again - line.value) > WEEK.CLOSE[line.sign]:
        return "data"
    if line.physician_at < line.advised_at:
        return "workflow"
    return "model" if line.names in WEEK.INPUTS else "judgement"


@dataclass(frozen=True)
class Reasons(Comparison):
    """A kind and a number for each reason: a point for each that is missing or other."""

    needed: float = 1.0

    def unreadable(self, answer, reference):
        return answer.get("problem") if type(answer) is dict else f"{named(answer)} is there where a dictionary should be"

    def off(self, answer, reference):
        return [reason for reason in reference if answer.get(reason) != reference[reason]]

    def distance(self, answer, reference):
        return float(len(self.off(answer, reference)))

    def matches(self, answer, wrong):
        return set(answer) == set(wrong) and not self.off(answer, wrong)

    def evidence(self, answer, reference):
        return f"{len(reference) - len(self.off(answer, reference))} of {len(reference)} reasons are right."


def reasons_how(answer, hospital):
    """How many are right, and of one that is not how its lines divide, without saying which kind is asked for."""
    right = WEEK.faults_of(hospital)
    off = Reasons().off(answer, right)
    told = f"{len(right) - len(off)} of {len(right)} reasons are right."
    if not off:
        return told
    words = [reason for reason in off if reason in answer and answer[reason][0] != right[reason][0]]
    reason = (words or off)[0]
    if reason not in answer:
        return f"{told} `{reason}` has no answer yet."
    mine, number = answer[reason]
    lines = [line for line in overruled(hospital).itertuples() if line.reason == reason]
    shows = sum(sign_of(line) == mine for line in lines)
    if words:
        return f"{told} `{reason}`: you say {mine}, {number}; of its {len(lines)} overruled advices {shows} show that sign, and another sign stands in more."
    return f"{told} `{reason}` is rightly put down to {mine}; you count {number}, and it was overruled {len(lines)} times."


def counted_by(rule, *, of=None, count=None):
    """An answer by a rule from a line to a kind; the majority of a reason, and its number."""

    def answer(hospital):
        log = WEEK.overrides(hospital) if of == "all" else overruled(hospital)
        kinds = pd.Series([rule(line) for line in log.itertuples()], log.index)
        table = pd.crosstab(log.reason, kinds).drop(index="", errors="ignore")
        return {reason: (line.idxmax(), int(count(hospital, reason) if count else line.max())) for reason, line in table.iterrows()}

    return answer


def times_of(hospital, reason):
    return (overruled(hospital).reason == reason).sum()


def every_override(hospital):
    return {reason: ("model", int(times)) for reason, times in overruled(hospital).reason.value_counts().items()}


def commonest(hospital):
    times = overruled(hospital).reason.value_counts()
    return {reason: ("model" if reason == times.index[0] else "judgement", int(number)) for reason, number in times.items()}


BY_NAME = {
    "looks_worse": "model",
    "looks_better": "model",
    "value_wrong": "data",
    "value_missing": "data",
    "known_patient": "judgement",
    "no_bed": "workflow",
}


def by_name(hospital):
    times = overruled(hospital).reason.value_counts()
    return {reason: (BY_NAME[reason], int(number)) for reason, number in times.items()}


def by_outcome(hospital):
    """Overruled and no critical care after a high risk, or critical care after a low one: the model's; else the nurse's."""
    log = overruled(hospital)
    wrong = (log.of_1000 >= 50) != log.critical
    table = pd.crosstab(log.reason, np.where(wrong, "model", "judgement"))
    return {reason: (line.idxmax(), int(line.max())) for reason, line in table.iterrows()}


def sign_without_tolerance(line):
    return "data" if line.value_again != line.value else sign_of(line)


def no_workflow(line):
    if abs(line.value_again - line.value) > WEEK.CLOSE[line.sign]:
        return "data"
    return "model" if line.names in WEEK.INPUTS else "judgement"


def caught_by_the_factors(line):
    """Whoever overrules by a factor that the model has, and the card shows, is taken to have seen its fault."""
    return "model" if line.names in WEEK.INPUTS else "judgement"


def accepted_too(hospital):
    """Lines on which the advice was accepted are counted with the others."""
    log = WEEK.overrides(hospital)
    right = WEEK.faults_of(hospital)
    return {reason: (kind, sum(sign_of(line) == kind for line in log[log.reason == reason].itertuples())) for reason, (kind, _) in right.items()}


def of_all(hospital):
    return {reason: (kind, int(times_of(hospital, reason))) for reason, (kind, _) in WEEK.faults_of(hospital).items()}


def same_kinds_as(answer):
    """Other numbers, the same kinds as a rule gives: the rule is the mistake."""

    def also(said, hospital):
        wrong, right = answer(hospital), WEEK.faults_of(hospital)
        return set(said) == set(wrong) and all(said[reason][0] == wrong[reason][0] for reason in wrong) and any(
            said[reason][0] != right[reason][0] for reason in right
        )  # fmt: skip

    return also


LINE = "one reason's overruled lines, four columns of them: `value_again`, `physician_at`, `names`, and what the model is given (`INPUTS`)"


def reason_is(name, answer, *, says, so_what, look_at=LINE, teaches=None, kinds=True):
    return misconception(
        name,
        answer=answer,
        says=says,
        so_what=so_what,
        look_at=look_at,
        teaches=teaches,
        evidence=reasons_how,
        also=same_kinds_as(answer) if kinds else None,
    )


GOES_TO = {
    "model": "it goes to the model's owner",
    "data": "it goes to whoever owns the monitors and the feed, and no retraining mends it",
    "workflow": "it goes to whoever runs the desk, and a better model would come as late",
    "judgement": "there is nothing to mend, and something to keep: a person who may overrule",
}


def what_the_log_says(answer, hospital):
    log, right = WEEK.overrides(hospital), WEEK.faults_of(hospital)
    over = overruled(hospital)
    first = over.reason.value_counts().index[0]
    of_model = sum(sign_of(line) == "model" for line in over.itertuples())
    return (
        f"All {len(right)}. Of {len(log):,} advices {len(over)} were overruled, and {of_model} of these show the model. The commonest reason, `{first}`, shows "
        f"{right[first][0]} in {right[first][1]} of {(over.reason == first).sum()}: {GOES_TO[right[first][0]]}. Three months, one invented desk."
    )


key(
    "W10.Q4",
    reference=lambda hospital, truth: WEEK.faults_of(hospital),
    same=Reasons(),
    evidence=reasons_how,
    right=what_the_log_says,
    look_at=LINE,
    misconceptions=[
        reason_is(
            "every_override",
            every_override,
            says="Every advice that was overruled you put down to the model.",
            so_what="An override is a decision, not an error. Some were made on a value that was wrong, some after a physician had come, some because somebody knew more: retraining mends none of these.",
            teaches="M23",
        ),
        reason_is(
            "commonest",
            commonest,
            says="The commonest reason you take for the fault of the model, the others for judgement.",
            so_what="How often something is clicked says what people meet, and where the button stands. Here its lines show something else, and another team could mend it by Friday.",
        ),
        reason_is(
            "by_name",
            by_name,
            says="You read what the reason is called.",
            so_what="It was clicked in four seconds, by somebody with a patient before her. What the line itself holds, measured again, at which minute, by which fact, was not written to explain anything.",
        ),
        reason_is(
            "by_outcome",
            by_outcome,
            says="You judge by whether the patient needed critical care.",
            so_what="Of patients at 100 of 1,000, nine in ten do not, and the risk was right. One outcome tells neither that a risk was wrong nor that a nurse was right.",
        ),
        reason_is(
            "any_difference",
            counted_by(sign_without_tolerance),
            says="Any other value when measured again counts for you as a fault of the data.",
            so_what="Nobody's pulse is the same twice. By this every monitor in the house is broken, and the reasons that something can be done about disappear under it.",
            look_at="`CLOSE`: what two sound measurements may differ by",
        ),
        reason_is(
            "no_workflow",
            counted_by(no_workflow),
            says="When the advice came you do not ask.",
            so_what="In part of the lines a physician had been there for half an hour. The risk was right, and late: no model is better for that, and a place in the process is.",
            look_at="`physician_at`, beside `advised_at`",
        ),
        reason_is(
            "caught_by_the_factors",
            counted_by(caught_by_the_factors),
            says="Whoever overrules by a factor that the card shows has, for you, caught the model at a fault (M22).",
            so_what="Part of these lines stand on a value that was wrong, or came after a physician had been. An explanation shows what went in; whether that was right, and in time, and whether the model is bad, it does not say.",
            look_at="`value_again` and `physician_at` of lines whose `names` the model has",
            teaches="M22",
        ),
        reason_is(
            "of_all",
            of_all,
            kinds=False,
            says="Your kinds are right; your numbers count every overruled line of a reason.",
            so_what="A reason is a mixture: some of its lines show something else. Whoever is sent to mend it is sent for all, comes back from a third of them, and stops listening.",
            look_at="which of a reason's lines have the sign, and which do not",
        ),
        reason_is(
            "accepted_too",
            accepted_too,
            kinds=False,
            says="Your kinds are right; your numbers count accepted advice as well.",
            so_what="Some leave a reason when they accept. Those lines are worth reading, and are not overrides: in a report to the safety board the numerator belongs to another denominator.",
            look_at="`decision`",
        ),
    ],
)


# W10.Q5 ---------------------------------------------------------------------------------------------------------------
def truthful(visit, said, now):
    """A RiskAssessment, part by part from the definition of R4B."""
    end = visit.triaged_at + dt.timedelta(hours=12)
    return {
        "resourceType": "RiskAssessment",
        "status": "final",
        "subject": {"reference": f"Patient/{visit.patient_id}"},
        "encounter": {"reference": f"Encounter/{visit.encounter_id}"},
        "occurrenceDateTime": now.isoformat(),
        "method": {"text": said.model},
        "basis": [{"reference": f"Observation/{one.id}"} for one in visit.readings],
        "prediction": [
            {
                "outcome": {"text": "critical care or death within 12 hours of triage"},
                "probabilityDecimal": round(100 * said.probability, 2),
                "whenPeriod": {"start": visit.triaged_at.isoformat(), "end": end.isoformat()},
            }
        ],
    }


def without(*names, **other):
    """The truthful resource with parts of its prediction left out or replaced: ``name=part(visit, said, now)``."""

    def assessment(visit, said, now):
        made = truthful(visit, said, now)
        for name in names:
            made.pop(name, None)
            made["prediction"][0].pop(name, None)
        for name, part in other.items():
            place = made if name in made else made["prediction"][0]
            place[name] = part(visit, said, now)
        return made

    return assessment


def ages(visit, said, now):
    made = without("whenPeriod")(visit, said, now)
    hours = {"low": {"value": 0, "unit": "h"}, "high": {"value": 12, "unit": "h"}}
    made["prediction"][0]["whenRange"] = hours
    return made


def qualitative(visit, said, now):
    made = without("probabilityDecimal")(visit, said, now)
    made["prediction"][0]["qualitativeRisk"] = {"text": "high" if said.probability >= 0.05 else "low"}
    return made


def from_now_on(visit, said, now):
    made = truthful(visit, said, now)
    made["prediction"][0]["whenPeriod"] = {"start": now.isoformat(), "end": (now + dt.timedelta(hours=24)).isoformat()}
    return made


def by_percent(shares):
    """Another number, and always the same multiple of the right one."""

    def also(answer, hospital):
        return kinds_of(answer) == {"another number"} and all(
            abs(said["prediction"][0]["probabilityDecimal"] / truth - shares) < 0.05 * shares
            for said, truth in zip(answer["resources"], probabilities(hospital), strict=True)
        )

    return also


def probabilities(hospital):
    return [one["prediction"][0]["probabilityDecimal"] / 100 for one in WEEK.assessed(truthful, hospital)["resources"]]


@dataclass(frozen=True)
class Assessed(Judged):
    """Resources with problems; two are the same mistake by kinds, and by the probability that they give."""

    def matches(self, answer, wrong):
        if not super().matches(answer, wrong):
            return False
        return probability_of(answer) == probability_of(wrong) or "another number" not in kinds_of(answer)


def probability_of(answer):
    found = []
    for one in answer["resources"]:
        first = one.get("prediction") or [{}]
        number = first[0].get("probabilityDecimal") if isinstance(first, list) and isinstance(first[0], dict) else None
        found.append(round(number, 6) if isinstance(number, int | float) else None)
    return found


TWICE = "the sentence that a stranger would make of your resource, who has nothing but it and R4B's definitions"

key(
    "W10.Q5",
    reference=lambda hospital, truth: WEEK.assessments_judged(WEEK.assessed(truthful, hospital), hospital),
    same=Assessed(),
    evidence=lambda answer, hospital: first_problems(answer),
    right=lambda answer, hospital: (
        f"All {len(answer['resources'])} are valid, and say what is so. The first: {probability_of(answer)[0]:g} of 100, "
        f"{10 * probability_of(answer)[0]:.3g} of 1,000. Valid alone is little: R4B's types accept each of the mistakes that this question knows."
    ),
    look_at=TWICE,
    misconceptions=[
        by_case(
            "fraction",
            without(probabilityDecimal=lambda visit, said, now: said.probability),
            ["another number"],
            also=by_percent(1),
            says="Your probability is a share of one, and R4B's definition takes a decimal for a percentage.",
            so_what="Whoever keeps to the definition reads a hundredth of the risk. Both forms are in use in the wild, so a receiver cannot guess; the definition is what you can point at.",
            look_at="R4B on `probability[x]`: what is its largest value?",
        ),
        by_case(
            "of_1000",
            without(probabilityDecimal=lambda visit, said, now: round(1000 * said.probability, 1)),
            ["another number"],
            also=by_percent(1000),
            says="Your probability is of 1,000, as on the screen.",
            so_what="On the screen the words stand beside it. In the resource nothing does, and a percentage ten times too large goes into somebody's report.",
            look_at="R4B on `probability[x]`: what is its largest value?",
        ),
        by_case(
            "whole_life",
            without("whenPeriod"),
            ["no time"],
            says="Your prediction has no time.",
            so_what="By the definition it then holds for the rest of the patient's life, and 34 of 1,000 is a remarkably small risk of ever needing critical care.",
            look_at="R4B on `when[x]`: what holds where it is missing?",
        ),
        by_case(
            "ages",
            ages,
            ["ages"],
            says="Your twelve hours stand in `whenRange`.",
            so_what="That is a range of the patient's age. Read by its definition this is a risk between birth and noon of the same day; the types do not mind.",
            look_at="R4B on `when[x]`: of what is the Range a range?",
        ),
        by_case(
            "from_now_on",
            from_now_on,
            ["another time"],
            says="Your prediction is for another time than the model's.",
            so_what="It was made for the twelve hours from triage. Over another stretch the same number is another claim, and whoever checks it later counts other patients.",
            look_at="what the model's outcome is, word for word, and from when",
        ),
        by_case(
            "no_basis",
            without("basis"),
            ["basis"],
            says="Your resource does not say from what the risk was computed.",
            so_what="In half a year somebody asks why 210 of 1,000 stood there. One of the five values has been corrected since, and nothing says which were read.",
            look_at="`visit.readings`, and R4B on `basis`",
            teaches="M40",
        ),
        by_case(
            "made_at_triage",
            without(occurrenceDateTime=lambda visit, said, now: visit.triaged_at.isoformat()),
            ["when made"],
            says="Your assessment says that it was made at triage.",
            so_what="It was made ten minutes later, after the nurse's own level. In the log the machine now speaks first, and nobody can show any more that it did not.",
            look_at="`now`, and R4B on `occurrence[x]`",
            teaches="M12",
        ),
        by_case(
            "no_number",
            qualitative,
            ["no number"],
            says="Your resource gives a word in place of a number.",
            so_what="*High* was our threshold of that month. Whoever reads it next year, with another threshold, cannot tell what was meant, nor check it.",
            look_at="R4B on `probability[x]` and `qualitativeRisk`: the second may stand beside the first",
        ),
    ],
)
