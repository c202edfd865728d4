"""A stand-in endpoint that records every byte, and the proxy before it: both on this machine's loopback only.

What would have left is then no opinion: it is in ``StandIn.received``. Standard library, one thread a request.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ..ledger import Ledger
from .egress import Guard, Request, Verdict
from .identifiers import PrivacyError

LOOPBACK = "127.0.0.1"
PATIENCE = 10.0
LARGEST = 5_000_000  # bytes of a request


class Received(NamedTuple):
    """One request as it arrived: method, path with its query, headers, and the bytes of the body."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class _Server:
    """An HTTP server on the loopback, alive inside a ``with``."""

    def __init__(self, answer: Callable[[Received], tuple[int, bytes]]):
        class Handler(BaseHTTPRequestHandler):
            timeout = PATIENCE

            def do_POST(self):
                length = int(self.headers.get("Content-Length") or 0)
                if length > LARGEST:
                    return self._send(413, b'{"why": "more than 5 MB"}')
                arrived = Received(self.command, self.path, dict(self.headers.items()), self.rfile.read(length))
                self._send(*answer(arrived))

            do_GET = do_PUT = do_POST

            def _send(self, status: int, body: bytes):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):  # the standard log would hold paths, and paths may hold names
                pass

        self._handler = Handler

    def __enter__(self):
        self._server = ThreadingHTTPServer((LOOPBACK, 0), self._handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(PATIENCE)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{LOOPBACK}:{self._server.server_port}"


class StandIn(_Server):
    """An endpoint of nobody, which records what reaches it.

    Parameters
    ----------
    answer : callable, optional
        The body received to (status, text). By default 200 and a fixed summary.

    Attributes
    ----------
    received : list of Received
        Exactly what would have left, in its order.
    """

    def __init__(self, answer: Callable[[bytes], tuple[int, str]] | None = None):
        self.received: list[Received] = []
        self._says = answer or (lambda body: (200, json.dumps({"text": "A summary would stand here."})))
        super().__init__(self._take)

    def _take(self, arrived: Received) -> tuple[int, bytes]:
        self.received.append(arrived)
        status, text = self._says(arrived.body)
        return status, text.encode()


class Proxy(_Server):
    """The one way out: asks the guard, writes to the ledger, then forwards what is left, or nothing.

    Parameters
    ----------
    guard : Guard
    ledger : Ledger
        A line a request, before it leaves: who, for what, where to, the verdict, and the hash of what left. No content:
        a log with it would be health information itself and need a vault.
    destinations : mapping of str to str
        Name of an endpoint to its address, which must be of this machine.
    """

    def __init__(self, guard: Guard, ledger: Ledger, destinations: Mapping[str, str]):
        for name, url in destinations.items():
            if urlsplit(url).hostname != LOOPBACK:
                raise PrivacyError(f"{name} is not at {LOOPBACK}; this proxy reaches no other machine.")
        self.guard, self.ledger, self._destinations = guard, ledger, dict(destinations)
        super().__init__(self._take)

    def send(self, request: Request) -> tuple[int, dict[str, Any]]:
        """Ask the running proxy as a program would; return the status and what it answers."""
        files = {name: v.decode("latin-1") if isinstance(v, bytes) else v for name, v in request.files.items()}
        whole = {**vars(request), "fields": request.fields, "headers": dict(request.headers), "files": files}
        status, text = _post(self.url, "/", json.dumps(whole).encode())
        return status, json.loads(text)

    def _take(self, arrived: Received) -> tuple[int, bytes]:
        try:
            status, told = self._passed(Request(**json.loads(arrived.body)))
        except (ValueError, TypeError, AttributeError):
            status, told = 400, {"action": "block", "why": "the request is not of the form that the proxy reads"}
        except OSError:  # the ledger could not be written, or the endpoint is not there
            status, told = 502, {"action": "block", "why": "it was not sent, or no answer came"}
        return status, json.dumps(told).encode()

    def _passed(self, request: Request) -> tuple[int, dict[str, Any]]:
        verdict = self.guard.decide(request)
        if verdict.action != "block" and request.destination not in self._destinations:
            verdict = Verdict("block", "the endpoint has no address here", verdict.findings, None)
        left = verdict.request
        body = left.body() if left else b""
        self._write(request, verdict, body)
        if left is None:
            return 403, {"action": "block", "why": verdict.why}
        status, text = _post(self._destinations[request.destination], left.path, body)
        return self._returned(verdict, status, text)

    def _write(self, request: Request, verdict: Verdict, body: bytes) -> None:
        known = (request.purpose, request.destination) in self.guard.routes  # else their words are not ours to log
        detail = {
            "purpose": request.purpose if known else "unknown",
            "destination": request.destination if known else "unknown",
            "action": verdict.action,
            "kinds": sorted({one.kind for one in verdict.findings}),
            "sent": hashlib.sha256(body).hexdigest() if body else None,
            "bytes": len(body),
        }
        self.ledger.append(request.user.strip() or "nobody", "asked to send out", detail)

    def _returned(self, verdict: Verdict, status: int, text: str) -> tuple[int, dict[str, Any]]:
        """What comes back is looked at as well; an endpoint's error text often repeats the request."""
        if status != 200:
            return 502, {"action": verdict.action, "why": f"the endpoint answered {status}; its text is not passed on"}
        back = self.guard.decide_answer(text)
        if back.action == "block":
            return 502, {"action": verdict.action, "why": back.why}
        if back.action == "redact":
            text = self.guard.covered(text)
        return 200, {"action": verdict.action, "why": verdict.why, "answer": text}


def _post(url: str, path: str, body: bytes) -> tuple[int, str]:
    """Send without any proxy of the environment and with no header but our own."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=PATIENCE)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json", "Accept": "application/json"})
        response = connection.getresponse()
        return response.status, response.read().decode("utf-8", "replace")
    finally:
        connection.close()
