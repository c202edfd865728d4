"""``wardround session N``: one page for the team lead's screen or printer, made from the week's own files.

The lead's page has what to say in folds, which print open; ``handout=True`` leaves every answer out. nbconvert and
reveal.js make slides of notebooks, but fetch scripts from a network and cannot be read without them. This is plain HTML
with headings and folds: it works offline, prints, and reads aloud in order.
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
TIMED = ("check-in", "figure", "vote", "demonstration", "also", "questions", "swap", "monday", "cards")


class Figure(BaseModel):
    """The first figure of a lesson: what the group sees first, with its task; the figure's message stays folded."""

    model_config = ConfigDict(extra="forbid")

    lesson: str
    title: str
    context: str = Field(min_length=1)
    task: str = Field(min_length=1)


class Vote(BaseModel):
    """A quiz item to vote on, with the best case for a wrong option; ``plain`` for who has not done the week."""

    model_config = ConfigDict(extra="forbid")

    item: str
    argument: str = Field(min_length=1)
    plain: str = Field(min_length=1)


class Demonstration(BaseModel):
    """A few minutes in front of the group: columns of one table in the figure's lesson, the second part folded."""

    model_config = ConfigDict(extra="forbid")

    after: int = Field(ge=1, le=VOTES)
    title: str
    shown: list[str] = Field(min_length=1)
    folded: list[str] = Field(min_length=1)
    fold: str = Field(min_length=1)
    steps: list[str] = Field(min_length=2, max_length=6)


class Pairs(BaseModel):
    """A question that pairs work on together: in ninety minutes, or because half have not done the week."""

    model_config = ConfigDict(extra="forbid")

    question: str
    task: str = ""


class Paper(BaseModel):
    """The same kind of question for pairs without a computer: invented lines to print."""

    model_config = ConfigDict(extra="forbid")

    ask: str
    lines: list[str] = Field(min_length=4, max_length=8)
    answer: str


class Session(BaseModel):
    """A week's ``session.toml``."""

    model_config = ConfigDict(extra="forbid")

    figure: Figure
    vote: list[Vote] = Field(min_length=VOTES, max_length=VOTES)
    demonstration: Demonstration
    also: Pairs
    half: Pairs
    paper: Paper


def write_session(week: int, out: Path, *, handout: bool = False) -> Path:
    """Write a week's deck as one offline HTML file; ``handout`` for participants, without answers.

    Raises
    ------
    FileNotFoundError
        The week is not in this copy of the course.
    ManifestError
        ``session.toml`` names an item or a figure that is not there.
    """
    write_atomically(out, session_page(week, handout=handout).encode())
    return out


def session_page(week: int, *, handout: bool = False) -> str:
    """Return the deck of a week as HTML (see :func:`write_session`)."""
    folder = places.week_folder(week)
    plan = read_toml(folder / "session.toml", Session)
    entry = read_course().number(week)
    lesson = folder / f"{plan.figure.lesson}.ipynb"
    minutes = run_sheet(folder / "facilitator.md")
    pages = Environment(
        loader=PackageLoader("wardround.course"),
        autoescape=select_autoescape(["html", "j2"]),
        undefined=StrictUndefined,
    )
    pages.filters["inline"] = _inline
    return pages.get_template("session.html.j2").render(
        week=week,
        handout=handout,
        minutes={part: [_minutes(*times) for times in found] for part, found in minutes.items()},
        half_minutes=sum(minutes[part][0][0] for part in ("questions", "swap")),
        title=entry.title,
        decision=_decision(folder / "README.md"),
        plan=plan,
        figure=_figure(lesson),
        votes=[_vote(week, vote) for vote in plan.vote],
        shown=_table(lesson, plan.demonstration.shown),
        folded=_table(lesson, plan.demonstration.folded),
        questions=_questions(folder / "facilitator.md"),
        rubric=rubric_table(folder / "memo.md"),
        sample=_sample(folder / "memo.md"),
        also=_asked(week, plan.also.question),
        half=_asked(week, plan.half.question),
    )


def run_sheet(guide: Path) -> dict[str, list[tuple[int, int]]]:
    """Minutes of each part in a session of 60 and of 90, from the guide's run sheet; 0 where a part falls out.

    Raises
    ------
    ManifestError
        A part of the deck has no row.
    """
    section = guide.read_text(encoding="utf-8").split("## Run sheet")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    found: dict[str, list[tuple[int, int]]] = {}
    for short, long, part, *_ in rows[2:]:
        found.setdefault(part, []).append((_span(short), _span(long)))
    missing = [part for part in TIMED if part not in found] or ["vote"] * (len(found["vote"]) != VOTES)
    if missing:
        raise ManifestError(f"The run sheet of {guide.name} has no row {', '.join(missing)} for the deck.")
    return found


def _span(cell: str) -> int:
    begin, _, end = cell.partition("-")
    return int(end) - int(begin) if end else 0


def _minutes(short: int, long: int) -> str:
    if not short:
        return f"{long} min, only in 90"
    return f"{short} min" if short == long else f"{short} min (in 90: {long})"


