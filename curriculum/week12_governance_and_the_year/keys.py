"""Week 12: what is right, what is known to be wrong, and what a colleague would say. Never shown before an answer."""

import functools
import tomllib
from dataclasses import dataclass

import numpy as np
from wardround.course.compare import Comparison
from wardround.course.compare_words import counted, named
from wardround.course.given import given
from wardround.course.keys import key, misconception, outcome


# predictions ----------------------------------------------------------------------------------------------------------
@functools.cache
def years_of(name):
    """Number by number, a plan's public years; ``retrain`` and ``pause`` are the reference's monitors with one answer."""
    from wardround.flight.plan import load_plan

    plan = load_plan("reference" if name in ("retrain", "stop") else name)
    answer = {"retrain": ("retrain",), "stop": ("pause",)}.get(name)
    if answer is not None:
        plan = plan.model_copy(update={"monitors": tuple(one.model_copy(update={"then": answer}) for one in plan.monitors)})
    week = given(12)
    return tuple(week.year(plan, seed) for seed in week.PUBLIC)


def medians(number, name, beside=None):
    own = np.array([one[number] for one in years_of(name)])
    if beside is not None:
        own = own - np.array([one[number] for one in years_of(beside)])
    return float(np.median(own))


def year_by_year(hospital, truth, found):
    """Beside the median: the three years, what the model does unwatched, and the row in which watching shows."""
    more = [one["ward_averted"] - other["ward_averted"] for one, other in zip(years_of("reference"), years_of("nothing"), strict=True)]
    silent = [medians("silent_patient_weeks", name) for name in ("reference", "nothing")]
    return (
        f"Year by year it is {', '.join(f'{gap:.1f}' for gap in more[:-1])} and {more[-1]:.1f}. The model by itself, with nobody watching, averts {medians('ward_averted', 'nothing'):.0f} in its median year: that is the model's doing, not yours. "
        f"Watching shows in another row: {silent[0]:,.0f} patient-weeks on a fault that nobody had noticed, instead of {silent[1]:,.0f}."
    )


outcome("W12.P1", lambda hospital, truth: medians("ward_averted", "reference", "nothing"), remark=year_by_year)
outcome("W12.P2", lambda hospital, truth: medians("needed_without_score", "stop"), remark=lambda hospital, truth, found: (
    f"It makes fewer visits for nothing, {medians('visits_for_nothing', 'stop'):.0f} of 1,000 stays: it is off."
))  # fmt: skip
outcome(
    "W12.P3",
    lambda hospital, truth: medians("silent_patient_weeks", "retrain") < 0.5 * medians("silent_patient_weeks", "nothing"),
    remark=lambda hospital, truth, found: (
        f"It leaves {medians('silent_patient_weeks', 'retrain'):,.0f} patient-weeks, doing nothing {medians('silent_patient_weeks', 'nothing'):,.0f}. Whoever trains anew has not found what was wrong."
    ),
)


# W12.Q1 ---------------------------------------------------------------------------------------------------------------
def keys_in(answer, hospital):
    """The learner's order as keys of steps."""
    known = given(12).incident_key(hospital)["keys"]
    return [known[letter] for letter in answer["steps"] if letter in known]


@dataclass(frozen=True)
class Day(Comparison):
    """An order: as far off as it breaks pairs, leaves steps out or takes those that nobody should."""

    needed: float = 1.0

    def unreadable(self, answer, reference):
        if type(answer) is not dict or "steps" not in answer:
            return f"{named(answer)} is there where a list of letters should be"
        return answer["problem"] or (None if answer["steps"] else "it is empty")

    def distance(self, answer, reference):
        if "keys" not in reference:  # two answers, one of them a known wrong one
            return 0.0 if answer["steps"] == reference["steps"] else 1.0
        place = {reference["keys"][letter]: number for number, letter in enumerate(answer["steps"])}
        wanted = set(reference["keys"].values()) - set(reference["never"])
        bent = sum(a in place and b in place and place[a] > place[b] for a, b in reference["before"])
        return float(bent + len(wanted - set(place)) + sum(step in place for step in reference["never"]))

    def evidence(self, answer, reference):
        return None


def the_order(hospital, truth):
    known = given(12).incident_key(hospital)
    return {"keys": known["keys"], "before": [list(pair) for pair in known["before"]], "never": known["never"]}


