"""One pass over every distinct resource: what each says of itself, its references, its codings.

The checks need, of resources of any type, the same few things: whom they are about, in which encounter, from which
site, when, in which status, under which codes. They are gathered here as columns, so that nothing is parsed twice.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from typing import NamedTuple

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa

from ..flatten import compile_view
from ..functions import reference_parts
from ..references import kind_of
from ..store import Progress, Store
from ..tables import Columns, no_cycle_search, view_of

_CHUNK = 50_000
TEXTS = ("kind", "key", "patient", "encounter", "site", "status", "group", "concept", "name", "systems")
TIMES = ("start", "end", "issued", "recorded")
_STARTS = (
    *("effectiveDateTime", "effectiveInstant", "performedDateTime", "occurrenceDateTime", "onsetDateTime"),
    *("authoredOn", "date", "created", "started", "whenHandedOver"),
)
_PERIODS = ("effectivePeriod", "performedPeriod", "occurrencePeriod", "onsetPeriod", "period", "billablePeriod")
_SITES = ("serviceProvider", "performer", "managingOrganization", "author", "custodian")
_ROLES = {
    **dict.fromkeys(_STARTS, "start"),
    **dict.fromkeys(_PERIODS, "period"),
    **dict.fromkeys(_SITES, "site"),
    **dict.fromkeys(("subject", "patient"), "patient"),
    **dict.fromkeys(("code", "medicationCodeableConcept", "vaccineCode"), "code"),
    **{"encounter": "encounter", "status": "status", "abatementDateTime": "end", "issued": "issued"},
    **{"recordedDate": "recorded", "recorded": "recorded"},
}
STANDARD = frozenset(
    {
        *("http://loinc.org", "http://snomed.info/sct", "http://www.nlm.nih.gov/research/umls/rxnorm"),
        *("http://hl7.org/fhir/sid/icd-10-cm", "http://hl7.org/fhir/sid/icd-10", "http://hl7.org/fhir/sid/icd-9-cm"),
        *("http://www.cms.gov/Medicare/Coding/ICD10", "http://hl7.org/fhir/sid/cvx", "http://hl7.org/fhir/sid/ndc"),
        *("http://www.ama-assn.org/go/cpt", "http://www.ada.org/cdt", "https://www.nubc.org/CodeSystem/RevenueCodes"),
        *("http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "http://hl7.org/fhir/sid/icd-11"),
    }
)


_COLUMNS = (*TEXTS, *TIMES)
_PLACE = {name: place for place, name in enumerate(_COLUMNS)}
_KIND, _KEY, _GROUP, _CONCEPT, _SITE, _START, _END = (
    _PLACE[name] for name in ("kind", "key", "group", "concept", "site", "start", "end")
)


class Coding(NamedTuple):
    """A coding as it stands in some field of some resource type."""

    kind: str
    field: str
    system: str | None
    code: str | None
    display: str | None


class Gathered(NamedTuple):
    """What one pass found.

    Attributes
    ----------
    events : DataFrame
        A row per distinct resource: ``TEXTS`` and ``TIMES`` (as written).
    loose : DataFrame
        References that do not plainly resolve, and those to a type that does not belong: row, field, reference,
        sort, target.
    sorts : Counter
        All references by sort.
    codings : dict
        Coding -> rows of ``events``.
    identifiers : dict
        (type, "system|value") -> ids: what a conditional reference may mean.
    links : set of tuple
        Pairs of Patient ids that ``Patient.link`` joins, smaller first.
    others : DataFrame
        Values of Observations that are neither laboratory results nor vital signs, as in ``tables.vitals``.
    """

    events: pd.DataFrame
    loose: pd.DataFrame
    sorts: Counter
    codings: dict[Coding, array]
    identifiers: dict[tuple[str, str], set[str]]
    links: set[tuple[str, str]]
    others: pd.DataFrame


def gather(store: Store, progress: Progress) -> Gathered:
    """Walk through every distinct resource of an export once."""
    work = _Gathering(store)
    total = int(store.last.sum()) or 1
    with no_cycle_search():
        for row, line in enumerate(store.lines(store.last)):
            work.add(row, orjson.loads(line))
            if row % _CHUNK == 0:
                work.flush()
                progress(row / total, "auditing every resource")
    progress(1.0, "audited every resource")
    return work.gathered()


class _Gathering:
    def __init__(self, store: Store):
        known: dict[str, set[str]] = defaultdict(set)
        for kind, key in zip(store.kinds.to_pylist(), store.index["key"].to_pylist(), strict=True):
            known[kind].add(key)
        self.known = lambda kind, key: key in known.get(kind, ())
        self.seen: dict[object, tuple[str, str, str | None]] = {}
        self.rows: list[list[str | None]] = []
        self.batches: list[pa.Table] = []
        self.loose: list[tuple] = []
        self.sorts: Counter = Counter()
        self.codings: dict[Coding, array] = {}
        self.identifiers: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.links: set[tuple[str, str]] = set()
        view = view_of("vitals")
        self.others = Columns(compile_view({name: part for name, part in view.items() if name != "where"}))

    def add(self, row: int, resource: dict) -> None:
        kind, key = resource["resourceType"], resource.get("id")
        said, code = self._top(resource)
        references, concepts = [], []
        walk(resource, references, concepts)
        groups = self._note_codings(row, kind, concepts)
        self._note_references(row, kind, key, references)
        if kind in ("Practitioner", "Organization", "Location", "Patient"):
            self._note_identifiers(kind, resource)
        group = kind
        if kind == "Observation":
            group = next((one for one in ("laboratory", "vital-signs") if one in groups), "other observations")
            if group == "other observations":
                self.others.add(resource)
        said[_KIND], said[_KEY], said[_GROUP] = kind, key if type(key) is str and key else None, group
        if code is not None:
            said[_CONCEPT : _CONCEPT + 3] = _concept(code)
        self.rows.append(said)

    def _top(self, resource: dict) -> tuple[list, object]:
        """Return the row that the fields at the top make, and the concept that names the resource."""
        said: list[str | None] = [None] * len(_COLUMNS)
        code = None
        for name, value in resource.items():
            role = _ROLES.get(name)
            if role is None:
                continue
            if role == "code":
                code = value
            elif role == "period":
                if type(value) is dict:
                    said[_START], said[_END] = said[_START] or _text(value.get("start")), _text(value.get("end"))
            elif role == "patient" or role == "encounter":
                said[_PLACE[role]] = self._key(value)
            elif role == "site":
                said[_SITE] = said[_SITE] or self._site(value)
            elif type(value) is str and value and said[_PLACE[role]] is None:
                said[_PLACE[role]] = value
        if said[_SITE] is None and type(resource.get("meta")) is dict:
            said[_SITE] = _text(resource["meta"].get("source"))
        return said, code

    def _sort(self, reference: object) -> tuple[str, str, str | None]:
        """Return (sort, type, id) of a reference; most stand many times."""
        found = self.seen.get(reference)
        if found is None:
            sort = kind_of(reference, self.known)
            parts = reference_parts(reference) if sort in ("resolves", "dangling") else None
            found = self.seen[reference] = (sort, *(parts or ("", None)))
        return found

    def _key(self, value: object) -> str | None:
        reference = value.get("reference") if type(value) is dict else None
        return self._sort(reference)[2] if type(reference) is str else None

    def _site(self, value: object) -> str | None:
        """Return an organization's reference, or its name where the reference names nothing here."""
        for one in value if type(value) is list else [value]:
            one = one.get("actor", one) if type(one) is dict else None
            reference = one.get("reference") if type(one) is dict else None
            if type(reference) is str and reference.startswith("Organization"):
                sort, _, key = self._sort(reference)
                return key if sort == "resolves" else _text(one.get("display")) or reference
        return None

    def _note_references(self, row: int, kind: str, key: object, references: list) -> None:
        for field, reference in references:
            if type(reference) is not str:
                sort, target, other = "unreadable", "", None
            else:
                sort, target, other = self._sort(reference)
            self.sorts[sort] += 1
            if sort != "resolves" or not belongs(field, target):
                self.loose.append((row, field, reference if type(reference) is str else repr(reference), sort, target))
            if kind == "Patient" and field == "link.other" and other and type(key) is str:
                self.links.add((min(key, other), max(key, other)))

    def _note_codings(self, row: int, kind: str, concepts: list) -> set:
        groups = set()
        for field, codings in concepts:
            for coding in codings:
                if type(coding) is not dict:
                    continue
                system, code, display = coding.get("system"), coding.get("code"), coding.get("display")
                if field == "category":
                    groups.add(code if type(code) is str else None)
                try:
                    self.codings[kind, field, system, code, display].append(row)
                except KeyError:
                    said = (kind, field, _text(system), _text(code), _text(display))
                    self.codings.setdefault(said, array("q")).append(row)
                except TypeError:  # a list or an object where text belongs
                    continue
        return groups

    def _note_identifiers(self, kind: str, resource: dict) -> None:
        held = resource.get("identifier")
        for one in held if type(held) is list else ():
            if type(one) is dict and type(resource.get("id")) is str:
                self.identifiers[kind, f"{one.get('system') or ''}|{one.get('value')}"].add(resource["id"])

    def flush(self) -> None:
        if self.rows:
            columns = zip(*self.rows, strict=True)
            self.batches.append(pa.table([pa.array(one, pa.large_string()) for one in columns], names=_COLUMNS))
            self.rows = []

    def gathered(self) -> Gathered:
        self.flush()
        events = pa.concat_tables(self.batches)
        for name in ("kind", "group", "status", "site", "concept", "systems"):
            place = events.schema.get_field_index(name)
            events = events.set_column(place, name, events[name].dictionary_encode())
        loose = pd.DataFrame(self.loose, columns=["row", "field", "reference", "sort", "target"])
        codings = {Coding(*coding): places for coding, places in self.codings.items()}
        return Gathered(
            *(events.to_pandas(), loose, self.sorts, codings, dict(self.identifiers), self.links),
            self.others.table().replace_schema_metadata(None).to_pandas(),
        )


