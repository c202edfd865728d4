"""The feed of a pipeline: what a hospital's warehouse drops each week, made from week 8's years, with faults in it.

``reference.parquet`` holds the stays of 2024. ``week-NN/`` holds ``discharges.parquet`` (no score, no outcome),
``outcomes.parquet`` (``stay back``: what was settled in that week) and, where somebody asks for a release,
``candidate.json``. A pipeline's own calls change nothing in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd

from wardround.course.given import given
from wardround.course.store import write_atomically

WEEKS = 52
BEGINS = pd.Timestamp("2024-12-30")  # the Monday of week 0, by the hospital's own clock
CLOCK = "America/New_York"
WHO = ("stay", "patient", "town", "site", "week", "discharged_at", "home", "held_out")
INPUTS = ("age", "los_days", "stays_before", "emergency_before", "charlson")
INPUTS += ("haemoglobin", "sodium", "albumin", "creatinine", "urea", "leukocytes", "glucose")
INPUTS += ("group", "payer", "sex", "interpreter", "htn", "dm", "cad", "ckd", "af")
AUTHOR, SECOND = "m.okafor", "r.lindqvist"
STRENGTH, THRESHOLD = 0.01, 0.12  # of the model of weeks 4 to 8

Frame = pd.DataFrame


@dataclass(frozen=True)
class Fault:
    """Something that happens to the discharges of some weeks.

    ``harms`` where a score made of it is wrong; ``whole`` where a column is gone, and no list may be the answer.
    """

    weeks: range
    make: Callable[[Frame], Frame]
    says: str = "a fault of the feed"
    harms: bool = True
    whole: bool = False


@dataclass(frozen=True)
class Candidate:
    """Somebody asks for a release. ``teach`` makes the training rows from what is settled; None takes the reference.

    ``wrong`` is for the judge alone: ``worse``, ``one name``, ``typo``, or nothing.
    """

    name: str
    because: str
    by: str = AUTHOR
    approved_by: Sequence[str] = (SECOND,)
    threshold: float = THRESHOLD
    teach: Callable[[Frame], Frame] | None = None
    wrong: str = ""


FIRST = Candidate("first", "learnt on the stays of 2024 whose outcome is settled")


@dataclass(frozen=True)
class Story:
    """What happens in a year: a version of week 8's years, faults of the feed, and who asks for a release when."""

    version: str = "quiet"
    faults: Mapping[str, Fault] = field(default_factory=dict)
    candidates: Mapping[int, Candidate] = field(default_factory=dict)
    weeks: int = WEEKS


def _unit(rows: Frame) -> Frame:
    east = rows.site == "eastbank"
    return rows.assign(creatinine=rows.creatinine.where(~east, rows.creatinine * 88.4))


def _offset(rows: Frame) -> Frame:
    return rows.assign(haemoglobin=rows.haemoglobin + 0.4)


def _absent(rows: Frame) -> Frame:
    return rows.drop(columns="sodium")


def _shuffled(rows: Frame) -> Frame:
    """Each stay has another's outcome: two tables were joined by their place and not by the stay."""
    return rows.assign(back=np.roll(rows.back.to_numpy(), len(rows) // 3))


def _all(rows: Frame) -> Frame:
    return rows


UNIT = partial(Fault, make=_unit, says="creatinine of Eastbank in another unit")
DECOY = partial(Fault, make=_offset, says="haemoglobin 0.4 g/dL higher, a new analyser", harms=False)
ABSENT = partial(Fault, make=_absent, says="sodium's column is absent", whole=True)
AGAIN = "with the outcomes settled since"
WORSE = Candidate("extract", "learnt on the new extract", "j.moreau", teach=_shuffled, wrong="worse")
ALONE = Candidate("autumn", AGAIN, "t.abara", ("T.Abara",), teach=_all, wrong="one name")
GOOD = Candidate("autumn again", AGAIN, "t.abara", teach=_all)
TYPO = Candidate(
    "winter", "the threshold as agreed in the meeting", "t.abara", threshold=0.012, teach=_all, wrong="typo"
)

PRACTICE = Story(
    faults={"unit": UNIT(range(6, 9))},
    candidates={0: FIRST, 9: Candidate("fresh", "the same, with what was settled since", approved_by=(), teach=_all)},
    weeks=14,
)
FAULTS = Story(
    faults={
        "unit": UNIT(range(10, 14)),
        "decoy": DECOY(range(18, WEEKS)),
        "absent": ABSENT(range(24, 25)),
    },
    candidates={0: FIRST, 28: WORSE, 30: ALONE, 32: GOOD, 36: TYPO},  # their names tell nothing
)
HOME_VISITS_END = Story("home visits end", candidates={0: FIRST}, weeks=44)
QUIET = Story("quiet", candidates={0: FIRST})
THE_MODEL_CALLS = Story("the model calls", candidates={0: FIRST})
CUT_OFF = Story(candidates={0: FIRST, 2: TYPO}, weeks=5)  # to be killed in


def write_feed(folder: Path, hospital: Any, story: Story = QUIET) -> Path:
    """Write the feed of a year of a hospital into a folder, which is returned.

    Parameters
    ----------
    folder
        Made where it is not; a feed that lies there is written over, file by file.
    hospital
        Its week-8 years are made with the first use, some ten seconds, and kept beside it.
    story
        What happens in the year.
    """
    rows = given(8).versions(hospital)[story.version]
    settled = _settled_in(rows.discharged_at)
    before = rows[rows.week < 0]
    reference = before.assign(back=before.back.astype("boolean").where(settled < 0))
    _write(folder / "reference.parquet", reference[[*WHO, *INPUTS, "back"]])
    for week in range(story.weeks):
        home = folder / f"week-{week:02d}"
        _write(home / "discharges.parquet", discharged(rows, story, week))
        _write(home / "outcomes.parquet", rows.loc[settled == week, ["stay", "back"]])
        if week in story.candidates:
            _ask(home, story.candidates[week], rows[settled < week])
    return folder


def discharged(rows: Frame, story: Story, week: int) -> Frame:
    """Return the discharges of a week as the feed tells them."""
    now = rows.loc[rows.week == week, [*WHO, *INPUTS]]
    for fault in story.faults.values():
        now = fault.make(now) if week in fault.weeks else now
    return now


def _settled_in(discharged_at: pd.Series) -> pd.Series:
    """The week in which nothing more can come: 30 days to return, and 120 until payers have told of it."""
    known = (discharged_at + given(8).FOLLOW_UP).dt.tz_convert(CLOCK).dt.tz_localize(None)
    return (known - BEGINS) // pd.Timedelta(days=7)


def _ask(home: Path, one: Candidate, known: Frame) -> None:
    file = f"taught-{sha256(one.name.encode()).hexdigest()[:6]}.parquet"
    told = {"name": one.name, "by": one.by, "because": one.because, "strength": STRENGTH, "threshold": one.threshold}
    told["train_on"] = "reference" if one.teach is None else file
    told["approvals"] = [{"by": name, "because": "read and compared"} for name in one.approved_by]
    if one.teach is not None:
        _write(home / file, one.teach(known[[*WHO, *INPUTS, "back"]].reset_index(drop=True)))
    write_atomically(home / "candidate.json", orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")


def _write(path: Path, rows: Frame) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, rows.reset_index(drop=True).to_parquet(index=False))
