"""Checks of what arrived: documents that cannot be read, lines that stand twice, references that lead nowhere."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .facts import Facts
from .gather import at, belongs
from .register import ROW, Found, check, nothing, rows, say


@check(
    *("document_unreadable", "look", "documents", "Documents that could not be read"),
    consequence="A line that cannot be read is a result or a stay that nobody will miss until it matters.",
    ask="Send these lines again, and say what wrote them.",
)
def unreadable(facts: Facts) -> Found:
    held = facts.hospital.quarantine
    found = pd.DataFrame(
        {
            "resource_type": "",
            "resource_id": "",
            "field": held["file"] + " line " + held["line"].astype("str"),
            "detail": held["reason"],
        }
    )
    return Found(found[list(ROW)], facts.hospital.documents)


def _repeated(facts: Facts, same_bytes: bool) -> Found:
    groups = facts.repeated
    groups = groups[(groups["nunique"] == 1) == same_bytes]
    detail = say("stands on {} lines; the last one counts", groups["size"])
    return Found(rows(groups, "", detail), len(facts.events))


@check(
    *("line_repeated", "note", "resources", "Resources that stand on several lines, word for word"),
    consequence="Whoever counts lines counts these patients' results twice.",
    ask="Are pages of the export written again after a timeout?",
)
def repeated(facts: Facts) -> Found:
    return _repeated(facts, same_bytes=True)


@check(
    *("versions_differ", "look", "resources", "Resources that stand on several lines with different content"),
    consequence="Two versions of one fact: the one that is read last wins, which may be the older one.",
    ask="Which line is the current version, and why are both in one export?",
)
def versions(facts: Facts) -> Found:
    return _repeated(facts, same_bytes=False)


@check(
    *("no_id", "look", "resources", "Resources without an id"),
    consequence="Nothing can refer to them, and a second export cannot be matched with the first.",
    ask="Why do these resources have no id?",
)
def no_id(facts: Facts) -> Found:
    events = facts.events
    held = events[events["key"].isna() & (events["kind"] != "Bundle")]
    return Found(rows(held.assign(key=""), "id", "it has no id"), len(events))


def _loose(facts: Facts, mask: pd.Series, detail: pd.Series) -> pd.DataFrame:
    loose = facts.loose[mask]
    if not len(loose):
        return nothing()
    where = at(facts.events, loose["row"])
    return pd.DataFrame(
        {
            "resource_type": where["kind"].astype("str").to_numpy(),
            "resource_id": where["key"].to_numpy(),
            "field": loose["field"].to_numpy(),
            "detail": detail[mask].to_numpy(),
        }
    )


def _references(facts: Facts, sort: str, why: str) -> Found:
    loose = facts.loose
    detail = loose["reference"] + why
    return Found(_loose(facts, loose["sort"] == sort, detail), facts.sorts.total())


@check(
    *("reference_dangles", "look", "references", "References to resources that are not in the export"),
    consequence="A result whose encounter is missing drops out of every table that joins on it, without a word.",
    ask="Were these deleted, merged, or left out of the export? Send what they point to.",
)
def dangles(facts: Facts) -> Found:
    return _references(facts, "dangling", " is not in this export")


@check(
    *("reference_conditional", "note", "references", "References that are a search, not an id"),
    consequence="Who ordered, or where, stays unknown until the search is answered; a join on ids loses it.",
    ask="Load the directory first, then send the references as ids.",
)
def conditional(facts: Facts) -> Found:
    loose = facts.loose[facts.loose["sort"] == "conditional"]
    hits = loose["reference"].map({text: _answer(facts, text) for text in loose["reference"].unique()})
    answers = ["; one resource here answers it", "; several resources here answer it"]
    words = np.select([hits == 1, hits > 1], answers, "; nothing here answers it")
    detail = pd.Series(say("{}{}", loose["reference"], words), index=loose.index, dtype="str")
    found = _loose(facts, facts.loose["sort"] == "conditional", detail.reindex(facts.loose.index))
    more = f"{int((hits == 1).sum()):,} of them have exactly one answer in this export." if len(loose) else ""
    return Found(found, facts.sorts.total(), more)


def _answer(facts: Facts, text: str) -> int:
    kind, _, search = text.partition("?")
    name, _, value = search.partition("=")
    return len(facts.identifiers.get((kind, value if "|" in value else f"|{value}"), ())) if name == "identifier" else 0


@check(
    *("reference_wrong_type", "stops", "references", "References to a type that does not belong there"),
    consequence="An encounter that is a patient, or a subject that is a nurse, puts the result in nobody's file.",
    ask="What should this field point to?",
)
def wrong_type(facts: Facts) -> Found:
    loose = facts.loose
    wrong = [not belongs(field, target) for field, target in zip(loose["field"], loose["target"], strict=True)]
    detail = loose["reference"] + " is a " + loose["target"] + ", which does not belong in " + loose["field"]
    return Found(_loose(facts, pd.Series(wrong, index=loose.index, dtype=bool), detail), facts.sorts.total())


@check(
    *("reference_elsewhere", "note", "references", "References to another server, or to nothing that can be looked up"),
    consequence="What they point to cannot be seen from here, so nobody knows whether it is there.",
    ask="Which server are these addresses of, and may we read it?",
)
def elsewhere(facts: Facts) -> Found:
    sorts = {
        "absolute": " is an address outside this export",
        "urn": " is an address that meant something in a bundle only",
        "unreadable": " is no reference",
    }
    detail = facts.loose["reference"] + facts.loose["sort"].map(sorts).fillna("")
    return Found(_loose(facts, facts.loose["sort"].isin(sorts), detail), facts.sorts.total())


@check(
    *("no_patient", "stops", "clinical resources", "Clinical resources that name no patient"),
    consequence="A result without a patient reaches nobody.",
    ask="Whose are these?",
)
def no_patient(facts: Facts) -> Found:
    held = facts.clinical[facts.clinical["patient"].isna()]
    where = np.where(held["kind"].isin(["AllergyIntolerance", "Immunization"]), "patient", "subject")
    return Found(rows(held, where, "it refers to no patient by id"), len(facts.clinical))