def how_ordered(answer, hospital):
    known = given(12).incident_key(hospital)
    letters = {step: letter for letter, step in known["keys"].items()}
    steps = keys_in(answer, hospital)
    lacking = [step for step in letters if step not in steps and step not in known["never"]]
    if lacking:
        return f"Your day leaves out {counted(len(lacking), 'step', 'steps')} that somebody must take, {letters[sorted(lacking)[0]]} among them."
    bad = [letters[step] for step in known["never"] if step in steps]
    if bad:
        return f"Your day has {' and '.join(bad)} in it."
    place = {step: number for number, step in enumerate(steps)}
    early = sorted({letters[b] for a, b in known["before"] if place[a] > place[b]})
    if not early:
        return ""
    comes = "comes too early: something that must be done before it comes after it"
    return f"Your {early[0]} {comes}." if len(early) == 1 else f"Each of {', '.join(early)} {comes}."


def before(answer, hospital, first, *then):
    """Whether a step stands before one of others."""
    place = {step: number for number, step in enumerate(keys_in(answer, hospital))}
    return first in place and any(step in place and place[first] < place[step] for step in then)


def day_of(steps):
    """A wrong day, in letters."""

    def answer(hospital):
        letters = {step: letter for letter, step in given(12).incident_key(hospital)["keys"].items()}
        return [letters[step] for step in steps.split()]

    return answer


def day(name, steps, also, *, says, so_what, look_at, teaches=None):
    return misconception(
        name, answer=day_of(steps), says=says, so_what=so_what, look_at=look_at, teaches=teaches, evidence=how_ordered, also=also
    )


def why_not(answer, hospital):
    known = given(12).incident_key(hospital)
    taken = [step for step in known["never"] if step in keys_in(answer, hospital)]
    return " ".join([how_ordered(answer, hospital), *(known["never"][step] for step in taken[:1])])


FIRST_HOUR = "the story: what goes on while you read, and what will be gone tomorrow"

key(
    "W12.Q1",
    reference=the_order,
    same=Day(),
    evidence=how_ordered,
    right=(
        "Stopped, kept and told, in whichever order; then whom it concerns; then why; and nothing destroyed before it was kept. Write these steps with names behind them into your playbook, and try them on a quiet Tuesday: "
        "who telephones whom at 02:10?"
    ),
    look_at=FIRST_HOUR,
    misconceptions=[
        misconception(
            "switched_off",
            answer=day_of("off stop keep tell scope assess announce cause fix test last"),
            says="Something is switched off that is right, or that shows what happens.",
            so_what="Containing means the smallest thing that stops the harm.",
            look_at="which of the twelve steps takes away more than the fault",
            evidence=why_not,
            also=lambda answer, hospital: "off" in keys_in(answer, hospital),
        ),
        misconception(
            "made_worse",
            answer=day_of("stop keep tell other scope assess announce cause fix test last"),
            says="A step is there that nobody should take.",
            so_what="It looks like work, and makes a second incident of the first.",
            look_at="which of the twelve steps helps nobody",
            evidence=why_not,
            also=lambda answer, hospital: "other" in keys_in(answer, hospital),
        ),
        day(
            "delete_first",
            "stop last keep tell scope assess announce cause fix test",
            lambda answer, hospital: before(answer, hospital, "last", "keep"),
            says="What shows the harm is deleted or written over before it is kept.",
            so_what="Now nobody can say whose data left, or who was treated by what. Whoever cannot show that little happened has to take it that much has.",
            look_at="what the list of those concerned is made from",
        ),
        day(
            "announced_first",
            "stop keep tell announce scope assess cause fix test last",
            lambda answer, hospital: before(answer, hospital, "announce", "scope", "assess"),
            says="The people concerned are told before anybody knows who they are.",
            so_what="Some are frightened for nothing, others hear that all is well, and the second letter is believed by nobody. Quick is right; but say what you know, to whom it concerns.",
            look_at="what one must know to write the first sentence of that letter",
        ),
        day(
            "fixed_first",
            "stop tell cause fix keep scope assess announce test last",
            lambda answer, hospital: before(answer, hospital, "fix", "keep") or before(answer, hospital, "cause", "keep"),
            says="The fault is looked for, or mended, before the evidence is kept.",
            so_what="An engineer who looks changes what is there: a restart, a new version, a log that has rolled over. What was sent or scored under the old one can then not be shown again.",
            look_at="what is not there any more once the mended version runs",
        ),
        day(
            "told_last",
            "stop keep cause fix test scope tell assess announce last",
            lambda answer, hospital: before(answer, hospital, "cause", "tell") or before(answer, hospital, "scope", "tell"),
            says="Whoever must decide is told once the cause, or the extent, is known.",
            so_what="Whichever clock runs, a breach's by law or a patient's by nature, it began when somebody saw it, not when it was understood. Whoever decides can do without the cause, and not without the days that it took.",
            look_at="from which moment a breach counts as discovered, in lesson 1",
        ),
        day(
            "still_open",
            "keep tell scope cause stop assess announce fix test last",
            lambda answer, hospital: before(answer, hospital, "scope", "stop") or before(answer, hospital, "cause", "stop"),
            says="It is investigated while it goes on.",
            so_what="Each hour adds somebody to the list that you are writing. Making safe needs no cause.",
            look_at=FIRST_HOUR,
        ),
    ],
)


