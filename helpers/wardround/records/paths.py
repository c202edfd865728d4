"""Trees to closures: what a path finds, starting from one element of a resource.

``many`` makes the function that gives everything a path finds, as a list or tuple. Data may have any shape: a step that
does not fit what it meets finds nothing. What a *view* gets wrong (two values where it says one) is an error.

An element is what orjson made of it: a dict, a text, a number, a truth value. Each function also takes the row index,
so that one compiled view may serve several threads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal, DivisionByZero, InvalidOperation, Overflow

from . import moments
from .errors import ViewError
from .fhirpath import Binary, Focus, Item, Literal, Member, Negative, RowIndex, Tree

Many = Callable[[object, int], Sequence]
# Elements that end in their type (``valueQuantity``): the base names of R4's choices, and the types they may end in.
# Without both lists a plain ``valueSet`` would be taken for a ``value`` of type Set.
CHOICES = frozenset(
    re.findall(
        r"\w+",
        """abatement additive age allowed amount answer asNeeded author bodySite born characteristic collected content
        deceased defaultValue definition detail diagnosis dose doseNumber due effective entity event example
        fastingStatus fixed identified instantiates legallyBinding maxValue medication minValue multipleBirth
        occurrence occurred offset onset participantEffective pattern performed presence procedure product rate
        reported scheduled seriesDoses serviced statusReason studyEffective timing used value""",
    )
)
CHOICE_TYPES = frozenset(
    re.findall(
        r"\w+",
        """Address Age Annotation Attachment Base64Binary Boolean Canonical Code CodeableConcept Coding ContactDetail
        ContactPoint Contributor Count DataRequirement Date DateTime Decimal Distance Dosage Duration Expression
        HumanName Id Identifier Instant Integer Markdown Meta Money Oid ParameterDefinition Period PositiveInt Quantity
        Range Ratio Reference RelatedArtifact SampledData Signature String Time Timing TriggerDefinition UnsignedInt
        Uri Url UsageContext Uuid""",
    )
)
_TYPE_TEST = {
    **dict.fromkeys(("boolean", "Boolean"), lambda x: type(x) is bool),
    **dict.fromkeys(("integer", "Integer", "positiveInt", "unsignedInt"), lambda x: type(x) is int),
    **dict.fromkeys(("decimal", "Decimal"), lambda x: type(x) in (int, float)),
}


def children(element: object, name: str) -> Sequence:
    """Return the values of one element's child, without nulls; nothing for what is not an object."""
    if type(element) is not dict:
        return ()
    found = element.get(name)
    if found is None:
        return ()
    if type(found) is list:
        return [one for one in found if one is not None] if None in found else found
    return (found,)


def many(tree: Tree, resource: str) -> Many:
    """Return the function that finds everything a tree says, for a view of resources of type ``resource``."""
    if isinstance(tree, Focus):
        return lambda element, row: () if element is None else (element,)
    if isinstance(tree, Literal):
        only = (tree.value,)
        return lambda element, row: only
    if isinstance(tree, RowIndex):
        return lambda element, row: (row,)
    if isinstance(tree, Member):
        return _member(tree, resource)
    if isinstance(tree, Item):
        return _item(tree, resource)
    if isinstance(tree, Negative):
        return _negative(many(tree.operand, resource))
    if isinstance(tree, Binary):
        return _binary(tree, resource)
    from .functions import call  # functions need paths for their arguments

    return call(tree, resource)


def truth(tree: Tree, resource: str) -> Callable[[object, int], bool | None]:
    """Return the function that says True, False or None (nothing found) of a tree used as a condition."""
    if test := text_test(tree):
        return having(*test)
    find = many(tree, resource)

    def said(element, row):
        found = find(element, row)
        if not found:
            return None
        if len(found) > 1:
            raise ViewError(f"A condition finds {len(found)} values where true or false is expected; use exists().")
        return found[0] if type(found[0]) is bool else True  # FHIRPath: a single value where a truth is due is true

    return said


