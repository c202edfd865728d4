"""The bank behind Q4: the training code as it is on the main branch, and changes to it that a colleague proposes.

The code is real: every version runs, and the tests measure what each change does to the AUROC it reports. Of what kind a
leak is, and what repairs it, stands in ``keys.py`` alone. A *slot* is a place in the code; a draw takes at most one change
a slot.
"""

from difflib import unified_diff

PATH = "readmission/report.py"
# The file on the main branch: lines that stay, and between ``slot`` markers those that a change may replace.
BASE = '''\
"""Readmission within thirty days, asked at 08:00 on the day of discharge: the AUROC that goes on the slide."""

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from wardround.evaluation import auroc_value
from wardround.records.cohort import cohort
from wardround.records.features import READMISSION

CUT = pd.Timestamp("2023-09-04", tz="America/New_York")
# slot: dates
FOLLOW_UP = pd.Timedelta(days=150)  # 30 to watch, 120 until payers have told
# end


def stays_of(hospital):
    """Index stays of Quillmere in the order of time, with ``back``: an unplanned readmission."""
    stays = cohort(hospital)
    stays = stays.assign(back=stays["state"].eq("readmitted"))
    # slot: rows
    stays = stays[stays["site"].eq("quillmere")]
    # end
    return stays.sort_values("asked_at", ignore_index=True)


def features(stays):
    """One row a stay, known at ``asked_at``."""
    table = READMISSION.compute(stays)
    person = stays.groupby("person_id")
    # slot: history
    # end
    # slot: admin
    # end
    # slot: labs
    # end
    # slot: place
    # end
    return table


def split(stays):
    """Stays with a known outcome teach, later ones judge; who judges does not teach."""
    # slot: split
    judge = stays["asked_at"] >= CUT
    later = stays["person_id"].isin(stays.loc[judge, "person_id"])
    teach = (stays["discharged_at"] + FOLLOW_UP <= CUT) & ~later
    return stays.index[teach], stays.index[judge]
    # end


def candidate(strength=0.01):
    """Everything that is fitted stands in here."""
    # slot: model
    steps = [SimpleImputer(), StandardScaler()]
    # end
    return make_pipeline(*steps, LogisticRegression(C=strength, max_iter=1000))


def report(hospital):
    """Train, judge, and return the AUROC."""
    stays = stays_of(hospital)
    table = features(stays)
    # slot: scale
    # end
    # slot: select
    # end
    teach, judge = split(stays)
    back = stays["back"]
    # slot: fit
    model = candidate().fit(table.loc[teach], back[teach])
    # end
    risk = model.predict_proba(table.loc[judge])[:, 1]
    # slot: judge
    return auroc_value(back[judge], risk)
    # end
'''