# W12.Q2 ---------------------------------------------------------------------------------------------------------------
NOT_YET = ("security_new", "annex3", "colorado")
DUTIES = ("security", "s1557", "fda", "part2")


@dataclass(frozen=True)
class Touching(Comparison):
    """A set of codes for each feature: the distance is in codes; those that may stand there too do not count."""

    needed: float = 1.0

    def unreadable(self, answer, reference):
        if type(answer) is not dict or "rules" not in answer:
            return f"{named(answer)} is there where a dictionary should be"
        return answer["problem"] or (None if answer["rules"] else "no feature has an answer")

    def distance(self, answer, reference):
        if "rules" in reference:
            return 0.0 if answer["rules"] == reference["rules"] else 1.0
        return float(sum(len(differing(answer, name, one)) for name, one in reference.items()))

    def evidence(self, answer, reference):
        return None


def differing(answer, name, one):
    mine = answer["rules"].get(name)
    if mine is None:
        return {"an answer"}
    return (set(mine) ^ set(one["rules"])) - set(one["also"])


def what_touches(hospital, truth):
    known = given(12).features_key(hospital)
    return {name: {"rules": sorted(one["rules"]), "also": sorted(one["also"])} for name, one in known.items()}


def how_touched(answer, hospital):
    known = given(12).features_key(hospital)
    lacking = [name for name in known if name not in answer["rules"]]
    if lacking:
        return f"{lacking[0]} has no answer yet; write set() where no rule touches it."
    off = {name: differing(answer, name, one) for name, one in known.items()}
    wrong = [name for name, codes in off.items() if codes]
    if not wrong:
        return ""
    extra = sum(len(codes & set(answer["rules"][name])) for name, codes in off.items())
    left = sum(len(codes) for codes in off.values()) - extra
    told = f"{len(known) - len(wrong)} of {len(known)} features are right. In the others {counted(extra, 'code', 'codes')} too many and {counted(left, 'code', 'codes')} too few; the first is {wrong[0]}."
    return told


def extra_code(*codes):
    """A code where it does not belong."""

    def found(answer, hospital):
        known = given(12).features_key(hospital)
        return any(set(codes) & differing(answer, name, one) & set(answer["rules"].get(name, ())) for name, one in known.items())

    return found


def lacks(which, codes):
    """A feature of some kind lacks codes that touch it."""

    def found(answer, hospital):
        known = given(12).features_key(hospital)
        return any(
            which(one) and name in answer["rules"] and differing(answer, name, one) & set(codes) & set(one["rules"]) for name, one in known.items()
        )

    return found


def bent(change):
    """The right answer, feature by feature made wrong."""
    return lambda hospital: {name: change(name, one) for name, one in given(12).features_key(hospital).items()}


def feature(name, change, also, *, says, so_what, look_at, teaches=None):
    return misconception(
        name, answer=bent(change), says=says, so_what=so_what, look_at=look_at, teaches=teaches, evidence=how_touched, also=also
    )


def no_ai(one):
    return one["group"] == "no AI"


def sold(one):
    return one["vendor"]


FIVE = "the five questions of lesson 1, feature by feature: whose information, who holds it, who made it, what it helps to decide, which inputs"