def text_test(tree: Tree) -> tuple[str, str, bool] | None:
    """Return (name, text, equal) of ``name = 'text'`` or ``!=``, asked of nearly every coding; None for other trees."""
    if not (isinstance(tree, Binary) and tree.sign in ("=", "!=") and isinstance(tree.right, Literal)):
        return None
    name, text = tree.left, tree.right.value
    plain = isinstance(name, Member) and isinstance(name.base, Focus) and name.name not in CHOICES
    return (name.name, text, tree.sign == "=") if plain and type(text) is str and not tree.right.moment else None


def having(name: str, text: str, equal: bool) -> Callable[[object, int], bool | None]:
    """Return the short way for the condition ``name = 'text'`` or ``name != 'text'``."""

    def same(element, row):
        found = element.get(name) if type(element) is dict else None
        if type(found) is list:
            found = [one for one in found if one is not None]
            return (found == [text]) is equal if found else None
        return None if found is None else (found == text) is equal

    return same


# steps ------------------------------------------------------------------------------------------------------------


def chain(tree: Tree, resource: str) -> tuple[str, ...] | None:
    """Return the names of a path of plain members from the focus, ``("code", "coding")``, or None."""
    names: list[str] = []
    while isinstance(tree, Member):
        if tree.name in CHOICES:
            return None
        names.append(tree.name)
        tree = tree.base
    if not isinstance(tree, Focus):
        return None
    if names and names[-1] == resource:  # Patient.name is name, in a view of Patients
        names.pop()
    return tuple(reversed(names))


def _member(tree: Member, resource: str) -> Many:
    names = chain(tree, resource)
    if names is not None:
        return walk(names)
    base, name = many(tree.base, resource), tree.name
    if name in CHOICES:
        return lambda element, row: [x for one in base(element, row) for x in choice(one, name)]
    return lambda element, row: [x for one in base(element, row) for x in children(one, name)]


def choice(element: object, name: str) -> Sequence:
    """Return the values of an element that may end in its type: ``value`` finds ``valueQuantity``."""
    if type(element) is not dict:
        return ()
    if name in element:
        return children(element, name)
    for key in element:
        if key.startswith(name) and key[len(name) :] in CHOICE_TYPES:
            return children(element, key)
    return ()


def walk(names: tuple[str, ...]) -> Many:
    """Return the function that follows plain members; the common case of one value at each step is quick."""
    rest = [names[step + 1 :] for step in range(len(names))]

    def follow(element, row):
        for step, name in enumerate(names):
            if type(element) is not dict:
                return ()
            element = element.get(name)
            if element is None:
                return ()
            if type(element) is list:
                return _spread(element, rest[step])
        return () if element is None else (element,)

    return follow


def _spread(found: list, names: tuple[str, ...]) -> Sequence:
    if None in found:
        found = [one for one in found if one is not None]
    for name in names:
        after: list = []
        for one in found:
            if type(one) is dict:
                value = one.get(name)
                if type(value) is list:
                    after += [x for x in value if x is not None]
                elif value is not None:
                    after.append(value)
        found = after
    return found


def of_type(base: Tree, kind: str, resource: str) -> Many:
    """Return the function for ``base.ofType(kind)``.

    It binds to the step before it: ``value.ofType(Quantity)`` is ``valueQuantity``. What carries no type in its name is
    judged by what it is: a resource by its ``resourceType``, a plain value by its JSON type.
    """
    find = _judged(many(base, resource), kind)
    if not isinstance(base, Member):
        return find
    key = base.name + kind[0].upper() + kind[1:]
    typed = many(Member(base.base, key), resource)
    if base.name in CHOICES:
        return typed
    return lambda element, row: typed(element, row) or find(element, row)


def _judged(find: Many, kind: str) -> Many:
    test = _TYPE_TEST.get(kind)
    if test is None and kind[0].isupper() and kind != "String":
        return lambda element, row: [x for x in find(element, row) if type(x) is dict and x.get("resourceType") == kind]
    test = test or (lambda x: type(x) is str)
    return lambda element, row: [x for x in find(element, row) if test(x)]


