"""Year four: a change that no input shows, and a change that harms nobody."""

from __future__ import annotations

from wardround.hospital.incidents import HomeVisitsEnd

from .data import Hospital, auroc, chance, features, logistic, psi


def year_four(hospital: Hospital) -> dict[str, float]:
    """A model of years 1 to 3 in a fourth year in which home visits end; and an analyser that reads higher."""
    later = Hospital(hospital.seed, weeks=208, incidents=[HomeVisitsEnd()]).index
    old, new = later[later["week"] < 156], later[later["week"] >= 156]
    model = logistic(features(old), old["back"])
    risk_old, risk_new = chance(model, features(old)), chance(model, features(new))
    drift = {name: psi(features(old)[name], features(new)[name]) for name in features(old)}
    shifted = new.assign(haemoglobin=new["haemoglobin"] + 0.8)
    return {
        "concept shift: O/E": new["back"].mean() / risk_new.mean(),
        "concept shift: PSI of score": psi(risk_old, risk_new),
        "concept shift: largest PSI of a feature": max(drift.values()),
        "concept shift: AUROC": auroc(new["back"], risk_new),
        "decoy analyser: PSI": psi(old["haemoglobin"].dropna(), shifted["haemoglobin"].dropna()),
        "decoy analyser: change of AUROC": abs(
            auroc(new["back"], chance(model, features(shifted))) - auroc(new["back"], risk_new)
        ),
    }
