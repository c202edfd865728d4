"""The audit itself: every check on one export, and what could not be judged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..export import Hospital
from ..store import Progress
from . import clocks, codes, completeness, documents, people, statuses, times, units, values  # noqa: F401 (they register)
from .facts import CLINICAL, DIRECTORY, Facts
from .limits import LIMITS
from .register import CHECKS, ROW, SEVERITIES, Check, Found, NotJudged, nothing

_TYPES = 6


@dataclass(frozen=True)
class Audit:
    """What is wrong with an export, and what was not judged.

    Attributes
    ----------
    path, checksum, documents, resources
        What was audited.
    findings : DataFrame
        ``check``, ``severity`` (``stops``, ``look``, ``note``), ``resource_type``, ``resource_id``, ``field``,
        ``detail``: a row per affected resource, the most serious first. What concerns a day or a document and no
        resource has an empty id.
    summary : DataFrame
        A row per check that was judged: ``check``, ``severity``, ``title``, ``n``, ``of``, ``says`` (how many of how
        many, in words), ``consequence``, ``ask``.
    not_judged : list of str
        Sentences: what this audit could not see on this export, and what it never sees.
    """

    path: str
    checksum: str
    documents: int
    resources: int
    findings: pd.DataFrame
    summary: pd.DataFrame
    not_judged: list[str]

    def of(self, check: str) -> pd.DataFrame:
        """Return the findings of a check."""
        if check not in CHECKS:
            raise KeyError(f"There is no check {check!r}; there are: {', '.join(CHECKS)}.")
        return self.findings[self.findings["check"] == check]

    def to_dict(self) -> dict:
        """Return everything as plain data."""
        frames = {"summary": self.summary.to_dict("records"), "findings": self.findings.to_dict("records")}
        about = {name: getattr(self, name) for name in ("path", "checksum", "documents", "resources", "not_judged")}
        return about | frames


def audit(hospital: Hospital, progress: Progress | None = None) -> Audit:
    """Judge an opened export by every check.

    Parameters
    ----------
    hospital : Hospital
        As :func:`wardround.records.read_export` returns it.
    progress : callable, optional
        Called with the share done and a word on what is being done.

    Returns
    -------
    Audit
    """
    facts = Facts(hospital, progress or (lambda done, what: None))
    parts, lines, missing, absent = [], [], [], []
    for one in sorted(CHECKS.values(), key=lambda check: SEVERITIES.index(check.severity)):
        try:
            found = one.run(facts)
        except NotJudged as why:
            missing.append(str(why))
            continue
        if not found.of:  # else "none of 0" would be told as good news
            absent.append(one.among)
            continue
        parts.append(found.rows.assign(check=one.name, severity=one.severity))
        lines.append(_line(one, found))
    findings = pd.concat([part for part in parts if len(part)] or [nothing().assign(check="", severity="")])
    findings = findings[["check", "severity", *ROW]].fillna({"resource_id": "", "field": "", "detail": ""})
    return Audit(
        path=str(hospital.path),
        checksum=hospital.checksum,
        documents=hospital.documents,
        resources=len(facts.events),
        findings=findings.reset_index(drop=True).astype("str"),
        summary=pd.DataFrame(lines),
        not_judged=[*dict.fromkeys(missing), *_absent(absent), *_beside(hospital, facts), *_never(facts)],
    )


def _line(one: Check, found: Found) -> dict:
    n = len(found.rows)
    says = f"{n:,} of {found.of:,} {one.among}" if n else f"None of {found.of:,} {one.among}"
    if n and found.of >= n:
        says += f" ({_share(n / found.of)})"
    return {
        **{"check": one.name, "severity": one.severity, "title": one.title, "n": n, "of": found.of},
        **{"says": f"{says}. {found.more}".strip(), "consequence": one.consequence, "ask": one.ask},
    }


def _share(share: float) -> str:
    """Return a share as a count of round hundreds: people read "3 in 1,000" better than 0.3%."""
    for base in (100, 1_000, 10_000, 100_000):
        if share * base >= 1:
            return f"{share * base:.0f} in {base:,}"
    return "fewer than 1 in 100,000"


def _absent(among: list[str]) -> list[str]:
    """What there was nothing of to look at."""
    if not among:
        return []
    return [f"This export has no {'; no '.join(dict.fromkeys(among))}: checks of these had nothing to look at."]


def _beside(hospital: Hospital, facts: Facts) -> list[str]:
    """Files and types of resource that the checks passed over."""
    told, passed = [], hospital.passed_over
    if len(passed):
        first = f"{passed['file'].iloc[0]}, {passed['reason'].iloc[0]}"
        told.append(f"Files that were not opened: {len(passed):,} (the first: {first}).")
    others = facts.events.loc[~facts.events["kind"].isin([*CLINICAL, *DIRECTORY]), "kind"].astype("str").value_counts()
    if len(others):
        named = ", ".join(f"{kind} ({n:,})" for kind, n in others.head(_TYPES).items())
        more = f" and {len(others) - _TYPES} more types" if len(others) > _TYPES else ""
        told.append(f"Of {named}{more} only ids, references and codes were judged.")
    return told


def _never(facts: Facts) -> list[str]:
    """What no export can show by itself."""
    judged = facts.measured["loinc"].isin(LIMITS)
    codes_ = facts.measured["code"].nunique()
    known = facts.measured.loc[judged, "loinc"].nunique()
    feeds = np.setdiff1d(
        ["Claim", "ExplanationOfBenefit", "AuditEvent", "MedicationAdministration"], facts.events["kind"]
    )
    return [
        f"Limits of the possible are known here for {known} of the {codes_} codes with numbers "
        f"({int(judged.sum()):,} of {len(judged):,} values); the other values were not held against any limit.",
        "Whether a code exists, is current, or means what its display says: only check digits of LOINC and SNOMED CT, "
        "the shape of ICD-10-CM and agreement within this export were judged.",
        "Whether a value is true: a wrong number within the limits of the possible, or in another patient's file, "
        "looks like a right one.",
        "Whether two records are one person beyond links and likeness of names; the pairs given are candidates for a "
        "person to judge, and a wrong merge cannot be seen at all.",
        "What was known at an earlier hour: an export holds the last version of each resource, so corrections and the "
        "order in which results arrived need the message stream.",
        "Other feeds: messages, bills and the access log were not read"
        + (f"; this export has no {', '.join(feeds)}." if len(feeds) else "."),
    ]
