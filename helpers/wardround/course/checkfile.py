"""``wardround check N``: every check of a week on the exercise in ``work/weekNN``, without opening it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from wardround.course import loading, places, progress, runner
from wardround.course.keys import week_keys
from wardround.course.questions import week_questions
from wardround.course.verdicts import Verdict, expected, judge
from wardround.hospital import open_truth
from wardround.records import read_export


@dataclass(frozen=True)
class Checked:
    """The verdicts on one exercise, and cells of it that stopped."""

    verdicts: tuple[Verdict, ...]
    stopped: tuple[runner.CellTrouble, ...] = ()

    @property
    def ok(self) -> bool:
        """Everything is right."""
        return bool(self.verdicts) and all(verdict.kind == "right" for verdict in self.verdicts)

    @property
    def lines(self) -> list[str]:
        """The whole as sentences."""
        told = [f"Cell {t.cell + 1} stopped: {t.error}: {t.message}" for t in self.stopped]
        for verdict in self.verdicts:
            said = " ".join(part for part in (verdict.says, verdict.so_what, verdict.evidence) if part)
            told.append(f"{verdict.question}: {verdict.kind.replace('_', ' ')}. {said}")
        right = sum(verdict.kind == "right" for verdict in self.verdicts)
        return [*told, f"{right} of {len(self.verdicts)} right."]

    def to_dict(self) -> dict:
        """The whole as plain data."""
        parts = {"verdicts": self.verdicts, "stopped": self.stopped}
        return {"ok": self.ok, **{name: [asdict(each) for each in part] for name, part in parts.items()}}


def check_week(week: int, *, notebook: Path | None = None) -> Checked:
    """Run a week's exercise in a process of its own and judge every answer.

    Parameters
    ----------
    notebook
        By default the exercise in the learner's folder.

    Raises
    ------
    FileNotFoundError
        The week was not started.
    """
    path = notebook or places.part_path(week) / f"{places.week_name(week)}.ipynb"
    if not path.exists():
        raise FileNotFoundError(f"There is no exercise at {path}; `wardround start {week}` puts it there.")
    with loading.shown_progress() as shown:
        here, unseen = loading.ensure_hospitals(progress=shown)
    folders = {"here": here, "unseen": unseen}
    done = runner.run(path, week, folders)
    keys, verdicts = week_keys(week), []
    opened = {role: read_export(folder) for role, folder in folders.items()}
    for id, asked in week_questions(week).items():
        known = {}
        for role in asked.hospitals:
            kept = folders[role] / "truth" / "answers"
            known[role] = expected(asked, keys.keys[id], opened[role], open_truth(folders[role]), keys.digest, kept)
        verdicts.append(judge(asked, keys.keys[id], done.answers[id], known))
        progress.record(id, verdicts[-1].kind, verdicts[-1].teaches)
    return Checked(tuple(verdicts), done.troubles)
