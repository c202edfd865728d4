"""How alike two patient records are: spelling, short names, one part of a birth date."""

from __future__ import annotations

_SHORT = 4  # names shorter than this must agree to the letter


def one_edit(left: str, right: str) -> bool:
    """Return whether two words are equal but for one letter put in, left out, changed, or two neighbours swapped."""
    if left == right:
        return True
    if abs(len(left) - len(right)) > 1 or min(len(left), len(right)) < _SHORT:
        return False
    start = 0
    while start < min(len(left), len(right)) and left[start] == right[start]:
        start += 1
    rest, other = left[start:], right[start:]
    if len(rest) == len(other):
        return rest[1:] == other[1:] or (rest[:2] == other[1::-1] and rest[2:] == other[2:])
    return rest[1:] == other or rest == other[1:]


def given_alike(left: str, right: str) -> bool:
    """Return whether two given names may be one person's: first names alike, or one the beginning of the other."""
    one, other = left.split()[0], right.split()[0]
    begins = min(len(one), len(other)) >= 3 and (one.startswith(other) or other.startswith(one))
    return begins or one_edit(one, other)


def births_alike(left: str, right: str) -> bool:
    """Return whether two birth dates differ in one part only, or have day and month swapped."""
    one, other = left.split("-"), right.split("-")
    if len(one) != 3 or len(other) != 3:
        return False
    return sum(a != b for a, b in zip(one, other, strict=True)) <= 1 or one == [other[0], other[2], other[1]]


def differences(one: dict[str, str | None], other: dict[str, str | None]) -> str | None:
    """Return in words what differs between two records that may be one person's, or None if they hardly are.

    The same birth date, surnames and given names alike; or, where the surname or the birth date differs, everything
    else the same and a telephone number or address shared. Twins differ in the given name, father and son in the year.
    """
    if not (one["given"] and other["given"] and one["family"] and other["family"]):
        return None
    if one["gender"] and other["gender"] and one["gender"] != other["gender"]:
        return None
    born, family = one["birth_date"] == other["birth_date"], one_edit(one["family"], other["family"])
    given = given_alike(one["given"], other["given"])
    first = one["given"].split()[0] == other["given"].split()[0]
    shared = any(one[name] and one[name] == other[name] for name in ("phone", "address"))
    if born and family and given and (first or shared or one["zip"] == other["zip"]):
        return _words(one, other)
    if born and first and shared:
        return _words(one, other)
    if family and first and shared and births_alike(one["birth_date"] or "", other["birth_date"] or ""):
        return _words(one, other)
    return None


def _words(one: dict, other: dict) -> str:
    names = {"family": "surname", "given": "given name", "birth_date": "birth date", "phone": "telephone"}
    differ = [names.get(name, name) for name in one if one[name] != other[name]]
    return f"differ in {', '.join(differ)}" if differ else "differ in nothing shown"
