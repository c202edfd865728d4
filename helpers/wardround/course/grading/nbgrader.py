"""``wardround export-nbgrader``: the exercises as a course folder that nbgrader grades, for those who already run it.

nbgrader itself is not used here and not installed with the course; its format (schema 3) is. What it cannot do is said
in the folder's own README: it runs submissions with the instructor's rights and with the answers within reach.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from wardround.course import notebooks, places
from wardround.course.authoring.build import exercise
from wardround.course.notebooks import BEGIN, END
from wardround.course.store import write_atomically

CONFIG = """\
# Made by `wardround export-nbgrader`. nbgrader reads it when you call it inside this folder.
import os
import tempfile

c = get_config()  # noqa: F821  (nbgrader puts it here)
c.CourseDirectory.course_id = "wardround"
# What stands outside a solution block is the starter that a learner gets; nothing is put in the block's place.
c.ClearSolutions.code_stub = {"python": ""}
c.Execute.timeout = 300  # the longest check trains and judges a model
# Checks note a learner's progress in a folder. While grading, that is not yours.
os.environ.setdefault("WARDROUND_WORK", tempfile.mkdtemp(prefix="wardround-nbgrader-"))
"""

README = """\
# wardround in nbgrader

Use the course's own Python environment with nbgrader beside it (`pip install nbgrader`), and build the hospital once by
`wardround hospital build` or a first `wardround lab`. Inside this folder:

```
nbgrader generate_assignment {example}    # source/ becomes release/, without solutions
nbgrader autograde {example}              # submitted/LEARNER/{example}/ is run and scored
nbgrader generate_feedback {example}
```

One point a core question; stretch questions (+) and the memo have none, the memo is scored by its rubric.

What you should know before you choose it. Every submission runs with your rights, on the course's own hospital, beside
the keys: a learner who wants to can read answers, change the checks, or change other learners' marks. `wardround grade
FOLDER --out DIR` runs each submission in a closed box on a hospital that nobody has seen, and takes what was handed in
from nbgrader's `submitted/` folder as it is.
"""


def export_nbgrader(out: Path, weeks: Iterable[int] | None = None) -> list[Path]:
    """Write a course folder: ``nbgrader_config.py``, a README, ``source/weekNN/weekNN_….ipynb`` for each week.

    Parameters
    ----------
    out
        Created where it is not there; files of the same names are replaced, anything else stays.
    weeks
        Numbers; by default every week that has a solution.

    Returns
    -------
    list of Path
        The notebooks written.

    Raises
    ------
    FileNotFoundError
        A week is not in this copy of the course.
    """
    chosen = list(weeks) if weeks else [week for week in range(1, 13) if _solution(week)]
    written = []
    for week in chosen:
        solution = places.root() / "solutions" / f"{places.week_name(week)}.py"
        target = out / "source" / f"week{week:02d}" / f"{solution.stem}.ipynb"
        write_atomically(target, _text(instructors(solution)))
        written.append(target)
    write_atomically(out / "nbgrader_config.py", CONFIG.encode())
    write_atomically(out / "README.md", README.format(example=f"week{chosen[0]:02d}").encode())
    return written


def instructors(solution: Path) -> Any:
    """The exercise as nbgrader's *source*: each starter is followed by a solution block that nbgrader takes out."""
    solved = notebooks.read(solution)
    code = {question: solved.cells[answer].source for question, answer, _ in notebooks.answers(solved)}
    made = exercise(solution)
    for question, answer, _ in notebooks.answers(made):
        cell = made.cells[answer]
        cell.source = "\n".join([cell.source, BEGIN, notebooks.without_marks(code[question]), END])
    return made


def _solution(week: int) -> bool:
    try:
        return (places.root() / "solutions" / f"{places.week_name(week)}.py").exists()
    except FileNotFoundError:
        return False


def _text(notebook: Any) -> bytes:
    import nbformat

    return (nbformat.writes(notebook, indent=1) + "\n").encode()
