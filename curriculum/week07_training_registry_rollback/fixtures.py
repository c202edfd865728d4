"""What week 7 hands out: the archive of a year, candidates for a gate, a ward to roll back, a design, a run's files."""

from __future__ import annotations

import contextlib
import copy
import functools
import pickle
import runpy
import shutil
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from wardround.course.given import apart, by_hand, given, secret
from wardround.course.store import write_atomically

_HERE = Path(__file__).parent
BESIDE = ("drill.py", "opened.py")  # goes into the grading box with this file; the banks, which hold answers, do not


def _dice(text):
    """A generator for a hospital's checksum and a purpose, the same on every machine."""
    return np.random.default_rng(int.from_bytes(sha256(text.encode()).digest()[:8]))


@functools.cache
def _beside(name):
    """A module beside this one, as its names."""
    return runpy.run_path(str(_HERE / name))


def _once(make):
    """Keep what was made for a hospital, by its checksum: every check asks again."""
    kept = {}

    @functools.wraps(make)
    def made(hospital):
        if hospital.checksum not in kept:
            kept[hospital.checksum] = make(hospital)
        return kept[hospital.checksum]

    return made


def known_on(hospital, day):
    """Return week 4's stays to learn from whose outcome was known on a day (week 3), in the order of asking."""
    rows, day = given(4).stays_to_learn(hospital), pd.Timestamp(day, tz="America/New_York")
    known = rows.whole & (rows.discharged_at + pd.Timedelta(days=150) <= day)
    return rows[known].sort_values(["asked_at", "encounter_id"], ignore_index=True)


# Q1 -------------------------------------------------------------------------------------------------------------------
_OPENED = _beside("opened.py")
Archive, weights_digest, _temporary = _OPENED["Archive"], _OPENED["weights_digest"], _OPENED["temporary"]
chained, broken, train_of = _OPENED["chained"], _OPENED["broken"], _OPENED["train_of"]


@apart
def _archive_files(hospital):
    return _archived(hospital)[0]


@_once
def _archived(hospital):
    """The files of a hospital's archive, what was served, and the share turned since; made once, some ten seconds, and kept beside it."""
    source = "".join((_HERE / name).read_text() for name in ("archive.py", "opened.py"))
    source += version("scikit-learn") + hospital.checksum
    path = hospital.path.parent / "cache" / f"week07-{sha256(source.encode()).hexdigest()[:16]}.pickle"
    if path.exists():
        return pickle.loads(path.read_bytes())  # written by us, two lines below
    made = _beside("archive.py")["made"](hospital, _dice(f"{hospital.checksum} archive"), _OPENED)
    with contextlib.suppress(OSError):  # a read-only disk: it is made again next time
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, pickle.dumps(made, protocol=5))
    return made


def turned_since(hospital):
    """Return the shares of a year's stays whose call comes out the other way: by ``model``, by ``results``, by ``both``."""
    return _archived(hospital)[2]


@_once
def archive(hospital):
    """Return the archive of a hospital, in a folder of its own for this process."""
    return Archive(_archive_files(hospital), hospital.warehouse.stays)


SAID = ("version", "threshold", "score", "rebuilt", "called")  # in the order in which one follows from the other


def explained(explain, hospital):
    """Put a function to each decision; what it says of it, by decision."""
    import mlflow

    office, said = archive(hospital), {}
    for decision in office.decisions.itertuples(index=False):
        mlflow.set_tracking_uri(office.uri)
        found = _of_the_model(explain, decision, office)
        if found is ...:
            return ...
        if not isinstance(found, dict):
            raise TypeError(f"explain returned a {type(found).__name__}; it must return a dictionary")
        said[decision.decision] = found
    return {"said": said, "exchanged": _asked_again(explain, hospital)}


def _of_the_model(explain, decision, office):
    """Ask a function; where it took a line of the triage model, which names no files, say so."""
    try:
        return explain(decision, office)
    except TypeError as trouble:
        log = office.log[office.log.action.isin(["released", "rolled back"]) & (office.log["at"] <= decision.at)]
        if "'float'" not in str(trouble) or log.model.iloc[-1] == "readmission":
            raise
        raise TypeError(
            f"for {decision.decision} it took the last line of any model, and that is the triage model's, which names no "
            "code and no snapshot; the column `model` tells them apart"
        ) from trouble


