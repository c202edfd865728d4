"""The words a plan is written in: what can be watched, what the on-call team can do, what a score is called.

A plan, a card, the log and the debrief all speak these words, and no others. Hours are assumptions; what an action does
to the year is in :mod:`team`.
"""

from __future__ import annotations

from dataclasses import dataclass

SITES = ("quillmere", "eastbank", "northgate")  # northgate: the new site of one card, empty without it
SERVICES = ("ward", "list")  # the early warning on the wards; the daily list of care calls
DAYS, WEEKS, SHIFTS = 364, 52, 3
FIRST_WEEK = 156  # of Quillmere: the year is its fourth


@dataclass(frozen=True)
class Signal:
    """Something a monitor can watch, every day or every Monday.

    Attributes
    ----------
    says : str
        What is measured, with its unit, as a noun phrase.
    alarms : str
        ``above`` or ``below``: on which side of a monitor's limit it rings.
    every : int
        1: each morning, of the day before; 7: on Mondays, of the seven days before.
    services : tuple of str
        Where it exists.
    usual : float
        A limit that a quiet year crosses less than once a quarter (measured; the plan's author may choose another).
    """

    says: str
    alarms: str = "above"
    every: int = 1
    services: tuple[str, ...] = SERVICES
    usual: float = 0.0


SIGNALS: dict[str, Signal] = {
    "heartbeat": Signal("a test alert sent end to end that did not arrive (1 or 0)", services=("ward",)),
    "rows": Signal("rows that arrived, as a share of the usual number", "below", usual=0.4),
    "freshness": Signal("median age of the newest vital signs, in hours", services=("ward",), usual=18.0),
    "duplicates": Signal("share of rows that arrived more than once", usual=0.01),
    "time_order": Signal(
        "share of results that were issued before they were collected", services=("ward",), usual=0.01
    ),
    "value_contract": Signal("share of rows with a value outside what its unit allows", usual=0.01),
    "missing": Signal("share of values that are missing where they are usually there", usual=0.25),
    "unknown_codes": Signal("share of rows with a code that the mapping does not know", usual=0.01),
    "amended": Signal("share of results changed after they were first used", services=("ward",), usual=0.01),
    "input_drift": Signal("largest population stability index of an input against the reference", every=7, usual=0.5),
    "score_drift": Signal("population stability index of the score against the reference", every=7, usual=0.1),
    "lab_level": Signal(
        "how far the mean of a laboratory test has moved over four weeks, in its standard errors", every=7, usual=4.0
    ),
    "alerts": Signal("alerts (or calls wanted), as a multiple of the usual number", usual=2.0),
    "unanswered": Signal("share of alerts that nobody answered", services=("ward",), every=7, usual=0.7),
    "census": Signal("occupied beds, as a multiple of the usual number", services=("ward",), usual=1.4),
    "observed_expected": Signal("observed over expected outcomes, when the outcomes are known", every=7, usual=1.2),
    "below_expected": Signal("observed over expected outcomes, when the outcomes are known", "below", 7, usual=0.45),
    "group_gap": Signal(
        "sensitivity of the others less that of the worst group, from chart reviews", every=7, usual=0.25
    ),
    "frozen_cases": Signal("largest change of a score on fifty frozen cases", usual=0.0),
    "release_diff": Signal("parts in force that differ from the release record", usual=0.0),
    "new_rows_of_a_site": Signal("rows of a site that the release does not name"),
    "egress_scan": Signal("identifiers found in files that leave the platform", usual=0.0),
    "story": Signal("a clinician's report about a case (1 or 0)", usual=0.0),
}


@dataclass(frozen=True)
class Action:
    """Something the simulated on-call team can do.

    Attributes
    ----------
    says : str
        In the imperative.
    hours : float
        From the decision until it holds (an assumption); for ``roll_back`` the plan's ``[rollback] minutes``.
    staff : float
        Hours of work it takes, once (an assumption); what ``more_staff`` and ``manual_rounds`` take by the shift is in
        :mod:`engine`.
    changes : bool
        Whether the plan must name who may decide it.
    """

    says: str
    hours: float
    staff: float
    changes: bool = True


