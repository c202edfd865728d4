"""What a pipeline caught of a year of faults, and what it let through: a line of the table for each."""

from __future__ import annotations

from typing import Any

from wardround.course.pipeline_check.flights import Flown, unlike
from wardround.course.pipeline_check.found import Judged, Row, of_thousand, weeks_of
from wardround.course.pipeline_check.honest import in_force_before
from wardround.course.pipeline_check.looks import parts
from wardround.course.pipeline_feed import INPUTS, Candidate, Fault
from wardround.operations.ledger import Line

LONGEST = 2  # weeks that a wrong threshold may go on after the week in which it came: two Mondays to see it
LOOKED = 13  # weeks in which an input that leaps is to be seen, a quarter
MOST_FALSE = 3  # of inputs in a quiet year: who promised one gets four or more in 2 of 100 years


def judge_feed(judged: Judged, flown: Flown) -> None:
    """Faults of the feed: said by somebody, and nobody scored with a wrong value."""
    for name, fault in flown.story.faults.items():
        columns = _columns(flown, fault)
        layer, week, action = _heard(flown, fault, columns)
        row = Row(flown.name, fault.says, fault.weeks[0], layer, week, action)
        ok = _harmful(judged, flown, name, fault, layer) if fault.harms else _decoy(judged, flown, fault, layer)
        judged.rows.append(Row(**{**vars(row), "ok": ok}))


def _columns(flown: Flown, fault: Fault) -> list[str]:
    """The columns that a fault changes."""
    week = fault.weeks[0]
    told = fault.make(flown.years[week]).reindex(columns=list(INPUTS))
    true = flown.years[week]
    return [name for name in INPUTS if (true[name].notna() & (told[name] != true[name])).any()]


def _heard(flown: Flown, fault: Fault, columns: list[str]) -> tuple[str, int | None, str]:
    """The first word of it: an alarm by its layer, or a refusal at the door."""
    found = []
    for line, told in flown.last.told:
        week, named = told.get("week"), str(told.get("column") or told.get("signal") or "")
        if type(week) is int and week in fault.weeks and any(name in named for name in columns):
            if line.action == "alarm":
                found.append((week, 0, str(told.get("layer"))[:20], str(told.get("action"))[:30]))
            elif line.action == "refused":
                found.append((week, 1, "door", "noted in the log"))
    week, _, layer, action = min(found, default=(None, 0, "", ""))
    return layer, week, action


def _harmful(judged: Judged, flown: Flown, name: str, fault: Fault, layer: str) -> bool:
    wrong = of = 0
    for asked in flown.asked:
        rows = flown.last.served[asked.week].rows
        if asked.week in fault.weeks and rows is not None:
            found = unlike(asked, rows)
            wrong, of = wrong + found["wrong"], of + found["of"]
    weeks = weeks_of(list(fault.weeks))
    if wrong:
        judged.mend(
            name,
            f"In {weeks} ({fault.says}) {of_thousand(wrong, of)} patients concerned were scored with a value that "
            "nobody had measured.",
            "the contract in steps/validate.py: what cannot be is refused and counts as missing, it is never filled or "
            "converted",
        )
    if not layer:
        judged.mend(
            f"{name} unheard",
            f"In {weeks} ({fault.says}) neither a refusal nor an alarm named the column.",
            "steps/validate.py writes `refused`, and steps/monitor.py rings at the limit of plan.toml, door",
        )
    return not wrong and bool(layer)


def _decoy(judged: Judged, flown: Flown, fault: Fault, layer: str) -> bool:
    """What costs few calls: seen, looked at, and left alone."""
    acted = [
        line
        for line, told in flown.last.told
        if line.action == "rolled back"
        and flown.last.weeks[line.number] in fault.weeks
        and not _after_a_typo(flown, line)
    ]
    if acted:
        judged.mend(
            "decoy undone",
            f"In week {flown.last.weeks[acted[0].number]} a release was undone because of {fault.says}.",
            "plan.toml, inputs: the first action is to look; roll back only after a release, by outputs",
        )
    if not layer:
        judged.mend(
            "inputs asleep",
            f"From week {fault.weeks[0]} on ({fault.says}) no alarm named the input in {len(fault.weeks)} weeks, so "
            "nobody looked whether it harms.",
            "`alarms` (W08.Q1)",
        )
    return bool(layer) and not acted


