"""Pipelines that somebody might well hand in, each broken in one way: a change of the laid-out files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wardround.course.pipeline_check.flights import ONE, OTHER
from wardround.course.pipeline_feed import ABSENT, ALONE, DECOY, FIRST, GOOD, TYPO, UNIT, WORSE, Story

Changes = tuple[tuple[str, str, str], ...]  # file, text that is there, text instead; "" is the end of the file


@dataclass(frozen=True)
class Broken:
    """One pipeline: what is changed, the year that shows it, and the reason by which it must be refused."""

    changes: Changes
    story: Story
    code: str
    says: str
    split: int | None = None  # the week after which another person runs it
    also: tuple[str, ...] = ()  # what follows from it

    @property
    def runs(self):
        """Who runs it until which week."""
        last = self.story.weeks - 1
        return ((ONE, last),) if self.split is None else ((ONE, self.split), (OTHER, last))


def answered(text: str) -> tuple[str, str, str]:
    """Another answer of the learner's."""
    return "answers.py", "", f"\n\n{text}\n"


def story(weeks: int, version: str = "quiet", candidates=None, **faults) -> Story:
    """A short year."""
    return Story(version, faults, {0: FIRST} | (candidates or {}), weeks)


REWRITTEN = """
        log = house.log
        kept = [line for line in log.lines() if line.action != "refused"]
        log.path.unlink()
        for line in kept:
            log.append(line.actor, line.action, line.told())
"""
AGAIN = """
        for path in (HOME / "state" / "served").glob("*.csv"):  # a correction
            path.write_text(path.read_text().replace(",False,", ",True,", 1))
"""
DEPLOY, VALIDATE, ROLLBACK, REGISTER = (f"steps/{name}.py" for name in ("deploy", "validate", "rollback", "register"))
CALLED = 'called = said["alert"] & rows["home"] & ~rows["held_out"]'
ONLY_THE_MODEL = """    (house.state / "threshold").write_text(str(ward._was["threshold"]))
    return digest
"""
CONTRACT = "steps/contract.py"
MASKED = "rows.loc[index, name] = nothing(name)"
SIGNED = 'house.releases.approve(about["digest"], one["by"]'
NO_APPROVAL = (
    "steps/gate.py",
    "    if rules:",
    "    rules = [one for one in rules if one != 'approval']\n    if rules:",
)
BY_HAND = """line = {"model": "readmission", "digest": digest, "over": house.standing().current, "version": 2}
        house.log.append(house.actor, "released", line)"""
OLD_THRESHOLD = """old = house.state / "threshold"
    limit = float(old.read_text()) if old.exists() else serving.bundle.policy.threshold
    called = (said["score"] >= limit) & rows["home"] & ~rows["held_out"]"""
NEWEST = """
import mlflow
import runpy


def explain(decision, archive):
    line = archive.log[archive.log.action == "released"].iloc[-1]
    seen = pd.read_parquet(archive.kept / decision.list)
    table = runpy.run_path(str(archive.kept / line.code))["features"](seen[seen.encounter_id == decision.encounter_id])
    score = mlflow.sklearn.load_model(f"models:/readmission/{line.version}").predict_proba(table)[0, 1]
    called = score >= line.threshold
    return {"version": line.version, "threshold": line.threshold, "score": score, "rebuilt": score, "called": called}
"""
EVERYBODY = """
_of_tickets = performance


def performance(year):
    return _of_tickets(year.assign(held_out=True))
"""
OUT_FIRST = """    from wardround.operations.pipeline import put
    put(house.served(week), house.kept(kept).read_bytes())
    house.write("served", week=week"""

