"""Looking at a model from outside: what moves its risks, what it learnt from, what it says of strangers.

A training function is put to a table, its model to fresh stays. Then columns are scrambled, states exchanged, few stays
asked about instead of many. Nothing here knows a true risk; whether it is a good model is said in ``keys.py``.
"""

from __future__ import annotations

import base64
import functools
import warnings

import numpy as np
import pandas as pd
from wardround.evaluation import auroc_value

# columns of ``warehouse.stays`` that are written after 08:00 on the day of discharge (the truth's ``availability``)
WRITTEN_LATER = (
    *("disposition", "discharged_at", "called", "held_out", "code_count", "no_show", "billing_status", "cost_year"),
    *("sepsis_clinical", "sepsis_claims", "deteriorated_at", "readmitted_30d", "days_to_readmission", "died_30d"),
)
IDS, PLACE = ("encounter_id", "patient_id", "person_id"), ("zip", "attending")
A_FEW = 5_000  # fresh stays on which each column is scrambled by itself


def looked_at(train, stays, fresh):
    """Return everything that a check looks at, as plain data; ``...`` where there is no model yet.

    Parameters
    ----------
    train : callable
        Stays with ``state`` and ``whole`` to a fitted estimator, or to a function of stays.
    stays, fresh : DataFrame
        To learn from; to be asked about.

    Returns
    -------
    dict
        ``risk`` of the fresh stays (packed); ``learnt``: AUROC on the rows learnt; ``moved``: of 1,000 fresh stays those
        whose risk moves when a column written later is scrambled; ``ids`` and ``place``: the same for ids, and for ZIP
        and physician; ``alone``: how far a risk moves when the model is asked about few stays instead of all;
        ``values``: how many different risks; ``answers``: how the mean risk changes with what stands in the rows that
        nobody can know.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = train(stays.copy())
        if model is ...:
            return ...
        ask = functools.partial(risks_of, model)
        risk, whole = ask(fresh), stays[stays.whole]
        few = slice(1000, 1200)
        return {
            "risk": packed(risk),
            "learnt": auroc_value(whole.state.eq("readmitted"), ask(whole.drop(columns=["state", "whole"]))),
            "moved": _moved(ask, fresh, risk),
            "ids": _share_moved(ask, fresh, risk, IDS),
            "place": _share_moved(ask, fresh.iloc[:A_FEW], risk[:A_FEW], PLACE),
            "alone": float(np.abs(ask(fresh.iloc[few]) - risk[few]).max()),
            "values": len(np.unique(np.round(risk, 9))),
            "answers": _probed(train, stays, fresh.iloc[:4000]),
        }


def risks_of(model, rows):
    """One risk a row, from an estimator or a function."""
    found = _called(model, rows.copy())
    found = np.asarray(found, dtype=float)
    found = found[:, -1] if found.ndim == 2 and found.shape[1] == 2 else found
    if found.shape != (len(rows),):
        raise ValueError(
            f"for {len(rows):,} stays the model gave an array of shape {found.shape}; one risk a row is asked"
        )
    if not np.isfinite(found).all():
        raise ValueError(
            f"{int((~np.isfinite(found)).sum()):,} of {len(rows):,} risks are missing; each stay needs one"
        )
    if found.min() < 0 or found.max() > 1:
        raise ValueError(
            f"the model's values run from {found.min():.3g} to {found.max():.3g}; a risk lies between 0 and 1, points do not"
        )
    return found


def _called(model, rows):
    """What a model says of rows; where it stops, the reason in words of the question."""
    try:
        return _asked(model, rows)
    except KeyError as trouble:
        raise LookupError(
            f"the model asked for {trouble.args[0]}; the stays that it is asked about have the warehouse's columns, no state"
        ) from trouble
    except ValueError as trouble:
        if "feature names" not in str(trouble).lower():
            raise
        raise ValueError(
            "the estimator was fitted on other columns than it is asked with: it gets stays as the warehouse has them; "
            "return a function that makes the features first, or put that step into the pipeline"
        ) from trouble


def _asked(model, rows):
    if hasattr(model, "predict_proba"):
        classes = list(getattr(model, "classes_", [False, True]))
        place = classes.index("readmitted") if "readmitted" in classes else len(classes) - 1
        return model.predict_proba(rows)[:, place]
    if hasattr(model, "predict"):
        return model.predict(rows)
    if callable(model):
        return model(rows)
    if model is None:
        raise TypeError("train returned None: a function that lacks its `return` does so")
    raise TypeError(
        f"train returned a {type(model).__name__}; it must return a fitted estimator, or a function of stays"
    )


def _scrambled(rows, columns):
    dice = np.random.default_rng(4)
    return rows.assign(**{name: rows[name].to_numpy()[dice.permutation(len(rows))] for name in columns})


def _share_moved(ask, rows, risk, columns):
    moved = np.abs(ask(_keep_types(rows, _scrambled(rows, columns))) - risk) > 1e-6
    return float(1000 * moved.mean())


def _keep_types(rows, changed):
    return changed.astype(rows.dtypes.to_dict())


def _moved(ask, rows, risk):
    """Of 1,000 stays those whose risk moves, by the column that is scrambled; empty if none does."""
    if not _share_moved(ask, rows, risk, WRITTEN_LATER):
        return {}
    few = rows.iloc[:A_FEW]
    shares = {name: _share_moved(ask, few, risk[:A_FEW], [name]) for name in WRITTEN_LATER}
    return {name: share for name, share in shares.items() if share} or {"several together": 0.0}


def _probed(train, stays, rows):
    """Mean risks of models trained on 1,500 stays in which a state was changed, over the mean risk without it."""
    dice = np.random.default_rng(5)
    whole = stays[stays.whole & stays.state.ne("died_first")]
    whole = whole.iloc[np.sort(dice.permutation(len(whole))[:1500])]
    open_ended = stays[~stays.whole]
    open_ended = open_ended.iloc[np.sort(dice.permutation(len(open_ended))[:300])]
    some = whole.index[whole.state.eq("neither")][::6]
    shuffled = whole.assign(state=whole.state.to_numpy()[dice.permutation(len(whole))])
    tables = {
        "not observable": pd.concat([whole, open_ended.assign(state="not_observable")]),
        "readmitted, not whole": pd.concat([whole, open_ended.assign(state="readmitted")]),
        "died first": whole.assign(state=whole.state.mask(whole.index.isin(some), "died_first")),
    }
    plain = risks_of(train(whole.copy()), rows)
    found = {name: float(risks_of(train(table), rows).mean() / plain.mean()) for name, table in tables.items()}
    return found | {"shuffled": float(np.abs(risks_of(train(shuffled), rows) - plain).max())}


def packed(risk):
    """Risks as short text: sixteen bits each. An answer of 21,000 numbers would be slow to read."""
    return base64.b64encode(np.round(np.asarray(risk) * 65535).astype("<u2").tobytes()).decode()


def unpacked(text):
    """Risks from what :func:`packed` made."""
    return np.frombuffer(base64.b64decode(text), dtype="<u2") / 65535
