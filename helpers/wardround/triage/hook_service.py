"""What the routes of :mod:`wardround.triage.hooks` do: let in, read, judge, answer, log."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from wardround.operations.ledger import LogUnreadable, NotLogged
from wardround.triage.desk import NoSuchVisit
from wardround.triage.fhir import Found, PrefetchMissing, SomebodyElse, outcome, read
from wardround.triage.hook_cards import card
from wardround.triage.judge import before_level, judge
from wardround.triage.log import shown
from wardround.triage.prefetch import ID
from wardround.triage.said import Advice, NoAnswer
from wardround.triage.tokens import KeyWrong, Seen, TokenRefused, Verifier

HOOK = "patient-view"
LARGEST = 1_000_000  # bytes of a request
MOST_FEEDBACK = 100
LONGEST_COMMENT = 2_000
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
USER = re.compile(r"[A-Z][A-Za-z]{2,30}/[A-Za-z0-9\-.]{1,64}")
CODE = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
CLIENT = "cds-client"  # in the log, where no issuer is known


class Refused(Exception):
    """An answer that is no card: status, code of the OperationOutcome, and a sentence."""

    def __init__(self, status: int, code: str, says: str) -> None:
        super().__init__(says)
        self.status, self.code, self.says = status, code, says


class Service:
    """What the routes do; kept apart from the framework's decorators."""

    def __init__(self, world: Any, clock: Callable[[], dt.datetime]) -> None:
        self.world, self.clock = world, clock
        self._lock = threading.Lock()
        self._seen, self._started = Seen(), clock().timestamp()
        self._verifier: tuple[object, Verifier] | None = None
        self._given: dict[str, Mapping[str, Any]] = {}
        self._read = 0

    # the door --------------------------------------------------------------------------------------------------------

    async def answer(
        self, request: Request, path: str, work: Callable[[Any, str], dict[str, Any]], *, reads: bool = True
    ) -> Response:
        """Let a request in, read it, do the work in a thread, and answer; a refusal is an OperationOutcome."""
        headers = {"Cache-Control": "no-store", **self._cors(request)}
        try:
            issuer = self._who(request, path)
            body = await _body(request) if reads else None
            return JSONResponse(await run_in_threadpool(work, body, issuer), headers=headers)
        except Refused as why:
            if why.status == 401:
                headers["WWW-Authenticate"] = "Bearer"
            return JSONResponse(outcome(why.code, why.says), why.status, headers)
        except (LogUnreadable, NotLogged) as why:
            return JSONResponse(outcome("exception", f"The log cannot be used: {why}"), 503, headers)

    def preflight(self, request: Request) -> Response:
        """Tell a browser whether a page of this origin may call."""
        headers = self._cors(request)
        if "Access-Control-Allow-Origin" not in headers:
            says = "Pages of this origin may not call; an administrator can add it to [service] origins."
            return JSONResponse(outcome("forbidden", says), 403, headers)
        headers |= {
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": "Authorization, Content-Type",
            "Access-Control-Max-Age": "600",
        }
        return Response(status_code=204, headers=headers)

    def _cors(self, request: Request) -> dict[str, str]:
        origin, headers = request.headers.get("origin"), {"Vary": "Origin"}
        if origin is not None and origin in self.world.settings.service.origins:
            headers["Access-Control-Allow-Origin"] = origin
        return headers

    def _who(self, request: Request, path: str) -> str:
        """Return the issuer of the request's token; empty where no token is asked for."""
        service, origin = self.world.settings.service, request.headers.get("origin")
        if origin is not None and origin not in service.origins and origin != str(request.base_url).rstrip("/"):
            raise Refused(403, "forbidden", "Pages of this origin may not call; see [service] origins.")
        if not service.issuer:
            if not _here(request):
                raise Refused(401, "login", "Without [[service.issuer]] in the settings only this machine may call.")
            return ""
        try:
            return self._verify(service).verify(request.headers.get("authorization"), path)
        except TokenRefused as why:
            raise Refused(401, "login", str(why)) from None
        except KeyWrong as why:
            raise Refused(503, "exception", f"Nobody can be let in: {why}") from None

    def _verify(self, service: Any) -> Verifier:
        with self._lock:
            if self._verifier is None or self._verifier[0] != service.issuer:
                now = lambda: self.clock().timestamp()  # noqa: E731
                made = Verifier(service.issuer, self._seen, clock=now, started=self._started)
                self._verifier = (service.issuer, made)
            return self._verifier[1]

    # patient-view ----------------------------------------------------------------------------------------------------

    def cards(self, body: Any, issuer: str) -> dict[str, Any]:
        """Answer the hook."""
        now = self.clock()
        instance, user, patient, encounter = _asked(body)
        try:
            found = read(body.get("prefetch"), patient, now, encounter)
        except PrefetchMissing as why:
            raise Refused(412, "required", str(why)) from None
        except SomebodyElse as why:
            raise Refused(400, "invalid", str(why)) from None
        settings, visit = self.world.settings, found.visit
        line = {"hook": HOOK, "instance": instance, "visit": visit.encounter_id, "patient": patient, "issuer": issuer}
        if found.not_for:
            self._log(user, {**line, "cards": 0})
            return {"cards": []}
        found, advice = self._advise(found, now)
        made = card(advice, found, settings, now)
        offered = [one["uuid"] for one in made.get("suggestions", ())]
        if not self._log(
            user, {**line, "cards": 1, "card": made["uuid"], "suggestion": offered, **shown(advice, settings)}
        ):
            made = card(advice, found, settings, now, logged=False)
        return {"cards": [made]}

    def _advise(self, found: Found, now: dt.datetime) -> tuple[Found, Advice]:
        """The advice on the values of the prefetch; of the desk's own knowledge only whether it may be said.

        The desk knows of its own visits whether comfort was agreed on and whether the nurse gave a level: the rule that
        a person judges first holds at this door, too.
        """
        settings, on, visit = self.world.settings, self.world.on, found.visit
        own = self._own(visit.encounter_id, visit.patient_id, now)
        if own is not None:
            found = replace(found, visit=replace(visit, comfort_care=own.comfort_care))
            visit = found.visit
        said: Any = NoAnswer(found.no_risk)
        if on and not visit.comfort_care and not found.no_risk:
            self.world.scorer.answer_within = settings.model.answer_within_seconds
            said = self.world.scorer.score([visit], now).get(visit.encounter_id, NoAnswer(""))
        advice = judge(visit, said, settings, now, on=on)
        if own is not None and self.world.log.standing(visit.encounter_id).level is None:
            advice = before_level(advice, settings)
        return found, advice

    def _own(self, encounter: str, patient: str, now: dt.datetime) -> Any:
        try:
            own = self.world.desk.visit(encounter, now)
        except NoSuchVisit:
            return None
        if own.patient_id != patient:
            raise Refused(400, "invalid", "This visit is another patient's at this desk; nothing was computed.")
        return own

    def _log(self, user: str, detail: Mapping[str, Any]) -> bool:
        """Whether the view is in the log. Where it cannot be, it is shown all the same: a rule may have fired."""
        try:
            self.world.log.append(user, "hook", **detail)
        except NotLogged:
            return False
        return True

    # feedback --------------------------------------------------------------------------------------------------------

    def feedback(self, body: Any, issuer: str) -> dict[str, Any]:
        """Log what became of cards. Everything is looked at before the first line is written."""
        entries = body.get("feedback") if isinstance(body, Mapping) else None
        if not isinstance(entries, list) or not 1 <= len(entries) <= MOST_FEEDBACK:
            raise _wrong(f"The request has no feedback; send an array of 1 to {MOST_FEEDBACK}.")
        for detail, comment in [self._outcome(one) for one in entries]:
            self.world.log.append(issuer or CLIENT, "feedback", typed=comment, issuer=issuer, **detail)
        return {}

    def _outcome(self, one: Any) -> tuple[dict[str, Any], str]:
        if not isinstance(one, Mapping):
            raise _wrong("An entry of feedback is no object; send card, outcome and outcomeTimestamp.")
        name, result = one.get("card"), one.get("outcome")
        given = self._card(name) if isinstance(name, str) and UUID.fullmatch(name) else None
        if given is None:
            raise _wrong("card is none that this service gave; send the uuid of the card.")
        at = _stamped(one.get("outcomeTimestamp"))
        if at is None:
            raise _wrong("outcomeTimestamp is no time in UTC; send one like 2026-11-29T12:00:00Z.")
        detail = {"card": name, "outcome": result, "happened": at, "visit": given["visit"], "patient": given["patient"]}
        if result == "accepted":
            return {**detail, "suggestion": _accepted(one, given)}, ""
        if result != "overridden":
            raise _wrong("outcome is neither accepted nor overridden; send one of the two.")
        code, comment = _reason(one.get("overrideReason"))
        return ({**detail, "reason": code} if code else detail), comment

    def _card(self, name: str) -> Mapping[str, Any] | None:
        """What the log says of a card that was given out."""
        with self._lock:
            lines = self.world.log.lines()
            for line in lines[self._read :]:
                if line.action == "hook" and (told := line.told()).get("card"):
                    self._given[told["card"]] = told
            self._read = len(lines)
            return self._given.get(name)