key(
    "W12.Q2",
    reference=what_touches,
    same=Touching(),
    evidence=how_touched,
    right=(
        "Each rule asks its own question, and none of them is whether it is AI. Keep the table with its date: proposals may become law, dates have moved before, and your counsel reads it before anybody relies on it."
    ),
    look_at=FIVE,
    misconceptions=[
        feature(
            "proposed_as_law",
            lambda name, one: one["rules"] | ({"security_new"} if "security" in one["rules"] else {"annex3"}),
            extra_code(*NOT_YET),
            says="A rule that is proposed, or begins later, is taken as law.",
            so_what="Money goes into a duty that may change, and the duty of today is forgotten: 'addressable' encryption has to be decided on now. A later date belongs on the calendar, with somebody who looks again.",
            look_at="the last words of each rule in the list",
        ),
        feature(
            "fda_for_everything",
            lambda name, one: one["rules"] | {"fda"},
            extra_code("fda"),
            says="The question of the device is asked of everything.",
            so_what="Paper is no software, and bills, hours and appointments treat nobody. A committee that asks it forty times answers it badly the forty-first time, where it matters.",
            look_at="what each feature is meant for",
        ),
        feature(
            "disclosure_binds_us",
            lambda name, one: one["rules"] | ({"onc"} if one["group"] == "your own" else set()),
            extra_code("onc"),
            says="The 31 attributes are taken for a duty of whoever has a model.",
            so_what="They bind the developer of a certified record, for what it supplies. For your own model the list is a good card to fill in by choice, and for buying a good one to ask for.",
            look_at="whom rule `onc` speaks of",
        ),
        feature(
            "no_ai_no_rule",
            lambda name, one: set() if no_ai(one) else one["rules"],
            lacks(no_ai, ("s1557", "security")),
            says="It is no AI, so nothing touches it (M32).",
            so_what="92.210 speaks of tools that support decisions on care: flowcharts, formulas and scores are meant as well. A formula with sex in it decides doses, too.",
            look_at="which inputs the feature without any learning has",
            teaches="M32",
        ),
        feature(
            "no_agreement",
            lambda name, one: one["rules"] - {"baa"},
            lacks(sold, ("baa",)),
            says="Somebody outside holds your patients' information, and no agreement is asked for.",
            so_what="It counts whether they create, receive, keep or transmit it. That they supply the record, decide nothing or have no key changes nothing.",
            look_at="for each feature: on whose machines does it run?",
        ),
        feature(
            "vendors_duty",
            lambda name, one: one["rules"] - {"security", "s1557", "fda"} if one["vendor"] else one["rules"],
            lacks(sold, DUTIES),
            says="What a vendor supplies is left to the vendor (M32).",
            so_what="Whoever uses the tool has duties of its own: 92.210 binds the user, and your risk analysis covers what you send. Signed away they are not; you have only one more to talk to.",
            look_at="whom each rule binds: the maker, the user, or whoever holds the information",
            teaches="M32",
        ),
        feature(
            "everything_everywhere",
            lambda name, one: one["rules"] | {"security", "baa", "s1557"},
            extra_code("security", "baa", "s1557", "part2", "ab3030", "art50"),
            says="To be safe, a rule is named where it does not touch.",
            so_what="A list in which everything applies is read by nobody. Own machines need no agreement; what holds no patient's information needs no safeguard of it; hours and parking support no decision on care.",
            look_at=FIVE,
        ),
    ],
)


# W12.Q3 ---------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Agreeing(Comparison):
    """A plan beside a playbook: as far away as there are contradictions."""

    needed: float = 1.0

    def unreadable(self, answer, reference):
        if type(answer) is not dict or "found" not in answer:
            return f"{named(answer)} is there where a plan's text should be"
        return f"as a plan it cannot be carried out ({answer['wrong'][0]})" if answer["wrong"] else None

    def distance(self, answer, reference):
        return float(sum(len(told) for told in answer["found"].values()))

    def matches(self, answer, wrong):
        return bool(answer["found"]) and answer["found"] == wrong["found"]

    def evidence(self, answer, reference):
        return how_agreed(answer, None)


def how_agreed(answer, hospital):
    told = [sentence for some in answer["found"].values() for sentence in some]
    if not told:
        return ""
    more = f" There {'is' if len(told) == 2 else 'are'} {counted(len(told) - 1, 'other', 'others')}." if told[1:] else ""
    return f"{told[0][0].upper()}{told[0][1:]}.{more}"


def mended(hospital, **other):
    """The plan that the playbook describes, with other words in some places."""
    said = tomllib.loads(given(12).playbook(hospital))
    old = tomllib.loads(given(12).draft(hospital))
    seats = {seat: one["also"][0] for seat, one in said["roles"].items()}
    way = {"features": "true", "authority": seats[said["rollback"]["authority"]], "minutes": said["rollback"]["minutes"]} | other.get("way", {})
    threshold = other.get("threshold", said["threshold"]["values"]["early_warning"])
    notice = other.get("notice", said["vendor"]["notice_days"])
    lines = ['name = "mended"', "[ward]", f"threshold = {threshold:g}", "[rollback]", "model = true", "threshold = true"]
    lines += [f"features = {way['features']}", f'authority = "{way["authority"]}"', f"minutes = {way['minutes']}"]
    lines += ["[vendor]", "pinned = true", "acceptance_test = true", f"notice_days = {notice}"]
    for one in said["monitoring"]["monitor"] if other.get("monitors", True) else []:
        owner = other.get("owner", seats[one["owner"]])
        lines += ["[[monitor]]", 'service = "ward"', f'signal = "{one["signal"]}"', f"limit = {one['limit']}"]
        lines += [f'owner = "{owner}"', 'then = ["investigate"]']
    clocks = {cause: one for one in said["incident"]["severity"] for cause in one["means"].split(", ")}
    clocks["phi_export"] = said["incident"]["breach"]
    for one in old["cause"] if other.get("monitors", True) else []:
        clock = clocks[one["name"]]
        hours = other.get("hours", clock["within_hours"])
        lines += ["[[cause]]", f'name = "{one["name"]}"', f"then = {one['then']}", f"within_hours = {hours}"]
        lines += [f"notify = {other.get('notify') or [seats[seat] for seat in clock['tell']]}", f'authority = "{one["authority"]}"']
    return "\n".join(lines) + "\n"


