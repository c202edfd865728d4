"""A measure in each group of patients, with its interval, and nothing about a handful of them.

A wide interval is the finding: twenty events cannot show that a model is fair, and "no significant difference" says
that the table could not see one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import nan

import numpy as np
import pandas as pd

from .calibration import observed_over_expected
from .discrimination import SHARES, Counts, counts
from .uncertainty import Estimate, EvaluationError, as_events, auroc, columns

SMALLEST = 10
"""The smallest number of people shown: ours, an assumption. Take the rule of the institution that publishes."""
NOT_RECORDED = "not recorded"
_SCORED: dict[str, Callable[..., Estimate]] = {"auroc": auroc, "observed_over_expected": observed_over_expected}
# of whom each share is, and so what must not be a handful
_OF = {"sensitivity": "events", "specificity": "others", "ppv": "flagged", "npv": "unflagged"}


def by_group(
    outcome,
    score,
    group,
    threshold: float | None = None,
    measures: tuple[str, ...] = ("auroc",),
    smallest: int = SMALLEST,
    level: float = 0.95,
) -> pd.DataFrame:
    """A table of measures by group.

    Parameters
    ----------
    outcome, score
        As in :func:`~wardround.evaluation.counts`.
    group
        One label a row; missing labels are the group "not recorded".
    threshold
        Needed for shares: ``score >= threshold`` is flagged.
    measures
        Of ``auroc``, ``observed_over_expected`` (the score must be a risk), ``prevalence``, ``alert_rate``,
        ``sensitivity``, ``specificity``, ``ppv``, ``npv``.
    smallest
        Numbers of people below this are hidden, with every measure made of them.

    Returns
    -------
    DataFrame
        One row a group, sorted, "not recorded" last: ``n``, ``events``, for each measure ``name``, ``name_low`` and
        ``name_high``, and ``note``, which says what is hidden or undefined and why. There is no row for everybody.

    Raises
    ------
    EvaluationError
        An unknown measure, a share without a threshold, a group column that does not fit; else as
        :func:`~wardround.evaluation.counts`.

    Notes
    -----
    Hidden: the events of a group with fewer than ``smallest`` people, events or people without; and a share of fewer
    than ``smallest`` people. One hidden group can be had by subtraction from a total shown elsewhere: before you
    publish, hide a second one or merge them. Rows must be independent, as everywhere with Wilson and DeLong.
    """
    outcome, score, whose = _grouped(outcome, score, group)
    if unknown := [name for name in measures if name not in (*_SCORED, *SHARES)]:
        raise EvaluationError(
            f"{unknown[0]!r} is no measure of this table; there are {', '.join((*_SCORED, *SHARES))}."
        )
    if threshold is None and (shares := [name for name in measures if name in SHARES]):
        raise EvaluationError(f"{shares[0]!r} needs a threshold: who is flagged?")
    cut = float("inf") if threshold is None else threshold
    rows = {
        name: _row(outcome[whose == name], score[whose == name], cut, measures, smallest, level)
        for name in _in_order(whose)
    }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis(getattr(group, "name", None) or "group")
    return table.astype({"n": "Int64", "events": "Int64"})


def counts_by_group(outcome, score, group, threshold: float) -> dict[str, Counts]:
    """The four counts of each group; nothing is hidden, so this is for computing and not for showing."""
    outcome, score, whose = _grouped(outcome, score, group)
    return {name: counts(outcome[whose == name], score[whose == name], threshold) for name in _in_order(whose)}


def gaps(found: Mapping[str, Counts]) -> pd.Series:
    """How far apart the groups are: the highest value less the lowest.

    Parameters
    ----------
    found
        Two groups or more, such as :func:`counts_by_group` returns.

    Returns
    -------
    Series
        ``sensitivity`` (equal opportunity), ``false_positive_rate``, ``equalised_odds`` (the larger of the two),
        ``ppv``, ``alert_rate`` (demographic parity) and ``alert_rate_ratio`` (lowest over highest). NaN where a group
        has none. They cannot all be 0 where prevalences differ and the model errs (Chouldechova, Big Data
        2017;5:153), so name the one that matters for the decision and say why. A gap has an interval too: see
        :func:`~wardround.evaluation.share_difference`.

    Raises
    ------
    EvaluationError
        Fewer than two groups.
    """
    if len(found) < 2:
        raise EvaluationError("A gap needs two groups or more.")
    names = ("sensitivity", "false_positive_rate", "ppv", "alert_rate")
    value = {name: np.array([getattr(one, name).value for one in found.values()]) for name in names}
    gap = {name: float(column.max() - column.min()) for name, column in value.items()}
    rate = value["alert_rate"]
    return pd.Series(
        {
            "sensitivity": gap["sensitivity"],
            "false_positive_rate": gap["false_positive_rate"],
            "equalised_odds": float(np.max([gap["sensitivity"], gap["false_positive_rate"]])),
            "ppv": gap["ppv"],
            "alert_rate": gap["alert_rate"],
            "alert_rate_ratio": float(rate.min() / rate.max()) if rate.max() > 0 else nan,
        }
    )


def _row(outcome: np.ndarray, score: np.ndarray, cut: float, measures, smallest: int, level: float) -> dict:
    cell = counts(outcome, score, cut, level)
    size = {"people": cell.n, "events": cell.events, "people without the event": cell.others}
    few = next((what for what, number in size.items() if number < smallest), "")
    row: dict = {"n": pd.NA if few == "people" else cell.n, "events": pd.NA if few else cell.events}
    notes = [f"hidden: fewer than {smallest} {few}"] if few else []
    for name in measures:
        one = Estimate(nan, nan, nan)
        if not few and _size(cell, name) < smallest:
            notes.append(f"{name} hidden: of fewer than {smallest} people")
        elif not few:
            one = _SCORED[name](outcome, score, level=level) if name in _SCORED else getattr(cell, name)
            notes += [f"{name}: {one.note}"] if one.note else []
        row |= {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}
    return row | {"note": "; ".join(notes)}


def _size(cell: Counts, measure: str) -> float:
    """Of how many people a measure is."""
    size = {"events": cell.events, "others": cell.others, "flagged": cell.flagged, "unflagged": cell.n - cell.flagged}
    return size.get(_OF.get(measure, ""), cell.n)


def _grouped(outcome, score, group) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    outcome, score = columns(outcome, score)
    as_events(outcome)
    labels = pd.Series(np.asarray(group, dtype=object))
    if labels.size != outcome.size:
        raise EvaluationError(f"{labels.size:,} group labels for {outcome.size:,} rows: there must be one a row.")
    return outcome, score, labels.where(labels.notna(), NOT_RECORDED).astype(str).to_numpy(dtype=object)


def _in_order(whose: np.ndarray) -> list[str]:
    return sorted(set(whose), key=lambda name: (name == NOT_RECORDED, name))
