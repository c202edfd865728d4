"""The report's pages: which parts each has, what a part asks, and what fills it."""

from __future__ import annotations

import re
from dataclasses import dataclass

ROWS = 40  # of a table on a page; a longer one is thinned, and says so


@dataclass(frozen=True)
class Part:
    """One part of a page.

    Attributes
    ----------
    source
        ``W03.M.intended_use`` for a field of a memo, ``W10.M.*`` for all of them, ``kept:NAME`` for something kept,
        ``desk:NAME`` for what the folder of the triage assistant holds, ``made:NAME`` for what follows from the rest.
    asks
        What the part answers, in one phrase.
    figure
        The name of its drawing in ``FIGURES``.
    most
        Rows of its table on the page.
    appendix
        Whether it stands at the end, for whoever checks.
    week
        The week whose exercise fills it, where that is not its page's.
    """

    heading: str
    source: str
    asks: str
    figure: str = ""
    most: int = ROWS
    appendix: bool = False
    week: int = 0

    @property
    def made(self) -> bool:
        """Say whether it follows from the other parts, so that nobody has to write or keep it."""
        return self.source.startswith("made:")


@dataclass(frozen=True)
class Page:
    """One page of an artefact: where it belongs, what it must say.

    A page that ``revises`` belongs to a later week than the artefact: without any of its parts it is not missing. A
    page of A3 is there once anything of A3 is.
    """

    artefact: str
    number: int
    title: str
    week: int
    parts: tuple[Part, ...]
    revises: bool = False


