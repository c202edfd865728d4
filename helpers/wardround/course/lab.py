"""``wardround lab``: the hospital in place, the week copied, JupyterLab open on the week's page."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping

from wardround import quiet
from wardround.course import loading, places, workspace
from wardround.course.fresh import ensure_fresh
from wardround.course.questions import week_questions

USUAL_PORT = 8888


def open_lab(*, say: Callable[[str], object] = print) -> int:
    """Open JupyterLab in the learner's folder, and return its exit code when it is closed.

    ``NO_BROWSER=1`` prints the address instead of opening it; ``PORT`` asks for a port.

    Raises
    ------
    OSError
        The port that was asked for is taken.
    ValueError
        ``PORT`` is not a port number.
    """
    week = workspace.current_week()
    with loading.shown_progress() as progress:
        loading.ensure_hospitals(progress=progress)
        if any(asked.fresh for asked in week_questions(week).values()):
            ensure_fresh(progress=progress)
    folder = workspace.start(week, say=say)
    port, token = chosen_port(os.environ), secrets.token_urlsafe(24)
    page = f"/lab/tree/{folder.name}/README.md"
    hidden = os.environ.get("NO_BROWSER", "") not in ("", "0")
    say(f"Week {week} is in {folder}. JupyterLab: http://localhost:{port}{page}?token={token}")
    say("Stop it with Ctrl+C; what you wrote stays in work/.")
    environment = quiet.environment() | {"JUPYTER_TOKEN": token}
    try:
        return subprocess.call(_command(port, page, hidden), env=environment, cwd=places.work())
    except KeyboardInterrupt:  # Ctrl+C reaches the server too, which has asked and closed by itself
        return 0


def chosen_port(environment: Mapping[str, str]) -> int:
    """The port that ``PORT`` asks for, or the first free one from 8888 on."""
    asked = environment.get("PORT", "").strip()
    if asked:
        if not asked.isdigit() or not 0 < int(asked) < 65536:
            raise ValueError(f"PORT is {asked!r}, which is not a port number; try PORT=8899.")
        if not _is_free(int(asked)):
            raise OSError(f"Port {asked} is taken, perhaps by a JupyterLab that still runs; try PORT={int(asked) + 1}.")
        return int(asked)
    return next(port for port in range(USUAL_PORT, USUAL_PORT + 200) if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as door:
        if os.name != "nt":
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _command(port: int, page: str, hidden: bool) -> list[str]:
    as_root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return [
        *(sys.executable, "-m", "jupyterlab", *quiet.LAB_FLAGS, *as_root),
        *(f"--ServerApp.root_dir={places.work()}", f"--LabApp.default_url={page}"),
        *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--log-level=ERROR"),
        *(["--no-browser"] if hidden else []),
    ]
