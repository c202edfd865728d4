"""How week 11's questions are put to an answer; what comes back is plain data. Nothing here knows what is right."""

from __future__ import annotations

import copy
import json
import re

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from wardround.evaluation import auroc_value

AGAIN = 600  # rows of the second release


def copied(thing):
    """A copy that nobody shares."""
    return copy.deepcopy(thing)


# Q1 -------------------------------------------------------------------------------------------------------------------
def rebuild(table, features):
    """Learn A1 on all years but the last and test it on the last."""
    if lacking := [name for name in (*features, "back", "year") if name not in table]:
        raise KeyError(f"A1 is rebuilt on {', '.join(lacking)}, which the table does not have.")
    year = pd.to_numeric(table["year"], errors="coerce")
    last = (year == year.max()).to_numpy()
    rows, back = table[list(features)].astype(float), table["back"].astype(bool).to_numpy()
    empty = rows[~last].isna().all()
    rows = rows.loc[:, ~empty]
    model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    score = model.fit(rows[~last], back[~last]).predict_proba(rows[last])[:, 1]
    return {"auroc": float(auroc_value(back[last], score)), "returns": int(back[last].sum()), "stays": int(last.sum())}


def released(release, table):
    """The table that would leave, and what the same function makes of the same table, and of some rows, when asked again."""
    whole = release(table.copy())
    if whole is ...:
        return ...
    twice = _flat(release(table.copy())).tail(AGAIN).reset_index(drop=True)  # enough rows to compare codes
    some = _flat(release(table.tail(AGAIN).reset_index(drop=True)))
    return {"table": _flat(whole), "twice": twice, "some": some}


def _flat(table):
    """A table without an index that tells something; its columns as plain values."""
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"release must return a DataFrame; a {type(table).__name__} came back")
    if not pd.api.types.is_integer_dtype(table.index):
        table = table.reset_index()
    table = table.reset_index(drop=True)
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise ValueError(f"the table has the column {twice[0]!r} twice")
    return table.rename(columns=str).apply(_plain)


def _plain(column):
    """Dates, periods and the like as text: a table that leaves is read as text as well."""
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return column.astype(float)
    return column.map(lambda value: None if _gone(value) else str(value)).astype(object)


def _gone(value):
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value))


# Q2 -------------------------------------------------------------------------------------------------------------------
def scrubbed(scrub, notes):
    """Note to what the function leaves of it."""
    found = {}
    for name, text, record in zip(notes["note"], notes["text"], notes["record"], strict=True):
        said = scrub(text, dict(record))
        if said is ...:
            return ...
        if not isinstance(said, str):
            raise TypeError(f"scrub must return a text; a {type(said).__name__} came back")
        found[name] = said
    return found


# Q3 -------------------------------------------------------------------------------------------------------------------
def guarded(guard, payloads, roster, actions):
    """Payload to the action and, as JSON, what leaves."""
    found = {}
    for payload in payloads:
        said = guard(copied(payload), {kind: set(values) for kind, values in roster.items()})
        if said is ...:
            return ...
        if not isinstance(said, (tuple, list)) or len(said) != 2 or said[0] not in actions:
            raise TypeError(
                f"guard must return a pair of one of {', '.join(actions)} and what leaves; {said!r:.60} came back"
            )
        action, leaves = said
        if action != "block" and not isinstance(leaves, dict):
            raise TypeError(f"with {action!r} the payload that leaves must come back, a dictionary")
        found[payload["id"]] = [
            action,
            "" if action == "block" else json.dumps(leaves, ensure_ascii=False, default=str),
        ]
    return found


# Q4 -------------------------------------------------------------------------------------------------------------------
def marked(marks, drafts, kinds):
    """Draft to its marks, each once and in order; what cannot be read is said under ``problem``."""
    found = {}
    for name, one in drafts.items():
        said = marks.get(name, ...)
        if said is ...:
            continue
        said = [said] if isinstance(said, str) else said
        if not isinstance(said, (list, tuple, set)):
            return {"problem": f"{name} has {said!r}; a list of marks is asked, empty where the draft is sound"}
        for mark in said:
            if problem := _mark_problem(mark, one, kinds):
                return {"problem": f"{name}: {problem}"}
        found[name] = sorted({" ".join(str(mark).split()) for mark in said})
    return found or {"problem": f"no draft is named; they are {', '.join(drafts)}"}


def _mark_problem(mark, one, kinds):
    form = re.fullmatch(r"\s*(\w+)\s+(\d+)\s*", str(mark))
    if not form or form[1] not in kinds:
        return f"{mark!r} is no mark; write one of {', '.join(kinds)} and a number"
    part = "chart" if form[1] == "omitted" else "draft"
    if form[2] not in one[part]:
        return f"its {part} has no number {form[2]}, as {mark!r} says"
    return None


# Q5 and Q6 ------------------------------------------------------------------------------------------------------------
SITES = {"Quillmere General": "Quillmere", "Eastbank": "Eastbank"}
TURNED = (("Emergency Department", "Emergency"), (" North", "N"), (" South", "S"), (" West", "W"), (" East", "E"))


def whereabouts(hospital):
    """Encounters with the department's name as the access log writes it."""
    names = {one["id"]: _department(one["name"]) for one in hospital.resources("Location")}
    rows = hospital.tables.encounters
    table = pd.DataFrame(
        {
            "patient_id": rows["patient_key"],
            "department": rows["location"].map(names),
            "began": rows["admitted_at"],
            "ended": rows["discharged_at"],
        }
    )
    return table.dropna(subset=["patient_id", "began"]).reset_index(drop=True)


def _department(name):
    """'Quillmere General 5 South, Heart and Lung' is 'Quillmere 5S' in the log."""
    name = name.split(",")[0]
    for long, short in (*SITES.items(), *TURNED):
        name = (
            name.replace(f"{long} ", f"{short} ")
            if long in SITES
            else name.removesuffix(long) + short * name.endswith(long)
        )
    return name


def named_users(lookers, known):
    """The users that are named, each once."""
    if isinstance(lookers, str | dict) or not hasattr(lookers, "__iter__"):
        return {"problem": f"a {type(lookers).__name__} is there where users should be listed"}
    names = list(dict.fromkeys(map(str, lookers)))
    if strange := [name for name in names if name not in known]:
        return {"problem": f"the directory has no user {strange[0]!r}"}
    return {"users": sorted(names)} if names else {"problem": "nobody is named"}


def reviewed(review, answers, letters):
    """Answer to its word and letter."""
    found = {}
    for name in answers:
        said = review.get(name, ...)
        if said is ...:
            continue
        if isinstance(said, str):
            said = (said, None)
        if not isinstance(said, (tuple, list)) or len(said) != 2 or said[0] not in ("pass", "fail"):
            return {"problem": f"{name} has {said!r}; a pair of 'pass' or 'fail' and a letter is asked"}
        word, letter = said
        if letter is not None and letter not in letters:
            return {"problem": f"{name} has the letter {letter!r}; there are {', '.join(letters)}"}
        found[name] = [word, letter]
    return found or {"problem": f"no answer is named; they are {', '.join(answers)}"}
