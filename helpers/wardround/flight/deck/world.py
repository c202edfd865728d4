"""Cards of the world, the staff and the new site: patients, care and people change, and no feed is broken by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..card import Columns, Drawn
from .feed import UMOL
from .kinds import LABS, NORTHGATE, Incident

UREA, GLUCOSE = 0.357, 1 / 18.016  # mmol/L in 1 mg/dL: of urea nitrogen (28.01 g/mol), of glucose (180.16 g/mol)


@dataclass(frozen=True)
class Surge(Incident):
    """More patients, no more nurses."""

    share: float = 0.45
    spare: float = 0.6  # of the time a nurse had for alerts: more patients each leave less of it

    def guests(self, drawn: Drawn, day: int) -> tuple[str, float]:
        """Bring patients to the wards of both sites."""
        return ("own", self.share)

    def capacity_factor(self, drawn: Drawn, day: int) -> float:
        """Keep the nurses as many as before, although the beds are more, each with less time to spare."""
        return self.spare / (1 + self.share)


@dataclass(frozen=True)
class NewSite(Incident):
    """A third site whose laboratory writes in other units and under other codes."""

    share: float = 0.5

    def guests(self, drawn: Drawn, day: int) -> tuple[str, float]:
        """Open Northgate."""
        return ("northgate", self.share)

    def ward_rows(self, rows: Columns, drawn: Drawn, day: int) -> Columns:
        """Write Northgate's results in its own units; lactate comes under a code without a mapping."""
        at = rows["site"] == NORTHGATE
        factors = {"creatinine": UMOL, "urea": UREA, "glucose": GLUCOSE}
        changed = {name: np.where(at, rows[name] * factor, rows[name]) for name, factor in factors.items()}
        changed["lactate"] = np.where(at, np.nan, rows["lactate"])
        changed["lactate_drawn"] = np.where(at, 0, rows["lactate_drawn"]).astype(rows["lactate_drawn"].dtype)
        return rows | changed

    def signals(self, drawn: Drawn, day: int) -> Mapping[tuple[str, str], float]:
        """Count the rows with a code that the mapping does not know: of one test in five, at the new site alone."""
        return {("ward", "unknown_codes"): self.share / (1 + self.share) / len(LABS)}


@dataclass(frozen=True)
class GuidelineChange(Incident):
    """Better care for all who look septic, alert or not."""

    factor: float = 0.5
    report: int = 42  # days until somebody speaks of decay

    def hazard_factor(self, rows: Columns, drawn: Drawn, day: int) -> np.ndarray:
        """Lower the hazard of those with a culture, an antibiotic or a lactate."""
        treated = rows["culture_ordered"].astype(bool) | rows["antibiotic_given"].astype(bool)
        return np.where(treated | rows["lactate_drawn"].astype(bool), self.factor, 1.0)

    def signals(self, drawn: Drawn, day: int) -> Mapping[tuple[str, str], float]:
        """Let a physician report, six weeks later, that the warning calls for patients who stay well."""
        return {("ward", "story"): 1.0} if day == drawn.begins + self.report else {}


@dataclass(frozen=True)
class InterventionFeedback(Incident):
    """The early warning works: more alerts are answered, so fewer of the alerted get worse."""

    factor: float = 1.6
    report: int = 28  # days until somebody reads the observed figures

    def capacity_factor(self, drawn: Drawn, day: int) -> float:
        """Let a shift answer more alerts."""
        return self.factor

    def signals(self, drawn: Drawn, day: int) -> Mapping[tuple[str, str], float]:
        """Report, four weeks later, that the observed figures look like decay."""
        return {("ward", "story"): 1.0} if day == drawn.begins + self.report else {}


@dataclass(frozen=True)
class StaffShortage(Incident):
    """Far fewer responders."""

    factor: float = 0.4

    def capacity_factor(self, drawn: Drawn, day: int) -> float:
        """Let a shift answer fewer alerts."""
        return self.factor


@dataclass(frozen=True)
class Rumour(Incident):
    """A decoy: a story about one case, and nothing behind it."""

    def signals(self, drawn: Drawn, day: int) -> Mapping[tuple[str, str], float]:
        """Tell the story on the first day, and once more a week later."""
        return {("ward", "story"): 1.0} if day in (drawn.begins, drawn.begins + 7) else {}


