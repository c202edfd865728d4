"""Safe Harbor for FHIR R4 resources: a new resource of what is listed as harmless, and nothing else.

To take out what is known to identify leaves what nobody thought of: an extension, a contact, a display name in a
reference. So this goes the other way round: a type, an element or a string that is not on a list does not leave.

Not claimed: that a code of a public code system is not an identifier in disguise, beyond its shape; that a rare
diagnosis or a number of a measurement does not single somebody out (see ``disclosure``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pandas as pd

from .fhir_lists import (
    AGE_CODES,
    CLOSED,
    DATE,
    DATED,
    DROPPED,
    ELEMENTS,
    FLAGS,
    HIDING_PLACES,
    KEPT_TYPES,
    NUMBERS,
    RACE,
    REFERRED,
    SEX,
    SYSTEMS,
    TEST_DATA,
)
from .tables_harbor import OLDEST, STATES, Crosswalk
from .zip3 import QUOTED, Zip3Table

__all__ = ["HIDING_PLACES", "KEPT_TYPES", "safe_harbor_export", "safe_harbor_resource"]


def safe_harbor_resource(
    resource: dict[str, Any],
    crosswalk: Crosswalk,
    *,
    zip3: Zip3Table = QUOTED,
    as_of: int | None = None,
    report: Counter | None = None,
) -> dict[str, Any] | None:
    """Return a new resource of what is listed as harmless, or None where its type does not leave.

    Parameters
    ----------
    resource : dict
        As parsed from JSON; it is not changed.
    crosswalk : Crosswalk
        Random codes for ids; the same for a whole export, and kept inside.
    zip3 : Zip3Table
    as_of : int, optional
        The year against which a birth year shows an age; by default this year.
    report : Counter, optional
        Counts what went, by (path, letter); paths start with the type.
    """
    kind = resource.get("resourceType")
    report = Counter() if report is None else report
    if kind not in KEPT_TYPES:
        report[str(kind) if str(kind).isalpha() else "?", "A-R"] += 1
        return None
    work = _Work(crosswalk, zip3, as_of or pd.Timestamp.now().year, report, _age_in(resource))
    kept = {"resourceType": kind}
    if TEST_DATA["code"] in str(resource.get("meta")):  # what was invented stays marked so
        kept["meta"] = {"security": [dict(TEST_DATA)]}
    for key, value in resource.items():
        if key == "resourceType":
            continue
        new = work.top(kind, key, value)
        if new is not None:
            kept[key] = new
    return kept


def safe_harbor_export(
    resources: Iterable[dict[str, Any]],
    crosswalk: Crosswalk,
    *,
    zip3: Zip3Table = QUOTED,
    as_of: int | None = None,
) -> tuple[list[dict[str, Any]], Counter]:
    """Return the resources that leave, and a count of what went by (path, letter)."""
    report: Counter = Counter()
    made = (safe_harbor_resource(resource, crosswalk, zip3=zip3, as_of=as_of, report=report) for resource in resources)
    return [resource for resource in made if resource is not None], report


def _age_in(resource: dict) -> bool:
    """Say whether the resource is an observation of an age, whose value over 89 is pooled."""
    concept = resource.get("code")
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return any(isinstance(one, dict) and one.get("code") in AGE_CODES for one in codings or [])


class _Work:
    """One resource's walk: what may stay of each element."""

    def __init__(self, crosswalk: Crosswalk, zip3: Zip3Table, as_of: int, report: Counter, age: bool):
        self.crosswalk, self.zip3, self.as_of, self.report, self.age = crosswalk, zip3, as_of, report, age

    def top(self, kind: str, key: str, value: Any) -> Any:
        """Return what stays of an element of the resource itself."""
        path = f"{kind}.{key}"
        if key == "id":
            self.report[path, "H R"] += 1
            return self.crosswalk.surrogate(kind, str(value))
        if kind == "Patient" and key == "birthDate":
            return self._birth(path, value)
        if kind == "Patient" and key == "address":
            return self._addresses(path, value)
        if kind == "Patient" and key == "extension":
            return self._extensions(path, value)
        return self.element(path, key, value)

    def element(self, path: str, key: str, value: Any) -> Any:
        """Return what stays of an element, or None; a list keeps those members of which something stays."""
        if key in DROPPED:
            return self._gone(path, DROPPED[key])
        if isinstance(value, list):
            kept = [new for one in value if (new := self.element(path, key, one)) is not None]
            return kept or None
        if isinstance(value, dict):
            return self._object(path, key, value)
        if isinstance(value, bool):
            return value if key in FLAGS else self._gone(path, "R")
        if isinstance(value, int | float):
            return self._number(path, key, value)
        return self._string(path, key, value)

    def _object(self, path: str, key: str, value: dict) -> dict | None:
        if "reference" in value and isinstance(value["reference"], str):
            return self._reference(path, value)
        if key not in ELEMENTS:
            return self._gone(path, "A-R")
        if "system" in value or ("code" in value and isinstance(value["code"], str)):
            value = self._coded(path, value)
        kept = {}
        for name, inner in value.items():
            new = inner if name in ("system", "code") and isinstance(inner, str) else None
            new = self.element(f"{path}.{name}", name, inner) if new is None else new
            if new is not None:
                kept[name] = new
        return kept or None

    def _coded(self, path: str, value: dict) -> dict:
        """Return a Coding or Quantity without a system and code that are not of a public system and of its shape."""
        if _public(value.get("system"), value.get("code")):
            return value
        self._gone(f"{path}.code", "R")
        return {name: inner for name, inner in value.items() if name not in ("system", "code")}

    def _reference(self, path: str, value: dict) -> dict | None:
        for name in value.keys() - {"reference"}:
            self._gone(f"{path}.{name}", DROPPED.get(name, "R"))
        parts = value["reference"].split("/")
        if len(parts) != 2 or not parts[0].isalpha():
            return self._gone(path, "N")
        self.report[f"{path}.reference", "H R"] += 1
        if parts[0] not in REFERRED:
            return self._gone(path, "R")
        return {"reference": f"{parts[0]}/{self.crosswalk.surrogate(parts[0], parts[1])}"}

    def _number(self, path: str, key: str, value: float) -> float | None:
        if key not in NUMBERS:
            return self._gone(path, "R")
        if self.age and key == "value" and value > OLDEST:
            return min(value, OLDEST + 1)
        whole_and_long = abs(value) >= 1_000_000 and value == int(value)
        return self._gone(path, "R") if whole_and_long else value

    def _string(self, path: str, key: str, value: Any) -> str | None:
        if not isinstance(value, str):
            return None
        if key in CLOSED:
            return value if value in CLOSED[key] else self._gone(path, "R")
        if DATED.search(key) and (dated := DATE.fullmatch(value)):
            self.report[path, "C"] += 1
            return dated[1] if self.as_of - int(dated[1]) <= OLDEST else None  # an illness since 1931 shows an age
        return self._gone(path, "R")

    def _birth(self, path: str, value: Any) -> str | None:
        dated = DATE.fullmatch(value) if isinstance(value, str) else None
        self.report[path, "C"] += 1
        return dated[1] if dated and self.as_of - int(dated[1]) <= OLDEST else None

    def _addresses(self, path: str, value: Any) -> list[dict] | None:
        kept = []
        for one in value if isinstance(value, list) else []:
            self.report[path, "B"] += 1
            if isinstance(one, dict):
                state = one.get("state")
                place = {"state": state} if isinstance(state, str) and state in STATES else {}
                kept.append(place | {"postalCode": self.zip3.keep(one.get("postalCode"))})
        return kept or None

    def _extensions(self, path: str, value: Any) -> list[dict] | None:
        """Return race and ethnicity by their public codes, and birth sex; every other extension goes."""
        kept = []
        for one in value if isinstance(value, list) else []:
            url = one.get("url") if isinstance(one, dict) else None
            if isinstance(url, str) and url == SEX and one.get("valueCode") in ("F", "M", "UNK"):
                kept.append({"url": SEX, "valueCode": one["valueCode"]})
            elif isinstance(url, str) and url in RACE and (codings := _race(one)):
                kept.append({"url": url, "extension": codings})
            else:
                self._gone(path, "A-R")
        return kept or None

    def _gone(self, path: str, letter: str) -> None:
        self.report[path, letter] += 1


def _public(system: Any, code: Any) -> bool:
    if not (isinstance(system, str) and isinstance(code, str)):
        return False
    shape = SYSTEMS.get(system)
    return shape is not None and re.fullmatch(shape, code) is not None


def _race(extension: dict) -> list[dict]:
    inner = extension.get("extension")
    codings = [one.get("valueCoding") for one in inner if isinstance(one, dict)] if isinstance(inner, list) else []
    return [
        {"url": "ombCategory", "valueCoding": {"system": one["system"], "code": one["code"]}}
        for one in codings
        if isinstance(one, dict) and _public(one.get("system"), one.get("code"))
    ]
