"""The bank behind Q2: columns that know the future, and columns that only sound so. It is in no box.

Of each hospital two loud leaks are drawn, one of them with a paper that is wrong, and one that is hidden: rare, or split over
four columns that say the same. Beside them stand columns with frightening names that were known at 08:00, one of them with
a paper that wrongly calls it late. What a column holds is made from the outcome by dice, and drawn again until the ranking hides
the hidden leak: of four columns that say the same, trees may take one for the others, and lift it to the third place.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from wardround.records.features import READMISSION

LATE, DOOR, MORNING = "after the stay", "at admission", "by 08:00 on the day of discharge"
OPEN = 250  # newest stays, of which nothing that comes later can be known yet

# name: (definition, source, when it is truly known, owner)
LOUD = {
    "code_count": ("number of codes of the stay", "coding system", "at final coding, back-dated", "coding"),
    "bill_changes": ("times the bill was changed", "billing system", "when the bill is closed", "billing"),
    "letters_sent": ("letters sent to the family doctor", "letter system", "within sixty days", "registration"),
    "insurer_queries": ("questions of the payer about the stay", "payer portal", "within ninety days", "billing"),
    "chart_openings": ("times the chart was opened", "audit log", "counted for thirty days on", "archive"),
    "order_changes": ("changes of standing prescriptions", "pharmacy system", "within thirty days", "pharmacy"),
    "contact_attempts": ("attempts to reach the patient", "call centre", "within thirty days", "call centre"),
}
RARE = {
    "bed_held": ("a bed was held for the patient", "bed board", "within thirty days", "bed management"),
    "records_requested": ("another hospital asked for the record", "archive", "within thirty days", "archive"),
    "transport_credit": ("an ambulance ride was credited", "billing system", "within sixty days", "billing"),
    "second_wristband": ("a second wristband was printed", "registration", "at the next arrival", "registration"),
}
SPLIT = {
    "claim_lines": ("lines of claims: {}", "clearing house", "within ninety days", "billing"),
    "minutes_charged": ("minutes charged: {}", "cost accounting", "at the end of the quarter", "controlling"),
    "items_issued": ("items issued to the account: {}", "stores", "at the end of the quarter", "stores"),
}
PARTS = ("laboratory", "imaging", "pharmacy", "nursing")
HARMLESS = {
    "outcome_of_last_stay": ("1 if the stay before this one was itself a return", "warehouse", DOOR, "warehouse"),
    "final_codes_last_year": ("final codes of the stays of the year before", "coding system", DOOR, "coding"),
    "readmission_talk": ("the team spoke of the risk of a return at the morning round", "rounds", MORNING, "care team"),
    "bill_changes_last_stay": ("times the bill of the stay before was changed", "billing system", DOOR, "billing"),
    "discharge_score": ("the nurse's score of readiness, 0 to 10", "rounds", MORNING, "nursing"),
    "deaths_in_family": ("deaths in the family, as told at admission", "history", DOOR, "care team"),
    "claims_last_year": ("claims of the year before", "payer's yearly file", DOOR, "billing"),
    "no_shows_last_year": ("appointments missed in the year before", "appointments", DOOR, "outpatients"),
}
SHOWN = 5  # of the harmless
WRONG_PAPER = "at final coding"  # what the paper of one harmless column says, wrongly
HIDDEN_FROM = 5  # place in the ranking: below the two loud ones and two columns that may stay
DRAWS = 40


def drawn(dice):
    """Return the names: loud leaks, hidden ones, harmless columns, and whose papers are wrong."""
    loud = dice.permutation(sorted(LOUD))[:2].tolist()
    rare = bool(dice.integers(2))
    hidden = [str(dice.choice(sorted(RARE)))]
    if not rare:
        stem = str(dice.choice(sorted(SPLIT)))
        hidden = [f"{stem}_{part}" for part in PARTS]
    harmless = dice.permutation(sorted(HARMLESS))[:SHOWN].tolist()
    return {"loud": loud, "rare": rare, "hidden": hidden, "harmless": harmless, "lies": [loud[0], harmless[0]]}


def suspect(names, stays, dice):
    """Return the model that is too good, with ``rows`` and ``back`` that it has not learnt from, ``newest`` and ``papers``."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    for _ in range(DRAWS):
        drawn = made(names, stays, dice)
        learnt = np.arange(len(drawn["rows"])) < 0.75 * len(drawn["rows"])
        model = HistGradientBoostingClassifier(max_iter=80, max_depth=4, learning_rate=0.08, random_state=0)
        model.fit(drawn["rows"][learnt], drawn["back"][learnt])
        drawn |= {name: drawn[name][~learnt].reset_index(drop=True) for name in ("rows", "back")}
        if hides(parts_of(model, drawn["rows"]), names):
            return {"model": model, **drawn}
    raise RuntimeError(f"In {DRAWS} draws the ranking never hid {', '.join(names['hidden'])}; weaken it in this file.")


