"""Features with their papers: what each column means, when it is known, what a gap in it says, who answers for it.

A :class:`FeatureDictionary` is data and code in one: the table a reviewer reads is the object that makes the columns,
so the two cannot part. ``READMISSION`` is the course's dictionary of use case A, readmission as asked at 08:00 on the
day of discharge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from .errors import RecordsError

ZONE = "America/New_York"  # the wall clock of our two sites
RESULTS = {
    "haemoglobin": "g/dL",
    "sodium": "mmol/L",
    "albumin": "g/dL",
    "creatinine": "mg/dL",
    "urea": "mg/dL",
    "leukocytes": "10*3/uL",
    "glucose": "mg/dL",
}
CONDITIONS = {
    "htn": "hypertension",
    "dm": "diabetes",
    "hf": "heart failure",
    "cad": "coronary artery disease",
    "copd": "chronic obstructive pulmonary disease",
    "ckd": "chronic kidney disease",
    "cancer": "cancer",
    "dementia": "dementia",
    "alcohol": "alcohol dependence",
    "smi": "severe mental illness",
    "af": "atrial fibrillation",
    "liver": "liver disease",
    "stroke": "an earlier stroke",
}
PAYERS = ("medicare", "medicaid", "uninsured")  # the fourth, private, is where all three are 0
GROUPS = (
    *("heart_failure", "copd", "pneumonia", "coronary", "stroke", "sepsis", "gut", "kidney", "diabetes", "alcohol"),
    *("mental", "infection", "rhythm", "injury", "other", "planned"),
)  # the seventeenth, chemotherapy, is where all are 0


@dataclass(frozen=True)
class Feature:
    """One feature: its entry in the dictionary, and how it is made.

    Attributes
    ----------
    name, definition, unit : str
        What the column is called, what it counts or measures, and in which unit ("0 or 1" for a flag).
    source : tuple of str
        The columns it is made of. All else follows from them: what is written later than the question is no source.
    window : str
        Which stretch of time it looks at.
    known_when : str
        When its source is complete, seen from the prediction time.
    missing_means : str
        What a missing value says; "never missing" is a promise that :meth:`FeatureDictionary.check` holds it to.
    owner : str
        Who is asked when it looks wrong.
    make : callable
        Rows of the source table to a column.
    """

    name: str
    definition: str
    unit: str
    source: tuple[str, ...]
    window: str
    known_when: str
    missing_means: str
    owner: str
    make: Callable[[pd.DataFrame], pd.Series]


WRITTEN = tuple(field.name for field in fields(Feature) if field.name != "make")
NEVER = "never missing"


class FeatureDictionary:
    """Features in their order.

    Parameters
    ----------
    features : Feature
        Names must differ.

    Examples
    --------
    >>> READMISSION.table()
    >>> READMISSION.compute(hospital.warehouse.stays)
    >>> READMISSION.select("age", "stays_before").names
    ['age', 'stays_before']
    """

    def __init__(self, *features: Feature):
        names = [feature.name for feature in features]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise RecordsError(f"A dictionary has one entry a name; {', '.join(twice)} stands in it twice.")
        self._features = {feature.name: feature for feature in features}

    @property
    def names(self) -> list[str]:
        """The names, in their order."""
        return list(self._features)

    def __len__(self) -> int:
        return len(self._features)

    def __iter__(self) -> Iterator[Feature]:
        return iter(self._features.values())

    def __getitem__(self, name: str) -> Feature:
        if name not in self._features:
            raise RecordsError(f"There is no feature {name!r} in this dictionary of {len(self)}.")
        return self._features[name]

    def __repr__(self) -> str:
        return f"<{len(self)} features: {', '.join(self.names[:4])}{', …' if len(self) > 4 else ''}>"

    def table(self) -> pd.DataFrame:
        """Return the dictionary as a table, one row a feature; ``source`` as words."""
        rows = [{name: getattr(feature, name) for name in WRITTEN} for feature in self]
        table = pd.DataFrame(rows, columns=list(WRITTEN))
        return table.assign(source=table["source"].map(", ".join))

    def select(self, *names: str) -> FeatureDictionary:
        """Return the dictionary of some features, in the order asked for."""
        return FeatureDictionary(*(self[name] for name in names))

    def plus(self, *features: Feature) -> FeatureDictionary:
        """Return the dictionary with more features at its end."""
        return FeatureDictionary(*self, *features)

    def compute(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the features of rows as floats, with the rows' index; what is missing stays missing.

        Raises
        ------
        RecordsError
            A source column is not in ``rows``.
        """
        for feature in self:
            if lacking := [name for name in feature.source if name not in rows]:
                raise RecordsError(f"{feature.name} is made of {', '.join(lacking)}, which the rows do not have.")
        # each feature sees its own sources alone, so that the dictionary cannot be wrong about them
        made = {feature.name: feature.make(rows[list(feature.source)]) for feature in self}
        return pd.DataFrame(made, index=rows.index).astype(float)

    def check(self, rows: pd.DataFrame, availability: pd.DataFrame | Mapping[str, str] = ()) -> pd.DataFrame:
        """Return what is wrong with the dictionary on these rows: ``feature`` and ``problem``, empty if nothing is.

        Parameters
        ----------
        rows : DataFrame
            Rows of the source table.
        availability : DataFrame or mapping, optional
            Columns that are written after the prediction time: column to when, or a table with ``column`` and
            ``known`` (and ``table``, of which ``stays`` is read).

        Notes
        -----
        Found are: an entry left empty, a source that the rows lack, a source written later, a column that cannot be
        made, gaps in what is said to be never missing, and a column with one value. Whether ``known_when`` is true is
        found by nobody who reads the values; it is asked of the owner.
        """
        later, problems = _later(availability), []
        for feature in self:
            problems += [(feature.name, problem) for problem in _problems(feature, rows, later)]
        return pd.DataFrame(problems, columns=["feature", "problem"], dtype="str")


