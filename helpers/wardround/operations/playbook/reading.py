"""The learner's ``decisions.toml``, read: what is decided, what is open, what cannot be read and what to write."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from .decisions import TWELVE, Attributes, Role, Table

FILE = "decisions.toml"
WHOLE_FILE = "the whole file"
_TABLES: dict[str, Any] = {one.key: one.table for one in TWELVE}
_TABLES |= {"roles": dict[str, Role], "source_attributes": Attributes}


@dataclass(frozen=True)
class Mistake:
    """A key that says nothing anybody could act on, and what to write."""

    key: str
    write: str

    def __str__(self) -> str:
        return f"{FILE}: {self.key}: {self.write}."


@dataclass(frozen=True)
class Read:
    """What a file of decisions says.

    Attributes
    ----------
    tables
        The readable ones of the twelve, by their key.
    open
        Keys that nobody has filled, such as ``threshold.owner``, each with what to write there.
    mistakes
        Keys that cannot be read; their whole table is left out.
    """

    tables: Mapping[str, Table] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    attributes: Attributes = field(default_factory=Attributes)
    open: Mapping[str, str] = field(default_factory=dict)
    mistakes: tuple[Mistake, ...] = ()

    def open_in(self, key: str) -> dict[str, str]:
        """Return the open keys of one table."""
        return {name: write for name, write in self.open.items() if name == key or name.startswith((f"{key}.",))}

    def mistakes_in(self, key: str) -> list[Mistake]:
        """Return what cannot be read in one table."""
        return [one for one in self.mistakes if one.key.partition(".")[0] in (key, WHOLE_FILE)]


def read(text: str) -> Read:
    """Read a file of decisions; nothing here raises on what a learner wrote."""
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as trouble:
        write = f"it is no TOML ({trouble}); text stands in double quotes, numbers, days, true and false do not"
        return Read(mistakes=(Mistake(WHOLE_FILE, write),))
    mistakes = [Mistake(str(name), _unknown(name)) for name in raw if name not in _TABLES]
    held: dict[str, Any] = {}
    opened: dict[str, str] = {}
    for name, kind in _TABLES.items():
        given = raw.get(name, {})
        try:
            held[name] = TypeAdapter(kind).validate_python(_filled(given))
        except ValidationError as trouble:
            mistakes += [_mistake(name, kind, one) for one in trouble.errors()]
            continue
        opened |= dict(_open(name, kind, held[name], given))
    roles, attributes = held.pop("roles", {}), held.pop("source_attributes", Attributes())
    return Read(held, roles, attributes, opened, tuple(mistakes))


def _filled(given: Any) -> Any:
    """What is written, without blanks: "" and [] are questions, not answers."""
    if isinstance(given, Mapping):
        return {str(name): one for name, value in given.items() if (one := _filled(value)) not in ("", [])}
    if isinstance(given, list):
        return [one for value in given if (one := _filled(value)) not in ("", [], {})]
    return given.strip() if isinstance(given, str) else given


def _open(path: str, kind: Any, held: Any, given: Any) -> Iterator[tuple[str, str]]:
    """Give the keys that are blank or absent, with what to write, down into every table."""
    if isinstance(held, Mapping):
        for name, one in held.items():
            yield from _open(f"{path}.{name}", kind, one, given.get(name, {}) if isinstance(given, Mapping) else {})
        for name, value in given.items() if isinstance(given, Mapping) else ():
            if name not in held and value in ("", []):
                yield f"{path}.{name}", "its value"
    elif isinstance(held, Table):
        for name, asked in type(held).model_fields.items():
            value, extra = getattr(held, name), asked.json_schema_extra or {}
            inside = given.get(name) if isinstance(given, Mapping) else None
            if value in (None, ()) and not extra.get("optional") and not _need_not(held, name):
                yield f"{path}.{name}", str(asked.description)
            elif isinstance(value, Table | Mapping) and not extra.get("optional"):
                yield from (
                    (key, str(asked.description) if write == "its value" else write)
                    for key, write in _open(f"{path}.{name}", kind, value, inside or {})
                )
            elif isinstance(value, tuple) and value and isinstance(value[0], Table):
                for place, one in enumerate(value, 1):
                    yield from _open(f"{path}.{name}[{place}]", kind, one, {})


def _need_not(held: Table, name: str) -> bool:
    """Nothing leaves, so that no endpoint need be named."""
    return name == "endpoint" and getattr(held, "nowhere", None) is True


def _unknown(name: str) -> str:
    return f"there is no such table; write one of {', '.join(_TABLES)}"


def _mistake(table: str, kind: Any, error: Mapping[str, Any]) -> Mistake:
    """Say what to write at the place of an error, in the words of the deepest key that has some."""
    key, words, here = table, "a table", kind
    for step in error["loc"]:
        key += f"[{step + 1}]" if isinstance(step, int) else f".{step}"
        fields = here.model_fields if isinstance(here, type) and issubclass(here, Table) else {}
        if step in fields:
            words = str(fields[step].description)
            here = _table_in(fields[step].annotation)
        elif here == dict[str, Role]:
            here = Role
        elif isinstance(step, str) and fields and error["type"] == "extra_forbidden":
            return Mistake(key, f"there is no such key; write one of {', '.join(fields)}, or take it out")
    given = repr(error.get("input"))
    return Mistake(key, f"{given if len(given) < 60 else given[:57] + '…'} stands there; write {words}")


def _table_in(annotation: Any) -> Any:
    """Return the table that a list, a dictionary or an optional holds; None where it holds plain values."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return annotation
    inside = (_table_in(one) for one in getattr(annotation, "__args__", ()))
    return next((one for one in inside if one is not None), None)