def parts_of(model, rows):
    """Return the SHAP values of rows, a column each."""
    import shap

    return pd.DataFrame(shap.TreeExplainer(model)(rows).values, columns=rows.columns)


def hides(parts, names):
    """Whether the ranking by mean |SHAP| hides the leak, and four columns together stand above all that is legitimate."""
    size, hidden = parts.abs().mean(), names["hidden"]
    together = parts[hidden].sum(axis=1).abs().mean()
    legitimate = size.drop([*names["loud"], *hidden]).max()
    return size.rank(ascending=False)[hidden].min() >= HIDDEN_FROM and (names["rare"] or together > legitimate)


def made(names, rows, dice):
    """Return the table with these columns, its newest stays, and the papers of every column."""
    rows = rows[rows.readmitted_30d.notna()].sort_values("asked_at", ignore_index=True)
    back = rows.readmitted_30d.astype(bool).to_numpy()
    open_ = np.arange(len(rows)) >= len(rows) - OPEN
    columns = {}
    for place, name in enumerate(names["loud"]):
        columns[name] = np.where(open_, 0, dice.poisson(np.where(back, (3.4, 2.9)[place], 0.9)))
    columns |= _rare(names, back, open_, dice) if names["rare"] else _split(names, back, open_, dice)
    columns |= {name: _harmless(name, rows, dice) for name in names["harmless"]}
    table = pd.concat([READMISSION.compute(rows), pd.DataFrame(columns, index=rows.index).astype(float)], axis=1)
    order = [*READMISSION.names, *dice.permutation(sorted(columns)).tolist()]
    table = table[order]
    return {
        "rows": table[~open_].reset_index(drop=True),
        "back": pd.Series(back[~open_], name="back"),
        "newest": table[open_].reset_index(drop=True),
        "papers": _papers(names, order),
    }


def _rare(names, back, open_, dice):
    """One of a hundred rows, and nearly all of them come back."""
    hit = dice.random(len(back)) < np.where(back, 0.10, 0.001)
    return {names["hidden"][0]: np.where(open_, 0, hit)}


def _split(names, back, open_, dice):
    """Four columns with one story: a hidden count, seen four times with noise."""
    story = dice.poisson(np.where(back, 3.5, 2.5))
    return {
        name: np.where(open_, 0, np.maximum(story + np.rint(dice.normal(0, 1.2, len(back))), 0))
        for name in names["hidden"]
    }


def _harmless(name, rows, dice):
    """Known at 08:00: made of prior use, or of nothing."""
    prior, size = rows.stays_before.to_numpy(), len(rows)
    if name == "outcome_of_last_stay":
        return (prior > 0) & (dice.random(size) < 0.15 + 0.05 * np.minimum(prior, 4))
    if name == "discharge_score":
        return np.clip(np.rint(8 - 0.5 * np.minimum(prior, 4) - 0.2 * rows.charlson + dice.normal(0, 1.3, size)), 0, 10)
    if name == "readmission_talk":
        return dice.random(size) < 0.05 + 0.06 * np.minimum(prior, 4)
    if name == "deaths_in_family":
        return dice.poisson(0.4, size)
    scale = {"final_codes_last_year": 2.5, "claims_last_year": 3.0, "no_shows_last_year": 0.4}.get(name, 0.5)
    return dice.poisson(scale * np.minimum(prior, 6) + 0.3)


def _papers(names, order):
    words = LOUD | RARE | HARMLESS
    words |= {f"{stem}_{part}": (word[0].format(part), *word[1:]) for stem, word in SPLIT.items() for part in PARTS}
    known = READMISSION.table().set_index("name")
    papers = []
    for name in order:
        if name in words:
            definition, source, when, owner = words[name]
        else:
            definition, source, when, owner = known.loc[name, ["definition", "source", "known_when", "owner"]]
        if name in names["lies"]:
            when = DOOR if name in names["loud"] else WRONG_PAPER
        papers.append((name, definition, source, when, owner))
    return pd.DataFrame(papers, columns=["column", "definition", "source", "known_when", "owner"])
