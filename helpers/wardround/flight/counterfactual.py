"""The same year with one part of the plan replaced: "your threshold, their rollback"; and the words that cost most.

Same hospital, same incidents, same dice: the difference is due to the words alone. It holds for this one year.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .compare import REACHED, ceiling
from .number import Number
from .plan import PLANS, Plan, load_plan
from .quoted import Quote, block, quote
from .scores import ordered, scores
from .team import HOLDS
from .visible import best, signs_of
from .words import AXES

if TYPE_CHECKING:
    from .result import Flight

Scores = dict[str, list[Number]]
SECTIONS: dict[str, tuple[str, ...]] = {
    "ward": ("ward",),
    "list": ("list",),
    "contracts": ("contracts",),
    "monitors": ("monitors",),
    "causes": ("causes", "unknown"),
    "monitors and causes": ("monitors", "causes", "unknown"),
    "rollback": ("rollback",),
    "pause": ("pause",),
    "gates": ("gates",),
    "vendor": ("vendor",),
    "labels": ("labels",),
    "staff": ("staff",),
}
# In this order a plan's cost is looked for, and from this much on it counts (assumption); patients come first.
COUNTS = {
    **{"ward_averted": 1.0, "list_averted": 1.0, "visits_for_nothing": 10.0, "needed_without_score": 10.0},
    **{
        "ward_wrong_data": 10.0,
        "alerts_a_responder": 0.1,
        "worst_sensitivity": 10.0,
        "gap": 2.0,
        "silent_patient_weeks": 10.0,
    },
    **{"unseen": 1.0, "false_stop_weeks": 1.0, "changes_for_nothing": 1.0, "told_in_time": 10.0, "hours": 20.0},
}
NEARLY = 0.95  # of what a section gains, from which on its words are found
WORDLESS = ("disclosed", "approved_by")  # keys of [ward] that change nothing in a flight


@dataclass(frozen=True)
class Swap:
    """A flight with a part replaced by the reference's.

    Attributes
    ----------
    name : str
        What was replaced.
    gain : dict
        For each number of the scores, by how much it became better; below zero it became worse.
    """

    name: str
    scores: Scores
    gain: dict[str, float]


@dataclass(frozen=True)
class Sentence:
    """The words of a plan that cost most, or the words that are missing.

    Attributes
    ----------
    section, number : str
        Which section; the number of the scores by which it was found.
    gain, of_section : float
        What replacing these words alone gains, and replacing the whole section.
    quote : Quote or None
        The words; None where nothing is said.
    instead : str
        What the reference plan says there.
    """

    section: str
    number: Number
    gain: float
    of_section: float
    quote: Quote | None
    instead: str
    what: str

    @property
    def missing(self) -> bool:
        """Return whether it is something that the plan does not say."""
        return self.quote is None


class Rerun:
    """Flies variants of a flight's plan through the same year; each variant once."""

    def __init__(self, flight: Flight, say: Callable[[str], object] | None = None):
        self.flight, self.say = flight, say
        self.reference = load_plan("reference")
        self.own = scores(flight)
        self._known: dict[str, Scores] = {flight.plan.digest: self.own}

    def scored(self, plan: Plan, name: str = "") -> Scores:
        """Return the scores of a plan in this year."""
        from .engine import fly

        if plan.digest not in self._known:
            if self.say is not None:
                self.say(name or plan.name)
            flown = fly(plan, self.flight.seed, self.flight.drawn, scale=self.flight.year.scale)
            self._known[plan.digest] = scores(flown)
        return self._known[plan.digest]

    def ceiling(self) -> Scores:
        """Return what the staff could reach at best; only the numbers that mean something for a score without data."""
        if self.say is not None:
            self.say("the ceiling")
        found = scores(ceiling(self.flight.seed, self.flight.drawn, self.flight.year.scale))
        return {axis: [one for one in numbers if one.name in REACHED] for axis, numbers in found.items()}

    def swap(self, name: str, plan: Plan) -> Swap:
        """Return what a changed plan gains over the one that was flown."""
        found = self.scored(plan, name)
        return Swap(name, found, gains(self.own, found))

    def sections(self) -> list[Swap]:
        """Return, for each section in which the plan differs from the reference, the year with the reference's."""
        return [
            Swap(name, self.own, gains(self.own, self.own))
            if self._idle(name)
            else self.swap(name, replaced(self.flight.plan, self.reference, fields))
            for name, fields in self._other()
        ]

    def _idle(self, name: str) -> bool:
        """Return whether nobody read a section in this year, by the log and the cards: there is nothing to fly."""
        log, drawn = self.flight.log, {one.card.id for one in self.flight.drawn}
        unread = {
            "causes": not any(line["kind"] == "found" for line in log),
            "rollback": not any(line["kind"] == "begins" and line["action"] == "roll_back" for line in log),
            "pause": not any(line["kind"] == "holds" and line["action"] in HOLDS for line in log),
            "gates": "new_site" not in drawn,
            "vendor": "vendor_update" not in drawn,
        }
        return unread.get(name, False)

    def _other(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        plan, digest = self._aligned(), set()
        for name, fields in SECTIONS.items():
            changed = replaced(plan, self.reference, fields).digest
            if changed != plan.digest and changed not in digest:
                digest.add(changed)  # "monitors and causes" adds nothing where one of them is the same anyway
                yield name, fields

    def _aligned(self) -> Plan:
        """Return the plan with the reference's words where words change nothing, so that only what does is compared."""
        words = {name: getattr(self.reference.ward, name) for name in WORDLESS}
        return self.flight.plan.model_copy(update={"ward": self.flight.plan.ward.model_copy(update=words)})

    def sentence(self, text: str, swaps: Sequence[Swap]) -> Sentence | None:
        """Return the words that cost most in the section that gains most; None where no section would have done better.

        Patients first: the numbers of :data:`COUNTS` are gone through in their order, and the first in which a section
        would have gained enough decides. Nothing is weighed against anything else.
        """
        name, ranked = self._ranked(swaps)
        return self._words(text, ranked[:1], name) if ranked else None

    def costliest(self, text: str, swaps: Sequence[Swap]) -> Sentence | None:
        """Return the words that cost most, by the number that decides for :meth:`sentence`, over all sections.

        A section of many words may gain only by them together, while single words of another gain more than any of
        its own. Sections that gain less than the best words found so far are not searched.
        """
        name, ranked = self._ranked(swaps)
        return self._words(text, ranked, name) if ranked else None

    def _ranked(self, swaps: Sequence[Swap]) -> tuple[str, list[Swap]]:
        """Return the number that decides, and the sections that gain enough in it, in the order of the search."""
        for name, least in COUNTS.items():
            enough = [one for one in swaps if one.gain.get(name, 0.0) >= least]
            if enough:
                ranked = sorted(enough, key=lambda one: -one.gain[name])
                first = _smallest(enough, name, ranked[0].gain[name])
                return name, [first, *(one for one in ranked if one is not first)]
        return "", []

    def _words(self, text: str, sections: Sequence[Swap], name: str) -> Sentence:
        """Return the words whose replacement alone gains most; a section is searched if it gains more than they do."""
        first, section, one, gain = sections[0], sections[0], None, 0.0
        for swap in sections:
            if swap.gain[name] <= gain:
                continue
            words, more = self._best_words(swap, name)
            if more > gain:
                section, one, gain = swap, words, more
        number = next(known for _, known in ordered(self.own) if known.name == name)
        if one is None:
            key, whole = SECTIONS[first.name][0], first.gain[name]
            return Sentence(first.name, number, whole, whole, quote(text, (_written(key),)), "", f"[{first.name}]")
        return Sentence(section.name, number, gain, section.gain[name], one.quoted(text), one.instead, one.what)

    def _best_words(self, section: Swap, name: str) -> tuple[_Words | None, float]:
        """Return the words within a section whose replacement alone gains most, and what they gain."""
        tried = []
        for words in self._candidates(section.name):
            tried.append((words, self.swap(words.what, words.plan).gain[name]))
            if tried[-1][1] >= NEARLY * section.gain[name]:
                break  # fewer words come first: what follows can hardly say more
        return max(tried, key=lambda pair: pair[1], default=(None, 0.0))

    def _candidates(self, section: str) -> Iterator[_Words]:
        if section in ("monitors", "causes", "monitors and causes"):
            yield from self._answers(section)
        else:
            yield from self._keys(section)

    def _keys(self, section: str) -> Iterator[_Words]:
        own, other = getattr(self.flight.plan, section), getattr(self.reference, section)
        for key in type(own).model_fields:
            value = getattr(other, key)
            if key not in WORDLESS and getattr(own, key) != value:
                plan = self.flight.plan.model_copy(update={section: own.model_copy(update={key: value})})
                instead = quote(_reference(), (section, key))
                said = instead.text if instead and instead.exact else f"{key}: as if it were not written"
                yield _Words(f"{key} in [{section}]", plan, ((section, key),), said)

    def _answers(self, section: str) -> Iterator[_Words]:
        """Yield, for each incident, its best signal and the reference's answer; then each own monitor left out.

        A signal that was over its limit before the incident, too, is not recommended, whatever it would gain here.
        """
        plan, other = self.flight.plan, self.reference
        for drawn in self.flight.drawn:
            card, changed, said, places, eyes = drawn.card, {}, [], [], ""
            if section != "causes":
                best_signs = best(signs_of(self.flight, drawn))
                monitors, told, spots = self._watching({(one.service, one.signal) for one in best_signs})
                changed["monitors"], said, places, eyes = monitors, told, spots, "eyes and " if told else ""
            if section != "monitors" and card.id in other.causes and plan.causes.get(card.id) != other.causes[card.id]:
                changed["causes"] = plan.causes | {card.id: other.causes[card.id]}
                said.append(_block("cause", list(other.causes).index(card.id)))
                places += [("cause", list(plan.causes).index(card.id))] if card.id in plan.causes else []
            if said:
                yield _Words(
                    f"{eyes}an answer for “{card.title}”",
                    plan.model_copy(update=changed),
                    tuple(places),
                    "\n\n".join(said),
                )
        if section != "causes":
            yield from self._thens(section)
        if section != "monitors" and plan.unknown != other.unknown:
            changed = plan.model_copy(update={"unknown": other.unknown})
            instead = quote(_reference(), ("unknown",))
            yield _Words("what is done where no cause is found", changed, (("unknown",),), instead.text)
        rang = {(line["service"], line["signal"]) for line in self.flight.log if line["kind"] == "alarm"}
        for place, one in enumerate(plan.monitors if section != "causes" else ()):
            if one not in other.monitors and (one.service, one.signal) in rang:
                rest = plan.monitors[:place] + plan.monitors[place + 1 :]
                changed = plan.model_copy(update={"monitors": rest})
                yield _Words(f"the monitor of {one.service} {one.signal}", changed, (("monitor", place),), "(left out)")

    def _thens(self, section: str) -> Iterator[_Words]:
        """Yield what own monitors do when they ring, where the reference does something else with the same signal."""
        plan, other = self.flight.plan, {(one.service, one.signal): one for one in self.reference.monitors}
        pairs = [(one, other.get((one.service, one.signal), one)) for one in plan.monitors]
        places = [place for place, (own, theirs) in enumerate(pairs) if own.then != theirs.then]
        if len(places) < 2:
            return
        changed = {"monitors": tuple(own.model_copy(update={"then": theirs.then}) for own, theirs in pairs)}
        what = f"what {len(places)} monitors do when they ring"
        said = [quote(_reference(), ("monitor", list(other.values()).index(pairs[places[0]][1]), "then")).text]
        if section != "monitors":
            changed |= {"causes": self.reference.causes, "unknown": self.reference.unknown}
            what += ", and what is done when they know why, or do not"
            said.append(quote(_reference(), ("unknown",)).text)
        plan = plan.model_copy(update=changed)
        yield _Words(what, plan, tuple(("monitor", place, "then") for place in places), "\n".join(said))

    def _watching(self, wanted: set[tuple[str, str]]) -> tuple[tuple, list[str], list[tuple]]:
        """Return the monitors with the reference's for these signals, its words, and where the own ones stand."""
        kept, said, places = list(self.flight.plan.monitors), [], []
        for at, one in enumerate(self.reference.monitors):
            key = one.service, one.signal
            if key not in wanted or one in kept:
                continue
            mine = [place for place, own in enumerate(kept) if (own.service, own.signal) == key]
            said.append(_block("monitor", at))
            places += [("monitor", place) for place in mine]
            kept = [one if place in mine else own for place, own in enumerate(kept)] if mine else [*kept, one]
        return tuple(kept), said, places


@dataclass(frozen=True)
class _Words:
    """Words of a plan that are to be replaced: how they are called, the plan without them, where they stand."""

    what: str
    plan: Plan
    places: tuple[tuple[Any, ...], ...]
    instead: str

    def quoted(self, text: str) -> Quote | None:
        """Return them as the author wrote them; None where they are not written."""
        for place in self.places:
            whole = place[0] in ("monitor", "cause") and len(place) == 2
            found = block(text, *place) if whole else quote(text, place)
            if found is not None and found.exact:
                return found
        return None


def replaced(plan: Plan, other: Plan, fields: Sequence[str]) -> Plan:
    """Return a plan with fields of another one. It is not checked as a file would be: their parts may not fit."""
    return plan.model_copy(update={name: getattr(other, name) for name in fields})


def gains(own: Scores, other: Scores) -> dict[str, float]:
    """Return by how much each number is better in the other; NaN where one of them is unknown."""
    there = {number.name: number for _, number in ordered(other)}
    return {
        number.name: (there[number.name].value - number.value) * (1 if number.better == "up" else -1) + 0.0  # no -0.0
        for _, number in ordered(own)
    }


def worst(swaps: Sequence[Swap], axis: str, own: Scores) -> tuple[str, Number, float] | None:
    """Return the section whose replacement gains most on an axis's first number, or None if none gains enough."""
    number = own[axis][0]
    least = COUNTS.get(number.name, np.inf)
    known = [(one.name, one.gain[number.name]) for one in swaps if one.gain[number.name] >= least]
    if axis not in AXES or not known:
        return None
    name, gain = max(known, key=lambda pair: pair[1])
    return name, number, gain


def _smallest(swaps: Sequence[Swap], name: str, most: float) -> Swap:
    """Return the first section that gains nearly as much as the best; of two that do, the one with fewer words."""
    near = [one for one in swaps if one.gain[name] >= 0.9 * most]
    return min(near, key=lambda one: (len(SECTIONS[one.name]), -one.gain[name]))


def _reference() -> str:
    return (PLANS / "reference.toml").read_text(encoding="utf-8")


def _block(name: str, place: int) -> str:
    found = block(_reference(), name, place)
    return found.text if found else ""


def _written(field: str) -> str:
    """Return a field's key in the file."""
    return {"monitors": "monitor", "causes": "cause"}.get(field, field)
