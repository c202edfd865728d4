"""Whether a pipeline did what it says: log, names, lists and what is live, held against each other and the feed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from wardround.course.pipeline_check.flights import Flown, unlike, wrong_in
from wardround.course.pipeline_check.found import Judged, of_thousand, weeks_of
from wardround.course.pipeline_check.looks import Look, parts
from wardround.course.pipeline_feed import Story
from wardround.operations.bundle import Bundle
from wardround.operations.pipeline import MODEL
from wardround.operations.releases import replayed

BY_OTHERS = {"proposed": "author", "approved": "second name"}  # lines that carry another name than the runner's


def judge_log(judged: Judged, looks: list[Look]) -> bool:
    """The chain, and that no look lost a line; says whether the rest can be judged by it."""
    for look in looks:
        if look.broken:
            judged.mend(
                "log",
                f"After the run of {look.actor} the log did not hold against where it had ended before: {look.broken}.",
                "nothing may write to state/log.sqlite but Ledger.append",
            )
            return False
    return True


def judge_names(judged: Judged, looks: list[Look], story: Story) -> None:
    """Every line carries who ran it; every release two names, of which the second is one that the feed has."""
    seen = 0
    for look in looks:
        new = [line for line in look.lines[seen:] if line.action not in BY_OTHERS]
        if others := [line for line in new if line.actor != look.actor]:
            judged.mend(
                "actor",
                f"{len(others)} of {len(new)} lines of the log say {others[0].actor[:40]}, and {look.actor} ran it "
                f"(line {others[0].number}, {others[0].action[:20]}), so nobody can say who did it.",
                "hand the name given with --as to House in run.py, and let every step write through house.write",
            )
        seen = len(look.lines)
    _second_names(judged, looks[-1], story)


def _second_names(judged: Judged, look: Look, story: Story) -> None:
    signed: dict[str, list[str]] = {}
    proposed: dict[str, str] = {}
    for line, told in look.told:
        digest = str(told.get("digest"))
        if line.action == "proposed":
            proposed[digest] = line.actor
        elif line.action == "approved":
            signed.setdefault(digest, []).append(line.actor)
        elif line.action == "released":
            week, author = look.weeks[line.number], proposed.get(digest, "")
            given = {_person(name) for one in story.candidates.values() for name in one.approved_by}
            seconds = [name for name in signed.get(digest, []) if _person(name) != _person(author)]
            if not any(_person(name) in given for name in seconds):
                by = f"the name of {seconds[0][:40]}, whom nobody had asked" if seconds else "no second name"
                judged.mend(
                    "second name",
                    f"In week {week} a release by {author[:40] or 'nobody'} went to the wards with {by}.",
                    "the rule `approval` of your gate (W07.Q2), then steps/register.py and steps/deploy.py: approve "
                    "only in a name that the candidate brings, release only through house.releases",
                )


def _person(name: str) -> str:
    return " ".join(name.casefold().split())


def judge_lists(judged: Judged, flown: Flown) -> None:
    """Each list: in the log once, unchanged since, of everybody who was discharged, and as the bundle in force says."""
    judge_kept(judged, flown.looks)
    _unscored(judged, flown, {week: wrong_in(flown, week) for week in flown.last.served if week in flown.years})
    calls, scores, of = {}, 0, 0
    for week, one in flown.last.served.items():
        if one.rows is None or week not in flown.years:
            judged.mend("unreadable list", f"The list of week {week} cannot be read: {one.trouble}.", "steps/deploy.py")
            continue
        _complete(judged, flown, week, one.rows)
        bundle = flown.last.in_force(week)
        calls[week] = _calls(judged, flown, week, one.rows, bundle) if bundle else 0
    if off := [week for week, count in calls.items() if count]:
        many, whole = sum(calls[week] for week in off), sum(len(flown.years[week]) for week in off)
        judged.mend(
            "calls",
            f"In {weeks_of(off)} {of_thousand(many, whole)} discharged were called, or not, otherwise than the "
            "threshold in force says.",
            "all four parts go back together: W07.Q3, steps/rollback.py, and the calls in steps/deploy.py",
        )
    for asked in flown.asked:
        rows = flown.last.served[asked.week].rows
        if rows is not None:
            scores, of = scores + unlike(asked, rows)["other"], of + len(rows)
    if scores:
        judged.mend(
            "scores",
            f"{of_thousand(scores, of)} listed have a score that the bundle in force does not give of their values.",
            "steps/deploy.py: score with the release in force (house.server), and with nothing else",
        )


def judge_kept(judged: Judged, looks: list[Look]) -> None:
    """A list that went out is in the log, once, with its hash, and stays."""
    before: dict[int, str] = {}
    for look in looks:
        logged: dict[int, list[str]] = {}
        for told in look.of("served"):
            logged.setdefault(told.get("week"), []).append(str(told.get("sha256")))
        changed = [week for week, sha in before.items() if week not in look.served or look.served[week].sha256 != sha]
        if changed or any(len(shas) > 1 for shas in logged.values()):
            week = (changed or [week for week, shas in logged.items() if len(shas) > 1])[0]
            how = "was another after a later run than before it" if changed else "went out twice, by the log"
            judged.mend(
                "list changed",
                f"The list of week {week} {how}, and the ward had worked by the first.",
                "steps/deploy.py: a week that is in house.lists() is never written again",
            )
        elif unsaid := [week for week, one in look.served.items() if one.sha256 not in logged.get(week, [])]:
            judged.mend(
                "list before log",
                f"The list of week {unsaid[0]} lay on the ward while the log had no line for it, so a run that is cut "
                "off there leaves calls that nobody answers for.",
                "steps/deploy.py: keep the file under its hash, write the line `served`, then put the list out",
            )
        before |= {week: one.sha256 for week, one in look.served.items()}


def _unscored(judged: Judged, flown: Flown, harmed: dict[int, np.ndarray]) -> None:
    """Who has no score is never called; only a wrong value of the feed excuses it, and then it is said."""
    blank: dict[int, int] = {}
    excused = 0
    for week, one in flown.last.served.items():
        if one.rows is None or week not in flown.years:
            continue
        wrong = set(flown.years[week]["stay"][harmed[week]])
        bare = one.rows["stay"][one.rows["score"].isna()]
        excused += int(bare.isin(wrong).sum())
        if count := int((~bare.isin(wrong)).sum()):
            blank[week] = count
    if excused:
        judged.facts.append(f"{excused:,} patients with a wrong value in the feed were given no score, so no call")
    if blank:
        many, whole = sum(blank.values()), sum(len(flown.years[week]) for week in blank)
        judged.mend(
            "unscored",
            f"In {weeks_of(list(blank))} {of_thousand(many, whole)} discharged were listed without a score although "
            "nothing was wrong with their values, so nobody would call them.",
            "steps/deploy.py: a missing value is filled by the model, and everybody on the list has a score",
        )


def _complete(judged: Judged, flown: Flown, week: int, rows: pd.DataFrame) -> None:
    true = flown.years[week]
    lacking = len(set(true["stay"]) - set(rows["stay"]))
    if lacking or rows["stay"].duplicated().any() or len(rows) > len(true):
        judged.mend(
            "dropped",
            f"The list of week {week} lacks {of_thousand(lacking, len(true))} discharged, or holds somebody twice or "
            "who was not discharged.",
            "steps/validate.py: refuse a value, never a patient",
        )


def _calls(judged: Judged, flown: Flown, week: int, rows: pd.DataFrame, bundle: Bundle) -> int:
    """How many calls are not what the threshold in force says; tickets are told apart, since they cost more."""
    true = flown.years[week].merge(rows.drop_duplicates("stay"), on="stay")
    tickets = int((true["called"] & true["held_out"]).sum())
    if tickets:
        judged.mend(
            "tickets",
            f"In week {week} {of_thousand(tickets, true['held_out'].sum())} who drew the ticket were called, and "
            "without them nobody can tell success from decay.",
            "the calls in steps/deploy.py: who is held out is never called",
        )
    right = (true["score"] >= bundle.policy.threshold) & true["home"] & ~true["held_out"]
    return int((right != true["called"])[~true["held_out"]].sum())


def judge_live(judged: Judged, looks: list[Look]) -> None:
    """What is shown as live is one bundle, the one in force, whole."""
    for look in looks:
        state = look.state
        if state.current is None:
            continue
        wanted, shown = parts(state.bundles[state.current]), look.live or {}
        if off := [name for name, value in wanted.items() if shown.get(name) != value]:
            judged.mend(
                "live",
                f"After the run of {look.actor} live.json showed another {', '.join(off)} than the bundle in force by "
                "the log.",
                "steps/rollback.py and steps/deploy.py: the log decides, and house.follow() makes live.json follow it",
            )


def judge_explained(judged: Judged, flown: Flown) -> None:
    """The learner's ``explain`` gives the score that was served, and the same from a model trained again."""
    good, first = 0, ""
    for stay, one in flown.explained.items():
        week = next(w for w, rows in flown.years.items() if (rows["stay"] == stay).any())
        rows, bundle = flown.last.served[week].rows, flown.last.in_force(week)
        served, found = rows[rows["stay"] == stay].iloc[0], one.get("found") or {}
        wanted = {"version": bundle.version, "threshold": bundle.policy.threshold, "score": served["score"]}
        wanted |= {"rebuilt": served["score"], "called": served["score"] >= bundle.policy.threshold}
        off = [name for name, value in wanted.items() if not _near(found.get(name), value)]
        good += not off
        if off and not first:
            why = f"it stopped: {one['trouble'][:160]}" if one.get("trouble") else f"its {off[0]} is another"
            first = f"A stay of week {week}, served with {served['score']:.4f}, is not explained: {why}."
    judged.facts.append(f"{good} of {len(flown.explained)} stays explained to the last digit and trained again")
    if first:
        judged.mend("explain", first, "`explain` (W07.Q1), and what steps/train.py and steps/deploy.py keep")


def _near(found: object, wanted: float) -> bool:
    return isinstance(found, (int, float)) and abs(float(found) - float(wanted)) < 1e-7


def in_force_before(look: Look, number: int) -> str | None:
    """The digest in force before a line of the log."""
    return replayed(look.lines[: number - 1], MODEL).current
