"""The bank behind Q2: a colleague's triage model (use case C), and what can be wrong with a candidate for release.

Risk of critical care within twelve hours, asked at the end of triage. The model is fitted; each fault is put into the
candidate's own files or facts, so that a gate finds it there and not by a name. Which candidate holds which is told to
``keys.py`` alone.
"""

import hashlib
import io
import json

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from wardround.evaluation import auroc_value

SIGNS = ["heart_rate", "respiratory_rate", "temperature", "saturation", "systolic"]
FEATURES = ["age", *SIGNS, "diastolic", "emergency_before"]
NAMES = ("avocet", "bittern", "curlew", "dunlin", "egret", "fulmar", "goshawk", "heron", "ibis", "jackdaw", "kestrel")
NAMES += ("lapwing", "merlin", "nuthatch", "osprey")
ALWAYS = ("snapshot", "approval", "learnt", "not worse", "answers")
SOMETIMES = ("packages", "features", "way back", "calibrated", "groups", "alone")
THRESHOLD, OLD, JUDGED = 0.03, 75, 6_000


def drawn(hospital, dice, house):
    """Return fifteen candidates with their files, and by name the fault that was put in (None: none); nine are shown."""
    made = _made(hospital, dice, house)
    rules = [*ALWAYS, *dice.permutation(SOMETIMES).tolist()]
    faults = [str(dice.choice(sorted(name for name in FAULTS if name.startswith(f"{rule}.")))) for rule in rules]
    shown = {*faults[:7], None, "frightening"}
    # an approval can be none in three ways, and the check asks all of them
    faults += [name for name in FAULTS if name.startswith("approval.") and name not in faults]
    faults = [*faults, None, "frightening"]
    names = sorted(dice.permutation(NAMES)[: len(faults)].tolist())
    order = [faults[place] for place in dice.permutation(len(faults))]
    found = {name: _candidate(made, name, fault, dice, house) for name, fault in zip(names, order, strict=True)}
    for name, fault in zip(names, order, strict=True):
        found[name]["shown"] = fault in shown
    return found, dict(zip(names, order, strict=True))


def _made(hospital, dice, house):
    """The good model's risks and the model's in use, on visits of patients whom neither has learnt from."""
    visits = hospital.warehouse.emergency.sort_values("encounter_id", ignore_index=True)
    people = dice.permutation(np.sort(visits.patient_id.unique()))
    place = visits.patient_id.map(pd.Series(np.arange(len(people)), people))
    learnt, judged = visits[place < len(people) / 2], visits[place >= len(people) / 2].iloc[:JUDGED]
    table = judged[["encounter_id", "patient_id", "age"]].assign(critical=judged.critical_12h)
    for name, columns in {"risk": FEATURES, "risk_in_use": ["heart_rate", "systolic"]}.items():
        model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
        model.fit(_bent(learnt[columns]), learnt.critical_12h)
        table[name] = _levelled(model.predict_proba(_bent(judged[columns]))[:, 1], table.critical.sum())
    table = table.rename(columns={"age": "group"}).assign(group=np.where(judged.age >= OLD, "75 and over", "under 75"))
    for _ in range(30):  # a candidate that nobody need refuse: a few more points for whoever it finds less often
        found = _found(table)
        if found.max() - found.min() < 0.10:
            break
        less = table.group.eq(found.idxmin())
        table["risk"] = table.risk.mask(less, _odds(table.risk, 1.15))
    table["risk"] = _levelled(table.risk.to_numpy(), 0.97 * table.critical.sum())
    return {"judged": table.reset_index(drop=True), "learnt": learnt[["encounter_id", "patient_id"]], "visits": learnt}


def _bent(columns):
    """Vital signs harm in both directions: each beside its square, around the middle."""
    middle = columns - columns.median()
    return pd.concat([columns, (middle**2).add_suffix("_bent")], axis=1)


def _odds(risk, factor):
    return risk * factor / (1 - risk + risk * factor)


def _levelled(risk, events):
    """The same ranks, with a sum of risks that fits the events."""
    low, high = 1e-4, 1e4
    for _ in range(60):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if _odds(risk, middle).sum() < events else (low, middle)
    return _odds(risk, middle)