PAGES = (
    Page(
        "A1",
        1,
        "Cohort card",
        3,
        (
            Part(
                "Intended use", "W03.M.intended_use", "who uses the number for which decision, and what it is not for"
            ),
            Part("For whom", "W03.M.for_whom", "whose stays it is about"),
            Part("Prediction time", "W03.M.prediction_time", "the moment at which everything must be known"),
            Part("Outcome", "W03.M.outcome", "what counts as a readmission, in which time, seen where"),
            Part("Left out", "W03.M.left_out", "who is not in it, and who decided so"),
            Part(
                "Not observable",
                "W03.M.not_observable",
                "whose outcome nobody can know yet, and what is done with them",
            ),
            Part("The definition", "kept:cohort_definition", "each choice with its alternative", appendix=True),
            Part("Attrition", "kept:cohort_attrition", "from contacts to index stays, step by step"),
            Part(
                "Features",
                "kept:feature_dictionary",
                "each with unit, source, window and what missing means",
                most=400,
                appendix=True,
            ),
            Part(
                "What would change this", "W03.M.changes_my_mind", "what would have to be seen to define it otherwise"
            ),
            Part("Why", "W03.M.because", "the reason in the writer's words"),
        ),
    ),
    Page(
        "A1",
        2,
        "Validation plan",
        4,
        (
            Part("Question", "W04.M.question", "what the validation must be able to say no to"),
            Part("Split", "W04.M.data_split", "what the model may see, and what it is judged on"),
            Part(
                "Periods",
                "kept:periods",
                "which days taught the model of pages 3 to 5 and which judged it, with stays and events of each",
                week=6,
            ),
            Part("Baseline", "W04.M.baseline", "what it must beat"),
            Part("Leaks looked for", "W04.M.leaks_checked", "each by which test"),
            Part("Measure and floor", "W04.M.measure_and_floor", "which number decides, and where it fails"),
            Part("Elsewhere", "W04.M.external", "another site, another time"),
            Part("Results so far", "kept:validation", "each with its interval"),
            Part(
                "Leakage audit",
                "kept:leaks",
                "each column that was asked about: known in time, or why it may not be used",
            ),
            Part("Decision", "W04.M.decision", "what happens now"),
            Part("Why", "W04.M.because", "the reason in the writer's words"),
        ),
    ),
    Page(
        "A1",
        3,
        "Calibration and decision curve",
        6,
        (
            Part("Does 20% mean 20%?", "kept:calibration", "each measure with its interval and what it is made of"),
            Part(
                "Calibration plot",
                "kept:calibration_curve",
                "of 100 stays in each group: promised, and came back with its interval; groups with fewer than 11 "
                "readmissions are merged with the next",
                figure="calibration",
                most=10,
            ),
            Part(
                "Decision curve",
                "kept:decision_curve",
                "net benefit, per 1,000 stays: readmissions found, less needless calls at the price that the threshold "
                "puts on them; the chosen threshold is among the rows",
                figure="decision",
            ),
        ),
    ),
    Page(
        "A1",
        4,
        "The threshold, and who pays for it",
        6,
        (
            Part("Threshold", "W06.M.threshold", "the risk from which on a year has as many people as calls"),
            Part("Harm ratio", "W06.M.harm_ratio", "needless calls that one readmission found is worth"),
            Part("Capacity", "W06.M.capacity", "calls a week that can be made"),
            Part("Owner", "W06.M.owner", "who answers for the threshold"),
            Part("Who pays", "W06.M.who_pays", "who bears what the cut costs, on each side of it"),
            Part("The list as called", "kept:call_list", "calls, capacity, whom they go to, and the cut of a year"),
            Part(
                "Readmissions avoided, a year",
                "kept:avoided",
                "for each assumed effect, the share averted among those dialled, no answer included: a range",
            ),
            Part("Decision", "W06.M.decision", "what happens now"),
            Part("What would change this", "W06.M.changes_my_mind", "what would have to be seen to cut elsewhere"),
            Part("Why", "W06.M.because", "the reason in the writer's words"),
        ),
    ),
    Page(
        "A1",
        5,
        "For whom it holds, and its limits",
        6,
        (
            Part(
                "Groups",
                "kept:subgroups",
                "readmissions that came (events), that were promised (expected), and their ratio with its interval",
            ),
            Part("Limits", "made:limits", "what these numbers cannot say"),
            Part("Reporting lines", "made:reporting", "lines of the TRIPOD checklist and where this report fills them"),
        ),
    ),
    Page(
        "A1",
        6,
        "Revised: the same forty calls by risk and by benefit",
        9,
        (
            Part(
                "Whom each list calls",
                "kept:w09_forty",
                "patients a week on both lists, or on one of them, in three other towns, and who they are",
            ),
            Part("What the list is now", "kept:w09_revised", "by what it calls, what is assumed, what tests it"),
            Part("How an effect would be learnt", "W09.M.effect", "who is drawn by lot, how many, approved by whom"),
        ),
        revises=True,
    ),
    Page(
        "A3",
        1,
        "What it is for, and what it shows",
        10,
        (
            Part("Intended use", "W10.A3.intended_use", "what it supports, at which moment, and whose the level is"),
            Part("Not for", "W10.A3.not_for", "for whom and for what it must not be used"),
            Part("Users", "W10.A3.users", "who reads it, and what they must know before"),
            Part("Card", "desk:card", "the learner's own template of what the nurse reads, 60 lines at most"),
            Part("Picture", "desk:picture", "the desk with this card, as the application shows it"),
            Part(
                "Settings", "desk:settings", "the threshold, the rules, and what was changed against the shipped ones"
            ),
            Part("Card template", "made:card_text", "work/triage/card.html.j2, as it is", appendix=True),
        ),
    ),
    Page(
        "A3",
        2,
        "Tried: one person aloud, and the log",
        10,
        (
            Part("Think-aloud", "W10.A3.think_aloud", "who, with which task, what they said, and what was changed"),
            Part("DECIDE-AI", "W10.A3.decide_ai", "what of an early evaluation is here, and what is open"),
            Part("Why", "W10.A3.because", "the reason in the writer's words"),
            Part("The log's chain", "desk:chain", "whether a line was changed since it was written"),
            Part("Advice and decisions", "desk:audit", "how often the desk showed what, and what people made of it"),
            Part("Overruled by reason", "desk:reasons", "how often for which reason, of all decisions"),
            Part("Reporting lines of DECIDE-AI", "made:decide_ai", "seven of its lines, and where words stand here"),
        ),
    ),
    Page(
        "A3",
        3,
        "Hazard log",
        10,
        (
            Part("Hazards", "W10.M.*", "each with its cause, its harm, its control, who watches, and what is left"),
            Part("Why these", "W10.M.because", "the reason in the writer's words"),
        ),
    ),
)
ARTEFACTS = {  # what stands above an artefact's pages: its mark, and its title
    "A1": ("A1 · readmission within 30 days", "Whom to call after discharge"),
    "A3": ("A3 · a model at a desk, beside the nurse", "The triage assistant at the desk"),
    "A4": ("A4 · what was built, and who answers for it", "AI governance playbook"),
}

_WEEKS = {
    part.source.removeprefix("kept:").rsplit(".", 1)[0]: part.week or page.week
    for page in PAGES
    for part in page.parts
    if not part.made
}


def where(why: str) -> str:
    """Say in which exercise that is kept or written which a sentence names, so that it can be mended there."""
    named = {week for name, week in _WEEKS.items() if re.search(rf"`{name}`|memo {re.escape(name)}(?!\w)", why)}
    return " and ".join(f"the exercise of week {week}" for week in sorted(named))