def _after_a_typo(flown: Flown, line: Line) -> bool:
    weeks = [week for week, one in flown.story.candidates.items() if one.wrong == "typo"]
    return any(week <= flown.last.weeks[line.number] for week in weeks)


# releases -------------------------------------------------------------------------------------------------------------
def judge_first(judged: Judged, flown: Flown) -> bool:
    """Whether the first release of all came, without which there is no list; if not, that is all there is to say."""
    released = _released(flown, 0, flown.story.candidates[0])
    if released and flown.last.weeks[released[0].number] == 0:
        return True
    judged.mend(
        "first refused",
        "The first release breaks no rule and has two names, and week 0 ended without it, so no list went out: "
        f"{_why_not(flown, 0).rstrip('.')}.",
        "`gate` (W07.Q2), or the step that is named",
    )
    return False


def judge_releases(judged: Judged, flown: Flown) -> None:
    """Who asked for a release, and what came of it."""
    for week, one in flown.story.candidates.items():
        released = _released(flown, week, one)
        judge = {"": _good, "worse": _worse, "one name": _alone, "typo": _typo}[one.wrong]
        if week:
            judged.rows.append(judge(judged, flown, week, one, released))


def _released(flown: Flown, week: int, one: Candidate) -> tuple[Line, dict[str, Any]] | None:
    """The line that released a candidate: of a bundle that its author had proposed in that week or later."""
    look, until = (
        flown.last,
        min((other for other in flown.story.candidates if other > week), default=flown.story.weeks),
    )
    for line, told in look.told:
        bundle = look.state.bundles.get(str(told.get("digest")))
        its_own = bundle is None or bundle.policy.threshold == one.threshold
        if line.action == "released" and week <= look.weeks[line.number] < until and its_own:
            return line, told
    return None


def _why_not(flown: Flown, week: int) -> str:
    """What the log says of a candidate that was not released."""
    for told in flown.last.of("not released"):
        if told.get("week") == week:
            return ", ".join(map(str, told.get("rules") or ()))[:200]
    for told in flown.last.of("step"):
        if told.get("week") == week and told.get("ended") == "stopped":
            return f"step {told.get('step')} stopped, {str(told.get('why'))[:200]}"
    return next((f"run.py ended with: {words}" for words in flown.ended if words), "the log does not say why")


def _good(judged: Judged, flown: Flown, week: int, one: Candidate, released: Any) -> Row:
    row = Row(flown.name, "a good candidate, two names", week, "gate", week, "released")
    if released:
        return row
    why = _why_not(flown, week)
    judged.mend(
        "good refused",
        f"In week {week} a candidate that breaks no rule and has two names was not released ({why}).",
        "`gate` (W07.Q2), or the step that is named",
    )
    return Row(**{**vars(row), "done": f"not released: {why}", "ok": False})


def _worse(judged: Judged, flown: Flown, week: int, one: Candidate, released: Any) -> Row:
    row = Row(flown.name, "a model that sorts by chance", week, "gate", week, f"not released: {_why_not(flown, week)}")
    if not released:
        return row
    judged.mend(
        "worse released",
        f"In week {week} a model whose outcomes had been shuffled went to the wards, where "
        f"{_listed(flown, released):,} patients were listed by it.",
        "`gate` (W07.Q2), the rule `not worse`, and steps/gate.py: a rule that is broken releases nothing",
    )
    return Row(flown.name, row.fault, week, done="released", ok=False)


def _alone(judged: Judged, flown: Flown, week: int, one: Candidate, released: Any) -> Row:
    row = Row(flown.name, "approved by its author alone", week, "gate", week, f"not released: {_why_not(flown, week)}")
    if not released:
        return row
    judged.mend(
        "second name",
        f"In week {week} a release that only its author ({one.by}) had approved went to the wards.",
        "the rule `approval` of your gate (W07.Q2), steps/register.py and steps/deploy.py",
    )
    return Row(flown.name, row.fault, week, done="released", ok=False)


