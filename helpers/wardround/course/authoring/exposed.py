"""Where a check refuses each misconception by name: read from the keys of all weeks, never from a list by hand."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from wardround.course.authoring.prove import weeks
from wardround.course.keys import week_keys
from wardround.course.manifest import ManifestError
from wardround.course.misconceptions import misconceptions


@dataclass(frozen=True)
class Row:
    """One misconception: ``refused`` holds, for each question, the names of the wrong answers that carry it."""

    id: str
    says: str
    week: int
    refused: dict[str, list[str]]

    def render(self) -> str:
        """The row as one line: in each question how many wrong answers, if more than one."""
        where = [id + (f" x{len(names)}" if len(names) > 1 else "") for id, names in self.refused.items()]
        return f"{self.id}  {self.says:52}  {', '.join(where) or 'in no check'}"


@dataclass(frozen=True)
class Exposed:
    """All rows, in the order of the list."""

    rows: tuple[Row, ...]

    def to_dict(self) -> dict:
        """The whole as plain data."""
        return {"misconceptions": [asdict(row) for row in self.rows]}

    def render(self) -> str:
        """The table for a terminal, with a count at its end."""
        answers = sum(len(names) for row in self.rows for names in row.refused.values())
        questions = {id for row in self.rows for id in row.refused}
        exposed = sum(bool(row.refused) for row in self.rows)
        last = (
            f"{exposed} of {len(self.rows)} are refused by name: {answers} wrong answers to {len(questions)} questions."
        )
        return "\n".join([*(row.render() for row in self.rows), last])


def exposed() -> Exposed:
    """Return every misconception with the wrong answers that carry it.

    Raises
    ------
    ManifestError
        A key teaches a misconception that the list does not have.
    """
    found: dict[str, dict[str, list[str]]] = {id: {} for id in misconceptions()}
    for week in weeks():
        for id, key in week_keys(week).keys.items():
            for wrong in key.misconceptions:
                if wrong.teaches is None:
                    continue
                if wrong.teaches not in found:
                    raise ManifestError(f"{id}, {wrong.name} teaches {wrong.teaches}, which misconceptions.toml lacks.")
                found[wrong.teaches].setdefault(id, []).append(wrong.name)
    return Exposed(tuple(Row(id, named.says, named.week, found[id]) for id, named in misconceptions().items()))
