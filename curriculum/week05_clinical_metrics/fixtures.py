"""What week 5 hands out: the vendor's score on every ward window, the stays it is judged on, places, a gap, two wards."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
from wardround.evaluation import Estimate

THRESHOLD = 2  # points; the vendor's own
LOCKOUT = pd.Timedelta(hours=24)  # after an alert the same stay is left in peace
HORIZON = pd.Timedelta(hours=24)  # an alert may claim an order that comes at most this much later
SMALLEST = 11  # septic stays; a group with fewer gets no rate: ours, an assumption
MARGIN = 0.10  # how far a group's sensitivity may lie below that of everybody else: ours, an assumption
VERDICTS = {
    "too few": "fewer than SMALLEST septic stays: no rate is shown",
    "worse": "the whole interval of the gap lies below zero",
    "no worse": "the whole interval of the gap lies above minus MARGIN",
    "cannot tell": "neither",
}
GROUPS = ("all", "septic", "not septic", "flagged", "not flagged", "rightly judged")
_CULTURE = "600-7"  # LOINC: bacteria identified in blood by culture

# What the brochure says, per stay; invented, and close to what the score does here by the brochure's own unit.
CLAIM = {"auroc": 0.83, "sensitivity": 0.88, "specificity": 0.66, "prevalence": 0.20}

# Wong et al., JAMA Intern Med 2021;181(8):1065-1070, per stay. The first two were read; the last two are remembered, and
# give back every rounded figure of the abstract.
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
    """The vendor's score of ward windows, 0 to 11 points (nine at most together); what is missing gives no point.

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


@_once
def recognised(hospital):
    """Return the septic stays that were at risk at least once, and whether the score found them in time.

    Columns of :func:`stays`, and ``found``: an alert while at risk, at most ``HORIZON`` before the first order.
    """
    rows = ward(hospital)
    rows = rows[~rows.ordered & ~rows.comfort_care]
    septic = stays(hospital).query("septic and encounter_id in @rows.encounter_id")
    alerts = rows[rows.alert].merge(septic[["encounter_id", "ordered_at"]])
    found = alerts.encounter_id[alerts.ordered_at - alerts["at"] <= HORIZON]
    return septic.assign(found=septic.encounter_id.isin(found)).reset_index(drop=True)


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

    if not of or not of_else:
        return Estimate(np.nan, np.nan, np.nan, level=level, note="nobody to compare with")
    value = found / of - found_else / of_else
    low, high = confint_proportions_2indep(found, of, found_else, of_else, method="newcomb", alpha=1 - level)
    return Estimate(float(value), float(low), float(high), level=level)


# how answers are put ---------------------------------------------------------------------------------------------------
# about the same score at three points
STRICTER = {"auroc": 0.83, "sensitivity": 0.64, "specificity": 0.83, "prevalence": 0.20}
_DISTRICTS = {"north": (1200, 630), "south": (400, 150), "coast": (2400, 1060), "hills": (11, 4), "islands": (10, 1)}
GROUPED_BY = ("race", "age_group", "sex", "interpreter", "site", "admission")


def carried_with(carried, hospital):
    """Put a function to the brochure and to a stricter claim, on our places and on the vendor's emergency department."""
    theirs = {
        "place": "Vendor's emergency department",
        "stays": 26_000,
        "septic": 5_200,
        "prevalence": 0.20,
        "days": 365,
    }
    table = pd.concat([places(hospital), pd.DataFrame([theirs])], ignore_index=True)
    return _stacked({name: carried(dict(claim), table.copy()) for name, claim in _CLAIMS.items()}, "claim")


_CLAIMS = {"brochure": CLAIM, "stricter": STRICTER}


@functools.cache
def invented_districts():
    """Return septic stays of a made-up country, ``district`` and ``found``: large groups, small ones, and one on the edge."""
    rows = [(f"invented-{name}-{n}", name, n < found) for name, (of, found) in _DISTRICTS.items() for n in range(of)]
    return pd.DataFrame(rows, columns=["encounter_id", "district", "found"])


