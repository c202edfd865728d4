"""``wardround session N``: one page for the team lead's screen or printer, made from the week's own files.

nbconvert and reveal.js make slides of notebooks, but fetch scripts from a network and cannot be read without them. This
is plain HTML with headings and folds: it works offline, prints, and reads aloud in order.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape
from pydantic import BaseModel, ConfigDict, Field

from wardround.course import notebooks, places
from wardround.course.manifest import ManifestError, read_course, read_toml
from wardround.course.questions import week_questions
from wardround.course.quiz import week_quiz
from wardround.course.store import write_atomically

VOTES = 3


class Vote(BaseModel):
    """A quiz item to vote on, with the best case for a wrong option."""

    model_config = ConfigDict(extra="forbid")

    item: str
    argument: str = Field(min_length=1)


class Demonstration(BaseModel):
    """Two minutes in front of the group."""

    model_config = ConfigDict(extra="forbid")

    title: str
    steps: list[str] = Field(min_length=2, max_length=6)


class Session(BaseModel):
    """A week's ``session.toml``."""

    model_config = ConfigDict(extra="forbid")

    figure: str
    context: str = Field(min_length=1)
    vote: list[Vote] = Field(min_length=VOTES, max_length=VOTES)
    demonstration: Demonstration


def write_session(week: int, out: Path) -> Path:
    """Write a week's deck as one offline HTML file.

    Raises
    ------
    FileNotFoundError
        The week is not in this copy of the course.
    ManifestError
        ``session.toml`` names an item or a figure that is not there.
    """
    write_atomically(out, session_page(week).encode())
    return out


def session_page(week: int) -> str:
    """Return the deck of a week as HTML (see :func:`write_session`)."""
    folder = places.week_folder(week)
    plan = read_toml(folder / "session.toml", Session)
    entry = read_course().number(week)
    first = next(iter(week_questions(week).values()))
    page = Environment(
        loader=PackageLoader("wardround.course"),
        autoescape=select_autoescape(["html", "j2"]),
        undefined=StrictUndefined,
    ).get_template("session.html.j2")
    return page.render(
        week=week,
        title=entry.title,
        decision=_decision(folder / "README.md"),
        context=plan.context,
        figure=_figure(folder / f"{plan.figure}.ipynb"),
        votes=[_vote(week, vote) for vote in plan.vote],
        demonstration=plan.demonstration,
        rubric=_rubric(folder / "memo.md"),
        first_question=f"{first.id.split('.')[1]}, {first.title}",
    )


def _decision(readme: Path) -> str:
    found = re.search(r"^\*\*The decision\.\*\* (.*?)\n\n", readme.read_text(encoding="utf-8"), re.M | re.S)
    if not found:
        raise ManifestError(f"{readme.name} does not say **The decision.**, which opens the session.")
    return " ".join(found[1].split())


def _figure(lesson: Path) -> Markup:
    """The first figure of a built lesson: our own HTML, with its alternative text and numbers."""
    for cell in notebooks.read(lesson).cells:
        for output in cell.get("outputs", []):
            html = "".join(output.get("data", {}).get("text/html", ""))
            if html.lstrip().startswith("<figure"):
                return Markup(html)
    raise ManifestError(f"{lesson.name} has no figure to open the session with.")


def _vote(week: int, vote: Vote) -> dict[str, Any]:
    items = week_quiz(week)
    if vote.item not in items:
        raise ManifestError(f"session.toml votes on {vote.item}, which is not in the quiz of week {week}.")
    item = items[vote.item]
    tempting = next(option for option in item.option if not option.right)
    return {"ask": item.ask, "options": item.option, "argument": vote.argument, "tempting": tempting.letter}


def _rubric(memo: Path) -> Markup:
    """The table under ``## Rubric``, as HTML."""
    section = re.split(r"^## ", memo.read_text(encoding="utf-8").split("## Rubric")[1], flags=re.M)[0]
    rows = [line.strip().strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    head, *body = [row for row in rows if not set("".join(row)) <= set("- ")]
    cells = [[escape(cell.strip().replace("**", "")) for cell in row] for row in body]
    top = Markup("").join(Markup('<th scope="col">{}</th>').format(cell.strip()) for cell in head)
    made = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            row[0], Markup("").join(Markup("<td>{}</td>").format(c) for c in row[1:])
        )
        for row in cells
    )
    return Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(top, made)