@_once
def _exchanged(hospital):
    """A forged archive (``opened.py``)."""
    return _OPENED["forged"](Archive(_archive_files(hospital), hospital.warehouse.stays))


def _asked_again(explain, hospital):
    """What a function says in the forged archive: ``rebuilt`` of summer, ``called`` of spring; nothing where it refuses."""
    import mlflow

    office, said = _exchanged(hospital), {"rebuilt": {}, "called": {}}
    mlflow.set_tracking_uri(office.uri)
    for part, span in (("rebuilt", _OPENED["SUMMER"]), ("called", _OPENED["SPRING"])):
        for one in office.decisions[office.decisions["at"].between(*span)].itertuples(index=False):
            with contextlib.suppress(Exception):  # who stops has noticed; it came through the true archive
                said[part][one.decision] = explain(one, office).get(part)
    mlflow.set_tracking_uri(archive(hospital).uri)
    return said


def held_against_the_served(answer, hospital):
    """By decision the first thing that is not as it was served, how many were rebuilt to the last bit, and of the
    forged archive how many scores and calls were copied."""
    served = _archived(hospital)[1].assign(rebuilt=lambda rows: rows.score).set_index("decision")
    off, said = {}, {name: pd.Series(found).reindex(SAID) for name, found in answer["said"].items()}
    for name, found in said.items():
        for part in SAID:
            value = found[part]
            if not isinstance(value, (bool, int, float)) or not abs(float(value) - float(served[part][name])) < 1e-7:
                off[name] = [part, value]
                break
    bits = sum(bool(found.score == found.rebuilt == served.score[name]) for name, found in said.items())
    forged = answer["exchanged"]
    copied = [
        name
        for name, value in forged["rebuilt"].items()
        if not (isinstance(value, float) and abs(value - served.score[name]) < 1e-7)
    ]
    noted = [name for name, value in forged["called"].items() if value != served.called[name]]
    return {"off": off, "of": len(said), "bits": bits, "copied": len(copied), "noted": len(noted)}


# Q2 -------------------------------------------------------------------------------------------------------------------
HOUSE = {
    "packages": {"numpy": "2.4.6", "pandas": "3.1.1", "scikit-learn": "1.9.1", "scipy": "1.17.1"},
    "features": ["age", "sex", "heart_rate", "respiratory_rate", "temperature", "saturation", "systolic", "diastolic"],
    "releases": [sha256(f"triage {number}".encode()).hexdigest() for number in (1, 2, 3)],
}
HOUSE["features"] += ["arrival_hour", "emergency_before"]
RULES = {
    "packages": "it was trained with the versions in HOUSE['packages'], and with no other package",
    "features": "every feature is one of HOUSE['features']: known at the end of triage, and not the assigned ESI",
    "way back": "returns_to is one of HOUSE['releases']",
    "snapshot": "the file of training rows lies there, and its SHA-256 is snapshot_sha256",
    "approval": "a person other than the author approved this digest; no name is nobody, and capitals or blanks make no other",
    "learnt": "no patient of the judged rows is among those it has learnt from",
    "not worse": "on the judged rows its AUROC is at most 0.02 below that of the model in use (`risk_in_use`)",
    "calibrated": "events over the sum of its risks is at least 0.8 and at most 1.25 on the judged rows",
    "groups": "of critical visits, the share with a risk at or above its threshold differs by at most 0.20 between groups",
    "answers": "every probe is answered with a number from 0 to 1, also when nothing was measured",
    "alone": "a case that is asked alone gets the risk that it gets in company, within 0.00001",
}


@_once
def _drawn(hospital):
    return _beside("candidates.py")["drawn"](hospital, _dice(f"{hospital.checksum} gate {secret(hospital)}"), HOUSE)


@apart
def _candidates(hospital):
    return _drawn(hospital)[0]


def candidates(hospital):
    """Return nine candidates for the triage model's next release: dictionaries, ``files`` names the folder of each."""
    return [one for one in _at_the_door(hospital) if _candidates(hospital)[one["name"]]["shown"]]


