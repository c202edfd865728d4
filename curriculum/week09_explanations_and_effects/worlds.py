"""How week 9's calls and its causal hospital are made. It knows the risks, so it is in no box.

Three towns of Quillmere's size, other people than those of the hospital at hand, drawn by a seed of their own and lived once under usual
care. Who is on the care managers' list, who draws a ticket and who comes back is then drawn by the known risks, in two
worlds: as it is, and with support at home that nobody writes down (``hospital.incidents.UnmeasuredSupport``, told for the
first discharge only: what would have followed later from it is not). A push lets the hospital's own equations run again,
with one column set to a value and every die as it fell.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from wardround.hospital import parameters as sheet
from wardround.hospital import simulate, warehouse
from wardround.hospital.incidents import UnmeasuredSupport
from wardround.hospital.stays import after, usual_call
from wardround.records.features import READMISSION

TOWNS = 3
BEGINS, YEAR, WEEKS = 104, 156, 208  # two years with tickets, 2024 and 2025; the second is that of pushes and lists
NO_INDEX = (sheet.DIED, sheet.HOSPICE, sheet.AMA, sheet.TRANSFER)
TICKET = 0.20  # a trial of two years: a tenth, as week 8 had it, leaves an interval of 60 of 1,000 (ours)
LEAST, MOST = 0.05, 0.92  # usual care's chance of a call, as the hospital has it
FACTS = ("age", "stays_before", "emergency_before", "los_days", "charlson", "group", "payer", "interpreter", "planned")
FACTS += (*sheet.CONDITIONS, "site")

# what is pushed, to which value; the column of the model's equations and of the record bear the same name
PUSHES = {
    "stays_before": 0,
    "emergency_before": 0,
    "los_days": 2.0,
    "haemoglobin": 14.0,
    "sodium": 140.0,
    "albumin": 4.2,
    "creatinine": 0.9,
    "interpreter": False,
    "group": "other",
    "called": True,
}


def made(dice):
    """Return the stays with their known risks, and what each push does."""
    seed = int(dice.integers(2**63))
    world = simulate(seed, WEEKS, float(TOWNS))
    kept = world.stays["discharge"] >= 7 * BEGINS
    kept &= (world.stays["discharge"] < 7 * WEEKS) & ~np.isin(world.stays["disposition"], NO_INDEX)
    ward = world.labs["stay"] >= 0
    labs = {name: column[ward] for name, column in world.labs.items()}
    rows = warehouse.stay_rows(seed, world.people, world.stays, labs)[kept].reset_index(drop=True)
    stays = {name: column[kept] for name, column in world.stays.items()}
    second = stays["discharge"] >= 7 * YEAR
    return {"rows": _told(rows, stays), "pushes": _pushed(seed, rows, stays, second)}


def _told(rows, stays):
    """Recorded facts, and the known risks in both worlds."""
    shift = UnmeasuredSupport().call_log_odds(stays)
    usual, home = stays["p_call"], stays["eligible_home"]
    moved = np.clip(expit(logit(np.clip(usual, LEAST, MOST)) + shift), LEAST, MOST)
    frame = pd.DataFrame(
        {
            "stay": [f"C{number:05d}" for number in range(len(rows))],
            "patient": stays["person"],
            "week": np.floor(stays["discharge"] / 7).astype(int) - YEAR,
            "discharged_at": rows.discharged_at,
            "home": home,
            "lace": stays["lace"].astype(int),
        }
    )
    frame = pd.concat([frame, rows[list(FACTS)]], axis=1)
    p0 = stays["p0"]
    hidden = expit(logit(p0) - shift)
    return frame.assign(
        reachable=stays["reached"],
        chance=usual,
        p0=p0,
        p1=p0 * (1 - stays["benefit"]),
        chance_support=np.where(home & ~stays["planned"], moved, usual),
        p0_support=hidden,
        p1_support=hidden * (1 - stays["benefit"]),
    ).sort_values("discharged_at", ignore_index=True)


HIDDEN = ("p0", "p1", "chance", "reachable")  # what the columns begin with that no table shows


def drawn(rows, support, dice):
    """Return stays with a list, tickets, calls and returns drawn once, in one of the two worlds, and the known effect."""
    fallen, effect = fell(rows, support, dice)
    return rows.drop(columns=[name for name in rows if name.startswith(HIDDEN)]).assign(**fallen), effect


def fell(rows, support, dice):
    """Return the drawn columns alone, and the mean known effect of a call on who is listed."""
    end = "_support" if support else ""
    dies = dice.random((3, len(rows)))
    listed, ticket = dies[0] < rows[f"chance{end}"].to_numpy(), dies[1] < TICKET
    called = listed & ~ticket
    back = dies[2] < np.where(called, rows[f"p1{end}"], rows[f"p0{end}"])
    columns = {"listed": listed, "held_out": ticket, "called": called, "reached": called & rows.reachable.to_numpy()}
    return columns | {"back": back}, float((rows[f"p0{end}"] - rows[f"p1{end}"])[listed].mean())


def hold_out(columns):
    """Fewer returns of 1,000 among those listed, by counting, and the standard error."""
    called, ticket = (columns["back"][columns["listed"] & some] for some in (columns["called"], columns["held_out"]))
    spread = called.var() / len(called) + ticket.var() / len(ticket)
    return [1000 * float(ticket.mean() - called.mean()), 1000 * float(spread**0.5)]


def _pushed(seed, rows, stays, second):
    """Score and returns of the second year's stays as they are, and after each push."""
    score = _model(rows[~second], stays, ~second)
    rows, stays = rows[second], {name: column[second] for name, column in stays.items()}
    before = _lived(seed, stays)
    found = []
    for name, value in PUSHES.items():
        now = _lived(seed, _set(stays, name, value), called=value if name == "called" else None)
        to = np.where(rows.planned, rows.group, value) if name == "group" else value  # as _set has it
        pushed = rows if name == "called" else rows.assign(**{name: to})
        found.append(
            {
                "feature": name,
                "set_to": value,
                "score_before": 1000 * score(rows).mean(),
                "score_after": 1000 * score(pushed).mean(),
                "back_before": 1000 * before["back"].mean(),
                "back_after": 1000 * now["back"].mean(),
                "calls_before": 1000 * before["called"].mean(),
                "calls_after": 1000 * now["called"].mean(),
            }
        )
    return pd.DataFrame(found)


def _model(rows, stays, learnt):
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    back = np.where(stays["called"], stays["y1"], stays["y0"])[learnt]
    model.fit(READMISSION.compute(rows), back)
    return lambda rows: model.predict_proba(READMISSION.compute(rows))[:, 1]


def _set(stays, name, value):
    """The columns of the hospital's equations after a push; results of the laboratory stand in none of them."""
    if name == "los_days":
        return stays | {"discharge": stays["admit"] + value}
    if name in ("stays_before", "emergency_before"):
        return stays | {name: np.full(len(stays["row"]), value, dtype=stays[name].dtype)}
    if name == "interpreter":
        return stays | {name: np.full(len(stays["row"]), value)}
    if name == "group":
        unplanned = np.where(stays["planned"], stays["group"], sheet.GROUP[value])
        return stays | {"group": unplanned}
    return stays


def _lived(seed, stays, called=None):
    """What follows: usual care decides anew who is called, and every die falls as before."""
    lived = usual_call(seed, stays)
    if called is not None:
        lived["called"] = lived["eligible_home"] & called
    lived = after(seed, lived)
    return {"called": lived["called"], "back": np.where(lived["called"], lived["y1"], lived["y0"])}
