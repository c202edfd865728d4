"""What week 9 hands out: models to explain, leaks to find, a causal hospital to push, calls to judge, cases to rate."""

from __future__ import annotations

import contextlib
import functools
import pickle
import runpy
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
from wardround.course.given import apart, by_hand, secret
from wardround.course.store import write_atomically

_HERE = Path(__file__).parent
BESIDE = ("words.py", "small.py")  # goes into the grading box with this file; what knows answers does not
_WORDS = runpy.run_path(str(_HERE / "words.py"))
WORLDS, FORTY, CAUSE, PROXY, UNITS = (_WORDS[name] for name in ("WORLDS", "FORTY", "CAUSE", "PROXY", "UNITS"))
PARTS, TIMES = _WORDS["PARTS"], _WORDS["TIMES"]


def _dice(text):
    """A generator for a text, the same on every machine."""
    return np.random.default_rng(int.from_bytes(sha256(text.encode()).digest()[:8]))


@functools.cache
def _beside(name):
    """A module beside this one, as its names."""
    return runpy.run_path(str(_HERE / name))


def _once(make):
    """Keep what was made for a hospital, by its checksum: every check asks again."""
    kept = {}

    @functools.wraps(make)
    def handed(hospital):
        if hospital.checksum not in kept:
            kept[hospital.checksum] = make(hospital)
        return kept[hospital.checksum]

    return handed


_SMALL = runpy.run_path(str(_HERE / "small.py"))
facts, weighed = _SMALL["facts"], _SMALL["weighed"]


# the reader test ------------------------------------------------------------------------------------------------------
def cases(hospital):
    """Return eight visits at the triage desk: vital signs, then what a model advises, and on half of them why."""
    return _cases(hospital)[0].copy()


@apart
def _cases(hospital):
    return _drawn_cases(hospital)


@_once
def _drawn_cases(hospital):
    from wardround.hospital import open_truth  # no module of a box may know it

    known = open_truth(hospital.path.parent).emergency[["encounter_id", "p_critical"]]
    visits = hospital.warehouse.emergency.sort_values("encounter_id", ignore_index=True)
    return _beside("cases.py")["made"](visits, known, _dice(f"{hospital.checksum} cases {secret(hospital)}"))


def known_cases(hospital):
    """Return who needed critical care, by case. For week 10; not in the grading box."""
    return _drawn_cases(hospital)[1].copy()


def ratings(said):
    """Hand a rating of the eight cases on, case to True or False; nothing yet where nothing is said.

    Raises
    ------
    ValueError
        A case is not rated, or is rated with something else than True and False.
    """
    return _beside("ratings.py")["whole"](said)


def rated(hospital):
    """Return the learner's own reader test, ``known_cases`` with ``before`` and ``after``; raises where it is not kept or not whole.

    For week 10; not in the grading box.
    """
    return _beside("cases.py")["rated"](known_cases(hospital), hospital.checksum)


# Q1 -------------------------------------------------------------------------------------------------------------------
def models(hospital):
    """Return three small models by name, each with ``model``, ``background`` and ``rows`` to practise on.

    ``logistic``: imputed, scaled; ``trees``: boosted trees on numbers, some of them missing; ``groups``: boosted trees with a
    column of codes that are categories. ``model.decision_function`` speaks log-odds, ``predict_proba`` probabilities.
    """
    made = _small(hospital)
    return {
        name: SimpleNamespace(model=one.model, background=one.background.copy(), rows=one.rows.copy())
        for name, one in made.items()
    }


@apart
def _small(hospital):
    return _SMALL["models"](hospital, _dice(f"{hospital.checksum} small {secret(hospital)}"))


def explained(explain, hospital):
    """Put a function to rows of each model that it has not seen: unit, base and contributions, as plain numbers."""
    found = {}
    for name, one in _small(hospital).items():
        found[name] = []
        for number in range(len(one.judged)):
            row = one.judged.iloc[[number]].reset_index(drop=True)
            said = explain(one.model, one.background.copy(), row)
            if said is ...:
                return ...
            found[name].append(_SMALL["contributions"](said, list(row), UNITS))
    return found


