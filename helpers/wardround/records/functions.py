"""The functions of SQL on FHIR's part of FHIRPath, each as a closure."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from .errors import ViewError
from .fhirpath import Call, Literal, Member
from .moments import boundary
from .paths import Many, children, many, of_type, truth


def call(tree: Call, resource: str) -> Many:
    """Return the closure of a function call; an unknown function or a wrong number of arguments is a ViewError."""
    if tree.name not in _FUNCTIONS:
        raise ViewError(
            f"The function {tree.name}() is not in SQL on FHIR's part of FHIRPath; it has: {', '.join(_FUNCTIONS)}."
        )
    least, most, make = _FUNCTIONS[tree.name]
    if not least <= len(tree.arguments) <= most:
        wanted = str(least) if least == most else f"{least} or {most}"
        raise ViewError(f"The function {tree.name}() takes {wanted} argument(s); it has {len(tree.arguments)}.")
    return make(tree, resource)


def _where(tree: Call, resource: str) -> Many:
    base, holds = many(tree.base, resource), truth(tree.arguments[0], resource)
    return lambda element, row: [x for x in base(element, row) if holds(x, row)]


def _exists(tree: Call, resource: str) -> Many:
    if tree.arguments:  # exists(criterion) is where(criterion).exists()
        tree = Call(Call(tree.base, "where", tree.arguments), "exists", ())
    base = many(tree.base, resource)
    return lambda element, row: (True,) if base(element, row) else (False,)


def _empty(tree: Call, resource: str) -> Many:
    base = many(tree.base, resource)
    return lambda element, row: (False,) if base(element, row) else (True,)


def _not(tree: Call, resource: str) -> Many:
    said = truth(tree.base, resource)

    def negate(element, row):
        found = said(element, row)
        return () if found is None else (not found,)

    return negate


def _first(tree: Call, resource: str) -> Many:
    base = many(tree.base, resource)
    return lambda element, row: base(element, row)[:1]


def _join(tree: Call, resource: str) -> Many:
    base = many(tree.base, resource)
    separator = _text(tree, resource) if tree.arguments else ""

    def join(element, row):
        found = [x for x in base(element, row) if type(x) in (str, int, float, bool)]
        return (separator.join(x if type(x) is str else _written(x) for x in found),)

    return join


def _written(value: object) -> str:
    return str(value).lower() if type(value) is bool else str(value)


def _text(tree: Call, resource: str) -> str:
    argument = tree.arguments[0]
    if not (isinstance(argument, Literal) and type(argument.value) is str):
        raise ViewError(f"The function {tree.name}() takes a text in quotes or a constant.")
    return argument.value


def type_named(tree: Call) -> str:
    """Return the name of the type that a call names: ``Patient`` of ``getReferenceKey(Patient)``."""
    argument = tree.arguments[0]
    if isinstance(argument, Literal) and type(argument.value) is str and argument.value:
        return argument.value
    if not isinstance(argument, Member):  # a name alone, or with FHIR. or System. before it
        raise ViewError(f"The function {tree.name}() takes the name of a type, as in {tree.name}(Patient).")
    return argument.name


def _of_type(tree: Call, resource: str) -> Many:
    return of_type(tree.base, type_named(tree), resource)


def _extension(tree: Call, resource: str) -> Many:
    url, base = _text(tree, resource), many(tree.base, resource)

    def having(found: list) -> list:
        return [x for x in found if type(x) is dict and x.get("url") == url]

    if not isinstance(tree.base, Member):
        return lambda element, row: [x for e in base(element, row) for x in having(children(e, "extension"))]
    # The extension of a plain value (a birth date) stands beside it, under its name with an underscore.
    parents, beside = many(tree.base.base, resource), "_" + tree.base.name

    def find(element, row):
        found = [x for e in base(element, row) for x in having(children(e, "extension"))]
        for parent in parents(element, row):
            found += [x for e in children(parent, beside) for x in having(children(e, "extension"))]
        return found

    return find


def _boundary(high: bool) -> Callable[[Call, str], Many]:
    def make(tree: Call, resource: str) -> Many:
        base = many(tree.base, resource)
        named = isinstance(tree.base, Call) and tree.base.name == "ofType"
        kind = type_named(tree.base) if named else None

        def find(element, row):
            limits = (boundary(x, high, kind) for x in base(element, row))
            return [x for x in limits if x is not None]

        return find

    return make


# keys -------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1 << 16)  # a patient is referred to a hundred times in a row
def reference_parts(reference: str) -> tuple[str, str] | None:
    """Return (type, id) of a literal reference, or None for what names no resource by its id.

    ``Patient/a``, ``https://server/fhir/Patient/a`` and ``Patient/a/_history/2`` give ``("Patient", "a")``. Contained
    (``#a``), conditional (``Patient?identifier=…``) and ``urn:`` references give None.
    """
    kind, _, name = reference.partition("/")
    if "/" in name or ":" in kind:
        if "?" in reference or "#" in reference:
            return None
        parts = reference.partition("/_history/")[0].split("/")
        if len(parts) < 2:
            return None
        kind, name = parts[-2:]
    if (
        not name
        or "?" in reference
        or "#" in reference
        or not (kind.isascii() and kind.isalpha() and kind[0].isupper())
    ):
        return None
    return kind, name


def _resource_key(tree: Call, resource: str) -> Many:
    base = many(tree.base, resource)

    def find(element, row):
        return [x["id"] for x in base(element, row) if type(x) is dict and type(x.get("id")) is str and x["id"]]

    return find


def _reference_key(tree: Call, resource: str) -> Many:
    base = many(tree.base, resource)
    wanted = type_named(tree) if tree.arguments else None

    def find(element, row):
        keys = []
        for one in base(element, row):
            reference = one.get("reference") if type(one) is dict else None
            if type(reference) is not str:
                continue
            parts = reference_parts(reference)
            if parts and wanted in (None, parts[0]):
                keys.append(parts[1])
        return keys

    return find


_FUNCTIONS: dict[str, tuple[int, int, Callable[[Call, str], Many]]] = {
    "where": (1, 1, _where),
    "exists": (0, 1, _exists),
    "empty": (0, 0, _empty),
    "not": (0, 0, _not),
    "first": (0, 0, _first),
    "join": (0, 1, _join),
    "ofType": (1, 1, _of_type),
    "extension": (1, 1, _extension),
    "lowBoundary": (0, 0, _boundary(False)),
    "highBoundary": (0, 0, _boundary(True)),
    "getResourceKey": (0, 0, _resource_key),
    "getReferenceKey": (0, 1, _reference_key),
}