def grouped(by_group, hospital):
    """Put a function to the septic stays of a hospital, by each way to group them, and to an invented country."""
    septic = recognised(hospital)
    tables = {by: by_group(septic.copy(), by) for by in GROUPED_BY}
    return _stacked(tables | {"district": by_group(invented_districts().copy(), "district")}, "by")


@functools.cache
def invented_stays():
    """Return ``(ward, stays)`` of twelve made-up stays, one for each way to stand on an edge of the rules.

    Scores come every eight hours from ten o'clock; times are hours after the first score.
    """
    begins, stays_rows, ward_rows = pd.Timestamp("2024-03-04 10:00", tz="UTC"), [], []
    for number, (septic, order, scores, comfort_from) in enumerate(_EDGES):
        names = {"encounter_id": f"invented-{number:02d}", "person_id": f"invented-{number:02d}", "site": "quillmere"}
        ordered_at = pd.NaT if order is None else begins + pd.Timedelta(hours=order)
        stays_rows.append(names | {"septic": septic, "ordered_at": ordered_at, "scores": len(scores)})
        for window, score in enumerate(scores):
            at = begins + window * pd.Timedelta(hours=8)
            state = {"ordered": bool(at >= ordered_at), "comfort_care": window >= comfort_from}
            ward_rows.append(names | {"at": at, "window": window, "score": score, "alert": score >= THRESHOLD} | state)
    return pd.DataFrame(ward_rows), pd.DataFrame(stays_rows)


_NEVER = 99
_EDGES = [  # septic, order (hours after the first score), scores, first score under comfort care
    (True, 4, [3, 3], _NEVER),  # in time, four hours
    (True, 2, [2, 3], _NEVER),  # in time, two hours exactly
    (True, 24, [2, 0, 0, 1], _NEVER),  # in time, a day exactly
    (True, 8, [0, 2, 3], _NEVER),  # its alert comes in the minute of the order
    (True, -1, [3, 3], _NEVER),  # ordered before the first score: never at risk
    (True, 30, [2, 0, 0, 0, 3], _NEVER),  # its only alert before the order is thirty hours early
    (True, 37, [2, 0, 0, 0, 2, 3], _NEVER),  # an early alert that does not count, and one five hours before
    (True, 20, [0, 0, 2], 2),  # its only alert comes under comfort care
    (True, 10, [2, 2], 0),  # under comfort care from the start: never at risk
    (True, 6, [1, 3], _NEVER),  # flagged after the order
    (False, 5, [3, 3], _NEVER),  # ordered, and not septic by review
    (False, None, [2, 2, 0], _NEVER),  # flagged, and not septic by review
]


def timed_with(in_time, hospital):
    """Put a function to a hospital and to the invented stays, whose figures are named ``…, invented``."""
    found = in_time(ward(hospital), stays(hospital))
    made = in_time(*(table.copy() for table in invented_stays())) if isinstance(found, dict) else None
    if not isinstance(made, dict):
        return found
    return found | {f"{name}, invented": value for name, value in made.items()}


def _stacked(tables, name):
    """One table of several, with the name of each; anything that is no table comes back as it is."""
    odd = next((table for table in tables.values() if not isinstance(table, pd.DataFrame)), None)
    if odd is not None or any(table is None for table in tables.values()):
        return odd
    return pd.concat([table.assign(**{name: key}) for key, table in tables.items()], ignore_index=True)


