"""Flights: a pipeline run over a year with faults, looked at after each run, and asked about some of its weeks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from wardround.course.given import given
from wardround.course.pipeline_check.box import Copy, Said
from wardround.course.pipeline_check.looks import Look, Unreadable, look
from wardround.course.pipeline_feed import INPUTS, WHO, Story, discharged

ONE, OTHER = "k.strand", "p.novak"  # who runs it; not among those who propose or approve
EXPLAINED = 3  # stays of a flight that are asked about
Runs = Sequence[tuple[str, int]]


@dataclass(frozen=True)
class Asked:
    """A week whose scores were asked for again.

    Attributes
    ----------
    said
        What the bundle in force says of the rows as ``told``; where the feed was wrong, also as ``true``, ``missing``.
    harmed
        Stays with a value in the feed that a harmful fault has made wrong.
    """

    week: int
    said: dict[str, pd.Series]
    harmed: np.ndarray


@dataclass
class Flown:
    """What a flight came to.

    Attributes
    ----------
    rows
        The year as it was, without faults, and with what became of each stay.
    looks
        The state after each run, beside the last words of each (empty where it ended well).
    """

    name: str
    story: Story
    rows: pd.DataFrame
    looks: list[Look] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    explained: dict[str, dict] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    cpu: float = 0.0

    @property
    def last(self) -> Look:
        """The state at the end."""
        return self.looks[-1]

    @cached_property
    def years(self) -> dict[int, pd.DataFrame]:
        """The true rows by week."""
        return {int(week): rows.reset_index(drop=True) for week, rows in self.rows.groupby("week")}

    def changed(self, week: int) -> pd.DataFrame:
        """The cells of a week that harmful faults have made wrong: True, by row and input."""
        true, told = self.years[week], discharged(self.rows, self._harmful, week).reset_index(drop=True)
        told = told.reindex(columns=list(INPUTS))
        return pd.DataFrame({name: true[name].notna() & (told[name] != true[name]) for name in INPUTS})

    @cached_property
    def _harmful(self) -> Story:
        faults = {name: one for name, one in self.story.faults.items() if one.harms}
        return Story(self.story.version, faults, weeks=self.story.weeks)


def year_of(hospital: Any, story: Story) -> pd.DataFrame:
    """The year that a feed tells of, with ``back``, without faults."""
    rows = given(8).versions(hospital)[story.version]
    return rows.loc[(rows.week >= 0) & (rows.week < story.weeks), [*WHO, *INPUTS, "back"]].reset_index(drop=True)


def fly(copy: Copy, name: str, story: Story, rows: pd.DataFrame, runs: Runs) -> Flown:
    """Run the pipeline over the year, person by person until a week, then ask about it.

    Raises
    ------
    Unreadable
        It left what no pipeline leaves.
    """
    flown = Flown(name, story, rows)
    for actor, until in runs:
        said = copy.run(["--as", actor, "--until", str(until)])
        flown.ended.append(said.ended[0] if said.ended else said.killed or "it said nothing")
        flown.looks.append(look(copy.home, actor, flown.looks[-1] if flown.looks else None))
        flown.cpu += said.cpu
    if odd := sorted(set(flown.last.served) - set(flown.years)):
        raise Unreadable(f"state/served holds a list of week {odd[0]}, and the feed has no such week.")
    if flown.last.served:
        _ask(copy, flown)
    return flown


def _ask(copy: Copy, flown: Flown) -> None:
    """One more process: stays to explain, and weeks to score again."""
    copy.asked.mkdir(exist_ok=True)
    weeks = _weeks_to_explain(flown.last)
    stays = [str(rows["stay"].iloc[len(rows) // 3]) for week in weeks if (rows := _list_of(flown, week)) is not None]
    again = {week: bundle for week in sorted({*weeks, *_harmed(flown)}) if (bundle := flown.last.in_force(week))}
    files = {week: _variants(copy, flown, week) for week in again}
    said = copy.run(explain=stays, score=[[again[week].digest, list(files[week].values())] for week in again])
    flown.explained, flown.cpu = dict(said.explained), flown.cpu + said.cpu
    flown.asked = [Asked(week, _scores(flown, week, files[week], said), wrong_in(flown, week)) for week in again]


def _weeks_to_explain(last: Look) -> list[int]:
    """The last list of each bundle, three at most; else also the first and one in the middle."""
    weeks = sorted(last.served)
    digests = {bundle.digest: week for week in weeks if (bundle := last.in_force(week))}
    chosen = list(dict.fromkeys([*list(digests.values())[-EXPLAINED:], weeks[0], weeks[len(weeks) // 2], weeks[-1]]))
    return sorted(chosen[:EXPLAINED])


def _harmed(flown: Flown) -> list[int]:
    faults = flown.story.faults.values()
    return [week for week in flown.last.served if any(one.harms and week in one.weeks for one in faults)]


def wrong_in(flown: Flown, week: int) -> np.ndarray:
    """Stays with a wrong value; where a column is gone, everybody: nobody knows who would have had one."""
    gone = any(one.whole and week in one.weeks for one in flown.story.faults.values())
    return flown.changed(week).any(axis=1).to_numpy() | gone


def _list_of(flown: Flown, week: int) -> pd.DataFrame | None:
    rows = flown.last.served[week].rows
    return rows if rows is not None and len(rows) else None


def _variants(copy: Copy, flown: Flown, week: int) -> dict[str, str]:
    """Write the rows of a week as told, and where a fault harms, as they are and without the wrong values."""
    told = discharged(flown.rows, flown.story, week).reset_index(drop=True).reindex(columns=[*WHO, *INPUTS])
    changed = flown.changed(week)
    variants = {"told": told}
    if changed.to_numpy().any():
        true, missing = told.copy(), told.copy()
        for name in changed.columns[changed.any()]:
            true[name] = true[name].where(~changed[name], flown.years[week][name])
            missing[name] = missing[name].mask(changed[name])
        variants |= {"true": true, "missing": missing}
    names = {name: f"week-{week:02d}-{name}.parquet" for name in variants}
    for name, rows in variants.items():
        rows.to_parquet(copy.asked / names[name], index=False)
    return names


def _scores(flown: Flown, week: int, files: dict[str, str], said: Said) -> dict[str, pd.Series]:
    stays = flown.years[week]["stay"]
    found = {name: said.scored.get(file, []) for name, file in files.items()}
    return {name: pd.Series(one, index=stays) for name, one in found.items() if len(one) == len(stays)}


def unlike(asked: Asked, served: pd.DataFrame) -> dict[str, int]:
    """How many of a week's stays were scored otherwise than by the bundle in force on values that somebody measured.

    Returns
    -------
    dict
        ``wrong`` of ``of`` stays with a wrong value in the feed, neither as it is nor as missing; ``other``: the rest.
        A stay without a score is none of them.
    """
    if "told" not in asked.said:
        return {"wrong": 0, "of": 0, "other": 0}
    score = served.drop_duplicates("stay").set_index("stay")["score"].reindex(asked.said["told"].index)
    fits = {name: np.isclose(score, one, rtol=0, atol=1e-6) for name, one in asked.said.items()}
    good = np.any([score.isna(), *(fits[name] for name in ("true", "missing") if name in fits)], axis=0)
    wrong = asked.harmed & ~good
    other = ~asked.harmed & ~good & ~fits["told"]
    return {"wrong": int(wrong.sum()), "of": int(asked.harmed.sum()), "other": int(other.sum())}
