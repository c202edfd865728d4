"""Roles × fields: who may read what, tried cell by cell, and every look written down.

The treatment exemption of "minimum necessary" is for disclosures and requests between providers, not for use inside:
inside, 164.514(d)(2) asks for the classes of people who need access, the categories of data, and the conditions. That
is a table of roles and fields. A table that nobody has tried against the running reader is a wish.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd

from ..ledger import Ledger
from .identifiers import PrivacyError

ACTIONS = "rw"


class Refused(PermissionError):
    """The policy does not grant this look; it was written down. The message names no patient."""


class Policy:
    """What each role may read and write; whatever is not granted is refused.

    Parameters
    ----------
    grants : mapping of str to mapping of str to str
        Role to field to "r", "w" or "rw".

    Examples
    --------
    >>> Policy({"nurse": {"medications": "r", "vitals": "rw"}}).allowed("nurse", "vitals", "w")
    True
    """

    def __init__(self, grants: Mapping[str, Mapping[str, str]]):
        for role, fields in grants.items():
            for field, actions in fields.items():
                if not actions or set(actions) - set(ACTIONS) or "*" in field:
                    raise PrivacyError(
                        f"{role} has {actions!r} on {field!r}; give 'r', 'w' or 'rw' on one named field."
                    )
        self._grants = {role: dict(fields) for role, fields in grants.items()}

    @property
    def roles(self) -> list[str]:
        """The roles, in their order."""
        return list(self._grants)

    def allowed(self, role: str, field: str, action: str = "r") -> bool:
        """Say whether a role may; an unknown role, field or action may not."""
        return len(action) == 1 and action in self._grants.get(role, {}).get(field, "")

    def view(self, frame: pd.DataFrame, role: str) -> pd.DataFrame:
        """Return the table with the columns that a role may read."""
        return frame[[column for column in frame.columns if self.allowed(role, column)]].copy()

    def matrix(self, fields: Iterable[str]) -> pd.DataFrame:
        """Return roles × fields: "r", "w", "rw" or ""."""
        fields = list(fields)
        rows = [[self._grants[role].get(field, "") for field in fields] for role in self.roles]
        return pd.DataFrame(rows, index=pd.Index(self.roles, name="role"), columns=fields)

    def probe(
        self, reader: Callable[[str, str], bool], fields: Iterable[str], strangers: Iterable[str] = ("",)
    ) -> pd.DataFrame:
        """Try every cell against what runs, and return those that differ: ``role field granted got``.

        Parameters
        ----------
        reader : callable
            ``reader(role, field)``: whether the running system gave the field out. An exception counts as refused.
        fields : iterable of str
            All fields there are, also those that nobody is granted.
        strangers : iterable of str
            Roles that the policy does not know; they must get nothing.
        """
        differ = []
        for role in [*self.roles, *strangers]:
            for field in fields:
                granted, got = self.allowed(role, field), _tried(reader, role, field)
                if granted != got:
                    differ.append((role, field, granted, got))
        return pd.DataFrame(differ, columns=["role", "field", "granted", "got"])


def _tried(reader: Callable[[str, str], bool], role: str, field: str) -> bool:
    try:
        return bool(reader(role, field))
    except (PermissionError, KeyError, LookupError, ValueError):
        return False


class Desk:
    """Reading through a policy, with every look in the ledger before the value is given out.

    Parameters
    ----------
    policy : Policy
    frame : DataFrame
        One row a patient, with ``key`` as a column.
    ledger : Ledger
        Written first: a look that cannot be logged does not happen.
    key : str
        The column of patients. The log holds this key and the fields, never a value.
    emergency : mapping of str to iterable of str, optional
        Role to the fields that it may read beyond the policy with "break glass", which is marked and reviewed.
    """

    def __init__(
        self,
        policy: Policy,
        frame: pd.DataFrame,
        ledger: Ledger,
        key: str = "patient_id",
        emergency: Mapping[str, Iterable[str]] | None = None,
    ):
        if frame[key].duplicated().any():
            raise PrivacyError(f"A desk needs one row a patient; {key!r} repeats.")
        self.policy, self.ledger, self.key = policy, ledger, key
        self._rows = frame.set_index(key, drop=False)
        self._emergency = {role: frozenset(fields) for role, fields in (emergency or {}).items()}

    def look(self, user: str, role: str, patient: str, fields: Iterable[str], reason: str) -> dict[str, Any]:
        """Return the fields of a patient; all of them granted, or none given.

        Raises
        ------
        Refused
            A field is not granted, or there is no user or reason. The attempt is in the log.
        """
        fields = list(fields)
        return self._given(user, role, patient, fields, reason, "looked", [f for f in fields if self._no(role, f)])

    def break_glass(self, user: str, role: str, patient: str, fields: Iterable[str], reason: str) -> dict[str, Any]:
        """Return fields that a role is granted in an emergency only; marked in the log, to be reviewed by a person."""
        fields = list(fields)
        beyond = self._emergency.get(role, frozenset())
        denied = [field for field in fields if self._no(role, field) and field not in beyond]
        return self._given(user, role, patient, fields, reason, "broke glass", denied)

    def log(self) -> pd.DataFrame:
        """Return the looks so far: ``at user role patient fields reason outcome``."""
        rows = [
            (line.at, line.actor, *(line.told().get(name) for name in ("role", "patient", "fields", "reason")), outcome)
            for line in self.ledger.lines()
            if (outcome := line.action) in ("looked", "broke glass", "was refused")
        ]
        return pd.DataFrame(rows, columns=["at", "user", "role", "patient", "fields", "reason", "outcome"])

    def _no(self, role: str, field: str) -> bool:
        return not self.policy.allowed(role, field)

    def _given(self, user, role, patient, fields, reason, action, denied) -> dict[str, Any]:
        told = {"role": role, "patient": patient, "fields": fields, "reason": reason}
        unnamed = not (user.strip() and reason.strip())
        unknown = [field for field in fields if field not in self._rows.columns] or patient not in self._rows.index
        if denied or unnamed or unknown:
            self.ledger.append(user.strip() or "nobody", "was refused", told)
            why = "a look needs a user and a reason" if unnamed else f"{role} is not granted {', '.join(denied)}"
            raise Refused(
                f"Nothing was given out: {why if denied or unnamed else 'there is no such patient or field'}."
            )
        self.ledger.append(user, action, told)
        return self._rows.loc[patient, fields].to_dict()