def _asked(body: Any) -> tuple[str, str, str, str | None]:
    """Return hookInstance, user, patient and encounter of a request, or refuse it."""
    if not isinstance(body, Mapping):
        raise _wrong("The request is no object; send hook, hookInstance, context and prefetch.")
    if body.get("hook") != HOOK:
        raise _wrong(f"hook is not {HOOK}, the only one of this service; send that.")
    instance, context = body.get("hookInstance"), body.get("context")
    if not (isinstance(instance, str) and UUID.fullmatch(instance)):
        raise _wrong("hookInstance is no UUID; send a new one for each call.")
    if not isinstance(context, Mapping):
        raise _wrong("context is no object; send userId and patientId.")
    user, patient, encounter = (context.get(name) for name in ("userId", "patientId", "encounterId"))
    if not (isinstance(user, str) and USER.fullmatch(user)):
        raise _wrong("context.userId is no reference of a user; send one like Practitioner/123.")
    if not (isinstance(patient, str) and ID.fullmatch(patient)):
        raise _wrong("context.patientId is no id of FHIR; send the id of the patient alone.")
    if encounter is not None and not (isinstance(encounter, str) and ID.fullmatch(encounter)):
        raise _wrong("context.encounterId is no id of FHIR; send the id of the visit alone.")
    return instance, user, patient, encounter


