"""Resources to rows, as a SQL on FHIR v2 ViewDefinition says.

Why our own evaluator. The kept library in Rust (pysof 0.2.6) does not import on Debian 12 and has no wheel for arm64
Linux or Intel Macs; fhir4ds-v2 is AGPL; sqlonfhir is alpha and passes 109 of the suite's 134 tests. All three were
measured on the same 57,614 resources: 10,000, 7,000 and 3,500 rows a second where closures over orjson dicts give
more than 60,000 (``tests/benchmarks/flatten.py`` measures ours beside fhir.resources and DuckDB). The ViewDefinitions
themselves are standard, so that a view written here runs unchanged in Pathling, Aidbox, Medplum or Google's FHIR Data
Pipes.

Specification: https://sql-on-fhir.org (2.1.0-pre), suite ``FHIR/sql-on-fhir-v2`` at ``49fc1ad``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import product

from .errors import ViewError
from .fhirpath import Literal, parse
from .paths import many
from .singles import one

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_MOMENTS = {"valueDate", "valueDateTime", "valueInstant", "valueTime"}
Rows = Callable[[object, int], list[tuple]]


def compile_view(view: dict) -> View:
    """Compile a SQL on FHIR v2 ViewDefinition.

    Parameters
    ----------
    view : dict
        The ViewDefinition as JSON gives it: ``resource``, ``select`` (``column``, ``select``, ``forEach``,
        ``forEachOrNull``, ``repeat``, ``unionAll``), ``where``, ``constant``.

    Returns
    -------
    View
        Callable: an iterable of resources (dicts) gives a list of rows (dicts, one key per column).

    Raises
    ------
    ViewError
        The view is not a ViewDefinition, a path is outside SQL on FHIR's part of FHIRPath, two columns share a name,
        or the branches of a ``unionAll`` differ in their columns.

    Examples
    --------
    >>> view = compile_view({"resource": "Patient", "select": [{"column": [{"name": "id", "path": "id"}]}]})
    >>> view([{"resourceType": "Patient", "id": "a"}, {"resourceType": "Group", "id": "b"}])
    [{'id': 'a'}]
    """
    return View(view)


class View:
    """A compiled ViewDefinition: called with resources it gives rows.

    Attributes
    ----------
    resource : str
        The type of resource it reads; others are passed over.
    columns : tuple of str
        The names of its columns, in order.
    types : dict of str to (str or None)
        The FHIR type each column declares.
    collections : frozenset of str
        The columns that hold lists.
    """

    def __init__(self, view: dict):
        if not isinstance(view, dict):
            raise ViewError(f"A ViewDefinition is a JSON object; this is {type(view).__name__}.")
        self.resource = view.get("resource")
        if not isinstance(self.resource, str) or not self.resource:
            raise ViewError('The ViewDefinition does not say which resource it reads; add "resource": "Patient".')
        self._constants = _constants(view.get("constant"))
        self._where = [self._condition(entry) for entry in _list(view, "where", "the view")]
        columns, self._rows = self._all(_list(view, "select", "the view", needed=True))
        self.columns = tuple(name for name, _, _ in columns)
        twice = {name for name in self.columns if self.columns.count(name) > 1}
        if twice:
            raise ViewError(f"The view has two columns named {min(twice)!r}; rename one of them.")
        self.types = {name: kind for name, kind, _ in columns}
        self.collections = frozenset(name for name, _, several in columns if several)

    def __call__(self, resources: Iterable[dict]) -> list[dict]:
        """Return the rows of the resources, one dict each."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.tuples(resources)]

    def __repr__(self) -> str:
        return f"<view of {self.resource}: {', '.join(self.columns)}>"

    def tuples(self, resources: Iterable[dict]) -> Iterator[tuple]:
        """Yield the rows of the resources as tuples in the order of ``columns``: the quick way into a frame."""
        for resource in resources:
            yield from self.rows(resource)

    def rows(self, resource: dict) -> list[tuple]:
        """Return the rows of one resource; none for one of another type, or that the view's ``where`` leaves out."""
        if type(resource) is not dict or resource.get("resourceType") != self.resource:
            return []
        try:
            for holds in self._where:
                if not holds(resource):
                    return []
            return self._rows(resource, 0)
        except ViewError as error:
            raise ViewError(f"{error} (in {self.resource}/{resource.get('id')})") from None

    # compiling ----------------------------------------------------------------------------------------------------

    def _parse(self, path: object, where: str):
        return parse(path, self._constants, where)

    def _condition(self, entry: object) -> Callable[[dict], bool]:
        if not isinstance(entry, dict):
            raise ViewError(f"An entry of where must be an object with a path; it is {entry!r}.")
        tree = self._parse(entry.get("path"), "a where")
        find = many(tree, self.resource)
        path = entry["path"]

        def holds(resource: dict) -> bool:
            found = find(resource, 0)
            if not found:
                return False
            if len(found) > 1 or type(found[0]) is not bool:
                raise ViewError(
                    f"The where {path!r} gives {found[0]!r}, not true or false; compare it or use exists()."
                )
            return found[0]

        return holds

    def _all(self, selects: list) -> tuple[list, Rows]:
        """Return columns and rows of several selects side by side: every row of one with every row of the others."""
        columns, parts = [], []
        for entry in selects:
            found, part = self._select(entry)
            columns += found
            parts.append(part)
        return columns, _product(parts)

    def _select(self, entry: object) -> tuple[list, Rows]:
        if not isinstance(entry, dict):
            raise ViewError(f"An entry of select must be an object; it is {entry!r}.")
        columns, parts = [], []
        if "column" in entry:
            columns, getters = self._columns(_list(entry, "column", "a select"))
            parts.append(_Getters(getters))
        if "select" in entry:
            more, part = self._all(_list(entry, "select", "a select"))
            columns, parts = columns + more, [*parts, part]
        if "unionAll" in entry:
            more, part = self._union(_list(entry, "unionAll", "a select"))
            columns, parts = columns + more, [*parts, part]
        loops = [name for name in ("forEach", "forEachOrNull", "repeat") if name in entry]
        if len(loops) > 1:
            raise ViewError(f"A select has both {loops[0]} and {loops[1]}; nest one select in another.")
        if not parts and not loops:
            raise ViewError("A select is empty; give it column, select or unionAll.")
        rows = _product(parts)
        return columns, self._loop(loops[0], entry[loops[0]], rows) if loops else rows

    def _columns(self, entries: list) -> tuple[list, list]:
        columns, getters = [], []
        for entry in entries:
            name = entry.get("name") if isinstance(entry, dict) else None
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                raise ViewError(f"A column's name must be letters, digits and _ after a letter; it is {name!r}.")
            tree = self._parse(entry.get("path"), f"column {name!r}")
            several = entry.get("collection") is True
            columns.append((name, entry.get("type"), several))
            getters.append(_listed(tree, self.resource) if several else one(tree, self.resource, f"Column {name!r}"))
        return columns, getters

    def _union(self, entries: list) -> tuple[list, Rows]:
        branches = [self._select(entry) for entry in entries]
        if not branches:
            raise ViewError("A unionAll is empty; give it at least one select.")
        names = [[name for name, _, _ in columns] for columns, _ in branches]
        for other in names[1:]:
            if other != names[0]:
                raise ViewError(f"The branches of a unionAll differ: one has the columns {names[0]}, another {other}.")
        rows = [part for _, part in branches]
        return branches[0][0], lambda element, row: [found for part in rows for found in part(element, row)]

    def _loop(self, name: str, path: object, rows: Rows) -> Rows:
        if name == "repeat":
            return self._repeat(path, rows)
        find = many(self._parse(path, f"a {name}"), self.resource)
        empty = ((None, 0),) if name == "forEachOrNull" else ()

        def loop(element, row):
            found = find(element, row)
            places = ((one, place) for place, one in enumerate(found)) if found else empty
            return [made for one, place in places for made in rows(one, place)]

        return loop

    def _repeat(self, paths: object, rows: Rows) -> Rows:
        if not isinstance(paths, list) or not paths:
            raise ViewError(f"A repeat must be a list of paths; it is {paths!r}.")
        finds = [many(self._parse(path, "a repeat"), self.resource) for path in paths]

        def below(element, row) -> list:
            return [found for find in finds for found in find(element, row)]

        def repeat(element, row):
            made, place, waiting = [], 0, below(element, row)[::-1]
            while waiting:  # depth first without recursion: data may be nested deeper than Python's stack
                found = waiting.pop()
                made += rows(found, place)
                place += 1
                waiting += below(found, row)[::-1]
            return made

        return repeat


