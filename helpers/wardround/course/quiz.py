"""``quiz``: recall, skip and exit items in plain cells, with feedback for every option."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from wardround.course import progress
from wardround.course.box import quiet_in_box
from wardround.course.manifest import ManifestError, read_toml
from wardround.course.places import week_folder, week_of
from wardround.course.render import Block
from wardround.course.store import NotSaved, Record, Store, now

LETTERS = "abcdefgh"


class Option(BaseModel):
    """One option; ``letter`` is given by its place when the file names none."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1)
    letter: str | None = Field(default=None, pattern=r"^[a-h]$")
    right: bool = False
    says: str = ""
    teaches: str | None = Field(default=None, pattern=r"^M\d\d$")


class Item(BaseModel):
    """One item: an id such as ``W01.R1``, what it is used for, the question, two to eight options.

    ``before`` is for one who meets the item in a lesson, such as that a guess will do; a group's vote leaves it out.
    """

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^W\d\d\.R\d+$")
    use: Literal["recall", "skip", "exit"]
    before: str = ""
    ask: str = Field(min_length=1)
    option: list[Option] = Field(min_length=2, max_length=len(LETTERS))

    @model_validator(mode="after")
    def _sound(self) -> Item:
        for option, letter in zip(self.option, LETTERS, strict=False):
            option.letter = option.letter or letter
        letters = [option.letter for option in self.option]
        if len(set(letters)) < len(letters):
            raise ValueError(
                f"two options have the same letter ({', '.join(letters)}); leave letters out to have them set"
            )
        right = [option.letter for option in self.option if option.right]
        if len(right) != 1:
            found = "no option" if not right else f"options {', '.join(right)}"
            raise ValueError(f"{found} marked right = true; mark exactly one")
        silent = [option.letter for option in self.option if not option.says.strip()]
        if silent:
            raise ValueError(f"option {silent[0]} says nothing; every option explains itself in says")
        return self

    @property
    def letters(self) -> list[str]:
        """The letters that may be chosen."""
        return [option.letter for option in self.option]

    def chosen(self, letter: str) -> Option:
        """The option of a letter."""
        return next(option for option in self.option if option.letter == letter)


class Quiz(BaseModel):
    """All items of a week."""

    model_config = ConfigDict(extra="forbid")

    item: list[Item] = Field(default_factory=list)

    @model_validator(mode="after")
    def _each_once(self) -> Quiz:
        ids = [item.id for item in self.item]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"{twice[0]} stands there twice; every item has an id of its own")
        return self


class Answered(BaseModel):
    """What was chosen, in order, and when last."""

    model_config = ConfigDict(extra="allow")

    choices: list[str] = Field(default_factory=list)
    right_first: bool = False
    right_last: bool = False
    last_at: str = ""


class Answers(Record):
    """The whole file ``work/.wardround/quiz.json``."""

    items: dict[str, Answered] = Field(default_factory=dict)


STORE = Store("quiz", Answers)


def read_quiz(path: Path) -> dict[str, Item]:
    """Read and check one ``quiz.toml``; the folder's week must be that of its ids.

    Raises
    ------
    ManifestError
        Each problem in a sentence: no single right option, an option without ``says``, an id twice or of another week.
    """
    items = {item.id: item for item in read_toml(path, Quiz).item}
    for name in items:
        if path.parent.name.startswith("week") and not path.parent.name.startswith(f"week{week_of(name):02d}"):
            raise ManifestError(f"{path.name}, {name}: this id belongs to another week than {path.parent.name}.")
    return items


@functools.cache
def week_quiz(week: int) -> dict[str, Item]:
    """Items of a week by id (see :func:`read_quiz`)."""
    return read_quiz(week_folder(week) / "quiz.toml")


@quiet_in_box
def quiz(id: str, choice: Any = None) -> Block:
    """Show an item, or with a letter say what that option means: ``quiz("W01.R1")``, ``quiz("W01.R1", "b")``."""
    try:
        items = week_quiz(week_of(id))
    except (ValueError, FileNotFoundError) as trouble:
        if isinstance(trouble, ManifestError) and "is missing" not in str(trouble):
            raise  # the author's file is at fault, and must be heard
        return Block("No such quiz item", (("", str(trouble)),), "ask")
    if id not in items:
        return Block("No such quiz item", (("", f"{id} is not in this week's quiz: {', '.join(items)}."),), "ask")
    item = items[id]
    if choice is None or choice is ...:
        return _shown(item)
    letter = choice.strip().lower() if isinstance(choice, str) else None
    if letter not in item.letters:
        told = f"Choose one letter of {', '.join(item.letters)}; {_named(choice)} is none of them."
        return _shown(item).with_lines(("Not counted", told))
    return _answered(item, item.chosen(letter))


def missed(ids: list[str] | None = None) -> list[str]:
    """Items last answered wrong, for the next recall: of ``ids``, or of all answered."""
    answers = STORE.read().items
    return [
        name for name in (sorted(answers) if ids is None else ids) if name in answers and not answers[name].right_last
    ]


def _shown(item: Item) -> Block:
    lines = [("", f"{item.before} {item.ask}".strip()), *((option.letter, option.text) for option in item.option)]
    return Block(
        f"{item.id}: one of these",
        (*lines, ("Answer with", f'`quiz("{item.id}", "…")`, a letter in place of the dots')),
        "ask",
    )


def _answered(item: Item, option: Option) -> Block:
    heading = f"{item.id}: {option.letter} is right" if option.right else f"{item.id}: not {option.letter}"
    lines = [("You chose", option.text), ("", option.says)]
    block = Block(heading, tuple(lines), "right" if option.right else "wrong")
    try:
        _record(item, option)
    except NotSaved as trouble:
        return block.with_lines(("Not recorded", str(trouble)))
    return block


def _record(item: Item, option: Option) -> None:
    with STORE.change() as kept:
        entry = kept.items.setdefault(item.id, Answered(right_first=option.right))
        entry.choices.append(option.letter)
        entry.right_last, entry.last_at = option.right, now()
    # a right answer resists the misconceptions of every option that was passed over
    shown = {o.teaches for o in item.option if o.teaches} if option.right else {option.teaches} - {None}
    if shown:
        progress.record_item(item.id, right=option.right, teaches=shown)


def _named(choice: Any) -> str:
    text = repr(choice)
    return text if len(text) <= 40 else f"a {type(choice).__name__}"