def _accepted(one: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    taken = one.get("acceptedSuggestions")
    names = [each.get("id") for each in taken if isinstance(each, Mapping)] if isinstance(taken, list) else []
    if not names or len(names) != len(taken) or any(name not in given.get("suggestion", ()) for name in names):
        raise _wrong("acceptedSuggestions names no suggestion of this card; send the id of each that was accepted.")
    return names


def _reason(said: Any) -> tuple[str, str]:
    if said is None:
        return "", ""
    if not isinstance(said, Mapping):
        raise _wrong("overrideReason is no object; send reason, a coding, or userComment.")
    reason, comment = said.get("reason"), said.get("userComment", "")
    code = reason.get("code") if isinstance(reason, Mapping) else None
    if reason is not None and not (isinstance(code, str) and CODE.fullmatch(code)):
        raise _wrong("overrideReason.reason has no code; send the one that the card gave.")
    if not isinstance(comment, str) or len(comment) > LONGEST_COMMENT:
        raise _wrong(f"userComment is no text of at most {LONGEST_COMMENT:,} characters; shorten it.")
    return code or "", comment


def _stamped(text: Any) -> str | None:
    """A time with its zone, in UTC: when somebody acted, which may be long before it is heard of here."""
    try:
        at = dt.datetime.fromisoformat(text)
        return at.astimezone(dt.UTC).isoformat(timespec="seconds") if at.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        return None


def _wrong(says: str) -> Refused:
    return Refused(400, "invalid", says)


def _here(request: Request) -> bool:
    """Whether the caller is on this machine; a name instead of an address is no caller from the network."""
    try:
        return ipaddress.ip_address(request.client.host if request.client else "").is_loopback
    except ValueError:
        return True


async def _body(request: Request) -> Any:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(415, "not-supported", "The request is not marked as JSON; send Content-Type: application/json.")
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > LARGEST:
            raise Refused(413, "too-long", f"The request is larger than {LARGEST:,} bytes; send what was asked for.")
    try:
        return json.loads(bytes(data), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Refused(400, "structure", "The request is no JSON; send an object as CDS Hooks has it.") from None


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")
