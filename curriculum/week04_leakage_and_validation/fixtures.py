"""What week 4 hands out: a harness with four leaks, features to audit, stays to learn from, a pull request, a bench."""

from __future__ import annotations

import functools
import runpy
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
from wardround.course.fresh import fresh_stays
from wardround.course.given import apart, by_hand
from wardround.evaluation import auroc, auroc_value
from wardround.records.cohort import cohort, data_end, outcomes
from wardround.records.features import READMISSION
from wardround.records.splits import SIDES, known_at, split_by_time, violations

CUT = pd.Timestamp("2023-09-04", tz="America/New_York")  # the day on which the model would have gone live
FOLLOW_UP = pd.Timedelta(days=150)  # 30 to watch, 120 until payers have told
_SIGNS = ["heart_rate", "respiratory_rate", "temperature", "systolic", "saturation"]
_RESULTS = ["creatinine", "urea", "lactate", "leukocytes", "glucose"]
BESIDE = ("judging.py",)  # goes into the grading box with this file; the two banks, which hold answers, do not
_JUDGING = runpy.run_path(str(Path(__file__).with_name("judging.py")))
packed, unpacked = _JUDGING["packed"], _JUDGING["unpacked"]


def _once(make):
    """Keep what was made for a hospital, by its checksum: every check asks again."""
    kept = {}

    @functools.wraps(make)
    def made(hospital):
        if hospital.checksum not in kept:
            kept[hospital.checksum] = make(hospital)
        return kept[hospital.checksum]

    return made


def _dice(hospital, salt):
    """A generator for a hospital and a purpose, the same on every machine."""
    return _dice_of(hospital.checksum, salt)


def _dice_of(checksum, salt):
    return np.random.default_rng(int.from_bytes(sha256(f"{checksum} {salt}".encode()).digest()[:8]))


def _bank(name):
    """One of the two modules beside this one that hold answers; there is none in the grading box."""
    return runpy.run_path(str(Path(__file__).with_name(name)))


@_once
def _index_stays(hospital):
    stays = cohort(hospital).sort_values(["asked_at", "encounter_id"], ignore_index=True)
    return stays.assign(back=stays.state.eq("readmitted"))


def _logistic(table, back, strength=0.01):
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(C=strength, max_iter=1000))
    return model.fit(table, back)


# P1 -------------------------------------------------------------------------------------------------------------------
def coin_rows(hospital, patients=1600):
    """Ward rows of some patients, one every eight hours, with ``coin``: a coin thrown once for each patient.

    ``patient_id``, vital signs, last results (gaps filled with the median) and age. Nothing in a row can know the coin.
    """
    rows = _ward_rows(hospital, patients, "coin")
    names = pd.unique(rows.patient_id)
    coins = pd.Series(_dice(hospital, "throw").random(len(names)) < 0.5, names)
    return rows.assign(coin=rows.patient_id.map(coins))


def _ward_rows(hospital, patients, salt):
    windows = hospital.warehouse.windows
    people = _dice(hospital, salt).permutation(np.sort(windows.patient_id.unique()))[:patients]
    rows = windows[windows.patient_id.isin(people)].reset_index(drop=True)
    values = rows[[*_SIGNS, *_RESULTS]]
    return rows[["patient_id", "encounter_id"]].join(values.fillna(values.median())).assign(age=rows.age)


def forest(rows, label, folds, trees=12):
    """Risks of a small forest for every row, each row's from a forest that has not seen its half.

    Parameters
    ----------
    rows : DataFrame
        As :func:`coin_rows`; everything but ``patient_id``, ``encounter_id`` and ``coin`` is a feature.
    label : array of bool
    folds : array
        0 or 1: the half to which each row belongs.
    """
    from sklearn.ensemble import RandomForestClassifier

    table = rows.drop(columns=["patient_id", "encounter_id", "coin"], errors="ignore").to_numpy()
    label, folds, risk = np.asarray(label, dtype=bool), np.asarray(folds), np.empty(len(rows))
    for half in (0, 1):
        model = RandomForestClassifier(trees, random_state=1).fit(table[folds != half], label[folds != half])
        risk[folds == half] = model.predict_proba(table[folds == half])[:, 1]
    return risk


