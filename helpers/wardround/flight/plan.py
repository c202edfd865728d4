"""Read a plan. What is wrong with it is told all at once, each fault in one sentence: file, key, what to write."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from .plan_rules import Fault, broken, monitor_key
from .plan_tables import (
    FORECAST_AXES,
    Cause,
    Contracts,
    Forecast,
    Gates,
    Labels,
    List,
    Monitor,
    Pause,
    Plan,
    Range,
    Rollback,
    Staff,
    Vendor,
    Ward,
    cards,
    meant,
    told,
)

__all__ = [
    "FORECAST_AXES",
    "Cause",
    "Contracts",
    "Fault",
    "Forecast",
    "Gates",
    "Labels",
    "List",
    "Monitor",
    "Pause",
    "Plan",
    "PlanWrong",
    "Range",
    "Rollback",
    "Staff",
    "Vendor",
    "Ward",
    "cards",
    "load_plan",
    "meant",
    "published",
    "read_plan",
    "told",
    "written",
]
PLANS = Path(__file__).parent / "plans"
_TABLES = {"monitor": "monitors", "cause": "causes"}  # key in the file: field


class PlanWrong(ValueError):
    """A plan cannot be flown; the message has a line for each fault, with the file, the key and what to write.

    Attributes
    ----------
    faults : tuple of Fault
    """

    def __init__(self, path: Path | str, faults: list[Fault]) -> None:
        lines = [f"{path}: {one.key}: {one.write}." if one.key else f"{path}: {one.write}." for one in faults]
        super().__init__("\n".join(lines))
        self.path, self.faults = path, tuple(faults)


def published() -> dict[str, Path]:
    """Return the plans that come with the course, by name."""
    return {path.stem: path for path in sorted(PLANS.glob("*.toml"))}


def load_plan(path: Path | str) -> Plan:
    """Read a plan from a file, or a published one by its name, like ``reference``.

    Raises
    ------
    PlanWrong
        It is not there, no TOML, or says something that nobody could carry out.
    """
    known = published()
    path = known.get(str(path), Path(path))
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        near = meant(path.stem, known)
        else_ = f'write the published plan "{near}"' if near else "write its path, or make one with wardround fly --new"
        raise PlanWrong(path, [Fault("", f"there is no such file; {else_}")]) from None
    except UnicodeDecodeError:
        raise PlanWrong(path, [Fault("", "its letters are not UTF-8; save it as UTF-8 text")]) from None
    except OSError as trouble:
        raise PlanWrong(path, [Fault("", f"it cannot be read ({trouble.strerror}); mend that")]) from trouble
    return read_plan(text, path)


def read_plan(text: str, path: Path | str = "plan.toml") -> Plan:
    """Read a plan from its text; ``path`` is what messages call it (see :func:`load_plan` for what is raised)."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as trouble:
        raise PlanWrong(path, [_no_toml(text, str(trouble))]) from None
    tables, faults = _by_name(found)
    try:
        plan = Plan.model_validate(tables)
    except ValidationError as trouble:
        plan = None
        faults += [_fault(tables, error) for error in trouble.errors(include_url=False) if error["loc"]]
    faults = list({one.key: one for one in reversed([*faults, *broken(tables)])}.values())[
        ::-1
    ]  # the first of each key
    if faults or plan is None:
        raise PlanWrong(path, faults)
    return plan


# the file's tables --------------------------------------------------------------------------------------------------


def _by_name(found: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """Return the tables under the names of the fields, causes by name, and what is wrong with the names."""
    faults: list[Fault] = []
    tables = {_TABLES.get(key, key): value for key, value in found.items() if key not in _TABLES.values()}
    for field in _TABLES.values():
        if field in found:
            key = next(key for key, value in _TABLES.items() if value == field)
            faults.append(Fault(field, f"there is no such table; write [[{key}]] above each one"))
    for key, field in _TABLES.items():
        if field in tables and not _list_of_tables(tables[field]):
            faults.append(
                Fault(f"[[{key}]]", f"each one is a table of its own; write [[{key}]] in double brackets above it")
            )
            del tables[field]
    if "causes" in tables:
        tables["causes"] = _named(tables["causes"], faults)
    return tables, faults


def _list_of_tables(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, Mapping) for one in value)


