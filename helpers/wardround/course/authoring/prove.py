"""Proof that a question does what it promises, on hospitals that its author did not look at.

The solution is right, the untouched exercise is "not attempted" everywhere, and each misconception is refused with its
own message, at a distance from the right answer that chance does not cross.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wardround.course import places, runner
from wardround.course.keys import Key, week_keys
from wardround.course.questions import Question, week_questions
from wardround.course.verdicts import Expected, expected, judge
from wardround.hospital import DEFAULT_SEED, SECOND_SEED, VERSION, build, open_truth
from wardround.records import read_export

THIRD = 1 / 3
SEEDS = (DEFAULT_SEED, SECOND_SEED, *range(2026201, 2026219))
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Line:
    """One thing proven, or not: ``case`` is ``solution``, ``untouched`` or the name of a misconception."""

    question: str
    hospital: int
    case: str
    verdict: str
    distance: float | None
    needed: float | None
    problem: str = ""


@dataclass(frozen=True)
class Report:
    """All lines of a proof."""

    lines: tuple[Line, ...]

    @property
    def ok(self) -> bool:
        """Nothing failed, and something was proven."""
        return bool(self.lines) and not any(line.problem for line in self.lines)

    def to_dict(self) -> dict:
        """The whole as plain data."""
        return {"ok": self.ok, "lines": [asdict(line) for line in self.lines]}

    def render(self) -> str:
        """The smallest distance of each case over all hospitals, and every failure."""
        told = []
        for question, case in dict.fromkeys((line.question, line.case) for line in self.lines):
            mine = [line for line in self.lines if (line.question, line.case) == (question, case)]
            told.append(_row(question, case, mine))
        failed = [f"FAIL {p.question} {p.case}, hospital {p.hospital}: {p.problem}" for p in self.lines if p.problem]
        hospitals = len({line.hospital for line in self.lines})
        return "\n".join([*told, *failed, f"{len(self.lines)} proofs on {hospitals} hospitals, {len(failed)} failed."])


def _row(question: str, case: str, lines: list[Line]) -> str:
    far = [line.distance for line in lines if line.distance is not None]
    if not far:
        return f"{question:8} {case:28} {lines[0].verdict}"
    worst, word = (max(far), "largest") if case == "solution" else (min(far), "smallest")
    needed = "" if case == "solution" else f", {lines[0].needed:g} needed"
    return f"{question:8} {case:28} {lines[0].verdict:14} {word} distance {worst:,.1f}{needed}"


def prove(only: list[str] | None = None, *, hospitals: int = 2, progress: Progress | None = None) -> Report:
    """Prove every question of some weeks.

    Parameters
    ----------
    only
        Weeks such as ``W01``, or questions such as ``W01.Q1``; all weeks by default.
    hospitals
        How many, a third of the default size each; the first two are of the course's own seeds.
    """
    progress = progress or (lambda done, what: None)
    lines: list[Line] = []
    chosen = weeks(only)
    for w, week in enumerate(chosen):
        for h, seed in enumerate(SEEDS[:hospitals]):
            progress((w + h / hospitals) / len(chosen), f"week {week}, hospital {h + 1} of {hospitals}")
            other = SEEDS[(h + 1) % max(hospitals, 2)]
            lines += _prove_week(week, seed, other, _chosen(week, only), untouched=h == 0)
    return Report(tuple(lines))


def proof_hospital(seed: int) -> Path:
    """A third-size hospital in ``.wardround/hospitals``, built once for a version and a seed."""
    folder = places.root() / ".wardround" / "hospitals" / f"{VERSION}-{seed}-third"
    folder.parent.mkdir(parents=True, exist_ok=True)
    return build(folder, seed=seed, scale=THIRD)


def weeks(only: list[str] | None = None) -> list[int]:
    """Numbers of the weeks that are here, or of those named (``W01``, ``W01.Q1``)."""
    there = sorted(int(f.name[4:6]) for f in (places.root() / "curriculum").glob("week[0-9][0-9]_*"))
    wanted = {int(name[1:3]) for name in only or ()}
    return [week for week in there if not wanted or week in wanted]


def _chosen(week: int, only: list[str] | None) -> dict[str, Question]:
    named = {name for name in only or () if "." in name and int(name[1:3]) == week}
    return {id: asked for id, asked in week_questions(week).items() if not named or id in named}


def _prove_week(week: int, seed: int, other: int, chosen: dict[str, Question], *, untouched: bool) -> list[Line]:
    folders = {"here": proof_hospital(seed), "unseen": proof_hospital(other)}
    keys = week_keys(week)
    name = places.week_name(week)
    known = {id: _expected(asked, keys.keys[id], folders, keys.digest) for id, asked in chosen.items()}
    solved = runner.run(places.root() / "solutions" / f"{name}.py", week, folders)
    blank = runner.run(places.root() / "exercises" / f"{name}.py", week, folders) if untouched else None
    lines = []
    for id, asked in chosen.items():
        key = keys.keys[id]
        lines.append(_solution(asked, key, seed, solved.answers[id], known[id]))
        if blank is not None:
            verdict = judge(asked, key, blank.answers[id], known[id])
            problem = "" if verdict.kind == "not_attempted" else f"untouched, but the verdict is {verdict.kind}"
            lines.append(Line(id, seed, "untouched", verdict.kind, None, None, problem))
        lines += _misconceptions(asked, key, seed, known[id])
    return lines


def _expected(asked: Question, key: Key, folders: dict[str, Path], digest: str) -> dict[str, Expected]:
    known = {}
    for role in asked.hospitals:
        folder = folders[role]
        kept = folder / "truth" / "answers"
        known[role] = expected(asked, key, read_export(folder), open_truth(folder), digest, kept)
    return known


def _solution(asked: Question, key: Key, seed: int, answers: dict[str, Any], known: dict[str, Expected]) -> Line:
    verdict = judge(asked, key, answers, known)
    problem = ""
    if verdict.kind != "right":
        problem = f"the solution is {verdict.kind}: {verdict.says} {verdict.evidence}"
    elif verdict.distance > key.same.allowed / 2:
        problem = "the solution is right by less than half a tolerance"
    return Line(asked.id, seed, "solution", verdict.kind, verdict.distance, None, problem)


def _misconceptions(asked: Question, key: Key, seed: int, known: dict[str, Expected]) -> Iterator[Line]:
    here = known["here"]
    for wrong in key.misconceptions:
        answer = key.same.complete(here.wrong[wrong.name], here.reference)
        verdict = judge(asked, key, {"here": answer}, {"here": here})
        problem = ""
        if verdict.misconception != wrong.name:
            told = verdict.misconception or verdict.kind
            problem = f"it is answered as {told}: {verdict.says} {verdict.evidence}"
        elif verdict.distance < key.same.needed:
            problem = f"only {verdict.distance:.1f} from the right answer; {key.same.needed:g} are needed"
        yield Line(asked.id, seed, wrong.name, verdict.kind, verdict.distance, key.same.needed, problem)
