"""Week 7: what is right, what is known to be wrong, and what a colleague would say. Never shown before an answer."""

import functools
import gzip
import hashlib
import math
import runpy
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from wardround.course.compare import Comparison, frames
from wardround.course.compare_words import counted, named
from wardround.course.given import given
from wardround.course.keys import key, misconception, outcome

ACTIVE = ("released", "rolled back")


# W07.P1 ---------------------------------------------------------------------------------------------------------------
def mixed_decisions(hospital, truth):
    """Of 1,000 patients those with another decision when the weights alone go back."""
    ward, right = given(7).drill(hospital), as_before(hospital, truth)
    rolled("version")(ward)
    mine = given(7).ended(ward)["decisions"]
    return 1000 * sum(a != b for a, b in zip(mine, right["decisions"], strict=True)) / len(mine)


outcome("W07.P1", mixed_decisions)


# W07.P2 ---------------------------------------------------------------------------------------------------------------
def other_calls_today(hospital, truth):
    """Of 100 stays of the year those whom today's model, on today's results, would treat the other way."""
    return 100 * given(7).turned_since(hospital)["both"]


def which_of_the_two(hospital, truth, found):
    turned = {what: 100 * share for what, share in given(7).turned_since(hospital).items()}
    return (
        f"Today's model and threshold alone turn {turned['model']:.1f}, on the results that the screens showed; "
        f"today's results alone, by the model and threshold of then, turn {turned['results']:.1f}."
    )


outcome("W07.P2", other_calls_today, remark=which_of_the_two)


# W07.P3 ---------------------------------------------------------------------------------------------------------------
def scores_in_another_order(hospital):
    """Scores of version 1 trained again on its rows, and on the same rows in another order."""
    archive = given(7).archive(hospital)
    line = archive.log[archive.log.action.eq("released")].iloc[0]
    run, rows = runpy.run_path(str(archive.kept / line.code)), pd.read_parquet(archive.kept / line.snapshot)
    params = run_of(archive.uri, 1).params
    found = []
    for table in (rows, rows.iloc[::-1].reset_index(drop=True)):
        model = run["fit"](run["features"](table), table.back, float(params["strength"]), int(params["seed"]))
        found.append(model.predict_proba(run["features"](rows))[:, 1])
    return found


def same_model_in_another_order(hospital, truth):
    first, second = scores_in_another_order(hospital)
    return bool((first == second).all())


def how_far_apart(hospital, truth, found):
    first, second = scores_in_another_order(hospital)
    return f"The largest difference of a score is {abs(first - second).max():.3f}: the seed draws places, and other rows stand there."


outcome("W07.P3", same_model_in_another_order, remark=how_far_apart)


# W07.Q1 ---------------------------------------------------------------------------------------------------------------
def as_served(hospital, truth):
    """What was served was noted when it was made, and no part of it comes from the registry."""
    return {"off": {}, "of": len(given(7).archive(hospital).decisions), "bits": 0, "copied": 0, "noted": 0}


PARTS = ("version", "threshold", "score", "rebuilt", "called")
WHAT = {"version": "the version", "threshold": "the threshold", "score": "the score", "called": "the call"}
WHAT |= {"rebuilt": "the score of the model trained again"}


@dataclass(frozen=True)
class Rebuilt(Comparison):
    """Decisions that do not come out as they were served; a mistake is known by what is off first, and its values."""

    needed: float = 1.0

    def unreadable(self, answer, reference):
        if type(answer) is not dict or "off" not in answer:
            return f"{named(answer)} is there where a dictionary should be"
        for name, (part, value) in answer["off"].items():
            if value is None or type(value) is str or (type(value) is float and math.isnan(value)):
                return f"for {name}, `{part}` is {'missing' if value is None or value != value else repr(value)}"
        return None

    def distance(self, answer, reference):
        return float(len(answer["off"]) or answer["copied"] + answer["noted"])

    def matches(self, answer, wrong):
        mine, theirs = answer["off"], wrong["off"]
        if not mine and any(wrong[what] not in (0, answer[what]) for what in ("copied", "noted")):
            return False
        return mine.keys() == theirs.keys() and all(
            mine[name][0] == theirs[name][0] and abs(mine[name][1] - theirs[name][1]) < 1e-7 for name in mine
        )

    def evidence(self, answer, reference):
        return f"Not as they were served: {len(answer['off'])} of {answer['of']} decisions."


def off_how(answer, hospital):
    """Which decision, which part, and what the learner's value says; the parts before it are right."""
    off, asked = answer["off"], given(7).archive(hospital).decisions.set_index("decision")
    if not off:
        told = [
            f"All {answer['of']} come out as served. Then the check forged the archive, and left log, rows, code and run alone."
        ]
        if answer["copied"]:
            file = "under version 3 lies another file of weights, and {} of 2 times your `rebuilt` went with it"
            told.append(f"Now {file.format(answer['copied'])}.")
        if answer["noted"]:
            told.append(
                f"Of spring's decisions `called` is noted the wrong way, and {answer['noted']} of 4 times yours followed."
            )
        return " ".join(told)
    part = min((part for part, _ in off.values()), key=PARTS.index)
    name, value = next((name, value) for name, (where, value) in off.items() if where == part)
    moment = asked["at"][name].tz_convert("America/New_York")
    told = [Rebuilt().evidence(answer, None)]
    told.append(f"{name}, asked on {moment:%d %B at %H:%M}: {WHAT[part]} is off first, yours is {said(part, value)}.")
    told.append(CLUE[part](value, asked.loc[name]))
    return " ".join(told)


def said(part, value):
    return f"{value:.4f}" if part in ("score", "rebuilt") else f"{value:g}" if part == "threshold" else str(value)


def score_clue(value, row):
    if value > 1:
        return "A risk lies between 0 and 1."
    if value == round(value, 2):
        return "The screen showed whole percents; what was served had all its digits."
    return f"The screen showed {row.shown}. Version and threshold are right: look at the row, the code and the model."


CLUE = {
    "version": lambda value, row: "Which line of the log was the last before that minute to put something in force?",
    "threshold": lambda value, row: "The version is right; the same version ran with several thresholds.",
    "score": score_clue,
    "rebuilt": lambda value, row: (
        "The score is right: so what was trained again differs in rows, code, strength or seed."
    ),
    "called": lambda value, row: "The score is right: called is a score of at least the threshold, unrounded.",
}


@functools.cache
def loaded(uri, version):
    import mlflow

    mlflow.set_tracking_uri(uri)
    return mlflow.sklearn.load_model(f"models:/readmission/{version}")


@functools.cache
def run_of(uri, version):
    import mlflow

    client = mlflow.MlflowClient(uri)
    return client.get_run(client.get_model_version("readmission", version).run_id).data


def in_force(decision, archive, actions=ACTIVE):
    log = archive.log
    return log[(log.model == "readmission") & log.action.isin(actions) & (log["at"] <= decision.at)].iloc[-1]


def latest(archive):
    return archive.log[archive.log.action.isin(ACTIVE)].iloc[-1]


def registered_last(decision, archive):
    """The newest version that was registered by then, with the last release that names it."""
    log = archive.log
    version = log[(log.action == "registered") & (log["at"] <= decision.at)].version.iloc[-1]
    named_in = log[(log.version == version) & log.threshold.notna() & (log.model == "readmission")]
    return named_in.iloc[-1] if len(named_in) else log[log.version == 1].iloc[1].copy().pipe(set_version, version)


def set_version(line, version):
    line["version"] = version
    return line