# name -> (slot, lines to put there, lines to import)
CHANGES = {
    "dates.longer": (
        "dates",
        "FOLLOW_UP = pd.Timedelta(days=180)  # payers have become slower",
        "",
    ),
    "rows.clear": (
        "rows",
        'stays = stays[stays["site"].eq("quillmere")]\n'
        "# keep clear controls: patients who did not come back must not turn up later either\n"
        'last = stays.groupby("person_id")["asked_at"].transform("max")\n'
        'stays = stays[stays["back"] | stays["asked_at"].eq(last)]',
        "",
    ),
    "rows.adults": (
        "rows",
        '# adults only, as the protocol says\nstays = stays[stays["site"].eq("quillmere") & stays["age"].ge(18)]',
        "",
    ),
    "rows.told": (
        "rows",
        'stays = stays[stays["site"].eq("quillmere")]\n'
        "# without stays whose claims cannot be complete yet\n"
        'end = stays["discharged_at"].max()\n'
        'stays = stays[stays["discharged_at"] + pd.Timedelta(days=30) <= end]',
        "",
    ),
    "history.all": (
        "history",
        'table["stays_of_person"] = person["encounter_id"].transform("count")',
        "",
    ),
    "history.first": (
        "history",
        "# people in the middle of a series of stays\n"
        'table["in_series"] = stays["asked_at"].lt(person["admitted_at"].transform("max")).astype(float)',
        "",
    ),
    "history.past": (
        "history",
        'table["stays_so_far"] = person.cumcount()  # rows are in the order of time',
        "",
    ),
    "history.gap": (
        "history",
        "# days since the discharge before this one\n"
        'gap = stays["admitted_at"] - person["discharged_at"].shift(1)\n'
        'table["days_since_last"] = gap.dt.days.clip(upper=365).fillna(365)',
        "",
    ),
    "admin.codes": ("admin", 'table["codes"] = stays["code_count"]  # how complex the stay is', ""),
    "admin.bill": ("admin", 'table["bill_final"] = stays["billing_status"].eq("final").astype(float)', ""),
    "admin.missed": ("admin", 'table["missed"] = stays["no_show"].astype(float)  # adherence', ""),
    "admin.weekday": ("admin", 'table["discharge_weekday"] = stays["asked_at"].dt.day_of_week', ""),
    "admin.interpreter": ("admin", 'table["interpreter"] = stays["interpreter"].astype(float)', ""),
    "admin.charlson": ("admin", 'table["charlson"] = stays["charlson"]', ""),
    "labs.worst": (
        "labs",
        "# a single value says little: take each person's lowest\n"
        'for name in ("haemoglobin", "sodium", "albumin"):\n'
        '    table[name] = person[name].transform("min")',
        "",
    ),
    "labs.next": (
        "labs",
        "# no result in this stay: take the nearest one we have\n"
        'for name in ("haemoglobin", "sodium", "albumin"):\n'
        "    table[name] = person[name].bfill()",
        "",
    ),
    "labs.last": (
        "labs",
        "# no result in this stay: take the last one we had\n"
        'for name in ("haemoglobin", "sodium", "albumin"):\n'
        "    table[name] = person[name].ffill()",
        "",
    ),
    "labs.low": ("labs", 'table["anaemic"] = stays["haemoglobin"].lt(10).astype(float)', ""),
    "place.rate": (
        "place",
        "# some physicians and neighbourhoods see more of their patients again\n"
        'table["place_rate"] = stays.groupby(["zip", "attending"])["back"].transform("mean")',
        "",
    ),
    "place.region": ("place", 'table["region"] = stays["zip"].str[:3].astype(float)', ""),
    "split.known": (
        "split",
        'judge = stays["asked_at"] >= CUT\n'
        'later = stays["person_id"].isin(stays.loc[judge, "person_id"])\n'
        "return stays.index[~judge & ~later], stays.index[judge]",
        "",
    ),
    "split.person": (
        "split",
        'judge = stays["asked_at"] >= CUT\n'
        'teach = stays["discharged_at"] + FOLLOW_UP <= CUT\n'
        "return stays.index[teach], stays.index[judge]",
        "",
    ),
    "split.copies": (
        "split",
        "# readmissions are rare: let each count five times\n"
        'rows = stays.index.repeat(np.where(stays["back"], 5, 1))\n'
        "return train_test_split(rows, test_size=0.3, random_state=7)",
        "from sklearn.model_selection import train_test_split",
    ),
    "split.names": (
        "split",
        'asked_later = stays["asked_at"] >= CUT\n'
        'known_by_cut = stays["discharged_at"] + FOLLOW_UP <= CUT\n'
        'also_later = stays["person_id"].isin(stays["person_id"][asked_later])\n'
        "return stays.index[known_by_cut & ~also_later], stays.index[asked_later]",
        "",
    ),
    "model.indicator": ("model", "steps = [SimpleImputer(add_indicator=True), StandardScaler()]", ""),
    "model.best": (
        "model",
        "steps = [SimpleImputer(), StandardScaler(), SelectKBest(k=25)]  # the 25 best columns",
        "from sklearn.feature_selection import SelectKBest",
    ),
    "scale.all": ("scale", "table = (table - table.mean()) / table.std()", ""),
    "scale.mean": ("scale", "table = table.fillna(table.mean())", ""),
    "scale.median": ("scale", "table = table.fillna(table.median())  # robust to outliers", ""),
    "select.teams": (
        "select",
        "# physician and neighbourhood together: keep the 100 pairs that matter\n"
        'teams = pd.get_dummies(stays["attending"] + " " + stays["zip"], dtype=float)\n'
        'best = SelectKBest(k=100).fit(teams, stays["back"]).get_support()\n'
        "table = table.join(teams.loc[:, best])",
        "from sklearn.feature_selection import SelectKBest",
    ),
    "select.groups": (
        "select",
        "# which diagnoses go home well, which come back\n"
        'table["group_rate"] = stays["back"].groupby([stays["group"], stays["attending"]]).transform("mean")',
        "",
    ),
    "select.constant": (
        "select",
        "table = table.loc[:, table.std() > 0]  # columns that say the same of everybody",
        "",
    ),
    "fit.all": (
        "fit",
        "model = candidate().fit(table, back)  # more data, better model",
        "",
    ),
    "fit.strength": (
        "fit",
        "fitted = [candidate(c).fit(table.loc[teach], back[teach]) for c in np.logspace(-4, 2, 25)]\n"
        "model = max(fitted, key=lambda one: auroc_value(back[judge], one.predict_proba(table.loc[judge])[:, 1]))",
        "",
    ),
    "fit.folds": (
        "fit",
        'grid = {"logisticregression__C": [0.001, 0.01, 0.1]}\n'
        'search = GridSearchCV(candidate(), grid, scoring="roc_auc", cv=GroupKFold(5))\n'
        'model = search.fit(table.loc[teach], back[teach], groups=stays.loc[teach, "person_id"])',
        "from sklearn.model_selection import GridSearchCV, GroupKFold",
    ),
    "fit.balance": (
        "fit",
        "# readmissions are rare: let each count three times while learning\n"
        "rows = teach.repeat(np.where(back[teach], 3, 1))\n"
        "model = candidate().fit(table.loc[rows], back[rows])",
        "",
    ),
    "judge.round": ("judge", "return round(auroc_value(back[judge], risk), 3)", ""),
    "judge.events": (
        "judge",
        'print(f"{int(back[judge].sum())} events in {len(judge)} stays")\nreturn auroc_value(back[judge], risk)',
        "",
    ),
}