def _found(table):
    critical = table[table.critical]
    return (critical.risk >= THRESHOLD).groupby(critical.group).mean()


def _candidate(made, name, fault, dice, house):
    """One candidate: ``about`` and ``files``; every one differs from the others in what means nothing."""
    judged = made["judged"].assign(risk=lambda rows: _blurred(rows, 0.02, dice))
    rows = made["visits"].iloc[np.sort(dice.permutation(len(made["visits"]))[:400])]
    snapshot = rows[[*FEATURES, "critical_12h"]].to_csv(index=False).encode()
    author, second = dice.permutation(["m.okafor", "l.brandt", "p.oyelaran", "k.virtanen"])[:2].tolist()
    digest = hashlib.sha256(f"{name} {dice.random()}".encode()).hexdigest()
    about = {
        "name": name,
        "author": author,
        "digest": digest,
        "approvals": [{"by": second, "digest": digest}],
        "features": [str(one) for one in dice.permutation(FEATURES)],
        "packages": dict(house["packages"]),
        "snapshot_sha256": hashlib.sha256(snapshot).hexdigest(),
        "returns_to": house["releases"][-1],
        "threshold": THRESHOLD,
        "notes": "",
    }
    files = {"snapshot.csv": snapshot, "judged": judged, "learnt": made["learnt"], "probes": _probes(judged, dice)}
    about["reported_auroc"] = round(auroc_value(judged.critical, judged.risk), 3)
    if fault:
        {**FAULTS, "frightening": _frightening}[fault](about, files, dice)
    for what in ("judged", "learnt", "probes"):
        table = files.pop(what)
        digits = {column: table[column].round(6) for column in table if column.startswith("risk")}
        files[f"{what}.csv"] = table.assign(**digits).to_csv(index=False).encode()
    return {"about": json.loads(json.dumps(about)), "files": files}


def _blurred(rows, spread, dice):
    risk = rows.risk.to_numpy()
    return _levelled(_odds(risk, np.exp(dice.normal(0, spread, len(rows)))), risk.sum())


def _probes(judged, dice):
    """Twelve visits, asked in company and alone, and once with nothing measured."""
    rows = judged.iloc[np.sort(dice.permutation(len(judged))[:12])]
    parts = [("in company", rows.risk), ("alone", rows.risk), ("nothing measured", rows.risk * 0 + judged.risk.mean())]
    return pd.concat(
        [pd.DataFrame({"case": range(1, 13), "asked": asked, "risk": risk.to_numpy()}) for asked, risk in parts]
    )


# faults: each changes ``about`` or a file -----------------------------------------------------------------------------
def _changed(about, files, dice):
    lines = files["snapshot.csv"].decode().splitlines()
    lines[7] = lines[7].replace("False", "True") if "False" in lines[7] else lines[7].replace("True", "False")
    files["snapshot.csv"] = ("\n".join(lines) + "\n").encode()


def _gone(about, files, dice):
    del files["snapshot.csv"]


def _approved_by_herself(about, files, dice):
    about["approvals"] = [{"by": f"{about['author'].upper()} ", "digest": about["digest"]}]


def _approved_by_nobody(about, files, dice):
    about["approvals"] = [{"by": nobody, "digest": about["digest"]} for nobody in ("", "  ", None)]


def _approved_before(about, files, dice):
    about["approvals"][0]["digest"] = hashlib.sha256(about["digest"].encode()).hexdigest()


def _knows_patients(about, files, dice):
    people = files["judged"].patient_id.drop_duplicates().iloc[::3]
    visits = [hashlib.sha256(one.encode()).hexdigest()[:14] for one in people]
    more = pd.DataFrame({"encounter_id": [f"e-{one}" for one in visits], "patient_id": people})
    files["learnt"] = pd.concat([files["learnt"], more]).sort_values("encounter_id", ignore_index=True)


