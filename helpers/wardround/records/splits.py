"""Rows for learning and rows for judging: no patient on both sides, no future in the past.

A row *teaches* once its outcome was known, and is *judged* if it is asked about later. The days between, in which
outcomes are not yet known, belong to neither side.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from .cohort import OURS, RUN_OUT, WATCH, Definition
from .errors import RecordsError

SIDES = ("train", "test", "out")


def known_at(rows: pd.DataFrame, definition: Definition = OURS) -> pd.Series:
    """Return when the outcome of each index stay is known: after thirty days, and the run-out of claims if they count.

    Parameters
    ----------
    rows : DataFrame
        With ``discharged_at``, such as :func:`cohort.cohort` returns.
    """
    return rows["discharged_at"] + (WATCH + RUN_OUT if definition.counts_elsewhere else WATCH)


def split_by_time(rows: pd.DataFrame, cut: str | pd.Timestamp, *, keep: str = "test") -> pd.Series:
    """Return ``train``, ``test`` or ``out`` for each row, as the model would have been trained on the day ``cut``.

    Parameters
    ----------
    rows : DataFrame
        ``person_id``, ``asked_at``, and ``known_at`` or ``discharged_at`` (then our definition's :func:`known_at`).
    cut : str or Timestamp
        An instant, with its zone.
    keep : str
        On which side a patient stays who has rows on both: ``test``, or ``train``. Each has its price. Kept in
        ``test``, training loses those who return, and its risks come out lower; kept in ``train``, the test has
        newcomers alone, and fewer events. Both serve ranks; for calibration, or for the model of that day, split by
        time alone.

    Returns
    -------
    Series
        With the rows' index. ``train``: known by the cut; ``test``: asked from the cut on; ``out``: neither, or rows of
        a patient who is kept on the other side.

    Raises
    ------
    RecordsError
        ``cut`` has no zone, ``keep`` is no side, or a row has no person or no time: nobody can say where it belongs.
    """
    moment = pd.Timestamp(cut)
    if moment.tzinfo is None:
        raise RecordsError(f"{cut} has no time zone, so it is no instant; write it as in '2023-09-04T00:00-04:00'.")
    if keep not in SIDES[:2]:
        raise RecordsError(f"A patient is kept in 'train' or in 'test', not in {keep!r}.")
    known = rows["known_at"] if "known_at" in rows else known_at(rows)
    _demand_complete(rows["person_id"], rows["asked_at"], known)
    teaches, judges = (known <= moment).to_numpy(), (rows["asked_at"] >= moment).to_numpy()
    first, second = (judges, teaches) if keep == "test" else (teaches, judges)
    second = second & ~rows["person_id"].isin(rows["person_id"][first]).to_numpy()
    other = "train" if keep == "test" else "test"
    return pd.Series(np.select([first, second], [keep, other], "out"), rows.index, name="side")


def split_by_patient(rows: pd.DataFrame, share: float = 0.3, seed: int = 0) -> pd.Series:
    """Return ``train`` or ``test`` for each row; a share of the *patients*, with all their rows, is ``test``.

    It answers for patients like these, at the same time. What a change of years does it cannot tell: for that there is
    :func:`split_by_time`. For several folds scikit-learn has ``GroupKFold(shuffle=True)``.

    Raises
    ------
    RecordsError
        ``share`` is not between 0 and 1, or a row has no person.
    """
    if not 0 < share < 1:
        raise RecordsError(f"The share to test on must lie between 0 and 1; it is {share!r}.")
    _demand_complete(rows["person_id"])
    people = np.sort(rows["person_id"].unique())
    chosen = np.random.default_rng(seed).permutation(people)[: max(1, round(share * len(people)))]
    return pd.Series(np.where(rows["person_id"].isin(chosen), "test", "train"), rows.index, name="side")


def violations(rows: pd.DataFrame, side: pd.Series) -> dict[str, int]:
    """Return what is wrong with a split, counted; zeros if nothing is.

    Parameters
    ----------
    rows : DataFrame
        As for :func:`split_by_time`.
    side : Series
        ``train``, ``test`` or ``out``, in the order of the rows.

    Returns
    -------
    dict
        ``both sides``: patients with rows in train and in test. ``not known yet``: training rows whose outcome was not
        known when the first test row was asked about.
    """
    side, known = np.asarray(side), rows["known_at"] if "known_at" in rows else known_at(rows)
    train, test = side == "train", side == "test"
    both = set(rows["person_id"][train]) & set(rows["person_id"][test])
    first = rows["asked_at"][test].min()
    early = int((known[train] > first).sum()) if test.any() else 0
    return {"both sides": len(both), "not known yet": early}


def _demand_complete(*columns: pd.Series) -> None:
    for column in columns:
        if missing := int(column.isna().sum()):
            raise RecordsError(f"{missing} rows have no {column.name}; nobody can say on which side they belong.")