class _Getters:
    """The columns of one select: always one row."""

    def __init__(self, getters: list):
        self.getters = getters

    def __call__(self, element: object, row: int) -> list[tuple]:
        return [tuple([get(element, row) for get in self.getters])]


def _product(parts: list[Rows]) -> Rows:
    """Return the rows of parts side by side; neighbouring plain columns become one part."""
    merged: list[Rows] = []
    for part in parts:
        if merged and isinstance(part, _Getters) and isinstance(merged[-1], _Getters):
            merged[-1] = _Getters(merged[-1].getters + part.getters)
        else:
            merged.append(part)
    if not merged:
        return lambda element, row: [()]
    if len(merged) == 1:
        return merged[0]

    if len(merged) == 2:
        first, second = merged
        return lambda element, row: [a + b for a in first(element, row) for b in second(element, row)]

    def side_by_side(element, row):
        found = []
        for part in merged:
            rows = part(element, row)
            if not rows:
                return []
            found.append(rows)
        return [sum(pieces, ()) for pieces in product(*found)]

    return side_by_side


def _listed(tree, resource: str) -> Callable[[object, int], list]:
    find = many(tree, resource)
    return lambda element, row: list(find(element, row))


def _list(holder: dict, name: str, where: str, needed: bool = False) -> list:
    found = holder.get(name, [])
    if not isinstance(found, list) or (needed and not found):
        raise ViewError(f"The {name} of {where} must be a list{' with at least one entry' if needed else ''}.")
    return found


def _constants(entries: object) -> dict[str, Literal]:
    constants = {}
    for entry in entries if isinstance(entries, list) else [] if entries is None else [entries]:
        values = [key for key in entry if key.startswith("value")] if isinstance(entry, dict) else []
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str) or len(values) != 1 or not isinstance(entry[values[0]], str | int | float):
            raise ViewError(
                f"A constant needs a name and one value, as valueString or valueCode; this has not: {entry!r}."
            )
        constants[name] = Literal(entry[values[0]], moment=values[0] in _MOMENTS)
    return constants