def _later(availability: pd.DataFrame | Mapping[str, str]) -> dict[str, str]:
    if not isinstance(availability, pd.DataFrame):
        return dict(availability)
    if "table" in availability:
        availability = availability[availability["table"] == "stays"]
    return dict(zip(availability["column"], availability["known"], strict=True))


def _problems(feature: Feature, rows: pd.DataFrame, later: Mapping[str, str]) -> Iterator[str]:
    for name in WRITTEN:
        if not getattr(feature, name):
            yield f"{name} is empty"
    for name in feature.source:
        if name in later:
            yield f"{name} is written {later[name]}"
    if lacking := [name for name in feature.source if name not in rows]:
        yield f"the rows have no {', '.join(lacking)}"
        return
    try:
        column = feature.make(rows[list(feature.source)]).astype(float)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        yield f"it cannot be made: {type(error).__name__}: {error}"
        return
    if feature.missing_means == NEVER and column.isna().any():
        yield f"{int(column.isna().sum())} of {len(column)} values are missing, and it is said to be never missing"
    if len(column) and column.nunique(dropna=False) == 1:
        yield "it has one value in all rows"


def _number(column: str, at_most: float = np.inf) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda rows: rows[column].clip(upper=at_most)


def _is(column: str, value: object) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda rows: rows[column].eq(value)


def _log_days(rows: pd.DataFrame) -> pd.Series:
    return np.log(rows["los_days"].clip(lower=0.2))


def _albumin_missing(rows: pd.DataFrame) -> pd.Series:
    return rows["albumin"].isna()


_STAY, _AT_DOOR = "this stay up to 08:00", "at admission"


def _registration(name: str, definition: str, unit: str, source: str, make: Callable) -> Feature:
    return Feature(name, definition, unit, (source,), _AT_DOOR, _AT_DOOR, NEVER, "registration", make)


def _result(name: str, unit: str) -> Feature:
    gap = "no result was issued by 08:00: nobody asked, or it is late; not that it is normal"
    when = "when the last result is issued, if that is by 08:00"
    return Feature(name, f"last {name} issued", unit, (name,), _STAY, when, gap, "laboratory", _number(name))


READMISSION = FeatureDictionary(
    _registration("age", "whole years at admission", "years", "age", _number("age")),
    _registration("female", "registered as female", "0 or 1", "sex", _is("sex", "female")),
    _registration("planned", "elective admission", "0 or 1", "planned", _is("planned", True)),
    Feature(
        *("log_los", "natural logarithm of the days in hospital so far, at least 0.2", "log days", ("los_days",)),
        *(_STAY, "at 08:00; the length of the whole stay is not", NEVER, "bed management", _log_days),
    ),
    Feature(
        *("stays_before", "discharges from our sites in 365 days, at most 6", "stays", ("stays_before",)),
        *("the 365 days before this arrival", _AT_DOOR, NEVER, "bed management", _number("stays_before", 6)),
    ),
    Feature(
        *("emergency_before", "emergency visits to our sites in 182 days, at most 6", "visits", ("emergency_before",)),
        *("the 182 days before this arrival", _AT_DOOR, NEVER, "emergency department", _number("emergency_before", 6)),
    ),
    *(_result(name, unit) for name, unit in RESULTS.items()),
    Feature(
        *("albumin_missing", "no albumin was issued", "0 or 1", ("albumin",), _STAY, "at 08:00", NEVER, "laboratory"),
        _albumin_missing,
    ),
    *(_registration(f"payer_{name}", f"paid by: {name}", "0 or 1", "payer", _is("payer", name)) for name in PAYERS),
    *(
        Feature(
            *(name, f"{words} on the problem list", "0 or 1", (name,), "any time before this arrival", _AT_DOOR),
            *("0 stands for: not listed, which is not the same as not ill", "care team", _number(name)),
        )
        for name, words in CONDITIONS.items()
    ),
    *(
        Feature(
            *(f"group_{name}", f"working diagnosis in the group {name}", "0 or 1", ("group",), _STAY),
            *("at 08:00, as the team has it; final codes come later", NEVER, "care team", _is("group", name)),
        )
        for name in GROUPS
    ),
)


def lace(rows: pd.DataFrame) -> pd.Series:
    """Return the LACE index of stays, 0 to 19 points.

    Length of stay, Acuity of admission, Comorbidity (Charlson), Emergency visits in six months (van Walraven et al.,
    CMAJ 2010;182:551). A day is a day of the calendar between admission and discharge, by the wall clock of the
    hospital; the day of discharge is known at 08:00.

    Parameters
    ----------
    rows : DataFrame
        Rows of ``warehouse.stays``: ``admitted_at asked_at planned charlson emergency_before``.
    """
    first, last = (_date(rows[name]) for name in ("admitted_at", "asked_at"))
    days = (last - first).dt.days
    length = np.select([days < 1, days < 2, days < 3, days < 4, days < 7, days < 14], [0, 1, 2, 3, 4, 5], 7)
    acute = np.where(rows["planned"], 0, 3)
    comorbid = np.where(rows["charlson"] >= 4, 5, rows["charlson"])
    return pd.Series(length + acute + comorbid + rows["emergency_before"].clip(upper=4), rows.index, name="lace")


def _date(at: pd.Series) -> pd.Series:
    return at.dt.tz_convert(ZONE).dt.tz_localize(None).dt.normalize()