def by_day(decision, archive):
    log = archive.log
    day = log["at"].dt.tz_convert("America/New_York").dt.date
    of_day = day <= decision.at.tz_convert("America/New_York").date()
    return log[(log.model == "readmission") & log.action.isin(ACTIVE) & of_day].iloc[-1]


def any_model(decision, archive):
    log = archive.log
    line = log[log.action.isin(ACTIVE) & (log["at"] <= decision.at)].iloc[-1].copy()
    of_version = log[(log.version == line.version) & log.code.notna()].iloc[-1]
    line[["code", "snapshot"]] = of_version[["code", "snapshot"]]
    return line


def proposed_last(decision, archive):
    return in_force(decision, archive, ("proposed", *ACTIVE))


def explaining(line_of=in_force, *, code=None, rows=None, threshold=None, digits=None, trained=None, call=None):
    """A function as the learner writes it; each part may be got from somewhere else."""

    def explain(decision, archive):
        line = line_of(decision, archive)
        limit = threshold(decision, archive, line) if threshold else float(line.threshold)
        run = runpy.run_path(str(archive.kept / (latest(archive).code if code else line.code)))
        seen = rows(archive) if rows else pd.read_parquet(archive.kept / decision.list)
        table = run["features"](seen[seen.encounter_id == decision.encounter_id])
        score = float(loaded(archive.uri, int(line.version)).predict_proba(table)[0, 1])
        score = round(score, digits) if digits else score
        rebuilt = trained(archive, line, run).predict_proba(table)[0, 1] if trained else score
        called = call(score, limit, decision) if call else score >= limit
        made = {"version": int(line.version), "threshold": limit, "score": score, "rebuilt": float(rebuilt)}
        return made | {"called": bool(called)}

    return explain


def again(snapshot_of, seed_of=lambda params: int(params["seed"])):
    @functools.cache
    def fitted(archive, version, sha, code):
        rows, params = pd.read_parquet(archive.kept / sha), run_of(archive.uri, version).params
        run = runpy.run_path(str(archive.kept / code))
        return run["fit"](run["features"](rows), rows.back, float(params["strength"]), seed_of(params))

    return lambda archive, line, run: fitted(archive, int(line.version), snapshot_of(archive, line), line.code)


def from_today(archive, line, run):
    """The rows of the snapshot, with the values that the warehouse has now."""
    rows = pd.read_parquet(archive.kept / line.snapshot)
    params = run_of(archive.uri, int(line.version)).params
    now = rows[["encounter_id", "back"]].merge(archive.stays, on="encounter_id")
    return run["fit"](run["features"](now), now.back, float(params["strength"]), int(params["seed"]))


def threshold_on_the_tag(decision, archive, line):
    import mlflow

    version = mlflow.MlflowClient(archive.uri).get_model_version("readmission", int(line.version))
    return float(version.tags["threshold"])


def calls_turned(answer, hospital):
    """How many of the decisions come out with another version, threshold or score, and the first of them."""
    return off_how(answer, hospital)


def how_explained(answer, hospital):
    same = "all" if answer["bits"] == answer["of"] else f"{answer['bits']}"
    return (
        f"{answer['of']} decisions explained, {same} of them to the last bit by a model trained again on this machine and lock. "
        "On another lock the last digits may move, and the decision should not. What made it possible is the log, the "
        "kept snapshot and the kept list: the registry alone has none of the three."
    )


key(
    "W07.Q1",
    reference=as_served,
    same=Rebuilt(),
    right=how_explained,
    evidence=off_how,
    look_at="`archive.log` sorted by `at`, beside the row of `archive.decisions` that is named above",
    misconceptions=[
        misconception(
            "copied",
            answer=explaining(),
            says="You hand back the score of the stored weights twice: nothing was trained again.",
            so_what="Had somebody exchanged the file, you would have told the family that it is the same model. The stored weights "
            "answer; where they came from only a new training shows.",
            look_at="`fit` in the kept code, and the snapshot that the line names",
            teaches="M39",
            evidence=off_how,
        ),
        misconception(
            "noted_call",
            answer=explaining(
                trained=again(lambda archive, line: line.snapshot),
                call=lambda score, limit, decision: decision.called,
            ),
            says="You hand back the call that was noted, and do not compute it from score and threshold.",
            so_what="The family asks whether he should have been called. What somebody noted answers that he was not, and whether "
            "the rule said so is what you were to find out.",
            look_at="score and threshold in your own answer: which call follows?",
            teaches="M40",
            evidence=off_how,
        ),
        misconception(
            "champion",
            answer=explaining(lambda decision, archive: latest(archive)),
            says="You explain a decision of May with the model of today: an alias points, and keeps no history.",
            so_what="The family is told a number that no screen ever showed, with reasons to match. An auditor who finds one such "
            "answer asks for all of them again.",
            look_at="`archive.log`: who was in force at that minute?",
            teaches="M40",
            evidence=off_how,
        ),
        misconception(
            "newest_version",
            answer=explaining(registered_last),
            says="You take the newest version that was registered by then.",
            so_what="Registered is not released: version 2 never met a patient, and version 3 waited eight weeks. Whoever "
            "explains by the registry's dates explains with models that were not in use.",
            look_at="the lines *released* and *rolled back*, and their moments",
            teaches="M40",
            evidence=off_how,
        ),
        misconception(
            "no_rollback",
            answer=explaining(functools.partial(in_force, actions=("released",))),
            says="You read releases, and pass over the rollback.",
            so_what="For a month you explain by a threshold of 0.02 that was in force for three days, and nobody asks why so few were "
            "called. A rollback puts something in force as well.",
            look_at="the line of 12 September",
            teaches="M30",
            evidence=off_how,
        ),
        misconception(
            "proposed_counts",
            answer=explaining(proposed_last),
            says="You count a bundle from its proposal on.",
            so_what="Between proposal and release it was read, and served nobody: days of decisions explained by what was "
            "still on a desk. If it had been in force then, the second signature would have been for show.",
            look_at="column `action`: which words put something in force?",
            teaches="M40",
            evidence=off_how,
        ),
        misconception(
            "by_the_day",
            answer=explaining(by_day),
            says="You compare days where the log has minutes.",
            so_what="On the day of a release the morning's list was made by one system and the evening's by another. Those who were "
            "passed over that morning are explained by a threshold of the evening.",
            look_at="15 July: when were they scored, when was it released?",
            teaches="M40",
            evidence=off_how,
        ),
        misconception(
            "any_model",
            answer=explaining(any_model),
            says="You read the lines of another model: the log is of the whole house.",
            so_what="The triage model has versions and thresholds of the same form, so nothing stops, and the family is told a threshold that no "
            "readmission was ever judged by.",
            look_at="column `model` of `archive.log`",
            teaches="M40",
            evidence=off_how,
        ),
        misconception(
            "tagged_threshold",
            answer=explaining(threshold=threshold_on_the_tag),
            says="You take the threshold from the tag in the registry: it holds the last one that this version had.",
            so_what="Version 3 was released twice, with two thresholds. Those who were called in June come out as a mistake, "
            "and those who were not called in August are explained by luck.",
            look_at="both releases of version 3 in `archive.log`",
            teaches="M40",
            evidence=off_how,
        ),
        misconception(
            "todays_results",
            answer=explaining(rows=lambda archive: archive.stays),
            says="You ask today's warehouse what the screen showed: some results were corrected since.",
            so_what="The nurse is blamed for passing over a patient whose creatinine looked normal at eight. What she saw is on "
            "that morning's list, and nowhere else.",
            look_at="the same patient in `archive.stays` and in the file that `decision.list` names",
            teaches="M16",
            evidence=off_how,
        ),
        misconception(
            "todays_code",
            answer=explaining(code=True),
            says="You compute the features with the code of today.",
            so_what="It gives creatinine in umol/L, and the old model learnt mg/dL: everybody is at death's door. A model means "
            "nothing without the code it was trained with.",
            look_at="the two files under `archive.kept` that the log names as `code` in January and in October",
            teaches="M30",
            evidence=off_how,
        ),
        misconception(
            "rounded",
            answer=explaining(digits=2),
            says="You round the score as the screen did.",
            so_what="A score of 0.12996 shows as 13% and lies below a threshold of 0.13: no call. Whoever keeps whole percents "
            "cannot say why.",
            look_at="a decision that shows the same percent as the threshold",
            teaches="M39",
            evidence=off_how,
        ),
        misconception(
            "trained_on_today",
            answer=explaining(trained=from_today),
            says="You train again on the rows as the warehouse has them today.",
            so_what="The same patients, other values: results were corrected since. The model that you get was never "
            "in force, and *reproduced* in the audit's file would be untrue. Therefore the snapshot was kept.",
            look_at="the file under `archive.kept` that the line names as `snapshot`",
            teaches="M40",
            evidence=off_how,
        ),
        misconception(
            "newest_snapshot",
            answer=explaining(trained=again(lambda archive, line: latest(archive).snapshot)),
            says="You train an old model again on the newest snapshot.",
            so_what="That is a retraining, and no reproduction: it has seen patients who were not ill yet. To the family you would "
            "explain a model that did not exist on that morning.",
            look_at="`snapshot` in the line that was in force",
            teaches="M39",
            evidence=off_how,
        ),
        misconception(
            "another_seed",
            answer=explaining(trained=again(lambda archive, line: line.snapshot, seed_of=lambda params: 0)),
            says="You train again with another seed than the run's.",
            so_what="Other rows are drawn, and the scores move in the second digit: enough to turn decisions near the threshold. The seed "
            "stands in the run because somebody will ask.",
            look_at="the parameters of the run that made this version",
            teaches="M39",
            evidence=off_how,
        ),
    ],
)