def _named(causes: list[Mapping[str, Any]], faults: list[Fault]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for number, cause in enumerate(causes):
        name = cause.get("name")
        if not isinstance(name, str):
            faults.append(Fault(f"[[cause]] {number + 1} name", "it is missing; write the name of a card in quotes"))
        elif name in named:
            faults.append(Fault(f"[[cause]] {name}", "it stands twice; keep one of them"))
        else:
            named[name] = dict(cause)
    return named


# what is wrong, in words --------------------------------------------------------------------------------------------


def _fault(tables: Mapping[str, Any], error: Mapping[str, Any]) -> Fault:
    """Return pydantic's error as a key of the file and what to write there."""
    where, kind, given = list(error["loc"]), error["type"], error.get("input")
    key = _key(tables, where)
    if kind == "extra_forbidden":
        return Fault(key, _unknown_key(where))
    if kind == "value_error":
        return Fault(key, str(error["ctx"]["error"]))
    description = _described(where)
    if kind == "missing":
        return Fault(key, f"it is missing; write {description}")
    if kind == "too_short" or given in ("", [], {}):
        return Fault(key, f"it is empty; write {description}")
    return Fault(key, f"{_shown(given)} does not do; write {description}")


def _shown(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _key(tables: Mapping[str, Any], where: list[str | int]) -> str:
    """Return where a fault stands, as its author would look for it."""
    first, rest = where[0], [part for part in where[1:] if part != "[key]"]
    if first == "monitors" and rest:
        head, rest = monitor_key(int(rest[0]), tables["monitors"][rest[0]]), rest[1:]
    elif first == "causes" and rest:
        head, rest = f"[[cause]] {rest[0]}", rest[1:]
    elif isinstance(tables.get(first), Mapping) or (first in Plan.model_fields and first not in ("name", "unknown")):
        head = f"[{first}]" if not (first == "ward" and rest[:1] == ["groups"]) else "[ward.groups]"
        rest = rest[1:] if head == "[ward.groups]" else rest
    else:
        head = str(first)
    names = [str(part) for part in rest if not isinstance(part, int)]
    return " ".join([head, ".".join(names)]).strip()


def _unknown_key(where: list[str | int]) -> str:
    last = str(where[-1])
    table = _table_of(where[:-1])
    known = [key for field in table.model_fields for key in [_written_key(field)]] if table else []
    if near := meant(last, known):
        return f"this key is unknown; write {near}"
    if len(where) > 1 and last in ("name", "unknown"):
        return "it belongs to no table; move it to the top of the file, above the first [table]"
    return f"this key is unknown; take it out, or write one of {', '.join(known)}"


def _written_key(field: str) -> str:
    return next((key for key, value in _TABLES.items() if value == field), field)


def _steps(where: list[str | int]) -> Iterator[tuple[type[BaseModel] | None, Any]]:
    """Follow a place down the tables: each table on the way, and the field looked up in the one above it."""
    table: type[BaseModel] | None = Plan
    yield table, None
    for part in where:
        info = table.model_fields.get(part) if table is not None and isinstance(part, str) else None
        if info is None:
            yield table, None
            continue
        table = next(_tables_in(info.annotation), None)
        yield table, info


def _tables_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _tables_in(inner)


def _table_of(where: list[str | int]) -> type[BaseModel] | None:
    return [table for table, _ in _steps(where)][-1]


def _described(where: list[str | int]) -> str:
    said = [info.description for _, info in _steps(where) if info is not None and info.description]
    return said[-1] if said else "another value"


# no TOML ------------------------------------------------------------------------------------------------------------

_SLIPS: tuple[tuple[str, str], ...] = (
    (r"[“”„‘’«»]", 'typographic quotes stand here; write straight ones, "like this"'),
    (r"=\s*-?\d+,\d+\s*(#.*)?$", "a decimal comma stands here; write a point, like 0.5"),
    (r"=\s*-?\.\d+", "a number begins with its point; write a zero before it, like 0.5"),
    (r"=\s*-?\d+(\.\d+)?\s*%", "a percentage stands here; write it as a share, like 0.05 for 5 %"),
    (r"=\s*(True|False|TRUE|FALSE|yes|no|on|off)\b", "write true or false, in small letters and without quotes"),
    (r"=\s*(#.*)?$", "no value stands behind the equals sign; write one, or take the line out"),
    (r"=\s*[A-Za-z_][\w-]*\s*(#.*)?$", 'words need quotes; write them "like_this"'),
    (r"=\s*\[\s*[A-Za-z_]", 'words in a list need quotes; write ["like_this", "and_this"]'),
    (r"=\s*(\"[^\"]*|'[^']*)$", "a quote is opened and not closed; write the closing one"),
    (r"^\s*\[\[?[^\]]*$", "a bracket is opened and not closed; write the closing one"),
    (r"^\s*\w+\s*:\s*", "a colon stands where TOML has an equals sign; write key = value"),
    (r"^\s*\w+(\s+\w+)*\s*$", "no equals sign stands here; write key = value"),
)


def _no_toml(text: str, trouble: str) -> Fault:
    """Return where a file stops being TOML, and how that is mended where the slip is a common one."""
    lines = text.splitlines()
    found = re.search(r"at line (\d+)", trouble)
    number = int(found[1]) if found else len(lines)
    what = re.sub(r"\s*\(at [^)]*\)", "", trouble)
    several = next((key for key in _TABLES if re.search(rf"^\s*\[{key}\]", text, re.MULTILINE)), None)
    if several and ("overwrite" in what or "twice" in what or "declare" in what):
        at = next(at for at, line in enumerate(lines, 1) if re.match(rf"\s*\[{several}\]", line))
        return Fault(f"line {at}", f"each {several} is a table of its own; write [[{several}]] in double brackets")
    if "overwrite" in what or "twice" in what or "declare" in what:
        return Fault(f"line {number}", "this key or table stands twice; keep one of them")
    for at in (number, number - 1):  # an open list or quote is only noticed on the line after it
        line = lines[at - 1] if 0 < at <= len(lines) else ""
        for slip, mend in _SLIPS:
            if re.search(slip, line):
                return Fault(f"line {at}", mend)
    opened = [at for at, line in enumerate(lines[:number], 1) if line.count("[") > line.count("]")]
    if opened:
        return Fault(
            f"line {opened[-1]}", "a bracket is opened and not closed, or a comma is missing in the list; write it"
        )
    return Fault(f"line {number}", f"this is no TOML ({what}); write it like key = value")


# back to a file -----------------------------------------------------------------------------------------------------


def written(plan: Plan) -> str:
    """Return a plan as the text of a file that reads back to the same plan. Comments are not kept."""
    tables = plan.model_dump(mode="json", exclude_none=True)
    parts = [f"name = {_toml(tables.pop('name'))}", f"unknown = {_toml(tables.pop('unknown'))}"]
    several = {"monitor": tables.pop("monitors"), "cause": list(tables.pop("causes").values())}
    for name, table in tables.items():
        parts += ["", f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in table.items())]
    for name, items in several.items():
        for table in items:
            parts += ["", f"[[{name}]]", *(f"{key} = {_toml(value)}" for key, value in table.items())]
    return "\n".join(parts) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        inner = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
        return f'"{inner}"'
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + "}"
    return repr(value)