def _typo(judged: Judged, flown: Flown, week: int, one: Candidate, released: Any) -> Row:
    fault, look = f"a threshold of {one.threshold} instead of 0.12", flown.last
    if not released:
        return Row(flown.name, fault, week, "gate", week, f"not released: {_why_not(flown, week)}")
    line, told = released
    digest, before = str(told["digest"]), in_force_before(look, line.number)
    back = [other for other in look.lines if other.action == "rolled back" and other.number > line.number]
    weeks = [at for at in look.served if (bundle := look.in_force(at)) and bundle.digest == digest]
    many, whole = _called_for_nothing(flown, weeks)
    rang = [t["week"] for t in look.of("alarm") if t.get("layer") == "outputs" and week <= (t.get("week") or -1)]
    if not back or (weeks and weeks[-1] > week + LONGEST):
        ends = f"undone only in week {look.weeks[back[0].number]}" if back else "never undone"
        heard = f"outputs rang in week {rang[0]}" if rang else "no alarm of outputs rang"
        why = next((f"; {_stopped(t)}" for t in look.of("step") if t.get("step") == "rollback" and _stopped(t)), "")
        judged.mend(
            "typo stays",
            f"The release of week {week} ({fault}) was {ends}, and {of_thousand(many, whole)} listed were called who "
            f"would not have been ({heard}{why}).",
            "outputs in plan.toml (limit, and the action roll back), then `roll_back` (W07.Q3)",
        )
        return Row(flown.name, fault, week, "outputs" if rang else "", rang[0] if rang else None, ends, ok=False)
    at = look.weeks[back[0].number]
    to = str(dict(look.told)[back[0]].get("digest"))
    ok = to == before and look.live is not None and _whole(flown)
    if to != before:
        judged.mend(
            "wrong way back",
            f"In week {at} the rollback returned to {to[:12]}, and {str(before)[:12]} was in force before the typo.",
            "`roll_back` (W07.Q3): the last line but one that was in force, not the release with the number before",
        )
    judged.facts.append(
        f"the typo called {of_thousand(many, whole)} for nothing; rolled back to "
        f"{'the bundle in force before it' if to == before else 'another bundle'}, "
        f"{'all four parts' if ok else 'not all of its parts'}"
    )
    return Row(flown.name, fault, week, "outputs", rang[0] if rang else at, "rolled back", ok=ok)


def _stopped(told: dict[str, Any]) -> str:
    return str(told.get("why"))[:240] if told.get("ended") == "stopped" else ""


def _whole(flown: Flown) -> bool:
    state = flown.last.state
    return flown.last.live == parts(state.bundles[state.current])


def _listed(flown: Flown, released: tuple[Line, dict[str, Any]]) -> int:
    digest, look = str(released[1].get("digest")), flown.last
    weeks = [week for week in look.served if (bundle := look.in_force(week)) and bundle.digest == digest]
    return sum(len(flown.years[week]) for week in weeks)


def _called_for_nothing(flown: Flown, weeks: list[int]) -> tuple[int, int]:
    rows = [one.rows for week in weeks if (one := flown.last.served[week]).rows is not None]
    return sum(int((one["called"] & (one["score"] < 0.12)).sum()) for one in rows), sum(map(len, rows))


# lists and quiet ------------------------------------------------------------------------------------------------------
def judge_weeks(judged: Judged, flown: Flown) -> None:
    """Every ward has a list, or is told why not."""
    look, weeks = flown.last, range(flown.story.weeks)
    why = {told.get("week"): str(told.get("why"))[:240].rstrip(".") for told in look.of("no list")}
    without = [week for week in weeks if week not in look.served]
    excused = {week for one in flown.story.faults.values() if one.whole for week in one.weeks}
    if not without:
        return
    judged.without.append(f"{flown.name}: {weeks_of(without)} ({why.get(without[0], 'nothing in the log says why')})")
    if unsaid := [week for week in without if week not in why]:
        stopped = next((f": run.py ended with: {words.rstrip('.')}" for words in flown.ended if words), "")
        judged.mend(
            "silent week",
            f"In {weeks_of(unsaid)} the wards had no list and no word of it{stopped}.",
            "a step that cannot go on raises NoList, and run.py writes `no list` into the log",
        )
    elif blamed := [week for week in without if week not in excused]:
        many = sum(len(flown.years[week]) for week in blamed)
        judged.mend(
            "no list",
            f"In {weeks_of(blamed)} {many:,} patients were on no list, though nothing was wrong that a list without a "
            f"value would not have met: {why[blamed[0]]}.",
            "plan.toml: an alarm is looked at; a pause takes every call away, and helps nobody"
            if "pause" in why[blamed[0]]
            else "steps/validate.py or steps/deploy.py, whichever stopped with these words",
        )


