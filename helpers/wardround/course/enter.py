"""The first file that runs in a box: shut the doors behind us, then start the learner's side of the runner.

Run as a file, with a job on standard input; standard library only, since it runs before anything else is found. At
level 1 the walls stand already, and only the limits are set here; at level 2 the walls are Landlock's.
"""

from __future__ import annotations

import json
import os
import sys


def main() -> None:
    """Set limits and walls, then hand over; answers leave through what was standard output."""
    job = json.loads(sys.stdin.buffer.read())
    sys.path.insert(0, job["package"])
    _limit(job.get("limits", {}))
    if job.get("walls"):
        from wardround.course import landlock

        landlock.followed_by_nobody()
        landlock.enter(**job["walls"])
    _copy(job.get("fonts"), os.environ.get("MPLCONFIGDIR"))
    from importlib import import_module

    import_module(job.get("then", "wardround.course.child")).main(job)


def _copy(source: str | None, target: str | None) -> None:
    """Put ready-made files where a library may write: Matplotlib takes no list of fonts from a read-only folder."""
    if source and target:
        os.makedirs(target, exist_ok=True)
        for name in os.listdir(source):
            with open(f"{source}/{name}", "rb") as file, open(f"{target}/{name}", "wb") as copy:
                copy.write(file.read())


def _limit(limits: dict[str, int]) -> None:
    if not limits:
        return
    import resource  # not on Windows

    os.umask(0o077)
    for name, most in limits.items():
        which = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(which)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (most, most))


if __name__ == "__main__":
    main()
