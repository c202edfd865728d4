"""Who comes in: a one-time address, a signed session with name and role, proof that a form was made for its window.

The assistant listens on this machine only. That alone keeps nobody out: any page in the same browser can send forms
to it, any name can be made to point to 127.0.0.1, and other people may have accounts here. So the first address holds a
token that works once; what follows is a signed cookie that other sites' pages cannot send; every form carries a mark of
its session; and requests under another host name are turned away.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

Role = Literal["clinician", "auditor", "administrator"]
ROLES: dict[str, str] = {
    "clinician": "sees patients, gives levels, accepts and overrules",
    "auditor": "reads the log: who saw and decided what; sees no patient",
    "administrator": "switches the assistant off and on, and practises its faults; sees no patient",
}
HOSTS = ("127.0.0.1", "localhost", "[::1]")
SESSION_SECONDS = 12 * 3600  # a shift
COLLEAGUE_SECONDS = 600  # how long an address for a second window works
LARGEST_FORM = 64_000  # bytes
MOST_FIELDS = 40
LONGEST_NAME = 60
CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)  # no script at all: there is none
HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class TurnedAway(Exception):
    """Not let in, or not to this; the status, and a sentence that says how to come in."""

    def __init__(self, status: int, says: str, title: str = "Not here") -> None:
        super().__init__(says)
        self.status, self.says, self.title = status, says, title


@dataclass(frozen=True)
class Session:
    """A window that came in; ``role`` is empty until it was picked."""

    id: str
    name: str = ""
    role: str = ""


class Door:
    """Gives out one-time tokens, and reads and writes sessions. Its key lives as long as the application does.

    Parameters
    ----------
    cookie
        Name of the cookie; ports of one machine share their cookies, so it should name the port.
    """

    def __init__(self, cookie: str = "wardround-triage") -> None:
        self.cookie = cookie
        self._key = secrets.token_bytes(32)
        self._signer = URLSafeTimedSerializer(self._key, salt="session")
        self._tokens: dict[str, float] = {}
        self._lock = threading.Lock()

    def token(self, seconds: float = float("inf")) -> str:
        """Return a new token that lets one window in, once, within so many seconds."""
        made = secrets.token_urlsafe(24)
        with self._lock:
            self._tokens = {one: until for one, until in self._tokens.items() if until > time.monotonic()}
            self._tokens[_digest(made)] = time.monotonic() + seconds
        return made

    def enter(self, token: str) -> Session:
        """Use a token up and return a new session.

        Raises
        ------
        TurnedAway
            It is none, was used, or is too old.
        """
        with self._lock:
            until = self._tokens.pop(_digest(token), 0.0)
        if until <= time.monotonic():
            raise TurnedAway(
                403,
                "This address works once and was used, or is too old. Ask for a new one on the page "
                "“Who are you” of a window that is in, or start `wardround triage` again: "
                "nothing is lost.",
                "The address was used",
            )
        return Session(secrets.token_urlsafe(16))

    def session(self, request: Request) -> Session | None:
        """Return the session of a request; None where it has none that this door signed within the last hours."""
        try:
            told = self._signer.loads(request.cookies.get(self.cookie, ""), max_age=SESSION_SECONDS)
            return Session(told["id"], told["name"], told["role"])
        except (BadSignature, KeyError, TypeError, ValueError):
            return None

    def sign(self, response: Response, session: Session) -> None:
        """Send a session to its window: no script can read it, no other site's page can send it."""
        value = self._signer.dumps({"id": session.id, "name": session.name, "role": session.role})
        response.set_cookie(self.cookie, value, max_age=SESSION_SECONDS, httponly=True, samesite="strict", path="/")

    def mark(self, session: Session) -> str:
        """Return what a form of this session carries, so that no other page can send it."""
        return hmac.new(self._key, b"form:" + session.id.encode(), hashlib.sha256).hexdigest()

    def inside(self, request: Request, *roles: str) -> Session:
        """Return the session of a request that may be here.

        Raises
        ------
        TurnedAway
            No session, or another role is needed.
        """
        session = self.session(request)
        if session is None:
            raise TurnedAway(
                403,
                "Open the address that `wardround triage` printed in the terminal. It works once, "
                "and a window stays in for twelve hours.",
                "Come in by the door",
            )
        if roles and session.role not in roles:
            if not session.role:
                raise TurnedAway(303, "/role")
            raise TurnedAway(
                403,
                f"This page is for the role {' or '.join(roles)}; you are here as "
                f"{session.role}. Another role can be picked on the page “Who are you”.",
            )
        return session

    def checked(self, request: Request, session: Session, form: dict[str, str]) -> None:
        """Refuse a form that was not made for this session.

        Raises
        ------
        TurnedAway
            Its mark is another's or missing, or it comes from a page of another origin.
        """
        origin = request.headers.get("origin")
        foreign = origin is not None and urlsplit_host(origin) != request.headers.get("host")
        given = form.get("csrf", "").encode()
        if foreign or not hmac.compare_digest(given, self.mark(session).encode()):
            raise TurnedAway(
                403,
                "This form was not made for your window, so nothing was done. Load the page again "
                "and send it from there.",
                "Not your form",
            )


class Guard:
    """ASGI: turns away other host names, and puts the headers of safety on every answer."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Let a request through, or answer it with 421."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)

        async def guarded(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                known = {name.lower() for name, _ in message.get("headers", ())}
                more = HEADERS if b"cache-control" in known else {**HEADERS, "cache-control": "no-store"}
                headers = [(name.encode(), value.encode()) for name, value in more.items()]
                message = {**message, "headers": [*message.get("headers", ()), *headers]}
            await send(message)

        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"host"]
        if len(hosts) != 1 or not is_here(hosts[0]):
            says = "This assistant answers as 127.0.0.1 or localhost only; open it under that name.\n"
            return await Response(says, 421, media_type="text/plain")(scope, receive, guarded)
        return await self.app(scope, receive, guarded)


def is_here(host: str) -> bool:
    """Say whether a Host header names this machine, with or without a port."""
    name, colon, port = host.lower().rpartition(":") if not host.endswith("]") else (host, "", "")
    if not colon:
        name = host.lower()
    elif not (port.isascii() and port.isdigit()):
        return False
    return name in HOSTS


def urlsplit_host(origin: str) -> str | None:
    """Return host and port of an Origin header; None where it has none ("null", or nonsense)."""
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None


async def form(request: Request) -> dict[str, str]:
    """Read a form; of a field that comes twice the first counts.

    Raises
    ------
    TurnedAway
        It is too large, or no form.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise TurnedAway(415, "This is no form of the assistant's pages; send it from there.", "No form")
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > LARGEST_FORM:
            raise TurnedAway(413, f"The form is longer than {LARGEST_FORM:,} bytes; write less.", "Too long")
    try:
        pairs = parse_qsl(data.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="replace")
    except ValueError:
        raise TurnedAway(400, "The form has too many fields; send it from the assistant's pages.", "No form") from None
    return dict(reversed(pairs))


def named(text: str) -> str:
    """Return a person's own name as the log takes it: one line, printable, not too long; empty where nothing is left.

    Signs that turn the direction of text would turn the rest of a line of the log, too; the printable ones stay.
    """
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(plain.split())[:LONGEST_NAME].strip()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