def _item(tree: Item, resource: str) -> Many:
    base, index = many(tree.base, resource), many(tree.index, resource)

    def pick(element, row):
        places, found = index(element, row), base(element, row)
        if len(places) != 1 or type(places[0]) is not int or not 0 <= places[0] < len(found):
            return ()
        return (found[places[0]],)

    return pick


# operators --------------------------------------------------------------------------------------------------------


def _negative(find: Many) -> Many:
    def minus(element, row):
        return [-x for x in find(element, row) if type(x) in (int, float)]

    return minus


def _binary(tree: Binary, resource: str) -> Many:
    sign = tree.sign
    if sign in ("and", "or"):
        return _logic(sign, truth(tree.left, resource), truth(tree.right, resource))
    left, right = many(tree.left, resource), many(tree.right, resource)
    if sign in ("=", "!="):
        wanted = sign == "="

        def same(element, row):
            said = _equal(left(element, row), right(element, row))
            return () if said is None else (said is wanted,)

        return same
    combine = _ORDER.get(sign) or _ARITHMETIC[sign]

    def pair(element, row):
        a, b = left(element, row), right(element, row)
        if not a or not b:
            return ()
        if len(a) > 1 or len(b) > 1:
            raise ViewError(f"The operator {sign!r} meets {max(len(a), len(b))} values on one side; use first().")
        said = combine(a[0], b[0])
        return () if said is None else (said,)

    return pair


def _logic(sign: str, left, right) -> Many:
    decides = sign == "or"  # true decides "or", false decides "and", whatever the other side is

    def combine(element, row):
        a = left(element, row)
        if a is decides:
            return (decides,)
        b = right(element, row)
        if b is decides:
            return (decides,)
        return () if a is None or b is None else (not decides,)

    return combine


def _equal(left: Sequence, right: Sequence) -> bool | None:
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    said = [_same(a, b) for a, b in zip(left, right, strict=True)]
    return False if False in said else None if None in said else True


def _same(a: object, b: object) -> bool | None:
    if (type(a) is bool) != (type(b) is bool):
        return False  # in Python True == 1
    if a == b:
        return True
    if type(a) is str and type(b) is str and a[:2].isdigit() and b[:2].isdigit():
        order = moments.compare(a, b)
        return None if order is None else order == 0 and order is not False
    return False


def _ordered(test: Callable[[int], bool]) -> Callable[[object, object], bool | None]:
    def compare(a, b):
        if type(a) in (int, float) and type(b) in (int, float):
            return test((a > b) - (a < b))
        if type(a) is not str or type(b) is not str:
            return None
        order = moments.compare(a, b)
        if order is None:
            return None
        return test((a > b) - (a < b) if order is False else order)

    return compare


_ORDER = {
    "<": _ordered(lambda order: order < 0),
    "<=": _ordered(lambda order: order <= 0),
    ">": _ordered(lambda order: order > 0),
    ">=": _ordered(lambda order: order >= 0),
}


def _exact(operation: Callable[[Decimal, Decimal], Decimal]) -> Callable[[object, object], object]:
    """Return arithmetic on decimals as FHIR has it: 0.1 + 0.2 is 0.3."""

    def calculate(a, b):
        if type(a) not in (int, float) or type(b) not in (int, float):
            return None
        try:
            result = operation(Decimal(repr(a)), Decimal(repr(b)))
        except (DivisionByZero, InvalidOperation, Overflow):
            return None
        return int(result) if type(a) is int and type(b) is int and result == int(result) else float(result)

    return calculate


def _plus(a: object, b: object) -> object:
    if type(a) is str and type(b) is str:
        return a + b
    return _sum(a, b)


_sum = _exact(lambda a, b: a + b)
_ARITHMETIC = {
    "+": _plus,
    "-": _exact(lambda a, b: a - b),
    "*": _exact(lambda a, b: a * b),
    "/": _exact(lambda a, b: a / b),
}
