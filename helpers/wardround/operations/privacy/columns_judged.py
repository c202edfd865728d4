"""A dictionary of features, held column by column against Safe Harbor: a first reading, for a person to go over.

The list says which columns may stay, so a column of which nobody can tell what it is goes. Read are a column's name,
what it is made of, its unit and who answers for it: the papers, no value. A column with a harmless name and record
numbers in it is found by :func:`safe_harbor_table`, which looks at the values.

What is none of the eighteen and can still tell somebody who it is (a laboratory value, a diagnosis) is neither "stays"
nor "goes": the rule's second half asks what the hospital knows of the receiver. That sorting is our reading.
"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from .identifiers import PrivacyError, words

STAYS, GOES, CHANGED, ASKED = "stays", "goes", "must be changed", "question of actual knowledge"
VERDICTS = (STAYS, GOES, CHANGED, ASKED)
_FLAG = "0 or 1"
_GOES = {
    "A": ("a name", words("name names family given surname initials relative contact employer")),
    "B": ("a place smaller than a State", words("address street city town county village block")),
    "D": ("a number to call or write to", words("phone telephone fax mobile email mail")),
    "G": ("a number of the person", words("ssn mrn account member policy licence license plate serial device")),
    "N": ("an address in a network", words("url ip")),
    "R": (
        "derived from an identifier, or free text",
        words("hash sha256 md5 token note notes remark text comment photo"),
    ),
}
_CHANGED = {
    "C, age": ("ages over 89 become 90, for '90 or older'", words("age ages")),
    "C": (
        "a date: its year may stay",
        words("date birth dob day month week weekday quarter season at when moment time"),
    ),
    "B": ("three digits, where a dated table allows them, else 000", words("zip zip3 postal postcode")),
    "R": ("an id: a drawn code, whose table stays inside", words("id ids key patient encounter stay")),
}
_ASKED = (
    ("laboratory", "measured: alone with two such values, and whoever runs the laboratory has them, too"),
    ("care team", "a diagnosis: none of the eighteen, and a rare one is known in town"),
)
_EXACT = ("los", "a length measured exactly: whoever saw the person come and go has it, too")
_MAY_STAY = frozenset(
    words("sex female male planned payer stays_before emergency_before year state risk back readmitted albumin")
)
_PAPERS = ("source", "unit", "owner")


def judge_columns(dictionary: pd.DataFrame) -> pd.DataFrame:
    """Return ``name verdict letter because`` for every feature of a dictionary, in its order.

    Parameters
    ----------
    dictionary : DataFrame
        One row a feature with ``name``, and ``source``, ``unit`` and ``owner`` as :meth:`FeatureDictionary.table` has
        them. A cell that is empty tells nothing, and a column of which nothing is told goes.

    Raises
    ------
    PrivacyError
        There is no column ``name``, or no feature.
    """
    if not isinstance(dictionary, pd.DataFrame) or "name" not in dictionary or not len(dictionary):
        raise PrivacyError(
            "What is judged is a table with one row a feature and a column 'name'; keep it again with "
            'keep("feature_dictionary", READMISSION.table()).'
        )
    rows = dictionary.reindex(columns=["name", *_PAPERS]).astype("object").fillna("").astype("str")
    judged = [(name, *_judged(name, source, unit, owner)) for name, source, unit, owner in rows.itertuples(index=False)]
    return pd.DataFrame(judged, columns=["name", "verdict", "letter", "because"])


def judged_in_words(judged: pd.DataFrame, whose: str) -> str:
    """Return what was found as a few sentences; ``whose`` says whose table it is."""
    names = {verdict: list(judged["name"][judged["verdict"] == verdict]) for verdict in VERDICTS}
    count = {verdict: f"{len(some)}{_few(some)}" for verdict, some in names.items()}
    return (
        f"{whose[:1].upper()}{whose[1:]}: of {len(judged)} columns {count[STAYS]} may stay as they are, "
        f"{count[CHANGED]} must be changed, {count[GOES]} must go. {len(names[ASKED])} are on no list and are a "
        "question of actual knowledge: whether they name somebody depends on what the receiver holds besides, and a "
        "person answers."
    )


def _few(names: list[str]) -> str:
    return f" ({', '.join(names)})" if 0 < len(names) <= 4 else ""


def _judged(name: str, source: str, unit: str, owner: str) -> tuple[str, str, str]:
    """One column: the eighteen first, then what may stay, then what is a question; else it goes."""
    sources = [one.strip() for one in source.split(",") if one.strip()] or [name]
    told = {part for one in (name, *sources) for part in re.split(r"[^a-z0-9]+", _snake(one)) if part}
    for letter, (because, tokens) in _GOES.items():
        if told & {*tokens}:
            return (GOES, letter, because)
    for letter, (because, tokens) in _CHANGED.items():
        if told & {*tokens}:
            return (CHANGED, letter[:1], because)
    if {_snake(one) for one in sources} <= _MAY_STAY and ("albumin" not in sources or unit == _FLAG):
        return (STAYS, "", "none of the eighteen, and coarse")  # that a result is there; the result is another matter
    if _EXACT[0] in told:
        return (ASKED, "", _EXACT[1])
    for who, because in _ASKED:
        if owner.strip().lower() == who:
            return (ASKED, "", because)
    return (GOES, "R", "nobody has said what it is, and the list is of what may stay")


def _snake(word: Any) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(word)).lower()