def outputs(hospital):
    """Return what each model says of the judged rows, in both units. Not in the grading box."""
    told = {}
    for name, one in _small(hospital).items():
        said = zip(one.model.decision_function(one.judged), one.model.predict_proba(one.judged)[:, 1], strict=True)
        told[name] = [dict(zip(UNITS, map(float, pair), strict=True)) for pair in said]
    return told


# Q2 -------------------------------------------------------------------------------------------------------------------
def suspect(hospital):
    """Return a model that is too good: ``model``, ``rows`` and ``back`` of stays it has not learnt from, ``newest``, ``papers``.

    ``newest`` holds the last 250 stays, as their columns stood when the table was drawn, days after they ended; nobody knows yet
    who comes back. ``papers``: a row a column, what it holds, and when it is said to be known.
    """
    made = _suspect(hospital)
    return SimpleNamespace(**{name: thing.copy() if hasattr(thing, "copy") else thing for name, thing in made.items()})


@apart
def _suspect(hospital):
    return _drawn_suspect(hospital)


@_once
def _drawn_suspect(hospital):
    dice = _dice(f"{hospital.checksum} columns {secret(hospital)}")
    return _beside("leaks.py")["suspect"](leaks_of(hospital), hospital.warehouse.stays, dice)


def leaks_of(hospital):
    """Return the names drawn for a hospital: ``loud``, ``hidden``, ``harmless``, ``lies``. Not in the grading box."""
    return _beside("leaks.py")["drawn"](_dice(f"{by_hand(hospital)} leaks"))


def named(leaks, hospital):
    """The learner's columns, each once, in the table's order; ``problem`` says what cannot be read."""
    columns = list(_suspect(hospital)["rows"])
    names = [leaks] if isinstance(leaks, str) else list(leaks)
    if unknown := [name for name in names if name not in columns]:
        return {"problem": f"the table has no column {unknown[0]!r}"}
    return {"named": [name for name in columns if name in names]} if names else {"problem": "no column is named"}


# Q3 -------------------------------------------------------------------------------------------------------------------
def town(hospital):
    """Return a causal hospital's stays: eight features, ``score`` of its model, ``back``. Another hospital gets another town."""
    return _town(hospital)["rows"].copy()


def features(hospital):
    """Return the town's eight features: unit, three values to which each may be set, and the one that somebody proposes."""
    return _town(hospital)["features"].copy()


def weights(hospital):
    """Return the weights of the town's model, in log-odds a unit: it is logistic, so ``weight * (x - mean)`` is its SHAP value."""
    return _town(hospital)["weights"].copy()


def what_if(hospital, feature, value):
    """Let the town live again with one feature of everybody set to a value: the same people, the same dice.

    Returns ``score_before score_after back_before back_after``, each of 1,000 stays.

    Raises
    ------
    KeyError
        The feature is none of the town's, or the value is none of the three in ``features(hospital)``.
    """
    runs = _town(hospital)["runs"]
    if feature not in runs:
        raise KeyError(f"The town has no {feature!r}; it has {', '.join(runs)}.")
    if value not in runs[feature]:
        raise KeyError(f"{feature} can be set to {', '.join(f'{one:g}' for one in runs[feature])}, not to {value!r}.")
    return dict(runs[feature][value])


@apart
def _town(hospital):
    return {name: thing for name, thing in _drawn_town(hospital).items() if name != "roles"}


@_once
def _drawn_town(hospital):
    return _beside("town.py")["made"](_dice(f"{by_hand(hospital)} town"))


def roles_of(hospital):
    """Return what each of the town's features is. Not in the grading box."""
    return dict(_drawn_town(hospital)["roles"])


def judged(verdicts, hospital):
    """The learner's word and number for each feature; ``problem`` says what cannot be read."""
    found = {}
    for feature in _town(hospital)["runs"]:
        said = verdicts.get(feature, ...)
        if said is ...:
            continue
        if not isinstance(said, (tuple, list)) or len(said) != 2:
            return {"problem": f"{feature} has {said!r}; a pair of a word and a number is asked"}
        if said[0] not in (CAUSE, PROXY):
            return {"problem": f"{feature} is said to be {said[0]!r}; take {CAUSE!r} or {PROXY!r}"}
        found[feature] = [str(said[0]), float(said[1])]
    return found or {"problem": "no feature of the town is named"}


