"""How a fourth year is made: one world of usual care, told three times. It knows the risks, so it is in no box.

The people are others than those of the hospital at hand, three towns of Quillmere's size, drawn by a seed of their own.
The model has the features and the form of week 4's, learnt anew on both sites' stays of 2024, as week 6 found that the old one
promised Eastbank too much.

The two other versions are not lived anew: what a call takes away, or an ended service brings, is drawn by the known
risks, and a stay that began with a return that did not happen is left out. What would have followed later from that is
not told; ``simulate`` with a policy and an incident does so, ten times slower.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from wardround.hospital import parameters as sheet
from wardround.hospital import simulate, warehouse
from wardround.hospital.incidents import HomeVisitsEnd
from wardround.records.features import READMISSION

TOWNS = 3
BEGINS, WEEKS = 156, 208  # the fourth year, in weeks since January 2022
BEFORE = 52  # weeks of the third year that are kept beside it
LEARNT_UNTIL = -21  # the model learns on 2024; outcomes of later stays were not known at its end
THRESHOLD = 0.12  # who is called
TAKES = 0.40  # of the risk, beside what a call alone takes away: the visit that comes with it (ours, an assumption)
TICKET = 0.10  # share of discharges drawn for no call; those going home are drawn by the hospital itself
TOLD = (10, 120)  # days after a return elsewhere on which the payer tells
NO_INDEX = (sheet.DIED, sheet.HOSPICE, sheet.AMA, sheet.TRANSFER)
INPUTS = ("age", "los_days", "stays_before", "emergency_before", "charlson", *warehouse.STAY_RESULTS)
INPUTS += ("group", "payer", "sex", "interpreter", "htn", "dm", "cad", "ckd", "af")

OFFSET = 0.4  # g/dL, 3 of 100 of the mean: what a new analyser reads higher (ours, an assumption)

FEED = {  # what a fault makes of the columns; as in ``hospital.incidents``, with the smaller offset
    "unit": lambda rows: {"creatinine": rows.creatinine.where(rows.site != "eastbank", rows.creatinine * 88.4)},
    "offset": lambda rows: {"haemoglobin": rows.haemoglobin + OFFSET},
    "renamed": lambda rows: {"sodium": np.nan},
}


def made(dice):
    """Return ``{version: stays}`` of 2024 and 2025; ``p0`` and ``p1`` are the known risks without and with a call."""
    rows = _stays(simulate(int(dice.integers(2**63)), WEEKS, float(TOWNS)))
    rows = rows[rows.week >= -BEFORE].reset_index(drop=True)
    rows = rows.assign(**_scores(rows, rows.week < LEARNT_UNTIL))
    drawn = {name: dice.random(len(rows)) for name in ("ticket", "lag", "day", "helped", "harmed")}
    rows["stay"] = [f"Y{number:05d}" for number in range(len(rows))]
    rows["held_out"] |= ~rows.home & (drawn["ticket"] < TICKET)
    versions = {
        "quiet": rows,
        "home visits end": _without_visits(rows, drawn),
        "the model calls": _with_our_calls(rows, drawn),
    }
    return {name: _written(told, drawn) for name, told in versions.items()}


def _stays(world):
    """The stays that can be counted, as the warehouse has them, with what became of them and the known risks."""
    rows, day = warehouse.tables(world)["stays"]
    known = {name: column[rows.index] for name, column in world.stays.items()}
    rows = rows.assign(
        patient=known["person"],
        town=known["person"] % TOWNS,
        week=np.floor(day / 7).astype(int) - BEGINS,
        admitted=known["admit"],
        returned=known["returned_at"],
        home=known["eligible_home"],
        back=np.isin(known["next_event"], [1, 2]),
        here=known["next_event"] == 1,
        after=known["next_day"],
        prevented=known["called"] & known["y0"] & ~known["y1"],
        lived_by_visits=HomeVisitsEnd().readmission_log_odds(known),
        benefit=known["benefit"],
        p0=known["p0"],
        p1=known["p1"],
    )
    return rows[~np.isin(known["disposition"], NO_INDEX)].sort_values("discharged_at", ignore_index=True)


def _scores(rows, learnt):
    """The score, and what it would be under each fault of the feed."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    table = READMISSION.compute(rows)
    model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    model.fit(table[learnt], rows.back[learnt])
    tables = {"score": table} | {
        f"score_{name}": READMISSION.compute(rows.assign(**make(rows))) for name, make in FEED.items()
    }
    return {name: model.predict_proba(table)[:, 1].round(4) for name, table in tables.items()}


def _without_visits(rows, drawn):
    """Home visits end with 2024: more of those who lived by them come back."""
    risk = expit(logit(rows.p0) + rows.lived_by_visits * (rows.week >= 0))
    share = risk / rows.p0 - 1  # of p0 that is added
    more = (rows.week >= 0) & ~rows.back & (drawn["harmed"] < share * rows.p0 / (1 - rows.p0))
    return rows.assign(p0=risk, p1=rows.p1 * (1 + share), back=rows.back | more)


def _with_our_calls(rows, drawn):
    """From 2025 on the model says who is called, and a visit comes with each call."""
    year = rows.week >= 0
    called = np.where(year, rows.home & ~rows.held_out & (rows.score >= THRESHOLD), rows.called)
    share = np.where(year, np.minimum(rows.benefit + TAKES, 0.9), rows.benefit)
    without = rows.back | (rows.prevented & year)  # what usual care's own calls had prevented
    helped = year & called & (drawn["helped"] < share)
    gone = pd.MultiIndex.from_frame(rows.loc[rows.back & helped & rows.here, ["patient", "returned"]])
    kept = ~pd.MultiIndex.from_frame(rows[["patient", "admitted"]]).isin(gone)
    told = rows.assign(called=called, back=without & ~helped, p1=rows.p0 * (1 - share))
    return told.assign(kept=kept)


def _written(rows, drawn):
    """The moment at which each return is known; one that was drawn here gets its day and its place."""
    new = rows.back & ~np.isfinite(rows.after)
    days = np.where(new, 30 * drawn["day"] ** sheet.RETURN_SHAPE, rows.after)
    here = np.where(new, drawn["lag"] > 0.22, rows.here)
    lag = np.where(here, 0, TOLD[0] + (TOLD[1] - TOLD[0]) * drawn["lag"] / np.where(new, 0.22, 1))
    known = rows.discharged_at + pd.to_timedelta(days + lag, unit="D")
    rows = rows.assign(known_at=known.where(rows.back).dt.floor("s"))
    rows = rows[rows.kept] if "kept" in rows else rows
    first = [
        "stay",
        "patient",
        "town",
        "site",
        "week",
        "discharged_at",
        "home",
        "score",
        "held_out",
        "called",
        "known_at",
    ]
    first += [f"score_{name}" for name in FEED]
    return rows[[*first, *INPUTS, "back", "p0", "p1"]].reset_index(drop=True)
