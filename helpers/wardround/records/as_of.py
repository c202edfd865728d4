"""What was known at a moment: feeds hold every version of a fact, and a view as of then takes none that came later."""

from __future__ import annotations

import pandas as pd

from .errors import RecordsError

WITHDRAWN = ("D", "W", "X")  # HL7 table 0085: deleted, posted for the wrong person, cannot be obtained


def results_as_of(oru: pd.DataFrame, at: str | pd.Timestamp) -> pd.DataFrame:
    """Return the laboratory results as they were known at an instant.

    Parameters
    ----------
    oru : DataFrame
        ``hospital.feeds.oru`` or rows of it, in their order.
    at : str or Timestamp
        An instant, with its zone: ``"2024-03-09T14:00-05:00"``.

    Returns
    -------
    DataFrame
        One row a ``result_id``: of the messages sent at ``at`` or before, the last (of two sent at once, the one that
        stands later). A preliminary value stays until its final one is sent, and a corrected one is not there before
        its correction. ``withdrawn`` marks results that the last message takes back (status D, W or X): nobody should
        act on their values, but that they were there is part of what was known. Rows without a ``result_id`` stand
        each for itself; rows without ``sent_at`` are in no view, as nobody can say when they came.

    Raises
    ------
    RecordsError
        ``at`` has no zone, or is no time.

    Examples
    --------
    >>> known = results_as_of(hospital.feeds.oru, "2024-03-09T14:00-05:00")
    >>> known.loc[~known["withdrawn"], ["mrn", "name", "value", "unit", "status"]]
    """
    moment = _moment(at)
    if moment.tzinfo is None:
        raise RecordsError(f"{at} has no time zone, so it is no instant; write it as in '2024-03-09T14:00-05:00'.")
    sent = oru[oru["sent_at"] <= moment]
    known = _last(sent, sent["result_id"], ["sent_at"])
    return known.assign(withdrawn=known["status"].isin(WITHDRAWN)).reset_index(drop=True)


def claims_as_of(claims: pd.DataFrame, date: str | pd.Timestamp) -> pd.DataFrame:
    """Return the claims as a payer's data showed them on a day: the net state, one row a claim.

    Parameters
    ----------
    claims : DataFrame
        ``hospital.feeds.claims`` or rows of it, in their order.
    date : str or Timestamp
        A day: ``"2024-06-30"``.

    Returns
    -------
    DataFrame
        One row an ``original_claim_id`` (where that is missing, the version's own ``claim_id``): of the versions paid
        on that day or before, the last, by ``paid_date``, then ``received_date``, then their order. A replacement
        (frequency 7) supersedes what it replaces; a claim whose last version is a void (8) is gone. Versions without
        ``paid_date`` are in no view.

    Raises
    ------
    RecordsError
        ``date`` is no day, or has a time zone.

    Examples
    --------
    >>> early, late = (claims_as_of(hospital.feeds.claims, day) for day in ("2024-03-31", "2024-09-30"))
    >>> late["paid"].sum() - early["paid"].sum()  # the run-out of six months
    """
    day = _moment(date)
    if day.tzinfo is not None:
        raise RecordsError(f"{date} has a time zone; claims are paid on a day, written as in '2024-06-30'.")
    paid = claims[claims["paid_date"] <= day.normalize()]
    claim = paid["original_claim_id"].where(paid["original_claim_id"].notna(), paid["claim_id"])
    known = _last(paid, claim, ["paid_date", "received_date"])
    return known[known["frequency"] != "8"].reset_index(drop=True)


def _last(rows: pd.DataFrame, identity: pd.Series, by: list[str]) -> pd.DataFrame:
    """Return the last row of each identity, in the rows' own order; a row without an identity stands for itself."""
    place = pd.RangeIndex(len(rows))  # the index may be anything, and repeat itself
    order = rows[by].set_axis(place).sort_values(by, kind="stable", na_position="first").index
    ordered = identity.set_axis(place).loc[order]
    last = ~ordered.duplicated(keep="last") | ordered.isna()
    return rows.iloc[sorted(order[last.to_numpy()])]


def _moment(text: str | pd.Timestamp) -> pd.Timestamp:
    try:
        moment = pd.Timestamp(text)
    except (ValueError, TypeError):
        moment = pd.NaT
    if moment is pd.NaT:
        raise RecordsError(
            f"{text!r} is no time; write it as in '2024-03-09T14:00-05:00', or a day as in '2024-03-09'."
        )
    return moment