def halves(rows, hospital, by="row"):
    """0 or 1 for each row, drawn at random ``by="row"`` or ``by="patient"``."""
    if by == "row":
        return _dice(hospital, "rows").integers(0, 2, len(rows))
    names = pd.unique(rows.patient_id)
    return rows.patient_id.map(pd.Series(_dice(hospital, "patients").integers(0, 2, len(names)), names)).to_numpy()


# Q1 -------------------------------------------------------------------------------------------------------------------
LEAKS = {
    "billing status": "readmission; one more column says whether the bill was adjusted",
    "repeated patients": "deterioration in this stay, from ward rows; halves drawn by row, or (off) by patient",
    "selection before the split": "a pilot of 600 stays; the 25 best of 3,000 columns chosen on all rows, or (off) on those learnt",
    "mean imputation": "readmission; gaps filled with the mean of all rows, or (off) of those learnt",
}


class Harness:
    """Four experiments, each of which can be run with its leak and without: ``run(leak, on=True)``."""

    def __init__(self, runs):
        self._runs = runs
        self.leaks = list(runs)

    def run(self, leak, *, on):
        """One row a scored row: ``row patient part outcome risk``; ``part`` is ``learnt`` or ``judged``."""
        if leak not in self._runs:
            raise KeyError(f"There is no leak {leak!r}; the harness has {', '.join(self.leaks)}.")
        return self._runs[leak][bool(on)].copy()

    def __repr__(self):
        return f"<harness: {', '.join(self.leaks)}>"


@_once
def harness(hospital):
    """Return the harness of a hospital: four leaks, each with its own data, model and split (see ``LEAKS``)."""
    runs = (_billing(hospital), _repeated(hospital), _selection(hospital), _imputation(hospital))
    return Harness(dict(zip(LEAKS, runs, strict=True)))


def _scored(stays, learnt, risk, seen=None):
    """The rows of a run; ``seen`` leaves out rows that are on neither side."""
    made = pd.DataFrame(
        {
            "row": stays.encounter_id.to_numpy(),
            "patient": stays.person_id.to_numpy(),
            "part": np.where(learnt, "learnt", "judged"),
            "outcome": stays.back.to_numpy(),
            "risk": risk,
        }
    )
    return made if seen is None else made[np.asarray(seen)].reset_index(drop=True)


def _sides(stays):
    return (stays.discharged_at + FOLLOW_UP <= CUT).to_numpy(), (stays.asked_at >= CUT).to_numpy()


def _billing(hospital):
    stays, made = _index_stays(hospital), {}
    learnt, judged = _sides(stays)
    for on in (False, True):
        table = READMISSION.compute(stays)
        table = table.assign(bill=stays.billing_status.eq("adjusted").astype(float)) if on else table
        risk = _logistic(table[learnt], stays.back[learnt]).predict_proba(table)[:, 1]
        made[on] = _scored(stays, learnt, risk, learnt | judged)
    return made


def _imputation(hospital):
    stays, made = _index_stays(hospital), {}
    learnt, judged = _sides(stays)
    table = READMISSION.compute(stays)
    for on in (False, True):
        filled = table.fillna((table[learnt | judged] if on else table[learnt]).mean())
        risk = _logistic(filled[learnt], stays.back[learnt]).predict_proba(filled)[:, 1]
        made[on] = _scored(stays, learnt, risk, learnt | judged)
    return made