# W07.Q2 ---------------------------------------------------------------------------------------------------------------
def as_drawn(hospital, truth):
    return {"off": {}, "of": 15}


COST = {
    "packages": "On the server another version computes, and nobody has judged what that says.",
    "features": "At the desk that column is empty, or is the very decision that the nurse is to be helped with.",
    "way back": "At three in the morning somebody wants to undo it, and there is nothing to return to.",
    "snapshot": "In six months nobody can train it again: the rows that taught it are not the rows that lie there.",
    "approval": "Nobody but the author has read what goes to the triage desk.",
    "learnt": "It is judged on patients it knows, so at the desk it finds fewer than was promised.",
    "not worse": "At the desk more critical patients wait behind others than with the model they had.",
    "calibrated": "What it promises is not what comes: nurses learn to look away, or are told too late.",
    "groups": "Patients of 75 and over wait, with the same illness and the same vital signs.",
    "answers": "Whoever cannot be measured, and is often the sickest, gets no answer.",
    "alone": "A patient's risk depends on who else sits in the waiting room.",
}


@dataclass(frozen=True)
class Gated(Comparison):
    """Candidates that are not treated as they should be: admitted, refused, or refused for another reason."""

    needed: float = 1.0

    def unreadable(self, answer, reference):
        if type(answer) is not dict or "off" not in answer:
            return f"{named(answer)} is there where a dictionary should be"
        for name, one in answer["off"].items():
            said = one["said"]
            if type(said) is dict and "stopped" in said:
                continue
            if type(said) is not list:
                return f"for `{name}` the gate returned {named(said)}; a list of rules is asked, empty to admit"
            if unknown := [rule for rule in said if rule not in list(given(7).RULES)]:
                return f"for `{name}` the gate returned {unknown[0]!r}; use the names in `given(7).RULES`"
        return None

    def distance(self, answer, reference):
        return float(len(answer["off"]))

    def matches(self, answer, wrong):
        return answer["off"] == wrong["off"]

    def evidence(self, answer, reference):
        return f"Treated as they should be: {answer['of'] - len(answer['off'])} of {answer['of']} candidates."


def gated_how(answer, hospital):
    """The count, and one candidate: what stopped, then good ones refused, then reasons that are no reasons, then holes."""
    kinds = {"stopped": [], "good": [], "extra": [], "hole": []}
    for name, one in answer["off"].items():
        said, rule = one["said"], one["rule"]
        if type(said) is dict:
            kinds["stopped"].append(
                f"On `{name}` it stopped with {said['stopped'].rstrip('.')}. A gate that stops has judged nothing."
            )
        elif not rule:
            kinds["good"].append(f"`{name}` is refused for *{said[0]}*, and keeps it: {rule_words(said[0])}.")
        elif extra := [one for one in said if one != rule]:
            kinds["extra"].append(f"`{name}` is refused for *{extra[0]}*, which it keeps: {rule_words(extra[0])}.")
        else:
            kinds["hole"].append(f"`{name}` comes through and breaks *{rule}*. {COST[rule]}")
    told = next(said[0] for said in kinds.values() if said)
    return f"{Gated().evidence(answer, None)} {told}"


def rule_words(rule):
    return given(7).RULES[rule]


def facts(candidate, *, snapshot="bytes", approval="second", learnt="patient_id", worse="judged", answers="must"):
    """By rule whether it is broken; each test may be made as somebody makes it who believes too much."""
    house, folder = given(7).HOUSE, Path(candidate["files"])
    judged, known, probes = (pd.read_csv(folder / f"{name}.csv") for name in ("judged", "learnt", "probes"))
    kept = folder / "snapshot.csv"
    of_this = [one["by"] for one in candidate["approvals"] if one["digest"] == candidate["digest"]]
    by = {
        "second": [one for one in of_this if person(one) not in ("", person(candidate["author"]))],
        "nameless": [one for one in of_this if person(one) != person(candidate["author"])],
        "spelling": [one for one in of_this if one != candidate["author"]],
        "any": candidate["approvals"],
    }
    critical, company = judged[judged.critical], probes[probes.asked.eq("in company")].set_index("case").risk
    found = (critical.risk >= candidate["threshold"]).groupby(critical.group).mean()
    ratio = judged.critical.sum() / judged.risk.sum()
    gain = concordance(judged.critical, judged.risk) - concordance(judged.critical, judged.risk_in_use)
    reported = candidate["reported_auroc"] - concordance(judged.critical, judged.risk_in_use)
    sound = kept.exists() and hashlib.sha256(kept.read_bytes()).hexdigest() == candidate["snapshot_sha256"]
    alone = probes[probes.asked.eq("alone")].set_index("case").risk
    return {
        "packages": dict(candidate["packages"]) != house["packages"],
        "features": not set(candidate["features"]) <= set(house["features"]),
        "way back": candidate["returns_to"] not in house["releases"],
        "snapshot": {"bytes": not sound, "tag": len(candidate["snapshot_sha256"]) != 64, "there": not kept.exists()}[
            snapshot
        ],
        "approval": not by[approval],
        "learnt": bool(judged[learnt].isin(known[learnt]).any()),
        "not worse": {
            "judged": gain < -0.02,
            "reported": reported < -0.02,
            "better": gain <= 0,
            "reported above": reported <= 0,
        }[worse],
        "calibrated": not 0.8 <= ratio <= 1.25,
        "groups": bool(found.max() - found.min() > 0.20),
        "answers": not probes.risk.between(0, 1).all()
        if answers == "must"
        else bool(((probes.risk < 0) | (probes.risk > 1)).any()),
        "alone": bool((company - alone).abs().max() > 1e-5),
    }