def finds(*kinds):
    return lambda answer, hospital: any(kind in answer["found"] for kind in kinds)


def only(*kinds):
    return lambda answer, hospital: bool(answer["found"]) and set(answer["found"]) <= set(kinds)


def untouched(answer, hospital):
    """Half of what the draft says is still there, or more."""
    return len(set(answer["found"]) & set(given(12).drawn_kinds(hospital))) >= 4


def plan_with(name, answer, also, *, says, so_what, look_at, teaches=None):
    return misconception(
        name, answer=answer, says=says, so_what=so_what, look_at=look_at, teaches=teaches, evidence=how_agreed, also=also
    )


def other_threshold(hospital):
    value = tomllib.loads(given(12).playbook(hospital))["threshold"]["values"]["early_warning"]
    return 0.1 if value < 0.1 else 0.05


SIDE = "the playbook and the plan side by side, table by table"

key(
    "W12.Q3",
    reference=lambda hospital, truth: {"wrong": [], "found": {}, "parts": 0},
    same=Agreeing(),
    evidence=how_agreed,
    right=(
        "Nothing contradicts: what was promised is what will be done at night. That says nothing of whether it is a good plan; for that it is flown. And a playbook changes: hold both together again whenever one of them does."
    ),
    look_at=SIDE,
    misconceptions=[
        plan_with(
            "flies_so_it_agrees",
            lambda hospital: given(12).draft(hospital),
            untouched,
            says="The draft is nearly as it was: it can be flown, and so it passed for sound (M33).",
            so_what="Whoever reads plans for the simulator sees whether they can be carried out. Nobody but you holds them against what was promised to a committee.",
            look_at=SIDE,
            teaches="M33",
        ),
        plan_with(
            "taken_out",
            lambda hospital: mended(hospital, monitors=False),
            lambda answer, hospital: answer["parts"] < 6 and "lacking" in answer["found"],
            says="What contradicted was taken out.",
            so_what="An empty plan breaks no word and keeps none. The playbook still promises that somebody watches and that somebody is told.",
            look_at="each [[monitoring.monitor]] and each cause that the playbook names",
        ),
        plan_with(
            "one_owner_for_all",
            lambda hospital: mended(hospital, owner="ml_engineer"),
            only("owner"),
            says="A monitor rings at a seat that the playbook has not given it to.",
            so_what="At night the wrong person is woken, and the right one has promised to be. Seats have two names here; `also` joins them.",
            look_at="`owner` of each monitor, by `also` of the seat",
        ),
        plan_with(
            "model_alone",
            lambda hospital: mended(hospital, way={"features": "false"}),
            only("whole"),
            says="The way back leaves a part where it was (M30).",
            so_what="Last month's model then reads this month's features: a combination that nobody has ever tested, at three in the morning.",
            look_at="[rollback] and `brings_back`",
            teaches="M30",
        ),
        plan_with(
            "late_clocks",
            lambda hospital: mended(hospital, hours=96),
            only("clock"),
            says="Somebody is told later than the playbook promises.",
            so_what="A weekend fits into the difference. Clocks in a plan may be shorter than promised, never longer; and of a breach the clock runs from discovery.",
            look_at="`within_hours` of each cause, by its severity",
        ),
        plan_with(
            "one_seat_told",
            lambda hospital: mended(hospital, notify=["operations"]),
            only("told"),
            says="A seat that was promised to be told hears nothing.",
            so_what="Operations is awake, and so it is told; but who decides whether patients are looked at, or letters written, sits elsewhere.",
            look_at="`notify` of each cause, by `tell` of its severity",
        ),
        plan_with(
            "other_threshold",
            lambda hospital: mended(hospital, threshold=other_threshold(hospital)),
            only("threshold"),
            says="The plan runs at another threshold than the playbook (M05).",
            so_what="A threshold is a decision of somebody, for this ward and its hands. Whoever brings another along, a vendor or a draft, has decided without being asked.",
            look_at="[ward] and [threshold]",
            teaches="M05",
        ),
        plan_with(
            "no_notice",
            lambda hospital: mended(hospital, notice=0),
            lambda answer, hospital: only("vendor")(answer, hospital) and any("days" in told for told in answer["found"]["vendor"]),
            says="The vendor may change sooner than the playbook counts on.",
            so_what="An acceptance test needs days in which it can be run. With none the first test of the new version is the night shift.",
            look_at="[vendor] on both sides",
        ),
    ],
)


