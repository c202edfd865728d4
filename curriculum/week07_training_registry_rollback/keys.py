"""Week 7: what is right, what is known to be wrong, and what a colleague would say. Never shown before an answer."""

import functools
import math
import runpy
from dataclasses import dataclass

import pandas as pd
from wardround.course.compare import Comparison
from wardround.course.compare_words import counted, named
from wardround.course.given import given
from wardround.course.keys import key, misconception, outcome

ACTIVE = ("released", "rolled back")


# W07.Q1 ---------------------------------------------------------------------------------------------------------------
def as_served(hospital, truth):
    """What was served was noted when it was made, and no part of it comes from the registry."""
    return {"off": {}, "of": len(given(7).archive(hospital).decisions), "bits": 0}


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
        return float(len(answer["off"]))

    def matches(self, answer, wrong):
        mine, theirs = answer["off"], wrong["off"]
        return mine.keys() == theirs.keys() and all(
            mine[name][0] == theirs[name][0] and abs(mine[name][1] - theirs[name][1]) < 1e-7 for name in mine
        )

    def evidence(self, answer, reference):
        return f"{len(answer['off'])} of {answer['of']} decisions do not come out as they were served."


def off_how(answer, hospital):
    """Which decision, which part, and what the learner's value says; the parts before it are right."""
    off, asked = answer["off"], given(7).archive(hospital).decisions.set_index("decision")
    part = min((part for part, _ in off.values()), key=PARTS.index)
    name, value = next((name, value) for name, (where, value) in off.items() if where == part)
    moment = asked["at"][name].tz_convert("America/New_York")
    told = [f"{len(off)} of {answer['of']} decisions do not come out as they were served."]
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
    "rebuilt": lambda value, row: "The score is right: so what was trained again differs in rows, code, strength or seed.",
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
            so_what="At 13% on the screen one patient was called and one was not: the threshold met the digits behind. "
            "Whoever keeps whole percents can explain neither.",
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
