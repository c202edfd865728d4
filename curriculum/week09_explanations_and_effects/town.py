"""Q3's causal hospital: eight features, of which the seed says which are causes. It knows them, so it is in no box.

A small town with equations of its own, so that no textbook answers. One hidden frailty moves most columns and the outcome. A
*proxy* has no arrow to the outcome. A *cause* has one. A *masked* cause is something that is done for the frailest: who
gets it comes back more, and it keeps people at home. All of it is an assumption.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit

PEOPLE = 8_000
# name: (unit, mean, spread, which end is worse, low, usual, high, decimals); the three values are those that may be set
BANK = {
    "stays_before": ("stays in the year before", 1.2, 1.1, 1, 0, 1, 3, 0),
    "emergency_before": ("emergency visits in half a year", 1.0, 1.0, 1, 0, 1, 3, 0),
    "los_days": ("days in hospital", 4.5, 2.4, 1, 2, 4, 8, 0),
    "haemoglobin": ("g/dL", 12.4, 1.7, -1, 10.5, 12.5, 14.5, 1),
    "sodium": ("mmol/L", 137, 3.5, -1, 132, 137, 141, 0),
    "albumin": ("g/dL", 3.6, 0.5, -1, 3.0, 3.6, 4.2, 1),
    "medicines": ("medicines at discharge", 8, 3.2, 1, 4, 8, 12, 0),
    "missed_visits": ("appointments missed in a year", 1.1, 1.1, 1, 0, 1, 3, 0),
    "metres_walked": ("metres in six minutes, last day", 260, 80, -1, 160, 260, 360, 0),
    "pain": ("pain score on the last day, 0 to 10", 3.2, 2.0, 1, 0, 3, 6, 0),
    "hours_slept": ("hours slept in the last night", 6.0, 1.3, -1, 4.5, 6.0, 7.5, 1),
    "hours_alone": ("hours a day alone at home", 9, 4, 1, 4, 9, 14, 0),
    "minutes_to_us": ("minutes to the hospital", 25, 12, 1, 10, 25, 40, 0),
    "days_to_visit": ("days to the first visit of a nurse", 8, 3.5, 1, 4, 8, 12, 0),
}
CARE = {  # done for the frailest; more of it is what somebody proposes
    "teaching_minutes": ("minutes of teaching before discharge", 25, 11, 1, 10, 25, 40, 0),
    "diet_visits": ("visits of a dietitian", 2, 1.3, 1, 0, 2, 4, 0),
    "nurse_minutes": ("minutes of a nurse a day", 90, 30, 1, 55, 90, 125, 0),
    "phone_checks": ("checks by telephone in the first week", 2, 1.2, 1, 0, 2, 4, 0),
}
LOADS = {  # on the hidden frailty; arrow to the log-odds of a return, per spread towards the worse end
    "strong proxy": (0.75, 0.0),
    "middle proxy": (0.60, 0.0),
    "weak proxy": (0.40, 0.0),
    "free proxy": (0.25, 0.0),
    "strong cause": (0.20, 0.34),
    "middle cause": (0.10, 0.27),
    "low cause": (0.05, 0.20),
    "masked cause": (0.85, -0.42),
}
ALWAYS = ("strong proxy", "middle proxy", "masked cause", "middle cause")
SOMETIMES = ("weak proxy", "free proxy", "strong cause", "low cause")


def made(dice):
    """Return the town's people, what each setting does, and which feature is what."""
    roles = {str(dice.choice(sorted(CARE))): "masked cause"}
    sometimes = _some(dice)
    others = [role for role in (*ALWAYS, *sometimes) if role != "masked cause"]
    names = dice.permutation(sorted(BANK))[: len(others)]
    roles |= dict(zip(names.tolist(), others, strict=True))
    order = dice.permutation(sorted(roles)).tolist()
    words = {name: (BANK | CARE)[name] for name in order}
    frailty, noise = dice.standard_normal(PEOPLE), dice.standard_normal((len(order), PEOPLE))
    luck = dice.random(PEOPLE)
    rows = pd.DataFrame(
        {
            name: _column(words[name], LOADS[roles[name]][0], frailty, one)
            for name, one in zip(order, noise, strict=True)
        }
    )
    back = luck < _risk(rows, frailty, roles, words)
    score = _model(rows, back)
    runs = {
        name: {value: _run(rows, name, value, frailty, roles, words, luck, score) for value in words[name][4:7]}
        for name in order
    }
    table = rows.assign(score=score(rows), back=back)
    shown = pd.DataFrame(
        [(name, words[name][0], *words[name][4:7], _proposed(name, words)) for name in order],
        columns=["feature", "unit", "low", "usual", "high", "proposed"],
    )
    return {"rows": table, "features": shown, "runs": runs, "roles": roles, "weights": score.weights}


def _some(dice):
    """Four more roles, two to five of the eight being causes; a role may come twice."""
    causes = int(dice.integers(0, 4))
    proxies = dice.choice(["weak proxy", "free proxy"], 4 - causes)
    return [*dice.choice(["strong cause", "low cause"], causes).tolist(), *proxies.tolist()]


def _proposed(name, words):
    """The better end as it seems; more, where it is care."""
    return words[name][6] if name in CARE or words[name][3] < 0 else words[name][4]


def _column(word, load, frailty, noise):
    _, mean, spread, worse, low, _, _, decimals = word
    value = mean + spread * worse * (load * frailty + np.sqrt(1 - load**2) * noise)
    return np.round(np.maximum(value, 0 if low == 0 else 0.4 * low), decimals)


def _risk(rows, frailty, roles, words):
    """The town's equation: the hidden frailty and the arrows, nothing else."""
    total = -2.1 + 1.1 * frailty
    for name, role in roles.items():
        if arrow := LOADS[role][1]:
            total = total + arrow * words[name][3] * (rows[name].to_numpy() - words[name][1]) / words[name][2]
    return expit(total)


def _model(rows, back):
    from sklearn.linear_model import LogisticRegression

    middle, spread = rows.mean(), rows.std()
    model = LogisticRegression(C=1.0).fit((rows - middle) / spread, back)

    def score(some):
        return model.predict_proba((some - middle) / spread)[:, 1]

    score.weights = pd.Series(model.coef_[0] / spread.to_numpy(), rows.columns)
    return score


def _run(rows, name, value, frailty, roles, words, luck, score):
    """One setting: the same people, the same dice; of 1,000."""
    pushed = rows.assign(**{name: float(value)})
    lived = [1000 * float((luck < _risk(some, frailty, roles, words)).mean()) for some in (rows, pushed)]
    said = [1000 * float(score(some).mean()) for some in (rows, pushed)]
    return {"score_before": said[0], "score_after": said[1], "back_before": lived[0], "back_after": lived[1]}