# calls ----------------------------------------------------------------------------------------------------------------
def calls(hospital, world=WORLDS[0]):
    """Return the stays of 2024 and 2025 of three towns, in one of the two ``WORLDS``.

    One row a stay: facts as known at 08:00 on the day of discharge; ``home`` (goes home: who does not is never called); ``listed`` (on the
    care managers' list, written before tickets are opened); ``held_out`` (the ticket, one discharge in five: no call); ``called``
    (listed, without a ticket: somebody dials); ``reached`` (somebody answered); ``back`` (an unplanned return within thirty days).
    ``week`` 0 begins on 30 December 2024.
    """
    if world not in WORLDS:
        raise KeyError(f"There is no world {world!r}; take one of {', '.join(map(repr, WORLDS))}.")
    return _calls(hospital)[world].copy()


@apart
def _calls(hospital):
    return {world: rows for world, (rows, _) in _drawn_calls(hospital).items()}


@_once
def _drawn_calls(hospital):
    rows, draw = _lived(hospital)["rows"], _beside("worlds.py")["drawn"]
    name = f"{hospital.checksum} calls {secret(hospital)}"
    return {world: draw(rows, world != WORLDS[0], _dice(f"{name} {world}")) for world in WORLDS}


@_once
def _lists(hospital):
    return _SMALL["lists"](calls(hospital))


def lists(hospital):
    """Return the home discharges of 2025 in three towns with ``risk`` and ``benefit``, learnt on the calls of 2024.

    ``benefit`` is a T-learner's: risk without a call less risk with one. ``FORTY`` calls a week can be made.
    """
    return _lists(hospital).copy()


def known_effect(hospital, world=WORLDS[0]):
    """Return how many fewer returns a call brings, of 1,000 offered to who is listed, by the known risks. Not in the box."""
    return 1000 * _drawn_calls(hospital)[world][1]


def known_risk(hospital):
    """Return the known risk of each stay of ``calls`` without a call, ``p0``, and with one, ``p1``. Not in the box."""
    return _lived(hospital)["rows"].set_index("stay")[["p0", "p1"]]


def pushes(hospital):
    """Return what happens in the three towns when one column of everybody is set to a value; of 1,000 stays of 2025.

    ``score`` before and after, by a model of week 4's form; ``back`` before and after, with every die as it fell; ``calls`` of usual
    care, which decides by recorded facts. Not in the box.
    """
    return _lived(hospital)["pushes"].copy()


# Q4 -------------------------------------------------------------------------------------------------------------------
DRAWS = 5  # of each world, the same people and other dice


@apart
def _trials(hospital):
    return [(world, columns) for world, columns, _ in _drawn_trials(hospital)]


@_once
def _drawn_trials(hospital):
    rows, fell = _lived(hospital)["rows"], _beside("worlds.py")["fell"]
    name = f"{hospital.checksum} trials {secret(hospital)}"
    return [
        (world, *fell(rows, world != WORLDS[0], _dice(f"{name} {world} {number}")))
        for world in WORLDS
        for number in range(DRAWS)
    ]


def estimated(effect, hospital):
    """Put a function to five draws of each world; it is not told which world it sees."""
    table, found = calls(hospital), []
    for _, columns in _trials(hospital):
        answer = effect(table.assign(**columns))
        if answer is ...:
            return ...
        if not isinstance(answer, dict) or not set(PARTS) <= set(answer):
            raise TypeError(f"effect must return a dictionary with {', '.join(PARTS)}")
        found.append({part: float(answer[part]) for part in PARTS})
    return {"draws": found}


def held_against_the_known(answer, hospital):
    """Beside each estimate its world, the known effect, and what the hold-out of that draw says."""
    drawn = _drawn_trials(hospital)
    told = []
    for said, (world, columns, known) in zip(answer["draws"], drawn, strict=True):
        told.append(
            said | {"world": world, "known": 1000 * known, "hold_out": _beside("worlds.py")["hold_out"](columns)}
        )
    return {"draws": told}