@_once
def _at_the_door(hospital):
    """The nine, and six more that only the check brings, so that every rule is broken by one of them."""
    home = _temporary("candidates")
    for name, made in _candidates(hospital).items():
        (home / name).mkdir()
        for file, content in made["files"].items():
            (home / name / file).write_bytes(content)
    return [made["about"] | {"files": str(home / name)} for name, made in _candidates(hospital).items()]


def gated(gate, hospital):
    """Put a gate to each candidate: by name the rules that it says are broken, or how it stopped."""
    said = {}
    for candidate in _at_the_door(hospital):
        try:
            found = gate(copy.deepcopy(candidate))
        except Exception as trouble:
            found = {"stopped": f"{type(trouble).__name__}: {trouble}".replace(candidate["files"], "…")[:120]}
        if found is ...:
            return ...
        said[candidate["name"]] = list(found) if isinstance(found, (list, tuple, set)) else found
    return {"said": said}


def held_against_the_bank(answer, hospital):
    """What is off, by the fault of the candidate: what was said of it."""
    faults, off = _drawn(hospital)[1], {}
    for name, said in answer["said"].items():
        rule = faults[name].split(".")[0] if faults[name] in _beside("candidates.py")["FAULTS"] else None
        if said != ([rule] if rule else []):
            off[name] = {"fault": faults[name], "rule": rule, "said": said}
    return {"off": off, "of": len(faults)}


# Q3 -------------------------------------------------------------------------------------------------------------------
MINUTES_ALLOWED = 15
_DRILL = _beside("drill.py")


def drill(hospital):
    """Return a ward on which release 5 is served and too many are called: 18 November 2024, 07:40 (see ``drill.py``)."""
    stays = hospital.warehouse.stays
    those = stays.asked_at.between("2024-11-01T00:00Z", "2024-12-28T00:00Z")
    return _DRILL["Drill"](archive(hospital), stays[those].sort_values("encounter_id"))


Served, ended = _DRILL["Served"], _DRILL["ended"]


def drilled(roll_back, hospital):
    """Put a function to a ward; what was served at the end and on the way, the log, the minutes."""
    ward = drill(hospital)
    return ... if roll_back(ward) is ... else ended(ward)


# Q4 -------------------------------------------------------------------------------------------------------------------
KINDS = {
    "not kept": "what is needed to repeat a run, or to explain an old prediction, is not kept, or not as it was",
    "not as of then": "training sees other values than the service has at eight",
    "no history": "what was in use at a moment, and with which threshold, is not written down",
    "claim believed": "a candidate is judged by what it says of itself",
    "one person": "something is released that no second person has seen",
    "silent failure": "something fails or is refused, and a number is shown as if nothing were wrong, or nobody is told",
    "undone in part": "a rollback brings back a part, and the rest stays as it is",
    "can be rewritten": "a line of the log can be changed later, and nobody would see it",
    "seen by too many": "patients' data lies where those who do not need it can read it",
}


@apart
def _page(hospital):
    bank = _beside("design_page.py")
    names = bank["drawn"](_dice(f"{by_hand(hospital)} design"))
    return bank["page_of"](names)


def design(hospital):
    """The page as text, its lines numbered at the left edge. Another hospital gets another."""
    return "\n".join(f"{number:3d}  {line}" for number, line in enumerate(_page(hospital)[0], 1))


def paragraphs(hospital):
    """Which paragraphs of the bank the page holds: name to the numbers of its lines."""
    return {name: list(numbers) for name, numbers in _page(hospital)[1].items()}


def reviewed(review, hospital):
    """The learner's findings by paragraph, and the lines that belong to none; ``problem`` says what cannot be read."""
    owner = {number: name for name, numbers in paragraphs(hospital).items() for number in numbers}
    found, elsewhere = {}, []
    for line, kind in review.items():
        if not isinstance(line, (int, np.integer)):
            return {"problem": f"{line!r} is no line number; take the numbers at the left edge of the page"}
        if kind not in list(KINDS):
            return {"problem": f"line {line} has {kind!r}; use one of: {', '.join(KINDS)}"}
        if line in owner:
            found.setdefault(owner[line], kind)
        else:
            elsewhere.append(int(line))
    return {"found": found, "elsewhere": sorted(elsewhere)}


