"""Bundles: references between entries, from the addresses of the bundle to ``Type/id``.

In a transaction the entries name each other by addresses that mean something only inside it (``urn:uuid:…``). They are
rewritten before anything looks at them: in other engines too, the key of such a reference is null.
"""

from __future__ import annotations


def rewrite(entries: list) -> None:
    """Rewrite, in place, every reference that equals the ``fullUrl`` of an entry to that entry's ``Type/id``.

    A resource without an id that is posted under a ``urn:uuid`` takes the uuid for its id, so that what refers to it
    still finds it.
    """
    target: dict[str, str] = {}
    for entry in entries:
        resource = entry.get("resource") if type(entry) is dict else None
        address = entry.get("fullUrl") if type(entry) is dict else None
        if type(resource) is not dict or type(address) is not str or type(resource.get("resourceType")) is not str:
            continue
        if not resource.get("id") and address.startswith("urn:uuid:"):
            resource["id"] = address.removeprefix("urn:uuid:")
        if type(resource.get("id")) is str:
            target[address] = f"{resource['resourceType']}/{resource['id']}"
    if target:
        for entry in entries:
            if type(entry) is dict:
                _rewrite(entry.get("resource"), target)


def _rewrite(resource: object, target: dict[str, str]) -> None:
    waiting = [resource]  # not recursive: data may be nested deeper than Python's stack
    while waiting:
        found = waiting.pop()
        if type(found) is list:
            waiting += found
        elif type(found) is dict:
            reference = found.get("reference")
            if type(reference) is str and reference in target:
                found["reference"] = target[reference]
            waiting += found.values()
