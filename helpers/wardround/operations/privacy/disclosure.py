"""What is left of a person after the identifiers are gone: uniqueness in the sample and outside, k, l, and linkage.

Own code: a group-by says k and l; a library such as pycanon would be one more dependency for these few lines.
A row that is alone in the sample need not be alone outside; without a table of the population nobody knows, and a model
of the population is an assumption. No k makes a release safe by itself: there is no threshold in the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from .identifiers import PrivacyError

Columns = Sequence[str]


class Uniqueness(NamedTuple):
    """How alone rows are with their combination of values.

    Attributes
    ----------
    rows, unique : int
        All rows, and those that nobody shares the combination with.
    share : float
        ``unique`` of ``rows``.
    k : int
        The smallest group.
    mean_risk : float
        The mean over rows of 1 / group size: of 1,000 guesses by somebody who knows the combination and that the person
        is in the table, this share is right. It is groups / rows.
    """

    rows: int
    unique: int
    share: float
    k: int
    mean_risk: float


class InPopulation(NamedTuple):
    """Of the rows alone in a sample, how many are alone in the population; ``absent`` are not found there at all."""

    sample_unique: int
    also_unique: int
    absent: int
    share: float


class Linked(NamedTuple):
    """An attack by exact match: how many rows it claims to name, and how many of the claims are true."""

    claims: int
    correct: int | None
    wrong: int | None
    pairs: pd.DataFrame


def group_sizes(frame: pd.DataFrame, columns: Columns) -> pd.Series:
    """Return for each row how many rows agree with it in ``columns``; a missing value agrees with a missing one."""
    _refuse(frame, columns)
    return frame.groupby(list(columns), dropna=False, observed=True)[columns[0]].transform("size")


def uniqueness(frame: pd.DataFrame, columns: Columns) -> Uniqueness:
    """Return how many rows are alone with their combination of ``columns``.

    Parameters
    ----------
    frame : DataFrame
        One row a person; with several rows a person, count persons first.
    columns : sequence of str
        What somebody may know of a person: the quasi-identifiers.
    """
    sizes = group_sizes(frame, columns)
    unique = int((sizes == 1).sum())
    return Uniqueness(len(frame), unique, unique / len(frame), int(sizes.min()), float((1 / sizes).mean()))


def smallest_class(frame: pd.DataFrame, columns: Columns) -> int:
    """Return k: the size of the smallest group of rows that agree in ``columns``."""
    return int(group_sizes(frame, columns).min())


def diversity(frame: pd.DataFrame, columns: Columns, sensitive: str) -> int:
    """Return l: the smallest number of different values of ``sensitive`` in a group; 1 tells it of everybody there."""
    _refuse(frame, [*columns, sensitive])
    return int(frame.groupby(list(columns), dropna=False, observed=True)[sensitive].nunique(dropna=False).min())


def population_uniqueness(sample: pd.DataFrame, population: pd.DataFrame, columns: Columns) -> InPopulation:
    """Return of the rows alone in ``sample`` how many are alone in ``population`` as well.

    ``population`` has one row a person, those of the sample among them, and the same coding of ``columns``.
    """
    alone = sample.loc[group_sizes(sample, columns) == 1, list(columns)]
    _refuse(population, columns)
    sizes = population.groupby(list(columns), dropna=False, observed=True).size().rename("size").reset_index()
    outside = alone.merge(sizes, how="left", on=list(columns))["size"]
    also = int((outside == 1).sum())
    return InPopulation(len(alone), also, int(outside.isna().sum()), also / len(alone) if len(alone) else 0.0)


Step = Columns | Callable[[pd.DataFrame], pd.DataFrame]


def ladder(frame: pd.DataFrame, steps: Mapping[str, Step]) -> pd.DataFrame:
    """Return one row a step of coarsening: ``step rows unique share k mean_risk``.

    Parameters
    ----------
    frame : DataFrame
    steps : mapping
        A name to columns, or to a function that makes the columns to look at from the frame.
    """
    rows = []
    for name, step in steps.items():
        made = step(frame) if callable(step) else frame[list(step)]
        rows.append((name, *uniqueness(made, list(made.columns))))
    return pd.DataFrame(rows, columns=["step", *Uniqueness._fields])


def link(
    released: pd.DataFrame, register: pd.DataFrame, columns: Columns, *, truth: tuple[str, str] | None = None
) -> Linked:
    """Return whom a holder of ``register`` names in ``released``: rows alone in both tables that agree in ``columns``.

    Parameters
    ----------
    released, register : DataFrame
        The table that left, and one that the receiver holds (a list of voters, of employees, of neighbours).
    columns : sequence of str
        In both tables, coded alike.
    truth : pair of str, optional
        The columns of ``released`` and of ``register`` that say who it really is; then claims are right or wrong. A
        wrong claim harms somebody too.
    """
    left = released.assign(_released=range(len(released)))[group_sizes(released, columns).eq(1).to_numpy()]
    right = register.assign(_register=range(len(register)))[group_sizes(register, columns).eq(1).to_numpy()]
    left, right = left.dropna(subset=list(columns)), right.dropna(subset=list(columns))
    both = left[[*columns, "_released"]].merge(right[[*columns, "_register"]], on=list(columns))
    pairs = both[["_released", "_register"]].rename(columns={"_released": "released", "_register": "register"})
    if truth is None:
        return Linked(len(pairs), None, None, pairs)
    own = released[truth[0]].to_numpy()[pairs["released"]]
    pairs["correct"] = own == register[truth[1]].to_numpy()[pairs["register"]]
    correct = int(pairs["correct"].sum())
    return Linked(len(pairs), correct, len(pairs) - correct, pairs)


def _refuse(frame: pd.DataFrame, columns: Columns) -> None:
    if isinstance(columns, str) or not len(columns):
        raise PrivacyError("Give the columns that somebody may know as a list with at least one name.")
    if missing := [column for column in columns if column not in frame.columns]:
        raise PrivacyError(f"The table has no column {missing[0]!r}.")
    if frame.empty:
        raise PrivacyError("The table has no rows, so there is nobody to be unique.")