def person(name):
    """A name as it is compared: in small letters, without blanks around it."""
    return " ".join(str(name or "").casefold().split())


def concordance(outcome, risk):
    """AUROC by ranks (Mann and Whitney), without the package's function."""
    ranks, events = risk.rank(), outcome.sum()
    return float((ranks[outcome].sum() - events * (events + 1) / 2) / (events * (len(outcome) - events)))


def gating(**weaker):
    return lambda candidate: [rule for rule, broken in facts(candidate, **weaker).items() if broken]


def by_the_brochure(candidate):
    """Better than what is in use, by its own figure."""
    return ["not worse"] if facts(candidate, worse="reported above")["not worse"] else []


key(
    "W07.Q2",
    reference=as_drawn,
    same=Gated(),
    evidence=gated_how,
    right=(
        "Two are admitted, one of them in spite of its notes; thirteen are refused, so that each rule was asked. The frightening one is a "
        "little below the model in use, within what the house allows: a gate that refuses by feeling is passed by in the end. Copied with its "
        "imports into work/gate.py, yours runs on every change."
    ),
    look_at="`given(7).RULES`, and the files of the candidate that is named",
    misconceptions=[
        misconception(
            "admits_all",
            answer=lambda candidate: [],
            says="Your gate lets everything through.",
            so_what="Whatever is wrong with a candidate reaches the triage desk. It stood in its own files: nothing was "
            "hidden, and nobody had asked the file.",
            look_at="the first rule that you have not written yet",
            teaches="M40",
            evidence=gated_how,
        ),
        misconception(
            "refuses_all",
            answer=lambda candidate: list(given(7).RULES),
            says="Your gate refuses everything, for every reason.",
            so_what="Nothing bad is released, and nothing good. Within a month somebody has a key to the side door, and "
            "releases by hand on a Friday night.",
            look_at="one candidate: which single rule does it break?",
            teaches="M40",
            evidence=gated_how,
        ),
        misconception(
            "brochure",
            answer=by_the_brochure,
            says="You admit whatever reports a better AUROC than the model in use has.",
            so_what="The figure is the candidate's own. A forged snapshot, a missing approval, an AUROC that is far lower on your "
            "rows: all come through, and the one you stop keeps every rule.",
            look_at="every rule that says nothing of the AUROC",
            teaches="M06",
            evidence=gated_how,
        ),
        misconception(
            "reported",
            answer=gating(worse="reported"),
            says="The AUROC is not asked of the judged rows: at most the candidate's own `reported_auroc` is believed.",
            so_what="One reports its best and is clearly below the model in use on the rows of your house. At the desk critical "
            "patients wait behind others, with a better number on the slide than before.",
            look_at="`judged.csv`: `risk` and `risk_in_use` on the same rows",
            teaches="M28",
            evidence=gated_how,
        ),
        misconception(
            "tag_for_file",
            answer=gating(snapshot="tag"),
            says="That the file of training rows has the hash it should have is not tested: a hash is given, and that passes.",
            so_what="A tag is text that anybody may write. In six months a family asks, and the rows under that name are not the rows "
            "that taught it, or are gone.",
            look_at="`snapshot.csv` of each candidate: compute the SHA-256 of its bytes",
            teaches="M40",
            evidence=gated_how,
        ),
        misconception(
            "any_approval",
            answer=gating(approval="any"),
            says="An approval passes that no second person gave to this build: approvals are counted, and not read.",
            so_what="One was given by the author, in other letters, one by nobody, one for the build before. The rule of two persons is "
            "there so that a second person has seen *this*; a signature on something else is decoration.",
            look_at="`by` and `digest` of each approval, beside `author` and `digest`",
            teaches="M40",
            evidence=gated_how,
        ),
        misconception(
            "as_spelt",
            answer=gating(approval="spelling"),
            says="You compare names letter by letter, so the author in capitals is a second person, and so is an empty field.",
            so_what="Whoever is in a hurry on a Friday types a name twice, and nobody but the author has read what goes to the desk.",
            look_at="`by` of each approval, in quotes: capitals, blanks, nothing",
            teaches="M40",
            evidence=gated_how,
        ),
        misconception(
            "nameless",
            answer=gating(approval="nameless"),
            says="An approval passes that names nobody: an empty field is not the author, and your gate asks no more.",
            so_what="A form was sent without a name, or a job signed it. When something goes wrong there is nobody who has read it, and "
            "nobody to ask.",
            look_at="approvals whose `by` is empty",
            teaches="M40",
            evidence=gated_how,
        ),
        misconception(
            "visits_for_people",
            answer=gating(learnt="encounter_id"),
            says="A candidate passes that knows the people who judge it: visits may differ and people not.",
            so_what="No visit is on both sides, and a third of the patients are. A model that knows a patient's history by heart looks "
            "good on her next visit, and only on hers.",
            look_at="`patient_id` in `judged.csv` and `learnt.csv`",
            teaches="M10",
            evidence=gated_how,
        ),
        misconception(
            "must_be_better",
            answer=gating(worse="better"),
            says="You ask more of the AUROC than the house does: what is a little below the model in use is refused.",
            so_what="The house allows 0.02 less: on some 130 events chance alone moves it that far. You refused one for a hundredth, "
            "and perhaps for its notes, which are no rule.",
            look_at="the rule *not worse*, word by word",
            teaches="M09",
            evidence=gated_how,
        ),
        misconception(
            "missing_passes",
            answer=gating(answers="out of range"),
            says="A probe without an answer passes: a missing number is neither below 0 nor above 1.",
            so_what="A patient of whom nothing could be measured, seizing or in shock, gets no answer at all, and the screen "
            "shows an empty field where a warning belongs.",
            look_at="the rows *nothing measured* of `probes.csv`",
            teaches="M14",
            evidence=gated_how,
        ),
    ],
)


# W07.Q3 ---------------------------------------------------------------------------------------------------------------
PIECES = ("version", "code", "contract", "threshold")


def release(log, place):
    """A release of the readmission model by its place among the lines that put one in force."""
    return log[(log.model == "readmission") & log.action.isin(ACTIVE)].iloc[place]


def good(log):
    """The release that was in force before the last, the withdrawn one left out: what the rollback of September chose."""
    return log[(log.model == "readmission") & log.action.eq("rolled back")].iloc[0]


def pieces(line):
    return {
        "version": int(line.version),
        "code": line.code,
        "contract": line.contract,
        "threshold": float(line.threshold),
    }


def as_before(hospital, truth):
    """What the good bundle says of each patient, from its own files; the patients are those of the drill."""
    archive, ward = given(7).archive(hospital), given(7).drill(hospital)
    line = good(archive.log)
    rows = archive.stays.set_index("encounter_id").loc[ward.patients].reset_index()
    run = runpy.run_path(str(archive.kept / line.code))
    risk = loaded(archive.uri, int(line.version)).predict_proba(run["features"](rows))[:, 1]
    released = archive.log[archive.log.action.isin(ACTIVE) & (archive.log.model == "readmission")]
    return {
        "decisions": "".join("c" if one >= line.threshold else "n" for one in risk),
        "serving": pieces(line),
        "digest": line.digest,
        "bundles": [pieces(one) for one in released.itertuples()],
    }


