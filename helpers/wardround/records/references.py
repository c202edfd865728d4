"""References: what each one says, and whether what it names is in the export."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from .functions import reference_parts

KINDS = ("resolves", "dangling", "conditional", "urn", "absolute", "contained", "unreadable")


def references(resource: dict) -> Iterator[tuple[str, object]]:
    """Yield (field, reference) of every reference in a resource; the field is a path without list places."""
    waiting: list[tuple[str, object]] = [("", resource)]
    while waiting:
        path, found = waiting.pop()
        if type(found) is list:
            waiting += [(path, one) for one in found if type(one) is dict or type(one) is list]
            continue
        if "reference" in found and type(found["reference"]) is not dict and type(found["reference"]) is not list:
            yield path, found["reference"]
        for name, value in found.items():
            if type(value) is dict or type(value) is list:
                waiting.append((f"{path}.{name}" if path else name, value))


def kind_of(reference: object, known: Callable[[str, str], bool]) -> str:
    """Return the kind of a reference: one of ``KINDS``.

    ``resolves`` and ``dangling`` are ``Type/id``, in the export or not; ``conditional`` is a search, ``contained`` a
    part of the same resource, ``absolute`` an address (of this server or another), ``urn`` an address that meant
    something in a bundle only.
    """
    if type(reference) is not str or not reference:
        return "unreadable"
    if reference[0] == "#":
        return "contained"
    if reference.startswith("urn:"):
        return "urn"
    if "?" in reference:
        return "conditional"
    if "://" in reference:
        return "absolute"
    parts = reference_parts(reference)
    if parts is None:
        return "unreadable"
    return "resolves" if known(*parts) else "dangling"


def count(resources: Iterable[dict], known: Callable[[str, str], bool]) -> Counter:
    """Count (resource type, field, kind) over resources."""
    return Counter(
        (resource["resourceType"], field, kind_of(reference, known))
        for resource in resources
        for field, reference in references(resource)
    )
