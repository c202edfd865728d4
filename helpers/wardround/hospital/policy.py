"""What a policy may decide, and what it may see: the hospital's record so far, never its truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from .flown import Flown

Score = Callable[[pd.DataFrame], np.ndarray]


@dataclass(frozen=True)
class Settings:
    """What holds for one week.

    Parameters
    ----------
    call : callable, optional
        Gives each of a day's home discharges (rows of ``stays``, as known at 08:00) a score; the highest are called.
        None: usual care decides, as in history.
    call_from : float
        No call below this score.
    calls_a_week : int
        Care calls there are; the week begins on Monday.
    hold_out : bool
        Keep the tenth of home discharges that chance leaves without a call.
    alert : callable, optional
        Gives each ward window (rows of ``windows``, as known one hour after it begins) a score. None: no alerts.
    alert_from : float
        An alert at this score or above; none for 24 hours after one for the same stay.
    """

    call: Score | None = None
    call_from: float = -np.inf
    calls_a_week: int = 16
    hold_out: bool = True
    alert: Score | None = None
    alert_from: float = np.inf


class Policy:
    """Asked every week, from week ``begins`` on. Stays admitted before are history's."""

    begins = 156

    def decide(self, feed: Feed) -> Settings:
        """Return the settings of the week that begins; by default usual care and no alerts."""
        return Settings()


class Feed:
    """What the hospital's systems have recorded before the week that begins, incidents of the feed included.

    Attributes
    ----------
    week : int
    """

    def __init__(self, flown: Flown, week: int):
        self._flown, self.week = flown, week

    @cached_property
    def _tables(self) -> dict[str, pd.DataFrame]:
        return self._flown.recorded(self.week)

    @property
    def stays(self) -> pd.DataFrame:
        """Stays discharged so far; outcomes as far as they are known."""
        return self._tables["stays"]

    @property
    def windows(self) -> pd.DataFrame:
        """Ward windows that began so far, with the alert and the answer they got."""
        return self._tables["windows"]

    @property
    def emergency(self) -> pd.DataFrame:
        """Emergency visits so far."""
        return self._tables["emergency"]
