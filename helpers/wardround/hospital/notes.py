"""Short discharge notes: what somebody dictated about a stay, with names in it that should not be there.

A note says what the record knows; some notes carry one to three identifiers, and some deny what a code asserts. Every
planted span is in the truth with its place. Words that look like names and are none (eponyms) stand beside them.
"""

from __future__ import annotations

import numpy as np

from . import clock
from . import parameters as sheet
from .chart import Chart
from .entries import ICD
from .patients import Patients, fault_count, smallest
from .staff import FAMILY as STAFF_FAMILY
from .streams import Purpose, uniform
from .world import World

Span = tuple[int, int, str]  # begin, end, kind

OPENINGS = (
    "{age}-year-old {man}, {admitted}. {reason}.",
    "{age} yo {man}. {admitted_cap}: {reason_low}.",
    "Discharge summary. {man_cap}, {age}. {reason}; {admitted}.",
)
COURSES = (
    "Treated on the ward for {days}. {vital}",
    "Stayed {days}. {vital}",
    "Course over {days} without surprise. {vital}",
)
WORSE = "Got worse on day {day} and was moved to intensive care."
ENDINGS = (
    "Leaves {where}. {followup}",
    "{where_cap}. {followup}",
    "Plan: {where}. {followup}",
)
FOLLOWUPS = (
    "Blood count and creatinine in one week. Continue the home medication; the list is attached.",
    "Seen by the family doctor within ten days. Return at once for fever, breathlessness or confusion.",
    "Weigh every morning and call if up two kilograms in two days. Low-salt diet explained with a leaflet.",
    "No change of home medication. Wound and mobility to be looked at by the visiting nurse on day three.",
)
EPONYMS = (
    "Heberden's nodes on both hands, not painful.",
    "Known Dupuytren's contracture on the right, no action.",
    "Babinski negative on both sides.",
    "Murphy's sign negative.",
    "Romberg steady, gait slow but safe.",
    "Known Sjögren's disease, eye drops continued.",
)
DENIALS = {
    "E11": "No diabetes.",
    "I10": "Blood pressure has always been normal.",
    "J44": "No lung disease known.",
    "I50": "No heart failure.",
    "N18": "Kidneys have always been healthy.",
    "I48": "No atrial fibrillation known.",
}
WHERE = {
    "home": "home",
    "home_health": "home with home care",
    "skilled_nursing": "to a skilled nursing facility",
    "hospice": "to hospice, as wished",
    "against_advice": "against advice, risks explained",
    "transfer": "by transfer to another hospital",
    "died": "no further steps; the family was present",
}
REASONS = (
    *("Decompensated heart failure", "Exacerbation of COPD", "Pneumonia", "Chest pain, coronary disease"),
    *("Acute weakness of one side", "Infection with suspicion of sepsis", "Abdominal pain and bleeding"),
    *("Kidney function and electrolytes out of order", "Diabetes out of control", "Withdrawal of alcohol"),
    *("Acute change of behavior", "Infection", "Rhythm disorder", "Fall with injury", "Feeling unwell"),
    *("Planned operation", "Planned chemotherapy"),
)  # by diagnosis group
# kind of identifier -> the sentences it may stand in; {x} is the span
IDENTIFIERS = {
    "name": ("{x} was glad to go.", "Family meeting with {x} and the social worker.", "Spoke with {x} about the plan."),
    "relative": ("The daughter, {x}, will collect the tablets.", "{x}, next of kin, agrees."),
    "phone": ("Reach the family on {x}.", "Call back number {x}."),
    "mrn": ("Old chart under {x}.", "See also record {x}."),
    "address": ("Lives alone at {x}, third floor.", "Home visit to {x} arranged."),
    "date": ("Next appointment on {x}.", "Last seen here on {x}."),
    "clinician": ("Discussed with Dr. {x}.", "Dr. {x} agrees."),
}
KINDS = tuple(IDENTIFIERS)


def write_note(
    facts: dict, draws: np.ndarray, planted: int, denial: str | None
) -> tuple[str, list[tuple[int, int, str]]]:
    """Return a note and its identifiers as (begin, end, kind), in characters.

    Parameters
    ----------
    facts : dict
        age, man, planned, reason, days, died, worse_day, where, and a value for each kind of identifier.
    draws : array of 12 uniforms
    planted : int
        How many identifiers it carries, 0 to 3.
    denial : str, optional
        A sentence that denies what a code of the stay asserts.
    """
    u = draws
    admitted = "planned admission" if facts["planned"] else "came through the emergency department"
    fill = facts | {
        "admitted": admitted,
        "admitted_cap": admitted.capitalize(),
        "man_cap": facts["man"].capitalize(),
        "reason_low": facts["reason"][:1].lower() + facts["reason"][1:],
        "where_cap": facts["where"][:1].upper() + facts["where"][1:],
        "followup": "" if facts["where"] == WHERE["died"] else _pick(FOLLOWUPS, u[3]),
    }
    parts = [_pick(OPENINGS, u[0]).format(**fill), _pick(COURSES, u[1]).format(**fill)]
    if facts["worse_day"]:
        parts.append(WORSE.format(day=facts["worse_day"]))
    if denial:
        parts.append(denial)
    if u[4] < 0.35:
        parts.append(_pick(EPONYMS, u[4] / 0.35))
    parts.append(_pick(ENDINGS, u[2]).format(**fill).strip())
    return _with_identifiers(parts, facts, u[5:], planted)


