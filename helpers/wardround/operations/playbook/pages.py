"""The playbook as a report: twelve decisions, each beside what was built and what the rules say, and the 31 attributes.

It is laid out, shown and printed by the portfolio's own pages; only what is on them is made here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from wardround.operations.portfolio import Filled, Report
from wardround.operations.report_cells import Cells
from wardround.operations.report_pages import ARTEFACTS, Page, Part
from wardround.operations.report_reading import Found
from wardround.operations.report_summary import Row

from .beside import built_beside, said, which
from .decisions import TWELVE, Role, Table
from .held import ROLE_KEYS, Held, percent
from .linter import lint

WEEK = 12
FILE = "work/playbook/decisions.toml"
LABELS = {
    "hhs_within_days": "HHS, of 500 or more, within days",
    "youngest": "Nobody scored below, years",
    "clinical_sign_off": "Clinical sign-off",
    "monitor": "Monitors",
    "severity": "Severities",
    "endpoint": "Endpoints",
    "item": "What is kept",
}
CAPTIONS = {  # of a table of decisions: what it shows; its description says what to write
    "systems": "each system with its tier, the version in force, and its owner",
    "monitor": "each monitor with its limit, its owner, and what is done first",
    "severity": "when it is which, who is told, within how many hours",
    "endpoint": "each place outside, its agreement and last day, and what goes there",
    "item": "what is kept, for how many years, by which rule",
}
OF_LAW = {  # which rules stand beside which decision
    "inventory": ("cds-device",),
    "intended_use": ("section-1557",),
    "approval": ("source-attributes",),
    "incident": ("breach-presumed", "breach-individuals", "breach-hhs", "associate-notice", "device-reports"),
    "phi": ("ciphertext", "agreement-limits", "inside-use", "part-2"),
    "oversight": ("activity-review",),
    "retention": ("documents-six-years",),
}


@dataclass(frozen=True)
class Playbook(Report):
    """A playbook as it stands; a :class:`Report`, so that the portfolio's page and paper show it."""

    held: Held = field(default_factory=lambda: Held({}, None))  # type: ignore[arg-type]

    @property
    def artefact(self) -> str:
        """Return the artefact that it opens with."""
        return "A4"

    @property
    def titles(self) -> str:
        """Return its title."""
        return self.title

    @property
    def about(self) -> str:
        """Return what it was made of."""
        return (
            f"Facts gathered on {self.held.facts['gathered_on']} from what was built (`facts.json`); decisions from "
            "`decisions.toml`. No legal advice: verify each rule, on its day, before you rely on it. The patients are "
            "simulated."
        )

    @property
    def summary(self) -> tuple[Row, ...]:  # type: ignore[override]
        """Return the half page for whoever is called at night."""
        return tuple(_summary(self.held))


def playbook(held: Held) -> Playbook:
    """Lay facts and decisions out, and hold them against each other."""
    pages = [_roles_page(held), *(_decision_page(one, held) for one in TWELVE), _card_page(held)]
    return Playbook(Found(), tuple(pages), lint(held), ARTEFACTS["A4"][1], held)


def markdown(made: Playbook) -> str:
    """Return the playbook as Markdown; what anybody wrote is text in it, never markup."""
    lines = [f"# {made.title}", "", f"**{made.state}**", "", _safe(made.about), ""]
    lines += _listed("What contradicts itself", [one.says for one in made.linted.findings])
    lines += ["## In half a page", ""]
    lines += [f"- **{row.label}**: {_safe(row.text) if row.there else '*missing*'}" for row in made.summary]
    for page, parts in made.pages:
        lines += ["", f"## {page.number} · {page.title}", ""]
        for one in parts:
            lines += _part(one)
    lines += ["", *_listed("What could not be checked", made.not_made)]
    return "\n".join(lines).rstrip() + "\n"


def _listed(head: str, sentences: Sequence[str]) -> list[str]:
    return [f"## {head}", "", *(f"{n}. {_safe(one)}" for n, one in enumerate(sentences, 1)), ""] if sentences else []


def _part(one: Filled) -> list[str]:
    if one.missing:
        return [f"- **{one.part.heading}**: *missing*: {_safe(one.part.asks)}. {_safe(one.note)}".rstrip()]
    if one.of_words:
        return [f"- **{one.part.heading}**: {_safe('; '.join(one.text))}"]
    lines = ["", f"### {one.part.heading}", "", *(f"- {_safe(line)}" for line in one.text)]
    if one.table is not None:
        rows = [one.table.columns, ("---",) * len(one.table.columns), *one.table.rows]
        lines += ["| " + " | ".join(cell if cell == "---" else _safe(cell) for cell in row) + " |" for row in rows]
    return [*lines, *(["", _safe(one.note)] if one.note else []), ""]


