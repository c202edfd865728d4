"""The reader test: eight patients at the triage desk, and what a model says about them. It knows who is right, so it is in no box.

The colleague's candidate of week 7 (use case C), with one habit that nobody told it to have: it takes age for danger. Eight visits are
drawn on which its advice is right four times and wrong four times; two of each come with reasons, exact ones.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

SIGNS = ["heart_rate", "respiratory_rate", "temperature", "saturation", "systolic"]
UNITS = {
    "heart_rate": "/min",
    "respiratory_rate": "/min",
    "temperature": "°C",
    "saturation": "%",
    "systolic": "mm Hg",
    "age": "years",
}
WORDS = {
    "heart_rate": "heart rate",
    "respiratory_rate": "respiratory rate",
    "temperature": "temperature",
    "saturation": "oxygen saturation",
    "systolic": "systolic pressure",
    "age": "age",
}
HABIT = 0.045  # log-odds a year of age beyond 60 that the model adds (ours, an assumption)
LIKELY, UNLIKELY = 0.06, 0.012  # known risk above and below which a visit is taken as clear
ADVISED = 0.03  # the model's threshold


def made(visits, known, dice):
    """Return the eight visits, the advice on each, and what was right."""
    from sklearn.linear_model import LogisticRegression

    rows = visits.merge(known, on="encounter_id").dropna(subset=[*SIGNS, "age"]).reset_index(drop=True)
    table = rows[["age", *SIGNS]].astype(float)
    middle, spread = table.mean(), table.std()
    model = LogisticRegression(C=1.0).fit((table - middle) / spread, rows.critical_12h)
    parts = (table - middle) / spread * model.coef_[0]
    parts["age"] += HABIT * (table.age - 60)
    risk = 1 / (1 + np.exp(-(model.intercept_[0] + parts.sum(axis=1))))
    ill, well = rows.p_critical > LIKELY, rows.p_critical < UNLIKELY
    says = risk >= ADVISED
    honest = 1 / (1 + np.exp(-(model.intercept_[0] + parts.sum(axis=1) - HABIT * (table.age - 60))))
    turned = says != (honest >= ADVISED)  # wrong by its habit, so that a reader could see it in the reasons
    kinds = {"right_ill": ill & says, "right_well": well & ~says}
    kinds |= {"wrong_ill": ill & ~says & turned, "wrong_well": well & says & turned}
    found = []
    for kind, where in kinds.items():
        places = dice.permutation(np.flatnonzero(where))[:2]
        found += [(int(place), kind, bool(number)) for number, place in enumerate(places)]
    order = dice.permutation(len(found)).tolist()
    shown, answers = [], []
    for case, number in enumerate(order, 1):
        place, kind, explained = found[number]
        row = rows.iloc[place]
        shown.append(
            {
                "case": case,
                "age": int(row.age),
                "sex": row.sex,
                **{name: row[name] for name in SIGNS},
                "advice": _advice(bool(says[place]), float(risk[place])),
                "reasons": _reasons(parts.iloc[place], row) if explained else "",
            }
        )
        answers.append(
            {
                "case": case,
                "needs": kind.endswith("ill"),
                "advised": bool(says[place]),
                "explained": explained,
                "p_critical": float(row.p_critical),
            }
        )
    return pd.DataFrame(shown), pd.DataFrame(answers)


def _advice(high, risk):
    word = "high: see now" if high else "low: can wait"
    return f"risk of critical care within 12 hours {1000 * risk:.0f} of 1,000, {word}"


def _reasons(parts, row):
    """The three largest contributions against the mean of all visits, in words: raised by, lowered by."""
    largest = parts.reindex(parts.abs().sort_values(ascending=False).index)[:3]
    told = []
    for word, some in (("raised by", largest[largest > 0]), ("lowered by", largest[largest <= 0])):
        told += (
            [f"{word} {', '.join(f'{WORDS[name]} {row[name]:g} {UNITS[name]}' for name in some.index)}"]
            if len(some)
            else []
        )
    return "; ".join(told)


def rated(known, checksum):
    """Put what the reader kept in lesson 1 beside what was right: ``before`` and ``after``, True being "see now".

    Raises
    ------
    FileNotFoundError
        A rating is not kept.
    ValueError
        The ratings are of another hospital's cases, or not of all eight.
    """
    from wardround.course.memo import read_kept

    known = known.set_index("case")
    for name in ("before", "after"):
        value, origin = read_kept(f"w09_{name}")
        if origin["checksum"] != checksum:
            raise ValueError(f"w09_{name} rates cases of another hospital; open lesson 1 of week 9 with this one.")
        value = value.iloc[:, 0] if isinstance(value, pd.DataFrame) else pd.Series(value)
        known[name] = value.set_axis(value.index.astype(int)).reindex(known.index)  # plain data keep keys as text
        if known[name].isna().any():
            raise ValueError(f"w09_{name} lacks a rating of some of the eight cases; rate them in lesson 1 of week 9.")
    return known.astype({"before": bool, "after": bool}).reset_index()