_PLAIN = frozenset({"meta", "valueQuantity", "low", "high", "period", "effectivePeriod", "telecom", "address"})


def walk(resource: dict, references: list, concepts: list) -> None:
    """Add (field, reference) and (field, codings) of a resource to two lists; a field is a path without places."""
    waiting: list[tuple[str, object]] = [("", resource)]
    take, put = waiting.pop, waiting.append
    while waiting:
        path, found = take()
        if type(found) is list:
            for one in found:
                if type(one) is dict or type(one) is list:
                    put((path, one))
            continue
        for name, value in found.items():
            sort = type(value)
            if sort is str or sort is float or sort is int:
                if name == "reference":
                    references.append((path, value))
            elif sort is dict or sort is list:
                if name == "coding" and sort is list:
                    concepts.append((path, value))
                elif name not in _PLAIN or "extension" in value:
                    put((f"{path}.{name}" if path else name, value))
            elif name == "reference":
                references.append((path, value))


_PEOPLE = {
    "Patient",
    "Group",
    "Device",
    "Location",
    "Practitioner",
    "PractitionerRole",
    "RelatedPerson",
    "Organization",
}
_BELONGS = {
    **{
        "patient": {"Patient", "Group"},
        "link.other": {"Patient", "RelatedPerson"},
        "subject": _PEOPLE - {"Practitioner"},
    },
    **{"encounter": {"Encounter", "EpisodeOfCare"}, "context.encounter": {"Encounter", "EpisodeOfCare"}},
    **{"serviceProvider": {"Organization"}, "managingOrganization": {"Organization"}, "custodian": {"Organization"}},
    **{"result": {"Observation"}, "participant.individual": _PEOPLE - {"Patient", "Group", "Location", "Organization"}},
    **{"location.location": {"Location"}, "requester": _PEOPLE - {"Group", "Location"}},
    **{
        "diagnosis.condition": {"Condition", "Procedure"},
        "medicationReference": {"Medication"},
        "specimen": {"Specimen"},
    },
}