# Q5 -------------------------------------------------------------------------------------------------------------------
@_once
def people(hospital):
    """Return the patients as a filter may know them: ``mrn family given`` (the first given name)."""
    table = hospital.tables.patients.dropna(subset=["mrn", "family", "given"])
    return table[["mrn", "family", "given"]].assign(given=table.given.str.split().str[0]).reset_index(drop=True)


@_once
def _logged(hospital):
    dice = _dice(f"{hospital.checksum} artefacts {secret(hospital)}")
    return _beside("artefacts.py")["drawn"](people(hospital), dice)


@apart
def _run_files(hospital):
    return _logged(hospital)[0]


@_once
def artefacts(hospital):
    """Return the folder of a run's artefacts."""
    home = _temporary("artefacts")
    for name, content in _run_files(hospital).items():
        (home / name).write_bytes(content)
    return home


def searched(search, hospital):
    """What a search names of a run's files."""
    found = search(artefacts(hospital), people(hospital).copy())
    return ... if found is ... else {"found": sorted(Path(str(name)).name for name in found)}


def held_against_the_files(answer, hospital):
    """Which files were missed, and which named without a patient in them."""
    holds, found = _logged(hospital)[1], answer["found"]
    missed = [name for name, there in holds.items() if there and name not in found]
    return {"missed": missed, "extra": [name for name in found if not holds.get(name)], "of": sum(holds.values())}


# Q6 -------------------------------------------------------------------------------------------------------------------
OLDEST = pd.Timedelta(days=14)


@_once
def creatinine(hospital):
    """Return a feature log: one row a value of a creatinine result as it was written, ``result patient drawn_at written_at value``.

    A result that was corrected has two rows; corrections are made by this fixture.
    """
    labs = hospital.tables.labs
    rows = labs[labs.loinc.eq("2160-0") & labs.value.notna() & labs.issued_at.notna() & labs.effective_at.notna()]
    names = {"lab_key": "result", "patient_key": "patient", "effective_at": "drawn_at", "issued_at": "written_at"}
    rows = rows.rename(columns=names)[[*names.values(), "value"]].sort_values("result")
    dice = _dice(f"{hospital.checksum} corrected")
    again = rows[dice.random(len(rows)) < 0.3]
    later = again.written_at + pd.to_timedelta(dice.exponential(18, len(again)), "h").round("min")
    again = again.assign(written_at=later, value=(again.value * dice.choice([0.6, 1.7], len(again))).round(2))
    return pd.concat([rows, again]).sort_values(["written_at", "result"], ignore_index=True)


def asks(hospital, many=400):
    """Return moments at which a value is asked for: ``ask patient at``, half of them in mid-stay."""
    stays = hospital.warehouse.stays.sort_values("encounter_id")
    stays = stays[stays.patient_id.isin(creatinine(hospital).patient)]
    dice = _dice(f"{hospital.checksum} asks")
    stays = stays.iloc[np.sort(dice.permutation(len(stays))[:many])].reset_index(drop=True)
    middle = stays.admitted_at + (stays.asked_at - stays.admitted_at) * np.where(
        dice.random(len(stays)) < 0.5, 1.0, 0.4
    )
    late = dice.random(len(stays)) < 0.15  # asked weeks later, when the last value is old
    moment = middle.dt.floor("min") + pd.to_timedelta(np.where(late, 20, 0), "D")
    return pd.DataFrame({"ask": [f"a{n:03d}" for n in range(len(stays))], "patient": stays.patient_id, "at": moment})


def pulled(as_of, hospital):
    """What a function gives for each ask, one value in the order of the asks."""
    rows = asks(hospital)
    log = creatinine(hospital).sample(frac=1, random_state=7, ignore_index=True)  # no order was promised
    found = as_of(log, rows.copy())
    if found is ...:
        return ...
    if not isinstance(found, pd.Series) or sorted(map(str, found.index)) != rows["ask"].tolist():
        raise TypeError(
            f"as_of must return a Series with one value for each of the {len(rows)} asks, `ask` as its index"
        )
    return pd.DataFrame({"ask": rows["ask"], "value": found.reindex(rows["ask"]).to_numpy(dtype=float)})
