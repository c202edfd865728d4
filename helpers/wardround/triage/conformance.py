"""What CDS Hooks 2.0.1 asks of a service, as twelve invariants in our own words, and a check of each.

Of CDS Hooks 2.0.1 (cds-hooks.hl7.org; its text and the source of the guide that follows it were looked at in November
2026). A check of form, not of sense: a card that meets all twelve may still say something false. Two functions:

- :func:`card_problems` reads one response (invariants 6 to 11, and that cards and suggestions can be told apart, 12);
- :func:`service_problems` calls a whole service, rightly and wrongly, and reads what it answers (all twelve).

Three points on which the standard is milder than one may think: feedback ``overridden`` needs no reason; a service with
nothing to say answers 200 with an empty array of cards; null as a key of the prefetch says that the client looked and
found nothing, while a key that is not there says that it did not look. Nothing here needs a web framework.
"""

from __future__ import annotations

import copy
import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from wardround.triage.example import example

LONGEST_SUMMARY = 139  # "under 140 characters"
INDICATORS = ("info", "warning", "critical")
BEHAVIORS = ("at-most-one", "any")
OUTCOMES = ("accepted", "overridden")
ACTIONS = ("create", "update", "delete")
DISCOVERY = "/cds-services"
CONTEXT = {"patient-view": ("userId", "patientId")}  # what each hook requires in its context
Call = Callable[[str, str, Any], tuple[int, Any]]


class Invariant(NamedTuple):
    """Something that holds for every service, whatever it is about."""

    number: int
    name: str
    says: str


class Problem(NamedTuple):
    """An invariant that does not hold: its number, where, and in one sentence what is there and what to do."""

    invariant: int
    where: str
    says: str


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(1, "discovery", "GET /cds-services lists the services, each with hook, id and description."),
    Invariant(2, "addresses", "No two services share id and hook, and each answers POST at /cds-services/{id}."),
    Invariant(3, "request", "A request has hook, hookInstance (a UUID) and context; one without is refused with 4xx."),
    Invariant(
        4, "context", "What the hook requires in the context is there (patient-view: userId, patientId), or 4xx."
    ),
    Invariant(5, "prefetch", "Where prefetched data that the service needs is not there, it answers 412, not a card."),
    Invariant(6, "cards", "A response has cards, an array; it is empty where there is nothing to say."),
    Invariant(7, "summary", "Each card has a summary, not empty and under 140 characters."),
    Invariant(8, "indicator", "Each card's indicator is info, warning or critical."),
    Invariant(9, "source", "Each card says by source.label whose advice it is."),
    Invariant(10, "suggestions", "Suggestions come with selectionBehavior (at-most-one or any); each has a label."),
    Invariant(11, "override reasons", "Each override reason has a display, the words that a person picks."),
    Invariant(12, "feedback", "Feedback names the card and says accepted, with suggestions, or overridden."),
)


def card_problems(response: object) -> list[Problem]:
    """Return what is wrong with a service's response, in order; an empty list where nothing is.

    Parameters
    ----------
    response
        The body of a 200, as JSON gives it: a dict with ``cards``.
    """
    if not isinstance(response, Mapping):
        return [Problem(6, "response", f"it is {_kind(response)}; answer with an object that has cards.")]
    if "cards" not in response:
        return [Problem(6, "response", "it has no cards; where there is nothing to say, answer with cards: [].")]
    cards = response["cards"]
    if not _is_list(cards):
        return [Problem(6, "cards", f"it is {_kind(cards)}; make it an array, also for a single card.")]
    found: list[Problem] = []
    for number, card in enumerate(cards):
        where = f"cards[{number}]"
        if isinstance(card, Mapping):
            found += [*_summary(card, where), *_looks(card, where), *_suggestions(card, where), *_reasons(card, where)]
        else:
            found.append(Problem(6, where, f"it is {_kind(card)}; a card is an object."))
    return found + _identities([one for one in cards if isinstance(one, Mapping)])