def _repeated(hospital):
    rows = _ward_rows(hospital, 500, "ward")
    worse = hospital.warehouse.stays.set_index("encounter_id").deteriorated_at.notna()
    rows = rows[rows.encounter_id.isin(worse.index)].reset_index(drop=True)
    label = rows.encounter_id.map(worse).to_numpy(bool)
    names = pd.DataFrame({"row": [f"W{n:05d}" for n in range(len(rows))], "patient": rows.patient_id, "part": "judged"})
    risks = {on: forest(rows, label, halves(rows, hospital, "row" if on else "patient")) for on in (False, True)}
    return {on: names.assign(outcome=label, risk=risk) for on, risk in risks.items()}


def _selection(hospital):
    from sklearn.linear_model import LogisticRegression

    dice, stays = _dice(hospital, "pilot"), _index_stays(hospital)
    stays = stays.iloc[np.sort(dice.permutation(len(stays))[:600])].reset_index(drop=True)
    columns, back = dice.normal(size=(600, 3000)), stays.back.to_numpy(float)
    learnt, made = np.isin(np.arange(600), dice.permutation(600)[:400]), {}
    for on in (False, True):
        seen = np.ones(600, dtype=bool) if on else learnt
        best = np.argsort(-np.abs(columns[seen].T @ (back[seen] - back[seen].mean())))[:25]
        model = LogisticRegression(max_iter=1000).fit(columns[learnt][:, best], back[learnt])
        made[on] = _scored(stays, learnt, model.predict_proba(columns[:, best])[:, 1])
    return made


# Q2 -------------------------------------------------------------------------------------------------------------------
CAUSES = {
    "uses the outcome": "it was made of outcomes, that of its own row among them",
    "happens later": "what it counts or measures, or a part of it, happens after 08:00",
    "dated back": "it is entered after 08:00 under an earlier date, so that a filter by its date lets it through",
    "written later": "it happened before 08:00, and nobody could read it then",
    "overwritten": "the table holds the newest value; the one of 08:00 may be gone",
    "names the row": "it says who the patient is, or where the row stands, and nothing on illness",
    "our own doing": "it was there, and it is something that staff did or thought: it moves when habits do",
    "known": "it could be read at 08:00, and is about the patient",
}
_ASKED = 24


def features(hospital):
    """Twenty-four proposed features: ``feature``, ``what`` it is, ``comes_from`` (what, and when that is written).

    Another hospital gets others.
    """
    return _features(hospital).copy()


@apart
def _features(hospital):
    dice, sheet = _dice_of(by_hand(hospital), "audit"), _bank("audit_bank.py")["CARDS"]
    later, written, dated, over, outcome, names, doing, known = sheet
    counts = {1: 3, 2: 3, 3: 3, 4: 3, 6: 3}  # at least two of each that a mistake can be made with
    counts |= {0: int(dice.choice([0, 3])), 5: int(dice.choice([0, 2]))}
    groups = (later, written, dated, over, outcome, names, doing, known)
    counts[7] = _ASKED - sum(counts.values())
    drawn = [groups[n][k] for n, many in counts.items() for k in dice.permutation(len(groups[n]))[:many]]
    rows = [drawn[k] for k in dice.permutation(len(drawn))]
    return pd.DataFrame(rows, columns=["feature", "what", "comes_from"])


def all_features():
    """Every card of the bank, of which a hospital gets twenty-four."""
    return [card for group in _bank("audit_bank.py")["CARDS"] for card in group]


def audited(audit, hospital):
    """The learner's causes of this hospital's features, whatever they are; ``keys.py`` says which is no cause."""
    return {name: audit[name] for name in features(hospital).feature if audit.get(name, ...) is not ...}


# Q3 -------------------------------------------------------------------------------------------------------------------
def stays_to_learn(hospital):
    """Rows of ``warehouse.stays`` that can be counted, with ``person_id``, ``state`` and ``whole``.

    ``state`` is one of the four of week 3; ``whole`` says whether the follow-up lies inside the data. A column that is
    written later than 08:00 is there as well: this is the table as the warehouse has it.
    """
    return _stays_to_learn(hospital).copy()