# W12.Q4 ---------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Flown(Comparison):
    """A plan's years: as far away as it misses floors; a forecast that is not there, or cannot fail, is one."""

    needed: float = 1.0

    def unreadable(self, answer, reference):
        if type(answer) is not dict or "missed" not in answer:
            return f"{named(answer)} is there where a plan's text should be"
        if answer["wrong"] and not answer["habits"]:
            more = f", and {counted(len(answer['wrong']) - 1, 'fault', 'faults')} more" if answer["wrong"][1:] else ""
            return f"as a plan it cannot be carried out ({answer['wrong'][0]}{more})"
        return None

    def distance(self, answer, reference):
        return float(len(answer["missed"]) + bool(answer["wrong"]) + bool(answer["forecast"].get("problem")))

    def matches(self, answer, wrong):
        return answer == wrong and bool(self.distance(answer, wrong))

    def evidence(self, answer, reference):
        return how_flown(answer, None)


def how_flown(answer, hospital):
    if answer["wrong"]:
        return f"{answer['wrong'][0]}."
    floors = given(12).FLOORS
    told = [
        f"{name} ({floors[name][0]}): {answer['floors'][name]['median']:.2f} {floors[name][5]} ({floors[name][3]} {floors[name][4]:g})"
        for name in answer["missed"][:2]
    ]
    more = ", ".join(f"{name} ({floors[name][0]})" for name in answer["missed"][2:])
    text = "; ".join(told) + (f"; missed as well: {more}" if more else "")
    problem = answer["forecast"].get("problem")
    parts = [f"In the median of {answer['seeds']} years: {text}." if told else "", f"Of the forecast: {problem}." if problem else ""]
    return " ".join(part for part in parts if part)


def the_year(answer, hospital):
    one = answer["floors"]
    off = [axis for axis, told in answer["forecast"]["axes"].items() if not told["in"]]
    said = f"Of five ranges {answer['forecast']['hits']} hold the median year" + (f"; outside: {', '.join(off)}." if off else ".")
    return (
        f"All ten floors hold in the median of {answer['seeds']} years: {one['benefit']['median']:.1f} more averted than by doing nothing, {100 * one['silence']['median']:.0f} of 100 patient-weeks of silence left. {said} "
        "Which sentence of the plan would you miss most? Take it out and fly again."
    )


def habit(name):
    return lambda answer, hospital: name in answer["habits"]


RANGES = """
[forecast]
benefit = {low = 20, high = 60}
harm = {low = 50, high = 250}
burden = {low = 0.3, high = 1.5}
equity = {low = 150, high = 450}
resilience = {low = 0, high = 900}
"""


def published(name, change=None, forecast=True):
    """A published plan, bent, as text."""

    def answer(hospital):
        from wardround.flight.plan import load_plan, read_plan, written

        plan = load_plan(name)
        plan = plan if change is None else change(plan)
        plan = plan.model_copy(update={"forecast": read_plan(written(plan) + RANGES).forecast}) if forecast else plan
        return written(plan)

    return answer


def ringing(action):
    def change(plan):
        return plan.model_copy(update={"monitors": tuple(one.model_copy(update={"then": (action,)}) for one in plan.monitors)})

    return change


def ward(**other):
    return lambda plan: plan.model_copy(update={"ward": plan.ward.model_copy(update=other)})


def by_group(hospital):
    text = published("reference")(hospital).replace("groups = {}", "groups = {black = 0.03, others = 0.045}")
    return text.replace('policy = "capacity"', 'policy = "group"')


def flight(name, answer, also, *, says, so_what, look_at, teaches=None):
    return misconception(
        name, answer=answer, says=says, so_what=so_what, look_at=look_at, teaches=teaches, evidence=how_flown, also=also
    )