def belongs(field: str, target: str) -> bool:
    """Return whether a reference in a field may point to a type; fields that are not listed may point anywhere."""
    allowed = _BELONGS.get(field)
    return allowed is None or not target or target in allowed


def _concept(code: object) -> tuple[str | None, str | None, str | None]:
    """Return ``standard``, ``local``, ``text`` or ``none``, the name, and the systems of a concept if several."""
    if type(code) is not dict:
        return None, None, None
    held = code.get("coding")
    codings = [one for one in held if type(one) is dict] if type(held) is list else []
    name = _text(code.get("text")) or next((one["display"] for one in codings if _text(one.get("display"))), None)
    systems = [one.get("system") for one in codings if _text(one.get("code"))]
    state = "standard" if any(map(is_standard, systems)) else "local" if systems else "text" if name else "none"
    several = len(systems) > 1 and sorted({str(system) for system in systems})
    return state, name, " and ".join(several) if several and len(several) > 1 else None


def is_standard(system: object) -> bool:
    """Return whether a code system is one that others know."""
    return type(system) is str and (
        system in STANDARD or system.startswith(("http://terminology.hl7.org/", "urn:oid:2.16.840.1.113883.6."))
    )


def _text(value: object) -> str | None:
    return value if type(value) is str and value else None


def at(events: pd.DataFrame, places: object) -> pd.DataFrame:
    """Return the events at some rows."""
    return events.iloc[np.asarray(places, dtype=np.int64)]
