"""Readmission: honest and leaking models, splits that lie, another site, groups, care calls."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from wardround.hospital import parameters as sheet

from .data import HOME, Hospital, auroc, chance, expected_auroc, features, logistic

LEAKS = {
    "codes": lambda rows: rows["code_count"].astype(float),
    "no_show": lambda rows: rows["no_show"].astype(float),
    "billing": lambda rows: rows["billing_status"].eq("adjusted").astype(float),
}


def leaking(hospital: Hospital, leaks: tuple[str, ...]) -> float:
    """AUROC in year 3 of the honest model with leaks added."""
    train, test = hospital.split()
    a, b = features(train), features(test)
    for name in leaks:
        a, b = a.assign(**{name: LEAKS[name](train)}), b.assign(**{name: LEAKS[name](test)})
    return auroc(test["back"], chance(logistic(a, train["back"]), b))


def honest(hospital: Hospital) -> dict[str, float]:
    train, test = hospital.split()
    model = logistic(features(train), train["back"])
    risk = chance(model, features(test))
    faced = np.where(test["called"], test["p1"], test["p0"])
    quillmere = hospital.index[hospital.index["site"].eq("quillmere")]
    found = {
        "honest": auroc(test["back"], risk),
        "honest, expected over p_true": expected_auroc(faced, risk),
        "LACE": auroc(quillmere["back"], quillmere["lace"]),
        "LACE, expected over p_true": expected_auroc(test["p0"], test["lace"]),
        "best possible (p0)": expected_auroc(test["p0"], test["p0"]),
        "mean p0": float(hospital.index["p0"].mean()),
    }
    found["honest minus LACE"] = found["honest"] - auroc(test["back"], test["lace"])
    for leaks in (("codes",), ("no_show",), ("billing",), ("codes", "no_show"), ("codes", "no_show", "billing")):
        name = " + ".join(leaks)
        found[f"leaks: {name}"] = leaking(hospital, leaks)
        found[f"leaks: {name}, gain"] = found[f"leaks: {name}"] - found["honest"]
    found |= _site(hospital, model, found["honest"]) | _interpreter(test, risk) | _top_feature(train)
    return found


def _site(hospital: Hospital, model, at_home: float) -> dict[str, float]:
    _, there = hospital.split("eastbank")
    risk = chance(model, features(there))
    # the other site's own units and codes, taken as they come: SI units, and diagnoses under local codes only
    raw = features(there)
    raw = raw.assign(
        creatinine=raw["creatinine"] * 88.4, haemoglobin=raw["haemoglobin"] * 10, albumin=raw["albumin"] * 10
    )
    lost = [name for name in raw if name in sheet.CONDITIONS or name.startswith("group_")]
    raw[lost] = 0.0
    return {
        "Eastbank O/E": there["back"].mean() / risk.mean(),
        "Eastbank, drop of AUROC": at_home - auroc(there["back"], risk),
        "Eastbank raw, drop of AUROC": at_home - auroc(there["back"], chance(model, raw)),
    }


def _interpreter(test, risk) -> dict[str, float]:
    needs = test["interpreter"].to_numpy(bool)
    ratio = [test["back"][part].mean() / risk[part].mean() for part in (needs, ~needs)]
    return {"interpreter O/E": ratio[0], "others O/E": ratio[1], "interpreter O/E ÷ others": ratio[0] / ratio[1]}


def _top_feature(train) -> dict[str, float]:
    """Which feature has the largest mean |SHAP| among unplanned stays; only the diagnosis group has an arrow to p0."""
    unplanned = train[~train["planned"]]
    table = features(unplanned)
    table = table.loc[:, table.std() > 0]
    model = logistic(table, unplanned["back"], c=0.1)
    weight = np.abs((table - table.mean()) / table.std()).mean() * np.abs(model[-1].coef_[0])
    top = weight.idxmax()
    return {
        "top SHAP feature is no cause": float(not top.startswith("group_")),
        "top SHAP feature is prior use": float(top in ("stays_before", "emergency_before")),
    }


def encodings(hospital: Hospital) -> dict[str, float]:
    """Repeated patients on stays, target encoding, selection before the split, imputation before the split."""
    train, test = hospital.split()
    rng = np.random.default_rng(hospital.seed)
    cell = train["zip"] + train["attending"]
    total, count = train.groupby(cell)["back"].transform("sum"), train.groupby(cell)["back"].transform("count")
    mean = train["back"].mean()
    all_rows = (total + 0.5 * mean) / (count + 0.5)
    left_out = (total - train["back"] + 0.5 * mean) / (count - 1 + 0.5)
    half = rng.random(len(train)) < 0.5
    found = {}
    for name, column in (("all rows", all_rows), ("leave one out", left_out)):
        table = features(train).assign(cell=column)
        model = logistic(table[half], train["back"][half])
        found[f"target encoding on {name}"] = auroc(train["back"][~half], chance(model, table[~half]))
    found["target encoding, gap"] = found["target encoding on all rows"] - found["target encoding on leave one out"]
    found |= _selection(train, rng) | _imputation(train, test) | _repeated(train, rng)
    return found


def _selection(train, rng) -> dict[str, float]:
    outcome = train["back"].to_numpy()[:600]
    noise = rng.normal(size=(600, 3000))
    scores = {}
    for name, rows in (("all rows", slice(None)), ("training rows", slice(0, 400))):
        y = outcome[rows] - outcome[rows].mean()
        best = np.argsort(-np.abs(noise[rows].T @ y))[:25]
        model = LogisticRegression(max_iter=2000).fit(noise[:400][:, best], outcome[:400])
        scores[name] = auroc(outcome[400:], model.predict_proba(noise[400:][:, best])[:, 1])
    gap = scores["all rows"] - scores["training rows"]
    return {"selection on all rows": scores["all rows"], "selection, gap": gap}


def _imputation(train, test) -> dict[str, float]:
    values = {}
    for name, source in (("training", train["albumin"]), ("all", np.append(train["albumin"], test["albumin"]))):
        fill = np.nanmean(source)
        a, b = (features(rows).assign(albumin=rows["albumin"].fillna(fill)) for rows in (train, test))
        values[name] = auroc(test["back"], chance(logistic(a, train["back"]), b))
    return {"imputation before the split, gap": abs(values["all"] - values["training"])}


def _repeated(train, rng) -> dict[str, float]:
    table = features(train).assign(
        birth=train["age"] + train["row"] % 97 / 97, zip=train["zip"].astype("category").cat.codes
    )
    by_person = np.isin(train["row"], rng.permutation(train["row"].unique())[::2])
    by_row = rng.random(len(train)) < 0.5
    scores = {}
    for name, half in (("row", by_row), ("patient", by_person)):
        forest = RandomForestClassifier(60, min_samples_leaf=3, random_state=1, n_jobs=1)
        forest.fit(table[half], train["back"][half])
        scores[name] = auroc(train["back"][~half], forest.predict_proba(table[~half])[:, 1])
    return {"repeated patients on stays, gap": scores["row"] - scores["patient"]}


# care calls -----------------------------------------------------------------------------------------------------------


def calls(hospital: Hospital) -> dict[str, float]:
    """The effect of a call among home discharges: the truth, and what four analyses say."""
    rows = hospital.index[hospital.index["disposition"].isin(HOME) & ~hospital.index["planned"]].reset_index(drop=True)
    free = rows[~rows["held_out"]].reset_index(drop=True)
    called = free["called"].to_numpy(bool)
    outcome = free["back"].to_numpy(float)
    truth = float((free["p1"] - free["p0"]).mean())
    facts = _recorded_facts(free)
    propensity = np.clip(chance(logistic(facts, called), facts), 0.02, 0.98)
    weighted = np.average(outcome[called], weights=1 / propensity[called])
    weighted -= np.average(outcome[~called], weights=1 / (1 - propensity[~called]))
    effect = _t_learner(facts, called, outcome)
    naive = outcome[called].mean() - outcome[~called].mean()
    return {
        "call: truth": truth,
        "call: naive": naive,
        "call: naive minus truth": naive - truth,
        "call: weighting": weighted,
        "call: weighting minus truth": weighted - truth,
        "call: T-learner": effect.mean(),
        "call: T-learner minus truth": effect.mean() - truth,
        "call: individual effects, correlation": float(np.corrcoef(effect, free["p1"] - free["p0"])[0, 1]),
        **_whom(free, facts),
    }


def _recorded_facts(rows):
    """What usual care decides by, and the standard features."""
    table = features(rows).drop(columns=["planned"])
    return table.assign(
        lace=rows["lace"], chest=rows["hf"].astype(float) + rows["copd"], many=rows["stays_before"].clip(upper=3)
    )


def _t_learner(facts, called, outcome) -> np.ndarray:
    with_call, without = (logistic(facts[part], outcome[part] > 0, c=0.1) for part in (called, ~called))
    return chance(with_call, facts) - chance(without, facts)


def _whom(rows, facts) -> dict[str, float]:
    """Readmissions averted per 1,000 discharges if 15% are called: by true benefit, by model risk, by usual care."""
    gain = (rows["p0"] - rows["p1"]).to_numpy()
    uncalled = ~rows["called"].to_numpy(bool)
    risk = chance(logistic(facts[uncalled], rows["back"][uncalled]), facts)
    count = round(0.15 * len(rows))
    orders = {"true benefit": gain, "model risk": risk, "usual care": rows["p_call"].to_numpy()}
    averted = {name: 1000 * gain[np.argsort(-score)[:count]].sum() / len(rows) for name, score in orders.items()}
    found = {f"15% called by {name}: averted per 1,000": value for name, value in averted.items()}
    values = list(averted.values())
    return found | {"15% called: in that order": float(values[0] > values[1] > values[2])}


def hold_out(hospital: Hospital) -> dict[str, float]:
    """Effect of being offered calls, from the randomised hold-out of year 3, and from adjustment: error in half widths.

    ``hospital`` has the unmeasured cause switched on.
    """
    rows = hospital.index[hospital.index["disposition"].isin(HOME) & ~hospital.index["planned"]]
    late = rows[rows["week"] >= sheet.HOLD_OUT_FROM].reset_index(drop=True)
    out = late["held_out"].to_numpy(bool)
    outcome = late["back"].to_numpy(float)
    chance_of_call = late["p_call"].to_numpy()
    offered_truth = float((chance_of_call * (late["p1"] - late["p0"])).mean())
    estimate = outcome[~out].mean() - outcome[out].mean()
    error = np.sqrt(outcome[~out].var() / (~out).sum() + outcome[out].var() / out.sum())
    adjusted = calls_error(rows[~rows["held_out"]].reset_index(drop=True))
    return {
        "hidden cause: hold-out error in half widths": abs(estimate - offered_truth) / (1.96 * error),
        "hidden cause: adjustment error in half widths": adjusted,
    }


def calls_error(rows) -> float:
    """Error of inverse weighting in half widths of its interval (200 bootstrap samples of people)."""
    rng = np.random.default_rng(1)
    called, outcome, facts = rows["called"].to_numpy(bool), rows["back"].to_numpy(float), _recorded_facts(rows)
    propensity = np.clip(chance(logistic(facts, called), facts), 0.02, 0.98)
    person = rows["row"].to_numpy()
    people = np.unique(person)

    def estimate(weight):
        one = (weight * called / propensity * outcome).sum() / (weight * called / propensity).sum()
        other = weight * ~called / (1 - propensity)
        return one - (other * outcome).sum() / other.sum()

    place = np.searchsorted(people, person)
    draws = [
        estimate(np.bincount(rng.integers(0, people.size, people.size), minlength=people.size)[place])
        for _ in range(200)
    ]
    truth = (rows["p1"] - rows["p0"]).mean()
    return abs(estimate(np.ones(len(rows))) - truth) / (1.96 * np.std(draws))


def labels(hospital: Hospital) -> dict[str, float]:
    """Rates of the outcome under three definitions, of index stays."""
    rows = hospital.index
    return {
        "unplanned, anywhere": rows["back"].mean(),
        "planned counted too": (rows["back"] | rows["back_planned"]).mean(),
        "this hospital's record only": rows["back_here"].mean(),
    }


def cost(hospital: Hospital) -> dict[str, float]:
    """Share of Black people in the top tenth by cost and by need."""
    people = hospital.world.people
    came = np.unique(hospital.world.stays["row"])
    black = people["race"][came] == sheet.RACES.index("black")
    share = {}
    for name in ("cost", "need"):
        value = people[name][came]
        share[name] = black[value >= np.quantile(value, 0.9)].mean()
    return {"top tenth by cost, share Black": share["cost"], "cost as need, gap": share["need"] - share["cost"]}
