"""The assistant's pages as a web application. What a page shows stands in ``pages``, who may see it in ``door``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from wardround.operations.ledger import LogUnreadable, NotLogged
from wardround.triage import hooks, pages
from wardround.triage.auditing import audited
from wardround.triage.desk import NoSuchVisit
from wardround.triage.door import COLLEAGUE_SECONDS, ROLES, Door, Guard, Session, TurnedAway, form, named
from wardround.triage.fhir import audit_event, bundle, risk_assessment
from wardround.triage.judge import ORDER
from wardround.triage.log import NotAsSeen
from wardround.triage.world import CannotDecide, World

Form = Annotated[dict[str, str], Depends(form)]
PER_PAGE = 100  # lines of the log on a page
LONGEST_WORDS = 2_000
FAULTS = {
    "late feed": 120.0,
    "slow model": 30.0,
    "dead model": 300.0,
    "none": 0.0,
}  # at most: minutes, seconds, seconds
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="#0b4f6c"/>'
    '<path d="M4 17h6l3-8 5 15 4-10 2 3h4" fill="none" stroke="#fff" stroke-width="2.5" stroke-linejoin="round"/></svg>'
)


def make_app(world: World, *, door: Door | None = None, clock: Callable[[], dt.datetime] | None = None) -> FastAPI:
    """Return the application.

    Parameters
    ----------
    world
        Opened by :meth:`World.opened`; it is not closed here.
    door
        Gives out the first address: ``/?token=`` and :meth:`Door.token`.
    clock
        The time, UTC; for tests.
    """
    clock = clock or (lambda: dt.datetime.now(dt.UTC))
    app = FastAPI(title="wardround triage", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.door = door or Door()
    site = Site(world, app.state.door, clock)
    gets = {
        "/": site.enter,
        "/role": site.role,
        "/worklist": site.worklist,
        "/visit/{key}": site.visit,
        "/history": site.history,
        "/audit": site.audit,
        "/switch": site.switch,
        "/about": site.about,
        "/health": site.health,
        "/fhir/AuditEvent": site.audit_events,
        "/fhir/RiskAssessment": site.risk_assessments,
        "/style.css": site.style,
        "/icon.svg": site.icon,
    }
    posts = {
        "/role": site.pick,
        "/door": site.colleague,
        "/visit/{key}/level": site.level,
        "/visit/{key}/decision": site.decision,
        "/switch": site.throw,
    }
    for path, does in gets.items():
        app.add_api_route(path, does, methods=["GET"], response_model=None)
    for path, does in posts.items():
        app.add_api_route(path, does, methods=["POST"], response_model=None)
    app.include_router(hooks.router(world, clock=clock))
    app.add_exception_handler(TurnedAway, site.turned_away)
    app.add_exception_handler(NoSuchVisit, site.no_such_visit)
    app.add_exception_handler(LogUnreadable, site.no_log)
    app.add_exception_handler(NotLogged, site.no_log)
    app.add_exception_handler(HTTPException, site.http)
    app.add_exception_handler(Exception, site.fault)
    app.add_middleware(Guard)
    return app


class Site:
    """What the addresses do."""

    def __init__(self, world: World, door: Door, clock: Callable[[], dt.datetime]) -> None:
        self.world, self.door, self.clock = world, door, clock

    # coming in -------------------------------------------------------------------------------------------------------

    def enter(self, request: Request, token: str = "") -> Response:
        """Let a window in by its one-time token. The next page is asked for by this one: a strict cookie needs that."""
        if not token:
            session = self.door.inside(request)
            return _go(_home(session) if session.role else "/role")
        response = self._page("enter", None)
        self.door.sign(response, self.door.enter(token))
        return response

    def role(self, request: Request) -> Response:
        """Ask for name and role."""
        session = self.door.inside(request)
        return self._role(session, session.name, session.role)

    def pick(self, request: Request, filled: Form) -> Response:
        """Take name and role."""
        session = self._posted(request, filled)
        name, role = named(filled.get("name", "")), filled.get("role", "")
        if not name or role not in ROLES:
            missing = "Write your name or initials" if not name else "Choose a role"
            return self._role(session, name, role, f"{missing}: the log names who saw and decided.", 422)
        session = Session(session.id, name, role)
        response = _go(_home(session))
        self.door.sign(response, session)
        return response

    def colleague(self, request: Request, filled: Form) -> Response:
        """Show a one-time address for another window."""
        session = self._posted(request, filled)
        address = f"{str(request.base_url).rstrip('/')}/?token={self.door.token(COLLEAGUE_SECONDS)}"
        return self._role(session, session.name, session.role, address=address)

    # at the desk -----------------------------------------------------------------------------------------------------

    def worklist(self, request: Request) -> Response:
        """Everybody who is there now, in order."""
        session, now = self.door.inside(request, "clinician"), self.clock()
        rows, unlogged = self.world.worklist(now), ""
        try:
            self.world.log.append(session.name, "viewed", what="worklist", role=session.role)
        except NotLogged as trouble:
            unlogged = str(trouble)
        groups = pages.groups(rows, self.world.settings, now)
        feed = self.world.desk.feed(now)
        until = feed.last_at if feed.why else None  # who came since is on no list
        given = {"groups": groups, "count": len(rows), "order": ORDER, "now": now, "unlogged": unlogged, "until": until}
        return self._page("worklist", session, "/worklist", strip=pages.strip(self.world, now), **given)

    def visit(self, request: Request, key: str) -> Response:
        """One patient."""
        session, now = self.door.inside(request, "clinician"), self.clock()
        row, unlogged = self.world.row(key, now), ""
        try:
            self.world.seen(row, session.name, session.role)
        except NotLogged as trouble:
            unlogged = str(trouble)
        return self._patient(session, key, now, row=row, unlogged=unlogged)

    def level(self, request: Request, key: str, filled: Form) -> Response:
        """Take the nurse's own level."""
        session, now = self._posted(request, filled, "clinician"), self.clock()
        typed = {"level": _number(filled.get("level"))}

        def give() -> None:
            state = _number(filled.get("state"))
            self.world.give_level(key, typed["level"], session.name, session.role, state, now)

        return self._tried(give, session, key, now, typed)

    def decision(self, request: Request, key: str, filled: Form) -> Response:
        """Take an acceptance or an override."""
        session, now = self._posted(request, filled, "clinician"), self.clock()
        typed = {"reason": filled.get("reason", ""), "words": filled.get("words", "")}

        def decide() -> None:
            if len(typed["words"]) > LONGEST_WORDS:
                raise CannotDecide(f"Write at most {LONGEST_WORDS:,} characters.")
            self.world.decide(
                key,
                filled.get("decision", ""),
                session.name,
                session.role,
                _number(filled.get("state")),
                now,
                saw=filled.get("saw", ""),
                reason=typed["reason"],
                typed=typed["words"] if filled.get("decision") == "overruled" else "",
            )

        return self._tried(decide, session, key, now, typed)

    # what happened ---------------------------------------------------------------------------------------------------

    def history(self, request: Request, before: str = "", visit: str = "") -> Response:
        """The log as sentences, newest first. Patients' names for clinicians only."""
        session, now = self.door.inside(request, "clinician", "auditor"), self.clock()
        lines = self.world.log.about(visit) if visit else self.world.log.lines()
        end = _number(before)
        lines = [line for line in lines if end < 0 or line.number < end]
        shown = lines[-PER_PAGE:][::-1]
        names = pages.named(self.world, shown, now) if session.role == "clinician" else {}
        told = [(line, pages.says(line, self.world.settings), line.told().get("visit")) for line in shown]
        older = shown[-1].number if len(lines) > len(shown) else 0
        given = {"told": told, "names": names, "older": older, "visit": visit, "now": now}
        return self._page("history", session, "/history", **given)

    def audit(self, request: Request, number: str = "", hash: str = "") -> Response:
        """For the auditor: is the chain whole, what was decided, why was the assistant overruled."""
        session = self.door.inside(request, "auditor")
        made = audited(self.world.log, self.world.settings, _number(number) if number else None, hash.strip())
        return self._page("audit", session, "/audit", made=made, number=number[:20], hash=hash[:80], now=self.clock())

    def audit_events(self, request: Request) -> Response:
        """The log's newest lines as FHIR."""
        self.door.inside(request, "auditor")
        return _fhir(bundle(audit_event(line) for line in self.world.log.lines()[-PER_PAGE:]))

    def risk_assessments(self, request: Request) -> Response:
        """The risks shown now (no level, no risk) as FHIR."""
        self.door.inside(request, "auditor")
        now = self.clock()
        risks = [row for row in self.world.worklist(now) if row.advice.state == "risk"]
        return _fhir(bundle(risk_assessment(row.visit, row.advice, now) for row in risks))

    # the switch ------------------------------------------------------------------------------------------------------

    def switch(self, request: Request) -> Response:
        """Show the switch and the faults to practise."""
        return self._switch(self.door.inside(request, "administrator"))

    def throw(self, request: Request, filled: Form) -> Response:
        """Switch on or off, or begin or end a fault."""
        session = self._posted(request, filled, "administrator")
        words = filled.get("words", "")[:LONGEST_WORDS]
        if filled.get("what") in ("on", "off"):
            if not words.strip():
                return self._switch(session, "Write why: whoever finds it switched will ask.", 422)
            self.world.switch(filled["what"] == "on", session.name, session.role, words)
            return _go("/switch")
        fault, amount = filled.get("fault", ""), _amount(filled.get("amount", ""))
        if fault not in FAULTS or (fault != "none" and not 0 <= amount <= FAULTS[fault]):
            most = ", ".join(f"{name} {most:g}" for name, most in FAULTS.items() if most)
            return self._switch(session, f"Choose a fault and how long, from 0 to at most: {most}.", 422)
        self.world.practise(fault, session.name, session.role, amount if fault != "none" else 0.0)
        return _go("/switch")

    # the rest --------------------------------------------------------------------------------------------------------

    def about(self, request: Request) -> Response:
        """What it is for, how good it was, what is assumed."""
        session, world = self.door.inside(request, *ROLES), self.world
        begins = getattr(world.desk, "begins", None)
        given = {"measured": world.measured, "settings": world.settings, "begins": begins, "order": ORDER}
        return self._page("about", session, "/about", strip=pages.strip(world, self.clock()), **given)

    def health(self) -> Response:
        """For a monitor: does it answer, with which parts. No patient in it."""
        now, broken = self.clock(), pages.broken(self.world)
        parts = {name.lower(): {"says": says, "attention": attention} for name, says, attention in
                 pages.strip(self.world, now)} if not broken else {}  # fmt: skip
        parts["log"] = {"says": broken or "whole", "attention": bool(broken)}
        status = "down" if broken else "limited" if any(one["attention"] for one in parts.values()) else "up"
        return JSONResponse({"status": status, "parts": parts}, 503 if broken else 200)

    def style(self) -> Response:
        """The one style sheet."""
        return Response(pages.STYLE.read_bytes(), media_type="text/css", headers={"Cache-Control": "max-age=3600"})

    def icon(self) -> Response:
        """The icon of the window."""
        return Response(ICON, media_type="image/svg+xml", headers={"Cache-Control": "max-age=3600"})

    # answers that are no page ----------------------------------------------------------------------------------------

    def turned_away(self, request: Request, why: TurnedAway) -> Response:
        """Say how to come in, or go where that is asked."""
        if why.status == 303:
            return _go(why.says)
        return self._message(request, why.title, why.says, why.status)

    def no_such_visit(self, request: Request, why: NoSuchVisit) -> Response:
        """Nobody of that number."""
        return self._message(request, "Nobody here", f"{str(why)[:200]}", 404)

    def no_log(self, request: Request, why: Exception) -> Response:
        """What is not logged did not happen: nothing is shown from a log that cannot be read."""
        says = f"The log cannot be used: {why} Judge without the assistant, and tell the administrator."
        return self._message(request, "No log", says, 503)

    def http(self, request: Request, why: HTTPException) -> Response:
        """No such page, or not by this method."""
        says = {404: "There is no such page; go on from the worklist.", 405: "This address takes no such request."}
        return self._message(request, "No such page", says.get(why.status_code, str(why.detail)), why.status_code)

    def fault(self, request: Request, why: Exception) -> Response:
        """A mistake of ours: say so plainly, and nothing else; what it was stands in the terminal."""
        says = "The assistant made a mistake here; nothing was saved. Judge without it, and look again."
        return self._message(request, "A fault", says, 500)

    # parts -----------------------------------------------------------------------------------------------------------

    def _posted(self, request: Request, filled: dict[str, str], *roles: str) -> Session:
        session = self.door.inside(request, *roles)
        self.door.checked(request, session, filled)
        return session

    def _tried(
        self, does: Callable[[], None], session: Session, key: str, now: dt.datetime, typed: dict[str, Any]
    ) -> Response:
        """Do it and go back to the patient; or say on the patient's page why not, with what was typed."""
        try:
            does()
        except CannotDecide as why:
            status, alert = 422, str(why)
        except NotAsSeen as why:
            status, alert = 409, pages.overtaken(why, self.world.settings)
        except NotLogged as why:
            status, alert = 503, f"Not saved, and it does not count: {why}"
        else:
            return _go(f"/visit/{quote(key, safe='')}#advice")
        return self._patient(session, key, now, status=status, alert=alert, typed=typed)

    def _patient(self, session: Session, key: str, now: dt.datetime, *, status: int = 200, **more: Any) -> Response:
        row = more.pop("row", None) or self.world.row(key, now)
        given = {"unlogged": "", "now": now, **pages.patient(self.world, row, now, **more)}
        return self._page("visit", session, "/visit", status, strip=pages.strip(self.world, now), **given)

    def _role(
        self, session: Session, name: str, role: str, alert: str = "", status: int = 200, **more: Any
    ) -> Response:
        given = {"name": name, "role": role, "alert": alert, "address": "", **more}
        return self._page("role", session, "/role", status, **given)

    def _switch(self, session: Session, alert: str = "", status: int = 200) -> Response:
        now, last = self.clock(), self.world.log.switch()
        given = {"on": self.world.on, "last": last, "why": self.world.log.typed(last) if last else "", "alert": alert}
        late = round(self.world.desk.late_by.total_seconds() / 60)
        given |= {"late": late, "slow": self.world.scorer.slow_by, "faults": FAULTS}
        return self._page("switch", session, "/switch", status, strip=pages.strip(self.world, now), **given)

    def _message(self, request: Request, title: str, says: str, status: int) -> Response:
        return self._page("message", self.door.session(request), "", status, title=title, says=says)

    def _page(
        self, template: str, session: Session | None, here: str = "", status: int = 200, /, **given: Any
    ) -> Response:
        mark = self.door.mark(session) if session else ""
        made = pages.render(template, **{**pages.frame(session, mark, here), **given})
        return HTMLResponse(made.encode("utf-8", "replace"), status)


def _home(session: Session) -> str:
    return pages.NAV[session.role][0][0] if session.role in pages.NAV else "/role"


def _go(address: str) -> RedirectResponse:
    return RedirectResponse(address, 303)


def _fhir(resource: dict[str, Any]) -> JSONResponse:
    return JSONResponse(resource, media_type="application/fhir+json")


def _number(text: str | None) -> int:
    """A whole number, or -1: no level, no line."""
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else -1


def _amount(text: str) -> float:
    """A number, or -1; "nan" compares with nothing and is refused by that."""
    try:
        return float(text)
    except ValueError:
        return -1.0