def flags(answer):
    """What is wrong beside the decisions."""
    lines = [line for line in answer["lines"] if line[0] == "rolled back" and line[2]]
    off = {
        "mixed": any(one != answer["serving"] for one in answer["way"]),
        "unwritten": not lines,
        "late": answer["minutes"] > given(7).MINUTES_ALLOWED,
        "deleted": bool(answer["deleted"]),
        "paused": answer["paused"],
        "misnamed": bool(lines and answer["digests"]) and not any(line[1] in answer["digests"] for line in lines),
    }
    return {name for name, holds in off.items() if holds}


@dataclass(frozen=True)
class Drilled(Comparison):
    """Patients with another decision than by the good bundle; parts, log, minutes, and what was served on the way."""

    needed: float = 1.0

    def unreadable(self, answer, reference):
        return None if type(answer) is dict and "decisions" in answer else f"{named(answer)} is there"

    def distance(self, answer, reference):
        parts = [name for name in PIECES if answer["serving"][name] != reference["serving"][name]]
        digest = not any(line[:2] == ["rolled back", reference["digest"]] for line in answer["lines"])
        return float(turned(answer, reference) + len(parts) + len(flags(answer)) + digest)

    def matches(self, answer, wrong):
        return answer["serving"] == wrong["serving"] and flags(wrong) <= flags(answer)

    def evidence(self, answer, reference):
        off, of = turned(answer, reference), len(reference["decisions"])
        wrong = [name for name in PIECES if answer["serving"][name] != reference["serving"][name]]
        found = flags(answer)
        if "paused" in found and not wrong:
            return "All four parts are right, and the ward still sees no score: it was paused, and not resumed."
        if off or wrong:
            none = answer["decisions"].count("-")
            calls, then = answer["decisions"].count("c"), reference["decisions"].count("c")
            silent = f", {none} get no score at all" if none else ""
            told = f"{off} of {of} patients get another decision than by the last good release{silent}; {calls} are called, {then} would be."
            right = [f"`{name}`" for name in PIECES if name not in wrong]
            return f"{told} {'Right: ' + ', '.join(right) if right else 'No part is that of the last good release'}."
        if "mixed" in found:
            return f"The end is right. On the way patients were scored by {counted(len(answer['way']), 'mixture', 'mixtures')} that nobody ever judged."
        if "late" in found:
            return f"The end is right, after {answer['minutes']} minutes; {given(7).MINUTES_ALLOWED} are allowed."
        if "unwritten" in found:
            return "What is served is right; the log has no line *rolled back* with a name and a reason."
        return "What is served is right; the line in the log names another digest than that of what is served."


def turned(answer, reference):
    return sum(mine != theirs for mine, theirs in zip(answer["decisions"], reference["decisions"], strict=True))


def how_turned(answer, hospital):
    return Drilled().evidence(answer, as_before(hospital, None))


def rolled(*names, target=good, before=None, step=False, write=True, named=None):
    """A rollback of some parts; ``before`` does something first, ``step`` exchanges one part after the other."""

    def roll_back(drill):
        line = target(drill.log)
        parts = {name: value for name, value in pieces(line).items() if name in (names or PIECES)}
        parts |= (before(drill, line) or {}) if before else {}
        for some in [{name: value} for name, value in parts.items()] if step else [parts]:
            drill.serve(**some)
        if write:
            digest = named(drill.log).digest if named else line.digest
            drill.write("rolled back", digest, "t.abara", "too many are called since release 5")

    return roll_back


def how_rolled(answer, hospital):
    return (
        f"All {len(answer['decisions'])} patients get what the last good release says, after {answer['minutes']} minutes, and the log says "
        "who and why. Look once at what is served, ring the ward; then there is time to ask what was wrong."
    )


TWO_LINES = "the parts in the line of 12 September, beside `drill.serving`"

key(
    "W07.Q3",
    reference=as_before,
    same=Drilled(),
    right=how_rolled,
    look_at="`drill.log`: which release was in force before, and which of them was withdrawn; and all four parts of its line",
    misconceptions=[
        misconception(
            "model_only",
            answer=rolled("version"),
            says="You roll back the model, and leave features, contract and threshold where they are.",
            so_what="The old weights read creatinine in a unit they never saw. That is a third system, which nobody has trained or "
            "judged, and it calls by its own logic tonight.",
            look_at=TWO_LINES,
            teaches="M30",
            evidence=how_turned,
        ),
        misconception(
            "model_and_threshold",
            answer=rolled("version", "threshold"),
            says="You roll back model and threshold: the two that everybody thinks of.",
            so_what="The features still come in the new unit, so the old weights multiply a creatinine of 90 where they learnt "
            "1.0. Whoever has a result is called, and the phone of the real cases is busy.",
            look_at=TWO_LINES,
            teaches="M30",
            evidence=how_turned,
        ),
        misconception(
            "features_only",
            answer=rolled("code"),
            says="You roll back the feature code alone.",
            so_what="The contract in force expects the new unit and turns nearly everybody away: no score, no call. A silent list looks like a "
            "calm ward.",
            look_at=TWO_LINES,
            teaches="M30",
            evidence=how_turned,
        ),
        misconception(
            "contract_left",
            answer=rolled("version", "code", "threshold"),
            says="You roll back all but the contract.",
            so_what="It guards a door for another guest: what the old features give is refused, and nearly nobody gets a score. You "
            "would hear of it when somebody asks why no one was called.",
            look_at=TWO_LINES,
            teaches="M30",
            evidence=how_turned,
        ),
        misconception(
            "threshold_only",
            answer=rolled("threshold"),
            says="You turn the threshold back and keep the model.",
            so_what="Nearly right, by luck: both models give similar risks, so few patients get another decision. Nobody has judged these "
            "weights at this limit, and no digest names the pair; next time the luck is another's.",
            look_at=TWO_LINES,
            teaches="M05",
            evidence=how_turned,
        ),
        misconception(
            "threshold_left",
            answer=rolled("version", "code", "contract"),
            says="You roll back all but the threshold.",
            so_what="The old scores meet a limit that was chosen for others. The calls that the ward complained of stay, and the "
            "report says *rolled back*.",
            look_at=TWO_LINES,
            teaches="M30",
            evidence=how_turned,
        ),
        misconception(
            "the_one_before",
            answer=rolled(target=lambda log: log[(log.model == "readmission") & (log.action == "released")].iloc[-2]),
            says="You return to the release before, and that one was withdrawn in September.",
            so_what="With its threshold of 0.02 almost everybody is called: out of the rain, into the river. What was good last is "
            "the line *rolled back*, and not the release before.",
            look_at="the line *rolled back* in `drill.log`",
            teaches="M40",
            evidence=how_turned,
        ),
        misconception(
            "one_by_one",
            answer=rolled(step=True),
            says="You exchange one part after the other while patients are scored.",
            so_what="For six minutes the ward is served by mixtures that nobody has judged, and whoever was scored then stays "
            "uncalled all day. Exchange all at once, or show no score meanwhile.",
            look_at="what `serve` takes, and `pause`",
            teaches="M30",
            evidence=how_turned,
        ),
        misconception(
            "registered_anew",
            answer=rolled(before=lambda drill, line: {"version": drill.register(int(line.version))}),
            says="You register the old model as a new version and serve that.",
            so_what="The decisions are right, and the release is one that nobody approved: the log knows the old number. It took twenty "
            "minutes more, in which the ward went on dialling.",
            look_at="the number of the version in the line of the good release: it is still there",
            teaches="M40",
            evidence=how_turned,
        ),
        misconception(
            "deleted",
            answer=rolled(before=lambda drill, line: drill.delete(drill.serving["version"])),
            says="You delete the bad version.",
            so_what="What it said of patients for five weeks can never be explained again, and the first thing the investigation "
            "asks for is gone. A rollback points elsewhere; it destroys nothing.",
            look_at="which of your calls cannot be undone",
            teaches="M40",
            evidence=lambda answer, hospital: f"Deleted: version {', '.join(map(str, answer['deleted']))}.",
        ),
        misconception(
            "left_paused",
            answer=rolled(before=lambda drill, line: drill.pause()),
            says="You pause the ward, exchange all four parts, and do not resume.",
            so_what="The right release stands behind a closed door: no patient gets a score, and the nurses make their lists by hand until "
            "somebody asks why.",
            look_at="`drill.resume`",
            teaches="M30",
            evidence=how_turned,
        ),
        misconception(
            "another_digest",
            answer=rolled(named=lambda log: release(log, -1)),
            says="You serve the good release, and your line in the log names the digest of another.",
            so_what="Whoever explains a decision of tomorrow goes by the line, and takes another release for the one in force: parts that "
            "served nobody.",
            look_at="`digest` in the line that you returned to, letter by letter",
            teaches="M40",
            evidence=how_turned,
        ),
        misconception(
            "not_written",
            answer=rolled(write=False),
            says="You roll back, and the log does not know.",
            so_what="Whoever explains a decision of tomorrow reads the log and takes the bad release for the one in force. In Q1 you "
            "were glad of the line of September.",
            look_at="`drill.write`",
            teaches="M40",
            evidence=how_turned,
        ),
        misconception(
            "waits",
            answer=rolled(before=lambda drill, line: drill.approval(line.digest)),
            says="You wait for a second signature to return to what was approved already.",
            so_what="Three hours of wrong calls for a rule that is about something else: two persons are needed for what is new. "
            "Backwards one may go alone, at any hour, and says so.",
            look_at="who signed the rollback of September, and how long that took",
            teaches="M40",
            evidence=how_turned,
        ),
    ],
)


