"""The egress guard: may this request leave, as it is, with something taken out, or not at all?

Denied by default. In this order: is there a route for this purpose to this destination, and does what was signed cover
it; who asks; does the route name every field and allow the files; what do all of them hold, read in every way we know.
A field that nobody named blocks: to drop it and send the rest would hide from its sender that it was ever asked for. An
identifier in plain sight of a note is covered; in any other place it blocks, and so does one that was hidden, since
what hides once may hide twice, and a text that tells its reader what to do. No reason repeats a word of the payload:
the answer to a block is a message that leaves, too.

A guard of patterns does not de-identify. For that the route names fields which were made harmless before.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from .decisions import Agreement, may_leave
from .egress_known import Register
from .egress_readings import LONGEST, readings
from .identifiers import PrivacyError, Rule, Span, disjoint
from .notes import BROAD, EPONYMS, NARROW, cover, find_in_note

HEADERS = frozenset({"content-type", "accept"})  # all that leaves; a proxy writes its own
_TRACE = re.compile(
    r"Traceback \(most recent call last\)|^\s*File \".+\", line \d+|^\s+at [\w.$<>]+\(.*:\d+\)|\b\w+Error: .*\bline \d",
    re.M,
)
_INSTRUCTS = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instruction|rule|above|previous|prior|prompt|polic)"
    r"|\b(?:system|developer) prompt\b|\byou are (?:now|no longer)\b|\bdo not redact\b|</?(?:system|assistant|user)>"
    r"|\b(?:reveal|print|list|repeat|output|include|append)\b.{0,40}\b(?:chart|record|identifier|name|instruction|prompt"
    r"|address|phone|MRN)s?\b.{0,60}\b(?:verbatim|in full|below|to|of all|other|every)\b"
    r"|\b(?:send|post|forward|upload|e-?mail)\b.{0,60}(?:https?://|@|\bto (?:the )?(?:following|this) )"
    r"|\b(?:to|note for|message for|attention) (?:the )?(?:AI|assistant|language model|LLM|summari[sz]er|model)\b",
    re.I | re.S,
)
_JOINABLE = ("phone", "ssn", "email")
_AGE = re.compile(r"(?:^|_)ages?(?:_at_\w+|_(?:in|band|group|range|class|years|months|days))*$")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_IN_A_YEAR = {"months": 12, "days": 365}
POOLED = 90  # "90 or older" may stand there; an age above it is an identifier


@dataclass(frozen=True)
class Request:
    """What wants to leave.

    Attributes
    ----------
    destination, purpose, user : str
        The name of an endpoint, what for, and the person who asks, not a service account.
    fields : mapping of str to Any
        As JSON holds it.
    path : str
        Behind the endpoint's address, query included.
    headers : mapping of str to str
    files : mapping of str to str or bytes
        Name to content.
    """

    destination: str
    purpose: str
    fields: Mapping[str, Any]
    user: str = ""
    path: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str | bytes] = field(default_factory=dict)

    def body(self) -> bytes:
        """Return the bytes that leave as the body."""
        whole = {"fields": dict(self.fields)} | ({"files": _texts(self.files)} if self.files else {})
        return json.dumps(whole, ensure_ascii=False, sort_keys=True).encode()


@dataclass(frozen=True)
class Route:
    """A way out: for a purpose, to a destination, of a class of data, by named fields, under an agreement.

    Attributes
    ----------
    fields : tuple of str
        Structured fields, made harmless before; one that holds an identifier all the same blocks.
    notes : tuple of str
        Free-text fields, in which what is found is covered.
    files : bool
        Whether files may go along; where not, a file blocks.
    path : str
        Behind the endpoint's address, query included; the request must have the same.
    """

    purpose: str
    destination: str
    data_class: str
    fields: tuple[str, ...]
    notes: tuple[str, ...] = ()
    agreement: Agreement | None = None
    files: bool = False
    path: str = "/"

    @property
    def identified(self) -> bool:
        """Whether identifiers in the named fields are meant to leave (under its agreement)."""
        return self.data_class in ("phi", "limited", "special")


class Finding(NamedTuple):
    """Something found: where, read how, and of what kind. Never the words."""

    where: str
    how: str
    kind: str


class Verdict(NamedTuple):
    """What the guard says: "allow", "redact" or "block"; why; what was found; and what may leave, None if blocked."""

    action: str
    why: str
    findings: list[Finding]
    request: Request | None


class Guard:
    """Decides on requests, by routes.

    Parameters
    ----------
    routes : iterable of Route
        One for each pair of purpose and destination; there is no other way out.
    known : mapping of str to iterable of str, optional
        Kind to values of the hospital's own register, a word each: family names, telephone and record numbers. It stays
        inside, and finds the name that no pattern knows, and the digest of a number (:class:`Register`).
    rules, spare
        As for :func:`notes.find_in_note`. The broad ones cover any capitalised pair in a note, and block it in a field:
        where fields hold "Heart Failure", give ``NARROW``.
    """

    def __init__(
        self,
        routes: Iterable[Route],
        known: Mapping[str, Iterable[str]] | None = None,
        rules: tuple[Rule, ...] = BROAD,
        spare: Iterable[str] = EPONYMS,
    ):
        self.routes: dict[tuple[str, str], Route] = {}
        for route in routes:
            if (route.purpose, route.destination) in self.routes:
                raise PrivacyError(f"There are two routes for {route.purpose} to {route.destination}; keep one.")
            self.routes[route.purpose, route.destination] = route
        self.rules, self.spare = rules, tuple(spare)
        self.register = Register(known or {}, self.spare)

    def decide(self, request: Request, when: dt.date | None = None) -> Verdict:
        """Return what may leave of a request; a guard that stumbles blocks."""
        try:
            return self._decided(request, when or dt.date.today())
        except (TypeError, ValueError, AttributeError, RecursionError) as trouble:
            return _block(f"the request could not be read ({type(trouble).__name__})")

    def decide_answer(self, text: str) -> Verdict:
        """Return what of an endpoint's answer may come in: an instruction or a hidden or known identifier blocks it."""
        found = list(self._found("answer", text))
        if bad := [one for one in found if one.how != "plain" or one.kind in ("instruction", "stack trace")]:
            return _block(f"the answer holds: {_kinds(bad)}", found)
        return Verdict("redact" if found else "allow", _kinds(found) or "nothing found", found, None)

    def covered(self, text: str) -> str:
        """Return a text with what is found in plain sight covered."""
        return cover(text, self._spans(text, plain=True))

    # the steps

    def _decided(self, request: Request, when: dt.date) -> Verdict:
        route = self.routes.get((request.purpose, request.destination))
        if route is None:
            return _block("there is no route for this purpose to this destination")
        answer = may_leave(route.data_class, route.purpose, route.agreement, route.destination, when)
        if not answer.allowed:
            return _block(answer.why)
        if not request.user.strip():
            return _block("nobody is named as the one who asks")
        outside = self._around(request)
        if request.path != route.path:
            return _block("the path is not the one of the route", outside)
        if outside_route := _not_of(route, request):
            return _block(outside_route, outside)
        inside = [one for name, value in request.fields.items() for one in self._in_field(name, value)]
        inside += [Finding("fields", "split", kind) for kind in self._split(request.fields)]
        hidden = [one for one in inside if one.how != "plain" or one.kind in ("instruction", "stack trace")]
        if outside or hidden:
            return _block(f"found: {_kinds(outside + hidden)}", outside + inside)
        if not route.identified and (shown := [one for one in inside if not _in_a_note(one, request, route)]):
            return _block(f"found where nothing is covered: {_kinds(shown)}", inside)
        return self._left(request, route, inside)

    def _around(self, request: Request) -> list[Finding]:
        """Everything but the fields: path, headers, file names and files, where nothing of a person belongs."""
        found = list(self._found("path", request.path.replace("/", " ").replace("?", " ").replace("=", " ")))
        for name, value in request.headers.items():
            if name.lower() not in HEADERS:
                found += self._found("header", f"{name} {value}")
        for name, content in request.files.items():
            found += self._found("file name", name)
            if isinstance(content, bytes):
                try:
                    content = content.decode()
                except UnicodeDecodeError:
                    found.append(Finding("file", "unread", "bytes that are no text"))
                    continue
            found += self._found("file", content)
        return found

    def _in_field(self, name: str, value: Any) -> Iterator[Finding]:
        yield from self._found("field name", name)
        for leaf in leaves(value):
            yield from self._found(name, leaf)
        if any(age > POOLED for age in _ages(name, value)):
            yield Finding(name, "plain", "age")

    def _found(self, where: str, text: str) -> Iterator[Finding]:
        """Yield what is in a text, by every reading; of a reading only what the plain one does not show."""
        if len(text) > LONGEST:
            yield Finding(where, "unread", "text too long to read")
            return
        seen: list[str] = []
        for how, reading in readings(text):
            if _TRACE.search(reading):
                yield Finding(where, how, "stack trace")
            if _INSTRUCTS.search(reading):
                yield Finding(where, how, "instruction")
            for kind in self.register.digests(reading):
                yield Finding(where, "digest" if how == "plain" else f"{how}, digest", kind)
            spans = [(reading[span.begin : span.end], span.kind) for span in self._spans(reading, plain=how == "plain")]
            if how == "plain":
                seen = [words for words, _ in spans]
            for words, kind in spans:
                if how == "plain" or not any(words in one for one in seen):
                    yield Finding(where, how, kind)

    def _spans(self, text: str, plain: bool) -> list[Span]:
        """Identifiers in a reading: of a hidden one the narrow rules, or every eponym in base64 would block."""
        found = find_in_note(text, self.rules if plain else NARROW, spare=self.spare)
        found += self.register.words(text)
        return disjoint(found)

    def _split(self, fields: Mapping[str, Any]) -> set[str]:
        """Kinds of identifiers that appear only when neighbouring values are put together."""
        values = (leaf.strip() for value in fields.values() for leaf in leaves(value, keys=False))
        parts = [value for value in values if 0 < len(value) < 40]
        kinds = set()
        for size in range(2, 13):
            for start in range(len(parts) - size + 1):
                whole = "".join(parts[start : start + size])
                if (kind := self.register.kind(whole)) and len(whole) > 3:
                    kinds.add(kind)
                if size <= 4 and not re.search(r"\s", whole):
                    shaped = find_in_note(whole, NARROW)
                    kinds |= {one.kind for one in shaped if one.kind in _JOINABLE and one.end - one.begin == len(whole)}
        return kinds

    def _left(self, request: Request, route: Route, inside: list[Finding]) -> Verdict:
        kept, went = dict(request.fields), []
        for name in route.notes if not route.identified else ():
            if kinds := _kinds([one for one in inside if one.where == name]):
                kept[name] = self.covered(kept[name])
                went.append(f"{kinds} in {name}")
        headers = {name: value for name, value in request.headers.items() if name.lower() in HEADERS}
        if len(headers) < len(request.headers):
            went.append("headers")
        left = replace(request, fields=kept, headers=headers)
        action = "redact" if went else "allow"
        return Verdict(action, "taken out: " + "; ".join(sorted(set(went))) if went else "as it is", inside, left)


