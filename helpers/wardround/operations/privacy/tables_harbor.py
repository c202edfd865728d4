"""Safe Harbor for a table: each column has a role that somebody declared, and a column without one does not leave."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from .identifiers import Attestation, PrivacyError, find_shaped, words
from .zip3 import QUOTED, Zip3Table

ROLES = {
    "keep": "none of the eighteen, by somebody's word; texts are searched all the same",
    "drop": "an identifier, or not needed: goes",
    "surrogate": "an id that rows must share: becomes a random code, whose crosswalk stays inside",
    "year": "a date of the person: its year stays",
    "birth": "a birth date: its year stays, unless it shows an age over 89",
    "age": "an age in years: over 89 becomes 90, for '90 or older'",
    "zip": "a ZIP code: the prefix that a dated table allows, else 000",
    "state": "a State: stays",
    "text": "free text: goes; no pattern proves it clean",
}
LETTER = {"drop": "", "surrogate": "H R", "year": "C", "birth": "C", "age": "C", "zip": "B", "text": "A-R"}
OLDEST, POOLED = 89, 90
STATES = frozenset(
    words(
        "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY "
        "NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI"
    )
)


class Crosswalk:
    """Random surrogates for ids, and the way back. It stays inside.

    Nothing in a surrogate follows from the id: a hash would, and whoever knows the ids can recompute it.
    """

    def __init__(self) -> None:
        self._tokens: dict[tuple[str, str], str] = {}
        self._back: dict[str, tuple[str, str]] = {}

    def __len__(self) -> int:
        return len(self._tokens)

    def surrogate(self, kind: str, own: str) -> str:
        """Return the code of an id; the same each time, and another for the same id of another kind."""
        key = (kind, str(own))
        if key not in self._tokens:
            token = f"{kind[:1].lower()}{secrets.token_hex(8)}"
            self._tokens[key], self._back[token] = token, key
        return self._tokens[key]

    def original(self, token: str) -> str:
        """Return the id behind a code; raises PrivacyError for one that was not made here."""
        if token not in self._back:
            raise PrivacyError(f"The crosswalk has no code {token!r}; it is of another release.")
        return self._back[token][1]

    def save(self, path: str | Path) -> None:
        """Write the crosswalk to a file that its owner alone reads."""
        rows = [[kind, own, token] for (kind, own), token in self._tokens.items()]
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "w") as stream:
            os.chmod(path, 0o600)  # a file that was there keeps its old mode otherwise
            json.dump(rows, stream)

    @classmethod
    def read(cls, path: str | Path) -> Crosswalk:
        """Return a crosswalk as it was saved."""
        crosswalk = cls()
        for kind, own, token in json.loads(Path(path).read_text()):
            crosswalk._tokens[kind, own], crosswalk._back[token] = token, (kind, own)
        return crosswalk


class Harboured(NamedTuple):
    """A table after Safe Harbor, and what was done to each column."""

    frame: pd.DataFrame
    report: pd.DataFrame

    def released(self, word: Attestation) -> pd.DataFrame:
        """Return the table for the door: only with somebody's word on actual knowledge (:func:`attest`)."""
        if not isinstance(word, Attestation):
            raise PrivacyError("Removing the eighteen is half of Safe Harbor; give the answers of attest(...) as well.")
        return self.frame


def safe_harbor_table(
    frame: pd.DataFrame,
    roles: Mapping[str, str],
    *,
    crosswalk: Crosswalk | None = None,
    zip3: Zip3Table = QUOTED,
    as_of: int | None = None,
) -> Harboured:
    """Return the table with every column handled by its role.

    Parameters
    ----------
    frame : DataFrame
        One row a stay, a visit, a person.
    roles : mapping of str to str
        Column to one of ``ROLES``. A column without a role goes.
    crosswalk : Crosswalk, optional
        Needed for a "surrogate".
    zip3 : Zip3Table
        Which prefixes stay. The default has the few that our facts quote, so nearly all become "000".
    as_of : int, optional
        The year in which the table is read; an age that a birth year would show then counts. By default the latest
        year among the table's dates, or, without dates, this year.

    Returns
    -------
    Harboured
        ``frame``, rows in a new order so that their place tells nothing, and ``report``, one row a column.
    """
    _refuse_roles(frame, roles, crosswalk)
    frame = frame.reset_index(drop=True)
    out = pd.DataFrame(index=frame.index)
    for column, role in roles.items():
        if role not in ("drop", "text"):
            out[column] = _handled(frame[column], role, crosswalk, zip3)
    _hide_the_oldest(out, roles, as_of)
    report = [_told(frame, out, column, roles.get(column, "none")) for column in frame.columns]
    shuffled = out.sample(frac=1, random_state=secrets.randbits(32)).reset_index(drop=True)
    columns = ["column", "role", "letter", "left", "changed", "blank"]
    return Harboured(shuffled, pd.DataFrame(report, columns=columns))