# W07.Q4 ---------------------------------------------------------------------------------------------------------------
FAULT_OF = {
    "data.query": ["not kept", "not as of then"],
    "data.latest": ["not kept"],
    "features.two": ["not as of then"],
    "features.current": ["not as of then", "not kept"],
    "training.lock": ["not kept"],
    "training.laptop": ["not kept", "seen by too many", "one person"],
    "registry.alias": ["no history", "can be rewritten"],
    "registry.stage": ["no history"],
    "gate.reported": ["claim believed"],
    "gate.tags": ["claim believed"],
    "release.alone": ["one person"],
    "release.before": ["one person"],
    "serving.coerce": ["silent failure"],
    "serving.lastscore": ["silent failure"],
    "failure.quiet": ["silent failure"],
    "failure.retry": ["silent failure"],
    "rollback.container": ["undone in part"],
    "rollback.alias": ["undone in part"],
    "log.table": ["can be rewritten"],
    "log.wiki": ["can be rewritten"],
    "access.example": ["seen by too many"],
    "access.trace": ["seen by too many"],
}
WHY = {
    "data.query": "the same query gives other rows next year, as results are corrected",
    "data.latest": "next month the file under that name is another, and the hash names nothing that is left",
    "features.two": "two programs, and the results in their final form were not there at eight",
    "features.current": "a stay of last year is joined with this year's values",
    "training.lock": "the packages of last May are not written down, and a seed alone repeats nothing",
    "training.laptop": "which rows, code and packages were on that laptop is known to nobody",
    "registry.alias": "an alias and a tag hold today's value and no other",
    "registry.stage": "registered is not released, and a rollback has no date of registration",
    "gate.reported": "the run reports it of itself",
    "gate.tags": "a tag that is there can be untrue",
    "release.alone": "CI runs what the author wrote",
    "release.before": "what is released is not what was approved",
    "serving.coerce": "a unit mix-up becomes a median, and the list looks complete",
    "serving.lastscore": "yesterday's risk is shown as today's",
    "failure.quiet": "yesterday's list is read as today's, and nobody reads a server's log",
    "failure.retry": "a list that never comes wakes nobody",
    "rollback.container": "old weights meet the new threshold and settings",
    "rollback.alias": "the alias moves the weights alone",
    "log.table": "who releases can change what the log says of it",
    "log.wiki": "rows are amended, so nobody knows what they said",
    "access.example": "five patients stand on a page that the whole company reads",
    "access.trace": "a patient's row goes to a vendor whenever something breaks",
}
IN_ORDER = {
    "data.kept": "its name is its content, and it ends on a list",
    "data.copy": "copies cost money, and lose nothing",
    "features.one": "one program, joined by when it could be read",
    "features.nostore": "twenty rows a morning need no store, and one file is the point",
    "training.fixed": "lock, commit and seed are kept, and fixes come as a new run",
    "training.cron": "slow and old, and repeatable",
    "registry.log": "history is in the log, and the alias is for people",
    "registry.sqlite": "one file, backed up, and restored to see that it works: for ten runs a month that is enough",
    "gate.computed": "it is asked of files, and the margin is written down",
    "gate.refuses": "a gate that refuses much, with reasons, on rows that nobody trains on, does its work",
    "release.two": "the approval belongs to a digest",
    "release.friday": "the day is no fault where two persons, one digest and a practised rollback stand behind it",
    "serving.contract": "it says that there is no score, and the ward has another way",
    "serving.empty": "a gap that says why is the opposite of a silent failure",
    "failure.page": "somebody is woken, the screen says so, and it is tried out",
    "failure.paper": "a sheet of paper is a fallback that needs no power",
    "rollback.bundle": "all four parts, one digest",
    "rollback.alone": "backwards, to what was approved and not withdrawn, one may go alone",
    "log.chain": "a change would be seen, and the last hash lies elsewhere",
    "log.names": "that it cannot be edited is what it is for",
    "access.synthetic": "nobody real is an example, and access has names and lines",
    "access.two": "slower, and few eyes: that is a price, and no fault",
}


def by_the_page(hospital, truth):
    return {name: FAULT_OF[name] for name in given(7).paragraphs(hospital) if name in FAULT_OF}


@dataclass(frozen=True)
class Page(Comparison):
    """Findings by paragraph: one point off for each that is missed, of another kind, or no fault."""

    needed: float = 1.0

    def unreadable(self, answer, reference):
        if type(answer) is not dict or not ("found" in answer or "problem" in answer):
            return f"{named(answer)} is there where a dictionary should be"
        return answer.get("problem")

    def points(self, answer, reference):
        found = answer["found"]
        return {
            "false": [name for name in found if name not in reference],
            "elsewhere": answer["elsewhere"],
            "kind": [name for name in found if name in reference and found[name] not in reference[name]],
            "missed": [name for name in reference if name not in found],
        }

    def distance(self, answer, reference):
        return float(sum(map(len, self.points(answer, reference).values())))

    def matches(self, answer, wrong):
        kinds = set(wrong["found"].values())
        same = set(answer["found"]) == set(wrong["found"]) and not answer["elsewhere"]
        return same and (len(kinds) != 1 or len(answer["found"]) < 2 or set(answer["found"].values()) == kinds)

    def evidence(self, answer, reference):
        off, of = self.points(answer, reference), len(reference)
        if off["kind"] and not off["missed"]:
            return f"You found all {of} places, {of - len(off['kind'])} with their kind."
        return f"You found {of - len(off['missed'])} of {of}."


