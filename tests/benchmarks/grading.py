"""What a submission costs to grade, beside nbgrader on the same exercise and the same hospitals.

Run ``python tests/benchmarks/grading.py NBGRADER [WEEK] [SUBMISSIONS]``, the first being the path of nbgrader's command
in an environment of its own (`pip install nbgrader`); notebooks run in this environment's kernel for both. Every
submission is the week's solution. Processor time of everything that the second of two runs started, divided by the
submissions; hospitals, caches and what is right are there from the first. Building them is printed apart.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from wardround.course import places
from wardround.course.grading.ground import prepare
from wardround.course.grading.nbgrader import export_nbgrader


def cost(command: list[str], environment: dict[str, str], folder: Path) -> tuple[float, float]:
    """Return processor and wall seconds of a command with everything it starts."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.perf_counter() - begun


def hand_in(notebook: Path, folder: Path, names: list[str], within: str) -> None:
    """Put the same notebook there for each name."""
    for name in names:
        target = folder / name / within
        target.mkdir(parents=True)
        shutil.copy(notebook, target)


def ours(notebook: Path, names: list[str], scratch: Path) -> dict[str, tuple[float, float]]:
    """Return the cost of the first submission, hospitals included, and of all others."""
    grade = [sys.executable, "-m", "wardround.cli", "grade", "handed-in", "--out", "grades", "--jobs", "1"]
    hand_in(notebook, scratch / "handed-in", names[:1], "")
    first = cost(grade, dict(os.environ), scratch)
    hand_in(notebook, scratch / "handed-in", names[1:], "")
    return {"first": first, "others": cost([*grade, "--resume"], dict(os.environ), scratch)}


def theirs(command: str, week: int, names: list[str], scratch: Path, ground: Path) -> dict[str, tuple[float, float]]:
    """Return the same of nbgrader, on the hospitals that ours was graded on."""
    course, assignment, data = scratch / "course", f"week{week:02d}", scratch / "data"
    (notebook,) = export_nbgrader(course, [week])
    made = prepare(ground, weeks=[week])
    data.mkdir()
    for name, folder in (("quillmere", made.here), ("quillmere-second", made.unseen), ("quillmere-fresh", made.fresh)):
        if folder:
            (data / name).symlink_to(folder)
    kernel = scratch / "jupyter" / "kernels" / "python3" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    start = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel.write_text(json.dumps({"argv": start, "display_name": "Python 3", "language": "python"}))
    beside = f"{Path(command).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"JUPYTER_PATH": str(scratch / "jupyter"), "PATH": beside, "WARDROUND_DATA": str(data)}
    environment |= {"HOME": str(scratch), "WARDROUND_WORK": str(scratch / "work")}
    cost([command, "generate_assignment", assignment], environment, course)
    hand_in(notebook, course / "submitted", names[:1], assignment)
    first = cost([command, "autograde", assignment], environment, course)
    hand_in(notebook, course / "submitted", names[1:], assignment)
    return {"first": first, "others": cost([command, "autograde", assignment], environment, course)}


def main(command: str, week: int = 1, submissions: int = 5) -> None:
    """Print both, and the ratio."""
    names = [f"learner{number:03d}" for number in range(submissions + 1)]
    with tempfile.TemporaryDirectory() as place:
        scratch = Path(place)
        notebook = places.root() / "solutions" / f"{places.week_name(week)}.ipynb"
        mine = ours(notebook, names, scratch)
        peer = theirs(command, week, names, scratch, scratch / "grades" / "private" / "ground")
    each = {}
    for name, found in (("wardround grade", mine), ("nbgrader autograde", peer)):
        processor, wall = (seconds / submissions for seconds in found["others"])
        each[name] = processor
        print(f"{name:20} first {found['first'][0]:6.1f} s, each further one {processor:.2f} s (clock: {wall:.2f} s)")
    print(f"ratio {each['wardround grade'] / each['nbgrader autograde']:.2f} (week {week}, {submissions} submissions)")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