def judge_quiet(judged: Judged, flown: Flown) -> None:
    """Alarms that nothing stands behind."""
    false: dict[str, list[int]] = {}
    for told in flown.last.of("alarm"):
        layer, week = str(told.get("layer"))[:20], told.get("week")
        if type(week) is int and not _meant(flown, layer, week, str(told.get("signal"))):
            false.setdefault(layer, []).append(week)
            judged.false.append(f"{flown.name}, week {week}: {layer}, {str(told.get('signal'))[:60]}")
    quiet = not flown.story.faults and flown.story.version != "home visits end"
    if quiet and len(false.get("inputs", [])) > MOST_FALSE:
        judged.mend(
            "inputs too loud",
            f"Inputs rang {len(false['inputs'])} times in a year in which nothing happened to them, and one a year was "
            "promised.",
            "`alarms` (W08.Q1): forty inputs in fifty-two weeks are two thousand tests",
        )
    loud = {layer: weeks for layer, weeks in false.items() if layer in ("door", "outputs")}
    if quiet and sum(map(len, loud.values())) > 1:
        layer, weeks = next(iter(loud.items()))
        judged.mend(
            f"{layer} too loud",
            f"In a quiet year {layer} rang {len(weeks)} times, first in week {weeks[0]}.",
            f"the limit of {layer} in plan.toml, or steps/monitor.py",
        )


def _meant(flown: Flown, layer: str, week: int, signal: str) -> bool:
    """Whether something stands behind an alarm: a fault of that column, a wrong release, a real change."""
    if layer in ("door", "inputs"):
        return any(
            any(name in signal for name in _columns(flown, one)) and one.weeks[0] <= week < one.weeks[-1] + LOOKED
            for one in flown.story.faults.values()
        )
    if layer == "outputs":
        wrong = [at for at, one in flown.story.candidates.items() if one.wrong]
        return any(at <= week <= at + LOOKED for at in wrong)
    return flown.story.version == "home visits end"


def judge_outcomes(judged: Judged, flown: Flown) -> None:
    """Home visits end: only outcomes can tell. Where the model helps, they must not."""
    rang = [t["week"] for t in flown.last.of("alarm") if t.get("layer") == "outcomes" and type(t.get("week")) is int]
    acts = [str(told.get("action"))[:30] for told in flown.last.of("alarm") if told.get("layer") == "outcomes"]
    if flown.story.version == "home visits end":
        row = Row(flown.name, "home visits end", 0, "outcomes" if rang else "", rang[0] if rang else None)
        judged.rows.append(Row(**{**vars(row), "done": acts[0] if acts else "nothing", "ok": bool(rang)}))
        if not rang:
            back, n = int(flown.rows["back"].sum()), len(flown.rows)
            judged.mend(
                "let through",
                f"Home visits ended with week 0, {of_thousand(back, n)} discharged came back in the year, far more "
                "than was promised, and outcomes never rang.",
                "`performance` (W08.Q3) and the limits of outcomes in plan.toml: settled tickets that go home, rung "
                "when all of the interval lies outside",
            )
    elif flown.story.version == "the model calls":
        what = "rang in " + weeks_of(rang) if rang else "left alone"
        judged.rows.append(Row(flown.name, "the model helps, so fewer come back", 0, done=what, ok=not rang))
        if rang:
            judged.mend(
                "success as decay",
                f"In week {rang[0]} outcomes rang ({acts[0]}) in a year in which the calls helped and nothing else had "
                "changed: who was called came back less often, which was read as a model that promises too much.",
                "`performance` (W08.Q3): only tickets that go home tell what would have been without a call",
            )