def _safe(text: str) -> str:
    """A text as Markdown shows it letter by letter; what stands between single backticks stays code."""
    pieces = re.split(r"(`[^`\n]+`)", " ".join(str(text).split()))
    return "".join(
        one.replace("|", r"\|") if place % 2 else re.sub(r"([\\`*_\[\]<>|&#~!$])", r"\\\1", one)
        for place, one in enumerate(pieces)
    )


# the pages -----------------------------------------------------------------------------------------------------------
def _roles_page(held: Held) -> tuple[Page, tuple[Filled, ...]]:
    part = Part("Seats", "decided:roles", "each role with its job title where you work, and who stands in")
    open_here = held.read.open_in("roles")
    rows = tuple(
        (name, role.title or "missing", role.deputy or "none", "yes" if role.clinical else "no", ", ".join(role.also))
        for name, role in held.read.roles.items()
    )
    written = any(role.title for role in held.read.roles.values())
    if written:
        head = ("role", "job title", "deputy", "clinician", "called in the plans")
        parts = [Filled(part, table=Cells(head, rows, (False,) * 5))]
        parts += [_gap(key, write, "roles") for key, write in open_here.items()]
    else:
        parts = [Filled(part, note=f"Fill [roles] in `{FILE}`.")]
    return _page(0, "Who holds which seat", parts)


def _decision_page(one: Any, held: Held) -> tuple[Page, tuple[Filled, ...]]:
    table, parts = held.read.tables.get(one.key), []
    if table is None:
        wrong = [str(mistake) for mistake in held.read.mistakes_in(one.key)]
        parts.append(Filled(Part("Decision", f"decided:{one.key}", one.title.lower()), note=" ".join(wrong)))
    else:
        words, tables = _filled(one.key, table, held.read.roles)
        opened = held.read.open_in(one.key)
        parts += [part for part in words if part.part.source.removeprefix("decided:") != f"{one.key}.because"]
        parts += [_gap(key, write, one.key) for key, write in opened.items() if not key.endswith(".because")]
        parts += [part for part in words if part.part.source == f"decided:{one.key}.because"]
        parts += [_gap(key, write, one.key) for key, write in opened.items() if key == f"{one.key}.because"]
        parts += tables
    parts += list(built_beside(one.key, held))
    rules = [law for law in held.facts["law"] if law["id"] in OF_LAW.get(one.key, ())]
    if rules:
        told = tuple(
            f"{law['says']} ({law['source']} As of {law['as_of']}; look again by {law['review_by']}.)" for law in rules
        )
        parts.append(Filled(Part("What the rules say", "made:law", "with source and day"), text=told))
    return _page(one.number, one.title, parts)


def _card_page(held: Held) -> tuple[Page, tuple[Filled, ...]]:
    card = held.facts["card"]
    known = f"{card['known']} of {card['of']} are known."
    head = ("no.", "group", "asked", "said", "from")
    rows = tuple(
        (
            str(one["number"]),
            one["group"],
            one["asks"],
            one["text"] or f"not known: {one['who']} must say",
            one["source"],
        )
        for one in card["entries"]
    )
    law = next((one["says"] for one in held.facts["law"] if one["id"] == "source-attributes"), "")
    asks = "the 31 source attributes of the readmission model, in nine groups"
    table = Cells(head, rows, (True, False, False, False, False))
    parts = [Filled(Part("Known", "made:known", "how many"), text=(known, law))]
    parts += [Filled(Part("Source attributes", "made:card", asks, appendix=True), table=table)]
    parts += [_gap(key, write, "source_attributes") for key, write in held.read.open_in("source_attributes").items()]
    lacking = tuple(held.facts["not_found"])
    if lacking:
        parts.append(
            Filled(Part("Facts that were not found", "made:not_found", "and where they come from"), text=lacking)
        )
    return _page(13, "The model card, and what could not be found", parts)


def _page(number: int, title: str, parts: Sequence[Filled]) -> tuple[Page, tuple[Filled, ...]]:
    return Page("A4", number, title, WEEK, tuple(one.part for one in parts)), tuple(parts)


def _gap(key: str, write: str, table: str) -> Filled:
    part = Part(_label(key.removeprefix(f"{table}.")), f"decided:{key}", write)
    return Filled(part, note=f"`{FILE}`, `{key}`.")