def _worse(about, files, dice):
    judged = files["judged"]
    target = auroc_value(judged.critical, judged.risk_in_use) - 0.05
    files["judged"] = judged.assign(risk=_with_auroc(judged, target, dice))
    about["reported_auroc"] = round(min(about["reported_auroc"] + 0.03, 0.97), 3)


def _with_auroc(judged, target, dice):
    """The risks, blurred until the AUROC is that much; drawn again while chance alone would divide the groups."""
    for _ in range(40):
        noise, low, high = np.exp(dice.normal(0, 1, len(judged))), 0.0, 8.0
        for _ in range(25):
            middle = (low + high) / 2
            blurred = _odds(judged.risk.to_numpy(), noise**middle)
            low, high = (middle, high) if auroc_value(judged.critical, blurred) > target else (low, middle)
        risk = _levelled(blurred, judged.risk.sum())
        found = _found(judged.assign(risk=risk))
        if found.max() - found.min() < 0.12:
            break
    return risk


def _no_answer(about, files, dice):
    probes = files["probes"]
    files["probes"] = probes.assign(risk=probes.risk.mask(probes.asked.eq("nothing measured")))


def _by_company(about, files, dice):
    probes = files["probes"]
    files["probes"] = probes.assign(risk=probes.risk.mask(probes.asked.eq("alone"), 0.5))


def _balanced(about, files, dice):
    files["judged"] = files["judged"].assign(risk=_odds(files["judged"].risk, 6.0))


def _timid(about, files, dice):
    files["judged"] = files["judged"].assign(risk=_odds(files["judged"].risk, 0.65))


def _for_the_young(about, files, dice):
    """The old have a lower risk at the same vital signs: nobody told it that their pulse rises late."""
    judged, old = files["judged"], files["judged"].group.eq("75 and over")
    for factor in (0.5, 0.4, 0.3, 0.25, 0.2, 0.15, 0.1):
        risk = _levelled(judged.risk.mask(old, _odds(judged.risk, factor)).to_numpy(), judged.risk.sum())
        found = _found(judged.assign(risk=risk))
        if found.max() - found.min() > 0.3:
            break
    files["judged"] = judged.assign(risk=risk)
    about["reported_auroc"] = round(auroc_value(judged.critical, risk), 3)


def _put(name, value):
    def fault(about, files, dice):
        about[name] = value(about)

    return fault


FAULTS = {
    "snapshot.changed": _changed,
    "snapshot.gone": _gone,
    "approval.herself": _approved_by_herself,
    "approval.nobody": _approved_by_nobody,
    "approval.before": _approved_before,
    "learnt.patients": _knows_patients,
    "not worse.hidden": _worse,
    "answers.none": _no_answer,
    "alone.company": _by_company,
    "packages.older": _put("packages", lambda about: about["packages"] | {"scikit-learn": "1.7.2"}),
    "packages.unknown": _put("packages", lambda about: about["packages"] | {"fastboost": "0.4.1"}),
    "features.esi": _put("features", lambda about: [*about["features"][:4], "esi", *about["features"][4:]]),
    "features.later": _put("features", lambda about: ["admitted", *about["features"]]),
    "way back.none": _put("returns_to", lambda about: None),
    "way back.itself": _put("returns_to", lambda about: about["digest"]),
    "calibrated.balanced": _balanced,
    "calibrated.timid": _timid,
    "groups.young": _for_the_young,
}


def _frightening(about, files, dice):
    """It breaks no rule: a little below the model in use, a rough note, packages in another order."""
    judged = files["judged"]
    target = auroc_value(judged.critical, judged.risk_in_use) - 0.01
    if auroc_value(judged.critical, judged.risk) > target:
        files["judged"] = judged.assign(risk=_with_auroc(judged, target, dice))
    files["probes"] = _probes(files["judged"], dice)
    about["reported_auroc"] = round(auroc_value(files["judged"].critical, files["judged"].risk), 3)
    about["packages"] = dict(reversed(about["packages"].items()))
    about["approvals"].insert(0, {"by": about["author"], "digest": about["digest"]})
    about["notes"] = "EXPERIMENTAL! trained on a Friday night after the crash; first approval was refused, see ticket"
