"""The list of care calls: whom it names in a week, who is called, and who comes back."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from . import models
from .card import Columns, Drawn, shifted
from .contracts import keep_list
from .plan import Plan
from .team import Standing
from .year import Year


class Calls:
    """The list through a year.

    Parameters
    ----------
    kept : dict of arrays
        ``Flight.list``, which it fills in.
    ceiling : bool
        Call by the true gain, and as if the week were known.

    Attributes
    ----------
    model : Risk
        In force; whoever releases another sets it.
    weeks : list
        Each week's rows as used, their places, and as they arrived.
    """

    def __init__(self, plan: Plan, year: Year, kept: Columns, ceiling: bool):
        self.plan, self.year, self.kept, self.ceiling = plan, year, kept, ceiling
        self.model = models.serves_list(plan.list.model, year)
        self.weeks: list[tuple[pd.DataFrame, np.ndarray, pd.DataFrame]] = []
        self.said: dict[models.Risk, np.ndarray] = {}
        self.came_u = _came_u(year)

    def week(self, day: int, cards: list[Drawn], standing: Standing) -> None:
        """Make the week's lists: each day's highest risks are called while the week has calls left."""
        at = np.flatnonzero((self.year.discharges["day"].to_numpy() // 7) == day // 7)
        cards = [one for one in cards if "list" in one.card.services]
        true = right = self.year.discharges.iloc[at]
        for one in cards:
            right = one.card.list_rows(right, one, day) if one.card.decoy else right
        frame, kept = right, self.kept
        for one in cards:
            frame = frame if one.card.decoy else one.card.list_rows(frame, one, day)
        used = keep_list(self.plan.contracts, frame)
        self._world(at, true, day, cards)
        if self.ceiling:
            score = kept["p0"][at] - kept["p1"][at]
        else:
            score = shifted("list", self._risk(used, at, used is true), used, day, cards)
        off = standing.off("list")
        if frame is not right:
            kept["damaged"][at] = _unlike(right, used)
        silent = np.isnan(score)  # the learner's own contract refused the rows
        kept["score"][at], kept["scored"][at] = score, ~silent & (not off)
        kept["off"][at] = silent | off
        cut = self.plan.list.threshold * standing.factor["list"]
        for one in cards:
            cut *= one.card.threshold_factor("list", one, day)
        left = self.plan.list.calls_a_week
        free = ~self.year.list_truth["held_out"][at] & ~kept["off"][at]
        if self.ceiling:  # the best that a week's calls could do, had one known the week
            cut = np.sort(score[free])[-left:][0] if left and free.any() else np.inf
        free &= score >= cut
        days = true["day"].to_numpy()
        for today in range(day, day + 7):
            mine = np.flatnonzero(free & (days == today))
            best = mine[np.argsort(-score[mine], kind="stable")][:left]
            kept["called"][at[best]] = True
            left -= best.size
        risk = np.where(kept["called"][at], kept["p1"][at], kept["p0"][at])
        kept["came"][at] = self.came_u[at] < risk
        self.weeks.append((used, at, frame))

    def _risk(self, used: pd.DataFrame, at: np.ndarray, untouched: bool) -> np.ndarray:
        """Return the list's risks; those of rows that nothing has changed are worked out once for the whole year."""
        model = self.model
        if not untouched:
            return model.risk(used)
        if model not in self.said:
            self.said[model] = model.risk(self.year.discharges)
        return self.said[model][at]

    def _world(self, at: np.ndarray, true: pd.DataFrame, day: int, cards: list[Drawn]) -> None:
        """Let the world move risks; a call takes the same share of them as before."""
        kept, social = self.kept, self.year.list_truth["social"][at]
        for one in cards:
            more = one.card.readmission_log_odds(true, social, one, day)
            if not np.isscalar(more) or more:
                before = kept["p0"][at]
                kept["p0"][at] = expit(logit(before) + more)
                kept["p1"][at] *= kept["p0"][at] / before


def _unlike(true: pd.DataFrame, used: pd.DataFrame) -> np.ndarray:
    """Return in which rows a value that is used differs from the true one, of the columns that our models look at."""
    names = [name for name in models.LIST_FEATURES if name in used]
    a, b = true[names].to_numpy(dtype=object), used[names].to_numpy(dtype=object)
    return ((a != b) & ~pd.isna(b)).any(axis=1)


def _came_u(year: Year) -> np.ndarray:
    """Return uniforms that agree with what became of each discharge under usual care."""
    truth = year.list_truth
    u = np.random.default_rng([year.seed & 0xFFFFFFFF, 16]).random(truth["p0"].size)
    return np.where(truth["y0"], u * truth["p0"], truth["p0"] + u * (1 - truth["p0"]))