LOOK = {  # in the plan, by the floor that is missed
    "benefit": "`then` of the monitors that ring, and what each [[cause]] does once it is found",
    "calls": "[list], its monitors, and the causes that touch it",
    "no score": "how often and how long the plan switches off: `pause` in `then`, [pause], and contracts that block without a fallback",
    "wrong data": "[contracts], and `fallback` and `fix_feed` in the causes of the feed",
    "burden": "`threshold`, `policy` and `alerts_a_shift` of [ward]; `top_k` where hands are few",
    "equity": "who is read at all: `group_gap`, [labels], the cause sensor_bias, and what the threshold does to the group found least",
    "silence": "what nobody watches: which signals of the template (`wardround fly --new my_plan.toml`) have no monitor, and which monitors only log",
    "false stops": "`pause` in `then`, and [pause]",
    "restraint": "actions in `then` that change something before a cause is found, and `unknown`",
    "notices": "which causes have no [[cause]], and `notify` with `within_hours` in those that there are",
}
COLUMN = "the column `holds` of `practise(my_plan)`: which floors, on which axis"

key(
    "W12.Q4",
    reference=lambda hospital, truth: {"wrong": [], "floors": {}, "missed": [], "forecast": {}, "habits": [], "seeds": 0},
    same=Flown(),
    evidence=how_flown,
    right=the_year,
    look_at=lambda answer, hospital: next((LOOK[name] for name in answer["missed"]), COLUMN),
    misconceptions=[
        flight(
            "undisclosed_groups",
            by_group,
            habit("by group, undisclosed"),
            says="Thresholds differ by group, and nobody is told or has decided it.",
            so_what="It is the fairest number on the slide, made of race as an input. Whether it may be done is contested; that somebody answers for it, and patients can read it, is the least.",
            look_at="`disclosed` and `approved_by` of [ward], and what else serves the group: the device itself",
            teaches="M36",
        ),
        flight(
            "always_off",
            published("nothing", ward(threshold=0.99)),
            habit("never alerts"),
            says="The ward's threshold is so high that nobody is ever alerted.",
            so_what="No false alarm, no tired nurse, nothing to monitor, and nobody seen. Harm and burden are perfect, which is why they are never read alone.",
            look_at=COLUMN,
            teaches="M03",
        ),
        flight(
            "always_alert",
            published("nothing", ward(threshold=0.001, policy="fixed")),
            habit("always alerts"),
            says="The threshold alerts for far more than a shift can answer (M34).",
            so_what="The alert of the patient who gets worse stands between seven others. By spring nobody comes; fewer events are averted than with a quarter of the alerts.",
            look_at="`threshold` and `policy` of [ward], and the floor burden",
            teaches="M34",
        ),
        flight(
            "pause_at_any_alarm",
            published("reference", ringing("pause")),
            habit("pauses"),
            says="Whatever rings, the service is switched off (M24).",
            so_what="Monitors ring for surges, rumours and new analysers as well. While it is off nobody looks for the cause, so the next alarm comes before the first is over.",
            look_at="`then` of the monitors, and the floors no score and false stops",
            teaches="M24",
        ),
        flight(
            "retrain_at_any_alarm",
            published("reference", ringing("retrain")),
            habit("changes"),
            says="Whatever rings, the model is changed (M27).",
            so_what="It learns the fault: a wrong unit becomes normal, and treated patients become safe ones. Drift goes quiet, the fault stays, and each new model has to be trusted anew.",
            look_at="`then` of the monitors, and the floors silence and restraint",
            teaches="M27",
        ),
        flight(
            "log_spam",
            published("reference", ringing("log")),
            habit("logs"),
            says="Everything is watched and written down, and nobody is asked to look.",
            so_what="The log is complete, the incidents run on as if nothing had been seen, and an auditor will find that it was. A monitor without an action is a diary.",
            look_at="`then` of the monitors, and the floor silence",
        ),
        flight(
            "do_nothing",
            published("nothing"),
            habit("no monitor"),
            says="Nothing watches, so nothing rings (M25).",
            so_what="The averted harm stays near what the model can do by itself, which looks well in a summary. On which faults it ran for months, nobody has noticed.",
            look_at="the floors silence, wrong data and notices",
            teaches="M25",
        ),
        flight(
            "few_eyes",
            published("restraint"),
            lambda answer, hospital: "silence" in answer["missed"] and not answer["habits"],
            says="Few eyes: what the plan watches is answered well, and the rest goes on without anybody noticing.",
            so_what="No change for nothing, few hours, and of what doing nothing leaves unseen a good part is still there. Patience is for what was looked at.",
            look_at=LOOK["silence"],
        ),
        flight(
            "no_forecast",
            published("reference", forecast=False),
            lambda answer, hospital: not answer["missed"] and bool(answer["forecast"].get("problem")),
            says="The plan is good, and nothing was said beforehand, or only what cannot fail.",
            so_what="After the year everybody will have expected it. A range that was written down is what next year's plan learns from.",
            look_at="[forecast]: five ranges, each of which a bad year would leave",
        ),
    ],
)


