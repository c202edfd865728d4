"""``wardround triage``: the assistant on this machine, opened in a browser by an address that works once."""

from __future__ import annotations

import contextlib
import html
import os
import signal
import socket
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from wardround.course import loading, places
from wardround.triage.app import make_app
from wardround.triage.door import Door
from wardround.triage.model import is_released
from wardround.triage.world import World

USUAL_PORT = 8010
HERE = "127.0.0.1"
OPENS = "open.html"


def serve(
    *, port: int | None = None, browser: bool = True, fresh: bool = False, say: Callable[[str], object] = print
) -> int:
    """Open the assistant and serve it until Ctrl+C; return an exit code.

    Parameters
    ----------
    port
        By default 8010, or the next free one.
    browser
        Whether to open a browser; ``NO_BROWSER=1`` says no, too.
    fresh
        Begin a new evening instead of going on with one that was broken off.

    Raises
    ------
    OSError
        The port that was asked for is taken.
    """
    door_of = listening(port)
    with loading.shown_progress() as progress:
        loading.ensure_hospitals(progress=progress)
    hospital = loading.load()
    if not is_released(places.work() / "triage" / "state", hospital.checksum):
        say("The model is made and released; that is done once and takes about a minute.")
    world = World.opened(hospital=hospital, fresh=fresh)
    base = f"http://{HERE}:{door_of.getsockname()[1]}"
    door = Door(f"wardround-triage-{door_of.getsockname()[1]}")
    page = world.folder / "state" / OPENS
    try:
        with running(make_app(world, door=door), door_of):
            hidden = not browser or os.environ.get("NO_BROWSER", "") not in ("", "0")
            if hidden or not opened(page, f"{base}/?token={door.token()}"):
                say(f"Open {base}/?token={door.token()}")
            else:
                say(f"The assistant is open in your browser. If it is not: {base}/?token={door.token()}")
            say(f"The address works once. Your settings and card are in {world.folder}. Stop with Ctrl+C.")
            if threading.current_thread() is threading.main_thread():  # a shell's background job ignores Ctrl+C
                signal.signal(signal.SIGINT, signal.default_int_handler)
            with contextlib.suppress(KeyboardInterrupt):
                while True:
                    time.sleep(3600)
    finally:
        page.unlink(missing_ok=True)
        world.close()
    return 0


def listening(port: int | None = None) -> socket.socket:
    """Return a socket of this machine that only this machine can reach: of this port, or the first free one from 8010.

    Raises
    ------
    OSError
        The port that was asked for is taken.
    """
    for number in [port] if port is not None else range(USUAL_PORT, USUAL_PORT + 100):
        made = socket.socket()
        if os.name != "nt":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((HERE, number))
            made.listen(128)  # else a second program may bind it too, as long as nobody listens
            return made
        except OSError:
            made.close()
    if port is not None:
        raise OSError(f"Port {port} is taken, perhaps by an assistant that still runs; try --port {port + 1}.")
    raise OSError(f"No port from {USUAL_PORT} to {USUAL_PORT + 99} is free; name one with --port.")


@contextlib.contextmanager
def running(app: FastAPI, here: socket.socket) -> Iterator[str]:
    """Serve an application in a thread while the block runs; yields its address.

    No line is written for a request: its address may hold a token.
    """
    config = uvicorn.Config(
        app, log_level="error", access_log=False, server_header=False, lifespan="off", timeout_keep_alive=75
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [here]}, daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.02)
        yield f"http://{HERE}:{here.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=5)
        if thread.is_alive():
            server.force_exit = True
            thread.join(timeout=5)
        here.close()


def opened(page: Path, address: str) -> bool:
    """Open an address in a browser, by way of a file that only its owner can read; return whether one was found.

    A command line is seen by everybody on the machine; a one-time address on it could be used by who is faster.
    """
    text = f'<!doctype html><meta charset="utf-8"><title>wardround triage</title><meta http-equiv="refresh" content="0; url={html.escape(address)}">'  # noqa: E501
    page.unlink(missing_ok=True)
    with os.fdopen(os.open(page, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    with contextlib.suppress(webbrowser.Error, OSError):
        return webbrowser.open(page.resolve().as_uri())
    return False
