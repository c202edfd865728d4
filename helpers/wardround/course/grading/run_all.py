"""A run with everything it writes, and what is said at its end."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from wardround.course.grading.grade import Grades, Progress, grade, read_grades
from wardround.course.grading.pages import write_pages
from wardround.course.grading.sheets import write_memos, write_peers, write_viva


def grade_and_write(
    folder: Path,
    out: Path,
    *,
    week: int | None = None,
    jobs: int = 0,
    resume: bool = False,
    trust: bool = False,
    peers: bool = False,
    viva: bool = False,
    diff: Path | None = None,
    progress: Progress | None = None,
) -> Grades:
    """Grade a folder and write its pages, tables and sheets; see :func:`.grade.grade` for what is raised."""
    earlier = read_grades(diff) if diff else None  # before hours of work, if it is not there
    grades = grade(folder, out, week=week, jobs=jobs, resume=resume, trust=trust, progress=progress)
    write_pages(grades, out, earlier=earlier)
    write_memos(grades, out)
    if peers:
        write_peers(grades, out)
    if viva:
        write_viva(grades, out)
    return grades


def summary(grades: Grades, out: Path) -> list[str]:
    """What the instructor reads in the terminal: how many of what, who to look at, where to go on."""
    count = Counter(row.status for row in grades.rows)
    whole = ", ".join(f"{number} {status}" for status, number in count.most_common())
    told = [f"{len(grades.rows)} submissions: {whole}.", f"Box {grades.level}: {grades.box}"]
    told += [f"  {row.learner}, {row.file}: {row.status}. {row.why}" for row in grades.incomplete[:10]]
    if len(grades.incomplete) > 10:
        told.append(f"  and {len(grades.incomplete) - 10} more, in {out / 'details.csv'}.")
    if grades.failed:
        told.append(f"The grader failed on {len(grades.failed)} of them: --resume tries those again.")
    return [*told, f"Begin with {out / 'index.html'}; the pages to hand out are in {out / 'learners'}."]
