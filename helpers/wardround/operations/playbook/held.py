"""What a check is handed: the facts, the decisions, and how each is asked for so that a gap says what it lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from wardround.operations.report_reading import NotChecked

from .decisions import Role, Table
from .reading import Read


@dataclass(frozen=True)
class Held:
    """Facts as ``wardround.course.playbook_facts.gather`` returns them, beside what was decided."""

    facts: Mapping[str, Any]
    read: Read

    def decided(self, table: str, *names: str) -> Any:
        """Return a table of decisions, or one value of it.

        Raises
        ------
        NotChecked
            It is not decided, or cannot be read.
        """
        here: Any = self.read.tables.get(table)
        for name in names:
            here = getattr(here, name, None)
        if here is None:
            raise NotChecked(f"`{'.'.join((table, *names))}` in decisions.toml is not decided")
        return here

    def value(self, table: str, *names: str) -> Any:
        """Return one value of a table of decisions, None where it is not decided."""
        here: Any = self.read.tables.get(table)
        for name in names:
            here = getattr(here, name, None)
        return here

    def system(self, name: str) -> Mapping[str, Any]:
        """Return what is known of a system that was built.

        Raises
        ------
        NotChecked
            Nothing of it was found.
        """
        found = self.facts["systems"].get(name)
        if not found:
            raise NotChecked(f"facts.json has nothing of {name}")
        return found

    @property
    def today(self) -> date:
        """The day on which the facts were gathered."""
        return date.fromisoformat(self.facts["gathered_on"])

    def memo(self, name: str) -> Mapping[str, Any]:
        """Return the fields of a memo.

        Raises
        ------
        NotChecked
            It is not written.
        """
        if name not in self.facts["memos"]:
            raise NotChecked(f"memo {name} is not written")
        return self.facts["memos"][name]

    def role_of(self, known_as: str) -> str | None:
        """Return the role that a plan's word for a seat stands for, None where no role says so."""
        plain = alike(known_as)
        for name, role in self.read.roles.items():
            if plain in {alike(name), *map(alike, role.also)}:
                return name
        return None

    def named_roles(self) -> Iterator[tuple[str, str]]:
        """Give each role that a decision names, with the key where it stands."""
        for table, held in self.read.tables.items():
            yield from _roles_in(table, held)

    def texts(self) -> Iterator[tuple[str, str]]:
        """Give each text that somebody wrote, with the key where it stands."""
        for table, held in self.read.tables.items():
            yield from _texts_in(table, held.model_dump())
        yield from ((f"source_attributes.said.{name}", text) for name, text in self.read.attributes.said.items())


ROLE_KEYS = {
    *("owner", "proposes", "approves", "stops", "clinical_sign_off", "tell", "authority", "switch_off", "told")
}  # fmt: skip


def alike(text: str) -> str:
    """Return a name without what no reader would count: capitals, and lines or blanks between words."""
    return " ".join(str(text).casefold().replace("_", " ").split())


def percent(probability: float) -> str:
    """Return a probability as it is said beside a bed."""
    return f"{1000 * probability:.4g} of 1,000"


def seat(name: str, roles: Mapping[str, Role]) -> str:
    """Return a role with the job title that it has here."""
    role = roles.get(name)
    return f"{name} ({role.title})" if role and role.title else name


def _roles_in(path: str, held: Any) -> Iterator[tuple[str, str]]:
    if isinstance(held, Table):
        for name in type(held).model_fields:
            value, key = getattr(held, name), f"{path}.{name}"
            if name in ROLE_KEYS:
                yield from ((key, one) for one in ((value,) if isinstance(value, str) else value or ()))
            else:
                yield from _roles_in(key, value)
    elif isinstance(held, Mapping):
        for name, one in held.items():
            yield from _roles_in(f"{path}.{name}", one)
    elif isinstance(held, tuple):
        for place, one in enumerate(held, 1):
            yield from _roles_in(f"{path}[{place}]", one)


def _texts_in(path: str, held: Any) -> Iterator[tuple[str, str]]:
    if isinstance(held, str):
        yield path, held
    elif isinstance(held, Mapping):
        for name, one in held.items():
            yield from _texts_in(f"{path}.{name}", one)
    elif isinstance(held, list | tuple):
        for place, one in enumerate(held, 1):
            yield from _texts_in(f"{path}[{place}]", one)