@_once
def _stays_to_learn(hospital):
    contacts = hospital.warehouse.contacts
    found = outcomes(contacts, hospital.warehouse.deaths, data_end(contacts))
    found = found.rename(columns={"contact_id": "encounter_id"})[["encounter_id", "person_id", "state", "whole"]]
    return hospital.warehouse.stays.merge(found, on="encounter_id")


def judged(train, hospital):
    """Put a training function to a hospital's stays, and its model to fresh stays (see ``judging.py``)."""
    return _JUDGING["looked_at"](train, stays_to_learn(hospital), fresh_stays())


def on_later_stays(train, hospital):
    """What one can measure at home: a model of the stays known by the cut, judged on later ones; ``...`` without one."""
    stays, side = _by_time(hospital)
    model, test = train(stays[side.eq("train")].copy()), stays[side.eq("test")]
    if model is ...:
        return ...
    return auroc(test.state.eq("readmitted"), _JUDGING["risks_of"](model, test.drop(columns=["state", "whole"])))


def later_stays(hospital):
    """Return the stays that :func:`on_later_stays` judges on: asked about from the cut on, outcome known."""
    stays, side = _by_time(hospital)
    return stays[side.eq("test")]


def _by_time(hospital):
    stays = stays_to_learn(hospital)
    stays = stays[stays.whole]
    return stays, split_by_time(stays, CUT)


# Q4 -------------------------------------------------------------------------------------------------------------------
KINDS = {
    "written later": "a column that is written after `asked_at`",
    "open window": "a count or value of a patient, whose window runs on past `asked_at`",
    "outcome in a feature": "a feature made of outcomes, that of its own row among them",
    "rows chosen by outcome": "who is in depends on what came after discharge",
    "patient on both sides": "stays of one patient teach and judge",
    "not known yet": "outcomes teach that were not known on the day of training",
    "copies on both sides": "a row is copied, and the copies are dealt out to both sides",
    "chosen on the test": "columns or settings are chosen with the outcomes of the rows that judge",
    "judged on its own rows": "the model has learnt the rows that judge it",
}
REPAIRS = {
    "leave it out": "nothing saves this column",
    "end the window at eight": "count or fill from what lay before `asked_at`",
    "training rows only": "fit, choose or copy after the split, with training rows alone",
    "training rows only, and never the row itself": "a rate of training outcomes, for each row made of others (out of fold)",
    "split by date and patient": "outcomes known by the cut teach, later stays judge, no patient does both",
    "choose rows by what is known at eight": "who is in is decided without a look at what came later",
}


@apart
def _diff(hospital):
    """The lines of a hospital's pull request, and the numbers of those that belong to each of its changes."""
    bank = _bank("pull_request.py")
    lines, numbers = bank["diff_of"](bank["drawn"](_dice_of(by_hand(hospital), "pull request")))
    return lines, dict(sorted(numbers.items(), key=lambda pair: pair[1]))  # as they are drawn, leaks come first


def pull_request(hospital):
    """The pull request as text: a unified diff, its lines numbered at the left edge. Another hospital gets another."""
    lines = _diff(hospital)[0]
    return "\n".join(f"{number:4d}  {line}" for number, line in enumerate(lines, 1))


def changes(hospital):
    """Which changes of the bank the pull request holds: name to the numbers of its lines."""
    return {name: list(numbers) for name, numbers in _diff(hospital)[1].items()}


def reviewed(review, hospital):
    """The learner's findings by change: ``found`` maps a change to ``[kind, repair]``, ``elsewhere`` lists other lines.

    ``problem`` says, where there is one, which line cannot be read, and why.
    """
    problem = next(filter(None, (_unreadable(line, said) for line, said in review.items())), None)
    if problem:
        return {"found": {}, "elsewhere": [], "problem": problem}
    owner = {number: name for name, numbers in changes(hospital).items() for number in numbers}
    found, elsewhere = {}, []
    for line, said in sorted(review.items(), key=lambda pair: pair[0]):
        if line in owner:
            found.setdefault(owner[line], list(said))
        else:
            elsewhere.append(int(line))
    return {"found": found, "elsewhere": elsewhere}