BROKEN = {
    "a contract that lets every unit through": Broken(
        ((CONTRACT, "reference[name].max() * 2", "reference[name].max() * 2000"),),
        story(2, unit=UNIT(range(1, 2))),
        "unit",
        "nobody had measured",
    ),
    "a contract that converts": Broken(
        ((VALIDATE, MASKED, "rows.loc[index, name] /= 100"),),
        story(2, unit=UNIT(range(1, 2))),
        "unit",
        "nobody had measured",
    ),
    "an absent column filled with 0": Broken(
        (
            (VALIDATE, "rows[name] = nothing(name)", "rows[name] = 0.0"),
            (CONTRACT, "float(reference[name].min() / 2)", "0.0"),
        ),
        story(2, absent=ABSENT(range(1, 2))),
        "absent",
        "nobody had measured",
    ),
    "no list for a unit at one site": Broken(
        ((VALIDATE, MASKED, "pass"),), story(2, unit=UNIT(range(1, 2))), "no list", "were on no list"
    ),
    "a gate that admits everybody": Broken(
        (answered("def gate(candidate):\n    return []"),),
        story(2, candidates={1: WORSE}),
        "worse released",
        "had been shuffled",
    ),
    "a gate that admits nobody": Broken(
        (answered("def gate(candidate):\n    return ['not worse']"),), story(1), "first refused", "not worse"
    ),
    "an answer that is not right yet": Broken(
        (answered("def gate(candidate):\n    raise NotImplementedError('W07.Q2 is not in place')"),),
        story(1),
        "first refused",
        "W07.Q2 is not in place",
    ),
    "a plan that is blank": Broken(
        (("plan.toml", "limit = 0.05", 'limit = ""'),), story(1), "first refused", "plan.toml is blank at door"
    ),
    "the runner signs for the second person": Broken(
        (
            NO_APPROVAL,
            (REGISTER, SIGNED, SIGNED.replace('one["by"]', "house.actor")),
            (REGISTER, ' and one["by"].lower() != about["author"].lower()', ""),
        ),
        story(2, candidates={1: ALONE}),
        "second name",
        ONE,
    ),
    "no second name at all": Broken(
        (NO_APPROVAL, (DEPLOY, "house.releases.promote(digest, house.actor)", BY_HAND)),
        story(2, candidates={1: ALONE}),
        "second name",
        "no second name",
        also=("explain",),
    ),
    "a rollback that leaves the threshold": Broken(
        (
            (ROLLBACK, "    return digest\n", ONLY_THE_MODEL),
            (DEPLOY, CALLED, OLD_THRESHOLD),
        ),
        story(3, candidates={1: TYPO}),
        "calls",
        "threshold in force",
    ),
    "an answer that returns the model alone": Broken(
        (answered("def roll_back(drill):\n    drill.serve(version=1)"),),
        story(5, candidates={1: TYPO}),
        "typo stays",
        "no one earlier release",
    ),
    "outputs that nobody watches": Broken(
        (("plan.toml", "limit = 3 ", "limit = 90 "),),
        story(5, candidates={1: TYPO}),
        "typo stays",
        "no alarm of outputs rang",
    ),
    "a pause at every alarm": Broken(
        (("plan.toml", 'action = "look"', 'action = "pause"'),),
        story(6, decoy=DECOY(range(1, 6))),
        "no list",
        "weeks of pause",
    ),
    "inputs that never ring": Broken(
        (answered("def alarms(signals):\n    return signals.groupby('week').p.min() < 0"),),
        story(4, decoy=DECOY(range(1, 4))),
        "inputs asleep",
        "nobody looked",
    ),
    "lines without the person": Broken(
        (("run.py", "asked.actor, plan_of", '"pipeline", plan_of'),), story(1), "actor", "say pipeline"
    ),
    "a log built anew": Broken(
        (("run.py", "            one_week(house, week)\n", "            one_week(house, week)\n" + REWRITTEN),),
        story(3, unit=UNIT(range(0, 1))),
        "log",
        "the anchor names",
        split=0,
    ),
    "a list that is corrected later": Broken(
        (("run.py", "        house.settle()", AGAIN + "        house.follow()"),),
        story(2),
        "list changed",
        "was another",
        split=0,
        also=("tickets", "calls"),
    ),
    "a call for who drew the ticket": Broken(
        ((DEPLOY, ' & ~rows["held_out"]', ""),), story(1), "tickets", "drew the ticket"
    ),
    "a site without scores": Broken(
        (
            (DEPLOY, '"score": said["score"]', '"score": said["score"].mask(rows["site"] == "eastbank")'),
            (DEPLOY, 'called = said["alert"]', 'called = (rows["site"] != "eastbank") & said["alert"]'),
        ),
        story(1),
        "unscored",
        "listed without a score",
        also=("explain",),
    ),
    "an explanation from the newest model": Broken(
        (answered(NEWEST),), story(2, candidates={1: GOOD}), "explain", "is another"
    ),
    "outcomes that never ring": Broken(
        (("plan.toml", "high = 1.25", "high = 9"),),
        story(30, "home visits end"),
        "let through",
        "outcomes never rang",
    ),
    "everybody on record instead of tickets": Broken(
        (answered(EVERYBODY),),
        story(30, "the model calls"),
        "success as decay",
        "who was called came back less often",
    ),
}
LONG = ("outcomes that never ring", "everybody on record instead of tickets")
BEFORE_THE_LOG: Changes = ((DEPLOY, '    house.write("served", week=week', OUT_FIRST),)


def apply(home: Path, changes: Changes) -> None:
    """Break a laid-out pipeline; a text that is no longer there is an error of this file."""
    for file, old, new in changes:
        path = home / file
        text = path.read_text()
        assert not old or text.count(old) >= 1, f"{file} has no {old!r} any more"
        path.write_text(text.replace(old, new, 1) if old else text + new)