def _refuse_roles(frame: pd.DataFrame, roles: Mapping[str, str], crosswalk: Crosswalk | None) -> None:
    for column, role in roles.items():
        if column not in frame.columns:
            raise PrivacyError(f"There is no column {column!r}; the roles must be of this table.")
        if role not in ROLES:
            raise PrivacyError(f"{role!r} of {column!r} is no role; use one of {', '.join(ROLES)}.")
        if role == "surrogate" and crosswalk is None:
            raise PrivacyError(f"{column!r} is to become a surrogate: give crosswalk=Crosswalk() and keep it inside.")
        if role == "keep":
            _refuse_kept(frame[column])


def _refuse_kept(column: pd.Series) -> None:
    """A column of somebody's word is looked at all the same: dates by their type, texts by their shape."""
    if pd.api.types.is_datetime64_any_dtype(column) or isinstance(column.dtype, pd.PeriodDtype):
        raise PrivacyError(f"{column.name!r} holds dates and cannot be kept; its role is 'year', 'birth' or 'drop'.")
    if pd.api.types.is_numeric_dtype(column):
        if re.search(r"(^|_)age($|_)", str(column.name)) and column.max() > OLDEST:
            raise PrivacyError(f"{column.name!r} has ages over 89; its role is 'age'.")
        refuse_record_numbers(column)
        return
    for value in column.dropna().astype("str").unique():
        if found := find_shaped(value):
            raise PrivacyError(f"{column.name!r} holds what looks like a {found[0].kind}; give it another role.")


def refuse_record_numbers(column: pd.Series) -> None:
    """Raise where a column of numbers holds some that look like record or telephone numbers."""
    values = column.dropna().astype("float64")
    if ((values.abs() >= 1_000_000) & (values == values.round())).any():
        raise PrivacyError(f"{column.name!r} has whole numbers of seven digits or more, like record numbers; drop it.")


def _handled(column: pd.Series, role: str, crosswalk: Crosswalk | None, zip3: Zip3Table) -> pd.Series:
    if role == "surrogate":
        known = {value: crosswalk.surrogate(str(column.name), value) for value in column.dropna().unique()}
        return column.map(known).astype("str")
    if role in ("year", "birth"):
        return _years(column)
    if role == "age":
        ages = pd.to_numeric(column, errors="coerce")
        return ages.mask(ages >= POOLED, POOLED)  # 89.6 is an age of 89 years
    if role == "zip":
        return zip3.column(column)
    if role == "state":
        return column.where(column.isin(STATES))
    return column.copy()


def _years(column: pd.Series) -> pd.Series:
    """Return the year of dates, of whatever type; a year stays a year, and what is no date becomes missing."""
    if pd.api.types.is_datetime64_any_dtype(column) or isinstance(column.dtype, pd.PeriodDtype):
        return column.dt.year.astype("Int64")
    text = column.astype("str").str.extract(r"^\s*((?:18|19|20)\d\d)(?:\.0)?(?:$|[-T ])", expand=False)
    return pd.to_numeric(text, errors="coerce").astype("Int64")


def _hide_the_oldest(out: pd.DataFrame, roles: Mapping[str, str], as_of: int | None) -> None:
    """Blank what still shows an age over 89 when read together: a birth year, or the same person's earlier ages."""
    by_role = {role: [column for column, own in roles.items() if own == role] for role in ROLES}
    years = pd.concat([out[column] for column in by_role["year"]]) if by_role["year"] else pd.Series(dtype="Int64")
    latest = as_of or (int(years.max()) if years.notna().any() else pd.Timestamp.now().year)
    pooled = pd.Series(False, index=out.index)
    for column in by_role["year"]:
        out[column] = out[column].mask((latest - out[column]).ge(POOLED).fillna(False))  # an illness since 1931
    for column in by_role["age"]:
        pooled |= out[column].eq(POOLED).fillna(False).astype(bool)
    by_birth = pd.Series(False, index=out.index)
    for column in by_role["birth"]:
        by_birth |= (latest - out[column]).ge(POOLED).fillna(False).astype(bool)
    for column in by_role["surrogate"]:
        pooled |= _anywhere(pooled, out[column])
        by_birth |= _anywhere(by_birth, out[column])
    for column in by_role["birth"]:
        out.loc[pooled | by_birth, column] = pd.NA
    for column in by_role["age"]:  # 87 in one row and "90 or older" in another, a year each, tell the age exactly
        out[column] = out[column].astype("Float64").mask(pooled & out[column].ne(POOLED))


def _anywhere(marked: pd.Series, person: pd.Series) -> pd.Series:
    """Return the rows of every person of whom some row is marked."""
    return person.isin(person[marked & person.notna()])


def _told(frame: pd.DataFrame, out: pd.DataFrame, column: str, role: str) -> tuple:
    if column not in out:
        return (column, role, LETTER.get(role, ""), False, len(frame), len(frame))
    before, after = frame[column].astype("str"), out[column].astype("str")
    blank = int((out[column].isna() & frame[column].notna()).sum())
    return (column, role, LETTER.get(role, ""), True, int((before != after).sum()), blank)
