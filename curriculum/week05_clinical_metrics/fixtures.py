"""What week 5 hands out: the vendor's score on every ward window, the stays it is judged on, places, a gap, two wards."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
from wardround.evaluation import Estimate

THRESHOLD = 2  # points; the vendor's own
LOCKOUT = pd.Timedelta(hours=24)  # after an alert the same stay is left in peace
HORIZON = pd.Timedelta(hours=24)  # an alert may claim an order that comes at most this much later
SMALLEST = 11  # septic stays below which a group gets no rate: ours, an assumption
MARGIN = 0.10  # a gap in sensitivity that somebody must answer for: ours, an assumption
_CULTURE = "600-7"  # LOINC: bacteria identified in blood by culture

# What the brochure says, per stay; invented, and close to what the score does here by the brochure's own unit.
CLAIM = {"auroc": 0.83, "sensitivity": 0.88, "specificity": 0.66, "prevalence": 0.20}

# Wong et al., JAMA Intern Med 2021;181(8):1065-1070, per stay.
PUBLISHED = {"stays": 38_455, "septic": 2_552, "alerted": 6_971, "septic_without_alert": 1_709}


def _once(make):
    """Keep what was made for a hospital, by its checksum: every check asks again."""
    kept = {}

    @functools.wraps(make)
    def made(hospital):
        if hospital.checksum not in kept:
            kept[hospital.checksum] = make(hospital)
        return kept[hospital.checksum].copy()

    return made


def points(windows):
    """The vendor's score of ward windows, 0 to 11 points; what is missing gives no point.

    Parameters
    ----------
    windows : DataFrame
        As ``warehouse.windows``.

    Notes
    -----
    Invented, and shaped like the scores that hospitals buy. One point each for a temperature of 37.5, 38 and 38.5 Cel or
    more, and for one below 36; a pulse above 95; a systolic pressure below 100 mm[Hg]; leukocytes above 11 and above 14,
    or below 4 (10*3/uL); a lactate above 2 mmol/L; and one if an antibiotic has been given.
    """
    made = [windows.temperature >= limit for limit in (37.5, 38.0, 38.5)]
    made += [windows.temperature < 36, windows.heart_rate > 95, windows.systolic < 100]
    made += [windows.leukocytes > 11, windows.leukocytes > 14, windows.leukocytes < 4, windows.lactate > 2]
    return sum(one.astype(int) for one in (*made, windows.antibiotic_given))


@_once
def ward(hospital):
    """Return the scored windows of stays that have ended: one row every eight hours on a ward, in order.

    Columns: ``encounter_id``, ``person_id``, ``site``, ``at`` (when the score was computed), ``window`` (from 0),
    ``score`` (points), ``alert`` (score at or above ``THRESHOLD``), ``ordered`` (a culture or an antibiotic was ordered by
    then), ``comfort_care``.
    """
    windows = hospital.warehouse.windows
    windows = windows[windows.encounter_id.isin(hospital.warehouse.stays.encounter_id)]
    score = points(windows)
    table = windows[["encounter_id", "site", "at", "window", "comfort_care"]].assign(
        person_id=windows.encounter_id.map(_people(hospital)),
        score=score,
        alert=score >= THRESHOLD,
        ordered=windows.culture_ordered | windows.antibiotic_given,
    )
    ordered_at = table.encounter_id.map(_stays_and_orders(hospital).ordered_at)
    table["ordered"] |= table["at"] >= ordered_at  # an order in the minute of the score counts as seen
    names = ["encounter_id", "person_id", "site", "at", "window", "score", "alert", "ordered", "comfort_care"]
    return table[names].sort_values(["encounter_id", "window"], ignore_index=True)


@_once
def stays(hospital):
    """Return the stays that the score was computed for, one row each.

    Columns: ``encounter_id``, ``person_id``, ``site``, ``admission`` (``emergency`` or ``planned``), ``admitted_at``,
    ``age_group``, ``sex``, ``race`` (``not recorded`` where it is missing), ``interpreter`` (``needed`` or ``not needed``),
    ``septic`` (sepsis by review of the chart, and a culture or antibiotic was ordered), ``ordered_at`` (first culture or
    antibiotic of a suspicion, septic or not; missing for never), ``scores`` (how many were computed).
    """
    rows = _stays_and_orders(hospital)
    return pd.DataFrame(
        {
            "person_id": rows.index.map(_people(hospital)),
            "site": rows.site,
            "admission": np.where(rows.planned, "planned", "emergency"),
            "admitted_at": rows.admitted_at,
            "age_group": pd.cut(rows.age, [0, 50, 65, 80, 200], right=False, labels=_AGES).astype(str),
            "sex": rows.sex,
            "race": rows.race.fillna("not recorded"),
            "interpreter": np.where(rows.interpreter, "needed", "not needed"),
            "septic": rows.sepsis_clinical & rows.ordered_at.notna(),
            "ordered_at": rows.ordered_at,
            "scores": rows.scores,
        }
    ).reset_index()


_AGES = ["under 50", "50 to 64", "65 to 79", "80 and over"]


def _people(hospital):
    return hospital.warehouse.contacts.set_index("contact_id").person_id


@_once
def _stays_and_orders(hospital):
    """Stays with ward windows by ``encounter_id``, with ``ordered_at`` and ``scores``.

    The order is dated by the blood culture; where that has no final result yet, by the score that first saw it.
    """
    windows, rows = hospital.warehouse.windows, hospital.warehouse.stays.set_index("encounter_id")
    scores = windows.groupby("encounter_id").size().reindex(rows.index).dropna().astype(int)
    rows = rows.loc[scores.index]
    labs = hospital.tables.labs
    drawn = labs[labs.loinc == _CULTURE].groupby("patient_key").effective_at.apply(list)
    spans = zip(rows.patient_id.map(drawn), rows.admitted_at, rows.discharged_at, strict=True)
    found = pd.Series(pd.to_datetime([_within(*span) for span in spans], utc=True), rows.index)
    seen = windows[windows.culture_ordered].groupby("encounter_id")["at"].min()
    return rows.assign(ordered_at=found.fillna(seen.reindex(rows.index)), scores=scores)


def _within(moments, begins, ends):
    inside = [moment for moment in moments if begins <= moment < ends] if isinstance(moments, list) else []
    return min(inside, default=pd.NaT)


def sent(alerts, lockout=LOCKOUT):
    """Return which alerts go out if a stay is left in peace for a while after each one that did.

    Parameters
    ----------
    alerts : DataFrame
        Rows with ``encounter_id`` and ``at``, in order of time within a stay, such as ``ward[ward.alert]``.
    lockout : Timedelta
        Zero sends all.

    Returns
    -------
    Series of bool
        With the index of ``alerts``.
    """
    goes, last = [], {}
    for stay, at in zip(alerts.encounter_id, alerts["at"], strict=True):
        goes.append(stay not in last or at - last[stay] >= lockout)
        if goes[-1]:
            last[stay] = at
    return pd.Series(goes, alerts.index, dtype=bool)


def places(hospital):
    """Return emergency and planned admissions of both sites: ``place``, ``stays``, ``septic``, ``prevalence``, ``days``.

    ``days`` is the number of days on which somebody was there; ``stays / days`` are admissions a day.
    """
    rows = stays(hospital)
    rows = rows.assign(place=rows.site.str.capitalize() + ", " + rows.admission)
    found = rows.groupby("place").agg(
        stays=("septic", "size"),
        septic=("septic", "sum"),
        prevalence=("septic", "mean"),
        days=("admitted_at", lambda at: (at.max() - at.min()).days + 1),
    )
    return found.reset_index()


def gap(found, of, found_else, of_else, level=0.95):
    """Return one share minus another with Newcombe's interval (Stat Med 1998;17:873), by statsmodels.

    Examples
    --------
    >>> gap(3, 12, 100, 300).value  # 25% minus 33%
    -0.083...
    """
    from statsmodels.stats.proportion import confint_proportions_2indep

    value = found / of - found_else / of_else
    low, high = confint_proportions_2indep(found, of, found_else, of_else, method="newcomb", alpha=1 - level)
    return Estimate(float(value), float(low), float(high), level=level)
