"""Checks of codes: missing, damaged, several, named in two ways, headings sent as diagnoses."""

from __future__ import annotations

from collections import Counter, defaultdict

import pandas as pd

from .digits import HEADINGS, ICD10CM, fault
from .facts import Facts
from .gather import Coding, at, is_standard
from .register import Found, NotJudged, check, rows, say, together

_NAMED = ("Observation", "Condition", "Procedure", "DiagnosticReport", "MedicationRequest")
_FIELD = {"MedicationRequest": "medicationCodeableConcept", "Immunization": "vaccineCode"}
_NAMES_A_THING = ("code", "component.code", "medicationCodeableConcept", "vaccineCode")


@check(
    *(
        "code_not_standard",
        "stops",
        "coded resources",
        "Results, diagnoses, procedures and orders without a standard code",
    ),
    consequence="A model or a rule that looks for the standard code does not see these: for that site the test was "
    "never done.",
    ask="Send the mapping of the local codes, with its date, or map them before sending.",
)
def not_standard(facts: Facts) -> Found:
    coded = facts.of(*_NAMED)[["kind", "key", "concept", "name", "site", "systems"]]
    coded = coded[~((coded["kind"] == "MedicationRequest") & coded["concept"].isna())]
    state = coded["concept"].astype(object).fillna("none")
    bad = coded[state != "standard"]
    words = {"local": "a local code only", "text": "words only", "none": "no code and no words"}
    field = bad["kind"].astype("str").map(_FIELD).fillna("code")
    names = {site: facts.site_name(site) for site in bad["site"].unique()}
    detail = say("{}: {} ({})", state[bad.index].map(words), bad["name"].fillna("unnamed"), bad["site"].map(names))
    return Found(rows(bad, field, detail), len(coded), _by_site(facts, bad, coded))


def _by_site(facts: Facts, bad: pd.DataFrame, everything: pd.DataFrame) -> str:
    """Say how the share differs between sites; worst first."""
    some, total = bad["site"].value_counts(), everything["site"].value_counts()
    if len(total) < 2:
        return ""
    share = (some.reindex(total.index).fillna(0) / total).sort_values(ascending=False)
    parts = [f"{facts.site_name(site)} {100 * share[site]:.1f} in 100" for site in share.index[:3]]
    return "By site: " + ", ".join(parts) + ("." if len(total) <= 3 else ", and others.")


def _rows_of(facts: Facts, found: list[tuple[Coding, object, str]]) -> pd.DataFrame:
    """Return findings for (coding, rows, detail)."""
    parts = [rows(at(facts.events, places), coding.field, detail) for coding, places, detail in found]
    return together(parts)


@check(
    *("code_damaged", "look", "codings", "Codes that cannot be right: wrong check digit or form"),
    consequence="A mistyped code finds nothing, or finds another test: the order set and the alert miss it.",
    ask="Where are these codes typed by hand?",
)
def damaged(facts: Facts) -> Found:
    said = {pair: fault(*pair) for pair in {(one.system, one.code) for one in facts.codings}}
    wrong = [(one, places, said[one.system, one.code]) for one, places in facts.codings.items()]
    found = [one for one in wrong if one[2]]
    return Found(_rows_of(facts, found), sum(map(len, facts.codings.values())))


@check(
    *("diagnosis_heading", "look", "ICD-10-CM codings", "ICD-10-CM headings sent as diagnoses (not billable)"),
    consequence="A claim with a heading is refused, and a cohort defined by the full codes leaves the patient out.",
    ask="Which system writes headings, and can it send the full code?",
)
def heading(facts: Facts) -> Found:
    coded = {one: places for one, places in facts.codings.items() if one.system == ICD10CM and one.code}
    if not coded:
        raise NotJudged("No ICD-10-CM code is in this export, so headings sent as diagnoses were not looked for.")
    codes = {one.code for one in coded}
    heads = {code[:n].rstrip(".") for code in codes for n in range(3, len(code))} & codes
    found = []
    for one, places in coded.items():
        if one.code in heads:
            found.append((one, places, f"{one.code} is the heading of other codes in this export"))
        elif one.code in HEADINGS:
            found.append((one, places, f"{one.code} is a heading, not a billable code"))
    return Found(_rows_of(facts, found), sum(map(len, coded.values())))


@check(
    *("codings_several", "note", "coded concepts", "Concepts with more than one coding of different systems"),
    consequence="Who unfolds the codings before counting counts these patients twice.",
    ask="Is the order of the codings meaningful, and which one was chosen by a person?",
)
def several(facts: Facts) -> Found:
    coded = facts.of(*_NAMED)[["kind", "key", "concept", "name", "site", "systems"]]
    coded = coded[coded["concept"].notna()]
    bad = coded[coded["systems"].notna()]
    return Found(rows(bad, bad["kind"].astype("str").map(_FIELD).fillna("code"), bad["systems"]), len(coded))


@check(
    *("code_two_names", "note", "codings", "One code with several displays"),
    consequence="Either the display was edited or the code is wrong; a person reads one and the machine the other.",
    ask="Which is meant, the code or the words?",
)
def two_names(facts: Facts) -> Found:
    names: dict[tuple, Counter] = defaultdict(Counter)
    for one, places in facts.codings.items():
        if one.field in _NAMES_A_THING and one.code and one.display:
            names[one.system, one.code][" ".join(one.display.split()).casefold()] += len(places)
    usual = {pair: counts.most_common(1)[0][0] for pair, counts in names.items() if len(counts) > 1}
    found = []
    for one, places in facts.codings.items():
        common = usual.get((one.system, one.code)) if one.field in _NAMES_A_THING and one.display else None
        if common and " ".join(one.display.split()).casefold() != common:
            found.append((one, places, f"{one.code} is called {one.display!r} here and {common!r} elsewhere"))
    return Found(_rows_of(facts, found), sum(sum(counts.values()) for counts in names.values()))


@check(
    *("name_two_codes", "note", "codings", "One name under several codes of the same system"),
    consequence="A query for one of the codes finds a part of the patients and looks complete.",
    ask="Since when is each code used, at which site, and do they mean the same?",
)
def two_codes(facts: Facts) -> Found:
    codes: dict[tuple, Counter] = defaultdict(Counter)
    named = [
        (one, (one.kind, one.field, one.system, " ".join(one.display.split()).casefold()), places)
        for one, places in facts.codings.items()
        if one.field in _NAMES_A_THING and one.code and one.display
    ]
    for one, name, places in named:
        codes[name][one.code] += len(places)
    found = []
    for one, name, places in named:
        usual = codes[name].most_common(1)[0][0]
        if len(codes[name]) > 1 and one.code != usual:
            sort = "standard" if is_standard(one.system) else "local"
            found.append((one, places, f"{one.display!r} is {one.code} here and {usual} elsewhere ({sort} codes)"))
    return Found(_rows_of(facts, found), sum(sum(counts.values()) for counts in codes.values()))