def service_problems(
    call: Call, request: Mapping[str, Any] | None = None, *, needs: Sequence[str] | None = None
) -> list[Problem]:
    """Call a service rightly and wrongly and return which invariants do not hold, in order.

    Parameters
    ----------
    call
        ``call(method, path, body) -> (status, body)``: a few lines round a test client, or a function without a server.
    request
        A right request for the service, with everything it needs; :func:`example` where none is given.
    needs
        Keys of the prefetch that the service cannot do without; all that it asks for where none are given.
    """
    right = dict(request or example())
    status, body, raised = _called(call, "GET", DISCOVERY, None)
    found = _discovery(status, body, raised)
    services = body.get("services") if isinstance(body, Mapping) else None
    services = [one for one in services if isinstance(one, Mapping)] if _is_list(services) else []
    services = [one for one in services if _text(one.get("id")) and _text(one.get("hook"))]
    found += _twice(services)
    for service in services:
        if service["hook"] == right.get("hook"):
            found += _one_service(call, service, right, needs)
    return sorted(dict.fromkeys(found), key=lambda one: one.invariant)


# a response ---------------------------------------------------------------------------------------------------------


def _summary(card: Mapping[str, Any], where: str) -> Iterable[Problem]:
    summary = card.get("summary")
    if not _text(summary):
        yield Problem(7, f"{where}.summary", f"it is {_kind(summary)}; say the point in one sentence.")
    elif len(summary) > LONGEST_SUMMARY:
        says = f"it has {len(summary)} characters; keep under 140 and move the rest to detail."
        yield Problem(7, f"{where}.summary", says)


def _looks(card: Mapping[str, Any], where: str) -> Iterable[Problem]:
    indicator, source = card.get("indicator"), card.get("source")
    if not (isinstance(indicator, str) and indicator in INDICATORS):
        yield Problem(8, f"{where}.indicator", f"it is {_shown(indicator)}; take one of {', '.join(INDICATORS)}.")
    if not isinstance(source, Mapping):
        yield Problem(9, f"{where}.source", f"it is {_kind(source)}; make it an object with a label.")
    elif not _text(source.get("label")):
        says = f"it is {_kind(source.get('label'))}; name whose advice this is."
        yield Problem(9, f"{where}.source.label", says)


def _suggestions(card: Mapping[str, Any], where: str) -> Iterable[Problem]:
    behavior, offered = card.get("selectionBehavior"), card.get("suggestions")
    valid = isinstance(behavior, str) and behavior in BEHAVIORS
    if offered is None and behavior is None:
        return
    if offered is not None and not _is_list(offered):
        yield Problem(10, f"{where}.suggestions", f"it is {_kind(offered)}; make it an array.")
        return
    if (offered or behavior is not None) and not valid:
        says = f"it is {_shown(behavior)} beside suggestions; take one of {', '.join(BEHAVIORS)}."
        yield Problem(10, f"{where}.selectionBehavior", says)
    for number, one in enumerate(offered or ()):
        yield from _suggestion(one, f"{where}.suggestions[{number}]", card)
    told = [one for one in offered or () if isinstance(one, Mapping) and one.get("isRecommended") is True]
    if behavior == "at-most-one" and len(told) > 1:
        says = f"{len(told)} are recommended where at most one may be taken; recommend one."
        yield Problem(10, f"{where}.suggestions", says)


def _suggestion(one: object, where: str, card: Mapping[str, Any]) -> Iterable[Problem]:
    if not isinstance(one, Mapping):
        yield Problem(10, where, f"it is {_kind(one)}; a suggestion is an object with a label.")
        return
    if not _text(one.get("label")):
        yield Problem(10, f"{where}.label", f"it is {_kind(one.get('label'))}; write what its button says.")
    if "uuid" in card and not _text(one.get("uuid")):
        says = f"it is {_kind(one.get('uuid'))}; the card wants feedback (it has a uuid), which names a suggestion."
        yield Problem(10, f"{where}.uuid", says)
    actions = one.get("actions")
    if actions is not None and not _is_list(actions):
        yield Problem(10, f"{where}.actions", f"it is {_kind(actions)}; make it an array.")
        return
    for number, action in enumerate(actions or ()):
        kind = action.get("type") if isinstance(action, Mapping) else None
        if not (isinstance(kind, str) and kind in ACTIONS and _text(action.get("description"))):
            says = f"an action has a type ({', '.join(ACTIONS)}) and a description; give both."
            yield Problem(10, f"{where}.actions[{number}]", says)