def _with_identifiers(parts: list[str], facts: dict, u: np.ndarray, planted: int):
    spans, text = [], ""
    chosen = []
    for k in range(planted):
        kind = KINDS[int(u[k] * len(KINDS))]
        if kind not in [other for other, _ in chosen]:
            chosen.append((kind, _pick(IDENTIFIERS[kind], u[3 + k % 3])))
    at = [2 + int(u[6] * max(1, len(parts) - 2))] if chosen else []
    for place, part in enumerate([*parts, ""]):
        if at and place == min(at[0], len(parts)):
            for kind, sentence in chosen:
                before, after = sentence.split("{x}")
                text += before
                spans.append((len(text), len(text) + len(facts[kind]), kind))
                text += facts[kind] + after + " "
        text += part + (" " if part else "")
    return text.rstrip(), spans


def _pick(options: tuple[str, ...], u: float) -> str:
    return options[min(int(u * len(options)), len(options) - 1)]


def note_draws(seed: int, person: np.ndarray, when: np.ndarray, slot: np.ndarray) -> np.ndarray:
    """Return twelve uniforms a note, shape (notes, 12)."""
    return np.concatenate([uniform(seed, person, when, slot * 4 + k, Purpose.NOTE) for k in range(3)]).T


class Notes:
    """All discharge notes of an export.

    Attributes
    ----------
    texts : list of str
    spans : list of (place, begin, end, kind, text)
        Planted identifiers, by place of the note in ``chart.notes``.
    entries : list of (place, fault, kind, before, after)
        What the ledger says of a note's text.
    """

    def __init__(self, world: World, chart: Chart, patients: Patients, without: frozenset[str] = frozenset()):
        self.world, self.chart, self.patients = world, chart, patients
        table = chart.notes
        size = table["row"].size
        keys = (table["person"], table["when"], table["slot"])
        u = uniform(world.seed, *keys, Purpose.NOTE_IDENTIFIER)
        planted = np.zeros(size, dtype=np.int64)
        chosen = smallest(u[0], fault_count(sheet.RATES["note_with_identifier"], size))
        planted[chosen] = 1 + (3 * u[1][chosen] ** 2).astype(np.int64)
        u = uniform(world.seed, *keys, Purpose.NOTE_NEGATION)[0]
        denials = self._denials(np.setdiff1d(np.arange(size), chosen), u)
        draws = note_draws(world.seed, *keys)
        self.texts, self.spans, self.entries = [], [], []
        for place, facts in enumerate(self._facts()):
            self._add(place, facts, draws[place], int(planted[place]), denials.get(place), without)

    def _add(self, place, facts, draws, planted, denial, without) -> None:
        planted = 0 if "note_with_identifier" in without else planted
        denial = None if "note_denies_code" in without else denial
        text, spans = write_note(facts, draws, planted, denial)
        self.texts.append(text)
        self.spans += [(place, begin, end, kind, text[begin:end]) for begin, end, kind in spans]
        if planted or denial:
            plain, _ = write_note(facts, draws, 0, None)
            fault = "note_with_identifier" if planted else "note_denies_code"
            kind = "+".join(sorted({kind for _, _, kind in spans})) if planted else "denial"
            self.entries.append((place, fault, kind, plain, text))

    def _denials(self, free: np.ndarray, u: np.ndarray) -> dict[int, str]:
        """Return, by place, a sentence that denies a code of the note's encounter; drawn among notes that could."""
        conditions = self.chart.conditions
        coded: dict[int, str] = {}
        for encounter, code in zip(conditions["encounter"].tolist(), conditions["code"].tolist(), strict=True):
            if ICD[code][:3] in DENIALS:
                coded.setdefault(encounter, ICD[code][:3])
        encounter = self.chart.notes["encounter"]
        free = np.array([place for place in free.tolist() if int(encounter[place]) in coded], dtype=np.int64)
        chosen = free[smallest(u[free], fault_count(sheet.RATES["note_denies_code"], free.size))]
        return {int(place): DENIALS[coded[int(encounter[place])]] for place in chosen}

    def _facts(self):
        """Yield what each note may say, and what each kind of identifier would be."""
        world, table, identity = self.world, self.chart.notes, self.patients.identity
        encounters = self.chart.encounters
        days = (encounters["stop"] - encounters["start"])[table["encounter"]] / 86_400
        appointment = clock.date(np.floor(table["moment"] / 86_400).astype(np.int64) + 12)
        for place, (row, encounter) in enumerate(zip(table["row"].tolist(), table["encounter"].tolist(), strict=True)):
            stay = int(encounters["stay"][encounter])
            known = {name: column[row] for name, column in identity.items()}
            disposition = sheet.DISPOSITIONS[int(encounters["disposition"][encounter])]
            event = int(world.stays["event"][stay])
            doctor = STAFF_FAMILY[int(encounters["doctor"][encounter]) % len(STAFF_FAMILY)]
            yield {
                "age": int(world.stays["age"][stay]),
                "man": "woman" if world.people["female"][row] else "man",
                "planned": bool(world.stays["planned"][stay]),
                "reason": REASONS[int(world.stays["group"][stay])],
                "days": f"{max(1, round(float(days[place])))} day{'s' if round(float(days[place])) > 1 else ''}",
                "vital": "Vital signs steady at the end." if disposition != "died" else "",
                "worse_day": event // 3 + 1 if event >= 0 else None,
                "where": WHERE[disposition],
                "name": f"{'Ms.' if world.people['female'][row] else 'Mr.'} {known['family']}",
                "relative": f"{_relative(known)} {known['family']}",
                "phone": known["phone"],
                "mrn": self.patients.number[int(np.searchsorted(self.patients.row, row))],
                "address": known["line"],
                "date": str(appointment[place]),
                "clinician": doctor,
            }


def _relative(known: dict) -> str:
    return ("Anna", "Rosa", "Linda", "Grace")[len(known["given"]) % 4]