def page_how(answer, hospital):
    reference, numbers = by_the_page(hospital, None), given(7).paragraphs(hospital)
    off = Page().points(answer, reference)
    told = [Page().evidence(answer, reference)]
    if off["false"]:
        name = off["false"][0]
        told.append(f"Line {numbers[name][0]} is in order: {IN_ORDER[name]}.")
    elif off["elsewhere"]:
        told.append(f"Line {off['elsewhere'][0]} belongs to no paragraph.")
    elif off["kind"]:
        name = off["kind"][0]
        told.append(
            f"Line {numbers[name][0]}: a fault, but not *{answer['found'][name]}*. Ask what it means that {WHY[name]}."
        )
    elif off["missed"]:
        told.append(
            f"What you name is right. Go on at *{off['missed'][0].split('.')[0]}*: {COSTS[FAULT_OF[off['missed'][0]][0]]}"
        )
    return " ".join(told)


COSTS = {
    "not kept": "a family asks about last May. Who can train that model again?",
    "not as of then": "does the service have at eight what training was given?",
    "no history": "somebody asks what was in use on 16 July at noon. Where is it written?",
    "claim believed": "could the author alone make this test pass?",
    "one person": "who, besides the author, has seen exactly what is released?",
    "silent failure": "something breaks at five. Who sees it, and what does the screen say?",
    "undone in part": "which of the four parts come back?",
    "can be rewritten": "could a line be changed, and would anybody see it?",
    "seen by too many": "who can read a patient's row there?",
}


def pointing(chosen, kind=None, extra=False):
    """A review of the chosen faults with their kinds, or one kind for all; with ``extra`` what is in order as well."""

    def answer(hospital):
        found = {}
        for name, numbers in given(7).paragraphs(hospital).items():
            if name in FAULT_OF and chosen(name):
                found[numbers[0]] = kind or FAULT_OF[name][0]
            elif extra and name in IN_ORDER:
                found[numbers[0]] = "silent failure"
        return found

    return answer


def odd_looking(hospital):
    """What looks unusual, and is in order."""
    odd = ("copy", "nostore", "cron", "sqlite", "refuses", "friday", "empty", "paper", "alone", "names", "two")
    names = given(7).paragraphs(hospital)
    return {
        numbers[0]: "silent failure" for name, numbers in names.items() if name in IN_ORDER and name.endswith(odd)
    } or {next(numbers for name, numbers in names.items() if name in IN_ORDER)[0]: "silent failure"}


OPERATIONS = ("rollback", "release", "log", "failure", "serving", "registry", "access")

key(
    "W07.Q4",
    reference=by_the_page,
    same=Page(),
    evidence=page_how,
    right=(
        "Six faults, each of its kind, and five paragraphs left in peace that look old, slow or strict. Every fault here is quiet until the "
        "night on which somebody needs what is missing. Bring the page of your own system, and ask it the same three questions."
    ),
    look_at="`given(7).KINDS`, and the paragraph that is named",
    misconceptions=[
        misconception(
            "approved",
            answer=pointing(lambda name: False),
            says="You sign the page.",
            so_what="It reads well, and it works until the first bad night. Then six things are missing that cost a sentence each today, "
            "and your name is under it.",
            look_at="the paragraph on going back: which parts come back?",
            teaches="M40",
        ),
        misconception(
            "odd_looking",
            answer=odd_looking,
            says="You stop at what looks old, slow or strict.",
            so_what="SQLite, a night job, a sheet of paper, a release on a Friday: all in order where somebody has practised. What fails "
            "is worded nicely, and you let it pass.",
            look_at="each paragraph that promises *always*, *latest* or *as usual*",
            teaches="M40",
            evidence=page_how,
        ),
        misconception(
            "everything",
            answer=pointing(lambda name: True, extra=True),
            says="You flag every paragraph.",
            so_what="A review that stops everything is answered by nobody. Five of these are as they should be; their authors will not "
            "show you the next page.",
            look_at="for each: which night would show the fault? Where you find none, let it pass",
            teaches="M40",
            evidence=page_how,
        ),
        misconception(
            "all_not_kept",
            answer=pointing(lambda name: True, kind="not kept"),
            says="You find each fault, and call all of them *not kept*.",
            so_what="The kind decides who mends it: an archive does not help where one person releases alone, or where a row is "
            "shown to a vendor. The list goes back to you with six questions.",
            look_at="`given(7).KINDS`, from the top",
            teaches="M40",
            evidence=page_how,
        ),
        misconception(
            "training_only",
            answer=pointing(lambda name: name.split(".")[0] not in OPERATIONS),
            says="You read as far as the model: data, features, training, gate.",
            so_what="What is trained well and released by one person, shown when it fails and undone in part, hurts patients by the second "
            "half of the page.",
            look_at="everything from *release* on",
            teaches="M40",
            evidence=page_how,
        ),
        misconception(
            "operations_only",
            answer=pointing(lambda name: name.split(".")[0] in OPERATIONS),
            says="You read release and operation, and pass over where the model comes from.",
            so_what="It can be undone in two minutes, and nobody can say in six months how it was made. The family's question comes "
            "first in time, and stays longest.",
            look_at="data, features, training and gate",
            teaches="M40",
            evidence=page_how,
        ),
    ],
)


# W07.Q5 ---------------------------------------------------------------------------------------------------------------
def none_missed(hospital, truth):
    return {"missed": [], "extra": []}


@dataclass(frozen=True)
class Searched(Comparison):
    """Files that were missed, and files that were named for nothing."""

    needed: float = 1.0

    def unreadable(self, answer, reference):
        return None if type(answer) is dict and "missed" in answer else f"{named(answer)} is there, not names of files"

    def distance(self, answer, reference):
        return float(len(answer["missed"]) + len(answer["extra"]))

    def matches(self, answer, wrong):
        return answer["missed"] == wrong["missed"] and answer["extra"] == wrong["extra"]

    def evidence(self, answer, reference):
        told = [f"Found: {answer['of'] - len(answer['missed'])} of {answer['of']} files with a patient."]
        if answer["extra"]:
            told.append(f"`{answer['extra'][0]}` is named, and nobody is in it.")
        if answer["missed"]:
            kind = answer["missed"][0].split(".", 1)[1]
            told.append(
                f"One that is missed is a `.{kind}`; {UNPACK.get(kind, 'print it, and look how a patient is written there')}."
            )
        return " ".join(told)


UNPACK = {
    "parquet": "its bytes are packed: read it as a table",
    "html.gz": "its bytes are packed: unpack it first",
    "png": "its title stands in a text field among the bytes",
    "txt": "print it, and look at capitals and the order of names",
}


def searching(kinds=None, unpack=True, lower=True, forms=("mrn", "first", "last")):
    """A search; each part may be left out."""

    def search(folder, people):
        wanted = set(people.mrn) if "mrn" in forms else set()
        wanted |= set(people.given + " " + people.family) if "first" in forms else set()
        wanted |= set(people.family + ", " + people.given) if "last" in forms else set()
        wanted |= set(people.family) if "family" in forms else set()
        wanted = {one.lower() for one in wanted} if lower else wanted
        texts = {path.name: read(path, kinds, unpack, lower) for path in folder.iterdir()}
        return [name for name, text in texts.items() if any(one in text for one in wanted)]

    return search


def read(path, kinds, unpack, lower):
    if kinds and path.suffix not in kinds:
        return ""
    if unpack and path.suffix == ".parquet":
        text = pd.read_parquet(path).to_csv()
    else:
        content = path.read_bytes()
        text = (gzip.decompress(content) if unpack and path.suffix == ".gz" else content).decode("latin-1")
    return text.lower() if lower else text