def _unreadable(line, said):
    """Why a finding is not of the form ``line: (kind, repair)``, or None."""
    if not isinstance(line, (int, np.integer)):
        return f"{line!r} is no line number; take the numbers at the left edge of the diff"
    if not isinstance(said, (tuple, list)):
        holds = "a text" if isinstance(said, str) else f"one {type(said).__name__}"
        return f"line {line} holds {holds}; a pair (kind, repair) is asked"
    if len(said) != 2:
        return f"line {line} does not hold two names; a pair (kind, repair) is asked"
    for name, allowed in zip(said, (KINDS, REPAIRS), strict=True):
        if name not in list(allowed):
            return f"line {line} has {name!r}; use one of: {', '.join(allowed)}"
    return None


# Q5 -------------------------------------------------------------------------------------------------------------------
def stays_to_split(hospital):
    """Index stays with ``encounter_id person_id asked_at known_at``; the last says when the outcome was known."""
    stays = _index_stays(hospital)
    return stays[["encounter_id", "person_id", "asked_at"]].assign(known_at=known_at(stays))


def put_to_split(split, hospital):
    """Count what a split does wrong; ``rows`` says how many lie on each side.

    ``of both`` are the rows left out of patients who could be on either side, and are on none.
    """
    stays = stays_to_split(hospital)
    side = split(stays.copy(), CUT)
    if side is ...:
        return ...
    side = _one_side_each(side, stays.encounter_id)
    early = (side == "test") & (stays.asked_at < CUT).to_numpy()
    late = (side == "train") & (stays.known_at > CUT).to_numpy()
    out, of_both = _left_out(stays, side)
    counts = {"both sides": violations(stays, side)["both sides"], "not known yet": int(late.sum())}
    counts |= {"asked before the cut": int(early.sum()), "left out": out}
    return {"counts": counts, "of both": of_both, "rows": {name: int((side == name).sum()) for name in SIDES}}


def _one_side_each(side, encounters):
    """The learner's Series as an array in the order of the stays; an error that says what it lacks."""
    if not isinstance(side, pd.Series):
        raise TypeError(f"split returned a {type(side).__name__}; it must return a Series")
    if not side.index.is_unique or set(side.index) != set(encounters):
        raise ValueError(
            f"the index of the Series must hold each encounter_id once; yours begins with {side.index[0]!r}"
        )
    side = side.reindex(encounters)
    if side.isna().any():
        raise ValueError(f"{int(side.isna().sum()):,} stays have no side; write out where they are on neither")
    strange = [value for value in side.unique() if value not in SIDES]
    if strange:
        raise ValueError(f"a side is train, test or out; the Series holds {strange[0]!r}")
    return side.to_numpy()


def _left_out(stays, side):
    """Rows that could be on a side, and are on none although no other row of their patient forbids it."""
    can = {"train": (stays.known_at <= CUT).to_numpy(), "test": (stays.asked_at >= CUT).to_numpy()}
    on = {name: stays.person_id.isin(stays.person_id[side == name]).to_numpy() for name in can}
    could = [stays.person_id.isin(stays.person_id[can[name]]).to_numpy() for name in can]
    free = (can["train"] & ~on["test"]) | (can["test"] & ~on["train"])
    out = free & (side == "out")
    return int(out.sum()), int((out & could[0] & could[1] & ~on["train"] & ~on["test"]).sum())