# W12.Q5 ---------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Review(Comparison):
    """A review beside the log: as far away as it has parts that the year does not bear out."""

    needed: float = 1.0

    def unreadable(self, answer, reference):
        if type(answer) is not dict or "problem" not in answer:
            return f"{named(answer)} is there where a dictionary should be"
        return answer["problem"] or None

    def distance(self, answer, reference):
        return float(len(answer["findings"]))

    def matches(self, answer, wrong):
        return bool(answer["findings"]) and answer["findings"] == wrong.get("findings")

    def evidence(self, answer, reference):
        return how_reviewed(answer, None)


def how_reviewed(answer, hospital):
    told = list(answer["findings"].values())
    return "; ".join(told)[:1].upper() + "; ".join(told)[1:] + "." if told else ""


WORDS = 'then = ["log"]'


def reviewed_with(**other):
    """A sound review of the reviewed year, with other parts in some places."""

    def answer(hospital):
        week = given(12)
        changed = other.get("changed", week.REVIEWED.replace(WORDS, 'then = ["investigate"]', 1)) or week.REVIEWED
        frame = week.beside(changed)
        column = other.get("column", "difference")
        numbers = {name: float(frame[column][name]) for name in week.LOOKED_AT}
        return {
            "signal": other.get("signal", "ward value_contract"),
            "words": other.get("words", WORDS),
            "changed": changed,
            "difference": numbers,
            "because": "It rang, and the answer was a line in a log.",
        }

    return answer


def door(hospital):
    words = 'value_contract = "pass"'
    return reviewed_with(words=words, changed=given(12).REVIEWED.replace(words, 'value_contract = "block"'))(hospital)


def all_at_once(hospital):
    text = given(12).REVIEWED.replace(WORDS, 'then = ["investigate"]').replace('"pass"', '"block"')
    return reviewed_with(changed=text)(hospital)


def found_in(*parts):
    return lambda answer, hospital: any(part in answer["findings"] for part in parts)


def review(name, answer, also, *, says, so_what, look_at, teaches=None):
    return misconception(
        name, answer=answer, says=says, so_what=so_what, look_at=look_at, teaches=teaches, evidence=how_reviewed, also=also
    )


key(
    "W12.Q5",
    reference=lambda hospital, truth: {"problem": "", "findings": {}, "keys": [], "absolute": False},
    same=Review(),
    evidence=how_reviewed,
    right=(
        "The log bears it out: seen on the first morning, let go by one line, and one line changes the same year. Whether it would be so in other years, twenty of them say; and which review has ever led to a change that anybody measured?"
    ),
    look_at="`log` and `readings` around day 37, and `beside(changed)`",
    misconceptions=[
        review(
            "everything_changed",
            all_at_once,
            lambda answer, hospital: len(answer["keys"]) > 1,
            says="Everything is changed that hindsight shows.",
            so_what="The year is better, and nobody knows by which line. Next spring three of them will be in somebody's way, and nobody can say which may go.",
            look_at="which keys of the two plans differ",
        ),
        review(
            "more_care",
            reviewed_with(changed=None, words="the engineer on call overlooked it"),
            lambda answer, hospital: not answer["keys"],
            says="Nothing of the plan is changed: somebody should take more care.",
            so_what="Whoever was on call did what the plan says, and the next one will. A review that ends with a person ends with the same incident.",
            look_at="what the plan says is done when that signal rings",
        ),
        review(
            "wrong_sentence",
            door,
            found_in("worth"),
            says="A line is changed that has not let it go on.",
            so_what="It sounds like the cause, and in the same year next to nothing follows. That is what flying a change is for.",
            look_at="the log on the morning on which it first rang: what was done?",
        ),
        review(
            "not_paired",
            reviewed_with(column="changed"),
            found_in("difference"),
            says="The numbers are not the difference of the two flights on this seed.",
            so_what="A year by itself says how its patients were, not what the change did. Two years differ by more than two plans do.",
            look_at="the column `difference` of `beside(changed)`",
            teaches="M37",
        ),
        review(
            "seen_late",
            reviewed_with(signal="ward unanswered"),
            found_in("signal"),
            says="It could be read earlier, in another signal.",
            so_what="A review that begins where somebody happened to look keeps the weeks before that out of sight.",
            look_at="`readings` from day 37 on: which signal crossed its usual limit first?",
        ),
        review(
            "words_not_there",
            reviewed_with(words="the monitor was ignored"),
            found_in("words"),
            says="The words are not those of the plan, or not those that were changed.",
            so_what="Only words that stand in a plan can be mended.",
            look_at="the line of `REVIEWED` that your change replaces",
        ),
    ],
)