# Q5 and Q6 ------------------------------------------------------------------------------------------------------------
def two_backgrounds(hospital):
    """Return ``model`` (logistic), ``everyone`` and ``ward`` (heart failure and COPD) as backgrounds, and eight ``patients`` of the ward."""
    made = _two_backgrounds(hospital)
    return SimpleNamespace(
        model=made.model, **{name: getattr(made, name).copy() for name in ("everyone", "ward", "patients")}
    )


@apart
def _two_backgrounds(hospital):
    return _beside("backgrounds.py")["made"](hospital, _dice(f"{hospital.checksum} two backgrounds {secret(hospital)}"))


def told_twice(stories, hospital):
    """The first reason of each patient against each background, as the learner's function says it."""
    made = two_backgrounds(hospital)
    found = stories(made.model, made.everyone, made.ward, made.patients)
    if found is ...:
        return ...
    if isinstance(found, pd.DataFrame):
        found = _pairs(found, made.patients.index)
    return {str(patient): [str(reason) for reason in pair] for patient, pair in dict(found).items()}


def _pairs(table, patients):
    """A table's two reasons by patient, whether the patients stand in its index or in a column."""
    if lacking := [name for name in ("everyone", "ward") if name not in table]:
        have = ", ".join(map(str, table.columns))
        raise ValueError(f"the table has no column {' and no '.join(lacking)}; it has {have}")
    table = table.set_index("patient") if "patient" in table else table
    if strange := [patient for patient in patients if patient not in table.index]:
        raise ValueError(f"the table has no row {strange[0]}; put the patients into its index")
    return {patient: tuple(table.loc[patient, ["everyone", "ward"]]) for patient in patients}


def listed_weekly(forty, hospital):
    """Put a function to each week's home discharges: the stays it names."""
    found = {}
    for week, rows in lists(hospital).groupby("week"):
        named = forty(rows.reset_index(drop=True))
        if named is ...:
            return ...
        named = list(named)
        if strange := [stay for stay in named if stay not in set(rows.stay)]:
            raise ValueError(f"{strange[0]!r} is no stay of that week")
        if len(set(named)) != len(named) or len(named) > FORTY:
            raise ValueError(
                f"{len(named)} stays are named, {len(set(named))} of them different; {FORTY} calls can be made"
            )
        found[str(week)] = sorted(named)
    return {"weeks": found}


def averted(answer, hospital):
    """Returns averted in a year by the known risks: by the learner's lists, and by forty of the care managers' list."""
    risk, table = known_risk(hospital), lists(hospital)
    benefit = risk.p0 - risk.p1
    mine = float(sum(benefit[stays].sum() for stays in answer["weeks"].values()))
    usual = table[table.listed].groupby("week").stay.apply(lambda stays: benefit[stays].mean() * min(FORTY, len(stays)))
    return {"weeks": answer["weeks"], "averted": mine, "usual": float(usual.sum())}


_LIVED = {}


def _lived(hospital):
    """The towns' years, truth included: made once, some twelve seconds, and kept beside the hospital."""
    name = f"{hospital.checksum} {secret(hospital)}"
    if name not in _LIVED:
        from wardround.hospital import VERSION  # no module of a box may know it

        source = f"{(_HERE / 'worlds.py').read_text()} {VERSION} {name}"
        path = hospital.path.parent / "cache" / f"week09-{sha256(source.encode()).hexdigest()[:16]}.pickle"
        if path.exists():
            _LIVED[name] = pickle.loads(path.read_bytes())  # written by us, a few lines below
        else:
            _LIVED[name] = _beside("worlds.py")["made"](_dice(f"{name} towns"))
            with contextlib.suppress(OSError):  # a read-only disk: it is made again next time
                path.parent.mkdir(exist_ok=True)
                write_atomically(path, pickle.dumps(_LIVED[name], protocol=5))
    return _LIVED[name]