def _reasons(card: Mapping[str, Any], where: str) -> Iterable[Problem]:
    reasons = card.get("overrideReasons")
    if reasons is None:
        return
    if not _is_list(reasons):
        yield Problem(11, f"{where}.overrideReasons", f"it is {_kind(reasons)}; make it an array of codings.")
        return
    for number, one in enumerate(reasons):
        if not (isinstance(one, Mapping) and _text(one.get("display"))):
            says = "it has no display; write the words that a person picks."
            yield Problem(11, f"{where}.overrideReasons[{number}]", says)


def _identities(cards: list[Mapping[str, Any]]) -> list[Problem]:
    """Feedback names a card and its suggestions by uuid: each must be told from the others."""
    found, seen = [], set()
    for number, card in enumerate(cards):
        offered = card.get("suggestions") if _is_list(card.get("suggestions")) else []
        named = [(f"cards[{number}].uuid", card)]
        named += [(f"cards[{number}].suggestions[{place}].uuid", one) for place, one in enumerate(offered)]
        for where, one in named:
            if not isinstance(one, Mapping) or "uuid" not in one:
                continue
            if not _text(one["uuid"]):
                if one is card:
                    found.append(Problem(12, where, f"it is {_kind(one['uuid'])}; give a UUID or leave it out."))
            elif one["uuid"] in seen:
                found.append(Problem(12, where, "it stands twice; feedback could not say which one is meant."))
            else:
                seen.add(one["uuid"])
    return found


# a service ----------------------------------------------------------------------------------------------------------


def _discovery(status: int, body: object, raised: str) -> list[Problem]:
    where = f"GET {DISCOVERY}"
    if raised or status != 200:
        return [Problem(1, where, raised or f"the status is {status}; answer with 200 and the services.")]
    services = body.get("services") if isinstance(body, Mapping) else None
    if not _is_list(services):
        return [Problem(1, where, "it lists no services; answer with services, an array.")]
    found = []
    for number, service in enumerate(services):
        told = service if isinstance(service, Mapping) else {}
        lacks = [name for name in ("hook", "id", "description") if not _text(told.get(name))]
        if lacks:
            found.append(Problem(1, f"services[{number}]", f"it has no {' and no '.join(lacks)}; give a text."))
        prefetch = told.get("prefetch", {})
        if not (isinstance(prefetch, Mapping) and all(_text(one) for one in prefetch.values())):
            found.append(Problem(1, f"services[{number}].prefetch", "it must map each key to a FHIR query, a text."))
    return found


def _twice(services: list[Mapping[str, Any]]) -> list[Problem]:
    keys = [(one["id"], one["hook"]) for one in services]
    return [
        Problem(
            2, f"GET {DISCOVERY}", f"{id!r} stands {keys.count((id, hook))} times for {hook}; give each its own id."
        )
        for id, hook in dict.fromkeys(keys)
        if keys.count((id, hook)) > 1
    ]


def _one_service(
    call: Call, service: Mapping[str, Any], right: dict[str, Any], needs: Sequence[str] | None
) -> list[Problem]:
    address = f"{DISCOVERY}/{service['id']}"
    status, body, raised = _called(call, "POST", address, _fresh(right))
    where = f"POST {address}"
    if raised or status in (404, 405):
        return [Problem(2, where, raised or f"the status is {status}; answer POST at the address of the id.")]
    if status != 200:
        return [Problem(6, where, f"the status is {status} on a right request; answer with 200 and cards.")]
    found = card_problems(body)
    for number, how, wrong in _wrong(service, right, needs):
        found += _refused(_called(call, "POST", address, wrong), number, f"{where} {how}", {5: (412, 412)}.get(number))
    return found + _feedback(call, address, right)


def _wrong(
    service: Mapping[str, Any], right: dict[str, Any], needs: Sequence[str] | None
) -> Iterable[tuple[int, str, Any]]:
    """Requests that are wrong in one thing each: the invariant, what is wrong, the request."""
    yield 3, "with an array", [_fresh(right)]
    for name in ("hook", "hookInstance", "context"):
        yield 3, f"without {name}", _without(right, name)
    yield 3, "with a hookInstance that is no UUID", {**_fresh(right), "hookInstance": "1"}
    yield 3, "with a text as context", {**_fresh(right), "context": "Patient/1"}
    for name in CONTEXT.get(service["hook"], ()):
        yield 4, f"without context.{name}", _without(right, "context", name)
        yield 4, f"with an empty context.{name}", _put(right, "context", name, "")
        yield 4, f"with a number as context.{name}", _put(right, "context", name, 7)
    asked = service.get("prefetch")
    wanted = list(needs if needs is not None else asked if isinstance(asked, Mapping) else ())
    if wanted:
        yield 5, "without prefetch", _without(right, "prefetch")
    for name in wanted:
        yield 5, f"without prefetch.{name}", _without(right, "prefetch", name)


