"""A limited data set: dates, ages and places stay, the direct identifiers go, and a signed agreement comes first.

It is still protected health information: a breach of it is assessed like any other. As of 2026-11-23, 164.514(e).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from .identifiers import EIGHTEEN, PrivacyError, find_shaped
from .tables_harbor import refuse_record_numbers

if TYPE_CHECKING:
    from .decisions import Agreement

DIRECT = tuple(
    (one.letter, "street address" if one.letter == "B" else one.name) for one in EIGHTEEN if one.letter not in "CR"
)
PURPOSES = ("research", "public health", "operations")
STAYS = ("keep", "date", "age", "city", "state", "zip")
GOES = ("direct", "street", "text", "drop")


def limited_data_set(
    frame: pd.DataFrame, roles: Mapping[str, str], agreement: Agreement | None, when: dt.date | None = None
) -> pd.DataFrame:
    """Return the table without direct identifiers; dates, ages, city, State and whole ZIP codes stay.

    Parameters
    ----------
    frame : DataFrame
    roles : mapping of str to str
        Column to one of ``STAYS`` or ``GOES``; a column without a role goes.
    agreement : Agreement
        A data use agreement in force, for one of ``PURPOSES``.
    when : date, optional
        The day on which it must be in force; today by default.

    Raises
    ------
    PrivacyError
        No such agreement, an unknown role, or a kept column that holds what looks like a direct identifier.
    """
    _refuse(agreement, when or dt.date.today())
    for column, role in roles.items():
        if column not in frame.columns:
            raise PrivacyError(f"There is no column {column!r}; the roles must be of this table.")
        if role not in STAYS + GOES:
            raise PrivacyError(f"{role!r} of {column!r} is no role here; use one of {', '.join(STAYS + GOES)}.")
        if role in STAYS:
            _refuse_direct(frame[column])
    return frame[[column for column in frame.columns if roles.get(column) in STAYS]].copy()


def _refuse(agreement: Agreement | None, when: dt.date) -> None:
    if agreement is None or agreement.kind != "dua" or "limited" not in agreement.data_classes:
        raise PrivacyError("A limited data set needs a data use agreement (kind 'dua') that names the class 'limited'.")
    if not set(agreement.purposes) & set(PURPOSES):
        raise PrivacyError(f"The agreement with {agreement.party} names none of the purposes {', '.join(PURPOSES)}.")
    if not agreement.in_force(when):
        raise PrivacyError(f"The agreement with {agreement.party} is not in force on {when}; renew it first.")


def _refuse_direct(column: pd.Series) -> None:
    """A date or a ZIP code may look like itself; any other shape that identifies directly is refused."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return
    if pd.api.types.is_numeric_dtype(column):
        refuse_record_numbers(column)
        return
    allowed = {"date", "zip", "age"}
    for value in column.dropna().astype("str").unique():
        if found := [span for span in find_shaped(value) if span.kind not in allowed]:
            raise PrivacyError(f"{column.name!r} holds what looks like a {found[0].kind}; it does not stay.")