# Q6 -------------------------------------------------------------------------------------------------------------------
class Bench:
    """A place to try: ``area(share, better=False)`` is the AUROC of a model on rows learnt and on later rows."""

    draws = 8  # one half of the patients differs from another by more than the step that is asked about

    def __init__(self, stays, dice):
        self._learnt, self._later = _sides(stays)
        self._stays, self._table = stays, READMISSION.compute(stays)
        people = stays.person_id[self._learnt].unique()
        self._orders = [
            stays.person_id.map(pd.Series(dice.permutation(len(people)), people) / len(people))
            for _ in range(self.draws)
        ]

    def area(self, share, better=False):
        """Train on a share of the patients; ``better`` adds earlier stays and emergency visits. ``learnt``, ``later``.

        Of less than all patients several draws are made, and their mean is returned.
        """
        table = self._table if better else self._table.drop(columns=["stays_before", "emergency_before"])
        drawn = [self._learnt & (order < share).to_numpy() for order in self._orders[: None if share < 1 else 1]]
        found = pd.DataFrame([self._areas(table, some) for some in drawn]).mean()
        return {name: float(value) for name, value in found.items()}

    def _areas(self, table, some):
        model, parts = _logistic(table[some], self._stays.back[some]), {"learnt": some, "later": self._later}
        scored = {name: model.predict_proba(table[rows])[:, 1] for name, rows in parts.items()}
        return {name: auroc_value(self._stays.back[parts[name]], risk) for name, risk in scored.items()}


@_once
def bench(hospital):
    """Return the bench of a hospital: half of the patients or all, with and without two columns on earlier use."""
    return Bench(_index_stays(hospital), _dice(hospital, "bench"))


def compared(more_or_better, hospital):
    """Put a function to the bench; its word for what comes next is a label."""
    found = more_or_better(bench(hospital))
    if isinstance(found, dict) and isinstance(found.get("next"), str):
        found = found | {"next": {"next": found["next"]}}
    return found


# for the lessons ------------------------------------------------------------------------------------------------------

LATE = {"code_count": 0, "no_show": False, "bill": False}  # columns of the pilot, and what they hold at 08:00


@_once
def pilot(hospital):
    """Return the pilot of lesson 1, trained line by line as there: rows of ``warehouse.stays`` to scores.

    ``bill`` says whether the bill was adjusted. Gaps are filled with the means of the pilot's own twelve months.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import train_test_split

    stays = cohort(hospital)
    stays = stays.assign(bill=stays.billing_status.eq("adjusted"))
    stays = stays[stays.site.eq("quillmere") & stays.discharged_at.lt(CUT)]
    year = stays[stays.asked_at >= CUT - pd.Timedelta(weeks=52)]
    means = _seen_by_the_pilot(year).mean()
    table, back = _seen_by_the_pilot(year).fillna(means), year.state.eq("readmitted")
    learn, _, came, _ = train_test_split(table, back, test_size=0.3, random_state=42)
    model = HistGradientBoostingClassifier(random_state=42).fit(learn, came)
    return lambda rows: model.predict_proba(_seen_by_the_pilot(rows).fillna(means))[:, 1]


def _seen_by_the_pilot(rows):
    return READMISSION.compute(rows).join(rows[list(LATE)].astype(float))


def went_home(world, begins, weeks):
    """Return who was admitted and sent home within some weeks of a flight: ``day`` of discharge, ``week``, ``called``.

    ``would`` come back without a call, ``averted`` by it; both are the simulator's, and no hospital knows them.
    """
    stay = pd.DataFrame(
        {name: world.stays[name] for name in ("admit", "discharge", "called", "y0", "y1", "eligible_home")}
    )
    stay = stay[stay.eligible_home & (stay.admit >= 7 * begins) & (stay.discharge < 7 * (begins + weeks))]
    averted = stay.called & stay.y0 & ~stay.y1
    week = (stay.discharge // 7 - begins + 1).astype(int)
    return pd.DataFrame(
        {"day": stay.discharge, "week": week, "called": stay.called, "would": stay.y0, "averted": averted}
    )