def _feedback(call: Call, address: str, right: dict[str, Any]) -> list[Problem]:
    """What the service does with feedback, where its cards ask for it by having a uuid."""
    card = next((one for one in _cards(call, address, right) if _text(one.get("uuid"))), None)
    if card is None:
        return []
    path, at = f"{address}/feedback", {"outcomeTimestamp": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    offered = [one for one in card.get("suggestions") or () if isinstance(one, Mapping) and _text(one.get("uuid"))]
    reasons = [one for one in card.get("overrideReasons") or () if isinstance(one, Mapping)]
    named = {"card": card["uuid"], **at}
    accepted = {**named, "outcome": "accepted", "acceptedSuggestions": [{"id": one["uuid"]} for one in offered[:1]]}
    overridden = {**named, "outcome": "overridden"}
    good = [("overridden", overridden)] + ([("accepted", accepted)] if offered else [])
    if reasons:
        good.append(("overridden with a reason", {**overridden, "overrideReason": {"reason": reasons[0]}}))
    bad = [
        ("without card", _without(overridden, "card")),
        ("with the outcome ignored", {**overridden, "outcome": "ignored"}),
        ("accepted without acceptedSuggestions", _without(accepted, "acceptedSuggestions")),
        ("accepted with no suggestion", {**accepted, "acceptedSuggestions": []}),
    ]
    found = []
    for how, one in good:
        status, _, raised = _called(call, "POST", path, {"feedback": [one]})
        if raised or not 200 <= status < 300:
            says = raised or f"the status is {status}; take feedback as the standard has it."
            found.append(Problem(12, f"POST {path} {how}", says))
    for how, one in bad:
        found += _refused(_called(call, "POST", path, {"feedback": [one]}), 12, f"POST {path} {how}")
    return found


def _cards(call: Call, address: str, right: dict[str, Any]) -> list[Mapping[str, Any]]:
    _, body, _ = _called(call, "POST", address, _fresh(right))
    cards = body.get("cards") if isinstance(body, Mapping) else None
    return [one for one in cards if isinstance(one, Mapping)] if _is_list(cards) else []


def _refused(
    answer: tuple[int, Any, str], number: int, where: str, wanted: tuple[int, int] | None = None
) -> list[Problem]:
    status, _, raised = answer
    low, high = wanted or (400, 499)
    if not raised and low <= status <= high:
        return []
    kind = str(low) if low == high else "4xx"
    return [Problem(number, where, raised or f"the status is {status}; refuse it with {kind} and a sentence.")]


def _called(call: Call, method: str, path: str, body: Any) -> tuple[int, Any, str]:
    """Return status, body and, where the service raised, what."""
    try:
        status, answer = call(method, path, body)
        return int(status), answer, ""
    except Exception as trouble:  # whatever a service does instead of answering
        return 0, None, f"it raised {type(trouble).__name__} ({str(trouble)[:80]}) instead of answering."


def _fresh(right: Mapping[str, Any]) -> dict[str, Any]:
    """The right request as a new call of the hook."""
    return {**copy.deepcopy(dict(right)), "hookInstance": str(uuid.uuid4())}


def _without(right: Mapping[str, Any], *names: str) -> dict[str, Any]:
    made = copy.deepcopy(dict(right))
    inner = made
    for name in names[:-1]:
        inner = inner[name]
    inner.pop(names[-1], None)
    return made


def _put(right: Mapping[str, Any], outer: str, name: str, value: Any) -> dict[str, Any]:
    made = _fresh(right)
    made[outer] = {**made[outer], name: value}
    return made


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _shown(value: object) -> str:
    return f"“{value[:30]}”" if isinstance(value, str) and value.strip() else _kind(value)


def _kind(value: object) -> str:
    if value is None:
        return "not there"
    if isinstance(value, str):
        return "a text" if value.strip() else "empty"
    names = {bool: "true or false", int: "a number", float: "a number", list: "an array", dict: "an object"}
    return names.get(type(value), f"a {type(value).__name__}")