# by slot: what a draw may take as a leak, and what as a change in order
LEAKING = {
    "rows": ("rows.clear",),
    "history": ("history.all", "history.first"),
    "admin": ("admin.codes", "admin.bill", "admin.missed"),
    "labs": ("labs.worst", "labs.next"),
    "place": ("place.rate",),
    "split": ("split.known", "split.person", "split.copies"),
    "select": ("select.teams", "select.groups"),
    "fit": ("fit.all", "fit.strength"),
}
IN_ORDER = {
    "dates": ("dates.longer",),
    "rows": ("rows.adults", "rows.told"),
    "history": ("history.past", "history.gap"),
    "admin": ("admin.weekday", "admin.interpreter", "admin.charlson"),
    "labs": ("labs.last", "labs.low"),
    "place": ("place.region",),
    "split": ("split.names",),
    "model": ("model.indicator", "model.best"),
    "scale": ("scale.all", "scale.mean", "scale.median"),
    "select": ("select.constant",),
    "fit": ("fit.folds", "fit.balance"),
    "judge": ("judge.round", "judge.events"),
}
COLUMNS, STEPS = ("history", "admin", "labs", "place"), ("rows", "split", "select", "fit")


def drawn(dice):
    """Five leaks, two or three of them columns; an untidy line; three changes that are in order."""
    many = int(dice.integers(2, 4))
    slots = [*dice.permutation(COLUMNS)[:many], *dice.permutation(STEPS)[: 5 - many]]
    names = [str(dice.choice(LEAKING[slot])) for slot in slots]
    free = [slot for slot in IN_ORDER if slot not in slots and slot != "scale"]
    names += [str(dice.choice(IN_ORDER[slot])) for slot in ["scale", *dice.permutation(free)[:3]]]
    return names


def code_with(names):
    """The training code with some changes of the bank, as lines, and for each line the change that it belongs to."""
    chosen = {CHANGES[name][0]: name for name in names}
    imports = [line for name in names for line in CHANGES[name][2].splitlines()]
    lines, slot = [], None
    for line in BASE.splitlines():
        word = line.strip()
        if word.startswith("# slot: "):
            slot, name = word.removeprefix("# slot: "), chosen.get(word.removeprefix("# slot: "))
            indent = line[: len(line) - len(line.lstrip())]
            if name:
                lines += [(f"{indent}{new}" if new else "", name) for new in CHANGES[name][1].splitlines()]
        elif word == "# end":
            slot = None
        elif slot is None or slot not in chosen:
            lines.append((line, slot))
    block = [place for place, (line, _) in enumerate(lines) if line.startswith("from sklearn")]
    imports = sorted({*imports, *(lines[place][0] for place in block)})
    return [*lines[: block[0]], *((line, None) for line in imports), *lines[block[-1] + 1 :]]


def diff_of(names):
    """The unified diff of some changes as lines, and for each change the numbers of its lines, from 1 on."""
    before, after = code_with([]), code_with(names)
    texts = [[line for line, _ in version] for version in (before, after)]
    lines = list(unified_diff(*texts, f"a/{PATH}", f"b/{PATH}", lineterm=""))
    return lines, _numbered(lines, before, after, {CHANGES[name][0]: name for name in names})


def _numbered(lines, before, after, slots):
    """Numbers of the changed lines of each change; a removed line belongs to the change of its slot."""
    numbers, old, new = {name: [] for name in slots.values()}, 0, 0
    for number, line in enumerate(lines, 1):
        if line.startswith("@@"):
            old, new = (abs(int(part.split(",")[0])) for part in line.split()[1:3])
            continue
        if line.startswith(("---", "+++")):
            continue
        owner = after[new - 1][1] if line.startswith("+") else slots.get(before[old - 1][1])
        if line[:1] in "+-" and owner in numbers:
            numbers[owner].append(number)
        old, new = old + (not line.startswith("+")), new + (not line.startswith("-"))
    return numbers