def _filled(path: str, held: Table, roles: Mapping[str, Role]) -> tuple[list[Filled], list[Filled]]:
    """What is decided in a table: words, each a row, and the lists of tables in it, each a table."""
    words: list[Filled] = []
    tables: list[Filled] = []
    for name, asked in type(held).model_fields.items():
        value, key = getattr(held, name), f"{path}.{name}"
        if value in (None, (), {}):
            continue
        rows = _rows(value, roles)
        if rows is not None:
            part = Part(_label(name), f"decided:{key}", CAPTIONS.get(name, str(asked.description)))
            tables += [Filled(part, table=rows)] if rows.columns else []
        elif isinstance(value, Table):
            inside = _filled(key, value, roles)[0]
            parts = (replace(one.part, heading=f"{_label(name)}: {_inside(one.part.heading)}") for one in inside)
            words += [replace(one, part=part) for one, part in zip(inside, parts, strict=True)]
        else:
            texts = _words(value, roles if name in ROLE_KEYS else {})
            words.append(Filled(Part(_label(name), f"decided:{key}", str(asked.description)), text=texts))
    return words, tables


def _inside(heading: str) -> str:
    """A heading within a line: its first letter small, unless it begins with an abbreviation."""
    return heading if heading[1:2].isupper() else heading[:1].lower() + heading[1:]


def _rows(value: Any, roles: Mapping[str, Role]) -> Cells | None:
    """A list or dictionary of tables as one table; None where it holds anything else."""
    named = isinstance(value, Mapping)
    held = list(value.items()) if named else [("", one) for one in value] if isinstance(value, tuple) else []
    if not held or not isinstance(held[0][1], Table):
        return None
    fields = type(held[0][1]).model_fields
    names = [name for name in fields if any(getattr(one, name) not in (None, ()) for _, one in held)]

    def cell(one: Table, name: str) -> str:
        return "; ".join(_words(getattr(one, name), roles if name in ROLE_KEYS else {}))

    rows = tuple((*([key] if named else []), *(cell(one, name) for name in names)) for key, one in held)
    amounts = [all(isinstance(getattr(one, name), int | float | None) for _, one in held) for name in names]
    head = (*(["system"] if named else []), *(_label(name).lower() for name in names))
    return Cells(head, rows, (*([False] if named else []), *amounts))


def _words(value: Any, roles: Mapping[str, Role]) -> tuple[str, ...]:
    """A value as it is printed; a role by its job title, with the name that it has in the file."""
    if value is None:
        return ()
    if isinstance(value, bool):
        return ("yes" if value else "no",)
    if isinstance(value, tuple):
        return tuple(text for one in value for text in _words(one, roles))
    if isinstance(value, Mapping):
        return tuple(f"{name}: {_amount(one)}" for name, one in value.items())
    if isinstance(value, str) and value in roles and roles[value].title:
        return (f"{roles[value].title} ({value})",)
    return (f"{value:g}" if isinstance(value, float) else str(value),)


def _amount(value: Any) -> str:
    return percent(value) if isinstance(value, float) else str(value)


def _label(name: str) -> str:
    last = name.rpartition(".")[2]
    words = LABELS.get(last, name.replace("_", " ").replace(".", ", "))
    return words[:1].upper() + words[1:]


def _hours(number: float) -> str:
    return f"{number:g} hour{'' if number == 1 else 's'}"


def _summary(held: Held) -> Iterator[Row]:
    value, read = held.value, held.read
    systems = held.facts["systems"]
    named = {name: f"{name}{which(one)} at {said(one)}" for name, one in systems.items()}
    runs = "; ".join(text for name, text in named.items() if not systems[name].get("plan"))
    yield Row("In force", runs, bool(runs))
    if flown := "; ".join(text for name, text in named.items() if systems[name].get("plan")):
        yield Row("Flown in the simulator", flown, True)

    def seats(names: Sequence[str] | str | None) -> str:
        names = (names,) if isinstance(names, str) else names or ()
        return " and ".join((read.roles[one].title or one) if one in read.roles else one for one in names)

    stops = seats(value("approval", "stops"))
    yield Row("May stop it at once", stops, bool(stops))
    way = value("rollback")
    back = f"{seats(way.authority)}, within {way.minutes} minutes" if way and way.authority and way.minutes else ""
    yield Row("Rolls back", back, bool(back))
    severe = [one for one in value("incident", "severity") or () if one.name and one.tell and one.within_hours]
    told = "; ".join(f"{one.name}: {seats(one.tell)} within {_hours(one.within_hours)}" for one in severe)
    yield Row("Is told", told, bool(told))
    out = [f"{one.name}, {one.agreement}, until {one.ends}" for one in value("phi", "endpoint") or () if one.name]
    leaves = "Nothing." if value("phi", "nowhere") and not out else "; ".join(out)
    yield Row("Health information leaves to", leaves, bool(leaves))
    by_hand = value("oversight", "manual_procedure") or ""
    yield Row("By hand meanwhile", by_hand, bool(by_hand))
    days = [day for table in ("threshold", "vendor") if (day := value(table, "review_by"))]
    yield Row("Looked at again", f"{min(days)}" if days else "", bool(days))