def cases(hospital):
    """Counts to put to a table of rates: ``case``, ``tp``, ``fp``, ``fn``, ``tn``; some cells are empty on purpose."""
    made = [
        ("a ward that is never flagged", 0, 0, 4, 196),
        ("a month without sepsis", 0, 12, 0, 88),
        ("everybody flagged", 4, 196, 0, 0),
        ("neither flagged nor septic", 0, 0, 0, 60),
        ("only septic stays", 9, 0, 3, 0),
        ("nobody at all", 0, 0, 0, 0),
        ("all flags wrong, all sepsis missed", 0, 7, 2, 91),
        ("no mistake", 5, 0, 0, 95),
        ("the published one", 843, 6_128, 1_709, 29_775),
    ]
    rows = stays(hospital)
    flagged = rows.encounter_id.isin(ward(hospital).query("alert").encounter_id)
    for site, mine in rows.groupby("site"):
        four = [(one & other)[mine.index] for other in (rows.septic, ~rows.septic) for one in (flagged, ~flagged)]
        tp, fn, fp, tn = (int(cell.sum()) for cell in four)
        made.append((site, tp, fp, fn, tn))
    return pd.DataFrame(made, columns=["case", "tp", "fp", "fn", "tn"])


def rated(rates, hospital):
    """Put a function to every case; a table with one row a case, or the first answer that is no dictionary."""
    table = []
    for row in cases(hospital).itertuples(index=False):
        found = rates(row.tp, row.fp, row.fn, row.tn)
        if not isinstance(found, dict):
            return found
        table.append({"case": row.case} | {name: np.nan if value is None else value for name, value in found.items()})
    return pd.DataFrame(table)


def alerts(hospital):
    """Return all alerts, also those after an order: ``person_id``, ``encounter_id``, ``at``, ``septic``."""
    septic = stays(hospital).set_index("encounter_id").septic
    rows = ward(hospital).query("alert")
    table = rows[["person_id", "encounter_id", "at"]]
    return table.assign(septic=rows.encounter_id.map(septic)).reset_index(drop=True)


# the slice of lesson 2: one score, two wards ------------------------------------------------------------------------------
TWO_WARDS = {"Quillmere, under 65": ("quillmere", False), "Eastbank, 65 and over": ("eastbank", True)}


def ward_of(rows):
    """Return in which of ``TWO_WARDS`` each row (with ``site`` and ``age``) lies; missing for neither, or in comfort care."""
    older = rows.age >= 65
    named = pd.Series(pd.NA, rows.index, dtype="string")
    for name, (site, old) in TWO_WARDS.items():
        named = named.mask((rows.site == site) & (older == old) & ~rows.comfort_care, name)
    return named


def pages(world, begins, weeks):
    """Return the alerts of a flight, one row each: ``ward``, ``week``, ``answered``, ``needed``.

    ``needed``: the patient gets worse within 24 hours if nobody comes. That is the simulator's; no hospital knows it.
    """
    rows = pd.DataFrame({name: world.windows[name] for name in ("stay", "window", "alert", "answered")})
    rows["hit"] = world.windows["event_u"] < world.windows["hazard"]
    rows = rows.sort_values(["stay", "window"])
    ahead = [rows.groupby("stay").hit.shift(-n, fill_value=False) for n in range(3)]
    of = rows.stay.to_numpy()
    where = {"site": np.array(["quillmere", "eastbank"])[world.stays["site"][of]], "age": world.stays["age"][of]}
    rows = rows.assign(needed=ahead[0] | ahead[1] | ahead[2], comfort_care=False, **where)
    rows["week"] = ((world.stays["admit"][of] + rows.window / 3) // 7 - begins + 1).astype(int)
    rows = rows[rows.alert & rows.week.between(1, weeks)]
    return rows.assign(ward=ward_of(rows))[["ward", "week", "answered", "needed"]].reset_index(drop=True)


def visits_to_spare(world, begins, weeks):
    """Return how many visits a shift could spare, by site: the median over the flight, of one for 21 occupied beds."""
    stay = world.windows["stay"]
    shift = np.floor(3 * world.stays["admit"][stay] + world.windows["window"]).astype(int)
    rows = pd.DataFrame({"site": world.stays["site"][stay], "shift": shift})
    rows = rows[rows["shift"].between(21 * begins, 21 * (begins + weeks) - 1)]
    beds = rows.groupby(["site", "shift"]).size()
    spare = (beds / 21).round().clip(lower=1).groupby("site").median()
    return {"quillmere": int(spare[0]), "eastbank": int(spare[1])}