SURGE = Surge(
    id="surge",
    title="A winter surge",
    happens=(
        "For some weeks there are 1,450 patients where there were 1,000, of the same kinds, and as many nurses as "
        "before, who can answer 600 alerts where they answered 1,000. Assumption: both numbers, and that nobody is "
        "sicker than usual."
    ),
    first_sign="The wards are full and pages per nurse rise. Calibration is as good as ever.",
    best_signal="Occupied beds, as a multiple of the usual number.",
    tempting="Train anew, or lift the threshold quietly until the pages stop.",
    reference_why=(
        "The model is right; hands are short. What was agreed beforehand holds now: alert as many as can be answered, "
        "highest first, call in a responder, write it down. A threshold lifted in silence chooses for the nurses, "
        "unseen."
    ),
    where="world",
    services=("ward",),
    weeks=(8, 12),
    seen_by=("census", "alerts", "unanswered"),
    reference=("top_k", "more_staff", "log"),
    tempted=("raise_threshold", "retrain"),
    bites="burden",
    teaches=("M24", "M34"),
)
NEW_SITE = NewSite(
    id="new_site",
    title="Northgate joins",
    happens=(
        "A third hospital comes to the wards' early warning: half as many patients as the other two together. Its "
        "laboratory writes creatinine, urea and glucose in SI units and lactate under a code that the mapping does "
        "not know. Assumption: size, units and codes; its patients fall ill as others do."
    ),
    first_sign="Rows of a site that the release does not name; there nearly everybody alerts.",
    best_signal="New rows of a site; then values outside what the unit allows, by site.",
    tempting="Switch it on: the model was validated.",
    reference_why=(
        "It was validated elsewhere. Score the site without showing it until enough events have been seen, mend its "
        "mapping, use vital signs alone meanwhile, and pass a gate before anyone there sees a score."
    ),
    where="site",
    services=("ward",),
    weeks=(16, 24),
    seen_by=(
        *("new_rows_of_a_site", "value_contract", "unknown_codes", "score_drift"),
        *("alerts", "unanswered", "below_expected"),
    ),
    reference=("shadow", "fallback", "fix_feed", "replay"),
    tempted=("raise_threshold", "recalibrate"),
    mends=frozenset({"fix_feed"}),
    bites="harm",
    teaches=("M28", "M35", "M15"),
    precedent="wong-2021",
    strikes="new",
)
GUIDELINE_CHANGE = GuidelineChange(
    id="guideline_change",
    title="Care gets better for everybody",
    happens=(
        "A new guideline brings earlier care to whoever is thought to have sepsis: here, whoever has a blood culture, "
        "an antibiotic or a lactate. Their risk of deterioration falls by half, with or without an alert. Assumption: "
        "the half, which is large, and that these three stand for the suspicion."
    ),
    first_sign="Fewer of the flagged get worse; observed over expected falls, and someone speaks of decay.",
    best_signal="Observed over expected, and the question to clinicians what has changed in care.",
    tempting="The model has decayed: move its level to the new outcomes, or train anew.",
    reference_why=(
        "A warning that is followed by better care looks like a false alarm. Ask clinicians what has changed, revise "
        "what counts as the outcome, judge on patients who are comparable, and keep the model: one whose level "
        "follows treated patients no longer warns of those who still need someone."
    ),
    where="decoy",
    services=("ward",),
    weeks=(20, 30),
    seen_by=("below_expected", "story"),
    reference=("ask_clinicians", "log"),
    tempted=("recalibrate", "retrain"),
    bites="benefit",
    teaches=("M26", "M07"),
    decoy=True,
)
INTERVENTION_FEEDBACK = InterventionFeedback(
    id="intervention_feedback",
    title="The warning works, so it looks worse",
    happens=(
        "A response team is at work: a shift can answer 1,600 alerts where it answered 1,000. More of the flagged are "
        "helped, so fewer of them get worse, and a review of the observed figures claims that the model has decayed. "
        "Assumption: the size; nothing is broken."
    ),
    first_sign="The score ranks patients worse than last quarter (its AUROC falls), while more alerts are answered.",
    best_signal=(
        "Observed over expected read beside the share of alerts answered; chart reviews of those nobody visited."
    ),
    tempting="Train anew on patients who were treated because of the alert: the new model learns that they are safe.",
    reference_why=(
        "Of those who were helped nobody knows what would have happened. Judge on charts drawn by chance and on those "
        "who were not visited, keep the model, write down why."
    ),
    where="decoy",
    services=("ward",),
    weeks=(16, 24),
    seen_by=("below_expected", "story"),
    reference=("ask_clinicians", "log"),
    tempted=("retrain",),
    bites="benefit",
    decoy=True,
    teaches=("M26", "M27"),
)
STAFF_SHORTAGE = StaffShortage(
    id="staff_shortage",
    title="Too few hands",
    happens=(
        "Responders are ill or were moved: a shift can answer 400 alerts where it answered 1,000. The alerts are as "
        "many as ever. Assumption: the number."
    ),
    first_sign="The number of alerts is normal; that of the answers falls.",
    best_signal="The share of alerts that nobody answered.",
    tempting="Louder alerts, and more of them.",
    reference_why=(
        "An alert that nobody can answer teaches nurses to ignore the next. Alert as many as can be answered, highest "
        "first, call in help, write down who was not seen."
    ),
    where="staff",
    services=("ward",),
    weeks=(8, 14),
    seen_by=("unanswered",),
    reference=("top_k", "more_staff", "log"),
    tempted=("lower_threshold",),
    bites="benefit",
    teaches=("M23", "M34"),
)
RUMOUR = Rumour(
    id="rumour",
    title="A story in the corridor",
    happens=(
        "A physician tells of a patient who got worse without an alert. It is true, and it is one of those that any "
        "score at this threshold misses. Assumption: that there is nothing else behind it."
    ),
    first_sign="A report about one case, told with names.",
    best_signal="A review of that case and its replay; the figures of all others, which have not moved.",
    tempting="Pause the service or lower the threshold, so that this does not happen again.",
    reference_why=(
        "One case can open a question and answers none. Look at it on time with those who told it, replay it, tell "
        "them what was found, and change nothing, because nothing was."
    ),
    where="decoy",
    services=("ward",),
    weeks=(2, 2),
    seen_by=("story",),
    reference=("case_review", "log"),
    tempted=("pause", "lower_threshold"),
    bites="resilience",
    decoy=True,
    teaches=("M23",),
)
CARDS = (SURGE, NEW_SITE, GUIDELINE_CHANGE, INTERVENTION_FEEDBACK, STAFF_SHORTAGE, RUMOUR)