key(
    "W07.Q5",
    reference=none_missed,
    same=Searched(),
    right="Every file with a patient, and none without. Run it before a run is logged, not after: what is in a registry has been read.",
    look_at="one file of each kind, opened by hand",
    misconceptions=[
        misconception(
            "text_only",
            answer=searching(kinds=(".json", ".txt", ".csv", ".yml")),
            says="You search what looks like text, and leave pictures, tables and packed files alone.",
            so_what="The worst cases are logged as a table, with the record number in the first column: the file that everybody opens "
            "first.",
            look_at="the other kinds of files in the folder",
            teaches="M19",
        ),
        misconception(
            "raw_bytes",
            answer=searching(unpack=False),
            says="You search bytes as they lie there, also where they are packed.",
            so_what="Parquet and gzip hide a name from a search, and from nobody who opens the file. The report says *clean*.",
            look_at="the `.gz` and the `.parquet`",
            teaches="M19",
        ),
        misconception(
            "as_written",
            answer=searching(lower=False),
            says="You look for names in the letters that the register has.",
            so_what="A traceback shouts and a report mumbles: the patient stands there in capitals or in small, and your filter reads "
            "past her.",
            look_at="`traceback.txt`",
            teaches="M19",
        ),
        misconception(
            "numbers_only",
            answer=searching(forms=("mrn",)),
            says="You look for record numbers alone.",
            so_what="A name in a tag needs no number to be known in a town of this size.",
            look_at="the notes and examples: who stands there?",
            teaches="M19",
        ),
        misconception(
            "names_only",
            answer=searching(forms=("first", "last")),
            says="You look for names alone.",
            so_what="A record number is as good as a name to everybody with a screen in this house.",
            look_at="parameters, paths and tables",
            teaches="M18",
        ),
        misconception(
            "one_order",
            answer=searching(forms=("mrn", "first")),
            says="You look for *first family*, and registers write *family, first*.",
            so_what="The traceback and the note quote the register. They are read by the vendor's support.",
            look_at="the order of names in `tags.json`",
            teaches="M19",
        ),
        misconception(
            "any_family_name",
            answer=searching(forms=("mrn", "first", "last", "family")),
            says="You take every family name for a patient.",
            so_what="A filter that stops runs without a patient in them is switched off by those who must work, and then it stops nothing.",
            look_at="`family_names.txt`: who is that?",
            teaches="M19",
        ),
    ],
)


# W07.Q6 ---------------------------------------------------------------------------------------------------------------
def by_walking(hospital, truth):
    """Ask by ask, row by row: no join."""
    log, found = given(7).creatinine(hospital), []
    of_patient = {patient: rows.to_dict("records") for patient, rows in log.groupby("patient")}
    for ask in given(7).asks(hospital).itertuples():
        state = {}
        for row in of_patient.get(ask.patient, []):  # in the order of writing
            if row["written_at"] <= ask.at:
                state[row["result"]] = row
        newest = max(state.values(), key=lambda row: (row["drawn_at"], row["written_at"], row["result"]), default=None)
        fresh = newest is not None and ask.at - newest["drawn_at"] <= given(7).OLDEST
        found.append({"ask": ask.ask, "value": newest["value"] if fresh else math.nan})
    return pd.DataFrame(found)


def pulling(
    seen=lambda both: both.written_at <= both["at"], fresh=True, by=("drawn_at", "written_at", "result"), first=None
):
    def as_of(log, asks):
        log = first(log) if first else log
        both = asks.merge(log, on="patient")
        both = both[seen(both)]
        last = both.sort_values(list(by)).groupby("ask").last()
        value = last.value[(last["at"] - last.drawn_at <= given(7).OLDEST)] if fresh else last.value
        return value.reindex(asks["ask"])

    return as_of


def newest_version(log):
    return log.sort_values("written_at").groupby("result", as_index=False).last()


def first_version(log):
    return log.sort_values("written_at").groupby("result", as_index=False).first()


def pulled_how(answer, hospital):
    """How many asks are off, and what is known of the first one's value."""
    right = by_walking(hospital, None).set_index("ask").value
    mine = answer.set_index("ask").value
    off = [
        name
        for name in right.index
        if not (mine[name] == right[name] or (mine[name] != mine[name] and right[name] != right[name]))
    ]
    if not off:
        return None
    ask = given(7).asks(hospital).set_index("ask").loc[off[0]]
    log = given(7).creatinine(hospital)
    rows = log[log.patient.eq(ask.patient) & log.value.eq(mine[off[0]])]
    told = f"{len(off)} of {len(right)} asks differ, first {off[0]} ({ask['at']:%d %b %Y %H:%M})."
    if mine[off[0]] != mine[off[0]]:
        return f"{told} You have none; one could be read that was not too old."
    if rows.empty:
        return f"{told} Your {mine[off[0]]:g} is in no row of this patient."
    row = rows.iloc[0]
    if row.written_at > ask["at"]:
        return f"{told} Your {row.value:g} was written {row.written_at - ask['at']} after it was asked for."
    if ask["at"] - row.drawn_at > given(7).OLDEST:
        return f"{told} Your {row.value:g} was {(ask['at'] - row.drawn_at).days} days old."
    return f"{told} Your {row.value:g} could be read; another value was drawn later, or had replaced it by then."


key(
    "W07.Q6",
    reference=by_walking,
    same=frames(on="ask", at_least=2),
    evidence=pulled_how,
    right=(
        "Each ask gets what a screen could have shown. A feature store does this for you, at scale; with twenty rows a morning these five lines "
        "do, and the log of values is what it cannot do without."
    ),
    look_at="one ask's patient: her rows in the order of `written_at`, and the minute of the ask",
    misconceptions=[
        misconception(
            "final_values",
            answer=pulling(lambda both: both.drawn_at <= both["at"]),
            says="You join by the time of drawing, and take each value as it is in the end.",
            so_what="A sample in the machine is no value on a screen, and a correction of tomorrow is none. It is the table of most "
            "warehouses: clean, final, and seen by nobody at eight.",
            look_at="`written_at` of your first value that differs",
            teaches="M16",
            evidence=pulled_how,
        ),
        misconception(
            "final_then_filtered",
            answer=pulling(first=newest_version),
            says="You keep the last version first, and filter by writing afterwards.",
            so_what="A result that is corrected tomorrow vanishes today: its preliminary value was on the screen, and your patient has "
            "none.",
            look_at="the order of your two steps",
            teaches="M16",
            evidence=pulled_how,
        ),
        misconception(
            "first_values",
            answer=pulling(first=first_version),
            says="You keep what was written first, and never the correction.",
            so_what="By the time of the ask some corrections were on the screen. The ward had mended the mistake, and your model "
            "learns it again.",
            look_at="results whose second row was written before the ask",
            teaches="M16",
            evidence=pulled_how,
        ),
        misconception(
            "last_written",
            answer=pulling(by=("written_at", "result")),
            says="You take the row that was written last.",
            so_what="A correction of Monday's sample, written on Wednesday, hides Tuesday's result: the patient seems to be where she was "
            "two days ago.",
            look_at="which of two results was *drawn* later",
            teaches="M12",
            evidence=pulled_how,
        ),
        misconception(
            "no_age",
            answer=pulling(fresh=False),
            says="You take the last value, however old.",
            so_what="A creatinine of three weeks ago looks like one of this morning. That nobody has measured since is itself something "
            "that a clinician would want to know.",
            look_at="`given(7).OLDEST`",
            teaches="M14",
            evidence=pulled_how,
        ),
    ],
)
