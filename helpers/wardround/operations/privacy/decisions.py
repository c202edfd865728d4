"""Purposes, agreements and the decision log: why data may leave, to whom, under what, decided by whom, until when.

The table of :func:`may_leave` is our reading, as of 2026-11-23, of what may go to a vendor, and no legal opinion. State
law, the contract and the institution may forbid more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import NamedTuple

import pandas as pd

from ..ledger import Ledger
from .identifiers import PrivacyError

DATA_CLASSES = {
    "phi": "protected health information, also 'the note without the name' and embeddings of it",
    "limited": "a limited data set: still PHI, under a data use agreement",
    "deidentified": "by Safe Harbor or by an expert's determination",
    "special": "substance-use records of 42 CFR Part 2, psychotherapy notes, what a State protects further",
    "synthetic": "invented, with no real rows, after a check for leakage",
}
CLAUSES = {  # one does not imply another
    "business associate": "permitted uses, safeguards, reporting, return or destruction",
    "zero retention": "nothing is kept, also not for abuse monitoring",
    "no training": "nothing trains a model",
    "region": "where it is processed",
    "human review": "whether a person at the vendor may read it",
}
KINDS = {"baa": "business associate agreement", "dua": "data use agreement", "contract": "any other"}
RECORD = (  # the twenty items of a decision record, one page a use
    *("purpose and non-goals", "owner, sponsor, monitoring owner, kill-switch owner", "users, patients, setting"),
    *("decision role and who can override", "regulatory position", "data classes in and out, field list"),
    *("boundary: vendor, endpoint, region, agreement, retention, training, review", "de-identification method"),
    *("evaluation", "error taxonomy", "human review", "security", "logging", "monitoring and stop rule"),
    *("change control", "transparency or consent text", "incident path", "exit plan", "approvals and review date"),
    "dissent recorded",
)


@dataclass(frozen=True)
class Purpose:
    """What data are used for, the fields that it needs, and who answers for it."""

    name: str
    why: str
    fields: tuple[str, ...]
    owner: str

    def __post_init__(self):
        if not (self.name.strip() and self.why.strip() and self.owner.strip() and self.fields):
            raise PrivacyError("A purpose needs a name, a why, an owner and the list of the fields it needs.")


@dataclass(frozen=True)
class Agreement:
    """What was signed with whom, for which purposes, classes of data and endpoints, and from when to when.

    Attributes
    ----------
    party : str
    kind : str
        One of ``KINDS``.
    purposes, data_classes, endpoints, clauses : tuple of str
        An endpoint or feature that is not listed is not covered, whatever the vendor.
    start, end : date
        In force on both days.
    """

    party: str
    kind: str
    purposes: tuple[str, ...]
    data_classes: tuple[str, ...]
    endpoints: tuple[str, ...]
    clauses: tuple[str, ...]
    start: dt.date
    end: dt.date

    def __post_init__(self):
        if self.kind not in KINDS:
            raise PrivacyError(f"{self.kind!r} is no kind of agreement; use one of {', '.join(KINDS)}.")
        if odd := [one for one in self.data_classes if one not in DATA_CLASSES]:
            raise PrivacyError(f"{odd[0]!r} is no class of data; use of {', '.join(DATA_CLASSES)}.")
        if odd := [one for one in self.clauses if one not in CLAUSES]:
            raise PrivacyError(f"{odd[0]!r} is no clause; use of {', '.join(CLAUSES)}.")
        if self.end < self.start:
            raise PrivacyError(f"The agreement with {self.party} ends on {self.end}, before it starts; mend the dates.")

    def in_force(self, when: dt.date) -> bool:
        """Say whether a day lies between start and end, both included."""
        return self.start <= when <= self.end


class Answer(NamedTuple):
    """Whether it may, and why."""

    allowed: bool
    why: str


def may_leave(
    data_class: str, purpose: str, agreement: Agreement | None, endpoint: str, when: dt.date, *, consent: bool = False
) -> Answer:
    """Return whether a class of data may go to an endpoint for a purpose, by the boundary table.

    Parameters
    ----------
    data_class : str
        One of ``DATA_CLASSES``.
    consent : bool
        For the class "special": that the consent, authorization or contract of its own rule is
        there; ask counsel. Default: inside.
    """
    if data_class not in DATA_CLASSES:
        raise PrivacyError(f"{data_class!r} is no class of data; use of {', '.join(DATA_CLASSES)}.")
    if data_class in ("deidentified", "synthetic"):
        return Answer(
            True, f"{DATA_CLASSES[data_class]}: HIPAA allows it; contract, State law and free text still count"
        )
    needed = {"phi": ("baa",), "special": ("baa",), "limited": ("dua", "baa")}[data_class]
    if agreement is None or agreement.kind not in needed:
        return Answer(False, f"no {' or '.join(KINDS[kind] for kind in needed)} for {data_class}")
    checks = (
        (agreement.in_force(when), f"the agreement with {agreement.party} is not in force on {when}"),
        (data_class in agreement.data_classes, f"the agreement does not name the class {data_class}"),
        (purpose in agreement.purposes, f"the agreement does not name the purpose {purpose}"),
        (endpoint in agreement.endpoints, f"the agreement does not list the endpoint {endpoint}"),
        (
            agreement.kind != "baa" or "business associate" in agreement.clauses,
            "the business associate clause is missing",
        ),
        (
            data_class != "special" or consent,
            "special records stay inside unless the consent, authorization or contract of their rule is there",
        ),
    )
    for held, why in checks:
        if not held:
            return Answer(False, why)
    return Answer(True, f"{KINDS[agreement.kind]} with {agreement.party} to {agreement.end}; minimum necessary applies")


class DecisionLog:
    """Decisions on purposes and destinations, appended to the one ledger.

    Parameters
    ----------
    ledger : Ledger
    """

    ACTION, REVOKED = "decided on the boundary", "revoked on the boundary"

    def __init__(self, ledger: Ledger):
        self.ledger = ledger

    def decide(
        self,
        by: str,
        purpose: Purpose,
        data_class: str,
        agreement: Agreement | None,
        endpoint: str,
        allowed: bool,
        why: str,
        review: dt.date,
        *,
        when: dt.date | None = None,
        dissent: str = "",
        consent: bool = False,
    ) -> int:
        """Write a decision and return its number.

        A yes that the boundary table forbids is refused; a no is always possible. ``review`` is the day after which the
        decision is no longer in force: nothing is allowed for ever.
        """
        when = when or dt.date.today()
        if not why.strip():
            raise PrivacyError("A decision needs its reason in words; whoever reads it in a year was not in the room.")
        if review <= when:
            raise PrivacyError(f"The review day {review} is not after {when}; give a later one.")
        answer = may_leave(data_class, purpose.name, agreement, endpoint, when, consent=consent)
        if allowed and not answer.allowed:
            raise PrivacyError(f"This yes is against the boundary table: {answer.why}.")
        detail = {
            "purpose": asdict(purpose),
            "data_class": data_class,
            "agreement": _plain(agreement),
            "endpoint": endpoint,
            "allowed": allowed,
            "why": why,
            "from": str(when),
            "review": str(review),
            "dissent": dissent,
        }
        return self.ledger.append(by, self.ACTION, detail).number

    def revoke(self, by: str, number: int, why: str) -> int:
        """Take a decision back; the line stays, and another says that it no longer holds."""
        if number not in {line.number for line in self.ledger.lines() if line.action == self.ACTION}:
            raise PrivacyError(f"Line {number} of the log is no decision on the boundary; see table() for the numbers.")
        return self.ledger.append(by, self.REVOKED, {"number": number, "why": why}).number

    def table(self) -> pd.DataFrame:
        """Return every decision: ``number by purpose data_class endpoint allowed from review revoked why dissent``."""
        lines = self.ledger.lines()
        revoked = {line.told()["number"] for line in lines if line.action == self.REVOKED}
        rows = []
        for line in lines:
            if line.action == self.ACTION:
                told = line.told()
                named = (told[name] for name in ("data_class", "endpoint", "allowed", "from", "review"))
                ended = line.number in revoked
                rows.append(
                    (line.number, line.actor, told["purpose"]["name"], *named, ended, told["why"], told["dissent"])
                )
        names = "number by purpose data_class endpoint allowed from review revoked why dissent"
        return pd.DataFrame(rows, columns=names.split())

    def in_force(self, when: dt.date) -> pd.DataFrame:
        """Return the decisions that hold on a day: the latest for each purpose, class and endpoint, and not revoked."""
        table = self.table()
        day = str(when)
        table = table[(table["from"] <= day) & (day <= table["review"]) & ~table["revoked"].astype(bool)]
        return table.drop_duplicates(["purpose", "data_class", "endpoint"], keep="last").reset_index(drop=True)


def missing(record: Iterable[str]) -> list[str]:
    """Return the items of a decision record that are not in ``record``, in their order."""
    there = set(record)
    return [item for item in RECORD if item not in there]


def _plain(agreement: Agreement | None) -> dict | None:
    return agreement and asdict(agreement) | {"start": str(agreement.start), "end": str(agreement.end)}