ACTIONS: dict[str, Action] = {
    "log": Action("write down what was seen and why nothing is changed", 1, 0.5, False),
    "investigate": Action("find the cause before anything is changed", 12, 6, False),
    "notify": Action("tell those whom the plan names for this cause", 1, 0.5, False),
    "case_review": Action("review the case with those who treated it, replay it, answer", 48, 6, False),
    "ask_clinicians": Action(
        "ask clinicians what has changed in care, revise what counts as the outcome", 72, 8, False
    ),
    "keep_evidence": Action("keep the files and logs as they are", 1, 1, False),
    "contain_export": Action("stop the export, take the identifiers out, narrow it to what is needed", 4, 6),
    "pause": Action("switch the service off at all sites", 0.5, 1),
    "fallback": Action("switch the affected site to the score of vital signs alone, with a banner", 0.5, 1),
    "manual_rounds": Action("nurses screen by hand while no score can be trusted", 1, 0),
    "widen_abstention": Action("give no score where an input cannot be trusted; the card says so", 1, 1),
    "fix_feed": Action("mend the mapping or the interface where the rows come in", 36, 16),
    "backfill": Action("score again what was scored on wrong data, correct past figures", 8, 4, False),
    "replay": Action("replay fifty frozen cases before the service returns", 2, 2, False),
    "roll_back": Action("put the last good release back: model, features, threshold, contract", 1, 2),
    "recalibrate": Action("move level and slope to the outcomes of the last thirteen weeks", 72, 16),
    "retrain": Action("train anew on the last thirteen weeks and release", 120, 40),
    "raise_threshold": Action("raise the threshold by a half", 1, 1),
    "lower_threshold": Action("lower the threshold by a third", 1, 1),
    "top_k": Action("alert only as many as can be answered, highest first", 1, 2),
    "more_staff": Action("call in one more responder a shift", 24, 0),
    "shadow": Action("score the new site without showing it until the gate is met", 1, 4),
    "swap_devices": Action("replace the devices that read wrong, confirm with blood gases", 336, 24),
    "resume": Action("switch the service on again", 0.5, 1),
}

AXES: dict[str, str] = {
    "benefit": "deteriorations and readmissions that did not happen",
    "harm": "visits for nothing, decisions on wrong data, patients without a score",
    "burden": "alerts that nurses must carry",
    "equity": "the worst-served group",
    "resilience": "days to detect, contain and restore; weeks of false stop",
    "governance": "notices on time, decisions with names, lineage from the log",
    "cost": "hours of staff",
    "forecast": "what was forecast against what came",
}
ROLES = (
    "clinical_lead",
    "nurse_lead",
    "data_engineer",
    "ml_engineer",
    "privacy_officer",
    "vendor_manager",
    "operations",
)

CAUSES: dict[str, str] = {  # what each may be, told as a plan's author would hear of it; what to do is not said
    "unit_change": "a laboratory of one site reports a test in another unit",
    "code_change": "a terminology release brings new codes",
    "feed_outage": "vital signs of one site do not arrive",
    "stale_cache": "a store in front of the record hands out older values",
    "duplicate_feed": "rows arrive twice",
    "amended_results": "results are corrected after they were first used",
    "surge": "more patients than usual are on the wards",
    "new_site": "a third hospital joins the early warning",
    "new_analyser": "a laboratory puts a new analyser to use",
    "guideline_change": "a guideline changes how patients are treated",
    "intervention_feedback": "answers to alerts change the outcomes that the score is measured by",
    "sensor_bias": "oximeters are exchanged",
    "vendor_update": "another version of the model is put in place",
    "threshold_typo": "a release changes the threshold in force",
    "timezone_shift": "an interface writes times in another zone",
    "staff_shortage": "shifts have fewer responders",
    "alerts_suppressed": "alerts are computed and do not arrive",
    "phi_export": "a file that leaves the platform holds identifiers",
    "rumour": "clinicians report a case",
}