def leaves(value: Any, keys: bool = True) -> Iterator[str]:
    """Yield every text and number in a JSON value, as text; the keys of objects as well, unless told otherwise."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if keys:
                yield str(name)
            yield from leaves(inner, keys)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from leaves(inner, keys)
    elif isinstance(value, bytes):
        yield value.decode()
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _not_of(route: Route, request: Request) -> str:
    """Say what of a request its route does not name; empty where it names all."""
    if set(request.fields) - {*route.fields, *route.notes}:
        return "a field that the route does not name"
    return "files on a route without files" if request.files and not route.files else ""


def _in_a_note(finding: Finding, request: Request, route: Route) -> bool:
    return finding.where in route.notes and isinstance(request.fields[finding.where], str)


def _ages(name: str, value: Any) -> Iterator[float]:
    """Yield the ages, in years, that a field holds by its name, or by the names inside it."""
    if isinstance(value, Mapping):
        for inner, one in value.items():
            yield from _ages(str(inner), one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _ages(name, one)
    elif called := _AGE.search(_CAMEL.sub("_", name).lower()):
        unit = next((unit for unit in _IN_A_YEAR if unit in called[0]), "")
        for number in re.findall(r"\d+(?:\.\d+)?", str(value)):
            yield float(number) / _IN_A_YEAR.get(unit, 1)


def _kinds(findings: Iterable[Finding]) -> str:
    return ", ".join(sorted({one.kind if one.how == "plain" else f"{one.kind} ({one.how})" for one in findings}))


def _block(why: str, findings: list[Finding] | None = None) -> Verdict:
    return Verdict("block", why, findings or [], None)


def _texts(files: Mapping[str, str | bytes]) -> dict[str, str]:
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in files.items()}
