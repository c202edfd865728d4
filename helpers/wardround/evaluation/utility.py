"""What a threshold is worth and what it costs: net benefit, the price it implies, alert load, and a call list that
never sees Friday.

A threshold here is a risk: "act from 12.5% on" says that one event found is worth seven needless actions.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite, nan
from typing import NamedTuple

import numpy as np
import pandas as pd

from .discrimination import counts, threshold_table
from .uncertainty import EvaluationError, as_events, columns

THRESHOLDS = np.arange(1, 51) / 100
TREAT_ALL, TREAT_NONE = "treat all", "treat none"


class Price(NamedTuple):
    """What a threshold says about the worth of finding one event.

    Attributes
    ----------
    threshold
        The risk from which on somebody is acted on.
    needless
        Needless actions that one event found is judged to be worth, ``(1 - threshold) / threshold``.
    actions
        Actions in all, needless or not, for one event at the margin: ``1 / threshold``, one more than ``needless``.
    """

    threshold: float
    needless: float
    actions: float


class Load(NamedTuple):
    """What alerts ask of the people who answer them.

    Attributes
    ----------
    alerts_an_hour, minutes_an_hour
        For each staff hour (one person on duty for one hour).
    share_of_time
        Of all staff time, 0 to 1; above 1 it cannot be done.
    """

    alerts_an_hour: float
    minutes_an_hour: float
    share_of_time: float


def net_benefit(outcome, score, threshold: float, at: float | None = None) -> float:
    """Events found per person, less needless actions at the price that the threshold puts on them.

    ``TP / n - FP / n * threshold / (1 - threshold)``: 0.02 is worth as much as finding two more events in each 100
    people with no needless action at all.

    Parameters
    ----------
    outcome
        One entry a row, 0/1 or booleans.
    score
        Predicted risks.
    threshold
        The risk that sets the price, 0 to below 1.
    at
        Where the score is cut, if not at ``threshold``: 0.5 for a rule that says 0 or 1, or the risk at which a busy
        ward really acts. ``score >= at`` is acted on.

    Returns
    -------
    float
        Per person. For an interval: ``bootstrap(lambda y, p: net_benefit(y, p, 0.1), patient, …)``.

    Raises
    ------
    EvaluationError
        A threshold outside 0 to below 1; columns of unequal length, missing values, or an outcome that is not 0/1.

    Notes
    -----
    Vickers and Elkin, Med Decis Making 2006;26:565. Our own: the formula of the paper, checked against dcurves.
    """
    price, found = odds(threshold), counts(outcome, score, threshold if at is None else at)
    return (found.tp - found.fp * price) / found.n


def standardised_net_benefit(outcome, score, threshold: float, at: float | None = None) -> float:
    """Net benefit as a share of the best there is (every event found, nobody else troubled); NaN without events."""
    worth = net_benefit(outcome, score, threshold, at)
    rate = float(np.mean(columns(outcome)[0]))
    return worth / rate if rate else nan


def treat_all(outcome, threshold: float) -> float:
    """The net benefit of acting on everybody; that of acting on nobody is 0."""
    (outcome,) = columns(outcome)
    rate = float(as_events(outcome).mean())
    return rate - (1 - rate) * odds(threshold)


def interventions_avoided(outcome, score, threshold: float, per: float = 100) -> float:
    """Needless actions fewer than in treating all, per 100 people and with no event more missed, on balance.

    ``per * (net_benefit - treat_all) / odds``; NaN at threshold 0, where an action costs nothing.
    """
    price = odds(threshold)
    gain = net_benefit(outcome, score, threshold) - treat_all(outcome, threshold)
    return per * gain / price if price else nan


def decision_curve(outcome, scores: Mapping[str, object] | pd.DataFrame, thresholds=THRESHOLDS) -> pd.DataFrame:
    """Net benefit over thresholds for one or more models, beside acting on all and on none.

    Parameters
    ----------
    scores
        Name to predicted risks, or a DataFrame of them. A rule's 0 and 1 may be here too: any threshold cuts them.
    thresholds
        Risks from 0 to below 1; by default 1% to 50%. Show the range in which a clinician would act, no more.

    Returns
    -------
    DataFrame
        Indexed by ``threshold``: a column for each score, then ``treat all`` and ``treat none``.

    Raises
    ------
    EvaluationError
        A score's name that is taken, predictions outside 0 to 1; else as :func:`net_benefit`.

    Examples
    --------
    >>> decision_curve(stays.back, {"LACE": lace_risk, "ours": risk})  # doctest: +SKIP
    """
    (cuts,) = columns(np.atleast_1d(thresholds))
    price = np.array([odds(cut) for cut in cuts])
    curve = {}
    for name, score in scores.items():
        if name in (TREAT_ALL, TREAT_NONE):
            raise EvaluationError(f"{name!r} is the name of a line that every decision curve has; name the score else.")
        if not columns(score)[0].min() >= 0 or not columns(score)[0].max() <= 1:
            raise EvaluationError(f"{name!r} holds numbers outside 0 to 1; a decision curve needs predicted risks.")
        found = threshold_table(outcome, score, cuts)
        curve[name] = (found.tp - found.fp * price).to_numpy() / len(columns(outcome)[0])
    curve[TREAT_ALL], curve[TREAT_NONE] = [treat_all(outcome, cut) for cut in cuts], 0.0
    return pd.DataFrame(curve, index=pd.Index(cuts, name="threshold"))


def odds(threshold: float) -> float:
    """``threshold / (1 - threshold)``: the harm of one needless action, where finding one event is worth 1."""
    if not 0 <= threshold < 1:
        raise EvaluationError(f"A threshold of {threshold:g} has no odds; give a risk from 0 to below 1.")
    return float(threshold) / (1 - float(threshold))


def threshold_from_harms(needless: float, missed: float) -> float:
    """The risk from which on acting does more good than harm: ``needless / (needless + missed)``.

    Parameters
    ----------
    needless
        The harm of acting on somebody who would have had no event.
    missed
        The harm of not acting on somebody who will, in the same unit: the benefit lost.

    Raises
    ------
    EvaluationError
        A harm that is negative or not finite, or none at all.

    Examples
    --------
    >>> threshold_from_harms(needless=1, missed=7)
    0.125
    """
    if not all(isfinite(harm) and harm >= 0 for harm in (needless, missed)) or not needless + missed:
        raise EvaluationError(f"Harms of {needless:g} and {missed:g} give no threshold: give two numbers, not both 0.")
    return needless / (needless + missed)


def price_of_threshold(threshold: float) -> Price:
    """What acting from ``threshold`` on says about the worth of one event found: see :class:`Price`.

    Infinite at 0. Raises :class:`~wardround.evaluation.EvaluationError` outside 0 to 1.
    """
    if not 0 <= threshold <= 1:
        raise EvaluationError(f"A threshold of {threshold:g} is no risk; give one from 0 to 1.")
    if not threshold:
        return Price(0.0, float("inf"), float("inf"))
    return Price(float(threshold), (1 - threshold) / threshold, 1 / threshold)


def price_of_capacity(predicted, capacity: int) -> Price:
    """The price that a capacity implies: the risk of the last of the highest ``capacity`` people, taken as a threshold.

    Parameters
    ----------
    predicted
        Calibrated risks of all who could be acted on; else the price is that of the miscalibration.
    capacity
        How many can be.

    Returns
    -------
    Price
        NaN without capacity. With more capacity than people the price is the lowest risk's: the last one was acted on.
    """
    (predicted,) = columns(predicted)
    if capacity <= 0:
        return Price(nan, nan, nan)
    return price_of_threshold(capacity_threshold(predicted, capacity))


def capacity_threshold(score, capacity: int) -> float:
    """The score at or above which the highest ``capacity`` rows lie (more where several are equal to it).

    Infinite without capacity, the lowest score if there is enough for all. Take it from a *past* period: a threshold
    taken from the period it is used in has seen that period's end.
    """
    (score,) = columns(score)
    if capacity <= 0:
        return float("inf")
    return float(np.sort(score)[::-1][min(int(capacity), score.size) - 1])


def alert_load(alerts: float, staff_hours: float, minutes_each: float) -> Load:
    """What alerts ask of those who answer them, per hour of one person on duty.

    Parameters
    ----------
    alerts
        In the period, true and false.
    staff_hours
        Of all who answer, in the same period: two nurses for a twelve-hour shift are 24.
    minutes_each
        To answer one. There is no firm published figure: say whose it is.

    Raises
    ------
    EvaluationError
        A number that is negative or not finite, or no staff hours.
    """
    if not all(isfinite(number) and number >= 0 for number in (alerts, staff_hours, minutes_each)) or not staff_hours:
        raise EvaluationError("Alerts and minutes must be 0 or more, and staff hours above 0, to make a load.")
    hourly = alerts / staff_hours
    return Load(hourly, hourly * minutes_each, hourly * minutes_each / 60)


def call_daily(
    day, score, a_week: int, *, call_from: float = -np.inf, spread: bool = True, days: tuple[int, ...] = tuple(range(7))
) -> np.ndarray:
    """Who is called, if each day is decided by itself: by that day's scores and what the week has left.

    Parameters
    ----------
    day
        The day of each row as a whole number; 0, 7, 14 … are Mondays.
    score
        The highest of a day are called first; of equal scores the earlier row.
    a_week
        Calls there are from Monday to Sunday; what a week does not use is lost.
    call_from
        No call below this score, such as :func:`capacity_threshold` of a past period.
    spread
        Share what is left evenly over the days to come, rounded up, so that Friday has its part. Without it, a busy
        Monday may use the week.
    days
        Weekdays on which somebody calls, 0 is Monday. On others nobody is called.

    Returns
    -------
    array of bool
        One entry a row. It would be the same if the rows of later days did not exist.

    Raises
    ------
    EvaluationError
        Days that are not whole, a capacity below 0, weekdays outside 0 to 6; columns as :func:`net_benefit`.
    """
    day, score = columns(day, score)
    if (day != np.floor(day)).any() or a_week < 0 or not set(days) <= set(range(7)):
        raise EvaluationError("Days must be whole numbers (0 is a Monday), calls a week 0 or more, weekdays 0 to 6.")
    called, week, left = np.zeros(day.size, dtype=bool), None, 0
    for today in np.unique(day):
        if today // 7 != week:
            week, left = today // 7, int(a_week)
        weekday = int(today % 7)
        if weekday not in days:
            continue
        to_come = sum(weekday <= other for other in days)
        allowed = -(-left // to_come) if spread else left
        rows = np.flatnonzero((day == today) & (score >= call_from))
        chosen = rows[np.argsort(-score[rows], kind="stable")][:allowed]
        called[chosen] = True
        left -= chosen.size
    return called