def _asked(week: int, id: str) -> str:
    questions = week_questions(week)
    if id not in questions:
        raise ManifestError(f"session.toml names {id}, which week {week} does not ask.")
    return f"{id.split('.')[1]}, {questions[id].title}"


def _decision(readme: Path) -> str:
    found = re.search(r"^\*\*The decision\.\*\* (.*?)\n\n", readme.read_text(encoding="utf-8"), re.M | re.S)
    if not found:
        raise ManifestError(f"{readme.name} does not say **The decision.**, which opens the session.")
    return " ".join(found[1].split())


def _figure(lesson: Path) -> Markup:
    """The first figure of a built lesson: our own HTML, with its alternative text; message and numbers in one fold."""
    for cell in notebooks.read(lesson).cells:
        for output in cell.get("outputs", []):
            html = "".join(output.get("data", {}).get("text/html", ""))
            if html.lstrip().startswith("<figure"):
                says, rest = re.search(r"<figcaption>(.*?)</figcaption>(.*)</figure>", html, re.S).groups()
                numbers = re.sub(r"</?(details|summary)>|The numbers", "", rest)
                fold = f"<details><summary>What it shows, with its numbers</summary><p>{says}</p>{numbers}</details>"
                return Markup(html[: html.index("<figcaption>")] + fold + "</figure>")
    raise ManifestError(f"{lesson.name} has no figure to open the session with.")


def _inline(text: str) -> Markup:
    """Words of code between single backticks, as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _table(lesson: Path, columns: list[str]) -> Markup:
    """Some columns of the first table of a built lesson that has them all."""
    for cell in notebooks.read(lesson).cells:
        for output in cell.get("outputs", []):
            html = "".join(output.get("data", {}).get("text/html", ""))
            rows = [
                re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in re.findall(r"<tr.*?</tr>", html, re.S)
            ]
            if rows and set(columns) <= set(rows[0]):
                places = [rows[0].index(name) for name in columns]
                return _rows([[Markup(row[place]) for place in places] for row in rows if len(row) > max(places)])
    raise ManifestError(f"{lesson.name} has no table with the columns {', '.join(columns)}.")


def _rows(rows: list[list[str]]) -> Markup:
    """A table whose first row is its head; cells that are numbers stand to the right."""
    made = [Markup("<tr>{}</tr>").format(Markup("").join(Markup('<th scope="col">{}</th>').format(c) for c in rows[0]))]
    for row in rows[1:]:
        cells = (Markup('<td class="{}">{}</td>').format("n" if re.fullmatch(r"[\d.,-]+", c) else "", c) for c in row)
        made.append(Markup("<tr>{}</tr>").format(Markup("").join(cells)))
    return Markup("<table>{}</table>").format(Markup("").join(made))


def _questions(guide: Path) -> list[dict[str, str]]:
    """The guide's discussion questions: what is asked, and what to listen for."""
    section = re.split(r"^## ", guide.read_text(encoding="utf-8").split("## Discussion questions")[1], flags=re.M)[0]
    told = []
    for item in re.split(r"^\d+\. ", section, flags=re.M)[1:]:
        ask, _, listen = " ".join(item.split()).partition("*Listen for*")
        told.append({"ask": ask.strip(), "listen": f"Listen for {listen.strip()}"})
    return told


def _vote(week: int, vote: Vote) -> dict[str, Any]:
    items = week_quiz(week)
    if vote.item not in items:
        raise ManifestError(f"session.toml votes on {vote.item}, which is not in the quiz of week {week}.")
    item = items[vote.item]
    tempting = next(option for option in item.option if not option.right)
    kept = {"ask": item.ask, "plain": vote.plain, "argument": vote.argument}
    return {**kept, "options": item.option, "tempting": tempting.letter}


def _sample(memo: Path) -> dict[str, str]:
    """The scored memo of four points, to be scored by the group first: its text, and why it has four."""
    found = re.search(r"^### Four points\n\n((?:>[^\n]*\n)+)\n(.*?)\n\n", memo.read_text(encoding="utf-8"), re.M | re.S)
    if not found:
        raise ManifestError(f"{memo.name} has no memo of four points, which the group scores first.")
    return {"text": " ".join(found[1].replace(">", "").split()), "why": " ".join(found[2].split())}


def rubric_table(memo: Path) -> Markup:
    """The table under ``## Rubric``, as HTML."""
    section = re.split(r"^## ", memo.read_text(encoding="utf-8").split("## Rubric")[1], flags=re.M)[0]
    rows = [line.strip().strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    head, *body = [row for row in rows if not set("".join(row)) <= set("- ")]
    points = [cell.strip() for cell in head[1:]]
    cells = [[escape(cell.strip().replace("**", "")) for cell in row] for row in body]
    top = Markup("").join(Markup('<th scope="col">{}</th>').format(cell.strip() or "criterion") for cell in head)
    made = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            row[0],
            Markup("").join(
                Markup('<td data-points="{}">{}</td>').format(*pair) for pair in zip(points, row[1:], strict=True)
            ),
        )
        for row in cells
    )
    return Markup('<table class="rubric"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>').format(top, made)
