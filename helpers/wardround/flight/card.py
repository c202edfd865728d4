"""An incident card: what happens, to whom it shows, what tempts, what helps; and the hooks by which it happens.

A card is drawn for some weeks of the year. Cards of the feed change rows on their way to the model and nothing else;
cards of the world change risks. Every magnitude is an assumption unless the card cites a fact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.special import expit, logit

Columns = dict[str, np.ndarray]  # one entry a ward window; names in ``year.WINDOW_COLUMNS``


@dataclass(frozen=True)
class Card:
    """A kind of incident. Subclasses override the hooks they need.

    Attributes
    ----------
    id : str
        The name of the cause: what an investigation finds, and what a plan's ``[[cause]]`` answers.
    title, happens, first_sign, best_signal, tempting, reference_why : str
        For people. ``happens`` says what it is and its invented size.
    where : str
        ``feed``, ``world``, ``output``, ``release``, ``staff``, ``site`` or ``record``; ``decoy`` marks restraint.
    services : tuple of str
        ``ward``, ``list``.
    weeks : tuple of int
        Shortest and longest time it lasts if nobody mends it.
    seen_by : tuple of str
        Signals (``words.SIGNALS``) on which an investigation finds this cause.
    reference : tuple of str
        The actions of the reference response, in order.
    tempted : tuple of str
        The actions of the tempting wrong response.
    mends : frozenset of str
        Any one of these actions, once it holds, ends the card's effect for good.
    bites : str
        The axis (``words.AXES``) on which doing nothing costs.
    teaches : tuple of str
        Misconceptions, as ``M15``.
    precedent : str
        Id in ``facts.toml`` of a historical case, or empty.
    """

    id: str
    title: str
    happens: str
    first_sign: str
    best_signal: str
    tempting: str
    reference_why: str
    where: str
    services: tuple[str, ...]
    weeks: tuple[int, int]
    seen_by: tuple[str, ...]
    reference: tuple[str, ...]
    tempted: tuple[str, ...]
    bites: str
    mends: frozenset[str] = frozenset()
    decoy: bool = False
    teaches: tuple[str, ...] = ()
    precedent: str = ""

    # hooks: ``self`` is the kind, ``drawn`` when and how it came -----------------------------------------------------

    def ward_rows(self, rows: Columns, drawn: Drawn, day: int) -> Columns:
        """Feed: return a day's windows as they arrive. Never change ``rows`` in place."""
        return rows

    def list_rows(self, rows: pd.DataFrame, drawn: Drawn, day: int) -> pd.DataFrame:
        """Feed: return discharges (columns of ``warehouse.stays``) as they arrive."""
        return rows

    def hazard_factor(self, rows: Columns, drawn: Drawn, day: int) -> np.ndarray | float:
        """World: multiplies the hazard of deterioration."""
        return 1.0

    def readmission_log_odds(
        self, rows: pd.DataFrame, social: np.ndarray, drawn: Drawn, day: int
    ) -> np.ndarray | float:
        """World: added to the log-odds of a readmission."""
        return 0.0

    def score_log_odds(self, service: str, rows: Columns | pd.DataFrame, drawn: Drawn, day: int) -> np.ndarray | float:
        """Output: added to the log-odds of a service's own score (never of the fallback)."""
        return 0.0

    def threshold_factor(self, service: str, drawn: Drawn, day: int) -> float:
        """Release: multiplies the threshold in force."""
        return 1.0

    def delivered(self, service: str, drawn: Drawn, day: int) -> bool:
        """Output: whether alerts reach people."""
        return True

    def capacity_factor(self, drawn: Drawn, day: int) -> float:
        """Staff: multiplies how many responses a shift can give."""
        return 1.0

    def guests(self, drawn: Drawn, day: int) -> tuple[str, float]:
        """World: site and share of the guests (see ``year``) that are on the wards; ``("", 0)`` for none."""
        return ("", 0.0)

    def signals(self, drawn: Drawn, day: int) -> Mapping[tuple[str, str], float]:
        """Record: values of signals that no row shows, as ``{("ward", "story"): 1.0}``."""
        return {}


@dataclass(frozen=True)
class Drawn:
    """A card in a year.

    Attributes
    ----------
    begins, ends : int
        Days of the year, 0 to 364; at ``ends`` it is over by itself.
    dice : int
        64 bits for choices of its own (which site, which days).
    """

    card: Card
    begins: int
    ends: int
    dice: int = 0
    site: int = 0
    details: Mapping[str, float] = field(default_factory=dict)

    def active(self, day: int) -> bool:
        """Return whether it holds on a day, unless it was mended."""
        return self.begins <= day < self.ends


def shifted(service: str, risk: np.ndarray, rows, day: int, cards: Iterable[Drawn]) -> np.ndarray:
    """Return a service's risks as whoever runs the model delivers them, with what the cards make of them."""
    for one in cards:
        if service in one.card.services:
            more = one.card.score_log_odds(service, rows, one, day)
            if not np.isscalar(more) or more:
                risk = expit(logit(np.clip(risk, 1e-9, 1 - 1e-9)) + more)
    return risk
