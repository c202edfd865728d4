"""What a plan may do and its author should know before it flies: allowed, and usually not meant."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from .plan_rules import EXPOSURE, Fault
from .team import FACTORS, HOLDS

if TYPE_CHECKING:
    from .plan_tables import Plan

MENDING = frozenset({"fix_feed", "swap_devices"})  # where a list names no cause: these mend whatever they mend
LEARNT = ("retrain", "recalibrate")
NEEDS_SCORE = ("fallback", "widen_abstention", "top_k", "shadow")  # a service that is off has none to show


def doubts(plan: Plan) -> list[Fault]:
    """Return the doubts about a plan, each with the place that it is about; none of them keeps it from flying."""
    found = [*_pauses(plan), *_unfound(plan)]
    for place, then in plan.lists().items():
        found += [Fault(place, says) for says in _at_odds(then, _mends(place), plan)]
    if plan.ward.policy == "group":
        found.append(Fault("[ward] policy", f"thresholds by group are a contested option: {EXPOSURE}"))
    return found


def _pauses(plan: Plan) -> Iterator[Fault]:
    """Yield the lists that switch a service off and nothing that brings it back."""
    for place, then in plan.lists().items():
        if "pause" not in then or "resume" in then:
            continue
        mends = _mends(place)
        if mends is None:
            weeks = f"{plan.pause.weeks:g}"
            yield Fault(place, f"it pauses; where no cause is known the service is off for {weeks} weeks")
        elif not mends & set(then):
            yield Fault(place, "it pauses and does nothing that mends; the service is off until this is over")


def _unfound(plan: Plan) -> Iterator[Fault]:
    """Yield the causes that no investigation of this plan can find."""
    from .deck import DECK

    watched = {(one.service, one.signal) for one in plan.monitors if "investigate" in one.then}
    for name in plan.causes:
        card = DECK[name]
        if not any((service, signal) in watched for service in card.services for signal in card.seen_by):
            seen = " or ".join(card.seen_by)
            yield Fault(f"[[cause]] {name}", f"no monitor that investigates can find it; watch {seen}")


def _mends(place: str) -> frozenset[str] | None:
    """Return what mends the cause of a list; None where it has none."""
    from .deck import DECK

    card = DECK.get(place.removeprefix("[[cause]] "))
    return None if card is None else card.mends


# actions of one list that are at odds -------------------------------------------------------------------------------


def _at_odds(then: Sequence[str], mends: Collection[str] | None, plan: Plan) -> Iterator[str]:
    """Yield a sentence for each action that undoes or contradicts an earlier one of its list."""
    yield from _taken_back(then, plan)
    yield from _too_late(then, MENDING if mends is None else mends)
    yield from _off(then)
    if "resume" in then:
        yield from _resumed(then, then.index("resume"))


def _taken_back(then: Sequence[str], plan: Plan) -> Iterator[str]:
    """Thresholds that go up and down again, and models that are made and put away."""
    moved = [name for name in then if name in FACTORS]
    if len(set(moved)) > 1:
        second = next(name for name in moved if name != moved[0])
        yield f"{second} takes back what {moved[0]} did, to the digit; keep the one that is meant"
    learnt = [name for name in then if name in LEARNT]
    if learnt[:1] == ["recalibrate"] and "retrain" in learnt:
        yield "retrain makes a model anew and drops what recalibrate did; put recalibrate after it, or leave it out"
    if "roll_back" not in then:
        return
    at, parts = then.index("roll_back"), plan.rollback
    if parts.model or parts.features:
        for name in dict.fromkeys(one for one in then[:at] if one in LEARNT):
            yield f"roll_back puts the released model back, and so away what {name} made; keep one of them"
    if parts.threshold:
        for name in dict.fromkeys(one for one in then[:at] if one in FACTORS):
            yield f"roll_back puts the released threshold back, and so takes back {name}; leave it out, or put it after"


def _too_late(then: Sequence[str], mends: Collection[str]) -> Iterator[str]:
    """What is to hold until the cause is mended, and begins when it is."""
    mended = next((place for place, name in enumerate(then) if name in mends), len(then))
    for name in dict.fromkeys(one for one in then[mended:] if one in HOLDS):
        yield f"{name} begins when {then[mended]} has mended the cause, and protects nobody before; put it first"


def _off(then: Sequence[str]) -> Iterator[str]:
    """Scores of a service that is switched off."""
    end = then.index("resume") if "resume" in then else len(then)
    for name in dict.fromkeys(one for one in then[:end] if "pause" in then[:end] and one in NEEDS_SCORE):
        yield f"pause switches off the service whose score {name} is about, so nobody sees it; keep one of them"


def _resumed(then: Sequence[str], at: int) -> Iterator[str]:
    """The service on again: what was done for that, what comes after it."""
    held = [name for name in then[:at] if name in HOLDS]
    if not held:
        yield "resume has nothing to switch on again, and it closes the case; leave it out"
    elif then[at - 1] in HOLDS:
        yield f"resume ends {then[at - 1]} as soon as it holds; put what is to be done meanwhile between them"
    if after := then[at + 1 :]:
        yield f"resume closes the case, so {after[0]} is never begun; put it before"
