"""The parts of A3 that are made of the assistant's folder: card, settings, picture and log as readers may see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .picture import Picture
from .report_assistant import MOST_LINES, SETTINGS, Assistant, Audit, flat, rules, shown, threshold
from .report_cells import Cells, words
from .report_reading import Found

START = "`wardround triage`"
# Facts `decide-ai` and `decide-ai-lines` of curriculum/facts.toml; a test holds the two against each other.
DECIDE_AI = (
    "DECIDE-AI, a guideline for reporting the early-stage live clinical evaluation of decision support driven by AI, "
    "has 17 items specific to AI (28 subitems) and ten generic ones (Vasey et al., BMJ 2022;377:e070904)."
)
DECIDE_LINES = (
    "The lines above are seven of its items, in our own words, read in two stored copies of its table. Patients here "
    "are simulated and nobody is treated: words beside a line are notes towards a study, and none was made."
)
_LINES = (  # line of DECIDE-AI in our words, its item, what has words on it here, where
    ("whom it is meant for, in which condition", "2a", "W10.A3.intended_use", "page 1, Intended use"),
    ("who uses it, and where in the care of a patient", "2b", "W10.A3.users", "page 1, Users"),
    ("how its output was shown", "4c", "desk:picture", "page 1, Picture"),
    ("how risks to patients were found and made smaller", "6b", "W10.M.", "page 3, Hazards"),
    ("which human-factors method, which tasks, which users", "7", "W10.A3.think_aloud", "page 2, Think-aloud"),
    ("what was modified, when and why", "11", "desk:changes", "page 1, Settings"),
    ("how far users agreed with it, and why they did not", "12", "desk:decided", "page 2, Overruled by reason"),
)


@dataclass(frozen=True)
class Made:
    """What a part shows; with nothing but a note it is missing, and the note says what fills it."""

    text: tuple[str, ...] = ()
    table: Cells | None = None
    code: str = ""
    picture: Picture | None = None
    note: str = ""


def part(name: str, found: Found) -> Made:
    """Return the part ``desk:NAME`` or ``made:NAME``."""
    here = found.assistant
    if name == "decide_ai":
        return _decide_ai(found)
    if here is None:
        return Made(note=f"{START} lays the folder work/triage out.")
    return _PARTS[name](here)


def hazards(memo: Mapping[str, Any] | None) -> tuple[tuple[str, Any], ...]:
    """Return the hazards of memo W10.M in its order, a name and what was written; its reason is no hazard."""
    return tuple((name, value) for name, value in (memo or {}).get("fields", {}).items() if name != "because")


def hazard_table(memo: Mapping[str, Any]) -> Cells | None:
    """Return the hazards as a table, one a row, whether each is a text, a dictionary or a list of those."""
    rows: list[Mapping[str, Any]] = []
    for name, value in hazards(memo):
        for one in value if isinstance(value, list) else [value]:
            told = dict(one) if isinstance(one, Mapping) else {"what was written": one}
            rows.append(told if "hazard" in told else {"hazard": words(name), **told})
    columns = list(dict.fromkeys(str(column) for row in rows for column in row))
    table = tuple(tuple(shown(row.get(column, "")) for column in columns) for row in rows)
    return Cells(tuple(map(words, columns)), table, (False,) * len(columns)) if table else None


def picture_is_of_now(here: Assistant) -> bool:
    """Say whether the picture is of card and settings as they are: by what is written in it, else by its time."""
    return here.picture is None or (here.picture.of == here.of if here.picture.of else not here.picture_older)


def _card(here: Assistant) -> Made:
    if "card.html.j2" in here.troubles:
        return Made(note=f"{here.troubles['card.html.j2']}.")
    if here.card is None:
        return Made(note=f"{START} lays work/triage/card.html.j2 out for you to write.")
    if not here.own_card:
        return Made(note="work/triage/card.html.j2 is still the shipped one, word for word; write your own in it.")
    lines, shipped = here.card.strip().splitlines(), (here.shipped_card or "").splitlines()
    new = sum(line.strip() not in {one.strip() for one in shipped} for line in lines)
    told = f"{new} of them {'is' if new == 1 else 'are'} not in the shipped card"
    return Made((f"{len(lines)} lines of at most {MOST_LINES}; {told}. It is in the appendix.",))


def _card_text(here: Assistant) -> Made:
    return Made(code=here.card.strip("\n")) if here.card else Made(note="There is no card.")


def _settings(here: Assistant) -> Made:
    if here.settings is None:
        return Made(note=f"{here.troubles.get(SETTINGS) or f'{START} lays work/triage/{SETTINGS} out'}.")
    cut, usual = threshold(here.settings), threshold(here.shipped_settings)
    rows = [("threshold", _of_1000(cut), _beside(_of_1000(cut), _of_1000(usual)))]
    before = {str(one.get("name")): one for one in rules(here.shipped_settings)}
    for one in rules(here.settings):
        usual_one = before.pop(str(one.get("name")), None)
        says = usual_one is None or one.get("says") != usual_one.get("says")
        mine, theirs = _rule(one, says), _rule(usual_one, says) if usual_one else "not there"
        rows.append((f"rule: {words(one.get('name'))}", mine, _beside(mine, theirs)))
    rows += [(f"rule: {words(name)}", "taken out", _rule(one, True)) for name, one in before.items()]
    own, shipped = flat(here.settings), flat(here.shipped_settings)
    known = ("rule.", "model.threshold")
    rows += [
        (words(name).replace(".", ": "), own.get(name, "taken out"), shipped.get(name, "not there"))
        for name in (*own, *(name for name in shipped if name not in own))
        if own.get(name) != shipped.get(name) and not name.startswith(known)
    ]
    changed = sum(row[2] != "the same" for row in rows)
    told = f"{changed} of these lines were changed; the settings that are not listed are as shipped."
    note = told if changed else "Nothing was changed against the shipped settings."
    return Made(table=Cells(("setting", "here", "as shipped"), tuple(rows), (False,) * 3), note=note)


def _picture(here: Assistant) -> Made:
    take = "`wardround triage picture` takes it and writes work/triage/picture.png."
    if here.picture is None:
        why = here.troubles.get("picture.png")
        return Made(note=f"{why}; `wardround triage picture` takes another." if why else take)
    taken = f"Taken {here.picture.taken:%Y-%m-%d %H:%M} UTC, {here.picture.width} × {here.picture.height} points"
    if not picture_is_of_now(here):
        return Made(
            picture=here.picture,
            note=f"{taken}, of an earlier card or earlier settings; `wardround triage picture` takes it again.",
        )
    return Made(picture=here.picture, note=f"{taken}, of the card and settings of this page. The patient is simulated.")


def _audit(here: Assistant) -> Made:
    one = here.audit
    if one is None or not one.decided:
        return Made(note=f"Nobody has decided yet; each “accept” or “overrule” in {START} is a line of the log.")
    shown_in_all = sum(one.shown.values())
    rows = [("advices shown", shown_in_all, "")]
    rows += [(f"of these: {state}", number, shown_in_all) for state, number in sorted(one.shown.items(), key=_most)]
    rows += [("decisions", one.decided, ""), ("accepted", one.accepted, one.decided)]
    rows += [("overruled", one.overruled, one.decided), ("people who decided", one.people, "")]
    rows += [("different settings in force at these decisions", one.settings, "")]
    table = tuple((what, f"{number:,}", f"{of:,}" if of else "") for what, number, of in rows)
    return Made(table=Cells(("what", "number", "of"), table, (False, True, True)), note=_whose(one))


def _whose(one: Audit) -> str:
    who = "one person" if one.people == 1 else f"{one.people} people"
    return (
        f"Decisions of {who} at a simulated desk: no rate of a ward, and an accepted advice is not shown to be right."
    )


def _reasons(here: Assistant) -> Made:
    one = here.audit
    if one is None or not one.decided:
        return Made(note=f"Nobody has overruled yet; {START} asks for the reason.")
    if not one.overruled:
        return Made((f"Nothing was overruled in {one.decided:,} decisions.",))
    rows = tuple(
        (here.reason(code), code, f"{times:,}", f"{one.at_high.get(code, 0):,}", f"{one.decided:,}")
        for code, times in sorted(one.reasons.items(), key=_most)
    )
    columns = ("reason", "code", "times", "of these at a high risk", "of decisions")
    note = "A reason is what somebody clicked; whether the model was at fault, the patient's course says."
    return Made(table=Cells(columns, rows, (False, False, True, True, True)), note=note)


def _chain(here: Assistant) -> Made:
    one = here.audit
    if one is None or not one.lines:
        return Made(note=f"There is no log; {START} begins it with the first view.")
    days = sorted({one.first[:10], one.last[:10]})
    span = f"{one.lines:,} lines, {' to '.join(days)}"
    if one.broken:
        return Made((f"Broken: {one.broken}. {span} can be read; what was counted of them is no evidence.",))
    return Made(
        (
            f"Whole: {span}, each with the hash of the line before it.",
            f"It ends at line {one.end.number} with {one.end.hash[:16]}…: keep that where the log's owner cannot "
            "write, because a log built anew from its first line would look whole as well.",
        )
    )


def _decide_ai(found: Found) -> Made:
    rows = tuple(
        (line, item, where, "words here" if _there(found, source) else "open") for line, item, source, where in _LINES
    )
    table = Cells(("line of DECIDE-AI", "item", "in this artefact", "state"), rows, (False,) * 4)
    return Made(table=table, note=f"{DECIDE_AI} {DECIDE_LINES}")


def _there(found: Found, source: str) -> bool:
    here = found.assistant
    if source.startswith("desk:"):
        return here is not None and bool(
            {
                "desk:picture": here.picture is not None and picture_is_of_now(here),
                "desk:changes": here.own_card or flat(here.settings) != flat(here.shipped_settings),
                "desk:decided": here.audit is not None and here.audit.decided and not here.audit.broken,
            }[source]
        )
    memo, name = source.rsplit(".", 1)
    fields = found.memos.get(memo, {}).get("fields", {})
    return name in fields if name else bool(hazards(found.memos.get(memo)))


def _rule(one: Mapping[str, Any], says: bool) -> str:
    """Return a rule's conditions, and its sentence where that is not the shipped one."""
    conditions = " or ".join(shown(one.get("any", [])).split("; "))
    return " → ".join(filter(None, (conditions, str(one.get("says", "")) if says else "")))


def _of_1000(value: float | None) -> str:
    return "none" if value is None else f"{round(1000 * value, 1):,g} of 1,000"


def _beside(mine: str, usual: str) -> str:
    return "the same" if mine == usual else usual


def _most(pair: tuple[str, int]) -> tuple[int, str]:
    return -pair[1], pair[0]


_PARTS = {
    "card": _card,
    "card_text": _card_text,
    "settings": _settings,
    "picture": _picture,
    "audit": _audit,
    "reasons": _reasons,
    "chain": _chain,
}
